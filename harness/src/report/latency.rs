//! How long operations took on a real server.
//!
//! Percentiles come from an HDR histogram: within 0.1% of the true value, and never averaged. The smallest,
//! the largest and the mean are exact.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use super::histogram::HistogramError;
use crate::base::words::{grouped, nanoseconds};
use crate::world::scenario::OperationKind;

/// Longer operations are counted as this long: one hour.
const LONGEST_NS: u64 = 3_600_000_000_000;
const SIGNIFICANT_DIGITS: u8 = 3;

/// Durations per operation, as they are recorded.
#[derive(Clone, Debug, Default)]
pub struct Latencies {
    operations: BTreeMap<OperationKind, Durations>,
}

impl Latencies {
    /// Records how long one operation took.
    pub fn record(&mut self, operation: OperationKind, took_ns: u64) {
        self.operations.entry(operation).or_default().record(took_ns);
    }

    /// Takes over what another thread recorded.
    pub fn merge(&mut self, other: &Self) {
        for (operation, durations) in &other.operations {
            self.operations.entry(*operation).or_default().merge(durations);
        }
    }

    /// The summary of each operation that took place; `None` if none did.
    pub fn summaries(&self) -> Option<BTreeMap<String, Summary>> {
        let named = |(kind, durations): (&OperationKind, &Durations)| {
            Some((name(*kind).to_owned(), durations.summary()?))
        };
        let summaries: BTreeMap<_, _> = self.operations.iter().filter_map(named).collect();
        if summaries.is_empty() { None } else { Some(summaries) }
    }
}

/// What the durations of one operation come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// How many there were.
    pub count: u64,
    /// The shortest.
    pub min: u64,
    /// The median.
    pub p50: u64,
    /// 90 of 100 took no longer.
    pub p90: u64,
    /// 99 of 100 took no longer.
    pub p99: u64,
    /// 999 of 1000 took no longer.
    pub p999: u64,
    /// The longest.
    pub max: u64,
    /// The mean, rounded down.
    pub mean: u64,
}

/// Two points of a distribution of durations, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quantiles {
    /// The median.
    pub p50: u64,
    /// 99 of 100 took no longer.
    pub p99: u64,
}

/// The summaries as lines of text of equal columns, the heading first.
pub fn table(summaries: &BTreeMap<String, Summary>) -> Vec<String> {
    let line = |name: &str, count: &str, cells: [String; 5]| {
        let cells = cells.map(|cell| format!("{cell:>9}")).concat();
        format!("{name:<8} {count:>11}{cells}")
    };
    let heading = line("latency", "count", ["p50", "p90", "p99", "p99.9", "max"].map(str::to_owned));
    let rows = summaries.iter().map(|(name, summary)| {
        let Summary { count, p50, p90, p99, p999, max, .. } = *summary;
        line(name, &grouped(count), [p50, p90, p99, p999, max].map(nanoseconds))
    });
    std::iter::once(heading).chain(rows).collect()
}

/// Durations of one kind: a histogram, and what is exact beside it.
#[derive(Clone, Debug)]
pub(crate) struct Durations {
    histogram: Histogram<u64>,
    min: u64,
    max: u64,
    sum: u128,
}

impl Durations {
    /// What a histogram holds that was read; the extremes and the mean are as exact as its counts.
    pub(crate) fn read(histogram: &Histogram<u64>) -> Result<Self, HistogramError> {
        let mut durations = Self::default();
        durations.histogram.add(histogram).map_err(HistogramError::Beyond)?;
        durations.min = histogram.iter_recorded().next().map_or(u64::MAX, |first| first.value_iterated_to());
        durations.max = histogram.max();
        durations.sum = histogram
            .iter_recorded()
            .map(|step| u128::from(step.value_iterated_to()) * u128::from(step.count_at_value()))
            .sum();
        Ok(durations)
    }

    /// Adds one.
    pub(crate) fn record(&mut self, took_ns: u64) {
        self.histogram.saturating_record(took_ns);
        self.min = self.min.min(took_ns);
        self.max = self.max.max(took_ns);
        self.sum += u128::from(took_ns);
    }

