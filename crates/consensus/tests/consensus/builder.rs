//! A small valid chain in memory, and blocks for its next height that can be broken on purpose.

use bytes::Bytes;
use litecast_consensus::{
    ConnectError, Connected, Context, Reject, State,
    block::{check_block, commitment_hash, commitment_script, contextual_check_block, witness_commitment},
    connect_block,
    header::{check_block_header, contextual_check_block_header},
    pow::check_proof_of_work,
    scripts::{InOrder, ScriptCaches},
    subsidy::block_subsidy,
    versionbits::{TOP_BITS, VersionBitsCache},
};
use litecast_mweb::{
    BlockBuilder, MemoryStore,
    amounts::peg_ins,
    check::kernel_root,
    forge::{self, Forge, Terms},
};
use litecast_primitives::{
    Amount, Block, BlockHash, BlockHeader, Coin, Height, OutPoint, Transaction, TxIn, TxOut, Txid,
    hash::{MerkleRoot, MwebHash},
    merkle::{block_witness_merkle_root, merkle_root},
    mweb::{ExtensionBlock, Header as MwebHeader, Kernel, PegOut},
    params::{ActivationOverrides, Deployment, DeploymentId, Network, Params},
    transaction::TxParts,
    view::HeaderView,
};
use litecast_script::{
    opcode,
    template::{self, hogaddr_script},
};
use litecast_scrypt::scrypt_1024_1_1;

use crate::model::{Coins, Headers, Inside, VERIFIER};

/// Height of the block that is judged.
pub(crate) const HEIGHT: Height = 200;
/// Anyone can spend it.
pub(crate) const TRUE: &[u8] = &[opcode::OP_1];
/// Value of the coin that the good block spends.
pub(crate) const COIN: i64 = 1_000_000;
/// Coins inside of the extension block, below the block that is judged.
const INSIDE: i64 = 500;
const PEG_IN: i64 = 10;
const PEG_OUT: i64 = 2;
const MWEB_FEE: i64 = 1;
const SPACING: u32 = 150;

/// What stands below the block that is judged.
pub(crate) struct World {
    pub(crate) params: Params,
    pub(crate) headers: Headers,
    pub(crate) coins: Coins,
    pub(crate) mweb: Inside,
    /// A coin inside, with its secrets.
    pub(crate) coin_inside: Option<forge::Coin>,
    forge: Forge<'static>,
    pub(crate) now: i64,
    pub(crate) last_checkpoint: Option<Height>,
    cache: VersionBitsCache,
    scripts: ScriptCaches,
}

impl World {
    /// A regtest chain on which every rule is in force; with extension blocks or without.
    pub(crate) fn new(mweb: bool) -> Self {
        let mut params = Params::new(Network::Regtest);
        let vbparams = vec![if mweb { "mweb:-1:0" } else { "mweb:-2:0" }.to_owned()];
        params.apply(&ActivationOverrides { segwit_height: None, vbparams }).unwrap();
        params.bip34_height = 1;
        params.bip65_height = 1;
        params.bip66_height = 1;
        params.csv_height = 1;
        let mut headers = Headers::default();
        headers.push(*params.genesis.header());
        for _ in 1..HEIGHT {
            let below = headers.tip();
            headers.push(BlockHeader {
                version: TOP_BITS,
                prev: below.hash,
                time: below.header.time + SPACING,
                ..below.header
            });
        }
        let now = i64::from(headers.tip().header.time) + 7200;
        let mut world = Self {
            params,
            headers,
            coins: Coins::default(),
            mweb: Inside::default(),
            coin_inside: None,
            forge: Forge::new(&VERIFIER, 1),
            now,
            last_checkpoint: None,
            cache: VersionBitsCache::default(),
            scripts: ScriptCaches::new(1 << 16),
        };
        if mweb {
            world.begin_inside();
        }
        world
    }

