//! Bans and the address book: the same calls get the same answers from litecastd and litecoind, and each reads what the
//! other wrote.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{Node, PATIENCE, no_litecoind, wait_for};

/// A time at which both nodes stand.
const NOW: i64 = 2_000_000_000;
const TOR: &str = "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion";

/// An answer, or the code and text of the error. Help pages are each node's own.
fn answer(node: &Node, method: &str, params: &Value) -> Value {
    match node.try_call(method, params) {
        Ok(value) => value,
        Err(litecast_client::RpcError::Rpc { code, message }) => {
            let text = if message.contains("\nResult:\n") { "a help page" } else { &message };
            json!([code, text])
        }
        Err(other) => panic!("{method} {params}: {other}"),
    }
}

#[test]
fn bans_are_answered_as_litecoind_answers_them() {
    if no_litecoind("bans_are_answered_as_litecoind_answers_them") {
        return;
    }
    let mut theirs = Node::litecoind(&["-bantime=500"]);
    let mut ours = Node::litecastd(&["-bantime=500"]);
    ours.start(&[]);
    for (method, params) in [
        ("setmocktime", json!([NOW])),
        ("listbanned", json!([])),
        ("setban", json!(["127.0.0.1", "add"])),
        ("setban", json!(["127.0.0.1", "add"])),
        ("setban", json!(["127.0.0.0/24", "add", 100])),
        ("setban", json!(["127.0.0.7", "add"])),
        ("setban", json!(["127.0.0.7/32", "add", NOW + 5, true])),
        ("setban", json!(["10.1.2.3/255.255.0.0", "add", 0])),
        ("setban", json!(["2001:4d48:ac57:400:cacf:e9ff:fe1d:9c63/19", "add", 1000])),
        ("setban", json!(["2001:db9::7", "add", -5])),
        ("setban", json!([TOR, "add"])),
        ("setban", json!(["127.0.0.1/42", "add"])),
        ("setban", json!(["127.0.0.1/-1", "add"])),
        ("setban", json!(["127.0.0.1/255.0.255.0", "add"])),
        ("setban", json!(["0.0.0.0", "add"])),
        ("setban", json!(["nonsense", "add"])),
        ("setban", json!(["", "add"])),
        ("setban", json!(["1.2.3.4", "ban"])),
        ("setban", json!(["1.2.3.4"])),
        ("setban", json!([])),
        ("setban", json!([7, "add"])),
        ("setban", json!(["1.2.3.4", 7])),
        ("setban", json!(["1.2.3.4", "add", "x"])),
        ("setban", json!(["1.2.3.4", "add", 7, "x"])),
        ("setban", json!(["1.2.3.5", "remove"])),
        ("setban", json!(["127.0.0.0/25", "remove"])),
        ("setban", json!(["127.0.0.7", "remove"])),
        ("listbanned", json!([])),
        ("listbanned", json!([1])),
        ("setmocktime", json!([NOW + 101])),
        ("listbanned", json!([])),
        ("setban", json!([TOR, "remove"])),
        ("clearbanned", json!([1])),
        ("listbanned", json!([])),
        ("getnodeaddresses", json!([0])),
        ("getnodeaddresses", json!([-1])),
        ("getnodeaddresses", json!(["x"])),
        ("getnodeaddresses", json!([1, 2])),
    ] {
        assert_eq!(answer(&ours, method, &params), answer(&theirs, method, &params), "{method} {params}");
    }
    // Restarted at the same time they know the same, and each with the other's file too.
    let mock = format!("-mocktime={}", NOW + 102);
    let known = answer(&ours, "listbanned", &json!([]));
    assert_eq!(known.as_array().map(Vec::len), Some(4), "{known}");
    for exchange in [false, true] {
        ours.stop();
        theirs.stop();
        if exchange {
            let file = |node: &Node| node.datadir().join("regtest/banlist.dat");
            let kept = fs::read(file(&ours)).unwrap();
            fs::copy(file(&theirs), file(&ours)).unwrap();
            fs::write(file(&theirs), kept).unwrap();
        }
        ours.start(&[&mock]);
        theirs.start(&[&mock]);
        assert_eq!(answer(&ours, "listbanned", &json!([])), known, "exchanged: {exchange}");
        assert_eq!(answer(&theirs, "listbanned", &json!([])), known, "exchanged: {exchange}");
    }
    assert_eq!(answer(&ours, "clearbanned", &json!([])), Value::Null);
    // What is on disk when the command is answered outlives the worst end.
    ours.kill_nine();
    ours.start(&[&mock]);
    assert_eq!(answer(&ours, "listbanned", &json!([])), json!([]));
    ours.stop();
}

