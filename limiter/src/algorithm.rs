//! What an algorithm is: its operations, its scripts, its clock.

use std::fmt::Debug;
use std::sync::Arc;

use crate::protocol::Operation;
use crate::{Atomic, Naive};

/// One way to keep a count of permits in Redis.
pub trait Algorithm: Debug + Send + Sync {
    /// The name under which scenarios and command lines know it.
    fn name(&self) -> &str;

    /// A new `acquire`, in its first state.
    fn acquire(&self) -> Operation;

    /// A new `release`, in its first state.
    fn release(&self) -> Operation;

    /// The scripts that it calls by their SHA-1, to be preloaded.
    fn scripts(&self) -> &[Script] {
        &[]
    }

    /// Whose clock it depends on.
    fn clock(&self) -> Clock {
        Clock::Client
    }
}

/// Whose clock an algorithm depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Clock {
    /// At most the client's: times travel as arguments.
    Client,
    /// The server's too: `TIME`, or keys that expire.
    Server,
}

/// The algorithms of this crate, in the order of their names.
pub fn built_in() -> Vec<Arc<dyn Algorithm>> {
    vec![Arc::new(Atomic), Arc::new(Naive)]
}

/// The built-in algorithm of that name.
pub fn by_name(name: &str) -> Option<Arc<dyn Algorithm>> {
    built_in().into_iter().find(|algorithm| algorithm.name() == name)
}

/// A Lua script and the SHA-1 under which a server caches it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    source: &'static str,
    sha1: String,
}

impl Script {
    /// A script from its source.
    pub fn new(source: &'static str) -> Self {
        Self { source, sha1: sha1_hex(source.as_bytes()) }
    }

    /// The Lua source.
    pub fn source(&self) -> &'static str {
        self.source
    }

    /// The SHA-1 of the source, 40 hexadecimal digits in lower case.
    pub fn sha1(&self) -> &str {
        &self.sha1
    }
}

/// The SHA-1 of a script's source as Redis writes it: 40 hexadecimal digits in lower case.
pub fn sha1_hex(source: &[u8]) -> String {
    sha1_smol::Sha1::from(source).digest().to_string()
}
