//! Every frame that the reference would publish for the blocks of a chain and for a reorganisation, in its order, with its
//! counter, and no other.
//!
//! What to expect is worked out from litecoind's RPC alone: the rules are v0.21.5.5 `doc/zmq.md` and
//! `src/validation.cpp` (ActivateBestChain), the bytes are those of `getblock`.

use std::collections::HashMap;

use serde_json::json;

use crate::harness::{
    Node,
    chain::Wallet,
    free_port, no_litecoind, no_pyzmq,
    subscriber::{Frame, Subscriber, TOPICS},
};

/// A frame of one topic without its counter.
type Message = (&'static str, String);

/// A block as litecoind knows it.
#[derive(Clone)]
struct Block {
    hash: String,
    raw: String,
    /// Transaction id and bytes.
    txs: Vec<(String, String)>,
}

impl Block {
    fn fetch(node: &Node, hash: &str) -> Self {
        let block = node.call("getblock", json!([hash, 2]));
        let txs = block["tx"].as_array().unwrap().iter();
        Self {
            hash: hash.to_owned(),
            raw: node.text("getblock", json!([hash, 0])),
            txs: txs.map(|tx| (tx["txid"].as_str().unwrap().into(), tx["hex"].as_str().unwrap().into())).collect(),
        }
    }

    fn transactions_then(&self, label: u8) -> Vec<Message> {
        let txs = self.txs.iter().flat_map(|(txid, raw)| [("hashtx", txid.clone()), ("rawtx", raw.clone())]);
        txs.chain([("sequence", format!("{}{label:02x}", self.hash))]).collect()
    }

    fn connected(&self) -> Vec<Message> {
        self.transactions_then(b'C')
    }

    fn disconnected(&self) -> Vec<Message> {
        self.transactions_then(b'D')
    }

    fn new_tip(&self) -> Vec<Message> {
        vec![("hashblock", self.hash.clone()), ("rawblock", self.raw.clone())]
    }
}

/// What each socket must have received since the start of the node: counters belong to one topic at one address.
fn per_socket(messages: &[Message], sockets: &[(String, &[&str])]) -> Vec<Vec<Frame>> {
    let receive = |(socket, (_, topics)): (usize, &(String, &[&str]))| {
        let mut counters: HashMap<&str, u64> = HashMap::new();
        let mut frames = Vec::new();
        for (topic, body) in messages.iter().filter(|(topic, _)| topics.contains(topic)) {
            let counter = counters.entry(topic).or_default();
            frames.push(Frame { socket, topic: (*topic).into(), body: body.clone(), counter: *counter });
            *counter += 1;
        }
        frames
    };
    sockets.iter().enumerate().map(receive).collect()
}

#[test]
fn publishes_what_the_reference_publishes() {
    let scenario = "publishes_what_the_reference_publishes";
    if no_litecoind(scenario) || no_pyzmq(scenario) {
        return;
    }
    let peer = Node::litecoind(&[]);
    let wallet = Wallet::create(&peer);

    // One address for all topics, and one for each.
    let address = || format!("tcp://127.0.0.1:{}", free_port());
    let mut sockets: Vec<(String, &[&str])> = vec![(address(), &TOPICS)];
    sockets.extend(TOPICS.chunks(1).map(|topic| (address(), topic)));
    let options: Vec<String> = sockets
        .iter()
        .flat_map(|(address, topics)| topics.iter().map(move |topic| format!("-zmqpub{topic}={address}")))
        .collect();
    // Nothing is to enter a mempool here: peers' transactions are not asked for, and those of undone blocks are data
    // transactions, which this policy refuses. So the frames are those of blocks alone.
    let connect = peer.connect();
    let mut words: Vec<&str> = options.iter().map(String::as_str).collect();
    words.extend([&*connect, "-blocksonly", "-acceptnonstdtxn=0", "-datacarrier=0"]);
    let mut node = Node::litecastd(&words);
    node.start(&[]);
    let subscriber = Subscriber::start(&sockets);
    subscriber.wait_connected(1);

    let mut expected = Block::fetch(&peer, &peer.hash_at(0)).connected();
    let mined = |expected: &mut Vec<Message>, hashes: &[String]| {
        for block in hashes.iter().map(|hash| Block::fetch(&peer, hash)) {
            expected.extend(block.connected());
            expected.extend(block.new_tip());
        }
    };
    // A subscription takes effect a moment after the connection: blocks come one by one until every socket has heard of
    // one in full, and only from there on frames must be complete.
    loop {
        let hashes = wallet.mine(1);
        mined(&mut expected, &hashes);
        node.wait_for_tip(&hashes[0]);
        let last = Block::fetch(&peer, &hashes[0]);
        let heard = subscriber.frames();
        let all = |frames: &[Message], socket: usize, topics: &[&str]| {
            let wanted = frames.iter().filter(|(topic, _)| topics.contains(topic));
            wanted
                .clone()
                .all(|(topic, body)| heard.iter().any(|f| f.socket == socket && f.topic == *topic && f.body == *body))
        };
        let frames = [last.connected(), last.new_tip()].concat();
        if sockets.iter().enumerate().all(|(socket, (_, topics))| all(&frames, socket, topics)) {
            break;
        }
        assert!(peer.height() < 60, "the subscriber hears nothing: {heard:?}");
    }
    let warm = subscriber.frames().len();
    assert!(warm > 0);

    // Ordinary blocks, data transactions, extension blocks.
    let before = peer.height();
    wallet.activate_mweb();
    wallet.round();
    wallet.send_data(b"first of two");
    wallet.send_data(b"second of two");
    wallet.mine(1);
    let fork = peer.height();
    for round in 0..6_u8 {
        for part in 0..round % 3 {
            wallet.send_data(&[round, part]);
        }
        wallet.mine(1);
    }
    let hashes: Vec<String> = (before + 1..=peer.height()).map(|height| peer.hash_at(height)).collect();
    mined(&mut expected, &hashes);
    node.wait_for_tip(&peer.tip());

    // Six blocks go and seven come, in one step: only the last is announced as a tip.
    let undone: Vec<Block> = (fork + 1..=fork + 6).rev().map(|at| Block::fetch(&peer, &peer.hash_at(at))).collect();
    assert!(undone.iter().any(|block| block.txs.len() > 3), "the undone blocks hold more than a coinbase and a HogEx");
    peer.call("invalidateblock", json!([peer.hash_at(fork + 1)]));
    let done = wallet.mine(7);
    node.wait_for_tip(&done[6]);
    expected.extend(undone.iter().flat_map(Block::disconnected));
    let done: Vec<Block> = done.iter().map(|hash| Block::fetch(&peer, hash)).collect();
    expected.extend(done.iter().flat_map(Block::connected));
    expected.extend(done[6].new_tip());

    // An orderly stop sends what is queued and adds nothing.
    node.stop();
    let wanted = per_socket(&expected, &sockets);
    for (socket, wanted) in wanted.iter().enumerate() {
        let last = wanted.last().unwrap();
        subscriber.wait_for("last frame", 0, |frame| frame == last);
        let got: Vec<Frame> = subscriber.frames().into_iter().filter(|frame| frame.socket == socket).collect();
        assert!(!got.is_empty() && got.len() <= wanted.len(), "socket {socket}: {} of {}", got.len(), wanted.len());
        // The first few came before the subscription.
        let skipped = wanted.len() - got.len();
        assert!(skipped <= 60 * 5, "socket {socket} misses {skipped} frames");
        for (at, (got, due)) in got.iter().zip(&wanted[skipped..]).enumerate() {
            assert_eq!(got, due, "socket {socket}, frame {at} of {} after {skipped}", wanted.len());
        }
    }
}
