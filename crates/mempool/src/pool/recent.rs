//! Transactions with an MWEB part that left because of a block, by kernel: blocks do not keep them apart, so after a
//! reorganisation only this memory can bring them back (v0.21.5.5 src/txmempool.h, recentTxsByKernel).

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use litecast_primitives::{Transaction, hash::MwebHash};

/// Kernels that are remembered (DEFAULT_MEMPOOL_MWEB_CACHE_SIZE).
const CAPACITY: usize = 1000;

/// First in, first out.
#[derive(Debug, Default)]
pub(super) struct RecentByKernel {
    order: VecDeque<MwebHash>,
    transactions: HashMap<MwebHash, Arc<Transaction>>,
}

impl RecentByKernel {
    pub(super) fn put(&mut self, kernel: MwebHash, tx: Arc<Transaction>) {
        if self.transactions.insert(kernel, tx).is_some() {
            return;
        }
        self.order.push_back(kernel);
        if self.order.len() > CAPACITY
            && let Some(oldest) = self.order.pop_front()
        {
            self.transactions.remove(&oldest);
        }
    }

    pub(super) fn get(&self, kernel: &MwebHash) -> Option<&Arc<Transaction>> {
        self.transactions.get(kernel)
    }
}
