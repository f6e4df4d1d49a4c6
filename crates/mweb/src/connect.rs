//! Applying an extension block to the state and taking it off again
//! (v0.21.5.5 src/libmw/src/node/CoinsViewCache.cpp, ApplyBlock and UndoBlock).
//!
//! Both are pure: they read a [`LeafStore`] and answer with a [`MwebDelta`]. A failing store is a failing machine and
//! says nothing about the block. Nothing is written before everything holds.

use litecast_primitives::{
    BlockHash, Height,
    hash::MwebHash,
    mweb::{ExtensionBlock, Header, Output},
    params::MwebParams,
    view::ViewError,
};

use crate::{
    crypto::Verifier,
    leafset::{Leafset, page_count},
    mmr::{Mmr, leaf_position},
    reject::{Reject, Rule, Stage},
    state::{LeafStore, MwebDelta, MwebUndo, Overlay, Utxo},
    sums::{NO_OFFSET, block_offset, check_kernel_sum},
};

/// Why an extension block did not connect.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The block breaks a rule.
    #[error(transparent)]
    Reject(#[from] Reject),
    /// The state could not be read.
    #[error("reading the MWEB state failed: {0}")]
    View(#[from] ViewError),
}

impl From<Rule> for ConnectError {
    fn from(rule: Rule) -> Self {
        Self::Reject(Reject { stage: Stage::ConnectBlock, rule })
    }
}

/// Why an extension block was not taken off. The state stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum DisconnectError {
    /// The undo data belongs to another block, or the state is not the one that this block left.
    #[error("MWEB undo data does not fit the state of height {0}")]
    Mismatch(Height),
    /// The state could not be read.
    #[error("reading the MWEB state failed: {0}")]
    View(#[from] ViewError),
}

/// A part of the state that its size says must be there.
#[derive(Debug, thiserror::Error)]
#[error("the MWEB store has no {what} {index}")]
struct Hole {
    what: &'static str,
    index: u64,
}

/// What applying an extension block does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connected {
    /// Changes to the state.
    pub delta: MwebDelta,
    /// How to take them back.
    pub undo: MwebUndo,
}

/// The state while it is changed.
pub(crate) struct Change<'a> {
    overlay: Overlay<'a>,
    outputs: Mmr,
    leafset: Leafset,
}

impl<'a> Change<'a> {
    /// The state that `header` describes: its size is taken from there.
    pub(crate) fn begin(store: &'a dyn LeafStore, header: Option<&Header>) -> Result<Self, ViewError> {
        let leaves = header.map_or(0, |header| header.output_mmr_size);
        Ok(Self {
            overlay: Overlay::new(store),
            outputs: load_outputs(store, leaves)?,
            leafset: load_leafset(store, leaves)?,
        })
    }

    /// AddUTXO: an id may come back once the output that had it is spent.
    pub(crate) fn add(&mut self, height: Height, output: &Output) -> Result<MwebHash, ConnectError> {
        let id = output.id();
        if self.overlay.utxo(&id)?.is_some() {
            return Err(Rule::OutputExists.into());
        }
        let mut delta = MwebDelta::default();
        let leaf = self.outputs.append(&id.0, |position, hash| {
            delta.nodes.insert(position, Some(hash));
        });
        self.leafset.push();
        delta.leaves.insert(leaf, Some(id));
        delta.utxos.insert(id, Some(Utxo::detached(height, leaf, output)));
        self.overlay.apply(delta);
        Ok(id)
    }

    /// The output with an id, if it can be spent.
    pub(crate) fn utxo(&self, id: &MwebHash) -> Result<Option<Utxo>, ViewError> {
        Ok(self.overlay.utxo(id)?.filter(|utxo| self.leafset.contains(utxo.leaf)))
    }

    /// SpendUTXO.
    pub(crate) fn spend(&mut self, id: MwebHash, utxo: &Utxo) {
        self.leafset.set(utxo.leaf, false);
        let mut delta = MwebDelta::default();
        delta.utxos.insert(id, None);
        self.overlay.apply(delta);
    }

    /// Size and both roots as they are now.
    pub(crate) fn roots(&self) -> (u64, MwebHash, MwebHash) {
        (self.outputs.leaves(), self.outputs.root(), self.leafset.root())
    }

    fn finish(self) -> MwebDelta {
        let mut delta = self.overlay.into_delta();
        delta.pages.extend(self.leafset.changed_pages().map(|(index, page)| (index, Some(page))));
        delta
    }
}

