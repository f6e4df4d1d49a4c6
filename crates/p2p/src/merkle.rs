//! The merkle tree of a block: its root, and the part of it that proves one transaction
//! (v0.21.5.5 src/consensus/merkle.cpp, src/merkleblock.cpp).

use litecast_primitives::{
    Block,
    codec::put_len,
    hash::{MerkleRoot, sha256d_pair},
};

/// The level above; the last hash of an odd level is paired with itself.
fn fold(level: &[[u8; 32]]) -> Vec<[u8; 32]> {
    level.chunks(2).map(|pair| sha256d_pair(&pair[0], pair.last().unwrap_or(&pair[0]))).collect()
}

fn leaves(block: &Block) -> Vec<[u8; 32]> {
    block.transactions().iter().map(|tx| *tx.txid().as_bytes()).collect()
}

/// The root over transactions.
#[cfg(any(test, feature = "simulator"))]
pub(crate) fn root_of(transactions: &[std::sync::Arc<litecast_primitives::Transaction>]) -> MerkleRoot {
    let mut level: Vec<_> = transactions.iter().map(|tx| *tx.txid().as_bytes()).collect();
    while level.len() > 1 {
        level = fold(&level);
    }
    MerkleRoot::from_bytes(level.first().copied().unwrap_or_default())
}

/// Whether the block's transactions are those that its header promises, without the repetition that leaves the root
/// as it is (CVE-2012-2459).
pub(crate) fn is_genuine(block: &Block) -> bool {
    let mut level = leaves(block);
    while level.len() > 1 {
        if level.chunks_exact(2).any(|pair| pair[0] == pair[1]) {
            return false;
        }
        level = fold(&level);
    }
    level.first().is_some_and(|root| MerkleRoot::from_bytes(*root) == block.header().merkle_root)
}

/// Appends the partial tree that proves the last transaction: number of transactions, hashes, flag bits, in the order
/// of a walk from the root (CPartialMerkleTree).
///
/// # Panics
/// If the block has 2^32 transactions or none.
pub(crate) fn put_proof_of_last(out: &mut Vec<u8>, block: &Block) {
    let mut levels = vec![leaves(block)];
    while levels.last().is_some_and(|level| level.len() > 1) {
        let above = fold(&levels[levels.len() - 1]);
        levels.push(above);
    }
    let count = u32::try_from(levels[0].len()).expect("because a block holds fewer transactions");
    // On the way down the path is the last node of each level. Its left sibling, if it has one, comes before it.
    let mut hashes = Vec::new();
    let mut bits = vec![true];
    for level in levels.iter().rev().skip(1) {
        if level.len().is_multiple_of(2) {
            hashes.push(level[level.len() - 2]);
            bits.push(false);
        }
        bits.push(true);
    }
    hashes.push(*levels[0].last().expect("because a block has a coinbase"));
    out.extend_from_slice(&count.to_le_bytes());
    put_len(out, hashes.len());
    hashes.iter().for_each(|hash| out.extend_from_slice(hash));
    put_len(out, bits.len().div_ceil(8));
    for byte in bits.chunks(8) {
        out.push(byte.iter().enumerate().fold(0, |byte, (at, bit)| byte | u8::from(*bit) << at));
    }
}
