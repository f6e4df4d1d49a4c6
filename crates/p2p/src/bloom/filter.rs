//! The filter that a light client gives us, so that it hears only of what may concern it (BIP37; v0.21.5.5 src/bloom.cpp,
//! CBloomFilter), and the blocks seen through it.

use std::sync::Arc;

use bytes::Bytes;
use litecast_primitives::{
    Block, OutPoint, Transaction, Txid,
    codec::{DecodeError, Reader, put_var_bytes},
    merkle::PartialTree,
};

use super::script::{is_pubkey_or_multisig, pushes};

/// Largest filter, bytes (MAX_BLOOM_FILTER_SIZE).
pub const MAX_BLOOM_FILTER_SIZE: usize = 36_000;
/// Most hash functions (MAX_HASH_FUNCS).
pub const MAX_HASH_FUNCS: u32 = 50;
/// Two bits of the flags: what is inserted when an output matches.
const UPDATE_MASK: u8 = 3;
const UPDATE_ALL: u8 = 1;
const UPDATE_P2PUBKEY_ONLY: u8 = 2;

/// A peer's filter: payload of `filterload`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bloom {
    data: Vec<u8>,
    hash_functions: u32,
    tweak: u32,
    flags: u8,
}

impl Bloom {
    /// Of any size: whether it may be so large is asked with [`Bloom::is_within_limits`].
    pub fn decode(r: &mut Reader) -> Result<Self, DecodeError> {
        Ok(Self { data: r.var_bytes()?.to_vec(), hash_functions: r.u32()?, tweak: r.u32()?, flags: r.u8()? })
    }

    /// The payload.
    pub fn encode(&self, out: &mut Vec<u8>) {
        put_var_bytes(out, &self.data);
        out.extend_from_slice(&self.hash_functions.to_le_bytes());
        out.extend_from_slice(&self.tweak.to_le_bytes());
        out.push(self.flags);
    }

    /// Whether the protocol allows it.
    pub fn is_within_limits(&self) -> bool {
        self.data.len() <= MAX_BLOOM_FILTER_SIZE && self.hash_functions <= MAX_HASH_FUNCS
    }

    /// Bits of an element. Not to be asked of an empty filter.
    fn bits(&self, element: &[u8]) -> impl Iterator<Item = usize> + use<> {
        let (size, tweak, element) = (self.data.len() as u64 * 8, self.tweak, murmur3_state(element));
        (0..self.hash_functions).map(move |n| {
            let seed = n.wrapping_mul(0xfba4_c795).wrapping_add(tweak);
            usize::try_from(u64::from(element.hash(seed)) % size).expect("because a filter fits in memory")
        })
    }

    /// Puts an element in.
    pub fn insert(&mut self, element: &[u8]) {
        if !self.data.is_empty() {
            self.bits(element).for_each(|bit| self.data[bit / 8] |= 1 << (bit % 8));
        }
    }

    /// Whether an element is in, or seems to be. Everything is in an empty filter.
    pub fn contains(&self, element: &[u8]) -> bool {
        self.data.is_empty() || self.bits(element).all(|bit| self.data[bit / 8] & 1 << (bit % 8) != 0)
    }

    /// Takes over what was put into a copy.
    pub(crate) fn merge(&mut self, copy: &Self) {
        if self.data.len() == copy.data.len() {
            self.data.iter_mut().zip(&copy.data).for_each(|(own, other)| *own |= other);
        }
    }

    /// Whether a transaction may concern the peer: by its id, by data in its scripts, or by what it spends. Outputs that
    /// match are put in, as far as the peer wants that, so that it will hear of who spends them.
    pub fn is_relevant_and_update(&mut self, tx: &Transaction) -> bool {
        if self.data.is_empty() {
            return true;
        }
        let txid = tx.txid();
        let mut relevant = self.contains(txid.as_bytes());
        for (vout, output) in (0u32..).zip(tx.outputs()) {
            let script = &output.script_pubkey;
            if !pushes(script).any(|data| self.contains(data)) {
                continue;
            }
            relevant = true;
            let update = match self.flags & UPDATE_MASK {
                UPDATE_ALL => true,
                UPDATE_P2PUBKEY_ONLY => is_pubkey_or_multisig(script),
                _ => false,
            };
            if update {
                self.insert(&OutPoint { txid, vout }.encode());
            }
        }
        relevant
            || tx.inputs().iter().any(|input| {
                self.contains(&input.prevout.encode()) || pushes(&input.script_sig).any(|data| self.contains(data))
            })
    }
}

/// A block as a peer sees it through its filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilteredBlock {
    /// Payload of `merkleblock`: header and the proof of what matched.
    pub merkle_block: Bytes,
    /// What matched.
    pub matched: Vec<Arc<Transaction>>,
    /// The filter, with what was put in.
    pub filter: Box<Bloom>,
}

impl FilteredBlock {
    /// Looks at every transaction in order.
    pub fn new(block: &Block, mut filter: Box<Bloom>) -> Self {
        let matches: Vec<bool> = block.transactions().iter().map(|tx| filter.is_relevant_and_update(tx)).collect();
        let mut out = block.header().encode().to_vec();
        let ids: Vec<Txid> = block.transactions().iter().map(|tx| tx.txid()).collect();
        let mut matching = matches.iter();
        PartialTree::new(&ids, |_| matching.next() == Some(&true)).encode(&mut out);
        let matched = block.transactions().iter().zip(&matches).filter(|(_, matched)| **matched);
        Self { merkle_block: out.into(), matched: matched.map(|(tx, _)| Arc::clone(tx)).collect(), filter }
    }
}

/// An element prepared for MurmurHash3 (x86, 32 bits): its words, each mixed, and its length.
struct Prepared {
    words: Vec<u32>,
    tail: Option<u32>,
    length: u32,
}

fn murmur3_state(element: &[u8]) -> Prepared {
    let mix = |word: u32| word.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593);
    let (words, tail) = element.as_chunks::<4>();
    let rest = tail.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte));
    Prepared {
        words: words.iter().map(|word| mix(u32::from_le_bytes(*word))).collect(),
        tail: (!tail.is_empty()).then(|| mix(rest)),
        length: u32::try_from(element.len()).unwrap_or(u32::MAX),
    }
}

impl Prepared {
    fn hash(&self, seed: u32) -> u32 {
        let step = |hash: u32, word: &u32| (hash ^ word).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
        let mut hash = self.words.iter().fold(seed, step) ^ self.tail.unwrap_or(0) ^ self.length;
        hash = (hash ^ hash >> 16).wrapping_mul(0x85eb_ca6b);
        hash = (hash ^ hash >> 13).wrapping_mul(0xc2b2_ae35);
        hash ^ hash >> 16
    }
}

#[cfg(test)]
mod tests;
