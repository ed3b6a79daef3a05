# SPDX-FileCopyrightText: The machine-id authors
# SPDX-License-Identifier: Apache-2.0
"""The attacks that need a real Jenkins: hostile agents, builds and users. Names begin with their row of
tests/attacks/rows.tsv."""

import http.cookiejar
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from base64 import b64encode
from contextlib import contextmanager

from jenkins import Agent, job_path, wait_for
from world import LEASE, Skipped, block, contains, equal, test

PACKAGE = "io.jenkins.plugins.machineid"
CONFIGURATION = f"{PACKAGE}.config.MachineIdConfiguration.get()"
PASSWORD = "for-these-tests-only"
# What everybody has who may look at anything.
LOOK = ("jenkins.model.Jenkins.READ", "hudson.model.Item.READ")


class As:
    """Requests of one user."""

    def __init__(self, jenkins, name):
        self.jenkins, self.name = jenkins, name
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
        self.opener.addheaders = [("Authorization", "Basic " + b64encode(f"{name}:{PASSWORD}".encode()).decode())]

    def get(self, path):
        with self.opener.open(self.jenkins.url + path, timeout=60) as reply:
            return reply.read().decode()

    def post(self, path, data="", content_type="application/x-www-form-urlencoded"):
        """HTTP status of a POST."""
        return self.reply(path, data, content_type)[0]

    def reply(self, path, data="", content_type="application/x-www-form-urlencoded"):
        """HTTP status and body of a POST."""
        crumb = json.loads(self.get("/crumbIssuer/api/json"))
        headers = {crumb["crumbRequestField"]: crumb["crumb"], "Content-Type": content_type}
        request = urllib.request.Request(self.jenkins.url + path, data.encode(), headers, method="POST")
        try:
            with self.opener.open(request, timeout=60) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode("utf-8", "replace")


@contextmanager
def users(jenkins, **permissions):
    """An administrator, whom the helpers of `jenkins` then are, and users of exactly these permissions."""
    if not (jenkins.home / "plugins/matrix-auth.jpi").exists():
        raise Skipped("matrix-auth is not among the plugins")
    grants = {"admin": ["jenkins.model.Jenkins.ADMINISTER"], **permissions}
    accounts = "\n".join(f"realm.createAccount('{name}', '{PASSWORD}')" for name in grants)
    rules = "\n".join(f"strategy.add({one}, new PermissionEntry(AuthorizationType.USER, '{name}'))"
                      for name, all_of in grants.items() for one in all_of)
    out = jenkins.groovy(f"""
        import org.jenkinsci.plugins.matrixauth.*
        def jenkins = jenkins.model.Jenkins.get()
        def realm = new hudson.security.HudsonPrivateSecurityRealm(false, false, null)
        {accounts}
        def strategy = new hudson.security.GlobalMatrixAuthorizationStrategy()
        {rules}
        jenkins.securityRealm = realm
        jenkins.authorizationStrategy = strategy
        println 'USERS'""")
    contains(out, "USERS")
    try:
        jenkins._session()
        jenkins.opener.addheaders = As(jenkins, "admin").opener.addheaders
        yield {name: As(jenkins, name) for name in permissions}
    finally:
        jenkins.groovy("""
            def jenkins = jenkins.model.Jenkins.get()
            jenkins.authorizationStrategy = new hudson.security.AuthorizationStrategy.Unsecured()
            jenkins.securityRealm = hudson.security.SecurityRealm.NO_AUTHENTICATION""")
        jenkins._session()


@contextmanager
def identity(jenkins, fields):
    """Another identity for a while: Groovy that sets fields of `it`."""
    out = jenkins.groovy(f"""
        def configuration = {CONFIGURATION}
        def it = new {PACKAGE}.config.Identity('attacked', 'main')
        {fields}
        configuration.identities = configuration.identities + it
        println 'SET'""")
    contains(out, "SET")
    try:
        yield
    finally:
        jenkins.groovy(f"def c = {CONFIGURATION}; c.identities = c.identities.findAll {{ it.id != 'attacked' }}")


def reason(jenkins, job):
    """Why a part of the job waits in the queue; empty: it doesn't."""
    items = jenkins.json("/queue/api/json?tree=items[why,task[name,url]]")["items"]
    return next((one["why"] or "" for one in items if job in json.dumps(one["task"])), "")


@test
def a02_test_connection_runs_where_the_identity_allows_it(world):
    def said(agents):
        fields = {"id": "api", "cluster": "main", "allowedAgents": agents, "agentsBy": "names",
                  "agentLabel": "", "builtInNodeAllowed": "false"}
        return world.jenkins.reply(f"/descriptorByName/{PACKAGE}.config.Identity/testConnection?"
                                   + urllib.parse.urlencode(fields))[1]
    contains(said("a1"), "Tried from a1", "cluster example.test")
    # Its own list names no identity of ours: none is not the same as this one.
    contains(said("a2"), "Tried from a2")
    contains(said("elsewhere"), "None of the connected agents")


