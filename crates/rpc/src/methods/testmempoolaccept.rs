//! `testmempoolaccept`.

use std::sync::Arc;

use litecast_mempool::{TxCategory, policy::virtual_size};
use serde_json::{Value, json};

use super::sendrawtransaction;
use crate::amount::amount_to_json;
use crate::code::RpcError;
use crate::convert::{self, JsonType};
use crate::method::{Arg, ArgKind, Call, Method};

pub(super) const METHOD: Method = Method {
    name: "testmempoolaccept",
    category: "rawtransactions",
    args: &[
        Arg::required("rawtxs", ArgKind::Array("[\"rawtx\"]"), "Exactly one transaction in hex."),
        Arg::default(
            "maxfeerate",
            ArgKind::Amount,
            "0.10",
            "Refuse it if it pays more, in LTC per 1000 virtual bytes; 0 for no limit.",
        ),
    ],
    description: "Tells whether the mempool would take a transaction, and does not give it to it.",
    result: "[                              (json array) One item.\n  {\n    \
             \"txid\" : \"hex\",              (string) The id.\n    \
             \"allowed\" : true|false,      (boolean) Whether it would.\n    \
             \"vsize\" : n,                 (numeric) Virtual bytes, if it would.\n    \
             \"fees\" : {                   (json object) If it would.\n      \"base\" : n                 (numeric) The \
             fee, LTC.\n    },\n    \"reject-reason\" : \"str\"      (string) Why not.\n  }\n]",
    examples: &["'[\"signedhex\"]'"],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    call.check_types(&[JsonType::Array], false)?;
    let [hex] = convert::as_array(call.param(0))?.as_slice() else {
        return Err(RpcError::invalid_parameter("Array must contain exactly one raw transaction for now"));
    };
    let tx = Arc::new(sendrawtransaction::transaction(convert::as_str(hex)?)?);
    let max_fee = sendrawtransaction::max_fee(call, 1, &tx)?;
    let txid = tx.txid().to_string();
    let refused = |reason: &str| json!([{"txid": txid, "allowed": false, "reject-reason": reason}]);
    Ok(match call.node.require_chain()?.reader().test_accept(&tx)? {
        Ok(accepted) if max_fee.is_some_and(|most| accepted.fee > most) => refused("max-fee-exceeded"),
        Ok(accepted) => json!([{
            "txid": txid,
            "allowed": true,
            "vsize": virtual_size(tx.weight() as u64, 0, 0),
            "fees": {"base": amount_to_json(accepted.fee.0)},
        }]),
        Err(reject) if reject.category() == TxCategory::MissingInputs => refused("missing-inputs"),
        Err(reject) => refused(&reject.reason()),
    })
}
