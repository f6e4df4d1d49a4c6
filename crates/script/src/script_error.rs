//! Why a script failed, by the reference's names and sentences (v0.21.5.5 src/script/script_error.h, script_error.cpp).

/// Why a script failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ScriptError {
    /// A script number is too long or not as short as it could be.
    #[error("unknown error")]
    UnknownError,
    /// Nothing, or something false, is left on top.
    #[error("Script evaluated without error but finished with a false/empty top stack element")]
    EvalFalse,
    /// OP_RETURN was executed.
    #[error("OP_RETURN was encountered")]
    OpReturn,
    /// Longer than 10000 bytes.
    #[error("Script is too big")]
    ScriptSize,
    /// An element is longer than 520 bytes.
    #[error("Push value size limit exceeded")]
    PushSize,
    /// More than 201 operations.
    #[error("Operation limit exceeded")]
    OpCount,
    /// More than 1000 elements.
    #[error("Stack size limit exceeded")]
    StackSize,
    /// More signatures than keys, or fewer than none.
    #[error("Signature count negative or greater than pubkey count")]
    SigCount,
    /// More than 20 keys, or fewer than none.
    #[error("Pubkey count negative or limit exceeded")]
    PubkeyCount,
    /// OP_VERIFY found false.
    #[error("Script failed an OP_VERIFY operation")]
    Verify,
    /// OP_EQUALVERIFY found a difference.
    #[error("Script failed an OP_EQUALVERIFY operation")]
    Equalverify,
    /// OP_CHECKMULTISIGVERIFY found a bad signature.
    #[error("Script failed an OP_CHECKMULTISIGVERIFY operation")]
    Checkmultisigverify,
    /// OP_CHECKSIGVERIFY found a bad signature.
    #[error("Script failed an OP_CHECKSIGVERIFY operation")]
    Checksigverify,
    /// OP_NUMEQUALVERIFY found a difference.
    #[error("Script failed an OP_NUMEQUALVERIFY operation")]
    Numequalverify,
    /// No such opcode, or a push over the end.
    #[error("Opcode missing or not understood")]
    BadOpcode,
    /// An opcode that was switched off.
    #[error("Attempted to use a disabled opcode")]
    DisabledOpcode,
    /// The stack holds too little.
    #[error("Operation not valid with the current stack size")]
    InvalidStackOperation,
    /// The alternative stack is empty.
    #[error("Operation not valid with the current altstack size")]
    InvalidAltstackOperation,
    /// An IF without ENDIF, or the reverse.
    #[error("Invalid OP_IF construction")]
    UnbalancedConditional,
    /// A lock time below zero.
    #[error("Negative locktime")]
    NegativeLocktime,
    /// The transaction may come too early.
    #[error("Locktime requirement not satisfied")]
    UnsatisfiedLocktime,
    /// A hash type without a meaning.
    #[error("Signature hash type missing or not understood")]
    SigHashtype,
    /// A signature that is not strict DER.
    #[error("Non-canonical DER signature")]
    SigDer,
    /// A push that could be shorter.
    #[error("Data push larger than necessary")]
    Minimaldata,
    /// The script of the input does more than push.
    #[error("Only push operators allowed in signatures")]
    SigPushonly,
    /// S is in the upper half.
    #[error("Non-canonical signature: S value is unnecessarily high")]
    SigHighS,
    /// The element that CHECKMULTISIG takes too much is not empty.
    #[error("Dummy CHECKMULTISIG argument must be zero")]
    SigNulldummy,
    /// A key of no known form.
    #[error("Public key is neither compressed or uncompressed")]
    Pubkeytype,
    /// Not exactly one element is left.
    #[error("Stack size must be exactly one after execution")]
    Cleanstack,
    /// The argument of IF is neither empty nor 1.
    #[error("OP_IF/NOTIF argument must be minimal")]
    Minimalif,
    /// A signature that failed is not empty.
    #[error("Signature must be zero for failed CHECK(MULTI)SIG operation")]
    SigNullfail,
    /// A NOP that may get a meaning.
    #[error("NOPx reserved for soft-fork upgrades")]
    DiscourageUpgradableNops,
    /// A witness version that may get a meaning.
    #[error("Witness version reserved for soft-fork upgrades")]
    DiscourageUpgradableWitnessProgram,
    /// A leaf version that may get a meaning.
    #[error("Taproot version reserved for soft-fork upgrades")]
    DiscourageUpgradableTaprootVersion,
    /// An opcode of Tapscript that may get a meaning.
    #[error("OP_SUCCESSx reserved for soft-fork upgrades")]
    DiscourageOpSuccess,
    /// A kind of key of Tapscript that may get a meaning.
    #[error("Public key version reserved for soft-fork upgrades")]
    DiscourageUpgradablePubkeytype,
    /// A program of version 0 has neither 20 nor 32 bytes.
    #[error("Witness program has incorrect length")]
    WitnessProgramWrongLength,
    /// The witness is missing.
    #[error("Witness program was passed an empty witness")]
    WitnessProgramWitnessEmpty,
    /// The witness does not fit the program.
    #[error("Witness program hash mismatch")]
    WitnessProgramMismatch,
    /// The script of the input is not empty.
    #[error("Witness requires empty scriptSig")]
    WitnessMalleated,
    /// The script of the input is more than the push of the redeem script.
    #[error("Witness requires only-redeemscript scriptSig")]
    WitnessMalleatedP2sh,
    /// A witness where none belongs.
    #[error("Witness provided for non-witness script")]
    WitnessUnexpected,
    /// A key in version 0 is not compressed.
    #[error("Using non-compressed keys in segwit")]
    WitnessPubkeytype,
    /// A Schnorr signature of neither 64 nor 65 bytes.
    #[error("Invalid Schnorr signature size")]
    SchnorrSigSize,
    /// A hash type that Taproot does not know.
    #[error("Invalid Schnorr signature hash type")]
    SchnorrSigHashtype,
    /// A Schnorr signature does not fit.
    #[error("Invalid Schnorr signature")]
    SchnorrSig,
    /// The control block has no possible length.
    #[error("Invalid Taproot control block size")]
    TaprootWrongControlSize,
    /// More signatures than the weight of the witness pays for.
    #[error("Too much signature validation relative to witness weight")]
    TapscriptValidationWeight,
    /// CHECKMULTISIG in Tapscript.
    #[error("OP_CHECKMULTISIG(VERIFY) is not available in tapscript")]
    TapscriptCheckmultisig,
    /// The argument of IF in Tapscript is neither empty nor 1.
    #[error("OP_IF/NOTIF argument must be minimal in tapscript")]
    TapscriptMinimalif,
    /// CODESEPARATOR outside of witness scripts.
    #[error("Using OP_CODESEPARATOR in non-witness script")]
    OpCodeseparator,
    /// A signature inside the script that it signs.
    #[error("Signature is found in scriptCode")]
    SigFindanddelete,
}

