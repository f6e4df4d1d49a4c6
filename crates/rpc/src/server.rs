//! The HTTP/1.1 server: listeners, connections, and the way of a request: address, path, method, user, body, worker thread.
//!
//! Statuses are the reference's (v0.21.5.5 `src/httpserver.cpp`, `src/httprpc.cpp`), but for a full work queue, which is
//! answered 503 as by later versions of Bitcoin Core, since it says that trying again makes sense.

mod service;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time;

use crate::auth::{Auth, AuthConfig, AuthError};
use crate::http::PathHandler;
use crate::net::{InvalidSubnet, Subnet, bind_targets};
use crate::pool::Pool;
use crate::rpc::Rpc;
use service::Service;

/// Connections at a time; more wait in the kernel's queue.
const MAX_CONNECTIONS: usize = 1024;
/// How long connections may take to finish at shutdown.
const SHUTDOWN_PATIENCE: Duration = Duration::from_secs(30);

/// The options of the server.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// `-rpcbind` values.
    pub bind: Vec<String>,
    /// `-rpcport`.
    pub port: u16,
    /// `-rpcallowip` values.
    pub allow_ip: Vec<String>,
    /// Users.
    pub auth: AuthConfig,
    /// `-rpcthreads`.
    pub threads: usize,
    /// `-rpcworkqueue`.
    pub work_queue: usize,
    /// `-rpcservertimeout`: for a request to arrive, and for an idle connection.
    pub timeout: Duration,
}

/// The server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// See [`InvalidSubnet`].
    #[error(transparent)]
    Subnet(#[from] InvalidSubnet),
    /// See [`AuthError`].
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// Every address failed; each was logged.
    #[error("Unable to bind any endpoint for RPC server")]
    Bind,
    /// No threads.
    #[error("cannot start RPC threads: {0}")]
    Threads(io::Error),
}

/// A running server.
pub struct Server {
    addresses: Vec<SocketAddr>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    rpc: Arc<Rpc>,
    service: Arc<Service>,
}

impl Server {
    /// Starts listening. `paths` are further handlers by prefix, such as `/rest/`, open to everyone who may connect.
    ///
    /// # Errors
    /// A bad subnet, a cookie file that cannot be written, no address to listen on.
    pub async fn start(
        config: &ServerConfig,
        rpc: Arc<Rpc>,
        paths: Vec<(String, Arc<dyn PathHandler>)>,
    ) -> Result<Self, StartError> {
        let mut allowed = Subnet::local().to_vec();
        for text in &config.allow_ip {
            allowed.push(Subnet::parse(text)?);
        }
        let targets = bind_targets(&config.bind, &config.allow_ip, config.port);
        let listeners = bind(&targets).await?;
        let auth = Auth::new(&config.auth)?;
        let pool = Pool::new(config.threads, config.work_queue).map_err(StartError::Threads)?;
        let timeout = config.timeout.max(Duration::from_secs(1));
        let service = Arc::new(Service { rpc: Arc::clone(&rpc), paths, allowed, auth, pool, body_timeout: timeout });

        let (stop, stopped) = watch::channel(false);
        let connections = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let mut tasks = JoinSet::new();
        let mut addresses = Vec::new();
        for listener in listeners {
            addresses.extend(listener.local_addr());
            let acceptor = Acceptor {
                service: Arc::clone(&service),
                connections: Arc::clone(&connections),
                stopped: stopped.clone(),
                timeout,
            };
            tasks.spawn(acceptor.run(listener));
        }
        Ok(Self { addresses, stop, tasks, rpc, service })
    }

    /// Where it listens.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Stops listening, lets running calls finish and be answered, and removes the cookie file.
    pub async fn stop(self) {
        let Self { stop, mut tasks, rpc, service, .. } = self;
        rpc.interrupt();
        let _ = stop.send(true);
        let finished = time::timeout(SHUTDOWN_PATIENCE, async { while tasks.join_next().await.is_some() {} }).await;
        if finished.is_err() {
            tracing::warn!("RPC connections did not finish in time");
            tasks.shutdown().await;
        }
        // Joining the worker threads can block.
        let _ = tokio::task::spawn_blocking(move || drop(service)).await;
    }
}

async fn bind(targets: &[(String, u16)]) -> Result<Vec<TcpListener>, StartError> {
    let mut listeners = Vec::new();
    for (host, port) in targets {
        tracing::debug!(target: "http", "Binding RPC on address {host} port {port}");
        match TcpListener::bind((host.as_str(), *port)).await {
            Ok(listener) => {
                if listener.local_addr().is_ok_and(|address| address.ip().is_unspecified()) {
                    tracing::warn!(
                        "the RPC server is not safe to expose to untrusted networks such as the public internet"
                    );
                }
                listeners.push(listener);
            }
            Err(error) => tracing::info!("Binding RPC on address {host} port {port} failed: {error}"),
        }
    }
    if listeners.is_empty() { Err(StartError::Bind) } else { Ok(listeners) }
}

/// Takes the connections of one listener.
struct Acceptor {
    service: Arc<Service>,
    connections: Arc<Semaphore>,
    stopped: watch::Receiver<bool>,
    timeout: Duration,
}

impl Acceptor {
    async fn run(mut self, listener: TcpListener) {
        let mut running = JoinSet::new();
        loop {
            let Ok(permit) = Arc::clone(&self.connections).acquire_owned().await else { break };
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = asked_to_stop(&mut self.stopped) => break,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let connection = serve(Arc::clone(&self.service), stream, peer, self.timeout, self.stopped.clone());
                    running.spawn(async move {
                        connection.await;
                        drop(permit);
                    });
                }
                // Out of file descriptors, most likely: give others time to close theirs.
                Err(error) => {
                    tracing::debug!(target: "http", "accept: {error}");
                    time::sleep(Duration::from_millis(50)).await;
                }
            }
            while running.try_join_next().is_some() {}
        }
        drop(listener);
        while running.join_next().await.is_some() {}
    }
}

async fn serve(
    service: Arc<Service>,
    stream: TcpStream,
    peer: SocketAddr,
    timeout: Duration,
    mut stopped: watch::Receiver<bool>,
) {
    let _ = stream.set_nodelay(true);
    let handler = hyper::service::service_fn(move |request| {
        let service = Arc::clone(&service);
        async move { service.answer(request, peer).await }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(timeout)
        .max_buf_size(service::MAX_BUFFER)
        .serve_connection(TokioIo::new(stream), handler);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = asked_to_stop(&mut stopped) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(target: "http", "connection from {peer} ended: {error}");
    }
}

/// Returns when the server is to stop, or is gone.
async fn asked_to_stop(stopped: &mut watch::Receiver<bool>) {
    // The guard in the result must not live on: it cannot move between threads.
    drop(stopped.wait_for(|stopped| *stopped).await);
}
