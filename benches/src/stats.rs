//! What many noisy blocks come to.

use std::fmt;

/// The middle of a sample, and the quartiles around it. A mean would follow the blocks in which the machine was busy
/// elsewhere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// A quarter of the sample is below.
    pub low: f64,
    /// Half of the sample is below.
    pub median: f64,
    /// A quarter of the sample is above.
    pub high: f64,
}

impl Summary {
    /// Sums up a sample, which must not be empty.
    ///
    /// # Panics
    /// If it is.
    pub fn of(sample: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = sample.into_iter().collect();
        assert!(!sorted.is_empty(), "nothing was measured");
        sorted.sort_by(f64::total_cmp);
        // The nearest value that was measured: there is no need to invent one between two.
        let at = |quarter: usize| sorted[(sorted.len() - 1) * quarter / 4];
        Self { low: at(1), median: at(2), high: at(3) }
    }
}

/// `median (low to high)`, with the precision of the format, or thousands apart where there is none.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { low, median, high } = *self;
        if let Some(digits) = f.precision() {
            write!(f, "{median:.digits$} ({low:.digits$} to {high:.digits$})")
        } else {
            write!(f, "{} ({} to {})", thousands(median), thousands(low), thousands(high))
        }
    }
}

/// A whole number with commas, three digits of it exact: the rest would be noise.
fn thousands(value: f64) -> String {
    let mut step = 1.0;
    while value / step >= 1000.0 {
        step *= 10.0;
    }
    let digits = format!("{:.0}", (value / step).round() * step);
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_not_moved_by_one_bad_block() {
        let summary = Summary::of([1.0, 900.0, 2.0, 4.0, 3.0]);
        assert_eq!(summary, Summary { low: 2.0, median: 3.0, high: 4.0 });
        assert_eq!(format!("{summary:.1}"), "3.0 (2.0 to 4.0)");
    }

    #[test]
    fn large_numbers_keep_three_digits() {
        assert_eq!(thousands(999.6), "1,000");
        assert_eq!(thousands(12.4), "12");
        assert_eq!(thousands(1_234_567.0), "1,230,000");
        assert_eq!(thousands(156_499.0), "156,000");
    }
}
