//! Fee estimates on the history of the reference's unit test (v0.21.5.5 src/test/policyestimator_tests.cpp), which
//! transactions count, and the file's limits. Equality with litecoind itself is tested in the RPC crate.

use std::sync::Arc;

use bytes::Bytes;
use litecast_consensus::tx::SequenceLocks;
use litecast_mempool::{
    Entry, FeeEstimator, FeeRate, LockPoints, Mempool, NewEntry, Policy,
    accept::Arrival,
    fees::{Damage, Horizon, is_current},
};
use litecast_primitives::{
    Amount, Block, BlockHash, Height, OutPoint, Transaction, TxIn, TxOut, Txid, codec::Reader, params::Network,
    params::Params, transaction::TxParts,
};

use crate::support::{COIN, NOW, World, out, tx};

/// Litoshis of the cheapest of ten kinds, and what estimates may be off by.
const BASE: i64 = 2000;
const DELTA: i64 = 100;
const KINDS: usize = 10;

/// A pool with ten kinds of transactions, each paying `BASE` more than the one before.
struct History {
    pool: Mempool,
    height: Height,
    count: u32,
    waiting: Vec<Vec<Arc<Transaction>>>,
}

impl History {
    fn new() -> Self {
        let pool = Mempool::new(Policy::default(), NOW);
        Self { pool, height: 0, count: 0, waiting: vec![Vec::new(); KINDS] }
    }

    /// Four of each kind come.
    fn come(&mut self) {
        for kind in 0..KINDS {
            for _ in 0..4 {
                let tx = self.transaction();
                let fee = Amount(BASE * i64::try_from(kind + 1).expect("because there are ten"));
                self.pool.insert(entry(&tx, fee, self.height));
                self.waiting[kind].push(tx);
            }
        }
    }

    fn transaction(&mut self) -> Arc<Transaction> {
        self.count += 1;
        let prevout = OutPoint { txid: Txid::from_bytes([7; 32]), vout: self.count };
        let script_sig = Bytes::from_static(&[b'X'; 128]);
        let input = TxIn { prevout, script_sig, sequence: TxIn::SEQUENCE_FINAL, witness: Vec::new() };
        let output = TxOut { value: Amount(0), script_pubkey: Bytes::new() };
        let parts = TxParts {
            version: 2,
            inputs: vec![input],
            outputs: vec![output],
            lock_time: 0,
            mweb: None,
            is_hogex: false,
        };
        Arc::new(parts.into())
    }

    /// A block with everything of the dearest kinds, so many of them.
    fn mine(&mut self, kinds: usize) {
        let mined = self.waiting[KINDS - kinds..].iter_mut().flat_map(std::mem::take).collect();
        self.height += 1;
        let header = *Params::new(Network::Regtest).genesis.header();
        self.pool.remove_for_block(&Block::new(header, mined, None), self.height, NOW);
    }

    /// estimateFee of the reference.
    fn estimate(&self, target: u32) -> i64 {
        let raw = self.pool.fees().estimate_raw_fee(target, 0.95, Horizon::Medium);
        raw.and_then(|raw| raw.rate).filter(|_| target > 1).map_or(0, |rate| rate.0)
    }

    fn base_rate(&mut self) -> i64 {
        let tx = self.transaction();
        let entry = entry(&tx, Amount(BASE), 0);
        FeeRate::of(BASE, entry.size(), 0).0
    }
}

fn entry(tx: &Arc<Transaction>, fee: Amount, height: Height) -> Entry {
    let lock_points = LockPoints { locks: SequenceLocks::NONE, deepest_input: (0, BlockHash::ZERO) };
    let tx = Arc::clone(tx);
    Entry::new(NewEntry { tx, fee, time: NOW, height, spends_coinbase: false, sigop_cost: 4, lock_points }, 20)
}

