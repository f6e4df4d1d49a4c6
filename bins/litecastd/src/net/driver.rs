//! The task that owns the machine: requests in, outputs carried out.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, atomic::Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use litecast_engine::{Clock, Handle};
use litecast_p2p::{
    AddrMan, Chain as _, Command, Config, Fsm, Input, NetService, Output, PeerId, Time, anchors,
    fsm::{CommandError, LinkEnd, LocalScore, Origin, Permissions},
    netaddr::Network,
};
use rand::Rng as _;
use tokio::{
    net::TcpStream,
    sync::{Semaphore, mpsc, oneshot},
    time::Instant,
};

use super::{
    Net, Request, Whitelist,
    chain_view::ChainView,
    control::Look,
    dial::Dialer,
    files::{self, Files},
    listen::{Accepted, Entrance},
    local::LocalAddress,
    peer::{self, Start},
    submit, tor,
};

/// Between looks at whether blocks are still read from files.
const IMPORT_POLL: Duration = Duration::from_millis(500);
/// For a name server to answer.
const LOOK_UP_TIMEOUT: Duration = Duration::from_secs(30);
/// Between looks at a clock that tests may set.
const CLOCK_POLL: Duration = Duration::from_millis(200);
/// Answers from disk for all peers that are made at the same time.
const MAX_READERS: usize = 4;
/// Between writes of `peers.dat` and `banlist.dat` (v0.21.5.5 src/net.cpp, DUMP_PEERS_INTERVAL).
const SAVE_INTERVAL: Duration = Duration::from_secs(15 * 60);

pub(super) struct Driver {
    machine: Fsm,
    view: ChainView,
    net: Net,
    dialer: Arc<Dialer>,
    jobs: submit::Jobs,
    /// Answers from disk that are made at a time.
    readers: Arc<Semaphore>,
    whitelist: Whitelist,
    links: HashMap<PeerId, peer::Link>,
    next_peer: PeerId,
    magic: [u8; 4],
    timer: Option<Instant>,
    files: Files,
    next_save: Instant,
    clock: Arc<Clock>,
    mockable: bool,
    /// The node chooses its peers itself.
    automatic: bool,
}

/// What a driver is made of.
pub(super) struct Setup {
    pub(super) machine: Config,
    pub(super) active: bool,
    pub(super) whitelist: Whitelist,
    pub(super) engine: Handle,
    pub(super) net: Net,
    pub(super) dialer: Arc<Dialer>,
    pub(super) jobs: submit::Jobs,
    pub(super) files: Files,
    pub(super) local: Vec<LocalAddress>,
}

/// The wall clock.
pub(super) fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::from_micros(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
}

/// The addresses of a DNS seed; none when there is no answer.
async fn look_up(host: &str) -> Vec<IpAddr> {
    match tokio::time::timeout(LOOK_UP_TIMEOUT, tokio::net::lookup_host((host, 0))).await {
        Ok(Ok(found)) => found.map(|addr| addr.ip()).collect(),
        Ok(Err(error)) => {
            tracing::debug!(target: "net", "looking up {host}: {error}");
            Vec::new()
        }
        Err(_) => Vec::new(),
    }
}

impl Driver {
    pub(super) fn new(setup: Setup) -> Self {
        let Setup { machine, active, whitelist, engine, net, dialer, jobs, files, local } = setup;
        let mut seed = [0; 32];
        rand::rng().fill_bytes(&mut seed);
        let (magic, mockable) = (machine.params.magic, machine.params.is_mockable);
        let automatic = machine.connect.is_none();
        let view = ChainView(engine.reader().clone());
        let mut machine = Fsm::new(machine, seed);
        if !active {
            // Nothing is connected yet: there is nothing to carry out.
            let _ = machine.command(now(), Command::SetNetworkActive(false), &view);
        }
        let clock = Arc::clone(engine.reader().clock());
        let (links, next_peer, timer, next_save) = (HashMap::new(), 0, None, Instant::now() + SAVE_INTERVAL);
        let mut this = Self {
            machine,
            view,
            net,
            dialer,
            jobs,
            readers: Arc::new(Semaphore::new(MAX_READERS)),
            whitelist,
            links,
            next_peer,
            magic,
            timer,
            files,
            next_save,
            clock,
            mockable,
            automatic,
        };
        this.load();
        for (service, score) in local {
            if this.machine.add_local_address(service, score) {
                tracing::info!("AddLocal({service},{})", score as u32);
            }
        }
        this
    }

