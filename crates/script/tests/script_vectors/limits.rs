//! Scripts made to be slow, about as large as a block may be: time stays in proportion to it.

use std::time::{Duration, Instant};

use bytes::Bytes;
use litecast_primitives::amount::Amount;
use litecast_script::{Flags, ScriptError, opcode};
use secp256k1::{Parity, Scalar, XOnlyPublicKey};
use sha2::{Digest, Sha256};

use crate::spend::Spend;

const BLOCK_SIZE: usize = 4_000_000;
/// Far more than any takes; what grows with the square of the size takes hours.
const LIMIT: Duration = Duration::from_secs(60);

/// X of the generator.
const INTERNAL_KEY: &str = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";

fn tagged(tag: &str, parts: &[&[u8]]) -> [u8; 32] {
    let tag = Sha256::digest(tag);
    parts.iter().fold(Sha256::new().chain_update(tag).chain_update(tag), Digest::chain_update).finalize().into()
}

/// Spends an output that commits to this script alone (BIP341).
fn tapscript(leaf_version: u8, script: Vec<u8>, stack: &[Bytes]) -> Spend {
    let mut length = Vec::new();
    litecast_primitives::codec::put_len(&mut length, script.len());
    let leaf = tagged("TapLeaf", &[&[leaf_version], &length, &script]);
    let internal = hex::decode(INTERNAL_KEY).unwrap();
    let tweak = Scalar::from_be_bytes(tagged("TapTweak", &[&internal, &leaf])).unwrap();
    let key = XOnlyPublicKey::from_byte_array(internal.as_slice().try_into().unwrap()).unwrap();
    let (output, parity) = key.add_tweak(&tweak).unwrap();
    let control = [&[leaf_version | u8::from(parity == Parity::Odd)], internal.as_slice()].concat();
    let witness = [stack, &[script.into(), control.into()]].concat();
    Spend::of_script(Vec::new(), [&[opcode::OP_1, 32], &output.to_byte_array()[..]].concat(), witness, Amount(1))
}

fn flags() -> Flags {
    Flags::STANDARD.without(Flags::DISCOURAGE_UPGRADABLE_TAPROOT_VERSION)
}

#[test]
fn leaf_versions() {
    let spend = |version| tapscript(version, vec![opcode::OP_RETURN], &[]);
    assert_eq!(spend(0xc0).verify(flags()), Err(ScriptError::OpReturn));
    assert_eq!(spend(0xc2).verify(flags()), Ok(()));
    assert_eq!(spend(0xc2).verify(Flags::STANDARD), Err(ScriptError::DiscourageUpgradableTaprootVersion));
}

#[test]
fn no_script_is_slow() {
    let repeat = |unit: &[u8]| unit.repeat(BLOCK_SIZE / unit.len());
    let some = |unit: &[u8]| unit.repeat(BLOCK_SIZE / 4 / unit.len());
    let full_stack = vec![opcode::OP_1; 998];
    let long = Bytes::from(vec![7; 520]);
    let ifs = repeat(&[opcode::OP_1, opcode::OP_IF]);
    let cases = [
        ("nested conditions", ifs, vec![], Err(ScriptError::UnbalancedConditional)),
        (
            "conditions that are not executed",
            [&[opcode::OP_0][..], &vec![opcode::OP_IF; BLOCK_SIZE]].concat(),
            vec![],
            Err(ScriptError::UnbalancedConditional),
        ),
        (
            "switching the innermost condition",
            [&[opcode::OP_1, opcode::OP_IF].repeat(900_000)[..], &vec![opcode::OP_ELSE; BLOCK_SIZE / 2]].concat(),
            vec![],
            Err(ScriptError::UnbalancedConditional),
        ),
        (
            "moving what is deep",
            [full_stack.as_slice(), &some(&[2, 0xe5, 3, opcode::OP_ROLL])].concat(),
            vec![],
            Err(ScriptError::Cleanstack),
        ),
        (
            "copying what is long",
            repeat(&[opcode::OP_3DUP, opcode::OP_2DROP, opcode::OP_DROP]),
            vec![long.clone(); 3],
            Err(ScriptError::Cleanstack),
        ),
        (
            "hashing what is long",
            some(&[opcode::OP_DUP, opcode::OP_HASH160, opcode::OP_DROP]),
            vec![long.clone()],
            Ok(()),
        ),
        (
            "comparing what is long",
            repeat(&[opcode::OP_2DUP, opcode::OP_EQUALVERIFY]),
            vec![long.clone(), long],
            Err(ScriptError::Cleanstack),
        ),
    ];
    for (name, script, stack, expected) in cases {
        let spend = tapscript(0xc0, script, &stack);
        let start = Instant::now();
        assert_eq!(spend.verify(flags()), expected, "{name}");
        let taken = start.elapsed();
        println!("{name}: {taken:?}");
        assert!(taken < LIMIT, "{name}: {taken:?}");
    }
}
