//! Scores and their consequence (v0.21.5.5 src/net_processing.cpp, Misbehaving, MaybePunishNodeForBlock,
//! MaybeDiscourageAndDisconnect).
//!
//! At 100 a peer is disconnected and its address discouraged. Peers that the operator named and peers with `noban`
//! are only logged; a local address is disconnected but not discouraged.

use super::{
    Fsm,
    connections::ConnectionType,
    input::{PeerId, Permissions, Reject, RejectKind},
    output::{DisconnectReason, Output},
};
use crate::message::{CommandName, MessageError};

/// v0.21.5.5 src/net_processing.h
pub(super) const DISCOURAGEMENT_THRESHOLD: u32 = 100;

impl Fsm {
    pub(super) fn misbehaving(&mut self, id: PeerId, score: u32, why: &str) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let before = peer.misbehaviour;
        peer.misbehaviour = before.saturating_add(score);
        let exceeded = before < DISCOURAGEMENT_THRESHOLD && peer.misbehaviour >= DISCOURAGEMENT_THRESHOLD;
        peer.should_discourage |= exceeded;
        tracing::debug!(target: "net", peer = id, before, after = peer.misbehaviour, exceeded, "Misbehaving: {why}");
    }

    /// A payload that does not decode is ignored; one that is too long counts.
    pub(super) fn on_malformed(&mut self, id: PeerId, command: CommandName, error: &MessageError) {
        let Some(peer) = self.peers.get(&id) else { return };
        match error {
            MessageError::TooMany { command, .. }
                if peer.kind == ConnectionType::BlockRelay
                    && [CommandName::ADDR, CommandName::ADDRV2].contains(command) => {}
            MessageError::TooMany { .. } if peer.established => self.misbehaving(id, 20, &error.to_string()),
            _ if peer.version == 0 && command != CommandName::VERSION => {
                self.misbehaving(id, 1, "non-version message before version handshake");
            }
            _ => tracing::debug!(target: "net", peer = id, %command, %error, "malformed message"),
        }
    }

    /// The engine refused a header or block that this peer sent. Who sends a compact one has looked at its header only.
    pub(super) fn punish_for_block(&mut self, id: PeerId, reject: &Reject, via_compact_block: bool) {
        let Some(peer) = self.peers.get(&id) else { return };
        match reject.kind {
            RejectKind::Consensus | RejectKind::Mutated | RejectKind::CachedInvalid if via_compact_block => {
                tracing::debug!(target: "net", peer = id, %reject, "not punished for a compact block");
            }
            RejectKind::Consensus
            | RejectKind::Mutated
            | RejectKind::InvalidHeader
            | RejectKind::Checkpoint
            | RejectKind::InvalidPrev => self.misbehaving(id, 100, &reject.reason),
            // Somebody on an invalid chain is no use as an outbound peer, but may be honest.
            RejectKind::CachedInvalid => {
                if !peer.is_inbound() && peer.kind != ConnectionType::Manual {
                    self.misbehaving(id, 100, &reject.reason);
                }
            }
            RejectKind::MissingPrev => self.misbehaving(id, 10, &reject.reason),
            RejectKind::RecentConsensusChange | RejectKind::TimeFuture => {
                tracing::debug!(target: "net", peer = id, %reject, "refused without punishment");
            }
        }
    }

    /// Acts on a score that went over the threshold.
    pub(super) fn punish(&mut self, id: PeerId) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        if !std::mem::take(&mut peer.should_discourage) {
            return;
        }
        if peer.permissions.has(Permissions::NOBAN) {
            tracing::warn!(target: "net", peer = id, "not punishing noban peer");
        } else if peer.kind == ConnectionType::Manual {
            tracing::warn!(target: "net", peer = id, "not punishing manually connected peer");
        } else if peer.addr.addr.is_local() {
            tracing::warn!(target: "net", peer = id, "disconnecting but not discouraging local peer");
            peer.close(DisconnectReason::Misbehaved);
        } else {
            let addr = peer.addr.addr;
            tracing::info!(target: "net", peer = id, "disconnecting and discouraging peer");
            self.out.push(Output::Discourage { addr });
            self.addresses.bans.discourage(&addr);
            for peer in self.peers.values_mut().filter(|p| p.addr.addr == addr) {
                peer.close(DisconnectReason::Misbehaved);
            }
        }
    }
}
