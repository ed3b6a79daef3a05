//! Kubernetes clusters that share a kubeconfig, in both texts.

use std::collections::BTreeMap;

use super::fault::Report;
use super::model::OutputKind;
use super::request::required_name;
use super::tree::{Section, Tree, Value};
use super::value::{self, shown};
use crate::vocabulary::limits::{KUBERNETES_CLUSTERS, KUBERNETES_LABELS};

/// An output for Kubernetes clusters: one kubeconfig with a context for each.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KubernetesOutput {
    /// Which clusters, at least one entry; the first cluster is the current context.
    pub selectors: Vec<KubeSelector>,
    /// What the contexts are called.
    pub context_name: ContextName,
    /// Whether kubectl asks our program for the certificate; otherwise it lies in the kubeconfig itself.
    pub exec_plugin: bool,
}

/// One entry of tbot's `selectors` (`kubernetes/v2`, tbot 17 and later).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KubeSelector {
    /// Which clusters.
    pub clusters: KubeClusters,
    /// Namespace of their contexts; empty: none.
    pub namespace: String,
}

/// What a selector selects.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum KubeClusters {
    /// The cluster of this name in Teleport.
    Named(String),
    /// Every cluster with all of these labels that the roles see when the certificates are asked for.
    Labelled(BTreeMap<String, String>),
}

impl KubernetesOutput {
    /// Clusters by their names, the first one as current context.
    #[must_use]
    pub fn named<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Self {
        let selector = |name: N| KubeSelector { clusters: KubeClusters::Named(name.into()), namespace: String::new() };
        let selectors = names.into_iter().map(selector).collect();
        Self { selectors, context_name: ContextName::default(), exec_plugin: true }
    }

    /// The names that are written out, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.selectors.iter().filter_map(|selector| match &selector.clusters {
            KubeClusters::Named(name) => Some(name.as_str()),
            KubeClusters::Labelled(_) => None,
        })
    }
}

/// tbot's `context_name_template`: a text with `{{.ClusterName}}` and `{{.KubeName}}`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ContextName(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Part {
    Text(String),
    ClusterName,
    KubeName,
}

impl Default for ContextName {
    fn default() -> Self {
        Self(vec![Part::ClusterName, Part::Text("-".to_owned()), Part::KubeName])
    }
}

impl ContextName {
    /// The name of the context for a Kubernetes cluster of a Teleport cluster.
    #[must_use]
    pub fn render(&self, teleport: &str, kube: &str) -> String {
        let text = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::ClusterName => teleport.to_owned(),
            Part::KubeName => kube.to_owned(),
        };
        self.0.iter().map(text).collect()
    }

    /// Whether two clusters get two names.
    fn tells_apart(&self) -> bool {
        self.0.contains(&Part::KubeName)
    }

    fn parse(text: &str) -> Result<Self, String> {
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
        Ok(Self(parts))
    }
}

/// `kubernetes_cluster` of both texts, or `kubernetes_clusters` of the JSON.
pub(super) fn clusters(section: &mut Section, report: &mut Report) -> Option<OutputKind> {
    let Some(list) = section.take("kubernetes_clusters") else {
        let name = required_name(section, "kubernetes_cluster", report)?;
        return Some(OutputKind::Kubernetes(KubernetesOutput::named([name])));
    };
    let place = list.place.clone();
    if section.take("kubernetes_cluster").is_some() {
        report.fault(&section.place, "has both kubernetes_cluster and kubernetes_clusters; write one of them");
    }
    let mut names: Vec<String> = Vec::new();
    let entries = list.list(report, KUBERNETES_CLUSTERS);
    if entries.is_empty() {
        report.fault(&place, "names no cluster; write the name of at least one");
    }
    for entry in entries {
        let place = entry.place.clone();
        let Some(name) = entry.parse(report, value::name) else { continue };
        if names.contains(&name) {
            report.fault(&place, format!("is {}, which stands before it; each cluster once", shown(&name)));
        }
        names.push(name);
    }
    Some(OutputKind::Kubernetes(KubernetesOutput::named(names)))
}

