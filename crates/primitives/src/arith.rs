//! 256-bit arithmetic for targets and chain work, with the compact form `nBits`.

#![allow(missing_docs, clippy::all, reason = "construct_uint! writes the type")]

use crate::hash::BlockHash;

uint::construct_uint! {
    /// An unsigned 256-bit integer: a proof-of-work target or accumulated chain work.
    pub struct U256(4);
}

/// What a compact target (`nBits`) stands for (v0.21.5.5 src/arith_uint256.cpp, SetCompact).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompactTarget {
    /// The magnitude, truncated to 256 bits.
    pub value: U256,
    /// The sign bit was set on a non-zero mantissa.
    pub negative: bool,
    /// The magnitude does not fit 256 bits.
    pub overflow: bool,
}

/// Expands `nBits`.
pub fn from_compact(bits: u32) -> CompactTarget {
    let size = bits >> 24;
    let mut word = bits & 0x007f_ffff;
    let value = if size <= 3 {
        word >>= 8 * (3 - size);
        U256::from(word)
    } else {
        // A shift of 256 or more leaves nothing, as in the reference.
        let shift = 8 * (size - 3);
        if shift >= 256 { U256::zero() } else { U256::from(word) << shift }
    };
    CompactTarget {
        value,
        negative: word != 0 && bits & 0x0080_0000 != 0,
        overflow: word != 0 && (size > 34 || (word > 0xff && size > 33) || (word > 0xffff && size > 32)),
    }
}

/// The `nBits` of a target: lossy, three significant bytes.
pub fn to_compact(value: U256) -> u32 {
    let mut size = u32::try_from(value.bits().div_ceil(8)).expect("because 256 bits are 32 bytes");
    let mut compact =
        if size <= 3 { value.low_u32() << (8 * (3 - size)) } else { (value >> (8 * (size - 3))).low_u32() };
    // The sign bit is never set on a magnitude: move it into the size.
    if compact & 0x0080_0000 != 0 {
        compact >>= 8;
        size += 1;
    }
    compact | size << 24
}

/// Expected number of hashes for a block with this target (v0.21.5.5 src/chain.cpp, GetBlockProof).
pub fn work_of(bits: u32) -> U256 {
    let target = from_compact(bits);
    if target.negative || target.overflow || target.value.is_zero() {
        return U256::zero();
    }
    // 2^256 / (target + 1) without a 257-bit number.
    match target.value.checked_add(U256::one()) {
        Some(divisor) => (!target.value / divisor) + U256::one(),
        None => U256::one(),
    }
}

/// A hash read as a little-endian number, as it is compared with a target.
pub fn hash_to_u256(hash: &[u8; 32]) -> U256 {
    U256::from_little_endian(hash)
}

/// A number as hash bytes, so that it prints as the reference prints chain work.
pub fn u256_to_hash(value: U256) -> BlockHash {
    BlockHash::from_bytes(value.to_little_endian())
}

#[cfg(test)]
mod tests {
    use super::*;

    // v0.21.5.5 src/test/arith_uint256_tests.cpp, bignum_SetCompact
    #[test]
    fn compact_vectors() {
        for (bits, value, negative, overflow, back) in [
            (0u32, 0u64, false, false, 0u32),
            (0x0012_3456, 0, false, false, 0),
            (0x0100_3456, 0, false, false, 0),
            (0x0200_0056, 0, false, false, 0),
            (0x0112_3456, 0x12, false, false, 0x0112_0000),
            (0x0212_3456, 0x1234, false, false, 0x0212_3400),
            (0x0312_3456, 0x12_3456, false, false, 0x0312_3456),
            (0x0412_3456, 0x1234_5600, false, false, 0x0412_3456),
            (0x0492_3456, 0x1234_5600, true, false, 0x0412_3456),
            (0x0500_9234, 0x9234_0000, false, false, 0x0500_9234),
            (0x0180_3456, 0, false, false, 0),
            (0x01fe_dcba, 0x7e, true, false, 0x017e_0000),
        ] {
            let t = from_compact(bits);
            assert_eq!((t.value, t.negative, t.overflow), (U256::from(value), negative, overflow), "{bits:08x}");
            assert_eq!(to_compact(t.value), back, "{bits:08x}");
        }
        assert!(from_compact(0xff12_3456).overflow);
        assert!(!from_compact(0x2012_3456).overflow);
    }

    #[test]
    fn work_of_the_easiest_target() {
        assert_eq!(work_of(0x207f_ffff), U256::from(2));
        assert_eq!(work_of(0), U256::zero());
    }
}
