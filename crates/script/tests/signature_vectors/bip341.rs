//! BIP341's own example: a transaction with key path spends of all hash types, and trees of scripts.

use bytes::Bytes;
use litecast_primitives::{
    OutPoint, TxIn,
    amount::Amount,
    transaction::{Transaction, TxOut, TxParts},
};
use litecast_script::{
    Flags, ScriptError,
    cache::SignatureCache,
    checker::Checker,
    interpreter::verify_script,
    sighash::{ExecutionData, SigVersion, SighashData, schnorr_signature_hash},
};
use serde_json::Value;

use crate::vectors::{json, transaction, unhex};

const FILE: &str = "bitcoin-core-24/bip341_wallet_vectors.json";

fn spent(case: &Value) -> Vec<TxOut> {
    let utxos = case["given"]["utxosSpent"].as_array().unwrap().iter();
    let output = |utxo: &Value| TxOut {
        value: Amount(utxo["amountSats"].as_i64().unwrap()),
        script_pubkey: unhex(&utxo["scriptPubKey"]).into(),
    };
    utxos.map(output).collect()
}

fn flags() -> Flags {
    Flags::P2SH | Flags::WITNESS | Flags::TAPROOT
}

#[test]
fn key_path_hashes() {
    let Some(file) = json(FILE) else { return };
    for case in file["keyPathSpending"].as_array().unwrap() {
        let tx = transaction(&case["given"]["rawUnsignedTx"]);
        let spent = spent(case);
        let data = SighashData::complete(&tx, &spent);
        let cache = SignatureCache::new(1 << 16);
        for spend in case["inputSpending"].as_array().unwrap() {
            let input = usize::try_from(spend["given"]["txinIndex"].as_u64().unwrap()).unwrap();
            let hash_type = u8::try_from(spend["given"]["hashType"].as_u64().unwrap()).unwrap();
            let execution = ExecutionData::default();
            let hash = schnorr_signature_hash(&tx, input, hash_type, SigVersion::Taproot, &execution, &data);
            assert_eq!(hash.unwrap().to_vec(), unhex(&spend["intermediary"]["sigHash"]));
            // The signature of the example is one, and none after any change.
            let sig = unhex(&spend["expected"]["witness"][0]);
            let key: [u8; 32] = spent[input].script_pubkey[2..].try_into().unwrap();
            for cache in [None, Some(&cache), Some(&cache)] {
                let checker = Checker::new(&tx, input, spent[input].value, &data, cache);
                let check = |sig: &[u8]| checker.check_schnorr_signature(sig, &key, SigVersion::Taproot, &execution);
                assert_eq!(check(&sig), Ok(()));
                let mut broken = sig.clone();
                broken[40] ^= 1;
                assert_eq!(check(&broken), Err(ScriptError::SchnorrSig));
            }
        }
    }
}

#[test]
fn the_signed_transaction_is_valid() {
    let Some(file) = json(FILE) else { return };
    for case in file["keyPathSpending"].as_array().unwrap() {
        let tx = transaction(&case["auxiliary"]["fullySignedTx"]);
        let spent = spent(case);
        let data = SighashData::new(&tx, &spent);
        let unknown = SighashData::new(&tx, &[]);
        for (index, (input, output)) in tx.inputs().iter().zip(&spent).enumerate() {
            let verify = |amount, data| {
                let checker = Checker::new(&tx, index, amount, data, None);
                verify_script(&input.script_sig, &output.script_pubkey, &input.witness, flags(), &checker)
            };
            assert_eq!(verify(output.value, &data), Ok(()), "input {index}");
            let taproot = output.script_pubkey.first() == Some(&0x51);
            let expected = if taproot { Err(ScriptError::SchnorrSigHashtype) } else { Ok(()) };
            assert_eq!(verify(output.value, &unknown), expected, "input {index}");
        }
    }
}

fn leaves(tree: &Value, out: &mut Vec<(usize, u8, Vec<u8>)>) {
    match tree {
        Value::Array(branches) => branches.iter().for_each(|branch| leaves(branch, out)),
        Value::Null => {}
        leaf => out.push((
            usize::try_from(leaf["id"].as_u64().unwrap()).unwrap(),
            u8::try_from(leaf["leafVersion"].as_u64().unwrap()).unwrap(),
            unhex(&leaf["script"]),
        )),
    }
}

/// Every control block proves its leaf to its output, and no other leaf.
#[test]
fn control_blocks() {
    let Some(file) = json(FILE) else { return };
    let mut proofs = 0;
    for case in file["scriptPubKey"].as_array().unwrap() {
        let mut scripts = Vec::new();
        leaves(&case["given"]["scriptTree"], &mut scripts);
        let script_pubkey = Bytes::from(unhex(&case["expected"]["scriptPubKey"]));
        for (id, version, script) in &scripts {
            let control = unhex(&case["expected"]["scriptPathControlBlocks"][id]);
            let verify = |script: Vec<u8>, control: Vec<u8>| {
                let input = TxIn {
                    prevout: OutPoint::NULL,
                    script_sig: Bytes::new(),
                    sequence: 0,
                    witness: vec![script.into(), control.into()],
                };
                let output = TxOut { value: Amount(1), script_pubkey: script_pubkey.clone() };
                let tx = Transaction::from(TxParts {
                    version: 2,
                    inputs: vec![input],
                    outputs: vec![output.clone()],
                    lock_time: 0,
                    mweb: None,
                    is_hogex: false,
                });
                let data = SighashData::new(&tx, std::slice::from_ref(&output));
                let checker = Checker::new(&tx, 0, output.value, &data, None);
                verify_script(&[], &script_pubkey, &tx.inputs()[0].witness, flags(), &checker)
            };
            // Nothing is known of other leaf versions, so they succeed; scripts of this one may want a signature.
            let wants_signature = *version == 0xc0 && script.last() == Some(&0xac);
            let expected = if wants_signature { Err(ScriptError::InvalidStackOperation) } else { Ok(()) };
            assert_eq!(verify(script.clone(), control.clone()), expected);
            let mut broken = control.clone();
            *broken.last_mut().unwrap() ^= 1;
            assert_eq!(verify(script.clone(), broken), Err(ScriptError::WitnessProgramMismatch));
            let mut parity = control.clone();
            parity[0] ^= 1;
            assert_eq!(verify(script.clone(), parity), Err(ScriptError::WitnessProgramMismatch));
            assert_eq!(verify([&script[..], &[0]].concat(), control), Err(ScriptError::WitnessProgramMismatch));
            proofs += 1;
        }
    }
    assert!(proofs > 8, "{proofs}");
}
