//! Cases outside of the extension block: what is standard and what is not, and what no block may hold.

use litecast_primitives::{Amount, OutPoint, Transaction, TxOut, Txid, transaction::TxParts};
use rand::RngExt as _;

use super::{
    inside,
    locks::{Lock, ODD, STANDARD},
    replace,
    world::{Draft, Sent, World, input},
};

/// Makes transactions that are judged one after the other.
pub(super) type Case = fn(&mut World) -> Vec<Sent>;

/// Every case and how often it comes.
pub(super) const CASES: &[(usize, Case)] = &[
    (26, payment),
    (4, version),
    (2, size),
    (6, script_sig),
    (12, odd_output),
    (8, dust),
    (8, data),
    (12, odd_input),
    (4, small),
    (4, sigops),
    (8, lock_time),
    (10, sequence),
    (5, coinbase),
    (7, missing),
    (5, again),
    (14, signature),
    (8, consensus),
    (4, fee_limit),
    (14, replace::replace),
    (4, replace::replace_many),
    (5, replace::adds_unconfirmed),
    (3, replace::spends_conflict),
    (2, replace::chain),
    (2, replace::wide),
    (1, replace::too_many),
    (5, inside::inside),
    (6, inside::peg_in),
    (5, inside::peg_out),
    (2, inside::odd_peg_out),
    (4, inside::clash_inside),
    (4, inside::spend_peg_out),
];

/// For a mempool that is too small: nothing inside, the memory of which litecastd counts and the reference forgets
/// (v0.21.5.5 `src/core_memusage.h`).
pub(super) const CROWDED: &[(usize, Case)] = &[
    (30, payment),
    (60, large),
    (10, replace::replace),
    (4, replace::replace_many),
    (2, replace::chain),
    (2, replace::wide),
    (4, sequence),
    (4, again),
    (6, odd_input),
];

impl World {
    /// Transactions of the next case.
    pub(super) fn next(&mut self) -> Vec<Sent> {
        let total = self.cases.iter().map(|(weight, _)| weight).sum();
        let mut at = self.below(total);
        for (weight, case) in self.cases {
            if at < *weight {
                return case(self);
            }
            at -= weight;
        }
        unreachable!("the weights have this sum")
    }
}

fn one(draft: &Draft, name: &'static str) -> Vec<Sent> {
    if draft.spends.is_empty() { Vec::new() } else { vec![draft.finish(name)] }
}

fn payment(world: &mut World) -> Vec<Sent> {
    let rate = world.rate();
    let draft = world.payment(rate);
    one(&draft, "payment")
}

fn version(world: &mut World) -> Vec<Sent> {
    let mut draft = world.simple(Lock::Wpkh);
    draft.parts.version = world.pick(&[0, 1, 3, -1, i32::MIN, i32::MAX]);
    one(&draft, "version")
}

/// A family of one or two that takes a good part of a small mempool.
fn large(world: &mut World) -> Vec<Sent> {
    let spends = world
        .take(1, |coin| STANDARD.contains(&coin.lock) && coin.height.is_some() && coin.output.value.0 > 30_000_000);
    if spends.is_empty() {
        return Vec::new();
    }
    let mut draft = world.spread(spends, &[Lock::Wpkh], 1000);
    // To keys of nobody.
    let nobody = TxOut { value: Amount(4000), script_pubkey: [&[0, 20][..], &[0x77; 20]].concat().into() };
    let count = 800 + world.below(1600);
    draft.parts.outputs.splice(0..0, vec![nobody; count]);
    let rate = world.random.random_range(1000..30_000);
    draft.pay(rate);
    if world.chance(50) {
        draft.parts.inputs[0].sequence = 0xffff_fffd;
    }
    one(&draft, "large")
}

/// Around 100,000 virtual bytes.
fn size(world: &mut World) -> Vec<Sent> {
    let lock = world.pick(&[Lock::Wpkh, Lock::WshTrue]);
    let each = i64::try_from(9 + lock.script().len()).unwrap();
    let count = usize::try_from(100_000 / each).unwrap() - 8 + world.below(10);
    let spends = world
        .take(8, |coin| STANDARD.contains(&coin.lock) && coin.height.is_some() && coin.output.value.0 > 30_000_000);
    if spends.len() < 8 {
        return Vec::new();
    }
    let mut draft = world.spread(spends, &vec![lock; count], 2000);
    if world.chance(50) {
        draft.pay(1000);
    }
    one(&draft, "size")
}

