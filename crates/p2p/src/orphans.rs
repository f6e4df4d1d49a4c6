//! Transactions whose parents are not known yet, kept for a while (v0.21.5.5 src/net_processing.cpp,
//! mapOrphanTransactions).
//!
//! Bounded in number, size and time; when full, a random one goes, so that nobody can choose which. Peers are numbers.
//! Unlike the reference, an orphan is also found by what it spends inside of the extension block.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use litecast_primitives::{
    Block, Transaction, Txid, Wtxid,
    transaction::{OutputIndex, created_outputs, spent_outputs},
};

/// `-maxorphantx`.
pub const DEFAULT_MAX_ORPHAN_TRANSACTIONS: usize = 100;
/// Heavier ones are not kept: no node relays them (v0.21.5.5 src/policy/policy.h, MAX_STANDARD_TX_WEIGHT).
pub const MAX_ORPHAN_WEIGHT: usize = 400_000;
/// All of them together, in bytes: the weight does not count what is inside of the extension block.
const MAX_BYTES: usize = 50_000_000;
/// Seconds that an orphan is kept.
const EXPIRE_TIME: i64 = 20 * 60;
/// Seconds between two searches for expired ones.
const EXPIRE_INTERVAL: i64 = 5 * 60;

#[derive(Debug)]
struct Orphan {
    tx: Arc<Transaction>,
    peer: u64,
    expires: i64,
    /// Its place in the list.
    place: usize,
}

/// The orphans.
#[derive(Debug, Default)]
pub struct Orphans {
    by_txid: BTreeMap<Txid, Orphan>,
    by_wtxid: HashMap<Wtxid, Txid>,
    by_spent: HashMap<OutputIndex, BTreeSet<Txid>>,
    /// All of them, for a choice at random.
    list: Vec<Txid>,
    bytes: usize,
    next_sweep: i64,
}

impl Orphans {
    /// Number of orphans.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether an orphan with this id is here.
    pub fn contains(&self, txid: &Txid) -> bool {
        self.by_txid.contains_key(txid)
    }

    /// Whether an orphan with this id with witness is here.
    pub fn contains_wtxid(&self, wtxid: &Wtxid) -> bool {
        self.by_wtxid.contains_key(wtxid)
    }

    /// An orphan and the peer that sent it.
    pub fn get(&self, txid: &Txid) -> Option<(&Arc<Transaction>, u64)> {
        self.by_txid.get(txid).map(|orphan| (&orphan.tx, orphan.peer))
    }

    /// Keeps a transaction; not if it is known or too large.
    pub fn add(&mut self, tx: Arc<Transaction>, peer: u64, now: i64) -> bool {
        let txid = tx.txid();
        if self.contains(&txid) || tx.weight() > MAX_ORPHAN_WEIGHT {
            return false;
        }
        for output in spent_outputs(&tx) {
            self.by_spent.entry(output).or_default().insert(txid);
        }
        self.by_wtxid.insert(tx.wtxid(), txid);
        self.bytes += tx.bytes().len();
        let orphan = Orphan { tx, peer, expires: now.saturating_add(EXPIRE_TIME), place: self.list.len() };
        self.by_txid.insert(txid, orphan);
        self.list.push(txid);
        true
    }

    /// Forgets an orphan; whether it was here.
    pub fn remove(&mut self, txid: &Txid) -> bool {
        let Some(orphan) = self.by_txid.remove(txid) else { return false };
        for output in spent_outputs(&orphan.tx) {
            if let Some(spenders) = self.by_spent.get_mut(&output) {
                spenders.remove(txid);
                if spenders.is_empty() {
                    self.by_spent.remove(&output);
                }
            }
        }
        self.by_wtxid.remove(&orphan.tx.wtxid());
        self.bytes -= orphan.tx.bytes().len();
        self.list.swap_remove(orphan.place);
        if let Some(moved) = self.list.get(orphan.place).and_then(|moved| self.by_txid.get_mut(moved)) {
            moved.place = orphan.place;
        }
        true
    }

    /// A peer is gone: so is what it sent.
    pub fn remove_peer(&mut self, peer: u64) -> usize {
        self.remove_where(|orphan| orphan.peer == peer)
    }

    /// What a block brought or spent is no orphan any more.
    pub fn remove_for_block(&mut self, block: &Block) -> usize {
        let inside = block.extension().into_iter().flat_map(|extension| &extension.body.inputs);
        let inside = inside.map(|input| OutputIndex::Mweb(input.output_id));
        let outside = block.transactions().iter().flat_map(|tx| spent_outputs(tx));
        let gone: BTreeSet<Txid> =
            outside.chain(inside).filter_map(|output| self.by_spent.get(&output)).flatten().copied().collect();
        gone.iter().filter(|txid| self.remove(txid)).count()
    }

    /// The orphans that spend from a transaction, which has come at last.
    pub fn children(&self, tx: &Transaction) -> BTreeSet<Txid> {
        created_outputs(tx).filter_map(|output| self.by_spent.get(&output)).flatten().copied().collect()
    }

    /// Forgets expired ones, then random ones until no more than `limit` and [`MAX_BYTES`] are left. `random` answers with a number below
    /// its argument.
    pub fn limit(&mut self, limit: usize, now: i64, random: &mut dyn FnMut(usize) -> usize) -> usize {
        let mut removed = 0;
        if self.next_sweep <= now {
            removed += self.remove_where(|orphan| orphan.expires <= now);
            let first = self.by_txid.values().map(|orphan| orphan.expires).min();
            let latest = now.saturating_add(EXPIRE_TIME - EXPIRE_INTERVAL);
            self.next_sweep = first.unwrap_or(latest).min(latest).saturating_add(EXPIRE_INTERVAL);
        }
        while self.list.len() > limit || self.bytes > MAX_BYTES {
            let place = random(self.list.len()).min(self.list.len() - 1);
            let txid = self.list[place];
            self.remove(&txid);
            removed += 1;
        }
        removed
    }

    fn remove_where(&mut self, condition: impl Fn(&Orphan) -> bool) -> usize {
        let gone: Vec<Txid> =
            self.by_txid.iter().filter(|(_, orphan)| condition(orphan)).map(|(txid, _)| *txid).collect();
        gone.iter().filter(|txid| self.remove(txid)).count()
    }
}

#[cfg(test)]
mod tests;
