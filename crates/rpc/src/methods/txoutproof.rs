//! `gettxoutproof` and `verifytxoutproof`.

use std::collections::HashSet;

use bytes::Bytes;
use litecast_consensus::MAX_BLOCK_WEIGHT;
use litecast_engine::{Entry, Handle};
use litecast_primitives::{BlockHeader, OutPoint, Txid, codec::Reader, merkle::PartialTree};
use serde_json::Value;

use super::lookup;
use crate::code::{self, RpcError};
use crate::convert;
use crate::method::{Arg, ArgKind, Call, Method};

/// No transaction has more outputs: an output weighs 36 at least (v0.21.5.5 src/coins.cpp, MAX_OUTPUTS_PER_BLOCK).
const MAX_OUTPUTS: usize = MAX_BLOCK_WEIGHT / 36;

pub(super) const GET: Method = Method {
    name: "gettxoutproof",
    category: "blockchain",
    args: &[
        Arg::required("txids", ArgKind::Array("[\"txid\",...]"), "The transactions."),
        Arg::optional("blockhash", ArgKind::Hex, "Hash of the block that they are in."),
    ],
    description: "Proves that transactions are in a block. Without a block it is found only if one of the transactions has \
                  an unspent output.",
    result: "\"hex\"    (string) The proof.",
    examples: &["'[\"mytxid\"]' \"blockhash\""],
    handler: get,
};

pub(super) const VERIFY: Method = Method {
    name: "verifytxoutproof",
    category: "blockchain",
    args: &[Arg::required("proof", ArgKind::Hex, "What gettxoutproof answered.")],
    description: "Tells which transactions a proof proves. Fails if its block is not in the active chain.",
    result: "[             (json array) Their ids; none if the proof is not valid.\n  \"hex\",\n  ...\n]",
    examples: &["\"proof\""],
    handler: verify,
};

fn get(call: &Call<'_>) -> Result<Value, RpcError> {
    let mut wanted = HashSet::new();
    for value in convert::as_array(call.param(0))? {
        let txid = Txid::from_bytes(convert::parse_hash(value, "txid")?);
        if !wanted.insert(txid) {
            return Err(RpcError::invalid_parameter(format!("Invalid parameter, duplicated txid: {txid}")));
        }
    }
    let chain = call.node.require_chain()?;
    let entry = match call.given(1) {
        Some(_) => {
            let hash = lookup::block_hash(call, 1, "blockhash")?;
            chain.reader().entry(&hash).ok_or_else(lookup::not_found)?
        }
        None => block_of_unspent(chain, &wanted)?
            .ok_or_else(|| RpcError::new(code::INVALID_ADDRESS_OR_KEY, "Transaction not yet in block"))?,
    };
    let block = lookup::read_block(chain, &entry)
        .map_err(|_| RpcError::new(code::INTERNAL_ERROR, "Can't read block from disk"))?;
    let ids: Vec<Txid> = block.transactions().iter().map(|tx| tx.txid()).collect();
    if ids.iter().filter(|id| wanted.contains(*id)).count() != wanted.len() {
        let message = "Not all transactions found in specified or retrieved block";
        return Err(RpcError::new(code::INVALID_ADDRESS_OR_KEY, message));
    }
    let mut proof = block.header().encode().to_vec();
    PartialTree::new(&ids, |id| wanted.contains(id)).encode(&mut proof);
    Ok(hex::encode(proof).into())
}

/// The block of one of the transactions, by an output that is not spent.
fn block_of_unspent(chain: &Handle, wanted: &HashSet<Txid>) -> Result<Option<Entry>, RpcError> {
    let reader = chain.reader();
    for txid in wanted {
        for vout in (0_u32..).take(MAX_OUTPUTS) {
            if let Some(coin) = reader.coin(&OutPoint { txid: *txid, vout })? {
                return Ok(reader.active(coin.height));
            }
        }
    }
    Ok(None)
}

fn verify(call: &Call<'_>) -> Result<Value, RpcError> {
    let bytes = convert::parse_hex(call.param(0), "proof")?;
    // What follows the proof is ignored, as in the reference.
    let mut r = Reader::new(Bytes::from(bytes));
    let read = BlockHeader::decode(&mut r).and_then(|header| Ok((header, PartialTree::decode(&mut r)?)));
    let (header, tree) =
        read.map_err(|error| RpcError::misc(format!("CDataStream::read(): {error}: iostream error")))?;
    // A proof that contradicts itself has the root zero, which a made-up header may have too.
    let (root, leaves) = tree.extract().map_or_else(Default::default, |proven| (proven.root, proven.leaves));
    if root != *header.merkle_root.as_bytes() {
        return Ok(Value::Array(Vec::new()));
    }
    let index = call.node.require_chain()?.reader().index();
    let found = index.find(&header.hash()).filter(|id| index.is_active(*id)).map(|id| index.entry(id).tx_count);
    let count = found
        .filter(|count| *count > 0)
        .ok_or_else(|| RpcError::new(code::INVALID_ADDRESS_OR_KEY, "Block not found in chain"))?;
    // Another number of leaves means that inner nodes are passed off as transactions.
    let leaves = if count == tree.leaves { leaves } else { Vec::new() };
    Ok(leaves.iter().map(ToString::to_string).collect())
}
