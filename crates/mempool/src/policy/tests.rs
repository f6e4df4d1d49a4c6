//! Cases of v0.21.5.5 src/test/transaction_tests.cpp (test_IsStandard), amount_tests.cpp, and src/policy.

use bytes::Bytes;
use litecast_primitives::{Amount, Coin, OutPoint, Transaction, TxIn, TxOut, Txid, transaction::TxParts};
use litecast_script::opcode::{self, push_bytes, push_number};

use super::{fee_rate::meets_fee_per_k, *};
use crate::reject::Rule;

fn key_hash_script() -> Vec<u8> {
    let mut script = vec![opcode::OP_DUP, opcode::OP_HASH160];
    push_bytes(&mut script, &[7; 20]);
    script.extend([opcode::OP_EQUALVERIFY, opcode::OP_CHECKSIG]);
    script
}

fn data_script(data: &[&[u8]]) -> Vec<u8> {
    let mut script = vec![opcode::OP_RETURN];
    data.iter().for_each(|data| push_bytes(&mut script, data));
    script
}

/// The transaction that the cases change.
#[derive(Clone)]
struct Case {
    parts: TxParts,
    policy: Policy,
}

impl Case {
    fn new() -> Self {
        let mut script_sig = Vec::new();
        push_bytes(&mut script_sig, &[0; 65]);
        let prevout = OutPoint { txid: Txid::from_bytes([9; 32]), vout: 1 };
        let input = TxIn { prevout, script_sig: script_sig.into(), sequence: 0, witness: Vec::new() };
        let mut case = Self {
            parts: TxParts {
                version: 1,
                inputs: vec![input],
                outputs: Vec::new(),
                lock_time: 0,
                mweb: None,
                is_hogex: false,
            },
            policy: Policy::default(),
        };
        case.pay(&[(90_000_000, key_hash_script())]);
        case
    }

    fn pay(&mut self, outputs: &[(i64, Vec<u8>)]) -> &mut Self {
        let output = |(value, script): &(i64, Vec<u8>)| TxOut {
            value: Amount(*value),
            script_pubkey: Bytes::copy_from_slice(script),
        };
        self.parts.outputs = outputs.iter().map(output).collect();
        self
    }

    fn tx(&self) -> Transaction {
        Transaction::from(self.parts.clone())
    }

    fn judge(&self) -> Result<(), &'static str> {
        is_standard_tx(&self.tx(), &self.policy).map_err(Rule::reason)
    }
}

#[test]
fn versions() {
    for (version, expected) in [(-1, false), (0, false), (1, true), (2, true), (3, false)] {
        let mut case = Case::new();
        case.parts.version = version;
        assert_eq!(case.judge(), if expected { Ok(()) } else { Err("version") }, "{version}");
    }
}

#[test]
fn dust() {
    let mut case = Case::new();
    let at = |case: &mut Case, value: i64| case.pay(&[(value, key_hash_script())]).judge();
    assert_eq!(at(&mut case, 5459), Err("dust"));
    assert_eq!(at(&mut case, 5460), Ok(()));
    case.policy.dust_relay_fee = FeeRate(3702);
    assert_eq!(at(&mut case, 672), Err("dust"));
    assert_eq!(at(&mut case, 673), Ok(()));
    let witness = TxOut { value: Amount(0), script_pubkey: Bytes::from([&[0u8, 20][..], &[1; 20]].concat()) };
    assert_eq!(dust_threshold(&witness, FeeRate(3000)), 294);
    assert!(!is_dust(&TxOut { value: Amount(0), script_pubkey: data_script(&[]).into() }, FeeRate(3000)));
}

#[test]
fn data_outputs() {
    let judge = |script: Vec<u8>| Case::new().pay(&[(0, script)]).judge();
    assert_eq!(judge(data_script(&[&[1; 80]])), Ok(()));
    assert_eq!(judge(data_script(&[&[1; 81]])), Err("scriptpubkey"));
    assert_eq!(judge(data_script(&[&[]])), Ok(()));
    assert_eq!(judge(data_script(&[&[0], &[1]])), Ok(()));
    let mut numbers = vec![opcode::OP_RETURN, 0x50];
    (-1..=16).for_each(|n| push_number(&mut numbers, n));
    assert_eq!(judge(numbers), Ok(()), "OP_RESERVED counts as a push");
    assert_eq!(judge(vec![opcode::OP_RETURN, opcode::OP_RETURN]), Err("scriptpubkey"));
    assert_eq!(judge(vec![opcode::OP_RETURN]), Ok(()));
    assert_eq!(judge(vec![opcode::OP_1]), Err("scriptpubkey"));
    let two = Case::new().pay(&[(0, data_script(&[])), (0, data_script(&[&[1; 40]]))]).judge();
    assert_eq!(two, Err("multi-op-return"));
    let mut case = Case::new();
    case.policy.data_carrier = false;
    assert_eq!(case.pay(&[(0, data_script(&[]))]).judge(), Err("scriptpubkey"));
}

