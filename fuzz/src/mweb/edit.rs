//! What the fuzzer's bytes do to a draft: an operation each, until they end.

use bytes::Bytes;
use litecast_mweb::{PegIn, add_blinding_factors};
use litecast_primitives::{
    Amount,
    hash::MwebHash,
    mweb::{Kernel, OutputMessage, TxBody},
};

use super::{Draft, World, negate, peg_out, spendable};
use crate::input::Input;

/// More would only cost time.
const MAX_EDITS: usize = 12;
/// Most inputs, outputs or kernels.
const MAX_ITEMS: usize = 12;

/// Applies edits until the input ends.
pub(crate) fn apply_edits(world: &World, draft: &mut Draft, input: &mut Input<'_>) {
    for _ in 0..MAX_EDITS {
        if input.is_empty() {
            return;
        }
        match input.u8() % 20 {
            0 => xor(&mut draft.body, input),
            1 => set_point(world, &mut draft.body, input),
            2 => set_scalar(world, draft, input),
            3 => set_amount(draft, input),
            4 => set_features(&mut draft.body, input),
            5 => remove(&mut draft.body, input),
            6 => duplicate(&mut draft.body, input),
            7 => swap(&mut draft.body, input),
            8 => transplant(world, &mut draft.body, input),
            9 => set_extra_data(&mut draft.body, input),
            10 | 11 => sign(world, draft, input),
            12 => change_peg_outs(draft, input),
            13 => change_outside(draft, input),
            14 => shift_offset(world, draft, input),
            15 => change_header(draft, input),
            16 => move_fee(&mut draft.body, input),
            17 => change_proof(&mut draft.body, input),
            18 => set_lock_height(&mut draft.body, input),
            _ => spend_other(world, &mut draft.body, input),
        }
    }
}

fn pick<'a, T>(list: &'a mut [T], input: &mut Input<'_>) -> Option<&'a mut T> {
    let n = usize::from(input.u8());
    let length = list.len();
    list.get_mut(n % length.max(1))
}

/// The bytes of one field of one item: of the body's inputs, outputs or kernels.
fn field<'a>(body: &'a mut TxBody, input: &mut Input<'_>) -> Option<&'a mut [u8]> {
    let (list, field) = (input.u8() % 3, input.u8());
    Some(match list {
        0 => {
            let item = pick(&mut body.inputs, input)?;
            match field % 5 {
                0 => &mut item.output_id.0,
                1 => &mut item.commitment,
                2 => &mut item.output_pubkey,
                3 => item.input_pubkey.as_mut()?,
                _ => &mut item.signature,
            }
        }
        1 => {
            let item = pick(&mut body.outputs, input)?;
            match field % 5 {
                0 => &mut item.commitment,
                1 => &mut item.sender_pubkey,
                2 => &mut item.receiver_pubkey,
                3 => &mut item.message.standard.as_mut()?.key_exchange_pubkey,
                _ => &mut item.signature,
            }
        }
        _ => {
            let item = pick(&mut body.kernels, input)?;
            match field % 3 {
                0 => &mut item.excess,
                1 => item.stealth_excess.as_mut()?,
                _ => &mut item.signature,
            }
        }
    })
}

fn xor(body: &mut TxBody, input: &mut Input<'_>) {
    let (at, mask) = (usize::from(input.u8()), input.u8());
    if let Some(bytes) = field(body, input) {
        bytes[at % bytes.len()] ^= mask;
    }
}

/// A key or commitment becomes another one that exists, or one that cannot be.
fn set_point(world: &World, body: &mut TxBody, input: &mut Input<'_>) {
    let point = world.points[usize::from(input.u8()) % world.points.len()];
    if let Some(bytes) = field(body, input)
        && bytes.len() == point.len()
    {
        bytes.copy_from_slice(&point);
    }
}

