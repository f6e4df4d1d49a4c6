//! Pings every two minutes, and connections that fell silent (v0.21.5.5 src/net.cpp, InactivityCheck).

use std::time::Duration;

use super::{Context, Fsm, input::PeerId, output::DisconnectReason, peer::Peer};
use crate::{message::Message, time::Time};

/// Between pings (v0.21.5.5 src/net_processing.cpp, PING_INTERVAL).
const PING_INTERVAL: Duration = Duration::from_secs(2 * 60);
/// Silence that ends a connection (v0.21.5.5 src/net.h, TIMEOUT_INTERVAL).
const TIMEOUT_INTERVAL: Duration = Duration::from_secs(20 * 60);
/// Silence that ends a connection to a peer that cannot answer pings.
const OLD_PEER_TIMEOUT: Duration = Duration::from_secs(90 * 60);
/// Above this version pings have numbers (BIP31).
const BIP0031_VERSION: i32 = 60_000;

impl Fsm {
    /// The operator wants all round trips measured.
    pub(super) fn queue_pings(&mut self) {
        for peer in self.peers.values_mut() {
            peer.ping.queued = true;
        }
    }

    pub(super) fn send_ping(&mut self, cx: Context<'_>, id: PeerId) {
        let nonce = self.random_nonce();
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let due = peer.ping.nonce.is_none() && peer.ping.started + PING_INTERVAL < cx.clock;
        if !due && !peer.ping.queued {
            return;
        }
        peer.ping.queued = false;
        peer.ping.started = cx.clock;
        peer.ping.nonce = (peer.common_version > BIP0031_VERSION).then_some(nonce);
        let ping = Message::Ping(peer.ping.nonce);
        self.send(id, &ping);
    }

    pub(super) fn on_ping(&mut self, id: PeerId, nonce: Option<u64>) {
        let with_nonce = self.peers.get(&id).is_some_and(|p| p.common_version > BIP0031_VERSION);
        // A short payload is a malformed message there, and nothing to answer before BIP31.
        if with_nonce && nonce.is_some() {
            self.send(id, &Message::Pong(nonce));
        }
    }

    pub(super) fn on_pong(&mut self, id: PeerId, nonce: Option<u64>, received_at: Time) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let finished = match (peer.ping.nonce, nonce) {
            (Some(sent), Some(got)) if sent == got => {
                let trip = received_at.since(peer.ping.started);
                peer.ping.last = Some(trip);
                peer.ping.shortest = Some(peer.ping.shortest.map_or(trip, |s| s.min(trip)));
                true
            }
            // A zero or no number at all: somebody's bug. The ping is given up.
            (_, None) | (Some(_), Some(0)) => true,
            // Pings overlap, or the pong was not asked for.
            _ => false,
        };
        // The reference's words: its tests look for them.
        let problem = match (peer.ping.nonce, nonce) {
            (_, None) => Some("Short payload"),
            (None, Some(_)) => Some("Unsolicited pong without ping"),
            (Some(sent), Some(got)) if sent == got => None,
            (Some(_), Some(0)) => Some("Nonce zero"),
            _ => Some("Nonce mismatch"),
        };
        if let Some(problem) = problem {
            let (expected, received) = (peer.ping.nonce.unwrap_or(0), nonce.unwrap_or(0));
            let bytes = if nonce.is_some() { 8 } else { 0 };
            tracing::debug!(target: "net",
                "pong peer={id}: {problem}, {expected:x} expected, {received:x} received, {bytes} bytes");
        }
        if finished {
            peer.ping.nonce = None;
        }
    }

    pub(super) fn check_inactivity(&mut self, cx: Context<'_>, id: PeerId) {
        let timeout = self.config.peer_timeout;
        let Some(peer) = self.peers.get_mut(&id) else { return };
        if cx.now.since(peer.connected_at) <= timeout {
            return;
        }
        // The lines are the reference's: its tests look for them.
        let (Some(sent), Some(received)) = (peer.traffic.last_send, peer.traffic.last_receive) else {
            let (got, gave) = (peer.traffic.last_receive.is_some(), peer.traffic.last_send.is_some());
            tracing::debug!(target: "net", "socket no message in first {} seconds, {} {} from {id}",
                timeout.as_secs(), u8::from(got), u8::from(gave));
            return peer.close(DisconnectReason::NoFirstMessage);
        };
        let trip = cx.clock.since(peer.ping.started);
        if cx.now.since(sent) > TIMEOUT_INTERVAL {
            tracing::info!("socket sending timeout: {}s", cx.now.since(sent).as_secs());
            peer.close(DisconnectReason::SendTimeout);
        } else if cx.now.since(received) > peer.receive_timeout() {
            tracing::info!("socket receive timeout: {}s", cx.now.since(received).as_secs());
            peer.close(DisconnectReason::ReceiveTimeout);
        } else if peer.ping.nonce.is_some() && trip > TIMEOUT_INTERVAL {
            tracing::info!("ping timeout: {:.6}s", trip.as_secs_f64());
            peer.close(DisconnectReason::PingTimeout);
        } else if !peer.established {
            tracing::debug!(target: "net", "version handshake timeout from {id}");
            peer.close(DisconnectReason::HandshakeTimeout);
        }
    }

    /// When [`Fsm::check_inactivity`] or [`Fsm::send_ping`] may next do something.
    pub(super) fn next_inactivity(&self, cx: Context<'_>, peer: &Peer) -> Time {
        const AFTER: Duration = Duration::from_micros(1);
        let first = peer.connected_at + self.config.peer_timeout;
        if !peer.established {
            return first + AFTER;
        }
        let ping = match peer.ping.nonce {
            Some(_) => peer.ping.started + TIMEOUT_INTERVAL,
            None => peer.ping.started + PING_INTERVAL,
        };
        let sent = peer.traffic.last_send.map_or(first, |t| t + TIMEOUT_INTERVAL);
        let received = peer.traffic.last_receive.map_or(first, |t| t + peer.receive_timeout());
        cx.wake(ping).min(sent).min(received) + AFTER
    }
}

impl Peer {
    fn receive_timeout(&self) -> Duration {
        if self.common_version > BIP0031_VERSION { TIMEOUT_INTERVAL } else { OLD_PEER_TIMEOUT }
    }
}
