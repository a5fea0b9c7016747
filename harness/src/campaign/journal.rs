//! What a campaign has done so far, in a file: whoever is killed goes on from there.
//!
//! The first line says which campaign it is, each other one holds what an item came to. A line is written at once as
//! soon as its item is done, so that only the last one can be torn; that one is dropped, and its item run again.
//! One process writes a file at a time: it locks the file, and the system frees the lock however the process ends.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::base::bounded_read;
use crate::base::share::Share;
use crate::campaign::{Done, Known, Request};

/// The most bytes that are read back: 256 MiB.
const MAX_BYTES: u64 = 256 << 20;

/// The version of the file's form.
const VERSION: u32 = 1;

/// A file to which what is done is appended.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
}

/// The file cannot be gone on with. It says what to do instead.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// What it holds, or the file itself, does not do.
    #[error("{place}: {what}")]
    Unfit {
        /// The file, and the line if it is about one.
        place: String,
        /// Why not, and what to do.
        what: String,
    },
    /// Another process writes it.
    #[error("{}: {} is using it; wait for that to end, or name another file", path.display(), holder(*pid))]
    InUse {
        /// The file.
        path: PathBuf,
        /// The process, where the system names it.
        pid: Option<u32>,
    },
}

fn holder(pid: Option<u32>) -> String {
    pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
}

/// The first line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    gatecrash_journal: u32,
    campaign: String,
    shard: Option<String>,
    /// Not read as a request before it is clear that this version wrote it.
    request: serde_json::Value,
}

impl Header {
    fn of(request: &Request, share: Option<Share>) -> serde_json::Result<Self> {
        Ok(Self {
            gatecrash_journal: VERSION,
            campaign: request.fingerprint()?,
            shard: share.map(|share| share.to_string()),
            request: serde_json::to_value(request)?,
        })
    }
}

/// What every first line begins with.
const BEGINNING: &str = "{\"gatecrash_journal\":";

/// Any other line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<D> {
    item: u64,
    done: D,
}

impl Journal {
    /// Opens a file of that campaign, or begins one. Gives what was done before.
    pub fn open(
        path: &Path,
        request: &Request,
        share: Option<Share>,
    ) -> Result<(Self, BTreeMap<u64, Vec<Known>>), JournalError> {
        let error = |what: String| JournalError::Unfit { place: path.display().to_string(), what };
        let unwritable = |why: &dyn Display| error(format!("it cannot be written: {why}"));
        let ours = Header::of(request, share).map_err(|why| unwritable(&why))?;
        let header = line(&ours).map_err(|why| unwritable(&why))?;
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(path)
            .map_err(|why| unwritable(&why))?;
        // Before it is read: what another process writes just now would be taken for a torn line.
        lock(&file).map_err(|why| match why {
            Unlocked::Held(pid) => JournalError::InUse { path: path.to_owned(), pid },
            Unlocked::Failed(why) => error(format!("it cannot be locked: {why}")),
        })?;
        let bytes = bounded_read::all(&file, MAX_BYTES)
            .map_err(|why| error(format!("it cannot be read: {why}")))?
            .ok_or_else(|| error("it is larger than 256 MiB; name another file".to_owned()))?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        let is_one = match whole {
            0 => header.as_bytes().starts_with(&bytes),
            _ => bytes.starts_with(BEGINNING.as_bytes()),
        };
        if !is_one {
            return Err(error("it is no file of --resume; name another one".to_owned()));
        }
        let known = match whole {
            0 => BTreeMap::new(),
            _ => read_lines(path, &bytes[..whole], &ours, request)?,
        };
        // What a killed run left of its last line.
        if whole < bytes.len() {
            file.set_len(whole as u64).map_err(|why| unwritable(&why))?;
        }
        if whole == 0 {
            file.write_all(header.as_bytes()).map_err(|why| unwritable(&why))?;
        }
        Ok((Self { path: path.to_owned(), file }, known))
    }

    /// Appends what an item came to, whole and at once. The error says what could not be written.
    pub fn append(&mut self, item: u64, done: &Done) -> Result<(), String> {
        let text = line(&Line { item, done }).map_err(|error| error.to_string());
        let written =
            text.and_then(|text| self.file.write_all(text.as_bytes()).map_err(|error| error.to_string()));
        written.map_err(|why| format!("{} cannot be written: {why}", self.path.display()))
    }
}

