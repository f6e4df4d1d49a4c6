//! What `getpeerinfo` and `getnettotals` tell. Nothing here decides anything.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use litecast_primitives::Height;

use super::{
    Fsm,
    connections::ConnectionType,
    input::{PeerId, Permissions},
    peer::Peer,
};
use crate::{
    message::CommandName,
    netaddr::{NetService, Network},
    services::ServiceFlags,
    time::Time,
};

/// Bytes of one connection, or of all.
#[derive(Debug, Clone, Default)]
pub(super) struct Traffic {
    pub(super) sent: u64,
    pub(super) received: u64,
    pub(super) last_send: Option<Time>,
    pub(super) last_receive: Option<Time>,
    sent_per_command: BTreeMap<CommandName, u64>,
    received_per_command: BTreeMap<CommandName, u64>,
}

impl Traffic {
    pub(super) fn count_received(&mut self, command: CommandName, size: usize, now: Time) {
        self.received += size as u64;
        self.last_receive = Some(now);
        // Unknown names share one entry: a peer must not fill the map.
        let name = if command.is_known() { command } else { CommandName::OTHER };
        *self.received_per_command.entry(name).or_default() += size as u64;
    }

    pub(super) fn count_queued(&mut self, command: CommandName, size: usize) {
        *self.sent_per_command.entry(command).or_default() += size as u64;
    }

    pub(super) fn count_sent(&mut self, size: usize, now: Time) {
        self.sent += size as u64;
        self.last_send = Some(now);
    }
}

/// A connection in numbers, named as in `getpeerinfo`.
#[derive(Debug, Clone)]
pub struct PeerInfo {
    /// Number of the connection.
    pub id: PeerId,
    /// `addr`: the name that was connected to, or the address of an inbound peer.
    pub name: String,
    /// The other end.
    pub addr: NetService,
    /// `network`: the one that it is connected through.
    pub network: Network,
    /// `addrbind`: our end.
    pub addr_bind: Option<SocketAddr>,
    /// `addrlocal`: our end as the peer sees it.
    pub addr_local: Option<SocketAddr>,
    /// What it offers.
    pub services: ServiceFlags,
    /// `relaytxes`: it wants transactions.
    pub relay_txes: bool,
    /// When bytes last left.
    pub last_send: Option<Time>,
    /// When a message last came.
    pub last_receive: Option<Time>,
    /// When it last sent a block that was new.
    pub last_block: Option<Time>,
    /// When it last sent a transaction that was let into the mempool.
    pub last_transaction: Option<Time>,
    /// Bytes that left.
    pub bytes_sent: u64,
    /// Bytes that came.
    pub bytes_received: u64,
    /// Since when it is connected.
    pub connected_at: Time,
    /// How far its clock is ahead, seconds.
    pub time_offset: i64,
    /// Last round trip.
    pub ping_time: Option<Duration>,
    /// Shortest round trip.
    pub min_ping: Option<Duration>,
    /// How long a pong is due.
    pub ping_wait: Option<Duration>,
    /// Its protocol version; 0 before its `version`.
    pub version: i32,
    /// `subver`: its user agent, harmless characters only.
    pub user_agent: String,
    /// Why the connection exists.
    pub connection_type: ConnectionType,
    /// Height in its `version`; -1 before.
    pub starting_height: i32,
    /// Misbehaviour so far.
    pub ban_score: u32,
    /// `synced_headers`: height of the best header that we know it has.
    pub synced_headers: Option<Height>,
    /// `synced_blocks`: height of the last block that we both have.
    pub synced_blocks: Option<Height>,
    /// Heights of the blocks that are asked for.
    pub in_flight: Vec<Height>,
    /// Rights.
    pub permissions: Permissions,
    /// Addresses that it told and that were looked at.
    pub addr_processed: u64,
    /// Addresses that it told too fast.
    pub addr_rate_limited: u64,
    /// BIP133: in litoshis per 1000 bytes.
    pub min_fee_filter: i64,
    /// Bytes queued for it, by command.
    pub bytes_sent_per_msg: Vec<(String, u64)>,
    /// Bytes that came, by command; unknown commands under `*other*`.
    pub bytes_received_per_msg: Vec<(String, u64)>,
}

/// Bytes over all connections, past and present.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NetTotals {
    /// Received.
    pub received: u64,
    /// Sent.
    pub sent: u64,
}

fn by_name(counts: &BTreeMap<CommandName, u64>) -> Vec<(String, u64)> {
    counts.iter().map(|(command, bytes)| (command.to_string(), *bytes)).collect()
}

impl Peer {
    fn info(&self, clock: Time) -> PeerInfo {
        PeerInfo {
            id: self.id,
            name: self.name.clone(),
            addr: self.addr,
            network: if self.onion { Network::Onion } else { self.addr.addr.net_class() },
            addr_bind: self.local,
            addr_local: self.addr_local,
            services: self.services,
            relay_txes: self.wants_txs,
            last_send: self.traffic.last_send,
            last_receive: self.traffic.last_receive,
            last_block: self.last_block,
            last_transaction: self.last_tx,
            bytes_sent: self.traffic.sent,
            bytes_received: self.traffic.received,
            connected_at: self.connected_at,
            time_offset: self.time_offset,
            ping_time: self.ping.last,
            min_ping: self.ping.shortest,
            ping_wait: self.ping.nonce.map(|_| clock.since(self.ping.started)),
            version: self.version,
            user_agent: self.user_agent.clone(),
            connection_type: self.kind,
            starting_height: self.start_height,
            ban_score: self.misbehaviour,
            synced_headers: self.best_known.map(|k| k.height),
            synced_blocks: self.last_common.map(|k| k.height),
            in_flight: self.in_flight.iter().map(|b| b.height).collect(),
            permissions: self.permissions,
            addr_processed: self.addresses.processed,
            addr_rate_limited: self.addresses.rate_limited,
            min_fee_filter: self.fee_filter,
            bytes_sent_per_msg: by_name(&self.traffic.sent_per_command),
            bytes_received_per_msg: by_name(&self.traffic.received_per_command),
        }
    }
}

impl Fsm {
    /// The answer to `getpeerinfo`, by number.
    pub fn peers(&self, now: Time) -> Vec<PeerInfo> {
        let clock = self.stopped_clock.unwrap_or(now);
        self.peers.values().map(|p| p.info(clock)).collect()
    }

    /// How many peers there are: inbound, outbound.
    pub fn connection_counts(&self) -> (usize, usize) {
        let inbound = self.peers.values().filter(|p| p.kind == ConnectionType::Inbound).count();
        (inbound, self.peers.len() - inbound)
    }

    /// The answer to `getnettotals`.
    pub fn totals(&self) -> NetTotals {
        self.totals
    }

    /// Bytes of the fullest inbox: the simulator holds them against the limits.
    #[cfg(any(test, feature = "simulator"))]
    pub fn fullest_inbox(&self) -> usize {
        self.peers.values().map(|p| p.inbox_bytes).max().unwrap_or(0)
    }

    /// Blocks under way from the peer that has most of them: the same.
    #[cfg(any(test, feature = "simulator"))]
    pub fn most_blocks_in_flight(&self) -> usize {
        self.peers.values().map(|p| p.in_flight.len()).max().unwrap_or(0)
    }

    /// Whether connections are allowed (`setnetworkactive`).
    pub fn is_network_active(&self) -> bool {
        self.network_active
    }
}
