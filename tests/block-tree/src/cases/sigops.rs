//! Signature operations: at the limit of a block and one above it.

use crate::{
    draft::{ANYONE, Draft, outpoint, output, transaction},
    lock::{Unlock, p2sh, p2wpkh, p2wsh},
    op::{self, Script},
    tree::{COIN, Terms, Tree},
};

const TOO_MANY: &str = "bad-blk-sigops";
/// Of a script before SegWit; each costs four.
const LIMIT: usize = 20_000;

pub(crate) fn grow(t: &mut Tree) {
    t.group = "signature operations";
    legacy(t);
    p2sh_and_witness(t);
}

/// A block whose payment has `script` in a further output.
fn with_output(t: &mut Tree, script: &[u8]) -> Draft {
    let mut tx = t.payment();
    tx.outputs.push(output(0, script));
    let mut draft = t.draft();
    draft.push(tx);
    draft
}

fn legacy(t: &mut Tree) {
    let checks = |count| Script::new().repeat(op::CHECKSIG, count);
    let cases: [(&str, Script, Option<&str>); 10] = [
        ("20000 CHECKSIG", checks(LIMIT), None),
        ("20001 CHECKSIG", checks(LIMIT + 1), Some(TOO_MANY)),
        ("20000 CHECKSIGVERIFY", Script::new().repeat(op::CHECKSIGVERIFY, LIMIT), None),
        ("20001 CHECKSIGVERIFY", Script::new().repeat(op::CHECKSIGVERIFY, LIMIT + 1), Some(TOO_MANY)),
        ("1000 CHECKMULTISIG, 20 each", Script::new().repeat(op::CHECKMULTISIG, 1000), None),
        (
            "1000 CHECKMULTISIG and a CHECKSIG",
            Script::new().repeat(op::CHECKMULTISIG, 1000).ops(&[op::CHECKSIG]),
            Some(TOO_MANY),
        ),
        ("1001 CHECKMULTISIGVERIFY", Script::new().repeat(op::CHECKMULTISIGVERIFY, 1001), Some(TOO_MANY)),
        // The number before it is not looked at outside of P2SH.
        (
            "1001 CHECKMULTISIG of one key",
            (0..1001).fold(Script::new(), |s, _| s.ops(&[op::TRUE, op::CHECKMULTISIG])),
            Some(TOO_MANY),
        ),
        // What is behind a broken push is not looked at.
        ("20001 CHECKSIG, the last behind a broken push", checks(LIMIT).ops(&[5, op::CHECKSIG]), None),
        ("20001 CHECKSIG before a broken push", checks(LIMIT + 1).ops(&[5, op::TRUE]), Some(TOO_MANY)),
    ];
    for (name, script, reason) in cases {
        let draft = with_output(t, &script.done());
        t.judged(name, draft, reason);
    }
    for (name, extra, reason) in
        [("20000 in the coinbase and a payment", 0, None), ("20001 in the coinbase and a payment", 1, Some(TOO_MANY))]
    {
        let mut draft = with_output(t, &checks(LIMIT / 2 + extra).done());
        draft.coinbase().outputs.push(output(0, &checks(LIMIT / 2).done()));
        t.judged(name, draft, reason);
    }
    // In an input that is never run.
    let mut draft = t.draft();
    let mut script = draft.coinbase().inputs[0].script_sig.to_vec();
    script.extend([op::CHECKSIG; 20]);
    draft.coinbase().inputs[0].script_sig = script.into();
    draft.coinbase().outputs.push(output(0, &checks(LIMIT - 19).done()));
    t.rejected("20 in the coinbase's input and 19981 in its output", draft, TOO_MANY);
}

/// A script that counts `many` times 20, 16 per multisig of 16 keys if accurate, and is true.
fn redeem(ops: &[u8]) -> Vec<u8> {
    Script::new().ops(&[0, op::IF]).ops(ops).ops(&[op::ENDIF, op::TRUE]).done()
}

