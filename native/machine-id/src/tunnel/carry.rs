//! Carrying bytes between a client and its service.

use std::io;
use std::pin::pin;
use std::sync::Mutex;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::time::{Instant, sleep_until};

use super::client::Client;
use super::limits::HALF_OPEN;
use crate::local::peer::LONGEST;
use crate::local::quota::lock;
use crate::metrics::Carried;

/// How a connection ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// Both sides were done, or the client left.
    Done,
    /// The service was done before its client: its own affair, or the cluster has ended it.
    ByService,
    /// The way to the service broke.
    Cut(io::Error),
}

/// When something last went through.
struct Clock(Mutex<Instant>);

impl Clock {
    fn tick(&self) {
        *lock(&self.0) = Instant::now();
    }

    /// Ends when nothing has gone through for `limit`.
    async fn silence(&self, limit: Duration) {
        loop {
            let end = *lock(&self.0) + limit;
            if end <= Instant::now() {
                return;
            }
            sleep_until(end).await;
        }
    }
}

/// Carries bytes both ways until both sides have ended. The end of one side is passed on as a half-close; what the other
/// one still says goes on being carried, as long as it isn't silent for too long.
pub(super) async fn carry<S: AsyncRead + AsyncWrite>(client: &Client, stream: S, carried: &Carried) -> Ended {
    let (mut from_far, mut to_far) = tokio::io::split(stream);
    let clock = Clock(Mutex::new(Instant::now()));
    let mut up = pin!(up(client, &mut to_far, &clock, carried));
    let mut down = pin!(down(client, &mut from_far, &clock, carried));
    let mut unheard = pin!(unheard(client));
    // Whichever ends first.
    let (mut sent, mut received, mut by_service, mut draining) = (false, false, false, false);
    loop {
        tokio::select! {
            // Where both have ended it was the client's wish.
            biased;
            ended = &mut up, if !sent => match ended {
                Up::Gone if received => return Ended::ByService,
                Up::Gone => return Ended::Done,
                Up::Said => sent = true,
                Up::Unheard => (sent, by_service, draining) = (true, true, true),
            },
            ended = &mut down, if !received => match ended {
                Some(ended) => return ended,
                None => {
                    received = true;
                    by_service |= !sent;
                }
            },
            () = &mut unheard, if draining => draining = false,
            () = clock.silence(HALF_OPEN), if sent || received => return Ended::Done,
        }
        if sent && received && !draining {
            return if by_service { Ended::ByService } else { Ended::Done };
        }
        clock.tick();
    }
}

/// How the client's way to the service ended.
enum Up {
    /// The client has said all, and the service knows.
    Said,
    /// The service hears no more, while the client may go on. Why is seen by who reads.
    Unheard,
    /// The client is gone, and needs no more.
    Gone,
}

/// Reads what the service doesn't hear any more, until the client has said all. What the service said last is on its way to the
/// client, and would be lost with a connection that is closed before all that came was read.
async fn unheard(client: &Client) {
    while client.read().await.is_ok_and(|bytes| !bytes.is_empty()) {}
}

async fn up<S: AsyncRead + AsyncWrite>(
    client: &Client,
    far: &mut WriteHalf<S>,
    clock: &Clock,
    carried: &Carried,
) -> Up {
    loop {
        let Ok(bytes) = client.read().await else { return Up::Gone };
        if bytes.is_empty() {
            // A service that stopped reading has more to say, or ends by itself: reading decides.
            let _ = far.shutdown().await;
            return Up::Said;
        }
        let sent = async {
            far.write_all(&bytes).await?;
            far.flush().await
        };
        if sent.await.is_err() {
            return Up::Unheard;
        }
        carried.sent(bytes.len());
        clock.tick();
    }
}

/// None: the service has said all, and the client knows.
async fn down<S: AsyncRead + AsyncWrite>(
    client: &Client,
    far: &mut ReadHalf<S>,
    clock: &Clock,
    carried: &Carried,
) -> Option<Ended> {
    let mut buffer = vec![0; LONGEST];
    loop {
        let bytes = match far.read(&mut buffer).await {
            Ok(count) => buffer.get(..count).unwrap_or_default(),
            Err(error) => return Some(Ended::Cut(error)),
        };
        if bytes.is_empty() {
            client.end_writing();
            return None;
        }
        if client.write_all(bytes).await.is_err() {
            return Some(Ended::Done);
        }
        carried.received(bytes.len());
        clock.tick();
    }
}
