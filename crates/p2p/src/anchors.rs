//! `anchors.dat`: the peers for blocks only of the last run, to be tried first in the next
//! (v0.21.5.5 src/addrdb.cpp, DumpAnchors and ReadAnchors). So nobody gets all connections of a node by restarting it.
//!
//! Addresses are in the old form, which cannot hold Tor v3, I2P and CJDNS.

use bytes::Bytes;
use litecast_primitives::codec::put_len;

use crate::{
    data_file::{self, DataFileError},
    netaddr::{AddressFormat, PeerAddress},
};

/// Version that entries carry: that of v0.21.5.5.
const ENTRY_VERSION: u32 = 210_505;

/// The content of the file. What the form cannot hold is left out.
pub fn encode(anchors: &[PeerAddress], magic: [u8; 4]) -> Vec<u8> {
    let anchors: Vec<_> = anchors.iter().filter(|anchor| anchor.service.addr.to_legacy().is_some()).collect();
    let mut out = Vec::new();
    put_len(&mut out, anchors.len());
    for anchor in anchors {
        out.extend(ENTRY_VERSION.to_le_bytes());
        anchor.encode(AddressFormat::Legacy, &mut out);
    }
    data_file::seal(magic, &out)
}

/// Reads the content of the file.
pub fn decode(file: &Bytes, magic: [u8; 4]) -> Result<Vec<PeerAddress>, DataFileError> {
    data_file::open(magic, file, |r| {
        Ok(r.vector(4 + PeerAddress::min_size(AddressFormat::Legacy), |r| {
            r.u32()?;
            PeerAddress::decode(r, AddressFormat::Legacy)
        })?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{netaddr::NetService, services::ServiceFlags};

    const MAGIC: [u8; 4] = [0xfa, 0xbf, 0xb5, 0xda];

    fn anchor(text: &str, port: u16) -> PeerAddress {
        let service = NetService { addr: text.parse().unwrap(), port };
        PeerAddress { service, services: ServiceFlags::OURS, time: 1_700_000_000 }
    }

    #[test]
    fn the_form_is_that_of_v0_21_5_5() {
        let file = encode(&[anchor("1.2.3.4", 19444)], MAGIC);
        let mut wanted = MAGIC.to_vec();
        wanted.extend([1, 0x49, 0x36, 0x03, 0x00]);
        wanted.extend(1_700_000_000_u32.to_le_bytes());
        wanted.extend(0x0180_0409_u64.to_le_bytes());
        wanted.extend([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4, 0x4b, 0xf4]);
        assert_eq!(file[..wanted.len()], wanted);
        assert_eq!(file.len(), wanted.len() + 32);
    }

    #[test]
    fn what_is_written_is_read() {
        let tor = "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion";
        let anchors = [anchor("1.2.3.4", 9333), anchor(tor, 1), anchor("2001:4d48::1", 9333)];
        let file = Bytes::from(encode(&anchors, MAGIC));
        assert_eq!(decode(&file, MAGIC), Ok(vec![anchors[0], anchors[2]]));
        assert_eq!(decode(&file, [0; 4]), Err(DataFileError::WrongMagic));
        for at in 4..file.len() {
            let mut damaged = file.to_vec();
            damaged[at] ^= 1;
            assert!(decode(&damaged.into(), MAGIC).is_err(), "byte {at}");
            assert!(decode(&file.slice(..at), MAGIC).is_err(), "only {at} bytes");
        }
        assert_eq!(decode(&encode(&[], MAGIC).into(), MAGIC), Ok(Vec::new()));
    }
}
