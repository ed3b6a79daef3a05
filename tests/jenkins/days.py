# SPDX-FileCopyrightText: The machine-id authors
# SPDX-License-Identifier: Apache-2.0
"""Three agents on bad days, each with a bot of its own: what the health page, the warnings and the metrics show while renewals
fail, a bot is locked, an identity needs a fresh token, or the cluster is away; and that all is well afterwards."""

import json
import os
import re
import time
from contextlib import contextmanager

from attacks import CONFIGURATION, PACKAGE
from health import NEWS, PAGE, act, row
from jenkins import wait_for
from metrics import numbers, shown
from monitors import gone, told, warnings
from pictures import picture
from statements import third_agent
from world import Skipped, contains, equal, test

AGENTS = ("a1", "a2", "a3")
IDENTITY = "workers"
OF_IT = f"identity_{IDENTITY}"
# What goes wrong with an identity.
CAUSES = ("needs_token", "locked", "not_renewed", "expires")
AWAY = 600
# An agent that nobody uses comes back within so many seconds, and is asked each minute.
BACK = 16 * 60 + NEWS


class Days:
    """A cluster that does as a file says, and identity `workers`, which three agents hold of it."""

    def __init__(self, world):
        self.world, self.jenkins = world, world.jenkins
        self.work = world.output / "days"
        self.work.mkdir()
        ready = self.work / "ready"
        bots = [part for agent in AGENTS for part in ("--bot", f"of-{agent}=workers")]
        world.spawn("days", [world.double, "--dir", self.work / "double", "--ready-file", ready, "--cluster", "days.test", *bots,
                             "--bot", "anew=workers", "--token", "late=of-a3,token,expired",
                             "--locks", self.work / "locks", "--weather", self.work / "weather"])
        wait_for("the cluster of the days", ready.exists, 30)
        self.cluster = dict(line.split("=", 1) for line in ready.read_text().splitlines())
        self.tokens = {"a1": self.cluster["token"], "a2": self.cluster["token.of-a2"], "a3": self.cluster["token.of-a3"]}

    def weather(self, *words):
        (self.work / "weather").write_text("\n".join(words))

    def lock(self, *users):
        (self.work / "locks").write_text("\n".join(users))

    def configure(self):
        out = self.jenkins.groovy(f"""
            import {PACKAGE}.config.*
            def cluster = new Cluster('days', '{self.cluster["proxy"]}')
            cluster.caCertificate = new File('{self.cluster["web_ca"]}').text
            def workers = new Identity('{IDENTITY}', 'days')
            workers.roles = ['workers']
            // Those that `api` allows, too: a1 takes no others.
            workers.allowedJobs = ['allowed-days-**']
            workers.allowedAgents = {list(AGENTS)}
            {CONFIGURATION}.clusters = {CONFIGURATION}.clusters + cluster
            {CONFIGURATION}.identities = {CONFIGURATION}.identities + workers
            println 'SET'""")
        contains(out, "SET")
        for agent, token in self.tokens.items():
            self.give(agent, token)

    def give(self, agent, token):
        """Somebody configures this token for an agent; None: none."""
        given = "" if token is None else f"""
            def binding = new Binding('{IDENTITY}')
            binding.token = hudson.util.Secret.fromString('{token}')
            property.identities = property.identities + binding"""
        out = self.jenkins.groovy(f"""
            import {PACKAGE}.config.*
            def node = jenkins.model.Jenkins.get().getNode('{agent}')
            def property = node.getNodeProperty(MachineIdNodeProperty) ?: new MachineIdNodeProperty()
            property.identities = property.identities.findAll {{ it.identity != '{IDENTITY}' }}{given}
            node.nodeProperties.removeAll(MachineIdNodeProperty)
            if (property.identities) node.nodeProperties.add(property)
            node.save()
            println 'SET'""")
        contains(out, "SET")

    def remove(self):
        for agent in AGENTS:
            self.give(agent, None)
        self.jenkins.groovy(f"""
            {CONFIGURATION}.identities = {CONFIGURATION}.identities.findAll {{ it.id != '{IDENTITY}' }}
            {CONFIGURATION}.clusters = {CONFIGURATION}.clusters.findAll {{ it.name != 'days' }}""")

    def job(self, agent, body="sh 'true'", more=""):
        """A job with a block on that agent; its name."""
        name = f"allowed-days-{agent}"
        self.jenkins.pipeline(name, f"node('{agent}') {{ withMachineId(identity: '{IDENTITY}'{more}) {{ {body} }} }}")
        return name

    def renewed(self, agent):
        """Somebody has the identity renewed; whether that went well."""
        return act(self.jenkins, "renew", f"{IDENTITY}/{agent}")[0] == "success"

    def refused(self, agent):
        """Somebody has it renewed, until the cluster has noticed what it is to do and that fails."""
        wait_for(f"{agent} not to be renewed", lambda: not self.renewed(agent), 60, 1)

    def row(self, agent):
        return row(self.jenkins, IDENTITY, agent)

    def stand(self, seconds=NEWS, **states):
        """Waits until the identity stands so on these agents; gives their rows."""
        seen = {}

        def so():
            seen.update({agent: self.row(agent) for agent in states})
            return all(seen[agent] and seen[agent]["state"] == state for agent, state in states.items())

        try:
            wait_for(f"{states}", so, seconds, 2)
        except AssertionError as why:
            raise AssertionError(f"{why}; last seen: {seen}") from why
        return dict(seen)

    def measured(self):
        """The controller's numbers now, by their names without what all begin and counters end with."""
        if not has(self.jenkins, "prometheus"):
            return numbers(self.jenkins)
        # It collects each two minutes; so it does it now.
        self.jenkins.groovy("org.jenkinsci.plugins.prometheus.service.DefaultPrometheusMetrics.get().collectMetrics()")
        found = re.findall(r"^jenkins_machine_id_(\w+?)(?:_total)?(?:\{.*\})? (\S+)$", shown(self.jenkins), re.M)
        return {name: float(value) for name, value in found}

    def counted(self, **expected):
        """Waits for these numbers; gives all of them."""
        seen = {}

        def so():
            seen.clear()
            seen.update(self.measured())
            return all(seen.get(name) == value for name, value in expected.items())

        try:
            wait_for(f"{expected}", so, 60, 2)
        except AssertionError as why:
            raise AssertionError(f"{why}; last seen: { {name: seen.get(name) for name in expected} }") from why
        return seen

    def pictured(self, name):
        """The page, the warnings and the metrics, as they are now."""
        wanted = {f"{name}-health": f"{PAGE}?identity={IDENTITY}", f"{name}-warnings": "/manage/"}
        if has(self.jenkins, "prometheus"):
            wanted[f"{name}-metrics"] = "/prometheus/"
        picture(self.world, wanted, f"warnings_|identities_|{OF_IT}_")

    def well(self, *causes):
        """All is as it was before something went wrong; whoever looks needn't wait for the agents' next try."""
        for agent in AGENTS:
            wait_for(f"{agent} to be renewed", lambda agent=agent: self.renewed(agent), NEWS, 5)
        self.all_is_well(causes)

    def all_is_well(self, causes):
        rows = self.stand(**dict.fromkeys(AGENTS, "ready"))
        assert not any(one["problem"] or one["code"] for one in rows.values()), rows
        for cause in causes:
            gone(self.jenkins, cause, IDENTITY)
        equal([one for cause in CAUSES for one in warnings(self.jenkins, cause, IDENTITY)], [], "warnings")
        numbers_now = self.counted(**{f"{OF_IT}_failing": 0})
        assert numbers_now[f"{OF_IT}_remaining_seconds"] > 1800, numbers_now


