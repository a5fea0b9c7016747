//! The folder of a private server: short, private, named after its owner, and swept when the owner is dead.

use std::fs;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sys::signal;
use nix::unistd::Pid;
use tempfile::TempDir;

const PREFIX: &str = "gatecrash-";
const SOCKET: &str = "redis.sock";
/// A socket's path has at most 107 bytes on Linux and 103 on macOS and the BSDs.
const LONGEST_SOCKET_PATH: usize = 99;
/// Where sockets go if the usual folder for temporary files has too long a name.
const SHORT_BASE: &str = "/tmp";

/// The places in a folder.
#[derive(Clone, Debug)]
pub(super) struct Paths {
    pub(super) folder: PathBuf,
    pub(super) socket: PathBuf,
    pub(super) log: PathBuf,
}

/// A folder that is removed when it is dropped.
#[derive(Debug)]
pub(super) struct Folder(TempDir);

impl Folder {
    /// Makes a folder that only its user can enter, after removing those that dead owners left.
    pub(super) fn create() -> io::Result<Self> {
        let own = format!("{PREFIX}{}-", std::process::id());
        let mut base = std::env::temp_dir();
        let random = 6;
        let length = base.as_os_str().len() + own.len() + random + SOCKET.len() + "//".len();
        if length > LONGEST_SOCKET_PATH {
            base = PathBuf::from(SHORT_BASE);
        }
        sweep(&base);
        tempfile::Builder::new().prefix(&own).rand_bytes(random).tempdir_in(base).map(Self)
    }

    pub(super) fn paths(&self) -> Paths {
        let folder = self.0.path().to_owned();
        Paths { socket: folder.join(SOCKET), log: folder.join("log"), folder }
    }
}

/// Removes what owners left who had no time to clean up. It is a courtesy: what fails is left to the next one.
fn sweep(base: &Path) {
    let Ok(entries) = fs::read_dir(base) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if is_left_over(&path)
            && let Err(error) = fs::remove_dir_all(&path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::debug!(path = %path.display(), %error, "a dead run's folder stays");
        }
    }
}

/// The owner dead, and nobody at the socket. The second matters where containers share a folder for temporary
/// files: there an owner can be alive and yet unknown here.
fn is_left_over(path: &Path) -> bool {
    owner(path).is_some_and(is_dead)
        && fs::symlink_metadata(path).is_ok_and(|entry| entry.is_dir())
        && UnixStream::connect(path.join(SOCKET)).is_err()
}

fn owner(path: &Path) -> Option<Pid> {
    let name = path.file_name()?.to_str()?;
    let (pid, _) = name.strip_prefix(PREFIX)?.split_once('-')?;
    pid.parse().ok().filter(|pid| *pid > 0).map(Pid::from_raw)
}

fn is_dead(pid: Pid) -> bool {
    signal::kill(pid, None) == Err(Errno::ESRCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owner_is_in_the_name() {
        assert_eq!(owner(Path::new("/tmp/gatecrash-42-Ab3xYz")), Some(Pid::from_raw(42)));
        for other in [
            "/tmp/gatecrash-x-1",
            "/tmp/gatecrash-42",
            "/tmp/gatecrash--1-a",
            "/tmp/gatecrash-0-a",
            "/tmp/42",
        ] {
            assert_eq!(owner(Path::new(other)), None, "{other}");
        }
    }

    #[test]
    fn a_living_owners_folder_is_no_left_over() {
        let folder = Folder::create().unwrap();
        assert!(!is_left_over(&folder.paths().folder));
        assert!(folder.paths().socket.as_os_str().len() <= LONGEST_SOCKET_PATH);
    }

    #[test]
    fn a_dead_owners_folder_is_swept_and_nothing_else() {
        let base = tempfile::tempdir().unwrap();
        let mut child = std::process::Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        let dead = base.path().join(format!("{PREFIX}{}-abcdef", child.id()));
        let bystander = base.path().join("gatecrash-notes");
        for path in [&dead, &bystander] {
            fs::create_dir(path).unwrap();
        }
        sweep(base.path());
        assert!(!dead.exists());
        assert!(bystander.exists());
    }
}
