//! Witness version 1: key path, script path, and Tapscript.

use crate::{
    cases::{BAD_OPCODE, EVAL_FALSE, soft},
    lock::{Key, Signing, TAPSCRIPT, Taproot, Unlock},
    op::{self, Script},
    sighash::{ALL, ANYONE_CAN_PAY, NONE, SINGLE},
    tree::Tree,
};

/// First byte of an annex.
const ANNEX: u8 = 0x50;
/// Elements below the script, bottom first.
type Stack = Vec<Vec<u8>>;

pub(crate) fn grow(t: &mut Tree) {
    t.group = "Taproot key path";
    key_path(t);
    t.group = "Taproot script path";
    script_path(t);
    t.group = "Tapscript";
    good_scripts(t);
    bad_scripts(t);
    budget(t);
}

fn key_path(t: &mut Tree) {
    let taproot = Taproot::key_only(Key::new(40));
    let lock = taproot.lock();
    for hash_type in [0, ALL, NONE, SINGLE, ALL | ANYONE_CAN_PAY, NONE | ANYONE_CAN_PAY, SINGLE | ANYONE_CAN_PAY] {
        t.spend(
            &format!("a key path with hash type 0x{hash_type:02x}"),
            &lock,
            |s| Unlock::witness(vec![s.key_path_as(&taproot, hash_type, None)]),
            None,
        );
    }
    let annex = vec![ANNEX, 1, 2, 3];
    t.spend(
        "a key path with an annex",
        &lock,
        |s| Unlock::witness(vec![s.key_path_as(&taproot, 0, Some(&annex)), annex.clone()]),
        None,
    );
    let bad = soft("Invalid Schnorr signature");
    let bad_type = soft("Invalid Schnorr signature hash type");
    let bad_size = soft("Invalid Schnorr signature size");
    t.spend(
        "a key path with an annex that is not signed",
        &lock,
        |s| Unlock::witness(vec![s.key_path(&taproot), annex.clone()]),
        Some(&bad),
    );
    let other = Taproot::key_only(Key::new(41));
    t.spend("a key path by another key", &lock, |s| Unlock::witness(vec![s.key_path(&other)]), Some(&bad));
    let bent = |change: fn(&mut Vec<u8>)| {
        let taproot = taproot.clone();
        move |s: &Signing<'_>| {
            let mut signature = s.key_path(&taproot);
            change(&mut signature);
            Unlock::witness(vec![signature])
        }
    };
    t.spend("a key path with a bit turned", &lock, bent(|s| s[63] ^= 1), Some(&bad));
    t.spend("a key path with 63 bytes", &lock, bent(|s| s.truncate(63)), Some(&bad_size));
    t.spend("a key path with 66 bytes", &lock, bent(|s| s.extend([1, 1])), Some(&bad_size));
    t.spend("a key path with an empty signature", &lock, bent(Vec::clear), Some(&bad_size));
    t.spend("a key path with a hash type of zero", &lock, bent(|s| s.push(0)), Some(&bad_type));
    t.spend("a key path with an unknown hash type", &lock, bent(|s| s.push(4)), Some(&bad_type));
    t.spend("a key path with hash type 0x80", &lock, bent(|s| s.push(0x80)), Some(&bad_type));
    t.spend(
        "a key path with an ECDSA signature",
        &lock,
        |s| Unlock::witness(vec![s.v0(&Key::new(40), &lock)]),
        Some(&bad_size),
    );
    t.spend(
        "a key path without witness",
        &lock,
        |_| Unlock::none(),
        Some(&soft("Witness program was passed an empty witness")),
    );
    t.spend(
        "a key path with something in the input's script",
        &lock,
        |s| Unlock { script_sig: vec![op::TRUE], witness: vec![s.key_path(&taproot)] },
        Some(&soft("Witness requires empty scriptSig")),
    );
    t.spend("a key path for a key that is none", &crate::lock::program(1, &[0xff; 32]), bent(|_| ()), Some(&bad));
}

