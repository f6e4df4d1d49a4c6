//! An onion service, with somebody who plays Tor's control port; and names that only a proxy may know.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::mpsc,
    thread,
};

use serde_json::{Value, json};

use crate::harness::{Node, PATIENCE, free_port, peer::Peer, wait_for};

const ID: &str = "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd";

/// Answers as Tor does; the commands that came are told.
fn play_tor() -> (u16, mpsc::Receiver<String>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let (said, heard) = mpsc::channel();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let lines = BufReader::new(stream.try_clone().unwrap()).lines();
        for line in lines.map_while(Result::ok) {
            let answer = match line.split(' ').next() {
                Some("PROTOCOLINFO") => "250-AUTH METHODS=NULL\r\n250 OK\r\n".to_owned(),
                Some("ADD_ONION") => format!("250-ServiceID={ID}\r\n250-PrivateKey=ED25519-V3:a2V5\r\n250 OK\r\n"),
                _ => "250 OK\r\n".to_owned(),
            };
            let _ = said.send(line);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    (port, heard)
}

fn network(node: &Node, name: &str) -> Value {
    let info = node.call("getnetworkinfo", json!([]));
    info["networks"].as_array().unwrap().iter().find(|network| network["name"] == name).unwrap().clone()
}

#[test]
fn an_onion_service_comes_and_goes() {
    let (control, heard) = play_tor();
    let onion = free_port();
    let words = [
        "-listenonion=1".to_owned(),
        format!("-torcontrol=127.0.0.1:{control}"),
        format!("-bind=127.0.0.1:{onion}=onion"),
    ];
    let mut node = Node::litecastd(&words.each_ref().map(String::as_str));
    node.start(&[]);
    let told = wait_for("a local address", PATIENCE, || {
        let info = node.call("getnetworkinfo", json!([]));
        info["localaddresses"].as_array().unwrap().first().cloned()
    });
    assert_eq!(told, json!({"address": format!("{ID}.onion"), "port": 19444, "score": 4}));
    let tor = network(&node, "onion");
    assert_eq!(tor["proxy"], "127.0.0.1:9050");
    assert_eq!((&tor["reachable"], &tor["limited"]), (&json!(true), &json!(false)));
    assert_eq!(network(&node, "ipv4")["proxy"], "");
    // Who comes in there came through Tor.
    let mut peers = [Peer::shake_hands(onion), Peer::shake_hands(node.port)];
    assert!(peers.iter_mut().all(Peer::ping));
    let info = node.call("getpeerinfo", json!([]));
    let networks: Vec<&Value> = info.as_array().unwrap().iter().map(|peer| &peer["network"]).collect();
    assert_eq!(networks, [&json!("onion"), &json!("unroutable")]);
    node.stop();
    let commands: Vec<String> = heard.iter().collect();
    let target = format!("ADD_ONION NEW:ED25519-V3 Port=19444,127.0.0.1:{onion}");
    assert_eq!(commands, ["PROTOCOLINFO 1", "AUTHENTICATE", &target, &format!("DEL_ONION {ID}")]);
    let key = std::fs::read(node.datadir().join("regtest/onion_v3_private_key")).unwrap();
    assert_eq!(key, b"ED25519-V3:a2V5");
}

/// One request of a SOCKS5 client without credentials: the name and port that it asks for. Nothing is connected.
fn asked(stream: &mut TcpStream) -> (String, u16) {
    let mut greeting = [0; 3];
    stream.read_exact(&mut greeting).unwrap();
    assert_eq!(greeting, [5, 1, 0]);
    stream.write_all(&[5, 0]).unwrap();
    let mut head = [0; 5];
    stream.read_exact(&mut head).unwrap();
    assert_eq!(head[..4], [5, 1, 0, 3], "a name is asked for");
    let mut rest = vec![0; usize::from(head[4]) + 2];
    stream.read_exact(&mut rest).unwrap();
    stream.write_all(&[5, 4, 0, 1, 0, 0, 0, 0, 0, 0]).unwrap();
    let (name, port) = rest.split_at(rest.len() - 2);
    (String::from_utf8(name.to_vec()).unwrap(), u16::from_be_bytes([port[0], port[1]]))
}

#[test]
fn names_are_left_to_the_proxy() {
    let proxy = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let addr = proxy.local_addr().unwrap().to_string();
    let onion = format!("{ID}.onion");
    let words = [
        format!("-proxy={addr}"),
        "-proxyrandomize=0".to_owned(),
        "-onlynet=onion".to_owned(),
        "-v2transport".to_owned(),
    ];
    let mut node = Node::litecastd(&words.each_ref().map(String::as_str));
    node.start(&[]);
    for name in ["ipv4", "ipv6", "onion"] {
        let told = network(&node, name);
        assert_eq!(
            (told["proxy"].as_str(), told["proxy_randomize_credentials"].as_bool()),
            (Some(&*addr), Some(false))
        );
        assert_eq!(told["reachable"], json!(name == "onion"));
    }
    for (target, wanted) in [
        ("name.invalid:7", ("name.invalid", 7)),
        ("name.invalid", ("name.invalid", 19444)),
        (onion.as_str(), (onion.as_str(), 19444)),
        ("8.8.8.8:1", ("8.8.8.8", 1)),
        ("[2001:4860:4860::8888]:1", ("2001:4860:4860::8888", 1)),
    ] {
        node.call("addnode", json!([target, "onetry"]));
        let (mut stream, _) = proxy.accept().unwrap();
        let (name, port) = asked(&mut stream);
        assert_eq!((name.as_str(), port), wanted);
    }
    node.stop();
}
