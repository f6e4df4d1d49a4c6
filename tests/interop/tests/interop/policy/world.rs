//! What the test owns and has sent: the coins that its next transactions are made of. It follows the chain and the mempool
//! roughly; a coin that is gone makes one more transaction with missing inputs.

use std::collections::{BTreeSet, HashMap};

use litecast_mweb::forge;
use litecast_primitives::{Amount, OutPoint, Transaction, TxIn, TxOut, hash::MwebHash, mweb, transaction::TxParts};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use super::{
    cases::{CASES, Case},
    inside::Inside,
    locks::{BY_SCRIPT, Lock, STANDARD},
};

/// Signs everything.
pub(super) const ALL: u8 = 1;
/// Coins below this are left alone, in litoshis.
const SMALLEST: i64 = 300_000;

/// An output outside that can be spent.
#[derive(Debug, Clone)]
pub(super) struct Coin {
    pub(super) outpoint: OutPoint,
    pub(super) output: TxOut,
    pub(super) lock: Lock,
    /// Where it was mined; none in the mempool.
    pub(super) height: Option<u32>,
    pub(super) is_coinbase: bool,
    pub(super) is_peg_out: bool,
}

/// A transaction that is not signed.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) parts: TxParts,
    pub(super) spends: Vec<Coin>,
}

impl Draft {
    pub(super) fn input_value(&self) -> i64 {
        self.spends.iter().map(|coin| coin.output.value.0).sum()
    }

    /// Signed with the same hash type everywhere.
    pub(super) fn signed_as(&self, hash_type: u8) -> TxParts {
        let unsigned = Transaction::from(self.parts.clone());
        let spent: Vec<TxOut> = self.spends.iter().map(|coin| coin.output.clone()).collect();
        let mut parts = self.parts.clone();
        for (index, coin) in self.spends.iter().enumerate() {
            let (script_sig, witness) = coin.lock.unlock(&unsigned, index, &spent, hash_type);
            parts.inputs[index].script_sig = script_sig.into();
            parts.inputs[index].witness = witness.into_iter().map(Into::into).collect();
        }
        parts
    }

    pub(super) fn signed(&self) -> TxParts {
        self.signed_as(ALL)
    }

    /// Virtual bytes when signed.
    pub(super) fn size(&self) -> i64 {
        let parts = TxParts { mweb: None, ..self.signed() };
        i64::try_from(Transaction::from(parts).weight().div_ceil(4)).unwrap()
    }

    /// Pays a fee of this much for 1000 virtual bytes, out of the last output.
    pub(super) fn pay(&mut self, rate: i64) {
        self.pay_exactly(rate * self.size() / 1000);
    }

    pub(super) fn pay_exactly(&mut self, fee: i64) {
        let input = self.input_value();
        let (last, others) = self.parts.outputs.split_last_mut().expect("because there is an output to pay from");
        last.value = Amount((input - fee - others.iter().map(|output| output.value.0).sum::<i64>()).max(0));
    }

    pub(super) fn finish(&self, name: &'static str) -> Sent {
        Sent::new(name, self.signed())
    }
}

/// A transaction to be judged.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) name: &'static str,
    pub(super) tx: Transaction,
    /// What it makes inside.
    pub(super) made: Vec<forge::Coin>,
    /// On trial only; with litecastd's reject string if litecoind 0.21.2.1 is known not to see that fault.
    pub(super) trial: Option<Option<&'static str>>,
}

impl Sent {
    pub(super) fn new(name: &'static str, parts: impl Into<Transaction>) -> Self {
        Self { name, tx: parts.into(), made: Vec::new(), trial: None }
    }

    pub(super) fn on_trial(self) -> Self {
        Self { trial: Some(None), ..self }
    }
}

/// Everything the cases draw from.
pub(super) struct World {
    pub(super) random: StdRng,
    pub(super) coins: Vec<Coin>,
    /// What accepted transactions spent, with them, the newest last.
    pub(super) sent: Vec<(Draft, Transaction)>,
    /// Transactions that were mined.
    pub(super) mined: Vec<Transaction>,
    pub(super) height: u32,
    pub(super) median_time: u32,
    pub(super) inside: Inside,
    /// By how much fees are higher than where the minimum is the usual one.
    pub(super) fee_factor: i64,
    /// What is drawn from.
    pub(super) cases: &'static [(usize, Case)],
}

