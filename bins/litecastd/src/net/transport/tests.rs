//! Against a peer in Python that was written from the BIP and has passed its vectors, against ourselves, and against
//! bytes that are nobody's.

use std::{
    path::PathBuf,
    pin::Pin,
    process::Stdio,
    task::{Context, Poll},
    time::Duration,
};

use litecast_p2p::{
    Message,
    codec::{Skip, encode_frame, frame_header},
    message::CommandName,
};
use proptest::prelude::*;
use tokio::{
    io::{DuplexStream, ReadBuf, ReadHalf, WriteHalf},
    net::{TcpListener, TcpStream},
};

use super::*;

const MAGIC: [u8; 4] = [0xfb, 0xc0, 0xb6, 0xdb];
const PEER: &str = include_str!("bip324_peer.py");

async fn timely<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), work).await.expect("it takes too long")
}

/// Starts Python; nothing if there is none.
fn python(words: &[&str]) -> Option<std::process::Child> {
    let mut command = std::process::Command::new("python3");
    let child = command.arg("-c").arg(PEER).args(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    if child.is_err() {
        eprintln!("skipped: no python3 to speak with");
    }
    child.ok()
}

fn said(child: std::process::Child) -> String {
    let output = child.wait_with_output().expect("an end");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_oracle_passes_the_vectors() {
    let root = std::env::var_os("LITECAST_VECTORS")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors")), PathBuf::from);
    let file = root.join("vectors/bips/bip324_packet_encoding.csv");
    if !file.is_file() {
        eprintln!("skipped: no {}", file.display());
        return;
    }
    if let Some(child) = python(&["vectors", &file.display().to_string()]) {
        assert_eq!(said(child).trim(), "vectors 5");
    }
}

/// The next message of a stream.
async fn next(reader: &mut PacketReader, socket: &mut (impl AsyncRead + Unpin)) -> Decoded {
    let mut chunk = [0; 1000];
    loop {
        if let Some(found) = reader.next().expect("good packets") {
            return found;
        }
        let n = timely(socket.read(&mut chunk)).await.expect("a stream");
        assert_ne!(n, 0, "closed");
        reader.push(&chunk[..n]);
    }
}

#[tokio::test]
async fn the_oracle_is_understood_and_understands() {
    const COUNT: u64 = 500;
    for role in ["initiator", "responder"] {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("because loopback has ports");
        let port = listener.local_addr().expect("because it is bound").port().to_string();
        let Some(child) = python(&["peer", role, &port, &hex::encode(MAGIC), &COUNT.to_string()]) else { return };
        let (mut stream, _) = timely(listener.accept()).await.expect("a connection");
        let (mut read, mut write) = stream.split();
        let session = if role == "initiator" {
            match timely(respond(&mut read, &mut write, MAGIC)).await.expect("a session") {
                Opening::Encrypted(session) => session,
                Opening::Plain(_) => panic!("it looks plain"),
            }
        } else {
            timely(initiate(&mut read, &mut write, MAGIC)).await.expect("a session")
        };
        let id = session.id();
        let (mut reader, mut writer) = session.split();
        for nonce in 0..COUNT {
            let Decoded::Frame { command, payload } = next(&mut reader, &mut read).await else { panic!("no frame") };
            assert_eq!(Message::decode(command, payload).expect("a ping"), Some(Message::Ping(Some(nonce))));
        }
        let light = next(&mut reader, &mut read).await;
        let command = CommandName::MWEBHEADER;
        assert_eq!(light, Decoded::Skipped { command, size: 24 + 5, reason: Skip::Unused });
        for nonce in 0..COUNT {
            let frame = frame_header(MAGIC, CommandName::PONG, &nonce.to_le_bytes());
            write.write_all(&writer.seal(&frame, &nonce.to_le_bytes()).expect("a packet")).await.expect("a stream");
        }
        let frame = frame_header(MAGIC, CommandName::GETMWEBUTXOS, b"please");
        write.write_all(&writer.seal(&frame, b"please").expect("a packet")).await.expect("a stream");
        let text = tokio::task::spawn_blocking(move || said(child)).await.expect("an end");
        assert_eq!(text, format!("session {id}\ndone\n"));
    }
}

type End = (ReadHalf<DuplexStream>, WriteHalf<DuplexStream>);

/// Two ends of a stream that holds only `size` bytes.
fn ends(size: usize) -> (End, End) {
    let (a, b) = tokio::io::duplex(size);
    (tokio::io::split(a), tokio::io::split(b))
}

/// A stream that comes in pieces of at most so many bytes.
struct Pieces<R>(R, usize);

impl<R: AsyncRead + Unpin> AsyncRead for Pieces<R> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut piece = vec![0; self.1.min(buf.remaining())];
        let mut part = ReadBuf::new(&mut piece);
        let result = Pin::new(&mut self.0).poll_read(cx, &mut part);
        buf.put_slice(part.filled());
        result
    }
}

