//! Rules for a block's content, alone and on its place in the chain of headers
//! (v0.21.5.5 src/validation.cpp, CheckBlock and ContextualCheckBlock).

use litecast_primitives::{
    Block, Transaction,
    hash::{MerkleRoot, sha256d_pair},
    merkle,
};
use litecast_script::{opcode, sigops};

use crate::{
    MAX_BLOCK_SIGOPS_COST, MAX_BLOCK_WEIGHT, WITNESS_SCALE_FACTOR,
    context::Context,
    mweb,
    reject::{Reject, Rule},
    tx::{check_transaction, is_final_tx},
};

/// Bytes of an output script that carries a witness commitment, at least (BIP141).
const MINIMUM_WITNESS_COMMITMENT: usize = 38;
const COMMITMENT_HEADER: [u8; 6] = [opcode::OP_RETURN, 0x24, 0xaa, 0x21, 0xa9, 0xed];

/// What can be said of a block without its place in the chain. The header's proof of work is checked apart.
pub fn check_block(block: &Block) -> Result<(), Reject> {
    let root = merkle::block_merkle_root(block);
    if root.root != block.header().merkle_root {
        return Err(Reject::new(Rule::MerkleRoot, "hashMerkleRoot mismatch"));
    }
    if root.mutated {
        return Err(Reject::new(Rule::DuplicateTransactions, "duplicate transaction"));
    }
    let transactions = block.transactions();
    if transactions.is_empty()
        || transactions.len() * WITNESS_SCALE_FACTOR > MAX_BLOCK_WEIGHT
        || block.base_size() * WITNESS_SCALE_FACTOR > MAX_BLOCK_WEIGHT
    {
        return Err(Reject::new(Rule::BlockLength, "size limits failed"));
    }
    if !transactions[0].is_coinbase() {
        return Err(Reject::new(Rule::CoinbaseMissing, "first tx is not coinbase"));
    }
    if transactions[1..].iter().any(|tx| tx.is_coinbase()) {
        return Err(Reject::new(Rule::CoinbaseMultiple, "more than one coinbase"));
    }
    for tx in transactions {
        check_transaction(tx)
            .map_err(|rule| Reject::new(rule, format!("Transaction check failed (tx hash {}) ", tx.txid())))?;
    }
    let operations: u64 = transactions.iter().map(|tx| sigops::legacy(tx)).sum();
    if operations * sigops::WITNESS_SCALE_FACTOR > MAX_BLOCK_SIGOPS_COST {
        return Err(Reject::new(Rule::BlockSigops, "out-of-bounds SigOpCount"));
    }
    mweb::check_block(block)
}

/// What can be said of a block on top of a chain of headers, without the coins.
pub fn contextual_check_block(block: &Block, context: &Context<'_>) -> Result<(), Reject> {
    let Context { chain, params, .. } = *context;
    let height = chain.tip_height() + 1;
    let lock_time_cutoff = if height >= params.csv_height {
        chain.median_time_past(chain.tip_height())
    } else {
        block.header().time.into()
    };
    if !block.transactions().iter().all(|tx| is_final_tx(tx, height, lock_time_cutoff)) {
        return Err(Reject::new(Rule::TxNonFinal, "non-final transaction"));
    }
    let coinbase = &block.transactions()[0];
    if height >= params.bip34_height {
        let mut expected = Vec::new();
        opcode::push_number(&mut expected, height.into());
        if !coinbase.inputs()[0].script_sig.starts_with(&expected) {
            return Err(Reject::new(Rule::CoinbaseHeight, "block height mismatch in coinbase"));
        }
    }
    let commitment = if height >= params.segwit_height { witness_commitment(coinbase) } else { None };
    match commitment {
        Some(commitment) => check_witness_commitment(block, &commitment)?,
        None if block.transactions().iter().any(|tx| tx.has_witness()) => {
            return Err(Reject::new(Rule::UnexpectedWitness, "ContextualCheckBlock : unexpected witness data found"));
        }
        None => {}
    }
    // Only after the commitment: a fat coinbase witness must not condemn the block.
    if block.weight() > MAX_BLOCK_WEIGHT {
        return Err(Reject::new(Rule::BlockWeight, "ContextualCheckBlock : weight limit failed"));
    }
    mweb::contextual_check_block(block, context)
}

fn check_witness_commitment(block: &Block, commitment: &[u8; 32]) -> Result<(), Reject> {
    let [reserved] = block.transactions()[0].inputs()[0].witness.as_slice() else {
        return Err(bad_nonce());
    };
    let reserved: &[u8; 32] = reserved[..].try_into().map_err(|_| bad_nonce())?;
    let root = merkle::block_witness_merkle_root(block.transactions().iter().map(AsRef::as_ref));
    if commitment_hash(root, reserved) != *commitment {
        let detail = "ContextualCheckBlock : witness merkle commitment mismatch";
        return Err(Reject::new(Rule::WitnessMerkleMatch, detail));
    }
    Ok(())
}

fn bad_nonce() -> Reject {
    Reject::new(Rule::WitnessNonceSize, "ContextualCheckBlock : invalid witness reserved value size")
}

/// What the coinbase commits to.
pub fn commitment_hash(witness_root: MerkleRoot, reserved: &[u8; 32]) -> [u8; 32] {
    sha256d_pair(witness_root.as_bytes(), reserved)
}

/// The output script that carries a commitment.
pub fn commitment_script(commitment: [u8; 32]) -> Vec<u8> {
    [COMMITMENT_HEADER.as_slice(), &commitment].concat()
}

/// The last witness commitment among a coinbase's outputs (v0.21.5.5 src/consensus/validation.h).
pub fn witness_commitment(coinbase: &Transaction) -> Option<[u8; 32]> {
    coinbase.outputs().iter().rev().map(|output| &output.script_pubkey).find_map(|script| {
        if script.len() < MINIMUM_WITNESS_COMMITMENT || !script.starts_with(&COMMITMENT_HEADER) {
            return None;
        }
        script[COMMITMENT_HEADER.len()..MINIMUM_WITNESS_COMMITMENT].try_into().ok()
    })
}
