//! A full disk: the node stops with a clear error, and once there is space it goes on with nothing lost.

use std::{
    fs::{self, File},
    io::Write as _,
    path::Path,
    process::Command,
};

use crate::harness::{Node, PATIENCE, chain::Wallet, no_litecoind, node::assert_same_chain, wait_for};

/// A small file system of its own; unmounted when dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// `None` where mounting is not allowed.
    fn mount(mebibytes: u32) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={mebibytes}m"), "litecast-test"])
            .arg(dir.path())
            .output();
        mounted.is_ok_and(|output| output.status.success()).then(|| Self(dir))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).output();
    }
}

#[test]
fn a_full_disk_stops_the_node_and_loses_nothing() {
    if no_litecoind("a_full_disk_stops_the_node_and_loses_nothing") {
        return;
    }
    let Some(disk) = SmallDisk::mount(256) else {
        eprintln!("SKIPPED: a_full_disk_stops_the_node_and_loses_nothing: no right to mount a small file system");
        return;
    };
    let peer = Node::litecoind(&[]);
    let wallet = Wallet::create(&peer);
    wallet.mine(110);
    let mut node = Node::litecastd_in(disk.path(), &[]);
    let connect = peer.connect();
    node.start(&[&connect]);
    node.wait_for_tip(&peer.tip());

    // Somebody fills the disk; blocks keep coming.
    let filler = disk.path().join("filler");
    let mut file = File::create(&filler).unwrap();
    let chunk = vec![1; 64 << 10];
    while file.write_all(&chunk).is_ok() {}
    while file.write_all(&chunk[..512]).is_ok() {}
    let mut acknowledged = node.tip();
    let outcome = wait_for("end of the node", PATIENCE, || {
        wallet.mine(10);
        if let Ok(tip) = node.try_call("getbestblockhash", &serde_json::json!([])) {
            acknowledged = tip.as_str().unwrap().to_owned();
        }
        // Whatever the node freed meanwhile is filled as well.
        while file.write_all(&chunk[..512]).is_ok() {}
        node.process().ended()
    });
    assert_eq!(outcome.status.code(), Some(1), "{outcome:?}");
    assert!(outcome.stderr.contains("Disk space is too low"), "{outcome:?}");
    node.wait_ended();

    // Still full: it says so again.
    node.spawn(&[&connect]);
    let again = wait_for("end of the node", PATIENCE, || {
        while file.write_all(&chunk[..512]).is_ok() {}
        wallet.mine(10);
        node.process().ended()
    });
    assert_eq!(again.status.code(), Some(1), "{again:?}");
    assert!(!again.stderr.contains("panicked"), "{again:?}");
    node.wait_ended();

    drop(file);
    fs::remove_file(&filler).unwrap();
    node.start(&["-connect=0"]);
    let theirs = peer.raw_blocks();
    let ours = node.raw_blocks();
    for (height, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
        assert!(ours == theirs, "other bytes at height {height}");
    }
    let header = peer.call("getblockheader", serde_json::json!([acknowledged]));
    let height = usize::try_from(header["height"].as_u64().unwrap()).unwrap();
    assert!(ours.len() > height, "block {height} was acknowledged, the last one is {}", ours.len() - 1);
    node.stop();
    node.start(&[&connect]);
    node.wait_for_tip(&peer.tip());
    assert_same_chain(&node, &peer);
    node.stop();
}
