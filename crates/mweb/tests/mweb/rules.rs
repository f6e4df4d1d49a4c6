//! Real extension blocks with one thing changed, and the rule that notices.

use bytes::Bytes;
use litecast_mweb::{
    Category, ConnectError, MemoryStore, Rule, Stage, Verifier,
    check::{check_extension, kernel_root},
    check_block, connect_block,
    crypto::{CryptoError, ProofData},
    message::kernel_message_hash,
};
use litecast_primitives::{
    Amount, Block,
    hash::MwebHash,
    mweb::{ExtensionBlock, Header, Kernel, TxBody},
    params::{MwebParams, Network, Params},
};
use secp256k1zkp::{
    Message, aggsig,
    key::{PublicKey, SecretKey},
};

use crate::support::{VERIFIER, follow, peg_ins_of, peg_outs_of, regtest};

/// A block that fits, with the state below it.
struct Case {
    block: Block,
    prev: Option<Header>,
    store: MemoryStore,
}

impl Case {
    /// The first block of the recorded chain whose body is as asked for.
    fn find(wanted: impl Fn(&ExtensionBlock) -> bool) -> Option<Self> {
        let mut found = None;
        follow("mweb-regtest/blocks.hex", |state, block| {
            if found.is_none() && wanted(block.extension().unwrap()) {
                let (prev, store) = (state.header.clone(), state.store.clone());
                found = Some(Self { block: block.clone(), prev, store });
            }
        })?;
        Some(found.expect("because the recorded chain has blocks of every kind"))
    }

    fn extension(&self, change: impl FnOnce(&mut ExtensionBlock)) -> ExtensionBlock {
        let mut extension = self.block.extension().unwrap().clone();
        change(&mut extension);
        extension
    }

    fn check(&self, change: impl FnOnce(&mut ExtensionBlock)) -> Rule {
        check_extension(&self.extension(change), &regtest(), &VERIFIER).unwrap_err()
    }

    fn connect_with(
        &self,
        extension: &ExtensionBlock,
        store: &MemoryStore,
        params: &MwebParams,
    ) -> Result<(), (Rule, &'static str, Category)> {
        match connect_block(extension, &self.block.hash(), self.prev.as_ref(), store, params, &VERIFIER) {
            Ok(_) => Ok(()),
            Err(ConnectError::Reject(reject)) => {
                assert_eq!(reject.stage, Stage::ConnectBlock);
                Err((reject.rule, reject.reason(), reject.category()))
            }
            Err(ConnectError::View(error)) => panic!("{error}"),
        }
    }

    fn connect(&self, change: impl FnOnce(&mut ExtensionBlock)) -> Rule {
        let (rule, reason, category) = self.connect_with(&self.extension(change), &self.store, &regtest()).unwrap_err();
        assert_eq!((reason, category), ("mweb-connect-failed", Category::Mutated));
        rule
    }
}

#[test]
fn the_header_must_fit_the_body() {
    let Some(case) = Case::find(|e| !e.body.inputs.is_empty()) else { return };
    assert_eq!(case.check(|e| e.header.kernel_mmr_size += 1), Rule::KernelCount);
    assert_eq!(case.check(|e| e.header.kernel_mmr_size = u64::MAX), Rule::KernelCount);
    assert_eq!(case.check(|e| e.header.kernel_root.0[0] ^= 1), Rule::KernelRoot);
    assert_eq!(case.check(|e| e.header.stealth_offset[31] ^= 1), Rule::StealthSums);
    assert_eq!(case.connect(|e| e.header.output_mmr_size += 1), Rule::StateRoots);
    assert_eq!(case.connect(|e| e.header.output_mmr_size = u64::MAX), Rule::StateRoots);
    assert_eq!(case.connect(|e| e.header.output_root.0[0] ^= 1), Rule::StateRoots);
    assert_eq!(case.connect(|e| e.header.leafset_root.0[0] ^= 1), Rule::StateRoots);
    assert_eq!(case.connect(|e| e.header.kernel_offset[31] ^= 1), Rule::KernelSums);
    assert_eq!(case.connect(|e| e.header.kernel_offset = [0xff; 32]), Rule::Crypto(CryptoError::BlindingFactor));
    assert_eq!(case.connect(|e| e.body.kernels[0].fee = Some(Amount(i64::MAX))), Rule::AmountRange);
}