/// The keys of tbot's `kubernetes/v2`.
pub(super) fn selectors(section: &mut Section, report: &mut Report) -> Option<OutputKind> {
    let list = section.require("selectors", report, "write a list of {name: …} or {labels: …}");
    let place = list.as_ref().map(|list| list.place.clone());
    let entries = list.map(|list| list.list(report, KUBERNETES_CLUSTERS)).unwrap_or_default();
    if let (Some(place), true) = (&place, entries.is_empty()) {
        report.fault(place, "selects no cluster; write at least one {name: …} or {labels: …}");
    }
    let selectors: Vec<_> = entries.into_iter().filter_map(|entry| selector(entry, report)).collect();
    let template = section.take("context_name_template");
    let place = template.as_ref().map(|tree| tree.place.clone());
    let context_name = template.and_then(|tree| tree.parse(report, ContextName::parse)).unwrap_or_default();
    let several = selectors.len() > 1 || selectors.iter().any(|s| matches!(s.clusters, KubeClusters::Labelled(_)));
    if let (Some(place), true, false) = (&place, several, context_name.tells_apart()) {
        report.fault(place, "gives all contexts one name; write {{.KubeName}} into it");
    }
    if let Some(tree) = section.take("relay_server") {
        report.unsupported(&tree.place, "relays aren't built here; remove it");
    }
    let exec_plugin = !disable_exec_plugin(section, report);
    Some(OutputKind::Kubernetes(KubernetesOutput { selectors, context_name, exec_plugin }))
}

/// tbot's `disable_exec_plugin`, of both kinds of Kubernetes output.
pub(super) fn disable_exec_plugin(section: &mut Section, report: &mut Report) -> bool {
    section.take("disable_exec_plugin").and_then(|tree| tree.bool(report)).unwrap_or(false)
}

fn selector(entry: Tree, report: &mut Report) -> Option<KubeSelector> {
    let mut section = entry.section(report)?;
    if section.has("name") == section.has("labels") {
        report.fault(&section.place, "needs exactly one of name and labels");
    }
    let name = section.take("name").and_then(|tree| tree.parse(report, value::name)).map(KubeClusters::Named);
    let labels = section.take("labels").map(|tree| labels(tree, report)).map(KubeClusters::Labelled);
    let namespace = section.take("default_namespace").and_then(|tree| tree.parse(report, value::name));
    section.finish(report);
    Some(KubeSelector { clusters: name.or(labels)?, namespace: namespace.unwrap_or_default() })
}

fn labels(tree: Tree, report: &mut Report) -> BTreeMap<String, String> {
    let place = tree.place.clone();
    let Value::Map(entries) = tree.value else {
        report.fault(&place, format!("is {}; write a mapping of labels to values", tree.value.what()));
        return BTreeMap::new();
    };
    if entries.is_empty() || entries.len() > KUBERNETES_LABELS {
        report.fault(&place, format!("has {} labels; write 1 to {KUBERNETES_LABELS}", entries.len()));
    }
    let read = |(label, tree): (String, Tree)| Some((label, tree.parse(report, value::name)?));
    entries.into_iter().filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_is_named_as_tbot_names_it_unless_told_otherwise() {
        assert_eq!(ContextName::default().render("example.test", "kube1"), "example.test-kube1");
        let named = |text: &str| ContextName::parse(text).unwrap().render("t", "k");
        assert_eq!(named("{{.ClusterName}}-{{.KubeName}}"), "t-k");
        assert_eq!(named("{{ .KubeName }}"), "k");
        assert_eq!(named("a}}b"), "a}}b");
        assert_eq!(
            ContextName::parse("{{.ClusterName}}-{{.KubeName}}").unwrap().render("t", "{{.ClusterName}}"),
            "t-{{.ClusterName}}"
        );
    }

    #[test]
    fn templates_that_go_reads_and_we_do_not_are_refused() {
        for text in ["{{.Other}}", "{{.KubeName | printf}}", "{{- .KubeName -}}", "{{.KubeName", "{{}}", "a\nb"] {
            assert!(ContextName::parse(text).is_err(), "{text:?}");
        }
    }
}