fn load_outputs(store: &dyn LeafStore, leaves: u64) -> Result<Mmr, ViewError> {
    Mmr::load(leaves, |position| store.node(position)?.ok_or_else(|| hole("node", position)))
}

fn load_leafset(store: &dyn LeafStore, leaves: u64) -> Result<Leafset, ViewError> {
    Leafset::load(leaves, |index| store.page(index)?.ok_or_else(|| hole("leafset page", index)))
}

fn hole(what: &'static str, index: u64) -> ViewError {
    ViewError(Box::new(Hole { what, index }))
}

/// Applies an extension block that has passed [`crate::check_block`] on top of the state `store`, which the extension
/// block with the header `prev` left; `prev` is none for the first one. `hash` is the hash of the block that carries it.
pub fn connect_block(
    block: &ExtensionBlock,
    hash: &BlockHash,
    prev: Option<&Header>,
    store: &dyn LeafStore,
    params: &MwebParams,
    verifier: &Verifier,
) -> Result<Connected, ConnectError> {
    let ExtensionBlock { header, body } = block;
    let previous_offset = prev.map_or(NO_OFFSET, |prev| prev.kernel_offset);
    let offset = block_offset(&header.kernel_offset, &previous_offset).map_err(Rule::from)?;
    check_kernel_sum(body, &offset, verifier)?;
    let mut change = Change::begin(store, prev)?;
    // Outputs first: a block may spend what it creates.
    let coins_added =
        body.outputs.iter().map(|output| change.add(header.height, output)).collect::<Result<Vec<_>, _>>()?;
    let mismatch_allowed = params.input_metadata_grandfather.as_ref() == Some(hash);
    let mut coins_spent = Vec::with_capacity(body.inputs.len());
    for input in &body.inputs {
        let utxo = change.utxo(&input.output_id)?.ok_or(Rule::InputMissing)?;
        let same = utxo.output.commitment == input.commitment && utxo.output.receiver_pubkey == input.output_pubkey;
        if !same && !mismatch_allowed {
            return Err(Rule::InputMismatch.into());
        }
        change.spend(input.output_id, &utxo);
        coins_spent.push(utxo);
    }
    if change.roots() != (header.output_mmr_size, header.output_root, header.leafset_root) {
        return Err(Rule::StateRoots.into());
    }
    if let Some(input) = body.inputs.iter().find(|input| params.frozen_outputs.contains(&input.output_id)) {
        return Err(Rule::FrozenOutputSpent(input.output_id).into());
    }
    Ok(Connected { delta: change.finish(), undo: MwebUndo { prev_header: prev.cloned(), coins_spent, coins_added } })
}

/// Takes the extension block with this header off the state that it left (CoinsViewCache.cpp, UndoBlock).
pub fn disconnect_block(header: &Header, undo: &MwebUndo, store: &dyn LeafStore) -> Result<MwebDelta, DisconnectError> {
    let mismatch = || DisconnectError::Mismatch(header.height);
    let prev = undo.prev_header.as_ref();
    let (leaves, size) = (prev.map_or(0, |prev| prev.output_mmr_size), header.output_mmr_size);
    if size.checked_sub(leaves) != Some(undo.coins_added.len() as u64) {
        return Err(mismatch());
    }
    let mut delta = MwebDelta::default();
    let mut leafset = load_leafset(store, size)?;
    for utxo in &undo.coins_spent {
        leafset.set(utxo.leaf, true);
        delta.utxos.insert(utxo.output.id(), Some(utxo.clone()));
    }
    // What came and went within the block is gone for good.
    delta.utxos.extend(undo.coins_added.iter().map(|id| (*id, None)));
    leafset.truncate(leaves);
    let outputs = load_outputs(store, leaves)?;
    if let Some(prev) = prev
        && (outputs.root(), leafset.root()) != (prev.output_root, prev.leafset_root)
    {
        return Err(mismatch());
    }
    delta.nodes = (outputs.nodes()..leaf_position(size)).map(|position| (position, None)).collect();
    delta.leaves = (leaves..size).map(|leaf| (leaf, None)).collect();
    let kept = page_count(leaves);
    delta.pages = leafset.changed_pages().map(|(index, page)| (index, (index < kept).then_some(page))).collect();
    Ok(delta)
}
