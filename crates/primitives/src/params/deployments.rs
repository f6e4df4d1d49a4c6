//! Version bits deployments: schedules by time (BIP9) or by height (BIP8), and what `-vbparams` changes on regtest.

use super::Params;
use crate::Height;

/// The deployments that are tracked by version bits (v0.21.5.5 src/consensus/params.h).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeploymentId {
    /// For tests of the mechanism.
    TestDummy = 0,
    /// BIP340-342.
    Taproot = 1,
    /// LIP-0002 to LIP-0004.
    Mweb = 2,
}

impl DeploymentId {
    /// All of them, in RPC's order.
    pub const ALL: [Self; 3] = [Self::TestDummy, Self::Taproot, Self::Mweb];

    /// The name in `getblockchaininfo` and `-vbparams` (v0.21.5.5 src/versionbitsinfo.cpp).
    pub const fn name(self) -> &'static str {
        match self {
            Self::TestDummy => "testdummy",
            Self::Taproot => "taproot",
            Self::Mweb => "mweb",
        }
    }
}

/// How a deployment's states are entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScheduleKind {
    /// Active from the first block.
    Always,
    /// Never active.
    Never,
    /// Median times decide; without enough signals it fails.
    Times,
    /// Heights decide; without enough signals it locks in at the end.
    Heights,
}

/// One deployment's schedule. Times are Unix seconds; -1 and -2 as start are the reference's always and never.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deployment {
    /// Version bit, 0 to 28.
    pub bit: u8,
    /// Median time at which signalling begins.
    pub start_time: i64,
    /// Median time at which it ends.
    pub timeout: i64,
    /// Height at which signalling begins.
    pub start_height: i64,
    /// Height at which it ends.
    pub timeout_height: i64,
}

impl Deployment {
    /// As `start_time`: active from the first block.
    pub const ALWAYS_ACTIVE: i64 = -1;
    /// As `start_time`: never active.
    pub const NEVER_ACTIVE: i64 = -2;
    /// As `timeout`: never.
    pub const NO_TIMEOUT: i64 = i64::MAX;

    /// Which kind of schedule the numbers make (v0.21.5.5 src/versionbits.cpp, GetStateFor).
    pub fn kind(&self) -> ScheduleKind {
        match (self.start_time, self.timeout) {
            (Self::ALWAYS_ACTIVE, _) => ScheduleKind::Always,
            (Self::NEVER_ACTIVE, _) => ScheduleKind::Never,
            (0, 0) => ScheduleKind::Heights,
            _ => ScheduleKind::Times,
        }
    }
}

/// What `-segwitheight` and `-vbparams` change; regtest only.
#[derive(Debug, Clone, Default)]
pub struct ActivationOverrides {
    /// `-segwitheight`; -1 is never.
    pub segwit_height: Option<i64>,
    /// Each `-vbparams`, as given.
    pub vbparams: Vec<String>,
}

/// An option that does not say what it must.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OverrideError {
    /// `-segwitheight` out of range.
    #[error("Activation height {0} for segwit is out of valid range. Use -1 to disable segwit.")]
    SegwitHeight(i64),
    /// Wrong number of fields.
    #[error("Version bits parameters malformed, expecting deployment:start:end[:heightstart:heightend]")]
    Malformed,
    /// A field is no number.
    #[error("Invalid {0} ({1})")]
    Number(&'static str, String),
    /// No such deployment.
    #[error("Invalid deployment ({0})")]
    Deployment(String),
}

impl Params {
    /// Applies overrides (v0.21.5.5 src/chainparams.cpp, UpdateActivationParametersFromArgs).
    pub fn apply(&mut self, overrides: &ActivationOverrides) -> Result<(), OverrideError> {
        if let Some(height) = overrides.segwit_height {
            self.segwit_height = match height {
                -1 => Height::MAX,
                0..2_147_483_647 => Height::try_from(height).expect("because the pattern bounds it"),
                _ => return Err(OverrideError::SegwitHeight(height)),
            };
        }
        for text in &overrides.vbparams {
            let fields: Vec<&str> = text.split(':').collect();
            if !(3..=5).contains(&fields.len()) {
                return Err(OverrideError::Malformed);
            }
            let number = |index: usize, name: &'static str| match fields.get(index) {
                Some(field) => field.parse().map_err(|_| OverrideError::Number(name, (*field).to_owned())),
                None => Ok(0),
            };
            let id = DeploymentId::ALL
                .into_iter()
                .find(|id| id.name() == fields[0])
                .ok_or_else(|| OverrideError::Deployment(fields[0].to_owned()))?;
            let deployment = &mut self.deployments[id as usize];
            *deployment = Deployment {
                bit: deployment.bit,
                start_time: number(1, "nStartTime")?,
                timeout: number(2, "nTimeout")?,
                start_height: number(3, "nStartHeight")?,
                timeout_height: number(4, "nTimeoutHeight")?,
            };
        }
        Ok(())
    }
}
