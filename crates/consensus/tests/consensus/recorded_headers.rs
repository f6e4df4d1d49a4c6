//! Retargets and proof of work of the headers that the networks accepted.

use std::{collections::BTreeMap, fs, path::Path, thread};

use litecast_consensus::{
    header::{check_block_header, contextual_check_block_header},
    pow::next_work_required,
};
use litecast_primitives::{
    BlockHeader, Height,
    params::{Network, Params},
    view::HeaderView,
};
use litecast_scrypt::scrypt_1024_1_1;

use crate::{model::Headers, vectors};

struct Row {
    header: BlockHeader,
    pow_hash: [u8; 32],
}

fn table(folder: &Path, file: &str) -> BTreeMap<Height, Row> {
    let text = fs::read_to_string(folder.join("headers").join(file)).unwrap();
    text.lines()
        .skip(1)
        .map(|line| {
            let columns: Vec<&str> = line.split(',').collect();
            let header = vectors::header(columns[1]);
            assert_eq!(header.hash().to_string(), columns[2]);
            let mut pow_hash = [0; 32];
            hex::decode_to_slice(columns[3], &mut pow_hash).unwrap();
            pow_hash.reverse();
            (columns[0].parse().unwrap(), Row { header, pow_hash })
        })
        .collect()
}

/// Boundaries whose three headers are recorded: the new one, the one below, and the first of the window. Litecoin
/// looks back 2016 blocks from the last one, at the first boundary 2015.
fn check_boundaries(rows: &BTreeMap<Height, Row>, network: Network) -> usize {
    let params = Params::new(network);
    let mut checked = 0;
    for (&height, row) in rows.iter().filter(|(height, _)| **height > 0 && height.is_multiple_of(2016)) {
        let first = if height == 2016 { 0 } else { height - 2017 };
        let (Some(last), Some(first_row)) = (rows.get(&(height - 1)), rows.get(&first)) else { continue };
        let mut chain = Headers::default();
        chain.insert(first, first_row.header);
        chain.insert(height - 1, last.header);
        assert_eq!(next_work_required(&chain, row.header.time, &params), row.header.bits, "{network} {height}");
        checked += 1;
    }
    checked
}

#[test]
fn retargets_of_mainnet_and_testnet() {
    let Some(folder) = vectors::folder() else { return };
    assert_eq!(check_boundaries(&table(&folder, "mainnet_retarget_headers.csv"), Network::Main), 1222);
    assert_eq!(check_boundaries(&table(&folder, "testnet4_retarget_headers.csv"), Network::Test), 921);
}

#[test]
fn proof_of_work_of_all_recorded_headers() {
    let Some(folder) = vectors::folder() else { return };
    for (file, network) in
        [("mainnet_retarget_headers.csv", Network::Main), ("testnet4_retarget_headers.csv", Network::Test)]
    {
        let params = &Params::new(network);
        let rows: Vec<_> = table(&folder, file).into_values().collect();
        let threads = thread::available_parallelism().map_or(1, usize::from);
        thread::scope(|scope| {
            for part in rows.chunks(rows.len().div_ceil(threads)) {
                scope.spawn(move || {
                    for row in part {
                        assert_eq!(scrypt_1024_1_1(&row.header.encode()), row.pow_hash, "{}", row.header.hash());
                        assert_eq!(check_block_header(&row.header, &row.pow_hash, params), Ok(()));
                    }
                });
            }
        });
    }
}

/// Block 1 came late enough for the easiest target; block 2 has to go back to the genesis block's.
#[test]
fn the_first_headers_of_testnet_follow_each_other() {
    let Some(folder) = vectors::folder() else { return };
    let params = Params::new(Network::Test);
    let text = fs::read_to_string(folder.join("headers/testnet4_0000000-0000300.hexlines")).unwrap();
    let headers: Vec<_> = text.lines().map(vectors::header).collect();
    assert_eq!(headers.len(), 301);
    assert_eq!(headers[0].hash(), params.genesis_hash());
    assert_ne!(headers[1].bits, headers[2].bits);
    let mut chain = Headers::default();
    chain.push(headers[0]);
    for header in &headers[1..] {
        assert_eq!(header.prev, chain.tip().hash);
        assert_eq!(check_block_header(header, &scrypt_1024_1_1(&header.encode()), &params), Ok(()));
        let verdict = contextual_check_block_header(header, &chain, &params, header.time.into(), None);
        assert_eq!(verdict, Ok(()), "height {}", chain.tip_height() + 1);
        chain.push(*header);
    }
    let checkpoint = params.checkpoints[0];
    assert_eq!((chain.tip_height(), chain.tip().hash), checkpoint);
}
