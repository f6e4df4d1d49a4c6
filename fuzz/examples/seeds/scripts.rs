//! Scripts of every template, some that are none, and addresses.

use litecast_primitives::params::{Network, Params};
use litecast_script::{
    address::Destination,
    opcode::{
        OP_CHECKMULTISIG, OP_CHECKSIG, OP_PUSHDATA1, OP_PUSHDATA2, OP_PUSHDATA4, OP_RETURN, push_bytes, push_number,
    },
};

use super::Seeds;

pub(crate) fn key_hash() -> Vec<u8> {
    Destination::PubKeyHash([7; 20]).script_pubkey()
}

fn destinations() -> Vec<Destination> {
    let mut list = vec![
        Destination::PubKeyHash([7; 20]),
        Destination::ScriptHash([8; 20]),
        Destination::WitnessV0KeyHash([9; 20]),
        Destination::WitnessV0ScriptHash([10; 32]),
        Destination::WitnessUnknown { version: 1, program: vec![11; 32] },
        Destination::WitnessUnknown { version: 16, program: vec![12; 2] },
    ];
    list.push(Destination::WitnessUnknown { version: 9, program: vec![13; 32] });
    list.push(Destination::WitnessUnknown { version: 8, program: vec![14; 32] });
    list
}

/// One of each.
pub(crate) fn templates() -> Vec<Vec<u8>> {
    let mut list: Vec<_> = destinations().iter().map(Destination::script_pubkey).collect();
    for key in [&[2; 33][..], &[3; 33], &[4; 65]] {
        let mut script = Vec::new();
        push_bytes(&mut script, key);
        script.push(OP_CHECKSIG);
        list.push(script);
    }
    let mut multisig = Vec::new();
    push_number(&mut multisig, 2);
    for n in 0..3 {
        push_bytes(&mut multisig, &[2 + n % 2; 33]);
    }
    push_number(&mut multisig, 3);
    multisig.push(OP_CHECKMULTISIG);
    list.push(multisig);
    let mut data = vec![OP_RETURN];
    push_bytes(&mut data, b"forty bytes or so of anything at all");
    list.push(data);
    list.push(Vec::new());
    list.push(vec![OP_RETURN, 5, 1]);
    list
}

pub(crate) fn scripts() -> Seeds {
    let mut seeds: Seeds =
        templates().into_iter().enumerate().map(|(n, script)| (format!("template-{n:02}"), script)).collect();
    seeds.push(("every-opcode".to_owned(), (0x4f..=0xff).collect()));
    let mut pushes = Vec::new();
    for number in [-1, 0, 1, 16, 17, 255, 1 << 31, i64::MAX, i64::MIN + 1] {
        push_number(&mut pushes, number);
    }
    for length in [75, 76, 255, 256] {
        push_bytes(&mut pushes, &vec![1; length]);
    }
    seeds.push(("pushes".to_owned(), pushes));
    // A signature as the interpreter and the words know it.
    let mut signature = vec![0x30, 68, 2, 32];
    signature.extend_from_slice(&[0x11; 32]);
    signature.extend_from_slice(&[2, 32]);
    signature.extend_from_slice(&[0x22; 32]);
    signature.push(0x81);
    let mut signed = Vec::new();
    push_bytes(&mut signed, &signature);
    push_bytes(&mut signed, &[2; 33]);
    seeds.push(("signed".to_owned(), signed));
    for (name, script) in [
        ("short-push", vec![75, 1]),
        ("short-pushdata1", vec![OP_PUSHDATA1, 200, 1]),
        ("short-pushdata2", vec![OP_PUSHDATA2, 0, 2, 1]),
        ("short-pushdata4", vec![OP_PUSHDATA4, 0xff, 0xff, 0xff, 0xff, 1]),
        ("wide-pushdata4", vec![OP_PUSHDATA4, 2, 0, 0, 0, 1, 2]),
        ("no-length", vec![OP_PUSHDATA4, 2, 0, 0]),
        ("sigops", vec![OP_CHECKMULTISIG; 300]),
        ("ifs", [[0x63; 100], [0x67; 100], [0x68; 100]].concat()),
    ] {
        seeds.push((name.to_owned(), script));
    }
    seeds
}

pub(crate) fn addresses() -> Seeds {
    let mut seeds = Seeds::new();
    for network in [Network::Main, Network::Test, Network::Regtest] {
        let prefixes = Params::new(network).addresses;
        let stealth = Destination::Stealth { scan: [2; 33], spend: [3; 33] };
        for (n, destination) in destinations().into_iter().chain([stealth]).enumerate() {
            seeds.push((format!("{network}-{n}"), destination.encode(&prefixes).into_bytes()));
        }
    }
    for (name, text) in [
        ("spaces", " LVg2kJoFNg45Nbpy53h7Fe1wKyeXVRhMH9 "),
        ("upper", "LTC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KGMN4N9"),
        ("ones", "11111111111111111111111111111111"),
    ] {
        seeds.push((name.to_owned(), text.into()));
    }
    seeds
}