#[test]
fn inputs_must_fit_the_state() {
    let Some(case) = Case::find(|e| !e.body.inputs.is_empty()) else { return };
    let extension = case.extension(|_| {});
    let input = &extension.body.inputs[0];
    let rule = |store: &MemoryStore, params: &MwebParams| {
        case.connect_with(&extension, store, params).map_err(|(rule, ..)| rule)
    };
    assert_eq!(rule(&case.store, &regtest()), Ok(()));

    let mut missing = case.store.clone();
    missing.utxos.remove(&input.output_id);
    assert_eq!(rule(&missing, &regtest()), Err(Rule::InputMissing));

    // An output that the leafset calls spent is spent.
    let mut spent = case.store.clone();
    let leaf = spent.utxos[&input.output_id].leaf;
    spent.pages.get_mut(&0).unwrap()[usize::try_from(leaf / 8).unwrap()] &= !(0x80 >> (leaf % 8));
    assert_eq!(rule(&spent, &regtest()), Err(Rule::InputMissing));

    // The one grandfathered block may state other metadata.
    let mut lenient = regtest();
    lenient.input_metadata_grandfather = Some(case.block.hash());
    for key in [false, true] {
        let mut other = case.store.clone();
        let output = &mut other.utxos.get_mut(&input.output_id).unwrap().output;
        let changed = if key { &mut output.receiver_pubkey } else { &mut output.commitment };
        changed[32] ^= 1;
        assert_eq!(rule(&other, &regtest()), Err(Rule::InputMismatch));
        assert_eq!(rule(&other, &lenient), Ok(()));
    }

    let mut exists = case.store.clone();
    let utxo = exists.utxos[&input.output_id].clone();
    exists.utxos.insert(extension.body.outputs[0].id(), utxo);
    assert_eq!(rule(&exists, &regtest()), Err(Rule::OutputExists));

    // Frozen: asked last, and the block itself is to blame.
    let mut frozen = regtest();
    frozen.frozen_outputs.push(input.output_id);
    assert_eq!(
        case.connect_with(&extension, &case.store, &frozen),
        Err((Rule::FrozenOutputSpent(input.output_id), "frozen-mweb-output-spent", Category::Consensus))
    );
    assert_eq!(rule(&missing, &frozen), Err(Rule::InputMissing));
}

#[test]
fn pegs_must_be_those_outside() {
    let check = |case: &Case, peg_ins: &[_], peg_outs: &[_]| {
        let extension = case.block.extension().unwrap();
        check_block(extension, peg_ins, peg_outs, &regtest(), &VERIFIER).map_err(|reject| {
            assert_eq!((reject.reason(), reject.category()), ("bad-blk-mweb", Category::Mutated));
            reject.rule
        })
    };
    let Some(case) = Case::find(|e| e.body.kernels.iter().any(|k| k.peg_in.is_some())) else { return };
    let (mut peg_ins, peg_outs) = (peg_ins_of(&case.block), peg_outs_of(&case.block));
    assert_eq!(check(&case, &peg_ins, &peg_outs), Ok(()));
    assert_eq!(check(&case, &[], &peg_outs), Err(Rule::PegIns));
    peg_ins.push(peg_ins[0]);
    assert_eq!(check(&case, &peg_ins, &peg_outs), Err(Rule::PegIns));
    peg_ins.pop();
    peg_ins[0].amount.0 -= 1;
    assert_eq!(check(&case, &peg_ins, &peg_outs), Err(Rule::PegIns));

    let case = Case::find(|e| e.body.kernels.iter().map(|k| k.peg_outs.len()).sum::<usize>() > 1).unwrap();
    let (peg_ins, mut peg_outs) = (peg_ins_of(&case.block), peg_outs_of(&case.block));
    assert_eq!(check(&case, &peg_ins, &peg_outs), Ok(()));
    peg_outs.reverse();
    assert_eq!(check(&case, &peg_ins, &peg_outs), Ok(()));
    peg_outs[0] = peg_outs[1].clone();
    assert_eq!(check(&case, &peg_ins, &peg_outs), Err(Rule::PegOuts));
    peg_outs.pop();
    assert_eq!(check(&case, &peg_ins, &peg_outs), Err(Rule::PegOuts));
}

