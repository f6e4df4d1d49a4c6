//! The messages of the protocol: their names, payloads and limits of count.
//!
//! Decoding takes what the reference takes: bytes after the payload are ignored, missing optional fields have their
//! defaults. It refuses counts above the protocol's before it reads the elements where the reference does so.

mod addresses;
mod block_filters;
mod command;
mod compact;
mod inventory;
mod light_client;
mod overhead;
mod version;

use std::{fmt, sync::Arc};

use bytes::Bytes;
use litecast_primitives::{
    Block, BlockHash, BlockHeader, Transaction,
    codec::{DecodeError, Reader, put_len, put_var_bytes},
    transaction::Encoding,
};

pub use addresses::MAX_ADDR_TO_SEND;
pub use block_filters::{FilterHashes, FilterRequest, MAX_GETCFHEADERS_SIZE, MAX_GETCFILTERS_SIZE};
pub(crate) use block_filters::{encode_cfcheckpt, encode_cfheaders, encode_cfilter};
pub use command::{COMMAND_SIZE, CommandName, SizeLimit};
pub use compact::{BlockTxn, CompactBlock, ExtensionField, GetBlockTxn, PrefilledTransaction};
pub use inventory::{InvType, Inventory};
pub use light_client::{
    GetMwebUtxos, MAX_REQUESTED_MWEB_UTXOS, MwebSegment, UtxoFormat, encode_mwebheader, encode_mwebleafset,
    encode_mwebutxos,
};
pub use version::{NetAddress, Version};

use crate::{
    bloom::Bloom,
    netaddr::{AddressFormat, PeerAddress},
};

/// Most entries of `inv` and `getdata` (v0.21.5.5 src/net_processing.cpp, MAX_INV_SZ).
pub const MAX_INV_SZ: usize = 50_000;
/// Most headers of `headers` (MAX_HEADERS_RESULTS).
pub const MAX_HEADERS_RESULTS: usize = 2000;
/// Most bytes that a script pushes, and so of an element of a filter (MAX_SCRIPT_ELEMENT_SIZE).
pub const MAX_SCRIPT_ELEMENT_SIZE: usize = 520;
/// Most hashes of a locator (MAX_LOCATOR_SZ).
pub const MAX_LOCATOR_SZ: usize = 101;

/// A payload that is not what its command promises.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// More elements than the protocol allows. The reference counts it as misbehaviour.
    #[error("{command} message size = {count}")]
    TooMany {
        /// Of which message.
        command: CommandName,
        /// How many were announced.
        count: usize,
    },
    /// The bytes do not decode. The reference ignores such a message.
    #[error(transparent)]
    Decode(#[from] DecodeError),
}

/// A locator and where to stop: payload of `getheaders` and `getblocks`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locate {
    /// Protocol version of the sender; unused.
    pub version: u32,
    /// Hashes, newest first.
    pub locator: Vec<BlockHash>,
    /// Last block wanted; zero for as many as possible.
    pub stop: BlockHash,
}

/// A decoded message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Opens the handshake.
    Version(Box<Version>),
    /// Closes the handshake.
    Verack,
    /// BIP339.
    WtxidRelay,
    /// BIP155.
    SendAddrV2,
    /// BIP31; without a number from very old peers.
    Ping(Option<u64>),
    /// BIP31; without a number when the payload was short.
    Pong(Option<u64>),
    /// BIP130: announce blocks with `headers`.
    SendHeaders,
    /// BIP152.
    SendCmpct {
        /// Announce with `cmpctblock`.
        announce: bool,
        /// Version of the encoding.
        version: u64,
    },
    /// BIP133: no transactions below this fee rate, in litoshis per 1000 bytes.
    FeeFilter(i64),
    /// Asks for headers.
    GetHeaders(Locate),
    /// Headers, at most [`MAX_HEADERS_RESULTS`].
    Headers(Vec<BlockHeader>),
    /// Asks for hashes of blocks.
    GetBlocks(Locate),
    /// What the peer has.
    Inv(Vec<Inventory>),
    /// What the peer wants.
    GetData(Vec<Inventory>),
    /// What the peer does not have.
    NotFound(Vec<Inventory>),
    /// A block with all that came along.
    Block(Arc<Block>),
    /// A transaction with all that came along.
    Tx(Arc<Transaction>),
    /// Asks for addresses.
    GetAddr,
    /// What is known of other nodes, at most [`MAX_ADDR_TO_SEND`].
    Addr(Vec<PeerAddress>),
    /// BIP155: the same with addresses of all networks.
    AddrV2(Vec<PeerAddress>),
    /// BIP35: asks for the content of the mempool.
    Mempool,
    /// BIP152: a block with short ids.
    CmpctBlock(Box<CompactBlock>),
    /// BIP152: asks for the transactions that are missing.
    GetBlockTxn(GetBlockTxn),
    /// BIP152: the transactions that were missing.
    BlockTxn(BlockTxn),
    /// LIP-0006: asks for unspent outputs of the extension block.
    GetMwebUtxos(GetMwebUtxos),
    /// BIP37: hear only of what may concern the peer.
    FilterLoad(Box<Bloom>),
    /// BIP37: one more element of the filter.
    FilterAdd(Bytes),
    /// BIP37: hear of everything again.
    FilterClear,
    /// BIP157: asks for filters.
    GetCFilters(FilterRequest),
    /// BIP157: asks for hashes of filters.
    GetCFHeaders(FilterRequest),
    /// BIP157: asks for the header of every thousandth filter.
    GetCFCheckpt(FilterRequest),
}

