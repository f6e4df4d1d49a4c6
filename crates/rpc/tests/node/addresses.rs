//! Addresses, against those that other software wrote.

use litecast_primitives::params::{Network, Params};
use litecast_script::address::Destination;
use serde_json::Value;

use crate::harness::vector_json;

const ALL: [Network; 3] = [Network::Main, Network::Test, Network::Regtest];

fn decode(text: &str, network: Network) -> Option<Destination> {
    Destination::decode(text, &Params::new(network).addresses)
}

fn encode(destination: &Destination, network: Network) -> String {
    destination.encode(&Params::new(network).addresses)
}

#[test]
fn addresses_of_other_software() {
    let Some(Value::Array(entries)) = vector_json("addresses/addresses.json") else { return };
    assert!(entries.len() > 50);
    for entry in &entries {
        let text = |key: &str| entry[key].as_str();
        let address = text("address").unwrap();
        let network = if text("network").unwrap() == "main" { Network::Main } else { Network::Test };
        if ["witness_v8", "witness_v9"].contains(&text("type").unwrap()) {
            // Other software writes the scripts of the extension block as Bech32; the reference takes only Bech32m.
            assert_eq!(decode(address, network), None, "{address}");
            continue;
        }
        let found = decode(address, network).unwrap_or_else(|| panic!("{entry}"));
        match text("script") {
            Some(script) => assert_eq!(hex::encode(found.script_pubkey()), script, "{address}"),
            None => {
                let Destination::Stealth { scan, spend } = &found else { panic!("{address}") };
                assert_eq!(Some(hex::encode(scan).as_str()), text("scan_pubkey"), "{address}");
                assert_eq!(Some(hex::encode(spend).as_str()), text("spend_pubkey"), "{address}");
            }
        }
        if !text("type").unwrap().contains("legacy") {
            assert_eq!(encode(&found, network), address.to_owned(), "{entry}");
        }
    }
}

/// v0.21.5.5 src/test/key_io_tests.cpp, key_io_valid_parse and key_io_valid_gen.
#[test]
fn valid_addresses_of_the_reference() {
    let Some(Value::Array(entries)) = vector_json("vectors/litecoin-core/key_io_valid.json") else { return };
    for entry in &entries {
        let (address, script, about) = (entry[0].as_str().unwrap(), entry[1].as_str().unwrap(), &entry[2]);
        let network: Network = about["chain"].as_str().unwrap().parse().unwrap();
        if about["isPrivkey"].as_bool().unwrap() {
            assert_eq!(decode(address, network), None, "{address}");
            continue;
        }
        let found = decode(address, network).unwrap_or_else(|| panic!("{entry}"));
        assert_eq!(hex::encode(found.script_pubkey()), script, "{address}");
        assert_eq!(encode(&found, network), address, "{address}");
        let flips = about["tryCaseFlip"] == true;
        // Spaces around Base58 are nobody's business, around Bech32 they are.
        let spaced = decode(&format!(" \t{address}\n"), network);
        assert_eq!(spaced, if flips { None } else { Some(found.clone()) }, "{address}");
        let flipped: String = address
            .chars()
            .map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
            .collect();
        assert_eq!(decode(&flipped, network), flips.then_some(found), "{flipped}");
    }
}

/// v0.21.5.5 src/test/key_io_tests.cpp, key_io_invalid.
#[test]
fn invalid_addresses_of_the_reference() {
    let Some(Value::Array(entries)) = vector_json("vectors/litecoin-core/key_io_invalid.json") else { return };
    assert!(!entries.is_empty());
    for entry in &entries {
        for network in ALL {
            assert_eq!(decode(entry[0].as_str().unwrap(), network), None, "{entry} on {network}");
        }
    }
}
