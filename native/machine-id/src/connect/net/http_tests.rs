use super::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

/// What comes of a server that sends `raw`.
pub(crate) async fn answer(raw: &'static [u8]) -> Result<HttpReply, ConnectError> {
    let (ours, mut theirs) = duplex(64 << 10);
    let server = tokio::spawn(async move {
        let mut request = [0_u8; 1024];
        let _ = theirs.read(&mut request).await;
        let _ = theirs.write_all(raw).await;
    });
    let request = Request::get("/").header(header::HOST, "proxy.example.com").body(Full::default()).unwrap();
    let reply = exchange(Box::new(ours), "proxy.example.com:443", request).await;
    server.abort();
    reply
}

#[tokio::test]
async fn a_chunked_recorded_reply_is_read_whole_with_its_date() {
    let raw = include_bytes!("../../../../../tests/fixtures/teleport-15/http/join_ok_ecdsa.response.txt");
    let reply = answer(raw).await.unwrap();
    assert_eq!(reply.status, 200);
    let expected = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_249_553);
    assert_eq!(reply.date, Some(expected));
    let json: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
    assert!(json.get("ssh").is_some());
}

#[tokio::test]
async fn a_redirect_is_refused_and_says_where_to() {
    let error = answer(b"HTTP/1.1 302 Found\r\nLocation: https://sso.example.com/\r\nContent-Length: 0\r\n\r\n")
        .await
        .unwrap_err();
    assert!(matches!(error, ConnectError::Transport(TransportError::NotTeleport { .. })));
    assert!(error.to_string().contains("https://sso.example.com/"), "{error}");
}

#[tokio::test]
async fn something_that_does_not_speak_http_is_not_teleport() {
    let error = answer(b"SSH-2.0-OpenSSH_9.6\r\n").await.unwrap_err();
    assert!(matches!(error, ConnectError::Transport(TransportError::NotTeleport { .. })), "{error:?}");
}

#[tokio::test]
async fn an_answer_that_is_cut_is_said_to_be_cut() {
    let error = answer(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{\"cluster").await.unwrap_err();
    assert!(matches!(error, ConnectError::Transport(TransportError::Cut { .. })), "{error:?}");
}

#[tokio::test]
async fn an_endless_body_is_cut_at_the_limit() {
    let (ours, mut theirs) = duplex(64 << 10);
    tokio::spawn(async move {
        let mut request = [0_u8; 1024];
        let _ = theirs.read(&mut request).await;
        let _ = theirs.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await;
        while theirs.write_all(b"400\r\n").await.is_ok() && theirs.write_all(&[b'x'; 1024]).await.is_ok() {
            let _ = theirs.write_all(b"\r\n").await;
        }
    });
    let request = Request::get("/").header(header::HOST, "a").body(Full::default()).unwrap();
    let error = exchange(Box::new(ours), "a:1", request).await.unwrap_err();
    assert!(error.to_string().contains("1048576"), "{error}");
}

#[tokio::test]
async fn silence_ends_after_the_limit() {
    let (ours, _theirs) = duplex(1024);
    let request = Request::get("/").header(header::HOST, "a").body(Full::default()).unwrap();
    let error = exchange_within(Duration::from_millis(1), Box::new(ours), "a:1", request).await.unwrap_err();
    assert!(matches!(error, ConnectError::Transport(TransportError::TimedOut { .. })), "{error:?}");
}

#[test]
fn error_bodies_of_every_kind_give_a_line() {
    assert_eq!(error_message(br#"{"error": {"message": "missing parameter Token"}}"#), "missing parameter Token");
    assert_eq!(error_message(br#"{"message": "no"}"#), "no");
    assert_eq!(error_message(b"404 page\nnot found"), "404 page not found");
    assert!(error_message(&[0xff; 2000]).chars().count() <= 301);
}

#[test]
fn dates_that_are_none_are_ignored() {
    for text in ["", "Sat, 21 Nov 2026", "Sat, 99 Nov 2026 08:23:38 GMT", "Sat, 21 Foo 2026 08:23:38 GMT"] {
        assert_eq!(parse_date(text), None, "{text}");
    }
}

/// A connection whose first request was answered; the server answers `more` further ones, then closes it.
async fn kept(more: usize) -> (HttpConnection, tokio::task::JoinHandle<usize>) {
    let (ours, mut theirs) = duplex(64 << 10);
    let server = tokio::spawn(async move {
        let mut asked = 0;
        let mut request = [0_u8; 1024];
        while asked <= more && theirs.read(&mut request).await.is_ok_and(|length| length > 0) {
            asked += 1;
            theirs.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await.unwrap();
        }
        asked
    });
    let (reply, connection) = HttpConnection::first(Box::new(ours), "a:1", get()).await.unwrap();
    assert_eq!(reply.body, b"ok");
    (connection, server)
}

fn get() -> Request<Full<Bytes>> {
    Request::get("/").header(header::HOST, "a").body(Full::default()).unwrap()
}

#[tokio::test]
async fn a_second_request_goes_over_the_same_connection() {
    let (connection, server) = kept(1).await;
    let Resent::Sent(Ok(reply)) = connection.again("a:1", get()).await else { panic!("not sent") };
    assert_eq!((reply.status, reply.body), (200, b"ok".to_vec()));
    assert_eq!(server.await.unwrap(), 2);
}

#[tokio::test]
async fn a_connection_that_the_server_has_closed_gives_the_request_back_unsent() {
    let (connection, server) = kept(0).await;
    assert_eq!(server.await.unwrap(), 1);
    assert!(matches!(connection.again("a:1", get()).await, Resent::Unsent(_)));
}
