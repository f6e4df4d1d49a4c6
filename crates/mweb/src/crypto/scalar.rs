//! Arithmetic modulo the order of the curve, as far as offsets need it, and scalars made of hashes.

use litecast_primitives::U256;

use super::CryptoError;
use crate::blake3;

/// Order of secp256k1, most significant word last.
const ORDER: U256 = U256([0xbfd2_5e8c_d036_4141, 0xbaae_dce6_af48_a03b, 0xffff_ffff_ffff_fffe, u64::MAX]);

/// Tag of the hash that replaces one that is no scalar (v0.21.5.5 src/libmw/include/mw/models/crypto/SecretKey.h).
const HASH_TO_SCALAR: &[u8] = b"MWEB hash-to-scalar";

/// The scalar of a hash: itself, or if it is zero or not below the order, the first hash of it with a counter that is
/// neither (SecretKey.h, FromHash).
pub fn hash_to_scalar(hash: &[u8; 32]) -> [u8; 32] {
    let is_scalar = |bytes: &[u8; 32]| {
        let value = U256::from_big_endian(bytes);
        !value.is_zero() && value < ORDER
    };
    let mut scalar = *hash;
    let mut counter = 0u32;
    while !is_scalar(&scalar) {
        scalar = blake3(&[HASH_TO_SCALAR, hash, &counter.to_le_bytes()]);
        counter = counter.wrapping_add(1);
    }
    scalar
}

/// Adds and subtracts blinding factors modulo the order (v0.21.5.5 src/libmw/src/crypto/Pedersen.cpp,
/// AddBlindingFactors). A sum of zero is an answer; a factor that is not below the order is not.
pub fn add_blinding_factors(positive: &[[u8; 32]], negative: &[[u8; 32]]) -> Result<[u8; 32], CryptoError> {
    let read = |bytes: &[u8; 32]| {
        let value = U256::from_big_endian(bytes);
        if value < ORDER { Ok(value) } else { Err(CryptoError::BlindingFactor) }
    };
    let mut sum = U256::zero();
    for factor in positive {
        sum = add(sum, read(factor)?);
    }
    for factor in negative {
        let value = read(factor)?;
        sum = add(sum, if value.is_zero() { value } else { ORDER - value });
    }
    Ok(sum.to_big_endian())
}

/// Both are below the order.
fn add(a: U256, b: U256) -> U256 {
    let (sum, overflow) = a.overflowing_add(b);
    if overflow || sum >= ORDER { sum.overflowing_sub(ORDER).0 } else { sum }
}

#[cfg(test)]
mod tests {
    use super::{ORDER, add_blinding_factors, hash_to_scalar};
    use crate::{blake3, crypto::CryptoError};

    const ONE: [u8; 32] = {
        let mut one = [0; 32];
        one[31] = 1;
        one
    };

    #[test]
    fn sums_wrap_at_the_order() {
        let highest = (ORDER - 1).to_big_endian();
        assert_eq!(add_blinding_factors(&[highest, ONE], &[]), Ok([0; 32]));
        assert_eq!(add_blinding_factors(&[], &[ONE]), Ok(highest));
        assert_eq!(add_blinding_factors(&[highest, highest], &[highest]), Ok(highest));
        assert_eq!(add_blinding_factors(&[ONE], &[[0; 32], ONE]), Ok([0; 32]));
        assert_eq!(add_blinding_factors(&[ORDER.to_big_endian()], &[]), Err(CryptoError::BlindingFactor));
        assert_eq!(add_blinding_factors(&[], &[[0xff; 32]]), Err(CryptoError::BlindingFactor));
    }

    #[test]
    fn hashes_out_of_range_are_hashed_again() {
        assert_eq!(hash_to_scalar(&ONE), ONE);
        for hash in [[0; 32], ORDER.to_big_endian(), [0xff; 32]] {
            assert_eq!(hash_to_scalar(&hash), blake3(&[b"MWEB hash-to-scalar", &hash, &[0; 4]]));
        }
    }
}
