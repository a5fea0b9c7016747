//! Files and folders to scenarios.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{Scenario, parse};
use crate::base::bounded_read::{self, PathError};
use crate::base::diagnostic::Diagnostics;

/// A scenario file may have this many bytes: 1 MiB.
const MAX_BYTES: u64 = 1 << 20;

/// A scenario cannot be had from a path: always the input's fault, never the tool's (exit code 65).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// It cannot be read.
    #[error(transparent)]
    Path(PathError),
    /// It is a folder, where one file is needed.
    #[error("{}: a folder; name one scenario file in it", .0.display())]
    Folder(PathBuf),
    /// A file of another kind, as its name says too.
    #[error("{}: no scenario: a scenario is a TOML file that names its limiters and clients; see scenarios/README.md", .0.display())]
    OtherKind(PathBuf),
    /// Two files of one run would give scenarios of the same name.
    #[error("two scenarios are called `{name}`: {} and {}", first.display(), second.display())]
    SameName {
        /// The name: the stem of both files.
        name: String,
        /// The file that was found first.
        first: PathBuf,
        /// The other one.
        second: PathBuf,
    },
    /// The file was read, but is no valid scenario.
    #[error(transparent)]
    Invalid(#[from] Diagnostics),
}

impl From<PathError> for LoadError {
    fn from(error: PathError) -> Self {
        match error {
            PathError::Unreadable { path, error } if error.kind() == io::ErrorKind::IsADirectory => {
                Self::Folder(path)
            }
            error => Self::Path(error),
        }
    }
}

/// Loads the scenario of a file.
pub fn load(path: &Path) -> Result<Scenario, LoadError> {
    Source::load(path).map(|(_, scenario)| scenario)
}

/// A scenario file as it was read: all that there is to know of the scenario, wherever it is read again.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The file, as it was given.
    pub path: String,
    /// What it holds.
    pub text: String,
}

impl Source {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, LoadError> {
        let text = bounded_read::text(path, MAX_BYTES, "which no scenario file may be")?;
        Ok(Self { path: path.to_string_lossy().into_owned(), text })
    }

    /// Reads a file and the scenario that it holds.
    pub fn load(path: &Path) -> Result<(Self, Scenario), LoadError> {
        let source = Self::read(path)?;
        match source.scenario() {
            Ok(scenario) => Ok((source, scenario)),
            Err(_) if path.extension().is_some_and(|ending| ending != "toml") => {
                Err(LoadError::OtherKind(path.to_owned()))
            }
            Err(invalid) => Err(invalid.into()),
        }
    }

    /// The scenario that it holds.
    pub fn scenario(&self) -> Result<Scenario, Diagnostics> {
        let path = PathBuf::from(&self.path);
        let scenario = parse(&self.path, &self.text)?;
        Ok(Scenario { name: Scenario::name_of(&path), path: Some(path), ..scenario })
    }
}

/// The scenario files that the paths stand for: files as they are given, folders searched recursively for
/// `*.toml`, in byte order of the path. A file that is reached twice is taken once.
pub fn discover(paths: &[PathBuf]) -> Result<Vec<PathBuf>, LoadError> {
    let mut found = Vec::new();
    for path in paths {
        let metadata = fs::metadata(path).map_err(|error| PathError::io(path, error))?;
        if metadata.is_dir() {
            found.extend(search(path)?);
        } else {
            found.push(path.clone());
        }
    }
    without_repeats(found)
}

/// All `*.toml` files under a folder, in byte order. Every folder is entered once, so that links cannot loop.
fn search(folder: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let mut files = Vec::new();
    let mut entered = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let error = |error| PathError::io(&folder, error);
        if !entered.insert(fs::canonicalize(&folder).map_err(error)?) {
            continue;
        }
        let entries = fs::read_dir(&folder).map_err(error)?.map(|entry| entry.map(|entry| entry.path()));
        let mut entries = entries.collect::<Result<Vec<_>, _>>().map_err(error)?;
        // Taken from the end: where two links lead to one folder, the first in byte order counts.
        entries.sort_by(|a, b| bytes(b).cmp(bytes(a)));
        for entry in entries {
            let is_toml = entry.extension().is_some_and(|extension| extension == "toml");
            match fs::metadata(&entry) {
                Ok(metadata) if metadata.is_dir() => folders.push(entry),
                Ok(metadata) if is_toml && metadata.is_file() => files.push(entry),
                Err(error) if is_toml => return Err(PathError::io(&entry, error).into()),
                _ => {}
            }
        }
    }
    files.sort_by(|a, b| bytes(a).cmp(bytes(b)));
    Ok(files)
}

fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

/// Leaves out files that are the same as an earlier one; different files of one name are an error.
fn without_repeats(files: Vec<PathBuf>) -> Result<Vec<PathBuf>, LoadError> {
    let mut by_name: BTreeMap<String, (PathBuf, PathBuf)> = BTreeMap::new();
    let mut kept = Vec::new();
    for file in files {
        let real = fs::canonicalize(&file).map_err(|error| PathError::io(&file, error))?;
        let name = Scenario::name_of(&file);
        match by_name.get(&name) {
            Some((_, earlier)) if *earlier == real => {}
            Some((first, _)) => return Err(LoadError::SameName { name, first: first.clone(), second: file }),
            None => {
                by_name.insert(name, (file.clone(), real));
                kept.push(file);
            }
        }
    }
    Ok(kept)
}
