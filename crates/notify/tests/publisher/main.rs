//! The publisher over real sockets: against libzmq (through pyzmq), against hand-written ZMTP, and against clients that
//! mean no good. Loopback only; every wait is bounded.

mod binding;
mod libzmq;
mod support;
mod wire;
