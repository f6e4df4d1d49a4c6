//! Which transactions a block takes: the best package first, a transaction with all that it needs
//! (v0.21.5.5 src/miner.cpp, addPackageTxs). Making the block is the caller's.

use std::collections::{BTreeMap, BTreeSet};

use litecast_consensus::{MAX_BLOCK_SIGOPS_COST, MAX_BLOCK_WEIGHT, WITNESS_SCALE_FACTOR, tx::is_final_tx};
use litecast_mweb::weight::MAX_MINE_WEIGHT;
use litecast_primitives::{Height, Txid};

use crate::{
    entry::{Entry, Totals},
    policy::FeeRate,
    pool::Mempool,
    score::AncestorScore,
};

/// What the coinbase and the block's own bytes take.
pub const RESERVED_WEIGHT: u64 = 4000;
const RESERVED_SIGOPS_COST: u64 = 400;
/// After so many packages without room in a row an almost full block is done.
const MAX_CONSECUTIVE_FAILURES: usize = 1000;

/// The block that is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockRequest {
    /// `-blockmaxweight`.
    pub max_weight: u64,
    /// `-blockmintxfee`.
    pub min_fee: FeeRate,
    /// Its height.
    pub height: Height,
    /// Lock times up to here are over: the median time of the block below.
    pub lock_time_cutoff: i64,
    /// Whether it has an extension block.
    pub with_mweb: bool,
}

impl BlockRequest {
    /// With the default options, and an extension block.
    pub fn new(height: Height, lock_time_cutoff: i64) -> Self {
        let max_weight = MAX_BLOCK_WEIGHT as u64 - RESERVED_WEIGHT;
        Self { max_weight, min_fee: FeeRate(1000), height, lock_time_cutoff, with_mweb: true }
    }
}

/// What was chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// In an order in which a block may have them, MWEB-only ones included.
    pub transactions: Vec<Txid>,
    /// Weight, with the reserve for the coinbase.
    pub weight: u64,
    /// Cost of signature operations, with the reserve.
    pub sigops_cost: u64,
    /// Weight inside of the extension block.
    pub mweb_weight: u64,
    /// Fees, outside and inside together.
    pub fees: i64,
}

/// Chooses. `add_inside` is asked for every transaction with an MWEB part, in order, whether the extension block takes
/// it; what it refuses stays out, and all that depends on it.
pub fn select<'a>(
    pool: &'a Mempool,
    request: &BlockRequest,
    add_inside: &mut dyn FnMut(&'a Entry) -> bool,
) -> Selection {
    let mut selector = Selector {
        pool,
        request: *request,
        chosen: Selection { weight: RESERVED_WEIGHT, sigops_cost: RESERVED_SIGOPS_COST, ..Selection::default() },
        in_block: BTreeSet::new(),
        failed: BTreeSet::new(),
        modified: BTreeMap::new(),
        order: BTreeSet::new(),
    };
    selector.run(add_inside);
    selector.chosen
}

struct Selector<'a> {
    pool: &'a Mempool,
    request: BlockRequest,
    chosen: Selection,
    in_block: BTreeSet<Txid>,
    failed: BTreeSet<Txid>,
    /// Sums of those some of whose ancestors are in the block, without these.
    modified: BTreeMap<Txid, Totals>,
    order: BTreeSet<AncestorScore>,
}

