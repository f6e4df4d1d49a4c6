//! Block files that are not what they were: the error names the file and the way out, and the way out works.

use std::fs::{self, OpenOptions};

use crate::harness::{Node, PATIENCE, chain::Wallet, no_litecoind, peer::MAGIC, wait_for};

/// How many blocks lie whole in the bytes of a block file: each is behind magic and length.
fn whole_blocks(mut bytes: &[u8]) -> u64 {
    let mut count = 0;
    while let Some((head, rest)) = bytes.split_at_checked(8).filter(|(head, _)| head[..4] == MAGIC) {
        let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
        let Some((_, next)) = rest.split_at_checked(usize::try_from(length).unwrap()) else { break };
        bytes = next;
        count += 1;
    }
    count
}

#[test]
fn a_truncated_block_file_is_named_and_can_be_repaired() {
    if no_litecoind("a_truncated_block_file_is_named_and_can_be_repaired") {
        return;
    }
    let peer = Node::litecoind(&[]);
    let wallet = Wallet::create(&peer);
    wallet.mine(120);
    let mut node = Node::litecastd(&[]);
    node.start(&[&peer.connect()]);
    node.wait_for_tip(&peer.tip());
    node.stop();

    let file = node.datadir().join("regtest/blocks/blk00000.dat");
    let whole = fs::read(&file).unwrap();
    let used = whole.iter().rposition(|byte| *byte != 0).unwrap();
    let truncate = |length: usize| {
        OpenOptions::new().write(true).open(&file).unwrap().set_len(u64::try_from(length).unwrap()).unwrap();
    };
    truncate(used / 2);
    node.spawn(&[]);
    let outcome = node.wait_ended();
    assert_eq!(outcome.status.code(), Some(1), "{outcome:?}");
    for text in ["blk00000.dat", "-reindex"] {
        assert!(outcome.stderr.contains(text), "no {text:?} in {outcome:?}");
    }

    // What is there is used again, the rest comes from the peer.
    let left = whole_blocks(&whole[..used / 2]) - 1;
    assert!((30..90).contains(&left), "{left} blocks above the genesis block are left");
    node.start(&["-reindex"]);
    wait_for("all blocks that are left", PATIENCE, || (node.height() == left).then_some(()));
    node.stop();
    node.start(&[&peer.connect()]);
    node.wait_for_tip(&peer.tip());
    node.stop();

    // A file that is gone.
    fs::remove_file(&file).unwrap();
    node.spawn(&[]);
    let outcome = node.wait_ended();
    assert_eq!(outcome.status.code(), Some(1), "{outcome:?}");
    assert!(outcome.stderr.contains("blk00000.dat") && outcome.stderr.contains("-reindex"), "{outcome:?}");
    node.start(&["-reindex", &peer.connect()]);
    node.wait_for_tip(&peer.tip());
    node.stop();
}
