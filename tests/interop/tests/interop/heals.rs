//! Publisher and subscriber die and come back in either order; libzmq finds its way back alone, counters begin anew, and
//! the chain has lost nothing.

use crate::harness::{
    Node, PATIENCE,
    chain::Wallet,
    free_port, no_litecoind, no_pyzmq,
    node::assert_same_chain,
    subscriber::{Frame, Subscriber, TOPICS},
    wait_for,
};

/// Mines until the subscriber hears of a block, and then once more; returns the frames of that last block.
fn blocks_until_heard(wallet: &Wallet<'_>, node: &Node, subscriber: &Subscriber) -> Vec<Frame> {
    let mine = || {
        let hash = wallet.mine(1).remove(0);
        node.wait_for_tip(&hash);
        hash
    };
    wait_for("frame at the subscriber", PATIENCE, || {
        let hash = mine();
        subscriber.frames().iter().any(|frame| frame.topic == "hashblock" && frame.body == hash).then_some(())
    });
    let hash = mine();
    let from = subscriber.frames().len();
    // The rawblock of that block is the last frame there is.
    let is_it = |frame: &Frame| frame.topic == "hashblock" && frame.body == hash;
    let at = subscriber.wait_for("the next hashblock", from.saturating_sub(8), is_it);
    subscriber.wait_for("the next rawblock", at, |frame| frame.topic == "rawblock");
    let frames = subscriber.frames();
    frames[at - 3..].to_vec()
}

#[test]
fn both_ends_heal() {
    if no_litecoind("both_ends_heal") || no_pyzmq("both_ends_heal") {
        return;
    }
    let peer = Node::litecoind(&[]);
    let wallet = Wallet::create(&peer);
    let address = format!("tcp://127.0.0.1:{}", free_port());
    let options: Vec<String> = TOPICS.iter().map(|topic| format!("-zmqpub{topic}={address}")).collect();
    let words: Vec<&str> = options.iter().map(String::as_str).collect();
    let mut node = Node::litecastd(&words);
    let connect = peer.connect();
    let sockets: Vec<(String, &[&str])> = vec![(address, &TOPICS)];

    node.start(&[&connect]);
    let mut subscriber = Subscriber::start(&sockets);
    subscriber.wait_connected(1);
    // Blocks since the start of the node, without the genesis block.
    let check = |node: &Node, subscriber: &Subscriber, start: u64, genesis: u64| {
        let frames = blocks_until_heard(&wallet, node, subscriber);
        let story: Vec<&str> = frames.iter().map(|frame| &*frame.topic).collect();
        assert_eq!(story, ["hashtx", "rawtx", "sequence", "hashblock", "rawblock"], "{frames:?}");
        // One transaction a block: the n-th block since the start has the counter n - 1 everywhere, except that the
        // genesis block counts where it was published.
        let nth = node.height() - start;
        for frame in &frames {
            let earlier = if frame.topic.ends_with("block") { 0 } else { genesis };
            assert_eq!(frame.counter, nth - 1 + earlier, "after {nth} blocks since the start: {frames:?}");
        }
    };
    check(&node, &subscriber, 0, 1);

    // The publisher dies; what it has announced is there before any peer can help.
    let restart = |node: &mut Node| {
        let acknowledged = node.tip();
        node.kill_nine();
        node.start(&["-connect=0"]);
        assert_eq!(node.tip(), acknowledged, "the announced tip is lost");
        node.kill_nine();
        node.start(&[&connect]);
        assert_eq!(node.tip(), acknowledged);
        node.height()
    };
    let start = restart(&mut node);
    check(&node, &subscriber, start, 0);
    let counters_begin = subscriber.frames().iter().filter(|f| f.topic == "hashblock" && f.counter <= 1).count();
    assert!(counters_begin >= 1, "the counters began anew");

    // The subscriber dies; the publisher counts on.
    drop(subscriber);
    wallet.mine(2);
    node.wait_for_tip(&peer.tip());
    subscriber = Subscriber::start(&sockets);
    check(&node, &subscriber, start, 0);

    // Both: subscriber back first.
    let acknowledged = node.tip();
    drop(subscriber);
    node.kill_nine();
    subscriber = Subscriber::start(&sockets);
    node.start(&[&connect]);
    assert_eq!(node.tip(), acknowledged);
    let start = node.height();
    check(&node, &subscriber, start, 0);

    // Both: publisher back first, and the chain goes on before anybody listens.
    drop(subscriber);
    let start = node.height();
    node.kill_nine();
    node.start(&[&connect]);
    wallet.mine(3);
    node.wait_for_tip(&peer.tip());
    subscriber = Subscriber::start(&sockets);
    check(&node, &subscriber, start, 0);
    assert_same_chain(&node, &peer);
}
