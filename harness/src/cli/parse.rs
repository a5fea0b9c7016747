//! From the words of a command line to arguments, and what clap says where there are none.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _};

use super::args::Cli;
use super::output;
use super::version;
use crate::base::diagnostic::closest;
use crate::base::exit::Exit;

/// The arguments of this process, twice: as what they mean, and with where each comes from. Otherwise what ends it:
/// help and version were asked for; anything else is a usage error.
pub(super) fn arguments() -> Result<(Cli, ArgMatches), Exit> {
    let parsed = Cli::command().try_get_matches();
    let mut error = match parsed.and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, matches))) {
        Ok(parsed) => return Ok(parsed),
        Err(error) => error,
    };
    without_absurd_suggestion(&mut error);
    // Nothing can be done about a terminal that is gone.
    let _ = error.print();
    match error.kind() {
        ErrorKind::DisplayVersion if std::env::args().any(|word| asks_for_more(&word)) => {
            let _ = output::to_stdout(&version::details());
            Err(Exit::Ok)
        }
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Err(Exit::Ok),
        _ => Err(Exit::Usage),
    }
}

/// Whether a word is `--verbose`, or short options with `v` among them. clap stops reading at `--version`.
fn asks_for_more(word: &str) -> bool {
    word == "--verbose"
        || word.strip_prefix('-').is_some_and(|short| !short.starts_with('-') && short.contains('v'))
}

/// Takes out what clap suggests for an unknown option, unless it is spelled nearly the same.
fn without_absurd_suggestion(error: &mut clap::Error) {
    if error.kind() != ErrorKind::UnknownArgument {
        return;
    }
    // That it could be passed on as a value: no path begins like an option.
    error.remove(ContextKind::Suggested);
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.trim_start_matches('-').to_owned(),
        _ => String::new(),
    };
    let (given, suggested) = (text(ContextKind::InvalidArg), text(ContextKind::SuggestedArg));
    if closest(&given, [suggested.as_str()]).is_none() {
        error.remove(ContextKind::SuggestedArg);
        // The usage shows the suggestion too.
        error.remove(ContextKind::Usage);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of these words.
    fn said(words: &[&str]) -> String {
        let mut error = Cli::command().try_get_matches_from(words).expect_err("it is refused");
        without_absurd_suggestion(&mut error);
        error.to_string()
    }

    #[test]
    fn an_option_is_suggested_only_where_it_is_nearly_the_same() {
        for (words, suggestion) in [
            (["gatecrash", "run", "--jsn"], Some("--json")),
            (["gatecrash", "run", "--time-out"], Some("--timeout")),
            (["gatecrash", "run", "--html"], None),
            (["gatecrash", "explore", "--iterations"], None),
        ] {
            let said = said(&words);
            assert!(said.contains(&format!("unexpected argument '{}' found", words[2])), "{said}");
            assert!(!said.contains(&format!("-- {}", words[2])), "{said}");
            match suggestion {
                Some(option) => assert!(said.contains(option), "{said}"),
                None => assert!(!said.contains("similar") && !said.contains("Usage"), "{said}"),
            }
        }
    }
}
