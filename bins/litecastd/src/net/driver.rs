//! The task that owns the machine: requests in, outputs carried out.

use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use litecast_engine::Handle;
use litecast_p2p::{
    Chain as _, Config, Fsm, Input, NetService, Output, PeerId, Time,
    fsm::{LinkEnd, LocalScore, Origin, Permissions},
    netaddr::Network,
};
use rand::Rng as _;
use tokio::{net::TcpStream, sync::mpsc, time::Instant};

use super::{
    Net, Request, Whitelist,
    chain_view::ChainView,
    control::Look,
    dial::Dialer,
    peer::{self, Start},
    submit, tor,
};

/// Between looks at whether blocks are still read from files.
const IMPORT_POLL: Duration = Duration::from_millis(500);

pub(super) struct Driver {
    machine: Fsm,
    view: ChainView,
    net: Net,
    dialer: Arc<Dialer>,
    jobs: submit::Jobs,
    whitelist: Whitelist,
    onion_binds: Vec<SocketAddr>,
    /// Inbound peers that came through Tor.
    through_tor: HashSet<PeerId>,
    links: HashMap<PeerId, peer::Link>,
    next_peer: PeerId,
    magic: [u8; 4],
    timer: Option<Instant>,
}

/// What a driver is made of.
pub(super) struct Setup {
    pub(super) machine: Config,
    pub(super) active: bool,
    pub(super) onion_binds: Vec<SocketAddr>,
    pub(super) whitelist: Whitelist,
    pub(super) engine: Handle,
    pub(super) net: Net,
    pub(super) dialer: Arc<Dialer>,
    pub(super) jobs: submit::Jobs,
}

/// The wall clock.
pub(super) fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::from_micros(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
}

impl Driver {
    pub(super) fn new(setup: Setup) -> Self {
        let Setup { machine, active, onion_binds, whitelist, engine, net, dialer, jobs } = setup;
        let mut seed = [0; 32];
        rand::rng().fill_bytes(&mut seed);
        let magic = machine.params.magic;
        let view = ChainView(engine.reader().clone());
        let mut machine = Fsm::new(machine, seed);
        if !active {
            // Nothing is connected yet: there is nothing to carry out.
            let _ = machine.command(now(), litecast_p2p::Command::SetNetworkActive(false), &view);
        }
        let (links, through_tor, next_peer, timer) = (HashMap::new(), HashSet::new(), 0, None);
        Self { machine, view, net, dialer, jobs, whitelist, onion_binds, through_tor, links, next_peer, magic, timer }
    }

    pub(super) async fn run(mut self, mut queue: mpsc::Receiver<Request>) {
        self.step(Input::Tick);
        loop {
            let mut timer = self.timer.unwrap_or_else(|| Instant::now() + Duration::from_secs(60));
            if self.view.is_importing() {
                // The machine waits for the end of an import, and nobody tells it.
                timer = timer.min(Instant::now() + IMPORT_POLL);
            }
            let request = tokio::select! {
                request = queue.recv() => request,
                () = tokio::time::sleep_until(timer) => {
                    // The machine's own time is kept if it has not come yet.
                    self.timer = self.timer.filter(|own| *own > timer);
                    self.step(Input::Tick);
                    continue;
                }
            };
            match request {
                Some(Request::Input(input)) => self.step(input),
                Some(Request::Accepted(stream)) => self.accepted(stream),
                Some(Request::Dialed(attempt, stream, addr, session)) => {
                    let start = session.map_or(Start::Plain, |session| Start::Encrypted(*session));
                    self.connected(stream, addr, start, Origin::Outbound(attempt), Permissions::NONE);
                }
                Some(Request::Tor(event)) => self.on_tor(event),
                Some(Request::Command(command, answer)) => {
                    let result = self.machine.command(now(), command, &self.view);
                    let _ = answer.send(result.map(|outputs| self.carry_out(outputs)));
                }
                Some(Request::Look(answer)) => {
                    let _ = answer.send(Look::at(&self.machine, now(), &self.through_tor));
                }
                Some(Request::Stop(done)) => {
                    // Dropping a link closes its socket.
                    self.links.clear();
                    let _ = done.send(());
                    return;
                }
                None => return,
            }
        }
    }

