//! `estimatesmartfee`.

use litecast_mempool::{FeeEstimator, fees::Horizon};
use serde_json::Value;

use crate::code::RpcError;
use crate::convert::{JsonType, check_type};
use crate::method::{Arg, ArgKind, Call, Method};
use crate::render::smart_fee_to_json;

pub(super) const METHOD: Method = Method {
    name: "estimatesmartfee",
    category: "util",
    args: &[
        Arg::required("conf_target", ArgKind::Num, "Blocks within which a transaction is to be mined (1 - 1008)."),
        Arg::default(
            "estimate_mode",
            ArgKind::Str,
            "CONSERVATIVE",
            "UNSET or CONSERVATIVE: the rate has to hold over a longer time as well. ECONOMICAL: it follows a fall of \
             fees at once.",
        ),
    ],
    description: "Estimates the fee rate with which a transaction is mined within some blocks. Sizes are virtual (BIP141).",
    result: "{                     (json object)\n  \"feerate\" : n,      (numeric, optional) LTC per 1000 virtual \
             bytes.\n  \"errors\" : [        (json array, optional) Why there is no rate.\n    \"str\", ...\n  ],\n  \
             \"blocks\" : n        (numeric) Blocks that the rate is for: at least 2, and no more than has been seen \
             enough of.\n}",
    examples: &["6"],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    call.check_types(&[JsonType::Number, JsonType::String], false)?;
    with_fees(call, |fees| {
        let target = target(call, fees)?;
        let conservative = call.opt_str(1)?.map_or(Ok(true), is_conservative)?;
        Ok(smart_fee_to_json(fees, target, conservative))
    })
}

/// Lets a function look at the pool's estimates.
pub(super) fn with_fees(
    call: &Call<'_>,
    answer: impl FnOnce(&FeeEstimator) -> Result<Value, RpcError>,
) -> Result<Value, RpcError> {
    answer(call.node.require_chain()?.reader().mempool().fees())
}

/// The first parameter (v0.21.5.5 src/rpc/util.cpp, ParseConfirmTarget).
pub(super) fn target(call: &Call<'_>, fees: &FeeEstimator) -> Result<u32, RpcError> {
    check_type(call.param(0), JsonType::Number)?;
    let highest = fees.highest_target_tracked(Horizon::Long);
    let target = u32::try_from(call.i32(0)?).ok().filter(|target| (1..=highest).contains(target));
    let wrong = || RpcError::invalid_parameter(format!("Invalid conf_target, must be between 1 and {highest}"));
    target.ok_or_else(wrong)
}

fn is_conservative(mode: &str) -> Result<bool, RpcError> {
    match mode.to_ascii_lowercase().as_str() {
        "unset" | "conservative" => Ok(true),
        "economical" => Ok(false),
        _ => Err(RpcError::invalid_parameter(
            "Invalid estimate_mode parameter, must be one of: \"unset\", \"economical\", \"conservative\"",
        )),
    }
}
