//! What is wrong with a block or a transaction by itself.

use litecast_primitives::{OutPoint, hash::MerkleRoot};

use crate::{
    draft::{ANYONE, Draft, input, output, transaction},
    tree::{COIN, Tree},
};

/// All the money there can be.
const MAX_MONEY: i64 = 84_000_000 * 100_000_000;

pub(crate) fn grow(t: &mut Tree) {
    t.group = "content";
    let mut draft = t.draft();
    draft.root = Some(MerkleRoot::from_bytes([3; 32]));
    t.rejected("another merkle root", draft, "bad-txnmrklroot");
    let mut draft = t.draft();
    draft.root = Some(MerkleRoot::ZERO);
    t.rejected("a merkle root of zero", draft, "bad-txnmrklroot");
    coinbases(t);
    transactions(t);
    amounts(t);
}

fn coinbases(t: &mut Tree) {
    let mut draft = t.draft();
    draft.transactions.clear();
    t.rejected("no transactions", draft, "bad-blk-length");
    let mut draft = t.draft();
    draft.transactions = vec![t.payment()];
    t.rejected("no coinbase", draft, "bad-cb-missing");
    let mut draft = t.draft();
    draft.push(t.payment());
    draft.transactions.swap(0, 1);
    t.rejected("a coinbase in second place", draft, "bad-cb-missing");
    let mut draft = t.draft();
    let second = t.draft().transactions.remove(0);
    draft.push(second);
    t.rejected("two coinbases", draft, "bad-cb-multiple");
    let mut draft = t.draft();
    let second = t.draft().transactions.remove(0);
    draft.push(t.payment()).push(second);
    t.rejected("a coinbase at the end", draft, "bad-cb-multiple");
    let mut draft = t.draft();
    draft.coinbase().inputs.push(input(OutPoint::NULL));
    t.rejected("a coinbase with two null inputs", draft, "bad-cb-missing");
    let mut draft = t.draft();
    let coin = t.coin();
    draft.coinbase().inputs.push(input(coin));
    t.rejected("a coinbase that spends a coin as well", draft, "bad-cb-missing");
    let mut draft = t.draft();
    draft.coinbase().outputs.clear();
    t.rejected("a coinbase without outputs", draft, "bad-txns-vout-empty");
    let mut draft = t.draft();
    draft.coinbase().inputs[0].prevout.vout = 0;
    t.rejected("a coinbase with an index of zero", draft, "bad-cb-missing");
    let mut draft = t.draft();
    draft.coinbase().inputs[0].sequence = 0;
    draft.coinbase().lock_time = 5;
    t.accepted("a coinbase with a lock time that is over", draft);
    let mut draft = t.draft();
    draft.coinbase().inputs[0].sequence = 0;
    draft.coinbase().lock_time = t.height() + 1;
    t.rejected("a coinbase with a lock time at its own height", draft, "bad-txns-nonfinal");
}

/// A block with one payment that was changed.
fn with(t: &mut Tree, change: impl FnOnce(&mut Tree, &mut litecast_primitives::transaction::TxParts)) -> Draft {
    let mut draft = t.draft();
    let mut tx = t.payment();
    change(t, &mut tx);
    draft.push(tx);
    draft
}

fn transactions(t: &mut Tree) {
    let draft = with(t, |_, tx| {
        tx.inputs.clear();
        tx.outputs.clear();
    });
    t.rejected("a transaction of nothing", draft, "bad-txns-vin-empty");
    let draft = with(t, |_, tx| tx.outputs.clear());
    t.rejected("a transaction without outputs", draft, "bad-txns-vout-empty");
    let draft = with(t, |_, tx| tx.inputs.push(tx.inputs[0].clone()));
    t.rejected("the same input twice", draft, "bad-txns-inputs-duplicate");
    let draft = with(t, |t, tx| {
        let other = t.coin();
        tx.inputs.push(input(other));
        tx.inputs.push(tx.inputs[0].clone());
        tx.inputs[2].sequence = 1;
        tx.inputs[2].script_sig = vec![0x51].into();
    });
    t.rejected("the same coin in the first and last input", draft, "bad-txns-inputs-duplicate");
    let draft = with(t, |_, tx| tx.inputs.push(input(OutPoint::NULL)));
    t.rejected("a null input in second place", draft, "bad-txns-prevout-null");
    let draft = with(t, |_, tx| tx.inputs.insert(0, input(OutPoint::NULL)));
    t.rejected("a null input in first place", draft, "bad-txns-prevout-null");
    for version in [0, -1, i32::MAX] {
        let draft = with(t, |_, tx| tx.version = version);
        t.accepted(&format!("a transaction of version {version}"), draft);
    }
}

fn amounts(t: &mut Tree) {
    let cases = [
        ("an amount of -1", vec![-1], "bad-txns-vout-negative"),
        ("the least amount there is", vec![i64::MIN], "bad-txns-vout-negative"),
        ("an amount above all money", vec![MAX_MONEY + 1], "bad-txns-vout-toolarge"),
        ("the largest amount there is", vec![i64::MAX], "bad-txns-vout-toolarge"),
        ("two amounts above all money", vec![MAX_MONEY, 1], "bad-txns-txouttotal-toolarge"),
        ("amounts that would overflow together", vec![MAX_MONEY; 5], "bad-txns-txouttotal-toolarge"),
        ("all money", vec![MAX_MONEY], "bad-txns-in-belowout"),
    ];
    for (name, values, reason) in cases {
        let draft = with(t, |_, tx| tx.outputs = values.iter().map(|value| output(*value, ANYONE)).collect());
        t.rejected(name, draft, reason);
    }
    let mut draft = t.draft();
    draft.coinbase().outputs[0] = output(-1, ANYONE);
    t.rejected("a coinbase with an amount of -1", draft, "bad-txns-vout-negative");
    let mut draft = t.draft();
    draft.coinbase().outputs[0] = output(MAX_MONEY, ANYONE);
    t.rejected("a coinbase with all money", draft, "bad-cb-amount");
    let coin = t.coin();
    let mut draft = t.draft();
    draft.push(transaction(&[coin], vec![output(0, ANYONE), output(COIN, ANYONE)]));
    t.accepted("an amount of zero", draft);
}