    /// The node's clock, which tests can stop.
    fn clock(&self) -> Time {
        self.stopped_clock().unwrap_or_else(now)
    }

    fn stopped_clock(&self) -> Option<Time> {
        self.clock.mock().map(|seconds| Time::from_secs(seconds.unsigned_abs()))
    }

    /// Reads what the last run left.
    fn load(&mut self) {
        self.machine.stop_clock(self.stopped_clock());
        let mut seed = [0; 32];
        rand::rng().fill_bytes(&mut seed);
        let book = self.files.read(files::PEERS).map(|file| AddrMan::decode(&file, self.magic, seed));
        match book {
            Some(Ok(book)) => {
                tracing::info!("Loaded {} addresses from {}", book.len(), files::PEERS);
                self.machine.load_addresses(book);
            }
            other => {
                if let Some(Err(error)) = other {
                    tracing::warn!("{}: {error}", files::PEERS);
                }
                tracing::info!("Invalid or missing {}; recreating", files::PEERS);
                self.next_save = Instant::now();
            }
        }
        let now = self.clock().as_secs();
        if let Some(file) = self.files.read(files::BANS) {
            match self.machine.bans_mut().load(&file, self.magic, now) {
                Ok(()) => {
                    let count = self.machine.bans().list(now).len();
                    tracing::debug!(target: "net", "Loaded {count} banned node ips/subnets from {}", files::BANS);
                }
                Err(error) => tracing::warn!("Invalid {}: {error}; recreating", files::BANS),
            }
        }
        if self.automatic {
            self.load_anchors();
        }
    }

    fn load_anchors(&mut self) {
        let anchors = match self.files.read(files::ANCHORS).map(|file| anchors::decode(&file, self.magic)) {
            Some(Ok(anchors)) => anchors,
            Some(Err(error)) => {
                tracing::warn!("Invalid {}: {error}", files::ANCHORS);
                Vec::new()
            }
            None => Vec::new(),
        };
        // After a crash there are none: those peers may be why.
        self.files.remove(files::ANCHORS);
        self.machine.load_anchors(anchors);
        tracing::info!("{} block-relay-only anchors will be tried for connections.", self.machine.waiting_anchors());
    }

    /// Writes the address book.
    async fn save_addresses(&self) -> oneshot::Receiver<()> {
        let book = self.machine.address_book();
        tracing::debug!(target: "net", "Flushed {} addresses to {}", book.len(), files::PEERS);
        self.files.write(files::PEERS, book.encode(self.magic)).await
    }

    /// Writes the bans if the file says something else.
    async fn save_bans(&mut self) -> Option<oneshot::Receiver<()>> {
        let now = self.clock().as_secs();
        let bans = self.machine.bans_mut();
        bans.sweep(now);
        if !bans.is_dirty() {
            return None;
        }
        let file = bans.encode(self.magic);
        bans.saved();
        Some(self.files.write(files::BANS, file).await)
    }

    /// The last thing before the end.
    async fn save_everything(&mut self) {
        let bans = self.save_bans().await;
        let addresses = self.save_addresses().await;
        let anchors = if self.automatic {
            let anchors = anchors::encode(&self.machine.anchors(), self.magic);
            Some(self.files.write(files::ANCHORS, anchors).await)
        } else {
            None
        };
        for written in bans.into_iter().chain([addresses]).chain(anchors) {
            let _ = written.await;
        }
    }

    /// A command's bans are on disk before it is answered.
    async fn command(&mut self, command: Command, answer: oneshot::Sender<Result<(), CommandError>>) {
        self.machine.stop_clock(self.stopped_clock());
        let result = self.machine.command(now(), command, &self.view);
        let result = result.map(|outputs| self.carry_out(outputs));
        match self.save_bans().await {
            None => drop(answer.send(result)),
            Some(written) => drop(tokio::spawn(async move {
                let _ = written.await;
                let _ = answer.send(result);
            })),
        }
    }

