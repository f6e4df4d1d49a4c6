//! Random families come and go; the pool's sums, links, orders and indexes are those of a recomputation from nothing.

use std::collections::{BTreeMap, BTreeSet};

use litecast_mempool::{Entry, FeeRate, Mempool, Policy, Removal, entry::spent_outputs, policy::Limits};
use litecast_primitives::{
    Block, OutPoint, Transaction, Txid,
    params::{Network, Params},
};
use proptest::prelude::*;

use crate::support::{NOW, entry_at, foreign, out, story, tx};
use std::sync::Arc;

/// Outputs of each transaction.
const WIDTH: u32 = 3;

#[derive(Debug, Clone)]
enum Step {
    /// Spends outputs of known transactions.
    Add {
        spends: Vec<(prop::sample::Index, u32)>,
        fee: i64,
        time: i64,
    },
    Remove(prop::sample::Index),
    Mine(prop::sample::Index),
    Prioritise(prop::sample::Index, i64),
    Expire(i64),
    /// To so many percent of the memory.
    Trim(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        8 => (prop::collection::vec((index(), 0..WIDTH), 0..4), 0..10_000i64, 0..50i64)
            .prop_map(|(spends, fee, time)| Step::Add { spends, fee, time }),
        1 => index().prop_map(Step::Remove),
        2 => index().prop_map(Step::Mine),
        2 => (index(), prop_oneof![-20_000..20_000i64, Just(i64::MAX), Just(i64::MIN)])
            .prop_map(|(index, delta)| Step::Prioritise(index, delta)),
        1 => (0..8i64).prop_map(Step::Expire),
        1 => (70..100usize).prop_map(Step::Trim),
    ]
}

/// Everything known, in the order in which it came.
#[derive(Default)]
struct World {
    all: Vec<Arc<Transaction>>,
    taken: BTreeSet<OutPoint>,
    count: u8,
}

impl World {
    fn choose(&self, index: &prop::sample::Index) -> Option<Arc<Transaction>> {
        (!self.all.is_empty()).then(|| Arc::clone(index.get(&self.all)))
    }

    /// A transaction that spends what is free among these, and something of its own.
    fn make(&mut self, pool: &Mempool, spends: &[(prop::sample::Index, u32)]) -> Arc<Transaction> {
        self.count += 1;
        let mut spent = vec![foreign(self.count)];
        for (index, vout) in spends {
            if let Some(parent) = self.choose(index).filter(|parent| pool.contains(&parent.txid()))
                && self.taken.insert(out(&parent, *vout))
            {
                spent.push(out(&parent, *vout));
            }
        }
        let made = tx(&spent, &[1000; WIDTH as usize]);
        self.all.push(Arc::clone(&made));
        made
    }
}

fn closure(start: Txid, links: &BTreeMap<Txid, BTreeSet<Txid>>) -> BTreeSet<Txid> {
    let mut found = BTreeSet::new();
    let mut staged = vec![start];
    while let Some(next) = staged.pop() {
        if found.insert(next) {
            staged.extend(links[&next].iter().copied());
        }
    }
    found
}

