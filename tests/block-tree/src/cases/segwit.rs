//! Witness version 0, versions without a meaning, and witnesses where none belong.

use crate::{
    cases::{BAD_OPCODE, EVAL_FALSE, STACK, hard, soft},
    draft::ANYONE,
    lock::{Key, Unlock, multisig, p2pkh, p2sh, p2wpkh, p2wsh, program},
    op::{self, Script},
    sighash::{ALL, ANYONE_CAN_PAY, NONE, SINGLE},
    tree::Tree,
};

const MISMATCH: &str = "Witness program hash mismatch";

pub(crate) fn grow(t: &mut Tree) {
    t.group = "P2WPKH";
    key_hashes(t);
    t.group = "P2WSH";
    script_hashes(t);
    t.group = "SegWit in P2SH";
    nested(t);
    t.group = "other witness programs";
    programs(t);
}

fn key_hashes(t: &mut Tree) {
    let (key, other) = (Key::new(30), Key::new(31));
    let public = key.public();
    let lock = p2wpkh(&public);
    let code = p2pkh(&public);
    for hash_type in [ALL, NONE, SINGLE, ALL | ANYONE_CAN_PAY, NONE | ANYONE_CAN_PAY, SINGLE | ANYONE_CAN_PAY, 0x42] {
        t.spend(
            &format!("P2WPKH with hash type 0x{hash_type:02x}"),
            &lock,
            |s| Unlock::witness(vec![s.v0_as(&key, &code, hash_type), public.clone()]),
            None,
        );
    }
    let long = key.uncompressed();
    t.spend(
        "P2WPKH with an uncompressed key",
        &p2wpkh(&long),
        |s| Unlock::witness(vec![s.v0(&key, &p2pkh(&long)), long.clone()]),
        None,
    );
    let mismatch = soft(MISMATCH);
    let eval_false = soft(EVAL_FALSE);
    t.spend("P2WPKH without witness", &lock, |_| Unlock::none(), Some(&mismatch));
    t.spend("P2WPKH with one element", &lock, |_| Unlock::witness(vec![public.clone()]), Some(&mismatch));
    t.spend(
        "P2WPKH with three elements",
        &lock,
        |s| Unlock::witness(vec![vec![], s.v0(&key, &code), public.clone()]),
        Some(&mismatch),
    );
    t.spend(
        "P2WPKH with another key",
        &lock,
        |s| Unlock::witness(vec![s.v0(&other, &code), other.public()]),
        Some(&soft("Script failed an OP_EQUALVERIFY operation")),
    );
    t.spend(
        "P2WPKH with a signature as of old",
        &lock,
        |s| Unlock::witness(vec![s.legacy_as(&key, &code, ALL), public.clone()]),
        Some(&eval_false),
    );
    t.spend(
        "P2WPKH with an empty signature",
        &lock,
        |_| Unlock::witness(vec![vec![], public.clone()]),
        Some(&eval_false),
    );
    t.spend(
        "P2WPKH with something in the input's script",
        &lock,
        |s| Unlock { script_sig: vec![op::TRUE], witness: vec![s.v0(&key, &code), public.clone()] },
        Some(&soft("Witness requires empty scriptSig")),
    );
    t.spend(
        "P2WPKH with a signature that is not DER",
        &lock,
        |s| {
            let padded = crate::cases::activation::pad_r(&s.v0(&key, &code));
            Unlock::witness(vec![padded, public.clone()])
        },
        Some(&soft("Non-canonical DER signature")),
    );
}

