//! The environment of a block: where the tools find what was written.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::SystemTime;

use super::error::OutputError;
use super::quote::single_quoted;
use super::request::{ClusterFacts, text_of};
use crate::config::OutputKind;
use crate::identity::Rfc3339;
use crate::vocabulary::words;

words! {
    /// The variables of a block.
    pub(crate) enum Variable {
        /// The lease's directory.
        Dir = "MACHINE_ID_DIR",
        /// The `ssh_config` of the identity output.
        SshConfig = "MACHINE_ID_SSH_CONFIG",
        /// `ssh` with that `ssh_config`, for git.
        GitSshCommand = "GIT_SSH_COMMAND",
        /// Our program.
        Bin = "MACHINE_ID_BIN",
        /// The kubeconfig, or several.
        Kubeconfig = "KUBECONFIG",
        /// The proxy, `host:port`.
        Proxy = "TELEPORT_PROXY",
        /// The identity file, for `tsh` and `tctl`.
        IdentityFile = "TELEPORT_IDENTITY_FILE",
        /// When the first of the certificates expires.
        ExpiresAt = "MACHINE_ID_EXPIRES_AT",
    }
}

/// An output and where it lies.
#[derive(Clone, Copy, Debug)]
pub struct PlacedOutput<'a> {
    /// Its kind.
    pub kind: &'a OutputKind,
    /// Its directory; absolute.
    pub directory: &'a Path,
}

/// The variables for a lease's outputs, the first of which lies in the lease's own directory; `helper` is our program.
///
/// SSH variables are there when one of them is an identity, `KUBECONFIG` when one is for Kubernetes.
///
/// # Errors
/// When a path can't be put into a variable.
pub fn environment(
    outputs: &[PlacedOutput<'_>],
    cluster: &ClusterFacts,
    helper: &Path,
    expires_at: SystemTime,
) -> Result<BTreeMap<String, String>, OutputError> {
    let mut variables = BTreeMap::new();
    let mut set = |name: Variable, value: String| variables.insert(name.to_string(), value);
    set(Variable::ExpiresAt, Rfc3339(expires_at).to_string());
    set(Variable::Bin, text_of(helper)?.to_owned());
    set(Variable::Proxy, cluster.proxy_address.clone());
    if let Some(first) = outputs.first() {
        set(Variable::Dir, text_of(first.directory)?.to_owned());
    }
    let identity = outputs.iter().find(|output| matches!(output.kind, OutputKind::Identity(_)));
    let others = outputs.first().filter(|output| !matches!(output.kind, OutputKind::Multiplexer(_)));
    if let Some(output) = identity.or(others) {
        set(Variable::IdentityFile, text_of(&output.directory.join("identity"))?.to_owned());
    }
    let by_sockets = outputs.iter().find(|output| matches!(output.kind, OutputKind::Multiplexer(_)));
    if let Some(output) = identity.or(by_sockets).filter(|output| output.kind.writes_ssh_config()) {
        let ssh_config = output.directory.join("ssh_config");
        let ssh_config = text_of(&ssh_config)?;
        set(Variable::SshConfig, ssh_config.to_owned());
        set(Variable::GitSshCommand, format!("ssh -F {}", single_quoted(ssh_config)));
    }
    let mut kubeconfigs = Vec::new();
    for output in outputs.iter().filter(|output| matches!(output.kind, OutputKind::Kubernetes(_))) {
        let file = output.directory.join("kubeconfig.yaml");
        let text = text_of(&file)?;
        if text.contains(':') {
            return Err(OutputError::path(&file, "KUBECONFIG is a list, \":\" separates its files"));
        }
        kubeconfigs.push(text.to_owned());
    }
    if !kubeconfigs.is_empty() {
        set(Variable::Kubeconfig, kubeconfigs.join(":"));
    }
    Ok(variables)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{IdentityOutput, KubernetesOutput};
    use crate::version::Version;
    use std::time::Duration;

    const HELPER: &str = "/opt/it's here/machine-id";

    fn cluster() -> ClusterFacts {
        ClusterFacts {
            name: "example.test".to_owned(),
            server_version: Version::parse("15.0.0"),
            proxy_host: "teleport.example.com".to_owned(),
            proxy_address: "teleport.example.com:443".to_owned(),
            ssh_address: "teleport.example.com:443".to_owned(),
            tls_routing: true,
            connection_upgrade: false,
            kube_address: "teleport.example.com:443".to_owned(),
        }
    }

    #[test]
    fn an_identity_and_two_kubernetes_clusters_give_every_variable() {
        let kube = OutputKind::Kubernetes(KubernetesOutput::named(["prod"]));
        let outputs = [
            PlacedOutput {
                kind: &OutputKind::Identity(IdentityOutput::default()),
                directory: Path::new("/w/it's @tmp/m"),
            },
            PlacedOutput { kind: &kube, directory: Path::new("/w/a") },
            PlacedOutput { kind: &kube, directory: Path::new("/w/b") },
        ];
        let expires_at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_293_453);
        let variables = environment(&outputs, &cluster(), Path::new(HELPER), expires_at).unwrap();
        let expected = [
            ("GIT_SSH_COMMAND", "ssh -F '/w/it'\\''s @tmp/m/ssh_config'"),
            ("KUBECONFIG", "/w/a/kubeconfig.yaml:/w/b/kubeconfig.yaml"),
            ("MACHINE_ID_BIN", HELPER),
            ("MACHINE_ID_DIR", "/w/it's @tmp/m"),
            ("MACHINE_ID_EXPIRES_AT", "2026-11-21T20:37:33Z"),
            ("MACHINE_ID_SSH_CONFIG", "/w/it's @tmp/m/ssh_config"),
            ("TELEPORT_IDENTITY_FILE", "/w/it's @tmp/m/identity"),
            ("TELEPORT_PROXY", "teleport.example.com:443"),
        ];
        assert_eq!(variables, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    }

    #[test]
    fn without_an_identity_output_there_are_no_ssh_variables() {
        let kube = OutputKind::Kubernetes(KubernetesOutput::named(["prod"]));
        let outputs = [PlacedOutput { kind: &kube, directory: Path::new("/w/a") }];
        let variables = environment(&outputs, &cluster(), Path::new(HELPER), SystemTime::UNIX_EPOCH).unwrap();
        assert!(!variables.contains_key("GIT_SSH_COMMAND") && !variables.contains_key("MACHINE_ID_SSH_CONFIG"));
        assert_eq!(variables["TELEPORT_IDENTITY_FILE"], "/w/a/identity");
    }

    #[test]
    fn several_clusters_of_one_output_are_one_file() {
        let kube = OutputKind::Kubernetes(KubernetesOutput::named(["prod", "staging"]));
        let outputs = [PlacedOutput { kind: &kube, directory: Path::new("/w/a") }];
        let variables = environment(&outputs, &cluster(), Path::new(HELPER), SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(variables["KUBECONFIG"], "/w/a/kubeconfig.yaml");
    }

    #[test]
    fn a_colon_in_the_path_of_a_kubeconfig_is_refused() {
        let kube = OutputKind::Kubernetes(KubernetesOutput::named(["prod"]));
        let outputs = [PlacedOutput { kind: &kube, directory: Path::new("/w/a:b") }];
        assert!(environment(&outputs, &cluster(), Path::new(HELPER), SystemTime::UNIX_EPOCH).is_err());
    }
}
