//! What is said on a gRPC stream, message by message.

use futures_util::Stream;
use futures_util::stream::poll_fn;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// The sending half. A join says a handful of messages, each after an answer, so nothing piles up.
#[derive(Debug)]
pub(super) struct Outbox<M>(Option<UnboundedSender<M>>);

/// An outbox, and the stream of what is put into it, as gRPC takes it; it ends when the outbox is closed.
pub(super) fn open<M: Send + 'static>() -> (Outbox<M>, impl Stream<Item = M> + Send + 'static) {
    let (sender, mut receiver) = unbounded_channel();
    (Outbox(Some(sender)), poll_fn(move |context| receiver.poll_recv(context)))
}

impl<M> Outbox<M> {
    /// Says `message`; a peer that has gone tells so when it is listened to.
    pub(super) fn put(&mut self, message: M) {
        if let Some(sender) = &self.0 {
            let _gone = sender.send(message);
        }
    }

    /// Nothing more comes.
    pub(super) fn close(&mut self) {
        self.0 = None;
    }
}
