//! The networks a node can be on, with what must be known before anything else: folder and ports.

use std::fmt;
use std::str::FromStr;

/// A network, under the names that `-chain` and the sections of the configuration file use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Chain {
    /// The network with money on it.
    Main,
    /// The public test network (testnet4).
    Test,
    /// The signed test network; known to the option parser, no node of ours runs it.
    Signet,
    /// Private regression test chains.
    Regtest,
}

impl Chain {
    /// Every network, in the reference's order.
    pub const ALL: [Self; 4] = [Self::Main, Self::Test, Self::Signet, Self::Regtest];

    /// The name in `-chain` and in sections.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Test => "test",
            Self::Signet => "signet",
            Self::Regtest => "regtest",
        }
    }

    /// The folder below the data directory; empty for the main network (v0.21.5.5 `src/chainparamsbase.cpp`).
    #[must_use]
    pub const fn data_dir(self) -> &'static str {
        match self {
            Self::Main => "",
            Self::Test => "testnet4",
            Self::Signet => "signet",
            Self::Regtest => "regtest",
        }
    }

    /// Default TCP port of the RPC server.
    #[must_use]
    pub const fn rpc_port(self) -> u16 {
        match self {
            Self::Main => 9332,
            Self::Test => 19332,
            Self::Signet => 39332,
            Self::Regtest => 19443,
        }
    }

    /// Default TCP port for peers (v0.21.5.5 `src/chainparams.cpp`).
    #[must_use]
    pub const fn p2p_port(self) -> u16 {
        match self {
            Self::Main => 9333,
            Self::Test => 19335,
            Self::Signet => 39333,
            Self::Regtest => 19444,
        }
    }

    /// Default port for inbound Tor connections. The reference gives regtest and testnet the P2P port itself.
    #[must_use]
    pub const fn onion_port(self) -> u16 {
        match self {
            Self::Main => 9333,
            Self::Test => 19335,
            Self::Signet => 39335,
            Self::Regtest => 19444,
        }
    }
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Chain {
    type Err = UnknownChain;

    fn from_str(name: &str) -> Result<Self, UnknownChain> {
        Self::ALL.into_iter().find(|chain| chain.name() == name).ok_or_else(|| UnknownChain(name.to_owned()))
    }
}

/// A `-chain` value that names no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("CreateBaseChainParams: Unknown chain {0}.")]
pub struct UnknownChain(pub String);