    pub(super) async fn run(mut self, mut queue: mpsc::Receiver<Request>) {
        self.step(Input::Tick);
        loop {
            let mut timer = self.timer.unwrap_or_else(|| Instant::now() + Duration::from_secs(60));
            if self.view.is_importing() {
                // The machine waits for the end of an import, and nobody tells it.
                timer = timer.min(Instant::now() + IMPORT_POLL);
            }
            if self.mockable {
                timer = timer.min(Instant::now() + CLOCK_POLL);
            }
            if self.next_save <= Instant::now() {
                self.next_save = Instant::now() + SAVE_INTERVAL;
                // The files' thread goes on alone.
                drop(self.save_bans().await);
                drop(self.save_addresses().await);
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
                Some(Request::Read(input, share)) => {
                    self.step(input);
                    drop(share);
                }
                Some(Request::Accepted(Accepted { stream, entrance })) => self.accepted(stream, entrance),
                Some(Request::Dialed(attempt, stream, addr, session)) => {
                    let start = session.map_or(Start::Plain, Start::Encrypted);
                    self.connected(stream, addr, start, Origin::Outbound(attempt), Permissions::NONE);
                }
                Some(Request::Tor(event)) => self.on_tor(event),
                Some(Request::Command(command, answer)) => self.command(command, answer).await,
                Some(Request::With(act)) => {
                    let clock = self.clock();
                    act(&mut self.machine, clock);
                }
                Some(Request::Look(answer)) => {
                    self.machine.stop_clock(self.stopped_clock());
                    let _ = answer.send(Look::at(&self.machine, now()));
                }
                Some(Request::Stop(done)) => {
                    self.save_everything().await;
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
        self.machine.stop_clock(self.stopped_clock());
        let outputs = self.machine.step(now(), input, &self.view);
        self.clock.set_offset(self.machine.time_offset());
        self.net.clock_wrong.store(self.machine.clock_seems_wrong(), Ordering::Relaxed);
        self.carry_out(outputs);
    }

    fn accepted(&mut self, stream: TcpStream, entrance: Entrance) {
        // Gone already, and was never there.
        let Ok(addr) = stream.peer_addr() else { return };
        let permissions = entrance.permissions.and(self.whitelist.permissions(addr.ip()));
        let origin = if entrance.onion { Origin::Onion } else { Origin::Inbound };
        let start = if self.dialer.encrypt { Start::AsPeerWants } else { Start::Plain };
        self.connected(stream, addr.into(), start, origin, permissions);
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

    fn carry_out(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Send { peer, frame, .. } => self.send(peer, frame),
                Output::Connect { attempt, target } => {
                    let hope = self.machine.encryption_hope(attempt);
                    tokio::spawn(Arc::clone(&self.dialer).dial(attempt, target, hope));
                }
                Output::LookUp { host } => {
                    let net = self.net.clone();
                    tokio::spawn(async move {
                        let found = look_up(&host).await;
                        net.input(Input::LookedUp { host, found }).await;
                    });
                }
                Output::Disconnect { peer, .. } => drop(self.links.remove(&peer)),
                Output::PauseReading { peer } => self.pause(peer, true),
                Output::ResumeReading { peer } => self.pause(peer, false),
                Output::SubmitHeaders { peer, headers } => self.jobs.headers(peer, headers),
                Output::SubmitBlock { peer, block, requested, .. } => self.jobs.block(peer, block, requested),
                Output::SubmitTx { peer, tx } => self.jobs.transaction(peer, tx),
                Output::Broadcast { txid } => self.jobs.broadcast(txid),
                Output::Need { peer, wanted } => {
                    let link = self.links.get(&peer).map(peer::Link::frames);
                    let job = submit::Serve { peer, wanted, magic: self.magic, link };
                    self.read_for_peer(move |view, net| job.run(view, net));
                }
                Output::Filter { peer, hash, filter } => {
                    self.read_for_peer(move |view, net| submit::filter(peer, hash, filter, view, net));
                }
                Output::SetTimer { at } => {
                    self.timer = Some(Instant::now() + at.since(now()));
                }
                Output::Discourage { addr } => tracing::debug!(target: "net", %addr, "discouraged"),
            }
        }
    }

    /// Reads from disk for a peer. Whoever asks: they take turns, and the rest of the node has its share of the cores.
    fn read_for_peer(&self, act: impl FnOnce(&ChainView, &Net) + Send + 'static) {
        let (view, net, readers) = (self.view.clone(), self.net.clone(), Arc::clone(&self.readers));
        tokio::spawn(async move {
            let Ok(_turn) = readers.acquire_owned().await else { return };
            let _ = tokio::task::spawn_blocking(move || act(&view, &net)).await;
        });
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
