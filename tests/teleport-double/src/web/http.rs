//! HTTP on an established connection.

use std::convert::Infallible;
use std::sync::Arc;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tonic::body::Body;

use super::peer::Peer;
use super::reply::{self, Reply};
use super::stream::Io;
use super::{discovery, export, join, upgrade};
use crate::auth::refusal::Refusal;
use crate::control::{Core, Fault, Point};

/// What is served on a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Service {
    Web,
    AuthRest,
    AuthGrpc,
    JoinGrpc,
    Transport,
    Kube,
}

/// A time as HTTP writes it.
fn date(time: std::time::SystemTime) -> Option<http::HeaderValue> {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let days = time.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs() / 86_400;
    let day = DAYS.get(usize::try_from(days % 7).ok()?)?;
    let stamp = humantime::format_rfc3339_seconds(time).to_string();
    let (date, clock) = stamp.trim_end_matches('Z').split_once('T')?;
    let mut parts = date.split('-');
    let (year, month, of_month) = (parts.next()?, parts.next()?, parts.next()?);
    let month = MONTHS.get(month.parse::<usize>().ok()?.checked_sub(1)?)?;
    http::HeaderValue::from_str(&format!("{day}, {of_month} {month} {year} {clock} GMT")).ok()
}

/// Serves until the peer leaves or the connection is cut.
pub(crate) async fn serve(core: Arc<Core>, service: Service, h2: bool, peer: Peer, io: Io) {
    let streams = core.settings.streams;
    let handler = {
        let peer = peer.clone();
        service_fn(move |request| {
            let (core, peer) = (Arc::clone(&core), peer.clone());
            async move {
                let date = date(core.now());
                let mut reply = handle(core, service, peer, request).await;
                // By the cluster's clock, where the library would take the machine's.
                reply.headers_mut().extend(date.map(|date| (http::header::DATE, date)));
                Ok::<Reply, Infallible>(reply)
            }
        })
    };
    let io = TokioIo::new(io);
    let served = async {
        let result = if h2 {
            hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                .max_concurrent_streams(streams)
                .serve_connection(io, handler)
                .await
        } else {
            hyper::server::conn::http1::Builder::new()
                .half_close(true)
                .title_case_headers(true)
                .serve_connection(io, handler)
                .with_upgrades()
                .await
        };
        if let Err(error) = result {
            tracing::debug!(?service, %error, "connection ended");
        }
    };
    tokio::select! {
        () = peer.until_cut() => {}
        () = served => {}
    }
}

async fn handle(core: Arc<Core>, service: Service, peer: Peer, request: Request<Incoming>) -> Reply {
    if let Some(refused) = client_version(&core, &peer, service, &request).await {
        return refused;
    }
    match service {
        Service::Web => web(core, peer, request).await,
        Service::AuthRest => crate::auth::rest(core, peer, request).await,
        Service::AuthGrpc => crate::auth::grpc(core, peer, request).await,
        // The proxy joins for the client: the client's certificate isn't looked at.
        Service::JoinGrpc => crate::auth::join_grpc(core, peer.anonymous(), request).await,
        Service::Transport => crate::transport::serve(core, peer, request).await,
        Service::Kube => crate::kube::serve(core, peer, request).await,
    }
}

/// What a client says about its version is written down; one that is too old is refused and cut off (join-methods 1.2).
async fn client_version(core: &Core, peer: &Peer, service: Service, request: &Request<Incoming>) -> Option<Reply> {
    if !matches!(service, Service::AuthGrpc | Service::JoinGrpc | Service::Transport) {
        return None;
    }
    let told = String::from_utf8_lossy(request.headers().get("version")?.as_bytes()).into_owned();
    core.counters.change(|counts| {
        counts.client_versions.insert(told.clone());
    });
    if !core.settings.refuses_client(&told) {
        return None;
    }
    let peer = peer.clone();
    tokio::spawn(async move {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        peer.cut::<()>().await;
    });
    let least = core.settings.min_client_version();
    let text = format!("client version is unsupported, minimum supported version is {least}");
    Some(Refusal::denied(text).status().into_http())
}

