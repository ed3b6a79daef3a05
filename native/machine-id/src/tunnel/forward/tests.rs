//! A proxy with applications that a test answers for.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::{Application, Applications, Forward};
use crate::connect::RoutedStream;
use crate::error::{Code, Error};
use crate::local::quota::{Quota, Stock, lock};
use crate::metrics::uncounted;
use crate::tunnel::client::Client;
use crate::tunnel::far::Upstream;
use crate::tunnel::server::Service;
use crate::tunnel::tell::Teller;
use crate::vocabulary::applications::Application as Protocol;

const SOON: Duration = Duration::from_secs(30);

/// An application: its far ends come out of a channel.
struct Far {
    opened: mpsc::UnboundedSender<DuplexStream>,
    generation: Arc<AtomicU64>,
    gone: bool,
}

impl Upstream for Far {
    fn open(&self) -> BoxFuture<'_, Result<RoutedStream, Error>> {
        if self.gone {
            return std::future::ready(Err(Error::new(Code::TargetUnknown, "it has gone", ""))).boxed();
        }
        let (near, far) = duplex(1 << 16);
        let _ = self.opened.send(far);
        std::future::ready(Ok(RoutedStream::of(Box::new(near), "proxy.example.com:443"))).boxed()
    }

    fn refused(&self) {}

    fn why_ended(&self) -> BoxFuture<'_, Option<Error>> {
        std::future::ready(None).boxed()
    }

    fn valid_until(&self) -> BoxFuture<'_, Result<Option<SystemTime>, Error>> {
        let until = SystemTime::UNIX_EPOCH + Duration::from_secs(self.generation.load(Ordering::Relaxed));
        std::future::ready(Ok(Some(until))).boxed()
    }
}

#[derive(Default)]
struct All {
    all: HashMap<&'static str, Arc<Application>>,
    forgotten: Mutex<Vec<String>>,
}

impl Applications for All {
    fn find<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Arc<Application>, Error>> {
        let unknown = || Error::new(Code::TargetUnknown, format!("application {host:?} is unknown"), "see: web, raw");
        std::future::ready(self.all.get(host).cloned().ok_or_else(unknown)).boxed()
    }

    fn forget(&self, application: &Arc<Application>) {
        lock(&self.forgotten).push(application.name().to_owned());
    }
}

/// A proxy with an application by HTTP, one by TCP, and one that has gone.
struct Stage {
    forward: Arc<Forward>,
    all: Arc<All>,
    web: mpsc::UnboundedReceiver<DuplexStream>,
    raw: mpsc::UnboundedReceiver<DuplexStream>,
    generation: Arc<AtomicU64>,
}

fn stage() -> Stage {
    let generation = Arc::new(AtomicU64::new(1));
    let application = |name: &str, protocol, gone| {
        let (opened, far) = mpsc::unbounded_channel();
        let upstream = Far { opened, generation: Arc::clone(&generation), gone };
        (Arc::new(Application::new(name, protocol, uncounted(), upstream)), far)
    };
    let ((web, web_far), (raw, raw_far)) =
        (application("web", Protocol::Http, false), application("raw", Protocol::Tcp, false));
    let (gone, _) = application("gone", Protocol::Http, true);
    let all = Arc::new(All { all: HashMap::from([("web", web), ("raw", raw), ("gone", gone)]), ..All::default() });
    let teller = Arc::new(Teller::new("applications".to_owned(), Arc::default()));
    let known: Arc<dyn Applications> = Arc::<All>::clone(&all);
    let forward = Arc::new(Forward::new(known, teller, uncounted()));
    Stage { forward, all, web: web_far, raw: raw_far, generation }
}

impl Stage {
    /// A client whose connection is served.
    async fn client(&self) -> BufReader<TcpStream> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (ours, _) = listener.accept().await.unwrap();
        let permit = Quota::new(Stock { each: 1, kept: 1, common: 0 }).share().take().unwrap();
        let forward = Arc::clone(&self.forward);
        tokio::spawn(async move { forward.serve(Client::tcp(ours, permit)).await });
        BufReader::new(client)
    }
}

async fn far(ends: &mut mpsc::UnboundedReceiver<DuplexStream>) -> BufReader<DuplexStream> {
    BufReader::new(timeout(SOON, ends.recv()).await.unwrap().unwrap())
}

