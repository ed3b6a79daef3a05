//! The calls, without Java: bytes in, bytes out, each a reply of the contract in `contract/README.md`.

use std::sync::Arc;
use std::time::Duration;

use machine_id::clock::SystemClock;
use machine_id::config::{AcquireRequest, DiscardRequest, EngineConfig, IdentityConfig};
use machine_id::engine::{self, Checked};
use machine_id::error::{Code, Error};
use machine_id::vocabulary::limits;
use zeroize::Zeroizing;

use crate::opened::OpenEngine;
use crate::reply::{Closed, Opened};
use crate::{funnel, handles, runtime};

/// Longest input: what the readers of JSON take, and one byte more, so that they tell.
pub(crate) const MAX_INPUT: usize = limits::REQUEST_BYTES + 1;
const CHECK_DEADLINE: Duration = Duration::from_secs(limits::CHECK_SECONDS);

/// Opens an engine; nothing is sent.
pub(crate) fn open(config: &[u8]) -> Vec<u8> {
    let config = own(config);
    funnel::run(async move || {
        let config = EngineConfig::from_json(&config)?;
        // There is one: this runs on it.
        let runtime = runtime::shared().ok_or_else(funnel::defect)?;
        Ok(Opened { engine: handles::insert(OpenEngine::start(config, runtime).await?) })
    })
}

/// *Test connection* for the one identity of a configuration.
pub(crate) fn check(config: &[u8]) -> Vec<u8> {
    let config = own(config);
    funnel::run(async move || {
        let config = EngineConfig::check_from_json(&config)?;
        let count = config.identities.len();
        let identity = config.identities.into_iter().next().filter(|_| count == 1);
        let identity = identity.ok_or_else(|| request(format!("check takes one identity; there are {count}")))?;
        check_within(identity, CHECK_DEADLINE).await
    })
}

async fn check_within(identity: IdentityConfig, deadline: Duration) -> Result<Checked, Error> {
    let checking = engine::check(&identity, Arc::new(SystemClock::new()));
    tokio::time::timeout(deadline, checking).await.unwrap_or_else(|_| {
        Err(Error::new(
            Code::DeadlineExceeded,
            format!("checking identity {:?} took longer than {} s", identity.id, deadline.as_secs()),
            "check that the cluster can be reached from this machine",
        ))
    })
}

/// Takes a lease; waits until it is there, the deadline has passed, or it is released.
pub(crate) fn acquire(engine: i64, order: &[u8]) -> Vec<u8> {
    let order = own(order);
    funnel::run(async move || {
        let open = handles::find(engine)?;
        let (order, given) = AcquireRequest::from_json(&order)?;
        open.acquire(order.into(), given).await.unwrap_or_else(|| Err(handles::invalid(engine)))
    })
}

/// Ends a lease, also one that is being acquired.
pub(crate) fn release(engine: i64, lease: &[u8]) -> Vec<u8> {
    let lease = own(lease);
    funnel::run(async move || {
        let open = handles::find(engine)?;
        let lease = text(&lease, "a lease id")?;
        open.call(async |engine| engine.release(&lease).await).await.unwrap_or_else(|| Err(handles::invalid(engine)))
    })
}

/// Ends a lease with the lease table alone: no engine is opened, no identity is needed.
pub(crate) fn discard(request: &[u8]) -> Vec<u8> {
    let request = own(request);
    funnel::run(async move || {
        let request = DiscardRequest::from_json(&request)?;
        engine::discard(request, Arc::new(SystemClock::new())).await
    })
}

/// Renews an identity now.
pub(crate) fn renew(engine: i64, identity: &[u8]) -> Vec<u8> {
    let identity = own(identity);
    funnel::run(async move || {
        let open = handles::find(engine)?;
        let identity = text(&identity, "an identity's id")?;
        #[cfg(feature = "test-hooks")]
        assert_ne!(identity, "panic", "a panic that a test asked for");
        open.call(async |engine| engine.renew(&identity).await).await.unwrap_or_else(|| Err(handles::invalid(engine)))
    })
}

/// Drops an identity.
pub(crate) fn drop(engine: i64, identity: &[u8]) -> Vec<u8> {
    let identity = own(identity);
    funnel::run(async move || {
        let open = handles::find(engine)?;
        let identity = text(&identity, "an identity's id")?;
        open.call(async |engine| engine.drop_identity(&identity).await)
            .await
            .unwrap_or_else(|| Err(handles::invalid(engine)))
    })
}

/// The engine as it is.
pub(crate) fn status(engine: i64) -> Vec<u8> {
    funnel::run(async move || {
        let open = handles::find(engine)?;
        open.call(async |engine| engine.status().await).await.unwrap_or_else(|| Err(handles::invalid(engine)))
    })
}

/// Ends an engine and its threads; waits for the calls that run.
pub(crate) fn close(engine: i64) -> Vec<u8> {
    funnel::run(async move || {
        handles::remove(engine)?.close().await;
        Ok(Closed {})
    })
}

/// Ends all engines: the library is being unloaded.
pub(crate) fn close_all() {
    funnel::run(async || {
        for engine in handles::remove_all() {
            engine.close().await;
        }
        Ok(Closed {})
    });
}

/// What is given instead of bytes.
pub(crate) fn no_input(length: Option<usize>) -> Vec<u8> {
    funnel::run(async move || {
        let message = match length {
            None => "the bytes are null".to_owned(),
            Some(length) => format!("has {length} bytes; at most {} are read", MAX_INPUT - 1),
        };
        Err::<(), _>(request(message))
    })
}

/// The bytes of a call for another thread. They may hold a token: wiped when the call has ended.
fn own(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(bytes.to_vec())
}

/// A text that crosses as plain bytes. It isn't repeated in the error: it may be anything.
fn text(bytes: &[u8], what: &str) -> Result<String, Error> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| request(format!("{what} isn't UTF-8")))
}

/// A request that no version of the caller should make.
fn request(message: String) -> Error {
    Error::new(
        Code::RequestInvalid,
        message,
        "this is a defect of the caller: its version and the library's may differ",
    )
}
