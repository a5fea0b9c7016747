//! Files of a crate, and which of them use which: read from `use` lines and from paths in the code.
//!
//! Left out are test modules, and a file's `pub use` of what its own children define: that passes names on. What it can
//! miss: paths that a macro builds, methods and fields (their types were named somewhere).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, ItemUse, UseTree, Visibility};

/// All files, and by their module path what each says.
pub(crate) struct Tree {
    files: BTreeMap<String, Contents>,
}

/// One file uses another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Arrow {
    /// The file that uses, below `src`.
    pub(crate) from: String,
    /// Where in it.
    pub(crate) line: usize,
    /// The file that is used.
    pub(crate) to: String,
}

impl Arrow {
    pub(crate) fn room_from(&self) -> &str {
        room(&self.from)
    }

    pub(crate) fn room_to(&self) -> &str {
        room(&self.to)
    }
}

impl fmt::Display for Arrow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "harness/src/{}:{}: {} uses {}", self.from, self.line, self.from, self.to)
    }
}

fn room(file: &str) -> &str {
    file.split(['/', '.']).next().unwrap_or_default()
}

type Segments = Vec<String>;

/// What a file says: all that matters here.
#[derive(Debug, Default)]
struct Contents {
    /// The paths that it uses, from the crate's root, and where.
    uses: Vec<(Segments, usize)>,
    /// The names that it passes on, and the paths behind them.
    passes_on: BTreeMap<String, Segments>,
    /// The types that it defines, and where.
    types: Vec<(String, usize)>,
    /// Its modules that only tests have.
    only_tests: BTreeSet<String>,
}

impl Tree {
    /// Reads all files of a folder.
    pub(crate) fn read(src: &Path) -> Self {
        let mut texts = BTreeMap::new();
        let mut folders = vec![src.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).expect("the folder can be read") {
                let path = entry.expect("the folder can be read").path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|ending| ending == "rs") {
                    let name = path.strip_prefix(src).expect("it is below").to_str().expect("it is text");
                    texts.insert(
                        name.replace('\\', "/"),
                        std::fs::read_to_string(&path).expect("it can be read"),
                    );
                }
            }
        }
        assert!(!texts.is_empty(), "there are no files in {}", src.display());
        Self::parse(&texts)
    }

    /// Takes files as they are written, by their paths below `src`.
    pub(crate) fn parse(texts: &BTreeMap<String, String>) -> Self {
        let modules: BTreeSet<Segments> = texts.keys().map(|path| module(path)).collect();
        let mut files = BTreeMap::new();
        for (path, text) in texts {
            let syntax = syn::parse_file(text).unwrap_or_else(|error| panic!("{path}: {error}"));
            let mut reader = Reader { here: module(path), modules: &modules, contents: Contents::default() };
            reader.visit_file(&syntax);
            files.insert(path.clone(), reader.contents);
        }
        Self { files }
    }

    /// The files that are no tests.
    fn code(&self) -> impl Iterator<Item = (&String, &Contents)> {
        let only_tests: BTreeSet<Segments> = self
            .files
            .iter()
            .flat_map(|(path, contents)| {
                let below = |name: &String| [module(path), vec![name.clone()]].concat();
                contents.only_tests.iter().map(below).collect::<Vec<_>>()
            })
            .collect();
        let is_code = move |path: &str| {
            let module = module(path);
            !(1..=module.len()).any(|length| only_tests.contains(&module[..length]))
        };
        self.files.iter().filter(move |(path, _)| is_code(path))
    }

    /// Which file uses which other one of a room.
    pub(crate) fn arrows(&self) -> Vec<Arrow> {
        let mut arrows = BTreeSet::new();
        for (from, contents) in self.code().filter(|(path, _)| !matches!(path.as_str(), "lib.rs" | "main.rs"))
        {
            for (path, line) in &contents.uses {
                let to = self.definition(path, 0);
                if to != *from && to != "lib.rs" {
                    arrows.insert(Arrow { from: from.clone(), line: *line, to });
                }
            }
        }
        arrows.into_iter().collect()
    }

    /// The types that are defined, with file and line.
    pub(crate) fn types(&self) -> Vec<(String, String, usize)> {
        let of = |(file, contents): (&String, &Contents)| {
            contents.types.iter().map(|(name, line)| (name.clone(), file.clone(), *line)).collect::<Vec<_>>()
        };
        self.code().flat_map(of).collect()
    }

    /// The file that defines what a path names.
    fn definition(&self, path: &[String], hops: usize) -> String {
        assert!(hops < 16, "{path:?} is passed on in a circle");
        let length = (0..=path.len()).rev().find(|length| self.file(&path[..*length]).is_some()).unwrap_or(0);
        let Some(file) = self.file(&path[..length]) else { return "lib.rs".to_owned() };
        match path.get(length).and_then(|name| self.files[file].passes_on.get(name)) {
            Some(behind) => self.definition(&[behind.as_slice(), &path[length + 1..]].concat(), hops + 1),
            None => file.to_owned(),
        }
    }

    fn file(&self, module: &[String]) -> Option<&str> {
        let path = if module.is_empty() { "lib.rs".to_owned() } else { format!("{}.rs", module.join("/")) };
        self.files.get_key_value(&path).map(|(path, _)| path.as_str())
    }
}

