//! Peers: sockets around the protocol machine of `litecast-p2p`.
//!
//! One task ([`driver`]) owns the machine and carries out its outputs; two tasks per connection ([`peer`]) move bytes;
//! two threads ([`submit`]) stand between the machine and the engine, which both keep their order. Every queue is
//! bounded, and a full one makes the sender wait, up to the peer's own socket.

mod chain_view;
mod control;
mod descriptors;
mod dial;
mod driver;
mod files;
mod listen;
mod local;
mod peer;
mod pool_view;
mod proxy;
mod submit;
mod tor;
mod transport;
mod whitelist;

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64},
    },
    time::Duration,
};

use litecast_engine::Handle;
use litecast_p2p::{Command, Config, Input, NetService, fsm::CommandError};
use parking_lot::Mutex;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    task::JoinHandle,
};

use crate::config::TorControlSettings;

pub(crate) use control::NetControl;
pub(crate) use descriptors::fit_connections;
pub(crate) use listen::{Listeners, bind};
pub(crate) use local::addresses as local_addresses;
pub(crate) use proxy::Proxies;
pub(crate) use whitelist::Whitelist;

/// Inputs that may wait for the machine.
const REQUEST_QUEUE: usize = 1024;

/// Something that is done with the machine.
type Act = Box<dyn FnOnce(&mut litecast_p2p::Fsm, litecast_p2p::Time) + Send>;

/// What the machine's task is asked to do.
pub(crate) enum Request {
    /// An input of the machine.
    Input(Input),
    /// What a peer said; the share of its queue that it takes is free when the machine has it.
    Read(Input, OwnedSemaphorePermit),
    /// A socket was accepted.
    Accepted(listen::Accepted),
    /// A socket was opened for this attempt.
    Dialed(litecast_p2p::fsm::AttemptId, tokio::net::TcpStream, NetService, Option<Box<transport::Session>>),
    /// News from Tor.
    Tor(tor::Event),
    /// An operator's command.
    Command(Command, oneshot::Sender<Result<(), CommandError>>),
    /// Somebody wants to know.
    Look(oneshot::Sender<control::Look>),
    /// Between two steps, at a time of the node's clock.
    With(Act),
    /// Write the files, close every connection and end.
    Stop(oneshot::Sender<()>),
}

/// Sends requests to the machine's task.
#[derive(Clone)]
pub(crate) struct Net {
    requests: mpsc::Sender<Request>,
    /// Bytes read from all sockets, whole messages or not.
    received: Arc<AtomicU64>,
    /// Takes the onion service down at the end.
    tor: Arc<Mutex<Option<JoinHandle<()>>>>,
    /// The clocks of the peers say that ours is wrong.
    clock_wrong: Arc<AtomicBool>,
    /// Closed connections that may still say their last words.
    last_words: Arc<Semaphore>,
}

/// What the network needs to run.
pub(crate) struct NetOptions {
    /// Of the machine.
    pub(crate) machine: Config,
    /// Where `peers.dat` and its like are.
    pub(crate) data_dir: PathBuf,
    /// Listening sockets.
    pub(crate) listeners: Listeners,
    /// Where this node can be reached.
    pub(crate) local: Vec<local::LocalAddress>,
    /// Names may be resolved.
    pub(crate) dns: bool,
    /// Connections may be encrypted.
    pub(crate) encrypt: bool,
    /// Which way connections leave.
    pub(crate) proxies: Arc<Proxies>,
    /// Where what comes in is Tor's.
    pub(crate) onion_binds: Vec<SocketAddr>,
    /// Tor's control port, and where to keep the key of our service.
    pub(crate) tor: Option<(TorControlSettings, PathBuf)>,
    /// To connect.
    pub(crate) connect_timeout: Duration,
    /// Rights of inbound peers.
    pub(crate) whitelist: Whitelist,
    /// Start with connections allowed.
    pub(crate) active: bool,
}

impl Net {
    fn new(requests: mpsc::Sender<Request>) -> Self {
        Self {
            requests,
            received: Arc::default(),
            tor: Arc::default(),
            clock_wrong: Arc::default(),
            last_words: Arc::new(Semaphore::new(peer::MAX_LAST_WORDS)),
        }
    }

    /// Starts the machine, its threads and the listeners on the current runtime.
    pub(crate) fn start(options: NetOptions, engine: &Handle) -> std::io::Result<Self> {
        let (requests, queue) = mpsc::channel(REQUEST_QUEUE);
        let net = Self::new(requests);
        let jobs = submit::start(engine.clone(), net.clone(), options.machine.max_connections)?;
        listen::accept(options.listeners, &net);
        let dialer = Arc::new(dial::Dialer {
            net: net.clone(),
            default_port: options.machine.params.port,
            dns: options.dns,
            magic: options.machine.params.magic,
            encrypt: options.encrypt,
            timeout: options.connect_timeout,
            proxies: options.proxies,
        });
        let tor = options.tor.zip(options.onion_binds.first()).map(|((settings, dir), target)| tor::Tor {
            settings,
            dir,
            port: options.machine.params.port,
            target: *target,
            net: net.clone(),
        });
        let driver = driver::Driver::new(driver::Setup {
            machine: options.machine,
            active: options.active,
            local: options.local,
            files: files::Files::new(options.data_dir)?,
            whitelist: options.whitelist,
            engine: engine.clone(),
            net: net.clone(),
            dialer,
            jobs,
        });
        tokio::spawn(driver.run(queue));
        if let Some(tor) = tor {
            *net.tor.lock() = Some(tokio::spawn(tor.run()));
        }
        Ok(net)
    }

    /// Gives an input from a task; waits while the queue is full. False once the machine has ended.
    async fn input(&self, input: Input) -> bool {
        self.requests.send(Request::Input(input)).await.is_ok()
    }

    /// Gives an input from a thread.
    pub(crate) fn input_blocking(&self, input: Input) -> bool {
        self.requests.blocking_send(Request::Input(input)).is_ok()
    }

    /// Closes all connections.
    pub(crate) async fn stop(&self) {
        let (done, ended) = oneshot::channel();
        if self.requests.send(Request::Stop(done)).await.is_ok() {
            let _ = ended.await;
        }
        let tor = self.tor.lock().take();
        if let Some(tor) = tor {
            let _ = tor.await;
        }
    }
}
