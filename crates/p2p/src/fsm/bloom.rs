//! Filters of light clients (BIP37; v0.21.5.5 src/net_processing.cpp). Off by default: a node that offers them does work for
//! strangers.

use bytes::Bytes;
use litecast_primitives::{BlockHash, Transaction, transaction::Encoding};

use super::{
    Context, Fsm,
    input::{PeerId, Permissions},
    output::{DisconnectReason, Output},
    peer::Peer,
};
use crate::{
    bloom::{Bloom, FilteredBlock},
    message::{CommandName, MAX_SCRIPT_ELEMENT_SIZE},
    services::ServiceFlags,
};

impl Peer {
    /// Whether the peer wants to hear of a transaction. Its filter learns what the transaction pays to it.
    pub(super) fn is_relevant(&mut self, tx: &Transaction) -> bool {
        self.filter.as_mut().is_none_or(|filter| filter.is_relevant_and_update(tx))
    }
}

impl Fsm {
    /// Whether a peer may give a filter: with `-peerbloomfilters` all may.
    pub(super) fn offers_bloom(&self, peer: &Peer) -> bool {
        self.config.services.has(ServiceFlags::BLOOM) || peer.permissions.has(Permissions::BLOOMFILTER)
    }

    pub(super) fn on_filterload(&mut self, id: PeerId, filter: Box<Bloom>) {
        let Some(peer) = self.filtering_peer(id, CommandName::FILTERLOAD) else { return };
        if !filter.is_within_limits() {
            return self.misbehaving(id, 100, "too-large bloom filter");
        }
        if peer.relay.is_some() {
            peer.filter = Some(filter);
            peer.wants_txs = true;
        }
    }

    pub(super) fn on_filteradd(&mut self, id: PeerId, data: &[u8]) {
        let Some(peer) = self.filtering_peer(id, CommandName::FILTERADD) else { return };
        let good = match &mut peer.filter {
            _ if data.len() > MAX_SCRIPT_ELEMENT_SIZE => false,
            Some(filter) => {
                filter.insert(data);
                true
            }
            None => peer.relay.is_none(),
        };
        if !good {
            self.misbehaving(id, 100, "bad filteradd message");
        }
    }

    pub(super) fn on_filterclear(&mut self, id: PeerId) {
        let Some(peer) = self.filtering_peer(id, CommandName::FILTERCLEAR) else { return };
        if peer.relay.is_some() {
            peer.filter = None;
            peer.wants_txs = true;
        }
    }

    /// The peer, if filters are offered; else it is left.
    fn filtering_peer(&mut self, id: PeerId, command: CommandName) -> Option<&mut Peer> {
        let offered = self.offers_bloom(self.peers.get(&id)?);
        let peer = self.peers.get_mut(&id)?;
        if !offered {
            peer.close(DisconnectReason::NotServed(command));
            return None;
        }
        Some(peer)
    }

    /// Lets a block be seen through the peer's filter; without one there is no answer.
    pub(super) fn want_filtered(&mut self, id: PeerId, hash: BlockHash) {
        let Some(peer) = self.peers.get_mut(&id).filter(|peer| peer.closing.is_none()) else { return };
        if let Some(filter) = peer.filter.clone() {
            peer.serving = Some(hash);
            self.out.push(Output::Filter { peer: id, hash, filter });
        }
    }

    /// Sends what matched, and keeps what the filter has learnt.
    pub(super) fn on_filtered(&mut self, cx: Context<'_>, id: PeerId, hash: BlockHash, found: Option<FilteredBlock>) {
        let Some(peer) = self.peers.get_mut(&id).filter(|peer| peer.serving == Some(hash)) else { return };
        peer.serving = None;
        let Some(FilteredBlock { merkle_block, matched, filter: learnt }) = found else { return };
        // Relayed transactions may have taught the filter something meanwhile.
        if let Some(filter) = &mut peer.filter {
            filter.merge(&learnt);
        }
        self.send_payload(id, CommandName::MERKLEBLOCK, &merkle_block);
        for tx in matched {
            let payload: Bytes = tx.encode(Encoding::Base);
            self.send_payload(id, CommandName::TX, &payload);
        }
        self.continue_inventory(cx, id, hash);
    }
}
