//! The command line.

use std::time::Duration;

pub(crate) const HELP: &str = "\
litecast-sub: prints the ZeroMQ stream of a Litecoin node

Usage: litecast-sub [options] [address...]

An address is what the node was given, for example -zmqpubrawtx=tcp://127.0.0.1:28332;
several are watched at once. Without one: tcp://127.0.0.1:28332.

Options:
  -t, --topic=<topic>    Only topics that begin with this: hashblock, hashtx, rawblock, rawtx,
                         sequence; may be repeated or a list with commas (default: all)
      --json             One JSON object a line, for programs
      --body             Print the whole body in hexadecimal as well
  -n, --count=<n>        End after n messages
      --heartbeat=<s>    Ask a publisher that is silent for s seconds whether it still lives;
                         connect again if it does not answer (default: 30)
  -h, --help             This text
  -V, --version          The version

Each line shows time (UTC), topic, counter and what the message says:
  hashblock, hashtx      the hash
  rawblock               hash, height, transactions, size, extension block
  rawtx                  txid, inputs, outputs, total value, size, MWEB part
  sequence               block connected or disconnected, transaction added to or removed from the
                         mempool, with the mempool's sequence number
A jump of the counter means that messages were lost, and is printed (in red on a terminal, unless
NO_COLOR is set). Raise the node's -zmqpub<topic>hwm, or read faster.

Examples:
  litecast-sub --topic=sequence
  litecast-sub --json tcp://127.0.0.1:28332 tcp://127.0.0.1:28333 | jq .txid
";

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Args {
    pub(crate) addresses: Vec<String>,
    pub(crate) topics: Vec<String>,
    pub(crate) json: bool,
    pub(crate) body: bool,
    pub(crate) count: Option<u64>,
    pub(crate) heartbeat: Duration,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Help,
    Version,
    Run(Args),
}

impl Args {
    pub(crate) fn parse(words: impl IntoIterator<Item = String>) -> Result<Action, String> {
        let mut args = Self {
            addresses: Vec::new(),
            topics: Vec::new(),
            json: false,
            body: false,
            count: None,
            heartbeat: Duration::from_secs(30),
        };
        let mut words = words.into_iter();
        let mut only_addresses = false;
        while let Some(word) = words.next() {
            if only_addresses || !word.starts_with('-') {
                args.addresses.push(word);
                continue;
            }
            let (name, inline) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (word.as_str(), None),
            };
            let mut value = || inline.clone().or_else(|| words.next()).ok_or_else(|| format!("{name} needs a value"));
            match name {
                "--" if inline.is_none() => only_addresses = true,
                "-h" | "--help" | "-help" | "-?" => return Ok(Action::Help),
                "-V" | "--version" | "-version" => return Ok(Action::Version),
                "-t" | "--topic" => args.topics.extend(value()?.split(',').map(str::to_owned)),
                "-n" | "--count" => args.count = Some(number(name, &value()?)?),
                "--heartbeat" => args.heartbeat = Duration::from_secs(number(name, &value()?)?.max(1)),
                "--json" if inline.is_none() => args.json = true,
                "--body" if inline.is_none() => args.body = true,
                _ => return Err(format!("unknown option {word}")),
            }
        }
        if args.addresses.is_empty() {
            args.addresses.push("tcp://127.0.0.1:28332".to_owned());
        }
        if args.topics.is_empty() {
            args.topics.push(String::new());
        }
        Ok(Action::Run(args))
    }
}

fn number(name: &str, value: &str) -> Result<u64, String> {
    value.parse().map_err(|_| format!("{name}: '{value}' is not a number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Action, String> {
        Args::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn words() {
        let Ok(Action::Run(args)) = parse("-t raw,hash --topic=sequence --json -n 3 tcp://a:1 -- -odd") else {
            panic!("these are options")
        };
        assert_eq!(args.topics, ["raw", "hash", "sequence"]);
        assert_eq!(args.addresses, ["tcp://a:1", "-odd"]);
        assert!(args.json && !args.body);
        assert_eq!(args.count, Some(3));
        assert_eq!(parse("--json -h"), Ok(Action::Help));
        assert_eq!(parse("-n"), Err("-n needs a value".to_owned()));
        assert_eq!(parse("-n x"), Err("-n: 'x' is not a number".to_owned()));
        assert_eq!(parse("--jso"), Err("unknown option --jso".to_owned()));
        let Ok(Action::Run(args)) = parse("") else { panic!("no options are fine") };
        assert_eq!((args.addresses.len(), args.topics.as_slice()), (1, &[String::new()][..]));
    }
}
