#!/usr/bin/env python3
# SPDX-FileCopyrightText: The machine-id authors
# SPDX-License-Identifier: Apache-2.0
"""The .hpi in a real Jenkins: JENKINS_WAR=FILE JENKINS_PLUGINS=DIR tests/jenkins/run.py [NAME...]

Also read: HPI, TELEPORT_DOUBLE, OUTPUT (logs and screenshots), AGENT_USER, PLAYWRIGHT_CORE, CHROMIUM.
Needs nothing but Python; the browser part needs node, playwright-core and Chromium and says so where they are missing.
"""

import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))

from jenkins import Agent, Jenkins, free_port, job_path, wait_for  # noqa: E402

LEASE = "machine-id: identity 'api' with roles"
RELEASED = "machine-id: lease of 'api' released"
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def equal(seen, expected, what=""):
    assert seen == expected, f"{what}: expected {expected!r}, seen {seen!r}"


def contains(text, *parts):
    for part in parts:
        assert part in text, f"'{part}' isn't in:\n{text}"


class World:
    """Jenkins, two agents, a Teleport double and an SSH server."""

    def __init__(self, output):
        self.output = output
        self.user = agent_user()
        self.login = self.user or pwd.getpwuid(os.getuid()).pw_name
        self.processes = []

    def start(self):
        self.start_cluster()
        hpi = os.environ.get("HPI", ROOT / "plugin-java/plugin/target/machine-id.hpi")
        self.jenkins = Jenkins(os.environ["JENKINS_WAR"], os.environ["JENKINS_PLUGINS"], hpi, self.output)
        self.jenkins.start()
        agents = Path(tempfile.mkdtemp(prefix="machine-id-agents-"))
        agents.chmod(0o755)
        self.agents_dir = agents
        self.a1 = Agent(self.jenkins, "a1", agents / "a1", self.user)
        self.a2 = Agent(self.jenkins, "a2", agents / "a2", self.user)
        self.standing = agents / "standing"
        self.standing.mkdir()
        if self.user:
            shutil.chown(self.standing, self.user)
        self.configure()
        self.a1.start()
        self.a2.start()

    def start_cluster(self):
        work = self.output / "cluster"
        work.mkdir()
        port, key, ready = free_port(), work / "host_key", work / "ready"
        subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-N", "", "-f", key], check=True)
        double = os.environ.get("TELEPORT_DOUBLE", ROOT / "target/debug/teleport-double")
        self.spawn("double", [double, "--dir", work / "double", "--ready-file", ready, "--bot", "api=api-workers",
                              "--login", self.login, "--kube", "prod", "--node", f"node1=127.0.0.1:{port}",
                              "--host-key", f"node1={key}.pub"])
        wait_for("the Teleport double", ready.exists, 30)
        self.cluster = dict(line.split("=", 1) for line in ready.read_text().splitlines())
        config = work / "sshd_config"
        config.write_text(f"Port {port}\nListenAddress 127.0.0.1\nHostKey {key}\nHostCertificate {key}-cert.pub\n"
                          f"TrustedUserCAKeys {work / 'double/user-ca.pub'}\nPidFile none\nUsePAM no\n"
                          "PasswordAuthentication no\nKbdInteractiveAuthentication no\nStrictModes no\n")
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)
        self.spawn("sshd", [shutil.which("sshd") or "/usr/sbin/sshd", "-D", "-e", "-f", config])

    def spawn(self, name, command):
        with open(self.output / f"{name}.log", "ab") as log:
            self.processes.append(subprocess.Popen([str(part) for part in command], stdout=log, stderr=log))

    def configure(self):
        token = self.cluster["token"]
        self.jenkins.groovy(f"""
            import io.jenkins.plugins.machineid.config.*
            import hudson.util.Secret
            def jenkins = jenkins.model.Jenkins.get()
            jenkins.numExecutors = 2
            def cluster = new Cluster('main', '{self.cluster["proxy"]}')
            cluster.caCertificate = new File('{self.cluster["web_ca"]}').text
            def api = new Identity('api', 'main')
            api.roles = ['api-workers']
            api.maxTtl = '2h'
            api.allowedJobs = ['allowed-**', 'folder/**']
            MachineIdConfiguration.get().clusters = [cluster]
            MachineIdConfiguration.get().identities = [api]
            def binding = new Binding('api')
            binding.token = Secret.fromString('{token}')
            def property = new MachineIdNodeProperty()
            property.identities = [binding]
            property.standing = new StandingDestination('{self.standing}/machine-id')
            def a1 = new hudson.slaves.DumbSlave('a1', '{self.a1.directory}', new hudson.slaves.JNLPLauncher(true))
            a1.numExecutors = 4
            a1.labelString = 'api'
            a1.nodeProperties.add(property)
            jenkins.addNode(a1)
            jenkins.addNode(new hudson.slaves.DumbSlave('a2', '{self.a2.directory}', new hudson.slaves.JNLPLauncher(true)))
        """)
        page = self.jenkins.groovy("print io.jenkins.plugins.machineid.config.MachineIdConfiguration.get().identities*.id")
        equal(page.strip(), "[api]", "configuration by script")

    def stop(self):
        for agent in ("a1", "a2"):
            if hasattr(self, agent):
                getattr(self, agent).kill()
        if hasattr(self, "jenkins"):
            self.jenkins.stop()
        for process in self.processes:
            process.terminate()
            process.wait(20)
        if hasattr(self, "agents_dir"):
            shutil.rmtree(self.agents_dir, ignore_errors=True)

    def no_leases_left(self):
        wait_for("all leases to be gone", lambda: not self.a1.leases(), 30)


