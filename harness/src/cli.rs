//! The command line: a thin face of the library. Arguments in, one campaign, one report out, one exit code.

#[cfg(unix)]
mod apart;
mod args;
mod compare;
mod demo;
mod doctor;
mod heed;
mod load;
mod merge;
mod nightly;
mod output;
mod plan;
mod progress;
mod spread;
mod watch;

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, FromArgMatches as _};
#[cfg(unix)]
use signal_hook::consts::SIGUSR1;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use tracing_subscriber::EnvFilter;

use crate::base::exit::Exit;
use crate::campaign::combine::CombineError;
use crate::campaign::journal::JournalError;
use crate::redis::OpenError;
use crate::redis::target::TargetError;
use crate::world::error::Error;
use crate::world::scenario::LoadError;
use crate::world::store::StoreError;
use args::{Cli, Command};

/// Runs the command line of this process. A panic is an internal error: 70.
pub fn main() -> ExitCode {
    std::panic::catch_unwind(run).unwrap_or(Exit::Internal).into()
}

fn run() -> Exit {
    let parsed = Cli::command().try_get_matches();
    let (cli, matches) = match parsed.and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, matches))) {
        Ok(parsed) => parsed,
        Err(error) => return usage(&error),
    };
    output::choose_colour(cli.common.color);
    log(cli.common.verbose);
    let ready =
        heed::check(&matches).and_then(|()| output::check_files(&cli.common)).and_then(|()| watch_signals());
    let outcome = ready.and_then(|interrupted| match &cli.command {
        Command::Demo => demo::demo(&cli.common, interrupted),
        Command::Run(run) => plan::run(run, &cli.common, interrupted),
        Command::Replay(replay) => plan::replay(replay, &cli.common, interrupted),
        Command::Compare(compare) => compare::compare(compare, &cli.common),
        Command::Explore(explore) => plan::explore(explore, &cli.common, interrupted),
        Command::Doctor(doctor) => doctor::doctor(doctor, &cli.common, &interrupted),
        Command::Load(load) => load::load(load, &cli.common, interrupted),
        Command::Nightly(nightly) => nightly::nightly(nightly, &cli.common, interrupted),
        Command::Merge(files) => merge::merge(files, &cli.common),
    });
    outcome.unwrap_or_else(|problem| {
        output::problem(&problem);
        problem.exit()
    })
}

/// What ends a command without a report.
#[derive(Debug, thiserror::Error)]
enum Problem {
    /// The command line makes no sense.
    #[error("{0}")]
    Usage(String),
    /// The schedule of `--order` makes no sense.
    #[error(transparent)]
    Order(crate::base::diagnostic::Diagnostics),
    #[error(transparent)]
    Target(#[from] TargetError),
    /// Scenarios that cannot be had: all of them.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n"))]
    Scenarios(Vec<LoadError>),
    /// Files that the doctor cannot read: all of them.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Files(Vec<crate::doctor::files::FileError>),
    #[error("{path}: there is nothing to run: it has neither `[[schedule]]` nor `[explore]`")]
    Empty { path: String },
    #[error("{0}")]
    Open(#[from] OpenError),
    #[error(transparent)]
    Run(#[from] Error),
    #[error("{what}: {error}")]
    Io { what: String, error: std::io::Error },
    /// A file that cannot be compared.
    #[error(transparent)]
    Comparison(crate::load::compare::read::ReadError),
    #[error("the report cannot be written: {0}")]
    Report(String),
    /// Reports that do not belong together.
    #[error(transparent)]
    Combine(#[from] CombineError),
    /// A file of `--resume` that cannot be gone on with.
    #[error(transparent)]
    Resume(#[from] JournalError),
}

impl Problem {
    fn exit(&self) -> Exit {
        match self {
            Self::Usage(_)
            | Self::Order(_)
            | Self::Target(_)
            | Self::Run(Error::Passed { .. } | Error::OpenFiles { .. }) => Exit::Usage,
            Self::Scenarios(_)
            | Self::Files(_)
            | Self::Empty { .. }
            | Self::Comparison(_)
            | Self::Combine(_)
            | Self::Resume(_)
            | Self::Run(Error::Damaged(_)) => Exit::BadInput,
            Self::Open(_) | Self::Run(Error::Store(StoreError::Unavailable { .. })) => Exit::Unavailable,
            Self::Run(_) | Self::Io { .. } | Self::Report(_) => Exit::Internal,
        }
    }
}

/// Prints what clap has to say. Help and version were asked for; anything else is a usage error.
fn usage(error: &clap::Error) -> Exit {
    // Nothing can be done about a terminal that is gone.
    let _ = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Ok,
        _ => Exit::Usage,
    }
}

fn log(verbose: u8) {
    let level = ["warn", "info", "debug", "trace"][usize::from(verbose.min(3))];
    // Only our own: loom logs every step of every execution.
    let filter = EnvFilter::new(format!("gatecrash={level},gatecrash_limiter={level}"));
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .without_time()
        .try_init();
}

/// The first Ctrl-C ends gracefully, with a report; the second at once. A question of what is going on never ends
/// anything, also where nobody answers it.
fn watch_signals() -> Result<Arc<AtomicBool>, Problem> {
    let interrupted = Arc::new(AtomicBool::new(false));
    #[cfg(unix)]
    let apart = apart::Apart::begin().map_err(unwatched)?;
    for signal in [SIGINT, SIGTERM] {
        let watch = |flag: &Arc<AtomicBool>| {
            flag::register_conditional_shutdown(signal, Exit::Interrupted.code().into(), Arc::clone(flag))?;
            flag::register(signal, Arc::clone(flag))
        };
        watch(&interrupted).map_err(unwatched)?;
    }
    #[cfg(unix)]
    {
        flag::register(SIGUSR1, Arc::default()).map_err(unwatched)?;
        apart.listen().map_err(unwatched)?;
    }
    Ok(interrupted)
}

fn unwatched(error: std::io::Error) -> Problem {
    Problem::Io { what: "signals cannot be watched".into(), error }
}
