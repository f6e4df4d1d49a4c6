//! One node, played against by hand: what v0.21.5.5 does is the oracle, read off src/net_processing.cpp, src/net.cpp
//! and its functional tests (p2p_leak.py, p2p_timeouts.py, p2p_sendheaders.py, p2p_invalid_messages.py).

use std::{net::SocketAddr, sync::Arc, time::Duration};

use litecast_primitives::{
    Block, BlockHash,
    params::{Network, Params},
    transaction::Encoding,
};

use super::*;
use crate::{
    archive::{Archive, Unserved, Wanted},
    codec::{Decoded, Decoder, FrameError, Skip},
    message::{InvType, Inventory, Locate, MAX_INV_SZ, MessageError, NetAddress, Version},
    services::ServiceFlags,
    simulator::{
        ToyChain,
        toy_chain::{BAD_BLOCK_NONCE, BAD_HEADER_VERSION, Moved, make_block},
    },
};

mod addresses;
mod block_filters;
mod blocks;
mod bloom;
mod compact;
mod light_client;
mod limits;
mod networks;
mod outbound;
mod peers;
mod relay;
mod transactions;

const START: Time = Time::from_secs(1_700_000_000);
const SECOND: Duration = Duration::from_secs(1);

/// A node under test with its engine and clock. Messages that it sends are decoded again.
struct Bench {
    fsm: Fsm,
    chain: ToyChain,
    now: Time,
    peers: PeerId,
    /// What is asked of the engine and the disk is left to the test.
    by_hand: bool,
    out: Vec<Output>,
}

