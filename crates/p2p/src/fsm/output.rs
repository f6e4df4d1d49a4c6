//! What the machine asks the driver to do.

use std::sync::Arc;

use bytes::Bytes;
use litecast_primitives::{Block, BlockHash, BlockHeader, Transaction, Txid};

use super::{
    connections::AttemptId,
    input::{LinkEnd, PeerId},
};
use crate::{archive::Wanted, bloom::Bloom, codec::FrameError, message::CommandName, netaddr::NetAddr, time::Time};

/// Why the machine closes a connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DisconnectReason {
    /// We reached ourselves.
    #[error("connected to self")]
    SelfConnection,
    /// Older than v0.21.5.5 src/version.h, MIN_PEER_PROTO_VERSION.
    #[error("using obsolete version {0}")]
    ObsoleteVersion(i32),
    /// An automatic outbound peer lacks services.
    #[error("does not offer the expected services")]
    MissingServices,
    /// A message that belongs between `version` and `verack` came later.
    #[error("{0} received after verack")]
    LateNegotiation(CommandName),
    /// Asked for a service or for something that this node does not offer.
    #[error("{0} is not served")]
    NotServed(CommandName),
    /// A locator with more than 101 hashes.
    #[error("locator size {0}")]
    LocatorTooLong(usize),
    /// The byte stream cannot be followed.
    #[error("{0}")]
    BadFrame(FrameError),
    /// No handshake within `-peertimeout`.
    #[error("version handshake timeout")]
    HandshakeTimeout,
    /// Nothing was sent or received in the first `-peertimeout`.
    #[error("socket no message in first seconds")]
    NoFirstMessage,
    /// Nothing could be sent for 20 minutes.
    #[error("socket sending timeout")]
    SendTimeout,
    /// Nothing was received for 20 minutes.
    #[error("socket receive timeout")]
    ReceiveTimeout,
    /// No pong for 20 minutes.
    #[error("ping timeout")]
    PingTimeout,
    /// Holds back the download window.
    #[error("is stalling block download")]
    BlockStalling,
    /// A block is too long under way.
    #[error("timeout downloading block {0}")]
    BlockTimeout(BlockHash),
    /// The first headers are too long under way.
    #[error("timeout downloading headers")]
    HeadersTimeout,
    /// An outbound peer whose chain is behind ours for too long.
    #[error("old chain")]
    OldChain,
    /// An outbound peer whose chain has too little work.
    #[error("headers chain has insufficient work")]
    InsufficientWork,
    /// Misbehaved.
    #[error("misbehaved")]
    Misbehaved,
    /// It sent transactions although it was told not to.
    #[error("transaction sent in violation of protocol")]
    UnwantedTransaction,
    /// One outbound peer too many, and this one told no new block for longest.
    #[error("extra outbound peer")]
    ExtraOutbound,
    /// Somebody else gets the inbound slot.
    #[error("evicted for another inbound peer")]
    Evicted,
    /// What may be sent in a day is kept for new blocks.
    #[error("historical block serving limit reached")]
    UploadTarget,
    /// No inbound slot is free.
    #[error("connection dropped (full)")]
    Full,
    /// A feeler has seen what it came for.
    #[error("feeler done")]
    FeelerDone,
    /// The peer has told its addresses, and that was all it was for.
    #[error("addr fetch done")]
    AddrFetchDone,
    /// The operator has banned the address.
    #[error("connection dropped (banned)")]
    Banned,
    /// The address misbehaved before and there is hardly room.
    #[error("connection dropped (discouraged)")]
    Discouraged,
    /// The network is switched off.
    #[error("network is not active")]
    NetworkInactive,
    /// The operator asked for it.
    #[error("disconnected by command")]
    Command,
    /// The driver reported that the link is gone.
    #[error("link ended: {0:?}")]
    Link(LinkEnd),
}

/// An output of [`super::Fsm::step`], to be carried out in order.
#[derive(Debug, Clone)]
pub enum Output {
    /// Write these bytes: one framed message. Report the bytes with [`super::Input::Sent`] as they leave.
    Send {
        /// To whom.
        peer: PeerId,
        /// What it is, for the log.
        command: CommandName,
        /// Header and payload.
        frame: Bytes,
    },
    /// Resolve the name (with the network's default port) and connect. Answer with [`super::Input::Connected`] or
    /// [`super::Input::ConnectFailed`].
    Connect {
        /// Number to answer with.
        attempt: AttemptId,
        /// `host`, `host:port`, `ip` or `[ip]:port`, as the operator wrote it.
        target: String,
    },
    /// Resolve the name, which is that of a DNS seed. Answer with [`super::Input::LookedUp`], in any case.
    LookUp {
        /// The name.
        host: String,
    },
    /// Close. The number is forgotten already; inputs for it are ignored. Also given after
    /// [`super::Input::Disconnected`], when nothing is left to close.
    Disconnect {
        /// Which.
        peer: PeerId,
        /// Why.
        reason: DisconnectReason,
    },
    /// Stop reading from a peer: it has sent faster than it can be answered.
    PauseReading {
        /// Which.
        peer: PeerId,
    },
    /// Read again.
    ResumeReading {
        /// Which.
        peer: PeerId,
    },
    /// Check headers, which are continuous and whose parent may be unknown; answer with
    /// [`super::Input::HeadersVerdict`].
    SubmitHeaders {
        /// Who sent them.
        peer: PeerId,
        /// 1 to 2000 of them.
        headers: Vec<BlockHeader>,
    },
    /// Process a block; answer with [`super::Input::BlockVerdict`].
    SubmitBlock {
        /// Who sent it.
        peer: PeerId,
        /// The block, with the bytes that came.
        block: Arc<Block>,
        /// We asked for it: keep it even when it is no candidate for a new tip.
        requested: bool,
        /// When its last byte came.
        received_at: Time,
    },
    /// Offer a transaction to the mempool; answer with [`super::Input::TxVerdict`]. At most one per peer.
    SubmitTx {
        /// Who sent it; for an orphan that is tried again, whose turn it is.
        peer: PeerId,
        /// The transaction, with the bytes that came.
        tx: Arc<Transaction>,
    },
    /// A peer has asked for a transaction that nobody had asked for: it needs no further broadcast
    /// ([`crate::PoolTx::unbroadcast`]).
    Broadcast {
        /// Which.
        txid: Txid,
    },
    /// Make this answer from what is on disk ([`Wanted::answer`]) and send it to the peer; answer with
    /// [`super::Input::Served`]. There is at most one per peer.
    Need {
        /// For whom.
        peer: PeerId,
        /// What.
        wanted: Wanted,
    },
    /// Look at a block through a peer's filter ([`crate::bloom::FilteredBlock::new`]); answer with
    /// [`super::Input::Filtered`]. There is at most one of these and [`Output::Need`] per peer.
    Filter {
        /// Whose filter.
        peer: PeerId,
        /// Which block.
        hash: BlockHash,
        /// The filter.
        filter: Box<Bloom>,
    },
    /// Give [`super::Input::Tick`] at this time or soon after. Replaces the previous time.
    SetTimer {
        /// When.
        at: Time,
    },
    /// The address has misbehaved; the machine remembers it. For the log.
    Discourage {
        /// Which.
        addr: NetAddr,
    },
}