impl Message {
    /// Its command.
    pub fn command(&self) -> CommandName {
        match self {
            Self::Version(_) => CommandName::VERSION,
            Self::Verack => CommandName::VERACK,
            Self::WtxidRelay => CommandName::WTXIDRELAY,
            Self::SendAddrV2 => CommandName::SENDADDRV2,
            Self::Ping(_) => CommandName::PING,
            Self::Pong(_) => CommandName::PONG,
            Self::SendHeaders => CommandName::SENDHEADERS,
            Self::SendCmpct { .. } => CommandName::SENDCMPCT,
            Self::FeeFilter(_) => CommandName::FEEFILTER,
            Self::GetHeaders(_) => CommandName::GETHEADERS,
            Self::Headers(_) => CommandName::HEADERS,
            Self::GetBlocks(_) => CommandName::GETBLOCKS,
            Self::Inv(_) => CommandName::INV,
            Self::GetData(_) => CommandName::GETDATA,
            Self::NotFound(_) => CommandName::NOTFOUND,
            Self::Block(_) => CommandName::BLOCK,
            Self::Tx(_) => CommandName::TX,
            Self::GetAddr => CommandName::GETADDR,
            Self::Addr(_) => CommandName::ADDR,
            Self::AddrV2(_) => CommandName::ADDRV2,
            Self::Mempool => CommandName::MEMPOOL,
            Self::CmpctBlock(_) => CommandName::CMPCTBLOCK,
            Self::GetBlockTxn(_) => CommandName::GETBLOCKTXN,
            Self::BlockTxn(_) => CommandName::BLOCKTXN,
            Self::GetMwebUtxos(_) => CommandName::GETMWEBUTXOS,
            Self::FilterLoad(_) => CommandName::FILTERLOAD,
            Self::FilterAdd(_) => CommandName::FILTERADD,
            Self::FilterClear => CommandName::FILTERCLEAR,
            Self::GetCFilters(_) => CommandName::GETCFILTERS,
            Self::GetCFHeaders(_) => CommandName::GETCFHEADERS,
            Self::GetCFCheckpt(_) => CommandName::GETCFCHECKPT,
        }
    }

    /// Reads the payload of a command. `None` if the command is not one of those that are decoded.
    pub fn decode(command: CommandName, payload: Bytes) -> Result<Option<Self>, MessageError> {
        let r = &mut Reader::new(payload);
        Ok(Some(match command {
            CommandName::VERSION => Self::Version(Box::new(Version::decode(r)?)),
            CommandName::VERACK => Self::Verack,
            CommandName::WTXIDRELAY => Self::WtxidRelay,
            CommandName::SENDADDRV2 => Self::SendAddrV2,
            CommandName::PING => Self::Ping(r.u64().ok()),
            CommandName::PONG => Self::Pong(r.u64().ok()),
            CommandName::SENDHEADERS => Self::SendHeaders,
            CommandName::SENDCMPCT => Self::SendCmpct { announce: r.u8()? != 0, version: r.u64()? },
            CommandName::FEEFILTER => Self::FeeFilter(r.i64()?),
            CommandName::GETHEADERS => Self::GetHeaders(Locate::decode(r)?),
            CommandName::HEADERS => Self::Headers(decode_headers(r)?),
            CommandName::GETBLOCKS => Self::GetBlocks(Locate::decode(r)?),
            CommandName::INV => Self::Inv(decode_inventory(command, r)?),
            CommandName::GETDATA => Self::GetData(decode_inventory(command, r)?),
            CommandName::NOTFOUND => Self::NotFound(decode_inventory(command, r)?),
            CommandName::BLOCK => Self::Block(Arc::new(Block::decode(r)?)),
            CommandName::TX => Self::Tx(Arc::new(Transaction::decode(r)?)),
            CommandName::GETADDR => Self::GetAddr,
            CommandName::MEMPOOL => Self::Mempool,
            CommandName::ADDR => Self::Addr(addresses::decode(command, r)?),
            CommandName::ADDRV2 => Self::AddrV2(addresses::decode(command, r)?),
            CommandName::CMPCTBLOCK => Self::CmpctBlock(Box::new(CompactBlock::decode(r)?)),
            CommandName::GETBLOCKTXN => Self::GetBlockTxn(GetBlockTxn::decode(r)?),
            CommandName::BLOCKTXN => Self::BlockTxn(BlockTxn::decode(r)?),
            CommandName::GETMWEBUTXOS => Self::GetMwebUtxos(GetMwebUtxos::decode(r)?),
            CommandName::FILTERLOAD => Self::FilterLoad(Box::new(Bloom::decode(r)?)),
            CommandName::FILTERADD => Self::FilterAdd(r.var_bytes()?),
            CommandName::FILTERCLEAR => Self::FilterClear,
            CommandName::GETCFILTERS => Self::GetCFilters(FilterRequest::decode(r)?),
            CommandName::GETCFHEADERS => Self::GetCFHeaders(FilterRequest::decode(r)?),
            CommandName::GETCFCHECKPT => Self::GetCFCheckpt(FilterRequest::decode_checkpoints(r)?),
            _ => return Ok(None),
        }))
    }

