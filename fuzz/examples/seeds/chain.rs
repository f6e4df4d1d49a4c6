//! Transactions, blocks, headers, and what carries them.

use std::sync::Arc;

use bytes::Bytes;
use litecast_p2p::{
    Message,
    codec::encode_frame,
    message::{CommandName, InvType, Inventory, Locate},
};
use litecast_primitives::{
    Amount, Block, BlockHash, BlockHeader, Coin, OutPoint, Transaction, TxIn, TxOut, Txid,
    codec::put_varint,
    hash::MwebHash,
    merkle::block_merkle_root,
    mweb::{
        ExtensionBlock, Header, Input, Kernel, Output, OutputMessage, PegOut, RANGE_PROOF_SIZE, StandardFields, Tx,
        TxBody,
    },
    params::{Network, Params},
    transaction::{Encoding, TxParts},
};
use litecast_script::template::hogaddr_script;
use litecast_store::{FilePos, IndexRecord, MwebIndex, encode_coin};

use super::{Seeds, scripts};

const MAGIC: [u8; 4] = [0xfb, 0xc0, 0xb6, 0xdb];

fn input(n: u8, witness: &[&[u8]]) -> TxIn {
    TxIn {
        prevout: OutPoint { txid: Txid::from_bytes([n; 32]), vout: n.into() },
        script_sig: Bytes::from_static(&[0x51]),
        sequence: TxIn::SEQUENCE_FINAL - u32::from(n),
        witness: witness.iter().map(|item| Bytes::copy_from_slice(item)).collect(),
    }
}

fn output(value: i64, script: &[u8]) -> TxOut {
    TxOut { value: Amount(value), script_pubkey: Bytes::copy_from_slice(script) }
}

fn parts(inputs: Vec<TxIn>, outputs: Vec<TxOut>) -> TxParts {
    TxParts { version: 2, inputs, outputs, lock_time: 0, mweb: None, is_hogex: false }
}

fn coinbase(height: u8, reserved: bool) -> TxParts {
    let witness: &[&[u8]] = if reserved { &[&[0; 32]] } else { &[] };
    let mut only = input(0, witness);
    only.prevout = OutPoint::NULL;
    only.script_sig = vec![1, height, 0].into();
    parts(vec![only], vec![output(5_000_000_000, &[0x51])])
}

fn kernel(features: u8) -> Kernel {
    let has = |bit: u8| features & bit != 0;
    Kernel {
        features,
        fee: has(1).then_some(Amount(1000)),
        peg_in: has(2).then_some(Amount(5_000_000)),
        peg_outs: if has(4) {
            vec![PegOut { amount: Amount(100_000), script_pubkey: scripts::key_hash().into() }; 2]
        } else {
            Vec::new()
        },
        lock_height: has(8).then_some(200),
        stealth_excess: has(16).then_some([2; 33]),
        extra_data: if has(32) { Bytes::from_static(b"extra") } else { Bytes::new() },
        excess: [8; 33],
        signature: [7; 64],
    }
}

fn body(kernels: Vec<Kernel>) -> TxBody {
    let inputs = [0, 1, 2, 3]
        .map(|features: u8| Input {
            features,
            output_id: MwebHash([features; 32]),
            commitment: [9; 33],
            output_pubkey: [3; 33],
            input_pubkey: (features & 1 != 0).then_some([2; 33]),
            extra_data: (features & 2 != 0).then_some(Bytes::from_static(b"x")),
            signature: [1; 64],
        })
        .to_vec();
    let outputs = [0, 3]
        .map(|features: u8| Output {
            commitment: [9; 33],
            sender_pubkey: [2; 33],
            receiver_pubkey: [3; 33],
            message: OutputMessage {
                features,
                standard: (features & 1 != 0).then_some(StandardFields {
                    key_exchange_pubkey: [2; 33],
                    view_tag: 5,
                    masked_value: 77,
                    masked_nonce: [6; 16],
                }),
                extra_data: (features & 2 != 0).then_some(Bytes::from_static(b"note")),
            },
            range_proof: vec![0; RANGE_PROOF_SIZE].into(),
            signature: [1; 64],
        })
        .to_vec();
    TxBody { inputs, outputs, kernels }
}

fn mweb(kernels: Vec<Kernel>) -> Option<Tx> {
    Some(Tx { kernel_offset: [4; 32], stealth_offset: [5; 32], body: body(kernels) })
}

