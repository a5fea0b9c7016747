//! One command of a script, and what the words of it are.

/// One simple command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShellCommand {
    /// The line that it begins in, counted from 0 at the script's first.
    pub line: usize,
    /// `NAME=value` before the words.
    pub assignments: Vec<(String, String)>,
    /// The words, without their quotes; what would be expanded stands as it is written.
    pub words: Vec<String>,
    /// What its output, and other descriptors, are sent to: the operator and its word, or a here-document's text.
    pub redirects: Vec<(String, String)>,
    /// What joins it to what follows.
    pub next: Next,
    /// Whether nothing waits for it: it, or a group around it, ends with `&`.
    pub background: bool,
    /// Whether it decides an `if`, `while` or `until`, or is negated: its failure is heeded, not fatal.
    pub condition: bool,
    /// Whether it stands in a loop.
    pub looped: bool,
}

/// What joins a command to what follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Next {
    /// A new line or `;`.
    #[default]
    Then,
    /// `&&`.
    And,
    /// `||`.
    Or,
    /// `|` or `|&`.
    Pipe,
    /// `&`.
    Background,
}

impl ShellCommand {
    /// Its first word without a path, behind wrappers such as `nohup`, `sudo` or `time`; empty if it has none.
    pub fn program(&self) -> &str {
        self.arguments().first().map_or("", |word| word.rsplit('/').next().unwrap_or(word))
    }

    /// Its words from the program on: without wrappers and the wrappers' own options.
    pub fn arguments(&self) -> &[String] {
        let mut words = self.words.as_slice();
        while let Some((first, rest)) = words.split_first() {
            let name = first.rsplit('/').next().unwrap_or(first);
            let skipped = match name {
                "nohup" | "exec" | "command" | "time" | "builtin" | "setsid" | "caffeinate" => 0,
                "sudo" | "env" | "xvfb-run" | "stdbuf" | "unbuffer" | "nice" | "ionice" | "catchsegv" => {
                    own(rest)
                }
                "timeout" | "gtimeout" => own(rest) + 1,
                _ => break,
            };
            words = rest.get(skipped..).unwrap_or_default();
        }
        words
    }

    /// Whether one of the wrappers before the program is this one.
    pub fn is_wrapped_in(&self, wrapper: &str) -> bool {
        let wrappers = self.words.len() - self.arguments().len();
        self.words[..wrappers].iter().any(|word| word == wrapper)
    }

    /// Whether its standard output goes to a file or into a pipe.
    pub fn output_is_redirected(&self) -> bool {
        let to_file = |(operator, _): &(String, String)| {
            operator.contains('>') && !operator.starts_with(['2', '3', '4', '5', '6', '7', '8', '9', '0'])
        };
        self.next == Next::Pipe || self.redirects.iter().any(to_file)
    }
}

/// How many of a wrapper's words are its own: options and assignments.
fn own(words: &[String]) -> usize {
    let is_own = |word: &&String| word.starts_with('-') || assignment(word).is_some();
    words.iter().take_while(is_own).count()
}

/// `NAME=value` or `NAME+=value`, taken apart.
pub(super) fn assignment(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    let name = name.strip_suffix('+').unwrap_or(name);
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    (starts && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')).then_some((name, value))
}
