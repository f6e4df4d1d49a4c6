//! Which folders are taken, which are refused, and what is thrown away on request.

use std::fs;

use litecast_primitives::params::{Network, Params};
use litecast_store::{
    FilePos, Opaque, Options, Store, StoreError, Wipe,
    kv::{Change, FjallKv, Kv, Table},
};

use crate::history::{Player, Shown, Step, block_bytes, options};

fn filled(options: &Options) -> Shown {
    let store = Store::open(options).unwrap();
    let mut player = Player::new(Shown::of(&store));
    for _ in 0..12 {
        player.play(&store, Step::Block).unwrap();
    }
    player.play(&store, Step::Commit).unwrap();
    player.model
}

#[test]
fn what_was_committed_is_there_again() {
    let dir = tempfile::tempdir().unwrap();
    let model = filled(&options(dir.path()));
    let store = Store::open(&options(dir.path())).unwrap();
    assert_eq!(Shown::of(&store), model);
    model.check_files(&store);
}

#[test]
fn another_network_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    filled(&options(dir.path()));
    let main = Options::new(dir.path(), &Params::new(Network::Main));
    let error = Store::open(&main).unwrap_err();
    assert!(matches!(error, StoreError::WrongNetwork { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("holds the chain regtest") && text.contains("runs the chain main"), "{text}");
    // The same magic over another genesis block is another network as well.
    let mut other = options(dir.path());
    other.genesis = main.genesis;
    assert!(matches!(Store::open(&other), Err(StoreError::WrongNetwork { .. })));
    // Wiping the coins of the wrong network is refused before anything is lost.
    other.wipe = Wipe::Chainstate;
    assert!(matches!(Store::open(&other), Err(StoreError::WrongNetwork { .. })));
    assert!(Store::open(&options(dir.path())).unwrap().coins_best().unwrap().is_some());
}

#[test]
fn another_format_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path());
    filled(&options);
    let kv = FjallKv::open(&options.tables_dir(), 0).unwrap();
    kv.write(vec![Change { table: Table::State, key: b"format".to_vec(), value: Some(vec![1, 0, 0, 0]) }]).unwrap();
    drop(kv);
    assert!(matches!(Store::open(&options), Err(StoreError::WrongFormat { found: 1, wanted: 2 })));
}

#[test]
fn a_litecoind_directory_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("chainstate")).unwrap();
    fs::write(dir.path().join("chainstate/CURRENT"), "MANIFEST-000001\n").unwrap();
    let mut options = options(dir.path());
    options.wipe = Wipe::Everything;
    let error = Store::open(&options).unwrap_err();
    assert!(matches!(error, StoreError::ForeignDirectory { .. }), "{error}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_second_process_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path());
    let _first = Store::open(&options).unwrap();
    assert!(matches!(Store::open(&options), Err(StoreError::Locked { .. })));
}

#[test]
fn blocks_without_an_index_are_kept_for_reindex() {
    let dir = tempfile::tempdir().unwrap();
    let mut options = options(dir.path());
    let before = filled(&options);
    fs::remove_dir_all(options.tables_dir()).unwrap();
    let error = Store::open(&options).unwrap_err();
    assert!(matches!(error, StoreError::BlocksWithoutIndex { .. }), "{error}");

    options.wipe = Wipe::Everything;
    let store = Store::open(&options).unwrap();
    assert_eq!(Shown::of(&store), Shown::default());
    let mut found = Vec::new();
    for file in 0.. {
        let Some(scan) = store.scan_block_file(file).unwrap() else { break };
        for block in scan {
            let block = block.unwrap();
            found.push((FilePos { file, offset: u32::try_from(block.offset).unwrap() }, block.bytes));
        }
    }
    let mut expected: Vec<_> =
        before.index.values().map(|r| (r.block.unwrap(), block_bytes(r.height).into())).collect();
    expected.sort();
    assert_eq!(found, expected);
    // What is appended now lies behind everything that was there, right behind the last record.
    let (last, bytes) = expected.last().unwrap();
    let new = store.append_block(&[5; 80]).unwrap();
    assert_eq!(new, FilePos { file: last.file, offset: last.offset + u32::try_from(bytes.len()).unwrap() + 8 });
    for (pos, bytes) in &expected {
        assert_eq!(store.read_block(*pos).unwrap(), *bytes);
    }
}

#[test]
fn unknown_bytes_behind_the_last_record_are_not_written_over() {
    let dir = tempfile::tempdir().unwrap();
    let mut options = options(dir.path());
    options.wipe = Wipe::Everything;
    fs::create_dir(&options.blocks_dir).unwrap();
    let bytes = [&options.magic[..], &[80, 0, 0, 0], &[1; 80], &[0; 20], b"?"].concat();
    fs::write(options.blocks_dir.join("blk00000.dat"), &bytes).unwrap();
    let store = Store::open(&options).unwrap();
    assert_eq!(store.append_block(&[2; 80]).unwrap(), FilePos { file: 0, offset: 109 + 8 });
}

#[test]
fn wiping_the_chainstate_keeps_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path());
    let before = filled(&options);
    {
        let store = Store::open(&options).unwrap();
        let mut batch = litecast_store::Batch::new();
        batch.put_meta(*b"k", *b"v");
        batch.put(Opaque::TxIndex, *b"tx", *b"pos");
        store.commit(batch).unwrap();
    }
    let wiping = Options { wipe: Wipe::Chainstate, ..options };
    for _ in 0..2 {
        let store = Store::open(&wiping).unwrap();
        let expected = Shown { index: before.index.clone(), tip: before.tip, ..Shown::default() };
        assert_eq!(Shown::of(&store), expected);
        expected.check_files(&store);
        assert_eq!(store.meta(b"k").unwrap().as_deref(), Some(&b"v"[..]));
        assert_eq!(store.get(Opaque::TxIndex, b"tx").unwrap().as_deref(), Some(&b"pos"[..]));
    }
}

#[test]
fn an_interrupted_replacement_is_completed() {
    let tables = |dir: &std::path::Path, name: &str| dir.join(name);
    // Between the two renames of a rebuild: the new tables are complete.
    let dir = tempfile::tempdir().unwrap();
    let model = filled(&options(dir.path()));
    fs::rename(tables(dir.path(), "tables"), tables(dir.path(), "tables.new")).unwrap();
    fs::create_dir(tables(dir.path(), "tables.old")).unwrap();
    assert_eq!(Shown::of(&Store::open(&options(dir.path())).unwrap()), model);
    assert!(!tables(dir.path(), "tables.old").exists());
    // Before them: the new tables are not to be trusted.
    fs::create_dir(tables(dir.path(), "tables.new")).unwrap();
    assert_eq!(Shown::of(&Store::open(&options(dir.path())).unwrap()), model);
    assert!(!tables(dir.path(), "tables.new").exists());
    // After the tables were retired: there are none, and blocks are left.
    fs::rename(tables(dir.path(), "tables"), tables(dir.path(), "tables.old")).unwrap();
    assert!(matches!(Store::open(&options(dir.path())), Err(StoreError::BlocksWithoutIndex { .. })));
}
