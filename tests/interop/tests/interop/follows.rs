//! litecastd follows a real node from its first block and from the middle of its chain, follows a reorganisation, and
//! hands the whole chain, extension blocks included, to a litecoind that knows nobody else.

use serde_json::json;

use crate::harness::{
    Node,
    chain::{Wallet, mweb_census},
    no_litecoind,
    node::assert_same_chain,
};

#[test]
fn follows_a_real_node() {
    if no_litecoind("follows_a_real_node") {
        return;
    }
    let peer = Node::litecoind(&[]);
    let wallet = Wallet::create(&peer);
    let mut from_the_start = Node::litecastd(&[&peer.connect()]);
    from_the_start.start(&[]);
    wallet.activate_mweb();
    wallet.round();
    let mut from_the_middle = Node::litecastd(&[&peer.connect()]);
    from_the_middle.start(&[]);
    wallet.round();
    wallet.mine(450_u64.saturating_sub(peer.height()));

    let [pegins, spent, pegouts, empty] = mweb_census(&peer);
    assert!(pegins >= 4 && spent >= 4 && pegouts >= 4 && empty >= 2, "{pegins} {spent} {pegouts} {empty}");
    for node in [&from_the_start, &from_the_middle] {
        node.wait_for_tip(&peer.tip());
        assert_same_chain(node, &peer);
    }

    // Six blocks go, seven come.
    let fork = peer.height() - 6;
    let abandoned = peer.tip();
    peer.call("invalidateblock", json!([peer.hash_at(fork + 1)]));
    assert_eq!(peer.height(), fork);
    wallet.mine(7);
    for node in [&from_the_start, &from_the_middle] {
        node.wait_for_tip(&peer.tip());
        assert_same_chain(node, &peer);
        assert_ne!(node.hash_at(fork + 6), abandoned);
    }

    // It sees the chain only through litecastd's eyes.
    let pupil = Node::litecoind(&[&from_the_start.connect()]);
    pupil.wait_for_tip(&peer.tip());
    assert_same_chain(&pupil, &peer);
    let coins = |node: &Node| node.call("gettxoutsetinfo", json!([]))["hash_serialized_2"].clone();
    assert_eq!(coins(&pupil), coins(&peer));

    // What comes next goes through as well, from the pupil's side too.
    wallet.round();
    pupil.wait_for_tip(&peer.tip());
    pupil.call("generatetoaddress", json!([1, wallet.address("miner", "")]));
    peer.wait_for_tip(&pupil.tip());
    for node in [&mut from_the_start, &mut from_the_middle] {
        node.wait_for_tip(&peer.tip());
        node.stop();
    }
}
