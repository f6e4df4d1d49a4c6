//! Chain events as ZeroMQ frames, and the publisher that sends them.
//!
//! Three steps, each its own module: [`options`] turns the `-zmqpub…` options into a [`NotifyConfig`]; [`frames`] is a
//! pure function from that configuration and an event to messages; [`publisher`] (cargo feature `zmq`) numbers the
//! messages and sends them. The crate knows neither the engine nor the network: the daemon carries values between.

pub mod endpoint;
pub mod frames;
pub mod options;
#[cfg(feature = "zmq")]
pub mod publisher;
pub mod topic;

pub use endpoint::{Endpoint, EndpointError};
pub use frames::{Body, Message};
pub use options::{AddressError, NotifierConfig, NotifyConfig, PubOption, SocketConfig};
#[cfg(feature = "zmq")]
pub use publisher::{Publisher, PublisherSettings};
pub use topic::Topic;
