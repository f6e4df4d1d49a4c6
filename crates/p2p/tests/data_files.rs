//! `peers.dat` and `banlist.dat` go back and forth between a real `litecoind -regtest` and this crate. Skipped with a
//! line where litecoind is not installed.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests are tests")]

use std::{
    collections::BTreeSet,
    fs,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant, SystemTime},
};

use litecast_p2p::{AddrMan, BanList, NetAddr, NetService, PeerAddress, ServiceFlags};
use litecast_primitives::params::{Network, Params};

const DEADLINE: Duration = Duration::from_secs(120);

/// Runs for as long as it is needed, on a folder that stays.
struct Litecoind<'a> {
    process: Child,
    folder: &'a Path,
    rpc_port: u16,
}

impl<'a> Litecoind<'a> {
    fn start(folder: &'a Path) -> Self {
        let rpc_port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new("/usr/bin/litecoind")
            .args(["-regtest", "-listen=0", "-connect=0", "-dnsseed=0", "-disablewallet"])
            .arg(format!("-datadir={}", folder.display()))
            .arg(format!("-rpcport={rpc_port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let node = Self { process, folder, rpc_port };
        let start = Instant::now();
        while node.cli(&["getblockcount"]).is_none() {
            assert!(start.elapsed() < DEADLINE, "litecoind does not start");
            std::thread::sleep(Duration::from_millis(100));
        }
        node
    }

    fn cli(&self, args: &[&str]) -> Option<String> {
        let output = Command::new("/usr/bin/litecoin-cli")
            .arg("-regtest")
            .arg(format!("-datadir={}", self.folder.display()))
            .arg(format!("-rpcport={}", self.rpc_port))
            .args(args)
            .output()
            .unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    }

    /// One field of a list of objects.
    fn list(&self, args: &[&str], field: &str) -> BTreeSet<String> {
        let list: serde_json::Value = serde_json::from_str(&self.cli(args).unwrap()).unwrap();
        list.as_array().unwrap().iter().map(|entry| entry[field].as_str().unwrap().to_owned()).collect()
    }

    fn stop(mut self) {
        self.cli(&["stop"]).unwrap();
        let start = Instant::now();
        while self.process.try_wait().unwrap().is_none() {
            assert!(start.elapsed() < DEADLINE, "litecoind does not stop");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Litecoind<'_> {
    fn drop(&mut self) {
        // Only a child of this test is ended.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn service(addr: &str) -> NetService {
    NetService { addr: addr.parse().unwrap(), port: 9333 }
}

#[test]
fn files_go_back_and_forth() {
    if !Path::new("/usr/bin/litecoind").exists() {
        eprintln!("skipped: no /usr/bin/litecoind");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let magic = Params::new(Network::Regtest).magic;
    let (peers, banlist) = (folder.path().join("regtest/peers.dat"), folder.path().join("regtest/banlist.dat"));
    let now = i64::try_from(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()).unwrap();

    let node = Litecoind::start(folder.path());
    let mut addresses: BTreeSet<String> = (1..40).map(|n| format!("250.{n}.1.1")).collect();
    addresses.insert("2001:4860:1::1".to_owned());
    for address in &addresses {
        node.cli(&["addpeeraddress", address, "9333"]).unwrap();
    }
    // Two may want the same place.
    let kept = node.list(&["getnodeaddresses", "1000"], "address");
    assert!(kept.len() > 35);
    for range in ["1.2.3.0/24", "2001:4860::/32"] {
        node.cli(&["setban", range, "add", "1000"]).unwrap();
    }
    node.stop();

    let mut book = AddrMan::decode(&fs::read(&peers).unwrap().into(), magic, [7; 32]).unwrap();
    let mut bans = BanList::new(86_400, (1, 2));
    bans.load(&fs::read(&banlist).unwrap().into(), magic, now).unwrap();
    assert!(kept.iter().all(|address| book.find(&address.parse().unwrap()).is_some()));
    // What is banned is not told, and is in the file all the same.
    assert!(book.len() >= kept.len() && book.len() <= addresses.len());
    let ranges: Vec<String> = bans.list(now).iter().map(|(range, _)| range.to_string()).collect();
    assert_eq!(ranges, ["1.2.3.0/24", "2001:4860::/32"]);
    // Nothing that is kept got another form on its way.
    assert_eq!(bans.encode(magic), fs::read(&banlist).unwrap());
    assert_eq!(book.encode(magic).len(), fs::read(&peers).unwrap().len());

    let onion = "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion";
    for address in [onion, "251.1.1.1", "251.2.1.1"] {
        let service = service(address);
        let time = u32::try_from(now).unwrap();
        let told = PeerAddress { service, services: ServiceFlags::NETWORK, time };
        assert!(book.add(&[told], &service.addr, 0, now), "{address}");
    }
    book.good(&service("251.2.1.1"), now);
    assert!(bans.unban(&"1.2.3.0/24".parse().unwrap()));
    assert!(bans.ban("9.8.7.6".parse().unwrap(), 1000, false, now));
    fs::write(&peers, book.encode(magic)).unwrap();
    fs::write(&banlist, bans.encode(magic)).unwrap();

    let node = Litecoind::start(folder.path());
    let told = node.list(&["getnodeaddresses", "1000"], "address");
    for address in [onion, "251.1.1.1", "251.2.1.1"] {
        assert!(told.contains(address), "{address} of {told:?}");
    }
    let unbanned = |address: &&String| !address.starts_with("2001");
    assert!(kept.iter().filter(unbanned).all(|address| told.contains(address)));
    let listed = node.list(&["listbanned"], "address");
    assert_eq!(listed, BTreeSet::from(["9.8.7.6/32".to_owned(), "2001:4860::/32".to_owned()]));
    node.stop();
    // Read by the reference, written by the reference: still the same addresses.
    let again = AddrMan::decode(&fs::read(&peers).unwrap().into(), magic, [8; 32]).unwrap();
    assert_eq!(again.counts(), book.counts());
    assert!(again.find(&service("251.2.1.1").addr).unwrap().is_tried());
    assert!(again.find(&onion.parse::<NetAddr>().unwrap()).is_some());
}