fn hogex(header: &Header) -> TxParts {
    let mut tx = parts(vec![input(1, &[])], vec![output(5_000_000, &hogaddr_script(header.hash()))]);
    tx.outputs.push(output(100_000, &scripts::key_hash()));
    tx.is_hogex = true;
    tx
}

fn bytes_of(parts: &TxParts) -> Vec<u8> {
    Transaction::from(parts.clone()).bytes().to_vec()
}

fn named(list: Vec<(&str, Vec<u8>)>) -> Seeds {
    list.into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect()
}

pub(crate) fn transactions() -> Seeds {
    let plain = parts(vec![input(1, &[]), input(2, &[])], scripts::templates().iter().map(|s| output(9, s)).collect());
    let mut timed = parts(vec![input(3, &[])], vec![output(1, &[])]);
    timed.lock_time = 500_000_001;
    let segwit = parts(vec![input(1, &[&[0x30; 71], &[2; 33]]), input(2, &[])], vec![output(1, &scripts::key_hash())]);
    let empty_items = parts(vec![input(1, &[&[][..]; 40])], vec![output(1, &[])]);
    let negative = parts(vec![input(1, &[])], vec![output(-1, &[]), output(i64::MAX, &[])]);
    let nothing = parts(Vec::new(), Vec::new());
    let mut both = segwit.clone();
    both.mweb = mweb(vec![kernel(0x13)]);
    let mut inside = parts(Vec::new(), Vec::new());
    inside.mweb = mweb((0..6).map(|bit| kernel(1 << bit)).chain([kernel(0x3f), kernel(0xc0)]).collect());
    let mut seeds = named(vec![
        ("coinbase", bytes_of(&coinbase(7, true))),
        ("plain", bytes_of(&plain)),
        ("timed", bytes_of(&timed)),
        ("segwit", bytes_of(&segwit)),
        ("empty-items", bytes_of(&empty_items)),
        ("negative", bytes_of(&negative)),
        ("nothing", bytes_of(&nothing)),
        ("segwit-and-mweb", bytes_of(&both)),
        ("mweb-only", bytes_of(&inside)),
        ("hogex", bytes_of(&hogex(&extension().header))),
    ]);
    // What is read and written otherwise: a HogEx marked with 2, a kernel with announced but empty parts.
    let mut marked = bytes_of(&hogex(&extension().header));
    let marker = marked.len() - 5;
    marked[marker] = 2;
    seeds.push(("hogex-marked-2".to_owned(), marked));
    let mut announced = vec![2, 0, 0, 0, 0, 8, 0, 0, 1];
    announced.extend_from_slice(&[4; 64]);
    announced.extend_from_slice(&[0, 0, 1, 0x24, 0, 0]);
    announced.extend_from_slice(&[8; 33 + 64]);
    announced.extend_from_slice(&[0; 4]);
    seeds.push(("kernel-announces-nothing".to_owned(), announced));
    // Promises of 32 MiB.
    for (name, start) in
        [("inputs", &[1, 0, 0, 0][..]), ("outputs", &[1, 0, 0, 0, 0, 8, 0]), ("witness", &[1, 0, 0, 0, 0, 1])]
    {
        let mut bytes = start.to_vec();
        if name == "witness" {
            bytes.push(1);
            bytes.extend_from_slice(&[3; 36]);
            bytes.extend_from_slice(&[0, 0, 0, 0, 0, 0]);
        }
        bytes.extend_from_slice(&[254, 0, 0, 0, 2]);
        bytes.extend_from_slice(&[0; 200]);
        seeds.push((format!("promise-{name}"), bytes));
    }
    seeds
}

fn extension() -> ExtensionBlock {
    let header = Header {
        height: 432,
        output_root: MwebHash([1; 32]),
        kernel_root: MwebHash([2; 32]),
        leafset_root: MwebHash([3; 32]),
        kernel_offset: [4; 32],
        stealth_offset: [5; 32],
        output_mmr_size: 2,
        kernel_mmr_size: 1_000_000,
    };
    ExtensionBlock { header, body: body(vec![kernel(0x17), kernel(0x01)]) }
}

