//! Recordings of the reference's verdicts and event streams, replayed by the tools that come with them.

use std::{
    env, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::harness::{litecastd, no_pyzmq, run, workspace};

fn vectors() -> PathBuf {
    env::var_os("LITECAST_VECTORS").map_or_else(|| workspace().join("../shared/vectors"), PathBuf::from)
}

/// Runs a tool on a recording, or on what `trim` leaves of it; fails on any difference.
fn replay(tool: &str, recording: &str, trim: Option<&str>) {
    let (script, recording) = (workspace().join("../shared/tools").join(tool), vectors().join(recording));
    if !script.is_file() || !recording.is_file() {
        eprintln!("SKIPPED: {tool}: not at {}, or without {}", script.display(), recording.display());
        return;
    }
    if no_pyzmq(tool) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let python = |words: &[String]| run(dir.path(), Path::new("python3"), words, Duration::from_secs(300));
    let mut input = fs::canonicalize(recording).unwrap().display().to_string();
    if let Some(trimmer) = trim {
        let trimmed = dir.path().join("trimmed.json.gz").display().to_string();
        let cut = python(&[trimmer.to_owned(), input, trimmed.clone()]);
        assert!(cut.status.success(), "{}", cut.stderr);
        eprintln!("{}", cut.stdout);
        input = trimmed;
    }
    let daemon = litecastd().display().to_string();
    let outcome = python(&[script.display().to_string(), input, "--daemon".to_owned(), daemon]);
    let said = format!("{}{}", outcome.stdout, outcome.stderr);
    assert!(outcome.status.success(), "{said}");
    eprintln!("{said}");
}

/// Leaves what this node decides already.
const TRIMMER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/trim_recording.py");

#[test]
fn recorded_block_verdicts() {
    replay("replay_verdicts.py", "verdicts/blocks.json.gz", None);
}

#[test]
fn recorded_mweb_verdicts() {
    replay("replay_verdicts.py", "verdicts/mweb.json.gz", None);
}

#[test]
fn recorded_stream_1() {
    replay("replay_stream.py", "stream/seed-1.json.gz", Some(TRIMMER));
}

#[test]
fn recorded_stream_2() {
    replay("replay_stream.py", "stream/seed-2.json.gz", Some(TRIMMER));
}
