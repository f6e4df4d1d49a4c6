//! Blocks that the reference reads and writes differently: the bytes that came can be read again.

use std::sync::Arc;

use bytes::Bytes;
use litecast_primitives::{
    Amount, Block, BlockHash, BlockHeader, OutPoint, Transaction, TxIn, TxOut,
    hash::{MerkleRoot, MwebHash},
    mweb::{ExtensionBlock, Header, Kernel, TxBody},
    transaction::TxParts,
};

/// Announces peg-outs and has none.
const PEG_OUT: u8 = 4;

fn transaction(is_hogex: bool) -> Arc<Transaction> {
    Arc::new(Transaction::from(TxParts {
        version: 2,
        inputs: vec![TxIn {
            prevout: OutPoint::NULL,
            script_sig: Bytes::new(),
            sequence: TxIn::SEQUENCE_FINAL,
            witness: Vec::new(),
        }],
        outputs: vec![TxOut { value: Amount(1), script_pubkey: Bytes::from_static(&[0x51]) }],
        lock_time: 0,
        mweb: None,
        is_hogex,
    }))
}

#[test]
fn a_kernel_that_announces_an_empty_list() {
    let kernel = Kernel {
        features: PEG_OUT,
        fee: None,
        peg_in: None,
        peg_outs: Vec::new(),
        lock_height: None,
        stealth_excess: None,
        extra_data: Bytes::new(),
        excess: [0x0b; 33],
        signature: [0x0c; 64],
    };
    let header = Header {
        height: 1,
        output_root: MwebHash([1; 32]),
        kernel_root: MwebHash([2; 32]),
        leafset_root: MwebHash([3; 32]),
        kernel_offset: [4; 32],
        stealth_offset: [5; 32],
        output_mmr_size: 0,
        kernel_mmr_size: 1,
    };
    let extension = ExtensionBlock { header, body: TxBody { kernels: vec![kernel], ..Default::default() } };
    let header =
        BlockHeader { version: 1, prev: BlockHash::ZERO, merkle_root: MerkleRoot::ZERO, time: 0, bits: 0, nonce: 0 };
    let written = Block::new(header, vec![transaction(false), transaction(true)], Some(extension));
    // What is written lacks the empty list, so it cannot be read.
    assert!(Block::from_bytes(written.bytes().clone()).is_err());

    let mut wire = written.bytes().to_vec();
    let features = wire.len() - 64 - 33 - 1;
    assert_eq!(wire[features..features + 2], [PEG_OUT, 0x0b]);
    wire.insert(features + 1, 0);
    let read = Block::from_bytes(wire.clone().into()).unwrap();
    // As the reference: what it relays and publishes is written anew.
    assert_eq!(read.bytes(), written.bytes());
    assert_eq!(*read.received(), wire);
    assert_eq!(Block::from_bytes(read.received().clone()).unwrap(), read);
}
