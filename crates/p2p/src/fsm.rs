//! The machine: inputs in, outputs out, one step at a time.
//!
//! A step takes the time, an input and the view of the chain, and returns what is to be done. The messages of one
//! peer are handled in the order in which they came, each after the engine's verdict on the one before, as in the
//! reference; only blocks may wait for their verdicts together, up to [`MAX_SUBMITTED_PER_PEER`]. Messages that have
//! to wait are held in the peer's inbox; when it holds more than `-maxreceivebuffer` the driver is told to stop
//! reading. After its messages a peer is *attended to*, which is one round of the reference's SendMessages.
//!
//! Each sub-protocol has a file: [`mod@connections`], `handshake`, `ping`, `availability`, `headers`, `download`,
//! `compact`, `eviction`, `serve`, `block_filters`, `bloom`, `light_client`, `announce`, `addresses`, `outbound`,
//! `seeding`, `inbound`, `time_data`, `upload`, `misbehaviour`, `banning`, `transactions`, `relay`, `fee_filter`.

mod addresses;
mod announce;
mod availability;
mod banning;
mod block_filters;
mod bloom;
mod compact;
mod config;
pub mod connections;
mod download;
mod eviction;
mod fee_filter;
mod handshake;
mod headers;
mod inbound;
mod input;
mod light_client;
mod misbehaviour;
mod outbound;
mod output;
mod peer;
mod ping;
mod relay;
mod seeding;
mod serve;
mod stats;
mod time_data;
mod transactions;
mod upload;

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    time::Duration,
};

use litecast_primitives::{Amount, BlockHash};
use rand::{Rng, SeedableRng, rngs::StdRng};

pub use addresses::{LocalAddress, LocalScore};
pub use config::{Config, MAX_SUBVERSION_LENGTH, PROTOCOL_VERSION};
pub use connections::{AddedNode, AttemptId, ConnectionType, EncryptionHope};
pub use download::MAX_BLOCKS_IN_TRANSIT_PER_PEER;
pub use input::{
    BlockVerdict, Command, CommandError, Input, LinkEnd, Origin, PeerId, Permissions, Reject, RejectKind, TxReject,
    TxRejectKind, TxVerdict,
};
pub use outbound::MAX_ANCHORS;
pub use output::{DisconnectReason, Output};
pub use relay::MAX_TO_ANNOUNCE;
pub use stats::{NetTotals, PeerInfo};
pub use time_data::CLOCK_WARNING;
pub use transactions::MAX_PEER_TX_ANNOUNCEMENTS;
pub use upload::UploadTarget;

use crate::{
    chain::Chain,
    codec::{HEADER_SIZE, Skip, encode_frame, frame_header},
    message::{CommandName, Message},
    time::Time,
};
use addresses::Addresses;
use connections::Connections;
use download::{Sender, Source};
use outbound::Outbound;
use peer::{Peer, Waiting};
use seeding::Seeding;
use time_data::TimeData;
use transactions::Transactions;
use upload::Upload;

/// Blocks of one peer that wait for a verdict at the same time; more stay in its inbox.
pub const MAX_SUBMITTED_PER_PEER: usize = 16;
/// Bytes of all of these together; a larger block waits for its verdict alone.
pub const MAX_SUBMITTED_BYTES_PER_PEER: usize = 16_000_000;
/// The machine never asks to be woken sooner than this after a step; the reference looks as often.
const MIN_WAKE: Duration = Duration::from_millis(100);

/// What is the same all through a step.
#[derive(Clone, Copy)]
struct Context<'a> {
    /// The machine's clock: connections and downloads run by it.
    now: Time,
    /// The node's clock, which tests can stop: bans, addresses, pings and announcements run by it.
    clock: Time,
    /// The node's clock is stopped at a time.
    stopped: bool,
    /// Unix seconds of the node's clock, moved by what peers say.
    adjusted: i64,
    chain: &'a dyn Chain,
}

impl Context<'_> {
    /// When to wake for a time of the node's clock. A stopped clock does not get there; the driver looks by itself.
    fn wake(&self, at: Time) -> Time {
        if self.stopped { Time::NEVER } else { at }
    }
}

