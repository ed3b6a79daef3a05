use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::clock::SystemClock;
use crate::config::{AddressKind, ClusterConfig};
use crate::connect::{TrustError, fake};

/// A service on loopback that speaks plain HTTP, as metadata services do.
pub(crate) struct Service {
    pub(crate) port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Service {
    /// Answers each request (head and body) as `answer` says; nothing: never.
    pub(crate) async fn new(answer: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (noted, answer) = (Arc::clone(&asked), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (noted, answer) = (Arc::clone(&noted), Arc::clone(&answer));
                tokio::spawn(async move {
                    let request = read_request(&mut stream).await;
                    noted.lock().unwrap().push(request.clone());
                    match answer(&request) {
                        Some(text) => {
                            let _ = stream.write_all(text.as_bytes()).await;
                            let _ = stream.shutdown().await;
                        }
                        None => std::future::pending().await,
                    }
                });
            }
        });
        Self { port, asked }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// What was asked until now, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn read_request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    let mut part = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return text;
            }
        }
        match stream.read(&mut part).await {
            Ok(count @ 1..) => request.extend_from_slice(&part[..count]),
            _ => return text,
        }
    }
}

/// An answer with a body.
pub(crate) fn answer(status: u16, body: &str) -> Option<String> {
    Some(format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
}

/// A connector whose proxy leads nowhere: what must not go through it fails if it does.
pub(crate) fn connector() -> Connector {
    let config = ClusterConfig {
        host: "teleport.example.com".to_owned(),
        port: 443,
        kind: AddressKind::Proxy,
        ca_pins: Vec::new(),
        ca: None,
        use_configured_address: false,
    };
    let environment = Environment::from_lookup(|name| (name == "HTTPS_PROXY").then(|| "http://127.0.0.1:9".to_owned()));
    Connector::with_environment(&config, Arc::new(SystemClock::new()), environment).unwrap()
}

#[tokio::test]
async fn a_request_arrives_whole_and_its_answer_comes_back_whatever_its_status() {
    let service = Service::new(|_| answer(404, "not here")).await;
    let request = FetchRequest::post(service.url("/a?b=c"), b"body".to_vec()).header("x-token", "t");
    let reply = connector().fetch(request).await.unwrap();
    assert_eq!((reply.status, reply.body.as_slice()), (404, b"not here".as_slice()));
    let asked = service.asked().concat();
    assert!(asked.starts_with("POST /a?b=c HTTP/1.1\r\n"), "{asked}");
    let host = format!("host: 127.0.0.1:{}\r\n", service.port);
    for part in [host.as_str(), "x-token: t\r\n", "content-length: 4\r\n", "\r\n\r\nbody"] {
        assert_eq!(asked.matches(part).count(), 1, "{part} in {asked}");
    }
}

#[tokio::test]
async fn a_put_says_that_it_has_no_body() {
    let service = Service::new(|_| answer(200, "token")).await;
    assert_eq!(*connector().fetch(FetchRequest::put(service.url("/"))).await.unwrap().body, b"token");
    assert!(service.asked().concat().contains("content-length: 0\r\n"));
}

#[tokio::test]
async fn https_is_verified_and_goes_through_the_proxy() {
    let ca = fake::Ca::new("web");
    let server = fake::serve(&ca.leaf(&["localhost"], |_| ()), &[b"http/1.1"], fake::http_ok("hello")).await;
    let url = format!("https://localhost:{}/", server.port);
    let trust = Trust::host_cas(std::slice::from_ref(&ca.pem)).unwrap();
    let reply = connector().fetch_trusting(FetchRequest::get(&url), Some(trust)).await.unwrap();
    assert_eq!(*reply.body, b"hello");
    let other = Trust::host_cas(&[fake::Ca::new("other").pem]).unwrap();
    let error = connector().fetch_trusting(FetchRequest::get(&url), Some(other)).await.unwrap_err();
    assert!(matches!(error, FetchError::Connect(ConnectError::Trust(TrustError::Untrusted { .. }))), "{error}");
    let trust = Trust::host_cas(&[ca.pem]).unwrap();
    let error = connector().fetch_trusting(FetchRequest::get("https://192.0.2.1/"), Some(trust)).await.unwrap_err();
    assert!(error.to_string().contains("127.0.0.1:9"), "{error}");
}

#[tokio::test]
async fn plain_http_leaves_the_machine_for_nobody() {
    for url in [
        "http://192.0.2.1/x",
        "http://sts.amazonaws.com/",
        "http://169.254.169.254.example.com/",
        "http://169.254.169.254@example.com/",
        "http://[fd00:ec3::1]/",
        "http://2852039166/",
        "http:///x",
        "ftp://127.0.0.1/",
        "127.0.0.1/x",
        "",
    ] {
        let error = connector().fetch(FetchRequest::get(url)).await.unwrap_err();
        assert!(matches!(error, FetchError::Unusable { .. }), "{url}: {error}");
    }
    for url in ["http://169.254.170.2/x", "http://[fd00:ec2::23]/v1", "http://LOCALHOST:1", "http://[::1]:2/"] {
        assert!(Place::of(url).is_ok(), "{url}");
    }
}

#[tokio::test]
async fn metadata_services_are_never_asked_through_the_proxy() {
    // Nobody is there, or whoever is doesn't matter.
    let request = FetchRequest::get("http://169.254.170.2/x").within(Duration::from_millis(50));
    if let Err(error) = connector().fetch(request).await {
        assert!(
            error.to_string().contains("169.254.170.2:80") && !error.to_string().contains("127.0.0.1:9"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn errors_hold_neither_path_nor_header() {
    let url = "http://user:pass-w@192.0.2.1/secret?secret";
    let error = connector().fetch(FetchRequest::get(url)).await.unwrap_err().to_string();
    assert!(!error.contains("secret") && !error.contains("pass-w") && error.contains("192.0.2.1"), "{error}");
    let service = Service::new(|_| answer(200, "")).await;
    let request = FetchRequest::get(service.url("/secret")).header("x-token", "secret\r\nx: y");
    assert_eq!(format!("{request:?}"), "FetchRequest(GET)");
    let error = connector().fetch(request).await.unwrap_err().to_string();
    assert!(!error.contains("secret") && error.contains("line break"), "{error}");
    assert!(service.asked().is_empty());
}

#[tokio::test]
async fn redirects_silence_and_floods_end_in_an_error() {
    let service = Service::new(|request| match request.split(' ').nth(1)? {
        "/redirect" => Some("HTTP/1.1 302 X\r\nLocation: http://evil.example/?secret\r\n\r\n".to_owned()),
        "/flood" => answer(200, &"x".repeat((1 << 20) + 1)),
        "/banner" => Some("SSH-2.0-OpenSSH_9.6\r\n".to_owned()),
        "/cut" => Some("HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\nhalf".to_owned()),
        _ => None,
    })
    .await;
    for (path, words) in [
        ("/redirect", "redirects to http://evil.example/"),
        ("/flood", "exceeds 1048576 bytes"),
        ("/banner", "doesn't answer as it should"),
        ("/cut", "doesn't answer as it should"),
    ] {
        let error = connector().fetch(FetchRequest::get(service.url(path))).await.unwrap_err();
        assert!(error.to_string().contains(words) && !error.to_string().contains("secret"), "{error}");
        assert!(!error.is_absence());
    }
    let request = FetchRequest::get(service.url("/silence")).within(Duration::from_millis(20));
    let error = connector().fetch(request).await.unwrap_err();
    assert!(matches!(error, FetchError::TimedOut { .. }) && error.is_absence(), "{error}");
}

#[tokio::test]
async fn a_port_on_which_nobody_listens_is_an_absence() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let error = connector().fetch(FetchRequest::get(format!("http://127.0.0.1:{port}/"))).await.unwrap_err();
    assert!(error.is_absence(), "{error}");
}
