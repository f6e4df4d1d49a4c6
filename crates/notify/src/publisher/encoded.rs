//! One message as ZMTP frames, encoded once and shared by all its subscribers.
//!
//! Owns the layout `topic | body | counter` on the wire (RFC 23: a flags byte, then a one-byte or an eight-byte
//! big-endian length). A small body is copied into the one allocation of the message; a large one is kept as it is and
//! written by gathering.

use bytes::{BufMut, Bytes, BytesMut};
use omq_proto::proto::{MAX_SHORT_FRAME_SIZE, frame::header_len_for};

use crate::{frames::Body, topic::Topic};

const FLAG_MORE: u8 = 1;
const FLAG_LONG: u8 = 2;

/// Bodies above this many bytes are never copied. Below it one copy is cheaper than two more buffers in each write.
const COPY_LIMIT: usize = 4096;

/// A message ready to be written.
#[derive(Clone, Debug)]
pub(crate) struct Encoded {
    /// The chunks to write, in order; unused ones are empty.
    pub(crate) chunks: [Bytes; 3],
    /// Bytes of all chunks.
    pub(crate) len: usize,
}

impl Encoded {
    pub(crate) fn new(topic: Topic, body: &Body, counter: u32) -> Self {
        let topic = topic.as_str().as_bytes();
        let counter = counter.to_le_bytes();
        let slice = body.as_slice();
        let head_len = 2 + topic.len() + header_len_for(slice.len());
        let tail_len = 2 + counter.len();
        let len = head_len + slice.len() + tail_len;

        let shared = match body {
            Body::Raw(bytes) if bytes.len() > COPY_LIMIT => Some(bytes),
            _ => None,
        };
        let mut buf = BytesMut::with_capacity(if shared.is_some() { head_len + tail_len } else { len });
        put_header(&mut buf, FLAG_MORE, topic.len());
        buf.put_slice(topic);
        put_header(&mut buf, FLAG_MORE, slice.len());
        let chunks = match shared {
            Some(bytes) => {
                let head = buf.split().freeze();
                put_header(&mut buf, 0, counter.len());
                buf.put_slice(&counter);
                [head, bytes.clone(), buf.freeze()]
            }
            None => {
                buf.put_slice(slice);
                put_header(&mut buf, 0, counter.len());
                buf.put_slice(&counter);
                [buf.freeze(), Bytes::new(), Bytes::new()]
            }
        };
        Self { chunks, len }
    }
}

fn put_header(buf: &mut BytesMut, flags: u8, len: usize) {
    match u8::try_from(len) {
        Ok(short) if len <= MAX_SHORT_FRAME_SIZE => {
            buf.put_u8(flags);
            buf.put_u8(short);
        }
        _ => {
            buf.put_u8(flags | FLAG_LONG);
            buf.put_u64(u64::try_from(len).expect("because no target has wider addresses"));
        }
    }
}

#[cfg(test)]
mod tests {
    use omq_proto::{Message, proto::frame::encode_message_flat};

    use super::*;

    /// The codec's own encoder is the oracle.
    #[test]
    fn the_same_bytes_as_the_codec() {
        for size in [0, 1, 32, 41, 255, 256, COPY_LIMIT, COPY_LIMIT + 1, 1 << 20] {
            let body = Bytes::from(vec![0x5a; size]);
            let ours = Encoded::new(Topic::RawTx, &Body::Raw(body.clone()), 0xdead_beef);
            let mut theirs = BytesMut::new();
            let parts = [Bytes::from_static(b"rawtx"), body, Bytes::copy_from_slice(&0xdead_beef_u32.to_le_bytes())];
            encode_message_flat(&Message::multipart(parts), &mut theirs);
            assert_eq!(ours.chunks.concat(), theirs, "{size}");
            assert_eq!(ours.len, theirs.len());
        }
    }

    #[test]
    fn large_bodies_are_not_copied() {
        let body = Bytes::from(vec![1; COPY_LIMIT + 1]);
        let encoded = Encoded::new(Topic::RawBlock, &Body::Raw(body.clone()), 0);
        assert_eq!(encoded.chunks[1].as_ptr(), body.as_ptr());
    }
}
