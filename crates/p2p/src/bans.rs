//! Bans and discouragement (v0.21.5.5 src/banman.cpp).
//!
//! *Banned* are ranges that the operator named, until a time, kept in `banlist.dat`. *Discouraged* are addresses that
//! misbehaved, in a filter of fixed size that forgets and is not kept. Refuses clocks and files: times are Unix
//! seconds, the file is bytes.

use std::collections::BTreeMap;

use bytes::Bytes;
use litecast_primitives::codec::put_len;

use crate::{
    bloom::RollingBloom,
    data_file::{self, DataFileError},
    netaddr::{NetAddr, SubNet},
};

/// `-bantime` in seconds.
pub const DEFAULT_MISBEHAVING_BANTIME: i64 = 24 * 60 * 60;
const ENTRY_VERSION: i32 = 1;
/// "Manually added"; once there were others.
const BAN_REASON: u8 = 2;
/// A network, a mask, whether they are valid, and the entry.
const ENTRY_SIZE: usize = 33 + 21;

/// Since when and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BanEntry {
    /// Unix seconds.
    pub created: i64,
    /// Unix seconds.
    pub until: i64,
}

/// Who is not welcome.
#[derive(Debug, Clone)]
pub struct BanList {
    banned: BTreeMap<SubNet, BanEntry>,
    discouraged: RollingBloom,
    default_time: i64,
    dirty: bool,
}

impl BanList {
    /// Nobody. `default_time` is `-bantime`; the key hides which addresses the filter confuses.
    pub fn new(default_time: i64, key: (u64, u64)) -> Self {
        Self { banned: BTreeMap::new(), discouraged: RollingBloom::new(50_000, 20, key), default_time, dirty: false }
    }

    /// Whether an address lies in a banned range.
    pub fn is_banned(&self, addr: &NetAddr, now: i64) -> bool {
        self.banned.iter().any(|(subnet, ban)| now < ban.until && subnet.contains(addr))
    }

    /// Whether exactly this range is banned.
    pub fn is_banned_range(&self, subnet: &SubNet, now: i64) -> bool {
        self.banned.get(subnet).is_some_and(|ban| now < ban.until)
    }

    /// Bans for a time, or until one. Zero and less are `-bantime`. A ban never gets shorter; false if nothing changed.
    pub fn ban(&mut self, subnet: SubNet, time: i64, absolute: bool, now: i64) -> bool {
        let until = match time {
            ..=0 => now.saturating_add(self.default_time),
            _ if absolute => time,
            _ => now.saturating_add(time),
        };
        if self.banned.get(&subnet).map_or(0, |ban| ban.until) >= until {
            return false;
        }
        self.banned.insert(subnet, BanEntry { created: now, until });
        self.dirty = true;
        true
    }

    /// Lifts the ban of exactly this range; false if there was none.
    pub fn unban(&mut self, subnet: &SubNet) -> bool {
        let found = self.banned.remove(subnet).is_some();
        self.dirty |= found;
        found
    }

    /// Lifts all bans.
    pub fn clear(&mut self) {
        self.banned.clear();
        self.dirty = true;
    }

    /// Forgets bans that are over.
    pub fn sweep(&mut self, now: i64) {
        let before = self.banned.len();
        self.banned.retain(|_, ban| now <= ban.until);
        self.dirty |= self.banned.len() != before;
    }

    /// All bans that are not over, in the order of `listbanned`.
    pub fn list(&self, now: i64) -> Vec<(SubNet, BanEntry)> {
        self.banned.iter().filter(|(_, ban)| now <= ban.until).map(|(subnet, ban)| (*subnet, *ban)).collect()
    }

    /// Remembers somebody who misbehaved.
    pub fn discourage(&mut self, addr: &NetAddr) {
        self.discouraged.insert(&addr.key());
    }

    /// Whether it misbehaved, as far as is remembered.
    pub fn is_discouraged(&self, addr: &NetAddr) -> bool {
        self.discouraged.contains(&addr.key())
    }

    /// Whether the file does not say the same.
    pub fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// The file has what [`BanList::encode`] gave.
    pub fn saved(&mut self) {
        self.dirty = false;
    }

    /// The content of `banlist.dat`. Its form cannot hold Tor v3, I2P and CJDNS: bans of those last until a restart.
    pub fn encode(&self, magic: [u8; 4]) -> Vec<u8> {
        let entries: Vec<_> = self.banned.iter().filter_map(|(subnet, ban)| Some((subnet.encode()?, ban))).collect();
        let mut out = Vec::with_capacity(9 + entries.len() * ENTRY_SIZE);
        put_len(&mut out, entries.len());
        for (subnet, ban) in entries {
            out.extend(subnet);
            out.extend(ENTRY_VERSION.to_le_bytes());
            out.extend(ban.created.to_le_bytes());
            out.extend(ban.until.to_le_bytes());
            out.push(BAN_REASON);
        }
        data_file::seal(magic, &out)
    }

    /// Replaces the bans by those of a file. What is over or makes no sense is left out, and then the file is dirty.
    pub fn load(&mut self, file: &Bytes, magic: [u8; 4], now: i64) -> Result<(), DataFileError> {
        let entries = data_file::open(magic, file, |r| {
            Ok(r.vector(ENTRY_SIZE, |r| {
                let subnet = SubNet::decode(r)?;
                r.i32()?;
                let ban = BanEntry { created: r.i64()?, until: r.i64()? };
                r.u8()?;
                Ok((subnet, ban))
            })?)
        })?;
        let told = entries.len();
        self.banned = entries.into_iter().filter_map(|(subnet, ban)| Some((subnet?, ban))).collect();
        self.dirty = self.banned.len() != told;
        self.sweep(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
