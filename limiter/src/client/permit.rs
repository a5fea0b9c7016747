//! The right to run, and what happens to it when nobody gives it back.

use std::fmt;

use super::Limiter;
use super::token::Token;
use crate::error::Error;
use crate::protocol::Outcome;

/// A permit: one of the limiter's slots, taken by [`Limiter::acquire`].
///
/// Give it back with [`Permit::release`]. Dropping it works too, but less well: a destructor cannot wait, so the
/// release runs in the background and its errors are only logged. See [`Limiter`] for what that guarantees.
#[must_use = "a permit that is dropped is released"]
pub struct Permit {
    guard: Guard,
}

impl Permit {
    pub(super) fn new(guard: Guard) -> Self {
        Self { guard }
    }

    /// What the permit is called in the store.
    pub fn token(&self) -> &Token {
        &self.guard.token
    }

    /// Gives the permit back.
    ///
    /// [`Error::NotHeld`] says that the store did not know it any more. After any other error the permit is left to
    /// a background release, as if it had been dropped; [`Limiter::release_token`] may be tried as well, since
    /// releasing twice does no harm.
    pub async fn release(self) -> Result<(), Error> {
        let mut guard = self.guard;
        guard.reason = "its release did not come to an end";
        let outcome = guard.limiter.release_once(&guard.token).await?;
        let token = guard.disarm();
        match outcome {
            Outcome::NotHeld => Err(Error::NotHeld { token }),
            _ => Ok(()),
        }
    }

    /// Keeps the permit taken and hands out its name, for someone else to release: another task, another process.
    pub fn forget(self) -> Token {
        self.guard.disarm()
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").field("token", self.token()).finish_non_exhaustive()
    }
}

/// Releases a token in the background when dropped, unless it was disarmed before.
pub(super) struct Guard {
    limiter: Limiter,
    token: Token,
    reason: &'static str,
    armed: bool,
}

impl Guard {
    /// For a permit that may have been granted by the time the guard is dropped.
    pub(super) fn new(limiter: Limiter, token: Token) -> Self {
        Self { limiter, token, reason: "its acquire was cancelled", armed: true }
    }

    pub(super) fn token(&self) -> &Token {
        &self.token
    }

    pub(super) fn because(mut self, reason: &'static str) -> Self {
        self.reason = reason;
        self
    }

    /// There is nothing to release, or somebody else will.
    pub(super) fn disarm(mut self) -> Token {
        self.armed = false;
        self.token.clone()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if self.armed {
            let (key, token) = (self.limiter.key().escape_ascii(), &self.token);
            tracing::warn!(%key, %token, "releasing a permit in the background: {}", self.reason);
            self.limiter.release_in_background(self.token.clone());
        }
    }
}
