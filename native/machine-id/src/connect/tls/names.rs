//! The names by which a proxy routes and servers are recognised (protocol sections 0 and D1).

/// What every auth and proxy server certificate of a cluster is valid for.
pub(crate) const API_DOMAIN: &str = "teleport.cluster.local";
/// HTTP/1.1, for the web API and for REST at the auth server.
pub(crate) const HTTP1: &[u8] = b"http/1.1";
/// gRPC at the auth server.
pub(crate) const HTTP2: &[u8] = b"h2";
/// gRPC at the proxy with a client certificate: ProxySSH and ProxyCluster (H3).
pub(crate) const PROXY_SSH_GRPC: &[u8] = b"teleport-proxy-ssh-grpc";
/// gRPC at the proxy's web port without a client certificate: the join services (join-methods 1.2).
pub(crate) const PROXY_GRPC: &[u8] = b"teleport-proxy-grpc";
/// The protocol whose negotiation tells whether a load balancer terminates TLS in front of the proxy (D1).
pub(crate) const REVERSE_TUNNEL: &[u8] = b"teleport-reversetunnel";

/// Longest label of a DNS name; longer ones can't be sent as server name.
const LONGEST_LABEL: usize = 63;

/// `example.test` as `6578616d706c652e74657374.teleport.cluster.local`.
#[must_use]
pub fn encoded_cluster(cluster: &str) -> String {
    format!("{}.{API_DOMAIN}", hex::encode(cluster))
}

/// The name to send and verify for a cluster's auth server: the encoded name, or the one that all of them share
/// where the cluster's name is too long to be a label.
pub(crate) fn auth_server_name(cluster: &str) -> String {
    if cluster.is_empty() || cluster.len() * 2 > LONGEST_LABEL {
        API_DOMAIN.to_owned()
    } else {
        encoded_cluster(cluster)
    }
}

/// The token that makes a proxy pass the connection to the cluster's auth server; it must come first (trap 2).
pub(crate) fn auth_protocol(cluster: &str) -> Vec<u8> {
    format!("teleport-auth@{}", encoded_cluster(cluster)).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_is_encoded_as_the_protocol_document_shows() {
        assert_eq!(encoded_cluster("example.test"), "6578616d706c652e74657374.teleport.cluster.local");
        assert_eq!(auth_server_name("example.test"), encoded_cluster("example.test"));
    }

    #[test]
    fn a_cluster_name_too_long_for_a_label_falls_back_to_the_shared_name() {
        assert_eq!(auth_server_name("teleport.internal.engineering.example.com"), API_DOMAIN);
    }
}
