//! Header sync: `getheaders`, `headers`, and `inv` of blocks, which leads to them
//! (v0.21.5.5 src/net_processing.cpp, ProcessHeadersMessage).

use std::time::Duration;

use litecast_primitives::{BlockHash, BlockHeader};

use super::{
    Context, Fsm,
    download::MAX_BLOCKS_IN_TRANSIT_PER_PEER,
    input::{PeerId, Reject},
    output::{DisconnectReason, Output},
    peer::PendingHeaders,
};
use crate::message::{InvType, Inventory, Locate, MAX_HEADERS_RESULTS, Message};

/// Fewer headers than this may be an announcement, which may fail to connect (MAX_BLOCKS_TO_ANNOUNCE).
pub(super) const MAX_BLOCKS_TO_ANNOUNCE: usize = 8;
/// That many unconnecting announcements in a row are misbehaviour.
const MAX_UNCONNECTING_HEADERS: u32 = 10;
/// Time for the first headers: 15 minutes and 1 ms for each that is expected.
const HEADERS_DOWNLOAD_TIMEOUT_BASE: Duration = Duration::from_secs(15 * 60);
const HEADERS_DOWNLOAD_TIMEOUT_PER_HEADER: Duration = Duration::from_millis(1);
/// Best headers older than this, in seconds, mean that the node is far behind.
pub(super) const FAR_BEHIND: i64 = 24 * 60 * 60;

impl Fsm {
    pub(super) fn send_getheaders(&mut self, cx: Context<'_>, id: PeerId, from: &BlockHash, stop: BlockHash) {
        let locator = cx.chain.locator(from);
        let version = super::PROTOCOL_VERSION.unsigned_abs();
        self.send(id, &Message::GetHeaders(Locate { version, locator, stop }));
    }

    /// Asks one peer for headers while far behind, everybody when close to today.
    pub(super) fn start_header_sync(&mut self, cx: Context<'_>, id: PeerId) {
        let others = self.peers.values().any(|p| p.sync_started);
        let fetch = self.may_fetch(id);
        let Some(peer) = self.peers.get_mut(&id) else { return };
        if peer.sync_started || peer.is_client() || cx.chain.is_importing() {
            return;
        }
        let best = cx.chain.best_header();
        let age = cx.adjusted - i64::from(best.header.time);
        if (others || !fetch) && age >= FAR_BEHIND {
            return;
        }
        peer.sync_started = true;
        let expected = u32::try_from(age.max(0) / self.config.params.pow_target_spacing).unwrap_or(u32::MAX);
        peer.headers_timeout =
            Some(cx.now + HEADERS_DOWNLOAD_TIMEOUT_BASE + HEADERS_DOWNLOAD_TIMEOUT_PER_HEADER * expected);
        // From one below the best: then a peer with the same chain answers with a header, which says what it has.
        let start = if best.height > 0 { best.header.prev } else { best.hash };
        tracing::debug!(target: "net", peer = id, height = best.height, "initial getheaders");
        self.send_getheaders(cx, id, &start, BlockHash::ZERO);
    }

    pub(super) fn on_headers(&mut self, cx: Context<'_>, id: PeerId, headers: Vec<BlockHeader>) {
        if cx.chain.is_importing() {
            return;
        }
        let (Some(first), Some(peer)) = (headers.first(), self.peers.get_mut(&id)) else { return };
        let count = headers.len();
        if count < MAX_BLOCKS_TO_ANNOUNCE && cx.chain.entry(&first.prev).is_none() {
            peer.unconnecting_headers = peer.unconnecting_headers.saturating_add(1);
            let streak = peer.unconnecting_headers;
            let last = headers.last().map_or(first.prev, BlockHeader::hash);
            peer.announced(cx.chain, &last);
            let best = cx.chain.best_header();
            self.send_getheaders(cx, id, &best.hash, BlockHash::ZERO);
            if streak.is_multiple_of(MAX_UNCONNECTING_HEADERS) {
                self.misbehaving(id, 20, &format!("{streak} non-connecting headers"));
            }
            return;
        }
        let mut last = first.prev;
        for header in &headers {
            if header.prev != last {
                return self.misbehaving(id, 20, "non-continuous headers sequence");
            }
            last = header.hash();
        }
        let new = cx.chain.entry(&last).is_none();
        let short = count <= MAX_BLOCKS_IN_TRANSIT_PER_PEER;
        let announced = if short { headers.iter().map(BlockHeader::hash).collect() } else { Vec::new() };
        peer.pending_headers = Some(PendingHeaders { announced, count, last, new, compact: None });
        self.out.push(Output::SubmitHeaders { peer: id, headers });
    }

    pub(super) fn on_headers_verdict(&mut self, cx: Context<'_>, id: PeerId, verdict: Result<(), Reject>) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let Some(PendingHeaders { count, last, new, compact, .. }) = peer.pending_headers.take() else { return };
        if let Some(compact) = compact {
            return self.on_compact_verdict(cx, id, compact, new, verdict);
        }
        match verdict {
            Ok(()) => self.headers_accepted(cx, id, count, last, new),
            Err(reject) => self.punish_for_block(id, &reject, false),
        }
    }

    /// What follows from good headers, of which `last` is the last.
    pub(super) fn headers_accepted(&mut self, cx: Context<'_>, id: PeerId, count: usize, last: BlockHash, new: bool) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        peer.unconnecting_headers = 0;
        peer.announced(cx.chain, &last);
        tracing::debug!(target: "net", peer = id, count, %last, new, "headers accepted");
        if count == MAX_HEADERS_RESULTS {
            self.send_getheaders(cx, id, &last, BlockHash::ZERO);
        }
        self.note_announcement(cx, id, &last, new);
        self.direct_fetch(cx, id, &last);
        let minimum = self.config.minimum_chain_work;
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let too_little = peer.best_known.is_some_and(|best| best.work < minimum);
        if cx.chain.is_initial_download() && count != MAX_HEADERS_RESULTS && too_little && peer.kind.is_replaceable() {
            peer.close(DisconnectReason::InsufficientWork);
        }
        self.maybe_protect(cx, id);
    }

    /// A new header with more work than the tip: the peer is of use.
    pub(super) fn note_announcement(&mut self, cx: Context<'_>, id: PeerId, hash: &BlockHash, new: bool) {
        let better = new && cx.chain.entry(hash).is_some_and(|entry| entry.chain_work > cx.chain.tip().chain_work);
        if let Some(peer) = self.peers.get_mut(&id).filter(|_| better) {
            peer.last_announcement = Some(cx.clock);
        }
    }

    pub(super) fn on_inv(&mut self, cx: Context<'_>, id: PeerId, entries: &[Inventory]) {
        self.on_tx_inv(cx, id, entries);
        let Some(peer) = self.peers.get_mut(&id).filter(|peer| peer.closing.is_none()) else { return };
        let mut best = None;
        for entry in entries.iter().filter(|e| e.kind == InvType::BLOCK) {
            let hash = entry.block_hash();
            peer.announced(cx.chain, &hash);
            let wanted = cx.chain.entry(&hash).is_none() && !self.in_flight.contains_key(&hash);
            if wanted && !cx.chain.is_importing() {
                best = Some(hash);
            }
        }
        if let Some(stop) = best {
            let from = cx.chain.best_header();
            self.send_getheaders(cx, id, &from.hash, stop);
        }
    }
}
