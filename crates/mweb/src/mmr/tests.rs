//! The range against a tree that is built anew from all leaves.

use std::{collections::BTreeMap, convert::Infallible};

use litecast_primitives::hash::MwebHash;
use proptest::prelude::*;

use super::{Mmr, leaf_hash, leaf_position, parent_hash, peak_positions};

/// Post-order: left, right, then the node itself at the next free position.
fn subtree(leaves: &[Vec<u8>], next: &mut u64, nodes: &mut Vec<MwebHash>) -> MwebHash {
    let hash = if let [leaf] = leaves {
        leaf_hash(*next, leaf)
    } else {
        let (left, right) = leaves.split_at(leaves.len() / 2);
        let left = subtree(left, next, nodes);
        let right = subtree(right, next, nodes);
        parent_hash(*next, &left, &right)
    };
    *next += 1;
    nodes.push(hash);
    hash
}

/// Nodes and root by definition: perfect trees from the highest power of two down, bagged from the right.
fn model(leaves: &[Vec<u8>]) -> (Vec<MwebHash>, MwebHash) {
    let (mut next, mut nodes, mut peaks, mut rest) = (0, Vec::new(), Vec::new(), leaves);
    while !rest.is_empty() {
        let (mountain, right) = rest.split_at(1 << rest.len().ilog2());
        peaks.push(subtree(mountain, &mut next, &mut nodes));
        rest = right;
    }
    let mut root = peaks.pop().unwrap_or_default();
    while let Some(left) = peaks.pop() {
        root = parent_hash(next, &left, &root);
    }
    (nodes, root)
}

#[test]
fn positions_of_the_reference() {
    // v0.21.5.5 src/libmw/test/tests/mmr: leaves of a range and its peaks.
    let leaves: Vec<u64> = (0..8).map(leaf_position).collect();
    assert_eq!(leaves, [0, 1, 3, 4, 7, 8, 10, 11]);
    assert_eq!(peak_positions(0).count(), 0);
    assert_eq!(peak_positions(7).collect::<Vec<_>>(), [6, 9, 10]);
    assert_eq!(peak_positions(u64::from(u32::MAX) + 1).collect::<Vec<_>>(), [(1 << 33) - 2]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn appending_and_rewinding_match_the_model(
        steps in prop::collection::vec((0u64..40, prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..20)), 1..12)
    ) {
        let mut mmr = Mmr::new();
        let mut kept: BTreeMap<u64, MwebHash> = BTreeMap::new();
        let mut leaves: Vec<Vec<u8>> = Vec::new();
        for (drop, added) in steps {
            let size = mmr.leaves().saturating_sub(drop);
            leaves.truncate(usize::try_from(size).unwrap());
            kept.split_off(&leaf_position(size));
            mmr = Mmr::load(size, |position| Ok::<_, Infallible>(kept[&position])).unwrap();
            for leaf in added {
                let at = mmr.append(&leaf, |position, hash| { kept.insert(position, hash); });
                prop_assert_eq!(at, leaves.len() as u64);
                leaves.push(leaf);
            }
            let (nodes, root) = model(&leaves);
            prop_assert_eq!(mmr.root(), root);
            prop_assert_eq!(mmr.nodes(), nodes.len() as u64);
            prop_assert!(kept.values().copied().eq(nodes));
        }
    }
}
