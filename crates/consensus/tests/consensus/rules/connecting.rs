//! ConnectBlock and CheckTxInputs.

use litecast_consensus::{
    BlockUndo, ConnectError, State, connect_block, disconnect_block,
    reject::{Category::*, Rule},
    scripts::Assumed,
    tx::check_tx_inputs,
};
use litecast_primitives::{Amount, Coin, OutPoint, Transaction, TxOut, view::HeaderView};
use litecast_script::{hash160::hash160, opcode::OP_CHECKSIG};

use super::{Case, accepts, check, rejects};
use crate::{
    builder::{COIN, Draft, HEIGHT, TRUE, World, output, spend},
    model::BrokenCoins,
};

const MAX_MONEY: i64 = 84_000_000 * 100_000_000;

/// Lets a coin with the id of the good block's transaction be there already.
fn duplicate(world: &mut World, draft: &mut Draft) {
    let txid = Transaction::from(draft.tx().clone()).txid();
    let coin = Coin { output: output(1, TRUE), height: 1, is_coinbase: false, is_peg_out: false };
    world.coins.0.insert(OutPoint { txid, vout: 0 }, coin);
}

/// Two transactions, the second one spending the first one's output.
fn child(draft: &mut Draft) {
    let txid = Transaction::from(draft.tx().clone()).txid();
    draft.transactions.push(spend(&[OutPoint { txid, vout: 0 }], &[(COIN, TRUE)]));
}

/// As many operations as a block may have outside of the witness, and a coin with `script` spent.
fn add_operations(world: &mut World, draft: &mut Draft, script: &[u8]) {
    draft.tx().outputs.push(output(0, &[OP_CHECKSIG; 20_000]));
    draft.tx().inputs[0].prevout = world.coin(COIN, 1, script);
}

fn witness_key_hash() -> Vec<u8> {
    [&[0, 20], [5; 20].as_slice()].concat()
}

fn script_hash(redeem: &[u8]) -> Vec<u8> {
    [&[0xa9, 20], hash160(redeem).as_slice(), &[0x87]].concat()
}

