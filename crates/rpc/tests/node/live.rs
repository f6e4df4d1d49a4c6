//! One chain in litecoind and in this node: every answer is compared as text, order of fields included.

use std::net::TcpListener;
use std::sync::Arc;

use bytes::Bytes;
use litecast_primitives::{Block, BlockHeader, Transaction, params::Network};
use litecast_rpc::RpcError;
use serde_json::{Value, json};

use crate::harness::{Node, silent_peer, vector_json, vector_text};
use crate::litecoind::Litecoind;
use crate::mweb;

const ADDRESS: &str = "rltc1q3wpw5wmvkzyhurlf9jg07yw6uwl9yxz68hx3qt";
const UNKNOWN: &str = "0000000000000000000000000000000000000000000000000000000000000001";

/// After reconsiderblock, litecoind may think that its best header is below its tip until the next header comes.
const BEST_HEADER: &[&str] = &["headers"];

/// The same chain in both.
pub(crate) struct Pair {
    pub(crate) theirs: Litecoind,
    pub(crate) ours: Node,
    pub(crate) differences: Vec<String>,
}

impl Pair {
    /// Asks both; remembers a difference.
    #[expect(clippy::needless_pass_by_value, reason = "reads better where it is called")]
    pub(crate) fn same(&mut self, method: &str, params: Value) -> Result<Value, RpcError> {
        self.same_but(method, &params, &[])
    }

    /// Without some fields.
    pub(crate) fn same_but(&mut self, method: &str, params: &Value, ignored: &[&str]) -> Result<Value, RpcError> {
        let mut theirs = self.theirs.call(method, params);
        let mut ours = self.ours.call(method, params);
        for answer in [&mut theirs, &mut ours] {
            if let Ok(Value::Array(tips)) = answer
                && method == "getchaintips"
            {
                // In litecoind, tips of the same height come in the order of their addresses in memory.
                tips.sort_by_key(|tip| (tip["height"].as_i64(), tip["hash"].to_string()));
            }
            if let Ok(Value::Object(fields)) = answer {
                ignored.iter().for_each(|name| drop(fields.shift_remove(*name)));
            }
        }
        let text = |answer: &Result<Value, RpcError>| match answer {
            Ok(value) => value.to_string(),
            Err(error) => error.to_string(),
        };
        let (want, got) = (text(&theirs), text(&ours));
        if want != got {
            let params: String = params.to_string().chars().take(200).collect();
            let short = |text: &str| {
                let at = want.bytes().zip(got.bytes()).take_while(|(a, b)| a == b).count().saturating_sub(60);
                text.chars().skip(at).take(200).collect::<String>()
            };
            self.differences.push(format!("{method} {params}\n   theirs {}\n   ours   {}", short(&want), short(&got)));
        }
        ours
    }

    fn block(&self, hash: &Value) -> Block {
        let hex = self.ours.ok("getblock", &json!([hash, 0]));
        Block::from_bytes(Bytes::from(hex::decode(hex.as_str().unwrap()).unwrap())).unwrap()
    }

    /// Mines here, and gives the blocks to litecoind.
    pub(crate) fn mine_ours(&mut self, count: usize) -> Vec<Value> {
        let Value::Array(hashes) = self.ours.ok("generatetoaddress", &json!([count, ADDRESS])) else { panic!() };
        for hash in &hashes {
            let block = self.ours.ok("getblock", &json!([hash, 0]));
            let verdict = self.theirs.call("submitblock", &json!([block]));
            assert_eq!(verdict, Ok(Value::Null), "litecoind refuses a block of ours");
        }
        hashes
    }

    /// The other way round.
    pub(crate) fn mine_theirs(&mut self, count: usize) -> Vec<Value> {
        let hashes = self.theirs.call("generatetoaddress", &json!([count, ADDRESS])).unwrap();
        let Value::Array(hashes) = hashes else { panic!() };
        for hash in &hashes {
            let block = self.theirs.call("getblock", &json!([hash, 0])).unwrap();
            assert_eq!(self.ours.ok("submitblock", &json!([block])), Value::Null);
        }
        hashes
    }
}

