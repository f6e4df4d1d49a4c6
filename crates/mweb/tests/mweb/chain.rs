//! Whole chains: forwards, backwards, and all at once.

use litecast_mweb::{ConnectError, DisconnectError, MemoryStore, MwebDelta, MwebUndo, Overlay, connect_block};
use litecast_primitives::{codec::Reader, mweb};

use crate::support::{State, VERIFIER, blocks, folder, regtest, rule};

fn round_trip(undo: &MwebUndo) -> MwebUndo {
    let mut bytes = Vec::new();
    undo.encode(&mut bytes);
    let mut r = Reader::new(bytes.into());
    let decoded = MwebUndo::decode(&mut r).unwrap();
    r.finish().unwrap();
    decoded
}

fn forwards_and_backwards(name: &str, expected_extensions: usize) {
    let Some(folder) = folder() else { return };
    let mut state = State::default();
    let mut below: Vec<(State, MwebUndo)> = Vec::new();
    let mut all = MwebDelta::default();
    for block in blocks(&folder.join(name)) {
        let before = state.clone();
        let Some(connected) = state.connect(&block, &VERIFIER) else { continue };
        let undo = round_trip(&connected.undo);
        assert_eq!(undo, connected.undo);
        all.extend(connected.delta);
        below.push((before, undo));
    }
    assert_eq!(below.len(), expected_extensions);
    // One delta of all of them, applied to nothing, is the same state.
    let mut at_once = MemoryStore::default();
    at_once.apply(all);
    assert!(at_once == state.store);
    // A block that is not the tip cannot be taken off.
    let (_, first) = &below[0];
    let refused = litecast_mweb::disconnect_block(state.header.as_ref().unwrap(), first, &state.store);
    assert!(matches!(refused, Err(DisconnectError::Mismatch(_))));
    for (before, undo) in below.iter().rev() {
        state.disconnect(undo);
        assert_eq!(state.header, before.header);
        assert!(state.store == before.store);
    }
    assert!(state.store == MemoryStore::default());
}

#[test]
fn the_regtest_chain_connects_and_disconnects() {
    forwards_and_backwards("mweb-regtest/blocks.hex", 49);
}

#[test]
fn keys_that_are_no_points_are_accepted_where_the_network_accepts_them() {
    forwards_and_backwards("mweb-regtest/edge/blocks.hex", 26);
}

#[test]
fn a_block_connects_on_an_overlay_as_on_a_store() {
    let Some(folder) = folder() else { return };
    let base = MemoryStore::default();
    let mut overlay = Overlay::new(&base);
    let mut header: Option<mweb::Header> = None;
    for block in blocks(&folder.join("mweb-regtest/blocks.hex")) {
        let Some(extension) = block.extension() else { continue };
        let connected =
            connect_block(extension, &block.hash(), header.as_ref(), &overlay, &regtest(), &VERIFIER).unwrap();
        overlay.apply(connected.delta);
        header = Some(extension.header.clone());
    }
    assert_eq!(overlay.into_delta().nodes.len() as u64, {
        let leaves = header.unwrap().output_mmr_size;
        2 * leaves - u64::from(leaves.count_ones())
    });
}

#[test]
fn a_block_does_not_connect_twice_or_on_another_state() {
    let Some(folder) = folder() else { return };
    let mut state = State::default();
    for block in blocks(&folder.join("mweb-regtest/blocks.hex")).iter().filter(|b| b.extension().is_some()).take(8) {
        state.connect(block, &VERIFIER).unwrap();
        if !block.extension().unwrap().body.kernels.is_empty() {
            assert!(rule(state.judge(block, &VERIFIER)).is_some());
        }
    }
}

#[test]
fn a_hole_in_the_store_is_no_statement_about_the_block() {
    let Some(folder) = folder() else { return };
    let mut state = State::default();
    let blocks = blocks(&folder.join("mweb-regtest/blocks.hex"));
    let mut with_extension = blocks.iter().filter(|block| block.extension().is_some());
    state.connect(with_extension.next().unwrap(), &VERIFIER).unwrap();
    let next = with_extension.next().unwrap();
    let connect = |store: &MemoryStore| {
        let extension = next.extension().unwrap();
        connect_block(extension, &next.hash(), state.header.as_ref(), store, &regtest(), &VERIFIER)
    };
    assert!(connect(&state.store).is_ok());
    let mut holed = state.store.clone();
    holed.nodes.clear();
    assert!(matches!(connect(&holed), Err(ConnectError::View(_))));
    let mut holed = state.store.clone();
    holed.pages.clear();
    assert!(matches!(connect(&holed), Err(ConnectError::View(_))));
}
