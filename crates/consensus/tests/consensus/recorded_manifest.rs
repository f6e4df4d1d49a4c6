//! Every single block of the manifest, against what independent tools said of it: bytes, sizes, proof of work, target
//! of its period, height, reward, extension block.

use std::{collections::BTreeMap, fs, path::Path};

use litecast_consensus::{block::check_block, header::check_block_header, subsidy::block_subsidy};
use litecast_primitives::{
    Block, BlockHeader, Height, Transaction,
    params::{Network, Params},
    view::HeaderView,
};
use litecast_script::{opcode, template};
use litecast_scrypt::scrypt_1024_1_1;
use serde_json::Value;

use crate::{model::Headers, vectors};

/// The first block of each period by height.
fn boundaries(folder: &Path) -> BTreeMap<Height, BlockHeader> {
    let text = fs::read_to_string(folder.join("headers/mainnet_retarget_headers.csv")).unwrap();
    let row = |line: &str| -> Option<(Height, BlockHeader)> {
        let mut columns = line.split(',');
        Some((columns.next()?.parse().unwrap(), vectors::header(columns.next()?)))
    };
    text.lines().skip(1).filter_map(row).filter(|(height, _)| height.is_multiple_of(2016)).collect()
}

fn number(value: &Value) -> Option<usize> {
    value.as_u64().map(|number| usize::try_from(number).unwrap())
}

fn check_round_trip(block: &Block, bytes: &[u8], label: &str) {
    assert_eq!(block.bytes(), bytes, "{label}");
    let rebuilt = Block::new(*block.header(), block.transactions().to_vec(), block.extension().cloned());
    assert_eq!(rebuilt.bytes(), bytes, "{label}: made from its parts");
    for tx in block.transactions() {
        assert_eq!(Transaction::from(tx.parts().clone()).bytes(), tx.bytes(), "{label}");
    }
}

#[test]
fn blocks_are_what_the_manifest_says() {
    let Some(folder) = vectors::folder() else { return };
    let boundaries = boundaries(&folder);
    let manifest = vectors::json(&folder.join("blocks/MANIFEST.json"));
    let (mut blocks, mut heights, mut periods, mut extensions) = (0, 0, 0, 0);
    for entry in manifest.as_array().unwrap() {
        let Some(hash) = entry["hash"].as_str() else { continue };
        let file = entry["file"].as_str().unwrap();
        let bytes = vectors::hex_bytes(&fs::read_to_string(folder.join(file)).unwrap());
        let block = Block::from_bytes(bytes.clone()).unwrap_or_else(|error| panic!("{file}: {error}"));
        check_round_trip(&block, &bytes, file);
        let header = block.header();
        assert_eq!(block.hash().to_string(), hash, "{file}");
        assert_eq!(entry["bits"], format!("{:08x}", header.bits), "{file}");
        assert_eq!(entry["version"], format!("{:08x}", header.version), "{file}");
        assert_eq!(entry["time"], header.time, "{file}");
        let sizes = [block.transactions().len(), bytes.len(), block.base_size(), block.weight()];
        let wanted = ["ntx", "size", "base", "weight"].map(|name| number(&entry[name]).unwrap());
        assert_eq!(sizes, wanted, "{file}");
        let ends = [block.transactions().first(), block.transactions().last()];
        let ends = ends.map(|tx| tx.unwrap().txid().to_string());
        assert_eq!(entry["txids_first_last"], serde_json::json!(ends), "{file}");
        let pow_hash = scrypt_1024_1_1(&header.encode());
        let shown: Vec<u8> = pow_hash.iter().rev().copied().collect();
        assert_eq!(entry["pow"], hex::encode(shown), "{file}");
        blocks += 1;

        let network = match entry["network"].as_str().unwrap() {
            "main" if !file.contains("foreign") => Network::Main,
            "test" if !file.contains("foreign") => Network::Test,
            "regtest" => Network::Regtest,
            // Another coin's chain: its blocks are read, and that is all.
            _ => continue,
        };
        let params = Params::new(network);
        assert_eq!(check_block_header(header, &pow_hash, &params), Ok(()), "{file}");
        assert_eq!(check_block(&block), Ok(()), "{file}");
        let Some(height) = number(&entry["height"]) else { continue };
        let height = Height::try_from(height).unwrap();
        check_at_height(&block, height, &params, file);
        heights += 1;
        if let (Network::Main, Some(first)) = (network, boundaries.get(&(height - height % 2016))) {
            // The rule that gives this block its target gives all blocks of a period the first one's.
            assert_eq!(first.bits, header.bits, "{file}");
            periods += 1;
        }
        if let Some(extension) = block.extension() {
            let wanted = &entry["mweb_header"];
            assert_eq!(wanted["hash"], extension.header.hash().to_string(), "{file}");
            assert_eq!(wanted["num_txos"], extension.header.output_mmr_size, "{file}");
            let counts = [extension.body.inputs.len(), extension.body.outputs.len(), extension.body.kernels.len()];
            let wanted = ["inputs", "outputs", "kernels"].map(|name| number(&entry["mweb"][name]).unwrap());
            assert_eq!(counts, wanted, "{file}");
            extensions += 1;
        }
    }
    assert_eq!((blocks, heights, periods, extensions), (25, 16, 8, 9));
}

