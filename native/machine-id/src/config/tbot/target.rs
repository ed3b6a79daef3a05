//! Names that current versions of Teleport give nothing: told before a token is sent, and left to the cluster, which may be
//! older or newer than the rule.

use super::Written;
use crate::config::diagnostic::{Diagnostics, Place};
use crate::config::model::{Leads, OutputKind, TunnelConfig, TunnelKind};
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
            OutputKind::Identity(_) | OutputKind::Multiplexer(_) | OutputKind::Application { .. } => {}
        }
    }
    for (place, tunnel) in tunnels {
        if let Leads::To(TunnelKind::Database { service, .. }) = &tunnel.leads {
            database(service, place, diagnostics);
        }
    }
}

/// By `ValidateKubeClusterName` of Teleport's `api/types`.
fn kubernetes_cluster(name: &str, place: &Place, diagnostics: &mut Diagnostics) {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if name.is_empty() || !name.bytes().all(plain) {
        let message = format!(
            "is for Kubernetes cluster {}, but Teleport's names have only letters, digits, '.', '_' and '-'; compare it with \
             `tctl get kube_server`",
            shown(name)
        );
        diagnostics.warn(place, &message);
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
            "is for database service {}, but Teleport's names have only letters, digits and '-', a letter first and no '-' \
             last; compare it with `tctl get db_server`",
            shown(service)
        );
        diagnostics.warn(place, &message);
    }
}

#[cfg(test)]
mod tests {
    use crate::config::tbot::tests::{read, v2};

    #[test]
    fn what_no_kubernetes_cluster_or_database_is_called_is_told_with_its_line() {
        let output =
            |keys: String| v2(&format!("outputs:\n- {{{keys}, destination: {{type: directory, path: /o}}}}\n"));
        let kube = |name: &str| output(format!("type: kubernetes, kubernetes_cluster: '{name}'"));
        let db = |name: &str| output(format!("type: database, service: '{name}'"));
        for fine in [kube("prod.eu_1-a"), kube("1"), db("pg"), db("Pg-1")] {
            assert!(read(&fine).unwrap().warnings.is_empty(), "{fine}");
        }
        for (text, words) in [
            (kube("arn:aws:eks:eu-west-1:1:cluster/prod"), "is for Kubernetes cluster"),
            (db("pg.main"), "is for database service \"pg.main\""),
            (db("1pg"), "is for database service"),
            (db("pg-"), "is for database service"),
        ] {
            let found = read(&text).unwrap().warnings;
            assert!(
                found.iter().any(|told| told.contains(words) && told.contains(":4: outputs[0]")),
                "{text}: {found:?}"
            );
        }
        let tunnel =
            "services: [{type: database-tunnel, service: a/b, username: u, database: d, listen: 'unix:///r/s'}]\n";
        assert!(read(&v2(tunnel)).unwrap().warnings[0].contains("services[0]: is for database service \"a/b\""));
    }
}
