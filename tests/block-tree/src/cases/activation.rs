//! From the genesis block past every height at which a rule begins, with cases on both sides.

use crate::{
    cases::{LOCK_TIME, hard, soft},
    draft::{ANYONE, Draft, outpoint, output, transaction},
    lock::{Key, Unlock, p2pk},
    op::{self, Script},
    tree::{Terms, Tree, subsidy},
};

const COINBASE_MATURITY: u32 = 100;
/// First heights of regtest at which the rules are in force (v0.21.5.5 `src/chainparams.cpp`).
const CSV: u32 = 432;
const BIP34: u32 = 500;
const BIP66: u32 = 1251;
const BIP65: u32 = 1351;

pub(crate) fn grow(t: &mut Tree) {
    coinbase_maturity(t);
    t.group = "before BIP34";
    repeated_coinbases(t);
    short_coinbases(t);
    t.group = "activation of CSV";
    csv(t);
    t.group = "activation of BIP34";
    bip34(t);
    t.group = "activation of BIP66";
    bip66(t);
    t.group = "activation of BIP65";
    bip65(t);
    t.grow_to(BIP65 + 20);
}

fn coinbase_maturity(t: &mut Tree) {
    t.group = "coinbase maturity";
    t.grow_to(COINBASE_MATURITY - 1);
    let first = t.place(&t.at(1)).coinbase;
    let value = subsidy(1);
    let mut draft = t.draft();
    draft.push(transaction(&[first], vec![output(value, ANYONE)]));
    t.rejected("a coinbase spent after 99 blocks", draft, "bad-txns-premature-spend-of-coinbase");
    let mut draft = t.draft();
    let coinbase = outpoint(draft.coinbase(), 0);
    draft.push(transaction(&[coinbase], vec![output(1, ANYONE)]));
    t.rejected("a coinbase spent in its own block", draft, "bad-txns-premature-spend-of-coinbase");
    t.grow_to(COINBASE_MATURITY);
    t.split(first, value);
    let second = t.place(&t.at(2)).coinbase;
    let mut draft = t.draft();
    draft.push(transaction(&[second], vec![output(value, ANYONE)]));
    t.accepted("a coinbase spent after 100 blocks", draft);
    let fourth = t.place(&t.at(4)).coinbase;
    let mut draft = t.draft();
    draft.push(transaction(&[fourth], vec![output(value, ANYONE)]));
    t.rejected("the next coinbase spent after 99 blocks", draft, "bad-txns-premature-spend-of-coinbase");
}

fn repeated_coinbases(t: &mut Tree) {
    let fixed = |t: &mut Tree, tag: u8, script: &[u8]| {
        let mut draft = t.draft();
        draft.coinbase().inputs[0].script_sig = vec![0x51, 0x51, 0x51, tag].into();
        draft.coinbase().outputs = vec![output(1000, script)];
        draft
    };
    let draft = fixed(t, 1, ANYONE);
    t.accepted("a coinbase without height", draft);
    let repeated = t.place(&t.tip).coinbase;
    let draft = fixed(t, 1, ANYONE);
    t.rejected("a coinbase repeated while its coin is there", draft, "bad-txns-BIP30");
    let mut draft = fixed(t, 1, ANYONE);
    draft.push(transaction(&[repeated], vec![output(1000, ANYONE)]));
    t.rejected("a coinbase repeated in the block that spends the first", draft, "bad-txns-BIP30");
    let draft = fixed(t, 2, &[op::RETURN]);
    t.accepted("a coinbase that leaves no coin", draft);
    let draft = fixed(t, 2, &[op::RETURN]);
    t.accepted("a coinbase repeated that had left no coin", draft);
    t.grow_to(t.height() + COINBASE_MATURITY);
    let mut draft = t.draft();
    draft.push(transaction(&[repeated], vec![output(1000, ANYONE)]));
    t.accepted("the coin of a coinbase that was not repeated", draft);
    let draft = fixed(t, 1, ANYONE);
    t.accepted("a coinbase repeated after its coin was spent", draft);
    let draft = fixed(t, 1, ANYONE);
    t.rejected("a coinbase repeated a second time", draft, "bad-txns-BIP30");
}

fn short_coinbases(t: &mut Tree) {
    for (length, reason) in [(0, Some("bad-cb-length")), (1, Some("bad-cb-length")), (2, None), (100, None)] {
        let mut draft = t.draft();
        let serial = t.serial().to_le_bytes();
        let mut script = vec![0x51; length];
        let end = length.min(4);
        script[..end].copy_from_slice(&serial[..end]);
        draft.coinbase().inputs[0].script_sig = script.into();
        t.judged(&format!("a coinbase script of {length} bytes"), draft, reason);
    }
    let mut draft = t.draft();
    draft.coinbase().inputs[0].script_sig = vec![0x51; 101].into();
    t.rejected("a coinbase script of 101 bytes", draft, "bad-cb-length");
}

