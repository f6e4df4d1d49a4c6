//! One input of one transaction, what it spends, and the rules to hold it to; as a line of text it can be replayed.

use bytes::Bytes;
use litecast_primitives::{
    amount::Amount,
    transaction::{Transaction, TxOut, TxParts},
};
use litecast_script::Flags;

/// The rules that both sides know.
pub(crate) const FLAGS: [Flags; 7] = [
    Flags::P2SH,
    Flags::DERSIG,
    Flags::NULLDUMMY,
    Flags::CHECKLOCKTIMEVERIFY,
    Flags::CHECKSEQUENCEVERIFY,
    Flags::WITNESS,
    Flags::TAPROOT,
];

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Case {
    pub(crate) flags: Flags,
    pub(crate) input: usize,
    pub(crate) tx: TxParts,
    /// As many as there are inputs.
    pub(crate) spent: Vec<TxOut>,
}

impl Case {
    pub(crate) fn script_pubkey(&self) -> &Bytes {
        &self.spent[self.input].script_pubkey
    }

    /// Keeps only rules that both sides know, with those that they need.
    pub(crate) fn set_flags(&mut self, bits: u32) {
        let mut flags = FLAGS.iter().fold(Flags::NONE, |sum, flag| sum | Flags::from_bits(flag.bits() & bits));
        if flags.contains(Flags::WITNESS) {
            flags |= Flags::P2SH;
        }
        self.flags = flags;
    }

    pub(crate) fn to_line(&self) -> String {
        let tx = hex::encode(Transaction::from(self.tx.clone()).bytes());
        let spent =
            self.spent.iter().map(|output| format!("{}:{}", output.value.0, hex::encode(&output.script_pubkey)));
        let spent: Vec<String> = spent.collect();
        format!("{:x} {} {tx} {}", self.flags.bits(), self.input, spent.join(","))
    }

    pub(crate) fn from_line(line: &str) -> Option<Self> {
        let mut fields = line.split(' ');
        let flags = u32::from_str_radix(fields.next()?, 16).ok()?;
        let input = fields.next()?.parse().ok()?;
        let tx = Transaction::from_bytes(hex::decode(fields.next()?).ok()?.into()).ok()?.parts().clone();
        let output = |text: &str| {
            let (value, script) = text.split_once(':')?;
            Some(TxOut { value: Amount(value.parse().ok()?), script_pubkey: hex::decode(script).ok()?.into() })
        };
        let spent: Vec<TxOut> = fields.next()?.split(',').map(output).collect::<Option<_>>()?;
        let mut case = Self { flags: Flags::NONE, input, tx, spent };
        case.set_flags(flags);
        case.is_sound().then_some(case)
    }

    /// All that both sides take for granted.
    pub(crate) fn is_sound(&self) -> bool {
        self.input < self.tx.inputs.len()
            && self.spent.len() == self.tx.inputs.len()
            && self.spent[self.input].value >= Amount::ZERO
            && self.tx.mweb.is_none()
            && !self.tx.is_hogex
    }
}

/// The cases in a file: one a line, those with `#` are comments.
pub(crate) fn read(text: &str) -> Vec<Case> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| Case::from_line(line).unwrap_or_else(|| panic!("not a case: {line}"))).collect()
}
