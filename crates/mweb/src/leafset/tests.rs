//! The bitmap against a list of booleans.

use std::{collections::BTreeMap, convert::Infallible};

use proptest::prelude::*;

use super::{Leafset, PAGE_SIZE, Page, page_count};
use crate::blake3;

#[derive(Debug, Clone)]
enum Step {
    Push(u16),
    Set(u64, bool),
    Truncate(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1u16..3000).prop_map(Step::Push),
        (0u64..12_000, any::<bool>()).prop_map(|(leaf, unspent)| Step::Set(leaf, unspent)),
        (0u64..12_000).prop_map(Step::Truncate),
    ]
}

fn model_root(bits: &[bool]) -> [u8; 32] {
    let bytes: Vec<u8> = bits
        .chunks(8)
        .map(|byte| byte.iter().enumerate().fold(0, |byte, (i, bit)| byte | u8::from(*bit) << (7 - i)))
        .collect();
    blake3(&[&bytes])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_step_matches_the_model(steps in prop::collection::vec(step(), 1..30)) {
        let mut bits: Vec<bool> = Vec::new();
        let mut pages: BTreeMap<u64, Page> = BTreeMap::new();
        for step in steps {
            let mut set = Leafset::load(bits.len() as u64, |index| Ok::<_, Infallible>(pages[&index])).unwrap();
            match step {
                Step::Push(n) => {
                    (0..n).for_each(|_| set.push());
                    bits.resize(bits.len() + usize::from(n), true);
                }
                Step::Set(leaf, unspent) => {
                    set.set(leaf, unspent);
                    if let Some(bit) = usize::try_from(leaf).ok().and_then(|leaf| bits.get_mut(leaf)) {
                        *bit = unspent;
                    }
                }
                Step::Truncate(leaves) => {
                    set.truncate(leaves);
                    bits.truncate(usize::try_from(leaves).unwrap());
                }
            }
            prop_assert_eq!(set.leaves(), bits.len() as u64);
            prop_assert_eq!(set.root().0, model_root(&bits));
            let same = |leaf: u64| {
                set.contains(leaf) == bits.get(usize::try_from(leaf).unwrap()).copied().unwrap_or(false)
            };
            prop_assert!((0..set.leaves() + 9).all(same));
            pages.extend(set.changed_pages());
            // What lies behind the end is empty, so that a page can be dropped or kept.
            let kept = page_count(set.leaves());
            prop_assert!(pages.range(kept..).all(|(_, page)| *page == [0; PAGE_SIZE]));
        }
    }
}
