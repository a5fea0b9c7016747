//! How far two series of log-ratios lie apart, with an interval, by a bootstrap over their blocks.
//!
//! What is compared are means of logarithms, that is geometric means of ratios. The logarithm makes twice as slow and
//! twice as fast equally far, and tames blocks with an outlier; a median would be blind to a stall in every tenth block,
//! and its bootstrap converges slowly.
//!
//! Three things make a plain percentile bootstrap (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993) cry
//! wolf here: runs have few blocks, many comparisons are made at once, and neighbouring blocks resemble each other.
//! Hence:
//!
//! - What is drawn are not blocks but pieces of neighbouring ones, the run taken as a ring so that each block is drawn
//!   equally often (Künsch, "The Jackknife and the Bootstrap for General Stationary Observations", 1989; Politis and
//!   Romano, "A Circular Block-Resampling Procedure for Stationary Data", 1992). A piece has as many blocks as the cube
//!   root of their number, rounded up (Hall, Horowitz and Jing, "On Blocking Rules for the Bootstrap with Dependent
//!   Data", 1995).
//! - The interval is the studentised one: each resample is divided by its own standard error, so that small samples
//!   widen it as Student's t does (Efron and Tibshirani, chapter 12; Götze and Künsch, "Second-Order Correctness of the
//!   Blockwise Bootstrap for Stationary Observations", 1996). In simulations of unchanged runs with 8 to 60 blocks it
//!   keeps its level where the percentile interval is wrong two to eight times as often as it says.
//!
//! What it can miss: what differs between runs as wholes. Another machine, another kernel, a noisy neighbour for all of
//! the night shift every block of a run alike, and no resampling of that run shows it. The floor takes the better part
//! of that away, not all. Blocks that resemble each other over longer stretches than a piece, such as at a correlation
//! of 0.6 from block to block, make the interval too narrow: it is then wrong several times as often as it says.

use crate::base::draws::Draws;

/// How resamples are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resampling {
    /// The seed.
    pub seed: u64,
    /// Which of the seed's streams.
    pub stream: u64,
    /// How many resamples.
    pub resamples: usize,
    /// How often the interval may miss, both sides together.
    pub miss: f64,
}

/// How far the mean of one series lies above that of another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// The mean of the one.
    pub base: f64,
    /// The mean of the other.
    pub new: f64,
    /// The interval of the second less the first.
    pub interval: (f64, f64),
}

/// The difference of the means of two series, each in the order of time; `None` where it has no finite interval.
pub fn difference(base: &[f64], new: &[f64], how: Resampling) -> Option<Difference> {
    let (base, new) = (Pieces::of(base)?, Pieces::of(new)?);
    let (apart, error) = (new.mean - base.mean, (base.variance + new.variance).sqrt());
    let mut random = Draws::new(how.seed, how.stream);
    let mut drawn = Vec::new();
    let mut scores: Vec<f64> = (0..how.resamples)
        .map(|_| {
            let (base_mean, base_variance) = base.resample(&mut random, &mut drawn);
            let (new_mean, new_variance) = new.resample(&mut random, &mut drawn);
            score((new_mean - base_mean) - apart, (base_variance + new_variance).sqrt())
        })
        .collect();
    scores.sort_unstable_by(f64::total_cmp);
    let beyond = beyond(how.resamples, how.miss);
    let (low, high) = (*scores.get(beyond)?, *scores.get(scores.len().checked_sub(beyond + 1)?)?);
    let interval = if error > 0.0 { (apart - high * error, apart - low * error) } else { (apart, apart) };
    let finite = interval.0.is_finite() && interval.1.is_finite();
    finite.then_some(Difference { base: base.mean, new: new.mean, interval })
}

/// How many resamples lie outside the interval on each side.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a number of resamples, rounded down"
)]
fn beyond(resamples: usize, miss: f64) -> usize {
    (resamples as f64 * miss / 2.0) as usize
}

/// A resample's distance in units of its own standard error.
fn score(distance: f64, error: f64) -> f64 {
    if error > 0.0 {
        distance / error
    } else if distance == 0.0 {
        0.0
    } else {
        f64::INFINITY.copysign(distance)
    }
}

/// A series, cut into overlapping pieces of neighbouring blocks.
struct Pieces {
    /// The mean of the piece that begins at each block.
    means: Vec<f64>,
    /// How many pieces are as long as the series.
    number: usize,
    mean: f64,
    /// Of the series' mean.
    variance: f64,
}

impl Pieces {
    /// `None` if there are not at least two pieces.
    fn of(series: &[f64]) -> Option<Self> {
        let length = (1..=series.len()).find(|length| length.pow(3) >= series.len())?;
        let number = (series.len() + length / 2) / length;
        if number < 2 {
            return None;
        }
        let piece = |start: usize| {
            let blocks: Vec<f64> = series.iter().cycle().skip(start).take(length).copied().collect();
            mean(&blocks)
        };
        let means: Vec<f64> = (0..series.len()).map(piece).collect();
        let mean = mean(series);
        let spread = squares(&means, mean) / float(means.len());
        // One degree of freedom went into the mean, as in every standard error.
        let variance = spread / float(number - 1);
        Some(Self { means, number, mean, variance })
    }

    /// The mean of as many pieces as the series is long, and its variance.
    fn resample(&self, random: &mut Draws, drawn: &mut Vec<f64>) -> (f64, f64) {
        drawn.clear();
        drawn.extend((0..self.number).map(|_| self.means[random.index(self.means.len())]));
        let mean = mean(drawn);
        (mean, squares(drawn, mean) / float(self.number - 1) / float(self.number))
    }
}

/// The mean; of nothing, not a number.
fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / float(values.len())
}

fn squares(values: &[f64], around: f64) -> f64 {
    values.iter().map(|value| (value - around).powi(2)).sum()
}

#[expect(clippy::cast_precision_loss, reason = "no report has 2^53 blocks")]
fn float(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests;
