//! Doors for the fuzzer to the readers of this room.

use super::IssuedCerts;
use super::auth::authority::{CaKind, CertAuthority};
use super::auth::rest;
use super::grpc::status;
use super::net::address::Address;
use super::net::environment::Environment;
use super::net::http;
use super::route::facts;
use super::tls::trust;
use super::words;
use prost::Message;
use teleport_api::auth::{Certs, Event, PingResponse};
use teleport_api::types::CertAuthorityV2;

/// A proxy's answer to `find`.
pub fn find_reply(body: &[u8]) {
    drop(facts::parse(body, &Address::new("proxy.example.com", 443)));
    drop(http::error_message(body));
}

/// Authorities as JSON, of version 12 and older.
pub fn authority_json(body: &[u8]) {
    drop(rest::authority(CaKind::Host, body));
    drop(rest::authorities(CaKind::User, body));
}

/// Messages of the auth server; the first byte says which.
pub fn grpc_message(bytes: &[u8]) {
    let Some((kind, rest)) = bytes.split_first() else { return };
    match kind % 4 {
        0 => drop(CertAuthorityV2::decode(rest).map(|message| CertAuthority::read(CaKind::Host, message))),
        1 => drop(Certs::decode(rest).map(|message| IssuedCerts::read(message, "the fuzzer"))),
        2 => drop(Event::decode(rest)),
        _ => drop(PingResponse::decode(rest).map(super::Ping::from)),
    }
}

/// Texts of servers and of the environment.
pub fn texts(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for code in 0..=16 {
        let code = tonic::Code::from_i32(code);
        drop(status::answered(status::Call::named("the fuzzer"), code, &text));
        drop(status::answered(status::Call::named(status::ISSUE), code, &text));
    }
    let _ = words::retry_in(&format!("max rate reached: retry-in {text}"));
    let environment = Environment::from_lookup(|name| (name == "HTTPS_PROXY").then(|| text.clone().into_owned()));
    drop(environment.proxy_for(&Address::new("proxy.example.com", 443)));
    let environment = Environment::from_lookup(|name| (name == "NO_PROXY").then(|| text.clone().into_owned()));
    drop(environment.proxy_for(&Address::new("proxy.example.com", 443)));
    drop(trust::parse(bytes, "the fuzzer"));
    drop(trust::blocks(&text));
}
