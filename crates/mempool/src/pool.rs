//! The pool itself: entries, their indexes, and the links between them (v0.21.5.5 src/txmempool.cpp).
//!
//! Nothing here judges: who adds an entry has checked it. Sets of transactions are in the order of their ids' bytes, as
//! in the reference, so that the removals of one step are published in the same order.

mod graph;
pub mod limit;
mod recent;
mod remove;

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex},
};

use litecast_primitives::{OutPoint, Transaction, Txid, Wtxid, hash::MwebHash};

use self::recent::RecentByKernel;
pub use self::remove::BlockRemoval;
use crate::{
    change::Change,
    entry::{Entry, OutputIndex, allocation},
    fees::FeeEstimator,
    policy::Policy,
    score::{AncestorScore, DescendantScore, depth_and_score},
};

/// What an entry costs beside its transaction, in bytes (v0.21.5.5 src/txmempool.cpp, DynamicMemoryUsage, 64 bits).
const ENTRY_USAGE: usize = allocation(288 + 15 * 8);
/// The same of a link to a relative, of a spent output, of an output inside, of a prioritisation: a node of a tree with
/// what it holds.
const LINK_USAGE: usize = allocation(32 + 8);
const SPENT_USAGE: usize = allocation(32 + 48 + 8);
const CREATED_USAGE: usize = allocation(32 + 40 + 8);
const DELTA_USAGE: usize = allocation(32 + 32 + 8);
/// An id for relay, in the reference's vector of them.
const HASH_USAGE: usize = 32 + 8;

/// The memory pool.
#[derive(Debug)]
pub struct Mempool {
    policy: Policy,
    entries: HashMap<Txid, Entry>,
    by_wtxid: HashMap<Wtxid, Txid>,
    spent: HashMap<OutputIndex, Txid>,
    created_inside: HashMap<MwebHash, Txid>,
    by_kernel: HashMap<MwebHash, BTreeSet<Txid>>,
    by_descendants: BTreeSet<DescendantScore>,
    by_ancestors: BTreeSet<AncestorScore>,
    by_time: BTreeSet<(i64, Txid)>,
    deltas: HashMap<Txid, i64>,
    unbroadcast: BTreeSet<Txid>,
    recent: RecentByKernel,
    total_size: u64,
    inner_usage: usize,
    /// Room in the reference's vector of ids.
    hash_room: usize,
    /// How often entries came or changed.
    turns: u64,
    /// Number of the next change.
    sequence: u64,
    changes: Vec<Change>,
    updates: u64,
    /// Its reader is a writer, too.
    rolling: Mutex<limit::RollingFee>,
    fees: FeeEstimator,
}

impl Mempool {
    /// An empty pool at this time.
    pub fn new(policy: Policy, now: i64) -> Self {
        Self {
            policy,
            entries: HashMap::new(),
            by_wtxid: HashMap::new(),
            spent: HashMap::new(),
            created_inside: HashMap::new(),
            by_kernel: HashMap::new(),
            by_descendants: BTreeSet::new(),
            by_ancestors: BTreeSet::new(),
            by_time: BTreeSet::new(),
            deltas: HashMap::new(),
            unbroadcast: BTreeSet::new(),
            recent: RecentByKernel::default(),
            total_size: 0,
            inner_usage: 0,
            hash_room: 0,
            turns: 0,
            sequence: 1,
            changes: Vec::new(),
            updates: 0,
            rolling: Mutex::new(limit::RollingFee::new(now)),
            fees: FeeEstimator::default(),
        }
    }

    /// The options.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What is known about fees.
    pub fn fees(&self) -> &FeeEstimator {
        &self.fees
    }

    /// The same, to replace it by what a file holds before the first transaction comes, or to flush it at the end.
    pub fn fees_mut(&mut self) -> &mut FeeEstimator {
        &mut self.fees
    }

    /// Number of transactions.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Sum of all virtual sizes.
    pub fn total_size(&self) -> u64 {
        self.total_size
    }

    /// Bytes of memory that count against the limit.
    pub fn usage(&self) -> usize {
        self.entries.len() * ENTRY_USAGE
            + allocation(self.hash_room * HASH_USAGE)
            + self.spent.len() * SPENT_USAGE
            + self.created_inside.len() * CREATED_USAGE
            + self.deltas.len() * DELTA_USAGE
            + self.inner_usage
    }

