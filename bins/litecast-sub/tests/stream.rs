//! The program against a publisher: text, JSON, gaps, filters, and a reader that leaves.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use litecast_notify::{Body, Message, NotifyConfig, PubOption, Publisher, PublisherSettings, Topic};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

const PATIENCE: Duration = Duration::from_secs(30);
const GENESIS_TX: &str = "01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4804ffff001d0104404e592054696d65732030352f4f63742f32303131205374657665204a6f62732c204170706c65e280997320566973696f6e6172792c2044696573206174203536ffffffff0100f2052a010000004341040184710fa689ad5023690c80f3a49c8f13f8d45b8c857fbcbc8bc4a8e4d3eb4b10f4d4604fa08dce601aaf0f470216fe1b51850b4acf21b179c45070ac7b03a9ac00000000";

const ANY_PORT: &str = "tcp://127.0.0.1:*";
/// Where a port is freed and bound again: nobody else takes it there in between.
const OWN_PORT: &str = "tcp://127.28.35.1:*";

/// A process that is being started holds copies of our sockets until it runs its own program. Whoever starts one, and
/// whoever counts on a socket being closed, takes turns.
fn no_process_starts() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Bench {
    runtime: Runtime,
    publisher: Publisher,
    address: String,
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok()).expect("hexadecimal");
    text.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

impl Bench {
    fn new(address: &str) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let option = |topic| PubOption { topic, address: address.to_owned(), hwm: None };
        let (config, _) = NotifyConfig::from_options(&Topic::ALL.map(option));
        let (publisher, errors) = Publisher::start(&config, PublisherSettings::default(), runtime.handle());
        assert_eq!(errors, []);
        let address = publisher.stats().sockets[0].bound.clone();
        Self { runtime, publisher, address }
    }

    fn send(&mut self, topic: Topic, body: impl Into<Bytes>) {
        let notifier = Topic::ALL.iter().position(|t| *t == topic).expect("one of five");
        self.publisher.send(&Message { notifier, topic, body: Body::Raw(body.into()) });
    }

    /// Starts the program and waits until it has subscribed.
    fn watch(&self, args: &[&str]) -> Watched {
        let turn = no_process_starts();
        let child = Command::new(env!("CARGO_BIN_EXE_litecast-sub"))
            .args(args)
            .arg(&self.address)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        drop(turn);
        let child = Watched(child);
        let end = Instant::now() + PATIENCE;
        while !self.publisher.stats().sockets[0].subscribers.iter().any(|s| !s.topics.is_empty()) {
            assert!(Instant::now() < end, "it did not subscribe");
            thread::sleep(Duration::from_millis(2));
        }
        child
    }
}

/// A running program that does not outlive its test.
struct Watched(Child);

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn lines(mut child: Watched) -> Vec<String> {
    let stdout = BufReader::new(child.0.stdout.take().expect("piped"));
    let lines = stdout.lines().map(|line| line.expect("text")).collect();
    assert!(child.0.wait().expect("it ends").success());
    lines
}

#[test]
fn json_objects() {
    let mut bench = Bench::new(ANY_PORT);
    let child = bench.watch(&["--json", "--count=3", "--topic=raw,seq"]);
    let mut added = vec![0x11; 32];
    added.extend(b"A\x05\0\0\0\0\0\0\0");
    bench.send(Topic::HashTx, vec![0; 32]);
    bench.send(Topic::RawTx, unhex(GENESIS_TX));
    bench.send(Topic::Sequence, added);
    bench.send(Topic::RawBlock, "garbage");
    let objects: Vec<Value> = lines(child).iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(objects[0]["event"], "connected");
    let tx = &objects[1];
    assert_eq!(tx["topic"], "rawtx");
    assert_eq!(tx["txid"], "97ddfbbae6be97fd6cdf3e7ca13232a3afff2353e29badfab7f73011edd4ced9");
    assert_eq!(tx["value"].to_string(), "50.00000000");
    assert_eq!((&tx["inputs"], &tx["outputs"], &tx["size"]), (&json!(1), &json!(1), &json!(GENESIS_TX.len() / 2)));
    assert_eq!((&tx["coinbase"], &tx["mweb"]), (&json!(true), &json!(false)));
    assert_eq!((&objects[2]["label"], &objects[2]["mempool_sequence"]), (&json!("A"), &json!(5)));
    assert_eq!(objects[2]["txid"], "11".repeat(32));
    assert!(objects[3]["error"].is_string());
    assert_eq!(objects.len(), 4);
}

