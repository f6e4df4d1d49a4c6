use std::path::Path;

use bytes::Bytes;
use litecast_primitives::{
    amount::Amount,
    hash::sha256,
    transaction::{Transaction, TxOut},
};
use serde_json::Value;

use super::{SighashData, legacy};

fn vectors(file: &str) -> Option<Value> {
    let folder = std::env::var("LITECAST_VECTORS")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors").to_owned());
    let path = Path::new(&folder).join("vectors").join(file);
    if !path.exists() {
        eprintln!("skipped: no {}", path.display());
        return None;
    }
    Some(serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
}

fn unhex(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

/// The parts of the hashes of BIP341's own example, and those of BIP143, which hash them once more.
#[test]
fn midstates_of_bip341() {
    let Some(file) = vectors("bitcoin-core-24/bip341_wallet_vectors.json") else { return };
    for case in file["keyPathSpending"].as_array().unwrap() {
        let given = &case["given"];
        let tx = Transaction::from_bytes(Bytes::from(unhex(&given["rawUnsignedTx"]))).unwrap();
        let spent: Vec<TxOut> = given["utxosSpent"]
            .as_array()
            .unwrap()
            .iter()
            .map(|utxo| TxOut {
                value: Amount(utxo["amountSats"].as_i64().unwrap()),
                script_pubkey: unhex(&utxo["scriptPubKey"]).into(),
            })
            .collect();
        let data = SighashData::complete(&tx, &spent);
        let taproot = data.taproot.as_ref().unwrap();
        let v0 = data.witness_v0.as_ref().unwrap();
        let expected = |name: &str| unhex(&case["intermediary"][name]);
        assert_eq!(taproot.amounts().to_vec(), expected("hashAmounts"));
        assert_eq!(taproot.scripts().to_vec(), expected("hashScriptPubkeys"));
        assert_eq!(taproot.shared().prevouts.to_vec(), expected("hashPrevouts"));
        assert_eq!(taproot.shared().sequences.to_vec(), expected("hashSequences"));
        assert_eq!(taproot.shared().outputs.to_vec(), expected("hashOutputs"));
        assert_eq!(v0.prevouts(), sha256(&taproot.shared().prevouts));
    }
}

/// A script that breaks off hashes its whole length, and the bytes up to behind the broken push's length.
#[test]
fn script_code_that_breaks_off() {
    let tx = Transaction::from_bytes(Bytes::from(
        [&[1, 0, 0, 0, 1][..], &[7; 36], &[0], &[9; 4], &[1], &[3; 8], &[0], &[5; 4]].concat(),
    ))
    .unwrap();
    for (script, hashed) in [
        (&[0xab, 0x51, 5, 1, 2][..], &[4, 0x51, 5][..]),
        (&[0xab, 0xac, 0x4c], &[2, 0xac, 0x4c]),
        (&[0x4d, 1], &[2, 0x4d]),
        (&[0xac, 0xab, 0x4d, 9, 0, 0xab], &[5, 0xac, 0x4d, 9, 0]),
        (&[0xab, 0xab, 0x4c, 1, 0xab, 0xab], &[3, 0x4c, 1, 0xab]),
    ] {
        let bytes =
            [&[1, 0, 0, 0, 1][..], &[7; 36], hashed, &[9; 4], &[1], &[3; 8], &[0], &[5; 4], &[1, 0, 0, 0]].concat();
        let skeleton = legacy::Skeleton::new(&tx);
        let expected = sha256(&sha256(&bytes));
        assert_eq!(legacy::signature_hash(script, &tx, 0, 1, None), expected, "{script:?}");
        assert_eq!(legacy::signature_hash(script, &tx, 0, 1, Some(&skeleton)), expected);
    }
}

/// Only what the witnesses need is computed.
#[test]
fn needed_midstates() {
    let parts = |witness: Vec<Bytes>| litecast_primitives::transaction::TxParts {
        version: 2,
        inputs: vec![litecast_primitives::TxIn {
            prevout: litecast_primitives::OutPoint::NULL,
            script_sig: Bytes::new(),
            sequence: 0,
            witness,
        }],
        outputs: Vec::new(),
        lock_time: 0,
        mweb: None,
        is_hogex: false,
    };
    let plain = Transaction::from(parts(Vec::new()));
    let signed = Transaction::from(parts(vec![Bytes::from_static(b"x")]));
    let output = |script: Vec<u8>| vec![TxOut { value: Amount(1), script_pubkey: script.into() }];
    let taproot = output([&[0x51, 32][..], &[1; 32]].concat());
    let other = output([&[0x52, 32][..], &[1; 32]].concat());
    let needs = |tx: &Transaction, spent: &[TxOut]| {
        let data = SighashData::new(tx, spent);
        (data.witness_v0.is_some(), data.taproot.is_some())
    };
    assert_eq!(needs(&plain, &taproot), (false, false));
    assert_eq!(needs(&signed, &taproot), (false, true));
    assert_eq!(needs(&signed, &other), (true, false));
    assert_eq!(needs(&signed, &[]), (true, false));
    assert_eq!(needs(&signed, &[taproot[0].clone(), other[0].clone()]), (true, false));
    let complete = SighashData::complete(&plain, &other);
    assert!(complete.witness_v0.is_some() && complete.taproot.is_some());
}
