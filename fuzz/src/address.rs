//! Addresses: what is read as one pays a script, and the script is paid by the same address.

use litecast_primitives::params::{Network, Params};
use litecast_script::{address::Destination, standard::Standard};

/// A text that may be an address of any network.
pub fn address(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for network in [Network::Main, Network::Test, Network::Regtest] {
        let prefixes = Params::new(network).addresses;
        let Some(destination) = Destination::decode(&text, &prefixes) else { continue };
        let written = destination.encode(&prefixes);
        assert_eq!(Destination::decode(&written, &prefixes).as_ref(), Some(&destination), "{text}");
        let script = destination.script_pubkey();
        match Standard::of(&script) {
            _ if matches!(destination, Destination::Stealth { .. }) => assert!(script.is_empty()),
            // They have the form of an address, but pay nobody outside of the extension block.
            Standard::MwebPegIn(_) | Standard::MwebHogAddr(_) => {}
            template => assert_eq!(template.destinations(), [destination], "{text}"),
        }
    }
}
