//! What it takes to verify an extension block: proofs and signatures alone, in batches, on two threads.
//! `cargo bench -p litecast-mweb`. The outputs are those of the recorded regtest chain; without it there is nothing
//! to do.

#![allow(clippy::print_stdout, reason = "a benchmark speaks to its terminal")]

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use litecast_mweb::{
    Verifier,
    crypto::{ProofData, SignedMessage},
    message::{input_message, kernel_message, output_message},
};
use litecast_primitives::{
    Block,
    mweb::{Output, TxBody},
};

fn main() {
    let folder = std::env::var_os("LITECAST_VECTORS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors"), PathBuf::from);
    let Ok(text) = fs::read_to_string(folder.join("mweb-regtest/blocks.hex")) else {
        println!("skipped: no vectors at {} (set LITECAST_VECTORS)", folder.display());
        return;
    };
    let mut body = TxBody::default();
    for line in text.lines() {
        let bytes = hex::decode(line.trim()).expect("because the recording is hexadecimal");
        let block = Block::from_bytes(bytes.into()).expect("because the recording is of blocks");
        if let Some(extension) = block.extension() {
            body.inputs.extend_from_slice(&extension.body.inputs);
            body.outputs.extend_from_slice(&extension.body.outputs);
            body.kernels.extend_from_slice(&extension.body.kernels);
        }
    }
    let verifier = Verifier::new(0);
    proofs(&body.outputs, &verifier);
    signatures(&body, &verifier);
}

fn proofs(outputs: &[Output], verifier: &Verifier) {
    let messages: Vec<Vec<u8>> = outputs
        .iter()
        .map(|output| {
            let mut bytes = Vec::new();
            output.message.encode(&mut bytes);
            bytes
        })
        .collect();
    let proofs: Vec<ProofData<'_>> = outputs
        .iter()
        .zip(&messages)
        .map(|(o, m)| ProofData { commitment: o.commitment, proof: &o.range_proof, extra_data: m })
        .collect();
    let good = |proofs: &[ProofData<'_>]| assert_eq!(verifier.verify_range_proofs(proofs), Ok(true));
    let n = proofs.len();
    measure("range proof, single", 1, 20.min(n), || proofs.iter().take(20).for_each(|proof| good(&[*proof])));
    measure("range proof, batch", 1, n, || good(&proofs));
    measure("range proof, batch", 2, n, || good(&proofs));
}

fn signatures(body: &TxBody, verifier: &Verifier) {
    let prepared = || -> Vec<SignedMessage> {
        let kernels = body.kernels.iter().map(|kernel| kernel_message(kernel, verifier));
        let inputs = body.inputs.iter().map(|input| input_message(input, verifier));
        let signed: Result<Vec<_>, _> =
            kernels.chain(inputs).chain(body.outputs.iter().map(|output| Ok(output_message(output)))).collect();
        signed.expect("because the recorded blocks are good")
    };
    let all = prepared();
    let n = all.len();
    let good = |signed: &[SignedMessage]| assert_eq!(verifier.verify_signatures(signed), Ok(true));
    measure("signature, single", 1, n, || all.iter().for_each(|signed| good(&[*signed])));
    measure("signature, batch", 1, n, || good(&all));
    measure("signature, batch", 2, n, || good(&all));
    measure("signature, messages and keys", 1, n, || drop(prepared()));
}

fn measure(name: &str, threads: usize, items: usize, work: impl Fn() + Send + Sync) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("because threads can be started");
    // The best of five: everything else on the machine only ever slows it down.
    let best = (0..5)
        .map(|_| {
            let start = Instant::now();
            pool.install(&work);
            start.elapsed()
        })
        .min()
        .unwrap_or(Duration::ZERO);
    let each = best.as_nanos() / items.max(1) as u128;
    println!("{name} ({items}, {threads} threads): {each} ns each");
}
