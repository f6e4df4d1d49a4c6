use proptest::prelude::*;

use super::*;

const MAGIC: [u8; 4] = [0xfa, 0xbf, 0xb5, 0xda];

fn header(command: CommandName, length: u32) -> Vec<u8> {
    let mut out = frame_header(MAGIC, command, &[]).to_vec();
    out[16..20].copy_from_slice(&length.to_le_bytes());
    out
}

fn open_decoder() -> Decoder {
    let mut decoder = Decoder::new(MAGIC);
    decoder.phase = Phase::Open;
    decoder
}

#[test]
fn the_phase_opens_with_version_and_verack_in_that_order() {
    let mut decoder = Decoder::new(MAGIC);
    let verack = encode_frame(MAGIC, &Message::Verack);
    let mut version = frame_header(MAGIC, CommandName::VERSION, &[1; 20]).to_vec();
    version.extend_from_slice(&[1; 20]);
    for (bytes, phase) in [
        (verack.to_vec(), Phase::BeforeVersion),
        (version.clone(), Phase::BeforeVerack),
        (version, Phase::BeforeVerack),
        (verack.to_vec(), Phase::Open),
    ] {
        decoder.push(&bytes);
        assert!(matches!(decoder.next(), Ok(Some(Decoded::Frame { .. }))));
        assert_eq!(decoder.phase, phase);
    }
}

#[test]
fn every_command_is_refused_above_its_limit_before_the_body() {
    for command in CommandName::KNOWN.iter().copied().chain([CommandName::new("nonsense")]) {
        for (decoder, open) in [(Decoder::new(MAGIC), false), (open_decoder(), true)] {
            let (SizeLimit::Keep(limit) | SizeLimit::Skip(limit)) = command.limit(open);
            assert!(limit <= if open { 32_000_000 } else { 2_000 });
            for (size, good) in [(limit, true), (limit + 1, false)] {
                let mut decoder = Decoder { magic: MAGIC, phase: decoder.phase, ..Decoder::new(MAGIC) };
                decoder.push(&header(command, u32::try_from(size).unwrap()));
                match decoder.next() {
                    Ok(None) => assert!(good, "{command} of {size}"),
                    Err(FrameError::Oversized { .. }) => assert!(!good, "{command} of {size}"),
                    other => panic!("{command} of {size}: {other:?}"),
                }
                assert_eq!(decoder.buffered(), 0, "{command}: nothing is held on the peer's word");
                if !good {
                    decoder.push(&[0; 1000]);
                    assert!(decoder.next().is_err());
                    assert_eq!(decoder.buffered(), 0);
                }
            }
        }
    }
}

#[test]
fn memory_follows_what_came() {
    let mut decoder = open_decoder();
    decoder.push(&header(CommandName::BLOCK, 32_000_000));
    assert_eq!(decoder.next(), Ok(None));
    let mut came = 0;
    let chunk = vec![7; 100_000];
    while came + chunk.len() < 32_000_000 {
        decoder.push(&chunk);
        assert_eq!(decoder.next(), Ok(None));
        came += chunk.len();
        assert!(decoder.buffered() <= (3 * came + AHEAD).min(32_000_000), "{} for {came}", decoder.buffered());
    }
}

#[test]
fn unused_commands_are_skipped_without_memory() {
    let mut decoder = open_decoder();
    decoder.push(&header(CommandName::new("nonsense"), 3_000_000));
    for _ in 0..29 {
        decoder.push(&[1; 100_000]);
        assert_eq!(decoder.next(), Ok(None));
        assert_eq!(decoder.buffered(), 0);
    }
    decoder.push(&[1; 100_000]);
    let skipped = Decoded::Skipped { command: CommandName::new("nonsense"), size: 3_000_024, reason: Skip::Unused };
    assert_eq!(decoder.next(), Ok(Some(skipped)));
    decoder.push(&encode_frame(MAGIC, &Message::SendHeaders));
    assert!(matches!(decoder.next(), Ok(Some(Decoded::Frame { command: CommandName::SENDHEADERS, .. }))));
}

#[test]
fn a_bad_checksum_or_command_costs_only_the_message() {
    let mut decoder = open_decoder();
    let mut bad = encode_frame(MAGIC, &Message::Ping(Some(1))).to_vec();
    bad[20] ^= 1;
    decoder.push(&bad);
    let mut odd = header(CommandName::from_bytes(*b"pi\0ng\0\0\0\0\0\0\0"), 8);
    odd.extend_from_slice(&[0; 8]);
    decoder.push(&odd);
    decoder.push(&encode_frame(MAGIC, &Message::Ping(Some(2))));
    assert!(matches!(decoder.next(), Ok(Some(Decoded::Skipped { reason: Skip::BadChecksum, size: 32, .. }))));
    assert!(matches!(decoder.next(), Ok(Some(Decoded::Skipped { reason: Skip::BadCommand, size: 32, .. }))));
    assert!(matches!(decoder.next(), Ok(Some(Decoded::Frame { command: CommandName::PING, .. }))));
    assert_eq!(decoder.next(), Ok(None));
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(open: bool, chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..10)) {
        let mut decoder = if open { open_decoder() } else { Decoder::new(MAGIC) };
        for chunk in chunks {
            decoder.push(&chunk);
            while let Ok(Some(_)) = decoder.next() {}
        }
    }

    #[test]
    fn arbitrary_headers_never_panic(
        known in 0..CommandName::KNOWN.len(),
        length in 0u32..400,
        body in prop::collection::vec(any::<u8>(), 0..1000),
        cut in 1usize..50,
    ) {
        let mut decoder = open_decoder();
        let mut bytes = header(CommandName::KNOWN[known], length);
        bytes.extend_from_slice(&body);
        for chunk in bytes.chunks(cut) {
            decoder.push(chunk);
            while let Ok(Some(_)) = decoder.next() {}
        }
    }

    #[test]
    fn frames_come_out_as_they_went_in(
        nonces in prop::collection::vec(any::<u64>(), 1..20),
        cut in 1usize..100,
    ) {
        let bytes: Vec<u8> =
            nonces.iter().flat_map(|n| encode_frame(MAGIC, &Message::Ping(Some(*n))).to_vec()).collect();
        let mut decoder = open_decoder();
        let mut found = Vec::new();
        for chunk in bytes.chunks(cut) {
            decoder.push(chunk);
            while let Some(Decoded::Frame { command, payload }) = decoder.next().unwrap() {
                found.push(Message::decode(command, payload).unwrap().unwrap());
            }
        }
        let sent: Vec<_> = nonces.iter().map(|n| Message::Ping(Some(*n))).collect();
        prop_assert_eq!(found, sent);
        prop_assert!(decoder.staged.is_empty());
    }
}
