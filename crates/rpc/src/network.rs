//! What the network methods ask of the peer-to-peer side. The daemon's driver implements it; tests have their own.

use std::sync::Arc;

use litecast_p2p::{
    Command, NetAddr, NetService, PeerAddress, ServiceFlags, SubNet,
    bans::BanEntry,
    fsm::{AddedNode, CommandError, NetTotals, PeerInfo, UploadTarget},
};
use litecast_primitives::Transaction;

/// An address that others may reach this node at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalAddress {
    /// Address.
    pub address: NetAddr,
    /// Port.
    pub port: u16,
    /// How many reasons there are to believe in it.
    pub score: i32,
}

/// A kind of network: "ipv4", "ipv6" or "onion".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reachability {
    /// Its name.
    pub name: &'static str,
    /// Whether connections are made there; false with another `-onlynet`.
    pub reachable: bool,
    /// `host:port` of its proxy, or empty.
    pub proxy: String,
    /// Whether every connection through the proxy gets credentials of its own.
    pub randomizes_credentials: bool,
}

/// The peer-to-peer side.
pub trait Network: Send + Sync {
    /// Every connection, by number.
    fn peers(&self) -> Vec<PeerInfo>;

    /// The nodes of `addnode`.
    fn added_nodes(&self) -> Vec<AddedNode>;

    /// Carries out a command.
    ///
    /// # Errors
    /// The command does not fit the state of things.
    fn command(&self, command: Command) -> Result<(), CommandError>;

    /// Announces a transaction of a user, which is in the mempool now.
    fn announce(&self, tx: Arc<Transaction>);

    /// The bans of `setban`, in the order of `listbanned`.
    fn bans(&self) -> Vec<(SubNet, BanEntry)> {
        Vec::new()
    }

    /// Addresses from the address book: at most so many, or all for zero.
    fn node_addresses(&self, _max: usize) -> Vec<PeerAddress> {
        Vec::new()
    }

    /// Adds an address to the book, as if it had told itself; false if it was known or found no place.
    fn add_address(&self, _service: NetService) -> bool {
        false
    }

    /// Bytes over all connections since the start.
    fn totals(&self) -> NetTotals;

    /// What `-maxuploadtarget` leaves.
    fn upload_target(&self) -> UploadTarget {
        UploadTarget::NONE
    }

    /// How many peers there are: inbound, outbound.
    fn connections(&self) -> (usize, usize);

    /// Whether connections are allowed.
    fn is_active(&self) -> bool;

    /// What this node says it can do.
    fn local_services(&self) -> ServiceFlags;

    /// Where this node can be reached, as far as it knows.
    fn local_addresses(&self) -> Vec<LocalAddress>;

    /// Whether peers are asked for transactions (not with `-blocksonly`).
    fn relays_transactions(&self) -> bool;

    /// How far the clocks of the peers are ahead, seconds (v0.21.5.5 src/timedata.cpp, GetTimeOffset).
    fn time_offset_s(&self) -> i64 {
        0
    }

    /// The kinds of networks.
    fn reachability(&self) -> Vec<Reachability> {
        [("ipv4", true), ("ipv6", true), ("onion", false)]
            .map(|(name, reachable)| Reachability {
                name,
                reachable,
                proxy: String::new(),
                randomizes_credentials: false,
            })
            .into()
    }
}
