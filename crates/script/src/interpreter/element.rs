//! What a stack holds: a slice of the script or witness that pushed it, or the short result of an opcode. Copying one
//! never allocates.

use std::fmt;

/// No opcode computes anything longer: a hash.
const MAX_RESULT: usize = 32;
/// The elements that the opcodes for small numbers push, one byte each.
const SMALL: [u8; 17] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];

/// An element of a stack.
#[derive(Clone, Copy)]
pub struct Element<'a>(Content<'a>);

#[derive(Clone, Copy)]
enum Content<'a> {
    Pushed(&'a [u8]),
    Computed { bytes: [u8; MAX_RESULT], length: usize },
}

impl<'a> Element<'a> {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        match &self.0 {
            Content::Pushed(bytes) => bytes,
            Content::Computed { bytes, length } => &bytes[..*length],
        }
    }

    /// Empty, or 1 to 16, as `OP_0` and the like push it.
    pub(super) fn small(number: u8) -> Self {
        let number = usize::from(number);
        Self(Content::Pushed(if number == 0 { &[] } else { &SMALL[number..=number] }))
    }

    pub(super) fn bool(value: bool) -> Self {
        Self::small(value.into())
    }

    /// A script number: little-endian, sign in the top bit, as short as possible.
    pub(crate) fn number(value: i64) -> Self {
        let mut bytes = [0; MAX_RESULT];
        let magnitude = value.unsigned_abs().to_le_bytes();
        bytes[..8].copy_from_slice(&magnitude);
        let used = magnitude.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        // Where the top bit is taken, the sign needs a byte of its own.
        let length = if used > 0 && bytes[used - 1] & 0x80 != 0 { used + 1 } else { used };
        if value < 0 {
            bytes[length - 1] |= 0x80;
        }
        Self(Content::Computed { bytes, length })
    }

    pub(super) fn hash20(hash: [u8; 20]) -> Self {
        let mut bytes = [0; MAX_RESULT];
        bytes[..20].copy_from_slice(&hash);
        Self(Content::Computed { bytes, length: 20 })
    }

    pub(super) fn hash32(bytes: [u8; 32]) -> Self {
        Self(Content::Computed { bytes, length: 32 })
    }

    /// Anything but zero, of any length and sign.
    pub(super) fn is_true(&self) -> bool {
        match self.bytes().split_last() {
            None | Some((0 | 0x80, [])) => false,
            Some((last, rest)) => rest.iter().any(|byte| *byte != 0) || !matches!(last, 0 | 0x80),
        }
    }
}

impl<'a> From<&'a [u8]> for Element<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self(Content::Pushed(bytes))
    }
}

impl fmt::Debug for Element<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.bytes()))
    }
}

impl PartialEq for Element<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Eq for Element<'_> {}
