//! The Litecoin peer-to-peer protocol as a state machine without sockets.
//!
//! This crate owns what is said to peers and what their words are worth: framing and limits ([`codec`]), the messages
//! ([`message`]), the machine that answers them ([`fsm`]) with its [`orphans`] and requests ([`txrequest`]), the address book ([`addrman`]) and the bans ([`bans`]). It refuses to own sockets, clocks, threads, disks and
//! consensus: a driver feeds [`fsm::Input`]s with the time and a read-only view of the chain ([`chain::Chain`]) and the
//! mempool ([`pool::Pool`]), and carries out the [`fsm::Output`]s, among them to read blocks for peers ([`archive`]). The same inputs, times and seed always give the same outputs.
//!
//! Times are microseconds since the Unix epoch ([`time::Time`]), sizes are bytes, hashes are in internal byte order.
//! Every limit is listed in docs/spec/p2p.md with the test that holds it.

pub mod addrman;
pub mod anchors;
pub mod archive;
pub mod bans;
pub mod bloom;
pub mod chain;
pub mod codec;
pub mod compact;
pub mod data_file;
pub mod fsm;
pub mod message;
pub mod netaddr;
pub mod orphans;
pub mod pool;
pub mod seeds;
pub mod services;
#[cfg(any(test, feature = "simulator"))]
pub mod simulator;
pub mod time;
pub mod txrequest;

pub use addrman::AddrMan;
pub use archive::{Archive, Unserved, Wanted};
pub use bans::BanList;
pub use chain::{BlockEntry, Chain};
pub use codec::{Decoded, Decoder};
pub use fsm::{Command, Config, Fsm, Input, Output, PeerId};
pub use message::Message;
pub use netaddr::{NetAddr, NetService, PeerAddress, SubNet};
pub use pool::{GenTxid, Pool, PoolTx};
pub use services::ServiceFlags;
pub use time::Time;
