//! The table is that of BIP324, "v2 Bitcoin P2P message structure".

use proptest::prelude::*;

use super::*;
use crate::{Message, codec::encode_frame};

const TABLE: &str = "1 addr 2 block 3 blocktxn 4 cmpctblock 5 feefilter 6 filteradd 7 filterclear 8 filterload 9 getblocks \
    10 getblocktxn 11 getdata 12 getheaders 13 headers 14 inv 15 mempool 16 merkleblock 17 notfound 18 ping 19 pong \
    20 sendcmpct 21 tx 22 getcfilters 23 cfilter 24 getcfheaders 25 cfheaders 26 getcfcheckpt 27 cfcheckpt 28 addrv2";

fn open() -> PacketDecoder {
    PacketDecoder(Phase::Open)
}

fn long(command: &[u8], payload: &[u8]) -> Bytes {
    let mut out = vec![0; LONG_TYPE];
    out[1..=command.len()].copy_from_slice(command);
    out.extend_from_slice(payload);
    out.into()
}

fn command_of(found: &Decoded) -> CommandName {
    let (Decoded::Frame { command, .. } | Decoded::Skipped { command, .. }) = found;
    *command
}

#[test]
fn short_types() {
    let words: Vec<&str> = TABLE.split_whitespace().collect();
    assert_eq!(words.len(), 56);
    for pair in words.chunks(2) {
        let (number, name) = (pair[0].parse::<u8>().unwrap(), pair[1]);
        let found = open().decode(vec![number, 1, 2].into()).unwrap();
        assert_eq!((command_of(&found).to_string(), found.size()), (name.to_owned(), HEADER_SIZE + 2));
        // The long form means the same.
        assert_eq!(open().decode(long(name.as_bytes(), &[1, 2])).unwrap(), found);
    }
}

#[test]
fn other_types_cost_only_the_message() {
    for contents in [&[][..], &[29], &[0xff; 30], &[0, b'a'], &[0; 12]] {
        let found = open().decode(contents.to_vec().into()).unwrap();
        assert!(matches!(found, Decoded::Skipped { reason: Skip::BadCommand, .. }), "{contents:?}: {found:?}");
    }
    let found = open().decode(long(b"a\0b", b"xyz")).unwrap();
    assert!(matches!(found, Decoded::Skipped { reason: Skip::BadCommand, .. }));
    let found = open().decode(long(b"mwebheader", b"xyz")).unwrap();
    assert!(matches!(found, Decoded::Skipped { reason: Skip::Unused, size: 27, .. }));
}

#[test]
fn the_limits_of_the_plain_transport_hold() {
    assert_eq!((PacketDecoder::new().limit(), open().limit()), (2_013, MAX_CONTENTS));
    for command in CommandName::KNOWN {
        for is_open in [false, true] {
            let (SizeLimit::Keep(most) | SizeLimit::Skip(most)) = command.limit(is_open);
            let make = || if is_open { open() } else { PacketDecoder::new() };
            let most = most.min(MAX_CONTENTS - LONG_TYPE);
            let name = command.to_string();
            assert!(make().decode(long(name.as_bytes(), &vec![0; most])).is_ok(), "{name}");
            if most + 1 + LONG_TYPE <= make().limit() {
                let error = make().decode(long(name.as_bytes(), &vec![0; most + 1])).unwrap_err();
                assert_eq!(error, FrameError::Oversized { command: *command, size: most + 1, limit: most });
            }
        }
    }
}

#[test]
fn a_message_opens_the_next_phase() {
    let mut decoder = PacketDecoder::new();
    for (command, limit) in [(&b"verack"[..], 2_013), (b"version", 2_013), (b"verack", MAX_CONTENTS)] {
        decoder.decode(long(command, b"")).unwrap();
        assert_eq!(decoder.limit(), limit);
    }
}

#[test]
fn messages_that_do_not_fit_are_not_packed() {
    let head = crate::codec::frame_header([0; 4], CommandName::BLOCK, &[]);
    let mut body = vec![0; MAX_CONTENTS - 1];
    assert!(packet_contents(&head, &body).is_some());
    body.push(0);
    assert!(packet_contents(&head, &body).is_none());
    assert!(packet_contents(&head[1..], &[]).is_none());
}

proptest! {
    #[test]
    fn what_is_packed_is_unpacked(nonce in any::<u64>(), split in 0usize..32) {
        for message in [Message::Ping(Some(nonce)), Message::GetAddr, Message::WtxidRelay] {
            let frame = encode_frame([1, 2, 3, 4], &message);
            let split = HEADER_SIZE.max(split.min(frame.len()));
            let contents = packet_contents(&frame[..split], &frame[split..]).unwrap();
            let found = open().decode(contents.into()).unwrap();
            prop_assert_eq!(found.size(), frame.len());
            let Decoded::Frame { command, payload } = found else { panic!("{message:?}") };
            prop_assert_eq!(Message::decode(command, payload).unwrap(), Some(message));
        }
    }

    #[test]
    fn no_contents_are_too_much(contents in proptest::collection::vec(any::<u8>(), 0..3000)) {
        let length = contents.len();
        for mut decoder in [open(), PacketDecoder::new()] {
            if let Ok(found) = decoder.decode(contents.clone().into()) {
                prop_assert!(found.size() <= HEADER_SIZE + length);
            }
        }
    }
}
