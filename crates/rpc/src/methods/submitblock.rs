//! `submitblock` (BIP22).

use std::sync::Arc;

use bytes::Bytes;
use litecast_consensus::{Reject, block::witness_commitment};
use litecast_engine::{Handle, status};
use litecast_primitives::{Block, Transaction, codec::Reader};
use serde_json::Value;

use crate::code::{self, RpcError};
use crate::convert;
use crate::method::{Arg, ArgKind, Call, Method};

pub(super) const METHOD: Method = Method {
    name: "submitblock",
    category: "mining",
    args: &[
        Arg::required("hexdata", ArgKind::Hex, "The block in hex."),
        Arg::default("dummy", ArgKind::Str, "ignored", "Nobody looks at it (BIP22)."),
    ],
    description: "Hands a block to the node. A coinbase without its witness reserved value gets one of zeros.",
    result: "null     (json null) The block is valid.\n\n\
             \"str\"    (string) It is not, and why; or \"duplicate\", \"duplicate-invalid\", or \"inconclusive\" for a \
             block that was kept but is not on the best chain.",
    examples: &["\"mydata\""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let block =
        decode(call.str(0)?).ok_or_else(|| RpcError::new(code::DESERIALIZATION_ERROR, "Block decode failed"))?;
    if !block.transactions().first().is_some_and(|tx| tx.is_coinbase()) {
        return Err(RpcError::new(code::DESERIALIZATION_ERROR, "Block does not start with a coinbase"));
    }
    let chain = call.node.require_chain()?;
    let hash = block.hash();
    {
        let index = chain.reader().index();
        if let Some(id) = index.find(&hash) {
            if index.is_valid(id, status::VALID_SCRIPTS) {
                return Ok("duplicate".into());
            }
            if index.entry(id).failed() {
                return Ok("duplicate-invalid".into());
            }
        }
    }
    let outcome = chain.submit_block(Arc::new(with_reserved_value(block, chain)), true)?;
    if !outcome.new && outcome.accepted.is_ok() {
        return Ok("duplicate".into());
    }
    // The last verdict on this very block; there is none when it was only stored.
    let verdict = outcome.checked.iter().rev().find(|(checked, _)| *checked == hash);
    Ok(match verdict {
        None => "inconclusive".into(),
        Some((_, None)) => Value::Null,
        Some((_, Some(reject))) => reason(reject).into(),
    })
}

/// What the answer calls a broken rule (BIP22).
pub(super) fn reason(reject: &Reject) -> String {
    let reason = reject.reason();
    if reason.is_empty() { "rejected".to_owned() } else { reason.into_owned() }
}

/// A block at the start of hex; what follows it is ignored, as in the reference.
pub(super) fn decode(text: &str) -> Option<Block> {
    let bytes = convert::decode_hex(text)?;
    Block::decode(&mut Reader::new(Bytes::from(bytes))).ok()
}

/// Miners may leave out the coinbase's witness (v0.21.5.5 src/validation.cpp, UpdateUncommittedBlockStructures).
fn with_reserved_value(block: Block, chain: &Handle) -> Block {
    let parent = chain.reader().entry(&block.header().prev);
    let Some(parent) = parent else { return block };
    let coinbase = &block.transactions()[0];
    let segwit = parent.height + 1 >= chain.reader().params().segwit_height;
    if !segwit || coinbase.has_witness() || witness_commitment(coinbase).is_none() {
        return block;
    }
    let mut parts = coinbase.parts().clone();
    parts.inputs[0].witness = vec![Bytes::from_static(&[0; 32])];
    let mut transactions = block.transactions().to_vec();
    transactions[0] = Arc::new(Transaction::from(parts));
    Block::new(*block.header(), transactions, block.extension().cloned())
}
