//! Compact block filters of the basic type (BIP158; v0.21.5.5 src/blockfilter.cpp): made here, matched by light clients.
//!
//! A filter holds every script that a block pays to or spends from, outside of the extension block; the HogEx counts as
//! any other transaction. Filters form a chain of their own by their headers.

use std::{collections::HashSet, hash::Hasher as _};

use siphasher::sip::SipHasher24;

use crate::{
    block::Block,
    codec::put_len,
    hash::{BlockHash, sha256d, sha256d_pair},
};

/// Bits of a remainder in the Golomb-Rice code.
const P: u32 = 19;
/// One in so many strangers matches by accident.
const M: u64 = 784_931;
const OP_RETURN: u8 = 0x6a;

/// A filter as it is sent: a count, then the coded differences of the sorted hashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockFilter(pub Vec<u8>);

impl BlockFilter {
    /// The number of the basic type in messages.
    pub const BASIC: u8 = 0;

    /// The filter of a block, whose inputs spent outputs with these scripts.
    pub fn basic<'a>(block: &'a Block, spent: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let outputs = block.transactions().iter().flat_map(|tx| tx.outputs());
        let paid = outputs.map(|output| &output.script_pubkey[..]).filter(|script| script.first() != Some(&OP_RETURN));
        let scripts: HashSet<&[u8]> = paid.chain(spent).filter(|script| !script.is_empty()).collect();
        Self(encode(&block.hash(), &scripts))
    }

    /// What its header commits to.
    pub fn hash(&self) -> [u8; 32] {
        sha256d(&self.0)
    }
}

/// The header of a filter with this hash, on top of the header below; all zeros below the genesis block.
pub fn filter_header(filter_hash: &[u8; 32], below: &[u8; 32]) -> [u8; 32] {
    sha256d_pair(filter_hash, below)
}

/// A Golomb-coded set, keyed by the block.
fn encode(block: &BlockHash, elements: &HashSet<&[u8]>) -> Vec<u8> {
    let [key, ..] = block.as_bytes().as_chunks::<16>().0 else { unreachable!("because a hash has 32 bytes") };
    let range = elements.len() as u64 * M;
    let hash = |element: &&[u8]| {
        let mut hasher = SipHasher24::new_with_key(key);
        hasher.write(element);
        // Spread evenly over the range without a division.
        u64::try_from((u128::from(hasher.finish()) * u128::from(range)) >> 64).expect("because it is below the range")
    };
    let mut values: Vec<u64> = elements.iter().map(hash).collect();
    values.sort_unstable();
    let mut out = Vec::with_capacity(9 + values.len() * 3);
    put_len(&mut out, values.len());
    let mut bits = BitWriter { out, byte: 0, used: 0 };
    let mut last = 0;
    for value in values {
        let difference = value - last;
        (0..difference >> P).for_each(|_| bits.put(true));
        bits.put(false);
        (0..P).rev().for_each(|bit| bits.put(difference >> bit & 1 == 1));
        last = value;
    }
    bits.finish()
}

/// Fills bytes from the most significant bit down.
struct BitWriter {
    out: Vec<u8>,
    byte: u8,
    used: u32,
}

impl BitWriter {
    fn put(&mut self, bit: bool) {
        self.byte = self.byte << 1 | u8::from(bit);
        self.used += 1;
        if self.used == u8::BITS {
            self.out.push(self.byte);
            (self.byte, self.used) = (0, 0);
        }
    }

    fn finish(mut self) -> Vec<u8> {
        if self.used > 0 {
            self.out.push(self.byte << (u8::BITS - self.used));
        }
        self.out
    }
}
