//! ContextualCheckBlock.

use litecast_consensus::reject::{Category::*, Rule};
use litecast_script::opcode::OP_16;

use super::{Case, accepts, check, rejects};
use crate::builder::{COIN, Draft, HEIGHT, World, output};

const MAX_BLOCK_WEIGHT: usize = 4_000_000;

/// Locks the good block's transaction.
fn lock(draft: &mut Draft, lock_time: u32) {
    draft.tx().lock_time = lock_time;
    draft.tx().inputs[0].sequence = u32::MAX - 1;
}

/// Gives the block a weight, by the witness of a version without a meaning, which may hold anything.
fn weigh(world: &mut World, draft: &mut Draft, weight: usize) {
    let program = [&[OP_16, 32], [7; 32].as_slice()].concat();
    draft.tx().inputs[0].prevout = world.coin(COIN, 1, &program);
    draft.tx().inputs[0].witness = vec![vec![0; 100_000].into()];
    let missing = weight - draft.build().weight();
    draft.tx().inputs[0].witness = vec![vec![0; 100_000 + missing].into()];
    assert_eq!(draft.build().weight(), weight);
}

pub(super) const CASES: &[Case] = &[
    rejects("bad-txns-nonfinal", Rule::TxNonFinal, Consensus, |_, draft| lock(draft, HEIGHT)),
    accepts("a lock that ended one block ago", |_, draft| lock(draft, HEIGHT - 1)),
    rejects("bad-txns-nonfinal", Rule::TxNonFinal, Consensus, |world, draft| {
        lock(draft, u32::try_from(world.median_time()).unwrap());
    }),
    accepts("a lock that ended before the median time", |world, draft| {
        lock(draft, u32::try_from(world.median_time() - 1).unwrap());
    }),
    rejects("bad-txns-nonfinal", Rule::TxNonFinal, Consensus, |world, draft| {
        world.params.csv_height = HEIGHT;
        lock(draft, u32::try_from(world.median_time()).unwrap());
    }),
    // Before BIP113 the block's own time counts.
    rejects("bad-txns-nonfinal", Rule::TxNonFinal, Consensus, |world, draft| {
        world.params.csv_height = HEIGHT + 1;
        lock(draft, draft.time);
    }),
    accepts("a lock that ended before the block's time", |world, draft| {
        world.params.csv_height = HEIGHT + 1;
        lock(draft, draft.time - 1);
    }),
    rejects("bad-cb-height", Rule::CoinbaseHeight, Consensus, |_, draft| {
        draft.coinbase().inputs[0].script_sig = vec![2, 199, 0].into();
    }),
    // The height must stand in its shortest form.
    rejects("bad-cb-height", Rule::CoinbaseHeight, Consensus, |_, draft| {
        draft.coinbase().inputs[0].script_sig = vec![3, 200, 0, 0].into();
    }),
    rejects("bad-cb-height", Rule::CoinbaseHeight, Consensus, |world, draft| {
        world.params.bip34_height = HEIGHT;
        draft.coinbase().inputs[0].script_sig = vec![2, 199, 0].into();
    }),
    accepts("any coinbase below BIP34", |world, draft| {
        world.params.bip34_height = HEIGHT + 1;
        draft.coinbase().inputs[0].script_sig = vec![2, 199, 0].into();
    }),
    rejects("bad-witness-nonce-size", Rule::WitnessNonceSize, Mutated, |_, draft| {
        draft.coinbase().inputs[0].witness.clear();
    }),
    rejects("bad-witness-nonce-size", Rule::WitnessNonceSize, Mutated, |_, draft| {
        draft.coinbase().inputs[0].witness = vec![vec![0; 31].into()];
    }),
    rejects("bad-witness-nonce-size", Rule::WitnessNonceSize, Mutated, |_, draft| {
        draft.coinbase().inputs[0].witness.push(vec![0; 32].into());
    }),
    rejects("bad-witness-merkle-match", Rule::WitnessMerkleMatch, Mutated, |_, draft| draft.commits = false),
    rejects("bad-witness-merkle-match", Rule::WitnessMerkleMatch, Mutated, |world, draft| {
        world.params.segwit_height = HEIGHT;
        draft.commits = false;
    }),
    accepts("a reserved value of one's own", |_, draft| {
        draft.coinbase().inputs[0].witness = vec![vec![7; 32].into()];
    }),
    accepts("the last of two commitments", |_, draft| {
        let placeholder = draft.coinbase().outputs[1].clone();
        draft.coinbase().outputs.push(placeholder);
    }),
    rejects("unexpected-witness", Rule::UnexpectedWitness, Mutated, |_, draft| {
        draft.coinbase().outputs.truncate(1);
    }),
    rejects("unexpected-witness", Rule::UnexpectedWitness, Mutated, |_, draft| {
        // One byte short of a commitment.
        draft.coinbase().outputs[1] = output(0, &[0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed]);
    }),
    rejects("unexpected-witness", Rule::UnexpectedWitness, Mutated, |world, _| {
        world.params.segwit_height = HEIGHT + 1;
    }),
    accepts("no commitment where there is no witness", |_, draft| draft.drop_witness()),
    rejects("bad-blk-weight", Rule::BlockWeight, Consensus, |world, draft| {
        weigh(world, draft, MAX_BLOCK_WEIGHT + 1);
    }),
    accepts("a block as heavy as can be", |world, draft| weigh(world, draft, MAX_BLOCK_WEIGHT)),
];

#[test]
fn rules_in_context() {
    check(CASES, false);
}
