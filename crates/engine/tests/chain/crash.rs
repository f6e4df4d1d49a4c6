//! `kill -9` while blocks come in: what was acknowledged is there after a restart.

use std::{
    env,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use litecast_primitives::BlockHash;

use crate::harness::{Node, options};

const CHILD_DIR: &str = "LITECAST_TEST_CRASH_DIR";

/// Not a test of its own: the process that is killed. It acknowledges each block on its standard output.
#[test]
fn crash_child() {
    let Some(dir) = env::var_os(CHILD_DIR) else { return };
    let mut options = options(Path::new(&dir), true);
    // A tiny cache: coins are flushed in between.
    options.cache_bytes = 2000;
    let node = Node::start(options);
    println!("start {}", node.tip());
    for round in 0.. {
        let block = node.generate(1, u8::try_from(round % 200).unwrap()).pop().unwrap();
        println!("have {}", block.hash());
        if round % 5 == 4 {
            // A reorganisation in between: two blocks go, three come.
            let parent = node.handle().reader().entry(&block.header().prev).unwrap();
            node.handle().invalidate_block(parent.hash).unwrap();
            for made in node.generate(3, u8::try_from(200 + round % 50).unwrap()) {
                println!("have {}", made.hash());
            }
        }
    }
}

#[test]
fn kill_nine_loses_nothing_that_was_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..6 {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["crash::crash_child", "--exact", "--nocapture"])
            .env(CHILD_DIR, dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut have: Vec<BlockHash> = Vec::new();
        let hash_of = |line: &str| line.rsplit(' ').next().unwrap().parse::<BlockHash>().ok();
        while have.len() < 10 + 7 * round {
            let line = lines.next().expect("because the child goes on until it is killed").unwrap();
            if line.contains("have ") {
                have.extend(hash_of(&line));
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What it said between our last look and its death counts too.
        have.extend(lines.map_while(Result::ok).filter(|l| l.contains("have ")).filter_map(|l| hash_of(&l)));
        let node = Node::start(options(dir.path(), true));
        let reader = node.handle().reader();
        let last = have.last().unwrap();
        let tip = reader.tip();
        let index = reader.index();
        for hash in &have {
            assert!(index.get(hash).is_some_and(|entry| entry.have_data()), "{hash} is lost");
        }
        // At most the block in flight is on top of the last acknowledged one, or two were just invalidated.
        let last_height = index.get(last).unwrap().height;
        assert!(tip.height + 3 >= last_height, "tip {} is far below {last_height}", tip.height);
        drop(index);
        let state = node.state();
        node.stop();
        assert_eq!(Node::start(options(dir.path(), true)).state(), state);
    }
}
