//! Where the vectors are.

use std::path::Path;

use bytes::Bytes;
use litecast_primitives::transaction::Transaction;
use serde_json::Value;

/// The content of a file of vectors; none, with a word about it, where there are no vectors.
pub(crate) fn read(file: &str) -> Option<Vec<u8>> {
    let folder = std::env::var("LITECAST_VECTORS")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors").to_owned());
    let path = Path::new(&folder).join("vectors").join(file);
    if !path.exists() {
        eprintln!("skipped: no {}", path.display());
        return None;
    }
    Some(std::fs::read(path).unwrap())
}

pub(crate) fn json(file: &str) -> Option<Value> {
    read(file).map(|bytes| serde_json::from_slice(&bytes).unwrap())
}

pub(crate) fn unhex(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

pub(crate) fn transaction(value: &Value) -> Transaction {
    Transaction::from_bytes(Bytes::from(unhex(value))).unwrap()
}
