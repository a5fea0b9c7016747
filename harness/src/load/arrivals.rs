//! Open loop: operations begin when they are to begin, however long those before them take.
//!
//! Arrival `i` of a limiter is due when its blocks have lasted `i / rate` seconds, so a rate below one arrival a block
//! leaves blocks empty. A thread of its own lets arrivals in as they fall due, and any client that is free takes the
//! next. An operation that had to wait for a free client began late, and its corrected latency counts from when it was
//! due: what Gil Tene calls coordinated omission is not left out.
//!
//! The thread sleeps between arrivals, so they come up to about 0.1 ms late on Linux. That counts as latency.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use crate::observe::Activity;

/// Fewer arrivals per second are rare.
const RARE: f64 = 1.0;

/// The arrivals of one block.
#[derive(Debug)]
pub(super) struct Arrivals {
    began: Instant,
    per_second: f64,
    /// How long the limiter's earlier blocks were to last.
    before: Duration,
    /// How many fell due in those.
    first: u64,
    total: u64,
    taken: AtomicU64,
    /// How many are due and not taken.
    due: Semaphore,
}

impl Arrivals {
    /// As many as fall due within a block that begins now, where blocks that were to last that long came before.
    pub(super) fn new(began: Instant, per_second: f64, before: Duration, block: Duration) -> Self {
        let first = due_by(per_second, before);
        let total = due_by(per_second, before + block) - first;
        let due = Semaphore::new(0);
        if total == 0 {
            due.close();
        }
        Self { began, per_second, before, first, total, taken: AtomicU64::new(0), due }
    }

    /// Waits for the next arrival; gives when it was to begin, or nothing if there are no more.
    pub(super) async fn next(&self) -> Option<Instant> {
        self.due.acquire().await.ok()?.forget();
        let number = self.taken.fetch_add(1, Ordering::Relaxed);
        if number + 1 == self.total {
            self.due.close();
        }
        Some(self.at(number))
    }

    /// Lets no more in: what was not taken by now never begins.
    pub(super) fn end(&self) {
        self.due.close();
    }

    /// How many never began.
    pub(super) fn missed(&self) -> u64 {
        self.total.saturating_sub(self.taken.load(Ordering::Relaxed))
    }

    #[expect(clippy::cast_precision_loss, reason = "a load has fewer arrivals than 2^53")]
    fn at(&self, number: u64) -> Instant {
        let since_first = Duration::from_secs_f64((self.first + number) as f64 / self.per_second);
        self.began + since_first.saturating_sub(self.before)
    }

    /// Lets arrivals in as they fall due, until all are in or `stop` is set.
    pub(super) fn let_in(&self, stop: &AtomicBool, activity: &Activity) {
        const LONGEST_SLEEP: Duration = Duration::from_millis(20);
        let mut next = 0;
        while next < self.total && !stop.load(Ordering::Relaxed) && !self.due.is_closed() {
            let now = Instant::now();
            let before = next;
            while next < self.total && self.at(next) <= now {
                next += 1;
            }
            // A block has fewer arrivals than a semaphore has room for.
            self.due.add_permits(usize::try_from(next - before).unwrap_or(Semaphore::MAX_PERMITS));
            if next < self.total {
                // Waiting for arrivals that are rare is no stall.
                if self.per_second < RARE {
                    activity.pulse();
                }
                std::thread::sleep(self.at(next).saturating_duration_since(now).min(LONGEST_SLEEP));
            }
        }
    }
}

/// How many arrivals fall due before a limiter's blocks have lasted that long.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "both are positive and bounded")]
fn due_by(per_second: f64, time: Duration) -> u64 {
    (per_second * time.as_secs_f64()).ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_arrival_is_taken_once_and_none_before_it_is_due() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let arrivals = Arrivals::new(Instant::now(), 2000.0, Duration::ZERO, Duration::from_millis(50));
        let stop = AtomicBool::new(false);
        let taken = std::thread::scope(|scope| {
            scope.spawn(|| arrivals.let_in(&stop, &Activity::default()));
            runtime.block_on(async {
                let mut taken = Vec::new();
                while let Some(due) = arrivals.next().await {
                    assert!(due <= Instant::now());
                    taken.push(due);
                }
                taken
            })
        });
        assert_eq!((taken.len(), arrivals.missed()), (100, 0));
        assert!(taken.is_sorted());
        assert_eq!(*taken.last().unwrap() - taken[0], Duration::from_micros(49_500));
    }

    #[test]
    fn what_is_not_taken_in_time_was_missed() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let arrivals = Arrivals::new(Instant::now(), 1e6, Duration::ZERO, Duration::from_millis(1));
        arrivals.let_in(&AtomicBool::new(false), &Activity::default());
        runtime.block_on(async {
            for _ in 0..10 {
                assert!(arrivals.next().await.is_some());
            }
            arrivals.end();
            assert!(arrivals.next().await.is_none());
        });
        assert_eq!(arrivals.missed(), 990);
    }

    #[test]
    fn blocks_together_have_as_many_arrivals_as_the_rate_says() {
        let (began, block) = (Instant::now(), Duration::from_millis(250));
        for (rate, expected) in [(0.01, 1), (1.0, 3), (10.0, 30), (333.0, 999)] {
            let blocks = (0..12).map(|number| Arrivals::new(began, rate, block * number, block));
            assert_eq!(blocks.map(|arrivals| arrivals.total).sum::<u64>(), expected, "{rate}");
        }
        let second = Arrivals::new(began, 10.0, block, block);
        assert_eq!((second.at(0), second.at(1)), (began + block / 5, began + block * 3 / 5));
    }

    #[test]
    fn a_block_without_arrivals_keeps_nobody_waiting() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let block = Duration::from_millis(250);
        let arrivals = Arrivals::new(Instant::now(), 1.0, block, block);
        assert!(runtime.block_on(arrivals.next()).is_none());
    }
}
