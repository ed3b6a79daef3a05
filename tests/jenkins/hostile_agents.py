# SPDX-FileCopyrightText: The machine-id authors
# SPDX-License-Identifier: Apache-2.0
"""Attacks on the controller by an agent that somebody else controls, and on a running block's permission. The agent is a
real agent.jar whose JVM exchanges a class of the plugin for a changed one while it is defined."""

import json
import shutil
import subprocess
import time
import zipfile
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

from jenkins import Agent, wait_for
from world import Skipped, block, contains, equal, test

HERE = Path(__file__).resolve().parent
CONFIGURATION = "io.jenkins.plugins.machineid.config.MachineIdConfiguration.get()"
WITHDRAW = f"def it = {CONFIGURATION}.identity('api'); it.allowedJobs = {{}}; {CONFIGURATION}.save()"
ALLOWED = "['allowed-**', 'taken-**', 'folder/**', 'team-a/**']"


def certificate(**changes):
    def at(seconds):
        return (datetime.now(timezone.utc) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"kind": "ssh", "output": "identity", "target": "", "key_id": "bot-api", "serial": "1",
            "fingerprint": "SHA256:" + "A" * 43, "roles": ["api-workers"], "principals": ["jenkins"],
            "valid_from": at(-60), "valid_until": at(3000), **changes}


def acquired(**changes):
    one = certificate()
    return {"ok": {"lease": "LEASE", "expires_at": one["valid_until"], "certificates": [one], **changes}}


class HostileAgent(Agent):
    """Answers as the files say that `says` writes."""

    def __init__(self, world, hpi):
        super().__init__(world.jenkins, "hostile", world.agents_dir / "hostile", world.user)
        self.folder = world.agents_dir / "hostile-library"
        self.folder.mkdir(exist_ok=True)
        plugin = self.folder / "machine-id.jar"
        with zipfile.ZipFile(hpi) as archive:
            plugin.write_bytes(archive.read("WEB-INF/lib/machine-id.jar"))
        subprocess.run(["javac", "-nowarn", "--release", "17", "-d", self.folder, "-cp", plugin,
                        HERE / "hostile/Engines.java", HERE / "hostile/Changer.java"], check=True)
        self.changer = self.folder / "changer.jar"
        with zipfile.ZipFile(self.changer, "w") as archive:
            archive.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\nPremain-Class: Changer\n")
            for file in self.folder.glob("Changer*.class"):
                archive.write(file, file.name)
        self.says(open={"ok": {"engine": 1}}, acquire=acquired(), release={"ok": {"released": True}})
        subprocess.run(["chmod", "-R", "a+rX", self.folder], check=True)

    def says(self, **answers):
        for call, answer in answers.items():
            file = self.folder / f"{call}.json"
            file.write_text(answer if isinstance(answer, str) else json.dumps(answer))
            file.chmod(0o644)

    def command(self, *arguments):
        return ["java", "-Xmx256m", f"-javaagent:{self.changer}={self.folder}", f"-Dhostile={self.folder}",
                "-jar", self.jar, *arguments]


@contextmanager
def hostile(world):
    """A node of that name whose process the attacker wrote, with an identity of its own."""
    if not shutil.which("javac"):
        raise Skipped("no javac to compile the hostile agent's class with")
    jenkins = world.jenkins
    out = jenkins.groovy(f"""
        def node = new hudson.slaves.DumbSlave('hostile', '{world.agents_dir}/hostile', new hudson.slaves.JNLPLauncher(true))
        node.labelString = 'hostile'
        node.numExecutors = 20
        jenkins.model.Jenkins.get().addNode(node)
        def it = new io.jenkins.plugins.machineid.config.Identity('hostile', 'main')
        it.roles = ['api-workers']
        it.allowedJobs = ['hostile-**']
        it.allowedAgents = ['hostile']
        {CONFIGURATION}.identities = {CONFIGURATION}.identities + it
        println 'SET'""")
    contains(out, "SET")
    agent = None
    try:
        agent = HostileAgent(world, jenkins.home / "plugins/machine-id.jpi")
        agent.start()
        yield agent
    finally:
        if agent:
            agent.kill()
        jenkins.groovy(f"""
            def jenkins = jenkins.model.Jenkins.get()
            if (jenkins.getNode('hostile')) jenkins.removeNode(jenkins.getNode('hostile'))
            {CONFIGURATION}.identities = {CONFIGURATION}.identities.findAll {{ it.id != 'hostile' }}""")


def on_hostile(body):
    return block(body, "identity: 'hostile'", "hostile")


