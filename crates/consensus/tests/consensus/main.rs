//! The consensus rules against recorded blocks and headers, against models, and rule by rule against blocks that break
//! exactly one of them.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a failed unwrap is a failed test; skips are said aloud")]

mod builder;
mod chain;
mod difficulty;
mod lock_times;
mod model;
mod recorded_base58;
mod recorded_blocks;
mod recorded_chainwork;
mod recorded_headers;
mod recorded_manifest;
mod recorded_merkle_block;
mod recorded_regtest;
mod recorded_transactions;
mod rules;
mod subsidy;
mod unknown_rules;
mod vectors;
mod version_bits;
