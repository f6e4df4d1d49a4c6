//! Copies of a good block that carry its header but other contents. Refusing them must not condemn the block.

use std::sync::Arc;

use bytes::Bytes;
use litecast_primitives::{
    Block, Transaction,
    hash::MwebHash,
    mweb::{ExtensionBlock, Header, TxBody},
    transaction::TxParts,
};

use crate::{
    case::{Delivery, Expect},
    draft::{ANYONE, Draft, output},
    lock::{Key, Unlock, p2pkh, p2wpkh},
    tree::{Terms, Tree},
};

const NONCE_SIZE: &str = "bad-witness-nonce-size";
const MERKLE_MATCH: &str = "bad-witness-merkle-match";
const UNEXPECTED: &str = "unexpected-witness";
const DUPLICATE: &str = "bad-txns-duplicate";

/// The block with other transactions behind the same header.
fn altered(block: &Block, change: impl FnOnce(&mut Vec<TxParts>)) -> Arc<Block> {
    let mut parts: Vec<TxParts> = block.transactions().iter().map(|tx| tx.parts().clone()).collect();
    change(&mut parts);
    let transactions = parts.into_iter().map(|tx| Arc::new(Transaction::from(tx))).collect();
    Arc::new(Block::new(*block.header(), transactions, None))
}

/// A block with a spend that has a witness.
fn witnessed(t: &mut Tree) -> Draft {
    let key = Key::new(61);
    let from = t.lock(&p2wpkh(&key.public()));
    let spend =
        t.unlock(&from, Terms::default(), |s| Unlock::witness(vec![s.v0(&key, &p2pkh(&key.public())), key.public()]));
    let mut draft = t.draft();
    draft.push(from).push(spend);
    draft
}

/// A case: the copy is refused, then the block is taken.
fn then_good(t: &mut Tree, name: &str, copy: Arc<Block>, reason: &str, block: Arc<Block>) {
    assert_eq!(copy.hash(), block.hash());
    let steps = vec![t.bad(copy, reason), t.good(block)];
    t.case(name, steps);
}

pub(crate) fn grow(t: &mut Tree) {
    t.group = "mutated copies";
    witnesses(t);
    rows(t);
    bytes(t);
    t.group = "witness commitment";
    commitments(t);
}

fn witnesses(t: &mut Tree) {
    type Change = fn(&mut Vec<TxParts>);
    let cases: [(&str, &str, Change); 7] = [
        ("a witness with a bit turned", MERKLE_MATCH, |txs| {
            let mut signature = txs[2].inputs[0].witness[0].to_vec();
            signature[10] ^= 1;
            txs[2].inputs[0].witness[0] = signature.into();
        }),
        ("a witness with one element more", MERKLE_MATCH, |txs| txs[2].inputs[0].witness.push(Bytes::new())),
        ("a witness that is gone", MERKLE_MATCH, |txs| txs[2].inputs[0].witness.clear()),
        ("all witnesses gone", NONCE_SIZE, |txs| {
            for tx in txs {
                tx.inputs[0].witness.clear();
            }
        }),
        ("a reserved value of 31 bytes", NONCE_SIZE, |txs| txs[0].inputs[0].witness = vec![vec![0; 31].into()]),
        ("two reserved values", NONCE_SIZE, |txs| txs[0].inputs[0].witness.push(vec![0; 32].into())),
        ("another reserved value", MERKLE_MATCH, |txs| txs[0].inputs[0].witness = vec![vec![1; 32].into()]),
    ];
    for (name, reason, change) in cases {
        let block = witnessed(t).mine();
        then_good(t, name, altered(&block, change), reason, block);
    }
    let mut draft = t.draft();
    draft.push(t.payment());
    let block = draft.mine();
    let copy = altered(&block, |txs| txs[1].inputs[0].witness.push(vec![1].into()));
    then_good(t, "a witness in a block without commitment", copy, UNEXPECTED, block);
    let block = t.draft().mine();
    let copy = altered(&block, |txs| txs[0].inputs[0].witness.push(vec![0; 32].into()));
    then_good(t, "a reserved value in a block without commitment", copy, UNEXPECTED, block);
    // More than a block may weigh: the witness is looked at first, so the block is not condemned.
    let block = witnessed(t).mine();
    let copy = altered(&block, |txs| txs[0].inputs[0].witness = vec![vec![0; 3_990_000].into()]);
    then_good(t, "a reserved value of a block's weight", copy, NONCE_SIZE, block);
    // An extension block before there are any.
    let mut draft = t.draft();
    draft.push(t.payment());
    let block = draft.mine();
    let copy = altered(&block, |txs| txs[1].is_hogex = true);
    let zero = MwebHash([0; 32]);
    let header = Header {
        height: t.height() + 1,
        output_root: zero,
        kernel_root: zero,
        leafset_root: zero,
        kernel_offset: [0; 32],
        stealth_offset: [0; 32],
        output_mmr_size: 0,
        kernel_mmr_size: 0,
    };
    let extension = ExtensionBlock { header, body: TxBody::default() };
    let copy = Arc::new(Block::new(*copy.header(), copy.transactions().to_vec(), Some(extension)));
    then_good(t, "an extension block before there are any", copy, "unexpected-mweb-data", block);
}

