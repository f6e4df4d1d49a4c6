//! What the driver, the engine and the operator tell the machine.

use std::{
    borrow::Cow,
    fmt,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use litecast_primitives::{Block, BlockHash, Transaction};

use super::connections::{AttemptId, ConnectionType};
use crate::{
    archive::Unserved,
    bloom::FilteredBlock,
    codec::{Decoded, FrameError, Skip},
    message::{CommandName, Message, MessageError},
    netaddr::{NetService, SubNet},
};

/// A connection. Chosen by the driver, ascending from 0, never used twice.
pub type PeerId = u64;

/// Rights of a peer (v0.21.5.5 src/net_permissions.h).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Permissions(pub u32);

impl Permissions {
    /// None.
    pub const NONE: Self = Self(0);
    /// May set bloom filters.
    pub const BLOOMFILTER: Self = Self(1 << 1);
    /// May send transactions even with `-blocksonly`.
    pub const RELAY: Self = Self(1 << 3);
    /// Its transactions are always relayed.
    pub const FORCERELAY: Self = Self((1 << 2) | Self::RELAY.0);
    /// Is never punished.
    pub const NOBAN: Self = Self((1 << 4) | Self::DOWNLOAD.0);
    /// May query the mempool.
    pub const MEMPOOL: Self = Self(1 << 5);
    /// May ask for headers during the initial download.
    pub const DOWNLOAD: Self = Self(1 << 6);
    /// May query all addresses.
    pub const ADDR: Self = Self(1 << 7);

    /// Granted without being named: what `getpeerinfo` calls whitelisted. Grants nothing by itself.
    pub const IMPLICIT: Self = Self(1 << 31);

    /// Whether all of `other` is granted.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The names in `getpeerinfo`, in the reference's order.
    pub fn names(self) -> Vec<&'static str> {
        [
            (Self::BLOOMFILTER, "bloomfilter"),
            (Self::NOBAN, "noban"),
            (Self::FORCERELAY, "forcerelay"),
            (Self::RELAY, "relay"),
            (Self::MEMPOOL, "mempool"),
            (Self::DOWNLOAD, "download"),
            (Self::ADDR, "addr"),
        ]
        .into_iter()
        .filter_map(|(flag, name)| self.has(flag).then_some(name))
        .collect()
    }
}

/// Who opened a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// They did.
    Inbound,
    /// They did, on a socket that an onion service leads to (`-bind=...=onion`).
    Onion,
    /// We did, for this [`super::Output::Connect`].
    Outbound(AttemptId),
}

/// Why a header or block was refused (v0.21.5.5 src/consensus/validation.h, BlockValidationResult). The punishment
/// depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RejectKind {
    /// Breaks a rule of consensus.
    Consensus,
    /// Breaks a rule that was added recently.
    RecentConsensusChange,
    /// Was found invalid before.
    CachedInvalid,
    /// Proof of work or time too old: `high-hash`, `bad-diffbits`, `time-too-old`, `bad-version`.
    InvalidHeader,
    /// Its content does not belong to its header.
    Mutated,
    /// Its parent is unknown.
    MissingPrev,
    /// Its parent is invalid.
    InvalidPrev,
    /// Too far in the future: `time-too-new`.
    TimeFuture,
    /// Contradicts a checkpoint.
    Checkpoint,
}

/// A refusal: its category and the reference's reject string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// Category.
    pub kind: RejectKind,
    /// Reject string, for the log.
    pub reason: Cow<'static, str>,
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

/// What became of a submitted block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlockVerdict {
    /// New, and on disk now. If its ancestors are still missing and it turns out invalid later, a second verdict
    /// [`BlockVerdict::Invalid`] may follow.
    New,
    /// Known already.
    Duplicate,
    /// Not asked for and of no use (too little work, too far ahead): not kept.
    Ignored,
    /// Refused.
    Invalid(Reject),
}

