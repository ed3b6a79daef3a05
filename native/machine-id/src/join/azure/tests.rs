use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, CustomExtension, DnType, Issuer, KeyPair};

use super::*;
use crate::connect::fake_service::{Service, answer, connector};
use crate::error::Fault;

const VERSIONS: &str = r#"{"apiVersions":["2017-03-01","2019-06-04","2021-12-13"]}"#;
const TOKEN: &str = r#"{"access_token":"ey.secret","expires_in":"86399","token_type":"Bearer"}"#;

/// A machine whose metadata service answers by the first of `rows` whose path is in the request.
async fn machine(rows: Vec<(&'static str, u16, String)>) -> Service {
    Service::new(move |request| {
        let path = request.split(' ').nth(1)?;
        let row = rows.iter().find(|(part, ..)| path.starts_with(part));
        row.map_or_else(|| answer(404, "no such page"), |(_, status, body)| answer(*status, body))
    })
    .await
}

async fn usual(document: String) -> Service {
    machine(vec![
        ("/metadata/versions", 200, VERSIONS.to_owned()),
        ("/metadata/identity/oauth2/token", 200, TOKEN.to_owned()),
        ("/metadata/attested/document", 200, document),
    ])
    .await
}

async fn begun<'a>(
    connector: &'a Connector,
    service: &Service,
    client_id: Option<&str>,
    certificates: Option<String>,
) -> Result<Prepared<'a>, AzureError> {
    let base = service.url("/metadata/");
    let lookup = move |name: &str| match name {
        METADATA => Some(base.clone()),
        CERTIFICATES => certificates.clone(),
        _ => None,
    };
    prepare(connector, client_id, &lookup).await
}

/// A certificate of `subject`, by `issuer` unless it signs itself, that names where its issuer's is.
fn certificate(subject: &str, issuer: &str, url: Option<&str>) -> Vec<u8> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, subject);
    if let Some(url) = url {
        let url = [&[0x86, u8::try_from(url.len()).unwrap()], url.as_bytes()].concat();
        let access = tlv(0x30, &[&[6, 8, 0x2b, 6, 1, 5, 5, 7, 0x30, 2], url.as_slice()].concat());
        let access = CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], tlv(0x30, &access));
        params.custom_extensions.push(access);
    }
    let key = KeyPair::generate().unwrap();
    if subject == issuer {
        return params.self_signed(&key).unwrap().der().to_vec();
    }
    let mut above = CertificateParams::new(Vec::new()).unwrap();
    above.distinguished_name.push(DnType::CommonName, issuer);
    let issuer = Issuer::new(above, KeyPair::generate().unwrap());
    params.signed_by(&key, &issuer).unwrap().der().to_vec()
}

fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap().to_be_bytes();
    let head = match value.len() {
        0..128 => vec![tag, length[1]],
        128..256 => vec![tag, 0x81, length[1]],
        _ => vec![tag, 0x82, length[0], length[1]],
    };
    [head.as_slice(), value].concat()
}

/// An attested document, signed by nobody, with the certificate of whoever should have.
fn document(signer: &[u8]) -> String {
    let signed_data: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
    let content: &[u8] = &[0x30, 11, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];
    let inner = [&[2, 1, 1, 0x31, 0], content, &tlv(0xa0, signer), &[0x31, 0]].concat();
    let message = tlv(0x30, &[signed_data, &tlv(0xa0, &tlv(0x30, &inner))].concat());
    format!("{{\"encoding\": \"pkcs7\",\n\"signature\":\"{}\"}}", STANDARD.encode(message))
}

/// Microsoft's: each name's certificate, DER as it is.
async fn home(files: Vec<(&'static str, Vec<u8>)>) -> (u16, Arc<std::sync::Mutex<Vec<String>>>) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(std::sync::Mutex::new(Vec::new()));
    let noted = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = vec![0; 4096];
            let length = stream.read(&mut head).await.unwrap_or(0);
            let head = String::from_utf8_lossy(&head[..length]).into_owned();
            let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
            let file = files.iter().find(|(name, _)| path == format!("/certs/{name}"));
            let (status, body) = file.map_or((404, Vec::new()), |(_, body)| (200, body.clone()));
            noted.lock().unwrap().push(path);
            let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            let _ = stream.write_all(&[head.as_bytes(), &body].concat()).await;
            let _ = stream.shutdown().await;
        }
    });
    (port, asked)
}

fn at(name: &str) -> String {
    format!("http://www.microsoft.com/pkiops/certs/{name}")
}

