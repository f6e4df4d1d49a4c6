//! The index of block filters: the same whether it was there from the beginning, switched on later, or through
//! reorganisations and restarts; the filters themselves are computed here anew from blocks and coins.

use std::{collections::HashMap, path::Path, sync::Arc};

use bytes::Bytes;
use litecast_engine::{FilterHashes, Options};
use litecast_primitives::{Block, BlockFilter, OutPoint, block_filter::filter_header};
use litecast_store::simulation::{Fault, SimulatedDisk};

use crate::{
    harness::{Node, options},
    power::{history, play},
    vectors::chain,
};

fn with_filters(dir: &Path, on: bool) -> Options {
    Options { block_filters: on, ..options(dir, false) }
}

/// Filters and headers of a chain, by a model that remembers every output.
fn model(blocks: &[Arc<Block>]) -> Vec<(Vec<u8>, [u8; 32])> {
    let mut outputs: HashMap<OutPoint, Bytes> = HashMap::new();
    let mut header = [0; 32];
    let filters = blocks.iter().map(|block| {
        for tx in block.transactions() {
            let created = (0..).zip(tx.outputs());
            outputs.extend(created.map(|(vout, out)| (OutPoint { txid: tx.txid(), vout }, out.script_pubkey.clone())));
        }
        let spending = block.transactions().iter().filter(|tx| !tx.is_coinbase());
        let spent: Vec<Bytes> =
            spending.flat_map(|tx| tx.inputs()).map(|input| outputs[&input.prevout].clone()).collect();
        let filter = BlockFilter::basic(block, spent.iter().map(|script| &script[..]));
        header = filter_header(&filter.hash(), &header);
        (filter.0, header)
    });
    filters.collect()
}

/// Waits until the index has caught up: the writer does it when nobody asks for anything.
fn wait_for_index(node: &Node) {
    let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !node.handle().reader().block_filter_progress().unwrap().synced {
        assert!(std::time::Instant::now() < end, "the index does not catch up");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

fn compare(node: &Node, blocks: &[Arc<Block>]) {
    let reader = node.handle().reader();
    for (block, (filter, header)) in blocks.iter().zip(model(blocks)) {
        let hash = block.hash();
        assert_eq!(reader.block_filter(&hash).unwrap().unwrap(), filter);
        assert_eq!(reader.filter_commitment(&hash).unwrap().unwrap().header, header);
    }
}

#[test]
fn filters_of_litecoinds_chain() {
    let Some(blocks) = chain("mweb-regtest/blocks.hex") else { return };
    let dir = tempfile::tempdir().unwrap();
    // From the beginning.
    let node = Node::start(with_filters(dir.path(), true));
    for block in &blocks[1..300] {
        assert_eq!(node.submit(block), None);
    }
    compare(&node, &blocks[..300]);
    assert!(node.handle().reader().block_filter_progress().unwrap().synced);
    node.stop();
    // Off for a while.
    let node = Node::start(with_filters(dir.path(), false));
    for block in &blocks[300..450] {
        assert_eq!(node.submit(block), None);
    }
    let reader = node.handle().reader();
    assert!(reader.block_filter_progress().is_none() && reader.block_filter(&blocks[0].hash()).unwrap().is_none());
    node.stop();
    // On again: it catches up, and goes on meanwhile.
    let node = Node::start(with_filters(dir.path(), true));
    for block in &blocks[450..] {
        assert_eq!(node.submit(block), None);
    }
    wait_for_index(&node);
    compare(&node, &blocks);
    let tip = blocks.last().unwrap().hash();
    let reader = node.handle().reader();
    let expected = model(&blocks);
    let FilterHashes { below, hashes } = reader.filter_hashes(10, &blocks[20].hash()).unwrap().unwrap();
    assert_eq!((below, hashes.len()), (expected[9].1, 11));
    assert_eq!(filter_header(&hashes[0], &below), expected[10].1);
    let FilterHashes { below, hashes } = reader.filter_hashes(0, &tip).unwrap().unwrap();
    assert_eq!((below, hashes.len()), ([0; 32], blocks.len()));
    let folded = hashes.iter().fold(below, |header, hash| filter_header(hash, &header));
    assert_eq!(folded, expected.last().unwrap().1);
    assert_eq!(reader.filter_checkpoints(&tip).unwrap().unwrap(), Vec::<[u8; 32]>::new());
    node.stop();
    // The coins anew: so are the filters.
    let mut anew = with_filters(dir.path(), true);
    anew.wipe = litecast_store::Wipe::Chainstate;
    let node = Node::start(anew);
    node.handle().sync_with_feed().unwrap();
    wait_for_index(&node);
    compare(&node, &blocks);
}

#[test]
fn blocks_that_leave_the_chain_keep_their_filters() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(Options { block_filters: true, ..options(dir.path(), true) });
    let genesis = Arc::clone(&node.handle().reader().params().genesis);
    let below = node.generate(5, 1);
    let old = node.generate(4, 2);
    node.handle().invalidate_block(old[0].hash()).unwrap();
    let new = node.generate(6, 3);
    let branch = |above: &[Arc<Block>]| [&[Arc::clone(&genesis)], &below[..], above].concat();
    compare(&node, &branch(&new));
    compare(&node, &branch(&old));
    // Back, and further.
    node.handle().invalidate_block(new[0].hash()).unwrap();
    node.handle().reconsider_block(old[0].hash()).unwrap();
    assert_eq!(node.tip(), old[3].hash());
    let more = node.generate(3, 4);
    let whole = branch(&[&old[..], &more].concat());
    compare(&node, &whole);
    node.stop();
    let node = Node::start(Options { block_filters: true, ..options(dir.path(), true) });
    let progress = node.handle().reader().block_filter_progress().unwrap();
    assert_eq!(progress.best, Some((12, more[2].hash())));
    compare(&node, &whole);
    compare(&node, &branch(&new));
}

#[test]
fn after_a_power_loss_every_filter_is_there() {
    let (blocks, _) = history();
    let options = options(Path::new("/simulated"), true);
    let whole = SimulatedDisk::new();
    play(&Node::start_on(options.clone(), &whole).unwrap(), &blocks);
    for operation in 0..whole.operations() {
        let disk = SimulatedDisk::new();
        disk.fault_at(operation, Fault::PowerLoss);
        if let Some(node) = Node::start_on(options.clone(), &disk) {
            play(&node, &blocks);
        }
        let node = Node::start_on(options.clone(), &disk.after_power_loss(operation)).unwrap();
        wait_for_index(&node);
        let reader = node.handle().reader();
        let active: Vec<_> = (0..=reader.tip().height)
            .map(|height| reader.block(&reader.active(height).unwrap()).unwrap().unwrap())
            .collect();
        compare(&node, &active);
        play(&node, &blocks);
        compare(&node, &[&active[..1], &blocks[..2], &blocks[4..]].concat());
    }
}
