//! Parameters as Rust values, with the reference's words for what is wrong (v0.21.5.5 `src/univalue/lib/univalue_get.cpp`,
//! `src/rpc/util.cpp`).

use serde_json::{Map, Value};

use crate::code::RpcError;

/// A JSON type, under the name that error texts use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonType {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// An object
    Object,
    /// An array
    Array,
    /// A string
    String,
    /// A number
    Number,
}

impl JsonType {
    /// The type of a value.
    #[must_use]
    pub const fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Bool,
            Value::Object(_) => Self::Object,
            Value::Array(_) => Self::Array,
            Value::String(_) => Self::String,
            Value::Number(_) => Self::Number,
        }
    }

    /// The reference's name of the type.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "bool",
            Self::Object => "object",
            Self::Array => "array",
            Self::String => "string",
            Self::Number => "number",
        }
    }
}

fn wrong(what: &str) -> RpcError {
    RpcError::misc(format!("JSON value is not {what} as expected"))
}

/// Requires a type.
///
/// # Errors
/// "Expected type number, got string".
pub fn check_type(value: &Value, expected: JsonType) -> Result<(), RpcError> {
    let got = JsonType::of(value);
    if got == expected {
        return Ok(());
    }
    Err(RpcError::type_error(format!("Expected type {}, got {}", expected.name(), got.name())))
}

/// A string.
///
/// # Errors
/// Another type.
pub fn as_str(value: &Value) -> Result<&str, RpcError> {
    value.as_str().ok_or_else(|| wrong("a string"))
}

/// A boolean.
///
/// # Errors
/// Another type.
pub fn as_bool(value: &Value) -> Result<bool, RpcError> {
    value.as_bool().ok_or_else(|| wrong("a boolean"))
}

/// An array.
///
/// # Errors
/// Another type.
pub fn as_array(value: &Value) -> Result<&Vec<Value>, RpcError> {
    value.as_array().ok_or_else(|| wrong("an array"))
}

/// An object.
///
/// # Errors
/// Another type.
pub fn as_object(value: &Value) -> Result<&Map<String, Value>, RpcError> {
    value.as_object().ok_or_else(|| wrong("an object"))
}

/// A whole number of 64 bits.
///
/// # Errors
/// Another type, or not such a number.
pub fn as_i64(value: &Value) -> Result<i64, RpcError> {
    let Value::Number(number) = value else { return Err(wrong("an integer")) };
    number.to_string().parse().map_err(|_| RpcError::misc("JSON integer out of range"))
}

/// A whole number of 32 bits.
///
/// # Errors
/// Another type, or not such a number.
pub fn as_i32(value: &Value) -> Result<i32, RpcError> {
    i32::try_from(as_i64(value)?).map_err(|_| RpcError::misc("JSON integer out of range"))
}

/// Any number. Not for amounts: those are [`crate::amount_from_json`]'s.
///
/// # Errors
/// Another type.
pub fn as_f64(value: &Value) -> Result<f64, RpcError> {
    let Value::Number(number) = value else { return Err(wrong("a number")) };
    number.as_f64().filter(|number| number.is_finite()).ok_or_else(|| RpcError::misc("JSON double out of range"))
}

/// A hash as the reference shows it: 64 hex digits, last byte first. Returns the bytes in their own order.
///
/// # Errors
/// Another type, another length, or other characters; `name` is what the text calls it.
pub fn parse_hash(value: &Value, name: &str) -> Result<[u8; 32], RpcError> {
    let text = as_str(value)?;
    if text.len() != 64 {
        let length = text.len();
        return Err(RpcError::invalid_parameter(format!("{name} must be of length 64 (not {length}, for '{text}')")));
    }
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| not_hex(name, text))?;
    bytes.reverse();
    Ok(bytes)
}

/// Bytes in hex.
///
/// # Errors
/// Not an even number of hex digits, or none.
pub fn parse_hex(value: &Value, name: &str) -> Result<Vec<u8>, RpcError> {
    let text = value.as_str().unwrap_or("");
    decode_hex(text).filter(|bytes| !bytes.is_empty()).ok_or_else(|| not_hex(name, text))
}

/// The bytes of hex, in a time that does not matter where they are a block.
pub(crate) fn decode_hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let mut seen = 0;
    let decode = |[high, low]: &[u8; 2]| {
        let (high, low) = (DIGITS[usize::from(*high)], DIGITS[usize::from(*low)]);
        seen |= high | low;
        high << 4 | low
    };
    let bytes = pairs.iter().map(decode).collect();
    (rest.is_empty() && seen < 16).then_some(bytes)
}

/// What a character is worth as a hexadecimal digit; 255 if it is none.
const DIGITS: [u8; 256] = {
    let mut digits = [u8::MAX; 256];
    let mut value = 0u8;
    while value < 16 {
        digits[b"0123456789abcdef"[value as usize] as usize] = value;
        digits[b"0123456789ABCDEF"[value as usize] as usize] = value;
        value += 1;
    }
    digits
};

fn not_hex(name: &str, text: &str) -> RpcError {
    RpcError::invalid_parameter(format!("{name} must be hexadecimal string (not '{text}')"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn hex_of_every_character() {
        for c in (0..=127).map(char::from) {
            for text in [format!("{c}0"), format!("0{c}"), format!("{c}"), format!("aB0{c}00")] {
                assert_eq!(decode_hex(&text), hex::decode(&text).ok(), "{text:?}");
            }
        }
        assert_eq!(decode_hex("00\u{fc}"), None);
        assert_eq!(decode_hex(""), Some(Vec::new()));
    }

    #[test]
    fn texts_are_the_references() {
        let message = |result: Result<(), RpcError>| result.unwrap_err();
        assert_eq!(message(check_type(&json!("x"), JsonType::Number)).message, "Expected type number, got string");
        assert_eq!(message(check_type(&json!("x"), JsonType::Number)).code, -3);
        assert_eq!(as_i64(&json!("x")).unwrap_err().message, "JSON value is not an integer as expected");
        assert_eq!(as_i32(&json!(3_000_000_000_i64)).unwrap_err().message, "JSON integer out of range");
        assert_eq!(as_i64(&json!(1.5)).unwrap_err().message, "JSON integer out of range");
        assert_eq!(as_str(&json!(0)).unwrap_err(), RpcError::misc("JSON value is not a string as expected"));
        assert_eq!(
            parse_hash(&json!("ab"), "blockhash").unwrap_err().message,
            "blockhash must be of length 64 (not 2, for 'ab')"
        );
        let text = format!("01{}", "00".repeat(31));
        assert_eq!(parse_hash(&json!(text), "x").unwrap()[31], 1);
        assert_eq!(parse_hex(&json!("0"), "tx").unwrap_err().message, "tx must be hexadecimal string (not '0')");
    }
}
