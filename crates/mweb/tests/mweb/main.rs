//! Extension blocks and transactions against what the network and Litecoin Core made and judged.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a failed unwrap is a failed test; skips are said aloud")]

mod building;
mod chain;
mod constants;
mod flips;
mod recorded;
mod rules;
mod support;
mod transactions;
mod verdicts;
