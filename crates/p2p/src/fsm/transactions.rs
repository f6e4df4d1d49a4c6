//! Transactions from peers: what is announced is asked for, what comes goes to the mempool, and its verdict decides what
//! is remembered (v0.21.5.5 src/net_processing.cpp: INV, TX, NOTFOUND, ProcessOrphanTx, AlreadyHaveTx).
//!
//! A peer has one transaction at the mempool at a time, and its other messages wait for the verdict. One transaction is
//! there once, whoever else sends it meanwhile. Orphans are tried again one by one, as the turn of the peer that brought
//! their parent; unlike in the reference also when the parent came from no peer or in a block, and when that peer is gone.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use litecast_primitives::{Block, BlockHash, Transaction, Txid, Wtxid};
use rand::{Rng, RngExt, SeedableRng, rngs::StdRng};

use super::{
    Context, Fsm,
    download::MAX_BLOCKS_IN_TRANSIT_PER_PEER,
    fee_filter::FeeFilterRounder,
    input::{PeerId, Permissions, TxReject, TxRejectKind, TxVerdict},
    output::{DisconnectReason, Output},
    relay::RelayMemory,
};
use crate::{
    bloom::RollingBloom,
    compact::{PoolMatches, WantedTransactions},
    message::{InvType, Inventory, Message},
    orphans::Orphans,
    pool::GenTxid,
    time::Time,
    txrequest::TxRequests,
};

/// Announcements of a peer that are remembered (MAX_PEER_TX_ANNOUNCEMENTS).
pub const MAX_PEER_TX_ANNOUNCEMENTS: usize = 5000;
/// The same for peers with the `relay` permission, which the reference does not limit.
const MAX_TRUSTED_TX_ANNOUNCEMENTS: usize = 10 * MAX_PEER_TX_ANNOUNCEMENTS;
/// With more open requests a peer is asked later (MAX_PEER_TX_REQUEST_IN_FLIGHT).
const MAX_PEER_TX_REQUEST_IN_FLIGHT: usize = 100;
/// For peers that did not come by our choice (NONPREF_PEER_TX_DELAY).
const NONPREF_PEER_TX_DELAY: Duration = Duration::from_secs(2);
/// For announcements by txid while others announce by wtxid (TXID_RELAY_DELAY).
const TXID_RELAY_DELAY: Duration = Duration::from_secs(2);
/// For peers with many open requests (OVERLOADED_PEER_TX_DELAY).
const OVERLOADED_PEER_TX_DELAY: Duration = Duration::from_secs(2);
/// After this somebody else is asked (GETDATA_TX_INTERVAL).
const GETDATA_TX_INTERVAL: Duration = Duration::from_secs(60);
/// Most entries of our `getdata` (MAX_GETDATA_SZ).
const MAX_GETDATA_SZ: usize = 1000;
/// Longer ones are not kept for compact blocks, in bytes.
const MAX_EXTRA_SIZE: usize = 100_000;
/// One stranger of a million is taken for known.
pub(super) const FILTER_HASHES: u32 = 20;
/// Rejected transactions that are remembered (recentRejects).
const RECENT_REJECTS: usize = 120_000;
/// Ids of transactions in blocks that are remembered (g_recent_confirmed_transactions).
const RECENT_CONFIRMED: usize = 48_000;

/// What is known of transactions, apart from single peers.
#[derive(Debug)]
pub(super) struct Transactions {
    pub(super) rng: StdRng,
    requests: TxRequests,
    orphans: Orphans,
    /// Not asked for again until there is a new tip.
    rejects: RollingBloom,
    rejects_tip: BlockHash,
    confirmed: RollingBloom,
    /// At the mempool; with the sender if it is an orphan that is tried again.
    submitted: HashMap<Wtxid, Option<PeerId>>,
    /// What a compact block may be made of beside the mempool (vExtraTxnForCompact).
    extra: VecDeque<Arc<Transaction>>,
    pub(super) memory: RelayMemory,
    pub(super) rounder: FeeFilterRounder,
    /// When inbound peers are told next: all at once, so that many connections learn no more than one.
    pub(super) next_inbound: Time,
    /// When unbroadcast transactions are told again.
    pub(super) next_broadcast: Option<Time>,
}

