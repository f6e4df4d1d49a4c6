//! Inputs of every kind, most of them valid: a kind that is never accepted would prove nothing.

mod chunk;
mod program;
mod sign;
mod transaction;

use bytes::Bytes;
use litecast_primitives::transaction::Transaction;
use litecast_script::{
    Flags,
    hash160::hash160,
    opcode::push_bytes,
    sighash::{ExecutionData, SigVersion, SighashData, annex_hash},
};

pub(crate) use self::transaction::boundary_number;
use self::{
    program::{Context, Program},
    sign::{Defect, Keys, Signing},
};
use crate::{
    case::Case,
    dice::Dice,
    wrap::{leaf_hash, output_key, p2sh, p2tr, p2wsh, push, root},
};

/// What an input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Chunk,
    Bare,
    P2sh,
    P2wsh,
    P2shP2wsh,
    Tapscript,
    P2pkh,
    P2wpkh,
    P2shP2wpkh,
    KeyPath,
    LeafVersion,
    OpSuccess,
    WitnessVersion,
    Limits,
    Noise,
}

const WEIGHTS: &[(usize, Kind)] = &[
    (14, Kind::Chunk),
    (12, Kind::Bare),
    (9, Kind::P2sh),
    (10, Kind::P2wsh),
    (4, Kind::P2shP2wsh),
    (18, Kind::Tapscript),
    (4, Kind::P2pkh),
    (4, Kind::P2wpkh),
    (2, Kind::P2shP2wpkh),
    (6, Kind::KeyPath),
    (3, Kind::LeafVersion),
    (3, Kind::OpSuccess),
    (3, Kind::WitnessVersion),
    (4, Kind::Limits),
    (4, Kind::Noise),
];

/// Everything that is made once.
pub(crate) struct Generator {
    keys: Keys,
    probe: chunk::Probe,
}

impl Generator {
    pub(crate) fn new() -> Self {
        Self { keys: Keys::new(), probe: chunk::Probe::new() }
    }

    pub(crate) fn case(&self, dice: &mut Dice) -> (Kind, Case) {
        let kind = dice.weighted(WEIGHTS);
        let (tx, spent, input) = transaction::random(dice);
        let mut case = Case { flags: Flags::NONE, input, tx, spent };
        case.set_flags(if dice.percent(60) {
            u32::MAX
        } else {
            u32::from_le_bytes(dice.next().to_le_bytes()[..4].try_into().unwrap())
        });
        match kind {
            Kind::Chunk => self.chunk(dice, &mut case),
            Kind::Bare | Kind::P2sh | Kind::P2wsh | Kind::P2shP2wsh => self.script(dice, &mut case, kind),
            Kind::Tapscript => self.tapscript(dice, &mut case),
            Kind::P2pkh | Kind::P2wpkh | Kind::P2shP2wpkh => self.pay_to_key_hash(dice, &mut case, kind),
            Kind::KeyPath => self.key_path(dice, &mut case),
            Kind::LeafVersion => {
                let script = dice.bytes(40);
                let version = dice.byte() & 0xfe;
                let items = (0..dice.below(3)).map(|_| Bytes::from(dice.bytes(3))).collect();
                self.leaf(dice, &mut case, &script, version, items);
            }
            Kind::OpSuccess => self.op_success(dice, &mut case),
            Kind::WitnessVersion => witness_version(dice, &mut case),
            Kind::Limits => self.limits(dice, &mut case),
            Kind::Noise => noise(dice, &mut case),
        }
        (kind, case)
    }

    /// Opcodes on values only, so that every result is compared.
    fn chunk(&self, dice: &mut Dice, case: &mut Case) {
        let wrapping = dice.below(4);
        let version = [SigVersion::Base, SigVersion::Base, SigVersion::WitnessV0, SigVersion::Tapscript][wrapping];
        let count = dice.below(5);
        let items: Vec<Vec<u8>> = (0..count).map(|_| chunk::value(dice)).collect();
        let mut script = self.probe.chunk(dice, version, &items, true);
        if dice.percent(8) {
            // One opcode more, on whatever there is: what fails for one must fail for the other.
            script = self.probe.reckless(dice, version, &items);
        }
        script.push(0x51);
        match wrapping {
            0 => self.place(case, Kind::Bare, script, items, dice),
            1 => self.place(case, Kind::P2sh, script, items, dice),
            2 => self.place(case, if dice.percent(50) { Kind::P2wsh } else { Kind::P2shP2wsh }, script, items, dice),
            _ => {
                let items = items.into_iter().map(Bytes::from).collect();
                self.leaf(dice, case, &script, 0xc0, items);
            }
        }
    }

