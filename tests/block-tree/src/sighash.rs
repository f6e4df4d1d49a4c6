//! What signatures sign: before SegWit, in witness version 0 (BIP143) and in version 1 (BIP341, BIP342). Written from the
//! BIPs, apart from the script crate: the tree is an oracle for it.

use litecast_primitives::{
    TxOut,
    codec::put_len,
    hash::{sha256, sha256d},
    transaction::{Encoding, TxParts},
};

/// Signs everything.
pub(crate) const ALL: u8 = 1;
/// Signs no output.
pub(crate) const NONE: u8 = 2;
/// Signs the output beside the input.
pub(crate) const SINGLE: u8 = 3;
/// Signs no other input.
pub(crate) const ANYONE_CAN_PAY: u8 = 0x80;

/// Before SegWit.
pub(crate) fn legacy(tx: &TxParts, index: usize, script_code: &[u8], hash_type: u8) -> [u8; 32] {
    let kind = hash_type & 0x1f;
    if kind == SINGLE && index >= tx.outputs.len() {
        let mut one = [0; 32];
        one[0] = 1;
        return one;
    }
    let mut tx = tx.clone();
    for (i, input) in tx.inputs.iter_mut().enumerate() {
        input.witness.clear();
        input.script_sig = if i == index { script_code.to_vec().into() } else { bytes::Bytes::new() };
        if i != index && (kind == NONE || kind == SINGLE) {
            input.sequence = 0;
        }
    }
    if kind == NONE {
        tx.outputs.clear();
    } else if kind == SINGLE {
        tx.outputs.truncate(index + 1);
        for output in &mut tx.outputs[..index] {
            *output = TxOut { value: litecast_primitives::Amount(-1), script_pubkey: bytes::Bytes::new() };
        }
    }
    if hash_type & ANYONE_CAN_PAY != 0 {
        tx.inputs = vec![tx.inputs[index].clone()];
    }
    let mut bytes = litecast_primitives::Transaction::from(tx).encode(Encoding::Base).to_vec();
    bytes.extend(u32::from(hash_type).to_le_bytes());
    sha256d(&bytes)
}

fn joined<T>(items: &[T], encode: impl Fn(&T, &mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    for item in items {
        encode(item, &mut out);
    }
    out
}

/// BIP143.
pub(crate) fn witness_v0(tx: &TxParts, index: usize, script_code: &[u8], value: i64, hash_type: u8) -> [u8; 32] {
    let kind = hash_type & 0x1f;
    let alone = hash_type & ANYONE_CAN_PAY != 0;
    let zero = [0; 32];
    let prevouts = joined(&tx.inputs, |input, out| out.extend(input.prevout.encode()));
    let sequences = joined(&tx.inputs, |input, out| out.extend(input.sequence.to_le_bytes()));
    let outputs = joined(&tx.outputs, TxOut::encode);
    let mut out = tx.version.to_le_bytes().to_vec();
    out.extend(if alone { zero } else { sha256d(&prevouts) });
    out.extend(if alone || kind == NONE || kind == SINGLE { zero } else { sha256d(&sequences) });
    out.extend(tx.inputs[index].prevout.encode());
    put_len(&mut out, script_code.len());
    out.extend_from_slice(script_code);
    out.extend(value.to_le_bytes());
    out.extend(tx.inputs[index].sequence.to_le_bytes());
    out.extend(match kind {
        NONE => zero,
        SINGLE if index < tx.outputs.len() => sha256d(&joined(&tx.outputs[index..=index], TxOut::encode)),
        SINGLE => zero,
        _ => sha256d(&outputs),
    });
    out.extend(tx.lock_time.to_le_bytes());
    out.extend(u32::from(hash_type).to_le_bytes());
    sha256d(&out)
}

/// The hash of BIP340 with a tag.
pub(crate) fn tagged(tag: &str, data: &[u8]) -> [u8; 32] {
    let tag = sha256(tag.as_bytes());
    sha256(&[&tag, &tag, data].concat())
}

/// The leaf of a script tree.
pub(crate) fn leaf_hash(version: u8, script: &[u8]) -> [u8; 32] {
    let mut out = vec![version];
    put_len(&mut out, script.len());
    out.extend_from_slice(script);
    tagged("TapLeaf", &out)
}

/// BIP341; with a leaf, BIP342.
pub(crate) fn taproot(
    tx: &TxParts,
    index: usize,
    spent: &[TxOut],
    hash_type: u8,
    annex: Option<&[u8]>,
    leaf: Option<[u8; 32]>,
) -> [u8; 32] {
    let (alone, kind) = (hash_type & ANYONE_CAN_PAY != 0, hash_type & 3);
    let mut out = vec![0, hash_type];
    out.extend(tx.version.to_le_bytes());
    out.extend(tx.lock_time.to_le_bytes());
    if !alone {
        out.extend(sha256(&joined(&tx.inputs, |input, out| out.extend(input.prevout.encode()))));
        out.extend(sha256(&joined(spent, |output, out| out.extend(output.value.0.to_le_bytes()))));
        out.extend(sha256(&joined(spent, |output, out| {
            put_len(out, output.script_pubkey.len());
            out.extend_from_slice(&output.script_pubkey);
        })));
        out.extend(sha256(&joined(&tx.inputs, |input, out| out.extend(input.sequence.to_le_bytes()))));
    }
    if kind != NONE && kind != SINGLE {
        out.extend(sha256(&joined(&tx.outputs, TxOut::encode)));
    }
    out.push(2 * u8::from(leaf.is_some()) + u8::from(annex.is_some()));
    if alone {
        out.extend(tx.inputs[index].prevout.encode());
        spent[index].encode(&mut out);
        out.extend(tx.inputs[index].sequence.to_le_bytes());
    } else {
        out.extend(u32::try_from(index).expect("because inputs are few").to_le_bytes());
    }
    if let Some(annex) = annex {
        let mut with_length = Vec::new();
        put_len(&mut with_length, annex.len());
        with_length.extend_from_slice(annex);
        out.extend(sha256(&with_length));
    }
    if kind == SINGLE {
        out.extend(sha256(&joined(&tx.outputs[index..=index], TxOut::encode)));
    }
    if let Some(leaf) = leaf {
        out.extend(leaf);
        out.push(0);
        out.extend(u32::MAX.to_le_bytes());
    }
    tagged("TapSighash", &out)
}
