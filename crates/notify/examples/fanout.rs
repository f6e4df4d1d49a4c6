//! Measures what a message costs the publisher: `cargo run --release --example fanout -- <subscribers> <messages> <bytes>`
//! prints an address, waits for the subscribers (of any kind, in another process), sends, and prints processor time.

use std::{
    fs,
    time::{Duration, Instant},
};

use bytes::Bytes;
use litecast_notify::{Body, Message, NotifyConfig, PubOption, Publisher, PublisherSettings, Topic};

/// Processor time of this process so far, from `/proc` (in ticks of 10 ms).
fn processor_time() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields: Vec<&str> = stat.rsplit(')').next().expect("a command name").split_whitespace().collect();
    let ticks = |index: usize| fields[index].parse::<u64>().expect("a number");
    Duration::from_millis(10 * (ticks(11) + ticks(12)))
}

#[expect(clippy::print_stdout, reason = "an example prints")]
fn main() {
    let mut args = std::env::args().skip(1).map(|word| word.parse::<usize>().expect("a number"));
    let mut next = |default| args.next().unwrap_or(default);
    let (subscribers, messages, bytes) = (next(10), next(100_000), next(250));

    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let option = PubOption { topic: Topic::RawTx, address: "tcp://127.0.0.1:*".to_owned(), hwm: Some(0) };
    let (config, _) = NotifyConfig::from_options(&[option]);
    let (mut publisher, errors) = Publisher::start(&config, PublisherSettings::default(), runtime.handle());
    assert!(errors.is_empty());
    println!("{}", publisher.stats().sockets[0].bound);
    let ready = |publisher: &Publisher| {
        publisher.stats().sockets[0].subscribers.iter().filter(|subscriber| !subscriber.topics.is_empty()).count()
    };
    while ready(&publisher) < subscribers {
        std::thread::sleep(Duration::from_millis(20));
    }

    let (cpu, started) = (processor_time(), Instant::now());
    let body = Body::Raw(Bytes::from(vec![7; bytes]));
    for _ in 0..messages {
        publisher.send(&Message { notifier: 0, topic: Topic::RawTx, body: body.clone() });
    }
    let queued = started.elapsed();
    while publisher.stats().sockets[0].subscribers.iter().any(|subscriber| subscriber.queued != 0) {
        std::thread::sleep(Duration::from_millis(1));
    }
    let per_message = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(u32::try_from(messages).expect("fewer"));
    println!(
        "{subscribers} subscribers, {messages} messages of {bytes} bytes: {:.2} us processor, {:.2} us until queued, \
         {:.2} us until sent, each",
        per_message(processor_time() - cpu),
        per_message(queued),
        per_message(started.elapsed())
    );
    publisher.shutdown();
}
