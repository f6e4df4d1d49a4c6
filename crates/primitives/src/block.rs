//! Blocks: header, transactions and, behind a HogEx, the extension block.

use std::sync::Arc;

use bytes::Bytes;

use crate::{
    codec::{DecodeError, Reader, compact_len, put_len},
    hash::BlockHash,
    header::BlockHeader,
    mweb::ExtensionBlock,
    transaction::{Encoding, Transaction},
};

/// A block with its bytes and hash. Never changes. Blocks are equal if what they say is, however it was received.
#[derive(Debug, Clone)]
pub struct Block {
    header: BlockHeader,
    hash: BlockHash,
    transactions: Vec<Arc<Transaction>>,
    extension: Option<ExtensionBlock>,
    bytes: Bytes,
    received: Bytes,
}

impl PartialEq for Block {
    fn eq(&self, other: &Self) -> bool {
        let content = |block: &Self| (block.header, block.bytes.clone());
        content(self) == content(other) && self.transactions == other.transactions && self.extension == other.extension
    }
}

impl Eq for Block {}

impl Block {
    /// A block made here: encodes itself.
    pub fn new(header: BlockHeader, transactions: Vec<Arc<Transaction>>, extension: Option<ExtensionBlock>) -> Self {
        let hash = header.hash();
        let mut block = Self { header, hash, transactions, extension, bytes: Bytes::new(), received: Bytes::new() };
        block.bytes = block.encode_anew(Encoding::Full).into();
        block.received = block.bytes.clone();
        block
    }

    /// Reads one block.
    pub fn decode(r: &mut Reader) -> Result<Self, DecodeError> {
        let start = r.rest().clone();
        let header = BlockHeader::decode(r)?;
        let transactions = r.vector(10, |r| Transaction::decode(r).map(Arc::new))?;
        let mut extension = None;
        if may_have_extension(&transactions) {
            let presence = r.u8()?;
            if presence == 1 {
                extension = Some(ExtensionBlock::decode(r)?);
            } else {
                r.irregular |= presence != 0;
            }
        }
        let received = start.slice(..start.len() - r.remaining());
        let bytes = received.clone();
        let mut block = Self { header, hash: header.hash(), transactions, extension, bytes, received };
        if r.irregular {
            block.bytes = block.encode_anew(Encoding::Full).into();
        }
        Ok(block)
    }

    /// Reads a block that is all of `bytes`.
    pub fn from_bytes(bytes: Bytes) -> Result<Self, DecodeError> {
        let mut r = Reader::new(bytes);
        let block = Self::decode(&mut r)?;
        r.finish()?;
        Ok(block)
    }

    /// The 80-byte header.
    pub fn header(&self) -> &BlockHeader {
        &self.header
    }

    /// Identity.
    pub fn hash(&self) -> BlockHash {
        self.hash
    }

    /// All transactions, coinbase first, HogEx last.
    pub fn transactions(&self) -> &[Arc<Transaction>] {
        &self.transactions
    }

    /// The extension block, if it came along.
    pub fn extension(&self) -> Option<&ExtensionBlock> {
        self.extension.as_ref()
    }

    /// The last transaction, if it is the HogEx of an extension block (v0.21.5.5 src/primitives/block.cpp, GetHogEx).
    pub fn hogex(&self) -> Option<&Arc<Transaction>> {
        if may_have_extension(&self.transactions) { self.transactions.last() } else { None }
    }

    /// The full encoding, kept.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The bytes that the block was read from. They differ from [`Block::bytes`] where the reference reads more than it
    /// writes, and only they are sure to be read again: a kernel that announces an empty list loses it on the way.
    pub fn received(&self) -> &Bytes {
        &self.received
    }

    /// One of the encodings; shares memory with the kept bytes where they are the same.
    pub fn encode(&self, encoding: Encoding) -> Bytes {
        let plain = |tx: &Transaction| match encoding {
            Encoding::Full => true,
            Encoding::Witness => !tx.is_hogex() && tx.mweb().is_none(),
            Encoding::Base => !tx.is_hogex() && tx.mweb().is_none() && !tx.has_witness(),
        };
        if self.transactions.iter().all(|tx| plain(tx)) {
            return self.bytes.clone();
        }
        self.encode_anew(encoding).into()
    }

    fn encode_anew(&self, encoding: Encoding) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.bytes.len());
        out.extend_from_slice(&self.header.encode());
        put_len(&mut out, self.transactions.len());
        for tx in &self.transactions {
            out.extend_from_slice(&tx.encode(encoding));
        }
        if encoding == Encoding::Full && may_have_extension(&self.transactions) {
            match &self.extension {
                Some(extension) => {
                    out.push(1);
                    extension.encode(&mut out);
                }
                None => out.push(0),
            }
        }
        out
    }

    /// Bytes without witness and MWEB.
    pub fn base_size(&self) -> usize {
        self.size(Transaction::base_size)
    }

    /// BIP141 weight; neither the extension block nor the HogEx marker counts
    /// (v0.21.5.5 src/consensus/validation.h, GetBlockWeight).
    pub fn weight(&self) -> usize {
        3 * self.base_size() + self.size(Transaction::witness_encoding_size)
    }

    fn size(&self, tx_size: impl Fn(&Transaction) -> usize) -> usize {
        BlockHeader::SIZE
            + compact_len(self.transactions.len())
            + self.transactions.iter().map(|tx| tx_size(tx)).sum::<usize>()
    }
}

fn may_have_extension(transactions: &[Arc<Transaction>]) -> bool {
    transactions.len() >= 2 && transactions.last().is_some_and(|tx| tx.is_hogex())
}
