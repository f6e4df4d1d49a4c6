//! Loose transactions of the public chains.

use bytes::Bytes;
use litecast_mweb::{
    Category, CryptoError, NonStandard, PegIn, Reject, Rule, Stage, Verifier,
    amounts::{lock_height, peg_outs, total_fee},
    check::check_tx,
    check_standard, check_transaction,
};
use litecast_primitives::{
    Amount, Transaction,
    codec::Reader,
    mweb::{Tx, TxBody},
};

use crate::support::{VERIFIER, folder, json, peg_in_kernel};

fn recorded() -> Option<Vec<(String, Transaction)>> {
    let all = json(&folder()?.join("tx/transactions.json"));
    let read = |tx: &serde_json::Value| {
        let bytes = Bytes::from(hex::decode(tx["hex"].as_str().unwrap()).unwrap());
        (tx["name"].as_str().unwrap().to_owned(), Transaction::from_bytes(bytes).unwrap())
    };
    Some(all.as_array().unwrap().iter().map(read).collect())
}

fn peg_ins_of(tx: &Transaction) -> Vec<PegIn> {
    tx.outputs()
        .iter()
        .filter_map(|out| peg_in_kernel(&out.script_pubkey).map(|kernel_id| PegIn { amount: out.value, kernel_id }))
        .collect()
}

fn reason(checked: Result<(), Reject>) -> (&'static str, Category) {
    let reject = checked.unwrap_err();
    assert_eq!(reject.stage, Stage::CheckTransaction);
    (reject.reason(), reject.category())
}

#[test]
fn real_transactions_pass() {
    let Some(all) = recorded() else { return };
    let mut with_mweb = 0;
    for (name, tx) in all {
        let mweb = tx.mweb();
        let peg_ins = peg_ins_of(&tx);
        let checked = check_transaction(mweb, &peg_ins, &VERIFIER);
        match mweb {
            Some(mweb) => {
                assert_eq!(checked, Ok(()), "{name}");
                let mweb_only = tx.inputs().is_empty() && tx.outputs().is_empty();
                assert_eq!(check_standard(Some(mweb), mweb_only, &peg_ins), Ok(()), "{name}");
                let swapped = check_standard(Some(mweb), !mweb_only, &[]);
                assert_eq!(swapped, if mweb_only { Err(NonStandard::KernelMismatch) } else { Ok(()) }, "{name}");
                let with = |change: fn(&mut Tx)| {
                    let mut other = mweb.clone();
                    change(&mut other);
                    check_standard(Some(&other), true, &peg_ins)
                };
                assert_eq!(with(|tx| tx.body.kernels[0].features |= 0x40), Err(NonStandard::Features));
                assert_eq!(with(|tx| tx.body.outputs[0].message.features |= 4), Err(NonStandard::Features));
                with_mweb += 1;
            }
            // A peg-in that lost its MWEB data on the way through a block.
            None if !peg_ins.is_empty() => {
                assert_eq!(reason(checked), ("pegin-count-mismatch", Category::TxWitnessMutated), "{name}");
            }
            None => assert_eq!(checked, Ok(()), "{name}"),
        }
        if name == "rust-litecoin_pegout2" {
            let body = &mweb.unwrap().body;
            let amounts: Vec<Amount> = peg_outs(body).map(|peg_out| peg_out.amount).collect();
            assert_eq!(amounts.iter().map(|a| a.0).sum::<i64>(), 15 * Amount::COIN.0);
            assert_eq!((total_fee(body), lock_height(body)), (Some(Amount(3540)), 0));
        }
    }
    assert_eq!(with_mweb, 10);
}

