//! Requests of MWEB light clients (LIP-0006; v0.21.5.5 src/net_processing.cpp, ProcessGetMWEBLeafset and
//! ProcessGetMWEBUTXOs). What cannot be answered ends the connection, so that nobody waits for it; a question about a
//! block beside the active chain is only ignored.

use litecast_primitives::BlockHash;

use super::{
    Context, Fsm,
    input::{PeerId, Permissions},
    output::DisconnectReason,
};
use crate::{
    archive::Wanted,
    message::{CommandName, GetMwebUtxos, MAX_REQUESTED_MWEB_UTXOS, UtxoFormat},
};

/// How far below the tip the state is wound back (MAX_MWEB_LEAFSET_DEPTH).
const MAX_MWEB_LEAFSET_DEPTH: u32 = 10;

impl Fsm {
    pub(super) fn on_getmwebleafset(&mut self, cx: Context<'_>, id: PeerId, hash: BlockHash) {
        if self.may_ask_state(cx, id, &hash, CommandName::MWEBLEAFSET) {
            self.want(id, Wanted::MwebLeafset(hash));
        }
    }

    pub(super) fn on_getmwebutxos(&mut self, cx: Context<'_>, id: PeerId, request: GetMwebUtxos) {
        let format = UtxoFormat::from_byte(request.format).filter(|_| request.count <= MAX_REQUESTED_MWEB_UTXOS);
        let Some(format) = format else { return self.refuse(id, CommandName::GETMWEBUTXOS) };
        if self.may_ask_state(cx, id, &request.block, CommandName::GETMWEBUTXOS) {
            self.want(id, Wanted::MwebUtxos(request, format));
        }
    }

    /// Whether the state as of this block is served.
    fn may_ask_state(&mut self, cx: Context<'_>, id: PeerId, hash: &BlockHash, command: CommandName) -> bool {
        let block = cx.chain.entry(hash).filter(|block| cx.chain.is_active(block));
        let Some(block) = block.filter(|_| !cx.chain.is_initial_download()) else {
            tracing::debug!(target: "net", peer = id, %command, %hash, "ignoring light client request");
            return false;
        };
        let depth = cx.chain.tip().height - block.height;
        let served = depth <= MAX_MWEB_LEAFSET_DEPTH && block.have_data && cx.chain.is_mweb_block(&block);
        if !served {
            self.refuse(id, command);
        }
        served
    }

    fn refuse(&mut self, id: PeerId, command: CommandName) {
        tracing::debug!(target: "net", peer = id, %command, "light client request that cannot be answered");
        if let Some(peer) = self.peers.get_mut(&id).filter(|peer| !peer.permissions.has(Permissions::NOBAN)) {
            peer.close(DisconnectReason::NotServed(command));
        }
    }
}
