//! Bad options, bad files and folders that belong to somebody else: the node says what is wrong and, where it cannot go
//! on, does not start.

use std::{fs, path::Path, time::Duration};

use serde_json::json;

use crate::harness::{Node, Outcome, free_port, litecastd, no_litecoind, run};

/// A refusal comes at once.
const SOON: Duration = Duration::from_secs(30);

/// Runs litecastd with these words alone; it must refuse, and say all of `texts` on standard error.
fn refused(dir: &Path, words: &[String], texts: &[&str]) {
    says(&run(dir, &litecastd(), words, SOON), texts);
}

fn says(outcome: &Outcome, texts: &[&str]) {
    assert_eq!(outcome.status.code(), Some(1), "{outcome:?}");
    for text in texts {
        assert!(outcome.stderr.contains(text), "no {text:?} in {outcome:?}");
    }
    assert!(outcome.stderr.starts_with("Error: "), "{outcome:?}");
    assert!(!outcome.stderr.contains("panicked"), "{outcome:?}");
}

#[test]
fn bad_options_have_clear_errors() {
    let dir = tempfile::tempdir().unwrap();
    let datadir = format!("-datadir={}", dir.path().display());
    let with = |words: &[&str]| -> Vec<String> {
        std::iter::once(&*datadir).chain(words.iter().copied()).map(str::to_owned).collect()
    };
    refused(
        dir.path(),
        &with(&["-regtest", "-zmqpubrawblok=tcp://127.0.0.1:1"]),
        &["-zmqpubrawblok", "-zmqpubrawblock?"],
    );
    refused(
        dir.path(),
        &with(&["-regtest", "-datadir=/nonexistent/folder"]),
        &["\"/nonexistent/folder\" does not exist"],
    );
    refused(dir.path(), &with(&["-regtest", "-testnet"]), &["Invalid combination of -regtest, -signet, -testnet"]);
    refused(dir.path(), &with(&["-regtest", "-prune=10"]), &["Prune configured below the minimum of 550 MiB"]);
    refused(dir.path(), &with(&["-regtest", "tip"]), &["unexpected token 'tip'"]);
    let conf = dir.path().join("litecoin.conf");
    for (line, texts) in [
        ("regtest=1\nnonsense\n", ["Error reading configuration file", "line 2", "nonsense"]),
        ("regtest=1\n-zmqpubrawtx=x\n", ["Error reading configuration file", "line 2", "without leading -"]),
    ] {
        fs::write(&conf, line).unwrap();
        refused(dir.path(), &with(&[]), &texts);
    }
}

#[test]
fn every_network_is_followed() {
    for network in ["-chain=main", "-testnet"] {
        let dir = tempfile::tempdir().unwrap();
        let datadir = format!("-datadir={}", dir.path().display());
        let words =
            [&datadir, network, "-connect=0", "-listen=0", "-server=0", "-stopafterblockimport"].map(str::to_owned);
        let outcome = run(dir.path(), &litecastd(), &words, Duration::from_secs(60));
        assert!(outcome.status.success(), "{network}: {}", outcome.stderr);
    }
}

#[test]
fn a_bad_publishing_address_is_loud_and_harms_nobody_else() {
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let busy = format!("tcp://127.0.0.1:{}", taken.local_addr().unwrap().port());
    let good = format!("tcp://127.0.0.1:{}", free_port());
    let bad = ["tcp://127.0.0.1:70000", "udp://127.0.0.1:5", "tcp://no.such.host.invalid:5", "", &busy];
    let mut words: Vec<String> = bad.iter().map(|address| format!("-zmqpubhashtx={address}")).collect();
    words.push(format!("-zmqpubhashblock={good}"));
    let mut node = Node::litecastd(&words.iter().map(String::as_str).collect::<Vec<_>>());
    node.start(&[]);
    let stderr = node.process().stderr();
    let warnings = node.call("getnetworkinfo", json!([]))["warnings"].as_str().unwrap().to_owned();
    let log = fs::read_to_string(node.datadir().join("regtest/debug.log")).unwrap();
    for address in bad.iter().filter(|address| !address.is_empty()) {
        for (place, text) in [("standard error", &stderr), ("the warnings", &warnings), ("the log", &log)] {
            assert!(text.contains(address), "nothing of {address} in {place}: {text}");
        }
    }
    let notifiers = node.call("getzmqnotifications", json!([]));
    assert_eq!(notifiers, json!([{"type": "pubhashblock", "address": good, "hwm": 1000}]));
    node.stop();
}

#[test]
fn folders_of_others_are_left_alone() {
    let mut node = Node::litecastd(&[]);
    node.start(&[]);
    let network_dir = node.datadir().join("regtest");
    // In use.
    let mut second = Node::litecastd_in(node.datadir(), &[]);
    second.spawn(&[]);
    says(&second.wait_ended(), &["Cannot obtain a lock on data directory", "already running"]);
    assert!(node.height() == 0, "the first one runs on");
    if !no_litecoind("folders_of_others_are_left_alone: litecoind's side of it") {
        let words = node.words(&[&format!("-port={}", free_port()), &format!("-rpcport={}", free_port())]);
        let outcome = run(node.dir(), Path::new("litecoind"), &words, SOON);
        assert!(outcome.stderr.contains("Cannot obtain a lock on data directory"), "{outcome:?}");
    }
    node.stop();

    // Another network's.
    let marker = network_dir.join("litecast.marker");
    let text = fs::read_to_string(&marker).unwrap();
    fs::write(&marker, text.replace("regtest", "main")).unwrap();
    node.spawn(&[]);
    says(&node.wait_ended(), &["network main", "network regtest", "-datadir"]);
    fs::write(&marker, text).unwrap();
    node.start(&[]);
    node.stop();

    // A litecoind's, running or not.
    if no_litecoind("folders_of_others_are_left_alone: a folder of litecoind") {
        return;
    }
    let mut other = Node::litecoind(&[]);
    let mut guest = Node::litecastd_in(other.datadir(), &[]);
    guest.spawn(&[]);
    says(&guest.wait_ended(), &["lock"]);
    other.stop();
    guest.spawn(&[]);
    says(&guest.wait_ended(), &["belongs to litecoind", "-datadir"]);
    // And it is as good as before.
    other.start(&[]);
    other.stop();
}
