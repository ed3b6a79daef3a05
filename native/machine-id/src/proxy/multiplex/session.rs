//! One SSH connection.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Bytes;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::foreign::{ForeignFd, Message, Taken, take};
use super::limits::REQUEST;
use super::link::Host;
use super::server::{Shared, Speech};
use super::tbots;
use super::wire::{CONNECTED, HELLO, LONGEST, REFUSED, Request, text};
use crate::connect::{ConnectError, Receiving};
use crate::error::{Code, Error};
use crate::local::peer::{Client, Seen};
use crate::metrics::Carried;
use crate::proxy::{Destination, resolve};

const _: () = assert!(crate::local::peer::LONGEST <= crate::connect::SshTransport::LONGEST);

/// How long a host may go on after ssh has gone.
const FAREWELL: Duration = Duration::from_secs(10);
/// How long ssh may take to leave by itself when its host has ended.
const LEAVING: Duration = Duration::from_millis(200);

/// What a client said.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) client: Client,
    /// The request, or what is wrong with it.
    pub(super) request: Result<Request, Error>,
    /// Its standard error, if that came along and a line can be written to it.
    pub(super) stderr: Option<ForeignFd>,
    /// What it has said to the host already.
    pub(super) ahead: Vec<u8>,
}

/// How a request is read from what has come; none: it isn't whole. With it, how much of what has come it is.
pub(super) type Reader<'a> = &'a (dyn Fn(&[u8]) -> Option<(Result<Request, Error>, usize)> + Sync);

/// Serves one connection to the socket until either side ends.
pub(super) async fn run(shared: Arc<Shared>, client: Client) {
    let tbots = matches!(shared.speech(), Speech::Tbots);
    let own = shared.link().cluster_name().to_owned();
    let in_tbots_words = |bytes: &[u8]| tbots_request(bytes, &own);
    let asked = async {
        if tbots {
            return receive(client, &in_tbots_words).await;
        }
        client.write_all(&[HELLO]).await?;
        receive(client, &request).await
    };
    let Asked { client, request, stderr, ahead } = match timeout(REQUEST, asked).await {
        Ok(Ok(asked)) => asked,
        Ok(Err(error)) => return tracing::debug!("a client left before it said what it wants: {error}"),
        Err(_) => return tracing::debug!("a client didn't say what it wants"),
    };
    let connected = match request {
        Ok(request) => connect(&shared, &request).await.map(|host| (host, request.host)),
        Err(error) => Err(error),
    };
    shared.traffic().answered(&connected);
    match connected {
        Ok((host, name)) => {
            let carried = shared.traffic().carries();
            let begun = if tbots {
                begin(&host.outgoing, ahead, &carried).await
            } else {
                client.write_all(&[CONNECTED]).await.is_ok()
            };
            if begun && let Err(error) = carry(&client, host, &carried).await {
                // Told while the socket is still open: ssh ends with it, and what is said later is for nobody.
                tracing::info!(host = name, "an SSH connection was cut: {error}");
                if let Some(stderr) = stderr {
                    stderr.tell(format!("machine-id: the connection to {name} was cut: {error}\r\n")).await;
                }
            }
        }
        Err(error) => {
            tracing::debug!(directory = %shared.directory().display(), "an SSH connection was refused: {error}");
            if tbots {
                if let Some(stderr) = stderr {
                    stderr.tell(format!("machine-id: {error}\r\n")).await;
                }
                return;
            }
            let reply = [&[REFUSED][..], &text(&error.to_string())].concat();
            // Who doesn't wait for the answer doesn't need it.
            let _ = timeout(REQUEST, client.write_all(&reply)).await;
        }
    }
}

async fn connect(shared: &Shared, request: &Request) -> Result<Host, Error> {
    let link = shared.link();
    let Request { cluster, host, port } = request;
    let target = resolve(&Destination { host, port: *port, cluster, proxy_host: link.proxy_host() })?;
    link.open(&target, shared.wide()).await
}

/// Says what a client has said already. False: the host listens no more.
async fn begin(outgoing: &mpsc::Sender<Bytes>, ahead: Vec<u8>, carried: &Carried) -> bool {
    carried.sent(ahead.len());
    ahead.is_empty() || outgoing.send(Bytes::from(ahead)).await.is_ok()
}

/// A request in our words.
pub(super) fn request(bytes: &[u8]) -> Option<(Result<Request, Error>, usize)> {
    let (length, rest) = bytes.split_at_checked(2)?;
    let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
    if length > LONGEST || rest.len() > length {
        return Some((Err(nonsense()), bytes.len()));
    }
    (rest.len() == length).then(|| (Request::parse(rest).ok_or_else(nonsense), bytes.len()))
}