/// The head of a message.
async fn head(from: &mut (impl AsyncBufReadExt + Unpin)) -> String {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if timeout(SOON, from.read_line(&mut head)).await.unwrap().unwrap() == 0 {
            break;
        }
    }
    head
}

async fn said(from: &mut (impl AsyncBufReadExt + Unpin), count: usize) -> String {
    let mut bytes = vec![0; count];
    timeout(SOON, from.read_exact(&mut bytes)).await.unwrap().unwrap();
    String::from_utf8(bytes).unwrap()
}

/// All that comes until the end.
async fn rest(mut from: BufReader<TcpStream>) -> String {
    let mut rest = Vec::new();
    timeout(SOON, from.read_to_end(&mut rest)).await.unwrap().unwrap();
    String::from_utf8_lossy(&rest).into_owned()
}

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

#[tokio::test]
async fn requests_of_a_client_go_by_one_connection_until_the_certificate_is_renewed() {
    let mut stage = stage();
    let mut client = stage.client().await;
    let ask = async |client: &mut BufReader<TcpStream>, far: &mut BufReader<DuplexStream>, path: &str| {
        assert!(head(far).await.starts_with(&format!("GET {path} HTTP/1.1\r\nhost: proxy.example.com:443\r\n")));
        far.write_all(OK).await.unwrap();
        assert!(head(client).await.starts_with("HTTP/1.1 200 OK"));
        assert_eq!(said(client, 2).await, "hi");
    };
    client.write_all(b"GET http://web/1 HTTP/1.1\r\nHost: web\r\n\r\n").await.unwrap();
    let mut first = far(&mut stage.web).await;
    ask(&mut client, &mut first, "/1").await;
    client.write_all(b"GET http://web/2 HTTP/1.1\r\nHost: web\r\n\r\n").await.unwrap();
    ask(&mut client, &mut first, "/2").await;
    stage.generation.store(2, Ordering::Relaxed);
    client.write_all(b"GET /3 HTTP/1.1\r\nHost: web:80\r\n\r\n").await.unwrap();
    let mut second = far(&mut stage.web).await;
    ask(&mut client, &mut second, "/3").await;
    assert!(head(&mut first).await.is_empty(), "the older one is closed");
}

#[tokio::test]
async fn a_connection_that_the_application_closed_while_idle_is_made_anew() {
    let mut stage = stage();
    let mut client = stage.client().await;
    for path in ["/1", "/2"] {
        client.write_all(format!("GET http://web{path} HTTP/1.1\r\nHost: web\r\n\r\n").as_bytes()).await.unwrap();
        let mut far = far(&mut stage.web).await;
        assert!(head(&mut far).await.starts_with(&format!("GET {path} ")));
        far.write_all(OK).await.unwrap();
        drop(far);
        assert!(head(&mut client).await.starts_with("HTTP/1.1 200 OK"));
        assert_eq!(said(&mut client, 2).await, "hi");
    }
}

#[tokio::test]
async fn a_request_that_is_cut_is_told_and_made_again_only_where_that_does_no_harm() {
    let mut stage = stage();
    let mut client = stage.client().await;
    client.write_all(b"GET http://web/ HTTP/1.1\r\nHost: web\r\n\r\n").await.unwrap();
    let mut first = far(&mut stage.web).await;
    head(&mut first).await;
    first.write_all(OK).await.unwrap();
    head(&mut client).await;
    said(&mut client, 2).await;
    // The idle connection ends just when the next request comes.
    client.write_all(b"GET http://web/again HTTP/1.1\r\nHost: web\r\n\r\n").await.unwrap();
    assert!(head(&mut first).await.starts_with("GET /again"));
    drop(first);
    let mut second = far(&mut stage.web).await;
    assert!(head(&mut second).await.starts_with("GET /again"));
    second.write_all(OK).await.unwrap();
    head(&mut client).await;
    said(&mut client, 2).await;
    client.write_all(b"POST http://web/once HTTP/1.1\r\nHost: web\r\nContent-Length: 1\r\n\r\nx").await.unwrap();
    assert!(head(&mut second).await.starts_with("POST /once"));
    assert_eq!(said(&mut second, 1).await, "x");
    drop(second);
    let answer = rest(client).await;
    assert!(answer.starts_with("HTTP/1.1 502 Bad Gateway"), "{answer}");
    assert!(answer.contains("proxy-status: machine-id;") && answer.contains("ended in the middle"), "{answer}");
    assert!(stage.web.try_recv().is_err(), "it was made twice");
}

