//! Making an extension block: transactions become one body, offsets are summed, the header is computed
//! (v0.21.5.5 src/libmw/src/node/BlockBuilder.cpp, src/mweb/mweb_miner.cpp).

use std::collections::HashSet;

use litecast_primitives::{
    Amount, Height,
    hash::MwebHash,
    mweb::{Commitment, ExtensionBlock, Header, Input, Output, PegOut, Tx, TxBody},
    view::ViewError,
};

use crate::{
    amounts::{PegIn, kernel_supply_change, peg_in_amount, peg_ins, peg_outs, supply_change, total_fee},
    check::{check_tx, kernel_root},
    connect::{Change, ConnectError},
    crypto::{CryptoError, NO_COMMITMENT, Verifier, add_blinding_factors},
    reject::Rule,
    state::LeafStore,
    sums::NO_OFFSET,
    weight::{MAX_BLOCK_WEIGHT, MAX_NUM_INPUTS, body_weight},
};

/// Why a transaction does not go into the block. The builder stays as it was.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    /// The block would be too heavy or have too many inputs.
    #[error("Exceeds max block weight")]
    Weight,
    /// The peg-ins outside are not those of the kernels.
    #[error("Mismatched pegins")]
    PegIns,
    /// An amount is out of range.
    #[error("Invalid amount")]
    Amount,
    /// The transaction is invalid.
    #[error("Failed to validate transaction: {0}")]
    Invalid(#[from] Rule),
    /// With this transaction, inputs and outputs would sum to infinity.
    #[error("Staged inputs and outputs would sum to zero. Error: {0}")]
    Sum(CryptoError),
    /// An input is not there.
    #[error("Input {0} not found on chain")]
    InputMissing(MwebHash),
    /// Another transaction spends the same output.
    #[error("Input {0} already staged")]
    InputStaged(MwebHash),
    /// An output is there already.
    #[error("Output {0} already on chain or staged")]
    OutputExists(MwebHash),
    /// The state could not be read.
    #[error("reading the MWEB state failed: {0}")]
    View(#[from] ViewError),
}

/// Why there is no block.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The offsets or commitments have no sum.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// The state refuses the transactions.
    #[error(transparent)]
    Connect(#[from] ConnectError),
}

/// An extension block and what the HogEx must say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuiltBlock {
    /// The extension block.
    pub extension: ExtensionBlock,
    /// Peg-outs in the order of the transactions: the HogEx's outputs after the first.
    pub peg_outs: Vec<PegOut>,
    /// Sum of the fees: the HogEx's fee.
    pub fee: Amount,
    /// What the coins inside grow by: the HogEx's first output is the previous amount plus this.
    pub supply_change: Amount,
}

/// Collects transactions on top of a state.
pub struct BlockBuilder<'a> {
    height: Height,
    prev: Option<&'a Header>,
    store: &'a dyn LeafStore,
    verifier: &'a Verifier,
    weight: usize,
    txs: Vec<&'a Tx>,
    inputs: HashSet<MwebHash>,
    outputs: HashSet<MwebHash>,
    /// Inputs less outputs of all transactions so far.
    sum: Commitment,
    fee: Amount,
    supply_change: Amount,
}

impl<'a> BlockBuilder<'a> {
    /// An empty block of this height on the state that the extension block with the header `prev` left.
    pub fn new(height: Height, prev: Option<&'a Header>, store: &'a dyn LeafStore, verifier: &'a Verifier) -> Self {
        Self {
            height,
            prev,
            store,
            verifier,
            weight: 0,
            txs: Vec::new(),
            inputs: HashSet::new(),
            outputs: HashSet::new(),
            sum: NO_COMMITMENT,
            fee: Amount::ZERO,
            supply_change: Amount::ZERO,
        }
    }

    /// Weight so far.
    pub fn weight(&self) -> usize {
        self.weight
    }

    /// Adds a transaction whose peg-in outputs are `outside` (BlockBuilder.cpp, AddTransaction). It may spend outputs of
    /// the transactions before it.
    pub fn add(&mut self, tx: &'a Tx, outside: &[PegIn]) -> Result<(), AddError> {
        let body = &tx.body;
        let weight = self.weight + body_weight(body);
        if weight > MAX_BLOCK_WEIGHT || self.inputs.len() + body.inputs.len() > MAX_NUM_INPUTS {
            return Err(AddError::Weight);
        }
        peg_in_amount(body).ok_or(AddError::Amount)?;
        let (mut inside, mut outside) = (peg_ins(body), outside.to_vec());
        for list in [&mut inside, &mut outside] {
            list.sort_unstable_by_key(|peg_in| (peg_in.kernel_id, peg_in.amount));
        }
        if inside != outside {
            return Err(AddError::PegIns);
        }
        check_tx(tx, self.verifier)?;
        let in_range = |sum: Amount| Some(sum).filter(|sum| sum.0.abs() <= Amount::MAX_MONEY.0);
        let sums = || {
            let fee = self.fee.checked_add(total_fee(body)?).filter(|fee| fee.is_money())?;
            Some((fee, self.supply_change.checked_add(supply_change(body)?).and_then(in_range)?))
        };
        let (fee, supply_change) = sums().ok_or(AddError::Amount)?;
        let ids = self.check_outputs(body)?;
        let sum = self.add_to_sum(body).map_err(AddError::Sum)?;

        self.txs.push(tx);
        self.weight = weight;
        self.inputs.extend(body.inputs.iter().map(|input| input.output_id));
        self.outputs.extend(ids);
        (self.sum, self.fee, self.supply_change) = (sum, fee, supply_change);
        Ok(())
    }

