//! `getblockheader`.

use serde_json::Value;

use super::lookup;
use crate::code::RpcError;
use crate::method::{Arg, ArgKind, Call, Method};
use crate::render::{BlockPlace, header_to_json};

pub(super) const METHOD: Method = Method {
    name: "getblockheader",
    category: "blockchain",
    args: &[
        Arg::required("blockhash", ArgKind::Hex, "The block's hash."),
        Arg::default("verbose", ArgKind::Bool, "true", "An object, or else the 80 bytes in hex."),
    ],
    description: "Tells about a known header, whether or not its block is here.",
    result: "{                            (json object) With verbose.\n  \
             \"hash\" : \"hex\",            (string) The hash.\n  \
             \"confirmations\" : n,       (numeric) Blocks from here to the tip; -1 on a side branch.\n  \
             \"height\" : n,              (numeric) The height.\n  \
             \"version\" : n,             (numeric) The version.\n  \
             \"versionHex\" : \"hex\",      (string) The version in hex.\n  \
             \"merkleroot\" : \"hex\",      (string) Root over the transaction ids.\n  \
             \"time\" : n,                (numeric) Unix time.\n  \
             \"mediantime\" : n,          (numeric) Median of this and the ten times before.\n  \
             \"nonce\" : n,               (numeric) The nonce.\n  \
             \"bits\" : \"hex\",            (string) Compact target.\n  \
             \"difficulty\" : n,          (numeric) Difficulty.\n  \
             \"chainwork\" : \"hex\",       (string) Expected hashes up to here.\n  \
             \"nTx\" : n,                 (numeric) Transactions; 0 if the block was never here.\n  \
             \"mweb_header\" : {...},     (json object) Header of the extension block, if there is one.\n  \
             \"mweb_amount\" : n,         (numeric) Litoshis in the extension block after this block.\n  \
             \"prev_mweb_amount\" : n,    (numeric) And before it.\n  \
             \"previousblockhash\" : \"hex\",\n  \"nextblockhash\" : \"hex\"\n}\n\n\
             \"hex\"    (string) Without verbose.",
    examples: &["\"e2acdf2dd19a702e5d12a925f1e984b01e47a933562ca893656d4afb38b44ee3\""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let hash = lookup::block_hash(call, 0, "hash")?;
    let verbose = call.opt_bool(1)?.unwrap_or(true);
    let index = call.node.require_chain()?.reader().index();
    let id = lookup::known(&index, &hash)?;
    let header = index.entry(id).header;
    if !verbose {
        return Ok(hex::encode(header.encode()).into());
    }
    let place = BlockPlace::of(&index, id);
    drop(index);
    Ok(header_to_json(&header, &place).into())
}
