//! Where a TLS connection to the proxy's port goes, by SNI and ALPN (protocol sections A, D1, H, I).

use crate::control::Settings;

/// A destination behind the proxy's port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// HTTPS of the web interface.
    Web,
    /// gRPC without client certificates: the join services.
    ProxyGrpc,
    /// The auth server.
    Auth,
    /// The transport service, reached without negotiated ALPN.
    Transport,
    /// SSH in TLS; only its banner.
    Ssh,
    /// What the test for a balancer asks for.
    ReverseTunnel,
    /// The Kubernetes API.
    Kube,
    /// A database, by what the certificate says.
    Database,
    /// A TCP application, by what the certificate says.
    Application,
    /// Nothing: the connection is closed during the handshake.
    Nowhere,
}

pub(super) const DATABASES: &[&str] = &["teleport-postgres", "teleport-mysql", "teleport-mongodb", "teleport-redis"];

/// The first protocol the proxy knows decides, whatever follows it.
pub(crate) fn route(settings: &Settings, server_name: Option<&str>, alpn: &[String]) -> Route {
    if server_name.is_some_and(|name| name.starts_with("kube-teleport-proxy-alpn.")) {
        return Route::Kube;
    }
    for protocol in alpn {
        if let Some(encoded) = protocol.strip_prefix("teleport-auth@") {
            let known = encoded == Settings::encoded(&settings.cluster);
            return if known { Route::Auth } else { Route::Nowhere };
        }
        match protocol.as_str() {
            "h2" | "http/1.1" => return Route::Web,
            "teleport-proxy-grpc" => return Route::ProxyGrpc,
            "teleport-proxy-ssh-grpc" if settings.major() >= 13 => return Route::Transport,
            "teleport-proxy-ssh" => return Route::Ssh,
            "teleport-tcp" => return Route::Application,
            name if DATABASES.contains(&name) => return Route::Database,
            "teleport-reversetunnel" => return Route::ReverseTunnel,
            _ => {}
        }
    }
    Route::Web
}
