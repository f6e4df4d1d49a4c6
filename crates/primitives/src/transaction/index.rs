//! What a transaction spends and creates, outside and inside of the extension block (v0.21.5.5
//! src/primitives/transaction.h, OutputIndex, GetInputs and GetOutputs).

use std::collections::BTreeSet;

use super::{OutPoint, Transaction};
use crate::{hash::MwebHash, mweb::Output};

/// Names an output outside or inside of the extension block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OutputIndex {
    /// Outside.
    Out(OutPoint),
    /// Inside.
    Mweb(MwebHash),
}

/// Everything that a transaction spends: outside in its order, then inside by id.
pub fn spent_outputs(tx: &Transaction) -> impl Iterator<Item = OutputIndex> {
    let inside: BTreeSet<MwebHash> =
        tx.mweb().into_iter().flat_map(|mweb| &mweb.body.inputs).map(|input| input.output_id).collect();
    tx.inputs().iter().map(|input| OutputIndex::Out(input.prevout)).chain(inside.into_iter().map(OutputIndex::Mweb))
}

/// Everything that a transaction creates: outside in its order, then inside by id.
pub fn created_outputs(tx: &Transaction) -> impl Iterator<Item = OutputIndex> {
    let txid = tx.txid();
    let outside = (0u32..).zip(tx.outputs()).map(move |(vout, _)| OutputIndex::Out(OutPoint { txid, vout }));
    let inside: BTreeSet<MwebHash> =
        tx.mweb().into_iter().flat_map(|mweb| &mweb.body.outputs).map(Output::id).collect();
    outside.chain(inside.into_iter().map(OutputIndex::Mweb))
}
