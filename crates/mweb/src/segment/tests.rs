use std::{collections::BTreeMap, convert::Infallible};

use proptest::prelude::*;

use super::*;
use crate::mmr::{Mmr, leaf_hash};

/// A range with its nodes, and which of its leaves are unspent.
struct Range {
    mmr: Mmr,
    nodes: BTreeMap<u64, MwebHash>,
    leafset: Leafset,
}

fn data(leaf: u64) -> [u8; 4] {
    u32::try_from(leaf).unwrap().to_be_bytes()
}

impl Range {
    fn new(leaves: u64, spent: impl Fn(u64) -> bool) -> Self {
        let (mut mmr, mut nodes, mut leafset) = (Mmr::new(), BTreeMap::new(), Leafset::new());
        for leaf in 0..leaves {
            mmr.append(&data(leaf), |position, hash| {
                nodes.insert(position, hash);
            });
            leafset.push();
            leafset.set(leaf, !spent(leaf));
        }
        Self { mmr, nodes, leafset }
    }

    fn assemble(&self, first: u64, count: usize) -> Option<Segment> {
        Segment::assemble(&self.leafset, first, count, |position| Ok::<_, Infallible>(self.nodes[&position])).unwrap()
    }
}

/// What a light client does: it knows the leafset and the size of the range, and walks down every mountain. A subtree
/// without a leaf of the segment is a hash. Says what the root must be, and whether all hashes were of use.
fn root_of(segment: &Segment, leafset: &Leafset) -> Option<MwebHash> {
    fn walk(segment: &Segment, used: &mut usize, start: u64, height: u32) -> Option<MwebHash> {
        let inside = start..start + (1 << height);
        let position = leaf_position(start) + (2 << height) - 2;
        if !segment.leaves.iter().any(|leaf| inside.contains(leaf)) {
            *used += 1;
            return segment.hashes.get(*used - 1).copied();
        }
        if height == 0 {
            return Some(leaf_hash(position, &data(start)));
        }
        let half = 1 << (height - 1);
        let left = walk(segment, used, start, height - 1)?;
        let right = walk(segment, used, start + half, height - 1)?;
        Some(parent_hash(position, &left, &right))
    }
    let leaves = leafset.leaves();
    let last = *segment.leaves.last()?;
    let (mut used, mut start, mut peaks) = (0, 0, Vec::new());
    for bit in (0..u64::BITS).rev().filter(|bit| leaves >> bit & 1 == 1) {
        if start > last {
            break;
        }
        peaks.push(walk(segment, &mut used, start, bit)?);
        start += 1 << bit;
    }
    peaks.extend(segment.lower_peak);
    let nodes = leaf_position(leaves);
    let root = peaks.into_iter().rev().reduce(|right, left| parent_hash(nodes, &left, &right));
    root.filter(|_| used == segment.hashes.len())
}

/// The facts of v0.21.5.5 src/libmw/test/tests/mmr/Test_Segment.cpp: 15 leaves, the first four of them.
#[test]
fn the_references_segment() {
    let range = Range::new(15, |_| false);
    let segment = range.assemble(0, 4).unwrap();
    assert_eq!(segment.leaves, [0, 1, 2, 3]);
    assert_eq!(segment.hashes, [range.nodes[&13]]);
    let bagged = parent_hash(26, &range.nodes[&24], &range.nodes[&25]);
    let bagged = parent_hash(26, &range.nodes[&21], &bagged);
    assert_eq!(segment.lower_peak, Some(bagged));
    assert_eq!(segment.proof_hashes().copied().collect::<Vec<_>>(), [range.nodes[&13], bagged]);
    assert_eq!(root_of(&segment, &range.leafset), Some(range.mmr.root()));
}

/// Positions read off the drawing of doc/mweb/pmmr.md: leaves 0-7 stand at 0, 1, 3, 4, 7, 8, 10, 11.
#[test]
fn hashes_stand_in_the_order_of_their_positions() {
    // Leaves 1, 4 and 5 are spent.
    let range = Range::new(11, |leaf| [1, 4, 5].contains(&leaf));
    let at = |positions: &[u64]| positions.iter().map(|p| range.nodes[p]).collect::<Vec<_>>();
    let segment = range.assemble(2, 3).unwrap();
    assert_eq!(segment.leaves, [2, 3, 6]);
    // Leaves 0 and 1 together, the pair 4 and 5, leaf 7; behind the mountain the peaks 17 and 18.
    assert_eq!(segment.hashes, at(&[2, 9, 11]));
    assert_eq!(segment.lower_peak, Some(parent_hash(19, &range.nodes[&17], &range.nodes[&18])));
    // The last mountain has nothing behind it; those before are peaks.
    let segment = range.assemble(10, 5).unwrap();
    assert_eq!((segment.leaves, segment.lower_peak), (vec![10], None));
    assert_eq!(segment.hashes, at(&[14, 17]));
}

#[test]
fn nothing_begins_at_a_spent_leaf() {
    let range = Range::new(5, |leaf| leaf == 1);
    assert_eq!(range.assemble(1, 5), None);
    assert_eq!(range.assemble(5, 5), None);
    assert_eq!(range.assemble(u64::MAX, 5), None);
    assert_eq!(range.assemble(0, 0), None);
    assert_eq!(Range::new(0, |_| false).assemble(0, 1), None);
    assert!(range.assemble(0, 1).is_some());
}

proptest! {
    #[test]
    fn segments_lead_to_the_root(
        spent in prop::collection::vec(prop::bool::weighted(0.6), 1..300),
        first in any::<prop::sample::Index>(),
        count in 1usize..40,
        broken in any::<prop::sample::Index>(),
    ) {
        let leaf_count = spent.len() as u64;
        let first = first.index(spent.len()) as u64;
        let range = Range::new(leaf_count, |leaf| leaf != first && spent[usize::try_from(leaf).unwrap()]);
        let segment = range.assemble(first, count).unwrap();
        let unspent: Vec<u64> = (first..leaf_count).filter(|leaf| range.leafset.contains(*leaf)).take(count).collect();
        prop_assert_eq!(&segment.leaves, &unspent);
        let root = range.mmr.root();
        prop_assert_eq!(root_of(&segment, &range.leafset), Some(root));

        // Another hash, one less or another leaf leads elsewhere.
        let hashes = segment.proof_hashes().count();
        if hashes > 0 {
            let at = broken.index(hashes);
            let mut changed = segment.clone();
            match changed.hashes.get_mut(at) {
                Some(hash) => hash.0[at % 32] ^= 1,
                None => changed.lower_peak.as_mut().unwrap().0[0] ^= 1,
            }
            prop_assert_ne!(root_of(&changed, &range.leafset), Some(root));
        }
        let mut shorter = segment.clone();
        if shorter.hashes.pop().is_some() {
            prop_assert_ne!(root_of(&shorter, &range.leafset), Some(root));
        }
        let mut fewer = segment;
        if fewer.leaves.len() > 1 {
            fewer.leaves.pop();
            prop_assert_ne!(root_of(&fewer, &range.leafset), Some(root));
        }
    }
}
