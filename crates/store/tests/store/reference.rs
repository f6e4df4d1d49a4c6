//! A real litecoind writes files that this store reads, and reads files that this store wrote.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
};

use bytes::Bytes;
use litecast_primitives::{Block, BlockHash, codec::Reader};
use litecast_store::{FilePos, Store, Wipe, scan_file};

use crate::history::options;

const BLOCKS: u32 = 12;

struct Litecoind {
    child: Child,
    dir: tempfile::TempDir,
    port: u16,
}

impl Litecoind {
    fn start(dir: tempfile::TempDir, extra: &[&str]) -> Option<Self> {
        // Taken and given back: there is no way to hand over a listening socket.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let started = Command::new("litecoind")
            .args(["-regtest", "-listen=0", "-connect=0", "-dnsseed=0", "-disablewallet", "-printtoconsole=0"])
            .arg(format!("-datadir={}", dir.path().display()))
            .arg(format!("-rpcport={port}"))
            .args(extra)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(child) = started else {
            eprintln!("skipped: no litecoind in the path");
            return None;
        };
        Some(Self { child, dir, port })
    }

    fn cli(&self, args: &[&str]) -> String {
        // This version's -rpcwait knows no end.
        let out = Command::new("timeout")
            .args(["60", "litecoin-cli", "-regtest", "-rpcwait"])
            .arg(format!("-datadir={}", self.dir.path().display()))
            .arg(format!("-rpcport={}", self.port))
            .args(args)
            .output()
            .unwrap();
        assert!(out.status.success(), "{args:?}: {out:?}");
        String::from_utf8(out.stdout).unwrap().trim().to_owned()
    }

    /// Lets it end in order and gives its folder back.
    fn stop(mut self) -> tempfile::TempDir {
        self.cli(&["stop"]);
        self.child.wait().unwrap();
        std::mem::replace(&mut self.dir, tempfile::tempdir().unwrap())
    }
}

impl Drop for Litecoind {
    fn drop(&mut self) {
        // Fails when it has ended, which is the usual case.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn scan(path: &Path, magic: [u8; 4]) -> Vec<(u64, Block)> {
    scan_file(path, magic)
        .unwrap()
        .map(|found| {
            let found = found.unwrap();
            let mut r = Reader::new(found.bytes);
            let block = Block::decode(&mut r).unwrap();
            r.finish().unwrap();
            (found.offset, block)
        })
        .collect()
}

#[test]
fn files_go_both_ways() {
    let Some(node) = Litecoind::start(tempfile::tempdir().unwrap(), &[]) else { return };
    node.cli(&["generatetodescriptor", &BLOCKS.to_string(), "raw(51)"]);
    let tip = node.cli(&["getbestblockhash"]);
    let theirs = node.stop();

    // Their block file, scanned without an index.
    let mut options = options(tempfile::tempdir().unwrap().keep());
    let cleanup = options.dir.clone();
    let blocks = theirs.path().join("regtest/blocks");
    let found = scan(&blocks.join("blk00000.dat"), options.magic);
    assert_eq!(found.len(), BLOCKS as usize + 1);
    assert_eq!(found.last().unwrap().1.hash().to_string(), tip);

    // Their undo file, read with our checksum: every block but the first has a record, in order.
    fs::create_dir_all(&options.blocks_dir).unwrap();
    for name in ["blk00000.dat", "rev00000.dat"] {
        fs::copy(blocks.join(name), options.blocks_dir.join(name)).unwrap();
    }
    options.wipe = Wipe::Everything;
    options.limits = litecast_store::FileLimits::default();
    let store = Store::open(&options).unwrap();
    let mut offset = 8;
    for (at, block) in &found {
        let pos = FilePos { file: 0, offset: u32::try_from(*at).unwrap() };
        assert_eq!(store.read_block(pos).unwrap(), *block.bytes());
        if block.header().prev != BlockHash::ZERO {
            let undo: Bytes = store.read_undo(FilePos { file: 0, offset }, &block.header().prev).unwrap();
            offset += u32::try_from(undo.len()).unwrap() + 40;
        }
    }

    // Our block file, taken by them as their own.
    let ours = tempfile::tempdir().unwrap();
    let mut options = crate::history::options(ours.path().join("chain"));
    options.blocks_dir = ours.path().join("regtest/blocks");
    let store = Store::open(&options).unwrap();
    for (_, block) in &found {
        store.append_block(block.bytes()).unwrap();
    }
    store.sync_files().unwrap();
    drop(store);
    assert!(options.blocks_dir.join("blk00002.dat").exists(), "the small files were left and trimmed");
    let node = Litecoind::start(ours, &["-reindex"]).unwrap();
    // It answers as soon as the first blocks are in: wait for the last one by asking for it.
    node.cli(&["waitforblockheight", &BLOCKS.to_string(), "30000"]);
    assert_eq!(node.cli(&["getbestblockhash"]), tip);
    node.stop();
    fs::remove_dir_all(cleanup).unwrap();
}
