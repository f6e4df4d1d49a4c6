//! Verdicts on single transactions: reject strings and categories of v0.21.5.5 src/validation.cpp, PreChecks.

use std::sync::Arc;

use bytes::Bytes;
use litecast_consensus::scripts::{TxScripts, block_script_flags};
use litecast_mempool::{FeeRate, Mempool, Policy, TxCategory, accept::Arrival};
use litecast_primitives::{Amount, OutPoint, Transaction, Txid, transaction::TxParts};
use litecast_script::opcode;

use crate::support::{COIN, NOW, World, foreign, out, parts, story, tx};

const FEE: i64 = 10_000;

fn with(mut base: TxParts, change: impl FnOnce(&mut TxParts)) -> Arc<Transaction> {
    change(&mut base);
    Arc::new(base.into())
}

#[test]
fn a_good_one_comes_in_once() {
    let mut world = World::standard();
    let coin = world.coin(COIN);
    let good = tx(&[coin], &[COIN - FEE]);
    let accepted = world.accept(&good).unwrap();
    assert_eq!((accepted.fee, accepted.replaced.len()), (Amount(FEE), 0));
    assert_eq!(accepted.size, 94 + 2);
    assert_eq!(world.reason(&good), "txn-already-in-mempool");
    // The next block need not run its scripts again.
    let flags = block_script_flags(&world.headers, &world.params, world.chain().versionbits);
    let scripts = TxScripts::new(Arc::clone(&good), &[world.coins.0[&coin].clone()], flags);
    assert!(scripts.is_known(&world.chain().caches.scripts));
    // The same inputs again.
    assert_eq!(world.reason(&tx(&[coin], &[COIN - 2 * FEE])), "txn-mempool-conflict");
    let child = tx(&[out(&good, 0)], &[COIN - 2 * FEE]);
    assert_eq!(world.reason(&child), "accepted");
    let mut pool = world.pool.borrow_mut();
    assert_eq!(story(&mut pool), [(good.txid(), None, 1), (child.txid(), None, 2)]);
    assert_eq!(pool.get(&child.txid()).unwrap().height(), 200);
}

#[test]
fn reject_strings() {
    let mut world = World::standard();
    let coin = world.coin(COIN);
    let base = || parts(&[coin], &[COIN - FEE]);
    let coinbase = with(base(), |parts| {
        parts.inputs[0].prevout = OutPoint::NULL;
        parts.inputs[0].script_sig = Bytes::from_static(&[1, 1]);
    });
    let cases: Vec<(Arc<Transaction>, &str, TxCategory)> = vec![
        (with(base(), |p| p.outputs.clear()), "bad-txns-vout-empty", TxCategory::Consensus),
        (with(base(), |p| p.outputs[0].value = Amount(-1)), "bad-txns-vout-negative", TxCategory::Consensus),
        (with(base(), |p| p.inputs.push(p.inputs[0].clone())), "bad-txns-inputs-duplicate", TxCategory::Consensus),
        (coinbase, "coinbase", TxCategory::Consensus),
        (with(base(), |p| p.is_hogex = true), "hogex", TxCategory::Consensus),
        (with(base(), |p| p.version = 3), "version", TxCategory::NotStandard),
        (with(base(), |p| p.outputs[0].value = Amount(9)), "dust", TxCategory::NotStandard),
        (
            with(base(), |p| {
                p.outputs[0].value = Amount(0);
                p.outputs[0].script_pubkey = Bytes::from_static(&[opcode::OP_RETURN]);
            }),
            "tx-size-small",
            TxCategory::NotStandard,
        ),
        (
            with(base(), |p| {
                p.lock_time = 201;
                p.inputs[0].sequence = 0;
            }),
            "non-final",
            TxCategory::PrematureSpend,
        ),
        (tx(&[foreign(200)], &[COIN]), "bad-txns-inputs-missingorspent", TxCategory::MissingInputs),
        (with(base(), |p| p.inputs[0].sequence = 200), "accepted", TxCategory::Conflict),
        (tx(&[coin], &[COIN + 1]), "bad-txns-in-belowout", TxCategory::Consensus),
        (tx(&[coin], &[COIN - 50]), "min relay fee not met", TxCategory::MempoolPolicy),
        (
            with(base(), |p| p.inputs[0].witness.push(Bytes::from(vec![1; 3601]))),
            "bad-witness-nonstandard",
            TxCategory::WitnessMutated,
        ),
        (
            with(base(), |p| p.inputs[0].witness[0] = Bytes::from_static(&[opcode::OP_0])),
            "non-mandatory-script-verify-flag (Witness program hash mismatch)",
            TxCategory::NotStandard,
        ),
        (
            with(base(), |p| p.inputs[0].witness.clear()),
            "non-mandatory-script-verify-flag (Witness program was passed an empty witness)",
            TxCategory::WitnessStripped,
        ),
    ];
    for (tx, reason, category) in cases {
        *world.pool.borrow_mut() = Mempool::new(Policy::default(), NOW);
        match world.accept(&tx) {
            Ok(_) => assert_eq!(reason, "accepted"),
            Err(reject) => assert_eq!((&*reject.reason(), reject.category()), (reason, category)),
        }
    }
}

