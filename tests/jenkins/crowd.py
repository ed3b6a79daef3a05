# SPDX-FileCopyrightText: The machine-id authors
# SPDX-License-Identifier: Apache-2.0
"""Agents that only the controller knows, each of which has told it something: one in each state, for the colours of states; and
ten thousand of them, for the time that a page takes and the memory that they take."""

import json
import re
import statistics
import subprocess
import time
from contextlib import contextmanager

from attacks import CONFIGURATION, PACKAGE
from days import has
from health import PAGE
from views import browse
from world import Skipped, contains, equal, test

STATES = ("locked", "needs_token", "expired", "unavailable", "silent", "failing", "lease_failing", "ready", "each_lease", "offline", "unused")
MANY = 10_000
ROUNDS = 20
COLD = 30

# A node that is in memory alone, with an agent that seems to be connected, takes no build, and can't be asked.
IMPORTS = f"""
    import {PACKAGE}.config.*
    import {PACKAGE}.report.*
    import {PACKAGE}.agent.*
    import {PACKAGE}.reply.*
    class Seat extends hudson.slaves.SlaveComputer {{
        boolean there
        Seat(hudson.model.Slave node, boolean there) {{ super(node); this.there = there }}
        boolean isOffline() {{ !there }}
        // Groovy doesn't see that an interface has it.
        hudson.security.ACL getACL() {{ jenkins.model.Jenkins.get().authorizationStrategy.getACL(this) }}
    }}
    class Member extends hudson.model.Slave implements hudson.slaves.EphemeralNode {{
        boolean there
        Member(String name, boolean there) {{
            super(name, '/nowhere', new hudson.slaves.JNLPLauncher(true))
            this.there = there
        }}
        hudson.model.Computer createComputer() {{ new Seat(this, there) }}
        hudson.model.Node asNode() {{ this }}
        boolean isAcceptingTasks() {{ false }}
        hudson.security.ACL getACL() {{ jenkins.model.Jenkins.get().authorizationStrategy.getACL(this) }}
        hudson.model.Slave.SlaveDescriptor getDescriptor() {{
            jenkins.model.Jenkins.get().getDescriptorOrDie(hudson.slaves.DumbSlave)
        }}
    }}
    def jenkins = jenkins.model.Jenkins.get()
    def now = java.time.Instant.now()
    def later = {{ now.plusSeconds(it).truncatedTo(java.time.temporal.ChronoUnit.SECONDS).toString() }}
    // Past Jenkins' own way, which looks at all nodes for each label of each.
    def seat = {{ members ->
        members.each {{ jenkins.nodesObject.@nodes.put(it.nodeName, it) }}
        jenkins.updateComputerList()
    }}
    def server = {{ [cluster: 'example.test', version: '18.9.1', address: 'teleport.example.com:443', kind: 'proxy', upgraded: false,
        clock_difference_seconds: it % 5, ca_pins: ['sha256:' + 'a' * 64], ca_expires_at: later(86400 * 3000), seen_at: later(-600)] }}
    def identity = {{ id, number -> [id: id, state: 'ready', cluster: 'example.test', bot: 'bot-' + id, method: 'token', origin: 'joined',
        generation: 3, expires_at: later(2400), renews_at: later(1200), reason: '', connected: true, server: server(number)] }}
    def failure = [code: 'cluster_unreachable', message: "teleport.example.com:443 can't be reached: connection refused",
        hint: 'check the network', since: later(-1800)]
    def lease = {{ number -> [lease: String.format('%032x', number), identity: 'crowd', expires_at: later(2400), usable: true] }}
    def tells = {{ name, identities, leases, heard = now ->
        def text = groovy.json.JsonOutput.toJson([ok: [version: '0.1.0', identities: identities, leases: leases]]).getBytes('UTF-8')
        AgentReports.get().heard(name, AgentReport.of(name, AgentStatus.of('linux-x86_64', new Service(false, null, 0), [text], null), [Reply.read(text)], heard))
    }}
"""


def ran(jenkins, script):
    contains(jenkins.groovy(IMPORTS + script + "\nprintln 'DONE'"), "DONE")


@contextmanager
def crowd(world):
    """For so long two identities are allowed on any agent; agents that are called `crowd-…` go away afterwards."""
    jenkins = world.jenkins
    ran(jenkins, f"""
        {CONFIGURATION}.identities = {CONFIGURATION}.identities + ['crowd', 'crowd-web'].collect {{ id ->
            def it = new Identity(id, 'main')
            def join = new {PACKAGE}.join.JenkinsJoin()
            join.tokenName = id
            it.join = join
            it.agentsBy = 'any'
            it }}""")
    try:
        yield jenkins
    finally:
        ran(jenkins, f"""
            {CONFIGURATION}.identities = {CONFIGURATION}.identities.findAll {{ !it.id.startsWith('crowd') }}
            def gone = jenkins.nodesObject.@nodes.keySet().findAll {{ it.startsWith('crowd-') }}
            gone.each {{ jenkins.nodesObject.@nodes.remove(it); AgentReports.get().forget(it) }}
            jenkins.updateComputerList()""")


