# SPDX-FileCopyrightText: The machine-id authors
# SPDX-License-Identifier: Apache-2.0
"""How agents and their identities stand, as Manage Jenkins, an agent's page and REST show it, on good and bad days."""

import html
import re
import shutil
import signal
import urllib.error
import urllib.parse
from contextlib import contextmanager

from attacks import CONFIGURATION, PACKAGE, users
from jenkins import wait_for
from views import ROLES, browse
from world import block, contains, equal, test

PAGE = "/manage/machine-id/"
NODE = "/computer/a1/machine-id/"
# An agent that holds something is asked each minute, and soon after something failed.
NEWS = 200


def rows(jenkins, **query):
    return jenkins.json(f"{PAGE}api/json?{urllib.parse.urlencode(query)}")["rows"]


def row(jenkins, identity="api", agent="a1"):
    """What is known of an identity on an agent; None: nothing."""
    found = [each for each in rows(jenkins, identity=identity) if each["agent"] == agent]
    return found[0] if found else None


def until(jenkins, state, identity="api", seconds=NEWS):
    """Waits until an identity stands so; gives its row."""
    seen = []

    def stands():
        seen[:] = [row(jenkins, identity)]
        return seen[0] if seen[0] and seen[0]["state"] == state else None

    try:
        return wait_for(f"{identity} to be {state}", stands, seconds, 2)
    except Exception as why:
        raise AssertionError(f"{why}; last seen: {seen}") from why


def act(jenkins, what, at="api/a1", page=PAGE):
    """Kind and text of what the page says of an action."""
    said = jenkins.post(page + what, {"at": at})
    shown = re.search(r'<div ([^>]*id="machine-id-tried"[^>]*)>(.*?)</div>', said, re.S)
    assert shown, said[:3000]
    return re.search(r"jenkins-alert-(\w+)", shown[1])[1], html.unescape(shown[2])


def ready(world, identity="api"):
    """A build has used the identity, and the agent has told so."""
    jenkins, name = world.jenkins, f"allowed-health-{identity}"
    jenkins.pipeline(name, block("sh 'true'", f"identity: '{identity}'"))
    result, log = jenkins.run(name)
    equal(result, "SUCCESS", log)
    return until(jenkins, "ready", identity)


@test
def health_shows_what_agents_have_told(world):
    jenkins = world.jenkins
    known = ready(world)
    for name in ("cluster", "bot", "expiresAt", "renewsAt", "version", "platform", "heardAt", "address", "caExpiresAt"):
        assert known[name], (name, known)
    equal((known["cluster"], known["bot"], known["method"], known["online"]), ("main", "bot-api", "token", True))
    assert known["origin"] in ("joined", "renewed", "kept"), known
    told = jenkins.json(PAGE + "api/json")
    cluster = next(each for each in told["clusters"] if each["name"] == "main")
    equal(cluster["reportedNames"], ["example.test"])
    assert cluster["caDaysLeft"] > 0 and len(cluster["pins"]) == 1, cluster
    page = jenkins.get(PAGE)
    contains(page, 'id="machine-id-rows"', 'role="search"', "/computer/a1/machine-id/", "example.test", "Renew api on a1 now")
    contains(jenkins.get(PAGE + "api/xml"), "<agent>a1</agent>")
    contains(jenkins.get(PAGE + "api/json?tree=" + urllib.parse.quote("rows[agent,state]{0,1}")), '"state"')
    # One entry for both pages.
    equal(len(re.findall(r'href="[^"]*machine-id(?:-setup)?/?"', jenkins.get("/manage/"))), 1, "entries in Manage Jenkins")
    contains(page, "machine-id-setup")
    contains(jenkins.get("/manage/machine-id-setup/"), "/manage/machine-id/")


@test
def health_filters_on_the_server(world):
    jenkins = world.jenkins
    ready(world)
    equal({each["agent"] for each in rows(jenkins, q="A1", identity="api")}, {"a1"})
    equal(rows(jenkins, q="no such agent"), [])
    equal(rows(jenkins, state="locked"), [])
    equal(rows(jenkins, cluster="other"), [])
    hostile = jenkins.get(PAGE + "?q=" + urllib.parse.quote('"><script>alert(1)</script>') + "&page=-1&sort=x")
    assert "<script>alert(1)" not in hostile, "what is asked for is markup"


@test
def health_of_an_agent_that_is_away(world):
    jenkins = world.jenkins
    ready(world)
    world.a1.kill()
    world.a1.wait_online(False)
    try:
        away = row(jenkins)
        equal((away["state"], away["online"]), ("offline", False))
        assert "Renew api on a1" not in jenkins.get(PAGE), "an agent that is away can't be asked"
        contains(act(jenkins, "renew")[1], "a1")
    finally:
        world.a1.start()


