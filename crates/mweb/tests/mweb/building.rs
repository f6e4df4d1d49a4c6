//! Recorded extension blocks, taken apart into transactions and built again.

use std::collections::HashSet;

use litecast_mweb::{
    AddError, BlockBuilder, MemoryStore, PegIn, Verifier, aggregate,
    amounts::{peg_ins, supply_change, total_fee},
    connect_block,
    sums::{NO_OFFSET, block_offset},
};
use litecast_primitives::{
    Block,
    hash::MwebHash,
    mweb::{Header, Output, Tx},
};

use crate::support::{State, follow, peg_outs_of, regtest};

/// A whole block as one transaction.
fn as_transaction(block: &Block, prev: Option<&Header>) -> Tx {
    let extension = block.extension().unwrap();
    let below = prev.map_or(NO_OFFSET, |prev| prev.kernel_offset);
    Tx {
        kernel_offset: block_offset(&extension.header.kernel_offset, &below).unwrap(),
        stealth_offset: extension.header.stealth_offset,
        body: extension.body.clone(),
    }
}

/// Such a block was many transactions: as one it is refused.
fn spends_its_own(tx: &Tx) -> bool {
    let created: HashSet<MwebHash> = tx.body.outputs.iter().map(Output::id).collect();
    tx.body.inputs.iter().any(|input| created.contains(&input.output_id))
}

#[test]
fn a_block_taken_apart_is_built_again() {
    let verifier = Verifier::new(Verifier::CACHE_ENTRIES);
    follow("mweb-regtest/blocks.hex", |state, block| {
        let extension = block.extension().unwrap();
        let tx = as_transaction(block, state.header.as_ref());
        let mut builder = BlockBuilder::new(extension.header.height, state.header.as_ref(), &state.store, &verifier);
        if spends_its_own(&tx) {
            assert!(matches!(builder.add(&tx, &peg_ins(&tx.body)), Err(AddError::InputMissing(_))));
            return;
        }
        if !tx.body.kernels.is_empty() {
            builder.add(&tx, &peg_ins(&tx.body)).unwrap();
        }
        let built = builder.build().unwrap();
        assert_eq!(built.extension.header.hash(), extension.header.hash());
        assert_eq!(&built.extension, extension);
        assert_eq!((Some(built.fee), Some(built.supply_change)), (total_fee(&tx.body), supply_change(&tx.body)));
        assert_eq!(built.peg_outs.len(), peg_outs_of(block).len());
    });
}

/// Consecutive blocks become one that connects, though later ones spend what earlier ones create.
#[test]
fn blocks_can_be_merged() {
    let verifier = Verifier::new(Verifier::CACHE_ENTRIES);
    let mut below: Option<State> = None;
    let mut txs: Vec<Tx> = Vec::new();
    let Some(_) = follow("mweb-regtest/blocks.hex", |state, block| {
        let tx = as_transaction(block, state.header.as_ref());
        let merged: Vec<&Tx> = txs.iter().collect();
        if tx.body.kernels.is_empty() || spends_its_own(&aggregate(&merged).unwrap()) {
            return;
        }
        if spends_its_own(&tx) {
            below = None;
            txs.clear();
            return;
        }
        below.get_or_insert_with(|| state.clone());
        txs.push(tx);
    }) else {
        return;
    };
    let state = below.unwrap();
    let mut builder = BlockBuilder::new(1000, state.header.as_ref(), &state.store, &verifier);
    for tx in &txs {
        builder.add(tx, &peg_ins(&tx.body)).unwrap();
    }
    let built = builder.build().unwrap().extension;
    assert!(spends_its_own(&Tx { kernel_offset: NO_OFFSET, stealth_offset: NO_OFFSET, body: built.body.clone() }));
    litecast_mweb::check::check_extension(&built, &regtest(), &verifier).unwrap();
    let hash = litecast_primitives::BlockHash::ZERO;
    let connected = connect_block(&built, &hash, state.header.as_ref(), &state.store, &regtest(), &verifier).unwrap();
    let mut after = state.clone();
    after.store.apply(connected.delta);
    after.header = Some(built.header);
    after.disconnect(&connected.undo);
    assert!(after.store == state.store);
    // The order in which transactions are put together does not matter.
    let forwards: Vec<&Tx> = txs.iter().collect();
    let backwards: Vec<&Tx> = txs.iter().rev().collect();
    assert_eq!(aggregate(&forwards), aggregate(&backwards));
}

#[test]
fn what_does_not_fit_is_refused_and_leaves_no_trace() {
    let verifier = Verifier::new(Verifier::CACHE_ENTRIES);
    let mut tried = 0;
    follow("mweb-regtest/blocks.hex", |state, block| {
        let tx = as_transaction(block, state.header.as_ref());
        if tx.body.inputs.is_empty() || tx.body.outputs.len() > 8 || spends_its_own(&tx) {
            return;
        }
        tried += 1;
        let mut broken = tx.clone();
        broken.kernel_offset[31] ^= 1;
        let empty = MemoryStore::default();
        let outside: Vec<PegIn> = peg_ins(&tx.body);
        let mut builder = BlockBuilder::new(1, state.header.as_ref(), &state.store, &verifier);
        let more = PegIn { amount: litecast_primitives::Amount(1), kernel_id: MwebHash([7; 32]) };
        assert!(matches!(builder.add(&tx, &[outside.clone(), vec![more]].concat()), Err(AddError::PegIns)));
        let mut nowhere = BlockBuilder::new(1, None, &empty, &verifier);
        assert!(matches!(nowhere.add(&broken, &outside), Err(AddError::Invalid(_))));
        assert!(matches!(nowhere.add(&tx, &outside), Err(AddError::InputMissing(_))));
        assert_eq!(builder.weight(), 0);
        builder.add(&tx, &outside).unwrap();
        assert!(builder.add(&tx, &outside).is_err());
        assert_eq!(builder.weight(), litecast_mweb::weight::body_weight(&tx.body));
    });
    assert!(tried != 1);
}
