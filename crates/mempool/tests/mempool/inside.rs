//! Transactions inside of the extension block: conflicts and families by output, kernels in blocks, peg-ins.

use std::{collections::BTreeMap, sync::Arc};

use litecast_mempool::{DisconnectedTransactions, OutputIndex, Policy, Removal, TxCategory};
use litecast_mweb::{
    MwebDelta, Utxo,
    forge::{self, Forge, Terms},
};
use litecast_primitives::{
    Amount, Block, OutPoint, Transaction, TxOut,
    hash::MwebHash,
    mweb::{self, ExtensionBlock, Header, PegOut, TxBody},
    transaction::TxParts,
};
use litecast_script::template::MWEB_PEGIN_VERSION;

use crate::support::{COIN, NOW, VERIFIER, World, out, parts, story, true_script};

const FEE: i64 = 10_000;
/// One kernel and one output.
const WEIGHT: u64 = 2 + 18;

fn fee(litoshis: i64) -> Terms {
    Terms { fee: Amount(litoshis), ..Terms::default() }
}

fn loose(mweb: mweb::Tx) -> Arc<Transaction> {
    let mut parts = parts(&[], &[]);
    parts.mweb = Some(mweb);
    Arc::new(parts.into())
}

/// A transaction outside that pays into this kernel.
fn pegging(coin: OutPoint, mweb: mweb::Tx, amount: i64, change: i64) -> TxParts {
    let mut parts = parts(&[coin], &[change]);
    let mut script = vec![0x50 + MWEB_PEGIN_VERSION, 32];
    script.extend(mweb.body.kernels[0].id().0);
    parts.outputs.push(TxOut { value: Amount(amount), script_pubkey: script.into() });
    parts.mweb = Some(mweb);
    parts
}

/// A coin in the state, inside.
fn coin_inside(world: &mut World, forge: &mut Forge<'_>, value: i64) -> forge::Coin {
    let coin = forge.coin(Amount(value));
    store(world, coin.output.id(), &coin);
    coin
}

fn store(world: &mut World, id: MwebHash, coin: &forge::Coin) {
    let utxos = BTreeMap::from([(id, Some(Utxo::detached(1, 0, &coin.output)))]);
    world.inside.apply(MwebDelta { utxos, ..MwebDelta::default() });
}

fn block(world: &World, transactions: Vec<Arc<Transaction>>, body: TxBody) -> Block {
    let header = Header {
        height: 201,
        output_root: MwebHash::default(),
        kernel_root: MwebHash::default(),
        leafset_root: MwebHash::default(),
        kernel_offset: [0; 32],
        stealth_offset: [0; 32],
        output_mmr_size: 1,
        kernel_mmr_size: 1,
    };
    Block::new(*world.params.genesis.header(), transactions, Some(ExtensionBlock { header, body }))
}

#[test]
fn families_inside() {
    let mut world = World::standard();
    let mut forge = Forge::new(&VERIFIER, 1);
    let coin = coin_inside(&mut world, &mut forge, COIN);
    let spent = [coin];
    let (poor, _, _) = forge.transaction(&spent, &[Amount(COIN - 1999)], &fee(1999));
    let reject = world.accept(&loose(poor)).unwrap_err();
    assert_eq!(reject.to_string(), "mempool min fee not met, 1999 < 2000");
    let (first, created, _) = forge.transaction(&spent, &[Amount(COIN - FEE)], &fee(FEE));
    let kernel = first.body.kernels[0].id();
    let first = loose(first);
    let accepted = world.accept(&first).unwrap();
    assert_eq!((accepted.fee, accepted.size), (Amount(FEE), 0));
    assert_eq!(first.txid().as_bytes(), &kernel.0);
    let (second, _, _) = forge.transaction(&created, &[Amount(COIN - 2 * FEE)], &fee(FEE));
    let second = loose(second);
    world.accept(&second).unwrap();
    let (double, _, _) = forge.transaction(&spent, &[Amount(COIN - 5 * FEE)], &fee(5 * FEE));
    let reject = world.accept(&loose(double)).unwrap_err();
    assert_eq!((&*reject.reason(), reject.category()), ("txn-mempool-conflict", TxCategory::MempoolPolicy));
    let stranger = [forge.coin(Amount(COIN))];
    let (orphan, _, _) = forge.transaction(&stranger, &[Amount(COIN - FEE)], &fee(FEE));
    assert_eq!(world.reason(&loose(orphan)), "bad-txns-inputs-missingorspent");

    let mut pool = world.pool.borrow_mut();
    let child = pool.get(&second.txid()).unwrap();
    assert_eq!(child.parents().first(), Some(&first.txid()));
    assert_eq!(child.with_ancestors().mweb_weight, 2 * WEIGHT);
    assert_eq!(child.with_ancestors().count, 2);
    assert_eq!(pool.spender(&OutputIndex::Mweb(spent[0].output.id())), Some(first.txid()));
    assert_eq!(pool.creator_inside(&created[0].output.id()).unwrap().txid(), first.txid());
    assert_eq!(pool.with_kernel(&kernel).count(), 1);
    // Mined by its kernel alone: a number without an event. It waits for a reorganisation.
    pool.take_changes();
    let mined = block(&world, Vec::new(), first.mweb().unwrap().body.clone());
    let removal = pool.remove_for_block(&mined, world.height() + 1, NOW);
    assert_eq!(removal.mined.len(), 1);
    assert_eq!(story(&mut pool), [(first.txid(), Some(Removal::Block), 3)]);
    assert!(pool.with_kernel(&kernel).next().is_none() && pool.contains(&second.txid()));
    let mut waiting = DisconnectedTransactions::default();
    waiting.add_block(&mined, &mut pool);
    assert_eq!(waiting.len(), 1);
    litecast_mempool::update_for_reorg(&mut pool, waiting, &world.chain(), NOW, true).unwrap();
    assert_eq!(story(&mut pool), [(first.txid(), None, 4)]);
    assert_eq!(pool.get(&second.txid()).unwrap().with_ancestors().mweb_weight, 2 * WEIGHT);
    assert_eq!(pool.get(&first.txid()).unwrap().with_descendants().fees(), 2 * FEE);
}

