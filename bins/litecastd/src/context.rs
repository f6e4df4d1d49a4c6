//! The node as RPC methods see it.

use std::sync::{Arc, OnceLock};

use litecast_engine::{Clock, Handle};
use litecast_primitives::transaction::Encoding;
use litecast_rpc::{LogControl, NodeContext, RelayPolicy, ZmqNotifier, network::Network};

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
    policy: RelayPolicy,
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
            policy: RelayPolicy {
                min_relay_fee: settings.policy.min_relay_fee,
                incremental_fee: settings.policy.incremental_relay_fee,
                max_mempool_bytes: settings.policy.max_mempool_bytes,
            },
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
        self.problems.iter().cloned().chain(engine).collect::<Vec<_>>().join("\n")
    }

    fn user_agent(&self) -> String {
        self.user_agent.clone()
    }

    fn encoding(&self) -> Encoding {
        self.encoding
    }

    fn relay_policy(&self) -> RelayPolicy {
        self.policy
    }

    fn allows_deprecated(&self, name: &str) -> bool {
        self.deprecated.iter().any(|allowed| allowed == name)
    }
}
