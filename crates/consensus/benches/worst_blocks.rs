//! Blocks that cost as much to verify as the limits let them, one thread, nothing remembered.
//! `cargo bench -p litecast-consensus`.
//!
//! Each line: what the block is made of, milliseconds for the block, microseconds for an input, and how many plain
//! signature verifications the block is worth. The last is what to compare between machines.

#![allow(clippy::print_stdout, reason = "a benchmark speaks to its terminal")]

#[path = "worst_blocks/scripts.rs"]
mod scripts;
#[path = "worst_blocks/signed.rs"]
mod signed;
#[path = "worst_blocks/spend.rs"]
mod spend;

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use litecast_primitives::{Amount, OutPoint, Transaction, TxIn, TxOut, Txid, transaction::TxParts};
use litecast_script::{Flags, ScriptError, checker::Checker, interpreter::verify_script, sighash::SighashData};

use spend::Spend;

type Make = fn() -> Spend;

fn main() {
    let plain = plain_verification();
    println!("one ECDSA verification: {} us", plain.as_micros());
    let blocks: &[(&str, Make)] = &[
        ("P2WPKH, a full block", signed::p2wpkh),
        ("taproot key paths, a full block", signed::taproot_keys),
        ("sighash of one legacy transaction of 1 MB", signed::quadratic),
        ("CHECKMULTISIG 1 of 20, the key that is tried last", signed::multisig),
        ("tapscript with its whole budget of signatures", signed::tapscript),
        ("SHA256 of 520 bytes", scripts::hashes),
        ("OP_DUP and OP_DROP of 520 bytes", scripts::duplicates),
        ("a thousand elements rolled", scripts::rolls),
        ("IF within IF", scripts::conditions),
        ("pushes of 520 bytes", scripts::pushes),
        ("OP_SUCCESS after a megabyte of tapscript", scripts::long_tapscript),
    ];
    // One at a time: they are large.
    for (name, make) in blocks {
        report(name, &make(), plain);
    }
    outputs(plain);
}

/// Rules of a block of today.
fn rules() -> Flags {
    Flags::P2SH
        | Flags::DERSIG
        | Flags::NULLDUMMY
        | Flags::CHECKLOCKTIMEVERIFY
        | Flags::CHECKSEQUENCEVERIFY
        | Flags::WITNESS
        | Flags::TAPROOT
}

/// The best of three: everything else on the machine only ever slows it down.
fn best(mut run: impl FnMut()) -> Duration {
    let rounds = (0..3).map(|_| {
        let start = Instant::now();
        run();
        start.elapsed()
    });
    rounds.min().expect("because three rounds were measured")
}

fn plain_verification() -> Duration {
    const TIMES: u32 = 2000;
    let key = secp256k1::Keypair::from_secret_bytes([7; 32]).expect("because it is a number of the curve");
    let message = secp256k1::Message::from_digest([9; 32]);
    let signature = key.secret_key().sign_ecdsa(message);
    best(|| {
        for _ in 0..TIMES {
            black_box(secp256k1::ecdsa::verify(black_box(&signature), message, &key.public_key()))
                .expect("it is signed");
        }
    }) / TIMES
}

fn verify(spend: &Spend) -> Result<(), ScriptError> {
    let data = SighashData::new(&spend.tx, &spend.spent);
    for (n, (input, output)) in spend.tx.inputs().iter().zip(&spend.spent).enumerate() {
        let checker = Checker::new(&spend.tx, n, output.value, &data, None);
        verify_script(&input.script_sig, &output.script_pubkey, &input.witness, rules(), &checker)?;
    }
    Ok(())
}

fn report(name: &str, spend: &Spend, plain: Duration) {
    assert_eq!(verify(spend), Ok(()), "{name}");
    let time = best(|| {
        let _ = black_box(verify(black_box(spend)));
    });
    line(name, time, spend.tx.inputs().len(), spend.tx.bytes().len(), plain);
}

#[expect(clippy::cast_precision_loss, reason = "numbers for people")]
fn line(name: &str, time: Duration, inputs: usize, bytes: usize, plain: Duration) {
    let ms = time.as_secs_f64() * 1e3;
    println!(
        "{name}: {ms:.1} ms, {inputs} inputs, {bytes} bytes, {:.2} us/input, worth {:.0} verifications",
        ms * 1e3 / inputs as f64,
        time.as_secs_f64() / plain.as_secs_f64(),
    );
}

/// A block of nothing but the smallest outputs: reading it, and the rules that need no coins.
fn outputs(plain: Duration) {
    const OUTPUTS: usize = 110_000;
    let input = TxIn {
        prevout: OutPoint { txid: Txid::from_bytes([1; 32]), vout: 0 },
        script_sig: bytes::Bytes::new(),
        sequence: 0,
        witness: Vec::new(),
    };
    let output = TxOut { value: Amount(1), script_pubkey: bytes::Bytes::new() };
    let parts = TxParts {
        version: 1,
        inputs: vec![input],
        outputs: vec![output; OUTPUTS],
        lock_time: 0,
        mweb: None,
        is_hogex: false,
    };
    let bytes = Transaction::from(parts).bytes().clone();
    let time = best(|| {
        let tx = Transaction::from_bytes(black_box(bytes.clone())).expect("it was written just now");
        litecast_consensus::tx::check_transaction(black_box(&tx)).expect("it keeps the rules");
    });
    line("110,000 outputs, read and checked", time, 1, bytes.len(), plain);
}
