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

/// Runs a tool on a recording; fails on any difference.
fn replay(tool: &str, recording: &str) {
    let (script, recording) = (workspace().join("../shared/tools").join(tool), vectors().join(recording));
    if !script.is_file() || !recording.is_file() {
        eprintln!("SKIPPED: {tool}: not at {}, or without {}", script.display(), recording.display());
        return;
    }
    if no_pyzmq(tool) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let words = [&script, &recording].map(|path| fs::canonicalize(path).unwrap().display().to_string());
    let words = [&words[..], &["--daemon".to_owned(), litecastd().display().to_string()]].concat();
    let outcome = run(dir.path(), Path::new("python3"), &words, Duration::from_secs(400));
    let said = format!("{}{}", outcome.stdout, outcome.stderr);
    assert!(outcome.status.success(), "{said}");
    eprintln!("{said}");
}

#[test]
fn recorded_block_verdicts() {
    replay("replay_verdicts.py", "verdicts/blocks.json.gz");
}

#[test]
fn recorded_mweb_verdicts() {
    replay("replay_verdicts.py", "verdicts/mweb.json.gz");
}

#[test]
fn recorded_stream_1() {
    replay("replay_stream.py", "stream/seed-1.json.gz");
}

#[test]
fn recorded_stream_2() {
    replay("replay_stream.py", "stream/seed-2.json.gz");
}
