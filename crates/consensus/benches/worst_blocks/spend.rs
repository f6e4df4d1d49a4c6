//! A transaction beside what it spends, and how it is put together.

use bytes::Bytes;
use litecast_primitives::{Amount, OutPoint, Transaction, TxIn, TxOut, Txid, hash::sha256, transaction::TxParts};
use litecast_script::opcode::push_bytes;

/// Weight units of a block.
pub(crate) const MAX_WEIGHT: usize = 4_000_000;
/// Cost of signature operations of a block.
pub(crate) const MAX_SIGOPS_COST: usize = 80_000;

/// A transaction that fills a block, whose inputs are all to be verified.
pub(crate) struct Spend {
    pub(crate) tx: Transaction,
    /// Outputs that are spent, in order.
    pub(crate) spent: Vec<TxOut>,
}

pub(crate) fn output(script_pubkey: &[u8]) -> TxOut {
    TxOut { value: Amount(10_000), script_pubkey: Bytes::copy_from_slice(script_pubkey) }
}

/// Many inputs that spend the same kind of output, unsigned, and one output.
pub(crate) fn unsigned(inputs: usize, script_pubkey: &[u8]) -> TxParts {
    let input = |n: usize| TxIn {
        prevout: OutPoint { txid: Txid::from_bytes(sha256(&n.to_le_bytes())), vout: 0 },
        script_sig: Bytes::new(),
        sequence: TxIn::SEQUENCE_FINAL,
        witness: Vec::new(),
    };
    TxParts {
        version: 2,
        inputs: (0..inputs).map(input).collect(),
        outputs: vec![output(script_pubkey)],
        lock_time: 0,
        mweb: None,
        is_hogex: false,
    }
}

/// The same script spends all inputs.
pub(crate) fn same(inputs: usize, script_pubkey: &[u8], script_sig: &[u8], witness: &[Bytes]) -> Spend {
    let mut parts = unsigned(inputs, script_pubkey);
    for input in &mut parts.inputs {
        input.script_sig = Bytes::copy_from_slice(script_sig);
        input.witness = witness.to_vec();
    }
    Spend { tx: parts.into(), spent: vec![output(script_pubkey); inputs] }
}

/// As many inputs with this witness as a block holds.
pub(crate) fn full_of(script_pubkey: &[u8], witness: &[Bytes]) -> Spend {
    let size: usize = witness.iter().map(|item| item.len() + 3).sum();
    let inputs = (MAX_WEIGHT - 1000) / (41 * 4 + size + 3);
    same(inputs, script_pubkey, &[], witness)
}

/// Pays to a witness program.
pub(crate) fn program(version_opcode: u8, program: &[u8]) -> Vec<u8> {
    let mut script = vec![version_opcode];
    push_bytes(&mut script, program);
    script
}
