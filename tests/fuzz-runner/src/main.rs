//! `fuzz-runner SECONDS [TARGET…]`: runs every target on its corpus and on mutations of it.
//!
//! A panic, or a call that takes longer than [`SLOW`], is a find: the input is written to `native/fuzz/artifacts`.
#![allow(clippy::disallowed_methods, reason = "a test tool measures real time and writes its finds")]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use fuzz_runner::mutate::mutate;
use fuzz_runner::{TARGETS, Target, target};
use sha2::{Digest, Sha256};

/// A single call may take this long, in a build without optimisation on a busy machine.
const SLOW: Duration = Duration::from_secs(2);
/// After that it hangs.
const HANGS: Duration = Duration::from_secs(20);
/// Inputs that were made and are kept as further seeds.
const POOL: usize = 512;

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let Some(seconds) = words.next().and_then(|word| word.parse::<u64>().ok()) else {
        eprintln!("usage: fuzz-runner SECONDS [TARGET…]");
        return ExitCode::from(2);
    };
    let names: Vec<String> = words.collect();
    if let Some(unknown) = names.iter().find(|name| target(name).is_none()) {
        eprintln!("fuzz-runner: there is no target {unknown}");
        return ExitCode::from(2);
    }
    let chosen: Vec<&Target> =
        TARGETS.iter().filter(|target| names.is_empty() || names.iter().any(|name| name == target.name)).collect();
    let share = Duration::from_secs(seconds) / u32::try_from(chosen.len()).unwrap_or(1);
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../native/fuzz");
    std::panic::set_hook(Box::new(|_| {}));
    let watched = Watched::start(base.clone());
    let mut finds = 0;
    println!("{:<16} {:>7} {:>10} {:>6}", "target", "corpus", "inputs", "finds");
    for target in chosen {
        let (corpus, inputs, found) = work(target, &base, share, &watched);
        println!("{:<16} {corpus:>7} {inputs:>10} {found:>6}", target.name);
        finds += found;
    }
    if finds == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn work(target: &Target, base: &Path, share: Duration, watched: &Watched) -> (usize, u64, u64) {
    let mut pool = corpus(&base.join("corpus").join(target.name));
    let size = pool.len();
    let mut random = fastrand::Rng::new();
    let (mut inputs, mut finds) = (0, 0);
    let mut try_one = |input: &[u8]| {
        inputs += 1;
        let started = Instant::now();
        watched.begin(target.name, input);
        let outcome = catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
        watched.end();
        let slow = started.elapsed() > SLOW;
        if outcome.is_err() || slow {
            finds += 1;
            let path = keep(base, target.name, input);
            eprintln!("{}: {} on {}", target.name, if slow { "slow" } else { "panic" }, path.display());
        }
        finds
    };
    for input in &pool {
        try_one(input);
    }
    let end = Instant::now() + share;
    while Instant::now() < end {
        let seed = pool.get(random.usize(..pool.len().max(1))).cloned().unwrap_or_default();
        let other = pool.get(random.usize(..pool.len().max(1))).cloned().unwrap_or_default();
        let input = mutate(&seed, &other, &mut random);
        if try_one(&input) > 20 {
            break;
        }
        // Mutations of mutations: without coverage, chance decides which live on.
        if random.usize(..50) == 0 {
            if pool.len() < POOL {
                pool.push(input);
            } else if let Some(old) = pool.get_mut(size + random.usize(..POOL - size.min(POOL - 1))) {
                *old = input;
            }
        }
    }
    (size, inputs, finds)
}

fn corpus(folder: &Path) -> Vec<Vec<u8>> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path()).collect();
    paths.sort();
    let mut all: Vec<Vec<u8>> = paths.iter().filter_map(|path| fs::read(path).ok()).collect();
    if all.is_empty() {
        all.push(Vec::new());
    }
    all
}

fn keep(base: &Path, name: &str, input: &[u8]) -> PathBuf {
    let digest = hex::encode(Sha256::digest(input));
    let path = base.join("artifacts").join(format!("{name}-{}", digest.get(..16).unwrap_or_default()));
    let _ = fs::create_dir_all(base.join("artifacts"));
    let _ = fs::write(&path, input);
    path
}

/// When a call began, its target, its input.
type Call = (Instant, &'static str, Vec<u8>);

/// Looks from another thread whether a call returns.
struct Watched {
    begun: Arc<Mutex<Option<Call>>>,
}

impl Watched {
    fn start(base: PathBuf) -> Self {
        let begun: Arc<Mutex<Option<Call>>> = Arc::default();
        let seen = Arc::clone(&begun);
        std::thread::spawn(move || {
            loop {
                std::thread::sleep(Duration::from_secs(1));
                let call = seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
                if let Some((_, name, input)) = call.filter(|(since, ..)| since.elapsed() > HANGS) {
                    eprintln!("{name}: hangs on {}", keep(&base, name, &input).display());
                    std::process::exit(1);
                }
            }
        });
        Self { begun }
    }

    fn begin(&self, name: &'static str, input: &[u8]) {
        *self.begun.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), name, input.to_vec()));
    }

    fn end(&self) {
        *self.begun.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
