use litecast_primitives::{
    Amount, BlockHash, OutPoint, TxIn, TxOut, Txid,
    hash::MwebHash,
    mweb::{Header, TxBody},
};
use proptest::prelude::*;

use super::*;
use crate::{
    chain::BlockEntry,
    message::{CommandName, Message},
    simulator::toy_chain::{make_block_of, make_transaction},
};

pub(crate) fn hogex() -> Arc<Transaction> {
    Arc::new(Transaction::from(TxParts {
        version: 2,
        inputs: vec![TxIn {
            prevout: OutPoint { txid: Txid::from_bytes([8; 32]), vout: 0 },
            script_sig: bytes::Bytes::new(),
            sequence: TxIn::SEQUENCE_FINAL,
            witness: Vec::new(),
        }],
        outputs: vec![TxOut { value: Amount(5), script_pubkey: bytes::Bytes::from_static(&[0x58, 0x20]) }],
        lock_time: 0,
        mweb: None,
        is_hogex: true,
    }))
}

pub(crate) fn extension_block() -> ExtensionBlock {
    let header = Header {
        height: 3,
        output_root: MwebHash([1; 32]),
        kernel_root: MwebHash([2; 32]),
        leafset_root: MwebHash([3; 32]),
        kernel_offset: [4; 32],
        stealth_offset: [5; 32],
        output_mmr_size: 300,
        kernel_mmr_size: 0,
    };
    ExtensionBlock { header, body: TxBody::default() }
}

fn genesis() -> BlockEntry {
    use litecast_primitives::params::{Network, Params};
    let genesis = Params::new(Network::Regtest).genesis;
    crate::Chain::tip(&crate::simulator::ToyChain::new(&genesis))
}

fn block(transactions: u32, with_extension: bool) -> Block {
    let mut list: Vec<_> = (0..transactions).map(|n| make_transaction(1, n)).collect();
    let extension = with_extension.then(extension_block);
    if with_extension {
        list.push(hogex());
    }
    Arc::unwrap_or_clone(make_block_of(&genesis(), 1_700_000_000, 0, 1, list, extension))
}

/// As the other side reads it.
fn over_the_wire(compact: &CompactBlock, encoding: Encoding) -> CompactBlock {
    let mut bytes = Vec::new();
    compact.encode(encoding, &mut bytes);
    match Message::decode(CommandName::CMPCTBLOCK, bytes.into()) {
        Ok(Some(Message::CmpctBlock(compact))) => *compact,
        other => panic!("{other:?}"),
    }
}

fn indexes(compact: &CompactBlock) -> Vec<u16> {
    compact.prefilled.iter().map(|p| p.skipped).collect()
}

/// The vector of v0.21.5.5 src/test/hash_tests.cpp for SipHashUint256.
#[test]
fn short_ids_are_siphash_2_4() {
    let bytes: [u8; 32] = std::array::from_fn(|at| u8::try_from(at).unwrap());
    let keys = ShortIdKeys(SipHasher24::new_with_keys(0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908));
    assert_eq!(keys.short_id(&bytes), 0x7127_512f_72f2_7cce & SHORT_ID_MASK);
}

#[test]
fn coinbase_and_hogex_come_along() {
    let compact = compact_block(&block(3, true), Encoding::Full, 7);
    assert_eq!((compact.short_ids.len(), indexes(&compact)), (3, vec![0, 3]));
    assert!(compact.prefilled[1].transaction.is_hogex());
    let plain = compact_block(&block(3, false), Encoding::Full, 7);
    assert_eq!((plain.short_ids.len(), indexes(&plain)), (3, vec![0]));
    assert_eq!(plain.extension, ExtensionField::Empty);
    // A nonce or a version of its own gives other ids.
    assert_ne!(compact_block(&block(3, false), Encoding::Full, 8).short_ids, plain.short_ids);
    assert_ne!(compact_block(&block(3, false), Encoding::Base, 7).short_ids, plain.short_ids);
    assert_eq!(compact_block(&block(3, false), Encoding::Witness, 7).short_ids, plain.short_ids);
}

