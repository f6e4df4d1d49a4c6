//! Scripts before SegWit: what unlocks a coin and what does not.

use crate::{
    cases::{BAD_OPCODE, EVAL_FALSE, STACK, activation::pad_r, hard, soft},
    draft::{ANYONE, output, transaction},
    lock::{Key, Unlock, multisig, p2pk, p2pkh, p2sh},
    op::{self, Script},
    sighash::{ALL, ANYONE_CAN_PAY, NONE, SINGLE},
    tree::{COIN, Tree, sign},
};

pub(crate) fn grow(t: &mut Tree) {
    t.group = "signatures";
    keys(t);
    hash_types(t);
    encodings(t);
    t.group = "multisig";
    many_keys(t);
    t.group = "P2SH";
    redeem_scripts(t);
    t.group = "opcodes";
    good_opcodes(t);
    bad_opcodes(t);
    t.group = "script limits";
    script_limits(t);
}

fn keys(t: &mut Tree) {
    let key = Key::new(1);
    let other = Key::new(2);
    for (form, public) in
        [("a compressed", key.public()), ("an uncompressed", key.uncompressed()), ("a hybrid", key.hybrid())]
    {
        t.spend(&format!("P2PK with {form} key"), &p2pk(&public), |s| Unlock::pushes(&[&s.legacy(&key)]), None);
        let name = format!("P2PKH with {form} key");
        t.spend(&name, &p2pkh(&public), |s| Unlock::pushes(&[&s.legacy(&key), &public]), None);
    }
    let eval_false = hard(EVAL_FALSE);
    let lock = p2pk(&key.public());
    t.spend("P2PK by another key", &lock, |s| Unlock::pushes(&[&s.legacy(&other)]), Some(&eval_false));
    t.spend("P2PK without a signature", &lock, |_| Unlock::none(), Some(&hard(STACK)));
    t.spend("P2PK with an empty signature", &lock, |_| Unlock::pushes(&[&[]]), Some(&eval_false));
    t.spend(
        "P2PK with a signature for another script",
        &lock,
        |s| Unlock::pushes(&[&s.legacy_as(&key, ANYONE, ALL)]),
        Some(&eval_false),
    );
    let mut bent = key.public();
    bent[0] = 5;
    t.spend("P2PK with a key that is none", &p2pk(&bent), |s| Unlock::pushes(&[&s.legacy(&key)]), Some(&eval_false));
    t.spend(
        "P2PKH with another key",
        &p2pkh(&key.public()),
        |s| Unlock::pushes(&[&s.legacy(&other), &other.public()]),
        Some(&hard("Script failed an OP_EQUALVERIFY operation")),
    );
    t.spend(
        "P2PKH with the key and another's signature",
        &p2pkh(&key.public()),
        |s| Unlock::pushes(&[&s.legacy(&other), &key.public()]),
        Some(&eval_false),
    );
}

fn hash_types(t: &mut Tree) {
    let key = Key::new(3);
    let lock = p2pkh(&key.public());
    for hash_type in [NONE, SINGLE, ALL | ANYONE_CAN_PAY, NONE | ANYONE_CAN_PAY, SINGLE | ANYONE_CAN_PAY, 0, 4, 0x50] {
        t.spend(
            &format!("hash type 0x{hash_type:02x}"),
            &lock,
            |s| Unlock::pushes(&[&s.legacy_as(&key, &lock, hash_type), &key.public()]),
            None,
        );
    }
    t.spend(
        "a signature of one hash type given as another",
        &lock,
        |s| {
            let mut signature = s.legacy_as(&key, &lock, ALL);
            *signature.last_mut().expect("because it ends with its type") = NONE;
            Unlock::pushes(&[&signature, &key.public()])
        },
        Some(&hard(EVAL_FALSE)),
    );
    // The input has no output beside it: the signature is over the number one.
    let from = t.lock(&lock);
    let coin = t.coin();
    let mut tx = transaction(&[coin, crate::draft::outpoint(&from, 0)], vec![output(COIN, ANYONE)]);
    let spent = [output(COIN, ANYONE), from.outputs[0].clone()];
    sign(&mut tx, &spent, 1, |s| Unlock::pushes(&[&s.legacy_as(&key, &lock, SINGLE), &key.public()]));
    let mut draft = t.draft();
    draft.push(from).push(tx);
    t.accepted("SIGHASH_SINGLE without an output", draft);
    // A script code begins after the last CODESEPARATOR.
    let rest = p2pk(&key.public());
    let separated = Script::new().ops(&[op::CODESEPARATOR]).ops(&rest).done();
    t.spend("CODESEPARATOR", &separated, |s| Unlock::pushes(&[&s.legacy_as(&key, &rest, ALL)]), None);
}

