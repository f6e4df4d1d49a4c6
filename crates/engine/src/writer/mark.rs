//! What an operator says about blocks: invalid, valid again, precious
//! (v0.21.5.5 src/validation.cpp, InvalidateBlock, ResetBlockFailureFlags, PreciousBlock).

use std::sync::Arc;

use litecast_mempool::DisconnectedTransactions;
use litecast_primitives::BlockHash;

use super::{Writer, blocks::candidate_key};
use crate::{
    error::EngineError,
    index::{Id, status},
};

/// Transactions of so many invalidated blocks come back; of a deeper one it is of no use.
const MAX_BROUGHT_BACK: u32 = 10;

impl Writer {
    pub(super) fn invalidate_block(&mut self, hash: &BlockHash) -> Result<(), EngineError> {
        let Some(id) = self.shared.index.read().find(hash) else { return Ok(()) };
        if self.shared.index.read().entry(id).parent.is_none() {
            return Ok(());
        }
        let (mut last, mut count) = (id, 0);
        while self.shared.index.read().is_active(id) {
            let mut off = DisconnectedTransactions::default();
            let undone = self.disconnect_tip(&mut off)?;
            count += 1;
            self.update_pool_for_reorg(off, count <= MAX_BROUGHT_BACK)?;
            let shared = Arc::clone(&self.shared);
            let mut index = shared.index.write();
            self.candidates.remove(&candidate_key(&index, undone));
            index.entry_mut(undone).status |= status::FAILED_VALID;
            self.dirty.insert(undone);
            // Only the lowest one broke a rule, so to speak; those above just stand on it.
            if index.entry(last).parent == Some(undone) {
                let above = index.entry_mut(last);
                above.status = above.status & !status::FAILED_VALID | status::FAILED_CHILD;
                self.dirty.insert(last);
            }
            last = undone;
            if let Some(tip) = index.tip() {
                self.candidates.insert(candidate_key(&index, tip));
            }
        }
        let shared = Arc::clone(&self.shared);
        {
            let mut index = shared.index.write();
            self.candidates.remove(&candidate_key(&index, last));
            index.entry_mut(last).status |= status::FAILED_VALID;
            self.dirty.insert(last);
            self.failed.insert(last);
        }
        {
            let index = shared.index.read();
            for other in index.ids() {
                self.consider(&index, other);
            }
        }
        self.invalid_chain_found(last);
        self.activate_best_chain(None)
    }

    pub(super) fn reconsider_block(&mut self, hash: &BlockHash) -> Result<(), EngineError> {
        let Some(id) = self.shared.index.read().find(hash) else { return Ok(()) };
        {
            let shared = Arc::clone(&self.shared);
            let mut index = shared.index.write();
            let height = index.entry(id).height;
            let family: Vec<Id> = index
                .ids()
                .filter(|other| {
                    let descends = index.ancestor(*other, height) == Some(id);
                    descends || index.ancestor(id, index.entry(*other).height) == Some(*other)
                })
                .filter(|other| index.entry(*other).failed())
                .collect();
            for other in family {
                index.entry_mut(other).status &= !status::FAILED_MASK;
                self.dirty.insert(other);
                self.failed.remove(&other);
                self.consider(&index, other);
            }
            let best = index
                .ids()
                .filter(|i| !index.entry(*i).failed())
                .max_by_key(|i| (index.entry(*i).work, std::cmp::Reverse(*i)));
            if let Some(best) = best
                && index.best_header().is_none_or(|now| index.entry(now).work < index.entry(best).work)
            {
                index.set_best_header(best);
            }
        }
        self.activate_best_chain(None)
    }

    pub(super) fn precious_block(&mut self, hash: &BlockHash) -> Result<(), EngineError> {
        {
            let shared = Arc::clone(&self.shared);
            let mut index = shared.index.write();
            let (Some(id), Some(tip)) = (index.find(hash), index.tip()) else { return Ok(()) };
            let tip_work = index.entry(tip).work;
            if index.entry(id).work < tip_work {
                return Ok(());
            }
            if tip_work > self.precious_work {
                self.precious_sequence = -1;
            }
            self.precious_work = tip_work;
            self.candidates.remove(&candidate_key(&index, id));
            index.entry_mut(id).sequence = self.precious_sequence;
            self.precious_sequence = self.precious_sequence.saturating_sub(1);
            if index.is_valid(id, status::VALID_TRANSACTIONS) && index.entry(id).have_chain_data() {
                self.candidates.insert(candidate_key(&index, id));
            }
        }
        self.prune_candidates();
        self.activate_best_chain(None)
    }
}
