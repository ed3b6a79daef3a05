# SPDX-FileCopyrightText: The machine-id authors
# SPDX-License-Identifier: Apache-2.0
"""A step in a container: another root directory, another user, and only the workspace shared at the same path."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

from jenkins import wait_for
from world import RELEASED, Skipped, block, contains, equal, test, unix_user

BUILDER = "machine-id-builder"
# What an image would bring.
IMAGE = ("usr", "bin", "lib", "lib64", "sbin", "etc")


def container(root, shared, command):
    """Arguments that run a shell command as the other user where nothing of the agent but `shared` is to be seen."""
    mounts = ["mount --make-rprivate /", f"mount -t tmpfs none {root}"]
    for name in IMAGE:
        if Path("/", name).exists():
            mounts += [f"mkdir {root}/{name}", f"mount --bind /{name} {root}/{name}"]
    mounts += [f"mkdir -m 1777 {root}/tmp", f"mkdir {root}/dev {root}/proc", f"mount --rbind /dev {root}/dev",
               f"mount -t proc none {root}/proc"]
    for path in shared:
        mounts += [f"mkdir -p {root}{path}", f"mount --bind {path} {root}{path}"]
    enter = ["chroot", root, "setpriv", f"--reuid={BUILDER}", f"--regid={BUILDER}", "--init-groups", "sh", "-c", command]
    script = " && ".join([*mounts, shlex.join(str(part) for part in enter)])
    return ["unshare", "--mount", "--pid", "--fork", "sh", "-c", script]


@test
def step_in_a_container_as_another_user(world):
    """As the Docker plugin does: the agent's step waits while somebody with the right to do so runs its command."""
    if os.getuid() != 0 or not shutil.which("unshare"):
        raise Skipped("a mount namespace needs root and unshare")
    unix_user(BUILDER)
    jenkins, workspace = world.jenkins, world.a1.directory / "workspace/allowed-container"
    jenkins.pipeline("allowed-container", block(
        "sh 'rm -f over; env | grep -E \"^(MACHINE_ID|TELEPORT|GIT_SSH|KUBECONFIG)\" >leased; mv leased environment; "
        "for i in $(seq 120); do [ -f over ] && break; sleep 0.5; done; [ -f over ]'",
        f"readers: ['{BUILDER}'], kubernetesCluster: 'prod'"))
    number = jenkins.build("allowed-container")
    wait_for("the step's environment", (workspace / "environment").exists)
    environment = dict(line.split("=", 1) for line in (workspace / "environment").read_text().splitlines())
    root = world.agents_dir / "container"
    root.mkdir()
    commands = {
        "user": "id -un",
        "agent root": f"test ! -e {world.a1.directory}/machine-id",
        "ssh": world.ssh("echo over-$((40+2))"),
        "again": world.ssh("echo over-$((40+3))"),
        "kubectl": "kubectl get pods" if shutil.which("kubectl") else "echo Running",
        "writing": 'test ! -w "$MACHINE_ID_DIR"',
        "helper": 'find "$MACHINE_ID_DIR" -maxdepth 1 -type f -perm -u+x',
    }
    seen = {}
    try:
        for name, command in commands.items():
            run = subprocess.run(
                container(root, [workspace, f"{workspace}@tmp"], f"cd {workspace} && {command}"),
                env={"PATH": os.environ["PATH"], "HOME": "/tmp", **environment},
                capture_output=True, text=True, timeout=60, check=False)
            seen[name] = (run.returncode, run.stdout + run.stderr)
    finally:
        (workspace / "over").touch()
    result, log = jenkins.finish("allowed-container", number)
    equal({name: code for name, (code, _) in seen.items() if code}, {}, str(seen))
    contains(seen["user"][1], BUILDER)
    contains(seen["ssh"][1], "over-42")
    contains(seen["again"][1], "over-43")
    contains(seen["kubectl"][1], "Running")
    contains(seen["helper"][1], "machine-id")
    equal(result, "SUCCESS", log)
    contains(log, RELEASED)
    world.no_leases_left()


@test
def another_user_without_being_a_reader_sees_nothing(world):
    if os.getuid() != 0:
        raise Skipped("another user needs root")
    unix_user(BUILDER)
    jenkins = world.jenkins
    jenkins.pipeline("allowed-stranger", block("sh 'echo inside; sleep 20'"))
    number = jenkins.build("allowed-stranger")
    jenkins.wait_console("allowed-stranger", number, "inside")
    for lease in wait_for("a lease", world.a1.leases):
        run = subprocess.run(["setpriv", f"--reuid={BUILDER}", f"--regid={BUILDER}", "--init-groups", "ls", lease],
                             capture_output=True, text=True, check=False)
        assert run.returncode != 0, run.stdout
    jenkins.post(f"/job/allowed-stranger/{number}/stop")
    equal(jenkins.finish("allowed-stranger", number)[0], "ABORTED")