    /// The payload.
    pub fn encode(&self) -> Bytes {
        let mut out = Vec::new();
        match self {
            Self::Version(version) => version.encode(&mut out),
            Self::Verack
            | Self::WtxidRelay
            | Self::SendAddrV2
            | Self::SendHeaders
            | Self::GetAddr
            | Self::Mempool
            | Self::Ping(None)
            | Self::Pong(None) => {}
            Self::Ping(Some(nonce)) | Self::Pong(Some(nonce)) => out.extend_from_slice(&nonce.to_le_bytes()),
            Self::SendCmpct { announce, version } => {
                out.push(u8::from(*announce));
                out.extend_from_slice(&version.to_le_bytes());
            }
            Self::FeeFilter(rate) => out.extend_from_slice(&rate.to_le_bytes()),
            Self::GetHeaders(locate) | Self::GetBlocks(locate) => locate.encode(&mut out),
            Self::Headers(headers) => {
                out.reserve(3 + headers.len() * 81);
                put_len(&mut out, headers.len());
                for header in headers {
                    out.extend_from_slice(&header.encode());
                    // A header travels as a block without transactions.
                    out.push(0);
                }
            }
            Self::Inv(entries) | Self::GetData(entries) | Self::NotFound(entries) => {
                out.reserve(3 + entries.len() * Inventory::SIZE);
                put_len(&mut out, entries.len());
                for entry in entries {
                    entry.encode(&mut out);
                }
            }
            Self::Addr(told) => addresses::encode(told, AddressFormat::Legacy, &mut out),
            Self::AddrV2(told) => addresses::encode(told, AddressFormat::V2, &mut out),
            Self::Block(block) => return block.bytes().clone(),
            Self::Tx(tx) => return tx.bytes().clone(),
            Self::CmpctBlock(compact) => compact.encode(compact.own_encoding(), &mut out),
            Self::GetBlockTxn(request) => request.encode(&mut out),
            Self::BlockTxn(transactions) => transactions.encode(Encoding::Full, &mut out),
            Self::GetMwebUtxos(request) => request.encode(&mut out),
            Self::FilterLoad(filter) => filter.encode(&mut out),
            Self::FilterAdd(data) => put_var_bytes(&mut out, data),
            Self::FilterClear => {}
            Self::GetCFilters(request) | Self::GetCFHeaders(request) => request.encode(&mut out),
            Self::GetCFCheckpt(request) => request.encode_checkpoints(&mut out),
        }
        out.into()
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.command(), f)
    }
}

impl Locate {
    fn decode(r: &mut Reader) -> Result<Self, DecodeError> {
        Ok(Self {
            version: r.u32()?,
            locator: r.vector(32, |r| Ok(BlockHash::from_bytes(r.array()?)))?,
            stop: BlockHash::from_bytes(r.array()?),
        })
    }

    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.version.to_le_bytes());
        put_len(out, self.locator.len());
        for hash in &self.locator {
            out.extend_from_slice(hash.as_bytes());
        }
        out.extend_from_slice(self.stop.as_bytes());
    }
}

fn decode_headers(r: &mut Reader) -> Result<Vec<BlockHeader>, MessageError> {
    let (count, capacity) = r.count(BlockHeader::SIZE + 1)?;
    if count > MAX_HEADERS_RESULTS {
        return Err(MessageError::TooMany { command: CommandName::HEADERS, count });
    }
    let mut headers = Vec::with_capacity(capacity);
    for _ in 0..count {
        headers.push(BlockHeader::decode(r)?);
        // The count of transactions is read and not looked at, as in the reference.
        r.compact_size()?;
    }
    Ok(headers)
}

fn decode_inventory(command: CommandName, r: &mut Reader) -> Result<Vec<Inventory>, MessageError> {
    let entries = r.vector(Inventory::SIZE, Inventory::decode)?;
    if entries.len() > MAX_INV_SZ && command != CommandName::NOTFOUND {
        return Err(MessageError::TooMany { command, count: entries.len() });
    }
    Ok(entries)
}

#[cfg(test)]
mod tests;
