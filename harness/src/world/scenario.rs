//! A scenario: who runs what against which limiters, and what is expected of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use gatecrash_limiter::Algorithm;

use crate::world::schedule::Schedule;

mod check;
mod load;
mod parse;
mod raw;
mod save;
mod size;
mod table;

pub use load::{LoadError, Source, discover, load};
pub use parse::parse;
pub use save::{SavedViolation, save};
pub use size::{ClientCount, Size, SizeError};

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
    /// Whether that is judged.
    pub fn judges(&self, property: Property) -> bool {
        self.properties.contains(&property)
    }

    /// What the scenario of a file is called: the file's stem.
    pub(super) fn name_of(path: &Path) -> String {
        path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
    }

    /// The clients' names, in their order.
    pub fn client_names(&self) -> Vec<String> {
        self.clients.iter().map(|client| client.name.clone()).collect()
    }
}

/// The most clients that a scenario can have.
pub const MAX_CLIENTS: usize = 256;

/// A client: its name and the operations it runs, in order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClientSpec {
    /// `[A-Za-z][A-Za-z0-9_]*`.
    pub name: String,
    /// The operations of one round.
    pub program: Vec<OperationKind>,
}

impl ClientSpec {
    /// Identical clients, named A … Z, AA, AB, …
    pub fn workers(count: usize, program: &[OperationKind]) -> Vec<Self> {
        (0..count).map(|index| Self { name: worker_name(index), program: program.to_vec() }).collect()
    }
}

/// Counts in letters: after Z comes AA.
fn worker_name(mut index: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(('A'..='Z').nth(index % 26).unwrap_or_default());
        if index < 26 {
            return letters.into_iter().rev().collect();
        }
        index = index / 26 - 1;
    }
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
    /// At the end, every permit is held or can be had.
    Leak,
}

impl Property {
    /// As it is written in `properties`.
    pub fn name(self) -> &'static str {
        match self {
            Self::OverAdmission => "over-admission",
            Self::Leak => "leak",
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_are_named_in_letters() {
        let names: Vec<_> = ClientSpec::workers(704, &[]).into_iter().map(|client| client.name).collect();
        assert_eq!(names[..2], ["A", "B"]);
        assert_eq!(names[25..28], ["Z", "AA", "AB"]);
        assert_eq!(names[51..53], ["AZ", "BA"]);
        assert_eq!(names[701..], ["ZZ", "AAA", "AAB"]);
    }
}
