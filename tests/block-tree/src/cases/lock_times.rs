//! Absolute lock times (BIP113, BIP65) and relative ones (BIP68, BIP112).

use crate::{
    cases::{BAD_OPCODE, LOCK_TIME, STACK, hard, soft},
    draft::{ANYONE, Draft, outpoint, output, transaction},
    lock::Unlock,
    op::{self, Script},
    tree::{COIN, Terms, Tree},
};

const NON_FINAL: &str = "bad-txns-nonfinal";
/// Lock times from here on are seconds.
const THRESHOLD: u32 = 500_000_000;
/// A relative lock time in units of 512 seconds.
const SECONDS: u32 = 1 << 22;
/// No relative lock time.
const DISABLED: u32 = 1 << 31;

pub(crate) fn grow(t: &mut Tree) {
    t.group = "absolute lock times";
    absolute(t);
    t.group = "CHECKLOCKTIMEVERIFY";
    cltv(t);
    t.group = "relative lock times";
    relative(t);
    t.group = "CHECKSEQUENCEVERIFY";
    csv(t);
}

fn locked(t: &mut Tree, lock_time: u32, sequence: u32) -> Draft {
    let mut tx = t.payment();
    tx.lock_time = lock_time;
    tx.inputs[0].sequence = sequence;
    let mut draft = t.draft();
    draft.push(tx);
    draft
}

fn absolute(t: &mut Tree) {
    let draft = locked(t, t.height() + 1, 0);
    t.rejected("a lock time at the block's height", draft, NON_FINAL);
    let draft = locked(t, t.height(), 0);
    t.accepted("a lock time at the height below", draft);
    let draft = locked(t, THRESHOLD - 1, 0);
    t.rejected("the last height there is", draft, NON_FINAL);
    let draft = locked(t, THRESHOLD, 0);
    t.accepted("the first time there is", draft);
    let draft = locked(t, t.median_time(&t.tip), 0);
    t.rejected("a lock time at the median time", draft, NON_FINAL);
    let draft = locked(t, t.median_time(&t.tip) - 1, 0);
    t.accepted("a lock time below the median time", draft);
    let draft = locked(t, u32::MAX, u32::MAX - 1);
    t.rejected("the last lock time there is", draft, NON_FINAL);
    let draft = locked(t, u32::MAX, u32::MAX);
    t.accepted("a lock time with a final input", draft);
    let (first, second) = (t.coin(), t.coin());
    let mut tx = transaction(&[first, second], vec![output(COIN, ANYONE)]);
    tx.lock_time = u32::MAX;
    tx.inputs[1].sequence = DISABLED;
    let mut draft = t.draft();
    draft.push(tx);
    t.rejected("a lock time with one final input of two", draft, NON_FINAL);
}

fn cltv(t: &mut Tree) {
    let lock = |value: i64| Script::new().num(value).ops(&[op::CLTV]).done();
    let at = |lock_time, sequence| Terms { lock_time, sequence, ..Terms::default() };
    let (height, time) = (t.height(), t.median_time(&t.tip) - 1000);
    let cases: [(&str, Vec<u8>, Terms, Option<String>); 10] = [
        ("a height that is reached", lock(i64::from(height)), at(height, 0), None),
        ("a height above the lock time", lock(i64::from(height) + 1), at(height, 0), Some(soft(LOCK_TIME))),
        ("a time that is reached", lock(i64::from(time)), at(time, 0), None),
        ("a time above the lock time", lock(i64::from(time) + 1), at(time, 0), Some(soft(LOCK_TIME))),
        ("a height where the lock time is a time", lock(1), at(time, 0), Some(soft(LOCK_TIME))),
        ("a time where the lock time is a height", lock(i64::from(time)), at(height, 0), Some(soft(LOCK_TIME))),
        ("a final input", lock(1), at(height, u32::MAX), Some(soft(LOCK_TIME))),
        ("a negative number", lock(-1), at(height, 0), Some(soft("Negative locktime"))),
        ("a number of six bytes", lock(1 << 40), at(height, 0), Some(soft("unknown error"))),
        ("a number of five bytes", lock(1 << 32), at(height, 0), Some(soft(LOCK_TIME))),
    ];
    for (name, lock, terms, reason) in cases {
        t.spend_on(&format!("CHECKLOCKTIMEVERIFY of {name}"), &lock, terms, |_| Unlock::none(), reason.as_deref());
    }
    let nothing = Script::new().ops(&[op::CLTV, op::TRUE]).done();
    t.spend("CHECKLOCKTIMEVERIFY of nothing", &nothing, |_| Unlock::none(), Some(&soft(STACK)));
    let skipped = Script::new().num(0).ops(&[op::IF, op::CLTV, op::ENDIF, op::TRUE]).done();
    t.spend("CHECKLOCKTIMEVERIFY that is skipped", &skipped, |_| Unlock::none(), None);
    let broken = Script::new().num(1).ops(&[op::CLTV, op::INVALID]).done();
    t.spend_on(
        "CHECKLOCKTIMEVERIFY before an unknown opcode",
        &broken,
        at(height, 0),
        |_| Unlock::none(),
        Some(&hard(BAD_OPCODE)),
    );
}

