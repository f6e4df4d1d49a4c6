//! Payloads for MWEB light clients (LIP-0006; v0.21.5.5 src/net_processing.cpp, src/merkleblock.h): the request
//! `getmwebutxos`, and what this node answers with. The answers are only written, never read: nobody is asked for them.

use bytes::Bytes;
use litecast_primitives::{
    Block, BlockHash, Txid,
    codec::{DecodeError, Reader, put_compact, put_len, put_var_bytes},
    hash::MwebHash,
    merkle::PartialTree,
    mweb::Output,
    transaction::Encoding,
};

/// Most outputs that may be asked for at once (MAX_REQUESTED_MWEB_UTXOS).
pub const MAX_REQUESTED_MWEB_UTXOS: u16 = 4096;

/// How an output is told (v0.21.5.5 src/libmw/include/mw/models/tx/UTXO.h, NetUTXO).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UtxoFormat {
    /// All of it.
    Full,
    /// Its id.
    Hash,
    /// All of it, with the hash of the range proof in place of the range proof.
    Compact,
}

impl UtxoFormat {
    /// By its number.
    pub const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Full),
            1 => Some(Self::Hash),
            2 => Some(Self::Compact),
            _ => None,
        }
    }
}

/// Asks for consecutive unspent outputs as of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetMwebUtxos {
    /// As of which block.
    pub block: BlockHash,
    /// Leaf index of the first; must be unspent.
    pub start: u64,
    /// How many at most.
    pub count: u16,
    /// [`UtxoFormat`], unchecked.
    pub format: u8,
}

impl GetMwebUtxos {
    pub(super) fn decode(r: &mut Reader) -> Result<Self, DecodeError> {
        Ok(Self {
            block: BlockHash::from_bytes(r.array()?),
            start: r.compact_size()? as u64,
            count: r.u16()?,
            format: r.u8()?,
        })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.block.as_bytes());
        put_compact(out, self.start);
        out.extend_from_slice(&self.count.to_le_bytes());
        out.push(self.format);
    }
}

/// Consecutive unspent outputs and the hashes that lead from them to the root of the output range.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MwebSegment {
    /// Leaf index and output, ascending.
    pub outputs: Vec<(u64, Output)>,
    /// In the order of their positions, the bagged peaks to the right last.
    pub proof_hashes: Vec<MwebHash>,
}

/// Payload of `mwebheader`: merkle block over the HogEx, HogEx, header of the extension block. `None` if the block has
/// no extension block.
pub fn encode_mwebheader(block: &Block) -> Option<Bytes> {
    let (hogex, extension) = (block.hogex()?, block.extension()?);
    let mut out = block.header().encode().to_vec();
    let ids: Vec<Txid> = block.transactions().iter().map(|tx| tx.txid()).collect();
    PartialTree::new(&ids, |id| *id == hogex.txid()).encode(&mut out);
    out.extend_from_slice(&hogex.encode(Encoding::Full));
    extension.header.encode(&mut out);
    Some(out.into())
}

/// Payload of `mwebleafset`: block hash, bitmap with its length.
pub fn encode_mwebleafset(block: &BlockHash, bitmap: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(32 + 5 + bitmap.len());
    out.extend_from_slice(block.as_bytes());
    put_var_bytes(&mut out, bitmap);
    out.into()
}

/// Payload of `mwebutxos`.
pub fn encode_mwebutxos(request: &GetMwebUtxos, format: UtxoFormat, segment: &MwebSegment) -> Bytes {
    let mut out = Vec::new();
    out.extend_from_slice(request.block.as_bytes());
    put_compact(&mut out, request.start);
    out.push(request.format);
    put_len(&mut out, segment.outputs.len());
    for (leaf, output) in &segment.outputs {
        put_compact(&mut out, *leaf);
        match format {
            UtxoFormat::Full => output.encode(&mut out),
            UtxoFormat::Hash => out.extend_from_slice(&output.id().0),
            UtxoFormat::Compact => {
                out.extend_from_slice(&output.commitment);
                out.extend_from_slice(&output.sender_pubkey);
                out.extend_from_slice(&output.receiver_pubkey);
                output.message.encode(&mut out);
                out.extend_from_slice(blake3::hash(&output.range_proof).as_bytes());
                out.extend_from_slice(&output.signature);
            }
        }
    }
    put_len(&mut out, segment.proof_hashes.len());
    for hash in &segment.proof_hashes {
        out.extend_from_slice(&hash.0);
    }
    out.into()
}

#[cfg(test)]
mod tests;
