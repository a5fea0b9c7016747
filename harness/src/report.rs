//! The report: everything that is said about a run, as data.
//!
//! Data in, text out. Nothing here prints, ends the process or knows a store. Whoever ran something fills a
//! [`Report`] with [`Entry`] values; [`json`], [`junit`] and [`text`] each turn the same report into one
//! format, and [`Exit`](crate::exit::Exit) turns it into the exit code.
//!
//! ```
//! use gatecrash::exit::Exit;
//! use gatecrash::report::{Engine, Entry, Judgement, Report, StoreKind, Verdict, text};
//! use gatecrash::scenario::Expected;
//!
//! let judgement = Judgement::new(Verdict::Clean, Some(Expected::Clean));
//! let mut report = Report::new(7);
//! report.results.push(Entry {
//!     order: Some("A B A B".into()),
//!     executions: Some(1),
//!     ..Entry::new("last-slot", "atomic", StoreKind::Model, Engine::Schedule, judgement)
//! });
//! assert!(text::render(&report, &text::Options::default()).ends_with("ok: 1 result\n"));
//! assert_eq!(Exit::from(&report), Exit::Ok);
//! ```

mod block;
mod count;
mod entry;
pub mod histogram;
pub mod json;
pub mod junit;
mod lanes;
pub mod latency;
pub mod load;
mod loaded;
pub(crate) mod palette;
mod step;
pub mod text;
mod verdict;
pub(crate) mod words;

use serde::{Deserialize, Serialize};

pub use count::{Count, CountError};
pub use entry::{
    Bound, Census, Certificate, Counterexample, Coverage, Engine, Entry, Estimate, Excess, Odds,
    OverAdmission, Peaks, Preemptions, StoreKind, Tally,
};
pub use verdict::{Judgement, Overall, Verdict};

use crate::scenario::Scenario;

/// The version of the document's form. It grows when a reader of the old form could go wrong.
pub const SCHEMA_VERSION: u32 = 1;

/// The JSON Schema that every document satisfies.
pub const SCHEMA: &str = include_str!("../schema/report.schema.json");

/// Everything that is said about a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Who wrote it.
    pub tool: Tool,
    /// The seed of everything that was drawn.
    pub seed: u64,
    /// The server, if one was used.
    pub redis: Option<RedisInfo>,
    /// What people want to know of the scenarios. Not in the document.
    pub scenarios: Vec<About>,
    /// What was run, in the order in which it is shown.
    pub results: Vec<Entry>,
    /// What was not run, and why.
    pub not_run: Vec<NotRun>,
    /// Whether the user stopped the run.
    pub interrupted: bool,
}

impl Report {
    /// A report of nothing yet.
    pub fn new(seed: u64) -> Self {
        Self {
            tool: Tool::this(),
            seed,
            redis: None,
            scenarios: Vec::new(),
            results: Vec::new(),
            not_run: Vec::new(),
            interrupted: false,
        }
    }

    /// What follows from the results and from what is missing.
    pub fn verdict(&self) -> Overall {
        let undecided = |entry: &Entry| entry.judgement.verdict() == Verdict::Undecided;
        if self.results.iter().any(Entry::failed) {
            Overall::Failed
        } else if self.results.is_empty()
            || self.interrupted
            || self.results.iter().any(undecided)
            || self.not_run.iter().any(NotRun::is_for_want_of_a_server)
        {
            Overall::Undecided
        } else {
            Overall::Ok
        }
    }

    /// The first result that makes the run fail and says how to see it again.
    pub fn first_failure(&self) -> Option<&Entry> {
        let failures = || self.results.iter().filter(|entry| entry.failed());
        failures().find(|entry| entry.reproduce().is_some()).or_else(|| failures().next())
    }

    /// A copy without what differs from run to run: times, latencies, run ids and addresses.
    #[must_use]
    pub fn stable(&self) -> Self {
        let mut stable = self.clone();
        if let Some(redis) = &mut stable.redis {
            redis.run_id = None;
            redis.address = None;
        }
        for entry in &mut stable.results {
            entry.elapsed_ns = None;
            entry.latency_ns = None;
            if let Some(load) = &mut entry.load {
                load.leave_times_out();
            }
            if let Some(over) = &mut entry.over_admission {
                over.first.clear();
            }
        }
        stable
    }

    /// What is known of a scenario.
    pub fn about(&self, scenario: &str) -> Option<&About> {
        self.scenarios.iter().find(|about| about.name == scenario)
    }
}

/// The program that wrote a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl Tool {
    /// This program.
    pub fn this() -> Self {
        Self { name: env!("CARGO_PKG_NAME").to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }
    }
}

/// A real server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedisInfo {
    /// Its version, as it says.
    pub version: String,
    /// Where the choice of this server came from: `private`, `--redis` and so on
    pub source: String,
    /// What tells its runs apart, as it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// Its socket or URL, without the password. Not in the document.
    #[serde(skip)]
    pub address: Option<String>,
}

/// What people want to know of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// Its name.
    pub name: String,
    /// What it shows.
    pub title: String,
    /// How many permits there are.
    pub limit: u64,
    /// The names of its clients, in declared order.
    pub clients: Vec<String>,
}

impl From<&Scenario> for About {
    fn from(scenario: &Scenario) -> Self {
        Self {
            name: scenario.name.clone(),
            title: scenario.title.clone(),
            limit: scenario.limit,
            clients: scenario.clients.iter().map(|client| client.name.clone()).collect(),
        }
    }
}

/// Something that was not run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotRun {
    /// The scenario's name.
    pub scenario: String,
    /// The limiter's name, unless it concerns all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limiter: Option<String>,
    /// The store on which it was not run.
    pub store: StoreKind,
    /// Why not.
    pub reason: String,
    /// Not in the document, so a report that is read back has lost it.
    #[serde(skip)]
    no_server: bool,
}

impl NotRun {
    /// The scenario does not fit the store. This leaves the document's verdict alone.
    pub fn unfit(scenario: &str, limiter: Option<&str>, store: StoreKind, reason: &str) -> Self {
        Self {
            scenario: scenario.to_owned(),
            limiter: limiter.map(str::to_owned),
            store,
            reason: reason.to_owned(),
            no_server: false,
        }
    }

    /// Every store was wanted and there is no server. This leaves the document undecided.
    pub fn no_server(scenario: &str, limiter: Option<&str>, reason: &str) -> Self {
        Self { no_server: true, ..Self::unfit(scenario, limiter, StoreKind::Redis, reason) }
    }

    /// Whether a server was wanted and missing.
    pub fn is_for_want_of_a_server(&self) -> bool {
        self.no_server
    }
}