@test
def each_state_can_be_read_in_the_light_and_in_the_dark(world):
    """WCAG 2, AA: a contrast of 4.5 to 1. The dark theme is the plugin's where that is installed."""
    with crowd(world) as jenkins:
        ran(jenkins, f"""
            seat({list(STATES)}.collect {{ new Member('crowd-' + it, it != 'offline') }})
            def one = {{ change -> identity('crowd', 1) + change }}
            tells('crowd-locked', [one(state: 'locked', reason: 'locked by somebody')], [])
            tells('crowd-needs_token', [one(state: 'needs_rejoin', reason: 'generation mismatch')], [])
            tells('crowd-expired', [one(expires_at: later(-60))], [])
            def why = new NativeUnavailableException(NativeUnavailableException.Reason.PLATFORM, 'windows-x86_64')
            AgentReports.get().heard('crowd-unavailable',
                AgentReport.of('crowd-unavailable', AgentStatus.unused('windows-x86_64', why), [], now))
            tells('crowd-silent', [one([:])], [])
            AgentReports.get().unanswered('crowd-silent', 'crowd-silent', "Agent crowd-silent didn't answer", now)
            tells('crowd-failing', [one(failure: failure)], [])
            tells('crowd-lease_failing', [one([:])], [lease(1) + [problem: 'disk full']])
            tells('crowd-ready', [one([:])], [])
            tells('crowd-each_lease', [one(state: 'new', given: true, expires_at: null)], [])
            tells('crowd-offline', [one([:])], [])
            tells('crowd-unused', [one(state: 'new', expires_at: null)], [])""")
        shown = {each["agent"]: each["state"] for each in jenkins.json(PAGE + "api/json?q=crowd-")["rows"]}
        equal(shown, {f"crowd-{state}": state for state in STATES})
        browse("contrast.mjs", jenkins.url, world.output, "light", ",".join(STATES))
        if not has(jenkins, "dark-theme"):
            browse("contrast.mjs", jenkins.url, world.output, "dark, as a test has it", ",".join(STATES))
            return
        theme = "io.jenkins.plugins.thememanager.ThemeManagerPageDecorator.get().theme ="
        jenkins.groovy(f"{theme} new io.jenkins.plugins.darktheme.DarkThemeManagerFactory()")
        try:
            browse("contrast.mjs", jenkins.url, world.output, "dark", ",".join(STATES))
        finally:
            jenkins.groovy(f"{theme} new io.jenkins.plugins.thememanager.none.NoOpThemeManagerFactory()")


def histogram(pid):
    """Bytes of live objects: all, and those of our own classes."""
    text = subprocess.run(["jcmd", str(pid), "GC.class_histogram"], capture_output=True, text=True, timeout=300, check=True).stdout
    lines = re.findall(r"^\s*\d+:\s+\d+\s+(\d+)\s+(\S+)", text, re.M)
    return sum(int(size) for size, _ in lines), sum(int(size) for size, name in lines if PACKAGE in name)


def processor(jenkins):
    """Milliseconds of processor time that the threads which answer requests have taken, whatever the machine does besides."""
    return int(jenkins.groovy("""
        def threads = java.lang.management.ManagementFactory.threadMXBean
        print threads.allThreadIds.collect { id ->
            def name = threads.getThreadInfo(id)?.threadName ?: ''
            name.startsWith('Jetty') || name.startsWith('Handling') ? threads.getThreadCpuTime(id) : 0
        }.sum().intdiv(1000000)"""))


@test
def ten_thousand_agents_are_shown(world):
    """For docs/performance.md: its figures are printed, and hold for a machine that does nothing else."""
    with crowd(world) as jenkins:
        ran(jenkins, f"seat((0..<{MANY}).collect {{ new Member(String.format('crowd-%05d', it), true) }})")
        try:
            before = histogram(jenkins.process.pid)
        except FileNotFoundError as why:
            raise Skipped("jcmd isn't installed (Debian's default-jdk)") from why
        ran(jenkins, f"""
            (0..<{MANY}).each {{ i ->
                def crowd = identity('crowd', i) + [state: i % 1000 == 0 ? 'locked' : 'ready']
                if (i % 100 == 1) crowd += [failure: failure]
                tells(String.format('crowd-%05d', i), [crowd, identity('crowd-web', i)], [lease(2 * i), lease(2 * i + 1)],
                    now.minusSeconds(i % 300))
            }}""")
        after = histogram(jenkins.process.pid)
        figures = {"MiB": round((after[0] - before[0]) / 2**20, 1), "MiB of our own classes": round((after[1] - before[1]) / 2**20, 1)}
        found = jenkins.json(f"{PAGE}api/json?q=crowd-&tree=found,pages,counts[state,number]")
        equal(found["found"], 2 * MANY)
        equal(jenkins.json(f"{PAGE}api/json?q=crowd-&state=trouble&tree=found")["found"], MANY // 1000 + MANY // 100)
        asked = {"first page": "", "filtered by a state": "?state=failing", "searched": "?q=REFUSED", "by identity, sorted": "?identity=crowd&sort=expiry",
                 "last page": f"?page={found['pages']}", "REST, first page": "api/json", "REST, searched, a tree": "api/json?q=crowd-0777&tree=found,rows[agent,state]"}
        for name, path in asked.items():
            # A cold JVM's.
            for _ in range(COLD):
                jenkins.get(PAGE + path)
            times, used = [], processor(jenkins)
            for _ in range(ROUNDS):
                begun = time.monotonic()
                jenkins.get(PAGE + path)
                times.append(1000 * (time.monotonic() - begun))
            used = (processor(jenkins) - used) / ROUNDS
            times.sort()
            figures[name] = {"median ms": round(statistics.median(times)), "9 of 10": round(times[ROUNDS * 9 // 10]), "most": round(times[-1]),
                             "processor ms": round(used)}
        print("  " + json.dumps(figures))
        (world.output / "ten-thousand.json").write_text(json.dumps(figures, indent=1))
