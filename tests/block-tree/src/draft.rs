//! A block that is not finished: everything about it can be broken on purpose before it is mined.

use std::sync::Arc;

use bytes::Bytes;
use litecast_primitives::{
    Amount, Block, BlockHash, BlockHeader, OutPoint, Transaction, TxIn, TxOut,
    hash::{MerkleRoot, sha256d_pair},
    transaction::TxParts,
};
use litecast_scrypt::{Scratch, scrypt_with};

use crate::op::{self, Script};

/// The easiest target of regtest.
pub(crate) const BITS: u32 = 0x207f_ffff;
/// A version that signals nothing.
pub(crate) const VERSION: i32 = 0x2000_0000;
/// Start of an output script that commits to the witnesses (BIP141).
const COMMITMENT: [u8; 6] = [0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed];

/// A block in the making.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) header: BlockHeader,
    /// Coinbase first.
    pub(crate) transactions: Vec<TxParts>,
    /// Whether a witness commitment is added; by default if there is a witness.
    pub(crate) commits: Option<bool>,
    /// Instead of the true root.
    pub(crate) root: Option<MerkleRoot>,
    /// Search for a nonce that meets the target, or for one that does not.
    pub(crate) proves_work: bool,
}

impl Draft {
    pub(crate) fn new(prev: BlockHash, time: u32, coinbase: TxParts) -> Self {
        let header = BlockHeader { version: VERSION, prev, merkle_root: MerkleRoot::ZERO, time, bits: BITS, nonce: 0 };
        Self { header, transactions: vec![coinbase], commits: None, root: None, proves_work: true }
    }

    pub(crate) fn coinbase(&mut self) -> &mut TxParts {
        &mut self.transactions[0]
    }

    pub(crate) fn push(&mut self, tx: TxParts) -> &mut Self {
        self.transactions.push(tx);
        self
    }

    /// Adds the commitment that the transactions have now, and its reserved value.
    pub(crate) fn commit(&mut self) {
        let reserved = [0; 32];
        self.transactions[0].inputs[0].witness = vec![Bytes::copy_from_slice(&reserved)];
        let mut leaves: Vec<[u8; 32]> =
            self.transactions.iter().map(|tx| *Transaction::from(tx.clone()).wtxid().as_bytes()).collect();
        leaves[0] = [0; 32];
        let commitment = sha256d_pair(&merkle_root(leaves), &reserved);
        self.transactions[0].outputs.push(output(0, &[&COMMITMENT[..], &commitment].concat()));
    }

    /// Commits where that is wanted, and turns the nonce.
    pub(crate) fn mine(mut self) -> Arc<Block> {
        let has_witness = self.transactions.iter().any(|tx| tx.inputs.iter().any(|input| !input.witness.is_empty()));
        if self.commits.unwrap_or(has_witness) {
            self.commit();
        }
        let transactions: Vec<Arc<Transaction>> =
            self.transactions.into_iter().map(|tx| Arc::new(Transaction::from(tx))).collect();
        let leaves = transactions.iter().map(|tx| *tx.txid().as_bytes()).collect();
        let mut header = self.header;
        header.merkle_root = self.root.unwrap_or_else(|| MerkleRoot::from_bytes(merkle_root(leaves)));
        let mut scratch = Scratch::new();
        // The target is half of all hashes, less a sliver that is not worth a big number.
        while (scrypt_with(&mut scratch, &header.encode())[31] < 0x7f) != self.proves_work {
            header.nonce += 1;
        }
        Arc::new(Block::new(header, transactions, None))
    }
}

/// As block 1 of a chain computes it; the last of an odd row is doubled.
pub(crate) fn merkle_root(mut row: Vec<[u8; 32]>) -> [u8; 32] {
    if row.is_empty() {
        return [0; 32];
    }
    while row.len() > 1 {
        row = row.chunks(2).map(|pair| sha256d_pair(&pair[0], pair.last().unwrap_or(&pair[0]))).collect();
    }
    row[0]
}

pub(crate) fn output(value: i64, script: &[u8]) -> TxOut {
    TxOut { value: Amount(value), script_pubkey: Bytes::copy_from_slice(script) }
}

pub(crate) fn input(prevout: OutPoint) -> TxIn {
    TxIn { prevout, script_sig: Bytes::new(), sequence: TxIn::SEQUENCE_FINAL, witness: Vec::new() }
}

/// A transaction without signatures.
pub(crate) fn transaction(coins: &[OutPoint], outputs: Vec<TxOut>) -> TxParts {
    TxParts {
        version: 2,
        inputs: coins.iter().copied().map(input).collect(),
        outputs,
        lock_time: 0,
        mweb: None,
        is_hogex: false,
    }
}

/// An output of a transaction that is finished but for its witness.
pub(crate) fn outpoint(tx: &TxParts, vout: u32) -> OutPoint {
    OutPoint { txid: Transaction::from(tx.clone()).txid(), vout }
}

/// Names the height, as BIP34 wants it, and a number that makes it unique.
pub(crate) fn coinbase_script(height: u32, serial: u32) -> Bytes {
    Script::new().num(height.into()).push(&serial.to_le_bytes()).done().into()
}

/// Anyone can spend it.
pub(crate) const ANYONE: &[u8] = &[op::TRUE];
