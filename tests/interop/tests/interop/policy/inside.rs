//! Cases with a part inside of the extension block: peg-ins, payments inside, peg-outs, and what is wrong with them.

use std::{collections::BTreeSet, sync::LazyLock};

use litecast_mweb::{
    Verifier,
    forge::{Coin, Forge, Terms},
};
use litecast_primitives::{
    Amount, Transaction, TxOut, Txid,
    hash::MwebHash,
    mweb::{self, PegOut},
    transaction::TxParts,
};
use litecast_script::template::MWEB_PEGIN_VERSION;
use rand::RngExt as _;

use super::{
    locks::Lock,
    world::{Draft, Sent, World, parts},
};

static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| Verifier::new(0));
/// Weight of a kernel and of an output; a unit costs 100 litoshis (v0.21.5.5 `src/policy/feerate.cpp`).
const KERNEL: i64 = 2;
const OUTPUT: i64 = 18;

/// The coins inside.
pub(super) struct Inside {
    forge: Forge<'static>,
    /// Not spent; with the transaction that makes it, if that waits in the mempool.
    coins: Vec<(Coin, Option<Txid>)>,
    /// Spent by something in the mempool.
    spent: Vec<(Coin, Txid)>,
}

impl Inside {
    pub(super) fn new(seed: u64) -> Self {
        Self { forge: Forge::new(&VERIFIER, seed), coins: Vec::new(), spent: Vec::new() }
    }

    pub(super) fn with_coins(seed: u64, coins: &[Coin]) -> Self {
        Self { coins: coins.iter().map(|coin| (coin.clone(), None)).collect(), ..Self::new(seed) }
    }

    pub(super) fn on_accepted(&mut self, txid: Txid, inputs: &[MwebHash], made: &[Coin]) {
        let (gone, kept): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.coins).into_iter().partition(|(coin, _)| inputs.contains(&coin.output.id()));
        self.coins = kept;
        self.spent.extend(gone.into_iter().map(|(coin, _)| (coin, txid)));
        self.coins.extend(made.iter().map(|coin| (coin.clone(), Some(txid))));
    }

    pub(super) fn keep(&mut self, pool: &BTreeSet<String>) {
        // Mined or gone: the next one that spends it tells.
        self.spent.retain(|(_, txid)| pool.contains(&txid.to_string()));
    }

    /// A peg-in of this amount with outputs of these values.
    pub(super) fn peg_in(&mut self, amount: i64, values: &[i64], fee: i64) -> (mweb::Tx, Vec<Coin>) {
        let terms = Terms { fee: Amount(fee), peg_in: Amount(amount), ..Terms::default() };
        self.transaction(&[], values, &terms)
    }

    fn transaction(&mut self, coins: &[Coin], values: &[i64], terms: &Terms) -> (mweb::Tx, Vec<Coin>) {
        let values: Vec<Amount> = values.iter().map(|value| Amount(*value)).collect();
        let (tx, made, _) = self.forge.transaction(coins, &values, terms);
        (tx, made)
    }
}

/// The output that pays into a kernel.
pub(super) fn peg_in_output(mweb: &mweb::Tx, amount: i64) -> TxOut {
    let script = [&[0x50 + MWEB_PEGIN_VERSION, 32][..], &mweb.body.kernels[0].id().0].concat();
    TxOut { value: Amount(amount), script_pubkey: script.into() }
}

fn loose(mweb: mweb::Tx) -> TxParts {
    TxParts { mweb: Some(mweb), ..parts(&[], Vec::new()) }
}

fn sent(name: &'static str, parts: TxParts, made: Vec<Coin>) -> Sent {
    Sent { made, ..Sent::new(name, parts) }
}

impl World {
    fn coin_inside(&mut self) -> Option<Coin> {
        let count = self.inside.coins.len();
        let least = |coin: &Coin| coin.value.0 > 200_000;
        let start = if count == 0 { return None } else { self.below(count) };
        (0..count).map(|n| &self.inside.coins[(start + n) % count].0).find(|coin| least(coin)).cloned()
    }

