//! Transactions to peers: announced in batches at random moments, given to who asks for what it was told of
//! (v0.21.5.5 src/net_processing.cpp: RelayTransaction, SendMessages, FindTxForGetData, ReattemptInitialBroadcast).
//!
//! Who connects to us must not find out where a transaction came from: all inbound peers are told at the same moments,
//! in an order that says nothing, and are given nothing else.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use litecast_primitives::{Transaction, Txid, Wtxid, transaction::Encoding};
use rand::{RngExt, rngs::StdRng};

use super::{
    Context, Fsm,
    addresses::poisson_next,
    input::{PeerId, Permissions},
    output::{DisconnectReason, Output},
    peer::Peer,
    transactions::FILTER_HASHES,
};
use crate::{
    bloom::RollingBloom,
    message::{CommandName, InvType, Inventory, MAX_INV_SZ, Message},
    pool::{GenTxid, PoolTx},
    time::Time,
};

/// Between two batches for inbound peers, on average (INVENTORY_BROADCAST_INTERVAL).
const INBOUND_INTERVAL: Duration = Duration::from_secs(5);
/// The same for the others.
const OUTBOUND_INTERVAL: Duration = Duration::from_secs(2);
/// Announcements in a batch: seven for each second of the longer interval, more while many wait
/// (INVENTORY_BROADCAST_MAX).
const BATCH: usize = 35;
const MAX_BATCH: usize = 1000;
/// Transactions that a peer is known to know (filterInventoryKnown).
const KNOWN: usize = 50_000;
/// The last announcements, which it may ask for (INVENTORY_MAX_RECENT_RELAY).
const RECENTLY_ANNOUNCED: usize = 3500;
/// Announcements that wait for a peer; more are not told. The reference has no limit but the mempool's.
pub const MAX_TO_ANNOUNCE: usize = 50_000;
/// What is this long in the pool is no secret, seconds (UNCONDITIONAL_RELAY_DELAY).
const UNCONDITIONAL_RELAY_DELAY: i64 = 120;
/// How long announced transactions can be had although the pool has lost them (RELAY_TX_CACHE_TIME).
const RELAY_TX_CACHE_TIME: Duration = Duration::from_secs(15 * 60);
/// Ids and bytes of those; the reference has no limits.
const MAX_REMEMBERED: (usize, usize) = (100_000, 50_000_000);
/// Local transactions that nobody asked for are announced again after so long, and up to half as long more.
const BROADCAST_INTERVAL: Duration = Duration::from_secs(10 * 60);

/// What a peer knows of transactions and will be told.
#[derive(Debug)]
pub(super) struct TxRelay {
    known: RollingBloom,
    recently_announced: RollingBloom,
    /// By the kind of id that the peer prefers.
    to_announce: BTreeSet<[u8; 32]>,
    /// It asked for the whole pool.
    send_pool: bool,
    /// When it was last told the whole pool, seconds.
    pool_sent: Option<i64>,
    next_batch: Time,
    pub(super) last_fee_filter: i64,
    pub(super) next_fee_filter: Time,
}

impl TxRelay {
    pub(super) fn new(nonce: u64) -> Self {
        Self {
            known: RollingBloom::new(KNOWN, FILTER_HASHES, (nonce, nonce.rotate_left(17))),
            recently_announced: RollingBloom::new(RECENTLY_ANNOUNCED, FILTER_HASHES, (nonce, nonce.rotate_left(34))),
            to_announce: BTreeSet::new(),
            send_pool: false,
            pool_sent: None,
            next_batch: Time::default(),
            last_fee_filter: 0,
            next_fee_filter: Time::default(),
        }
    }

    /// How many announcements wait.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.to_announce.len()
    }

    fn is_idle(&self) -> bool {
        self.to_announce.is_empty() && !self.send_pool
    }
}

/// Transactions that were announced a short while ago, by both ids (mapRelay).
#[derive(Debug, Default)]
pub(super) struct RelayMemory {
    by_hash: HashMap<[u8; 32], Arc<Transaction>>,
    order: VecDeque<(Time, [u8; 32])>,
    bytes: usize,
}

impl RelayMemory {
    /// Ids and bytes.
    #[cfg(test)]
    pub(super) fn load(&self) -> (usize, usize) {
        (self.order.len(), self.bytes)
    }

    pub(super) fn insert(&mut self, tx: &Arc<Transaction>, now: Time) {
        while let Some((expiry, hash)) = self.order.front().copied() {
            let full = self.order.len() > MAX_REMEMBERED.0 - 2 || self.bytes > MAX_REMEMBERED.1;
            if expiry > now && !full {
                break;
            }
            self.order.pop_front();
            if let Some(gone) = self.by_hash.remove(&hash) {
                self.bytes -= gone.bytes().len();
            }
        }
        for hash in [*tx.txid().as_bytes(), *tx.wtxid().as_bytes()] {
            if self.by_hash.insert(hash, Arc::clone(tx)).is_none() {
                self.bytes += tx.bytes().len();
                self.order.push_back((now + RELAY_TX_CACHE_TIME, hash));
            }
        }
    }
}

