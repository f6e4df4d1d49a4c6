//! Thousands of transactions, the same for litecastd and for litecoind: the same verdict with the same words, on trial and in
//! earnest, and the same mempool afterwards, after blocks and after reorganisations.
//!
//! The transactions come from a seed, always the same unless `LITECAST_POLICY_SEED` names another, or `random`;
//! `LITECAST_POLICY_TIMES` makes each run so many times as long. Once in some ten thousand transactions a run ends because litecoind
//! keeps a transaction that can never be mined (two create the same output inside, and one is mined) and then makes no
//! more blocks: that says nothing of litecastd. litecoind is 0.21.2.1: where v0.21.5.5, which decides, differs, a case says so and the difference itself is
//! asserted.

mod cases;
mod inside;
mod judges;
mod locks;
mod replace;
mod world;

use std::{collections::BTreeMap, env, sync::OnceLock};

use litecast_mweb::forge;
use litecast_primitives::{Block, OutPoint, Transaction};
use rand::RngExt as _;
use serde_json::{Value, json};

use self::{
    cases::CROWDED,
    inside::{Inside, first_coins, peg_in_output},
    judges::{Judges, MINER},
    locks::{Lock, ODD, STANDARD},
    world::{Coin, World, parts},
};
use crate::harness::{Node, chain::FIRST_MWEB_HEIGHT, no_litecoind};

/// The clocks at the beginning.
const START: i64 = 1_700_000_000;
/// The seed of an ordinary run.
const ORDINARY_SEED: u64 = 1;
/// What litecoind 0.21.2.1 may say of a transaction whose peg-outs it does not look at: what is asked later.
const LATER: [&str; 6] = [
    "accepted",
    "missing-inputs",
    "txn-mempool-conflict",
    "mempool min fee not met",
    "min relay fee not met",
    "non-final",
];
/// What a run with the usual options cannot miss.
const SEEN: [&str; 18] = [
    "accepted",
    "bad-mweb-txn",
    "bad-txns-nonstandard-inputs",
    "bad-witness-nonstandard",
    "dust",
    "insufficient fee",
    "max-fee-exceeded",
    "min relay fee not met",
    "missing-inputs",
    "non-BIP68-final",
    "non-final",
    "replacement-adds-unconfirmed",
    "scriptpubkey",
    "scriptsig-not-pushonly",
    "too-long-mempool-chain",
    "txn-already-in-mempool",
    "txn-mempool-conflict",
    "version",
];
/// Deepest reorganisation.
const MAX_DEPTH: usize = 3;
/// What a test shows of its differences.
const SHOWN: usize = 25;

/// The chain that every run begins with, and what it gives.
struct Base {
    blocks: Vec<String>,
    coins: Vec<Coin>,
    inside: Vec<forge::Coin>,
}

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number, not {text}")))
}

fn block(raw: &str) -> Block {
    Block::from_bytes(hex::decode(raw).unwrap().into()).unwrap()
}

/// Mines past the first extension block; coins of every kind are in the chain then, outside and inside.
fn base() -> &'static Base {
    static BASE: OnceLock<Base> = OnceLock::new();
    BASE.get_or_init(|| {
        let mut node = Node::litecastd(&[&format!("-mocktime={START}")]);
        node.start(&[]);
        node.call("generatetodescriptor", json!([FIRST_MWEB_HEIGHT - 1, MINER]));
        let mut world = World::new(1, Vec::new(), Inside::new(1));
        for raw in node.raw_blocks() {
            world.on_block(block(&raw).transactions());
        }
        world.height -= 1;
        let mut coinbases: Vec<Coin> = world.coins.clone();
        coinbases.sort_by_key(|coin| coin.height);
        let mut coinbases = coinbases.into_iter();
        let mut spread = |world: &mut World, locks: &[Lock]| {
            let coin = coinbases.next().expect("because there are hundreds");
            world.spread(vec![coin], locks, 2000)
        };
        let mut raws = Vec::new();
        let mut fan_outs: Vec<Transaction> = Vec::new();
        for _ in 0..24 {
            let locks: Vec<Lock> =
                (0..100).map(|n| if n % 4 == 0 { world.pick(&ODD) } else { world.pick(&STANDARD) }).collect();
            fan_outs.push(spread(&mut world, &locks).signed().into());
        }
        let mut inside = Inside::new(2);
        let (mweb, made, amount) = first_coins(&mut inside, 60, 40_000_000);
        let mut peg_in = spread(&mut world, &[Lock::Wpkh]);
        peg_in.parts = parts(&peg_in.spends, vec![peg_in_output(&mweb, amount), Lock::Wpkh.output(0)]);
        peg_in.parts.mweb = Some(mweb);
        peg_in.pay(3000);
        fan_outs.push(peg_in.signed().into());
        raws.extend(fan_outs.iter().map(|tx| hex::encode(tx.bytes())));
        node.call("generateblock", json!([MINER, raws]));
        node.call("generatetodescriptor", json!([12, MINER]));
        let blocks = node.raw_blocks();
        node.stop();
        let mut world = World::new(1, Vec::new(), Inside::new(1));
        for (height, raw) in (0..).zip(&blocks) {
            let block = block(raw);
            for tx in block.transactions().iter().filter(|tx| !tx.is_hogex()) {
                world.receive(tx, Some(height));
            }
        }
        let spent: Vec<OutPoint> = fan_outs.iter().flat_map(|tx| tx.inputs()).map(|input| input.prevout).collect();
        world.coins.retain(|coin| !spent.contains(&coin.outpoint));
        Base { blocks: blocks[1..].to_vec(), coins: world.coins, inside: made }
    })
}

