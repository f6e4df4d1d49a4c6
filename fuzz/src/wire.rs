//! Transactions and blocks: what decodes encodes to the same bytes, has the sizes it says it has, and can be judged.

use std::{hint::black_box, sync::Arc};

use bytes::Bytes;
use litecast_consensus::{block::check_block, block::witness_commitment, tx::check_transaction, tx::is_final_tx};
use litecast_primitives::{
    Block, Transaction,
    codec::Reader,
    merkle,
    mweb::Kernel,
    transaction::{Encoding, TxParts},
};
use litecast_script::{sigops, standard::Standard};

/// One transaction, and whatever follows it.
pub fn tx(data: &[u8]) {
    let mut r = Reader::new(Bytes::copy_from_slice(data));
    let Ok(tx) = Transaction::decode(&mut r) else { return };
    let consumed = &data[..r.position()];
    // What is kept is what would be written, whatever was read.
    let rebuilt = Transaction::from(tx.parts().clone());
    assert!(rebuilt == tx, "a transaction made from its parts is another one");
    if tx.bytes() != consumed {
        assert!(is_irregular(tx.parts()), "the encoding changed");
        assert!(tx.bytes().len() <= consumed.len(), "the encoding grew");
    }
    if !kernels(tx.parts()).any(lacks_an_announced_part) {
        let again = Transaction::from_bytes(tx.bytes().clone()).expect("what was written must be readable");
        assert!(again == tx, "a second reading differs");
    }
    sizes(&tx);
    judge(&tx);
}

/// One block, and whatever follows it.
pub fn block(data: &[u8]) {
    let mut r = Reader::new(Bytes::copy_from_slice(data));
    let Ok(block) = Block::decode(&mut r) else { return };
    let consumed = &data[..r.position()];
    assert_eq!(block.received(), consumed);
    let rebuilt = Block::new(*block.header(), block.transactions().to_vec(), block.extension().cloned());
    assert!(says_the_same(&rebuilt, &block), "a block made from its parts is another one");
    let lacking = block.transactions().iter().flat_map(|tx| kernels(tx.parts())).any(lacks_an_announced_part)
        || block.extension().is_some_and(|extension| extension.body.kernels.iter().any(lacks_an_announced_part));
    if block.bytes() != consumed {
        let irregular = block.transactions().iter().any(|tx| is_irregular(tx.parts()))
            || lacking
            // Any byte but 1 says that no extension block follows.
            || (block.hogex().is_some() && block.extension().is_none());
        assert!(irregular, "the encoding changed");
        assert!(block.bytes().len() <= consumed.len(), "the encoding grew");
    }
    if !lacking {
        let again = Block::from_bytes(block.bytes().clone()).expect("what was written must be readable");
        assert!(says_the_same(&again, &block), "a second reading differs");
    }
    let again = Block::from_bytes(block.received().clone()).expect("what was read must be readable again");
    assert!(again == block, "a second reading differs");
    assert!(block.base_size() <= block.encode(Encoding::Witness).len());
    assert_eq!(block.base_size(), block.encode(Encoding::Base).len());
    assert_eq!(block.weight(), 3 * block.base_size() + block.encode(Encoding::Witness).len());
    block.transactions().iter().for_each(|tx| sizes(tx));
    let root = merkle::block_merkle_root(&block);
    if check_block(&block).is_ok() {
        assert_eq!(root.root, block.header().merkle_root);
        witness_commitment(&block.transactions()[0]);
    }
    merkle::block_witness_merkle_root(block.transactions().iter().map(Arc::as_ref));
    if let Some(extension) = block.extension() {
        black_box(extension.header.hash());
        extension.body.outputs.iter().for_each(|output| {
            black_box(output.id());
        });
    }
}

/// Equal but for the bytes they came from.
fn says_the_same(a: &Block, b: &Block) -> bool {
    (a.header(), a.transactions(), a.extension(), a.bytes()) == (b.header(), b.transactions(), b.extension(), b.bytes())
}

/// Whether the reference would write it otherwise than it may have been read: any byte but 1 stands for a HogEx, and
/// kernels lose announced parts that are empty.
fn is_irregular(parts: &TxParts) -> bool {
    parts.is_hogex || kernels(parts).any(lacks_an_announced_part)
}

fn kernels(parts: &TxParts) -> impl Iterator<Item = &Kernel> {
    parts.mweb.iter().flat_map(|mweb| &mweb.body.kernels)
}

/// The reference writes peg-outs and extra data by presence, but reads them by feature bit: what it writes of such a
/// kernel nobody can read.
pub(crate) fn lacks_an_announced_part(kernel: &Kernel) -> bool {
    (kernel.features & 0x04 != 0 && kernel.peg_outs.is_empty())
        || (kernel.features & 0x20 != 0 && kernel.extra_data.is_empty())
}

fn sizes(tx: &Transaction) {
    let base = tx.encode(Encoding::Base);
    let witness = tx.encode(Encoding::Witness);
    assert_eq!((base.len(), witness.len()), (tx.base_size(), tx.witness_encoding_size()));
    // Without inputs the plain form of a transaction with outputs reads as the extended one.
    if !tx.inputs().is_empty() {
        let plain = Transaction::from_bytes(base).expect("the plain form must be readable");
        assert!(plain.txid() == tx.txid() && !plain.has_witness() && plain.mweb().is_none() && !plain.is_hogex());
        let plain = Transaction::from_bytes(witness).expect("the form without MWEB must be readable");
        assert!(plain.txid() == tx.txid() && plain.wtxid() == tx.wtxid());
    }
}

fn judge(tx: &Transaction) {
    if check_transaction(tx).is_ok() {
        assert!(tx.outputs().iter().all(|output| output.value.is_money()));
        assert!(tx.is_mweb_only() || !tx.inputs().is_empty());
    }
    is_final_tx(tx, 1_000_000, 1_700_000_000);
    sigops::legacy(tx);
    for output in tx.outputs() {
        Standard::of(&output.script_pubkey).destinations();
    }
    for input in tx.inputs() {
        sigops::input_cost(&input.script_sig, &input.script_sig, &input.witness, true, true);
    }
    if let Some(mweb) = tx.mweb() {
        mweb.body.kernels.iter().for_each(|kernel| {
            black_box(kernel.id());
        });
        mweb.body.outputs.iter().for_each(|output| {
            black_box(output.id());
        });
    }
}
