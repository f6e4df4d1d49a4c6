//! A full extension block in litecastd and in litecoind: from `submitblock` to its answer.
//!
//! `cargo build --release --bin litecastd && cargo bench -p litecast-interop --bench extension_block`, or with another
//! litecastd in `LITECASTD`. A chain is made once: the first extension block, then a block whose extension block has
//! `EXTENSION_OUTPUTS` outputs (default 1000; 11,000 fill a block), then one that spends them all. Every round gives
//! that chain to a fresh litecoind, a litecastd on one thread and a litecastd on all, one after the other, and times the
//! last two blocks, on the clock and in processor time. `EXTENSION_ROUNDS` (default 3) makes the median. Nothing is
//! asserted but that all nodes end on the same tip.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark speaks to its terminal")]
#![allow(clippy::unwrap_used, reason = "and may panic")]

#[path = "../tests/interop"]
#[allow(dead_code, unused_imports, reason = "the tests use all of it")]
mod shared {
    pub(crate) mod harness;
}

use std::{env, fs, path::Path, time::Instant};

use litecast_mweb::{
    Verifier, aggregate,
    amounts::peg_ins,
    forge::{Coin, Forge, Terms},
};
use litecast_primitives::{
    Amount, OutPoint, Transaction, TxIn, TxOut, Txid,
    mweb::Tx,
    transaction::{Encoding, TxParts},
};
use rayon::prelude::*;
use serde_json::json;

use shared::harness::{Node, no_litecoind};

/// The first block with an extension block on regtest (v0.21.5.5 `src/chainparams.cpp`, MWEB deployment).
const FIRST_MWEB_HEIGHT: u64 = 432;
/// Outputs that one kernel pegs in.
const OUTPUTS_PER_KERNEL: usize = 10;
/// Value of an output inside.
const VALUE: Amount = Amount(1000);
/// Reward of an early block on regtest.
const REWARD: Amount = Amount(50 * 100_000_000);
/// Spends the coinbases: `OP_TRUE`.
const ANYONE: &str = "raw(51)";

fn main() {
    if no_litecoind("extension_block") {
        return;
    }
    let outputs = setting("EXTENSION_OUTPUTS", 1000).max(OUTPUTS_PER_KERNEL);
    let rounds = setting("EXTENSION_ROUNDS", 3).max(1);
    let started = Instant::now();
    let chain = Chain::make(outputs / OUTPUTS_PER_KERNEL * OUTPUTS_PER_KERNEL);
    println!("made {} blocks with {} outputs in {} s", chain.below.len() + 2, outputs, started.elapsed().as_secs());
    let subjects = [Subject::Litecoind, Subject::OneThread, Subject::AllThreads];
    let mut runs: Vec<[[Cost; 2]; 3]> = Vec::new();
    for round in 0..rounds {
        let mut run = [[Cost::default(); 2]; 3];
        // Nobody is always first.
        for turn in 0..subjects.len() {
            let at = (round + turn) % subjects.len();
            run[at] = chain.measure(subjects[at]);
        }
        runs.push(run);
    }
    println!("{:<24}{:<20}{:>9}{:>9}{:>9}{:>9}", "block", "node", "wall ms", "CPU ms", "wall", "CPU");
    for (which, block) in chain.blocks.iter().enumerate() {
        for (at, subject) in subjects.iter().enumerate() {
            let wall = median(runs.iter().map(|run| run[at][which].wall));
            let cpu = median(runs.iter().map(|run| run[at][which].cpu));
            // Pairs of one round, which had the same neighbours on the machine.
            let wall_ratio = median(runs.iter().map(|run| run[at][which].wall / run[0][which].wall));
            let cpu_ratio = median(runs.iter().map(|run| run[at][which].cpu / run[0][which].cpu));
            let (name, node) = (&block.name, subject.name());
            println!("{name:<24}{node:<20}{wall:>9.0}{cpu:>9.0}{wall_ratio:>8.2}x{cpu_ratio:>8.2}x");
        }
    }
}

fn setting(name: &str, default: usize) -> usize {
    env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Who verifies.
#[derive(Debug, Clone, Copy)]
enum Subject {
    Litecoind,
    OneThread,
    AllThreads,
}

impl Subject {
    fn name(self) -> &'static str {
        match self {
            Self::Litecoind => "litecoind",
            Self::OneThread => "litecastd -par=1",
            Self::AllThreads => "litecastd",
        }
    }

    fn start(self) -> Node {
        match self {
            Self::Litecoind => Node::litecoind(&[]),
            Self::OneThread => litecastd(&["-par=1"]),
            Self::AllThreads => litecastd(&[]),
        }
    }
}

fn litecastd(args: &[&str]) -> Node {
    let mut node = Node::litecastd(args);
    node.start(&[]);
    node
}

/// Milliseconds.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    wall: f64,
    cpu: f64,
}

/// A block in hex.
struct Made {
    name: String,
    hex: String,
}

/// The chain that all nodes get.
struct Chain {
    /// Up to the first extension block.
    below: Vec<String>,
    /// The two that are timed.
    blocks: [Made; 2],
    tip: String,
}

