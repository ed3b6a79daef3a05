# SPDX-FileCopyrightText: The machine-id authors
# SPDX-License-Identifier: Apache-2.0
"""Warnings before it hurts: the administrative monitor, while a cluster is away, a bot is locked, a token is used up."""

import html
import re
import signal
from contextlib import contextmanager

from attacks import CONFIGURATION, LOOK, PACKAGE, identity, users
from jenkins import wait_for
from world import block, contains, equal, test

PAGE = "/administrativeMonitor/machine-id/"
# A failure is told after two minutes, and agents are asked each minute; the library itself waits between its tries.
PATIENCE = 600


def warnings(jenkins, cause=None, subject=None):
    """Those that there are now, the dismissed ones too."""
    every = jenkins.json(PAGE + "api/json")["warnings"]
    return [one for one in every if cause in (None, one["cause"]) and subject in (None, one["subject"])]


def told(jenkins, cause, subject, seconds=PATIENCE):
    return wait_for(f"warning {cause} of {subject}", lambda: warnings(jenkins, cause, subject), seconds, 2)[0]


def gone(jenkins, cause, subject, seconds=PATIENCE):
    wait_for(f"no warning {cause} of {subject}", lambda: not warnings(jenkins, cause, subject), seconds, 2)


def shown(reader):
    """The sentences that the pages of an administrator show."""
    page = reader.get("/manage/")
    return [html.unescape(re.sub(r"<[^>]*>", " ", one)) for one in
            re.findall(r'data-machine-id-warning="\w+"[^>]*>(.*?)</div>', page, re.S)]


def dismissed(jenkins, warning, what="dismiss"):
    return jenkins.post(f"{PAGE}{what}", {"warning": warning["id"]})


@contextmanager
def reported(jenkins, state, failing):
    """For so long agent a2 has said this of identity `each`, and isn't asked again."""
    out = jenkins.groovy(f"""
        import {PACKAGE}.report.*
        def all = {CONFIGURATION}.identities
        all.find {{ it.id == 'each' }}.allowedAgents = ['a1', 'a2']
        {CONFIGURATION}.identities = all
        def now = java.time.Instant.now()
        def identity = new IdentityReport('each', '{state}', 'example.test', 'bot-each', now.plusSeconds(300), 1, true, '', 'token',
            false, 'kept', now.minusSeconds(600), false, false, {failing}, null)
        AgentReports.get().heard('a2', new AgentReport('a2', AgentReport.Library.USED, '', '', '0.1.0', 'linux-x86_64', null,
            [identity], [], null, now, now, null))
        println 'SAID'""")
    contains(out, "SAID")
    try:
        yield
    finally:
        jenkins.groovy(f"""
            {PACKAGE}.report.AgentReports.get().forget('a2')
            def all = {CONFIGURATION}.identities
            all.find {{ it.id == 'each' }}.allowedAgents = ['a1']
            {CONFIGURATION}.identities = all""")


@test
def monitors_tell_of_a_cluster_that_is_away_and_when_it_is_back(world):
    jenkins, double = world.jenkins, world.processes["double"]
    equal(warnings(jenkins, "not_renewed", "api"), [])
    double.send_signal(signal.SIGSTOP)
    try:
        warning = told(jenkins, "not_renewed", "api")
        contains(warning["sentence"], "Identity api can't be joined or renewed on agent a1 since 20", "[")
        equal((warning["agents"], warning["dismissed"]), (1, False))
        assert any("can't be joined or renewed" in one for one in shown(jenkins)), shown(jenkins)
        dismissed(jenkins, warning)
        equal(warnings(jenkins, "not_renewed", "api")[0]["dismissed"], True)
        # Another identity has a warning of its own.
        assert not any("Identity api can't be joined or renewed" in one for one in shown(jenkins)), shown(jenkins)
        # It was not only hidden in this process.
        jenkins.restart()
        world.a1.wait_online()
        equal(told(jenkins, "not_renewed", "api")["dismissed"], True)
        dismissed(jenkins, warning, "restore")
        equal(warnings(jenkins, "not_renewed", "api")[0]["dismissed"], False)
    finally:
        double.send_signal(signal.SIGCONT)
    gone(jenkins, "not_renewed", "api")


@test
def monitors_tell_of_a_lock(world):
    jenkins = world.jenkins
    world.locks.write_text("bot-api\n")
    try:
        # Whoever meets it first tells: here a block.
        jenkins.pipeline("allowed-locked", block("sh 'true'"))
        jenkins.run("allowed-locked", 300)
        warning = told(jenkins, "locked", "api")
        contains(warning["sentence"], "Identity api is locked on agent a1")
        assert warning["serious"], warning
    finally:
        world.locks.write_text("")
    gone(jenkins, "locked", "api")
    result, log = jenkins.run("allowed-locked", 300)
    equal(result, "SUCCESS", log)