    fn check_outputs(&self, body: &TxBody) -> Result<Vec<MwebHash>, AddError> {
        for Input { output_id, .. } in &body.inputs {
            if self.inputs.contains(output_id) {
                return Err(AddError::InputStaged(*output_id));
            }
            if !self.outputs.contains(output_id) && self.store.utxo(output_id)?.is_none() {
                return Err(AddError::InputMissing(*output_id));
            }
        }
        let ids: Vec<MwebHash> = body.outputs.iter().map(Output::id).collect();
        for id in &ids {
            if self.outputs.contains(id) || self.store.utxo(id)?.is_some() {
                return Err(AddError::OutputExists(*id));
            }
        }
        Ok(ids)
    }

    /// A block whose inputs and outputs sum to infinity has no kernel sum.
    fn add_to_sum(&self, body: &TxBody) -> Result<Commitment, CryptoError> {
        let inputs: Vec<_> = body.inputs.iter().map(|input| input.commitment).chain([self.sum]).collect();
        let outputs: Vec<_> = body.outputs.iter().map(|output| output.commitment).collect();
        self.verifier.add_commitments(&inputs, &outputs)
    }

    /// The block with everything that was added (CoinsViewCache.cpp, BuildNextBlock).
    pub fn build(self) -> Result<BuiltBlock, BuildError> {
        let peg_outs = self.txs.iter().flat_map(|tx| peg_outs(&tx.body)).cloned().collect();
        let tx = aggregate(&self.txs)?;
        let mut change = Change::begin(self.store, self.prev).map_err(ConnectError::from)?;
        for output in &tx.body.outputs {
            change.add(self.height, output)?;
        }
        for input in &tx.body.inputs {
            let utxo = change.utxo(&input.output_id).map_err(ConnectError::from)?;
            let utxo = utxo.ok_or_else(|| ConnectError::from(Rule::InputMissing))?;
            change.spend(input.output_id, &utxo);
        }
        let (output_mmr_size, output_root, leafset_root) = change.roots();
        let kernel_offset = match self.prev {
            Some(prev) => add_blinding_factors(&[prev.kernel_offset, tx.kernel_offset], &[])?,
            None => tx.kernel_offset,
        };
        let header = Header {
            height: self.height,
            output_root,
            kernel_root: kernel_root(&tx.body.kernels),
            leafset_root,
            kernel_offset,
            stealth_offset: tx.stealth_offset,
            output_mmr_size,
            kernel_mmr_size: tx.body.kernels.len() as u64,
        };
        Ok(BuiltBlock {
            extension: ExtensionBlock { header, body: tx.body },
            peg_outs,
            fee: self.fee,
            supply_change: self.supply_change,
        })
    }
}

/// One transaction of many (v0.21.5.5 src/libmw/include/mw/consensus/Aggregation.h): everything sorted, offsets summed.
/// Of none it is one without kernels, which is no transaction on the wire.
pub fn aggregate(txs: &[&Tx]) -> Result<Tx, CryptoError> {
    if let [tx] = txs {
        return Ok((*tx).clone());
    }
    let offsets = |offset: fn(&Tx) -> [u8; 32]| -> Vec<[u8; 32]> { txs.iter().map(|tx| offset(tx)).collect() };
    let (kernel_offset, stealth_offset) = if txs.is_empty() {
        (NO_OFFSET, NO_OFFSET)
    } else {
        (
            add_blinding_factors(&offsets(|tx| tx.kernel_offset), &[])?,
            add_blinding_factors(&offsets(|tx| tx.stealth_offset), &[])?,
        )
    };
    let mut body = TxBody::default();
    for tx in txs {
        body.inputs.extend_from_slice(&tx.body.inputs);
        body.outputs.extend_from_slice(&tx.body.outputs);
        body.kernels.extend_from_slice(&tx.body.kernels);
    }
    body.inputs.sort_by_key(|input| input.output_id);
    body.outputs.sort_by_cached_key(Output::id);
    body.kernels.sort_by_cached_key(|kernel| (std::cmp::Reverse(kernel_supply_change(kernel)), kernel.id()));
    Ok(Tx { kernel_offset, stealth_offset, body })
}
