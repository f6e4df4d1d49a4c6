//! `getmempoolentry`.

use litecast_mempool::{Entry, Mempool};
use litecast_primitives::Txid;
use serde_json::Value;

use crate::code::{self, RpcError};
use crate::convert;
use crate::method::{Arg, ArgKind, Call, Method};
use crate::render::entry_to_json;

pub(super) const METHOD: Method = Method {
    name: "getmempoolentry",
    category: "blockchain",
    args: &[Arg::required("txid", ArgKind::Hex, "The transaction's id; it must be in the mempool.")],
    description: "Tells what the mempool knows about a transaction.",
    result: "{                                  (json object) Sums are over the transaction itself too.\n  \
             \"fees\" : {                        (json object) LTC.\n    \
             \"base\" : n,                     (numeric) The fee.\n    \
             \"modified\" : n,                 (numeric) With prioritisetransaction.\n    \
             \"ancestor\" : n,                 (numeric) Modified fees of it and all that it depends on.\n    \
             \"descendant\" : n                (numeric) Modified fees of it and all that depend on it.\n  },\n  \
             \"vsize\" : n,                      (numeric) Virtual bytes.\n  \
             \"weight\" : n,                     (numeric) Weight (BIP141).\n  \
             \"mwebweight\" : n,                 (numeric) Weight inside of the extension block.\n  \
             \"fee\" : n,                        (numeric) As fees.base; deprecated.\n  \
             \"modifiedfee\" : n,                (numeric) As fees.modified; deprecated.\n  \
             \"time\" : n,                       (numeric) When it came, Unix seconds.\n  \
             \"height\" : n,                     (numeric) Height of the chain then.\n  \
             \"descendantcount\" : n,            (numeric) How many depend on it.\n  \
             \"descendantsize\" : n,             (numeric) Their virtual bytes.\n  \
             \"descendantmwebweight\" : n,       (numeric) Their weight inside.\n  \
             \"descendantfees\" : n,             (numeric) Their modified fees in litoshis; deprecated.\n  \
             \"ancestorcount\" : n,              (numeric) The same of those that it depends on.\n  \
             \"ancestorsize\" : n,\n  \"ancestormwebweight\" : n,\n  \"ancestorfees\" : n,\n  \
             \"wtxid\" : \"hex\",                  (string) The id with witness.\n  \
             \"mweb\" : {                        (json object) If it has a part inside.\n    \
             \"weight\" : {                    (json object) As above.\n      \"base\" : n,\n      \"ancestor\" : n,\n      \
             \"descendant\" : n\n    },\n    \
             \"fee\" : n,                      (numeric) What its kernels pay, LTC.\n    \
             \"lock_height\" : n,              (numeric) The highest of its kernels.\n    \
             \"pegins\" : [{                   (json array)\n      \"amount\" : n,                 (numeric) Litoshis.\n      \
             \"kernel_id\" : \"hex\"\n    }, ...],\n    \"pegouts\" : [{                  (json array)\n      \
             \"amount\" : n,                 (numeric) Litoshis.\n      \"scriptpubkey\" : \"hex\"\n    }, ...],\n    \
             \"inputs\" : [\"hex\", ...],        (json array) Ids of what it spends inside.\n    \
             \"outputs\" : [\"hex\", ...]        (json array) Ids of what it creates inside.\n  },\n  \
             \"depends\" : [\"hex\", ...],         (json array) Transactions here that it spends from.\n  \
             \"spentby\" : [\"hex\", ...],         (json array) Transactions here that spend from it.\n  \
             \"bip125-replaceable\" : true|false,\n                                     (boolean) It or an ancestor signals \
             that it may be replaced.\n  \
             \"unbroadcast\" : true|false        (boolean) No peer has asked for it yet.\n}",
    examples: &["\"txid\""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let txid = Txid::from_bytes(convert::parse_hash(call.param(0), "parameter 1")?);
    let pool = call.node.require_chain()?.reader().mempool();
    Ok(entry_to_json(&pool, entry(&pool, &txid)?))
}

/// An entry that must be there.
pub(super) fn entry<'a>(pool: &'a Mempool, txid: &Txid) -> Result<&'a Entry, RpcError> {
    pool.get(txid).ok_or_else(|| RpcError::new(code::INVALID_ADDRESS_OR_KEY, "Transaction not in mempool"))
}
