//! Fee estimates (v0.21.5.5 src/rpc/mining.cpp). Rates are LTC for 1000 virtual bytes, ranges litoshis for as many.

use litecast_mempool::{
    FeeEstimator,
    fees::{Bucket, Horizon, RawEstimate},
};
use serde_json::{Map, Value, json};

use super::double_to_json;
use crate::amount::amount_to_json;

/// What `estimatesmartfee` answers.
#[must_use]
pub fn smart_fee_to_json(fees: &FeeEstimator, target: u32, conservative: bool) -> Value {
    let (rate, blocks) = fees.estimate_smart_fee(target, conservative);
    match rate {
        Some(rate) => json!({"feerate": amount_to_json(rate.0), "blocks": blocks}),
        None => json!({"errors": ["Insufficient data or no feerate found"], "blocks": blocks}),
    }
}

/// What `estimaterawfee` answers: every horizon that tracks the target.
#[must_use]
pub fn raw_fee_to_json(fees: &FeeEstimator, target: u32, threshold: f64) -> Value {
    let answers = Horizon::ALL.into_iter().filter_map(|horizon| {
        let estimate = fees.estimate_raw_fee(target, threshold, horizon)?;
        Some((horizon.name().to_owned(), horizon_to_json(&estimate)))
    });
    Value::Object(answers.collect())
}

fn horizon_to_json(estimate: &RawEstimate) -> Value {
    let mut object = Map::new();
    if let Some(rate) = estimate.rate {
        object.insert("feerate".into(), amount_to_json(rate.0));
    }
    object.insert("decay".into(), double_to_json(estimate.decay));
    object.insert("scale".into(), estimate.scale.into());
    if estimate.rate.is_some() {
        object.insert("pass".into(), bucket_to_json(estimate.pass.as_ref()));
        if estimate.fail.is_some() {
            object.insert("fail".into(), bucket_to_json(estimate.fail.as_ref()));
        }
    } else {
        object.insert("fail".into(), bucket_to_json(estimate.fail.as_ref()));
        object.insert("errors".into(), json!(["Insufficient data or no feerate found which meets threshold"]));
    }
    Value::Object(object)
}

/// A missing range lies below zero.
fn bucket_to_json(bucket: Option<&Bucket>) -> Value {
    let hundredths = |count: f64| double_to_json((count * 100.0).round() / 100.0);
    let (start, end) = bucket.map_or((-1.0, -1.0), |bucket| (bucket.start, bucket.end));
    let count = |count: fn(&Bucket) -> f64| hundredths(bucket.map_or(0.0, count));
    json!({
        "startrange": double_to_json(start.round()),
        "endrange": double_to_json(end.round()),
        "withintarget": count(|bucket| bucket.within_target),
        "totalconfirmed": count(|bucket| bucket.total_confirmed),
        "inmempool": count(|bucket| bucket.in_mempool),
        "leftmempool": count(|bucket| bucket.left_mempool),
    })
}
