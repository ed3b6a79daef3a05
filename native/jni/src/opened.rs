//! An engine that Java holds a number for: calls run beside each other, `close` waits for all of them.

use std::pin::pin;
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
    engine: Arc<Engine>,
    runtime: Arc<Runtime>,
}

impl OpenEngine {
    /// Opens the engine and starts its tasks.
    pub(crate) fn start(config: EngineConfig) -> Result<Self, Error> {
        let runtime = runtime::shared()?;
        let engine = runtime::wait(&runtime, async {
            let engine = Engine::open(config, Arc::new(SystemClock::new()))?;
            engine.keep_fresh();
            engine.serve_ssh();
            Ok(Arc::new(engine))
        })?;
        Ok(Self { running: RwLock::new(Some(Running { engine, runtime })), closing: watch::Sender::new(false) })
    }

    /// Does `work` and waits for it; `None` if the engine is closed.
    pub(crate) fn call<T, F>(&self, work: impl FnOnce(Arc<Engine>) -> F) -> Option<Result<T, Error>>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let running = self.running.read().unwrap_or_else(PoisonError::into_inner);
        running.as_ref().map(|running| runtime::wait(&running.runtime, work(Arc::clone(&running.engine))))
    }

    /// Takes a lease; `close` takes it back as `release` does.
    pub(crate) fn acquire(&self, order: Order) -> Option<Result<Acquired, Error>> {
        let closing = self.closing.subscribe();
        self.call(|engine| acquire(engine, order, closing))
    }

    /// Ends the engine: what is being acquired is taken back, everything else is waited for. Harmless to repeat.
    pub(crate) fn close(&self) -> Result<(), Error> {
        self.closing.send_replace(true);
        let running = self.running.write().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Running { engine, runtime }) = running else { return Ok(()) };
        runtime::wait(&runtime, async {
            // No call runs any more, so nobody else has it.
            if let Some(engine) = Arc::into_inner(engine) {
                engine.close().await;
            }
            Ok(())
        })
    }
}

async fn acquire(engine: Arc<Engine>, order: Order, mut closing: watch::Receiver<bool>) -> Result<Acquired, Error> {
    let lease = order.lease.clone();
    let mut acquire = pin!(engine.acquire(order));
    let finished = tokio::select! {
        // First, so that the lease is known to the engine before it can be taken back.
        biased;
        outcome = &mut acquire => Some(outcome),
        _ = closing.wait_for(|closing| *closing) => None,
    };
    if let Some(outcome) = finished {
        return outcome;
    }
    let (released, outcome) = tokio::join!(engine.release(&lease), acquire);
    if let Err(error) = released {
        tracing::warn!(lease, "a lease that was being acquired is not removed yet: {error}");
    }
    let closed = format!("the engine was closed while lease {lease} was being acquired");
    outcome.and(Err(Error::new(Code::Cancelled, closed, "")))
}