#[test]
fn input_scripts() {
    let with = |script_sig: Vec<u8>| {
        let mut case = Case::new();
        case.parts.inputs[0].script_sig = script_sig.into();
        case.judge()
    };
    let push = |length: usize| {
        let mut script = Vec::new();
        push_bytes(&mut script, &vec![0; length]);
        script
    };
    assert_eq!(with(push(1647)), Ok(()));
    assert_eq!(with(push(1648)), Err("scriptsig-size"));
    let pushes = [vec![opcode::OP_1, opcode::OP_0, opcode::OP_1NEGATE, opcode::OP_16], push(75), push(235), push(1234)];
    assert_eq!(with(pushes.concat()), Ok(()));
    for code in [0x61, 0x69, 0x63, 0x7b, 0x82, 0x87, 0x93, opcode::OP_CHECKSIG, 0xb1] {
        assert_eq!(with(vec![opcode::OP_0, code]), Err("scriptsig-not-pushonly"), "{code:#x}");
    }
}

#[test]
fn weight_limit() {
    let mut case = Case::new();
    let input = TxIn { script_sig: Bytes::new(), ..case.parts.inputs[0].clone() };
    case.parts.inputs = vec![input; 2438];
    case.pay(&[(0, data_script(&[&[0; 19]]))]);
    assert_eq!(case.tx().weight(), 400_000);
    assert_eq!(case.judge(), Ok(()));
    case.pay(&[(0, data_script(&[&[0; 20]]))]);
    assert_eq!(case.tx().weight(), 400_004);
    assert_eq!(case.judge(), Err("tx-size"));
}

#[test]
fn bare_multisig() {
    let multisig = |required: i64, keys: i64| {
        let mut script = Vec::new();
        push_number(&mut script, required);
        (0..keys).for_each(|_| push_bytes(&mut script, &[2; 33]));
        push_number(&mut script, keys);
        script.push(opcode::OP_CHECKMULTISIG);
        script
    };
    let mut case = Case::new();
    assert_eq!(case.pay(&[(90_000_000, multisig(1, 1))]).judge(), Ok(()));
    assert_eq!(case.pay(&[(90_000_000, multisig(2, 3))]).judge(), Ok(()));
    assert_eq!(case.pay(&[(90_000_000, multisig(1, 4))]).judge(), Err("scriptpubkey"));
    case.policy.permit_bare_multisig = false;
    assert_eq!(case.pay(&[(90_000_000, multisig(1, 1))]).judge(), Err("bare-multisig"));
}

#[test]
fn virtual_sizes() {
    assert_eq!(virtual_size(400, 0, 20), 100);
    assert_eq!(virtual_size(401, 0, 20), 101);
    // Signature operations weigh twenty times their cost.
    assert_eq!(virtual_size(400, 80, 20), 400);
    assert_eq!(virtual_size(0, 0, 20), 0);
}

// v0.21.5.5 src/test/amount_tests.cpp, GetFeeTest
#[test]
fn fees() {
    for (rate, size, fee) in [
        (0, 100_000, 0),
        (1000, 0, 0),
        (1000, 1, 1),
        (1000, 121, 121),
        (1000, 999, 999),
        (1000, 9000, 9000),
        (-1000, 1, -1),
        (-1000, 121, -121),
        (123, 8, 1),
        (123, 9, 1),
        (123, 121, 14),
        (123, 122, 15),
        (-123, 8, -1),
        (-123, 121, -14),
    ] {
        assert_eq!(FeeRate(rate).fee(size), fee, "{rate} {size}");
    }
    assert_eq!(FeeRate::of(0, 0, 0), FeeRate(0));
    assert_eq!(FeeRate::of(-1, 1000, 0), FeeRate(-1));
    assert_eq!(FeeRate::of(1, 1000, 0), FeeRate(1));
    assert_eq!(FeeRate::of(26, 789, 0), FeeRate(32));
    assert_eq!(FeeRate::of(27, 789, 0), FeeRate(34));
    assert_eq!(FeeRate::of(i64::MAX, 1, 0), FeeRate(i64::MAX));
    assert_eq!(FeeRate(1234).to_string(), "0.00001234 LTC/kvB");
}

