//! Who certainly holds a permit, counted exactly while it happens.
//!
//! A client counts as a holder from when it has read the reply that admits it until just before it sends its release.
//! Both moments lie within the time for which the server has its entry, so a count above the limit is a proof: no delay
//! of a network or of this program can make one up. It can miss some: an entry is on the server for longer.

use std::time::{Duration, Instant};

use crate::report::Excess;

/// How many of the times above the limit are kept one by one; all are counted.
pub(super) const KEPT: usize = 100;

/// The clients of one limiter: how many certainly hold a permit, and how many possibly do.
#[derive(Debug)]
pub(super) struct Monitor {
    limit: u64,
    holders: u64,
    /// From when an `acquire` is sent until it is known that no permit is taken: refused, or released.
    possible: u64,
    /// Counts the acquires, as a clock.
    tick: u64,
    /// When `possible` last went above the limit. While it stays there, everybody who begins sets this anew.
    crowded: u64,
    /// When measuring began; nothing is noted before.
    began: Option<Instant>,
    above: Option<(Instant, u64)>,
    findings: Findings,
}

/// What was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Findings {
    /// The highest number of holders above the limit.
    pub(super) max: u64,
    /// How often the limit was exceeded, each time until it was kept again.
    pub(super) events: u64,
    /// The first of those times.
    pub(super) first: Vec<Excess>,
    /// Acquires that were refused although a permit was free all the while.
    pub(super) refused_although_free: u64,
}

impl Monitor {
    pub(super) fn new(limit: u64) -> Self {
        Self {
            limit,
            holders: 0,
            possible: 0,
            tick: 0,
            crowded: 0,
            began: None,
            above: None,
            findings: Findings::default(),
        }
    }

    /// From now on it is noted what happens. Nobody holds anything at that moment.
    pub(super) fn measure(&mut self, now: Instant) {
        self.began.get_or_insert(now);
    }

    /// An `acquire` is about to be sent. The number is for [`Self::refused`].
    pub(super) fn asks(&mut self) -> u64 {
        self.tick += 1;
        self.possible += 1;
        if self.possible > self.limit {
            self.crowded = self.tick;
        }
        self.tick
    }

    /// The reply of an `acquire` said that the client is in.
    pub(super) fn admitted(&mut self, now: Instant) {
        self.holders += 1;
        let (Some(_), true) = (self.began, self.holders > self.limit) else { return };
        let (_, peak) = self.above.get_or_insert((now, self.holders));
        *peak = self.holders.max(*peak);
        self.findings.max = self.findings.max.max(self.holders - self.limit);
    }

    /// The reply of an `acquire` said that there is no permit.
    pub(super) fn refused(&mut self, since: u64) {
        // Others held at most `limit - 1` all the while: `possible` counts the client itself.
        if self.began.is_some() && self.possible <= self.limit && self.crowded < since {
            self.findings.refused_although_free += 1;
        }
        self.possible -= 1;
    }

    /// A release is about to be sent, or the holder dies: from here on it is not certain any more.
    pub(super) fn lets_go(&mut self, now: Instant) {
        self.holders -= 1;
        if self.holders == self.limit
            && let Some((since, peak)) = self.above.take()
        {
            self.note(since, peak, now);
        }
    }

    /// The server confirmed a release.
    pub(super) fn released(&mut self) {
        self.possible -= 1;
    }

    /// What was seen until now.
    pub(super) fn findings(mut self, now: Instant) -> Findings {
        if let Some((since, peak)) = self.above.take() {
            self.note(since, peak, now);
        }
        self.findings
    }

    fn note(&mut self, since: Instant, peak: u64, now: Instant) {
        self.findings.events += 1;
        if self.findings.first.len() < KEPT {
            let began = self.began.unwrap_or(since);
            let (at_ns, duration_ns) = (nanos(since - began), nanos(now - since));
            self.findings.first.push(Excess { at_ns, duration_ns, peak });
        }
    }
}

pub(super) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(start: Instant, millis: u64) -> Instant {
        start + Duration::from_millis(millis)
    }

    #[test]
    fn a_time_above_the_limit_is_one_event_with_its_peak_and_duration() {
        let start = Instant::now();
        let mut monitor = Monitor::new(1);
        monitor.measure(start);
        for millis in [1, 2, 3] {
            monitor.asks();
            monitor.admitted(at(start, millis));
        }
        monitor.lets_go(at(start, 5));
        monitor.lets_go(at(start, 9));
        monitor.lets_go(at(start, 10));
        for _ in 0..2 {
            monitor.asks();
            monitor.admitted(at(start, 20));
        }
        let found = monitor.findings(at(start, 21));
        let first = Excess { at_ns: 2_000_000, duration_ns: 7_000_000, peak: 3 };
        let second = Excess { at_ns: 20_000_000, duration_ns: 1_000_000, peak: 2 };
        assert_eq!((found.max, found.events, found.first), (2, 2, vec![first, second]));
    }

    #[test]
    fn as_many_holders_as_permits_are_no_event() {
        let start = Instant::now();
        let mut monitor = Monitor::new(2);
        monitor.measure(start);
        for _ in 0..1000 {
            for _ in 0..2 {
                monitor.asks();
                monitor.admitted(start);
            }
            for _ in 0..2 {
                monitor.lets_go(start);
                monitor.released();
            }
        }
        assert_eq!(monitor.findings(start), Findings::default());
    }

    #[test]
    fn nothing_is_noted_before_measuring_begins() {
        let start = Instant::now();
        let mut monitor = Monitor::new(1);
        for _ in 0..2 {
            monitor.asks();
            monitor.admitted(start);
        }
        for _ in 0..2 {
            monitor.lets_go(start);
            monitor.released();
        }
        let since = monitor.asks();
        monitor.refused(since);
        monitor.measure(start);
        assert_eq!(monitor.findings(start), Findings::default());
    }

    #[test]
    fn a_refusal_counts_only_if_a_permit_was_free_all_the_while() {
        let start = Instant::now();
        let mut monitor = Monitor::new(2);
        monitor.measure(start);
        // One holder, two permits: refused for no reason.
        monitor.asks();
        monitor.admitted(start);
        let since = monitor.asks();
        monitor.refused(since);
        // A third asked meanwhile, who may have had the other permit for a moment.
        let since = monitor.asks();
        let other = monitor.asks();
        monitor.refused(other);
        monitor.refused(since);
        // The holder's release is on its way: it may still count on the server.
        monitor.lets_go(start);
        monitor.asks();
        let since = monitor.asks();
        monitor.released();
        monitor.refused(since);
        assert_eq!(monitor.findings(start).refused_although_free, 1);
    }

    #[test]
    fn only_the_first_events_are_kept_and_all_are_counted() {
        let start = Instant::now();
        let mut monitor = Monitor::new(0);
        monitor.measure(start);
        for _ in 0..KEPT + 5 {
            monitor.asks();
            monitor.admitted(start);
            monitor.lets_go(start);
            monitor.released();
        }
        let found = monitor.findings(start);
        assert_eq!((found.events, found.first.len()), (KEPT as u64 + 5, KEPT));
    }
}
