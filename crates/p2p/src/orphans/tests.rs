//! Orphans (after v0.21.5.5 src/test/denialofservice_tests.cpp, DoS_mapOrphans).

use litecast_primitives::{
    Block, OutPoint, Transaction,
    params::{Network, Params},
};

use super::*;
use crate::simulator::toy_chain::{free_coin, transaction_of};

const NOW: i64 = 1_700_000_000;

fn tx(spent: &[OutPoint], values: &[i64]) -> Arc<Transaction> {
    transaction_of(spent, values)
}

fn out(tx: &Transaction, vout: u32) -> OutPoint {
    OutPoint { txid: tx.txid(), vout }
}

fn foreign(n: u32) -> OutPoint {
    free_coin(4711, n)
}

#[test]
fn they_come_and_go() {
    let mut orphans = Orphans::default();
    let parents: Vec<Arc<Transaction>> = (0..50u32).map(|n| tx(&[foreign(n)], &[10, 20])).collect();
    let of = |n: usize| tx(&[out(&parents[n], 0)], &[5]);
    for (n, peer) in (0..50).zip(0u64..) {
        assert!(orphans.add(of(n), peer % 5, NOW));
        assert!(!orphans.add(of(n), 9, NOW), "known");
    }
    // Two spend the same.
    let double = tx(&[out(&parents[7], 0)], &[6]);
    orphans.add(Arc::clone(&double), 1, NOW);
    assert_eq!(orphans.children(&parents[7]), [of(7).txid(), double.txid()].into());
    assert!(orphans.contains_wtxid(&of(7).wtxid()));
    assert_eq!(orphans.get(&of(7).txid()).map(|(_, peer)| peer), Some(2));

    let mut large = tx(&[foreign(77)], &[1]).parts().clone();
    large.inputs[0].witness[0] = vec![0; 399_800].into();
    assert!(!orphans.add(Arc::new(large.into()), 1, NOW), "too large");

    let block =
        Block::new(*Params::new(Network::Regtest).genesis.header(), vec![tx(&[out(&parents[7], 0)], &[7])], None);
    assert_eq!(orphans.remove_for_block(&block), 2);
    assert!(orphans.children(&parents[7]).is_empty());
    assert_eq!(orphans.remove_peer(3), 10);
    assert_eq!(orphans.len(), 39);

    // At random, as far as needed.
    let mut last = 0;
    let mut random = |below: usize| {
        last = (last * 31 + 17) % below;
        last
    };
    assert_eq!(orphans.limit(40, NOW, &mut random), 0);
    assert_eq!(orphans.limit(10, NOW, &mut random), 29);
    let left: Vec<usize> = (0..50).filter(|n| orphans.contains(&of(*n).txid())).collect();
    assert_eq!(left.len(), 10);
    for n in &left {
        assert_eq!(orphans.children(&parents[*n]), [of(*n).txid()].into());
    }
    // Twenty minutes.
    assert_eq!(orphans.limit(10, NOW + 20 * 60 - 1, &mut random), 0);
    assert_eq!(orphans.limit(10, NOW + 20 * 60, &mut random), 10);
    assert!(orphans.is_empty());
}

#[test]
fn together_they_are_bounded_in_bytes() {
    let mut orphans = Orphans::default();
    for n in 0..150 {
        let mut large = tx(&[foreign(n)], &[1]).parts().clone();
        large.inputs[0].witness[0] = vec![0; 390_000].into();
        assert!(orphans.add(Arc::new(large.into()), 1, NOW));
        orphans.limit(1000, NOW, &mut |below| below / 2);
        assert!(orphans.bytes <= MAX_BYTES);
    }
    assert_eq!(orphans.len(), 128);
    assert_eq!((orphans.remove_peer(1), orphans.bytes), (128, 0));
}
