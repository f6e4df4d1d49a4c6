//! CheckBlock and CheckTransaction.

use litecast_consensus::{
    reject::{Category::*, Rule},
    tx::check_transaction,
};
use litecast_primitives::{Amount, OutPoint, Transaction, hash::MerkleRoot};
use litecast_script::opcode::OP_CHECKSIG;

use super::{Case, accepts, check, rejects};
use crate::builder::{COIN, Draft, HEIGHT, TRUE, input, output, spend};

const MAX_MONEY: i64 = 84_000_000 * 100_000_000;
const MAX_BLOCK_BASE_SIZE: usize = 1_000_000;

/// Gives the block a base size, without any witness.
fn fill(draft: &mut Draft, size: usize) {
    draft.drop_witness();
    draft.tx().outputs.push(output(0, &vec![0; 100_000]));
    let missing = size - draft.build().base_size();
    draft.tx().outputs[1] = output(0, &vec![0; 100_000 + missing]);
    assert_eq!(draft.build().base_size(), size);
}

pub(super) const CASES: &[Case] = &[
    accepts("the good block", |_, _| {}),
    rejects("bad-txnmrklroot", Rule::MerkleRoot, Mutated, |_, draft| draft.root = Some(MerkleRoot::ZERO)),
    rejects("bad-txns-duplicate", Rule::DuplicateTransactions, Mutated, |world, draft| {
        let coin = world.coin(COIN, 1, TRUE);
        draft.transactions.push(spend(&[coin], &[(COIN, TRUE)]));
        let honest = draft.build();
        draft.transactions.push(draft.transactions[2].clone());
        // The commitment would tell: keep the coinbase, and with it the root.
        draft.commits = false;
        draft.transactions[0] = honest.transactions()[0].parts().clone();
        assert_eq!(draft.build().header().merkle_root, honest.header().merkle_root);
    }),
    rejects("bad-blk-length", Rule::BlockLength, Consensus, |_, draft| draft.transactions.clear()),
    rejects("bad-blk-length", Rule::BlockLength, Consensus, |_, draft| fill(draft, MAX_BLOCK_BASE_SIZE + 1)),
    accepts("a block as long as can be", |_, draft| fill(draft, MAX_BLOCK_BASE_SIZE)),
    rejects("bad-cb-missing", Rule::CoinbaseMissing, Consensus, |_, draft| drop(draft.transactions.remove(0))),
    rejects("bad-cb-multiple", Rule::CoinbaseMultiple, Consensus, |_, draft| {
        draft.transactions.push(draft.transactions[0].clone());
    }),
    rejects("bad-blk-sigops", Rule::BlockSigops, Consensus, |_, draft| {
        draft.tx().outputs.push(output(0, &[OP_CHECKSIG; 20_001]));
    }),
    accepts("as many signature operations as can be", |_, draft| {
        draft.tx().outputs.push(output(0, &[OP_CHECKSIG; 20_000]));
    }),
    rejects("bad-txns-vin-empty", Rule::InputsEmpty, Consensus, |_, draft| draft.tx().inputs.clear()),
    rejects("bad-txns-vout-empty", Rule::OutputsEmpty, Consensus, |_, draft| draft.tx().outputs.clear()),
    rejects("bad-txns-vout-negative", Rule::OutputNegative, Consensus, |_, draft| {
        draft.tx().outputs[0].value = Amount(-1);
    }),
    rejects("bad-txns-vout-toolarge", Rule::OutputTooLarge, Consensus, |_, draft| {
        draft.tx().outputs[0].value = Amount(MAX_MONEY + 1);
    }),
    rejects("bad-txns-txouttotal-toolarge", Rule::OutputTotalTooLarge, Consensus, |_, draft| {
        draft.tx().outputs = vec![output(MAX_MONEY, TRUE), output(1, TRUE)];
    }),
    accepts("all the money there can be", |world, draft| {
        draft.tx().inputs[0].prevout = world.coin(MAX_MONEY, 1, TRUE);
        draft.tx().outputs[0].value = Amount(MAX_MONEY);
    }),
    rejects("bad-txns-inputs-duplicate", Rule::InputsDuplicate, Consensus, |_, draft| {
        let again = draft.tx().inputs[0].clone();
        draft.tx().inputs.push(again);
    }),
    rejects("bad-cb-length", Rule::CoinbaseLength, Consensus, |_, draft| {
        draft.coinbase().inputs[0].script_sig = vec![0].into();
    }),
    rejects("bad-cb-length", Rule::CoinbaseLength, Consensus, |_, draft| {
        draft.coinbase().inputs[0].script_sig = [&[2, 200, 0], [0; 98].as_slice()].concat().into();
    }),
    accepts("a coinbase script of 100 bytes", |_, draft| {
        draft.coinbase().inputs[0].script_sig = [&[2, 200, 0], [0; 97].as_slice()].concat().into();
    }),
    accepts("a coinbase script of 2 bytes", |world, draft| {
        world.params.bip34_height = HEIGHT + 1;
        draft.coinbase().inputs[0].script_sig = vec![0; 2].into();
    }),
    rejects("bad-txns-prevout-null", Rule::PrevoutNull, Consensus, |_, draft| {
        draft.tx().inputs.push(input(OutPoint::NULL));
    }),
];

#[test]
fn rules_for_content() {
    check(CASES, false);
}

#[test]
fn a_transaction_too_long_for_a_block() {
    let of_size = |size: usize| {
        let mut parts = spend(&[OutPoint { vout: 0, ..OutPoint::NULL }], &[(0, &vec![0; 100_000])]);
        let missing = size - Transaction::from(parts.clone()).base_size();
        parts.outputs[0] = output(0, &vec![0; 100_000 + missing]);
        let tx = Transaction::from(parts);
        assert_eq!(tx.base_size(), size);
        check_transaction(&tx)
    };
    assert_eq!(of_size(MAX_BLOCK_BASE_SIZE), Ok(()));
    assert_eq!(of_size(MAX_BLOCK_BASE_SIZE + 1), Err(Rule::TxOversize));
    assert_eq!(Rule::TxOversize.reason(), "bad-txns-oversize");
}
