//! Compact blocks between peers (BIP152; v0.21.5.5 src/net_processing.cpp): who sends them and in which version, what
//! becomes of one that comes, and answers to `getblocktxn`.
//!
//! A block that lacks transactions stays under way from its peer as a [`PartialBlock`], one for each peer; the reference
//! allows sixteen. More compact blocks of that peer are only tried at once, as are those of a block that is under way
//! from another. Who sends a compact block vouches for its header alone: that the block proves invalid is not punished.

use std::sync::Arc;

use litecast_primitives::{BlockHash, Transaction, transaction::Encoding};
use rand::Rng;

use super::{
    Context, Fsm,
    download::{MAX_BLOCKS_IN_TRANSIT_PER_PEER, Way},
    input::{PeerId, Reject},
    output::Output,
    peer::{PartialDownload, PendingHeaders},
};
use crate::{
    archive::Wanted,
    chain::BlockEntry,
    compact::{PartialBlock, ReadError},
    message::{BlockTxn, CompactBlock, ExtensionField, GetBlockTxn, InvType, Inventory, Message},
    services::ServiceFlags,
    time::Time,
};

/// From here on BIP152 (v0.21.5.5 src/version.h, SHORT_IDS_BLOCKS_VERSION).
const SHORT_IDS_BLOCKS_VERSION: i32 = 70_014;
/// Peers that are asked to announce with compact blocks.
const MAX_ANNOUNCERS: usize = 3;
/// How far below the tip blocks are served as compact ones (MAX_CMPCTBLOCK_DEPTH).
const MAX_CMPCTBLOCK_DEPTH: u32 = 5;
/// How far below the tip single transactions are served (MAX_BLOCKTXN_DEPTH).
const MAX_BLOCKTXN_DEPTH: u32 = 10;
/// Compact blocks of one peer about one block that are tried at once. Each try looks at the whole mempool, and honest peers
/// send one; the reference does not count.
const MAX_GUESSES: u8 = 4;
/// How far above the tip a compact block is worth a try.
const MAX_AHEAD: u32 = 2;

/// A peer's part of the negotiation. The first `sendcmpct` of a version that this node speaks settles the version.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct CompactState {
    /// It sends compact blocks on request (fProvidesHeaderAndIDs).
    provides: bool,
    /// In version 2 or 3 (fWantsCmpctWitness).
    witness: bool,
    /// In version 3 (fWantsCmpctMWEB).
    mweb: bool,
    /// It wants new blocks as compact ones (fPreferHeaderAndIDs).
    pub(super) prefers: bool,
    /// It speaks the highest version that this node speaks (fSupportsDesiredCmpctVersion).
    pub(super) supported: bool,
}

impl CompactState {
    /// What it reads, and what it sends.
    pub(super) fn encoding(self) -> Encoding {
        match self {
            Self { mweb: true, .. } => Encoding::Full,
            Self { witness: true, .. } => Encoding::Witness,
            _ => Encoding::Base,
        }
    }

    fn version(self) -> u64 {
        version_of(self.encoding())
    }
}

fn version_of(encoding: Encoding) -> u64 {
    match encoding {
        Encoding::Base => 1,
        Encoding::Witness => 2,
        Encoding::Full => 3,
    }
}

impl Fsm {
    /// The versions that this node speaks, the best first.
    fn compact_versions(&self) -> impl Iterator<Item = u64> + use<> {
        let services = self.config.services;
        let (mweb, witness) = (services.has(ServiceFlags::MWEB), services.has(ServiceFlags::WITNESS));
        [(3, mweb), (2, witness), (1, true)].into_iter().filter_map(|(version, spoken)| spoken.then_some(version))
    }

    /// Says which versions are spoken; announcements are not asked for yet.
    pub(super) fn offer_compact_blocks(&mut self, id: PeerId) {
        if self.peers.get(&id).is_some_and(|peer| peer.common_version >= SHORT_IDS_BLOCKS_VERSION) {
            for version in self.compact_versions() {
                self.send(id, &Message::SendCmpct { announce: false, version });
            }
        }
    }

    pub(super) fn on_sendcmpct(&mut self, id: PeerId, announce: bool, version: u64) {
        let mut spoken = self.compact_versions();
        let best = spoken.next();
        if best != Some(version) && !spoken.any(|known| known == version) {
            return;
        }
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let state = &mut peer.compact;
        if !state.provides {
            (state.provides, state.witness, state.mweb) = (true, version >= 2, version >= 3);
        }
        if state.version() == version {
            state.prefers = announce;
        }
        state.supported |= best == Some(version);
    }

