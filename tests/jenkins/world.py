# SPDX-FileCopyrightText: The machine-id authors
# SPDX-License-Identifier: Apache-2.0
"""What the tests and the demo run in: Jenkins, two agents as another user, a Teleport double, an SSH server."""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

from jenkins import Agent, Jenkins, free_port, wait_for

ROOT = Path(__file__).resolve().parent.parent.parent
NODE = "node1.example.test"
LEASE = "machine-id: identity 'api' with roles"
RELEASED = "machine-id: lease of 'api' released"
# The jobs of identity `stated` that the cluster's token for statements of this Jenkins names, as `namespace:name@identity`.
STATED = tuple(f"{job}@stated" for job in (
    "-:stated-scripted", "-:stated-freestyle", "-:stated-parallel", "-:stated-long", "-:stated-restart", "-:stated-abort",
    "-:stated-inside", "-:stated-hostile", "-:stated-rotation", "-:stated-held", "stated-folder:declarative"))
# The one job of an identity that folder `team-f` defines.
OF_FOLDER = "team-f:deploy@team-f/mine"
TESTS = []


class Skipped(Exception):
    """What a test needs isn't on this machine; the text says what."""


def test(function):
    TESTS.append(function)
    return function


def equal(seen, expected, what=""):
    assert seen == expected, f"{what}: expected {expected!r}, seen {seen!r}"


def contains(text, *parts):
    for part in parts:
        assert part in text, f"'{part}' isn't in:\n{text}"


def block(body, arguments="identity: 'api'", label="api"):
    return f"node('{label}') {{ withMachineId({arguments}) {{ {body} }} }}"


def unix_user(name):
    """A user of that name, made where there is none; None where we can't choose."""
    if os.getuid() != 0:
        return None
    try:
        pwd.getpwnam(name)
    except KeyError:
        subprocess.run(["useradd", "--create-home", "--shell", "/bin/sh", name], check=True)
    # No password, yet not locked: sshd refuses a locked account.
    subprocess.run(["usermod", "--password", "*", name], check=True)
    return name


class World:
    def __init__(self, output):
        self.output = output
        self.user = unix_user(os.environ.get("AGENT_USER", "machine-id-agent"))
        self.login = self.user or pwd.getpwuid(os.getuid()).pw_name
        self.processes = {}
        # Public keys of this Jenkins, as somebody gave them to the cluster.
        self.jwks = output / "jwks.json"
        # The public keys of the bots that joined, as the double writes them down.
        self.joined_keys = output / "joined-keys"
        # Users of bots that the double locks while they stand there.
        self.locks = output / "locks"

    def start(self):
        self.start_cluster()
        hpi = os.environ.get("HPI", ROOT / "plugin-java/plugin/target/machine-id.hpi")
        self.jenkins = Jenkins(os.environ["JENKINS_WAR"], os.environ["JENKINS_PLUGINS"], hpi, self.output)
        self.jenkins.start()
        self.agents_dir = Path(tempfile.mkdtemp(prefix="machine-id-agents-"))
        self.agents_dir.chmod(0o755)
        self.a1 = Agent(self.jenkins, "a1", self.agents_dir / "a1", self.user)
        self.a2 = Agent(self.jenkins, "a2", self.agents_dir / "a2", self.user)
        self.standing = self.agents_dir / "standing"
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
        self.double = os.environ.get("TELEPORT_DOUBLE", ROOT / "target/debug/teleport-double")
        # What stands there the tests start; a database server has a certificate of the cluster.
        self.databases = work / "databases"
        self.databases.mkdir()
        self.ports = {name: free_port() for name in ("orders", "shop", "web")}
        key_file, public = self.databases / "server.key", self.databases / "server"
        subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key_file], check=True)
        subprocess.run(["openssl", "pkey", "-in", key_file, "-pubout", "-outform", "DER", "-out", public], check=True)
        self.spawn("double", [self.double, "--dir", work / "double", "--ready-file", ready, "--bot", "api=api-workers",
                              "--bot", "each=api-workers", "--bot", "attacked=api-workers", "--login", self.login,
                              "--kube", "prod", "--kube", "staging", "--bot", "stated=stated-workers,admins",
                              "--signed", f"stated=stated,kubernetes,{self.jwks},{','.join(STATED)}",
                              "--signed", f"stated-agents=stated,kubernetes,{self.jwks},%agent:a3@stated-agents",
                              "--signed", f"stated-folder=stated,kubernetes,{self.jwks},{OF_FOLDER}",
                              "--signed", f"stated-branches=stated,gitlab,{self.jwks},stated-multi/*;ref_type=branch,stated-multi/*;ref_type=change_request",
                              "--joined-keys", self.joined_keys, "--locks", self.locks, "--database-key", public,
                              "--database", f"orders=postgres@127.0.0.1:{self.ports['orders']}",
                              "--database", f"shop=mysql@127.0.0.1:{self.ports['shop']}",
                              "--app", f"web=http://127.0.0.1:{self.ports['web']}",
                              "--node", f"node1=127.0.0.1:{port}", "--host-key", f"node1={key}.pub"])
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
            self.processes[name] = subprocess.Popen([str(part) for part in command], stdout=log, stderr=log)

    def configure(self):
        """Two identities of the double, both for agent a1 alone. It takes only jobs that `api` allows, as it has a standing
        destination; a2 takes all."""
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
            api.allowedJobs = ['allowed-**', 'taken-**', 'folder/**', 'team-a/**']
            api.allowedAgents = ['a1']
            def each = new Identity('each', 'main')
            each.cacheScope = 'build'
            each.allowedJobs = ['allowed-**']
            each.allowedAgents = ['a1']
            MachineIdConfiguration.get().clusters = [cluster]
            MachineIdConfiguration.get().identities = [api, each]
            def bind = {{ id, token ->
                def binding = new Binding(id)
                binding.token = Secret.fromString(token)
                binding
            }}
            def property = new MachineIdNodeProperty()
            property.identities = [bind('api', '{self.cluster["token"]}'), bind('each', '{self.cluster["token.each"]}')]
            property.defaultIdentity = 'api'
            property.standing = new StandingDestination('{self.standing}/machine-id')
            def a1 = new hudson.slaves.DumbSlave('a1', '{self.a1.directory}', new hudson.slaves.JNLPLauncher(true))
            a1.numExecutors = 4
            a1.labelString = 'api'
            a1.nodeProperties.add(property)
            jenkins.addNode(a1)
            jenkins.addNode(new hudson.slaves.DumbSlave('a2', '{self.a2.directory}', new hudson.slaves.JNLPLauncher(true)))
        """)
        known = self.jenkins.groovy("print io.jenkins.plugins.machineid.config.MachineIdConfiguration.get().identities*.id")
        equal(known.strip(), "[api, each]", "configuration by script")

    def ssh(self, command, config="$MACHINE_ID_SSH_CONFIG"):
        """A shell command that runs another one on the SSH node."""
        return f"ssh -F \"{config}\" {self.login}@{NODE} {command}"

    def stop(self):
        for agent in ("a1", "a2", "a3"):
            if hasattr(self, agent):
                getattr(self, agent).kill()
        if hasattr(self, "jenkins"):
            self.jenkins.stop()
        for process in self.processes.values():
            process.terminate()
            process.wait(20)
        if hasattr(self, "agents_dir"):
            shutil.rmtree(self.agents_dir, ignore_errors=True)

    def no_leases_left(self):
        wait_for("all leases to be gone", lambda: not self.a1.leases(), 30)