#[test]
fn estimates_follow_the_history() {
    let mut history = History::new();
    let base = history.base_rate();
    let near = |estimate: i64, wanted: i64| (estimate - wanted).abs() < DELTA;
    for block in 0..200 {
        history.come();
        history.mine(block % KINDS + 1);
        if block == 2 {
            // Three buckets together have enough data.
            assert_eq!(history.estimate(1), 0);
            assert!(near(history.estimate(2), 9 * base));
        }
    }
    // The dearest kind is in each block, the second in nine of ten, and so on.
    let before: Vec<i64> = (0..=48).map(|target| if target == 0 { 0 } else { history.estimate(target) }).collect();
    for target in 2..10usize {
        assert!(target == 2 || before[target] <= before[target - 1], "a longer target never costs more");
        let multiple = i64::try_from(11 - target).unwrap();
        assert!(target % 2 == 1 || near(before[target], multiple * base), "{target}: {}", before[target]);
    }
    // Empty blocks change little.
    (0..50).for_each(|_| history.mine(0));
    assert!((2..10u32).all(|target| near(history.estimate(target), before[target as usize])));
    // Nothing that comes is mined: estimates do not fall.
    for _ in 0..15 {
        history.come();
        history.mine(0);
    }
    let kept = |history: &History| {
        (2..10u32).all(|target| {
            let estimate = history.estimate(target);
            estimate == 0 || estimate > before[target as usize] - DELTA
        })
    };
    assert!(kept(&history));
    history.mine(KINDS);
    assert!(kept(&history));
    // All is mined at once: they fall.
    for _ in 0..400 {
        history.come();
        history.mine(KINDS);
    }
    assert_eq!(history.estimate(1), 0);
    assert!((2..9u32).all(|target| history.estimate(target) < before[target as usize] - DELTA));
}

#[test]
fn smart_estimates_never_rise_with_the_target() {
    let mut history = History::new();
    assert_eq!(history.pool.fees().estimate_smart_fee(6, true), (None, 0));
    for block in 0..300 {
        history.come();
        history.mine(block % KINDS + 1);
    }
    let fees = history.pool.fees();
    for conservative in [true, false] {
        let mut last = FeeRate(i64::MAX);
        for target in 1..=1008 {
            let (rate, answered) = fees.estimate_smart_fee(target, conservative);
            // The first block with a tracked transaction was at height one.
            assert_eq!(answered, target.clamp(2, 299 / 2));
            assert!(rate.unwrap() <= last, "{target}");
            last = rate.unwrap();
        }
    }
    assert_eq!(fees.estimate_smart_fee(0, true), (None, 0));
    assert_eq!(fees.estimate_smart_fee(1009, true), (None, 1009));
    assert_eq!(Horizon::ALL.map(|horizon| fees.highest_target_tracked(horizon)), [12, 48, 1008]);
    assert_eq!(fees.estimate_raw_fee(13, 0.5, Horizon::Short), None);
    assert_eq!(fees.estimate_raw_fee(0, 0.5, Horizon::Long), None);
    assert_eq!(fees.estimate_raw_fee(2, 1.1, Horizon::Long), None);
}