#[tokio::test]
async fn the_service_is_asked_as_it_wants_and_its_document_stays_as_it_is() {
    let written = "{ \"encoding\":\"pkcs7\",\n\t\"signature\":\"AAAA\"}\n";
    let (connector, service) = (connector(), usual(written.to_owned()).await);
    let prepared = begun(&connector, &service, Some("a b&c"), None).await.unwrap();
    assert_eq!(service.asked().len(), 2, "the token is there before a challenge is");
    let shown = prepared.answer("Abc-_9=", false).await.unwrap();
    assert_eq!((shown.attested_data.as_slice(), shown.access_token.expose()), (written.as_bytes(), "ey.secret"));
    assert!(shown.chain.is_empty(), "nobody asked for it");
    let asked = service.asked();
    for (request, path) in asked.iter().zip([
        "/metadata/versions?format=json",
        "/metadata/identity/oauth2/token?api-version=2021-12-13&resource=https%3A%2F%2Fmanagement.azure.com%2F\
         &client_id=a%20b%26c",
        "/metadata/attested/document?api-version=2021-12-13&format=json&nonce=Abc-_9%3D",
    ]) {
        assert!(request.starts_with(&format!("GET {path} HTTP/1.1\r\n")), "{request}");
        assert!(request.contains("\r\nmetadata: True\r\n"), "{request}");
        assert!(!request.to_lowercase().contains("forwarded"), "{request}");
    }
    assert_eq!(asked.len(), 3);
    assert!(!format!("{prepared:?}{shown:?}").contains("secret"));
}

#[tokio::test]
async fn without_a_client_id_the_only_identity_is_asked_for() {
    let (connector, service) = (connector(), usual(String::new()).await);
    begun(&connector, &service, None, None).await.unwrap();
    assert!(!service.asked().concat().contains("client_id"));
}