/// A coin of a given age.
fn aged(t: &mut Tree) -> (litecast_primitives::OutPoint, u32) {
    let from = t.payment();
    let coin = outpoint(&from, 0);
    let mut draft = t.draft();
    draft.push(from);
    let block = draft.mine();
    let step = t.good(block);
    let name = format!("a coin at height {}", t.height());
    let group = std::mem::replace(&mut t.group, crate::GROUND);
    t.case(&name, vec![step]);
    t.group = group;
    (coin, t.height())
}

fn relative(t: &mut Tree) {
    let (coin, born) = aged(t);
    t.grow_to(born + 9);
    let spend = |t: &mut Tree, coin, sequence, version| {
        let mut tx = transaction(&[coin], vec![output(COIN, ANYONE)]);
        tx.inputs[0].sequence = sequence;
        tx.version = version;
        let mut draft = t.draft();
        draft.push(tx);
        draft
    };
    // The next block is the tenth above the coin's.
    let draft = spend(t, coin, 11, 2);
    t.rejected("eleven blocks after ten", draft, NON_FINAL);
    let draft = spend(t, coin, 11, -1);
    t.rejected("eleven blocks after ten in a transaction of version -1", draft, NON_FINAL);
    let draft = spend(t, coin, 0xffff, 2);
    t.rejected("the most blocks there are", draft, NON_FINAL);
    let draft = spend(t, coin, 10 | 0x0030_0000, 2);
    t.accepted("ten blocks after ten, with bits that mean nothing", draft);
    for (name, sequence, version) in [
        ("blocks in a transaction of version 1", 0xffff, 1),
        ("blocks that are switched off", DISABLED | 0xffff, 2),
        ("no blocks in the block of the coin", 0, 2),
    ] {
        let from = t.payment();
        let own = outpoint(&from, 0);
        let mut draft = spend(t, own, sequence, version);
        draft.transactions.insert(1, from);
        t.accepted(name, draft);
    }
    let (coin, born) = aged(t);
    t.grow_to(born + 20);
    let passed = t.median_time(&t.tip) - t.median_time(&t.at(born - 1));
    let units = passed / 512;
    assert!(units > 2);
    let draft = spend(t, coin, SECONDS | (units + 1), 2);
    t.rejected("more seconds than have passed", draft, NON_FINAL);
    let draft = spend(t, coin, SECONDS | 0xffff, 2);
    t.rejected("the most seconds there are", draft, NON_FINAL);
    let draft = spend(t, coin, SECONDS | units, 2);
    t.accepted("the seconds that have passed", draft);
    let (first, second) = (t.payment(), t.coin());
    let mut tx = transaction(&[second, outpoint(&first, 0)], vec![output(COIN, ANYONE)]);
    tx.inputs[0].sequence = 1;
    tx.inputs[1].sequence = 1;
    let mut draft = t.draft();
    draft.push(first).push(tx);
    t.rejected("an old coin and one that is too young", draft, NON_FINAL);
}

fn csv(t: &mut Tree) {
    let lock = |value: i64| Script::new().num(value).ops(&[op::CSV, op::DROP, op::TRUE]).done();
    let at = |sequence, version| Terms { sequence, version, ..Terms::default() };
    let negative = Some(soft("Negative locktime"));
    let cases: [(&str, Vec<u8>, Terms, Option<String>); 9] = [
        ("nothing to wait for", lock(0), at(0, 2), None),
        ("more blocks than the input says", lock(1), at(0, 2), Some(soft(LOCK_TIME))),
        ("a transaction of version 1", lock(0), at(0, 1), Some(soft(LOCK_TIME))),
        ("an input without relative lock time", lock(0), at(DISABLED, 2), Some(soft(LOCK_TIME))),
        ("seconds where the input says blocks", lock(i64::from(SECONDS)), at(0, 2), Some(soft(LOCK_TIME))),
        ("blocks where the input says seconds", lock(0), at(SECONDS, 2), Some(soft(LOCK_TIME))),
        ("a number that is switched off", lock(i64::from(DISABLED)), at(0, 1), None),
        ("a negative number", lock(-1), at(0, 2), negative),
        ("a number of six bytes", lock(1 << 40), at(0, 2), Some(soft("unknown error"))),
    ];
    for (name, lock, terms, reason) in cases {
        t.spend_on(&format!("CHECKSEQUENCEVERIFY of {name}"), &lock, terms, |_| Unlock::none(), reason.as_deref());
    }
    let nothing = Script::new().ops(&[op::CSV, op::TRUE]).done();
    t.spend("CHECKSEQUENCEVERIFY of nothing", &nothing, |_| Unlock::none(), Some(&soft(STACK)));
}
