//! Common options that a command does not heed are refused: nobody shall believe that they had an effect.

use clap::ArgMatches;
use clap::parser::ValueSource;

use super::problem::Problem;

/// Options of what runs something.
const RUNNING: &[&str] = &[
    "on",
    "expect",
    "junit",
    "seed",
    "max_executions",
    "max_states",
    "timeout",
    "threads",
    "health",
    "stall_after",
];

/// A command, the options that it does not heed, and why.
type Row = (&'static str, &'static [&'static [&'static str]], &'static str);

const UNHEEDED: &[Row] = &[
    ("doctor", &[RUNNING, &["markdown"]], "it runs nothing, and has its own forms"),
    (
        "merge",
        &[
            &["on", "redis", "allow_remote", "expect", "seed", "max_executions", "max_states", "timeout"],
            &["threads", "health", "stall_after"],
        ],
        "it runs nothing: the shards have run",
    ),
    (
        "compare",
        &[
            &["on", "redis", "allow_remote", "expect", "junit", "max_executions", "max_states", "timeout"],
            &["threads", "health", "stall_after"],
        ],
        "it runs nothing",
    ),
    ("load", &[&["max_executions", "max_states"]], "its bound is --duration"),
    ("nightly", &[&["json", "junit", "markdown"]], "all its reports are in --artifacts"),
    ("nightly", &[&["expect"]], "what is expected stands in the scenarios"),
    ("nightly", &[&["max_executions"]], "its budget is --executions"),
];

/// Refuses what was given on the command line and has no effect on the command.
pub(super) fn check(matches: &ArgMatches) -> Result<(), Problem> {
    let Some((command, matches)) = matches.subcommand() else { return Ok(()) };
    let given = |option: &&str| matches.value_source(option) == Some(ValueSource::CommandLine);
    let rows = UNHEEDED.iter().filter(|(name, ..)| *name == command);
    let wrong = rows.into_iter().find_map(|(_, options, why)| {
        options.iter().copied().flatten().copied().find(|option| given(option)).map(|option| (option, why))
    });
    match wrong {
        Some((option, why)) => {
            let option = option.replace('_', "-");
            Err(Problem::Usage(format!("--{option} has no effect on {command}: {why}")))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::super::args::Cli;
    use super::UNHEEDED;

    #[test]
    fn what_is_refused_are_common_options_of_commands() {
        let cli = Cli::command();
        for (command, options, _) in UNHEEDED {
            assert!(cli.find_subcommand(command).is_some(), "{command}");
            for option in options.iter().copied().flatten() {
                let is_global = cli.get_arguments().any(|arg| arg.get_id() == *option && arg.is_global_set());
                assert!(is_global, "{command}: {option}");
            }
        }
    }
}
