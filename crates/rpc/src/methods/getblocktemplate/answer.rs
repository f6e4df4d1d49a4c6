//! A template as JSON.

use std::collections::HashMap;

use litecast_consensus::{
    MAX_BLOCK_SIGOPS_COST, MAX_BLOCK_WEIGHT, WITNESS_SCALE_FACTOR, pow, versionbits::ThresholdState,
};
use litecast_engine::{ChainAt, Reader, TxCost};
use litecast_primitives::{
    Block, Txid,
    arith::{from_compact, u256_to_hash},
    view::HeaderView,
};
use serde_json::{Map, Value, json};

use super::Client;
use crate::code::RpcError;
use crate::template::Kept;

/// Most bytes of a block without its extension (v0.21.5.5 src/consensus/consensus.h, MAX_BLOCK_SERIALIZED_SIZE).
const MAX_BLOCK_SERIALIZED_SIZE: usize = 4_000_000;
const SCALE: u64 = WITNESS_SCALE_FACTOR as u64;

pub(super) fn answer(kept: &Kept, client: &Client<'_>, reader: &Reader) -> Result<Value, RpcError> {
    let template = &kept.template;
    let (block, params) = (&template.block, reader.params());
    let header = block.header();
    let clock = now(kept, reader)?;
    let segwit = template.height >= params.segwit_height;
    let mut version = header.version;
    let mut rules: Vec<String> = vec!["csv".into()];
    rules.extend(segwit.then(|| "!segwit".into()));
    let mut available = Map::new();
    // None of the names has the ! of a deployment that the caller must know.
    for deployment in &kept.deployments {
        let (name, bit) = (deployment.id.name(), params.deployment(deployment.id).bit);
        match deployment.state {
            ThresholdState::Defined | ThresholdState::Failed => {}
            ThresholdState::Active => rules.push(name.into()),
            state => {
                available.insert(name.into(), bit.into());
                if state == ThresholdState::LockedIn {
                    version |= 1 << bit;
                }
            }
        }
    }
    let mut mutable = vec!["time", "transactions", "prevblock"];
    mutable.extend(client.max_version.is_some_and(|version| version >= 2).then_some("version/force"));
    let coinbase = &block.transactions()[0];
    // Before SegWit the limits are those of bytes and plain signature operations.
    let scale = if segwit { 1 } else { SCALE };
    let mut out = json!({
        "capabilities": ["proposal"],
        "version": version,
        "rules": rules,
        "vbavailable": available,
        "vbrequired": 0,
        "previousblockhash": header.prev.to_string(),
        "transactions": transactions(block, &template.costs, scale),
        "coinbaseaux": {},
        "coinbasevalue": coinbase.outputs()[0].value.0,
        "longpollid": format!("{}{}", header.prev, kept.updates),
        "target": u256_to_hash(from_compact(clock.bits).value).to_string(),
        "mintime": clock.least,
        "mutable": mutable,
        "noncerange": "00000000ffffffff",
        "sigoplimit": MAX_BLOCK_SIGOPS_COST / scale,
        "sizelimit": MAX_BLOCK_SERIALIZED_SIZE as u64 / scale,
    });
    if segwit {
        out["weightlimit"] = MAX_BLOCK_WEIGHT.into();
    }
    out["curtime"] = clock.time.into();
    out["bits"] = format!("{:08x}", clock.bits).into();
    out["height"] = template.height.into();
    // The coinbase pays to the miner, then commits.
    if let Some(commitment) = coinbase.outputs().get(1) {
        out["default_witness_commitment"] = hex::encode(&commitment.script_pubkey).into();
    }
    if let Some(extension) = block.extension() {
        let mut bytes = Vec::new();
        extension.encode(&mut bytes);
        out["mweb"] = hex::encode(bytes).into();
    }
    Ok(out)
}

fn transactions(block: &Block, costs: &[TxCost], scale: u64) -> Value {
    let mut position: HashMap<Txid, usize> = HashMap::new();
    let mut list: Vec<Value> = Vec::new();
    for (at, (tx, cost)) in block.transactions().iter().zip(costs).enumerate() {
        if at > 0 {
            let depends = tx.inputs().iter().filter_map(|input| position.get(&input.prevout.txid));
            list.push(json!({
                "data": hex::encode(tx.bytes()),
                "txid": tx.txid().to_string(),
                "hash": tx.wtxid().to_string(),
                "depends": depends.copied().collect::<Value>(),
                "fee": cost.fee.0,
                "sigops": cost.sigops / scale,
                "weight": tx.weight(),
            }));
        }
        position.insert(tx.txid(), at);
    }
    list.into()
}

/// What the time of the call says.
struct Now {
    time: u32,
    /// The lowest time that a block may have.
    least: i64,
    bits: u32,
}

/// A template that was kept gets the time of the call (v0.21.5.5 src/miner.cpp, UpdateTime).
fn now(kept: &Kept, reader: &Reader) -> Result<Now, RpcError> {
    let header = kept.template.block.header();
    let index = reader.index();
    let prev = index.find(&header.prev).ok_or_else(|| RpcError::misc("the tip is not in the index"))?;
    let chain = ChainAt::new(&index, prev);
    let least = chain.median_time_past(chain.tip_height()) + 1;
    let now = u32::try_from(reader.clock().now().max(least)).unwrap_or(u32::MAX);
    let time = header.time.max(now);
    Ok(Now { time, least, bits: pow::next_work_required(&chain, time, reader.params()) })
}