impl Transactions {
    pub(super) fn new(seed: [u8; 32]) -> Self {
        let mut rng = StdRng::from_seed(seed.map(|byte| byte.rotate_left(3)));
        let mut key = || (rng.next_u64(), rng.next_u64());
        Self {
            requests: TxRequests::new(key()),
            orphans: Orphans::default(),
            rejects: RollingBloom::new(RECENT_REJECTS, FILTER_HASHES, key()),
            rejects_tip: BlockHash::ZERO,
            confirmed: RollingBloom::new(RECENT_CONFIRMED, FILTER_HASHES, key()),
            submitted: HashMap::new(),
            extra: VecDeque::new(),
            memory: RelayMemory::default(),
            rounder: FeeFilterRounder::new(),
            next_inbound: Time::default(),
            next_broadcast: None,
            rng,
        }
    }

    /// Whether there is no need to ask for a transaction (AlreadyHaveTx).
    fn already_have(&mut self, cx: Context<'_>, id: &GenTxid) -> bool {
        let tip = cx.chain.tip().hash;
        if self.rejects_tip != tip {
            // What was too early may be in time now.
            self.rejects_tip = tip;
            self.rejects.clear();
        }
        let at_hand = match id {
            GenTxid::Txid(txid) => self.orphans.contains(txid),
            GenTxid::Wtxid(wtxid) => self.orphans.contains_wtxid(wtxid) || self.submitted.contains_key(wtxid),
        };
        let hash = id.as_bytes();
        at_hand || self.confirmed.contains(hash) || self.rejects.contains(hash) || cx.chain.has_tx(id)
    }

    fn forget(&mut self, tx: &Transaction) {
        self.requests.forget(tx.txid().as_bytes());
        self.requests.forget(tx.wtxid().as_bytes());
    }

    /// Remembers a rejected transaction. Who changes a witness must not keep the transaction from being asked for by
    /// txid, so that is remembered only where the witness did not matter. True if it is.
    fn remember_rejected(&mut self, tx: &Transaction, kind: TxRejectKind) -> bool {
        if kind == TxRejectKind::WitnessStripped {
            return false;
        }
        self.rejects.insert(tx.wtxid().as_bytes());
        let by_txid = kind == TxRejectKind::InputsNotStandard && tx.wtxid().as_bytes() != tx.txid().as_bytes();
        if by_txid {
            self.rejects.insert(tx.txid().as_bytes());
        }
        by_txid
    }

    fn keep_extra(&mut self, tx: &Arc<Transaction>, most: usize) {
        if tx.bytes().len() < MAX_EXTRA_SIZE && most > 0 {
            let surplus = (self.extra.len() + 1).saturating_sub(most);
            self.extra.drain(..surplus);
            self.extra.push_back(Arc::clone(tx));
        }
    }

    /// When something may be asked for.
    pub(super) fn next_request(&self) -> Time {
        self.requests.next_time()
    }
}

impl Fsm {
    /// Whether transactions from this peer break the protocol: it was told not to send any.
    fn refuses_transactions(&self, id: PeerId) -> bool {
        let Some(peer) = self.peers.get(&id) else { return true };
        peer.relay.is_none() || (!self.config.relay_transactions && !peer.permissions.has(Permissions::RELAY))
    }

    /// The transactions of an `inv`.
    pub(super) fn on_tx_inv(&mut self, cx: Context<'_>, id: PeerId, entries: &[Inventory]) {
        let refuses = self.refuses_transactions(id);
        let ignores = cx.chain.is_initial_download();
        let Some(by_wtxid) = self.peers.get(&id).map(|peer| peer.wtxid_relay) else { return };
        let other = if by_wtxid { InvType::TX } else { InvType::WTX };
        for entry in entries.iter().filter(|entry| entry.kind.is_tx() && entry.kind != other) {
            if refuses {
                return self.close(id, DisconnectReason::UnwantedTransaction);
            }
            self.knows_transaction(id, &entry.hash);
            let gen_txid = entry.gen_txid();
            if !ignores && !self.transactions.already_have(cx, &gen_txid) {
                self.add_announcement(cx, id, gen_txid);
            }
        }
    }

