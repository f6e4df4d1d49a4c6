//! What fee a transaction needs to be mined within so many blocks, learnt from transactions that came and were mined
//! (v0.21.5.5 src/policy/fees.cpp, CBlockPolicyEstimator).
//!
//! The pool owns the estimator and tells it what comes, goes and is mined; everyone else asks. Fee rates are litoshis for
//! 1000 virtual bytes, targets and spans are blocks.

mod file;
mod stats;

use std::collections::HashMap;

use litecast_primitives::{Height, Txid};

pub use self::file::Damage;
use self::stats::{Found, Shape, Stats};
use crate::{entry::Entry, policy::FeeRate};

/// A tip older than this, in seconds, teaches nothing (v0.21.5.5 src/validation.cpp, MAX_FEE_ESTIMATION_TIP_AGE).
pub const MAX_TIP_AGE: i64 = 3 * 60 * 60;

const SHORT: Shape = Shape { periods: 12, decay: 0.962, scale: 1 };
const MEDIUM: Shape = Shape { periods: 24, decay: 0.9952, scale: 2 };
const LONG: Shape = Shape { periods: 42, decay: 0.99931, scale: 24 };

/// Blocks after which what a file tells is too old.
const OLDEST_HISTORY: u32 = 6 * 1008;
/// Bounds of the lowest and the highest finite bucket, and their distance.
const MIN_BUCKET: f64 = 1000.0;
const MAX_BUCKET: f64 = 1e7;
const SPACING: f64 = 1.05;
/// Bound of the last bucket.
const INFINITE: f64 = 1e99;
/// Parts of the transactions that must be confirmed within half of a target, within it, and within its double.
const HALF_SUCCESS: f64 = 0.6;
const SUCCESS: f64 = 0.85;
const DOUBLE_SUCCESS: f64 = 0.95;
/// Transactions a block that a range must have on average; more where few blocks are looked at.
const SUFFICIENT: f64 = 0.1;
const SUFFICIENT_SHORT: f64 = 0.5;

/// How far back an estimate looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Horizon {
    /// Half is forgotten after 18 blocks; targets up to 12.
    Short,
    /// Half is forgotten after 144 blocks; targets up to 48.
    Medium,
    /// Half is forgotten after 1008 blocks; targets up to 1008.
    Long,
}

impl Horizon {
    /// All, the shortest first.
    pub const ALL: [Self; 3] = [Self::Short, Self::Medium, Self::Long];

    /// The name in `estimaterawfee`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Short => "short",
            Self::Medium => "medium",
            Self::Long => "long",
        }
    }
}

/// A range of fee rates and what became of its transactions. Counts are decayed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    /// Above this rate.
    pub start: f64,
    /// Up to this one.
    pub end: f64,
    /// Confirmed within the target.
    pub within_target: f64,
    /// Confirmed at any time.
    pub total_confirmed: f64,
    /// Waiting for at least the target.
    pub in_mempool: f64,
    /// Gone unconfirmed after the target.
    pub left_mempool: f64,
}

/// An estimate with its reasons.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RawEstimate {
    /// The rate, if there is one.
    pub rate: Option<FeeRate>,
    /// The lowest range that met the threshold.
    pub pass: Option<Bucket>,
    /// The highest range that did not.
    pub fail: Option<Bucket>,
    /// What is left of an average after a block.
    pub decay: f64,
    /// Blocks in a period.
    pub scale: u32,
}

/// Upper bounds, rising.
#[derive(Debug, Clone, PartialEq)]
struct Buckets(Vec<f64>);

impl Buckets {
    fn new() -> Self {
        let bounds = std::iter::successors(Some(MIN_BUCKET), |bound| Some(bound * SPACING));
        Self(bounds.take_while(|bound| *bound <= MAX_BUCKET).chain([INFINITE]).collect())
    }

    /// The bucket of a rate; the last one for whatever is above all.
    fn of(&self, rate: f64) -> usize {
        self.0.partition_point(|bound| *bound < rate).min(self.0.len() - 1)
    }

    /// Bounds of the rates in some buckets.
    fn range(&self, low: usize, high: usize) -> (f64, f64) {
        (if low == 0 { 0.0 } else { self.0[low - 1] }, self.0[high])
    }
}

/// A transaction that waits.
#[derive(Debug, Clone, Copy)]
struct Tracked {
    height: Height,
    bucket: usize,
}

