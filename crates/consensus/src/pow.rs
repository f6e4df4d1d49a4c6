//! Proof of work and Litecoin's retarget (v0.21.5.5 src/pow.cpp).

use litecast_primitives::{
    U256,
    arith::{from_compact, hash_to_u256, to_compact, work_of},
    params::Params,
    view::HeaderView,
};

/// Whether a scrypt hash meets the target that the header claims.
pub fn check_proof_of_work(pow_hash: &[u8; 32], bits: u32, params: &Params) -> bool {
    let target = from_compact(bits);
    !target.negative
        && !target.overflow
        && !target.value.is_zero()
        && target.value <= params.pow_limit
        && hash_to_u256(pow_hash) <= target.value
}

/// The `nBits` that a block with time `time` on top of `chain` must have.
pub fn next_work_required(chain: &dyn HeaderView, time: u32, params: &Params) -> u32 {
    let last_height = chain.tip_height();
    let last = chain.tip().header;
    let interval = params.retarget_interval();
    let limit = to_compact(params.pow_limit);
    if !(last_height + 1).is_multiple_of(interval) {
        if !params.allow_min_difficulty_blocks {
            return last.bits;
        }
        if i64::from(time) > i64::from(last.time) + params.pow_target_spacing * 2 {
            return limit;
        }
        // The last block that did not use the exception.
        let mut height = last_height;
        let mut bits = last.bits;
        while height > 0 && !height.is_multiple_of(interval) && bits == limit {
            height -= 1;
            bits = chain.at(height).expect("because it is below the tip").header.bits;
        }
        return bits;
    }
    // Litecoin looks back a whole interval, except at the first retarget, where there is one block less:
    // with interval - 1 blocks, a majority could move the difficulty at will.
    let back = if last_height + 1 == interval { interval - 1 } else { interval };
    let first = chain.at(last_height - back).expect("because it is below the tip");
    calculate_next_work_required(last.bits, last.time, first.header.time, params)
}

fn calculate_next_work_required(bits: u32, last_time: u32, first_time: u32, params: &Params) -> u32 {
    if params.no_retargeting {
        return bits;
    }
    let timespan = params.pow_target_timespan;
    let actual = (i64::from(last_time) - i64::from(first_time)).clamp(timespan / 4, timespan * 4);
    let mut target = from_compact(bits).value;
    // One bit of room, so that the product cannot overflow.
    let shift = target.bits() > params.pow_limit.bits() - 1;
    if shift {
        target >>= 1;
    }
    let (product, _) = target.overflowing_mul(U256::from(actual.unsigned_abs()));
    target = product / U256::from(timespan.unsigned_abs());
    if shift {
        target <<= 1;
    }
    to_compact(target.min(params.pow_limit))
}

/// Seconds that the work between two blocks takes at the difficulty of `tip_bits`; negative if `to` has less work than
/// `from` (v0.21.5.5 src/chain.cpp, GetBlockProofEquivalentTime).
pub fn block_proof_equivalent_time(to: U256, from: U256, tip_bits: u32, params: &Params) -> i64 {
    let (difference, sign) = if to > from { (to - from, 1) } else { (from - to, -1) };
    let (product, _) = difference.overflowing_mul(U256::from(params.pow_target_spacing.unsigned_abs()));
    let seconds = product.checked_div(work_of(tip_bits)).unwrap_or(U256::MAX);
    sign * if seconds.bits() > 63 {
        i64::MAX
    } else {
        i64::try_from(seconds.low_u64()).expect("because it has 63 bits")
    }
}
