//! New blocks, told by `cmpctblock` or `headers` where the peer likes that and they connect, by `inv` otherwise
//! (v0.21.5.5 src/net_processing.cpp, UpdatedBlockTip and SendMessages).

use litecast_primitives::{BlockHash, BlockHeader};

use super::{
    Context, Fsm,
    headers::MAX_BLOCKS_TO_ANNOUNCE,
    input::PeerId,
    peer::{Known, Peer},
};
use crate::{chain::Chain, message::Message};

/// A peer that was this far ahead of us hears nothing of our old blocks.
const MAX_BEHIND_START: i64 = 2000;

impl Fsm {
    pub(super) fn on_tip_changed(&mut self, cx: Context<'_>, tip: BlockHash, fork: BlockHash, initial_download: bool) {
        self.outbound.tip_changed(cx.clock.as_secs());
        let Some(tip) = cx.chain.entry(&tip).filter(|_| !initial_download) else {
            return self.sources.retain(|source| source.hash != tip);
        };
        let mut hashes = Vec::new();
        let mut at = Some(tip);
        while let Some(entry) = at.filter(|e| e.hash != fork && hashes.len() < MAX_BLOCKS_TO_ANNOUNCE) {
            hashes.push(entry.hash);
            at = cx.chain.entry(&entry.header.prev);
        }
        hashes.reverse();
        for hash in &hashes {
            let Some(at) = self.sources.iter().position(|source| source.hash == *hash) else { continue };
            let source = self.sources.remove(at);
            // Who gives the best block that there is will give the next one fast.
            if let Some(source) = source.filter(|_| self.in_flight.keys().all(|other| other == hash)) {
                self.maybe_set_announcer(source.peer);
            }
        }
        for peer in self.peers.values_mut().filter(|p| p.established) {
            let floor = if peer.start_height == -1 { 0 } else { i64::from(peer.start_height) - MAX_BEHIND_START };
            if i64::from(tip.height) > floor {
                peer.announce.extend_from_slice(&hashes);
                // One more than can be told with headers.
                let surplus = peer.announce.len().saturating_sub(MAX_BLOCKS_TO_ANNOUNCE + 1);
                peer.announce.drain(..surplus);
            }
        }
    }

    pub(super) fn send_announcements(&mut self, cx: Context<'_>, id: PeerId) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        if peer.announcing {
            // A header must not overtake the compact block of its parent.
            return;
        }
        let hashes = std::mem::take(&mut peer.announce);
        let Some(last) = hashes.last() else { return };
        peer.refresh_best_known(cx.chain);
        match connecting_headers(cx.chain, peer, &hashes) {
            Some((headers, _)) if headers.is_empty() => {}
            // While something else is read for the peer, the header has to do.
            Some((headers, best)) if headers.len() == 1 && peer.compact.prefers && peer.serving.is_none() => {
                peer.best_header_sent = Some(best);
                peer.announcing = true;
                if let Some(wanted) = self.want_compact(id, best.hash) {
                    self.want(id, wanted);
                }
            }
            Some((headers, best)) if peer.prefers_headers => {
                peer.best_header_sent = Some(best);
                self.send(id, &Message::Headers(headers));
            }
            _ => {
                // Just the tip; the peer asks for what lies between.
                if cx.chain.entry(last).is_some_and(|entry| !peer.has_header(cx.chain, &entry)) {
                    peer.inv_blocks.push(*last);
                    self.send_inventory(id);
                }
            }
        }
    }
}

/// The headers from the first one that the peer lacks; `None` if they have to be told by `inv`.
fn connecting_headers(chain: &dyn Chain, peer: &Peer, hashes: &[BlockHash]) -> Option<(Vec<BlockHeader>, Known)> {
    let likes = peer.prefers_headers || (peer.compact.prefers && hashes.len() == 1);
    if !likes || hashes.len() > MAX_BLOCKS_TO_ANNOUNCE {
        return None;
    }
    let mut headers: Vec<BlockHeader> = Vec::new();
    let mut best: Option<Known> = None;
    for hash in hashes {
        let entry = chain.entry(hash)?;
        let continues = best.is_none_or(|b| b.hash == entry.header.prev);
        // Reorganised away already, or not one behind the other.
        if !chain.is_active(&entry) || !continues {
            return None;
        }
        best = Some(Known::from(&entry));
        if headers.is_empty() {
            if peer.has_header(chain, &entry) {
                continue;
            }
            let parent_known =
                entry.height == 0 || chain.entry(&entry.header.prev).is_some_and(|p| peer.has_header(chain, &p));
            if !parent_known {
                return None;
            }
        }
        headers.push(entry.header);
    }
    Some((headers, best?))
}
