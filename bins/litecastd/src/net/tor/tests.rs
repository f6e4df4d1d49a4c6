//! Against a control port that plays Tor. The proofs of SAFECOOKIE are computed by Python, where it is there.

use std::process::Command;

use tokio::{
    io::{AsyncBufReadExt as _, Lines},
    net::TcpListener,
    sync::mpsc,
};

use super::*;

const ID: &str = "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd";

struct Play {
    listener: TcpListener,
    events: mpsc::Receiver<Request>,
    task: tokio::task::JoinHandle<()>,
    dir: tempfile::TempDir,
}

/// One connection of the node to the control port.
struct Line(Lines<BufReader<TcpStream>>);

impl Play {
    async fn start(password: Option<&str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("because loopback has ports");
        let address = listener.local_addr().expect("because it is bound").to_string();
        let (requests, events) = mpsc::channel(8);
        let dir = tempfile::tempdir().expect("a folder");
        let settings = TorControlSettings { address, password: password.map(str::to_owned), use_as_proxy: true };
        let tor = Tor {
            settings,
            dir: dir.path().to_owned(),
            port: 9333,
            target: ([127, 0, 0, 1], 19444).into(),
            net: Net::new(requests),
        };
        Self { listener, events, task: tokio::spawn(tor.run()), dir }
    }

    async fn accept(&self) -> Line {
        let (stream, _) = timely(self.listener.accept()).await.expect("a connection");
        Line(BufReader::new(stream).lines())
    }

    async fn event(&mut self) -> Event {
        match timely(self.events.recv()).await {
            Some(Request::Tor(event)) => event,
            _ => panic!("the machine is told something else"),
        }
    }

    fn key_file(&self) -> PathBuf {
        self.dir.path().join("onion_v3_private_key")
    }
}

impl Line {
    async fn hear(&mut self) -> String {
        timely(self.0.next_line()).await.expect("a line").expect("a line")
    }

    async fn expect(&mut self, command: &str) {
        assert_eq!(self.hear().await, command);
    }

    async fn say(&mut self, text: &str) {
        self.0.get_mut().get_mut().write_all(text.replace('\n', "\r\n").as_bytes()).await.expect("a reader");
    }
}

async fn timely<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), work).await.expect("it takes too long")
}

fn service() -> NetService {
    format!("{ID}.onion:9333").parse().expect("an address")
}

#[tokio::test]
async fn a_service_is_made_kept_and_taken_down() {
    let mut play = Play::start(None).await;
    let mut line = play.accept().await;
    line.expect("PROTOCOLINFO 1").await;
    line.say("250-PROTOCOLINFO 1\n250-AUTH METHODS=NULL\n250-VERSION Tor=\"0.4.8.1\"\n250 OK\n").await;
    line.expect("AUTHENTICATE").await;
    line.say("250 OK\n").await;
    line.expect("ADD_ONION NEW:ED25519-V3 Port=9333,127.0.0.1:19444").await;
    line.say(&format!("250-ServiceID={ID}\n250-PrivateKey=ED25519-V3:c2VjcmV0\n250 OK\n")).await;
    assert_eq!(play.event().await, Event::Proxy(([127, 0, 0, 1], 9050).into()));
    assert_eq!(play.event().await, Event::Service(service()));
    assert_eq!(std::fs::read_to_string(play.key_file()).expect("the key"), "ED25519-V3:c2VjcmV0");
    // Tor is started anew: the service comes back with the same key.
    drop(line);
    assert_eq!(play.event().await, Event::Gone(service().addr));
    let mut line = play.accept().await;
    line.expect("PROTOCOLINFO 1").await;
    line.say("250-AUTH METHODS=NULL\n250 OK\n").await;
    line.expect("AUTHENTICATE").await;
    line.say("250 OK\n").await;
    line.expect("ADD_ONION ED25519-V3:c2VjcmV0 Port=9333,127.0.0.1:19444").await;
    line.say(&format!("250-ServiceID={ID}\n250 OK\n")).await;
    assert!(matches!(play.event().await, Event::Proxy(_)));
    assert_eq!(play.event().await, Event::Service(service()));
    assert_eq!(std::fs::read_to_string(play.key_file()).expect("the key"), "ED25519-V3:c2VjcmV0");
    // The node stops.
    play.events.close();
    line.expect(&format!("DEL_ONION {ID}")).await;
    line.say("250 OK\n").await;
    timely(play.task).await.expect("an end");
}

#[tokio::test]
async fn a_password_is_quoted() {
    let play = Play::start(Some("say \"friend\"")).await;
    let mut line = play.accept().await;
    line.expect("PROTOCOLINFO 1").await;
    line.say("250-AUTH METHODS=NULL,HASHEDPASSWORD\n250 OK\n").await;
    line.expect("AUTHENTICATE \"say \\\"friend\\\"\"").await;
    line.say("515 Authentication failed\n").await;
    // It is left, and tried again later.
    assert_eq!(timely(line.0.next_line()).await.expect("an end"), None);
    play.accept().await;
}

/// HMAC-SHA256 by somebody else.
fn python_hmac(key: &[u8], message: &str) -> Option<String> {
    let code = "import hashlib,hmac,sys; a=[bytes.fromhex(x) for x in sys.argv[1:]]; \
                print(hmac.new(a[0], a[1], hashlib.sha256).hexdigest())";
    let output = Command::new("python3").args(["-c", code, &hex::encode(key), message]).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[tokio::test]
async fn both_sides_prove_that_they_know_the_cookie() {
    if python_hmac(b"", "").is_none() {
        eprintln!("skipped: no python3 to compute the proofs");
        return;
    }
    for honest in [true, false] {
        let play = Play::start(None).await;
        let cookie: Vec<u8> = (0..32).collect();
        let file = play.dir.path().join("a \"cookie\"");
        std::fs::write(&file, &cookie).expect("a file");
        let mut line = play.accept().await;
        line.expect("PROTOCOLINFO 1").await;
        let quoted = file.display().to_string().replace('"', "\\\"");
        line.say(&format!("250-AUTH METHODS=COOKIE,SAFECOOKIE COOKIEFILE=\"{quoted}\"\n250 OK\n")).await;
        let heard = line.hear().await;
        let nonce = heard.strip_prefix("AUTHCHALLENGE SAFECOOKIE ").expect("a challenge");
        assert_eq!(nonce.len(), 64);
        let server_nonce = "5a".repeat(32);
        let known = format!("{}{nonce}{server_nonce}", hex::encode(&cookie));
        let mut proof = python_hmac(SERVER_KEY, &known).expect("python");
        if !honest {
            proof.replace_range(..2, if proof.starts_with("00") { "01" } else { "00" });
        }
        line.say(&format!("250 AUTHCHALLENGE SERVERHASH={proof} SERVERNONCE={server_nonce}\n")).await;
        if honest {
            line.expect(&format!("AUTHENTICATE {}", python_hmac(CLIENT_KEY, &known).expect("python"))).await;
        } else {
            assert_eq!(timely(line.0.next_line()).await.expect("an end"), None, "somebody else's port is left");
        }
    }
}

#[test]
fn only_a_key_is_a_key() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("key");
    assert_eq!(read_key(&file), None);
    write_key(&file, "ED25519-V3:abc").expect("a file");
    assert_eq!(read_key(&file).as_deref(), Some("ED25519-V3:abc"));
    for bad in [&b""[..], b"\n", b"ED25519-V3:a\r\nSETCONF x", &[0xff; 9], &[b'a', 0]] {
        std::fs::write(&file, bad).expect("a file");
        assert_eq!(read_key(&file), None, "{bad:?}");
    }
}
