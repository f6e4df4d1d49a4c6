//! Coins in few bytes: the reference's form (v0.21.5.5 src/coins.h, src/compressor.cpp) with one difference.
//!
//! A coin is a VARINT of `height * 2 + coinbase` with bit 31 for a peg-out, a VARINT of the compressed amount, and the
//! script: a template number with its hash or key, or a length and the bytes. The reference also folds uncompressed
//! public keys (templates 4 and 5), which needs the curve to unfold; here such scripts are written as they are, and
//! the crate needs no curve. The undo codec of the engine uses the same functions.

use bytes::Bytes;
use litecast_primitives::{
    Amount, Coin, Height, TxOut,
    codec::{DecodeError, Reader, put_varint},
};

/// A script template's number: pay to pubkey hash.
const P2PKH: u64 = 0;
/// Pay to script hash.
const P2SH: u64 = 1;
/// Pay to a compressed public key; the template's number is the key's first byte.
const P2PK_EVEN: u64 = 2;
const P2PK_ODD: u64 = 3;
/// A script that no template fits has its length plus this in front (v0.21.5.5 src/compressor.h, nSpecialScripts).
const TEMPLATES: u64 = 6;

const PEG_OUT: u32 = 1 << 31;
/// Above this a height would run into the peg-out's bit: some five thousand years of blocks.
const MAX_HEIGHT: Height = (1 << 30) - 1;

/// The bytes of a coin.
///
/// # Panics
/// If the value is no money or the height is 2^30 or more: such a coin has passed no rule and must not be kept.
pub fn encode_coin(coin: &Coin) -> Vec<u8> {
    let mut out = Vec::with_capacity(40);
    encode_coin_into(&mut out, coin);
    out
}

/// Appends the bytes of a coin.
///
/// # Panics
/// As [`encode_coin`].
pub fn encode_coin_into(out: &mut Vec<u8>, coin: &Coin) {
    assert!(coin.height <= MAX_HEIGHT, "a coin's height is below 2^30");
    let code = coin.height << 1 | u32::from(coin.is_coinbase) | if coin.is_peg_out { PEG_OUT } else { 0 };
    put_varint(out, code.into());
    assert!(coin.output.value.is_money(), "a coin's value is money");
    let value = u64::try_from(coin.output.value.0).expect("because money is not negative");
    put_varint(out, compress_amount(value));
    put_script(out, &coin.output.script_pubkey);
}

/// Reads a coin; what follows is left alone.
pub fn decode_coin(r: &mut Reader) -> Result<Coin, DecodeError> {
    let code = u32::try_from(r.varint(u32::MAX.into())?).map_err(|_| DecodeError::VarIntTooLarge)?;
    let value = decompress_amount(r.varint(u64::MAX)?)
        .and_then(|value| i64::try_from(value).ok())
        .map(Amount)
        .filter(|value| value.is_money())
        .ok_or(DecodeError::Invalid("a coin's value is no money"))?;
    Ok(Coin {
        output: TxOut { value, script_pubkey: read_script(r)? },
        height: (code & !PEG_OUT) >> 1,
        is_coinbase: code & 1 != 0,
        is_peg_out: code & PEG_OUT != 0,
    })
}

fn put_script(out: &mut Vec<u8>, script: &[u8]) {
    match script {
        // OP_DUP OP_HASH160 <20> .. OP_EQUALVERIFY OP_CHECKSIG
        [0x76, 0xa9, 20, hash @ .., 0x88, 0xac] if hash.len() == 20 => {
            put_varint(out, P2PKH);
            out.extend_from_slice(hash);
        }
        // OP_HASH160 <20> .. OP_EQUAL
        [0xa9, 20, hash @ .., 0x87] if hash.len() == 20 => {
            put_varint(out, P2SH);
            out.extend_from_slice(hash);
        }
        // <33> .. OP_CHECKSIG
        [33, parity @ (2 | 3), x @ .., 0xac] if x.len() == 32 => {
            put_varint(out, u64::from(*parity));
            out.extend_from_slice(x);
        }
        _ => {
            put_varint(out, TEMPLATES + script.len() as u64);
            out.extend_from_slice(script);
        }
    }
}

fn read_script(r: &mut Reader) -> Result<Bytes, DecodeError> {
    let template = r.varint(u64::MAX)?;
    match template {
        P2PKH => Ok([&[0x76, 0xa9, 20], &r.array::<20>()?[..], &[0x88, 0xac]].concat().into()),
        P2SH => Ok([&[0xa9, 20], &r.array::<20>()?[..], &[0x87]].concat().into()),
        P2PK_EVEN => Ok([&[33, 2], &r.array::<32>()?[..], &[0xac]].concat().into()),
        P2PK_ODD => Ok([&[33, 3], &r.array::<32>()?[..], &[0xac]].concat().into()),
        4 | 5 => Err(DecodeError::Invalid("a coin has a folded uncompressed key")),
        length => {
            let length = usize::try_from(length - TEMPLATES).map_err(|_| DecodeError::SizeTooLarge)?;
            // A copy: the script must not keep the block of a whole undo record alive.
            r.take(length).map(|script| Bytes::copy_from_slice(&script))
        }
    }
}

/// Trailing decimal zeros become an exponent (v0.21.5.5 src/compressor.cpp, CompressAmount).
fn compress_amount(amount: u64) -> u64 {
    if amount == 0 {
        return 0;
    }
    let mut n = amount;
    let mut exponent = 0;
    while n.is_multiple_of(10) && exponent < 9 {
        n /= 10;
        exponent += 1;
    }
    if exponent < 9 {
        // The last digit is 1 to 9: nine values, not ten.
        let digit = n % 10;
        1 + (n / 10 * 9 + digit - 1) * 10 + exponent
    } else {
        1 + (n - 1) * 10 + 9
    }
}

/// The other way; `None` when it does not fit.
fn decompress_amount(compressed: u64) -> Option<u64> {
    let Some(rest) = compressed.checked_sub(1) else { return Some(0) };
    let (rest, exponent) = (rest / 10, rest % 10);
    let n = if exponent < 9 {
        let digit = rest % 9 + 1;
        (rest / 9).checked_mul(10)?.checked_add(digit)?
    } else {
        rest.checked_add(1)?
    };
    n.checked_mul(10u64.pow(u32::try_from(exponent).expect("because a remainder of 10 is small")))
}

#[cfg(test)]
mod tests;