def has(jenkins, name):
    plugins = jenkins.json("/pluginManager/api/json?depth=1&tree=plugins[shortName,active]")["plugins"]
    return any(one["shortName"] == name and one["active"] for one in plugins)


@contextmanager
def days(world):
    """For so long three agents have used the identity, and all is well."""
    if not has(world.jenkins, "metrics"):
        raise Skipped("the plugin metrics isn't there")
    third_agent(world)
    if not hasattr(world, "days"):
        world.days = Days(world)
    them = world.days
    them.weather()
    them.lock()
    them.configure()
    try:
        for agent in AGENTS:
            job = them.job(agent)
            # After a test that failed, the library waits for its next try.
            wait_for(f"a block on {agent}", lambda job=job: them.jenkins.run(job, 300)[0] == "SUCCESS", NEWS, 5)
        them.all_is_well(())
        yield them
    finally:
        them.weather()
        them.lock()
        them.remove()


@test
def days_when_renewals_fail(world):
    with days(world) as them:
        before = them.measured()
        them.weather("renewals-limited")
        for agent in AGENTS:
            them.refused(agent)
        for one in them.stand(**dict.fromkeys(AGENTS, "failing")).values():
            equal(one["code"], "rate_limited", one)
            assert one["problem"] and one["hint"] and one["since"] and one["expiresAt"], one
        warning = told(them.jenkins, "not_renewed", IDENTITY)
        contains(warning["sentence"], f"Identity {IDENTITY} can't be joined or renewed on 3 agents (a1, a2, a3) since 20", "[rate_limited]")
        equal((warning["agents"], warning["serious"]), (3, False), warning)
        now = them.counted(**{f"{OF_IT}_failing": 3, "warnings_not_renewed": 3})
        assert now["identities_failing"] >= 3 and now[f"{OF_IT}_remaining_seconds"] > 0, now
        assert now[f"{OF_IT}_renewals_failed"] >= before[f"{OF_IT}_renewals_failed"] + 3, now
        # What is valid serves on.
        equal(them.jenkins.run("allowed-days-a1", 300)[0], "SUCCESS")
        them.pictured("renewals")
        them.weather()
        them.well("not_renewed")