/// The order of the curve less S.
fn high_s(signature: &[u8]) -> Vec<u8> {
    const ORDER: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xba, 0xae,
        0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41,
    ];
    let r_length = usize::from(signature[3]);
    let (head, tail) = signature.split_at(4 + r_length);
    let s_length = usize::from(tail[1]);
    let mut s = [0; 32];
    s[32 - s_length..].copy_from_slice(&tail[2..2 + s_length]);
    let mut borrow = 0_u16;
    for (digit, order) in s.iter_mut().zip(ORDER).rev() {
        let difference = u16::from(order) + 256 - u16::from(*digit) - borrow;
        borrow = u16::from(difference < 256);
        *digit = difference.to_le_bytes()[0];
    }
    // S was low, so this has its highest bit set and needs a zero before it.
    let mut made = [head, &[2, 33, 0], &s, &tail[2 + s_length..]].concat();
    made[1] = u8::try_from(made.len() - 3).expect("because a signature is short");
    made
}

fn encodings(t: &mut Tree) {
    let key = Key::new(4);
    let lock = p2pk(&key.public());
    let not = Script::new().ops(&lock).ops(&[op::NOT]).done();
    let not_der = soft("Non-canonical DER signature");
    t.spend("a signature with a high S", &lock, |s| Unlock::pushes(&[&high_s(&s.legacy(&key))]), None);
    t.spend("a padded R", &lock, |s| Unlock::pushes(&[&pad_r(&s.legacy(&key))]), Some(&not_der));
    t.spend(
        "a byte too many in the signature's length",
        &lock,
        |s| {
            let mut signature = s.legacy(&key);
            signature[1] += 1;
            Unlock::pushes(&[&signature])
        },
        Some(&not_der),
    );
    t.spend(
        "a byte between signature and hash type",
        &lock,
        |s| {
            let mut signature = s.legacy(&key);
            signature.insert(signature.len() - 1, 0);
            Unlock::pushes(&[&signature])
        },
        Some(&not_der),
    );
    t.spend("one byte as signature, where failing is wanted", &not, |_| Unlock::pushes(&[&[1]]), Some(&not_der));
    t.spend("no signature, where failing is wanted", &not, |_| Unlock::pushes(&[&[]]), None);
    let other = Key::new(5);
    t.spend("another's signature, where failing is wanted", &not, |s| Unlock::pushes(&[&s.legacy(&other)]), None);
    t.spend(
        "a signature pushed with PUSHDATA1",
        &lock,
        |s| {
            let signature = s.legacy(&key);
            let length = u8::try_from(signature.len()).expect("because a signature is short");
            Unlock::script([&[op::PUSHDATA1, length], &signature[..]].concat())
        },
        None,
    );
}