fn script_hashes(t: &mut Tree) {
    let keys = [Key::new(32), Key::new(33)];
    let script = multisig(2, &keys.map(|key| key.public()));
    let lock = p2wsh(&script);
    let signed = |dummy: Vec<u8>| {
        let script = script.clone();
        move |s: &crate::lock::Signing<'_>| {
            let signatures = keys.map(|key| s.v0(&key, &script));
            Unlock::witness([vec![dummy], signatures.to_vec(), vec![script]].concat())
        }
    };
    t.spend("P2WSH with two keys", &lock, signed(vec![]), None);
    t.spend("P2WSH with a dummy", &lock, signed(vec![0]), Some(&soft("Dummy CHECKMULTISIG argument must be zero")));
    t.spend(
        "P2WSH without witness",
        &lock,
        |_| Unlock::none(),
        Some(&soft("Witness program was passed an empty witness")),
    );
    t.spend("P2WSH with another script", &lock, |_| Unlock::witness(vec![vec![op::TRUE]]), Some(&soft(MISMATCH)));
    let bytes = |script: Script| script.done();
    let clean = soft("Stack size must be exactly one after execution");
    let push = soft("Push value size limit exceeded");
    // Nineteen pushes of 520 bytes are 43 bytes short.
    let large = (0..19).fold(Script::new(), |script, _| script.push(&[1; 520]).ops(&[op::DROP])).ops(&[op::TRUE]);
    let largest = bytes(large.clone().repeat(op::NOP, 43));
    let larger = bytes(large.repeat(op::NOP, 44));
    assert_eq!(largest.len(), 10_000);
    type Stack = Vec<Vec<u8>>;
    let cases: [(&str, Vec<u8>, Stack, Option<&str>); 14] = [
        ("anyone's", vec![op::TRUE], vec![], None),
        ("an empty script over something true", vec![], vec![vec![1]], None),
        ("a result of zero", vec![0], vec![], Some(&soft(EVAL_FALSE))),
        ("nothing left", vec![op::NOP], vec![], Some(&clean)),
        ("two elements left", vec![op::TRUE], vec![vec![1]], Some(&clean)),
        ("an element of 520 bytes", vec![op::DROP, op::TRUE], vec![vec![1; 520]], None),
        ("an element of 521 bytes", vec![op::DROP, op::TRUE], vec![vec![1; 521]], Some(&push)),
        ("IF of two", vec![op::IF, op::TRUE, op::ELSE, 0, op::ENDIF], vec![vec![2]], None),
        ("NOTIF of a zero of one byte", vec![op::NOTIF, op::TRUE, op::ELSE, 0, op::ENDIF], vec![vec![0]], None),
        ("a script of 10000 bytes", largest, vec![], None),
        ("a script of 10001 bytes", larger, vec![], Some(&soft("Script is too big"))),
        ("an unknown opcode", vec![op::TRUE, op::INVALID], vec![], Some(&soft(BAD_OPCODE))),
        (
            "a disabled opcode",
            vec![op::TRUE, op::TRUE, op::CAT],
            vec![],
            Some(&soft("Attempted to use a disabled opcode")),
        ),
        ("too few elements", vec![op::ADD], vec![vec![1]], Some(&soft(STACK))),
    ];
    for (name, script, mut witness, reason) in cases {
        let lock = p2wsh(&script);
        witness.push(script);
        t.spend(&format!("P2WSH: {name}"), &lock, |_| Unlock::witness(witness), reason);
    }
    let small = bytes(Script::new().ops(&[op::TRUE]).repeat(op::NOP, 202));
    t.spend(
        "P2WSH: 202 operations",
        &p2wsh(&small),
        |_| Unlock::witness(vec![small.clone()]),
        Some(&soft("Operation limit exceeded")),
    );
    let key = keys[0];
    let rest = bytes(Script::new().push(&key.public()).ops(&[op::CHECKSIG]));
    let separated = bytes(Script::new().ops(&[op::CODESEPARATOR]).ops(&rest));
    t.spend(
        "P2WSH: CODESEPARATOR",
        &p2wsh(&separated),
        |s| Unlock::witness(vec![s.v0(&key, &rest), separated.clone()]),
        None,
    );
}

