//! The interpreter against the reference's test vectors, and against Bitcoin's consensus library.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a failed unwrap is a failed test; skips and counts are said aloud"
)]

mod flags;
mod language;
mod limits;
mod oracle;
mod policy;
mod scripts;
mod spend;
mod taproot;
mod transactions;

use std::path::{Path, PathBuf};

use serde_json::Value;

/// The cases of a file of vectors; a line of explanation if there is no such file.
fn cases(file: &str) -> Option<Vec<Value>> {
    let root = std::env::var_os("LITECAST_VECTORS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors"), PathBuf::from);
    let path = root.join("vectors").join(file);
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: no vectors at {} (set LITECAST_VECTORS)", path.display());
        return None;
    };
    Some(serde_json::from_str(&text).unwrap())
}