/// A run with its nodes.
struct Run {
    judges: Judges,
    world: World,
    /// Hashes of the blocks mined here.
    blocks: Vec<Value>,
    reasons: BTreeMap<String, usize>,
    differences: Vec<String>,
    judged: usize,
    mined: usize,
    undone: usize,
    /// The nodes take only what is standard.
    standard: bool,
}

impl Run {
    fn start(seed: u64, options: &[&str]) -> Self {
        let base = base();
        let judges = Judges::start(options, START, &base.blocks);
        let mut world = World::new(seed, base.coins.clone(), Inside::with_coins(seed ^ 0x1111, &base.inside));
        world.height = u32::try_from(base.blocks.len()).unwrap();
        let mut run = Self {
            judges,
            world,
            blocks: Vec::new(),
            reasons: BTreeMap::new(),
            differences: Vec::new(),
            judged: 0,
            mined: 0,
            undone: 0,
            standard: options.contains(&"-acceptnonstdtxn=0"),
        };
        run.judges.pass(3600);
        run.see_tip();
        run
    }

    fn see_tip(&mut self) {
        let info = self.judges.both("getblockheader", &json!([self.judges.both("getbestblockhash", &json!([]))]));
        self.world.median_time = u32::try_from(info["mediantime"].as_u64().unwrap()).unwrap();
        assert_eq!(info["height"], json!(self.world.height));
    }

    /// Judges what the next case makes.
    fn next(&mut self) {
        for sent in self.world.next() {
            // A delta for something that comes, or for something that is there.
            if self.world.chance(2) {
                let delta = self.world.random.random_range(-3000..6000);
                let known = if self.world.chance(50) { self.world.sent.last() } else { None };
                let id = known.map_or(sent.tx.txid(), |(_, tx)| tx.txid());
                self.judges.both("prioritisetransaction", &json!([id.to_string(), 0, delta]));
            }
            let [ours, theirs] = self.judges.judge(&sent.tx, sent.trial.is_none());
            self.judged += 1;
            let reason = ours.reason();
            *self.reasons.entry(reason.clone()).or_default() += 1;
            let differ = match sent.trial.flatten() {
                Some(refused) if self.standard => reason != refused || !LATER.contains(&theirs.reason().as_str()),
                Some(_) => reason != theirs.reason(),
                // litecoind looks for the outputs of a mined transaction in its cache only (v0.21.5.5 `src/validation.cpp`,
                // PreChecks, HaveCoinInCache), which is emptied every day; litecastd looks for them everywhere.
                None if reason == "txn-already-known" && theirs.reason() == "missing-inputs" => {
                    ours.sent != theirs.sent
                }
                None => ours != theirs,
            };
            if differ {
                let raw = hex::encode(sent.tx.bytes());
                let shown = &raw[..raw.len().min(3000)];
                self.differences.push(format!("{}: here {ours:?}\n  there {theirs:?}\n  {shown}", sent.name));
                assert!(self.differences.len() < SHOWN, "{}", self.differences.join("\n"));
            }
            if ours.is_accepted() && theirs.is_accepted() {
                self.world.on_accepted(&sent);
                if sent.name.starts_with("replacement") {
                    assert!(self.differences.is_empty(), "{}", self.differences.join("\n"));
                    let pool = self.judges.compare(|_| 0);
                    self.world.keep(&pool);
                }
            }
        }
    }

    fn compare(&mut self) {
        assert!(self.differences.is_empty(), "{}", self.differences.join("\n"));
        let random = &mut self.world.random;
        let chosen: Vec<usize> = (0..64).map(|_| random.random_range(0..usize::MAX)).collect();
        let at = std::cell::Cell::new(0);
        let pool = self.judges.compare(|bound| {
            at.set((at.get() + 1) % chosen.len());
            chosen[at.get()] % bound
        });
        self.world.keep(&pool);
    }