/// Rules that need the height and nothing else of the chain.
fn check_at_height(block: &Block, height: Height, params: &Params, label: &str) {
    let coinbase = &block.transactions()[0];
    if height >= params.bip34_height {
        let mut start = Vec::new();
        opcode::push_number(&mut start, height.into());
        assert!(coinbase.inputs()[0].script_sig.starts_with(&start), "{label}");
    }
    let paid: i64 = coinbase.outputs().iter().map(|output| output.value.0).sum();
    let reward = block_subsidy(height, params).0;
    assert!(height == 0 || (reward..reward + 100_000_000).contains(&paid), "{label}: {paid} for {reward}");
    if let Some(extension) = block.extension() {
        assert_eq!(extension.header.height, height, "{label}");
        let committed = template::hogaddr_header(&block.hogex().unwrap().outputs()[0].script_pubkey);
        assert_eq!(committed, Some(extension.header.hash()), "{label}");
    }
}

/// Neighbours: each follows from the one below, with the target that the rule asks for.
#[test]
fn neighbours_follow_each_other() {
    let Some(folder) = vectors::folder() else { return };
    let params = Params::new(Network::Main);
    let read = |name: &str| vectors::blocks(&folder.join(format!("blocks/mainnet/{name}.hex"))).remove(0);
    let four: Vec<_> = (2_383_206..=2_383_209).map(|height: u32| read(&height.to_string())).collect();
    let two = ["fab13f48", "9e58919d"].map(|hash| read(&format!("unknown-height_2012-05-15_{hash}")));
    let mut checked = 0;
    // The two lie somewhere in the period that starts at 133,056; where does not matter to the rule.
    for (first_height, blocks) in [(2_383_206, &four[..]), (133_100, &two)] {
        let mut chain = Headers::default();
        chain.insert(first_height, *blocks[0].header());
        for block in &blocks[1..] {
            assert_eq!(block.header().prev, chain.tip().hash);
            let required = litecast_consensus::pow::next_work_required(&chain, block.header().time, &params);
            assert_eq!(required, block.header().bits);
            chain.push(*block.header());
            checked += 1;
        }
    }
    assert_eq!(checked, 4);
    // Each HogEx spends the one below.
    for pair in four.windows(2) {
        let (below, above) = (pair[0].hogex().unwrap(), pair[1].hogex().unwrap());
        assert_eq!((above.inputs()[0].prevout.txid, above.inputs()[0].prevout.vout), (below.txid(), 0));
    }
}

/// What block explorers and other implementations say of three of the blocks.
#[test]
fn blocks_as_others_read_them() {
    let Some(folder) = vectors::folder() else { return };
    for name in ["mainnet/0900000", "mainnet/2265985", "testnet4/1856255"] {
        let block = vectors::blocks(&folder.join(format!("blocks/{name}.hex"))).remove(0);
        let said = vectors::json(&folder.join(format!("blocks/{name}.expected.json")));
        let txids: Vec<_> = block.transactions().iter().map(|tx| tx.txid().to_string()).collect();
        if let Some(transactions) = said["transactions"].as_array() {
            let header = block.header();
            let ours = [block.hash().to_string(), header.prev.to_string(), header.merkle_root.to_string()];
            assert_eq!(ours, ["hash", "prevHash", "merkleRoot"].map(|field| said["header"][field].as_str().unwrap()));
            assert!(said["header"]["bits"] == header.bits && said["header"]["nonce"] == header.nonce);
            let theirs: Vec<_> = transactions.iter().map(|tx| tx["hash"].as_str().unwrap()).collect();
            assert_eq!(txids, theirs);
        } else {
            assert_eq!(said["hash"], block.hash().to_string());
            assert_eq!(said["size"], block.bytes().len());
            assert_eq!(said["merkleroot"], block.header().merkle_root.to_string());
            assert_eq!(said["tx"], serde_json::json!(txids));
        }
    }
}

/// A block that somebody made from a template of litecoind and handed in: with its extension block, and without.
#[test]
fn a_block_from_a_template() {
    let Some(folder) = vectors::folder() else { return };
    let said = vectors::json(&folder.join("rpc/getblocktemplate_mweb_testnet4_2273263.json"));
    let params = Params::new(Network::Test);
    let bytes = vectors::hex_bytes(said["submitblock_hex"].as_str().unwrap());
    let block = Block::from_bytes(bytes.clone()).unwrap();
    check_round_trip(&block, &bytes, "template");
    assert_eq!(said["block_hash"], block.hash().to_string());
    let header = block.header();
    assert_eq!(check_block_header(header, &scrypt_1024_1_1(&header.encode()), &params), Ok(()));
    assert_eq!(check_block(&block), Ok(()));
    check_at_height(&block, 2_273_263, &params, "template");
    assert_eq!(said["response"]["previousblockhash"], header.prev.to_string());
    assert_eq!(said["response"]["bits"], format!("{:08x}", header.bits));
}
