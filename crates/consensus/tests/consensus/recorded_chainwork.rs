//! Facts about headers that several parties recorded: total work, hashes by height, targets, forks.

use std::{collections::BTreeMap, fs, path::Path};

use litecast_consensus::{header::check_block_header, header::contextual_check_block_header};
use litecast_primitives::{
    BlockHeader, Height, U256,
    arith::{from_compact, to_compact, work_of},
    params::{Network, Params},
    view::HeaderView,
};
use litecast_scrypt::scrypt_1024_1_1;

use crate::{model::Headers, vectors};

const TABLES: [(&str, Network); 2] = [("mainnet", Network::Main), ("testnet4", Network::Test)];

/// Headers by height, with the total work where it was recorded.
fn table(folder: &Path, name: &str) -> BTreeMap<Height, (BlockHeader, Option<U256>)> {
    let text = fs::read_to_string(folder.join(format!("headers/{name}_retarget_headers.csv"))).unwrap();
    let rows: BTreeMap<_, _> = text
        .lines()
        .skip(1)
        .map(|line| {
            let columns: Vec<&str> = line.split(',').collect();
            let header = vectors::header(columns[1]);
            assert_eq!(header.encode()[..], hex::decode(columns[1]).unwrap()[..], "{line}");
            assert_eq!(
                (format!("{:08x}", header.bits).as_str(), header.time.to_string().as_str()),
                (columns[4], columns[5])
            );
            let work = (!columns[6].is_empty()).then(|| U256::from_str_radix(columns[6], 16).unwrap());
            (columns[0].parse().unwrap(), (header, work))
        })
        .collect();
    assert!(rows.len() > 1800);
    rows
}

/// Between two boundaries every block of mainnet has the same target, so the work of all blocks up to a boundary
/// follows from the headers at the boundaries.
#[test]
fn total_work_of_mainnet() {
    let Some(folder) = vectors::folder() else { return };
    let rows = table(&folder, "mainnet");
    let (mut checked, mut total) = (0, U256::zero());
    for period in (0..).step_by(2016) {
        let (Some((first, at_first)), Some((last, at_last))) = (rows.get(&period), rows.get(&(period + 2015))) else {
            break;
        };
        assert_eq!(first.bits, last.bits, "{period}");
        let work = work_of(first.bits);
        for (recorded, blocks) in [(at_first, 1), (at_last, 2016)] {
            if let Some(recorded) = recorded {
                assert_eq!(*recorded, total + work * U256::from(blocks), "{period} + {blocks}");
                checked += 1;
            }
        }
        total += work * U256::from(2016);
    }
    assert_eq!(checked, 2443, "heights with their total work");
}

/// On testnet blocks of the easiest target lie between the others: the work is at most that of the period's target,
/// and grows.
#[test]
fn total_work_of_testnet() {
    let Some(folder) = vectors::folder() else { return };
    let works: Vec<_> = table(&folder, "testnet4")
        .into_iter()
        .filter_map(|(height, (header, work))| Some((height, header, work?)))
        .collect();
    for pair in works.windows(2) {
        let ((low, _, below), (high, header, work)) = (&pair[0], &pair[1]);
        let least = work_of(to_compact(Params::new(Network::Test).pow_limit));
        assert!(*work >= *below + least * U256::from(high - low), "{high}");
        if high - low == 1 {
            assert_eq!(*work, *below + work_of(header.bits), "{high}");
        }
    }
    assert_eq!(works.len(), 1840);
}

#[test]
fn hashes_by_height() {
    let Some(folder) = vectors::folder() else { return };
    for ((name, network), least) in TABLES.into_iter().zip([2450, 1800]) {
        let rows = table(&folder, name);
        let params = Params::new(network);
        let checkpoints: BTreeMap<_, _> = params.checkpoints.iter().map(|(height, hash)| (*height, *hash)).collect();
        let mut compared = 0;
        for line in fs::read_to_string(folder.join(format!("headers/{name}_height_hash.csv"))).unwrap().lines().skip(1)
        {
            let columns: Vec<&str> = line.split(',').collect();
            let height = columns[0].parse().unwrap();
            let known = rows.get(&height).map(|(header, _)| header.hash());
            for hash in known.iter().chain(checkpoints.get(&height)) {
                assert_eq!(hash.to_string(), columns[1], "{name} {height}");
                compared += 1;
            }
        }
        assert!(compared >= least, "{name}: {compared} hashes");
        eprintln!("{name}: {compared} hashes by height");
    }
}

