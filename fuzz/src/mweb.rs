//! A small state of the extension block, good transactions and blocks on top of it, and every secret in them: what the
//! MWEB targets change, sign anew and have judged.

mod draft;
mod edit;
mod judge;
#[cfg(test)]
mod tests;

pub(crate) use draft::{Draft, KERNELS};
pub(crate) use edit::apply_edits;
pub(crate) use judge::{assert_conserves, judge_block};

use std::{collections::HashMap, sync::LazyLock};

use bytes::Bytes;
use litecast_mweb::{
    BlockBuilder, MemoryStore, PegIn, Verifier, add_blinding_factors,
    amounts::peg_ins,
    connect_block,
    crypto::{SignedMessage, hash_to_scalar},
    forge::{Coin, Forge, Terms},
    message::{input_message, kernel_message, output_message},
};
use litecast_primitives::{
    Amount, BlockHash, Height,
    hash::MwebHash,
    mweb::{ExtensionBlock, Header, Input, Kernel, Output, PegOut, Signature, Tx},
    params::{MwebParams, Network, Params},
};
use secp256k1zkp::{
    Message, aggsig,
    key::{PublicKey, SecretKey},
};

/// Height of the block whose state is the world's; the targets' blocks are one above.
const HEIGHT: Height = 500;
/// All secrets are the first ones that a forge of this seed gives out.
const SEED: u64 = 7;
/// Secrets that are known: more than the forge uses.
const SECRETS: usize = 100;

/// A transaction and its peg-ins outside.
pub(crate) struct GoodTx {
    pub(crate) tx: Tx,
    pub(crate) outside: Vec<PegIn>,
}

/// A block and what it has outside.
pub(crate) struct GoodBlock {
    pub(crate) extension: ExtensionBlock,
    pub(crate) peg_ins: Vec<PegIn>,
    pub(crate) peg_outs: Vec<PegOut>,
}

/// The state, and everything that is known about it.
pub(crate) struct World {
    /// With a memory: what did not change is not verified again.
    pub(crate) verifier: Verifier,
    /// Without.
    pub(crate) strict: Verifier,
    pub(crate) params: MwebParams,
    pub(crate) prev: Header,
    pub(crate) store: MemoryStore,
    /// Values of all commitments that have a range proof.
    pub(crate) values: HashMap<[u8; 33], i64>,
    /// By key, and by excess.
    secrets: HashMap<[u8; 33], [u8; 32]>,
    /// Good ones; the fourth spends an output of the first.
    pub(crate) txs: Vec<GoodTx>,
    pub(crate) blocks: Vec<GoodBlock>,
    /// Keys and commitments: of the good ones, and odd ones.
    pub(crate) points: Vec<[u8; 33]>,
    /// Offsets: of the good ones, and odd ones.
    pub(crate) scalars: Vec<[u8; 32]>,
}

pub(crate) static WORLD: LazyLock<World> = LazyLock::new(World::new);

