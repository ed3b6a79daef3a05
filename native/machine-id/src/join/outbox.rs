//! What is said on a gRPC stream, message by message.

use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use futures_util::Stream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// The sending half. A join says a handful of messages, each after an answer, so nothing piles up.
#[derive(Debug)]
pub(super) struct Outbox<M>(Mutex<Option<UnboundedSender<M>>>);

/// What was put into an [`Outbox`], as gRPC takes it; ends when the outbox is closed.
#[derive(Debug)]
pub(super) struct Messages<M>(UnboundedReceiver<M>);

/// An outbox, and the stream of what is put into it.
pub(super) fn open<M>() -> (Outbox<M>, Messages<M>) {
    let (sender, receiver) = unbounded_channel();
    (Outbox(Mutex::new(Some(sender))), Messages(receiver))
}

impl<M> Stream for Messages<M> {
    type Item = M;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<M>> {
        self.0.poll_recv(cx)
    }
}

impl<M> Outbox<M> {
    /// Says `message`; a peer that has gone tells so when it is listened to.
    pub(super) fn put(&self, message: M) {
        if let Some(sender) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            let _gone = sender.send(message);
        }
    }

    /// Nothing more comes.
    pub(super) fn close(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
