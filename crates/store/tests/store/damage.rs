//! Damage to the tables' files: a torn journal loses whole batches from the end, a flipped bit is noticed or harmless.

use std::{
    fs,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use litecast_store::{Opaque, Store, StoreError};

use crate::history::{Player, Shown, Step, options};

/// Every file below a folder.
fn walk(dir: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { all.extend(walk(&path)) } else { all.push(path) }
    }
    all.sort();
    all
}

/// A folder in memory: each file's name, its bytes up to the last that is not zero, and its length.
struct Image(Vec<(PathBuf, Vec<u8>, u64)>);

impl Image {
    fn of(dir: &Path) -> Self {
        let take = |file: PathBuf| {
            let mut bytes = fs::read(&file).unwrap();
            let length = bytes.len() as u64;
            bytes.truncate(bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1));
            (file.strip_prefix(dir).unwrap().to_path_buf(), bytes, length)
        };
        Self(walk(dir).into_iter().map(take).collect())
    }

    fn restore(&self) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, bytes, length) in &self.0 {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, bytes).unwrap();
            fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(*length).unwrap();
        }
        dir
    }
}

fn history(dir: &Path) -> Vec<Shown> {
    let store = Store::open(&options(dir)).unwrap();
    let mut player = Player::new(Shown::default());
    for _ in 0..6 {
        for _ in 0..3 {
            player.play(&store, Step::Block).unwrap();
        }
        player.play(&store, Step::Commit).unwrap();
    }
    player.committed
}

/// The state, or the error of whichever step noticed the damage.
fn reopen(dir: &Path) -> Result<Shown, StoreError> {
    let store = Store::open(&options(dir))?;
    for entry in store.coins()? {
        entry?;
    }
    store.load_index()?;
    for entry in store.entries(Opaque::Mweb) {
        entry?;
    }
    Ok(Shown::of(&store))
}

#[test]
fn a_torn_journal_gives_a_prefix() {
    let dir = tempfile::tempdir().unwrap();
    let committed = history(dir.path());
    let image = Image::of(dir.path());
    let journals: Vec<_> = image.0.iter().filter(|(name, ..)| name.extension().is_some_and(|e| e == "jnl")).collect();
    assert_eq!(journals.len(), 1);
    let (journal, bytes, _) = journals[0];
    let end = bytes.len();
    let mut seen = std::collections::BTreeSet::new();
    for cut in (0..=40).map(|part| end * part / 40).chain([end - 1, end - 2, end - 9]) {
        let torn = image.restore();
        let journal = fs::OpenOptions::new().write(true).open(torn.path().join(journal)).unwrap();
        journal.set_len(cut as u64).unwrap();
        match reopen(torn.path()) {
            Ok(shown) => {
                let number = committed.iter().position(|state| *state == shown);
                seen.insert(number.expect("because no other state was ever committed"));
            }
            // Cut before the marker: the tables look new, and the blocks are safe.
            Err(error) => assert!(matches!(error, StoreError::BlocksWithoutIndex { .. }), "{error}"),
        }
    }
    assert_eq!(seen.len(), committed.len(), "{seen:?}");
}

/// A hole of fjall 3.1.13, written down in ADR 0001: the 13 bytes in front of each batch of its journal (tag, count,
/// sequence number) are not covered by the checksum, and a wrong sequence number reorders batches.
fn is_batch_header(file: &Path, bytes: &[u8], at: usize) -> bool {
    const TRAILER: &[u8] = b"FJL\x03";
    let is_journal = file.extension().is_some_and(|e| e == "jnl");
    let before = bytes[..at].windows(4).rposition(|w| w == TRAILER).map_or(0, |trailer| trailer + 4);
    is_journal && at - before < 13
}

#[test]
fn a_flipped_bit_never_gives_a_wrong_state() {
    let dir = tempfile::tempdir().unwrap();
    let committed = history(dir.path());
    // All of it lies in the journal; sorted files have a test of their own beside the code that opens them.
    let image = Image::of(dir.path());
    let mut noticed = 0;
    for (file, bytes, _) in image.0.iter().filter(|(name, ..)| name.starts_with("tables")) {
        // Every sort of place in the journal, a few in the small files.
        let places = if bytes.len() > 1000 { 60 } else { 12 };
        for at in (0..places).map(|part| bytes.len() * part / places).filter(|at| *at < bytes.len()) {
            let flipped = image.restore();
            let mut bytes = bytes.clone();
            bytes[at] ^= 4;
            let target = fs::OpenOptions::new().write(true).open(flipped.path().join(file)).unwrap();
            target.write_all_at(&bytes, 0).unwrap();
            match reopen(flipped.path()) {
                Ok(shown) => {
                    let known = committed.contains(&shown) || is_batch_header(file, &bytes, at);
                    assert!(known, "{} at {at}", file.display());
                }
                Err(StoreError::Corrupt { what, .. }) => {
                    noticed += 1;
                    assert!(!what.is_empty());
                }
                Err(StoreError::BlocksWithoutIndex { .. } | StoreError::WrongFormat { .. }) => noticed += 1,
                Err(other) => panic!("{} at {at}: {other}", file.display()),
            }
        }
    }
    assert!(noticed > 5, "{noticed}");
}
