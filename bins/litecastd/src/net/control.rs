//! What RPC may see of the network and do to it.

use std::sync::{Arc, atomic::Ordering};

use litecast_p2p::{
    Command, Config, Fsm, Input, NetService, PeerAddress, ServiceFlags, SubNet, Time,
    bans::BanEntry,
    fsm::{AddedNode, CLOCK_WARNING, CommandError, NetTotals, PeerInfo, UploadTarget},
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
    time_offset: i64,
}

impl Look {
    pub(super) fn at(machine: &Fsm, now: Time) -> Self {
        Self {
            peers: machine.peers(now),
            counts: machine.connection_counts(),
            totals: machine.totals(),
            added: machine.added_nodes(),
            active: machine.is_network_active(),
            local: machine.local_addresses(),
            time_offset: machine.time_offset(),
        }
    }
}

/// Asks the machine from a thread that may block.
pub(crate) struct NetControl {
    net: Net,
    services: ServiceFlags,
    relays: bool,
    proxies: Arc<Proxies>,
}

impl NetControl {
    /// For a running machine with these settings.
    pub(crate) fn new(net: Net, machine: &Config, proxies: Arc<Proxies>) -> Self {
        Self { net, services: machine.services, relays: machine.relay_transactions, proxies }
    }

    /// What the operator should know about the clock; empty if all is well.
    pub(crate) fn warning(&self) -> Option<String> {
        self.net.clock_wrong.load(Ordering::Relaxed).then(|| CLOCK_WARNING.to_owned())
    }

    /// Does something with the machine; `None` once it has ended.
    fn with<T: Send + 'static>(&self, act: impl FnOnce(&mut Fsm, Time) -> T + Send + 'static) -> Option<T> {
        let (answer, result) = oneshot::channel();
        let act = Box::new(move |machine: &mut Fsm, now| drop(answer.send(act(machine, now))));
        self.net.requests.blocking_send(Request::With(act)).ok()?;
        result.blocking_recv().ok()
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

    fn bans(&self) -> Vec<(SubNet, BanEntry)> {
        self.with(|machine, now| machine.bans().list(now.as_secs())).unwrap_or_default()
    }

    fn node_addresses(&self, max: usize) -> Vec<PeerAddress> {
        self.with(move |machine, now| machine.node_addresses(now, max)).unwrap_or_default()
    }

    fn add_address(&self, service: NetService) -> bool {
        let added = self.with(move |machine, now| {
            let services = ServiceFlags::NETWORK | ServiceFlags::WITNESS;
            let time = u32::try_from(now.as_secs()).unwrap_or(u32::MAX);
            machine.add_addresses(now, &[PeerAddress { service, services, time }], &service.addr)
        });
        // It may be just what was missing.
        self.net.input_blocking(Input::Tick);
        added.unwrap_or(false)
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
        self.relays
    }

    fn time_offset_s(&self) -> i64 {
        self.look().time_offset
    }

    fn upload_target(&self) -> UploadTarget {
        self.with(|machine, now| machine.upload_target(now.as_secs())).unwrap_or(UploadTarget::NONE)
    }
}
