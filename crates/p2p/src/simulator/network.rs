//! Nodes, links and time.
//!
//! Invariants, checked all the time: a node sends nothing but the handshake before it has the other's `verack`; never
//! more than 16 blocks are under way from one peer; a peer's inbox holds no more than `-maxreceivebuffer` and what
//! was on its way when reading was paused; announcements, orphans and transactions at the mempool keep their limits; a disk read is asked for once at a time for each peer; a clean decoder
//! never breaks.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use litecast_primitives::{Block, BlockHash, Transaction, Txid};
use rand::{Rng, RngExt, SeedableRng, rngs::StdRng};

use super::toy_chain::{Moved, ToyChain, make_block_of, make_transaction};
use crate::{
    archive::{Unserved, Wanted},
    chain::Chain,
    codec::{Decoder, frame_header},
    fsm::{
        AttemptId, Command, Config, ConnectionType, DisconnectReason, Fsm, Input, LinkEnd,
        MAX_BLOCKS_IN_TRANSIT_PER_PEER, MAX_PEER_TX_ANNOUNCEMENTS, Origin, Output, PeerId, Permissions, TxVerdict,
    },
    message::CommandName,
    pool::Pool,
    time::Time,
};

/// How a node keeps to the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// As it should.
    Honest,
    /// Never answers a request for a block.
    Staller,
    /// Announces transactions and never gives one.
    Withholder,
}

/// The longest message between nodes here, in bytes: 2000 headers.
const MAX_HEADERS_MESSAGE: usize = 200_000;

#[derive(Debug)]
enum Event {
    Step(usize, Input),
    Bytes { link: usize, side: usize, bytes: Bytes },
    Arrive { node: usize, attempt: AttemptId, target: usize },
    Block { node: usize, peer: PeerId, block: Arc<Block> },
    Tx { node: usize, peer: PeerId, tx: Arc<Transaction> },
    Headers { node: usize, input: PeerId, headers: Vec<litecast_primitives::BlockHeader> },
    Disk { node: usize, peer: PeerId, wanted: Wanted },
    Release { link: usize, side: usize },
    Hang { link: usize },
}

#[derive(Debug)]
struct End {
    node: usize,
    peer: PeerId,
    decoder: Decoder,
    /// The other's `verack` came.
    ready: bool,
    paused: bool,
    held: Vec<Bytes>,
    /// Bytes to this end arrive in order.
    last_arrival: Time,
}

#[derive(Debug)]
struct Link {
    ends: [End; 2],
    open: bool,
}

#[derive(Debug)]
struct Node {
    fsm: Fsm,
    chain: ToyChain,
    behaviour: Behaviour,
    timer: Time,
    next_peer: PeerId,
    links: HashMap<PeerId, (usize, usize)>,
    served: usize,
    reading: HashSet<PeerId>,
}

/// The network. Times are virtual.
#[derive(Debug)]
pub struct Simulator {
    rng: StdRng,
    now: Time,
    sequence: u64,
    queue: BTreeMap<(Time, u64), Event>,
    nodes: Vec<Node>,
    links: Vec<Link>,
    /// Which side of a partition each node is on.
    islands: Vec<usize>,
    latency: (u64, u64),
    config: Config,
    genesis: Arc<Block>,
    /// Why connections were closed, by node.
    pub closed: Vec<(usize, DisconnectReason)>,
}

impl Simulator {
    /// A network without nodes; `latency` in milliseconds, from and to.
    pub fn new(seed: u64, config: Config, start: Time, latency: (u64, u64)) -> Self {
        Self {
            rng: StdRng::seed_from_u64(seed),
            now: start,
            sequence: 0,
            queue: BTreeMap::new(),
            nodes: Vec::new(),
            links: Vec::new(),
            islands: Vec::new(),
            latency,
            genesis: Arc::clone(&config.params.genesis),
            config,
            closed: Vec::new(),
        }
    }

    /// The time.
    pub fn now(&self) -> Time {
        self.now
    }

    /// Random numbers of this run.
    pub fn rng(&mut self) -> &mut StdRng {
        &mut self.rng
    }

