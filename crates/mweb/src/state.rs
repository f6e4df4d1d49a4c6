//! The state of the extension block: unspent outputs, the range of all outputs, the leafset; and changes to it.
//!
//! A store keeps four tables, named by the fields of [`MwebDelta`]: outputs by id, nodes of the output range by position,
//! output ids by leaf index, and pages of the leafset. A delta is a set of writes: applying it twice is applying it
//! once. The size of it all stands in the header of the newest extension block, which the caller keeps.

mod memory;
mod undo;

pub use memory::MemoryStore;
pub use undo::MwebUndo;

use std::collections::BTreeMap;

use bytes::Bytes;
use litecast_primitives::{
    Height,
    codec::{DecodeError, Reader},
    hash::MwebHash,
    mweb::Output,
    view::ViewError,
};

use crate::leafset::Page;

/// An unspent output and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Utxo {
    /// Height of the block that created it.
    pub height: Height,
    /// Its index among all outputs.
    pub leaf: u64,
    /// The output.
    pub output: Output,
}

impl Utxo {
    /// With copies of the output's bytes: an output that is kept must not keep its whole block in memory.
    pub fn detached(height: Height, leaf: u64, output: &Output) -> Self {
        let mut output = output.clone();
        output.range_proof = Bytes::copy_from_slice(&output.range_proof);
        output.message.extra_data = output.message.extra_data.map(|extra| Bytes::copy_from_slice(&extra));
        Self { height, leaf, output }
    }

    /// Appends the encoding of the reference's database and undo files: height, leaf index, output
    /// (v0.21.5.5 src/libmw/include/mw/models/tx/UTXO.h).
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.height.to_le_bytes());
        out.extend_from_slice(&self.leaf.to_le_bytes());
        self.output.encode(out);
    }

    /// Reads that encoding.
    pub fn decode(r: &mut Reader) -> Result<Self, DecodeError> {
        Ok(Self { height: r.u32()?, leaf: r.u64()?, output: Output::decode(r)? })
    }
}

/// What can be asked about the state at one point of the chain.
pub trait LeafStore {
    /// The output with this id, or `None` if it is spent or never was.
    fn utxo(&self, id: &MwebHash) -> Result<Option<Utxo>, ViewError>;

    /// A node of the output range; `None` is a hole in the store.
    fn node(&self, position: u64) -> Result<Option<MwebHash>, ViewError>;

    /// A page of the leafset; `None` is a hole in the store.
    fn page(&self, index: u64) -> Result<Option<Page>, ViewError>;
}

/// Changes to the state. `Some` is written, `None` is gone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MwebDelta {
    /// Unspent outputs by id.
    pub utxos: BTreeMap<MwebHash, Option<Utxo>>,
    /// Nodes of the output range by position. A connected block only adds, at the end.
    pub nodes: BTreeMap<u64, Option<MwebHash>>,
    /// Output ids by leaf index, spent ones included: what light clients are served from.
    pub leaves: BTreeMap<u64, Option<MwebHash>>,
    /// Pages of the leafset by index.
    pub pages: BTreeMap<u64, Option<Page>>,
}

impl MwebDelta {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.utxos.is_empty() && self.nodes.is_empty() && self.leaves.is_empty() && self.pages.is_empty()
    }

    /// Makes this delta the change of itself, then of `next`.
    pub fn extend(&mut self, next: Self) {
        self.utxos.extend(next.utxos);
        self.nodes.extend(next.nodes);
        self.leaves.extend(next.leaves);
        self.pages.extend(next.pages);
    }

    /// The outputs that are new, with height and leaf index.
    pub fn created(&self) -> impl Iterator<Item = (&MwebHash, &Utxo)> {
        self.utxos.iter().filter_map(|(id, utxo)| utxo.as_ref().map(|utxo| (id, utxo)))
    }

    /// The ids of outputs that are gone.
    pub fn removed(&self) -> impl Iterator<Item = &MwebHash> {
        self.utxos.iter().filter(|(_, utxo)| utxo.is_none()).map(|(id, _)| id)
    }
}

/// A state with a delta on top.
pub struct Overlay<'a> {
    base: &'a dyn LeafStore,
    delta: MwebDelta,
}

impl<'a> Overlay<'a> {
    /// `base` unchanged.
    pub fn new(base: &'a dyn LeafStore) -> Self {
        Self { base, delta: MwebDelta::default() }
    }

    /// Puts more on top.
    pub fn apply(&mut self, delta: MwebDelta) {
        self.delta.extend(delta);
    }

    /// Everything that lies on top of `base`.
    pub fn into_delta(self) -> MwebDelta {
        self.delta
    }
}

impl LeafStore for Overlay<'_> {
    fn utxo(&self, id: &MwebHash) -> Result<Option<Utxo>, ViewError> {
        self.delta.utxos.get(id).map_or_else(|| self.base.utxo(id), |changed| Ok(changed.clone()))
    }

    fn node(&self, position: u64) -> Result<Option<MwebHash>, ViewError> {
        self.delta.nodes.get(&position).map_or_else(|| self.base.node(position), |changed| Ok(*changed))
    }

    fn page(&self, index: u64) -> Result<Option<Page>, ViewError> {
        self.delta.pages.get(&index).map_or_else(|| self.base.page(index), |changed| Ok(*changed))
    }
}