#[test]
fn answers_are_litecoinds() {
    let Some(blocks) = vector_text("mweb-regtest/blocks.hex") else { return };
    let Some(theirs) = Litecoind::start() else { return };
    let mut pair = Pair { theirs, ours: Node::start(Network::Regtest), differences: Vec::new() };
    let blocks: Vec<&str> = blocks.lines().collect();
    pair.ours.chain().set_mempool_loaded();
    fresh_chain(&mut pair);
    for block in &blocks {
        pair.same("submitblock", json!([block])).unwrap();
    }
    let hashes: Vec<Value> =
        (0..blocks.len()).map(|height| pair.same("getblockhash", json!([height])).unwrap()).collect();
    filters(&mut pair, &hashes);
    for hash in hashes.iter().take(3).chain(&hashes[428..]) {
        for verbose in [true, false] {
            pair.same("getblockheader", json!([hash, verbose])).unwrap();
        }
        for verbosity in [json!(0), json!(1), json!(2), json!(true), json!(false)] {
            pair.same("getblock", json!([hash, verbosity])).unwrap();
        }
    }
    chain_state(&mut pair);
    lookup_errors(&mut pair);
    transactions(&mut pair, &hashes);
    scripts_and_addresses(&mut pair, &hashes);
    side_branches(&mut pair);
    submissions(&mut pair);
    generating(&mut pair);
    network(&mut pair);
    chain_state_but(&mut pair, BEST_HEADER);
    assert!(pair.differences.is_empty(), "{} differences:\n{}", pair.differences.len(), pair.differences.join("\n"));
}

fn filters(pair: &mut Pair, hashes: &[Value]) {
    for hash in hashes {
        pair.same("getblockfilter", json!([hash])).unwrap();
    }
    for params in [
        json!([UNKNOWN]),
        json!([hashes[1], "fancy"]),
        json!([hashes[1], 1]),
        json!([hashes[1], null]),
        json!([hashes[1], "basic"]),
        json!([1]),
    ] {
        drop(pair.same("getblockfilter", params));
    }
    for params in [json!([]), json!(["basic block filter index"]), json!(["txindex"]), json!([""]), json!([1])] {
        drop(pair.same("getindexinfo", params));
    }
}

fn fresh_chain(pair: &mut Pair) {
    chain_state(pair);
    let genesis = pair.same("getblockhash", json!([0])).unwrap();
    pair.same("getblockheader", json!([genesis])).unwrap();
    pair.same("getblock", json!([genesis, 2])).unwrap();
}

fn chain_state(pair: &mut Pair) {
    chain_state_but(pair, &[]);
}

fn chain_state_but(pair: &mut Pair, ignored: &[&str]) {
    for method in ["getblockcount", "getbestblockhash", "getdifficulty", "getchaintips", "getnetworkhashps"] {
        pair.same(method, json!([])).unwrap();
    }
    // What the files take is not the same; nor does litecoind's last template exist here.
    let ignored = [ignored, &["size_on_disk"]].concat();
    pair.same_but("getblockchaininfo", &json!([]), &ignored).unwrap();
    pair.same_but("getmininginfo", &json!([]), &["currentblockweight", "currentblockmwebweight", "currentblocktx"])
        .unwrap();
    pair.same_but("gettxoutsetinfo", &json!([]), &["disk_size"]).unwrap();
    pair.same_but("gettxoutsetinfo", &json!(["none"]), &["disk_size"]).unwrap();
    drop(pair.same("gettxoutsetinfo", json!(["x"])));
    for params in
        [json!([1]), json!([-1]), json!([0, 100]), json!([10, 300]), json!([100_000]), json!([120, 1_000_000])]
    {
        pair.same("getnetworkhashps", params).unwrap();
    }
    pair.same_but("getmempoolinfo", &json!([]), &[]).unwrap();
    for params in [json!([]), json!([true]), json!([false, true]), json!([true, true]), json!([1])] {
        drop(pair.same("getrawmempool", params));
    }
}