#[test]
fn mweb_weight_has_a_fixed_price() {
    assert_eq!(FeeRate(1000).total_fee(200, 39), 200 + 3900);
    assert_eq!(FeeRate(0).total_fee(0, 39), 3900);
    assert_eq!(FeeRate(1000).total_fee(1, u64::MAX), i64::MAX);
    // What is left after the weight pays for the bytes.
    assert_eq!(FeeRate::of(4100, 200, 39), FeeRate(1000));
    assert_eq!(FeeRate::of(3899, 200, 39), FeeRate(0));
    assert!(meets_fee_per_k(3900, 0, 39, FeeRate(1000)));
    assert!(!meets_fee_per_k(3899, 0, 39, FeeRate(0)));
    assert!(!meets_fee_per_k(4099, 200, 39, FeeRate(1000)));
    assert!(meets_fee_per_k(4100, 200, 39, FeeRate(1000)));
}

fn spend(script_pubkey: Vec<u8>, script_sig: Vec<u8>, witness: &[&[u8]]) -> (Transaction, Vec<Coin>) {
    let mut case = Case::new();
    case.parts.inputs[0].script_sig = script_sig.into();
    case.parts.inputs[0].witness = witness.iter().map(|item| Bytes::copy_from_slice(item)).collect();
    let output = TxOut { value: Amount(1), script_pubkey: script_pubkey.into() };
    (case.tx(), vec![Coin { output, height: 1, is_coinbase: false, is_peg_out: false }])
}

fn program(version: u8, size: usize) -> Vec<u8> {
    let mut script = vec![version];
    push_bytes(&mut script, &vec![3; size]);
    script
}

fn script_hash() -> Vec<u8> {
    let mut script = vec![opcode::OP_HASH160];
    push_bytes(&mut script, &[1; 20]);
    script.push(opcode::OP_EQUAL);
    script
}

#[test]
fn inputs() {
    let judge = |script_pubkey: Vec<u8>, script_sig: Vec<u8>, taproot: bool| {
        let (tx, coins) = spend(script_pubkey, script_sig, &[]);
        are_inputs_standard(&tx, &coins, taproot)
    };
    let redeem = |operations: usize| {
        let mut script = Vec::new();
        push_bytes(&mut script, &vec![opcode::OP_CHECKSIG; operations]);
        script
    };
    assert!(judge(key_hash_script(), Vec::new(), false));
    assert!(!judge(vec![opcode::OP_1], Vec::new(), false));
    assert!(judge(script_hash(), redeem(15), false));
    assert!(!judge(script_hash(), redeem(16), false));
    assert!(!judge(script_hash(), Vec::new(), false), "nothing was pushed");
    assert!(!judge(script_hash(), vec![0x50], false), "OP_RESERVED does not execute");
    assert!(!judge(program(opcode::OP_1, 32), Vec::new(), false));
    assert!(judge(program(opcode::OP_1, 32), Vec::new(), true));
    assert!(!judge(program(opcode::OP_16, 32), Vec::new(), true));
    assert!(judge(program(opcode::OP_0, 32), Vec::new(), true));
}

#[test]
fn witnesses() {
    let judge = |script_pubkey: Vec<u8>, witness: &[&[u8]]| {
        let (tx, coins) = spend(script_pubkey, Vec::new(), witness);
        is_witness_standard(&tx, &coins)
    };
    let p2wsh = || program(opcode::OP_0, 32);
    assert!(judge(key_hash_script(), &[]));
    assert!(!judge(key_hash_script(), &[&[1]]), "no program, so no witness");
    assert!(judge(p2wsh(), &[&[1; 80], &[1; 3600]]));
    assert!(!judge(p2wsh(), &[&[1; 81], &[1; 3600]]));
    assert!(!judge(p2wsh(), &[&[1; 80], &[1; 3601]]));
    let items = vec![&[1u8][..]; 102];
    assert!(judge(p2wsh(), &items[..101]));
    assert!(!judge(p2wsh(), &items));
    let taproot = || program(opcode::OP_1, 32);
    assert!(judge(taproot(), &[&[1; 64]]));
    assert!(!judge(taproot(), &[&[1; 64], &[0x50]]), "an annex");
    assert!(judge(taproot(), &[&[1; 80], &[opcode::OP_1], &[0xc0; 33]]));
    assert!(!judge(taproot(), &[&[1; 81], &[opcode::OP_1], &[0xc1; 33]]));
    assert!(judge(taproot(), &[&[1; 81], &[opcode::OP_1], &[0xc2; 33]]), "another leaf version");
    assert!(!judge(taproot(), &[&[1; 80], &[opcode::OP_1], &[]]));
    let (tx, coins) = spend(script_hash(), [vec![34], p2wsh()].concat(), &[&[1; 81], &[1]]);
    assert!(!is_witness_standard(&tx, &coins), "wrapped in a script hash");
}

#[test]
fn every_rule_has_its_own_place() {
    assert_eq!(Rule::ALL.len(), 35);
    assert!(Rule::ALL.iter().all(|rule| !rule.reason().is_empty()));
}
