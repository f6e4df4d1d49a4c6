use super::*;
use proptest::prelude::*;

fn decode(bytes: &[u8]) -> Result<Coin, DecodeError> {
    let mut r = Reader::new(Bytes::copy_from_slice(bytes));
    let coin = decode_coin(&mut r)?;
    r.finish()?;
    Ok(coin)
}

fn coin(value: i64, script: &str, height: Height, is_coinbase: bool) -> Coin {
    Coin {
        output: TxOut { value: Amount(value), script_pubkey: hex::decode(script).unwrap().into() },
        height,
        is_coinbase,
        is_peg_out: false,
    }
}

// v0.21.5.5 src/test/coins_tests.cpp, ccoins_serialization
#[test]
fn coins_of_the_reference() {
    let pkh = |hash: &str| format!("76a914{hash}88ac");
    for (bytes, expected) in [
        (
            "97f23c835800816115944e077fe7c803cfa57f29b36bf87c1d35",
            coin(60_000_000_000, &pkh("816115944e077fe7c803cfa57f29b36bf87c1d35"), 203_998, false),
        ),
        (
            "8ddf77bbd123008c988f1a4a4de2161e0f50aac7f17e7f9555caa4",
            coin(110_397, &pkh("8c988f1a4a4de2161e0f50aac7f17e7f9555caa4"), 120_891, true),
        ),
        ("000006", coin(0, "", 0, false)),
    ] {
        assert_eq!(decode(&hex::decode(bytes).unwrap()).unwrap(), expected, "{bytes}");
        assert_eq!(hex::encode(encode_coin(&expected)), bytes);
    }
    // A script that is longer than what is there, and one of absurd length.
    for bytes in ["000007", "00008a95c0bb00"] {
        assert_eq!(decode(&hex::decode(bytes).unwrap()), Err(DecodeError::EndOfData), "{bytes}");
    }
}

// v0.21.5.5 src/test/compress_tests.cpp, compress_amounts
#[test]
fn amounts_of_the_reference() {
    const CENT: u64 = 1_000_000;
    const COIN: u64 = 100_000_000;
    for (amount, compressed) in
        [(0, 0), (1, 1), (CENT, 7), (COIN, 9), (50 * COIN, 0x32), (84_000_000 * COIN, 0x0501_bd00)]
    {
        assert_eq!(compress_amount(amount), compressed);
        assert_eq!(decompress_amount(compressed), Some(amount));
    }
}

#[test]
fn folded_keys_are_refused_and_uncompressed_keys_stay_whole() {
    let script = format!("4104{}ac", "11".repeat(64));
    let whole = coin(1, &script, 7, false);
    let bytes = encode_coin(&whole);
    assert!(bytes.ends_with(&hex::decode(&script).unwrap()));
    assert_eq!(decode(&bytes).unwrap(), whole);
    let folded = [&[0u8, 0, 4][..], &[0x11; 32]].concat();
    assert!(matches!(decode(&folded), Err(DecodeError::Invalid(_))));
}

fn script() -> impl Strategy<Value = Vec<u8>> {
    let hash = proptest::array::uniform20(any::<u8>());
    let key = proptest::array::uniform32(any::<u8>());
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..200),
        proptest::collection::vec(any::<u8>(), 16_000..17_000),
        hash.prop_map(|h| [&[0x76, 0xa9, 20], &h[..], &[0x88, 0xac]].concat()),
        hash.prop_map(|h| [&[0xa9, 20], &h[..], &[0x87]].concat()),
        // All first bytes, so that 4 to 7 are seen to stay whole.
        (0u8..8, key).prop_map(|(parity, x)| [&[33, parity], &x[..], &[0xac]].concat()),
    ]
}

proptest! {
    #[test]
    fn coins_survive(
        value in 0..=Amount::MAX_MONEY.0, zeros in 0u32..16, script in script(),
        height in 0..=MAX_HEIGHT, is_coinbase: bool, is_peg_out: bool,
    ) {
        let value = Amount(value / 10i64.pow(zeros) * 10i64.pow(zeros));
        let coin = Coin { output: TxOut { value, script_pubkey: script.into() }, height, is_coinbase, is_peg_out };
        prop_assert_eq!(decode(&encode_coin(&coin)).unwrap(), coin);
    }

    #[test]
    // Larger ones do not fit when compressed; no money is that large.
    fn amounts_survive(amount in 0..=u64::MAX / 10) {
        prop_assert_eq!(decompress_amount(compress_amount(amount)), Some(amount));
    }

    #[test]
    fn garbage_does_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        if let Ok(coin) = decode(&bytes) {
            prop_assert_eq!(decode(&encode_coin(&coin)).unwrap(), coin);
        }
    }
}
