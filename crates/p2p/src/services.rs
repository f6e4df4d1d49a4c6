//! Service flags: what a node says it can do (v0.21.5.5 src/protocol.h, ServiceFlags).

use std::ops::{BitAnd, BitOr};

/// A set of service bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ServiceFlags(pub u64);

impl ServiceFlags {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Serves the whole chain.
    pub const NETWORK: Self = Self(1);
    /// BIP64; nobody implements it.
    pub const GETUTXO: Self = Self(1 << 1);
    /// BIP37 and BIP111.
    pub const BLOOM: Self = Self(1 << 2);
    /// Serves witnesses.
    pub const WITNESS: Self = Self(1 << 3);
    /// BIP157.
    pub const COMPACT_FILTERS: Self = Self(1 << 6);
    /// BIP159: serves the last 288 blocks.
    pub const NETWORK_LIMITED: Self = Self(1 << 10);
    /// BIP324: speaks the encrypted transport.
    pub const P2P_V2: Self = Self(1 << 11);
    /// LIP-0006.
    pub const MWEB_LIGHT_CLIENT: Self = Self(1 << 23);
    /// Serves extension blocks.
    pub const MWEB: Self = Self(1 << 24);

    /// What this node offers: the whole chain in every encoding, and what MWEB light clients need
    /// (v0.21.5.5 src/init.cpp: wherever SegWit is scheduled, which is every network).
    pub const OURS: Self =
        Self(Self::NETWORK.0 | Self::NETWORK_LIMITED.0 | Self::WITNESS.0 | Self::MWEB.0 | Self::MWEB_LIGHT_CLIENT.0);

    /// Whether all of `other` is in here.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// What an automatic outbound peer must offer (v0.21.5.5 src/protocol.cpp, GetDesirableServiceFlags).
    pub const fn desirable(self, initial_download: bool) -> Self {
        let base =
            if self.has(Self::NETWORK_LIMITED) && !initial_download { Self::NETWORK_LIMITED } else { Self::NETWORK };
        Self(base.0 | Self::WITNESS.0 | Self::MWEB.0)
    }

    /// The names in `getpeerinfo`, lowest bit first; unknown bits as `UNKNOWN[2^n]`.
    pub fn names(self) -> Vec<String> {
        (0..64)
            .filter(|bit| self.0 & (1 << bit) != 0)
            .map(|bit| match Self(1 << bit) {
                Self::NETWORK => "NETWORK".to_owned(),
                Self::GETUTXO => "GETUTXO".to_owned(),
                Self::BLOOM => "BLOOM".to_owned(),
                Self::WITNESS => "WITNESS".to_owned(),
                Self::COMPACT_FILTERS => "COMPACT_FILTERS".to_owned(),
                Self::NETWORK_LIMITED => "NETWORK_LIMITED".to_owned(),
                Self::P2P_V2 => "P2P_V2".to_owned(),
                Self::MWEB_LIGHT_CLIENT => "MWEB_LIGHT_CLIENT".to_owned(),
                Self::MWEB => "MWEB".to_owned(),
                _ => format!("UNKNOWN[2^{bit}]"),
            })
            .collect()
    }
}

impl BitOr for ServiceFlags {
    type Output = Self;
    fn bitor(self, rhs: Self) -> Self {
        Self(self.0 | rhs.0)
    }
}

impl BitAnd for ServiceFlags {
    type Output = Self;
    fn bitand(self, rhs: Self) -> Self {
        Self(self.0 & rhs.0)
    }
}
