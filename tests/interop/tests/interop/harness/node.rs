//! A node of either kind on regtest, in a folder of its own, with RPC.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use litecast_client::{Auth, RpcClient, RpcError};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{PATIENCE, Process, free_port, litecastd, wait_for};

/// Which program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Litecoind,
    Litecastd,
}

/// A node; its processes come and go, its folder and ports stay.
#[derive(Debug)]
pub(crate) struct Node {
    kind: Kind,
    dir: TempDir,
    datadir: PathBuf,
    pub(crate) port: u16,
    pub(crate) rpc_port: u16,
    args: Vec<String>,
    /// Chooses its peers itself.
    automatic: bool,
    process: Option<Process>,
}

impl Node {
    fn new(kind: Kind, args: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let datadir = dir.path().join("data");
        fs::create_dir(&datadir).unwrap();
        let (port, rpc_port) = (free_port(), free_port());
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        Self { kind, dir, datadir, port, rpc_port, args, automatic: false, process: None }
    }

    /// A litecoind that is up. `args` come after the usual ones, which say nothing about whom to connect to.
    pub(crate) fn litecoind(args: &[&str]) -> Self {
        let mut node = Self::new(Kind::Litecoind, args);
        node.start(&[]);
        node
    }

    /// A litecastd that does not run yet.
    pub(crate) fn litecastd(args: &[&str]) -> Self {
        Self::new(Kind::Litecastd, args)
    }

    /// The same, and nobody says whom it connects to.
    pub(crate) fn automatic(mut self) -> Self {
        self.automatic = true;
        self
    }

    /// The same, with its data directory in `datadir`.
    pub(crate) fn litecastd_in(datadir: &Path, args: &[&str]) -> Self {
        let mut node = Self::new(Kind::Litecastd, args);
        datadir.clone_into(&mut node.datadir);
        node
    }

    /// The data directory.
    pub(crate) fn datadir(&self) -> &Path {
        &self.datadir
    }

    /// A folder for the files of the test.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The option that connects another node to this one.
    pub(crate) fn connect(&self) -> String {
        format!("-connect=127.0.0.1:{}", self.port)
    }

    /// The words of its command line.
    pub(crate) fn words(&self, more: &[&str]) -> Vec<String> {
        let mut words = vec![
            "-regtest".to_owned(),
            format!("-datadir={}", self.datadir.display()),
            format!("-port={}", self.port),
            format!("-rpcport={}", self.rpc_port),
            format!("-bind=127.0.0.1:{}", self.port),
            "-listen=1".to_owned(),
            "-dnsseed=0".to_owned(),
            "-discover=0".to_owned(),
            "-listenonion=0".to_owned(),
            "-printtoconsole=0".to_owned(),
        ];
        if self.kind == Kind::Litecoind {
            // A node without recent blocks answers only peers with the permission to download.
            words.extend(
                ["-fallbackfee=0.001", "-keypool=5", "-whitelist=noban@127.0.0.1", "-upnp=0"].map(str::to_owned),
            );
        }
        // Whom to connect to is said once: the words of this start count, else those of the node.
        let is_connect = |word: &str| word.starts_with("-connect");
        let replaced = more.iter().any(|word| is_connect(word));
        words.extend(self.args.iter().filter(|word| !(replaced && is_connect(word))).cloned());
        words.extend(more.iter().map(|word| (*word).to_owned()));
        if !self.automatic && !words.iter().any(|word| is_connect(word)) {
            words.push("-connect=0".to_owned());
        }
        words
    }

    /// Starts the process and does not wait for it.
    pub(crate) fn spawn(&mut self, more: &[&str]) -> &mut Process {
        assert!(self.process.is_none(), "the node runs already");
        let (name, program) = match self.kind {
            Kind::Litecoind => ("litecoind", PathBuf::from("litecoind")),
            Kind::Litecastd => ("litecastd", litecastd()),
        };
        self.process.insert(Process::start(name, self.dir.path(), &program, &self.words(more)))
    }

    /// Starts the process and waits until it answers.
    pub(crate) fn start(&mut self, more: &[&str]) {
        self.spawn(more);
        self.wait_until_up();
    }

    /// Waits until RPC answers and is warm.
    pub(crate) fn wait_until_up(&mut self) {
        let client = self.client();
        let process = self.process.as_mut().expect("because it was started");
        wait_for("answer of the new node", PATIENCE, || {
            if let Some(ended) = process.ended() {
                panic!("the node ended at once: {ended:?}");
            }
            client.call("uptime", &json!([])).ok()
        });
    }

    /// The process, which was started.
    pub(crate) fn process(&mut self) -> &mut Process {
        self.process.as_mut().expect("because it was started")
    }