fn script_sig(world: &mut World) -> Vec<Sent> {
    let spends = world.take(1, |coin| [Lock::Pkh, Lock::Pk, Lock::ShTrue, Lock::ShMulti].contains(&coin.lock));
    let draft = world.spread(spends, &[Lock::Wpkh], 50_000);
    if draft.spends.is_empty() {
        return Vec::new();
    }
    let mut parts = draft.signed();
    let script = parts.inputs[0].script_sig.to_vec();
    let (name, front): (_, Vec<u8>) = match world.below(5) {
        0 => ("not push-only", vec![0x61]),
        1 => ("not push-only", vec![0x51, 0x76]),
        2 => ("cut push", vec![0x4d, 0xff]),
        3 => {
            let length = (1650 - script.len() - 8 + world.below(14)) / 2;
            let push = [&[0x4d][..], &u16::try_from(length).unwrap().to_le_bytes(), &vec![1; length]].concat();
            ("long script of an input", push.repeat(2))
        }
        _ => ("one push more", vec![0x51]),
    };
    parts.inputs[0].script_sig =
        if world.chance(20) { [script, front].concat() } else { [front, script].concat() }.into();
    vec![Sent::new(name, parts)]
}

/// Output scripts at the edges of the templates.
fn odd_output(world: &mut World) -> Vec<Sent> {
    let key = |n: u8| [&[33, 2][..], &[n; 32]].concat();
    let program = |version: u8, size: usize| [&[version, u8::try_from(size).unwrap()][..], &vec![3; size]].concat();
    let multi = |m: u8, keys: u8, n: u8| {
        let keys: Vec<u8> = (1..=keys).flat_map(key).collect();
        [&[0x50 + m][..], &keys, &[0x50 + n, 0xae]].concat()
    };
    let size = 2 + world.below(40);
    let m = 1 + u8::try_from(world.below(3)).unwrap();
    let script: Vec<u8> = match world.below(18) {
        0 => vec![],
        1 => vec![0x51],
        2 => (0..size).map(|_| world.random.random()).collect(),
        3 => multi(m, 3, 3),
        4 => multi(m, 4, 4),
        5 => multi(3, 2, 2),
        6 => multi(m, 3, 2),
        7 => [&[0x51][..], &key(1), &[0x51, 0xae, 0x61]].concat(),
        8 => program(0, world.pick(&[20, 21, 32, 33, 2])),
        9 => program(0x51, size),
        10 => program(0x50 + u8::try_from(2 + world.below(15)).unwrap(), size),
        11 => [key(1), vec![0xac]].concat(),
        12 => [&[32, 2][..], &[1; 31], &[0xac]].concat(),
        13 => [&[65, 4][..], &[1; 64], &[0xac]].concat(),
        14 => [&[0xa9, 20][..], &[1; 20], &[0x87, 0x61]].concat(),
        // A peg-in without an inside, and what looks like a HogEx.
        15 => program(0x59, 32),
        16 => program(0x58, 32),
        _ => vec![0x4c],
    };
    let mut draft = world.simple(Lock::Wpkh);
    let value = world.pick(&[100_000, 100_000, 5000, 0]);
    draft.parts.outputs.insert(0, TxOut { value: Amount(value), script_pubkey: script.into() });
    draft.pay(40_000);
    one(&draft, "odd output")
}

fn dust(world: &mut World) -> Vec<Sent> {
    let lock = if world.chance(80) { world.pick(&STANDARD) } else { world.pick(&ODD) };
    let size = i64::try_from(9 + lock.script().len()).unwrap();
    let spending =
        if [Lock::Pk, Lock::Pkh, Lock::Multi].contains(&lock) || lock.script()[0] == 0xa9 { 148 } else { 67 };
    // For the usual 30 litoshis a byte, and for 100.
    let edge = (size + spending) * world.pick(&[30, 100]);
    let mut draft = world.simple(Lock::Wpkh);
    let value = edge + world.pick(&[-1, 0, 1, -100, 50]);
    draft.parts.outputs.insert(0, lock.output(value));
    draft.pay(30_000);
    one(&draft, "dust")
}

