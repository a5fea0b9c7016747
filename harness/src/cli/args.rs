//! The command line as data: what can be asked for, and how it is spelled.

mod compare;
mod doctor;
mod load;
mod merge;
mod nightly;
mod observe;
mod spread;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::world::scenario::{ClientCount, Expected};

pub(crate) use self::compare::Compare;
pub(crate) use doctor::Doctor;
pub(crate) use load::Load;
pub(crate) use merge::Merge;
pub(crate) use nightly::Nightly;
pub(crate) use observe::Observe;
pub(crate) use spread::Spread;

/// Find the schedule that lets a client in past the limit, show it, and replay it on a real Redis server.
#[derive(Debug, Parser)]
#[command(name = "gatecrash", version, max_term_width = 80, arg_required_else_help = true, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// About a gigabyte of them.
const MAX_STATES: u64 = 10_000_000;

const AFTER_HELP: &str = "\
Exit codes: 0 as expected; 1 a violation where none was expected, or none where one was; 2 undecided; \
3 compare: worse than before; 64 usage; 65 bad scenario or report; 69 server not available; 70 internal error; 130 interrupted.

Which Redis: --redis URL, else GATECRASH_REDIS_URL, else a private server started for this run. \
No other variable is read.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the race step by step: on the model, then on a real Redis server if one can be started
    Demo,
    /// Run every scenario, limiter and store: the main job
    #[command(after_help = "Example: gatecrash run scenarios --json report.json")]
    Run(Run),
    /// Replay one schedule with one limiter
    #[command(
        after_help = "Example: gatecrash replay scenarios/last-slot.toml --limiter naive --order \"A B A B\""
    )]
    Replay(Replay),
    /// Explore all interleavings of one scenario
    #[command(after_help = "Example: gatecrash explore scenarios/last-slot.toml --limiter naive --on redis")]
    Explore(Explore),
    /// Check this machine and its Redis, or CI workflows, services and stub mappings, before anything runs
    #[command(after_help = "Example: gatecrash doctor --ci .github/workflows/ci.yml --sarif doctor.sarif")]
    Doctor(Doctor),
    /// Load limiters with real concurrency, on a real server
    #[command(
        after_help = "Example: gatecrash load --limiter naive --limiter atomic --clients 50 --limit 5 --duration 10s \
                      --expect naive=violation --expect atomic=clean"
    )]
    Load(Load),
    /// Run all checks and give one verdict
    #[command(after_help = nightly::AFTER_HELP)]
    Nightly(Nightly),
    /// Merge the reports of all shards into one
    #[command(after_help = "Example: gatecrash merge shard-*.json --json report.json")]
    Merge(Merge),
    /// Compare two loads: is the new one still correct, and still as fast?
    #[command(after_help = compare::AFTER_HELP)]
    Compare(Compare),
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// Scenario files, and folders that are searched for them
    #[arg(value_name = "PATH", default_value = "scenarios")]
    pub(crate) paths: Vec<PathBuf>,
    /// Run only scenarios whose name contains TEXT
    #[arg(long, value_name = "TEXT")]
    pub(crate) filter: Option<String>,
    /// List the scenarios and run none
    #[arg(long)]
    pub(crate) list: bool,
    #[command(flatten)]
    pub(crate) spread: Spread,
}

#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// The scenario file
    pub(crate) file: PathBuf,
    /// The limiter
    #[arg(long, value_name = "NAME")]
    pub(crate) limiter: String,
    /// The schedule, such as "A B A* +30s B!crash"
    #[arg(long, value_name = "TURNS", allow_hyphen_values = true)]
    pub(crate) order: String,
    /// Treat a turn of a client that has already finished as an error
    #[arg(long)]
    pub(crate) strict: bool,
    #[command(flatten)]
    pub(crate) size: Size,
}

#[derive(Debug, Args)]
pub(crate) struct Explore {
    /// The scenario file
    pub(crate) file: PathBuf,
    /// The limiter [default: all that the file lists]
    #[arg(long, value_name = "NAME")]
    pub(crate) limiter: Option<String>,
    /// The strategy [default: census on the model, certify on redis, loom on loom]
    #[arg(long, value_name = "STRATEGY", value_enum)]
    pub(crate) strategy: Option<StrategyName>,
    #[command(flatten)]
    pub(crate) size: Size,
    /// Count interleavings by their preemptions too
    #[arg(long)]
    pub(crate) by_preemptions: bool,
    /// Leave out interleavings with more than N preemptions
    #[arg(long, value_name = "N")]
    pub(crate) preemptions: Option<u32>,
    /// Draw N executions [default: 10000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) executions: Option<u64>,
    /// Draw with every sampler, and show what each finds beside the exact probability
    #[arg(long, conflicts_with = "strategy")]
    pub(crate) compare_samplers: bool,
    /// What the conformance check on redis asks: each distinct pair of content and command, or every edge [default: pairs]
    #[arg(long, value_name = "WHAT", value_enum)]
    pub(crate) certify: Option<CertifyName>,
    /// Save the counterexample as a scenario
    #[arg(long, value_name = "FILE")]
    pub(crate) save: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) spread: Spread,
}

