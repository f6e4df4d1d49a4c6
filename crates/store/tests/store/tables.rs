//! The tables on disk against the model in memory.

use litecast_store::kv::{Change, FjallKv, Kv, MemoryKv, Table};
use proptest::prelude::*;

fn change() -> impl Strategy<Value = Change> {
    (0..Table::ALL.len(), 0u8..20, proptest::option::of(proptest::collection::vec(any::<u8>(), 0..60))).prop_map(
        |(table, key, value)| Change { table: Table::ALL[table], key: vec![key; 1 + usize::from(key) % 3], value },
    )
}

/// Sorted and with every key once, as the seam promises.
fn batch() -> impl Strategy<Value = Vec<Change>> {
    proptest::collection::vec(change(), 0..20).prop_map(|mut changes| {
        changes.sort_by(|a, b| (a.table, &a.key).cmp(&(b.table, &b.key)));
        changes.dedup_by(|a, b| (a.table, &a.key) == (b.table, &b.key));
        changes
    })
}

fn content(kv: &dyn Kv) -> Vec<(Table, Vec<u8>, Vec<u8>)> {
    let snapshot = kv.snapshot();
    let mut all = Vec::new();
    for table in Table::ALL {
        for entry in snapshot.iter(table) {
            let (key, value) = entry.unwrap();
            assert_eq!(kv.get(table, &key).unwrap().as_ref(), Some(&value));
            assert_eq!(snapshot.get(table, &key).unwrap().as_ref(), Some(&value));
            all.push((table, key.to_vec(), value.to_vec()));
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn fjall_does_what_the_model_does(rounds in proptest::collection::vec((batch(), any::<bool>()), 1..8)) {
        let dir = tempfile::tempdir().unwrap();
        let model = MemoryKv::new();
        let mut kv = FjallKv::open(dir.path(), 0).unwrap();
        for (batch, reopen) in rounds {
            let (before, before_model) = (kv.snapshot(), model.snapshot());
            kv.write(batch.clone()).unwrap();
            model.write(batch).unwrap();
            prop_assert_eq!(content(&kv), content(&model));
            // Snapshots did not move.
            for table in Table::ALL {
                let entries = |e: litecast_store::kv::Entries| e.map(|r| r.unwrap()).collect::<Vec<_>>();
                prop_assert_eq!(entries(before.iter(table)), entries(before_model.iter(table)));
            }
            drop(before);
            if reopen {
                drop(kv);
                kv = FjallKv::open(dir.path(), 0).unwrap();
                prop_assert_eq!(content(&kv), content(&model));
            }
        }
    }
}
