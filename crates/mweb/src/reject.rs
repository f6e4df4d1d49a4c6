//! Every rule by name, and what the reference reports when it is broken.
//!
//! The reference distinguishes stages, not rules: whatever breaks in `BlockValidator::ValidateBlock` is `bad-blk-mweb`,
//! whatever breaks in `CoinsViewCache::ApplyBlock` is `mweb-connect-failed`, and both say that the data was mutated: the
//! header hash in the HogEx does not cover the body, so another copy of the block may be good. Only a frozen output
//! makes the block itself invalid (v0.21.5.5 src/mweb/mweb_node.cpp).

use litecast_primitives::hash::MwebHash;

use crate::crypto::CryptoError;

/// What a rejection says about the sender (v0.21.5.5 src/consensus/validation.h).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Category {
    /// The block breaks a rule (BLOCK_CONSENSUS).
    Consensus,
    /// The data is not what the block's hash commits to (BLOCK_MUTATED).
    Mutated,
    /// The transaction's MWEB data is not what its id commits to (TX_WITNESS_MUTATED).
    TxWitnessMutated,
    /// The transaction breaks a rule that older nodes do not know (TX_RECENT_CONSENSUS_CHANGE).
    TxRecentConsensusChange,
}

/// Where a rule was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Node::ContextualCheckBlock, ValidateMWEBBlock.
    CheckBlock,
    /// Node::ConnectBlock.
    ConnectBlock,
    /// Node::CheckTransaction.
    CheckTransaction,
}

/// A rule of the extension block. The text is the reference's exception.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Rule {
    /// The header counts other kernels than there are (v0.21.5.5 src/libmw/src/models/block/Block.cpp, Validate).
    #[error("Validate: Consensus Error: MMR_MISMATCH")]
    KernelCount,
    /// Too heavy, or too many inputs (src/libmw/src/models/tx/TxBody.cpp, Validate).
    #[error("Validate: Consensus Error: BLOCK_WEIGHT")]
    Weight,
    /// Inputs or outputs are not in the order of their ids, or kernels not in the order of supply change, highest
    /// first, then id (TxBody.cpp, Validate).
    #[error("Validate: Consensus Error: NOT_SORTED")]
    NotSorted,
    /// Two inputs spend the same output (TxBody.cpp, Validate).
    #[error("Validate: Consensus Error: DUPLICATES")]
    DuplicateInputs,
    /// Two outputs have the same id (TxBody.cpp, Validate).
    #[error("Validate: Consensus Error: DUPLICATES")]
    DuplicateOutputs,
    /// Two kernels have the same id (TxBody.cpp, Validate).
    #[error("Validate: Consensus Error: DUPLICATES")]
    DuplicateKernels,
    /// A signature does not fit (TxBody.cpp, Validate).
    #[error("Validate: Consensus Error: INVALID_SIG")]
    Signature,
    /// A range proof does not hold (TxBody.cpp, Validate).
    #[error("Validate: Consensus Error: BULLETPROOF")]
    RangeProof,
    /// A kernel is locked until after this block (Block.cpp, Validate).
    #[error("Validate: Consensus Error: LOCK_HEIGHT")]
    LockHeight,
    /// Keys of senders, inputs, receivers and excesses do not balance
    /// (src/libmw/include/mw/consensus/StealthSumValidator.h, Validate).
    #[error("Validate: Consensus Error: STEALTH_SUMS")]
    StealthSums,
    /// The kernels are not those of the header (Block.cpp, Validate).
    #[error("Validate: Consensus Error: MMR_MISMATCH")]
    KernelRoot,
    /// The peg-ins outside are not those of the kernels (src/libmw/src/node/BlockValidator.cpp, ValidatePegInCoins).
    #[error("ValidatePegInCoins: Consensus Error: PEGIN_MISMATCH")]
    PegIns,
    /// The HogEx pays other peg-outs than the kernels (BlockValidator.cpp, ValidatePegOutCoins).
    #[error("ValidatePegOutCoins: Consensus Error: PEGOUT_MISMATCH")]
    PegOuts,
    /// A number on the way to the supply change is out of range
    /// (src/libmw/include/mw/consensus/KernelSumValidator.h, GetAmountOrThrow).
    #[error("GetAmountOrThrow: Consensus Error: AMOUNT_OUT_OF_RANGE")]
    AmountRange,
    /// Outputs, inputs, supply, excesses and offset do not balance (KernelSumValidator.h, ValidateSums).
    #[error("ValidateSums: Consensus Error: BLOCK_SUMS")]
    KernelSums,
    /// An unspent output has this id already (src/libmw/src/node/CoinsViewCache.cpp, AddUTXO).
    #[error("AddUTXO: Consensus Error: DUPLICATES")]
    OutputExists,
    /// An input spends what is not there (CoinsViewCache.cpp, ApplyBlockChanges and SpendUTXO).
    #[error("operator(): Consensus Error: UTXO_MISSING")]
    InputMissing,
    /// An input states another commitment or receiver key than the output it spends (CoinsViewCache.cpp,
    /// ApplyBlockChanges).
    #[error("operator(): Consensus Error: UTXO_MISMATCH")]
    InputMismatch,
    /// Outputs or leafset afterwards are not those of the header (CoinsViewCache.cpp, ApplyBlockChanges).
    #[error("ApplyBlockChanges: Consensus Error: MMR_MISMATCH")]
    StateRoots,
    /// An input spends an output that may never be spent (src/mweb/mweb_node.cpp, ConnectBlock).
    #[error("MWEB::Node::ConnectBlock(): Frozen MWEB output spent: {0}")]
    FrozenOutputSpent(MwebHash),
    /// Two peg-ins of a transaction name the same kernel (mweb_node.cpp, CheckTransaction).
    #[error("duplicate-tx-pegins")]
    DuplicateTxPegIns,
    /// A transaction has more or fewer peg-ins than its kernels (mweb_node.cpp, CheckTransaction).
    #[error("pegin-count-mismatch")]
    PegInCount,
    /// A transaction's peg-ins are not those of its kernels (mweb_node.cpp, CheckTransaction).
    #[error("pegin-mismatch")]
    TxPegIns,
    /// Points and scalars that do not exist (src/libmw/src/crypto).
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

