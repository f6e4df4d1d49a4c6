//! Hostile connections: say the same again and again as fast as they are heard, or as slow as they are suffered.

use std::{
    collections::VecDeque,
    io::{ErrorKind, Read as _, Write as _},
    net::{Shutdown, TcpStream},
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::Duration,
};

use super::peer::good;

/// Half closed connections that an attacker keeps.
const LEFT_OPEN: usize = 200;

/// What all attackers of a drill did.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Bytes that the node took.
    pub(crate) sent: AtomicU64,
    /// Bytes that it answered.
    pub(crate) heard: AtomicU64,
    /// Connections that were opened.
    pub(crate) opened: AtomicU64,
    /// Connections that the node ended.
    pub(crate) ended: AtomicU64,
}

/// How an attacker behaves.
#[derive(Debug, Clone, Default)]
pub(crate) struct Habit {
    /// Said once, when the connection is open.
    pub(crate) opening: Vec<u8>,
    /// Said again and again after it.
    pub(crate) refrain: Vec<u8>,
    /// Takes no answers.
    pub(crate) deaf: bool,
    /// Closes its side of the connection after the opening, and comes again.
    pub(crate) half_closes: bool,
}

/// `version` and `verack` of a peer that wants no transactions announced; it does not wait for the answers.
pub(crate) fn greeting() -> Vec<u8> {
    let mut version = Vec::new();
    version.extend(70_017_i32.to_le_bytes());
    version.extend([0; 8]);
    version.extend(1_700_000_000_i64.to_le_bytes());
    version.extend([0; 52]);
    version.extend(0x9e37_79b9_7f4a_7c15_u64.to_le_bytes());
    version.extend(b"\x09/hostile/");
    version.extend([0; 4]);
    version.push(0);
    [good("version", &version), good("verack", &[])].concat()
}

/// Greets, then repeats itself.
pub(crate) fn repeats(refrain: Vec<u8>) -> Habit {
    Habit { opening: greeting(), refrain, ..Habit::default() }
}

/// Greets and says something once, then stays.
pub(crate) fn says(words: &[u8]) -> Habit {
    Habit { opening: [&greeting()[..], words].concat(), ..Habit::default() }
}

fn open(port: u16) -> Option<TcpStream> {
    let stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_nodelay(true).ok()?;
    stream.set_nonblocking(true).ok()?;
    Some(stream)
}

/// One step of a conversation; `None` if the other side has ended it.
fn step(result: std::io::Result<usize>, is_read: bool) -> Option<usize> {
    match result {
        Ok(0) if is_read => None,
        Ok(n) => Some(n),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Some(0),
        Err(_) => None,
    }
}

/// Keeps one connection, or one after the other, until it is stopped.
pub(crate) fn attack(port: u16, habit: &Habit, stop: &AtomicBool, tally: &Tally) {
    let mut sink = vec![0; 256 * 1024];
    let mut left = VecDeque::new();
    while !stop.load(Ordering::Relaxed) {
        let Some(mut stream) = open(port) else {
            thread::sleep(Duration::from_millis(5));
            continue;
        };
        tally.opened.fetch_add(1, Ordering::Relaxed);
        let mut at = 0;
        while !stop.load(Ordering::Relaxed) {
            let total = habit.opening.len() + habit.refrain.len();
            let words = if at < habit.opening.len() {
                &habit.opening[at..]
            } else {
                &habit.refrain[(at - habit.opening.len()).min(habit.refrain.len())..]
            };
            let said = if words.is_empty() { Some(0) } else { step(stream.write(words), false) };
            let heard = if habit.deaf { Some(0) } else { step(stream.read(&mut sink), true) };
            let (Some(said), Some(heard)) = (said, heard) else {
                tally.ended.fetch_add(1, Ordering::Relaxed);
                break;
            };
            tally.sent.fetch_add(said as u64, Ordering::Relaxed);
            tally.heard.fetch_add(heard as u64, Ordering::Relaxed);
            at += said;
            if at == total && !habit.refrain.is_empty() {
                at = habit.opening.len();
            }
            if at >= habit.opening.len() && habit.half_closes {
                // Long enough for the answers to be on their way.
                thread::sleep(Duration::from_millis(60));
                let _ = stream.shutdown(Shutdown::Write);
                // The other half stays open, unread, for as long as the node suffers it.
                left.push_back(stream);
                left.truncate(LEFT_OPEN);
                break;
            }
            if said + heard == 0 {
                thread::sleep(Duration::from_millis(1));
            }
        }
    }
}

/// Many connections that say one byte of something each now and then.
pub(crate) fn trickle(port: u16, count: usize, words: &[u8], stop: &AtomicBool, tally: &Tally) {
    let mut peers: Vec<Option<(TcpStream, usize)>> = (0..count).map(|_| None).collect();
    let mut sink = [0; 1024];
    while !stop.load(Ordering::Relaxed) {
        for place in &mut peers {
            if place.is_none() {
                *place = open(port).map(|stream| (stream, 0));
                tally.opened.fetch_add(u64::from(place.is_some()), Ordering::Relaxed);
            }
            let Some((stream, at)) = place else { continue };
            let next = words.get(*at..=*at).unwrap_or_default();
            let said = if next.is_empty() { Some(0) } else { step(stream.write(next), false) };
            let (Some(said), Some(heard)) = (said, step(stream.read(&mut sink), true)) else {
                tally.ended.fetch_add(1, Ordering::Relaxed);
                *place = None;
                continue;
            };
            *at += said;
            tally.sent.fetch_add(said as u64, Ordering::Relaxed);
            tally.heard.fetch_add(heard as u64, Ordering::Relaxed);
        }
        thread::sleep(Duration::from_millis(20));
    }
}
