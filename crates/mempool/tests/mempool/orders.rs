//! The orders of the pool (v0.21.5.5 src/test/mempool_tests.cpp, MempoolIndexingTest and MempoolAncestorIndexingTest).

use std::sync::Arc;

use litecast_mempool::{Mempool, Policy};
use litecast_primitives::{Transaction, Txid};

use crate::support::{NOW, entry, entry_at, foreign, out, tx};

fn ids(list: &[&Arc<Transaction>]) -> Vec<Txid> {
    list.iter().map(|tx| tx.txid()).collect()
}

/// What came in the same second for the same rate goes in the reverse order of arrival; a change counts as an arrival
/// (v0.21.5.5 src/txmempool.h, CompareTxMemPoolEntryByDescendantScore, which is true for equals in both directions).
#[test]
fn the_last_of_equals_goes_first() {
    let mut pool = Mempool::new(Policy::default(), NOW);
    let all: Vec<_> = (1..9).map(|n| tx(&[foreign(n)], &[7])).collect();
    all.iter().for_each(|tx| pool.insert(entry_at(tx, 1000, 1)));
    let order = |pool: &Mempool| pool.by_descendant_score().map(|entry| entry.txid()).collect::<Vec<_>>();
    let mut expected: Vec<Txid> = all.iter().rev().map(|tx| tx.txid()).collect();
    assert_eq!(order(&pool), expected);
    let changed = expected.remove(5);
    pool.prioritise(changed, 0);
    expected.insert(0, changed);
    assert_eq!(order(&pool), expected);
}

#[test]
fn descendants_lift_their_parents_out_of_danger() {
    let mut pool = Mempool::new(Policy::default(), NOW);
    let one = tx(&[foreign(1)], &[10]);
    let two = tx(&[foreign(2)], &[2]);
    let three = tx(&[foreign(3)], &[5]);
    let four = tx(&[foreign(4)], &[6]);
    let five = tx(&[foreign(5)], &[11]);
    pool.insert(entry_at(&one, 10_000, 1));
    pool.insert(entry_at(&two, 20_000, 1));
    pool.insert(entry_at(&three, 0, 1));
    pool.insert(entry_at(&four, 15_000, 1));
    // As good as the first, but newer: goes before it.
    pool.insert(entry_at(&five, 10_000, 2));
    let order = |pool: &Mempool| pool.by_descendant_score().map(|entry| entry.txid()).collect::<Vec<_>>();
    assert_eq!(order(&pool), ids(&[&three, &five, &one, &four, &two]));
    // A rich child of the poorest.
    let six = tx(&[out(&three, 0)], &[20]);
    pool.insert(entry_at(&six, 90_000, 1));
    assert_eq!(order(&pool), ids(&[&five, &one, &four, &two, &three, &six]));
    // A poor child changes nothing for its parents.
    let seven = tx(&[out(&six, 0)], &[10]);
    pool.insert(entry_at(&seven, 0, 1));
    assert_eq!(order(&pool), ids(&[&seven, &five, &one, &four, &two, &three, &six]));
}

#[test]
fn ancestors_hold_their_children_back() {
    let mut pool = Mempool::new(Policy::default(), NOW);
    let one = tx(&[foreign(1)], &[10]);
    let two = tx(&[foreign(2)], &[2]);
    let three = tx(&[foreign(3)], &[5]);
    pool.insert(entry(&one, 10_000));
    pool.insert(entry(&two, 20_000));
    pool.insert(entry(&three, 0));
    let order = |pool: &Mempool| pool.by_ancestor_score().map(|entry| entry.txid()).collect::<Vec<_>>();
    assert_eq!(order(&pool), ids(&[&two, &one, &three]));
    // Pays a bit more than the best for itself and its poor parent together.
    let child = tx(&[out(&three, 0)], &[20]);
    pool.insert(entry(&child, 50_000));
    assert_eq!(order(&pool), ids(&[&child, &two, &one, &three]));
    pool.prioritise(child.txid(), -45_000);
    assert_eq!(order(&pool), ids(&[&two, &one, &child, &three]));
    assert_eq!(pool.get(&child.txid()).unwrap().modified_fee(), 5_000);
    assert_eq!(pool.get(&three.txid()).unwrap().with_descendants().fees(), 5_000);
    // Relay does not show what was prioritised.
    let relayed: Vec<Txid> = pool.by_depth_and_score().iter().map(|entry| entry.txid()).collect();
    assert_eq!(relayed, ids(&[&two, &one, &three, &child]));
}

#[test]
fn a_prioritisation_may_come_before_its_transaction() {
    let mut pool = Mempool::new(Policy::default(), NOW);
    let one = tx(&[foreign(1)], &[10]);
    pool.prioritise(one.txid(), 700);
    pool.prioritise(one.txid(), 300);
    pool.insert(entry(&one, 10));
    assert_eq!(pool.get(&one.txid()).unwrap().modified_fee(), 1010);
    assert_eq!(pool.get(&one.txid()).unwrap().fee().0, 10);
    assert_eq!(pool.fee_delta(&one.txid()), 1000);
}