/// What a refused transaction says about its sender (v0.21.5.5 src/consensus/validation.h, TxValidationResult).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TxRejectKind {
    /// Breaks a rule of consensus.
    Consensus,
    /// Breaks a rule of consensus that was added recently.
    RecentConsensusChange,
    /// What the inputs spend is not standard; the txid settles that.
    InputsNotStandard,
    /// Against local policy.
    NotStandard,
    /// Too early.
    PrematureSpend,
    /// The witness may have been changed by others.
    WitnessMutated,
    /// The witness is missing.
    WitnessStripped,
    /// Already in the mempool or in the chain.
    Conflict,
    /// Fees, sizes, packages, replacement.
    MempoolPolicy,
}

/// A refusal: its category and the reference's reject string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TxReject {
    /// Category.
    pub kind: TxRejectKind,
    /// Reject string, for the log.
    pub reason: Cow<'static, str>,
}

impl fmt::Display for TxReject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

/// What became of a submitted transaction.
#[derive(Debug, Clone)]
pub enum TxVerdict {
    /// It is in the mempool.
    Accepted {
        /// What it replaced.
        replaced: Vec<Arc<Transaction>>,
    },
    /// It spends what is not known.
    MissingInputs,
    /// Refused.
    Rejected(TxReject),
}

/// Why the connection is gone, as far as the driver knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkEnd {
    /// They closed it.
    Closed,
    /// Reading or writing failed.
    Failed(String),
}

/// An input of [`super::Fsm::step`].
#[derive(Debug, Clone)]
pub enum Input {
    /// A connection is open. Answers [`super::Output::Connect`], or reports an accepted one.
    Connected {
        /// Its number from now on.
        peer: PeerId,
        /// The other end; `[::]:0` where nobody knows it, as a proxy looked the name up.
        addr: NetService,
        /// Our end.
        local: Option<SocketAddr>,
        /// Who opened it.
        origin: Origin,
        /// Rights granted by `-whitelist` or `-whitebind`.
        permissions: Permissions,
    },
    /// Opening a connection failed.
    ConnectFailed {
        /// Which.
        attempt: AttemptId,
    },
    /// A message was read and decoded.
    Received {
        /// From whom.
        peer: PeerId,
        /// The message.
        message: Message,
        /// Bytes on the wire, header included.
        size: usize,
    },
    /// A well-framed message whose payload is not what its command promises.
    Malformed {
        /// From whom.
        peer: PeerId,
        /// Its command.
        command: CommandName,
        /// What is wrong.
        error: MessageError,
        /// Bytes on the wire, header included.
        size: usize,
    },
    /// The decoder skipped a message: a command that is not used, a bad checksum or a bad command.
    Skipped {
        /// From whom.
        peer: PeerId,
        /// Its command.
        command: CommandName,
        /// Bytes on the wire, header included.
        size: usize,
        /// Why.
        reason: Skip,
    },
    /// The byte stream cannot be followed any more.
    BadFrame {
        /// From whom.
        peer: PeerId,
        /// Why.
        error: FrameError,
    },
    /// Bytes left through the socket.
    Sent {
        /// To whom.
        peer: PeerId,
        /// How many since the last report.
        bytes: usize,
    },
    /// A connection that the machine did not ask to close is gone.
    Disconnected {
        /// Which.
        peer: PeerId,
        /// Why.
        reason: LinkEnd,
    },
    /// The answer of a [`super::Output::Need`] was made and handed to the writer of that peer, or could not be.
    Served {
        /// To whom.
        peer: PeerId,
        /// The block that it was about.
        hash: BlockHash,
        /// Command and bytes of the whole message, header included; or why nothing will be sent.
        sent: Result<(CommandName, usize), Unserved>,
    },
    /// Answers [`super::Output::Filter`].
    Filtered {
        /// Whose filter.
        peer: PeerId,
        /// Which block.
        hash: BlockHash,
        /// What it sees; `None` if the block cannot be read.
        found: Option<FilteredBlock>,
    },
    /// Answers [`super::Output::SubmitHeaders`], exactly once. All headers up to the first bad one are known now.
    HeadersVerdict {
        /// Whose headers.
        peer: PeerId,
        /// Good, or why not.
        verdict: Result<(), Reject>,
    },
    /// Answers [`super::Output::SubmitBlock`], exactly once (but see [`BlockVerdict::New`]).
    BlockVerdict {
        /// Who sent it.
        peer: PeerId,
        /// Which.
        hash: BlockHash,
        /// What became of it.
        verdict: BlockVerdict,
    },
    /// The active chain has a new tip. The view shows it already.
    TipChanged {
        /// The new tip.
        tip: BlockHash,
        /// Where the old and the new chain part; the old tip when nothing was disconnected.
        fork: BlockHash,
        /// The node is still catching up: nothing is announced.
        initial_download: bool,
    },
    /// Answers [`super::Output::SubmitTx`], exactly once. If it was accepted the view shows it already.
    TxVerdict {
        /// Who sent it, or whose turn it was.
        peer: PeerId,
        /// The transaction.
        tx: Arc<Transaction>,
        /// What became of it.
        verdict: TxVerdict,
    },
    /// A transaction that no peer sent is in the mempool, or is to be announced again (`sendrawtransaction`). Not for
    /// those of a disconnected block or of `mempool.dat`: nobody tells of these. The view shows it already.
    TxAdded {
        /// The transaction.
        tx: Arc<Transaction>,
    },
    /// A block became part of the active chain. In the order of the chain; before [`Input::TipChanged`].
    BlockConnected {
        /// The block.
        block: Arc<Block>,
    },
    /// A block is no longer part of the active chain.
    BlockDisconnected,
    /// Answers [`super::Output::LookUp`].
    LookedUp {
        /// The name.
        host: String,
        /// Its addresses; none if there is no such name.
        found: Vec<IpAddr>,
    },
    /// The time of [`super::Output::SetTimer`] has come. May be given at any time.
    Tick,
}