fn many_keys(t: &mut Tree) {
    let keys: Vec<Key> = (10..13).map(Key::new).collect();
    let public: Vec<Vec<u8>> = keys.iter().map(Key::public).collect();
    let lock = multisig(2, &public);
    let by = |chosen: &'static [usize]| {
        let keys = keys.clone();
        move |s: &crate::lock::Signing<'_>| {
            let signatures: Vec<Vec<u8>> = chosen.iter().map(|n| s.legacy(&keys[*n])).collect();
            let script = signatures.iter().fold(Script::new().num(0), |script, signature| script.push(signature));
            Unlock::script(script.done())
        }
    };
    let eval_false = hard(EVAL_FALSE);
    t.spend("the first and second of three keys", &lock, by(&[0, 1]), None);
    t.spend("the first and third of three keys", &lock, by(&[0, 2]), None);
    t.spend("signatures in the wrong order", &lock, by(&[2, 0]), Some(&eval_false));
    t.spend("the same signature twice", &lock, by(&[1, 1]), Some(&eval_false));
    t.spend("one signature of two", &lock, by(&[1]), Some(&hard(STACK)));
    let first = keys[0];
    let second = keys[1];
    let dummy = |dummy: u8| {
        move |s: &crate::lock::Signing<'_>| {
            let script = Script::new().ops(&[dummy]).push(&s.legacy(&first)).push(&s.legacy(&second));
            Unlock::script(script.done())
        }
    };
    let null_dummy = soft("Dummy CHECKMULTISIG argument must be zero");
    t.spend("a dummy of one", &lock, dummy(op::TRUE), Some(&null_dummy));
    t.spend("a dummy of minus one", &lock, dummy(op::ONE_NEGATE), Some(&null_dummy));
    let any = |script: Script| move |_: &crate::lock::Signing<'_>| Unlock::script(script.done());
    t.spend("none of none", &[0, 0, op::CHECKMULTISIG], any(Script::new().num(0)), None);
    let cases = [
        ("21 keys", Script::new().num(0).num(21), "Pubkey count negative or limit exceeded"),
        ("-1 keys", Script::new().num(0).num(-1), "Pubkey count negative or limit exceeded"),
        (
            "two signatures of one key",
            Script::new().num(2).num(0).num(1),
            "Signature count negative or greater than pubkey count",
        ),
        ("-1 signatures", Script::new().num(-1).num(0).num(1), "Signature count negative or greater than pubkey count"),
    ];
    for (name, script, error) in cases {
        let lock = script.ops(&[op::CHECKMULTISIG]).done();
        t.spend(name, &lock, |_| Unlock::script(vec![0]), Some(&hard(error)));
    }
    let verify = Script::new().num(1).push(&public[0]).num(1).ops(&[op::CHECKMULTISIGVERIFY, op::TRUE]).done();
    let failed = hard("Script failed an OP_CHECKMULTISIGVERIFY operation");
    t.spend("CHECKMULTISIGVERIFY without a signature", &verify, any(Script::new().num(0).num(0)), Some(&failed));
    let verify = Script::new().push(&public[0]).ops(&[op::CHECKSIGVERIFY, op::TRUE]).done();
    let failed = hard("Script failed an OP_CHECKSIGVERIFY operation");
    t.spend("CHECKSIGVERIFY without a signature", &verify, any(Script::new().num(0)), Some(&failed));
}

fn redeem_scripts(t: &mut Tree) {
    let keys: Vec<Key> = (20..23).map(Key::new).collect();
    let redeem = multisig(2, &keys.iter().map(Key::public).collect::<Vec<_>>());
    t.spend(
        "two of three keys in P2SH",
        &p2sh(&redeem),
        |s| {
            let script = Script::new().num(0).push(&s.legacy_as(&keys[0], &redeem, ALL));
            Unlock::script(script.push(&s.legacy_as(&keys[2], &redeem, ALL)).push(&redeem).done())
        },
        None,
    );
    let eval_false = hard(EVAL_FALSE);
    let cases: [(&str, Vec<u8>, Script, Option<String>); 9] = [
        ("anyone's P2SH", vec![op::TRUE], Script::new().push(&[op::TRUE]), None),
        ("P2SH with another script", vec![op::TRUE], Script::new().push(&[op::NOP]), Some(eval_false.clone())),
        ("P2SH with a script that fails", vec![0], Script::new().push(&[0]), Some(eval_false.clone())),
        ("P2SH with an empty script", vec![], Script::new().push(&[]), Some(eval_false)),
        ("P2SH with an empty script on something true", vec![], Script::new().num(1).push(&[]), None),
        (
            "P2SH unlocked by more than pushes",
            vec![op::TRUE],
            Script::new().ops(&[op::NOP]).push(&[op::TRUE]),
            Some(hard("Only push operators allowed in signatures")),
        ),
        (
            "P2SH with a script that ends in the middle of a push",
            vec![op::TRUE, 5],
            Script::new().push(&[op::TRUE, 5]),
            Some(hard(BAD_OPCODE)),
        ),
        ("P2SH without anything", vec![op::TRUE], Script::new(), Some(hard(STACK))),
        ("P2SH that leaves two elements", vec![op::TRUE, op::TRUE], Script::new().push(&[op::TRUE, op::TRUE]), None),
    ];
    for (name, redeem, unlock, reason) in cases {
        t.spend(name, &p2sh(&redeem), |_| Unlock::script(unlock.done()), reason.as_deref());
    }
    let inner = p2sh(&[op::RETURN]);
    t.spend("P2SH within P2SH", &p2sh(&inner), |_| Unlock::pushes(&[&[op::RETURN], &inner]), None);
    let large = Script::new().push(&[0; 520]).done();
    let redeem = Script::new().ops(&large).ops(&[op::TRUE]).done();
    t.spend(
        "P2SH with a script of 524 bytes",
        &p2sh(&redeem),
        |_| Unlock::pushes(&[&redeem]),
        Some(&hard("Push value size limit exceeded")),
    );
}

