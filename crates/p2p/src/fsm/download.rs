//! Block download: from several peers at once, in a window above the last block in common; stalling and timeouts
//! (v0.21.5.5 src/net_processing.cpp, FindNextBlocksToDownload and the end of SendMessages).

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use litecast_primitives::{Block, BlockHash, transaction::Encoding};

use super::{
    Context, Fsm,
    connections::ConnectionType,
    headers::FAR_BEHIND,
    input::{BlockVerdict, PeerId, Permissions},
    output::{DisconnectReason, Output},
    peer::{Known, PartialDownload, Peer, QueuedBlock},
};
use crate::{
    chain::BlockEntry,
    message::{InvType, Inventory, Message},
    time::Time,
};

/// Blocks asked of one peer at the same time (MAX_BLOCKS_IN_TRANSIT_PER_PEER).
pub const MAX_BLOCKS_IN_TRANSIT_PER_PEER: usize = 16;
/// How far above the last common block is fetched (BLOCK_DOWNLOAD_WINDOW).
const BLOCK_DOWNLOAD_WINDOW: u32 = 1024;
/// How long a peer may hold back the window.
const BLOCK_STALLING_TIMEOUT: Duration = Duration::from_secs(2);
/// Blocks whose sender is remembered until they prove valid.
const MAX_SOURCES: usize = 2048;

/// How a block came to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// As `block`.
    Whole,
    /// As compact block.
    Compact,
    /// As compact block while it was under way from another peer.
    Guessed,
}

/// Who sent a block, until it proves valid.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source {
    pub(super) hash: BlockHash,
    pub(super) peer: PeerId,
    pub(super) way: Way,
}

/// Who waits for the verdict on a block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sender {
    peer: PeerId,
    way: Way,
    bytes: usize,
}

/// What a look for blocks found.
#[derive(Default)]
struct Found {
    blocks: Vec<BlockEntry>,
    /// Who holds the window back, if nothing else could be found because of it.
    staller: Option<PeerId>,
}

impl Fsm {
    /// Blocks may be fetched from this peer: it is preferred, or nobody is (fFetch).
    pub(super) fn may_fetch(&self, id: PeerId) -> bool {
        let Some(peer) = self.peers.get(&id) else { return false };
        peer.is_preferred()
            || (!peer.is_client()
                && peer.kind != ConnectionType::AddrFetch
                && !self.peers.values().any(Peer::is_preferred))
    }

    /// Everything the peer can give (GetFetchFlags).
    pub(super) fn fetch_type(&self, id: PeerId) -> InvType {
        match self.peers.get(&id) {
            Some(peer) if peer.has_mweb() => InvType::block(Encoding::Full),
            Some(peer) if peer.has_witness() => InvType::block(Encoding::Witness),
            _ => InvType::block(Encoding::Base),
        }
    }

    /// Asks the peer for blocks that it has and nobody was asked for.
    pub(super) fn request_blocks(&mut self, cx: Context<'_>, id: PeerId) {
        let fetch = self.may_fetch(id);
        let Some(peer) = self.peers.get(&id) else { return };
        let wanted = !peer.is_client() && ((fetch && !peer.is_limited()) || !cx.chain.is_initial_download());
        if !wanted || peer.closing.is_some() || peer.in_flight.len() >= MAX_BLOCKS_IN_TRANSIT_PER_PEER {
            return;
        }
        let count = MAX_BLOCKS_IN_TRANSIT_PER_PEER - peer.in_flight.len();
        let found = self.find_next_blocks(cx, id, count);
        self.request(cx, id, &found.blocks, None);
        let idle = self.peers.get(&id).is_some_and(|p| p.in_flight.is_empty());
        if let Some(staller) = found.staller.filter(|_| idle).and_then(|s| self.peers.get_mut(&s))
            && staller.stalling_since.is_none()
        {
            tracing::debug!(target: "net", peer = staller.id, "stall started");
            staller.stalling_since = Some(cx.now);
        }
    }

