# SPDX-FileCopyrightText: The machine-id authors
# SPDX-License-Identifier: Apache-2.0
"""An agent whose JVM can't load the library, as on Alpine: its helper does the work as a child process.

Alpine's own packages aren't needed. A library of no content with the name of musl's loader is preloaded into the agent's JVM, which
is by what the plugin knows that a JVM runs on musl."""

import contextlib
import os
import platform
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from jenkins import wait_for
from losses import end_of_use, used_all_the_time
from world import LEASE, RELEASED, Skipped, block, contains, equal, test

LOADER = f"ld-musl-{platform.machine()}.so.1"


@contextlib.contextmanager
def musl_like(world):
    """The agent a1 as on musl, and as it was afterwards."""
    if shutil.which("gcc") is None:
        raise Skipped("no gcc: nothing can be preloaded that has the name of musl's loader")
    folder = Path(tempfile.mkdtemp(prefix="machine-id-musl-"))
    folder.chmod(0o755)
    try:
        subprocess.run(["gcc", "-shared", "-x", "c", "/dev/null", "-o", folder / LOADER], check=True)
        restarted(world, {"LD_PRELOAD": str(folder / LOADER)})
        yield
    finally:
        restarted(world, {})
        shutil.rmtree(folder)


def restarted(world, environment):
    world.a1.kill()
    world.a1.wait_online(False)
    world.a1.environment = environment
    world.a1.start()


def children(world):
    """Process ids of the children that do the library's work for the agent a1."""
    found = subprocess.run(["pgrep", "-f", "-P", str(world.a1.process.pid), "machine-id bridge"], text=True, stdout=subprocess.PIPE)
    return [int(line) for line in found.stdout.split()]


def agents_log(world):
    return (world.jenkins.work / "agent-a1.log").read_text()


@test
def agent_on_musl_is_served_by_a_child_process(world):
    jenkins = world.jenkins
    with musl_like(world):
        jenkins.pipeline("allowed-musl", block(f"sh '{world.ssh('hostname')}; echo used'"))
        result, log = jenkins.run("allowed-musl")
        equal(result, "SUCCESS", log)
        contains(log, LEASE, "used", RELEASED)
        contains(agents_log(world), "the library isn't loaded (MUSL", "its work is done by a child process")
        equal(len(children(world)), 1, "child processes")
        wait_for("the agent's report", lambda: [row for row in jenkins.json("/manage/machine-id/api/json")["rows"]
                                                if row["node"] == "a1" and row["service"] == "child process"])
        contains(jenkins.get("/manage/machine-id/"), "by a child process (musl)")
        several_at_once(world)
        secrets_stay_inside(world)
        killed_in_the_body(world)
        child = children(world)[0]
        world.a1.kill()
        wait_for("the child to end with the agent", lambda: not Path(f"/proc/{child}").exists(), 30)
    jenkins.pipeline("allowed-glibc", block("sh 'echo used'"))
    equal(jenkins.run("allowed-glibc")[0], "SUCCESS")
    equal(children(world), [], "where the library is loaded")


def several_at_once(world):
    one = block("sh '" + world.ssh("true") + "'")
    branches = ", ".join(f"b{n}: {{ {one} }}" for n in range(4))
    world.jenkins.pipeline("allowed-musl-parallel", f"parallel({branches})")
    result, log = world.jenkins.run("allowed-musl-parallel")
    equal(result, "SUCCESS", log)
    equal(len(children(world)), 1, "child processes")


def secrets_stay_inside(world):
    """A token is in no argument and in no variable; another process of the agent's user can't look further."""
    child = children(world)[0]
    shown = Path(f"/proc/{child}/cmdline").read_bytes()
    if os.getuid() == 0:
        shown += Path(f"/proc/{child}/environ").read_bytes()
    for name, value in world.cluster.items():
        if name.startswith("token"):
            assert value.encode() not in shown, f"{name} is in the child's arguments or environment"
    if world.user:
        looked = subprocess.run(["setpriv", f"--reuid={world.user}", "--clear-groups", "head", "-c1", f"/proc/{child}/environ"],
                                text=True, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
        contains(looked.stderr, "Permission denied")


def killed_in_the_body(world):
    jenkins = world.jenkins
    jenkins.pipeline("allowed-musl-killed", block(used_all_the_time(world)))
    number = jenkins.build("allowed-musl-killed")
    jenkins.wait_console("allowed-musl-killed", number, "inside")
    child = children(world)[0]
    os.kill(child, signal.SIGKILL)
    end_of_use(world, "allowed-musl-killed", number)
    assert child not in children(world)


@test
def helper_runs_where_there_is_nothing_but_musl(world):
    """It names no loader and no library: it runs in a root directory with musl's loader alone, where glibc's programs don't."""
    loader = Path("/lib") / LOADER
    if os.getuid() != 0 or not loader.exists():
        raise Skipped(f"needs root, and {loader} (Debian's package musl)")
    helper = next(world.a1.directory.glob("machine-id/lib/*/machine-id"))
    root = Path(tempfile.mkdtemp(prefix="machine-id-root-"))
    try:
        (root / "lib").mkdir()
        shutil.copy(loader, root / "lib")
        shutil.copy(helper, root / "machine-id")
        shutil.copy("/bin/true", root / "true")
        said = subprocess.run(["chroot", root, "/lib/" + LOADER], text=True, stderr=subprocess.PIPE)
        contains(said.stderr, "musl libc")
        version = subprocess.run(["chroot", root, "/machine-id", "--version"], text=True, stdout=subprocess.PIPE, check=True)
        contains(version.stdout, "machine-id ")
        glibcs = subprocess.run(["chroot", root, "/true"], stderr=subprocess.DEVNULL)
        assert glibcs.returncode != 0, "a program of glibc runs there, too"
        hello = subprocess.run(["chroot", root, "/machine-id", "bridge"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True)
        contains(hello.stdout.decode(), '{"id":0}', '"abi":')
    finally:
        shutil.rmtree(root)
