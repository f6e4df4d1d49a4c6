//! Making blocks: coinbase, witness commitment, extension block and HogEx, and the search for a nonce
//! (v0.21.5.5 src/miner.cpp, src/mweb/mweb_miner.cpp, src/rpc/mining.cpp).

use std::sync::Arc;

use bytes::Bytes;
use litecast_consensus::{
    Reject,
    block::{commitment_hash, commitment_script},
    mweb, pow,
    subsidy::block_subsidy,
    versionbits::{self, VersionBitsCache},
};
use litecast_mempool::{
    Entry, FeeRate, Mempool,
    mining::{self, BlockRequest},
};
use litecast_mweb::{AddError, BlockBuilder, BuildError, Verifier, amounts};
use litecast_primitives::{
    Amount, Block, BlockHeader, Height, OutPoint, Transaction, TxIn, TxOut, Txid, hash::MerkleRoot, merkle,
    mweb::ExtensionBlock, params::Params, transaction::TxParts, view::HeaderView,
};
use litecast_script::{opcode, sigops, template::hogaddr_script};
use litecast_scrypt::scrypt_1024_1_1;
use litecast_store::MwebIndex;

use crate::{index::ChainAt, inside::InsideCache};

/// What to put into a block.
#[derive(Debug, Clone)]
pub struct AssembleRequest {
    /// Where subsidy and fees go.
    pub script_pubkey: Bytes,
    /// What stands after the coinbase.
    pub contents: Contents,
    /// Distinguishes blocks on the same tip.
    pub extra_nonce: i64,
}

/// Transactions of a block.
#[derive(Debug, Clone)]
pub enum Contents {
    /// The best of the mempool.
    Pool,
    /// These, in an order in which they can be spent. Their fees are not claimed.
    These(Vec<Arc<Transaction>>),
}

/// What a miner may ask of the mempool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MiningPolicy {
    /// `-blockmaxweight`.
    pub max_weight: u64,
    /// `-blockmintxfee`.
    pub min_fee: FeeRate,
}

impl Default for MiningPolicy {
    fn default() -> Self {
        let BlockRequest { max_weight, min_fee, .. } = BlockRequest::new(0, 0);
        Self { max_weight, min_fee }
    }
}

/// A block without proof of work.
#[derive(Debug, Clone)]
pub struct Template {
    /// The block; its nonce is 0.
    pub block: Block,
    /// Its height.
    pub height: Height,
    /// Fee and cost of signature operations of each transaction of the block; those of the coinbase are zero, and those of
    /// given transactions are not known.
    pub costs: Vec<TxCost>,
    /// Weight without what only the coinbase adds, as far as it was counted.
    pub weight: u64,
    /// Weight inside of the extension block.
    pub mweb_weight: u64,
}

/// What the template tells of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TxCost {
    /// Fee, without that of its part inside, which the HogEx pays.
    pub fee: Amount,
    /// Cost of signature operations; those of its peg-outs are the HogEx's.
    pub sigops: u64,
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
    /// The block would not be valid.
    #[error("TestBlockValidity failed: {0}")]
    Invalid(Reject),
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
    pub(crate) pool: &'a Mempool,
    pub(crate) policy: MiningPolicy,
}

/// Transactions as they are chosen, and the extension block that grows with them.
struct Chosen<'a> {
    /// Those of the block itself, in order.
    outside: Vec<(Arc<Transaction>, TxCost)>,
    inside: Option<Inside<'a>>,
    fees: Amount,
    weight: u64,
    mweb_weight: u64,
}

/// The inside of the chosen transactions.
struct Inside<'a> {
    builder: BlockBuilder<'a>,
    /// What the HogEx spends of them.
    inputs: Vec<OutPoint>,
    sigops: u64,
}

impl<'a> Inside<'a> {
    fn add(&mut self, tx: &'a Transaction) -> Result<(), AddError> {
        let Some(part) = tx.mweb() else { return Ok(()) };
        let (peg_ins, mut inputs): (Vec<_>, Vec<_>) = mweb::peg_ins(tx).unzip();
        self.builder.add(part, &peg_ins)?;
        self.inputs.append(&mut inputs);
        self.sigops += peg_out_sigops(tx);
        Ok(())
    }
}

/// Cost of the signature operations in a transaction's peg-outs, which stand in the HogEx (GetHogExSigOpCost).
fn peg_out_sigops(tx: &Transaction) -> u64 {
    let kernels = tx.mweb().into_iter().flat_map(|mweb| &mweb.body.kernels);
    let scripts = kernels.flat_map(|kernel| &kernel.peg_outs).map(|out| &out.script_pubkey);
    scripts.map(|script| sigops::count(script, false) * sigops::WITNESS_SCALE_FACTOR).sum()
}