#[test]
fn not_every_transaction_counts() {
    let mut world = World::standard();
    let empty = world.pool.borrow().fees().encode();
    let header = *world.params.genesis.header();
    let now = |bypass_limits, current| Arrival { bypass_limits, current, ..Arrival::at(NOW) };
    let mut height = world.height();
    // The estimator knows the height only after a block.
    let coins: Vec<OutPoint> = (0..5).map(|_| world.coin(COIN)).collect();
    let txs: Vec<_> = coins.iter().map(|coin| tx(&[*coin], &[COIN - 10_000])).collect();
    let child = tx(&[out(&txs[3], 0)], &[COIN - 20_000]);
    world.accept_as(&txs[0], now(false, true)).unwrap();
    world.pool.borrow_mut().remove_for_block(&Block::new(header, vec![Arc::clone(&txs[0])], None), height, NOW);
    // In a reorganisation, behind the others, with a parent that waits; the last one alone counts.
    world.accept_as(&txs[1], now(true, true)).unwrap();
    world.accept_as(&txs[2], now(false, false)).unwrap();
    world.accept_as(&txs[3], now(false, false)).unwrap();
    world.accept_as(&child, now(false, true)).unwrap();
    let counted = |pool: &Mempool| {
        let raw = pool.fees().estimate_raw_fee(1, 0.5, Horizon::Short).unwrap();
        let bucket = raw.pass.or(raw.fail).unwrap();
        bucket.total_confirmed
    };
    let mut mine = |world: &World, txs: &[&Arc<Transaction>]| {
        height += 1;
        let txs = txs.iter().map(|tx| Arc::clone(tx)).collect();
        world.pool.borrow_mut().remove_for_block(&Block::new(header, txs, None), height, NOW);
    };
    mine(&world, &[&txs[1], &txs[2], &txs[3], &child]);
    assert_eq!(counted(&world.pool.borrow()).to_bits(), 0f64.to_bits());
    world.mine();
    world.accept_as(&txs[4], now(false, true)).unwrap();
    mine(&world, &[&txs[4]]);
    assert_eq!(counted(&world.pool.borrow()).to_bits(), 1f64.to_bits());
    assert_ne!(world.pool.borrow().fees().encode(), empty);
}

#[test]
fn the_file_comes_back_or_is_refused() {
    let mut history = History::new();
    for block in 0..60 {
        history.come();
        history.mine(block % KINDS + 1);
    }
    history.pool.fees_mut().flush_unconfirmed();
    let fees = history.pool.fees();
    let bytes = fees.encode();
    let decode = |bytes: &[u8]| FeeEstimator::decode(&mut Reader::new(Bytes::copy_from_slice(bytes)));
    let again = decode(&bytes).unwrap();
    assert_eq!(again.encode(), bytes);
    for target in 1..=1008 {
        for conservative in [true, false] {
            let (ours, theirs) = (fees, &again);
            let answers = |fees: &FeeEstimator| fees.estimate_smart_fee(target, conservative);
            assert_eq!(answers(ours), answers(theirs));
        }
        for horizon in Horizon::ALL {
            let answer = |fees: &FeeEstimator| fees.estimate_raw_fee(target, 0.9, horizon);
            assert_eq!(answer(fees), answer(&again));
        }
    }
    for length in (0..bytes.len()).step_by(97).chain([bytes.len() - 1]) {
        assert!(matches!(decode(&bytes[..length]), Err(Damage::Decode(_))), "{length}");
    }
    let changed = |at: usize, with: &[u8]| {
        let mut bytes = bytes.clone();
        bytes[at..at + with.len()].copy_from_slice(with);
        decode(&bytes).map(|_| ()).unwrap_err()
    };
    assert_eq!(changed(0, &210_506i32.to_le_bytes()), Damage::UpVersion(210_506));
    assert_eq!(changed(0, &149_899i32.to_le_bytes()), Damage::OldVersion(149_899));
    for (at, with) in [
        // Heights, count and order of the buckets, decay, scale, number of averages.
        (12, &u32::MAX.to_le_bytes()[..]),
        (20, &[1]),
        (21, &1e6f64.to_le_bytes()),
        (21, &f64::NAN.to_le_bytes()),
        (21 + 190 * 8, &1f64.to_le_bytes()),
        (21 + 190 * 8, &f64::NAN.to_le_bytes()),
        (29 + 190 * 8, &0u32.to_le_bytes()),
        (29 + 190 * 8, &43u32.to_le_bytes()),
        (33 + 190 * 8, &[189]),
    ] {
        assert!(matches!(changed(at, with), Damage::Corrupt(_)), "{at}");
    }
}

#[test]
fn a_node_that_is_behind_learns_nothing() {
    assert!(is_current(false, (10, NOW - 10_800), 11, NOW));
    assert!(!is_current(true, (10, NOW), 10, NOW));
    assert!(!is_current(false, (10, NOW - 10_801), 10, NOW));
    assert!(!is_current(false, (10, NOW), 12, NOW));
    assert!(is_current(false, (0, NOW), 0, NOW));
}