    /// Adds a node with nothing but the genesis block.
    pub fn add_node(&mut self, behaviour: Behaviour) -> usize {
        let mut seed = [0; 32];
        self.rng.fill_bytes(&mut seed);
        self.nodes.push(Node {
            fsm: Fsm::new(self.config.clone(), seed),
            chain: ToyChain::new(&self.genesis),
            behaviour,
            timer: Time::NEVER,
            next_peer: 0,
            links: HashMap::new(),
            served: 0,
            reading: HashSet::new(),
        });
        self.islands.push(0);
        self.nodes.len() - 1
    }

    /// A node's chain.
    pub fn chain(&self, node: usize) -> &ToyChain {
        &self.nodes[node].chain
    }

    /// A node's machine.
    pub fn fsm(&self, node: usize) -> &Fsm {
        &self.nodes[node].fsm
    }

    /// Blocks that a node sent to others.
    pub fn served(&self, node: usize) -> usize {
        self.nodes[node].served
    }

    /// A name that [`Command::AddNode`] understands here.
    pub fn name(node: usize) -> String {
        format!("node{node}")
    }

    /// An operator's command.
    pub fn command(&mut self, node: usize, command: Command) {
        let n = &mut self.nodes[node];
        let outputs = n.fsm.command(self.now, command, &n.chain).expect("because scenarios give sensible commands");
        self.carry_out(node, outputs);
    }

    /// Connects for as long as the simulation lasts.
    pub fn add_peer(&mut self, node: usize, to: usize) {
        self.command(node, Command::AddNode(Self::name(to)));
    }

    /// Connects once, as an automatic outbound connection.
    pub fn connect_outbound(&mut self, node: usize, to: usize) {
        self.command(node, Command::AddConnection(Self::name(to), ConnectionType::OutboundFullRelay));
    }

    /// Gives a node blocks as if it had mined them.
    pub fn mine(&mut self, node: usize, count: usize) -> BlockHash {
        for _ in 0..count {
            let parent = self.nodes[node].chain.tip();
            let time = u32::try_from(self.now.as_secs()).expect("because the simulated time is before 2106");
            let tag = self.rng.next_u64();
            let transactions: Vec<_> = (0..self.rng.random_range(0..4)).map(|n| make_transaction(tag, n)).collect();
            for other in &mut self.nodes {
                // Relay is not complete: some nodes have not seen some of them.
                let seen = transactions.iter().filter(|_| self.rng.random_ratio(2, 3));
                seen.for_each(|tx| other.chain.add_to_pool(tx));
            }
            let block = make_block_of(&parent, time, 0, tag, transactions, None);
            self.give_block(node, &block);
        }
        self.nodes[node].chain.tip().hash
    }

    /// Gives a node a block that comes from no peer.
    pub fn give_block(&mut self, node: usize, block: &Arc<Block>) {
        let (_, moved) = self.nodes[node].chain.submit_block(block);
        self.tip_moved(node, moved);
    }

    /// Gives a node a transaction that a compact block may be made of.
    pub fn add_to_pool(&mut self, node: usize, tx: &Arc<Transaction>) {
        self.nodes[node].chain.add_to_pool(tx);
    }

    /// Gives a node a transaction by RPC. True if its mempool took it.
    pub fn send_transaction(&mut self, node: usize, tx: &Arc<Transaction>) -> bool {
        let chain = &mut self.nodes[node].chain;
        chain.look_at_clock(self.now);
        let accepted = matches!(chain.submit_tx(tx), TxVerdict::Accepted { .. });
        if accepted {
            chain.set_unbroadcast(&tx.txid(), true);
            self.step(node, Input::TxAdded { tx: Arc::clone(tx) });
        }
        accepted
    }

    /// Ids of a node's mempool.
    pub fn mempool(&self, node: usize) -> BTreeSet<Txid> {
        self.nodes[node].chain.all().iter().map(|entry| entry.tx.txid()).collect()
    }

