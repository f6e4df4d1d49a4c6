//! Links on the loopback interface.

use litecast_p2p::{codec::encode_frame, message::Message};
use tokio::{
    net::TcpListener,
    time::{error::Elapsed, timeout},
};

use super::*;

const MAGIC: [u8; 4] = [0xfa, 0xbf, 0xb5, 0xda];
/// For what does not happen.
const MOMENT: Duration = Duration::from_millis(300);
/// For what does.
const PATIENCE: Duration = Duration::from_secs(30);

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("because loopback has ports");
    let addr = listener.local_addr().expect("because it is bound");
    let (ours, theirs) = tokio::join!(listener.accept(), TcpStream::connect(addr));
    (ours.expect("a connection").0, theirs.expect("a connection"))
}

/// What is read, until so many or nothing more comes.
async fn read_some(queue: &mut mpsc::Receiver<Request>, most: usize) -> Vec<Request> {
    let mut read = Vec::new();
    while read.len() < most {
        let next: Result<_, Elapsed> = timeout(MOMENT, queue.recv()).await;
        match next {
            Ok(Some(request @ Request::Read(..))) => read.push(request),
            Ok(_) => {}
            Err(_) => break,
        }
    }
    read
}

#[tokio::test]
async fn a_peer_has_its_share_of_the_queue_and_no_more() {
    let (requests, mut queue) = mpsc::channel(1024);
    let (ours, mut theirs) = pair().await;
    let _link = start(0, ours, Start::Plain, MAGIC, &Net::new(requests));
    let ping = encode_frame(MAGIC, &Message::Ping(Some(7)));
    theirs.write_all(&ping.repeat(100)).await.expect("a stream");
    let share = usize::try_from(READ_AHEAD).expect("a small number");
    let mut read = read_some(&mut queue, 100).await;
    assert_eq!(read.len(), share);
    // What the machine has taken makes room.
    read.truncate(share - 3);
    assert_eq!(read_some(&mut queue, 100).await.len(), 3);
}

#[tokio::test]
async fn few_connections_have_time_for_last_words() {
    let (requests, mut queue) = mpsc::channel(1024);
    let net = Net::new(requests);
    tokio::spawn(async move { while queue.recv().await.is_some() {} });
    let more = 4;
    // More than the system holds for a peer that does not read.
    let frame = Bytes::from(vec![1; 12_000_000]);
    let mut peers = Vec::new();
    let mut links = Vec::new();
    for peer in 0..MAX_LAST_WORDS + more {
        let (ours, theirs) = pair().await;
        let link = start(peer as PeerId, ours, Start::Plain, MAGIC, &net);
        assert_eq!(link.send(frame.clone()), Ok(()));
        links.push(link);
        peers.push(theirs);
    }
    // The first bytes show that the writer has begun.
    for peer in &mut peers {
        peer.readable().await.expect("a stream");
    }
    drop(links);
    let mut whole = 0;
    for mut peer in peers {
        let mut heard = Vec::new();
        let end = timeout(PATIENCE, peer.read_to_end(&mut heard)).await.expect("an end");
        whole += usize::from(end.is_ok() && heard.len() == frame.len());
    }
    assert!((1..=MAX_LAST_WORDS).contains(&whole), "{whole}");
}
