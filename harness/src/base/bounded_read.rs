//! Whatever is read from outside is read up to a bound.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

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
}
