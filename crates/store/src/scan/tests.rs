use super::*;
use std::io::Cursor;

const MAGIC: [u8; 4] = [0xfb, 0xc0, 0xb6, 0xdb];

fn record(byte: u8, length: usize) -> Vec<u8> {
    [&MAGIC[..], &u32::try_from(length).unwrap().to_le_bytes(), &vec![byte; length]].concat()
}

fn scan(bytes: Vec<u8>) -> BlockScan {
    BlockScan::new(Box::new(Cursor::new(bytes)), "test".into(), MAGIC)
}

fn found(scan: BlockScan) -> Vec<(u64, u8, usize)> {
    scan.map(|block| {
        let block = block.unwrap();
        assert!(block.bytes.iter().all(|b| *b == block.bytes[0]));
        (block.offset, block.bytes[0], block.bytes.len())
    })
    .collect()
}

#[test]
fn garbage_between_blocks_is_skipped() {
    let mut bytes = vec![0xfb, 0xc0, 1, 2, 3];
    bytes.extend(record(1, 80));
    bytes.extend(MAGIC); // A magic without a plausible length,
    bytes.extend(record(9, 79)); // and two lengths that no block has.
    bytes.extend([&MAGIC[..], &u32::MAX.to_le_bytes()].concat());
    bytes.extend(vec![0; 100_000]);
    bytes.extend(record(2, 300));
    bytes.extend(record(3, 90));
    let end = bytes.len() as u64;
    bytes.extend(&record(4, 500)[..400]); // Torn.
    let all = found(scan(bytes));
    assert_eq!(all.iter().map(|(_, byte, length)| (*byte, *length)).collect::<Vec<_>>(), [(1, 80), (2, 300), (3, 90)]);
    assert_eq!(all[0].0, 5 + 8);
    assert_eq!(all[2].0, end - 90);
}

#[test]
fn a_rejected_record_is_searched() {
    let inner = record(7, 100);
    let mut outer = [&MAGIC[..], &200u32.to_le_bytes()].concat();
    outer.extend(vec![0; 50]);
    outer.extend(&inner);
    outer.extend(vec![0; 200 - 50 - inner.len()]);
    let mut scan = scan(outer);
    assert_eq!(scan.next().unwrap().unwrap().bytes.len(), 200);
    scan.reject();
    let block = scan.next().unwrap().unwrap();
    assert_eq!((block.offset, &block.bytes[..]), (8 + 50 + 8, &inner[8..]));
    assert!(scan.next().is_none());
    assert!(scan.next().is_none());
}

#[test]
fn blocks_across_windows_are_found() {
    // Enough to move the window several times; the magic lies across the windows' edges somewhere.
    let mut bytes = Vec::new();
    let mut expected = Vec::new();
    for i in 0..60u8 {
        let length = if i % 7 == 0 { 3_999_999 } else { 1_000_003 + usize::from(i) };
        bytes.extend(vec![0; usize::from(i % 5)]);
        bytes.extend(record(i + 1, length));
        expected.push(((bytes.len() - length) as u64, i + 1, length));
    }
    assert!(bytes.len() > 3 * MAX_SCANNED_BLOCK);
    assert_eq!(found(scan(bytes)), expected);
}

#[test]
fn nothing_is_found_in_nothing() {
    for bytes in [vec![], vec![0xfb], MAGIC.to_vec(), record(1, 80)[..87].to_vec(), vec![0; 60_000_000]] {
        assert!(scan(bytes).next().is_none());
    }
}
