//! Characters to words and operators.

use std::collections::VecDeque;

use super::command::Next;

/// What a script is made of.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ShellToken {
    /// A word without its quotes; plain if it had none and no substitution.
    Word { text: String, line: usize, plain: bool },
    /// A redirection with its operator and target.
    Redirect { operator: String, target: String, line: usize },
    /// What ends a command.
    Operator(Next),
    /// `(`
    Open,
    /// `)`
    Close,
}

/// Reads a script from left to right.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    rest: &'a str,
    line: usize,
    /// Delimiters of here-documents whose text begins after this line.
    heredocs: Vec<(String, bool)>,
    /// Here-documents that were read, to be told before anything else.
    read: VecDeque<ShellToken>,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(script: &'a str) -> Self {
        Self { rest: script, line: 0, heredocs: Vec::new(), read: VecDeque::new() }
    }

    /// The next token. `[[` and `((` are read as one word where a command is expected.
    pub(super) fn next_token(&mut self, expects_command: bool) -> Option<ShellToken> {
        if let Some(token) = self.read.pop_front() {
            return Some(token);
        }
        self.skip_blanks();
        let next = self.rest.chars().next()?;
        match next {
            '\n' => {
                self.take(1);
                self.read_heredocs();
                self.read.push_back(ShellToken::Operator(Next::Then));
                self.read.pop_front()
            }
            ';' => {
                let count = self.rest.bytes().take_while(|byte| *byte == b';').count();
                self.take(count);
                Some(ShellToken::Operator(Next::Then))
            }
            '&' if self.rest.starts_with("&>") => Some(self.redirect(0)),
            '&' => Some(self.operator("&&", Next::And, Next::Background)),
            '|' if self.rest.starts_with("|&") => Some(self.operator("|&", Next::Pipe, Next::Pipe)),
            '|' => Some(self.operator("||", Next::Or, Next::Pipe)),
            '(' if expects_command && self.rest.starts_with("((") => Some(self.bracketed("((", "))")),
            '[' if expects_command && self.rest.starts_with("[[") => Some(self.bracketed("[[", "]]")),
            '(' => {
                self.take(1);
                Some(ShellToken::Open)
            }
            ')' => {
                self.take(1);
                Some(ShellToken::Close)
            }
            '<' | '>' if self.rest.starts_with("<(") || self.rest.starts_with(">(") => Some(self.word()),
            '<' | '>' => Some(self.redirect(0)),
            digit if digit.is_ascii_digit() && self.rest[1..].starts_with(['<', '>']) => {
                Some(self.redirect(1))
            }
            _ => Some(self.word()),
        }
    }

    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(bytes);
        self.line += taken.bytes().filter(|byte| *byte == b'\n').count();
        self.rest = rest;
        taken
    }

    fn skip_blanks(&mut self) {
        loop {
            if self.rest.starts_with([' ', '\t', '\r']) {
                self.take(1);
            } else if let Some(end) = self.rest.strip_prefix('\\').and_then(continued) {
                self.take(1 + end);
            } else if self.rest.starts_with('#') {
                let end = self.rest.find('\n').unwrap_or(self.rest.len());
                self.take(end);
            } else {
                return;
            }
        }
    }

    fn operator(&mut self, double: &str, doubled: Next, single: Next) -> ShellToken {
        let is_double = self.rest.starts_with(double);
        self.take(1 + usize::from(is_double));
        ShellToken::Operator(if is_double { doubled } else { single })
    }

    /// All of a test in brackets as one word.
    fn bracketed(&mut self, open: &str, close: &str) -> ShellToken {
        let line = self.line;
        let end = self.rest.find(close).map_or(self.rest.len(), |end| end + close.len()).max(open.len());
        let text = self.take(end).to_owned();
        ShellToken::Word { text, line, plain: false }
    }

    fn redirect(&mut self, digits: usize) -> ShellToken {
        let line = self.line;
        let is_operator = |c: char| matches!(c, '<' | '>' | '&' | '|' | '-');
        let start = digits + usize::from(self.rest[digits..].starts_with('&'));
        let length = self.rest[start..].find(|c| !is_operator(c)).unwrap_or(self.rest.len() - start);
        let operator = self.take(start + length).to_owned();
        self.skip_spaces();
        // `2>&1`, `>&-`: what it is sent to follows at once.
        let ShellToken::Word { text: target, .. } = self.word() else {
            return ShellToken::Operator(Next::Then);
        };
        if operator.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with("<<")
            && !operator.contains("<<<")
        {
            self.heredocs.push((target, operator.ends_with('-')));
            return ShellToken::Redirect { operator, target: String::new(), line };
        }
        ShellToken::Redirect { operator, target, line }
    }

    fn skip_spaces(&mut self) {
        while self.rest.starts_with([' ', '\t']) {
            self.take(1);
        }
    }

    /// Reads the here-documents that this line announced.
    fn read_heredocs(&mut self) {
        for (delimiter, indented) in std::mem::take(&mut self.heredocs) {
            let (line, mut text) = (self.line, String::new());
            while !self.rest.is_empty() {
                let end = self.rest.find('\n').map_or(self.rest.len(), |at| at + 1);
                let taken = self.take(end);
                let bare = taken.trim_end_matches(['\n', '\r']);
                if (if indented { bare.trim_start_matches('\t') } else { bare }) == delimiter {
                    break;
                }
                text.push_str(taken);
            }
            self.read.push_back(ShellToken::Redirect { operator: "<<".into(), target: text, line });
        }
    }

    /// A word, its quotes taken off. It may be empty where none stands.
    fn word(&mut self) -> ShellToken {
        let (line, mut text, mut plain) = (self.line, String::new(), true);
        while let Some(next) = self.rest.chars().next() {
            match next {
                '(' if !text.is_empty() && text.ends_with(['<', '>', '@', '?', '*', '+', '!']) => {
                    text.push_str(self.balanced(0, '(', ')'));
                }
                '<' | '>' if self.rest[1..].starts_with('(') => {
                    plain = false;
                    text.push_str(self.take(1));
                    text.push_str(self.balanced(0, '(', ')'));
                }
                '\\' => {
                    plain = false;
                    let end = continued(&self.rest[1..]);
                    self.take(1 + end.unwrap_or(0));
                    if let (None, Some(escaped)) = (end, self.rest.chars().next()) {
                        text.push_str(self.take(escaped.len_utf8()));
                    }
                }
                '\'' => {
                    plain = false;
                    self.take(1);
                    let end = self.rest.find('\'').unwrap_or(self.rest.len());
                    text.push_str(self.take(end));
                    self.take(usize::from(!self.rest.is_empty()));
                }
                '"' => {
                    plain = false;
                    self.double_quoted(&mut text);
                }
                '$' | '`' => {
                    plain = false;
                    text.push_str(self.substitution());
                }
                ' ' | '\t' | '\r' | '\n' | ';' | '&' | '|' | '(' | ')' | '<' | '>' => break,
                other => text.push_str(self.take(other.len_utf8())),
            }
        }
        ShellToken::Word { text, line, plain }
    }

    fn double_quoted(&mut self, text: &mut String) {
        self.take(1);
        while let Some(next) = self.rest.chars().next() {
            match next {
                '"' => {
                    self.take(1);
                    return;
                }
                '\\' => {
                    self.take(1);
                    match self.rest.chars().next() {
                        Some('\n') => drop(self.take(1)),
                        Some(escaped) => {
                            if !matches!(escaped, '"' | '$' | '`' | '\\') {
                                text.push('\\');
                            }
                            text.push_str(self.take(escaped.len_utf8()));
                        }
                        None => {}
                    }
                }
                '$' | '`' => text.push_str(self.substitution()),
                other => text.push_str(self.take(other.len_utf8())),
            }
        }
    }

    /// `$x`, `${x}`, `$(x)`, `` `x` `` or `${{ x }}`, as it is written.
    fn substitution(&mut self) -> &'a str {
        if self.rest.starts_with("${{") {
            let end = self.rest.find("}}").map_or(self.rest.len(), |end| end + 2);
            return self.take(end);
        }
        match self.rest.as_bytes().get(..2) {
            Some(b"$(") => self.balanced(1, '(', ')'),
            Some(b"${") => self.balanced(1, '{', '}'),
            _ if self.rest.starts_with('`') => {
                let end = self.rest[1..].find('`').map_or(self.rest.len(), |end| end + 2);
                self.take(end)
            }
            _ => self.take(1),
        }
    }

    /// Everything up to the bracket that closes the one at `start`. Quotes inside are heeded, escapes too.
    fn balanced(&mut self, start: usize, open: char, close: char) -> &'a str {
        let (mut depth, mut quote, mut escaped) = (0_usize, None, false);
        for (at, c) in self.rest.char_indices().skip_while(|(at, _)| *at < start) {
            if std::mem::take(&mut escaped) {
                continue;
            }
            match (c, quote) {
                ('\\', None | Some('"')) => escaped = true,
                (c, Some(open)) if c == open => quote = None,
                ('\'' | '"', None) => quote = Some(c),
                (c, None) if c == open => depth += 1,
                (c, None) if c == close => {
                    depth -= 1;
                    if depth == 0 {
                        return self.take(at + c.len_utf8());
                    }
                }
                _ => {}
            }
        }
        self.take(self.rest.len())
    }
}

/// How many bytes the end of the line takes, if a backslash before this continues the line.
fn continued(after: &str) -> Option<usize> {
    if after.starts_with('\n') {
        Some(1)
    } else if after.starts_with("\r\n") {
        Some(2)
    } else {
        None
    }
}
