//! The subscriber against the publisher of this project, a hand-written ZMTP 3.0 publisher, and (where pyzmq is
//! installed) a libzmq publisher.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    process::{Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use litecast_client::{Notice, Subscriber, SubscriberOptions};
use litecast_notify::{Body, Message, NotifyConfig, PubOption, Publisher, PublisherSettings, Topic};
use tokio::runtime::{Builder, Runtime};

const ANY_PORT: &str = "tcp://127.0.0.1:*";
/// Where a port is freed and bound again: nobody else takes it there in between.
const OWN_PORT: &str = "tcp://127.28.34.1:*";
const PATIENCE: Duration = Duration::from_secs(30);

/// A process that is being started holds copies of our sockets until it runs its own program. Whoever starts one, and
/// whoever counts on a socket being closed, takes turns.
fn no_process_starts() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn options(prefixes: &[&str]) -> SubscriberOptions {
    SubscriberOptions {
        prefixes: prefixes.iter().map(|prefix| (*prefix).to_owned()).collect(),
        reconnect: (Duration::from_millis(20), Duration::from_millis(100)),
        ..SubscriberOptions::default()
    }
}

fn next(subscriber: &Subscriber) -> Notice {
    subscriber.recv_timeout(PATIENCE).expect("a notice in time")
}

fn publisher(runtime: &Runtime, address: &str, hwm: i64) -> Publisher {
    let option = PubOption { topic: Topic::RawTx, address: address.to_owned(), hwm: Some(hwm) };
    let (config, errors) = NotifyConfig::from_options(&[option]);
    assert_eq!(errors, []);
    let settings = PublisherSettings { send_buffer: Some(64 << 10), ..PublisherSettings::default() };
    let (publisher, errors) = Publisher::start(&config, settings, runtime.handle());
    assert_eq!(errors, []);
    publisher
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime")
}

fn send(publisher: &mut Publisher, body: impl Into<Bytes>) {
    publisher.send(&Message { notifier: 0, topic: Topic::RawTx, body: Body::Raw(body.into()) });
}

fn until_subscribed(publisher: &Publisher) {
    let end = Instant::now() + PATIENCE;
    while !publisher.stats().sockets[0].subscribers.iter().any(|subscriber| !subscriber.topics.is_empty()) {
        assert!(Instant::now() < end, "nobody subscribed");
        thread::sleep(Duration::from_millis(2));
    }
}

fn message(notice: Notice) -> (String, Bytes, u32) {
    match notice {
        Notice::Message(message) => (message.topic, message.body, message.counter),
        other => panic!("{other:?}"),
    }
}

#[test]
fn messages_restarts_and_gaps() {
    let runtime = runtime();
    let mut first = publisher(&runtime, OWN_PORT, 1000);
    let address = first.stats().sockets[0].bound.clone();
    let subscriber = Subscriber::start(std::slice::from_ref(&address), &options(&["raw"])).expect("an address");
    assert!(matches!(next(&subscriber), Notice::Connected { endpoint } if *endpoint == *address));
    until_subscribed(&first);
    for size in [0, 300, 1_000_000] {
        send(&mut first, vec![7; size]);
    }
    for (counter, size) in [(0, 0), (1, 300), (2, 1_000_000)] {
        let (topic, body, got) = message(next(&subscriber));
        assert_eq!((topic.as_str(), body.len(), got), ("rawtx", size, counter));
        assert!(body.iter().all(|byte| *byte == 7));
    }
    let turn = no_process_starts();
    first.shutdown();
    assert!(matches!(next(&subscriber), Notice::Disconnected { .. }));

    // The same address again: the counter starts anew, which is said.
    let mut second = publisher(&runtime, &address, 1000);
    drop(turn);
    assert!(matches!(next(&subscriber), Notice::Connected { .. }));
    until_subscribed(&second);
    send(&mut second, "x");
    let restarted = Notice::Restarted { endpoint: address.as_str().into(), topic: "rawtx".to_owned(), expected: 3 };
    assert_eq!(next(&subscriber), restarted);
    assert_eq!(message(next(&subscriber)).2, 0);
    second.shutdown();
}

#[test]
fn a_slow_reader_learns_exactly_what_it_missed() {
    const MESSAGES: u32 = 2000;
    let runtime = runtime();
    let mut publisher = publisher(&runtime, ANY_PORT, 10);
    let address = publisher.stats().sockets[0].bound.clone();
    let options = SubscriberOptions { queue: 2, ..options(&[""]) };
    let subscriber = Subscriber::start(&[address], &options).expect("an address");
    assert!(matches!(next(&subscriber), Notice::Connected { .. }));
    until_subscribed(&publisher);
    for _ in 0..MESSAGES {
        send(&mut publisher, vec![1; 50_000]);
    }
    let dropped = publisher.stats().sockets[0].dropped;
    assert!(dropped > 0);
    let (mut received, mut missed, mut last) = (0, 0, None);
    // When the queue has drained, one more message shows what is missing at the end.
    let mut asked = false;
    while last != Some(MESSAGES) {
        match next(&subscriber) {
            Notice::Message(message) => {
                received += 1;
                last = Some(message.counter);
            }
            Notice::Gap { missing, .. } => missed += u64::from(missing),
            other => panic!("{other:?}"),
        }
        if !asked && publisher.stats().sockets[0].subscribers[0].queued == 0 {
            send(&mut publisher, "end");
            asked = true;
        }
    }
    assert_eq!(missed, dropped);
    assert_eq!(received + missed, u64::from(MESSAGES) + 1);
    publisher.shutdown();
}

