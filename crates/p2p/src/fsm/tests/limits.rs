//! Clock, upload target and full inbound places, as the whole machine sees them.

use super::*;

#[test]
fn history_is_not_served_beyond_the_upload_target() {
    const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);
    let mut bench = Bench::with(|c| c.max_upload_target = 1024 * 1024);
    bench.by_hand = true;
    let old = bench.mine(1)[0].hash();
    bench.now = bench.now + WEEK + SECOND * 2;
    let new = bench.mine(1)[0].hash();
    let ask = |hash: &BlockHash| Message::GetData(vec![Inventory::block(InvType::BLOCK, hash)]);
    let peer = bench.inbound();
    bench.receive(peer, ask(&new));
    assert!(bench.out.iter().any(|o| matches!(o, Output::Need { .. })), "new blocks are always served");
    bench.served(peer, new, None);
    bench.receive(peer, ask(&old));
    assert_eq!(bench.closed(peer), Some(&DisconnectReason::UploadTarget));
    // With the permission to download it is served.
    let friend = bench.inbound_noban("2.3.4.5");
    bench.shake_hands(friend);
    bench.receive(friend, ask(&old));
    assert_eq!(bench.closed(friend), None);
    let target = bench.fsm.upload_target(bench.now.as_secs());
    assert_eq!((target.target, target.reached, target.serves_history), (1024 * 1024, false, false));
    assert!(target.bytes_left < 1024 * 1024, "what was sent to peers counts");
}

#[test]
fn a_full_node_makes_room_for_newcomers() {
    // Among twenty everybody is safe, so there are thirty.
    let mut bench = Bench::with(|c| c.max_connections = 11 + 30);
    let mut peers: Vec<PeerId> = Vec::new();
    for n in 0..30u8 {
        peers.push(bench.connect(Origin::Inbound, &format!("{}.1.1.1", 20 + n)));
        bench.now = bench.now + SECOND;
    }
    let newcomer = bench.connect(Origin::Inbound, "99.1.1.1");
    assert_eq!(bench.closed(newcomer), None);
    let gone: Vec<PeerId> = peers.iter().copied().filter(|id| bench.closed(*id).is_some()).collect();
    assert_eq!(gone.len(), 1);
    assert_eq!(bench.closed(gone[0]), Some(&DisconnectReason::Evicted));
    assert!(gone[0] >= 5, "the oldest half of what is left stays");
    // When everybody has a right to stay, who comes last goes.
    let mut bench = Bench::with(|c| c.max_connections = 11 + 3);
    for n in 0..3 {
        bench.inbound_noban(&format!("2{n}.1.1.1"));
    }
    let newcomer = bench.connect(Origin::Inbound, "99.1.1.1");
    assert_eq!(bench.closed(newcomer), Some(&DisconnectReason::Full));
}

#[test]
fn peers_say_what_time_it_is() {
    let mut bench = Bench::new();
    for n in 0..4u8 {
        let peer = bench.connect(Origin::Inbound, &format!("{}.1.1.1", 20 + n));
        let time = bench.now.as_secs() + 100;
        bench.receive(peer, Message::Version(Box::new(Version { time, nonce: 4711 + u64::from(n), ..version() })));
        assert_eq!(bench.fsm.time_offset(), if n == 3 { 100 } else { 0 });
    }
    assert!(!bench.fsm.clock_seems_wrong());
    let mut bench = Bench::new();
    for n in 0..4u8 {
        let peer = bench.connect(Origin::Inbound, &format!("{}.1.1.1", 20 + n));
        bench.receive(peer, Message::Version(Box::new(Version { time: i64::MIN, ..version() })));
    }
    assert_eq!((bench.fsm.time_offset(), bench.fsm.clock_seems_wrong()), (0, true));
}

#[test]
fn a_stopped_clock_holds_bans_and_pings() {
    let mut bench = Bench::new();
    let at = Time::from_secs(2_000_000_000);
    bench.fsm.stop_clock(Some(at));
    let subnet = "1.2.3.4".parse().unwrap();
    bench.command(Command::Ban { subnet, address: true, time: 10, absolute: false }).unwrap();
    assert_eq!(bench.fsm.bans().list(at.as_secs())[0].1.until, 2_000_000_010);
    bench.wait(Duration::from_secs(60));
    let banned = bench.connect(Origin::Inbound, "1.2.3.4");
    assert_eq!(bench.closed(banned), Some(&DisconnectReason::Banned));
    bench.fsm.stop_clock(Some(at + SECOND * 11));
    let peer = bench.inbound();
    assert_eq!(bench.closed(peer), None);
    // A ping takes as long as the clock says, not as long as it took.
    let nonce = bench.sent(peer).into_iter().find_map(|message| match message {
        Message::Ping(nonce) => nonce,
        _ => None,
    });
    bench.now = bench.now + SECOND * 5;
    bench.fsm.stop_clock(Some(at + SECOND * 14));
    bench.receive(peer, Message::Pong(nonce));
    assert_eq!(bench.fsm.peers(bench.now)[0].ping_time, Some(SECOND * 3));
}
