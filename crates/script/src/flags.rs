//! Verification flags: which rules a script is held to (v0.21.5.5 src/script/interpreter.h, src/policy/policy.h).

use std::ops::{BitOr, BitOrAssign};

/// A set of rules. The bits are the reference's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Flags(u32);

macro_rules! flags {
    ($($bit:literal $name:ident $doc:literal;)*) => {
        impl Flags {
            $(#[doc = $doc] pub const $name: Self = Self(1 << $bit);)*

            /// Every flag with its name, as test vectors spell it.
            pub const ALL: &'static [(&'static str, Self)] = &[$((stringify!($name), Self::$name)),*];
        }
    };
}

flags! {
    0 P2SH "Evaluate redeem scripts (BIP16).";
    1 STRICTENC "Signatures, hash types and keys have one of their defined encodings.";
    2 DERSIG "Signatures are strict DER (BIP66).";
    3 LOW_S "S is at most half of the group's order (BIP62 rule 5).";
    4 NULLDUMMY "The element that CHECKMULTISIG takes too much is empty (BIP147).";
    5 SIGPUSHONLY "The input's script only pushes (BIP62 rule 2).";
    6 MINIMALDATA "Pushes and numbers are as short as possible (BIP62 rules 3 and 4).";
    7 DISCOURAGE_UPGRADABLE_NOPS "No NOP that may get a meaning.";
    8 CLEANSTACK "One element remains (BIP62 rule 6). Only with P2SH and WITNESS.";
    9 CHECKLOCKTIMEVERIFY "Absolute lock times (BIP65).";
    10 CHECKSEQUENCEVERIFY "Relative lock times (BIP112).";
    11 WITNESS "Witness programs (BIP141).";
    12 DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM "No witness version that may get a meaning.";
    13 MINIMALIF "The argument of IF and NOTIF in witness version 0 is empty or 1.";
    14 NULLFAIL "A signature that fails is empty (BIP146).";
    15 WITNESS_PUBKEYTYPE "Keys in witness version 0 are compressed.";
    16 CONST_SCRIPTCODE "No CODESEPARATOR, and no signature inside the script it signs.";
    17 TAPROOT "Taproot and Tapscript (BIP341, BIP342).";
    18 DISCOURAGE_UPGRADABLE_TAPROOT_VERSION "No leaf version that may get a meaning.";
    19 DISCOURAGE_OP_SUCCESS "No opcode that may get a meaning in Tapscript.";
    20 DISCOURAGE_UPGRADABLE_PUBKEYTYPE "No kind of key that may get a meaning in Tapscript.";
}

impl Flags {
    /// No rule that was added later.
    pub const NONE: Self = Self(0);
    /// A transaction that breaks these is invalid on every chain.
    pub const MANDATORY: Self = Self::P2SH;
    /// What the memory pool holds transactions to.
    pub const STANDARD: Self = Self(
        Self::MANDATORY.0
            | Self::DERSIG.0
            | Self::STRICTENC.0
            | Self::MINIMALDATA.0
            | Self::NULLDUMMY.0
            | Self::DISCOURAGE_UPGRADABLE_NOPS.0
            | Self::CLEANSTACK.0
            | Self::MINIMALIF.0
            | Self::NULLFAIL.0
            | Self::CHECKLOCKTIMEVERIFY.0
            | Self::CHECKSEQUENCEVERIFY.0
            | Self::LOW_S.0
            | Self::WITNESS.0
            | Self::DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM.0
            | Self::WITNESS_PUBKEYTYPE.0
            | Self::CONST_SCRIPTCODE.0
            | Self::TAPROOT.0
            | Self::DISCOURAGE_UPGRADABLE_TAPROOT_VERSION.0
            | Self::DISCOURAGE_OP_SUCCESS.0
            | Self::DISCOURAGE_UPGRADABLE_PUBKEYTYPE.0,
    );

    /// The reference's number.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// From the reference's number; bits without a meaning are dropped.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits & ((1 << Self::ALL.len()) - 1))
    }

    /// Whether all of `other` are in force.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Without those of `other`.
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// A flag by its name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, flag)| *flag)
    }
}

impl BitOr for Flags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Flags {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}