impl Input {
    /// What a peer's decoder found: decodes the payload, which may take a while for a block.
    pub fn decoded(peer: PeerId, found: Decoded) -> Self {
        let size = found.size();
        match found {
            Decoded::Skipped { command, reason, .. } => Self::Skipped { peer, command, size, reason },
            Decoded::Frame { command, payload } => match Message::decode(command, payload) {
                Ok(Some(message)) => Self::Received { peer, message, size },
                Ok(None) => Self::Skipped { peer, command, size, reason: Skip::Unused },
                Err(error) => Self::Malformed { peer, command, error, size },
            },
        }
    }
}

/// What an operator may ask for, see [`super::Fsm::command`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// `addnode ADDRESS add`.
    AddNode(String),
    /// `addnode ADDRESS remove`.
    RemoveNode(String),
    /// `addnode ADDRESS onetry`.
    OneTry(String),
    /// `addconnection ADDRESS TYPE` of regtest: an outbound connection of any type.
    AddConnection(String, ConnectionType),
    /// `disconnectnode` by address.
    DisconnectAddress(String),
    /// `disconnectnode` by number.
    DisconnectPeer(PeerId),
    /// `ping`.
    Ping,
    /// `setnetworkactive`.
    SetNetworkActive(bool),
    /// `setban SUBNET add`. The driver writes `banlist.dat` afterwards, as after the next two.
    Ban {
        /// Whom.
        subnet: SubNet,
        /// It was given as one address, not as a range: any ban around it is the same ban.
        address: bool,
        /// Seconds, or the Unix time of the end; zero for `-bantime`.
        time: i64,
        /// `time` is the end.
        absolute: bool,
    },
    /// `setban SUBNET remove`.
    Unban(SubNet),
    /// `clearbanned`.
    ClearBanned,
}

/// Why a command was refused; the texts are the reference's RPC errors.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// `addnode add` of one that is there.
    #[error("Error: Node already added")]
    NodeAlreadyAdded,
    /// `addnode remove` of one that is not there.
    #[error("Error: Node has not been added.")]
    NodeNotAdded,
    /// `disconnectnode` of one that is not there.
    #[error("Node not found in connected nodes")]
    NodeNotConnected,
    /// `addconnection` of one more than there may be.
    #[error("Error: Already at capacity for specified connection type.")]
    AtCapacity,
    /// `setban add` of one that is banned.
    #[error("Error: IP/Subnet already banned")]
    AlreadyBanned,
    /// `setban remove` of one that is not.
    #[error("Error: Unban failed. Requested address/subnet was not previously manually banned.")]
    NotBanned,
}
