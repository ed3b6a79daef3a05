//! Kubernetes clusters that share a kubeconfig.

use std::collections::BTreeMap;

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
pub struct ContextName(pub(in crate::config) Vec<Part>);

/// A piece of a context's name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::config) enum Part {
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
    pub(in crate::config) fn tells_apart(&self) -> bool {
        self.0.contains(&Part::KubeName)
    }
}
