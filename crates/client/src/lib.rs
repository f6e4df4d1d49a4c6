//! For users of a node: a subscriber of its event stream and a client of its RPC.
//!
//! Both are blocking and small; neither needs a runtime. They work with Litecast and with litecoind.

pub mod address;
pub mod notification;
pub mod print;
pub mod rpc;
pub mod subscriber;

pub use notification::{Content, Notification};
pub use rpc::{Auth, RpcClient, RpcError};
pub use subscriber::{Notice, Subscriber, SubscriberOptions};
