//! The options by meaning, typed and with units. One struct per part of the node.

use std::path::PathBuf;

use litecast_config::{Args, Chain};
use litecast_engine::MiningPolicy;
use litecast_mempool::{FeeRate, Limits, Policy};

use super::checks::{keeps_filters, parse_money, serves_filters, user_agent};
use super::{InitError, ProxySettings};

/// The five topics of litecoind, in the order in which it creates notifiers, and so the order of their messages
/// (v0.21.5.5 `src/zmq/zmqnotificationinterface.cpp`: the factories are held in a sorted map).
const ZMQ_TOPICS: [&str; 5] = ["hashblock", "hashtx", "rawblock", "rawtx", "sequence"];

/// Everything the daemon takes from its options.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// The network.
    pub(crate) chain: Chain,
    /// The network's folder in the data directory; absolute, exists.
    pub(crate) data_dir: PathBuf,
    /// Folder of the block files; may not exist yet.
    pub(crate) blocks_dir: PathBuf,
    /// File for the process id.
    pub(crate) pid_file: PathBuf,
    /// Go to the background.
    pub(crate) daemon: bool,
    /// As `daemon`, and the parent waits until the node is up.
    pub(crate) daemon_wait: bool,
    /// Run the demonstration.
    pub(crate) demo: bool,
    /// Commands to run at events; `None`: not given.
    pub(crate) block_notify: Option<String>,
    /// See `block_notify`.
    pub(crate) alert_notify: Option<String>,
    /// See `block_notify`.
    pub(crate) startup_notify: Option<String>,
    /// Block files to take in.
    pub(crate) load_block: Vec<PathBuf>,
    /// Rebuild everything from the block files.
    pub(crate) reindex: bool,
    /// Rebuild the chain state.
    pub(crate) reindex_chainstate: bool,
    /// Keep filters of blocks.
    pub(crate) block_filters: bool,
    /// Database and coins cache, MiB.
    pub(crate) dbcache_mib: i64,
    /// Blocks to check at the start; 0 is all.
    pub(crate) check_blocks: i64,
    /// How hard, 0 to 4.
    pub(crate) check_level: i64,
    /// Threads for script checks as given: 0 is one per core, a negative number leaves cores alone.
    pub(crate) par: i64,
    /// Cache of checked signatures and scripts, MiB.
    pub(crate) max_sig_cache_mib: i64,
    /// Hex; `None`: the network's default; "0": no block.
    pub(crate) assume_valid: Option<String>,
    /// Hex without `0x`; `None`: the network's default.
    pub(crate) minimum_chain_work: Option<String>,
    /// Checkpoints are enforced.
    pub(crate) checkpoints: bool,
    /// Logging.
    pub(crate) log: LogSettings,
    /// RPC server; `None` with `-server=0`.
    pub(crate) rpc: Option<RpcSettings>,
    /// Peers.
    pub(crate) net: NetSettings,
    /// ZeroMQ notifiers, in creation order.
    pub(crate) zmq: Vec<ZmqNotifier>,
    /// Mempool, relay and mining.
    pub(crate) policy: PolicySettings,
    /// What only tests use.
    pub(crate) test: TestSettings,
}

/// One notifier: a topic at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ZmqNotifier {
    /// Topic, such as `rawtx`.
    pub(crate) topic: &'static str,
    /// As given; may end in `,key=value` parts.
    pub(crate) address: String,
    /// Messages that may wait per subscriber; 0 no limit, negative: the socket's default.
    pub(crate) hwm: i32,
}

/// Logging.
#[derive(Debug, Clone)]
pub(crate) struct LogSettings {
    /// Log file; `None` with `-nodebuglogfile`.
    pub(crate) file: Option<PathBuf>,
    /// Where the log file is or would be.
    pub(crate) path: PathBuf,
    /// Also to standard output.
    pub(crate) to_console: bool,
    /// Lines begin with the time.
    pub(crate) timestamps: bool,
    /// In microseconds.
    pub(crate) time_micros: bool,
    /// Lines name the thread.
    pub(crate) thread_names: bool,
    /// Cut a large file at the start.
    pub(crate) shrink: bool,
    /// Categories switched on, in order; unknown ones were warned about.
    pub(crate) enable: Vec<String>,
    /// Categories switched off after that.
    pub(crate) disable: Vec<String>,
}

