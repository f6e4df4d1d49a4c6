//! One mempool in litecoind and in this node, of transactions that litecoind's wallet makes: every answer is compared as
//! text, order of fields included.

use std::net::TcpListener;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use litecast_engine::{AssembleRequest, Contents};
use litecast_primitives::{Amount, Block, BlockHeader, params::Network};
use serde_json::{Value, json};

use crate::harness::{Node, difference};
use crate::litecoind::Litecoind;
use crate::live::Pair;

const WITHOUT_INPUTS: &str = "02000000000196e1fa020000000016001479b000887626b294a914501a4cd226b58b23598300000000";
const UNKNOWN: &str = "0000000000000000000000000000000000000000000000000000000000000001";
const RULES: &str = r#"{"rules": ["mweb", "segwit"]}"#;
/// MWEB is in force from the next block on.
const LAST_BEFORE_MWEB: usize = 431;

/// Blocks with the same subsidy.
const HALVING: i64 = 150;

fn rules() -> Value {
    json!([serde_json::from_str::<Value>(RULES).unwrap()])
}

/// A payment of litecoind's wallet, given to this node too. Answers its id.
fn pay(pair: &mut Pair, wallet: &str, to: &str, amount: f64) -> Value {
    let id = pair.theirs.wallet(wallet, "sendtoaddress", &json!([to, amount]));
    pass_on(pair, &id)
}

/// Gives a transaction of litecoind's mempool to this node too.
fn pass_on(pair: &mut Pair, id: &Value) -> Value {
    let hex = pair.theirs.call("getrawtransaction", &json!([id])).unwrap();
    assert_eq!(pair.ours.ok("sendrawtransaction", &json!([hex, 0])), *id);
    id.clone()
}

fn address(pair: &Pair, wallet: &str, kind: &str) -> String {
    pair.theirs.wallet(wallet, "getnewaddress", &json!(["", kind])).as_str().unwrap().to_owned()
}

/// Everything that can be asked about the mempool.
fn compare(pair: &mut Pair) {
    let ids = pair.same("getrawmempool", json!([])).unwrap();
    for id in ids.as_array().unwrap() {
        pair.same("getmempoolentry", json!([id])).unwrap();
        for method in ["getmempoolancestors", "getmempooldescendants"] {
            pair.same(method, json!([id])).unwrap();
            pair.same(method, json!([id, true])).unwrap();
        }
        pair.same("getrawtransaction", json!([id])).unwrap();
        let tx = pair.same("getrawtransaction", json!([id, true])).unwrap();
        for n in 0..3 {
            for with_pool in [true, false] {
                drop(pair.same("gettxout", json!([id, n, with_pool])));
                let Some(input) = tx["vin"].get(n).filter(|input| input["ismweb"] == false) else { continue };
                drop(pair.same("gettxout", json!([input["txid"], input["vout"], with_pool])));
            }
        }
        drop(pair.same("testmempoolaccept", json!([[tx["hex"]]])));
    }
    let theirs = pair.theirs.call("getrawmempool", &json!([true])).unwrap();
    let ours = pair.ours.ok("getrawmempool", &json!([true]));
    let keys = |value: &Value| {
        let mut keys: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
        keys.sort();
        keys
    };
    assert_eq!(keys(&theirs), keys(&ours));
    for id in ids.as_array().unwrap() {
        assert_eq!(pair.ours.ok("getmempoolentry", &json!([id])), ours[id.as_str().unwrap()]);
    }
    // Memory is not the same where an extension block's transactions count (entry.rs tells how).
    pair.same_but("getmempoolinfo", &json!([]), &["usage"]).unwrap();
    // Old enough for a new one.
    let later = pair.ours.chain().reader().clock().now() + 6;
    pair.same("setmocktime", json!([later])).unwrap();
    template(pair);
    pair.same("getmininginfo", json!([])).unwrap();
}

