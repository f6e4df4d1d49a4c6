//! The C library's forgiving number parsing, which gives option values their meaning: leading blanks are skipped, parsing
//! stops at the first non-digit, and no digits mean zero.

/// `strtoll(s, 10)`: saturates at the ends of `i64`.
#[must_use]
pub fn atoi64(text: &str) -> i64 {
    let rest = text.trim_start_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c']);
    let (negative, digits) = match rest.as_bytes().first() {
        Some(b'-') => (true, &rest[1..]),
        Some(b'+') => (false, &rest[1..]),
        _ => (false, rest),
    };
    let mut value: i64 = 0;
    for digit in digits.bytes().take_while(u8::is_ascii_digit) {
        let digit = i64::from(digit - b'0');
        let signed = if negative { -digit } else { digit };
        value = match value.checked_mul(10).and_then(|v| v.checked_add(signed)) {
            Some(value) => value,
            None => return if negative { i64::MIN } else { i64::MAX },
        };
    }
    value
}

/// How a string option reads as a boolean: alone (empty) it is true, otherwise true exactly when it is a nonzero number.
/// `-foo=true` is therefore false (v0.21.5.5 `src/util/system.cpp` InterpretBool).
#[must_use]
pub fn interpret_bool(text: &str) -> bool {
    // atoi() keeps the low 32 bits of strtol().
    text.is_empty() || atoi64(text) & 0xffff_ffff != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_the_c_library_reads_them() {
        for (text, expected) in [
            ("", 0),
            ("12", 12),
            (" \t-7x", -7),
            ("+5", 5),
            ("x5", 0),
            ("--5", 0),
            ("99999999999999999999", i64::MAX),
            ("-99999999999999999999", i64::MIN),
            ("-9223372036854775808", i64::MIN),
        ] {
            assert_eq!(atoi64(text), expected, "{text:?}");
        }
        for (text, expected) in
            [("", true), ("0", false), ("1", true), ("true", false), ("-1", true), ("4294967296", false)]
        {
            assert_eq!(interpret_bool(text), expected, "{text:?}");
        }
    }
}
