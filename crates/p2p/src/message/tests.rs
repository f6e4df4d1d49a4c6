use std::net::Ipv6Addr;

use litecast_primitives::{codec::put_compact, hash::MerkleRoot, params};
use proptest::prelude::*;

use super::*;
use crate::{
    codec::{Decoded, Decoder, FrameError, encode_frame},
    services::ServiceFlags,
};

fn vectors() -> Option<serde_json::Value> {
    let folder = std::env::var("LITECAST_VECTORS")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors").to_owned());
    let Ok(text) = std::fs::read_to_string(format!("{folder}/p2p/bitcoin_messages_bitcore.json")) else {
        eprintln!("skipped: no vectors in {folder}");
        return None;
    };
    Some(serde_json::from_str(&text).expect("because the vectors are JSON"))
}

/// Captured on Bitcoin's network: the framing and these payloads are the same there.
#[test]
fn captured_messages() {
    const BITCOIN: [u8; 4] = [0xf9, 0xbe, 0xb4, 0xd9];
    let Some(vectors) = vectors() else { return };
    let mut seen = 0;
    for (name, vector) in vectors.as_object().unwrap() {
        let hex_of = |field: &str| hex::decode(vector[field].as_str().unwrap()).unwrap();
        let (frame, payload) = (hex_of("message"), hex_of("payload"));
        // Another network's bytes end the connection at once.
        let mut wrong = Decoder::new(params::Params::new(params::Network::Main).magic);
        wrong.push(&frame);
        assert_eq!(wrong.next(), Err(FrameError::WrongMagic(BITCOIN)));

        let Ok(Some(message)) = Message::decode(CommandName::new(&name.to_lowercase()), payload.clone().into()) else {
            continue;
        };
        // The capture's PING is a pong, and the payload of its INV is that of its frame.
        let mut right = Decoder::new(BITCOIN);
        right.push(&frame);
        if let Ok(Some(Decoded::Frame { command, payload })) = right.next() {
            let framed = Message::decode(command, payload).unwrap().unwrap();
            assert_eq!(encode_frame(BITCOIN, &framed), frame, "{name}");
        }
        assert_eq!(message.encode(), payload, "{name}");
        if let Message::Version(version) = &message {
            assert_eq!(version.version, 70002);
            assert_eq!(version.clean_user_agent(), "/Satoshi:0.9.1/");
            assert_eq!(version.start_height, 0x0005_17a3);
            assert!(version.relay);
        }
        seen += 1;
    }
    assert!(seen >= 3, "{seen} vectors were read");
}

#[test]
fn old_versions_leave_fields_out() {
    let version = Version {
        version: 70017,
        services: ServiceFlags::OURS,
        time: 1,
        receiver: NetAddress { services: ServiceFlags::NONE, ip: Ipv6Addr::LOCALHOST, port: 9333 },
        sender: NetAddress::none(ServiceFlags::OURS),
        nonce: 77,
        user_agent: b"/x:1/".to_vec(),
        start_height: 5,
        relay: false,
    };
    let full = Message::Version(Box::new(version.clone())).encode();
    let decode = |length: usize| match Message::decode(CommandName::VERSION, full.slice(..length)) {
        Ok(Some(Message::Version(version))) => Ok(*version),
        Err(error) => Err(error),
        other => panic!("{other:?}"),
    };
    assert_eq!(decode(full.len()), Ok(version));
    let short = decode(46).unwrap();
    assert_eq!((short.nonce, short.start_height, short.relay), (1, -1, true));
    assert_eq!(decode(46 + 34).unwrap().nonce, 77);
    assert!(decode(45).is_err() && decode(47).is_err());
}

#[test]
fn a_long_user_agent_is_refused() {
    let mut bytes = vec![0; 80];
    put_compact(&mut bytes, 257);
    bytes.extend([b'a'; 257 + 5]);
    assert!(Message::decode(CommandName::VERSION, bytes.into()).is_err());
}

