//! Compact blocks (BIP152; v0.21.5.5 src/blockencodings.cpp): making one of a block, and a block of one.
//!
//! Nothing here knows peers. A [`PartialBlock`] takes what the message brought, then what the pool has
//! ([`crate::Chain::pool_matches`]), then what was asked for, and becomes a block once.

use std::{collections::HashMap, sync::Arc};

use litecast_primitives::{
    Block, BlockHeader, Transaction, Wtxid,
    hash::sha256,
    merkle,
    mweb::ExtensionBlock,
    transaction::{Encoding, TxParts},
};
use siphasher::sip::SipHasher24;

use crate::message::{CompactBlock, ExtensionField, PrefilledTransaction};

/// Short ids are 48 bits.
const SHORT_ID_MASK: u64 = 0xffff_ffff_ffff;

/// The keys of one compact block's short ids.
#[derive(Debug, Clone, Copy)]
struct ShortIdKeys(SipHasher24);

impl ShortIdKeys {
    fn new(header: &BlockHeader, nonce: u64) -> Self {
        let mut bytes = header.encode().to_vec();
        bytes.extend_from_slice(&nonce.to_le_bytes());
        let hash = sha256(&bytes);
        let word = |at: usize| u64::from_le_bytes(hash[at..at + 8].try_into().expect("because a hash has 32 bytes"));
        Self(SipHasher24::new_with_keys(word(0), word(8)))
    }

    fn short_id(&self, hash: &[u8; 32]) -> u64 {
        self.0.hash(hash) & SHORT_ID_MASK
    }
}

/// The short ids of a compact block whose transactions are looked for.
#[derive(Debug, Clone)]
pub struct WantedTransactions {
    keys: ShortIdKeys,
    positions: HashMap<u64, usize>,
}

impl WantedTransactions {
    /// Whether a transaction may be one of them. Costs a short hash.
    pub fn contains(&self, wtxid: &Wtxid) -> bool {
        self.position(wtxid).is_some()
    }

    fn position(&self, wtxid: &Wtxid) -> Option<usize> {
        self.positions.get(&self.keys.short_id(wtxid.as_bytes())).copied()
    }
}

/// What the pool has of a compact block.
#[derive(Debug, Clone, Default)]
pub struct PoolMatches {
    /// Transactions of the mempool that [`WantedTransactions::contains`].
    pub mempool: Vec<Arc<Transaction>>,
    /// The same of the transactions that left the mempool or never were let in (`-blockreconstructionextratxn`).
    pub extra: Vec<Arc<Transaction>>,
}

/// Makes a compact block that brings the coinbase and, with an extension block, the HogEx. Version 1 (`Base`) hashes
/// txids to short ids, the others wtxids.
pub fn compact_block(block: &Block, encoding: Encoding, nonce: u64) -> CompactBlock {
    let keys = ShortIdKeys::new(block.header(), nonce);
    let transactions = block.transactions();
    let last = transactions.len().saturating_sub(1);
    let brings_last = block.extension().is_some() && last > 0;
    let prefilled_at = |at: usize| at == 0 || (brings_last && at == last);
    let id = |tx: &Transaction| match encoding {
        Encoding::Base => keys.short_id(tx.txid().as_bytes()),
        Encoding::Witness | Encoding::Full => keys.short_id(tx.wtxid().as_bytes()),
    };
    let (mut short_ids, mut prefilled, mut skipped) = (Vec::new(), Vec::new(), 0u16);
    for (at, tx) in transactions.iter().enumerate() {
        if prefilled_at(at) {
            prefilled.push(PrefilledTransaction { skipped, transaction: Arc::clone(tx) });
            skipped = 0;
        } else {
            short_ids.push(id(tx));
            skipped = skipped.saturating_add(1);
        }
    }
    let extension = match block.extension() {
        Some(extension) => ExtensionField::Present(Box::new(extension.clone())),
        None => ExtensionField::Empty,
    };
    CompactBlock { header: *block.header(), nonce, short_ids, prefilled, extension }
}

/// Why a compact block did not become a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// No honest peer sends this (READ_STATUS_INVALID).
    #[error("invalid compact block")]
    Invalid,
    /// Short ids collided, perhaps (READ_STATUS_FAILED): the whole block is needed.
    #[error("not the block's transactions")]
    Failed,
}