    /// A fee on either side of what the weight costs.
    fn fee_inside(&mut self, weight: i64) -> i64 {
        let least = weight * 100;
        if self.chance(75) { least + self.random.random_range(0..5000) } else { least + self.pick(&[-1, 0, 1, -1000]) }
    }

    /// Pays a coin inside to others.
    fn pay_inside(&mut self, outputs: usize, terms: &Terms, weight: i64) -> Option<(mweb::Tx, Vec<Coin>)> {
        let coin = self.coin_inside()?;
        let fee = self.fee_inside(weight + OUTPUT * i64::try_from(outputs).unwrap());
        let out: i64 = terms.peg_outs.iter().map(|peg_out| peg_out.amount.0).sum();
        let left = (coin.value.0 + terms.peg_in.0 - fee - out).max(0);
        let share = left / i64::try_from(outputs).unwrap();
        let mut values = vec![share; outputs];
        values[0] += left - share * i64::try_from(outputs).unwrap();
        let terms = Terms { fee: Amount(fee), ..terms.clone() };
        Some(self.inside.transaction(&[coin], &values, &terms))
    }
}

/// Payments inside.
pub(super) fn inside(world: &mut World) -> Vec<Sent> {
    let outputs = 1 + world.below(2);
    let lock_height = if world.chance(30) { world.height + u32::try_from(world.below(4)).unwrap() } else { 0 };
    let terms = Terms { lock_height, ..Terms::default() };
    let Some((mweb, made)) = world.pay_inside(outputs, &terms, KERNEL) else { return Vec::new() };
    vec![sent(if lock_height == 0 { "inside" } else { "inside, lock height" }, loose(mweb), made)]
}

/// The draft of a peg-in.
fn pegging(world: &mut World, mweb: &mweb::Tx, amount: i64) -> Draft {
    let spends = world.any(1);
    let mut outputs = vec![peg_in_output(mweb, amount)];
    outputs.push(Lock::Wpkh.output(0));
    let mut draft = Draft { parts: parts(&spends, outputs), spends };
    draft.parts.mweb = Some(mweb.clone());
    // The HogEx's input counts as its own.
    let rate = if world.chance(75) { 2000 } else { 1000 };
    let size = draft.size() + 41 - i64::try_from(world.below(20)).unwrap();
    draft.pay_exactly(rate * size / 1000);
    draft
}

/// Peg-ins, good and bad.
pub(super) fn peg_in(world: &mut World) -> Vec<Sent> {
    let amount = world.random.random_range(100_000..200_000);
    let fee = world.fee_inside(KERNEL + OUTPUT);
    let (mweb, made) = world.inside.peg_in(amount, &[amount - fee], fee);
    let good = pegging(world, &mweb, amount);
    if good.spends.is_empty() {
        return Vec::new();
    }
    let mut draft = good.clone();
    let change = draft.parts.mweb.as_mut().expect("because it was just set");
    let name = match world.below(11) {
        0 => {
            draft.parts.mweb = None;
            "peg-in without the inside"
        }
        1 => {
            draft.parts.outputs[0].value.0 -= 1;
            "peg-in of another amount"
        }
        2 => {
            draft.parts.outputs.push(peg_in_output(&mweb, amount));
            "peg-in twice in one"
        }
        3 => {
            change.kernel_offset[7] ^= 1;
            "peg-in, kernel offset"
        }
        4 => {
            change.stealth_offset[7] ^= 1;
            "peg-in, stealth offset"
        }
        5 => {
            draft.parts.outputs.remove(0);
            "peg-in without its output"
        }
        6 => {
            // Another transaction pays into the same kernel.
            let again = pegging(world, &mweb, amount);
            let mut both = vec![sent("peg-in", good.signed(), made)];
            if !again.spends.is_empty() && again.spends[0].outpoint != good.spends[0].outpoint {
                both.push(sent("peg-in into the same kernel", again.signed(), Vec::new()));
            }
            return both;
        }
        _ => return vec![sent("peg-in", good.signed(), made)],
    };
    // Then the good one, which the bad one must not stand in the way of.
    vec![sent(name, draft.signed(), Vec::new()), sent("peg-in after all", good.signed(), made)]
}

