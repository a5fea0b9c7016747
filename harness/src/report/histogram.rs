//! Histograms for other tools: compressed text, `.hlog`, `.hgrm`, and a small plot for the terminal.
//!
//! The forms are those of [HdrHistogram](https://github.com/HdrHistogram/HdrHistogram): V2 compressed histograms in
//! base64, logs of intervals (version 1.3), and the percentile table that `plotFiles.html` draws. All hold
//! nanoseconds, but for the table, whose values are milliseconds. Compressed histograms can be added up; percentiles
//! cannot, and are never averaged here.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::serialization::{DeserializeError, Deserializer, Serializer as _, V2DeflateSerializer};
use hdrhistogram::{AdditionError, Histogram};

use crate::base::words::{nanoseconds, share};

/// What the log's maxima are divided by, so that they are milliseconds.
const NS_PER_MS: f64 = 1e6;
/// How many times finer the table becomes with each halving of the distance to 100 %.
const TICKS_PER_HALF_DISTANCE: u32 = 5;
/// How many counts there are between two powers of two, for three significant digits.
const SUB_BUCKETS: u32 = 2048;
/// The longest compressed histogram that is read: ten times what one with all its counts takes.
const LONGEST_TEXT: usize = 4 << 20;

/// The histogram as compressed text.
pub(crate) fn compressed(histogram: &Histogram<u64>) -> String {
    let mut bytes = Vec::new();
    V2DeflateSerializer::new()
        .serialize(histogram, &mut bytes)
        .expect("a vector takes everything, and the histogram's bounds are constant");
    STANDARD.encode(bytes)
}

/// A text holds no histogram, or none that can be added to others.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HistogramError {
    /// More text than any histogram takes.
    #[error("a compressed histogram of {0} bytes is too long")]
    TooLong(usize),
    /// No base64.
    #[error("not base64: {0}")]
    NotBase64(base64::DecodeError),
    /// No compressed histogram of version 2.
    #[error("no histogram: {0:?}")]
    NoHistogram(DeserializeError),
    /// It holds durations beyond those that are counted.
    #[error(transparent)]
    Beyond(AdditionError),
}

/// The histogram that compressed text holds.
pub fn parse(text: &str) -> Result<Histogram<u64>, HistogramError> {
    if text.len() > LONGEST_TEXT {
        return Err(HistogramError::TooLong(text.len()));
    }
    let bytes = STANDARD.decode(text).map_err(HistogramError::NotBase64)?;
    Deserializer::new().deserialize(&mut bytes.as_slice()).map_err(HistogramError::NoHistogram)
}

/// A log of intervals, each with a tag, as `.hlog` files hold it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntervalLog(String);

impl IntervalLog {
    /// A log that begins at that time.
    pub fn new(began: SystemTime) -> Self {
        let began = began.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        // The version, both times and the legend: without one of them the Java readers guess or refuse.
        Self(format!(
            "#[Histogram log format version 1.3]\n\
             #[StartTime: {began:.3} (seconds since epoch)]\n\
             #[BaseTime: {began:.3} (seconds since epoch)]\n\
             #[MaxValueDivisor: {NS_PER_MS:.1}]\n\
             \"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n"
        ))
    }

