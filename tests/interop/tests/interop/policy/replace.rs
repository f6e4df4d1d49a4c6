//! Cases that depend on what the mempool holds: replacing, conflicts, chains up to the limits.

use rand::RngExt as _;

use super::{
    locks::Lock,
    world::{Coin, Draft, Sent, World, parts},
};

/// The highest sequence that signals (BIP125).
const SIGNALS: u32 = 0xffff_fffd;

/// The fee of a transaction that was sent.
fn fee_of(draft: &Draft) -> i64 {
    draft.input_value() - draft.parts.outputs.iter().map(|output| output.value.0).sum::<i64>()
}

fn signal(draft: &mut Draft, sequence: u32) {
    draft.parts.inputs.iter_mut().for_each(|input| input.sequence = sequence);
}

impl World {
    /// Something in the mempool; preferably what signals.
    fn victim(&mut self) -> Option<Draft> {
        let signals = |draft: &Draft| draft.parts.inputs.iter().any(|input| input.sequence <= SIGNALS);
        let eager = self.chance(75);
        let found: Vec<usize> = (0..self.sent.len()).filter(|at| !eager || signals(&self.sent[*at].0)).collect();
        if found.is_empty() {
            return None;
        }
        let at = self.pick(&found);
        Some(self.sent[at].0.clone())
    }
}

/// A payment that signals, for later.
fn replaceable(world: &mut World) -> Vec<Sent> {
    let mut draft = world.payment(3000);
    signal(&mut draft, SIGNALS);
    if draft.spends.is_empty() { Vec::new() } else { vec![draft.finish("replaceable")] }
}

/// One more input of something in the mempool, for more or less than it paid.
pub(super) fn replace(world: &mut World) -> Vec<Sent> {
    let Some(old) = (if world.chance(60) { world.victim() } else { None }) else { return replaceable(world) };
    let mut spends = vec![world.pick(&old.spends)];
    if world.chance(30) {
        spends.extend(world.mined(1));
    }
    let locks: Vec<Lock> = (0..1 + world.below(3)).map(|_| world.lock()).collect();
    let mut draft = world.spread(spends, &locks, 1000);
    let (old_fee, old_size) = (fee_of(&old), old.size());
    let size = draft.size();
    let fee = match world.below(7) {
        0 => old_fee,
        1 => old_fee + size - 1,
        2 => old_fee + size,
        3 => old_fee * size / old_size + 1,
        4 => old_fee - 1,
        _ => old_fee * 2 + size * world.random.random_range(1..50),
    };
    draft.pay_exactly(fee);
    let sequence = world.pick(&[SIGNALS, 0, SIGNALS + 1]);
    if sequence != 0 || draft.spends.iter().all(|coin| coin.height.is_some()) {
        signal(&mut draft, sequence);
    }
    vec![draft.finish("replacement")]
}

/// Replaces several at once.
pub(super) fn replace_many(world: &mut World) -> Vec<Sent> {
    let mut spends: Vec<Coin> = Vec::new();
    let mut old_fees = 0;
    for _ in 0..3 {
        let Some(old) = world.victim() else { break };
        let coin = world.pick(&old.spends);
        if spends.iter().all(|known| known.outpoint != coin.outpoint) {
            old_fees += fee_of(&old);
            spends.push(coin);
        }
    }
    if spends.is_empty() {
        return Vec::new();
    }
    let mut draft = world.spread(spends, &[Lock::Wpkh], 1000);
    let more = world.pick(&[0, 100, 500, 1000, 20_000]);
    draft.pay_exactly(old_fees + more);
    signal(&mut draft, SIGNALS);
    vec![draft.finish("replacement of several")]
}

/// A replacement that spends something else that is not mined.
pub(super) fn adds_unconfirmed(world: &mut World) -> Vec<Sent> {
    let Some(old) = world.victim() else { return replaceable(world) };
    let mut spends = vec![world.pick(&old.spends)];
    spends.extend(world.take(1, |coin| coin.height.is_none()));
    let mut draft = world.spread(spends, &[Lock::Wpkh], 1000);
    let fee = fee_of(&old) * 3 + 20_000;
    draft.pay_exactly(fee);
    vec![draft.finish("replacement adds unconfirmed")]
}

