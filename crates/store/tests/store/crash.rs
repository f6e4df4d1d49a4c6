//! Law 8: for any crash point, reopening gives a prefix of the committed states. And: whichever write fails, the
//! store says so from then on, and disk and readers stay whole.

use std::{io, sync::Arc};

use litecast_store::{
    Batch, Remedy, Store, StoreError,
    simulation::{Fault, SimulatedDisk},
};
use proptest::prelude::*;

use crate::history::{Player, Shown, Step, options};

fn open(disk: &SimulatedDisk) -> Result<Store, StoreError> {
    Store::open_with(&options("/chain"), Arc::new(disk.clone()), Box::new(disk.clone()))
}

/// Plays until the end or the first error.
fn play(disk: &SimulatedDisk, steps: &[Step]) -> (Vec<Shown>, Option<Shown>, Option<(Store, StoreError)>) {
    let Ok(store) = open(disk) else { return (vec![Shown::default()], None, None) };
    let mut player = Player::new(Shown::default());
    for step in steps {
        if let Err(error) = player.play(&store, *step) {
            return (player.committed, player.in_flight, Some((store, error)));
        }
    }
    (player.committed, None, None)
}

fn check_reopened(disk: &SimulatedDisk, committed: &[Shown], in_flight: Option<&Shown>) -> Result<(), TestCaseError> {
    let store = open(disk).unwrap();
    let shown = Shown::of(&store);
    let last = committed.last().unwrap();
    prop_assert!(shown == *last || Some(&shown) == in_flight, "a state that was never committed");
    shown.check_files(&store);
    // The garbage behind the ends is written over and hurts nobody.
    let mut player = Player::new(shown);
    for step in [Step::Block, Step::Commit, Step::Block, Step::Block, Step::Block, Step::Block, Step::Commit] {
        player.play(&store, step).unwrap();
    }
    player.model.check_files(&store);
    drop(store);
    let store = open(disk).unwrap();
    let shown = Shown::of(&store);
    prop_assert_eq!(&shown, &player.model);
    shown.check_files(&store);
    Ok(())
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![5 => Just(Step::Block), 1 => Just(Step::Sync), 3 => Just(Step::Commit)];
    proptest::collection::vec(step, 1..30)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_crash_point_gives_a_committed_state(steps in steps(), seed: u64) {
        let whole = SimulatedDisk::new();
        let (committed, _, failure) = play(&whole, &steps);
        prop_assert!(failure.is_none());
        check_reopened(&whole.after_power_loss(seed), &committed, None)?;
        for point in 0..whole.operations() {
            let disk = SimulatedDisk::new();
            disk.fault_at(point, Fault::PowerLoss);
            let (committed, in_flight, _) = play(&disk, &steps);
            for dice in 0..3 {
                check_reopened(&disk.after_power_loss(seed ^ dice), &committed, in_flight.as_ref())?;
            }
        }
    }

    #[test]
    fn every_failed_operation_is_final_and_told(steps in steps(), seed: u64) {
        let whole = SimulatedDisk::new();
        play(&whole, &steps);
        for point in 0..whole.operations() {
            let disk = SimulatedDisk::new();
            disk.fault_at(point, Fault::Error(io::ErrorKind::StorageFull));
            let (committed, in_flight, failure) = play(&disk, &steps);
            // The first operation is the marker's, when there is no store yet.
            prop_assert_eq!(failure.is_none(), point == 0);
            if let Some((store, error)) = failure {
                prop_assert!(matches!(error, StoreError::DiskFull { .. }), "{error}");
                prop_assert!(error.to_string().starts_with("Disk space is too low!"));
                for again in [
                    store.append_block(&[0; 80]).map(|_| ()),
                    store.append_undo(0, &[], &litecast_primitives::BlockHash::ZERO).map(|_| ()),
                    store.sync_files(),
                    store.commit(Batch::new()),
                ] {
                    prop_assert_eq!(again.unwrap_err().to_string(), error.to_string());
                }
                // Reading goes on.
                let shown = Shown::of(&store);
                prop_assert_eq!(&shown, committed.last().unwrap());
                shown.check_files(&store);
            }
            check_reopened(&disk.after_power_loss(seed), &committed, in_flight.as_ref())?;
        }
    }
}

#[test]
fn a_record_too_large_fails_nothing_else() {
    let store = open(&SimulatedDisk::new()).unwrap();
    let error = store.append_block(&[0; 1500 - 8]).unwrap_err();
    assert!(matches!(error, StoreError::RecordTooLarge { bytes: 1492 }));
    assert!(store.failure().is_none());
    let pos = store.append_block(&[1; 1500 - 9]).unwrap();
    assert_eq!(store.read_block(pos).unwrap(), vec![1; 1491]);
}

#[test]
fn a_file_that_lost_its_end_is_told_at_once() {
    let disk = SimulatedDisk::new();
    let (committed, _, _) = play(&disk, &[Step::Block, Step::Block, Step::Commit]);
    assert_eq!(committed.len(), 2);
    disk.cut("/chain/blocks/blk00000.dat".as_ref(), 100);
    let error = open(&disk).unwrap_err();
    assert!(matches!(&error, StoreError::Corrupt { remedy: Remedy::Reindex, .. }));
    assert!(error.to_string().contains("blk00000.dat is damaged"), "{error}");
}
