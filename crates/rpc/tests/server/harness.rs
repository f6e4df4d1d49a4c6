//! A node of nothing but a server, and an HTTP client of nothing but a socket.
#![expect(clippy::unwrap_used, reason = "a failed unwrap in a test's helper is a failed test")]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use base64::Engine as _;
use litecast_rpc::auth::AuthConfig;
use litecast_rpc::{
    Call, HttpReply, HttpRequest, LogControl, Method, NodeContext, PathHandler, Registry, Rpc, RpcError, Server,
    ServerConfig, methods,
};
use serde_json::Value;

/// The one user with a password in clear.
pub(crate) const USER: (&str, &str) = ("user", "pass:word");
/// No test waits longer for anything.
const PATIENCE: Duration = Duration::from_secs(20);

/// A flag that threads wait for.
#[derive(Default)]
struct Gate {
    open: Mutex<bool>,
    changed: Condvar,
}

impl Gate {
    fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.changed.notify_all();
    }

    fn wait(&self) {
        let (open, _) = self.changed.wait_timeout_while(self.open.lock().unwrap(), PATIENCE, |open| !*open).unwrap();
        assert!(*open, "waited too long");
    }
}

#[derive(Default)]
struct State {
    stop: Gate,
    log: Log,
}

/// A log with two categories, and a third that blocks: the door through which the method `block` gets at the gates.
#[derive(Default)]
struct Log {
    on: Mutex<Vec<String>>,
    blocked: Gate,
    release: Gate,
}

impl LogControl for Log {
    fn set(&self, category: &str, on: bool) -> bool {
        if category == "block" {
            self.blocked.open();
            self.release.wait();
            return true;
        }
        let known = ["net", "zmq"].contains(&category);
        let mut set = self.on.lock().unwrap();
        set.retain(|name| name != category);
        if known && on {
            set.push(category.to_owned());
        }
        known
    }

    fn categories(&self) -> Vec<(&'static str, bool)> {
        let set = self.on.lock().unwrap();
        ["net", "zmq"].into_iter().map(|name| (name, set.iter().any(|on| on == name))).collect()
    }

    fn path(&self) -> &Path {
        Path::new("/the/debug.log")
    }
}

impl NodeContext for State {
    fn uptime_s(&self) -> i64 {
        42
    }

    fn request_shutdown(&self) {
        self.stop.open();
    }

    fn log(&self) -> &dyn LogControl {
        &self.log
    }
}

fn block(call: &Call<'_>) -> Result<Value, RpcError> {
    Ok(Value::Bool(call.node.log().set("block", true)))
}

fn panics(_: &Call<'_>) -> Result<Value, RpcError> {
    panic!("as asked for")
}

const fn hidden(name: &'static str, handler: litecast_rpc::method::Handler) -> Method {
    Method { name, category: "hidden", args: &[], description: "Test.", result: "null", examples: &[], handler }
}

static TEST_METHODS: &[Method] = &[hidden("block", block), hidden("panic", panics)];

struct Extra;

impl PathHandler for Extra {
    fn handle(&self, request: &HttpRequest) -> HttpReply {
        HttpReply::text(200, format!("{} {}", request.method, request.path))
    }
}

pub(crate) struct Node {
    pub(crate) rpc: Arc<Rpc>,
    state: Arc<State>,
    server: Server,
    runtime: tokio::runtime::Runtime,
}

impl Node {
    pub(crate) fn start(change: impl FnOnce(&mut ServerConfig)) -> Self {
        Self::try_start(change).unwrap()
    }

