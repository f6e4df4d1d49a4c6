//! Payloads of BIP152: `cmpctblock`, `getblocktxn`, `blocktxn` (v0.21.5.5 src/blockencodings.h).
//!
//! Versions 1 and 2 are those of the BIP: without and with witness. Version 3 is Litecoin's: everything is encoded with
//! MWEB, and behind the ordinary fields stands whether there is an extension block, and the extension block.

use std::sync::Arc;

use litecast_primitives::{
    BlockHash, BlockHeader, Transaction,
    codec::{DecodeError, Reader, put_len},
    mweb::ExtensionBlock,
    transaction::Encoding,
};

/// Bytes of a short id on the wire.
const SHORT_ID_SIZE: usize = 6;
/// The smallest transaction: version, two empty lists, lock time.
const MIN_TRANSACTION_SIZE: usize = 10;

/// A transaction that comes along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrefilledTransaction {
    /// Transactions between the one before in the list and this one.
    pub skipped: u16,
    /// The transaction.
    pub transaction: Arc<Transaction>,
}

/// The last field of `cmpctblock`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExtensionField {
    /// Versions 1 and 2 do not have it.
    Absent,
    /// The block has no extension block.
    Empty,
    /// The extension block.
    Present(Box<ExtensionBlock>),
}

/// A block with ids of six bytes for most of its transactions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompactBlock {
    /// The 80 bytes.
    pub header: BlockHeader,
    /// Makes the short ids differ from peer to peer.
    pub nonce: u64,
    /// In the order of the block, without those that are prefilled.
    pub short_ids: Vec<u64>,
    /// In the order of the block.
    pub prefilled: Vec<PrefilledTransaction>,
    /// The extension block.
    pub extension: ExtensionField,
}

impl CompactBlock {
    /// Transactions of the block.
    pub fn transaction_count(&self) -> usize {
        self.short_ids.len() + self.prefilled.len()
    }

    pub(super) fn decode(r: &mut Reader) -> Result<Self, DecodeError> {
        let header = BlockHeader::decode(r)?;
        let nonce = r.u64()?;
        let short_ids = r.vector(SHORT_ID_SIZE, |r| {
            let mut id = [0; 8];
            id[..SHORT_ID_SIZE].copy_from_slice(&r.array::<SHORT_ID_SIZE>()?);
            Ok(u64::from_le_bytes(id))
        })?;
        let prefilled = r.vector(1 + MIN_TRANSACTION_SIZE, |r| {
            let skipped = u16::try_from(r.compact_size()?)
                .map_err(|_| DecodeError::Invalid("CompactSize exceeds limit of type"))?;
            Ok(PrefilledTransaction { skipped, transaction: Arc::new(Transaction::decode(r)?) })
        })?;
        // The version is that of the connection; the length tells as well.
        let extension = if r.remaining() == 0 {
            ExtensionField::Absent
        } else if r.u8()? == 1 {
            ExtensionField::Present(Box::new(ExtensionBlock::decode(r)?))
        } else {
            ExtensionField::Empty
        };
        let found = Self { header, nonce, short_ids, prefilled, extension };
        if found.transaction_count() > usize::from(u16::MAX) {
            return Err(DecodeError::Invalid("indexes overflowed 16 bits"));
        }
        let extended = |tx: &Transaction| tx.is_hogex() || tx.mweb().is_some();
        if found.extension == ExtensionField::Absent && found.prefilled.iter().any(|p| extended(&p.transaction)) {
            return Err(DecodeError::UnknownFlag);
        }
        Ok(found)
    }

    /// Appends the encoding of version 1, 2 or 3: base, witness, full.
    pub fn encode(&self, encoding: Encoding, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.header.encode());
        out.extend_from_slice(&self.nonce.to_le_bytes());
        put_len(out, self.short_ids.len());
        for id in &self.short_ids {
            out.extend_from_slice(&id.to_le_bytes()[..SHORT_ID_SIZE]);
        }
        put_len(out, self.prefilled.len());
        for prefilled in &self.prefilled {
            put_len(out, prefilled.skipped.into());
            out.extend_from_slice(&prefilled.transaction.encode(encoding));
        }
        if encoding == Encoding::Full {
            match &self.extension {
                ExtensionField::Present(extension) => {
                    out.push(1);
                    extension.encode(out);
                }
                ExtensionField::Empty | ExtensionField::Absent => out.push(0),
            }
        }
    }

    /// The encoding that it came in, as far as the last field tells.
    pub(super) fn own_encoding(&self) -> Encoding {
        if self.extension == ExtensionField::Absent { Encoding::Witness } else { Encoding::Full }
    }
}

/// Asks for transactions of a block by index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetBlockTxn {
    /// Which block.
    pub block: BlockHash,
    /// Ascending.
    pub indexes: Vec<u16>,
}

impl GetBlockTxn {
    pub(super) fn decode(r: &mut Reader) -> Result<Self, DecodeError> {
        let block = BlockHash::from_bytes(r.array()?);
        let mut next = 0usize;
        let indexes = r.vector(1, |r| {
            // Each is told as its distance from the one before.
            let index = next.saturating_add(r.compact_size()?);
            next = index.saturating_add(1);
            u16::try_from(index).map_err(|_| DecodeError::Invalid("differential value overflow"))
        })?;
        Ok(Self { block, indexes })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.block.as_bytes());
        put_len(out, self.indexes.len());
        let mut next = 0;
        for index in &self.indexes {
            let index = usize::from(*index);
            put_len(out, index.saturating_sub(next));
            next = index + 1;
        }
    }
}

/// The transactions that were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockTxn {
    /// Of which block.
    pub block: BlockHash,
    /// In the order of the request.
    pub transactions: Vec<Arc<Transaction>>,
}

impl BlockTxn {
    pub(super) fn decode(r: &mut Reader) -> Result<Self, DecodeError> {
        Ok(Self {
            block: BlockHash::from_bytes(r.array()?),
            transactions: r.vector(MIN_TRANSACTION_SIZE, |r| Transaction::decode(r).map(Arc::new))?,
        })
    }

    /// Appends the encoding of version 1, 2 or 3.
    pub fn encode(&self, encoding: Encoding, out: &mut Vec<u8>) {
        out.extend_from_slice(self.block.as_bytes());
        put_len(out, self.transactions.len());
        for tx in &self.transactions {
            out.extend_from_slice(&tx.encode(encoding));
        }
    }
}