/// A block of which some transactions are here.
#[derive(Debug, Clone)]
pub struct PartialBlock {
    header: BlockHeader,
    extension: Option<ExtensionBlock>,
    available: Vec<Option<Arc<Transaction>>>,
    wanted: WantedTransactions,
    collided: bool,
}

impl PartialBlock {
    /// With what the message brought. The only error is [`ReadError::Invalid`].
    pub fn new(compact: CompactBlock) -> Result<Self, ReadError> {
        let count = compact.transaction_count();
        if count == 0 {
            return Err(ReadError::Invalid);
        }
        let mut available: Vec<Option<Arc<Transaction>>> = vec![None; count];
        let mut next = 0;
        for (before, PrefilledTransaction { skipped, transaction }) in compact.prefilled.into_iter().enumerate() {
            let at = next + usize::from(skipped);
            // Beyond that there would be places with neither a transaction nor an id.
            if at > usize::from(u16::MAX) || at > compact.short_ids.len() + before {
                return Err(ReadError::Invalid);
            }
            available[at] = Some(transaction);
            next = at + 1;
        }
        let free = available.iter().enumerate().filter(|(_, tx)| tx.is_none()).map(|(at, _)| at);
        let positions: HashMap<u64, usize> = compact.short_ids.iter().copied().zip(free).collect();
        let collided = positions.len() != compact.short_ids.len();
        let keys = ShortIdKeys::new(&compact.header, compact.nonce);
        let extension = match compact.extension {
            ExtensionField::Present(extension) => Some(*extension),
            ExtensionField::Empty | ExtensionField::Absent => None,
        };
        Ok(Self {
            header: compact.header,
            extension,
            available,
            wanted: WantedTransactions { keys, positions },
            collided,
        })
    }

    /// Two of its transactions have the same short id: only the whole block helps.
    pub fn collided(&self) -> bool {
        self.collided
    }

    /// What to look for in the pool.
    pub fn wanted(&self) -> &WantedTransactions {
        &self.wanted
    }

    /// Takes what the pool has. A place that two different transactions claim stays empty.
    pub fn take_from_pool(&mut self, matches: PoolMatches) {
        let mut claimed: HashMap<usize, Wtxid> = HashMap::new();
        let PoolMatches { mempool, extra } = matches;
        for tx in mempool.into_iter().chain(extra) {
            let wtxid = tx.wtxid();
            let Some(at) = self.wanted.position(&wtxid).filter(|_| !tx.is_mweb_only()) else { continue };
            match claimed.get(&at) {
                Some(known) if *known == wtxid => {}
                Some(_) => self.available[at] = None,
                None => {
                    claimed.insert(at, wtxid);
                    self.available[at] = Some(as_in_a_block(tx));
                }
            }
        }
    }

    /// Indexes of the transactions that are not here.
    pub fn missing(&self) -> Vec<u16> {
        let missing = self.available.iter().enumerate().filter(|(_, tx)| tx.is_none());
        missing.filter_map(|(at, _)| u16::try_from(at).ok()).collect()
    }

    /// Puts the missing ones in.
    pub fn fill(self, missing: Vec<Arc<Transaction>>) -> Result<Block, ReadError> {
        let mut missing = missing.into_iter();
        let transactions: Option<Vec<_>> = self.available.into_iter().map(|tx| tx.or_else(|| missing.next())).collect();
        let Some(transactions) = transactions.filter(|_| missing.next().is_none()) else {
            return Err(ReadError::Invalid);
        };
        let block = Block::new(self.header, transactions, self.extension);
        let loose = block.transactions().iter().any(|tx| tx.mweb().is_some());
        if loose || !merkle::is_genuine(&block) { Err(ReadError::Failed) } else { Ok(block) }
    }
}

/// A loose transaction may carry its part of the extension block; in a block it stands without.
fn as_in_a_block(tx: Arc<Transaction>) -> Arc<Transaction> {
    if tx.mweb().is_none() {
        return tx;
    }
    Arc::new(Transaction::from(TxParts { mweb: None, ..tx.parts().clone() }))
}

#[cfg(test)]
pub(crate) mod tests;