fn set_scalar(world: &World, draft: &mut Draft, input: &mut Input<'_>) {
    let scalar = world.scalars[usize::from(input.u8()) % world.scalars.len()];
    match input.u8() % 4 {
        0 => draft.header.kernel_offset = scalar,
        1 => draft.header.stealth_offset = scalar,
        // Half of a signature.
        2 => {
            if let Some(bytes) = field(&mut draft.body, input)
                && bytes.len() == 64
            {
                bytes[32..].copy_from_slice(&scalar);
            }
        }
        _ => {
            if let Some(bytes) = field(&mut draft.body, input)
                && bytes.len() >= 32
            {
                let start = bytes.len() - 32;
                bytes[start..].copy_from_slice(&scalar);
            }
        }
    }
}

/// An amount near the limits, or near what it was.
fn amount(input: &mut Input<'_>, was: i64) -> Amount {
    let max = Amount::MAX_MONEY.0;
    Amount(match input.u8() % 9 {
        0 => 0,
        1 => 1,
        2 => max,
        3 => max + 1,
        4 => i64::MAX,
        5 => was.saturating_add(input.u8().into()),
        6 => was.saturating_sub(input.u8().into()).max(0),
        7 => input.u32().into(),
        _ => i64::MAX - was,
    })
}

fn set_amount(draft: &mut Draft, input: &mut Input<'_>) {
    let what = input.u8() % 5;
    let Some(kernel) = pick(&mut draft.body.kernels, input) else { return };
    match what {
        0 => kernel.fee = kernel.fee.map(|was| amount(input, was.0)),
        1 => kernel.peg_in = kernel.peg_in.map(|was| amount(input, was.0)),
        2 => {
            if let Some(out) = pick(&mut kernel.peg_outs, input) {
                out.amount = amount(input, out.amount.0);
            }
        }
        // The other side of the same bit.
        3 => {
            kernel.features ^= 1;
            kernel.fee = if kernel.features & 1 != 0 { Some(amount(input, 0)) } else { None };
        }
        _ => {
            kernel.features ^= 2;
            kernel.peg_in = if kernel.features & 2 != 0 { Some(amount(input, 0)) } else { None };
        }
    }
}

fn set_features(body: &mut TxBody, input: &mut Input<'_>) {
    let (list, features) = (input.u8() % 3, input.u8());
    match list {
        0 => drop(pick(&mut body.inputs, input).map(|item| item.features = features)),
        1 => drop(pick(&mut body.outputs, input).map(|item| item.message.features = features)),
        _ => drop(pick(&mut body.kernels, input).map(|item| item.features = features)),
    }
}

fn remove(body: &mut TxBody, input: &mut Input<'_>) {
    fn one<T>(list: &mut Vec<T>, n: u8) {
        if !list.is_empty() {
            list.remove(usize::from(n) % list.len());
        }
    }
    let (list, n) = (input.u8() % 3, input.u8());
    match list {
        0 => one(&mut body.inputs, n),
        1 => one(&mut body.outputs, n),
        _ => one(&mut body.kernels, n),
    }
}

fn duplicate(body: &mut TxBody, input: &mut Input<'_>) {
    fn one<T: Clone>(list: &mut Vec<T>, n: u8) {
        if !list.is_empty() && list.len() < MAX_ITEMS {
            let n = usize::from(n) % list.len();
            list.insert(n, list[n].clone());
        }
    }
    let (list, n) = (input.u8() % 3, input.u8());
    match list {
        0 => one(&mut body.inputs, n),
        1 => one(&mut body.outputs, n),
        _ => one(&mut body.kernels, n),
    }
}

fn swap(body: &mut TxBody, input: &mut Input<'_>) {
    fn two<T>(list: &mut [T], a: u8, b: u8) {
        let length = list.len();
        if length > 1 {
            list.swap(usize::from(a) % length, usize::from(b) % length);
        }
    }
    let (list, a, b) = (input.u8() % 3, input.u8(), input.u8());
    match list {
        0 => two(&mut body.inputs, a, b),
        1 => two(&mut body.outputs, a, b),
        _ => two(&mut body.kernels, a, b),
    }
}

