//! Against Bitcoin's consensus library, whose rules under the same flags are the same: random scripts, and vectors with
//! a byte or an element changed. It says only whether an input is valid.

use bytes::Bytes;
use litecast_primitives::{
    amount::Amount,
    transaction::{Transaction, TxParts},
};
use litecast_script::{Flags, opcode};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use ripemd::{Digest, Ripemd160};
use sha2::Sha256;

use crate::{flags::consensus, scripts, spend::Spend, taproot};

/// Random scripts.
const SCRIPTS: usize = 40_000;
/// Changed ways to spend each output of the vectors.
const CHANGES: usize = 4;

fn library_says(spend: &Spend, flags: Flags) -> bool {
    let output = &spend.spent[spend.input];
    let spent: Vec<_> = spend
        .spent
        .iter()
        .map(|output| bitcoinconsensus::Utxo {
            script_pubkey: output.script_pubkey.as_ptr(),
            script_pubkey_len: u32::try_from(output.script_pubkey.len()).unwrap(),
            value: output.value.0,
        })
        .collect();
    let amount = u64::try_from(output.value.0).unwrap();
    let script = &output.script_pubkey;
    bitcoinconsensus::verify_with_flags(script, amount, spend.tx.bytes(), Some(&spent), spend.input, flags.bits())
        .is_ok()
}

/// Compares under some sets of flags; how many of them the input passes.
fn compare(spend: &Spend, sets: &[Flags], rng: &mut StdRng) -> usize {
    let all = *sets.last().unwrap();
    let mut passed = 0;
    for flags in [all, sets[rng.random_range(0..sets.len())]] {
        let (ours, theirs) = (spend.verify(flags), library_says(spend, flags));
        assert_eq!(
            ours.is_ok(),
            theirs,
            "{ours:?} with {flags:?}: input {} of {} with {:?}",
            spend.input,
            hex::encode(spend.tx.bytes()),
            spend.spent,
        );
        passed += usize::from(theirs);
    }
    passed
}

fn number(script: &mut Vec<u8>, rng: &mut StdRng) {
    let value = match rng.random_range(0..8) {
        0..4 => rng.random_range(-1..17),
        4 => rng.random_range(-300..300),
        5 => [0x7fff, 0x8000, 0x7fff_ffff, 0x8000_0000, -0x7fff_ffff, -0x8000_0000][rng.random_range(0..6)],
        6 => return opcode::push_bytes(script, &[rng.random(), rng.random_range(0..2) << 7]),
        _ => return opcode::push_bytes(script, &vec![rng.random(); rng.random_range(0..80)]),
    };
    opcode::push_number(script, value);
}

/// Mostly operands followed by what takes them, so that many scripts get far.
fn script(rng: &mut StdRng) -> Vec<u8> {
    let mut script = Vec::new();
    for _ in 0..rng.random_range(0..4) {
        number(&mut script, rng);
    }
    for _ in 0..rng.random_range(0..12) {
        match rng.random_range(0..16) {
            0..6 => number(&mut script, rng),
            6 => {
                number(&mut script, rng);
                script.push(if rng.random() { opcode::OP_IF } else { opcode::OP_NOTIF });
            }
            7 => script.push(opcode::OP_ELSE),
            8..10 => script.push(opcode::OP_ENDIF),
            10 => script.push(rng.random()),
            11 => script.push(rng.random_range(opcode::OP_RIPEMD160..=opcode::OP_CHECKSIGADD)),
            12 => {
                // No signature of none or more keys.
                let keys = rng.random_range(0..3);
                opcode::push_number(&mut script, 0);
                opcode::push_number(&mut script, 0);
                (0..keys).for_each(|_| number(&mut script, rng));
                opcode::push_number(&mut script, keys);
                script.push(opcode::OP_CHECKMULTISIG);
            }
            13 => script.push(rng.random_range(opcode::OP_SIZE..=opcode::OP_WITHIN)),
            _ => script.push(rng.random_range(opcode::OP_NOP..=opcode::OP_TUCK)),
        }
    }
    script
}

