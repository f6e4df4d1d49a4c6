//! Real chain data: every block, header and transaction decodes, re-encodes byte for byte and has the recorded ids.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a failed unwrap is a failed test; skips are said aloud")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use litecast_primitives::{
    Block, BlockFilter, BlockHeader, Transaction,
    block_filter::filter_header,
    params::{Network, Params},
    transaction::Encoding,
};
use serde_json::Value;

fn vectors() -> Option<PathBuf> {
    let path = std::env::var_os("LITECAST_VECTORS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors"), PathBuf::from);
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("skipped: no vectors at {} (set LITECAST_VECTORS)", path.display());
    None
}

fn decode_all(hex_text: &str) -> Block {
    let bytes = hex::decode(hex_text.trim()).unwrap();
    let block = Block::from_bytes(bytes.clone().into()).unwrap();
    assert_eq!(block.bytes()[..], bytes[..]);
    let again = Block::new(*block.header(), block.transactions().to_vec(), block.extension().cloned());
    assert_eq!(again.bytes()[..], bytes[..], "a block built from its parts has other bytes");
    for tx in block.transactions() {
        let rebuilt = Transaction::from(tx.parts().clone());
        assert_eq!((rebuilt.txid(), rebuilt.wtxid(), rebuilt.bytes()), (tx.txid(), tx.wtxid(), tx.bytes()));
        assert_eq!(tx.encode(Encoding::Base).len(), tx.base_size());
        assert_eq!(tx.encode(Encoding::Witness).len(), tx.witness_encoding_size());
    }
    block
}

