//! RIPEMD-160 of SHA-256, which names keys and scripts.

use litecast_primitives::hash::sha256;
use ripemd::{Digest, Ripemd160};

/// `OP_HASH160` of the data.
#[must_use]
pub fn hash160(data: &[u8]) -> [u8; 20] {
    Ripemd160::digest(sha256(data)).into()
}