fn block(transactions: Vec<TxParts>, extension: Option<ExtensionBlock>) -> Block {
    let transactions: Vec<_> = transactions.into_iter().map(|parts| Arc::new(Transaction::from(parts))).collect();
    let below = *Params::new(Network::Regtest).genesis.header();
    let mut header = BlockHeader { version: 0x2000_0000, prev: below.hash(), time: below.time + 150, ..below };
    header.merkle_root = block_merkle_root(&Block::new(header, transactions.clone(), extension.clone())).root;
    Block::new(header, transactions, extension)
}

fn with_extension() -> Block {
    let extension = extension();
    block(vec![coinbase(2, true), hogex(&extension.header)], Some(extension))
}

pub(crate) fn blocks() -> Seeds {
    let spend = parts(vec![input(1, &[&[5; 64]])], vec![output(1, &scripts::key_hash())]);
    let with_extension = with_extension();
    let no_extension = block(vec![coinbase(2, false), hogex(&extension().header)], None);
    let mut irregular = no_extension.bytes().to_vec();
    *irregular.last_mut().expect("a block is not empty") = 9;
    let twins = block(vec![coinbase(1, false), spend.clone(), spend.clone()], None);
    let mut promise = Params::new(Network::Main).genesis.bytes()[..80].to_vec();
    promise.extend_from_slice(&[254, 0, 0, 0, 2]);
    promise.extend_from_slice(&[0; 200]);
    named(vec![
        ("genesis", Params::new(Network::Main).genesis.bytes().to_vec()),
        ("segwit", block(vec![coinbase(1, true), spend], None).bytes().to_vec()),
        ("twins", twins.bytes().to_vec()),
        ("extension", with_extension.bytes().to_vec()),
        ("no-extension", no_extension.bytes().to_vec()),
        ("presence-9", irregular),
        ("promise", promise),
        ("empty", block(Vec::new(), None).bytes().to_vec()),
    ])
}

pub(crate) fn headers() -> Seeds {
    let mut seeds = Seeds::new();
    for (n, network) in [Network::Main, Network::Test, Network::Regtest].into_iter().enumerate() {
        let genesis = *Params::new(network).genesis.header();
        for (name, height) in [("start", 0u32), ("first-retarget", 2014), ("retarget", 4031), ("plain", 5000)] {
            let mut bytes = genesis.encode().to_vec();
            bytes.push(u8::try_from(n).expect("because there are three networks"));
            if height == 0 {
                // The real hash.
                bytes.push(1);
            } else {
                bytes.push(0);
                bytes.extend_from_slice(&[0; 32]);
            }
            bytes.extend_from_slice(&height.to_le_bytes());
            for step in 0..3 {
                bytes.extend_from_slice(&(genesis.time + step * 150_000).to_le_bytes());
                bytes.extend_from_slice(&(genesis.bits - step * 0x0100_0000).to_le_bytes());
            }
            seeds.push((format!("{network}-{name}"), bytes));
        }
    }
    seeds.push(("short".to_owned(), vec![0; 79]));
    seeds
}

