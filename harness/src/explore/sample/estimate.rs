//! What a sample says about the probability of a violation, with 95 % confidence intervals.
//!
//! Executions are independent, and each violates with the same probability. The number of violating ones is then
//! binomial; the interval is Wilson's ("Probable Inference, the Law of Succession, and Statistical Inference", 1927),
//! which keeps its level also where few or nearly all are violating, where the textbook interval does not (Brown, Cai
//! and `DasGupta`, "Interval Estimation for a Binomial Proportion", 2001). The number of executions until the first
//! violating one is geometric, with mean 1/p; 1/p falls as p grows, so its interval is that of p turned around.
//!
//! What it can miss: 95 % holds for one interval. Of twenty, one is expected to be wrong.

/// The quantile of the normal distribution for 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// The probability that an execution violates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ViolationEstimate {
    /// The share of violating executions.
    pub share: EstimatedProbability,
    /// How many executions it takes to see the first violating one, that one included.
    pub wait: Wait,
}

/// A probability: an estimate, and the interval that it lies in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EstimatedProbability {
    /// The share that was seen.
    pub value: f64,
    /// The interval begins here: at 0 exactly if none was seen.
    pub low: f64,
    /// And ends here: at 1 exactly if nothing else was seen.
    pub high: f64,
}

/// A mean number of executions: an estimate, and the interval that it lies in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wait {
    /// The inverse of the share that was seen; none if it is 0.
    pub value: Option<f64>,
    /// The interval begins here. Never below 1.
    pub low: f64,
    /// And ends here; nowhere if no violation was seen.
    pub high: Option<f64>,
}

impl ViolationEstimate {
    /// What follows from so many violating ones of so many executions; nothing if there was none.
    pub fn of(violating: u64, executions: u64) -> Option<Self> {
        let share = EstimatedProbability::of(violating, executions)?;
        let inverse = |share: f64| (violating > 0).then(|| share.recip());
        let wait = Wait { value: inverse(share.value), low: share.high.recip(), high: inverse(share.low) };
        Some(Self { share, wait })
    }
}

impl EstimatedProbability {
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    fn of(hits: u64, of: u64) -> Option<Self> {
        if of == 0 {
            return None;
        }
        let (n, value) = (of as f64, hits as f64 / of as f64);
        let scale = (1.0 + Z * Z / n).recip();
        let middle = scale * (value + Z * Z / (2.0 * n));
        let half = scale * Z * (value * (1.0 - value) / n + Z * Z / (4.0 * n * n)).sqrt();
        // Where nothing or everything was hit, the formula gives 0 or 1, up to rounding.
        let low = if hits == 0 { 0.0 } else { middle - half };
        let high = if hits == of { 1.0 } else { middle + half };
        Some(Self { value, low, high })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(value: f64, expected: f64) -> bool {
        (value - expected).abs() < 5e-5
    }

    #[test]
    fn an_interval_is_wilsons() {
        // Published examples: 81 of 263 and 15 of 148 (Newcombe, Statistics in Medicine 17, 1998, tables I).
        let share = ViolationEstimate::of(81, 263).unwrap().share;
        assert!(
            near(share.value, 0.3080) && near(share.low, 0.2553) && near(share.high, 0.3662),
            "{share:?}"
        );
        let share = ViolationEstimate::of(15, 148).unwrap().share;
        assert!(
            near(share.value, 0.1014) && near(share.low, 0.0624) && near(share.high, 0.1605),
            "{share:?}"
        );
    }

    #[test]
    fn the_wait_is_the_inverse() {
        let ViolationEstimate { share, wait } = ViolationEstimate::of(15, 148).unwrap();
        assert_eq!(wait.value, Some(1.0 / share.value));
        assert_eq!((wait.low, wait.high), (1.0 / share.high, Some(1.0 / share.low)));
    }

    #[test]
    fn nothing_seen_is_not_impossible() {
        // Newcombe has 0 of 20: 0 to 0.1611.
        let ViolationEstimate { share, wait } = ViolationEstimate::of(0, 20).unwrap();
        assert!(share.value <= 0.0 && share.low <= 0.0 && near(share.high, 0.1611), "{share:?}");
        assert_eq!((wait.value, wait.high), (None, None));
        assert!(near(wait.low, 6.2064), "{wait:?}");
    }

    #[test]
    fn always_seen_is_not_certain() {
        let ViolationEstimate { share, wait } = ViolationEstimate::of(20, 20).unwrap();
        assert!(share.value >= 1.0 && share.high >= 1.0 && near(share.low, 0.8389), "{share:?}");
        assert_eq!((wait.value, wait.low), (Some(1.0), 1.0));
        assert!(near(wait.high.unwrap(), 1.1921), "{wait:?}");
    }

    #[test]
    fn intervals_hold_their_value_and_stay_within_bounds() {
        for of in [1, 2, 3, 10, 1_000, u64::MAX] {
            for hits in [0, 1, of / 2, of - 1, of] {
                let ViolationEstimate { share, wait } = ViolationEstimate::of(hits, of).unwrap();
                assert!(0.0 <= share.low && share.low <= share.value, "{hits} of {of}: {share:?}");
                assert!(share.value <= share.high && share.high <= 1.0, "{hits} of {of}: {share:?}");
                assert!(wait.low >= 1.0 && wait.value.is_none_or(|value| value >= wait.low), "{wait:?}");
                assert_eq!(wait.high.is_some(), hits > 0, "{hits} of {of}: {wait:?}");
            }
        }
    }

    #[test]
    fn no_execution_says_nothing() {
        assert_eq!(ViolationEstimate::of(0, 0), None);
    }
}