/// A request in tbot's.
pub(super) fn tbots_request(bytes: &[u8], own: &str) -> Option<(Result<Request, Error>, usize)> {
    match tbots::split(bytes) {
        Some((request, rest)) if request.len() <= LONGEST => {
            Some((tbots::parse(request, own).ok_or_else(nonsense), bytes.len() - rest.len()))
        }
        _ => (bytes.len() > LONGEST).then(|| (Err(nonsense()), bytes.len())),
    }
}

/// What a client wants, and its standard error if it came along. An error: it left.
pub(super) async fn receive(mut client: Client, reader: Reader<'_>) -> io::Result<Asked> {
    let mut bytes = Vec::new();
    let mut stderr = None;
    let request = loop {
        match client.read().await? {
            Seen::Bytes(some) if some.is_empty() => return Err(io::ErrorKind::UnexpectedEof.into()),
            Seen::Bytes(some) => bytes.extend_from_slice(&some),
            Seen::Descriptors if stderr.is_some() => break Err(several()),
            Seen::Descriptors => match take(client).await {
                Taken::Message(back, Message { bytes: some, stderr: came, several: too_many }) => {
                    client = back;
                    bytes.extend_from_slice(&some);
                    stderr = came;
                    if too_many {
                        break Err(several());
                    }
                }
                Taken::HeldUp(back) => {
                    client = back;
                    break Err(held_up());
                }
                Taken::Lost => return Err(io::ErrorKind::ConnectionAborted.into()),
            },
        }
        if let Some((request, used)) = reader(&bytes) {
            bytes.drain(..used);
            break request;
        }
    };
    Ok(Asked { client, request, stderr, ahead: bytes })
}

fn nonsense() -> Error {
    Error::new(Code::RequestInvalid, "the host's name makes no sense", "")
}

fn several() -> Error {
    Error::new(Code::RequestInvalid, "a request comes with one descriptor, ssh's standard error", "")
}

fn held_up() -> Error {
    Error::new(
        Code::RequestInvalid,
        "no further SSH connection by this destination: clients hold up what takes their standard error",
        "end the programs that connect to its socket without being ssh",
    )
}

/// An error: it was ssh that wanted to go on.
async fn carry(client: &Client, host: Host, carried: &Carried) -> Result<(), ConnectError> {
    let Host { outgoing, mut incoming, place: _place } = host;
    let up = send(client, outgoing, carried);
    tokio::pin!(up);
    tokio::select! {
        delivered = deliver(&mut incoming, client, carried) => {
            delivered?;
            // A host waits for ssh to leave. Where it doesn't, as when the proxy is told to end, ssh would only see
            // that it is alone.
            timeout(LEAVING, up).await.map_err(|_| incoming.ended())
        }
        // ssh never closes only its half: it is gone, and the host's farewell is for nobody.
        () = &mut up => {
            let _ = timeout(FAREWELL, drain(&mut incoming)).await;
            Ok(())
        }
    }
}

/// Ends when ssh is gone, or sends what ssh never sends. A buffer is only taken when there is something to read: most
/// sessions wait most of the time.
async fn send(client: &Client, outgoing: mpsc::Sender<Bytes>, carried: &Carried) {
    loop {
        // None: the host listens no more, and only ssh's end is of interest.
        let place = outgoing.reserve().await.ok();
        if client.readable().await.is_err() {
            return;
        }
        match (client.try_read(), place) {
            (Ok(Seen::Descriptors), _) => return,
            (Ok(Seen::Bytes(bytes)), _) if bytes.is_empty() => return,
            (Ok(Seen::Bytes(bytes)), Some(place)) => {
                carried.sent(bytes.len());
                place.send(Bytes::from(bytes));
            }
            (Err(error), _) if error.kind() != io::ErrorKind::WouldBlock => return,
            _ => {}
        }
    }
}

/// Ends with the host's stream, or when ssh is gone.
async fn deliver(incoming: &mut Receiving, client: &Client, carried: &Carried) -> Result<(), ConnectError> {
    while let Some(payload) = incoming.next().await {
        let payload = payload?;
        if client.write_all(&payload).await.is_err() {
            return Ok(());
        }
        carried.received(payload.len());
    }
    Ok(())
}

async fn drain(incoming: &mut Receiving) {
    while let Some(Ok(_)) = incoming.next().await {}
}