impl Chain {
    fn make(outputs: usize) -> Self {
        let node = litecastd(&[]);
        let verifier = Verifier::new(0);
        let first = node.call("generatetodescriptor", json!([FIRST_MWEB_HEIGHT - 1, ANYONE]))[0].clone();
        let below = node.hash_at(2);
        let (small, _) = peg_in(&verifier, 1, 1);
        generate(&node, &outside(coinbase(&node, first.as_str().unwrap()), small));
        let (large, coins) = peg_in(&verifier, 2, outputs / OUTPUTS_PER_KERNEL);
        let created = generate(&node, &outside(coinbase(&node, &below), large));
        // Everything becomes one coin.
        let sum = Amount(VALUE.0 * i64::try_from(coins.len()).unwrap());
        let (spend, ..) = Forge::new(&verifier, 3).transaction(&coins, &[sum], &Terms::default());
        let spent = generate(&node, &inside(spend));
        let mut below = node.raw_blocks();
        below.remove(0);
        below.truncate(usize::try_from(FIRST_MWEB_HEIGHT).unwrap());
        let made = |name, hash: &str| Made { name, hex: node.text("getblock", json!([hash, 0])) };
        let blocks = [made(format!("{outputs} outputs"), &created), made(format!("{outputs} inputs"), &spent)];
        Self { below, blocks, tip: spent }
    }

    /// Gives the chain to a fresh node.
    fn measure(&self, subject: Subject) -> [Cost; 2] {
        let mut node = subject.start();
        for part in self.below.chunks(100) {
            let calls: Vec<_> = part.iter().map(|block| ("submitblock", json!([block]))).collect();
            for answer in node.client().batch(&calls).unwrap() {
                assert!(answer.unwrap().is_null(), "{}: a block below was refused", subject.name());
            }
        }
        let costs = [0, 1].map(|which| {
            let params = json!([self.blocks[which].hex]);
            let (client, cpu, start) = (node.client(), cpu_ms(&node), Instant::now());
            let answer = client.call("submitblock", &params).unwrap();
            let wall = start.elapsed().as_secs_f64() * 1e3;
            assert!(answer.is_null(), "{}: {}: {answer}", subject.name(), self.blocks[which].name);
            Cost { wall, cpu: cpu_ms(&node) - cpu }
        });
        assert_eq!(node.tip(), self.tip, "{}", subject.name());
        node.stop();
        costs
    }
}

/// Processor time that the node has used, in steps of 10 ms (proc(5): the fields after the name in parentheses).
fn cpu_ms(node: &Node) -> f64 {
    // Older litecoinds name the file after their ancestor.
    let files = ["litecoind.pid", "bitcoind.pid"].map(|name| node.datadir().join("regtest").join(name));
    let pid = files.iter().find_map(|file| fs::read_to_string(file).ok()).expect("because a node names its process");
    let stat = fs::read_to_string(Path::new("/proc").join(pid.trim()).join("stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    fields[11..13].iter().map(|ticks| ticks.parse::<f64>().unwrap() * 10.0).sum()
}

/// The coinbase of a block.
fn coinbase(node: &Node, block: &str) -> OutPoint {
    let block = node.call("getblock", json!([block]));
    let txid: Txid = block["tx"][0].as_str().unwrap().parse().unwrap();
    OutPoint { txid, vout: 0 }
}

/// Mines a block with one transaction.
fn generate(node: &Node, tx: &Transaction) -> String {
    let hex = hex::encode(tx.encode(Encoding::Full));
    node.call("generateblock", json!([ANYONE, [hex]]))["hash"].as_str().unwrap().to_owned()
}

/// Many kernels, each with some outputs of its own, on all threads.
fn peg_in(verifier: &Verifier, seed: u64, kernels: usize) -> (Tx, Vec<Coin>) {
    let terms = Terms { peg_in: Amount(VALUE.0 * i64::try_from(OUTPUTS_PER_KERNEL).unwrap()), ..Terms::default() };
    let made: Vec<(Tx, Vec<Coin>)> = (0..kernels as u64)
        .into_par_iter()
        .map(|n| {
            let (tx, coins, _) =
                Forge::new(verifier, seed << 32 | n).transaction(&[], &[VALUE; OUTPUTS_PER_KERNEL], &terms);
            (tx, coins)
        })
        .collect();
    let (txs, coins): (Vec<Tx>, Vec<Vec<Coin>>) = made.into_iter().unzip();
    (aggregate(&txs.iter().collect::<Vec<_>>()).unwrap(), coins.concat())
}

/// A transaction from a coinbase into the extension block, with change to anyone.
fn outside(coinbase: OutPoint, tx: Tx) -> Transaction {
    let mut change = REWARD;
    let mut outputs: Vec<TxOut> = peg_ins(&tx.body)
        .iter()
        .map(|peg_in| {
            change = Amount(change.0 - peg_in.amount.0);
            let script = [&[0x59, 0x20], peg_in.kernel_id.0.as_slice()].concat();
            TxOut { value: peg_in.amount, script_pubkey: script.into() }
        })
        .collect();
    outputs.push(TxOut { value: change, script_pubkey: vec![0x51].into() });
    let input =
        TxIn { prevout: coinbase, script_sig: Vec::new().into(), sequence: TxIn::SEQUENCE_FINAL, witness: Vec::new() };
    transaction(vec![input], outputs, tx)
}

/// A transaction with nothing outside.
fn inside(tx: Tx) -> Transaction {
    transaction(Vec::new(), Vec::new(), tx)
}

fn transaction(inputs: Vec<TxIn>, outputs: Vec<TxOut>, tx: Tx) -> Transaction {
    TxParts { version: 2, inputs, outputs, lock_time: 0, mweb: Some(tx), is_hogex: false }.into()
}