fn lookup_errors(pair: &mut Pair) {
    for params in
        [json!([-1]), json!([1_000_000]), json!(["x"]), json!([1.5]), json!([null]), json!([3_000_000_000_u32])]
    {
        drop(pair.same("getblockhash", params));
    }
    let bad_hex = "zz".repeat(32);
    for method in ["getblock", "getblockheader", "invalidateblock", "reconsiderblock", "preciousblock"] {
        for params in [json!([UNKNOWN]), json!(["ab"]), json!([bad_hex]), json!([1]), json!([null])] {
            drop(pair.same(method, params));
        }
    }
    for params in [json!([UNKNOWN, "1"]), json!([UNKNOWN, 1]), json!([UNKNOWN, {}])] {
        drop(pair.same("getblockheader", params.clone()));
        drop(pair.same("getblock", params));
    }
    for params in
        [json!([UNKNOWN, 0]), json!([UNKNOWN, -1]), json!([UNKNOWN, "x"]), json!(["x", 0]), json!([UNKNOWN, 0, 1])]
    {
        drop(pair.same("gettxout", params));
    }
    for params in [json!(["x"]), json!([-1]), json!([0, 1])] {
        // Too many arguments: the help pages differ.
        if params.as_array().unwrap().len() == 1 {
            drop(pair.same("setmocktime", params));
        }
    }
    pair.same("waitforblockheight", json!([1, 1000])).unwrap();
    pair.same("waitfornewblock", json!([1])).unwrap();
    pair.same("waitforblock", json!([UNKNOWN, 1])).unwrap();
    pair.same("syncwithvalidationinterfacequeue", json!([])).unwrap();
}

fn transactions(pair: &mut Pair, hashes: &[Value]) {
    for hash in &hashes[430..] {
        let block = pair.block(hash);
        for tx in block.transactions() {
            let id = tx.txid().to_string();
            for n in 0..=tx.outputs().len() {
                pair.same("gettxout", json!([id, n])).unwrap();
            }
            pair.same("getrawtransaction", json!([id, true, hash])).unwrap();
            pair.same("getrawtransaction", json!([id, 0, hash])).unwrap();
        }
    }
    proofs(pair, hashes);
    let (first, last) = (&hashes[1], &hashes[hashes.len() - 1]);
    let id = pair.block(first).transactions()[0].txid().to_string();
    let genesis = pair.block(&hashes[0]).transactions()[0].txid().to_string();
    for params in [
        json!([id]),
        json!([id, true]),
        json!([id, true, last]),
        json!([id, 1, UNKNOWN]),
        json!([id, "x", first]),
        json!([id, true, "x"]),
        json!([genesis, true, hashes[0]]),
        json!(["x"]),
        json!([UNKNOWN]),
    ] {
        drop(pair.same("getrawtransaction", params));
    }
}

fn proofs(pair: &mut Pair, hashes: &[Value]) {
    // 454 has 38 peg-ins.
    for height in [1, 432, 454, 455, 470] {
        let hash = &hashes[height];
        let block = pair.block(hash);
        let ids: Vec<String> = block.transactions().iter().map(|tx| tx.txid().to_string()).collect();
        for step in [1, 2, 3, 7, 100] {
            let some: Vec<&String> = ids.iter().skip(step / 2).step_by(step).collect();
            let Ok(proof) = pair.same("gettxoutproof", json!([some, hash])) else { continue };
            pair.same("verifytxoutproof", json!([proof])).unwrap();
            let text = proof.as_str().unwrap();
            for changed in [
                format!("{text}00"),
                text.replacen('0', "1", 1),
                text.replace("ff", "fe"),
                text[..text.len() - 2].to_owned(),
            ] {
                drop(pair.same("verifytxoutproof", json!([changed])));
            }
        }
        drop(pair.same("gettxoutproof", json!([[ids[0]]])));
        drop(pair.same("gettxoutproof", json!([[ids[0], ids[0]]])));
        drop(pair.same("gettxoutproof", json!([[ids[0], UNKNOWN], hash])));
    }
    for params in [
        json!([[]]),
        json!(["x"]),
        json!([["x"]]),
        json!([[UNKNOWN]]),
        json!([[UNKNOWN], UNKNOWN]),
        json!([[], hashes[1]]),
    ] {
        drop(pair.same("gettxoutproof", params));
    }
    for params in [json!(["x"]), json!([""]), json!(["00"]), json!(["00".repeat(100)])] {
        drop(pair.same("verifytxoutproof", params));
    }
}

