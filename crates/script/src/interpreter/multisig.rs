//! OP_CHECKMULTISIG: signatures in the order of their keys.

use super::{
    element::Element,
    machine::{MAX_OPS_PER_SCRIPT, Machine},
};
use crate::{
    encoding::{check_pubkey_encoding, check_signature_encoding},
    flags::Flags,
    opcode::OP_CHECKMULTISIGVERIFY,
    script_error::ScriptError,
    sighash::SigVersion,
};

/// Keys of one operation.
const MAX_PUBKEYS_PER_MULTISIG: usize = 20;

impl Machine<'_, '_> {
    pub(super) fn check_multisig(&mut self, opcode: u8) -> Result<(), ScriptError> {
        if self.version == SigVersion::Tapscript {
            return Err(ScriptError::TapscriptCheckmultisig);
        }
        let keys = self.count(0, MAX_PUBKEYS_PER_MULTISIG, ScriptError::PubkeyCount)?;
        self.operations += keys;
        if self.operations > MAX_OPS_PER_SCRIPT {
            return Err(ScriptError::OpCount);
        }
        let sigs = self.count(keys + 1, keys, ScriptError::SigCount)?;
        // Both counts, and the element that is taken too much.
        let taken = keys + sigs + 3;
        self.stack.require(taken)?;

        let valid = self.are_signed(keys, sigs)?;
        let has = |flag| self.flags.contains(flag);
        if !valid && has(Flags::NULLFAIL) {
            for index in 0..sigs {
                if !self.stack.at(keys + 2 + index)?.bytes().is_empty() {
                    return Err(ScriptError::SigNullfail);
                }
            }
        }
        if has(Flags::NULLDUMMY) && !self.stack.at(taken - 1)?.bytes().is_empty() {
            return Err(ScriptError::SigNulldummy);
        }
        self.stack.replace(taken, Element::bool(valid));
        if opcode == OP_CHECKMULTISIGVERIFY { self.verify(ScriptError::Checkmultisigverify) } else { Ok(()) }
    }

    /// The number at `depth`, from 0 to `max`.
    fn count(&self, depth: usize, max: usize, error: ScriptError) -> Result<usize, ScriptError> {
        let number = self.number(depth)?;
        usize::try_from(number).ok().filter(|count| *count <= max).ok_or(error)
    }

    /// Tries the last key with the last signature first, which shows where an encoding is refused.
    fn are_signed(&self, keys: usize, sigs: usize) -> Result<bool, ScriptError> {
        let (first_key, first_sig) = (1, keys + 2);
        let mut without: Option<Vec<u8>> = None;
        for index in 0..sigs {
            let sig = self.stack.at(first_sig + index)?;
            let script_code = without.as_deref().unwrap_or(self.script_code);
            if let Some(shorter) = self.without_signature(script_code, sig.bytes())? {
                without = Some(shorter);
            }
        }
        let script_code = without.as_deref().unwrap_or(self.script_code);

        let (mut key_index, mut sig_index) = (0, 0);
        // More signatures left than keys left: too many have failed.
        while sig_index < sigs && sigs - sig_index <= keys - key_index {
            let sig = self.stack.at(first_sig + sig_index)?.bytes();
            let key = self.stack.at(first_key + key_index)?.bytes();
            check_signature_encoding(sig, self.flags)?;
            check_pubkey_encoding(key, self.flags, self.version)?;
            if self.checker.check_ecdsa_signature(sig, key, script_code, self.version) {
                sig_index += 1;
            }
            key_index += 1;
        }
        Ok(sig_index == sigs)
    }
}
