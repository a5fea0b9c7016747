//! Files and folders to workflows. What cannot be read is an error of the input, every such file at once.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::rules::not_a_workflow;
use super::workflow::{self, Workflow};
use super::yaml::{self, MAX_BYTES, YamlError};
use super::{Finding, stubs};
use crate::base::bounded_read;

/// Where GitHub looks for workflows.
pub const WORKFLOWS: &str = ".github/workflows";
/// A folder with more files than that holds no workflows, or no mappings.
const MAX_FILES: usize = 10_000;

/// Why a file or a folder cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
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

impl FileError {
    pub(super) fn io(path: &Path, error: io::Error) -> Self {
        let path = path.to_owned();
        if error.kind() == io::ErrorKind::NotFound {
            Self::Missing(path)
        } else {
            Self::Unreadable { path, error }
        }
    }
}

/// The workflows of these files and folders, and what there is to say about files that hold none.
pub fn workflows(paths: &[PathBuf]) -> Result<(Vec<Workflow>, Vec<Finding>), Vec<FileError>> {
    let (mut workflows, mut findings, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    let mut files = Vec::new();
    for path in paths {
        match files_of(path) {
            Ok(found) => files.extend(found),
            Err(error) => errors.push(error),
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    files.retain(|file| seen.insert(file.clone()));
    for path in files {
        match documents(&path) {
            Ok(documents) => {
                let name = path.to_string_lossy();
                match workflow::read(&name, &documents) {
                    Ok(Some(workflow)) => workflows.push(workflow),
                    Ok(None) => findings.push(not_a_workflow(&name)),
                    Err(what) => errors.push(FileError::TooMuch { path, what }),
                }
            }
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok((workflows, findings)) } else { Err(errors) }
}

/// What `doctor --ci` finds: by the rules, and in the folders of stub servers that the workflows mount.
pub fn check(workflows: &[Workflow]) -> Result<Vec<Finding>, Vec<FileError>> {
    let mut findings = super::rules::check(workflows);
    for workflow in workflows {
        findings.extend(stubs::check(workflow).map_err(|error| vec![error])?);
    }
    Ok(findings)
}

fn documents(path: &Path) -> Result<Vec<yaml::Node>, FileError> {
    let text = read_text(path)?;
    yaml::read(&text).map_err(|error| FileError::NotYaml { path: path.to_owned(), error })
}

/// The text of a file, if it is not too large.
pub(super) fn read_text(path: &Path) -> Result<String, FileError> {
    let bytes = bounded_read::file(path, MAX_BYTES).map_err(|error| FileError::io(path, error))?;
    let bytes = bytes.ok_or_else(|| FileError::TooLarge(path.to_owned()))?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        FileError::NotText { path: path.to_owned(), at }
    })
}

fn files_of(path: &Path) -> Result<Vec<PathBuf>, FileError> {
    let metadata = fs::metadata(path).map_err(|error| FileError::io(path, error))?;
    if !metadata.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let is_yaml =
        |path: &PathBuf| path.extension().is_some_and(|end| end == "yml" || end == "yaml") && path.is_file();
    let files: Vec<PathBuf> = entries(path)?.into_iter().filter(is_yaml).collect();
    if files.is_empty() { Err(FileError::Empty(path.to_owned())) } else { Ok(files) }
}

/// What a folder holds, in byte order.
pub(super) fn entries(folder: &Path) -> Result<Vec<PathBuf>, FileError> {
    let error = |error| FileError::io(folder, error);
    let entries =
        fs::read_dir(folder).map_err(error)?.take(MAX_FILES + 1).map(|entry| entry.map(|entry| entry.path()));
    let mut entries = entries.collect::<Result<Vec<_>, _>>().map_err(error)?;
    if entries.len() > MAX_FILES {
        return Err(FileError::TooMany(folder.to_owned()));
    }
    entries.sort_by(|a, b| a.as_os_str().as_encoded_bytes().cmp(b.as_os_str().as_encoded_bytes()));
    Ok(entries)
}
