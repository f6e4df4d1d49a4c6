//! What several methods begin with: the block or transaction that a parameter names.

use std::sync::Arc;

use litecast_engine::{BlockIndex, Entry, Handle, Id};
use litecast_primitives::{Block, BlockHash};

use crate::code::{self, RpcError};
use crate::convert;
use crate::method::Call;

/// A block hash; `name` is what error texts call it.
pub(super) fn block_hash(call: &Call<'_>, index: usize, name: &str) -> Result<BlockHash, RpcError> {
    convert::parse_hash(call.param(index), name).map(BlockHash::from_bytes)
}

/// The entry of a block that must be known.
pub(super) fn known(index: &BlockIndex, hash: &BlockHash) -> Result<Id, RpcError> {
    index.find(hash).ok_or_else(not_found)
}

/// The chain, and the hash of a block of it that the first parameter names.
pub(super) fn known_block<'a>(call: &Call<'a>) -> Result<(&'a Handle, BlockHash), RpcError> {
    let hash = block_hash(call, 0, "blockhash")?;
    let chain = call.node.require_chain()?;
    known(&chain.reader().index(), &hash)?;
    Ok((chain, hash))
}

/// There is no such block.
pub(super) fn not_found() -> RpcError {
    RpcError::new(code::INVALID_ADDRESS_OR_KEY, "Block not found")
}

/// A block's content, which must be here.
pub(super) fn read_block(chain: &Handle, entry: &Entry) -> Result<Arc<Block>, RpcError> {
    // As in the reference, a damaged file and a missing block are the same to the caller; the log tells them apart.
    let found = chain.reader().block(entry).unwrap_or_else(|error| {
        tracing::error!("reading block {}: {error}", entry.hash);
        None
    });
    found.ok_or_else(|| RpcError::misc("Block not found on disk"))
}