#[test]
fn peg_ins_must_be_those_of_the_kernels() {
    let Some(all) = recorded() else { return };
    let (_, tx) = all.iter().find(|(name, _)| name == "regtest_pegin_2e6a2805").unwrap();
    let peg_in = peg_ins_of(tx)[0];
    let check = |peg_ins: &[PegIn]| reason(check_transaction(tx.mweb(), peg_ins, &VERIFIER));
    assert_eq!(check(&[peg_in, peg_in]), ("duplicate-tx-pegins", Category::TxRecentConsensusChange));
    assert_eq!(check(&[]), ("pegin-count-mismatch", Category::TxWitnessMutated));
    let more = PegIn { amount: Amount(peg_in.amount.0 + 1), ..peg_in };
    assert_eq!(check(&[more]), ("pegin-mismatch", Category::TxWitnessMutated));
    let mut other = peg_in;
    other.kernel_id.0[0] ^= 1;
    assert_eq!(check(&[other]), ("pegin-mismatch", Category::TxWitnessMutated));
}

/// Every part of a transaction that can be broken alone, with the rule that notices.
#[test]
fn a_broken_transaction_is_refused_by_name() {
    let Some(all) = recorded() else { return };
    let (_, tx) = all.iter().find(|(name, _)| name == "NLitecoin_transaction2").unwrap();
    let tx = tx.mweb().unwrap();
    let verifier = Verifier::new(1000);
    assert_eq!(check_tx(tx, &verifier), Ok(()));
    let broken = |change: fn(&mut Tx)| {
        let mut other = tx.clone();
        change(&mut other);
        check_tx(&other, &verifier).unwrap_err()
    };
    assert_eq!(broken(|tx| tx.kernel_offset[31] ^= 1), Rule::KernelSums);
    assert_eq!(broken(|tx| tx.kernel_offset = [0xff; 32]), Rule::Crypto(CryptoError::Commit));
    assert_eq!(broken(|tx| tx.stealth_offset[31] ^= 1), Rule::StealthSums);
    assert_eq!(broken(|tx| tx.stealth_offset = [0xff; 32]), Rule::Crypto(CryptoError::SecretKey));
    assert_eq!(broken(|tx| tx.body.inputs.swap(0, 1)), Rule::NotSorted);
    assert_eq!(broken(|tx| tx.body.outputs.swap(0, 1)), Rule::NotSorted);
    assert_eq!(broken(|tx| tx.body.inputs[1] = tx.body.inputs[0].clone()), Rule::DuplicateInputs);
    assert_eq!(broken(|tx| tx.body.outputs[1] = tx.body.outputs[0].clone()), Rule::DuplicateOutputs);
    assert_eq!(broken(|tx| tx.body.kernels.push(tx.body.kernels[0].clone())), Rule::DuplicateKernels);
    assert_eq!(broken(|tx| tx.body.inputs[0].signature[40] ^= 1), Rule::Signature);
    assert_eq!(broken(|tx| tx.body.kernels[0].signature[40] ^= 1), Rule::Signature);
    assert_eq!(broken(|tx| tx.body.kernels[0].excess[0] = 2), Rule::Crypto(CryptoError::Commitment));
    assert_eq!(broken(|tx| tx.body.inputs[0].input_pubkey = Some([5; 33])), Rule::Crypto(CryptoError::PublicKey));
    assert_eq!(broken(|tx| tx.body.inputs[0].commitment = tx.body.inputs[1].commitment), Rule::KernelSums);
    assert_eq!(broken(|tx| tx.body.inputs = vec![tx.body.inputs[0].clone(); 50_001]), Rule::Weight);
}

#[test]
fn a_transaction_with_two_kernels() {
    let Some(folder) = folder() else { return };
    let mut r = Reader::new(std::fs::read(folder.join("mweb/mw_transaction_2kernels.bin")).unwrap().into());
    let tx = Tx::decode(&mut r).unwrap();
    r.finish().unwrap();
    let TxBody { inputs, outputs, kernels } = &tx.body;
    assert_eq!((inputs.len(), outputs.len(), kernels.len()), (2, 2, 2));
    assert_eq!(check_tx(&tx, &VERIFIER), Ok(()));
}
