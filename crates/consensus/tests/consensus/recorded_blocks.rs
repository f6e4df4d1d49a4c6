//! Blocks that the networks accepted, alone and one on top of the other, and four that somebody broke.

use std::fs;

use litecast_consensus::{
    block::{check_block, commitment_hash, witness_commitment},
    header::check_block_header,
    reject::Rule,
};
use litecast_primitives::{
    Block,
    codec::{DecodeError, Reader},
    merkle::{block_merkle_root, block_witness_merkle_root},
    params::{Network, Params},
};
use litecast_scrypt::scrypt_1024_1_1;

use crate::{chain::Chain, vectors};

#[test]
fn blocks_of_the_networks_pass_alone() {
    let Some(folder) = vectors::folder() else { return };
    let mut checked = 0;
    let mut committed = 0;
    for (network, name) in [(Network::Main, "mainnet"), (Network::Test, "testnet4"), (Network::Regtest, "regtest")] {
        let params = Params::new(network);
        for entry in fs::read_dir(folder.join("blocks").join(name)).unwrap() {
            let path = entry.unwrap().path();
            if !path.extension().is_some_and(|extension| extension == "hex" || extension == "hexlines") {
                continue;
            }
            for block in vectors::blocks(&path) {
                let label = format!("{} {}", path.display(), block.hash());
                let header = block.header();
                assert_eq!(check_block_header(header, &scrypt_1024_1_1(&header.encode()), &params), Ok(()), "{label}");
                assert_eq!(check_block(&block), Ok(()), "{label}");
                let root = block_merkle_root(&block);
                assert_eq!((root.root, root.mutated), (header.merkle_root, false), "{label}");
                let coinbase = &block.transactions()[0];
                if let Some(commitment) = witness_commitment(coinbase) {
                    let reserved = coinbase.inputs()[0].witness[0][..].try_into().unwrap();
                    let root = block_witness_merkle_root(block.transactions().iter().map(AsRef::as_ref));
                    assert_eq!(commitment_hash(root, &reserved), commitment, "{label}");
                    committed += 1;
                } else {
                    assert!(block.transactions().iter().all(|tx| !tx.has_witness()), "{label}");
                }
                checked += 1;
            }
        }
    }
    assert!(checked >= 280 && committed >= 11, "{checked} blocks, {committed} with a witness commitment");
}

/// One block of May 2012 in four broken copies, each with magic and length of the block file in front.
#[test]
fn broken_copies_of_a_block() {
    let Some(folder) = vectors::folder() else { return };
    let params = Params::new(Network::Main);
    let read = |name: &str| fs::read(folder.join("blocks/invalid").join(name)).unwrap();
    let after = |name: &str, prefix: usize| Block::decode(&mut Reader::new(read(name)[prefix..].to_vec().into()));
    let pow = |block: &Block| {
        check_block_header(block.header(), &scrypt_1024_1_1(&block.header().encode()), &params).map_err(|r| r.rule)
    };

    // w1: foreign magic and a byte less of length; the block behind them is whole.
    assert_ne!(read("block_w1.raw")[..4], params.magic);
    let block = after("block_w1.raw", 7).unwrap();
    assert_eq!(block.hash().to_string(), "9e58919da0ca8797c08739e267e333f3ab893b6a2a4f2b27b96791a833f54e9a");
    assert_eq!((pow(&block), check_block(&block)), (Ok(()), Ok(())));
    // w2: the hash of the block below was altered.
    let block = after("block_w2.raw", 8).unwrap();
    assert_eq!((pow(&block), check_block(&block)), (Err(Rule::HighHash), Ok(())));
    // w3: the merkle root was altered.
    let block = after("block_w3.raw", 8).unwrap();
    assert_eq!(pow(&block), Err(Rule::HighHash));
    assert_eq!(check_block(&block).map_err(|r| r.rule), Err(Rule::MerkleRoot));
    // w4: a byte is missing at the end.
    assert_eq!(after("block_w4.raw", 8).unwrap_err(), DecodeError::EndOfData);
}

#[test]
fn the_first_blocks_of_mainnet_connect() {
    let Some(folder) = vectors::folder() else { return };
    let blocks = vectors::blocks(&folder.join("blocks/mainnet/0000000-0000256.hexlines"));
    assert_eq!(blocks.len(), 257);
    let mut chain = Chain::new(Params::new(Network::Main));
    assert_eq!(blocks[0].hash(), chain.params.genesis_hash());
    for block in &blocks[1..] {
        chain.connect(block);
    }
    // The genesis block's coin is no coin.
    let genesis = blocks[0].transactions()[0].txid();
    assert!(chain.coins.0.keys().all(|outpoint| outpoint.txid != genesis));
    assert!(
        chain.coins.0.values().all(|coin| coin.is_coinbase && !coin.is_peg_out && (1..=256).contains(&coin.height))
    );
    let total: i64 = chain.coins.0.values().map(|coin| coin.output.value.0).sum();
    assert_eq!(total, 256 * 50 * 100_000_000);
    chain.disconnect_all();
}

/// A chain that litecoind made: peg-ins, sends inside and peg-outs from height 432 on.
#[test]
fn a_chain_with_extension_blocks_connects_and_comes_off_again() {
    let Some(folder) = vectors::folder() else { return };
    for (file, count, with_extension) in [("mweb-regtest", 481, 49), ("mweb-regtest/edge", 458, 26)] {
        let blocks = vectors::blocks(&folder.join(file).join("blocks.hex"));
        assert_eq!(blocks.len(), count);
        let mut chain = Chain::new(Params::new(Network::Regtest));
        for block in &blocks[1..] {
            chain.connect(block);
        }
        assert_eq!(blocks.iter().filter(|block| block.extension().is_some()).count(), with_extension);
        // The HogEx's first output holds exactly the coins inside.
        let hogex = blocks.last().unwrap().hogex().unwrap();
        assert_eq!(chain.mweb.amount, hogex.outputs()[0].value);
        assert_eq!(chain.coins.0.values().any(|coin| coin.is_peg_out), file == "mweb-regtest");
        chain.disconnect_all();
    }
}
