# SPDX-FileCopyrightText: The machine-id authors
# SPDX-License-Identifier: Apache-2.0
"""Builds of a real Jenkins that join a real Teleport: TELEPORT_BIN=DIR, with `teleport` and `tctl`."""

import html
import json
import os
import re
import shutil
import subprocess
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from jenkins import free_port, wait_for
from rest import PACKAGE
from setup_page import PAGE
from statements import CONFIGURATION, RULE, UNKNOWN_KEY, stated
from world import Skipped, contains, equal, test

CLUSTER = "real.example.test"
ID = "real"


class Cluster:
    """Auth server, proxy and node in one process."""

    def __init__(self, world):
        binaries = os.environ.get("TELEPORT_BIN")
        if not binaries:
            raise Skipped("give TELEPORT_BIN=DIR (a folder with the binaries teleport and tctl)")
        self.world, self.binaries = world, Path(binaries).resolve()
        self.home = world.output / "teleport"
        self.home.mkdir()
        self.proxy, self.auth, self.node, self.diagnosis = (free_port() for _ in range(4))
        self.certify()
        (self.home / "teleport.yaml").write_text(json.dumps({
            "version": "v3",
            "teleport": {"nodename": "node1", "data_dir": str(self.home / "data"),
                         "diag_addr": f"127.0.0.1:{self.diagnosis}", "log": {"output": "stderr", "severity": "INFO"}},
            "auth_service": {"enabled": "yes", "cluster_name": CLUSTER, "listen_addr": f"127.0.0.1:{self.auth}",
                             "proxy_listener_mode": "multiplex", "session_recording": "off",
                             "authentication": {"type": "local", "second_factor": "otp"}},
            "ssh_service": {"enabled": "yes", "listen_addr": f"127.0.0.1:{self.node}", "labels": {"machine-id-role": ID}},
            "proxy_service": {"enabled": "yes", "web_listen_addr": f"127.0.0.1:{self.proxy}",
                              "public_addr": f"localhost:{self.proxy}",
                              "https_keypairs": [{"key_file": str(self.home / "web.key"),
                                                  "cert_file": str(self.home / "web.crt")}]}}))
        world.spawn("teleport", ["env", f"SSL_CERT_FILE={self.home / 'ca.crt'}", "TELEPORT_UNSTABLE_DISABLE_AWS=yes",
                                 self.binaries / "teleport", "start", "-c", self.home / "teleport.yaml"])
        wait_for("Teleport", self.ready, 120)

    def certify(self):
        """A CA, and by it a certificate of the proxy."""
        def openssl(*arguments):
            subprocess.run(["openssl", *arguments], cwd=self.home, check=True, capture_output=True)
        (self.home / "names").write_text("subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n")
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.crt", "-days", "2",
                "-subj", "/CN=a web CA")
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "web.key", "-out", "web.csr", "-subj", "/CN=localhost")
        openssl("x509", "-req", "-in", "web.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                "-extfile", "names", "-out", "web.crt")

    def ready(self):
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{self.diagnosis}/readyz", timeout=5).status == 200
        except OSError:
            return False

    def tctl(self, *arguments, text=None):
        environment = {**os.environ, "HOME": str(self.home), "SSL_CERT_FILE": str(self.home / "ca.crt")}
        done = subprocess.run([self.binaries / "tctl", "-c", self.home / "teleport.yaml", *arguments], input=text,
                              capture_output=True, text=True, timeout=120, env=environment)
        assert done.returncode == 0, f"tctl {arguments}: {done.stderr}"
        return done.stdout

    def major(self):
        return int(re.search(r"v(\d+)\.", self.tctl("version")).group(1))

    def events(self):
        """The audit log, a line of JSON for each event."""
        files = sorted((self.home / "data/log").rglob("*.log"))
        return [line for file in files if not file.is_symlink() for line in file.read_text().splitlines()]

    def joins(self):
        """The audit log's events of joins, oldest first."""
        return [json.loads(line) for line in self.events() if '"bot.join"' in line]


@contextmanager
def real(world):
    """For so long there is a cluster, and an identity in it for one job, as the set-up page had it created."""
    cluster = Cluster(world)
    with stated(world) as jenkins:
        allow(jenkins, cluster, ["stated-deploy"])
        try:
            tell(jenkins, cluster)
            roles = text(jenkins, "roles").replace("    - jenkins\n", f"    - {world.login}\n")
            assert world.login in roles, roles
            cluster.tctl("create", "-f", text=roles)
            # The policy would let the other job; the cluster was told of one.
            allow(jenkins, cluster, ["stated-deploy", "stated-other"])
            yield jenkins, cluster
        finally:
            jenkins.groovy(f"""
                {CONFIGURATION}.identities = {CONFIGURATION}.identities.findAll {{ it.id != '{ID}' }}
                {CONFIGURATION}.clusters = {CONFIGURATION}.clusters.findAll {{ it.name != '{ID}' }}
                {CONFIGURATION}.save()""")
            world.processes.pop("teleport").kill()


def allow(jenkins, cluster, jobs):
    """What an administrator types: a cluster by its address, an identity with its jobs."""
    out = jenkins.groovy(f"""
        def cluster = new {PACKAGE}.config.Cluster('{ID}', 'https://localhost:{cluster.proxy}/web')
        cluster.caCertificate = new File('{cluster.home}/ca.crt').text
        cluster.teleportName = '{CLUSTER}'
        def join = new {PACKAGE}.join.JenkinsJoin()
        join.tokenName = 'jenkins-{ID}'
        def identity = new {PACKAGE}.config.Identity('{ID}', '{ID}')
        identity.join = join
        identity.roles = ['{ID}']
        identity.allowedJobs = {jobs}
        identity.allowedAgents = ['a3']
        def ours = {CONFIGURATION}
        ours.clusters = ours.clusters.findAll {{ it.name != '{ID}' }} + cluster
        ours.identities = ours.identities.findAll {{ it.id != '{ID}' }} + identity
        ours.save()
        println 'SET'""")
    contains(out, "SET")


def text(jenkins, kind):
    return next(each for each in jenkins.json(PAGE + "api/json")["identities"] if each["id"] == ID)[kind]


def tell(jenkins, cluster):
    """Somebody copies the page's YAML into `tctl create -f`, as the page says; for this one job."""
    jenkins.get(PAGE)
    allow(jenkins, cluster, ["stated-deploy"])
    yaml = text(jenkins, "yaml")
    allow(jenkins, cluster, ["stated-deploy", "stated-other"])
    cluster.tctl("create", "-f", text=yaml)
    # What was made is seen a moment later.
    keys = set(re.findall(r'"kid":"([^"]+)"', yaml))
    assert keys, yaml
    wait_for("the cluster to see its token", lambda: keys == set(re.findall(
        r'"kid":"([^"]+)"', cluster.tctl("get", f"token/jenkins-{ID}", "--format=json").replace("\\", ""))), 30)


def goes_well(world, jenkins, says="real-2"):
    result, log = jenkins.run("stated-deploy")
    equal(result, "SUCCESS", log)
    contains(log, says)


def found_by_the_page(jenkins, cluster, join):
    """The commands of the build's page, on the cluster's own events."""
    lease = jenkins.audit("stated-deploy", 1)["leases"][0]
    equal(lease["statement"], join["attributes"]["raw"]["jti"], "the statement's id in both records")
    if not shutil.which("jq"):
        print("  the page's commands are not run: jq is not installed")
        return
    page = jenkins.get("/job/stated-deploy/1/machine-id/")
    commands = [html.unescape(each) for each in re.findall(r'<pre class="machine-id-search">(.*?)</pre>', page, re.S)]
    equal(len(commands), 2, page)
    for command in commands:
        done = subprocess.run(["sh", "-c", command], input="\n".join(cluster.events()), capture_output=True, text=True, timeout=60)
        equal(done.returncode, 0, command + done.stderr)
        found = [json.loads(line) for line in done.stdout.splitlines()]
        assert join["uid"] in [event["uid"] for event in found], command
    # By the build alone: no other build's join.
    by_build = subprocess.run(["sh", "-c", commands[0]], input="\n".join(cluster.events()), capture_output=True, text=True, timeout=60)
    joins = [event for event in map(json.loads, by_build.stdout.splitlines()) if event["event"] == "bot.join"]
    equal([event["uid"] for event in joins], [join["uid"]], "joins of the build")


@test
def pipelines_join_a_real_teleport(world):
    with real(world) as (jenkins, cluster):
        ssh = f"ssh -F \"$MACHINE_ID_SSH_CONFIG\" {world.login}@node1.{CLUSTER} \"echo real-\\$((1+1))\""
        for name in ("stated-deploy", "stated-other"):
            jenkins.pipeline(name, f"node('stated') {{ withMachineId(identity: '{ID}') {{ sh '''{ssh}''' }} }}")
        goes_well(world, jenkins)
        result, log = jenkins.run("stated-other")
        equal(result, "FAILURE", log)
        contains(log, RULE)

        def step(name):
            jenkins.post(PAGE + "rotate", {"step": name})

        step("PUBLISH")
        tell(jenkins, cluster)
        step("SIGN")
        goes_well(world, jenkins)
        step("DROP")
        tell(jenkins, cluster)
        goes_well(world, jenkins)
        # Signed with before anybody told the cluster.
        step("PUBLISH")
        step("SIGN")
        result, log = jenkins.run("stated-deploy")
        equal(result, "FAILURE", log)
        contains(log, UNKNOWN_KEY)
        tell(jenkins, cluster)
        goes_well(world, jenkins)
        step("DROP")
        tell(jenkins, cluster)
        goes_well(world, jenkins)
        joined, refused = [[event for event in cluster.joins() if event["success"] is yes] for yes in (True, False)]
        equal([event["code"] for event in joined], ["TJ001I"] * 5)
        # 15.0 writes none of refused joins.
        assert cluster.major() < 16 or {event["code"] for event in refused} == {"TJ001E"}, refused
        equal(joined[0]["attributes"]["username"], f"system:serviceaccount:-:stated-deploy@{ID}")
        # Which build, in words of the audit log alone.
        contains(json.dumps(joined[0]["attributes"]["raw"]["kubernetes.io"]), "stated-deploy/1/")
        print(f"  {json.dumps(joined[0])}")
        found_by_the_page(jenkins, cluster, joined[0])
