//! What one commit changes. Collecting is cheap and cannot fail; nothing happens before [`crate::Store::commit`].

use litecast_primitives::{BlockHash, Coin, OutPoint};

use crate::{
    IndexRecord, Opaque,
    coin_codec::encode_coin,
    kv::{Change, Table},
    marker,
};

/// What is known of the coins as a whole; kept beside their best block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CoinsSummary {
    /// Number of unspent outputs.
    pub count: u64,
}

/// Changes that become visible and durable together. A later change of a key replaces an earlier one.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    changes: Vec<Change>,
}

impl Batch {
    /// Flush a cache of coins before it owes more changes than this: commits stay below half a second and the
    /// journal within its bounds.
    pub const COMFORTABLE_CHANGES: usize = 500_000;

    /// Changes nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of changes so far.
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    /// Whether there is nothing to commit.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Adds or replaces a block of the index.
    pub fn put_index(&mut self, hash: &BlockHash, record: &IndexRecord) {
        self.push(Table::Index, hash.as_bytes().to_vec(), Some(record.encode()));
    }

    /// Removes a block from the index.
    pub fn delete_index(&mut self, hash: &BlockHash) {
        self.push(Table::Index, hash.as_bytes().to_vec(), None);
    }

    /// The tip that was announced last: a restart rolls the coins forward to it.
    pub fn set_announced_tip(&mut self, hash: &BlockHash) {
        self.push(Table::State, marker::ANNOUNCED_TIP.to_vec(), Some(hash.as_bytes().to_vec()));
    }

    /// Adds or replaces a coin.
    ///
    /// # Panics
    /// If value or height are out of the codec's domain, see [`encode_coin`].
    pub fn put_coin(&mut self, outpoint: OutPoint, coin: &Coin) {
        self.push(Table::Coins, coin_key(&outpoint), Some(encode_coin(coin)));
    }

    /// Removes a coin; removing what is not there is no error.
    pub fn delete_coin(&mut self, outpoint: OutPoint) {
        self.push(Table::Coins, coin_key(&outpoint), None);
    }

    /// The block whose coins these are.
    pub fn set_coins_best(&mut self, hash: &BlockHash, summary: CoinsSummary) {
        self.push(Table::State, marker::COINS_BEST.to_vec(), Some(marker::encode_coins_best(hash, summary)));
    }

    /// Adds or replaces an entry of the engine's own.
    pub fn put(&mut self, table: Opaque, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.push(table.table(), key.into(), Some(value.into()));
    }

    /// Removes an entry of the engine's own.
    pub fn delete(&mut self, table: Opaque, key: impl Into<Vec<u8>>) {
        self.push(table.table(), key.into(), None);
    }

    /// [`Batch::put`] into [`Opaque::Meta`].
    pub fn put_meta(&mut self, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.put(Opaque::Meta, key, value);
    }

    /// [`Batch::delete`] from [`Opaque::Meta`].
    pub fn delete_meta(&mut self, key: impl Into<Vec<u8>>) {
        self.delete(Opaque::Meta, key);
    }

    pub(crate) fn push(&mut self, table: Table, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.changes.push(Change { table, key, value });
    }

    /// In order of table and key, every key once with its last change: the tree wants sorted keys, and no
    /// database's idea of "last" is relied on.
    pub(crate) fn into_changes(self) -> Vec<Change> {
        let mut changes = self.changes;
        changes.sort_by(|a, b| (a.table, &a.key).cmp(&(b.table, &b.key)));
        // dedup_by keeps the first of its run and hands over (later, kept): move the later value down.
        changes.dedup_by(|later, kept| {
            let same = later.table == kept.table && later.key == kept.key;
            if same {
                kept.value = later.value.take();
            }
            same
        });
        changes
    }
}

/// Txid in internal order, then the index big-endian, so that a transaction's coins lie together in order.
pub(crate) fn coin_key(outpoint: &OutPoint) -> Vec<u8> {
    let mut key = Vec::with_capacity(36);
    key.extend_from_slice(outpoint.txid.as_bytes());
    key.extend_from_slice(&outpoint.vout.to_be_bytes());
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_change_of_a_key_wins() {
        let mut batch = Batch::new();
        batch.put_meta(*b"b", *b"1");
        batch.put(Opaque::Mweb, *b"b", *b"other table");
        batch.put_meta(*b"a", *b"2");
        batch.delete_meta(*b"b");
        batch.put_meta(*b"b", *b"3");
        batch.delete_meta(*b"a");
        let changes: Vec<_> = batch.into_changes().into_iter().map(|c| (c.table, c.key, c.value)).collect();
        assert_eq!(
            changes,
            [
                (Table::Mweb, b"b".to_vec(), Some(b"other table".to_vec())),
                (Table::Meta, b"a".to_vec(), None),
                (Table::Meta, b"b".to_vec(), Some(b"3".to_vec())),
            ]
        );
    }
}
