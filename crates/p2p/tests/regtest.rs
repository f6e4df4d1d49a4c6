//! A real `litecoind -regtest` as the other side: handshake, header and block download, serving, announcements,
//! transactions.
//!
//! The driver here is a few lines of blocking `std::net`; the engine is the toy chain, which takes every block. All
//! is on the loopback, with ports from the system. Skipped with a line where litecoind is not installed.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests are tests")]

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use litecast_p2p::{
    Chain, Config, Decoder, Fsm, GenTxid, Input, Output, Pool, Time,
    codec::frame_header,
    fsm::{LinkEnd, Origin, PeerInfo, Permissions},
    simulator::{ToyChain, toy_chain::Moved},
};
use litecast_primitives::{
    Txid,
    params::{Network, Params},
};

const DEADLINE: Duration = Duration::from_secs(120);

struct Litecoind {
    process: Child,
    folder: tempfile::TempDir,
    rpc_port: u16,
    p2p_port: u16,
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Litecoind {
    fn start(extra: &[&str]) -> Option<Self> {
        if !Path::new("/usr/bin/litecoind").exists() {
            eprintln!("skipped: no /usr/bin/litecoind");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let (rpc_port, p2p_port) = (free_port(), free_port());
        let process = Command::new("/usr/bin/litecoind")
            .arg("-regtest")
            .arg(format!("-datadir={}", folder.path().display()))
            .arg(format!("-rpcport={rpc_port}"))
            .arg(format!("-bind=127.0.0.1:{p2p_port}"))
            .args(["-listen=1", "-dnsseed=0", "-listenonion=0", "-fallbackfee=0.001"])
            .args(extra)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let node = Self { process, folder, rpc_port, p2p_port };
        let start = Instant::now();
        while node.try_cli(&["getblockcount"]).is_none() {
            assert!(start.elapsed() < DEADLINE, "litecoind does not start");
            std::thread::sleep(Duration::from_millis(100));
        }
        Some(node)
    }

    fn try_cli(&self, args: &[&str]) -> Option<String> {
        let output = Command::new("/usr/bin/litecoin-cli")
            .arg("-regtest")
            .arg(format!("-datadir={}", self.folder.path().display()))
            .arg(format!("-rpcport={}", self.rpc_port))
            .args(args)
            .output()
            .unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap().trim().to_owned())
    }

    fn cli(&self, args: &[&str]) -> String {
        self.try_cli(args).unwrap_or_else(|| panic!("litecoin-cli {args:?} failed"))
    }

    fn json(&self, args: &[&str]) -> serde_json::Value {
        serde_json::from_str(&self.cli(args)).unwrap()
    }

    fn generate(&self, count: u32) {
        self.cli(&["-named", "createwallet", "wallet_name=w", "load_on_startup=false"]);
        let address = self.cli(&["-rpcwallet=w", "getnewaddress"]);
        self.cli(&["-rpcwallet=w", "generatetoaddress", &count.to_string(), &address]);
    }
}

impl Drop for Litecoind {
    fn drop(&mut self) {
        // Only a child of this test is ended.
        self.try_cli(&["stop"]);
        for _ in 0..100 {
            if matches!(self.process.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// One connection, one thread.
struct Driver {
    fsm: Fsm,
    chain: ToyChain,
    stream: Option<TcpStream>,
    decoder: Decoder,
    closed: Vec<String>,
}

fn now() -> Time {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Time::from_micros(u64::try_from(since.as_micros()).unwrap())
}

impl Driver {
    fn new(change: impl FnOnce(&mut Config)) -> Self {
        let params = Arc::new(Params::new(Network::Regtest));
        let mut config = Config::new(Arc::clone(&params));
        config.connect = Some(Vec::new());
        change(&mut config);
        Self {
            chain: ToyChain::new(&params.genesis),
            decoder: Decoder::new(params.magic),
            fsm: Fsm::new(config, [1; 32]),
            stream: None,
            closed: Vec::new(),
        }
    }

    fn magic() -> [u8; 4] {
        Params::new(Network::Regtest).magic
    }

    fn step(&mut self, input: Input) {
        self.chain.look_at_clock(now());
        let outputs = self.fsm.step(now(), input, &self.chain);
        for output in outputs {
            self.carry_out(output);
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Send { peer, frame, .. } => self.write(peer, &frame),
            Output::Connect { attempt, target } => {
                let addr: SocketAddr = target.parse().unwrap();
                match TcpStream::connect(addr) {
                    Ok(stream) => self.open(stream, Origin::Outbound(attempt)),
                    Err(_) => self.step(Input::ConnectFailed { attempt }),
                }
            }
            Output::Disconnect { reason, .. } => {
                self.closed.push(reason.to_string());
                self.stream = None;
            }
            Output::SubmitHeaders { peer, headers } => {
                let verdict = self.chain.submit_headers(&headers);
                self.step(Input::HeadersVerdict { peer, verdict });
            }
            Output::SubmitBlock { peer, block, .. } => {
                let (verdict, moved) = self.chain.submit_block(&block);
                self.step(Input::BlockVerdict { peer, hash: block.hash(), verdict });
                if let Some(Moved { tip, fork, .. }) = moved {
                    self.chain.look_at_clock(now());
                    let initial_download = self.chain.is_initial_download();
                    self.step(Input::TipChanged { tip, fork, initial_download });
                }
            }
            Output::SubmitTx { peer, tx } => {
                self.chain.look_at_clock(now());
                let verdict = self.chain.submit_tx(&tx);
                self.step(Input::TxVerdict { peer, tx, verdict });
            }
            Output::Broadcast { txid } => self.chain.set_unbroadcast(&txid, false),
            Output::Need { peer, wanted } => {
                let (command, payload) = wanted.answer(&self.chain).unwrap();
                let header = frame_header(Self::magic(), command, &payload);
                let sent = Ok((command, header.len() + payload.len()));
                self.step(Input::Served { peer, hash: wanted.block(), sent });
                self.write(peer, &header);
                self.write(peer, &payload);
            }
            Output::Filter { .. } => panic!("litecoind gives no filter"),
            Output::PauseReading { .. } | Output::ResumeReading { .. } => panic!("nobody is too fast here"),
            Output::SetTimer { .. } | Output::Discourage { .. } | Output::LookUp { .. } => {}
        }
    }

    fn write(&mut self, peer: u64, bytes: &[u8]) {
        let Some(stream) = &mut self.stream else { return };
        if stream.write_all(bytes).is_ok() {
            self.step(Input::Sent { peer, bytes: bytes.len() });
        }
    }

    fn open(&mut self, stream: TcpStream, origin: Origin) {
        stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let (addr, local) = (stream.peer_addr().unwrap().into(), stream.local_addr().ok());
        self.stream = Some(stream);
        self.step(Input::Connected { peer: 0, addr, local, origin, permissions: Permissions::NONE });
    }

    /// Reads and ticks until something holds.
    fn run_until(&mut self, what: &str, mut holds: impl FnMut(&mut Self) -> bool) {
        let start = Instant::now();
        let mut buffer = vec![0; 65536];
        while !holds(self) {
            assert!(start.elapsed() < DEADLINE, "{what} did not happen; {:?}", self.fsm.peers(now()));
            assert!(self.closed.is_empty(), "{what}: {:?}", self.closed);
            self.step(Input::Tick);
            let Some(stream) = &mut self.stream else { continue };
            match stream.read(&mut buffer) {
                Ok(0) => self.step(Input::Disconnected { peer: 0, reason: LinkEnd::Closed }),
                Ok(length) => {
                    self.decoder.push(&buffer[..length]);
                    while let Some(found) = self.decoder.next().unwrap() {
                        self.step(Input::decoded(0, found));
                    }
                }
                // The read timeout.
                Err(_) => {}
            }
        }
    }

    fn peer(&self) -> Option<PeerInfo> {
        self.fsm.peers(now()).into_iter().next()
    }
}

#[test]
fn syncs_from_litecoind() {
    let Some(node) = Litecoind::start(&[]) else { return };
    node.generate(120);
    let mut driver = Driver::new(|c| c.add_nodes = vec![format!("127.0.0.1:{}", node.p2p_port)]);
    driver.run_until("sync", |d| d.chain.tip().height == 120);
    assert_eq!(driver.chain.tip().hash.to_string(), node.cli(&["getbestblockhash"]));

    let them = node.json(&["getpeerinfo"]);
    let us = driver.peer().unwrap();
    assert_eq!(them[0]["subver"], "/Litecast:0.1.0/");
    assert_eq!(them[0]["version"], 70017);
    assert_eq!(them[0]["services"], "0000000001800409");
    assert_eq!(them[0]["relaytxes"], false);
    assert_eq!(them[0]["inbound"], true);
    assert_eq!(them[0]["startingheight"], 0);
    assert!(us.user_agent.starts_with("/LitecoinCore:0.21."), "{}", us.user_agent);
    // The daemon learns of its own new height a little late.
    assert!((1..=120).contains(&us.starting_height));
    assert_eq!(us.synced_headers, Some(120));

    // New blocks are announced to us, and our pings are answered.
    let address = node.cli(&["-rpcwallet=w", "getnewaddress"]);
    node.cli(&["-rpcwallet=w", "generatetoaddress", "3", &address]);
    driver.run_until("new blocks", |d| d.chain.tip().height == 123);
    driver.run_until("pong", |d| d.peer().is_some_and(|p| p.ping_time.is_some()));
    // What each says that it sent is what the other says that it received.
    let (info, us) = (node.json(&["getpeerinfo"]), driver.peer().unwrap());
    for name in ["version", "verack", "sendheaders", "sendcmpct", "wtxidrelay", "sendaddrv2"] {
        let sent = us.bytes_sent_per_msg.iter().find(|(n, _)| n == name).map(|(_, b)| *b);
        assert_eq!(info[0]["bytesrecv_per_msg"][name].as_u64(), sent, "{name}");
        let received = us.bytes_received_per_msg.iter().find(|(n, _)| n == name).map(|(_, b)| *b);
        assert_eq!(info[0]["bytessent_per_msg"][name].as_u64(), received, "{name}");
    }
    assert_eq!(us.ban_score, 0);
}

#[test]
fn litecoind_syncs_from_us() {
    let Some(miner) = Litecoind::start(&[]) else { return };
    miner.generate(120);
    let mut first = Driver::new(|c| c.add_nodes = vec![format!("127.0.0.1:{}", miner.p2p_port)]);
    first.run_until("sync", |d| d.chain.tip().height == 120);
    let best = miner.cli(&["getbestblockhash"]);
    drop(miner);

    // A second daemon knows only us: it connects, asks for headers and gets every block as it asked for it.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let ours = format!("-connect={}", listener.local_addr().unwrap());
    let Some(learner) = Litecoind::start(&[&ours]) else { return };
    let mut driver = Driver::new(|_| {});
    driver.chain = first.chain;
    let (stream, _) = listener.accept().unwrap();
    driver.open(stream, Origin::Inbound);
    let mut asked = Instant::now();
    driver.run_until("their sync", |_| {
        asked.elapsed() > Duration::from_millis(200) && {
            asked = Instant::now();
            learner.cli(&["getbestblockhash"]) == best
        }
    });
    let info = learner.json(&["getpeerinfo"]);
    assert_eq!((&info[0]["inbound"], &info[0]["synced_blocks"]), (&false.into(), &120.into()));
}

/// A daemon's transactions come to us, one of them with a part in the extension block, and from us to another daemon.
#[test]
fn transactions_travel_both_ways() {
    let Some(payer) = Litecoind::start(&[]) else { return };
    // The first block with MWEB, at height 432, has to bring something in.
    payer.generate(431);
    let pay = |kind: &str| {
        let address = payer.cli(&["-rpcwallet=w", "getnewaddress", "", kind]);
        payer.cli(&["-rpcwallet=w", "sendtoaddress", &address, "1"]).parse::<Txid>().unwrap()
    };
    pay("mweb");
    let address = payer.cli(&["-rpcwallet=w", "getnewaddress"]);
    payer.cli(&["-rpcwallet=w", "generatetoaddress", "2", &address]);
    let relaying = |c: &mut Config| c.relay_transactions = true;
    let mut first = Driver::new(|c| {
        relaying(c);
        c.add_nodes = vec![format!("127.0.0.1:{}", payer.p2p_port)];
    });
    first.run_until("sync", |d| d.chain.tip().height == 433);
    let txids = [pay("bech32"), pay("mweb")];
    first.run_until("their transactions", |d| txids.iter().all(|txid| d.chain.has_tx(&GenTxid::Txid(*txid))));
    let list: Vec<_> = txids.iter().map(|txid| first.chain.pool_tx(&GenTxid::Txid(*txid)).unwrap().tx).collect();
    assert!(list[0].has_witness() && list[0].mweb().is_none() && list[1].mweb().is_some());
    let told = payer.json(&["getpeerinfo"]);
    assert_eq!((&told[0]["relaytxes"], told[0]["minfeefilter"].as_f64()), (&true.into(), Some(0.00001)));
    let known: Vec<_> = payer.json(&["getrawmempool"]).as_array().unwrap().clone();
    assert_eq!(known.len(), 2);
    // It was asked for both, so it need not tell them again.
    for txid in known {
        let entry = payer.json(&["getmempoolentry", txid.as_str().unwrap()]);
        assert_eq!(entry["unbroadcast"], false);
    }
    drop(payer);

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let ours = format!("-connect={}", listener.local_addr().unwrap());
    let Some(learner) = Litecoind::start(&[&ours]) else { return };
    let mut driver = Driver::new(relaying);
    driver.chain = first.chain;
    let (stream, _) = listener.accept().unwrap();
    driver.open(stream, Origin::Inbound);
    let mut asked = Instant::now();
    let mut every_second = |check: &dyn Fn() -> bool| {
        asked.elapsed() > Duration::from_secs(1) && {
            asked = Instant::now();
            check()
        }
    };
    driver.run_until("their sync", |_| every_second(&|| learner.cli(&["getblockcount"]) == "433"));
    driver.run_until("their filter", |d| d.peer().is_some_and(|peer| peer.min_fee_filter == 1000));
    for tx in list {
        driver.chain.set_unbroadcast(&tx.txid(), true);
        driver.step(Input::TxAdded { tx });
    }
    let count = || learner.json(&["getrawmempool"]).as_array().unwrap().len();
    driver.run_until("our transactions", |_| every_second(&|| count() == 2));
    assert!(driver.chain.unbroadcast().is_empty(), "it has asked for both");
    assert_eq!(driver.peer().unwrap().ban_score, 0);
}