#[test]
fn text_with_gaps() {
    let mut bench = Bench::new(OWN_PORT);
    let child = bench.watch(&["--count=2", "-t", "rawtx"]);
    bench.send(Topic::RawTx, unhex(GENESIS_TX));
    // The publisher restarts on its port, and its counter has gone on to 3 when the program is back.
    let Bench { runtime, publisher, address } = bench;
    let turn = no_process_starts();
    publisher.shutdown();
    let option = PubOption { topic: Topic::RawTx, address: address.clone(), hwm: None };
    let (config, _) = NotifyConfig::from_options(&[option]);
    let (mut publisher, errors) = Publisher::start(&config, PublisherSettings::default(), runtime.handle());
    assert_eq!(errors, []);
    drop(turn);
    let message = Message { notifier: 0, topic: Topic::RawTx, body: Body::Raw(Bytes::from_static(b"?")) };
    for _ in 0..3 {
        publisher.send(&message);
    }
    let end = Instant::now() + PATIENCE;
    while !publisher.stats().sockets[0].subscribers.iter().any(|s| !s.topics.is_empty()) {
        assert!(Instant::now() < end, "it did not come back");
        thread::sleep(Duration::from_millis(2));
    }
    publisher.send(&message);
    let lines = lines(child);
    assert_eq!(lines.len(), 6, "{lines:#?}");
    assert!(lines[0].ends_with(&format!("-- {address}: connected")), "{}", lines[0]);
    assert!(lines[1].contains("rawtx") && lines[1].contains("#0"), "{}", lines[1]);
    assert!(lines[1].contains("d4ced9 1 in, 1 out, 50.00000000 LTC, 199 bytes, coinbase"), "{}", lines[1]);
    assert!(lines[2].contains("not connected"), "{}", lines[2]);
    assert!(lines[4].contains("LOST 2 rawtx messages, #1 to #2"), "{}", lines[4]);
    assert!(lines[5].contains("cannot be decoded"), "{}", lines[5]);
    assert!(lines.iter().all(|line| !line.contains('\x1b')), "no colours in a pipe");
    publisher.shutdown();
}

#[test]
fn a_reader_that_leaves_ends_it() {
    let mut bench = Bench::new(ANY_PORT);
    let mut child = bench.watch(&["--json"]);
    let mut first = String::new();
    BufReader::new(child.0.stdout.take().expect("piped")).read_line(&mut first).expect("a line");
    assert!(first.contains("connected"));
    let end = Instant::now() + PATIENCE;
    let status = loop {
        bench.send(Topic::HashTx, vec![0; 32]);
        if let Some(status) = child.0.try_wait().expect("its state") {
            break status;
        }
        assert!(Instant::now() < end, "it goes on");
        thread::sleep(Duration::from_millis(5));
    };
    assert!(status.success());
}

#[test]
fn words_that_make_no_sense() {
    for (args, code, text) in [
        (&["--nonsense"][..], 2, "unknown option --nonsense"),
        (&["udp://x"], 1, "use tcp://"),
        (&["tcp://*:1"], 1, "wildcard"),
    ] {
        let _turn = no_process_starts();
        let output = Command::new(env!("CARGO_BIN_EXE_litecast-sub")).args(args).output().expect("it runs");
        assert_eq!(output.status.code(), Some(code));
        assert!(String::from_utf8_lossy(&output.stderr).contains(text), "{output:?}");
    }
    let _turn = no_process_starts();
    let help = Command::new(env!("CARGO_BIN_EXE_litecast-sub")).arg("--help").output().expect("it runs");
    assert!(help.status.success() && help.stdout.starts_with(b"litecast-sub"));
}