@test
def a04_a_job_that_may_use_nothing_does_not_come_to_the_agent(world):
    jenkins = world.jenkins
    jenkins.pipeline("other-taker", "node('api') { sh 'echo reached-$((40+2))' }")
    number = jenkins.build("other-taker")
    try:
        wait_for("the reason", lambda: "keeps a machine identity" in reason(jenkins, "other-taker"), 60)
        # Renamed in the queue, by what Jenkins doesn't hold back: nobody knows any more whose part it is.
        jenkins.groovy("jenkins.model.Jenkins.get().getItem('other-taker').renameTo('other-renamed'); "
                       "jenkins.model.Jenkins.get().queue.maintain()")
        time.sleep(8)
        log = jenkins.console("other-renamed", number)
        assert "reached-42" not in log, log
    finally:
        jenkins.groovy("jenkins.model.Jenkins.get().queue.clear()")
        jenkins.groovy("jenkins.model.Jenkins.get().getAllItems(hudson.model.Job).findAll { it.name.startsWith('other-') }"
                       ".each { it.builds.each { b -> b.doKill() }; it.delete() }")


@test
def a04_switched_off_the_agent_takes_it_and_keeps_no_standing_destination(world):
    jenkins = world.jenkins
    switch = (f"jenkins.model.Jenkins.get().getNode('a1').getNodeProperty({PACKAGE}.config.MachineIdNodeProperty)"
              ".onlyAllowedJobs = {}")
    jenkins.groovy(switch.format("false"))
    try:
        jenkins.pipeline("other-let-in", "node('api') { sh 'echo reached-$((40+2))' }")
        result, log = jenkins.run("other-let-in")
        equal(result, "SUCCESS", log)
        contains(log, "reached-42")
        wait_for("the refusal of the standing destination", lambda: "[policy_standing]" in jenkins.log.read_text(), 90)
    finally:
        jenkins.groovy(switch.format("true"))


MINE = "/computer/{}/config.xml"
BINDING = (f"<nodeProperties><{PACKAGE}.config.MachineIdNodeProperty><identities><{PACKAGE}.config.Binding>"
           f"<identity>attacked</identity></{PACKAGE}.config.Binding></identities>"
           f"</{PACKAGE}.config.MachineIdNodeProperty></nodeProperties>")


@test
def a05_who_configures_an_agent_gets_no_identity(world):
    """A user with Agent/Configure binds an identity to an agent of their own; then gives the agent a name that counts."""
    jenkins, directory = world.jenkins, world.agents_dir / "mine"
    new = f"new hudson.slaves.DumbSlave('mine', '{directory}', new hudson.slaves.JNLPLauncher(true))"
    jenkins.groovy(f"def node = {new}; node.labelString = 'mine'; jenkins.model.Jenkins.get().addNode(node)")
    fields = (f"it.join = new {PACKAGE}.join.TokenJoin(token: hudson.util.Secret.fromString('{world.cluster['token.attacked']}'));"
              "it.allowedAgents = ['a1', 'gone']; it.allowedJobs = ['allowed-**']")
    agent = None
    try:
        with identity(jenkins, fields), users(jenkins, mallory=[
                "jenkins.model.Jenkins.READ", "hudson.model.Computer.CONFIGURE", "hudson.model.Computer.EXTENDED_READ"]) as who:
            xml = who["mallory"].get(MINE.format("mine")).replace("<nodeProperties/>", BINDING)
            contains(xml, "attacked")
            equal(who["mallory"].post(MINE.format("mine"), xml, "application/xml"), 200, "binding it")
            jenkins.pipeline("allowed-mine", block("sh 'true'", "identity: 'attacked'", "mine"))
            agent = Agent(jenkins, "mine", directory, world.user).start()
            refused(jenkins, directory)
            agent.kill()
            # Nothing in Jenkins keeps somebody who may configure an agent from renaming it.
            xml = who["mallory"].get(MINE.format("mine")).replace("<name>mine</name>", "<name>gone</name>")
            contains(xml, "<name>gone</name>")
            equal(who["mallory"].post(MINE.format("mine"), xml, "application/xml"), 200, "renaming it")
            agent = Agent(jenkins, "gone", directory, world.user).start()
            refused(jenkins, directory)
            # An administrator looks at it and saves it.
            jenkins.post(MINE.format("gone"), jenkins.get(MINE.format("gone")), "application/xml")
            agent.wait_online()
            # The machine that is connected is still the one to which the user's configuration led.
            refused(jenkins, directory)
            agent.kill()
            agent = Agent(jenkins, "gone", directory, world.user).start()
            contains(jenkins.run("allowed-mine")[1], LEASE.replace("'api'", "'attacked'").split(" with")[0])
    finally:
        if agent:
            agent.kill()
        jenkins.groovy("['mine', 'gone'].each { def n = jenkins.model.Jenkins.get().getNode(it); "
                       "if (n) jenkins.model.Jenkins.get().removeNode(n) }")


def refused(jenkins, directory):
    result, log = jenkins.run("allowed-mine")
    equal(result, "FAILURE", log)
    contains(log, "[policy_node]")
    equal([str(one) for one in directory.glob("machine-id/identities/*")], [], "identities on the agent")


@test
def a16_a_job_is_told_nothing_of_others(world):
    jenkins = world.jenkins
    says = {}
    for name in ("each", "nothing"):
        jenkins.pipeline(f"taken-asks-{name}", block("sh 'true'", f"identity: '{name}'"))
        log = jenkins.run(f"taken-asks-{name}")[1]
        line = next(one for one in log.splitlines() if "[policy_" in one)
        says[name] = line.replace(name, "X")
        assert "allowed-" not in line, line
    equal(says["each"], says["nothing"], "refusals of what there is and what there isn't")
    contains(jenkins.get(f"{job_path('taken-asks-each')}/1/"), "policy_job")
    contains(jenkins.log.read_text(), "identity 'each' allows [allowed-**]", "identity 'nothing' is not configured")
