//! One message of the stream, and what its body means.
//!
//! Decoding is separate from receiving: who only forwards bodies need not pay for it, and a body that cannot be decoded
//! is still a message with a counter.

use std::{sync::Arc, time::SystemTime};

use bytes::Bytes;
use litecast_notify::Topic;
use litecast_primitives::{Block, BlockHash, Transaction, Txid, codec::DecodeError};

/// A message, as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// The address it came from, as it was given.
    pub endpoint: Arc<str>,
    /// The first frame.
    pub topic: String,
    /// The second frame.
    pub body: Bytes,
    /// The third frame.
    pub counter: u32,
    /// When it was read from the socket.
    pub received_at: SystemTime,
}

/// What a body means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Topic `hashblock`.
    HashBlock(BlockHash),
    /// Topic `hashtx`.
    HashTx(Txid),
    /// Topic `rawblock`.
    RawBlock(Box<Block>),
    /// Topic `rawtx`.
    RawTx(Box<Transaction>),
    /// Topic `sequence`.
    Sequence(Sequence),
    /// A topic this library does not know.
    Unknown,
}

/// The body of topic `sequence`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sequence {
    /// `C`: the block is on top of the chain now.
    Connected(BlockHash),
    /// `D`: the block was on top and is no longer part of the chain.
    Disconnected(BlockHash),
    /// `A`: the transaction entered the pool, with the pool's sequence number.
    Added(Txid, u64),
    /// `R`: the transaction left the pool without being mined, with the pool's sequence number.
    Removed(Txid, u64),
}

/// Why a body could not be decoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// The length is wrong for the topic.
    #[error("a body of {0} bytes")]
    Length(usize),
    /// The label of a `sequence` body is none of C, D, A, R.
    #[error("label {0:#04x}")]
    Label(u8),
    /// The transaction or block does not parse.
    #[error("{0}")]
    Decode(#[from] DecodeError),
}

impl Notification {
    /// Decodes the body according to the topic.
    pub fn content(&self) -> Result<Content, ContentError> {
        Ok(match Topic::from_name(self.topic.as_bytes()) {
            Some(Topic::HashBlock) => Content::HashBlock(BlockHash::from_bytes(whole_hash(&self.body)?)),
            Some(Topic::HashTx) => Content::HashTx(Txid::from_bytes(whole_hash(&self.body)?)),
            Some(Topic::RawBlock) => Content::RawBlock(Box::new(Block::from_bytes(self.body.clone())?)),
            Some(Topic::RawTx) => Content::RawTx(Box::new(Transaction::from_bytes(self.body.clone())?)),
            Some(Topic::Sequence) => Content::Sequence(sequence(&self.body)?),
            None => Content::Unknown,
        })
    }
}

fn whole_hash(body: &[u8]) -> Result<[u8; 32], ContentError> {
    body.try_into().map(reversed).map_err(|_| ContentError::Length(body.len()))
}

/// Bodies carry display order.
fn reversed(mut hash: [u8; 32]) -> [u8; 32] {
    hash.reverse();
    hash
}

fn sequence(body: &[u8]) -> Result<Sequence, ContentError> {
    let (hash, rest) = body.split_first_chunk::<32>().ok_or(ContentError::Length(body.len()))?;
    let hash = reversed(*hash);
    let (label, number) = rest.split_first().ok_or(ContentError::Length(body.len()))?;
    let counted = || number.try_into().map(u64::from_le_bytes).map_err(|_| ContentError::Length(body.len()));
    let bare = |sequence| if number.is_empty() { Ok(sequence) } else { Err(ContentError::Length(body.len())) };
    match label {
        b'C' => bare(Sequence::Connected(BlockHash::from_bytes(hash))),
        b'D' => bare(Sequence::Disconnected(BlockHash::from_bytes(hash))),
        b'A' => Ok(Sequence::Added(Txid::from_bytes(hash), counted()?)),
        b'R' => Ok(Sequence::Removed(Txid::from_bytes(hash), counted()?)),
        other => Err(ContentError::Label(*other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notification(topic: &str, body: &[u8]) -> Notification {
        Notification {
            endpoint: Arc::from("tcp://127.0.0.1:1"),
            topic: topic.to_owned(),
            body: Bytes::copy_from_slice(body),
            counter: 0,
            received_at: SystemTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn hashes_are_in_display_order() {
        let body: Vec<u8> = (0..32).collect();
        let Ok(Content::HashTx(txid)) = notification("hashtx", &body).content() else { panic!("a txid") };
        assert!(txid.to_string().starts_with("000102"));
        assert_eq!(notification("hashtx", &body[1..]).content(), Err(ContentError::Length(31)));
    }

    #[test]
    fn sequence_bodies() {
        let hash = [7; 32];
        let txid = Txid::from_bytes(hash);
        let body = |label: u8, rest: &[u8]| [&hash[..], &[label], rest].concat();
        let of = |body: Vec<u8>| notification("sequence", &body).content();
        assert_eq!(of(body(b'A', &5u64.to_le_bytes())), Ok(Content::Sequence(Sequence::Added(txid, 5))));
        assert_eq!(of(body(b'R', &[0xff; 8])), Ok(Content::Sequence(Sequence::Removed(txid, u64::MAX))));
        let block = BlockHash::from_bytes(hash);
        assert_eq!(of(body(b'C', &[])), Ok(Content::Sequence(Sequence::Connected(block))));
        assert_eq!(of(body(b'D', &[])), Ok(Content::Sequence(Sequence::Disconnected(block))));
        assert_eq!(of(body(b'C', &[0; 8])), Err(ContentError::Length(41)));
        assert_eq!(of(body(b'A', &[0; 7])), Err(ContentError::Length(40)));
        assert_eq!(of(body(b'X', &[])), Err(ContentError::Label(b'X')));
        assert_eq!(of(vec![0; 32]), Err(ContentError::Length(32)));
        assert_eq!(of(vec![]), Err(ContentError::Length(0)));
        assert_eq!(notification("mempool", &[]).content(), Ok(Content::Unknown));
    }

    proptest::proptest! {
        #[test]
        fn any_body_is_answered(topic in "(hashblock|hashtx|rawblock|rawtx|sequence)", body in proptest::collection::vec(0u8.., 0..200)) {
            let _ = notification(&topic, &body).content();
        }
    }
}