pub(super) fn input(outpoint: OutPoint) -> TxIn {
    TxIn { prevout: outpoint, script_sig: [].as_slice().into(), sequence: TxIn::SEQUENCE_FINAL, witness: Vec::new() }
}

/// The parts of a transaction with these inputs and outputs.
pub(super) fn parts(spends: &[Coin], outputs: Vec<TxOut>) -> TxParts {
    let inputs = spends.iter().map(|coin| input(coin.outpoint)).collect();
    TxParts { version: 2, inputs, outputs, lock_time: 0, mweb: None, is_hogex: false }
}

impl World {
    pub(super) fn new(seed: u64, coins: Vec<Coin>, inside: Inside) -> Self {
        let random = StdRng::seed_from_u64(seed);
        Self {
            random,
            coins,
            sent: Vec::new(),
            mined: Vec::new(),
            height: 0,
            median_time: 0,
            inside,
            fee_factor: 1,
            cases: CASES,
        }
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.random.random_range(0..bound)
    }

    pub(super) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(super) fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        let at = self.below(from.len());
        from[at].clone()
    }

    /// Coins that fit, up to so many.
    pub(super) fn take(&mut self, count: usize, fits: impl Fn(&Coin) -> bool) -> Vec<Coin> {
        let height = self.height;
        let ripe = |coin: &&Coin| {
            let wait = if coin.is_coinbase || coin.is_peg_out { 100 } else { 0 };
            coin.output.value.0 >= SMALLEST && coin.height.is_none_or(|at| at + wait <= height) && fits(coin)
        };
        let mut fitting: Vec<Coin> = self.coins.iter().filter(ripe).cloned().collect();
        let mut taken = Vec::new();
        while taken.len() < count && !fitting.is_empty() {
            let at = self.below(fitting.len());
            taken.push(fitting.swap_remove(at));
        }
        taken
    }

    /// Ordinary mined coins.
    pub(super) fn mined(&mut self, count: usize) -> Vec<Coin> {
        self.take(count, |coin| STANDARD.contains(&coin.lock) && coin.height.is_some())
    }

    /// Ordinary coins, mined or not.
    pub(super) fn any(&mut self, count: usize) -> Vec<Coin> {
        self.take(count, |coin| STANDARD.contains(&coin.lock))
    }

    pub(super) fn with_lock(&mut self, count: usize, lock: Lock) -> Vec<Coin> {
        self.take(count, |coin| coin.lock == lock && coin.height.is_some())
    }

    /// A lock that receives: mostly small ones.
    pub(super) fn lock(&mut self) -> Lock {
        if self.chance(70) {
            self.pick(&[Lock::Wpkh, Lock::Pkh, Lock::WshTrue, Lock::Taproot])
        } else {
            self.pick(&STANDARD)
        }
    }

    /// A fee rate on either side of the usual minimum, litoshis for 1000 virtual bytes.
    pub(super) fn rate(&mut self) -> i64 {
        if self.chance(70) {
            self.random.random_range(1000..60_000)
        } else {
            self.pick(&[0, 500, 990, 1000, 1001, 29_999, 30_000, 40_000])
        }
    }

    /// A draft that spreads the coins evenly over outputs of these kinds.
    pub(super) fn spread(&mut self, spends: Vec<Coin>, locks: &[Lock], rate: i64) -> Draft {
        let total: i64 = spends.iter().map(|coin| coin.output.value.0).sum();
        let share = total / i64::try_from(locks.len().max(1)).unwrap();
        let outputs = locks.iter().map(|lock| lock.output(share)).collect();
        let mut draft = Draft { parts: parts(&spends, outputs), spends };
        if !locks.is_empty() {
            draft.pay(rate * self.fee_factor);
        }
        draft
    }

    /// The usual payment: good in every respect.
    pub(super) fn payment(&mut self, rate: i64) -> Draft {
        let count = 1 + self.below(3);
        let spends = self.any(count);
        let locks: Vec<Lock> = (0..1 + self.below(4)).map(|_| self.lock()).collect();
        self.spread(spends, &locks, rate)
    }

    /// A good payment of mined coins alone.
    pub(super) fn simple(&mut self, lock: Lock) -> Draft {
        let spends = self.mined(1);
        let rate = self.random.random_range(30_000..60_000);
        self.spread(spends, &[lock], rate)
    }

    /// Learns that the nodes have taken a transaction.
    pub(super) fn on_accepted(&mut self, sent: &Sent) {
        let spent: BTreeSet<OutPoint> = sent.tx.inputs().iter().map(|input| input.prevout).collect();
        let (gone, kept) = std::mem::take(&mut self.coins).into_iter().partition(|coin| spent.contains(&coin.outpoint));
        self.coins = kept;
        // In the order of the inputs, so that it can be made again.
        let mut by_outpoint: HashMap<OutPoint, Coin> =
            Vec::from_iter::<Vec<Coin>>(gone).into_iter().map(|coin: Coin| (coin.outpoint, coin)).collect();
        let spends: Vec<Coin> =
            sent.tx.inputs().iter().filter_map(|input| by_outpoint.remove(&input.prevout)).collect();
        self.receive(&sent.tx, None);
        if spends.len() == sent.tx.inputs().len() && !spends.is_empty() && sent.tx.mweb().is_none() {
            self.sent.push((Draft { parts: sent.tx.parts().clone(), spends }, sent.tx.clone()));
        }
        let mweb_inputs: Vec<MwebHash> = sent
            .tx
            .mweb()
            .into_iter()
            .flat_map(|mweb: &mweb::Tx| &mweb.body.inputs)
            .map(|input| input.output_id)
            .collect();
        self.inside.on_accepted(sent.tx.txid(), &mweb_inputs, &sent.made);
    }

    /// The outputs of a transaction are coins.
    pub(super) fn receive(&mut self, tx: &Transaction, height: Option<u32>) {
        for (vout, output) in (0..).zip(tx.outputs()) {
            let Some(lock) = BY_SCRIPT.get(&output.script_pubkey) else { continue };
            let outpoint = OutPoint { txid: tx.txid(), vout };
            if self.coins.iter().any(|coin| coin.outpoint == outpoint) {
                continue;
            }
            self.coins.push(Coin {
                outpoint,
                output: output.clone(),
                lock: *lock,
                height,
                is_coinbase: tx.is_coinbase(),
                is_peg_out: tx.is_hogex(),
            });
        }
    }

    /// Learns of a new block.
    pub(super) fn on_block(&mut self, transactions: &[std::sync::Arc<Transaction>]) {
        self.height += 1;
        let height = self.height;
        let mined: BTreeSet<_> = transactions.iter().map(|tx| tx.txid()).collect();
        for coin in self.coins.iter_mut().filter(|coin| mined.contains(&coin.outpoint.txid)) {
            coin.height = Some(height);
        }
        for tx in transactions.iter().filter(|tx| tx.is_coinbase() || tx.is_hogex()) {
            self.receive(tx, Some(height));
        }
        self.sent.retain(|(_, tx)| !mined.contains(&tx.txid()));
        let others = transactions.iter().filter(|tx| !tx.is_coinbase() && !tx.is_hogex());
        self.mined.extend(others.map(|tx| Transaction::clone(tx)));
    }

    /// Learns that blocks above this height are gone.
    pub(super) fn on_undone(&mut self, height: u32) {
        self.height = height;
        let gone = |coin: &Coin| coin.height.is_some_and(|at| at > height);
        self.coins.retain(|coin| !(gone(coin) && (coin.is_coinbase || coin.is_peg_out)));
        self.coins.iter_mut().filter(|coin| gone(coin)).for_each(|coin| coin.height = None);
    }

    /// Forgets what is neither mined nor in the mempool.
    pub(super) fn keep(&mut self, pool: &BTreeSet<String>) {
        self.coins.retain(|coin| coin.height.is_some() || pool.contains(&coin.outpoint.txid.to_string()));
        self.sent.retain(|(_, tx)| pool.contains(&tx.txid().to_string()));
        self.inside.keep(pool);
    }
}