/// Another size than the file's.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Size {
    /// Run N clients, where the file's are identical; with explore also any: every number of them
    #[arg(long, value_name = "N|any", value_parser = clients)]
    pub(crate) clients: Option<ClientCount>,
    /// Set the number of permits
    #[arg(long, value_name = "L", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(crate) limit: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StrategyName {
    /// Run every interleaving once (model, redis)
    Enumerate,
    /// Count all interleavings; states that differ only by renaming clients are merged (model)
    Census,
    /// Check on a real server what the census rests on: a conformance check (redis)
    Certify,
    /// Run one interleaving of each class of equivalent ones (model, redis)
    Dpor,
    /// Draw each step among the clients that can step, with equal probability (model, redis)
    Random,
    /// Draw priorities of clients, and lower them at random points (model, redis)
    Pct,
    /// Draw priorities of steps, anew where steps race (model, redis)
    Pos,
    /// Draw clients in proportion to the steps that they have left (model, redis)
    Urw,
    /// Draw each interleaving with equal probability (model, redis)
    Uniform,
    /// Run every execution that loom finds (its own model)
    Loom,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CertifyName {
    /// Each distinct pair, once for each naming of the clients
    Pairs,
    /// Each edge of the graph, with a naming of its own
    Edges,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StoreName {
    /// The model, in memory
    Model,
    /// A real server
    Redis,
    /// Threads of loom over the model
    Loom,
    /// All of them
    All,
}

impl std::fmt::Display for StoreName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Model => "model",
            Self::Redis => "redis",
            Self::Loom => "loom",
            Self::All => "all",
        })
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal; `NO_COLOR` and `FORCE_COLOR` override that
    #[default]
    #[value(help = "On a terminal; NO_COLOR and FORCE_COLOR override that")]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Common options")]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(crate) struct Common {
    /// Where to run
    #[arg(long, value_name = "STORE", value_enum, global = true)]
    pub(crate) on: Option<StoreName>,
    /// The Redis server: redis://, rediss:// (TLS) or redis+unix://
    #[arg(long, value_name = "URL", global = true)]
    pub(crate) redis: Option<String>,
    /// Allow a remote Redis; with --health, remote clients
    #[arg(long, global = true)]
    pub(crate) allow_remote: bool,
    /// Expect this verdict of all limiters or of one: violation, clean, NAME=violation, NAME=clean
    #[arg(long, value_name = "[NAME=]VERDICT", global = true, value_parser = expectation)]
    pub(crate) expect: Vec<Expectation>,
    /// Write the report as JSON; `-` is stdout, which then holds nothing else
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) json: Option<PathBuf>,
    /// Write the report as XML, in the form of `JUnit`
    #[arg(long, value_name = "FILE", global = true, help = "Write the report as JUnit XML")]
    pub(crate) junit: Option<PathBuf>,
    /// Write the report as Markdown; `-` is stdout, and the summary of a GitHub step is added to
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) markdown: Option<PathBuf>,
    /// Mark what failed on GitHub, by commands on stderr
    #[arg(long, global = true)]
    pub(crate) annotations: bool,
    /// Leave out what differs from run to run: times, latencies, run ids, sockets
    #[arg(long, global = true)]
    pub(crate) stable: bool,
    /// The seed of all random draws [default: 0; nightly draws one]
    #[arg(long, value_name = "N", global = true)]
    pub(crate) seed: Option<u64>,
    /// Stop each exploration after N executions
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), global = true)]
    pub(crate) max_executions: Option<u64>,
    /// Stop a census that would visit more than N merged states
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), default_value_t = MAX_STATES, global = true)]
    pub(crate) max_states: u64,
    /// Stop everything after this long, such as 90s or 10m
    #[arg(long, value_name = "DURATION", value_parser = duration, global = true)]
    pub(crate) timeout: Option<Duration>,
    /// Threads: for exploring the model, with the same result [default: all]; for the clients of a load [default: 1]
    #[arg(long, value_name = "N", global = true)]
    pub(crate) threads: Option<NonZeroUsize>,
    #[command(flatten)]
    pub(crate) observe: Observe,
    /// Colour the text
    #[arg(long, value_name = "WHEN", value_enum, default_value_t, global = true)]
    pub(crate) color: Color,
    /// Show only what failed, what was not run, and the verdict
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Log more to stderr; twice: much more
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub(crate) verbose: u8,
}

impl Common {
    /// The seed, 0 unless another one was given.
    pub(crate) fn seed(&self) -> u64 {
        self.seed.unwrap_or(0)
    }
}

/// One `--expect`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expectation {
    /// The limiter; all of them if not named.
    pub(crate) limiter: Option<String>,
    pub(crate) verdict: Expected,
}

fn expectation(text: &str) -> Result<Expectation, String> {
    let (limiter, verdict) = match text.split_once('=') {
        Some((name, verdict)) => (Some(name.to_owned()), verdict),
        None => (None, text),
    };
    let verdict = match verdict {
        "violation" => Expected::Violation,
        "clean" => Expected::Clean,
        other => return Err(format!("`{other}` is neither `violation` nor `clean`")),
    };
    Ok(Expectation { limiter, verdict })
}

fn clients(text: &str) -> Result<ClientCount, String> {
    let number = || text.parse().ok().filter(|number| (1..=256).contains(number)).map(ClientCount::Number);
    let clients = if text == "any" { Some(ClientCount::Any) } else { number() };
    clients.ok_or_else(|| "expected a number from 1 to 256, or `any`".to_owned())
}

fn duration(text: &str) -> Result<Duration, String> {
    crate::base::duration::parse(text).map_err(|error| error.to_string())
}
