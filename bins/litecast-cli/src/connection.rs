//! Where the node is, who is calling, and waiting for a node that is still starting.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use litecast_client::rpc::{Auth, RpcClient, RpcError};
use litecast_config::{Args, split_host_port};
use serde_json::Value;

use crate::request;

/// The node is starting (v0.21.5.5 `src/rpc/protocol.h` RPC_IN_WARMUP).
const IN_WARMUP: i64 = -28;
/// Between attempts of `-rpcwait`.
const RETRY: Duration = Duration::from_secs(1);

/// The node cannot be asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// See [`RpcError`].
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// `-rpcwaittimeout` is over.
    #[error("timeout on transient error: {0}")]
    WaitedTooLong(String),
    /// An answer without result and error.
    #[error("expected reply to have result, error and id properties")]
    Shape,
}

/// How to reach the node, from the options.
pub(crate) struct Connection {
    host: String,
    port: u16,
    auth: Auth,
    timeout: Option<Duration>,
    wallet: Option<String>,
    wait: bool,
    wait_limit: Option<Duration>,
}

impl Connection {
    pub(crate) fn new(args: &Args) -> Self {
        let connect = args.get_str("rpcconnect");
        let (host, port_there) = split_host_port(&connect);
        let port = args.given_int("rpcport").and_then(|port| u16::try_from(port).ok());
        let password = args.get_str("rpcpassword");
        let auth = if password.is_empty() {
            let cookie = args.given("rpccookiefile").unwrap_or_else(|| ".cookie".to_owned());
            Auth::CookieFile(args.absolute(Path::new(&cookie), true))
        } else {
            Auth::UserPassword { user: args.get_str("rpcuser"), password }
        };
        let seconds = |name: &str| u64::try_from(args.get_int(name)).ok().filter(|s| *s > 0).map(Duration::from_secs);
        Self {
            host: host.to_owned(),
            port: port.or(port_there).unwrap_or_else(|| args.chain().rpc_port()),
            auth,
            timeout: seconds("rpcclienttimeout"),
            wallet: args.given("rpcwallet"),
            wait: args.get_bool("rpcwait"),
            wait_limit: seconds("rpcwaittimeout"),
        }
    }

    /// Calls one method of the chosen wallet's endpoint and returns the whole reply object.
    pub(crate) fn call(&self, method: &str, params: &Value) -> Result<Value, CallError> {
        self.call_wallet(method, params, self.wallet.as_deref())
    }

    /// As [`Connection::call`], for a given wallet.
    pub(crate) fn call_wallet(&self, method: &str, params: &Value, wallet: Option<&str>) -> Result<Value, CallError> {
        let reply = self.send(&request(method, params, 1), wallet)?;
        if reply.as_object().is_none_or(serde_json::Map::is_empty) { Err(CallError::Shape) } else { Ok(reply) }
    }

    /// Makes several calls in one request, ids from 0 on, and returns the reply objects in that order.
    pub(crate) fn batch(&self, methods: &[&str]) -> Result<Vec<Value>, CallError> {
        let requests = (0..).zip(methods).map(|(id, method)| request(method, &Value::Null, id)).collect();
        let replies = self.send(&Value::Array(requests), self.wallet.as_deref())?;
        let mut ordered = vec![Value::Null; methods.len()];
        let Value::Array(replies) = replies else { return Err(CallError::Shape) };
        for reply in replies {
            let id = reply["id"].as_u64().and_then(|id| usize::try_from(id).ok());
            *id.and_then(|id| ordered.get_mut(id)).ok_or(CallError::Shape)? = reply;
        }
        Ok(ordered)
    }

    fn send(&self, request: &Value, wallet: Option<&str>) -> Result<Value, CallError> {
        let mut client = RpcClient::new(&self.host, self.port, self.auth.clone()).timeout(self.timeout);
        if let Some(wallet) = wallet {
            client = client.path(&format!("/wallet/{}", uri_encode(wallet)));
        }
        let start = Instant::now();
        loop {
            let transient = match client.request(request) {
                Ok(reply) if self.wait && reply["error"]["code"].as_i64() == Some(IN_WARMUP) => {
                    "server in warmup".to_owned()
                }
                Err(error @ RpcError::Connection { .. }) if self.wait => error.to_string(),
                other => return Ok(other?),
            };
            if self.wait_limit.is_some_and(|limit| start.elapsed() >= limit) {
                return Err(CallError::WaitedTooLong(transient));
            }
            thread::sleep(RETRY);
        }
    }
}

fn uri_encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