#[test]
fn maturity_and_relative_locks() {
    let mut world = World::standard();
    let young = world.coin_with(COIN, |coin| (coin.is_coinbase, coin.height) = (true, 102));
    let ripe = world.coin_with(COIN, |coin| (coin.is_coinbase, coin.height) = (true, 101));
    let pegged = world.coin_with(COIN, |coin| (coin.is_peg_out, coin.height) = (true, 196));
    let locked = world.coin_with(COIN, |coin| coin.height = 196);
    let spend = |coin: OutPoint| tx(&[coin], &[COIN - FEE]);
    let reject = world.accept(&spend(young)).unwrap_err();
    assert_eq!(reject.to_string(), "bad-txns-premature-spend-of-coinbase, tried to spend coinbase at depth 99");
    assert_eq!(reject.category(), TxCategory::PrematureSpend);
    assert_eq!(world.reason(&spend(ripe)), "accepted");
    assert!(world.pool.borrow().get(&spend(ripe).txid()).unwrap().spends_coinbase());
    let reject = world.accept(&spend(pegged)).unwrap_err();
    assert_eq!(reject.to_string(), "bad-txns-premature-spend-of-pegout, tried to spend pegout output at depth 5");
    let sequence = |blocks: u32| with(parts(&[locked], &[COIN - FEE]), |p| p.inputs[0].sequence = blocks);
    let reject = world.accept(&sequence(6)).unwrap_err();
    assert_eq!((&*reject.reason(), reject.category()), ("non-BIP68-final", TxCategory::PrematureSpend));
    assert_eq!(world.reason(&sequence(5)), "accepted");
    // A parent in the pool counts as mined in the next block.
    let child =
        |blocks: u32| with(parts(&[out(&sequence(5), 0)], &[COIN - 2 * FEE]), |p| p.inputs[0].sequence = blocks);
    assert_eq!(world.reason(&child(1)), "non-BIP68-final");
    assert_eq!(world.reason(&child(0)), "accepted");
}

#[test]
fn a_mined_one_is_no_orphan() {
    let mut world = World::standard();
    let mined = tx(&[foreign(99)], &[COIN]);
    let coin = world.coin(COIN);
    let known = world.coins.0[&coin].clone();
    world.coins.0.insert(out(&mined, 0), known);
    let reject = world.accept(&mined).unwrap_err();
    assert_eq!((&*reject.reason(), reject.category()), ("txn-already-known", TxCategory::Conflict));
}

#[test]
fn chains_have_limits_and_a_carve_out() {
    let mut world = World::standard();
    let coin = world.coin(COIN);
    let first = tx(&[coin], &[COIN / 2, COIN / 2 - FEE]);
    world.accept(&first).unwrap();
    let mut last = tx(&[out(&first, 0)], &[COIN / 2 - FEE]);
    for n in 2..=25 {
        world.accept(&last).unwrap();
        last = tx(&[out(&last, 0)], &[COIN / 2 - n * FEE]);
    }
    let reject = world.accept(&last).unwrap_err();
    assert_eq!(reject.to_string(), "too-long-mempool-chain, too many unconfirmed ancestors [limit: 25]");
    // One more child of the first, which has as many descendants as it may: only because it has no other ancestor.
    let extra = tx(&[out(&first, 1)], &[COIN / 2 - 2 * FEE]);
    assert_eq!(world.reason(&extra), "accepted");
    assert_eq!(world.reason(&tx(&[out(&extra, 0)], &[COIN / 2 - 3 * FEE])), "too-long-mempool-chain");
}

#[test]
fn a_full_pool_raises_its_price() {
    let mut world = World::new(Policy { max_memory: 5_000, ..Policy::default() });
    let coins: Vec<OutPoint> = (0..12).map(|_| world.coin(COIN)).collect();
    let mut accepted = 0;
    let mut full = 0;
    for (n, coin) in (1i64..).zip(&coins) {
        // Better and better, so that others go.
        match world.accept(&tx(&[*coin], &[COIN - n * FEE])) {
            Ok(_) => accepted += 1,
            Err(reject) => {
                assert_eq!(reject.reason(), "mempool full");
                full += 1;
            }
        }
    }
    assert!(accepted > 0 && full < 12);
    let rate = world.pool.borrow().min_fee(NOW);
    assert!(rate > FeeRate(1000));
    let cheap = world.coin(COIN);
    let reject = world.accept(&tx(&[cheap], &[COIN - 200])).unwrap_err();
    assert_eq!((&*reject.reason(), reject.category()), ("mempool min fee not met", TxCategory::MempoolPolicy));
    // From a block it gets in nevertheless, and is published.
    let arrival = Arrival { bypass_limits: true, ..Arrival::at(NOW) };
    let back = tx(&[cheap], &[COIN]);
    world.pool.borrow_mut().take_changes();
    world.accept_as(&back, arrival).unwrap();
    assert!(
        story(&mut world.pool.borrow_mut()).iter().any(|(txid, removal, _)| (*txid, *removal) == (back.txid(), None))
    );
}

#[test]
fn non_standard_ones_come_in_where_they_may() {
    let mut world = World::new(Policy { require_standard: false, ..Policy::default() });
    let coin = world.coin_with(COIN, |coin| coin.output.script_pubkey = Bytes::from_static(&[opcode::OP_1]));
    let odd = with(parts(&[coin], &[COIN - FEE]), |p| {
        p.version = 7;
        p.inputs[0].witness.clear();
    });
    assert_eq!(world.reason(&odd), "accepted");
    let standard = World::standard();
    assert_eq!(standard.reason(&odd), "version");
    assert!(!standard.pool.borrow().contains(&Txid::ZERO));
}
