//! Proof of work of headers that are about to be submitted: hashed on all cores, outside of the writer.
//!
//! A hash costs a good part of a millisecond, and two thousand headers cost a peer nothing if they are made up. So the first
//! new one has to fit on what is known before any is hashed, and each batch has to be good before the next one, larger, is
//! begun. What is not hashed here the writer hashes itself when it gets there, which it does not behind a bad header.

use litecast_consensus::{header::contextual_check_block_header, pow::check_proof_of_work};
use litecast_primitives::{BlockHeader, params::Params};
use litecast_scrypt::scrypt_1024_1_1;
use rayon::prelude::*;

use crate::{index::ChainAt, reader::Reader};

/// Headers hashed at once, at most.
const MAX_BATCH: usize = 512;
/// Each batch is so many times larger than the one before.
const GROWTH: usize = 4;
/// Fewer are not worth another core.
const MIN_SHARE: usize = 16;

/// A header, and its proof-of-work hash where it was worth it.
pub(crate) type Hashed = (BlockHeader, Option<[u8; 32]>);

pub(crate) fn hash(reader: &Reader, headers: &[BlockHeader]) -> Vec<Hashed> {
    let is_new = |header: &BlockHeader| !reader.is_known(&header.hash());
    let fits = |header: &BlockHeader| fits(reader, header);
    hash_while_good(reader.params(), headers, is_new, fits, |header| scrypt_1024_1_1(&header.encode()))
}

fn hash_while_good(
    params: &Params,
    headers: &[BlockHeader],
    is_new: impl Fn(&BlockHeader) -> bool + Sync,
    fits: impl Fn(&BlockHeader) -> bool,
    pow_hash_of: impl Fn(&BlockHeader) -> [u8; 32] + Sync,
) -> Vec<Hashed> {
    let mut hashed: Vec<Hashed> = headers.iter().map(|header| (*header, None)).collect();
    let Some(first) = headers.iter().position(&is_new).filter(|first| fits(&headers[*first])) else {
        return hashed;
    };
    let (mut rest, mut batch) = (&mut hashed[first..], 1);
    while !rest.is_empty() {
        let (part, behind) = rest.split_at_mut(batch.min(rest.len()));
        part.par_iter_mut().with_min_len(MIN_SHARE).for_each(|(header, pow_hash)| {
            // Hashes of headers that are known already would be wasted.
            *pow_hash = is_new(header).then(|| pow_hash_of(header));
        });
        let is_good = |(header, pow_hash): &Hashed| {
            pow_hash.is_none_or(|pow_hash| check_proof_of_work(&pow_hash, header.bits, params))
        };
        if !part.iter().all(is_good) {
            break;
        }
        (rest, batch) = (behind, (batch * GROWTH).min(MAX_BATCH));
    }
    hashed
}

/// Whether a header, but for its proof of work, may stand on what is known.
fn fits(reader: &Reader, header: &BlockHeader) -> bool {
    let params = reader.params();
    let now = reader.clock().adjusted();
    let index = reader.index();
    let Some(parent) = index.find(&header.prev).filter(|parent| !index.entry(*parent).failed()) else { return false };
    let checkpoint = params.checkpoints.iter().rev().find(|(_, hash)| index.find(hash).is_some()).map(|(at, _)| *at);
    contextual_check_block_header(header, &ChainAt::new(&index, parent), params, now, checkpoint).is_ok()
}

#[cfg(test)]
mod tests {
    use litecast_primitives::{BlockHash, params::Network};

    use super::*;

    /// How many of 2000 headers are hashed, if those from `bad` on have no proof of work and those before `known` are
    /// known.
    fn hashed(known: u32, bad: u32, fits: bool) -> usize {
        let params = Params::new(Network::Regtest);
        let genesis = *params.genesis.header();
        let headers: Vec<_> = (0..2000).map(|nonce| BlockHeader { prev: BlockHash::ZERO, nonce, ..genesis }).collect();
        let pow_hash_of = |header: &BlockHeader| [if header.nonce < bad { 0 } else { 0xff }; 32];
        let hashed = hash_while_good(&params, &headers, |header| header.nonce >= known, |_| fits, pow_hash_of);
        assert_eq!(hashed.iter().map(|(header, _)| *header).collect::<Vec<_>>(), headers);
        hashed.iter().filter(|(_, pow_hash)| pow_hash.is_some()).count()
    }

    #[test]
    fn made_up_headers_are_hardly_hashed() {
        assert_eq!(hashed(0, 2000, true), 2000, "good ones all are");
        assert_eq!(hashed(1500, 2000, true), 500, "but not what is known");
        assert_eq!(hashed(2000, 0, true), 0);
        assert_eq!(hashed(0, 2000, false), 0, "nothing, if the first does not fit");
        assert_eq!(hashed(0, 0, true), 1);
        assert_eq!(hashed(1500, 1500, true), 1);
        // Who has shown some work may cost a few times as much.
        for bad in [1, 2, 5, 6, 21, 100, 1000] {
            let cost = hashed(0, bad, true);
            assert!(cost <= usize::try_from(bad).unwrap() * (GROWTH + 1), "{cost} hashes for {bad} good ones");
        }
    }
}
