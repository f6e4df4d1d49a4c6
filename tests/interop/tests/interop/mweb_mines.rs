//! Blocks that litecastd makes of a litecoind wallet's transactions, from the very first extension block on, are good enough
//! for litecoind: over the wire, and for one that is handed the bytes. The wallets find all their coins in them.

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};

use crate::harness::{
    Node,
    chain::FIRST_MWEB_HEIGHT,
    extension::{Contents, assert_same_block, assert_same_coins, litoshis},
    no_litecoind,
    node::assert_same_chain,
    payments::{Kind, Payer, WALLETS},
};

/// Blocks on top of the first extension block; every third is litecoind's.
const ROUNDS: u64 = 45;
/// A script that anybody can spend: its coins are in no wallet.
const NOBODY: &str = "raw(51)";

/// The miner, a node with wallets that hears of its blocks, and one that is told.
struct Mine<'a> {
    node: &'a Node,
    judge: &'a Node,
    clerk: &'a Node,
    /// What went to nobody, in litoshis.
    lost: i64,
    seen: Contents,
}

impl Mine<'_> {
    fn raw(&self, txid: &str) -> String {
        self.judge.text("getrawtransaction", json!([txid]))
    }

    /// What no block can be made of. The tip stays.
    fn refuses(&self, raws: &[&String], text: &str) {
        let tip = self.node.tip();
        let error = self.node.try_call("generateblock", &json!([NOBODY, raws])).expect_err(text).to_string();
        assert!(error.contains(text), "{error}");
        assert_eq!(self.node.tip(), tip);
    }

    /// A block of these transactions; everybody takes it.
    fn generate(&mut self, output: &str, raws: &[String]) -> Contents {
        let hash = if raws.is_empty() && output != NOBODY {
            self.node.call("generatetoaddress", json!([1, output]))[0].clone()
        } else {
            self.node.call("generateblock", json!([output, raws]))["hash"].clone()
        };
        let hash = hash.as_str().unwrap();
        assert_eq!(self.node.tip(), hash);
        if output == NOBODY {
            let block = self.node.call("getblock", json!([hash, 2]));
            self.lost += litoshis(&block["tx"][0]["vout"][0]["value"]);
        }
        self.judge.wait_for_tip(hash);
        self.everybody_agrees(hash)
    }

    fn everybody_agrees(&mut self, hash: &str) -> Contents {
        let raw = self.node.text("getblock", json!([hash, 0]));
        assert_eq!(self.clerk.call("submitblock", json!([raw])), Value::Null);
        assert_eq!(self.clerk.tip(), hash);
        assert_eq!(self.judge.call("getrawmempool", json!([])), json!([]), "something was not mined");
        let contents = assert_same_block(self.node, self.judge, hash);
        self.seen += contents;
        contents
    }

    /// All coins there are, outside and inside, are the wallets' or nobody's.
    fn wallets_have_everything(&self, payer: &Payer<'_>) {
        assert_same_coins(self.node, self.judge);
        let mut sum = self.lost;
        for wallet in WALLETS {
            let balances = payer.wallet.call(wallet, "getbalances", json!([]));
            let mine = &balances["mine"];
            assert_eq!(litoshis(&mine["untrusted_pending"]), 0, "{wallet}: {balances}");
            sum += litoshis(&mine["trusted"]) + litoshis(&mine["immature"]);
        }
        let all = self.node.call("gettxoutsetinfo", json!([]));
        assert_eq!(sum, litoshis(&all["total_amount"]), "{all}");
    }
}