/// The block that both would make.
fn template(pair: &mut Pair) {
    let mut theirs = pair.theirs.call("getblocktemplate", &rules()).unwrap();
    let mut ours = pair.ours.ok("getblocktemplate", &rules());
    for template in [&mut theirs, &mut ours] {
        // How often litecoind's mempool has changed is its own affair.
        template.as_object_mut().unwrap().shift_remove("longpollid");
    }
    // Before v0.21.5.5 fees inside were told of the transactions too, and not of every HogEx (src/miner.cpp, AddToBlock,
    // src/mweb/mweb_miner.cpp, AddHogExTransaction).
    let subsidy = (50 * Amount::COIN.0) >> (theirs["height"].as_i64().unwrap() / HALVING);
    let mut left = theirs["coinbasevalue"].as_i64().unwrap() - subsidy;
    let has_hogex = theirs.get("mweb").is_some();
    let mut list: Vec<&mut Value> = theirs["transactions"].as_array_mut().unwrap().iter_mut().collect();
    let hogex = if has_hogex { list.pop() } else { None };
    for tx in list {
        let mut fee = tx["fee"].as_i64().unwrap();
        if let Ok(entry) = pair.ours.call("getmempoolentry", &json!([tx["txid"]]))
            && let Some(inside) = entry["mweb"].get("fee")
        {
            fee -= litecast_rpc::amount_from_json(inside).unwrap();
            tx["fee"] = fee.into();
        }
        left -= fee;
    }
    if let Some(hogex) = hogex {
        hogex["fee"] = left.into();
    }
    let (want, got) = (theirs.to_string(), ours.to_string());
    if want != got {
        let difference = difference(&theirs, &ours);
        pair.differences.push(format!("getblocktemplate {difference:?}\n   theirs {want}\n   ours   {got}"));
    }
}

/// Without peers litecoind 0.21.2.1 makes no template, on regtest neither; one that never speaks is enough.
fn connect_somebody(theirs: &Litecoind) -> TcpListener {
    let somebody = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = somebody.local_addr().unwrap().to_string();
    theirs.call("addnode", &json!([address, "onetry"])).unwrap();
    let start = Instant::now();
    while theirs.call("getconnectioncount", &json!([])) != Ok(json!(1)) {
        assert!(start.elapsed() < Duration::from_secs(30), "litecoind does not connect");
        thread::sleep(Duration::from_millis(20));
    }
    somebody
}

#[test]
fn a_mempool_is_litecoinds() {
    let options = ["-fallbackfee=0.001", "-mempoolreplacement=1", "-acceptnonstdtxn=0", "-spendzeroconfchange=1"];
    let Some(theirs) = Litecoind::start_with(&options) else { return };
    let mut pair = Pair { theirs, ours: Node::start(Network::Regtest), differences: Vec::new() };
    pair.ours.chain().set_mempool_loaded();
    for wallet in ["one", "two"] {
        pair.theirs.call("createwallet", &json!([wallet])).unwrap();
    }
    let _peer = connect_somebody(&pair.theirs);
    errors(&mut pair);
    let miner = address(&pair, "one", "bech32");
    let mine = |pair: &mut Pair, count: usize| {
        let hashes = pair.theirs.call("generatetoaddress", &json!([count, miner])).unwrap();
        for hash in hashes.as_array().unwrap() {
            let block = pair.theirs.call("getblock", &json!([hash, 0])).unwrap();
            assert_eq!(pair.ours.ok("submitblock", &json!([block])), Value::Null);
        }
    };
    mine(&mut pair, 110);
    plain(&mut pair);
    proposals(&mut pair);
    generate(&mut pair);
    let so_far = pair.theirs.call("getblockcount", &json!([])).unwrap().as_u64().unwrap();
    mine(&mut pair, LAST_BEFORE_MWEB - usize::try_from(so_far).unwrap());
    inside(&mut pair, |pair| mine(pair, 1));
    errors(&mut pair);
    assert!(pair.differences.is_empty(), "{} differences:\n{}", pair.differences.len(), pair.differences.join("\n"));
}

/// Payments, chains, replacement, prioritisation, and transactions that are not let in.
fn plain(pair: &mut Pair) {
    compare(pair);
    let to = address(pair, "two", "legacy");
    let first = pay(pair, "one", &to, 40.0);
    compare(pair);
    // Chains of change, and of a payment that is passed on.
    for (wallet, amount) in [("one", 1.0), ("one", 2.5), ("two", 3.25)] {
        let kind = if wallet == "one" { "p2sh-segwit" } else { "bech32" };
        let to = address(pair, "one", kind);
        if wallet == "two" {
            // A wallet does not spend what others have not confirmed unless told so.
            raw_payment(pair, &first, &to, amount);
        } else {
            pay(pair, wallet, &to, amount);
        }
    }
    compare(pair);
    // Replacement.
    let to = address(pair, "two", "bech32");
    let send = json!([to, 5, "", "", false, true]);
    let replaceable = pair.theirs.wallet("one", "sendtoaddress", &send);
    pass_on(pair, &replaceable);
    compare(pair);
    let bumped = pair.theirs.wallet("one", "bumpfee", &json!([replaceable]));
    pass_on(pair, &bumped["txid"]);
    compare(pair);
    drop(pair.same("getmempoolentry", json!([replaceable])));
    drop(pair.same("getrawtransaction", json!([replaceable])));
    // Prioritisation, of those here and of one that is not.
    for (id, delta) in [(&first, 100_000), (&bumped["txid"], -50_000), (&json!(UNKNOWN), 7)] {
        pair.same("prioritisetransaction", json!([id, 0.0, delta])).unwrap();
    }
    pair.same("prioritisetransaction", json!([first, null, 1])).unwrap();
    compare(pair);
}

