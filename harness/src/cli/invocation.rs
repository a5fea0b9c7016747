//! How a user calls this program again, for the command lines to reproduce.

use std::env;
use std::path::{Path, PathBuf};

use super::args::Common;
use crate::base::quote::quoted;
use crate::campaign::Redis;
use crate::redis::TargetSource;
use crate::report::{Invocation, NamedServer};

const NAME: &str = "gatecrash";

/// This program, and the server of `--redis`. A variable that names one is still set when the line is run.
pub(super) fn of(common: &Common, redis: &Redis) -> Invocation {
    let server = match redis {
        Redis::Open(server) if server.source() == TargetSource::Flag => {
            Some(NamedServer { url: server.address().to_string(), allow_remote: common.allow_remote })
        }
        _ => None,
    };
    Invocation { server, ..without_server(common) }
}

/// This program, where others have used a server.
pub(super) fn without_server(common: &Common) -> Invocation {
    let program = if common.stable { NAME.to_owned() } else { program() };
    Invocation { program, ..Invocation::default() }
}

/// The name by which a shell finds this program: `gatecrash` where that is it, else as it was called.
fn program() -> String {
    let called = env::args_os().next().map(PathBuf::from);
    let here = env::current_exe().and_then(|program| program.canonicalize()).ok();
    let Some(called) = called.or_else(|| here.clone()) else { return NAME.to_owned() };
    let found = env::var_os("PATH").into_iter().flat_map(|path| env::split_paths(&path).collect::<Vec<_>>());
    let first = found.map(|folder| folder.join(NAME)).find(|file| file.is_file());
    let is_this =
        first.and_then(|file| file.canonicalize().ok()).is_some_and(|file| Some(&file) == here.as_ref());
    if is_this { NAME.to_owned() } else { shown(&called, env::current_dir().ok().as_deref()) }
}

/// A program as it was called, from the current folder where that is shorter.
fn shown(called: &Path, folder: Option<&Path>) -> String {
    let below = folder.and_then(|folder| called.strip_prefix(folder).ok());
    // A name without a folder is looked up in PATH: a file here is not.
    let below = below
        .map(|rest| if rest.components().count() == 1 { Path::new(".").join(rest) } else { rest.into() });
    let called = below.unwrap_or_else(|| called.to_owned());
    quoted(&called.to_string_lossy()).into_owned()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::shown;

    #[test]
    fn a_program_is_shown_as_a_shell_finds_it() {
        for (called, shown_as) in [
            ("target/release/gatecrash", "target/release/gatecrash"),
            ("/home/user/here/target/release/gatecrash", "target/release/gatecrash"),
            ("/home/user/here/gatecrash", "./gatecrash"),
            ("/opt/my tools/gatecrash", "\"/opt/my tools/gatecrash\""),
            ("crash", "crash"),
        ] {
            assert_eq!(shown(Path::new(called), Some(Path::new("/home/user/here"))), shown_as);
        }
    }
}