#[test]
fn counts_above_the_limit_are_told_apart() {
    let entries = |count: usize| {
        let mut bytes = Vec::new();
        put_len(&mut bytes, count);
        bytes.resize(bytes.len() + count * Inventory::SIZE, 0);
        Bytes::from(bytes)
    };
    for command in [CommandName::INV, CommandName::GETDATA] {
        assert!(Message::decode(command, entries(MAX_INV_SZ)).is_ok());
        let too_many = MessageError::TooMany { command, count: MAX_INV_SZ + 1 };
        assert_eq!(Message::decode(command, entries(MAX_INV_SZ + 1)), Err(too_many));
    }
    // The count alone decides, before any header is read.
    let mut bytes = Vec::new();
    put_len(&mut bytes, 2001);
    let too_many = MessageError::TooMany { command: CommandName::HEADERS, count: 2001 };
    assert_eq!(Message::decode(CommandName::HEADERS, bytes.into()), Err(too_many));
}

#[test]
fn blocks_and_transactions_keep_their_bytes() {
    let genesis = params::Params::new(params::Network::Main).genesis;
    let messages = [Message::Block(Arc::clone(&genesis)), Message::Tx(Arc::clone(&genesis.transactions()[0]))];
    for message in messages {
        assert_eq!(Message::decode(message.command(), message.encode()), Ok(Some(message)));
    }
}

#[test]
fn a_request_names_its_encoding() {
    use litecast_primitives::transaction::Encoding;
    for (kind, encoding) in [
        (2, Some(Encoding::Base)),
        (0x4000_0002, Some(Encoding::Witness)),
        (0x6000_0002, Some(Encoding::Full)),
        (0x2000_0002, None),
        (3, None),
        (4, None),
        (0x2000_0008, None),
    ] {
        assert_eq!(InvType(kind).block_encoding(), encoding, "{kind:#x}");
        assert!(encoding.is_none_or(|e| InvType::block(e) == InvType(kind)));
    }
}

#[test]
fn indexes_are_told_as_distances() {
    let mut bytes = vec![7; 32];
    bytes.extend_from_slice(&[4, 0, 0, 5, 253, 0xf7, 0xff]);
    let Ok(Some(Message::GetBlockTxn(request))) = Message::decode(CommandName::GETBLOCKTXN, bytes.clone().into())
    else {
        panic!()
    };
    assert_eq!(request.indexes, [0, 1, 7, 65_535]);
    assert_eq!(Message::GetBlockTxn(request).encode(), bytes);
    // One more does not fit 16 bits.
    bytes[32] = 5;
    bytes.push(0);
    assert!(Message::decode(CommandName::GETBLOCKTXN, bytes.into()).is_err());
}

#[test]
fn a_start_index_is_a_length_to_the_reference() {
    let mut bytes = vec![7; 32];
    put_compact(&mut bytes, 0x0200_0001);
    bytes.extend_from_slice(&[1, 0, 0]);
    assert!(Message::decode(CommandName::GETMWEBUTXOS, bytes.into()).is_err());
}

fn header() -> impl Strategy<Value = BlockHeader> {
    (any::<i32>(), any::<[u8; 32]>(), any::<[u8; 32]>(), any::<[u32; 3]>()).prop_map(
        |(version, prev, merkle_root, [time, bits, nonce])| BlockHeader {
            version,
            prev: BlockHash::from_bytes(prev),
            merkle_root: MerkleRoot::from_bytes(merkle_root),
            time,
            bits,
            nonce,
        },
    )
}

