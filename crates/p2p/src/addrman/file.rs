//! `peers.dat` (v0.21.5.5 src/addrman.h, Serialize and Unserialize): written in format 3, read in formats 0 to 3.
//!
//! Entries that cannot be used (not routable, or there twice) are left out, as are those whose place is taken.

use std::collections::BTreeMap;

use bytes::Bytes;
use litecast_primitives::codec::{DecodeError, Reader};

use super::{AddrInfo, AddrMan, BUCKET_SIZE, Id, NEW_BUCKETS, NEW_BUCKETS_PER_ADDRESS, TRIED_BUCKETS};
use crate::{
    data_file::{self, DataFileError},
    netaddr::{AddressFormat, NetAddr, PeerAddress},
};

/// Positions are deterministic since then.
const V1_DETERMINISTIC: u8 = 1;
/// The version of the asmap follows the buckets since then.
const V2_ASMAP: u8 = 2;
/// Addresses are in BIP155's form since then.
const V3_BIP155: u8 = 3;
const FILE_FORMAT: u8 = V3_BIP155;
/// Stands where format 0 had the size of the key.
const INCOMPATIBILITY_BASE: u8 = 32;
/// Makes format 0 readers refuse the count of buckets.
const BUCKETS_MARK: u32 = 1 << 30;
/// Version that entries carry: that of v0.21.5.5, with the flag for BIP155.
const ENTRY_VERSION: u32 = 210_505 | ADDRV2_FORMAT;
const ADDRV2_FORMAT: u32 = 0x2000_0000;

impl AddrMan {
    /// The content of `peers.dat`.
    pub fn encode(&self, magic: [u8; 4]) -> Vec<u8> {
        let mut out = Vec::with_capacity(64 + self.len() * 90);
        out.push(FILE_FORMAT);
        out.push(INCOMPATIBILITY_BASE + V3_BIP155);
        out.extend_from_slice(&self.key);
        put_count(&mut out, self.new_count);
        put_count(&mut out, self.tried_count);
        let buckets = u32::try_from(NEW_BUCKETS).expect("because there are few buckets");
        out.extend((buckets ^ BUCKETS_MARK).to_le_bytes());
        let mut indexes: BTreeMap<Id, usize> = BTreeMap::new();
        for (id, info) in self.infos.iter().filter(|(_, info)| !info.in_tried) {
            indexes.insert(*id, indexes.len());
            encode_info(info, &mut out);
        }
        self.infos.values().filter(|info| info.in_tried).for_each(|info| encode_info(info, &mut out));
        for bucket in self.new.buckets() {
            put_count(&mut out, bucket.iter().flatten().count());
            for id in bucket.iter().flatten() {
                put_count(&mut out, indexes[id]);
            }
        }
        // No asmap.
        out.extend([0; 32]);
        data_file::seal(magic, &out)
    }

    /// Reads the content of `peers.dat`. The seed decides the draws from then on; the key is the file's.
    pub fn decode(file: &Bytes, magic: [u8; 4], seed: [u8; 32]) -> Result<Self, DataFileError> {
        data_file::open(magic, file, |r| decode(r, Self::new(seed)))
    }
}

fn put_count(out: &mut Vec<u8>, count: usize) {
    out.extend(u32::try_from(count).expect("because the tables are small").to_le_bytes());
}

fn encode_info(info: &AddrInfo, out: &mut Vec<u8>) {
    out.extend(ENTRY_VERSION.to_le_bytes());
    info.address.encode(AddressFormat::V2, out);
    info.source.encode(AddressFormat::V2, out);
    out.extend(info.last_success.to_le_bytes());
    out.extend(info.attempts.to_le_bytes());
}