    /// The block below carried an extension block with one coin.
    fn begin_inside(&mut self) {
        let terms = Terms { peg_in: Amount(INSIDE), ..Terms::default() };
        let (tx, mut coins, _) = self.forge.transaction(&[], &[Amount(INSIDE)], &terms);
        let mut store = MemoryStore::default();
        let mut builder = BlockBuilder::new(HEIGHT - 1, None, &store, &VERIFIER);
        builder.add(&tx, &peg_ins(&tx.body)).unwrap();
        let ExtensionBlock { header, body } = builder.build().unwrap().extension;
        let block = ExtensionBlock { header: header.clone(), body };
        let params = &self.params.mweb;
        let connected =
            litecast_mweb::connect_block(&block, &BlockHash::ZERO, None, &store, params, &VERIFIER).unwrap();
        store.apply(connected.delta);
        let hogex = self.coin(INSIDE, HEIGHT - 1, &hogaddr_script(header.hash())).txid;
        self.mweb = Inside { hogex, amount: Amount(INSIDE), header: Some(header), store };
        self.coin_inside = coins.pop();
    }

    /// The next extension block, to be filled.
    pub(crate) fn extension_builder(&self) -> BlockBuilder<'_> {
        BlockBuilder::new(HEIGHT, self.mweb.header.as_ref(), &self.mweb.store, &VERIFIER)
    }

    pub(crate) fn context(&self) -> Context<'_> {
        Context { chain: &self.headers, params: &self.params, versionbits: &self.cache, mweb: &VERIFIER }
    }

    pub(crate) fn state(&self) -> State<'_> {
        State { coins: &self.coins, mweb: &self.mweb.store, prev_mweb: self.mweb.prev() }
    }

    /// Taproot is never in force.
    pub(crate) fn without_taproot(&mut self) {
        self.params.deployments[DeploymentId::Taproot as usize].start_time = Deployment::NEVER_ACTIVE;
    }

    /// Adds a coin that nothing else is known about.
    pub(crate) fn coin(&mut self, value: i64, height: Height, script: &[u8]) -> OutPoint {
        self.special_coin(value, height, script, false, false)
    }

    pub(crate) fn special_coin(
        &mut self,
        value: i64,
        height: Height,
        script: &[u8],
        is_coinbase: bool,
        is_peg_out: bool,
    ) -> OutPoint {
        let mut txid = [0xcc; 32];
        txid[..8].copy_from_slice(&self.coins.0.len().to_le_bytes());
        let outpoint = OutPoint { txid: Txid::from_bytes(txid), vout: 0 };
        let output = TxOut { value: Amount(value), script_pubkey: Bytes::copy_from_slice(script) };
        self.coins.0.insert(outpoint, Coin { output, height, is_coinbase, is_peg_out });
        outpoint
    }

    pub(crate) fn median_time(&self) -> i64 {
        self.headers.median_time_past(self.headers.tip_height())
    }

    /// All rules, in the reference's order.
    pub(crate) fn judge(&self, block: &Block) -> Result<Connected, ConnectError> {
        let header = block.header();
        check_block_header(header, &scrypt_1024_1_1(&header.encode()), &self.params)?;
        contextual_check_block_header(header, &self.headers, &self.params, self.now, self.last_checkpoint)?;
        check_block(block)?;
        contextual_check_block(block, &self.context())?;
        self.connect(block)
    }

    /// Only what needs the coins.
    pub(crate) fn connect(&self, block: &Block) -> Result<Connected, ConnectError> {
        connect_block(block, &self.context(), &self.state(), &mut InOrder(Some(&self.scripts)))
    }

    /// The verdict as a reject, or nothing.
    pub(crate) fn reject(&self, block: &Block) -> Option<Reject> {
        reject(self.judge(block))
    }
}

pub(crate) fn reject(verdict: Result<Connected, ConnectError>) -> Option<Reject> {
    match verdict {
        Ok(_) => None,
        Err(ConnectError::Reject(reject)) => Some(reject),
        Err(other) => panic!("{other}"),
    }
}

/// A block that is not finished.
pub(crate) struct Draft {
    pub(crate) version: i32,
    pub(crate) time: u32,
    pub(crate) bits: u32,
    /// Coinbase first, HogEx last.
    pub(crate) transactions: Vec<TxParts>,
    pub(crate) extension: Option<ExtensionBlock>,
    /// Secret of the kernel's excess.
    excess: [u8; 32],
    /// Write the witness commitment, if the coinbase has a place for it.
    pub(crate) commits: bool,
    /// Instead of the true one.
    pub(crate) root: Option<MerkleRoot>,
    /// Search for a nonce that meets the target, or for one that does not.
    pub(crate) proves_work: bool,
}