/// The fee that a peer's filter asks of a transaction (CFeeRate::GetTotalFee).
fn required_fee(rate: i64, tx: &PoolTx) -> i128 {
    /// Litoshis for a unit of MWEB weight.
    const BASE_MWEB_FEE: i128 = 100;
    let by_size = i128::from(rate) * i128::from(tx.size) / 1000;
    let by_size = if by_size == 0 && tx.size > 0 { i128::from(rate.signum()) } else { by_size };
    by_size + i128::from(tx.mweb_weight) * BASE_MWEB_FEE
}

impl Peer {
    /// Whether it would take a transaction.
    fn would_take(&self, tx: &PoolTx) -> bool {
        i128::from(tx.fee) >= required_fee(self.fee_filter, tx)
    }

    fn preferred_id(&self, txid: Txid, wtxid: Wtxid) -> GenTxid {
        if self.wtxid_relay { GenTxid::Wtxid(wtxid) } else { GenTxid::Txid(txid) }
    }

    fn announcement(&self, hash: &[u8; 32]) -> Inventory {
        Inventory { kind: if self.wtxid_relay { InvType::WTX } else { InvType::TX }, hash: *hash }
    }

    /// When the peer is told next. As the moments follow no memory, one that passed unused is drawn again.
    fn plan_batch(&mut self, rng: &mut StdRng, next_inbound: &mut Time, now: Time) {
        let inbound = self.is_inbound();
        let Some(relay) = self.relay.as_mut().filter(|relay| relay.next_batch <= now) else { return };
        if inbound && *next_inbound <= now {
            *next_inbound = poisson_next(rng, now, INBOUND_INTERVAL);
        }
        relay.next_batch = if inbound { *next_inbound } else { poisson_next(rng, now, OUTBOUND_INTERVAL) };
    }
}

impl Fsm {
    /// A peer has shown that it knows a transaction.
    pub(super) fn knows_transaction(&mut self, id: PeerId, hash: &[u8; 32]) {
        if let Some(relay) = self.peers.get_mut(&id).and_then(|peer| peer.relay.as_mut()) {
            relay.known.insert(hash);
        }
    }

    /// Will tell all peers that do not know it (RelayTransaction).
    pub(super) fn relay_transaction(&mut self, cx: Context<'_>, txid: Txid, wtxid: Wtxid) {
        let state = &mut self.transactions;
        for peer in self.peers.values_mut().filter(|p| p.established && p.closing.is_none() && p.wants_txs) {
            let id = peer.preferred_id(txid, wtxid);
            let hash = *id.as_bytes();
            let Some(relay) = peer.relay.as_mut().filter(|relay| !relay.known.contains(&hash)) else { continue };
            if relay.to_announce.len() < MAX_TO_ANNOUNCE {
                let was_idle = relay.is_idle();
                relay.to_announce.insert(hash);
                if was_idle {
                    peer.plan_batch(&mut state.rng, &mut state.next_inbound, cx.clock);
                }
                // Nothing is hidden from these.
                self.everyone |= peer.permissions.has(Permissions::NOBAN);
            }
        }
    }

    /// `mempool`: offered to those that have the permission, or to all with the service for bloom filters.
    pub(super) fn on_mempool(&mut self, cx: Context<'_>, id: PeerId) {
        let offered = self.peers.get(&id).is_some_and(|peer| self.offers_bloom(peer));
        let Some(peer) = self.peers.get_mut(&id) else { return };
        if !offered && !peer.permissions.has(Permissions::MEMPOOL) {
            if !peer.permissions.has(Permissions::NOBAN) {
                peer.close(DisconnectReason::NotServed(CommandName::MEMPOOL));
            }
            return;
        }
        let Some(relay) = peer.relay.as_mut() else { return };
        let was_idle = relay.is_idle();
        relay.send_pool = true;
        if was_idle {
            peer.plan_batch(&mut self.transactions.rng, &mut self.transactions.next_inbound, cx.clock);
        }
    }

    /// Tells what is due.
    pub(super) fn announce_transactions(&mut self, cx: Context<'_>, id: PeerId) {
        let state = &mut self.transactions;
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let noban = peer.permissions.has(Permissions::NOBAN);
        let Some(relay) = peer.relay.as_mut().filter(|relay| !relay.is_idle()) else { return };
        if relay.next_batch > cx.clock && !noban {
            return;
        }
        if !peer.wants_txs {
            relay.to_announce.clear();
        }
        peer.plan_batch(&mut state.rng, &mut state.next_inbound, cx.clock);
        let mut told = peer.take_pool_announcements(cx);
        peer.take_batch(cx, &mut told, &mut state.memory);
        for part in told.chunks(MAX_INV_SZ) {
            self.send(id, &Message::Inv(part.to_vec()));
        }
    }

