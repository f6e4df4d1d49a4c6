//! Headers and blocks (v0.21.5.5 src/rpc/blockchain.cpp, blockheaderToJSON, blockToJSON).

use litecast_engine::{BlockIndex, ChainAt, Id};
use litecast_primitives::{
    Block, BlockHash, BlockHeader, Height, U256,
    arith::u256_to_hash,
    mweb::{self, ExtensionBlock},
    params::AddressPrefixes,
    transaction::Encoding,
    view::HeaderView,
};
use serde_json::{Map, Value, json};

use super::{number::double_to_json, transaction::transaction_to_json};

/// What the chain knows of a block and the block does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockPlace {
    /// Distance from the genesis block.
    pub height: Height,
    /// Blocks from here to the tip of the active chain, this one included; -1 on a side branch.
    pub confirmations: i64,
    /// Median time of this block and the ten below.
    pub median_time: i64,
    /// Work up to here.
    pub work: U256,
    /// Transactions in the block; 0 until it was seen.
    pub tx_count: u32,
    /// Whether there is a block below.
    pub has_parent: bool,
    /// The block above in the active chain.
    pub next: Option<BlockHash>,
    /// Header of the extension block, with the coins it holds after and before this block; once it was connected.
    pub mweb: Option<(mweb::Header, i64, i64)>,
}

impl BlockPlace {
    /// Looks it up.
    #[must_use]
    pub fn of(index: &BlockIndex, id: Id) -> Self {
        let entry = index.entry(id);
        let tip = index.tip().map_or(0, |tip| index.entry(tip).height);
        let confirmations = if index.is_active(id) { i64::from(tip) - i64::from(entry.height) + 1 } else { -1 };
        let mweb = entry.mweb.as_deref().map(|mweb| {
            let before = entry.parent.and_then(|parent| index.entry(parent).mweb.as_deref());
            (mweb.header.clone(), mweb.amount.0, before.map_or(0, |mweb| mweb.amount.0))
        });
        Self {
            height: entry.height,
            confirmations,
            median_time: ChainAt::new(index, id).median_time_past(entry.height),
            work: entry.work,
            tx_count: entry.tx_count,
            has_parent: entry.parent.is_some(),
            next: index.next_active(id).map(|next| index.entry(next).hash),
            mweb,
        }
    }
}

/// How much of a block's content to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Ids only.
    Ids,
    /// Everything, with transactions in hex in this encoding.
    Full(Encoding),
}

/// How many times harder than difficulty 1 (v0.21.5.5 src/rpc/blockchain.cpp, GetDifficulty).
#[must_use]
pub fn difficulty(bits: u32) -> f64 {
    let mut difficulty = f64::from(0xffff) / f64::from(bits & 0x00ff_ffff);
    let mut shift = bits >> 24;
    // Step by step, so that it rounds as the reference's does.
    while shift < 29 {
        difficulty *= 256.0;
        shift += 1;
    }
    while shift > 29 {
        difficulty /= 256.0;
        shift -= 1;
    }
    difficulty
}

/// A header, of a block that may not be here.
#[must_use]
pub fn header_to_json(header: &BlockHeader, place: &BlockPlace) -> Map<String, Value> {
    let mut out = Map::new();
    out.insert("hash".into(), header.hash().to_string().into());
    out.insert("confirmations".into(), place.confirmations.into());
    put_contents(&mut out, header, place);
    put_proof(&mut out, header, place);
    if let Some((mweb, amount, before)) = &place.mweb {
        out.insert("mweb_header".into(), mweb_header(mweb).into());
        out.insert("mweb_amount".into(), (*amount).into());
        if place.has_parent {
            out.insert("prev_mweb_amount".into(), (*before).into());
        }
    }
    put_neighbours(&mut out, header, place);
    out
}

/// A block.
#[must_use]
pub fn block_to_json(
    block: &Block,
    place: &BlockPlace,
    detail: Detail,
    prefixes: &AddressPrefixes,
) -> Map<String, Value> {
    let header = block.header();
    let mut out = Map::new();
    out.insert("hash".into(), block.hash().to_string().into());
    out.insert("confirmations".into(), place.confirmations.into());
    out.insert("strippedsize".into(), block.base_size().into());
    out.insert("size".into(), block.bytes().len().into());
    out.insert("weight".into(), block.weight().into());
    put_contents(&mut out, header, place);
    let transactions: Vec<Value> = block
        .transactions()
        .iter()
        .map(|tx| match detail {
            Detail::Ids => tx.txid().to_string().into(),
            Detail::Full(encoding) => transaction_to_json(tx, Some(encoding), prefixes).into(),
        })
        .collect();
    out.insert("tx".into(), transactions.into());
    put_proof(&mut out, header, place);
    if let Some(extension) = block.extension() {
        out.insert("mweb".into(), extension_to_json(extension, detail).into());
    }
    put_neighbours(&mut out, header, place);
    out
}

