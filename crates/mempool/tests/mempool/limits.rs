//! Size, age and the fee that falls with time (v0.21.5.5 src/test/mempool_tests.cpp, MempoolSizeLimitTest).

use std::sync::Arc;

use litecast_mempool::{FeeRate, Mempool, Policy, Removal, pool::limit::ROLLING_FEE_HALFLIFE};
use litecast_primitives::{
    Block, Transaction,
    params::{Network, Params},
};

use crate::support::{NOW, entry, entry_at, foreign, out, parts, story, tx};

fn empty_block() -> Block {
    Block::new(*Params::new(Network::Regtest).genesis.header(), Vec::new(), None)
}

fn present(pool: &Mempool, expected: &[(&Arc<Transaction>, bool)]) {
    for (n, (tx, here)) in expected.iter().enumerate() {
        assert_eq!(pool.contains(&tx.txid()), *here, "{n}");
    }
}

#[test]
fn the_worst_package_goes_first() {
    let mut pool = Mempool::new(Policy::default(), 0);
    let one = tx(&[foreign(1)], &[10]);
    let two = tx(&[foreign(2)], &[10]);
    pool.insert(entry(&one, 10_000));
    pool.insert(entry(&two, 5_000));
    pool.trim_to_size(pool.usage());
    present(&pool, &[(&one, true), (&two, true)]);
    pool.trim_to_size(pool.usage() * 3 / 4);
    present(&pool, &[(&one, true), (&two, false)]);
    // A child pays for its parent.
    let three = tx(&[out(&two, 0)], &[10]);
    pool.insert(entry(&two, 5_000));
    pool.insert(entry(&three, 20_000));
    pool.trim_to_size(pool.usage() * 3 / 4);
    present(&pool, &[(&one, false), (&two, true), (&three, true)]);
    pool.trim_to_size(100);
    assert!(pool.is_empty());
    let size = entry(&two, 0).size() + entry(&three, 0).size();
    let rate = FeeRate::of(25_000, size, 0).0 + 1000;
    assert_eq!(pool.min_fee_for(1, NOW), FeeRate(rate));

    // It stays until a block comes, then falls to its half, faster in an emptier pool.
    const H: i64 = ROLLING_FEE_HALFLIFE;
    assert_eq!(pool.min_fee_for(1, 42 + H), FeeRate(rate));
    let four = tx(&[foreign(4)], &[10, 10]);
    pool.insert(entry(&four, 7_000));
    pool.remove_for_block(&empty_block(), 1, 42 + H);
    let at = |time: i64, limit: usize| pool.min_fee_for(limit, time);
    let usage = {
        let mut other = Mempool::new(Policy::default(), 0);
        other.insert(entry(&four, 7_000));
        other.usage()
    };
    let part = |divisor: i64| FeeRate((rate + divisor / 2) / divisor);
    assert_eq!(at(42 + 2 * H, 1), part(2));
    assert_eq!(at(42 + 2 * H + H / 2, usage * 5 / 2), part(4));
    assert_eq!(at(42 + 2 * H + H / 2 + H / 4, usage * 9 / 2), part(8));
    assert_eq!(at(42 + 7 * H + H / 2 + H / 4, 1), FeeRate(1000));
    assert_eq!(at(42 + 8 * H + H / 2 + H / 4, 1), FeeRate(0));
}

#[test]
fn children_go_with_a_parent_and_parents_may_stay() {
    let mut pool = Mempool::new(Policy::default(), 0);
    let four = tx(&[foreign(1), foreign(2)], &[10, 10]);
    let five = tx(&[out(&four, 0), foreign(3)], &[10, 10]);
    let six = tx(&[out(&four, 1), foreign(4)], &[10, 10]);
    let seven = tx(&[out(&five, 0), out(&six, 0)], &[10, 10]);
    for (tx, fee) in [(&four, 7_000), (&five, 1_000), (&six, 1_100), (&seven, 9_000)] {
        pool.insert(entry(tx, fee));
    }
    pool.trim_to_size(pool.usage() - 1);
    present(&pool, &[(&four, true), (&six, true), (&seven, false)]);
    if !pool.contains(&five.txid()) {
        pool.insert(entry(&five, 1_000));
    }
    pool.insert(entry(&seven, 9_000));
    pool.trim_to_size(pool.usage() / 2 + 100);
    present(&pool, &[(&four, true), (&five, false), (&six, true), (&seven, false)]);
}

#[test]
fn old_ones_expire_with_their_children() {
    let mut pool = Mempool::new(Policy::default(), 0);
    let old = tx(&[foreign(1)], &[10]);
    let child = tx(&[out(&old, 0)], &[10]);
    let young = tx(&[foreign(2)], &[10]);
    pool.insert(entry_at(&old, 1, 10));
    pool.insert(entry_at(&child, 1, 30));
    pool.insert(entry_at(&young, 1, 20));
    pool.add_unbroadcast(old.txid());
    pool.take_changes();
    assert_eq!(pool.expire(10), 0);
    assert_eq!(pool.expire(11), 2);
    let mut gone = [old.txid(), child.txid()];
    gone.sort();
    let expected = [(gone[0], Some(Removal::Expiry), 4), (gone[1], Some(Removal::Expiry), 5)];
    assert_eq!(story(&mut pool), expected, "in the order of the ids");
    assert!(pool.unbroadcast().is_empty());
    present(&pool, &[(&young, true)]);
}

/// A block forgets how long the fee has fallen already, unless somebody has asked since (v0.21.5.5 src/txmempool.cpp, GetMinFee
/// and removeForBlock).
#[test]
fn the_fee_falls_when_somebody_asks() {
    const H: i64 = ROLLING_FEE_HALFLIFE / 4;
    let after = |asked: bool| {
        let mut pool = Mempool::new(Policy::default(), 0);
        pool.insert(entry(&tx(&[foreign(1)], &[10]), 100_000));
        pool.trim_to_size(0);
        let full = pool.min_fee(0).0;
        pool.remove_for_block(&empty_block(), 1, 0);
        if asked {
            assert_eq!(pool.min_fee(H).0, full / 2);
        }
        pool.remove_for_block(&empty_block(), 2, H);
        (full, pool.min_fee(H).0)
    };
    let (full, fallen) = after(true);
    assert_eq!(fallen, full / 2);
    assert_eq!(after(false), (full, full));
}

/// Figures that a litecoind showed, `usage` of `getmempoolinfo`: `-maxmempool` means the same.
#[test]
fn memory_is_counted_like_the_reference() {
    // One input with a script of 254 bytes, one output to a script of 34.
    let with = |n: u8| {
        let mut parts = parts(&[foreign(n)], &[7]);
        parts.inputs[0].witness.clear();
        parts.inputs[0].script_sig = vec![n; 254].into();
        Arc::new(Transaction::from(parts))
    };
    let mut pool = Mempool::new(Policy::default(), NOW);
    let all = [1, 2, 3].map(with);
    let mut usages = vec![pool.usage()];
    for tx in &all {
        pool.insert(entry(tx, 1000));
        usages.push(pool.usage());
    }
    // The list of ids has room for one, two, four.
    let (each, ids) = (1344 - 64, |room: usize| (room * 40 + 31) / 16 * 16);
    assert_eq!(usages, [0, 1344, 2 * each + ids(2), 3 * each + ids(4)]);
    for (tx, left) in all.iter().zip([2 * each + ids(4), each + ids(1), ids(1)]) {
        pool.remove_recursive(tx, Removal::Conflict);
        assert_eq!(pool.usage(), left);
    }
}
