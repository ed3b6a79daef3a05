//! The way to the cluster: discovery, trust, TLS, HTTP and gRPC. The only room that opens network connections.
