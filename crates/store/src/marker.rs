//! What the store keeps about itself in the state table: format, network, best blocks, sizes of the block files.

use bytes::Bytes;
use litecast_primitives::{BlockHash, codec::DecodeError, codec::Reader, params::Network};

use crate::{CoinsSummary, StoreError};

/// Version of everything below the chain directory that `docs/spec/store.md` describes.
pub(crate) const FORMAT: u32 = 2;

pub(crate) const FORMAT_KEY: &[u8] = b"format";
pub(crate) const NETWORK_KEY: &[u8] = b"network";
pub(crate) const ANNOUNCED_TIP: &[u8] = b"announced-tip";
pub(crate) const COINS_BEST: &[u8] = b"coins-best";
/// Followed by the file's number, big-endian.
const FILE_PREFIX: &[u8] = b"file/";

/// How far the two files with one number are filled, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct FileSizes {
    pub(crate) block: u32,
    pub(crate) undo: u32,
}

pub(crate) fn file_key(file: u32) -> Vec<u8> {
    [FILE_PREFIX, &file.to_be_bytes()].concat()
}

/// The file's number, when this is a file's key.
pub(crate) fn file_of_key(key: &[u8]) -> Option<u32> {
    key.strip_prefix(FILE_PREFIX)?.try_into().ok().map(u32::from_be_bytes)
}

impl FileSizes {
    pub(crate) fn encode(self) -> Vec<u8> {
        [self.block.to_le_bytes(), self.undo.to_le_bytes()].concat()
    }

    pub(crate) fn decode(bytes: Bytes) -> Result<Self, DecodeError> {
        let mut r = Reader::new(bytes);
        let sizes = Self { block: r.u32()?, undo: r.u32()? };
        r.finish()?;
        Ok(sizes)
    }
}

pub(crate) fn encode_coins_best(hash: &BlockHash, summary: CoinsSummary) -> Vec<u8> {
    [&hash.as_bytes()[..], &summary.count.to_le_bytes()].concat()
}

pub(crate) fn decode_coins_best(bytes: Bytes) -> Result<(BlockHash, CoinsSummary), DecodeError> {
    let mut r = Reader::new(bytes);
    let best = (BlockHash::from_bytes(r.array()?), CoinsSummary { count: r.u64()? });
    r.finish()?;
    Ok(best)
}

pub(crate) fn decode_hash(bytes: Bytes) -> Result<BlockHash, DecodeError> {
    let mut r = Reader::new(bytes);
    let hash = BlockHash::from_bytes(r.array()?);
    r.finish()?;
    Ok(hash)
}

/// Magic, genesis, name: a private chain with other magic or another genesis is another network.
pub(crate) fn encode_network(network: Network, magic: [u8; 4], genesis: &BlockHash) -> Vec<u8> {
    [&magic[..], genesis.as_bytes(), network.name().as_bytes()].concat()
}

/// Refuses a network marker that is not the wanted one.
pub(crate) fn check_network(found: &[u8], wanted: &[u8]) -> Result<(), StoreError> {
    if found == wanted {
        return Ok(());
    }
    Err(StoreError::WrongNetwork { found: describe_network(found), wanted: describe_network(wanted) })
}

fn describe_network(marker: &[u8]) -> String {
    let Some((magic, rest)) = marker.split_first_chunk::<4>() else { return "an unreadable network".into() };
    let Some((genesis, name)) = rest.split_first_chunk::<32>() else { return "an unreadable network".into() };
    let [a, b, c, d] = magic;
    format!(
        "the chain {} (genesis block {}, magic {a:02x}{b:02x}{c:02x}{d:02x})",
        String::from_utf8_lossy(name),
        BlockHash::from_bytes(*genesis)
    )
}
