//! Answers that litecoind gave, and ours to the same questions.

use bytes::Bytes;
use litecast_primitives::{
    Block, BlockHash, U256,
    params::{Network, Params},
    transaction::Encoding,
};
use litecast_rpc::render::{BlockPlace, Detail, block_to_json};
use serde_json::{Value, json};

use crate::harness::{Node, difference, vector_json, vector_text};

#[test]
fn mainnet_blocks() {
    let prefixes = Params::new(Network::Main).addresses;
    for height in 2_383_206..=2_383_209 {
        let Some(want) = vector_json(&format!("rpc/getblock_v2_mainnet_{height}.json")) else { return };
        let Some(hex) = vector_text(&format!("blocks/mainnet/{height}.hex")) else { return };
        let block = Block::from_bytes(Bytes::from(hex::decode(hex).unwrap())).unwrap();
        // What the block itself does not know is taken from the answer.
        let hash = |key: &str| want[key].as_str().map(|text| text.parse::<BlockHash>().unwrap());
        let place = BlockPlace {
            height,
            confirmations: want["confirmations"].as_i64().unwrap(),
            median_time: want["mediantime"].as_i64().unwrap(),
            work: U256::from_little_endian(hash("chainwork").unwrap().as_bytes()),
            tx_count: u32::try_from(block.transactions().len()).unwrap(),
            has_parent: true,
            next: hash("nextblockhash"),
            mweb: None,
        };
        let got = Value::Object(block_to_json(&block, &place, Detail::Full(Encoding::Full), &prefixes));
        assert_eq!(difference(&want, &got), None, "block {height}");
    }
}

#[test]
fn extension_blocks() {
    let Some(blocks) = vector_text("mweb-regtest/blocks.hex") else { return };
    let Some(Value::Array(answers)) = vector_json("mweb-regtest/mweb-blocks-v2.json") else { return };
    let node = Node::start(Network::Regtest);
    for (height, block) in blocks.lines().enumerate().skip(1) {
        assert_eq!(node.ok("submitblock", &json!([block])), Value::Null, "block {height}");
    }
    assert!(answers.len() > 40);
    for want in &answers {
        let hash = &want["hash"];
        let got = node.ok("getblock", &json!([hash, 2]));
        assert_eq!(difference(want, &got), None, "block {}", want["height"]);
        let header = node.ok("getblockheader", &json!([hash]));
        let of_block: Value = want["mweb"]
            .as_object()
            .unwrap()
            .iter()
            .filter(|(key, _)| !["inputs", "outputs", "kernels"].contains(&key.as_str()))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect::<serde_json::Map<_, _>>()
            .into();
        assert_eq!(difference(&of_block, &header["mweb_header"]), None, "{hash}");
        let plain = node.ok("getblock", &json!([hash, 0]));
        assert_eq!(plain, blocks.lines().nth(usize::try_from(want["height"].as_u64().unwrap()).unwrap()).unwrap());
    }
    the_encoding_decides_the_hex(&node, &answers[0]["hash"]);
}

/// `-rpcserialversion` 0, 1 and 2 on a block with witness and MWEB.
fn the_encoding_decides_the_hex(node: &Node, hash: &Value) {
    let hex = |encoding| {
        let rpc = node.with_encoding(encoding);
        let block = rpc.execute("getblock", &json!([hash, 0]), "").unwrap();
        let object = rpc.execute("getblock", &json!([hash, 2]), "").unwrap();
        let coinbase = object["tx"][0]["hex"].as_str().unwrap().to_owned();
        assert!(block.as_str().unwrap().contains(&coinbase));
        block.as_str().unwrap().len() / 2
    };
    let object = node.ok("getblock", &json!([hash, 1]));
    let size = |key: &str| usize::try_from(object[key].as_u64().unwrap()).unwrap();
    assert_eq!(hex(Encoding::Full), size("size"));
    assert_eq!(hex(Encoding::Witness), size("weight") - 3 * size("strippedsize"));
    assert_eq!(hex(Encoding::Base), size("strippedsize"));
}

#[test]
fn a_peg_in() {
    let Some(want) = vector_json("rpc/decoderawtransaction_regtest_pegin_2e6a2805.json") else { return };
    let Some(Value::Array(transactions)) = vector_json("tx/transactions.json") else { return };
    let found = transactions.iter().find(|tx| tx["name"] == "regtest_pegin_2e6a2805").unwrap();
    let node = Node::start(Network::Regtest);
    let got = node.ok("decoderawtransaction", &json!([found["hex"]]));
    assert_eq!(difference(&want, &got), None);
}
