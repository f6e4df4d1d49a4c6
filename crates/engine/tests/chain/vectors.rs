//! A chain that litecoind made, with peg-ins, MWEB sends and peg-outs.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use litecast_primitives::{
    Block,
    params::{Network, Params},
};

use crate::harness::{Node, fold, options};

fn vectors() -> Option<PathBuf> {
    let path = std::env::var_os("LITECAST_VECTORS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors"), PathBuf::from);
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("skipped: no vectors at {} (set LITECAST_VECTORS)", path.display());
    None
}

pub(crate) fn chain(file: &str) -> Option<Vec<Arc<Block>>> {
    let text = fs::read_to_string(vectors()?.join(file)).unwrap();
    Some(text.lines().map(|line| Arc::new(Block::from_bytes(hex::decode(line).unwrap().into()).unwrap())).collect())
}

#[test]
fn follows_litecoinds_chain_past_mweb_activation() {
    for file in ["mweb-regtest/blocks.hex", "mweb-regtest/edge/blocks.hex"] {
        let Some(blocks) = chain(file) else { return };
        let dir = tempfile::tempdir().unwrap();
        let node = Node::start(options(dir.path(), false));
        for block in &blocks[1..] {
            assert_eq!(node.submit(block), None, "height {}", node.handle().reader().tip().height + 1);
        }
        assert_eq!(node.tip(), blocks.last().unwrap().hash());
        let state = node.state();
        // An empty extension block on top is ours to make.
        let own = node.generate(1, 1).pop().unwrap();
        assert!(own.extension().is_some());
        node.handle().invalidate_block(own.hash()).unwrap();
        assert_eq!(node.state(), state);
        // All the way down and up again, across the first extension block.
        node.handle().invalidate_block(blocks[400].hash()).unwrap();
        assert_eq!(node.tip(), blocks[399].hash());
        node.handle().reconsider_block(blocks[400].hash()).unwrap();
        node.handle().invalidate_block(own.hash()).unwrap();
        assert_eq!(node.state(), state);
        let read: Vec<_> = (0..blocks.len())
            .map(|height| {
                let entry = node.handle().reader().active(u32::try_from(height).unwrap()).unwrap();
                node.handle().reader().block(&entry).unwrap().unwrap().bytes().clone()
            })
            .collect();
        assert!(read.iter().zip(&blocks).all(|(ours, theirs)| ours == theirs.bytes()));
        assert_eq!(fold(&node.stop()).last(), Some(&blocks.last().unwrap().hash()));
        // A second start has nothing to tell.
        let again = Node::start(options(dir.path(), false));
        assert_eq!(again.state(), state);
        assert!(again.stop().is_empty());
    }
}

#[test]
fn reindex_finds_everything_again() {
    let Some(blocks) = chain("mweb-regtest/blocks.hex") else { return };
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(options(dir.path(), false));
    // Parents after children, so that the files are out of order.
    let headers: Vec<_> = blocks[1..].iter().map(|b| *b.header()).collect();
    node.handle().submit_headers(&headers).unwrap();
    for pair in blocks[1..].chunks(2) {
        for block in pair.iter().rev() {
            assert_eq!(node.submit(block), None);
        }
    }
    let state = node.state();
    assert_eq!(state.0, blocks.last().unwrap().hash());
    node.stop();
    let mut rebuilt = options(dir.path(), false);
    rebuilt.wipe = litecast_store::Wipe::Everything;
    let node = Node::start(rebuilt);
    node.handle().sync_with_feed().unwrap();
    assert_eq!(node.state(), state);
    node.stop();
    let node = Node::start(options(dir.path(), false));
    assert_eq!(node.state(), state);
    node.stop();
    // The same through -loadblock into an empty folder.
    let other = tempfile::tempdir().unwrap();
    let node = Node::start(options(other.path(), false));
    assert_eq!(node.handle().import(dir.path().join("blocks/blk00000.dat")).unwrap(), 480);
    assert_eq!(node.state(), state);
}

#[test]
fn mainnet_begins_as_it_did() {
    let Some(blocks) = chain("blocks/mainnet/0000000-0000256.hexlines") else { return };
    let dir = tempfile::tempdir().unwrap();
    let mut options = options(dir.path(), true);
    options.params = Arc::new(Params::new(Network::Main));
    let node = Node::start(options);
    assert_eq!(node.tip(), blocks[0].hash());
    for block in &blocks[1..] {
        assert_eq!(node.submit(block), None, "block {}", block.hash());
    }
    assert_eq!(node.tip(), blocks.last().unwrap().hash());
}
