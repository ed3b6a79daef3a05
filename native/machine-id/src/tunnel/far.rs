//! The far end of connections: streams to one database or application, and what is told and asked when they end.

use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::asking::Asking;
use super::carry::{Ended, carry};
use super::client::Client;
use super::server::Service;
use super::tell::Teller;
use crate::connect::RoutedStream;
use crate::error::Error;
use crate::metrics::{Carried, Traffic};

/// What makes the streams that a tunnel's connections are carried by.
pub trait Upstream: Send + Sync + 'static {
    /// A stream for a new connection, as what is fresh now.
    fn open(&self) -> BoxFuture<'_, Result<RoutedStream, Error>>;

    /// The cluster has refused what the last stream was opened as.
    fn refused(&self);

    /// Why the cluster may have ended a stream by itself, where it says so: the identity is locked. Asked now and then.
    fn why_ended(&self) -> BoxFuture<'_, Option<Error>>;

    /// When the certificate ends that a stream would be opened as now: a stream that was opened as another one isn't used
    /// for a further request. None where no stream is used twice.
    fn valid_until(&self) -> BoxFuture<'_, Result<Option<SystemTime>, Error>> {
        std::future::ready(Ok(None)).boxed()
    }
}

/// One far end.
pub(super) struct Far {
    upstream: Box<dyn Upstream>,
    teller: Arc<Teller>,
    asking: Asking,
    traffic: Traffic,
}

impl Far {
    pub(super) fn new(upstream: Box<dyn Upstream>, teller: Arc<Teller>, traffic: Traffic) -> Self {
        Self { upstream, teller, asking: Asking::default(), traffic }
    }

    /// A stream for a new connection; what stands in the way is told.
    pub(super) async fn open(&self) -> Result<RoutedStream, Error> {
        let opened = self.upstream.open().await;
        self.traffic.answered(&opened);
        match &opened {
            Ok(_) => self.teller.works(),
            Err(error) => self.teller.failed("a connection can't be made", error),
        }
        opened
    }

    /// As [`Upstream::valid_until`].
    pub(super) async fn valid_until(&self) -> Result<Option<SystemTime>, Error> {
        self.upstream.valid_until().await
    }

    /// Carries a client's connection to its end.
    pub(super) async fn carry(&self, client: Client, stream: RoutedStream, carried: &Carried) {
        let address = stream.address().to_owned();
        match carry(&client, stream, carried).await {
            Ended::Done => {}
            Ended::ByService => {
                drop(client);
                self.ask(true).await;
            }
            Ended::Cut(error) => {
                client.reset();
                self.cut(&address, &error);
                self.ask(false).await;
            }
        }
    }

    /// Tells that a stream to `address` broke; how.
    pub(super) fn cut(&self, address: &str, error: &io::Error) -> Error {
        if RoutedStream::is_refusal(error) {
            self.upstream.refused();
        }
        let error = Error::from(RoutedStream::explain(address, error));
        self.teller.failed("a connection was cut", &error);
        error
    }

    /// Asks the cluster, where it is time to, why connections end.
    pub(super) async fn ask(&self, ordinary: bool) {
        if self.asking.turn(ordinary).await
            && let Some(error) = self.upstream.why_ended().await
        {
            self.teller.failed("connections are ended", &error);
        }
    }
}

/// A tunnel: all of its connections lead to one far end.
impl Service for Far {
    fn serve(&self, client: Client) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            match self.open().await {
                Ok(stream) => self.carry(client, stream, &self.traffic.carries()).await,
                Err(_) => client.reset(),
            }
        })
    }
}
