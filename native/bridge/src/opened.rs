//! An engine that Java holds a number for: calls run beside each other, `close` waits for all of them.

use std::pin::pin;
use std::sync::Arc;

use machine_id::blocking::{self, Lane};
use machine_id::clock::SystemClock;
use machine_id::config::{EngineConfig, GivenToken};
use machine_id::engine::{Acquired, Engine, LeaseRequest};
use machine_id::error::{Code, Error};
use tokio::runtime::Runtime;
use tokio::sync::{RwLock, watch};

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
    /// Stays while the engine is open.
    _runtime: Arc<Runtime>,
}

impl OpenEngine {
    /// Opens the engine and starts its tasks. `runtime` is the one that this runs on.
    pub(crate) async fn start(config: EngineConfig, runtime: Arc<Runtime>) -> Result<Self, Error> {
        let opening = blocking::run(Lane::Store, move || Engine::open(config, Arc::new(SystemClock::new())));
        let engine = opening.await??;
        engine.keep_fresh();
        engine.serve_ssh();
        let running = Running { engine: Arc::new(engine), _runtime: runtime };
        Ok(Self { running: RwLock::new(Some(running)), closing: watch::Sender::new(false) })
    }

    /// Does `work`; `None` if the engine is closed.
    pub(crate) async fn call<T>(&self, work: impl AsyncFnOnce(Arc<Engine>) -> T) -> Option<T> {
        let running = self.running.read().await;
        let engine = Arc::clone(&running.as_ref()?.engine);
        Some(work(engine).await)
    }

    /// Takes a lease, or renews it by what is `given`; `close` takes a new one back as `release` does.
    pub(crate) async fn acquire(
        &self,
        order: LeaseRequest,
        given: Option<GivenToken>,
    ) -> Option<Result<Acquired, Error>> {
        let closing = self.closing.subscribe();
        self.call(async |engine| acquire(engine, order, given, closing).await).await
    }

    /// Ends the engine: what is being acquired is taken back, everything else is waited for. Harmless to repeat.
    pub(crate) async fn close(&self) {
        self.closing.send_replace(true);
        let running = self.running.write().await.take();
        // No call runs any more, so nobody else has it.
        if let Some(engine) = running.and_then(|running| Arc::into_inner(running.engine)) {
            engine.close().await;
        }
    }
}

async fn acquire(
    engine: Arc<Engine>,
    order: LeaseRequest,
    given: Option<GivenToken>,
    mut closing: watch::Receiver<bool>,
) -> Result<Acquired, Error> {
    let lease = order.lease.clone();
    let renews = engine.has(&lease);
    let mut acquire = pin!(async {
        match given {
            Some(given) => engine.acquire_given(order, given).await,
            None => engine.acquire(order).await,
        }
    });
    let finished = tokio::select! {
        // First, so that the lease is known to the engine before it can be taken back.
        biased;
        outcome = &mut acquire => Some(outcome),
        _ = closing.wait_for(|closing| *closing) => None,
    };
    if let Some(outcome) = finished {
        return outcome;
    }
    let closed = |done: &str| {
        let message = format!("the engine was closed while lease {lease} was being {done}");
        Err(Error::new(Code::Cancelled, message, ""))
    };
    if renews {
        // A build is using it.
        return closed("renewed");
    }
    let (released, outcome) = tokio::join!(engine.release(&lease), acquire);
    if let Err(error) = released {
        tracing::warn!(lease, "a lease that was being acquired is not removed yet: {error}");
    }
    outcome.and(closed("acquired"))
}