#[test]
fn random_scripts() {
    let mut rng = StdRng::seed_from_u64(7);
    let sets = consensus();
    let mut passed = 0;
    for _ in 0..SCRIPTS {
        let (code, mut script_sig) = (script(&mut rng), Vec::new());
        let mut witness: Vec<Bytes> = Vec::new();
        let script_pubkey = match rng.random_range(0..4) {
            0 => {
                script_sig = script(&mut rng);
                code
            }
            1 => {
                (0..rng.random_range(0..4)).for_each(|_| number(&mut script_sig, &mut rng));
                let hash = Ripemd160::digest(Sha256::digest(&code));
                opcode::push_bytes(&mut script_sig, &code);
                [&[opcode::OP_HASH160, 20], hash.as_slice(), &[opcode::OP_EQUAL]].concat()
            }
            _ => {
                for _ in 0..rng.random_range(0..4) {
                    witness.push(vec![rng.random_range(0..3); rng.random_range(0..3)].into());
                }
                let hash = Sha256::digest(&code);
                witness.push(code.into());
                [&[opcode::OP_0, 32], hash.as_slice()].concat()
            }
        };
        passed += compare(&Spend::of_script(script_sig, script_pubkey, witness, Amount(1)), &sets, &mut rng);
    }
    println!("{SCRIPTS} random scripts, valid under {passed} of {} sets of flags", 2 * SCRIPTS);
    assert!(passed > SCRIPTS / 20);
}

fn change_bytes(bytes: &Bytes, rng: &mut StdRng) -> Bytes {
    let mut changed = bytes.to_vec();
    let at = rng.random_range(0..=changed.len());
    match rng.random_range(0..4) {
        0 => changed.insert(at, rng.random()),
        1 if at < changed.len() => {
            changed.remove(at);
        }
        2 if at < changed.len() => changed[at] = rng.random(),
        _ if at < changed.len() => changed[at] ^= 1 << rng.random_range(0..8),
        _ => changed.push(opcode::OP_NOP),
    }
    changed.into()
}

fn change(spend: &Spend, rng: &mut StdRng) -> Spend {
    let mut parts: TxParts = spend.tx.parts().clone();
    let input = &mut parts.inputs[spend.input];
    let mut spent = spend.spent.clone();
    let elements = input.witness.len();
    match rng.random_range(0..10) {
        0 => input.script_sig = change_bytes(&input.script_sig, rng),
        1 => input.sequence = rng.random(),
        2 => {
            let output = &mut spent[spend.input];
            output.script_pubkey = change_bytes(&output.script_pubkey, rng);
        }
        3 if elements > 0 => {
            input.witness.remove(rng.random_range(0..elements));
        }
        4 => input.witness.insert(rng.random_range(0..=elements), Bytes::from(vec![rng.random(); 1])),
        5 => input.witness.push(Bytes::from(vec![0x50; rng.random_range(1..4)])),
        6 => parts.lock_time = rng.random(),
        _ if elements > 0 => {
            let element = &mut input.witness[rng.random_range(0..elements)];
            *element = change_bytes(element, rng);
        }
        _ => parts.version = rng.random_range(0..4),
    }
    Spend::new(Transaction::from(parts), spend.input, spent)
}

#[test]
fn changed_vectors() {
    let (Some(assets), Some(cases)) = (taproot::read(), scripts::read("litecoin-core/script_tests.json")) else {
        return;
    };
    let mut rng = StdRng::seed_from_u64(11);
    let sets = consensus();
    let (mut compared, mut passed) = (0, 0);
    let assets = assets.into_iter().flat_map(|case| [case.success, case.failure]).flatten();
    let cases = cases.into_iter().map(|case| case.spend);
    for spend in assets.chain(cases) {
        passed += compare(&spend, &sets, &mut rng);
        for _ in 0..CHANGES {
            passed += compare(&change(&spend, &mut rng), &sets, &mut rng);
            compared += 1;
        }
    }
    println!("{compared} changed vectors, valid under {passed} sets of flags");
    assert!(passed > compared / 20);
}
