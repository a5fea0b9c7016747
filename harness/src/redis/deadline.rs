//! A point in time by which something has to be done.

use std::io;
use std::time::{Duration, Instant};

/// How much time is left; an error if none is.
pub(super) fn left_until(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}