def agent_user():
    """The user that agents run as: another one than ours where we may choose."""
    if os.getuid() != 0:
        return None
    name = os.environ.get("AGENT_USER", "machine-id-agent")
    try:
        pwd.getpwnam(name)
    except KeyError:
        subprocess.run(["useradd", "--create-home", "--shell", "/bin/sh", name], check=True)
        # No password, yet not locked: sshd refuses a locked account.
        subprocess.run(["usermod", "--password", "*", name], check=True)
    return name


def block(body, arguments="identity: 'api'", label="api"):
    return f"node('{label}') {{ withMachineId({arguments}) {{ {body} }} }}"


@test
def scripted_pipeline_reaches_a_node_by_ssh(world):
    world.jenkins.pipeline("allowed-ssh", block(
        f"sh 'ssh -F \"$MACHINE_ID_SSH_CONFIG\" {world.login}@node1.example.test echo over-$((40+2))'; "
        "sh 'ls -ld $MACHINE_ID_DIR; env | grep -E \"MACHINE_ID|TELEPORT|GIT_SSH\"'",
        "identity: 'api', roles: ['api-workers'], ttl: '30m', kubernetesCluster: 'prod'"))
    result, log = world.jenkins.run("allowed-ssh")
    equal(result, "SUCCESS", log)
    contains(log, LEASE, "over-42", RELEASED, "MACHINE_ID_EXPIRES_AT=", "TELEPORT_PROXY=", "GIT_SSH_COMMAND=")
    contains(log, "drwx------")
    world.no_leases_left()


@test
def the_build_lists_its_certificates(world):
    record = world.jenkins.audit("allowed-ssh", 1)
    kinds = {certificate["kind"] for certificate in record["certificates"]}
    assert {"ssh", "x509"} <= kinds, record
    for certificate in record["certificates"]:
        assert certificate["agent"] == "a1" and certificate["fingerprint"] and certificate["validUntil"], certificate
    contains(world.jenkins.get("/job/allowed-ssh/1/"), "machine-id-certificates", record["certificates"][0]["fingerprint"])


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
                            "<io.jenkins.plugins.machineid.MachineIdBuildWrapper><identity>api</identity>"
                            "</io.jenkins.plugins.machineid.MachineIdBuildWrapper>", "api")
    result, log = world.jenkins.run("allowed-freestyle")
    equal(result, "SUCCESS", log)
    contains(log, LEASE, RELEASED)
    contains(world.jenkins.get("/job/allowed-freestyle/configure"), "_.kubernetesCluster")
    world.no_leases_left()


