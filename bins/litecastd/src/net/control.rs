//! What RPC may see of the network and do to it.

use std::{
    collections::HashSet,
    sync::{Arc, atomic::Ordering},
};

use litecast_p2p::{
    Command, Fsm, Input, PeerId, ServiceFlags, Time,
    fsm::{AddedNode, CommandError, NetTotals, PeerInfo},
    netaddr::Network as NetworkKind,
};
use litecast_primitives::Transaction;
use litecast_rpc::network::{LocalAddress, Network, Reachability};
use tokio::sync::oneshot;

use super::{Net, Proxies, Request};

/// The network at one moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Look {
    peers: Vec<PeerInfo>,
    /// Inbound, outbound.
    counts: (usize, usize),
    totals: NetTotals,
    added: Vec<AddedNode>,
    active: bool,
    local: Vec<litecast_p2p::fsm::LocalAddress>,
}

impl Look {
    pub(super) fn at(machine: &Fsm, now: Time, through_tor: &HashSet<PeerId>) -> Self {
        let mut peers = machine.peers(now);
        for peer in peers.iter_mut().filter(|peer| through_tor.contains(&peer.id)) {
            peer.network = NetworkKind::Onion;
        }
        Self {
            peers,
            counts: machine.connection_counts(),
            totals: machine.totals(),
            added: machine.added_nodes(),
            active: machine.is_network_active(),
            local: machine.local_addresses(),
        }
    }
}

/// Asks the machine from a thread that may block.
pub(crate) struct NetControl {
    net: Net,
    services: ServiceFlags,
    relays_transactions: bool,
    proxies: Arc<Proxies>,
}

impl NetControl {
    /// For a running machine that offers these services.
    pub(crate) fn new(net: Net, services: ServiceFlags, relays_transactions: bool, proxies: Arc<Proxies>) -> Self {
        Self { net, services, relays_transactions, proxies }
    }

    /// The network now; nothing once it has ended.
    fn look(&self) -> Look {
        let (answer, result) = oneshot::channel();
        if self.net.requests.blocking_send(Request::Look(answer)).is_err() {
            return Look::default();
        }
        result.blocking_recv().unwrap_or_default()
    }
}

impl Network for NetControl {
    fn peers(&self) -> Vec<PeerInfo> {
        self.look().peers
    }

    fn added_nodes(&self) -> Vec<AddedNode> {
        self.look().added
    }

    fn command(&self, command: Command) -> Result<(), CommandError> {
        let (answer, result) = oneshot::channel();
        if self.net.requests.blocking_send(Request::Command(command, answer)).is_err() {
            return Ok(());
        }
        result.blocking_recv().unwrap_or(Ok(()))
    }

    fn announce(&self, tx: Arc<Transaction>) {
        self.net.input_blocking(Input::TxAdded { tx });
    }

    fn totals(&self) -> NetTotals {
        // The machine counts whole messages; the operator is told of every byte.
        NetTotals { received: self.net.received.load(Ordering::Relaxed), ..self.look().totals }
    }

    fn connections(&self) -> (usize, usize) {
        self.look().counts
    }

    fn is_active(&self) -> bool {
        self.look().active
    }

    fn local_services(&self) -> ServiceFlags {
        self.services
    }

    fn local_addresses(&self) -> Vec<LocalAddress> {
        let local = self.look().local;
        let told = |local: &litecast_p2p::fsm::LocalAddress| LocalAddress {
            address: local.service.addr,
            port: local.service.port,
            score: i32::try_from(local.score).unwrap_or(i32::MAX),
        };
        local.iter().map(told).collect()
    }

    fn reachability(&self) -> Vec<Reachability> {
        self.proxies.reachability()
    }

    fn relays_transactions(&self) -> bool {
        self.relays_transactions
    }
}