#[tokio::test]
async fn who_asks_for_what_there_isnt_is_told_what_there_is() {
    let stage = stage();
    for (request, status, words) in [
        (
            "GET http://wiki/ HTTP/1.1\r\nHost: wiki\r\n",
            "404 Not Found",
            "application \"wiki\" is unknown; see: web, raw",
        ),
        ("CONNECT wiki:80 HTTP/1.1\r\nHost: wiki:80\r\n", "404 Not Found", "see: web, raw"),
        ("GET http://gone/ HTTP/1.1\r\nHost: gone\r\n", "404 Not Found", "it has gone"),
        ("GET http://raw/ HTTP/1.1\r\nHost: raw\r\n", "501 Not Implemented", "CONNECT (raw:PORT)"),
        ("CONNECT web:443 HTTP/1.1\r\nHost: web:443\r\n", "501 Not Implemented", "write http://web/"),
        ("GET / HTTP/1.1\r\n", "400 Bad Request", "names no application"),
    ] {
        let mut client = stage.client().await;
        client.write_all(format!("{request}Connection: close\r\n\r\n").as_bytes()).await.unwrap();
        let answer = rest(client).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{request}: {answer}");
        assert!(answer.contains(words) && answer.contains("proxy-status: machine-id; error="), "{request}: {answer}");
    }
    assert_eq!(*lock(&stage.all.forgotten), ["gone"]);
}

#[tokio::test]
async fn a_client_that_speaks_by_itself_is_carried_from_its_first_byte_on() {
    let mut stage = stage();
    let mut client = stage.client().await;
    // What comes at once with the request belongs to what is carried.
    client.write_all(b"CONNECT raw:5432 HTTP/1.1\r\nHost: raw:5432\r\n\r\nhello").await.unwrap();
    let mut end = far(&mut stage.raw).await;
    assert_eq!(said(&mut end, 5).await, "hello");
    end.write_all(b"welcome").await.unwrap();
    let answer = head(&mut client).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert_eq!(said(&mut client, 7).await, "welcome");
    client.shutdown().await.unwrap();
    let mut left = String::new();
    timeout(SOON, end.read_to_string(&mut left)).await.unwrap().unwrap();
    end.write_all(b"bye").await.unwrap();
    drop(end);
    assert_eq!(rest(client).await, "bye", "the other half goes on");
}

#[tokio::test]
async fn a_client_that_still_sends_gets_the_answer() {
    let stage = stage();
    let mut client = stage.client().await;
    client.write_all(b"POST http://wiki/ HTTP/1.1\r\nHost: wiki\r\nContent-Length: 100000000\r\n\r\n").await.unwrap();
    let chunk = vec![b'x'; 1 << 16];
    for _ in 0..64 {
        if client.write_all(&chunk).await.is_err() {
            break;
        }
    }
    assert!(rest(client).await.starts_with("HTTP/1.1 404 Not Found"));
}

#[tokio::test]
async fn an_answer_that_breaks_off_isnt_taken_for_a_whole_one() {
    // To HTTP/1.0 the end of the connection is that of the answer.
    for (version, breaks) in [("1.0", false), ("1.0", true), ("1.1", false), ("1.1", true)] {
        let mut stage = stage();
        let mut client = stage.client().await;
        let asked = format!("GET http://web/ HTTP/{version}\r\nHost: web\r\nConnection: close\r\n\r\n");
        client.write_all(asked.as_bytes()).await.unwrap();
        let mut end = far(&mut stage.web).await;
        head(&mut end).await;
        end.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n").await.unwrap();
        if !breaks {
            end.write_all(b"0\r\n\r\n").await.unwrap();
        }
        drop(end);
        let mut answer = Vec::new();
        let ended = timeout(SOON, client.read_to_end(&mut answer)).await.unwrap();
        assert_eq!(ended.is_err(), breaks, "{version}: {ended:?}");
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.contains("hello"), "{answer}");
        assert_eq!(answer.contains("0\r\n\r\n"), version == "1.1" && !breaks, "{answer}");
    }
}