/// Spends an output of what it replaces.
pub(super) fn spends_conflict(world: &mut World) -> Vec<Sent> {
    let Some(old) = world.victim() else { return replaceable(world) };
    let txid = litecast_primitives::Transaction::from(old.parts.clone()).txid();
    let Some(child) = world.coins.iter().find(|coin| coin.outpoint.txid == txid).cloned() else { return Vec::new() };
    let parent = world.pick(&old.spends);
    let mut draft = world.spread(vec![parent, child], &[Lock::Wpkh], 1000);
    draft.pay_exactly(fee_of(&old) * 4 + 30_000);
    vec![draft.finish("spends what it replaces")]
}

fn outputs_of(tx: &Sent) -> Vec<Coin> {
    let mut world = Vec::new();
    for (vout, output) in (0..).zip(tx.tx.outputs()) {
        let outpoint = litecast_primitives::OutPoint { txid: tx.tx.txid(), vout };
        world.push(Coin {
            outpoint,
            output: output.clone(),
            lock: super::locks::BY_SCRIPT[&output.script_pubkey],
            height: None,
            is_coinbase: false,
            is_peg_out: false,
        });
    }
    world
}

/// A chain to its limit and beyond, then the carve-out, which is for one only.
pub(super) fn chain(world: &mut World) -> Vec<Sent> {
    let root = world.mined(1);
    if root.is_empty() || root[0].output.value.0 < 20_000_000 {
        return Vec::new();
    }
    let mut draft = world.spread(root, &[Lock::WshTrue; 4], 5000);
    signal(&mut draft, SIGNALS);
    let first = draft.finish("chain");
    let mut side = outputs_of(&first);
    let mut tip = side.remove(0);
    let mut all = vec![first];
    let length = world.pick(&[24, 25, 5, 6, 12]);
    // Large ones meet the limits of size.
    let wide = if world.chance(30) { 120 } else { 1 };
    for _ in 0..length {
        let draft = world.spread(vec![tip], &vec![Lock::WshTrue; wide], 2000);
        let next = draft.finish("chain");
        tip = outputs_of(&next).remove(0);
        all.push(next);
    }
    // More than the carve-out allows for, by size.
    let large = world.spread(vec![side[0].clone()], &vec![Lock::WshTrue; 240], 2000);
    all.push(large.finish("carve-out, too large"));
    for coin in side {
        let lock = world.lock();
        all.push(world.spread(vec![coin], &[lock], 3000).finish("carve-out"));
    }
    // The whole chain could be replaced.
    if world.chance(50) {
        let spends = draft.spends.clone();
        let mut draft = Draft { parts: parts(&spends, vec![Lock::Wpkh.output(0)]), spends };
        let fee = world.pick(&[20_000, 60_000, 2_000_000]);
        draft.pay_exactly(fee);
        all.push(draft.finish("replacement of a chain"));
    }
    all
}

/// Many children of one; one transaction that has many parents.
pub(super) fn wide(world: &mut World) -> Vec<Sent> {
    let root = world.mined(1);
    if root.is_empty() || root[0].output.value.0 < 20_000_000 {
        return Vec::new();
    }
    let count = world.pick(&[10, 26, 27]);
    let draft = world.spread(root, &vec![Lock::WshTrue; count], 5000);
    let first = draft.finish("wide");
    let mut children = Vec::new();
    for coin in outputs_of(&first) {
        children.push(world.spread(vec![coin], &[Lock::WshTrue], 4000).finish("wide"));
    }
    let ends: Vec<Coin> =
        children.iter().take(world.pick(&[5, 23, 24])).map(|child| outputs_of(child).remove(0)).collect();
    let join = world.spread(ends, &[Lock::Wpkh], 4000).finish("join");
    let mut all = vec![first];
    all.extend(children);
    all.push(join);
    all
}

/// Families of more than a hundred, which nothing may replace at once.
pub(super) fn too_many(world: &mut World) -> Vec<Sent> {
    let roots = world.mined(5);
    let mut all = Vec::new();
    for root in &roots {
        let mut draft = world.spread(vec![root.clone()], &[Lock::WshTrue; 21], 3000);
        signal(&mut draft, SIGNALS);
        let first = draft.finish("family");
        for coin in outputs_of(&first).into_iter().take(21) {
            all.push(world.spread(vec![coin], &[Lock::WshTrue], 3000).finish("family"));
        }
        let at = all.len() - 21;
        all.insert(at, first);
    }
    for count in [5, 4] {
        let mut draft = world.spread(roots.iter().take(count).cloned().collect(), &[Lock::Wpkh], 1000);
        if !draft.spends.is_empty() {
            draft.pay_exactly(900_000);
            all.push(draft.finish("replacement of families"));
        }
    }
    all
}
