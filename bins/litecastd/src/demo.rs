//! `-demo`: a chain that lives by itself in a temporary folder, published over ZeroMQ and shown as a subscriber sees it.

use std::{io::Write as _, sync::Arc, thread, time::Duration};

use anyhow::{Context as _, Result, anyhow};
use bytes::Bytes;
use litecast_client::{Subscriber, SubscriberOptions, print::Printer};
use litecast_engine::{AssembleRequest, Contents, Handle, mine};

use crate::shutdown::{Reason, Shutdown};

/// Where everything is published.
const ADDRESS: &str = "tcp://127.0.0.1:28332";
const TOPICS: [&str; 5] = ["hashblock", "hashtx", "rawblock", "rawtx", "sequence"];
/// Time between blocks.
const BLOCK_INTERVAL: Duration = Duration::from_secs(3);
/// Before the first block: subscribers want to be there.
const FIRST_BLOCK: Duration = Duration::from_millis(700);
/// Anyone can spend: `OP_TRUE`.
const COINBASE_SCRIPT: &[u8] = &[0x51];

/// The demonstration's folder and options; the folder goes when this is dropped.
pub(crate) struct Demo {
    _folder: tempfile::TempDir,
    /// The options of the node, the user's own last.
    pub(crate) words: Vec<String>,
}

/// If `-demo` is among the words, prepares a folder and the options that go with it.
pub(crate) fn prepare(words: &[String]) -> Result<Option<Demo>> {
    if !words.iter().any(|word| ["-demo", "--demo", "-demo=1", "--demo=1"].contains(&word.as_str())) {
        return Ok(None);
    }
    let folder =
        tempfile::Builder::new().prefix("litecast-demo-").tempdir().context("cannot make a temporary folder")?;
    let mut all = vec![
        format!("-datadir={}", folder.path().display()),
        "-regtest".into(),
        "-listen=0".into(),
        "-connect=0".into(),
        "-printtoconsole=0".into(),
        // An extension block begins with a peg-in, and the demonstration has no wallet to make one.
        "-vbparams=mweb:-2:0".into(),
    ];
    if !words.iter().any(|word| word.trim_start_matches('-').starts_with("zmqpub")) {
        all.extend(TOPICS.map(|topic| format!("-zmqpub{topic}={ADDRESS}")));
    }
    all.extend_from_slice(words);
    println!("A living regtest chain in {}", folder.path().display());
    println!(
        "Published on {ADDRESS}: {}. A block every {} seconds; Ctrl-C ends it.",
        TOPICS.join(" "),
        BLOCK_INTERVAL.as_secs()
    );
    println!("Below is what a subscriber sees. Watch it with your own: contrib/zmq/zmq_sub.py {ADDRESS}\n");
    Ok(Some(Demo { _folder: folder, words: all }))
}

/// Starts the miner and the subscriber that prints.
pub(crate) fn start(engine: &Handle, shutdown: &Shutdown) -> Result<()> {
    let subscriber =
        Subscriber::start(&[ADDRESS.to_owned()], &SubscriberOptions::default()).map_err(|error| anyhow!("{error}"))?;
    let ending = shutdown.clone();
    thread::Builder::new().name("demo-subscriber".into()).spawn(move || {
        let printer = Printer::for_stdout();
        while !ending.is_requested() {
            let Some(notice) = subscriber.recv_timeout(Duration::from_millis(200)) else { continue };
            if writeln!(std::io::stdout(), "{}", printer.line(&notice)).is_err() {
                // Nobody looks any more.
                return ending.request(Reason::Asked);
            }
        }
    })?;
    let (engine, ending) = (engine.clone(), shutdown.clone());
    thread::Builder::new().name("demo-miner".into()).spawn(move || {
        thread::sleep(FIRST_BLOCK);
        while !ending.is_requested() {
            if let Err(error) = mine_one(&engine) {
                return ending.request(Reason::Failed(format!("{error:#}")));
            }
            thread::sleep(BLOCK_INTERVAL);
        }
    })?;
    Ok(())
}

fn mine_one(engine: &Handle) -> Result<()> {
    let request = AssembleRequest {
        script_pubkey: Bytes::from_static(COINBASE_SCRIPT),
        contents: Contents::Pool,
        extra_nonce: 1,
    };
    let template = engine.assemble(request)??;
    let params = Arc::clone(engine.reader().params());
    let block = mine(&template.block, &params, &mut u64::MAX.clone()).ok_or_else(|| anyhow!("no nonce is left"))?;
    engine.submit_block(Arc::new(block), true)?.accepted?;
    Ok(())
}
