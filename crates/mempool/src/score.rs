//! The orders of the pool: by what mining a transaction brings together with what it needs, and by what keeping it is
//! worth together with what depends on it (v0.21.5.5 src/txmempool.h, CompareTxMemPoolEntryBy*).
//!
//! Rates are compared exactly, by multiplication. A transaction without size (MWEB-only, without peg-outs) has a rate
//! above all others if it pays anything: its place is inside of the extension block.

use std::cmp::{Ordering, Reverse};

use litecast_primitives::Txid;

use crate::entry::{Entry, Totals};

/// A fee for a size.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// Litoshis.
    pub fee: i64,
    /// Virtual bytes.
    pub size: u64,
}

impl Rate {
    /// A rate without size is infinite, or zero if it has no fee either.
    fn infinite(self) -> Option<i64> {
        (self.size == 0 && self.fee != 0).then(|| self.fee.signum())
    }
}

impl PartialEq for Rate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Rate {}

impl PartialOrd for Rate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Rate {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.infinite(), other.infinite()) {
            (None, None) => {
                let left = i128::from(self.fee) * i128::from(other.size.max(1));
                left.cmp(&(i128::from(other.fee) * i128::from(self.size.max(1))))
            }
            (a, b) => a.unwrap_or(0).cmp(&b.unwrap_or(0)),
        }
    }
}

/// Lowest first: the first to go when the pool is full. Of equals the newest goes first, by time and then by the turn in
/// which they came or changed: the reference's index puts what compares equal before what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DescendantScore {
    rate: Rate,
    time: Reverse<i64>,
    turn: Reverse<u64>,
    txid: Txid,
}

impl DescendantScore {
    /// The better of its own rate and that of it with all its descendants.
    pub fn of(entry: &Entry) -> Self {
        let own = Rate { fee: entry.modified_fee(), size: entry.size() };
        let all = entry.with_descendants();
        let rate = own.max(Rate { fee: all.fees(), size: all.size });
        Self { rate, time: Reverse(entry.time()), turn: Reverse(entry.turn), txid: entry.txid() }
    }

    /// Whose it is.
    pub fn txid(&self) -> Txid {
        self.txid
    }
}

/// Best first: the first to be mined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AncestorScore {
    rate: Reverse<Rate>,
    txid: Txid,
}

impl AncestorScore {
    /// The worse of its own rate and that of it with all its ancestors.
    pub fn of(entry: &Entry) -> Self {
        Self::with(entry, entry.with_ancestors())
    }

    /// The same while some ancestors do not count: `all` are the sums of the others.
    pub fn with(entry: &Entry, all: &Totals) -> Self {
        let own = Rate { fee: entry.modified_fee(), size: entry.size() };
        let rate = own.min(Rate { fee: all.fees(), size: all.size });
        Self { rate: Reverse(rate), txid: entry.txid() }
    }

    /// Whose it is.
    pub fn txid(&self) -> Txid {
        self.txid
    }
}

/// Fewest ancestors first, then the best own rate without prioritisation: the order of relay and of `getrawmempool`
/// (CompareDepthAndScore).
pub fn depth_and_score(a: &Entry, b: &Entry) -> Ordering {
    let rate = |entry: &Entry| Rate { fee: entry.fee().0, size: entry.size() };
    let depth = a.with_ancestors().count.cmp(&b.with_ancestors().count);
    depth.then_with(|| rate(b).cmp(&rate(a))).then_with(|| b.txid().cmp(&a.txid()))
}
