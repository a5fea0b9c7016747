//! Whatever is read from outside is read up to a bound.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// A file or a folder cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
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
    /// The file is larger than what is read.
    #[error("{}: larger than {} MiB, {why}", path.display(), most >> 20)]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// So many bytes are read, a whole number of MiB.
        most: u64,
        /// Why no more: `which is more than is read`.
        why: &'static str,
    },
    /// The file holds bytes that are no text.
    #[error("{}: not UTF-8 text: byte {at} cannot be read", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// Where the first such byte stands, counted from 0.
        at: usize,
    },
}

impl PathError {
    /// What the system says of a path.
    pub(crate) fn io(path: &Path, error: io::Error) -> Self {
        let path = path.to_owned();
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing(path),
            _ => Self::Unreadable { path, error },
        }
    }
}

/// The text of a file of at most so many bytes; `why` ends the sentence that says that it has more.
pub(crate) fn text(path: &Path, most: u64, why: &'static str) -> Result<String, PathError> {
    let bytes = file(path, most).map_err(|error| PathError::io(path, error))?;
    let bytes = bytes.ok_or_else(|| PathError::TooLarge { path: path.to_owned(), most, why })?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        PathError::NotText { path: path.to_owned(), at }
    })
}

/// All that there is to read, or `None` if that is more than `most` bytes.
pub(crate) fn all(from: impl Read, most: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    from.take(most + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= most).then_some(bytes))
}

/// What a file holds, or `None` if that is more than `most` bytes.
pub(crate) fn file(path: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
    all(File::open(path)?, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_beyond_the_bound_is_read() {
        assert_eq!(all(&b"abc"[..], 3).unwrap().as_deref(), Some(&b"abc"[..]));
        assert_eq!(all(&b"abcd"[..], 3).unwrap(), None);
        assert_eq!(all(io::repeat(0), 1 << 10).unwrap(), None);
    }

    #[test]
    fn a_path_that_cannot_be_had_is_named_and_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, bytes: &[u8]| {
            std::fs::write(folder.path().join(name), bytes).unwrap();
            folder.path().join(name)
        };
        let said = |path: &Path| {
            let error = text(path, 1 << 20, "which is more than is read").unwrap_err();
            error.to_string().replace(&format!("{}/", folder.path().display()), "")
        };
        assert_eq!(text(&file("full", &vec![b'x'; 1 << 20]), 1 << 20, "").unwrap().len(), 1 << 20);
        let large = file("large", &vec![b'x'; (1 << 20) + 1]);
        assert_eq!(said(&large), "large: larger than 1 MiB, which is more than is read");
        assert_eq!(said(&file("latin1", b"ab\xe4")), "latin1: not UTF-8 text: byte 2 cannot be read");
        assert_eq!(said(&folder.path().join("none")), "none: no such file or folder");
    }
}
