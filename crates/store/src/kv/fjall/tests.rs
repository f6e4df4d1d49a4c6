use std::{
    fs,
    path::{Path, PathBuf},
};

use super::*;

fn walk(dir: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { all.extend(walk(&path)) } else { all.push(path) }
    }
    all.sort();
    all
}

fn put(key: u32, value: u8) -> Change {
    Change { table: Table::Coins, key: key.to_be_bytes().to_vec(), value: Some(vec![value; 50]) }
}

fn content(kv: &FjallKv) -> Result<Vec<(Bytes, Bytes)>, KvError> {
    kv.snapshot().iter(Table::Coins).collect()
}

/// A flip in a sorted file is noticed on opening or on reading, or it was in bytes that nobody needs.
#[test]
fn a_flipped_bit_in_sorted_files_never_gives_a_wrong_value() {
    let dir = tempfile::tempdir().unwrap();
    let expected = {
        let kv = FjallKv::open(dir.path(), 0).unwrap();
        for round in 0..3 {
            kv.write((0..2000).map(|key| put(key * 3 + round, 7)).collect()).unwrap();
            kv.keyspace(Table::Coins).rotate_memtable_and_wait().unwrap();
        }
        content(&kv).unwrap()
    };
    assert_eq!(expected.len(), 6000);
    let (mut noticed, mut tried) = (0, 0);
    for file in walk(dir.path()).into_iter().filter(|path| path.parent().unwrap().ends_with("tables")) {
        let bytes = fs::read(&file).unwrap();
        for at in (0..20).map(|part| bytes.len() * part / 20) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 4;
            fs::write(&file, flipped).unwrap();
            tried += 1;
            match FjallKv::open(dir.path(), 0).and_then(|kv| content(&kv)) {
                Ok(found) => assert_eq!(found, expected, "{} at {at}", file.display()),
                Err(KvError::Corrupt(_)) => noticed += 1,
                Err(other) => panic!("{} at {at}: {other}", file.display()),
            }
            fs::write(&file, &bytes).unwrap();
        }
    }
    assert!(tried > 0 && noticed * 10 > tried * 9, "{noticed} of {tried}");
    assert_eq!(content(&FjallKv::open(dir.path(), 0).unwrap()).unwrap(), expected);
}
