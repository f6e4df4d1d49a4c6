//! Connections that litecastd chooses itself. It only chooses addresses that strangers can reach, so these scenarios run
//! in a network namespace where such addresses lie on the loopback interface.

use std::{env, fs, process::Command};

use serde_json::{Value, json};

use crate::harness::{Node, PATIENCE, no_litecoind, wait_for};

/// Says that the namespace is there.
const INSIDE: &str = "LITECAST_INTEROP_INSIDE";
/// Where nodes listen: another group each.
const HOSTS: [&str; 2] = ["20.1.1.1", "30.1.1.1"];
/// Regtest's port: others are a last resort.
const PORT: u16 = 19_444;

#[test]
fn connections_are_chosen_and_anchors_kept() {
    if no_litecoind("connections_are_chosen_and_anchors_kept") {
        return;
    }
    let unshare = |script: &str| {
        let exe = env::current_exe().unwrap();
        Command::new("unshare").args(["-rn", "sh", "-c", script]).arg(exe).env(INSIDE, "1").output()
    };
    let setup =
        format!("ip link set lo up && ip addr add {}/32 dev lo && ip addr add {}/32 dev lo", HOSTS[0], HOSTS[1]);
    if !unshare(&setup).is_ok_and(|probe| probe.status.success()) {
        eprintln!("SKIPPED: connections_are_chosen_and_anchors_kept: no network namespaces here");
        return;
    }
    let run = format!("{setup} && exec \"$0\" --exact own_network::inside --ignored --nocapture");
    let inner = unshare(&run).unwrap();
    let text = String::from_utf8_lossy(&inner.stdout).into_owned() + &String::from_utf8_lossy(&inner.stderr);
    assert!(inner.status.success() && text.contains("1 passed"), "{text}");
}

/// Address and connection type of each peer, sorted.
fn peers(node: &Node) -> Vec<(String, String)> {
    let text = |peer: &Value, field: &str| peer[field].as_str().unwrap_or_default().to_owned();
    let found = node.call("getpeerinfo", json!([]));
    let mut found: Vec<_> =
        found.as_array().unwrap().iter().map(|peer| (text(peer, "addr"), text(peer, "connection_type"))).collect();
    found.sort();
    found
}

#[test]
#[ignore = "runs in the namespace that the scenario above makes"]
fn inside() {
    if env::var_os(INSIDE).is_none() {
        return;
    }
    let theirs = HOSTS.map(|host| Node::litecoind(&[&format!("-bind={host}:{PORT}"), &format!("-externalip={host}")]));
    let mut ours = Node::litecastd(&[]).automatic();
    ours.start(&[]);
    let anchors = ours.datadir().join("regtest/anchors.dat");
    for host in HOSTS {
        // What is added by hand says too little of services; the connection says the rest.
        assert_eq!(ours.call("addpeeraddress", json!([host, PORT])), json!({"success": true}));
        ours.call("addnode", json!([format!("{host}:{PORT}"), "onetry"]));
    }
    wait_for("both handshakes", PATIENCE, || {
        let done = theirs.iter().all(|node| {
            let found = node.call("getpeerinfo", json!([]));
            found.as_array().unwrap().iter().any(|peer| peer["version"] != 0 && peer["pingtime"].is_number())
        });
        done.then_some(())
    });
    ours.stop();
    assert!(anchors.exists(), "there was no block-relay-only peer, and the file says so");

    // From peers.dat alone.
    let full = |host: &str| (format!("{host}:{PORT}"), "outbound-full-relay".to_owned());
    ours.start(&[]);
    assert!(!anchors.exists(), "it is read once");
    wait_for("connections of its own choice", PATIENCE, || (peers(&ours) == HOSTS.map(full)).then_some(()));
    // A block goes over them.
    theirs[0].call("generatetodescriptor", json!([1, "raw(51)"]));
    ours.wait_for_tip(&theirs[0].tip());

    // One becomes an anchor and comes first after an orderly end, not after a crash.
    ours.call("disconnectnode", json!([format!("{}:{PORT}", HOSTS[0])]));
    let name = format!("{}:{PORT}", HOSTS[0]);
    let block_relay = (name.clone(), "block-relay-only".to_owned());
    wait_for("a place for blocks only", PATIENCE, || {
        // Its own choice may come first.
        if let Some((_, kind)) = peers(&ours).iter().find(|(addr, _)| *addr == name) {
            if kind == "block-relay-only" {
                return Some(());
            }
            drop(ours.try_call("disconnectnode", &json!([name])));
        }
        drop(ours.try_call("addconnection", &json!([name, "block-relay-only"])));
        peers(&ours).contains(&block_relay).then_some(())
    });
    wait_for("its version", PATIENCE, || {
        let found = ours.call("getpeerinfo", json!([]));
        found.as_array().unwrap().iter().any(|p| p["addr"] == name && p["version"] != 0).then_some(())
    });
    ours.stop();
    let file = fs::read(&anchors).unwrap();
    assert_eq!(file.len(), 4 + 1 + 34 + 32, "one address");
    ours.start(&[]);
    wait_for("the anchor", PATIENCE, || peers(&ours).contains(&block_relay).then_some(()));
    ours.kill_nine();
    assert!(!anchors.exists());
    ours.start(&[]);
    wait_for("connections of its own choice", PATIENCE, || (peers(&ours) == HOSTS.map(full)).then_some(()));
    ours.stop();
}