/// Spends what wallet two was paid, before that is confirmed; asks both what they think of it and of its like.
fn raw_payment(pair: &mut Pair, parent: &Value, to: &str, amount: f64) {
    let unspent = pair.theirs.wallet("two", "listunspent", &json!([0]));
    let mine = unspent.as_array().unwrap().iter().find(|coin| coin["txid"] == *parent).unwrap();
    let inputs = json!([{"txid": mine["txid"], "vout": mine["vout"]}]);
    let make = |pair: &Pair, amount: f64| {
        let raw = pair.theirs.call("createrawtransaction", &json!([inputs, [{to: amount}]])).unwrap();
        pair.theirs.wallet("two", "signrawtransactionwithwallet", &json!([raw]))["hex"].clone()
    };
    let unsigned = pair.theirs.call("createrawtransaction", &json!([inputs, [{to: 1}]])).unwrap();
    let stranger = json!([{"txid": UNKNOWN, "vout": 0}]);
    let stranger = pair.theirs.call("createrawtransaction", &json!([stranger, [{to: 1}]])).unwrap();
    // All but the fee of 0.001; too much; nothing; dust; the rest is a fee that nobody would pay.
    let good = make(pair, 39.999);
    for hex in [
        good.clone(),
        make(pair, 41.0),
        make(pair, 40.0),
        make(pair, 0.000_001),
        make(pair, amount),
        unsigned,
        stranger,
    ] {
        for rate in [json!(null), json!(0), json!("0.00000001"), json!(0.1)] {
            pair.same("testmempoolaccept", json!([[hex], rate])).unwrap();
        }
    }
    pair.same("sendrawtransaction", json!([good])).unwrap();
    // Once more is no error for who sends it.
    pair.same("sendrawtransaction", json!([good])).unwrap();
    pair.same("testmempoolaccept", json!([[good]])).unwrap();
}

/// Verdicts on blocks without proof of work.
fn proposals(pair: &mut Pair) {
    let script_pubkey = vec![0x51].into();
    let request = AssembleRequest { script_pubkey, contents: Contents::Pool, extra_nonce: 1 };
    let good = pair.ours.chain().assemble(request).unwrap().unwrap().block;
    let propose = |block: &Block| json!([{"mode": "proposal", "data": hex::encode(block.bytes())}]);
    assert_eq!(pair.same("getblocktemplate", propose(&good)), Ok(Value::Null));
    for change in [
        |h: &mut BlockHeader| h.prev = litecast_primitives::BlockHash::ZERO,
        |h: &mut BlockHeader| h.merkle_root = litecast_primitives::hash::MerkleRoot::ZERO,
        |h: &mut BlockHeader| h.time = 1,
        |h: &mut BlockHeader| h.time = u32::MAX,
        |h: &mut BlockHeader| h.bits = 0x1d00_ffff,
        |h: &mut BlockHeader| h.version = 1,
    ] {
        let mut header = *good.header();
        change(&mut header);
        let changed = Block::new(header, good.transactions().to_vec(), None);
        pair.same("getblocktemplate", propose(&changed)).unwrap();
    }
    let mut transactions = good.transactions().to_vec();
    transactions.push(Arc::clone(&transactions[1]));
    pair.same("getblocktemplate", propose(&Block::new(*good.header(), transactions, None))).unwrap();
    let tip = pair.ours.ok("getbestblockhash", &json!([]));
    let tip = pair.ours.ok("getblock", &json!([tip, 0]));
    assert_eq!(pair.same("getblocktemplate", json!([{"mode": "proposal", "data": tip}])), Ok("duplicate".into()));
}

/// A block of chosen transactions of the mempool; the rest stays.
fn generate(pair: &mut Pair) {
    let ids = pair.ours.ok("getrawmempool", &json!([]));
    let to = "raw(51)";
    // A child without its parent.
    let last = ids.as_array().unwrap().last().unwrap();
    drop(pair.same("generateblock", json!([to, [last]])));
    let made = pair.ours.ok("generateblock", &json!([to, [ids[0]]]));
    let block = pair.ours.ok("getblock", &json!([made["hash"], 0]));
    assert_eq!(pair.theirs.call("submitblock", &json!([block])), Ok(Value::Null));
    // litecoind's last block was made for the call that failed.
    compare(pair);
    drop(pair.same("getrawtransaction", json!([ids[0]])));
}

