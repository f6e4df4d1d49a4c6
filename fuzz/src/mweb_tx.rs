//! The MWEB side of loose transactions: any bytes, and good ones with changes; alone, and among others in a block.

use bytes::Bytes;
use litecast_mweb::{
    AddError, ConnectError, Rule, amounts::lock_height, check_block, check_standard, check_transaction, connect_block,
};
use litecast_primitives::{BlockHash, codec::Reader, mweb::Tx};

use crate::{
    input::Input,
    mweb::{Draft, WORLD, World, apply_edits, assert_conserves},
    wire::lacks_an_announced_part,
};

/// First byte: what the rest is. 0: a transaction, with the peg-ins of a good one that the second byte names.
/// 1: a good transaction, repairs, and edits.
pub fn mweb_tx(data: &[u8]) {
    is_accepted(data);
}

pub(crate) fn is_accepted(data: &[u8]) -> bool {
    let world = &*WORLD;
    let mut input = Input::new(data);
    let kind = input.u8() % 2;
    let n = usize::from(input.u8()) % world.txs.len();
    let mut draft = Draft::of_tx(world, &world.txs[n]);
    let tx = if kind == 0 {
        decode(input.rest())
    } else {
        let repairs = input.u8();
        apply_edits(world, &mut draft, &mut input);
        draft.repair(world, repairs);
        draft.send_tx()
    };
    tx.is_some_and(|tx| judge(world, n, &tx, &draft))
}

/// What was read is written as it was.
fn decode(data: &[u8]) -> Option<Tx> {
    let mut r = Reader::new(Bytes::copy_from_slice(data));
    let tx = Tx::decode(&mut r).ok()?;
    let mut bytes = Vec::new();
    tx.encode(&mut bytes);
    let consumed = &data[..r.position()];
    if tx.body.kernels.iter().any(lacks_an_announced_part) {
        assert!(bytes.len() <= consumed.len(), "the encoding grew");
    } else {
        assert_eq!(bytes, consumed, "the encoding changed");
    }
    Some(tx)
}

fn judge(world: &World, n: usize, tx: &Tx, draft: &Draft) -> bool {
    let outside = &draft.peg_ins;
    let verdict = check_transaction(Some(tx), outside, &world.verifier);
    for mweb_only in [false, true] {
        let _ = check_standard(Some(tx), mweb_only, outside);
    }
    if verdict.is_ok() {
        assert_eq!(check_transaction(Some(tx), outside, &world.strict), Ok(()), "a memory changed the verdict");
        assert_conserves(world, &tx.body);
        let known = draft.with_secrets || world.txs.iter().any(|good| good.tx == *tx);
        assert!(known, "a transaction was changed without secrets and is accepted");
    }
    let mut builder = world.builder();
    match builder.add(tx, outside) {
        Ok(()) => {
            assert!(verdict.is_ok(), "a block takes what is no good transaction");
            assert_eq!(builder.weight(), litecast_mweb::weight::body_weight(&tx.body));
            // With another one, if the two get along.
            let other = &world.txs[(n + 1) % world.txs.len()];
            let _ = builder.add(&other.tx, &other.outside);
            connects(world, builder);
        }
        Err(error) => {
            let fits = matches!(error, AddError::InputMissing(_) | AddError::OutputExists(_) | AddError::Sum(_));
            assert!(verdict.is_err() || fits, "a good transaction is refused: {error}");
            // The builder stays as it was; what is refused early never reached it.
            assert_eq!(builder.weight(), 0);
            if let Some(block) = world.block_of_tx(n).filter(|_| verdict.is_ok()) {
                builder.add(&world.txs[n].tx, &world.txs[n].outside).expect("a good transaction fits");
                assert_eq!(&builder.build().expect("a good transaction makes a block").extension, block);
            }
        }
    }
    verdict.is_ok()
}

/// What the builder made is a good block. It leaves two things to the mempool: whether what an input says of the output
/// it spends is true, and lock heights.
fn connects(world: &World, builder: litecast_mweb::BlockBuilder<'_>) {
    let Ok(built) = builder.build() else { return };
    let block = &built.extension;
    let peg_ins = litecast_mweb::amounts::peg_ins(&block.body);
    match check_block(block, &peg_ins, &built.peg_outs, &world.params, &world.verifier) {
        Ok(()) => {}
        Err(reject) => {
            let locked = reject.rule == Rule::LockHeight && lock_height(&block.body) > block.header.height;
            assert!(locked, "the builder made a bad block: {reject}");
            return;
        }
    }
    match connect_block(block, &BlockHash::ZERO, Some(&world.prev), &world.store, &world.params, &world.verifier) {
        Ok(_) => assert_conserves(world, &block.body),
        Err(ConnectError::Reject(reject)) => {
            assert_eq!(reject.rule, Rule::InputMismatch, "the builder made a block that does not connect");
        }
        Err(ConnectError::View(error)) => panic!("memory can be read: {error}"),
    }
}

/// Encodings of the good transactions, for seeds.
pub fn good_mweb_txs() -> Vec<Vec<u8>> {
    let encoded = |tx: &Tx| {
        let mut bytes = Vec::new();
        tx.encode(&mut bytes);
        bytes
    };
    WORLD.txs.iter().map(|good| encoded(&good.tx)).collect()
}