fn decode_info(r: &mut Reader, format: AddressFormat) -> Result<AddrInfo, DecodeError> {
    let services = if r.u32()? & ADDRV2_FORMAT == 0 { AddressFormat::Legacy } else { AddressFormat::V2 };
    let address = PeerAddress::decode_mixed(r, services, format)?;
    let source = NetAddr::decode(r, format)?;
    let mut info = AddrInfo::new(address, source);
    info.last_success = r.i64()?;
    info.attempts = r.i32()?;
    Ok(info)
}

/// A count that the reference keeps as a signed number.
fn read_count(r: &mut Reader, name: &'static str, limit: usize) -> Result<usize, DataFileError> {
    usize::try_from(r.u32()?).ok().filter(|count| *count <= limit).ok_or(DataFileError::TooMany(name))
}

fn decode(r: &mut Reader, mut book: AddrMan) -> Result<AddrMan, DataFileError> {
    let format = r.u8()?;
    let lowest_compatible = r.u8()?.wrapping_sub(INCOMPATIBILITY_BASE);
    if lowest_compatible > FILE_FORMAT {
        return Err(DataFileError::UnsupportedFormat { format, lowest_compatible });
    }
    let addresses = if format >= V3_BIP155 { AddressFormat::V2 } else { AddressFormat::Legacy };
    book.key = r.array()?;
    let new_count = read_count(r, "nNew", NEW_BUCKETS * BUCKET_SIZE)?;
    let tried_count = read_count(r, "nTried", TRIED_BUCKETS * BUCKET_SIZE)?;
    let mark = if format >= V1_DETERMINISTIC { BUCKETS_MARK } else { 0 };
    let buckets = r.u32()? ^ mark;

    let usable = |book: &AddrMan, info: &AddrInfo| {
        let addr = &info.address.service.addr;
        addr.is_routable() && !book.by_addr.contains_key(addr)
    };
    let mut new_ids = Vec::new();
    for _ in 0..new_count {
        let info = decode_info(r, addresses)?;
        new_ids.push(usable(&book, &info).then(|| book.insert(info)));
        book.new_count += usize::from(new_ids.last().is_some_and(Option::is_some));
    }
    for _ in 0..tried_count {
        let mut info = decode_info(r, addresses)?;
        info.in_tried = true;
        let bucket = info.tried_bucket(&book.key);
        let position = info.position(&book.key, false, bucket);
        if usable(&book, &info) && book.tried.get(bucket, position).is_none() {
            *book.tried.at(bucket, position) = Some(book.insert(info));
            book.tried_count += 1;
        }
    }

    // The last bucket that an entry is told to be in; the first if none.
    let mut told = vec![0; new_ids.len()];
    for bucket in 0..buckets {
        let size = r.i32()?;
        for _ in 0..size {
            let index = usize::try_from(r.u32()?).unwrap_or(usize::MAX);
            if let Some(told) = told.get_mut(index) {
                *told = usize::try_from(bucket).unwrap_or(usize::MAX);
            }
        }
    }
    let asmap: [u8; 32] = if format >= V2_ASMAP { r.array()? } else { [0; 32] };
    let same_bucketing = format >= V2_ASMAP && usize::try_from(buckets) == Ok(NEW_BUCKETS) && asmap == [0; 32];
    for (id, told) in new_ids.into_iter().zip(told) {
        let Some(id) = id else { continue };
        let info = &book.infos[&id];
        let place = |bucket| (bucket, info.position(&book.key, true, bucket));
        // Where it was if that still counts, else where its source would put it.
        let was = (same_bucketing && info.ref_count < NEW_BUCKETS_PER_ADDRESS).then(|| place(told));
        let found = was.filter(|(bucket, position)| book.new.get(*bucket, *position).is_none());
        let (bucket, position) = found.unwrap_or_else(|| place(info.new_bucket(&book.key, &info.source)));
        if book.new.get(bucket, position).is_none() {
            *book.new.at(bucket, position) = Some(id);
            book.info_mut(id).ref_count += 1;
        } else {
            book.delete(id);
        }
    }
    Ok(book)
}
