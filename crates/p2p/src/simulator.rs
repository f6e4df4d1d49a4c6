//! A network of nodes in virtual time, from one seed.
//!
//! Every node is a real [`crate::fsm::Fsm`] with a real [`crate::codec::Decoder`] per connection; the engine behind it
//! is a [`toy_chain::ToyChain`] with a [`toy_pool`], the network between them has latency, losses and partitions. Nothing here sleeps or
//! asks the system for anything: a run is its seed. After every step the invariants of [`network`] are checked.

pub mod network;
pub mod toy_chain;
pub mod toy_pool;

pub use network::{Behaviour, Simulator};
pub use toy_chain::ToyChain;

#[cfg(test)]
mod tests;
