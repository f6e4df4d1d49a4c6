//! Which parameters are JSON and which are strings: a fact of each method that the command line does not show (v0.21.5.5
//! `src/rpc/client.cpp`).

use serde_json::{Map, Value};

/// Method, and position and name of each parameter that is JSON. Sorted by method.
const JSON_PARAMS: &[(&str, &[(usize, &str)])] = &[
    ("addmultisigaddress", &[(0, "nrequired"), (1, "keys")]),
    ("addpeeraddress", &[(1, "port")]),
    ("bumpfee", &[(1, "options")]),
    ("combinepsbt", &[(0, "txs")]),
    ("combinerawtransaction", &[(0, "txs")]),
    ("converttopsbt", &[(1, "permitsigdata"), (2, "iswitness")]),
    ("createmultisig", &[(0, "nrequired"), (1, "keys")]),
    ("createpsbt", &[(0, "inputs"), (1, "outputs"), (2, "locktime"), (3, "replaceable")]),
    ("createrawtransaction", &[(0, "inputs"), (1, "outputs"), (2, "locktime"), (3, "replaceable")]),
    (
        "createwallet",
        &[(1, "disable_private_keys"), (2, "blank"), (4, "avoid_reuse"), (5, "descriptors"), (6, "load_on_startup")],
    ),
    ("decoderawtransaction", &[(1, "iswitness")]),
    ("deriveaddresses", &[(1, "range")]),
    ("disconnectnode", &[(1, "nodeid")]),
    ("estimaterawfee", &[(0, "conf_target"), (1, "threshold")]),
    ("estimatesmartfee", &[(0, "conf_target")]),
    ("finalizepsbt", &[(1, "extract")]),
    ("fundrawtransaction", &[(1, "options"), (2, "iswitness")]),
    ("generateblock", &[(1, "transactions")]),
    ("generatetoaddress", &[(0, "nblocks"), (2, "maxtries")]),
    ("generatetodescriptor", &[(0, "num_blocks"), (2, "maxtries")]),
    ("getbalance", &[(1, "minconf"), (2, "include_watchonly"), (3, "avoid_reuse")]),
    ("getblock", &[(1, "verbosity"), (1, "verbose")]),
    ("getblockhash", &[(0, "height")]),
    ("getblockheader", &[(1, "verbose")]),
    ("getblockstats", &[(0, "hash_or_height"), (1, "stats")]),
    ("getblocktemplate", &[(0, "template_request")]),
    ("getchaintxstats", &[(0, "nblocks")]),
    ("getmempoolancestors", &[(1, "verbose")]),
    ("getmempooldescendants", &[(1, "verbose")]),
    ("getnetworkhashps", &[(0, "nblocks"), (1, "height")]),
    ("getnodeaddresses", &[(0, "count")]),
    ("getrawmempool", &[(0, "verbose"), (1, "mempool_sequence")]),
    ("getrawtransaction", &[(1, "verbose")]),
    ("getreceivedbyaddress", &[(1, "minconf")]),
    ("getreceivedbylabel", &[(1, "minconf")]),
    ("gettransaction", &[(1, "include_watchonly"), (2, "verbose")]),
    ("gettxout", &[(1, "n"), (2, "include_mempool")]),
    ("gettxoutproof", &[(0, "txids")]),
    ("importaddress", &[(2, "rescan"), (3, "p2sh")]),
    ("importdescriptors", &[(0, "requests")]),
    ("importmulti", &[(0, "requests"), (1, "options")]),
    ("importprivkey", &[(2, "rescan")]),
    ("importpubkey", &[(2, "rescan")]),
    ("joinpsbts", &[(0, "txs")]),
    ("keypoolrefill", &[(0, "newsize")]),
    ("listreceivedbyaddress", &[(0, "minconf"), (1, "include_empty"), (2, "include_watchonly")]),
    ("listreceivedbylabel", &[(0, "minconf"), (1, "include_empty"), (2, "include_watchonly")]),
    ("listsinceblock", &[(1, "target_confirmations"), (2, "include_watchonly"), (3, "include_removed")]),
    ("listtransactions", &[(1, "count"), (2, "skip"), (3, "include_watchonly")]),
    ("listunspent", &[(0, "minconf"), (1, "maxconf"), (2, "addresses"), (3, "include_unsafe"), (4, "query_options")]),
    ("loadwallet", &[(1, "load_on_startup")]),
    ("lockunspent", &[(0, "unlock"), (1, "transactions")]),
    ("logging", &[(0, "include"), (1, "exclude")]),
    ("mockscheduler", &[(0, "delta_time")]),
    ("prioritisetransaction", &[(1, "dummy"), (2, "fee_delta")]),
    ("pruneblockchain", &[(0, "height")]),
    ("psbtbumpfee", &[(1, "options")]),
    ("rescanblockchain", &[(0, "start_height"), (1, "stop_height")]),
    ("scantxoutset", &[(1, "scanobjects")]),
    ("send", &[(0, "outputs"), (1, "conf_target"), (3, "fee_rate"), (4, "options")]),
    (
        "sendmany",
        &[
            (1, "amounts"),
            (2, "minconf"),
            (4, "subtractfeefrom"),
            (5, "replaceable"),
            (6, "conf_target"),
            (8, "fee_rate"),
            (9, "verbose"),
        ],
    ),
    ("sendrawtransaction", &[(1, "maxfeerate")]),
    (
        "sendtoaddress",
        &[
            (1, "amount"),
            (4, "subtractfeefromamount"),
            (5, "replaceable"),
            (6, "conf_target"),
            (8, "avoid_reuse"),
            (9, "fee_rate"),
            (10, "verbose"),
        ],
    ),
    ("setban", &[(2, "bantime"), (3, "absolute")]),
    ("sethdseed", &[(0, "newkeypool")]),
    ("setmocktime", &[(0, "timestamp")]),
    ("setnetworkactive", &[(0, "state")]),
    ("settxfee", &[(0, "amount")]),
    ("setwalletflag", &[(1, "value")]),
    ("signrawtransactionwithkey", &[(1, "privkeys"), (2, "prevtxs")]),
    ("signrawtransactionwithwallet", &[(1, "prevtxs")]),
    ("stop", &[(0, "wait")]),
    ("testmempoolaccept", &[(0, "rawtxs"), (1, "maxfeerate")]),
    ("unloadwallet", &[(1, "load_on_startup")]),
    ("upgradewallet", &[(0, "version")]),
    ("utxoupdatepsbt", &[(1, "descriptors")]),
    ("verifychain", &[(0, "checklevel"), (1, "nblocks")]),
    ("waitforblock", &[(1, "timeout")]),
    ("waitforblockheight", &[(0, "height"), (1, "timeout")]),
    ("waitfornewblock", &[(0, "timeout")]),
    ("walletcreatefundedpsbt", &[(0, "inputs"), (1, "outputs"), (2, "locktime"), (3, "options"), (4, "bip32derivs")]),
    ("walletpassphrase", &[(1, "timeout")]),
    ("walletprocesspsbt", &[(1, "sign"), (3, "bip32derivs")]),
];

