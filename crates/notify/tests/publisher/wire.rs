//! ZMTP written by hand: both protocol versions byte by byte, and clients that mean no good.

use std::{
    io::{ErrorKind, Read, Write},
    net::{Shutdown, TcpStream},
    time::{Duration, Instant},
};

use litecast_notify::{PublisherSettings, Topic};

use crate::support::{ANY_PORT, Bench, PATIENCE, all_on};

/// Signature, version 3.`minor`, mechanism NULL, not a server, filler (RFC 23, RFC 37).
fn greeting(minor: u8) -> Vec<u8> {
    let mut bytes = vec![0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, minor];
    bytes.extend(b"NULL");
    bytes.resize(64, 0);
    bytes
}

fn ready(socket_type: &str) -> Vec<u8> {
    let mut body = b"\x05READY\x0bSocket-Type\0\0\0".to_vec();
    body.push(u8::try_from(socket_type.len()).expect("short"));
    body.extend(socket_type.as_bytes());
    frame(4, &body)
}

fn frame(flags: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![flags, u8::try_from(body.len()).expect("short")];
    bytes.extend(body);
    bytes
}

struct Raw(TcpStream);

impl Raw {
    fn connect(bench: &Bench) -> Self {
        let stream = TcpStream::connect(bench.tcp()).expect("the publisher listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.set_nodelay(true).expect("no delay");
        Self(stream)
    }

    /// Greeting and READY in both directions.
    fn shaken(bench: &Bench, minor: u8) -> Self {
        let mut raw = Self::connect(bench);
        raw.write(&greeting(minor));
        let theirs = raw.read(64);
        assert_eq!(theirs[..12], [0xff, 0, 0, 0, 0, 0, 0, 0, theirs[8], 0x7f, 3, 1]);
        assert_eq!(&theirs[12..32], b"NULL\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
        raw.write(&ready("SUB"));
        let expected = ready("PUB");
        assert_eq!(raw.read(expected.len()), expected);
        raw
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).expect("the publisher reads");
    }

    fn read(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        self.0.read_exact(&mut bytes).expect("the publisher writes");
        bytes
    }

    /// True if nothing comes for `time`.
    fn is_silent(&mut self, time: Duration) -> bool {
        self.0.set_read_timeout(Some(time)).expect("a timeout");
        let result = self.0.read(&mut [0; 1]);
        self.0.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        matches!(result, Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut))
    }

    /// Waits for the publisher to close the connection, in bounded time.
    fn until_closed(&mut self) {
        let mut sink = [0; 4096];
        loop {
            match self.0.read(&mut sink) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return,
                Err(error) => panic!("still open: {error}"),
            }
        }
    }
}

fn quick() -> PublisherSettings {
    PublisherSettings {
        handshake_timeout: Duration::from_millis(300),
        ping_interval: Some(Duration::from_millis(50)),
        ..PublisherSettings::default()
    }
}

/// topic | body | counter, as RFC 23 frames.
fn message(topic: &str, body: &[u8], counter: u32) -> Vec<u8> {
    [frame(1, topic.as_bytes()), frame(1, body), frame(0, &counter.to_le_bytes())].concat()
}

#[test]
fn a_zmtp_3_0_subscriber_gets_messages_and_never_a_command() {
    let mut bench = Bench::new(&all_on(ANY_PORT), quick());
    let mut raw = Raw::shaken(&bench, 0);
    raw.write(&frame(0, b"\x01raw"));
    bench.until_subscribed(1);
    assert_eq!(bench.socket().subscribers[0].zmtp_minor, 0);
    bench.send(Topic::HashTx, "not for it");
    bench.send(Topic::RawTx, "tx");
    bench.send(Topic::RawBlock, "block");
    let expected = [message("rawtx", b"tx", 0), message("rawblock", b"block", 0)].concat();
    assert_eq!(raw.read(expected.len()), expected);
    assert!(raw.is_silent(Duration::from_millis(250)), "five ping intervals passed");

    raw.write(&frame(0, b"\x00raw"));
    bench.until("the cancellation", |stats| stats.subscribers[0].topics.is_empty());
    bench.send(Topic::RawTx, "gone");
    assert!(raw.is_silent(Duration::from_millis(60)));
}

#[test]
fn a_zmtp_3_1_subscriber_uses_commands_and_is_pinged() {
    let mut bench = Bench::new(&all_on(ANY_PORT), quick());
    let mut raw = Raw::shaken(&bench, 1);
    assert_eq!(raw.read(9), frame(4, b"\x04PING\0\0"), "an idle connection");
    raw.write(&frame(4, b"\x04PONG"));
    raw.write(&frame(4, b"\x09SUBSCRIBEsequence"));
    raw.write(&frame(4, b"\x09SUBSCRIBEsequence"));
    raw.write(&frame(4, b"\x06CANCELsequence"));
    // A heartbeat of the subscriber is answered with its context; the answer also proves that the rest was read.
    raw.write(&frame(4, b"\x04PING\0\x0acontext"));
    let pong = frame(4, b"\x04PONGcontext");
    let mut seen = Vec::new();
    while !seen.ends_with(&pong) {
        seen.extend(raw.read(1));
    }
    bench.until_subscribed(1);
    bench.send(Topic::Sequence, "still subscribed once");
    let expected = message("sequence", b"still subscribed once", 0);
    let mut seen = Vec::new();
    while !seen.ends_with(&expected) {
        seen.extend(raw.read(1));
    }
}