    /// A peer has a transaction that is not here (AddTxAnnouncement).
    fn add_announcement(&mut self, cx: Context<'_>, id: PeerId, gen_txid: GenTxid) {
        let Some(peer) = self.peers.get(&id) else { return };
        let requests = &mut self.transactions.requests;
        let trusted = peer.permissions.has(Permissions::RELAY);
        let most = if trusted { MAX_TRUSTED_TX_ANNOUNCEMENTS } else { MAX_PEER_TX_ANNOUNCEMENTS };
        if requests.count(id) >= most {
            return;
        }
        let preferred = peer.is_preferred();
        let mut at = cx.clock;
        if !preferred {
            at = at + NONPREF_PEER_TX_DELAY;
        }
        if matches!(gen_txid, GenTxid::Txid(_)) && self.peers.values().any(|peer| peer.wtxid_relay) {
            at = at + TXID_RELAY_DELAY;
        }
        if !trusted && requests.in_flight(id) >= MAX_PEER_TX_REQUEST_IN_FLIGHT {
            at = at + OVERLOADED_PEER_TX_DELAY;
        }
        requests.received_inv(id, gen_txid, preferred, at);
    }

    /// Asks for what is due.
    pub(super) fn request_transactions(&mut self, cx: Context<'_>, id: PeerId) {
        let due = self.transactions.requests.requestable(id, cx.clock);
        if due.is_empty() {
            return;
        }
        let by_txid = InvType::transaction(self.fetch_type(id).block_encoding().unwrap_or_default());
        let mut wanted = Vec::new();
        for gen_txid in due {
            let hash = gen_txid.as_bytes();
            if self.transactions.already_have(cx, &gen_txid) {
                self.transactions.requests.forget(hash);
                continue;
            }
            let kind = if matches!(gen_txid, GenTxid::Wtxid(_)) { InvType::WTX } else { by_txid };
            wanted.push(Inventory { kind, hash: *hash });
            self.transactions.requests.requested(id, hash, cx.clock + GETDATA_TX_INTERVAL);
        }
        for part in wanted.chunks(MAX_GETDATA_SZ) {
            self.send(id, &Message::GetData(part.to_vec()));
        }
    }

    pub(super) fn on_not_found(&mut self, id: PeerId, entries: &[Inventory]) {
        if entries.len() <= MAX_PEER_TX_ANNOUNCEMENTS + MAX_BLOCKS_IN_TRANSIT_PER_PEER {
            for entry in entries.iter().filter(|entry| entry.kind.is_tx()) {
                self.transactions.requests.received_response(id, &entry.hash);
            }
        }
    }

    pub(super) fn on_tx(&mut self, cx: Context<'_>, id: PeerId, tx: Arc<Transaction>) {
        if self.refuses_transactions(id) {
            return self.close(id, DisconnectReason::UnwantedTransaction);
        }
        let (txid, wtxid) = (tx.txid(), tx.wtxid());
        let Some(peer) = self.peers.get(&id) else { return };
        let force = peer.permissions.has(Permissions::FORCERELAY);
        if peer.wtxid_relay && wtxid.as_bytes() != txid.as_bytes() {
            self.knows_transaction(id, wtxid.as_bytes());
        }
        self.knows_transaction(id, txid.as_bytes());
        let requests = &mut self.transactions.requests;
        requests.received_response(id, txid.as_bytes());
        requests.received_response(id, wtxid.as_bytes());
        if !self.transactions.already_have(cx, &GenTxid::Wtxid(wtxid)) {
            self.submit_tx(id, tx, None);
        } else if force && cx.chain.has_tx(&GenTxid::Txid(txid)) {
            // A gateway for those behind it.
            self.relay_transaction(cx, txid, wtxid);
        } else if force {
            tracing::info!(target: "net", peer = id, %txid, "not relaying non-mempool transaction from forcerelay peer");
        }
    }