/// Takes something of a good transaction, or all of it.
fn transplant(world: &World, body: &mut TxBody, input: &mut Input<'_>) {
    fn some<T: Clone>(list: &mut Vec<T>, from: &[T]) {
        let room = MAX_ITEMS.saturating_sub(list.len());
        list.extend(from.iter().take(room).cloned());
    }
    let from = &world.txs[usize::from(input.u8()) % world.txs.len()].tx.body;
    let lists = input.u8();
    if lists & 1 != 0 {
        some(&mut body.inputs, &from.inputs);
    }
    if lists & 2 != 0 {
        some(&mut body.outputs, &from.outputs);
    }
    if lists & 4 != 0 {
        some(&mut body.kernels, &from.kernels);
    }
}

fn set_extra_data(body: &mut TxBody, input: &mut Input<'_>) {
    let (list, length) = (input.u8() % 3, input.u8() % 64);
    let data = Bytes::copy_from_slice(input.take(length.into()));
    match list {
        0 => {
            if let Some(item) = pick(&mut body.inputs, input) {
                item.features |= 2;
                item.extra_data = Some(data);
            }
        }
        1 => {
            if let Some(item) = pick(&mut body.outputs, input) {
                let standard = item.message.standard.take();
                item.message =
                    OutputMessage { features: 2 | u8::from(standard.is_some()), standard, extra_data: Some(data) };
            }
        }
        _ => {
            if let Some(item) = pick(&mut body.kernels, input) {
                item.features = if data.is_empty() { item.features & !0x20 } else { item.features | 0x20 };
                item.extra_data = data;
            }
        }
    }
}

fn sign(world: &World, draft: &mut Draft, input: &mut Input<'_>) {
    let signed = match input.u8() % 3 {
        0 => pick(&mut draft.body.inputs, input).and_then(|item| world.sign_input(item)),
        1 => pick(&mut draft.body.outputs, input).and_then(|item| world.sign_output(item)),
        _ => pick(&mut draft.body.kernels, input).and_then(|item| world.sign_kernel(item)),
    };
    draft.with_secrets |= signed.is_some();
}

fn set_peg_out_bit(kernel: &mut Kernel) {
    kernel.features = if kernel.peg_outs.is_empty() { kernel.features & !4 } else { kernel.features | 4 };
}

fn change_peg_outs(draft: &mut Draft, input: &mut Input<'_>) {
    let what = input.u8() % 4;
    let Some(kernel) = pick(&mut draft.body.kernels, input) else { return };
    match what {
        0 if kernel.peg_outs.len() < MAX_ITEMS => kernel.peg_outs.push(peg_out(amount(input, 600_000).0)),
        1 => drop(kernel.peg_outs.pop()),
        2 => kernel.peg_outs.reverse(),
        _ => {
            let length = usize::from(input.u8());
            let script = Bytes::copy_from_slice(input.take(length));
            if let Some(out) = pick(&mut kernel.peg_outs, input) {
                out.script_pubkey = script;
            }
        }
    }
    set_peg_out_bit(kernel);
}

fn change_outside(draft: &mut Draft, input: &mut Input<'_>) {
    let what = input.u8() % 7;
    match what {
        0 => drop(pick(&mut draft.peg_ins, input).map(|p| p.kernel_id.0[0] ^= 1)),
        1 => {
            if let Some(peg_in) = pick(&mut draft.peg_ins, input) {
                peg_in.amount = amount(input, peg_in.amount.0);
            }
        }
        2 if draft.peg_ins.len() < MAX_ITEMS => {
            let id = draft.body.kernels.first().map_or(MwebHash([7; 32]), Kernel::id);
            draft.peg_ins.push(PegIn { amount: amount(input, 501_000), kernel_id: id });
        }
        3 => drop(draft.peg_ins.pop()),
        4 => draft.peg_outs.reverse(),
        5 if draft.peg_outs.len() < MAX_ITEMS => draft.peg_outs.push(peg_out(amount(input, 600_000).0)),
        _ => drop(draft.peg_outs.pop()),
    }
}

