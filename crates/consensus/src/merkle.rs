//! Merkle roots over transaction ids (v0.21.5.5 src/consensus/merkle.cpp).

use litecast_primitives::{
    Block, Transaction,
    hash::{MerkleRoot, sha256d_pair},
};

/// A root, and whether the tree repeats itself in the way that lets two lists of leaves share it (CVE-2012-2459).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Root {
    /// The root; zero for no leaves.
    pub root: MerkleRoot,
    /// Two equal neighbours were hashed together somewhere.
    pub mutated: bool,
}

/// Folds leaves to a root.
pub fn merkle_root(mut level: Vec<[u8; 32]>) -> Root {
    let mut mutated = false;
    while level.len() > 1 {
        mutated |= level.chunks_exact(2).any(|pair| pair[0] == pair[1]);
        level = level.chunks(2).map(|pair| sha256d_pair(&pair[0], pair.last().unwrap_or(&pair[0]))).collect();
    }
    Root { root: MerkleRoot::from_bytes(level.first().copied().unwrap_or_default()), mutated }
}

/// The root in the header.
pub fn block_merkle_root(block: &Block) -> Root {
    merkle_root(block.transactions().iter().map(|tx| *tx.txid().as_bytes()).collect())
}

/// The root in the witness commitment: the coinbase counts as zero.
pub fn block_witness_merkle_root<'a>(transactions: impl IntoIterator<Item = &'a Transaction>) -> MerkleRoot {
    let leaf = |(i, tx): (usize, &Transaction)| if i == 0 { [0; 32] } else { *tx.wtxid().as_bytes() };
    merkle_root(transactions.into_iter().enumerate().map(leaf).collect()).root
}
