//! Hostile peers on litecastd while honest ones go on: floods of every message, slow ones, those that promise much, that do not
//! read, that send what is of no use. Meanwhile a block of a litecoind arrives, a peer gets its pong, RPC answers, and a
//! transaction comes through; memory, threads and files stay within bounds and come back.
//!
//! Each drill prints a line of figures. `LITECAST_HOSTILE_SECONDS` makes each last longer (and uses more connections); without it
//! all take about a minute and a half.

mod words;

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use litecast_primitives::BlockHeader;
use serde_json::json;

use self::flood::{Habit, Tally, attack, greeting, repeats, says, trickle};
use crate::harness::{
    Node,
    chain::Wallet,
    flood,
    gauge::{Usage, reset_peak, usage},
    no_litecoind,
    peer::{Peer, good, message},
    wait_for,
};

const MB: u64 = 1_000_000;
/// Connections of the node under test; 11 are set aside for outbound ones.
const CONNECTIONS: usize = 50;
const INBOUND: usize = CONNECTIONS - 11;
/// For a block, a pong and an answer under attack: debug builds, two cores that the attackers share.
const BLOCK_LIMIT: Duration = Duration::from_secs(30);
const ANSWER_LIMIT: Duration = Duration::from_secs(20);

/// How long a drill lasts, and how much more there is of it than in the short form.
fn length() -> (Duration, usize) {
    let seconds = std::env::var("LITECAST_HOSTILE_SECONDS").ok().and_then(|text| text.parse().ok());
    seconds.map_or((Duration::from_millis(700), 1), |seconds: u64| (Duration::from_secs(seconds), 3))
}

/// Works until it is told to stop, and counts what it did.
type Attacker<'a> = &'a (dyn Fn(&AtomicBool, &Tally) + Sync);

/// Whatever happens, the attackers go home.
struct StopAtEnd<'a>(&'a AtomicBool);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What a drill showed.
#[derive(Debug, Default)]
struct Figures {
    before: Usage,
    /// Highest numbers while it went on.
    worst: Usage,
    /// When all attackers were gone.
    after: Usage,
    time: Duration,
    ping: Duration,
    rpc: Duration,
    block: Duration,
    /// Connections that the node ended, and bytes that it read.
    ended: u64,
    taken: u64,
}

impl Figures {
    fn growth(&self) -> u64 {
        self.worst.peak.saturating_sub(self.before.resident)
    }
}

/// The node under test between an honest litecoind and an honest peer.
struct Stand {
    source: Node,
    node: Node,
    pid: u32,
    honest: Peer,
    address: String,
}

impl Stand {
    fn new(args: &[&str]) -> Self {
        let source = Node::litecoind(&[]);
        let wallet = Wallet::create(&source);
        wallet.mine(120);
        let address = wallet.address("miner", "bech32");
        let (connect, most) = (source.connect(), format!("-maxconnections={CONNECTIONS}"));
        let mut words = vec![connect.as_str(), most.as_str(), "-dbcache=4", "-maxmempool=5", "-peertimeout=5"];
        words.extend(args);
        let mut node = Node::litecastd(&words);
        node.start(&[]);
        node.wait_for_tip(&source.tip());
        let honest = Peer::shake_hands(node.port);
        let pid = node.process().id();
        Self { source, node, pid, honest, address }
    }

    /// Bytes that the node has read from its peers.
    fn taken(&self) -> u64 {
        self.node.call("getnettotals", json!([]))["totalbytesrecv"].as_u64().unwrap()
    }

    /// The headers of the chain, from the genesis block on.
    fn headers(&self) -> Vec<BlockHeader> {
        let text = |height| self.source.text("getblockheader", json!([self.source.hash_at(height), false]));
        let decode = |text: String| BlockHeader::from_slice(&hex::decode(text).unwrap()).unwrap();
        (0..=self.source.height()).map(|height| decode(text(height))).collect()
    }

    /// A block of the litecoind arrives; how long that took.
    fn block_arrives(&self) -> Duration {
        let hash = self.source.call("generatetoaddress", json!([1, self.address]))[0].clone();
        let start = Instant::now();
        wait_for("block of the honest peer", BLOCK_LIMIT, || (json!(self.node.tip()) == hash).then_some(()));
        start.elapsed()
    }

    /// A transaction of the litecoind arrives; how long that took.
    fn transaction_arrives(&self) -> Duration {
        let wallet = self.source.client().path("/wallet/miner");
        let txid = wallet.call("sendtoaddress", &json!([self.address, "1"])).unwrap();
        let start = Instant::now();
        wait_for("transaction of the honest peer", 2 * BLOCK_LIMIT, || {
            let pool = self.node.call("getrawmempool", json!([]));
            pool.as_array().unwrap().contains(&txid).then_some(())
        });
        start.elapsed()
    }

