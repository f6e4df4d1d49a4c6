//! Chains that litecoind's wallet makes, with everything extension blocks can hold.

use litecast_client::RpcError;
use serde_json::{Value, json};

use super::Node;

/// The first block with an extension block on regtest (v0.21.5.5 `src/chainparams.cpp`, MWEB deployment).
pub(crate) const FIRST_MWEB_HEIGHT: u64 = 432;

/// A litecoind's wallets. "miner" earns and pegs in; "mweb" holds nothing but coins of the extension block.
pub(crate) struct Wallet<'a> {
    node: &'a Node,
}

impl<'a> Wallet<'a> {
    /// Makes both wallets.
    pub(crate) fn create(node: &'a Node) -> Self {
        for name in ["miner", "mweb"] {
            node.call("createwallet", json!([name]));
        }
        Self { node }
    }

    /// A call to one of the wallets that may fail.
    pub(crate) fn try_call(&self, wallet: &str, method: &str, params: &Value) -> Result<Value, RpcError> {
        self.node.client().path(&format!("/wallet/{wallet}")).call(method, params)
    }

    /// A call to one of the wallets.
    #[expect(clippy::needless_pass_by_value, reason = "calls read better with json!([…]) than with a reference to it")]
    pub(crate) fn call(&self, wallet: &str, method: &str, params: Value) -> Value {
        let answer = self.try_call(wallet, method, &params);
        answer.unwrap_or_else(|error| panic!("{wallet}: {method} {params}: {error}"))
    }

    /// A new address; `kind` is an address type or empty.
    pub(crate) fn address(&self, wallet: &str, kind: &str) -> String {
        let params = if kind.is_empty() { json!([]) } else { json!(["", kind]) };
        self.call(wallet, "getnewaddress", params).as_str().unwrap().to_owned()
    }

    /// Mines to a new address; returns the hashes.
    pub(crate) fn mine(&self, count: u64) -> Vec<String> {
        let address = self.address("miner", "");
        let hashes = self.node.call("generatetoaddress", json!([count, address]));
        hashes.as_array().unwrap().iter().map(|hash| hash.as_str().unwrap().to_owned()).collect()
    }

    /// Sends from one wallet to an address of another.
    pub(crate) fn send(&self, from: &str, to: &str, kind: &str, amount: &str) {
        let address = self.address(to, kind);
        self.call(from, "sendtoaddress", json!([address, amount]));
    }

    /// A transaction that pays nobody but a data output. Relay policy can be told to refuse it (`-datacarrier=0`), so a node
    /// under test never has it in its mempool, only in blocks. It spends an old coin: a reorganisation must not take a
    /// peg-out's maturity from it.
    pub(crate) fn send_data(&self, data: &[u8]) -> String {
        let coins = self.call("miner", "listunspent", json!([60]));
        let input = json!([{"txid": coins[0]["txid"], "vout": coins[0]["vout"]}]);
        let raw = self.call("miner", "createrawtransaction", json!([input, [{"data": hex::encode(data)}]]));
        // Change in the extension block would make it a peg-in.
        let options = json!({"changeAddress": self.address("miner", "bech32"), "feeRate": "0.001"});
        let funded = self.call("miner", "fundrawtransaction", json!([raw, options]));
        let signed = self.call("miner", "signrawtransactionwithwallet", json!([funded["hex"]]));
        assert_eq!(signed["complete"], json!(true));
        self.call("miner", "sendrawtransaction", json!([signed["hex"]])).as_str().unwrap().to_owned()
    }

    /// From nothing to one block past the first extension block, which holds two peg-ins.
    pub(crate) fn activate_mweb(&self) {
        self.mine(FIRST_MWEB_HEIGHT - 1 - self.node.height());
        self.send("miner", "mweb", "mweb", "20");
        self.send("miner", "mweb", "mweb", "30");
        self.mine(1);
        assert_eq!(self.node.height(), FIRST_MWEB_HEIGHT);
    }

    /// One block each with ordinary payments, a peg-in, a payment within the extension block, a peg-out, all of that, nothing.
    pub(crate) fn round(&self) {
        let ordinary = || self.send("miner", "miner", "", "3");
        let peg_in = || self.send("miner", "mweb", "mweb", "60");
        let inside = || self.send("mweb", "mweb", "mweb", "2");
        let peg_out = |kind: &str| self.send("mweb", "miner", kind, "1");
        for step in 0..6 {
            match step {
                0 => {
                    ordinary();
                    ordinary();
                }
                1 => peg_in(),
                2 => inside(),
                3 => peg_out("bech32"),
                4 => {
                    ordinary();
                    peg_in();
                    inside();
                    peg_out("legacy");
                    peg_out("p2sh-segwit");
                }
                _ => {}
            }
            self.mine(1);
            if step == 4 {
                // What pays with its own change may take one more block.
                self.mine(1);
            }
        }
    }
}

/// Bits of a kernel's features (v0.21.5.5 `src/libmw/include/mw/models/tx/Kernel.h`).
const KERNEL_PEGIN: u64 = 2;
/// See [`KERNEL_PEGIN`].
const KERNEL_PEGOUT: u64 = 4;

/// How many kernels with a peg-in, spent outputs, kernels with peg-outs, and empty extension blocks the active chain has, by litecoind's own account.
pub(crate) fn mweb_census(node: &Node) -> [usize; 4] {
    let mut census = [0; 4];
    for height in FIRST_MWEB_HEIGHT..=node.height() {
        let block = node.call("getblock", json!([node.hash_at(height), 2]));
        let mweb = &block["mweb"];
        let kernels = mweb["kernels"].as_array().unwrap();
        let with = |bit| kernels.iter().filter(|kernel| kernel["features"].as_u64().unwrap() & bit != 0).count();
        census[0] += with(KERNEL_PEGIN);
        census[1] += mweb["inputs"].as_array().map_or(0, Vec::len);
        census[2] += with(KERNEL_PEGOUT);
        census[3] += usize::from(kernels.is_empty());
    }
    census
}
