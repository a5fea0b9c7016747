//! The command line: a thin face of the library. Arguments in, one campaign, one report out, one exit code.
//!
//! The files, each built on those before it:
//!
//! | file | what it does |
//! | --- | --- |
//! | `args` | the command line as data: what can be asked for, and how it is spelled |
//! | `terminal`, `version` | how wide and in which colour; what the program is made of |
//! | `output` | what is printed and written, and that no output overwrites anything |
//! | `problem` | what ends a command without a report |
//! | `parse` | from words to arguments, and what clap says where there are none |
//! | `heed` | options that a command does not take |
//! | `apart`, `progress`, `watch` | signals; the bar; who watches a long run |
//! | `spread`, `plan` | from arguments to a campaign |
//! | `demo`, `compare`, `merge`, `doctor`, `load`, `nightly` | a command each; `run`, `replay` and `explore` are in `plan` |

mod args;
mod compare;
mod demo;
mod doctor;
mod heed;
mod invocation;
mod load;
mod merge;
mod nightly;
mod output;
mod parse;
mod plan;
mod problem;
mod progress;
#[cfg(unix)]
mod signals;
mod spread;
mod terminal;
mod version;
mod watch;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

#[cfg(unix)]
use signal_hook::consts::SIGUSR1;
use signal_hook::flag;
use tracing_subscriber::EnvFilter;

use crate::base::exit::Exit;
use args::Command;
use output::Outputs;
use problem::Problem;

/// Runs the command line of this process. A panic is an internal error: 70.
pub fn main() -> ExitCode {
    std::panic::catch_unwind(run).unwrap_or(Exit::Internal).into()
}

fn run() -> Exit {
    let (cli, matches) = match parse::arguments() {
        Ok(parsed) => parsed,
        Err(exit) => return exit,
    };
    terminal::choose_colour(cli.common.color);
    log(cli.common.verbose);
    let ready =
        heed::check(&matches).and_then(|()| Ok(Outputs::of(&cli).check()?)).and_then(|()| watch_signals());
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

fn log(verbose: u8) {
    let level = ["warn", "info", "debug", "trace"][usize::from(verbose.min(3))];
    // Only our own: loom logs every step of every execution.
    let filter = EnvFilter::new(format!("gatecrash={level},gatecrash_limiter={level}"));
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(terminal::colours_stderr())
        .without_time()
        .try_init();
}

/// The first Ctrl-C ends gracefully, with a report; the second at once. A question of what is going on never ends
/// anything, also where nobody answers it.
fn watch_signals() -> Result<Arc<AtomicBool>, Problem> {
    let interrupted = Arc::new(AtomicBool::new(false));
    #[cfg(unix)]
    {
        let thread = signals::SignalThread::begin().map_err(Problem::signals)?;
        flag::register(SIGUSR1, Arc::default()).map_err(Problem::signals)?;
        thread.listen(Arc::clone(&interrupted)).map_err(Problem::signals)?;
    }
    #[cfg(not(unix))]
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        let watch = |flag: &Arc<AtomicBool>| {
            flag::register_conditional_shutdown(signal, Exit::Interrupted.code().into(), Arc::clone(flag))?;
            flag::register(signal, Arc::clone(flag))
        };
        watch(&interrupted).map_err(Problem::signals)?;
    }
    Ok(interrupted)
}
