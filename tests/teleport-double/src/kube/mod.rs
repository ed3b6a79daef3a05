//! The Kubernetes API behind the proxy, as much as `kubectl get pods` asks for (protocol section I).

mod api;
mod server;

pub(crate) use server::serve;
