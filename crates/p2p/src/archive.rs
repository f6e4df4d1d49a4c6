//! What is read from disk for a peer: the machine names it ([`Wanted`]), the driver lets it be made
//! ([`Wanted::answer`]) from what the node stores ([`Archive`]), away from the machine.

use std::sync::Arc;

use bytes::Bytes;
use litecast_primitives::{Block, BlockHash, Height, transaction::Encoding};

use crate::{
    compact::compact_block,
    message::{
        BlockTxn, CommandName, FilterHashes, GetBlockTxn, GetMwebUtxos, MwebSegment, UtxoFormat, encode_cfcheckpt,
        encode_cfheaders, encode_cfilter, encode_mwebheader, encode_mwebleafset, encode_mwebutxos,
    },
};

/// What the node stores. May take as long as a disk takes.
pub trait Archive {
    /// A block with all that belongs to it; `None` if it cannot be read.
    fn block(&self, hash: &BlockHash) -> Option<Arc<Block>>;

    /// The bitmap of unspent outputs as of a block of the active chain, one bit for each output there ever was, the
    /// most significant bit of a byte first; `None` if the state of that block cannot be had.
    fn mweb_leafset(&self, hash: &BlockHash) -> Option<Bytes>;

    /// Consecutive unspent outputs with their proof, as of a block of the active chain; `None` if the state of that
    /// block cannot be had or the first output is spent.
    fn mweb_utxos(&self, request: &GetMwebUtxos) -> Option<MwebSegment>;

    /// The filter of a block; `None` if there is none (yet).
    fn block_filter(&self, hash: &BlockHash) -> Option<Bytes>;

    /// The hashes of the filters from a height up to a block; `None` if one of them is missing.
    fn filter_hashes(&self, start: Height, stop: &BlockHash) -> Option<FilterHashes>;

    /// The header of every thousandth filter up to a block; `None` if one of them is missing.
    fn filter_checkpoints(&self, stop: &BlockHash) -> Option<Vec<[u8; 32]>>;
}

/// An answer to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// `block`.
    Block(BlockHash, Encoding),
    /// `cmpctblock` with this nonce.
    CompactBlock(BlockHash, Encoding, u64),
    /// `blocktxn`.
    Transactions(GetBlockTxn, Encoding),
    /// `mwebheader`.
    MwebHeader(BlockHash),
    /// `mwebleafset`.
    MwebLeafset(BlockHash),
    /// `mwebutxos`.
    MwebUtxos(GetMwebUtxos, UtxoFormat),
    /// `cfilter`.
    Filter(BlockHash),
    /// `cfheaders` from this height on.
    FilterHashes(Height, BlockHash),
    /// `cfcheckpt`.
    FilterCheckpoints(BlockHash),
}

/// Why there is nothing to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unserved {
    /// It cannot be read, the block has none, or nobody is there to send it to.
    Nothing,
    /// The request names transactions that the block does not have.
    BadIndexes,
    /// The state that was asked for cannot be had: who asked must not wait for it.
    Refused,
}

impl Wanted {
    /// The block that it is about.
    pub fn block(&self) -> BlockHash {
        match self {
            Self::Block(hash, _)
            | Self::CompactBlock(hash, ..)
            | Self::MwebHeader(hash)
            | Self::MwebLeafset(hash)
            | Self::Filter(hash)
            | Self::FilterHashes(_, hash)
            | Self::FilterCheckpoints(hash)
            | Self::Transactions(GetBlockTxn { block: hash, .. }, _)
            | Self::MwebUtxos(GetMwebUtxos { block: hash, .. }, _) => *hash,
        }
    }

    /// The message: its command and payload.
    pub fn answer(&self, archive: &dyn Archive) -> Result<(CommandName, Bytes), Unserved> {
        let block = |hash| archive.block(hash).ok_or(Unserved::Nothing);
        Ok(match self {
            Self::Block(hash, encoding) => (CommandName::BLOCK, block(hash)?.encode(*encoding)),
            Self::CompactBlock(hash, encoding, nonce) => {
                let mut out = Vec::new();
                compact_block(block(hash)?.as_ref(), *encoding, *nonce).encode(*encoding, &mut out);
                (CommandName::CMPCTBLOCK, out.into())
            }
            Self::Transactions(request, encoding) => {
                let block = block(&request.block)?;
                let find = |index: &u16| block.transactions().get(usize::from(*index)).cloned();
                let transactions: Option<Vec<_>> = request.indexes.iter().map(find).collect();
                let transactions = transactions.ok_or(Unserved::BadIndexes)?;
                let mut out = Vec::new();
                BlockTxn { block: request.block, transactions }.encode(*encoding, &mut out);
                (CommandName::BLOCKTXN, out.into())
            }
            Self::MwebHeader(hash) => {
                (CommandName::MWEBHEADER, encode_mwebheader(block(hash)?.as_ref()).ok_or(Unserved::Nothing)?)
            }
            Self::MwebLeafset(hash) => {
                let bitmap = archive.mweb_leafset(hash).ok_or(Unserved::Refused)?;
                (CommandName::MWEBLEAFSET, encode_mwebleafset(hash, &bitmap))
            }
            Self::MwebUtxos(request, format) => {
                let segment = archive.mweb_utxos(request).filter(|segment| !segment.outputs.is_empty());
                let segment = segment.ok_or(Unserved::Refused)?;
                (CommandName::MWEBUTXOS, encode_mwebutxos(request, *format, &segment))
            }
            Self::Filter(hash) => {
                let filter = archive.block_filter(hash).ok_or(Unserved::Nothing)?;
                (CommandName::CFILTER, encode_cfilter(hash, &filter))
            }
            Self::FilterHashes(start, stop) => {
                let filters = archive.filter_hashes(*start, stop).ok_or(Unserved::Nothing)?;
                (CommandName::CFHEADERS, encode_cfheaders(stop, &filters))
            }
            Self::FilterCheckpoints(stop) => {
                let headers = archive.filter_checkpoints(stop).ok_or(Unserved::Nothing)?;
                (CommandName::CFCHECKPT, encode_cfcheckpt(stop, &headers))
            }
        })
    }
}