    /// A peer gave a block that is the new tip: it becomes one of three that announce with compact blocks
    /// (MaybeSetPeerAsAnnouncingHeaderAndIDs).
    pub(super) fn maybe_set_announcer(&mut self, id: PeerId) {
        let Some(peer) = self.peers.get(&id).filter(|p| p.compact.supported && p.compact.provides) else { return };
        let version = peer.compact.version();
        if let Some(at) = self.announcers.iter().position(|known| *known == id) {
            self.announcers.remove(at);
        } else {
            if self.announcers.len() >= MAX_ANNOUNCERS
                && let Some(oldest) = self.announcers.pop_front()
            {
                self.send(oldest, &Message::SendCmpct { announce: false, version });
            }
            self.send(id, &Message::SendCmpct { announce: true, version });
        }
        self.announcers.push_back(id);
    }

    /// A compact block of this block, for this peer.
    pub(super) fn want_compact(&mut self, id: PeerId, hash: BlockHash) -> Option<Wanted> {
        let encoding = self.peers.get(&id)?.compact.encoding();
        Some(Wanted::CompactBlock(hash, encoding, self.rng.next_u64()))
    }

    /// Answers a request for a compact block: with the whole one where the peer's pool would be of no use.
    pub(super) fn want_requested_compact(&mut self, cx: Context<'_>, id: PeerId, block: &BlockEntry) -> Option<Wanted> {
        if self.can_direct_fetch(cx) && block.height + MAX_CMPCTBLOCK_DEPTH >= cx.chain.tip().height {
            return self.want_compact(id, block.hash);
        }
        Some(Wanted::Block(block.hash, self.peers.get(&id)?.compact.encoding()))
    }

