//! `estimaterawfee`.

use serde_json::Value;

use super::estimatesmartfee::{target, with_fees};
use crate::code::RpcError;
use crate::convert::{JsonType, as_f64};
use crate::method::{Arg, ArgKind, Call, Method};
use crate::render::raw_fee_to_json;

/// Part of the transactions that must be mined within the target unless told otherwise.
const DEFAULT_THRESHOLD: f64 = 0.95;

pub(super) const METHOD: Method = Method {
    name: "estimaterawfee",
    category: "hidden",
    args: &[
        Arg::required("conf_target", ArgKind::Num, "Blocks within which a transaction is to be mined (1 - 1008)."),
        Arg::default(
            "threshold",
            ArgKind::Num,
            "0.95",
            "Part of the transactions of a range of fee rates that must have been mined within the target for a lower \
             range to be looked at.",
        ),
    ],
    description: "Shows the data behind fee estimates. It changes where estimates come to be made in another way.",
    result: "{                            (json object) A horizon for each that tracks the target.\n  \
             \"short\" : {                (json object, optional)\n    \"feerate\" : n,           (numeric, optional) LTC \
             per 1000 virtual bytes.\n    \"decay\" : n,             (numeric) What is left of an average after a \
             block.\n    \"scale\" : n,             (numeric) Blocks in a period.\n    \"pass\" : {               (json \
             object, optional) The lowest range that met the threshold.\n      \"startrange\" : n,      (numeric) Lowest \
             rate.\n      \"endrange\" : n,        (numeric) Highest rate.\n      \"withintarget\" : n,    (numeric) \
             Transactions mined within the target.\n      \"totalconfirmed\" : n,  (numeric) Mined at any time.\n      \
             \"inmempool\" : n,       (numeric) Waiting for at least the target.\n      \"leftmempool\" : n      \
             (numeric) Gone unconfirmed after the target.\n    },\n    \"fail\" : {...},          (json object, optional) \
             The highest range that did not.\n    \"errors\" : [\"str\", ...]  (json array, optional) Why there is no \
             rate.\n  },\n  \"medium\" : {...},          (json object, optional)\n  \"long\" : {...}             (json \
             object, optional)\n}",
    examples: &["6 0.9"],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    call.check_types(&[JsonType::Number, JsonType::Number], true)?;
    with_fees(call, |fees| {
        let target = target(call, fees)?;
        let threshold = call.given(1).map_or(Ok(DEFAULT_THRESHOLD), as_f64)?;
        if !(0.0..=1.0).contains(&threshold) {
            return Err(RpcError::invalid_parameter("Invalid threshold"));
        }
        Ok(raw_fee_to_json(fees, target, threshold))
    })
}
