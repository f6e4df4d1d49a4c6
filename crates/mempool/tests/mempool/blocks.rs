//! Blocks come and go.

use std::sync::Arc;

use litecast_mempool::{DisconnectedTransactions, Removal, update_for_reorg};
use litecast_primitives::{Block, OutPoint, Transaction};

use crate::support::{COIN, NOW, World, foreign, out, parts, story, tx};

const FEE: i64 = 10_000;

fn block(world: &World, transactions: &[&Arc<Transaction>]) -> Block {
    let mut coinbase = parts(&[OutPoint::NULL], &[COIN]);
    coinbase.inputs[0].witness.clear();
    coinbase.inputs[0].script_sig = vec![1, 1].into();
    let all = std::iter::once(Arc::new(coinbase.into())).chain(transactions.iter().map(|tx| Arc::clone(tx)));
    Block::new(*world.params.genesis.header(), all.collect(), None)
}

#[test]
fn a_block_takes_its_own_and_what_conflicts() {
    let mut world = World::standard();
    let (one, two) = (world.coin(COIN), world.coin(COIN));
    let parent = tx(&[one], &[COIN - FEE]);
    let child = tx(&[out(&parent, 0)], &[COIN - 2 * FEE]);
    let double = tx(&[two], &[COIN - FEE]);
    let below = tx(&[out(&double, 0)], &[COIN - 2 * FEE]);
    for tx in [&parent, &child, &double, &below] {
        world.accept(tx).unwrap();
    }
    let mut pool = world.pool.borrow_mut();
    pool.prioritise(parent.txid(), 5);
    pool.prioritise(double.txid(), 5);
    pool.prioritise(below.txid(), 5);
    pool.take_changes();
    let mined = tx(&[two], &[COIN - 3 * FEE]);
    pool.remove_for_block(&block(&world, &[&parent, &mined]), world.height() + 1, NOW);
    let mut gone = [double.txid(), below.txid()];
    gone.sort();
    let expected = [
        (parent.txid(), Some(Removal::Block), 5),
        (gone[0], Some(Removal::Conflict), 6),
        (gone[1], Some(Removal::Conflict), 7),
    ];
    let changes = pool.take_changes();
    assert!(changes[0].event().is_none() && changes[1].event().is_some());
    for (change, (txid, removal, sequence)) in changes.iter().zip(expected) {
        let litecast_mempool::Change::Removed { tx, removal: found, sequence: number } = change else { panic!() };
        assert_eq!((tx.txid(), Some(*found), *number), (txid, removal, sequence));
    }
    // Only what was named by the block or in its way is forgotten.
    assert_eq!((pool.fee_delta(&parent.txid()), pool.fee_delta(&double.txid())), (0, 0));
    assert_eq!(pool.fee_delta(&below.txid()), 5);
    let child = pool.get(&child.txid()).unwrap();
    assert!(child.parents().is_empty() && child.with_ancestors().count == 1);
}

#[test]
fn disconnected_ones_come_back_below_their_children() {
    let mut world = World::standard();
    let coin = world.coin(COIN);
    let first = tx(&[coin], &[COIN - FEE]);
    let second = tx(&[out(&first, 0)], &[COIN - 2 * FEE]);
    // They are mined; a child of the second waits.
    let mut known = world.coins.0.remove(&coin).unwrap();
    known.output = second.outputs()[0].clone();
    world.coins.0.insert(out(&second, 0), known.clone());
    let third = tx(&[out(&second, 0)], &[COIN - 3 * FEE]);
    let fourth = tx(&[out(&third, 0)], &[COIN - 4 * FEE]);
    world.accept(&third).unwrap();
    world.accept(&fourth).unwrap();
    // The block goes, and its coins.
    world.coins.0.remove(&out(&second, 0));
    known.output = parts(&[coin], &[COIN]).outputs[0].clone();
    world.coins.0.insert(coin, known);
    let mut waiting = DisconnectedTransactions::default();
    let mut pool = world.pool.borrow_mut();
    waiting.add_block(&block(&world, &[&first, &second]), &mut pool);
    assert_eq!(waiting.len(), 3);
    pool.take_changes();
    update_for_reorg(&mut pool, waiting, &world.chain(), NOW, true).unwrap();
    assert_eq!(story(&mut pool), [(first.txid(), None, 3), (second.txid(), None, 4)]);
    for (tx, ancestors, descendants) in [(&first, 1, 4), (&second, 2, 3), (&third, 3, 2), (&fourth, 4, 1)] {
        let entry = pool.get(&tx.txid()).unwrap();
        assert_eq!((entry.with_ancestors().count, entry.with_descendants().count), (ancestors, descendants));
        assert_eq!(i64::try_from(ancestors).unwrap() * FEE, entry.with_ancestors().fees());
    }
    assert_eq!(pool.get(&third.txid()).unwrap().parents().first(), Some(&second.txid()));
}

#[test]
fn what_does_not_come_back_takes_its_children_along() {
    let mut world = World::standard();
    let lost = tx(&[foreign(77)], &[COIN]);
    let coin = world.coin(COIN);
    let known = world.coins.0.remove(&coin).unwrap();
    world.coins.0.insert(out(&lost, 0), known);
    let child = tx(&[out(&lost, 0)], &[COIN - FEE]);
    world.accept(&child).unwrap();
    world.coins.0.clear();
    let mut waiting = DisconnectedTransactions::default();
    let mut pool = world.pool.borrow_mut();
    waiting.add_block(&block(&world, &[&lost]), &mut pool);
    pool.take_changes();
    update_for_reorg(&mut pool, waiting, &world.chain(), NOW, true).unwrap();
    assert_eq!(story(&mut pool), [(child.txid(), Some(Removal::Reorg), 2)]);
}

#[test]
fn a_lower_tip_removes_what_is_early_again() {
    let mut world = World::standard();
    let ripe = world.coin_with(COIN, |coin| (coin.is_coinbase, coin.height) = (true, 101));
    let old = world.coin_with(COIN, |coin| (coin.is_coinbase, coin.height) = (true, 90));
    let plain = world.coin(COIN);
    let immature = tx(&[ripe], &[COIN - FEE]);
    let child = tx(&[out(&immature, 0)], &[COIN - 2 * FEE]);
    let mature = tx(&[old], &[COIN - FEE]);
    let mut locked = parts(&[plain], &[COIN - FEE]);
    locked.lock_time = 200;
    locked.inputs[0].sequence = 0xffff_fffe;
    let locked: Arc<Transaction> = Arc::new(locked.into());
    for tx in [&immature, &child, &mature, &locked] {
        world.accept(tx).unwrap();
    }
    world.headers.0.pop_last();
    assert_eq!(world.height(), 199);
    let mut pool = world.pool.borrow_mut();
    pool.take_changes();
    pool.remove_for_reorg(&world.headers, &world.coins).unwrap();
    let mut expected = [immature.txid(), child.txid(), locked.txid()];
    expected.sort();
    let removed: Vec<_> = story(&mut pool).into_iter().map(|(txid, removal, _)| (txid, removal.unwrap())).collect();
    assert_eq!(removed, expected.map(|txid| (txid, Removal::Reorg)));
    assert!(pool.contains(&mature.txid()));
}
