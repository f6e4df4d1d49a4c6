//! Transactions around the input that is looked at.

use bytes::Bytes;
use litecast_primitives::{
    OutPoint, Txid,
    amount::Amount,
    transaction::{TxIn, TxOut, TxParts},
};

use crate::dice::Dice;

/// Numbers at the bounds of scripts and lock times.
const BOUNDARIES: &[i64] = &[
    0,
    1,
    2,
    15,
    16,
    17,
    127,
    128,
    255,
    256,
    0x7fff,
    0x8000,
    0xffff,
    0x1_0000,
    0x3f_ffff,
    0x40_0000,
    0x40_0001,
    0x40_ffff,
    0x41_0000,
    0x7f_ffff,
    0x80_0000,
    499_999_999,
    500_000_000,
    500_000_001,
    0x7fff_fffe,
    0x7fff_ffff,
    0x8000_0000,
    0x8000_0001,
    0xffff_fffe,
    0xffff_ffff,
];

pub(crate) fn boundary_number(dice: &mut Dice) -> i64 {
    let number = *dice.pick(BOUNDARIES);
    match dice.below(6) {
        0 => -number,
        1 => number + 1,
        2 => number - 1,
        _ => number,
    }
}

fn boundary_u32(dice: &mut Dice) -> u32 {
    u32::from_le_bytes(boundary_number(dice).to_le_bytes()[..4].try_into().unwrap())
}

fn output(dice: &mut Dice) -> TxOut {
    let value = match dice.below(6) {
        0 => i64::from_le_bytes(dice.next().to_le_bytes()),
        1 => *dice.pick(&[0, -1, i64::MAX, i64::MIN]),
        _ => dice.range(1, 100_000_000_000) as i64,
    };
    let length = dice.weighted(&[(10, 22), (5, 34), (3, 0), (1, 252), (1, 253)]);
    TxOut { value: Amount(value), script_pubkey: dice.bytes(length).into() }
}

pub(super) fn random(dice: &mut Dice) -> (TxParts, Vec<TxOut>, usize) {
    let inputs = dice.weighted(&[(5, 1), (3, 2), (2, 4), (1, 7)]);
    let outputs = dice.weighted(&[(1, 0), (4, 1), (4, 2), (2, 5)]);
    let version = dice.weighted(&[(5, 2), (4, 1), (1, 0), (1, -1), (1, i32::MIN), (1, 3)]);
    let common = dice.percent(50);
    let lock_time = if common { 0 } else { boundary_u32(dice) };
    let tx = TxParts {
        version,
        inputs: (0..inputs)
            .map(|_| {
                let prevout = OutPoint { txid: Txid::from_bytes(dice.array()), vout: dice.below(5) as u32 };
                let length = if dice.percent(50) { 0 } else { dice.below(30) };
                let script_sig = Bytes::from(dice.bytes(length));
                let sequence = if common { u32::MAX - dice.below(3) as u32 } else { boundary_u32(dice) };
                let witness = if dice.percent(20) { vec![Bytes::from(dice.bytes(4))] } else { Vec::new() };
                TxIn { prevout, script_sig, sequence, witness }
            })
            .collect(),
        outputs: (0..outputs).map(|_| output(dice)).collect(),
        lock_time,
        mweb: None,
        is_hogex: false,
    };
    let input = dice.below(inputs);
    let mut tx = tx;
    (tx.inputs[input].script_sig, tx.inputs[input].witness) = (Bytes::new(), Vec::new());
    let mut spent: Vec<TxOut> = (0..inputs).map(|_| output(dice)).collect();
    spent[input].value.0 &= i64::MAX;
    (tx, spent, input)
}