fn verify(pool: &Mempool) {
    let present: BTreeSet<Txid> = pool.iter().map(|entry| entry.txid()).collect();
    let mut parents = BTreeMap::new();
    let mut children: BTreeMap<Txid, BTreeSet<Txid>> = present.iter().map(|txid| (*txid, BTreeSet::new())).collect();
    for entry in pool.iter() {
        let spent = entry.tx().inputs().iter().map(|input| input.prevout.txid);
        let own: BTreeSet<Txid> = spent.filter(|txid| present.contains(txid)).collect();
        for parent in &own {
            children.entry(*parent).or_default().insert(entry.txid());
        }
        parents.insert(entry.txid(), own);
        assert!(spent_outputs(entry.tx()).all(|output| pool.spender(&output) == Some(entry.txid())));
        let by_wtxid = pool.get_by_wtxid(&entry.tx().wtxid()).map(Entry::txid);
        assert_eq!(by_wtxid, Some(entry.txid()));
    }
    for entry in pool.iter() {
        let txid = entry.txid();
        assert_eq!(entry.parents(), &parents[&txid]);
        assert_eq!(entry.children(), &children[&txid]);
        for (links, found, known) in [
            (&parents, entry.with_ancestors(), pool.ancestors(&txid)),
            (&children, entry.with_descendants(), pool.descendants(&txid)),
        ] {
            let set = closure(txid, links);
            assert!(known.iter().all(|txid| set.contains(txid)));
            let sum = |value: fn(&Entry) -> u64| set.iter().filter_map(|txid| pool.get(txid)).map(value).sum::<u64>();
            assert_eq!(found.count, set.len() as u64);
            assert_eq!(found.size, sum(Entry::size));
            assert_eq!(found.sigop_cost, sum(Entry::sigop_cost));
            let fees = set.iter().filter_map(|txid| pool.get(txid)).map(|entry| i128::from(entry.modified_fee()));
            let fees: i128 = fees.sum();
            assert_eq!(i128::from(found.fees()), fees.clamp(i64::MIN.into(), i64::MAX.into()));
        }
    }
    let count = pool.len();
    assert_eq!(pool.total_size(), pool.iter().map(|entry| entry.size()).sum::<u64>());
    assert_eq!(pool.by_time().count(), count);
    assert!(pool.by_time().is_sorted_by_key(|entry| entry.time()));
    // The keys in the order are the keys of today.
    let ancestor_scores: Vec<_> = pool.by_ancestor_score().map(litecast_mempool::score::AncestorScore::of).collect();
    assert!(ancestor_scores.is_sorted() && ancestor_scores.len() == count);
    let descendant_scores: Vec<_> =
        pool.by_descendant_score().map(litecast_mempool::score::DescendantScore::of).collect();
    assert!(descendant_scores.is_sorted() && descendant_scores.len() == count);
    let order = pool.by_depth_and_score();
    let place = |txid: &Txid| order.iter().position(|entry| entry.txid() == *txid);
    assert!(order.iter().all(|entry| entry.parents().iter().all(|parent| place(parent) < place(&entry.txid()))));
}

fn run(steps: &[Step]) {
    let policy = Policy { incremental_relay_fee: FeeRate(1000), ..Policy::default() };
    let mut pool = Mempool::new(policy, NOW);
    let empty = pool.usage();
    let mut world = World::default();
    let mut present = BTreeSet::new();
    let mut expected_sequence = 1;
    for step in steps {
        match step {
            Step::Add { spends, fee, time } => {
                let made = world.make(&pool, spends);
                let entry = entry_at(&made, *fee, *time);
                assert!(pool.ancestors_of(&entry, &Limits::NONE).is_ok());
                pool.insert(entry);
            }
            Step::Remove(index) => {
                if let Some(tx) = world.choose(index) {
                    pool.remove_recursive(&tx, Removal::Reorg);
                }
            }
            Step::Mine(index) => {
                let Some(tx) = world.choose(index) else { continue };
                // With all that it needs, parents first.
                let mut mined = pool.ancestors(&tx.txid());
                mined.insert(tx.txid());
                let transactions: Vec<_> =
                    world.all.iter().filter(|tx| mined.contains(&tx.txid())).map(Arc::clone).collect();
                let header = *Params::new(Network::Regtest).genesis.header();
                pool.remove_for_block(&Block::new(header, transactions, None), 2, NOW);
            }
            Step::Prioritise(index, delta) => {
                if let Some(tx) = world.choose(index) {
                    pool.prioritise(tx.txid(), *delta);
                }
            }
            Step::Expire(before) => {
                pool.expire(*before);
            }
            Step::Trim(percent) => {
                let limit = pool.usage() * percent / 100;
                pool.trim_to_size(limit);
                assert!(pool.usage() <= limit || pool.is_empty());
            }
        }
        verify(&pool);
        // Folding the changes gives the pool; each has the next number.
        for (txid, removal, sequence) in story(&mut pool) {
            assert_eq!(sequence, expected_sequence);
            expected_sequence += 1;
            assert!(if removal.is_none() { present.insert(txid) } else { present.remove(&txid) });
        }
        assert_eq!(present, pool.iter().map(|entry| entry.txid()).collect());
        assert_eq!(pool.sequence(), expected_sequence);
    }
    let deltas: Vec<Txid> = pool.fee_deltas().map(|(txid, _)| *txid).collect();
    let transactions: Vec<_> = pool.by_depth_and_score().iter().map(|entry| Arc::clone(entry.tx())).collect();
    for tx in transactions {
        pool.remove_recursive(&tx, Removal::Expiry);
    }
    // What is prioritised, and room for at most two ids.
    const PRIORITISED: usize = 96;
    let room = pool.usage() - empty - deltas.len() * PRIORITISED;
    assert!([0, 64, 96].contains(&room), "{room}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sums_are_those_of_a_recomputation(steps in prop::collection::vec(step(), 1..40)) {
        run(&steps);
    }
}

