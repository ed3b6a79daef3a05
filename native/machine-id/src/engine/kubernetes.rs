//! Which Kubernetes clusters an output is for.

use std::sync::Arc;

use super::bot::Bot;
use super::known;
use super::session::Session;
use crate::config::{KubeClusters, KubernetesOutput};
use crate::error::{Code, Error};
use crate::issue::{RoleCertificate, Target};
use crate::once::first_time;
use crate::output::KubeCertificate;

/// A context of a kubeconfig.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KubeContext {
    /// The cluster's name in Teleport.
    pub(super) cluster: String,
    /// Its namespace; empty: none.
    pub(super) namespace: String,
}

impl KubeContext {
    pub(super) fn target(&self) -> Target {
        Target::Kubernetes { cluster: self.cluster.clone() }
    }

    pub(super) fn with<'a>(&'a self, certificate: &'a RoleCertificate) -> KubeCertificate<'a> {
        KubeCertificate { cluster: &self.cluster, namespace: &self.namespace, certificate }
    }
}

/// The contexts of an output that names all its clusters; none where the cluster has to be asked.
pub(super) fn named(output: &KubernetesOutput) -> Option<Vec<KubeContext>> {
    let mut contexts: Vec<KubeContext> = Vec::new();
    for selector in &output.selectors {
        let KubeClusters::Named(cluster) = &selector.clusters else { return None };
        if !contexts.iter().any(|known| known.cluster == *cluster) {
            contexts.push(KubeContext { cluster: cluster.clone(), namespace: selector.namespace.clone() });
        }
    }
    Some(contexts)
}

/// The contexts of an output, at least one, each cluster once. The cluster is asked for labels only: names are found
/// wrong when the certificates are asked for.
pub(super) async fn contexts(
    bot: &Bot,
    session: &Arc<Session>,
    output: &KubernetesOutput,
    roles: &[String],
) -> Result<Vec<KubeContext>, Error> {
    if let Some(contexts) = named(output) {
        return Ok(contexts);
    }
    let mut seer = None;
    let mut unmatched = Vec::new();
    let mut contexts: Vec<KubeContext> = Vec::new();
    for selector in &output.selectors {
        let names = match &selector.clusters {
            KubeClusters::Named(name) => vec![name.clone()],
            KubeClusters::Labelled(labels) => {
                let seer = match &mut seer {
                    Some(seer) => seer,
                    none => none.insert(known::seer(bot, session, roles).await?),
                };
                let found = seer.kube_clusters(labels).await?;
                if found.is_empty() {
                    unmatched.push(labels);
                }
                found
            }
        };
        for cluster in names {
            if !contexts.iter().any(|known| known.cluster == cluster) {
                contexts.push(KubeContext { cluster, namespace: selector.namespace.clone() });
            }
        }
    }
    if contexts.is_empty() {
        return Err(Error::new(
            Code::TargetUnknown,
            format!("no Kubernetes cluster that the roles {} see has the wished labels", roles.join(", ")),
            "check the labels in Teleport, and that a role allows the bot to see such a cluster",
        ));
    }
    for labels in unmatched {
        if first_time(format!("{} {labels:?}", bot.config.id), "labels") {
            tracing::warn!(identity = %bot.config.id, ?labels, "no Kubernetes cluster that the roles see has these labels");
        }
    }
    Ok(contexts)
}
