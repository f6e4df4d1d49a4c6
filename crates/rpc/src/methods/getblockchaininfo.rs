//! `getblockchaininfo`.

use std::time::{SystemTime, UNIX_EPOCH};

use litecast_consensus::versionbits::ThresholdState;
use litecast_engine::{DeploymentInfo, Entry, Reader};
use litecast_primitives::{
    Height,
    arith::u256_to_hash,
    params::{Network, Params},
};
use serde_json::{Map, Value, json};

use crate::code::RpcError;
use crate::method::{Call, Method};
use crate::render::{BlockPlace, difficulty, double_to_json};

pub(super) const METHOD: Method = Method {
    name: "getblockchaininfo",
    category: "blockchain",
    args: &[],
    description: "Tells about the chain as a whole.",
    result: "{                                 (json object)\n  \
             \"chain\" : \"str\",                (string) \"main\", \"test\" or \"regtest\".\n  \
             \"blocks\" : n,                   (numeric) Height of the active chain.\n  \
             \"headers\" : n,                  (numeric) Height of the header with the most work.\n  \
             \"bestblockhash\" : \"hex\",        (string) Hash of the active chain's last block.\n  \
             \"difficulty\" : n,               (numeric) Its difficulty.\n  \
             \"mediantime\" : n,               (numeric) Its median time.\n  \
             \"verificationprogress\" : n,     (numeric) Guess of the part that is done, 0 to 1.\n  \
             \"initialblockdownload\" : true|false,\n                                    (boolean) Still catching up with \
             the network.\n  \
             \"chainwork\" : \"hex\",            (string) Expected hashes up to here.\n  \
             \"size_on_disk\" : n,             (numeric) Bytes of the block and undo files.\n  \
             \"pruned\" : false,               (boolean) This node keeps all blocks.\n  \
             \"softforks\" : {...},            (json object) Name, kind and state of every rule change.\n  \
             \"warnings\" : \"str\"              (string) What the operator should know.\n}",
    examples: &[""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let reader = call.node.require_chain()?.reader();
    let params = reader.params();
    let (tip, place, headers) = {
        let index = reader.index();
        let id = index.tip().ok_or_else(|| RpcError::misc("there is no chain"))?;
        let best = index.best_header().map(|best| index.entry(best).height);
        (index.entry(id).clone(), BlockPlace::of(&index, id), best)
    };
    let mut out = Map::new();
    out.insert("chain".into(), params.network.name().into());
    out.insert("blocks".into(), tip.height.into());
    out.insert("headers".into(), headers.map_or_else(|| json!(-1), Value::from));
    out.insert("bestblockhash".into(), tip.hash.to_string().into());
    out.insert("difficulty".into(), double_to_json(difficulty(tip.header.bits)));
    out.insert("mediantime".into(), place.median_time.into());
    out.insert("verificationprogress".into(), double_to_json(verification_progress(&tip, params.network)));
    out.insert("initialblockdownload".into(), reader.is_initial_download().into());
    out.insert("chainwork".into(), u256_to_hash(tip.work).to_string().into());
    out.insert("size_on_disk".into(), reader.size_on_disk()?.into());
    out.insert("pruned".into(), false.into());
    out.insert("softforks".into(), soft_forks(reader, &tip).into());
    out.insert("warnings".into(), call.node.warnings().into());
    Ok(out.into())
}

/// What the network looked like once: Unix time, transactions so far, transactions per second since
/// (v0.21.5.5 src/chainparams.cpp, chainTxData).
const fn transaction_rate(network: Network) -> (i64, u32, f64) {
    match network {
        Network::Main => (1_728_673_449, 283_070_164, 2.135_848_330_748_608),
        Network::Test => (1_607_986_972, 4_229_067, 0.065_272_017_729_392_82),
        Network::Regtest => (0, 0, 0.0),
    }
}

/// The part of all transactions that is in the chain (v0.21.5.5 src/validation.cpp, GuessVerificationProgress).
#[expect(clippy::cast_precision_loss, reason = "a guess")]
fn verification_progress(tip: &Entry, network: Network) -> f64 {
    // By the machine's clock, never the mocked one.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs() as f64);
    let (time, count, rate) = transaction_rate(network);
    let so_far = tip.chain_tx as f64;
    let total = if tip.chain_tx <= count.into() {
        f64::from(count) + (now - time as f64) * rate
    } else {
        so_far + (now - f64::from(tip.header.time)) * rate
    };
    (so_far / total).min(1.0)
}

fn soft_forks(reader: &Reader, tip: &Entry) -> Map<String, Value> {
    let params = reader.params();
    let mut out = Map::new();
    for (name, height) in [
        ("bip34", params.bip34_height),
        ("bip66", params.bip66_height),
        ("bip65", params.bip65_height),
        ("csv", params.csv_height),
        ("segwit", params.segwit_height),
    ] {
        if height != Height::MAX {
            let fork = json!({"type": "buried", "active": tip.height + 1 >= height, "height": height});
            out.insert(name.into(), fork);
        }
    }
    for deployment in reader.deployments() {
        out.insert(deployment.id.name().into(), describe(&deployment, params));
    }
    out
}

fn describe(info: &DeploymentInfo, params: &Params) -> Value {
    let schedule = params.deployment(info.id);
    let mut bits = Map::new();
    bits.insert("status".into(), info.state.name().into());
    if info.state == ThresholdState::Started {
        bits.insert("bit".into(), schedule.bit.into());
    }
    let by_height = schedule.start_time == 0 && schedule.timeout == 0;
    if by_height {
        bits.insert("start_height".into(), schedule.start_height.into());
        bits.insert("timeout_height".into(), schedule.timeout_height.into());
    } else {
        bits.insert("start_time".into(), schedule.start_time.into());
        bits.insert("timeout".into(), schedule.timeout.into());
    }
    bits.insert("since".into(), info.since.into());
    if let Some(counted) = info.statistics {
        let statistics = json!({
            "period": counted.period,
            "threshold": counted.threshold,
            "elapsed": counted.elapsed,
            "count": counted.count,
            "possible": counted.possible,
        });
        bits.insert("statistics".into(), statistics);
    }
    let kind = if by_height { "bip8" } else { "bip9" };
    let active = info.state == ThresholdState::Active;
    let mut out = Map::new();
    out.insert("type".into(), kind.into());
    out.insert(kind.into(), bits.into());
    if active {
        out.insert("height".into(), info.since.into());
    }
    out.insert("active".into(), active.into());
    out.into()
}
