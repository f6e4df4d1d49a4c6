//! What is standard: shapes of transactions, of what they spend and of their witnesses
//! (v0.21.5.5 src/policy/policy.cpp).

use litecast_consensus::mweb;
use litecast_mweb::{NonStandard, PegIn, amounts::peg_outs, check_standard};
use litecast_primitives::{Coin, Transaction, TxOut};
use litecast_script::{
    MAX_SCRIPT_SIZE,
    opcode::{self, Instructions},
    sigops,
    standard::Standard,
    template,
};

use super::{FeeRate, MAX_P2SH_SIGOPS, MAX_STANDARD_TX_WEIGHT, Policy, size};
use crate::reject::Rule;

/// Highest standard version.
const MAX_STANDARD_VERSION: i32 = 2;
/// Longest script of an input: fifteen signatures and a redeem script with as many keys.
const MAX_SCRIPT_SIG_SIZE: usize = 1650;
/// Most keys of a bare multisig.
const MAX_BARE_MULTISIG_KEYS: usize = 3;
/// Limits of what spends a witness script (BIP141).
const MAX_P2WSH_STACK_ITEMS: usize = 100;
const MAX_P2WSH_STACK_ITEM_SIZE: usize = 80;
const MAX_P2WSH_SCRIPT_SIZE: usize = 3600;
/// Longest element for a Tapscript (BIP342).
const MAX_TAPSCRIPT_STACK_ITEM_SIZE: usize = 80;
const ANNEX_TAG: u8 = 0x50;
const TAPROOT_LEAF_MASK: u8 = 0xfe;
const TAPROOT_LEAF_TAPSCRIPT: u8 = 0xc0;
/// Limits of execution (v0.21.5.5 src/script/script.h).
const MAX_ELEMENT_SIZE: usize = 520;
const MAX_STACK_SIZE: usize = 1000;

/// The transaction's shape. Peg-outs count as outputs.
pub fn is_standard_tx(tx: &Transaction, policy: &Policy) -> Result<(), Rule> {
    if !(1..=MAX_STANDARD_VERSION).contains(&tx.version()) {
        return Err(Rule::Version);
    }
    if tx.weight() > MAX_STANDARD_TX_WEIGHT {
        return Err(Rule::TxSize);
    }
    for input in tx.inputs() {
        if input.script_sig.len() > MAX_SCRIPT_SIG_SIZE {
            return Err(Rule::ScriptSigSize);
        }
        if !opcode::is_push_only(&input.script_sig) {
            return Err(Rule::ScriptSigNotPushOnly);
        }
    }
    let peg_outs = tx.mweb().into_iter().flat_map(|mweb| peg_outs(&mweb.body));
    let peg_outs = peg_outs.map(|p| TxOut { value: p.amount, script_pubkey: p.script_pubkey.clone() });
    let mut data_outputs = 0;
    for output in tx.outputs().iter().cloned().chain(peg_outs) {
        match standard_output(&output.script_pubkey, policy).ok_or(Rule::ScriptPubkey)? {
            Standard::NullData => data_outputs += 1,
            Standard::Multisig { .. } if !policy.permit_bare_multisig => return Err(Rule::BareMultisig),
            _ if is_dust(&output, policy.dust_relay_fee) => return Err(Rule::Dust),
            _ => {}
        }
    }
    if data_outputs > 1 {
        return Err(Rule::MultiOpReturn);
    }
    check_standard(tx.mweb(), tx.is_mweb_only(), &peg_ins(tx)).map_err(|found| match found {
        NonStandard::KernelMismatch => Rule::KernelMismatch,
        NonStandard::Features => Rule::NonStandardMwebTx,
    })
}

/// The peg-in outputs, without their places.
pub(crate) fn peg_ins(tx: &Transaction) -> Vec<PegIn> {
    mweb::peg_ins(tx).map(|(peg_in, _)| peg_in).collect()
}

/// The template of an output that is relayed (IsStandard).
fn standard_output<'a>(script: &'a [u8], policy: &Policy) -> Option<Standard<'a>> {
    let found = Standard::of(script);
    let standard = match &found {
        Standard::NonStandard => false,
        // The template itself bounds the number of signatures by that of the keys.
        Standard::Multisig { keys, .. } => keys.len() <= MAX_BARE_MULTISIG_KEYS,
        Standard::NullData => policy.data_carrier && script.len() <= policy.max_data_carrier_bytes,
        _ => true,
    };
    standard.then_some(found)
}

