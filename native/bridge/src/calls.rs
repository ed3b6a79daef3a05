//! The calls, without their caller: bytes in, bytes out, each a reply of the contract in `contract/README.md`.

use std::sync::Arc;
use std::time::Duration;

use machine_id::clock::SystemClock;
use machine_id::config::{AcquireRequest, DiscardRequest, EngineConfig, IdentityConfig};
use machine_id::engine::{self, Acquired, Checked, Dropped, Released, Renewed, Status};
use machine_id::error::{Code, Error};
use machine_id::vocabulary::limits;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::opened::OpenEngine;
use crate::reply::{Closed, Opened};
use crate::{funnel, handles, runtime};

/// Longest input: what the readers of JSON take, and one byte more, so that they tell.
pub const MAX_INPUT: usize = limits::REQUEST_BYTES + 1;
const CHECK_DEADLINE: Duration = Duration::from_secs(limits::CHECK_SECONDS);

/// The bytes of a call. They may hold a token: wiped when the call has ended.
pub type Input = Zeroizing<Vec<u8>>;

/// A call of the contract, by its name there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Call {
    /// Opens an engine; nothing is sent. Takes a configuration.
    Open,
    /// *Test connection* for the one identity of a configuration.
    Check,
    /// Takes a lease; waits until it is there, the deadline has passed, or it is released. Takes a request.
    Acquire,
    /// Ends a lease, also one that is being acquired. Takes its id.
    Release,
    /// Ends a lease with the lease table alone: no engine is opened, no identity is needed. Takes a request.
    Discard,
    /// Renews an identity now. Takes its id.
    Renew,
    /// Drops an identity. Takes its id.
    Drop,
    /// The engine as it is. Takes nothing.
    Status,
    /// Ends an engine and its threads; waits for the calls that run. Takes nothing.
    Close,
}

/// Does a call on a thread of the library, while this one waits. `engine` matters to those that have one alone.
#[must_use]
pub fn wait(call: Call, engine: i64, input: &[u8]) -> Vec<u8> {
    funnel::wait(answer(call, engine, Zeroizing::new(input.to_vec())))
}

/// Does a call; on [`runtime::shared`], which whoever polls this holds until all engines are closed.
pub async fn answer(call: Call, engine: i64, input: Input) -> Vec<u8> {
    // Closures: the work itself, which may be large, is made on a thread of the library, whose stack has room for it.
    match call {
        Call::Open => funnel::replied(move || open(input)).await,
        Call::Check => funnel::replied(move || check(input)).await,
        Call::Acquire => funnel::replied(move || acquire(engine, input)).await,
        Call::Release => funnel::replied(move || release(engine, input)).await,
        Call::Discard => funnel::replied(move || discard(input)).await,
        Call::Renew => funnel::replied(move || renew(engine, input)).await,
        Call::Drop => funnel::replied(move || drop(engine, input)).await,
        Call::Status => funnel::replied(move || status(engine)).await,
        Call::Close => funnel::replied(move || close(engine)).await,
    }
}

async fn open(config: Input) -> Result<Opened, Error> {
    let config = EngineConfig::from_json(&config)?;
    // There is one: this runs on it.
    let runtime = runtime::shared().ok_or_else(funnel::defect)?;
    Ok(Opened { engine: handles::insert(OpenEngine::start(config, runtime).await?) })
}

async fn check(config: Input) -> Result<Checked, Error> {
    let config = EngineConfig::check_from_json(&config)?;
    let count = config.identities.len();
    let identity = config.identities.into_iter().next().filter(|_| count == 1);
    let identity = identity.ok_or_else(|| request(format!("check takes one identity; there are {count}")))?;
    check_within(identity, CHECK_DEADLINE).await
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

async fn acquire(engine: i64, order: Input) -> Result<Acquired, Error> {
    let open = handles::find(engine)?;
    let (order, given) = AcquireRequest::from_json(&order)?;
    open.acquire(order.into(), given).await.unwrap_or_else(|| Err(handles::invalid(engine)))
}

async fn release(engine: i64, lease: Input) -> Result<Released, Error> {
    let open = handles::find(engine)?;
    let lease = text(&lease, "a lease id")?;
    open.call(async |engine| engine.release(&lease).await).await.unwrap_or_else(|| Err(handles::invalid(engine)))
}

async fn discard(request: Input) -> Result<Released, Error> {
    let request = DiscardRequest::from_json(&request)?;
    engine::discard(request, Arc::new(SystemClock::new())).await
}

async fn renew(engine: i64, identity: Input) -> Result<Renewed, Error> {
    let open = handles::find(engine)?;
    let identity = text(&identity, "an identity's id")?;
    #[cfg(feature = "test-hooks")]
    assert_ne!(identity, "panic", "a panic that a test asked for");
    open.call(async |engine| engine.renew(&identity).await).await.unwrap_or_else(|| Err(handles::invalid(engine)))
}

async fn drop(engine: i64, identity: Input) -> Result<Dropped, Error> {
    let open = handles::find(engine)?;
    let identity = text(&identity, "an identity's id")?;
    open.call(async |engine| engine.drop_identity(&identity).await)
        .await
        .unwrap_or_else(|| Err(handles::invalid(engine)))
}

async fn status(engine: i64) -> Result<Status, Error> {
    let open = handles::find(engine)?;
    open.call(async |engine| engine.status().await).await.unwrap_or_else(|| Err(handles::invalid(engine)))
}

async fn close(engine: i64) -> Result<Closed, Error> {
    handles::remove(engine)?.close().await;
    Ok(Closed {})
}

/// Ends all engines: the library is being unloaded.
pub fn close_all() {
    funnel::run(async || {
        end_all().await;
        Ok(Closed {})
    });
}

/// Ends all engines, on the runtime; what is being acquired is taken back.
pub(crate) async fn end_all() {
    for engine in handles::remove_all() {
        engine.close().await;
    }
}

/// What is given instead of bytes.
#[must_use]
pub fn no_input(length: Option<usize>) -> Vec<u8> {
    funnel::run(async move || {
        let message = match length {
            None => "the bytes are null".to_owned(),
            Some(length) => format!("has {length} bytes; at most {} are read", MAX_INPUT - 1),
        };
        Err::<(), _>(request(message))
    })
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