fn data(world: &mut World) -> Vec<Sent> {
    let mut draft = world.simple(Lock::Wpkh);
    let count = world.pick(&[1, 1, 1, 2, 3]);
    for _ in 0..count {
        let length = world.pick(&[0, 1, 20, 37, 38, 39, 40, 41, 75, 76, 79, 80, 81, 82, 200]);
        let mut script = vec![0x6a];
        match length {
            0 => {}
            1..=75 => script.push(u8::try_from(length).unwrap()),
            _ => script.extend([0x4c, u8::try_from(length).unwrap()]),
        }
        script.extend(vec![0x42; length]);
        match world.below(12) {
            0 => script.push(0x61),
            1 => script.push(0x51),
            2 => script.push(5),
            _ => {}
        }
        let value = world.pick(&[0, 0, 0, 1, 100_000]);
        draft.parts.outputs.insert(0, TxOut { value: Amount(value), script_pubkey: script.into() });
    }
    draft.pay(30_000);
    one(&draft, "data")
}

/// Spends a coin of an odd kind, in all the ways that might be right.
fn odd_input(world: &mut World) -> Vec<Sent> {
    let lock = world.pick(&ODD);
    let mut spends = world.with_lock(1, lock);
    if world.chance(30) {
        spends.extend(world.mined(1));
    }
    let mut draft = world.spread(spends, &[Lock::Wpkh], 30_000);
    if draft.spends.is_empty() {
        return Vec::new();
    }
    match lock {
        Lock::Csv(blocks) => {
            let blocks = u32::from(blocks);
            draft.parts.inputs[0].sequence =
                world.pick(&[blocks, blocks.saturating_sub(1), blocks + 1, u32::MAX, 1 << 22]);
        }
        Lock::Cltv(height) => {
            draft.parts.inputs[0].sequence = 0;
            draft.parts.lock_time = u32::from(height) + world.pick(&[0, 1, 2]) - 1;
        }
        Lock::WshSigops(_) => draft.pay_exactly(2_000_000),
        _ => {}
    }
    one(&draft, "odd input")
}

/// Around the smallest size, and below.
fn small(world: &mut World) -> Vec<Sent> {
    let spends = world.take(1, |coin| [Lock::Wpkh, Lock::WshTrue, Lock::Taproot].contains(&coin.lock));
    let mut draft = world.spread(spends, &[Lock::Wpkh], 30_000);
    if draft.spends.is_empty() {
        return Vec::new();
    }
    // Ten bytes and an input of 41 are there; an output has nine without its script.
    let length = world.pick(&[1, 10, 19, 20, 21, 22, 23]);
    let script = [&[0x6a, length - 1][..], &vec![1; usize::from(length)]].concat();
    draft.parts.outputs[0].script_pubkey = script[..usize::from(length)].to_vec().into();
    draft.pay_exactly(90_000);
    draft.parts.outputs[0].value = Amount(draft.input_value() - 90_000);
    one(&draft, "small")
}

fn sigops(world: &mut World) -> Vec<Sent> {
    let count = 1 + world.below(6);
    let spends = world.with_lock(count, Lock::WshSigops(190));
    let mut draft = world.spread(spends, &[Lock::Wpkh], 0);
    // Twenty bytes for each of 3800, or eighty.
    let rate = world.pick(&[1, 2, 4]);
    let fee = 3800 * 20 / 4 * i64::try_from(draft.spends.len()).unwrap() * rate + world.pick(&[-3000, 0, 1000]);
    if draft.spends.is_empty() {
        return Vec::new();
    }
    draft.pay_exactly(fee);
    if world.chance(30) {
        // Those of outputs count, whatever they are.
        let outputs = vec![Lock::Multi.output(100_000); 60];
        draft.parts.outputs.splice(0..0, outputs);
        draft.pay_exactly(fee * 2);
    }
    one(&draft, "sigops")
}

fn lock_time(world: &mut World) -> Vec<Sent> {
    let mut draft = world.simple(Lock::Wpkh);
    let (height, time) = (world.height, world.median_time);
    draft.parts.lock_time = match world.below(9) {
        0 => height,
        1 | 2 => height + 1,
        3 => height + 2,
        4 => time,
        5 => time - 1,
        6 => time + 1,
        7 => 499_999_999,
        _ => 500_000_000,
    };
    let sequence = world.pick(&[0xffff_fffe, 0xffff_fffd, u32::MAX, 0xffff_fff0]);
    draft.parts.inputs.iter_mut().for_each(|input| input.sequence = sequence);
    one(&draft, "lock time")
}

