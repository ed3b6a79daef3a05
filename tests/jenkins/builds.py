# SPDX-FileCopyrightText: The machine-id authors
# SPDX-License-Identifier: Apache-2.0
"""Builds that go well, and those that are refused."""

import re
import shutil

from jenkins import wait_for
from world import LEASE, RELEASED, Skipped, block, contains, equal, test


@test
def scripted_pipeline_reaches_a_node_by_ssh(world):
    world.jenkins.pipeline("allowed-ssh", block(
        f"sh '{world.ssh('echo over-$((40+2))')}'; "
        "sh 'ls -ld $MACHINE_ID_DIR; env | grep -E \"MACHINE_ID|TELEPORT|GIT_SSH|KUBECONFIG\"'",
        "identity: 'api', roles: ['api-workers'], ttl: '30m', kubernetesCluster: 'prod'"))
    result, log = world.jenkins.run("allowed-ssh")
    equal(result, "SUCCESS", log)
    contains(log, LEASE, "over-42", RELEASED, "MACHINE_ID_EXPIRES_AT=", "TELEPORT_PROXY=", "GIT_SSH_COMMAND=",
             "KUBECONFIG=", "drwx------")
    world.no_leases_left()


@test
def kubectl_reaches_the_cluster_of_the_block(world):
    if not shutil.which("kubectl"):
        raise Skipped("kubectl is not installed")
    world.jenkins.pipeline("allowed-kubectl", block("sh 'kubectl get pods'", "kubernetesCluster: 'prod'"))
    result, log = world.jenkins.run("allowed-kubectl")
    equal(result, "SUCCESS", log)
    contains(log, "Running", RELEASED)
    targets = {one["target"] for one in world.jenkins.audit("allowed-kubectl", 1)["certificates"]}
    assert "prod" in targets, targets


@test
def kubectl_reaches_each_of_several_clusters(world):
    if not shutil.which("kubectl"):
        raise Skipped("kubectl is not installed")
    query = "get namespace default -o jsonpath={.metadata.annotations.teleport-double/cluster}"
    world.jenkins.pipeline("allowed-kubectl-two", block(
        "sh 'kubectl config current-context; "
        f"for c in $(kubectl config get-contexts -o name); do echo $(kubectl --context $c {query})-at-$c; done'",
        "kubernetesClusters: ['prod', 'staging']"))
    result, log = world.jenkins.run("allowed-kubectl-two")
    equal(result, "SUCCESS", log)
    contains(log, "prod-at-example.test-prod", "staging-at-example.test-staging", RELEASED)
    targets = {one["target"] for one in world.jenkins.audit("allowed-kubectl-two", 1)["certificates"]}
    assert {"prod", "staging"} <= targets, targets


@test
def the_build_lists_its_certificates(world):
    record = world.jenkins.audit("allowed-ssh", 1)
    kinds = {certificate["kind"] for certificate in record["certificates"]}
    assert {"ssh", "x509"} <= kinds, record
    for certificate in record["certificates"]:
        assert certificate["agent"] == "a1" and certificate["fingerprint"] and certificate["validUntil"], certificate
    contains(world.jenkins.get("/job/allowed-ssh/1/machine-id/"), "machine-id-certificates", record["certificates"][0]["fingerprint"])


@test
def declarative_pipeline_and_folder(world):
    world.jenkins.folder("folder")
    world.jenkins.pipeline("folder/declarative", """
        pipeline { agent { label 'api' }
          stages { stage('one') { steps { withMachineId { sh 'ls -l $MACHINE_ID_SSH_CONFIG' } } } } }""")
    result, log = world.jenkins.run("folder/declarative")
    equal(result, "SUCCESS", log)


@test
def outside_of_an_agent_it_says_so(world):
    world.jenkins.pipeline("allowed-options", """
        pipeline { agent none
          options { withMachineId(identity: 'api') }
          stages { stage('one') { steps { echo 'never' } } } }""")
    result, log = world.jenkins.run("allowed-options")
    equal(result, "FAILURE", log)
    contains(log, "needs an agent")


@test
def nested_and_parallel_blocks_have_their_own_leases(world):
    world.jenkins.pipeline("allowed-parallel", """
        node('api') { parallel(
          a: { withMachineId { sh 'echo A=$MACHINE_ID_DIR'; withMachineId { sh 'echo B=$MACHINE_ID_DIR' }; sh 'ls $MACHINE_ID_DIR' } },
          c: { withMachineId { sh 'echo C=$MACHINE_ID_DIR; sleep 2' } }) }""")
    result, log = world.jenkins.run("allowed-parallel")
    equal(result, "SUCCESS", log)
    directories = {match for match in re.findall(r"^[ABC]=(/\S+)", log, re.M)}
    equal(len(directories), 3, log)
    world.no_leases_left()


@test
def freestyle_build(world):
    world.jenkins.freestyle("allowed-freestyle", "ls -l $MACHINE_ID_SSH_CONFIG",
                            "<io.jenkins.plugins.machineid.step.MachineIdBuildWrapper><identity>api</identity>"
                            "</io.jenkins.plugins.machineid.step.MachineIdBuildWrapper>", "api")
    result, log = world.jenkins.run("allowed-freestyle")
    equal(result, "SUCCESS", log)
    contains(log, LEASE, RELEASED)
    contains(world.jenkins.get("/job/allowed-freestyle/configure"), "_.kubernetesClusters",
             *(f"step.{name}" for name in ("MachineIdBuildWrapper/help", "MachineIdStep/help/kubernetesClusters", "MachineIdStep/help/readers")))
    world.no_leases_left()


@test
def refusals_name_their_rule(world):
    cases = {
        "taken-job": (block("sh 'true'", "identity: 'each'"), "policy_job"),
        "allowed-role": (block("sh 'true'", "identity: 'api', roles: ['root']"), "policy_role"),
        "allowed-ttl": (block("sh 'true'", "ttl: '3h'"), "policy_ttl"),
        "allowed-node": (block("sh 'true'", label="a2"), "policy_node"),
        "allowed-built-in": (block("sh 'true'", label="built-in"), "policy_built_in_node"),
        "allowed-unknown": (block("sh 'true'", "identity: 'nope'"), "policy_job"),
        "allowed-duration": (block("sh 'true'", "ttl: 'soon'"), "request_invalid"),
    }
    for name, (script, rule) in cases.items():
        world.jenkins.pipeline(name, script)
        result, log = world.jenkins.run(name)
        equal(result, "FAILURE", log)
        lines = [line for line in log.splitlines() if f"[{rule}]" in line]
        equal(len(lines), 1, log)
        if rule.startswith("policy_"):
            equal(world.jenkins.audit(name, 1)["refusals"][0]["rule"], rule)
    world.no_leases_left()


@test
def standing_destination_is_there(world):
    config = world.standing / "machine-id/ssh_config"
    wait_for("the standing destination", config.exists, 60)
    world.jenkins.pipeline("taken-plain", f"node('api') {{ sh '{world.ssh('echo standing-$((1+1))', config)}' }}")
    result, log = world.jenkins.run("taken-plain")
    equal(result, "SUCCESS", log)
    contains(log, "standing-2")


@test
def standing_destination_follows_its_configuration(world):
    world.jenkins.groovy(
        "jenkins.model.Jenkins.get().getNode('a1').getNodeProperty("
        "io.jenkins.plugins.machineid.config.MachineIdNodeProperty).standing.kubernetesCluster = 'prod'")
    # Agents are looked at once a minute.
    config = world.standing / "machine-id/kubernetes-prod/kubeconfig.yaml"
    wait_for("the kubeconfig of the changed standing destination", config.exists, 90)
