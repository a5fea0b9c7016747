//! When nothing happens for too long: the moment to say so, and to say it again. Pure.

use std::time::Duration;

/// How long nothing may happen before that is a stall, unless somebody says otherwise.
pub const AFTER: Duration = Duration::from_secs(10);

/// Watches for how long nothing happened.
#[derive(Clone, Copy, Debug)]
pub struct Detector {
    after: Duration,
    /// The silence that is worth the next word.
    next: Duration,
}

/// What a look at the silence came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing has happened for too long, or still nothing for twice as long as when that was said last.
    Stalled,
    /// Something happens again.
    Recovered,
}

impl Detector {
    /// One that calls a silence of that length a stall.
    pub fn new(after: Duration) -> Self {
        Self { after, next: after }
    }

    /// Nothing has happened for that long.
    pub fn look(&mut self, silent: Duration) -> Option<Change> {
        if silent >= self.next {
            self.next = silent.saturating_mul(2);
            Some(Change::Stalled)
        } else if silent < self.after && self.next != self.after {
            self.next = self.after;
            Some(Change::Recovered)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silence_is_told_at_growing_intervals_and_its_end_once() {
        let mut detector = Detector::new(Duration::from_secs(10));
        let mut told = Vec::new();
        for second in (0..100).chain([0, 1, 9, 10, 3]) {
            told.extend(detector.look(Duration::from_secs(second)).map(|change| (second, change)));
        }
        let stalled = |second| (second, Change::Stalled);
        let recovered = |second| (second, Change::Recovered);
        let expected =
            [stalled(10), stalled(20), stalled(40), stalled(80), recovered(0), stalled(10), recovered(3)];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_run_that_goes_on_is_left_alone() {
        let mut detector = Detector::new(AFTER);
        assert!((0..1000).all(|n| detector.look(Duration::from_millis(n % 9_999)).is_none()));
    }
}
