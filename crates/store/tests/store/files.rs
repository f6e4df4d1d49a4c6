//! Block and undo files, byte by byte, on a real file system.

use std::fs;

use litecast_primitives::{BlockHash, hash::sha256d};
use litecast_store::{FileLimits, FilePos, Store, StoreError};

use crate::history::options;

const MAGIC: [u8; 4] = [0xfa, 0xbf, 0xb5, 0xda];

#[test]
fn records_are_the_references() {
    let dir = tempfile::tempdir().unwrap();
    let mut options = options(dir.path());
    options.limits = FileLimits::default();
    let store = Store::open(&options).unwrap();
    let seed = BlockHash::from_bytes([9; 32]);
    assert_eq!(store.append_block(&[1; 100]).unwrap(), FilePos { file: 0, offset: 8 });
    assert_eq!(store.append_block(&[2; 90]).unwrap(), FilePos { file: 0, offset: 116 });
    assert_eq!(store.append_undo(0, &[3; 5], &seed).unwrap(), FilePos { file: 0, offset: 8 });
    assert_eq!(store.append_undo(0, &[], &seed).unwrap(), FilePos { file: 0, offset: 53 });
    store.sync_files().unwrap();

    let blocks = fs::read(options.blocks_dir.join("blk00000.dat")).unwrap();
    let mut expected = [&MAGIC[..], &[100, 0, 0, 0], &[1; 100], &MAGIC, &[90, 0, 0, 0], &[2; 90]].concat();
    expected.resize(16 << 20, 0);
    assert!(blocks == expected, "block file");
    let undo = fs::read(options.blocks_dir.join("rev00000.dat")).unwrap();
    let mut expected = [
        &MAGIC[..],
        &[5, 0, 0, 0],
        &[3; 5],
        &sha256d(&[&[9; 32][..], &[3; 5]].concat()),
        &MAGIC,
        &[0; 4],
        &sha256d(&[9; 32]),
    ]
    .concat();
    expected.resize(1 << 20, 0);
    assert!(undo == expected, "undo file");
}

#[test]
fn full_files_are_left_trimmed() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path());
    let store = Store::open(&options).unwrap();
    let length = |name: &str| fs::metadata(options.blocks_dir.join(name)).unwrap().len();
    let seed = BlockHash::ZERO;
    for _ in 0..2 {
        let pos = store.append_block(&[7; 600]).unwrap();
        store.append_undo(pos.file, &[8; 10], &seed).unwrap();
    }
    assert_eq!((length("blk00000.dat"), length("rev00000.dat")), (1280, 128));
    // 2 * 608 + 284 is exactly the limit, and the limit is never reached (v0.21.5.5 FindBlockPos).
    let pos = store.append_block(&[7; 276]).unwrap();
    assert_eq!(pos, FilePos { file: 1, offset: 8 });
    assert_eq!((length("blk00000.dat"), length("rev00000.dat")), (1216, 100));
    assert_eq!(length("blk00001.dat"), 512);
    // Late undo data goes to its block's file and reserves nothing.
    let late = store.append_undo(0, &[9; 10], &seed).unwrap();
    assert_eq!(late, FilePos { file: 0, offset: 108 });
    assert_eq!(length("rev00000.dat"), 150);
    assert_eq!(store.read_undo(late, &seed).unwrap(), vec![9; 10]);
    // One byte less and it fits.
    let store = Store::open(&crate::history::options(dir.path().join("other"))).unwrap();
    store.append_block(&[7; 600]).unwrap();
    store.append_block(&[7; 600]).unwrap();
    assert_eq!(store.append_block(&[7; 275]).unwrap().file, 0);
}

#[test]
fn damage_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path());
    let store = Store::open(&options).unwrap();
    let seed = BlockHash::from_bytes([1; 32]);
    let first = store.append_block(&[1; 100]).unwrap();
    let last = store.append_block(&[2; 100]).unwrap();
    let undo = store.append_undo(0, &[3; 50], &seed).unwrap();
    let blocks = options.blocks_dir.join("blk00000.dat");
    let message = |result: Result<bytes::Bytes, StoreError>| {
        let error = result.unwrap_err();
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
        error.to_string()
    };

    let elsewhere = FilePos { file: 0, offset: first.offset + 1 };
    assert!(message(store.read_block(elsewhere)).contains("blk00000.dat is damaged at offset 9: no record is there"));
    assert!(message(store.read_block(FilePos { file: 0, offset: 3 })).contains("no record"));
    assert!(
        message(store.read_block(FilePos { file: 7, offset: 8 }))
            .contains("blk00007.dat is damaged at offset 8: the file is missing")
    );
    assert!(message(store.read_block(FilePos { file: 0, offset: 4_000_000_000 })).contains("too short"));
    assert!(message(store.read_undo(undo, &BlockHash::ZERO)).contains("the checksum is wrong"));

    let file = fs::OpenOptions::new().write(true).open(&blocks).unwrap();
    file.set_len(u64::from(last.offset) + 99).unwrap();
    assert!(message(store.read_block(last)).contains("blk00000.dat is damaged at offset 116: the file is too short"));
    assert_eq!(store.read_block(first).unwrap(), vec![1; 100]);
    // A length that would ask for 4 GiB is not believed.
    std::os::unix::fs::FileExt::write_all_at(&file, &[0xff; 4], 4).unwrap();
    assert!(message(store.read_block(first)).contains("too short"));

    let path = options.blocks_dir.join("rev00000.dat");
    let mut bytes = fs::read(&path).unwrap();
    bytes[undo.offset as usize + 20] ^= 0x10;
    fs::write(&path, bytes).unwrap();
    assert!(
        message(store.read_undo(undo, &seed)).contains("rev00000.dat is damaged at offset 8: the checksum is wrong")
    );
}

#[test]
fn readers_read_while_a_writer_writes() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&options(dir.path())).unwrap();
    let (send, positions) = std::sync::mpsc::sync_channel::<(FilePos, u8)>(16);
    std::thread::scope(|scope| {
        let store = &store;
        scope.spawn(move || {
            for (pos, byte) in positions {
                assert_eq!(store.read_block(pos).unwrap(), vec![byte; 200]);
            }
        });
        for byte in 0..=255 {
            send.send((store.append_block(&[byte; 200]).unwrap(), byte)).unwrap();
            store.sync_files().unwrap();
        }
        drop(send);
    });
}
