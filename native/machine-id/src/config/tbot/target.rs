//! Names that nothing in Teleport can have: known before a token is sent, which would be used up for nothing.

use super::Written;
use crate::config::diagnostic::{Diagnostics, Place};
use crate::config::model::{OutputKind, TunnelConfig, TunnelKind};
use crate::config::read::value::shown;

/// Looks at what outputs and tunnels are for.
pub(super) fn check(outputs: &[Written], tunnels: &[(Place, TunnelConfig)], diagnostics: &mut Diagnostics) {
    for Written { entry, output, .. } in outputs {
        match &output.kind {
            OutputKind::Kubernetes(kubernetes) => {
                for name in kubernetes.names() {
                    kubernetes_cluster(name, entry, diagnostics);
                }
            }
            OutputKind::Database { service, .. } => database(service, entry, diagnostics),
            OutputKind::Identity(_) | OutputKind::Application { .. } => {}
        }
    }
    for (place, tunnel) in tunnels {
        if let TunnelKind::Database { service, .. } = &tunnel.kind {
            database(service, place, diagnostics);
        }
    }
}

/// By `ValidateKubeClusterName` of Teleport's `api/types`.
fn kubernetes_cluster(name: &str, place: &Place, diagnostics: &mut Diagnostics) {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if name.is_empty() || !name.bytes().all(plain) {
        let message = format!(
            "is for Kubernetes cluster {}, a name that Teleport doesn't allow: letters, digits, '.', '_' and '-'; write \
             the name that `tctl get kube_server` shows",
            shown(name)
        );
        diagnostics.error(place, message);
    }
}

/// By `ValidateDatabaseName`.
fn database(service: &str, place: &Place, diagnostics: &mut Diagnostics) {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let fits = service.starts_with(|c: char| c.is_ascii_alphabetic())
        && service.ends_with(|c: char| c.is_ascii_alphanumeric())
        && service.bytes().all(inner);
    if !fits {
        let message = format!(
            "is for database service {}, a name that Teleport doesn't allow: letters, digits and '-', a letter first and no \
             '-' last; write the name that `tctl get db_server` shows",
            shown(service)
        );
        diagnostics.error(place, message);
    }
}

#[cfg(test)]
mod tests {
    use crate::config::tbot::tests::{faults, read, v2};

    #[test]
    fn what_no_kubernetes_cluster_or_database_can_be_called_is_a_fault_with_its_line() {
        let output =
            |keys: String| v2(&format!("outputs:\n- {{{keys}, destination: {{type: directory, path: /o}}}}\n"));
        let kube = |name: &str| output(format!("type: kubernetes, kubernetes_cluster: '{name}'"));
        let db = |name: &str| output(format!("type: database, service: '{name}'"));
        for fine in [kube("prod.eu_1-a"), kube("1"), db("pg"), db("Pg-1")] {
            read(&fine).unwrap();
        }
        for (text, words) in [
            (kube("arn:aws:eks:eu-west-1:1:cluster/prod"), "is for Kubernetes cluster"),
            (db("pg.main"), "is for database service \"pg.main\""),
            (db("1pg"), "is for database service"),
            (db("pg-"), "is for database service"),
        ] {
            let found = faults(&text);
            assert!(
                found.iter().any(|fault| fault.contains(words) && fault.contains(":4: outputs[0]")),
                "{text}: {found:?}"
            );
        }
        let tunnel =
            "services: [{type: database-tunnel, service: a/b, username: u, database: d, listen: 'unix:///r/s'}]\n";
        assert!(faults(&v2(tunnel))[0].contains("services[0]: is for database service \"a/b\""));
    }
}