    /// Answers a request for a transaction. False if the peer is to hear that it is not here.
    pub(super) fn serve_transaction(&mut self, cx: Context<'_>, id: PeerId, entry: &Inventory) -> bool {
        let Some(peer) = self.peers.get(&id) else { return true };
        // Who gets no transactions gets no answer either.
        let Some(relay) = &peer.relay else { return true };
        let now = cx.clock.as_secs();
        let in_pool = cx.chain.pool_tx(&entry.gen_txid());
        let is_open = |tx: &PoolTx| {
            relay.pool_sent.is_some_and(|sent| tx.time <= sent) || tx.time <= now - UNCONDITIONAL_RELAY_DELAY
        };
        let unbroadcast = in_pool.as_ref().is_some_and(|tx| tx.unbroadcast);
        let allowed = in_pool.as_ref().is_some_and(is_open) || relay.recently_announced.contains(&entry.hash);
        let remembered = || self.transactions.memory.by_hash.get(&entry.hash).map(Arc::clone);
        let Some(tx) = in_pool.map(|tx| tx.tx).or_else(remembered).filter(|_| allowed) else { return false };
        let encoding = match entry.kind {
            InvType::TX => Encoding::Base,
            _ if peer.has_mweb() => Encoding::Full,
            _ => Encoding::Witness,
        };
        self.send_payload(id, CommandName::TX, &tx.encode(encoding));
        if unbroadcast {
            self.out.push(Output::Broadcast { txid: tx.txid() });
        }
        // The peer may need its parents, and may not have been told of them.
        let parents = cx.chain.parents_since(&tx.txid(), now - UNCONDITIONAL_RELAY_DELAY);
        if let Some(relay) = self.peers.get_mut(&id).and_then(|peer| peer.relay.as_mut()) {
            for parent in parents.iter().map(Txid::as_bytes).filter(|parent| !relay.known.contains(*parent)) {
                relay.recently_announced.insert(parent);
            }
        }
        true
    }

    /// Announces local transactions again that no peer has asked for, each ten to fifteen minutes.
    pub(super) fn repeat_broadcast(&mut self, cx: Context<'_>) {
        let due = self.transactions.next_broadcast.is_some_and(|at| at <= cx.now);
        if due {
            for txid in cx.chain.unbroadcast() {
                if let Some(entry) = cx.chain.pool_tx(&GenTxid::Txid(txid)) {
                    self.relay_transaction(cx, txid, entry.tx.wtxid());
                }
            }
        }
        if due || self.transactions.next_broadcast.is_none() {
            let more = self.transactions.rng.random_range(Duration::ZERO..BROADCAST_INTERVAL / 2);
            self.transactions.next_broadcast = Some(cx.now + BROADCAST_INTERVAL + more);
        }
    }

    /// When a peer has to be told something.
    pub(super) fn next_batch(&self, peer: &Peer) -> Time {
        match &peer.relay {
            Some(relay) if !relay.is_idle() => {
                // What was left of the last batch goes on at once.
                if peer.permissions.has(Permissions::NOBAN) { Time::default() } else { relay.next_batch }
            }
            _ => Time::NEVER,
        }
    }
}

impl Peer {
    /// The answer to `mempool`.
    fn take_pool_announcements(&mut self, cx: Context<'_>) -> Vec<Inventory> {
        let mut told = Vec::new();
        if !self.relay.as_mut().is_some_and(|relay| std::mem::take(&mut relay.send_pool)) {
            return told;
        }
        for entry in cx.chain.all() {
            let hash = *self.preferred_id(entry.tx.txid(), entry.tx.wtxid()).as_bytes();
            let wanted = self.would_take(&entry) && self.is_relevant(&entry.tx);
            let Some(relay) = self.relay.as_mut() else { break };
            relay.to_announce.remove(&hash);
            if wanted {
                relay.known.insert(&hash);
                told.push(self.announcement(&hash));
            }
        }
        if let Some(relay) = self.relay.as_mut() {
            relay.pool_sent = Some(cx.clock.as_secs());
        }
        told
    }

    /// The best of what waits, as much as one batch holds.
    fn take_batch(&mut self, cx: Context<'_>, told: &mut Vec<Inventory>, memory: &mut RelayMemory) {
        let Some(mut relay) = self.relay.take() else { return };
        let mut ids: Vec<GenTxid> =
            relay.to_announce.iter().map(|hash| GenTxid::new(self.wtxid_relay, *hash)).collect();
        cx.chain.sort_for_relay(&mut ids);
        let mut left = (BATCH + ids.len() / 1000 * 5).min(MAX_BATCH);
        for id in ids {
            if left == 0 {
                break;
            }
            let hash = id.as_bytes();
            relay.to_announce.remove(hash);
            if relay.known.contains(hash) {
                continue;
            }
            let Some(entry) = cx.chain.pool_tx(&id).filter(|entry| self.would_take(entry)) else { continue };
            if !self.is_relevant(&entry.tx) {
                continue;
            }
            left -= 1;
            relay.recently_announced.insert(hash);
            told.push(self.announcement(hash));
            memory.insert(&entry.tx, cx.clock);
            relay.known.insert(hash);
            if hash != entry.tx.txid().as_bytes() {
                // The parents of what the peer asks for are looked up by txid.
                relay.known.insert(entry.tx.txid().as_bytes());
            }
        }
        self.relay = Some(relay);
    }
}
