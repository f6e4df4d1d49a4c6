//! The frame of `peers.dat` and `banlist.dat`: the network's magic, the data, sha256d of both
//! (v0.21.5.5 src/addrdb.cpp). Writing to a disk, and replacing the file in one go, is the driver's.

use bytes::Bytes;
use litecast_primitives::{
    codec::{DecodeError, Reader},
    hash::sha256d,
};

/// Why a file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DataFileError {
    /// Another network's.
    #[error("Invalid network magic number")]
    WrongMagic,
    /// Damaged.
    #[error("Checksum mismatch, data corrupted")]
    BadChecksum,
    /// Written by a later version.
    #[error("Unsupported format of addrman database: {format}. It is compatible with formats >={lowest_compatible}")]
    UnsupportedFormat {
        /// Its format.
        format: u8,
        /// What one must be able to read.
        lowest_compatible: u8,
    },
    /// More entries than the tables hold.
    #[error("Corrupt CAddrMan serialization, {0} exceeds limit.")]
    TooMany(&'static str),
    /// The bytes do not decode.
    #[error("Deserialize or I/O error - {0}")]
    Decode(#[from] DecodeError),
}

pub(crate) fn seal(magic: [u8; 4], data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len() + 36);
    out.extend_from_slice(&magic);
    out.extend_from_slice(data);
    let checksum = sha256d(&out);
    out.extend_from_slice(&checksum);
    out
}

/// Reads the data with `read`; what follows it must be the checksum. Bytes behind that are ignored.
pub(crate) fn open<T>(
    magic: [u8; 4],
    file: &Bytes,
    read: impl FnOnce(&mut Reader) -> Result<T, DataFileError>,
) -> Result<T, DataFileError> {
    let r = &mut Reader::new(file.clone());
    if r.array::<4>()? != magic {
        return Err(DataFileError::WrongMagic);
    }
    let value = read(r)?;
    let expected = sha256d(&file[..r.position()]);
    if r.array::<32>()? != expected {
        return Err(DataFileError::BadChecksum);
    }
    Ok(value)
}