    pub(crate) fn try_start(change: impl FnOnce(&mut ServerConfig)) -> Result<Self, String> {
        let user_password = Some((USER.0.to_owned(), USER.1.to_owned()));
        let mut config = ServerConfig {
            bind: vec!["127.0.0.1:0".to_owned()],
            port: 0,
            allow_ip: vec!["127.0.0.1".to_owned()],
            auth: AuthConfig { user_password, ..AuthConfig::default() },
            threads: 4,
            work_queue: 16,
            timeout: Duration::from_secs(30),
        };
        change(&mut config);
        let mut registry = Registry::new();
        registry.extend(methods::METHODS);
        registry.extend(TEST_METHODS);
        let state = Arc::new(State::default());
        let rpc = Rpc::new(registry, Arc::clone(&state) as Arc<dyn NodeContext>);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let paths: Vec<(String, Arc<dyn PathHandler>)> = vec![("/extra/".to_owned(), Arc::new(Extra))];
        let server = runtime.block_on(Server::start(&config, Arc::clone(&rpc), paths)).map_err(|e| e.to_string())?;
        Ok(Self { rpc, state, server, runtime })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server.addresses().iter().copied().find(SocketAddr::is_ipv4).expect("an IPv4 address")
    }

    pub(crate) fn client(&self) -> Client {
        self.client_as(USER.0, USER.1)
    }

    pub(crate) fn client_as(&self, user: &str, password: &str) -> Client {
        let stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Client { stream, rest: Vec::new(), user_password: format!("{user}:{password}") }
    }

    pub(crate) fn wait_until_blocked(&self) {
        self.state.log.blocked.wait();
    }

    pub(crate) fn release(&self) {
        self.state.log.release.open();
    }

    pub(crate) fn wait_for_stop_request(&self) {
        self.state.stop.wait();
    }

    pub(crate) fn stop(self) {
        self.state.log.release.open();
        self.runtime.block_on(self.server.stop());
    }
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
    }
}

pub(crate) struct Client {
    stream: TcpStream,
    rest: Vec<u8>,
    user_password: String,
}

impl Client {
    pub(crate) fn auth(&self) -> String {
        let token = base64::engine::general_purpose::STANDARD.encode(&self.user_password);
        format!("Authorization: Basic {token}\r\n")
    }

    pub(crate) fn write(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).unwrap();
    }

    pub(crate) fn send_only(&mut self, body: &str) {
        let head = format!("POST / HTTP/1.1\r\nHost: x\r\n{}Content-Length: {}\r\n\r\n", self.auth(), body.len());
        self.write(&(head + body));
    }

    pub(crate) fn rpc(&mut self, body: &str) -> Reply {
        self.send_only(body);
        self.read()
    }

    pub(crate) fn send(&mut self, method: &str, path: &str, headers: &str, body: &str) -> Reply {
        let length = body.len();
        self.write(&format!("{method} {path} HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: {length}\r\n\r\n{body}"));
        self.read()
    }

    pub(crate) fn send_head(&mut self, method: &str, path: &str, headers: &str) -> Reply {
        self.write(&format!("{method} {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n"));
        self.read()
    }

    pub(crate) fn read(&mut self) -> Reply {
        self.try_read().expect("a reply in time")
    }

    /// One reply; `None` when none comes within the read timeout.
    pub(crate) fn try_read(&mut self) -> Option<Reply> {
        let head_end = loop {
            if let Some(at) = self.rest.windows(4).position(|window| window == b"\r\n\r\n") {
                break at;
            }
            self.fill()?;
        };
        let head = String::from_utf8(self.rest[..head_end].to_vec()).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().unwrap();
        let headers: Vec<(String, String)> = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let length = headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, v)| v.parse().unwrap());
        while self.rest.len() < head_end + 4 + length {
            self.fill()?;
        }
        let body = String::from_utf8(self.rest[head_end + 4..head_end + 4 + length].to_vec()).unwrap();
        self.rest.drain(..head_end + 4 + length);
        Some(Reply { status, headers, body })
    }

    fn fill(&mut self) -> Option<()> {
        let mut buffer = [0; 4096];
        let got = self.stream.read(&mut buffer).ok().filter(|got| *got > 0)?;
        self.rest.extend_from_slice(&buffer[..got]);
        Some(())
    }

    /// Waits for the server to close.
    pub(crate) fn is_closed(&mut self) -> bool {
        let mut buffer = [0; 4096];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) => return error.kind() == std::io::ErrorKind::ConnectionReset,
            }
        }
    }
}
