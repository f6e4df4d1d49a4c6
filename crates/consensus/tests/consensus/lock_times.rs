//! Absolute and relative lock times at their boundaries (BIP65's reading of nLockTime, BIP68, BIP113).

use litecast_consensus::tx::{SequenceLocks, is_final_tx};
use litecast_primitives::{
    Amount, BlockHash, BlockHeader, Height, OutPoint, Transaction, TxIn, TxOut, Txid, hash::MerkleRoot, mweb,
    transaction::TxParts, view::HeaderView,
};

use crate::model::Headers;

fn met(tx: &Transaction, coin_heights: &[Height], chain: &dyn HeaderView) -> bool {
    SequenceLocks::new(tx, coin_heights, chain).are_met(chain)
}

fn spending(version: i32, lock_time: u32, sequences: &[u32]) -> Transaction {
    let input = |&sequence: &u32| TxIn {
        prevout: OutPoint { txid: Txid::from_bytes([7; 32]), vout: sequence },
        script_sig: bytes::Bytes::new(),
        sequence,
        witness: Vec::new(),
    };
    Transaction::from(TxParts {
        version,
        inputs: sequences.iter().map(input).collect(),
        outputs: vec![TxOut { value: Amount(1), script_pubkey: bytes::Bytes::from_static(&[0x51]) }],
        lock_time,
        mweb: None,
        is_hogex: false,
    })
}

// v0.21.5.5 src/consensus/tx_verify.cpp, IsFinalTx: below 500,000,000 a height, from there on a time.
#[test]
fn absolute_lock_times() {
    const TIME: i64 = 1_600_000_000;
    for (lock_time, sequence, height, time, is_final) in [
        (0, 0, 1, 0, true),
        (100, 0, 100, TIME, false),
        (100, 0, 101, TIME, true),
        (100, u32::MAX - 1, 100, TIME, false),
        (100, u32::MAX, 100, TIME, true),
        (499_999_999, 0, 499_999_999, i64::MAX, false),
        (499_999_999, 0, 500_000_000, 0, true),
        (500_000_000, 0, 600_000_000, 500_000_000, false),
        (500_000_000, 0, 1, 500_000_001, true),
        (1_600_000_000, 0, 1, TIME, false),
        (1_600_000_000, 0, 1, TIME + 1, true),
        (u32::MAX, 0, u32::MAX, i64::from(u32::MAX), false),
        (u32::MAX, u32::MAX, 1, 0, true),
    ] {
        let tx = spending(1, lock_time, &[sequence]);
        assert_eq!(
            is_final_tx(&tx, height, time),
            is_final,
            "lock {lock_time} sequence {sequence} at {height}, {time}"
        );
    }
    // One input that is not final is enough to keep the lock.
    assert!(!is_final_tx(&spending(1, 100, &[u32::MAX, 5]), 100, TIME));
}

// v0.21.5.5 src/consensus/tx_verify.cpp, IsFinalTx: a kernel's lock height counts whatever the sequences say.
#[test]
fn kernels_lock_too() {
    let kernel = |lock_height| mweb::Kernel {
        features: 8,
        fee: None,
        peg_in: None,
        peg_outs: Vec::new(),
        lock_height,
        stealth_excess: None,
        extra_data: bytes::Bytes::new(),
        excess: [8; 33],
        signature: [0; 64],
    };
    let mut parts = spending(2, 0, &[u32::MAX]).parts().clone();
    let body = mweb::TxBody { kernels: vec![kernel(None), kernel(Some(50))], ..Default::default() };
    parts.mweb = Some(mweb::Tx { kernel_offset: [0; 32], stealth_offset: [0; 32], body });
    let tx = Transaction::from(parts);
    assert!(!is_final_tx(&tx, 49, 0));
    assert!(is_final_tx(&tx, 50, 0));
}

/// Heights 0..=tip, `spacing` seconds apart from `start`.
fn chain(tip: Height, start: u32, spacing: u32) -> Headers {
    let mut headers = Headers::default();
    for height in 0..=tip {
        headers.push(BlockHeader {
            version: 1,
            prev: BlockHash::ZERO,
            merkle_root: MerkleRoot::ZERO,
            time: start + height * spacing,
            bits: 0,
            nonce: height,
        });
    }
    headers
}

const DISABLED: u32 = 1 << 31;
const BY_TIME: u32 = 1 << 22;

#[test]
fn relative_heights() {
    // The block that is judged stands at height 200.
    let headers = chain(199, 1_500_000_000, 150);
    for (version, sequence, coin_height, passes) in [
        (2, 0, 199, true),
        (2, 0, 200, true),
        (2, 1, 200, false),
        (2, 1, 199, true),
        (2, 10, 190, true),
        (2, 10, 191, false),
        (2, 0xffff, 0, false),
        // Only the low 16 bits count.
        (2, 0x0001_000a, 190, true),
        (2, 0x0001_000a, 191, false),
        (2, DISABLED | 0xffff, 199, true),
        (1, 0xffff, 199, true),
        (0, 0xffff, 199, true),
        // Negative versions are high ones.
        (-1, 10, 191, false),
        (i32::MIN, 10, 191, false),
    ] {
        let tx = spending(version, 0, &[sequence]);
        assert_eq!(met(&tx, &[coin_height], &headers), passes, "{version} {sequence:x} {coin_height}");
    }
    // Every input must have waited.
    let tx = spending(2, 0, &[10, 20]);
    assert!(met(&tx, &[190, 180], &headers));
    assert!(!met(&tx, &[190, 181], &headers));
    assert!(!met(&tx, &[191, 180], &headers));
}

#[test]
fn relative_times() {
    // With blocks every 128 seconds, four of them are one step of 512. A coin of height h counts from the median time
    // below it, which is the time of block h - 6; the median time below height 200 is the time of block 194.
    let headers = chain(199, 1_500_000_000, 128);
    for (units, coin_height, passes) in [
        (1, 196, true),
        (1, 197, false),
        (2, 192, true),
        (2, 193, false),
        (45, 20, true),
        (45, 21, false),
        // Lower than six blocks the medians lie in the middle of what there is: at heights 0 and 1, block 0.
        (48, 1, true),
        (48, 0, true),
        (49, 0, false),
        (0xffff, 0, false),
    ] {
        let tx = spending(2, 0, &[BY_TIME | units]);
        assert_eq!(met(&tx, &[coin_height], &headers), passes, "{units} units since {coin_height}");
    }
    assert!(met(&spending(2, 0, &[DISABLED | BY_TIME | 0xffff]), &[199], &headers));
}
