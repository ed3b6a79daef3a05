//! `kubeconfig.yaml`: how `kubectl` reaches clusters through the proxy (protocol I).

use std::fmt::Write;
use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::Artifact;
use super::error::OutputError;
use super::file_word::kube_folder;
use super::quote::yaml_string;
use super::request::{KubeCertificate, OutputRequest, text_of};
use super::{identity_file, tls};
use crate::config::KubernetesOutput;

/// The proxy tells Kubernetes clients by this prefix of the TLS server name.
const SNI_PREFIX: &str = "kube-teleport-proxy-alpn.";

/// The kubeconfig, and for several clusters the files of each in a directory of its own: a certificate names one
/// cluster. The first cluster's are then there twice, also where those of a single cluster are.
pub(super) fn render(request: &OutputRequest<'_>, output: &KubernetesOutput) -> Result<Vec<Artifact>, OutputError> {
    let several = request.kubernetes.len() > 1;
    let mut files = Vec::new();
    for kube in request.kubernetes.iter().filter(|_| several) {
        let own = OutputRequest { certificate: kube.certificate, ..*request };
        let folder = kube_folder(kube.cluster);
        for mut file in tls::named(&own).into_iter().chain([identity_file::render(&own)?]) {
            file.name = format!("{folder}/{}", file.name).into();
            files.push(file);
        }
    }
    // Whoever finds it finds what it needs, too.
    files.push(config(request, output, several)?);
    Ok(files)
}

/// The file, in the fixed shape that tbot's YAML writer gives it; credentials come from our own binary.
fn config(request: &OutputRequest<'_>, output: &KubernetesOutput, several: bool) -> Result<Artifact, OutputError> {
    let (mut clusters, mut contexts, mut users) = (String::new(), String::new(), Zeroizing::new(String::new()));
    let mut current = None;
    for kube in request.kubernetes {
        let name = yaml_string(&output.context_name.render(&kube.certificate.route_to_cluster, kube.cluster));
        clusters.push_str(&cluster(request, &name)?);
        contexts.push_str(&context(kube, &name));
        users.push_str(&user(request, output, kube, several, &name)?);
        current.get_or_insert(name);
    }
    let current = current.ok_or(OutputError::NoCluster)?;
    let text = format!(
        "apiVersion: v1
clusters:
{clusters}contexts:
{contexts}current-context: {current}
kind: Config
preferences: {{}}
users:
{}",
        *users
    );
    Ok(Artifact::new("kubeconfig.yaml", text))
}

fn cluster(request: &OutputRequest<'_>, name: &str) -> Result<String, OutputError> {
    let address = &request.cluster.kube_address;
    let cas = STANDARD.encode(request.root_host()?.tls_certs.concat());
    let server = yaml_string(&format!("https://{address}"));
    let server_name = if request.cluster.tls_routing {
        format!("    tls-server-name: {}\n", yaml_string(&server_name(address)))
    } else {
        String::new()
    };
    Ok(format!(
        "- cluster:
    certificate-authority-data: {cas}
    server: {server}
{server_name}  name: {name}
"
    ))
}

fn context(kube: &KubeCertificate<'_>, name: &str) -> String {
    let mut text = format!("- context:\n    cluster: {name}\n");
    if !kube.namespace.is_empty() {
        let _ = writeln!(text, "    namespace: {}", yaml_string(kube.namespace));
    }
    let _ = write!(text, "    user: {name}\n  name: {name}\n");
    text
}

/// Where there are several clusters the exec plugin is told which one's certificate is wanted.
fn user(
    request: &OutputRequest<'_>,
    output: &KubernetesOutput,
    kube: &KubeCertificate<'_>,
    several: bool,
    name: &str,
) -> Result<Zeroizing<String>, OutputError> {
    if !output.exec_plugin {
        let certificate = STANDARD.encode(&kube.certificate.certificates.tls);
        let key = Zeroizing::new(STANDARD.encode(kube.certificate.key.tls_private_pem().expose()));
        return Ok(Zeroizing::new(format!(
            "- name: {name}\n  user:\n    client-certificate-data: {certificate}\n    client-key-data: {}\n",
            *key
        )));
    }
    let command = yaml_string(text_of(request.helper)?);
    let directory = yaml_string(&format!("--destination-dir={}", text_of(request.directory)?));
    let chosen = if several {
        format!("      - {}\n", yaml_string(&format!("--cluster={}", kube.cluster)))
    } else {
        String::new()
    };
    Ok(Zeroizing::new(format!(
        "- name: {name}
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      args:
      - kube-credentials
      - {directory}
{chosen}      command: {command}
      env: null
      provideClusterInfo: false
"
    )))
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