pub(super) const CASES: &[Case] = &[
    rejects("bad-txns-BIP30", Rule::Bip30, Consensus, duplicate),
    // The known block at the height of BIP34 rules duplicates out.
    accepts("no search for duplicates above BIP34", |world, draft| {
        world.params.bip34_hash = Some(world.headers.at(world.params.bip34_height).unwrap().hash);
        duplicate(world, draft);
    }),
    rejects("bad-txns-accumulated-fee-outofrange", Rule::FeesOutOfRange, Consensus, |world, draft| {
        draft.tx().inputs[0].prevout = world.coin(MAX_MONEY, 1, TRUE);
        draft.tx().outputs[0].value = Amount::ZERO;
        let coin = world.coin(1, 1, TRUE);
        draft.transactions.push(spend(&[coin], &[(0, TRUE)]));
    }),
    rejects("bad-cb-amount", Rule::CoinbaseAmount, Consensus, |_, draft| draft.coinbase().outputs[0].value.0 += 1),
    accepts("a coinbase that takes the fee", |_, draft| {
        draft.tx().outputs[0].value.0 -= 7;
        draft.coinbase().outputs[0].value.0 += 7;
    }),
    rejects("bad-cb-amount", Rule::CoinbaseAmount, Consensus, |_, draft| {
        draft.tx().outputs[0].value.0 -= 7;
        draft.coinbase().outputs[0].value.0 += 8;
    }),
    accepts("a coinbase that takes less", |_, draft| draft.coinbase().outputs[0].value = Amount::ZERO),
    rejects("bad-txns-inputs-missingorspent", Rule::InputsMissingOrSpent, Consensus, |_, draft| {
        draft.tx().inputs[0].prevout.vout = 1;
    }),
    rejects("bad-txns-inputs-missingorspent", Rule::InputsMissingOrSpent, Consensus, |_, draft| {
        let coin = draft.tx().inputs[0].prevout;
        draft.transactions.push(spend(&[coin], &[(1, TRUE)]));
    }),
    accepts("spending what the block created", |_, draft| child(draft)),
    rejects("bad-txns-inputs-missingorspent", Rule::InputsMissingOrSpent, Consensus, |_, draft| {
        child(draft);
        draft.transactions.swap(1, 2);
    }),
    rejects("bad-txns-inputs-missingorspent", Rule::InputsMissingOrSpent, Consensus, |_, draft| {
        // An output that can never be spent is no coin.
        draft.tx().outputs[0].script_pubkey = vec![0x6a].into();
        child(draft);
    }),
    rejects("bad-txns-premature-spend-of-coinbase", Rule::PrematureCoinbaseSpend, Consensus, |world, draft| {
        draft.tx().inputs[0].prevout = world.special_coin(COIN, HEIGHT - 99, TRUE, true, false);
    }),
    accepts("a coinbase of 100 blocks ago", |world, draft| {
        draft.tx().inputs[0].prevout = world.special_coin(COIN, HEIGHT - 100, TRUE, true, false);
    }),
    rejects("bad-txns-premature-spend-of-pegout", Rule::PrematurePegOutSpend, Consensus, |world, draft| {
        draft.tx().inputs[0].prevout = world.special_coin(COIN, HEIGHT - 5, TRUE, false, true);
    }),
    accepts("a peg-out of 6 blocks ago", |world, draft| {
        draft.tx().inputs[0].prevout = world.special_coin(COIN, HEIGHT - 6, TRUE, false, true);
    }),
    rejects("bad-txns-inputvalues-outofrange", Rule::InputValuesOutOfRange, Consensus, |world, draft| {
        let coins = [world.coin(MAX_MONEY, 1, TRUE), world.coin(1, 1, TRUE)];
        draft.transactions[1] = spend(&coins, &[(COIN, TRUE)]);
    }),
    rejects("bad-txns-inputvalues-outofrange", Rule::InputValuesOutOfRange, Consensus, |world, draft| {
        let coins = [world.coin(COIN + 1, 1, TRUE), world.coin(-1, 1, TRUE)];
        draft.transactions[1] = spend(&coins, &[(COIN, TRUE)]);
    }),
    rejects("bad-txns-in-belowout", Rule::InputsBelowOutputs, Consensus, |_, draft| draft.tx().outputs[0].value.0 += 1),
    // BIP68
    rejects("bad-txns-nonfinal", Rule::TxNonFinal, Consensus, |world, draft| {
        draft.tx().inputs[0].prevout = world.coin(COIN, HEIGHT - 9, TRUE);
        draft.tx().inputs[0].sequence = 10;
    }),
    accepts("a coin that waited ten blocks", |world, draft| {
        draft.tx().inputs[0].prevout = world.coin(COIN, HEIGHT - 10, TRUE);
        draft.tx().inputs[0].sequence = 10;
    }),
    rejects("bad-txns-nonfinal", Rule::TxNonFinal, Consensus, |world, draft| {
        world.params.csv_height = HEIGHT;
        draft.tx().inputs[0].prevout = world.coin(COIN, HEIGHT - 9, TRUE);
        draft.tx().inputs[0].sequence = 10;
    }),
    accepts("relative locks before BIP68", |world, draft| {
        world.params.csv_height = HEIGHT + 1;
        draft.tx().inputs[0].prevout = world.coin(COIN, HEIGHT - 9, TRUE);
        draft.tx().inputs[0].sequence = 10;
    }),
    // Operations that only the coin shows.
    rejects("bad-blk-sigops", Rule::BlockSigops, Consensus, |world, draft| {
        world.params.segwit_height = HEIGHT;
        add_operations(world, draft, &witness_key_hash());
    }),
    accepts("no operations in the witness before SegWit", |world, draft| {
        world.params.segwit_height = HEIGHT + 1;
        draft.drop_witness();
        add_operations(world, draft, &witness_key_hash());
    }),
    rejects("bad-blk-sigops", Rule::BlockSigops, Consensus, |world, draft| {
        world.params.bip16_height = HEIGHT;
        add_operations(world, draft, &script_hash(&[OP_CHECKSIG]));
        draft.tx().inputs[0].script_sig = vec![1, OP_CHECKSIG].into();
    }),
    accepts("no operations in a redeem script before BIP16", |world, draft| {
        world.params.bip16_height = HEIGHT + 1;
        add_operations(world, draft, &script_hash(&[OP_CHECKSIG]));
        draft.tx().inputs[0].script_sig = vec![1, OP_CHECKSIG].into();
    }),
];

#[test]
fn rules_for_connecting() {
    check(CASES, false);
}

/// A transaction that has passed the rules for itself cannot get here: its outputs are not negative.
#[test]
fn a_fee_out_of_range() {
    let tx = Transaction::from(spend(&[OutPoint { vout: 0, ..OutPoint::NULL }], &[(-1, TRUE)]));
    let output = TxOut { value: Amount(MAX_MONEY), script_pubkey: TRUE.into() };
    let coin = Coin { output, height: 1, is_coinbase: false, is_peg_out: false };
    let reject = check_tx_inputs(&tx, &[coin], HEIGHT).unwrap_err();
    assert_eq!((reject.rule, &*reject.reason()), (Rule::FeeOutOfRange, "bad-txns-fee-outofrange"));
}

#[test]
fn a_failing_disk_says_nothing_about_the_block() {
    let mut world = World::new(false);
    let block = Draft::good(&mut world).build();
    let state = State { coins: &BrokenCoins, ..world.state() };
    let result = connect_block(&block, &world.context(), &state, &mut Assumed);
    assert!(matches!(result, Err(ConnectError::View(_))));
}

#[test]
fn undo_data_of_another_block_is_refused() {
    let mut world = World::new(false);
    let block = Draft::good(&mut world).build();
    let connected = world.judge(&block).unwrap();
    assert!(disconnect_block(&block, &connected.undo, &world.mweb.store).is_ok());
    let mut short = connected.undo;
    short.spent[0].clear();
    for undo in [BlockUndo::default(), short] {
        assert!(
            matches!(disconnect_block(&block, &undo, &world.mweb.store), Err(ConnectError::Undo(hash)) if hash == block.hash())
        );
    }
}
