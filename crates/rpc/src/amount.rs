//! Amounts in JSON: decimals of LTC with eight places, exact in both directions. Inside they are litoshis.

use serde_json::{Number, Value};

use crate::code::RpcError;

/// Litoshis in one LTC.
const COIN: i64 = 100_000_000;
/// Most litoshis there can be (v0.21.5.5 `src/amount.h` MAX_MONEY).
const MAX_MONEY: i64 = 84_000_000 * COIN;
/// Decimal places.
const PLACES: i64 = 8;

/// `12345` becomes `0.00012345`.
#[must_use]
pub fn amount_to_json(litoshis: i64) -> Value {
    let size = litoshis.unsigned_abs();
    let coin = COIN.unsigned_abs();
    let sign = if litoshis < 0 { "-" } else { "" };
    let text = format!("{sign}{}.{:08}", size / coin, size % coin);
    Value::Number(text.parse::<Number>().expect("because digits around a point are a JSON number"))
}

/// A number, or a string that is one, as litoshis (v0.21.5.5 `src/rpc/util.cpp` AmountFromValue).
///
/// # Errors
/// Neither number nor string; not a decimal with at most eight places; negative or more than there can be.
pub fn amount_from_json(value: &Value) -> Result<i64, RpcError> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return Err(RpcError::type_error("Amount is not a number or string")),
    };
    let litoshis = parse_fixed_point(&text).ok_or_else(|| RpcError::type_error("Invalid amount"))?;
    if !(0..=MAX_MONEY).contains(&litoshis) {
        return Err(RpcError::type_error("Amount out of range"));
    }
    Ok(litoshis)
}

/// A JSON number, exponent and all, times 10^8; `None` if that is no integer below 10^18 (v0.21.5.5
/// `src/util/strencodings.cpp` ParseFixedPoint).
fn parse_fixed_point(text: &str) -> Option<i64> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if digits.is_empty() || digits.len() > 9 || !is_digits(digits) {
                return None;
            }
            (mantissa, exponent.parse::<i64>().ok()?)
        }
        None => (rest, 0),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((_, "")) => return None,
        Some(parts) => parts,
        None => (mantissa, ""),
    };
    if whole.is_empty() || (whole.len() > 1 && whole.starts_with('0')) || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_end_matches('0');
    let dropped = i64::try_from(digits.len() - significant.len()).ok()?;
    let fraction_length = i64::try_from(fraction.len()).ok()?;
    let significant = significant.trim_start_matches('0');
    if significant.is_empty() {
        return Some(0);
    }
    let zeros = usize::try_from(exponent - fraction_length + dropped + PLACES).ok()?;
    if significant.len() > 18 || zeros > 18 || significant.len() + zeros > 18 {
        return None;
    }
    let size = significant.parse::<i64>().ok()?.checked_mul(10_i64.checked_pow(u32::try_from(zeros).ok()?)?)?;
    Some(if negative { -size } else { size })
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_keep_their_places() {
        for (litoshis, text) in [
            (0, "0.00000000"),
            (1, "0.00000001"),
            (-1, "-0.00000001"),
            (MAX_MONEY, "84000000.00000000"),
            (i64::MIN, "-92233720368.54775808"),
        ] {
            assert_eq!(amount_to_json(litoshis).to_string(), text);
        }
    }

    /// Cases of v0.21.5.5 `src/test/rpc_tests.cpp` rpc_parse_monetary_values.
    #[test]
    fn amounts_are_read_as_the_reference_reads_them() {
        for (text, litoshis) in [
            ("0.00000001", 1),
            ("0.17622195", 17_622_195),
            ("0.5", 50_000_000),
            ("0.50000000", 50_000_000),
            ("0.89898989", 89_898_989),
            ("100.00000000", 10_000_000_000),
            ("20999999.9999", 2_099_999_999_990_000),
            ("20999999.99999999", 2_099_999_999_999_999),
            ("1e-8", 1),
            ("0.1e-7", 1),
            ("0.01e-6", 1),
            ("0.0000000000000000000000000000000000000000000000000000000000000000000000000001e+68", 1),
            ("10000000000000000000000000000000000000000000000000000000000000000e-64", 100_000_000),
            (
                "0.000000000000000000000000000000000000000000000000000000000000000100000000000000000000000000000000000000000000000000000e64",
                100_000_000,
            ),
            ("0.00000001000000", 1),
        ] {
            let value: Value = serde_json::from_str(text).unwrap();
            assert_eq!(amount_from_json(&value), Ok(litoshis), "{text}");
            assert_eq!(amount_from_json(&Value::String(text.to_owned())), Ok(litoshis), "{text}");
        }
        for text in ["1e-9", "0.000000019", "1e+11", "1e11", "93e+9", ".19e-6", "1.", "", "x", "0x1", "1e", "01"] {
            assert!(amount_from_json(&Value::String(text.to_owned())).is_err(), "{text}");
        }
        assert_eq!(amount_from_json(&serde_json::json!(-1)).unwrap_err().message, "Amount out of range");
        assert_eq!(amount_from_json(&Value::Null).unwrap_err().code, crate::code::TYPE_ERROR);
    }
}
