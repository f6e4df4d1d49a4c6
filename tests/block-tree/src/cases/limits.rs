//! The size of a block: without witness, and by weight.

use crate::{
    draft::{ANYONE, Draft, output},
    lock::{Unlock, p2wsh},
    op::{self, Script},
    tree::{Terms, Tree},
};

const MAX_WEIGHT: usize = 4_000_000;

pub(crate) fn grow(t: &mut Tree) {
    t.group = "size";
    base_size(t);
    weight(t);
}

/// A block with a data output of `filler` bytes in its coinbase.
fn filled(draft: &Draft, filler: usize) -> Draft {
    let mut draft = draft.clone();
    let mut script = vec![op::RETURN];
    script.resize(filler, 0);
    draft.coinbase().outputs.push(output(0, &script));
    draft
}

/// The filler that makes it this heavy; the scale of a byte is four.
fn filler_for(draft: &Draft, weight: usize) -> usize {
    const GUESS: usize = 100_000;
    let guess = filled(draft, GUESS).mine().weight();
    assert_eq!((weight - guess) % 4, 0, "this weight cannot be met with a filler alone");
    GUESS + (weight - guess) / 4
}

fn base_size(t: &mut Tree) {
    let draft = t.draft();
    let filler = filler_for(&draft, MAX_WEIGHT);
    t.rejected("a block of 1000001 bytes", filled(&draft, filler + 1), "bad-blk-length");
    let block = t.accepted("a block of 1000000 bytes", filled(&draft, filler));
    assert_eq!(block.base_size() * 4, MAX_WEIGHT);
    let mut many = t.draft();
    many.coinbase().outputs.extend(vec![output(0, &[op::RETURN]); 100_010]);
    t.rejected("a block with 100011 outputs", many, "bad-blk-length");
}

/// A spend with a witness of `padding` bytes.
fn heavy(t: &mut Tree, padding: usize) -> Draft {
    let script = Script::new().ops(&[op::DROP, op::TRUE]).done();
    let mut draft = t.draft();
    let mut left = padding;
    while left > 0 {
        let size = left.min(520);
        let from = t.lock(&p2wsh(&script));
        let spend = t.unlock(&from, Terms::default(), |_| Unlock::witness(vec![vec![1; size], script.clone()]));
        draft.push(from).push(spend);
        left -= size;
    }
    draft
}

fn weight(t: &mut Tree) {
    // The same block, one byte of witness apart.
    let mut padding = 300;
    let (draft, filler) = loop {
        let draft = heavy(t, padding);
        let guess = filled(&draft, 100_000).mine().weight();
        if (MAX_WEIGHT - guess).is_multiple_of(4) {
            break (draft, 100_000 + (MAX_WEIGHT - guess) / 4);
        }
        padding += 1;
    };
    let mut heavier = draft.clone();
    let item = heavier.transactions[2].inputs[0].witness[0].len();
    heavier.transactions[2].inputs[0].witness[0] = vec![1; item + 1].into();
    t.rejected("a weight of 4000001", filled(&heavier, filler), "bad-blk-weight");
    let block = t.accepted("a weight of 4000000", filled(&draft, filler));
    assert_eq!(block.weight(), MAX_WEIGHT);
    // A leaf version without a meaning takes a witness of any size.
    let taproot = crate::lock::Taproot::leaf(crate::lock::Key::new(60), 0xc2, vec![op::TRUE]);
    let wide = |t: &mut Tree, size: usize| {
        let from = t.lock(&taproot.lock());
        let spend = t.unlock(&from, Terms::default(), |_| {
            Unlock::witness(vec![vec![1; size], taproot.script(0), taproot.control(0)])
        });
        let mut draft = t.draft();
        draft.push(from).push(spend);
        draft
    };
    // All but a little of the weight is witness.
    let room = MAX_WEIGHT - wide(t, 3_990_000).mine().weight();
    let draft = wide(t, 3_990_000 + room);
    t.accepted("a weight of 4000000, almost all of it witness", draft);
    let draft = wide(t, 3_990_000 + room + 1);
    t.rejected("a weight of 4000001, almost all of it witness", draft, "bad-blk-weight");
    let mut draft = t.draft();
    draft.coinbase().outputs.push(output(0, ANYONE));
    t.accepted("a small block after large ones", draft);
}
