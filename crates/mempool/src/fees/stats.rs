//! What one horizon remembers: by bucket of fee rates, how many transactions were confirmed within how many periods, as
//! averages that decay with every block, and how many still wait (v0.21.5.5 src/policy/fees.cpp, TxConfirmStats).
//!
//! Every sum is done in doubles and in the reference's order, so that answers and files are equal to its own.

use super::{Bucket, Buckets, Height};

/// How far and how finely a horizon looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shape {
    /// Periods that are tracked.
    pub(super) periods: usize,
    /// What is left of an average after a block.
    pub(super) decay: f64,
    /// Blocks in a period; never zero.
    pub(super) scale: u32,
}

/// Counters of one horizon. In `[period][bucket]` the first index is the number of periods, less one.
#[derive(Debug, Clone)]
pub(super) struct Stats {
    pub(super) decay: f64,
    pub(super) scale: u32,
    /// Sum of the fee rates of confirmed transactions.
    pub(super) fee_rates: Vec<f64>,
    /// Number of confirmed transactions.
    pub(super) confirmed: Vec<f64>,
    /// `[period][bucket]`: confirmed within so many periods.
    pub(super) confirmed_within: Vec<Vec<f64>>,
    /// `[period][bucket]`: left unconfirmed after so many periods.
    pub(super) failed_after: Vec<Vec<f64>>,
    /// `[height modulo length][bucket]`: came at this height and still wait.
    waiting: Vec<Vec<i32>>,
    /// Wait for longer than is tracked.
    waiting_long: Vec<i32>,
}

/// What [`Stats::estimate`] finds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Found {
    /// Average rate of the bucket with the median transaction; `None` without enough data.
    pub(super) median: Option<f64>,
    /// The lowest range that met the threshold.
    pub(super) pass: Option<Bucket>,
    /// The highest range that did not.
    pub(super) fail: Option<Bucket>,
}

impl Stats {
    pub(super) fn new(shape: Shape, buckets: usize) -> Self {
        let table = || vec![vec![0.0; buckets]; shape.periods];
        Self::with_history(shape.decay, shape.scale, vec![0.0; buckets], vec![0.0; buckets], table(), table())
    }

    /// Averages from a file, with nobody waiting. All tables have the same numbers of buckets and periods.
    pub(super) fn with_history(
        decay: f64,
        scale: u32,
        fee_rates: Vec<f64>,
        confirmed: Vec<f64>,
        confirmed_within: Vec<Vec<f64>>,
        failed_after: Vec<Vec<f64>>,
    ) -> Self {
        let buckets = confirmed.len();
        let mut stats = Self {
            decay,
            scale,
            fee_rates,
            confirmed,
            confirmed_within,
            failed_after,
            waiting: Vec::new(),
            waiting_long: vec![0; buckets],
        };
        stats.waiting = vec![vec![0; buckets]; stats.max_confirms() as usize];
        stats
    }

    /// Most blocks that are tracked.
    pub(super) fn max_confirms(&self) -> u32 {
        let periods = u32::try_from(self.confirmed_within.len()).expect("because there are at most 1008 periods");
        self.scale * periods
    }

    fn slot(&self, height: Height) -> usize {
        height as usize % self.waiting.len()
    }

    /// A block came: whoever has waited for the longest time waits among the old ones now, and all averages decay.
    pub(super) fn start_block(&mut self, height: Height) {
        let slot = self.slot(height);
        for (old, waiting) in self.waiting_long.iter_mut().zip(&mut self.waiting[slot]) {
            *old += std::mem::take(waiting);
        }
        let decay = self.decay;
        let tables = self.confirmed_within.iter_mut().chain(&mut self.failed_after);
        for average in tables.flatten().chain(&mut self.fee_rates).chain(&mut self.confirmed) {
            *average *= decay;
        }
    }

    /// A transaction was confirmed after so many blocks, at least one.
    pub(super) fn record(&mut self, blocks: u32, bucket: usize, rate: f64) {
        let periods = blocks.div_ceil(self.scale).max(1) as usize;
        for within in self.confirmed_within.iter_mut().skip(periods - 1) {
            within[bucket] += 1.0;
        }
        self.confirmed[bucket] += 1.0;
        self.fee_rates[bucket] += rate;
    }