/// Peg-outs; and the same with a peg-in.
pub(super) fn peg_out(world: &mut World) -> Vec<Sent> {
    let count = 1 + world.below(2);
    let peg_outs: Vec<PegOut> = (0..count)
        .map(|_| {
            let lock = world.pick(&[Lock::Wpkh, Lock::Pkh, Lock::WshTrue, Lock::ShTrue]);
            let amount = Amount(world.random.random_range(40_000..90_000));
            PegOut { amount, script_pubkey: lock.script() }
        })
        .collect();
    let peg_in = if world.chance(30) { world.random.random_range(100_000..150_000) } else { 0 };
    let terms = Terms { peg_outs, peg_in: Amount(peg_in), ..Terms::default() };
    // Each script takes a unit; the HogEx's outputs are paid by their size.
    let weight = KERNEL + i64::try_from(count).unwrap() + i64::from(world.chance(70));
    let Some((mweb, made)) = world.pay_inside(1, &terms, weight) else { return Vec::new() };
    if peg_in == 0 {
        return vec![sent("peg-out", loose(mweb), made)];
    }
    let draft = pegging(world, &mweb, peg_in);
    if draft.spends.is_empty() { Vec::new() } else { vec![sent("peg-in and peg-out", draft.signed(), made)] }
}

/// Peg-outs that only the newer litecoind refuses: v0.21.5.5 `src/policy/policy.cpp`, IsStandardTx, walks over `txouts`, which
/// holds the peg-outs, where 0.21.2.1 walks over `tx.vout`.
pub(super) fn odd_peg_out(world: &mut World) -> Vec<Sent> {
    let data = |n: usize| [&[0x6a, u8::try_from(n).unwrap()][..], &vec![7; n]].concat();
    let out = |amount: i64, script: Vec<u8>| PegOut { amount: Amount(amount), script_pubkey: script.into() };
    let (reason, peg_outs) = match world.below(5) {
        0 => ("scriptpubkey", vec![out(50_000, vec![0x51])]),
        1 => ("dust", vec![out(1, Lock::Wpkh.script().to_vec())]),
        2 => ("multi-op-return", vec![out(0, data(3)), out(0, data(4))]),
        3 => ("scriptpubkey", vec![out(0, data(75).repeat(2))]),
        _ => ("scriptpubkey", vec![out(50_000, [&[0x51][..], &[0x21; 20]].concat())]),
    };
    let terms = Terms { peg_outs, ..Terms::default() };
    let Some((mweb, _)) = world.pay_inside(1, &terms, 100) else { return Vec::new() };
    let known = Sent::new("peg-out to an odd script", loose(mweb));
    vec![Sent { trial: Some(Some(reason)), ..known }]
}

