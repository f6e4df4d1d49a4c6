//! The tree of named blocks (`tests/block-tree`), over the wire, to litecastd and to a real litecoind: both must come to the
//! same tip after every step, and refuse for the same reason.
//!
//! Blocks arrive as any peer may send them: unasked, or after their headers when the node asks. What the node thinks of
//! them is read from its log, the tip from its RPC.

use std::{
    collections::HashSet,
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    sync::Arc,
    time::Instant,
};

use litecast_block_tree::{Case, Delivery, GROUND, Step, VBPARAMS, cases, census};
use litecast_primitives::Block;
use serde_json::json;

use crate::harness::{
    Node, no_litecoind,
    peer::{Peer, good},
};

/// Network and witness: a node asks nobody else for blocks.
const SERVICES: u64 = 1 | 8;
/// Blocks between two looks at the connection, so that neither side's buffers fill up.
const PIPELINE: usize = 200;

fn headers_message(blocks: &[Arc<Block>]) -> Vec<u8> {
    let mut payload = vec![u8::try_from(blocks.len()).expect("because branches are short")];
    for block in blocks {
        payload.extend(block.header().encode());
        payload.push(0);
    }
    good("headers", &payload)
}

/// Hashes that a getdata message asks for, in its order.
fn asked_for(payload: &[u8]) -> Vec<[u8; 32]> {
    payload[1..].chunks_exact(36).map(|entry| entry[4..].try_into().expect("because an entry has 36 bytes")).collect()
}

/// What a node's log said since the last look.
struct Log {
    file: File,
    /// The beginning of a line that is not complete.
    rest: String,
}

impl Log {
    fn open(node: &Node) -> Self {
        let mut file = File::open(node.datadir().join("regtest/debug.log")).unwrap();
        file.seek(SeekFrom::End(0)).unwrap();
        Self { file, rest: String::new() }
    }

    /// Reject strings, in order.
    fn rejects(&mut self) -> Vec<String> {
        self.file.read_to_string(&mut self.rest).unwrap();
        let complete = self.rest.rfind('\n').map_or(0, |at| at + 1);
        let lines: String = self.rest.drain(..complete).collect();
        lines.lines().filter_map(reject_in).collect()
    }
}

/// The reject string of a line of either node's log. What follows the comma is for people.
fn reject_in(line: &str) -> Option<String> {
    let theirs = |line: &str| Some(line.split_once("AcceptBlock FAILED (")?.1.strip_suffix(')')?.to_owned());
    let ours = |line: &str| Some(line.split_once("AcceptBlock: ")?.1.rsplit_once(" (")?.0.to_owned());
    let connecting = |line: &str| Some(line.split_once("ConnectBlock ")?.1.split_once(" failed, ")?.1.to_owned());
    // litecoind says it in AcceptBlock first, without the hash at the end that litecastd writes.
    let text = if line.contains("ERROR: AcceptBlock: ") && !line.ends_with(')') {
        None
    } else {
        theirs(line).or_else(|| connecting(line)).or_else(|| ours(line))
    };
    text.map(|text| text.split(", ").next().unwrap_or_default().to_owned())
}

/// A node under delivery.
struct Stand<'a> {
    node: &'a Node,
    peer: Peer,
    log: Log,
    clock: u32,
}

impl<'a> Stand<'a> {
    fn new(node: &'a Node) -> Self {
        Self { node, peer: Peer::offering(SERVICES, node.port), log: Log::open(node), clock: 0 }
    }

    fn send_block(&mut self, block: &Block) {
        self.peer.send(&good("block", block.bytes()));
    }

    fn deliver(&mut self, delivery: &Delivery) {
        match delivery {
            Delivery::Blocks(blocks) => {
                for part in blocks.chunks(PIPELINE) {
                    for block in part {
                        self.send_block(block);
                    }
                    if part.len() == PIPELINE {
                        self.peer.ping();
                    }
                }
            }
            Delivery::Branch(blocks) => self.answer(blocks, false),
            Delivery::BranchBackwards(blocks) => self.answer(blocks, true),
            Delivery::Garbage(bytes) => self.peer.send(&good("block", bytes)),
        }
    }

