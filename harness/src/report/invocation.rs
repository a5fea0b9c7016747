//! How this program is called: the part that all command lines to reproduce have in common.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::engine::StoreKind;
use crate::base::quote::quoted;

/// How this program is called again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// The program, as a shell finds it.
    pub program: String,
    /// The server, where the command line named it.
    pub server: Option<NamedServer>,
    /// The command that runs the scenario, where no file holds it.
    pub built_in: Option<&'static str>,
}

/// A server as the command line named it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedServer {
    /// Its URL, without the password.
    pub url: String,
    /// Whether it may be on another machine.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_remote: bool,
}

/// The options that name it, each after a space.
impl fmt::Display for NamedServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, " --redis {}", quoted(&self.url))?;
        if self.allow_remote { f.write_str(" --allow-remote") } else { Ok(()) }
    }
}

impl Default for Invocation {
    fn default() -> Self {
        Self { program: "gatecrash".to_owned(), server: None, built_in: None }
    }
}

impl Invocation {
    /// The options that name the server, for what runs on one.
    pub fn server_for(&self, store: StoreKind) -> String {
        let server = self.server.as_ref().filter(|_| store == StoreKind::Redis);
        server.map_or_else(String::new, ToString::to_string)
    }
}
