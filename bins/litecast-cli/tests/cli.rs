//! litecast-cli and litecoin-cli, side by side against one server: the same output, the same errors, the same exit code.
#![expect(clippy::unwrap_used, reason = "a failed unwrap in a test's helper is a failed test")]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use litecast_rpc::auth::AuthConfig;
use litecast_rpc::{LogControl, NodeContext, Registry, Rpc, Server, ServerConfig, methods};

struct Idle;

impl NodeContext for Idle {
    fn uptime_s(&self) -> i64 {
        42
    }
    fn request_shutdown(&self) {}
    fn log(&self) -> &dyn LogControl {
        self
    }
}

impl LogControl for Idle {
    fn set(&self, category: &str, _: bool) -> bool {
        category == "net"
    }
    fn categories(&self) -> Vec<(&'static str, bool)> {
        vec![("net", true)]
    }
    fn path(&self) -> &Path {
        Path::new("/the/debug.log")
    }
}

/// A server with a cookie in `dir/regtest`, and its port.
fn serve(runtime: &tokio::runtime::Runtime, dir: &Path) -> (Server, u16) {
    std::fs::create_dir(dir.join("regtest")).unwrap();
    let mut registry = Registry::new();
    registry.extend(methods::METHODS);
    let rpc = Rpc::new(registry, Arc::new(Idle));
    rpc.set_warmup_finished();
    let config = ServerConfig {
        bind: vec!["127.0.0.1:0".to_owned()],
        port: 0,
        allow_ip: vec!["127.0.0.1".to_owned()],
        auth: AuthConfig { cookie_file: dir.join("regtest/.cookie"), ..AuthConfig::default() },
        threads: 2,
        work_queue: 16,
        timeout: Duration::from_secs(30),
    };
    let server = runtime.block_on(Server::start(&config, rpc, Vec::new())).unwrap();
    let port = server.addresses()[0].port();
    (server, port)
}

fn run(program: &Path, dir: &Path, port: u16, words: &[&str]) -> (Option<i32>, String, String) {
    let mut child = Command::new(program)
        .arg("-regtest")
        .arg(format!("-datadir={}", dir.display()))
        .arg(format!("-rpcport={port}"))
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that reads nothing may be gone before this is written.
    let _ = child.stdin.take().unwrap().write_all(b"first line\nsecond line\n");
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

const CASES: &[&[&str]] = &[
    &["uptime"],
    &["help"],
    &["help", "logging"],
    &["help", "a", "b"],
    &["nope"],
    &["echo"],
    &["echo", "a", "{\"b\":1}"],
    &["echojson", "{\"a\":[],\"b\":{},\"c\":1e-8,\"d\":null,\"e\":\"é\\u0001\"}", "true"],
    &["echojson", "nonsense"],
    &["logging", "[\"net\"]"],
    &["logging", "[\"nope\"]"],
    &["-named", "echo", "arg1=x"],
    &["-named", "echo", "x"],
    &["-named", "help", "nope=1"],
    &["-stdin", "echo", "zero"],
    &["-stdinrpcpass", "-rpcuser=a", "uptime"],
    &["-stdinwalletpassphrase", "uptime"],
    &["-rpcuser=a", "-rpcpassword=b", "uptime"],
    &["-rpcwallet=q", "uptime"],
    &["-rpcwait", "uptime"],
    &["-getinfo"],
    &["-getinfo", "x"],
    &["-generate"],
    &["-foo", "uptime"],
    &["-testnet", "uptime"],
    &["-datadir=/does/not/exist", "uptime"],
    &[],
];

#[test]
fn same_as_litecoin_cli() {
    let theirs = Path::new("/usr/bin/litecoin-cli");
    if !theirs.exists() {
        eprintln!("skipped: litecoin-cli is not installed");
        return;
    }
    let ours = Path::new(env!("CARGO_BIN_EXE_litecast-cli"));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let (server, port) = serve(&runtime, dir.path());
    for words in CASES {
        assert_eq!(run(ours, dir.path(), port, words), run(theirs, dir.path(), port, words), "{words:?}");
    }
    runtime.block_on(server.stop());
    // With the node gone only the advice differs.
    let (code, _, error) = run(ours, dir.path(), port, &["uptime"]);
    assert_eq!(code, Some(1));
    assert!(error.starts_with(&format!("error: Could not connect to the server 127.0.0.1:{port}")), "{error}");
}

#[test]
fn configuration_file_has_the_password() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let (server, port) = serve(&runtime, dir.path());
    let ours = Path::new(env!("CARGO_BIN_EXE_litecast-cli"));
    assert_eq!(run(ours, dir.path(), port, &["uptime"]), (Some(0), "42\n".to_owned(), String::new()), "by cookie");
    std::fs::write(dir.path().join("litecoin.conf"), "[regtest]\nrpcuser=u\nrpcpassword=wrong\n").unwrap();
    let (code, _, error) = run(ours, dir.path(), port, &["uptime"]);
    assert_eq!((code, error.as_str()), (Some(1), "error: Authorization failed: Incorrect rpcuser or rpcpassword\n"));
    runtime.block_on(server.stop());
}