impl ScriptError {
    /// The name in the reference's test vectors.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnknownError => "UNKNOWN_ERROR",
            Self::EvalFalse => "EVAL_FALSE",
            Self::OpReturn => "OP_RETURN",
            Self::ScriptSize => "SCRIPT_SIZE",
            Self::PushSize => "PUSH_SIZE",
            Self::OpCount => "OP_COUNT",
            Self::StackSize => "STACK_SIZE",
            Self::SigCount => "SIG_COUNT",
            Self::PubkeyCount => "PUBKEY_COUNT",
            Self::Verify => "VERIFY",
            Self::Equalverify => "EQUALVERIFY",
            Self::Checkmultisigverify => "CHECKMULTISIGVERIFY",
            Self::Checksigverify => "CHECKSIGVERIFY",
            Self::Numequalverify => "NUMEQUALVERIFY",
            Self::BadOpcode => "BAD_OPCODE",
            Self::DisabledOpcode => "DISABLED_OPCODE",
            Self::InvalidStackOperation => "INVALID_STACK_OPERATION",
            Self::InvalidAltstackOperation => "INVALID_ALTSTACK_OPERATION",
            Self::UnbalancedConditional => "UNBALANCED_CONDITIONAL",
            Self::NegativeLocktime => "NEGATIVE_LOCKTIME",
            Self::UnsatisfiedLocktime => "UNSATISFIED_LOCKTIME",
            Self::SigHashtype => "SIG_HASHTYPE",
            Self::SigDer => "SIG_DER",
            Self::Minimaldata => "MINIMALDATA",
            Self::SigPushonly => "SIG_PUSHONLY",
            Self::SigHighS => "SIG_HIGH_S",
            Self::SigNulldummy => "SIG_NULLDUMMY",
            Self::Pubkeytype => "PUBKEYTYPE",
            Self::Cleanstack => "CLEANSTACK",
            Self::Minimalif => "MINIMALIF",
            Self::SigNullfail => "NULLFAIL",
            Self::DiscourageUpgradableNops => "DISCOURAGE_UPGRADABLE_NOPS",
            Self::DiscourageUpgradableWitnessProgram => "DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM",
            Self::DiscourageUpgradableTaprootVersion => "DISCOURAGE_UPGRADABLE_TAPROOT_VERSION",
            Self::DiscourageOpSuccess => "DISCOURAGE_OP_SUCCESS",
            Self::DiscourageUpgradablePubkeytype => "DISCOURAGE_UPGRADABLE_PUBKEYTYPE",
            Self::WitnessProgramWrongLength => "WITNESS_PROGRAM_WRONG_LENGTH",
            Self::WitnessProgramWitnessEmpty => "WITNESS_PROGRAM_WITNESS_EMPTY",
            Self::WitnessProgramMismatch => "WITNESS_PROGRAM_MISMATCH",
            Self::WitnessMalleated => "WITNESS_MALLEATED",
            Self::WitnessMalleatedP2sh => "WITNESS_MALLEATED_P2SH",
            Self::WitnessUnexpected => "WITNESS_UNEXPECTED",
            Self::WitnessPubkeytype => "WITNESS_PUBKEYTYPE",
            Self::SchnorrSigSize => "SCHNORR_SIG_SIZE",
            Self::SchnorrSigHashtype => "SCHNORR_SIG_HASHTYPE",
            Self::SchnorrSig => "SCHNORR_SIG",
            Self::TaprootWrongControlSize => "TAPROOT_WRONG_CONTROL_SIZE",
            Self::TapscriptValidationWeight => "TAPSCRIPT_VALIDATION_WEIGHT",
            Self::TapscriptCheckmultisig => "TAPSCRIPT_CHECKMULTISIG",
            Self::TapscriptMinimalif => "TAPSCRIPT_MINIMALIF",
            Self::OpCodeseparator => "OP_CODESEPARATOR",
            Self::SigFindanddelete => "SIG_FINDANDDELETE",
        }
    }
}
