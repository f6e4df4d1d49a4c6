//! Extension blocks with one byte changed: none may pass, except for what only the HogEx commits to.
//!
//! `LITECAST_ALL_FLIPS=1` flips every byte in several ways; otherwise a sample.

use bytes::Bytes;
use litecast_mweb::Verifier;
use litecast_primitives::{Block, codec::Reader, mweb::ExtensionBlock};
use proptest::{prelude::*, test_runner::TestRunner};

use crate::support::{State, follow, rule};

/// Bytes of the height at the start of a header: known to the hash in the HogEx, to nothing inside.
fn height_bytes(extension: &ExtensionBlock) -> usize {
    let mut bytes = Vec::new();
    litecast_primitives::codec::put_varint(&mut bytes, extension.header.height.into());
    bytes.len()
}

fn flip_all(state: &State, block: &Block, step: usize, masks: &[u8]) -> usize {
    // Remembers what is good, so that only the changed part is verified.
    let verifier = Verifier::new(Verifier::CACHE_ENTRIES);
    state.judge(block, &verifier).unwrap();
    let extension = block.extension().unwrap();
    let mut bytes = Vec::new();
    extension.encode(&mut bytes);
    let mut undecodable = 0;
    for at in (height_bytes(extension)..bytes.len()).step_by(step) {
        for mask in masks {
            let mut flipped = bytes.clone();
            flipped[at] ^= mask;
            let mut r = Reader::new(Bytes::from(flipped));
            let decoded = ExtensionBlock::decode(&mut r).and_then(|extension| r.finish().map(|()| extension));
            let Ok(decoded) = decoded else {
                undecodable += 1;
                continue;
            };
            let judged = rule(state.judge_extension(block, &decoded, &verifier));
            assert!(judged.is_some(), "{} byte {at} mask {mask:02x} is accepted", block.hash());
        }
    }
    undecodable
}

#[test]
fn no_flipped_byte_passes() {
    let all = std::env::var_os("LITECAST_ALL_FLIPS").is_some();
    let (step, masks): (usize, &[u8]) = if all { (1, &[0x01, 0x80, 0xff]) } else { (23, &[0x01]) };
    let flip = |state: &State, block: &Block| {
        let body = &block.extension().unwrap().body;
        // Small blocks of every kind: peg-ins, spends, peg-outs, keys that are no points.
        if body.kernels.is_empty() || body.outputs.len() > 6 {
            return;
        }
        flip_all(state, block, step, masks);
    };
    if follow("mweb-regtest/blocks.hex", flip).is_some() {
        follow("mweb-regtest/edge/blocks.hex", |state, block| {
            if state.header.as_ref().is_some_and(|header| header.height >= 454) {
                flip(state, block);
            }
        });
    }
}

/// Bytes moved, dropped, doubled and overwritten: whatever still decodes is judged without a panic, and is refused.
#[test]
fn no_garbled_block_passes() {
    let mut blocks: Vec<(State, Block)> = Vec::new();
    let Some(_) = follow("mweb-regtest/blocks.hex", |state, block| {
        let body = &block.extension().unwrap().body;
        if !body.kernels.is_empty() && body.outputs.len() <= 6 {
            blocks.push((state.clone(), block.clone()));
        }
    }) else {
        return;
    };
    let verifier = Verifier::new(Verifier::CACHE_ENTRIES);
    let edit = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0usize..80, 0u8..4, any::<u8>());
    let garbled = (any::<prop::sample::Index>(), prop::collection::vec(edit, 1..4));
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) };
    TestRunner::new(config)
        .run(&garbled, |(which, edits)| {
            let (state, block) = which.get(&blocks);
            let extension = block.extension().unwrap();
            let mut bytes = Vec::new();
            extension.encode(&mut bytes);
            for (from, to, length, kind, byte) in edits {
                let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
                let part: Vec<u8> = bytes[from..].iter().copied().take(length).collect();
                match kind {
                    0 => drop(bytes.splice(to..to, part)),
                    1 => drop(bytes.drain(from..from + part.len())),
                    2 => bytes.iter_mut().skip(to).zip(part).for_each(|(b, p)| *b = p),
                    _ => bytes[to] = byte,
                }
            }
            let mut r = Reader::new(Bytes::from(bytes));
            if let Ok(mut decoded) = ExtensionBlock::decode(&mut r) {
                decoded.header.height = extension.header.height;
                let judged = rule(state.judge_extension(block, &decoded, &verifier));
                prop_assert!(judged.is_some() || &decoded == extension);
            }
            Ok(())
        })
        .unwrap();
}
