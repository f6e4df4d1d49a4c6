//! What a block takes (v0.21.5.5 src/test/miner_tests.cpp, TestPackageSelection).

use std::{collections::BTreeSet, sync::Arc};

use litecast_mempool::{
    FeeRate, Mempool, Policy,
    mining::{BlockRequest, Selection, select},
};
use litecast_primitives::{Transaction, Txid};
use proptest::prelude::*;

use crate::support::{NOW, World, entry, foreign, out, parts, tx};

fn request() -> BlockRequest {
    BlockRequest::new(201, NOW)
}

fn choose(pool: &Mempool, request: &BlockRequest) -> Selection {
    select(pool, request, &mut |_| true)
}

fn ids(list: &[&Arc<Transaction>]) -> Vec<Txid> {
    list.iter().map(|tx| tx.txid()).collect()
}

#[test]
fn packages_by_their_rate() {
    let mut pool = Mempool::new(Policy::default(), NOW);
    let parent = tx(&[foreign(1)], &[4900]);
    let medium = tx(&[foreign(2)], &[4990]);
    let child = tx(&[out(&parent, 0)], &[3400]);
    pool.insert(entry(&parent, 1_000));
    pool.insert(entry(&medium, 10_000));
    pool.insert(entry(&child, 50_000));
    assert_eq!(choose(&pool, &request()).transactions, ids(&[&parent, &child, &medium]));
    // Nothing below the lowest rate, not even in good company, until it is good enough.
    let free = tx(&[out(&child, 0)], &[3400]);
    let size = entry(&free, 0).size();
    pool.insert(entry(&free, 0));
    let low = tx(&[out(&free, 0)], &[3300]);
    let needed = FeeRate(1000).fee(2 * size);
    pool.insert(entry(&low, needed - 1));
    assert_eq!(choose(&pool, &request()).transactions.len(), 3);
    pool.prioritise(low.txid(), 1);
    let chosen = choose(&pool, &request());
    assert_eq!(chosen.transactions, ids(&[&parent, &child, &medium, &free, &low]));
    assert_eq!(chosen.fees, 61_000 + needed - 1, "a prioritisation is no money");
    assert_eq!(chosen.weight, 4000 + pool.iter().map(|entry| entry.weight()).sum::<u64>());
}

#[test]
fn what_may_not_be_mined_keeps_its_children_out() {
    let mut pool = Mempool::new(Policy::default(), NOW);
    let mut early = parts(&[foreign(1)], &[10]);
    early.lock_time = 201;
    early.inputs[0].sequence = 0;
    let early: Arc<Transaction> = Arc::new(early.into());
    let child = tx(&[out(&early, 0)], &[10]);
    let other = tx(&[foreign(2)], &[10]);
    pool.insert(entry(&early, 9_000));
    pool.insert(entry(&child, 90_000));
    pool.insert(entry(&other, 1_000));
    assert_eq!(choose(&pool, &request()).transactions, ids(&[&other]));
    let later = BlockRequest { height: 202, ..request() };
    assert_eq!(choose(&pool, &later).transactions, ids(&[&early, &child, &other]));
    assert_eq!(World::standard().height(), 200);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the pool: parents first, within the limits, nothing twice; and with room for all, everything that pays.
    #[test]
    fn blocks_are_possible(
        families in prop::collection::vec((prop::option::of(any::<prop::sample::Index>()), 0..5_000i64), 1..40),
        room in 0..40u64,
    ) {
        let mut pool = Mempool::new(Policy::default(), NOW);
        let mut all: Vec<Arc<Transaction>> = Vec::new();
        for (n, (parent, fee)) in (0u8..).zip(&families) {
            let mut spent = vec![foreign(n)];
            if let Some(parent) = parent.as_ref().filter(|_| !all.is_empty()) {
                spent.push(out(parent.get::<Arc<Transaction>>(&all), n.into()));
            }
            let made = tx(&spent, &[1]);
            pool.insert(entry(&made, *fee));
            all.push(made);
        }
        let tight = BlockRequest { max_weight: 4000 + room * 500, ..request() };
        for request in [tight, request()] {
            let chosen = choose(&pool, &request);
            let mut before = BTreeSet::new();
            for txid in &chosen.transactions {
                let entry = pool.get(txid).expect("because it was chosen from there");
                prop_assert!(entry.parents().is_subset(&before));
                prop_assert!(before.insert(*txid));
            }
            prop_assert!(chosen.weight == 4000 || chosen.weight < request.max_weight);
        }
        let free = BlockRequest { min_fee: FeeRate(0), ..request() };
        prop_assert_eq!(choose(&pool, &free).transactions.len(), all.len());
    }
}
