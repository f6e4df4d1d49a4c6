//! Payments of every kind that a litecoind wallet can make with extension blocks, chosen at random.
//!
//! Peg-outs go to a third wallet, "vault", which spends them late: litecoind forgets the maturity of a peg-out whose spend it
//! has undone (see `pegout_maturity`), and its own blocks must be good here.

use std::collections::HashMap;

use rand::{RngExt as _, rngs::StdRng};
use serde_json::{Value, json};

use super::{Node, chain::Wallet, extension::litoshis};

/// Confirmations after which "vault" spends: a reorganisation of at most [`MAX_DEPTH`] blocks leaves the six of a peg-out.
const LATE: u64 = MAX_DEPTH + 7;
/// Deepest reorganisation that these payments allow.
pub(crate) const MAX_DEPTH: u64 = 8;
/// Fee of the transactions that are put together here, in litoshis.
const FEE: i64 = 20_000;

/// What a payment is meant to be. What it becomes is the wallet's choice: its change may stay inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// From outside to inside, with inside change.
    PegIn,
    /// Inside only.
    Inside,
    /// From inside to outside.
    PegOut,
    /// All coins of a wallet, from outside and inside, to the outside: a peg-in and a peg-out at once.
    Both,
    /// A coin for the next of these.
    Fund,
    /// A peg-out is spent.
    SpendPegOut,
    /// Outside only.
    Ordinary,
}

/// All of them; what concerns extension blocks most is there more often.
const KINDS: [Kind; 12] = [
    Kind::PegIn,
    Kind::PegIn,
    Kind::Inside,
    Kind::Inside,
    Kind::Inside,
    Kind::Inside,
    Kind::PegOut,
    Kind::PegOut,
    Kind::Both,
    Kind::Fund,
    Kind::SpendPegOut,
    Kind::Ordinary,
];

/// The wallets that pay each other.
pub(crate) const WALLETS: [&str; 4] = ["miner", "mweb", "both", "vault"];

/// Their owner.
pub(crate) struct Payer<'a> {
    pub(crate) wallet: Wallet<'a>,
    /// Payments that could not be made, and why.
    pub(crate) refused: Vec<String>,
    /// A new address takes litecoind longer than a payment.
    addresses: HashMap<(&'static str, &'static str), String>,
}

impl<'a> Payer<'a> {
    /// Makes the wallets.
    pub(crate) fn create(node: &'a Node) -> Self {
        let wallet = Wallet::create(node);
        for name in ["both", "vault"] {
            node.call("createwallet", json!([name]));
        }
        Self { wallet, refused: Vec::new(), addresses: HashMap::new() }
    }

    /// A random payment; none if the wallet cannot make it now.
    pub(crate) fn pay_something(&mut self, random: &mut StdRng) -> Option<(Kind, String)> {
        let kind = KINDS[random.random_range(0..KINDS.len())];
        self.pay(kind, random).map(|txid| (kind, txid))
    }

    /// A payment; its id, or none if the wallet cannot make it now.
    pub(crate) fn pay(&mut self, kind: Kind, random: &mut StdRng) -> Option<String> {
        let mut amount = |litoshis: std::ops::Range<i64>| in_ltc(random.random_range(litoshis));
        let (from, to, amount, all) = match kind {
            Kind::PegIn => ("miner", ("mweb", "mweb"), amount(1_000_000..4_000_000_000), false),
            Kind::Inside => {
                let amount = amount(100_000..300_000_000);
                let to = ["mweb", "mweb", "both", "miner"][random.random_range(0..4)];
                ("mweb", (to, "mweb"), amount, false)
            }
            Kind::PegOut => {
                let amount = amount(100_000..200_000_000);
                let form = ["legacy", "p2sh-segwit", "bech32"][random.random_range(0..3)];
                ("mweb", ("vault", form), amount, false)
            }
            Kind::Both => {
                let balances = self.wallet.call("both", "getbalances", json!([]));
                ("both", ("vault", "bech32"), in_ltc(litoshis(&balances["mine"]["trusted"])), true)
            }
            Kind::Fund => return self.spend_outside("miner", 100 + MAX_DEPTH, "both"),
            Kind::SpendPegOut => return self.spend_outside("vault", LATE, "miner"),
            Kind::Ordinary => return self.spend_outside("miner", 100 + MAX_DEPTH, "miner"),
        };
        let to = self.address(to.0, to.1);
        match self.wallet.try_call(from, "sendtoaddress", &json!([to, amount, "", "", all])) {
            Ok(txid) => Some(txid.as_str().unwrap().to_owned()),
            Err(error) => {
                self.refused.push(format!("{kind:?}: {error}"));
                None
            }
        }
    }

    /// An address of a wallet, always the same.
    fn address(&mut self, wallet: &'static str, kind: &'static str) -> String {
        let address = || self.wallet.address(wallet, kind);
        self.addresses.entry((wallet, kind)).or_insert_with(address).clone()
    }

    /// Sends one coin of a wallet, and nothing from inside, to another.
    fn spend_outside(&mut self, from: &str, confirmations: u64, to: &'static str) -> Option<String> {
        let coins = self.wallet.call(from, "listunspent", json!([confirmations]));
        let is_outside = |coin: &&Value| coin.get("vout").is_some() && litoshis(&coin["amount"]) > 2 * FEE;
        let coin = coins.as_array().unwrap().iter().find(is_outside)?;
        let input = json!([{"txid": coin["txid"], "vout": coin["vout"]}]);
        let target = json!([{ self.address(to, "bech32"): in_ltc(litoshis(&coin["amount"]) - FEE) }]);
        let raw = self.wallet.call(from, "createrawtransaction", json!([input, target]));
        let signed = self.wallet.call(from, "signrawtransactionwithwallet", json!([raw]));
        assert_eq!(signed["complete"], json!(true));
        Some(self.wallet.call(from, "sendrawtransaction", json!([signed["hex"]])).as_str().unwrap().to_owned())
    }
}

fn in_ltc(litoshis: i64) -> String {
    format!("{}.{:08}", litoshis / 100_000_000, litoshis % 100_000_000)
}
