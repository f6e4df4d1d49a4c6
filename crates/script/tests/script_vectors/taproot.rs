//! script_assets_test.json: Taproot and Tapscript spends, each with a way that works and mostly one that does not
//! (v0.21.5.5 src/test/script_tests.cpp, script_assets_test).

use litecast_primitives::{
    codec::Reader,
    transaction::{Transaction, TxOut},
};
use litecast_script::Flags;
use serde_json::Value;

use crate::{
    cases,
    flags::{consensus, parse},
    spend::{Spend, bytes, text},
};

pub(crate) struct AssetCase {
    pub(crate) success: Option<Spend>,
    pub(crate) failure: Option<Spend>,
    pub(crate) flags: Flags,
    /// Valid under all flags, also those that are not named.
    is_final: bool,
    pub(crate) comment: String,
}

pub(crate) fn read() -> Option<Vec<AssetCase>> {
    let read = |case: &Value| {
        let tx = Transaction::from_bytes(bytes(&case["tx"])).unwrap();
        let output = |output: &Value| TxOut::decode(&mut Reader::new(bytes(output))).unwrap();
        let spent: Vec<_> = case["prevouts"].as_array().unwrap().iter().map(output).collect();
        assert_eq!(spent.len(), tx.inputs().len());
        let index = usize::try_from(case["index"].as_u64().unwrap()).unwrap();
        let spend = |way: &Value| {
            let mut parts = tx.parts().clone();
            parts.inputs[index].script_sig = bytes(&way["scriptSig"]);
            parts.inputs[index].witness = way["witness"].as_array().unwrap().iter().map(bytes).collect();
            Spend::new(parts.into(), index, spent.clone())
        };
        AssetCase {
            success: case.get("success").map(spend),
            failure: case.get("failure").map(spend),
            flags: parse(text(&case["flags"])),
            is_final: case.get("final").is_some_and(|value| value.as_bool().unwrap()),
            comment: text(&case["comment"]).to_owned(),
        }
    };
    Some(cases("taproot/script_assets_test_minimized.json")?.iter().map(read).collect())
}

#[test]
fn script_assets() {
    let Some(cases) = read() else { return };
    let sets = consensus();
    let (mut checks, mut failures) = (0, Vec::new());
    for case in &cases {
        for flags in &sets {
            if let Some(success) = &case.success
                && (case.is_final || case.flags.contains(*flags))
            {
                checks += 1;
                if let Err(error) = success.verify(*flags) {
                    failures.push(format!("{}: {error:?} with {flags:?}", case.comment));
                }
            }
            if let Some(failure) = &case.failure
                && flags.contains(case.flags)
            {
                checks += 1;
                if failure.verify(*flags).is_ok() {
                    failures.push(format!("{}: valid with {flags:?}", case.comment));
                }
            }
        }
    }
    println!("script_assets_test_minimized.json: {} cases, {checks} checks", cases.len());
    assert!(!cases.is_empty() && checks > cases.len());
    failures.truncate(50);
    assert!(failures.is_empty(), "failures:\n{}", failures.join("\n"));
}