impl World {
    fn new() -> Self {
        let verifier = Verifier::new(1 << 9);
        // Lock heights count from the start, not only where the public chains have begun to enforce them.
        let params = MwebParams { lock_height_enforced_above: 0, ..Params::new(Network::Regtest).mweb };
        let mut forge = Forge::new(&verifier, SEED);
        let terms = |peg_in: i64, peg_outs: &[i64], lock_height| Terms {
            fee: Amount(1000),
            peg_in: Amount(peg_in),
            peg_outs: peg_outs.iter().map(|amount| peg_out(*amount)).collect(),
            lock_height,
        };
        let (fund, coins, _) =
            forge.transaction(&[], &[1, 2, 3, 4].map(|n| Amount(n * 1_000_000)), &terms(10_001_000, &[], 0));
        let (plain, change, _) = forge.transaction(&coins[..1], &[Amount(999_000)], &terms(0, &[], 0));
        let (enter, entered, _) = forge.transaction(&[], &[Amount(500_000)], &terms(501_000, &[], 0));
        let (leave, left, _) =
            forge.transaction(&coins[1..2], &[Amount(1_000_000)], &terms(0, &[600_000, 399_000], 450));
        let (chained, last, _) = forge.transaction(&change, &[Amount(998_000)], &terms(0, &[], 0));
        let (extra, merged, _) = forge.transaction(&coins[2..], &[Amount(6_999_000)], &terms(0, &[], HEIGHT));
        let own = forge.secret();
        let values = [&coins, &change, &entered, &left, &last, &merged].into_iter().flatten();
        let values: HashMap<_, _> = values.map(|coin: &Coin| (coin.output.commitment, coin.value.0)).collect();

        let mut known = Forge::new(&verifier, SEED);
        let mut secrets = HashMap::new();
        for secret in std::iter::repeat_with(|| known.secret()).take(SECRETS) {
            secrets.insert(verifier.public_key(&secret).expect("a secret has a key"), secret);
            secrets.insert(verifier.commit_blinded(&secret).expect("a secret has a commitment"), secret);
        }
        let nothing = MemoryStore::default();
        let mut builder = BlockBuilder::new(HEIGHT, None, &nothing, &verifier);
        builder.add(&fund, &peg_ins(&fund.body)).expect("the first transaction is good");
        let first = builder.build().expect("the first block is good").extension;
        let connected = connect_block(&first, &BlockHash::ZERO, None, &nothing, &params, &verifier)
            .expect("the first block connects");
        let mut store = nothing;
        store.apply(connected.delta);
        let mut world = Self {
            strict: Verifier::new(0),
            params,
            prev: first.header,
            store,
            values,
            secrets,
            txs: Vec::new(),
            blocks: Vec::new(),
            points: Vec::new(),
            scalars: Vec::new(),
            verifier,
        };
        let extra = world.with_everything(extra, &own);
        let good = |tx: Tx| GoodTx { outside: peg_ins(&tx.body), tx };
        world.txs = [plain, enter, leave, chained, extra].map(good).into();
        world.blocks = [&[0][..], &[1], &[2], &[0, 3], &[4], &[1, 2], &[]].map(|txs| world.block_of(txs)).into();
        world.fill_pools();
        world
    }

    /// Stealth excess and extra data everywhere, signed.
    fn with_everything(&self, mut tx: Tx, own: &[u8; 32]) -> Tx {
        let kernel = &mut tx.body.kernels[0];
        kernel.features |= 0x30;
        kernel.stealth_excess = Some(self.verifier.public_key(own).expect("a secret has a key"));
        kernel.extra_data = Bytes::from_static(b"kernel");
        tx.stealth_offset = add_blinding_factors(&[tx.stealth_offset], &[*own]).expect("both are scalars");
        tx.body.inputs[0].features |= 2;
        tx.body.inputs[0].extra_data = Some(Bytes::from_static(b"input"));
        self.sign_kernel(&mut tx.body.kernels[0]).expect("the secrets are known");
        self.sign_input(&mut tx.body.inputs[0]).expect("the secrets are known");
        tx
    }

    fn block_of(&self, txs: &[usize]) -> GoodBlock {
        let mut builder = BlockBuilder::new(HEIGHT + 1, Some(&self.prev), &self.store, &self.verifier);
        for tx in txs {
            builder.add(&self.txs[*tx].tx, &self.txs[*tx].outside).expect("a good transaction fits");
        }
        let built = builder.build().expect("good transactions make a block");
        GoodBlock { peg_ins: peg_ins(&built.extension.body), peg_outs: built.peg_outs, extension: built.extension }
    }

    /// The block of good transaction `n` alone, if it needs no other.
    pub(crate) fn block_of_tx(&self, n: usize) -> Option<&ExtensionBlock> {
        let block = [Some(0), Some(1), Some(2), None, Some(4)][n];
        block.map(|block: usize| &self.blocks[block].extension)
    }

