//! Transactions leave (v0.21.5.5 src/txmempool.cpp, RemoveStaged, removeRecursive, removeForReorg, removeConflicts,
//! removeForBlock).

use std::{collections::BTreeSet, sync::Arc};

use litecast_consensus::{COINBASE_MATURITY, PEGOUT_MATURITY, tx::is_final_tx};
use litecast_primitives::{
    Block, Coin, Height, OutPoint, Transaction, Txid,
    view::{CoinView, HeaderView, ViewError},
};

use super::{LINK_USAGE, Mempool};
use crate::{
    change::{Change, Removal},
    entry::{Entry, OutputIndex, created_outputs, spent_outputs},
    lock_points::LockPoints,
};

/// What a block took out of the pool.
#[derive(Debug, Clone, Default)]
pub struct BlockRemoval {
    /// Transactions that are mined now, also those whose kernels alone stand in the block.
    pub mined: Vec<Arc<Transaction>>,
}

impl Mempool {
    /// Removes a set. `update_descendants` is needed where the set lacks descendants of its members.
    pub(crate) fn remove_staged(&mut self, stage: &BTreeSet<Txid>, update_descendants: bool, removal: Removal) {
        if update_descendants {
            for txid in stage {
                let own = self.entries[txid].own();
                for descendant in self.descendants(txid) {
                    if descendant != *txid {
                        self.modify(&descendant, |entry| entry.with_ancestors.subtract(&own));
                    }
                }
            }
        }
        for txid in stage {
            let own = self.entries[txid].own();
            // By links, not by what is spent: in the middle of a reorganisation they differ.
            let ancestors = self.ancestors(txid);
            let parents: Vec<Txid> = self.entries[txid].parents.iter().copied().collect();
            for parent in parents {
                if self.entries.get_mut(&parent).is_some_and(|entry| entry.children.remove(txid)) {
                    self.inner_usage -= LINK_USAGE;
                }
            }
            for ancestor in ancestors {
                self.modify(&ancestor, |entry| entry.with_descendants.subtract(&own));
            }
        }
        for txid in stage {
            let children: Vec<Txid> = self.entries[txid].children.iter().copied().collect();
            for child in children {
                if self.entries.get_mut(&child).is_some_and(|entry| entry.parents.remove(txid)) {
                    self.inner_usage -= LINK_USAGE;
                }
            }
        }
        for txid in stage {
            self.remove_unlinked(txid, removal);
        }
    }

    fn remove_unlinked(&mut self, txid: &Txid, removal: Removal) {
        let Some(entry) = self.entries.remove(txid) else { return };
        let sequence = self.next_sequence();
        for output in &entry.spent {
            if self.spent.get(output) == Some(txid) {
                self.spent.remove(output);
            }
        }
        for id in &entry.created {
            if self.created_inside.get(id) == Some(txid) {
                self.created_inside.remove(id);
            }
        }
        for kernel in &entry.kernels {
            if let Some(holders) = self.by_kernel.get_mut(kernel) {
                holders.remove(txid);
                if holders.is_empty() {
                    self.by_kernel.remove(kernel);
                }
            }
            if matches!(removal, Removal::Block | Removal::Reorg) {
                self.recent.put(*kernel, Arc::clone(entry.tx()));
            }
        }
        self.unbroadcast.remove(txid);
        self.by_wtxid.remove(&entry.tx().wtxid());
        self.by_descendants.remove(&crate::score::DescendantScore::of(&entry));
        self.by_ancestors.remove(&crate::score::AncestorScore::of(&entry));
        self.by_time.remove(&(entry.time(), *txid));
        self.total_size -= entry.size();
        self.inner_usage -= entry.usage() + (entry.parents.len() + entry.children.len()) * LINK_USAGE;
        // What is left of the vector of ids is given back when it is more than half empty; the last id leaves all its room.
        if !self.entries.is_empty() && self.entries.len() * 2 < self.hash_room {
            self.hash_room = self.entries.len();
        }
        self.updates += 1;
        self.fees.remove(txid, false);
        self.changes.push(Change::Removed { tx: Arc::clone(entry.tx()), removal, sequence });
    }

    /// Removes a transaction and all that depends on it, also if it is not here itself.
    pub fn remove_recursive(&mut self, tx: &Transaction, removal: Removal) {
        let mut stage = BTreeSet::new();
        if self.contains(&tx.txid()) {
            self.add_descendants(&tx.txid(), &mut stage);
        } else {
            for spender in created_outputs(tx).filter_map(|output| self.spender(&output)).collect::<BTreeSet<_>>() {
                self.add_descendants(&spender, &mut stage);
            }
        }
        self.remove_staged(&stage, false, removal);
    }

