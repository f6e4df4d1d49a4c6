//! Accepting headers (v0.21.5.5 src/validation.cpp, AcceptBlockHeader).

use litecast_consensus::{Reject, Rule, header};
use litecast_primitives::{BlockHash, BlockHeader, Height};
use litecast_scrypt::scrypt_1024_1_1;

use super::Writer;
use crate::{
    command::HeadersOutcome,
    index::{BlockIndex, ChainAt, Id, status},
    proof::Hashed,
};

impl Writer {
    pub(super) fn accept_headers(&mut self, headers: &[Hashed]) -> HeadersOutcome {
        let mut last = None;
        for (header, pow_hash) in headers {
            let pow_hash = || pow_hash.unwrap_or_else(|| scrypt_1024_1_1(&header.encode()));
            match self.accept_block_header(header, header.hash(), pow_hash) {
                Ok(_) => last = Some(header.hash()),
                Err(reject) => return HeadersOutcome { last, reject: Some(reject) },
            }
        }
        HeadersOutcome { last, reject: None }
    }

    /// Adds a header to the tree, or finds it there.
    pub(super) fn accept_block_header(
        &mut self,
        header: &BlockHeader,
        hash: BlockHash,
        pow_hash: impl FnOnce() -> [u8; 32],
    ) -> Result<Id, Reject> {
        let index = self.shared.index.upgradable_read();
        if let Some(id) = index.find(&hash) {
            return if index.entry(id).failed() { Err(Rule::DuplicateInvalid.into()) } else { Ok(id) };
        }
        header::check_block_header(header, &pow_hash(), &self.shared.params)?;
        let parent = index.find(&header.prev).ok_or(Rule::PrevNotFound)?;
        if index.entry(parent).failed() {
            return Err(Rule::BadPrevBlock.into());
        }
        let checkpoint = if self.options.checkpoints { self.last_checkpoint(&index) } else { None };
        let chain = ChainAt::new(&index, parent);
        let now = self.shared.clock.adjusted();
        header::contextual_check_block_header(header, &chain, &self.shared.params, now, checkpoint)?;
        let mut index = parking_lot::RwLockUpgradableReadGuard::upgrade(index);
        // A parent that was never connected may stand on a failed block without knowing it yet.
        if !index.is_valid(parent, status::VALID_SCRIPTS)
            && let Some(failed) = failed_ancestor(&index, parent, &self.failed)
        {
            let mut at = parent;
            while at != failed {
                index.entry_mut(at).status |= status::FAILED_CHILD;
                self.dirty.insert(at);
                at = index.entry(at).parent.expect("because the failed block is an ancestor");
            }
            return Err(Rule::BadPrevBlock.into());
        }
        let id = index.insert(*header, hash);
        self.dirty.insert(id);
        Ok(id)
    }

    fn last_checkpoint(&self, index: &BlockIndex) -> Option<Height> {
        self.shared.params.checkpoints.iter().rev().find(|(_, hash)| index.find(hash).is_some()).map(|(h, _)| *h)
    }
}

fn failed_ancestor(index: &BlockIndex, id: Id, failed: &std::collections::HashSet<Id>) -> Option<Id> {
    failed.iter().copied().find(|bad| index.ancestor(id, index.entry(*bad).height) == Some(*bad))
}
