//! `getpeerinfo`.

use std::time::Duration;

use litecast_p2p::{
    Time,
    fsm::{ConnectionType, PeerInfo, Permissions},
};
use serde_json::{Map, Value};

use crate::amount::amount_to_json;
use crate::code::RpcError;
use crate::method::{Call, Method};
use crate::render::double_to_json;

pub(super) const METHOD: Method = Method {
    name: "getpeerinfo",
    category: "network",
    args: &[],
    description: "Lists the connections, by number.",
    result: "[                               (json array)\n  {\n    \"id\" : n,                   (numeric) Number of the \
             connection.\n    \"addr\" : \"str\",               (string) The peer's address, or its name as it was given.\n    \
             \"addrbind\" : \"str\",           (string) This end.\n    \
             \"addrlocal\" : \"str\",          (string) This end as the peer sees it.\n    \
             \"network\" : \"str\",            (string) \"ipv4\", \"ipv6\", \"onion\" or \"unroutable\".\n    \
             \"services\" : \"hex\",           (string) Service bits of the peer.\n    \
             \"servicesnames\" : [...],      (json array) Their names.\n    \
             \"relaytxes\" : true|false,     (boolean) It wants transactions.\n    \
             \"lastsend\" : n,               (numeric) Unix time of the last byte sent; 0 if there was none.\n    \
             \"lastrecv\" : n,               (numeric) And received.\n    \
             \"last_transaction\" : n,       (numeric) Unix time of its last valid transaction.\n    \
             \"last_block\" : n,             (numeric) Unix time of its last new block.\n    \
             \"bytessent\" : n,              (numeric) Bytes sent.\n    \
             \"bytesrecv\" : n,              (numeric) Bytes received.\n    \
             \"conntime\" : n,               (numeric) Unix time when it began.\n    \
             \"timeoffset\" : n,             (numeric) Seconds that its clock is ahead.\n    \
             \"pingtime\" : n,               (numeric) Last round trip, seconds.\n    \
             \"minping\" : n,                (numeric) Shortest round trip, seconds.\n    \
             \"pingwait\" : n,               (numeric) How long an answer is due, seconds.\n    \
             \"version\" : n,                (numeric) Its protocol version.\n    \
             \"subver\" : \"str\",             (string) What it calls itself.\n    \
             \"inbound\" : true|false,       (boolean) It opened the connection.\n    \
             \"startingheight\" : n,         (numeric) Its height at the beginning.\n    \
             \"synced_headers\" : n,         (numeric) Last header that both have.\n    \
             \"synced_blocks\" : n,          (numeric) Last block that both have.\n    \
             \"inflight\" : [...],           (json array) Heights of blocks it was asked for.\n    \
             \"addr_processed\" : n,         (numeric) Addresses taken from it.\n    \
             \"addr_rate_limited\" : n,      (numeric) Addresses dropped because there were too many.\n    \
             \"permissions\" : [...],        (json array) Its rights.\n    \
             \"minfeefilter\" : n,           (numeric) LTC per 1000 virtual bytes that it wants transactions to pay.\n    \
             \"bytessent_per_msg\" : {...},  (json object) Bytes sent, by message.\n    \
             \"bytesrecv_per_msg\" : {...},  (json object) Bytes received, by message.\n    \
             \"connection_type\" : \"str\"     (string) Why the connection exists.\n  },\n  ...\n]",
    examples: &[""],
    handler: run,
};

fn run(call: &Call<'_>) -> Result<Value, RpcError> {
    let peers = call.node.require_network()?.peers();
    Ok(peers.iter().map(|peer| describe(peer, call)).collect())
}

fn describe(peer: &PeerInfo, call: &Call<'_>) -> Value {
    let deprecated = |name: &str| call.node.allows_deprecated(name);
    let mut out = Map::new();
    out.insert("id".into(), peer.id.into());
    out.insert("addr".into(), peer.name.clone().into());
    if let Some(bind) = peer.addr_bind {
        out.insert("addrbind".into(), bind.to_string().into());
    }
    if let Some(local) = peer.addr_local {
        out.insert("addrlocal".into(), local.to_string().into());
    }
    out.insert("network".into(), peer.network.name().into());
    out.insert("services".into(), format!("{:016x}", peer.services.0).into());
    out.insert("servicesnames".into(), peer.services.names().into());
    out.insert("relaytxes".into(), peer.relay_txes.into());
    out.insert("lastsend".into(), seconds(peer.last_send));
    out.insert("lastrecv".into(), seconds(peer.last_receive));
    out.insert("last_transaction".into(), seconds(peer.last_transaction));
    out.insert("last_block".into(), seconds(peer.last_block));
    out.insert("bytessent".into(), peer.bytes_sent.into());
    out.insert("bytesrecv".into(), peer.bytes_received.into());
    out.insert("conntime".into(), peer.connected_at.as_secs().into());
    out.insert("timeoffset".into(), peer.time_offset.into());
    for (name, time) in [("pingtime", peer.ping_time), ("minping", peer.min_ping), ("pingwait", peer.ping_wait)] {
        // The shortest may be zero, the others are then not known.
        if let Some(time) = time.filter(|time| name == "minping" || !time.is_zero()) {
            out.insert(name.into(), micros(time));
        }
    }
    out.insert("version".into(), peer.version.into());
    out.insert("subver".into(), peer.user_agent.clone().into());
    out.insert("inbound".into(), (peer.connection_type == ConnectionType::Inbound).into());
    if deprecated("getpeerinfo_addnode") {
        out.insert("addnode".into(), (peer.connection_type == ConnectionType::Manual).into());
    }
    out.insert("startingheight".into(), peer.starting_height.into());
    if deprecated("banscore") {
        out.insert("banscore".into(), peer.ban_score.into());
    }
    out.insert("synced_headers".into(), peer.synced_headers.map_or(-1, i64::from).into());
    out.insert("synced_blocks".into(), peer.synced_blocks.map_or(-1, i64::from).into());
    out.insert("inflight".into(), peer.in_flight.clone().into());
    out.insert("addr_processed".into(), peer.addr_processed.into());
    out.insert("addr_rate_limited".into(), peer.addr_rate_limited.into());
    if deprecated("whitelisted") {
        out.insert("whitelisted".into(), peer.permissions.has(Permissions::IMPLICIT).into());
    }
    out.insert("permissions".into(), peer.permissions.names().into());
    out.insert("minfeefilter".into(), amount_to_json(peer.min_fee_filter));
    out.insert("bytessent_per_msg".into(), by_message(&peer.bytes_sent_per_msg));
    out.insert("bytesrecv_per_msg".into(), by_message(&peer.bytes_received_per_msg));
    out.insert("connection_type".into(), peer.connection_type.name().into());
    out.into()
}

fn seconds(time: Option<Time>) -> Value {
    time.map_or(0, Time::as_secs).into()
}

fn micros(time: Duration) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "as the reference divides")]
    let micros = time.as_micros() as f64;
    double_to_json(micros / 1e6)
}

fn by_message(counts: &[(String, u64)]) -> Value {
    let counts = counts.iter().filter(|(_, bytes)| *bytes > 0);
    counts.map(|(name, bytes)| (name.clone(), Value::from(*bytes))).collect::<Map<_, _>>().into()
}
