# SPDX-FileCopyrightText: The machine-id authors
# SPDX-License-Identifier: Apache-2.0
"""What is left behind by all of it, and the pages in a browser."""

import pwd
import re
import shutil
import subprocess
import time
from pathlib import Path

from builds import freestyle_build, scripted_pipeline_reaches_a_node_by_ssh
from world import Skipped, equal, test

HERE = Path(__file__).resolve().parent
# A key, not a text that says what a key begins with: the library and Java have such texts.
KEY = rb"-----BEGIN [A-Z ]*PRIVATE KEY-----[\r\n]+[A-Za-z0-9+/]{32}"


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
        raise Skipped("jcmd is not installed")
    secrets = (re.escape(world.cluster["token"].encode()), re.escape(world.cluster["token.each"].encode()), KEY)
    found = {}
    # A token that is just being handed over is there for a moment; what matters is that it doesn't stay.
    for _ in range(3):
        heap = heap_dump(world.a1, jcmd)
        assert b"machine-id" in heap, "the dump is of another JVM"
        found = {secret[:10]: count for secret in secrets if (count := len(re.findall(secret, heap)))}
        if not found:
            return
        time.sleep(5)
    equal(found, {}, "secrets that stay in the heap of the agent (their first characters)")


def heap_dump(agent, jcmd):
    dump = agent.directory / "heap.hprof"
    arguments = {"user": agent.user, "group": pwd.getpwnam(agent.user).pw_gid} if agent.user else {}
    subprocess.run([jcmd, str(agent.process.pid), "GC.heap_dump", "-all", str(dump)], check=True,
                   stdout=subprocess.DEVNULL, timeout=120, cwd="/", **arguments)
    heap = dump.read_bytes()
    dump.unlink()
    return heap


@test
def pages_in_a_browser(world):
    if not shutil.which("node"):
        raise Skipped("node is not installed")
    # It looks at what these leave, also where it is asked for alone.
    for job, prepare in (("allowed-ssh", scripted_pipeline_reaches_a_node_by_ssh), ("allowed-freestyle", freestyle_build)):
        if world.jenkins.status(f"/job/{job}/") != 200:
            prepare(world)
    run = subprocess.run(["node", HERE / "browser.mjs", world.jenkins.url, world.output, "/job/allowed-ssh/1/",
                          world.cluster["proxy"], world.cluster["web_ca"]], capture_output=True, text=True, timeout=600, check=False)
    if run.returncode == 3:
        raise Skipped(run.stdout.strip())
    print("  " + run.stdout.strip().replace('},{', '},\n   {'))
    equal(run.returncode, 0, run.stdout + run.stderr)


@test
def jenkins_logged_no_failure_of_ours(world):
    log = (world.output / "jenkins.log").read_text(errors="replace")
    bad = [line for line in log.splitlines()
           if "SEVERE" in line or "LinkageError" in line or "NoSuchMethodError" in line or "Refusing to unmarshal" in line]
    equal(bad, [], "lines of the controller's log")