fn good_opcodes(t: &mut Tree) {
    let cases: [(&str, Script); 9] = [
        ("NOPs that may get a meaning", Script::new().ops(&[op::TRUE, op::NOP1]).repeat(op::NOP4, 1).ops(&[op::NOP10])),
        ("an unknown opcode that is skipped", Script::new().ops(&[0, op::IF, op::INVALID, op::ENDIF, op::TRUE])),
        ("RESERVED that is skipped", Script::new().ops(&[0, op::IF, op::RESERVED, op::VER, op::ENDIF, op::TRUE])),
        ("IF of two", Script::new().ops(&[0x52, op::IF, op::TRUE, op::ENDIF])),
        ("many ELSE", Script::new().ops(&[0, op::IF, 0, op::ELSE, op::TRUE, op::ELSE, 0, op::ELSE, op::ENDIF])),
        ("RETURN that is skipped", Script::new().ops(&[0, op::IF, op::RETURN, op::ENDIF, op::TRUE])),
        ("a result of 0x80 after other bytes", Script::new().push(&[0x80, 0x00, 0x01])),
        ("elements below the result", Script::new().ops(&[0, 0, op::TRUE])),
        ("a number that is not minimal", Script::new().push(&[1, 0, 0, 0]).ops(&[op::ADD1])),
    ];
    for (name, script) in cases {
        t.spend(name, &script.done(), |_| Unlock::none(), None);
    }
    t.spend("operators in an input", &[op::EQUAL], |_| Unlock::script(vec![0x53, op::DUP]), None);
}

fn bad_opcodes(t: &mut Tree) {
    let disabled = "Attempted to use a disabled opcode";
    let unbalanced = "Invalid OP_IF construction";
    let cases: [(&str, Script, &str); 25] = [
        ("nothing left", Script::new().ops(&[op::NOP]), EVAL_FALSE),
        ("a result of zero", Script::new().ops(&[0]), EVAL_FALSE),
        ("a result of minus zero", Script::new().push(&[0, 0x80]), EVAL_FALSE),
        ("VERIFY of zero", Script::new().ops(&[op::TRUE, 0, op::VERIFY]), "Script failed an OP_VERIFY operation"),
        (
            "NUMEQUALVERIFY of others",
            Script::new().ops(&[op::TRUE, 0x52, 0x53, op::NUMEQUALVERIFY]),
            "Script failed an OP_NUMEQUALVERIFY operation",
        ),
        ("RETURN behind something true", Script::new().ops(&[op::TRUE, op::RETURN]), "OP_RETURN was encountered"),
        ("an unknown opcode", Script::new().ops(&[op::TRUE, op::INVALID]), BAD_OPCODE),
        ("CHECKSIGADD outside of Tapscript", Script::new().ops(&[op::TRUE, op::CHECKSIGADD]), BAD_OPCODE),
        ("RESERVED", Script::new().ops(&[op::TRUE, op::RESERVED]), BAD_OPCODE),
        ("VER", Script::new().ops(&[op::TRUE, op::VER]), BAD_OPCODE),
        ("VERIF that is skipped", Script::new().ops(&[0, op::IF, op::VERIF, op::ENDIF, op::TRUE]), BAD_OPCODE),
        ("VERNOTIF that is skipped", Script::new().ops(&[0, op::IF, op::VERNOTIF, op::ENDIF, op::TRUE]), BAD_OPCODE),
        ("CAT", Script::new().ops(&[op::TRUE, op::TRUE, op::CAT]), disabled),
        ("CAT that is skipped", Script::new().ops(&[0, op::IF, op::CAT, op::ENDIF, op::TRUE]), disabled),
        ("AND", Script::new().ops(&[op::TRUE, op::TRUE, op::AND]), disabled),
        ("2MUL that is skipped", Script::new().ops(&[0, op::IF, op::MUL2, op::ENDIF, op::TRUE]), disabled),
        ("MUL", Script::new().ops(&[op::TRUE, op::TRUE, op::MUL]), disabled),
        ("IF without ENDIF", Script::new().ops(&[op::TRUE, op::IF, op::TRUE]), unbalanced),
        ("ENDIF without IF", Script::new().ops(&[op::TRUE, op::ENDIF]), unbalanced),
        ("ELSE without IF", Script::new().ops(&[op::TRUE, op::ELSE]), unbalanced),
        ("NOTIF of nothing", Script::new().ops(&[op::NOTIF, op::ENDIF]), unbalanced),
        ("DUP of nothing", Script::new().ops(&[op::DUP]), STACK),
        ("SWAP of one", Script::new().ops(&[op::TRUE, op::SWAP]), STACK),
        (
            "FROMALTSTACK of nothing",
            Script::new().ops(&[op::FROMALTSTACK]),
            "Operation not valid with the current altstack size",
        ),
        ("arithmetic on five bytes", Script::new().push(&[1, 0, 0, 0, 1]).ops(&[op::ADD1]), "unknown error"),
    ];
    for (name, script, error) in cases {
        t.spend(name, &script.done(), |_| Unlock::none(), Some(&hard(error)));
    }
    t.spend("a push that ends too early", &[op::TRUE, 5, 1, 2], |_| Unlock::none(), Some(&hard(BAD_OPCODE)));
    t.spend(
        "PUSHDATA4 of more than there is",
        &[op::PUSHDATA4, 255, 255, 255, 255, 1],
        |_| Unlock::none(),
        Some(&hard(BAD_OPCODE)),
    );
    t.spend(
        "an IF in the input and its ENDIF in the output",
        &[op::ENDIF, op::TRUE],
        |_| Unlock::script(vec![op::TRUE, op::IF]),
        Some(&hard(unbalanced)),
    );
    t.spend(
        "an element on the alternative stack of the input",
        &[op::FROMALTSTACK],
        |_| Unlock::script(vec![op::TRUE, op::TOALTSTACK]),
        Some(&hard("Operation not valid with the current altstack size")),
    );
}