/// The module of a file: `model/keys.rs` is `model::keys`.
fn module(path: &str) -> Segments {
    match path.trim_end_matches(".rs") {
        "lib" | "main" => Vec::new(),
        path => path.split('/').map(str::to_owned).collect(),
    }
}

/// Walks the syntax of one file.
struct Reader<'a> {
    /// The module that the walk is in.
    here: Segments,
    /// All modules that have files.
    modules: &'a BTreeSet<Segments>,
    contents: Contents,
}

impl Reader<'_> {
    /// A path from the crate's root; `None` where it leads out of the crate.
    fn absolute(&self, path: &[String]) -> Option<Segments> {
        let mut base = self.here.clone();
        let mut rest = path;
        match rest.first()?.as_str() {
            "crate" => {
                base.clear();
                rest = &rest[1..];
            }
            "self" => rest = &rest[1..],
            "super" => {
                while rest.first().is_some_and(|name| name == "super") {
                    base.pop()?;
                    rest = &rest[1..];
                }
            }
            child => {
                let module = [base.as_slice(), &[child.to_owned()]].concat();
                if !self.modules.contains(&module) {
                    return None;
                }
            }
        }
        Some([base.as_slice(), rest].concat())
    }

    fn note(&mut self, path: &[String], line: usize) {
        if let Some(path) = self.absolute(path) {
            self.contents.uses.push((path, line));
        }
    }

    /// `crate::…` and `super::…` in what a macro is given.
    fn tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let ident = |at: usize| match tokens.get(at) {
            Some(TokenTree::Ident(ident)) => Some(ident.to_string()),
            _ => None,
        };
        let colon =
            |at: usize| matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
        let mut at = 0;
        while at < tokens.len() {
            if let TokenTree::Group(group) = &tokens[at] {
                self.tokens(group.stream());
            }
            let start = at;
            at += 1;
            if let Some(first @ ("crate" | "super")) = ident(start).as_deref() {
                let mut path = vec![first.to_owned()];
                while colon(at) && colon(at + 1) && ident(at + 2).is_some() {
                    path.extend(ident(at + 2));
                    at += 3;
                }
                self.note(&path, tokens[start].span().start().line);
            }
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if is_test(attributes(item)) {
            if let Item::Mod(module) = item {
                self.contents.only_tests.insert(module.ident.to_string());
            }
            return;
        }
        let defined = match item {
            Item::Struct(item) => Some(&item.ident),
            Item::Enum(item) => Some(&item.ident),
            Item::Trait(item) => Some(&item.ident),
            Item::Type(item) => Some(&item.ident),
            Item::Union(item) => Some(&item.ident),
            _ => None,
        };
        self.contents.types.extend(defined.map(|ident| (ident.to_string(), ident.span().start().line)));
        visit::visit_item(self, item);
    }

    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        self.here.push(module.ident.to_string());
        visit::visit_item_mod(self, module);
        self.here.pop();
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let is_public = !matches!(item.vis, Visibility::Inherited);
        for (path, name, line) in flattened(&item.tree) {
            let Some(path) = self.absolute(&path) else { continue };
            let is_own_child = path.len() > self.here.len() && path.starts_with(&self.here);
            if is_public && is_own_child {
                self.contents.passes_on.insert(name, path);
            } else {
                if is_public {
                    self.contents.passes_on.insert(name, path.clone());
                }
                self.contents.uses.push((path, line));
            }
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Segments = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if path.leading_colon.is_none() && segments.len() > 1 {
            self.note(&segments, path.span().start().line);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, invoked: &'ast syn::Macro) {
        self.tokens(invoked.tokens.clone());
        visit::visit_macro(self, invoked);
    }
}

/// Each path of a `use`, the name it has afterwards, and its line.
fn flattened(tree: &UseTree) -> Vec<(Segments, String, usize)> {
    let line = tree.span().start().line;
    match tree {
        UseTree::Path(path) => {
            let first = path.ident.to_string();
            let below = flattened(&path.tree).into_iter();
            below
                .map(|(rest, name, line)| {
                    let path = [vec![first.clone()], rest].concat();
                    (path, if name == "self" { first.clone() } else { name }, line)
                })
                .collect()
        }
        UseTree::Name(name) if name.ident == "self" => vec![(Vec::new(), "self".to_owned(), line)],
        UseTree::Name(name) => vec![(vec![name.ident.to_string()], name.ident.to_string(), line)],
        UseTree::Rename(rename) => vec![(vec![rename.ident.to_string()], rename.rename.to_string(), line)],
        UseTree::Glob(_) => vec![(Vec::new(), "*".to_owned(), line)],
        UseTree::Group(group) => group.items.iter().flat_map(flattened).collect(),
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let mut found = attribute.path().is_ident("test");
        if attribute.path().is_ident("cfg") {
            let nested = attribute.parse_nested_meta(|meta| {
                found |= meta.path.is_ident("test");
                Ok(())
            });
            found &= nested.is_ok();
        }
        found
    })
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
