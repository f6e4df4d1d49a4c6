//! What the methods ask of the node. The daemon implements it; tests have their own.

use std::path::Path;

use litecast_engine::{EngineError, Handle};
use litecast_primitives::transaction::Encoding;

use crate::code::{self, RpcError};
use crate::network::Network;

/// Version of the reference whose interface is spoken, as clients compare it (v0.21.5.5 src/clientversion.h).
pub const REFERENCE_VERSION: i32 = 210_505;

/// The node behind the methods.
pub trait NodeContext: Send + Sync {
    /// Seconds since the start, by the node's clock, which tests can set.
    fn uptime_s(&self) -> i64;

    /// Begins an orderly shutdown and returns at once.
    fn request_shutdown(&self);

    /// The log.
    fn log(&self) -> &dyn LogControl;

    /// The chain; `None` while it is being loaded.
    fn chain(&self) -> Option<&Handle> {
        None
    }

    /// The peer-to-peer side, if there is one.
    fn network(&self) -> Option<&dyn Network> {
        None
    }

    /// What is published over ZeroMQ.
    fn notifiers(&self) -> Vec<ZmqNotifier> {
        Vec::new()
    }

    /// What the operator should know; empty if all is well.
    fn warnings(&self) -> String {
        String::new()
    }

    /// `version` of `getnetworkinfo`: major, minor, revision and build, two digits each.
    fn version(&self) -> i32 {
        REFERENCE_VERSION
    }

    /// `subversion` of `getnetworkinfo`.
    fn user_agent(&self) -> String {
        litecast_p2p::Config::user_agent(&[])
    }

    /// How blocks and transactions are written in hex (`-rpcserialversion`).
    fn encoding(&self) -> Encoding {
        Encoding::Full
    }

    /// Where the mempool is kept between two runs.
    fn mempool_file(&self) -> Option<&Path> {
        None
    }

    /// Whether a deprecated method or field is switched on (`-deprecatedrpc`).
    fn allows_deprecated(&self, _name: &str) -> bool {
        false
    }
}

impl dyn NodeContext + '_ {
    /// The chain.
    ///
    /// # Errors
    /// It is still being loaded.
    pub fn require_chain(&self) -> Result<&Handle, RpcError> {
        self.chain().ok_or_else(|| RpcError::new(code::IN_WARMUP, "Loading block index..."))
    }

    /// The peer-to-peer side.
    ///
    /// # Errors
    /// There is none.
    pub fn require_network(&self) -> Result<&dyn Network, RpcError> {
        let missing = "Error: Peer-to-peer functionality missing or disabled";
        self.network().ok_or_else(|| RpcError::new(code::CLIENT_P2P_DISABLED, missing))
    }
}

/// The machine failed the engine. The reference would have stopped by now.
impl From<EngineError> for RpcError {
    fn from(error: EngineError) -> Self {
        tracing::error!("a call failed: {error}");
        match error {
            EngineError::Stopped => Self::new(code::CLIENT_NOT_CONNECTED, "Shutting down"),
            other => Self::new(code::DATABASE_ERROR, other.to_string()),
        }
    }
}

/// A publisher, as `getzmqnotifications` tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZmqNotifier {
    /// Such as "pubhashblock".
    pub kind: String,
    /// Where it is bound.
    pub address: String,
    /// Messages that may wait for a subscriber.
    pub high_water_mark: i32,
}

/// The log's switches.
pub trait LogControl: Send + Sync {
    /// Switches a debug category on or off; false if there is no such category. "all" and "1" mean all of them, "none" and
    /// "0" no change.
    fn set(&self, category: &str, on: bool) -> bool;

    /// All categories and whether they are on, in the order they are listed.
    fn categories(&self) -> Vec<(&'static str, bool)>;

    /// The log file.
    fn path(&self) -> &Path;
}
