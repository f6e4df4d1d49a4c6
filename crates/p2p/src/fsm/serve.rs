//! Answers to `getheaders`, `getblocks` and `getdata`.
//!
//! Blocks, and what is made of them, are read by the driver, one at a time for each peer, and no more while the peer has much left to read: a
//! queue of requests costs the peer its turn, not us our memory.

use litecast_primitives::{BlockHash, U256, arith::work_of};

use super::{
    Context, Fsm,
    input::{PeerId, Permissions},
    output::{DisconnectReason, Output},
    peer::Known,
};
use crate::{
    archive::{Unserved, Wanted},
    chain::BlockEntry,
    message::{CommandName, InvType, Inventory, Locate, MAX_HEADERS_RESULTS, MAX_LOCATOR_SZ, Message},
};

/// Most hashes in the answer to `getblocks`.
const MAX_GETBLOCKS_RESULTS: usize = 500;
/// Blocks beside the active chain that are older than a month are not served: they would identify the node
/// (STALE_RELAY_AGE_LIMIT, seconds).
const STALE_RELAY_AGE_LIMIT: i64 = 30 * 24 * 60 * 60;

impl Fsm {
    pub(super) fn on_getheaders(&mut self, cx: Context<'_>, id: PeerId, locate: &Locate) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        if locate.locator.len() > MAX_LOCATOR_SZ {
            return peer.close(DisconnectReason::LocatorTooLong(locate.locator.len()));
        }
        if cx.chain.is_initial_download() && !peer.permissions.has(Permissions::DOWNLOAD) {
            tracing::debug!(target: "net", peer = id, "ignoring getheaders in initial block download");
            return;
        }
        let tip = cx.chain.tip();
        let mut next = if locate.locator.is_empty() {
            match cx.chain.entry(&locate.stop) {
                Some(entry) if self.is_request_allowed(cx, &entry) => Some(entry),
                _ => return,
            }
        } else {
            let fork = cx.chain.find_fork(&locate.locator);
            cx.chain.active(fork.height + 1)
        };
        let mut headers = Vec::new();
        while let Some(entry) = next {
            headers.push(entry.header);
            if headers.len() == MAX_HEADERS_RESULTS || entry.hash == locate.stop {
                break;
            }
            // From a block beside the active chain nothing leads on.
            next = if cx.chain.is_active(&entry) { cx.chain.active(entry.height + 1) } else { None };
        }
        if let Some(peer) = self.peers.get_mut(&id) {
            peer.best_header_sent = Some(Known::from(&next.unwrap_or(tip)));
        }
        self.send(id, &Message::Headers(headers));
    }

    pub(super) fn on_getblocks(&mut self, cx: Context<'_>, id: PeerId, locate: &Locate) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        if locate.locator.len() > MAX_LOCATOR_SZ {
            return peer.close(DisconnectReason::LocatorTooLong(locate.locator.len()));
        }
        let mut height = cx.chain.find_fork(&locate.locator).height + 1;
        let before = peer.inv_blocks.len();
        while let Some(entry) = cx.chain.active(height).filter(|e| e.hash != locate.stop) {
            peer.inv_blocks.push(entry.hash);
            if peer.inv_blocks.len() - before == MAX_GETBLOCKS_RESULTS {
                peer.continue_hash = Some(entry.hash);
                break;
            }
            height += 1;
        }
        self.send_inventory(id);
    }

    /// Sends the queued hashes of blocks.
    pub(super) fn send_inventory(&mut self, id: PeerId) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let hashes = std::mem::take(&mut peer.inv_blocks);
        if !hashes.is_empty() {
            let entries = hashes.iter().map(|hash| Inventory::block(InvType::BLOCK, hash)).collect();
            self.send(id, &Message::Inv(entries));
        }
    }

    pub(super) fn on_getdata(&mut self, id: PeerId, entries: Vec<Inventory>) {
        if let Some(peer) = self.peers.get_mut(&id) {
            // A message is taken only when the one before is worked off, so this never grows beyond one.
            peer.getdata.extend(entries);
        }
    }

    /// Works off requests until one needs the disk or the peer has to read first (ProcessGetData).
    pub(super) fn process_getdata(&mut self, cx: Context<'_>, id: PeerId) {
        let max_unsent = self.config.max_send_buffer;
        let mut not_found = Vec::new();
        while let Some(peer) = self.peers.get_mut(&id).filter(|p| p.closing.is_none()) {
            if peer.serving.is_some() || peer.must_read_first(max_unsent) {
                break;
            }
            let Some(entry) = peer.getdata.pop_front() else { break };
            if entry.kind.is_tx() {
                if !self.serve_transaction(cx, id, &entry) {
                    not_found.push(entry);
                }
                continue;
            }
            // The answer about transactions comes before the block that was asked for after them.
            self.send_not_found(id, &mut not_found);
            self.serve_entry(cx, id, entry);
        }
        self.send_not_found(id, &mut not_found);
    }

    fn send_not_found(&mut self, id: PeerId, entries: &mut Vec<Inventory>) {
        if !entries.is_empty() {
            self.send(id, &Message::NotFound(std::mem::take(entries)));
        }
    }

    fn serve_entry(&mut self, cx: Context<'_>, id: PeerId, entry: Inventory) {
        let hash = entry.block_hash();
        if entry.kind == InvType::MWEB_LEAFSET {
            return self.on_getmwebleafset(cx, id, hash);
        }
        let Some(block) = cx.chain.entry(&hash) else { return };
        if !self.is_request_allowed(cx, &block) {
            return;
        }
        let filtered = entry.kind == InvType::FILTERED_BLOCK;
        if self.keeps_upload_for_new_blocks(cx, id, &block, filtered) {
            return self.close(id, DisconnectReason::UploadTarget);
        }
        if !block.have_data {
            return;
        }
        if filtered {
            return self.want_filtered(id, hash);
        }
        let wanted = match entry.kind {
            InvType::CMPCT_BLOCK => self.want_requested_compact(cx, id, &block),
            InvType::MWEB_HEADER => Some(Wanted::MwebHeader(hash)),
            kind => kind.block_encoding().map(|encoding| Wanted::Block(hash, encoding)),
        };
        if let Some(wanted) = wanted {
            self.want(id, wanted);
        }
    }

    /// Lets an answer be made. Until it is, the peer's messages wait.
    pub(super) fn want(&mut self, id: PeerId, wanted: Wanted) {
        if let Some(peer) = self.peers.get_mut(&id).filter(|peer| peer.closing.is_none()) {
            peer.serving = Some(wanted.block());
            self.out.push(Output::Need { peer: id, wanted });
        }
    }

    pub(super) fn on_served(
        &mut self,
        cx: Context<'_>,
        id: PeerId,
        hash: BlockHash,
        sent: Result<(CommandName, usize), Unserved>,
    ) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        if peer.serving != Some(hash) {
            return;
        }
        peer.serving = None;
        peer.announcing = false;
        match sent {
            Ok((command, size)) => {
                peer.unsent += super::signed(size);
                peer.traffic.count_queued(command, size);
            }
            // Where one filter is missing, those behind it are of no use.
            Err(Unserved::Nothing) => peer.filters.clear(),
            Err(Unserved::BadIndexes) => {
                return self.misbehaving(id, 100, "getblocktxn with out-of-bounds tx indices");
            }
            Err(Unserved::Refused) => return peer.close(DisconnectReason::NotServed(CommandName::MWEBUTXOS)),
        }
        self.continue_inventory(cx, id, hash);
    }

    /// The last block of a batch of hashes was fetched.
    pub(super) fn continue_inventory(&mut self, cx: Context<'_>, id: PeerId, hash: BlockHash) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        if peer.continue_hash == Some(hash) {
            // Makes the peer ask for the next batch.
            peer.continue_hash = None;
            let tip = cx.chain.tip();
            self.send(id, &Message::Inv(vec![Inventory::block(InvType::BLOCK, &tip.hash)]));
        }
    }

    /// Blocks that strangers may have (BlockRequestAllowed).
    pub(super) fn is_request_allowed(&self, cx: Context<'_>, block: &BlockEntry) -> bool {
        if cx.chain.is_active(block) {
            return true;
        }
        let best = cx.chain.best_header();
        let limit = U256::from(STALE_RELAY_AGE_LIMIT.unsigned_abs());
        let spacing = U256::from(self.config.params.pow_target_spacing.unsigned_abs());
        // Work that is behind, in seconds of the present hash rate; work that is ahead counts as no time.
        let behind = best.chain_work.saturating_sub(block.chain_work).saturating_mul(spacing);
        let recent = behind / work_of(best.header.bits).max(U256::one()) < limit;
        block.valid_scripts
            && i64::from(best.header.time) - i64::from(block.header.time) < STALE_RELAY_AGE_LIMIT
            && recent
    }
}