/// A block with `legacy` operations in an output and coins spent that count on their own.
fn mixed(t: &mut Tree, legacy: usize, locks: &[(Vec<u8>, Unlock)]) -> Draft {
    let mut draft = t.draft();
    for (lock, unlock) in locks {
        let from = t.lock(lock);
        let spend = t.unlock(&from, Terms::default(), |_| unlock.clone());
        draft.push(from).push(spend);
    }
    let coin = t.coin();
    draft.push(transaction(&[coin], vec![output(COIN, ANYONE), output(0, &vec![op::CHECKSIG; legacy])]));
    draft
}

fn p2sh_and_witness(t: &mut Tree) {
    let in_p2sh = |ops: &[u8]| {
        let script = redeem(ops);
        (p2sh(&script), Unlock::pushes(&[&script]))
    };
    let in_witness = |ops: &[u8]| {
        let script = redeem(ops);
        (p2wsh(&script), Unlock::witness(vec![script]))
    };
    let nested = |ops: &[u8]| {
        let script = redeem(ops);
        let program = p2wsh(&script);
        (p2sh(&program), Unlock { witness: vec![script], ..Unlock::pushes(&[&program]) })
    };
    let multi = [op::CHECKMULTISIG; 10];
    let of_three = [0x53, op::CHECKMULTISIG];
    // In P2SH each costs four, in a witness one.
    let cases = [
        ("P2SH at the limit", LIMIT - 200, vec![in_p2sh(&multi)], true),
        ("P2SH above the limit", LIMIT - 199, vec![in_p2sh(&multi)], false),
        ("P2SH with a multisig of three at the limit", LIMIT - 3, vec![in_p2sh(&of_three)], true),
        ("P2SH with a multisig of three above the limit", LIMIT - 2, vec![in_p2sh(&of_three)], false),
        ("P2WSH at the limit", LIMIT - 50, vec![in_witness(&multi)], true),
        ("P2WSH above the limit", LIMIT - 49, vec![in_witness(&multi)], false),
        ("P2WSH by one above the limit", LIMIT - 50, vec![in_witness(&[&multi[..], &[op::CHECKSIG]].concat())], false),
        ("P2WSH with a multisig of three at the limit", LIMIT - 1, vec![in_witness(&of_three)], true),
        ("P2SH-P2WSH at the limit", LIMIT - 50, vec![nested(&multi)], true),
        ("P2SH-P2WSH above the limit", LIMIT - 49, vec![nested(&multi)], false),
        ("P2SH and P2WSH at the limit", LIMIT - 250, vec![in_p2sh(&multi), in_witness(&multi)], true),
        ("P2SH and P2WSH above the limit", LIMIT - 249, vec![in_p2sh(&multi), in_witness(&multi)], false),
    ];
    for (name, legacy, locks, good) in cases {
        let draft = mixed(t, legacy, &locks);
        t.judged(&format!("signature operations of {name}"), draft, (!good).then_some(TOO_MANY));
    }
    // A key hash counts one, whether its signature is good or not: the count is looked at first.
    let lock = p2wpkh(&crate::lock::Key::new(50).public());
    let from = t.lock(&lock);
    let spend = transaction(&[outpoint(&from, 0)], vec![output(COIN, ANYONE), output(0, &vec![op::CHECKSIG; LIMIT])]);
    let mut draft = t.draft();
    draft.push(from).push(spend);
    t.rejected("signature operations of P2WPKH above the limit", draft, TOO_MANY);
    // Tapscript has its own budget.
    let taproot = crate::lock::Taproot::leaf(
        crate::lock::Key::new(51),
        crate::lock::TAPSCRIPT,
        Script::new().ops(&[0, op::IF]).repeat(op::CHECKSIG, 500).ops(&[op::ENDIF, op::TRUE]).done(),
    );
    let unlock = Unlock::witness(vec![taproot.script(0), taproot.control(0)]);
    let draft = mixed(t, LIMIT, &[(taproot.lock(), unlock)]);
    t.accepted("signature operations of Tapscript count nothing", draft);
}
