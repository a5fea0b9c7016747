//! A small, honest reader of `run:` scripts: which commands stand there, and how each one's failure or end is heeded.
//!
//! It knows quotes, substitutions, here-documents, continued lines, groups and the words of the grammar, and follows
//! none of them: nothing is expanded, nothing is run. It reads each character a bounded number of times.

mod lexer;

use lexer::{Lexer, Token};

/// One simple command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Command {
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

impl Command {
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
    let is_own = |word: &&String| word.starts_with('-') || lexer::assignment(word).is_some();
    words.iter().take_while(is_own).count()
}

/// The commands of a script, in the order in which they are written.
pub fn read(script: &str) -> Vec<Command> {
    let mut reader = Reader::default();
    let mut lexer = Lexer::new(script);
    while let Some(token) = lexer.next_token(reader.expects_command()) {
        reader.take(token);
    }
    reader.end_command(Next::Then);
    reader.commands
}

/// What a closing word closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Group {
    Paren,
    Brace,
    If,
    Loop,
    Case,
}

#[derive(Debug, Default)]
struct Reader {
    commands: Vec<Command>,
    current: Command,
    begun: bool,
    /// What is open, and how many commands there were before it.
    groups: Vec<(Group, usize)>,
    /// Whether the words that come decide an `if`, `while` or `until`.
    condition: bool,
    loops: usize,
    /// Whether something was just closed: an operator now is about all of it.
    closed: Option<usize>,
}

impl Reader {
    fn expects_command(&self) -> bool {
        self.current.words.is_empty()
    }

    fn take(&mut self, token: Token) {
        match token {
            Token::Word { text, line, plain } => {
                if plain
                    && self.current.words.is_empty()
                    && self.current.assignments.is_empty()
                    && self.keyword(&text)
                {
                    return;
                }
                self.closed = None;
                self.begin(line);
                match lexer::assignment(&text).filter(|_| self.current.words.is_empty()) {
                    Some((name, value)) => self.current.assignments.push((name.to_owned(), value.to_owned())),
                    None => self.current.words.push(text),
                }
            }
            Token::Redirect { operator, target, line } => {
                // After `done > file` it belongs to the whole group; that is of no interest.
                if self.closed.is_none() {
                    self.begin(line);
                    self.current.redirects.push((operator, target));
                }
            }
            Token::Operator(next) => self.end_command(next),
            Token::Open => {
                self.end_command(Next::Then);
                self.groups.push((Group::Paren, self.commands.len()));
            }
            Token::Close => {
                if self.groups.last().is_some_and(|(group, _)| *group == Group::Case) {
                    // The pattern of a case.
                    self.current = Command::default();
                    self.begun = false;
                } else {
                    self.close(Group::Paren);
                }
            }
        }
    }

    fn begin(&mut self, line: usize) {
        if !self.begun {
            self.begun = true;
            self.current.line = line;
            self.current.condition |= self.condition;
            self.current.looped = self.loops > 0;
        }
    }

    /// Takes a word of the grammar; says whether it was one.
    fn keyword(&mut self, word: &str) -> bool {
        match word {
            "if" => self.open(Group::If, true),
            "while" | "until" => self.open(Group::Loop, true),
            "for" | "select" => {
                self.open(Group::Loop, false);
                return false;
            }
            "case" => {
                self.open(Group::Case, false);
                return false;
            }
            "elif" => self.condition = true,
            "then" | "do" | "else" => self.condition = false,
            "fi" => self.close(Group::If),
            "done" => self.close(Group::Loop),
            "esac" => self.close(Group::Case),
            "{" => self.open(Group::Brace, self.condition),
            "}" => self.close(Group::Brace),
            "!" => self.current.condition = true,
            _ => return false,
        }
        true
    }

    fn open(&mut self, group: Group, condition: bool) {
        self.loops += usize::from(group == Group::Loop);
        self.condition = condition;
        self.closed = None;
        self.groups.push((group, self.commands.len()));
    }

    /// Closes the innermost group of that kind, and whatever is still open in it.
    fn close(&mut self, group: Group) {
        self.end_command(Next::Then);
        let Some(at) = self.groups.iter().rposition(|(open, _)| *open == group) else { return };
        let first = self.groups[at].1;
        let loops = self.groups[at..].iter().filter(|(open, _)| *open == Group::Loop).count();
        self.loops -= loops;
        self.groups.truncate(at);
        self.closed = Some(first);
    }

    fn end_command(&mut self, next: Next) {
        if let (false, Some(first)) = (self.begun, self.closed.take()) {
            if let Some(last) = self.commands.last_mut().filter(|_| next != Next::Then) {
                last.next = next;
            }
            if next == Next::Background {
                let first = first.min(self.commands.len());
                self.commands[first..].iter_mut().for_each(|command| command.background = true);
            }
            return;
        }
        let mut command = std::mem::take(&mut self.current);
        if !std::mem::take(&mut self.begun) {
            return;
        }
        command.next = next;
        self.commands.push(command);
        if next == Next::Background {
            self.mark_background();
        }
    }

    /// The `&` after a command is about its whole pipeline or list, back to where that began.
    fn mark_background(&mut self) {
        let start = self.groups.last().map_or(0, |(_, first)| *first);
        let last = self.commands.len() - 1;
        for at in (start..=last).rev() {
            if at < last && !matches!(self.commands[at].next, Next::And | Next::Or | Next::Pipe) {
                break;
            }
            self.commands[at].background = true;
        }
    }
}

#[cfg(test)]
mod tests;
