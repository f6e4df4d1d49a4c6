//! `getrawtransaction`.

use std::sync::Arc;

use litecast_primitives::Txid;
use serde_json::{Map, Value};

use super::lookup;
use crate::code::{self, RpcError};
use crate::convert;
use crate::method::{Arg, ArgKind, Call, Method};
use crate::render::{BlockPlace, transaction_to_json};

pub(super) const METHOD: Method = Method {
    name: "getrawtransaction",
    category: "rawtransactions",
    args: &[
        Arg::required("txid", ArgKind::Hex, "The transaction's id."),
        Arg::default("verbose", ArgKind::Bool, "false", "An object instead of hex."),
        Arg::optional("blockhash", ArgKind::Hex, "Hash of the block that it is in."),
    ],
    description: "Tells about a transaction of the mempool, or of a block. This version keeps no index of transactions: \
                  without a block it finds only those of the mempool.",
    result: "\"hex\"                        (string) Without verbose.\n\n\
             {                            (json object) With verbose: as decoderawtransaction, with its hex; and of a \
             block\n  \
             \"in_active_chain\" : true|false,\n                               (boolean) Whether the block is.\n  \
             \"blockhash\" : \"hex\",       (string) The block.\n  \
             \"confirmations\" : n,       (numeric) Blocks since; 0 on a side branch.\n  \
             \"time\" : n,                (numeric) Time of the block.\n  \"blocktime\" : n            (numeric) Again.\n}",
    examples: &["\"txid\" true \"blockhash\""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let txid = Txid::from_bytes(convert::parse_hash(call.param(0), "parameter 1")?);
    let chain = call.node.require_chain()?;
    let params = chain.reader().params();
    let no_such = |message: &str| RpcError::new(code::INVALID_ADDRESS_OR_KEY, message);
    if params.genesis.transactions()[0].txid() == txid {
        let message = "The genesis block coinbase is not considered an ordinary transaction and cannot be retrieved";
        return Err(no_such(message));
    }
    let verbose = match call.given(1) {
        None => false,
        Some(number @ Value::Number(_)) => convert::as_i32(number)? != 0,
        Some(other) => convert::as_bool(other)?,
    };
    let encoding = call.node.encoding();
    if call.given(2).is_none() {
        let found = chain.reader().mempool().get(&txid).map(|entry| Arc::clone(entry.tx()));
        let tx = found.ok_or_else(|| {
            no_such(
                "No such mempool transaction. Use -txindex or provide a block hash to enable blockchain transaction \
                 queries. Use gettransaction for wallet transactions.",
            )
        })?;
        return Ok(if verbose {
            transaction_to_json(&tx, Some(encoding), &params.addresses).into()
        } else {
            hex::encode(tx.encode(encoding)).into()
        });
    }
    let hash = lookup::block_hash(call, 2, "parameter 3")?;
    let (entry, place) = {
        let index = chain.reader().index();
        let id = index.find(&hash).ok_or_else(|| no_such("Block hash not found"))?;
        (index.entry(id).clone(), BlockPlace::of(&index, id))
    };
    if !entry.have_data() {
        return Err(RpcError::misc("Block not available"));
    }
    let block = lookup::read_block(chain, &entry).ok();
    let found = block.as_ref().and_then(|block| block.transactions().iter().find(|tx| tx.txid() == txid));
    let Some(tx) = found else {
        return Err(no_such(
            "No such transaction found in the provided block. Use gettransaction for wallet transactions.",
        ));
    };
    if !verbose {
        return Ok(hex::encode(tx.encode(encoding)).into());
    }
    let in_active_chain = place.confirmations > 0;
    let mut out = Map::new();
    out.insert("in_active_chain".into(), in_active_chain.into());
    out.extend(transaction_to_json(tx, Some(encoding), &params.addresses));
    out.insert("blockhash".into(), hash.to_string().into());
    out.insert("confirmations".into(), place.confirmations.max(0).into());
    if in_active_chain {
        out.insert("time".into(), entry.header.time.into());
        out.insert("blocktime".into(), entry.header.time.into());
    }
    Ok(out.into())
}