fn nested(t: &mut Tree) {
    let key = Key::new(34);
    let public = key.public();
    let redeem = p2wpkh(&public);
    let code = p2pkh(&public);
    let lock = p2sh(&redeem);
    let push = Script::new().push(&redeem).done();
    let with = |script_sig: Vec<u8>| {
        let (code, public) = (code.clone(), public.clone());
        move |s: &crate::lock::Signing<'_>| Unlock { script_sig, witness: vec![s.v0(&key, &code), public] }
    };
    t.spend("P2SH-P2WPKH", &lock, with(push.clone()), None);
    t.spend("P2SH-P2WPKH without witness", &lock, |_| Unlock::script(push.clone()), Some(&soft(MISMATCH)));
    let more = Script::new().num(1).push(&redeem).done();
    let only = soft("Witness requires only-redeemscript scriptSig");
    t.spend("P2SH-P2WPKH with one push more", &lock, with(more), Some(&only));
    let length = u8::try_from(redeem.len()).expect("because a program is short");
    let longer = Script::new().ops(&[op::PUSHDATA1, length]).ops(&redeem).done();
    t.spend("P2SH-P2WPKH behind PUSHDATA1", &lock, with(longer), Some(&only));
    let script = vec![op::TRUE];
    let redeem = p2wsh(&script);
    let push = Script::new().push(&redeem).done();
    t.spend("P2SH-P2WSH", &p2sh(&redeem), |_| Unlock { script_sig: push.clone(), witness: vec![script.clone()] }, None);
    t.spend(
        "P2SH-P2WSH with another script",
        &p2sh(&redeem),
        |_| Unlock { script_sig: push.clone(), witness: vec![vec![op::NOP]] },
        Some(&soft(MISMATCH)),
    );
    let redeem = program(1, &[7; 32]);
    t.spend("version 1 in P2SH", &p2sh(&redeem), |_| Unlock::pushes(&[&redeem]), None);
}

fn programs(t: &mut Tree) {
    for version in 2..=16 {
        t.spend(&format!("witness version {version}"), &program(version, &[7; 32]), |_| Unlock::none(), None);
    }
    for version in [8, 9] {
        let name = format!("witness version {version} with a witness, outside of an extension block");
        t.spend(&name, &program(version, &[7; 32]), |_| Unlock::witness(vec![vec![1], vec![2; 600]]), None);
    }
    t.spend("version 1 of 33 bytes", &program(1, &[7; 33]), |_| Unlock::none(), None);
    t.spend("version 1 of two bytes", &program(1, &[7; 2]), |_| Unlock::witness(vec![vec![1]]), None);
    let length = soft("Witness program has incorrect length");
    for size in [2, 19, 21, 31, 33, 40] {
        let name = format!("version 0 of {size} bytes");
        t.spend(&name, &program(0, &vec![7; size]), |_| Unlock::witness(vec![vec![1]]), Some(&length));
    }
    // One byte more or less is no program at all.
    t.spend("41 bytes behind a zero", &program(0, &[7; 41]), |_| Unlock::none(), None);
    t.spend("one byte behind a zero", &program(0, &[7; 1]), |_| Unlock::none(), None);
    let unexpected = soft("Witness provided for non-witness script");
    t.spend("a witness for anyone's coin", ANYONE, |_| Unlock::witness(vec![vec![1]]), Some(&unexpected));
    let key = Key::new(35);
    t.spend(
        "a witness beside a signature",
        &p2pkh(&key.public()),
        |s| Unlock { witness: vec![vec![1]], ..Unlock::pushes(&[&s.legacy(&key), &key.public()]) },
        Some(&unexpected),
    );
    t.spend(
        "a witness beside a redeem script",
        &p2sh(&[op::TRUE]),
        |_| Unlock { witness: vec![vec![1]], ..Unlock::pushes(&[&[op::TRUE]]) },
        Some(&unexpected),
    );
    t.spend("a witness beside a script that fails", &[0], |_| Unlock::witness(vec![vec![1]]), Some(&hard(EVAL_FALSE)));
}
