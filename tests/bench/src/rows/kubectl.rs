//! `kubectl` through the cluster.

use std::path::Path;

use super::commands::beside;
use crate::place::{Machine, Place};
use crate::report::Report;
use crate::sample::milliseconds;
use crate::tools::quiet;

const ROW: &str = "kubectl get pods, credentials by the exec plugin";

pub(crate) fn measure(place: &Place, report: &mut Report) {
    let Ok(cluster) = std::env::var("KUBE_CLUSTER") else {
        return report.missing(ROW, "KUBE_CLUSTER, a name in the real cluster, isn't given");
    };
    let prepare = |program: &Path| {
        let machine = place.machine();
        let path = machine.path("tbot.yaml");
        let output = format!(
            "- type: kubernetes\n  kubernetes_cluster: {cluster}\n  destination: {{type: directory, path: {}}}\n",
            machine.path("kube").display(),
        );
        let text = std::fs::read_to_string(&path).unwrap() + &output;
        e2e::machine::put(&path, &text);
        machine.oneshot(program);
        machine
    };
    let ours = prepare(&place.program);
    let peers = place.peer.as_deref().map(prepare);
    let get = |program: &Path| {
        let machine: &Machine = if program == place.program { &ours } else { peers.as_ref().unwrap() };
        let mut kubectl = machine.command("kubectl");
        kubectl.env("KUBECONFIG", machine.path("kube/kubeconfig.yaml")).args(["get", "pods"]);
        milliseconds(|| quiet(kubectl))
    };
    let (ours, peer) = beside(place, place.rounds(15), &get);
    report.beside_peer(ROW, "ms", &ours, peer.as_ref());
}