/// Who has to be attended to after an input.
#[derive(Debug, Clone, Copy)]
enum Scope {
    Nobody,
    Peer(PeerId),
    All,
}

/// The protocol machine.
#[derive(Debug)]
pub struct Fsm {
    config: Config,
    rng: StdRng,
    peers: BTreeMap<PeerId, Peer>,
    connections: Connections,
    network_active: bool,
    stopped_clock: Option<Time>,
    totals: NetTotals,
    /// Who was asked for which block; one peer per block.
    in_flight: HashMap<BlockHash, PeerId>,
    /// Blocks at the engine, and the peers that sent them.
    submitted: HashMap<BlockHash, Vec<Sender>>,
    /// Who sent a block first, oldest first: to be punished when it turns out invalid later.
    sources: VecDeque<Source>,
    /// Peers that were asked to announce with compact blocks, the one longest without a new block first; some may be
    /// gone.
    announcers: VecDeque<PeerId>,
    addresses: Addresses,
    transactions: Transactions,
    outbound: Outbound,
    seeding: Seeding,
    time_data: TimeData,
    upload: Upload,
    /// Something changed that concerns the other peers too.
    everyone: bool,
    out: Vec<Output>,
    timer: Option<Time>,
}

impl Fsm {
    /// A machine without peers. The first [`Input::Tick`] opens the configured connections.
    pub fn new(config: Config, seed: [u8; 32]) -> Self {
        Self {
            connections: Connections::new(config.connect.as_deref().unwrap_or_default(), &config.add_nodes),
            addresses: Addresses::new(seed, config.ban_time),
            transactions: Transactions::new(seed),
            outbound: Outbound::new(&config.seed_nodes),
            seeding: Seeding::new(config.dns_seed),
            time_data: TimeData::new(config.max_time_adjustment),
            upload: Upload::default(),
            config,
            rng: StdRng::from_seed(seed),
            peers: BTreeMap::new(),
            network_active: true,
            stopped_clock: None,
            totals: NetTotals::default(),
            in_flight: HashMap::new(),
            submitted: HashMap::new(),
            sources: VecDeque::new(),
            announcers: VecDeque::new(),
            everyone: false,
            out: Vec::new(),
            timer: None,
        }
    }

    /// Takes one input. The outputs are to be carried out in order.
    pub fn step(&mut self, now: Time, input: Input, chain: &dyn Chain) -> Vec<Output> {
        let cx = self.context(now, chain);
        let scope = self.take(cx, input);
        self.finish(cx, scope)
    }

