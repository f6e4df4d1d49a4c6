//! A JSON-RPC client: one blocking call at a time, one connection per call, as `litecoin-cli` does it.
//!
//! Owns credentials and the meaning of HTTP statuses. Numbers are kept as they were written (amounts are exact). The
//! password never appears in errors or in `Debug`.

mod http;

use std::{fmt, fs, io, path::PathBuf, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use thiserror::Error;

/// Time for a whole call (`-rpcclienttimeout` of the reference).
pub const DEFAULT_HTTP_CLIENT_TIMEOUT: Duration = Duration::from_secs(900);

/// Who is calling.
#[derive(Clone)]
pub enum Auth {
    /// No credentials; a node refuses that, a proxy may add them.
    None,
    /// `-rpcuser` and `-rpcpassword`, or an `-rpcauth` user.
    UserPassword {
        /// User name.
        user: String,
        /// Password.
        password: String,
    },
    /// The file a node writes at each start, `.cookie` in its data directory. It is read anew for each call.
    CookieFile(PathBuf),
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::UserPassword { user, .. } => write!(f, "UserPassword({user}:…)"),
            Self::CookieFile(path) => write!(f, "CookieFile({})", path.display()),
        }
    }
}

/// Why a call has no result.
#[derive(Debug, Error)]
pub enum RpcError {
    /// Nobody listens there, or the connection broke before an answer. The only error worth retrying (`-rpcwait`).
    #[error(
        "Could not connect to the server {host}:{port} ({source})\n\nIs the node running, and is this its RPC port? \
         (-rpcconnect, -rpcport, and a -testnet or -regtest that both sides agree on)"
    )]
    Connection {
        /// Where.
        host: String,
        /// Where.
        port: u16,
        /// What the operating system says.
        source: io::Error,
    },
    /// The node did not answer in time.
    #[error("the server at {host}:{port} did not answer within {} seconds (-rpcclienttimeout)", .timeout.as_secs())]
    Timeout {
        /// Where.
        host: String,
        /// Where.
        port: u16,
        /// How long was waited.
        timeout: Duration,
    },
    /// HTTP 401 although credentials were given.
    #[error("Authorization failed: Incorrect rpcuser or rpcpassword")]
    Unauthorized,
    /// HTTP 401, and no credentials could be found.
    #[error(
        "Could not locate RPC credentials: there is no cookie file{} and no RPC password is set (-rpcuser and \
         -rpcpassword, or -datadir of the node). Is the node running?",
        .cookie.as_ref().map_or_else(String::new, |path| format!(" at {}", path.display()))
    )]
    NoCredentials {
        /// Where a cookie file was looked for.
        cookie: Option<PathBuf>,
    },
    /// HTTP 403: the node's `-rpcallowip` does not list this address.
    #[error("server returned HTTP error 403: this address may not call it (-rpcallowip of the node)")]
    Forbidden,
    /// Another HTTP status without a JSON-RPC answer.
    #[error("server returned HTTP error {0}")]
    Http(u16),
    /// An answer without a body.
    #[error("no response from server")]
    Empty,
    /// An answer that is not a JSON-RPC answer.
    #[error("couldn't parse reply from server")]
    Malformed,
    /// The node's own error.
    #[error("error code: {code}\nerror message:\n{message}")]
    Rpc {
        /// Its code, as in `src/rpc/protocol.h` of v0.21.5.5.
        code: i64,
        /// Its message.
        message: String,
    },
}

/// Calls one node.
#[derive(Clone, Debug)]
pub struct RpcClient {
    host: String,
    port: u16,
    auth: Auth,
    path: String,
    timeout: Option<Duration>,
}

