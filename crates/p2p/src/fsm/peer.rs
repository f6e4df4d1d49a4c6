//! All that is remembered of one connection. What each part means stands in the file that uses it.

use std::{
    collections::{BTreeSet, VecDeque},
    net::SocketAddr,
    time::Duration,
};

use litecast_primitives::{BlockHash, Height, Txid, U256, Wtxid};

use super::{
    addresses::PeerAddresses,
    compact::CompactState,
    connections::ConnectionType,
    input::{PeerId, Permissions},
    output::DisconnectReason,
    relay::TxRelay,
    stats::Traffic,
};
use crate::{
    bloom::Bloom,
    chain::BlockEntry,
    compact::PartialBlock,
    message::{CompactBlock, Inventory, Message},
    netaddr::NetService,
    services::ServiceFlags,
    time::Time,
};

/// A known block, as far as it never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) hash: BlockHash,
    pub(super) height: Height,
    pub(super) work: U256,
}

impl From<&BlockEntry> for Known {
    fn from(entry: &BlockEntry) -> Self {
        Self { hash: entry.hash, height: entry.height, work: entry.chain_work }
    }
}

/// A block that was asked for.
#[derive(Debug)]
pub(super) struct QueuedBlock {
    pub(super) hash: BlockHash,
    pub(super) height: Height,
    pub(super) partial: PartialDownload,
}

/// What a compact block brought of a block that is under way.
#[derive(Debug, Default)]
pub(super) enum PartialDownload {
    /// There was none.
    #[default]
    None,
    /// The rest was asked for.
    Waiting(Box<PartialBlock>),
    /// It was of no use; the whole block was asked for.
    Spent,
}

impl PartialDownload {
    pub(super) fn is_waiting(&self) -> bool {
        matches!(self, Self::Waiting(_))
    }
}

/// Headers that the engine is looking at.
#[derive(Debug, Clone)]
pub(super) struct PendingHeaders {
    /// The hashes of a short announcement: its blocks will be fetched from who announced them first.
    pub(super) announced: Vec<BlockHash>,
    pub(super) count: usize,
    pub(super) last: BlockHash,
    pub(super) new: bool,
    /// The compact block that brought the header, and when it came.
    pub(super) compact: Option<(Box<CompactBlock>, Time)>,
}

#[derive(Debug, Default)]
pub(super) struct PingState {
    /// Of the ping that waits for its pong.
    pub(super) nonce: Option<u64>,
    pub(super) started: Time,
    pub(super) queued: bool,
    pub(super) last: Option<Duration>,
    pub(super) shortest: Option<Duration>,
}

/// See `eviction.rs`.
#[derive(Debug, Default)]
pub(super) struct ChainSync {
    pub(super) timeout: Option<Time>,
    pub(super) work_header: Option<Known>,
    pub(super) sent_getheaders: bool,
    pub(super) protected: bool,
}

/// A message that waits for its turn.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) message: Message,
    /// Bytes of memory, roughly.
    pub(super) size: usize,
    pub(super) received_at: Time,
}

#[derive(Debug)]
pub(super) struct Peer {
    pub(super) id: PeerId,
    pub(super) name: String,
    pub(super) addr: NetService,
    pub(super) local: Option<SocketAddr>,
    pub(super) kind: ConnectionType,
    pub(super) permissions: Permissions,
    pub(super) connected_at: Time,
    pub(super) traffic: Traffic,
    /// It came through an onion service.
    pub(super) onion: bool,
    /// It misbehaved before it connected: the first to go.
    pub(super) prefer_evict: bool,
    /// Set once; the peer is removed at the end of the step.
    pub(super) closing: Option<DisconnectReason>,

    // Handshake.
    pub(super) our_nonce: u64,
    pub(super) version: i32,
    pub(super) common_version: i32,
    pub(super) services: ServiceFlags,
    pub(super) user_agent: String,
    pub(super) start_height: i32,
    pub(super) wants_txs: bool,
    /// What it wants to hear of; everything without one.
    pub(super) filter: Option<Box<Bloom>>,
    pub(super) addr_local: Option<SocketAddr>,
    pub(super) time_offset: i64,
    pub(super) wtxid_relay: bool,
    pub(super) wants_addrv2: bool,
    pub(super) established: bool,
    pub(super) fee_filter: i64,

    pub(super) ping: PingState,
    pub(super) misbehaviour: u32,
    pub(super) should_discourage: bool,

    // Messages in and out.
    pub(super) inbox: VecDeque<Waiting>,
    pub(super) inbox_bytes: usize,
    pub(super) paused: bool,
    /// Bytes that were given to the driver and have not left. Negative when a report overtakes another.
    pub(super) unsent: i64,

    // What the peer has and what it knows that we have.
    pub(super) best_known: Option<Known>,
    pub(super) last_unknown: Option<BlockHash>,
    pub(super) last_common: Option<Known>,
    pub(super) best_header_sent: Option<Known>,

    // Headers.
    pub(super) sync_started: bool,
    pub(super) headers_timeout: Option<Time>,
    pub(super) unconnecting_headers: u32,
    pub(super) pending_headers: Option<PendingHeaders>,
    pub(super) chain_sync: ChainSync,

