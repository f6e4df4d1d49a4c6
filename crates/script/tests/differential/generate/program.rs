//! Scripts made of snippets. Each takes its own items from the stack, the first snippet from the top, and leaves nothing;
//! signatures are put in when all that they sign is there.

use litecast_script::{
    Instructions,
    hash160::hash160,
    opcode::{push_bytes, push_number},
    sighash::SigVersion,
};

use super::{
    boundary_number,
    chunk::{Probe, dead_code},
    sign::{Defect, Keys, Signing, ecdsa_hash_type, schnorr_hash_type},
};
use crate::{case::Case, dice::Dice};

const OP_IF: u8 = 0x63;
const OP_NOTIF: u8 = 0x64;
const OP_ELSE: u8 = 0x67;
const OP_ENDIF: u8 = 0x68;
const OP_VERIFY: u8 = 0x69;
const OP_DROP: u8 = 0x75;
const OP_DUP: u8 = 0x76;
const OP_NOT: u8 = 0x91;
const OP_CODESEPARATOR: u8 = 0xab;
const OP_CHECKSIG: u8 = 0xac;
const OP_CHECKSIGVERIFY: u8 = 0xad;

/// What a program is made for.
pub(super) struct Context<'a> {
    pub(super) version: SigVersion,
    pub(super) keys: &'a Keys,
    pub(super) probe: &'a Probe,
    pub(super) case: &'a Case,
}

/// Part of a script.
enum Piece {
    Code(Vec<u8>),
    /// The push of a signature, which the script that it signs is without.
    Signature(usize),
}

enum Item {
    Bytes(Vec<u8>),
    Signature(usize),
}

struct Slot {
    key: usize,
    hash_type: u8,
    defect: Defect,
    /// The piece after the last OP_CODESEPARATOR that was executed.
    separator: usize,
    /// Signatures that are checked together are dropped together from the script.
    group: usize,
}

pub(super) struct Program {
    version: SigVersion,
    pieces: Vec<Piece>,
    /// By snippet, bottom first.
    items: Vec<Vec<Item>>,
    slots: Vec<Slot>,
    separator: usize,
    groups: usize,
    embeds: bool,
}

impl Program {
    pub(super) fn random(dice: &mut Dice, context: &Context<'_>) -> Self {
        let mut program = Self {
            version: context.version,
            pieces: vec![Piece::Code(Vec::new())],
            items: Vec::new(),
            slots: Vec::new(),
            separator: 0,
            groups: 0,
            embeds: false,
        };
        for _ in 0..dice.weighted(&[(5, 1), (4, 2), (2, 3), (1, 5)]) {
            program.snippet(dice, context, 0);
        }
        program.code().push(0x51);
        program
    }

    fn code(&mut self) -> &mut Vec<u8> {
        if !matches!(self.pieces.last(), Some(Piece::Code(_))) {
            self.pieces.push(Piece::Code(Vec::new()));
        }
        match self.pieces.last_mut() {
            Some(Piece::Code(code)) => code,
            _ => unreachable!("one was pushed"),
        }
    }

    fn snippet(&mut self, dice: &mut Dice, context: &Context<'_>, depth: usize) {
        match dice.below(100) {
            0..=29 => self.checksig(dice, context),
            30..=44 => self.multisig(dice, context),
            45..=54 => {
                let chunk = context.probe.chunk(dice, context.version, &[], false);
                self.code().extend(chunk);
            }
            55..=69 if depth < 3 => self.condition(dice, context, depth),
            70..=81 => self.separate(),
            82..=89 => self.lock_time(dice, context),
            90..=93 if self.version == SigVersion::Tapscript => self.unknown_key(dice),
            _ => self.repeated(dice, context),
        }
    }

    fn slot(&mut self, dice: &mut Dice, key: usize, group: usize) -> usize {
        let tapscript = self.version == SigVersion::Tapscript;
        let hash_type = if tapscript { schnorr_hash_type(dice) } else { ecdsa_hash_type(dice) };
        let defect = Defect::random(dice);
        self.slots.push(Slot { key, hash_type, defect, separator: self.separator, group });
        self.slots.len() - 1
    }

    fn group(&mut self) -> usize {
        self.groups += 1;
        self.groups
    }

    fn key_form(&self, dice: &mut Dice, context: &Context<'_>, key: usize) -> Vec<u8> {
        if self.version == SigVersion::Tapscript {
            context.keys.x_only(key).to_vec()
        } else {
            context.keys.ecdsa_form(dice, key)
        }
    }

