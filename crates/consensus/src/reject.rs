//! Every rule by name, with the category and the string that the reference rejects with.

use std::borrow::Cow;

use litecast_script::ScriptError;

/// What a rejection says about the sender (v0.21.5.5 src/consensus/validation.h, BlockValidationResult).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Category {
    /// The block breaks a rule.
    Consensus,
    /// Known to be invalid from before.
    CachedInvalid,
    /// Proof of work, time or version of the header.
    InvalidHeader,
    /// The data is not what the proof of work commits to; another copy of the block may be valid.
    Mutated,
    /// The block below is not known.
    MissingPrev,
    /// The block below is invalid.
    InvalidPrev,
    /// Too far in the future for our clock.
    TimeFuture,
    /// Not on the chain of the checkpoints.
    Checkpoint,
}

macro_rules! rules {
    ($($name:ident $category:ident $reason:literal;)*) => {
        /// A rule that a block can break.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "the reject string beside each name is its meaning; docs/spec/consensus.md has the table")]
        pub enum Rule { $($name,)* }

        impl Rule {
            /// Every rule.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The reference's reject string; for the version rule, the part before the version.
            pub const fn reason(self) -> &'static str {
                match self { $(Self::$name => $reason,)* }
            }

            /// What breaking it says about the sender.
            pub const fn category(self) -> Category {
                match self { $(Self::$name => Category::$category,)* }
            }
        }
    };
}

rules! {
    // v0.21.5.5 src/validation.cpp, CheckBlockHeader, ContextualCheckBlockHeader, AcceptBlockHeader
    HighHash InvalidHeader "high-hash";
    BadDiffBits InvalidHeader "bad-diffbits";
    ForkPriorToCheckpoint Checkpoint "bad-fork-prior-to-checkpoint";
    TimeTooOld InvalidHeader "time-too-old";
    TimeTooNew TimeFuture "time-too-new";
    BadVersion InvalidHeader "bad-version";
    DuplicateInvalid CachedInvalid "duplicate";
    PrevNotFound MissingPrev "prev-blk-not-found";
    BadPrevBlock InvalidPrev "bad-prevblk";
    // CheckBlock
    MerkleRoot Mutated "bad-txnmrklroot";
    DuplicateTransactions Mutated "bad-txns-duplicate";
    BlockLength Consensus "bad-blk-length";
    CoinbaseMissing Consensus "bad-cb-missing";
    CoinbaseMultiple Consensus "bad-cb-multiple";
    BlockSigops Consensus "bad-blk-sigops";
    // v0.21.5.5 src/consensus/tx_check.cpp, CheckTransaction
    InputsEmpty Consensus "bad-txns-vin-empty";
    OutputsEmpty Consensus "bad-txns-vout-empty";
    TxOversize Consensus "bad-txns-oversize";
    OutputNegative Consensus "bad-txns-vout-negative";
    OutputTooLarge Consensus "bad-txns-vout-toolarge";
    OutputTotalTooLarge Consensus "bad-txns-txouttotal-toolarge";
    InputsDuplicate Consensus "bad-txns-inputs-duplicate";
    CoinbaseLength Consensus "bad-cb-length";
    PrevoutNull Consensus "bad-txns-prevout-null";
    // ContextualCheckBlock
    TxNonFinal Consensus "bad-txns-nonfinal";
    CoinbaseHeight Consensus "bad-cb-height";
    WitnessNonceSize Mutated "bad-witness-nonce-size";
    WitnessMerkleMatch Mutated "bad-witness-merkle-match";
    UnexpectedWitness Mutated "unexpected-witness";
    BlockWeight Consensus "bad-blk-weight";
    // v0.21.5.5 src/mweb/mweb_node.cpp
    UnexpectedMweb Mutated "unexpected-mweb-data";
    MwebMissing Mutated "mweb-missing";
    UnexpectedPegIn Consensus "bad-tx-unexpected-pegin";
    HogExMissing Mutated "hogex-missing";
    HogExPosition Mutated "bad-hogex-position";
    HogExInvalid Consensus "bad-hogex";
    MwebHashMismatch Mutated "mweb-hash-mismatch";
    MwebHeightMismatch Consensus "mweb-height-mismatch";
    PegInsMissing Consensus "pegins-missing";
    PegInMismatch Consensus "pegin-mismatch";
    ExtraHogExInput Consensus "extra-hogex-input";
    MwebInvalid Mutated "bad-blk-mweb";
    HogExInput Consensus "invalid-hogex-input";
    PegInTotal Consensus "accumulated-pegin-outofrange";
    MwebAmount Consensus "bad-mweb-amount";
    MwebFeeMismatch Consensus "bad-txns-mweb-fee-mismatch";
    MwebAmountMismatch Consensus "mweb-amount-mismatch";
    MwebConnectFailed Mutated "mweb-connect-failed";
    FrozenOutputSpent Consensus "frozen-mweb-output-spent";
    // ConnectBlock
    Bip30 Consensus "bad-txns-BIP30";
    ScriptsFailed Consensus "block-validation-failed";
    FeesOutOfRange Consensus "bad-txns-accumulated-fee-outofrange";
    CoinbaseAmount Consensus "bad-cb-amount";
    // v0.21.5.5 src/consensus/tx_verify.cpp, CheckTxInputs
    InputsMissingOrSpent Consensus "bad-txns-inputs-missingorspent";
    PrematureCoinbaseSpend Consensus "bad-txns-premature-spend-of-coinbase";
    PrematurePegOutSpend Consensus "bad-txns-premature-spend-of-pegout";
    InputValuesOutOfRange Consensus "bad-txns-inputvalues-outofrange";
    InputsBelowOutputs Consensus "bad-txns-in-belowout";
    FeeOutOfRange Consensus "bad-txns-fee-outofrange";
    // v0.21.5.5 src/validation.cpp, CheckInputScripts
    MandatoryScriptVerify Consensus "mandatory-script-verify-flag-failed";
    NonMandatoryScriptVerify Consensus "non-mandatory-script-verify-flag";
}

/// A broken rule, with what a log wants to know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{}{detail}", self.reason(), if self.detail.is_empty() { "" } else { ", " })]
pub struct Reject {
    /// The rule.
    pub rule: Rule,
    /// The reference's debug message, or empty.
    pub detail: Cow<'static, str>,
    /// What some rules add to their string.
    suffix: Cow<'static, str>,
}

impl Reject {
    /// With a debug message.
    pub fn new(rule: Rule, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { rule, detail: detail.into(), suffix: Cow::Borrowed("") }
    }

    /// The version rule prints the version.
    pub fn bad_version(version: i32) -> Self {
        let detail = format!("rejected nVersion=0x{version:08x} block");
        Self { rule: Rule::BadVersion, detail: detail.into(), suffix: format!("(0x{version:08x})").into() }
    }

    /// A failed script prints why. `rule` is one of the two of CheckInputScripts.
    pub fn script(rule: Rule, error: ScriptError) -> Self {
        Self { rule, detail: Cow::Borrowed(""), suffix: format!(" ({error})").into() }
    }

    /// The reject string, as RPC and peers of old see it.
    pub fn reason(&self) -> Cow<'static, str> {
        if self.suffix.is_empty() {
            self.rule.reason().into()
        } else {
            format!("{}{}", self.rule.reason(), self.suffix).into()
        }
    }

    /// What it says about the sender.
    pub fn category(&self) -> Category {
        self.rule.category()
    }
}

impl From<Rule> for Reject {
    fn from(rule: Rule) -> Self {
        Self::new(rule, "")
    }
}
