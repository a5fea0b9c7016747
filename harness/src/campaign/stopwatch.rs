//! How long operations took: the sum of their commands' round trips. What a client waited for its turn is the schedule's
//! doing, and is not counted.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::report::latency::Latencies;
use crate::world::schedule::ClientId;
use crate::world::trace::{Effect, StepEffect, Trace};

/// Adds up the steps of each client's operation, and records the sum when the operation ends.
#[derive(Debug, Default)]
pub(super) struct Stopwatch {
    under_way: BTreeMap<ClientId, Duration>,
    pub(super) latencies: Latencies,
}

impl Stopwatch {
    fn step(&mut self, step: &StepEffect) {
        let sum = self.under_way.entry(step.client).or_default();
        *sum = if step.first { step.took } else { *sum + step.took };
        if step.outcome.is_some() {
            self.latencies.record(step.operation, u64::try_from(sum.as_nanos()).unwrap_or(u64::MAX));
        }
    }
}

/// The operations of one execution.
pub(super) fn latencies_of(trace: &Trace) -> Latencies {
    let mut stopwatch = Stopwatch::default();
    for row in &trace.rows {
        if let Effect::Step(step) = &row.effect {
            stopwatch.step(step);
        }
    }
    stopwatch.latencies
}
