//! `decoderawtransaction`.

use bytes::Bytes;
use litecast_primitives::{
    OutPoint, Transaction, TxIn, TxOut,
    codec::{DecodeError, Reader},
    transaction::TxParts,
};
use litecast_script::{Instructions, MAX_SCRIPT_SIZE};
use serde_json::Value;

use crate::code::{self, RpcError};
use crate::convert::{self, JsonType};
use crate::method::{Arg, ArgKind, Call, Method};
use crate::render::transaction_to_json;

/// Opcodes above mean nothing (v0.21.5.5 src/script/script.h, MAX_OPCODE).
const MAX_OPCODE: u8 = 0xb9;
/// Longest item on the stack (MAX_SCRIPT_ELEMENT_SIZE).
const MAX_ELEMENT: usize = 520;

pub(super) const METHOD: Method = Method {
    name: "decoderawtransaction",
    category: "rawtransactions",
    args: &[
        Arg::required("hexstring", ArgKind::Hex, "The transaction in hex."),
        Arg::default(
            "iswitness",
            ArgKind::Bool,
            "either",
            "true: the hex may have a witness and an MWEB part. false: it has neither.\nWithout, what makes more sense \
             is taken.",
        ),
    ],
    description: "Tells what a transaction in hex says.",
    result: "{                          (json object)\n  \"txid\" : \"hex\",          (string) The id.\n  \
             \"hash\" : \"hex\",          (string) The id with witness.\n  \
             \"version\" : n,           (numeric) The version.\n  \"size\" : n,              (numeric) Bytes.\n  \
             \"vsize\" : n,             (numeric) Virtual bytes.\n  \
             \"weight\" : n,            (numeric) Weight (BIP141).\n  \
             \"locktime\" : n,          (numeric) The lock time.\n  \
             \"vin\" : [                (json array) Inputs: of the extension block with \"ismweb\" and \"output_id\", \
             and others with\n    {\n      \"ismweb\" : false,\n      \"txid\" : \"hex\",      (string) What is spent; or \
             \"coinbase\" with its script.\n      \"vout\" : n,\n      \"scriptSig\" : {\n        \"asm\" : \"str\",\n        \
             \"hex\" : \"hex\"\n      },\n      \"txinwitness\" : [...],\n      \"sequence\" : n\n    },\n    ...\n  ],\n  \
             \"vout\" : [               (json array) Outputs: of the extension block likewise, and others with\n    {\n      \
             \"ismweb\" : false,\n      \"value\" : n,         (numeric) LTC.\n      \"n\" : n,\n      \
             \"scriptPubKey\" : {\n        \"asm\" : \"str\",     (string) In words.\n        \
             \"hex\" : \"hex\",     (string) In hex.\n        \
             \"reqSigs\" : n,     (numeric) Signatures it takes, where that is known.\n        \
             \"type\" : \"str\",    (string) Its template.\n        \
             \"addresses\" : [...]\n                           (json array) Whom it pays, where that is known.\n      }\n    \
             },\n    ...\n  ],\n  \"vkern\" : [...]          (json array) Kernels, if there is an MWEB part.\n}",
    examples: &["\"hexstring\""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    call.check_types(&[JsonType::String, JsonType::Bool], false)?;
    let extended = call.opt_bool(1)?;
    let tx = decode(call.str(0)?, extended != Some(true), extended != Some(false))
        .ok_or_else(|| RpcError::new(code::DESERIALIZATION_ERROR, "TX decode failed"))?;
    let prefixes = &call.node.require_chain()?.reader().params().addresses;
    Ok(transaction_to_json(&tx, None, prefixes).into())
}

/// A transaction in hex. The extended form can be mistaken for a plain one without inputs and the other way round;
/// if both can be read, the one with sane scripts is meant (v0.21.5.5 src/core_read.cpp, DecodeTx).
pub(super) fn decode(text: &str, try_plain: bool, try_extended: bool) -> Option<Transaction> {
    let bytes = Bytes::from(convert::decode_hex(text)?);
    let extended = if try_extended { Transaction::from_bytes(bytes.clone()).ok() } else { None };
    if extended.as_ref().is_some_and(has_sane_scripts) {
        return extended;
    }
    let plain = if try_plain { decode_plain(bytes).ok() } else { None };
    if plain.as_ref().is_some_and(has_sane_scripts) {
        return plain;
    }
    extended.or(plain)
}

/// The form that knows no extensions.
fn decode_plain(bytes: Bytes) -> Result<Transaction, DecodeError> {
    const MIN_INPUT: usize = 41;
    const MIN_OUTPUT: usize = 9;
    let mut r = Reader::new(bytes);
    let parts = TxParts {
        version: r.i32()?,
        inputs: r.vector(MIN_INPUT, |r| {
            let prevout = OutPoint::decode(r)?;
            Ok(TxIn { prevout, script_sig: r.var_bytes()?, sequence: r.u32()?, witness: Vec::new() })
        })?,
        outputs: r.vector(MIN_OUTPUT, TxOut::decode)?,
        lock_time: r.u32()?,
        mweb: None,
        is_hogex: false,
    };
    r.finish()?;
    Ok(Transaction::from(parts))
}

fn has_sane_scripts(tx: &Transaction) -> bool {
    let inputs = tx.inputs().iter().map(|input| &input.script_sig).filter(|_| !tx.is_coinbase());
    let outputs = tx.outputs().iter().map(|output| &output.script_pubkey);
    inputs.chain(outputs).all(|script| {
        script.len() <= MAX_SCRIPT_SIZE
            && Instructions::new(script)
                .all(|step| step.is_ok_and(|step| step.opcode <= MAX_OPCODE && step.data.len() <= MAX_ELEMENT))
    })
}
