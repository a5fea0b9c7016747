//! The server's process: found, started, ended.

use std::env;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{SigSet, SigmaskHow, Signal, killpg};
use nix::unistd::Pid;

use super::error::ServerError;
use super::folder::Paths;

/// The programs that will do, the most wanted first.
const PROGRAMS: [&str; 2] = ["redis-server", "valkey-server"];

/// The server's program.
pub(super) fn find() -> Result<PathBuf, ServerError> {
    find_in(&env::var_os("PATH").unwrap_or_default()).ok_or(ServerError::NotInstalled)
}

fn find_in(path: &OsStr) -> Option<PathBuf> {
    let candidates = |program| env::split_paths(path).map(move |folder| folder.join(program));
    PROGRAMS.into_iter().flat_map(candidates).find(|file| is_executable(file))
}

fn is_executable(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// Starts the server: a socket and no port, nothing on disk, no file of settings, a process group of its own (so
/// that a Ctrl-C at the terminal does not reach it before us), and death with the thread that calls this.
pub(super) fn spawn(program: &Path, paths: &Paths) -> io::Result<Child> {
    let log = File::create(&paths.log)?;
    let mut command = Command::new(program);
    command
        .args(["--port", "0", "--unixsocketperm", "700"])
        .args(["--save", "", "--appendonly", "no", "--daemonize", "no"])
        .arg("--unixsocket")
        .arg(&paths.socket)
        .arg("--dir")
        .arg(&paths.folder)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .process_group(0);
    die_with_this_thread(&mut command);
    without_blocked_signals(|| command.spawn())
}

/// Does it while this thread blocks no signal: a child would inherit that, and could not be asked to end.
fn without_blocked_signals<T>(start: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let before = SigSet::empty().thread_swap_mask(SigmaskHow::SIG_SETMASK)?;
    let started = start();
    before.thread_set_mask()?;
    started
}

#[cfg(target_os = "linux")]
fn die_with_this_thread(command: &mut Command) {
    let parent = Pid::this();
    let prepare = move || {
        nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?;
        // A parent that died before the line above sends no signal any more.
        if nix::unistd::getppid() == parent { Ok(()) } else { Err(io::ErrorKind::BrokenPipe.into()) }
    };
    #[expect(
        unsafe_code,
        reason = "between fork and exec; the closure makes two system calls and allocates nothing"
    )]
    // SAFETY: prctl and getppid are async-signal-safe, and neither error value allocates.
    unsafe {
        command.pre_exec(prepare);
    }
}

#[cfg(not(target_os = "linux"))]
fn die_with_this_thread(_command: &mut Command) {}

/// Kills the server and whatever it forked, and reaps it. SIGKILL, as there is nothing that it should save.
pub(super) fn end(child: &mut Child) {
    // Once it is reaped its number can be somebody else's.
    let alive = matches!(child.try_wait(), Ok(None));
    if alive
        && let Ok(leader) = i32::try_from(child.id())
        && let Err(error) = killpg(Pid::from_raw(leader), Signal::SIGKILL)
    {
        tracing::warn!(%error, "the private server was not killed");
    }
    if let Err(error) = child.wait() {
        tracing::warn!(%error, "the private server was not reaped");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redis_comes_before_valkey_and_only_programs_count() {
        let [first, second] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let path = env::join_paths([first.path(), second.path()]).unwrap();
        assert_eq!(find_in(&path), None);

        let make = |file: PathBuf, mode| {
            fs::write(&file, "").unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            file
        };
        make(first.path().join("redis-server"), 0o644);
        assert_eq!(find_in(&path), None);
        let valkey = make(first.path().join("valkey-server"), 0o755);
        assert_eq!(find_in(&path), Some(valkey));
        let redis = make(second.path().join("redis-server"), 0o755);
        assert_eq!(find_in(&path), Some(redis));
    }
}