/// A broken rule and where it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{}: {rule}", self.reason())]
pub struct Reject {
    /// Where.
    pub stage: Stage,
    /// Which.
    pub rule: Rule,
}

impl Reject {
    /// The reference's reject string.
    pub const fn reason(&self) -> &'static str {
        match (self.stage, self.rule) {
            (Stage::CheckBlock, _) => "bad-blk-mweb",
            (Stage::ConnectBlock, Rule::FrozenOutputSpent(_)) => "frozen-mweb-output-spent",
            (Stage::ConnectBlock, _) => "mweb-connect-failed",
            (Stage::CheckTransaction, Rule::DuplicateTxPegIns) => "duplicate-tx-pegins",
            (Stage::CheckTransaction, Rule::PegInCount) => "pegin-count-mismatch",
            (Stage::CheckTransaction, Rule::TxPegIns) => "pegin-mismatch",
            (Stage::CheckTransaction, _) => "bad-mweb-txn",
        }
    }

    /// The reference's debug message; empty where it has none.
    pub fn detail(&self) -> String {
        match (self.stage, self.rule) {
            (Stage::CheckBlock, _) => "BlockValidator::ValidateBlock failed".to_owned(),
            (Stage::ConnectBlock, rule @ Rule::FrozenOutputSpent(_)) => rule.to_string(),
            (Stage::ConnectBlock, rule) => {
                format!("MWEB::Node::ConnectBlock(): Failed to connect MWEB block: {rule}")
            }
            (Stage::CheckTransaction, _) => String::new(),
        }
    }

    /// What it says about the sender.
    pub const fn category(&self) -> Category {
        match (self.stage, self.rule) {
            (Stage::ConnectBlock, Rule::FrozenOutputSpent(_)) => Category::Consensus,
            (Stage::CheckBlock | Stage::ConnectBlock, _) => Category::Mutated,
            (Stage::CheckTransaction, Rule::DuplicateTxPegIns) => Category::TxRecentConsensusChange,
            (Stage::CheckTransaction, _) => Category::TxWitnessMutated,
        }
    }
}
