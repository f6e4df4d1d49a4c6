//! Small changes, anywhere in a case.

use bytes::Bytes;
use litecast_primitives::{amount::Amount, transaction::TxOut};
use litecast_script::{Instructions, opcode::push_number};

use crate::{
    case::{Case, FLAGS},
    dice::Dice,
    generate::boundary_number,
    wrap::{inner, replace_inner},
};

/// Nothing grows without end over generations of mutations.
const MAX_SCRIPT: usize = 12_000;

/// Changes the case once; `other` lends parts.
pub(crate) fn mutate(dice: &mut Dice, case: &mut Case, other: &Case) {
    let index = case.input;
    match dice.below(100) {
        0..=9 => flip_flag(dice, case),
        10..=44 => inner_script(dice, case, other),
        45..=54 => {
            let mut script = case.tx.inputs[index].script_sig.to_vec();
            edit_script(dice, &mut script, &other.tx.inputs[other.input].script_sig);
            case.tx.inputs[index].script_sig = script.into();
        }
        55..=59 => {
            let mut script = case.script_pubkey().to_vec();
            edit_script(dice, &mut script, other.script_pubkey());
            case.spent[index].script_pubkey = script.into();
        }
        60..=79 => witness(dice, case, other),
        _ => transaction(dice, case, other),
    }
}

fn flip_flag(dice: &mut Dice, case: &mut Case) {
    let flag = dice.pick(&FLAGS);
    case.set_flags(case.flags.bits() ^ flag.bits());
}

/// The script that runs last, put back so that it still runs.
fn inner_script(dice: &mut Dice, case: &mut Case, other: &Case) {
    let Some((wrapping, mut script)) = inner(case) else { return };
    let lent = inner(other).map(|(_, script)| script).unwrap_or_default();
    edit_script(dice, &mut script, &lent);
    let mut changed = case.clone();
    if replace_inner(&mut changed, wrapping, script).is_some() {
        *case = changed;
    }
}

/// Where the instructions of a script start, and its end.
fn bounds(script: &[u8]) -> Vec<usize> {
    let mut walk = Instructions::new(script);
    let mut found = vec![0];
    while walk.next().is_some_and(|step| step.is_ok()) {
        found.push(script.len() - walk.rest().len());
    }
    found
}

fn edit_script(dice: &mut Dice, script: &mut Vec<u8>, other: &[u8]) {
    let steps = bounds(script);
    let place = *dice.pick(&steps);
    let step = |dice: &mut Dice| {
        let at = dice.below(steps.len());
        (steps[at], steps.get(at + 1).copied().unwrap_or(steps[at]))
    };
    match dice.below(12) {
        0 => flip_bit(dice, script),
        1 | 2 => script.insert(place, 0x50 + dice.byte() % 0x6c),
        3 => {
            let mut code = Vec::new();
            push_number(&mut code, boundary_number(dice));
            script.splice(place..place, code);
        }
        4 => {
            let (start, end) = step(dice);
            script.drain(start..end);
        }
        5 => {
            let (start, end) = step(dice);
            let copy = script[start..end].to_vec();
            script.splice(place..place, copy);
        }
        6 => {
            let (start, end) = step(dice);
            if end == start + 1 && start < script.len() {
                // Another opcode nearby: often of the same arity.
                script[start] = script[start].wrapping_add(dice.below(7) as u8).wrapping_sub(3);
            }
        }
        7 => {
            let (start, end) = step(dice);
            let copy = script.drain(start..end).collect::<Vec<u8>>();
            let place = *dice.pick(&bounds(script));
            script.splice(place..place, copy);
        }
        8 => script.truncate(place),
        9 | 10 => {
            let lent = bounds(other);
            let (a, b) = (*dice.pick(&lent), *dice.pick(&lent));
            let part = other[a.min(b)..a.max(b)].to_vec();
            if script.len() + part.len() < MAX_SCRIPT {
                script.splice(place..place, part);
            }
        }
        _ => {
            let at = dice.below(script.len() + 1);
            script.insert(at, dice.byte());
        }
    }
    script.truncate(MAX_SCRIPT);
}

fn flip_bit(dice: &mut Dice, bytes: &mut [u8]) {
    if !bytes.is_empty() {
        let at = dice.below(bytes.len());
        bytes[at] ^= 1 << dice.below(8);
    }
}

fn witness(dice: &mut Dice, case: &mut Case, other: &Case) {
    let witness = &mut case.tx.inputs[case.input].witness;
    if witness.is_empty() {
        if dice.percent(20) {
            *witness = other.tx.inputs[other.input].witness.clone();
        }
        return;
    }
    let at = dice.below(witness.len());
    match dice.below(9) {
        0..=2 => {
            let mut item = witness[at].to_vec();
            flip_bit(dice, &mut item);
            witness[at] = item.into();
        }
        3 => {
            witness.remove(at);
        }
        4 => witness.insert(at, witness[at].clone()),
        5 => {
            let with = dice.below(witness.len());
            witness.swap(at, with);
        }
        6 => {
            let mut item = witness[at].to_vec();
            if dice.percent(50) {
                item.push(dice.byte() & 0x83);
            } else {
                item.pop();
            }
            witness[at] = item.into();
        }
        7 => witness[at] = Bytes::new(),
        _ => {
            let annex = [&[0x50], &dice.bytes(3)[..]].concat();
            witness.push(annex.into());
        }
    }
}

fn transaction(dice: &mut Dice, case: &mut Case, other: &Case) {
    let random = |dice: &mut Dice| u32::from_le_bytes(boundary_number(dice).to_le_bytes()[..4].try_into().unwrap());
    let index = case.input;
    let any = dice.below(case.tx.inputs.len());
    let other_output = || TxOut { value: Amount(7), ..other.spent[other.input].clone() };
    match dice.below(12) {
        0 => case.tx.version = *dice.pick(&[0, 1, 2, 3, -1, i32::MIN]),
        1 | 2 => case.tx.lock_time = random(dice),
        3 => case.tx.inputs[index].sequence = random(dice),
        4 => case.tx.inputs[any].sequence = random(dice),
        5 => case.tx.inputs[any].prevout.vout ^= 1,
        6 => case.spent[any].value.0 = case.spent[any].value.0.wrapping_add(1),
        7 => case.tx.outputs.push(other_output()),
        8 => {
            case.tx.outputs.pop();
        }
        9 => {
            if let Some(output) = case.tx.outputs.last_mut() {
                output.value.0 ^= 1;
            }
        }
        10 => {
            if case.tx.inputs.len() < 20 {
                let mut input = other.tx.inputs[other.input].clone();
                input.prevout.vout = input.prevout.vout.wrapping_add(9);
                let at = dice.below(case.tx.inputs.len() + 1);
                case.tx.inputs.insert(at, input);
                case.spent.insert(at, other_output());
                case.input += usize::from(at <= index);
            }
        }
        _ => {
            if case.tx.inputs.len() > 1 && any != index {
                case.tx.inputs.remove(any);
                case.spent.remove(any);
                case.input -= usize::from(any < index);
            }
        }
    }
}
