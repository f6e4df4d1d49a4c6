//! Blocks of the public chains and of foreign ones.

use std::fs;

use litecast_mweb::{ConnectError, MemoryStore, Rule, check::check_extension, check_block, connect_block};
use litecast_primitives::{
    Block,
    params::{Network, Params},
};

use crate::support::{State, VERIFIER, blocks, folder, peg_ins_of, peg_outs_of};

const NETWORKS: [(&str, Network); 3] =
    [("mainnet", Network::Main), ("testnet4", Network::Test), ("regtest", Network::Regtest)];

#[test]
fn real_extension_blocks_pass_without_state() {
    let Some(folder) = folder() else { return };
    let mut found = 0;
    for (name, network) in NETWORKS {
        let params = Params::new(network).mweb;
        for entry in fs::read_dir(folder.join("blocks").join(name)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|e| e != "hex") {
                continue;
            }
            let block = blocks(&path).remove(0);
            let Some(extension) = block.extension() else { continue };
            let verdict = check_block(extension, &peg_ins_of(&block), &peg_outs_of(&block), &params, &VERIFIER);
            assert_eq!(verdict, Ok(()), "{}", path.display());
            found += 1;
        }
    }
    assert_eq!(found, 9);
}

/// Chains of blocks whose beginning is known, so that sums and roots can be checked.
#[test]
fn real_extension_blocks_connect_where_the_state_is_known() {
    let Some(folder) = folder() else { return };
    let block = |name: &str| blocks(&folder.join("blocks").join(name)).remove(0);
    // The first extension block of a chain, and testnet4's first two with content (an empty one stands between).
    for chain in [&["regtest/0000432_first_mweb.hex"][..], &["testnet4/2215584.hex", "testnet4/2215586.hex"]] {
        let mut state = State::default();
        for name in chain {
            state.connect(&block(name), &VERIFIER).unwrap();
        }
    }
    // An empty block leaves the state as it is; four follow each other on mainnet.
    let empty: Vec<Block> = (6..=9).map(|n| block(&format!("mainnet/238320{n}.hex"))).collect();
    let params = Params::new(Network::Main).mweb;
    for pair in empty.windows(2) {
        let [below, block] = pair else { unreachable!("because windows have the size that was asked for") };
        let (below, extension) = (&below.extension().unwrap().header, block.extension().unwrap());
        assert_eq!(below.output_root, extension.header.output_root);
        assert_eq!(below.leafset_root, extension.header.leafset_root);
        // Without the nodes below nothing can be connected, but the sums come first and hold.
        let store = MemoryStore::default();
        let connected = connect_block(extension, &block.hash(), Some(below), &store, &params, &VERIFIER);
        assert!(matches!(connected, Err(ConnectError::View(_))));
        let mut other = below.clone();
        other.kernel_offset[31] ^= 1;
        let rejected = connect_block(extension, &block.hash(), Some(&other), &store, &params, &VERIFIER);
        assert!(matches!(rejected, Err(ConnectError::Reject(r)) if r.rule == Rule::KernelSums));
    }
}

#[test]
fn extension_blocks_of_a_sister_chain_pass_too() {
    let Some(folder) = folder() else { return };
    let params = Params::new(Network::Main).mweb;
    for name in ["ferrite_mainnet_150213", "ferrite_testnet_6282"] {
        let block = blocks(&folder.join(format!("blocks/foreign/{name}.hex"))).remove(0);
        assert_eq!(check_extension(block.extension().unwrap(), &params, &VERIFIER), Ok(()), "{name}");
    }
}
