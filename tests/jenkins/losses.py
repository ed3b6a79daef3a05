# SPDX-FileCopyrightText: The machine-id authors
# SPDX-License-Identifier: Apache-2.0
"""What is lost in the middle: the body, the agent, the controller, the permission."""

import re
import signal
import time

from world import RELEASED, block, contains, equal, test


def used_all_the_time(world):
    """A step that uses the lease each second until it is told to end, whatever happens meanwhile."""
    return ("sh 'set +x; rm -f over; echo inside; failed=0; for i in $(seq 300); do [ -f over ] && break; "
            f"{world.ssh('true')} || failed=$((failed+1)); sleep 1; done; echo used failed=$failed'")


def end_of_use(world, name, number):
    """Waits until the lease was taken again, then lets the step end."""
    try:
        world.jenkins.wait_console(name, number, "taken again", 150)
        time.sleep(3)
    finally:
        (world.a1.directory / "workspace" / name / "over").touch()
    result, log = world.jenkins.finish(name, number, 240)
    equal(result, "SUCCESS", log)
    contains(log, RELEASED)
    # A connection that was open through the agent's process ends with it; no other does.
    assert "used failed=0" in log or "used failed=1\n" in log, log
    world.no_leases_left()


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
    jenkins.pipeline("allowed-lost", block(used_all_the_time(world)))
    number = jenkins.build("allowed-lost")
    jenkins.wait_console("allowed-lost", number, "inside")
    world.a1.kill()
    world.a1.wait_online(False)
    world.a1.start()
    end_of_use(world, "allowed-lost", number)


@test
def agent_killed_while_the_cluster_is_away_keeps_its_files(world):
    """What could not be renewed may still be valid: a failed try to take the lease again must not remove it."""
    jenkins, double = world.jenkins, world.processes["double"]
    jenkins.pipeline("allowed-away", block(
        "sh 'rm -f over; echo inside; for i in $(seq 400); do [ -f over ] && break; sleep 1; done; "
        f"{world.ssh('echo after-$((1+1))')}; echo used failed=0'"))
    number = jenkins.build("allowed-away")
    jenkins.wait_console("allowed-away", number, "inside")
    leases = world.a1.leases()
    double.send_signal(signal.SIGSTOP)
    try:
        world.a1.kill()
        world.a1.wait_online(False)
        world.a1.start()
        # Longer than a try may take.
        time.sleep(75)
        equal(world.a1.leases(), leases, "leases after a failed try")
    finally:
        double.send_signal(signal.SIGCONT)
    end_of_use(world, "allowed-away", number)
    contains(jenkins.console("allowed-away", number), "after-2")


@test
def agent_disconnected_in_the_body_comes_back(world):
    """The agent's process goes on, or starts itself anew; the connection is another one."""
    jenkins = world.jenkins
    jenkins.pipeline("allowed-cut", block(used_all_the_time(world)))
    number = jenkins.build("allowed-cut")
    jenkins.wait_console("allowed-cut", number, "inside")
    jenkins.post("/computer/a1/doDisconnect?offlineMessage=cut")
    end_of_use(world, "allowed-cut", number)
    world.a1.wait_online()


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
    jenkins.pipeline(name, block(used_all_the_time(world)))
    number = jenkins.build(name)
    jenkins.wait_console(name, number, "inside")
    time.sleep(2)
    jenkins.restart(how)
    end_of_use(world, name, number)


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
    jenkins.groovy(allow.format("['allowed-**', 'taken-**', 'folder/**', 'team-a/**']"))
    equal(result, "FAILURE", log)
    contains(log, "policy_job")
    world.no_leases_left()


def restart_during_set_up(world, how, name):
    """The cluster doesn't answer while the lease is taken; the controller goes, and both come back."""
    jenkins, double = world.jenkins, world.processes["double"]
    # With an output, so that what a build saves of it is read again.
    jenkins.pipeline(name, block(f"sh 'test -s $KUBECONFIG && {world.ssh('echo after-$((1+1))')}'",
                                 "identity: 'each', outputs: [kubernetesAccess(cluster: 'prod')]"))
    double.send_signal(signal.SIGSTOP)
    try:
        number = jenkins.build(name)
        jenkins.wait_console(name, number, "[Pipeline] withMachineId")
        time.sleep(3)
        before = jenkins.log.stat().st_size
        jenkins.stop(how)
    finally:
        double.send_signal(signal.SIGCONT)
    jenkins.start()
    result, log = jenkins.finish(name, number, 240)
    equal(result, "SUCCESS", log)
    contains(log, "after-2", "lease of 'each' released")
    equal(warnings_with_a_trace(jenkins.log.read_bytes()[before:].decode(errors="replace")), [], "warnings with a trace")
    world.no_leases_left()


def warnings_with_a_trace(log):
    """The first lines of those of a controller's log: whoever reads one looks for a fault."""
    return [warning[:300] for warning in re.findall(r"^.*(?:WARNING|SEVERE)\t.*(?:\n(?!\d{4}-).*)*?\n\s+at [\w.$]+", log, re.M)]


@test
def controller_restarted_during_set_up(world):
    restart_during_set_up(world, signal.SIGTERM, "allowed-setup-restart")


@test
def controller_killed_during_set_up(world):
    restart_during_set_up(world, signal.SIGKILL, "allowed-setup-killed")


def stopped_in_set_up(world, job):
    """Stops a build of that job while its block waits for a cluster that doesn't answer."""
    jenkins, double = world.jenkins, world.processes["double"]
    double.send_signal(signal.SIGSTOP)
    try:
        number = jenkins.build(job)
        jenkins.wait_console(job, number, "[Pipeline] withMachineId")
        time.sleep(2)
        jenkins.post(f"/job/{job}/{number}/stop")
        equal(jenkins.finish(job, number, 20)[0], "ABORTED")
    finally:
        double.send_signal(signal.SIGCONT)


@test
def abort_during_set_up_leaves_nothing(world):
    world.jenkins.pipeline("allowed-setup-abort", block("sh 'true'", "identity: 'each'"))
    stopped_in_set_up(world, "allowed-setup-abort")
    world.no_leases_left()