fn message() -> impl Strategy<Value = Message> {
    let hash = any::<[u8; 32]>().prop_map(BlockHash::from_bytes);
    let locate = (any::<u32>(), prop::collection::vec(hash, 0..5), any::<[u8; 32]>())
        .prop_map(|(version, locator, stop)| Locate { version, locator, stop: BlockHash::from_bytes(stop) });
    let inventory = prop::collection::vec(
        (any::<u32>(), any::<[u8; 32]>()).prop_map(|(kind, hash)| Inventory { kind: InvType(kind), hash }),
        0..300,
    );
    prop_oneof![
        any::<u64>().prop_map(|n| Message::Ping(Some(n))),
        any::<u64>().prop_map(|n| Message::Pong(Some(n))),
        any::<i64>().prop_map(Message::FeeFilter),
        (any::<bool>(), any::<u64>()).prop_map(|(announce, version)| Message::SendCmpct { announce, version }),
        locate.clone().prop_map(Message::GetHeaders),
        locate.prop_map(Message::GetBlocks),
        prop::collection::vec(header(), 0..20).prop_map(Message::Headers),
        inventory.clone().prop_map(Message::Inv),
        inventory.clone().prop_map(Message::GetData),
        inventory.prop_map(Message::NotFound),
        (any::<[u8; 32]>(), prop::collection::btree_set(any::<u16>(), 0..50)).prop_map(|(hash, indexes)| {
            Message::GetBlockTxn(GetBlockTxn {
                block: BlockHash::from_bytes(hash),
                indexes: indexes.into_iter().collect(),
            })
        }),
        (any::<[u8; 32]>(), 0u64..0x0200_0000, any::<u16>(), any::<u8>()).prop_map(|(hash, start, count, format)| {
            Message::GetMwebUtxos(GetMwebUtxos { block: BlockHash::from_bytes(hash), start, count, format })
        }),
    ]
}

proptest! {
    #[test]
    fn messages_round_trip(message in message()) {
        prop_assert_eq!(Message::decode(message.command(), message.encode()), Ok(Some(message)));
    }

    #[test]
    fn arbitrary_payloads_never_panic(at in 0..CommandName::KNOWN.len(), payload in prop::collection::vec(any::<u8>(), 0..600)) {
        let command = CommandName::KNOWN[at];
        if let Ok(Some(message)) = Message::decode(command, payload.into()) {
            prop_assert_eq!(message.command(), command);
            // What was understood is said again in the same way.
            prop_assert_eq!(Message::decode(command, message.encode()), Ok(Some(message)));
        }
    }
}

fn told(n: u16) -> PeerAddress {
    let [a, b] = n.to_be_bytes();
    let service = crate::netaddr::NetService { addr: crate::netaddr::NetAddr::Ipv4([250, 1, a, b]), port: 9333 };
    PeerAddress { service, services: ServiceFlags::OURS, time: 1_700_000_000 }
}

#[test]
fn addresses_on_the_wire() {
    let one = vec![told(258)];
    // Of BIP155 and its predecessor: count, time, services, address, port.
    assert_eq!(
        hex::encode(Message::Addr(one.clone()).encode()),
        "0100f153650904800100000000".to_owned() + "00000000000000000000ffff" + "fa010102" + "2475"
    );
    assert_eq!(hex::encode(Message::AddrV2(one).encode()), "0100f15365fe09048001".to_owned() + "0104fa010102" + "2475");
}

#[test]
fn a_thousand_addresses_and_no_more() {
    for wrap in [Message::Addr, Message::AddrV2] {
        let message = wrap((0..1000).map(told).collect());
        assert_eq!(Message::decode(message.command(), message.encode()), Ok(Some(message.clone())));
        let command = message.command();
        let many = wrap((0..1001).map(told).collect()).encode();
        assert_eq!(Message::decode(command, many.clone()), Err(MessageError::TooMany { command, count: 1001 }));
        // As in the reference, what is cut off counts as nothing.
        let cut = many.slice(..many.len() - 1);
        assert!(matches!(Message::decode(command, cut), Err(MessageError::Decode(_))));
    }
}

proptest! {
    #[test]
    fn any_addresses_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for command in [CommandName::ADDR, CommandName::ADDRV2] {
            if let Ok(Some(message)) = Message::decode(command, bytes.clone().into()) {
                let again = Message::decode(command, message.encode());
                prop_assert_eq!(again, Ok(Some(message)));
            }
        }
    }
}