#[test]
fn makes_extension_blocks_that_litecoind_accepts() {
    if no_litecoind("makes_extension_blocks_that_litecoind_accepts") {
        return;
    }
    let seed: u64 = rand::random();
    eprintln!("makes_extension_blocks_that_litecoind_accepts: seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let mut node = Node::litecastd(&[]);
    node.start(&[]);
    let judge = Node::litecoind(&[&node.connect(), "-checkblocks=0"]);
    let clerk = Node::litecoind(&["-checkblocks=0"]);
    let mut payer = Payer::create(&judge);
    let address = payer.wallet.address("miner", "bech32");
    node.call("generatetoaddress", json!([FIRST_MWEB_HEIGHT - 1, address]));
    judge.wait_for_tip(&node.tip());
    for raw in &node.raw_blocks()[1..] {
        assert_eq!(clerk.call("submitblock", json!([raw])), Value::Null);
    }
    let mut mine = Mine { node: &node, judge: &judge, clerk: &clerk, lost: 0, seen: Contents::default() };

    // The very first one. The first HogEx has nothing to spend but a peg-in.
    mine.refuses(&[], "it needs a transaction with a peg-in");
    let peg_in = payer.pay(Kind::PegIn, &mut random).unwrap();
    let peg_in = mine.raw(&peg_in);
    mine.refuses(&[&peg_in, &peg_in], "already on chain or staged");
    let first = mine.generate(&address, &[peg_in]);
    assert_eq!((first.peg_ins, first.inputs, first.kernels), (1, 0, 1), "{first:?}");
    assert_eq!(judge.height(), FIRST_MWEB_HEIGHT);

    // The wallet has one coin inside: every payment spends the change of the one before.
    let chain: Vec<String> = [("both", "mweb"), ("vault", "bech32"), ("vault", "legacy")]
        .into_iter()
        .map(|(to, kind)| {
            let target = json!([payer.wallet.address(to, kind), "0.002"]);
            let txid = payer.wallet.call("mweb", "sendtoaddress", target);
            mine.raw(txid.as_str().unwrap())
        })
        .collect();
    let [one, two, three] = &chain[..] else { unreachable!("three payments") };
    mine.refuses(&[two, one, three], "not found on chain");
    mine.refuses(&[one, three], "not found on chain");
    mine.refuses(&[one, one], "already staged");
    let second = mine.generate(NOBODY, &chain);
    assert_eq!((second.spent_at_once, second.peg_outs, second.kernels), (2, 2, 3), "{second:?}");
    mine.wallets_have_everything(&payer);

    let (mut ours, mut sent) = (2, Vec::new());
    for round in 0..ROUNDS {
        let wanted = if round % 6 == 4 { 0 } else { random.random_range(1..=5) };
        let payments: Vec<_> = (0..wanted).filter_map(|_| payer.pay_something(&mut random)).collect();
        if round % 3 == 2 {
            let hash = payer.wallet.mine(1).remove(0);
            node.wait_for_tip(&hash);
            mine.everybody_agrees(&hash);
        } else {
            let raws: Vec<String> = payments.iter().map(|(_, txid)| mine.raw(txid)).collect();
            let output = match round % 4 {
                0 => NOBODY.to_owned(),
                kind => payer
                    .wallet
                    .address("miner", ["bech32", "legacy", "p2sh-segwit"][usize::try_from(kind).unwrap() - 1]),
            };
            mine.generate(&output, &raws);
            ours += 1;
        }
        sent.extend(payments);
        if round % 4 == 0 {
            mine.wallets_have_everything(&payer);
        }
    }
    assert!(ours >= 30, "{ours}");
    let Contents { peg_ins, inputs, peg_outs, spent_at_once, .. } = mine.seen;
    assert!(peg_ins >= 5 && inputs >= 10 && peg_outs >= 5 && spent_at_once >= 3, "{:?}", mine.seen);

    // Every payment is in a block, and the whole chain is one that litecoind finds no fault with.
    let active = |txid: &str| {
        WALLETS.iter().any(|from| {
            let found = payer.wallet.try_call(from, "gettransaction", &json!([txid]));
            found.is_ok_and(|tx| tx["confirmations"].as_i64().is_some_and(|confirmations| confirmations > 0))
        })
    };
    for (kind, txid) in &sent {
        assert!(active(txid), "{kind:?} {txid} is not confirmed");
    }
    assert_eq!(clerk.call("verifychain", json!([4, ROUNDS])), json!(true));
    assert_same_chain(&node, &clerk);
    assert_same_coins(&node, &clerk);
    eprintln!("{ours} of {} extension blocks are litecastd's, {} payments: {:?}", ROUNDS + 2, sent.len(), mine.seen);
    node.stop();
}
