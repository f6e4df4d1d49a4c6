//! Blocks and state are checked against each other at the start: what does not fit keeps the node from starting.

use litecast_engine::{Engine, Verification, VerifyRequest};
use litecast_primitives::OutPoint;
use litecast_store::{Batch, Opaque, Store};

use crate::{
    harness::Node,
    inside::{History, history, mweb_options, play},
};

#[test]
fn a_sound_chain_passes_at_every_level() {
    let History { below, blocks, .. } = history();
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(mweb_options(dir.path()));
    play(&node, &below);
    play(&node, &blocks);
    let reader = node.handle().reader();
    let tip = reader.tip().height;
    for level in 0..=5 {
        // Some, all, more than there are, and with no memory to take more than one off.
        for (count, memory) in [(3, usize::MAX), (0, usize::MAX), (100_000, usize::MAX), (0, 0)] {
            let blocks = if count == 3 { 3 } else { tip };
            let request = VerifyRequest { level, blocks: count, memory };
            let found = reader.verify_chain(request).unwrap();
            assert_eq!(found, Verification::Sound { blocks }, "{request:?}");
        }
    }
}

/// Lets a node stop, changes its tables, and answers why it does not start again at some level.
fn start_after(level: u8, damage: impl FnOnce(&Store, &mut Batch, &History)) -> Option<String> {
    let history = history();
    let dir = tempfile::tempdir().unwrap();
    let mut options = mweb_options(dir.path());
    let node = Node::start(options.clone());
    play(&node, &history.below);
    play(&node, &history.blocks);
    node.stop();
    let store = Store::open(&options.store()).unwrap();
    let mut batch = Batch::new();
    damage(&store, &mut batch, &history);
    store.commit(batch).unwrap();
    drop(store);
    options.check_level = level;
    options.check_blocks = 6;
    Engine::start(options).err().map(|error| error.to_string())
}

#[test]
fn a_missing_coin_keeps_the_node_from_starting() {
    let damage = |_: &Store, batch: &mut Batch, history: &History| {
        let coinbase = history.blocks.last().unwrap().transactions()[0].txid();
        batch.delete_coin(OutPoint { txid: coinbase, vout: 0 });
    };
    assert_eq!(start_after(2, damage), None);
    let error = start_after(3, damage).unwrap();
    assert!(error.contains("Corrupted block database detected: the coins are not those of the block"), "{error}");
    assert!(error.contains("-reindex"), "{error}");
}

#[test]
fn damage_inside_keeps_the_node_from_starting() {
    for letter in [b'n', b'p'] {
        let error = start_after(3, |store, batch, _| {
            for entry in store.entries(Opaque::Mweb) {
                let (key, value) = entry.unwrap();
                if key[0] == letter {
                    let mut value = value.to_vec();
                    value[0] ^= 0x40;
                    batch.put(Opaque::Mweb, key.to_vec(), value);
                }
            }
        });
        assert!(error.is_some_and(|error| error.contains("Corrupted block database detected")), "{}", letter as char);
    }
}