    /// Until the verdict the peer's messages wait.
    fn submit_tx(&mut self, id: PeerId, tx: Arc<Transaction>, orphan_of: Option<PeerId>) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        peer.pending_tx = Some(tx.wtxid());
        self.transactions.submitted.insert(tx.wtxid(), orphan_of);
        self.out.push(Output::SubmitTx { peer: id, tx });
    }

    /// Tries the next of the orphans whose parents have come with this peer's messages.
    pub(super) fn work_on_orphans(&mut self, id: PeerId) {
        while let Some(peer) = self.peers.get_mut(&id).filter(|p| p.pending_tx.is_none() && p.closing.is_none()) {
            let Some(txid) = peer.orphan_work.pop_first() else { return };
            let Some((tx, sender)) = self.transactions.orphans.get(&txid) else { continue };
            if !self.transactions.submitted.contains_key(&tx.wtxid()) {
                let tx = Arc::clone(tx);
                self.submit_tx(id, tx, Some(sender));
            }
        }
    }

    pub(super) fn on_tx_verdict(&mut self, cx: Context<'_>, id: PeerId, tx: &Arc<Transaction>, verdict: TxVerdict) {
        let Some(orphan_of) = self.transactions.submitted.remove(&tx.wtxid()) else { return };
        if let Some(peer) = self.peers.get_mut(&id).filter(|peer| peer.pending_tx == Some(tx.wtxid())) {
            peer.pending_tx = None;
        }
        match verdict {
            TxVerdict::Accepted { replaced } => {
                self.relay_transaction(cx, tx.txid(), tx.wtxid());
                self.give_orphan_work(self.transactions.orphans.children(tx), Some(id));
                for tx in &replaced {
                    self.transactions.keep_extra(tx, self.config.extra_transactions);
                }
                if orphan_of.is_some() {
                    self.transactions.orphans.remove(&tx.txid());
                } else {
                    self.transactions.forget(tx);
                    if let Some(peer) = self.peers.get_mut(&id) {
                        peer.last_tx = Some(cx.clock);
                    }
                }
            }
            // The next of its parents may come yet.
            TxVerdict::MissingInputs if orphan_of.is_some() => {}
            TxVerdict::MissingInputs => self.keep_orphan(cx, id, tx),
            TxVerdict::Rejected(reject) => {
                tracing::debug!(target: "mempoolrej", peer = id, txid = %tx.txid(), %reject, "was not accepted");
                let by_txid = self.transactions.remember_rejected(tx, reject.kind);
                if let Some(sender) = orphan_of {
                    self.transactions.orphans.remove(&tx.txid());
                    // The sender may be another one.
                    self.everyone |= sender != id;
                    return self.punish_for_tx(sender, &reject);
                }
                if reject.kind != TxRejectKind::WitnessStripped {
                    self.transactions.requests.forget(tx.wtxid().as_bytes());
                    self.transactions.keep_extra(tx, self.config.extra_transactions);
                }
                if by_txid {
                    self.transactions.requests.forget(tx.txid().as_bytes());
                }
                self.punish_for_tx(id, &reject);
            }
        }
    }

    /// Its parents are asked for, of who sent it and therefore has them.
    fn keep_orphan(&mut self, cx: Context<'_>, id: PeerId, tx: &Arc<Transaction>) {
        let parents: BTreeSet<Txid> = tx.inputs().iter().map(|input| input.prevout.txid).collect();
        if parents.iter().any(|parent| self.transactions.rejects.contains(parent.as_bytes())) {
            // With such a parent it is of no use, whatever its witness.
            tracing::debug!(target: "mempool", "not keeping orphan with rejected parents {}", tx.txid());
            self.transactions.rejects.insert(tx.txid().as_bytes());
            self.transactions.rejects.insert(tx.wtxid().as_bytes());
            return self.transactions.forget(tx);
        }
        if !self.peers.contains_key(&id) {
            return;
        }
        for parent in parents {
            self.knows_transaction(id, parent.as_bytes());
            let parent = GenTxid::Txid(parent);
            if !self.transactions.already_have(cx, &parent) {
                self.add_announcement(cx, id, parent);
            }
        }
        let state = &mut self.transactions;
        if state.orphans.add(Arc::clone(tx), id, cx.clock.as_secs()) {
            state.keep_extra(tx, self.config.extra_transactions);
        }
        state.forget(tx);
        let rng = &mut state.rng;
        let removed = state.orphans.limit(self.config.max_orphans, cx.clock.as_secs(), &mut |n| rng.random_range(0..n));
        if removed > 0 {
            tracing::debug!(target: "mempool", "mapOrphan overflow, removed {removed} tx");
        }
    }

    /// Orphans whose parents have come will be tried in the turn of a peer: of this one, or of those that sent them.
    fn give_orphan_work(&mut self, orphans: BTreeSet<Txid>, to: Option<PeerId>) {
        for txid in orphans {
            let Some((_, sender)) = self.transactions.orphans.get(&txid) else { continue };
            let to = to.filter(|to| self.peers.get(to).is_some_and(|peer| peer.closing.is_none()));
            if let Some(peer) = self.peers.get_mut(&to.unwrap_or(sender)) {
                peer.orphan_work.insert(txid);
                self.everyone |= to.is_none();
            }
        }
    }

    /// (MaybePunishNodeForTx)
    fn punish_for_tx(&mut self, id: PeerId, reject: &TxReject) {
        if reject.kind == TxRejectKind::Consensus {
            self.misbehaving(id, 100, &reject.reason);
        }
    }

    /// The pool has a transaction that no peer sent, or is to tell of one again.
    pub(super) fn on_tx_added(&mut self, cx: Context<'_>, tx: &Transaction) {
        self.relay_transaction(cx, tx.txid(), tx.wtxid());
        self.give_orphan_work(self.transactions.orphans.children(tx), None);
    }

    pub(super) fn on_block_connected(&mut self, block: &Block) {
        self.transactions.orphans.remove_for_block(block);
        for tx in block.transactions() {
            self.transactions.confirmed.insert(tx.txid().as_bytes());
            if tx.wtxid().as_bytes() != tx.txid().as_bytes() {
                self.transactions.confirmed.insert(tx.wtxid().as_bytes());
            }
            self.transactions.forget(tx);
            self.give_orphan_work(self.transactions.orphans.children(tx), None);
        }
    }

    /// What was confirmed may come again as a loose transaction.
    pub(super) fn on_block_disconnected(&mut self) {
        self.transactions.confirmed.clear();
    }

    /// A peer is gone; `work` are the orphans that it had to try.
    pub(super) fn forget_transactions_of(&mut self, id: PeerId, work: BTreeSet<Txid>) {
        self.transactions.requests.disconnected(id);
        self.transactions.orphans.remove_peer(id);
        self.give_orphan_work(work, None);
    }

    /// What a compact block can be made of.
    pub(super) fn pool_matches(&self, cx: Context<'_>, wanted: &WantedTransactions) -> PoolMatches {
        let mut matches = cx.chain.pool_matches(wanted);
        let extra = self.transactions.extra.iter().filter(|tx| wanted.contains(&tx.wtxid()));
        matches.extra.extend(extra.cloned());
        matches
    }

    /// Announcements of a peer that are remembered, orphans, transactions at the mempool: the simulator holds them
    /// against the limits.
    #[cfg(any(test, feature = "simulator"))]
    pub fn transaction_load(&self) -> (usize, usize, usize) {
        let most = self.peers.keys().map(|id| self.transactions.requests.count(*id)).max().unwrap_or(0);
        (most, self.transactions.orphans.len(), self.transactions.submitted.len())
    }
}
