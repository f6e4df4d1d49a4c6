//! What each peer has, and what it knows that we have.

use litecast_primitives::BlockHash;

use super::{
    Context, Fsm,
    input::PeerId,
    peer::{Known, Peer},
};
use crate::chain::{BlockEntry, Chain};

impl Peer {
    /// The last block that the peer announced may have become known (ProcessBlockAvailability).
    pub(super) fn refresh_best_known(&mut self, chain: &dyn Chain) {
        if let Some(entry) = self.last_unknown.and_then(|hash| chain.entry(&hash)) {
            self.last_unknown = None;
            self.raise_best_known(&entry);
        }
    }

    /// The peer announced a block (UpdateBlockAvailability).
    pub(super) fn announced(&mut self, chain: &dyn Chain, hash: &BlockHash) {
        self.refresh_best_known(chain);
        match chain.entry(hash) {
            Some(entry) => self.raise_best_known(&entry),
            None => self.last_unknown = Some(*hash),
        }
    }

    fn raise_best_known(&mut self, entry: &BlockEntry) {
        if self.best_known.is_none_or(|best| entry.chain_work >= best.work) {
            self.best_known = Some(Known::from(entry));
        }
    }

    /// Whether the peer has this header, from its or from our announcements (PeerHasHeader).
    pub(super) fn has_header(&self, chain: &dyn Chain, entry: &BlockEntry) -> bool {
        [self.best_known, self.best_header_sent]
            .into_iter()
            .flatten()
            .any(|known| chain.ancestor(&known.hash, entry.height).is_some_and(|ancestor| ancestor.hash == entry.hash))
    }
}

impl Fsm {
    /// The tip is recent: what is announced now is worth fetching at once (CanDirectFetch).
    pub(super) fn can_direct_fetch(&self, cx: Context<'_>) -> bool {
        i64::from(cx.chain.tip().header.time) > cx.adjusted - self.config.params.pow_target_spacing * 20
    }

    /// Whether the peer can give this block with all that belongs to it.
    pub(super) fn can_give(&self, cx: Context<'_>, id: PeerId, block: &BlockEntry) -> bool {
        let Some(peer) = self.peers.get(&id) else { return false };
        (peer.has_witness() || block.height < self.config.params.segwit_height)
            && (peer.has_mweb() || !cx.chain.is_mweb_block(block))
    }
}