async fn sessions(size: usize) -> (Session, Session) {
    // A system holds more of a stream than both sides say before they listen.
    let ((ar, mut aw), (br, mut bw)) = ends(8192);
    let (mut ar, mut br) = (Pieces(ar, size), Pieces(br, size));
    let (a, b) =
        timely(async { tokio::join!(initiate(&mut ar, &mut aw, MAGIC), respond(&mut br, &mut bw, MAGIC)) }).await;
    match (a.expect("a session"), b.expect("a session")) {
        (a, Opening::Encrypted(b)) => (a, b),
        (_, Opening::Plain(_)) => panic!("it looks plain"),
    }
}

#[tokio::test]
async fn both_sides_agree_over_any_stream() {
    for size in [1, 7, 64, 4096] {
        let (a, b) = sessions(size).await;
        assert_eq!(a.id(), b.id());
        let ((mut a_reads, mut a_writes), (mut b_reads, mut b_writes)) = (a.split(), b.split());
        for nonce in 0..300 {
            let frame = encode_frame(MAGIC, &Message::Ping(Some(nonce)));
            for (writes, reads) in [(&mut a_writes, &mut b_reads), (&mut b_writes, &mut a_reads)] {
                for part in writes.seal(&frame, &[]).expect("a packet").chunks(size) {
                    assert_eq!(reads.next(), Ok(None));
                    reads.push(part);
                }
                assert_eq!(reads.next().expect("a message").expect("a message").size(), frame.len());
            }
        }
    }
}

#[tokio::test]
async fn plain_connections_are_recognised() {
    let frame = [&MAGIC[..], VERSION_COMMAND, &[7; 20]].concat();
    for size in [1, 100] {
        let ((mut ar, mut aw), (mut br, mut bw)) = ends(size);
        let answer = tokio::spawn(async move { respond(&mut br, &mut bw, MAGIC).await });
        let _ = timely(aw.write_all(&frame[..16])).await;
        match timely(answer).await.expect("an end").expect("a connection") {
            Opening::Plain(early) => assert_eq!(early, frame[..16]),
            Opening::Encrypted(_) => panic!("it looks encrypted"),
        }
        let mut nothing = Vec::new();
        timely(ar.read_to_end(&mut nothing)).await.expect("an end");
        assert_eq!(nothing, b"", "nothing may be said to a plain peer");
    }
    // Of another network.
    let ((_ar, mut aw), (mut br, mut bw)) = ends(100_000);
    aw.write_all(&[&[1, 2, 3, 4][..], VERSION_COMMAND, &[7; 60]].concat()).await.expect("a stream");
    assert!(matches!(timely(respond(&mut br, &mut bw, MAGIC)).await, Err(TransportError::WrongNetwork)));
}

#[tokio::test]
async fn who_hangs_up_without_a_word_may_be_plain() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("because loopback has ports");
    let mut stream = TcpStream::connect(listener.local_addr().expect("an address")).await.expect("a connection");
    let (mut other, _) = listener.accept().await.expect("a connection");
    let hangs_up = tokio::spawn(async move {
        let _ = other.read(&mut [0; 24]).await;
    });
    let (mut read, mut write) = stream.split();
    assert!(matches!(timely(initiate(&mut read, &mut write, MAGIC)).await, Err(TransportError::NoAnswer)));
    hangs_up.await.expect("an end");
}

/// Gives the other side these bytes and nothing more, whatever it says; says how it ended and how much it took.
async fn fed(bytes: &[u8], initiating: bool) -> (Result<(), TransportError>, usize) {
    struct Counted<'a>(&'a [u8], usize);
    impl AsyncRead for Counted<'_> {
        fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            let before = buf.filled().len();
            let result = Pin::new(&mut self.0).poll_read(cx, buf);
            self.1 += buf.filled().len() - before;
            result
        }
    }
    let mut read = Counted(bytes, 0);
    let result = if initiating {
        timely(initiate(&mut read, &mut tokio::io::sink(), MAGIC)).await.map(|_| ())
    } else {
        timely(respond(&mut read, &mut tokio::io::sink(), MAGIC)).await.map(|_| ())
    };
    (result, read.1)
}