impl Draft {
    /// A good block on top of `world`: a coinbase, a transaction and, if there are extension blocks, a peg-in and the
    /// HogEx.
    pub(crate) fn good(world: &mut World) -> Self {
        let tip = world.headers.tip().header;
        let reserved = Bytes::from_static(&[0; 32]);
        let mut coinbase = spend(&[OutPoint::NULL], &[(block_subsidy(HEIGHT, &world.params).0, TRUE)]);
        coinbase.inputs[0].script_sig = coinbase_script(HEIGHT);
        coinbase.inputs[0].witness = vec![reserved];
        coinbase.outputs.push(output(0, &commitment_script([0; 32])));
        let coin = world.coin(COIN, 1, TRUE);
        let mut draft = Self {
            version: TOP_BITS,
            time: tip.time + SPACING,
            bits: tip.bits,
            transactions: vec![coinbase, spend(&[coin], &[(COIN, TRUE)])],
            extension: None,
            excess: [0; 32],
            commits: true,
            root: None,
            proves_work: true,
        };
        if world.mweb.header.is_some() {
            draft.add_extension(world, &[], &[PEG_IN - PEG_OUT - MWEB_FEE]);
        }
        draft
    }

    /// A peg-in with a peg-out, which also spends these coins inside and makes new ones of these values.
    pub(crate) fn add_extension(&mut self, world: &mut World, coins: &[forge::Coin], values: &[i64]) {
        let terms = Terms {
            fee: Amount(MWEB_FEE),
            peg_in: Amount(PEG_IN),
            peg_outs: vec![PegOut { amount: Amount(PEG_OUT), script_pubkey: TRUE.into() }],
            lock_height: 0,
        };
        let values: Vec<Amount> = values.iter().copied().map(Amount).collect();
        let (tx, _, excess) = world.forge.transaction(coins, &values, &terms);
        let mut builder = world.extension_builder();
        builder.add(&tx, &peg_ins(&tx.body)).unwrap();
        self.extension = Some(builder.build().unwrap().extension);
        self.excess = excess;
        let coin = world.coin(PEG_IN, 1, TRUE);
        self.transactions.truncate(2);
        self.transactions.push(spend(&[coin], &[(PEG_IN, &peg_in_script(MwebHash([0; 32])))]));
        let left = INSIDE + PEG_IN - PEG_OUT - MWEB_FEE;
        let below = OutPoint { txid: world.mweb.hogex, vout: 0 };
        let mut hogex = spend(&[below], &[(left, TRUE), (PEG_OUT, TRUE)]);
        hogex.is_hogex = true;
        self.transactions.push(hogex);
        self.seal();
    }

    /// Signs the kernel again and lets everything name it, as a miner would who wants to break only the rule at hand.
    pub(crate) fn sign(&mut self) {
        let kernel = &mut self.extension.as_mut().unwrap().body.kernels[0];
        Forge::new(&VERIFIER, 2).sign_kernel(kernel, &self.excess);
        self.seal();
    }

    /// Lets the header name the kernels, the peg-in its kernel, and the HogEx header and peg-ins.
    pub(crate) fn seal(&mut self) {
        let ExtensionBlock { header, body } = self.extension.as_mut().unwrap();
        header.kernel_root = kernel_root(&body.kernels);
        header.kernel_mmr_size = body.kernels.len() as u64;
        if let (Some(kernel), Some(peg_in)) = (body.kernels.first(), self.transactions.get_mut(2))
            && template::peg_in_kernel(&peg_in.outputs[0].script_pubkey).is_some()
        {
            peg_in.outputs[0].script_pubkey = peg_in_script(kernel.id()).into();
        }
        self.commit();
    }

