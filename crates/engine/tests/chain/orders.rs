//! The same blocks in any order, with side branches, give the same state.

use std::{collections::HashSet, sync::Arc};

use litecast_primitives::Block;
use proptest::prelude::*;

use crate::harness::{Node, fold, options};

/// A tree: a trunk of 4, a branch of 3 from height 2, one of 6 from height 1.
fn tree() -> Vec<Arc<Block>> {
    let dirs: Vec<_> = (0..3).map(|_| tempfile::tempdir().unwrap()).collect();
    let nodes: Vec<_> = dirs.iter().map(|dir| Node::start(options(dir.path(), true))).collect();
    let trunk = nodes[0].generate(4, 1);
    for block in &trunk[..2] {
        nodes[1].submit(block);
    }
    nodes[2].submit(&trunk[0]);
    let mut blocks = trunk;
    blocks.extend(nodes[1].generate(3, 2));
    blocks.extend(nodes[2].generate(6, 3));
    blocks
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..Default::default() })]
    #[test]
    fn any_order(order in Just((0..13).collect::<Vec<usize>>()).prop_shuffle()) {
        let blocks = tree();
        let dir = tempfile::tempdir().unwrap();
        let node = Node::start(options(dir.path(), true));
        // Headers first: then blocks may come in any order.
        let mut known = HashSet::from([node.tip()]);
        let mut headers: Vec<_> = blocks.iter().map(|b| *b.header()).collect();
        while !headers.is_empty() {
            let (ready, rest): (Vec<_>, Vec<_>) = headers.iter().partition(|h| known.contains(&h.prev));
            for header in ready {
                prop_assert!(node.handle().submit_headers(&[header]).unwrap().reject.is_none());
                known.insert(header.hash());
            }
            headers = rest;
        }
        for i in order {
            prop_assert_eq!(node.submit(&blocks[i]), None);
        }
        let state = node.state();
        prop_assert_eq!(state.0, blocks[12].hash());
        let straight_dir = tempfile::tempdir().unwrap();
        let straight = Node::start(options(straight_dir.path(), true));
        straight.submit(&blocks[0]);
        for block in &blocks[7..] {
            straight.submit(block);
        }
        prop_assert_eq!(&straight.state(), &state);
        let folded = fold(&node.stop());
        prop_assert_eq!(folded.last(), Some(&state.0));
    }
}