#[tokio::test]
async fn noise_ends_soon() {
    let mut noise = vec![0; 1_000_000];
    rand::rng().fill_bytes(&mut noise);
    for initiating in [false, true] {
        let (result, taken) = fed(&noise, initiating).await;
        let error = result.expect_err("there is no terminator");
        assert!(matches!(error, TransportError::Protocol(bip324::Error::NoGarbageTerminator)), "{error}");
        assert!(taken <= KEY_SIZE + MAX_GARBAGE + 16 + READ_SIZE, "{taken} bytes were read");
        for length in [0, 1, 3, 4, 16, 63, 64, 65, 1000, KEY_SIZE + MAX_GARBAGE + 15] {
            let (result, _) = fed(&noise[..length], initiating).await;
            match result.expect_err("it is not whole") {
                TransportError::NoAnswer => assert!(initiating && length == 0),
                TransportError::Closed => assert!(!initiating || length > 0),
                other => panic!("{length}: {other}"),
            }
        }
    }
}

/// A handshake with a peer that follows the rules, up to its packets, which it makes as it likes.
async fn peer_with(packets: impl FnOnce(&mut OutboundCipher) -> Vec<u8>) -> (Result<Opening, TransportError>, usize) {
    let ((mut ar, mut aw), (mut br, mut bw)) = ends(1 << 20);
    let ours = tokio::spawn(async move { respond(&mut br, &mut bw, MAGIC).await });
    let (hello, handshake) = hello(MAGIC, Role::Initiator, &[]).expect("a key");
    aw.write_all(&hello).await.expect("a stream");
    let mut early = Vec::new();
    fill(&mut ar, &mut early, KEY_SIZE).await.expect("a key");
    let handshake = handshake.receive_key(*early.first_chunk().expect("a key")).expect("a key");
    // Only a finished session gives its cipher away: let an honest version packet make one.
    let mut version = vec![0; Handshake::<ReceivedKey<'_>>::send_version_len(None)];
    let mut handshake = handshake.send_version(&mut version, None).expect("a packet");
    aw.write_all(&version).await.expect("a stream");
    let opening = timely(ours).await.expect("an end");
    let mut garbage = early[KEY_SIZE..].to_vec();
    let (mut handshake, used) = loop {
        match handshake.receive_garbage(&garbage).expect("garbage") {
            GarbageResult::FoundGarbage { handshake, consumed_bytes } => break (handshake, consumed_bytes),
            GarbageResult::NeedMoreData(again) => handshake = again,
        }
        let wanted = garbage.len() + 1;
        fill(&mut ar, &mut garbage, wanted).await.expect("more");
    };
    let mut rest = garbage[used..].to_vec();
    fill(&mut ar, &mut rest, 20).await.expect("a packet");
    handshake.decrypt_packet_len(*rest.first_chunk().expect("a length")).expect("a length");
    let VersionResult::Complete { mut cipher } = handshake.receive_version(&mut rest[3..20]).expect("a version") else {
        panic!("a decoy")
    };
    let bytes = packets(cipher.outbound());
    let length = bytes.len();
    let opening = opening.map(|opening| match opening {
        Opening::Encrypted(mut session) => {
            session.unread.extend_from_slice(&bytes);
            Opening::Encrypted(session)
        }
        plain @ Opening::Plain(_) => plain,
    });
    (opening, length)
}

async fn reader_with(packets: impl FnOnce(&mut OutboundCipher) -> Vec<u8>) -> PacketReader {
    match peer_with(packets).await.0.expect("a session") {
        Opening::Encrypted(session) => session.split().0,
        Opening::Plain(_) => panic!("it looks plain"),
    }
}

#[tokio::test]
async fn decoys_and_empty_packets_carry_nothing() {
    let ping = packet_contents(&encode_frame(MAGIC, &Message::Ping(Some(3))), &[]).expect("contents");
    let mut reader = reader_with(|cipher| {
        let mut out = cipher.encrypt_to_vec(b"whatever", PacketType::Decoy, None);
        out.extend(cipher.encrypt_to_vec(&[], PacketType::Decoy, None));
        out.extend(cipher.encrypt_to_vec(&[], PacketType::Genuine, None));
        out.extend(cipher.encrypt_to_vec(&ping, PacketType::Genuine, None));
        out
    })
    .await;
    assert!(matches!(reader.next(), Ok(Some(Decoded::Skipped { reason: Skip::BadCommand, .. }))));
    assert!(matches!(reader.next(), Ok(Some(Decoded::Frame { command: CommandName::PING, .. }))));
    assert_eq!(reader.next(), Ok(None));
}

#[tokio::test]
async fn packets_are_refused_by_their_length() {
    let limit = PacketDecoder::new().limit();
    for kind in [PacketType::Genuine, PacketType::Decoy] {
        // Three bytes are enough.
        let mut reader =
            reader_with(|cipher| cipher.encrypt_to_vec(&vec![1; limit + 1], kind, None)[..3].to_vec()).await;
        let error = FrameError::PacketTooLong { size: limit + 1, limit };
        assert_eq!(reader.next(), Err(error.clone()));
        reader.push(&[0; 1000]);
        assert_eq!((reader.next(), reader.buffered()), (Err(error), 0));
    }
    let mut reader = reader_with(|cipher| cipher.encrypt_to_vec(&vec![29; limit], PacketType::Genuine, None)).await;
    assert!(matches!(reader.next(), Ok(Some(Decoded::Skipped { .. }))));
}

#[tokio::test]
async fn changed_packets_are_noticed() {
    for changed in [3, 4, 10, 24] {
        let mut reader = reader_with(|cipher| {
            let mut packet = cipher.encrypt_to_vec(b"\x12abcdefgh", PacketType::Genuine, None);
            packet[changed] ^= 1;
            packet
        })
        .await;
        assert_eq!(reader.next(), Err(FrameError::BadPacket), "{changed}");
    }
}

#[tokio::test]
async fn memory_follows_what_came() {
    let shake = |cipher: &mut OutboundCipher| {
        let mut out = Vec::new();
        for command in [CommandName::VERSION, CommandName::VERACK] {
            let contents = packet_contents(&frame_header(MAGIC, command, &[]), &[]).expect("contents");
            out.extend(cipher.encrypt_to_vec(&contents, PacketType::Genuine, None));
        }
        out
    };
    let big = vec![2; 10_000_000];
    let mut packet = Vec::new();
    let mut reader = reader_with(|cipher| {
        let out = shake(cipher);
        packet = cipher.encrypt_to_vec(&big, PacketType::Genuine, None);
        out
    })
    .await;
    for _ in 0..2 {
        assert!(matches!(reader.next(), Ok(Some(Decoded::Frame { .. }))));
    }
    let mut pushed = 0;
    for part in packet.chunks(64 * 1024) {
        assert_eq!(reader.next(), Ok(None));
        reader.push(part);
        pushed += part.len();
        assert!(reader.buffered() <= 2 * pushed + AHEAD + part.len(), "{} for {pushed}", reader.buffered());
    }
    let found = reader.next().expect("a message").expect("a message");
    assert_eq!((found.size(), reader.buffered()), (24 + 10_000_000 - 1, 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever comes after a handshake, in whatever pieces: an answer or an error, and no more memory than bytes.
    #[test]
    fn no_bytes_are_too_much(
        pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 0..20),
        honest in proptest::collection::vec((proptest::collection::vec(any::<u8>(), 0..200), any::<bool>()), 0..5),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let mut reader = runtime.block_on(reader_with(|cipher| {
            let kind = |decoy| if decoy { PacketType::Decoy } else { PacketType::Genuine };
            honest.iter().flat_map(|(text, decoy)| cipher.encrypt_to_vec(text, kind(*decoy), None)).collect()
        }));
        let genuine = honest.iter().filter(|(_, decoy)| !decoy).count();
        let mut found = 0;
        let mut broken = false;
        for piece in std::iter::once(&Vec::new()).chain(&pieces) {
            reader.push(piece);
            loop {
                match reader.next() {
                    Ok(Some(_)) => found += 1,
                    Ok(None) => break,
                    Err(_) => {
                        broken = true;
                        break;
                    }
                }
            }
            prop_assert!(reader.buffered() <= PacketDecoder::new().limit() + AHEAD);
        }
        prop_assert!(found <= genuine);
        prop_assert!(found == genuine || broken);
    }

    #[test]
    fn no_handshake_is_too_much(bytes in proptest::collection::vec(any::<u8>(), 0..9000), initiating in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let (result, _) = runtime.block_on(fed(&bytes, initiating));
        prop_assert!(result.is_err());
    }
}