    /// Sends headers, waits until all of the blocks were asked for, and sends them.
    fn answer(&mut self, blocks: &[Arc<Block>], backwards: bool) {
        self.peer.send(&headers_message(blocks));
        let mut asked = HashSet::new();
        while !blocks.iter().all(|block| asked.contains(block.hash().as_bytes())) {
            let payload = self.peer.read_until("getdata").expect("because the node wants the blocks");
            asked.extend(asked_for(&payload));
        }
        let mut order: Vec<&Arc<Block>> = blocks.iter().collect();
        if backwards {
            order.reverse();
        }
        for block in order {
            self.send_block(block);
        }
    }

    /// Delivers and waits for the verdict; what is wrong with it.
    fn judge(&mut self, case: &Case, step: &Step) -> Result<(), String> {
        if case.clock != self.clock {
            self.node.call("setmocktime", json!([case.clock]));
            self.clock = case.clock;
        }
        self.deliver(&step.delivery);
        if !self.peer.ping() {
            self.peer = Peer::offering(SERVICES, self.node.port);
        }
        // The verdict may come after the pong, but before the answer to this.
        self.node.call("syncwithvalidationinterfacequeue", json!([]));
        let wanted: Vec<String> = step.expect.reason().map(str::to_owned).into_iter().collect();
        let mut rejects = Vec::new();
        let mut tip = String::new();
        let start = Instant::now();
        loop {
            rejects.extend(self.log.rejects());
            tip.clone_from(&self.node.tip());
            let done = tip == step.tip.to_string() && rejects.len() >= wanted.len();
            if done || start.elapsed().as_secs() > 5 {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        if tip != step.tip.to_string() {
            return Err(format!("tip {tip} instead of {}; it said {rejects:?}, expected {:?}", step.tip, step.expect));
        }
        if rejects != wanted {
            return Err(format!("{rejects:?} instead of {wanted:?}"));
        }
        Ok(())
    }
}

/// Delivers everything; panics with every case that went another way.
fn deliver_all(name: &str, node: &Node) {
    let cases = cases();
    let start = Instant::now();
    let mut stand = Stand::new(node);
    let mut wrong = Vec::new();
    for case in &cases {
        for (n, step) in case.steps.iter().enumerate() {
            if let Err(what) = stand.judge(case, step) {
                wrong.push(format!("{} / {} (step {n}): {what}", case.group, case.name));
                if what.starts_with("tip") {
                    // Everything above would go wrong too.
                    panic!("{name}:\n{}", wrong.join("\n"));
                }
            }
        }
        if case.group != GROUND {
            // What a peer did before must not count against the next case.
            stand.peer = Peer::offering(SERVICES, node.port);
        }
    }
    assert!(wrong.is_empty(), "{name}:\n{}", wrong.join("\n"));
    let census = census(&cases);
    let total: usize = census.iter().map(|(_, count)| count).sum();
    for (group, count) in &census {
        eprintln!("{name}: {count:3} {group}");
    }
    eprintln!("{name}: {total} cases in {:.1} s", start.elapsed().as_secs_f64());
    assert!(total >= 150);
}

fn args(first_clock: u32) -> Vec<String> {
    vec![
        format!("-vbparams={VBPARAMS}"),
        "-par=1".to_owned(),
        "-whitelist=noban@127.0.0.1".to_owned(),
        format!("-mocktime={first_clock}"),
    ]
}

fn start(make: fn(&[&str]) -> Node) -> Node {
    let args = args(1_600_000_000);
    make(&args.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn litecoind_agrees_with_the_tree() {
    if no_litecoind("litecoind_agrees_with_the_tree") {
        return;
    }
    let mut node = start(Node::litecoind);
    deliver_all("litecoind", &node);
    node.stop();
}

#[test]
fn litecastd_agrees_with_the_tree() {
    let mut node = start(Node::litecastd);
    node.start(&[]);
    deliver_all("litecastd", &node);
    node.stop();
}