fn is_json(method: &str, matches: impl Fn(usize, &str) -> bool) -> bool {
    // For tests: every argument of this one.
    if method == "echojson" {
        return true;
    }
    let found = JSON_PARAMS.binary_search_by_key(&method, |(name, _)| name);
    found.is_ok_and(|at| JSON_PARAMS[at].1.iter().any(|(index, name)| matches(*index, name)))
}

fn parse(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|_| format!("Error parsing JSON: {text}"))
}

/// Parameters by position.
pub(crate) fn positional(method: &str, params: &[String]) -> Result<Value, String> {
    let convert = |(index, text): (usize, &String)| {
        if is_json(method, |at, _| at == index) { parse(text) } else { Ok(Value::String(text.clone())) }
    };
    params.iter().enumerate().map(convert).collect::<Result<_, _>>().map(Value::Array)
}

/// Parameters as `name=value`.
pub(crate) fn named(method: &str, params: &[String]) -> Result<Value, String> {
    let mut map = Map::new();
    for param in params {
        let Some((name, text)) = param.split_once('=') else {
            return Err(format!(
                "No '=' in named argument '{param}', this needs to be present for every argument (even if it is empty)"
            ));
        };
        let value =
            if is_json(method, |_, known| known == name) { parse(text)? } else { Value::String(text.to_owned()) };
        map.insert(name.to_owned(), value);
    }
    Ok(Value::Object(map))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn table_is_sorted() {
        assert!(JSON_PARAMS.is_sorted_by_key(|(name, _)| name));
    }

    #[test]
    fn parameters_are_converted_by_method() {
        assert_eq!(positional("getblockhash", &words(&["5"])), Ok(json!([5])));
        assert_eq!(positional("getblock", &words(&["00", "2"])), Ok(json!(["00", 2])));
        assert_eq!(positional("echo", &words(&["5"])), Ok(json!(["5"])));
        assert_eq!(positional("getblockhash", &words(&["x"])), Err("Error parsing JSON: x".to_owned()));
        assert_eq!(
            named("getblock", &words(&["blockhash=00", "verbosity=1"])),
            Ok(json!({"blockhash": "00", "verbosity": 1}))
        );
        assert!(named("getblock", &words(&["00"])).unwrap_err().starts_with("No '=' in named argument '00'"));
    }
}