#[test]
fn blocks_of_the_manifest() {
    let Some(dir) = vectors() else { return };
    let mut seen = 0;
    for folder in ["mainnet", "testnet4", "regtest", "foreign"] {
        for entry in fs::read_dir(dir.join("blocks").join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if name.ends_with(".hex") {
                decode_all(&fs::read_to_string(&path).unwrap());
                seen += 1;
            } else if name.ends_with(".hexlines") {
                for line in fs::read_to_string(&path).unwrap().lines() {
                    decode_all(line);
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 250, "{seen} blocks");
}

#[test]
fn litecoind_agrees_on_mainnet_blocks() {
    let Some(dir) = vectors() else { return };
    for height in 2_383_206..=2_383_209 {
        let block = decode_all(&fs::read_to_string(dir.join(format!("blocks/mainnet/{height}.hex"))).unwrap());
        let rpc: Value = serde_json::from_str(
            &fs::read_to_string(dir.join(format!("rpc/getblock_v2_mainnet_{height}.json"))).unwrap(),
        )
        .unwrap();
        let rpc = rpc.get("result").unwrap_or(&rpc);
        assert_eq!(rpc["hash"], block.hash().to_string());
        assert_eq!(rpc["weight"], block.weight());
        assert_eq!(rpc["size"], block.bytes().len());
        assert_eq!(rpc["strippedsize"], block.base_size());
        for (tx, wanted) in block.transactions().iter().zip(rpc["tx"].as_array().unwrap()) {
            assert_eq!(wanted["txid"], tx.txid().to_string());
            assert_eq!(wanted["hash"], tx.wtxid().to_string());
            assert_eq!(wanted["hex"], hex::encode(tx.bytes()));
        }
        assert_eq!(rpc["mweb"]["hash"], block.extension().unwrap().header.hash().to_string());
    }
}

#[test]
fn mweb_regtest_chain() {
    let Some(dir) = vectors() else { return };
    for file in ["mweb-regtest/blocks.hex", "mweb-regtest/edge/blocks.hex"] {
        let text = fs::read_to_string(dir.join(file)).unwrap();
        let mut prev = None;
        let mut extensions = 0;
        for (height, line) in text.lines().enumerate() {
            let block = decode_all(line);
            if let Some(prev) = prev {
                assert_eq!(block.header().prev, prev);
            }
            prev = Some(block.hash());
            if let Some(extension) = block.extension() {
                extensions += 1;
                assert_eq!(extension.header.height as usize, height);
            }
        }
        assert!(extensions > 20);
    }
    let rpc: Value =
        serde_json::from_str(&fs::read_to_string(dir.join("mweb-regtest/mweb-blocks-v2.json")).unwrap()).unwrap();
    let text = fs::read_to_string(dir.join("mweb-regtest/blocks.hex")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    for block_json in rpc.as_array().unwrap() {
        let block = decode_all(lines[usize::try_from(block_json["height"].as_u64().unwrap()).unwrap()]);
        let extension = block.extension().unwrap();
        let outputs: Vec<String> = extension.body.outputs.iter().map(|o| o.id().to_string()).collect();
        let wanted: Vec<String> = block_json["mweb"]["outputs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|o| o.as_str().unwrap_or_else(|| o["output_id"].as_str().unwrap()).to_owned())
            .collect();
        assert_eq!(outputs, wanted);
        assert_eq!(block_json["mweb"]["hash"], extension.header.hash().to_string());
    }
}

#[test]
fn transactions_of_every_flag() {
    let Some(dir) = vectors() else { return };
    let json: Value = serde_json::from_str(&fs::read_to_string(dir.join("tx/transactions.json")).unwrap()).unwrap();
    let list = json.as_array().or_else(|| json["transactions"].as_array()).unwrap();
    for entry in list {
        let bytes = hex::decode(entry["hex"].as_str().or(entry["raw"].as_str()).unwrap()).unwrap();
        let tx = Transaction::from_bytes(bytes.clone().into()).unwrap();
        assert_eq!(tx.bytes()[..], bytes[..]);
        if let Some(txid) = entry["txid"].as_str() {
            assert_eq!(tx.txid().to_string(), txid);
        }
        if let Some(wtxid) = entry["wtxid"].as_str() {
            assert_eq!(tx.wtxid().to_string(), wtxid, "{txid}", txid = tx.txid());
        }
    }
    assert!(list.len() >= 17);
}

#[test]
fn headers_have_their_recorded_hash() {
    let Some(dir) = vectors() else { return };
    for file in ["mainnet_retarget_headers.csv", "testnet4_retarget_headers.csv"] {
        let mut seen = 0;
        for line in fs::read_to_string(dir.join("headers").join(file)).unwrap().lines().skip(1) {
            let fields: Vec<&str> = line.split(',').collect();
            let bytes = hex::decode(fields[1]).unwrap();
            let header = BlockHeader::from_slice(&bytes).unwrap();
            assert_eq!(header.encode()[..], bytes[..]);
            assert_eq!(header.hash().to_string(), fields[2]);
            seen += 1;
        }
        assert!(seen > 1800);
    }
}

#[test]
fn genesis_blocks_are_the_networks() {
    for (network, hash) in [
        (Network::Main, "12a765e31ffd4059bada1e25190f6e98c99d9714d334efa41a195a7e7e04bfe2"),
        (Network::Test, "4966625a4b2851d9fdee139e56211a0d88575f59ed816ff5e6a63deb4e3e29a0"),
        (Network::Regtest, "530827f38f93b43ed12af0b3ad25a288dc02ed74d6d7857862df51fc56c416f9"),
    ] {
        let params = Params::new(network);
        assert_eq!(params.genesis_hash().to_string(), hash);
        assert_eq!(
            params.genesis.header().merkle_root.to_string(),
            "97ddfbbae6be97fd6cdf3e7ca13232a3afff2353e29badfab7f73011edd4ced9"
        );
    }
}

#[test]
fn parameters_are_those_of_the_reference() {
    let Some(dir) = vectors() else { return };
    let facts: Value = serde_json::from_str(&fs::read_to_string(dir.join("chainparams_facts.json")).unwrap()).unwrap();
    for (network, name) in [(Network::Main, "mainnet"), (Network::Test, "testnet4"), (Network::Regtest, "regtest")] {
        let (p, f) = (Params::new(network), &facts[name]);
        assert_eq!(f["magic"], hex::encode(p.magic));
        assert_eq!(f["port"], p.port);
        assert_eq!(f["halving"], p.subsidy_halving_interval);
        for (key, value) in [
            ("BIP34Height", p.bip34_height),
            ("BIP65Height", p.bip65_height),
            ("BIP66Height", p.bip66_height),
            ("CSVHeight", p.csv_height),
            ("SegwitHeight", p.segwit_height),
        ] {
            assert_eq!(f[key], value, "{name} {key}");
        }
        assert_eq!(f["bech32_hrp"], p.addresses.bech32_hrp);
        assert_eq!(f["mweb_hrp"], p.addresses.mweb_hrp);
        if network != Network::Regtest {
            assert_eq!(f["taproot"]["start_height"], p.deployments[1].start_height);
            assert_eq!(f["mweb"]["timeout_height"], p.deployments[2].timeout_height);
            assert_eq!(f["base58"]["script2"], p.addresses.script);
        }
        if network == Network::Main {
            assert_eq!(f["pow_limit"], format!("{:064x}", p.pow_limit));
            assert_eq!(f["min_chainwork"], format!("{:064x}", p.minimum_chain_work));
            assert_eq!(f["assume_valid"]["hash"], p.assume_valid.unwrap().to_string());
            assert_eq!(f["frozen_mweb_output_ids"][0], p.mweb.frozen_outputs[0].to_string());
        }
    }
}

#[test]
fn block_filters() {
    let Some(dir) = vectors() else { return };
    for file in ["vectors/litecoin-core/blockfilters.json", "vectors/bips/bip158_testnet-19.json"] {
        let text = fs::read_to_string(dir.join(file)).unwrap();
        let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
        // The first line names the columns.
        for case in &cases[1..] {
            let bytes = |value: &Value| hex::decode(value.as_str().unwrap()).unwrap();
            let hash = |value: &Value| -> [u8; 32] {
                let mut hash = bytes(value);
                hash.reverse();
                hash.try_into().unwrap()
            };
            let block = Block::from_bytes(bytes(&case[2]).into()).unwrap();
            assert_eq!(block.hash().to_string(), case[1].as_str().unwrap());
            let spent: Vec<Vec<u8>> = case[3].as_array().unwrap().iter().map(bytes).collect();
            let filter = BlockFilter::basic(&block, spent.iter().map(Vec::as_slice));
            assert_eq!(hex::encode(&filter.0), case[5].as_str().unwrap(), "{}", case[0]);
            assert_eq!(filter_header(&filter.hash(), &hash(&case[4])), hash(&case[6]), "{}", case[0]);
        }
        assert!(cases.len() > 10);
    }
}
