//! Writing a file whole or not at all: a reader never sees half a report, and a full disk costs no old one.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// More links than that lead nowhere.
const MOST_LINKS: usize = 40;

/// Makes the text what the file holds. A link stays, and what it leads to is written; a file that is there keeps its
/// mode.
pub(crate) fn write(path: &Path, text: &str) -> io::Result<()> {
    let path = resolve(path)?;
    match fs::metadata(&path) {
        Ok(there) if there.is_file() => match replace(&path, text, Some(there.permissions())) {
            // A file that is mounted by itself, or in a folder that takes no new ones.
            Err(error) if cannot_be_replaced(&error) => fs::write(&path, text),
            written => written,
        },
        // A pipe or a device, such as /dev/stderr.
        Ok(_) => fs::write(&path, text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => replace(&path, text, None),
        Err(error) => Err(error),
    }
}

/// Adds the text to what the file holds.
pub(crate) fn append(path: &Path, text: &str) -> io::Result<()> {
    OpenOptions::new().append(true).create(true).open(path)?.write_all(text.as_bytes())
}

/// Whether it could be written now: the error says why not. Nothing is changed.
pub(crate) fn probe(path: &Path) -> io::Result<()> {
    let path = resolve(path)?;
    match fs::metadata(&path) {
        Ok(there) if there.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(there) if there.is_file() => OpenOptions::new().write(true).open(&path).map(drop),
        // Opening a pipe would wait for its reader.
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => temporary(&path, None).map(drop),
        Err(error) => Err(error),
    }
}

/// Where the links end, whether or not there is anything.
pub(super) fn resolve(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::read_link(&path) {
            Ok(target) => path = folder_of(&path).join(target),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("its links lead nowhere"))
}

pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn replace(path: &Path, text: &str, mode: Option<Permissions>) -> io::Result<()> {
    let mut file = temporary(path, mode)?;
    file.as_file_mut().write_all(text.as_bytes())?;
    // Some disks say only now that they are full.
    file.as_file().sync_all()?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

/// A file beside it with that mode, or with the one that any new file gets.
fn temporary(path: &Path, mode: Option<Permissions>) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".gatecrash-");
    builder.permissions(Permissions::from_mode(0o666));
    let file = builder.tempfile_in(folder_of(path)).map_err(without_path)?;
    if let Some(mode) = mode {
        file.as_file().set_permissions(mode)?;
    }
    Ok(file)
}

/// What the system said. The name of the temporary file would only puzzle.
fn without_path(error: io::Error) -> io::Error {
    let said =
        error.get_ref().and_then(|wrapped| wrapped.source()?.downcast_ref::<io::Error>()?.raw_os_error());
    said.map_or(error, io::Error::from_raw_os_error)
}

fn cannot_be_replaced(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ResourceBusy)
}
