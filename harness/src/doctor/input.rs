//! Files and folders that the doctor reads, within bounds.

use std::fs;
use std::path::{Path, PathBuf};

use super::yaml::{MAX_BYTES, YamlError};
use crate::base::bounded_read::{self, PathError};

/// A folder with more files than that holds no workflows, or no mappings.
const MAX_FILES: usize = 10_000;

/// Why a file or a folder cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// It cannot be read.
    #[error(transparent)]
    Path(#[from] PathError),
    /// A folder holds too much.
    #[error("{}: more than 10,000 files", .0.display())]
    TooMany(PathBuf),
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

/// The text of a file, if it is not too large.
pub(super) fn read_text(path: &Path) -> Result<String, PathError> {
    bounded_read::text(path, MAX_BYTES, "which is more than is read")
}

/// What a folder holds, in byte order.
pub(super) fn entries(folder: &Path) -> Result<Vec<PathBuf>, InputError> {
    let error = |error| PathError::io(folder, error);
    let entries =
        fs::read_dir(folder).map_err(error)?.take(MAX_FILES + 1).map(|entry| entry.map(|entry| entry.path()));
    let mut entries = entries.collect::<Result<Vec<_>, _>>().map_err(error)?;
    if entries.len() > MAX_FILES {
        return Err(InputError::TooMany(folder.to_owned()));
    }
    entries.sort_by(|a, b| a.as_os_str().as_encoded_bytes().cmp(b.as_os_str().as_encoded_bytes()));
    Ok(entries)
}
