use litecast_primitives::{
    BlockHeader, Transaction,
    codec::DecodeError,
    hash::{MerkleRoot, sha256d_pair},
    mweb::{Header, OutputMessage, RANGE_PROOF_SIZE, StandardFields},
};

use super::*;

fn vectors(name: &str) -> Option<String> {
    let folder = std::env::var("LITECAST_VECTORS")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors").to_owned());
    let text = std::fs::read_to_string(format!("{folder}/{name}"));
    if text.is_err() {
        eprintln!("skipped: no {name} in {folder}");
    }
    text.ok()
}

/// An `mwebheader` as a light client reads it.
struct Read {
    block: BlockHeader,
    transactions: u32,
    hashes: Vec<[u8; 32]>,
    flags: Vec<u8>,
    hogex: Transaction,
    header: Header,
}

fn read(payload: Bytes) -> Result<Read, DecodeError> {
    let r = &mut Reader::new(payload);
    let block = BlockHeader::decode(r)?;
    let transactions = r.u32()?;
    let hashes = r.vector(32, Reader::array)?;
    let flags = r.var_bytes()?.to_vec();
    let (hogex, header) = (Transaction::decode(r)?, Header::decode(r)?);
    r.finish()?;
    Ok(Read { block, transactions, hashes, flags, hogex, header })
}

/// What CPartialMerkleTree::ExtractMatches computes: the root, and the index of the one match.
fn extract(read: &Read) -> (MerkleRoot, u32) {
    fn walk(read: &Read, height: u32, at: u32, bits: &mut usize, used: &mut usize, found: &mut u32) -> [u8; 32] {
        let bit = read.flags[*bits / 8] >> (*bits % 8) & 1 == 1;
        *bits += 1;
        if height == 0 || !bit {
            *used += 1;
            if bit {
                *found = at;
            }
            return read.hashes[*used - 1];
        }
        let width = (read.transactions + (1 << (height - 1)) - 1) >> (height - 1);
        let left = walk(read, height - 1, at * 2, bits, used, found);
        let right = if at * 2 + 1 < width { walk(read, height - 1, at * 2 + 1, bits, used, found) } else { left };
        sha256d_pair(&left, &right)
    }
    let height = read.transactions.next_power_of_two().ilog2();
    let (mut bits, mut used, mut found) = (0, 0, 0);
    let root = walk(read, height, 0, &mut bits, &mut used, &mut found);
    assert_eq!((used, bits.div_ceil(8)), (read.hashes.len(), read.flags.len()), "nothing is left over");
    (MerkleRoot::from_bytes(root), found)
}

fn check(read: &Read) {
    assert_eq!(extract(read), (read.block.merkle_root, read.transactions - 1));
    assert_eq!(read.hashes.last(), Some(read.hogex.txid().as_bytes()));
    assert!(read.hogex.is_hogex());
    let script = &read.hogex.outputs()[0].script_pubkey;
    assert_eq!((&script[..2], &script[2..]), (&[0x58, 0x20][..], &read.header.hash().0[..]), "HogAddr");
}

/// Served by litecoind for block 3,152,700 of the main network.
#[test]
fn the_real_mwebheader_has_this_form() {
    let Some(text) = vectors("p2p/mwebheader_mainnet_3152700.hex") else { return };
    let payload = Bytes::from(hex::decode(text.trim()).unwrap());
    let real = read(payload.clone()).unwrap();
    check(&real);
    assert_eq!((real.transactions, real.header.height), (517, 3_152_700));
    // The same parts written by us: the tree's shape depends on the number of transactions alone.
    let ids: Vec<Txid> = (0..517_u16)
        .map(|n| Txid::from_bytes([n.to_le_bytes()[0], n.to_le_bytes()[1]].repeat(16).try_into().unwrap()))
        .collect();
    let mut tree = Vec::new();
    PartialTree::new(&ids, |id| *id == ids[516]).encode(&mut tree);
    let mut out = real.block.encode().to_vec();
    let hashes = 80 + 4 + 1..80 + 4 + 1 + 32 * real.hashes.len();
    out.extend_from_slice(&tree);
    out.extend_from_slice(&real.hogex.encode(Encoding::Full));
    real.header.encode(&mut out);
    out[hashes.clone()].copy_from_slice(&payload[hashes]);
    assert_eq!(out, payload);
}

#[test]
fn every_mweb_block_of_a_chain_has_its_header() {
    let Some(text) = vectors("mweb-regtest/blocks.hex") else { return };
    let mut seen = 0;
    for line in text.lines() {
        let word = line.split_whitespace().last().unwrap_or_default();
        let Ok(block) = Block::from_bytes(hex::decode(word).unwrap().into()) else { panic!("{line}") };
        let payload = encode_mwebheader(&block);
        assert_eq!(payload.is_some(), block.extension().is_some());
        if let Some(payload) = payload {
            let read = read(payload).unwrap();
            check(&read);
            assert_eq!(&read.block, block.header());
            seen += 1;
        }
    }
    assert!(seen > 30, "{seen} blocks with an extension block");
}

fn output() -> Output {
    Output {
        commitment: [1; 33],
        sender_pubkey: [2; 33],
        receiver_pubkey: [3; 33],
        message: OutputMessage {
            features: 1,
            standard: Some(StandardFields {
                key_exchange_pubkey: [4; 33],
                view_tag: 5,
                masked_value: 6,
                masked_nonce: [7; 16],
            }),
            extra_data: None,
        },
        range_proof: Bytes::from(vec![8; RANGE_PROOF_SIZE]),
        signature: [9; 64],
    }
}

#[test]
fn outputs_are_told_in_three_formats() {
    let segment = MwebSegment { outputs: vec![(300, output())], proof_hashes: vec![MwebHash([10; 32]); 2] };
    let request = |format| GetMwebUtxos { block: BlockHash::from_bytes([11; 32]), start: 300, count: 1, format };
    // Hash, index of three bytes, format, count; the output's index; count and hashes of the proof.
    let around = 32 + 3 + 1 + 1 + 3 + 1 + 2 * 32;
    let message = 1 + 33 + 1 + 8 + 16;
    for (byte, body) in [(0, 3 * 33 + message + 675 + 64), (1, 32), (2, 3 * 33 + message + 32 + 64)] {
        let format = UtxoFormat::from_byte(byte).unwrap();
        let payload = encode_mwebutxos(&request(byte), format, &segment);
        assert_eq!(payload.len(), around + body);
        assert_eq!(payload[..37], [vec![11; 32], vec![253, 44, 1, byte, 1]].concat());
        let mut r = Reader::new(payload.slice(37..));
        assert_eq!(r.compact_u64(), Ok(300));
        let body = r.take(body).unwrap();
        match format {
            UtxoFormat::Full => assert_eq!(body[body.len() - 64 - 675..body.len() - 64], [8; 675]),
            UtxoFormat::Hash => assert_eq!(body, output().id().0[..]),
            // The id is a hash over just these parts, but for the message, which it hashes too.
            UtxoFormat::Compact => {
                let message_hash = blake3::hash(&body[99..99 + message]);
                let hashed = [&body[..99], message_hash.as_bytes(), &body[99 + message..]];
                assert_eq!(blake3::hash(&hashed.concat()).as_bytes(), &output().id().0);
            }
        }
        assert_eq!(r.vector(32, |r| r.array::<32>()).unwrap(), [[10; 32]; 2]);
        assert!(r.finish().is_ok());
    }
    assert_eq!(UtxoFormat::from_byte(3), None);
}