/// RPC server.
#[derive(Debug, Clone)]
pub(crate) struct RpcSettings {
    /// `-rpcbind` values; empty: loopback.
    pub(crate) bind: Vec<String>,
    /// Default port.
    pub(crate) port: u16,
    /// `-rpcallowip` values.
    pub(crate) allow_ip: Vec<String>,
    /// `-rpcauth` values.
    pub(crate) auth: Vec<String>,
    /// User and password; `None`: cookie file.
    pub(crate) user_password: Option<(String, String)>,
    /// Cookie file.
    pub(crate) cookie_file: PathBuf,
    /// `-rpcwhitelist` values.
    pub(crate) whitelist: Vec<String>,
    /// `-rpcwhitelistdefault`, with its default worked out.
    pub(crate) whitelist_default: bool,
    /// Worker threads, at least 1.
    pub(crate) threads: usize,
    /// Calls that may wait.
    pub(crate) work_queue: usize,
    /// Seconds a request may take to arrive.
    pub(crate) server_timeout_s: u64,
    /// 0 bare, 1 with witnesses, 2 with MWEB data too.
    pub(crate) serial_version: u8,
    /// `-deprecatedrpc` values.
    pub(crate) deprecated: Vec<String>,
}

/// Peers.
#[derive(Debug, Clone)]
pub(crate) struct NetSettings {
    /// Accept connections.
    pub(crate) listen: bool,
    /// Our own addresses may be found out, and told.
    pub(crate) discover: bool,
    /// `-bind` values.
    pub(crate) bind: Vec<String>,
    /// `-whitebind` values.
    pub(crate) white_bind: Vec<String>,
    /// `-whitelist` values.
    pub(crate) white_list: Vec<String>,
    /// `-whitelistrelay`.
    pub(crate) white_list_relay: bool,
    /// `-whitelistforcerelay`.
    pub(crate) white_list_force_relay: bool,
    /// Default listening port.
    pub(crate) port: u16,
    /// `Some`: connect to these only (`-noconnect`, `-connect=0`: to none).
    pub(crate) connect: Option<Vec<String>>,
    /// `-addnode` values.
    pub(crate) add_node: Vec<String>,
    /// `-seednode` values.
    pub(crate) seed_node: Vec<String>,
    /// DNS seeds may be asked.
    pub(crate) dns_seed: bool,
    /// And are, whatever is known already.
    pub(crate) force_dns_seed: bool,
    /// Bytes to send in a day; 0: no limit.
    pub(crate) max_upload_target: u64,
    /// Seconds by which peers may move the time.
    pub(crate) max_time_adjustment_s: i64,
    /// `-externalip` values.
    pub(crate) external_ip: Vec<String>,
    /// Seconds of a ban without a time.
    pub(crate) ban_time_s: i64,
    /// Names may be looked up.
    pub(crate) dns: bool,
    /// Connections may be encrypted (BIP324).
    pub(crate) v2_transport: bool,
    /// Which way they leave.
    pub(crate) proxy: ProxySettings,
    /// Most connections.
    pub(crate) max_connections: usize,
    /// Bytes per peer.
    pub(crate) max_receive_buffer: u64,
    /// Bytes per peer.
    pub(crate) max_send_buffer: u64,
    /// Milliseconds to connect.
    pub(crate) connect_timeout_ms: u64,
    /// Seconds a new peer may be silent.
    pub(crate) peer_timeout_s: u64,
    /// Take no transactions from peers.
    pub(crate) blocks_only: bool,
    /// Tell peers which fee rates are not wanted.
    pub(crate) fee_filter: bool,
    /// Most transactions with unknown inputs.
    pub(crate) max_orphans: usize,
    /// Most transactions outside of the mempool that compact blocks may be made of.
    pub(crate) extra_transactions: usize,
    /// Start with the network on.
    pub(crate) active: bool,
    /// The whole version string.
    pub(crate) user_agent: String,
    /// Serve filters of blocks.
    pub(crate) serve_block_filters: bool,
    /// Take filters of peers.
    pub(crate) bloom_filters: bool,
}

