//! A mempool without scripts and signatures, and the coins that it stands on.
//!
//! A transaction is worth a thousand times its first output. The first output also makes things go wrong on purpose, see
//! [`bad_value`]. Who pays more than ten times as much replaces what spends the same.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use litecast_primitives::{Block, OutPoint, Transaction, Txid};

use super::toy_chain::ToyChain;
use crate::{
    fsm::{TxReject, TxRejectKind, TxVerdict},
    pool::{GenTxid, Pool, PoolTx},
};

/// A transaction with this value in its first output is refused for that reason.
pub const fn bad_value(kind: TxRejectKind) -> i64 {
    -1 - (kind as i64)
}

const KINDS: [TxRejectKind; 9] = [
    TxRejectKind::Consensus,
    TxRejectKind::RecentConsensusChange,
    TxRejectKind::InputsNotStandard,
    TxRejectKind::NotStandard,
    TxRejectKind::PrematureSpend,
    TxRejectKind::WitnessMutated,
    TxRejectKind::WitnessStripped,
    TxRejectKind::Conflict,
    TxRejectKind::MempoolPolicy,
];

#[derive(Debug, Clone)]
struct Entry {
    tx: Arc<Transaction>,
    time: i64,
    unbroadcast: bool,
}

/// Transactions outside of blocks, and what the blocks made and spent.
#[derive(Debug, Clone, Default)]
pub(super) struct ToyPool {
    entries: BTreeMap<Txid, Entry>,
    by_wtxid: HashMap<[u8; 32], Txid>,
    spenders: HashMap<OutPoint, Txid>,
    confirmed: HashMap<Txid, usize>,
    spent: HashSet<OutPoint>,
    pub(super) min_fee: i64,
    pub(super) now: i64,
}

fn value(tx: &Transaction) -> i64 {
    tx.outputs().first().map_or(0, |output| output.value.0)
}

fn refused(kind: TxRejectKind, reason: &'static str) -> TxVerdict {
    TxVerdict::Rejected(TxReject { kind, reason: reason.into() })
}

impl ToyPool {
    /// Puts a transaction in, whatever it is.
    pub(super) fn insert(&mut self, tx: &Arc<Transaction>) {
        let entry = Entry { tx: Arc::clone(tx), time: self.now, unbroadcast: false };
        for input in tx.inputs() {
            self.spenders.insert(input.prevout, tx.txid());
        }
        self.by_wtxid.insert(*tx.wtxid().as_bytes(), tx.txid());
        self.entries.insert(tx.txid(), entry);
    }

    /// Takes a transaction out, with all that spend from it.
    fn remove(&mut self, txid: Txid, removed: &mut Vec<Arc<Transaction>>) {
        let Some(Entry { tx, .. }) = self.entries.remove(&txid) else { return };
        self.by_wtxid.remove(tx.wtxid().as_bytes());
        for input in tx.inputs() {
            self.spenders.remove(&input.prevout);
        }
        for child in self.children(&tx) {
            self.remove(child, removed);
        }
        removed.push(tx);
    }

    fn children(&self, tx: &Transaction) -> Vec<Txid> {
        let txid = tx.txid();
        let outputs = (0u32..).zip(tx.outputs()).map(|(vout, _)| OutPoint { txid, vout });
        outputs.filter_map(|output| self.spenders.get(&output).copied()).collect()
    }

    fn exists(&self, coin: &OutPoint) -> bool {
        let outputs = self.confirmed.get(&coin.txid).copied();
        let outputs = outputs.or_else(|| self.entries.get(&coin.txid).map(|entry| entry.tx.outputs().len()));
        let is_free = coin.txid.as_bytes()[8..] == [1; 24];
        !self.spent.contains(coin) && (is_free || outputs.is_some_and(|outputs| (coin.vout as usize) < outputs))
    }

    pub(super) fn submit(&mut self, tx: &Arc<Transaction>) -> TxVerdict {
        if let Some(kind) = KINDS.into_iter().find(|kind| bad_value(*kind) == value(tx)) {
            return refused(kind, "bad-toy-txns");
        }
        if self.entries.contains_key(&tx.txid()) {
            return refused(TxRejectKind::Conflict, "txn-already-in-mempool");
        }
        if self.confirmed.contains_key(&tx.txid()) {
            return refused(TxRejectKind::Conflict, "txn-already-known");
        }
        if !tx.inputs().iter().all(|input| self.exists(&input.prevout)) {
            return TxVerdict::MissingInputs;
        }
        let conflicts: BTreeSet<Txid> =
            tx.inputs().iter().filter_map(|input| self.spenders.get(&input.prevout).copied()).collect();
        if conflicts.iter().any(|other| value(tx) <= 10 * value(&self.entries[other].tx)) {
            return refused(TxRejectKind::MempoolPolicy, "txn-mempool-conflict");
        }
        let mut replaced = Vec::new();
        for other in conflicts {
            self.remove(other, &mut replaced);
        }
        self.insert(tx);
        TxVerdict::Accepted { replaced }
    }

