//! Executing scripts: any script against any output, under any rules. The transaction around them is fixed but for what
//! scripts look at.

use bytes::Bytes;
use litecast_primitives::{Amount, OutPoint, Transaction, TxIn, TxOut, Txid, transaction::TxParts};
use litecast_script::{
    Flags, ScriptError, cache::SignatureCache, checker::Checker, interpreter::verify_script as verify,
    sighash::SighashData,
};

use crate::input::Input;

/// One input, what it spends, and the rules. What its bytes mean is said once here, so that seeds can sign.
#[derive(Debug, Clone)]
pub struct Spend {
    /// Rules; those that do not go without others are left out where the others are missing.
    pub flags: Flags,
    /// Of the transaction.
    pub version: u8,
    /// Of the transaction.
    pub lock_time: u32,
    /// Of the input.
    pub sequence: u32,
    /// Of the output that is spent.
    pub amount: u32,
    /// Of the input.
    pub script_sig: Bytes,
    /// Of the output that is spent.
    pub script_pubkey: Bytes,
    /// Of the input.
    pub witness: Vec<Bytes>,
}

impl Spend {
    /// Reads any bytes.
    pub fn decode(data: &[u8]) -> Self {
        let mut input = Input::new(data);
        Self {
            flags: possible(Flags::from_bits(input.u32())),
            version: input.u8(),
            lock_time: input.u32(),
            sequence: input.u32(),
            amount: input.u32(),
            script_sig: Bytes::copy_from_slice(input.chunk()),
            script_pubkey: Bytes::copy_from_slice(input.chunk()),
            witness: input.chunks(),
        }
    }

    /// Bytes that are read as this.
    ///
    /// # Panics
    /// If a script has 64 KiB or more, or there are more than 255 witness items.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = self.flags.bits().to_le_bytes().to_vec();
        out.push(self.version);
        for number in [self.lock_time, self.sequence, self.amount] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        let chunk = |out: &mut Vec<u8>, bytes: &[u8]| {
            out.extend_from_slice(&u16::try_from(bytes.len()).expect("because scripts are short").to_le_bytes());
            out.extend_from_slice(bytes);
        };
        chunk(&mut out, &self.script_sig);
        chunk(&mut out, &self.script_pubkey);
        out.push(u8::try_from(self.witness.len()).expect("because witness items are few"));
        self.witness.iter().for_each(|item| chunk(&mut out, item));
        out
    }

    /// The transaction: this input is the second of two, and there are two outputs.
    pub fn transaction(&self) -> (Transaction, Vec<TxOut>) {
        let input = |n: u8, script_sig: &Bytes, sequence, witness: &[Bytes]| TxIn {
            prevout: OutPoint { txid: Txid::from_bytes([n; 32]), vout: n.into() },
            script_sig: script_sig.clone(),
            sequence,
            witness: witness.to_vec(),
        };
        let output = |value: u32, script: &Bytes| TxOut { value: Amount(value.into()), script_pubkey: script.clone() };
        let anyone = Bytes::from_static(&[0x51]);
        let parts = TxParts {
            version: self.version.into(),
            inputs: vec![input(1, &Bytes::new(), 0, &[]), input(2, &self.script_sig, self.sequence, &self.witness)],
            outputs: vec![output(1000, &anyone), output(2000, &anyone)],
            lock_time: self.lock_time,
            mweb: None,
            is_hogex: false,
        };
        (parts.into(), vec![output(5000, &anyone), output(self.amount, &self.script_pubkey)])
    }

    /// The verdict under other rules.
    pub fn verify(&self, flags: Flags, cache: Option<&SignatureCache>) -> Result<(), ScriptError> {
        let (tx, spent) = self.transaction();
        let data = SighashData::new(&tx, &spent);
        let checker = Checker::new(&tx, 1, spent[1].value, &data, cache);
        verify(&self.script_sig, &self.script_pubkey, &self.witness, flags, &checker)
    }
}

/// CLEANSTACK and TAPROOT need WITNESS, WITNESS needs P2SH.
fn possible(mut flags: Flags) -> Flags {
    if !flags.contains(Flags::P2SH) {
        flags = flags.without(Flags::WITNESS);
    }
    if !flags.contains(Flags::WITNESS) {
        flags = flags.without(Flags::CLEANSTACK).without(Flags::TAPROOT);
    }
    flags
}

/// A [`Spend`]: the verdict does not depend on what was remembered, and fewer rules never forbid what more rules allow.
pub fn verify_script(data: &[u8]) {
    let spend = Spend::decode(data);
    let verdict = spend.verify(spend.flags, None);
    let cache = SignatureCache::new(1 << 14);
    for _ in 0..2 {
        assert_eq!(spend.verify(spend.flags, Some(&cache)), verdict, "a cache changed the verdict");
    }
    for (name, flag) in Flags::ALL {
        if verdict.is_ok() {
            let fewer = possible(spend.flags.without(*flag));
            assert_eq!(spend.verify(fewer, Some(&cache)), Ok(()), "{name} allowed it");
        } else {
            // A failure under fewer rules is one under more.
            let more = possible(spend.flags | *flag);
            assert!(spend.verify(more, Some(&cache)).is_err(), "{name} allowed it");
        }
    }
}
