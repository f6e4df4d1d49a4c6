//! The encrypted transport between two litecastd, and the plain one wherever litecoind or somebody else is at the other
//! end. What goes over the wire is seen by a relay between the nodes.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::harness::{
    Node, PATIENCE, free_port, no_litecoind,
    node::assert_same_chain,
    peer::{MAGIC, Peer},
    wait_for,
};

/// Bytes of each direction that a relay remembers.
const KEPT: usize = 64 * 1024;

type Seen = Arc<Mutex<Vec<[Vec<u8>; 2]>>>;

/// A way to a port that shows the beginning of each connection: what the caller says, and what is answered.
struct Relay {
    port: u16,
    seen: Seen,
}

impl Relay {
    fn start(to: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Seen::default();
        thread::spawn({
            let seen = Arc::clone(&seen);
            move || {
                for caller in listener.incoming() {
                    let Ok(caller) = caller else { return };
                    let Ok(called) = TcpStream::connect((Ipv4Addr::LOCALHOST, to)) else { continue };
                    let number = {
                        let mut seen = seen.lock().unwrap();
                        seen.push(<[Vec<u8>; 2]>::default());
                        seen.len() - 1
                    };
                    for (from, to, way) in
                        [(caller.try_clone().unwrap(), called.try_clone().unwrap(), 0), (called, caller, 1)]
                    {
                        let seen = Arc::clone(&seen);
                        thread::spawn(move || {
                            pass(from, to, |bytes| {
                                let kept = &mut seen.lock().unwrap()[number][way];
                                let room = KEPT - kept.len();
                                kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
                            });
                        });
                    }
                }
            }
        });
        Self { port, seen }
    }

    fn connect(&self) -> String {
        format!("-connect=127.0.0.1:{}", self.port)
    }

    fn seen(&self) -> Vec<[Vec<u8>; 2]> {
        self.seen.lock().unwrap().clone()
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, mut show: impl FnMut(&[u8])) {
    let mut buffer = [0; 65536];
    while let Ok(n @ 1..) = from.read(&mut buffer) {
        show(&buffer[..n]);
        if to.write_all(&buffer[..n]).is_err() {
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Read), to.shutdown(Shutdown::Write));
}

fn says_magic(bytes: &[u8]) -> bool {
    bytes.windows(MAGIC.len()).any(|window| window == MAGIC)
}

fn log(node: &Node) -> String {
    fs::read_to_string(node.datadir().join("regtest/debug.log")).unwrap()
}

/// A litecastd that encrypts, and says so in its log.
fn encrypting(more: &[&str]) -> Node {
    let mut node = Node::litecastd(&[&["-v2transport", "-debug=net"], more].concat());
    node.start(&[]);
    node
}

fn mine(node: &Node, count: u32) {
    node.call("generatetodescriptor", json!([count, "raw(51)"]));
}

/// The lines that tell of a session, without the time.
fn sessions(node: &Node) -> Vec<String> {
    let log = log(node);
    let ids = log.lines().filter_map(|line| line.split_once("session=")).map(|(_, id)| id.trim_matches('"').to_owned());
    ids.collect()
}

#[test]
fn two_nodes_speak_in_secret() {
    let mut teacher = encrypting(&[]);
    mine(&teacher, 120);
    let relay = Relay::start(teacher.port);
    let mut pupil = encrypting(&[&relay.connect()]);
    pupil.wait_for_tip(&teacher.tip());
    mine(&teacher, 1);
    pupil.wait_for_tip(&teacher.tip());
    mine(&pupil, 1);
    teacher.wait_for_tip(&pupil.tip());
    for node in [&teacher, &pupil] {
        let info = node.call("getpeerinfo", json!([]));
        let names = info[0]["servicesnames"].as_array().unwrap().clone();
        assert!(names.contains(&json!("P2P_V2")), "{names:?}");
    }
    let seen = relay.seen();
    assert_eq!(seen.len(), 1, "one connection");
    for way in &seen[0] {
        // Every message of the plain transport begins with the magic.
        assert!(way.len() > 500 && !says_magic(&way[..2_000.min(way.len())]), "{} bytes", way.len());
        assert!(!way.windows(7).any(|window| window == b"headers" || window == b"version"));
    }
    // Both derived the same.
    assert_eq!(sessions(&teacher).len(), 1);
    assert_eq!(sessions(&teacher), sessions(&pupil));
    teacher.stop();
    pupil.stop();
}

#[test]
fn litecoind_is_spoken_to_in_plain() {
    if no_litecoind("litecoind_is_spoken_to_in_plain") {
        return;
    }
    let peer = Node::litecoind(&[]);
    peer.call("generatetodescriptor", json!([20, "raw(51)"]));
    let relay = Relay::start(peer.port);
    let mut node = encrypting(&[&relay.connect()]);
    node.wait_for_tip(&peer.tip());
    assert_same_chain(&node, &peer);
    // It was tried once, and then in plain.
    let seen = relay.seen();
    assert_eq!(seen.len(), 2, "two connections");
    assert!(!seen[0][0].starts_with(&MAGIC) && seen[0][1].is_empty(), "{:?}", seen[0][1]);
    assert!(seen[1].iter().all(|way| way.starts_with(&MAGIC)));

    // The other way round.
    let relay = Relay::start(node.port);
    let pupil = Node::litecoind(&[&relay.connect()]);
    pupil.wait_for_tip(&peer.tip());
    peer.call("generatetodescriptor", json!([1, "raw(51)"]));
    pupil.wait_for_tip(&peer.tip());
    let seen = relay.seen();
    assert_eq!(seen.len(), 1, "one connection");
    assert!(seen[0].iter().all(|way| way.starts_with(&MAGIC)));
    node.stop();
}

#[test]
fn a_node_without_it_is_spoken_to_in_plain() {
    let mut plain = Node::litecastd(&["-v2transport=0"]);
    plain.start(&[]);
    mine(&plain, 5);
    let relay = Relay::start(plain.port);
    let mut node = encrypting(&[&relay.connect()]);
    node.wait_for_tip(&plain.tip());
    let seen = relay.seen();
    assert!(seen.len() == 2 && seen[1].iter().all(|way| way.starts_with(&MAGIC)), "{}", seen.len());
    node.stop();
    plain.stop();
}

#[test]
fn bad_handshakes_end() {
    let mut node = encrypting(&["-peertimeout=3"]);
    let connect = || {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, node.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    };
    // Noise without end is left as soon as there can be no terminator any more.
    let mut noise = vec![0u8; 100_000];
    rand::fill(&mut noise[..]);
    let started = Instant::now();
    let mut stream = connect();
    let _ = stream.write_all(&noise);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    // A key and nothing more, or less than a key, is given up in time.
    for length in [0, 1, 16, 63, 64, 500] {
        let mut stream = connect();
        stream.write_all(&noise[..length]).unwrap();
        let _ = stream.read_to_end(&mut answer);
    }
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
    wait_for("no peers", PATIENCE, || (node.call("getconnectioncount", json!([])) == json!(0)).then_some(()));
    // It still serves who knows the rules of old.
    assert!(Peer::shake_hands(node.port).ping());
    // A port where somebody listens and says nothing: the node stops without waiting for it.
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, free_port())).unwrap();
    node.call("addnode", json!([silent.local_addr().unwrap().to_string(), "onetry"]));
    let _taken = silent.accept().unwrap();
    node.stop();
}