    /// Its RPC, with the cookie.
    pub(crate) fn client(&self) -> RpcClient {
        let cookie = self.datadir.join("regtest/.cookie");
        RpcClient::new("127.0.0.1", self.rpc_port, Auth::CookieFile(cookie)).timeout(Some(PATIENCE))
    }

    /// A call that may fail.
    pub(crate) fn try_call(&self, method: &str, params: &Value) -> Result<Value, RpcError> {
        self.client().call(method, params)
    }

    /// A call that must succeed.
    #[expect(clippy::needless_pass_by_value, reason = "calls read better with json!([…]) than with a reference to it")]
    pub(crate) fn call(&self, method: &str, params: Value) -> Value {
        self.try_call(method, &params).unwrap_or_else(|error| panic!("{:?}: {method} {params}: {error}", self.kind))
    }

    /// A call whose answer is a string.
    pub(crate) fn text(&self, method: &str, params: Value) -> String {
        self.call(method, params).as_str().expect("because the method answers with a string").to_owned()
    }

    /// Hash of the tip.
    pub(crate) fn tip(&self) -> String {
        self.text("getbestblockhash", json!([]))
    }

    /// Height of the tip.
    pub(crate) fn height(&self) -> u64 {
        self.call("getblockcount", json!([])).as_u64().unwrap()
    }

    /// Hash at a height.
    pub(crate) fn hash_at(&self, height: u64) -> String {
        self.text("getblockhash", json!([height]))
    }

    /// Waits until the tip is `hash`.
    pub(crate) fn wait_for_tip(&self, hash: &str) {
        wait_for(&format!("tip {hash}"), PATIENCE, || (self.tip() == hash).then_some(()));
    }

    /// Every block of the active chain as the bytes of `getblock <hash> 0`, from the genesis block on.
    pub(crate) fn raw_blocks(&self) -> Vec<String> {
        let text = |answers: Vec<Result<Value, RpcError>>| -> Vec<String> {
            answers.into_iter().map(|answer| answer.unwrap().as_str().unwrap().to_owned()).collect()
        };
        let mut blocks = Vec::new();
        let heights: Vec<u64> = (0..=self.height()).collect();
        for part in heights.chunks(50) {
            let calls: Vec<_> = part.iter().map(|height| ("getblockhash", json!([height]))).collect();
            let hashes = text(self.client().batch(&calls).unwrap());
            let calls: Vec<_> = hashes.iter().map(|hash| ("getblock", json!([hash, 0]))).collect();
            blocks.extend(text(self.client().batch(&calls).unwrap()));
        }
        blocks
    }

    /// Stops it through RPC and waits for its end.
    pub(crate) fn stop(&mut self) {
        self.call("stop", json!([]));
        self.wait_stopped();
    }

    /// Waits for its orderly end.
    pub(crate) fn wait_stopped(&mut self) {
        let outcome = self.process().wait(Duration::from_secs(60));
        assert!(outcome.status.success(), "the node did not stop well: {outcome:?}");
        self.process = None;
    }

    /// Waits for its end and says how it was.
    pub(crate) fn wait_ended(&mut self) -> super::Outcome {
        let outcome = self.process().wait(Duration::from_secs(60));
        self.process = None;
        outcome
    }

    /// SIGKILL.
    pub(crate) fn kill_nine(&mut self) {
        self.process.take().expect("because it runs").kill_nine();
    }
}

/// What the node wrote last helps to understand a failed test, whose folder is gone. `LITECAST_INTEROP_LOGS` names a
/// folder that keeps whole logs.
impl Drop for Node {
    fn drop(&mut self) {
        let log = || fs::read_to_string(self.datadir.join("regtest/debug.log")).unwrap_or_default();
        if let Some(dir) = std::env::var_os("LITECAST_INTEROP_LOGS") {
            let _ = fs::write(Path::new(&dir).join(format!("{:?}-{}.log", self.kind, self.port)), log());
        }
        if std::thread::panicking() {
            let log = log();
            let lines: Vec<&str> = log.lines().collect();
            let last = lines[lines.len().saturating_sub(8)..].join("\n");
            eprintln!("--- {:?} on port {}, the end of its log:\n{last}", self.kind, self.port);
        }
    }
}

/// The two nodes hold the same chain, byte for byte.
pub(crate) fn assert_same_chain(ours: &Node, theirs: &Node) {
    let (mine, others) = (ours.raw_blocks(), theirs.raw_blocks());
    assert_eq!(mine.len(), others.len(), "other number of blocks");
    for (height, (mine, other)) in mine.iter().zip(&others).enumerate() {
        assert!(mine == other, "other bytes at height {height}");
    }
}