#[test]
fn clients_that_mean_no_good_are_closed_and_harm_nobody() {
    let mut bench = Bench::new(&all_on(ANY_PORT), PublisherSettings { ping_interval: None, ..quick() });
    let mut good = Raw::shaken(&bench, 1);
    good.write(&frame(4, b"\x09SUBSCRIBE"));
    bench.until_subscribed(1);

    // Never a word; a greeting that stops; a byte now and then.
    let mut silent = Raw::connect(&bench);
    let mut half = Raw::connect(&bench);
    half.write(&greeting(1)[..40]);
    let mut slow = Raw::connect(&bench);
    slow.write(&[0xff]);

    let mut closed = 0;
    let http = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec();
    let huge_ready = [greeting(1), vec![6, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]].concat();
    let long_ready = [greeting(1), vec![6, 0, 0, 0, 0, 0, 1, 0, 0], vec![b'x'; 0x1_0000]].concat();
    let data_first = [greeting(1), frame(0, b"\x01")].concat();
    let push = [greeting(1), ready("PUSH")].concat();
    let mut curve = greeting(1);
    curve[12..17].copy_from_slice(b"CURVE");
    for bytes in [http, huge_ready, long_ready, data_first, push, curve] {
        let mut bad = Raw::connect(&bench);
        // The publisher may hang up while we still talk.
        let _ = bad.0.write_all(&bytes);
        bad.until_closed();
        closed += 1;
    }
    // After the handshake: a huge frame, a reserved flag, a truncated command, endless subscriptions.
    let endless: Vec<u8> =
        (0..40_000u32).flat_map(|i| frame(4, &[b"\x09SUBSCRIBE", &i.to_be_bytes()[..]].concat())).collect();
    for bytes in [vec![2, 0, 0, 0, 1, 0, 0, 0, 0], vec![0x80, 0], frame(4, b"\x20X"), endless] {
        let mut bad = Raw::shaken(&bench, 1);
        let _ = bad.0.write_all(&bytes);
        bad.until_closed();
    }
    // Noise of many lengths, from a fixed seed.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for round in 0..100usize {
        let noise: Vec<u8> = (0..round * 7)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state.to_le_bytes()[3]
            })
            .collect();
        let mut bad = Raw::connect(&bench);
        let _ = bad.0.write_all(&noise);
        let _ = bad.0.shutdown(Shutdown::Write);
        bad.until_closed();
        closed += 1;
    }
    let started = Instant::now();
    for waiting in [&mut silent, &mut half, &mut slow] {
        waiting.until_closed();
        closed += 1;
    }
    assert!(started.elapsed() < Duration::from_secs(5));

    bench.send(Topic::HashBlock, "fine");
    let expected = message("hashblock", b"fine", 0);
    assert_eq!(good.read(expected.len()), expected);
    let stats = bench.until("the others leaving", |stats| stats.subscribers.len() == 1);
    // Up to four more: what came in one packet with READY still counts as handshake.
    assert!((closed..=closed + 4).contains(&stats.refused), "{} refused, {closed} closed", stats.refused);
}

#[test]
fn a_flood_of_pings_that_reads_no_answers_is_held_back() {
    let mut bench = Bench::new(&all_on(ANY_PORT), PublisherSettings { send_buffer: Some(8192), ..quick() });
    let mut flood = Raw::shaken(&bench, 1);
    let pings: Vec<u8> = frame(4, b"\x04PING\0\x010123456789abcdef").repeat(1000);
    flood.0.set_write_timeout(Some(Duration::from_millis(500))).expect("a timeout");
    // Either the publisher stops reading, which the system tells us, or it would swallow 64 MB.
    let stopped = (0..2500).any(|_| flood.0.write_all(&pings).is_err());
    assert!(stopped);
    let mut good = Raw::shaken(&bench, 0);
    good.write(&frame(0, b"\x01"));
    bench.until("the good one", |stats| stats.subscribers.iter().any(|s| !s.topics.is_empty()));
    bench.send(Topic::HashBlock, "fine");
    let expected = message("hashblock", b"fine", 0);
    assert_eq!(good.read(expected.len()), expected);
}

#[test]
fn connections_are_limited() {
    let settings = PublisherSettings { max_connections: 3, ..PublisherSettings::default() };
    let bench = Bench::new(&all_on(ANY_PORT), settings);
    let held: Vec<_> = (0..3).map(|_| Raw::shaken(&bench, 1)).collect();
    Raw::connect(&bench).until_closed();
    assert_eq!(bench.socket().refused, 1);
    drop(held);
    bench.until("room", |stats| stats.subscribers.is_empty());
    // The place is given back a moment after the subscriber left.
    let end = Instant::now() + PATIENCE;
    loop {
        let mut raw = Raw::connect(&bench);
        raw.write(&greeting(1));
        let mut byte = [0; 1];
        if raw.0.read(&mut byte).is_ok_and(|n| n == 1) {
            break;
        }
        assert!(Instant::now() < end, "no place was given back");
    }
}
