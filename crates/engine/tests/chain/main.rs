//! The engine against real chains, against itself in another order, and across restarts and crashes.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a failed unwrap is a failed test; skips are said aloud"
)]

mod block_tree;
mod crash;
mod filters;
mod harness;
mod inside;
mod orders;
mod pool;
mod power;
mod reorgs;
mod scripts;
mod unknown_rules;
mod vectors;
mod verify;
