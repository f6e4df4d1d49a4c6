//! CheckInputScripts, and from which height on which rules for scripts are in force (GetBlockScriptFlags).

use litecast_consensus::reject::{Category::*, Rule};
use litecast_primitives::TxIn;
use litecast_script::{
    hash160::hash160,
    opcode::{self, push_bytes, push_number},
};

use super::{Case, accepts, check, rejects};
use crate::builder::{COIN, Draft, HEIGHT, World};

const EVAL_FALSE: &str = "mandatory-script-verify-flag-failed (Script evaluated without error but finished with a \
                          false/empty top stack element)";
const OP_CHECKLOCKTIMEVERIFY: u8 = 0xb1;
const OP_CHECKSEQUENCEVERIFY: u8 = 0xb2;
const OP_NOT: u8 = 0x91;

/// Lets the good block's transaction spend a coin with this script.
fn spend_from(world: &mut World, draft: &mut Draft, script: &[u8]) {
    draft.tx().inputs[0].prevout = world.coin(COIN, 1, script);
}

/// A script that holds only when `opcode` does nothing or `number` is reached, and then leaves the number.
fn locked(number: i64, opcode: u8) -> Vec<u8> {
    let mut script = Vec::new();
    push_number(&mut script, number);
    script.push(opcode);
    script
}

/// What looks like a signature and is no strict DER: fails to parse either way, so the script wants it to fail.
fn not_der(world: &mut World, draft: &mut Draft) {
    let mut script = vec![1, 1];
    push_bytes(&mut script, &[2; 33]);
    script.extend([opcode::OP_CHECKSIG, OP_NOT]);
    spend_from(world, draft, &script);
}

/// Zero of zero signatures, with something else than nothing below them.
fn dummy(world: &mut World, draft: &mut Draft) {
    spend_from(world, draft, &[opcode::OP_1, opcode::OP_0, opcode::OP_0, opcode::OP_CHECKMULTISIG]);
}

fn redeem(world: &mut World, draft: &mut Draft, redeem: &[u8]) {
    let script = [&[opcode::OP_HASH160, 20], hash160(redeem).as_slice(), &[opcode::OP_EQUAL]].concat();
    spend_from(world, draft, &script);
    let mut script_sig = Vec::new();
    push_bytes(&mut script_sig, redeem);
    draft.tx().inputs[0].script_sig = script_sig.into();
}

fn absolute(world: &mut World, draft: &mut Draft) {
    spend_from(world, draft, &locked(150, OP_CHECKLOCKTIMEVERIFY));
    draft.tx().inputs[0].sequence = TxIn::SEQUENCE_FINAL - 1;
    draft.tx().lock_time = 149;
}

fn relative(world: &mut World, draft: &mut Draft) {
    spend_from(world, draft, &locked(5, OP_CHECKSEQUENCEVERIFY));
    draft.tx().version = 2;
    draft.tx().inputs[0].sequence = 4;
}

fn empty_program(world: &mut World, draft: &mut Draft, version: u8) {
    let mut script = vec![version, 32];
    script.extend([7; 32]);
    spend_from(world, draft, &script);
}

pub(super) const CASES: &[Case] = &[
    rejects(EVAL_FALSE, Rule::MandatoryScriptVerify, Consensus, |world, draft| {
        spend_from(world, draft, &[opcode::OP_0]);
    }),
    rejects(
        "mandatory-script-verify-flag-failed (Operation not valid with the current stack size)",
        Rule::MandatoryScriptVerify,
        Consensus,
        |world, draft| spend_from(world, draft, &[OP_NOT]),
    ),
    rejects(EVAL_FALSE, Rule::MandatoryScriptVerify, Consensus, |world, draft| {
        world.params.bip16_height = HEIGHT;
        redeem(world, draft, &[opcode::OP_0]);
    }),
    accepts("a redeem script before BIP16", |world, draft| {
        world.params.bip16_height = HEIGHT + 1;
        redeem(world, draft, &[opcode::OP_0]);
    }),
    rejects(
        "non-mandatory-script-verify-flag (Non-canonical DER signature)",
        Rule::NonMandatoryScriptVerify,
        Consensus,
        |world, draft| {
            world.params.bip66_height = HEIGHT;
            not_der(world, draft);
        },
    ),
    accepts("a signature in any encoding before BIP66", |world, draft| {
        world.params.bip66_height = HEIGHT + 1;
        not_der(world, draft);
    }),
    rejects(
        "non-mandatory-script-verify-flag (Locktime requirement not satisfied)",
        Rule::NonMandatoryScriptVerify,
        Consensus,
        |world, draft| {
            world.params.bip65_height = HEIGHT;
            absolute(world, draft);
        },
    ),
    accepts("an absolute lock that is reached", |world, draft| {
        absolute(world, draft);
        draft.tx().lock_time = 150;
    }),
    accepts("an absolute lock before BIP65", |world, draft| {
        world.params.bip65_height = HEIGHT + 1;
        absolute(world, draft);
    }),
    rejects(
        "non-mandatory-script-verify-flag (Locktime requirement not satisfied)",
        Rule::NonMandatoryScriptVerify,
        Consensus,
        |world, draft| {
            world.params.csv_height = HEIGHT;
            relative(world, draft);
        },
    ),
    accepts("a relative lock that is reached", |world, draft| {
        relative(world, draft);
        draft.tx().inputs[0].sequence = 5;
    }),
    accepts("a relative lock before BIP112", |world, draft| {
        world.params.csv_height = HEIGHT + 1;
        relative(world, draft);
    }),
    rejects(
        "non-mandatory-script-verify-flag (Dummy CHECKMULTISIG argument must be zero)",
        Rule::NonMandatoryScriptVerify,
        Consensus,
        |world, draft| {
            world.params.segwit_height = HEIGHT;
            dummy(world, draft);
        },
    ),
    accepts("any dummy before BIP147", |world, draft| {
        world.params.segwit_height = HEIGHT + 1;
        draft.drop_witness();
        dummy(world, draft);
    }),
    rejects(
        "non-mandatory-script-verify-flag (Witness program was passed an empty witness)",
        Rule::NonMandatoryScriptVerify,
        Consensus,
        |world, draft| {
            world.params.segwit_height = HEIGHT;
            empty_program(world, draft, opcode::OP_0);
        },
    ),
    accepts("a witness program before BIP141", |world, draft| {
        world.params.segwit_height = HEIGHT + 1;
        draft.drop_witness();
        empty_program(world, draft, opcode::OP_0);
    }),
    rejects(
        "non-mandatory-script-verify-flag (Witness program was passed an empty witness)",
        Rule::NonMandatoryScriptVerify,
        Consensus,
        |world, draft| empty_program(world, draft, opcode::OP_1),
    ),
    accepts("an output for taproot before BIP341", |world, draft| {
        world.without_taproot();
        empty_program(world, draft, opcode::OP_1);
    }),
    accepts("a witness version without a meaning", |world, draft| empty_program(world, draft, opcode::OP_1 + 1)),
];

#[test]
fn rules_for_scripts() {
    check(CASES, false);
}