    /// Snippets with signatures, conditions, lock times.
    fn script(&self, dice: &mut Dice, case: &mut Case, kind: Kind) {
        let version = if matches!(kind, Kind::Bare | Kind::P2sh) { SigVersion::Base } else { SigVersion::WitnessV0 };
        let context = Context { version, keys: &self.keys, probe: &self.probe, case };
        let program = Program::random(dice, &context);
        let tx = Transaction::from(case.tx.clone());
        let amount = case.spent[case.input].value;
        let signing = Signing::Ecdsa { tx: &tx, input: case.input, amount, version };
        let (script, items) = program.fulfil(dice, &self.keys, &signing);
        self.place(case, kind, script, items, dice);
    }

    fn place(&self, case: &mut Case, kind: Kind, script: Vec<u8>, mut items: Vec<Vec<u8>>, dice: &mut Dice) {
        let index = case.input;
        let input = &mut case.tx.inputs[index];
        let output = &mut case.spent[index].script_pubkey;
        match kind {
            Kind::P2wsh | Kind::P2shP2wsh => {
                let program = p2wsh(&script);
                items.push(script);
                input.witness = items.into_iter().map(Bytes::from).collect();
                if kind == Kind::P2wsh {
                    *output = program.into();
                } else {
                    input.script_sig = push(&program).into();
                    *output = p2sh(&program).into();
                }
            }
            _ => {
                let mut script_sig = Vec::new();
                items.iter().for_each(|item| push_somehow(dice, &mut script_sig, item));
                if kind == Kind::P2sh {
                    push_bytes(&mut script_sig, &script);
                    *output = p2sh(&script).into();
                } else {
                    *output = script.into();
                }
                input.script_sig = script_sig.into();
            }
        }
    }

    fn pay_to_key_hash(&self, dice: &mut Dice, case: &mut Case, kind: Kind) {
        let version = if kind == Kind::P2pkh { SigVersion::Base } else { SigVersion::WitnessV0 };
        let key_index = dice.below(Keys::COUNT);
        let key = self.keys.ecdsa_form(dice, key_index);
        let hash = hash160(&key);
        let code = [&[0x76, 0xa9, 20][..], &hash, &[0x88, 0xac]].concat();
        let tx = Transaction::from(case.tx.clone());
        let amount = case.spent[case.input].value;
        let signing = Signing::Ecdsa { tx: &tx, input: case.input, amount, version };
        let (hash_type, defect) = (sign::ecdsa_hash_type(dice), Defect::random(dice));
        let signature = signing.signature(dice, &self.keys, key_index, hash_type, defect, &code, u32::MAX);
        let items = vec![signature, key];
        if kind == Kind::P2pkh {
            return self.place(case, Kind::Bare, code, items, dice);
        }
        let program = [&[0, 20][..], &hash].concat();
        let index = case.input;
        let input = &mut case.tx.inputs[index];
        input.witness = items.into_iter().map(Bytes::from).collect();
        if kind == Kind::P2wpkh {
            case.spent[index].script_pubkey = program.into();
        } else {
            input.script_sig = push(&program).into();
            case.spent[index].script_pubkey = p2sh(&program).into();
        }
    }

    fn key_path(&self, dice: &mut Dice, case: &mut Case) {
        let key_index = dice.below(Keys::COUNT);
        let tree = dice.percent(50).then(|| dice.array());
        let (keypair, key) = self.keys.tweaked(key_index, tree);
        case.spent[case.input].script_pubkey = p2tr(&key).into();
        let annex = annex(dice);
        let execution = ExecutionData { annex_hash: annex.as_deref().map(annex_hash), ..ExecutionData::default() };
        let tx = Transaction::from(case.tx.clone());
        let data = SighashData::complete(&tx, &case.spent);
        let signing = Signing::Schnorr {
            tx: &tx,
            input: case.input,
            version: SigVersion::Taproot,
            execution,
            data: &data,
            tweaked: Some(keypair),
        };
        let (hash_type, defect) = (sign::schnorr_hash_type(dice), Defect::random(dice));
        let signature = signing.signature(dice, &self.keys, key_index, hash_type, defect, &[], u32::MAX);
        let witness = &mut case.tx.inputs[case.input].witness;
        *witness = vec![signature.into()];
        witness.extend(annex.map(Bytes::from));
    }

