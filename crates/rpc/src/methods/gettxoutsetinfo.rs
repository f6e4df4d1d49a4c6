//! `gettxoutsetinfo`.

use bytes::Bytes;
use litecast_primitives::{
    BlockHash, Coin, Txid,
    codec::{put_var_bytes, put_varint},
    hash::sha256,
};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::amount::amount_to_json;
use crate::code::{self, RpcError};
use crate::method::{Arg, ArgKind, Call, Method};

/// Bytes of a coin without its script, in the reference's peculiar count (v0.21.5.5 src/node/coinstats.cpp, GetBogoSize).
const BOGO_BASE: usize = 32 + 4 + 4 + 8 + 2;
/// Coins between looks at whether the node is to stop.
const SLICE: u64 = 4096;

pub(super) const METHOD: Method = Method {
    name: "gettxoutsetinfo",
    category: "blockchain",
    args: &[Arg::default(
        "hash_type",
        ArgKind::Str,
        "hash_serialized_2",
        "What to hash: \"hash_serialized_2\", the whole set; or \"none\".",
    )],
    description: "Counts the unspent outputs, and hashes them. Reads them all, which takes a while.",
    result: "{                                (json object)\n  \"height\" : n,                  (numeric) Height of the \
             active chain.\n  \"bestblock\" : \"hex\",           (string) Its last block.\n  \
             \"transactions\" : n,            (numeric) Transactions with unspent outputs.\n  \
             \"txouts\" : n,                  (numeric) Unspent outputs.\n  \
             \"bogosize\" : n,                (numeric) A measure of size that means nothing.\n  \
             \"hash_serialized_2\" : \"hex\",   (string) Hash of the set, as litecoind computes it.\n  \
             \"disk_size\" : n,               (numeric) Always 0: not known.\n  \
             \"total_amount\" : n             (numeric) LTC in all.\n}",
    examples: &[""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let chain = call.node.require_chain()?;
    chain.flush()?;
    let with_hash = match call.opt_str(0)?.unwrap_or("hash_serialized_2") {
        "hash_serialized_2" => true,
        "none" => false,
        other => return Err(RpcError::invalid_parameter(format!("{other} is not a valid hash_type"))),
    };
    let unreadable = || RpcError::new(code::INTERNAL_ERROR, "Unable to read UTXO set");
    let coins = chain.reader().stored_coins()?;
    let (best, _) = coins.best().ok_or_else(unreadable)?;
    let height = chain.reader().entry(&best).ok_or_else(unreadable)?.height;
    let mut statistics = Statistics::new(&best);
    for (read, item) in (0_u64..).zip(coins) {
        if read.is_multiple_of(SLICE) {
            call.rpc.check_running()?;
        }
        let (outpoint, coin) = item.map_err(|error| {
            tracing::error!("reading the coins: {error}");
            unreadable()
        })?;
        statistics.add(outpoint.txid, outpoint.vout, coin);
    }
    statistics.finish_transaction();
    let mut out = Map::new();
    out.insert("height".into(), height.into());
    out.insert("bestblock".into(), best.to_string().into());
    out.insert("transactions".into(), statistics.transactions.into());
    out.insert("txouts".into(), statistics.outputs.into());
    out.insert("bogosize".into(), statistics.bogo_size.into());
    if with_hash {
        let digest = sha256(&statistics.hasher.finalize());
        out.insert("hash_serialized_2".into(), BlockHash::from_bytes(digest).to_string().into());
    }
    out.insert("disk_size".into(), 0.into());
    out.insert("total_amount".into(), amount_to_json(statistics.total));
    Ok(out.into())
}

/// Counts, and the hash that the reference calls `hash_serialized_2` (v0.21.5.5 src/node/coinstats.cpp).
struct Statistics {
    hasher: Sha256,
    transactions: u64,
    outputs: u64,
    bogo_size: usize,
    total: i64,
    /// The transaction whose outputs are coming in.
    current: Option<(Txid, Vec<(u32, Coin)>)>,
}

impl Statistics {
    fn new(best: &BlockHash) -> Self {
        let hasher = Sha256::new_with_prefix(best.as_bytes());
        Self { hasher, transactions: 0, outputs: 0, bogo_size: 0, total: 0, current: None }
    }

    fn add(&mut self, txid: Txid, vout: u32, coin: Coin) {
        match &mut self.current {
            Some((current, coins)) if *current == txid => coins.push((vout, coin)),
            _ => {
                self.finish_transaction();
                self.current = Some((txid, vec![(vout, coin)]));
            }
        }
    }

    fn finish_transaction(&mut self) {
        let Some((txid, mut coins)) = self.current.take() else { return };
        coins.sort_by_key(|(vout, _)| *vout);
        let mut bytes = txid.as_bytes().to_vec();
        // Meant to be height and coinbase flag; operator precedence made it whether there is a height.
        put_varint(&mut bytes, coins.first().is_some_and(|(_, coin)| coin.height > 0 || coin.is_coinbase).into());
        for (vout, coin) in &coins {
            put_varint(&mut bytes, u64::from(*vout) + 1);
            let script: &Bytes = &coin.output.script_pubkey;
            put_var_bytes(&mut bytes, script);
            put_varint(&mut bytes, coin.output.value.0.unsigned_abs());
            self.outputs += 1;
            self.bogo_size += BOGO_BASE + script.len();
            self.total += coin.output.value.0;
        }
        put_varint(&mut bytes, 0);
        self.hasher.update(&bytes);
        self.transactions += 1;
    }
}
