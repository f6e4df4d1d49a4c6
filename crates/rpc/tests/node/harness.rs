//! A node of an engine in a temporary folder, a network that is a list, and a table of methods; and the vectors.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;

use litecast_engine::{Clock, Engine, FeedItem, Handle, MiningPolicy, Options};
use litecast_mempool::Policy;
use litecast_p2p::{
    Command, NetAddr, ServiceFlags, Time,
    fsm::{AddedNode, CommandError, ConnectionType, NetTotals, PeerInfo, Permissions},
};
use litecast_primitives::{
    Transaction, U256,
    params::{Network as Chain, Params},
    transaction::Encoding,
};
use litecast_rpc::{
    LogControl, Network, NodeContext, Registry, Rpc, RpcError, ZmqNotifier, methods, network::LocalAddress,
};
use serde_json::Value;

/// A time at which all vectors lie in the past.
pub(crate) const NOW: i64 = 2_000_000_000;

/// A file of the shared vectors; `None`, and a line that says so, when they are not there.
pub(crate) fn vector(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("LITECAST_VECTORS")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors")), PathBuf::from);
    let file = root.join(path);
    if file.exists() {
        return Some(file);
    }
    eprintln!("skipped: no {}", file.display());
    None
}

pub(crate) fn vector_text(path: &str) -> Option<String> {
    vector(path).map(|file| std::fs::read_to_string(file).unwrap().trim().to_owned())
}

pub(crate) fn vector_json(path: &str) -> Option<Value> {
    vector_text(path).map(|text| serde_json::from_str(&text).unwrap())
}

/// The same JSON value with the same order of fields, whatever the spelling of numbers. Names the first difference.
pub(crate) fn difference(want: &Value, got: &Value) -> Option<String> {
    match (want, got) {
        (Value::Object(want), Value::Object(got)) => {
            if let Some(key) = got.keys().find(|key| !want.contains_key(*key)) {
                return Some(format!(".{key}: not expected"));
            }
            let inside = want.iter().find_map(|(key, want)| {
                let Some(got) = got.get(key) else { return Some(format!(".{key}: missing")) };
                difference(want, got).map(|inner| format!(".{key}{inner}"))
            });
            inside.or_else(|| {
                let (key, instead) = got.keys().zip(want.keys()).find(|(got, want)| got != want)?;
                Some(format!(".{key}: stands where .{instead} is expected"))
            })
        }
        (Value::Array(want), Value::Array(got)) => {
            if want.len() != got.len() {
                return Some(format!(": {} items, expected {}", got.len(), want.len()));
            }
            let mut pairs = want.iter().zip(got).enumerate();
            pairs.find_map(|(i, (want, got))| difference(want, got).map(|inner| format!("[{i}]{inner}")))
        }
        (Value::Number(want), Value::Number(got)) if want.as_f64() == got.as_f64() => None,
        (want, got) if want == got => None,
        (want, got) => Some(format!(": {got}, expected {want}")),
    }
}

struct Silent;

impl LogControl for Silent {
    fn set(&self, _category: &str, _on: bool) -> bool {
        false
    }

    fn categories(&self) -> Vec<(&'static str, bool)> {
        Vec::new()
    }

    fn path(&self) -> &Path {
        Path::new("debug.log")
    }
}

/// A network that does what it is told and nothing else.
#[derive(Default)]
pub(crate) struct List {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    added: Vec<String>,
    peers: Vec<PeerInfo>,
    inactive: bool,
    commands: Vec<Command>,
}

impl List {
    pub(crate) fn commands(&self) -> Vec<Command> {
        self.state.lock().unwrap().commands.clone()
    }

    pub(crate) fn add_peer(&self, peer: PeerInfo) {
        self.state.lock().unwrap().peers.push(peer);
    }
}

/// A peer that was connected to a moment ago and has said nothing.
pub(crate) fn silent_peer(addr: SocketAddr, local: SocketAddr) -> PeerInfo {
    PeerInfo {
        addr_processed: 0,
        addr_rate_limited: 0,
        id: 0,
        name: addr.to_string(),
        addr: addr.into(),
        network: NetAddr::from(addr.ip()).net_class(),
        addr_bind: Some(local),
        addr_local: None,
        services: ServiceFlags::NONE,
        relay_txes: false,
        last_send: None,
        last_receive: None,
        last_block: None,
        last_transaction: None,
        bytes_sent: 0,
        bytes_received: 0,
        connected_at: Time::from_secs(NOW.unsigned_abs()),
        time_offset: 0,
        ping_time: None,
        min_ping: None,
        ping_wait: None,
        version: 0,
        user_agent: String::new(),
        connection_type: ConnectionType::Manual,
        starting_height: -1,
        ban_score: 0,
        synced_headers: None,
        synced_blocks: None,
        in_flight: Vec::new(),
        permissions: Permissions::NONE,
        min_fee_filter: 0,
        bytes_sent_per_msg: Vec::new(),
        bytes_received_per_msg: Vec::new(),
    }
}

impl Network for List {
    fn peers(&self) -> Vec<PeerInfo> {
        self.state.lock().unwrap().peers.clone()
    }

    fn added_nodes(&self) -> Vec<AddedNode> {
        let added = &self.state.lock().unwrap().added;
        added.iter().map(|name| AddedNode { name: name.clone(), connected: None }).collect()
    }

    /// Nobody listens.
    fn announce(&self, _: Arc<Transaction>) {}

