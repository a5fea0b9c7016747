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

/// Finds the schedule that lets a client in past the limit, shows it, and replays it on a real Redis server.
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
    /// The race, step by step: on the model, then on a real Redis server if one can be started
    Demo,
    /// Every scenario, limiter and store: the main job
    #[command(after_help = "Example: gatecrash run scenarios --json report.json")]
    Run(Run),
    /// One schedule, one limiter
    #[command(
        after_help = "Example: gatecrash replay scenarios/last-slot.toml --limiter naive --order \"A B A B\""
    )]
    Replay(Replay),
    /// All interleavings of one scenario
    #[command(after_help = "Example: gatecrash explore scenarios/last-slot.toml --limiter naive --on redis")]
    Explore(Explore),
    /// What is wrong before anything runs: this machine and its Redis; CI workflows, services, stub mappings
    #[command(after_help = "Example: gatecrash doctor --ci .github/workflows/ci.yml --sarif doctor.sarif")]
    Doctor(Doctor),
    /// Limiters under real concurrency, on a real server
    #[command(
        after_help = "Example: gatecrash load --limiter naive --limiter atomic --clients 50 --limit 5 --duration 10s \
                      --expect naive=violation --expect atomic=clean"
    )]
    Load(Load),
    /// Everything that can find a violation, stage after stage, and one verdict
    #[command(after_help = nightly::AFTER_HELP)]
    Nightly(Nightly),
    /// The reports of all shards of a campaign as one
    #[command(after_help = "Example: gatecrash merge shard-*.json --json report.json")]
    Merge(Merge),
    /// Two loads: is the new one still correct, and still as fast?
    #[command(after_help = compare::AFTER_HELP)]
    Compare(Compare),
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// Scenario files, and folders that are searched for them
    #[arg(value_name = "PATH", default_value = "scenarios")]
    pub(crate) paths: Vec<PathBuf>,
    /// Only scenarios whose name contains TEXT
    #[arg(long, value_name = "TEXT")]
    pub(crate) filter: Option<String>,
    /// Lists the scenarios and runs none
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
    /// A turn of a client that has already finished is an error
    #[arg(long)]
    pub(crate) strict: bool,
    #[command(flatten)]
    pub(crate) size: Size,
}

#[derive(Debug, Args)]
pub(crate) struct Explore {
    /// The scenario file
    pub(crate) file: PathBuf,
    /// The limiter; all of the file's if not given
    #[arg(long, value_name = "NAME")]
    pub(crate) limiter: Option<String>,
    /// How to explore [default: census on the model, certify on redis, loom on loom]
    #[arg(long, value_name = "STRATEGY", value_enum)]
    pub(crate) strategy: Option<StrategyName>,
    #[command(flatten)]
    pub(crate) size: Size,
    /// Counts interleavings by their preemptions too
    #[arg(long)]
    pub(crate) by_preemptions: bool,
    /// Leaves out interleavings with more preemptions than that
    #[arg(long, value_name = "N")]
    pub(crate) preemptions: Option<u32>,
    /// How many executions a sampler draws [default: 10000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) executions: Option<u64>,
    /// Draws with every sampler, and shows their odds beside the exact ones
    #[arg(long, conflicts_with = "strategy")]
    pub(crate) compare_samplers: bool,
    /// What is certified on redis: distinct pairs of content and command, or every edge [default: pairs]
    #[arg(long, value_name = "WHAT", value_enum)]
    pub(crate) certify: Option<CertifyName>,
    /// Saves the counterexample as a scenario
    #[arg(long, value_name = "FILE")]
    pub(crate) save: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) spread: Spread,
}

