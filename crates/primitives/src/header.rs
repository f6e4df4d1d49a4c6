//! The 80-byte block header.

use bytes::Bytes;

use crate::{
    codec::{DecodeError, Reader},
    hash::{BlockHash, MerkleRoot, sha256d},
};

/// A block header; its identity is the double SHA-256, its proof of work is scrypt over the same 80 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockHeader {
    /// Block version; its bits signal deployments (BIP9).
    pub version: i32,
    /// Hash of the block below.
    pub prev: BlockHash,
    /// Root over the txids.
    pub merkle_root: MerkleRoot,
    /// Unix seconds claimed by the miner.
    pub time: u32,
    /// Compact target.
    pub bits: u32,
    /// What the miner turned.
    pub nonce: u32,
}

impl BlockHeader {
    /// Encoded size in bytes.
    pub const SIZE: usize = 80;

    /// Reads 80 bytes.
    pub fn decode(r: &mut Reader) -> Result<Self, DecodeError> {
        Ok(Self {
            version: r.i32()?,
            prev: BlockHash::from_bytes(r.array()?),
            merkle_root: MerkleRoot::from_bytes(r.array()?),
            time: r.u32()?,
            bits: r.u32()?,
            nonce: r.u32()?,
        })
    }

    /// Reads exactly 80 bytes.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(Bytes::copy_from_slice(bytes));
        let header = Self::decode(&mut r)?;
        r.finish()?;
        Ok(header)
    }

    /// The 80 bytes.
    pub fn encode(&self) -> [u8; Self::SIZE] {
        let mut out = [0; Self::SIZE];
        out[..4].copy_from_slice(&self.version.to_le_bytes());
        out[4..36].copy_from_slice(self.prev.as_bytes());
        out[36..68].copy_from_slice(self.merkle_root.as_bytes());
        out[68..72].copy_from_slice(&self.time.to_le_bytes());
        out[72..76].copy_from_slice(&self.bits.to_le_bytes());
        out[76..].copy_from_slice(&self.nonce.to_le_bytes());
        out
    }

    /// The block's identity.
    pub fn hash(&self) -> BlockHash {
        BlockHash::from_bytes(sha256d(&self.encode()))
    }
}
