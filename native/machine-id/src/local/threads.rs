//! Threads that may be held up by a client: whatever can be (a descriptor of its own, files where it works) is touched
//! here and never on a thread of the runtime.
//!
//! They are made when they are needed, few, shared by [`super::quota`]'s rule among the sockets, and end when there is
//! nothing to do. A job that waits for ever takes its socket's share, no other's.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use nix::sys::signal::SigSet;
use tokio::sync::oneshot;

use super::limits::{IDLE_THREAD, THREADS};
use super::quota::{Permit, Quota, Share, lock};

/// Most threads at once.
const MOST: usize = THREADS.kept + THREADS.common;
/// Their calls are the system's, and not deep.
const STACK: usize = 256 << 10;
/// How often an idle thread looks whether anybody is left to give it work: the library may be unloaded soon.
const LOOK: Duration = Duration::from_millis(50);

/// The threads of a process.
#[derive(Debug)]
pub(crate) struct Threads {
    quota: Arc<Quota>,
    state: Mutex<State>,
    work: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    threads: usize,
    idle: usize,
}

struct Job {
    share: Arc<Share>,
    run: Box<dyn FnOnce() + Send>,
}

/// A socket's access to them.
#[derive(Clone, Debug)]
pub(crate) struct Lane {
    threads: Arc<Threads>,
    share: Arc<Share>,
}

impl Threads {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { quota: Quota::new(THREADS), state: Mutex::default(), work: Condvar::new() })
    }

    pub(crate) fn lane(self: &Arc<Self>) -> Lane {
        Lane { threads: Arc::clone(self), share: self.quota.share() }
    }

    /// Wakes a thread for a job, or makes one.
    fn grow(self: &Arc<Self>, state: &mut State) {
        if state.idle > 0 {
            return self.work.notify_one();
        }
        if state.threads >= MOST {
            return;
        }
        let this = Arc::clone(self);
        let builder = std::thread::Builder::new().name("machine-id-client".to_owned()).stack_size(STACK);
        match builder.spawn(move || this.work()) {
            Ok(_) => state.threads += 1,
            // Those that are there take it when they are free; else the next one that comes tries again.
            Err(error) => tracing::warn!("no further thread for the clients of sockets: {error}"),
        }
    }

    fn work(self: &Arc<Self>) {
        // Writing to a terminal, a pipe or a file of somebody else may send a signal, which may stop the process.
        let _ = SigSet::all().thread_block();
        while let Some((job, _permit)) = self.next() {
            if catch_unwind(AssertUnwindSafe(job.run)).is_err() {
                tracing::error!("a thread for the clients of sockets panicked");
            }
        }
    }

    fn next(self: &Arc<Self>) -> Option<(Job, Permit)> {
        let mut state = lock(&self.state);
        let mut idle = Duration::ZERO;
        loop {
            let found = state.jobs.iter().enumerate().find_map(|(at, job)| job.share.take().map(|permit| (at, permit)));
            if let Some((at, permit)) = found {
                let job = state.jobs.remove(at)?;
                if !state.jobs.is_empty() {
                    self.grow(&mut state);
                }
                return Some((job, permit));
            }
            state.idle += 1;
            let (again, waited) = self.work.wait_timeout(state, LOOK).unwrap_or_else(PoisonError::into_inner);
            state = again;
            state.idle -= 1;
            idle = if waited.timed_out() { idle + LOOK } else { Duration::ZERO };
            // Each thread holds one; where there are no others, no work can come.
            let over = idle >= IDLE_THREAD || Arc::strong_count(self) <= state.threads;
            if over && !state.jobs.iter().any(|job| job.share.take().is_some()) {
                state.threads -= 1;
                return None;
            }
        }
    }
}

impl Lane {
    /// Runs something when there is a thread for it.
    pub(crate) fn run(&self, job: impl FnOnce() + Send + 'static) {
        let mut state = lock(&self.threads.state);
        state.jobs.push_back(Job { share: Arc::clone(&self.share), run: Box::new(job) });
        self.threads.grow(&mut state);
    }

    /// What comes of it; none when it panicked.
    pub(crate) async fn ask<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let (sender, receiver) = oneshot::channel();
        self.run(move || {
            let _ = sender.send(job());
        });
        receiver.await.ok()
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "State({} jobs, {} threads, {} idle)", self.jobs.len(), self.threads, self.idle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    const LONG: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn whoever_holds_up_all_that_it_gets_holds_up_nobody_else() {
        let threads = Threads::new();
        let (release, held) = mpsc::channel::<()>();
        let held = Arc::new(Mutex::new(held));
        let hostile: Vec<Lane> = (0..10).map(|_| threads.lane()).collect();
        for lane in &hostile {
            for _ in 0..MOST * 2 {
                let held = Arc::clone(&held);
                // Until the sender is gone.
                lane.run(move || {
                    let _ = lock(&held).recv();
                });
            }
        }
        for _ in 0..THREADS.kept - hostile.len() {
            let lane = threads.lane();
            assert_eq!(tokio::time::timeout(LONG, lane.ask(|| 7)).await.unwrap(), Some(7));
        }
        assert!(lock(&threads.state).threads <= MOST);
        drop(release);
        assert_eq!(tokio::time::timeout(LONG, hostile[0].ask(|| 7)).await.unwrap(), Some(7));
    }

    #[tokio::test]
    async fn a_panic_costs_its_own_job_and_threads_end_when_there_is_nothing_to_do() {
        let threads = Threads::new();
        let lane = threads.lane();
        assert_eq!(lane.ask(|| assert_eq!(1, 2, "on purpose")).await, None);
        assert_eq!(lane.ask(|| 7).await, Some(7));
        let end = async {
            while lock(&threads.state).threads > 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(LONG, end).await.unwrap();
    }
}
