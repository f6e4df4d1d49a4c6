//! Extension blocks as both nodes tell them, and what must be true of them in any case.
//!
//! The shapes are those of v0.21.5.5 `src/rpc/blockchain.cpp`; 0.21.2.1 prints the same, so whole answers are compared.
//! Amounts are in litoshis.

use serde_json::{Value, json};

use super::Node;

/// Length of what a field of [`assert_same`] shows of a value.
const SHOWN: usize = 200;

/// What a block's extension block holds.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Contents {
    pub(crate) peg_ins: usize,
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) kernels: usize,
    pub(crate) peg_outs: usize,
    /// Outputs that are spent in the block that makes them.
    pub(crate) spent_at_once: usize,
}

/// An amount that is printed in LTC.
pub(crate) fn litoshis(value: &Value) -> i64 {
    let text = value.to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    assert!(part.len() <= 8, "{text} has too many places");
    format!("{whole}{part:0<8}").parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Fails and names the field where two answers differ.
pub(crate) fn assert_same(what: &str, mine: &Value, other: &Value) {
    match (mine, other) {
        (Value::Object(mine), Value::Object(other)) => {
            let names = |object: &serde_json::Map<String, Value>| object.keys().cloned().collect::<Vec<_>>();
            assert_eq!(names(mine), names(other), "{what}: other fields");
            for (name, value) in mine {
                assert_same(&format!("{what}.{name}"), value, &other[name]);
            }
        }
        (Value::Array(mine), Value::Array(other)) => {
            assert_eq!(mine.len(), other.len(), "{what}: other length");
            for (at, (mine, other)) in mine.iter().zip(other).enumerate() {
                assert_same(&format!("{what}[{at}]"), mine, other);
            }
        }
        _ => {
            let show = |value: &Value| value.to_string().chars().take(SHOWN).collect::<String>();
            assert!(mine == other, "{what}: {} here, {} there", show(mine), show(other));
        }
    }
}

/// Both nodes, which have the same tip, tell the same of a block, and its coins add up.
pub(crate) fn assert_same_block(ours: &Node, theirs: &Node, hash: &str) -> Contents {
    let both = |method: &str, params: &Value| {
        let other = theirs.call(method, params.clone());
        assert_same(&format!("{method} {params}"), &ours.call(method, params.clone()), &other);
        other
    };
    let block = both("getblock", &json!([hash, 2]));
    both("getblock", &json!([hash, 1]));
    let header = both("getblockheader", &json!([hash]));
    contents(&block, &header)
}

/// Checks the amounts of a block, by its inputs and outputs, and counts.
pub(crate) fn contents(block: &Value, header: &Value) -> Contents {
    let Some(mweb) = block.get("mweb") else {
        assert_eq!(header.get("mweb_header"), None, "a header without a block: {header}");
        return Contents::default();
    };
    let list = |name: &str| mweb[name].as_array().unwrap();
    let hash = &block["hash"];
    for (name, value) in header["mweb_header"].as_object().unwrap() {
        assert_eq!(&mweb[name], value, "mweb.{name} of {hash}");
    }
    assert_eq!(mweb["height"], block["height"]);
    assert_eq!(mweb["num_kernels"], json!(list("kernels").len()));

    let txs = block["tx"].as_array().unwrap();
    let hogex = txs.last().unwrap();
    let outputs = hogex["vout"].as_array().unwrap();
    let peg_ins: Vec<&Value> = txs[..txs.len() - 1]
        .iter()
        .flat_map(|tx| tx["vout"].as_array().unwrap())
        .filter(|output| output["scriptPubKey"]["type"] == "witness_mweb_pegin")
        .collect();
    let sum = |outputs: &mut dyn Iterator<Item = &Value>| outputs.map(|output| litoshis(&output["value"])).sum::<i64>();
    let fees: i64 = list("kernels").iter().map(|kernel| kernel["fee"].as_i64().unwrap()).sum();
    let supply = litoshis(&outputs[0]["value"]);
    let before = header["prev_mweb_amount"].as_i64().unwrap();
    let change = sum(&mut peg_ins.iter().copied()) - sum(&mut outputs[1..].iter()) - fees;
    assert_eq!(supply, before + change, "the HogEx of {hash} does not add up");
    assert_eq!(header["mweb_amount"], json!(supply), "the supply after {hash}");
    assert_eq!(
        outputs[0]["scriptPubKey"]["hex"],
        json!(format!("5820{}", mweb["hash"].as_str().unwrap())),
        "the HogEx of {hash} names its extension block"
    );
    let first = usize::from(before == 0 && header["height"] == json!(super::chain::FIRST_MWEB_HEIGHT));
    assert_eq!(hogex["vin"].as_array().unwrap().len(), peg_ins.len() + 1 - first, "inputs of the HogEx of {hash}");

    let made: Vec<&Value> = list("outputs").iter().map(|output| &output["output_id"]).collect();
    Contents {
        peg_ins: peg_ins.len(),
        inputs: list("inputs").len(),
        outputs: made.len(),
        kernels: list("kernels").len(),
        peg_outs: outputs.len() - 1,
        spent_at_once: list("inputs").iter().filter(|input| made.contains(&&input["output_id"])).count(),
    }
}

/// Both nodes, which have the same tip, hold the same coins.
pub(crate) fn assert_same_coins(ours: &Node, theirs: &Node) {
    let coins = |node: &Node| {
        let mut info = node.call("gettxoutsetinfo", json!([]));
        // An estimate of the database, which is another one.
        info.as_object_mut().unwrap().remove("disk_size").expect("because both have the field");
        info
    };
    assert_same("gettxoutsetinfo", &coins(ours), &coins(theirs));
}

impl std::ops::AddAssign for Contents {
    fn add_assign(&mut self, more: Self) {
        self.peg_ins += more.peg_ins;
        self.inputs += more.inputs;
        self.outputs += more.outputs;
        self.kernels += more.kernels;
        self.peg_outs += more.peg_outs;
        self.spent_at_once += more.spent_at_once;
    }
}