    /// Makes the HogEx commit to the extension block's header and spend the block's peg-ins.
    pub(crate) fn commit(&mut self) {
        let (hogex, others) = self.transactions.split_last_mut().unwrap();
        let peg_ins = others[1..].iter().flat_map(|parts| {
            let txid = Transaction::from(parts.clone()).txid();
            let outputs = (0u32..).zip(&parts.outputs);
            let peg_ins = outputs.filter(|(_, output)| template::peg_in_kernel(&output.script_pubkey).is_some());
            peg_ins.map(move |(vout, _)| input(OutPoint { txid, vout }))
        });
        let header = self.extension.as_ref().unwrap().header.hash();
        hogex.inputs = hogex.inputs[..1].iter().cloned().chain(peg_ins).collect();
        hogex.outputs[0].script_pubkey = hogaddr_script(header).into();
    }

    pub(crate) fn coinbase(&mut self) -> &mut TxParts {
        &mut self.transactions[0]
    }

    /// The good block's ordinary transaction.
    pub(crate) fn tx(&mut self) -> &mut TxParts {
        &mut self.transactions[1]
    }

    pub(crate) fn hogex(&mut self) -> &mut TxParts {
        self.transactions.last_mut().unwrap()
    }

    pub(crate) fn kernel(&mut self) -> &mut Kernel {
        &mut self.extension.as_mut().unwrap().body.kernels[0]
    }

    pub(crate) fn mweb_header(&mut self) -> &mut MwebHeader {
        &mut self.extension.as_mut().unwrap().header
    }

    /// Takes the witness commitment and its reserved value away.
    pub(crate) fn drop_witness(&mut self) {
        self.coinbase().inputs[0].witness.clear();
        self.coinbase().outputs.truncate(1);
    }

    pub(crate) fn build(&self) -> Block {
        let mut transactions: Vec<Transaction> = self.transactions.iter().cloned().map(Transaction::from).collect();
        if self.commits && transactions.first().is_some_and(|tx| witness_commitment(tx).is_some()) {
            let mut coinbase = self.transactions[0].clone();
            let reserved = coinbase.inputs[0].witness.first().and_then(|item| item[..].try_into().ok());
            let commitment = commitment_hash(block_witness_merkle_root(&transactions), &reserved.unwrap_or_default());
            coinbase.outputs.last_mut().unwrap().script_pubkey = commitment_script(commitment).into();
            transactions[0] = Transaction::from(coinbase);
        }
        let root = merkle_root(transactions.iter().map(|tx| *tx.txid().as_bytes()).collect()).root;
        let mut header = BlockHeader {
            version: self.version,
            prev: BlockHash::ZERO,
            merkle_root: self.root.unwrap_or(root),
            time: self.time,
            bits: self.bits,
            nonce: 0,
        };
        let params = Params::new(Network::Regtest);
        while check_proof_of_work(&scrypt_1024_1_1(&header.encode()), header.bits, &params) != self.proves_work {
            header.nonce += 1;
        }
        Block::new(header, transactions.into_iter().map(Into::into).collect(), self.extension.clone())
    }
}

fn coinbase_script(height: Height) -> Bytes {
    let mut script = Vec::new();
    opcode::push_number(&mut script, height.into());
    script.into()
}

pub(crate) fn peg_in_script(kernel: MwebHash) -> Vec<u8> {
    [&[0x59, 0x20], kernel.0.as_slice()].concat()
}

pub(crate) fn input(prevout: OutPoint) -> TxIn {
    TxIn { prevout, script_sig: Bytes::new(), sequence: TxIn::SEQUENCE_FINAL, witness: Vec::new() }
}

pub(crate) fn output(value: i64, script: &[u8]) -> TxOut {
    TxOut { value: Amount(value), script_pubkey: Bytes::copy_from_slice(script) }
}

/// A transaction from coins to values and scripts.
pub(crate) fn spend(coins: &[OutPoint], outputs: &[(i64, &[u8])]) -> TxParts {
    TxParts {
        version: 2,
        inputs: coins.iter().copied().map(input).collect(),
        outputs: outputs.iter().map(|(value, script)| output(*value, script)).collect(),
        lock_time: 0,
        mweb: None,
        is_hogex: false,
    }
}