    /// A node mines all that it has.
    pub fn mine_mempool(&mut self, node: usize) -> BlockHash {
        let chain = &self.nodes[node].chain;
        let transactions = chain.all().into_iter().map(|entry| entry.tx).collect();
        let (parent, tag) = (chain.tip(), self.rng.next_u64());
        let time = u32::try_from(self.now.as_secs()).expect("because the simulated time is before 2106");
        let block = make_block_of(&parent, time, 0, tag, transactions, None);
        self.give_block(node, &block);
        block.hash()
    }

    /// Cuts the network in two, or heals it: links across are lost, new ones fail.
    pub fn partition(&mut self, islands: Vec<usize>) {
        self.islands = islands;
        for link in 0..self.links.len() {
            let [a, b] = [self.links[link].ends[0].node, self.links[link].ends[1].node];
            if self.islands[a] != self.islands[b] {
                self.cut(link);
            }
        }
    }

    /// Loses one open link by chance.
    pub fn lose_a_link(&mut self) {
        let open: Vec<usize> = (0..self.links.len()).filter(|l| self.links[*l].open).collect();
        if !open.is_empty() {
            let chosen = open[self.rng.random_range(0..open.len())];
            self.cut(chosen);
        }
    }

    /// Runs for a time.
    pub fn run_for(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            let timer = (0..self.nodes.len()).min_by_key(|n| self.nodes[*n].timer);
            let timer = timer.map(|n| (self.nodes[n].timer, n)).filter(|(t, _)| *t <= end);
            let event = self.queue.first_key_value().map(|((t, _), _)| *t).filter(|t| *t <= end);
            match (event, timer) {
                (event, Some((at, node))) if event.is_none_or(|e| at < e) => {
                    self.now = self.now.max(at);
                    self.nodes[node].timer = Time::NEVER;
                    self.step(node, Input::Tick);
                }
                (Some(_), _) => {
                    let ((at, _), event) = self.queue.pop_first().expect("because it was just seen");
                    self.now = self.now.max(at);
                    self.happen(event);
                }
                (None, _) => break,
            }
        }
        self.now = end;
    }

    fn later(&mut self, at: Time, event: Event) {
        self.sequence += 1;
        self.queue.insert((at, self.sequence), event);
    }

    fn delay(&mut self) -> Duration {
        Duration::from_millis(self.rng.random_range(self.latency.0..=self.latency.1))
    }

    fn cut(&mut self, link: usize) {
        if !std::mem::replace(&mut self.links[link].open, false) {
            return;
        }
        for side in 0..2 {
            let End { node, peer, .. } = self.links[link].ends[side];
            self.nodes[node].links.remove(&peer);
            let at = self.now;
            self.later(at, Event::Step(node, Input::Disconnected { peer, reason: LinkEnd::Closed }));
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Step(node, input) => self.step(node, input),
            Event::Bytes { link, side, bytes } => self.deliver(link, side, bytes),
            Event::Arrive { node, attempt, target } => self.arrive(node, attempt, target),
            Event::Headers { node, input, headers } => {
                let verdict = self.nodes[node].chain.submit_headers(&headers);
                self.step(node, Input::HeadersVerdict { peer: input, verdict });
            }
            Event::Block { node, peer, block } => {
                let (verdict, moved) = self.nodes[node].chain.submit_block(&block);
                self.step(node, Input::BlockVerdict { peer, hash: block.hash(), verdict });
                self.tip_moved(node, moved);
            }
            Event::Tx { node, peer, tx } => {
                self.nodes[node].chain.look_at_clock(self.now);
                let verdict = self.nodes[node].chain.submit_tx(&tx);
                self.step(node, Input::TxVerdict { peer, tx, verdict });
            }
            Event::Disk { node, peer, wanted } => self.read(node, peer, &wanted),
            Event::Release { link, side } => {
                for bytes in std::mem::take(&mut self.links[link].ends[side].held) {
                    self.deliver(link, side, bytes);
                }
            }
            Event::Hang { link } => self.cut(link),
        }
    }

    fn tip_moved(&mut self, node: usize, moved: Option<Moved>) {
        let Some(Moved { tip, fork, disconnected, connected }) = moved else { return };
        for _ in 0..disconnected {
            self.step(node, Input::BlockDisconnected);
        }
        for block in connected {
            self.step(node, Input::BlockConnected { block });
        }
        self.nodes[node].chain.look_at_clock(self.now);
        let initial_download = self.nodes[node].chain.is_initial_download();
        self.step(node, Input::TipChanged { tip, fork, initial_download });
    }

    fn step(&mut self, node: usize, input: Input) {
        let n = &mut self.nodes[node];
        n.chain.look_at_clock(self.now);
        let outputs = n.fsm.step(self.now, input, &n.chain);
        assert!(n.fsm.most_blocks_in_flight() <= MAX_BLOCKS_IN_TRANSIT_PER_PEER, "too many blocks in flight");
        let (announced, orphans, submitted) = n.fsm.transaction_load();
        assert!(announced <= MAX_PEER_TX_ANNOUNCEMENTS, "too many announcements are remembered");
        assert!(orphans <= self.config.max_orphans, "too many orphans");
        assert!(submitted as u64 <= n.next_peer, "more transactions at the mempool than there are peers");
        // The rest of the chunk that was read when the pause began is one message at most.
        let room = self.config.max_receive_buffer + 2 * MAX_HEADERS_MESSAGE;
        assert!(n.fsm.fullest_inbox() <= room, "an inbox is too full");
        self.carry_out(node, outputs);
    }

    fn carry_out(&mut self, node: usize, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Send { peer, command, frame } => self.send(node, peer, command, &frame),
                Output::Connect { attempt, target } => {
                    let target = target.trim_start_matches("node").parse().expect("because names are numbers here");
                    let at = self.now + self.delay();
                    self.later(at, Event::Arrive { node, attempt, target });
                }
                Output::Disconnect { peer, reason } => {
                    self.closed.push((node, reason));
                    if let Some(&(link, _)) = self.nodes[node].links.get(&peer) {
                        let at = self.now + self.delay();
                        self.later(at, Event::Hang { link });
                    }
                }
                Output::PauseReading { peer } => self.set_paused(node, peer, true),
                Output::ResumeReading { peer } => self.set_paused(node, peer, false),
                Output::SubmitHeaders { peer, headers } => {
                    let at = self.now + Duration::from_millis(self.rng.random_range(0..20));
                    self.later(at, Event::Headers { node, input: peer, headers });
                }
                Output::SubmitBlock { peer, block, .. } => {
                    let at = self.now + Duration::from_millis(self.rng.random_range(0..20));
                    self.later(at, Event::Block { node, peer, block });
                }
                Output::SubmitTx { peer, tx } => {
                    let at = self.now + Duration::from_millis(self.rng.random_range(0..20));
                    self.later(at, Event::Tx { node, peer, tx });
                }
                Output::Broadcast { txid } => self.nodes[node].chain.set_unbroadcast(&txid, false),
                Output::Need { peer, wanted } => {
                    assert!(self.nodes[node].reading.insert(peer), "two disk reads for one peer");
                    if self.nodes[node].behaviour != Behaviour::Staller {
                        let at = self.now + Duration::from_millis(self.rng.random_range(0..5));
                        self.later(at, Event::Disk { node, peer, wanted });
                    }
                }
                // The toy nodes have no filters.
                Output::Filter { .. } => panic!("a filter that nobody gave"),
                Output::SetTimer { at } => {
                    assert!(at > self.now, "a timer in the past");
                    self.nodes[node].timer = at;
                }
                Output::Discourage { .. } => {}
                Output::LookUp { .. } => panic!("there are no seeds here"),
            }
        }
    }

    fn set_paused(&mut self, node: usize, peer: PeerId, paused: bool) {
        let Some(&(link, side)) = self.nodes[node].links.get(&peer) else { return };
        let end = &mut self.links[link].ends[side];
        end.paused = paused;
        if !paused {
            let at = self.now;
            self.later(at, Event::Release { link, side });
        }
    }

    fn send(&mut self, node: usize, peer: PeerId, command: CommandName, frame: &Bytes) {
        let Some(&(link, side)) = self.nodes[node].links.get(&peer) else { return };
        let early = [
            CommandName::VERSION,
            CommandName::VERACK,
            CommandName::WTXIDRELAY,
            CommandName::SENDADDRV2,
            CommandName::GETADDR,
        ];
        let ready = self.links[link].ends[side].ready;
        assert!(ready || early.contains(&command), "{command} before the handshake is over");
        let at = self.now;
        self.later(at, Event::Step(node, Input::Sent { peer, bytes: frame.len() }));
        if command == CommandName::TX && self.nodes[node].behaviour == Behaviour::Withholder {
            return;
        }
        let arrival = (self.now + self.delay()).max(self.links[link].ends[1 - side].last_arrival);
        self.links[link].ends[1 - side].last_arrival = arrival;
        // TCP knows nothing of messages.
        let middle = self.rng.random_range(0..=frame.len());
        for bytes in [frame.slice(..middle), frame.slice(middle..)] {
            self.later(arrival, Event::Bytes { link, side: 1 - side, bytes });
        }
    }

    fn deliver(&mut self, link: usize, side: usize, bytes: Bytes) {
        if !self.links[link].open {
            return;
        }
        let end = &mut self.links[link].ends[side];
        // What comes while older bytes are held has to wait behind them; the release empties the list first.
        if end.paused || !end.held.is_empty() {
            end.held.push(bytes);
            return;
        }
        end.decoder.push(&bytes);
        loop {
            let end = &mut self.links[link].ends[side];
            let Some(found) = end.decoder.next().expect("because nodes speak properly") else { break };
            let (node, peer) = (end.node, end.peer);
            let input = Input::decoded(peer, found);
            if let Input::Received { message, .. } = &input
                && message.command() == CommandName::VERACK
            {
                end.ready = true;
            }
            self.step(node, input);
        }
    }

    fn arrive(&mut self, node: usize, attempt: AttemptId, target: usize) {
        if self.islands[node] != self.islands[target] || self.rng.random_ratio(1, 20) {
            return self.step(node, Input::ConnectFailed { attempt });
        }
        let link = self.links.len();
        let mut ends = Vec::new();
        let mut inputs = Vec::new();
        let sides = [(node, target, Origin::Outbound(attempt)), (target, node, Origin::Inbound)];
        for (side, (me, other, origin)) in sides.into_iter().enumerate() {
            let peer = self.nodes[me].next_peer;
            self.nodes[me].next_peer += 1;
            self.nodes[me].links.insert(peer, (link, side));
            ends.push(End {
                node: me,
                peer,
                decoder: Decoder::new(self.config.params.magic),
                ready: false,
                paused: false,
                held: Vec::new(),
                last_arrival: self.now,
            });
            let last = u8::try_from(other).expect("because there are few nodes");
            let port = if origin == Origin::Inbound { 50_000 } else { 19_444 };
            let addr = SocketAddr::new(Ipv4Addr::new(10, 0, 0, last).into(), port).into();
            let permissions = Permissions::NONE;
            inputs.push((me, Input::Connected { peer, addr, local: None, origin, permissions }));
        }
        let ends = ends.try_into().expect("because a link has two ends");
        self.links.push(Link { ends, open: true });
        for (node, input) in inputs {
            self.step(node, input);
        }
    }

    fn read(&mut self, node: usize, peer: PeerId, wanted: &Wanted) {
        self.nodes[node].reading.remove(&peer);
        let hash = wanted.block();
        let sent = match wanted.answer(&self.nodes[node].chain) {
            Ok((command, payload)) => {
                let mut frame = frame_header(self.config.params.magic, command, &payload).to_vec();
                frame.extend_from_slice(&payload);
                let size = frame.len();
                self.nodes[node].served += usize::from(command == CommandName::BLOCK);
                self.send(node, peer, command, &frame.into());
                Ok((command, size))
            }
            Err(unserved) => {
                assert_ne!(unserved, Unserved::BadIndexes, "nodes ask for what is there");
                Err(unserved)
            }
        };
        self.step(node, Input::Served { peer, hash, sent });
    }
}