/// The value below which spending an output would cost more than it brings.
pub fn dust_threshold(output: &TxOut, dust_relay_fee: FeeRate) -> i64 {
    if template::is_unspendable(&output.script_pubkey) {
        return 0;
    }
    // An input that spends it; a witness counts a quarter.
    let witness = template::witness_program(&output.script_pubkey).is_some();
    let input = 32 + 4 + 1 + 4 + if witness { 107 / 4 } else { 107 };
    dust_relay_fee.fee(size::output_size(output) + input)
}

/// Whether an output is worth less than spending it costs.
pub fn is_dust(output: &TxOut, dust_relay_fee: FeeRate) -> bool {
    output.value.0 < dust_threshold(output, dust_relay_fee)
}

/// Whether everything that is spent is of a known kind and cheap to check; `coins` are those of the inputs, in order.
pub fn are_inputs_standard(tx: &Transaction, coins: &[Coin], taproot_active: bool) -> bool {
    tx.inputs().iter().zip(coins).all(|(input, coin)| match Standard::of(&coin.output.script_pubkey) {
        Standard::NonStandard | Standard::WitnessUnknown { .. } => false,
        Standard::ScriptHash(_) => {
            last_pushed(&input.script_sig).is_some_and(|redeem| sigops::count(&redeem, true) <= MAX_P2SH_SIGOPS)
        }
        Standard::WitnessV1Taproot(_) => taproot_active,
        _ => true,
    })
}

/// Whether no witness is larger than what is spent can need; `coins` are those of the inputs, in order.
pub fn is_witness_standard(tx: &Transaction, coins: &[Coin]) -> bool {
    tx.inputs().iter().zip(coins).all(|(input, coin)| {
        if input.witness.is_empty() {
            return true;
        }
        let script = &coin.output.script_pubkey;
        let is_p2sh = template::is_p2sh(script);
        let redeem = if is_p2sh { last_pushed(&input.script_sig) } else { Some(script.to_vec()) };
        let Some(redeem) = redeem else { return false };
        let Some(program) = template::witness_program(&redeem) else { return false };
        match (program.version, program.program.len()) {
            (0, 32) => is_p2wsh_stack_standard(&input.witness),
            (1, 32) if !is_p2sh => is_taproot_stack_standard(&input.witness),
            _ => true,
        }
    })
}

fn is_p2wsh_stack_standard<B: AsRef<[u8]>>(witness: &[B]) -> bool {
    let Some((script, stack)) = witness.split_last() else { return true };
    script.as_ref().len() <= MAX_P2WSH_SCRIPT_SIZE
        && stack.len() <= MAX_P2WSH_STACK_ITEMS
        && stack.iter().all(|item| item.as_ref().len() <= MAX_P2WSH_STACK_ITEM_SIZE)
}

fn is_taproot_stack_standard<B: AsRef<[u8]>>(witness: &[B]) -> bool {
    match witness {
        [_, .., annex] if annex.as_ref().first() == Some(&ANNEX_TAG) => false,
        [stack @ .., _script, control] => match control.as_ref().first() {
            None => false,
            Some(leaf) if leaf & TAPROOT_LEAF_MASK == TAPROOT_LEAF_TAPSCRIPT => {
                stack.iter().all(|item| item.as_ref().len() <= MAX_TAPSCRIPT_STACK_ITEM_SIZE)
            }
            Some(_) => true,
        },
        _ => true,
    }
}

/// The last element that a script of pushes leaves; `None` if it would not execute, leaves nothing, or does more than
/// push, which no standard transaction's input does.
fn last_pushed(script: &[u8]) -> Option<Vec<u8>> {
    if script.len() > MAX_SCRIPT_SIZE {
        return None;
    }
    let mut last = None;
    for (n, step) in Instructions::new(script).enumerate() {
        let instruction = step.ok()?;
        last = Some(match instruction.opcode {
            opcode::OP_1NEGATE => vec![0x81],
            opcode::OP_1..=opcode::OP_16 => opcode::small_number(instruction.opcode).into_iter().collect(),
            0..=opcode::OP_PUSHDATA4 if instruction.data.len() <= MAX_ELEMENT_SIZE => instruction.data.to_vec(),
            _ => return None,
        });
        if n >= MAX_STACK_SIZE {
            return None;
        }
    }
    last
}
