//! Undo data on disk: per transaction after the coinbase a count, then the spent coins in the store's coin encoding; then,
//! if the block carried an extension block, how to take that back.

use bytes::Bytes;
use litecast_consensus::BlockUndo;
use litecast_mweb::MwebUndo;
use litecast_primitives::codec::{DecodeError, Reader, put_len};
use litecast_store::coin_codec::{decode_coin, encode_coin_into};

/// Bytes of a block's undo data.
pub(crate) fn encode(undo: &BlockUndo) -> Vec<u8> {
    let mut out = Vec::new();
    put_len(&mut out, undo.spent.len());
    for coins in &undo.spent {
        put_len(&mut out, coins.len());
        for coin in coins {
            encode_coin_into(&mut out, coin);
        }
    }
    if let Some(mweb) = &undo.mweb {
        mweb.encode(&mut out);
    }
    out
}

/// Reads what [`encode`] wrote.
pub(crate) fn decode(bytes: Bytes) -> Result<BlockUndo, DecodeError> {
    let mut r = Reader::new(bytes);
    let spent = r.vector(1, |r| r.vector(2, decode_coin))?;
    let mweb = if r.remaining() == 0 { None } else { Some(MwebUndo::decode(&mut r)?) };
    r.finish()?;
    Ok(BlockUndo { spent, mweb })
}