    pub(super) fn on_getblocktxn(&mut self, cx: Context<'_>, id: PeerId, request: GetBlockTxn) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let Some(block) = cx.chain.entry(&request.block).filter(|block| block.have_data) else {
            tracing::debug!(target: "net", peer = id, "getblocktxn for a block we don't have");
            return;
        };
        let encoding = peer.compact.encoding();
        if block.height + MAX_BLOCKTXN_DEPTH >= cx.chain.tip().height {
            self.want(id, Wanted::Transactions(request, encoding));
        } else {
            // The whole block costs the peer as much as it costs us.
            peer.getdata.push_back(Inventory::block(InvType::block(encoding), &request.block));
        }
    }

    pub(super) fn on_cmpctblock(&mut self, cx: Context<'_>, id: PeerId, compact: Box<CompactBlock>, at: Time) {
        if cx.chain.is_importing() {
            return;
        }
        let Some(peer) = self.peers.get_mut(&id) else { return };
        if peer.compact.mweb == (compact.extension == ExtensionField::Absent) {
            tracing::debug!(target: "net", peer = id, "cmpctblock of another version");
            return;
        }
        if cx.chain.entry(&compact.header.prev).is_none() {
            if !cx.chain.is_initial_download() {
                let best = cx.chain.best_header();
                self.send_getheaders(cx, id, &best.hash, BlockHash::ZERO);
            }
            return;
        }
        let (header, last) = (compact.header, compact.header.hash());
        let new = cx.chain.entry(&last).is_none();
        peer.pending_headers =
            Some(PendingHeaders { announced: vec![last], count: 1, last, new, compact: Some((compact, at)) });
        self.out.push(Output::SubmitHeaders { peer: id, headers: vec![header] });
    }

    /// The header of a compact block was looked at.
    pub(super) fn on_compact_verdict(
        &mut self,
        cx: Context<'_>,
        id: PeerId,
        (compact, at): (Box<CompactBlock>, Time),
        new: bool,
        verdict: Result<(), Reject>,
    ) {
        if let Err(reject) = verdict {
            return self.punish_for_block(id, &reject, true);
        }
        let hash = compact.header.hash();
        self.note_announcement(cx, id, &hash, new);
        let (Some(block), Some(peer)) = (cx.chain.entry(&hash), self.peers.get_mut(&id)) else { return };
        peer.announced(cx.chain, &hash);
        let state = peer.compact;
        let full_hands = peer.in_flight.len() >= MAX_BLOCKS_IN_TRANSIT_PER_PEER
            || peer.in_flight.iter().any(|b| b.hash != hash && b.partial.is_waiting());
        let holder = self.in_flight.get(&hash).copied();
        if block.have_data || self.submitted.contains_key(&hash) {
            return;
        }
        let tip = cx.chain.tip();
        // The pool is about what comes next, not about the past.
        if block.chain_work <= tip.chain_work || block.have_chain_data {
            if holder.is_some() {
                self.ask_whole(id, hash);
            }
            return;
        }
        if holder.is_none() && !self.can_direct_fetch(cx) {
            return;
        }
        let lacks_witness = block.height >= self.config.params.segwit_height && !state.witness;
        if lacks_witness || (!state.mweb && cx.chain.is_mweb_block(&block)) {
            return;
        }
        if block.height > tip.height + MAX_AHEAD {
            if holder.is_some() {
                self.ask_whole(id, hash);
            } else {
                self.headers_accepted(cx, id, 1, hash, new);
            }
        } else if !full_hands && holder.is_none_or(|holder| holder == id) {
            self.begin_partial(cx, id, &block, *compact, at);
        } else if self.may_guess(id, hash) {
            self.try_at_once(cx, id, *compact, at);
        }
    }

    fn begin_partial(&mut self, cx: Context<'_>, id: PeerId, block: &BlockEntry, compact: CompactBlock, at: Time) {
        let hash = block.hash;
        if self.in_flight.get(&hash) != Some(&id) {
            self.mark_in_flight(cx, id, block);
        }
        if self.partial_of(id, &hash).is_none_or(|partial| !matches!(partial, PartialDownload::None)) {
            tracing::debug!(target: "net", peer = id, %hash, "peer sent a compact block that is under way already");
            return;
        }
        let Ok(mut partial) = PartialBlock::new(compact) else {
            self.mark_received(cx, &hash, Some(id));
            return self.misbehaving(id, 100, "invalid compact block");
        };
        let collided = partial.collided();
        let mut missing = Vec::new();
        if !collided {
            partial.take_from_pool(self.pool_matches(cx, partial.wanted()));
            missing = partial.missing();
        }
        if let Some(place) = self.partial_of(id, &hash) {
            *place = PartialDownload::Waiting(Box::new(partial));
        }
        if collided {
            self.ask_whole(id, hash);
        } else if missing.is_empty() {
            self.complete_partial(cx, id, hash, Vec::new(), at);
        } else {
            self.send(id, &Message::GetBlockTxn(GetBlockTxn { block: hash, indexes: missing }));
        }
    }

    /// Counts the tries of a peer at a block.
    fn may_guess(&mut self, id: PeerId, hash: BlockHash) -> bool {
        let Some(peer) = self.peers.get_mut(&id) else { return false };
        let (guessed, tries) = peer.guesses.filter(|(guessed, _)| *guessed == hash).unwrap_or((hash, 0));
        peer.guesses = Some((guessed, (tries + 1).min(MAX_GUESSES)));
        tries < MAX_GUESSES
    }

    /// A block that is under way elsewhere may be complete here without another word.
    fn try_at_once(&mut self, cx: Context<'_>, id: PeerId, compact: CompactBlock, at: Time) {
        let Ok(mut partial) = PartialBlock::new(compact) else { return };
        if partial.collided() {
            return;
        }
        partial.take_from_pool(self.pool_matches(cx, partial.wanted()));
        if let Ok(block) = partial.fill(Vec::new()) {
            self.submit(id, Arc::new(block), true, Way::Guessed, at);
        }
    }

    pub(super) fn on_blocktxn(&mut self, cx: Context<'_>, id: PeerId, answer: BlockTxn, at: Time) {
        if !cx.chain.is_importing() {
            self.complete_partial(cx, id, answer.block, answer.transactions, at);
        }
    }

    fn complete_partial(
        &mut self,
        cx: Context<'_>,
        id: PeerId,
        hash: BlockHash,
        missing: Vec<Arc<Transaction>>,
        at: Time,
    ) {
        let filled = match self.partial_of(id, &hash).map(std::mem::take) {
            None => return tracing::debug!(target: "net", peer = id, %hash, "blocktxn that was not asked for"),
            Some(PartialDownload::None) => {
                return tracing::debug!(target: "net", peer = id, %hash, "blocktxn of a block that was asked for whole");
            }
            Some(PartialDownload::Spent) => Err(ReadError::Invalid),
            Some(PartialDownload::Waiting(partial)) => partial.fill(missing),
        };
        match filled {
            Ok(block) => {
                self.mark_received(cx, &hash, Some(id));
                self.submit(id, Arc::new(block), true, Way::Compact, at);
            }
            Err(ReadError::Invalid) => {
                self.mark_received(cx, &hash, Some(id));
                self.misbehaving(id, 100, "invalid compact block/non-matching block transactions");
            }
            Err(ReadError::Failed) => {
                if let Some(place) = self.partial_of(id, &hash) {
                    *place = PartialDownload::Spent;
                }
                self.ask_whole(id, hash);
            }
        }
    }

    /// The place for a partial block, if the block is under way from this peer.
    fn partial_of(&mut self, id: PeerId, hash: &BlockHash) -> Option<&mut PartialDownload> {
        let peer = self.peers.get_mut(&id)?;
        peer.in_flight.iter_mut().find(|block| block.hash == *hash).map(|block| &mut block.partial)
    }

    fn ask_whole(&mut self, id: PeerId, hash: BlockHash) {
        let kind = self.fetch_type(id);
        self.send(id, &Message::GetData(vec![Inventory::block(kind, &hash)]));
    }
}
