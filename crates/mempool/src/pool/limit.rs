//! Age and size of the pool, and the fee that keeps those out who would be evicted at once
//! (v0.21.5.5 src/txmempool.cpp, Expire, TrimToSize, GetMinFee).

use std::{collections::BTreeSet, sync::PoisonError};

use super::Mempool;
use crate::{change::Removal, policy::FeeRate};

/// Seconds in which the fee falls to its half while the pool is at least half full.
pub const ROLLING_FEE_HALFLIFE: i64 = 60 * 60 * 12;
/// Seconds between two looks at the clock.
const UPDATE_INTERVAL: i64 = 10;

/// The fee that was last needed to stay, falling since the next block.
#[derive(Debug, Clone, Copy)]
pub(super) struct RollingFee {
    /// Litoshis for 1000 virtual bytes.
    rate: f64,
    updated: i64,
    block_since_bump: bool,
}

impl RollingFee {
    pub(super) fn new(now: i64) -> Self {
        Self { rate: 0.0, updated: now, block_since_bump: false }
    }

    pub(super) fn on_block(&mut self, now: i64) {
        self.updated = now;
        self.block_since_bump = true;
    }

    fn bump(&mut self, rate: FeeRate) {
        let rate = as_float(rate.per_k());
        if rate > self.rate {
            self.rate = rate;
            self.block_since_bump = false;
        }
    }

    /// `usage` and `limit` are bytes of memory: an emptier pool forgets faster.
    fn decayed(mut self, usage: usize, limit: usize, incremental: FeeRate, now: i64) -> Self {
        if !self.block_since_bump || self.rate == 0.0 || now <= self.updated + UPDATE_INTERVAL {
            return self;
        }
        let halflife = as_float(ROLLING_FEE_HALFLIFE);
        let halflife = match () {
            () if usage < limit / 4 => halflife / 4.0,
            () if usage < limit / 2 => halflife / 2.0,
            () => halflife,
        };
        self.rate /= 2f64.powf(as_float(now - self.updated) / halflife);
        self.updated = now;
        if self.rate < as_float(incremental.per_k()) / 2.0 {
            self.rate = 0.0;
        }
        self
    }

    fn minimum(&self, incremental: FeeRate) -> FeeRate {
        #[expect(clippy::cast_possible_truncation, reason = "a cast from float saturates")]
        let rate = FeeRate(self.rate.round() as i64);
        if !self.block_since_bump || self.rate == 0.0 { rate } else { rate.max(incremental) }
    }
}

#[expect(clippy::cast_precision_loss, reason = "the reference computes the rolling fee in doubles")]
fn as_float(value: i64) -> f64 {
    value as f64
}

impl Mempool {
    /// The fee rate below which nothing is let in: what lower ones were evicted with, or zero.
    pub fn min_fee(&self, now: i64) -> FeeRate {
        self.min_fee_for(self.policy.max_memory, now)
    }

    /// The same for another limit of memory. How far the fee has fallen is remembered each time that somebody asks, as in
    /// the reference: a block starts the fall anew, and how fast it is depends on how full the pool is then.
    pub fn min_fee_for(&self, limit: usize, now: i64) -> FeeRate {
        let incremental = self.policy.incremental_relay_fee;
        let mut rolling = self.rolling.lock().unwrap_or_else(PoisonError::into_inner);
        *rolling = rolling.decayed(self.usage(), limit, incremental, now);
        rolling.minimum(incremental)
    }

    pub(super) fn rolling_mut(&mut self) -> &mut RollingFee {
        self.rolling.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes what came before this time, and all that depends on it; answers how many left.
    pub fn expire(&mut self, before: i64) -> usize {
        let mut stage = BTreeSet::new();
        for (_, txid) in self.by_time.iter().take_while(|(time, _)| *time < before) {
            self.add_descendants(txid, &mut stage);
        }
        self.remove_staged(&stage, false, Removal::Expiry);
        stage.len()
    }

    /// Removes the worst packages until the pool takes no more memory than this; answers how many left.
    pub fn trim_to_size(&mut self, limit: usize) -> usize {
        let mut removed = 0;
        while self.usage() > limit {
            let Some(worst) = self.by_descendants.first().copied() else { break };
            let package = *self.entries[&worst.txid()].with_descendants();
            let mut rate = FeeRate::of(package.fees(), package.size, package.mweb_weight);
            rate += self.policy.incremental_relay_fee;
            self.rolling_mut().bump(rate);
            let stage = self.descendants(&worst.txid());
            removed += stage.len();
            self.remove_staged(&stage, false, Removal::SizeLimit);
        }
        removed
    }

    /// Both limits of the policy (LimitMempoolSize).
    pub fn limit_size(&mut self, now: i64) {
        self.expire(now - self.policy.expiry);
        self.trim_to_size(self.policy.max_memory);
    }
}
