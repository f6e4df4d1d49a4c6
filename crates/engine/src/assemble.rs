//! Making blocks: coinbase, witness commitment, extension block and HogEx, and the search for a nonce
//! (v0.21.5.5 src/miner.cpp, src/mweb/mweb_miner.cpp, src/rpc/mining.cpp).

use std::sync::Arc;

use bytes::Bytes;
use litecast_consensus::{
    block::{commitment_hash, commitment_script},
    merkle, pow,
    subsidy::block_subsidy,
    versionbits::{self, VersionBitsCache},
};
use litecast_mweb::{AddError, BlockBuilder, BuildError, PegIn, Verifier};
use litecast_primitives::{
    Amount, Block, BlockHeader, Height, OutPoint, Transaction, TxIn, TxOut, Txid, hash::MerkleRoot,
    mweb::ExtensionBlock, params::Params, transaction::TxParts, view::HeaderView,
};
use litecast_script::{
    opcode,
    template::{self, hogaddr_script},
};
use litecast_scrypt::scrypt_1024_1_1;
use litecast_store::MwebIndex;

use crate::{index::ChainAt, inside::InsideCache};

/// What to put into a block.
#[derive(Debug, Clone)]
pub struct AssembleRequest {
    /// Where subsidy and fees go.
    pub script_pubkey: Bytes,
    /// Transactions after the coinbase, in an order in which they can be spent. Their fees are not claimed.
    pub transactions: Vec<Arc<Transaction>>,
    /// Distinguishes blocks on the same tip.
    pub extra_nonce: i64,
}

/// A block without proof of work.
#[derive(Debug, Clone)]
pub struct Template {
    /// The block; its nonce is 0.
    pub block: Block,
    /// Its height.
    pub height: Height,
}

/// Why no block can be made.
#[derive(Debug, thiserror::Error)]
pub enum AssembleError {
    /// The first HogEx has nothing to spend but peg-ins.
    #[error(
        "MWEB is active and the first extension block has not been mined: it needs a transaction with a peg-in. \
         Use -vbparams=mweb:-2:0 for a chain without extension blocks"
    )]
    FirstExtensionBlock,
    /// A transaction has a part inside, and extension blocks are not active yet.
    #[error("transaction {0} needs an extension block, and MWEB is not active yet")]
    MwebInactive(Txid),
    /// A transaction does not fit into the extension block.
    #[error("transaction {0} does not fit into the extension block: {1}")]
    Mweb(Txid, AddError),
    /// There is no extension block of these transactions.
    #[error("cannot make an extension block: {0}")]
    Extension(#[from] BuildError),
}

/// Where a block is to stand.
pub(crate) struct Context<'a> {
    pub(crate) chain: ChainAt<'a>,
    pub(crate) prev_mweb: Option<&'a MwebIndex>,
    pub(crate) inside: &'a InsideCache,
    pub(crate) verifier: &'a Verifier,
    pub(crate) params: &'a Params,
    pub(crate) versionbits: &'a VersionBitsCache,
    pub(crate) now: i64,
    pub(crate) block_version: Option<i32>,
}

pub(crate) fn assemble(request: &AssembleRequest, context: &Context<'_>) -> Result<Template, AssembleError> {
    let chain = &context.chain;
    let params = context.params;
    let height = chain.tip_height() + 1;
    let mut transactions = outside(&request.transactions);
    let mut extension = None;
    if versionbits::is_mweb_active(Some(chain), params, context.versionbits) {
        let (block, hogex) = extend(&request.transactions, height, context)?;
        transactions.push(Arc::new(hogex));
        extension = Some(block);
    } else if let Some(tx) = request.transactions.iter().find(|tx| tx.mweb().is_some()) {
        return Err(AssembleError::MwebInactive(tx.txid()));
    }
    let mut coinbase = TxParts {
        version: 2,
        inputs: vec![TxIn {
            prevout: OutPoint::NULL,
            script_sig: coinbase_script(height, request.extra_nonce).into(),
            sequence: TxIn::SEQUENCE_FINAL,
            witness: Vec::new(),
        }],
        outputs: vec![TxOut { value: block_subsidy(height, params), script_pubkey: request.script_pubkey.clone() }],
        lock_time: 0,
        mweb: None,
        is_hogex: false,
    };
    if params.segwit_height != Height::MAX {
        commit_to_witness(&mut coinbase, &transactions, height >= params.segwit_height);
    }
    transactions.insert(0, Arc::new(Transaction::from(coinbase)));
    let floor = chain.median_time_past(chain.tip_height()) + 1;
    let time = u32::try_from(context.now.max(floor)).unwrap_or(u32::MAX);
    let version =
        context.block_version.unwrap_or_else(|| versionbits::compute_block_version(chain, params, context.versionbits));
    let header = BlockHeader {
        version,
        prev: chain.tip().hash,
        merkle_root: root(&transactions),
        time,
        bits: pow::next_work_required(chain, time, params),
        nonce: 0,
    };
    Ok(Template { block: Block::new(header, transactions, extension), height })
}

