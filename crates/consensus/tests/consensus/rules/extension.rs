//! The extension block's place in its block: HogEx, peg-ins, amounts.

use litecast_consensus::reject::{Category::*, Rule};
use litecast_primitives::{
    Amount, OutPoint,
    hash::MwebHash,
    mweb::{Tx, TxBody},
    params::Deployment,
};

use super::{Case, accepts, check, rejects};
use crate::builder::{Draft, HEIGHT, TRUE, World, input, output, peg_in_script, reject};

const MAX_MONEY: i64 = 84_000_000 * 100_000_000;

fn deactivate(world: &mut World) {
    world.params.deployments[2].start_time = Deployment::NEVER_ACTIVE;
}

pub(super) const CASES: &[Case] = &[
    accepts("the good block with an extension block", |_, _| {}),
    accepts("an extension block in which nothing happens", |world, draft| {
        draft.transactions.remove(2);
        draft.extension = Some(world.extension_builder().build().unwrap().extension);
        draft.hogex().outputs = vec![output(world.mweb.amount.0, TRUE)];
        draft.commit();
    }),
    rejects("unexpected-mweb-data", Rule::UnexpectedMweb, Mutated, |_, draft| {
        let body = TxBody { kernels: vec![draft.kernel().clone()], ..Default::default() };
        draft.tx().mweb = Some(Tx { kernel_offset: [0; 32], stealth_offset: [0; 32], body });
    }),
    rejects("unexpected-mweb-data", Rule::UnexpectedMweb, Mutated, |world, _| deactivate(world)),
    rejects("unexpected-mweb-data", Rule::UnexpectedMweb, Mutated, |world, draft| {
        deactivate(world);
        draft.extension = None;
    }),
    rejects("mweb-missing", Rule::MwebMissing, Mutated, |_, draft| draft.extension = None),
    rejects("bad-tx-unexpected-pegin", Rule::UnexpectedPegIn, Consensus, |_, draft| {
        draft.coinbase().outputs[0].script_pubkey = peg_in_script(MwebHash([3; 32])).into();
    }),
    rejects("bad-tx-unexpected-pegin", Rule::UnexpectedPegIn, Consensus, |_, draft| {
        draft.hogex().outputs[1].script_pubkey = peg_in_script(MwebHash([3; 32])).into();
    }),
    rejects("hogex-missing", Rule::HogExMissing, Mutated, |_, draft| draft.hogex().is_hogex = false),
    rejects("bad-hogex-position", Rule::HogExPosition, Mutated, |_, draft| draft.tx().is_hogex = true),
    rejects("bad-hogex", Rule::HogExInvalid, Consensus, |_, draft| {
        draft.hogex().outputs[0].script_pubkey = TRUE.into();
    }),
    rejects("mweb-hash-mismatch", Rule::MwebHashMismatch, Mutated, |_, draft| draft.mweb_header().output_mmr_size = 9),
    rejects("mweb-height-mismatch", Rule::MwebHeightMismatch, Consensus, |_, draft| {
        draft.mweb_header().height = HEIGHT + 1;
        draft.commit();
    }),
    rejects("pegins-missing", Rule::PegInsMissing, Consensus, |_, draft| drop(draft.hogex().inputs.pop())),
    rejects("pegin-mismatch", Rule::PegInMismatch, Consensus, |_, draft| draft.hogex().inputs[1].prevout.vout = 1),
    rejects("pegin-mismatch", Rule::PegInMismatch, Consensus, |_, draft| {
        draft.hogex().inputs[1].prevout.txid = OutPoint::NULL.txid;
    }),
    rejects("extra-hogex-input", Rule::ExtraHogExInput, Consensus, |world, draft| {
        let coin = world.coin(1, 1, TRUE);
        draft.hogex().inputs.push(input(coin));
    }),
    rejects("invalid-hogex-input", Rule::HogExInput, Consensus, |world, draft| {
        draft.hogex().inputs[0].prevout = world.coin(world.mweb.amount.0, 1, TRUE);
    }),
    rejects("invalid-hogex-input", Rule::HogExInput, Consensus, |world, draft| {
        // The right transaction, another output.
        let first = draft.hogex().inputs[0].prevout;
        let coin = world.coins.0[&first].clone();
        let second = OutPoint { vout: 1, ..first };
        world.coins.0.insert(second, coin);
        draft.hogex().inputs[0].prevout = second;
    }),
    // The inside.
    accepts("a coin inside that is spent", spend_inside),
    rejects("bad-blk-mweb", Rule::MwebInvalid, Mutated, |_, draft| {
        draft.kernel().signature[40] ^= 1;
        draft.seal();
    }),
    rejects("bad-blk-mweb", Rule::MwebInvalid, Mutated, |_, draft| {
        // Signed, but not for what the block pays in.
        draft.kernel().peg_in = Some(Amount(11));
        draft.sign();
    }),
    rejects("bad-blk-mweb", Rule::MwebInvalid, Mutated, |_, draft| draft.hogex().outputs[1].value.0 += 1),
    rejects("bad-blk-mweb", Rule::MwebInvalid, Mutated, |world, draft| {
        world.params.mweb.lock_height_enforced_above = HEIGHT - 1;
        lock(draft, HEIGHT + 1);
    }),
    accepts("a kernel whose lock ends here", |world, draft| {
        world.params.mweb.lock_height_enforced_above = HEIGHT - 1;
        lock(draft, HEIGHT);
    }),
    accepts("a locked kernel before locks were enforced", |world, draft| {
        world.params.mweb.lock_height_enforced_above = HEIGHT;
        lock(draft, HEIGHT + 1);
    }),
    rejects("mweb-connect-failed", Rule::MwebConnectFailed, Mutated, |_, draft| {
        draft.mweb_header().output_root = MwebHash([1; 32]);
        draft.commit();
    }),
    rejects("mweb-connect-failed", Rule::MwebConnectFailed, Mutated, |_, draft| {
        draft.mweb_header().kernel_offset[31] ^= 1;
        draft.commit();
    }),
    rejects("mweb-connect-failed", Rule::MwebConnectFailed, Mutated, |world, draft| {
        spend_inside(world, draft);
        world.mweb.store.utxos.clear();
    }),
    rejects("frozen-mweb-output-spent", Rule::FrozenOutputSpent, Consensus, |world, draft| {
        spend_inside(world, draft);
        world.params.mweb.frozen_outputs = vec![world.coin_inside.as_ref().unwrap().output.id()];
    }),
    // Fees of the kernels against the HogEx.
    rejects("bad-mweb-amount", Rule::MwebAmount, Consensus, |_, draft| fee(draft, i64::MAX)),
    rejects("bad-mweb-amount", Rule::MwebAmount, Consensus, |_, draft| fee(draft, MAX_MONEY + 1)),
    rejects("bad-txns-mweb-fee-mismatch", Rule::MwebFeeMismatch, Consensus, |_, draft| fee(draft, 2)),
    rejects("bad-txns-mweb-fee-mismatch", Rule::MwebFeeMismatch, Consensus, |_, draft| {
        draft.hogex().outputs[0].value.0 += 1;
    }),
];

