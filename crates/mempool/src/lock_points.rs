//! Relative lock times of a transaction in the pool, kept so that a reorganisation can ask again cheaply
//! (BIP68; v0.21.5.5 src/txmempool.h LockPoints, src/validation.cpp CheckSequenceLocks).

use litecast_consensus::tx::{SEQUENCE_LOCKTIME_DISABLE, SequenceLocks, has_sequence_locks};
use litecast_primitives::{BlockHash, Height, Transaction, view::HeaderView};

/// How long a transaction is locked, and the highest block that this depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockPoints {
    /// What the next block must have passed.
    pub locks: SequenceLocks,
    /// As long as this block is on the chain, the locks hold.
    pub deepest_input: (Height, BlockHash),
}

impl LockPoints {
    /// For the block on top of `chain`. `coin_heights` are those of the spent coins, in order; a coin of the pool has the
    /// height of that block.
    pub fn new(tx: &Transaction, coin_heights: &[Height], chain: &dyn HeaderView) -> Self {
        let next = chain.tip_height() + 1;
        let enforced = has_sequence_locks(tx);
        let inputs = tx.inputs().iter().zip(coin_heights);
        let counted = inputs.filter(|(input, coin_height)| {
            let disabled = input.sequence & SEQUENCE_LOCKTIME_DISABLE != 0;
            **coin_height != next && !(enforced && disabled)
        });
        let deepest = counted.map(|(_, coin_height)| *coin_height).max().unwrap_or(0);
        let hash = chain.at(deepest).map_or(BlockHash::ZERO, |header| header.hash);
        Self { locks: SequenceLocks::new(tx, coin_heights, chain), deepest_input: (deepest, hash) }
    }

    /// Whether the block on top of `chain` may contain the transaction.
    pub fn are_met(&self, chain: &dyn HeaderView) -> bool {
        self.locks.are_met(chain)
    }

    /// Whether the locks still hold on this chain.
    pub fn are_valid(&self, chain: &dyn HeaderView) -> bool {
        let (height, hash) = self.deepest_input;
        chain.at(height).is_some_and(|found| found.hash == hash)
    }
}
