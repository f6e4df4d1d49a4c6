//! Real libzmq subscribers. Where python3 or pyzmq is absent each test says so and returns.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{OnceLock, mpsc},
    thread,
};

use litecast_notify::{PublisherSettings, Topic};
use serde_json::{Value, json};

use crate::support::{ANY_PORT, Bench, PATIENCE, all_on, no_process_starts, option, own_port};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/publisher/subscriber.py");
const END: &[u8] = b"end";

/// A python process with one or more subscribers.
struct Peer {
    child: Child,
    stdin: ChildStdin,
    lines: mpsc::Receiver<String>,
}

#[derive(Debug, PartialEq, Eq)]
struct Got {
    socket: u64,
    topic: String,
    body: String,
    counter: u64,
}

impl Got {
    fn is_end(&self) -> bool {
        self.body == hex(END)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[expect(clippy::print_stderr, reason = "the word of a test that is skipped")]
fn available() -> bool {
    static AVAILABLE: OnceLock<bool> = OnceLock::new();
    *AVAILABLE.get_or_init(|| {
        let _turn = no_process_starts();
        let found = Command::new("python3").args(["-c", "import zmq"]).stderr(Stdio::null()).status();
        let found = found.is_ok_and(|status| status.success());
        if !found {
            eprintln!("skipped: needs python3 with pyzmq");
        }
        found
    })
}

impl Peer {
    fn start(options: &Value) -> Self {
        let turn = no_process_starts();
        let mut child = Command::new("python3")
            .args([SCRIPT, &options.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 starts");
        drop(turn);
        let stdout = BufReader::new(child.stdout.take().expect("piped"));
        let stdin = child.stdin.take().expect("piped");
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Self { child, stdin, lines }
    }

    fn subscribe(address: &str, prefixes: &[&str]) -> Self {
        Self::start(&json!({"addresses": [address], "prefixes": prefixes}))
    }

    fn next(&self) -> Option<Got> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => {
                let value: Value = serde_json::from_str(&line).expect("the script prints JSON");
                let text = |key: &str| value[key].as_str().expect(key).to_owned();
                let number = |key: &str| value[key].as_u64().expect(key);
                Some(Got {
                    socket: number("socket"),
                    topic: text("topic"),
                    body: text("body"),
                    counter: number("counter"),
                })
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => None,
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("no message came"),
        }
    }

    /// Everything up to the end of the process, which comes after the last socket's end message.
    fn rest(&self) -> Vec<Got> {
        std::iter::from_fn(|| self.next()).collect()
    }

    fn go(&mut self) {
        writeln!(self.stdin).expect("the script reads");
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn got(topic: &str, body: &[u8], counter: u64) -> Got {
    Got { socket: 0, topic: topic.to_owned(), body: hex(body), counter }
}

#[test]
fn five_topics_and_prefixes() {
    if !available() {
        return;
    }
    let mut bench = Bench::with(&all_on(ANY_PORT));
    let address = bench.bound();
    let everything = Peer::subscribe(&address, &[""]);
    let hashes = Peer::subscribe(&address, &["hash"]);
    let several = Peer::subscribe(&address, &["rawt", "seq", "rawtx"]);
    bench.until_subscribed(3);

    let mut expected = Vec::new();
    for round in 0..3u8 {
        for topic in Topic::ALL {
            let body = [round; 41];
            bench.send(topic, body.to_vec());
            expected.push(got(topic.as_str(), &body, u64::from(round)));
        }
    }
    for topic in [Topic::HashBlock, Topic::RawTx] {
        bench.send(topic, END);
    }

    let of = |peer: &Peer| peer.rest().into_iter().filter(|got| !got.is_end()).collect::<Vec<_>>();
    assert_eq!(of(&everything), expected);
    let only = |names: &[&str]| {
        let all = (0..3u8).flat_map(|round| Topic::ALL.map(|topic| (round, topic.as_str())));
        let kept = all.filter(|(_, topic)| names.contains(topic));
        kept.map(|(round, topic)| got(topic, &[round; 41], u64::from(round))).collect::<Vec<_>>()
    };
    assert_eq!(of(&hashes), only(&["hashblock", "hashtx"]));
    assert_eq!(of(&several), only(&["rawtx", "sequence"]));
    assert_eq!(bench.socket().dropped, 0);
}

#[test]
fn counters_belong_to_option_occurrences_and_run_without_subscribers() {
    if !available() {
        return;
    }
    // The same topic twice on one address, and once more on another.
    let dir = tempfile::tempdir().expect("a directory");
    let ipc = format!("ipc://{}/zmq.sock", dir.path().display());
    let mut bench = Bench::with(&[
        option(Topic::HashTx, ANY_PORT, None),
        option(Topic::HashTx, ANY_PORT, None),
        option(Topic::HashTx, &ipc, None),
        option(Topic::RawTx, &ipc, None),
    ]);
    for _ in 0..7 {
        bench.send(Topic::HashTx, "nobody listens");
    }
    let twice = Peer::subscribe(&bench.bound(), &["hashtx"]);
    bench.until_subscribed(1);
    let once = Peer::subscribe(&ipc, &[""]);
    let end = std::time::Instant::now() + PATIENCE;
    while !bench.stats().sockets[1].subscribers.iter().any(|s| !s.topics.is_empty()) {
        assert!(std::time::Instant::now() < end, "the ipc subscriber did not come");
        thread::yield_now();
    }
    bench.send(Topic::HashTx, "x");
    bench.send(Topic::RawTx, "y");
    bench.send(Topic::HashTx, END);
    assert_eq!(twice.rest(), [got("hashtx", b"x", 7), got("hashtx", b"x", 7), got("hashtx", END, 8)]);
    assert_eq!(once.rest(), [got("hashtx", b"x", 7), got("rawtx", b"y", 0), got("hashtx", END, 8)]);
    bench.shutdown();
    assert!(!dir.path().join("zmq.sock").exists());
}

#[test]
fn ipv6() {
    if !available() {
        return;
    }
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        eprintln!("skipped: no IPv6 on this machine");
        return;
    }
    let mut bench = Bench::with(&all_on("tcp://[::1]:*"));
    let peer = Peer::subscribe(&bench.bound(), &["raw"]);
    bench.until_subscribed(1);
    bench.send(Topic::RawBlock, END);
    assert_eq!(peer.rest(), [got("rawblock", END, 0)]);
}

#[test]
fn a_stalled_subscriber_loses_counted_messages_and_blocks_nobody() {
    if !available() {
        return;
    }
    const MESSAGES: u64 = 3000;
    const HWM: i64 = 100;
    let settings = PublisherSettings { send_buffer: Some(64 * 1024), ..PublisherSettings::default() };
    let options = [option(Topic::RawTx, ANY_PORT, None), option(Topic::HashBlock, ANY_PORT, Some(HWM))];
    let mut bench = Bench::new(&options, settings);
    let address = bench.bound();
    let mut stalled = Peer::start(&json!({
        "addresses": [address], "prefixes": ["rawtx", "hashblock"], "rcvhwm": 1, "hold": true, "digest": true,
    }));
    bench.until_subscribed(1);
    let healthy = Peer::start(&json!({"addresses": [address], "prefixes": ["rawtx"], "digest": true}));
    bench.until_subscribed(2);

    let body = vec![7; 16 * 1024];
    let mut received = 0;
    for _ in 0..MESSAGES {
        bench.send(Topic::RawTx, body.clone());
        // The healthy subscriber sets the pace, so none of its messages can be dropped.
        if let Some(message) = healthy.next() {
            assert_eq!(message.counter, received);
            received += 1;
        }
    }
    assert_eq!(received, MESSAGES);

    let stats = bench.socket();
    let dropped: Vec<_> = stats.subscribers.iter().map(|s| s.dropped).collect();
    assert_eq!(dropped[1], 0, "the healthy one");
    assert!(dropped[0] > MESSAGES / 3, "the stalled one: {dropped:?}");
    assert!(stats.subscribers[0].queued <= usize::try_from(HWM).expect("small"));
    assert_eq!(stats.dropped, dropped[0]);

    // It wakes up: what it gets, and the gaps it sees, account for every message.
    stalled.go();
    bench.until_sent();
    bench.send(Topic::HashBlock, END);
    let mut messages = Vec::new();
    loop {
        let message = stalled.next().expect("the end comes first");
        if message.topic == "hashblock" {
            break;
        }
        messages.push(message);
    }
    let gaps: u64 = messages.windows(2).map(|pair| pair[1].counter - pair[0].counter - 1).sum();
    let lost_at_the_end = MESSAGES - 1 - messages.last().expect("some came").counter;
    assert_eq!(messages[0].counter, 0);
    assert_eq!(messages.len() as u64 + dropped[0], MESSAGES);
    assert_eq!(gaps + lost_at_the_end, dropped[0]);
}

#[test]
fn a_subscriber_that_restarts_goes_on_at_the_current_counter() {
    if !available() {
        return;
    }
    let mut bench = Bench::with(&all_on(ANY_PORT));
    let first = Peer::subscribe(&bench.bound(), &["sequence"]);
    bench.until_subscribed(1);
    bench.send(Topic::Sequence, "a");
    assert_eq!(first.next(), Some(got("sequence", b"a", 0)));
    drop(first);
    bench.until("the first one leaving", |stats| stats.subscribers.is_empty());
    bench.send(Topic::Sequence, "b");
    let second = Peer::subscribe(&bench.bound(), &["sequence"]);
    bench.until_subscribed(1);
    bench.send(Topic::Sequence, END);
    assert_eq!(second.rest(), [got("sequence", END, 2)]);
    let stats = bench.socket();
    assert_eq!((stats.accepted, stats.refused, stats.sent), (2, 0, 2));
}

#[test]
fn a_publisher_that_restarts_on_its_port_is_found_again() {
    if !available() {
        return;
    }
    let mut bench = Bench::with(&all_on(&own_port()));
    let address = bench.bound();
    let peer = Peer::subscribe(&address, &["hashblock"]);
    bench.until_subscribed(1);
    bench.send(Topic::HashBlock, "before");
    bench.send(Topic::HashBlock, "before");
    let mut bench = bench.restart();
    bench.until_subscribed(1);
    bench.send(Topic::HashBlock, END);
    assert_eq!(peer.rest(), [got("hashblock", b"before", 0), got("hashblock", b"before", 1), got("hashblock", END, 0)]);
}

#[test]
fn a_shutdown_loses_nothing_that_can_leave_in_time() {
    if !available() {
        return;
    }
    let mut bench = Bench::with(&all_on(ANY_PORT));
    let peer = Peer::subscribe(&bench.bound(), &["rawtx"]);
    bench.until_subscribed(1);
    for _ in 0..900 {
        bench.send(Topic::RawTx, vec![1; 1000]);
    }
    bench.send(Topic::RawTx, END);
    bench.shutdown();
    assert_eq!(peer.rest().len(), 901);
}

#[test]
fn large_bodies() {
    if !available() {
        return;
    }
    const SUBSCRIBERS: usize = 5;
    const BLOCKS: u8 = 40;
    let mut bench = Bench::with(&all_on(ANY_PORT));
    let peer = Peer::start(&json!({
        "addresses": [bench.bound()], "prefixes": ["rawblock"], "sockets": SUBSCRIBERS, "digest": true,
    }));
    bench.until_subscribed(SUBSCRIBERS);
    let mut digests = Vec::new();
    for round in 0..BLOCKS {
        let body = vec![round; 1_000_000 + usize::from(round)];
        digests.push(hex(&litecast_primitives::hash::sha256(&body)));
        bench.send(Topic::RawBlock, body);
    }
    bench.send(Topic::RawBlock, END);
    let mut by_socket: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for message in peer.rest() {
        by_socket.entry(message.socket).or_default().push(message.body);
    }
    digests.push(hex(&litecast_primitives::hash::sha256(END)));
    assert_eq!(by_socket.len(), SUBSCRIBERS);
    assert!(by_socket.values().all(|bodies| *bodies == digests));
}

#[test]
fn fifty_subscribers() {
    if !available() {
        return;
    }
    const SUBSCRIBERS: usize = 50;
    const MESSAGES: usize = 500;
    let mut bench = Bench::with(&all_on(ANY_PORT));
    let peer = Peer::start(&json!({
        "addresses": [bench.bound()], "prefixes": ["hashtx"], "sockets": SUBSCRIBERS,
    }));
    bench.until_subscribed(SUBSCRIBERS);
    for _ in 0..MESSAGES {
        bench.send(Topic::HashTx, vec![3; 32]);
    }
    bench.send(Topic::HashTx, END);
    let mut next = vec![0; SUBSCRIBERS];
    for message in peer.rest() {
        let expected = &mut next[usize::try_from(message.socket).expect("small")];
        assert_eq!(message.counter, *expected);
        *expected += 1;
    }
    assert!(next.iter().all(|count| *count == MESSAGES as u64 + 1), "{next:?}");
    assert_eq!(bench.socket().dropped, 0);
}

#[test]
fn other_socket_types_are_refused() {
    if !available() {
        return;
    }
    let bench = Bench::with(&all_on(ANY_PORT));
    let _peer = Peer::start(&json!({"addresses": [bench.bound()], "type": "PULL"}));
    let stats = bench.until("a refusal", |stats| stats.refused > 0);
    assert_eq!(stats.subscribers, []);
}

/// The script that users are given to start from.
#[test]
fn the_contributed_subscriber() {
    const CONTRIB: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../contrib/zmq/zmq_sub.py");
    if !available() {
        return;
    }
    let mut bench = Bench::with(&all_on(&own_port()));
    let turn = no_process_starts();
    let mut child = Command::new("python3")
        .args([CONTRIB, &bench.bound(), "--topic=hashtx", "--topic=sequence", "--topic=hashblock"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 starts");
    drop(turn);
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
    let three = |bench: &Bench| bench.until("subscriptions", |s| s.subscribers.iter().any(|s| s.topics.len() == 3));
    three(&bench);
    bench.send(Topic::HashTx, vec![0xab; 32]);
    bench.send(Topic::RawTx, "not asked for");
    let mut removed = vec![1; 32];
    removed.extend(b"R\x07\0\0\0\0\0\0\0");
    bench.send(Topic::Sequence, removed);
    let hash = "ab".repeat(32);
    assert_eq!(lines.next(), Some(format!("hashtx    #0      {hash}")));
    let txid = "01".repeat(32);
    let removed = format!("sequence  #0      {txid} R removed from the mempool (mempool sequence 7)");
    assert_eq!(lines.next(), Some(removed));

    // Gone on to 3 while it was away, and then back at 0.
    for (missed, note) in
        [(3, "-- LOST 2 hashtx messages, #1 to #2"), (0, "-- RESTARTED: hashtx counts anew, #4 was next")]
    {
        bench = bench.restart();
        for _ in 0..missed {
            bench.send(Topic::HashTx, vec![0; 32]);
        }
        three(&bench);
        bench.send(Topic::HashTx, vec![0xab; 32]);
        assert_eq!(lines.next().as_deref(), Some(note));
        assert_eq!(lines.next(), Some(format!("hashtx    #{missed}      {hash}")));
    }
    let _ = child.kill();
    let _ = child.wait();
}
