//! Hashes, and one signature at a time.

use litecast_primitives::hash::{sha256, sha256d};
use ripemd::{Digest, Ripemd160};
use sha1::Sha1;

use super::{element::Element, machine::Machine, script_code::find_and_delete};
use crate::{
    encoding::{check_pubkey_encoding, check_signature_encoding},
    flags::Flags,
    hash160::hash160,
    opcode::{OP_CHECKSIGVERIFY, OP_HASH160, OP_HASH256, OP_RIPEMD160, OP_SHA1, OP_SHA256},
    script_error::ScriptError,
    sighash::SigVersion,
};

/// What a signature costs of the budget (BIP342).
const VALIDATION_WEIGHT_PER_SIGOP_PASSED: i64 = 50;

impl Machine<'_, '_> {
    pub(super) fn hash(&mut self, opcode: u8) -> Result<(), ScriptError> {
        let top = self.stack.at(0)?;
        let hash = match opcode {
            OP_RIPEMD160 => Element::hash20(Ripemd160::digest(top.bytes()).into()),
            OP_SHA1 => Element::hash20(Sha1::digest(top.bytes()).into()),
            OP_SHA256 => Element::hash32(sha256(top.bytes())),
            OP_HASH160 => Element::hash20(hash160(top.bytes())),
            OP_HASH256 => Element::hash32(sha256d(top.bytes())),
            _ => return Err(ScriptError::BadOpcode),
        };
        self.stack.replace(1, hash);
        Ok(())
    }

    pub(super) fn check_signature(&mut self, opcode: u8) -> Result<(), ScriptError> {
        let [sig, key] = *self.stack.top()?;
        let valid = self.is_signed(sig.bytes(), key.bytes())?;
        self.stack.replace(2, Element::bool(valid));
        if opcode == OP_CHECKSIGVERIFY { self.verify(ScriptError::Checksigverify) } else { Ok(()) }
    }

    pub(super) fn check_signature_add(&mut self) -> Result<(), ScriptError> {
        if self.version != SigVersion::Tapscript {
            return Err(ScriptError::BadOpcode);
        }
        let [sig, _, key] = *self.stack.top()?;
        let number = self.number(1)?;
        let valid = self.is_signed(sig.bytes(), key.bytes())?;
        self.stack.replace(3, Element::number(number + i64::from(valid)));
        Ok(())
    }

    fn is_signed(&mut self, sig: &[u8], key: &[u8]) -> Result<bool, ScriptError> {
        match self.version {
            SigVersion::Base | SigVersion::WitnessV0 => self.is_signed_ecdsa(sig, key),
            SigVersion::Taproot | SigVersion::Tapscript => self.is_signed_schnorr(sig, key),
        }
    }

    fn is_signed_ecdsa(&self, sig: &[u8], key: &[u8]) -> Result<bool, ScriptError> {
        let without = self.without_signature(self.script_code, sig)?;
        let script_code = without.as_deref().unwrap_or(self.script_code);
        check_signature_encoding(sig, self.flags)?;
        check_pubkey_encoding(key, self.flags, self.version)?;
        let valid = self.checker.check_ecdsa_signature(sig, key, script_code, self.version);
        if !valid && !sig.is_empty() && self.flags.contains(Flags::NULLFAIL) {
            return Err(ScriptError::SigNullfail);
        }
        Ok(valid)
    }

    /// The script without the pushes of a signature, where it has such and the rules drop them.
    pub(super) fn without_signature(&self, script_code: &[u8], sig: &[u8]) -> Result<Option<Vec<u8>>, ScriptError> {
        if self.version != SigVersion::Base {
            return Ok(None);
        }
        let without = find_and_delete(script_code, sig);
        if without.is_some() && self.flags.contains(Flags::CONST_SCRIPTCODE) {
            return Err(ScriptError::SigFindanddelete);
        }
        Ok(without)
    }

    /// An empty signature is the only one that may fail without failing the script (BIP342).
    fn is_signed_schnorr(&mut self, sig: &[u8], key: &[u8]) -> Result<bool, ScriptError> {
        let signed = !sig.is_empty();
        if signed {
            self.data.validation_weight_left -= VALIDATION_WEIGHT_PER_SIGOP_PASSED;
            if self.data.validation_weight_left < 0 {
                return Err(ScriptError::TapscriptValidationWeight);
            }
        }
        if key.is_empty() {
            return Err(ScriptError::Pubkeytype);
        }
        if let Ok(key) = key.try_into() {
            if signed {
                self.checker.check_schnorr_signature(sig, key, self.version, self.data)?;
            }
        } else if self.flags.contains(Flags::DISCOURAGE_UPGRADABLE_PUBKEYTYPE) {
            return Err(ScriptError::DiscourageUpgradablePubkeytype);
        }
        Ok(signed)
    }
}
