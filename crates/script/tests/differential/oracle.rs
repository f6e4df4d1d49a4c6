//! Both sides' opinions of a case.

use std::panic::{AssertUnwindSafe, catch_unwind};

use bitcoinconsensus::Utxo;
use litecast_primitives::transaction::Transaction;
use litecast_script::{
    ScriptError, cache::SignatureCache, checker::Checker, interpreter::verify_script, sighash::SighashData,
};

use crate::case::Case;

/// What both sides say; none if one of them panicked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Opinions {
    pub(crate) ours: Option<Result<(), ScriptError>>,
    pub(crate) theirs: bool,
}

impl Opinions {
    pub(crate) fn agree(&self) -> bool {
        self.ours.is_some_and(|ours| ours.is_ok() == self.theirs)
    }
}

pub(crate) fn ask(case: &Case, cache: Option<&SignatureCache>) -> Opinions {
    let tx = Transaction::from(case.tx.clone());
    let ours = catch_unwind(AssertUnwindSafe(|| ours(case, &tx, cache))).ok();
    Opinions { ours, theirs: theirs(case, &tx) }
}

fn ours(case: &Case, tx: &Transaction, cache: Option<&SignatureCache>) -> Result<(), ScriptError> {
    let data = SighashData::new(tx, &case.spent);
    let checker = Checker::new(tx, case.input, case.spent[case.input].value, &data, cache);
    let input = &tx.inputs()[case.input];
    verify_script(&input.script_sig, case.script_pubkey(), &input.witness, case.flags, &checker)
}

fn theirs(case: &Case, tx: &Transaction) -> bool {
    let spent: Vec<Utxo> = case
        .spent
        .iter()
        .map(|output| Utxo {
            script_pubkey: output.script_pubkey.as_ptr(),
            script_pubkey_len: output.script_pubkey.len() as u32,
            value: output.value.0,
        })
        .collect();
    let amount = case.spent[case.input].value.0.cast_unsigned();
    let flags = case.flags.bits();
    let answer =
        bitcoinconsensus::verify_with_flags(case.script_pubkey(), amount, tx.bytes(), Some(&spent), case.input, flags);
    match answer {
        Ok(()) => true,
        // Set when the scripts ran and failed.
        Err(bitcoinconsensus::Error::ERR_SCRIPT) => false,
        Err(error) => panic!("not a question for the library: {error:?}: {}", case.to_line()),
    }
}
