//! Transactions from many places: each decodes, encodes to the same bytes, has the id that others gave it, and is one
//! that the rules let pass.

use std::{ffi::OsStr, fs, path::Path, process::Command};

use bytes::Bytes;
use litecast_consensus::tx::check_transaction;
use litecast_primitives::{Transaction, codec::DecodeError, transaction::Encoding};

use serde_json::{Value, json};

use crate::vectors;

fn read(bytes: &Bytes, label: &str) -> Transaction {
    let tx = Transaction::from_bytes(bytes.clone()).unwrap_or_else(|error| panic!("{label}: {error}"));
    assert_eq!(tx.bytes(), bytes, "{label}");
    assert_eq!(Transaction::from(tx.parts().clone()).bytes(), bytes, "{label}: made from its parts");
    assert_eq!(tx.encode(Encoding::Base).len(), tx.base_size(), "{label}");
    assert_eq!(tx.encode(Encoding::Witness).len(), tx.witness_encoding_size(), "{label}");
    tx
}

fn read_file(path: &Path) -> Transaction {
    read(&vectors::hex_bytes(&fs::read_to_string(path).unwrap()), &path.display().to_string())
}

#[test]
fn transactions_of_every_flag_pass() {
    let Some(folder) = vectors::folder() else { return };
    let entries = vectors::json(&folder.join("tx/transactions.json"));
    let (mut ids, mut inside_only, mut hogexes, mut peg_ins) = (0, 0, 0, 0);
    for entry in entries.as_array().unwrap() {
        let name = entry["name"].as_str().unwrap();
        let bytes = vectors::hex_bytes(entry["hex"].as_str().unwrap());
        let tx = read(&bytes, name);
        // Not every source said the ids of what is inside of the extension block only.
        for (id, said) in [(tx.txid().to_string(), &entry["txid"]), (tx.wtxid().to_string(), &entry["wtxid"])] {
            assert!(said.is_null() || *said == id, "{name}: {said}, not {id}");
            ids += usize::from(!said.is_null());
        }
        assert_eq!(entry["size"], bytes.len(), "{name}");
        let flags = u8::from(tx.has_witness()) | if tx.mweb().is_some() || tx.is_hogex() { 8 } else { 0 };
        assert_eq!(entry["flags"], flags, "{name}");
        assert_eq!(check_transaction(&tx), Ok(()), "{name}");
        inside_only += usize::from(tx.is_mweb_only());
        hogexes += usize::from(tx.is_hogex());
        peg_ins += usize::from(tx.mweb().is_some() && !tx.is_mweb_only());
    }
    assert_eq!((entries.as_array().unwrap().len(), ids, inside_only, hogexes, peg_ins), (17, 28, 6, 4, 4));
}

/// What block explorers said of single transactions.
#[test]
fn transactions_as_others_read_them() {
    let Some(folder) = vectors::folder() else { return };
    let said = vectors::json(&folder.join("rpc/blockbook_tx_mainnet_1377592.json"));
    let mut seen = 0;
    for (txid, entry) in said["txDetails"].as_object().unwrap() {
        let tx = read(&vectors::hex_bytes(entry["hex"].as_str().unwrap()), txid);
        assert_eq!(tx.txid().to_string(), *txid);
        assert_eq!(check_transaction(&tx), Ok(()));
        seen += 1;
    }
    assert_eq!(seen, 1);
    // Its raw form is among the transactions of every flag.
    let said = vectors::json(&folder.join("rpc/decoderawtransaction_regtest_pegin_2e6a2805.json"));
    let entries = vectors::json(&folder.join("tx/transactions.json"));
    let mut entries = entries.as_array().unwrap().iter();
    let entry = entries.find(|entry| entry["name"] == "regtest_pegin_2e6a2805").unwrap();
    let tx = read(&vectors::hex_bytes(entry["hex"].as_str().unwrap()), "peg-in");
    assert_eq!(said["txid"], tx.txid().to_string());
    assert_eq!(said["hash"], tx.wtxid().to_string());
    let kernels = &tx.mweb().unwrap().body.kernels;
    let named: Vec<_> = said["vkern"].as_array().unwrap().iter().map(|kernel| kernel["kernel_id"].clone()).collect();
    let ours: Vec<_> = kernels.iter().map(|kernel| kernel.id().to_string()).collect();
    assert_eq!(json!(named), json!(ours));
}

