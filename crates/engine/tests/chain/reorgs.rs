//! Reorganisations, marks and the events they send.

use crate::harness::{Node, fold, options};

#[test]
fn a_longer_branch_takes_over_and_the_log_tells_all_of_it() {
    let (dir, other_dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let node = Node::start(options(dir.path(), true));
    let other = Node::start(options(other_dir.path(), true));
    let common = node.generate(3, 1);
    for block in &common {
        assert_eq!(other.submit(block), None);
    }
    let short = node.generate(6, 2);
    let long = other.generate(8, 3);
    let before = node.story().len();
    for block in &long {
        assert_eq!(node.submit(block), None);
    }
    assert_eq!(node.tip(), long[7].hash());
    let told = node.story().split_off(before);
    let mut wanted: Vec<String> = short.iter().rev().map(|b| format!("-{}", b.hash())).collect();
    wanted.extend(long[..7].iter().map(|b| format!("+{}", b.hash())));
    wanted.push(format!("={}", long[6].hash()));
    wanted.extend([format!("+{}", long[7].hash()), format!("={}", long[7].hash())]);
    assert_eq!(told, wanted);
    assert_eq!(node.state(), other.state());
    fold(&node.stop());
}

#[test]
fn only_disconnecting_tells_no_new_tip() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(options(dir.path(), true));
    let blocks = node.generate(5, 1);
    let state = node.state();
    let before = node.story().len();
    node.handle().invalidate_block(blocks[2].hash()).unwrap();
    assert_eq!(node.tip(), blocks[1].hash());
    let told = node.story().split_off(before);
    assert_eq!(told, blocks[2..].iter().rev().map(|b| format!("-{}", b.hash())).collect::<Vec<_>>());
    // Refused while it is marked, and everything on it too.
    assert_eq!(node.submit(&blocks[2]).as_deref(), Some("duplicate"));
    assert_eq!(node.submit(&blocks[3]).as_deref(), Some("duplicate"));
    node.handle().reconsider_block(blocks[4].hash()).unwrap();
    assert_eq!(node.state(), state);
    fold(&node.stop());
}

#[test]
fn precious_decides_between_equals() {
    let (dir, other_dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let node = Node::start(options(dir.path(), true));
    let other = Node::start(options(other_dir.path(), true));
    let first = node.generate(1, 1).pop().unwrap();
    let second = other.generate(1, 2).pop().unwrap();
    node.submit(&second);
    assert_eq!(node.tip(), first.hash());
    node.handle().precious_block(second.hash()).unwrap();
    assert_eq!(node.tip(), second.hash());
    node.handle().precious_block(first.hash()).unwrap();
    assert_eq!(node.tip(), first.hash());
}

#[test]
fn bad_blocks_are_named_by_their_rule() {
    let (dir, other_dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let node = Node::start(options(dir.path(), true));
    let other = Node::start(options(other_dir.path(), true));
    let good = other.generate(2, 1);
    assert_eq!(node.submit(&good[1]).as_deref(), Some("prev-blk-not-found"));
    let mut bytes = good[0].bytes().to_vec();
    let last = bytes.len() - 60;
    bytes[last] ^= 1;
    let mutated = litecast_primitives::Block::from_bytes(bytes.into()).unwrap();
    let reason = node.submit(&std::sync::Arc::new(mutated)).unwrap();
    assert!(["bad-txnmrklroot", "bad-witness-merkle-match"].contains(&reason.as_str()), "{reason}");
    // The mutated copy has not poisoned the good one.
    assert_eq!(node.submit(&good[0]), None);
    assert_eq!(node.submit(&good[1]), None);
    assert_eq!(node.tip(), good[1].hash());
}

#[test]
fn nothing_stands_on_an_invalid_block() {
    let (dir, other_dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let node = Node::start(options(dir.path(), true));
    let other = Node::start(options(other_dir.path(), true));
    let blocks = other.generate(3, 1);
    node.submit(&blocks[0]);
    node.submit(&blocks[1]);
    node.handle().invalidate_block(blocks[0].hash()).unwrap();
    // The block below is marked itself, or stands on one that is.
    assert_eq!(node.submit(&blocks[2]).as_deref(), Some("bad-prevblk"));
    let headers = [*blocks[2].header()];
    let refused = node.handle().submit_headers(&headers).unwrap().reject.unwrap();
    assert_eq!(refused.reason(), "bad-prevblk");
    node.handle().reconsider_block(blocks[0].hash()).unwrap();
    assert_eq!(node.submit(&blocks[2]), None);
    assert_eq!(node.tip(), blocks[2].hash());
}