    fn context<'a>(&self, now: Time, chain: &'a dyn Chain) -> Context<'a> {
        let clock = self.stopped_clock.unwrap_or(now);
        Context {
            now,
            clock,
            stopped: self.stopped_clock.is_some(),
            adjusted: clock.as_secs().saturating_add(self.time_data.offset()),
            chain,
        }
    }

    /// The node's clock stands at this time (`-mocktime`, `setmocktime`), or runs.
    pub fn stop_clock(&mut self, at: Option<Time>) {
        self.stopped_clock = at;
    }

    fn take(&mut self, cx: Context<'_>, input: Input) -> Scope {
        match input {
            Input::Connected { peer, addr, local, origin, permissions } => {
                self.on_connected(cx, peer, (addr, local), origin, permissions);
                Scope::Peer(peer)
            }
            Input::ConnectFailed { attempt } => {
                self.on_connect_failed(cx, attempt);
                Scope::Nobody
            }
            Input::Received { peer, message, size } => {
                self.count_received(cx, peer, message.command(), size);
                if let Some(p) = self.peers.get_mut(&peer) {
                    let size = size + message.overhead();
                    p.inbox_bytes += size;
                    p.inbox.push_back(Waiting { message, size, received_at: cx.now });
                }
                Scope::Peer(peer)
            }
            Input::Malformed { peer, command, error, size } => {
                self.count_received(cx, peer, command, size);
                self.on_malformed(peer, command, &error);
                Scope::Peer(peer)
            }
            Input::Skipped { peer, command, size, reason } => {
                // What did not arrive whole is not counted under its name, as nobody knows whose it was.
                let name = if reason == Skip::Unused { command } else { CommandName::OTHER };
                self.count_received(cx, peer, name, size);
                if reason == Skip::Unused {
                    self.on_unused(peer);
                }
                Scope::Peer(peer)
            }
            Input::BadFrame { peer, error } => {
                self.close(peer, DisconnectReason::BadFrame(error));
                Scope::Peer(peer)
            }
            Input::Sent { peer, bytes } => {
                self.totals.sent += bytes as u64;
                self.upload.count(bytes as u64, cx.clock.as_secs());
                let Some(p) = self.peers.get_mut(&peer) else { return Scope::Nobody };
                p.traffic.count_sent(bytes, cx.now);
                let was_full = p.must_read_first(self.config.max_send_buffer);
                p.unsent -= signed(bytes);
                let is_full = p.must_read_first(self.config.max_send_buffer);
                if was_full && !is_full { Scope::Peer(peer) } else { Scope::Nobody }
            }
            Input::Disconnected { peer, reason } => {
                self.close(peer, DisconnectReason::Link(reason));
                Scope::Peer(peer)
            }
            Input::Filtered { peer, hash, found } => {
                self.on_filtered(cx, peer, hash, found);
                Scope::Peer(peer)
            }
            Input::Served { peer, hash, sent } => {
                self.on_served(cx, peer, hash, sent);
                Scope::Peer(peer)
            }
            Input::HeadersVerdict { peer, verdict } => {
                self.on_headers_verdict(cx, peer, verdict);
                Scope::All
            }
            Input::BlockVerdict { peer, hash, verdict } => {
                // The window of every peer may have moved, or the block is to be asked of another.
                self.on_block_verdict(cx, peer, hash, &verdict);
                Scope::All
            }
            Input::TipChanged { tip, fork, initial_download } => {
                self.on_tip_changed(cx, tip, fork, initial_download);
                Scope::All
            }
            Input::LookedUp { host, found } => {
                self.on_looked_up(cx, &host, found);
                Scope::Nobody
            }
            Input::TxVerdict { peer, tx, verdict } => {
                self.on_tx_verdict(cx, peer, &tx, verdict);
                Scope::Peer(peer)
            }
            Input::TxAdded { tx } => {
                self.on_tx_added(cx, &tx);
                Scope::Nobody
            }
            Input::BlockConnected { block } => {
                self.on_block_connected(&block);
                Scope::Nobody
            }
            Input::BlockDisconnected => {
                self.on_block_disconnected();
                Scope::Nobody
            }
            Input::Tick => {
                self.repeat_broadcast(cx);
                Scope::All
            }
        }
    }

    /// Attends to whom it may concern, removes closed peers, opens connections, sets the timer.
    fn finish(&mut self, cx: Context<'_>, scope: Scope) -> Vec<Output> {
        let mut ids = match scope {
            Scope::Nobody => Vec::new(),
            Scope::Peer(id) => vec![id],
            Scope::All => self.peers.keys().copied().collect(),
        };
        self.check_outbound(cx);
        loop {
            for id in ids {
                self.attend(cx, id);
            }
            // What removed peers were asked for may be asked of others; a new peer may be better than an old one.
            if !self.reap(cx) && !std::mem::take(&mut self.everyone) {
                break;
            }
            ids = self.peers.keys().copied().collect();
        }
        self.open_connections(cx);
        let wake = self.next_wake(cx).max(cx.now + MIN_WAKE);
        // A time that stays the same, or is due and was set before, is not set again.
        if wake != Time::NEVER && self.timer.is_none_or(|set| set != wake && (wake < set || set <= cx.now)) {
            self.timer = Some(wake);
            self.out.push(Output::SetTimer { at: wake });
        }
        std::mem::take(&mut self.out)
    }

    /// Handles waiting messages, then does one round of what the reference does in SendMessages.
    fn attend(&mut self, cx: Context<'_>, id: PeerId) {
        loop {
            self.punish(id);
            self.process_getdata(cx, id);
            self.process_filters(id);
            self.work_on_orphans(id);
            let Some(peer) = self.peers.get_mut(&id) else { return };
            if peer.closing.is_some() || !peer.may_handle_next(self.config.max_send_buffer) {
                break;
            }
            let Some(Waiting { message, size, received_at }) = peer.inbox.pop_front() else { break };
            peer.inbox_bytes -= size;
            let payload = size.saturating_sub(HEADER_SIZE);
            tracing::trace!(target: "net", "received: {message} ({payload} bytes) peer={id}");
            self.handle(cx, id, message, received_at);
        }
        self.punish(id);
        self.throttle(id);
        self.check_inactivity(cx, id);
        if self.peers.get(&id).is_some_and(|p| p.established && p.closing.is_none()) {
            self.send_ping(cx, id);
            self.send_addresses(cx, id);
            self.start_header_sync(cx, id);
            self.send_announcements(cx, id);
            self.announce_transactions(cx, id);
            self.check_download(cx, id);
            self.consider_eviction(cx, id);
            self.request_blocks(cx, id);
            self.request_transactions(cx, id);
            self.send_fee_filter(cx, id);
        }
    }

    fn handle(&mut self, cx: Context<'_>, id: PeerId, message: Message, received_at: Time) {
        let Some(message) = self.handshake(cx, id, message) else { return };
        match message {
            Message::Ping(nonce) => self.on_ping(id, nonce),
            Message::Pong(nonce) => self.on_pong(id, nonce, if cx.stopped { cx.clock } else { received_at }),
            Message::SendHeaders => {
                if let Some(peer) = self.peers.get_mut(&id) {
                    peer.prefers_headers = true;
                }
            }
            Message::FeeFilter(rate) => {
                let relays = |peer: &&mut Peer| peer.relay.is_some() && Amount(rate).is_money();
                if let Some(peer) = self.peers.get_mut(&id).filter(relays) {
                    peer.fee_filter = rate;
                }
            }
            Message::GetHeaders(locate) => self.on_getheaders(cx, id, &locate),
            Message::GetBlocks(locate) => self.on_getblocks(cx, id, &locate),
            Message::Headers(headers) => self.on_headers(cx, id, headers),
            Message::Inv(entries) => self.on_inv(cx, id, &entries),
            Message::GetData(entries) => self.on_getdata(id, entries),
            Message::Block(block) => self.on_block(cx, id, block, received_at),
            Message::SendCmpct { announce, version } => self.on_sendcmpct(id, announce, version),
            Message::CmpctBlock(compact) => self.on_cmpctblock(cx, id, compact, received_at),
            Message::GetBlockTxn(request) => self.on_getblocktxn(cx, id, request),
            Message::BlockTxn(answer) => self.on_blocktxn(cx, id, answer, received_at),
            Message::GetMwebUtxos(request) => self.on_getmwebutxos(cx, id, request),
            Message::FilterLoad(filter) => self.on_filterload(id, filter),
            Message::FilterAdd(data) => self.on_filteradd(id, &data),
            Message::FilterClear => self.on_filterclear(id),
            Message::GetCFilters(request) => self.on_getcfilters(cx, id, &request),
            Message::GetCFHeaders(request) => self.on_getcfheaders(cx, id, &request),
            Message::GetCFCheckpt(request) => self.on_getcfcheckpt(cx, id, &request),
            Message::GetAddr => self.on_getaddr(cx, id),
            Message::Addr(told) | Message::AddrV2(told) => self.on_addr(cx, id, told),
            Message::Mempool => self.on_mempool(cx, id),
            Message::Tx(tx) => self.on_tx(cx, id, tx),
            Message::NotFound(entries) => self.on_not_found(id, &entries),
            Message::Version(_) | Message::Verack | Message::WtxidRelay | Message::SendAddrV2 => {
                unreachable!("because the handshake takes these")
            }
        }
    }

    /// Tells the driver to stop or to go on reading.
    fn throttle(&mut self, id: PeerId) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let full = peer.inbox_bytes > self.config.max_receive_buffer;
        if full != peer.paused && peer.closing.is_none() {
            peer.paused = full;
            self.out.push(if full { Output::PauseReading { peer: id } } else { Output::ResumeReading { peer: id } });
        }
    }

    fn count_received(&mut self, cx: Context<'_>, id: PeerId, command: CommandName, size: usize) {
        self.totals.received += size as u64;
        if let Some(peer) = self.peers.get_mut(&id) {
            peer.traffic.count_received(command, size, cx.now);
        }
    }

    fn send(&mut self, id: PeerId, message: &Message) {
        let Some(peer) = self.peers.get_mut(&id).filter(|p| p.closing.is_none()) else { return };
        let command = message.command();
        let frame = encode_frame(self.config.params.magic, message);
        tracing::trace!(target: "net", "sending {command} ({} bytes) peer={id}", frame.len() - HEADER_SIZE);
        peer.traffic.count_queued(command, frame.len());
        peer.unsent += signed(frame.len());
        self.out.push(Output::Send { peer: id, command, frame });
    }

    fn send_payload(&mut self, id: PeerId, command: CommandName, payload: &[u8]) {
        let Some(peer) = self.peers.get_mut(&id).filter(|p| p.closing.is_none()) else { return };
        let mut frame = frame_header(self.config.params.magic, command, payload).to_vec();
        frame.extend_from_slice(payload);
        peer.traffic.count_queued(command, frame.len());
        peer.unsent += signed(frame.len());
        self.out.push(Output::Send { peer: id, command, frame: frame.into() });
    }

    fn close(&mut self, id: PeerId, reason: DisconnectReason) {
        if let Some(peer) = self.peers.get_mut(&id) {
            peer.close(reason);
        }
    }

    /// Forgets closed peers and what they were asked for. True if there were any.
    fn reap(&mut self, cx: Context<'_>) -> bool {
        let gone: Vec<(PeerId, DisconnectReason)> =
            self.peers.values().filter_map(|p| Some((p.id, p.closing.clone()?))).collect();
        let any = !gone.is_empty();
        for (id, reason) in gone {
            let Some(peer) = self.peers.remove(&id) else { continue };
            tracing::debug!(target: "net", peer = id, %reason, "disconnecting peer");
            for block in &peer.in_flight {
                self.in_flight.remove(&block.hash);
            }
            self.learn_connected(cx, &peer);
            self.forget_transactions_of(id, peer.orphan_work);
            self.connections.lost(&peer.name, cx.now);
            self.out.push(Output::Disconnect { peer: id, reason });
        }
        any
    }

    /// When something will have to be done although nothing comes in.
    fn next_wake(&self, cx: Context<'_>) -> Time {
        let peers = self.peers.values().map(|peer| {
            let inactivity = self.next_inactivity(cx, peer);
            if !peer.established {
                return inactivity;
            }
            inactivity
                .min(self.next_download_check(cx, peer))
                .min(self.next_addresses(cx, peer))
                .min(cx.wake(self.next_batch(peer)))
                .min(cx.wake(self.next_fee_filter(peer)))
        });
        let transactions =
            cx.wake(self.transactions.next_request()).min(self.transactions.next_broadcast.unwrap_or(Time::NEVER));
        peers.min().unwrap_or(Time::NEVER).min(self.next_connection(cx)).min(transactions)
    }

    fn random_nonce(&mut self) -> u64 {
        loop {
            let nonce = self.rng.next_u64();
            if nonce != 0 {
                return nonce;
            }
        }
    }
}

impl Peer {
    /// Whether the first waiting message may be handled now.
    fn may_handle_next(&self, max_send_buffer: usize) -> bool {
        if self.pending_tx.is_some() || !self.orphan_work.is_empty() {
            return false;
        }
        if self.pending_headers.is_some()
            || !self.getdata.is_empty()
            || !self.filters.is_empty()
            || self.serving.is_some()
        {
            return false;
        }
        match self.inbox.front().map(|w| &w.message) {
            Some(Message::Block(block)) => {
                let bytes = self.submitted_bytes + block.bytes().len();
                self.submitted == 0
                    || (self.submitted < MAX_SUBMITTED_PER_PEER && bytes <= MAX_SUBMITTED_BYTES_PER_PEER)
            }
            _ => self.submitted == 0 && !self.must_read_first(max_send_buffer),
        }
    }

    /// The peer has so much left to read that it gets no further answers.
    fn must_read_first(&self, max_send_buffer: usize) -> bool {
        self.unsent > signed(max_send_buffer)
    }
}

fn signed(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// Bytes of a `block` message around a block of this many bytes.
pub const fn block_message_size(block: usize) -> usize {
    HEADER_SIZE + block
}

#[cfg(test)]
mod tests;