    /// Asks for blocks. `parent`: that of the last one, where it was announced just now.
    fn request(&mut self, cx: Context<'_>, id: PeerId, blocks: &[BlockEntry], parent: Option<&BlockEntry>) {
        if blocks.is_empty() {
            return;
        }
        for block in blocks {
            self.mark_in_flight(cx, id, block);
        }
        // A single block on top of a valid chain, and nothing else is under way: the pool may have most of it.
        let alone = blocks.len() == 1 && self.in_flight.len() == 1;
        let compact = alone
            && parent.is_some_and(|parent| parent.valid_scripts)
            && self.peers.get(&id).is_some_and(|peer| peer.compact.supported);
        let kind = if compact { InvType::CMPCT_BLOCK } else { self.fetch_type(id) };
        let entries = blocks.iter().map(|b| Inventory::block(kind, &b.hash)).collect();
        self.send(id, &Message::GetData(entries));
    }

    /// Up to `count` blocks of the peer's chain that are neither here nor under way.
    fn find_next_blocks(&mut self, cx: Context<'_>, id: PeerId, count: usize) -> Found {
        let mut found = Found::default();
        let Some((best, common)) = self.update_last_common(cx, id) else { return found };
        let window_end = common.height.saturating_add(BLOCK_DOWNLOAD_WINDOW);
        // One more than the window, to see whether a larger window would have helped.
        let max_height = best.height.min(window_end + 1);
        // The engine may show headers before it has answered for them: who announced them comes first.
        let announced: HashSet<BlockHash> = self
            .peers
            .values()
            .filter(|other| other.id != id)
            .filter_map(|other| other.pending_headers.as_ref())
            .flat_map(|pending| pending.announced.iter().copied())
            .collect();
        let mut last_common = common;
        let mut waiting_for = None;
        let mut height = common.height;
        'walk: while height < max_height {
            // Backwards in batches: an ancestor may cost as much as a hundred steps to a parent.
            let step = (max_height - height).min(128);
            let mut batch = VecDeque::with_capacity(128);
            let mut at = cx.chain.ancestor(&best.hash, height + step);
            while let Some(entry) = at.filter(|e| e.height > height) {
                batch.push_front(entry);
                at = cx.chain.entry(&entry.header.prev);
            }
            height += step;
            for entry in batch {
                if entry.failed || !self.can_give(cx, id, &entry) {
                    // The chain is invalid, or the peer cannot give what lies beyond.
                    break 'walk;
                }
                if entry.have_data || cx.chain.is_active(&entry) {
                    if entry.have_chain_data {
                        last_common = Known::from(&entry);
                    }
                } else if let Some(&other) = self.in_flight.get(&entry.hash) {
                    waiting_for.get_or_insert(other);
                } else if announced.contains(&entry.hash) || self.submitted.contains_key(&entry.hash) {
                    // Is announced by another peer right now, or came, and the engine is about to say so.
                } else if entry.height > window_end {
                    if found.blocks.is_empty() && waiting_for != Some(id) {
                        found.staller = waiting_for;
                    }
                    break 'walk;
                } else {
                    found.blocks.push(entry);
                    if found.blocks.len() == count {
                        break 'walk;
                    }
                }
            }
        }
        if let Some(peer) = self.peers.get_mut(&id) {
            peer.last_common = Some(last_common);
        }
        found
    }

    /// The peer's best block and the last one in common; `None` if it has nothing that is wanted.
    fn update_last_common(&mut self, cx: Context<'_>, id: PeerId) -> Option<(Known, Known)> {
        let minimum = self.config.minimum_chain_work;
        let peer = self.peers.get_mut(&id)?;
        peer.refresh_best_known(cx.chain);
        let tip = cx.chain.tip();
        let best = peer.best_known.filter(|b| b.work >= tip.chain_work && b.work >= minimum)?;
        let guess = match peer.last_common {
            Some(known) => known,
            None => Known::from(&cx.chain.active(best.height.min(tip.height))?),
        };
        // The peer may have reorganised since.
        let on_chain = cx.chain.ancestor(&best.hash, guess.height).is_some_and(|a| a.hash == guess.hash);
        let common =
            if on_chain { guess } else { Known::from(&cx.chain.last_common_ancestor(&guess.hash, &best.hash)?) };
        peer.last_common = Some(common);
        (common != best).then_some((best, common))
    }

    /// Fetches what was announced right away, if the tip is recent.
    pub(super) fn direct_fetch(&mut self, cx: Context<'_>, id: PeerId, last: &BlockHash) {
        let Some(last) = cx.chain.entry(last) else { return };
        if !self.can_direct_fetch(cx) || last.failed || cx.chain.tip().chain_work > last.chain_work {
            return;
        }
        let mut missing = Vec::new();
        let mut walk = Some(last);
        while let Some(entry) = walk.filter(|e| !cx.chain.is_active(e)) {
            if missing.len() > MAX_BLOCKS_IN_TRANSIT_PER_PEER {
                tracing::debug!(target: "net", peer = id, "large reorg, will not direct fetch");
                return;
            }
            let under_way = self.in_flight.contains_key(&entry.hash) || self.submitted.contains_key(&entry.hash);
            if !entry.have_data && !under_way && self.can_give(cx, id, &entry) {
                missing.push(entry);
            }
            walk = cx.chain.entry(&entry.header.prev);
        }
        let Some(peer) = self.peers.get(&id).filter(|_| walk.is_some()) else { return };
        let room = MAX_BLOCKS_IN_TRANSIT_PER_PEER.saturating_sub(peer.in_flight.len());
        missing.reverse();
        missing.truncate(room);
        let parent = cx.chain.entry(&last.header.prev);
        self.request(cx, id, &missing, parent.as_ref());
    }

    pub(super) fn mark_in_flight(&mut self, cx: Context<'_>, id: PeerId, block: &BlockEntry) {
        self.mark_received(cx, &block.hash, None);
        let Some(peer) = self.peers.get_mut(&id) else { return };
        if peer.in_flight.is_empty() {
            peer.downloading_since = cx.now;
        }
        peer.in_flight.push_back(QueuedBlock {
            hash: block.hash,
            height: block.height,
            partial: PartialDownload::None,
        });
        self.in_flight.insert(block.hash, id);
    }

    /// The block is not under way any more; only if it was asked of `from`, when given. True if it was asked for.
    pub(super) fn mark_received(&mut self, cx: Context<'_>, hash: &BlockHash, from: Option<PeerId>) -> bool {
        let Some(&holder) = self.in_flight.get(hash) else { return false };
        if from.is_some_and(|from| from != holder) {
            return true;
        }
        self.in_flight.remove(hash);
        if let Some(peer) = self.peers.get_mut(&holder) {
            if peer.in_flight.front().is_some_and(|b| b.hash == *hash) {
                // The next one's time begins now.
                peer.downloading_since = peer.downloading_since.max(cx.now);
            }
            peer.in_flight.retain(|b| b.hash != *hash);
            peer.stalling_since = None;
        }
        true
    }

    pub(super) fn on_block(&mut self, cx: Context<'_>, id: PeerId, block: Arc<Block>, received_at: Time) {
        if cx.chain.is_importing() {
            return;
        }
        let hash = block.hash();
        let requested = self.mark_received(cx, &hash, Some(id));
        self.submit(id, block, requested, Way::Whole, received_at);
    }

    /// Hands a block to the engine.
    pub(super) fn submit(&mut self, id: PeerId, block: Arc<Block>, requested: bool, way: Way, received_at: Time) {
        let hash = block.hash();
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let bytes = block.bytes().len();
        peer.submitted += 1;
        peer.submitted_bytes += bytes;
        self.submitted.entry(hash).or_default().push(Sender { peer: id, way, bytes });
        if !self.sources.iter().any(|source| source.hash == hash) {
            if self.sources.len() == MAX_SOURCES {
                self.sources.pop_front();
            }
            self.sources.push_back(Source { hash, peer: id, way });
        }
        tracing::debug!(target: "net", peer = id, %hash, requested, ?way, "received block");
        self.out.push(Output::SubmitBlock { peer: id, block, requested, received_at });
    }

    pub(super) fn on_block_verdict(&mut self, cx: Context<'_>, id: PeerId, hash: BlockHash, verdict: &BlockVerdict) {
        // A second verdict on a block finds nothing here.
        let mut way = Way::Whole;
        if let Some(senders) = self.submitted.get_mut(&hash)
            && let Some(at) = senders.iter().position(|sender| sender.peer == id)
        {
            let sender = senders.swap_remove(at);
            way = sender.way;
            if senders.is_empty() {
                self.submitted.remove(&hash);
            }
            if let Some(peer) = self.peers.get_mut(&id) {
                peer.submitted -= 1;
                peer.submitted_bytes -= sender.bytes;
            }
        }
        if way == Way::Guessed && matches!(verdict, BlockVerdict::New | BlockVerdict::Duplicate) {
            // Only now, so that a forged compact block cannot stop the download.
            self.mark_received(cx, &hash, None);
        }
        match verdict {
            BlockVerdict::New => {
                if let Some(peer) = self.peers.get_mut(&id) {
                    peer.last_block = Some(cx.now);
                }
                return;
            }
            BlockVerdict::Invalid(reject) => {
                let known = self.sources.iter().find(|source| source.hash == hash);
                let source = known.copied().unwrap_or(Source { hash, peer: id, way });
                self.punish_for_block(source.peer, reject, source.way != Way::Whole);
                self.punish(source.peer);
            }
            BlockVerdict::Duplicate | BlockVerdict::Ignored => {}
        }
        self.sources.retain(|source| source.hash != hash);
    }

    /// Peers that hold us up (v0.21.5.5 SendMessages, "Detect whether we're stalling" and below).
    pub(super) fn check_download(&mut self, cx: Context<'_>, id: PeerId) {
        let Some(peer) = self.peers.get(&id) else { return };
        let block_deadline = self.block_deadline(peer);
        let sole_sync = self.peers.values().filter(|p| p.sync_started).count() == 1;
        let alternative = self.peers.values().any(|p| p.id != id && p.is_preferred());
        let Some(peer) = self.peers.get_mut(&id) else { return };
        if peer.stalling_since.is_some_and(|since| cx.now.since(since) > BLOCK_STALLING_TIMEOUT) {
            tracing::info!(target: "net", peer = id, "peer is stalling block download, disconnecting");
            return peer.close(DisconnectReason::BlockStalling);
        }
        if let (Some(first), Some(deadline)) = (peer.in_flight.front(), block_deadline)
            && cx.now > deadline
        {
            let hash = first.hash;
            tracing::info!(target: "net", peer = id, %hash, "timeout downloading block, disconnecting");
            return peer.close(DisconnectReason::BlockTimeout(hash));
        }
        let Some(deadline) = peer.headers_timeout.filter(|_| peer.sync_started) else { return };
        if i64::from(cx.chain.best_header().header.time) > cx.adjusted - FAR_BEHIND {
            // Caught up once: never again a reason.
            peer.headers_timeout = None;
        } else if cx.now > deadline && sole_sync && alternative {
            if peer.permissions.has(Permissions::NOBAN) {
                peer.sync_started = false;
                peer.headers_timeout = None;
            } else {
                tracing::info!(target: "net", peer = id, "timeout downloading headers, disconnecting");
                peer.close(DisconnectReason::HeadersTimeout);
            }
        }
    }

    /// One block interval, and half of one for every other peer that blocks are under way from.
    fn block_deadline(&self, peer: &Peer) -> Option<Time> {
        if peer.in_flight.is_empty() {
            return None;
        }
        let others = self.peers.values().filter(|p| p.id != peer.id && !p.in_flight.is_empty()).count();
        let spacing = Duration::from_secs(self.config.params.pow_target_spacing.unsigned_abs());
        let others = u32::try_from(others).unwrap_or(u32::MAX);
        Some(peer.downloading_since + spacing + spacing / 2 * others)
    }

    /// When [`Fsm::check_download`] or [`Fsm::consider_eviction`] may next do something.
    pub(super) fn next_download_check(&self, cx: Context<'_>, peer: &Peer) -> Time {
        const AFTER: Duration = Duration::from_micros(1);
        let stall = peer.stalling_since.map(|since| since + BLOCK_STALLING_TIMEOUT);
        // A headers timeout that has passed waits for an alternative, which is an input.
        let headers = peer.headers_timeout.filter(|t| *t > cx.now);
        [stall, self.block_deadline(peer), headers, peer.chain_sync.timeout]
            .into_iter()
            .flatten()
            .min()
            .map_or(Time::NEVER, |t| t + AFTER)
    }
}
