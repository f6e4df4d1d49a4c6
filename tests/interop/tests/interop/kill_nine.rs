//! SIGKILL at moments chosen at random while litecastd takes in a chain: it always comes back with what it has announced,
//! and ends with the same chain.

use std::{thread, time::Duration};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::json;

use crate::harness::{
    Node, PATIENCE,
    chain::Wallet,
    free_port, no_litecoind, no_pyzmq,
    node::assert_same_chain,
    subscriber::{Frame, Subscriber},
    wait_for,
};

#[test]
fn kill_nine_while_syncing() {
    if no_litecoind("kill_nine_while_syncing") || no_pyzmq("kill_nine_while_syncing") {
        return;
    }
    let seed: u64 = rand::random();
    eprintln!("kill_nine_while_syncing: seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let peer = Node::litecoind(&[]);
    let wallet = Wallet::create(&peer);
    wallet.activate_mweb();
    wallet.round();
    let goal = peer.height();

    // A small cache, so that coins are flushed in between.
    let address = format!("tcp://127.0.0.1:{}", free_port());
    let mut node = Node::litecastd(&["-dbcache=4", &format!("-zmqpubsequence={address}")]);
    let subscriber = Subscriber::start(&[(address, &["sequence"])]);
    let mut announced = 0;
    let mut in_the_middle = 0;
    for round in 0..8 {
        node.spawn(&[&peer.connect()]);
        if round % 4 == 3 {
            // At the very start, wherever that is.
            thread::sleep(Duration::from_millis(random.random_range(0..300)));
        } else {
            node.wait_until_up();
            let at = random.random_range(announced..=goal.min(announced + goal / 4));
            wait_for("progress", PATIENCE, || Some(node.height()).filter(|height| *height >= at));
            thread::sleep(Duration::from_micros(random.random_range(0..20_000)));
        }
        node.kill_nine();

        // Alone, it has every block that it had announced.
        node.start(&["-connect=0"]);
        let heard: Vec<Frame> = subscriber.frames();
        let connected = heard.iter().rev().find_map(|frame| frame.body.strip_suffix("43"));
        let height_of = |hash: &str| peer.call("getblockheader", json!([hash]))["height"].as_u64().unwrap();
        announced = announced.max(connected.map_or(0, height_of));
        let has = node.height();
        assert!(has >= announced, "{announced} was announced, {has} is there");
        assert_eq!(node.hash_at(announced), peer.hash_at(announced));
        in_the_middle += u32::from(has > 0 && has < goal);
        node.kill_nine();
    }
    assert!(in_the_middle > 0, "every kill came too early or too late to mean anything");
    assert!(announced > 0, "nothing was announced");
    node.start(&[&peer.connect()]);
    node.wait_for_tip(&peer.tip());
    assert_same_chain(&node, &peer);
    node.stop();
}