impl RpcClient {
    /// A client of the node at `host` (a name or an IP address, IPv6 with or without brackets) and `port`.
    #[must_use]
    pub fn new(host: &str, port: u16, auth: Auth) -> Self {
        let host = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host).to_owned();
        Self { host, port, auth, path: "/".to_owned(), timeout: Some(DEFAULT_HTTP_CLIENT_TIMEOUT) }
    }

    /// Sets the time for a whole call; `None` or zero waits for ever.
    #[must_use]
    pub fn timeout(mut self, timeout: Option<Duration>) -> Self {
        self.timeout = timeout.filter(|timeout| !timeout.is_zero());
        self
    }

    /// Sets the path of requests, `/` by default.
    #[must_use]
    pub fn path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// Calls a method. `params` is an array, or an object for named parameters.
    pub fn call(&self, method: &str, params: &Value) -> Result<Value, RpcError> {
        let reply = self.request(&json!({"jsonrpc": "1.0", "id": 1, "method": method, "params": params}))?;
        result_of(reply)
    }

    /// Calls several methods in one request; the answers come in the order of the calls.
    pub fn batch(&self, calls: &[(&str, Value)]) -> Result<Vec<Result<Value, RpcError>>, RpcError> {
        let requests = calls.iter().enumerate();
        let requests: Vec<_> = requests
            .map(|(id, (method, params))| json!({"jsonrpc": "1.0", "id": id, "method": method, "params": params}))
            .collect();
        let Value::Array(replies) = self.request(&Value::Array(requests))? else { return Err(RpcError::Malformed) };
        let mut results: Vec<Option<_>> = calls.iter().map(|_| None).collect();
        for reply in replies {
            let id = reply.get("id").and_then(Value::as_u64).and_then(|id| usize::try_from(id).ok());
            *id.and_then(|id| results.get_mut(id)).ok_or(RpcError::Malformed)? = Some(result_of(reply));
        }
        results.into_iter().map(|result| result.ok_or(RpcError::Malformed)).collect()
    }

    /// Sends any JSON and returns the whole answer, in whatever HTTP status it came.
    pub fn request(&self, request: &Value) -> Result<Value, RpcError> {
        // Without credentials the call is made all the same, as the reference does: the node has the word.
        let credentials = self.credentials();
        let authorization = credentials.as_ref().map(|pair| format!("Basic {}", STANDARD.encode(pair)));
        let unreachable = |source: io::Error| self.unreachable(source);
        let stream = http::connect(&self.host, self.port, self.timeout).map_err(unreachable)?;
        let body = format!("{request}\n");
        let response = http::post(
            &stream,
            &self.host_header(),
            &self.path,
            authorization.as_deref(),
            body.as_bytes(),
            self.timeout,
        )
        .map_err(unreachable)?;
        match response.status {
            401 if credentials.is_some() => return Err(RpcError::Unauthorized),
            401 => return Err(RpcError::NoCredentials { cookie: self.cookie_path() }),
            403 => return Err(RpcError::Forbidden),
            // These carry a JSON-RPC error in their body.
            400 | 404 | 500 => {}
            status if status >= 400 => return Err(RpcError::Http(status)),
            _ => {}
        }
        if response.body.is_empty() {
            return Err(RpcError::Empty);
        }
        serde_json::from_slice(&response.body).map_err(|_| match response.status {
            200 => RpcError::Malformed,
            status => RpcError::Http(status),
        })
    }

    fn unreachable(&self, source: io::Error) -> RpcError {
        let (host, port) = (self.host.clone(), self.port);
        match (source.kind(), self.timeout) {
            (io::ErrorKind::TimedOut, Some(timeout)) => RpcError::Timeout { host, port, timeout },
            _ => RpcError::Connection { host, port, source },
        }
    }

    fn host_header(&self) -> String {
        let host = &self.host;
        if host.contains(':') { format!("[{host}]:{}", self.port) } else { format!("{host}:{}", self.port) }
    }

    fn cookie_path(&self) -> Option<PathBuf> {
        match &self.auth {
            Auth::CookieFile(path) => Some(path.clone()),
            _ => None,
        }
    }

    fn credentials(&self) -> Option<String> {
        match &self.auth {
            Auth::None => None,
            Auth::UserPassword { user, password } => Some(format!("{user}:{password}")),
            Auth::CookieFile(path) => {
                fs::read_to_string(path).ok().map(|text| text.lines().next().unwrap_or_default().to_owned())
            }
        }
    }
}

fn result_of(mut reply: Value) -> Result<Value, RpcError> {
    let Some(object) = reply.as_object_mut() else { return Err(RpcError::Malformed) };
    match object.get("error") {
        None | Some(Value::Null) => object.remove("result").ok_or(RpcError::Malformed),
        Some(error) => Err(RpcError::Rpc {
            code: error.get("code").and_then(Value::as_i64).unwrap_or_default(),
            message: match error.get("message").and_then(Value::as_str) {
                Some(message) => message.to_owned(),
                None => error.to_string(),
            },
        }),
    }
}
