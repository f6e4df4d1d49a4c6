//! Any bytes are a script: walking, counting and recognising never panic, and agree with each other. Pushes are
//! written as the reference writes them.

use bytes::Bytes;
use litecast_script::{
    Instructions,
    opcode::{self, is_push_only, number_bytes, push_bytes, push_number, small_number},
    sigops,
    template::{hogaddr_header, is_p2sh, is_unspendable, peg_in_kernel, witness_program},
};
use proptest::prelude::*;

/// Bytes in which pushes, counts and templates are likely.
fn script() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        2 => any::<u8>(),
        2 => 0u8..0x60,
        1 => prop_oneof![Just(0xa9), Just(0xac), Just(0xad), Just(0xae), Just(0xaf), Just(0x87), Just(0x6a)],
    ];
    prop_oneof![
        proptest::collection::vec(byte, 0..200),
        // The forms of the templates, right and nearly right.
        (0u8..0x62, 0u8..45, 0usize..45)
            .prop_map(|(version, length, bytes)| { [&[version, length], vec![7; bytes].as_slice()].concat() }),
        (19u8..22, 19usize..22)
            .prop_map(|(length, bytes)| [&[0xa9, length], vec![7; bytes].as_slice(), &[0x87]].concat()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    /// The walk covers the script byte by byte and ends at its end or at the first push over it.
    #[test]
    fn walking_covers_the_script(script in script()) {
        let mut walk = Instructions::new(&script);
        let mut covered = 0;
        let mut broken = false;
        while let Some(step) = walk.next() {
            let left = script.len() - walk.rest().len();
            match step {
                Ok(instruction) => {
                    prop_assert_eq!(instruction.opcode, script[covered]);
                    prop_assert!(script[covered..left].ends_with(instruction.data));
                    let header = left - covered - instruction.data.len();
                    let expected = match instruction.opcode { 0x4c => 2, 0x4d => 3, 0x4e => 5, _ => 1 };
                    prop_assert_eq!(header, expected);
                    covered = left;
                }
                Err(_) => {
                    broken = true;
                    prop_assert!(walk.next().is_none());
                }
            }
        }
        prop_assert_eq!(covered == script.len(), !broken);
    }

    #[test]
    fn nothing_panics_and_counts_are_bounded(script in script(), coin in script(), stack in proptest::collection::vec(script(), 0..3)) {
        let (plain, accurate) = (sigops::count(&script, false), sigops::count(&script, true));
        prop_assert!(accurate <= plain && plain <= 20 * u64::try_from(script.len()).unwrap());
        let stack: Vec<Bytes> = stack.into_iter().map(Bytes::from).collect();
        let none = sigops::input_cost(&script, &coin, &stack, false, false);
        let p2sh = sigops::input_cost(&script, &coin, &stack, true, false);
        let both = sigops::input_cost(&script, &coin, &stack, true, true);
        prop_assert_eq!(none, 0);
        prop_assert!(p2sh <= both);
        is_push_only(&script);
        is_unspendable(&script);
    }

    /// Witness programs are a number and one push of 2 to 40 bytes (BIP141), nothing around it.
    #[test]
    fn witness_programs_by_their_definition(script in script()) {
        let steps: Option<Vec<_>> = Instructions::new(&script).map(Result::ok).collect();
        let by_walk = match steps.as_deref() {
            Some([version, push]) if version.data.is_empty() && (1..0x4c).contains(&push.opcode) => {
                small_number(version.opcode).filter(|_| (2..=40).contains(&push.data.len())).map(|v| (v, push.data))
            }
            _ => None,
        };
        let found = witness_program(&script).map(|program| (program.version, program.program));
        prop_assert_eq!(found, by_walk);
        let mweb = |version| by_walk.filter(|(v, program)| *v == version && program.len() == 32).map(|(_, p)| p.to_vec());
        prop_assert_eq!(hogaddr_header(&script).map(|hash| hash.0.to_vec()), mweb(8));
        prop_assert_eq!(peg_in_kernel(&script).map(|hash| hash.0.to_vec()), mweb(9));
        prop_assert!(!is_p2sh(&script) || by_walk.is_none());
    }

    /// A push is one instruction that gives the bytes back.
    #[test]
    fn pushed_bytes_come_back(data in proptest::collection::vec(any::<u8>(), 0..70_000)) {
        let mut script = Vec::new();
        push_bytes(&mut script, &data);
        let steps: Vec<_> = Instructions::new(&script).map(|step| step.unwrap()).collect();
        prop_assert_eq!(steps.len(), 1);
        prop_assert_eq!(steps[0].data, &data);
        prop_assert!(is_push_only(&script));
    }

    /// Script numbers are little-endian with the sign in the top bit, and have no shorter form.
    #[test]
    fn pushed_numbers_come_back(value in prop_oneof![any::<i64>(), -70_000i64..70_000]) {
        let bytes = number_bytes(value);
        let mut magnitude = bytes.clone();
        let negative = magnitude.last_mut().is_some_and(|top| std::mem::replace(top, *top & 0x7f) & 0x80 != 0);
        let read = magnitude.iter().rev().fold(0i128, |sum, byte| sum << 8 | i128::from(*byte));
        prop_assert_eq!(if negative { -read } else { read }, i128::from(value));
        // The top byte is needed: for its bits, or to leave the sign bit of the next one alone.
        if let [rest @ .., top] = bytes.as_slice() {
            prop_assert!(top & 0x7f != 0 || rest.last().is_some_and(|next| next & 0x80 != 0));
        }
        let mut script = Vec::new();
        push_number(&mut script, value);
        match value {
            -1 | 1..=16 => prop_assert_eq!(script, [u8::try_from(value + 0x50).unwrap()]),
            _ => {
                let mut expected = Vec::new();
                push_bytes(&mut expected, &bytes);
                prop_assert_eq!(script, expected);
            }
        }
    }
}

// v0.21.5.5 src/script/script.h, CScriptNum::serialize and operator<<, at every change of length.
#[test]
fn known_encodings_of_numbers() {
    for (value, encoding) in [
        (0, &[0x00][..]),
        (-1, &[0x4f]),
        (1, &[0x51]),
        (16, &[0x60]),
        (17, &[1, 0x11]),
        (-2, &[1, 0x82]),
        (127, &[1, 0x7f]),
        (-127, &[1, 0xff]),
        (128, &[2, 0x80, 0x00]),
        (-128, &[2, 0x80, 0x80]),
        (255, &[2, 0xff, 0x00]),
        (256, &[2, 0x00, 0x01]),
        (32_767, &[2, 0xff, 0x7f]),
        (32_768, &[3, 0x00, 0x80, 0x00]),
        (-32_768, &[3, 0x00, 0x80, 0x80]),
        (8_388_607, &[3, 0xff, 0xff, 0x7f]),
        (8_388_608, &[4, 0x00, 0x00, 0x80, 0x00]),
        (2_147_483_647, &[4, 0xff, 0xff, 0xff, 0x7f]),
        (-2_147_483_648, &[5, 0x00, 0x00, 0x00, 0x80, 0x80]),
        (i64::MAX, &[8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]),
        (i64::MIN, &[9, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x80]),
        // The genesis block's coinbase pushes this one (v0.21.5.5 src/chainparams.cpp).
        (486_604_799, &[4, 0xff, 0xff, 0x00, 0x1d]),
    ] {
        let mut script = Vec::new();
        push_number(&mut script, value);
        assert_eq!(script, encoding, "{value}");
    }
}

// v0.21.5.5 src/script/script.h, operator<<(std::vector): the shortest of the four forms by length alone.
#[test]
fn known_headers_of_pushes() {
    for (length, header) in [
        (0, &[0x00][..]),
        (1, &[0x01]),
        (75, &[0x4b]),
        (76, &[0x4c, 0x4c]),
        (255, &[0x4c, 0xff]),
        (256, &[0x4d, 0x00, 0x01]),
        (65_535, &[0x4d, 0xff, 0xff]),
        (65_536, &[0x4e, 0x00, 0x00, 0x01, 0x00]),
    ] {
        let mut script = Vec::new();
        push_bytes(&mut script, &vec![7; length]);
        assert_eq!(script[..header.len()], *header, "{length}");
        assert_eq!(script.len(), header.len() + length);
    }
    // A single byte is pushed as a byte, even where a number opcode would do.
    let mut script = Vec::new();
    push_bytes(&mut script, &[1]);
    assert_eq!(script, [1, 1]);
    assert_eq!(opcode::OP_1, 0x51);
}
