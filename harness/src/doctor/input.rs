//! Files and folders that the doctor reads, within bounds.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::yaml::{MAX_BYTES, YamlError};
use crate::base::bounded_read;

/// A folder with more files than that holds no workflows, or no mappings.
const MAX_FILES: usize = 10_000;

/// Why a file or a folder cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// There is nothing of that name.
    #[error("{}: no such file or folder", .0.display())]
    Missing(PathBuf),
    /// It is there, but cannot be read.
    #[error("{}: cannot be read: {error}", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// It is larger than what is read.
    #[error("{}: larger than 1 MiB, which is more than is read", .0.display())]
    TooLarge(PathBuf),
    /// A folder holds too much.
    #[error("{}: more than 10,000 files", .0.display())]
    TooMany(PathBuf),
    /// It holds bytes that are no text.
    #[error("{}: not UTF-8 text: byte {at} cannot be read", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// Where the first such byte stands, counted from 0.
        at: usize,
    },
    /// It is no YAML, or too much of it.
    #[error("{}:{error}", path.display())]
    NotYaml {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: YamlError,
    },
    /// There is more in it than in any workflow.
    #[error("{}: too much for a workflow: {what}", path.display())]
    TooMuch {
        /// The file.
        path: PathBuf,
        /// What there is too much of.
        what: &'static str,
    },
    /// A folder holds no workflow file.
    #[error("{}: it holds no .yml or .yaml file", .0.display())]
    Empty(PathBuf),
}

impl InputError {
    pub(super) fn io(path: &Path, error: io::Error) -> Self {
        let path = path.to_owned();
        if error.kind() == io::ErrorKind::NotFound {
            Self::Missing(path)
        } else {
            Self::Unreadable { path, error }
        }
    }
}

/// The text of a file, if it is not too large.
pub(super) fn read_text(path: &Path) -> Result<String, InputError> {
    let bytes = bounded_read::file(path, MAX_BYTES).map_err(|error| InputError::io(path, error))?;
    let bytes = bytes.ok_or_else(|| InputError::TooLarge(path.to_owned()))?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        InputError::NotText { path: path.to_owned(), at }
    })
}

/// What a folder holds, in byte order.
pub(super) fn entries(folder: &Path) -> Result<Vec<PathBuf>, InputError> {
    let error = |error| InputError::io(folder, error);
    let entries =
        fs::read_dir(folder).map_err(error)?.take(MAX_FILES + 1).map(|entry| entry.map(|entry| entry.path()));
    let mut entries = entries.collect::<Result<Vec<_>, _>>().map_err(error)?;
    if entries.len() > MAX_FILES {
        return Err(InputError::TooMany(folder.to_owned()));
    }
    entries.sort_by(|a, b| a.as_os_str().as_encoded_bytes().cmp(b.as_os_str().as_encoded_bytes()));
    Ok(entries)
}
