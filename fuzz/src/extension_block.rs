//! Extension blocks: any bytes, and good blocks with changes, some of them signed anew by those who may.

use bytes::Bytes;
use litecast_primitives::{codec::Reader, mweb::ExtensionBlock};

use crate::{
    input::Input,
    mweb::{Draft, KERNELS, WORLD, apply_edits, judge_block},
    wire::lacks_an_announced_part,
};

/// First byte: what the rest is. 0: an extension block, in the place of a good one that the second byte names; with the
/// highest bit of that byte, it does not lie about its kernels. 1: a good block, repairs, and edits. 2: a good block, and
/// bytes of it with what to change in them.
pub fn extension_block(data: &[u8]) {
    is_accepted(data);
}

pub(crate) fn is_accepted(data: &[u8]) -> bool {
    let world = &*WORLD;
    let mut input = Input::new(data);
    let (kind, n) = (input.u8() % 3, input.u8());
    let good = &world.blocks[usize::from(n & 0x7f) % world.blocks.len()];
    let mut draft = Draft::from(good);
    let block = match kind {
        0 => decode(input.rest()).and_then(|block| {
            (draft.header, draft.body) = (block.header, block.body);
            draft.repair(world, if n & 0x80 != 0 { KERNELS } else { 0 });
            draft.send_block()
        }),
        1 => {
            let repairs = input.u8();
            apply_edits(world, &mut draft, &mut input);
            draft.repair(world, repairs);
            draft.send_block()
        }
        _ => {
            let mut bytes = Vec::new();
            good.extension.encode(&mut bytes);
            while !input.is_empty() {
                let at = usize::from(input.u16()) % bytes.len();
                bytes[at] ^= input.u8();
            }
            decode(&bytes)
        }
    };
    block.is_some_and(|block| judge_block(world, &block, &draft))
}

/// What was read is written as it was.
fn decode(data: &[u8]) -> Option<ExtensionBlock> {
    let mut r = Reader::new(Bytes::copy_from_slice(data));
    let block = ExtensionBlock::decode(&mut r).ok()?;
    let mut bytes = Vec::new();
    block.encode(&mut bytes);
    let consumed = &data[..r.position()];
    if block.body.kernels.iter().any(lacks_an_announced_part) {
        assert!(bytes.len() <= consumed.len(), "the encoding grew");
    } else {
        assert_eq!(bytes, consumed, "the encoding changed");
    }
    Some(block)
}

/// Encodings of the good blocks, for seeds.
pub fn good_extension_blocks() -> Vec<Vec<u8>> {
    let encoded = |block: &ExtensionBlock| {
        let mut bytes = Vec::new();
        block.encode(&mut bytes);
        bytes
    };
    WORLD.blocks.iter().map(|good| encoded(&good.extension)).collect()
}
