//! Accepting connections, their TLS handshake, and handing them to whom they are for.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::server::Acceptor;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::server::TlsStream;
use tokio_rustls::{LazyConfigAcceptor, StartHandshake};

use super::http::{Service, serve};
use super::peer::Peer;
use super::route::{Route, route};
use super::stream::{Fused, Io};
use super::tls::{self, ServerRole};
use crate::control::{Core, Fault, Point};
use crate::error::DoubleError;

/// Which of the double's ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Port {
    Proxy,
    Auth,
}

/// Opens a port.
pub(crate) async fn bind(address: SocketAddr) -> Result<TcpListener, DoubleError> {
    TcpListener::bind(address).await.map_err(|source| DoubleError::Listen { address: address.to_string(), source })
}

/// Until the double stops.
pub(crate) async fn stopped(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stop| *stop).await;
}

/// Accepts until the double stops. While `open` is false the port is closed: connections are refused.
pub(crate) async fn run(core: Arc<Core>, port: Port, listener: TcpListener, mut open: watch::Receiver<bool>) {
    let Ok(address) = listener.local_addr() else { return };
    let mut stopping = core.stopping.subscribe();
    let mut listener = Some(listener);
    loop {
        let accepted = async {
            match &listener {
                Some(listener) => listener.accept().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = stopped(&mut stopping) => return,
            changed = open.changed() => {
                if changed.is_err() {
                    return;
                }
                let opened = *open.borrow_and_update();
                listener = None;
                if opened {
                    listener = bind(address).await.ok();
                }
            }
            accepted = accepted => if let Ok((tcp, remote)) = accepted {
                // First this, then the gate: whoever closes the port and then cuts meets every connection.
                let ends = Ends::new(&core);
                if *open.borrow() {
                    tokio::spawn(connection(Arc::clone(&core), port, tcp, remote, ends));
                } else {
                    let _ = tcp.set_zero_linger();
                }
            },
        }
    }
}

/// What ends a connection from outside.
struct Ends {
    stopping: watch::Receiver<bool>,
    cuts: watch::Receiver<u64>,
    proxy_cut: watch::Receiver<()>,
}

impl Ends {
    fn new(core: &Core) -> Self {
        Self { stopping: core.stopping.subscribe(), cuts: core.cuts.subscribe(), proxy_cut: core.proxy_cut.subscribe() }
    }
}

async fn connection(core: Arc<Core>, port: Port, tcp: TcpStream, remote: SocketAddr, ends: Ends) {
    let point = if port == Port::Proxy { Point::ProxyConnection } else { Point::AuthConnection };
    core.counters.see(point);
    let _ = tcp.set_nodelay(true);
    let Ends { mut stopping, mut cuts, mut proxy_cut } = ends;
    let (delay, fault) = core.faults.take(point);
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    let mut hang = false;
    let budget = match fault {
        Some(Fault::Refuse | Fault::DropReply) => {
            let _ = tcp.set_zero_linger();
            return;
        }
        Some(Fault::HangBeforeTls) => {
            stopped(&mut stopping).await;
            return;
        }
        Some(Fault::Garbage) => {
            let mut tcp = tcp;
            let _ = tcp.write_all(b"220 mail.example.test ESMTP\r\n").await;
            return;
        }
        Some(Fault::Hang) => {
            hang = true;
            None
        }
        Some(Fault::ResetAfter(bytes)) => Some(bytes),
        _ => None,
    };
    let io: Io = Box::new(Fused::new(tcp, budget));
    let served = async {
        if port == Port::Proxy {
            proxy(core, io, remote, hang, false).await;
        } else {
            auth(core, io, remote, hang).await;
        }
    };
    // A cut comes before what has been read and not been answered.
    tokio::select! {
        biased;
        () = stopped(&mut stopping) => {}
        _ = cuts.changed() => {}
        _ = proxy_cut.changed(), if port == Port::Proxy => {}
        () = served => {}
    }
}

/// A connection to the proxy's port, or one inside an upgraded one.
pub(crate) async fn proxy(core: Arc<Core>, io: Io, remote: SocketAddr, hang: bool, upgraded: bool) {
    let Ok(start) = LazyConfigAcceptor::new(Acceptor::default(), io).await else { return };
    let hello = start.client_hello();
    let alpn: Vec<String> = hello
        .alpn()
        .map(|names| names.map(|name| String::from_utf8_lossy(name).into_owned()).collect())
        .unwrap_or_default();
    let balanced = core.settings.l7_balancer && !upgraded;
    let to = if balanced { Route::Web } else { route(&core.settings, hello.server_name(), &alpn) };
    tracing::debug!(?to, ?alpn, "connection to the proxy");
    let Ok(Some(config)) = config(&core, to, upgraded) else { return };
    let Some(tls) = finish(start, config).await else { return };
    if hang {
        std::future::pending::<()>().await;
    }
    dispatch(core, to, tls, remote).await;
}

/// The rest of the handshake. A refusal is left on the line until the peer has read it and hung up: closing with its
/// bytes unread would reset the connection, and the alert might be lost.
async fn finish(start: StartHandshake<Io>, config: ServerConfig) -> Option<TlsStream<Io>> {
    match start.into_stream(Arc::new(config)).into_fallible().await {
        Ok(tls) => Some(tls),
        Err((_, mut io)) => {
            let _ = io.shutdown().await;
            let mut nowhere = tokio::io::sink();
            let drained = tokio::io::copy(&mut io, &mut nowhere);
            let _ = tokio::time::timeout(std::time::Duration::from_secs(1), drained).await;
            None
        }
    }
}

fn config(core: &Core, to: Route, upgraded: bool) -> Result<Option<ServerConfig>, DoubleError> {
    let web = core.keys.web();
    let serving = Arc::clone(&core.state().host.serving);
    let host = |role| core.keys.host(core, &serving, role);
    // Inside an upgraded connection the proxy shows what auth has signed.
    let shown = || if upgraded { host(ServerRole::Proxy) } else { Ok(core.keys.web()) };
    Ok(Some(match to {
        Route::Nowhere => return Ok(None),
        Route::Web => tls::config(core, shown()?, &["h2", "http/1.1"], true)?,
        // Whatever name of theirs was asked for is the one that is taken.
        Route::Database => tls::config(core, shown()?, super::route::DATABASES, true)?,
        Route::Application => tls::config(core, shown()?, &["teleport-tcp"], true)?,
        Route::ProxyGrpc => tls::config(core, web, &["h2"], true)?,
        Route::ReverseTunnel => tls::config(core, host(ServerRole::Proxy)?, &["teleport-reversetunnel"], false)?,
        Route::Auth => tls::config(core, host(ServerRole::Auth)?, &["h2", "http/1.1"], true)?,
        Route::Kube => tls::config(core, host(ServerRole::Proxy)?, &["h2", "http/1.1"], true)?,
        Route::Transport => tls::config(core, host(ServerRole::Proxy)?, &[], true)?,
        Route::Ssh => tls::config(core, host(ServerRole::Proxy)?, &[], false)?,
    }))
}

async fn dispatch(core: Arc<Core>, to: Route, mut tls: TlsStream<Io>, remote: SocketAddr) {
    let connection = tls.get_ref().1;
    let h2 = connection.alpn_protocol() == Some(b"h2");
    let peer = Peer::new(remote, connection.peer_certificates());
    match to {
        Route::Database => crate::tunnel::database(core, peer, Box::new(tls)).await,
        Route::Application => crate::tunnel::application(core, peer, Box::new(tls)).await,
        Route::Web if peer.identity.as_ref().is_some_and(|identity| !identity.app.is_empty()) => {
            crate::tunnel::application(core, peer, Box::new(tls)).await;
        }
        Route::Web => serve(core, Service::Web, h2, peer, Box::new(tls)).await,
        Route::ProxyGrpc => serve(core, Service::JoinGrpc, true, peer, Box::new(tls)).await,
        Route::Auth => auth_session(core, h2, peer, Box::new(tls)).await,
        Route::Kube => serve(core, Service::Kube, h2, peer, Box::new(tls)).await,
        Route::Transport => {
            if crate::transport::admits(&core, &peer) {
                serve(core, Service::Transport, true, peer, Box::new(tls)).await;
            }
        }
        Route::Ssh => {
            let _ = tls.write_all(b"SSH-2.0-Teleport\r\n").await;
            let _ = tls.shutdown().await;
        }
        Route::ReverseTunnel | Route::Nowhere => {
            let _ = tls.shutdown().await;
        }
    }
}

/// A connection to the auth server's own port.
pub(crate) async fn auth(core: Arc<Core>, io: Io, remote: SocketAddr, hang: bool) {
    let Ok(start) = LazyConfigAcceptor::new(Acceptor::default(), io).await else { return };
    let Ok(Some(config)) = config(&core, Route::Auth, false) else { return };
    let Some(tls) = finish(start, config).await else { return };
    if hang {
        std::future::pending::<()>().await;
    }
    dispatch(core, Route::Auth, tls, remote).await;
}

/// HTTP/1.1 is the REST remnant, h2 is gRPC (protocol section B2).
async fn auth_session(core: Arc<Core>, h2: bool, peer: Peer, io: Io) {
    if h2 && peer.intermediates {
        return;
    }
    let service = if h2 { Service::AuthGrpc } else { Service::AuthRest };
    serve(core, service, h2, peer, io).await;
}
