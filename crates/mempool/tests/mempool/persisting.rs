//! `mempool.dat`: written, read, cut at every byte, and given to another pool.

use litecast_mempool::{
    Mempool, Policy,
    persist::{Damage, Loaded, SavedPool, encode},
};
use litecast_primitives::{Txid, codec::Reader};

use crate::support::{COIN, NOW, World, out, tx};

const FEE: i64 = 10_000;

#[test]
fn an_empty_pool_is_eighteen_bytes() {
    let bytes = encode(&Mempool::new(Policy::default(), NOW));
    assert_eq!(hex::encode(bytes), "010000000000000000000000000000000000");
}

#[test]
fn everything_comes_back() {
    let mut world = World::standard();
    let coin = world.coin(COIN);
    let parent = tx(&[coin], &[COIN - FEE]);
    let child = tx(&[out(&parent, 0)], &[COIN - 3 * FEE]);
    let elsewhere = Txid::from_bytes([8; 32]);
    world.accept(&parent).unwrap();
    world.accept(&child).unwrap();
    let bytes = {
        let mut pool = world.pool.borrow_mut();
        pool.prioritise(child.txid(), 77);
        pool.prioritise(elsewhere, -5);
        pool.add_unbroadcast(parent.txid());
        encode(&pool)
    };
    let saved = SavedPool::decode(&mut Reader::new(bytes.clone().into()));
    assert_eq!(saved.damage, None);
    assert_eq!(saved.transactions.len(), 2);
    let mut pool = Mempool::new(Policy::default(), NOW);
    let loaded = saved.load(&mut pool, &world.chain(), NOW + 10, false).unwrap();
    assert_eq!(loaded, Loaded { accepted: 2, ..Loaded::default() });
    assert_eq!(encode(&pool), bytes, "times of arrival stay");
    assert_eq!((pool.fee_delta(&child.txid()), pool.fee_delta(&elsewhere)), (77, -5));
    // Once more, later, elsewhere.
    let again = saved.load(&mut pool, &world.chain(), NOW + 10, false).unwrap();
    assert_eq!(again, Loaded { already_there: 2, ..Loaded::default() });
    let mut late = Mempool::new(Policy::default(), NOW);
    let expired = saved.load(&mut late, &world.chain(), NOW + 336 * 3600, false).unwrap();
    assert_eq!(expired, Loaded { expired: 2, ..Loaded::default() });
    world.coins.0.clear();
    let failed = saved.load(&mut late, &world.chain(), NOW, false).unwrap();
    assert_eq!(failed, Loaded { failed: 2, ..Loaded::default() });

    // Cut anywhere: what is whole is read.
    let first = 16 + parent.bytes().len() + 16;
    for length in 0..bytes.len() {
        let saved = SavedPool::decode(&mut Reader::new(bytes[..length].to_vec().into()));
        let whole = usize::from(length >= first) + usize::from(length >= first + child.bytes().len() + 16);
        assert_eq!(saved.transactions.len(), whole, "{length}");
        // Without the last list it is a file of an older version.
        let old = bytes.len() - 33;
        assert_eq!(saved.damage.is_none(), length == old, "{length}");
    }
    let saved = SavedPool::decode(&mut Reader::new(2u64.to_le_bytes().to_vec().into()));
    assert_eq!(saved.damage, Some(Damage::Version(2)));
}