#[test]
fn a_publisher_that_is_not_there_is_waited_for() {
    let dir = tempfile::tempdir().expect("a directory");
    let address = format!("ipc://{}/zmq.sock", dir.path().display());
    let subscriber = Subscriber::start(std::slice::from_ref(&address), &options(&[""])).expect("an address");
    assert!(matches!(next(&subscriber), Notice::Disconnected { .. }));
    let runtime = runtime();
    let mut publisher = publisher(&runtime, &address, 0);
    assert!(matches!(next(&subscriber), Notice::Connected { .. }));
    until_subscribed(&publisher);
    send(&mut publisher, "x");
    assert_eq!(message(next(&subscriber)), ("rawtx".to_owned(), Bytes::from_static(b"x"), 0));
    publisher.shutdown();
}

/// Greeting of ZMTP 3.`minor`.
fn greeting(minor: u8) -> Vec<u8> {
    let mut bytes = vec![0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, minor];
    bytes.extend(b"NULL");
    bytes.resize(64, 0);
    bytes
}

#[test]
fn a_zmtp_3_0_publisher_is_subscribed_to_with_a_message() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("tcp://{}", listener.local_addr().expect("bound"));
    let served = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.write_all(&greeting(0)).expect("written");
        let mut theirs = [0; 64];
        stream.read_exact(&mut theirs).expect("a greeting");
        let mut ready = [0; 27];
        stream.read_exact(&mut ready).expect("READY of a SUB");
        assert!(ready.ends_with(b"\x0bSocket-Type\0\0\0\x03SUB"), "{ready:?}");
        stream.write_all(b"\x04\x19\x05READY\x0bSocket-Type\0\0\0\x03PUB").expect("written");
        let mut subscription = [0; 6];
        stream.read_exact(&mut subscription).expect("a subscription");
        assert_eq!(&subscription, b"\0\x04\x01raw");
        stream.write_all(b"\x01\x05rawtx\x01\x02ab\0\x04\x05\0\0\0").expect("written");
        // Two frames only, then three with a counter that is too short.
        stream.write_all(b"\x01\x05rawtx\0\x02ab\x01\x05rawtx\x01\x02ab\0\x01\x05").expect("written");
        stream.write_all(b"\x01\x05rawtx\x01\x02cd\0\x04\x08\0\0\0").expect("written");
    });
    let subscriber = Subscriber::start(&[address], &options(&["raw"])).expect("an address");
    assert!(matches!(next(&subscriber), Notice::Connected { .. }));
    assert_eq!(message(next(&subscriber)), ("rawtx".to_owned(), Bytes::from_static(b"ab"), 5));
    assert!(matches!(next(&subscriber), Notice::Malformed { frames: 2, .. }));
    assert!(matches!(next(&subscriber), Notice::Malformed { frames: 3, .. }));
    assert!(matches!(next(&subscriber), Notice::Gap { expected: 6, missing: 2, .. }));
    assert_eq!(message(next(&subscriber)).2, 8);
    served.join().expect("the publisher is done");
}

#[test]
fn a_publisher_that_falls_silent_is_noticed() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("tcp://{}", listener.local_addr().expect("bound"));
    let served = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        stream.write_all(&greeting(1)).expect("written");
        stream.write_all(b"\x04\x19\x05READY\x0bSocket-Type\0\0\0\x03PUB").expect("written");
        let mut everything = Vec::new();
        let _ = stream.read_to_end(&mut everything);
        everything
    });
    let options = SubscriberOptions { heartbeat: Duration::from_millis(300), ..options(&[""]) };
    let subscriber = Subscriber::start(&[address], &options).expect("an address");
    assert!(matches!(next(&subscriber), Notice::Connected { .. }));
    assert!(matches!(next(&subscriber), Notice::Disconnected { reason, .. } if reason.contains("silent")));
    drop(subscriber);
    let said = served.join().expect("the publisher is done");
    assert!(said.ends_with(b"\x04\x07\x04PING\0\0"), "it was asked first");
}

const LIBZMQ_PUBLISHER: &str = "
import sys, struct, zmq
context = zmq.Context()
socket = context.socket(zmq.XPUB)
port = socket.bind_to_random_port('tcp://127.0.0.1')
print(port, flush=True)
assert socket.recv() == b'\\x01hash'
for i in (0, 1, 4):
    socket.send_multipart([b'hashtx', bytes([i]) * 32, struct.pack('<I', i)])
    socket.send_multipart([b'rawtx', b'not for us', struct.pack('<I', i)])
sys.stdin.readline()
context.destroy(linger=0)
";

#[test]
fn libzmq_publishes() {
    let turn = no_process_starts();
    let found = Command::new("python3").args(["-c", "import zmq"]).stderr(Stdio::null()).status();
    if !found.is_ok_and(|status| status.success()) {
        eprintln!("skipped: needs python3 with pyzmq");
        return;
    }
    let mut child = Command::new("python3")
        .args(["-c", LIBZMQ_PUBLISHER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 starts");
    drop(turn);
    let mut port = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut port).expect("a port");
    let address = format!("tcp://localhost:{}", port.trim());
    let subscriber = Subscriber::start(&[address], &options(&["hash"])).expect("an address");
    assert!(matches!(next(&subscriber), Notice::Connected { .. }));
    assert_eq!(message(next(&subscriber)).2, 0);
    assert_eq!(message(next(&subscriber)).2, 1);
    assert!(matches!(next(&subscriber), Notice::Gap { expected: 2, missing: 2, .. }));
    let (topic, body, counter) = message(next(&subscriber));
    assert_eq!((topic.as_str(), body.len(), counter), ("hashtx", 32, 4));
    drop(child.stdin.take());
    assert!(matches!(next(&subscriber), Notice::Disconnected { .. }));
    child.wait().expect("it ends");
}
