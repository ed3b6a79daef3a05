//! Memory and descriptors of another process.

use std::fmt;
use std::fs;
use std::path::PathBuf;

use crate::table::Row;

/// Growth that an allocator's whims explain, in kB.
const MEMORY: u64 = 6 * 1024;
/// Connections and files that happen to be open at the last look.
const DESCRIPTORS: usize = 4;

/// What was seen of a process.
#[derive(Clone, Debug)]
pub(super) struct Gauge {
    process: PathBuf,
    /// Resident memory in kB, one entry a second.
    memory: Vec<u64>,
    descriptors: Vec<usize>,
    threads: Vec<usize>,
    last_descriptors: usize,
}

impl Gauge {
    pub(super) fn of(process: u32) -> Self {
        let process = PathBuf::from(format!("/proc/{process}"));
        Self { process, memory: Vec::new(), descriptors: Vec::new(), threads: Vec::new(), last_descriptors: 0 }
    }

    pub(super) fn look(&mut self) {
        let status = fs::read_to_string(self.process.join("status")).unwrap_or_default();
        let value = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let memory: Option<u64> = value.and_then(|value| value.trim().trim_end_matches(" kB").parse().ok());
        self.memory.extend(memory);
        let count = |folder| fs::read_dir(self.process.join(folder)).map(Iterator::count);
        self.descriptors.extend(count("fd"));
        self.threads.extend(count("task"));
    }

    /// A last look; whether no more is open than when it was most quiet.
    pub(super) fn finish(&mut self) -> bool {
        self.look();
        self.last_descriptors = self.descriptors.last().copied().unwrap_or(0);
        self.last_descriptors <= self.fewest() + DESCRIPTORS
    }

    fn fewest(&self) -> usize {
        self.descriptors.iter().min().copied().unwrap_or(0)
    }

    pub(super) fn row(&self) -> Row {
        let mut row = Row::new("memory and descriptors");
        row.count = self.memory.len();
        let third = self.memory.len() / 3;
        let most = |part: &[u64]| part.iter().max().copied().unwrap_or(0);
        let (first, last) =
            (most(self.memory.get(..third).unwrap_or(&[])), most(self.memory.get(2 * third..).unwrap_or(&[])));
        let quiet = self.fewest();
        row.note = format!(
            "{first} kB at most in the first third, {last} kB in the last; {} to {} descriptors, {} when quiet; at most {} threads",
            quiet,
            self.descriptors.iter().max().copied().unwrap_or(0),
            self.last_descriptors,
            self.threads.iter().max().copied().unwrap_or(0),
        );
        if third > 0 && last > first + MEMORY {
            row.violations.push(format!("memory grew from {first} kB to {last} kB"));
        }
        if self.last_descriptors > quiet + DESCRIPTORS {
            row.violations.push(format!("{} descriptors are open when all is quiet", self.last_descriptors));
        }
        row
    }
}

impl fmt::Display for Gauge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = |list: &[usize]| list.last().copied().unwrap_or(0);
        write!(
            f,
            "{} kB, {} descriptors, {} threads",
            self.memory.last().copied().unwrap_or(0),
            last(&self.descriptors),
            last(&self.threads)
        )
    }
}