fn scripts_and_addresses(pair: &mut Pair, hashes: &[Value]) {
    if let Some(Value::Array(transactions)) = vector_json("tx/transactions.json") {
        for tx in &transactions {
            for params in [json!([tx["hex"]]), json!([tx["hex"], true]), json!([tx["hex"], false])] {
                drop(pair.same("decoderawtransaction", params));
            }
        }
    }
    for hex in mweb::transactions() {
        for params in [json!([hex]), json!([hex, true]), json!([hex, false])] {
            drop(pair.same("decoderawtransaction", params));
        }
    }
    // Of every kind, with the prefixes of every network: most are not valid here.
    if let Some(Value::Array(addresses)) = vector_json("addresses/addresses.json") {
        for entry in &addresses {
            pair.same("validateaddress", json!([entry["address"]])).unwrap();
            if let Some(script) = entry["script"].as_str() {
                pair.same("decodescript", json!([script])).unwrap();
            }
        }
    }
    if let Some(Value::Array(entries)) = vector_json("vectors/litecoin-core/key_io_valid.json") {
        for entry in &entries {
            pair.same("validateaddress", json!([entry[0]])).unwrap();
        }
    }
    for text in ["", " ", "x", "rltc1", "tmweb1", "1", ADDRESS, &ADDRESS.to_uppercase()] {
        pair.same("validateaddress", json!([text])).unwrap();
    }
    let key = "03b0bd634234abbb1ba1e986e884185c61cf43e001f9137f23c2c409273eb16e65";
    let long_key = format!("04{}", "11".repeat(64));
    let scripts = [
        String::new(),
        "00".to_owned(),
        "51".to_owned(),
        "6a".to_owned(),
        "6a0401020304".to_owned(),
        "6a4c".to_owned(),
        "4c".to_owned(),
        "ba".to_owned(),
        "ff".to_owned(),
        format!("21{key}ac"),
        format!("41{long_key}ac"),
        format!("5121{key}21{key}52ae"),
        format!("5121{key}41{long_key}52ae"),
        format!("5221{key}51ae"),
        format!("0020{UNKNOWN}"),
        format!("0014{}", &UNKNOWN[..40]),
        format!("0015{}", &UNKNOWN[..42]),
        format!("5120{UNKNOWN}"),
        format!("5220{UNKNOWN}"),
        format!("5820{UNKNOWN}"),
        format!("5920{UNKNOWN}"),
        format!("5921{UNKNOWN}00"),
        format!("6002{}", &UNKNOWN[..4]),
        format!("a914{}87", &UNKNOWN[..40]),
        format!("76a914{}88ac", &UNKNOWN[..40]),
        format!("63{key}"),
        "b1b2b3".to_owned(),
        "0400000080".to_owned(),
        "04ffffffff".to_owned(),
        "05ffffffffff".to_owned(),
        "02ff7f".to_owned(),
    ];
    for script in scripts {
        pair.same("decodescript", json!([script])).unwrap();
    }
    for params in [json!(["x"]), json!([1]), json!(["0"])] {
        drop(pair.same("decodescript", params));
    }
    let coinbase = pair.block(&hashes[1]).transactions()[0].clone();
    let hex = hex::encode(coinbase.bytes());
    for params in [json!(["x"]), json!([""]), json!([1]), json!([hex, "x"]), json!([hex, null]), json!([hex + "00"])] {
        drop(pair.same("decoderawtransaction", params));
    }
    // Two forms in one: no inputs and one output, or an extended form that breaks off.
    drop(pair.same("decoderawtransaction", json!(["01000000000100e1f505000000000000000000"])));
}

fn side_branches(pair: &mut Pair) {
    let mined = pair.mine_ours(3);
    pair.mine_theirs(2);
    chain_state(pair);
    pair.same("invalidateblock", json!([mined[1]])).unwrap();
    chain_state(pair);
    pair.same("getblockheader", json!([mined[2]])).unwrap();
    pair.same("getblock", json!([mined[2], 2])).unwrap();
    let coinbase = pair.block(&mined[2]).transactions()[0].txid().to_string();
    pair.same("getrawtransaction", json!([coinbase, true, mined[2]])).unwrap();
    pair.same("gettxout", json!([coinbase, 0])).unwrap();
    let stale = pair.ours.ok("getblock", &json!([mined[2], 0]));
    pair.same("submitblock", json!([stale])).unwrap();
    // Another address: another branch.
    let other = pair.ours.ok("generatetodescriptor", &json!([2, "raw(51)"]));
    for hash in other.as_array().unwrap() {
        let block = pair.ours.ok("getblock", &json!([hash, 0]));
        assert_eq!(pair.theirs.call("submitblock", &json!([block])), Ok(Value::Null));
    }
    chain_state(pair);
    pair.same("reconsiderblock", json!([mined[1]])).unwrap();
    chain_state_but(pair, BEST_HEADER);
    pair.same("submitblock", json!([stale])).unwrap();
    pair.same("invalidateblock", json!([mined[1]])).unwrap();
    pair.same("preciousblock", json!([other[0]])).unwrap();
    pair.same("reconsiderblock", json!([mined[1]])).unwrap();
    pair.same("preciousblock", json!([mined[0]])).unwrap();
    chain_state_but(pair, BEST_HEADER);
    // Filters of blocks that have left the chain.
    for hash in mined.iter().chain(other.as_array().unwrap()) {
        pair.same("getblockfilter", json!([hash])).unwrap();
    }
    pair.same("getindexinfo", json!([])).unwrap();
}

