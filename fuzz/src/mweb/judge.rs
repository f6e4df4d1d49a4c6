//! Verdicts, and what must be true of whatever is accepted.

use std::collections::BTreeSet;

use litecast_mweb::{
    ConnectError, Connected, Reject, Verifier, amounts::supply_change, check_block, connect_block, disconnect_block,
};
use litecast_primitives::{
    BlockHash,
    hash::MwebHash,
    mweb::{ExtensionBlock, Output, TxBody},
};

use super::{Draft, World};

fn verdict(world: &World, block: &ExtensionBlock, draft: &Draft, verifier: &Verifier) -> Result<Connected, Reject> {
    check_block(block, &draft.peg_ins, &draft.peg_outs, &world.params, verifier)?;
    match connect_block(block, &BlockHash::ZERO, Some(&world.prev), &world.store, &world.params, verifier) {
        Ok(connected) => Ok(connected),
        Err(ConnectError::Reject(reject)) => Err(reject),
        Err(ConnectError::View(error)) => panic!("memory can be read: {error}"),
    }
}

/// Whether a block that arrived is accepted with what the draft says is outside. What is accepted conserves coins, changes the state
/// as it says, can be taken back, and is one of the good blocks unless secrets were used.
pub(crate) fn judge_block(world: &World, block: &ExtensionBlock, draft: &Draft) -> bool {
    let Ok(connected) = verdict(world, block, draft, &world.verifier) else { return false };
    let strict = verdict(world, block, draft, &world.strict);
    assert_eq!(strict.as_ref(), Ok(&connected), "a memory changed the verdict");
    assert_conserves(world, &block.body);
    if !draft.with_secrets {
        // Only the HogEx knows the height.
        let known = world.blocks.iter().any(|good| {
            let mut good = good.extension.clone();
            good.header.height = block.header.height;
            good == *block
        });
        assert!(known, "a block was changed without secrets and is accepted");
    }
    let mut expected: BTreeSet<MwebHash> = world.store.utxos.keys().copied().collect();
    for output in &block.body.outputs {
        assert!(expected.insert(output.id()), "an output came twice");
    }
    for input in &block.body.inputs {
        assert!(expected.remove(&input.output_id), "an input spends nothing");
    }
    let mut store = world.store.clone();
    store.apply(connected.delta);
    assert_eq!(store.utxos.keys().copied().collect::<BTreeSet<_>>(), expected);
    let back = disconnect_block(&block.header, &connected.undo, &store).expect("what was connected can be taken back");
    store.apply(back);
    assert!(store == world.store, "the state below did not come back");
    true
}

/// What is created is what is spent and what comes in, less what goes out; nobody can make a commitment of their own.
pub(crate) fn assert_conserves(world: &World, body: &TxBody) {
    let value = |commitment: &[u8; 33]| i128::from(*world.values.get(commitment).expect("nobody made this coin"));
    let created: i128 = body.outputs.iter().map(|output: &Output| value(&output.commitment)).sum();
    let spent: i128 = body.inputs.iter().map(|input| value(&input.commitment)).sum();
    let change = supply_change(body).expect("the amounts of an accepted body are in range");
    assert_eq!(created - spent, i128::from(change.0), "coins out of nothing");
}
