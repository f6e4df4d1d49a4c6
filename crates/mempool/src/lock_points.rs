//! Relative lock times of a transaction in the pool, kept so that a reorganisation can ask again cheaply
//! (BIP68; v0.21.5.5 src/txmempool.h LockPoints, src/validation.cpp CheckSequenceLocks).

use litecast_primitives::{BlockHash, Height, Transaction, view::HeaderView};

const SEQUENCE_LOCKTIME_DISABLE: u32 = 1 << 31;
const SEQUENCE_LOCKTIME_IS_TIME: u32 = 1 << 22;
const SEQUENCE_LOCKTIME_MASK: u32 = 0xffff;
/// Relative times count in steps of 512 seconds.
const SEQUENCE_LOCKTIME_GRANULARITY: u32 = 9;

/// The last height and median time at which a transaction is still locked, and the highest block that this depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockPoints {
    /// The next block must be higher; -1 without a lock.
    pub height: i64,
    /// The median time must be later; -1 without a lock.
    pub time: i64,
    /// As long as this block is on the chain, the two numbers hold.
    pub deepest_input: (Height, BlockHash),
}

impl LockPoints {
    /// For the block on top of `chain`. `coin_heights` are those of the spent coins, in order; a coin of the pool has the
    /// height of that block.
    pub fn new(tx: &Transaction, coin_heights: &[Height], chain: &dyn HeaderView) -> Self {
        let next = chain.tip_height() + 1;
        let (mut height, mut time, mut deepest) = (-1, -1, 0);
        // Versions compare as unsigned; version 1 has no relative locks.
        let enforced = tx.version().cast_unsigned() >= 2;
        for (input, &coin_height) in tx.inputs().iter().zip(coin_heights) {
            let disabled = input.sequence & SEQUENCE_LOCKTIME_DISABLE != 0;
            if coin_height != next && !(enforced && disabled) {
                deepest = deepest.max(coin_height);
            }
            if !enforced || disabled {
                continue;
            }
            let lock = i64::from(input.sequence & SEQUENCE_LOCKTIME_MASK);
            if input.sequence & SEQUENCE_LOCKTIME_IS_TIME != 0 {
                let coin_time = chain.median_time_past(coin_height.saturating_sub(1));
                time = time.max(coin_time + (lock << SEQUENCE_LOCKTIME_GRANULARITY) - 1);
            } else {
                height = height.max(i64::from(coin_height) + lock - 1);
            }
        }
        let hash = chain.at(deepest).map_or(BlockHash::ZERO, |header| header.hash);
        Self { height, time, deepest_input: (deepest, hash) }
    }

    /// Whether the block on top of `chain` may contain the transaction.
    pub fn are_met(&self, chain: &dyn HeaderView) -> bool {
        self.height <= i64::from(chain.tip_height()) && self.time < chain.median_time_past(chain.tip_height())
    }

    /// Whether the numbers still hold on this chain.
    pub fn are_valid(&self, chain: &dyn HeaderView) -> bool {
        let (height, hash) = self.deepest_input;
        chain.at(height).is_some_and(|found| found.hash == hash)
    }
}