@test
def health_while_the_cluster_is_away(world):
    jenkins, double = world.jenkins, world.processes["double"]
    ready(world)
    double.send_signal(signal.SIGSTOP)
    try:
        kind, said = act(jenkins, "renew")
        equal(kind, "danger", said)
        failing = until(jenkins, "failing")
        assert failing["code"] and failing["problem"] and failing["hint"] and failing["since"], failing
        equal(act(jenkins, "test")[0], "danger")
        contains(jenkins.get(PAGE + "?state=trouble"), html.escape(failing["code"]))
    finally:
        double.send_signal(signal.SIGCONT)
    # An agent without a waiting build comes back by itself within a quarter of an hour; whoever looks can have it at once.
    wait_for("the bot to be renewed", lambda: act(jenkins, "renew")[0] == "success", NEWS, 5)
    equal(until(jenkins, "ready")["code"], None)


@test
def health_during_a_lock(world):
    jenkins = world.jenkins
    ready(world)
    world.locks.write_text("bot-api\n")
    try:
        equal(act(jenkins, "renew")[0], "danger")
        locked = until(jenkins, "locked")
        contains(locked["problem"], "lock")
        # The worst comes first.
        equal(rows(jenkins)[0]["state"], "locked")
    finally:
        world.locks.write_text("")
    kind, said = act(jenkins, "renew")
    if kind != "success":  # the library waits a moment after a lock
        wait_for("the bot to be welcome again", lambda: act(jenkins, "renew")[0] == "success", NEWS, 5)
    until(jenkins, "ready")


@test
def health_actions_do_what_they_say(world):
    jenkins = world.jenkins
    before = ready(world)
    kind, said = act(jenkins, "renew")
    equal(kind, "success", said)
    contains(said, "Identity 'api' of agent a1 is renewed")
    equal(row(jenkins)["generation"], before["generation"] + 1)
    kind, said = act(jenkins, "test", page=NODE)
    contains(said, "Tried from a1", "example.test")
    # What it means is said before, and a GET does nothing.
    meaning = html.unescape(jenkins.get(PAGE + "confirm?at=" + urllib.parse.quote("api/a1", safe="")))
    contains(meaning, "Drop identity 'api' of agent a1?", "fresh token")
    assert jenkins.status(PAGE + "drop?at=api/a1") in (404, 405), "GET of an action"
    equal(row(jenkins)["generation"], before["generation"] + 1)
    for at in ("api/nobody", "nobody/a1", "", "api"):
        assert act(jenkins, "drop", at)[0] == "warning", at


@test
def health_after_the_token_is_used_up_and_a_fresh_one(world):
    """Identity `each` alone: other tests need `api`. Dropped, its token is used up; the double has no other one for it."""
    jenkins = world.jenkins
    ready(world, "each")
    with kept(world) as paths:
        kind, said = act(jenkins, "drop", "each/a1")
        equal(kind, "success", said)
        assert not any(path.exists() for path in paths), "the identity is still there"
        equal(row(jenkins, "each")["state"], "unused")
        result, log = jenkins.run("allowed-health-each")
        equal(result, "FAILURE", log)
        failing = wait_for("the failure to be told", lambda: (row(jenkins, "each") or {}).get("code"), NEWS, 2)
        assert failing in ("join_rejected", "identity_needs_rejoin", "bot_already_joined"), failing


@contextmanager
def kept(world):
    """Puts identity `each` back as it was, for other tests: its token is used up. Gives its files."""
    files = {path: path.read_bytes() for path in world.a1.directory.glob("machine-id/identities/each/identity.json")}
    equal(len(files), 1, "stored identities")
    try:
        yield list(files)
    finally:
        for path, content in files.items():
            path.touch(mode=0o600)
            path.write_bytes(content)
            if world.user:
                shutil.chown(path, world.user, world.user)
        wait_for("the identity to be used again", lambda: world.jenkins.run("allowed-health-each")[0] == "SUCCESS", 300, 5)


@contextmanager
def allowed_on(jenkins, identity, agent):
    """For so long the identity allows this agent, too."""
    def allow(agents):
        jenkins.groovy(f"""
            def all = {CONFIGURATION}.identities
            all.find {{ it.id == '{identity}' }}.allowedAgents = {agents}
            {CONFIGURATION}.identities = all""")
    allow(["a1", agent])
    try:
        yield
    finally:
        allow(["a1"])


def refused(who, path):
    """HTTP status of a GET that isn't answered."""
    try:
        who.get(path)
        return 200
    except urllib.error.HTTPError as error:
        return error.code