    fn checksig(&mut self, dice: &mut Dice, context: &Context<'_>) {
        let key = dice.below(Keys::COUNT);
        let group = self.group();
        let slot = self.slot(dice, key, group);
        let bytes = self.key_form(dice, context, key);
        if self.version == SigVersion::Base && !self.embeds && dice.percent(12) {
            return self.embedded(dice, slot, &bytes);
        }
        if dice.percent(25) {
            // The key comes with the signature.
            self.items.push(vec![Item::Signature(slot), Item::Bytes(bytes.clone())]);
            self.code().extend([OP_DUP, 0xa9, 20]);
            self.code().extend(hash160(&bytes));
            self.code().push(0x88);
        } else {
            self.items.push(vec![Item::Signature(slot)]);
            push_bytes(self.code(), &bytes);
        }
        self.check(dice, slot);
    }

    /// The check of one signature, and what is to come of it.
    fn check(&mut self, dice: &mut Dice, slot: usize) {
        let empty = self.slots[slot].defect == Defect::Empty;
        if empty && dice.percent(80) {
            return self.code().extend([OP_CHECKSIG, OP_NOT, OP_VERIFY]);
        }
        match dice.below(6) {
            0 => self.code().extend([OP_CHECKSIG, OP_VERIFY]),
            1 if self.version == SigVersion::Tapscript => {
                // As OP_CHECKSIG, over a number.
                self.code().extend([0x55, 0x7c, 0xba, 0x56, 0x9d]);
            }
            _ => self.code().push(OP_CHECKSIGVERIFY),
        }
    }

    /// A signature within the script: it is dropped from what it signs.
    fn embedded(&mut self, dice: &mut Dice, slot: usize, key: &[u8]) {
        self.embeds = true;
        if dice.percent(40) {
            self.pieces.push(Piece::Signature(slot));
            self.code().push(OP_DROP);
            if dice.percent(50) {
                self.pieces.push(Piece::Signature(slot));
                self.pieces.push(Piece::Signature(slot));
                self.code().push(0x6d);
            }
        }
        self.pieces.push(Piece::Signature(slot));
        push_bytes(self.code(), key);
        self.check(dice, slot);
    }

    fn multisig(&mut self, dice: &mut Dice, context: &Context<'_>) {
        let mut keys: Vec<usize> =
            (0..dice.weighted(&[(3, 1), (5, 2), (5, 3), (2, 5)])).map(|_| dice.below(Keys::COUNT)).collect();
        if self.version == SigVersion::Tapscript {
            return self.checksigadd(dice, context, &keys);
        }
        if dice.percent(2) {
            keys.resize(dice.range(19, 21), 0);
        }
        let mut signers: Vec<usize> = keys.iter().copied().filter(|_| dice.percent(60)).collect();
        if dice.percent(5) && !signers.is_empty() {
            signers.rotate_left(1);
        }
        let group = self.group();
        let slots: Vec<usize> = signers.iter().map(|key| self.slot(dice, *key, group)).collect();
        // In the script, the signature is dropped with the others of this check.
        let embedded = (self.version == SigVersion::Base && !self.embeds && dice.percent(10)).then(|| slots.first());
        if let Some(Some(slot)) = embedded {
            self.embeds = true;
            self.pieces.push(Piece::Signature(*slot));
            self.code().push(OP_DROP);
        }
        let dummy = if dice.percent(5) { vec![1] } else { Vec::new() };
        let mut items = vec![Item::Bytes(dummy)];
        items.extend(slots.iter().map(|slot| Item::Signature(*slot)));
        self.items.push(items);
        push_number(self.code(), signers.len() as i64);
        for key in &keys {
            let form = self.key_form(dice, context, *key);
            push_bytes(self.code(), &form);
        }
        push_number(self.code(), keys.len() as i64);
        match dice.below(10) {
            0 => self.code().extend([0xae, OP_NOT, OP_VERIFY]),
            1 | 2 => self.code().extend([0xae, OP_VERIFY]),
            _ => self.code().push(0xaf),
        }
    }

    fn checksigadd(&mut self, dice: &mut Dice, context: &Context<'_>, keys: &[usize]) {
        let slots: Vec<usize> = keys
            .iter()
            .map(|key| {
                let slot = self.slot(dice, *key, 0);
                if dice.percent(30) {
                    self.slots[slot].defect = Defect::Empty;
                }
                slot
            })
            .collect();
        let signed = slots.iter().filter(|slot| self.slots[**slot].defect != Defect::Empty).count();
        self.items.push(slots.iter().rev().map(|slot| Item::Signature(*slot)).collect());
        self.code().push(0);
        for key in keys {
            push_bytes(self.code(), &context.keys.x_only(*key));
            self.code().push(0xba);
        }
        push_number(self.code(), signed as i64);
        self.code().push(0x9d);
    }

    fn condition(&mut self, dice: &mut Dice, context: &Context<'_>, depth: usize) {
        let value = dice.percent(50);
        if dice.percent(50) {
            push_number(self.code(), value.into());
        } else {
            let odd = dice.percent(20);
            let argument = match (value, odd) {
                (true, false) => vec![1],
                (false, false) => vec![],
                (true, true) => vec![0x80, 0],
                (false, true) => vec![0x80],
            };
            self.items.push(vec![Item::Bytes(argument)]);
        }
        let not = dice.percent(40);
        self.code().push(if not { OP_NOTIF } else { OP_IF });
        if value == not {
            dead_code(dice, self.code());
            self.code().push(OP_ELSE);
        }
        (0..dice.range(1, 2)).for_each(|_| self.snippet(dice, context, depth + 1));
        if dice.percent(50) {
            self.code().push(OP_ELSE);
            dead_code(dice, self.code());
        }
        self.code().push(OP_ENDIF);
    }

