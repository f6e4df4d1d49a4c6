//! A peer's stream of bytes: frames however the stream is cut, and messages.

use litecast_p2p::{
    Decoded, Decoder, Message,
    codec::{FrameError, HEADER_SIZE, encode_frame, frame_header},
    message::CommandName,
};

use crate::input::Input;

const MAGIC: [u8; 4] = [0xfb, 0xc0, 0xb6, 0xdb];
/// A body may be taken this far ahead (codec, AHEAD), with room for the vectors' doubling.
const SLACK: usize = 512 * 1024;

/// First byte: how the rest is meant. Odd: a list of commands and payloads that are framed here, so that checksums are
/// right. Even: a raw stream.
pub fn p2p_message(data: &[u8]) {
    let mut input = Input::new(data);
    let mode = input.u8();
    let stream = if mode & 1 == 1 { frames(&mut input) } else { input.rest().to_vec() };
    let whole = read(&stream, usize::MAX);
    let pieces = read(&stream, usize::from(mode / 2) + 1);
    assert_eq!(whole, pieces, "what comes out depends on how the stream was cut");
    for decoded in &whole.0 {
        if let Decoded::Frame { command, payload } = decoded {
            message(*command, payload);
        }
    }
}

/// A handshake, so that every command is allowed, and what the input says.
fn frames(input: &mut Input<'_>) -> Vec<u8> {
    let mut stream = Vec::new();
    if input.u8() & 1 == 1 {
        for command in [CommandName::VERSION, CommandName::VERACK] {
            stream.extend_from_slice(&frame_header(MAGIC, command, &[]));
        }
    }
    while !input.is_empty() {
        // One past the last is one that nobody knows.
        let index = usize::from(input.u8()) % (CommandName::KNOWN.len() + 1);
        let command = CommandName::KNOWN.get(index).copied().unwrap_or(CommandName::new("unheard of"));
        let payload = input.chunk();
        stream.extend_from_slice(&frame_header(MAGIC, command, payload));
        stream.extend_from_slice(payload);
    }
    stream
}

fn read(stream: &[u8], piece: usize) -> (Vec<Decoded>, Option<FrameError>) {
    let mut decoder = Decoder::new(MAGIC);
    let mut out = Vec::new();
    let mut came = 0;
    for chunk in stream.chunks(piece.min(stream.len().max(1))) {
        decoder.push(chunk);
        came += chunk.len();
        loop {
            match decoder.next() {
                Ok(Some(decoded)) => out.push(decoded),
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(decoder.next(), Err(error.clone()), "a broken stream healed");
                    return (out, Some(error));
                }
            }
        }
        assert!(decoder.buffered() <= 2 * came + SLACK, "{} bytes held after {came}", decoder.buffered());
    }
    let sizes: usize = out.iter().map(Decoded::size).sum();
    assert!(sizes <= stream.len() && out.len() <= stream.len() / HEADER_SIZE);
    (out, None)
}

/// A message that can be read can be written, and is read again as the same; blocks and transactions have targets of
/// their own, which know what cannot.
fn message(command: CommandName, payload: &bytes::Bytes) {
    let Ok(Some(message)) = Message::decode(command, payload.clone()) else { return };
    assert_eq!(message.command(), command);
    let written = message.encode();
    if !matches!(message, Message::Block(_) | Message::Tx(_)) {
        let again = Message::decode(command, written.clone()).expect("what was written must be readable");
        assert_eq!(again.as_ref(), Some(&message));
    }
    let frame = encode_frame(MAGIC, &message);
    assert_eq!(frame.len(), HEADER_SIZE + written.len());
}
