//! Opcodes on values. Each is tried on our own interpreter before it is taken, so that scripts get somewhere; then the
//! script compares all that it leaves with what our interpreter left. The other side disagrees by refusing.

use bytes::Bytes;
use litecast_primitives::{
    OutPoint,
    amount::Amount,
    transaction::{Transaction, TxIn, TxParts},
};
use litecast_script::{
    Flags,
    checker::Checker,
    interpreter::{Element, Stack, eval_script},
    opcode::{number_bytes, push_bytes, push_number},
    sighash::{ExecutionData, SigVersion, SighashData},
};

use super::{push_somehow, transaction::boundary_number};
use crate::dice::Dice;

const OP_DEPTH: u8 = 0x74;

/// Evaluates scripts without signatures.
pub(super) struct Probe {
    tx: Transaction,
    data: SighashData,
}

impl Probe {
    pub(super) fn new() -> Self {
        let input = TxIn { prevout: OutPoint::NULL, script_sig: Bytes::new(), sequence: 0, witness: Vec::new() };
        let parts =
            TxParts { version: 2, inputs: vec![input], outputs: Vec::new(), lock_time: 0, mweb: None, is_hogex: false };
        let tx = Transaction::from(parts);
        let data = SighashData::new(&tx, &[]);
        Self { tx, data }
    }

    /// What the script leaves.
    fn run(&self, script: &[u8], items: &[Vec<u8>], version: SigVersion) -> Option<Vec<Vec<u8>>> {
        let checker = Checker::new(&self.tx, 0, Amount(0), &self.data, None);
        let mut stack = Stack::new(items.iter().map(|item| Element::from(&item[..])).collect());
        let mut data = ExecutionData { validation_weight_left: 1 << 20, ..ExecutionData::default() };
        eval_script(&mut stack, script, Flags::NULLDUMMY, &checker, version, &mut data).ok()?;
        Some(stack.elements().iter().map(|element| element.bytes().to_vec()).collect())
    }

    fn opcodes(&self, dice: &mut Dice, version: SigVersion, items: &[Vec<u8>], depth: bool) -> Vec<u8> {
        let mut script = Vec::new();
        for _ in 0..dice.range(2, 18) {
            for _ in 0..3 {
                let before = script.len();
                token(dice, &mut script, 0);
                let asks_depth = script[before] == OP_DEPTH || script[before..].windows(2).any(|w| w[1] == OP_DEPTH);
                if (depth || !asks_depth) && self.run(&script, items, version).is_some() {
                    break;
                }
                script.truncate(before);
            }
        }
        script
    }

    /// A script that takes `items` and leaves nothing.
    pub(super) fn chunk(&self, dice: &mut Dice, version: SigVersion, items: &[Vec<u8>], depth: bool) -> Vec<u8> {
        let mut script = self.opcodes(dice, version, items, depth);
        let left = self.run(&script, items, version).expect("because it ran before");
        for element in left.iter().rev() {
            if dice.percent(85) {
                push_somehow(dice, &mut script, element);
                script.push(0x88);
            } else {
                script.push(0x75);
            }
        }
        script
    }

    /// A script whose last token nobody tried.
    pub(super) fn reckless(&self, dice: &mut Dice, version: SigVersion, items: &[Vec<u8>]) -> Vec<u8> {
        let mut script = self.opcodes(dice, version, items, true);
        token(dice, &mut script, 0);
        if version != SigVersion::Base {
            // A witness script has to leave one element; how many there are now is a guess.
            let left = self.run(&script, items, version).map_or(0, |left| left.len());
            script.extend(vec![0x75; left]);
        }
        script
    }
}

/// An element: often a number, at times one that is written too long.
pub(super) fn value(dice: &mut Dice) -> Vec<u8> {
    match dice.below(12) {
        0..=3 => number_bytes(dice.below(20) as i64 - 2),
        4..=6 => number_bytes(boundary_number(dice)),
        7 => {
            dice.pick(&[vec![0], vec![0x80], vec![0, 0x80], vec![1, 0], vec![0, 0, 0, 0], vec![5, 0, 0, 0x80]]).clone()
        }
        8 => {
            let length = dice.below(6);
            dice.bytes(length)
        }
        9 => {
            let length = dice.weighted(&[(3, 32), (3, 20), (2, 75), (2, 76), (1, 255), (1, 256), (1, 520), (1, 521)]);
            dice.bytes(length)
        }
        _ => number_bytes(i64::from(dice.byte()) * i64::from(dice.byte()) * i64::from(dice.byte()) * 131),
    }
}

fn token(dice: &mut Dice, script: &mut Vec<u8>, depth: usize) {
    match dice.below(100) {
        0..=9 => push_number(script, dice.below(18) as i64 - 1),
        10..=34 => {
            let item = value(dice);
            push_somehow(dice, script, &item);
        }
        35..=39 => push_number(script, boundary_number(dice)),
        // Stack.
        40..=60 => script.push(0x6d + dice.below(0x7e - 0x6d) as u8),
        61..=64 => {
            push_number(script, dice.below(4) as i64);
            script.push(*dice.pick(&[0x79, 0x7a]));
        }
        65..=68 => script.push(*dice.pick(&[0x82, 0x87, 0x88, 0x69])),
        // Numbers.
        69..=84 => script.push(0x8b + dice.below(0xa6 - 0x8b) as u8),
        // Hashes.
        85..=87 => script.push(0xa6 + dice.below(5) as u8),
        88..=89 => script.push(*dice.pick(&[0x61, 0xb0, 0xb3, 0xb9, 0xab])),
        90..=92 => {
            script.push(0x6b);
            (0..dice.below(3)).for_each(|_| token(dice, script, depth));
            script.push(0x6c);
        }
        93..=96 if depth < 4 => condition(dice, script, depth),
        97 => {
            // No signature is wanted, so none is missing.
            let keys = dice.below(4) as u8;
            script.extend([0, 0]);
            (0..keys).for_each(|_| script.extend([1, 0x77]));
            push_number(script, keys.into());
            script.push(*dice.pick(&[0xae, 0xaf]));
        }
        98 => {
            script.push(0);
            let length = *dice.pick(&[33, 32, 0, 1]);
            push_bytes(script, &vec![2; length]);
            script.push(*dice.pick(&[0xac, 0xba]));
        }
        _ => script.push(dice.byte()),
    }
}

fn condition(dice: &mut Dice, script: &mut Vec<u8>, depth: usize) {
    if dice.percent(60) {
        push_number(script, dice.below(2) as i64);
    }
    script.push(*dice.pick(&[0x63, 0x64]));
    (0..dice.below(4)).for_each(|_| token(dice, script, depth + 1));
    for _ in 0..dice.weighted(&[(3, 0), (6, 1), (1, 2)]) {
        script.push(0x67);
        (0..dice.below(4)).for_each(|_| token(dice, script, depth + 1));
    }
    script.push(0x68);
}

/// Opcodes that are not executed; hardly one of them may not stand there.
pub(super) fn dead_code(dice: &mut Dice, script: &mut Vec<u8>) {
    for _ in 0..dice.below(5) {
        match dice.below(40) {
            0 => script.push(dice.byte()),
            1..=4 => condition(dice, script, 3),
            5 => script.push(*dice.pick(&[0x50, 0x62, 0x89, 0x8a, 0xba, 0xff, 0x6a, 0xab])),
            _ => token(dice, script, 3),
        }
    }
}