#[test]
fn a_block_may_spend_the_same_by_another_kernel() {
    let mut world = World::standard();
    let mut forge = Forge::new(&VERIFIER, 2);
    let coin = [coin_inside(&mut world, &mut forge, COIN)];
    let (ours, created, _) = forge.transaction(&coin, &[Amount(COIN - FEE)], &fee(FEE));
    let (ours, theirs) = (loose(ours), forge.transaction(&coin, &[Amount(COIN - 2 * FEE)], &fee(2 * FEE)).0);
    let below = loose(forge.transaction(&created, &[Amount(COIN - 2 * FEE)], &fee(FEE)).0);
    world.accept(&ours).unwrap();
    world.accept(&below).unwrap();
    let mut pool = world.pool.borrow_mut();
    pool.take_changes();
    pool.remove_for_block(&block(&world, Vec::new(), theirs.body), world.height() + 1, NOW);
    assert!(pool.is_empty());
    assert!(story(&mut pool).iter().all(|(_, removal, _)| *removal == Some(Removal::Conflict)));
}

#[test]
fn peg_ins() {
    let mut world = World::standard();
    let mut forge = Forge::new(&VERIFIER, 3);
    let coin = world.coin(COIN);
    let amount = COIN / 2;
    let terms = Terms { peg_in: Amount(amount), ..fee(FEE) };
    let (mweb, _, _) = forge.transaction(&[], &[Amount(amount - FEE)], &terms);
    let good = || pegging(coin, mweb.clone(), amount, COIN / 2 - FEE);
    let judge = |change: &dyn Fn(&mut TxParts)| {
        let mut parts = good();
        change(&mut parts);
        world.accept(&Arc::new(parts.into())).map_err(|reject| (reject.reason().into_owned(), reject.category()))
    };
    let mutated = |reason: &str| Err((reason.to_owned(), TxCategory::WitnessMutated));
    assert_eq!(judge(&|p| p.mweb = None).map(drop), mutated("pegin-count-mismatch"));
    assert_eq!(judge(&|p| p.outputs[1].value = Amount(amount - 1)).map(drop), mutated("pegin-mismatch"));
    assert_eq!(judge(&|p| p.mweb.as_mut().unwrap().kernel_offset[3] ^= 1).map(drop), mutated("bad-mweb-txn"));
    let twice = judge(&|p| p.outputs.push(p.outputs[1].clone())).map(drop);
    assert_eq!(twice, Err(("duplicate-tx-pegins".to_owned(), TxCategory::RecentConsensusChange)));
    let foreign = judge(&|p| {
        p.outputs.pop();
        p.mweb = Some(loose_part(&mut Forge::new(&VERIFIER, 9)));
    });
    assert_eq!(foreign.map(drop), Err(("kernel-mismatch".to_owned(), TxCategory::NotStandard)));
    let accepted = judge(&|_| {}).unwrap();
    assert_eq!(accepted.fee, Amount(2 * FEE));
    // Without the MWEB part it is as large as before, and 41 bytes of the HogEx.
    let tx: Arc<Transaction> = Arc::new(good().into());
    let mut bare = good();
    bare.mweb = None;
    let bare = Transaction::from(bare);
    let pool = world.pool.borrow();
    assert_eq!(
        pool.get(&tx.txid()).unwrap().weight(),
        (bare.base_size() * 3 + bare.witness_encoding_size() + 41 * 4) as u64
    );
    assert_eq!(pool.get(&tx.txid()).unwrap().mweb_weight(), WEIGHT);
}

