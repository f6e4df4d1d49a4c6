//! A chain of the reference's own tests (v0.21.5.5 test/functional/data/rpc_getblockstats.json): blocks in a row with
//! what the reference counted in them.

use litecast_consensus::{block::check_block, header::check_block_header, subsidy::block_subsidy};
use litecast_primitives::{
    Block,
    params::{Network, Params},
};
use litecast_scrypt::scrypt_1024_1_1;

use crate::{chain::Chain, vectors};

#[test]
fn the_chain_of_getblockstats_connects() {
    let Some(folder) = vectors::folder() else { return };
    let said = vectors::json(&folder.join("vectors/litecoin-core/functional/rpc_getblockstats.json"));
    let params = Params::new(Network::Regtest);
    let blocks: Vec<Block> = said["blocks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|text| {
            let bytes = vectors::hex_bytes(text.as_str().unwrap());
            let block = Block::from_bytes(bytes.clone()).unwrap();
            assert_eq!(*block.bytes(), bytes);
            let header = block.header();
            assert_eq!(check_block_header(header, &scrypt_1024_1_1(&header.encode()), &params), Ok(()));
            assert_eq!(check_block(&block), Ok(()));
            block
        })
        .collect();
    assert_eq!(blocks.len(), 104);
    assert_eq!(blocks[0].hash(), params.genesis_hash());
    let mut chain = Chain::new(params);
    for block in &blocks[1..] {
        chain.connect(block);
    }
    for stats in said["stats"].as_array().unwrap() {
        let height = u32::try_from(stats["height"].as_u64().unwrap()).unwrap();
        let block = &blocks[usize::try_from(height).unwrap()];
        let transactions = block.transactions();
        let inputs: usize = transactions[1..].iter().map(|tx| tx.inputs().len()).sum();
        let outputs: usize = transactions.iter().map(|tx| tx.outputs().len()).sum();
        let size: usize = transactions[1..].iter().map(|tx| tx.witness_encoding_size()).sum();
        let weight: usize = transactions[1..].iter().map(|tx| 3 * tx.base_size() + tx.witness_encoding_size()).sum();
        assert_eq!(stats["blockhash"], block.hash().to_string());
        assert_eq!(stats["time"], block.header().time);
        let wanted = ["txs", "ins", "outs", "total_size", "total_weight"].map(|name| stats[name].as_u64().unwrap());
        let found = [transactions.len(), inputs, outputs, size, weight].map(|n| u64::try_from(n).unwrap());
        assert_eq!(found, wanted, "height {height}");
        assert_eq!(stats["subsidy"], block_subsidy(height, &chain.params).0);
        let paid: i64 = transactions[0].outputs().iter().map(|output| output.value.0).sum();
        assert!(paid <= block_subsidy(height, &chain.params).0 + stats["totalfee"].as_i64().unwrap());
    }
    chain.disconnect_all();
}
