//! A libzmq subscriber in a process of its own (`subscriber.py`).

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

/// The five topics of litecoind.
pub(crate) const TOPICS: [&str; 5] = ["hashblock", "hashtx", "rawblock", "rawtx", "sequence"];

/// One message.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    /// Which of the subscriber's sockets.
    pub(crate) socket: usize,
    pub(crate) topic: String,
    /// Hex.
    pub(crate) body: String,
    pub(crate) counter: u64,
}

impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let start: String = self.body.chars().take(66).collect();
        let end = if self.body.len() > 66 { &self.body[self.body.len() - 2..] } else { "" };
        write!(f, "#{} {} {} {start}..{end} ({})", self.socket, self.topic, self.counter, self.body.len() / 2)
    }
}

#[derive(Debug, Default)]
struct Heard {
    frames: Vec<Frame>,
    /// Connections opened so far, by socket.
    ups: Vec<u64>,
    ended: bool,
}

/// The subscriber; killed when dropped.
#[derive(Debug)]
pub(crate) struct Subscriber {
    child: Child,
    heard: Arc<(Mutex<Heard>, Condvar)>,
}

impl Subscriber {
    /// Subscribes on each address to its topics, one socket per address.
    pub(crate) fn start(addresses: &[(String, &[&str])]) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/subscriber.py");
        let mut child = Command::new("python3")
            .arg(script)
            .args(addresses.iter().map(|(address, topics)| format!("{address}={}", topics.join(","))))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let heard = Arc::new((Mutex::new(Heard { ups: vec![0; addresses.len()], ..Heard::default() }), Condvar::new()));
        let (lines, sink) = (BufReader::new(child.stdout.take().unwrap()).lines(), Arc::clone(&heard));
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let value: Value = serde_json::from_str(&line).unwrap();
                let mut heard = sink.0.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(socket) = value["up"].as_u64() {
                    heard.ups[usize::try_from(socket).unwrap()] = value["n"].as_u64().unwrap();
                } else {
                    heard.frames.extend(frame(&value));
                }
                sink.1.notify_all();
            }
            sink.0.lock().unwrap_or_else(PoisonError::into_inner).ended = true;
            sink.1.notify_all();
        });
        Self { child, heard }
    }

    fn wait<T>(&self, what: &str, mut probe: impl FnMut(&Heard) -> Option<T>) -> T {
        let deadline = Instant::now() + super::PATIENCE;
        let mut heard = self.heard.0.lock().unwrap();
        loop {
            if let Some(found) = probe(&heard) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left == Duration::ZERO || heard.ended {
                let last = heard.frames.iter().rev().take(8).collect::<Vec<_>>();
                panic!(
                    "the subscriber has no {what}; it has {} frames, the last of them {last:#?}",
                    heard.frames.len()
                );
            }
            heard = self.heard.1.wait_timeout(heard, left).unwrap().0;
        }
    }

    /// Waits until every socket has been connected for the `times`-th time.
    pub(crate) fn wait_connected(&self, times: u64) {
        self.wait(&format!("connection {times}"), |heard| heard.ups.iter().all(|n| *n >= times).then_some(()));
    }

    /// Waits for a frame that fits, beginning at the `from`-th; returns its position.
    pub(crate) fn wait_for(&self, what: &str, from: usize, fits: impl Fn(&Frame) -> bool) -> usize {
        self.wait(what, |heard| heard.frames.iter().skip(from).position(&fits).map(|at| from + at))
    }

    /// Everything received so far.
    pub(crate) fn frames(&self) -> Vec<Frame> {
        self.heard.0.lock().unwrap().frames.clone()
    }
}

fn frame(value: &Value) -> Option<Frame> {
    let socket = usize::try_from(value.get("s")?.as_u64()?).unwrap();
    let Some(topic) = value["t"].as_str() else { panic!("a message of another shape: {value}") };
    let body = value["b"].as_str().unwrap().to_owned();
    Some(Frame { socket, topic: topic.to_owned(), body, counter: value["c"].as_u64().unwrap() })
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
