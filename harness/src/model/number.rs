//! Numbers as Redis reads and writes them.

use super::error_reply::ErrorReply;

/// A whole number in its shortest decimal form: no sign `+`, no leading zero, no space.
pub(super) fn integer(text: &[u8]) -> Result<i64, ErrorReply> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let canonical = match digits {
        [] => false,
        [b'0', rest @ ..] => rest.is_empty() && digits.len() == text.len(),
        _ => digits.iter().all(u8::is_ascii_digit),
    };
    if !canonical {
        return Err(ErrorReply::NOT_INTEGER);
    }
    std::str::from_utf8(text).ok().and_then(|t| t.parse().ok()).ok_or(ErrorReply::NOT_INTEGER)
}

/// A count: a whole number that is not negative.
pub(super) fn count(text: &[u8]) -> Result<usize, ErrorReply> {
    usize::try_from(integer(text)?).map_err(|_| ErrorReply::NOT_POSITIVE)
}

/// A floating-point number; `None` if it is none, not a number, or too large or too small for one.
pub(super) fn float(text: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(text).ok()?;
    let value: f64 = text.parse().ok()?;
    if value.is_normal() {
        return Some(value);
    }
    let mut mantissa = text.bytes().take_while(|b| !matches!(b, b'e' | b'E'));
    let out_of_range = (value.is_infinite() && mantissa.any(|b| b.is_ascii_digit()))
        || (value == 0.0 && mantissa.any(|b| matches!(b, b'1'..=b'9')));
    if value.is_nan() || out_of_range { None } else { Some(value) }
}

/// A number as C's `%.17g` writes it.
pub(super) fn general(value: f64) -> String {
    const DIGITS: i32 = 17;
    if !value.is_finite() {
        return if value.is_nan() { "nan".into() } else { (if value < 0.0 { "-inf" } else { "inf" }).into() };
    }
    #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53: exact")]
    if value.fract() == 0.0 && value.abs() < 9e15 && !(value == 0.0 && value.is_sign_negative()) {
        return (value as i64).to_string();
    }
    let scientific = format!("{value:.16e}");
    let (mantissa, exponent) = scientific.split_once('e').expect("Rust writes an exponent when asked to");
    let exponent: i32 = exponent.parse().expect("the exponent of a double is a small whole number");
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |m| ("-", m));
    let digits = mantissa.replace('.', "");
    let digits = digits.trim_end_matches('0');
    if (-4..DIGITS).contains(&exponent) {
        format!("{sign}{}", positional(digits, exponent))
    } else {
        let point = if digits.len() > 1 { "." } else { "" };
        let (head, tail) = digits.split_at(1);
        let direction = if exponent < 0 { '-' } else { '+' };
        format!("{sign}{head}{point}{tail}e{direction}{:02}", exponent.abs())
    }
}

/// Significant digits, the first of which counts 10^exponent, without an exponent.
fn positional(digits: &str, exponent: i32) -> String {
    let Ok(whole) = usize::try_from(exponent + 1) else {
        let zeros = exponent.unsigned_abs() as usize - 1;
        return format!("0.{}{digits}", "0".repeat(zeros));
    };
    match whole {
        0 => format!("0.{digits}"),
        _ if digits.is_empty() => "0".into(),
        _ if digits.len() <= whole => format!("{digits}{}", "0".repeat(whole - digits.len())),
        _ => format!("{}.{}", &digits[..whole], &digits[whole..]),
    }
}

/// The part of a sequence that inclusive indices name, where negative ones count from the end.
pub(super) fn span(start: i64, end: i64, len: usize) -> std::ops::Range<usize> {
    let len = i64::try_from(len).expect("nothing is longer than i64::MAX");
    let absolute = |i: i64| if i < 0 { i.saturating_add(len) } else { i };
    let start = absolute(start).max(0);
    let end = absolute(end).min(len - 1);
    if start > end || start >= len {
        return 0..0;
    }
    let index = |i: i64| usize::try_from(i).expect("was made non-negative above");
    index(start)..index(end) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_shortest_form_is_an_integer() {
        for text in ["", "-", "-0", "01", "+1", " 1", "1 ", "9223372036854775808", "1.0"] {
            assert_eq!(integer(text.as_bytes()), Err(ErrorReply::NOT_INTEGER), "{text:?}");
        }
        assert_eq!(integer(b"-9223372036854775808"), Ok(i64::MIN));
    }

    #[test]
    fn general_writes_what_c_writes() {
        for (value, text) in [
            (0.1, "0.10000000000000001"),
            (3.0, "3"),
            (1e17, "1e+17"),
            (1e16, "10000000000000000"),
            (1.5e300, "1.5000000000000001e+300"),
            (-0.0, "-0"),
            (0.00012, "0.00012"),
            (0.000_012, "1.2e-05"),
            (f64::NEG_INFINITY, "-inf"),
            (-2.5, "-2.5"),
        ] {
            assert_eq!(general(value), text);
        }
    }

    #[test]
    fn spans_stay_inside() {
        assert_eq!(span(0, -1, 3), 0..3);
        assert_eq!(span(-100, 100, 3), 0..3);
        assert_eq!(span(2, 1, 3), 0..0);
        assert_eq!(span(5, 9, 3), 0..0);
        assert_eq!(span(0, -1, 0), 0..0);
    }
}
