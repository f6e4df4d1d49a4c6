//! The store's promises, held against models, simulated disks, a killed process and a real litecoind.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests may do what tests may do")]

mod crash;
mod damage;
mod files;
mod history;
mod kill;
mod opening;
mod reference;
mod tables;
