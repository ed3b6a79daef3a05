//! What may be sent to the daemon.

use machine_id::error::{Code, Error};
use nix::sys::signal::{SigSet, Signal as Name};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Signals that would end a process that doesn't listen yet. They wait until it does: one that comes during the start is
/// neither lost nor the end.
#[derive(Debug)]
pub(crate) struct Held(SigSet);

impl Held {
    /// Lets them do what they do to every program.
    pub(crate) fn release(&self) {
        if let Err(errno) = self.0.thread_unblock() {
            tracing::warn!("SIGHUP and SIGUSR1 can't be heard: {errno}");
        }
    }
}

/// To be called before there is a second thread.
pub(crate) fn hold() -> Held {
    let mut set = SigSet::empty();
    set.add(Name::SIGHUP);
    set.add(Name::SIGUSR1);
    if let Err(errno) = set.thread_block() {
        tracing::debug!("signals aren't held during the start: {errno}");
    }
    Held(set)
}

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// SIGHUP.
    Reload,
    /// SIGUSR1.
    Renew,
}

/// The signals that the daemon knows. Several of a kind that come while one is served are one.
pub(super) struct Signals {
    hangup: Signal,
    user: Signal,
    pub(super) end: End,
}

/// SIGTERM and SIGINT.
pub(super) struct End {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub(super) fn listen(held: &Held) -> Result<Self, Error> {
        let signals = Self {
            hangup: listen(SignalKind::hangup())?,
            user: listen(SignalKind::user_defined1())?,
            end: End { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? },
        };
        held.release();
        Ok(signals)
    }

    /// The ends of both kinds of wishes, to be waited for at once.
    pub(super) fn split(&mut self) -> (Wishes<'_>, &mut End) {
        (Wishes { hangup: &mut self.hangup, user: &mut self.user }, &mut self.end)
    }
}

/// SIGHUP and SIGUSR1.
pub(super) struct Wishes<'a> {
    hangup: &'a mut Signal,
    user: &'a mut Signal,
}

impl Wishes<'_> {
    pub(super) async fn next(&mut self) -> Wish {
        tokio::select! {
            Some(()) = self.hangup.recv() => Wish::Reload,
            Some(()) = self.user.recv() => Wish::Renew,
            else => std::future::pending().await,
        }
    }
}

impl End {
    /// The number of the signal that is to end us.
    pub(super) async fn next(&mut self) -> u8 {
        tokio::select! {
            Some(()) = self.terminate.recv() => 15,
            Some(()) = self.interrupt.recv() => 2,
            else => std::future::pending().await,
        }
    }
}

fn listen(kind: SignalKind) -> Result<Signal, Error> {
    signal(kind).map_err(|error| Error::new(Code::Internal, format!("cannot listen for signals: {error}"), ""))
}
