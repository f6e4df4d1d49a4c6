//! `getblock`.

use serde_json::Value;

use super::lookup;
use crate::code::RpcError;
use crate::convert;
use crate::method::{Arg, ArgKind, Call, Method};
use crate::render::{BlockPlace, Detail, block_to_json};

pub(super) const METHOD: Method = Method {
    name: "getblock",
    category: "blockchain",
    args: &[
        Arg::required("blockhash", ArgKind::Hex, "The block's hash."),
        Arg::default(
            "verbosity|verbose",
            ArgKind::Num,
            "1",
            "0: hex; 1: an object with ids of transactions; 2: with whole transactions.\nfalse and true are 0 and 1.",
        ),
    ],
    description: "Tells about a block that is here. What hex contains is up to -rpcserialversion.",
    result: "\"hex\"    (string) With verbosity 0.\n\n\
             {                            (json object) With verbosity 1 and 2: as getblockheader, and\n  \
             \"strippedsize\" : n,        (numeric) Bytes without witness and MWEB.\n  \
             \"size\" : n,                (numeric) Bytes.\n  \
             \"weight\" : n,              (numeric) Weight (BIP141); the extension block has none.\n  \
             \"tx\" : [...],              (json array) Transaction ids, or objects as of decoderawtransaction with their \
             hex.\n  \
             \"mweb\" : {                 (json object) The extension block, if there is one: its header, and\n    \
             \"inputs\" : [...],        (json array) Ids of spent outputs, or objects.\n    \
             \"outputs\" : [...],       (json array) Ids of outputs, or objects.\n    \
             \"kernels\" : [...]        (json array) Excesses of kernels, or objects.\n  }\n}",
    examples: &["\"e2acdf2dd19a702e5d12a925f1e984b01e47a933562ca893656d4afb38b44ee3\" 2"],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let hash = lookup::block_hash(call, 0, "blockhash")?;
    let verbosity = match call.given(1) {
        None => 1,
        Some(number @ Value::Number(_)) => convert::as_i32(number)?,
        Some(other) => i32::from(convert::as_bool(other)?),
    };
    let chain = call.node.require_chain()?;
    let (entry, place) = {
        let index = chain.reader().index();
        let id = lookup::known(&index, &hash)?;
        (index.entry(id).clone(), BlockPlace::of(&index, id))
    };
    let block = lookup::read_block(chain, &entry)?;
    let encoding = call.node.encoding();
    let detail = match verbosity {
        ..=0 => return Ok(hex::encode(block.encode(encoding)).into()),
        1 => Detail::Ids,
        _ => Detail::Full(encoding),
    };
    Ok(block_to_json(&block, &place, detail, &chain.reader().params().addresses).into())
}