pub(crate) fn assemble(request: &AssembleRequest, context: &Context<'_>) -> Result<Template, AssembleError> {
    let chain = &context.chain;
    let params = context.params;
    let height = chain.tip_height() + 1;
    let chosen = choose(request, height, context)?;
    let (mut transactions, mut costs): (Vec<_>, Vec<_>) = chosen.outside.into_iter().unzip();
    let mut extension = None;
    if let Some(inside) = chosen.inside {
        let sigops = inside.sigops;
        let (block, hogex, fee) = extend(inside, context)?;
        transactions.push(Arc::new(hogex));
        costs.push(TxCost { fee, sigops });
        extension = Some(block);
    }
    let mut coinbase = TxParts {
        version: 2,
        inputs: vec![TxIn {
            prevout: OutPoint::NULL,
            script_sig: coinbase_script(height, request.extra_nonce).into(),
            sequence: TxIn::SEQUENCE_FINAL,
            witness: Vec::new(),
        }],
        outputs: vec![TxOut {
            value: Amount(block_subsidy(height, params).0 + chosen.fees.0),
            script_pubkey: request.script_pubkey.clone(),
        }],
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
    costs.insert(0, TxCost::default());
    let block = Block::new(header, transactions, extension);
    Ok(Template { block, height, costs, weight: chosen.weight, mweb_weight: chosen.mweb_weight })
}

/// Takes transactions from the mempool, or the given ones.
fn choose<'a>(
    request: &'a AssembleRequest,
    height: Height,
    context: &'a Context<'_>,
) -> Result<Chosen<'a>, AssembleError> {
    let Context { chain, prev_mweb, inside, verifier, params, versionbits, .. } = context;
    let inside = versionbits::is_mweb_active(Some(chain), params, versionbits).then(|| Inside {
        builder: BlockBuilder::new(height, prev_mweb.map(|prev| &prev.header), *inside, verifier),
        inputs: prev_mweb.map(|prev| OutPoint { txid: prev.hogex, vout: 0 }).into_iter().collect(),
        sigops: 0,
    });
    let mut chosen = Chosen { outside: Vec::new(), inside, fees: Amount::ZERO, weight: 0, mweb_weight: 0 };
    match &request.contents {
        Contents::These(transactions) => {
            for tx in transactions {
                match &mut chosen.inside {
                    Some(inside) => inside.add(tx).map_err(|error| AssembleError::Mweb(tx.txid(), error))?,
                    None if tx.mweb().is_some() => return Err(AssembleError::MwebInactive(tx.txid())),
                    None => {}
                }
                chosen.outside.extend(outside(tx).map(|tx| (tx, TxCost::default())));
            }
        }
        Contents::Pool => choose_from_pool(&mut chosen, height, context),
    }
    Ok(chosen)
}

fn choose_from_pool<'a>(chosen: &mut Chosen<'a>, height: Height, context: &'a Context<'_>) {
    let (chain, pool) = (&context.chain, context.pool);
    let MiningPolicy { max_weight, min_fee } = context.policy;
    let lock_time_cutoff = chain.median_time_past(chain.tip_height());
    let with_mweb = chosen.inside.is_some();
    let request = BlockRequest { max_weight, min_fee, height, lock_time_cutoff, with_mweb };
    let inside = &mut chosen.inside;
    let selection = mining::select(pool, &request, &mut |entry| {
        inside.as_mut().is_some_and(|inside| {
            let added = costs_outside(entry).map(|_| inside.add(entry.tx()));
            added.is_some_and(|added| added.inspect_err(|error| log_refused(entry, error)).is_ok())
        })
    });
    for entry in selection.transactions.iter().filter_map(|txid| pool.get(txid)) {
        let cost = costs_outside(entry).unwrap_or_default();
        chosen.outside.extend(outside(entry.tx()).map(|tx| (tx, cost)));
    }
    chosen.fees = Amount(selection.fees);
    chosen.weight = selection.weight;
    chosen.mweb_weight = selection.mweb_weight;
}

fn log_refused(entry: &Entry, error: &AddError) {
    tracing::warn!("the extension block does not take transaction {}: {error}", entry.txid());
}

/// What a pool's transaction costs without its inside; `None` if the inside claims to cost more than all of it.
fn costs_outside(entry: &Entry) -> Option<TxCost> {
    let inside = match entry.tx().mweb() {
        Some(mweb) => amounts::total_fee(&mweb.body)?,
        None => Amount::ZERO,
    };
    let fee = entry.fee().0.checked_sub(inside.0).filter(|fee| *fee >= 0)?;
    Some(TxCost { fee: Amount(fee), sigops: entry.sigop_cost().checked_sub(peg_out_sigops(entry.tx()))? })
}

fn root(transactions: &[Arc<Transaction>]) -> MerkleRoot {
    merkle::transactions_root(transactions).root
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

/// What of a transaction stands in the block itself.
fn outside(tx: &Arc<Transaction>) -> Option<Arc<Transaction>> {
    match tx.mweb() {
        _ if tx.is_mweb_only() => None,
        None => Some(Arc::clone(tx)),
        Some(_) => Some(Arc::new(Transaction::from(TxParts { mweb: None, ..tx.parts().clone() }))),
    }
}

/// The extension block, the HogEx that moves the coins, and the HogEx's fee.
fn extend(inside: Inside<'_>, context: &Context<'_>) -> Result<(ExtensionBlock, Transaction, Amount), AssembleError> {
    let Inside { builder, inputs, .. } = inside;
    if inputs.is_empty() {
        return Err(AssembleError::FirstExtensionBlock);
    }
    let built = builder.build()?;
    let amount = Amount(context.prev_mweb.map_or(0, |prev| prev.amount.0) + built.supply_change.0);
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
    Ok((built.extension, hogex, built.fee))
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
