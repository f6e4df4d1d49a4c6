//! Debian's `litecoin-cli` against litecastd: what it prints is what it prints against litecoind, as far as both can know.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};

use crate::harness::{Node, Outcome, PATIENCE, no_litecoind, run};

/// Runs litecoin-cli with the node's port and these words.
fn cli(node: &Node, words: &[&str]) -> Outcome {
    let mut all = vec!["-regtest".to_owned(), format!("-rpcport={}", node.rpc_port)];
    // A cookie file of the user's own choice is found without the folder, and no configuration of the user interferes.
    let dir = if words.iter().any(|word| word.starts_with("-rpc")) { node.dir() } else { node.datadir() };
    all.push(format!("-datadir={}", dir.display()));
    all.extend(words.iter().map(|word| (*word).to_owned()));
    run(node.dir(), Path::new("litecoin-cli"), &all, PATIENCE)
}

fn answer(node: &Node, words: &[&str]) -> String {
    let outcome = cli(node, words);
    assert!(outcome.status.success(), "{words:?}: {outcome:?}");
    outcome.stdout.trim_end().to_owned()
}

#[test]
fn litecoin_cli_works() {
    let installed = Command::new("litecoin-cli").arg("-version").stdout(Stdio::null()).status();
    if no_litecoind("litecoin_cli_works") || !installed.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: litecoin_cli_works: there is no litecoin-cli");
        return;
    }
    let reference = Node::litecoind(&[]);
    let mut node = Node::litecastd(&[]);
    node.start(&[]);

    // The cookie through -datadir, through -rpccookiefile, and a wrong one.
    assert_eq!(answer(&node, &["getblockcount"]), "0");
    let cookie = node.datadir().join("regtest/.cookie");
    assert_eq!(answer(&node, &[&format!("-rpccookiefile={}", cookie.display()), "getblockcount"]), "0");
    let wrong = node.dir().join("wrong");
    fs::write(&wrong, "__cookie__:wrong").unwrap();
    let refused = cli(&node, &[&format!("-rpccookiefile={}", wrong.display()), "getblockcount"]);
    assert!(!refused.status.success() && refused.stderr.contains("Authorization failed"), "{refused:?}");

    // The same questions to both; the same keys and, on an empty chain, the same answers.
    let parse = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
    let (ours, theirs) =
        (parse(&answer(&node, &["getblockchaininfo"])), parse(&answer(&reference, &["getblockchaininfo"])));
    let keys = |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    assert_eq!(keys(&ours), keys(&theirs));
    for key in
        ["chain", "blocks", "headers", "bestblockhash", "difficulty", "mediantime", "chainwork", "pruned", "softforks"]
    {
        assert_eq!(ours[key], theirs[key], "{key}");
    }
    let genesis = answer(&reference, &["getblockhash", "0"]);
    for words in [
        &["getblockhash", "0"][..],
        &["getblock", &genesis, "0"],
        &["getblock", &genesis],
        &["getblockheader", &genesis],
    ] {
        assert_eq!(answer(&node, words), answer(&reference, words), "{words:?}");
    }
    for words in [&["getblockhash", "5"][..], &["getblock", "00"], &["getblockhash", "x"], &["nosuchmethod"]] {
        let (ours, theirs) = (cli(&node, words), cli(&reference, words));
        assert_eq!((ours.status.code(), &ours.stderr), (theirs.status.code(), &theirs.stderr), "{words:?}");
    }

    let help = answer(&node, &["help"]);
    for method in ["getblock", "getblockchaininfo", "stop", "help"] {
        assert!(help.lines().any(|line| line.split(' ').next() == Some(method)), "no {method} in {help}");
    }
    assert!(answer(&node, &["help", "getblock"]).starts_with("getblock \"blockhash\" ( verbosity )"));

    // -getinfo and -netinfo are batches of calls.
    for words in [&["-getinfo"][..], &["-netinfo"]] {
        let outcome = cli(&node, words);
        assert!(outcome.status.success(), "{words:?}: {outcome:?}");
        assert!(
            outcome.stdout.contains(if words[0] == "-getinfo" { "\"blocks\": 0" } else { "regtest" }),
            "{outcome:?}"
        );
    }
    let calls = [("getblockcount", json!([])), ("getblockhash", json!([9])), ("uptime", json!([]))];
    let answers = node.client().batch(&calls).unwrap();
    assert_eq!(answers.len(), 3);
    assert!(matches!(&answers[1], Err(litecast_client::RpcError::Rpc { code: -8, .. })), "{answers:?}");

    assert_eq!(answer(&node, &["stop"]), "Litecast stopping");
    node.wait_stopped();
    assert!(!cookie.exists(), "the cookie is gone with the node");
    let outcome = cli(&node, &["getblockcount"]);
    assert!(!outcome.status.success(), "{outcome:?}");
}

#[test]
fn litecoin_cli_waits_for_the_node() {
    if no_litecoind("litecoin_cli_waits_for_the_node") {
        return;
    }
    let mut node = Node::litecastd(&["-rpcuser=u", "-rpcpassword=p w"]);
    let dir = node.dir().to_owned();
    let port = format!("-rpcport={}", node.rpc_port);
    let words = ["-regtest", "-rpcwait", "-rpcuser=u", "-rpcpassword=p w", &port, "uptime"].map(str::to_owned);
    let asking = std::thread::spawn(move || run(&dir, Path::new("litecoin-cli"), &words, PATIENCE));
    node.spawn(&[]);
    let outcome = asking.join().unwrap();
    assert!(outcome.status.success(), "{outcome:?}");
    // SIGTERM is as good as `stop`.
    let pid = fs::read_to_string(node.datadir().join("regtest/litecoind.pid")).unwrap();
    assert!(Command::new("kill").arg(pid.trim()).status().unwrap().success());
    let outcome = node.process().wait(Duration::from_secs(60));
    assert!(outcome.status.success(), "{outcome:?}");
}
