//! A transaction in the pool, with what the pool knows about it and about those that it depends on or that depend on it.
//!
//! Sums of an entry include the entry itself. Only the pool changes them.

use std::{collections::BTreeSet, sync::Arc};

pub use litecast_primitives::transaction::{OutputIndex, created_outputs, spent_outputs};
use litecast_primitives::{
    Amount, Height, Transaction, Txid,
    hash::MwebHash,
    mweb::{Kernel, Output},
};

use crate::{
    lock_points::LockPoints,
    policy::{
        fee_rate::clamp,
        size::{mweb_weight, virtual_size},
    },
};

/// Ids of the outputs that a transaction creates inside.
pub(crate) fn created_inside(tx: &Transaction) -> BTreeSet<MwebHash> {
    tx.mweb().into_iter().flat_map(|mweb| &mweb.body.outputs).map(Output::id).collect()
}

/// Ids of a transaction's kernels.
pub(crate) fn kernels(tx: &Transaction) -> BTreeSet<MwebHash> {
    tx.mweb().into_iter().flat_map(|mweb| &mweb.body.kernels).map(Kernel::id).collect()
}

/// Sums over an entry and its ancestors, or its descendants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Transactions.
    pub count: u64,
    /// Virtual bytes.
    pub size: u64,
    /// MWEB weight.
    pub mweb_weight: u64,
    /// Cost of signature operations.
    pub sigop_cost: u64,
    /// Wide, so that no prioritisation overflows it.
    fees: i128,
}

impl Totals {
    /// Modified fees, clamped to an `i64`.
    pub fn fees(&self) -> i64 {
        clamp(self.fees)
    }

    pub(crate) fn add(&mut self, entry: &Totals) {
        self.count += entry.count;
        self.size += entry.size;
        self.mweb_weight += entry.mweb_weight;
        self.sigop_cost += entry.sigop_cost;
        self.fees += entry.fees;
    }

    /// Takes away what was added before.
    pub(crate) fn subtract(&mut self, entry: &Totals) {
        self.count -= entry.count;
        self.size -= entry.size;
        self.mweb_weight -= entry.mweb_weight;
        self.sigop_cost -= entry.sigop_cost;
        self.fees -= entry.fees;
    }

    pub(crate) fn add_fee(&mut self, fee: i128) {
        self.fees += fee;
    }
}

/// What is known of a transaction before it is in the pool.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// The transaction.
    pub tx: Arc<Transaction>,
    /// Its fee, outside and inside together.
    pub fee: Amount,
    /// When it came, Unix seconds.
    pub time: i64,
    /// Height of the tip when it came.
    pub height: Height,
    /// Whether it spends a coinbase or a peg-out, which a reorganisation may make immature again.
    pub spends_coinbase: bool,
    /// Cost of its signature operations.
    pub sigop_cost: u64,
    /// Its relative locks.
    pub lock_points: LockPoints,
}

/// A transaction in the pool.
#[derive(Debug, Clone)]
pub struct Entry {
    new: NewEntry,
    txid: Txid,
    weight: u64,
    size: u64,
    mweb_weight: u64,
    usage: usize,
    fee_delta: i64,
    /// When it came or changed last, counted by the pool.
    pub(crate) turn: u64,
    pub(crate) spent: Vec<OutputIndex>,
    pub(crate) created: BTreeSet<MwebHash>,
    pub(crate) kernels: BTreeSet<MwebHash>,
    pub(crate) parents: BTreeSet<Txid>,
    pub(crate) children: BTreeSet<Txid>,
    pub(crate) with_ancestors: Totals,
    pub(crate) with_descendants: Totals,
}

impl Entry {
    /// An entry without relatives. `bytes_per_sigop` is the policy's.
    pub fn new(new: NewEntry, bytes_per_sigop: u64) -> Self {
        let tx = &new.tx;
        let weight = tx.weight() as u64;
        let mut entry = Self {
            txid: tx.txid(),
            weight,
            size: virtual_size(weight, new.sigop_cost, bytes_per_sigop),
            mweb_weight: mweb_weight(tx),
            usage: transaction_usage(tx),
            fee_delta: 0,
            turn: 0,
            spent: spent_outputs(tx).collect(),
            created: created_inside(tx),
            kernels: kernels(tx),
            parents: BTreeSet::new(),
            children: BTreeSet::new(),
            with_ancestors: Totals::default(),
            with_descendants: Totals::default(),
            new,
        };
        entry.with_ancestors = entry.own();
        entry.with_descendants = entry.own();
        entry
    }

