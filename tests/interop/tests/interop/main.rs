//! litecastd against a real litecoind and a real libzmq subscriber.
//!
//! Every scenario starts its own processes in a temporary folder, speaks over the loopback interface only, waits for
//! events within bounds, and leaves nothing running. `LITECASTD` names the daemon; without it the one that was built
//! beside this binary is used.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a failed unwrap is a failed test; skips and seeds are said aloud"
)]

mod bad_input;
mod bad_peer;
mod bans;
mod block_tree;
mod cli;
mod compact;
mod damaged_disk;
mod encrypted;
mod follows;
mod full_disk;
mod harness;
mod heals;
mod hostile;
mod kill_nine;
mod light_clients;
mod mines;
mod mweb_first_block;
mod mweb_loop;
mod mweb_mines;
mod onion;
mod own_network;
mod pegout_maturity;
mod policy;
mod publishes;
mod reads;
mod recorded;
mod relays;