fn script_limits(t: &mut Tree) {
    let ops = hard("Operation limit exceeded");
    let stack = hard("Stack size limit exceeded");
    let push = hard("Push value size limit exceeded");
    let size = hard("Script is too big");
    let nops = |count| Script::new().repeat(op::NOP, count).ops(&[op::TRUE]);
    let keys = |nops| Script::new().num(0).num(0).num(20).repeat(op::NOP, nops).ops(&[op::CHECKMULTISIG]);
    let spaced = |count| {
        let filler = (0..18).fold(Script::new(), |script, _| script.push(&[1; 520]).ops(&[op::DROP]));
        filler.repeat(op::TRUE, count)
    };
    let base = spaced(0).done().len();
    let cases: [(&str, Script, Option<&str>); 9] = [
        ("201 operations", nops(201), None),
        ("202 operations", nops(202), Some(&ops)),
        ("keys that count as operations", keys(181), Some(&ops)),
        ("1000 elements", Script::new().repeat(op::TRUE, 1000), None),
        ("1001 elements", Script::new().repeat(op::TRUE, 1001), Some(&stack)),
        ("a push of 520 bytes", Script::new().push(&[1; 520]), None),
        ("a push of 521 bytes", Script::new().push(&[1; 521]), Some(&push)),
        (
            "a push of 521 bytes that is skipped",
            Script::new().ops(&[0, op::IF]).push(&[1; 521]).ops(&[op::ENDIF, op::TRUE]),
            Some(&push),
        ),
        ("a script of 10000 bytes", spaced(10_000 - base), None),
    ];
    for (name, script, reason) in cases {
        t.spend(name, &script.done(), |_| Unlock::none(), reason);
    }
    let input = spaced(10_001 - base).done();
    t.spend("an input's script of 10001 bytes", ANYONE, |_| Unlock::script(input), Some(&size));
    let input = spaced(10_000 - base).done();
    t.spend("an input's script of 10000 bytes", ANYONE, |_| Unlock::script(input), None);
    let altstack = Script::new().repeat(op::TRUE, 999).ops(&[op::DUP, op::TOALTSTACK, op::DUP, op::DUP]).done();
    t.spend("1001 elements on both stacks", &altstack, |_| Unlock::none(), Some(&stack));
}
