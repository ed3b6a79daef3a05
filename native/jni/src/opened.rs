//! An engine that Java holds a number for: calls run beside each other, `close` waits for all of them.

use std::sync::{Arc, PoisonError, RwLock};

use machine_id::clock::SystemClock;
use machine_id::config::EngineConfig;
use machine_id::engine::{Acquired, Engine, Order};
use machine_id::error::{Code, Error};
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::runtime;

/// An open engine.
#[derive(Debug)]
pub(crate) struct OpenEngine {
    /// Read while a call runs, written by `close`, which so waits for the calls and leaves nothing behind.
    running: RwLock<Option<Running>>,
    closing: watch::Sender<bool>,
}

#[derive(Debug)]
struct Running {
    engine: Engine,
    runtime: Arc<Runtime>,
}

impl OpenEngine {
    /// Opens the engine and starts its tasks.
    pub(crate) fn start(config: EngineConfig) -> Result<Self, Error> {
        let engine = Engine::open(config, Arc::new(SystemClock::new()))?;
        let runtime = runtime::shared()?;
        {
            let _inside = runtime.enter();
            engine.keep_fresh();
        }
        let running = RwLock::new(Some(Running { engine, runtime }));
        Ok(Self { running, closing: watch::Sender::new(false) })
    }

    /// Runs `work` on this thread, which is a Java one and may wait; `None` if the engine is closed.
    pub(crate) fn call<T>(&self, work: impl AsyncFnOnce(&Engine) -> T) -> Option<T> {
        let running = self.running.read().unwrap_or_else(PoisonError::into_inner);
        running.as_ref().map(|running| running.runtime.block_on(work(&running.engine)))
    }

    /// Takes a lease; `close` takes it back as `release` does.
    pub(crate) fn acquire(&self, order: Order) -> Option<Result<Acquired, Error>> {
        let lease = order.lease.clone();
        let mut closing = self.closing.subscribe();
        self.call(async |engine| {
            let mut acquire = std::pin::pin!(engine.acquire(order));
            tokio::select! {
                // First, so that the lease is known to the engine before it can be taken back.
                biased;
                outcome = &mut acquire => outcome,
                _ = closing.wait_for(|closing| *closing) => {
                    let (released, outcome) = tokio::join!(engine.release(&lease), acquire);
                    if let Err(error) = released {
                        tracing::warn!(lease, "a lease that was being acquired is not removed yet: {error}");
                    }
                    outcome.and(Err(closed(&lease)))
                }
            }
        })
    }

    /// Ends the engine: what is being acquired is taken back, everything else is waited for. Harmless to repeat.
    pub(crate) fn close(&self) {
        self.closing.send_replace(true);
        let running = self.running.write().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Running { engine, runtime }) = running {
            runtime.block_on(engine.close());
        }
    }
}

fn closed(lease: &str) -> Error {
    Error::new(Code::Cancelled, format!("the engine was closed while lease {lease} was being acquired"), "")
}
