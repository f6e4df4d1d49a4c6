//! What is on disk: coins, entries of the block index, and files of blocks. Disks fail; their bytes are strangers' too.

use std::{io::Cursor, path::PathBuf};

use bytes::Bytes;
use litecast_primitives::{Block, codec::Reader};
use litecast_store::{BlockScan, IndexRecord, decode_coin, encode_coin};

const MAGIC: [u8; 4] = [0xfb, 0xc0, 0xb6, 0xdb];

/// A coin with whatever follows, and the same bytes as an entry of the index.
pub fn records(data: &[u8]) {
    let bytes = Bytes::copy_from_slice(data);
    let mut r = Reader::new(bytes.clone());
    if let Ok(coin) = decode_coin(&mut r) {
        assert!(coin.output.value.is_money());
        let written = encode_coin(&coin);
        let mut again = Reader::new(written.into());
        assert_eq!(decode_coin(&mut again).as_ref(), Ok(&coin));
        assert_eq!(again.remaining(), 0);
    }
    if let Ok(record) = IndexRecord::decode(bytes) {
        assert_eq!(record.encode(), data, "an entry was written otherwise");
    }
}

/// A file of blocks: foreign bytes between blocks are stepped over, and every block that is found is where it is said
/// to be.
pub fn block_file(data: &[u8]) {
    let file = Bytes::copy_from_slice(data);
    let mut scan = BlockScan::new(Box::new(Cursor::new(file)), PathBuf::from("blk00000.dat"), MAGIC);
    let mut found = 0;
    while let Some(block) = scan.next() {
        let block = block.expect("memory can be read");
        let start = usize::try_from(block.offset).expect("because the file is in memory");
        assert_eq!(data[start..start + block.bytes.len()], block.bytes);
        assert_eq!(data[start - 8..start - 4], MAGIC);
        found += 1;
        assert!(found <= data.len() / 8, "more blocks than prefixes");
        // What does not decode is no block: the search goes on inside of it.
        if Block::from_bytes(block.bytes).is_err() {
            scan.reject();
        }
    }
}
