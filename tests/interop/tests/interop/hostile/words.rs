//! What hostile peers say.

use litecast_primitives::BlockHeader;
use litecast_scrypt::scrypt_1024_1_1;
use rand::{Rng as _, RngExt as _, SeedableRng as _, rngs::StdRng};

use crate::harness::peer::good;

/// Wire bytes that a refrain should have at least, so that writing them costs the attacker little.
const REFRAIN: usize = 128 * 1024;
/// On regtest about every second hash will do: the highest byte below 0x80.
const EASY_BITS: u32 = 0x207f_ffff;

pub(super) fn random(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

fn noise(random: &mut StdRng, size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    random.fill_bytes(&mut bytes);
    bytes
}

/// The same message until there is enough of it.
fn again(message: &[u8]) -> Vec<u8> {
    message.repeat(REFRAIN.div_ceil(message.len()))
}

fn several(mut make: impl FnMut() -> Vec<u8>) -> Vec<u8> {
    let mut out = Vec::new();
    while out.len() < REFRAIN {
        out.extend(make());
    }
    out
}

/// CompactSize.
fn count(n: usize) -> Vec<u8> {
    match u8::try_from(n) {
        Ok(small) if small < 253 => vec![small],
        _ => match u16::try_from(n) {
            Ok(n) => [&[253][..], &n.to_le_bytes()].concat(),
            Err(_) => [&[254][..], &u32::try_from(n).unwrap().to_le_bytes()].concat(),
        },
    }
}

/// `inv`, `getdata` or `notfound` of unknown things.
pub(super) fn inventory(command: &str, kinds: &[u32], entries: usize, random: &mut StdRng) -> Vec<u8> {
    let mut payload = count(entries);
    for n in 0..entries {
        payload.extend(kinds[n % kinds.len()].to_le_bytes());
        payload.extend(noise(random, 32));
    }
    good(command, &payload)
}

/// A `getdata` that asks for the same again and again.
pub(super) fn asks_for(kind: u32, hash: &[u8; 32], times: usize) -> Vec<u8> {
    let entry = [&kind.to_le_bytes()[..], hash].concat();
    good("getdata", &[count(times), entry.repeat(times)].concat())
}

/// `getheaders` or `getblocks`.
pub(super) fn locate(command: &str, locator: &[[u8; 32]]) -> Vec<u8> {
    let payload = [&70_017_u32.to_le_bytes()[..], &count(locator.len()), &locator.concat(), &[0; 32]].concat();
    good(command, &payload)
}

pub(super) fn headers(headers: &[BlockHeader]) -> Vec<u8> {
    let mut payload = count(headers.len());
    for header in headers {
        payload.extend(header.encode());
        payload.push(0);
    }
    good("headers", &payload)
}

/// Headers one on top of the other; with proof of work if they are `mined`.
pub(super) fn branch(parent: &BlockHeader, length: usize, mined: bool, random: &mut StdRng) -> Vec<BlockHeader> {
    let mut tip = *parent;
    (0..length)
        .map(|_| {
            let mut header = tip;
            header.version = 0x2000_0000;
            header.prev = tip.hash();
            header.time = tip.time + 1;
            header.bits = EASY_BITS;
            header.nonce = random.random();
            while mined && scrypt_1024_1_1(&header.encode())[31] > 0x7e {
                header.nonce = header.nonce.wrapping_add(1);
            }
            tip = header;
            header
        })
        .collect()
}

/// A transaction that spends these outputs without a signature.
fn spends(outputs: &[([u8; 32], u32)], value: i64) -> Vec<u8> {
    let mut tx = 2_i32.to_le_bytes().to_vec();
    tx.extend(count(outputs.len()));
    for (txid, at) in outputs {
        tx.extend(txid);
        tx.extend(at.to_le_bytes());
        tx.push(0);
        tx.extend(u32::MAX.to_le_bytes());
    }
    tx.push(1);
    tx.extend(value.to_le_bytes());
    // To a witness key hash that nobody has.
    tx.extend([22, 0, 20]);
    tx.extend([7; 20]);
    tx.extend([0; 4]);
    tx
}

/// Transactions that spend what nobody knows, all of them different.
pub(super) fn orphans(number: usize, inputs: usize, random: &mut StdRng) -> Vec<u8> {
    let mut make = || {
        let outputs: Vec<_> = (0..inputs).map(|_| (noise(random, 32).try_into().unwrap(), 0)).collect();
        good("tx", &spends(&outputs, 1000))
    };
    (0..number).flat_map(|_| make()).collect()
}

/// Spends of a real output without a signature, all of them different, that pay so much and more.
pub(super) fn thefts(txid: &[u8; 32], number: i64, value: i64) -> Vec<u8> {
    (0..number).flat_map(|n| good("tx", &spends(&[(*txid, 0)], value + n))).collect()
}

/// A transaction that is small on the wire and large in memory: a stack of that many empty items.
pub(super) fn stacked(items: usize) -> Vec<u8> {
    let mut tx = 2_i32.to_le_bytes().to_vec();
    tx.extend([0, 1]);
    let plain = spends(&[([9; 32], 0)], 1000);
    tx.extend(&plain[4..plain.len() - 4]);
    tx.extend(count(items));
    tx.resize(tx.len() + items, 0);
    tx.extend([0; 4]);
    good("tx", &tx)
}

/// `sendcmpct` of Litecoin's version.
pub(super) fn speaks_compact() -> Vec<u8> {
    good("sendcmpct", &[&[0][..], &3_u64.to_le_bytes()].concat())
}

/// A compact block with made up short ids and nothing else.
pub(super) fn compact(header: &BlockHeader, ids: usize, collide: bool, random: &mut StdRng) -> Vec<u8> {
    let mut payload = header.encode().to_vec();
    payload.extend(noise(random, 8));
    payload.extend(count(ids));
    payload.extend(if collide { vec![5; 6 * ids] } else { noise(random, 6 * ids) });
    // Nothing comes along, and there is no extension block.
    payload.extend([0, 0]);
    good("cmpctblock", &payload)
}

/// The answer to `getblocktxn` with the wrong transactions.
pub(super) fn wrong_answer(header: &BlockHeader, transactions: usize) -> Vec<u8> {
    let tx = spends(&[([8; 32], 0)], 5);
    good("blocktxn", &[&header.hash().as_bytes()[..], &count(transactions), &tx.repeat(transactions)].concat())
}

fn addresses(random: &mut StdRng) -> Vec<u8> {
    let mut payload = count(1000);
    for _ in 0..1000 {
        payload.extend(1_700_000_000_u32.to_le_bytes());
        payload.extend([1, 0, 0, 0, 0, 0, 0, 0]);
        payload.extend([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]);
        payload.extend(noise(random, 4));
        payload.extend(9333_u16.to_be_bytes());
    }
    good("addr", &payload)
}

fn addresses_v2(random: &mut StdRng) -> Vec<u8> {
    let mut payload = count(1000);
    for n in 0..1000 {
        payload.extend(1_700_000_000_u32.to_le_bytes());
        payload.push(1);
        // IPv4, Tor v3, and a network of the future with the longest address.
        let (network, size) = [(1, 4), (4, 32), (200, 512)][n % 3];
        payload.push(network);
        payload.extend(count(size));
        payload.extend(noise(random, size));
        payload.extend(9333_u16.to_be_bytes());
    }
    good("addrv2", &payload)
}

/// What a flood is made of.
pub(super) struct Flood {
    pub(super) name: &'static str,
    /// Well-formed.
    pub(super) good: Vec<u8>,
    /// The node ends each connection that brings it, sooner or later.
    pub(super) ends: bool,
}

/// Every message that the node knows, and some that it does not.
pub(super) fn floods(chain: &[BlockHeader], coinbase: &[u8; 32]) -> Vec<Flood> {
    let random = &mut random(1);
    let tip = chain.last().expect("because there is a chain");
    let genesis = *chain[0].hash().as_bytes();
    let strangers: Vec<[u8; 32]> = (0..101).map(|_| noise(random, 32).try_into().unwrap()).collect();
    let filters = |with_start: bool| {
        let start = if with_start { &[0_u8; 4][..] } else { &[] };
        [&[0][..], start, tip.hash().as_bytes()].concat()
    };
    let mut floods = Vec::new();
    let mut add = |name, ends, good| floods.push(Flood { name, good, ends });
    // About the newest blocks, and each flood sees one more.
    add(
        "getblocktxn beyond the block",
        true,
        again(&good("getblocktxn", &[&tip.hash().as_bytes()[..], &[1, 200]].concat())),
    );
    add("getblocktxn", false, again(&good("getblocktxn", &[&tip.hash().as_bytes()[..], &[1, 0]].concat())));
    add("getdata of one compact block", false, asks_for(4, tip.hash().as_bytes(), 1000));
    add("getdata of one block", false, asks_for(0x6000_0002, tip.hash().as_bytes(), 1000));
    add(
        "getmwebutxos",
        true,
        again(&good("getmwebutxos", &[&tip.hash().as_bytes()[..], &[0, 0xff, 0xff, 0]].concat())),
    );
    add("version", true, again(&super::flood::greeting()));
    add("verack", false, again(&good("verack", &[])));
    add("ping", false, again(&good("ping", &[1; 8])));
    add("pong", false, again(&good("pong", &[1; 8])));
    add("addr", false, addresses(random));
    add("addrv2", false, addresses_v2(random));
    add("getaddr", false, again(&good("getaddr", &[])));
    add("inv of transactions", false, inventory("inv", &[1], 50_000, random));
    add("inv of blocks", false, several(|| inventory("inv", &[2], 1, random)));
    add("getdata of unknown transactions", false, inventory("getdata", &[1, 0x4000_0001], 50_000, random));
    add("getdata of unknown blocks", false, inventory("getdata", &[2, 4, 0x6000_0002], 50_000, random));
    add("notfound", false, inventory("notfound", &[1, 2], 5000, random));
    add("getheaders", false, again(&locate("getheaders", &[genesis])));
    add("getheaders with a long locator", false, again(&locate("getheaders", &strangers)));
    add("getblocks", false, again(&locate("getblocks", &[genesis])));
    add("headers that are known", false, again(&headers(&chain[1..])));
    add(
        "headers out of nowhere",
        true,
        several(|| {
            let mut parent = *tip;
            parent.nonce = random.random();
            headers(&branch(&parent, 5, false, random))
        }),
    );
    add("headers without work", true, {
        // Two thousand of them, and the first is bad.
        let mut parent = *tip;
        parent.nonce ^= 1;
        headers(&branch(&parent, 2000, false, random))
    });
    add("headers that go round", true, {
        let ring = branch(tip, 2, true, random);
        again(&headers(&[ring[0], ring[1], ring[0], ring[1]]))
    });
    add("tx: orphans", false, orphans(5000, 1, random));
    add("tx: orphans with many parents", false, orphans(30, 2000, random));
    add("tx: without signatures", false, thefts(coinbase, 2000, 1000));
    add("tx: of less than nothing", true, thefts(coinbase, 2000, -5000));
    add(
        "block",
        false,
        several(|| good("block", &[&tip.encode()[..], &[1], &spends(&[([0; 32], u32::MAX)], 5)].concat())),
    );
    add("sendcmpct", false, again(&speaks_compact()));
    add("cmpctblock that is known", false, [speaks_compact(), compact(tip, 20_000, false, random)].concat());
    add("cmpctblock out of nowhere", false, {
        let mut lost = *tip;
        lost.prev = litecast_primitives::BlockHash::from_bytes([3; 32]);
        [speaks_compact(), again(&compact(&lost, 100, false, random))].concat()
    });
    add("blocktxn", false, wrong_answer(tip, 2000));
    add("feefilter", false, again(&good("feefilter", &1000_i64.to_le_bytes())));
    add("mempool", true, again(&good("mempool", &[])));
    add("getcfilters", true, again(&good("getcfilters", &filters(true))));
    add("getcfheaders", true, again(&good("getcfheaders", &filters(true))));
    add("getcfcheckpt", true, again(&good("getcfcheckpt", &filters(false))));
    add("filterload", true, again(&good("filterload", &[&[3, 1, 2, 3][..], &[0; 9]].concat())));
    add("an unknown command", false, again(&good("whatisthis", &noise(random, 5000))));
    floods
}

/// Bodies of a command that do not decode, have a bad checksum, or end nowhere.
pub(super) fn malformed(well: &[u8]) -> Vec<u8> {
    let random = &mut random(2);
    let command = &well[4..16];
    let name: String = command.iter().take_while(|byte| **byte != 0).map(|byte| char::from(*byte)).collect();
    several(|| {
        let size = random.random_range(0..400);
        let mut message = good(&name, &noise(random, size));
        if random.random_range(0..3) == 0 {
            // Of each third the checksum is wrong too.
            message[20] ^= 1;
        }
        message
    })
}