    /// Number of the next change: what `getrawmempool false true` shows.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// How often something changed, prioritisation included: what `getblocktemplate` waits for.
    pub fn updates(&self) -> u64 {
        self.updates
    }

    /// Everything that happened since the last call, in order.
    pub fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    /// An entry by the id of its transaction.
    pub fn get(&self, txid: &Txid) -> Option<&Entry> {
        self.entries.get(txid)
    }

    /// An entry by the id with witness.
    pub fn get_by_wtxid(&self, wtxid: &Wtxid) -> Option<&Entry> {
        self.by_wtxid.get(wtxid).and_then(|txid| self.entries.get(txid))
    }

    /// Whether a transaction is here.
    pub fn contains(&self, txid: &Txid) -> bool {
        self.entries.contains_key(txid)
    }

    /// The transaction here that spends an output.
    pub fn spender(&self, output: &OutputIndex) -> Option<Txid> {
        self.spent.get(output).copied()
    }

    /// The transaction here that creates an output inside of the extension block.
    pub fn creator_inside(&self, id: &MwebHash) -> Option<&Entry> {
        self.created_inside.get(id).and_then(|txid| self.entries.get(txid))
    }

    /// The transactions here with a kernel.
    pub fn with_kernel(&self, kernel: &MwebHash) -> impl Iterator<Item = &Entry> {
        self.by_kernel.get(kernel).into_iter().flatten().filter_map(|txid| self.entries.get(txid))
    }

    /// The transaction here that creates what is spent.
    pub(crate) fn parent_of(&self, output: &OutputIndex) -> Option<Txid> {
        match output {
            OutputIndex::Out(OutPoint { txid, .. }) => self.contains(txid).then_some(*txid),
            OutputIndex::Mweb(id) => self.created_inside.get(id).copied(),
        }
    }

    /// Whether a transaction spends nothing of this pool (HasNoInputsOf).
    pub fn has_no_inputs_of(&self, tx: &Transaction) -> bool {
        crate::entry::spent_outputs(tx).all(|output| self.parent_of(&output).is_none())
    }

    /// All entries, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// All entries, parents before children, then the best first.
    pub fn by_depth_and_score(&self) -> Vec<&Entry> {
        let mut all: Vec<&Entry> = self.entries.values().collect();
        all.sort_by(|a, b| depth_and_score(a, b));
        all
    }

    /// All entries, the best to mine first.
    pub fn by_ancestor_score(&self) -> impl Iterator<Item = &Entry> {
        self.by_ancestors.iter().filter_map(|score| self.entries.get(&score.txid()))
    }

    /// All entries, the first to be evicted first.
    pub fn by_descendant_score(&self) -> impl Iterator<Item = &Entry> {
        self.by_descendants.iter().filter_map(|score| self.entries.get(&score.txid()))
    }

    /// All entries, the oldest first.
    pub fn by_time(&self) -> impl Iterator<Item = &Entry> {
        self.by_time.iter().filter_map(|(_, txid)| self.entries.get(txid))
    }

    /// The prioritisation of a transaction, here or not.
    pub fn fee_delta(&self, txid: &Txid) -> i64 {
        self.deltas.get(txid).copied().unwrap_or(0)
    }

    /// Every prioritisation, in no order.
    pub fn fee_deltas(&self) -> impl Iterator<Item = (&Txid, i64)> {
        self.deltas.iter().map(|(txid, delta)| (txid, *delta))
    }

    /// Adds to what a transaction seems to pay, whether it is here already or comes later (PrioritiseTransaction).
    pub fn prioritise(&mut self, txid: Txid, delta: i64) {
        let total = self.fee_delta(&txid).saturating_add(delta);
        self.deltas.insert(txid, total);
        if !self.contains(&txid) {
            return;
        }
        let mut grown = 0;
        self.modify(&txid, |entry| grown = entry.set_fee_delta(total));
        for ancestor in self.ancestors(&txid) {
            self.modify(&ancestor, |entry| entry.with_descendants.add_fee(grown));
        }
        let mut descendants = self.descendants(&txid);
        descendants.remove(&txid);
        for descendant in descendants {
            self.modify(&descendant, |entry| entry.with_ancestors.add_fee(grown));
        }
        self.updates += 1;
    }

    /// Forgets a prioritisation; an entry keeps what it has.
    pub(crate) fn clear_prioritisation(&mut self, txid: &Txid) {
        self.deltas.remove(txid);
    }

