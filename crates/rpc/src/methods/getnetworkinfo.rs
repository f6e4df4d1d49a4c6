//! `getnetworkinfo`.

use litecast_mempool::Policy;
use litecast_p2p::fsm::PROTOCOL_VERSION;
use serde_json::{Map, Value, json};

use crate::amount::amount_to_json;
use crate::code::RpcError;
use crate::method::{Call, Method};
use crate::network::{LocalAddress, Network, Reachability};

pub(super) const METHOD: Method = Method {
    name: "getnetworkinfo",
    category: "network",
    args: &[],
    description: "Tells about this node in its network.",
    result: "{                                (json object)\n  \
             \"version\" : n,                 (numeric) Version of the interface: litecoind's.\n  \
             \"subversion\" : \"str\",          (string) What this node calls itself.\n  \
             \"protocolversion\" : n,         (numeric) Version of the protocol.\n  \
             \"localservices\" : \"hex\",       (string) Service bits of this node.\n  \
             \"localservicesnames\" : [...],  (json array) Their names.\n  \
             \"localrelay\" : true|false,     (boolean) Asks peers for transactions.\n  \
             \"timeoffset\" : n,              (numeric) Seconds that the peers' clocks are ahead.\n  \
             \"networkactive\" : true|false,  (boolean) Connections are allowed.\n  \
             \"connections\" : n,             (numeric) Connections in all.\n  \
             \"connections_in\" : n,          (numeric) Those that peers opened.\n  \
             \"connections_out\" : n,         (numeric) Those that this node opened.\n  \
             \"networks\" : [                 (json array) Kinds of networks.\n    {\n      \
             \"name\" : \"str\",              (string) \"ipv4\", \"ipv6\" or \"onion\".\n      \
             \"limited\" : true|false,      (boolean) Switched off.\n      \
             \"reachable\" : true|false,    (boolean) The opposite.\n      \
             \"proxy\" : \"str\",             (string) The proxy, if any.\n      \
             \"proxy_randomize_credentials\" : true|false\n    },\n    ...\n  ],\n  \
             \"relayfee\" : n,                (numeric) LTC per 1000 virtual bytes that a transaction must pay.\n  \
             \"incrementalfee\" : n,          (numeric) And more to replace another.\n  \
             \"localaddresses\" : [           (json array) Where this node can be reached.\n    {\n      \
             \"address\" : \"str\",\n      \"port\" : n,\n      \"score\" : n\n    },\n    ...\n  ],\n  \
             \"warnings\" : \"str\"             (string) What the operator should know.\n}",
    examples: &[""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let node = call.node;
    let network = node.network();
    let mut out = Map::new();
    out.insert("version".into(), node.version().into());
    out.insert("subversion".into(), node.user_agent().into());
    out.insert("protocolversion".into(), PROTOCOL_VERSION.into());
    if let Some(network) = network {
        let services = network.local_services();
        out.insert("localservices".into(), format!("{:016x}", services.0).into());
        out.insert("localservicesnames".into(), services.names().into());
    }
    out.insert("localrelay".into(), network.is_some_and(Network::relays_transactions).into());
    out.insert("timeoffset".into(), network.map_or(0, Network::time_offset_s).into());
    if let Some(network) = network {
        let (inbound, outbound) = network.connections();
        out.insert("networkactive".into(), network.is_active().into());
        out.insert("connections".into(), (inbound + outbound).into());
        out.insert("connections_in".into(), inbound.into());
        out.insert("connections_out".into(), outbound.into());
    }
    let networks = network.map(Network::reachability).unwrap_or_default();
    out.insert("networks".into(), networks.iter().map(reachability).collect());
    let policy = node.chain().map_or_else(Policy::default, |chain| chain.reader().mempool().policy().clone());
    out.insert("relayfee".into(), amount_to_json(policy.min_relay_fee.per_k()));
    out.insert("incrementalfee".into(), amount_to_json(policy.incremental_relay_fee.per_k()));
    let addresses = network.map(Network::local_addresses).unwrap_or_default();
    out.insert("localaddresses".into(), addresses.iter().map(local_address).collect());
    out.insert("warnings".into(), node.warnings().into());
    Ok(out.into())
}

fn reachability(network: &Reachability) -> Value {
    json!({
        "name": network.name,
        "limited": !network.reachable,
        "reachable": network.reachable,
        "proxy": network.proxy,
        "proxy_randomize_credentials": network.randomizes_credentials,
    })
}

fn local_address(local: &LocalAddress) -> Value {
    json!({"address": local.address.to_string(), "port": local.port, "score": local.score})
}
