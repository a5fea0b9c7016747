//! Outputs, one after another: one that cannot be written holds back none of the others.

use std::io::{self, Write as _};
use std::path::Path;

use super::files::is_one_file;
use super::replace;

/// The file that GitHub shows on the page of a job. Each step adds to it.
const STEP_SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// An output that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("{output} cannot be written: {error}")]
pub(crate) struct WriteError {
    /// Its option and its path, or `stdout`.
    output: String,
    error: io::Error,
}

/// Prints to stdout, and nothing else.
pub(crate) fn to_stdout(text: &str) -> Result<(), WriteError> {
    let mut writer = Writer::default();
    writer.stdout(text);
    writer.end()
}

/// Writes one file, and nothing else.
pub(crate) fn to_file(option: &str, path: &Path, text: &str) -> Result<(), WriteError> {
    let mut writer = Writer::default();
    writer.file(option, path, text);
    writer.end()
}

/// Writes outputs, and keeps the first error.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    failed: Option<WriteError>,
}

impl Writer {
    /// Prints to stdout. A reader that has seen enough is no problem.
    pub(crate) fn stdout(&mut self, text: &str) {
        let mut stdout = io::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            written => self.note(|| "stdout".to_owned(), written),
        }
    }

    /// Writes a file, whole or not at all.
    pub(crate) fn file(&mut self, option: &str, path: &Path, text: &str) {
        self.note(|| format!("{option} {}", path.display()), replace::write(path, text));
    }

    /// Writes Markdown; adds it, where the file is the one that GitHub collects.
    pub(crate) fn markdown(&mut self, path: &Path, text: &str) {
        let summary = std::env::var_os(STEP_SUMMARY).filter(|file| !file.is_empty());
        if summary.is_some_and(|summary| is_one_file(path, Path::new(&summary))) {
            self.note(|| format!("--markdown {}", path.display()), replace::append(path, text));
        } else {
            self.file("--markdown", path, text);
        }
    }

    /// Makes a folder, and all that it lies in.
    pub(crate) fn folder(&mut self, option: &str, path: &Path) {
        self.note(|| format!("{option} {}", path.display()), std::fs::create_dir_all(path));
    }

    /// What could not be written, if anything.
    pub(crate) fn end(self) -> Result<(), WriteError> {
        self.failed.map_or(Ok(()), Err)
    }

    fn note(&mut self, output: impl FnOnce() -> String, written: io::Result<()>) {
        if let (Err(error), None) = (written, &self.failed) {
            self.failed = Some(WriteError { output: output(), error });
        }
    }
}
