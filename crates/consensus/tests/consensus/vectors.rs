//! Recorded data that does not belong to the repository.

use std::{
    fs,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use litecast_primitives::{Block, BlockHeader};
use serde_json::Value;

/// The folder of the data, or `None` with a word about it.
pub(crate) fn folder() -> Option<PathBuf> {
    let path = std::env::var_os("LITECAST_VECTORS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors"), PathBuf::from);
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("skipped: no vectors at {} (set LITECAST_VECTORS)", path.display());
    None
}

/// A file of JSON.
pub(crate) fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Bytes in hexadecimal.
pub(crate) fn hex_bytes(text: &str) -> Bytes {
    hex::decode(text.trim()).unwrap().into()
}

/// Blocks in hexadecimal, one a line.
pub(crate) fn blocks(path: &Path) -> Vec<Block> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| Block::from_bytes(hex::decode(line.trim()).unwrap().into()).unwrap()).collect()
}

/// A header in hexadecimal.
pub(crate) fn header(text: &str) -> BlockHeader {
    BlockHeader::from_slice(&hex::decode(text).unwrap()).unwrap()
}
