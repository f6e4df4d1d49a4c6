//! Bans as the operator sets them (v0.21.5.5 src/rpc/net.cpp, setban, listbanned, clearbanned), and who is let in.

use super::{
    Context, Fsm,
    input::{CommandError, Permissions},
    output::DisconnectReason,
};
use crate::{
    bans::BanList,
    netaddr::{NetAddr, SubNet},
};

impl Fsm {
    /// The bans, to be told and to be written to `banlist.dat`.
    pub fn bans(&self) -> &BanList {
        &self.addresses.bans
    }

    /// The bans: to load them from `banlist.dat`, and to say that they were written.
    pub fn bans_mut(&mut self) -> &mut BanList {
        &mut self.addresses.bans
    }

    /// Bans a range and leaves all peers in it.
    pub(super) fn set_ban(
        &mut self,
        cx: Context<'_>,
        (subnet, address): (SubNet, bool),
        time: i64,
        absolute: bool,
    ) -> Result<(), CommandError> {
        let now = cx.clock.as_secs();
        let bans = &mut self.addresses.bans;
        let banned = if address { bans.is_banned(subnet.network(), now) } else { bans.is_banned_range(&subnet, now) };
        if banned {
            return Err(CommandError::AlreadyBanned);
        }
        bans.ban(subnet, time, absolute, now);
        bans.sweep(now);
        for peer in self.peers.values_mut().filter(|p| subnet.contains(&p.addr.addr)) {
            peer.close(DisconnectReason::Banned);
        }
        Ok(())
    }

    pub(super) fn unset_ban(&mut self, subnet: &SubNet) -> Result<(), CommandError> {
        if self.addresses.bans.unban(subnet) { Ok(()) } else { Err(CommandError::NotBanned) }
    }

    /// Why an inbound connection is not taken, as far as it is about who it is.
    pub(super) fn refuse_inbound(
        &self,
        cx: Context<'_>,
        addr: &NetAddr,
        permissions: Permissions,
    ) -> Option<DisconnectReason> {
        if permissions.has(Permissions::NOBAN) {
            return None;
        }
        let bans = &self.addresses.bans;
        if bans.is_banned(addr, cx.clock.as_secs()) {
            return Some(DisconnectReason::Banned);
        }
        // Somebody who misbehaved does not get the last slot.
        let almost_full = self.inbound_count() + 1 >= self.max_inbound();
        (almost_full && bans.is_discouraged(addr)).then_some(DisconnectReason::Discouraged)
    }
}
