//! What is sent to the store and what comes back, as plain data.

use std::fmt;

use bytes::Bytes;

/// One atomic request to the store: a command's name and its arguments, as byte strings.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Command {
    parts: Vec<Bytes>,
}

impl Command {
    /// A command without arguments.
    pub fn new(name: &'static str) -> Self {
        // Room for most commands: a limiter builds one for every step that an explorer takes.
        let mut parts = Vec::with_capacity(4);
        parts.push(Bytes::from_static(name.as_bytes()));
        Self { parts }
    }

    /// The same command with one more argument.
    #[must_use]
    pub fn arg(mut self, value: impl Into<Bytes>) -> Self {
        self.parts.push(value.into());
        self
    }

    /// The same command with one more argument: a number, in decimal.
    #[must_use]
    pub fn number(self, value: u128) -> Self {
        const DIGITS: &[u8] = b"0123456789";
        // A single digit takes no memory of its own.
        match usize::try_from(value).ok().and_then(|value| DIGITS.get(value..=value)) {
            Some(digit) => self.arg(digit),
            None => self.arg(Bytes::copy_from_slice(itoa::Buffer::new().format(value).as_bytes())),
        }
    }

    /// A command from its parts, the name first; `None` if there are none.
    pub fn from_parts(parts: Vec<Bytes>) -> Option<Self> {
        if parts.is_empty() { None } else { Some(Self { parts }) }
    }

    /// The command's name as it was written.
    pub fn name(&self) -> &[u8] {
        &self.parts[0]
    }

    /// What follows the name.
    pub fn args(&self) -> &[Bytes] {
        &self.parts[1..]
    }

    /// Name and arguments.
    pub fn parts(&self) -> &[Bytes] {
        &self.parts
    }
}

impl fmt::Display for Command {
    /// Parts separated by spaces; a part that is empty or not printable is quoted with `\xNN` escapes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, part) in self.parts.iter().enumerate() {
            if i > 0 {
                f.write_str(" ")?;
            }
            write_bytes(f, part)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{self}`")
    }
}

/// What the store answers (RESP2).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reply {
    /// The null bulk string, and the null array.
    Nil,
    /// An integer.
    Int(i64),
    /// A simple string such as `OK`.
    Status(String),
    /// A byte string.
    Bulk(Bytes),
    /// An array of replies.
    Array(Vec<Reply>),
    /// An error: its code, a space and its text, as on the wire.
    Error(String),
}

impl Reply {
    /// The reply `OK`.
    pub fn ok() -> Self {
        Self::Status("OK".into())
    }

    /// A byte-string reply.
    pub fn bulk(value: impl Into<Bytes>) -> Self {
        Self::Bulk(value.into())
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nil => f.write_str("nil"),
            Self::Int(n) => write!(f, "{n}"),
            Self::Status(s) => f.write_str(s),
            Self::Error(e) => write!(f, "error: {e}"),
            Self::Bulk(b) => write_bytes(f, b),
            Self::Array(items) => {
                f.write_str("[")?;
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{item}")?;
                }
                f.write_str("]")
            }
        }
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bulk(b) => write!(f, "Bulk({:?})", b.escape_ascii().to_string()),
            Self::Status(s) => write!(f, "Status({s})"),
            Self::Array(items) => f.debug_list().entries(items).finish(),
            other => write!(f, "{other}"),
        }
    }
}

fn write_bytes(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    let plain = !bytes.is_empty() && bytes.iter().all(u8::is_ascii_graphic);
    if plain {
        f.write_str(&String::from_utf8_lossy(bytes))
    } else {
        write!(f, "\"{}\"", bytes.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_parts_are_shown_as_they_are() {
        let command = Command::new("ZADD").arg("slots").number(1500).arg("a:b{c}");
        assert_eq!(command.to_string(), "ZADD slots 1500 a:b{c}");
        assert_eq!(format!("{command:?}"), "`ZADD slots 1500 a:b{c}`");
    }

    #[test]
    fn numbers_are_decimal() {
        for number in [0, 1, 9, 10, u128::MAX] {
            assert_eq!(Command::new("PING").number(number), Command::new("PING").arg(number.to_string()));
        }
    }

    #[test]
    fn what_would_not_read_back_as_one_part_is_quoted_and_escaped() {
        let command = Command::new("SET").arg("").arg("two words").arg(&b"\x00\xff\n\""[..]);
        assert_eq!(command.to_string(), r#"SET "" "two words" "\x00\xff\n\"""#);
    }

    #[test]
    fn parts_are_a_name_and_its_arguments() {
        assert_eq!(Command::from_parts(Vec::new()), None);
        let command = Command::from_parts(vec!["GET".into(), "k".into()]).unwrap();
        assert_eq!(command, Command::new("GET").arg("k"));
        assert_eq!((command.name(), command.args()), (&b"GET"[..], &[Bytes::from("k")][..]));
    }

    #[test]
    fn replies_are_shown_in_one_line() {
        let items = vec![Reply::Nil, Reply::Int(-1), Reply::ok(), Reply::bulk("a b")];
        assert_eq!(Reply::Array(items).to_string(), r#"[nil, -1, OK, "a b"]"#);
        assert_eq!(Reply::Error("ERR no".into()).to_string(), "error: ERR no");
    }
}
