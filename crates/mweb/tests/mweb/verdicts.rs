//! Flipped blocks with the verdict that Litecoin Core v0.21.5.5 gave to each.

use std::process::Command;

use litecast_mweb::Verifier;
use litecast_primitives::Block;

use crate::support::{State, folder};

#[test]
fn every_recorded_verdict_on_the_inside_is_the_same() {
    let Some(folder) = folder() else { return };
    let path = folder.join("verdicts/mweb.json.gz");
    let Ok(output) = Command::new("gzip").arg("-dc").arg(&path).output() else {
        eprintln!("skipped: needs gzip");
        return;
    };
    let recorded: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let verifier = Verifier::new(Verifier::CACHE_ENTRIES);
    let mut state = State::default();
    let (mut connected, mut rejected) = (0, 0);
    for case in recorded["cases"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let verdict = case["verdict"].as_str();
        let decoded = Block::from_bytes(hex::decode(case["block"].as_str().unwrap()).unwrap().into());
        match verdict {
            Some(reason @ ("bad-blk-mweb" | "mweb-connect-failed")) => {
                let block = decoded.unwrap();
                let reject = state.judge(&block, &verifier).expect_err(name);
                assert_eq!(reject.reason(), reason, "{name}: {reject:?}");
                rejected += 1;
            }
            None if case["verdict"].is_null() => {
                let block = decoded.unwrap();
                // A flip that nothing commits to: accepted, then taken back.
                if case["back"] == true {
                    assert!(state.judge(&block, &verifier).is_ok());
                } else {
                    connected += usize::from(state.connect(&block, &verifier).is_some());
                }
            }
            _ => {}
        }
    }
    assert_eq!((connected, rejected), (43, 151));
}
