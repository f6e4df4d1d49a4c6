//! `getmininginfo`.

use serde_json::{Value, json};

use super::getnetworkhashps::{DEFAULT_BLOCKS, hashes_per_second};
use crate::code::RpcError;
use crate::method::{Call, Method};
use crate::render::{difficulty, double_to_json};

pub(super) const METHOD: Method = Method {
    name: "getmininginfo",
    category: "mining",
    args: &[],
    description: "Tells what a miner may want to know.",
    result: "{                        (json object)\n  \"blocks\" : n,          (numeric) Height of the active chain.\n  \
             \"currentblockweight\" : n,\n                           (numeric) Weight of the last block that was made \
             here, if any.\n  \"currentblockmwebweight\" : n,\n                           (numeric) Weight inside of it.\n  \
             \"currentblocktx\" : n,  (numeric) Its transactions.\n  \
             \"difficulty\" : n,      (numeric) Its difficulty.\n  \
             \"networkhashps\" : n,   (numeric) As getnetworkhashps.\n  \
             \"pooledtx\" : n,        (numeric) Transactions in the mempool.\n  \
             \"chain\" : \"str\",       (string) \"main\", \"test\" or \"regtest\".\n  \
             \"warnings\" : \"str\"     (string) What the operator should know.\n}",
    examples: &[""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let reader = call.node.require_chain()?.reader();
    let tip = reader.tip();
    let rate = hashes_per_second(&reader.index(), reader.params(), DEFAULT_BLOCKS, -1);
    let mut out = json!({"blocks": tip.height});
    if let Some(last) = reader.last_template() {
        out["currentblockweight"] = last.weight.into();
        out["currentblockmwebweight"] = last.mweb_weight.into();
        out["currentblocktx"] = last.transactions.into();
    }
    out["difficulty"] = double_to_json(difficulty(tip.header.bits));
    out["networkhashps"] = double_to_json(rate);
    out["pooledtx"] = reader.mempool().len().into();
    out["chain"] = reader.params().network.name().into();
    out["warnings"] = call.node.warnings().into();
    Ok(out)
}
