//! `getblocktemplate` (BIP22, BIP23, BIP9, BIP145): the request. What is made of it is in the files below.

mod answer;
mod longpoll;
mod proposal;

use std::collections::BTreeSet;

use litecast_engine::Handle;
use litecast_primitives::params::Network;
use serde_json::{Map, Value};

use crate::code::{self, RpcError};
use crate::convert;
use crate::method::{Arg, ArgKind, Call, Method};

pub(super) const METHOD: Method = Method {
    name: "getblocktemplate",
    category: "mining",
    args: &[Arg::default(
        "template_request",
        ArgKind::Object(
            "{\"mode\":\"str\",\"capabilities\":[\"str\",...],\"rules\":[\"segwit\",\"mweb\",...],\"longpollid\":\"str\",\
             \"data\":\"hex\"}",
        ),
        "{}",
        "mode: \"template\" (the default), or \"proposal\" for a verdict on the block in data.\nrules: what the caller can \
         do; segwit and mweb must be among them.\nlongpollid: wait until the template with this id is out of date.",
    )],
    description: "Makes a block for miners to work on, or says whether a block without proof of work would be valid. See BIP22, \
                  BIP23, BIP9 and BIP145.",
    result: "{                              (json object) Amounts are litoshis.\n  \
             \"capabilities\" : [...],        (json array) What the server can do: \"proposal\".\n  \
             \"version\" : n,                 (numeric) The block's version.\n  \
             \"rules\" : [\"str\", ...],        (json array) Rules in force; those with ! must be known.\n  \
             \"vbavailable\" : {              (json object) Deployments under way.\n    \"name\" : n,                 \
             (numeric) Version bit.\n    ...\n  },\n  \
             \"vbrequired\" : 0,              (numeric) Bits that must be set.\n  \
             \"previousblockhash\" : \"hex\",   (string) The tip.\n  \
             \"transactions\" : [{            (json array) What follows the coinbase; the HogEx is the last.\n    \
             \"data\" : \"hex\",              (string) The transaction.\n    \
             \"txid\" : \"hex\",              (string) Its id.\n    \
             \"hash\" : \"hex\",              (string) The id with witness.\n    \
             \"depends\" : [n, ...],        (json array) Which of this list it needs, from 1.\n    \
             \"fee\" : n,                   (numeric) Its fee.\n    \
             \"sigops\" : n,                (numeric) Cost of its signature operations.\n    \
             \"weight\" : n                 (numeric) Its weight.\n  }, ...],\n  \
             \"coinbaseaux\" : {},            (json object) What belongs into the coinbase's script.\n  \
             \"coinbasevalue\" : n,           (numeric) The most that the coinbase may pay.\n  \
             \"longpollid\" : \"str\",          (string) For a call that waits.\n  \
             \"target\" : \"hex\",              (string) The hash must not be above.\n  \
             \"mintime\" : n,                 (numeric) The time must not be below.\n  \
             \"mutable\" : [\"str\", ...],      (json array) What may be changed.\n  \
             \"noncerange\" : \"hex\",          (string) Nonces that may be tried.\n  \
             \"sigoplimit\" : n,              (numeric) Most sigops.\n  \
             \"sizelimit\" : n,               (numeric) Most bytes.\n  \
             \"weightlimit\" : n,             (numeric) Most weight.\n  \
             \"curtime\" : n,                 (numeric) Time, Unix seconds.\n  \
             \"bits\" : \"hex\",                (string) The target, compact.\n  \
             \"height\" : n,                  (numeric) The block's height.\n  \
             \"default_witness_commitment\" : \"hex\",\n                                 (string) Output script that commits \
             to the witnesses.\n  \
             \"mweb\" : \"hex\"                 (string) The extension block.\n}\n\n\
             \"str\"                          (string) For a proposal: why not; null for a good one.",
    examples: &["'{\"rules\": [\"mweb\", \"segwit\"]}'"],
    handler: run,
};

/// What a caller wants to know about itself.
struct Client<'a> {
    rules: BTreeSet<&'a str>,
    /// Its highest block version, of a caller that does not know version bits.
    max_version: Option<i64>,
}

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let none = Map::new();
    let request = call.given(0).map_or(Ok(&none), convert::as_object)?;
    let chain = call.node.require_chain()?;
    match request.get("mode") {
        None | Some(Value::Null) => {}
        Some(Value::String(mode)) if mode == "template" => {}
        Some(Value::String(mode)) if mode == "proposal" => return proposal::judge(request, chain),
        Some(_) => return Err(RpcError::invalid_parameter("Invalid mode")),
    }
    let client = Client::of(request)?;
    check_node(call, chain)?;
    if let Some(id) = request.get("longpollid").filter(|id| !id.is_null()) {
        longpoll::wait(call, chain, id)?;
    }
    if !client.rules.contains("segwit") || !client.rules.contains("mweb") {
        return Err(RpcError::invalid_parameter(
            "getblocktemplate must be called with the segwit & mweb rule sets (call with {\"rules\": [\"mweb\", \
             \"segwit\"]})",
        ));
    }
    let kept = call.rpc.templates().current(chain)?;
    answer::answer(&kept, &client, chain.reader())
}

impl<'a> Client<'a> {
    fn of(request: &'a Map<String, Value>) -> Result<Self, RpcError> {
        let mut client = Self { rules: BTreeSet::new(), max_version: None };
        if let Some(rules) = request.get("rules").and_then(Value::as_array) {
            client.rules = rules.iter().map(convert::as_str).collect::<Result<_, _>>()?;
        } else if let Some(number @ Value::Number(_)) = request.get("maxversion") {
            client.max_version = Some(convert::as_i64(number)?);
        }
        Ok(client)
    }
}

/// Work on an old tip, or for nobody, would be lost; tests may do as they like.
fn check_node(call: &Call<'_>, chain: &Handle) -> Result<(), RpcError> {
    let network = call.node.require_network()?;
    if chain.reader().params().network != Network::Main {
        return Ok(());
    }
    if network.connections() == (0, 0) {
        return Err(RpcError::new(code::CLIENT_NOT_CONNECTED, "Litecoin Core is not connected!"));
    }
    if chain.reader().is_initial_download() {
        let message = "Litecoin Core is in initial sync and waiting for blocks...";
        return Err(RpcError::new(code::CLIENT_IN_INITIAL_DOWNLOAD, message));
    }
    Ok(())
}
