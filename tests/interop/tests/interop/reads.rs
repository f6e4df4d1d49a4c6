//! What a client reads while the chain moves is right at every moment: every height the node says it has, it can show.

use crate::harness::{Node, PATIENCE, chain::Wallet, no_litecoind, wait_for};

#[test]
fn answers_are_right_while_it_syncs() {
    if no_litecoind("answers_are_right_while_it_syncs") {
        return;
    }
    let peer = Node::litecoind(&[]);
    let wallet = Wallet::create(&peer);
    wallet.activate_mweb();
    wallet.round();
    let theirs = peer.raw_blocks();
    for _ in 0..4 {
        let mut node = Node::litecastd(&[&peer.connect()]);
        node.spawn(&[]);
        node.wait_until_up();
        let mut looks = Vec::new();
        wait_for("whole chain", PATIENCE, || {
            let ours = node.raw_blocks();
            for (height, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
                assert!(ours == theirs, "other bytes at height {height}, after looks at {looks:?}");
            }
            looks.push(ours.len());
            (ours.len() == theirs.len()).then_some(())
        });
        node.stop();
    }
}
