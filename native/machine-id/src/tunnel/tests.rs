//! What becomes of half-closed, broken and slow connections.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::carry::{Ended, carry};
use super::client::Client;
use crate::local::quota::{Quota, Stock};
use crate::metrics::uncounted;

/// A client's end, the service's end, and what carries between them.
async fn carried(buffer: usize) -> (TcpStream, DuplexStream, JoinHandle<Ended>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (ours, _) = listener.accept().await.unwrap();
    let (near, far) = duplex(buffer);
    let permit = Quota::new(Stock { each: 1, kept: 1, common: 0 }).share().take().unwrap();
    let carrying = tokio::spawn(async move {
        let client = Client::tcp(ours, permit);
        let ended = carry(&client, near, &uncounted().carries()).await;
        if matches!(ended, Ended::Cut(_)) {
            client.reset();
        }
        ended
    });
    (client, far, carrying)
}

#[tokio::test]
async fn a_client_that_has_said_all_still_gets_its_answer() {
    let (mut client, mut service, carrying) = carried(64).await;
    client.write_all(b"question").await.unwrap();
    client.shutdown().await.unwrap();
    let mut said = Vec::new();
    service.read_to_end(&mut said).await.unwrap();
    assert_eq!(said, b"question");
    service.write_all(b"answer").await.unwrap();
    drop(service);
    let mut got = Vec::new();
    client.read_to_end(&mut got).await.unwrap();
    assert_eq!(got, b"answer");
    assert!(matches!(carrying.await.unwrap(), Ended::Done));
}

#[tokio::test]
async fn a_service_that_has_said_all_is_an_end_for_the_client() {
    let (mut client, mut service, carrying) = carried(64).await;
    service.write_all(b"bye").await.unwrap();
    service.shutdown().await.unwrap();
    let mut got = Vec::new();
    client.read_to_end(&mut got).await.unwrap();
    assert_eq!(got, b"bye");
    drop(client);
    assert!(matches!(carrying.await.unwrap(), Ended::ByService));
}

/// As an HTTP server that refuses a large request in the middle, or a database that was shut down.
#[tokio::test]
async fn what_the_service_said_last_reaches_a_client_that_still_sends() {
    let (client, mut service, carrying) = carried(64 << 10).await;
    let (mut from, mut to) = client.into_split();
    let sending = tokio::spawn(async move {
        let chunk = vec![1; 64 << 10];
        let mut sent = 0;
        while sent < 8 << 20 && to.write_all(&chunk).await.is_ok() {
            sent += chunk.len();
        }
        sent
    });
    service.read_exact(&mut [0; 1024]).await.unwrap();
    let last = vec![2; 4 << 20];
    let goodbye = tokio::spawn(async move {
        service.write_all(&last).await.unwrap();
        // It reads no more, and is gone.
        last.len()
    });
    // A client that is late to read.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let mut got = Vec::new();
    from.read_to_end(&mut got).await.unwrap();
    assert_eq!(got.len(), goodbye.await.unwrap());
    assert_eq!(sending.await.unwrap(), 8 << 20, "it may say all of it");
    drop(from);
    assert!(matches!(carrying.await.unwrap(), Ended::ByService));
}

/// As with `nc -N`, or a protocol in which the server says good-bye first.
#[tokio::test]
async fn a_service_that_has_said_all_still_hears_its_client() {
    let (mut client, mut service, carrying) = carried(64).await;
    service.write_all(b"go on").await.unwrap();
    service.shutdown().await.unwrap();
    let mut got = Vec::new();
    client.read_to_end(&mut got).await.unwrap();
    assert_eq!(got, b"go on");
    client.write_all(b"late").await.unwrap();
    client.shutdown().await.unwrap();
    let mut heard = Vec::new();
    service.read_to_end(&mut heard).await.unwrap();
    assert_eq!(heard, b"late");
    assert!(matches!(carrying.await.unwrap(), Ended::ByService));
}

#[tokio::test]
async fn a_client_that_does_not_read_holds_up_its_service_alone() {
    let (mut client, mut service, carrying) = carried(1024).await;
    let sent = tokio::spawn(async move {
        let chunk = vec![7; 64 << 10];
        let mut sent = 0;
        // All that there is room for, and no more.
        while let Ok(Ok(())) = tokio::time::timeout(Duration::from_secs(1), service.write_all(&chunk)).await {
            sent += chunk.len();
            assert!(sent < 64 << 20, "nothing holds the service up");
        }
        service
    });
    let service = sent.await.unwrap();
    drop(service);
    let mut got = Vec::new();
    client.read_to_end(&mut got).await.unwrap();
    assert!(got.iter().all(|byte| *byte == 7));
    drop(client);
    carrying.await.unwrap();
}

/// It would take what has come so far for everything.
#[tokio::test]
async fn a_service_whose_way_breaks_is_no_end_for_the_client() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (ours, _) = listener.accept().await.unwrap();
    let permit = Quota::new(Stock { each: 1, kept: 1, common: 0 }).share().take().unwrap();
    let broken = broken_stream();
    let client_side = Client::tcp(ours, permit);
    let ended = carry(&client_side, broken, &uncounted().carries()).await;
    assert!(matches!(ended, Ended::Cut(_)), "{ended:?}");
    client_side.reset();
    let error = client.read(&mut [0; 16]).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

/// A stream whose first read fails.
fn broken_stream() -> impl tokio::io::AsyncRead + tokio::io::AsyncWrite {
    struct Broken;
    impl tokio::io::AsyncRead for Broken {
        fn poll_read(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
            _: &mut tokio::io::ReadBuf<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            std::task::Poll::Ready(Err(std::io::ErrorKind::UnexpectedEof.into()))
        }
    }
    tokio::io::join(Broken, tokio::io::sink())
}