#[test]
fn the_extension_block_travels_in_version_3_only() {
    let compact = compact_block(&block(3, true), Encoding::Full, 7);
    assert_eq!(over_the_wire(&compact, Encoding::Full), compact);
    for encoding in [Encoding::Base, Encoding::Witness] {
        let stripped = over_the_wire(&compact, encoding);
        assert_eq!(stripped.extension, ExtensionField::Absent);
        assert!(!stripped.prefilled[1].transaction.is_hogex());
        assert_eq!(stripped.short_ids, compact.short_ids);
    }
    let empty = compact_block(&block(0, false), Encoding::Full, 7);
    let mut bytes = Vec::new();
    empty.encode(Encoding::Full, &mut bytes);
    let with_field = bytes.len();
    bytes.clear();
    empty.encode(Encoding::Witness, &mut bytes);
    assert_eq!(with_field, bytes.len() + 1);
}

#[test]
fn a_hogex_marker_needs_the_extension_field() {
    let mut compact = compact_block(&block(1, true), Encoding::Full, 7);
    compact.extension = ExtensionField::Empty;
    let mut bytes = Vec::new();
    compact.encode(Encoding::Full, &mut bytes);
    assert_eq!(bytes.pop(), Some(0));
    assert!(Message::decode(CommandName::CMPCTBLOCK, bytes.into()).is_err());
}

#[test]
fn a_block_comes_back_from_pool_and_peer() {
    let block = block(6, true);
    let transactions = block.transactions();
    let compact = over_the_wire(&compact_block(&block, Encoding::Full, 7), Encoding::Full);
    let mut partial = PartialBlock::new(compact).unwrap();
    assert_eq!(partial.missing(), [1, 2, 3, 4, 5, 6]);
    let stranger = make_transaction(99, 1);
    assert!(!partial.wanted().contains(&stranger.wtxid()));
    let mempool = vec![Arc::clone(&transactions[2]), stranger, Arc::clone(&transactions[5])];
    // The extra pool may hold the same again.
    let extra = vec![Arc::clone(&transactions[2]), Arc::clone(&transactions[6])];
    partial.take_from_pool(PoolMatches { mempool, extra });
    assert_eq!(partial.missing(), [1, 3, 4]);
    let rest: Vec<_> = [1, 3, 4].map(|at| Arc::clone(&transactions[at])).to_vec();
    assert_eq!(partial.clone().fill(rest.clone()).unwrap(), block);
    // One too few, one too many, the wrong order.
    assert_eq!(partial.clone().fill(rest[..2].to_vec()), Err(ReadError::Invalid));
    let more: Vec<_> = rest.iter().chain(&rest[..1]).cloned().collect();
    assert_eq!(partial.clone().fill(more), Err(ReadError::Invalid));
    let turned: Vec<_> = rest.iter().rev().cloned().collect();
    assert_eq!(partial.fill(turned), Err(ReadError::Failed));
}

#[test]
fn a_place_that_two_transactions_claim_stays_empty() {
    let block = block(2, false);
    let transactions = block.transactions();
    let mut partial = PartialBlock::new(compact_block(&block, Encoding::Full, 7)).unwrap();
    // As if their short ids were the same.
    let double = make_transaction(99, 1);
    let id = partial.wanted.keys.short_id(double.wtxid().as_bytes());
    partial.wanted.positions.insert(id, 2);
    let mempool = vec![Arc::clone(&transactions[1]), double];
    partial.take_from_pool(PoolMatches { mempool, extra: vec![Arc::clone(&transactions[2])] });
    assert_eq!(partial.missing(), [2]);
    assert_eq!(partial.fill(vec![Arc::clone(&transactions[2])]).unwrap(), block);
}

