//! `submitheader`.

use bytes::Bytes;
use litecast_primitives::{BlockHeader, codec::Reader};
use serde_json::Value;

use crate::code::{self, RpcError};
use crate::method::{Arg, ArgKind, Call, Method};

pub(super) const METHOD: Method = Method {
    name: "submitheader",
    category: "mining",
    args: &[Arg::required("hexdata", ArgKind::Hex, "The header in hex.")],
    description: "Hands a header to the node. Fails if the header is not valid or the one below it is not known.",
    result: "null    (json null)",
    examples: &["\"aabbcc\""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    // What follows the header is ignored, as in the reference.
    let bytes = hex::decode(call.str(0)?).ok();
    let header = bytes
        .and_then(|bytes| BlockHeader::decode(&mut Reader::new(Bytes::from(bytes))).ok())
        .ok_or_else(|| RpcError::new(code::DESERIALIZATION_ERROR, "Block header decode failed"))?;
    let chain = call.node.require_chain()?;
    let refused = |message: String| RpcError::new(code::VERIFY_ERROR, message);
    if chain.reader().entry(&header.prev).is_none() {
        return Err(refused(format!("Must submit previous header ({}) first", header.prev)));
    }
    match chain.submit_headers(&[header])?.reject {
        None => Ok(Value::Null),
        Some(reject) => Err(refused(reject.reason().into_owned())),
    }
}
