//! Against a SOCKS5 server that says what it was asked (RFC 1928, RFC 1929).

use std::sync::Arc;

use litecast_p2p::NetService;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    sync::mpsc,
};

use super::*;
use crate::net::{Net, dial::Dialer};

/// What a client asked for.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    /// Name and password, if it gave them.
    credentials: Option<(String, String)>,
    /// 3 for a name.
    kind: u8,
    host: String,
    port: u16,
}

/// What the server does after a greeting.
#[derive(Debug, Clone, Copy)]
enum Manner {
    /// Says that it has connected, then says hello.
    Serve,
    /// Answers with these bytes instead.
    Answer(&'static [u8]),
    /// Says nothing.
    Silent,
}

async fn serve(mut stream: TcpStream, manner: Manner, log: mpsc::UnboundedSender<Asked>) -> io::Result<()> {
    let text = async |stream: &mut TcpStream| -> io::Result<String> {
        let mut bytes = vec![0; usize::from(stream.read_u8().await?)];
        stream.read_exact(&mut bytes).await?;
        Ok(String::from_utf8(bytes).expect("because clients here speak UTF-8"))
    };
    assert_eq!(stream.read_u8().await?, 5);
    let mut methods = vec![0; usize::from(stream.read_u8().await?)];
    stream.read_exact(&mut methods).await?;
    match manner {
        Manner::Serve => {}
        Manner::Answer(bytes) => return stream.write_all(bytes).await,
        Manner::Silent => return std::future::pending().await,
    }
    let mut credentials = None;
    if methods.contains(&2) {
        stream.write_all(&[5, 2]).await?;
        assert_eq!(stream.read_u8().await?, 1);
        credentials = Some((text(&mut stream).await?, text(&mut stream).await?));
        stream.write_all(&[1, 0]).await?;
    } else {
        stream.write_all(&[5, 0]).await?;
    }
    let mut head = [0; 4];
    stream.read_exact(&mut head).await?;
    assert_eq!(head[..3], [5, 1, 0], "CONNECT");
    let host = text(&mut stream).await?;
    let port = stream.read_u16().await?;
    let _ = log.send(Asked { credentials, kind: head[3], host, port });
    stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    stream.write_all(b"hello").await
}

async fn server(manner: Manner) -> (SocketAddr, mpsc::UnboundedReceiver<Asked>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("because loopback has ports");
    let addr = listener.local_addr().expect("because it is bound");
    let (log, asked) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let log = log.clone();
            tokio::spawn(async move {
                let _ = serve(stream, manner, log).await;
            });
        }
    });
    (addr, asked)
}

fn dialer(all: Option<SocketAddr>, onion: Option<SocketAddr>, randomize: bool) -> Dialer {
    let proxy = |addr| Proxy { addr, randomize };
    let (requests, _) = mpsc::channel(1);
    let proxies = Proxies {
        all: all.map(proxy),
        onion: RwLock::new(onion.map(proxy)),
        unreachable: RwLock::default(),
        counter: AtomicU64::new(0),
        answer_timeout: Duration::from_millis(200),
    };
    Dialer {
        net: Net::new(requests),
        default_port: 9333,
        dns: true,
        magic: [0; 4],
        encrypt: false,
        timeout: Duration::from_secs(5),
        proxies: Arc::new(proxies),
    }
}

const ONION: &str = "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion";

#[tokio::test]
async fn everything_goes_through_as_a_name() {
    let (all, mut asked) = server(Manner::Serve).await;
    let (onion, mut asked_onion) = server(Manner::Serve).await;
    let dialer = dialer(Some(all), Some(onion), false);
    for (target, host, port, addr) in [
        ("15.61.23.23:1234", "15.61.23.23", 1234, "15.61.23.23:1234"),
        ("[2001:470::1]:5443", "2001:470::1", 5443, "[2001:470::1]:5443"),
        ("2001:470::1", "2001:470::1", 9333, "[2001:470::1]:9333"),
        // Nobody here may know this name, nor ask for it.
        ("node.noumenon:8333", "node.noumenon", 8333, "[::]:0"),
        ("node.noumenon", "node.noumenon", 9333, "[::]:0"),
        ("bitcoinostk4e4re.onion:8333", "bitcoinostk4e4re.onion", 8333, "bitcoinostk4e4re.onion:8333"),
        (ONION, ONION, 9333, &format!("{ONION}:9333")),
    ] {
        let (mut stream, service) = dialer.open(target).await.expect(target);
        assert_eq!(service, addr.parse::<NetService>().expect("an address"), "{target}");
        let mut hello = [0; 5];
        stream.read_exact(&mut hello).await.expect("the proxied stream");
        assert_eq!(&hello, b"hello", "{target}");
        let log = if host.ends_with(".onion") { &mut asked_onion } else { &mut asked };
        let wanted = Asked { credentials: None, kind: 3, host: host.into(), port };
        assert_eq!(log.recv().await, Some(wanted), "{target}");
    }
    assert!(asked.try_recv().is_err() && asked_onion.try_recv().is_err());
}

#[tokio::test]
async fn credentials_are_never_used_twice() {
    let (all, mut asked) = server(Manner::Serve).await;
    let dialer = dialer(Some(all), Some(all), true);
    let mut seen = std::collections::HashSet::new();
    for target in ["15.61.23.23", "15.61.23.23", "node.noumenon", ONION] {
        dialer.open(target).await.expect(target);
        assert!(seen.insert(asked.recv().await.expect("a request").credentials.expect("credentials")), "{target}");
    }
}

#[tokio::test]
async fn this_host_is_reached_without_a_proxy() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("because loopback has ports");
    let addr = listener.local_addr().expect("because it is bound");
    let (all, mut asked) = server(Manner::Serve).await;
    let (stream, service) = dialer(Some(all), None, true).open(&addr.to_string()).await.expect("a connection");
    assert_eq!((stream.peer_addr().expect("a peer"), service), (addr, addr.into()));
    assert!(asked.try_recv().is_err());
}

#[tokio::test]
async fn onion_addresses_need_a_proxy() {
    let dialer = dialer(None, None, true);
    assert!(dialer.open(ONION).await.is_err());
    // Tor answers at last.
    let (tor, mut asked) = server(Manner::Serve).await;
    assert_eq!(dialer.proxies.for_network(Network::Onion), None);
    dialer.proxies.set_onion(tor);
    dialer.open(ONION).await.expect("a way");
    assert_eq!(asked.recv().await.expect("a request").host, ONION);
}

#[tokio::test]
async fn bad_proxies_fail_in_time() {
    for manner in [
        Manner::Silent,
        Manner::Answer(b""),
        Manner::Answer(b"\x05"),
        Manner::Answer(b"\x04\x00"),
        Manner::Answer(b"\x05\xff"),
        Manner::Answer(b"\x05\x01"),
        // Asks for a password that nobody has.
        Manner::Answer(b"\x05\x02"),
        Manner::Answer(b"\x05\x00\x05\x01\x00\x01"),
        Manner::Answer(b"\x05\x00\x05\x00\x00\x07"),
        Manner::Answer(b"\x05\x00\x05\x00\x00\x03\xff"),
    ] {
        let (addr, _asked) = server(manner).await;
        let dialer = dialer(Some(addr), None, false);
        let opened = tokio::time::timeout(Duration::from_secs(10), dialer.open("node.noumenon")).await;
        assert!(opened.expect("an end in time").is_err(), "{manner:?}");
    }
    let (addr, _asked) = server(Manner::Serve).await;
    assert!(dialer(Some(addr), None, false).open(&"n".repeat(256)).await.is_err());
}
