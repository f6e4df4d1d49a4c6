//! Requests for filters of blocks (BIP157; v0.21.5.5 src/net_processing.cpp, PrepareBlockFilterRequest and the three
//! functions that use it). A request that is not allowed ends the connection; one that the index cannot answer yet stays
//! without an answer.

use litecast_primitives::BlockFilter;

use super::{Context, Fsm, PeerId, output::DisconnectReason};
use crate::{
    archive::Wanted,
    chain::BlockEntry,
    message::{CommandName, FilterRequest, MAX_GETCFHEADERS_SIZE, MAX_GETCFILTERS_SIZE},
    services::ServiceFlags,
};

impl Fsm {
    pub(super) fn on_getcfilters(&mut self, cx: Context<'_>, id: PeerId, request: &FilterRequest) {
        let Some(stop) = self.filter_request(cx, id, request, MAX_GETCFILTERS_SIZE, CommandName::GETCFILTERS) else {
            return;
        };
        let blocks = (request.start..=stop.height).map_while(|height| cx.chain.ancestor(&stop.hash, height));
        let blocks: Vec<_> = blocks.map(|block| block.hash).collect();
        if let Some(peer) = self.peers.get_mut(&id) {
            // A message is taken only when the one before is worked off, so this never grows beyond one.
            peer.filters.extend(blocks);
        }
    }

    pub(super) fn on_getcfheaders(&mut self, cx: Context<'_>, id: PeerId, request: &FilterRequest) {
        let stop = self.filter_request(cx, id, request, MAX_GETCFHEADERS_SIZE, CommandName::GETCFHEADERS);
        if let Some(stop) = stop {
            self.want(id, Wanted::FilterHashes(request.start, stop.hash));
        }
    }

    pub(super) fn on_getcfcheckpt(&mut self, cx: Context<'_>, id: PeerId, request: &FilterRequest) {
        if let Some(stop) = self.filter_request(cx, id, request, u32::MAX, CommandName::GETCFCHECKPT) {
            self.want(id, Wanted::FilterCheckpoints(stop.hash));
        }
    }

    /// Lets the next filter be read that was asked for, if the peer does not have to read first.
    pub(super) fn process_filters(&mut self, id: PeerId) {
        let max_unsent = self.config.max_send_buffer;
        let Some(peer) = self.peers.get_mut(&id) else { return };
        if peer.serving.is_none()
            && !peer.must_read_first(max_unsent)
            && let Some(hash) = peer.filters.pop_front()
        {
            self.want(id, Wanted::Filter(hash));
        }
    }

    /// The last block of a request, if the request is allowed.
    fn filter_request(
        &mut self,
        cx: Context<'_>,
        id: PeerId,
        request: &FilterRequest,
        most: u32,
        command: CommandName,
    ) -> Option<BlockEntry> {
        let offered = request.kind == BlockFilter::BASIC && self.config.services.has(ServiceFlags::COMPACT_FILTERS);
        let stop = cx.chain.entry(&request.stop).filter(|stop| offered && self.is_request_allowed(cx, stop));
        let stop = stop.filter(|stop| stop.height.checked_sub(request.start).is_some_and(|more| more < most));
        if stop.is_none() {
            self.close(id, DisconnectReason::NotServed(command));
        }
        stop
    }
}