    fn mine(&mut self, count: u64) {
        let by = self.world.below(2);
        for hash in self.judges.mine(by, count) {
            let raw = self.judges.both("getblock", &json!([hash, 0]));
            self.world.on_block(block(raw.as_str().unwrap()).transactions());
            self.blocks.push(hash);
            self.mined += 1;
        }
        self.see_tip();
        self.compare();
    }

    /// Undoes some blocks; comes back to them or goes another way.
    fn reorganise(&mut self) {
        let depth = (1 + self.world.below(MAX_DEPTH)).min(self.blocks.len());
        if depth == 0 {
            return;
        }
        let first = self.blocks[self.blocks.len() - depth].clone();
        self.judges.both("invalidateblock", &json!([first]));
        let height = self.world.height - u32::try_from(depth).unwrap();
        self.world.on_undone(height);
        self.undone += depth;
        let undone = self.blocks.split_off(self.blocks.len() - depth);
        self.see_tip();
        self.compare();
        if self.world.chance(50) {
            self.judges.both("reconsiderblock", &json!([first]));
            for hash in undone {
                let raw = self.judges.both("getblock", &json!([hash, 0]));
                self.world.on_block(block(raw.as_str().unwrap()).transactions());
                self.blocks.push(hash);
            }
            self.see_tip();
            self.compare();
        } else {
            for _ in 0..5 {
                self.next();
            }
            self.mine(u64::try_from(depth).unwrap() + 1);
        }
    }
}

/// Runs with these options until so many transactions are judged.
/// Answers with how often each verdict was given, unless there is no litecoind.
fn run(
    name: &str,
    transactions: usize,
    options: &[&str],
    change: impl FnOnce(&mut Run),
) -> Option<BTreeMap<String, usize>> {
    if no_litecoind(name) {
        return None;
    }
    let any = env::var("LITECAST_POLICY_SEED").is_ok_and(|seed| seed == "random");
    let seed = if any { rand::random() } else { number("LITECAST_POLICY_SEED").unwrap_or(ORDINARY_SEED) };
    let times = usize::try_from(number("LITECAST_POLICY_TIMES").unwrap_or(1)).unwrap();
    eprintln!("{name}: LITECAST_POLICY_SEED={seed}");
    let mut run = Run::start(seed, options);
    change(&mut run);
    let mut steps = 0;
    while run.judged < transactions * times {
        run.next();
        steps += 1;
        // A crowded mempool has to wait for its fee to fall.
        let seconds = if steps % 40 == 0 && run.judges.counts_usage {
            1000 * (1 + steps % 11)
        } else {
            i64::from(steps % 7 == 0)
        };
        run.judges.pass(seconds);
        if steps % 60 == 0 {
            run.compare();
            match run.world.below(4) {
                0 => run.mine(1),
                1 => run.mine(2),
                2 => run.reorganise(),
                _ => {}
            }
        }
    }
    run.compare();
    let accepted = run.reasons.get("accepted").copied().unwrap_or_default();
    eprintln!("{name}: {} judged, {} blocks, {} undone, {:?}", run.judged, run.mined, run.undone, run.reasons);
    assert!(accepted * 5 > run.judged && accepted < run.judged, "{accepted} of {} were accepted", run.judged);
    if let Some(tx) = inside::generous(&mut run.world) {
        let [ours, theirs] = run.judges.trial(&tx, "0");
        assert_eq!((ours.reason().as_str(), theirs.reason().as_str()), ("accepted", "max-fee-exceeded"));
    }
    run.judges.stop();
    Some(run.reasons)
}

#[test]
fn policy_usual() {
    let reasons = run("policy_usual", 3000, &["-acceptnonstdtxn=0", "-mempoolreplacement=1"], |_| {});
    let missed = |reasons: BTreeMap<_, _>| SEEN.into_iter().find(|seen| !reasons.contains_key(*seen));
    assert_eq!(reasons.and_then(missed), None, "no transaction was that");
}

#[test]
fn policy_strict() {
    let options = [
        "-acceptnonstdtxn=0",
        "-minrelaytxfee=0.0003",
        "-incrementalrelayfee=0.0002",
        "-dustrelayfee=0.001",
        "-datacarriersize=40",
        "-bytespersigop=80",
        "-permitbaremultisig=0",
        "-limitancestorcount=5",
        "-limitdescendantcount=6",
        "-limitancestorsize=12",
        "-limitdescendantsize=14",
    ];
    run("policy_strict", 1000, &options, |run| run.world.fee_factor = 30);
}

#[test]
fn policy_lenient() {
    run("policy_lenient", 1000, &["-acceptnonstdtxn=1", "-mempoolreplacement=1", "-datacarrier=0"], |_| {});
}

#[test]
fn policy_crowded() {
    let options = ["-acceptnonstdtxn=0", "-mempoolreplacement=1", "-maxmempool=5"];
    run("policy_crowded", 600, &options, |run| {
        run.world.cases = CROWDED;
        run.judges.counts_usage = true;
    });
}
