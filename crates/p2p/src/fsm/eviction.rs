//! Outbound peers whose chain stays behind ours (v0.21.5.5 src/net_processing.cpp, ConsiderEviction).

use std::time::Duration;

use litecast_primitives::BlockHash;

use super::{
    Context, Fsm,
    input::PeerId,
    output::DisconnectReason,
    peer::{ChainSync, Known},
};

/// Time to come up to our tip.
const CHAIN_SYNC_TIMEOUT: Duration = Duration::from_secs(20 * 60);
/// Time to answer the last `getheaders`.
const HEADERS_RESPONSE_TIME: Duration = Duration::from_secs(2 * 60);
/// Peers that are exempt because they once had a good chain.
const MAX_PROTECTED: usize = 4;

impl Fsm {
    pub(super) fn consider_eviction(&mut self, cx: Context<'_>, id: PeerId) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        if peer.chain_sync.protected || !peer.kind.is_replaceable() || !peer.sync_started {
            return;
        }
        let tip = Known::from(&cx.chain.tip());
        let has = |work| peer.best_known.is_some_and(|best| best.work >= work);
        let sync = &mut peer.chain_sync;
        if peer.best_known.is_some_and(|best| best.work >= tip.work) {
            *sync = ChainSync::default();
            return;
        }
        match (sync.timeout, sync.work_header) {
            (Some(timeout), Some(required)) if !has(required.work) => {
                if cx.clock <= timeout {
                    return;
                }
                if sync.sent_getheaders {
                    tracing::info!(target: "net", peer = id, "disconnecting outbound peer for old chain");
                    return peer.close(DisconnectReason::OldChain);
                }
                sync.sent_getheaders = true;
                sync.timeout = Some(cx.clock + HEADERS_RESPONSE_TIME);
                let below = cx.chain.entry(&required.hash).map_or(BlockHash::ZERO, |e| e.header.prev);
                self.send_getheaders(cx, id, &below, BlockHash::ZERO);
            }
            _ => {
                sync.timeout = Some(cx.clock + CHAIN_SYNC_TIMEOUT);
                sync.work_header = Some(tip);
                sync.sent_getheaders = false;
            }
        }
    }

    /// A full outbound peer that showed a chain as good as ours is kept from now on.
    pub(super) fn maybe_protect(&mut self, cx: Context<'_>, id: PeerId) {
        let protected = self.peers.values().filter(|p| p.chain_sync.protected).count();
        let Some(peer) = self.peers.get_mut(&id) else { return };
        if peer.kind == super::ConnectionType::OutboundFullRelay
            && peer.closing.is_none()
            && protected < MAX_PROTECTED
            && peer.best_known.is_some_and(|best| best.work >= cx.chain.tip().chain_work)
        {
            peer.chain_sync.protected = true;
        }
    }
}
