//! A memory of what was verified, in two generations: when the young one is full the old one is forgotten.

use std::collections::HashSet;

use parking_lot::Mutex;

use crate::blake3;

/// Everything that distinguishes a signature or a proof, hashed.
pub(super) type Name = [u8; 32];

#[derive(Default)]
struct Generations {
    young: HashSet<Name>,
    old: HashSet<Name>,
}

pub(super) struct Verified {
    capacity: usize,
    generations: Mutex<Generations>,
}

impl Verified {
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity, generations: Mutex::default() }
    }

    /// All parts but the last have a length that the first one fixes.
    pub(super) fn name(parts: &[&[u8]]) -> Name {
        blake3(parts)
    }

    pub(super) fn contains(&self, name: &Name) -> bool {
        if self.capacity == 0 {
            return false;
        }
        let generations = self.generations.lock();
        generations.young.contains(name) || generations.old.contains(name)
    }

    pub(super) fn insert(&self, names: &[Name]) {
        if self.capacity == 0 {
            return;
        }
        let mut generations = self.generations.lock();
        for name in names {
            if generations.young.len() >= self.capacity {
                generations.old = std::mem::take(&mut generations.young);
            }
            generations.young.insert(*name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Verified;

    #[test]
    fn forgets_the_oldest() {
        let verified = Verified::new(2);
        let name = |n: u8| [n; 32];
        verified.insert(&[name(1), name(2), name(3)]);
        assert!((1..=3).all(|n| verified.contains(&name(n))));
        verified.insert(&[name(4), name(5)]);
        assert!(!verified.contains(&name(1)));
        assert!((3..=5).all(|n| verified.contains(&name(n))));
        let none = Verified::new(0);
        none.insert(&[name(1)]);
        assert!(!none.contains(&name(1)));
    }
}
