//! A process that commits is killed with SIGKILL, again and again; what it said it had committed is there.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
};

use litecast_store::{Batch, Store};

use crate::history::{Player, Shown, Step, options};

const DIR: &str = "LITECAST_STORE_KILL_DIR";

/// Not a test of its own: the process that is killed. It would commit until the end of its days, which are counted.
#[test]
fn victim() {
    let Some(dir) = env::var_os(DIR) else { return };
    let store = Store::open(&options(dir)).unwrap();
    let mut player = Player::new(Shown::of(&store));
    let mut out = std::io::stdout();
    for _ in 0..20_000 {
        for _ in 0..4 {
            player.play(&store, Step::Block).unwrap();
        }
        player.play(&store, Step::Commit).unwrap();
        writeln!(out, "committed {}", player.model.index.len()).unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn a_killed_process_loses_nothing_it_committed() {
    let dir = tempfile::tempdir().unwrap();
    let mut expected = Player::new(Shown::default());
    let scratch = tempfile::tempdir().unwrap();
    let model_store = Store::open(&options(scratch.path())).unwrap();
    for round in 0..6 {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["kill::victim", "--exact", "--nocapture", "--test-threads=1"])
            .env(DIR, dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut told = 0;
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut seen = 0;
        while seen < 5 + round * 7 {
            let line = lines.next().expect("because the child speaks until it is killed").unwrap();
            // The test harness writes on the same line before the first word.
            if let Some((_, count)) = line.split_once("committed ") {
                told = count.parse().unwrap();
                seen += 1;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        for line in lines.map_while(Result::ok) {
            if let Some(count) = line.strip_prefix("committed ").and_then(|count| count.parse().ok()) {
                told = count;
            }
        }

        let store = Store::open(&options(dir.path())).unwrap();
        let shown = Shown::of(&store);
        assert!(shown.index.len() == told || shown.index.len() == told + 4, "{} of {told}", shown.index.len());
        while expected.model.index.len() < shown.index.len() {
            expected.play(&model_store, Step::Block).unwrap();
        }
        assert_eq!(shown, expected.model);
        shown.check_files(&store);
        store.commit(Batch::new()).unwrap();
    }
    assert!(expected.model.index.len() > 100);
}