    /// A builder on top of the state.
    pub(crate) fn builder(&self) -> BlockBuilder<'_> {
        BlockBuilder::new(HEIGHT + 1, Some(&self.prev), &self.store, &self.verifier)
    }

    fn fill_pools(&mut self) {
        let mut one = [0; 32];
        one[31] = 1;
        let order = hex32("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
        let mut below = order;
        below[31] -= 1;
        self.scalars = vec![[0; 32], one, below, order, [0xff; 32], self.prev.kernel_offset];
        let generator = self.verifier.public_key(&one).expect("one has a key");
        let value = self.verifier.commit_transparent(1).expect("one has a commitment");
        let mut none = [0; 33];
        (none[0], none[32]) = (2, 5);
        self.points = vec![[0; 33], [0xff; 33], none, generator, value];
        for good in &self.txs {
            self.scalars.extend([good.tx.kernel_offset, good.tx.stealth_offset]);
            let body = &good.tx.body;
            self.points.extend(body.inputs.iter().flat_map(|i| [i.commitment, i.output_pubkey]));
            self.points.extend(body.outputs.iter().flat_map(|o| [o.commitment, o.sender_pubkey, o.receiver_pubkey]));
            self.points.extend(body.kernels.iter().map(|k| k.excess));
        }
        let negated: Vec<_> = self.points.iter().map(|point| negate(*point)).collect();
        self.points.extend(negated);
    }

    /// Signs with the key of the excess, if its secret is known.
    pub(crate) fn sign_kernel(&self, kernel: &mut Kernel) -> Option<()> {
        let mut secret = *self.secrets.get(&kernel.excess)?;
        if let Some(stealth) = &kernel.stealth_excess {
            let key = self.verifier.commitment_to_key(&kernel.excess).ok()?;
            secret = self.mix(secret, &[key, *stealth], self.secrets.get(stealth)?)?;
        }
        kernel.signature = self.sign(&kernel_message(kernel, &self.verifier).ok()?, secret)?;
        Some(())
    }

    /// Signs with the receiver key of what it says it spends, and with its own.
    pub(crate) fn sign_input(&self, input: &mut Input) -> Option<()> {
        let mut secret = *self.secrets.get(&input.output_pubkey)?;
        if let Some(own) = &input.input_pubkey {
            secret = self.mix(secret, &[*own, input.output_pubkey], self.secrets.get(own)?)?;
        }
        input.signature = self.sign(&input_message(input, &self.verifier).ok()?, secret)?;
        Some(())
    }

    /// Signs with the sender key.
    pub(crate) fn sign_output(&self, output: &mut Output) -> Option<()> {
        let secret = *self.secrets.get(&output.sender_pubkey)?;
        output.signature = self.sign(&output_message(output), secret)?;
        Some(())
    }

    /// The secret of a mixed key: `hash of the keys * secret + other`.
    fn mix(&self, secret: [u8; 32], keys: &[[u8; 33]; 2], other: &[u8; 32]) -> Option<[u8; 32]> {
        let mut mixed = SecretKey(secret);
        let hash = hash_to_scalar(blake3::hash(&keys.concat()).as_bytes());
        mixed.mul_assign(self.verifier.context(), &SecretKey(hash)).ok()?;
        add_blinding_factors(&[mixed.0, *other], &[]).ok()
    }

    fn sign(&self, signed: &SignedMessage, secret: [u8; 32]) -> Option<Signature> {
        let secp = self.verifier.context();
        let message = Message::from_slice(&signed.message.0).ok()?;
        let public = PublicKey::from_slice(secp, &signed.key).ok()?;
        // Nothing here is worth stealing: a nonce that depends on the message alone is good enough.
        let nonce = SecretKey(hash_to_scalar(&signed.message.0));
        let signature =
            aggsig::sign_single(secp, &message, &SecretKey(secret), Some(&nonce), None, None, Some(&public), None);
        Some(signature.ok()?.to_raw_data())
    }

    /// A key and its secret: what offsets may be shifted by.
    pub(crate) fn key_of(&self, n: u8) -> Option<(&[u8; 33], &[u8; 32])> {
        let is_key = |point: &&[u8; 33]| matches!(point[0], 2 | 3) && self.secrets.contains_key(*point);
        let key = self.points.iter().filter(is_key).cycle().nth(n.into())?;
        self.secrets.get_key_value(key)
    }
}

/// To anybody.
pub(crate) fn peg_out(amount: i64) -> PegOut {
    PegOut { amount: Amount(amount), script_pubkey: Bytes::from_static(&[0x51]) }
}

/// The point with the other y, in either encoding.
pub(crate) fn negate(mut point: [u8; 33]) -> [u8; 33] {
    point[0] ^= 1;
    point
}

fn hex32(text: &str) -> [u8; 32] {
    let mut out = [0; 32];
    for (byte, n) in out.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(&text[n..n + 2], 16).expect("the constant is hex");
    }
    out
}

/// Ids of what can be spent.
pub(crate) fn spendable(store: &MemoryStore) -> Vec<MwebHash> {
    let mut ids: Vec<_> = store.utxos.keys().copied().collect();
    ids.sort_unstable();
    ids
}