    fn look(&mut self, figures: &mut Figures) {
        let start = Instant::now();
        assert!(self.honest.ping(), "the honest peer was sent away");
        figures.ping = figures.ping.max(start.elapsed());
        let start = Instant::now();
        self.node.call("getconnectioncount", json!([]));
        figures.rpc = figures.rpc.max(start.elapsed());
        let now = usage(self.pid);
        figures.worst.threads = figures.worst.threads.max(now.threads);
        figures.worst.files = figures.worst.files.max(now.files);
        figures.worst.peak = now.peak;
    }

    /// Lets attackers loose for a while and looks at the honest ones meanwhile. `grows` is how much memory it may cost.
    fn drill(&mut self, name: &str, time: Duration, grows: u64, attackers: &[Attacker<'_>]) -> Figures {
        reset_peak(self.pid);
        let mut figures = Figures { before: usage(self.pid), ..Figures::default() };
        let (stop, tally) = (AtomicBool::new(false), Tally::default());
        let taken_before = self.taken();
        let start = Instant::now();
        thread::scope(|scope| {
            let _stop = StopAtEnd(&stop);
            for attacker in attackers {
                scope.spawn(|| attacker(&stop, &tally));
            }
            while start.elapsed() < time / 3 {
                self.look(&mut figures);
                thread::sleep(Duration::from_millis(10));
            }
            figures.block = self.block_arrives();
            while start.elapsed() < time {
                self.look(&mut figures);
                thread::sleep(Duration::from_millis(10));
            }
            self.look(&mut figures);
        });
        figures.time = start.elapsed();
        figures.ended = tally.ended.load(Ordering::Relaxed);
        // The litecoind and the honest peer.
        wait_for("end of the attackers' connections", ANSWER_LIMIT, || {
            (self.node.call("getconnectioncount", json!([])) == json!(2)).then_some(())
        });
        figures.after = usage(self.pid);
        // What was sent is more: the system holds some of it.
        figures.taken = self.taken() - taken_before;
        let cpu = figures.after.cpu.saturating_sub(figures.before.cpu);
        let millis = |time: Duration| time.as_millis();
        eprintln!(
            "hostile: {name:36} {:6.1} MB in {:4.1} s, {:4} ended of {:4}; memory +{:5.1} MB, {:+6.1} after; block {:4} ms, ping {:4} ms, \
             rpc {:4} ms; cpu {:5} ms, {:6.1} ns/byte; {} threads, {} files",
            figures.taken as f64 / 1e6,
            figures.time.as_secs_f64(),
            figures.ended,
            tally.opened.load(Ordering::Relaxed),
            figures.growth() as f64 / 1e6,
            (figures.after.resident as f64 - figures.before.resident as f64) / 1e6,
            millis(figures.block),
            millis(figures.ping),
            millis(figures.rpc),
            millis(cpu),
            cpu.as_nanos() as f64 / (figures.taken as f64).max(1.0),
            figures.worst.threads,
            figures.worst.files,
        );
        assert!(figures.growth() <= grows, "{name}: {} MB of {}", figures.growth() / MB, grows / MB);
        assert!(figures.ping < ANSWER_LIMIT && figures.rpc < ANSWER_LIMIT, "{name}: {figures:?}");
        figures
    }

    /// Attackers with one habit each.
    fn assault(&mut self, name: &str, time: Duration, grows: u64, habits: &[Habit]) -> Figures {
        let port = self.node.port;
        let attackers: Vec<_> = habits
            .iter()
            .map(|habit| move |stop: &AtomicBool, tally: &Tally| attack(port, habit, stop, tally))
            .collect();
        let attackers: Vec<Attacker<'_>> = attackers.iter().map(|a| a as _).collect();
        self.drill(name, time, grows, &attackers)
    }
}

/// The wire order of a hash that RPC tells.
fn wire(hash: &str) -> [u8; 32] {
    let mut bytes: [u8; 32] = hex::decode(hash).unwrap().try_into().unwrap();
    bytes.reverse();
    bytes
}

#[test]
fn floods_of_every_message() {
    if no_litecoind("floods_of_every_message") {
        return;
    }
    let (time, more) = length();
    let mut stand = Stand::new(&[]);
    let chain = stand.headers();
    let block = stand.source.call("getblock", json!([stand.source.hash_at(1)]));
    let coinbase = wire(block["tx"][0].as_str().unwrap());
    for flood in words::floods(&chain, &coinbase) {
        let mut habits = vec![repeats(flood.good.clone()); 2 * more];
        habits.push(repeats(words::malformed(&flood.good)));
        let figures = stand.assault(flood.name, time, 150 * MB, &habits);
        assert!(!flood.ends || figures.ended > 0, "{}: nobody was sent away", flood.name);
    }
    stand.transaction_arrives();
    stand.node.stop();
}

/// Connections up to the inbound places and beyond, all of them slow.
#[test]
fn slow_peers() {
    if no_litecoind("slow_peers") {
        return;
    }
    let (time, more) = length();
    let mut stand = Stand::new(&["-v2transport=1"]);
    let port = stand.node.port;
    let crowd = INBOUND + 30;
    let greeting = greeting();
    let silence: &[u8] = &[];
    // Key, garbage without end: it looks like the encrypted transport.
    let garbage: Vec<u8> = (0..4000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    for (name, words) in [
        ("silence", silence),
        ("half a version", &greeting[..60]),
        ("a version, no verack", &greeting[..120]),
        ("garbage", &garbage),
    ] {
        let slow = |stop: &AtomicBool, tally: &Tally| trickle(port, crowd, words, stop, tally);
        let figures = stand.drill(&format!("slow: {name}"), 3 * time, 60 * MB, &[&slow]);
        assert!(figures.worst.files < figures.before.files + crowd + 20, "{name}: {figures:?}");
    }
    // Large messages that stop short of their end: memory is what came, at most as much again, and a little ahead.
    let part = 2_000_000;
    let head = message(crate::harness::peer::MAGIC, "block", &[], 32_000_000, [0; 4]);
    let half = says(&[&head[..], &vec![1; part]].concat());
    let count: usize = 20;
    let grows = (count * (2 * part + 700_000)) as u64 + 30 * MB;
    stand.assault("half blocks", 2 * time, grows, &vec![half; count]);
    // Noise at full speed, and connections that are given up with much to say to them.
    let chain = stand.headers();
    let noise = Habit { refrain: garbage.repeat(30), ..Habit::default() };
    stand.assault("encrypted garbage", time, 60 * MB, &vec![noise; 4]);
    let asks = words::locate("getheaders", &[*chain[0].hash().as_bytes()]).repeat(1500);
    let leaves = Habit { opening: [greeting, asks].concat(), half_closes: true, deaf: true, ..Habit::default() };
    let leaves = vec![leaves; 4];
    let rounds: Vec<Figures> =
        (0..2 * more).map(|_| stand.assault("half closed", 3 * time, 120 * MB, &leaves)).collect();
    for figures in &rounds {
        // All inbound places, and sixteen that are given up.
        assert!(figures.worst.files < figures.before.files + INBOUND + 16 + 10, "{figures:?}");
    }
    let kept: Vec<u64> = rounds.iter().map(|figures| figures.after.resident).collect();
    assert!(kept[2 * more - 1] < kept[0] + 60 * MB, "memory grows from round to round: {kept:?}");
    stand.transaction_arrives();
    stand.node.stop();
}

/// What costs more than it weighs: memory, hashes, answers.
#[test]
fn expensive_peers() {
    if no_litecoind("expensive_peers") {
        return;
    }
    let (time, more) = length();
    let mut stand = Stand::new(&["-acceptnonstdtxn=0"]);
    let random = &mut words::random(3);
    let chain = stand.headers();
    let tip = *chain.last().expect("because there is a chain");
    let genesis = *chain[0].hash().as_bytes();
    // Answers that nobody reads: -maxsendbuffer and one answer for each.
    let asks = [
        words::asks_for(0x6000_0002, tip.hash().as_bytes(), 50_000),
        words::locate("getheaders", &[genesis]).repeat(2000),
        good("ping", &[1; 8]).repeat(10_000),
    ];
    let deaf = asks.map(|refrain| Habit { deaf: true, ..repeats(refrain) });
    let deaf = vec![deaf; 4].concat();
    stand.assault("deaf peers", 2 * time, 12 * 6 * MB + 40 * MB, &deaf);
    // Small on the wire, large in memory, behind something that has to wait.
    let stacked = words::stacked(2_000_000);
    stand.assault("stacks of nothing", 2 * time, 600 * MB, &vec![repeats(stacked.repeat(4)); 3]);
    // A real header whose block never comes.
    let withheld = words::branch(&tip, 1, true, random)[0];
    let says_compact = |collide: bool, random: &mut _| {
        let compact = words::compact(&withheld, 60_000, collide, random);
        repeats([words::speaks_compact(), compact, words::wrong_answer(&withheld, 3)].concat())
    };
    let compact = vec![[says_compact(false, random), says_compact(true, random)]; more].concat();
    stand.assault("compact blocks that nobody has", 2 * time, 100 * MB, &compact);
    // Little work, but real: the node has to keep them, as the reference does.
    let low = words::branch(&chain[1], 300, true, random);
    stand.assault("branches of little work", time, 60 * MB, &vec![repeats(words::headers(&low)); 2]);
    // Orphans of several peers: a hundred are kept. Three times, and memory must not follow.
    let orphans: Vec<Habit> =
        (0..4 * more as u64).map(|n| repeats(words::orphans(3000, 2, &mut words::random(n + 9)))).collect();
    let rounds: Vec<Figures> = (0..3).map(|_| stand.assault("orphans", time, 150 * MB, &orphans)).collect();
    let kept = |round: &Figures| round.after.resident;
    assert!(
        kept(&rounds[2]) < kept(&rounds[0]) + 25 * MB,
        "memory grows from round to round: {:?}",
        rounds.iter().map(kept).collect::<Vec<_>>()
    );
    let took = stand.transaction_arrives();
    eprintln!("hostile: a transaction came through in {} ms", took.as_millis());
    stand.node.stop();
}
