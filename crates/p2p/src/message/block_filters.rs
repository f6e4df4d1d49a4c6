//! Payloads of BIP157: what light clients ask about filters, and the answers, which are only written, never read.

use bytes::Bytes;
use litecast_primitives::{
    BlockFilter, BlockHash,
    codec::{DecodeError, Reader, put_len, put_var_bytes},
};

/// Most filters that are asked for at once (MAX_GETCFILTERS_SIZE).
pub const MAX_GETCFILTERS_SIZE: u32 = 1000;
/// Most filter hashes that are asked for at once (MAX_GETCFHEADERS_SIZE).
pub const MAX_GETCFHEADERS_SIZE: u32 = 2000;

/// Asks about filters: payload of `getcfilters`, `getcfheaders` and, without `start`, of `getcfcheckpt`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilterRequest {
    /// Type of the filters; [`BlockFilter::BASIC`] is the only one.
    pub kind: u8,
    /// Height of the first block.
    pub start: u32,
    /// The last block.
    pub stop: BlockHash,
}

impl FilterRequest {
    pub(super) fn decode(r: &mut Reader) -> Result<Self, DecodeError> {
        Ok(Self { kind: r.u8()?, start: r.u32()?, stop: BlockHash::from_bytes(r.array()?) })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.kind);
        out.extend_from_slice(&self.start.to_le_bytes());
        out.extend_from_slice(self.stop.as_bytes());
    }

    pub(super) fn decode_checkpoints(r: &mut Reader) -> Result<Self, DecodeError> {
        Ok(Self { kind: r.u8()?, start: 0, stop: BlockHash::from_bytes(r.array()?) })
    }

    pub(super) fn encode_checkpoints(&self, out: &mut Vec<u8>) {
        out.push(self.kind);
        out.extend_from_slice(self.stop.as_bytes());
    }
}

/// Consecutive filters by their hashes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FilterHashes {
    /// Header of the filter below the first.
    pub below: [u8; 32],
    /// Their hashes.
    pub hashes: Vec<[u8; 32]>,
}

/// Payload of `cfilter`.
pub(crate) fn encode_cfilter(block: &BlockHash, filter: &[u8]) -> Bytes {
    let mut out = head(block, filter.len() + 5);
    put_var_bytes(&mut out, filter);
    out.into()
}

/// Payload of `cfheaders`.
pub(crate) fn encode_cfheaders(stop: &BlockHash, filters: &FilterHashes) -> Bytes {
    let mut out = head(stop, 32 * (filters.hashes.len() + 1) + 3);
    out.extend_from_slice(&filters.below);
    put_hashes(&mut out, &filters.hashes);
    out.into()
}

/// Payload of `cfcheckpt`.
pub(crate) fn encode_cfcheckpt(stop: &BlockHash, headers: &[[u8; 32]]) -> Bytes {
    let mut out = head(stop, 32 * headers.len() + 3);
    put_hashes(&mut out, headers);
    out.into()
}

fn head(block: &BlockHash, more: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(33 + more);
    out.push(BlockFilter::BASIC);
    out.extend_from_slice(block.as_bytes());
    out
}

fn put_hashes(out: &mut Vec<u8>, hashes: &[[u8; 32]]) {
    put_len(out, hashes.len());
    hashes.iter().for_each(|hash| out.extend_from_slice(hash));
}
