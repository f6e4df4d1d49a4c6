//! Transactions of disconnected blocks come back (v0.21.5.5 src/txmempool.h DisconnectedBlockTransactions,
//! src/validation.cpp UpdateMempoolForReorg).
//!
//! In order: [`DisconnectedTransactions::add_block`] for each block taken off, highest first;
//! [`Mempool::remove_for_block`] and [`DisconnectedTransactions::remove_mined`] for each block put on; then
//! [`update_for_reorg`] once.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use litecast_primitives::{Block, Transaction, Txid, mweb::Kernel, view::ViewError};

use crate::{
    accept::{AcceptError, Arrival, Chain, accept},
    change::Removal,
    entry::{allocation, transaction_usage},
    pool::{BlockRemoval, Mempool},
};

/// Bytes of memory that wait at most (MAX_DISCONNECTED_TX_POOL_SIZE).
const MAX_USAGE: usize = 20_000 * 1000;
/// What a place costs beside its transaction.
const PLACE_USAGE: usize = allocation(16 + 6 * 8);

/// Transactions of blocks that were taken off and may come back. The last of the highest block was added first.
#[derive(Debug, Default)]
pub struct DisconnectedTransactions {
    /// In the order in which they were added.
    queue: BTreeMap<u64, Arc<Transaction>>,
    places: HashMap<Txid, u64>,
    next: u64,
    usage: usize,
}

impl DisconnectedTransactions {
    /// Takes the transactions of a block that was just taken off. What finds no room leaves the pool with all that depends
    /// on it.
    pub fn add_block(&mut self, block: &Block, pool: &mut Mempool) {
        let kernels = block.extension().into_iter().flat_map(|extension| &extension.body.kernels);
        let kernels: BTreeSet<_> = kernels.map(Kernel::id).collect();
        // First, so that a peg-in comes back with its MWEB part, which the block's copy lacks.
        for tx in kernels.iter().filter_map(|kernel| pool.recent_by_kernel(kernel)) {
            self.add(Arc::clone(tx));
        }
        for tx in block.transactions().iter().rev() {
            self.add(Arc::clone(tx));
        }
        while self.usage > MAX_USAGE {
            let Some((_, tx)) = self.queue.pop_first() else { break };
            self.places.remove(&tx.txid());
            self.usage -= usage(&tx);
            pool.remove_recursive(&tx, Removal::Reorg);
        }
    }

    fn add(&mut self, tx: Arc<Transaction>) {
        if self.places.contains_key(&tx.txid()) {
            return;
        }
        self.places.insert(tx.txid(), self.next);
        self.usage += usage(&tx);
        self.queue.insert(self.next, tx);
        self.next += 1;
    }

    /// These stand in a block of the new chain.
    pub fn remove_mined(&mut self, removal: &BlockRemoval) {
        for tx in &removal.mined {
            if let Some(tx) = self.places.remove(&tx.txid()).and_then(|place| self.queue.remove(&place)) {
                self.usage -= usage(&tx);
            }
        }
    }

    /// Number of transactions that wait.
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }
}

fn usage(tx: &Transaction) -> usize {
    PLACE_USAGE + transaction_usage(tx)
}

/// Makes the pool fit the new tip: brings back what waits, the earliest first, or removes what depends on it; then
/// removes what the new chain does not allow, and limits the size. Without `bring_back` nothing returns.
pub fn update_for_reorg(
    pool: &mut Mempool,
    disconnected: DisconnectedTransactions,
    chain: &Chain<'_>,
    now: i64,
    bring_back: bool,
) -> Result<(), ViewError> {
    let arrival = Arrival { bypass_limits: true, ..Arrival::at(now) };
    let mut returned = Vec::new();
    for tx in disconnected.queue.into_values().rev() {
        let wanted = bring_back && !tx.is_coinbase() && !tx.is_hogex();
        let accepted = wanted
            && match accept(pool, &tx, chain, arrival) {
                Ok(_) => true,
                Err(AcceptError::Reject(_)) => false,
                Err(AcceptError::View(error)) => return Err(error),
            };
        if accepted {
            returned.push(tx.txid());
        } else {
            pool.remove_recursive(&tx, Removal::Reorg);
        }
    }
    pool.update_transactions_from_block(&returned);
    pool.remove_for_reorg(chain.headers, chain.coins)?;
    pool.limit_size(now);
    Ok(())
}