/// Another size than the file's.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Size {
    /// That many clients, where the file's are identical; with explore also any: every number of them
    #[arg(long, value_name = "N|any", value_parser = clients)]
    pub(crate) clients: Option<ClientCount>,
    /// That many permits
    #[arg(long, value_name = "L", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(crate) limit: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StrategyName {
    /// Every interleaving, each once (model, redis)
    Enumerate,
    /// All interleavings counted, over merged states (model)
    Census,
    /// What the census rests on, compared with a real server (redis)
    Certify,
    /// One interleaving of each class of equivalent ones (model, redis)
    Dpor,
    /// Any client that can step, each with the same probability (model, redis)
    Random,
    /// Random priorities of clients, lowered at random points (model, redis)
    Pct,
    /// Random priorities of steps, drawn anew where steps race (model, redis)
    Pos,
    /// Clients in proportion to the steps that they have left (model, redis)
    Urw,
    /// Each interleaving with the same probability (model, redis)
    Uniform,
    /// Every execution that loom finds (its own model)
    Loom,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CertifyName {
    /// Each distinct pair once for each naming
    Pairs,
    /// Each edge, under a naming of its own
    Edges,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StoreName {
    /// In memory
    Model,
    /// A real server
    Redis,
    /// loom's threads over the model
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
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    #[value(help = "On a terminal, unless NO_COLOR is set")]
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
    /// Where to run it
    #[arg(long, value_name = "STORE", value_enum, global = true)]
    pub(crate) on: Option<StoreName>,
    /// The Redis server: redis://, rediss:// (TLS) or redis+unix://
    #[arg(long, value_name = "URL", global = true)]
    pub(crate) redis: Option<String>,
    /// Permits a server that is not on this machine, and to be asked by other machines (--health)
    #[arg(long, global = true)]
    pub(crate) allow_remote: bool,
    /// What is expected, of all limiters or of one: violation, clean, NAME=violation, NAME=clean
    #[arg(long, value_name = "[NAME=]VERDICT", global = true, value_parser = expectation)]
    pub(crate) expect: Vec<Expectation>,
    /// Writes the report as JSON; with `-` to stdout, and nothing else
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) json: Option<PathBuf>,
    /// Writes the report as XML, in the form of `JUnit`
    #[arg(long, value_name = "FILE", global = true, help = "Writes the report as JUnit XML")]
    pub(crate) junit: Option<PathBuf>,
    /// Writes the report as Markdown, for the summary of a job; with `-` to stdout, and nothing else
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) markdown: Option<PathBuf>,
    /// Marks what failed on GitHub: prints its commands to stderr, which the runner reads like stdout
    #[arg(long, global = true)]
    pub(crate) annotations: bool,
    /// Leaves out what differs from run to run: times, latencies, run ids, sockets
    #[arg(long, global = true)]
    pub(crate) stable: bool,
    /// The seed of whatever is drawn at random; kept in the report [default: 0, but nightly draws one]
    #[arg(long, value_name = "N", global = true)]
    pub(crate) seed: Option<u64>,
    /// Stops each exploration after that many executions
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), global = true)]
    pub(crate) max_executions: Option<u64>,
    /// Stops a census that would visit more merged states than that
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), default_value_t = MAX_STATES, global = true)]
    pub(crate) max_states: u64,
    /// Stops everything after that long, such as 90s or 10m
    #[arg(long, value_name = "DURATION", value_parser = duration, global = true)]
    pub(crate) timeout: Option<Duration>,
    /// On how many threads the model is explored, where the result is the same [default: all there are], or on how
    /// many the clients of a load run [default: 1]
    #[arg(long, value_name = "N", global = true)]
    pub(crate) threads: Option<NonZeroUsize>,
    #[command(flatten)]
    pub(crate) observe: Observe,
    /// Colours in the text
    #[arg(long, value_name = "WHEN", value_enum, default_value_t, global = true)]
    pub(crate) color: Color,
    /// Shows only what failed, and the verdict
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Logs more to stderr; twice: much more
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
    clients.ok_or_else(|| "it is a number from 1 to 256, or `any`".to_owned())
}

fn duration(text: &str) -> Result<Duration, String> {
    crate::base::duration::parse(text).map_err(|error| error.to_string())
}