/// The estimator.
#[derive(Debug, Clone)]
pub struct FeeEstimator {
    buckets: Buckets,
    short: Stats,
    medium: Stats,
    long: Stats,
    tracked: HashMap<Txid, Tracked>,
    /// Height of the last block that taught something.
    best_seen: Height,
    /// Height of the first block with a tracked transaction since the start; zero before.
    first_recorded: Height,
    /// The same two of the run before, from the file.
    historical_first: Height,
    historical_best: Height,
}

impl Default for FeeEstimator {
    fn default() -> Self {
        let buckets = Buckets::new();
        let stats = |shape| Stats::new(shape, buckets.0.len());
        Self {
            short: stats(SHORT),
            medium: stats(MEDIUM),
            long: stats(LONG),
            buckets,
            tracked: HashMap::new(),
            best_seen: 0,
            first_recorded: 0,
            historical_first: 0,
            historical_best: 0,
        }
    }
}

impl FeeEstimator {
    /// Most blocks that a horizon has estimates for.
    pub fn highest_target_tracked(&self, horizon: Horizon) -> u32 {
        self.stats(horizon).max_confirms()
    }

    /// The rate for a target, `None` without enough data, and the target that it is for: a lower one while little has been
    /// seen (estimateSmartFee). A conservative estimate must hold over a longer time as well.
    pub fn estimate_smart_fee(&self, target: u32, conservative: bool) -> (Option<FeeRate>, u32) {
        if target == 0 || target > self.long.max_confirms() {
            return (None, target);
        }
        // Nobody can promise the next block.
        let target = target.max(2).min(self.max_usable_target());
        if target <= 1 {
            return (None, target);
        }
        // Shorter horizons are asked too, so that a longer target never costs more; not for the double target of a
        // conservative estimate, which takes the highest of all horizons anyway.
        let half = self.combined(target / 2, HALF_SUCCESS, true);
        let full = self.combined(target, SUCCESS, true);
        let double = self.combined(2 * target, DOUBLE_SUCCESS, !conservative);
        let mut median = higher(higher(half, full), double);
        if conservative || median.is_none() {
            median = higher(median, self.conservative(2 * target));
        }
        (median.and_then(to_rate), target)
    }

    /// What one horizon says to a target and a threshold of success; `None` for a target that it does not track or a
    /// threshold above one (estimateRawFee).
    pub fn estimate_raw_fee(&self, target: u32, threshold: f64, horizon: Horizon) -> Option<RawEstimate> {
        let stats = self.stats(horizon);
        if target == 0 || target > stats.max_confirms() || threshold > 1.0 {
            return None;
        }
        let Found { median, pass, fail } = self.ask(horizon, target, threshold);
        let rate = median.and_then(to_rate);
        Some(RawEstimate { rate, pass, fail, decay: stats.decay, scale: stats.scale })
    }

    /// At the end: whatever still waits has not been confirmed.
    pub fn flush_unconfirmed(&mut self) {
        let waiting: Vec<Txid> = self.tracked.keys().copied().collect();
        for txid in waiting {
            self.remove(&txid, false);
        }
    }

    /// A transaction came into the pool. It counts only if the node is up to date with its blocks, and `valid` if its time
    /// in the pool will tell something.
    pub(crate) fn process_transaction(&mut self, entry: &Entry, valid: bool) {
        let height = entry.height();
        if !valid || height != self.best_seen || self.tracked.contains_key(&entry.txid()) {
            return;
        }
        let bucket = self.buckets.of(rate_of(entry));
        self.tracked.insert(entry.txid(), Tracked { height, bucket });
        for stats in [&mut self.short, &mut self.medium, &mut self.long] {
            stats.add(height, bucket);
        }
    }

    /// A transaction left the pool; answers whether it was tracked.
    pub(crate) fn remove(&mut self, txid: &Txid, in_block: bool) -> bool {
        let Some(Tracked { height, bucket }) = self.tracked.remove(txid) else { return false };
        let best = self.best_seen;
        for stats in [&mut self.short, &mut self.medium, &mut self.long] {
            stats.remove(height, best, bucket, in_block);
        }
        true
    }

