//! Fee estimates: litecoind and a pool of ours live through the same history, give the same answers, write the same file
//! and read each other's.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use litecast_consensus::tx::SequenceLocks;
use litecast_mempool::{Entry, FeeEstimator, LockPoints, Mempool, NewEntry, Policy};
use litecast_primitives::{
    Amount, Block, BlockHash, Height, OutPoint, Transaction, TxIn, TxOut, Txid, codec::Reader, params::Network,
    transaction::TxParts,
};
use litecast_rpc::render::{raw_fee_to_json, smart_fee_to_json};
use serde_json::{Value, json};

use crate::harness::{NOW, Node};
use crate::litecoind::Litecoind;

/// Without a peg-in, litecoind makes no first block with an extension block: it must not come to that.
const OPTIONS: [&str; 3] = ["-acceptnonstdtxn=1", "-persistmempool=0", "-vbparams=mweb:4000000000:4000000001"];
const FILE: &str = "regtest/fee_estimates.dat";
/// Pushes 40 bytes, drops them, is true.
const SCRIPT: [u8; 43] = {
    let mut script = [0; 43];
    (script[0], script[41], script[42]) = (40, 0x75, 0x51);
    script
};
/// Keeps a transaction from being mined.
const HOLD: i64 = 1_000_000_000;
/// Bytes of the file with the version of who wrote it.
const WRITER: std::ops::Range<usize> = 4..8;

/// Numbers without meaning, the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

struct Twins {
    theirs: Litecoind,
    ours: Mempool,
    height: Height,
    dice: Dice,
    coins: VecDeque<(OutPoint, i64)>,
    /// Transactions that wait, by the height at which they may be mined.
    held: HashMap<Height, Vec<Txid>>,
}

impl Twins {
    fn mine(&mut self, count: u32) -> Vec<Block> {
        let hashes = self.theirs.call("generatetodescriptor", &json!([count, "raw(51)"])).unwrap();
        let hashes = hashes.as_array().unwrap();
        assert_eq!(hashes.len(), count as usize);
        let blocks = hashes.iter().map(|hash| {
            let hex = self.theirs.call("getblock", &json!([hash, 0])).unwrap();
            let block = Block::from_bytes(Bytes::from(hex::decode(hex.as_str().unwrap()).unwrap())).unwrap();
            self.height += 1;
            self.ours.remove_for_block(&block, self.height, NOW);
            for tx in block.transactions().iter().filter(|tx| !tx.is_coinbase() && !tx.is_hogex()) {
                let outputs = (0..).zip(tx.outputs());
                let coins = outputs.map(|(vout, out)| (OutPoint { txid: tx.txid(), vout }, out.value.0));
                self.coins.extend(coins);
            }
            block
        });
        blocks.collect()
    }

    /// Spends a coin to so many equal ones.
    fn send(&mut self, (prevout, value): (OutPoint, i64), outputs: i64, rate: i64) -> Txid {
        let make = |fee: i64| {
            let value = Amount((value - fee) / outputs);
            let output = TxOut { value, script_pubkey: Bytes::from_static(&SCRIPT) };
            let input = TxIn { prevout, script_sig: Bytes::new(), sequence: TxIn::SEQUENCE_FINAL, witness: Vec::new() };
            let outputs = vec![output; usize::try_from(outputs).unwrap()];
            Transaction::from(TxParts {
                version: 2,
                inputs: vec![input],
                outputs,
                lock_time: 0,
                mweb: None,
                is_hogex: false,
            })
        };
        let size = i64::try_from(make(0).bytes().len()).unwrap();
        let tx = Arc::new(make(rate * size / 1000 + 1));
        self.theirs.call("sendrawtransaction", &json!([hex::encode(tx.bytes()), 0])).unwrap();
        let paid = tx.outputs().iter().map(|output| output.value.0).sum::<i64>();
        let lock_points = LockPoints { locks: SequenceLocks::NONE, deepest_input: (0, BlockHash::ZERO) };
        let (fee, txid, height) = (Amount(value - paid), tx.txid(), self.height);
        let new = NewEntry { tx, fee, time: NOW, height, spends_coinbase: false, sigop_cost: 0, lock_points };
        self.ours.insert(Entry::new(new, 20));
        txid
    }

    fn prioritise(&self, txid: Txid, delta: i64) {
        self.theirs.call("prioritisetransaction", &json!([txid.to_string(), Value::Null, delta])).unwrap();
    }

    /// Some transactions come, some wait, and a block takes what it may.
    fn round(&mut self) {
        for _ in 0..8 {
            let coin = self.coins.pop_front().unwrap();
            let step = self.dice.below(60);
            let rate = (0..step).fold(1100, |rate, _| rate * 115 / 100);
            let txid = self.send(coin, 1, rate);
            // What pays little waits for long; some for ever.
            let delay = match self.dice.below(40) {
                0 => Some(u64::from(u32::MAX)),
                1..10 => Some(self.dice.below(3 + (60 - step))),
                10..30 if step < 20 => Some(self.dice.below(30)),
                _ => None,
            };
            if let Some(delay) = delay {
                self.prioritise(txid, -HOLD);
                let free = self.height.saturating_add(u32::try_from(delay).unwrap()).saturating_add(1);
                self.held.entry(free).or_default().push(txid);
            }
        }
        for txid in self.held.remove(&self.height).unwrap_or_default() {
            self.prioritise(txid, HOLD);
        }
        self.mine(1);
    }
}

