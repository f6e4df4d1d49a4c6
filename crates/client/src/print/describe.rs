//! What a message says: as fields for programs and as a phrase for people.

use litecast_primitives::{Amount, Block, Transaction};
use serde_json::{Map, Number, Value};

use crate::{Content, Notification, notification::Sequence};

/// A message, described.
#[derive(Debug, Default)]
pub(super) struct Description {
    /// What a JSON object of the message holds beside topic, counter and time.
    pub(super) fields: Map<String, Value>,
    /// The same in words.
    pub(super) phrase: String,
}

impl Description {
    fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.fields.insert(name.to_owned(), value.into());
    }

    fn say(&mut self, word: &str) {
        if !self.phrase.is_empty() {
            self.phrase.push_str(if self.phrase.contains(' ') { ", " } else { " " });
        }
        self.phrase.push_str(word);
    }
}

pub(super) fn describe(message: &Notification) -> Description {
    let mut out = Description::default();
    match message.content() {
        Ok(Content::HashBlock(hash)) => {
            out.set("hash", hash.to_string());
            out.phrase = hash.to_string();
        }
        Ok(Content::HashTx(txid)) => {
            out.set("txid", txid.to_string());
            out.phrase = txid.to_string();
        }
        Ok(Content::RawBlock(block)) => describe_block(&mut out, &block),
        Ok(Content::RawTx(tx)) => describe_tx(&mut out, &tx),
        Ok(Content::Sequence(sequence)) => describe_sequence(&mut out, sequence),
        Ok(Content::Unknown) => out.phrase = format!("{} bytes", message.body.len()),
        Err(error) => {
            out.set("error", error.to_string());
            out.phrase = format!("cannot be decoded: {error}");
        }
    }
    out.set("size", message.body.len());
    out
}

fn describe_sequence(out: &mut Description, sequence: Sequence) {
    let (label, key, hash, number, words) = match sequence {
        Sequence::Connected(hash) => ("C", "hash", hash.to_string(), None, "block connected"),
        Sequence::Disconnected(hash) => ("D", "hash", hash.to_string(), None, "block disconnected"),
        Sequence::Added(txid, number) => ("A", "txid", txid.to_string(), Some(number), "added to mempool"),
        Sequence::Removed(txid, number) => ("R", "txid", txid.to_string(), Some(number), "removed from mempool"),
    };
    out.set("label", label);
    out.phrase = format!("{hash} {label} {words}");
    out.set(key, hash);
    if let Some(number) = number {
        out.set("mempool_sequence", number);
        out.say(&format!("sequence {number}"));
    }
}

fn describe_tx(out: &mut Description, tx: &Transaction) {
    out.set("txid", tx.txid().to_string());
    out.set("inputs", tx.inputs().len());
    out.set("outputs", tx.outputs().len());
    out.phrase = tx.txid().to_string();
    out.say(&format!("{} in", tx.inputs().len()));
    out.say(&format!("{} out", tx.outputs().len()));
    // The wire allows amounts that no valid transaction has; their sum may not exist.
    let total = tx.outputs().iter().try_fold(Amount::ZERO, |sum, output| sum.checked_add(output.value));
    if let Some(total) = total {
        out.set("value", exact(total));
        out.say(&format!("{total} LTC"));
    }
    out.say(&format!("{} bytes", tx.bytes().len()));
    if tx.is_coinbase() {
        out.set("coinbase", true);
        out.say("coinbase");
    }
    if tx.is_hogex() {
        out.set("hogex", true);
        out.say("HogEx");
    }
    out.set("mweb", tx.mweb().is_some());
    if let Some(mweb) = tx.mweb() {
        let (inputs, outputs, kernels) = (mweb.body.inputs.len(), mweb.body.outputs.len(), mweb.body.kernels.len());
        out.set("mweb_inputs", inputs);
        out.set("mweb_outputs", outputs);
        out.set("mweb_kernels", kernels);
        out.say(&format!("MWEB {inputs} in {outputs} out {kernels} kernels"));
    }
}

fn describe_block(out: &mut Description, block: &Block) {
    out.set("hash", block.hash().to_string());
    out.phrase = block.hash().to_string();
    if let Some(height) = coinbase_height(block) {
        out.set("height", height);
        out.say(&format!("height {height}"));
    }
    out.set("txs", block.transactions().len());
    out.say(&format!("{} txs", block.transactions().len()));
    out.say(&format!("{} bytes", block.bytes().len()));
    out.set("time", block.header().time);
    out.set("mweb", block.extension().is_some());
    if let Some(extension) = block.extension() {
        let body = &extension.body;
        let (inputs, outputs, kernels) = (body.inputs.len(), body.outputs.len(), body.kernels.len());
        out.set("mweb_inputs", inputs);
        out.set("mweb_outputs", outputs);
        out.set("mweb_kernels", kernels);
        out.say(&format!("MWEB {inputs} in {outputs} out {kernels} kernels"));
    }
}

/// The height that a coinbase of block version 2 or above begins with (BIP34), if it looks like one.
fn coinbase_height(block: &Block) -> Option<u32> {
    if block.header().version < 2 {
        return None;
    }
    let script = &block.transactions().first()?.inputs().first()?.script_sig;
    match script.split_first()? {
        (0, _) => Some(0),
        (op @ 0x51..=0x60, _) => Some(u32::from(op - 0x50)),
        (len @ 1..=4, rest) => {
            let bytes = rest.get(..usize::from(*len))?;
            let height = bytes.iter().rev().fold(0, |height, byte| height << 8 | u32::from(*byte));
            (bytes.last()? & 0x80 == 0).then_some(height)
        }
        _ => None,
    }
}

/// A JSON number with all eight places, never a float.
fn exact(amount: Amount) -> Value {
    amount.to_string().parse::<Number>().map_or(Value::Null, Value::Number)
}