    fn separate(&mut self) {
        self.code().push(OP_CODESEPARATOR);
        self.pieces.push(Piece::Code(Vec::new()));
        self.separator = self.pieces.len() - 1;
    }

    fn lock_time(&mut self, dice: &mut Dice, context: &Context<'_>) {
        let absolute = dice.percent(50);
        let tx = &context.case.tx;
        let own = if absolute { tx.lock_time } else { tx.inputs[context.case.input].sequence };
        let number = match dice.below(8) {
            0 => boundary_number(dice),
            1 => i64::from(own) - 1,
            2 => i64::from(own) + 1,
            3 => i64::from(own & 0x40_ffff),
            4 => i64::from(own) | 1 << 31,
            5 => 0,
            _ => own.into(),
        };
        push_number(self.code(), number);
        self.code().extend([if absolute { 0xb1 } else { 0xb2 }, OP_DROP]);
    }

    /// A key of a kind that may get a meaning: any signature will do.
    fn unknown_key(&mut self, dice: &mut Dice) {
        let length = dice.weighted(&[(5, 33), (2, 1), (2, 31), (1, 65), (1, 0)]);
        let signature = if dice.percent(80) { dice.bytes(3) } else { Vec::new() };
        let empty = signature.is_empty();
        self.items.push(vec![Item::Bytes(signature)]);
        push_bytes(self.code(), &vec![9; length]);
        self.code().extend(if empty { [OP_CHECKSIG, OP_NOT, OP_VERIFY] } else { [OP_CHECKSIG, OP_VERIFY, 0x61] });
    }

    /// One signature, checked again and again: the budget of BIP342 ends somewhere.
    fn repeated(&mut self, dice: &mut Dice, context: &Context<'_>) {
        let key = dice.below(Keys::COUNT);
        let group = self.group();
        let slot = self.slot(dice, key, group);
        self.items.push(vec![Item::Signature(slot)]);
        let count = if self.version == SigVersion::Tapscript { dice.range(2, 16) } else { 2 };
        for _ in 0..count {
            let form = self.key_form(dice, context, key);
            self.code().push(OP_DUP);
            push_bytes(self.code(), &form);
            self.code().push(OP_CHECKSIGVERIFY);
        }
        self.code().push(OP_DROP);
    }

    /// For scripts in which no signature is.
    pub(super) fn script_without_signatures(&self) -> Vec<u8> {
        self.script_code(0, None, &[])
    }

    /// From a piece on. Signatures of `without` are left out, others are what `made` has for them.
    fn script_code(&self, from: usize, without: Option<usize>, made: &[Vec<u8>]) -> Vec<u8> {
        let mut out = Vec::new();
        for piece in &self.pieces[from..] {
            match piece {
                Piece::Code(code) => out.extend(code),
                Piece::Signature(slot) if Some(self.slots[*slot].group) == without => {}
                Piece::Signature(slot) => {
                    if let Some(signature) = made.get(*slot) {
                        push_bytes(&mut out, signature);
                    }
                }
            }
        }
        out
    }

    /// The script and the stack for it, bottom first.
    pub(super) fn fulfil(&self, dice: &mut Dice, keys: &Keys, signing: &Signing<'_>) -> (Vec<u8>, Vec<Vec<u8>>) {
        let mut made = vec![Vec::new(); self.slots.len()];
        let is_embedded =
            |slot: usize| self.pieces.iter().any(|p| matches!(p, Piece::Signature(found) if *found == slot));
        // What is within the script has to be there before others sign the script.
        let mut order: Vec<usize> = (0..self.slots.len()).collect();
        order.sort_by_key(|slot| !is_embedded(*slot));
        for index in order {
            let slot = &self.slots[index];
            let code = self.script_code(slot.separator, Some(slot.group), &made);
            let position = if slot.separator == 0 {
                u32::MAX
            } else {
                let before = self.pieces[..slot.separator].iter().map(|piece| match piece {
                    Piece::Code(code) => Instructions::new(code).count(),
                    Piece::Signature(_) => 1,
                });
                (before.sum::<usize>() - 1) as u32
            };
            made[index] = signing.signature(dice, keys, slot.key, slot.hash_type, slot.defect, &code, position);
        }
        let items = self.items.iter().rev().flatten().map(|item| match item {
            Item::Bytes(bytes) => bytes.clone(),
            Item::Signature(slot) => made[*slot].clone(),
        });
        (self.script_code(0, None, &made), items.collect())
    }
}
