//! How this program is called: the part that all command lines to reproduce have in common.

use super::engine::StoreKind;

/// How this program is called again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// The program, as a shell finds it.
    pub program: String,
    /// The options that name the server, without its password; empty for a private one.
    pub server: String,
    /// The command that runs the scenario, where no file holds it.
    pub built_in: Option<&'static str>,
}

impl Default for Invocation {
    fn default() -> Self {
        Self { program: "gatecrash".to_owned(), server: String::new(), built_in: None }
    }
}

impl Invocation {
    /// The options that name the server, for what runs on one.
    pub fn server_for(&self, store: StoreKind) -> &str {
        if store == StoreKind::Redis { &self.server } else { "" }
    }
}
