//! The node as RPC methods see it.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use litecast_engine::{Clock, Handle};
use litecast_primitives::transaction::Encoding;
use litecast_rpc::{LogControl, NodeContext, ZmqNotifier, network::Network};

use crate::{
    config::Settings,
    logging::Logger,
    net::NetControl,
    publish::Started,
    shutdown::{Reason, Shutdown},
};

/// How RPC and ZeroMQ write blocks and transactions (`-rpcserialversion`).
pub(crate) fn serialization(settings: &Settings) -> Encoding {
    match settings.rpc.as_ref().map(|rpc| rpc.serial_version) {
        Some(0) => Encoding::Base,
        Some(1) => Encoding::Witness,
        _ => Encoding::Full,
    }
}

/// Where the mempool is kept between two runs.
pub(crate) fn mempool_file(settings: &Settings) -> PathBuf {
    settings.data_dir.join("mempool.dat")
}

pub(crate) struct Context {
    started_at: i64,
    clock: Arc<Clock>,
    logger: Arc<Logger>,
    shutdown: Shutdown,
    engine: OnceLock<Handle>,
    network: OnceLock<NetControl>,
    notifiers: Vec<ZmqNotifier>,
    problems: Vec<String>,
    user_agent: String,
    encoding: Encoding,
    mempool_file: PathBuf,
    deprecated: Vec<String>,
}

impl Context {
    pub(crate) fn new(
        settings: &Settings,
        started: &Started,
        clock: Arc<Clock>,
        logger: Arc<Logger>,
        shutdown: Shutdown,
    ) -> Self {
        Self {
            started_at: Clock::default().now(),
            clock,
            logger,
            shutdown,
            engine: OnceLock::new(),
            network: OnceLock::new(),
            notifiers: started
                .notifiers
                .iter()
                .map(|(kind, address, hwm)| ZmqNotifier {
                    kind: kind.clone(),
                    address: address.clone(),
                    high_water_mark: i32::try_from(*hwm).unwrap_or(i32::MAX),
                })
                .collect(),
            problems: started.problems.clone(),
            user_agent: settings.net.user_agent.clone(),
            encoding: serialization(settings),
            mempool_file: mempool_file(settings),
            deprecated: settings.rpc.as_ref().map_or_else(Vec::new, |rpc| rpc.deprecated.clone()),
        }
    }

    /// The chain is loaded.
    pub(crate) fn set_engine(&self, engine: Handle) {
        let _ = self.engine.set(engine);
    }

    /// The network runs.
    pub(crate) fn set_network(&self, network: NetControl) {
        let _ = self.network.set(network);
    }
}

impl NodeContext for Context {
    fn uptime_s(&self) -> i64 {
        self.clock.now() - self.started_at
    }

    fn request_shutdown(&self) {
        self.shutdown.request(Reason::Asked);
    }

    fn log(&self) -> &dyn LogControl {
        &*self.logger
    }

    fn chain(&self) -> Option<&Handle> {
        self.engine.get()
    }

    fn network(&self) -> Option<&dyn Network> {
        self.network.get().map(|network| network as _)
    }

    fn notifiers(&self) -> Vec<ZmqNotifier> {
        self.notifiers.clone()
    }

    fn warnings(&self) -> String {
        let engine = self.engine.get().and_then(|engine| engine.reader().warning());
        let network = self.network.get().and_then(NetControl::warning);
        self.problems.iter().cloned().chain(network).chain(engine).collect::<Vec<_>>().join("\n")
    }

    fn user_agent(&self) -> String {
        self.user_agent.clone()
    }

    fn encoding(&self) -> Encoding {
        self.encoding
    }

    fn mempool_file(&self) -> Option<&Path> {
        Some(&self.mempool_file)
    }

    fn allows_deprecated(&self, name: &str) -> bool {
        self.deprecated.iter().any(|allowed| allowed == name)
    }
}