/// Spends the coin inside together with the peg-in.
fn spend_inside(world: &mut World, draft: &mut Draft) {
    let coin = world.coin_inside.clone().unwrap();
    let all = world.mweb.amount.0 + 7;
    draft.add_extension(world, &[coin], &[all - 100, 100]);
}

fn fee(draft: &mut Draft, fee: i64) {
    draft.kernel().fee = Some(Amount(fee));
    draft.sign();
}

fn lock(draft: &mut Draft, height: u32) {
    draft.kernel().lock_height = Some(height);
    draft.kernel().features |= 8;
    draft.sign();
}

/// What the checks before connecting leave no room for, because peg-ins and peg-outs are the same inside and outside
/// by then. Connecting asks all the same.
pub(super) const CONNECTING: &[Case] = &[
    // Only broken books can show it: what the block below left is more than its coin.
    rejects("accumulated-pegin-outofrange", Rule::PegInTotal, Consensus, |world, _| {
        world.mweb.amount = Amount(MAX_MONEY);
    }),
    rejects("bad-mweb-amount", Rule::MwebAmount, Consensus, |_, draft| {
        // The difference is an amount; what goes in is none.
        draft.kernel().peg_in = Some(Amount(MAX_MONEY + 10));
        draft.kernel().peg_outs[0].amount = Amount(MAX_MONEY);
    }),
    rejects("bad-mweb-amount", Rule::MwebAmount, Consensus, |_, draft| {
        draft.kernel().peg_in = Some(Amount(MAX_MONEY));
        draft.kernel().peg_outs[0].amount = Amount(MAX_MONEY + 1);
    }),
    rejects("bad-mweb-amount", Rule::MwebAmount, Consensus, |_, draft| {
        // Each is money, their sum is not.
        let mut more = draft.kernel().peg_outs[0].clone();
        more.amount = Amount(MAX_MONEY);
        draft.kernel().peg_outs.push(more);
        draft.kernel().peg_in = Some(Amount(MAX_MONEY));
    }),
    rejects("mweb-amount-mismatch", Rule::MwebAmountMismatch, Consensus, |_, draft| {
        draft.hogex().outputs[0].value.0 -= 1;
        draft.hogex().outputs[1].value.0 += 1;
    }),
];

#[test]
fn rules_for_extension_blocks() {
    check(CASES, true);
}

#[test]
fn amounts_of_extension_blocks() {
    for case in CONNECTING {
        let mut world = World::new(true);
        let mut draft = Draft::good(&mut world);
        (case.change)(&mut world, &mut draft);
        let found = reject(world.connect(&draft.build())).unwrap();
        let (rule, category) = case.expected.unwrap();
        assert_eq!((found.rule, found.category(), &*found.reason()), (rule, category, case.name));
    }
}

/// The HogEx pays out as peg-outs: every output but the first one is marked.
#[test]
fn coins_of_the_hogex() {
    let mut world = World::new(true);
    let block = Draft::good(&mut world).build();
    let connected = world.judge(&block).unwrap();
    let txid = block.hogex().unwrap().txid();
    let is_peg_out = |vout| connected.delta.changes[&OutPoint { txid, vout }].as_ref().unwrap().is_peg_out;
    assert_eq!((is_peg_out(0), is_peg_out(1)), (false, true));
    assert_eq!(connected.fees, Amount(1));
}
