//! Segments: consecutive unspent leaves of a range, with the hashes that lead from them to its root
//! (v0.21.5.5 src/libmw/src/mmr/Segment.cpp). Light clients check them against the header of an extension block.
//!
//! The hashes are those of the largest subtrees between the leaves: to the left of the first one, in every gap of spent
//! leaves, and to the right of the last one up to the end of its mountain, in the order of their positions. The
//! mountains further right are one more hash, their bagged peaks.

use litecast_primitives::hash::MwebHash;

use crate::{
    leafset::Leafset,
    mmr::{leaf_position, parent_hash, peak_positions},
};

/// Leaves of a range and the proof of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Indexes of the unspent leaves, ascending.
    pub leaves: Vec<u64>,
    /// Hashes of subtrees, by position.
    pub hashes: Vec<MwebHash>,
    /// The bagged peaks behind the mountain of the last leaf, if there are any.
    pub lower_peak: Option<MwebHash>,
}

impl Segment {
    /// At most `count` unspent leaves from `first` on, of the range whose leaves `leafset` lists and whose nodes `node`
    /// finds by position. `None` if `first` is spent or not there, or nothing is asked for.
    pub fn assemble<E>(
        leafset: &Leafset,
        first: u64,
        count: usize,
        mut node: impl FnMut(u64) -> Result<MwebHash, E>,
    ) -> Result<Option<Self>, E> {
        if !leafset.contains(first) || count == 0 {
            return Ok(None);
        }
        let leaves: Vec<u64> = (first..leafset.leaves()).filter(|leaf| leafset.contains(*leaf)).take(count).collect();
        let last = leaves.last().copied().unwrap_or(first);
        let end = mountain_end(leafset.leaves(), last);
        let mut positions: Vec<u64> = subtrees(0, first).collect();
        for pair in leaves.windows(2) {
            positions.extend(subtrees(pair[0] + 1, pair[1]));
        }
        positions.extend(subtrees(last + 1, end));
        let hashes = positions.into_iter().map(&mut node).collect::<Result<_, _>>()?;
        // Bagged from the right with the number of nodes, as for the root.
        let nodes = leaf_position(leafset.leaves());
        let mut lower_peak = None;
        let lower = peak_positions(leafset.leaves()).filter(|peak| *peak >= leaf_position(end));
        for position in lower.collect::<Vec<_>>().into_iter().rev() {
            let peak = node(position)?;
            lower_peak = Some(lower_peak.map_or(peak, |right| parent_hash(nodes, &peak, &right)));
        }
        Ok(Some(Self { leaves, hashes, lower_peak }))
    }

    /// All hashes as they are sent.
    pub fn proof_hashes(&self) -> impl Iterator<Item = &MwebHash> {
        self.hashes.iter().chain(&self.lower_peak)
    }
}

/// Where the mountain over a leaf ends: the index of the first leaf behind it.
fn mountain_end(leaves: u64, leaf: u64) -> u64 {
    let mut end = 0;
    for bit in (0..u64::BITS).rev().filter(|bit| leaves >> bit & 1 == 1) {
        end += 1 << bit;
        if leaf < end {
            break;
        }
    }
    end
}

/// Positions of the largest subtrees that together hold exactly the leaves from `from` to before `to`.
fn subtrees(from: u64, to: u64) -> impl Iterator<Item = u64> {
    let mut at = from;
    std::iter::from_fn(move || {
        let room = to.checked_sub(at).filter(|room| *room > 0)?;
        // A subtree of 2^h leaves begins at a multiple of 2^h.
        let height = at.trailing_zeros().min(room.ilog2());
        let position = leaf_position(at) + (2 << height) - 2;
        at += 1 << height;
        Some(position)
    })
}

#[cfg(test)]
mod tests;
