//! The 80-bit floating-point numbers in which a server on x86 computes `INCRBYFLOAT`.

use bytes::Bytes;
use num_bigint::BigUint;
use num_integer::Integer as _;
use rustc_apfloat::ieee::X87DoubleExtended;
use rustc_apfloat::{Float as _, Round, Status, StatusAnd};

use super::error_reply::ErrorReply;

/// A number, never not-a-number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extended(X87DoubleExtended);

/// How many digits after the point are written at most.
const PLACES: u32 = 17;

impl Extended {
    /// Reads what Redis takes for a floating-point number.
    pub(super) fn parse(text: &[u8]) -> Result<Self, ErrorReply> {
        let text = std::str::from_utf8(text).map_err(|_| ErrorReply::NOT_FLOAT)?;
        // The same texts are numbers, but for their size.
        let double: f64 = text.parse().map_err(|_| ErrorReply::NOT_FLOAT)?;
        if double.is_nan() {
            return Err(ErrorReply::NOT_FLOAT);
        }
        if !text.bytes().any(|byte| byte.is_ascii_digit()) {
            let infinity = X87DoubleExtended::INFINITY;
            return Ok(Self(if double < 0.0 { -infinity } else { infinity }));
        }
        let parsed = X87DoubleExtended::from_str_r(text, Round::NearestTiesToEven);
        let StatusAnd { status, value } = parsed.map_err(|_| ErrorReply::NOT_FLOAT)?;
        let lost = value.is_zero() && status.contains(Status::UNDERFLOW);
        if value.is_infinite() || lost { Err(ErrorReply::NOT_FLOAT) } else { Ok(Self(value)) }
    }

    /// The sum.
    pub(super) fn plus(self, other: Self) -> Result<Self, ErrorReply> {
        let sum = (self.0 + other.0).value;
        if sum.is_finite() {
            Ok(Self(sum))
        } else {
            Err(ErrorReply::fixed("ERR increment would produce NaN or Infinity"))
        }
    }

    /// As C's `%.17Lf` writes it, without the zeros at the end.
    pub(super) fn to_bytes(self) -> Bytes {
        const EXPONENT_BIAS: i32 = 16_383 + 63;
        let bits = self.0.to_bits();
        let mantissa = BigUint::from(bits & u128::from(u64::MAX)) * BigUint::from(10u32).pow(PLACES);
        let exponent = i32::try_from((bits >> 64) & 0x7fff).expect("15 bits").max(1) - EXPONENT_BIAS;
        let scaled = match u64::try_from(exponent) {
            Ok(shift) => mantissa << shift,
            Err(_) => nearest(&mantissa, &(BigUint::from(1u32) << exponent.unsigned_abs())),
        };
        let digits = format!("{scaled:018}");
        let (whole, fraction) = digits.split_at(digits.len() - PLACES as usize);
        let fraction = fraction.trim_end_matches('0');
        let sign = if self.0.is_negative() { "-" } else { "" };
        match (whole, fraction) {
            ("0", "") => "0".into(),
            (whole, "") => format!("{sign}{whole}").into(),
            _ => format!("{sign}{whole}.{fraction}").into(),
        }
    }
}

/// The quotient rounded to the nearest, of two nearest ones to the even one.
fn nearest(dividend: &BigUint, divisor: &BigUint) -> BigUint {
    let (quotient, rest) = dividend.div_rem(divisor);
    let up = match (rest * 2u32).cmp(divisor) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => quotient.is_odd(),
        std::cmp::Ordering::Greater => true,
    };
    if up { quotient + 1u32 } else { quotient }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(one: &str, other: &str) -> Result<String, ErrorReply> {
        let sum = Extended::parse(one.as_bytes())?.plus(Extended::parse(other.as_bytes())?)?;
        Ok(String::from_utf8(sum.to_bytes().to_vec()).expect("digits"))
    }

    #[test]
    fn sums_are_those_of_a_server() {
        for (one, other, expected) in [
            ("0.1", "2e-1", "0.3"),
            ("5000", "3.1", "5003.10000000000000009"),
            ("0", "1e21", "1000000000000000000000"),
            ("3", "1e19", "10000000000000000003"),
            ("3", "1e22", "10000000000000000000000"),
            ("0", "-1e-30", "0"),
            ("-0", "0", "0"),
            ("0", "1e-17", "0.00000000000000001"),
            ("1.5", "-2", "-0.5"),
        ] {
            assert_eq!(sum(one, other).as_deref(), Ok(expected), "{one} + {other}");
        }
    }

    #[test]
    fn what_is_no_number_or_none_of_that_size_is_refused() {
        for text in ["", "x", " 1", "1 ", "nan", "1e5000", "-1e5000", "1e-6000", "1e99999999999", "."] {
            assert_eq!(sum(text, "1"), Err(ErrorReply::NOT_FLOAT), "{text}");
        }
        let infinite = Err(ErrorReply::fixed("ERR increment would produce NaN or Infinity"));
        for (one, other) in [("inf", "1"), ("1", "-Infinity"), ("inf", "-inf"), ("1e4932", "1e4932")] {
            assert_eq!(sum(one, other), infinite, "{one} + {other}");
        }
    }
}