/// Adds a known offset, or a secret that a stealth excess brings in.
fn shift_offset(world: &World, draft: &mut Draft, input: &mut Input<'_>) {
    let (what, n) = (input.u8(), input.u8());
    let stealth = what & 1 != 0;
    let mut shift = world.scalars[usize::from(n) % world.scalars.len()];
    if what & 2 != 0 {
        let Some((key, secret)) = world.key_of(n) else { return };
        shift = *secret;
        if let (true, Some(kernel)) = (stealth, pick(&mut draft.body.kernels, input)) {
            kernel.features |= 0x10;
            kernel.stealth_excess = Some(*key);
        }
    }
    let offset = if stealth { &mut draft.header.stealth_offset } else { &mut draft.header.kernel_offset };
    let sum = if what & 4 != 0 {
        add_blinding_factors(&[*offset], &[shift])
    } else {
        add_blinding_factors(&[*offset, shift], &[])
    };
    if let Ok(sum) = sum {
        *offset = sum;
        draft.with_secrets = true;
    }
}

fn change_header(draft: &mut Draft, input: &mut Input<'_>) {
    let header = &mut draft.header;
    let (what, at, mask) = (input.u8() % 8, usize::from(input.u8()) % 32, input.u8());
    let size = if mask & 1 != 0 { u64::MAX } else { mask.into() };
    match what {
        0 => header.output_root.0[at] ^= mask,
        1 => header.kernel_root.0[at] ^= mask,
        2 => header.leafset_root.0[at] ^= mask,
        3 => header.kernel_offset[at] ^= mask,
        4 => header.stealth_offset[at] ^= mask,
        5 => header.output_mmr_size = size,
        6 => header.kernel_mmr_size = size,
        // Where the recorded locks are.
        _ => header.height = [0, 449, 450, 499, 500, 501, i32::MAX.unsigned_abs()][at % 7],
    }
}

/// From one kernel to another: the sum stays.
fn move_fee(body: &mut TxBody, input: &mut Input<'_>) {
    let (from, to, part) = (usize::from(input.u8()), usize::from(input.u8()), i64::from(input.u16()));
    let count = body.kernels.len();
    if count < 2 {
        return;
    }
    let fee = |kernel: &Kernel| kernel.fee.map_or(0, |fee| fee.0);
    let moved = part.min(fee(&body.kernels[from % count]));
    for (n, change) in [(from % count, -moved), (to % count, moved)] {
        let kernel = &mut body.kernels[n];
        kernel.features |= 1;
        kernel.fee = Some(Amount(fee(kernel).saturating_add(change).max(0)));
    }
}

fn change_proof(body: &mut TxBody, input: &mut Input<'_>) {
    let (what, at, mask) = (input.u8() % 3, usize::from(input.u16()), input.u8());
    let Some(output) = pick(&mut body.outputs, input) else { return };
    let mut proof = output.range_proof.to_vec();
    match what {
        0 => {
            let at = at % proof.len();
            proof[at] ^= mask;
        }
        1 => proof.fill(mask),
        _ => {
            let length = proof.len();
            proof.rotate_left(at % length);
        }
    }
    output.range_proof = proof.into();
}

fn set_lock_height(body: &mut TxBody, input: &mut Input<'_>) {
    let height = [0, 449, 450, 499, 500, 501, 502, i32::MAX.unsigned_abs()][usize::from(input.u8() % 8)];
    if let Some(kernel) = pick(&mut body.kernels, input) {
        kernel.features |= 8;
        kernel.lock_height = Some(height);
    }
}

/// An input says that it spends something else: an id alone, or with what belongs to it, or its negation.
fn spend_other(world: &World, body: &mut TxBody, input: &mut Input<'_>) {
    let ids = spendable(&world.store);
    let (what, id) = (input.u8(), ids[usize::from(input.u8()) % ids.len()]);
    let Some(item) = pick(&mut body.inputs, input) else { return };
    let output = &world.store.utxos[&id].output;
    item.output_id = id;
    if what & 1 != 0 {
        item.commitment = output.commitment;
    }
    if what & 2 != 0 {
        item.output_pubkey = output.receiver_pubkey;
    }
    if what & 4 != 0 {
        item.commitment = negate(item.commitment);
    }
}
