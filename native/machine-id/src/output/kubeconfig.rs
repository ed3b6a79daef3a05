//! `kubeconfig.yaml`: how `kubectl` reaches a cluster through the proxy (protocol I).

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Artifact;
use super::error::OutputError;
use super::quote::yaml_string;
use super::request::{OutputRequest, text_of};

/// The proxy tells Kubernetes clients by this prefix of the TLS server name.
const SNI_PREFIX: &str = "kube-teleport-proxy-alpn.";

/// The file, in the fixed shape that tbot's YAML writer gives it; credentials come from our own binary.
pub(super) fn render(request: &OutputRequest<'_>, kube_cluster: &str) -> Result<Artifact, OutputError> {
    let address = &request.cluster.kube_address;
    let cas = STANDARD.encode(request.root_host()?.tls_certs.concat());
    let server = yaml_string(&format!("https://{address}"));
    let server_name = if request.cluster.tls_routing {
        format!("    tls-server-name: {}\n", yaml_string(&server_name(address)))
    } else {
        String::new()
    };
    let name = yaml_string(&format!("{}-{kube_cluster}", request.certificate.route_to_cluster));
    let command = yaml_string(text_of(request.helper)?);
    let directory = yaml_string(&format!("--destination-dir={}", text_of(request.directory)?));
    let text = format!(
        "apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: {cas}
    server: {server}
{server_name}  name: {name}
contexts:
- context:
    cluster: {name}
    user: {name}
  name: {name}
current-context: {name}
kind: Config
preferences: {{}}
users:
- name: {name}
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      args:
      - kube-credentials
      - {directory}
      command: {command}
      env: null
      provideClusterInfo: false
"
    );
    Ok(Artifact::new("kubeconfig.yaml", text))
}

fn server_name(address: &str) -> String {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if bare.is_empty() || bare.parse::<IpAddr>().is_ok() {
        format!("{SNI_PREFIX}teleport.cluster.local")
    } else {
        format!("{SNI_PREFIX}{bare}")
    }
}