    /// A transaction came.
    pub(super) fn add(&mut self, height: Height, bucket: usize) {
        let slot = self.slot(height);
        self.waiting[slot][bucket] += 1;
    }

    /// A transaction that came at `entered` is gone; `best` is the last block that was seen.
    pub(super) fn remove(&mut self, entered: Height, best: Height, bucket: usize, in_block: bool) {
        // Before the first block nothing is old.
        let age = if best == 0 { Some(0) } else { best.checked_sub(entered) };
        let Some(blocks_ago) = age else { return };
        let counter = if blocks_ago as usize >= self.waiting.len() {
            &mut self.waiting_long[bucket]
        } else {
            let slot = self.slot(entered);
            &mut self.waiting[slot][bucket]
        };
        *counter = (*counter - 1).max(0);
        if !in_block && blocks_ago >= self.scale {
            let periods = (blocks_ago / self.scale) as usize;
            for failed in self.failed_after.iter_mut().take(periods) {
                failed[bucket] += 1.0;
            }
        }
    }

    /// How many of a bucket wait for at least `target` blocks.
    fn waiting_for(&self, target: u32, best: Height, bucket: usize) -> i32 {
        // Below height zero the reference wraps around; the counters there are those of other heights.
        let bins = u32::try_from(self.waiting.len()).expect("because there are at most 1008 blocks");
        let recent = (target..bins).map(|ago| self.waiting[(best.wrapping_sub(ago) % bins) as usize][bucket]);
        recent.sum::<i32>() + self.waiting_long[bucket]
    }

    /// The lowest rate with which enough transactions were confirmed within `target` blocks (EstimateMedianVal).
    /// `sufficient` is how many transactions a block a range must have on average, `success` which part of them must have
    /// made it. `target` is at least one and not above [`Stats::max_confirms`].
    pub(super) fn estimate(
        &self,
        buckets: &Buckets,
        target: u32,
        sufficient: f64,
        success: f64,
        best: Height,
    ) -> Found {
        let period = target.div_ceil(self.scale) as usize - 1;
        let mut found = Found::default();
        // Buckets are joined, from the dearest down, until there are enough transactions in the range.
        let mut sum = Sum::default();
        let mut near = self.confirmed.len() - 1;
        let (mut far, mut best_range, mut fresh, mut passing) = (near, None, true, true);
        for bucket in (0..self.confirmed.len()).rev() {
            if fresh {
                near = bucket;
                fresh = false;
            }
            far = bucket;
            sum.within += self.confirmed_within[period][bucket];
            sum.total += self.confirmed[bucket];
            sum.failed += self.failed_after[period][bucket];
            sum.waiting += self.waiting_for(target, best, bucket);
            if sum.total < sufficient / (1.0 - self.decay) {
                continue;
            }
            if sum.within / (sum.total + sum.failed + f64::from(sum.waiting)) < success {
                if passing {
                    found.fail = Some(sum.bucket(buckets, far, near));
                    passing = false;
                }
                continue;
            }
            found.fail = None;
            found.pass = Some(sum.bucket(buckets, far, near));
            best_range = Some((far, near));
            sum = Sum::default();
            (fresh, passing) = (true, true);
        }
        if let Some((low, high)) = best_range {
            found.median = self.median(low, high);
        }
        // The cheapest buckets, without enough data, count as failed.
        if passing && !fresh {
            found.fail = Some(sum.bucket(buckets, far, near));
        }
        found
    }

    /// Average rate of the bucket with the median transaction of a range.
    fn median(&self, low: usize, high: usize) -> Option<f64> {
        let range = low..=high;
        let mut rest = self.confirmed[range.clone()].iter().fold(0.0, |sum, count| sum + count);
        if rest == 0.0 {
            return None;
        }
        rest /= 2.0;
        for bucket in range {
            let count = self.confirmed[bucket];
            if count >= rest {
                return Some(self.fee_rates[bucket] / count);
            }
            rest -= count;
        }
        None
    }
}

/// Counters of a range of buckets.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    within: f64,
    total: f64,
    failed: f64,
    waiting: i32,
}

impl Sum {
    fn bucket(&self, buckets: &Buckets, low: usize, high: usize) -> Bucket {
        let (start, end) = buckets.range(low, high);
        Bucket {
            start,
            end,
            within_target: self.within,
            total_confirmed: self.total,
            in_mempool: f64::from(self.waiting),
            left_mempool: self.failed,
        }
    }
}
