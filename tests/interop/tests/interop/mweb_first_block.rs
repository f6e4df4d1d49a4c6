//! Reorganisations across the first extension block, both ways, and restarts on both sides of it.
//!
//! The reference cannot do this (v0.21.5.5 dies of an assertion), so only litecastd is asked to. What a litecoind says
//! afterwards of the blocks that litecastd makes shows that the state is the right one.

use serde_json::json;

use crate::harness::{
    Node,
    chain::{FIRST_MWEB_HEIGHT, Wallet},
    extension::{assert_same_block, assert_same_coins, contents},
    no_litecoind,
    node::assert_same_chain,
};

/// Ways to come down and up again.
#[derive(Debug, Clone, Copy)]
enum End {
    Stop,
    Kill,
}

/// Ends the process.
fn end(node: &mut Node, how: End) {
    match how {
        End::Stop => node.stop(),
        End::Kill => {
            // RPC tells of a tip a moment before it is announced, and only then it is sure to survive.
            node.call("syncwithvalidationinterfacequeue", json!([]));
            node.kill_nine();
        }
    }
}

/// Restarts without peers: what is there is on disk.
fn restart(node: &mut Node, how: End) {
    let tip = node.tip();
    end(node, how);
    node.start(&["-connect=0"]);
    assert_eq!(node.tip(), tip, "after {how:?}");
}

/// A block of litecastd's own, whose supply must add up; returns the height.
fn generate(node: &Node, raws: &[&String]) -> u64 {
    let hash = node.call("generateblock", json!(["raw(51)", raws]))["hash"].clone();
    assert_eq!(json!(node.tip()), hash);
    let seen = contents(&node.call("getblock", json!([hash, 2])), &node.call("getblockheader", json!([hash])));
    assert_eq!(seen.peg_ins, raws.len());
    node.height()
}

/// litecastd, connected again, has litecoind's chain, and its own next block is litecoind's.
fn agrees(node: &mut Node, peer: &Node, how: End) {
    end(node, how);
    node.start(&[]);
    node.wait_for_tip(&peer.tip());
    let before = peer.height();
    generate(node, &[]);
    peer.wait_for_tip(&node.tip());
    for height in FIRST_MWEB_HEIGHT - 1..=before + 1 {
        assert_same_block(node, peer, &peer.hash_at(height));
    }
    assert_same_coins(node, peer);
    assert_same_chain(node, peer);
}

#[test]
fn reorganises_across_the_first_extension_block() {
    if no_litecoind("reorganises_across_the_first_extension_block") {
        return;
    }
    let peer = Node::litecoind(&[]);
    let wallet = Wallet::create(&peer);
    let mut node = Node::litecastd(&[&peer.connect()]);
    node.start(&[]);
    wallet.mine(FIRST_MWEB_HEIGHT - 1);
    node.wait_for_tip(&peer.tip());

    // At the last block before it, at the first one, and back.
    restart(&mut node, End::Stop);
    restart(&mut node, End::Kill);
    let peg_ins = ["20", "30"].map(|amount| {
        let txid = wallet.call("miner", "sendtoaddress", json!([wallet.address("mweb", "mweb"), amount]));
        peer.text("getrawtransaction", json!([txid]))
    });
    let first = wallet.mine(1).remove(0);
    node.kill_nine();
    node.start(&[]);
    node.wait_for_tip(&first);
    restart(&mut node, End::Kill);
    restart(&mut node, End::Stop);
    let invalidate = |node: &Node, hash: &str| node.call("invalidateblock", json!([hash]));
    let reconsider = |node: &Node, hash: &str| node.call("reconsiderblock", json!([hash]));
    invalidate(&node, &first);
    assert_eq!(node.height(), FIRST_MWEB_HEIGHT - 1);
    restart(&mut node, End::Kill);
    restart(&mut node, End::Stop);
    reconsider(&node, &first);
    assert_eq!(node.tip(), first);

    // The chain goes on with all kinds of payments.
    wallet.round();
    agrees(&mut node, &peer, End::Stop);
    let main = peer.tip();

    // A branch of its own from the block below: another first extension block, an empty one, one more peg-in.
    let no_peg_in = |node: &Node| {
        let error =
            node.try_call("generateblock", &json!(["raw(51)", []])).expect_err("there is no peg-in").to_string();
        assert!(error.contains("it needs a transaction with a peg-in"), "{error}");
    };
    invalidate(&node, &first);
    assert_eq!(node.height(), FIRST_MWEB_HEIGHT - 1);
    no_peg_in(&node);
    restart(&mut node, End::Kill);
    no_peg_in(&node);
    assert_eq!(generate(&node, &[&peg_ins[0]]), FIRST_MWEB_HEIGHT);
    let other_first = node.tip();
    restart(&mut node, End::Kill);
    generate(&node, &[]);
    restart(&mut node, End::Stop);
    generate(&node, &[&peg_ins[1]]);
    let other = node.tip();

    // And back, in every order that the two first blocks can be forbidden.
    reconsider(&node, &first);
    assert_eq!(node.tip(), main);
    restart(&mut node, End::Kill);
    agrees(&mut node, &peer, End::Kill);
    invalidate(&node, &first);
    assert_eq!(node.tip(), other);
    restart(&mut node, End::Stop);
    invalidate(&node, &other_first);
    assert_eq!(node.height(), FIRST_MWEB_HEIGHT - 1);
    reconsider(&node, &first);
    assert_eq!(node.tip(), peer.tip());
    reconsider(&node, &other_first);
    assert_eq!(node.tip(), peer.tip());

    // litecoind goes on while litecastd, connected, is elsewhere.
    agrees(&mut node, &peer, End::Stop);
    invalidate(&node, &first);
    assert_eq!(node.tip(), other);
    wallet.round();
    reconsider(&node, &first);
    wallet.mine(1);
    node.wait_for_tip(&peer.tip());
    agrees(&mut node, &peer, End::Kill);

    // From further down: blocks without extension go as well.
    let below = peer.hash_at(FIRST_MWEB_HEIGHT - 2);
    let main = node.tip();
    restart(&mut node, End::Stop);
    invalidate(&node, &below);
    assert_eq!(node.height(), FIRST_MWEB_HEIGHT - 3);
    node.call("generatetoaddress", json!([2, wallet.address("miner", "bech32")]));
    assert_eq!(node.height(), FIRST_MWEB_HEIGHT - 1);
    no_peg_in(&node);
    generate(&node, &[&peg_ins[0], &peg_ins[1]]);
    generate(&node, &[]);
    restart(&mut node, End::Kill);
    generate(&node, &[]);
    reconsider(&node, &below);
    assert_eq!(node.tip(), main);
    wallet.round();
    agrees(&mut node, &peer, End::Kill);
    wallet.round();
    node.wait_for_tip(&peer.tip());
    agrees(&mut node, &peer, End::Stop);
    node.stop();
}