    fn command(&self, command: Command) -> Result<(), CommandError> {
        let mut state = self.state.lock().unwrap();
        match &command {
            Command::AddNode(name) if state.added.contains(name) => return Err(CommandError::NodeAlreadyAdded),
            Command::AddNode(name) => state.added.push(name.clone()),
            Command::RemoveNode(name) if state.added.contains(name) => state.added.retain(|added| added != name),
            Command::RemoveNode(_) => return Err(CommandError::NodeNotAdded),
            Command::DisconnectAddress(_) | Command::DisconnectPeer(_) => return Err(CommandError::NodeNotConnected),
            Command::SetNetworkActive(active) => state.inactive = !active,
            _ => {}
        }
        state.commands.push(command);
        Ok(())
    }

    fn totals(&self) -> NetTotals {
        NetTotals { received: 0, sent: 0 }
    }

    fn connections(&self) -> (usize, usize) {
        (0, self.state.lock().unwrap().peers.len())
    }

    fn is_active(&self) -> bool {
        !self.state.lock().unwrap().inactive
    }

    fn local_services(&self) -> ServiceFlags {
        ServiceFlags::OURS
    }

    fn local_addresses(&self) -> Vec<LocalAddress> {
        Vec::new()
    }

    fn relays_transactions(&self) -> bool {
        true
    }
}

struct Context {
    chain: Option<Handle>,
    network: Option<Arc<List>>,
    encoding: Encoding,
    mempool_file: Option<PathBuf>,
}

impl NodeContext for Context {
    fn uptime_s(&self) -> i64 {
        0
    }

    fn request_shutdown(&self) {}

    fn log(&self) -> &dyn LogControl {
        &Silent
    }

    fn chain(&self) -> Option<&Handle> {
        self.chain.as_ref()
    }

    fn network(&self) -> Option<&dyn Network> {
        self.network.as_deref().map(|network| network as &dyn Network)
    }

    fn notifiers(&self) -> Vec<ZmqNotifier> {
        let kind = |kind: &str| ZmqNotifier {
            kind: kind.to_owned(),
            address: "tcp://127.0.0.1:28332".to_owned(),
            high_water_mark: 1000,
        };
        vec![kind("pubhashblock"), kind("pubrawtx")]
    }

    fn encoding(&self) -> Encoding {
        self.encoding
    }

    fn mempool_file(&self) -> Option<&Path> {
        self.mempool_file.as_deref()
    }
}

fn table(context: Context) -> Arc<Rpc> {
    let mut registry = Registry::new();
    registry.extend(methods::METHODS.iter().chain(methods::NODE_METHODS));
    let rpc = Rpc::new(registry, Arc::new(context));
    rpc.set_warmup_finished();
    rpc
}

/// Methods without a chain and without a network.
pub(crate) fn empty() -> Arc<Rpc> {
    table(Context { chain: None, network: None, encoding: Encoding::Full, mempool_file: None })
}

/// An engine with methods in front.
pub(crate) struct Node {
    engine: Option<Engine>,
    feed: Option<thread::JoinHandle<()>>,
    pub(crate) rpc: Arc<Rpc>,
    pub(crate) network: Arc<List>,
    dir: tempfile::TempDir,
}

impl Node {
    pub(crate) fn start(network: Chain) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(Clock::default());
        clock.set_mock(NOW);
        let options = Options {
            dir: dir.path().to_owned(),
            fee_estimates: dir.path().join("fee_estimates.dat"),
            blocks_dir: dir.path().join("blocks"),
            params: Arc::new(Params::new(network)),
            clock,
            cache_bytes: 16 << 20,
            max_tip_age: i64::MAX,
            minimum_chain_work: U256::zero(),
            stop_at_height: None,
            block_version: None,
            checkpoints: true,
            script_threads: 1,
            check_blocks: 6,
            check_level: 4,
            mempool: Policy { replacement: true, ..Policy::new(&Params::new(network)) },
            mining: MiningPolicy::default(),
            script_cache_bytes: 1 << 20,
            block_filters: true,
            wipe: litecast_store::Wipe::Nothing,
        };
        let (engine, feed) = Engine::start(options).unwrap();
        let feed = thread::spawn(move || {
            for item in feed {
                if let FeedItem::Barrier(done) = item {
                    let _ = done.send(Ok(()));
                }
            }
        });
        let network = Arc::new(List::default());
        let chain = Some(engine.handle().clone());
        let mempool_file = Some(dir.path().join("pool/mempool.dat"));
        std::fs::create_dir(dir.path().join("pool")).unwrap();
        let rpc = table(Context { chain, network: Some(Arc::clone(&network)), encoding: Encoding::Full, mempool_file });
        Self { engine: Some(engine), feed: Some(feed), rpc, network, dir }
    }

    /// In a folder of its own.
    pub(crate) fn mempool_file(&self) -> PathBuf {
        self.dir.path().join("pool/mempool.dat")
    }

    /// The engine.
    pub(crate) fn chain(&self) -> &Handle {
        self.engine.as_ref().unwrap().handle()
    }

    /// The same node with another `-rpcserialversion`.
    pub(crate) fn with_encoding(&self, encoding: Encoding) -> Arc<Rpc> {
        let chain = Some(self.chain().clone());
        table(Context { chain, network: None, encoding, mempool_file: None })
    }

    pub(crate) fn call(&self, method: &str, params: &Value) -> Result<Value, RpcError> {
        self.rpc.execute(method, params, "")
    }

    pub(crate) fn ok(&self, method: &str, params: &Value) -> Value {
        self.call(method, params).unwrap_or_else(|error| panic!("{method} {params}: {error}"))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(engine) = self.engine.take() {
            engine.stop().unwrap();
        }
        if let Some(feed) = self.feed.take() {
            feed.join().unwrap();
        }
    }
}