/// BIP68.
fn sequence(world: &mut World) -> Vec<Sent> {
    let spends = if world.chance(80) { world.mined(2) } else { world.any(2) };
    let rate = world.rate();
    let mut draft = world.spread(spends, &[Lock::Wpkh, Lock::Pkh], rate);
    let height = world.height;
    for n in 0..draft.spends.len() {
        let depth = draft.spends[n].height.map_or(0, |at| height + 1 - at);
        let edge = depth + world.pick(&[0, 0, 1, 2]);
        let by_time = 1 << 22 | world.pick(&[0, 1, 2, 5, 10, 300]);
        draft.parts.inputs[n].sequence = match world.below(7) {
            0..=2 => edge.min(0xffff),
            3 => edge.saturating_sub(1).min(0xffff),
            4 => by_time,
            5 => 1 << 31 | edge,
            _ => edge.min(0xffff) | 1 << 17,
        };
    }
    draft.parts.version = world.pick(&[2, 2, 2, 1]);
    one(&draft, "sequence")
}

fn coinbase(world: &mut World) -> Vec<Sent> {
    let height = world.height;
    let coins: Vec<_> = world.coins.iter().filter(|coin| coin.is_coinbase).cloned().collect();
    let edge: Vec<_> = coins
        .iter()
        .filter(|coin| coin.height.is_some_and(|at| (98..=103).contains(&(height - at))))
        .cloned()
        .collect();
    let from = if !edge.is_empty() && world.chance(70) { edge } else { coins };
    if from.is_empty() {
        return Vec::new();
    }
    let coin = world.pick(&from);
    let locks: Vec<Lock> = (0..8).map(|_| world.lock()).collect();
    let draft = world.spread(vec![coin], &locks, 30_000);
    one(&draft, "coinbase")
}

fn missing(world: &mut World) -> Vec<Sent> {
    let mut draft = world.simple(Lock::Wpkh);
    if draft.spends.is_empty() {
        return Vec::new();
    }
    let spent = world.sent.last().map(|(draft, _)| draft.spends[0].outpoint);
    let outpoint = match world.below(5) {
        0 => OutPoint { txid: Txid::from_bytes(world.random.random()), vout: 0 },
        1 => OutPoint { vout: 10_000, ..draft.spends[0].outpoint },
        2 => {
            let txid = world.sent.last().map_or(Txid::from_bytes([7; 32]), |(_, tx)| tx.txid());
            OutPoint { txid, vout: world.pick(&[9, u32::MAX, 77]) }
        }
        3 => spent.unwrap_or(OutPoint { txid: Txid::from_bytes([8; 32]), vout: 1 }),
        _ => {
            // Spent in a block.
            let Some(tx) = world.mined.last() else { return Vec::new() };
            tx.inputs().first().map_or(OutPoint::NULL, |input| input.prevout)
        }
    };
    draft.parts.inputs.push(input(outpoint));
    let mut parts = TxParts { inputs: draft.parts.inputs[..1].to_vec(), ..draft.signed() };
    parts.inputs.push(input(outpoint));
    if world.chance(50) {
        parts.inputs.reverse();
    }
    vec![Sent::new("missing input", parts)]
}

/// What is there already, in the mempool or in the chain.
fn again(world: &mut World) -> Vec<Sent> {
    let known: Vec<Transaction> = if world.chance(40) {
        world.mined.iter().rev().take(30).cloned().collect()
    } else {
        world.sent.iter().map(|(_, tx)| tx.clone()).collect()
    };
    if known.is_empty() {
        return Vec::new();
    }
    let tx = world.pick(&known);
    let mut parts = tx.parts().clone();
    let name = match world.below(4) {
        0 if tx.has_witness() => {
            parts.inputs.iter_mut().for_each(|input| input.witness.clear());
            "again without witness"
        }
        1 if tx.has_witness() => {
            let input = parts.inputs.iter_mut().find(|input| !input.witness.is_empty());
            input.expect("because it has a witness").witness.push([1].as_slice().into());
            "again with another witness"
        }
        _ => "again",
    };
    vec![Sent::new(name, parts)]
}