/// A coin with a relative lock time that is not over, in a block; three ways.
fn early_relative(t: &mut Tree) -> Draft {
    let from = t.lock(ANYONE);
    let spend = t.unlock(&from, Terms { sequence: 1, ..Terms::default() }, |_| Unlock::none());
    let mut draft = t.draft();
    draft.push(from).push(spend);
    draft
}

fn csv_script() -> Vec<u8> {
    Script::new().num(10).ops(&[op::CSV]).done()
}

/// Final by the block's own time, not by the median time below it.
fn by_block_time(t: &mut Tree) -> Draft {
    let mut draft = t.draft();
    let mut tx = t.payment();
    tx.lock_time = draft.header.time - 1;
    tx.inputs[0].sequence = 0;
    assert!(t.median_time(&t.tip) <= tx.lock_time);
    draft.push(tx);
    draft
}

fn csv(t: &mut Tree) {
    t.grow_to(CSV - 4);
    let draft = early_relative(t);
    t.accepted("a relative lock time below BIP68", draft);
    t.spend("CHECKSEQUENCEVERIFY below BIP112", &csv_script(), |_| Unlock::none(), None);
    let draft = by_block_time(t);
    t.accepted("a lock time by the block's time below BIP113", draft);
    assert_eq!(t.height(), CSV - 1);
    let draft = early_relative(t);
    t.rejected("a relative lock time at BIP68", draft, "bad-txns-nonfinal");
    t.spend("CHECKSEQUENCEVERIFY at BIP112", &csv_script(), |_| Unlock::none(), Some(&soft(LOCK_TIME)));
    let draft = by_block_time(t);
    t.rejected("a lock time by the block's time at BIP113", draft, "bad-txns-nonfinal");
}

fn bip34(t: &mut Tree) {
    t.grow_to(BIP34 - 2);
    let without = |t: &mut Tree, script: Vec<u8>| {
        let mut draft = t.draft();
        let serial = t.serial().to_le_bytes();
        draft.coinbase().inputs[0].script_sig = [script, serial.to_vec()].concat().into();
        draft
    };
    let draft = without(t, vec![0x51]);
    t.accepted("a coinbase without height below BIP34", draft);
    let draft = without(t, vec![0x51]);
    t.rejected("a coinbase without height at BIP34", draft, "bad-cb-height");
    let height = i64::from(BIP34);
    let scripts = [
        ("the height above", Script::new().num(height + 1)),
        ("the height below", Script::new().num(height - 1)),
        ("the height behind something else", Script::new().num(1).num(height)),
        ("the height in a longer push", Script::new().push(&[0xf4, 0x01, 0x00])),
        ("the height behind PUSHDATA1", Script::new().ops(&[op::PUSHDATA1, 2, 0xf4, 0x01])),
        ("the height in big endian", Script::new().push(&[0x01, 0xf4])),
    ];
    for (name, script) in scripts {
        let draft = without(t, script.done());
        t.rejected(&format!("a coinbase with {name}"), draft, "bad-cb-height");
    }
    let draft = without(t, Script::new().num(height).done());
    t.accepted("a coinbase with its height at BIP34", draft);
}

/// The same numbers with a zero before R: OpenSSL took it, strict DER does not.
pub(crate) fn pad_r(signature: &[u8]) -> Vec<u8> {
    let mut padded = signature.to_vec();
    padded[1] += 1;
    padded[3] += 1;
    padded.insert(4, 0);
    padded
}

fn bip66(t: &mut Tree) {
    t.grow_to(BIP66 - 2);
    let key = Key::new(1);
    let lock = p2pk(&key.public());
    t.spend("a signature that is not DER below BIP66", &lock, |s| Unlock::pushes(&[&pad_r(&s.legacy(&key))]), None);
    assert_eq!(t.height(), BIP66 - 1);
    t.spend(
        "a signature that is not DER at BIP66",
        &lock,
        |s| Unlock::pushes(&[&pad_r(&s.legacy(&key))]),
        Some(&soft("Non-canonical DER signature")),
    );
    t.spend("a signature that is DER at BIP66", &lock, |s| Unlock::pushes(&[&s.legacy(&key)]), None);
}

fn bip65(t: &mut Tree) {
    t.grow_to(BIP65 - 3);
    let lock = Script::new().num(5000).ops(&[op::CLTV]).done();
    t.spend("CHECKLOCKTIMEVERIFY below BIP65", &lock, |_| Unlock::none(), None);
    let on_nothing = Script::new().ops(&[op::CLTV, op::TRUE]).done();
    t.spend("CHECKLOCKTIMEVERIFY of nothing below BIP65", &on_nothing, |_| Unlock::none(), None);
    assert_eq!(t.height(), BIP65 - 1);
    t.spend("CHECKLOCKTIMEVERIFY at BIP65", &lock, |_| Unlock::none(), Some(&soft(LOCK_TIME)));
    let failing = Script::new().ops(&[op::CLTV, 0]).done();
    t.spend(
        "CHECKLOCKTIMEVERIFY of nothing in a script that fails anyway",
        &failing,
        |_| Unlock::none(),
        Some(&hard(crate::cases::STACK)),
    );
}