impl Bench {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::new(Arc::new(Params::new(Network::Regtest)));
        // Its own address would be between all other messages.
        config.listen = false;
        config.fee_filter = false;
        // Nor connections of its own choice.
        config.connect = Some(Vec::new());
        change(&mut config);
        let chain = ToyChain::new(&config.params.genesis);
        let fsm = Fsm::new(config, [7; 32]);
        Self { fsm, chain, now: START, peers: 0, by_hand: false, out: Vec::new() }
    }

    fn step(&mut self, input: Input) {
        self.chain.look_at_clock(self.now);
        let outputs = self.fsm.step(self.now, input, &self.chain);
        self.carry_out(outputs);
    }

    fn command(&mut self, command: Command) -> Result<(), CommandError> {
        let outputs = self.fsm.command(self.now, command, &self.chain)?;
        self.carry_out(outputs);
        Ok(())
    }

    fn carry_out(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            self.out.push(output.clone());
            match output {
                Output::Send { peer, frame, .. } => self.step(Input::Sent { peer, bytes: frame.len() }),
                Output::SubmitHeaders { peer, headers } if !self.by_hand => {
                    let verdict = self.chain.submit_headers(&headers);
                    self.step(Input::HeadersVerdict { peer, verdict });
                }
                Output::SubmitBlock { peer, block, .. } if !self.by_hand => {
                    let (verdict, moved) = self.chain.submit_block(&block);
                    self.step(Input::BlockVerdict { peer, hash: block.hash(), verdict });
                    if let Some(moved) = moved {
                        self.moved(&moved);
                    }
                }
                Output::SubmitTx { peer, tx } if !self.by_hand => {
                    let verdict = self.chain.submit_tx(&tx);
                    self.step(Input::TxVerdict { peer, tx, verdict });
                }
                Output::Broadcast { txid } => self.chain.set_unbroadcast(&txid, false),
                _ => {}
            }
        }
    }

    fn moved(&mut self, moved: &Moved) {
        for _ in 0..moved.disconnected {
            self.step(Input::BlockDisconnected);
        }
        for block in &moved.connected {
            self.step(Input::BlockConnected { block: Arc::clone(block) });
        }
        self.tip_changed(moved.tip, moved.fork);
    }

    fn tip_changed(&mut self, tip: BlockHash, fork: BlockHash) {
        self.chain.look_at_clock(self.now);
        let initial_download = self.chain.is_initial_download();
        self.step(Input::TipChanged { tip, fork, initial_download });
    }

    /// Time passes; the node is woken whenever it asked for it.
    fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(at) = self.fsm.timer.filter(|at| *at <= end && *at > self.now) {
            self.now = at;
            self.step(Input::Tick);
        }
        self.now = end;
        self.step(Input::Tick);
    }

    fn connect(&mut self, origin: Origin, ip: &str) -> PeerId {
        let peer = self.peers;
        self.peers += 1;
        let addr = SocketAddr::new(ip.parse().unwrap(), 19444).into();
        self.step(Input::Connected { peer, addr, local: None, origin, permissions: Permissions::NONE });
        peer
    }

    /// Somebody who is not sent away for others.
    fn inbound_noban(&mut self, ip: &str) -> PeerId {
        let peer = self.peers;
        self.peers += 1;
        let addr = SocketAddr::new(ip.parse().unwrap(), 19444);
        let permissions = Permissions::NOBAN;
        self.step(Input::Connected { peer, addr: addr.into(), local: None, origin: Origin::Inbound, permissions });
        peer
    }

    fn inbound(&mut self) -> PeerId {
        let peer = self.connect(Origin::Inbound, "1.2.3.4");
        self.shake_hands(peer);
        peer
    }

    /// An outbound connection of a kind, with the handshake done.
    fn outbound(&mut self, kind: ConnectionType) -> PeerId {
        let peer = self.outbound_raw(kind);
        self.shake_hands(peer);
        peer
    }

    fn outbound_raw(&mut self, kind: ConnectionType) -> PeerId {
        let name = format!("peer{}", self.peers);
        self.command(Command::AddConnection(name, kind)).unwrap();
        let found = self.out.iter().rev().find_map(|o| match o {
            Output::Connect { attempt, .. } => Some(*attempt),
            _ => None,
        });
        let ip = format!("5.6.7.{}", self.peers);
        self.connect(Origin::Outbound(found.unwrap()), &ip)
    }

    /// The disk has answered: a block of this size, or nothing.
    fn served(&mut self, peer: PeerId, hash: BlockHash, size: Option<usize>) {
        let sent = size.map(|size| (CommandName::BLOCK, size)).ok_or(Unserved::Nothing);
        self.step(Input::Served { peer, hash, sent });
    }

    fn shake_hands(&mut self, peer: PeerId) {
        self.receive(peer, Message::Version(Box::new(version())));
        self.receive(peer, Message::Verack);
    }

    fn receive(&mut self, peer: PeerId, message: Message) {
        let size = HEADER_SIZE + message.encode().len();
        self.step(Input::Received { peer, message, size });
    }

    /// What was sent to a peer since the last look.
    fn sent(&mut self, to: PeerId) -> Vec<Message> {
        let magic = self.fsm.config.params.magic;
        let mut found = Vec::new();
        self.out.retain(|output| match output {
            Output::Send { peer, frame, command } if *peer == to => {
                found.push((*command, frame.slice(HEADER_SIZE..)));
                assert_eq!(frame[..4], magic);
                false
            }
            _ => true,
        });
        found.into_iter().map(|(command, payload)| Message::decode(command, payload).unwrap().unwrap()).collect()
    }

    fn closed(&self, id: PeerId) -> Option<&DisconnectReason> {
        self.out.iter().find_map(|output| match output {
            Output::Disconnect { peer, reason } if *peer == id => Some(reason),
            _ => None,
        })
    }

    fn score(&self, id: PeerId) -> u32 {
        self.fsm.peers(self.now).iter().find(|p| p.id == id).map(|p| p.ban_score).unwrap()
    }

    /// Blocks on top of the node's chain, which do not become known to it.
    fn branch(&self, from: &BlockEntry, count: u32, tag: u64) -> Vec<Arc<Block>> {
        let mut chain = self.chain.clone();
        let mut parent = *from;
        (0..count)
            .map(|_| {
                let time = u32::try_from(self.now.as_secs()).unwrap();
                let block = make_block(&parent, time, 0, tag);
                chain.submit_block(&block);
                parent = chain.entry(&block.hash()).unwrap();
                block
            })
            .collect()
    }

    /// The node mines, and tells everybody.
    fn mine(&mut self, count: u32) -> Vec<Arc<Block>> {
        let blocks = self.branch(&self.chain.tip(), count, 0);
        for block in &blocks {
            if let (_, Some(moved)) = self.chain.submit_block(block) {
                self.moved(&moved);
            }
        }
        blocks
    }
}

fn version() -> Version {
    Version {
        version: PROTOCOL_VERSION,
        services: ServiceFlags::OURS,
        time: START.as_secs() + 3,
        receiver: NetAddress::new(ServiceFlags::NONE, "9.9.9.9:19444".parse().unwrap()),
        sender: NetAddress::none(ServiceFlags::OURS),
        nonce: 4711,
        user_agent: b"/Litecoin<Core>:0.21.5.5/".to_vec(),
        start_height: 0,
        relay: true,
    }
}

fn headers(blocks: &[Arc<Block>]) -> Message {
    Message::Headers(blocks.iter().map(|b| *b.header()).collect())
}

fn names(messages: &[Message]) -> Vec<String> {
    messages.iter().map(ToString::to_string).collect()
}

use crate::chain::BlockEntry;