@test
def health_is_read_with_system_read_and_acted_on_by_administrators(world):
    jenkins = world.jenkins
    ready(world)
    jenkins.groovy("[jenkins.model.Jenkins.SYSTEM_READ, hudson.model.Computer.EXTENDED_READ].each { it.enabled = true }")
    with users(jenkins, **ROLES) as people:
        viewer, agents, jobs = (people[name] for name in ("viewer", "agents", "jobs"))
        for path in (PAGE, PAGE + "api/json", NODE, NODE + "api/json"):
            contains(viewer.get(path), "bot-api")
        assert "Renew api on a1" not in viewer.get(PAGE), "an action for a reader"
        # Who may configure the agent sees this agent.
        contains(agents.get(NODE), "bot-api")
        equal(refused(agents, PAGE), 403, PAGE)
        for path in (PAGE, NODE, NODE + "api/json"):
            equal(refused(jobs, path), 403, path)
        for who in (viewer, agents, jobs):
            for page in (PAGE, NODE):
                for what in ("renew", "test", "drop"):
                    equal(who.post(f"{page}{what}?at=api/a1"), 403, f"{page}{what}")
                equal(refused(who, f"{page}confirm?at=api/a1"), 403, "confirm")
        for what in ("renew", "test", "drop"):
            equal(jenkins.status(f"{PAGE}{what}?at=api/a1", "POST", crumb=False), 403, f"{what} without crumb")
    equal(row(jenkins)["state"], "ready")


@test
def health_of_a_hostile_agent_is_text_and_stays_its_own(world):
    jenkins = world.jenkins
    of_itself, hostile = "</td><script>alert(1)</script>", "</td><script>alert(2)</script>"
    jenkins.groovy(f"""
        import {PACKAGE}.report.*
        def now = java.time.Instant.now()
        // It answers no question, so that nothing takes the place of what it says here.
        jenkins.model.Jenkins.get().addNode(new hudson.slaves.DumbSlave('liar', '/tmp/liar', new hudson.slaves.JNLPLauncher(true)))
        def failing = new Failing('cluster_failed', '{hostile}', '{hostile}', now)
        def server = new Server('{hostile}', '{hostile}', '{hostile}', 'proxy', false, 5L, ['{hostile}'], now, now)
        def identity = new IdentityReport('each', 'ready', '{hostile}', '{hostile}', now.plusSeconds(300), 1, true, '{hostile}',
            '{hostile}', false, 'kept', null, false, false, failing, server)
        AgentReports.get().heard('liar', new AgentReport('liar', AgentReport.Library.USED, '', '', '{of_itself}', '{of_itself}', null,
            [identity], [], null, now, now, null))""")
    try:
        # The identity isn't allowed on that agent: what it says of that is nothing, and no token goes there.
        for path in (PAGE, "/computer/liar/machine-id/"):
            page = jenkins.get(path)
            assert "<script>alert(" not in page and "&lt;script>alert(2)" not in page, path
        equal([each["identity"] for each in rows(jenkins, q="liar")], [None], "rows of an agent that lies")
        kind, said = act(jenkins, "renew", "each/a2")
        equal(kind, "danger", said)
        contains(said, "[policy_node]")
        # Of one that it may use its words are text.
        with allowed_on(jenkins, "each", "liar"):
            for path in (PAGE, "/computer/liar/machine-id/"):
                page = jenkins.get(path)
                assert "<script>alert(" not in page, path
                contains(page[page.find("machine-id-rows"):], "&lt;script>alert(1)", "&lt;script>alert(2)")
    finally:
        jenkins.groovy("def j = jenkins.model.Jenkins.get(); j.removeNode(j.getNode('liar'))")


@test
def health_in_a_browser(world):
    jenkins = world.jenkins
    ready(world)
    browse("health.mjs", jenkins.url, world.output, "api", "a1")
    equal(row(jenkins)["state"], "ready")


@test
def health_actions_in_a_browser(world):
    """Drop and Dismiss, by the keyboard and by their names."""
    jenkins = world.jenkins
    ready(world, "each")
    jenkins.groovy(f"""
        import {PACKAGE}.report.*
        def now = java.time.Instant.now()
        def identity = new IdentityReport('each', 'needs_rejoin', 'example.test', 'bot-each', now.plusSeconds(3000), 1, true, '', 'token',
            false, 'kept', null, false, false, null, null)
        AgentReports.get().heard('a2', new AgentReport('a2', AgentReport.Library.USED, '', '', '0.1.0', 'linux-x86_64', null,
            [identity], [], null, now, now, null))""")
    try:
        with kept(world), allowed_on(jenkins, "each", "a2"):
            browse("actions.mjs", jenkins.url, world.output, "each", "a1")
    finally:
        jenkins.groovy(f"{PACKAGE}.report.AgentReports.get().forget('a2')")


@test
def health_of_a_deleted_agent_is_forgotten(world):
    jenkins = world.jenkins
    jenkins.groovy(f"""
        import {PACKAGE}.report.*
        def now = java.time.Instant.now()
        jenkins.model.Jenkins.get().addNode(new hudson.slaves.DumbSlave('gone', '/tmp/gone', new hudson.slaves.JNLPLauncher(true)))
        AgentReports.get().heard('gone', new AgentReport('gone', AgentReport.Library.UNUSED, '', '', '', '', null, [], [], null, now, now, null))""")
    assert any(each["agent"] == "gone" for each in rows(jenkins, q="gone")), "not shown"
    jenkins.groovy("def j = jenkins.model.Jenkins.get(); j.removeNode(j.getNode('gone'))")
    equal(rows(jenkins, q="gone"), [])