fn script_path(t: &mut Tree) {
    let internal = Key::new(42);
    let taproot = Taproot::two(internal, vec![op::TRUE], vec![op::NOP, op::TRUE]);
    let lock = taproot.lock();
    for leaf in [0, 1] {
        t.spend(
            &format!("leaf {leaf} of two"),
            &lock,
            |_| Unlock::witness(vec![taproot.script(leaf), taproot.control(leaf)]),
            None,
        );
    }
    t.spend("the key path beside two leaves", &lock, |s| Unlock::witness(vec![s.key_path(&taproot)]), None);
    t.spend(
        "a leaf with an annex",
        &lock,
        |_| Unlock::witness(vec![taproot.script(0), taproot.control(0), vec![ANNEX]]),
        None,
    );
    let size = soft("Invalid Taproot control block size");
    let mismatch = soft("Witness program hash mismatch");
    let with = |change: fn(&mut Vec<u8>)| {
        let mut control = taproot.control(0);
        change(&mut control);
        let script = taproot.script(0);
        move |_: &Signing<'_>| Unlock::witness(vec![script, control])
    };
    t.spend("a control block one byte short", &lock, with(|c| c.truncate(64)), Some(&size));
    t.spend("a control block one byte long", &lock, with(|c| c.push(0)), Some(&size));
    t.spend("a control block of 32 bytes", &lock, with(|c| c.truncate(32)), Some(&size));
    t.spend("an empty control block", &lock, with(Vec::clear), Some(&size));
    t.spend("a control block of 129 steps", &lock, with(|c| c.resize(33 + 129 * 32, 0)), Some(&size));
    t.spend("a control block of 128 steps", &lock, with(|c| c.resize(33 + 128 * 32, 0)), Some(&mismatch));
    t.spend("a control block without its step", &lock, with(|c| c.truncate(33)), Some(&mismatch));
    t.spend("a control block with the other parity", &lock, with(|c| c[0] ^= 1), Some(&mismatch));
    t.spend("a control block with another leaf version", &lock, with(|c| c[0] ^= 2), Some(&mismatch));
    t.spend("a control block with another key", &lock, with(|c| c[1] ^= 1), Some(&mismatch));
    t.spend(
        "a script that is no leaf",
        &lock,
        |_| Unlock::witness(vec![vec![op::NOP], taproot.control(0)]),
        Some(&mismatch),
    );
    for version in [0xc2, 0xfe, 0x66] {
        let taproot = Taproot::leaf(internal, version, vec![op::RETURN]);
        t.spend(
            &format!("a leaf of version 0x{version:02x}"),
            &taproot.lock(),
            |_| Unlock::witness(vec![vec![1; 600], taproot.script(0), taproot.control(0)]),
            None,
        );
    }
}

/// A case with one leaf; `stack` makes what goes below it.
fn leaf(
    t: &mut Tree,
    name: &str,
    script: Vec<u8>,
    stack: impl FnOnce(&Signing<'_>, [u8; 32]) -> Stack,
    reason: Option<&str>,
) {
    let taproot = Taproot::leaf(Key::new(43), TAPSCRIPT, script);
    let unlock = |s: &Signing<'_>| {
        Unlock::witness([stack(s, taproot.hash(0)), vec![taproot.script(0), taproot.control(0)]].concat())
    };
    t.spend(&format!("Tapscript: {name}"), &taproot.lock(), unlock, reason);
}

fn good_scripts(t: &mut Tree) {
    let (key, other) = (Key::new(44), Key::new(45));
    let checksig = Script::new().push(&key.x_only()).ops(&[op::CHECKSIG]).done();
    leaf(t, "CHECKSIG", checksig.clone(), |s, hash| vec![s.leaf(&key, hash)], None);
    let both = Script::new()
        .push(&key.x_only())
        .ops(&[op::CHECKSIG])
        .push(&other.x_only())
        .ops(&[op::CHECKSIGADD, 0x52, op::EQUAL])
        .done();
    leaf(t, "CHECKSIGADD", both.clone(), |s, hash| vec![s.leaf(&other, hash), s.leaf(&key, hash)], None);
    leaf(
        t,
        "CHECKSIGADD with one signature",
        both,
        |s, hash| vec![vec![], s.leaf(&key, hash)],
        Some(&soft(EVAL_FALSE)),
    );
    let not = Script::new().ops(&checksig).ops(&[op::NOT]).done();
    leaf(t, "an empty signature, where failing is wanted", not.clone(), |_, _| vec![vec![]], None);
    let bad = soft("Invalid Schnorr signature");
    leaf(t, "another's signature, where failing is wanted", not, |s, hash| vec![s.leaf(&other, hash)], Some(&bad));
    leaf(t, "a signature for another leaf", checksig, |s, _| vec![s.leaf(&key, [1; 32])], Some(&bad));
    for size in [1, 31, 33, 65] {
        let script = Script::new().push(&vec![2; size]).ops(&[op::CHECKSIG]).done();
        leaf(t, &format!("a key of {size} bytes, which means nothing yet"), script, |_, _| vec![vec![1]], None);
    }
    let plain = |_: &Signing<'_>, _: [u8; 32]| Stack::new();
    for opcode in [op::RESERVED, op::VER, op::CAT, op::MUL, 0xbb, 0xfe] {
        leaf(t, &format!("the opcode of success 0x{opcode:02x}"), vec![0, opcode], plain, None);
    }
    let large = |_: &Signing<'_>, _: [u8; 32]| vec![vec![1; 600]; 2];
    leaf(t, "an opcode of success above a large element", vec![op::CAT, op::INVALID], large, None);
    leaf(t, "an opcode of success before a broken push", vec![op::CAT, 5, 1], plain, None);
    let skipped = vec![0, op::IF, op::CAT, op::ENDIF, 0];
    leaf(t, "an opcode of success that is skipped", skipped, plain, None);
    let long = Script::new().repeat(op::NOP, 12_000).ops(&[op::TRUE]).done();
    leaf(t, "12001 bytes and 12000 operations", long, plain, None);
    let many = Script::new().ops(&[op::TRUE]).repeat(op::DROP, 1000).ops(&[op::TRUE]).done();
    leaf(t, "999 elements", many[1..].to_vec(), |_, _| vec![vec![1]; 1000], None);
}

