//! Rules that others signal: the operator is warned while they are in force, and alerted once.

use std::sync::Arc;

use crate::harness::{Node, options};

const TOP_BITS: i32 = 0x2000_0000;

// v0.21.5.5 src/validation.cpp, UpdateTip and DoWarning.
#[test]
fn unknown_rules_in_force_are_warned_of_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut options = options(dir.path(), true);
    options.block_version = Some(TOP_BITS | 1 << 27);
    let params = Arc::make_mut(&mut options.params);
    params.confirmation_window = 8;
    params.rule_change_threshold = 6;
    params.min_bip9_warning_height = 0;
    let node = Node::start(options);
    // Started after the first window, locked in after the second, in force after the third.
    node.generate(22, 1);
    assert_eq!(node.handle().reader().warning(), None);
    node.generate(1, 1);
    let expected = "Warning: unknown new rules activated (versionbit 27)";
    assert_eq!(node.handle().reader().warning().as_deref(), Some(expected));
    node.generate(5, 1);
    node.handle().sync_with_feed().unwrap();
    assert_eq!(*node.warnings.lock().unwrap(), [expected]);
}
