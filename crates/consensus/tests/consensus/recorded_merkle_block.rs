//! A real merkle block: the `mwebheader` message that litecoind v0.21.5.5 served for block 3,152,700. It proves that the
//! HogEx is the last of 517 transactions, and that the HogEx commits to the header of the extension block.

use std::fs;

use litecast_consensus::header::check_block_header;
use litecast_primitives::{
    BlockHeader, Transaction,
    codec::Reader,
    hash::sha256d_pair,
    mweb::Header,
    params::{Network, Params},
};
use litecast_script::template;
use litecast_scrypt::scrypt_1024_1_1;

use crate::vectors;

/// Walks a partial tree (BIP37) depth first.
struct Walk<'a> {
    leaves: u32,
    flags: &'a [u8],
    hashes: &'a [[u8; 32]],
    next_flag: usize,
    next_hash: usize,
    matched: Vec<(u32, [u8; 32])>,
}

impl Walk<'_> {
    fn node(&mut self, height: u32, position: u32) -> [u8; 32] {
        let flag = self.flags[self.next_flag / 8] >> (self.next_flag % 8) & 1 == 1;
        self.next_flag += 1;
        if height == 0 || !flag {
            let hash = self.hashes[self.next_hash];
            self.next_hash += 1;
            if flag {
                self.matched.push((position, hash));
            }
            return hash;
        }
        let left = self.node(height - 1, position * 2);
        // A missing right neighbour is the left one once more.
        let width = self.leaves.div_ceil(1 << (height - 1));
        let right = if position * 2 + 1 < width { self.node(height - 1, position * 2 + 1) } else { left };
        sha256d_pair(&left, &right)
    }
}

#[test]
fn the_hogex_of_block_3152700_is_proven() {
    let Some(folder) = vectors::folder() else { return };
    let bytes = vectors::hex_bytes(&fs::read_to_string(folder.join("p2p/mwebheader_mainnet_3152700.hex")).unwrap());
    let mut r = Reader::new(bytes.clone());
    let header = BlockHeader::decode(&mut r).unwrap();
    let leaves = r.u32().unwrap();
    let hashes = r.vector(32, Reader::array::<32>).unwrap();
    let flags = r.var_bytes().unwrap();
    let start = r.position();
    let hogex = Transaction::decode(&mut r).unwrap();
    assert_eq!(bytes[start..r.position()], hogex.bytes()[..]);
    let start = r.position();
    let extension = Header::decode(&mut r).unwrap();
    r.finish().unwrap();
    let mut written = Vec::new();
    extension.encode(&mut written);
    assert_eq!(bytes[start..], written[..]);

    assert!(header.hash().to_string().starts_with("57250d2f"));
    let params = Params::new(Network::Main);
    assert_eq!(check_block_header(&header, &scrypt_1024_1_1(&header.encode()), &params), Ok(()));
    let mut walk = Walk { leaves, flags: &flags, hashes: &hashes, next_flag: 0, next_hash: 0, matched: Vec::new() };
    assert_eq!(leaves, 517);
    assert_eq!(walk.node(10, 0), *header.merkle_root.as_bytes());
    assert_eq!((walk.next_hash, walk.next_flag.div_ceil(8)), (hashes.len(), flags.len()), "something was left over");
    assert_eq!(walk.matched, [(516, *hogex.txid().as_bytes())]);
    assert!(hogex.is_hogex());
    assert_eq!(template::hogaddr_header(&hogex.outputs()[0].script_pubkey), Some(extension.hash()));
    assert_eq!(extension.height, 3_152_700);
}