    fn tapscript(&self, dice: &mut Dice, case: &mut Case) {
        let context = Context { version: SigVersion::Tapscript, keys: &self.keys, probe: &self.probe, case };
        let program = Program::random(dice, &context);
        // Signatures sign the output, so the tree comes first.
        let script = program.script_without_signatures();
        let annex = annex(dice);
        let leaf = leaf_hash(0xc0, &script);
        self.commit(dice, case, &script, 0xc0, annex.as_ref());
        let execution = ExecutionData {
            tapleaf_hash: Some(leaf),
            annex_hash: annex.as_deref().map(annex_hash),
            ..ExecutionData::default()
        };
        let tx = Transaction::from(case.tx.clone());
        let data = SighashData::complete(&tx, &case.spent);
        let signing = Signing::Schnorr {
            tx: &tx,
            input: case.input,
            version: SigVersion::Tapscript,
            execution,
            data: &data,
            tweaked: None,
        };
        let (_, items) = program.fulfil(dice, &self.keys, &signing);
        case.tx.inputs[case.input].witness.splice(0..0, items.into_iter().map(Bytes::from));
    }

    fn leaf(&self, dice: &mut Dice, case: &mut Case, script: &[u8], version: u8, items: Vec<Bytes>) {
        let annex = annex(dice);
        self.commit(dice, case, script, version, annex.as_ref());
        case.tx.inputs[case.input].witness.splice(0..0, items);
    }

    /// An output with a tree around the script, and the end of a witness that proves it.
    fn commit(&self, dice: &mut Dice, case: &mut Case, script: &[u8], version: u8, annex: Option<&Vec<u8>>) {
        let depth = dice.weighted(&[(40, 0), (30, 1), (20, 2), (8, 5), (1, 127), (1, 128)]);
        let path = dice.bytes(32 * depth);
        let internal = self.keys.x_only(dice.below(Keys::COUNT));
        let root = root(leaf_hash(version, script), &path);
        let (key, parity) = output_key(&internal, Some(root)).expect("because a hash is below the order");
        let mut control = [&[version | parity.to_u8()], &internal[..], &path].concat();
        match dice.below(60) {
            0 => control.extend(dice.bytes(1)),
            1 => control.truncate(dice.below(control.len())),
            2 => control.extend(dice.bytes(32)),
            3 => control[0] ^= 1,
            4 if depth == 128 => control.extend(dice.bytes(32)),
            _ => {}
        }
        case.spent[case.input].script_pubkey = p2tr(&key).into();
        let input = &mut case.tx.inputs[case.input];
        input.witness = vec![script.to_vec().into(), control.into()];
        input.witness.extend(annex.cloned().map(Bytes::from));
    }

    fn op_success(&self, dice: &mut Dice, case: &mut Case) {
        // Some of these are, others nearly are.
        let code = *dice.pick(&[
            80, 98, 126, 127, 128, 129, 130, 131, 132, 133, 134, 135, 137, 138, 139, 141, 142, 143, 149, 153, 154, 186,
            187, 188, 200, 253, 254, 255,
        ]);
        let mut script = if dice.percent(50) { dice.bytes(6) } else { vec![0x51; 3] };
        if dice.percent(20) {
            // A push too long for execution, or that reaches over the end.
            script.extend([0x4d, 0x09, 0x02]);
            let length = if dice.percent(50) { 0x209 } else { 9 };
            script.extend(dice.bytes(length));
        }
        let place = dice.below(script.len() + 1);
        script.insert(place, code);
        let items = if dice.percent(10) { vec![Bytes::from(vec![1; 600]); 2] } else { Vec::new() };
        self.leaf(dice, case, &script, 0xc0, items);
    }

