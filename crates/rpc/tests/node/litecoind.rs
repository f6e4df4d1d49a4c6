//! A real litecoind on regtest, and a client for it.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use litecast_rpc::RpcError;
use serde_json::{Value, json};

use crate::harness::NOW;

const BINARY: &str = "/usr/bin/litecoind";
/// No call and no start takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Litecoind {
    child: Child,
    port: u16,
    cookie: String,
    dir: Option<tempfile::TempDir>,
}

impl Litecoind {
    /// `None`, and a line that says so, without the program.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with(&["-disablewallet"])
    }

    /// With options of its own.
    pub(crate) fn start_with(options: &[&str]) -> Option<Self> {
        Self::start_in(tempfile::tempdir().unwrap(), options)
    }

    /// With a data directory that may have been used before, and options.
    pub(crate) fn start_in(dir: tempfile::TempDir, options: &[&str]) -> Option<Self> {
        if !Path::new(BINARY).exists() {
            eprintln!("skipped: no {BINARY}");
            return None;
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new(BINARY)
            .arg(format!("-datadir={}", dir.path().display()))
            .arg(format!("-rpcport={port}"))
            .arg(format!("-mocktime={NOW}"))
            .args(["-regtest", "-server", "-listen=0", "-connect=0", "-maxtipage=2000000000"])
            .arg("-blockfilterindex=1")
            .args(options)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut this = Self { child, port, cookie: String::new(), dir: Some(dir) };
        this.wait();
        Some(this)
    }

    /// Stops in order, and leaves what was written.
    pub(crate) fn stop(mut self) -> tempfile::TempDir {
        self.call("stop", &json!([])).unwrap();
        let start = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(start.elapsed() < PATIENCE, "litecoind does not stop");
            thread::sleep(Duration::from_millis(50));
        }
        self.dir.take().unwrap()
    }

    /// There is nothing to wait on but the answer to a call.
    fn wait(&mut self) {
        let start = Instant::now();
        let file = self.dir.as_ref().unwrap().path().join("regtest/.cookie");
        loop {
            self.cookie = std::fs::read_to_string(&file).unwrap_or_default();
            if !self.cookie.is_empty() && matches!(self.try_call("getblockcount", &json!([])), Some(Ok(_))) {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "litecoind does not start");
            thread::sleep(Duration::from_millis(50));
        }
    }

    pub(crate) fn call(&self, method: &str, params: &Value) -> Result<Value, RpcError> {
        self.try_call(method, params).unwrap()
    }

    /// A call to one of its wallets.
    pub(crate) fn wallet(&self, name: &str, method: &str, params: &Value) -> Value {
        let answer = self.try_call_at(&format!("/wallet/{name}"), method, params).unwrap();
        answer.unwrap_or_else(|error| panic!("{name} {method} {params}: {error}"))
    }

    fn try_call(&self, method: &str, params: &Value) -> Option<Result<Value, RpcError>> {
        self.try_call_at("/", method, params)
    }

    fn try_call_at(&self, path: &str, method: &str, params: &Value) -> Option<Result<Value, RpcError>> {
        let body = json!({"id": 1, "method": method, "params": params}).to_string();
        let auth = base64::engine::general_purpose::STANDARD.encode(&self.cookie);
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        let length = body.len();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Basic {auth}\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).ok()?;
        stream.write_all(body.as_bytes()).ok()?;
        let mut reply = String::new();
        stream.read_to_string(&mut reply).ok()?;
        let (_, body) = reply.split_once("\r\n\r\n")?;
        let answer: Value = serde_json::from_str(body).ok()?;
        let error = &answer["error"];
        Some(if error.is_null() {
            Ok(answer["result"].clone())
        } else {
            let code = i32::try_from(error["code"].as_i64().unwrap()).unwrap();
            Err(RpcError::new(code, error["message"].as_str().unwrap()))
        })
    }
}

impl Drop for Litecoind {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
