//! Why a command was refused: Redis 7.0's error texts.

use std::borrow::Cow;

use gatecrash_limiter::Reply;

/// What a command comes to: a reply, or a refusal.
pub(super) type Answer = Result<Reply, ErrorReply>;

/// An error: its code, a space and its text, as on the wire.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct ErrorReply(Cow<'static, str>);

impl ErrorReply {
    pub(super) const WRONG_TYPE: Self =
        Self::fixed("WRONGTYPE Operation against a key holding the wrong kind of value");
    pub(super) const SYNTAX: Self = Self::fixed("ERR syntax error");
    pub(super) const NOT_INTEGER: Self = Self::fixed("ERR value is not an integer or out of range");
    pub(super) const NOT_POSITIVE: Self = Self::fixed("ERR value is out of range, must be positive");
    pub(super) const NOT_FLOAT: Self = Self::fixed("ERR value is not a valid float");
    pub(super) const OVERFLOW: Self = Self::fixed("ERR increment or decrement would overflow");
    pub(super) const NO_SUCH_KEY: Self = Self::fixed("ERR no such key");
    pub(super) const TOO_LONG: Self =
        Self::fixed("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
    pub(super) const NOT_A_NUMBER: Self = Self::fixed("ERR resulting score is not a number (NaN)");

    /// An error whose text is known beforehand.
    pub(super) const fn fixed(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }

    /// An error whose text is put together. An error reply is one line, so line ends become spaces.
    pub(super) fn new(text: String) -> Self {
        let text = if text.contains(['\r', '\n']) { text.replace(['\r', '\n'], " ") } else { text };
        Self(Cow::Owned(text))
    }

    /// Too few or too many arguments for a command, or for `command|subcommand`.
    pub(super) fn arity(name: &str) -> Self {
        Self::new(format!("ERR wrong number of arguments for '{}' command", name.to_lowercase()))
    }

    /// A time to live that is not positive or does not fit.
    pub(super) fn expire_time(name: &str) -> Self {
        Self::new(format!("ERR invalid expire time in '{name}' command"))
    }

    /// The text as on the wire.
    pub(super) fn text(&self) -> &str {
        &self.0
    }
}

impl From<ErrorReply> for Reply {
    fn from(fault: ErrorReply) -> Self {
        Self::Error(fault.0.into_owned())
    }
}
