//! Addresses that cannot be bound, socket files, and starting again.

use std::{fs, os::unix::net::UnixListener};

use litecast_notify::{NotifyConfig, Publisher, PublisherSettings, Topic};
use tokio::runtime::Builder;

use crate::support::{ANY_PORT, Bench, all_on, no_process_starts, option, own_port};

/// Starts a publisher on the options; the reasons of what failed, and how many sockets work.
fn start(addresses: &[&str]) -> (Vec<(String, String)>, usize) {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let options: Vec<_> = addresses.iter().map(|address| option(Topic::HashTx, address, None)).collect();
    let (config, errors) = NotifyConfig::from_options(&options);
    assert_eq!(errors, []);
    let (publisher, errors) = Publisher::start(&config, PublisherSettings::default(), runtime.handle());
    let working = publisher.stats().sockets.len();
    assert_eq!(publisher.observer().notifications().len(), working);
    publisher.shutdown();
    assert!(errors.iter().all(|error| error.topics == [Topic::HashTx] && !error.hint.is_empty()));
    (errors.into_iter().map(|error| (error.address, error.reason)).collect(), working)
}

fn reason(address: &str, text: &str) -> (String, String) {
    (address.to_owned(), text.to_owned())
}

#[test]
fn a_port_in_use_spares_the_other_addresses() {
    let bench = Bench::with(&all_on(&own_port()));
    let taken = bench.bound();
    let foreign = "tcp://192.0.2.1:28332";
    let (errors, working) = start(&[&taken, foreign, ANY_PORT]);
    assert_eq!(
        errors,
        [reason(&taken, "the address is in use"), reason(foreign, "no interface of this machine has this address"),]
    );
    assert_eq!(working, 1);
    let _turn = no_process_starts();
    bench.shutdown();
    // Free again at once.
    assert_eq!(start(&[&taken]), (vec![], 1));
}

#[test]
fn a_socket_file_in_use_is_not_taken_over() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("zmq.sock");
    let address = format!("ipc://{}", path.display());

    let owner = UnixListener::bind(&path).expect("a listener");
    assert_eq!(start(&[&address]), (vec![reason(&address, "the address is in use")], 0));
    assert!(path.exists());

    // Stale: the file stayed when its owner went.
    let _turn = no_process_starts();
    drop(owner);
    assert!(path.exists());
    assert_eq!(start(&[&address]), (vec![], 1));
    assert!(!path.exists(), "removed at shutdown");
}

#[test]
fn files_of_others_are_left_alone() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("precious");
    fs::write(&path, "data").expect("a file");
    let address = format!("ipc://{}", path.display());
    assert_eq!(start(&[&address]), (vec![reason(&address, "the path exists and is not a socket")], 0));
    assert_eq!(fs::read_to_string(&path).expect("still there"), "data");

    let nowhere = format!("ipc://{}/no/such/dir", dir.path().display());
    assert_eq!(start(&[&nowhere]), (vec![reason(&nowhere, "the directory does not exist")], 0));

    // Somebody replaced our file while we ran: it is not ours to remove.
    let shared = dir.path().join("zmq.sock");
    let bench = Bench::with(&all_on(&format!("ipc://{}", shared.display())));
    fs::remove_file(&shared).expect("it is there");
    let _theirs = UnixListener::bind(&shared).expect("a listener");
    bench.shutdown();
    assert!(shared.exists());
}

#[test]
fn a_publisher_that_is_dropped_closes_its_sockets() {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let (config, _) = NotifyConfig::from_options(&all_on(&own_port()));
    let (publisher, _) = Publisher::start(&config, PublisherSettings::default(), runtime.handle());
    let address = publisher.stats().sockets[0].bound.clone();
    drop(publisher);
    let end = std::time::Instant::now() + crate::support::PATIENCE;
    while start(&[&address]).1 == 0 {
        assert!(std::time::Instant::now() < end, "still bound");
    }
}