fn put_contents(out: &mut Map<String, Value>, header: &BlockHeader, place: &BlockPlace) {
    out.insert("height".into(), place.height.into());
    out.insert("version".into(), header.version.into());
    out.insert("versionHex".into(), format!("{:08x}", header.version).into());
    out.insert("merkleroot".into(), header.merkle_root.to_string().into());
}

fn put_proof(out: &mut Map<String, Value>, header: &BlockHeader, place: &BlockPlace) {
    out.insert("time".into(), header.time.into());
    out.insert("mediantime".into(), place.median_time.into());
    out.insert("nonce".into(), header.nonce.into());
    out.insert("bits".into(), format!("{:08x}", header.bits).into());
    out.insert("difficulty".into(), double_to_json(difficulty(header.bits)));
    out.insert("chainwork".into(), u256_to_hash(place.work).to_string().into());
    out.insert("nTx".into(), place.tx_count.into());
}

fn put_neighbours(out: &mut Map<String, Value>, header: &BlockHeader, place: &BlockPlace) {
    if place.has_parent {
        out.insert("previousblockhash".into(), header.prev.to_string().into());
    }
    if let Some(next) = place.next {
        out.insert("nextblockhash".into(), next.to_string().into());
    }
}

fn mweb_header(header: &mweb::Header) -> Map<String, Value> {
    let mut out = Map::new();
    out.insert("hash".into(), header.hash().to_string().into());
    out.insert("height".into(), header.height.into());
    out.insert("kernel_offset".into(), hex::encode(header.kernel_offset).into());
    out.insert("stealth_offset".into(), hex::encode(header.stealth_offset).into());
    out.insert("num_kernels".into(), header.kernel_mmr_size.into());
    out.insert("num_txos".into(), header.output_mmr_size.into());
    out.insert("kernel_root".into(), header.kernel_root.to_string().into());
    out.insert("output_root".into(), header.output_root.to_string().into());
    out.insert("leaf_root".into(), header.leafset_root.to_string().into());
    out
}

fn extension_to_json(extension: &ExtensionBlock, detail: Detail) -> Map<String, Value> {
    let full = detail != Detail::Ids;
    let mut out = mweb_header(&extension.header);
    let body = &extension.body;
    let inputs = body.inputs.iter().map(|i| if full { input(i) } else { i.output_id.to_string().into() });
    out.insert("inputs".into(), inputs.collect());
    let outputs = body.outputs.iter().map(|o| if full { output(o) } else { o.id().to_string().into() });
    out.insert("outputs".into(), outputs.collect());
    // The short form of a kernel is its excess, not its id.
    let kernels = body.kernels.iter().map(|k| if full { kernel(k) } else { hex::encode(k.excess).into() });
    out.insert("kernels".into(), kernels.collect());
    out
}

fn input(input: &mweb::Input) -> Value {
    let mut out = Map::new();
    out.insert("output_id".into(), input.output_id.to_string().into());
    out.insert("commit".into(), hex::encode(input.commitment).into());
    out.insert("output_pubkey".into(), hex::encode(input.output_pubkey).into());
    if let Some(key) = &input.input_pubkey {
        out.insert("input_pubkey".into(), hex::encode(key).into());
    }
    if let Some(extra) = input.extra_data.as_ref().filter(|extra| !extra.is_empty()) {
        out.insert("extra_data".into(), hex::encode(extra).into());
    }
    out.insert("sig".into(), hex::encode(input.signature).into());
    out.into()
}

fn output(output: &mweb::Output) -> Value {
    let mut message = Vec::new();
    output.message.encode(&mut message);
    json!({
        "output_id": output.id().to_string(),
        "commit": hex::encode(output.commitment),
        "sender_pubkey": hex::encode(output.sender_pubkey),
        "receiver_pubkey": hex::encode(output.receiver_pubkey),
        "range_proof": hex::encode(&output.range_proof),
        "message": hex::encode(message),
    })
}

fn kernel(kernel: &mweb::Kernel) -> Value {
    let mut out = Map::new();
    out.insert("kernel_id".into(), kernel.id().to_string().into());
    out.insert("features".into(), kernel.features.into());
    out.insert("commit".into(), hex::encode(kernel.excess).into());
    // Litoshis, unlike everywhere else.
    out.insert("fee".into(), kernel.fee.unwrap_or_default().0.into());
    out.insert("lock_height".into(), kernel.lock_height.unwrap_or(0).into());
    out.insert("excess".into(), hex::encode(kernel.excess).into());
    out.insert("signature".into(), hex::encode(kernel.signature).into());
    if !kernel.extra_data.is_empty() {
        out.insert("extra_data".into(), hex::encode(&kernel.extra_data).into());
    }
    out.into()
}
