//! `configs`, v1's templates, as what they mean for an output.

use crate::config::diagnostic::Diagnostics;
use crate::config::model::{DatabaseFormat, OutputKind};
use crate::config::read::nearest::suggestion;
use crate::config::read::tree::{Tree, Value};
use crate::config::read::value::{self, shown};

const TEMPLATES: &[&str] =
    &["ssh_client", "identity", "tls", "tls_cas", "mongo", "cockroach", "kubernetes", "ssh_host_cert"];

/// Reads one entry of `configs` (a name, or a name with options) and applies it to `kind`.
pub(super) fn template(entry: Tree, kind: &mut OutputKind, diagnostics: &mut Diagnostics) {
    let place = entry.place.clone();
    let name = match entry.value {
        Value::Map(mut entries) => {
            let [(name, options)] = entries.as_mut_slice() else {
                diagnostics.error(&place, "has more or less than one key; write one template an entry");
                return;
            };
            let plain =
                matches!(&options.value, Value::Null) || matches!(&options.value, Value::Map(map) if map.is_empty());
            if !plain && TEMPLATES.contains(&name.as_str()) && name != "ssh_host_cert" {
                diagnostics.unsupported(&options.place, "has options, which aren't built here; write the name alone");
                return;
            }
            name.clone()
        }
        _ => match entry.text(diagnostics) {
            Some(text) => text.expose().to_owned(),
            None => return,
        },
    };
    match (name.as_str(), kind, value::word::<DatabaseFormat>(&name).ok()) {
        // Written for every destination.
        ("identity" | "tls_cas", ..)
        | ("ssh_client", OutputKind::Identity(_), _)
        | ("kubernetes", OutputKind::Kubernetes(_), _) => {}
        ("ssh_client", ..) => {
            diagnostics.warn(&place, "does nothing beside app, database or kubernetes_cluster: no ssh_config there")
        }
        ("tls", OutputKind::Application { specific_tls_naming, .. }, _) => *specific_tls_naming = true,
        (name, OutputKind::Database { format, .. }, Some(wanted)) => {
            if format.is_some_and(|before| before != wanted) {
                diagnostics
                    .error(&place, format!("is {name}, but another database format stands before it; write one"));
            }
            *format = Some(wanted);
        }
        ("ssh_host_cert", ..) => {
            diagnostics.unsupported(&place, "ssh_host_cert (certificates for hosts) isn't built here")
        }
        ("kubernetes", ..) => {
            diagnostics.error(&place, "is kubernetes, which needs kubernetes_cluster: NAME beside configs")
        }
        ("tls", ..) => diagnostics
            .unsupported(&place, "tls without app or database isn't built here; key and tlscert hold the same"),
        (name, _, Some(_)) => diagnostics.error(&place, format!("is {name}, which needs database: beside configs")),
        (name, ..) => diagnostics.error(&place, format!("is {}; {}", shown(name), suggestion(name, TEMPLATES))),
    }
}
