//! `version`, `verack` and what is negotiated between them.
//!
//! Until both sides are through, nothing else is sent and nothing else is taken
//! (v0.21.5.5 src/net_processing.cpp, ProcessMessage).

use super::{Context, Fsm, PROTOCOL_VERSION, input::PeerId, output::DisconnectReason};
use crate::{
    fsm::connections::ConnectionType,
    message::{Message, NetAddress, Version},
    services::ServiceFlags,
};

/// Peers older than this are not talked to (v0.21.5.5 src/version.h).
const MIN_PEER_PROTO_VERSION: i32 = 31_800;
/// From here on BIP130.
const SENDHEADERS_VERSION: i32 = 70_012;
/// From here on BIP339, and BIP155 for software that is known to speak it.
const WTXID_RELAY_VERSION: i32 = 70_016;

impl Fsm {
    pub(super) fn send_version(&mut self, cx: Context<'_>, id: PeerId) {
        let Some(peer) = self.peers.get(&id) else { return };
        let receiver = peer.addr.addr.to_legacy().filter(|_| peer.addr.addr.is_routable());
        let receiver = receiver.map_or(NetAddress::none(ServiceFlags::NONE), |ip| NetAddress {
            services: ServiceFlags::NONE,
            ip: ip.into(),
            port: peer.addr.port,
        });
        let mut services = self.config.services;
        if self.offers_bloom(peer) {
            services = services | ServiceFlags::BLOOM;
        }
        let version = Version {
            version: PROTOCOL_VERSION,
            services,
            time: cx.clock.as_secs(),
            receiver,
            sender: NetAddress::none(services),
            nonce: peer.our_nonce,
            user_agent: self.config.user_agent.clone().into_bytes(),
            start_height: i32::try_from(cx.chain.tip().height).unwrap_or(i32::MAX),
            relay: self.config.relay_transactions && peer.kind != ConnectionType::BlockRelay,
        };
        self.send(id, &Message::Version(Box::new(version)));
    }

    /// Takes the messages of the handshake; gives back any other if the handshake is over.
    pub(super) fn handshake(&mut self, cx: Context<'_>, id: PeerId, message: Message) -> Option<Message> {
        let peer = self.peers.get_mut(&id)?;
        match message {
            Message::Version(version) => {
                if peer.version != 0 {
                    self.misbehaving(id, 1, "redundant version message");
                } else {
                    self.on_version(cx, id, &version);
                }
                None
            }
            _ if peer.version == 0 => {
                self.misbehaving(id, 1, "non-version message before version handshake");
                None
            }
            Message::Verack => {
                self.on_verack(id);
                None
            }
            Message::WtxidRelay | Message::SendAddrV2 if peer.established => {
                peer.close(DisconnectReason::LateNegotiation(message.command()));
                None
            }
            Message::WtxidRelay => {
                peer.wtxid_relay |= peer.common_version >= WTXID_RELAY_VERSION;
                None
            }
            Message::SendAddrV2 => {
                peer.wants_addrv2 = true;
                None
            }
            _ if !peer.established => {
                tracing::debug!(target: "net", peer = id, command = %message, "unsupported message prior to verack");
                None
            }
            other => Some(other),
        }
    }

    fn on_version(&mut self, cx: Context<'_>, id: PeerId, version: &Version) {
        // Our own nonces of outbound connections that are not through yet (CheckIncomingNonce).
        let is_ours = |nonce| self.peers.values().any(|p| !p.established && !p.is_inbound() && p.our_nonce == nonce);
        let is_self = is_ours(version.nonce);
        self.learn_services(id, version.services);
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let desirable = version.services.desirable(cx.chain.is_initial_download());
        if peer.kind.expects_services() && !version.services.has(desirable) {
            return peer.close(DisconnectReason::MissingServices);
        }
        if version.version < MIN_PEER_PROTO_VERSION {
            tracing::debug!(target: "net", "peer={id} using obsolete version {}; disconnecting", version.version);
            return peer.close(DisconnectReason::ObsoleteVersion(version.version));
        }
        if peer.is_inbound() && is_self {
            tracing::info!(target: "net", addr = %peer.addr, "connected to self, disconnecting");
            return peer.close(DisconnectReason::SelfConnection);
        }
        peer.version = version.version;
        peer.common_version = version.version.min(PROTOCOL_VERSION);
        peer.services = version.services;
        peer.addr_local = version.receiver.socket_addr();
        peer.user_agent = version.clean_user_agent();
        peer.start_height = version.start_height;
        peer.wants_txs = version.relay;
        peer.time_offset = version.time.max(0).saturating_sub(cx.clock.as_secs());
        tracing::debug!(target: "net", peer = id, subver = peer.user_agent, version = peer.version,
            blocks = peer.start_height, "receive version message");
        let (addr, offset) = (peer.addr.addr, peer.time_offset);
        let common_version = peer.common_version;
        let (inbound, feeler) = (peer.is_inbound(), peer.kind == ConnectionType::Feeler);
        if inbound {
            if let Some(seen) = version.receiver.socket_addr() {
                self.seen_local(&seen.ip().into());
            }
            self.send_version(cx, id);
        }
        if common_version >= WTXID_RELAY_VERSION {
            self.send(id, &Message::WtxidRelay);
            self.send(id, &Message::SendAddrV2);
        }
        self.send(id, &Message::Verack);
        self.greet_with_addresses(cx, id);
        self.time_data.add(addr, offset);
        if feeler {
            self.close(id, DisconnectReason::FeelerDone);
        }
    }

    fn on_verack(&mut self, id: PeerId) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        if peer.established {
            return;
        }
        peer.established = true;
        self.everyone = true;
        if !peer.is_inbound() {
            tracing::info!(target: "net", peer = id, version = peer.version, blocks = peer.start_height,
                "New outbound peer connected");
        }
        if peer.common_version >= SENDHEADERS_VERSION {
            self.send(id, &Message::SendHeaders);
        }
        self.offer_compact_blocks(id);
    }

    /// A command that is not decoded.
    pub(super) fn on_unused(&mut self, id: PeerId) {
        if self.peers.get(&id).is_some_and(|peer| peer.version == 0) {
            self.misbehaving(id, 1, "non-version message before version handshake");
        }
    }
}