/// Bad signatures and witnesses; the good ones afterwards.
fn signature(world: &mut World) -> Vec<Sent> {
    let count = 1 + world.below(2);
    let spends = world.any(count);
    let draft = world.spread(spends, &[Lock::Wpkh, Lock::WshTrue], 60_000);
    if draft.spends.is_empty() {
        return Vec::new();
    }
    let mut parts = draft.signed();
    let n = world.below(parts.inputs.len());
    let at = world.below(70);
    let hash_type = world.pick(&[0, 2, 3, 4, 0x81, 0x82, 0x83, 0x80, 0x41, 0xff]);
    let script = parts.inputs[n].script_sig.to_vec();
    let mut witness: Vec<Vec<u8>> = parts.inputs[n].witness.iter().map(|item| item.to_vec()).collect();
    let flip = |bytes: &mut Vec<u8>| {
        let length = bytes.len();
        if length > 0 {
            bytes[at % length] ^= 1 << (at % 8);
        }
    };
    let name = match world.below(10) {
        0 | 1 => {
            if witness.is_empty() {
                let mut script = script;
                flip(&mut script);
                parts.inputs[n].script_sig = script.into();
            } else {
                let item = at % witness.len();
                flip(&mut witness[item]);
            }
            "a bit of a signature"
        }
        2 => {
            parts = draft.signed_as(hash_type);
            witness = parts.inputs[n].witness.iter().map(|item| item.to_vec()).collect();
            "other hash type"
        }
        3 => {
            witness.clear();
            "no witness"
        }
        4 => {
            witness.push(vec![1; 5]);
            "one more item below the script"
        }
        5 => {
            witness.insert(0, vec![]);
            "one more item"
        }
        6 => {
            // Signed, then changed.
            parts.outputs[0].value.0 -= 1;
            "changed amount"
        }
        7 => {
            witness.push(vec![0x50, 1, 2]);
            "annex"
        }
        8 => {
            parts.inputs[n].script_sig = [&script[..], &[0]].concat().into();
            "script with one item more"
        }
        _ => {
            parts.inputs[n].script_sig = Vec::new().into();
            "no script"
        }
    };
    parts.inputs[n].witness = witness.into_iter().map(Into::into).collect();
    let bad = Sent::new(name, parts);
    if world.chance(40) { vec![bad, draft.finish("good after all")] } else { vec![bad] }
}

/// What no block may hold.
fn consensus(world: &mut World) -> Vec<Sent> {
    const MAX_MONEY: i64 = 84_000_000 * 100_000_000;
    let mut draft = world.simple(Lock::Wpkh);
    if draft.spends.is_empty() {
        return Vec::new();
    }
    let value = draft.parts.outputs[0].value.0;
    let out = |value: i64| Lock::Wpkh.output(value);
    match world.below(12) {
        0 => draft.parts.outputs[0].value = Amount(-1),
        1 => draft.parts.outputs[0].value = Amount(MAX_MONEY + 1),
        2 => draft.parts.outputs = vec![out(MAX_MONEY), out(1)],
        3 => draft.parts.outputs[0].value = Amount(i64::MAX),
        4 => draft.parts.outputs[0].value = Amount(draft.input_value() + 1),
        5 => draft.parts.outputs.clear(),
        6 => draft.parts.is_hogex = true,
        7 => draft.parts.outputs[0].value = Amount(draft.input_value()),
        8..=10 => {
            let mut parts = draft.signed();
            match world.below(4) {
                0 => parts.inputs.push(parts.inputs[0].clone()),
                1 => parts.inputs.push(input(OutPoint::NULL)),
                2 => {
                    let script = vec![1; world.pick(&[1, 2, 60, 100, 101])];
                    parts.inputs = vec![input(OutPoint::NULL)];
                    parts.inputs[0].script_sig = script.into();
                }
                _ => parts.inputs.clear(),
            }
            return vec![Sent::new("no transaction", parts)];
        }
        _ => draft.parts.outputs = vec![out(value), out(-value)],
    }
    one(&draft, "no transaction")
}

/// Around what a user is willing to pay, 0.1 for 1000 bytes.
fn fee_limit(world: &mut World) -> Vec<Sent> {
    let spends = world.take(1, |coin| STANDARD.contains(&coin.lock) && coin.output.value.0 > 10_000_000);
    let rate = world.pick(&[9_900_000, 10_000_000, 10_100_000, 20_000_000]);
    let mut draft = world.spread(spends, &[Lock::Wpkh], 1000);
    draft.pay(rate);
    one(&draft, "fee limit")
}
