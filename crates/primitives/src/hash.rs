//! 32-byte hashes, one type per meaning, so that a txid is never taken for a block hash.
//!
//! Bytes are held in internal order (as hashed and as sent on the wire); [`std::fmt::Display`] and [`std::str::FromStr`]
//! use display order (reversed), as every RPC answer does. MWEB hashes ([`MwebHash`]) have no reversed form.

use std::{fmt, str::FromStr};

use sha2::{Digest, Sha256};

/// A hash text that is not 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a hash is 64 hexadecimal digits")]
pub struct ParseHashError;

/// SHA-256 applied twice.
pub fn sha256d(data: &[u8]) -> [u8; 32] {
    Sha256::digest(Sha256::digest(data)).into()
}

/// SHA-256 applied twice to the concatenation of two hashes: a node of a merkle tree.
pub fn sha256d_pair(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    let mut joined = [0; 64];
    joined[..32].copy_from_slice(left);
    joined[32..].copy_from_slice(right);
    sha256d(&joined)
}

/// Single SHA-256.
pub fn sha256(data: &[u8]) -> [u8; 32] {
    Sha256::digest(data).into()
}

macro_rules! hash_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name([u8; 32]);

        impl $name {
            /// The all-zero hash, which the protocol uses as "none".
            pub const ZERO: Self = Self([0; 32]);

            /// From bytes in internal order.
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The bytes in internal order.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }

            /// The bytes in display order, as ZeroMQ bodies carry them.
            pub fn display_bytes(&self) -> [u8; 32] {
                let mut bytes = self.0;
                bytes.reverse();
                bytes
            }

            /// Whether this is the all-zero hash.
            pub fn is_zero(&self) -> bool {
                self.0 == [0; 32]
            }

            /// Parses display order at compile time; for constants only.
            ///
            /// # Panics
            /// If the text is not 64 hexadecimal digits; in a constant that is a compile error.
            pub const fn from_display(text: &str) -> Self {
                Self(parse_reversed(text.as_bytes()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.display_bytes()))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{self}")
            }
        }

        impl FromStr for $name {
            type Err = ParseHashError;
            fn from_str(text: &str) -> Result<Self, ParseHashError> {
                let mut bytes = [0; 32];
                hex::decode_to_slice(text, &mut bytes).map_err(|_| ParseHashError)?;
                bytes.reverse();
                Ok(Self(bytes))
            }
        }
    };
}

hash_type!(
    /// Double SHA-256 of a block header.
    BlockHash
);
hash_type!(
    /// Identity of a transaction without its witness; for an MWEB-only transaction the id of its first kernel.
    Txid
);
hash_type!(
    /// Identity of a transaction with its witness (BIP141).
    Wtxid
);
hash_type!(
    /// Root of a merkle tree over txids or wtxids.
    MerkleRoot
);

/// A BLAKE3 hash of the extension block: header hash, output id, kernel id or a root. Printed in natural order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct MwebHash(pub [u8; 32]);

impl fmt::Display for MwebHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for MwebHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

const fn parse_reversed(text: &[u8]) -> [u8; 32] {
    assert!(text.len() == 64, "a hash is 64 hexadecimal digits");
    let mut out = [0; 32];
    let mut i = 0;
    while i < 32 {
        out[31 - i] = digit(text[2 * i]) << 4 | digit(text[2 * i + 1]);
        i += 1;
    }
    out
}

const fn digit(c: u8) -> u8 {
    match c {
        b'0'..=b'9' => c - b'0',
        b'a'..=b'f' => c - b'a' + 10,
        b'A'..=b'F' => c - b'A' + 10,
        _ => panic!("not a hexadecimal digit"),
    }
}
