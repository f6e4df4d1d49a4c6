//! Every target over its seeds, and over a fixed number of mutations of each: what keeps working without libFuzzer and
//! without luck. An allocator that counts holds every run to its memory.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

use litecast_fuzz::{TARGETS, Target};

/// Mutations of each seed.
const MUTATIONS: u64 = 300;
/// All seeds together, in bytes.
const MAX_CORPUS: u64 = 400_000;

/// Counts what is held, and the most that was.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

fn add(size: usize) {
    let held = HELD.fetch_add(size, Ordering::Relaxed) + size;
    PEAK.fetch_max(held, Ordering::Relaxed);
}

// SAFETY: every call is the system allocator's; only numbers are kept beside.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        // SAFETY: as the caller promised.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        // SAFETY: as the caller promised.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller promised.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        add(new_size);
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller promised.
        unsafe { System.realloc(pointer, layout, new_size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Splitmix64: the same numbers everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        let n = u64::try_from(n.max(1)).expect("because lengths are small");
        usize::try_from(self.next() % n).expect("because it is below a usize")
    }
}

/// A few changes of the kinds that matter to decoders.
fn mutate(seed: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    const NUMBERS: [&[u8]; 8] = [
        &[0],
        &[0xff],
        &[0xfc],
        &[0xfd, 0xfd, 0x00],
        &[0xfe, 0, 0, 0, 2],
        &[0xff; 9],
        &[0x80, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0x7f],
        &[0, 0, 0, 0x80],
    ];
    let mut out = seed.to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(out.len() + 1);
        let behind = out.len() - at;
        match random.below(8) {
            0 => out.truncate(at),
            1 | 2 if behind > 0 => out[at] ^= 1 << random.below(8),
            3 if behind > 0 => out[at] = random.next().to_le_bytes()[0],
            4 => drop(out.splice(at..at + random.below(behind.min(16) + 1), [])),
            5 => {
                let number = NUMBERS[random.below(NUMBERS.len())];
                out.splice(at..at + number.len().min(behind), number.iter().copied());
            }
            6 => {
                let copy = out[at..at + random.below(behind.min(200) + 1)].to_vec();
                let to = random.below(out.len() + 1);
                out.splice(to..to, copy);
            }
            _ => {
                let from = random.below(other.len() + 1);
                let length = random.below((other.len() - from).min(400) + 1);
                out.splice(at..at, other[from..from + length].iter().copied());
            }
        }
    }
    out
}

fn run(target: &Target, data: &[u8], source: &str) {
    let before = HELD.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    let panicked = std::panic::catch_unwind(|| (target.run)(data)).is_err();
    if panicked {
        let path = std::env::temp_dir().join(format!("litecast-fuzz-{}", target.name));
        fs::write(&path, data).expect("keep what broke the promise");
        panic!("{} on {source}: the input is in {}", target.name, path.display());
    }
    let used = PEAK.load(Ordering::Relaxed) - before;
    let allowed = target.memory + data.len() * target.memory_per_byte;
    assert!(used <= allowed, "{} on {source}: {used} bytes for {} bytes of input", target.name, data.len());
}

fn files(target: &Target) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target.name);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.expect("a folder can be read").path()).collect();
    files.sort();
    files
}

fn is_seed(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("seed-"))
}

/// One test: what is counted is the process's.
#[test]
fn every_target_keeps_its_promises() {
    let mut total = 0;
    for target in TARGETS {
        let files = files(target);
        let contents: Vec<_> = files.iter().map(|path| fs::read(path).expect("a seed can be read")).collect();
        assert!(files.iter().any(|path| is_seed(path)), "{} has no seeds", target.name);
        // What is made once is not the first input's.
        (target.run)(&contents[0]);
        let mut runs = 0u64;
        for (path, data) in files.iter().zip(&contents) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            run(target, data, &name);
            runs += 1;
            if !is_seed(path) {
                // Found by libFuzzer on this machine.
                continue;
            }
            total += data.len() as u64;
            let mut random =
                Random(data.iter().fold(7, |sum: u64, byte| sum.wrapping_mul(31).wrapping_add((*byte).into())));
            for n in 0..MUTATIONS {
                let other = &contents[random.below(contents.len())];
                run(target, &mutate(data, other, &mut random), &format!("{name}, mutation {n}"));
                runs += 1;
            }
        }
        println!("{}: {runs} runs", target.name);
    }
    assert!(total <= MAX_CORPUS, "{total} bytes of seeds");
}
