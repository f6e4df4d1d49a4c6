//! The RPC client against servers of every temper, on loopback. Where Debian's litecoind is installed it is one of them.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use litecast_client::{Auth, RpcClient, RpcError};
use serde_json::json;

fn user() -> Auth {
    Auth::UserPassword { user: "u".to_owned(), password: "secret".to_owned() }
}

/// Reads one request and answers with `answer`; gives the request back.
fn server(answer: &'static str) -> (RpcClient, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let served = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let request = read_request(&mut stream);
        stream.write_all(answer.as_bytes()).expect("the client reads");
        request
    });
    (RpcClient::new("127.0.0.1", port, user()).timeout(Some(Duration::from_secs(20))), served)
}

fn read_request(stream: &mut TcpStream) -> String {
    let mut request = String::new();
    let mut byte = [0; 1];
    while !request.ends_with("\r\n\r\n") {
        stream.read_exact(&mut byte).expect("headers");
        request.push(char::from(byte[0]));
    }
    let length = request.lines().find_map(|line| line.strip_prefix("Content-Length: ")).expect("a length");
    let mut body = vec![0; length.parse().expect("a number")];
    stream.read_exact(&mut body).expect("a body");
    request + std::str::from_utf8(&body).expect("text")
}

#[test]
fn a_call() {
    let (client, served) =
        server("HTTP/1.1 200 OK\r\nContent-Length: 48\r\n\r\n{\"result\":0.10000000,\"error\":null,\"id\":1}       ");
    let result = client.call("getbalance", &json!(["*", 1])).expect("a result");
    // Exactly as written, not a float.
    assert_eq!(result.to_string(), "0.10000000");
    let request = served.join().expect("the server is done");
    assert!(request.starts_with("POST / HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("\r\nAuthorization: Basic dTpzZWNyZXQ=\r\n"), "{request}");
    let body = "\r\n\r\n{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"getbalance\",\"params\":[\"*\",1]}\n";
    assert!(request.ends_with(body), "{request}");
}

#[test]
fn errors_say_what_to_do() {
    let error = |answer| {
        let (client, served) = server(answer);
        let error = client.call("x", &json!([])).expect_err("no result");
        served.join().expect("the server is done");
        error
    };
    assert!(matches!(error("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"), RpcError::Unauthorized));
    assert!(matches!(error("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"), RpcError::Forbidden));
    assert!(matches!(error("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"), RpcError::Http(503)));
    assert!(matches!(error("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), RpcError::Empty));
    assert!(matches!(error("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"), RpcError::Malformed));
    assert!(matches!(error("HTTP/1.1 404 Not Found\r\n\r\n<html>"), RpcError::Http(404)));
    assert!(matches!(error("SSH-2.0\r\n"), RpcError::Connection { .. }));
    let rpc = error(
        "HTTP/1.1 500 Internal Server Error\r\n\r\n{\"result\":null,\"error\":{\"code\":-8,\"message\":\"Block height out of range\"},\"id\":1}",
    );
    assert_eq!(rpc.to_string(), "error code: -8\nerror message:\nBlock height out of range");
    assert!(!format!("{:?}", user()).contains("secret"));
}

#[test]
fn nobody_there_and_nobody_talking() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let started = Instant::now();
    let silent = RpcClient::new("127.0.0.1", port, user()).timeout(Some(Duration::from_millis(200)));
    assert!(matches!(silent.call("x", &json!([])), Err(RpcError::Timeout { .. })));
    assert!(started.elapsed() < Duration::from_secs(10));
    drop(listener);
    let gone = RpcClient::new("127.0.0.1", port, user()).call("x", &json!([])).expect_err("nobody");
    assert!(gone.to_string().contains(&format!("127.0.0.1:{port}")), "{gone}");
}

#[test]
fn a_missing_cookie_is_said() {
    let dir = tempfile::tempdir().expect("a directory");
    let cookie = dir.path().join(".cookie");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let served = thread::spawn(move || {
        let mut requests = Vec::new();
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().expect("a client");
            requests.push(read_request(&mut stream));
            stream.write_all(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n").expect("the client reads");
        }
        requests
    });
    let client = RpcClient::new("127.0.0.1", port, Auth::CookieFile(cookie.clone()));
    let error = client.call("x", &json!([])).expect_err("refused");
    assert!(error.to_string().contains(".cookie"), "{error}");
    fs::write(&cookie, "__cookie__:abc").expect("a file");
    assert!(matches!(client.call("x", &json!([])), Err(RpcError::Unauthorized)));
    let requests = served.join().expect("the server is done");
    assert!(!requests[0].contains("Authorization"));
    assert!(requests[1].contains("Authorization: Basic X19jb29raWVfXzphYmM=\r\n"));
}

struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

#[test]
fn the_reference_answers() {
    if !Path::new("/usr/bin/litecoind").exists() {
        eprintln!("skipped: needs litecoind");
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    let port = free_port();
    let daemon = Command::new("/usr/bin/litecoind")
        .args(["-regtest", "-listen=0", "-dnsseed=0", "-server", "-disablewallet"])
        .arg(format!("-datadir={}", dir.path().display()))
        .arg(format!("-rpcport={port}"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("litecoind starts");
    let _daemon = Daemon(daemon);
    let client = RpcClient::new("127.0.0.1", port, Auth::CookieFile(dir.path().join("regtest/.cookie")));
    let end = Instant::now() + Duration::from_secs(60);
    let hash = loop {
        match client.call("getblockhash", &json!([0])) {
            Ok(hash) => break hash,
            Err(error) => assert!(Instant::now() < end, "{error}"),
        }
        thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(hash, "530827f38f93b43ed12af0b3ad25a288dc02ed74d6d7857862df51fc56c416f9");
    let error = client.call("getblockhash", &json!([99])).expect_err("no such height");
    assert!(matches!(error, RpcError::Rpc { code: -8, .. }), "{error}");
    let mut results = client.batch(&[("getblockcount", json!([])), ("nosuch", json!([]))]).expect("a batch");
    assert!(matches!(results.pop(), Some(Err(RpcError::Rpc { code: -32601, .. }))));
    assert!(matches!(results.pop(), Some(Ok(count)) if count == 0));
    let wrong = RpcClient::new("127.0.0.1", port, user());
    assert!(matches!(wrong.call("getblockcount", &json!([])), Err(RpcError::Unauthorized)));
}
