//! Replacement by fee (BIP125; v0.21.5.5 test/functional/feature_rbf.py, in small).

use std::sync::Arc;

use litecast_mempool::{
    OutputIndex, Policy, Removal,
    policy::rbf::{RbfState, rbf_state},
};
use litecast_primitives::{OutPoint, Transaction};

use crate::support::{COIN, World, out, parts, story, tx};

const FEE: i64 = 10_000;

fn world() -> World {
    World::new(Policy { replacement: true, ..Policy::default() })
}

fn signalling(spent: &[OutPoint], values: &[i64]) -> Arc<Transaction> {
    let mut parts = parts(spent, values);
    // Bit 31 is set: no relative lock.
    parts.inputs[0].sequence = 0xffff_fffd;
    Arc::new(parts.into())
}

#[test]
fn a_higher_fee_replaces_a_family() {
    let mut world = world();
    let coin = world.coin(COIN);
    let first = signalling(&[coin], &[COIN - FEE]);
    let child = tx(&[out(&first, 0)], &[COIN - 2 * FEE]);
    world.accept(&first).unwrap();
    world.accept(&child).unwrap();
    assert_eq!(rbf_state(&child, &world.pool.borrow()), RbfState::Replaceable);
    let reject = world.accept(&signalling(&[coin], &[COIN - FEE - 1, 0])).unwrap_err();
    assert_eq!(reject.reason(), "dust");
    let reject = world.accept(&tx(&[coin], &[COIN - FEE])).unwrap_err();
    assert!(reject.to_string().starts_with("insufficient fee, rejecting replacement "), "{reject}");
    assert!(reject.detail().contains("; new feerate "));
    let reject = world.accept(&tx(&[coin], &[COIN - 2 * FEE + 1])).unwrap_err();
    assert!(reject.detail().ends_with(", less fees than conflicting txs; 0.00019999 < 0.0002"), "{reject}");
    let reject = world.accept(&tx(&[coin], &[COIN - 2 * FEE - 90])).unwrap_err();
    assert!(reject.detail().ends_with(", not enough additional fees to relay; 0.0000009 < 0.00000096"), "{reject}");
    let better = tx(&[coin], &[COIN - 2 * FEE - 96]);
    let replaced = world.accept(&better).unwrap().replaced;
    assert_eq!(replaced.len(), 2);
    let mut gone = [first.txid(), child.txid()];
    gone.sort();
    let mut pool = world.pool.borrow_mut();
    assert_eq!(
        story(&mut pool),
        [
            (first.txid(), None, 1),
            (child.txid(), None, 2),
            (gone[0], Some(Removal::Replaced), 3),
            (gone[1], Some(Removal::Replaced), 4),
            (better.txid(), None, 5),
        ]
    );
    assert_eq!(pool.spender(&OutputIndex::Out(coin)), Some(better.txid()));
    assert_eq!(rbf_state(&better, &pool), RbfState::Final);
    assert_eq!(rbf_state(&first, &pool), RbfState::Replaceable);
}

#[test]
fn who_does_not_signal_stays() {
    let mut world = world();
    let coin = world.coin(COIN);
    world.accept(&tx(&[coin], &[COIN - FEE])).unwrap();
    assert_eq!(world.reason(&tx(&[coin], &[COIN - 9 * FEE])), "txn-mempool-conflict");
    // Off by default, whoever signals.
    let mut other = World::standard();
    let coin = other.coin(COIN);
    other.accept(&signalling(&[coin], &[COIN - FEE])).unwrap();
    assert_eq!(other.reason(&tx(&[coin], &[COIN - 9 * FEE])), "txn-mempool-conflict");
}

#[test]
fn no_new_unconfirmed_inputs_and_no_own_parents() {
    let mut world = world();
    let (one, two) = (world.coin(COIN), world.coin(COIN));
    let first = signalling(&[one], &[COIN - FEE]);
    let other = signalling(&[two], &[COIN - FEE]);
    world.accept(&first).unwrap();
    world.accept(&other).unwrap();
    let reject = world.accept(&tx(&[one, out(&other, 0)], &[COIN])).unwrap_err();
    assert_eq!(reject.reason(), "replacement-adds-unconfirmed");
    assert!(reject.detail().ends_with(" adds unconfirmed input, idx 1"));
    assert_eq!(world.reason(&tx(&[one, out(&first, 0)], &[COIN])), "bad-txns-spends-conflicting-tx");
}

#[test]
fn a_hundred_at_most() {
    let mut world = World::new(Policy {
        replacement: true,
        limits: litecast_mempool::Limits { descendants: 1000, ..litecast_mempool::Limits::default() },
        ..Policy::default()
    });
    let coin = world.coin(COIN);
    let value = COIN / 200;
    let root = signalling(&[coin], &[value; 101]);
    world.accept(&root).unwrap();
    for vout in 0..99 {
        world.accept(&tx(&[out(&root, vout)], &[value - FEE])).unwrap();
    }
    let rich = tx(&[coin], &[COIN / 4]);
    {
        let pool = world.pool.borrow();
        assert_eq!(pool.get(&root.txid()).unwrap().with_descendants().count, 100);
    }
    world.accept(&tx(&[out(&root, 99)], &[value - FEE])).unwrap();
    assert_eq!(world.reason(&rich), "too many potential replacements");
    let last = tx(&[out(&root, 98)], &[value - FEE]);
    world.pool.borrow_mut().remove_recursive(&last, Removal::Expiry);
    assert_eq!(world.accept(&rich).unwrap().replaced.len(), 100);
}

#[test]
fn a_replacement_takes_a_place_in_a_full_family() {
    let mut world = world();
    let coin = world.coin(COIN);
    let value = COIN / 50;
    let root = tx(&[coin], &[value; 23]);
    let middle = tx(&[out(&root, 0)], &[value - FEE]);
    let last = signalling(&[out(&middle, 0)], &[value - 2 * FEE]);
    for tx in [&root, &middle, &last] {
        world.accept(tx).unwrap();
    }
    for vout in 1..23 {
        world.accept(&tx(&[out(&root, vout)], &[value - FEE])).unwrap();
    }
    assert_eq!(world.pool.borrow().get(&root.txid()).unwrap().with_descendants().count, 25);
    let replaced = world.accept(&tx(&[out(&middle, 0)], &[value - 3 * FEE])).unwrap().replaced;
    assert_eq!(replaced.iter().map(|tx| tx.txid()).collect::<Vec<_>>(), [last.txid()]);
    assert_eq!(world.pool.borrow().get(&root.txid()).unwrap().with_descendants().count, 25);
}
