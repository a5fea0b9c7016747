//! The soft gate: is a limiter, beside the floor, as fast as before?

use super::baseline::{Baseline, BaselineLoad};
use super::bootstrap::{self, Difference, Resampling};
use super::comparison::{
    CONFIDENCE, ComparedLimiter, ComparisonOptions, RatioChange, SpeedChange, SpeedVerdict,
};
use super::metric::Metric;
use crate::base::duration;
use crate::base::words::grouped;

/// Fewer blocks say nothing about how much blocks differ.
const FEWEST_BLOCKS: usize = 8;

/// How many resamples at least.
const RESAMPLES: usize = 10_000;

/// So many for each test, so that some lie beyond the ends of narrow intervals too.
const RESAMPLES_PER_TEST: usize = 1_000;

/// And no more than that: a file may name thousands of limiters.
const MOST_RESAMPLES: usize = 50_000;

/// An interval without a change to be seen says that nothing changed only if its upper end is at most so many times its
/// lower end: -29 % to +41 % still does.
pub(super) const WIDEST: f64 = 2.0;

/// Ratios are kept in six digits: what is less is no change.
const ROUNDING: f64 = 1e-5;

/// Two series of logarithms, one per block.
struct Pair {
    metric: Metric,
    base: Vec<f64>,
    new: Vec<f64>,
}

/// Fills in the changes of all limiters that can be compared. Gives the number of tests and of resamples for each.
pub(super) fn judge(
    limiters: &mut [ComparedLimiter],
    base: &Baseline,
    new: &Baseline,
    options: ComparisonOptions,
) -> (usize, usize) {
    let find = |of: &Baseline, name: &str| of.limiters.iter().find(|it| it.limiter == name).cloned();
    let mut gathered = Vec::new();
    for compared in limiters.iter_mut().filter(|compared| compared.undecided.is_empty()) {
        let sides = (find(base, &compared.limiter), find(new, &compared.limiter));
        let (Some(before), Some(now)) = sides else { continue };
        gathered.push((pairs(&before, &now, &mut compared.notes), compared));
    }
    let enough = |pair: &&Result<Pair, SpeedChange>| pair.is_ok();
    let tests = gathered.iter().map(|(pairs, _)| pairs.iter().filter(enough).count()).sum();
    let resamples = (RESAMPLES_PER_TEST.saturating_mul(tests)).clamp(RESAMPLES, MOST_RESAMPLES);
    let mut stream = 0;
    for (pairs, compared) in gathered {
        for pair in pairs {
            let how = Resampling { seed: options.seed, stream, resamples, miss: miss(tests) };
            stream += 1;
            compared
                .changes
                .push(pair.map_or_else(|change| change, |pair| pair.judge(how, options.tolerance)));
        }
    }
    (tests, resamples)
}

/// Bonferroni: how often each of so many intervals may miss.
#[expect(clippy::cast_precision_loss, reason = "a file has few limiters")]
fn miss(tests: usize) -> f64 {
    (1.0 - CONFIDENCE) / tests.max(1) as f64
}

/// What there is to compare, metric by metric; where there is too little of it, that.
fn pairs(
    before: &BaselineLoad,
    now: &BaselineLoad,
    notes: &mut Vec<String>,
) -> Vec<Result<Pair, SpeedChange>> {
    let mut metrics = Metric::ALL.to_vec();
    let hold = &now.parameters.hold;
    if now.parameters.rate_per_s.is_some() {
        // What is asked for per second does not follow the floor.
        metrics.retain(|metric| *metric != Metric::Throughput);
        notes.push("throughput is what --rate asked for, and not compared".into());
    } else if duration::parse(hold).is_ok_and(|hold| !hold.is_zero()) || hold.contains(':') {
        let hold = format!("permits are held ({hold}): on a faster machine the ratio of throughput falls");
        notes.push(hold + " although nothing changed; --hold 0s avoids that");
    }
    let of = |measured: &BaselineLoad, metric| measured.ratios.get(&metric).cloned().unwrap_or_default();
    metrics.into_iter().map(|metric| pair(metric, &of(before, metric), &of(now, metric))).collect()
}

fn pair(metric: Metric, base: &[Option<f64>], new: &[Option<f64>]) -> Result<Pair, SpeedChange> {
    let logarithms = |ratios: &[Option<f64>]| ratios.iter().map(|ratio| ratio.map(f64::ln)).collect();
    let why = too_little("BASE", base).or_else(|| too_little("NEW", new));
    match (why, logarithms(base), logarithms(new)) {
        (None, Some(base), Some(new)) => Ok(Pair { metric, base, new }),
        (why, ..) => Err(SpeedChange::undecided(metric, (base.len(), new.len()), why)),
    }
}

/// Why a side has too little to be compared, if it has. A block without the metric is one in which nothing came to an
/// end: to leave it out would hide a stall.
fn too_little(side: &str, ratios: &[Option<f64>]) -> Option<String> {
    let gaps = ratios.iter().filter(|ratio| ratio.is_none()).count();
    match ratios.len() {
        0 => Some(format!("{side} has no blocks")),
        few @ 1..FEWEST_BLOCKS => Some(format!("{side} has {few} blocks, and it takes {FEWEST_BLOCKS}")),
        all if gaps > 0 => {
            let (gaps, all) = (grouped(gaps), grouped(all));
            Some(format!("{side} has nothing to measure it by in {gaps} of {all} blocks"))
        }
        _ => None,
    }
}

impl Pair {
    fn judge(&self, how: Resampling, tolerance: f64) -> SpeedChange {
        let blocks = (self.base.len(), self.new.len());
        let apart = bootstrap::difference(&self.base, &self.new, how);
        let found = apart.map(RatioChange::from).filter(|found| found.interval.1.is_finite());
        let Some(found) = found else {
            let why = "most resamples are all alike, which gives no interval".to_owned();
            return SpeedChange::undecided(self.metric, blocks, Some(why));
        };
        let (low, high) = found.interval;
        let (more, less) = (low > ROUNDING, high < -ROUNDING);
        let direction = match (more, less, self.metric.more_is_better()) {
            (false, false, _) => SpeedVerdict::Unchanged,
            (true, _, true) | (false, true, false) => SpeedVerdict::Better,
            _ if found.change.abs() <= tolerance => SpeedVerdict::Tolerated,
            _ => SpeedVerdict::Worse,
        };
        if direction == SpeedVerdict::Unchanged && 1.0 + high > WIDEST * (1.0 + low) {
            let why =
                format!("the interval is too wide: its upper end is more than {WIDEST} times its lower end");
            return SpeedChange {
                metric: self.metric,
                blocks,
                found: Some(found),
                direction: SpeedVerdict::Undecided,
                why: Some(why),
            };
        }
        SpeedChange { metric: self.metric, blocks, found: Some(found), direction, why: None }
    }
}

impl From<Difference> for RatioChange {
    /// From logarithms back to ratios.
    fn from(apart: Difference) -> Self {
        Self {
            base: apart.base.exp(),
            new: apart.new.exp(),
            change: (apart.new - apart.base).exp_m1(),
            interval: (apart.interval.0.exp_m1(), apart.interval.1.exp_m1()),
        }
    }
}

impl SpeedChange {
    fn undecided(metric: Metric, blocks: (usize, usize), why: Option<String>) -> Self {
        Self { metric, blocks, found: None, direction: SpeedVerdict::Undecided, why }
    }
}