    fn step(&mut self, input: Input) {
        if let Input::Disconnected { peer, .. } = &input {
            self.links.remove(peer);
        }
        let outputs = self.machine.step(now(), input, &self.view);
        self.carry_out(outputs);
    }

    fn accepted(&mut self, stream: TcpStream) {
        // Gone already, and was never there.
        let Ok(addr) = stream.peer_addr() else { return };
        let permissions = self.whitelist.permissions(addr.ip());
        if stream.local_addr().is_ok_and(|local| self.onion_binds.contains(&local)) {
            self.through_tor.insert(self.next_peer);
        }
        let start = if self.dialer.encrypt { Start::AsPeerWants } else { Start::Plain };
        self.connected(stream, addr.into(), start, Origin::Inbound, permissions);
    }

    fn connected(
        &mut self,
        stream: TcpStream,
        addr: NetService,
        start: Start,
        origin: Origin,
        permissions: Permissions,
    ) {
        let peer = self.next_peer;
        self.next_peer += 1;
        let local = stream.local_addr().ok();
        self.links.insert(peer, peer::start(peer, stream, start, self.magic, &self.net));
        self.step(Input::Connected { peer, addr, local, origin, permissions });
    }

    fn on_tor(&mut self, event: tor::Event) {
        match event {
            tor::Event::Proxy(addr) => {
                self.dialer.proxies.set_onion(addr);
                self.machine.set_reachable(Network::Onion);
            }
            tor::Event::Service(service) => {
                self.machine.add_local_address(service, LocalScore::Manual);
            }
            tor::Event::Gone(addr) => self.machine.remove_local_address(&addr),
        }
    }

    /// Closes a connection when its last frame is out.
    fn drop_link(&mut self, peer: PeerId) {
        self.links.remove(&peer);
        self.through_tor.remove(&peer);
    }

    fn carry_out(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Send { peer, frame, .. } => self.send(peer, frame),
                Output::Connect { attempt, target } => {
                    let hope = self.machine.encryption_hope(attempt);
                    tokio::spawn(Arc::clone(&self.dialer).dial(attempt, target, hope));
                }
                Output::Disconnect { peer, .. } => self.drop_link(peer),
                Output::PauseReading { peer } => self.pause(peer, true),
                Output::ResumeReading { peer } => self.pause(peer, false),
                Output::SubmitHeaders { peer, headers } => self.jobs.headers(peer, headers),
                Output::SubmitBlock { peer, block, requested, .. } => self.jobs.block(peer, block, requested),
                Output::SubmitTx { peer, tx } => self.jobs.transaction(peer, tx),
                Output::Broadcast { txid } => self.jobs.broadcast(txid),
                Output::Need { peer, wanted } => {
                    let link = self.links.get(&peer).map(peer::Link::frames);
                    let job = submit::Serve { peer, wanted, magic: self.magic, link };
                    tokio::task::spawn_blocking({
                        let (view, net) = (self.view.clone(), self.net.clone());
                        move || job.run(&view, &net)
                    });
                }
                Output::SetTimer { at } => {
                    self.timer = Some(Instant::now() + at.since(now()));
                }
                Output::Discourage { addr } => tracing::debug!(target: "net", %addr, "discouraged"),
            }
        }
    }

    fn send(&mut self, peer: PeerId, frame: bytes::Bytes) {
        let Some(link) = self.links.get(&peer) else { return };
        if link.send(frame).is_err() {
            self.links.remove(&peer);
            let reason = LinkEnd::Failed("it does not read what it asked for".into());
            // Not from within this step: its other outputs come first.
            let net = self.net.clone();
            tokio::spawn(async move { net.input(Input::Disconnected { peer, reason }).await });
        }
    }

    fn pause(&mut self, peer: PeerId, pause: bool) {
        if let Some(link) = self.links.get(&peer) {
            link.pause(pause);
        }
    }
}