async fn web(core: Arc<Core>, peer: Peer, request: Request<Incoming>) -> Reply {
    let path = request.uri().path().to_owned();
    let path = path.strip_prefix("/v1").unwrap_or(&path);
    let get = request.method() == http::Method::GET;
    match path {
        "/webapi/find" if get => planned(&core, &peer, Point::Find, || reply::json(discovery::find(&core))).await,
        _ if get && (path == "/webapi/ping" || path.starts_with("/webapi/ping/")) => {
            planned(&core, &peer, Point::WebPing, || reply::json(discovery::ping(&core))).await
        }
        "/web/config.js" if get => reply::text(200, &discovery::config_script(&core)),
        // From version 13 on: 10 and 12 answer 404.
        "/webapi/auth/export" if get && core.settings.major() >= 13 => {
            let query = request.uri().query().unwrap_or_default().to_owned();
            let fault = strike(&core, &peer, Point::Export).await;
            match &fault {
                None | Some(Fault::ForeignAuthority { .. }) => export::export(&core, &query, fault.as_ref()),
                Some(fault) => http_fault(&peer, fault, || export::export(&core, &query, None)).await,
            }
        }
        "/webapi/host/credentials" if request.method() == http::Method::POST => {
            join::over_http(&core, &peer, request, false).await
        }
        "/webapi/connectionupgrade" if get => {
            core.counters.see(Point::Upgrade);
            upgrade::upgrade(core, peer, request)
        }
        "/webapi/auth/export" | "/webapi/find" | "/webapi/host/credentials" => reply::not_found(),
        // The web interface answers what is meant for another listener.
        _ if path.starts_with("/api") => reply::text(403, "Forbidden\n"),
        _ => reply::not_found(),
    }
}

/// Answers with `reply` unless a fault is planned at `point`.
pub(crate) async fn planned(core: &Core, peer: &Peer, point: Point, reply: impl FnOnce() -> Reply) -> Reply {
    match strike(core, peer, point).await {
        None => reply(),
        Some(fault) => http_fault(peer, &fault, reply).await,
    }
}

/// Counts a request and takes the fault planned for it; delays happen here.
pub(crate) async fn strike(core: &Core, peer: &Peer, point: Point) -> Option<Fault> {
    core.counters.see(point);
    let (delay, fault) = core.faults.take(point);
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    match fault {
        Some(Fault::Refuse) => peer.cut().await,
        Some(Fault::Hang | Fault::HangBeforeTls) => std::future::pending().await,
        other => other,
    }
}

/// The reply of HTTP/1.1 to a fault.
pub(crate) async fn http_fault(peer: &Peer, fault: &Fault, reply: impl FnOnce() -> Reply) -> Reply {
    match fault {
        Fault::Http { status, retry_after } => reply::failure(*status, *retry_after),
        Fault::Grpc { message, .. } => reply::error(500, message),
        Fault::Garbage => reply::json("{\"ssh\": \u{fffd}<html>".to_owned()),
        Fault::Truncated => reply::truncated(reply()).await,
        Fault::DropReply => {
            let _ = reply();
            peer.cut().await
        }
        Fault::StallReply => {
            let _ = reply();
            std::future::pending().await
        }
        _ => reply(),
    }
}

/// The bytes of a request's body, at most a megabyte.
pub(crate) async fn read_body(request: Request<Incoming>) -> Option<Vec<u8>> {
    use http_body_util::{BodyExt, Limited};
    let body = Limited::new(request.into_body(), 1 << 20).collect().await.ok()?;
    Some(body.to_bytes().to_vec())
}

/// An empty response, for the places that need one.
pub(crate) fn empty(status: u16) -> Reply {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_http_writes_them() {
        let at = |seconds| date(std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds)).unwrap();
        assert_eq!(at(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(at(1_795_619_029), "Wed, 25 Nov 2026 15:03:49 GMT");
    }
}
