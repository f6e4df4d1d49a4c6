//! `listbanned`.

use serde_json::{Value, json};

use crate::code::RpcError;
use crate::method::{Call, Method};

pub(super) const METHOD: Method = Method {
    name: "listbanned",
    category: "network",
    args: &[],
    description: "Lists the addresses and ranges that setban has banned.",
    result: "[                             (json array)\n  {\n    \"address\" : \"str\",        (string) The range.\n    \
             \"banned_until\" : n,       (numeric) Unix time of the end.\n    \
             \"ban_created\" : n         (numeric) Unix time of the beginning.\n  },\n  ...\n]",
    examples: &[""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let bans = call.node.require_network()?.bans();
    let entry = |(subnet, ban): &(litecast_p2p::SubNet, litecast_p2p::bans::BanEntry)| json!({"address": subnet.to_string(), "banned_until": ban.until, "ban_created": ban.created});
    Ok(bans.iter().map(entry).collect())
}