fn submissions(pair: &mut Pair) {
    for params in [json!(["x"]), json!([""]), json!([1]), json!(["00"]), json!(["00".repeat(81)])] {
        drop(pair.same("submitblock", params.clone()));
        drop(pair.same("submitheader", params));
    }
    let tip = pair.ours.ok("getbestblockhash", &json!([]));
    // A block that is known nowhere yet: made here, forgotten by neither because only one node ever mines it.
    let template = pair.theirs.call("generateblock", &json!([ADDRESS, []]));
    assert!(template.is_err(), "litecoind makes no blocks by hand once there are extension blocks");
    let made = pair.mine_theirs(1)[0].clone();
    let block = pair.block(&made);
    let hex = pair.ours.ok("getblock", &json!([made, 0]));
    pair.same("submitblock", json!([hex])).unwrap();
    pair.same("submitheader", json!([hex::encode(block.header().encode())])).unwrap();
    // Trailing bytes are nobody's business.
    pair.same("submitblock", json!([format!("{}00", hex.as_str().unwrap())])).unwrap();
    let header = *block.header();
    let parent: String = header.prev.to_string();
    assert_eq!(tip, parent);
    for change in [
        |h: &mut BlockHeader| h.prev = litecast_primitives::BlockHash::ZERO,
        |h: &mut BlockHeader| h.time = 1,
        |h: &mut BlockHeader| h.time = u32::MAX,
        |h: &mut BlockHeader| h.bits = 0x1d00_ffff,
        |h: &mut BlockHeader| h.version = 1,
    ] {
        let mut header = header;
        change(&mut header);
        grind(&mut header);
        drop(pair.same("submitheader", json!([hex::encode(header.encode())])));
        let changed = Block::new(header, block.transactions().to_vec(), block.extension().cloned());
        drop(pair.same("submitblock", json!([hex::encode(changed.bytes())])));
    }
    // A header first, then its block, whose coinbase comes without witness.
    pair.same("invalidateblock", json!([made])).unwrap();
    let mut header = header;
    header.time += 1;
    grind(&mut header);
    pair.same("submitheader", json!([hex::encode(header.encode())])).unwrap();
    pair.same("getchaintips", json!([])).unwrap();
    pair.same("getblockheader", json!([header.hash().to_string()])).unwrap();
    drop(pair.same("getblock", json!([header.hash().to_string()])));
    drop(pair.same("getrawtransaction", json!([UNKNOWN, true, header.hash().to_string()])));
    let mut transactions = block.transactions().to_vec();
    let mut coinbase = transactions[0].parts().clone();
    coinbase.inputs[0].witness.clear();
    transactions[0] = Arc::new(Transaction::from(coinbase));
    let stripped = Block::new(header, transactions, block.extension().cloned());
    pair.same("submitblock", json!([hex::encode(stripped.bytes())])).unwrap();
    pair.same("getbestblockhash", json!([])).unwrap();
    pair.same("getblock", json!([header.hash().to_string(), 2])).unwrap();
    pair.same("reconsiderblock", json!([made])).unwrap();
    pair.same("getchaintips", json!([])).unwrap();
    // Content that does not belong to the header, and none at all.
    header.time += 1;
    grind(&mut header);
    let mut doubled = block.transactions().to_vec();
    doubled.insert(1, Arc::clone(&doubled[0]));
    let extension = block.extension().cloned();
    pair.same("submitblock", json!([hex::encode(Block::new(header, doubled, extension).bytes())])).unwrap();
    let without = Block::new(header, block.transactions().to_vec(), None);
    pair.same("submitblock", json!([hex::encode(without.bytes())])).unwrap();
    drop(pair.same("submitblock", json!([hex::encode(Block::new(header, Vec::new(), None).bytes())])));
}