    // Blocks.
    pub(super) in_flight: VecDeque<QueuedBlock>,
    pub(super) downloading_since: Time,
    pub(super) stalling_since: Option<Time>,
    /// Blocks at the engine, and their bytes.
    pub(super) submitted: usize,
    pub(super) submitted_bytes: usize,
    pub(super) compact: CompactState,
    /// The block that it last told compactly while it was under way elsewhere, and how often.
    pub(super) guesses: Option<(BlockHash, u8)>,
    pub(super) last_block: Option<Time>,
    /// When it last announced a block with more work than the tip.
    pub(super) last_announcement: Option<Time>,

    // Serving and announcing.
    pub(super) getdata: VecDeque<Inventory>,
    /// Blocks whose filters were asked for.
    pub(super) filters: VecDeque<BlockHash>,
    pub(super) serving: Option<BlockHash>,
    pub(super) continue_hash: Option<BlockHash>,
    pub(super) prefers_headers: bool,
    pub(super) announce: Vec<BlockHash>,
    /// What is read for the peer is a compact block that announces itself.
    pub(super) announcing: bool,
    pub(super) inv_blocks: Vec<BlockHash>,

    pub(super) addresses: PeerAddresses,

    // Transactions. `None`: there are none on this connection.
    pub(super) relay: Option<Box<TxRelay>>,
    /// At the mempool; the next message waits for the verdict.
    pub(super) pending_tx: Option<Wtxid>,
    /// Orphans to try in this peer's turn.
    pub(super) orphan_work: BTreeSet<Txid>,
    pub(super) last_tx: Option<Time>,
}

impl Peer {
    pub(super) fn new(
        id: PeerId,
        name: String,
        (addr, local): (NetService, Option<SocketAddr>),
        kind: ConnectionType,
        permissions: Permissions,
        our_nonce: u64,
        now: Time,
    ) -> Self {
        Self {
            id,
            name,
            addr,
            local,
            kind,
            permissions,
            connected_at: now,
            traffic: Traffic::default(),
            onion: false,
            prefer_evict: false,
            closing: None,
            our_nonce,
            version: 0,
            common_version: 0,
            services: ServiceFlags::NONE,
            user_agent: String::new(),
            start_height: -1,
            wants_txs: false,
            filter: None,
            addr_local: None,
            time_offset: 0,
            wtxid_relay: false,
            wants_addrv2: false,
            established: false,
            fee_filter: 0,
            ping: PingState::default(),
            misbehaviour: 0,
            should_discourage: false,
            inbox: VecDeque::new(),
            inbox_bytes: 0,
            paused: false,
            unsent: 0,
            best_known: None,
            last_unknown: None,
            last_common: None,
            best_header_sent: None,
            sync_started: false,
            headers_timeout: None,
            unconnecting_headers: 0,
            pending_headers: None,
            chain_sync: ChainSync::default(),
            in_flight: VecDeque::new(),
            downloading_since: now,
            stalling_since: None,
            submitted: 0,
            submitted_bytes: 0,
            compact: CompactState::default(),
            guesses: None,
            last_block: None,
            last_announcement: None,
            getdata: VecDeque::new(),
            filters: VecDeque::new(),
            serving: None,
            continue_hash: None,
            prefers_headers: false,
            announce: Vec::new(),
            announcing: false,
            inv_blocks: Vec::new(),
            addresses: PeerAddresses::new(kind, our_nonce, now),
            relay: (kind != ConnectionType::BlockRelay).then(|| Box::new(TxRelay::new(our_nonce))),
            pending_tx: None,
            orphan_work: BTreeSet::new(),
            last_tx: None,
        }
    }

    pub(super) fn is_inbound(&self) -> bool {
        self.kind == ConnectionType::Inbound
    }

    /// Serves no blocks at all (fClient).
    pub(super) fn is_client(&self) -> bool {
        !self.services.has(ServiceFlags::NETWORK) && !self.services.has(ServiceFlags::NETWORK_LIMITED)
    }

    /// Serves recent blocks only (m_limited_node).
    pub(super) fn is_limited(&self) -> bool {
        !self.services.has(ServiceFlags::NETWORK) && self.services.has(ServiceFlags::NETWORK_LIMITED)
    }

    /// Can give witnesses (fHaveWitness).
    pub(super) fn has_witness(&self) -> bool {
        self.services.has(ServiceFlags::WITNESS)
    }

    /// Can give extension blocks (fHaveMWEB).
    pub(super) fn has_mweb(&self) -> bool {
        self.services.has(ServiceFlags::WITNESS | ServiceFlags::MWEB)
    }

    /// One of those that blocks are fetched from first (fPreferredDownload).
    pub(super) fn is_preferred(&self) -> bool {
        self.version != 0
            && (!self.is_inbound() || self.permissions.has(Permissions::NOBAN))
            && self.kind != ConnectionType::AddrFetch
            && !self.is_client()
    }

    /// Marks the peer for removal; the first reason counts.
    pub(super) fn close(&mut self, reason: DisconnectReason) {
        self.closing.get_or_insert(reason);
    }
}
