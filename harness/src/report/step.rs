//! One step in few columns: the command, cut at its end if need be, and its whole reply.

use gatecrash_limiter::algorithm::sha1_hex;
use gatecrash_limiter::{Command, Outcome, Reply};

use crate::base::words::{columns, cut, printable};

/// As many digits of a script's SHA-1 as people compare.
const HASH_DIGITS: usize = 7;

/// What a lane shows of one choice, before it is known how wide the lane is.
#[derive(Clone, Debug)]
pub(super) struct Step {
    words: Vec<String>,
    reply: Option<String>,
}

impl Step {
    /// A command and its reply.
    pub(super) fn of(command: &Command, reply: &Reply) -> Self {
        Self { words: words(command), reply: Some(printable(&reply.to_string())) }
    }

    /// A choice without a command.
    pub(super) fn note(text: &str) -> Self {
        Self { words: vec![text.to_owned()], reply: None }
    }

    /// The same step with the client's name before it.
    pub(super) fn of_client(mut self, name: &str) -> Self {
        self.words.insert(0, format!("{name}:"));
        self
    }

    /// All of it.
    pub(super) fn whole(&self) -> String {
        self.words.join(" ") + &self.tail()
    }

    /// As much of it as fits. The reply says more than the last arguments, so these go first.
    pub(super) fn fit(&self, width: usize) -> String {
        let whole = self.whole();
        if columns(&whole) <= width {
            return whole;
        }
        let brief = self.brief();
        self.drop_arguments(width)
            .or_else(|| brief.drop_arguments(width))
            .unwrap_or_else(|| brief.squeeze(width))
    }

    /// Whether what fits still names the command.
    pub(super) fn reads_at(&self, width: usize) -> bool {
        columns(&self.whole()) <= width
            || self.drop_arguments(width).is_some()
            || self.brief().drop_arguments(width).is_some()
    }

    fn tail(&self) -> String {
        self.reply.as_ref().map_or_else(String::new, |reply| format!(" -> {reply}"))
    }

    /// The longest form that lacks only whole arguments.
    fn drop_arguments(&self, width: usize) -> Option<String> {
        let tail = self.tail();
        let forms = (1..self.words.len()).rev().map(|kept| self.words[..kept].join(" ") + "..." + &tail);
        forms.into_iter().find(|form| columns(form) <= width)
    }

    /// The same step with only the code of an error, or the first word of any other long reply.
    fn brief(&self) -> Self {
        let shorten = |reply: &String| {
            let text = reply.strip_prefix("error: ").unwrap_or(reply);
            text.split_once(' ').map_or_else(|| text.to_owned(), |(first, _)| format!("{first}..."))
        };
        Self { words: self.words.clone(), reply: self.reply.as_ref().map(shorten) }
    }

    /// Cuts into the command's name, and into the reply where even that is not enough.
    fn squeeze(&self, width: usize) -> String {
        let tail = self.tail();
        let room = width.saturating_sub(columns(&tail) + 3);
        if room < 3 {
            return cut(&self.whole(), width);
        }
        let start: String = self.words[0].chars().take(room).collect();
        start + "..." + &tail
    }
}

/// The parts of a command. Of a script call these are its short hash and its keys, without their number.
fn words(command: &Command) -> Vec<String> {
    let mut words: Vec<String> = command.parts().iter().map(|part| display(part)).collect();
    let name = command.name().to_ascii_uppercase();
    let by_source = matches!(name.as_slice(), b"EVAL" | b"EVAL_RO");
    let by_hash = matches!(name.as_slice(), b"EVALSHA" | b"EVALSHA_RO");
    if let ([script, ..], true) = (command.args(), by_source || by_hash) {
        let hash = if by_source { sha1_hex(script) } else { words[1].clone() };
        words[1] = hash.chars().take(HASH_DIGITS).collect();
        if words.len() > 2 {
            words.remove(2);
        }
    }
    words
}

/// One argument as [`Command`] prints it.
fn display(part: &[u8]) -> String {
    if !part.is_empty() && part.iter().all(u8::is_ascii_graphic) {
        String::from_utf8_lossy(part).into_owned()
    } else {
        format!("\"{}\"", part.escape_ascii())
    }
}

/// What an operation came to, in one word.
pub(super) fn outcome_word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Admitted => "admitted",
        Outcome::Refused => "refused",
        Outcome::Released => "released",
        Outcome::NotHeld => "not held",
        Outcome::Failed(_) => "failed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_go_before_the_reply_does() {
        let add = Command::new("ZADD").arg("slots").number(1000).arg("A-1");
        let step = Step::of(&add, &Reply::Int(1));
        let forms = [40, 25, 20, 15, 11, 8].map(|width| step.fit(width));
        assert_eq!(
            forms,
            [
                "ZADD slots 1000 A-1 -> 1",
                "ZADD slots 1000 A-1 -> 1",
                "ZADD slots... -> 1",
                "ZADD... -> 1",
                "ZAD... -> 1",
                "ZADD ..."
            ]
        );
    }

    #[test]
    fn scripts_show_a_short_hash_whether_called_by_hash_or_by_source() {
        let source = "return 1";
        let by_source = Command::new("EVAL").arg(source).number(1).arg("slots").arg("x");
        let by_hash =
            Command::new("EVALSHA").arg(sha1_hex(source.as_bytes())).number(1).arg("slots").arg("x");
        assert_eq!(Step::of(&by_source, &Reply::Int(1)).whole(), "EVAL e0e1f9f slots x -> 1");
        assert_eq!(Step::of(&by_hash, &Reply::Int(1)).whole(), "EVALSHA e0e1f9f slots x -> 1");
    }

    #[test]
    fn a_long_error_shrinks_to_its_code() {
        let call = Command::new("EVALSHA").arg("0123456789abcdef").number(0);
        let reply = Reply::Error("NOSCRIPT No matching script.".into());
        assert_eq!(Step::of(&call, &reply).fit(29), "EVALSHA... -> NOSCRIPT...");
    }
}
