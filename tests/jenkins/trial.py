# SPDX-FileCopyrightText: The machine-id authors
# SPDX-License-Identifier: Apache-2.0
"""Try it, on the set-up page: a real join for a job, without a build."""

import html
import re
import shutil
import subprocess
from pathlib import Path

from rest import only_a_reader
from setup_page import PAGE
from statements import CONFIGURATION, RULE, UNKNOWN_KEY, nothing_left, stated, told_to_the_cluster
from world import Skipped, contains, equal, test

HERE = Path(__file__).resolve().parent
WORKS = "stated-scripted"


def tried(world, identity="stated", job=WORKS, agent="", what="try"):
    """What the page says of a try."""
    page = world.jenkins.post(PAGE + what, {"identity": identity, "job": job, "agent": agent})
    shown = re.search(rf'<div ([^>]*id="tried-{identity}"[^>]*)>(.*?)</div>', page, re.S)
    assert shown, page[:2000]
    nothing_of_a_trial(world)
    return re.search(r"jenkins-alert-(\w+)", shown[1])[1], html.unescape(shown[2])


def nothing_of_a_trial(world):
    for agent in (world.a1, world.a3):
        equal(sorted(map(str, agent.directory.glob("machine-id-*"))), [], "what a trial left")
    nothing_left(world)


def shown_version(jenkins, identity):
    everything = jenkins.json(PAGE + "api/json")["identities"]
    return next(each for each in everything if each["id"] == identity)["version"]


@test
def a_join_is_tried_for_a_job_and_given_back(world):
    with stated(world) as jenkins:
        kind, said = tried(world)
        equal(kind, "success", said)
        contains(said, "Tried from a3", "cluster example.test, Teleport 1", "Joined as bot-stated", f"job {WORKS}",
                 "Roles stated-workers", "Everything was removed")
        contains(said, f"Teleport {shown_version(jenkins, 'stated')}")
        contains(jenkins.get(PAGE), "seen just now from agent a3")
        kept = [str(path) for path in world.a3.directory.glob("machine-id/identities/**/*") if path.is_file()]
        equal(kept, [], "what the agent keeps of identities")
        # Once more at once, on the agent that is chosen.
        equal(tried(world, agent="a3")[0], "success")


@test
def a_refused_trial_is_explained(world):
    with stated(world) as jenkins:
        kind, said = tried(world, job="stated-other")
        equal(kind, "danger", said)
        contains(said, "[join_rejected]", RULE, "tctl get token/stated`", "create it again", "stated-other")
        for job in ("elsewhere", "stated-**", ""):
            kind, said = tried(world, job=job)
            equal(kind, "warning", said)
            contains(said, "name one job")
        assert "Tried from" not in said, said
        for agent in ("a1", "(built-in)"):
            contains(tried(world, agent=agent)[1], "may not have identity")
        # Its key isn't there yet.
        for step in ("PUBLISH", "SIGN"):
            jenkins.post(PAGE + "rotate", {"step": step})
        kind, said = tried(world)
        equal(kind, "danger", said)
        contains(said, UNKNOWN_KEY, "create it again")
        told_to_the_cluster(world)
        equal(tried(world)[0], "success")
        jenkins.post(PAGE + "rotate", {"step": "DROP"})
        told_to_the_cluster(world)


@test
def another_method_is_looked_at_and_not_tried(world):
    with stated(world) as jenkins:
        kind, said = tried(world, "api", "allowed-x")
        equal(kind, "warning", said)
        contains(said, "method token", "Test connection")
        kind, said = tried(world, "api", what="look")
        equal(kind, "success", said)
        contains(said, "Tried from a1", "No join was made")
        contains(said, f"Teleport {shown_version(jenkins, 'api')}")


@test
def a02_a_statement_goes_to_no_agent_that_nobody_chose(world):
    with stated(world) as jenkins:
        by = CONFIGURATION + ".identity('stated').agentsBy = '{}'; " + CONFIGURATION + ".save()"
        jenkins.groovy(by.format("any"))
        kind, said = tried(world)
        equal(kind, "warning", said)
        contains(said, "choose one that you trust")
        equal(tried(world, agent="a3")[0], "success")


@test
def a02_a_join_is_tried_by_an_administrator_and_a_click_alone(world):
    with stated(world) as jenkins:
        for what in ("try", "look"):
            path = PAGE + f"{what}?identity=stated&job={WORKS}&agent=a3"
            assert jenkins.status(path) in (404, 405), f"GET {what}"
            equal(jenkins.status(path, "POST", crumb=False), 403, f"{what} without crumb")
        with only_a_reader(jenkins):
            for what in ("try", "look"):
                equal(jenkins.status(PAGE + f"{what}?identity=stated&job={WORKS}&agent=a3", "POST"), 403, f"{what} by a reader")
        nothing_of_a_trial(world)


@test
def the_set_up_page_in_a_browser(world):
    if not shutil.which("node"):
        raise Skipped("node is not installed")
    with stated(world) as jenkins:
        jenkins.groovy(CONFIGURATION + f".identity('stated').allowedJobs = ['{WORKS}', 'stated-other']; " + CONFIGURATION + ".save()")
        run = subprocess.run(["node", HERE / "setup_page.mjs", jenkins.url, world.output, "stated", WORKS, "stated-other"],
                             capture_output=True, text=True, timeout=300, check=False)
        if run.returncode == 3:
            raise Skipped(run.stdout.strip())
        print("  " + run.stdout.strip().replace('},{', '},\n   {'))
        equal(run.returncode, 0, run.stdout + run.stderr)
        nothing_of_a_trial(world)
