//! Transactions (v0.21.5.5 src/core_write.cpp, TxToUniv).

use litecast_consensus::WITNESS_SCALE_FACTOR;
use litecast_primitives::{
    Transaction, TxIn, TxOut,
    mweb::{Kernel, PegOut},
    params::AddressPrefixes,
    transaction::Encoding,
};
use litecast_script::asm::script_to_asm;
use serde_json::{Map, Value, json};

use super::script::script_pubkey_to_json;
use crate::amount::amount_to_json;

/// A transaction; with its hex in an encoding if wanted.
#[must_use]
pub fn transaction_to_json(tx: &Transaction, hex: Option<Encoding>, prefixes: &AddressPrefixes) -> Map<String, Value> {
    let weight = tx.weight();
    let mut out = Map::new();
    out.insert("txid".into(), tx.txid().to_string().into());
    out.insert("hash".into(), tx.wtxid().to_string().into());
    // Signed in memory, unsigned in the rules.
    out.insert("version".into(), tx.version().cast_unsigned().into());
    out.insert("size".into(), tx.bytes().len().into());
    out.insert("vsize".into(), weight.div_ceil(WITNESS_SCALE_FACTOR).into());
    out.insert("weight".into(), weight.into());
    out.insert("locktime".into(), tx.lock_time().into());
    let coinbase = tx.is_coinbase();
    let mut inputs: Vec<Value> = tx.inputs().iter().map(|input| input_to_json(input, coinbase)).collect();
    let mut outputs: Vec<Value> =
        tx.outputs().iter().enumerate().map(|(n, output)| output_to_json(n, output, prefixes)).collect();
    if let Some(mweb) = tx.mweb() {
        let named = |id: String| json!({"ismweb": true, "output_id": id});
        inputs.extend(mweb.body.inputs.iter().map(|input| named(input.output_id.to_string())));
        outputs.extend(mweb.body.outputs.iter().map(|output| named(output.id().to_string())));
    }
    out.insert("vin".into(), inputs.into());
    out.insert("vout".into(), outputs.into());
    if let Some(mweb) = tx.mweb() {
        let kernels: Vec<Value> = mweb.body.kernels.iter().map(|kernel| kernel_to_json(kernel, prefixes)).collect();
        out.insert("vkern".into(), kernels.into());
    }
    if let Some(encoding) = hex {
        out.insert("hex".into(), hex::encode(tx.encode(encoding)).into());
    }
    out
}

fn input_to_json(input: &TxIn, coinbase: bool) -> Value {
    let mut out = Map::new();
    out.insert("ismweb".into(), false.into());
    if coinbase {
        out.insert("coinbase".into(), hex::encode(&input.script_sig).into());
    } else {
        out.insert("txid".into(), input.prevout.txid.to_string().into());
        out.insert("vout".into(), input.prevout.vout.into());
        let script = json!({"asm": script_to_asm(&input.script_sig, true), "hex": hex::encode(&input.script_sig)});
        out.insert("scriptSig".into(), script);
    }
    if !input.witness.is_empty() {
        out.insert("txinwitness".into(), input.witness.iter().map(hex::encode).collect::<Vec<_>>().into());
    }
    out.insert("sequence".into(), input.sequence.into());
    out.into()
}

fn output_to_json(n: usize, output: &TxOut, prefixes: &AddressPrefixes) -> Value {
    json!({
        "ismweb": false,
        "value": amount_to_json(output.value.0),
        "n": n,
        "scriptPubKey": script_pubkey_to_json(&output.script_pubkey, true, prefixes),
    })
}

fn kernel_to_json(kernel: &Kernel, prefixes: &AddressPrefixes) -> Value {
    let peg_out = |out: &PegOut| {
        json!({
            "value": amount_to_json(out.amount.0),
            "scriptPubKey": script_pubkey_to_json(&out.script_pubkey, true, prefixes),
        })
    };
    json!({
        "kernel_id": kernel.id().to_string(),
        "fee": amount_to_json(kernel.fee.unwrap_or_default().0),
        "pegin": amount_to_json(kernel.peg_in.unwrap_or_default().0),
        "pegout": kernel.peg_outs.iter().map(peg_out).collect::<Vec<_>>(),
    })
}
