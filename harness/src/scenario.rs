//! A scenario: who runs what against which limiters, and what is expected of it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use gatecrash_limiter::Algorithm;

use crate::schedule::Schedule;

/// A checked scenario. Every name in it is known and every schedule fits its clients.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The file's stem.
    pub name: String,
    /// The file that it came from, if any, as it was given.
    pub path: Option<PathBuf>,
    /// What it shows.
    pub title: String,
    /// Where it was seen.
    pub why: String,
    /// How many permits there are, 1 to 1,000,000.
    pub limit: u64,
    /// The limiters it runs against, in declared order.
    pub limiters: Vec<Arc<dyn Algorithm>>,
    /// The clients in declared order, at most 256.
    pub clients: Vec<ClientSpec>,
    /// What a refused `acquire` means to its client.
    pub on_reject: OnReject,
    /// How often each program runs, 1 to 1,000.
    pub repeat: u32,
    /// The limiter's key; prefixed on a real server.
    pub key: String,
    /// How long a permit lasts, for limiters that have leases.
    pub lease: Option<Duration>,
    /// What is judged.
    pub properties: Vec<Property>,
    /// Scripted interleavings.
    pub schedules: Vec<Scripted>,
    /// Whether, and with which expectation, all interleavings are explored.
    pub explore: Option<Expectations>,
}

impl Scenario {
    /// The clients' names, in declared order.
    pub fn client_names(&self) -> Vec<String> {
        self.clients.iter().map(|client| client.name.clone()).collect()
    }
}

/// A client: its name and the operations it runs, in order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClientSpec {
    /// `[A-Za-z][A-Za-z0-9_]*`.
    pub name: String,
    /// The operations of one round.
    pub program: Vec<OperationKind>,
}

/// What a client asks of a limiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OperationKind {
    /// Asks for a permit.
    Acquire,
    /// Gives the permit back that was taken last.
    Release,
}

/// What a refused `acquire` means to its client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnReject {
    /// It ends, further repeats included.
    #[default]
    Stop,
    /// It goes on to the next operation.
    Continue,
}

/// What is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Property {
    /// Never more holders than permits.
    OverAdmission,
}

/// A scripted interleaving.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scripted {
    /// What it is called in reports.
    pub name: String,
    /// The order of turns.
    pub order: Schedule,
    /// What is expected of each limiter.
    pub expect: Expectations,
}

/// The expected verdict, by the limiter's name.
pub type Expectations = BTreeMap<String, Expected>;

/// An expected verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expected {
    /// No violation.
    Clean,
    /// A violation.
    Violation,
}