/// CVE-2012-2459: the last two of six transactions repeated give the same root.
#[test]
fn repeated_transactions_are_no_block() {
    let honest = block(5, false);
    let mut list = honest.transactions().to_vec();
    list.extend_from_within(4..);
    let forged = Block::new(*honest.header(), list, None);
    assert_eq!(merkle::transactions_root(forged.transactions()).root, honest.header().merkle_root);
    assert!(merkle::is_genuine(&honest) && !merkle::is_genuine(&forged));
    let partial = PartialBlock::new(compact_block(&forged, Encoding::Full, 7)).unwrap();
    // The repetition is already a collision of short ids.
    assert!(partial.collided());
}

#[test]
fn a_loose_transaction_stands_in_the_block_without_its_mweb_part() {
    let block = block(1, false);
    let plain = &block.transactions()[1];
    let mweb =
        litecast_primitives::mweb::Tx { kernel_offset: [1; 32], stealth_offset: [2; 32], body: TxBody::default() };
    let loose = Arc::new(Transaction::from(TxParts { mweb: Some(mweb), ..plain.parts().clone() }));
    assert_eq!(loose.wtxid(), plain.wtxid());
    let mut partial = PartialBlock::new(compact_block(&block, Encoding::Full, 7)).unwrap();
    // From the peer it must come as it stands in the block.
    assert_eq!(partial.clone().fill(vec![Arc::clone(&loose)]), Err(ReadError::Failed));
    partial.take_from_pool(PoolMatches { mempool: vec![loose], extra: Vec::new() });
    assert_eq!(partial.fill(Vec::new()).unwrap(), block);
}

#[test]
fn places_without_id_or_transaction_are_invalid() {
    let compact = compact_block(&block(3, true), Encoding::Full, 7);
    let with = |change: &dyn Fn(&mut CompactBlock)| {
        let mut changed = compact.clone();
        change(&mut changed);
        PartialBlock::new(changed).map(|partial| partial.collided())
    };
    assert_eq!(with(&|_| {}), Ok(false));
    assert_eq!(with(&|c| c.prefilled[1].skipped = 4), Err(ReadError::Invalid));
    assert_eq!(with(&|c| c.prefilled[0].skipped = 4), Err(ReadError::Invalid));
    assert_eq!(with(&|c| c.prefilled[0].skipped = u16::MAX), Err(ReadError::Invalid));
    assert_eq!(with(&|c| (c.short_ids, c.prefilled) = (Vec::new(), Vec::new())), Err(ReadError::Invalid));
    assert_eq!(with(&|c| c.short_ids[2] = c.short_ids[0]), Ok(true));
    // All indexes are told before anything is allocated for them.
    let mut many = compact.clone();
    many.short_ids = (0..65_534).collect();
    let mut bytes = Vec::new();
    many.encode(Encoding::Full, &mut bytes);
    assert!(
        matches!(Message::decode(CommandName::CMPCTBLOCK, bytes.into()), Err(error) if error.to_string().contains("16 bits"))
    );
}

proptest! {
    #[test]
    fn any_split_between_pool_and_peer_gives_the_block(
        count in 0u32..40, extension: bool, nonce: u64, in_pool in prop::collection::vec(any::<bool>(), 40),
    ) {
        let block = block(count, extension);
        let compact = over_the_wire(&compact_block(&block, Encoding::Full, nonce), Encoding::Full);
        let mut partial = PartialBlock::new(compact).unwrap();
        let pool = block.transactions().iter().zip(&in_pool).filter(|(_, there)| **there).map(|(tx, _)| Arc::clone(tx));
        partial.take_from_pool(PoolMatches { mempool: pool.collect(), extra: Vec::new() });
        let rest = partial.missing().into_iter().map(|at| Arc::clone(&block.transactions()[usize::from(at)])).collect();
        let found = partial.fill(rest).unwrap();
        prop_assert_eq!(found.bytes(), block.bytes());
        prop_assert_ne!(found.hash(), BlockHash::ZERO);
    }
}
