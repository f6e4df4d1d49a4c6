//! The methods that need a chain and a network: against answers that litecoind gave once, and against a litecoind that
//! runs beside.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a failed unwrap is a failed test; skips are said aloud")]

mod addresses;
mod fees;
mod harness;
mod litecoind;
mod live;
mod mempool;
mod mempool_live;
mod mining;
mod mweb;
mod network;
mod vectors;
