//! One input to verify, with its transaction.

use bytes::Bytes;
use litecast_primitives::{
    amount::Amount,
    hash::Txid,
    transaction::{OutPoint, Transaction, TxIn, TxOut, TxParts},
};
use litecast_script::{Flags, ScriptError, checker::Checker, interpreter::verify_script, sighash::SighashData};
use serde_json::Value;

pub(crate) struct Spend {
    pub(crate) tx: Transaction,
    pub(crate) input: usize,
    /// One for each input.
    pub(crate) spent: Vec<TxOut>,
    data: SighashData,
}

impl Spend {
    pub(crate) fn new(tx: Transaction, input: usize, spent: Vec<TxOut>) -> Self {
        let data = SighashData::new(&tx, &spent);
        Self { tx, input, spent, data }
    }

    /// The transaction that script_tests.json means: it spends the only output of one that spends nothing.
    pub(crate) fn of_script(script_sig: Vec<u8>, script_pubkey: Vec<u8>, witness: Vec<Bytes>, value: Amount) -> Self {
        let output = TxOut { value, script_pubkey: script_pubkey.into() };
        let credit = single(OutPoint::NULL, vec![0, 0], Vec::new(), output.clone());
        let prevout = OutPoint { txid: credit.txid(), vout: 0 };
        let spend = single(prevout, script_sig, witness, TxOut { value, script_pubkey: Bytes::new() });
        Self::new(spend, 0, vec![output])
    }

    pub(crate) fn verify(&self, flags: Flags) -> Result<(), ScriptError> {
        let (input, output) = (&self.tx.inputs()[self.input], &self.spent[self.input]);
        let checker = Checker::new(&self.tx, self.input, output.value, &self.data, None);
        verify_script(&input.script_sig, &output.script_pubkey, &input.witness, flags, &checker)
    }
}

fn single(prevout: OutPoint, script_sig: Vec<u8>, witness: Vec<Bytes>, output: TxOut) -> Transaction {
    let input = TxIn { prevout, script_sig: script_sig.into(), sequence: TxIn::SEQUENCE_FINAL, witness };
    let (inputs, outputs) = (vec![input], vec![output]);
    Transaction::from(TxParts { version: 1, inputs, outputs, lock_time: 0, mweb: None, is_hogex: false })
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

pub(crate) fn bytes(value: &Value) -> Bytes {
    hex::decode(text(value)).unwrap().into()
}

pub(crate) fn prevout(txid: &Value, vout: &Value) -> OutPoint {
    let vout = vout.as_i64().unwrap();
    // -1 stands for the largest number.
    let vout = u32::try_from(vout).unwrap_or_else(|_| u32::try_from(vout + (1 << 32)).unwrap());
    OutPoint { txid: text(txid).parse::<Txid>().unwrap(), vout }
}