/// A kernel that pegs nothing in.
fn loose_part(forge: &mut Forge<'_>) -> mweb::Tx {
    let coin = [forge.coin(Amount(COIN))];
    forge.transaction(&coin, &[Amount(COIN - FEE)], &fee(FEE)).0
}

#[test]
fn what_an_input_says_must_fit_what_it_spends() {
    let mut world = World::standard();
    let mut forge = Forge::new(&VERIFIER, 4);
    let (coin, other) = (forge.coin(Amount(COIN)), forge.coin(Amount(COIN)));
    store(&mut world, coin.output.id(), &other);
    let id = coin.output.id();
    let tx = loose(forge.transaction(&[coin], &[Amount(COIN - FEE)], &fee(FEE)).0);
    let reject = world.accept(&tx).unwrap_err();
    assert_eq!((&*reject.reason(), reject.category()), ("bad-txns-input-mismatch", TxCategory::Consensus));
    world.params.mweb.frozen_outputs.push(id);
    assert_eq!(world.reason(&tx), "bad-txns-frozen-mweb-output");
}

#[test]
fn peg_outs_are_outputs_for_policy() {
    let mut world = World::new(Policy::default());
    let mut forge = Forge::new(&VERIFIER, 5);
    let coin = [coin_inside(&mut world, &mut forge, COIN)];
    let mut pay = |value: i64, script: Vec<u8>| {
        let peg_outs = vec![PegOut { amount: Amount(value), script_pubkey: script.into() }];
        let terms = Terms { peg_outs, ..fee(FEE) };
        loose(forge.transaction(&coin, &[Amount(COIN - FEE - value)], &terms).0)
    };
    assert_eq!(world.reason(&pay(9, true_script().to_vec())), "dust");
    assert_eq!(world.reason(&pay(COIN / 2, vec![0x51])), "scriptpubkey");
    let good = pay(COIN / 2, true_script().to_vec());
    let accepted = world.accept(&good).unwrap();
    // The output in the HogEx.
    assert_eq!(accepted.size, 43);
    assert_eq!(world.reason(&Arc::new(parts(&[out(&good, 0)], &[COIN / 4]).into())), "bad-txns-inputs-missingorspent");
}

/// Every output of a transaction with a peg-out counts as one, and a coin of the pool as one far ahead.
#[test]
fn what_pays_out_cannot_be_spent_before_it_is_mined() {
    let mut world = World::new(Policy::default());
    let mut forge = Forge::new(&VERIFIER, 7);
    let outside = world.coin(COIN);
    let peg_outs = vec![PegOut { amount: Amount(COIN / 4), script_pubkey: true_script() }];
    let terms = Terms { peg_in: Amount(COIN / 2), peg_outs, ..fee(FEE) };
    let (mweb, _, _) = forge.transaction(&[], &[Amount(COIN / 4 - FEE)], &terms);
    let parent = Arc::new(pegging(outside, mweb, COIN / 2, COIN / 2 - FEE).into());
    world.accept(&parent).unwrap();
    let reject = world.accept(&Arc::new(parts(&[out(&parent, 0)], &[COIN / 4]).into())).unwrap_err();
    assert_eq!(reject.reason(), "bad-txns-premature-spend-of-pegout");
    let depth = i64::from(world.height()) + 1 - 0x7fff_ffff;
    assert_eq!(reject.detail(), format!("tried to spend pegout output at depth {depth}"));
}

#[test]
fn nothing_inside_is_replaced() {
    let mut world = World::new(Policy { replacement: true, ..Policy::default() });
    let mut forge = Forge::new(&VERIFIER, 6);
    let (outside, inside) = (world.coin(COIN), [coin_inside(&mut world, &mut forge, COIN)]);
    let terms = Terms { peg_in: Amount(COIN / 2), ..fee(FEE) };
    let (mweb, _, _) = forge.transaction(&inside, &[Amount(COIN + COIN / 2 - FEE)], &terms);
    let mut parts = pegging(outside, mweb, COIN / 2, COIN / 2 - FEE);
    parts.inputs[0].sequence = 0xffff_fffd;
    world.accept(&Arc::new(parts.into())).unwrap();
    // It signals, but what it spends inside counts as gone.
    let (double, _, _) = forge.transaction(&inside, &[Amount(COIN - 90 * FEE)], &fee(90 * FEE));
    assert_eq!(world.reason(&loose(double)), "bad-txns-inputs-missingorspent");
}