@test
def a06_values_of_an_agent_run_nowhere(world):
    jenkins = world.jenkins
    jenkins.pipeline("hostile-environment", on_hostile(
        "sh 'echo \"here [$GIT_SSH_COMMAND]\"'; node('built-in') { sh 'echo \"there [$GIT_SSH_COMMAND][$MACHINE_ID_BIN]\"' }"))
    with hostile(world) as agent:
        agent.says(acquire=acquired(environment={"GIT_SSH_COMMAND": "touch pwned", "MACHINE_ID_BIN": "/pwned"}))
        result, log = jenkins.run("hostile-environment")
    equal(result, "SUCCESS", log)
    contains(log, "here [ssh -F '", "there [][]")
    assert "pwned" not in log, log


@test
def a10_a_silent_agent_keeps_neither_threads_nor_builds(world):
    jenkins, builds = world.jenkins, range(10)
    threads = "print Thread.allStackTraces.keySet().count { it.name.startsWith('machine-id-') }"
    with hostile(world) as agent:
        agent.says(release="SILENCE")
        for one in builds:
            jenkins.pipeline(f"hostile-silent-{one}", on_hostile("sh 'echo over'"))
        begun = time.monotonic()
        numbers = [jenkins.build(f"hostile-silent-{one}") for one in builds]
        time.sleep(15)
        seen = int(jenkins.groovy(threads))
        assert seen <= 40, f"{seen} threads"
        # Another agent's blocks and Pipeline's own threads go on.
        jenkins.pipeline("allowed-beside", block("sh 'true'"))
        equal(jenkins.run("allowed-beside", 60)[0], "SUCCESS")
        for one, number in zip(builds, numbers):
            result, log = jenkins.finish(f"hostile-silent-{one}", number, 150)
            equal(result, "SUCCESS", log)
            contains(log, "is released when agent hostile can be reached again")
        assert time.monotonic() - begun < 180
        agent.says(acquire="SILENCE")
        jenkins.pipeline("hostile-silent-start", on_hostile("sh 'true'"))
        result, log = jenkins.run("hostile-silent-start", 200)
        equal(result, "FAILURE", log)
        contains(log, "[agent_silent]")


@test
def a13_a_forged_certificate_fails_the_block(world):
    jenkins = world.jenkins
    jenkins.pipeline("hostile-forged", on_hostile("sh 'echo ran'"))
    with hostile(world) as agent:
        agent.says(acquire=acquired(certificates=[certificate(roles=["api-workers", "admin"])]))
        number = jenkins.build("hostile-forged")
        result, log = jenkins.finish("hostile-forged", number)
    equal(result, "FAILURE", log)
    contains(log, "[audit_violation]")
    assert "ran\n" not in log, log
    contains(jenkins.audit("hostile-forged", number)["certificates"][0]["violation"], "'admin'")
    contains(jenkins.get(f"/job/hostile-forged/{number}/"), "machine-id-violation")
    page = jenkins.get(f"/job/hostile-forged/{number}/machine-id/")
    contains(page, "machine-id-violation", "as the agents reported them", "as this controller knows")


@test
def a13_renewed_certificates_are_in_the_record(world):
    jenkins = world.jenkins
    jenkins.pipeline("allowed-renewed", block("sleep 80", "identity: 'api', ttl: '1m'"))
    number = jenkins.build("allowed-renewed")
    result, log = jenkins.finish("allowed-renewed", number, 180)
    equal(result, "SUCCESS", log)
    records = [one for one in jenkins.audit("allowed-renewed", number)["certificates"] if one["kind"] == "ssh"]
    assert len({one["validUntil"] for one in records}) > 1, records
    equal([one["violation"] for one in records if one["violation"]], [])


@test
def a14_a_withdrawn_permission_ends_a_running_block(world):
    jenkins = world.jenkins
    jenkins.pipeline("allowed-revoked", block("sh 'echo inside; sleep 100'"))
    jenkins.freestyle("allowed-revoked-freestyle", "echo inside; sleep 100",
                      "<io.jenkins.plugins.machineid.step.MachineIdBuildWrapper><identity>api</identity>"
                      "</io.jenkins.plugins.machineid.step.MachineIdBuildWrapper>", "api")
    names = ["allowed-revoked", "allowed-revoked-freestyle"]
    numbers = [jenkins.build(name) for name in names]
    for name, number in zip(names, numbers):
        jenkins.wait_console(name, number, "inside")
    assert world.a1.leases()
    try:
        jenkins.groovy(WITHDRAW.format("['folder/**']"))
        wait_for("the files to be gone", lambda: not world.a1.leases(), 30)
        for name, number in zip(names, numbers):
            result, log = jenkins.finish(name, number, 30)
            equal(result, "FAILURE", log)
            contains(log, "[policy_job]")
    finally:
        jenkins.groovy(WITHDRAW.format(ALLOWED))