/// A kernel alone, with nothing in or out, signed by its excess.
fn locked_kernel(height: u32) -> Kernel {
    let secp = VERIFIER.context();
    let secret = SecretKey::from_slice(secp, &[7; 32]).unwrap();
    let key = PublicKey::from_secret_key(secp, &secret).unwrap();
    let mut kernel = Kernel {
        features: 8,
        fee: None,
        peg_in: None,
        peg_outs: Vec::new(),
        lock_height: Some(height),
        stealth_excess: None,
        extra_data: Bytes::new(),
        excess: VERIFIER.commit_blinded(&[7; 32]).unwrap(),
        signature: [0; 64],
    };
    let message = Message::from_slice(&kernel_message_hash(&kernel).0).unwrap();
    let signature = aggsig::sign_single(secp, &message, &secret, None, None, None, Some(&key), None).unwrap();
    kernel.signature = signature.to_raw_data();
    kernel
}

#[test]
fn locked_kernels_wait_above_the_grandfathered_height() {
    let check = |height: u32, locked: u32, enforced_above: u32| {
        let kernels = vec![locked_kernel(locked)];
        let header = Header {
            height,
            output_root: MwebHash::default(),
            kernel_root: kernel_root(&kernels),
            leafset_root: MwebHash::default(),
            kernel_offset: [0; 32],
            stealth_offset: [0; 32],
            output_mmr_size: 0,
            kernel_mmr_size: 1,
        };
        let block = ExtensionBlock { header, body: TxBody { kernels, ..TxBody::default() } };
        let params = MwebParams { lock_height_enforced_above: enforced_above, ..regtest() };
        check_extension(&block, &params, &VERIFIER)
    };
    assert_eq!(check(100, 101, 100), Ok(()));
    assert_eq!(check(101, 101, 100), Ok(()));
    assert_eq!(check(101, 102, 100), Err(Rule::LockHeight));
    let params = Params::new(Network::Main).mweb;
    assert_eq!(params.lock_height_enforced_above, 3_110_000);
    assert_eq!(check(3_110_000, 3_110_001, params.lock_height_enforced_above), Ok(()));
    assert_eq!(check(3_110_001, 3_110_002, params.lock_height_enforced_above), Err(Rule::LockHeight));
}

/// Alone, in a batch, and among threads; with a memory and without.
#[test]
fn range_proofs_bind_commitment_and_message() {
    let Some(case) = Case::find(|e| e.body.outputs.len() > 40) else { return };
    let outputs = &case.block.extension().unwrap().body.outputs;
    let messages: Vec<Vec<u8>> = outputs
        .iter()
        .map(|output| {
            let mut bytes = Vec::new();
            output.message.encode(&mut bytes);
            bytes
        })
        .collect();
    let proofs: Vec<ProofData<'_>> = outputs
        .iter()
        .zip(&messages)
        .map(|(o, m)| ProofData { commitment: o.commitment, proof: &o.range_proof, extra_data: m })
        .collect();
    for (threads, verifier) in [(1, Verifier::new(0)), (2, Verifier::new(0)), (3, Verifier::new(1000))] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            assert_eq!(verifier.verify_range_proofs(&proofs), Ok(true));
            assert_eq!(verifier.verify_range_proofs(&proofs), Ok(true));
            for at in [0, proofs.len() - 1] {
                let with = |data: ProofData<'_>| {
                    let mut others = proofs.clone();
                    others[at] = data;
                    verifier.verify_range_proofs(&others)
                };
                assert_eq!(with(ProofData { extra_data: b"", ..proofs[at] }), Ok(false));
                assert_eq!(with(ProofData { commitment: proofs[1].commitment, ..proofs[at] }), Ok(false));
                assert_eq!(with(ProofData { proof: proofs[1].proof, ..proofs[at] }), Ok(false));
                assert_eq!(with(ProofData { proof: &[], ..proofs[at] }), Ok(false));
                let mut flipped = proofs[at].proof.to_vec();
                flipped[300] ^= 1;
                let flipped = Bytes::from(flipped);
                assert_eq!(with(ProofData { proof: &flipped, ..proofs[at] }), Ok(false));
                for byte in [0, 1, 0x80, 0xff] {
                    assert_eq!(with(ProofData { proof: &[byte; 675], ..proofs[at] }), Ok(false));
                }
                let nonsense = ProofData { commitment: [7; 33], ..proofs[at] };
                assert_eq!(with(nonsense), Err(CryptoError::Commitment));
            }
            assert_eq!(verifier.verify_range_proofs(&proofs), Ok(true));
        });
    }
}