pub(crate) fn messages() -> Seeds {
    let hash = BlockHash::from_bytes([3; 32]);
    let locate = || Locate { version: 70_017, locator: vec![hash; 3], stop: BlockHash::ZERO };
    let inventory = [InvType::TX, InvType::MWEB_BLOCK, InvType::WTX, InvType(77)];
    let inventory = || inventory.iter().map(|&kind| Inventory { kind, hash: [6; 32] }).collect::<Vec<_>>();
    let with_extension = Arc::new(with_extension());
    let list = [
        Message::Verack,
        Message::Ping(Some(7)),
        Message::Ping(None),
        Message::Pong(Some(9)),
        Message::SendCmpct { announce: true, version: 2 },
        Message::FeeFilter(1000),
        Message::GetHeaders(locate()),
        Message::GetBlocks(locate()),
        Message::Headers(vec![*with_extension.header(); 3]),
        Message::Inv(inventory()),
        Message::GetData(inventory()),
        Message::NotFound(inventory()),
        Message::Tx(Arc::clone(&with_extension.transactions()[1])),
        Message::Block(with_extension),
        Message::GetAddr,
    ];
    let mut version = 70_017u32.to_le_bytes().to_vec();
    version.extend_from_slice(&9u64.to_le_bytes());
    version.extend_from_slice(&1_700_000_000u64.to_le_bytes());
    version.extend_from_slice(&[0; 26 + 26 + 8]);
    version.extend_from_slice(b"\x0b/Seed:1.0./\x10\0\0\0\x01");
    let framed = |command: CommandName, payload: &[u8]| {
        let index = CommandName::KNOWN.iter().position(|known| *known == command).unwrap_or(CommandName::KNOWN.len());
        let mut bytes = vec![u8::try_from(index).expect("because commands are few")];
        bytes.extend_from_slice(&u16::try_from(payload.len()).expect("because seeds are small").to_le_bytes());
        bytes.extend_from_slice(payload);
        bytes
    };
    let mut seeds = Seeds::new();
    // Behind the byte for the size of the pieces: without a handshake, and with one.
    seeds.push(("version".to_owned(), [&[1, 0][..], &framed(CommandName::VERSION, &version)].concat()));
    let mut all = vec![21, 1];
    for message in &list {
        let frame = framed(message.command(), &message.encode());
        seeds.push((message.command().to_string(), [&[33, 1][..], &frame].concat()));
        all.extend_from_slice(&frame);
    }
    all.extend_from_slice(&framed(CommandName::MWEBUTXOS, &[1; 300]));
    all.extend_from_slice(&framed(CommandName::new("unheard of"), &[1; 30]));
    seeds.push(("all".to_owned(), all));
    // A raw stream: two messages, a promise of 4 GiB, and another network.
    let mut raw = vec![6];
    raw.extend_from_slice(&encode_frame(MAGIC, &list[1]));
    raw.extend_from_slice(&encode_frame(MAGIC, &list[0]));
    raw.extend_from_slice(&MAGIC);
    raw.extend_from_slice(b"block\0\0\0\0\0\0\0\xff\xff\xff\xff\0\0\0\0");
    seeds.push(("raw-promise".to_owned(), raw.clone()));
    raw.truncate(1);
    raw.extend_from_slice(&encode_frame([0xfd, 0xd2, 0xc8, 0xf1], &list[1]));
    seeds.push(("raw-testnet".to_owned(), raw));
    seeds
}

pub(crate) fn records() -> Seeds {
    let mut seeds = Seeds::new();
    for (n, script) in scripts::templates().into_iter().enumerate() {
        let coin = Coin {
            output: output(i64::try_from(n).expect("because templates are few") * 1_230_000, &script),
            height: u32::try_from(n * 100_000).expect("because templates are few"),
            is_coinbase: n % 2 == 0,
            is_peg_out: n % 3 == 0,
        };
        seeds.push((format!("coin-{n:02}"), encode_coin(&coin)));
    }
    let header = *Params::new(Network::Main).genesis.header();
    let mut record = IndexRecord { header, height: 0, status: 3, tx_count: 0, block: None, undo: None, mweb: None };
    seeds.push(("index-header".to_owned(), record.encode()));
    record.tx_count = 300;
    record.height = 2_500_000;
    record.block = Some(FilePos { file: 17, offset: 100_000_008 });
    record.undo = Some(FilePos { file: 17, offset: 8 });
    record.mweb = Some(MwebIndex { header: extension().header, hogex: Txid::from_bytes([1; 32]), amount: Amount(5) });
    seeds.push(("index-all".to_owned(), record.encode()));
    // A script of 2^60 bytes.
    let mut promise = Vec::new();
    put_varint(&mut promise, 2);
    put_varint(&mut promise, 9);
    put_varint(&mut promise, 1 << 60);
    seeds.push(("coin-promise".to_owned(), promise));
    seeds
}

pub(crate) fn block_files() -> Seeds {
    let genesis = Params::new(Network::Main).genesis.bytes().clone();
    let record = |bytes: &[u8]| {
        let length = u32::try_from(bytes.len()).expect("because seeds are small");
        [&MAGIC[..], &length.to_le_bytes(), bytes].concat()
    };
    let plain = record(&genesis);
    let later = with_extension().encode(Encoding::Full);
    let dirty = [&[0; 9][..], &plain, b"garbage", &MAGIC[..3], &record(&later), &MAGIC, &[0xff; 4], &plain, &[0; 50]];
    // A record that is no block and holds one.
    let nested = record(&[&[1; 90][..], &plain, &[2; 40]].concat());
    let mut promise = plain.clone();
    promise[4..8].copy_from_slice(&20_000_000u32.to_le_bytes());
    named(vec![
        ("plain", [&plain[..], &plain].concat()),
        ("dirty", dirty.concat()),
        ("nested", nested),
        ("promise", [&promise[..], &plain].concat()),
        ("torn", plain[..plain.len() - 5].to_vec()),
    ])
}
