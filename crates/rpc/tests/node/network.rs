//! The network methods against a list, and what is said when there is no network and no chain.

use litecast_p2p::Command;
use litecast_primitives::params::Network;
use serde_json::{Value, json};

use crate::harness::{Node, empty};

#[test]
fn commands_reach_the_network() {
    let node = Node::start(Network::Regtest);
    let null = |method, params| assert_eq!(node.ok(method, &params), Value::Null, "{method}");
    null("addnode", json!(["1.2.3.4:9333", "add"]));
    null("addnode", json!(["5.6.7.8", "onetry"]));
    null("ping", json!([]));
    assert_eq!(
        node.ok("getaddednodeinfo", &json!([])),
        json!([{"addednode": "1.2.3.4:9333", "connected": false, "addresses": []}])
    );
    null("addnode", json!(["1.2.3.4:9333", "remove"]));
    assert_eq!(node.ok("setnetworkactive", &json!([false])), json!(false));
    assert_eq!(node.ok("getnetworkinfo", &json!([]))["networkactive"], json!(false));
    assert_eq!(node.ok("setnetworkactive", &json!([true])), json!(true));
    assert_eq!(node.ok("getconnectioncount", &json!([])), json!(0));
    assert_eq!(
        node.network.commands(),
        [
            Command::AddNode("1.2.3.4:9333".into()),
            Command::OneTry("5.6.7.8".into()),
            Command::Ping,
            Command::RemoveNode("1.2.3.4:9333".into()),
            Command::SetNetworkActive(false),
            Command::SetNetworkActive(true),
        ]
    );
}

#[test]
fn bans_reach_the_network() {
    let node = Node::start(Network::Regtest);
    let null = |method, params| assert_eq!(node.ok(method, &params), Value::Null, "{method}");
    null("setban", json!(["1.2.3.4", "add"]));
    null("setban", json!(["1.2.3.0/24", "add", 7, true]));
    null("setban", json!(["1.2.3.4/32", "remove"]));
    null("clearbanned", json!([]));
    assert_eq!(node.ok("listbanned", &json!([])), json!([]));
    let ban = |subnet: &str, address, time, absolute| Command::Ban {
        subnet: subnet.parse().unwrap(),
        address,
        time,
        absolute,
    };
    assert_eq!(
        node.network.commands(),
        [
            ban("1.2.3.4", true, 0, false),
            ban("1.2.3.0/24", false, 7, true),
            Command::Unban("1.2.3.4".parse().unwrap()),
            Command::ClearBanned,
        ]
    );
    for (params, code) in [
        (json!(["1.2.3.4/33", "add"]), -30),
        (json!(["localhost", "add"]), -30),
        (json!(["1.2.3.4", "forbid"]), -1),
        (json!(["1.2.3.4"]), -1),
    ] {
        assert_eq!(node.call("setban", &params).unwrap_err().code, code, "{params}");
    }
}

#[test]
fn connections_are_added_on_regtest_only() {
    let node = Node::start(Network::Regtest);
    let params = json!(["1.2.3.4:5", " feeler "]);
    assert_eq!(node.ok("addconnection", &params), json!({"address": "1.2.3.4:5", "connection_type": "feeler"}));
    assert_eq!(node.call("addconnection", &json!(["1.2.3.4:5", "inbound"])).unwrap_err().code, -8);
    let main = Node::start(Network::Main);
    let error = main.call("addconnection", &params).unwrap_err();
    let text = "addconnection is for regression testing (-regtest mode) only.";
    assert_eq!((error.code, error.message.as_str()), (-1, text));
}

#[test]
fn notifiers_are_listed() {
    let node = Node::start(Network::Regtest);
    let want = json!([
        {"type": "pubhashblock", "address": "tcp://127.0.0.1:28332", "hwm": 1000},
        {"type": "pubrawtx", "address": "tcp://127.0.0.1:28332", "hwm": 1000},
    ]);
    assert_eq!(node.ok("getzmqnotifications", &json!([])), want);
}

#[test]
fn without_chain_and_network() {
    let rpc = empty();
    let hash = "00".repeat(32);
    for (method, params) in [
        ("getblockcount", json!([])),
        ("getbestblockhash", json!([])),
        ("getblockchaininfo", json!([])),
        ("getblockhash", json!([0])),
        ("getblock", json!([hash])),
        ("gettxout", json!([hash, 0])),
        ("generatetoaddress", json!([1, "x"])),
        ("validateaddress", json!(["x"])),
    ] {
        let error = rpc.execute(method, &params, "").unwrap_err();
        assert_eq!((error.code, error.message.as_str()), (-28, "Loading block index..."), "{method}");
    }
    for (method, params) in [
        ("getpeerinfo", json!([])),
        ("getnettotals", json!([])),
        ("addnode", json!(["x", "add"])),
        ("ping", json!([])),
        ("setnetworkactive", json!([true])),
    ] {
        let error = rpc.execute(method, &params, "").unwrap_err();
        let text = "Error: Peer-to-peer functionality missing or disabled";
        assert_eq!((error.code, error.message.as_str()), (-31, text), "{method}");
    }
    // This one answers with what it knows, as the reference does.
    let info = rpc.execute("getnetworkinfo", &json!([]), "").unwrap();
    assert!(info.get("connections").is_none() && info["version"] == 210_505);
}

#[test]
fn every_method_has_a_page() {
    let rpc = empty();
    for method in rpc.registry().iter() {
        let page = rpc.execute("help", &json!([method.name]), "").unwrap();
        assert!(page.as_str().unwrap().starts_with(method.name), "{}", method.name);
        assert!(page.as_str().unwrap().contains("\nResult:\n"), "{}", method.name);
    }
}