    /// Adds all of another's.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.histogram.add(&other.histogram).expect("both have the same bounds");
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.sum += other.sum;
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// The histogram, in nanoseconds.
    pub(crate) fn histogram(&self) -> &Histogram<u64> {
        &self.histogram
    }

    /// What they come to; `None` if there are none.
    pub(crate) fn summary(&self) -> Option<Summary> {
        let count = self.count();
        let mean = self.sum.checked_div(count.into())?;
        Some(Summary {
            count,
            min: self.min,
            p50: self.quantile(0.5),
            p90: self.quantile(0.9),
            p99: self.quantile(0.99),
            p999: self.quantile(0.999),
            max: self.max,
            mean: u64::try_from(mean).unwrap_or(u64::MAX),
        })
    }

    /// Two points of them; `None` if there are none.
    pub(crate) fn quantiles(&self) -> Option<Quantiles> {
        (self.count() > 0).then(|| Quantiles { p50: self.quantile(0.5), p99: self.quantile(0.99) })
    }

    /// A bucket's upper end may lie above the largest value that it holds.
    fn quantile(&self, quantile: f64) -> u64 {
        self.histogram.value_at_quantile(quantile).clamp(self.min, self.max)
    }
}

impl Default for Durations {
    fn default() -> Self {
        let histogram = Histogram::new_with_max(LONGEST_NS, SIGNIFICANT_DIGITS);
        Self {
            histogram: histogram.expect("the bounds are constant and valid"),
            min: u64::MAX,
            max: 0,
            sum: 0,
        }
    }
}

fn name(operation: OperationKind) -> &'static str {
    match operation {
        OperationKind::Acquire => "acquire",
        OperationKind::Release => "release",
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn an_operation_that_never_ran_is_absent() {
        assert_eq!(Latencies::default().summaries(), None);
        let mut latencies = Latencies::default();
        latencies.record(OperationKind::Release, 7);
        let summaries = latencies.summaries().expect("one operation");
        assert_eq!(summaries.keys().collect::<Vec<_>>(), ["release"]);
    }

    #[test]
    fn extremes_and_mean_are_exact_and_percentiles_lie_between() {
        let mut one = Latencies::default();
        let mut other = Latencies::default();
        for micros in 1..=1000 {
            let half = if micros % 2 == 0 { &mut one } else { &mut other };
            half.record(OperationKind::Acquire, micros * 1000 + 1);
        }
        one.merge(&other);
        let acquire = one.summaries().expect("recorded")["acquire"];
        assert_eq!((acquire.count, acquire.min, acquire.max), (1000, 1001, 1_000_001));
        assert_eq!(acquire.mean, 500_501);
        for (quantile, exact) in [(acquire.p50, 500_001), (acquire.p90, 900_001), (acquire.p999, 999_001)] {
            assert!(quantile.abs_diff(exact) * 1000 <= exact, "{quantile} is not within 0.1% of {exact}");
        }
    }

    #[test]
    fn durations_beyond_the_histogram_saturate() {
        let mut latencies = Latencies::default();
        latencies.record(OperationKind::Acquire, u64::MAX);
        let acquire = latencies.summaries().expect("recorded")["acquire"];
        assert_eq!((acquire.count, acquire.max), (1, u64::MAX));
    }

    #[test]
    fn the_table_has_units_and_separators() {
        let summary = Summary {
            count: 12_345,
            min: 80,
            p50: 812,
            p90: 45_300,
            p99: 1_240_000,
            p999: 9_999_999,
            max: 12_000_000_000,
            mean: 9,
        };
        let table = table(&BTreeMap::from([("acquire".to_owned(), summary)])).join("\n");
        expect![[r"
            latency        count      p50      p90      p99    p99.9      max
            acquire       12,345   812 ns  45.3 us  1.24 ms  9.99 ms   12.0 s"]]
        .assert_eq(&table);
    }
}
