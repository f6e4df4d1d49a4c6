//! Floating-point numbers as the reference writes them: 16 significant digits, shortest form of `%g`
//! (v0.21.5.5 src/univalue/lib/univalue.cpp, setFloat). Never for amounts.

use serde_json::{Number, Value};

/// Significant digits.
const DIGITS: i32 = 16;

/// A number. What is not finite has no JSON form and becomes null.
#[must_use]
pub fn double_to_json(value: f64) -> Value {
    if !value.is_finite() {
        return Value::Null;
    }
    Value::Number(general(value).parse::<Number>().expect("because %g of a finite number is a JSON number"))
}

/// `%.16g` of the C library.
fn general(value: f64) -> String {
    let scientific = format!("{value:.15e}");
    let (mantissa, exponent) = scientific.split_once('e').expect("because that is the format");
    let exponent: i32 = exponent.parse().expect("because an exponent is a small number");
    if (-4..DIGITS).contains(&exponent) {
        let places = usize::try_from(DIGITS - 1 - exponent).expect("because the exponent is below the digits");
        return without_zeros(&format!("{value:.places$}")).to_owned();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", without_zeros(mantissa), exponent.unsigned_abs())
}

fn without_zeros(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Oracle: printf of the C library.
    #[test]
    fn as_printf_does() {
        for (value, text) in [
            (0.0, "0"),
            (1.0, "1"),
            (-1.5, "-1.5"),
            (4.656_542_373_906_925e-10, "4.656542373906925e-10"),
            (20_273_913.013_718_84, "20273913.01371884"),
            (0.1, "0.1"),
            (1.0 / 3.0, "0.3333333333333333"),
            (2.0 / 3.0, "0.6666666666666666"),
            (0.0001, "0.0001"),
            (0.000_012_345, "1.2345e-05"),
            (1e15, "1000000000000000"),
            (1e16, "1e+16"),
            (123_456_789_012_345_680.0, "1.234567890123457e+17"),
            (1e22, "1e+22"),
            (9_999_999_999_999_998.0, "9999999999999998"),
        ] {
            assert_eq!(double_to_json(value).to_string(), text);
        }
        assert_eq!(double_to_json(f64::NAN), Value::Null);
    }
}