#[tokio::test]
async fn each_failure_of_the_service_is_told_apart() {
    let row = |path, status, body: &str| (path, status, body.to_owned());
    let versions = "/metadata/versions";
    let token = "/metadata/identity/oauth2/token";
    for (rows, expected, passing) in [
        (vec![row(versions, 503, "busy")], "gives no version: it answers with HTTP 503: busy", true),
        (vec![row(versions, 200, "<html>")], "gives no version: its answer isn't a list of them: ", false),
        (
            vec![row(versions, 200, r#"{"apiVersions":["2017-03-01","newest","2019-06-03"]}"#)],
            "gives no version: it knows none from 2019-06-04 on",
            false,
        ),
        (
            vec![
                row(versions, 200, VERSIONS),
                row(token, 400, r#"{"error":"invalid_request","error_description":"Identity not found"}"#),
            ],
            "gives no access token: it answers with HTTP 400: Identity not found",
            false,
        ),
        (
            vec![row(versions, 200, VERSIONS), row(token, 429, r#"{"error":"too many"}"#)],
            "gives no access token: it answers with HTTP 429: too many",
            true,
        ),
        (
            vec![row(versions, 200, VERSIONS), row(token, 200, r#"{"access_token":""}"#)],
            "gives no access token: its answer holds none",
            false,
        ),
    ] {
        let (connector, service) = (connector(), machine(rows).await);
        let error = begun(&connector, &service, None, None).await.unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with(&format!("the Azure metadata service {expected}")), "{text}");
        assert_eq!((error.code().as_str(), error.retry() != crate::error::Retry::No), ("join_proof_missing", passing));
    }
    let (connector, service) = (connector(), machine(Vec::new()).await);
    let error = begun(&connector, &service, None, None).await.unwrap_err();
    assert!(matches!(error, AzureError::Absent { .. }), "{error}");
    let refused = |name: &str| (name == METADATA).then(|| "http://192.0.2.1/metadata".to_owned());
    let error = prepare(&connector, None, &refused).await.unwrap_err();
    assert!(error.to_string().contains("http without TLS"), "{error}");
    let nobody = |name: &str| (name == METADATA).then(|| "http://127.0.0.1:1".to_owned());
    let error = prepare(&connector, None, &nobody).await.unwrap_err();
    assert!(error.to_string().starts_with("this machine has no Azure metadata service: "), "{error}");
}

#[tokio::test]
async fn a_document_that_is_refused_or_empty_is_no_proof() {
    for (status, body, words) in
        [(400, r#"{"error":"Bad request"}"#, "it answers with HTTP 400: Bad request"), (200, "", "its answer is empty")]
    {
        let rows = vec![
            ("/metadata/versions", 200, VERSIONS.to_owned()),
            ("/metadata/identity", 200, TOKEN.to_owned()),
            ("/metadata/attested", status, body.to_owned()),
        ];
        let (connector, service) = (connector(), machine(rows).await);
        let prepared = begun(&connector, &service, None, None).await.unwrap();
        let error = prepared.answer("abc", false).await.unwrap_err().to_string();
        assert_eq!(error, format!("the Azure metadata service gives no attested document: {words}"));
    }
}

#[tokio::test]
async fn a_challenge_cannot_put_anything_into_the_request() {
    let (connector, service) = (connector(), usual(String::new()).await);
    let prepared = begun(&connector, &service, None, None).await.unwrap();
    let long = "a".repeat(257);
    for challenge in ["", "a&resource=x", "a b", "a\r\nx: y", "a/b", "ä", "a#", long.as_str()] {
        let error = prepared.answer(challenge, false).await.unwrap_err();
        assert_eq!((error.code().as_str(), matches!(error, AzureError::Challenge)), ("cluster_failed", true));
    }
    assert_eq!(service.asked().len(), 2);
}

#[tokio::test]
async fn the_chain_is_followed_to_the_root_and_without_it() {
    let (second, root) = (certificate("b", "root", Some(&at("r%20oot.crt"))), certificate("root", "root", None));
    let first = certificate("a", "b", Some(&at("b.crt")));
    let signer = certificate("vm", "a", Some(&at("a.crt")));
    let files = vec![("a.crt", first.clone()), ("b.crt", second.clone()), ("r%20oot.crt", root)];
    let (port, asked) = home(files).await;
    let (connector, service) = (connector(), usual(document(&signer)).await);
    let certificates = Some(format!("http://127.0.0.1:{port}/certs"));
    let prepared = begun(&connector, &service, None, certificates).await.unwrap();
    let shown = prepared.answer("abc", true).await.unwrap();
    assert_eq!(shown.chain, [first, second].concat());
    assert_eq!(*asked.lock().unwrap(), ["/certs/a.crt", "/certs/b.crt", "/certs/r%20oot.crt"]);
}

#[tokio::test]
async fn a_chain_without_end_is_cut() {
    let link = certificate("a", "b", Some(&at("a.crt")));
    let (port, asked) = home(vec![("a.crt", link.clone())]).await;
    let (connector, service) = (connector(), usual(document(&link)).await);
    let prepared = begun(&connector, &service, None, Some(format!("http://127.0.0.1:{port}/certs/"))).await.unwrap();
    assert_eq!(prepared.answer("abc", true).await.unwrap().chain, link.repeat(10));
    assert_eq!(asked.lock().unwrap().len(), 10);
}

#[tokio::test]
async fn a_chain_that_leads_nowhere_is_an_error() {
    let broken = "{\"encoding\":\"pkcs7\",\"signature\":\"AAAA\"}".to_owned();
    for (document, files, words) in [
        (document(&certificate("vm", "a", None)), vec![], "the signer's certificate leads to none"),
        (document(&certificate("vm", "a", Some("http://evil.example/a.crt"))), vec![], "another place than www.micro"),
        (document(&certificate("vm", "a", Some(&at("a.crt")))), vec![], "a.crt is answered with HTTP 404"),
        (
            document(&certificate("vm", "a", Some(&at("a.crt")))),
            vec![("a.crt", b"PEM".to_vec())],
            "a.crt isn't a certificate: ",
        ),
        (
            document(&certificate("vm", "root", Some(&at("root.crt")))),
            vec![("root.crt", certificate("root", "root", None))],
            "the signer's certificate leads to none",
        ),
        (document(b""), vec![], "the document's signature isn't PKCS#7: "),
        (broken, vec![], "the document's signature isn't PKCS#7: "),
        ("{}".to_owned(), vec![], "the document: missing field"),
        ("{\"encoding\":\"x\",\"signature\":\"\"}".to_owned(), vec![], "the document's encoding isn't pkcs7"),
    ] {
        let (port, _) = home(files).await;
        let (connector, service) = (connector(), usual(document).await);
        let certificates = Some(format!("http://127.0.0.1:{port}/certs/"));
        let prepared = begun(&connector, &service, None, certificates).await.unwrap();
        let error = prepared.answer("abc", true).await.unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("the issuer of the Azure document's signature can't be had: "), "{text}");
        assert!(text.contains(words), "{words}: {text}");
        assert_eq!(error.code().as_str(), "join_proof_missing");
    }
}
