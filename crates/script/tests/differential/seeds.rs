//! Cases to start mutations from: the committed corpus, and the reference's vectors where they are.

use std::path::Path;

use bytes::Bytes;
use litecast_primitives::{
    OutPoint, Txid,
    amount::Amount,
    transaction::{Transaction, TxIn, TxOut, TxParts},
};
use litecast_script::{
    Flags,
    opcode::{push_bytes, push_number},
};
use serde_json::Value;

use crate::case::{self, Case};

const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/differential");

/// All cases of the files of a folder beside this file.
pub(crate) fn folder(name: &str) -> Vec<Case> {
    let mut files: Vec<_> =
        std::fs::read_dir(Path::new(HERE).join(name)).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let cases = files.iter().filter(|path| path.extension().is_some_and(|end| end == "cases"));
    cases.flat_map(|path| case::read(&std::fs::read_to_string(path).unwrap())).collect()
}

/// The cases of the reference's vectors; none where there are no vectors.
pub(crate) fn vectors() -> Vec<Case> {
    let Some(script_tests) = json("litecoin-core/script_tests.json") else { return Vec::new() };
    let mut cases: Vec<Case> = script_tests.as_array().unwrap().iter().filter_map(script_test).collect();
    for file in ["litecoin-core/tx_valid.json", "litecoin-core/tx_invalid.json"] {
        let Some(file) = json(file) else { continue };
        cases.extend(file.as_array().unwrap().iter().filter_map(transaction_test).flatten());
    }
    if let Some(assets) = json("taproot/script_assets_test_minimized.json") {
        cases.extend(assets.as_array().unwrap().iter().flat_map(asset).filter(|case| case.to_line().len() < 100_000));
    }
    cases.retain(Case::is_sound);
    cases
}

fn json(file: &str) -> Option<Value> {
    let folder = std::env::var("LITECAST_VECTORS")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors").to_owned());
    let path = Path::new(&folder).join("vectors").join(file);
    if !path.exists() {
        eprintln!("skipped: no {}", path.display());
        return None;
    }
    Some(serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
}

fn flags(names: &str) -> u32 {
    names.split(',').filter_map(Flags::by_name).fold(Flags::NONE, |sum, flag| sum | flag).bits()
}

fn unhex(value: &Value) -> Option<Bytes> {
    hex::decode(value.as_str()?).ok().map(Bytes::from)
}

/// Words as the vectors spell scripts (v0.21.5.5 src/core_read.cpp, ParseScript).
fn script(words: &str) -> Option<Bytes> {
    let mut out = Vec::new();
    for word in words.split_whitespace() {
        if let Some(raw) = word.strip_prefix("0x") {
            out.extend(hex::decode(raw).ok()?);
        } else if let Some(text) = word.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
            push_bytes(&mut out, text.as_bytes());
        } else if let Ok(number) = word.parse() {
            push_number(&mut out, number);
        } else {
            out.push(opcode(word.strip_prefix("OP_").unwrap_or(word))?);
        }
    }
    Some(out.into())
}

/// An opcode by its name, which is that of the disassembly.
fn opcode(name: &str) -> Option<u8> {
    let name = match name {
        "NOP2" => "CHECKLOCKTIMEVERIFY",
        "NOP3" => "CHECKSEQUENCEVERIFY",
        other => other,
    };
    (0x50..=0xff).find(|code| {
        let words = litecast_script::asm::script_to_asm(&[*code], false);
        words.strip_prefix("OP_") == Some(name)
    })
}

/// A transaction that pays to a script, and one that spends it (v0.21.5.5 src/test/util/transaction_utils.cpp).
fn script_test(test: &Value) -> Option<Case> {
    let mut fields = test.as_array()?.as_slice();
    let (mut witness, mut amount) = (Vec::new(), 0);
    if let Some(Value::Array(first)) = fields.first() {
        let (last, items) = first.split_last()?;
        amount = (last.as_f64()? * 1e8).round() as i64;
        witness = items.iter().map(unhex).collect::<Option<_>>()?;
        fields = &fields[1..];
    }
    let [script_sig, script_pubkey, names, ..] = fields else { return None };
    let script_pubkey = script(script_pubkey.as_str()?)?;
    let input = |prevout, script_sig, witness| TxIn { prevout, script_sig, sequence: TxIn::SEQUENCE_FINAL, witness };
    let parts = |input, script_pubkey| TxParts {
        version: 1,
        inputs: vec![input],
        outputs: vec![TxOut { value: Amount(amount), script_pubkey }],
        lock_time: 0,
        mweb: None,
        is_hogex: false,
    };
    let credit = parts(input(OutPoint::NULL, Bytes::from_static(&[0, 0]), Vec::new()), script_pubkey.clone());
    let prevout = OutPoint { txid: Transaction::from(credit).txid(), vout: 0 };
    let tx = parts(input(prevout, script(script_sig.as_str()?)?, witness), Bytes::new());
    let spent = vec![TxOut { value: Amount(amount), script_pubkey }];
    let mut case = Case { flags: Flags::NONE, input: 0, tx, spent };
    case.set_flags(flags(names.as_str()?));
    Some(case)
}

/// A case for each input of a transaction.
fn transaction_test(test: &Value) -> Option<Vec<Case>> {
    let [Value::Array(prevouts), tx, names] = test.as_array()?.as_slice() else { return None };
    let tx = Transaction::from_bytes(unhex(tx)?).ok()?.parts().clone();
    let spent_by = |input: &TxIn| {
        prevouts.iter().find_map(|prevout| {
            let txid: Txid = prevout[0].as_str()?.parse().ok()?;
            let vout = u32::from_le_bytes(prevout[1].as_i64()?.to_le_bytes()[..4].try_into().ok()?);
            let value = Amount(prevout[3].as_i64().unwrap_or(0));
            let is_it = input.prevout == OutPoint { txid, vout };
            is_it.then_some(TxOut { value, script_pubkey: script(prevout[2].as_str()?)? })
        })
    };
    let spent: Vec<TxOut> = tx.inputs.iter().map(spent_by).collect::<Option<_>>()?;
    let cases = (0..tx.inputs.len()).map(|input| {
        let mut case = Case { flags: Flags::NONE, input, tx: tx.clone(), spent: spent.clone() };
        case.set_flags(flags(names.as_str().unwrap_or("")));
        case
    });
    Some(cases.collect())
}

/// The succeeding and the failing case of BIP341's tests.
fn asset(test: &Value) -> Vec<Case> {
    let of = |which: &str| {
        let mut tx = Transaction::from_bytes(unhex(&test["tx"])?).ok()?.parts().clone();
        let outputs = test["prevouts"].as_array()?.iter();
        let spent: Vec<TxOut> = outputs
            .map(|output| {
                let mut reader = litecast_primitives::codec::Reader::new(unhex(output)?);
                TxOut::decode(&mut reader).ok()
            })
            .collect::<Option<_>>()?;
        let input = usize::try_from(test["index"].as_u64()?).ok()?;
        let signed = tx.inputs.get_mut(input)?;
        signed.script_sig = unhex(&test[which]["scriptSig"])?;
        signed.witness = test[which]["witness"].as_array()?.iter().map(unhex).collect::<Option<_>>()?;
        let mut case = Case { flags: Flags::NONE, input, tx, spent };
        case.set_flags(flags(test["flags"].as_str()?));
        Some(case)
    };
    ["success", "failure"].into_iter().filter_map(of).collect()
}
