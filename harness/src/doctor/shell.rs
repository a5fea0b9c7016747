//! A small, honest reader of `run:` scripts: which commands stand there, and how each one's failure or end is heeded.
//!
//! It knows quotes, substitutions, here-documents, continued lines, groups and the words of the grammar, and follows
//! none of them: nothing is expanded, nothing is run. It reads each character a bounded number of times.

mod command;
mod lexer;

use command::assignment;
pub use command::{Next, ShellCommand};
use lexer::{Lexer, ShellToken};

/// The commands of a script, in the order in which they are written.
pub fn read(script: &str) -> Vec<ShellCommand> {
    let mut reader = CommandReader::default();
    let mut lexer = Lexer::new(script);
    while let Some(token) = lexer.next_token(reader.expects_command()) {
        reader.take(token);
    }
    reader.end_command(Next::Then);
    reader.commands
}

/// What a closing word closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compound {
    Paren,
    Brace,
    If,
    Loop,
    Case,
}

#[derive(Debug, Default)]
struct CommandReader {
    commands: Vec<ShellCommand>,
    current: ShellCommand,
    begun: bool,
    /// What is open, and how many commands there were before it.
    groups: Vec<(Compound, usize)>,
    /// Whether the words that come decide an `if`, `while` or `until`.
    condition: bool,
    loops: usize,
    /// Whether something was just closed: an operator now is about all of it.
    closed: Option<usize>,
}

impl CommandReader {
    fn expects_command(&self) -> bool {
        self.current.words.is_empty()
    }

    fn take(&mut self, token: ShellToken) {
        match token {
            ShellToken::Word { text, line, plain } => {
                if plain
                    && self.current.words.is_empty()
                    && self.current.assignments.is_empty()
                    && self.keyword(&text)
                {
                    return;
                }
                self.closed = None;
                self.begin(line);
                match assignment(&text).filter(|_| self.current.words.is_empty()) {
                    Some((name, value)) => self.current.assignments.push((name.to_owned(), value.to_owned())),
                    None => self.current.words.push(text),
                }
            }
            ShellToken::Redirect { operator, target, line } => {
                // After `done > file` it belongs to the whole group; that is of no interest.
                if self.closed.is_none() {
                    self.begin(line);
                    self.current.redirects.push((operator, target));
                }
            }
            ShellToken::Operator(next) => self.end_command(next),
            ShellToken::Open => {
                self.end_command(Next::Then);
                self.groups.push((Compound::Paren, self.commands.len()));
            }
            ShellToken::Close => {
                if self.groups.last().is_some_and(|(group, _)| *group == Compound::Case) {
                    // The pattern of a case.
                    self.current = ShellCommand::default();
                    self.begun = false;
                } else {
                    self.close(Compound::Paren);
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
            "if" => self.open(Compound::If, true),
            "while" | "until" => self.open(Compound::Loop, true),
            "for" | "select" => {
                self.open(Compound::Loop, false);
                return false;
            }
            "case" => {
                self.open(Compound::Case, false);
                return false;
            }
            "elif" => self.condition = true,
            "then" | "do" | "else" => self.condition = false,
            "fi" => self.close(Compound::If),
            "done" => self.close(Compound::Loop),
            "esac" => self.close(Compound::Case),
            "{" => self.open(Compound::Brace, self.condition),
            "}" => self.close(Compound::Brace),
            "!" => self.current.condition = true,
            _ => return false,
        }
        true
    }

    fn open(&mut self, group: Compound, condition: bool) {
        self.loops += usize::from(group == Compound::Loop);
        self.condition = condition;
        self.closed = None;
        self.groups.push((group, self.commands.len()));
    }

    /// Closes the innermost group of that kind, and whatever is still open in it.
    fn close(&mut self, group: Compound) {
        self.end_command(Next::Then);
        let Some(at) = self.groups.iter().rposition(|(open, _)| *open == group) else { return };
        let first = self.groups[at].1;
        let loops = self.groups[at..].iter().filter(|(open, _)| *open == Compound::Loop).count();
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
