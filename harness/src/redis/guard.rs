//! What may be sent to a server that others use, be it other people or other executions of the same run.
//!
//! A command with keys stays within our prefix. One without acts on the server, so only those go out that are known
//! to concern nobody else; that leaves out `FLUSHALL`, `CONFIG`, `SHUTDOWN`, `DEBUG` and whatever comes after them.

use gatecrash_limiter::Command;

use crate::world::store::StoreError;

/// Commands without keys that touch nothing but their own connection.
const HARMLESS: [&str; 7] = ["DISCARD", "ECHO", "EXEC", "MULTI", "PING", "TIME", "UNWATCH"];
/// As far as the first argument tells: scripts are only ever added to the server's cache.
const HARMLESS_SCRIPT: [&str; 2] = ["EXISTS", "LOAD"];
/// Commands that do more to the server than to the keys that they name.
const HARMFUL: [&str; 3] = ["DEBUG", "MIGRATE", "MOVE"];

/// Who else uses the server, as an error says it.
pub(super) const NOT_PRIVATE: &str = "the server is not private to this run";
/// The same, where executions run side by side.
pub(super) const SIDE_BY_SIDE: &str = "other executions run on the server at the same time";

pub(super) fn check(command: &Command, key_positions: &[usize], others: &str) -> Result<(), StoreError> {
    let is =
        |word: &[u8], names: &[&str]| names.iter().any(|name| word.eq_ignore_ascii_case(name.as_bytes()));
    let name = command.name();
    let allowed = if key_positions.is_empty() {
        let loads =
            is(name, &["SCRIPT"]) && command.args().first().is_some_and(|word| is(word, &HARMLESS_SCRIPT));
        loads || is(name, &HARMLESS)
    } else {
        !is(name, &HARMFUL)
    };
    if allowed {
        return Ok(());
    }
    Err(StoreError::Refused(format!(
        "`{}` is not sent: it can do harm beyond its own keys, and {others}",
        name.escape_ascii()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_on_the_server_is_not_sent() {
        let harmful = [
            vec!["FLUSHALL"],
            vec!["flushdb"],
            vec!["SWAPDB", "0", "1"],
            vec!["SHUTDOWN"],
            vec!["Config", "SET", "maxmemory", "1"],
            vec!["DEBUG", "SLEEP", "1"],
            vec!["SCRIPT", "FLUSH"],
            vec!["SCRIPT"],
            vec!["EVAL", "return redis.call('FLUSHALL')", "0"],
        ];
        for parts in harmful {
            let command = Command::from_parts(parts.iter().map(|&part| part.into()).collect()).unwrap();
            assert!(matches!(check(&command, &[], NOT_PRIVATE), Err(StoreError::Refused(_))), "{command}");
        }
        assert!(check(&Command::new("DEBUG").arg("OBJECT").arg("k"), &[2], SIDE_BY_SIDE).is_err());
    }

    #[test]
    fn what_keeps_to_its_keys_is_sent() {
        assert!(check(&Command::new("ZCARD").arg("slots"), &[1], SIDE_BY_SIDE).is_ok());
        assert!(check(&Command::new("multi"), &[], SIDE_BY_SIDE).is_ok());
        assert!(check(&Command::new("SCRIPT").arg("load").arg("return 1"), &[], SIDE_BY_SIDE).is_ok());
    }
}
