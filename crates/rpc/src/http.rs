//! What a request for a path is to its handler, without the HTTP library's types.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;

use crate::request;
use crate::rpc::Rpc;

/// A request that has passed the address check, with its body.
#[derive(Debug, Clone)]
pub struct HttpRequest {
    /// Path and query behind the handler's prefix.
    pub path: String,
    /// `GET`, `POST`, `HEAD` or `PUT`.
    pub method: String,
    /// Where it comes from.
    pub peer: SocketAddr,
    /// Body; empty unless the handler takes one.
    pub body: Bytes,
}

/// A reply.
#[derive(Debug, Clone)]
pub struct HttpReply {
    /// Status code.
    pub status: u16,
    /// `Content-Type`; empty for none.
    pub content_type: &'static str,
    /// Body.
    pub body: Bytes,
}

impl HttpReply {
    /// A status and nothing else.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self { status, content_type: "", body: Bytes::new() }
    }

    /// A status and a line of plain text.
    #[must_use]
    pub fn text(status: u16, body: impl Into<Bytes>) -> Self {
        Self { status, content_type: "text/plain", body: body.into() }
    }
}

/// Answers the requests below a path, such as `/rest/`. Runs on a worker thread.
pub trait PathHandler: Send + Sync {
    /// Answers one request.
    fn handle(&self, request: &HttpRequest) -> HttpReply;
}

/// The handler of `/`, for one user.
pub(crate) struct JsonRpc {
    pub(crate) rpc: Arc<Rpc>,
    pub(crate) user: String,
    pub(crate) allowed: Option<BTreeSet<String>>,
}

impl PathHandler for JsonRpc {
    fn handle(&self, request: &HttpRequest) -> HttpReply {
        let answer = request::answer(&self.rpc, &request.body, &self.user, self.allowed.as_ref());
        let content_type = if answer.body.is_empty() { "" } else { "application/json" };
        HttpReply { status: answer.status, content_type, body: answer.body.into() }
    }
}
