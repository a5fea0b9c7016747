//! Why there is no private server.

use std::io;
use std::path::PathBuf;

/// A private server could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// No server is installed.
    #[error(
        "neither redis-server nor valkey-server is on PATH: run ci/setup, or install one (Debian, Ubuntu: \
         `apt-get install redis-server`; Alpine: `apk add redis`; Fedora: `dnf install valkey`; Arch: `pacman -S valkey`; \
         macOS: `brew install redis`), or name a running one with --redis"
    )]
    NotInstalled,
    /// There is no place for its socket.
    #[error("no folder for a private server's socket: {0}")]
    Folder(#[source] io::Error),
    /// Its program could not be run.
    #[error("cannot run {}: {source}", program.display())]
    Spawn {
        /// The server's program.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Its keeper could not be run.
    #[error("no thread for a private server: {0}")]
    Thread(#[source] io::Error),
    /// It was started and did not come to answer.
    #[error("{} {what}{output}", program.display())]
    NotReady {
        /// The server's program.
        program: PathBuf,
        /// What happened instead.
        what: String,
        /// The last lines of its output, each on a line of its own.
        output: String,
    },
}