    /// Remembers that no peer has asked for a transaction yet; nothing if it is not here.
    pub fn add_unbroadcast(&mut self, txid: Txid) {
        if self.contains(&txid) {
            self.unbroadcast.insert(txid);
        }
    }

    /// A peer has asked for it.
    pub fn remove_unbroadcast(&mut self, txid: &Txid) {
        self.unbroadcast.remove(txid);
    }

    /// What no peer has asked for yet.
    pub fn unbroadcast(&self) -> &BTreeSet<Txid> {
        &self.unbroadcast
    }

    /// The transaction, MWEB part included, that was mined or undone lately with this kernel.
    pub fn recent_by_kernel(&self, kernel: &MwebHash) -> Option<&Arc<Transaction>> {
        self.recent.get(kernel)
    }

    /// Adds an entry, which was checked and is not here yet, below these ancestors (addUnchecked). Publishes nothing:
    /// the entry may not survive the limits. Entries that spend it are linked by
    /// [`Mempool::update_transactions_from_block`]. `teaches` tells whether its fee counts for estimates.
    pub(crate) fn add(&mut self, mut entry: Entry, ancestors: &BTreeSet<Txid>, teaches: bool) {
        let txid = entry.txid();
        debug_assert!(!self.contains(&txid), "a transaction comes once");
        entry.set_fee_delta(self.fee_delta(&txid));
        entry.parents = entry.spent.iter().filter_map(|output| self.parent_of(output)).collect();
        for ancestor in ancestors {
            entry.with_ancestors.add(&self.entries[ancestor].own());
        }
        let own = entry.own();
        for ancestor in ancestors {
            self.modify(ancestor, |entry| entry.with_descendants.add(&own));
        }
        for parent in &entry.parents {
            if self.entries.get_mut(parent).is_some_and(|parent| parent.children.insert(txid)) {
                self.inner_usage += LINK_USAGE;
            }
        }
        self.inner_usage += entry.usage() + entry.parents.len() * LINK_USAGE;
        // A full vector grows to twice its size.
        if self.entries.len() == self.hash_room {
            self.hash_room = (2 * self.hash_room).max(1);
        }
        self.total_size += entry.size();
        self.by_wtxid.insert(entry.tx().wtxid(), txid);
        for output in &entry.spent {
            self.spent.entry(*output).or_insert(txid);
        }
        for id in &entry.created {
            self.created_inside.entry(*id).or_insert(txid);
        }
        for kernel in &entry.kernels {
            self.by_kernel.entry(*kernel).or_default().insert(txid);
        }
        self.turns += 1;
        entry.turn = self.turns;
        self.insert_scores(&entry);
        self.by_time.insert((entry.time(), txid));
        self.fees.process_transaction(&entry, teaches);
        self.entries.insert(txid, entry);
        self.updates += 1;
    }

    /// Adds an entry that was checked elsewhere, without limits, and publishes it.
    pub fn insert(&mut self, entry: Entry) {
        let ancestors = self.ancestors_of(&entry, &crate::policy::Limits::NONE).unwrap_or_default();
        let tx = Arc::clone(entry.tx());
        self.add(entry, &ancestors, true);
        self.publish_added(tx);
    }

    pub(crate) fn publish_added(&mut self, tx: Arc<Transaction>) {
        let sequence = self.next_sequence();
        self.changes.push(Change::Added { tx, sequence });
    }

    fn next_sequence(&mut self) -> u64 {
        let sequence = self.sequence;
        self.sequence += 1;
        sequence
    }

    fn insert_scores(&mut self, entry: &Entry) {
        self.by_descendants.insert(DescendantScore::of(entry));
        self.by_ancestors.insert(AncestorScore::of(entry));
    }

    /// Changes an entry and keeps its places in the orders.
    fn modify(&mut self, txid: &Txid, change: impl FnOnce(&mut Entry)) {
        let entry = self.entries.get_mut(txid).expect("because links lead to entries of the pool");
        let before = (DescendantScore::of(entry), AncestorScore::of(entry));
        change(entry);
        self.turns += 1;
        entry.turn = self.turns;
        let after = (DescendantScore::of(entry), AncestorScore::of(entry));
        if before.0 != after.0 {
            self.by_descendants.remove(&before.0);
            self.by_descendants.insert(after.0);
        }
        if before.1 != after.1 {
            self.by_ancestors.remove(&before.1);
            self.by_ancestors.insert(after.1);
        }
    }
}
