//! One request, from its head to its reply.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use hyper::{Method, Request, Response, StatusCode};
use tokio::sync::oneshot;
use tokio::time;

use crate::auth::Auth;
use crate::http::{HttpReply, HttpRequest, JsonRpc, PathHandler};
use crate::net::Subnet;
use crate::pool::Pool;
use crate::rpc::Rpc;

/// Longest head of a request, bytes (v0.21.5.5 `src/httpserver.cpp` MAX_HEADERS_SIZE).
const MAX_HEAD: usize = 8192;
/// The HTTP library's buffer: larger than any head we read, so that it is us who refuse a long one.
pub(super) const MAX_BUFFER: usize = 64 * 1024;
/// Longest body, bytes (v0.21.5.5 `src/serialize.h` MAX_SIZE).
const MAX_BODY: usize = 0x0200_0000;
/// What a wrong password costs.
const WRONG_PASSWORD_DELAY: Duration = Duration::from_millis(250);

/// What all connections share.
pub(super) struct Service {
    pub(super) rpc: Arc<Rpc>,
    pub(super) paths: Vec<(String, Arc<dyn PathHandler>)>,
    pub(super) allowed: Vec<Subnet>,
    pub(super) auth: Auth,
    pub(super) pool: Pool,
    pub(super) body_timeout: Duration,
}

impl Service {
    /// Answers a request. Never fails: what goes wrong is a status.
    pub(super) async fn answer(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> Result<Response<Full<Bytes>>, Infallible> {
        let reply = self.reply(request, peer).await;
        let mut response = Response::new(Full::new(reply.body));
        *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if !reply.content_type.is_empty() {
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
        }
        if reply.status == 401 {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"jsonrpc\""));
        }
        Ok(response)
    }

    async fn reply(&self, request: Request<Incoming>, peer: SocketAddr) -> HttpReply {
        if head_size(&request) > MAX_HEAD {
            return HttpReply::status(400);
        }
        if !self.allowed.iter().any(|subnet| subnet.contains(peer.ip())) {
            tracing::debug!(target: "http", "HTTP request from {peer} rejected: Client network is not allowed RPC access");
            return HttpReply::status(403);
        }
        let method = request.method().clone();
        if ![Method::GET, Method::POST, Method::HEAD, Method::PUT].contains(&method) {
            return HttpReply::status(405);
        }
        let path = request.uri().path_and_query().map_or("", |path| path.as_str()).to_owned();
        let (prefix, handler): (&str, Arc<dyn PathHandler>) = if path == "/" {
            if method != Method::POST {
                return HttpReply::text(405, "JSONRPC server handles only POST requests");
            }
            match self.authorize(&request, peer).await {
                Ok(user) => ("", Arc::new(user)),
                Err(reply) => return reply,
            }
        } else {
            match self.paths.iter().find(|(prefix, _)| path.starts_with(prefix.as_str())) {
                Some((prefix, handler)) => (prefix, Arc::clone(handler)),
                None => return HttpReply::status(404),
            }
        };
        let path = path[prefix.len()..].to_owned();
        let body = match self.read_body(request).await {
            Ok(body) => body,
            Err(status) => return HttpReply::status(status),
        };
        let method = method.to_string();
        self.run(handler, HttpRequest { path, method, peer, body }).await
    }

    async fn authorize(&self, request: &Request<Incoming>, peer: SocketAddr) -> Result<JsonRpc, HttpReply> {
        let Some(header) = request.headers().get(AUTHORIZATION) else { return Err(HttpReply::status(401)) };
        let Some(user) = self.auth.user(header.as_bytes()) else {
            tracing::info!("ThreadRPCServer incorrect password attempt from {peer}");
            time::sleep(WRONG_PASSWORD_DELAY).await;
            return Err(HttpReply::status(401));
        };
        let allowed = self.auth.allowed(&user).cloned();
        Ok(JsonRpc { rpc: Arc::clone(&self.rpc), user, allowed })
    }

    /// The whole body, within the limits of size and time; otherwise a status.
    async fn read_body(&self, request: Request<Incoming>) -> Result<Bytes, u16> {
        if request.body().size_hint().lower() > MAX_BODY as u64 {
            return Err(413);
        }
        let body = Limited::new(request.into_body(), MAX_BODY).collect();
        match time::timeout(self.body_timeout, body).await {
            Ok(Ok(body)) => Ok(body.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(413),
            Ok(Err(_)) => Err(400),
            Err(_) => Err(408),
        }
    }

    async fn run(&self, handler: Arc<dyn PathHandler>, request: HttpRequest) -> HttpReply {
        let (done, reply) = oneshot::channel();
        let job = move || {
            // The client may be gone: then nobody waits for the reply.
            let _ = done.send(handler.handle(&request));
        };
        if self.pool.submit(job).is_err() {
            tracing::warn!(
                "request rejected because http work queue depth exceeded, it can be increased with the -rpcworkqueue= setting"
            );
            return HttpReply::text(503, "Work queue depth exceeded");
        }
        reply.await.unwrap_or_else(|_| HttpReply::status(500))
    }
}

fn head_size(request: &Request<Incoming>) -> usize {
    let headers: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    let uri = request.uri().path_and_query().map_or(0, |path| path.as_str().len());
    uri + headers + 16
}
