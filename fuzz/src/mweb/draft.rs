//! A block or a transaction while it is changed.

use bytes::Bytes;
use litecast_mweb::{
    Leafset, Mmr, PegIn,
    amounts::{kernel_supply_change, peg_ins, peg_outs},
    check::kernel_root,
};
use litecast_primitives::{
    codec::{DecodeError, Reader},
    hash::MwebHash,
    mweb::{ExtensionBlock, Header, Output, PegOut, Tx, TxBody},
};

use super::{GoodBlock, GoodTx, World};

/// A repair: the header says what kernels there are.
pub(crate) const KERNELS: u8 = 2;

/// Of a transaction, only the offsets of the header count.
#[derive(Clone)]
pub(crate) struct Draft {
    pub(crate) header: Header,
    pub(crate) body: TxBody,
    pub(crate) peg_ins: Vec<PegIn>,
    pub(crate) peg_outs: Vec<PegOut>,
    /// Whether secrets or sums of offsets were used: only then may it be good and something new.
    pub(crate) with_secrets: bool,
}

impl From<&GoodBlock> for Draft {
    fn from(good: &GoodBlock) -> Self {
        Self {
            header: good.extension.header.clone(),
            body: good.extension.body.clone(),
            peg_ins: good.peg_ins.clone(),
            peg_outs: good.peg_outs.clone(),
            with_secrets: false,
        }
    }
}

impl Draft {
    pub(crate) fn of_tx(world: &World, good: &GoodTx) -> Self {
        let GoodTx { tx, outside } = good;
        let (kernel_offset, stealth_offset) = (tx.kernel_offset, tx.stealth_offset);
        Self {
            header: Header { kernel_offset, stealth_offset, ..world.prev.clone() },
            body: tx.body.clone(),
            peg_ins: outside.clone(),
            peg_outs: Vec::new(),
            with_secrets: false,
        }
    }

    /// Makes right what anybody could make right: order, the header's roots, what is outside.
    pub(crate) fn repair(&mut self, world: &World, what: u8) {
        if what & 1 != 0 {
            self.body.inputs.sort_by_key(|input| input.output_id);
            self.body.outputs.sort_by_cached_key(Output::id);
            self.body
                .kernels
                .sort_by_cached_key(|kernel| (std::cmp::Reverse(kernel_supply_change(kernel)), kernel.id()));
        }
        if what & KERNELS != 0 {
            self.header.kernel_mmr_size = self.body.kernels.len() as u64;
            self.header.kernel_root = kernel_root(&self.body.kernels);
        }
        if what & 4 != 0 {
            self.set_state(world);
        }
        if what & 8 != 0 {
            self.peg_ins = peg_ins(&self.body);
            self.peg_outs = peg_outs(&self.body).cloned().collect();
        }
    }

    /// The roots as they follow from all ids there ever were.
    fn set_state(&mut self, world: &World) {
        let mut ids: Vec<MwebHash> = world.store.leaves.values().copied().collect();
        let mut unspent: Vec<bool> = ids.iter().map(|id| world.store.utxos.contains_key(id)).collect();
        ids.extend(self.body.outputs.iter().map(Output::id));
        unspent.resize(ids.len(), true);
        for input in &self.body.inputs {
            if let Some(leaf) = (0..ids.len()).find(|leaf| ids[*leaf] == input.output_id && unspent[*leaf]) {
                unspent[leaf] = false;
            }
        }
        let (mut outputs, mut leafset) = (Mmr::new(), Leafset::new());
        for (id, unspent) in ids.iter().zip(unspent) {
            let leaf = outputs.append(&id.0, |_, _| {});
            leafset.push();
            leafset.set(leaf, unspent);
        }
        self.header.output_mmr_size = outputs.leaves();
        self.header.output_root = outputs.root();
        self.header.leafset_root = leafset.root();
    }

    /// What arrives when this is sent; nothing if it has no encoding that can be read.
    pub(crate) fn send_block(&self) -> Option<ExtensionBlock> {
        let mut bytes = Vec::new();
        ExtensionBlock { header: self.header.clone(), body: self.body.clone() }.encode(&mut bytes);
        read_all(bytes, ExtensionBlock::decode)
    }

    /// What arrives when this is sent.
    pub(crate) fn send_tx(&self) -> Option<Tx> {
        let Header { kernel_offset, stealth_offset, .. } = self.header;
        let mut bytes = Vec::new();
        Tx { kernel_offset, stealth_offset, body: self.body.clone() }.encode(&mut bytes);
        read_all(bytes, Tx::decode)
    }
}

pub(crate) fn read_all<T>(bytes: Vec<u8>, decode: impl FnOnce(&mut Reader) -> Result<T, DecodeError>) -> Option<T> {
    let mut r = Reader::new(Bytes::from(bytes));
    let value = decode(&mut r).ok()?;
    r.finish().ok()?;
    Some(value)
}
