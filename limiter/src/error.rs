//! What can go wrong with a limiter on a real connection, and what is known about the permit afterwards.

use std::error::Error as StdError;

use crate::client::Token;
use crate::command::Reply;

/// The error beneath: of the connection, or of the operating system.
pub type Cause = Box<dyn StdError + Send + Sync + 'static>;

/// Why an operation did not come to a result.
///
/// The variants differ in what is known afterwards, which is what a caller has to act on. "Full" is none of them:
/// that is `Ok(None)`. No text holds a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address cannot be used. Nothing was tried.
    #[error("the Redis URL cannot be used: {reason}")]
    Url {
        /// What is wrong with it; never the address itself, which may hold a password.
        reason: String,
    },

    /// There was no connection, so the operation sent nothing: certainly nothing has changed.
    #[error("not connected to Redis, nothing was sent")]
    NotSent {
        /// The permit in question; `None` while connecting.
        token: Option<Token>,
        /// Why there is no connection.
        source: Cause,
    },

    /// A command was on its way and its reply was lost (a timeout, a broken connection): the server may have
    /// carried it out or may still do so.
    ///
    /// [`Limiter::release_token`](crate::Limiter::release_token) settles it. An `acquire` that fails in this way
    /// has also started such a release in the background.
    ///
    /// It is also the answer where only a reading command was lost, such as the `ZCARD` of
    /// [`Naive`](crate::Naive): a limiter does not know which commands of its algorithm write, and releasing a
    /// permit that never was does no harm.
    #[error("the reply to Redis command {command} was lost: permit {token} may or may not be taken")]
    UnknownOutcome {
        /// The permit in question.
        token: Token,
        /// The name of the command that was not answered.
        command: String,
        /// How its reply was lost.
        source: Cause,
    },

    /// The server answered with an error (`WRONGTYPE`, `OOM`, `LOADING`, `NOAUTH`, …) and did not do what it was
    /// asked: no permit was taken or given back.
    #[error("Redis refused: {text}")]
    Refused {
        /// The permit in question; `None` while connecting.
        token: Option<Token>,
        /// The server's own words, its error code first.
        text: String,
    },

    /// The server's reply has no meaning in the algorithm: the key is used for something else, or what answered is
    /// not Redis. Whether a permit was taken is unknown; it is dealt with as in [`Error::UnknownOutcome`].
    #[error("Redis answered with something unexpected: {reply}")]
    Unexpected {
        /// The permit in question.
        token: Token,
        /// What it answered.
        reply: Reply,
    },

    /// The store does not know the permit that was to be released. It was given back before, or the key was deleted
    /// or lost; in the latter case others may have been let in meanwhile.
    #[error("permit {token} is not held any more")]
    NotHeld {
        /// The permit in question.
        token: Token,
    },

    /// The operating system gave no random bytes for a token. Nothing was sent.
    #[error("no randomness for a token")]
    Randomness {
        /// Why not.
        source: Cause,
    },
}

impl Error {
    /// The permit in question, if there is one.
    pub fn token(&self) -> Option<&Token> {
        match self {
            Self::NotSent { token, .. } | Self::Refused { token, .. } => token.as_ref(),
            Self::UnknownOutcome { token, .. } | Self::Unexpected { token, .. } | Self::NotHeld { token } => {
                Some(token)
            }
            Self::Url { .. } | Self::Randomness { .. } => None,
        }
    }

    /// Whether it is unknown what the server did: the permit may be taken and should be released.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::UnknownOutcome { .. } | Self::Unexpected { .. })
    }
}