fn root(transactions: &[Arc<Transaction>]) -> MerkleRoot {
    merkle::merkle_root(transactions.iter().map(|tx| *tx.txid().as_bytes()).collect()).root
}

/// Adds the witness commitment, and the reserved value that opens it where the rules ask for it.
fn commit_to_witness(coinbase: &mut TxParts, others: &[Arc<Transaction>], reserved_value: bool) {
    let reserved = [0; 32];
    // The coinbase counts as zero in this tree, whatever it contains.
    let leaves = std::iter::once([0; 32]).chain(others.iter().map(|tx| *tx.wtxid().as_bytes())).collect();
    let commitment = commitment_hash(merkle::merkle_root(leaves).root, &reserved);
    coinbase.outputs.push(TxOut { value: Amount::ZERO, script_pubkey: commitment_script(commitment).into() });
    if reserved_value {
        coinbase.inputs[0].witness = vec![Bytes::copy_from_slice(&reserved)];
    }
}

/// What of the transactions stands in the block itself.
fn outside(transactions: &[Arc<Transaction>]) -> Vec<Arc<Transaction>> {
    let visible = transactions.iter().filter(|tx| !tx.is_mweb_only());
    visible
        .map(|tx| match tx.mweb() {
            None => Arc::clone(tx),
            Some(_) => Arc::new(Transaction::from(TxParts { mweb: None, ..tx.parts().clone() })),
        })
        .collect()
}

/// The extension block with the inside of these transactions, and the HogEx that moves the coins.
fn extend(
    transactions: &[Arc<Transaction>],
    height: Height,
    context: &Context<'_>,
) -> Result<(ExtensionBlock, Transaction), AssembleError> {
    let prev = context.prev_mweb;
    let mut builder = BlockBuilder::new(height, prev.map(|prev| &prev.header), context.inside, context.verifier);
    let mut inputs: Vec<OutPoint> = prev.map(|prev| OutPoint { txid: prev.hogex, vout: 0 }).into_iter().collect();
    for tx in transactions {
        let mut peg_ins = Vec::new();
        for (vout, output) in (0u32..).zip(tx.outputs()) {
            if let Some(kernel_id) = template::peg_in_kernel(&output.script_pubkey) {
                peg_ins.push(PegIn { amount: output.value, kernel_id });
                inputs.push(OutPoint { txid: tx.txid(), vout });
            }
        }
        if let Some(mweb) = tx.mweb() {
            builder.add(mweb, &peg_ins).map_err(|error| AssembleError::Mweb(tx.txid(), error))?;
        }
    }
    if inputs.is_empty() {
        return Err(AssembleError::FirstExtensionBlock);
    }
    let built = builder.build()?;
    let amount = Amount(prev.map_or(0, |prev| prev.amount.0) + built.supply_change.0);
    let script = hogaddr_script(built.extension.header.hash());
    let first = TxOut { value: amount, script_pubkey: script.into() };
    let peg_outs = built.peg_outs.into_iter().map(|out| TxOut { value: out.amount, script_pubkey: out.script_pubkey });
    let input =
        |prevout| TxIn { prevout, script_sig: Bytes::new(), sequence: TxIn::SEQUENCE_FINAL, witness: Vec::new() };
    let hogex = Transaction::from(TxParts {
        version: 2,
        inputs: inputs.into_iter().map(input).collect(),
        outputs: std::iter::once(first).chain(peg_outs).collect(),
        lock_time: 0,
        mweb: None,
        is_hogex: true,
    });
    Ok((built.extension, hogex))
}

/// Searches a nonce, at most `max_tries` of them; `None` when they are used up.
pub fn mine(block: &Block, params: &Params, max_tries: &mut u64) -> Option<Block> {
    let mut header = *block.header();
    while *max_tries > 0 {
        if pow::check_proof_of_work(&scrypt_1024_1_1(&header.encode()), header.bits, params) {
            let extension = block.extension().cloned();
            return Some(Block::new(header, block.transactions().to_vec(), extension));
        }
        *max_tries -= 1;
        header.nonce = header.nonce.checked_add(1)?;
    }
    None
}

/// The start of a coinbase's script: the height, then whatever distinguishes the block.
fn coinbase_script(height: Height, extra: i64) -> Vec<u8> {
    let mut script = Vec::new();
    opcode::push_number(&mut script, height.into());
    // As CScript << CScriptNum writes it: a push of bytes, even for small numbers.
    opcode::push_bytes(&mut script, &opcode::number_bytes(extra));
    script
}
