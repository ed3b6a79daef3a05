//! Kubernetes clusters that share a kubeconfig, in both texts.

use std::collections::BTreeMap;

use super::output::required_name;
use super::tree::{Section, Tree, Value};
use super::value::{self, shown};
use crate::config::diagnostic::Diagnostics;
use crate::config::model::{ContextName, KubeClusters, KubeSelector, KubernetesOutput, OutputKind, Part};
use crate::vocabulary::limits::{KUBERNETES_CLUSTERS, KUBERNETES_LABELS};

/// A name of contexts as tbot writes it.
fn context_name(text: &str) -> Result<ContextName, String> {
    const FORM: &str = "only {{.ClusterName}} and {{.KubeName}} are built";
    let mut parts = Vec::new();
    let mut rest = value::name(text)?;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((action, after)) = after.split_once("}}") else {
            return Err(format!("is {}, in which a {{{{ isn't closed; {FORM}", shown(text)));
        };
        parts.push(Part::Text(before.to_owned()));
        parts.push(match action.trim() {
            ".ClusterName" => Part::ClusterName,
            ".KubeName" => Part::KubeName,
            _ => return Err(format!("is {}; {FORM}", shown(text))),
        });
        rest = after.to_owned();
    }
    parts.push(Part::Text(rest));
    Ok(ContextName(parts))
}

/// `kubernetes_cluster` of both texts, or `kubernetes_clusters` of the JSON.
pub(in crate::config) fn clusters(section: &mut Section, diagnostics: &mut Diagnostics) -> Option<OutputKind> {
    let Some(list) = section.take("kubernetes_clusters") else {
        let name = required_name(section, "kubernetes_cluster", diagnostics)?;
        return Some(OutputKind::Kubernetes(KubernetesOutput::named([name])));
    };
    let place = list.place.clone();
    if section.take("kubernetes_cluster").is_some() {
        diagnostics.error(&section.place, "has both kubernetes_cluster and kubernetes_clusters; write one of them");
    }
    let mut names: Vec<String> = Vec::new();
    let entries = list.list(diagnostics, KUBERNETES_CLUSTERS);
    if entries.is_empty() {
        diagnostics.error(&place, "names no cluster; write the name of at least one");
    }
    for entry in entries {
        let place = entry.place.clone();
        let Some(name) = entry.parse(diagnostics, value::name) else { continue };
        if names.contains(&name) {
            diagnostics.error(&place, format!("is {}, which stands before it; each cluster once", shown(&name)));
        }
        names.push(name);
    }
    Some(OutputKind::Kubernetes(KubernetesOutput::named(names)))
}

/// The keys of tbot's `kubernetes/v2`.
pub(in crate::config) fn selectors(section: &mut Section, diagnostics: &mut Diagnostics) -> Option<OutputKind> {
    let list = section.require("selectors", diagnostics, "write a list of {name: …} or {labels: …}");
    let place = list.as_ref().map(|list| list.place.clone());
    let entries = list.map(|list| list.list(diagnostics, KUBERNETES_CLUSTERS)).unwrap_or_default();
    if let (Some(place), true) = (&place, entries.is_empty()) {
        diagnostics.error(place, "selects no cluster; write at least one {name: …} or {labels: …}");
    }
    let selectors: Vec<_> = entries.into_iter().filter_map(|entry| selector(entry, diagnostics)).collect();
    let template = section.take("context_name_template");
    let place = template.as_ref().map(|tree| tree.place.clone());
    let context_name = template.and_then(|tree| tree.parse(diagnostics, context_name)).unwrap_or_default();
    let several = selectors.len() > 1 || selectors.iter().any(|s| matches!(s.clusters, KubeClusters::Labelled(_)));
    if let (Some(place), true, false) = (&place, several, context_name.tells_apart()) {
        diagnostics.error(place, "gives all contexts one name; write {{.KubeName}} into it");
    }
    let exec_plugin = !disable_exec_plugin(section, diagnostics);
    Some(OutputKind::Kubernetes(KubernetesOutput { selectors, context_name, exec_plugin }))
}

/// tbot's `disable_exec_plugin`, of both kinds of Kubernetes output.
pub(in crate::config) fn disable_exec_plugin(section: &mut Section, diagnostics: &mut Diagnostics) -> bool {
    section.take("disable_exec_plugin").and_then(|tree| tree.bool(diagnostics)).unwrap_or(false)
}

fn selector(entry: Tree, diagnostics: &mut Diagnostics) -> Option<KubeSelector> {
    let mut section = entry.section(diagnostics)?;
    if section.has("name") == section.has("labels") {
        diagnostics.error(&section.place, "needs exactly one of name and labels");
    }
    let name = section.take("name").and_then(|tree| tree.parse(diagnostics, value::name)).map(KubeClusters::Named);
    let labels = section.take("labels").map(|tree| labels(tree, diagnostics)).map(KubeClusters::Labelled);
    let namespace = section.take("default_namespace").and_then(|tree| tree.parse(diagnostics, value::name));
    section.finish(diagnostics);
    Some(KubeSelector { clusters: name.or(labels)?, namespace: namespace.unwrap_or_default() })
}

fn labels(tree: Tree, diagnostics: &mut Diagnostics) -> BTreeMap<String, String> {
    let place = tree.place.clone();
    let Value::Map(entries) = tree.value else {
        diagnostics.error(&place, format!("is {}; write a mapping of labels to values", tree.value.what()));
        return BTreeMap::new();
    };
    if entries.is_empty() || entries.len() > KUBERNETES_LABELS {
        diagnostics.error(&place, format!("has {} labels; write 1 to {KUBERNETES_LABELS}", entries.len()));
    }
    let read = |(label, tree): (String, Tree)| Some((label, tree.parse(diagnostics, value::name)?));
    entries.into_iter().filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_is_named_as_tbot_names_it_unless_told_otherwise() {
        assert_eq!(ContextName::default().render("example.test", "kube1"), "example.test-kube1");
        let named = |text: &str| context_name(text).unwrap().render("t", "k");
        assert_eq!(named("{{.ClusterName}}-{{.KubeName}}"), "t-k");
        assert_eq!(named("{{ .KubeName }}"), "k");
        assert_eq!(named("a}}b"), "a}}b");
        assert_eq!(
            context_name("{{.ClusterName}}-{{.KubeName}}").unwrap().render("t", "{{.ClusterName}}"),
            "t-{{.ClusterName}}"
        );
    }

    #[test]
    fn templates_that_go_reads_and_we_do_not_are_refused() {
        for text in ["{{.Other}}", "{{.KubeName | printf}}", "{{- .KubeName -}}", "{{.KubeName", "{{}}", "a\nb"] {
            assert!(context_name(text).is_err(), "{text:?}");
        }
    }
}