    /// Adds an interval: when it began, after the log; how long it was; whose durations they are. The tag has neither
    /// spaces nor commas.
    pub fn add(&mut self, tag: &str, began: Duration, length: Duration, histogram: &Histogram<u64>) {
        let (began, length) = (began.as_secs_f64(), length.as_secs_f64());
        let row = format!(
            "Tag={tag},{began:.3},{length:.3},{:.3},{}\n",
            milliseconds(histogram.max()),
            compressed(histogram)
        );
        self.0.push_str(&row);
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The percentile table of a histogram, as `.hgrm` files hold it. Its values are milliseconds.
pub fn percentiles(histogram: &Histogram<u64>) -> String {
    let mut text =
        format!("{:>14} {:>14} {:>10} {:>14}\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
    let mut seen = 0;
    for step in histogram.iter_quantiles(TICKS_PER_HALF_DISTANCE) {
        seen += step.count_since_last_iteration();
        let (value, quantile) = (milliseconds(step.value_iterated_to()), step.quantile_iterated_to());
        let distance = 1.0 / (1.0 - quantile);
        let distance =
            if distance.is_finite() { format!("{distance:14.2}") } else { format!("{:>14}", "inf") };
        let _ = writeln!(text, "{value:14.6} {quantile:14.12} {seen:10} {distance}");
    }
    let (mean, deviation) = (histogram.mean() / NS_PER_MS, histogram.stdev() / NS_PER_MS);
    let (max, count) = (milliseconds(histogram.max()), histogram.len());
    let _ = writeln!(text, "#[Mean    = {mean:14.6}, StdDeviation   = {deviation:14.6}]");
    let _ = writeln!(text, "#[Max     = {max:14.6}, Total count    = {count:14}]");
    let _ = writeln!(text, "#[Buckets = {:>14}, SubBuckets     = {:>14}]", histogram.buckets(), SUB_BUCKETS);
    text
}

/// A bar for each size of durations, from the shortest to the longest that occur; nothing if there are none.
pub fn plot(histogram: &Histogram<u64>, width: usize) -> Vec<String> {
    let sizes = sizes(histogram);
    let most = sizes.iter().map(|(_, count)| *count).max().unwrap_or(0);
    let room = width.saturating_sub(LABELS) as u64;
    let line = |(below, count): &(u64, u64)| {
        // Whatever occurs at all is seen.
        let bar = "#".repeat(usize::try_from((count * room).div_ceil(most.max(1))).unwrap_or(0));
        let share = share(*count, histogram.len());
        format!("{:>7} {share:>6} {bar}", nanoseconds(*below)).trim_end().to_owned()
    };
    sizes.iter().map(line).collect()
}

/// How many columns stand before a bar.
const LABELS: usize = 15;

/// Upper bounds in steps of 1, 2 and 5, and how many durations lie below each and not below the one before.
fn sizes(histogram: &Histogram<u64>) -> Vec<(u64, u64)> {
    let decades = (0..19).map(|exponent| 10u64.pow(exponent));
    let bounds = decades.flat_map(|decade| [1, 2, 5].map(|step| step * decade)).skip(1);
    let mut below = 0;
    let mut sizes = Vec::new();
    for bound in bounds {
        let count = histogram.count_between(below, bound - 1);
        if count > 0 || !sizes.is_empty() {
            sizes.push((bound, count));
        }
        if bound > histogram.max() {
            break;
        }
        below = bound;
    }
    sizes
}

#[expect(clippy::cast_precision_loss, reason = "durations of up to an hour are exact")]
fn milliseconds(ns: u64) -> f64 {
    ns as f64 / NS_PER_MS
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

    use super::*;
    use crate::report::latency::Durations;

    fn durations() -> Durations {
        let mut durations = Durations::default();
        for micros in 1..=1000 {
            durations.record(micros * 1000);
        }
        durations
    }

    #[test]
    fn what_was_compressed_is_read_back() {
        let durations = durations();
        let text = compressed(durations.histogram());
        assert!(text.starts_with("HIST"), "{text}");
        assert_eq!(&parse(&text).unwrap(), durations.histogram());
        for bad in ["", "HIST", "%", &text[..text.len() / 2], &"A".repeat(LONGEST_TEXT + 1)] {
            assert!(parse(bad).is_err(), "{}", &bad[..bad.len().min(20)]);
        }
    }

    #[test]
    fn a_log_is_read_back_by_the_library() {
        let durations = durations();
        let mut log = IntervalLog::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1000));
        log.add("naive.acquire", Duration::from_millis(250), Duration::from_secs(1), durations.histogram());
        let mut lines = log.as_str().lines();
        assert_eq!(lines.next(), Some("#[Histogram log format version 1.3]"));
        let entries: Vec<_> =
            IntervalLogIterator::new(log.as_str().as_bytes()).filter_map(Result::ok).collect();
        let intervals: Vec<_> = entries
            .iter()
            .filter_map(|entry| match entry {
                LogEntry::Interval(interval) => Some(interval),
                _ => None,
            })
            .collect();
        let [interval] = intervals[..] else { panic!("{} intervals in {log:?}", intervals.len()) };
        assert_eq!(interval.tag().unwrap().as_str(), "naive.acquire");
        assert_eq!(interval.start_timestamp(), Duration::from_millis(250));
        assert_eq!(parse(interval.encoded_histogram()).unwrap().len(), 1000);
        assert!(entries.iter().any(|entry| matches!(entry, LogEntry::StartTime(_))));
        assert!(entries.iter().any(|entry| matches!(entry, LogEntry::BaseTime(_))));
    }

    #[test]
    fn the_table_has_four_columns_and_ends_at_all_of_them() {
        let text = percentiles(durations().histogram());
        let rows: Vec<Vec<&str>> = text
            .lines()
            .skip(2)
            .take_while(|line| !line.starts_with('#'))
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert!(rows.len() > 20 && rows.iter().all(|row| row.len() == 4), "{text}");
        assert_eq!(rows.last().unwrap()[1..], ["1.000000000000", "1000", "inf"]);
        assert!(text.contains("Total count    =           1000]"), "{text}");
    }

    #[test]
    fn the_plot_shows_every_size_that_occurs() {
        let mut durations = Durations::default();
        for (ns, times) in [(40_000, 300), (150_000, 600), (900_000, 99), (30_000_000, 1)] {
            for _ in 0..times {
                durations.record(ns);
            }
        }
        expect![[r"
            50.0 us    30% ####################
             100 us     0%
             200 us    60% ########################################
             500 us     0%
            1.00 ms   9.9% #######
            2.00 ms     0%
            5.00 ms     0%
            10.0 ms     0%
            20.0 ms     0%
            50.0 ms   0.1% #"]]
        .assert_eq(&plot(durations.histogram(), 55).join("\n"));
        assert!(plot(Durations::default().histogram(), 57).is_empty());
    }
}
