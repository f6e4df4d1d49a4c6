//! Coins: there or not, enough or not, old enough or not, and what the coinbase may take.

use litecast_primitives::{OutPoint, Txid};

use crate::{
    draft::{ANYONE, outpoint, output, transaction},
    op,
    tree::{COIN, Tree, subsidy},
};

const MISSING: &str = "bad-txns-inputs-missingorspent";
const IMMATURE: &str = "bad-txns-premature-spend-of-coinbase";

pub(crate) fn grow(t: &mut Tree) {
    t.group = "coins";
    missing(t);
    twice(t);
    order(t);
    t.group = "coinbase amount";
    coinbase_amount(t);
    t.group = "coinbase maturity";
    maturity(t);
}

fn missing(t: &mut Tree) {
    let nowhere = OutPoint { txid: Txid::from_bytes([9; 32]), vout: 0 };
    let mut draft = t.draft();
    draft.push(transaction(&[nowhere], vec![output(0, ANYONE)]));
    t.rejected("a coin of an unknown transaction", draft, MISSING);
    let known = t.coin();
    let mut draft = t.draft();
    draft.push(transaction(&[OutPoint { vout: 1_000_000, ..known }], vec![output(0, ANYONE)]));
    t.rejected("an output that a known transaction does not have", draft, MISSING);
    let mut draft = t.draft();
    draft.push(transaction(&[known, nowhere], vec![output(0, ANYONE)]));
    t.rejected("one known coin and one unknown", draft, MISSING);
    // What can never be spent is no coin at all.
    for (name, script) in [
        ("an output that returns", vec![op::RETURN]),
        ("an output that returns data", vec![op::RETURN, 2, 1, 2]),
        ("an output with a script of 10001 bytes", vec![op::NOP; 10_001]),
    ] {
        let from = t.lock(&script);
        let mut draft = t.draft();
        draft.push(transaction(&[outpoint(&from, 0)], vec![output(0, ANYONE)]));
        draft.transactions.insert(1, from);
        t.rejected(&format!("{name} is spent"), draft, MISSING);
    }
    let from = t.payment();
    let mut draft = t.draft();
    draft.push(from.clone());
    t.accepted("a payment", draft);
    let mut draft = t.draft();
    draft.push(transaction(&[outpoint(&from, 0)], vec![output(COIN + 1, ANYONE)]));
    t.rejected("one more out than in", draft, "bad-txns-in-belowout");
    let mut draft = t.draft();
    draft.push(transaction(&[outpoint(&from, 0)], vec![output(COIN, ANYONE), output(COIN, ANYONE)]));
    t.rejected("twice out what is in", draft, "bad-txns-in-belowout");
    let mut draft = t.draft();
    draft.push(transaction(&[outpoint(&from, 0)], vec![output(COIN, ANYONE)]));
    t.accepted("a payment from the block below", draft);
}

fn twice(t: &mut Tree) {
    let coin = t.coin();
    let mut draft = t.draft();
    draft.push(transaction(&[coin], vec![output(COIN, ANYONE)]));
    draft.push(transaction(&[coin], vec![output(COIN - 1, ANYONE)]));
    t.rejected("a coin spent twice in a block", draft, MISSING);
    let first = transaction(&[coin], vec![output(COIN, ANYONE)]);
    let mut draft = t.draft();
    draft.push(first.clone());
    t.accepted("a coin spent once", draft);
    let mut draft = t.draft();
    draft.push(transaction(&[coin], vec![output(COIN - 2, ANYONE)]));
    t.rejected("a coin spent again a block later", draft, MISSING);
    let mut draft = t.draft();
    draft.push(first.clone());
    t.rejected("a transaction repeated a block later", draft, "bad-txns-BIP30");
    let mut draft = t.draft();
    draft.push(transaction(&[outpoint(&first, 0)], vec![output(COIN, ANYONE)]));
    t.accepted("the coin that came of it", draft);
    let mut draft = t.draft();
    draft.push(first);
    t.rejected("a transaction repeated after its output was spent", draft, MISSING);
}

fn order(t: &mut Tree) {
    let from = t.payment();
    let next = transaction(&[outpoint(&from, 0)], vec![output(COIN, ANYONE)]);
    let mut draft = t.draft();
    draft.push(next.clone()).push(from.clone());
    t.rejected("a transaction before the one it spends", draft, MISSING);
    let mut draft = t.draft();
    draft.push(from).push(next);
    t.accepted("a transaction after the one it spends", draft);
    let mut draft = t.draft();
    let mut last = t.payment();
    for _ in 0..150 {
        let next = transaction(&[outpoint(&last, 0)], vec![output(COIN, ANYONE)]);
        draft.push(std::mem::replace(&mut last, next));
    }
    draft.push(last);
    t.accepted("a chain of 151 transactions in a block", draft);
    let from = t.payment();
    let own = outpoint(&from, 0);
    let mut draft = t.draft();
    draft.push(from);
    draft.push(transaction(&[own], vec![output(COIN, ANYONE)]));
    draft.push(transaction(&[own], vec![output(COIN - 1, ANYONE)]));
    t.rejected("a coin of the same block spent twice", draft, MISSING);
}

fn coinbase_amount(t: &mut Tree) {
    for (name, surplus, fee, reason) in [
        ("one more than the subsidy", 1, 0, Some("bad-cb-amount")),
        ("one less than the subsidy", -1, 0, None),
        ("the subsidy and the fees", 777, 777, None),
        ("one more than the subsidy and the fees", 778, 777, Some("bad-cb-amount")),
        ("the subsidy alone, with fees to take", 0, 777, None),
    ] {
        let mut draft = t.draft();
        let reward = subsidy(t.height() + 1);
        draft.coinbase().outputs[0] = output(reward + surplus, ANYONE);
        let mut tx = t.payment();
        tx.outputs[0] = output(COIN - fee, ANYONE);
        draft.push(tx);
        t.judged(name, draft, reason);
    }
    let mut draft = t.draft();
    let reward = subsidy(t.height() + 1);
    draft.coinbase().outputs = vec![output(reward, ANYONE), output(1, ANYONE)];
    t.rejected("two outputs that are one more than the subsidy together", draft, "bad-cb-amount");
    let mut draft = t.draft();
    draft.coinbase().outputs = vec![output(0, ANYONE)];
    t.accepted("a coinbase that takes nothing", draft);
    let mut draft = t.draft();
    draft.coinbase().outputs = vec![output(subsidy(t.height() + 1), ANYONE)];
    draft.coinbase().outputs.extend(vec![output(0, &[op::RETURN]); 300]);
    t.accepted("a coinbase with 301 outputs", draft);
}

fn maturity(t: &mut Tree) {
    for (name, depth, reason) in [
        ("a coinbase spent one block later", 1, Some(IMMATURE)),
        ("a coinbase spent 50 blocks later", 50, Some(IMMATURE)),
        ("a coinbase spent 99 blocks later", 99, Some(IMMATURE)),
        ("a coinbase spent 100 blocks later", 100, None),
    ] {
        let place = t.place(&t.at(t.height() + 1 - depth));
        let mut draft = t.draft();
        draft.push(transaction(&[place.coinbase], vec![output(0, ANYONE)]));
        t.judged(name, draft, reason);
    }
}
