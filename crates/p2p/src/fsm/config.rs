//! What the operator decides about the network.

use std::{sync::Arc, time::Duration};

use litecast_primitives::{U256, params::Params};

use crate::{
    bans::DEFAULT_MISBEHAVING_BANTIME, netaddr::Network, orphans::DEFAULT_MAX_ORPHAN_TRANSACTIONS,
    services::ServiceFlags,
};

/// Protocol version of v0.21.5.5 (src/version.h).
pub const PROTOCOL_VERSION: i32 = 70017;
/// Longest user agent (v0.21.5.5 src/net.h, MAX_SUBVERSION_LENGTH).
pub const MAX_SUBVERSION_LENGTH: usize = 256;

/// Settings of the machine; they do not change while it runs.
#[derive(Debug, Clone)]
pub struct Config {
    /// The network.
    pub params: Arc<Params>,
    /// Sent in `version`, at most [`MAX_SUBVERSION_LENGTH`] bytes; see [`Config::user_agent`].
    pub user_agent: String,
    /// What this node offers.
    pub services: ServiceFlags,
    /// Asks peers for transactions (`relay` in `version`); the opposite of `-blocksonly`.
    pub relay_transactions: bool,
    /// `-feefilter`: peers are told which fee rates are not wanted.
    pub fee_filter: bool,
    /// `-minrelaytxfee`, in litoshis for 1000 virtual bytes: the fee filter asks for no less.
    pub min_relay_fee: i64,
    /// `-maxorphantx`.
    pub max_orphans: usize,
    /// `-blockreconstructionextratxn`.
    pub extra_transactions: usize,
    /// `-maxconnections`.
    pub max_connections: usize,
    /// `-connect`: only these, for ever. `Some` of nothing is `-connect=0`.
    pub connect: Option<Vec<String>>,
    /// `-addnode`.
    pub add_nodes: Vec<String>,
    /// `-seednode`: asked for addresses, then left.
    pub seed_nodes: Vec<String>,
    /// `-dnsseed`.
    pub dns_seed: bool,
    /// `-forcednsseed`: even with a full address book.
    pub force_dns_seed: bool,
    /// Names are resolved by a proxy: DNS seeds are connected to, not looked up.
    pub name_proxy: bool,
    /// `-maxuploadtarget` in bytes for a day; zero for no limit.
    pub max_upload_target: u64,
    /// `-maxtimeadjustment` in seconds.
    pub max_time_adjustment: i64,
    /// `-listen`: others may connect, so that it makes sense to tell our address.
    pub listen: bool,
    /// The port that others may connect to.
    pub listen_port: u16,
    /// `-discover`: our address may be found out.
    pub discover: bool,
    /// Networks that cannot be connected to (`-onlynet`; Tor without a proxy for it).
    pub unreachable: Vec<Network>,
    /// `-bantime` in seconds.
    pub ban_time: i64,
    /// `-peertimeout`.
    pub peer_timeout: Duration,
    /// `-minimumchainwork`: nothing is downloaded for a chain with less.
    pub minimum_chain_work: U256,
    /// `-maxreceivebuffer` in bytes: a peer whose unhandled messages hold more is not read.
    pub max_receive_buffer: usize,
    /// `-maxsendbuffer` in bytes: a peer that has more to read gets no further answers.
    pub max_send_buffer: usize,
}

impl Config {
    /// The reference's defaults for a network, without transaction relay.
    pub fn new(params: Arc<Params>) -> Self {
        Self {
            minimum_chain_work: params.minimum_chain_work,
            listen: true,
            listen_port: params.port,
            discover: true,
            unreachable: vec![Network::Onion],
            ban_time: DEFAULT_MISBEHAVING_BANTIME,
            params,
            user_agent: Self::user_agent(&[]),
            services: ServiceFlags::OURS,
            relay_transactions: false,
            fee_filter: true,
            min_relay_fee: 1000,
            max_orphans: DEFAULT_MAX_ORPHAN_TRANSACTIONS,
            extra_transactions: 100,
            max_connections: 125,
            connect: None,
            add_nodes: Vec::new(),
            seed_nodes: Vec::new(),
            dns_seed: true,
            force_dns_seed: false,
            name_proxy: false,
            max_upload_target: 0,
            max_time_adjustment: 35 * 60,
            peer_timeout: Duration::from_secs(60),
            max_receive_buffer: 5_000_000,
            max_send_buffer: 1_000_000,
        }
    }

    /// The user agent with `-uacomment`s (v0.21.5.5 src/clientversion.cpp, FormatSubVersion).
    pub fn user_agent(comments: &[String]) -> String {
        let version = env!("CARGO_PKG_VERSION");
        if comments.is_empty() {
            format!("/Litecast:{version}/")
        } else {
            format!("/Litecast:{version}({})/", comments.join("; "))
        }
    }
}
