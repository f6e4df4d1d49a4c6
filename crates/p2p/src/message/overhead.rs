//! What a decoded message takes of memory beyond its bytes.
//!
//! Most messages stay near their size. Transactions need not: an empty item of a witness is one byte on the wire and 32 in
//! memory, an output 9 and 40. Who counts what waits has to count that.

use std::{mem::size_of, sync::Arc};

use bytes::Bytes;
use litecast_primitives::Transaction;

use super::Message;

impl Message {
    /// Bytes of memory that its transactions take beyond what they take on the wire, roughly.
    pub(crate) fn overhead(&self) -> usize {
        match self {
            Self::Tx(tx) => of_transaction(tx),
            Self::Block(block) => of_all(block.transactions()),
            Self::CmpctBlock(compact) => compact.prefilled.iter().map(|p| of_transaction(&p.transaction)).sum(),
            Self::BlockTxn(answer) => of_all(&answer.transactions),
            _ => 0,
        }
    }
}

fn of_all(transactions: &[Arc<Transaction>]) -> usize {
    transactions.iter().map(|tx| of_transaction(tx)).sum()
}

fn of_transaction(tx: &Transaction) -> usize {
    let items: usize = tx.inputs().iter().map(|input| input.witness.len()).sum();
    size_of::<Transaction>() + size_of_val(tx.inputs()) + size_of_val(tx.outputs()) + items * size_of::<Bytes>()
}
