//! The part of a merkle tree that proves some of its leaves (v0.21.5.5 src/merkleblock.cpp, CPartialMerkleTree).
//!
//! Walking down from the root, a bit says whether something to prove lies below; where nothing does, or at a leaf, comes
//! a hash. What is decoded is untrusted: hashes and bits are used up exactly once or the proof is worth nothing.

use bytes::Bytes;

use crate::{
    codec::{DecodeError, Reader, put_len, put_var_bytes},
    hash::{Txid, sha256d_pair},
};

/// No block has more transactions: 60 bytes each, outside of the witness (MAX_BLOCK_WEIGHT / MIN_TRANSACTION_WEIGHT).
const MAX_LEAVES: u32 = 4_000_000 / (4 * 60);

/// A proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartialTree {
    /// Leaves of the whole tree.
    pub leaves: u32,
    hashes: Vec<[u8; 32]>,
    /// Eight to a byte, lowest first.
    bits: Vec<bool>,
}

/// What a proof says.
#[derive(Debug, PartialEq, Eq)]
pub struct Proven {
    /// Root of the whole tree.
    pub root: [u8; 32],
    /// The proven leaves, in order.
    pub leaves: Vec<Txid>,
}

impl PartialTree {
    /// Proves the wanted ones among a block's ids, of which there are fewer than 2^32. Each is asked about once, in order.
    pub fn new(ids: &[Txid], mut wanted: impl FnMut(&Txid) -> bool) -> Self {
        let leaves = u32::try_from(ids.len()).expect("because a block is bounded in size");
        // Every level of the tree, and whether something wanted lies below each node.
        let mut levels = vec![ids.iter().map(|id| (*id.as_bytes(), wanted(id))).collect::<Vec<_>>()];
        while let Some(below) = levels.last().filter(|below| below.len() > 1) {
            let parent = |pair: &[([u8; 32], bool)]| {
                let (left, right) = (pair[0], pair[pair.len() - 1]);
                (sha256d_pair(&left.0, &right.0), left.1 || right.1)
            };
            let above = below.chunks(2).map(parent).collect();
            levels.push(above);
        }
        let mut tree = Self { leaves, hashes: Vec::new(), bits: Vec::new() };
        tree.build(&levels, levels.len() - 1, 0);
        tree
    }

    fn build(&mut self, levels: &[Vec<([u8; 32], bool)>], level: usize, position: usize) {
        let Some((hash, wanted)) = levels[level].get(position) else { return };
        self.bits.push(*wanted);
        if level == 0 || !wanted {
            self.hashes.push(*hash);
        } else {
            self.build(levels, level - 1, position * 2);
            self.build(levels, level - 1, position * 2 + 1);
        }
    }

    /// Reads a proof.
    pub fn decode(r: &mut Reader) -> Result<Self, DecodeError> {
        let leaves = r.u32()?;
        let hashes = r.vector(32, Reader::array)?;
        let bytes: Bytes = r.var_bytes()?;
        let bits = bytes.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1)).collect();
        Ok(Self { leaves, hashes, bits })
    }

    /// Appends the encoding.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.leaves.to_le_bytes());
        put_len(out, self.hashes.len());
        self.hashes.iter().for_each(|hash| out.extend_from_slice(hash));
        let byte = |bits: &[bool]| bits.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
        put_var_bytes(out, &self.bits.chunks(8).map(byte).collect::<Vec<_>>());
    }

    /// What is proven; `None` if the proof contradicts itself.
    pub fn extract(&self) -> Option<Proven> {
        let hashes = u32::try_from(self.hashes.len()).ok()?;
        if self.leaves == 0 || self.leaves > MAX_LEAVES || hashes > self.leaves || self.bits.len() < self.hashes.len() {
            return None;
        }
        let height = u32::BITS - (self.leaves - 1).leading_zeros();
        let mut walk = Walk { tree: self, bits: 0, hashes: 0, leaves: Vec::new() };
        let root = walk.down(height, 0)?;
        // No bits but the filling of the last byte may be left over, and no hashes.
        if walk.bits.div_ceil(8) != self.bits.len().div_ceil(8) || walk.hashes != self.hashes.len() {
            return None;
        }
        Some(Proven { root, leaves: walk.leaves })
    }
}

struct Walk<'a> {
    tree: &'a PartialTree,
    bits: usize,
    hashes: usize,
    leaves: Vec<Txid>,
}

impl Walk<'_> {
    /// At most as deep as 2^32 leaves go, and as long as there are bits.
    fn down(&mut self, height: u32, position: u64) -> Option<[u8; 32]> {
        let wanted = *self.tree.bits.get(self.bits)?;
        self.bits += 1;
        if height == 0 || !wanted {
            let hash = *self.tree.hashes.get(self.hashes)?;
            self.hashes += 1;
            if height == 0 && wanted {
                self.leaves.push(Txid::from_bytes(hash));
            }
            return Some(hash);
        }
        let left = self.down(height - 1, position * 2)?;
        let width = u64::from(self.tree.leaves).div_ceil(1 << (height - 1));
        if position * 2 + 1 >= width {
            return Some(sha256d_pair(&left, &left));
        }
        let right = self.down(height - 1, position * 2 + 1)?;
        // Equal halves would prove a transaction twice (CVE-2012-2459).
        (left != right).then(|| sha256d_pair(&left, &right))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::merkle_root;

    // Oracle: the merkle root of the consensus rules.
    #[test]
    fn proofs_prove_what_they_should() {
        for count in 1..=40_u8 {
            let ids: Vec<Txid> = (0..count).map(|n| Txid::from_bytes([n; 32])).collect();
            let root = *merkle_root(ids.iter().map(|id| *id.as_bytes()).collect()).root.as_bytes();
            for step in 1..=count {
                let leaves: Vec<Txid> = ids.iter().step_by(step.into()).copied().collect();
                let tree = PartialTree::new(&ids, |id| leaves.contains(id));
                assert_eq!(tree.extract(), Some(Proven { root, leaves: leaves.clone() }), "{count} by {step}");
                let mut bytes = Vec::new();
                tree.encode(&mut bytes);
                let mut r = Reader::new(bytes.clone().into());
                let read = PartialTree::decode(&mut r).unwrap();
                assert_eq!(read.extract(), Some(Proven { root, leaves }));
                // Whatever is changed, nothing is proven under this root that is not below it.
                for at in 4..bytes.len() {
                    let mut changed = bytes.clone();
                    changed[at] ^= 1;
                    if let Ok(read) = PartialTree::decode(&mut Reader::new(changed.into())) {
                        let said = read.extract().filter(|said| said.root == root);
                        let lies = said.is_some_and(|said| !said.leaves.iter().all(|leaf| ids.contains(leaf)));
                        assert!(!lies, "{count} by {step} at {at}");
                    }
                }
            }
        }
    }
}