/// Mempool and mining.
#[derive(Debug, Clone)]
pub(crate) struct PolicySettings {
    /// What the mempool takes.
    pub(crate) mempool: Policy,
    /// What blocks made here take.
    pub(crate) mining: MiningPolicy,
    /// `-persistmempool`.
    pub(crate) persist_mempool: bool,
}

/// What only tests use.
#[derive(Debug, Clone)]
pub(crate) struct TestSettings {
    /// Seconds; 0: the clock.
    pub(crate) mock_time: i64,
    /// Seconds.
    pub(crate) max_tip_age_s: i64,
    /// 0: never.
    pub(crate) stop_at_height: i64,
    /// Stop after import.
    pub(crate) stop_after_block_import: bool,
    /// Height of SegWit on regtest; -1 never; `None` default.
    pub(crate) segwit_height: Option<i64>,
    /// `-vbparams` values, regtest only.
    pub(crate) vbparams: Vec<String>,
    /// Version of blocks made on regtest.
    pub(crate) block_version: Option<i32>,
}

fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

fn some(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

impl Settings {
    /// Reads checked options.
    pub(super) fn new(args: &Args) -> Result<Self, InitError> {
        let file = |name: &str| args.absolute(args.get_str(name).as_ref(), true);
        let daemon_wait = args.get_bool("daemonwait");
        let blocks_dir = args.blocks_dir().ok_or_else(|| InitError("no blocks directory".to_owned()))?;
        Ok(Self {
            chain: args.chain(),
            data_dir: args.data_dir(true),
            blocks_dir,
            pid_file: file("pid"),
            daemon: args.get_bool("daemon") || daemon_wait,
            daemon_wait,
            demo: args.get_bool("demo"),
            block_notify: some(args.given("blocknotify")),
            alert_notify: some(args.given("alertnotify")),
            startup_notify: some(args.given("startupnotify")),
            load_block: args.get_all("loadblock").into_iter().map(PathBuf::from).collect(),
            reindex: args.get_bool("reindex"),
            reindex_chainstate: args.get_bool("reindex-chainstate"),
            block_filters: keeps_filters(args),
            dbcache_mib: args.get_int("dbcache"),
            check_blocks: args.get_int("checkblocks"),
            check_level: args.get_int("checklevel"),
            par: args.get_int("par"),
            max_sig_cache_mib: args.get_int("maxsigcachesize"),
            assume_valid: args.given("assumevalid"),
            minimum_chain_work: args
                .given("minimumchainwork")
                .map(|work| work.strip_prefix("0x").map_or(work.clone(), str::to_owned)),
            checkpoints: args.get_bool("checkpoints"),
            log: LogSettings::new(args),
            rpc: args.get_bool("server").then(|| RpcSettings::new(args)).transpose()?,
            net: NetSettings::new(args)?,
            zmq: zmq_notifiers(args),
            policy: PolicySettings::new(args),
            test: TestSettings::new(args)?,
        })
    }
}

fn zmq_notifiers(args: &Args) -> Vec<ZmqNotifier> {
    let mut notifiers = Vec::new();
    for topic in ZMQ_TOPICS {
        let option = format!("zmqpub{topic}");
        let hwm = args.get_int(&format!("{option}hwm"));
        // The reference keeps the low 32 bits; a number beyond them is taken as the nearest instead.
        let hwm = i32::try_from(hwm).unwrap_or(if hwm < 0 { -1 } else { i32::MAX });
        notifiers.extend(args.get_all(&option).into_iter().map(|address| ZmqNotifier { topic, address, hwm }));
    }
    notifiers
}

fn port(args: &Args, name: &str, default: u16) -> Result<u16, InitError> {
    let Some(given) = args.given_int(name) else { return Ok(default) };
    u16::try_from(given).map_err(|_| InitError(format!("Invalid port specified in -{name}: '{given}'")))
}

impl LogSettings {
    fn new(args: &Args) -> Self {
        let mut enable = args.get_all("debug");
        if enable.iter().any(|name| name == "0" || name == "none") {
            enable.clear();
        }
        let disable = args.get_all("debugexclude");
        let path = if args.is_negated("debuglogfile") { "debug.log".to_owned() } else { args.get_str("debuglogfile") };
        let path = args.absolute(path.as_ref(), true);
        let daemon = args.get_bool("daemon") || args.get_bool("daemonwait");
        Self {
            file: (!args.is_negated("debuglogfile")).then(|| path.clone()),
            path,
            to_console: args.given_bool("printtoconsole").unwrap_or(!daemon),
            timestamps: args.get_bool("logtimestamps"),
            time_micros: args.get_bool("logtimemicros"),
            thread_names: args.get_bool("logthreadnames"),
            shrink: args.given_bool("shrinkdebugfile").unwrap_or(enable.is_empty()),
            enable,
            disable,
        }
    }
}

impl RpcSettings {
    fn new(args: &Args) -> Result<Self, InitError> {
        let password = args.get_str("rpcpassword");
        let at_least = |name: &str, least: usize| usize::try_from(args.get_int(name)).unwrap_or(least).max(least);
        Ok(Self {
            bind: args.get_all("rpcbind"),
            port: port(args, "rpcport", args.chain().rpc_port())?,
            allow_ip: args.get_all("rpcallowip"),
            auth: args.get_all("rpcauth"),
            user_password: (!password.is_empty()).then(|| (args.get_str("rpcuser"), password)),
            cookie_file: args.absolute(args.get_str("rpccookiefile").as_ref(), true),
            whitelist: args.get_all("rpcwhitelist"),
            whitelist_default: args.given_bool("rpcwhitelistdefault").unwrap_or(args.is_set("rpcwhitelist")),
            threads: at_least("rpcthreads", 1),
            work_queue: at_least("rpcworkqueue", 1),
            server_timeout_s: unsigned(args.get_int("rpcservertimeout")),
            serial_version: u8::try_from(args.get_int("rpcserialversion")).unwrap_or(2),
            deprecated: args.get_all("deprecatedrpc"),
        })
    }
}

impl NetSettings {
    fn new(args: &Args) -> Result<Self, InitError> {
        let connect = args.is_set("connect").then(|| match args.get_all("connect") {
            peers if peers == ["0"] => Vec::new(),
            peers => peers,
        });
        let listen = args.given_bool("listen").unwrap_or(true);
        let timeout = args.get_int("timeout");
        Ok(Self {
            listen,
            discover: args.given_bool("discover").unwrap_or(true),
            bind: args.get_all("bind"),
            white_bind: args.get_all("whitebind"),
            white_list: args.get_all("whitelist"),
            white_list_relay: args.get_bool("whitelistrelay"),
            white_list_force_relay: args.get_bool("whitelistforcerelay"),
            port: port(args, "port", args.chain().p2p_port())?,
            connect,
            add_node: args.get_all("addnode"),
            seed_node: args.get_all("seednode"),
            dns_seed: args.given_bool("dnsseed").unwrap_or(true),
            force_dns_seed: args.get_bool("forcednsseed"),
            max_upload_target: unsigned(args.get_int("maxuploadtarget")).saturating_mul(1024 * 1024),
            max_time_adjustment_s: args.get_int("maxtimeadjustment"),
            external_ip: args.get_all("externalip"),
            ban_time_s: args.get_int("bantime"),
            dns: args.get_bool("dns"),
            v2_transport: args.given_bool("v2transport").unwrap_or(args.chain() != Chain::Regtest),
            proxy: ProxySettings::new(args)?,
            max_connections: usize::try_from(args.get_int("maxconnections")).unwrap_or(0),
            max_receive_buffer: unsigned(args.get_int("maxreceivebuffer").saturating_mul(1000)),
            max_send_buffer: unsigned(args.get_int("maxsendbuffer").saturating_mul(1000)),
            connect_timeout_ms: if timeout <= 0 { 5000 } else { unsigned(timeout) },
            peer_timeout_s: unsigned(args.get_int("peertimeout")),
            blocks_only: args.get_bool("blocksonly"),
            fee_filter: args.get_bool("feefilter"),
            max_orphans: usize::try_from(args.get_int("maxorphantx")).unwrap_or(0),
            extra_transactions: usize::try_from(args.get_int("blockreconstructionextratxn")).unwrap_or(0),
            active: args.get_bool("networkactive"),
            user_agent: user_agent(&args.get_all("uacomment")),
            serve_block_filters: serves_filters(args),
            bloom_filters: args.get_bool("peerbloomfilters"),
        })
    }
}

impl PolicySettings {
    fn new(args: &Args) -> Self {
        let amount = |name: &str| args.given(name).as_deref().and_then(parse_money);
        let number = |name: &str| unsigned(args.get_int(name));
        let incremental = amount("incrementalrelayfee").unwrap_or(1000);
        let mempool = Policy {
            // Raising the incremental fee alone raises the minimum with it.
            min_relay_fee: FeeRate(amount("minrelaytxfee").unwrap_or(incremental.max(1000))),
            incremental_relay_fee: FeeRate(incremental),
            dust_relay_fee: FeeRate(amount("dustrelayfee").unwrap_or(30_000)),
            require_standard: !args.given_bool("acceptnonstdtxn").unwrap_or(args.chain() == Chain::Test),
            data_carrier: args.get_bool("datacarrier"),
            max_data_carrier_bytes: usize::try_from(args.get_int("datacarriersize")).unwrap_or(0),
            permit_bare_multisig: args.get_bool("permitbaremultisig"),
            bytes_per_sigop: number("bytespersigop"),
            replacement: args.get_bool("mempoolreplacement"),
            max_memory: usize::try_from(args.get_int("maxmempool").saturating_mul(1_000_000)).unwrap_or(0),
            expiry: args.get_int("mempoolexpiry").saturating_mul(60 * 60),
            limits: Limits {
                ancestors: number("limitancestorcount"),
                ancestor_size: number("limitancestorsize").saturating_mul(1000),
                descendants: number("limitdescendantcount"),
                descendant_size: number("limitdescendantsize").saturating_mul(1000),
            },
        };
        let default = MiningPolicy::default();
        let mining = MiningPolicy {
            max_weight: number("blockmaxweight").clamp(4000, default.max_weight),
            min_fee: amount("blockmintxfee").map_or(default.min_fee, FeeRate),
        };
        Self { mempool, mining, persist_mempool: args.get_bool("persistmempool") }
    }
}

impl TestSettings {
    fn new(args: &Args) -> Result<Self, InitError> {
        let regtest = args.chain() == Chain::Regtest;
        let segwit_height = args.given_int("segwitheight").filter(|_| regtest);
        Ok(Self {
            mock_time: args.get_int("mocktime"),
            max_tip_age_s: args.get_int("maxtipage"),
            stop_at_height: args.get_int("stopatheight"),
            stop_after_block_import: args.get_bool("stopafterblockimport"),
            segwit_height,
            vbparams: if regtest { args.get_all("vbparams") } else { Vec::new() },
            block_version: args.given_int("blockversion").and_then(|version| i32::try_from(version).ok()),
        })
    }
}
