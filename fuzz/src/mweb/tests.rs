//! The promises are about what is accepted: some changes are, with the help of those who may, and the seeds know which.

use std::{fs, path::Path};

use crate::{extension_block, mweb_tx};

/// Seeds that are accepted, as blocks and as transactions.
const ACCEPTED: &[&str] = &[
    "unchanged",
    "kernel-locked-before",
    "peg-out-redirected",
    "input-extra-data",
    "stealth-excess",
    "merged",
    "unknown-features",
    "key-is-no-point",
];

fn accepted(target: &str, is_accepted: fn(&[u8]) -> bool) -> (Vec<String>, usize) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let (mut names, mut others) = (Vec::new(), 0);
    for entry in fs::read_dir(folder).expect("a folder of seeds") {
        let path = entry.expect("a folder can be read").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some(edit) = name.strip_prefix("seed-edit-") else { continue };
        if is_accepted(&fs::read(&path).expect("a seed can be read")) {
            names.push(edit.to_owned());
        } else {
            others += 1;
        }
    }
    names.sort();
    (names, others)
}

fn expected(more: &[&str]) -> Vec<String> {
    let mut names: Vec<String> = ACCEPTED.iter().chain(more).map(|name| (*name).to_owned()).collect();
    names.sort();
    names
}

#[test]
fn seeds_are_accepted_or_not() {
    let (blocks, refused) = accepted("extension_block", extension_block::is_accepted);
    assert_eq!(blocks, expected(&["fee-moved"]));
    assert!(refused > 10);
    // What needs a state or a height says nothing of a transaction alone.
    let (transactions, refused) = accepted("mweb_tx", mweb_tx::is_accepted);
    assert_eq!(transactions, expected(&["kernel-locked-after", "spends-another"]));
    assert!(refused > 10);
}

#[test]
fn good_ones_are_good() {
    for (n, bytes) in (0..).zip(crate::good_extension_blocks()) {
        assert!(extension_block::is_accepted(&[&[0, n][..], &bytes].concat()), "block {n}");
    }
    for (n, bytes) in (0..).zip(crate::good_mweb_txs()) {
        assert!(mweb_tx::is_accepted(&[&[0, n][..], &bytes].concat()), "transaction {n}");
    }
}