#[test]
fn a_banned_node_is_left_and_kept_out() {
    if no_litecoind("a_banned_node_is_left_and_kept_out") {
        return;
    }
    let mut ours = Node::litecastd(&[]);
    ours.start(&[]);
    let theirs = Node::litecoind(&[&ours.connect()]);
    let peers = |node: &Node| node.call("getpeerinfo", json!([])).as_array().map_or(0, Vec::len);
    wait_for("a connection", PATIENCE, || (peers(&ours) == 1).then_some(()));
    ours.call("setban", json!(["127.0.0.0/8", "add"]));
    wait_for("an end of it", PATIENCE, || (peers(&ours) == 0).then_some(()));
    // It tries again and again, and is dropped each time.
    let log = || fs::read_to_string(ours.datadir().join("regtest/debug.log")).unwrap();
    ours.call("logging", json!([["net"]]));
    wait_for("a dropped connection", PATIENCE, || log().contains("dropped (banned)").then_some(()));
    assert_eq!(peers(&ours), 0);
    ours.call("clearbanned", json!([]));
    wait_for("a connection again", PATIENCE, || (peers(&theirs) == 1 && peers(&ours) == 1).then_some(()));
    ours.stop();
}

#[test]
fn each_reads_the_others_address_book() {
    if no_litecoind("each_reads_the_others_address_book") {
        return;
    }
    let mut ours = Node::litecastd(&[]);
    ours.start(&[]);
    let mut theirs = Node::litecoind(&[]);
    let addresses = |node: &Node| {
        let found = node.call("getnodeaddresses", json!([0]));
        let text = |entry: &Value| format!("{}:{}", entry["address"].as_str().unwrap(), entry["port"]);
        let mut found: Vec<String> = found.as_array().unwrap().iter().map(text).collect();
        found.sort();
        found
    };
    for n in 1..=40 {
        let address = format!("{}.{n}.1.1", n + 20);
        assert_eq!(ours.call("addpeeraddress", json!([address, 9000 + n])), json!({"success": true}), "{address}");
    }
    for address in ["21.1.1.1", "127.0.0.1", "nonsense", "10.0.0.1"] {
        assert_eq!(ours.call("addpeeraddress", json!([address, 9333])), json!({"success": false}), "{address}");
    }
    let told = addresses(&ours);
    assert!(told.len() == 40 && told.contains(&"27.7.1.1:9007".to_owned()), "{told:?}");
    let file = |node: &Node| node.datadir().join("regtest/peers.dat");
    ours.stop();
    theirs.stop();
    fs::copy(file(&ours), file(&theirs)).unwrap();
    ours.start(&[]);
    theirs.start(&[]);
    assert_eq!(addresses(&ours), told);
    assert_eq!(addresses(&theirs), told);
    // A damaged book is empty, and the node starts.
    ours.stop();
    theirs.stop();
    fs::copy(file(&theirs), file(&ours)).unwrap();
    ours.start(&[]);
    assert_eq!(addresses(&ours), told, "written by litecoind");
    ours.stop();
    let mut bytes = fs::read(file(&ours)).unwrap();
    bytes[200] ^= 1;
    fs::write(file(&ours), bytes).unwrap();
    ours.start(&[]);
    assert_eq!(addresses(&ours), Vec::<String>::new());
    ours.stop();
}
