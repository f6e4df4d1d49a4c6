//! `prioritisetransaction`.

use litecast_primitives::Txid;
use serde_json::Value;

use crate::code::RpcError;
use crate::convert;
use crate::method::{Arg, ArgKind, Call, Method};

pub(super) const METHOD: Method = Method {
    name: "prioritisetransaction",
    category: "mining",
    args: &[
        Arg::required("txid", ArgKind::Hex, "The transaction's id; it may come later."),
        Arg::optional("dummy", ArgKind::Num, "Zero or null; deprecated."),
        Arg::required("fee_delta", ArgKind::Num, "Litoshis to add to its fee, or to take off if negative."),
    ],
    description: "Lets a transaction seem to pay more, or less, when transactions are chosen for a block and when there is no \
                  more room for all. What was added before stays added.",
    result: "true    (boolean) Always.",
    examples: &["\"txid\" 0.0 10000"],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let txid = Txid::from_bytes(convert::parse_hash(call.param(0), "txid")?);
    let delta = call.i64(2)?;
    if call.given(1).map_or(Ok(0.0), convert::as_f64)? != 0.0 {
        return Err(RpcError::invalid_parameter(
            "Priority is no longer supported, dummy argument to prioritisetransaction must be 0.",
        ));
    }
    call.node.require_chain()?.prioritise(txid, delta)?;
    Ok(true.into())
}
