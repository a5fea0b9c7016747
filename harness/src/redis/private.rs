//! A Redis server of our own: started for one run, gone when the run is gone, however that ends.
//!
//! | the end | what takes the server along |
//! | --- | --- |
//! | a drop, also by a panic that unwinds | its process group is killed and reaped, its folder removed |
//! | `exit`, `abort`, Ctrl-C, SIGTERM, SIGKILL | on Linux the kernel kills it (parent-death signal); the next start removes the folder |
//!
//! Elsewhere than on Linux there is no parent-death signal: a server that was not dropped lives on, idle, on a
//! socket that only its user can open, and keeps its folder for as long as it answers.

mod error;
mod folder;
mod process;

use std::io;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::connection::{Facts, ServerConnection};
use super::target::Address;
use folder::{Folder, Paths};

pub use error::ServerError;

/// How long a server may take until it answers. It needs some milliseconds; a loaded CI machine needs patience.
const READY_WITHIN: Duration = Duration::from_secs(10);
/// Between two looks at a server that is starting.
const LOOK_AGAIN: Duration = Duration::from_millis(2);
/// How much of a failed server's output an error shows.
const TAIL_LINES: usize = 8;

/// A running `redis-server` or `valkey-server` on a unix socket, without persistence. Dropping it ends it.
#[derive(Debug)]
pub struct PrivateServer {
    pid: u32,
    facts: Facts,
    paths: Paths,
    // In this order: the server writes into the folder for as long as it is kept.
    _keeper: Keeper,
    _folder: Folder,
}

impl PrivateServer {
    /// Starts a server and waits until it answers.
    pub fn start() -> Result<Self, ServerError> {
        let program = process::find()?;
        let folder = Folder::create().map_err(ServerError::Folder)?;
        let paths = folder.paths();
        let (keeper, Started { pid, facts }) = Keeper::start(program, paths.clone())?;
        Ok(Self { pid, facts, paths, _keeper: keeper, _folder: folder })
    }

    /// Its address as a URL: `redis+unix://` and the socket's path.
    pub fn url(&self) -> String {
        self.address().to_string()
    }

    /// Its address.
    pub fn address(&self) -> Address {
        Address::socket(&self.paths.socket)
    }

    /// The socket that it listens on.
    pub fn socket(&self) -> &Path {
        &self.paths.socket
    }

    /// Its process, which leads a process group of its own.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Its version, such as `7.0.15`.
    pub fn version(&self) -> &str {
        &self.facts.version
    }

    /// What it says of itself.
    pub(crate) fn facts(&self) -> &Facts {
        &self.facts
    }
}

/// What is known of a server once it answers.
#[derive(Debug)]
struct Started {
    pid: u32,
    facts: Facts,
}

/// The thread that starts the server, holds it, and ends it.
///
/// The kernel sends the parent-death signal when the *thread* that forked ends, not the process. A server that was
/// started on a caller's thread would die with that thread, so it gets one that lives exactly as long as it may.
#[derive(Debug)]
struct Keeper {
    /// Dropped to say: end it.
    hold: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    fn start(program: PathBuf, paths: Paths) -> Result<(Self, Started), ServerError> {
        let (hold, until_dropped) = mpsc::channel();
        let (report, started) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("redis-keeper".into())
            .spawn(move || keep(&program, &paths, &report, &until_dropped))
            .map_err(ServerError::Thread)?;
        // From here on a failure drops the keeper, and that waits until nothing is left of the server.
        let keeper = Self { hold: Some(hold), thread: Some(thread) };
        let started =
            started.recv().map_err(|_| ServerError::Thread(io::ErrorKind::Interrupted.into()))??;
        Ok((keeper, started))
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.hold.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::warn!("the thread that held the private server panicked");
        }
    }
}

/// The keeper's life: start, report, hold, end.
fn keep(
    program: &Path,
    paths: &Paths,
    report: &Sender<Result<Started, ServerError>>,
    until_dropped: &Receiver<()>,
) {
    let mut child = match process::spawn(program, paths) {
        Ok(child) => child,
        Err(source) => {
            let _ = report.send(Err(ServerError::Spawn { program: program.to_owned(), source }));
            return;
        }
    };
    let ready = wait_until_ready(&mut child, program, paths);
    let failed = ready.is_err();
    let abandoned = report.send(ready).is_err();
    if !failed && !abandoned {
        // Nothing is ever sent: this returns when the other end is dropped.
        let _ = until_dropped.recv();
    }
    process::end(&mut child);
}

fn wait_until_ready(child: &mut Child, program: &Path, paths: &Paths) -> Result<Started, ServerError> {
    let deadline = Instant::now() + READY_WITHIN;
    let address = Address::socket(&paths.socket);
    loop {
        let what = match (ServerConnection::greet(&address), child.try_wait()) {
            (Ok(facts), _) => return Ok(Started { pid: child.id(), facts }),
            (_, Ok(Some(status))) => format!("ended at once ({status})"),
            (Err(error), _) if Instant::now() > deadline => {
                format!("did not answer within {} s ({error})", READY_WITHIN.as_secs())
            }
            _ => {
                thread::sleep(LOOK_AGAIN);
                continue;
            }
        };
        return Err(ServerError::NotReady { program: program.to_owned(), what, output: tail(&paths.log) });
    }
}

/// The last lines of a log, for an error.
fn tail(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].iter().flat_map(|line| ["\n  ", line]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_ends_at_once_shows_what_it_said() {
        let folder = Folder::create().unwrap();
        // A shell knows none of a server's options, and says so.
        let error = Keeper::start("/bin/sh".into(), folder.paths()).unwrap_err();
        let ServerError::NotReady { what, output, .. } = &error else { panic!("{error}") };
        assert!(what.starts_with("ended at once"), "{what}");
        assert!(output.contains("option"), "{output}");
        assert!(error.to_string().starts_with("/bin/sh ended at once"), "{error}");
    }

    #[test]
    fn a_program_that_cannot_be_run_is_named() {
        let folder = Folder::create().unwrap();
        let error =
            Keeper::start("/nonexistent/redis-server".into(), folder.paths()).unwrap_err().to_string();
        assert!(error.starts_with("cannot run /nonexistent/redis-server: "), "{error}");
    }

    #[test]
    fn no_server_at_all_is_told_how_to_get_one() {
        let text = ServerError::NotInstalled.to_string();
        assert!(text.contains("ci/setup") && text.contains("--redis"), "{text}");
    }
}
