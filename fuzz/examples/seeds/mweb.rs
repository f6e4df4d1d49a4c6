//! Extension blocks and their transactions: whole ones, and changes to them. What the numbers mean stands in
//! `src/mweb/edit.rs`.

use litecast_fuzz::{good_extension_blocks, good_mweb_txs};

use super::Seeds;

/// Repairs everything that anybody can.
const ALL: u8 = 15;
const SIGN_INPUT: [u8; 3] = [10, 0, 0];
const SIGN_OUTPUT: [u8; 3] = [10, 1, 0];
const SIGN_KERNEL: [u8; 3] = [10, 2, 0];

/// Name, number of the good transaction, repairs, edits. The first ones are accepted.
fn changes() -> Vec<(&'static str, u8, u8, Vec<u8>)> {
    let signed = |edit: &[u8], signature: [u8; 3]| [edit, &signature].concat();
    vec![
        ("unchanged", 0, 0, Vec::new()),
        ("kernel-locked-before", 0, ALL, signed(&[18, 1, 0], SIGN_KERNEL)),
        ("peg-out-redirected", 2, ALL, signed(&[12, 3, 0, 3, 0x52, 0x53, 0x54, 0], SIGN_KERNEL)),
        ("input-extra-data", 0, ALL, signed(&[9, 0, 3, 1, 2, 3, 0], SIGN_INPUT)),
        ("stealth-excess", 0, ALL, signed(&[14, 7, 3, 0], SIGN_KERNEL)),
        ("merged", 0, ALL, vec![8, 1, 7, 14, 0, 8, 14, 1, 9]),
        ("unknown-features", 4, ALL, signed(&[4, 2, 0xf9, 0], SIGN_KERNEL)),
        ("key-is-no-point", 0, ALL, signed(&[1, 2, 1, 2, 0], SIGN_OUTPUT)),
        // The others are not.
        ("kernel-locked-after", 0, ALL, signed(&[18, 6, 0], SIGN_KERNEL)),
        ("output-extra-data", 1, ALL, signed(&[9, 1, 2, 7, 8, 0], SIGN_OUTPUT)),
        ("spends-another", 0, ALL, signed(&[19, 0, 1, 0], SIGN_INPUT)),
        ("spends-another-and-says-so", 0, ALL, signed(&[19, 1, 1, 0], SIGN_INPUT)),
        ("spends-twice", 0, ALL, vec![6, 0, 0]),
        ("kernel-twice", 1, ALL, vec![6, 2, 0]),
        ("output-twice", 1, ALL, vec![6, 1, 0]),
        ("fee-too-high", 0, ALL, signed(&[3, 0, 0, 4], SIGN_KERNEL)),
        ("peg-in-too-high", 1, ALL, signed(&[3, 1, 0, 5, 200], SIGN_KERNEL)),
        ("peg-in-without-bound", 1, ALL, signed(&[3, 1, 0, 4], SIGN_KERNEL)),
        ("nothing-left", 4, ALL, vec![5, 0, 0, 5, 0, 0, 5, 1, 0]),
        ("excess-is-no-point", 0, ALL, vec![1, 2, 2, 0, 0]),
        ("no-offset", 0, ALL, vec![2, 0, 0, 2, 0, 1]),
        ("proof-of-zeros", 1, ALL, signed(&[17, 1, 0, 0, 0, 0], SIGN_OUTPUT)),
    ]
}

fn edited() -> impl Iterator<Item = (String, Vec<u8>)> {
    changes()
        .into_iter()
        .map(|(name, n, repairs, edits)| (format!("edit-{name}"), [&[1, n, repairs][..], &edits].concat()))
}

fn whole(kind: u8, list: Vec<Vec<u8>>) -> impl Iterator<Item = (String, Vec<u8>)> {
    (0..).zip(list).map(move |(n, bytes): (u8, _)| (format!("whole-{n}"), [&[kind, n][..], &bytes].concat()))
}

pub(crate) fn extension_blocks() -> Seeds {
    let mut seeds: Seeds = edited().collect();
    seeds.extend(whole(0, good_extension_blocks()));
    // Two kernels share a fee otherwise; one of a header's sizes; bytes of the encoding.
    seeds.push(("edit-fee-moved".to_owned(), [&[1, 5, ALL, 16, 0, 1, 0xf4, 1][..], &[10, 2, 0, 10, 2, 1]].concat()));
    seeds.push(("edit-sizes".to_owned(), vec![1, 0, 0, 15, 5, 0, 1, 15, 6, 0, 1]));
    seeds.push(("bytes".to_owned(), vec![2, 0, 200, 0, 1, 44, 1, 128]));
    seeds
}

pub(crate) fn transactions() -> Seeds {
    edited().chain(whole(0, good_mweb_txs())).collect()
}