/// Electrum's checkpoints: the last block of each period, its time, and the exact target of the next period.
#[test]
fn checkpoints_of_electrum() {
    let Some(folder) = vectors::folder() else { return };
    for (name, network) in TABLES {
        let rows = table(&folder, name);
        let entries = vectors::json(&folder.join(format!("headers/electrum-ltc_checkpoints_{name}.json")));
        let (mut hashes, mut targets) = (0, 0);
        for (entry, next) in entries.as_array().unwrap().iter().zip((2016u32..).step_by(2016)) {
            if let Some((last, _)) = rows.get(&(next - 1)) {
                assert_eq!(entry[0], last.hash().to_string(), "{name} {next}");
                assert_eq!(entry[2], last.time, "{name} {next}");
                hashes += 1;
            }
            if let (Some((first, _)), Network::Main) = (rows.get(&next), network) {
                // Written in full, so it may be finer than the header can say.
                let target = U256::from_dec_str(&entry[1].to_string()).unwrap();
                assert_eq!(to_compact(target), first.bits, "{name} {next}");
                targets += 1;
            }
        }
        let wanted = if network == Network::Main { (1101, 1101) } else { (925, 0) };
        assert_eq!((hashes, targets), wanted, "{name}");
    }
}

#[test]
fn single_headers() {
    let Some(folder) = vectors::folder() else { return };
    let params = Params::new(Network::Main);
    let boundaries = table(&folder, "mainnet");
    let entries = vectors::json(&folder.join("headers/misc_headers_scrypt.json"));
    let entries = entries.as_array().unwrap();
    for entry in entries {
        let header = vectors::header(entry["header_hex"].as_str().unwrap());
        assert_eq!(header.hash().to_string(), entry["block_hash"].as_str().unwrap());
        let mut pow_hash = scrypt_1024_1_1(&header.encode());
        assert_eq!(check_block_header(&header, &pow_hash, &params), Ok(()));
        pow_hash.reverse();
        assert_eq!(entry["scrypt_pow_hash"], hex::encode(pow_hash));
        for start in entry["ltc_epoch_start_height_with_these_bits"].as_array().unwrap() {
            let start = u32::try_from(start.as_u64().unwrap()).unwrap();
            assert_eq!(boundaries[&start].0.bits, header.bits);
        }
    }
    assert_eq!(entries.len(), 13);
}

/// Two headers that leave testnet at the genesis block: fine before the checkpoint at 300 is known, and not after.
#[test]
fn a_fork_below_a_checkpoint() {
    let Some(folder) = vectors::folder() else { return };
    let params = Params::new(Network::Test);
    let text = fs::read_to_string(folder.join("headers/testnet4_fork_from_genesis_2headers.hexlines")).unwrap();
    let mut chain = Headers::default();
    chain.push(*params.genesis.header());
    for header in text.lines().map(vectors::header) {
        assert_eq!(header.prev, chain.tip().hash);
        assert_eq!(check_block_header(&header, &scrypt_1024_1_1(&header.encode()), &params), Ok(()));
        let judge =
            |checkpoint| contextual_check_block_header(&header, &chain, &params, header.time.into(), checkpoint);
        assert_eq!(judge(None), Ok(()));
        assert!(judge(Some(params.checkpoints[0].0)).is_err());
        chain.push(header);
    }
    assert_eq!(chain.tip_height(), 2);
    assert_eq!(from_compact(chain.tip().header.bits).value, from_compact(params.genesis.header().bits).value);
}
