//! `generateblock`.

use std::sync::Arc;

use litecast_engine::{Contents, Handle};
use litecast_primitives::{Transaction, Txid};
use serde_json::{Value, json};

use super::{decoderawtransaction, generate};
use crate::code::{self, RpcError};
use crate::convert;
use crate::method::{Arg, ArgKind, Call, Method};
use crate::template::assemble;

pub(super) const METHOD: Method = Method {
    name: "generateblock",
    category: "generating",
    args: &[
        Arg::required("output", ArgKind::Str, "Whom the coinbase pays: an address, raw(hex) or addr(address)."),
        Arg::required(
            "transactions",
            ArgKind::Array("[\"rawtx/txid\",...]"),
            "Transactions in hex, in an order in which they can be spent, or ids of the mempool's.",
        ),
    ],
    description: "Mines one block with these transactions before it answers; for tests. Their fees go to nobody.",
    result: "{                    (json object)\n  \"hash\" : \"hex\"     (string) Hash of the block.\n}",
    examples: &["\"myaddress\" '[\"rawtx\"]'"],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let output = call.str(0)?;
    let chain = call.node.require_chain()?;
    let prefixes = &chain.reader().params().addresses;
    let script = generate::script_of_descriptor(output, prefixes)
        .ok()
        .or_else(|| generate::script_of_address(output, prefixes))
        .ok_or_else(|| RpcError::new(code::INVALID_ADDRESS_OR_KEY, "Error: Invalid address or descriptor"))?;
    let listed = convert::as_array(call.param(1))?;
    let transactions = listed.iter().map(|value| transaction(value, chain)).collect::<Result<_, _>>()?;
    let template = assemble(chain, &script, Contents::These(transactions), 1)?;
    if let Err(reject) = chain.check_template(Arc::new(template.block.clone()))? {
        return Err(RpcError::new(code::VERIFY_ERROR, format!("TestBlockValidity failed: {reject}")));
    }
    let mut tries = generate::DEFAULT_MAX_TRIES;
    let generate::Mined::Found(block) = generate::search(call, chain, &template.block, &mut tries) else {
        return Err(RpcError::misc("Failed to make block."));
    };
    Ok(json!({"hash": generate::submit(chain, *block)?.to_string()}))
}

fn transaction(value: &Value, chain: &Handle) -> Result<Arc<Transaction>, RpcError> {
    let text = convert::as_str(value)?;
    if let Ok(txid) = text.parse::<Txid>() {
        let found = chain.reader().mempool().get(&txid).map(|entry| Arc::clone(entry.tx()));
        let message = format!("Transaction {text} not in mempool.");
        return found.ok_or_else(|| RpcError::new(code::INVALID_ADDRESS_OR_KEY, message));
    }
    decoderawtransaction::decode(text, false, true).map(Arc::new).ok_or_else(|| {
        let message = format!("Transaction decode failed for {text}. Make sure the tx has at least one input.");
        RpcError::new(code::DESERIALIZATION_ERROR, message)
    })
}