/// Peg-ins, payments inside, peg-outs, and those that depend on them.
fn inside(pair: &mut Pair, mine: impl Fn(&mut Pair)) {
    let (one, two) = (address(pair, "one", "mweb"), address(pair, "two", "mweb"));
    let peg_in = pay(pair, "one", &two, 10.0);
    let entry = pair.ours.ok("getmempoolentry", &json!([peg_in]));
    assert!(entry["mweb"]["pegins"][0]["amount"].as_i64() > Some(10 * Amount::COIN.0), "no peg-in: {entry}");
    compare(pair);
    pay(pair, "one", &one, 20.0);
    pair.same("prioritisetransaction", json!([peg_in, 0, 1234])).unwrap();
    compare(pair);
    mine(pair);
    compare(pair);
    // Inside only, then its change again, then out.
    let first = pay(pair, "two", &one, 1.0);
    compare(pair);
    let second = pay(pair, "two", &one, 2.0);
    // More than wallet two has outside, and less than it has inside.
    let out = address(pair, "one", "bech32");
    let everything = pair.theirs.wallet("two", "listunspent", &json!([0, 9_999_999, [], true]));
    let outside: Vec<Value> =
        everything.as_array().unwrap().iter().filter(|coin| coin["vout"].is_u64()).cloned().collect();
    pair.theirs.wallet(
        "two",
        "lockunspent",
        &json!([
            false,
            outside.iter().map(|coin| json!({"txid": coin["txid"], "vout": coin["vout"]})).collect::<Value>()
        ]),
    );
    let third = pay(pair, "two", &out, 3.0);
    compare(pair);
    for (id, goes_out) in [(first, false), (second, false), (third, true)] {
        let entry = pair.ours.ok("getmempoolentry", &json!([id]));
        let tx = pair.ours.ok("getrawtransaction", &json!([id, true]));
        assert!(tx["vin"].as_array().unwrap().iter().all(|input| input["ismweb"] == true), "not inside only: {tx}");
        assert_eq!(entry["mweb"]["pegouts"].as_array().unwrap().is_empty(), !goes_out);
    }
    let plain = address(pair, "two", "legacy");
    pay(pair, "one", &plain, 7.0);
    compare(pair);
    mine(pair);
    compare(pair);
}

fn errors(pair: &mut Pair) {
    for (method, list) in [
        ("getrawmempool", vec![json!([1]), json!([true, true]), json!([false, 1]), json!([null, null])]),
        ("getmempoolentry", vec![json!([UNKNOWN]), json!(["00"]), json!([1]), json!(["zz".repeat(32)])]),
        ("getmempoolancestors", vec![json!([UNKNOWN]), json!([UNKNOWN, 1]), json!(["x", true])]),
        ("getmempooldescendants", vec![json!([UNKNOWN, true]), json!([1])]),
        (
            "prioritisetransaction",
            vec![
                json!(["x", 0, 1]),
                json!([UNKNOWN, 1, 1]),
                json!([UNKNOWN, "x", 1]),
                json!([UNKNOWN, 0, "x"]),
                json!([UNKNOWN, 0, 1.5]),
                json!([UNKNOWN, 0, null]),
                json!([UNKNOWN, 0.0, 0]),
            ],
        ),
        (
            "testmempoolaccept",
            vec![
                json!([[]]),
                json!([["00", "00"]]),
                json!([["00"]]),
                json!([[1]]),
                json!(["00"]),
                json!([null]),
                json!([["00"], "x"]),
                json!([[WITHOUT_INPUTS]]),
            ],
        ),
        ("sendrawtransaction", vec![json!([WITHOUT_INPUTS]), json!(["00"]), json!(["x"])]),
        ("getrawtransaction", vec![json!([UNKNOWN]), json!([UNKNOWN, 1]), json!([UNKNOWN, "x"])]),
        ("gettxout", vec![json!([UNKNOWN, 0]), json!([UNKNOWN, -1, true]), json!([UNKNOWN, 0, 1])]),
        ("generateblock", vec![json!(["raw(51)", [UNKNOWN]])]),
        (
            "getblocktemplate",
            vec![
                json!([]),
                json!([{}]),
                json!(["x"]),
                json!([{"mode": "x"}]),
                json!([{"mode": 1}]),
                json!([{"mode": null}]),
                json!([{"rules": ["segwit"]}]),
                json!([{"rules": ["mweb"]}]),
                json!([{"rules": [1]}]),
                json!([{"rules": "segwit"}]),
                json!([{"maxversion": 1.5}]),
                json!([{"maxversion": 2}]),
                json!([{"mode": "proposal"}]),
                json!([{"mode": "proposal", "data": 1}]),
                json!([{"mode": "proposal", "data": "00"}]),
                json!([{"rules": ["segwit"], "longpollid": "x"}]),
                json!([{"rules": ["segwit"], "longpollid": UNKNOWN}]),
            ],
        ),
    ] {
        for params in list {
            drop(pair.same(method, params));
        }
    }
}