    /// A block was connected, with these entries of the pool. A block that is not higher than all before teaches nothing.
    pub(crate) fn process_block<'a>(&mut self, height: Height, entries: impl Iterator<Item = &'a Entry>) {
        if height <= self.best_seen {
            return;
        }
        self.best_seen = height;
        for stats in [&mut self.short, &mut self.medium, &mut self.long] {
            stats.start_block(height);
        }
        let mut counted = false;
        for entry in entries {
            if !self.remove(&entry.txid(), true) || entry.height() >= height {
                continue;
            }
            let rate = rate_of(entry);
            let (blocks, bucket) = (height - entry.height(), self.buckets.of(rate));
            for stats in [&mut self.short, &mut self.medium, &mut self.long] {
                stats.record(blocks, bucket, rate);
            }
            counted = true;
        }
        if self.first_recorded == 0 && counted {
            self.first_recorded = height;
        }
    }

    fn stats(&self, horizon: Horizon) -> &Stats {
        match horizon {
            Horizon::Short => &self.short,
            Horizon::Medium => &self.medium,
            Horizon::Long => &self.long,
        }
    }

    /// Nothing for a target that the horizon does not track, which happens only with an odd file.
    fn ask(&self, horizon: Horizon, target: u32, success: f64) -> Found {
        if target > self.highest_target_tracked(horizon) {
            return Found::default();
        }
        let sufficient = if horizon == Horizon::Short { SUFFICIENT_SHORT } else { SUFFICIENT };
        self.stats(horizon).estimate(&self.buckets, target, sufficient, success, self.best_seen)
    }

    /// Blocks that were seen since the start.
    fn block_span(&self) -> u32 {
        if self.first_recorded == 0 { 0 } else { self.best_seen - self.first_recorded }
    }

    /// Blocks that the file tells about, unless that is too long ago.
    fn historical_span(&self) -> u32 {
        let too_old = self.best_seen - self.historical_best > OLDEST_HISTORY;
        if self.historical_first == 0 || too_old { 0 } else { self.historical_best - self.historical_first }
    }

    /// The highest target with enough blocks behind it: half of them, so that failures had their time, too.
    fn max_usable_target(&self) -> u32 {
        self.long.max_confirms().min(self.block_span().max(self.historical_span()) / 2)
    }

    /// What the shortest horizon says that tracks a target; with `shorter` also, if that is lower, what shorter ones say
    /// to their highest target.
    fn combined(&self, target: u32, success: f64, shorter: bool) -> Option<f64> {
        let horizon = Horizon::ALL.into_iter().find(|horizon| target <= self.highest_target_tracked(*horizon))?;
        let mut estimate = self.ask(horizon, target, success).median;
        if shorter {
            for horizon in [Horizon::Medium, Horizon::Short] {
                let highest = self.highest_target_tracked(horizon);
                if target <= highest {
                    continue;
                }
                let lower = self.ask(horizon, highest, success).median.filter(|rate| *rate > 0.0);
                if let Some(rate) = lower.filter(|rate| estimate.is_none_or(|estimate| *rate < estimate)) {
                    estimate = Some(rate);
                }
            }
        }
        estimate
    }

    /// The higher of what the longer horizons say to a doubled target.
    fn conservative(&self, target: u32) -> Option<f64> {
        let ask = |horizon, shorter| {
            let shorter_tracks_it = target <= self.highest_target_tracked(shorter);
            if shorter_tracks_it { self.ask(horizon, target, DOUBLE_SUCCESS).median } else { None }
        };
        higher(ask(Horizon::Medium, Horizon::Short), ask(Horizon::Long, Horizon::Medium))
    }
}

/// Whether the node is far enough that what comes now tells something (v0.21.5.5 src/validation.cpp,
/// IsCurrentForFeeEstimation): not in its initial download, with a recent tip that is at most one block behind the best
/// header. Times are Unix seconds.
pub fn is_current(initial_download: bool, tip: (Height, i64), best_header: Height, now: i64) -> bool {
    let (height, time) = tip;
    !initial_download && time >= now - MAX_TIP_AGE && height >= best_header.saturating_sub(1)
}

fn higher(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (a, b) => a.or(b),
    }
}

/// A rate as an answer; zero is none.
fn to_rate(median: f64) -> Option<FeeRate> {
    #[expect(clippy::cast_possible_truncation, reason = "a cast from float saturates")]
    let rate = median.round() as i64;
    (rate > 0).then_some(FeeRate(rate))
}

#[expect(clippy::cast_precision_loss, reason = "the reference counts fee rates in doubles")]
fn rate_of(entry: &Entry) -> f64 {
    FeeRate::of(entry.fee().0, entry.size(), entry.mweb_weight()).per_k() as f64
}