/// Why a file is not locked.
enum Unlocked {
    Held(Option<u32>),
    Failed(std::io::Error),
}

/// Locks a file for as long as it is open in this process. A lock of `fcntl`, as the system tells who holds one, and
/// because no child inherits it: a server that outlives a killed run keeps nothing locked.
#[cfg(unix)]
fn lock(file: &File) -> Result<(), Unlocked> {
    use nix::errno::Errno;
    use nix::fcntl::{FcntlArg, fcntl};
    use nix::libc::{F_WRLCK, SEEK_SET, flock};

    let (Ok(kind), Ok(begin)) = (i16::try_from(F_WRLCK), i16::try_from(SEEK_SET)) else { return Ok(()) };
    let mut whole = flock { l_type: kind, l_whence: begin, l_start: 0, l_len: 0, l_pid: 0 };
    match fcntl(file, FcntlArg::F_SETLK(&whole)) {
        // A file system without locks is no reason not to resume.
        Ok(_) | Err(Errno::ENOLCK | Errno::EOPNOTSUPP) => Ok(()),
        Err(Errno::EACCES | Errno::EAGAIN) => {
            let asked = fcntl(file, FcntlArg::F_GETLK(&mut whole));
            // A process of another container has no number here.
            let pid = asked.ok().and_then(|_| u32::try_from(whole.l_pid).ok()).filter(|pid| *pid > 0);
            Err(Unlocked::Held(pid))
        }
        Err(other) => Err(Unlocked::Failed(other.into())),
    }
}

#[cfg(not(unix))]
fn lock(_: &File) -> Result<(), Unlocked> {
    Ok(())
}

fn line(value: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_string(value).map(|text| text + "\n")
}

/// What the lines hold. An item that is there twice came to the same twice.
fn read_lines(
    path: &Path,
    bytes: &[u8],
    ours: &Header,
    request: &Request,
) -> Result<BTreeMap<u64, Vec<Known>>, JournalError> {
    let place = |number: usize| format!("{}:{number}", path.display());
    let damaged = |number: usize, why: &dyn Display| JournalError::Unfit {
        place: place(number),
        what: format!("it is damaged: {why}; delete the file to begin anew"),
    };
    let mut lines = bytes.split(|byte| *byte == b'\n').zip(1..).filter(|(line, _)| !line.is_empty());
    let first = lines.next().map_or(&[][..], |(line, _)| line);
    let header: Header = serde_json::from_slice(first).map_err(|why| damaged(1, &why))?;
    check(&header, ours, request).map_err(|what| JournalError::Unfit { place: place(1), what })?;
    let mut known = BTreeMap::new();
    for (line, number) in lines {
        let Line { item, done } =
            serde_json::from_slice::<Line<Done>>(line).map_err(|why| damaged(number, &why))?;
        known.insert(item, vec![Known { origin: place(number), done }]);
    }
    Ok(known)
}

/// Whether a file belongs to this run.
fn check(theirs: &Header, ours: &Header, request: &Request) -> Result<(), String> {
    let advice = "go on with the same command line, delete the file to begin anew, or name another one";
    if theirs.gatecrash_journal != VERSION {
        return Err(format!("it has the form of version {}; {advice}", theirs.gatecrash_journal));
    }
    let differs = match Request::deserialize(&theirs.request) {
        Ok(theirs) => request.difference(&theirs),
        Err(_) => Some("the version of gatecrash"),
    };
    if let Some(differs) = differs.or((theirs.campaign != ours.campaign).then_some("its sum")) {
        return Err(format!("it belongs to another campaign ({differs} differs); {advice}"));
    }
    if theirs.shard != ours.shard {
        let named = |shard: &Option<String>| shard.clone().unwrap_or_else(|| "none".to_owned());
        let (theirs, ours) = (named(&theirs.shard), named(&ours.shard));
        return Err(format!("it belongs to another shard ({theirs}, not {ours}); {advice}"));
    }
    Ok(())
}
