//! The two nodes that judge. They know nobody: transactions and blocks come in by RPC only, so that both get the same in the
//! same order, and their clocks stand still.

use std::collections::BTreeSet;

use litecast_client::{RpcClient, RpcError};
use litecast_primitives::Transaction;
use serde_json::{Value, json};

use crate::harness::{Node, extension::assert_same};

/// Entries of the mempool that are compared field by field each time.
const SAMPLE: usize = 20;
/// Where coinbases go.
pub(super) const MINER: &str = "raw(001479b000887626b294a914501a4cd226b58b235983)";

/// litecastd and litecoind, with the same options.
pub(super) struct Judges {
    nodes: [Node; 2],
    clients: [RpcClient; 2],
    time: i64,
    /// Whether the memory of the mempools is compared.
    pub(super) counts_usage: bool,
}

/// What a node says of one transaction: on trial, and in earnest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) trial: String,
    pub(super) sent: String,
}

impl Verdict {
    pub(super) fn is_accepted(&self) -> bool {
        self.sent.len() == 64
    }

    /// The reject string, or "accepted".
    pub(super) fn reason(&self) -> String {
        let trial: Value = serde_json::from_str(&self.trial).unwrap_or_default();
        match trial[0]["reject-reason"].as_str() {
            Some(reason) => reason.to_owned(),
            None if trial[0]["allowed"] == json!(true) => "accepted".to_owned(),
            None => self.trial.clone(),
        }
    }
}

fn text(answer: Result<Value, RpcError>) -> String {
    match answer {
        Ok(Value::String(text)) => text,
        Ok(value) => value.to_string(),
        Err(RpcError::Rpc { code, message }) => format!("{code}: {message}"),
        Err(error) => panic!("{error}"),
    }
}

fn list(value: &Value) -> BTreeSet<String> {
    value.as_array().unwrap().iter().map(|item| item.as_str().unwrap().to_owned()).collect()
}

impl Judges {
    /// Starts both and gives them the blocks.
    pub(super) fn start(options: &[&str], time: i64, blocks: &[String]) -> Self {
        let clock = format!("-mocktime={time}");
        let words: Vec<&str> = options.iter().copied().chain([clock.as_str()]).collect();
        let mut ours = Node::litecastd(&words);
        ours.start(&[]);
        // Its check of the mempool, which only regtest has, does not expect two peg-ins into the same kernel.
        let theirs = [&words[..], &["-disablewallet", "-checkblocks=0", "-checkmempool=0"]].concat();
        let nodes = [ours, Node::litecoind(&theirs)];
        let clients = [nodes[0].client(), nodes[1].client()];
        let judges = Self { nodes, clients, time, counts_usage: false };
        for client in &judges.clients {
            for part in blocks.chunks(40) {
                let calls: Vec<_> = part.iter().map(|block| ("submitblock", json!([block]))).collect();
                for answer in client.batch(&calls).unwrap() {
                    assert_eq!(answer.unwrap(), Value::Null);
                }
            }
        }
        assert_eq!(judges.both("getbestblockhash", &json!([])), json!(judges.nodes[0].tip()));
        judges
    }

    /// A call to both, which answer the same.
    pub(super) fn both(&self, method: &str, params: &Value) -> Value {
        let [mine, other] = self.clients.each_ref().map(|client| client.call(method, params));
        match (mine, other) {
            (Ok(mine), Ok(other)) => {
                assert_same(&format!("{method} {params}"), &mine, &other);
                mine
            }
            (mine, other) => panic!("{method} {params}: {mine:?} here, {other:?} there"),
        }
    }

    /// Time passes.
    pub(super) fn pass(&mut self, seconds: i64) {
        self.time += seconds;
        self.both("setmocktime", &json!([self.time]));
    }

    /// The verdicts of litecastd and of litecoind; without `send` on trial only.
    pub(super) fn judge(&self, tx: &Transaction, send: bool) -> [Verdict; 2] {
        let raw = hex::encode(tx.bytes());
        let mut calls = vec![("testmempoolaccept", json!([[raw]]))];
        if send {
            calls.push(("sendrawtransaction", json!([raw])));
        }
        self.clients.each_ref().map(|client| {
            let mut answers = client.batch(&calls).unwrap().into_iter().map(text);
            let trial = answers.next().unwrap();
            Verdict { trial, sent: answers.next().unwrap_or_default() }
        })
    }

    /// A trial with a fee limit.
    pub(super) fn trial(&self, tx: &Transaction, max_fee_rate: &str) -> [Verdict; 2] {
        let params = json!([[hex::encode(tx.bytes())], max_fee_rate]);
        self.clients.each_ref().map(|client| {
            let trial = text(client.call("testmempoolaccept", &params));
            Verdict { trial, sent: String::new() }
        })
    }

    /// The ids of the mempool, which is the same in both; some entries and the totals are compared as well.
    pub(super) fn compare(&self, sample: impl Fn(usize) -> usize) -> BTreeSet<String> {
        let [mine, other] =
            self.clients.each_ref().map(|client| list(&client.call("getrawmempool", &json!([])).unwrap()));
        let here: Vec<_> = mine.difference(&other).collect();
        let there: Vec<_> = other.difference(&mine).collect();
        for (at, ids) in [(0, &here), (1, &there)] {
            for id in ids.iter().take(3) {
                let entry = self.clients[at].call("getmempoolentry", &json!([id])).unwrap();
                eprintln!("{at} alone has {id}: {entry}");
            }
        }
        assert!(here.is_empty() && there.is_empty(), "only here: {here:?}; only there: {there:?}");
        let [here, there] = self.clients.each_ref().map(|client| {
            let mut info = client.call("getmempoolinfo", &json!([])).unwrap();
            let usage = info.as_object_mut().unwrap().remove("usage").expect("because both have the field");
            if self.counts_usage {
                info["usage"] = usage;
            }
            info
        });
        assert_same("getmempoolinfo", &here, &there);
        let ids: Vec<&String> = mine.iter().collect();
        if !ids.is_empty() {
            let calls: Vec<_> = (0..SAMPLE).map(|_| ("getmempoolentry", json!([ids[sample(ids.len())]]))).collect();
            let [here, there] = self.clients.each_ref().map(|client| client.batch(&calls).unwrap());
            for ((here, there), (_, id)) in here.into_iter().zip(there).zip(&calls) {
                let [mut here, mut there] = [here, there].map(Result::unwrap);
                // Sets in the order of their own.
                for entry in [&mut here, &mut there] {
                    for name in ["depends", "spentby"] {
                        let sorted = list(&entry[name]);
                        entry[name] = json!(sorted);
                    }
                }
                assert_same(&format!("getmempoolentry {id}"), &here, &there);
            }
        }
        mine
    }

    /// One mines, the other is given the blocks; their hashes.
    pub(super) fn mine(&mut self, by: usize, count: u64) -> Vec<Value> {
        self.pass(150);
        let hashes = self.clients[by].call("generatetodescriptor", &json!([count, MINER])).unwrap();
        for hash in hashes.as_array().unwrap() {
            let block = self.clients[by].call("getblock", &json!([hash, 0])).unwrap();
            assert_eq!(self.clients[1 - by].call("submitblock", &json!([block])).unwrap(), Value::Null);
        }
        self.both("getbestblockhash", &json!([]));
        hashes.as_array().unwrap().clone()
    }

    /// Ends litecastd in order.
    pub(super) fn stop(mut self) {
        self.nodes[0].stop();
    }
}