/// CVE-2012-2459: a row of the merkle tree that is doubled at its end has the same root.
fn rows(t: &mut Tree) {
    for (count, from) in [(3, 2), (5, 4), (6, 4), (7, 6), (1, 0)] {
        let mut draft = t.draft();
        for _ in 1..count {
            draft.push(t.payment());
        }
        let block = draft.mine();
        let copy = altered(&block, |txs| txs.extend_from_within(from..));
        // A single transaction has nothing beside it; twice it is another tree.
        let reason = if count == 1 { "bad-txnmrklroot" } else { DUPLICATE };
        then_good(t, &format!("{count} transactions, doubled from the {from}th"), copy, reason, block);
    }
    let mut draft = t.draft();
    draft.push(t.payment()).push(t.payment());
    let block = draft.mine();
    let copy = altered(&block, |txs| txs.swap(1, 2));
    then_good(t, "two transactions the other way round", copy, "bad-txnmrklroot", block);
    let mut draft = t.draft();
    draft.push(t.payment());
    let block = draft.mine();
    let copy = altered(&block, |txs| txs.truncate(1));
    then_good(t, "a transaction left out", copy, "bad-txnmrklroot", block);
    // Here the doubled row is the block itself: nothing can save it.
    let mut draft = t.draft();
    let payment = t.payment();
    draft.push(t.payment()).push(payment.clone()).push(payment);
    t.rejected("a block whose own row ends with the same twice", draft, DUPLICATE);
}

fn bytes(t: &mut Tree) {
    type Cut = fn(&[u8]) -> Vec<u8>;
    let cases: [(&str, Cut); 4] = [
        ("a block without its last byte", |whole| whole[..whole.len() - 1].to_vec()),
        ("a block of a header alone", |whole| whole[..80].to_vec()),
        ("a block of half a header", |whole| whole[..40].to_vec()),
        ("a block that counts more transactions than it has", |whole| {
            let mut bytes = whole.to_vec();
            bytes[80] = 3;
            bytes
        }),
    ];
    for (name, cut) in cases {
        let mut draft = t.draft();
        draft.push(t.payment());
        let block = draft.mine();
        let garbage = cut(block.bytes());
        let steps = vec![t.step(Delivery::Garbage(garbage.into()), Expect::Unreadable), t.good(block)];
        t.case(name, steps);
    }
}

fn commitments(t: &mut Tree) {
    let mut draft = witnessed(t);
    draft.commits = Some(false);
    t.rejected("witnesses without commitment", draft, UNEXPECTED);
    let mut draft = t.draft();
    draft.commits = Some(true);
    t.accepted("a commitment to no witness", draft);
    // The last one counts.
    let mut draft = witnessed(t);
    draft.coinbase().outputs.push(output(0, &[&[0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed][..], &[7; 32]].concat()));
    t.accepted("a wrong commitment before the true one", draft);
    let mut draft = witnessed(t);
    draft.commit();
    draft.commits = Some(false);
    draft.coinbase().outputs.push(output(0, &[&[0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed][..], &[7; 32]].concat()));
    t.rejected("a wrong commitment after the true one", draft, MERKLE_MATCH);
    let mut draft = witnessed(t);
    draft.commit();
    draft.commits = Some(false);
    let mut script = draft.coinbase().outputs[1].script_pubkey.to_vec();
    script.extend_from_slice(&[1, 2, 3]);
    draft.coinbase().outputs[1] = output(0, &script);
    t.accepted("a commitment with more behind it", draft);
    let mut draft = t.draft();
    draft.coinbase().outputs.push(output(0, &[&[0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed][..], &[7; 31]].concat()));
    t.accepted("a commitment one byte short is none", draft);
    let mut draft = t.draft();
    draft.coinbase().outputs.push(output(0, &[&[0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed][..], &[7; 32]].concat()));
    t.rejected("a commitment without reserved value", draft, NONCE_SIZE);
    let mut draft = t.draft();
    draft.commit();
    draft.commits = Some(false);
    draft.coinbase().outputs.push(output(0, ANYONE));
    t.accepted("an output behind the commitment", draft);
}