/// Transactions of other chains and tools: the form is the same.
#[test]
fn foreign_transactions() {
    let Some(folder) = vectors::folder() else { return };
    for n in 1..=5 {
        let tx = read_file(&folder.join(format!("vectors/txsort/bip69-{n}.hex")));
        assert_eq!(check_transaction(&tx), Ok(()), "bip69-{n}");
    }
    // Another coin's form, with a tree in each input and a version in each output: no transaction here.
    let bytes = vectors::hex_bytes(&fs::read_to_string(folder.join("vectors/tx/many_inputs_tx.hex")).unwrap());
    assert_eq!(Transaction::from_bytes(bytes), Err(DecodeError::TrailingBytes(30_629)));
}

/// A megabyte with 5,569 inputs.
#[test]
fn a_transaction_that_fills_a_block() {
    let Some(folder) = vectors::folder() else { return };
    let file = folder.join("vectors/tx/megatx.bin.bz2");
    let script = "import bz2, sys; sys.stdout.buffer.write(bz2.open(sys.argv[1]).read())";
    let Ok(unpacked) = Command::new("python3").args(["-c", script]).arg(&file).output() else {
        eprintln!("skipped: the transaction that fills a block: python3 is not installed");
        return;
    };
    assert!(unpacked.status.success(), "{}", String::from_utf8_lossy(&unpacked.stderr));
    let tx = read(&unpacked.stdout.into(), "megatx");
    assert_eq!(tx.inputs().len(), 5569);
    assert_eq!(check_transaction(&tx), Ok(()));
}

/// What the reference's transaction tool wrote (v0.21.5.5 test/util/data): the raw form beside the decoded one.
#[test]
fn transactions_of_the_references_tool() {
    let Some(folder) = vectors::folder() else { return };
    let (mut read_in, mut compared) = (0, 0);
    for entry in fs::read_dir(folder.join("vectors/litecoin-core/util")).unwrap() {
        let path = entry.unwrap().path();
        let label = path.display().to_string();
        let text = fs::read_to_string(&path).unwrap();
        let said: Value = match path.extension().and_then(OsStr::to_str) {
            Some("hex") => json!({ "hex": text.trim() }),
            // The list of what to run has no raw form.
            _ => serde_json::from_str(&text).unwrap(),
        };
        let Some(raw) = said["hex"].as_str() else { continue };
        let bytes = vectors::hex_bytes(raw);
        // Without inputs, the plain form of a transaction with outputs looks like the extended form.
        let Ok(tx) = Transaction::from_bytes(bytes.clone()) else {
            assert_eq!(bytes[4], 0, "{label}");
            continue;
        };
        read(&bytes, &label);
        read_in += 1;
        if said["txid"].is_null() {
            continue;
        }
        assert_eq!(said["txid"], tx.txid().to_string(), "{label}");
        assert_eq!(said["hash"], tx.wtxid().to_string(), "{label}");
        assert_eq!(said["size"], bytes.len(), "{label}");
        assert_eq!(said["weight"], 3 * tx.base_size() + tx.witness_encoding_size(), "{label}");
        let ours: Vec<_> = tx.inputs().iter().map(|i| json!([hex::encode(&i.script_sig), i.sequence])).collect();
        let input = |input: &Value| json!([input["scriptSig"]["hex"], input["sequence"]]);
        assert_eq!(said["vin"].as_array().unwrap().iter().map(input).collect::<Vec<_>>(), ours, "{label}");
        let ours: Vec<_> = tx.outputs().iter().map(|o| json!(hex::encode(&o.script_pubkey))).collect();
        let output = |output: &Value| output["scriptPubKey"]["hex"].clone();
        assert_eq!(said["vout"].as_array().unwrap().iter().map(output).collect::<Vec<_>>(), ours, "{label}");
        compared += 1;
    }
    assert_eq!((read_in, compared), (24, 11));
}
