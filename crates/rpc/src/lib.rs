//! JSON-RPC over HTTP/1.1, as litecoind v0.21.5.5 speaks it, plus proper JSON-RPC 2.0 for who asks for it.
//!
//! Owns the HTTP server, authentication, the request and reply shapes, the table of methods with their help pages, and the
//! methods, one file each. Handlers run on a bounded pool of threads, never on the async ones.
//!
//! Refuses: floats for amounts (they are exact decimals), requests beyond the work queue, and bodies beyond 32 MiB.

pub mod amount;
pub mod auth;
pub mod code;
pub mod context;
pub mod convert;
mod help;
mod http;
pub mod method;
pub mod methods;
mod named;
pub mod net;
pub mod network;
mod pool;
pub mod render;
mod request;
pub mod rpc;
pub mod server;
mod template;

pub use amount::{amount_from_json, amount_to_json};
pub use code::RpcError;
pub use context::{LogControl, NodeContext, ZmqNotifier};
pub use http::{HttpReply, HttpRequest, PathHandler};
pub use method::{Arg, ArgKind, Call, Method, Presence, Registry};
pub use network::Network;
pub use rpc::Rpc;
pub use server::{Server, ServerConfig, StartError};
