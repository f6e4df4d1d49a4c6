//! What time the others think it is (v0.21.5.5 src/timedata.cpp, AddTimeData).
//!
//! The first 200 addresses that say their time count, each once. The median of what they say moves this node's view of
//! the time, by at most `-maxtimeadjustment`; beyond that nothing moves, and if nobody is within five minutes of this
//! node's clock, the operator is told. Offsets are seconds that the others are ahead.

use std::collections::BTreeSet;

use super::Fsm;
use crate::netaddr::NetAddr;

/// Samples, of which the first is this node's own.
const MAX_SAMPLES: usize = 200;
const LEAST_SAMPLES: usize = 5;
/// Somebody this near means that the clock is not all wrong, seconds.
const NEAR: i64 = 5 * 60;

#[derive(Debug)]
pub(super) struct TimeData {
    known: BTreeSet<NetAddr>,
    /// In the order in which they came; the oldest gives way.
    samples: Vec<i64>,
    limit: i64,
    offset: i64,
    warned: bool,
}

impl TimeData {
    pub(super) fn new(limit: i64) -> Self {
        Self { known: BTreeSet::new(), samples: vec![0], limit: limit.max(0), offset: 0, warned: false }
    }

    pub(super) fn offset(&self) -> i64 {
        self.offset
    }

    pub(super) fn add(&mut self, addr: NetAddr, offset: i64) {
        if self.known.len() == MAX_SAMPLES || !self.known.insert(addr) {
            return;
        }
        if self.samples.len() == MAX_SAMPLES {
            self.samples.remove(0);
        }
        self.samples.push(offset);
        tracing::debug!(target: "net", "added time data, samples {}, offset {offset:+}", self.samples.len());
        // Only with a middle one; so the full list, which is even, never counts, as in the reference.
        if self.samples.len() < LEAST_SAMPLES || self.samples.len().is_multiple_of(2) {
            return;
        }
        let mut sorted = self.samples.clone();
        sorted.sort_unstable();
        let median = sorted[sorted.len() / 2];
        if (-self.limit..=self.limit).contains(&median) {
            self.offset = median;
            return;
        }
        self.offset = 0;
        let near = sorted.iter().any(|offset| *offset != 0 && offset.unsigned_abs() < NEAR.unsigned_abs());
        if !near && !self.warned {
            self.warned = true;
            tracing::warn!("{CLOCK_WARNING}");
        }
    }
}

/// The words of `warnings` in `getnetworkinfo` when the clock seems wrong.
pub const CLOCK_WARNING: &str = "Please check that your computer's date and time are correct! If your clock is wrong, \
                                 Litecast will not work properly.";

impl Fsm {
    /// How far the clocks of the peers are ahead, seconds (GetTimeOffset).
    pub fn time_offset(&self) -> i64 {
        self.time_data.offset
    }

    /// The clock seems wrong: [`CLOCK_WARNING`].
    pub fn clock_seems_wrong(&self) -> bool {
        self.time_data.warned
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `count` addresses that were not there before say this.
    fn add(data: &mut TimeData, count: usize, offset: i64) {
        for _ in 0..count {
            let n = data.known.len() + data.samples.len();
            data.add(NetAddr::internal(&n.to_string()).expect("because a number is no empty name"), offset);
        }
    }

    // The steps and numbers of v0.21.5.5 src/test/timedata_tests.cpp, addtimedata.
    #[test]
    fn the_median_counts_within_the_limit() {
        const LIMIT: i64 = 35 * 60;
        let mut data = TimeData::new(LIMIT);
        add(&mut data, 3, LIMIT + 1);
        assert!(!data.warned, "too few");
        add(&mut data, 1, LIMIT + 1);
        assert_eq!((data.offset(), data.warned), (0, true));
        add(&mut data, 4, 100);
        assert_eq!(data.offset(), 100);
        add(&mut data, 10, -100);
        assert_eq!(data.offset(), -100);
        add(&mut data, 89, 100);
        add(&mut data, 89, -100);
        assert_eq!(data.offset(), -100);
        add(&mut data, 2, 100);
        assert_eq!((data.offset(), data.samples.len()), (0, 199));
        add(&mut data, 2, 100);
        assert_eq!(data.offset(), 0, "the full list never counts");
        assert_eq!((data.known.len(), data.samples.len()), (200, 200));
    }

    #[test]
    fn each_address_counts_once_and_somebody_near_calms() {
        let mut data = TimeData::new(100);
        for n in 1..=9 {
            data.add(NetAddr::Ipv4([1, 2, 3, 4]), 50);
            assert_eq!((data.samples.len(), data.offset()), (2, 0), "{n}");
        }
        add(&mut data, 3, 5000);
        assert_eq!((data.offset(), data.warned), (0, false), "50 is near");
        for offset in [i64::MIN, i64::MAX, i64::MIN, i64::MAX] {
            add(&mut data, 1, offset);
        }
        assert_eq!(data.offset(), 0);
        // No adjustment at all is a choice.
        let mut fixed = TimeData::new(-5);
        add(&mut fixed, 4, 7);
        assert_eq!(fixed.offset(), 0);
    }
}