@test
def refusals_name_their_rule(world):
    cases = {
        "other-job": (block("sh 'true'"), "policy_job"),
        "allowed-role": (block("sh 'true'", "identity: 'api', roles: ['root']"), "policy_role"),
        "allowed-ttl": (block("sh 'true'", "ttl: '3h'"), "policy_ttl"),
        "allowed-node": (block("sh 'true'", label="a2"), "policy_node"),
        "allowed-built-in": (block("sh 'true'", label="built-in"), "policy_built_in_node"),
        "allowed-unknown": (block("sh 'true'", "identity: 'nope'"), "policy_identity_unknown"),
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
    world.jenkins.pipeline("plain", f"node('api') {{ sh 'ssh -F {config} {world.login}@node1.example.test echo standing-$((1+1))' }}")
    result, log = world.jenkins.run("plain")
    equal(result, "SUCCESS", log)
    contains(log, "standing-2")


@test
def abort_and_failure_in_the_body_leave_nothing(world):
    jenkins = world.jenkins
    jenkins.pipeline("allowed-abort", block("sh 'echo inside; sleep 100'"))
    number = jenkins.build("allowed-abort")
    jenkins.wait_console("allowed-abort", number, "inside")
    jenkins.post(f"/job/allowed-abort/{number}/stop")
    result, log = jenkins.finish("allowed-abort", number)
    equal(result, "ABORTED", log)
    contains(log, RELEASED)
    jenkins.pipeline("allowed-fail", block("sh 'exit 3'"))
    equal(jenkins.run("allowed-fail")[0], "FAILURE")
    jenkins.pipeline("allowed-timeout", f"timeout(time: 4, unit: 'SECONDS') {{ {block('sleep 60')} }}")
    equal(jenkins.run("allowed-timeout")[0], "ABORTED")
    world.no_leases_left()


@test
def agent_killed_in_the_body_comes_back(world):
    jenkins = world.jenkins
    jenkins.pipeline("allowed-lost", block(
        f"sh 'echo inside; sleep 25; ssh -F $MACHINE_ID_SSH_CONFIG {world.login}@node1.example.test echo after-$((1+1))'"))
    number = jenkins.build("allowed-lost")
    jenkins.wait_console("allowed-lost", number, "inside")
    world.a1.kill()
    world.a1.wait_online(False)
    world.a1.start()
    result, log = jenkins.finish("allowed-lost", number)
    equal(result, "SUCCESS", log)
    contains(log, "taken again", "after-2", RELEASED)
    world.no_leases_left()


@test
def agent_killed_and_build_aborted_is_cleaned_when_it_is_back(world):
    jenkins = world.jenkins
    jenkins.pipeline("allowed-dead", block("sh 'echo inside; sleep 300'"))
    number = jenkins.build("allowed-dead")
    jenkins.wait_console("allowed-dead", number, "inside")
    world.a1.kill()
    world.a1.wait_online(False)
    jenkins.post(f"/job/allowed-dead/{number}/stop")
    equal(jenkins.finish("allowed-dead", number)[0], "ABORTED")
    world.a1.start()
    world.no_leases_left()


def restart_in_the_body(world, how, name):
    jenkins = world.jenkins
    jenkins.pipeline(name, block(
        f"sh 'echo inside; sleep 30; ssh -F $MACHINE_ID_SSH_CONFIG {world.login}@node1.example.test echo after-$((1+1))'"))
    number = jenkins.build(name)
    jenkins.wait_console(name, number, "inside")
    time.sleep(2)
    jenkins.restart(how)
    result, log = jenkins.finish(name, number, 240)
    equal(result, "SUCCESS", log)
    contains(log, "taken again", "after-2", RELEASED)
    world.no_leases_left()


@test
def controller_restarted_in_the_body(world):
    restart_in_the_body(world, signal.SIGTERM, "allowed-restart")


@test
def controller_killed_in_the_body(world):
    restart_in_the_body(world, signal.SIGKILL, "allowed-killed")


@test
def policy_is_asked_again_after_a_restart(world):
    jenkins = world.jenkins
    jenkins.pipeline("allowed-withdrawn", block("sh 'echo inside; sleep 100'"))
    number = jenkins.build("allowed-withdrawn")
    jenkins.wait_console("allowed-withdrawn", number, "inside")
    allow = "io.jenkins.plugins.machineid.config.MachineIdConfiguration.get().identities[0].allowedJobs = {}; " \
            "io.jenkins.plugins.machineid.config.MachineIdConfiguration.get().save()"
    jenkins.groovy(allow.format("['folder/**']"))
    jenkins.restart()
    result, log = jenkins.finish("allowed-withdrawn", number, 240)
    jenkins.groovy(allow.format("['allowed-**', 'folder/**']"))
    assert result != "SUCCESS", log
    contains(log, "policy_job")
    world.no_leases_left()


@test
def checks_demand_post_and_permission(world):
    path = "/descriptorByName/io.jenkins.plugins.machineid.config.Cluster/checkAddress?value=x"
    equal(world.jenkins.status(path), 404, "GET")
    equal(world.jenkins.status(path, "POST"), 200, "POST")
    equal(world.jenkins.status(path, "POST", crumb=False), 403, "POST without crumb")
    world.jenkins.groovy("""
        def jenkins = jenkins.model.Jenkins.get()
        def strategy = jenkins.authorizationStrategy, realm = jenkins.securityRealm
        jenkins.securityRealm = new hudson.security.HudsonPrivateSecurityRealm(false, false, null)
        def readers = new hudson.security.FullControlOnceLoggedInAuthorizationStrategy()
        readers.allowAnonymousRead = true
        jenkins.authorizationStrategy = readers
        Thread.start { sleep 10000; jenkins.authorizationStrategy = strategy; jenkins.securityRealm = realm }""")
    for check in (path, "/descriptorByName/io.jenkins.plugins.machineid.config.Identity/testConnection",
                  "/descriptorByName/io.jenkins.plugins.machineid.config.MachineIdNodeProperty/checkDefaultIdentity?value=x"):
        equal(world.jenkins.status(check, "POST"), 403, f"POST by a reader: {check}")
    time.sleep(11)
    equal(world.jenkins.status(path, "POST"), 200, "POST")


@test
def configuration_as_code_round_trip(world):
    jenkins = world.jenkins
    if not (jenkins.home / "plugins/configuration-as-code.jpi").exists():
        print("  SKIPPED: configuration-as-code is not among the plugins")
        return
    yaml = world.output / "casc.yaml"
    yaml.write_text(f"""unclassified:
  machineId:
    clusters:
      - name: main
        address: {world.cluster["proxy"]}
        caCertificate: |
{"".join(f"          {line}" for line in Path(world.cluster["web_ca"]).read_text().splitlines(True))}
    identities:
      - id: api
        cluster: main
        roles: [api-workers]
        maxTtl: 2h
        allowedJobs: ["allowed-**", "folder/**"]
      - id: pods
        cluster: main
        joinMethod: kubernetes
        token: jenkins-agents
        anyAgent: true
""")
    jenkins.groovy(f"io.jenkins.plugins.casc.ConfigurationAsCode.get().configure('{yaml}')")
    export = jenkins.post("/manage/configuration-as-code/export")
    section = export[export.index("machineId:"):]
    contains(section, 'joinMethod: "kubernetes"', "anyAgent: true", 'id: "pods"')
    assert "jenkins-agents" not in export, "a token is exported in clear"


@test
def no_secret_is_on_disk_or_in_a_log(world):
    token = world.cluster["token"].encode()
    found = []
    places = [world.jenkins.home, *world.output.glob("jenkins.log"), *world.output.glob("agent-*.log")]
    for place in places:
        for path in [place] if place.is_file() else place.rglob("*"):
            if path.is_file() and path.stat().st_size < 50_000_000 and "plugins" not in path.relative_to(world.output).parts:
                content = path.read_bytes()
                if token in content or b"PRIVATE KEY" in content and path.suffix in (".xml", "", ".log"):
                    if "secrets" not in path.parts and "identity.key" not in path.name:
                        found.append(str(path))
    equal(found, [], "files with a token or a private key")


@test
def heap_of_the_agent_holds_no_token_and_no_key(world):
    jcmd = shutil.which("jcmd")
    if not jcmd:
        print("  SKIPPED: jcmd is not installed")
        return
    dump = world.a1.directory / "heap.hprof"
    arguments = {"user": world.a1.user, "group": pwd.getpwnam(world.a1.user).pw_gid} if world.a1.user else {}
    subprocess.run([jcmd, str(world.a1.process.pid), "GC.heap_dump", "-all", str(dump)], check=True,
                   stdout=subprocess.DEVNULL, timeout=120, cwd="/", **arguments)
    heap = dump.read_bytes()
    dump.unlink()
    assert b"machine-id" in heap, "the dump is of another JVM"
    for secret in (world.cluster["token"].encode(), b"BEGIN PRIVATE KEY", b"BEGIN RSA PRIVATE KEY", b"BEGIN OPENSSH PRIVATE KEY"):
        equal(heap.count(secret), 0, "secrets in the heap of the agent")


@test
def pages_in_a_browser(world):
    if not shutil.which("node"):
        print("  SKIPPED: node is not installed")
        return
    run = subprocess.run(["node", HERE / "browser.mjs", world.jenkins.url, world.output, "/job/allowed-ssh/1/",
                          world.cluster["proxy"]], capture_output=True, text=True, timeout=300, check=False)
    if run.returncode == 3:
        print(f"  SKIPPED: {run.stdout.strip()}")
        return
    print("  " + run.stdout.strip().replace('},{', '},\n   {'))
    equal(run.returncode, 0, run.stdout + run.stderr)


@test
def jenkins_logged_no_failure_of_ours(world):
    log = (world.output / "jenkins.log").read_text(errors="replace")
    bad = [line for line in log.splitlines()
           if "SEVERE" in line or "LinkageError" in line or "NoSuchMethodError" in line or "Refusing to unmarshal" in line]
    equal(bad, [], "lines of the controller's log")


def main(names):
    missing = [name for name in ("JENKINS_WAR", "JENKINS_PLUGINS") if not os.environ.get(name)]
    if missing:
        print(f"SKIPPED: the tests in a real Jenkins; give {' and '.join(missing)} (a jenkins.war, a folder of .hpi or .jpi files)")
        return 0
    output = Path(os.environ.get("OUTPUT") or tempfile.mkdtemp(prefix="machine-id-jenkins-")).resolve()
    output.mkdir(parents=True, exist_ok=True)
    world, failed = World(output), []
    try:
        world.start()
        for one in TESTS:
            if names and one.__name__ not in names:
                continue
            begun = time.monotonic()
            try:
                one(world)
                verdict = "ok"
            except Exception:  # the other tests still tell something
                traceback.print_exc()
                failed.append(one.__name__)
                verdict = "FAILED"
            print(f"{verdict:6} {time.monotonic() - begun:6.1f} s  {one.__name__.replace('_', ' ')}", flush=True)
    finally:
        world.stop()
    print(f"{len(failed)} failed; logs and screenshots in {output}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
