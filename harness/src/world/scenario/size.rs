//! A scenario of another size than its file's.

use super::{ClientSpec, Scenario};

/// How many clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientCount {
    /// So many.
    Number(u16),
    /// Every number of them.
    Any,
}

/// What differs from the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Size {
    /// How many clients.
    pub clients: Option<ClientCount>,
    /// How many permits.
    pub limit: Option<u64>,
}

/// Why a scenario cannot have a number of clients.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SizeError {
    /// It has none, so nobody knows what they would do.
    #[error("--clients needs a scenario with clients")]
    NoClients,
    /// The number of identical clients can change, and nothing else.
    #[error("--clients needs identical clients, but {first} and {other} run different programs")]
    Different {
        /// The first client.
        first: String,
        /// The first that differs from it.
        other: String,
    },
}

impl Size {
    /// Whether nothing differs.
    pub fn is_as_in_the_file(self) -> bool {
        self == Self::default()
    }

    /// The scenario in that size; the error says why it cannot have it. The number of identical clients changes, so
    /// all must be.
    pub fn of(self, scenario: Scenario) -> Result<Scenario, SizeError> {
        let limit = self.limit.unwrap_or(scenario.limit);
        let clients = match self.clients {
            None => scenario.clients,
            Some(count) => {
                // Any number of clients is any number of the first.
                let count = if let ClientCount::Number(count) = count { count } else { 1 };
                let [first, others @ ..] = scenario.clients.as_slice() else {
                    return Err(SizeError::NoClients);
                };
                if let Some(other) = others.iter().find(|other| other.program != first.program) {
                    return Err(SizeError::Different {
                        first: first.name.clone(),
                        other: other.name.clone(),
                    });
                }
                ClientSpec::workers(count.into(), &first.program)
            }
        };
        Ok(Scenario { limit, clients, ..scenario })
    }

    /// The size as options of the command line.
    pub fn options(self) -> String {
        let clients = match self.clients {
            None => String::new(),
            Some(ClientCount::Number(n)) => format!(" --clients {n}"),
            Some(ClientCount::Any) => " --clients any".to_owned(),
        };
        let limit = self.limit.map(|n| format!(" --limit {n}")).unwrap_or_default();
        clients + &limit
    }
}