fn bad_scripts(t: &mut Tree) {
    let plain = |_: &Signing<'_>, _: [u8; 32]| Stack::new();
    let one = |_: &Signing<'_>, _: [u8; 32]| vec![vec![1]];
    let clean = soft("Stack size must be exactly one after execution");
    leaf(t, "a result of zero", vec![0], plain, Some(&soft(EVAL_FALSE)));
    leaf(t, "two elements left", vec![op::TRUE, op::TRUE], plain, Some(&clean));
    leaf(t, "nothing left", vec![op::NOP], plain, Some(&clean));
    leaf(t, "an empty script", vec![], plain, Some(&clean));
    leaf(t, "a push that ends too early", vec![op::TRUE, 5, 1], plain, Some(&soft(BAD_OPCODE)));
    leaf(t, "an opcode that never was", vec![op::TRUE, op::INVALID], plain, Some(&soft(BAD_OPCODE)));
    leaf(t, "VERIF", vec![op::TRUE, op::VERIF], plain, Some(&soft(BAD_OPCODE)));
    let multisig = soft("OP_CHECKMULTISIG(VERIFY) is not available in tapscript");
    leaf(t, "CHECKMULTISIG", vec![0, 0, 0, op::CHECKMULTISIG], plain, Some(&multisig));
    leaf(t, "CHECKMULTISIGVERIFY", vec![0, 0, 0, op::CHECKMULTISIGVERIFY], plain, Some(&multisig));
    let minimal = soft("OP_IF/NOTIF argument must be minimal in tapscript");
    leaf(t, "IF of two", vec![0x52, op::IF, op::TRUE, op::ENDIF], plain, Some(&minimal));
    leaf(t, "NOTIF of a zero of one byte", vec![1, 0, op::NOTIF, op::TRUE, op::ENDIF], plain, Some(&minimal));
    let no_key = soft("Public key is neither compressed or uncompressed");
    leaf(t, "an empty key", vec![0, op::CHECKSIG], one, Some(&no_key));
    leaf(t, "an empty key with an empty signature", vec![0, op::CHECKSIG, op::NOT], |_, _| vec![vec![]], Some(&no_key));
    let checksig = Script::new().push(&Key::new(44).x_only()).ops(&[op::CHECKSIG]).done();
    leaf(t, "a signature of one byte", checksig, one, Some(&soft("Invalid Schnorr signature size")));
    let push = soft("Push value size limit exceeded");
    leaf(t, "an element of 521 bytes", vec![op::DROP, op::TRUE], |_, _| vec![vec![1; 521]], Some(&push));
    let stack = soft("Stack size limit exceeded");
    let drops = Script::new().repeat(op::DROP, 1001).ops(&[op::TRUE]).done();
    leaf(t, "1001 elements", drops, |_, _| vec![vec![1]; 1001], Some(&stack));
    let returns = soft("OP_RETURN was encountered");
    leaf(t, "RETURN", vec![op::TRUE, op::RETURN], plain, Some(&returns));
    let lock = Script::new().num(500_000).ops(&[op::CLTV]).done();
    leaf(t, "CHECKLOCKTIMEVERIFY", lock, plain, Some(&soft(crate::cases::LOCK_TIME)));
}

/// A signature costs 50; the witness's size and 50 more are there to spend (BIP342).
fn budget(t: &mut Tree) {
    let key = Key::new(46);
    let too_much = soft("Too much signature validation relative to witness weight");
    // Each repetition is three bytes and checks the one signature again.
    let script = |times: usize, filler: usize| {
        let mut script = Script::new().push(&key.x_only());
        for _ in 0..times {
            // DUP2, CHECKSIGVERIFY
            script = script.ops(&[0x6e, op::CHECKSIGVERIFY]);
        }
        script.repeat(op::NOP, filler).ops(&[op::CHECKSIG]).done()
    };
    let sized = |filler: usize| {
        let taproot = Taproot::leaf(Key::new(43), TAPSCRIPT, script(9, filler));
        // One byte for the number of elements and one before each of the short ones.
        let script = taproot.script(0).len();
        let prefix = if script < 253 { 1 } else { 3 };
        1 + 65 + prefix + script + 1 + taproot.control(0).len()
    };
    // Ten signatures need 500, of which 50 are given.
    let filler = (0..600).find(|filler| sized(*filler) == 450).expect("because the size grows by one");
    leaf(t, "ten signatures on 450 bytes", script(9, filler), |s, hash| vec![s.leaf(&key, hash)], None);
    leaf(t, "ten signatures on 449 bytes", script(9, filler - 1), |s, hash| vec![s.leaf(&key, hash)], Some(&too_much));
    let unknown = Script::new().push(&[2; 33]).repeat(0x6e, 1).ops(&[op::CHECKSIGVERIFY]);
    let unknown = (0..5).fold(unknown, |s, _| s.ops(&[0x6e, op::CHECKSIGVERIFY])).ops(&[op::CHECKSIG]).done();
    leaf(t, "six keys that mean nothing yet on few bytes", unknown, |_, _| vec![vec![1]], Some(&too_much));
}
