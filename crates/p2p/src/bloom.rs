//! Sets that take strangers for members once in a while: one that forgets, for our own use, and the filters of light
//! clients.
//!
//! [`RollingBloom`] knows the last elements for certain and older ones for a while. Its memory is fixed when it is made
//! (v0.21.5.5 src/bloom.cpp, CRollingBloomFilter; the hash is another, which nobody can see).

mod filter;
mod script;

use std::hash::Hasher;

use siphasher::sip::SipHasher24;

pub use filter::{Bloom, FilteredBlock, MAX_BLOOM_FILTER_SIZE, MAX_HASH_FUNCS};

/// Places in a word of two bits each.
const PER_WORD: usize = 32;
/// The lower bit of each place.
const LOWER: u64 = 0x5555_5555_5555_5555;

/// Holds two to three generations of half of `elements` each.
#[derive(Debug, Clone)]
pub struct RollingBloom {
    per_generation: usize,
    in_generation: usize,
    /// 1, 2 or 3; 0 in a place says that it is not set.
    generation: u64,
    hashes: u32,
    size: usize,
    words: Vec<u64>,
    key: (u64, u64),
}

impl RollingBloom {
    /// Knows the last `elements`; a stranger is taken for known with a chance of at most about 2^-`hashes`.
    pub fn new(elements: usize, hashes: u32, key: (u64, u64)) -> Self {
        let per_generation = elements.div_ceil(2).max(1);
        // The size at which half of the places are set: hashes / ln 2 for each element.
        let size = per_generation * 3 * usize::try_from(hashes).unwrap_or(1) * 1443 / 1000 + 1;
        Self {
            per_generation,
            in_generation: 0,
            generation: 1,
            hashes,
            size,
            words: vec![0; size.div_ceil(PER_WORD)],
            key,
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        if self.in_generation > 0 || self.generation != 1 {
            // Fresh memory is zeroed when it is used.
            self.words = vec![0; self.words.len()];
            (self.in_generation, self.generation) = (0, 1);
        }
    }

    /// Where an element leaves its marks.
    fn marks(&self, element: &[u8]) -> impl Iterator<Item = usize> + use<> {
        let mut hasher = SipHasher24::new_with_keys(self.key.0, self.key.1);
        hasher.write(element);
        let hash = hasher.finish();
        let (first, step, size) = (hash >> 32, (hash & 0xffff_ffff) | 1, self.size as u64);
        (0..u64::from(self.hashes)).map(move |n| {
            // The upper half of a product is as good as a remainder.
            let mixed = first.wrapping_add(step.wrapping_mul(n)) & 0xffff_ffff;
            usize::try_from((mixed * size) >> 32).expect("because it is less than the size")
        })
    }

    /// Puts an element in.
    pub fn insert(&mut self, element: &[u8]) {
        if self.in_generation == self.per_generation {
            self.in_generation = 0;
            self.generation = self.generation % 3 + 1;
            let oldest = self.generation * LOWER;
            for word in &mut self.words {
                // A place is zero here exactly if it belongs to the oldest generation.
                let other = *word ^ oldest;
                let keep = (other | other >> 1) & LOWER;
                *word &= keep | keep << 1;
            }
        }
        self.in_generation += 1;
        for mark in self.marks(element) {
            let shift = mark % PER_WORD * 2;
            let word = &mut self.words[mark / PER_WORD];
            *word = *word & !(3 << shift) | self.generation << shift;
        }
    }

    /// Whether it was put in, as far as is remembered.
    pub fn contains(&self, element: &[u8]) -> bool {
        self.marks(element).all(|mark| self.words[mark / PER_WORD] >> (mark % PER_WORD * 2) & 3 != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ones_are_known_and_strangers_seldom() {
        let mut filter = RollingBloom::new(1000, 10, (1, 2));
        let size = filter.words.len();
        for n in 0u32..10_000 {
            filter.insert(&n.to_le_bytes());
            assert!((n.saturating_sub(999)..=n).step_by(37).all(|known| filter.contains(&known.to_le_bytes())), "{n}");
        }
        assert_eq!(filter.words.len(), size);
        let wrong = (100_000u32..200_000).filter(|n| filter.contains(&n.to_le_bytes())).count();
        assert!(wrong < 300, "{wrong} strangers of 100,000");
        let old = (0u32..8_000).filter(|n| filter.contains(&n.to_le_bytes())).count();
        assert!(old < 100, "{old} of the oldest 8,000 are still known");
        filter.clear();
        assert!((0u32..10_000).all(|n| !filter.contains(&n.to_le_bytes())));
        filter.insert(&[7]);
        assert!(filter.contains(&[7]));
    }
}
