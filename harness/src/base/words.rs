//! Numbers, durations and foreign text as people read them, in ASCII and in few columns.

use std::fmt::Display;
use std::time::Duration;

use crate::base::count::Count;

/// A natural number with its digits in groups of three: `1,234,567`.
pub(crate) fn grouped(number: impl Display) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count: its digits in groups where they fit, else its size: `1.17e17`.
pub(crate) fn count(number: &Count) -> String {
    const MOST_DIGITS: usize = 15;
    let digits = number.to_string();
    if digits.len() <= MOST_DIGITS {
        return grouped(digits);
    }
    // Cut, not rounded: the digits that are shown are the count's own.
    format!("{}.{}e{}", &digits[..1], &digits[1..4], digits.len() - 1)
}

/// A number with its noun: `1 result`, `1,000 results`.
pub(crate) fn plural(number: impl Display, noun: &str) -> String {
    let number = grouped(number);
    let ending = if number == "1" { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

/// A share in percent. It says 0% and 100% only where that is exact.
pub(crate) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 0.1 {
        "<0.1%".to_owned()
    } else if percent < 100.0 && percent > 99.9 {
        ">99.9%".to_owned()
    } else {
        let text = format!("{percent:.1}");
        format!("{}%", text.strip_suffix(".0").unwrap_or(&text))
    }
}

/// A part of a whole in percent; nothing is no part of nothing.
#[expect(clippy::cast_precision_loss, reason = "a share needs no more than a few digits")]
pub(crate) fn share(part: u64, whole: u64) -> String {
    percent(part as f64 / whole.max(1) as f64)
}

/// A measured time in three digits: `812 ns`, `45.3 us`, `1.24 ms`, `12.0 s`.
pub(crate) fn nanoseconds(ns: u64) -> String {
    let (unit, size) = match ns {
        0..1_000 => return format!("{ns} ns"),
        1_000..1_000_000 => ("us", 1_000),
        1_000_000..1_000_000_000 => ("ms", 1_000_000),
        _ => ("s", 1_000_000_000),
    };
    let (whole, rest) = (ns / size, ns % size);
    // Cut, not rounded, so that 999.9 us never turns into 1000 us.
    match whole {
        0..10 => format!("{whole}.{:02} {unit}", rest * 100 / size),
        10..100 => format!("{whole}.{} {unit}", rest * 10 / size),
        _ => format!("{} {unit}", grouped(whole)),
    }
}

/// How long something has lasted or will last, as people say it: `12 s`, `3 min 20 s`, `2 h 5 min`.
pub(crate) fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, m, _) => format!("{} h {m} min", grouped(h)),
    }
}

/// A virtual duration as schedules write it: `30s`, `250ms`.
pub(crate) fn virtual_time(time: Duration) -> String {
    let units = [("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000), ("ns", 1)];
    let ns = time.as_nanos();
    let exact = units.into_iter().find(|(_, size)| ns.is_multiple_of(*size));
    exact.map_or_else(String::new, |(unit, size)| format!("{}{unit}", ns / size))
}

/// Foreign text without the control characters that could move the cursor or colour the rest.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// How many columns a text takes, where every character takes one.
pub(crate) fn columns(text: &str) -> usize {
    text.chars().count()
}

/// The text, cut at the end so that it fits.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(3)).collect();
    format!("{kept}...")
}

/// The text in lines of at most that many columns, broken at spaces where there are any.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if columns(line) + 1 + columns(word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_from_the_right() {
        let numbers = [7, 123, 1234, 123_456, 1_234_567].map(grouped);
        assert_eq!(numbers, ["7", "123", "1,234", "123,456", "1,234,567"]);
    }

    #[test]
    fn counts_too_long_for_a_line_are_shown_by_their_size() {
        let shown = |text: &str| count(&Count::try_from(text.to_owned()).unwrap());
        assert_eq!(shown("123456789012345"), "123,456,789,012,345");
        assert_eq!(shown("1173691287175680"), "1.173e15");
    }

    #[test]
    fn only_an_exact_share_is_none_or_all() {
        let shares = [0.0, 0.000_01, 0.5, 0.6866, 0.999_99, 1.0].map(percent);
        assert_eq!(shares, ["0%", "<0.1%", "50%", "68.7%", ">99.9%", "100%"]);
    }

    #[test]
    fn times_have_three_digits_and_a_unit() {
        let times = [0, 812, 1_000, 45_390, 999_999, 1_240_000, 12_000_000_000].map(nanoseconds);
        assert_eq!(times, ["0 ns", "812 ns", "1.00 us", "45.3 us", "999 us", "1.24 ms", "12.0 s"]);
        assert_eq!(virtual_time(Duration::from_secs(90)), "90s");
        assert_eq!(virtual_time(Duration::from_millis(1250)), "1250ms");
    }

    #[test]
    fn spans_have_two_units_at_most() {
        let spans = [0, 59, 60, 200, 7_500, 3_600_000].map(|s| span(Duration::from_secs(s)));
        assert_eq!(spans, ["0 s", "59 s", "1 min 0 s", "3 min 20 s", "2 h 5 min", "1,000 h 0 min"]);
    }

    #[test]
    fn escape_sequences_do_not_get_through() {
        assert_eq!(printable("a\u{1b}[31mb\n"), "a [31mb ");
    }
}