    /// The transaction.
    pub fn tx(&self) -> &Arc<Transaction> {
        &self.new.tx
    }

    /// Its id.
    pub fn txid(&self) -> Txid {
        self.txid
    }

    /// Its fee, without prioritisation.
    pub fn fee(&self) -> Amount {
        self.new.fee
    }

    /// Its fee for mining and eviction.
    pub fn modified_fee(&self) -> i64 {
        self.new.fee.0.saturating_add(self.fee_delta)
    }

    /// What prioritisation adds.
    pub fn fee_delta(&self) -> i64 {
        self.fee_delta
    }

    /// When it came, Unix seconds.
    pub fn time(&self) -> i64 {
        self.new.time
    }

    /// Height of the tip when it came.
    pub fn height(&self) -> Height {
        self.new.height
    }

    /// Whether it spends a coinbase or a peg-out.
    pub fn spends_coinbase(&self) -> bool {
        self.new.spends_coinbase
    }

    /// Cost of its signature operations.
    pub fn sigop_cost(&self) -> u64 {
        self.new.sigop_cost
    }

    /// Its relative locks.
    pub fn lock_points(&self) -> LockPoints {
        self.new.lock_points
    }

    /// Weight units.
    pub fn weight(&self) -> u64 {
        self.weight
    }

    /// Virtual bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Weight inside of the extension block.
    pub fn mweb_weight(&self) -> u64 {
        self.mweb_weight
    }

    /// Bytes of memory that the transaction takes.
    pub fn usage(&self) -> usize {
        self.usage
    }

    /// Transactions of the pool that it spends from.
    pub fn parents(&self) -> &BTreeSet<Txid> {
        &self.parents
    }

    /// Transactions of the pool that spend from it.
    pub fn children(&self) -> &BTreeSet<Txid> {
        &self.children
    }

    /// Sums of it and all that it depends on.
    pub fn with_ancestors(&self) -> &Totals {
        &self.with_ancestors
    }

    /// Sums of it and all that depend on it.
    pub fn with_descendants(&self) -> &Totals {
        &self.with_descendants
    }

    /// What it adds to the sums of its relatives.
    pub(crate) fn own(&self) -> Totals {
        Totals {
            count: 1,
            size: self.size,
            mweb_weight: self.mweb_weight,
            sigop_cost: self.new.sigop_cost,
            fees: self.modified_fee().into(),
        }
    }

    /// Sets the prioritisation; answers by how much the modified fee grew.
    pub(crate) fn set_fee_delta(&mut self, delta: i64) -> i128 {
        let before = i128::from(self.modified_fee());
        self.fee_delta = delta;
        let grown = i128::from(self.modified_fee()) - before;
        self.with_ancestors.add_fee(grown);
        self.with_descendants.add_fee(grown);
        grown
    }

    pub(crate) fn set_lock_points(&mut self, lock_points: LockPoints) {
        self.new.lock_points = lock_points;
    }
}

/// What an allocation of so many bytes takes (v0.21.5.5 src/memusage.h, MallocUsage, 64 bits).
pub(crate) const fn allocation(bytes: usize) -> usize {
    if bytes == 0 { 0 } else { (bytes + 31) >> 4 << 4 }
}

/// Memory of a transaction as the reference counts it, so that `-maxmempool` means the same, and the bytes of the MWEB
/// part, which the reference forgets (src/core_memusage.h, RecursiveDynamicUsage).
pub(crate) fn transaction_usage(tx: &Transaction) -> usize {
    /// The transaction itself, and the counter of those who hold it.
    const SHARED: usize = allocation(144) + allocation(24);
    const INPUT: usize = 104;
    const OUTPUT: usize = 40;
    const STACK_ITEM: usize = 24;
    /// Scripts up to this length are stored in place.
    const DIRECT: usize = 28;
    let script = |length: usize| if length > DIRECT { allocation(length) } else { 0 };
    let inputs: usize = tx
        .inputs()
        .iter()
        .map(|input| {
            let stack: usize = input.witness.iter().map(|item| allocation(item.len())).sum();
            script(input.script_sig.len()) + allocation(input.witness.len() * STACK_ITEM) + stack
        })
        .sum();
    let outputs: usize = tx.outputs().iter().map(|output| script(output.script_pubkey.len())).sum();
    let vectors = allocation(tx.inputs().len() * INPUT) + allocation(tx.outputs().len() * OUTPUT);
    let inside =
        if tx.mweb().is_some() { allocation(tx.bytes().len() - tx.base_size().min(tx.bytes().len())) } else { 0 };
    SHARED + inputs + outputs + vectors + inside
}
