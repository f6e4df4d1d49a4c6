//! `-getinfo`: the state of a node at a glance, from several calls.

use litecast_config::Args;
use serde_json::{Map, Value, json};

use crate::Failure;
use crate::connection::Connection;
use crate::output::Printed;

/// Asks and prints; takes no parameters.
pub(crate) fn run(args: &Args, connection: &Connection, words: &[String]) -> Result<Printed, Failure> {
    if !words.is_empty() {
        return Err(Failure::Usage("-getinfo takes no arguments".to_owned()));
    }
    let replies = connection.batch(&["getnetworkinfo", "getblockchaininfo", "getwalletinfo", "getbalances"])?;
    // A node without wallet fails the last two; that is no reason to fail here.
    if let Some(failed) = replies[..2].iter().find(|reply| !reply["error"].is_null()) {
        return Ok(Printed::reply(failed));
    }
    let [network, chain, wallet, balances] = [0, 1, 2, 3].map(|index: usize| &replies[index]["result"]);
    let mut info = Map::new();
    let mut put = |name: &str, value: &Value| info.insert(name.to_owned(), value.clone());
    put("version", &network["version"]);
    put("blocks", &chain["blocks"]);
    put("headers", &chain["headers"]);
    put("verificationprogress", &chain["verificationprogress"]);
    put("timeoffset", &network["timeoffset"]);
    let (inbound, outbound) = (&network["connections_in"], &network["connections_out"]);
    put("connections", &json!({"in": inbound, "out": outbound, "total": network["connections"]}));
    put("proxy", &network["networks"][0]["proxy"]);
    put("difficulty", &chain["difficulty"]);
    put("chain", &chain["chain"]);
    if !wallet.is_null() {
        put("keypoolsize", &wallet["keypoolsize"]);
        if !wallet["unlocked_until"].is_null() {
            put("unlocked_until", &wallet["unlocked_until"]);
        }
        put("paytxfee", &wallet["paytxfee"]);
    }
    if !balances.is_null() {
        put("balance", &balances["mine"]["trusted"]);
    }
    put("relayfee", &network["relayfee"]);
    put("warnings", &network["warnings"]);
    if !args.is_set("rpcwallet")
        && let Some(balances) = wallet_balances(connection)?
    {
        put("balances", &balances);
    }
    Ok(Printed::result(&Value::Object(info)))
}

/// The balance of each wallet, where there are several.
fn wallet_balances(connection: &Connection) -> Result<Option<Value>, Failure> {
    let list = connection.call_wallet("listwallets", &json!([]), None)?;
    let names: Vec<&str> = list["result"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if !list["error"].is_null() || names.len() <= 1 {
        return Ok(None);
    }
    let mut balances = Map::new();
    for name in names {
        let reply = connection.call_wallet("getbalances", &json!([]), Some(name))?;
        balances.insert(name.to_owned(), reply["result"]["mine"]["trusted"].clone());
    }
    Ok(Some(Value::Object(balances)))
}
