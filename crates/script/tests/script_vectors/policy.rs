//! Which error exactly, where the vectors do not name it: of Taproot spends, and of witness versions without a meaning
//! in Script, among them those of the extension block.

use bytes::Bytes;
use litecast_primitives::amount::Amount;
use litecast_script::{Flags, ScriptError, opcode};

use crate::{spend::Spend, taproot};

/// What the failures whose comment starts so fail with.
const FAILURES: &[(&str, ScriptError)] = &[
    ("applic/keypath", ScriptError::SchnorrSig),
    ("applic/scriptpath", ScriptError::OpReturn),
    ("compat/nocsa", ScriptError::BadOpcode),
    ("sig/", ScriptError::SchnorrSig),
    ("sighash/keypath_hashtype_mis", ScriptError::SchnorrSigHashtype),
    ("sighash/keypath_unk_hashtype", ScriptError::SchnorrSigHashtype),
    ("sighash/scriptpath_hashtype_mis", ScriptError::SchnorrSigHashtype),
    ("sighash/scriptpath_unk_hashtype", ScriptError::SchnorrSigHashtype),
    ("siglen/empty_keypath", ScriptError::SchnorrSigSize),
    ("siglen/padzero", ScriptError::SchnorrSigHashtype),
    ("siglen/popbyte", ScriptError::SchnorrSigSize),
    ("spendpath/bitflip", ScriptError::WitnessProgramMismatch),
    ("spendpath/emptywit", ScriptError::WitnessProgramWitnessEmpty),
    ("spendpath/merklelimit", ScriptError::TaprootWrongControlSize),
    ("spendpath/negflag", ScriptError::WitnessProgramMismatch),
    ("spendpath/padlongcontrol", ScriptError::TaprootWrongControlSize),
    ("spendpath/padshortcontrol", ScriptError::TaprootWrongControlSize),
    ("spendpath/trunclongcontrol", ScriptError::TaprootWrongControlSize),
    ("tapscript/1000", ScriptError::StackSize),
    ("tapscript/checksigadd3args", ScriptError::InvalidStackOperation),
    ("tapscript/checksigaddoversize", ScriptError::UnknownError),
    ("tapscript/cleanstack", ScriptError::Cleanstack),
    ("tapscript/disabled_checkmultisig", ScriptError::TapscriptCheckmultisig),
    ("tapscript/emptypk", ScriptError::Pubkeytype),
    ("tapscript/inputmaxlimit", ScriptError::PushSize),
    ("tapscript/minimal", ScriptError::TapscriptMinimalif),
    ("tapscript/pushmaxlimit", ScriptError::PushSize),
    ("tapscript/sigopsratio", ScriptError::TapscriptValidationWeight),
];

/// What the successes whose comment starts so fail with under one flag more.
const DISCOURAGED: &[(&str, Flags, ScriptError)] = &[
    ("opsuccess/", Flags::DISCOURAGE_OP_SUCCESS, ScriptError::DiscourageOpSuccess),
    ("unkver/", Flags::DISCOURAGE_UPGRADABLE_TAPROOT_VERSION, ScriptError::DiscourageUpgradableTaprootVersion),
    ("tapscript/unkpk/", Flags::DISCOURAGE_UPGRADABLE_PUBKEYTYPE, ScriptError::DiscourageUpgradablePubkeytype),
];

#[test]
fn taproot_errors() {
    let Some(cases) = taproot::read() else { return };
    let used = Flags::P2SH | Flags::WITNESS | Flags::TAPROOT;
    let (mut checks, mut wrong) = (0, Vec::new());
    let mut check = |comment: &str, spend: &Spend, flags: Flags, expected: ScriptError| {
        checks += 1;
        let found = spend.verify(flags);
        if found != Err(expected) {
            wrong.push(format!("{comment}: {found:?} where {expected:?} was expected"));
        }
    };
    for case in &cases {
        let comment = case.comment.as_str();
        if let Some(failure) = &case.failure
            && let Some((_, expected)) = FAILURES.iter().find(|(start, _)| comment.starts_with(start))
        {
            check(comment, failure, case.flags, *expected);
        }
        if let Some(success) = &case.success
            && let Some((_, flag, expected)) = DISCOURAGED.iter().find(|(start, ..)| comment.starts_with(start))
        {
            check(comment, success, used | *flag, *expected);
        }
    }
    println!("{checks} errors");
    assert!(checks > 0);
    wrong.truncate(50);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn witness_versions_without_a_meaning() {
    let discouraged = Err(ScriptError::DiscourageUpgradableWitnessProgram);
    let open = Flags::STANDARD.without(Flags::DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM);
    let program = |version: u8, size: u8| [&[opcode::OP_1 + version - 1, size][..], &vec![7; size.into()]].concat();
    let spend = |script: Vec<u8>, script_sig: Vec<u8>, witness: &[u8]| {
        let witness = witness.iter().map(|byte| Bytes::from(vec![*byte])).collect();
        Spend::of_script(script_sig, script, witness, Amount(1))
    };
    // 8 and 9 are the extension block's: the rules of blocks guard them, Script does not.
    for (version, size) in [(1, 31), (1, 33), (2, 32), (8, 32), (8, 20), (9, 32), (9, 40), (16, 2)] {
        for witness in [&[][..], &[1, 2]] {
            let plain = spend(program(version, size), Vec::new(), witness);
            assert_eq!(plain.verify(open), Ok(()), "{version} {size}");
            assert_eq!(plain.verify(Flags::STANDARD), discouraged, "{version} {size}");
        }
        let malleated = spend(program(version, size), vec![opcode::OP_1], &[]);
        assert_eq!(malleated.verify(open), Err(ScriptError::WitnessMalleated));
    }
    // Taproot has no meaning inside of P2SH.
    let redeem = program(1, 32);
    let hash = litecast_script::hash160::hash160(&redeem);
    let p2sh = [&[opcode::OP_HASH160, 20], hash.as_slice(), &[opcode::OP_EQUAL]].concat();
    let mut script_sig = Vec::new();
    opcode::push_bytes(&mut script_sig, &redeem);
    let wrapped = spend(p2sh.clone(), script_sig.clone(), &[]);
    assert_eq!((wrapped.verify(open), wrapped.verify(Flags::STANDARD)), (Ok(()), discouraged));
    script_sig.insert(0, opcode::OP_NOP);
    assert_eq!(spend(p2sh.clone(), script_sig.clone(), &[]).verify(open), Err(ScriptError::SigPushonly));
    script_sig[0] = opcode::OP_1;
    assert_eq!(spend(p2sh, script_sig, &[]).verify(open), Err(ScriptError::WitnessMalleatedP2sh));
}
