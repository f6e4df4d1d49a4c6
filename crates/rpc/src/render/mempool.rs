//! Entries of the mempool (v0.21.5.5 src/rpc/blockchain.cpp, entryToJSON).

use std::collections::BTreeSet;

use litecast_mempool::{
    Entry, Mempool, OutputIndex,
    entry::{created_outputs, spent_outputs},
    policy::rbf::{RbfState, rbf_state},
};
use litecast_mweb::amounts;
use litecast_primitives::{
    Transaction,
    mweb::{PegOut, TxBody},
};
use serde_json::{Value, json};

use crate::amount::amount_to_json;

/// What the pool knows about one of its entries. Amounts are LTC but for `descendantfees`, `ancestorfees`, and peg-ins and
/// peg-outs inside, which are litoshis.
#[must_use]
pub fn entry_to_json(pool: &Mempool, entry: &Entry) -> Value {
    let (up, down) = (entry.with_ancestors(), entry.with_descendants());
    let tx = entry.tx();
    let mut out = json!({
        "fees": {
            "base": amount_to_json(entry.fee().0),
            "modified": amount_to_json(entry.modified_fee()),
            "ancestor": amount_to_json(up.fees()),
            "descendant": amount_to_json(down.fees()),
        },
        "vsize": entry.size(),
        "weight": entry.weight(),
        "mwebweight": entry.mweb_weight(),
        "fee": amount_to_json(entry.fee().0),
        "modifiedfee": amount_to_json(entry.modified_fee()),
        "time": entry.time(),
        "height": entry.height(),
        "descendantcount": down.count,
        "descendantsize": down.size,
        "descendantmwebweight": down.mweb_weight,
        "descendantfees": down.fees(),
        "ancestorcount": up.count,
        "ancestorsize": up.size,
        "ancestormwebweight": up.mweb_weight,
        "ancestorfees": up.fees(),
        "wtxid": tx.wtxid().to_string(),
    });
    if let Some(mweb) = tx.mweb() {
        out["mweb"] = inside_to_json(entry, tx, &mweb.body);
    }
    // In the order of the ids as they are shown, and those that depend on it in the order of the ids' bytes.
    let depends: BTreeSet<String> = entry.parents().iter().map(ToString::to_string).collect();
    out["depends"] = depends.into_iter().collect();
    out["spentby"] = entry.children().iter().map(ToString::to_string).collect();
    out["bip125-replaceable"] = (rbf_state(tx, pool) == RbfState::Replaceable).into();
    out["unbroadcast"] = pool.unbroadcast().contains(&entry.txid()).into();
    out
}

fn inside_to_json(entry: &Entry, tx: &Transaction, body: &TxBody) -> Value {
    let peg_in = |from: amounts::PegIn| json!({"amount": from.amount.0, "kernel_id": from.kernel_id.to_string()});
    let peg_out = |to: &PegOut| json!({"amount": to.amount.0, "scriptpubkey": hex::encode(&to.script_pubkey)});
    json!({
        "weight": {
            "base": entry.mweb_weight(),
            "ancestor": entry.with_ancestors().mweb_weight,
            "descendant": entry.with_descendants().mweb_weight,
        },
        "fee": amounts::total_fee(body).map(|fee| amount_to_json(fee.0)),
        "lock_height": amounts::lock_height(body),
        "pegins": amounts::peg_ins(body).into_iter().map(peg_in).collect::<Value>(),
        "pegouts": amounts::peg_outs(body).map(peg_out).collect::<Value>(),
        "inputs": ids_inside(spent_outputs(tx)),
        "outputs": ids_inside(created_outputs(tx)),
    })
}

fn ids_inside(outputs: impl Iterator<Item = OutputIndex>) -> Value {
    let inside = |output| match output {
        OutputIndex::Mweb(id) => Some(Value::from(id.to_string())),
        OutputIndex::Out(_) => None,
    };
    outputs.filter_map(inside).collect()
}
