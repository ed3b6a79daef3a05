//! Which files an output of a kind always has, so that a missing one is noticed, and what stands in the place of one. Pure.

use std::path::Path;

use crate::config::{DatabaseFormat, OutputKind};
use crate::output::kube_directory;

const COMMON: [&str; 7] =
    ["key", "key.pub", "key-cert.pub", "tlscert", "teleport-host-ca.crt", "teleport-user-ca.crt", "identity"];
const SSH: [&str; 2] = ["known_hosts", "ssh_config"];
const TLS: [&str; 3] = ["tls.key", "tls.crt", "tls.cas"];

/// Where the cluster has an authority for databases.
const DATABASE_CA: &str = "teleport-database-ca.crt";

/// Names below the output's directory.
#[must_use]
pub fn expected_files(kind: &OutputKind) -> Vec<&'static str> {
    if matches!(kind, OutputKind::Multiplexer(_)) {
        return SSH.to_vec();
    }
    let own: &[&str] = match kind {
        OutputKind::Identity(_) if kind.has_ssh_config() => &SSH,
        OutputKind::Kubernetes(_) => &["kubeconfig.yaml"],
        OutputKind::Database { format: Some(DatabaseFormat::Tls), .. }
        | OutputKind::Application { specific_tls_naming: true, .. } => &TLS,
        OutputKind::Database { format: Some(DatabaseFormat::Mongo), .. } => &["mongo.crt", "mongo.cas"],
        OutputKind::Database { format: Some(DatabaseFormat::Cockroach), .. } => {
            &["cockroach/node.key", "cockroach/node.crt", "cockroach/ca.crt"]
        }
        _ => &[],
    };
    COMMON.iter().chain(own).copied().collect()
}

/// All names below the output's directory that are known before the cluster is asked: what it says of itself names more.
#[must_use]
pub fn files_to_write(kind: &OutputKind) -> Vec<String> {
    let expected = expected_files(kind);
    let database = Some(&DATABASE_CA).filter(|_| !matches!(kind, OutputKind::Multiplexer(_)));
    let mut names: Vec<String> = expected.iter().chain(database).map(|&name| name.to_owned()).collect();
    if let OutputKind::Kubernetes(output) = kind
        && output.selectors.len() > 1
    {
        for cluster in output.names() {
            let folder = kube_directory(Path::new(""), cluster);
            names.extend(TLS.iter().chain(&["identity"]).map(|name| folder.join(name).display().to_string()));
        }
    }
    names
}

/// Whether a key is in the file of an output that has this name.
#[must_use]
pub fn holds_a_key(name: &str) -> bool {
    ["key", "identity", "tls.key", "mongo.crt", "kubeconfig.yaml", "cockroach/node.key"].contains(&name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::config::{IdentityOutput, KubernetesOutput};
    use crate::destination::{is_known_name, known_names};
    use crate::lease::{LeaseId, record_name};

    /// What isn't this library's: of the command, of a file system.
    const OTHERS: [&str; 2] = ["trouble.json", "lost+found"];

    #[test]
    fn a_directory_is_known_as_ours_by_the_names_that_its_writers_give() {
        let database = |format| OutputKind::Database {
            service: "d".to_owned(),
            username: String::new(),
            database: String::new(),
            format,
        };
        let kinds = [
            OutputKind::Identity(IdentityOutput::default()),
            OutputKind::Kubernetes(KubernetesOutput::named(["k"])),
            OutputKind::Application { app: "a".to_owned(), specific_tls_naming: true },
            database(Some(DatabaseFormat::Mongo)),
            database(Some(DatabaseFormat::Cockroach)),
        ];
        let top = |name: String| name.split('/').next().unwrap_or_default().to_owned();
        let mut written: BTreeSet<String> = kinds.iter().flat_map(files_to_write).map(top).collect();
        let others = crate::identity::store_files().into_iter().chain(OTHERS).chain([
            "leases",
            crate::proxy::multiplex::SOCKET,
            crate::vocabulary::sockets::TBOTS_SOCKET,
            crate::vocabulary::sockets::AGENT_SOCKET,
        ]);
        written.extend(others.map(str::to_owned));
        let known: BTreeSet<String> = known_names().iter().map(|&name| name.to_owned()).collect();
        assert_eq!(known, written);
        // Names with another one in them.
        let several = OutputKind::Kubernetes(KubernetesOutput::named(["a", "b/c"]));
        let record = record_name(&LeaseId::parse("0123456789abcdef0123456789abcdef").unwrap());
        let made = files_to_write(&several).into_iter().map(top).chain([record]);
        let clusters = ["example.test.known_hosts", "example.test.ssh_config"].map(str::to_owned);
        for name in made.chain(clusters) {
            assert!(is_known_name(&name), "{name}");
        }
        for name in ["README", "0123.json", "known_hosts.old"] {
            assert!(!is_known_name(name), "{name}");
        }
    }
}
