//! The power goes, or the disk is full, at every single operation of a history with a reorganisation.

use std::{collections::HashMap, io, path::Path, sync::Arc};

use litecast_primitives::{Block, BlockHash};
use litecast_store::simulation::{Fault, SimulatedDisk};

use crate::harness::{Node, State, fold, options};

/// Four blocks, then a better branch of five from the second, with a flush of the coins in between.
pub(crate) fn history() -> (Vec<Arc<Block>>, HashMap<BlockHash, State>) {
    let (dir, other_dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let node = Node::start(options(dir.path(), true));
    let other = Node::start(options(other_dir.path(), true));
    let mut states = HashMap::from([(node.tip(), node.state())]);
    let mut blocks = Vec::new();
    for _ in 0..4 {
        blocks.extend(node.generate(1, 1));
        states.insert(node.tip(), node.state());
    }
    for block in &blocks[..2] {
        other.submit(block);
    }
    for _ in 0..5 {
        blocks.extend(other.generate(1, 2));
        states.insert(other.tip(), other.state());
    }
    (blocks, states)
}

/// Submits everything; answers the tips that were acknowledged or told of.
pub(crate) fn play(node: &Node, blocks: &[Arc<Block>]) -> Vec<BlockHash> {
    let mut acknowledged = vec![node.tip()];
    for (i, block) in blocks.iter().enumerate() {
        if node.handle().submit_block(Arc::clone(block), true).is_err() {
            break;
        }
        acknowledged.push(node.tip());
        if i == 5 && node.handle().flush().is_err() {
            break;
        }
    }
    acknowledged
}

fn small(dir: &Path) -> litecast_engine::Options {
    options(dir, true)
}

#[test]
fn power_loss_at_every_operation_loses_nothing_that_was_acknowledged() {
    let (blocks, states) = history();
    let dir = Path::new("/simulated");
    let whole = SimulatedDisk::new();
    let node = Node::start_on(small(dir), &whole).unwrap();
    assert_eq!(play(&node, &blocks).last(), Some(&blocks[8].hash()));
    node.stop();
    let operations = whole.operations();
    assert!(operations > 30, "{operations} operations are no history");
    for operation in 0..operations {
        let disk = SimulatedDisk::new();
        disk.fault_at(operation, Fault::PowerLoss);
        let mut acknowledged = Vec::new();
        if let Some(node) = Node::start_on(small(dir), &disk) {
            acknowledged = play(&node, &blocks);
            // What was told must be true afterwards, too.
            let told = fold(&node.log.lock().unwrap().clone());
            acknowledged.extend(told.last());
        }
        for seed in 0..3 {
            let disk = disk.after_power_loss(operation * 3 + seed);
            let node = Node::start_on(small(dir), &disk).expect("because a crash is no damage");
            let state = node.state();
            assert_eq!(
                Some(&state),
                states.get(&state.0),
                "operation {operation}, seed {seed}: no state of the history"
            );
            let index = node.handle().reader().index();
            for hash in &acknowledged {
                let known = index.get(hash).is_some_and(|entry| entry.have_data());
                assert!(known, "operation {operation}, seed {seed}: {hash} was acknowledged and is lost");
            }
            drop(index);
            // And it goes on from there to the same end.
            assert_eq!(play(&node, &blocks).last(), Some(&blocks[8].hash()), "operation {operation}, seed {seed}");
            assert_eq!(node.state(), states[&blocks[8].hash()]);
        }
    }
}

#[test]
fn a_full_disk_stops_the_engine_and_judges_no_block() {
    let (blocks, states) = history();
    let dir = Path::new("/simulated");
    let whole = SimulatedDisk::new();
    let node = Node::start_on(small(dir), &whole).unwrap();
    play(&node, &blocks);
    node.stop();
    let mut failed = 0;
    for operation in (0..whole.operations()).step_by(3) {
        let disk = SimulatedDisk::new();
        disk.fault_at(operation, Fault::Error(io::ErrorKind::StorageFull));
        if let Some(node) = Node::start_on(small(dir), &disk) {
            play(&node, &blocks);
            if let Some(error) = node.handle().reader().failure() {
                failed += 1;
                assert!(error.to_string().to_lowercase().contains("space"), "{error}");
            }
        }
        // Space is there again: everything goes on, and no block was taken for invalid.
        let node = Node::start_on(small(dir), &disk.after_power_loss(operation)).unwrap();
        assert_eq!(play(&node, &blocks).last(), Some(&blocks[8].hash()), "operation {operation}");
        assert_eq!(node.state(), states[&blocks[8].hash()]);
    }
    assert!(failed > 5, "only {failed} runs met the full disk");
}