    /// Scripts, elements and stacks around their largest sizes.
    fn limits(&self, dice: &mut Dice, case: &mut Case) {
        let mut script = Vec::new();
        let mut items = Vec::new();
        let near = |dice: &mut Dice, limit: usize| limit - 2 + dice.below(5);
        match dice.below(7) {
            0 => {
                // Stack, filled by the script.
                script.extend(vec![0x51; near(dice, 1000)]);
                if dice.percent(50) {
                    script.extend([0x6b, 0x6b, 0x6f]);
                }
            }
            1 => script.extend(vec![0x61; near(dice, 201)]),
            2 => {
                // Size of the script.
                let end = near(dice, 10_000);
                while script.len() + 600 < end {
                    push_bytes(&mut script, &[7; 500]);
                    script.push(0x75);
                }
                let left = end.saturating_sub(script.len() + 5);
                push_bytes(&mut script, &vec![7; left]);
                script.push(0x75);
            }
            3 => {
                let size = near(dice, 520);
                if dice.percent(50) {
                    items.push(vec![1; size]);
                } else {
                    push_bytes(&mut script, &vec![1; size]);
                }
                script.extend([0x82, 0x75, 0x75]);
            }
            4 => {
                // Stack, filled by the witness.
                let count = near(dice, 1000);
                items = vec![vec![1]; count];
                script.extend(vec![0x6d; count / 2]);
                script.extend(vec![0x75; count % 2]);
            }
            5 => {
                // Keys count as operations.
                let keys = dice.range(18, 21);
                for _ in 0..dice.range(8, 11) {
                    script.extend([0, 0]);
                    (0..keys).for_each(|_| push_bytes(&mut script, &[2; 1]));
                    script.extend([1, keys as u8, 0xaf]);
                }
            }
            _ => {
                let depth = dice.range(60, 110);
                (0..depth).for_each(|_| script.extend([0x51, 0x63]));
                script.extend(vec![0x68; depth]);
            }
        }
        script.push(0x51);
        match dice.below(4) {
            0 | 1 => self.place(case, Kind::Bare, script, items, dice),
            2 => self.place(case, Kind::P2wsh, script, items, dice),
            _ => {
                let items = items.into_iter().map(Bytes::from).collect();
                self.leaf(dice, case, &script, 0xc0, items);
            }
        }
    }
}

fn annex(dice: &mut Dice) -> Option<Vec<u8>> {
    dice.percent(20).then(|| {
        let length = dice.weighted(&[(3, 0), (5, 10), (2, 252), (2, 253), (1, 700)]);
        [&[0x50], &dice.bytes(length)[..]].concat()
    })
}

/// A push in one of its many forms.
fn push_somehow(dice: &mut Dice, script: &mut Vec<u8>, item: &[u8]) {
    match (item, dice.below(10)) {
        ([n @ 1..=16], 0..=6) => script.push(0x50 + n),
        ([0x81], 0..=6) => script.push(0x4f),
        (_, 7) if item.len() < 256 => {
            script.extend([0x4c, item.len() as u8]);
            script.extend(item);
        }
        (_, 8) => {
            script.push(0x4d);
            script.extend((item.len() as u16).to_le_bytes());
            script.extend(item);
        }
        (_, 9) => {
            script.push(0x4e);
            script.extend((item.len() as u32).to_le_bytes());
            script.extend(item);
        }
        _ => push_bytes(script, item),
    }
}

fn witness_version(dice: &mut Dice, case: &mut Case) {
    let version = dice.below(17) as u8;
    let size = dice.weighted(&[(4, 32), (4, 20), (1, 2), (1, 1), (1, 40), (1, 41), (2, 31), (2, 33)]);
    let version = if version == 0 { 0 } else { 0x50 + version };
    let program = [&[version, size as u8], &dice.bytes(size)[..]].concat();
    let index = case.input;
    let input = &mut case.tx.inputs[index];
    input.script_sig = Bytes::new();
    input.witness = (0..dice.below(3)).map(|_| Bytes::from(dice.bytes(5))).collect();
    if dice.percent(30) {
        input.script_sig = push(&program).into();
        case.spent[index].script_pubkey = p2sh(&program).into();
    } else {
        case.spent[index].script_pubkey = program.into();
    }
}

fn noise(dice: &mut Dice, case: &mut Case) {
    let short = |dice: &mut Dice| {
        let length = dice.below(30);
        let opcode = |dice: &mut Dice| if dice.percent(40) { 0x50 + dice.byte() % 0x12 } else { dice.byte() % 0xbb };
        (0..length).map(|_| opcode(dice)).collect::<Vec<u8>>()
    };
    let index = case.input;
    let input = &mut case.tx.inputs[index];
    input.script_sig = short(dice).into();
    input.witness = if dice.percent(10) { vec![short(dice).into()] } else { Vec::new() };
    case.spent[index].script_pubkey = short(dice).into();
}
