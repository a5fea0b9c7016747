//! The report: everything that is said about a run, as data.
//!
//! Data in, text out. Nothing here prints, ends the process or knows a store. Whoever ran something fills a
//! [`Report`] with [`Entry`] values; [`json`], [`junit`] and [`text`] each turn the same report into one
//! format, and [`Exit`] turns it into the exit code.
//!
//! ```
//! use gatecrash::base::exit::Exit;
//! use gatecrash::report::{Entry, Evidence, Judgement, Report, ScheduleEvidence, StoreKind, Verdict, text};
//! use gatecrash::world::scenario::Expected;
//!
//! let judgement = Judgement::new(Verdict::Clean, Some(Expected::Clean));
//! let mut report = Report::new(7);
//! let evidence = Evidence::Schedule(ScheduleEvidence { order: "A B A B".into(), ..ScheduleEvidence::default() });
//! report.results.push(Entry::new("last-slot", "atomic", StoreKind::Model, evidence, judgement));
//! assert!(text::render(&report, &text::TextOptions::default()).ends_with("ok: 1 result\n"));
//! assert_eq!(Exit::from(&report), Exit::Ok);
//! ```

pub mod annotations;
mod block;
pub(crate) mod bounded;
mod counts;
mod coverage;
mod engine;
mod entry;
mod evidence;
mod flat_entry;
pub mod histogram;
mod invocation;
pub mod json;
pub mod junit;
mod lanes;
pub mod latency;
pub mod load;
mod loaded;
pub mod markdown;
mod mermaid;
mod over_admission;
pub(crate) mod palette;
pub mod shard;
mod step;
pub mod text;
mod verdict;

use serde::{Deserialize, Serialize};

use crate::base::exit::Exit;

pub use counts::{InterleavingCounts, Peaks, PreemptionTally, Preemptions, RandomWalkProbability};
pub use coverage::{Coverage, StoppedBy};
pub use engine::{Engine, StoreKind};
pub use entry::{Counterexample, Entry};
pub use evidence::{
    AnyNumberEvidence, Cases, CensusEvidence, Certificate, CertifyEvidence, DporEvidence, EnumerateEvidence,
    Enumerated, Estimate, Evidence, Leak, LoadEvidence, LoomEvidence, SampleEvidence, ScheduleEvidence,
};
pub use invocation::{Invocation, NamedServer};
pub use over_admission::{Excess, OverAdmission};
pub use verdict::{Judgement, Overall, Verdict};

use shard::{Part, Shard};

use crate::world::scenario::Scenario;

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
    /// Which part of a campaign it is about, unless about the whole.
    pub shard: Option<Shard>,
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
            shard: None,
            scenarios: Vec::new(),
            results: Vec::new(),
            not_run: Vec::new(),
            interrupted: false,
        }
    }

    /// What follows from the results and from what is missing.
    pub fn verdict(&self) -> Overall {
        let undecided = |entry: &Entry| entry.judgement.verdict() == Verdict::Undecided;
        // Whether anything was run at all is for all shards together to say.
        let nothing = self.results.is_empty() && self.shard.is_none();
        let stopped = |part: &Part| part.order.is_none() && part.stopped.is_some();
        if self.results.iter().any(Entry::failed)
            || self.parts().any(|part| part.judgement().ok() == Some(false))
        {
            Overall::Failed
        } else if nothing
            || self.parts().any(stopped)
            || self.interrupted
            || self.results.iter().any(undecided)
            || self.not_run.iter().any(NotRun::is_for_want_of_a_server)
        {
            Overall::Undecided
        } else {
            Overall::Ok
        }
    }

    /// What a shard knows of explorations of which it has a part.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        self.shard.iter().flat_map(Shard::parts)
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
        for item in stable.shard.iter_mut().flat_map(|shard| &mut shard.items) {
            if let Some(part) = &mut item.part {
                part.elapsed_ns = None;
            }
        }
        for entry in &mut stable.results {
            entry.elapsed_ns = None;
            match &mut entry.evidence {
                Evidence::Schedule(found) => found.latency_ns = None,
                Evidence::Load(found) => found.leave_times_out(),
                _ => {}
            }
        }
        stable
    }

    /// What is known of a scenario.
    pub fn about(&self, scenario: &str) -> Option<&About> {
        self.scenarios.iter().find(|about| about.name == scenario)
    }
}

impl From<&Report> for Exit {
    fn from(report: &Report) -> Self {
        let verdict = match report.verdict() {
            Overall::Ok => Self::Ok,
            Overall::Failed => Self::Failed,
            Overall::Undecided => Self::Undecided,
        };
        if report.interrupted { verdict.and(Self::Interrupted) } else { verdict }
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
    /// Its file.
    pub file: Option<String>,
}

impl From<&Scenario> for About {
    fn from(scenario: &Scenario) -> Self {
        Self {
            name: scenario.name.clone(),
            title: scenario.title.clone(),
            limit: scenario.limit,
            clients: scenario.clients.iter().map(|client| client.name.clone()).collect(),
            file: scenario.path.as_ref().map(|path| path.display().to_string()),
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
    /// Set where a server was wanted and there was none: that leaves the document undecided.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
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
