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

/// Runs a tool on a recording and returns what it said, if both are there.
fn replay(tool: &str, recording: &str, more: &[&str]) -> Option<(bool, String)> {
    let (script, recording) = (workspace().join("../shared/tools").join(tool), vectors().join(recording));
    if !script.is_file() || !recording.is_file() {
        eprintln!("SKIPPED: {tool}: not at {}, or without {}", script.display(), recording.display());
        return None;
    }
    if no_pyzmq(tool) {
        return None;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut words = vec![
        script.display().to_string(),
        fs::canonicalize(recording).unwrap().display().to_string(),
        "--daemon".to_owned(),
        litecastd().display().to_string(),
    ];
    words.extend(more.iter().map(|word| (*word).to_owned()));
    let outcome = run(dir.path(), Path::new("python3"), &words, Duration::from_secs(600));
    Some((outcome.status.success(), format!("{}{}", outcome.stdout, outcome.stderr)))
}

/// For information until the node checks scripts: prints what the tool says about each recording.
#[test]
#[ignore = "minutes long, and differences are expected as long as scripts are not checked; run it by name"]
fn recorded_verdicts() {
    for recording in ["verdicts/blocks.json.gz", "verdicts/mweb.json.gz"] {
        if let Some((same, said)) = replay("replay_verdicts.py", recording, &[]) {
            eprintln!("{recording}: {}\n{said}", if same { "all the same" } else { "differences" });
        }
    }
}

/// For information until the node has a mempool.
#[test]
#[ignore = "minutes long, and differences are expected as long as there is no mempool; run it by name"]
fn recorded_streams() {
    for recording in ["stream/seed-1.json.gz", "stream/seed-2.json.gz"] {
        if let Some((same, said)) = replay("replay_stream.py", recording, &[]) {
            eprintln!("{recording}: {}\n{said}", if same { "all the same" } else { "differences" });
        }
    }
}
