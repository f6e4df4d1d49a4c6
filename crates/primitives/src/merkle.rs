//! Merkle trees over transaction ids: their roots (v0.21.5.5 src/consensus/merkle.cpp), and the parts of them that prove some
//! of the leaves. What a root means for a block is for consensus to say.

mod partial_tree;

pub use partial_tree::{PartialTree, Proven};

use std::sync::Arc;

use crate::{
    block::Block,
    hash::{MerkleRoot, sha256d_pair},
    transaction::Transaction,
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

/// The root that belongs into the header.
pub fn block_merkle_root(block: &Block) -> Root {
    transactions_root(block.transactions())
}

/// The root over the ids of transactions.
pub fn transactions_root(transactions: &[Arc<Transaction>]) -> Root {
    merkle_root(transactions.iter().map(|tx| *tx.txid().as_bytes()).collect())
}

/// Whether a block's transactions are those that its header promises, without the repetition that leaves the root as it is.
pub fn is_genuine(block: &Block) -> bool {
    let Root { root, mutated } = block_merkle_root(block);
    !block.transactions().is_empty() && !mutated && root == block.header().merkle_root
}

/// The root in the witness commitment: the coinbase counts as zero.
pub fn block_witness_merkle_root<'a>(transactions: impl IntoIterator<Item = &'a Transaction>) -> MerkleRoot {
    let leaf = |(i, tx): (usize, &Transaction)| if i == 0 { [0; 32] } else { *tx.wtxid().as_bytes() };
    merkle_root(transactions.into_iter().enumerate().map(leaf).collect()).root
}