    /// Removes those that spend one of these outputs, and all that depends on them.
    fn remove_conflicts(&mut self, spent: impl Iterator<Item = OutputIndex>) {
        for output in spent {
            let Some(spender) = self.spender(&output) else { continue };
            self.clear_prioritisation(&spender);
            let stage = self.descendants(&spender);
            self.remove_staged(&stage, false, Removal::Conflict);
        }
    }

    /// A block was connected at this height: its transactions leave, and with them all that conflict with it.
    ///
    /// Unlike the reference, what spends an output inside that the block spends by another kernel leaves, too: it could
    /// never be mined.
    pub fn remove_for_block(&mut self, block: &Block, height: Height, now: i64) -> BlockRemoval {
        let mut transactions: Vec<Arc<Transaction>> = block.transactions().to_vec();
        self.rolling_mut().on_block(now);
        if self.is_empty() && self.deltas.is_empty() {
            // As in the initial download.
            self.fees.process_block(height, std::iter::empty());
            return BlockRemoval { mined: transactions };
        }
        if let Some(extension) = block.extension() {
            let mut by_kernel = BTreeSet::new();
            for kernel in &extension.body.kernels {
                by_kernel.extend(self.with_kernel(&kernel.id()).map(Entry::txid));
            }
            transactions.extend(by_kernel.iter().map(|txid| Arc::clone(self.entries[txid].tx())));
        }
        let mined = transactions.iter().filter_map(|tx| self.entries.get(&tx.txid()));
        self.fees.process_block(height, mined);
        for tx in &transactions {
            let txid = tx.txid();
            if self.contains(&txid) {
                self.remove_staged(&BTreeSet::from([txid]), true, Removal::Block);
            }
            self.remove_conflicts(spent_outputs(tx));
            self.clear_prioritisation(&txid);
        }
        let inside = block.extension().into_iter().flat_map(|extension| &extension.body.inputs);
        self.remove_conflicts(inside.map(|input| OutputIndex::Mweb(input.output_id)));
        BlockRemoval { mined: transactions }
    }

    /// After a reorganisation: what is not final, locked or immature on this chain leaves. `coins` are those of its tip.
    pub fn remove_for_reorg(&mut self, chain: &dyn HeaderView, coins: &dyn CoinView) -> Result<(), ViewError> {
        let next = chain.tip_height() + 1;
        let median_time = chain.median_time_past(chain.tip_height());
        let mut stage = BTreeSet::new();
        let mut changed = Vec::new();
        for entry in self.entries.values() {
            if !is_final_tx(entry.tx(), next, median_time) {
                self.add_descendants(&entry.txid(), &mut stage);
                continue;
            }
            let locks = if entry.lock_points().are_valid(chain) {
                Some(entry.lock_points())
            } else {
                self.lock_points(entry, chain, coins)?.inspect(|locks| changed.push((entry.txid(), *locks)))
            };
            let keeps = locks.is_some_and(|locks| locks.are_met(chain))
                && (!entry.spends_coinbase() || self.is_mature(entry, next, coins)?);
            if !keeps {
                self.add_descendants(&entry.txid(), &mut stage);
            }
        }
        for (txid, locks) in changed {
            self.modify(&txid, |entry| entry.set_lock_points(locks));
        }
        self.remove_staged(&stage, false, Removal::Reorg);
        Ok(())
    }

    fn lock_points(
        &self,
        entry: &Entry,
        chain: &dyn HeaderView,
        coins: &dyn CoinView,
    ) -> Result<Option<LockPoints>, ViewError> {
        let mut heights: Vec<Height> = Vec::with_capacity(entry.tx().inputs().len());
        for input in entry.tx().inputs() {
            let height = if self.contains(&input.prevout.txid) {
                chain.tip_height() + 1
            } else {
                match coins.coin(&input.prevout)? {
                    Some(coin) => coin.height,
                    None => return Ok(None),
                }
            };
            heights.push(height);
        }
        Ok(Some(LockPoints::new(entry.tx(), &heights, chain)))
    }

    /// Whether the coins that an entry spends exist and may be spent at `height`.
    fn is_mature(&self, entry: &Entry, height: Height, coins: &dyn CoinView) -> Result<bool, ViewError> {
        for input in entry.tx().inputs() {
            let OutPoint { txid, .. } = input.prevout;
            if self.contains(&txid) {
                continue;
            }
            let Some(Coin { height: created, is_coinbase, is_peg_out, .. }) = coins.coin(&input.prevout)? else {
                return Ok(false);
            };
            let depth = height.saturating_sub(created);
            if (is_coinbase && depth < COINBASE_MATURITY) || (is_peg_out && depth < PEGOUT_MATURITY) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
