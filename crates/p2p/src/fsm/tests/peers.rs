//! Handshake, silence, misbehaviour and connections.

use super::*;

#[test]
fn an_inbound_peer_speaks_first() {
    let mut bench = Bench::new();
    let peer = bench.connect(Origin::Inbound, "1.2.3.4");
    assert!(bench.sent(peer).is_empty(), "shy until the peer's version");
    bench.receive(peer, Message::Version(Box::new(version())));
    assert_eq!(names(&bench.sent(peer)), ["version", "wtxidrelay", "sendaddrv2", "verack"]);
    bench.receive(peer, Message::Verack);
    assert_eq!(names(&bench.sent(peer)), ["sendheaders", "sendcmpct", "sendcmpct", "sendcmpct", "ping", "getheaders"]);
    let info = &bench.fsm.peers(bench.now)[0];
    assert_eq!((info.version, info.time_offset, info.starting_height), (70017, 3, 0));
    assert_eq!(info.user_agent, "/LitecoinCore:0.21.5.5/", "only harmless characters");
    assert_eq!(info.addr_local, Some("9.9.9.9:19444".parse().unwrap()));
    assert_eq!(info.connection_type.name(), "inbound");
}

#[test]
fn an_outbound_peer_gets_our_version_at_once() {
    let mut bench = Bench::new();
    let peer = bench.outbound_raw(ConnectionType::Manual);
    let sent = bench.sent(peer);
    let [Message::Version(ours)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!((ours.version, ours.services, ours.start_height), (70017, ServiceFlags(0x0180_0409), 0));
    assert_eq!(ours.user_agent, b"/Litecast:0.1.0/");
    assert!(!ours.relay);
    assert_eq!(ours.receiver.socket_addr(), Some("5.6.7.0:19444".parse().unwrap()));
    assert_eq!(ours.sender.socket_addr(), None);
    bench.receive(peer, Message::Version(Box::new(version())));
    assert_eq!(names(&bench.sent(peer)), ["wtxidrelay", "sendaddrv2", "verack", "getaddr"]);
}

#[test]
fn old_peers_are_spared_what_they_do_not_know() {
    let mut bench = Bench::new();
    let peer = bench.connect(Origin::Inbound, "1.2.3.4");
    bench.receive(peer, Message::Version(Box::new(Version { version: 70_011, ..version() })));
    bench.receive(peer, Message::Verack);
    assert_eq!(names(&bench.sent(peer)), ["version", "verack", "ping", "getheaders"]);
}

#[test]
fn nothing_but_the_handshake_before_it_is_over() {
    let mut bench = Bench::new();
    bench.mine(3);
    let peer = bench.connect(Origin::Inbound, "1.2.3.4");
    let locate = Locate { version: 0, locator: vec![bench.chain.active(0).unwrap().hash], stop: BlockHash::ZERO };
    for message in [Message::Ping(Some(1)), Message::GetHeaders(locate.clone()), Message::GetAddr, Message::Verack] {
        bench.receive(peer, message);
    }
    assert!(bench.sent(peer).is_empty());
    assert_eq!(bench.score(peer), 4, "one for each message before version");
    bench.receive(peer, Message::Version(Box::new(version())));
    bench.sent(peer);
    for message in [Message::Ping(Some(1)), Message::GetHeaders(locate)] {
        bench.receive(peer, message);
    }
    bench.mine(1);
    assert!(bench.sent(peer).is_empty());
    assert_eq!(bench.score(peer), 4, "before verack they are only ignored");
    bench.receive(peer, Message::Version(Box::new(version())));
    assert_eq!(bench.score(peer), 5, "a second version");
}

#[test]
fn a_hundred_messages_before_version_end_it() {
    let mut bench = Bench::new();
    let peer = bench.connect(Origin::Inbound, "1.2.3.4");
    for _ in 0..99 {
        bench.receive(peer, Message::Verack);
    }
    assert_eq!(bench.closed(peer), None);
    bench.receive(peer, Message::Verack);
    assert_eq!(bench.closed(peer), Some(&DisconnectReason::Misbehaved));
    assert!(bench.out.iter().any(|o| matches!(o, Output::Discourage { addr } if addr.to_string() == "1.2.3.4")));
}

#[test]
fn we_notice_ourselves() {
    let mut bench = Bench::new();
    let out = bench.outbound_raw(ConnectionType::Manual);
    let sent = bench.sent(out);
    let [Message::Version(ours)] = &sent[..] else { panic!("{sent:?}") };
    let inbound = bench.connect(Origin::Inbound, "1.2.3.4");
    bench.receive(inbound, Message::Version(ours.clone()));
    assert_eq!(bench.closed(inbound), Some(&DisconnectReason::SelfConnection));
}

#[test]
fn obsolete_and_poor_peers_are_left() {
    let mut bench = Bench::new();
    let old = bench.connect(Origin::Inbound, "1.2.3.4");
    bench.receive(old, Message::Version(Box::new(Version { version: 31_799, ..version() })));
    assert_eq!(bench.closed(old), Some(&DisconnectReason::ObsoleteVersion(31_799)));

    let poor = Version { services: ServiceFlags::NETWORK | ServiceFlags::WITNESS, ..version() };
    for (kind, stays) in [
        (ConnectionType::OutboundFullRelay, false),
        (ConnectionType::BlockRelay, false),
        (ConnectionType::AddrFetch, false),
        (ConnectionType::Manual, true),
    ] {
        let peer = bench.outbound_raw(kind);
        bench.receive(peer, Message::Version(Box::new(poor.clone())));
        assert_eq!(bench.closed(peer).is_none(), stays, "{kind:?}");
    }
    let feeler = bench.outbound_raw(ConnectionType::Feeler);
    bench.receive(feeler, Message::Version(Box::new(poor)));
    assert_eq!(bench.closed(feeler), Some(&DisconnectReason::FeelerDone));
}

#[test]
fn negotiation_after_verack_ends_it() {
    for message in [Message::WtxidRelay, Message::SendAddrV2] {
        let mut bench = Bench::new();
        let peer = bench.inbound();
        bench.receive(peer, message.clone());
        assert_eq!(bench.closed(peer), Some(&DisconnectReason::LateNegotiation(message.command())));
    }
}

#[test]
fn unused_commands_are_no_fault() {
    for command in ["merkleblock", "cfilter", "mwebutxos", "nonsense"] {
        let mut bench = Bench::new();
        let peer = bench.inbound();
        let command = CommandName::new(command);
        bench.step(Input::Skipped { peer, command, size: 100, reason: Skip::Unused });
        assert!(bench.closed(peer).is_none() && bench.score(peer) == 0, "{command}");
    }
}

#[test]
fn handshakes_take_a_minute_at_most() {
    let mut bench = Bench::new();
    let silent = bench.connect(Origin::Inbound, "1.2.3.4");
    let half = bench.connect(Origin::Inbound, "1.2.3.5");
    bench.receive(half, Message::Version(Box::new(version())));
    let done = bench.inbound();
    bench.wait(60 * SECOND);
    assert!(bench.closed(silent).is_none() && bench.closed(half).is_none());
    bench.wait(SECOND);
    assert_eq!(bench.closed(silent), Some(&DisconnectReason::NoFirstMessage));
    assert_eq!(bench.closed(half), Some(&DisconnectReason::HandshakeTimeout));
    assert_eq!(bench.closed(done), None);
}

#[test]
fn pings_measure_and_keep_alive() {
    let mut bench = Bench::new();
    let peer = bench.inbound();
    let first = bench.sent(peer);
    let Some(Message::Ping(Some(nonce))) = first.iter().find(|m| matches!(m, Message::Ping(_))) else { panic!() };
    bench.wait(Duration::from_millis(250));
    bench.receive(peer, Message::Pong(Some(nonce ^ 1)));
    assert!(bench.fsm.peers(bench.now)[0].ping_wait.is_some(), "another number is no answer");
    bench.receive(peer, Message::Pong(Some(*nonce)));
    assert_eq!(bench.fsm.peers(bench.now)[0].ping_time, Some(Duration::from_millis(250)));
    bench.wait(119 * SECOND);
    assert!(bench.sent(peer).is_empty());
    bench.wait(2 * SECOND);
    assert_eq!(names(&bench.sent(peer)), ["ping"]);
    // A ping of the peer is answered with its number.
    bench.receive(peer, Message::Ping(Some(99)));
    assert_eq!(bench.sent(peer), [Message::Pong(Some(99))]);
    // Without a pong the connection ends after 20 minutes, whatever else comes.
    for _ in 0..19 {
        bench.wait(60 * SECOND);
        bench.receive(peer, Message::Ping(Some(1)));
    }
    assert_eq!(bench.closed(peer), None);
    bench.wait(61 * SECOND);
    assert_eq!(bench.closed(peer), Some(&DisconnectReason::PingTimeout));
}

#[test]
fn the_operator_may_ping() {
    let mut bench = Bench::new();
    let peer = bench.inbound();
    bench.sent(peer);
    bench.command(Command::Ping).unwrap();
    assert_eq!(names(&bench.sent(peer)), ["ping"]);
    bench.wait(SECOND);
    assert!(bench.sent(peer).is_empty(), "once");
}

#[test]
fn too_many_entries_are_misbehaviour() {
    let mut bench = Bench::new();
    let peer = bench.inbound();
    for (command, count) in [(CommandName::INV, MAX_INV_SZ + 1), (CommandName::HEADERS, 2001)] {
        let before = bench.score(peer);
        let error = MessageError::TooMany { command, count };
        bench.step(Input::Malformed { peer, command, error, size: 100 });
        assert_eq!(bench.score(peer), before + 20);
    }
    // Bytes that do not decode are only ignored.
    let error = MessageError::Decode(litecast_primitives::codec::DecodeError::EndOfData);
    bench.step(Input::Malformed { peer, command: CommandName::INV, error, size: 100 });
    assert_eq!(bench.score(peer), 40);
    let error = FrameError::WrongMagic([0; 4]);
    bench.step(Input::BadFrame { peer, error: error.clone() });
    assert_eq!(bench.closed(peer), Some(&DisconnectReason::BadFrame(error)));
}

#[test]
fn who_is_punished() {
    let bad_header = |bench: &Bench| {
        let block = bench.branch(&bench.chain.tip(), 1, 1).remove(0);
        let mut header = *block.header();
        header.version = BAD_HEADER_VERSION;
        Message::Headers(vec![header])
    };
    // Manual peers and peers with `noban` are only logged.
    let mut bench = Bench::new();
    let manual = bench.outbound(ConnectionType::Manual);
    let message = bad_header(&bench);
    bench.receive(manual, message.clone());
    assert_eq!((bench.closed(manual), bench.score(manual)), (None, 100));

    let noban = bench.peers;
    bench.peers += 1;
    let addr = "1.2.3.4:1".parse().unwrap();
    let permissions = Permissions::NOBAN;
    bench.step(Input::Connected { peer: noban, addr, local: None, origin: Origin::Inbound, permissions });
    bench.shake_hands(noban);
    bench.receive(noban, message.clone());
    assert_eq!((bench.closed(noban), bench.score(noban)), (None, 100));

    // A local address is disconnected only.
    let local = bench.connect(Origin::Inbound, "127.0.0.1");
    bench.shake_hands(local);
    bench.receive(local, message.clone());
    assert_eq!(bench.closed(local), Some(&DisconnectReason::Misbehaved));
    assert!(!bench.out.iter().any(|o| matches!(o, Output::Discourage { .. })));

    // Others are discouraged, and all connections of that address end.
    let (bad, same) = (bench.connect(Origin::Inbound, "8.8.8.8"), bench.connect(Origin::Inbound, "8.8.8.8"));
    bench.shake_hands(bad);
    bench.receive(bad, message);
    assert!(bench.closed(bad).is_some() && bench.closed(same).is_some());
    assert!(bench.out.iter().any(|o| matches!(o, Output::Discourage { addr } if addr.to_string() == "8.8.8.8")));
}

#[test]
fn inbound_slots_are_what_maxconnections_leaves() {
    for (max, slots) in [(125, 114), (12, 1), (11, 0), (3, 0)] {
        let mut bench = Bench::with(|c| c.max_connections = max);
        for _ in 0..slots {
            let peer = bench.inbound_noban("1.2.3.4");
            assert_eq!(bench.closed(peer), None);
        }
        let peer = bench.connect(Origin::Inbound, "1.2.3.4");
        assert_eq!(bench.closed(peer), Some(&DisconnectReason::Full), "{max}");
    }
}

/// Times, in seconds from now, at which connections were tried within a time.
fn tries(bench: &mut Bench, time: Duration) -> Vec<f64> {
    let (start, end) = (bench.now, bench.now + time);
    let mut found = Vec::new();
    loop {
        bench.step(Input::Tick);
        for output in std::mem::take(&mut bench.out) {
            if let Output::Connect { attempt, .. } = output {
                found.push(bench.now.since(start).as_secs_f64());
                bench.step(Input::ConnectFailed { attempt });
            }
        }
        match bench.fsm.timer.filter(|at| *at <= end && *at > bench.now) {
            Some(at) => bench.now = at,
            None => return found,
        }
    }
}

#[test]
fn targets_are_tried_again() {
    let mut bench = Bench::with(|c| c.add_nodes = vec!["added".into()]);
    assert_eq!(tries(&mut bench, 130 * SECOND), [0.0, 60.0, 120.0]);
    let mut bench = Bench::with(|c| c.connect = Some(vec!["only".into()]));
    assert_eq!(tries(&mut bench, 12 * SECOND), [0.0, 0.5, 1.5, 3.0, 5.0, 7.5, 10.5]);
}

#[test]
fn addnode_commands() {
    let mut bench = Bench::new();
    let name = "peer.example:9333".to_owned();
    bench.command(Command::AddNode(name.clone())).unwrap();
    assert_eq!(bench.command(Command::AddNode(name.clone())), Err(CommandError::NodeAlreadyAdded));
    let attempt = bench.out.iter().find_map(|o| match o {
        Output::Connect { attempt, target } if *target == name => Some(*attempt),
        _ => None,
    });
    let peer = bench.connect(Origin::Outbound(attempt.unwrap()), "1.2.3.4");
    bench.shake_hands(peer);
    assert_eq!(bench.fsm.added_nodes()[0].connected, Some(("1.2.3.4:19444".parse().unwrap(), false)));
    assert_eq!(bench.fsm.peers(bench.now)[0].name, name);
    // Two seconds after it was lost, but not within a minute of the last try.
    bench.wait(100 * SECOND);
    bench.step(Input::Disconnected { peer, reason: LinkEnd::Closed });
    bench.out.clear();
    assert_eq!(tries(&mut bench, 10 * SECOND), [2.0]);
    bench.command(Command::RemoveNode(name.clone())).unwrap();
    assert_eq!(bench.command(Command::RemoveNode(name)), Err(CommandError::NodeNotAdded));
    assert!(tries(&mut bench, 200 * SECOND).is_empty());
    let peer = bench.inbound();
    assert_eq!(bench.command(Command::DisconnectPeer(99)), Err(CommandError::NodeNotConnected));
    bench.command(Command::DisconnectAddress("1.2.3.4:19444".into())).unwrap();
    assert_eq!(bench.closed(peer), Some(&DisconnectReason::Command));
}

#[test]
fn the_network_can_be_switched_off() {
    let mut bench = Bench::with(|c| c.add_nodes = vec!["added".into()]);
    let peer = bench.inbound();
    bench.command(Command::SetNetworkActive(false)).unwrap();
    assert_eq!(bench.closed(peer), Some(&DisconnectReason::NetworkInactive));
    // The one from before is still to fail.
    assert_eq!(tries(&mut bench, 100 * SECOND), [0.0]);
    let refused = bench.connect(Origin::Inbound, "1.2.3.4");
    assert_eq!(bench.closed(refused), Some(&DisconnectReason::NetworkInactive));
    bench.command(Command::SetNetworkActive(true)).unwrap();
    assert!(bench.out.iter().any(|o| matches!(o, Output::Connect { .. })));
}

#[test]
fn statistics_count_by_command() {
    let mut bench = Bench::new();
    let peer = bench.inbound();
    for at in 0..50u8 {
        let command = CommandName::from_bytes([b'a' + at % 26, b'a' + at / 26, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        bench.step(Input::Skipped { peer, command, size: 30, reason: Skip::Unused });
    }
    let info = &bench.fsm.peers(bench.now)[0];
    let received: Vec<_> = info.bytes_received_per_msg.iter().map(|(n, b)| (n.as_str(), *b)).collect();
    assert_eq!(received[0], ("*other*", 1500), "unknown names share one entry");
    assert_eq!(received.iter().map(|(_, b)| b).sum::<u64>(), info.bytes_received);
    assert_eq!(info.bytes_sent_per_msg.iter().map(|(_, b)| b).sum::<u64>(), info.bytes_sent);
    let totals = bench.fsm.totals();
    assert_eq!((totals.received, totals.sent), (info.bytes_received, info.bytes_sent));
    assert!(info.bytes_sent_per_msg.contains(&("verack".to_owned(), 24)));
}

#[test]
fn a_whole_stream_through_the_decoder() {
    let mut bench = Bench::new();
    let magic = bench.fsm.config.params.magic;
    let peer = bench.connect(Origin::Inbound, "1.2.3.4");
    let mut decoder = Decoder::new(magic);
    for message in [Message::Version(Box::new(version())), Message::Verack, Message::Ping(Some(5))] {
        decoder.push(&encode_frame(magic, &message));
        while let Some(found) = decoder.next().unwrap() {
            assert!(matches!(found, Decoded::Frame { .. }));
            bench.step(Input::decoded(peer, found));
        }
    }
    assert!(bench.sent(peer).contains(&Message::Pong(Some(5))));
}