impl<'a> Selector<'a> {
    fn run(&mut self, add_inside: &mut dyn FnMut(&'a Entry) -> bool) {
        let mut fresh = self.pool.by_ancestor_score().peekable();
        let mut failures = 0;
        loop {
            while fresh.next_if(|entry| self.is_stale(&entry.txid())).is_some() {}
            let best = self.order.first().copied();
            let (entry, package) = match (fresh.peek(), best) {
                (None, None) => break,
                (Some(entry), None) => (*entry, *entry.with_ancestors()),
                (Some(entry), Some(best)) if AncestorScore::of(entry) <= best => (*entry, *entry.with_ancestors()),
                (_, Some(best)) => match (self.pool.get(&best.txid()), self.modified.get(&best.txid())) {
                    (Some(entry), Some(package)) => (entry, *package),
                    _ => break,
                },
            };
            let txid = entry.txid();
            let was_modified = self.modified.contains_key(&txid);
            if !was_modified {
                fresh.next();
            }
            if package.fees() < self.request.min_fee.total_fee(package.size, package.mweb_weight) {
                break;
            }
            if !self.has_room(&package) {
                self.give_up(&txid, was_modified);
                failures += 1;
                if failures > MAX_CONSECUTIVE_FAILURES && self.chosen.weight + RESERVED_WEIGHT > self.request.max_weight
                {
                    break;
                }
                continue;
            }
            let Some(package) = self.package(entry) else {
                self.give_up(&txid, was_modified);
                continue;
            };
            failures = 0;
            self.add(&package, add_inside);
        }
    }

    fn is_stale(&self, txid: &Txid) -> bool {
        self.modified.contains_key(txid) || self.in_block.contains(txid) || self.failed.contains(txid)
    }

    fn has_room(&self, package: &Totals) -> bool {
        let weight = self.chosen.weight + WITNESS_SCALE_FACTOR as u64 * package.size;
        weight < self.request.max_weight
            && self.chosen.sigops_cost + package.sigop_cost < MAX_BLOCK_SIGOPS_COST
            && self.chosen.mweb_weight + package.mweb_weight < MAX_MINE_WEIGHT as u64
    }

    /// An entry after all of its ancestors that are not in the block, if the block may have every one of them.
    fn package(&self, entry: &'a Entry) -> Option<Vec<&'a Entry>> {
        let ancestors = self.pool.ancestors(&entry.txid()).into_iter().filter(|txid| !self.in_block.contains(txid));
        let mut package: Vec<&Entry> = ancestors.filter_map(|txid| self.pool.get(&txid)).collect();
        package.push(entry);
        package.sort_by_key(|entry| entry.with_ancestors().count);
        let BlockRequest { height, lock_time_cutoff, with_mweb, .. } = self.request;
        let allowed = |entry: &&Entry| {
            is_final_tx(entry.tx(), height, lock_time_cutoff)
                && (with_mweb || entry.tx().mweb().is_none())
                && !self.failed.contains(&entry.txid())
        };
        package.iter().all(allowed).then_some(package)
    }

    fn add(&mut self, package: &[&'a Entry], add_inside: &mut dyn FnMut(&'a Entry) -> bool) {
        for (n, entry) in package.iter().enumerate() {
            if entry.tx().mweb().is_some() && !add_inside(entry) {
                for entry in &package[n..] {
                    self.give_up(&entry.txid(), true);
                }
                return;
            }
            let txid = entry.txid();
            self.forget_modified(&txid);
            self.chosen.transactions.push(txid);
            self.chosen.weight += entry.weight();
            self.chosen.sigops_cost += entry.sigop_cost();
            self.chosen.mweb_weight += entry.mweb_weight();
            self.chosen.fees = self.chosen.fees.saturating_add(entry.fee().0);
            self.in_block.insert(txid);
            self.update_descendants(entry);
        }
    }

    fn give_up(&mut self, txid: &Txid, for_good: bool) {
        if for_good {
            self.forget_modified(txid);
            self.failed.insert(*txid);
        }
    }

    fn forget_modified(&mut self, txid: &Txid) {
        if let (Some(package), Some(entry)) = (self.modified.remove(txid), self.pool.get(txid)) {
            self.order.remove(&AncestorScore::with(entry, &package));
        }
    }

    /// What depends on a chosen entry needs less now.
    fn update_descendants(&mut self, chosen: &Entry) {
        for txid in self.pool.descendants(&chosen.txid()) {
            if self.in_block.contains(&txid) || self.failed.contains(&txid) {
                continue;
            }
            let Some(entry) = self.pool.get(&txid) else { continue };
            let mut package = self.modified.get(&txid).copied().unwrap_or(*entry.with_ancestors());
            self.forget_modified(&txid);
            package.subtract(&chosen.own());
            self.order.insert(AncestorScore::with(entry, &package));
            self.modified.insert(txid, package);
        }
    }
}