/// What is spent inside already, kernels that are there already, changed bytes.
pub(super) fn clash_inside(world: &mut World) -> Vec<Sent> {
    let Some((good, made)) = world.pay_inside(1, &Terms::default(), KERNEL + 20) else { return Vec::new() };
    let flip = |change: &dyn Fn(&mut mweb::Tx)| {
        let mut tx = good.clone();
        change(&mut tx);
        loose(tx)
    };
    let first = match world.below(12) {
        9..=11 => return vec![odd_kernel(world, &good)],
        0 => Sent::new("inside, kernel offset", flip(&|tx| tx.kernel_offset[9] ^= 1)),
        1 => Sent::new("inside, stealth offset", flip(&|tx| tx.stealth_offset[9] ^= 1)),
        2 => Sent::new("inside, kernel signature", flip(&|tx| tx.body.kernels[0].signature[60] ^= 1)),
        3 => Sent::new("inside, input signature", flip(&|tx| tx.body.inputs[0].signature[60] ^= 1)),
        4 => Sent::new("inside, output signature", flip(&|tx| tx.body.outputs[0].signature[60] ^= 1)),
        5 => Sent::new("inside, fee", flip(&|tx| tx.body.kernels[0].fee = Some(Amount(1)))),
        6 => Sent::new(
            "inside, range proof",
            flip(&|tx| {
                let mut proof = tx.body.outputs[0].range_proof.to_vec();
                proof[20] ^= 1;
                tx.body.outputs[0].range_proof = proof.into();
            }),
        ),
        7 => {
            // Inside and outside have nothing to do with each other.
            let draft = world.simple(Lock::Wpkh);
            Sent::new("inside with strangers outside", TxParts { mweb: Some(good.clone()), ..draft.signed() })
        }
        _ => {
            let spent = world.inside.spent.iter().map(|(coin, _)| coin.clone()).collect::<Vec<_>>();
            if spent.is_empty() {
                return vec![sent("inside", loose(good), made)];
            }
            let coin = world.pick(&spent);
            let value = coin.value.0 - 20_000;
            let (double, _) =
                world.inside.transaction(&[coin], &[value], &Terms { fee: Amount(20_000), ..Terms::default() });
            Sent::new("inside, spent twice", loose(double))
        }
    };
    let again = Sent::new("inside, once more", loose(good.clone()));
    vec![first, sent("inside after all", loose(good), made), again]
}

/// Kernels with what they may have, but standard ones do not.
fn odd_kernel(world: &mut World, good: &mweb::Tx) -> Sent {
    const EXTRA_DATA: u8 = 32;
    let mut tx = good.clone();
    let kernel = &mut tx.body.kernels[0];
    // A kernel's signature says what it holds: these are not valid as they are.
    let name = match world.below(4) {
        0 => {
            kernel.features |= EXTRA_DATA;
            kernel.extra_data = vec![1; 20].into();
            "inside, kernel with data"
        }
        1 => {
            kernel.lock_height = Some(world.height);
            kernel.features |= 8;
            "inside, kernel with another lock"
        }
        2 => {
            let twin = kernel.clone();
            tx.body.kernels.push(twin);
            "inside, kernel twice"
        }
        _ => {
            let twin = tx.body.outputs[0].clone();
            tx.body.outputs.push(twin);
            "inside, output twice"
        }
    };
    Sent::new(name, loose(tx))
}

/// A peg-out that is spent too early, or just in time. On trial only: litecoind forgets the maturity of what it has undone
/// (see `pegout_maturity`).
pub(super) fn spend_peg_out(world: &mut World) -> Vec<Sent> {
    let coins: Vec<_> = world.coins.iter().filter(|coin| coin.is_peg_out).cloned().collect();
    if coins.is_empty() {
        return Vec::new();
    }
    let coin = world.pick(&coins);
    let draft = world.spread(vec![coin], &[Lock::Wpkh], 30_000);
    vec![Sent::new("peg-out spent", draft.signed()).on_trial()]
}

/// The coins of a peg-in that the base chain begins with.
pub(super) fn first_coins(inside: &mut Inside, count: usize, value: i64) -> (mweb::Tx, Vec<Coin>, i64) {
    let fee = 100 * (KERNEL + OUTPUT * i64::try_from(count).unwrap());
    let amount = value * i64::try_from(count).unwrap() + fee;
    let (tx, made) = inside.peg_in(amount, &vec![value; count], fee);
    (tx, made, amount)
}

/// An extension block's part of nothing but a fee limit: 0.21.2.1 has no way to lift it (v0.21.5.5
/// `src/rpc/rawtransaction.cpp`, where a rate of zero means no limit for weight either).
pub(super) fn generous(world: &mut World) -> Option<Transaction> {
    let coin = world.coin_inside()?;
    let terms = Terms { fee: Amount(50_000), ..Terms::default() };
    let (tx, _) = world.inside.transaction(std::slice::from_ref(&coin), &[coin.value.0 - 50_000], &terms);
    Some(loose(tx).into())
}
