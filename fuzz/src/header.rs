//! Headers: 80 bytes are always a header; proof of work and difficulty for any header on top of any chain.

use litecast_consensus::{
    header::{check_block_header, contextual_check_block_header},
    pow::{check_proof_of_work, next_work_required},
};
use litecast_primitives::{
    BlockHash, BlockHeader, Height,
    arith::{from_compact, hash_to_u256, to_compact},
    hash::MerkleRoot,
    params::{Network, Params},
    view::{ChainHeader, HeaderView},
};
use litecast_scrypt::scrypt_1024_1_1;

use crate::input::Input;

/// A chain that repeats a few times and targets; only its top is ever asked for.
struct Chain {
    tip_height: Height,
    /// Time and target.
    pattern: Vec<(u32, u32)>,
}

impl HeaderView for Chain {
    fn tip_height(&self) -> Height {
        self.tip_height
    }

    fn at(&self, height: Height) -> Option<ChainHeader> {
        let index = usize::try_from(height).expect("because a height is 32 bits") % self.pattern.len();
        let (time, bits) = self.pattern[index];
        let header =
            BlockHeader { version: 1, prev: BlockHash::ZERO, merkle_root: MerkleRoot::ZERO, time, bits, nonce: height };
        (height <= self.tip_height).then(|| ChainHeader { hash: header.hash(), header })
    }
}

/// A header, then the chain below it: network, height, and times and targets.
pub fn header(data: &[u8]) {
    let Some(bytes) = data.first_chunk::<80>() else {
        assert!(BlockHeader::from_slice(data).is_err(), "a short header was read");
        return;
    };
    let header = BlockHeader::from_slice(bytes).expect("any 80 bytes are a header");
    assert_eq!(header.encode(), *bytes);
    assert_eq!(BlockHeader::from_slice(data).is_ok(), data.len() == 80);

    let target = from_compact(header.bits);
    if !target.negative && !target.overflow {
        // What compact numbers can say they say exactly.
        assert_eq!(from_compact(to_compact(target.value)).value, target.value);
    }
    let mut input = Input::new(&data[80..]);
    let params = Params::new([Network::Main, Network::Test, Network::Regtest][usize::from(input.u8() % 3)]);
    // Scrypt costs more than all the rest: only some inputs pay for it.
    let pow_hash = if input.u8() == 1 { scrypt_1024_1_1(bytes) } else { input.array() };
    let meets = check_proof_of_work(&pow_hash, header.bits, &params);
    assert_eq!(meets, check_block_header(&header, &pow_hash, &params).is_ok());
    assert!(!meets || (target.value <= params.pow_limit && hash_to_u256(&pow_hash) <= target.value));

    let tip_height = input.u32() % 10_000_000;
    let mut pattern = Vec::new();
    while pattern.is_empty() || (!input.is_empty() && pattern.len() < 32) {
        pattern.push((input.u32(), input.u32()));
    }
    // A chain holds no target that is none.
    pattern.iter_mut().for_each(|(_, bits)| {
        let target = from_compact(*bits);
        if target.negative || target.overflow || target.value.is_zero() || target.value > params.pow_limit {
            *bits = to_compact(params.pow_limit);
        }
    });
    let chain = Chain { tip_height, pattern };
    let required = from_compact(next_work_required(&chain, header.time, &params));
    assert!(!required.negative && !required.overflow && required.value <= params.pow_limit);
    let _ = contextual_check_block_header(&header, &chain, &params, header.time.into(), None);
}