/// Every answer, for every target.
fn compare(theirs: &Litecoind, ours: &FeeEstimator) -> usize {
    let mut rates = 0;
    for target in 1..=1008u32 {
        for (mode, conservative) in [("CONSERVATIVE", true), ("economical", false)] {
            let want = theirs.call("estimatesmartfee", &json!([target, mode])).unwrap();
            let got = smart_fee_to_json(ours, target, conservative);
            assert_eq!(got.to_string(), want.to_string(), "estimatesmartfee {target} {mode}");
            rates += usize::from(want.get("feerate").is_some());
        }
        for threshold in [0.95, 0.6, 0.0] {
            // All short targets, and some of the others.
            if target <= 50 || target % 24 < 2 {
                let want = theirs.call("estimaterawfee", &json!([target, threshold])).unwrap();
                let got = raw_fee_to_json(ours, target, threshold);
                assert_eq!(got.to_string(), want.to_string(), "estimaterawfee {target} {threshold}");
            }
        }
    }
    rates
}

/// What is said of wrong parameters, and when nothing is known.
fn compare_methods(theirs: &Litecoind) {
    let node = Node::start(Network::Regtest);
    for (method, params) in [
        ("estimatesmartfee", json!([])),
        ("estimatesmartfee", json!([1, null])),
        ("estimatesmartfee", json!([null])),
        ("estimatesmartfee", json!([0])),
        ("estimatesmartfee", json!([-1])),
        ("estimatesmartfee", json!([1009])),
        ("estimatesmartfee", json!([1.5])),
        ("estimatesmartfee", json!([1, "cheap"])),
        ("estimatesmartfee", json!([1, 2])),
        ("estimatesmartfee", json!([2, "Economical"])),
        ("estimatesmartfee", json!([2, "UNSET"])),
        ("estimatesmartfee", json!(["2"])),
        ("estimaterawfee", json!([1, null])),
        ("estimaterawfee", json!([null, 0.5])),
        ("estimaterawfee", json!([20, 1])),
        ("estimaterawfee", json!([1008])),
        ("estimaterawfee", json!([1009])),
        ("estimaterawfee", json!([2, 1.1])),
        ("estimaterawfee", json!([2, -0.1])),
        ("estimaterawfee", json!([2, "0.5"])),
    ] {
        match (theirs.call(method, &params), node.call(method, &params)) {
            (Ok(theirs), Ok(ours)) => assert_eq!(ours.to_string(), theirs.to_string(), "{method} {params}"),
            // Help pages are in our own words.
            (Err(theirs), Err(ours)) if theirs.code == -1 && params == json!([]) => assert_eq!(ours.code, -1),
            (theirs, ours) => assert_eq!(ours.unwrap_err(), theirs.unwrap_err(), "{method} {params}"),
        }
    }
}

#[test]
fn estimates_are_litecoinds() {
    let Some(theirs) = Litecoind::start_in(tempfile::tempdir().unwrap(), &OPTIONS) else { return };
    compare_methods(&theirs);
    let ours = Mempool::new(Policy::default(), NOW);
    let dice = Dice(1);
    let (coins, held) = (VecDeque::new(), HashMap::new());
    let mut twins = Twins { theirs, ours, height: 0, dice, coins, held };
    assert_eq!(compare(&twins.theirs, twins.ours.fees()), 0);
    let first = twins.mine(110);
    for block in &first[..4] {
        let coinbase = &block.transactions()[0];
        let coin = (OutPoint { txid: coinbase.txid(), vout: 0 }, coinbase.outputs()[0].value.0);
        twins.send(coin, 250, 2000);
    }
    twins.mine(1);
    (0..180).for_each(|_| twins.round());
    // Long enough for the highest target.
    twins.mine(1720);
    (0..120).for_each(|_| twins.round());
    assert!(twins.ours.len() > 20, "some must wait");
    assert_eq!(compare(&twins.theirs, twins.ours.fees()), 2 * 1008);

    let Twins { theirs, mut ours, .. } = twins;
    let dir = theirs.stop();
    let path = dir.path().join(FILE);
    let file = std::fs::read(&path).unwrap();
    ours.fees_mut().flush_unconfirmed();
    let mut written = ours.fees().encode();
    let writer = written[WRITER].to_vec();
    written[WRITER].copy_from_slice(&file[WRITER]);
    assert!(written == file, "the files differ");

    // Both read it and agree; then litecoind reads ours.
    let read = FeeEstimator::decode(&mut Reader::new(file.into())).unwrap();
    let theirs = Litecoind::start_in(dir, &OPTIONS).unwrap();
    assert_eq!(compare(&theirs, &read), 2 * 1008);
    let dir = theirs.stop();
    let written = read.encode();
    assert_eq!(written[WRITER], writer);
    std::fs::write(&path, written).unwrap();
    let theirs = Litecoind::start_in(dir, &OPTIONS).unwrap();
    assert_eq!(compare(&theirs, &read), 2 * 1008);
}