// v0.21.5.5 src/test/mempool_tests.cpp, MempoolAncestryTests
#[test]
fn ancestry() {
    let mut pool = Mempool::new(Policy::default(), NOW);
    let add = |pool: &mut Mempool, n: u8, spent: &[OutPoint]| {
        let spent = if spent.is_empty() { vec![foreign(n)] } else { spent.to_vec() };
        let made = tx(&spent, &[1000, 2000]);
        pool.insert(entry_at(&made, 10_000, 0));
        made
    };
    let one = add(&mut pool, 1, &[]);
    assert_eq!(pool.ancestry(&one.txid()), (1, 1));
    let two = add(&mut pool, 0, &[out(&one, 0)]);
    assert_eq!(pool.ancestry(&one.txid()), (1, 2));
    assert_eq!(pool.ancestry(&two.txid()), (2, 2));
    let three = add(&mut pool, 0, &[out(&two, 0)]);
    let four = add(&mut pool, 0, &[out(&two, 1)]);
    for (tx, expected) in [(&one, (1, 4)), (&two, (2, 4)), (&three, (3, 4)), (&four, (3, 4))] {
        assert_eq!(pool.ancestry(&tx.txid()), expected);
    }
    let mut other = add(&mut pool, 2, &[]);
    for _ in 0..4 {
        other = add(&mut pool, 0, &[out(&other, 0)]);
    }
    assert_eq!(pool.ancestry(&other.txid()), (5, 5));
    let both = add(&mut pool, 0, &[out(&three, 0), out(&other, 0)]);
    for (tx, expected) in [(&one, (1, 5)), (&three, (3, 5)), (&four, (3, 5)), (&other, (5, 6)), (&both, (9, 6))] {
        assert_eq!(pool.ancestry(&tx.txid()), expected);
    }
    assert_eq!(pool.ancestry(&Txid::ZERO), (0, 0));
}

#[test]
fn limits_are_named_in_the_words_of_the_reference() {
    let mut pool = Mempool::new(Policy::default(), NOW);
    let one = tx(&[foreign(1)], &[1000, 2000]);
    let two = tx(&[out(&one, 0)], &[1000, 2000]);
    pool.insert(entry_at(&one, 1, 0));
    pool.insert(entry_at(&two, 1, 0));
    let next = entry_at(&tx(&[out(&two, 0), out(&one, 1)], &[1]), 1, 0);
    let reason = |limits: Limits| pool.ancestors_of(&next, &limits).unwrap_err();
    assert_eq!(reason(Limits { ancestors: 2, ..Limits::NONE }), "too many unconfirmed parents [limit: 2]");
    let single = entry_at(&tx(&[out(&two, 1)], &[1]), 1, 0);
    assert_eq!(
        pool.ancestors_of(&single, &Limits { ancestors: 2, ..Limits::NONE }).unwrap_err(),
        "too many unconfirmed ancestors [limit: 2]"
    );
    assert_eq!(reason(Limits { ancestor_size: 300, ..Limits::NONE }), "exceeds ancestor size limit [limit: 300]");
    let found = reason(Limits { descendants: 2, ..Limits::NONE });
    assert_eq!(found, format!("too many descendants for tx {} [limit: 2]", one.txid()));
    let found = reason(Limits { descendant_size: 300, ..Limits::NONE });
    assert_eq!(found, format!("exceeds descendant size limit for tx {} [limit: 300]", one.txid()));
}
