//! A byte stream to a database or an application: TLS to the proxy, which routes by the protocol that is asked for (ALPN)
//! and by what the certificate says (protocol L).

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::connect::error::{ConnectError, Refusal, TransportError};
use crate::connect::net::stream::{Pipe, tls_error};
use crate::connect::route::cluster::{Cluster, Route};
use crate::connect::route::connector::Connector;
use crate::connect::tls::credential::ClientCredential;
use crate::connect::tls::names;
use crate::connect::tls::trust::Trust;
use crate::vocabulary::applications::Application;
use crate::vocabulary::databases::Database;

/// What a proxy is asked for in TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alpn(&'static str);

impl Alpn {
    /// A database that speaks `protocol`.
    ///
    /// # Errors
    /// [`Refusal::Unsupported`] for one that no proxy routes.
    pub fn of_database(service: &str, protocol: &str) -> Result<Self, ConnectError> {
        Database::of(protocol).map(|database| Self(database.alpn)).ok_or_else(|| {
            let known: Vec<&str> = Database::ALL.iter().map(|database| database.word).collect();
            let known = known.join(", ");
            let what = format!(
                "a tunnel to database {service:?}, which speaks {protocol:?} as its resource says (known are: {known}), isn't built here"
            );
            Refusal::Unsupported { what }.into()
        })
    }

    /// An application at `uri`, as its resource says.
    #[must_use]
    pub fn of_application(uri: &str) -> Self {
        Self(match Application::at(uri) {
            Application::Tcp => "teleport-tcp",
            Application::Http => "http/1.1",
        })
    }

    /// The name itself.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

/// The stream. Shutting it down ends our half; the other half ends when the service is done.
pub struct RoutedStream {
    pipe: Pipe,
    address: String,
}

impl Connector {
    /// Connects to what `credential` is routed to. The proxy is verified as its web port is; behind a balancer, where
    /// Teleport's own TLS goes on inside the upgraded connection, by the host CAs (PEM).
    ///
    /// The web port tells these protocols apart whether others have ports of their own or not.
    ///
    /// # Errors
    /// What went wrong on the way.
    pub async fn routed(
        &self,
        cluster: &Cluster,
        host_cas: &[String],
        credential: &ClientCredential,
        alpn: Alpn,
    ) -> Result<RoutedStream, ConnectError> {
        let Route::Proxy(facts) = &cluster.route else {
            let what = "a tunnel needs a proxy's address, and an auth server is configured";
            return Err(Refusal::Unsupported { what: what.to_owned() }.into());
        };
        let trust = if facts.upgrade { Trust::host_cas(host_cas)? } else { self.web_trust().await? };
        let (stream, address) = self.to_web_port(facts).await?;
        let name = if facts.upgrade { names::API_DOMAIN } else { address.host.as_str() };
        let alpn = vec![alpn.as_str().as_bytes().to_vec()];
        let pipe = self.secure(stream, &address, name, alpn, Some(&trust), Some(credential)).await?;
        Ok(RoutedStream { pipe, address: address.to_string() })
    }
}

impl RoutedStream {
    /// One to a test's own far end.
    #[cfg(test)]
    pub(crate) fn of(pipe: Pipe, address: &str) -> Self {
        Self { pipe, address: address.to_owned() }
    }

    /// Where it leads to.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What an error of a stream to `address` means. In TLS 1.3 the verdict about our certificate comes when we read.
    #[must_use]
    pub fn explain(address: &str, error: &io::Error) -> ConnectError {
        let address = address.to_owned();
        match tls_error(error) {
            Some(rustls::Error::AlertReceived(alert)) => {
                let reason = format!("it refuses the tunnel's certificate (TLS alert {alert:?})");
                TransportError::Cut { address, step: "tunnel", reason }.into()
            }
            _ if error.kind() == io::ErrorKind::UnexpectedEof => {
                let reason = "it ended in the middle".to_owned();
                TransportError::Cut { address, step: "tunnel", reason }.into()
            }
            _ => TransportError::Cut { address, step: "tunnel", reason: error.to_string() }.into(),
        }
    }

    /// Whether an error says that the certificate does no more, as after a rotation.
    #[must_use]
    pub fn is_refusal(error: &io::Error) -> bool {
        matches!(tls_error(error), Some(rustls::Error::AlertReceived(_)))
    }
}

impl AsyncRead for RoutedStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_read(cx, buf)
    }
}

impl AsyncWrite for RoutedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.pipe).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_shutdown(cx)
    }
}

impl std::fmt::Debug for RoutedStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RoutedStream")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Code, Fault};

    #[test]
    fn the_protocol_of_a_resource_decides_what_is_asked_for() {
        for (protocol, alpn) in [
            ("postgres", "teleport-postgres"),
            ("cockroachdb", "teleport-postgres"),
            ("mysql", "teleport-mysql"),
            ("clickhouse-http", "teleport-clickhouse"),
        ] {
            assert_eq!(Alpn::of_database("d", protocol).unwrap().as_str(), alpn);
        }
        let error = Alpn::of_database("d", "gopher").unwrap_err();
        assert_eq!(error.code(), Code::Unsupported);
        assert!(error.to_string().contains("gopher"), "{error}");
        for (uri, alpn) in [
            ("tcp://10.0.0.1:22", "teleport-tcp"),
            ("http://a", "http/1.1"),
            ("https://a", "http/1.1"),
            ("", "http/1.1"),
        ] {
            assert_eq!(Alpn::of_application(uri).as_str(), alpn);
        }
    }
}