@test
def monitors_tell_of_a_token_that_is_used_up(world):
    jenkins = world.jenkins
    node = "jenkins.model.Jenkins.get().getNode('a1')"
    bindings = f"{node}.getNodeProperty({PACKAGE}.config.MachineIdNodeProperty)"
    with identity(jenkins, "it.allowedJobs = ['allowed-**']; it.allowedAgents = ['a1']"):
        jenkins.groovy(f"""
            def binding = new {PACKAGE}.config.Binding('attacked')
            binding.token = hudson.util.Secret.fromString('used-up')
            {bindings}.identities = {bindings}.identities + binding
            {node}.save()""")
        try:
            jenkins.pipeline("allowed-expired", block("sh 'true'", "identity: 'attacked'"))
            result, log = jenkins.run("allowed-expired", 300)
            equal(result, "FAILURE", log)
            contains(log, "[join_rejected]")
            contains(told(jenkins, "not_renewed", "attacked")["sentence"], "agent a1", "[join_rejected]")
        finally:
            jenkins.groovy(f"""
                {bindings}.identities = {bindings}.identities.findAll {{ it.identity != 'attacked' }}
                {node}.save()""")
    # What isn't configured any more is nobody's trouble.
    gone(jenkins, "not_renewed", "attacked", 60)


@test
def monitors_show_an_agents_words_as_text(world):
    jenkins = world.jenkins
    hostile = "</div><script>alert(1)</script>"
    failing = f"new Failing('cluster_failed', '{hostile}', '', now.minusSeconds(600))"
    with reported(jenkins, "ready", failing):
        wait_for("the agent's words", lambda: [one for one in warnings(jenkins, "not_renewed", "each") if hostile in one["sentence"]], 60, 2)
        for page in ("/manage/", PAGE):
            text = jenkins.get(page)
            assert "<script>alert(1)" not in text and "&lt;script&gt;alert(1)" in text, page
    with reported(jenkins, "needs_rejoin", "null"):
        contains(told(jenkins, "needs_token", "each", 60)["sentence"], "Identity each needs a fresh token on agent a2")
    gone(jenkins, "needs_token", "each", 60)


@test
def monitors_are_seen_by_who_reads_the_system_and_dismissed_by_administrators(world):
    jenkins = world.jenkins
    jenkins.groovy("jenkins.model.Jenkins.SYSTEM_READ.enabled = true")
    roles = {"viewer": (*LOOK, "jenkins.model.Jenkins.SYSTEM_READ"), "nobody": LOOK}
    with reported(jenkins, "needs_rejoin", "null"), users(jenkins, **roles) as people:
        warning = told(jenkins, "needs_token", "each", 60)
        viewer, nobody = people["viewer"], people["nobody"]
        assert any("needs a fresh token" in one for one in shown(viewer)), shown(viewer)
        assert "machine-id-dismiss-" in jenkins.get("/manage/") and "machine-id-dismiss-" not in viewer.get("/manage/")
        contains(viewer.get(PAGE), "needs a fresh token")
        for what in ("dismiss", "restore"):
            equal(viewer.post(f"{PAGE}{what}?warning={warning['id']}"), 403, what)
            equal(nobody.post(f"{PAGE}{what}?warning={warning['id']}"), 403, what)
            assert jenkins.status(f"{PAGE}{what}?warning={warning['id']}") in (404, 405), f"GET {what}"
            equal(jenkins.status(f"{PAGE}{what}?warning={warning['id']}", "POST", crumb=False), 403, f"{what} without crumb")
        equal(warnings(jenkins, "needs_token", "each")[0]["dismissed"], False)
        dismissed(jenkins, warning)
        equal(warnings(jenkins, "needs_token", "each")[0]["dismissed"], True)
        # Nothing of it is anybody's else.
        equal(nobody.reply(PAGE + "api/json")[0], 403)


@test
def monitors_tell_of_a_next_key(world):
    jenkins = world.jenkins
    out = jenkins.groovy(f"""
        def join = new {PACKAGE}.join.JenkinsJoin()
        join.tokenName = 'watched'
        def it = new {PACKAGE}.config.Identity('watched', 'main')
        it.join = join
        {CONFIGURATION}.identities = {CONFIGURATION}.identities + it
        {PACKAGE}.issuer.SigningKeys.get().jwks()
        println 'SET'""")
    contains(out, "SET")
    rotate = "/manage/machine-id-setup/rotate"
    try:
        jenkins.post(rotate, {"step": "PUBLISH"})
        warning = wait_for("the warning", lambda: warnings(jenkins, "next_key"), 180, 2)[0]
        contains(warning["sentence"], "is published and doesn't sign yet", "watched (cluster main)")
        jenkins.post(rotate, {"step": "SIGN"})
        wait_for("no warning", lambda: not warnings(jenkins, "next_key"), 180, 2)
        jenkins.post(rotate, {"step": "DROP"})
    finally:
        jenkins.groovy(f"{CONFIGURATION}.identities = {CONFIGURATION}.identities.findAll {{ it.id != 'watched' }}")
