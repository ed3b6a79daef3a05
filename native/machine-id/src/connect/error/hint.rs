//! What to do about a failure to reach, recognise or ask a cluster.

use crate::error::Fault;

use super::ConnectError;

/// One sentence for whoever can mend it.
pub(super) fn of(error: &ConnectError) -> String {
    match error {
        ConnectError::CaUnreadable { .. } => {
            "make the file readable for the agent's user, or correct its path".to_owned()
        }
        ConnectError::CaUnusable { .. } => {
            "it must hold PEM blocks that begin with -----BEGIN CERTIFICATE-----".to_owned()
        }
        ConnectError::NoRoots { .. } => {
            "install ca-certificates, set SSL_CERT_FILE, or configure the CA of the proxy".to_owned()
        }
        ConnectError::CredentialUnusable { .. } => "remove the stored identity and join again".to_owned(),
        ConnectError::ProxyVariable { .. } => "write it as http://host:port, or unset it".to_owned(),
        ConnectError::NameUnusable { .. } => "check the configured address".to_owned(),
        ConnectError::Unreachable { .. } | ConnectError::TimedOut { .. } | ConnectError::Cut { .. } => {
            "check the address and port, name resolution and firewalls between this machine and the cluster".to_owned()
        }
        ConnectError::NotTeleport { .. } => "give the address of the proxy's web port, as in the browser".to_owned(),
        ConnectError::HttpFailed { .. } => "look into the log of the cluster's proxy".to_owned(),
        ConnectError::Untrusted { host_ca: false, presented, .. } => presented.trust_hint(),
        ConnectError::Untrusted { host_ca: true, .. } => {
            "the cluster's host CA was rotated, or this is another cluster: bring the configured CA or pin up to \
             date (`tctl status` prints the pin), then write the outputs again"
                .to_owned()
        }
        ConnectError::NameMismatch { presented, .. } => presented.name_hint(),
        ConnectError::CertificateTime { .. } => {
            "set this machine's clock (NTP); if it is right, the server's certificate must be replaced".to_owned()
        }
        ConnectError::ClockSkew { .. } => "set this machine's clock (NTP)".to_owned(),
        ConnectError::Tls { .. } => "check that the port speaks TLS and that nothing on the way alters it".to_owned(),
        ConnectError::NotTls { .. } => {
            "check the port: it must be the proxy's web port (mostly 443 or 3080) or the auth server's (3025)"
                .to_owned()
        }
        ConnectError::CertificateRefused { .. } => "join again with a fresh token".to_owned(),
        ConnectError::PinMismatch { .. } => {
            "compare with the CA pin that `tctl status` prints on the cluster; if it isn't there, somebody may be \
             in the way; no token was sent"
                .to_owned()
        }
        ConnectError::UnpinnedReply { .. } => {
            "compare with the CA pins that `tctl status` prints on the cluster; if a rotation has just begun, add the \
             new pin and configure a fresh token"
                .to_owned()
        }
        ConnectError::NoPinnedWay { .. } => {
            "let the proxy's web port pass Teleport's protocols on (TLS routing, ALPN teleport-auth@…), or configure \
             the auth server's own address; no token was sent"
                .to_owned()
        }
        ConnectError::AuthUnverifiable { .. } => {
            "configure the CA pin that `tctl status` prints on the cluster, or give a proxy's address".to_owned()
        }
        ConnectError::Neither { as_proxy, as_auth, .. } => {
            format!("if it is a proxy: {}; if it is an auth server: {}", as_proxy.hint(), as_auth.hint())
        }
        ConnectError::Unsupported { .. } => "see the documentation for what is built".to_owned(),
        ConnectError::Locked { .. } => {
            "look at `tctl get locks` on the cluster: once the lock is removed the identity works again; a deleted \
             bot needs a fresh token"
                .to_owned()
        }
        ConnectError::BotDeleted { .. } => {
            "create the bot again (`tctl bots add`) and configure the token that this prints".to_owned()
        }
        ConnectError::GenerationMismatch { .. } => {
            "another copy of this identity was renewed: find it, remove the lock (`tctl get locks`) and join again \
             with a fresh token"
                .to_owned()
        }
        ConnectError::RoleNotAllowed { .. } => {
            "check the role's name, and that the bot was created with it (`tctl bots add --roles`)".to_owned()
        }
        ConnectError::TargetUnknown { .. } => {
            "check its name in Teleport, and that a role allows the bot to see it".to_owned()
        }
        ConnectError::Incomplete { .. } => "add it to the output (`username`, `database`)".to_owned(),
        ConnectError::HostUnreachable { .. } => {
            "check the host's name (`machine-id hosts`, which gives UUIDs where a name is shared), its port, and that \
             the node is online"
                .to_owned()
        }
        ConnectError::HostDenied { .. } => {
            "check that one of the identity's roles allows the node's labels and the login".to_owned()
        }
        ConnectError::RateLimited { .. } => "wait, or spread the agents' starts".to_owned(),
        ConnectError::Conflict { .. } => "it is tried again by itself".to_owned(),
        ConnectError::Refused { .. } | ConnectError::Failed { .. } | ConnectError::BadReply { .. } => {
            "look into the log of the cluster's auth server".to_owned()
        }
    }
}