/// On regtest every second nonce will do.
fn grind(header: &mut BlockHeader) {
    let params = litecast_primitives::params::Params::new(Network::Regtest);
    let easiest = litecast_primitives::arith::to_compact(params.pow_limit);
    let ask = BlockHeader { bits: easiest, ..*header };
    let block = Block::new(ask, Vec::new(), None);
    if header.bits == easiest {
        *header = *litecast_engine::mine(&block, &params, &mut 10_000).unwrap().header();
    }
}

fn generating(pair: &mut Pair) {
    for (method, params) in [
        ("generatetoaddress", json!([1, "x"])),
        ("generatetoaddress", json!(["1", ADDRESS])),
        ("generatetoaddress", json!([0, ADDRESS])),
        ("generatetoaddress", json!([-1, ADDRESS])),
        ("generatetoaddress", json!([1, ADDRESS, 0])),
        ("generatetoaddress", json!([1, "LUEweDxDA4WhvWiNXXSxjM9CYzHPJv4QQF"])),
        ("generatetodescriptor", json!([1, "x"])),
        ("generatetodescriptor", json!([1, "raw(zz)"])),
        ("generatetodescriptor", json!([1, "raw(51)#"])),
        ("generatetodescriptor", json!([1, "raw(51)#aaaaaaaa"])),
        ("generatetodescriptor", json!([1, "raw(51)#a#a"])),
        ("generatetodescriptor", json!([1, "addr(x)"])),
        ("generatetodescriptor", json!([0, "raw(51)"])),
        ("generatetodescriptor", json!([0, format!("addr({ADDRESS})")])),
        ("generateblock", json!(["x", []])),
        ("generateblock", json!([ADDRESS, [UNKNOWN]])),
        ("generateblock", json!([ADDRESS, ["00"]])),
        ("generateblock", json!([ADDRESS, [1]])),
        ("generateblock", json!([ADDRESS, "x"])),
    ] {
        drop(pair.same(method, params));
    }
}

fn network(pair: &mut Pair) {
    // Versions and services are each node's own.
    let own = ["version", "subversion", "protocolversion", "localservices", "localservicesnames", "localaddresses"];
    pair.same_but("getnetworkinfo", &json!([]), &own).unwrap();
    pair.same_but("getnettotals", &json!([]), &["timemillis"]).unwrap();
    pair.same("getconnectioncount", json!([])).unwrap();
    pair.same("getpeerinfo", json!([])).unwrap();
    pair.same("getzmqnotifications", json!([])).unwrap_or_default();
    pair.differences.retain(|text| !text.starts_with("getzmqnotifications"));
    for (method, params) in [
        ("addnode", json!(["127.0.0.1:1", "add"])),
        ("addnode", json!(["127.0.0.1:1", "add"])),
        ("getaddednodeinfo", json!([])),
        ("getaddednodeinfo", json!(["127.0.0.1:1"])),
        ("getaddednodeinfo", json!(["x"])),
        ("addnode", json!(["127.0.0.1:1", "remove"])),
        ("addnode", json!(["127.0.0.1:1", "remove"])),
        ("disconnectnode", json!(["127.0.0.1:1"])),
        ("disconnectnode", json!(["", 77])),
        ("disconnectnode", json!([null, 77])),
        ("disconnectnode", json!(["127.0.0.1:1", 1])),
        ("disconnectnode", json!([])),
        ("disconnectnode", json!([1])),
        ("ping", json!([])),
        ("setnetworkactive", json!([1])),
        ("setnetworkactive", json!([false])),
        ("setnetworkactive", json!([true])),
    ] {
        drop(pair.same(method, params));
    }
    // Both know one peer that says nothing.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    pair.theirs.call("addnode", &json!([addr.to_string(), "onetry"])).unwrap();
    let (_connection, local) = listener.accept().unwrap();
    pair.ours.network.add_peer(silent_peer(addr, local));
    let theirs = pair.theirs.call("getpeerinfo", &json!([])).unwrap();
    let ours = pair.ours.ok("getpeerinfo", &json!([]));
    let shape = |peers: &Value| peers[0].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    // The version that runs here is older than these two fields.
    let mut fields = shape(&ours);
    fields.retain(|name| !name.starts_with("addr_"));
    assert_eq!(shape(&theirs), fields);
    for same in [
        "id",
        "addr",
        "addrbind",
        "network",
        "inbound",
        "connection_type",
        "permissions",
        "minfeefilter",
        "startingheight",
    ] {
        assert_eq!(theirs[0][same], ours[0][same], "{same}");
    }
}