@test
def days_when_a_bot_is_locked(world):
    with days(world) as them:
        them.lock("bot-of-a2")
        them.refused("a2")
        one = them.stand(a1="ready", a2="locked", a3="ready")["a2"]
        contains(one["problem"], "lock")
        equal(one["code"], "bot_locked", one)
        warning = told(them.jenkins, "locked", IDENTITY)
        contains(warning["sentence"], f"Identity {IDENTITY} is locked on agent a2")
        equal((warning["agents"], warning["serious"]), (1, True), warning)
        them.counted(identities_locked=1, warnings_locked=1, **{f"{OF_IT}_failing": 1})
        equal(them.jenkins.run("allowed-days-a2", 300)[0], "FAILURE")
        equal(them.jenkins.run("allowed-days-a1", 300)[0], "SUCCESS")
        them.pictured("lock")
        them.lock()
        them.well("locked")
        them.counted(identities_locked=0, warnings_locked=0)


@test
def days_when_an_identity_needs_a_fresh_token(world):
    """The answer to a renewal is lost, so that its generation is used up; the token that somebody brings has expired."""
    with days(world) as them:
        them.weather("renewals-lost")
        them.refused("a3")
        them.weather()
        one = them.stand(a1="ready", a2="ready", a3="needs_token")["a3"]
        assert one["problem"] and one["expiresAt"], one
        warning = told(them.jenkins, "needs_token", IDENTITY)
        contains(warning["sentence"], f"Identity {IDENTITY} needs a fresh token on agent a3")
        equal((warning["agents"], warning["serious"]), (1, True), warning)
        them.counted(identities_needs_token=1, warnings_needs_token=1)
        # It works until it expires.
        equal(them.jenkins.run("allowed-days-a3", 300)[0], "SUCCESS")
        them.give("a3", "late")
        result, log = them.jenkins.run("allowed-days-a3", 300)
        equal(result, "SUCCESS", log)
        # A token that isn't taken changes nothing.
        one = them.stand(a3="needs_token")["a3"]
        assert one["problem"], one
        them.counted(identities_needs_token=1, warnings_needs_token=1)
        them.pictured("token")
        # Up to 16.1 a bot that has joined once must be made anew.
        them.tokens["a3"] = them.cluster["token.anew"]
        them.give("a3", them.tokens["a3"])
        equal(them.jenkins.run("allowed-days-a3", 300)[0], "SUCCESS")
        them.well("needs_token")
        them.counted(identities_needs_token=0, warnings_needs_token=0)


@test
def days_when_the_cluster_is_away_for_ten_minutes(world):
    """Nobody presses anything: what agents tell by themselves, and when they are back."""
    if not os.environ.get("LONG"):
        raise Skipped("half an hour: LONG=1")
    with days(world) as them:
        jenkins, marker = them.jenkins, them.work / "go"
        long = them.job("a2", f"sh 'while [ ! -e {marker} ]; do sleep 1; done; test -s $MACHINE_ID_DIR/*cert.pub'")
        held = jenkins.build(long)
        jenkins.wait_console(long, held, "machine-id: identity")
        them.weather("away")
        begun, noted = time.monotonic(), {}

        def failing():
            for agent in AGENTS:
                one = them.row(agent)
                if agent not in noted and one and one["state"] == "failing":
                    noted[agent] = round(time.monotonic() - begun)
            return len(noted) == 3

        wait_for("all agents to tell", failing, AWAY - 120, 1)
        warning = told(jenkins, "not_renewed", IDENTITY, AWAY)
        noted["the warning"] = round(time.monotonic() - begun)
        while time.monotonic() < begun + AWAY - 45:
            time.sleep(1)
        for one in them.stand(**dict.fromkeys(AGENTS, "failing")).values():
            equal(one["code"], "cluster_unreachable", one)
            assert one["problem"] and one["hint"] and one["since"] and one["expiresAt"], one
        warning = told(jenkins, "not_renewed", IDENTITY)
        contains(warning["sentence"], f"Identity {IDENTITY} can't be joined or renewed on 3 agents (a1, a2, a3) since 20", "[cluster_unreachable]")
        them.counted(**{f"{OF_IT}_failing": 3, "warnings_not_renewed": 3})
        them.pictured("away")
        # A build that begins while nobody is there waits, and goes first; with the lifetime of before it would have what is kept.
        waiting = jenkins.build(them.job("a1", more=", ttl: '20m'"))
        jenkins.wait_console("allowed-days-a1", waiting, "withMachineId")
        while time.monotonic() < begun + AWAY:
            time.sleep(0.1)
        them.weather()
        back = time.monotonic()
        equal(jenkins.json(f"/job/allowed-days-a1/{waiting}/api/json?tree=building")["building"], True, "the build waits")
        result, log = jenkins.finish("allowed-days-a1", waiting)
        noted["the end of the waiting build, after the return"] = round(time.monotonic() - back, 1)
        equal(result, "SUCCESS", log)

        def ready():
            for agent in AGENTS:
                one = them.row(agent)
                if one and one["state"] == "ready":
                    noted.setdefault(f"{agent}, after the return", round(time.monotonic() - back))
            return sum("," in name for name in noted) == 4

        wait_for("all agents to be back", ready, BACK, 1)
        marker.write_text("")
        result, log = jenkins.finish(long, held)
        equal(result, "SUCCESS", log)
        print("  seconds: " + json.dumps(noted))
        them.all_is_well(("not_renewed",))
