//! Accepting blocks: checks that need no coins, storage, and linking into the tree
//! (v0.21.5.5 src/validation.cpp, ProcessNewBlock, AcceptBlock, ReceivedBlockTransactions).

use std::{cmp::Reverse, sync::Arc};

use litecast_consensus::{Category, Reject, block};
use litecast_primitives::{Block, Height};
use litecast_scrypt::scrypt_1024_1_1;
use litecast_store::FilePos;

use super::{CandidateKey, Writer};
use crate::{
    command::BlockOutcome,
    error::EngineError,
    index::{BlockIndex, ChainAt, Id, status},
};

/// An unrequested block further above the tip than this is not stored (v0.21.5.5 src/validation.h,
/// MIN_BLOCKS_TO_KEEP).
const TOO_FAR_AHEAD: Height = 288;

/// A block that passed or failed before the coins were asked.
enum Accepted {
    /// Stored now.
    New,
    /// Nothing to do: known, or of no use.
    Old,
}

impl Writer {
    pub(super) fn process_new_block(&mut self, block: &Arc<Block>, force: bool) -> Result<BlockOutcome, EngineError> {
        self.checked.clear();
        // Before anything is remembered about the header, as the reference does.
        let first = block::check_block(block).map_err(|reject| self.with_pow(block, reject));
        let result = match first {
            Ok(()) => self.accept_block(block, force, None)?,
            Err(reject) => Err(reject),
        };
        match result {
            Ok(accepted) => {
                self.activate_best_chain(Some(block))?;
                let new = matches!(accepted, Accepted::New);
                Ok(BlockOutcome { new, accepted: Ok(()), checked: std::mem::take(&mut self.checked) })
            }
            Err(reject) => {
                tracing::error!("AcceptBlock: {} ({})", reject, block.hash());
                let checked = vec![(block.hash(), Some(reject.clone()))];
                Ok(BlockOutcome { new: false, accepted: Err(reject), checked })
            }
        }
    }

    /// The reference looks at the proof of work first; it is only hashed when it may change the answer.
    fn with_pow(&self, block: &Block, reject: Reject) -> Reject {
        if self.shared.index.read().find(&block.hash()).is_some() {
            return reject;
        }
        let pow_hash = scrypt_1024_1_1(&block.header().encode());
        match litecast_consensus::header::check_block_header(block.header(), &pow_hash, &self.shared.params) {
            Ok(()) => reject,
            Err(first) => first,
        }
    }

    /// Checks and stores a block; `at` names its place when it lies in a block file already.
    pub(super) fn store_block(&mut self, block: &Arc<Block>, at: FilePos) -> Result<bool, EngineError> {
        if block::check_block(block).is_err() {
            return Ok(false);
        }
        Ok(matches!(self.accept_block(block, true, Some(at))?, Ok(Accepted::New)))
    }

    fn accept_block(
        &mut self,
        block: &Arc<Block>,
        requested: bool,
        at: Option<FilePos>,
    ) -> Result<Result<Accepted, Reject>, EngineError> {
        let header = block.header();
        let pow_hash = || scrypt_1024_1_1(&header.encode());
        let id = match self.accept_block_header(header, block.hash(), pow_hash) {
            Ok(id) => id,
            Err(reject) => return Ok(Err(reject)),
        };
        let verdict = {
            let index = self.shared.index.read();
            let entry = index.entry(id);
            let tip = index.tip().map(|tip| index.entry(tip));
            let leads_somewhere = tip.is_none_or(|tip| entry.work >= tip.work);
            let too_far = tip.is_some_and(|tip| entry.height > tip.height + TOO_FAR_AHEAD);
            let wanted = requested
                || (entry.tx_count == 0 && leads_somewhere && !too_far && entry.work >= self.shared.minimum_chain_work);
            if entry.have_data() || !wanted {
                return Ok(Ok(Accepted::Old));
            }
            match entry.parent {
                Some(parent) => {
                    let chain = ChainAt::new(&index, parent);
                    block::contextual_check_block(block, &self.shared.context(&chain))
                }
                None => Ok(()),
            }
        };
        if let Err(reject) = verdict {
            if reject.category() != Category::Mutated {
                self.shared.index.write().entry_mut(id).status |= status::FAILED_VALID;
                self.dirty.insert(id);
            }
            return Ok(Err(reject));
        }
        let pos = match at {
            Some(pos) => pos,
            None => self.store().append_block(block.received())?,
        };
        self.received_block_transactions(block, id, pos);
        Ok(Ok(Accepted::New))
    }

    /// The block is on disk: it and every block above it that waited may be connected now.
    pub(super) fn received_block_transactions(&mut self, block: &Block, id: Id, pos: FilePos) {
        let shared = Arc::clone(&self.shared);
        let mut index = shared.index.write();
        let segwit = index.entry(id).height >= shared.params.segwit_height;
        let entry = index.entry_mut(id);
        entry.tx_count = u32::try_from(block.transactions().len()).expect("because a block is bounded in size");
        entry.block = Some(pos);
        entry.undo = None;
        entry.status = entry.status & !status::HAVE_UNDO | status::HAVE_DATA;
        if segwit {
            entry.status |= status::OPT_WITNESS;
        }
        entry.raise_validity(status::VALID_TRANSACTIONS);
        let parent = entry.parent;
        self.dirty.insert(id);
        match parent {
            Some(parent) if !index.entry(parent).have_chain_data() => {
                self.unlinked.entry(parent).or_default().push(id);
            }
            _ => self.link(&mut index, id),
        }
    }

    /// All data below `id` is here: counts transactions and makes candidates of it and of what waited for it.
    pub(super) fn link(&mut self, index: &mut BlockIndex, id: Id) {
        let mut queue = std::collections::VecDeque::from([id]);
        while let Some(id) = queue.pop_front() {
            let below = index.entry(id).parent.map_or(0, |parent| index.entry(parent).chain_tx);
            let entry = index.entry_mut(id);
            entry.chain_tx = below + u64::from(entry.tx_count);
            entry.sequence = self.next_sequence;
            self.next_sequence += 1;
            if !is_worse_than_tip(index, id) {
                self.candidates.insert(candidate_key(index, id));
            }
            queue.extend(self.unlinked.remove(&id).into_iter().flatten());
        }
    }
}

/// The place of an entry among the candidates for the tip (CBlockIndexWorkComparator).
pub(super) fn candidate_key(index: &BlockIndex, id: Id) -> CandidateKey {
    let entry = index.entry(id);
    (entry.work, Reverse(entry.sequence), Reverse(id))
}

/// Whether the tip would be preferred over `id`.
pub(super) fn is_worse_than_tip(index: &BlockIndex, id: Id) -> bool {
    index.tip().is_some_and(|tip| candidate_key(index, id) < candidate_key(index, tip))
}