    pub(super) fn connect(&mut self, block: &Block) {
        for tx in block.transactions() {
            let mut gone = Vec::new();
            if let Some(entry) = self.entries.remove(&tx.txid()) {
                self.by_wtxid.remove(entry.tx.wtxid().as_bytes());
                for input in entry.tx.inputs() {
                    self.spenders.remove(&input.prevout);
                }
            }
            for input in tx.inputs() {
                if let Some(other) = self.spenders.get(&input.prevout).copied() {
                    self.remove(other, &mut gone);
                }
                self.spent.insert(input.prevout);
            }
            self.confirmed.insert(tx.txid(), tx.outputs().len());
        }
    }

    /// The coins are as before the block. What it brought comes back with [`Self::readd`].
    pub(super) fn disconnect(&mut self, block: &Block) {
        for tx in block.transactions().iter().rev() {
            self.confirmed.remove(&tx.txid());
            for input in tx.inputs() {
                self.spent.remove(&input.prevout);
            }
        }
    }

    /// After a reorganisation: takes back what was in disconnected blocks, drops what has lost its coins.
    pub(super) fn readd<'a>(&mut self, blocks: impl Iterator<Item = &'a Arc<Block>>) {
        // What is there is judged again, after what may have come before it.
        let mut open: Vec<Arc<Transaction>> =
            blocks.flat_map(|block| block.transactions().iter().skip(1)).map(Arc::clone).collect();
        let old = std::mem::take(&mut self.entries);
        self.by_wtxid.clear();
        self.spenders.clear();
        open.extend(old.values().map(|entry| Arc::clone(&entry.tx)));
        let mut left = usize::MAX;
        while open.len() < left {
            left = open.len();
            open.retain(|tx| matches!(self.submit(tx), TxVerdict::MissingInputs));
        }
        for (txid, before) in old {
            if let Some(entry) = self.entries.get_mut(&txid) {
                (entry.time, entry.unbroadcast) = (before.time, before.unbroadcast);
            }
        }
    }

    pub(super) fn confirmed(&self) -> BTreeSet<Txid> {
        self.confirmed.keys().copied().collect()
    }

    fn find(&self, id: &GenTxid) -> Option<&Entry> {
        match id {
            GenTxid::Txid(txid) => self.entries.get(txid),
            GenTxid::Wtxid(wtxid) => self.entries.get(self.by_wtxid.get(wtxid.as_bytes())?),
        }
    }

    fn ancestors(&self, tx: &Transaction, found: &mut BTreeSet<Txid>) {
        for input in tx.inputs() {
            if let Some(parent) = self.entries.get(&input.prevout.txid)
                && found.insert(input.prevout.txid)
            {
                self.ancestors(&parent.tx, found);
            }
        }
    }

    fn rank(&self, tx: &Transaction) -> (usize, i64, Txid) {
        let mut ancestors = BTreeSet::new();
        self.ancestors(tx, &mut ancestors);
        (ancestors.len(), -value(tx), tx.txid())
    }

    fn info(entry: &Entry) -> PoolTx {
        let size = entry.tx.weight().div_ceil(4) as u64;
        let fee = 1000 * value(&entry.tx);
        let (tx, time, unbroadcast) = (Arc::clone(&entry.tx), entry.time, entry.unbroadcast);
        PoolTx { tx, fee, size, mweb_weight: 0, time, unbroadcast }
    }

    pub(super) fn all(&self) -> Vec<PoolTx> {
        let mut all: Vec<PoolTx> = self.entries.values().map(Self::info).collect();
        all.sort_by_cached_key(|entry| self.rank(&entry.tx));
        all
    }

    pub(super) fn set_unbroadcast(&mut self, txid: &Txid, unbroadcast: bool) {
        if let Some(entry) = self.entries.get_mut(txid) {
            entry.unbroadcast = unbroadcast;
        }
    }
}

impl Pool for ToyChain {
    fn has_tx(&self, id: &GenTxid) -> bool {
        self.pool.find(id).is_some()
    }

    fn pool_tx(&self, id: &GenTxid) -> Option<PoolTx> {
        self.pool.find(id).map(ToyPool::info)
    }

    fn all(&self) -> Vec<PoolTx> {
        self.pool.all()
    }

    fn sort_for_relay(&self, ids: &mut [GenTxid]) {
        ids.sort_by_cached_key(|id| self.pool.find(id).map(|entry| self.pool.rank(&entry.tx)));
    }

    fn parents_since(&self, txid: &Txid, time: i64) -> Vec<Txid> {
        let parents: BTreeSet<Txid> = self
            .pool
            .entries
            .get(txid)
            .map_or_else(BTreeSet::new, |entry| entry.tx.inputs().iter().map(|input| input.prevout.txid).collect());
        let is_new = |txid: &Txid| self.pool.entries.get(txid).is_some_and(|parent| parent.time > time);
        parents.into_iter().filter(is_new).collect()
    }

    fn min_fee(&self) -> i64 {
        self.pool.min_fee
    }

    fn unbroadcast(&self) -> Vec<Txid> {
        let waiting = self.pool.entries.iter().filter(|(_, entry)| entry.unbroadcast);
        waiting.map(|(txid, _)| *txid).collect()
    }
}
