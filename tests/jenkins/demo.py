# SPDX-FileCopyrightText: The machine-id authors
# SPDX-License-Identifier: Apache-2.0
"""A Jenkins with everything configured, to be looked at; stays until Ctrl-C."""

import secrets
import signal
import threading

from world import block

PIPELINE = "team-a/deploy"


def run(world):
    print("starting Jenkins, two agents, a Teleport double and sshd; this takes a minute", flush=True)
    world.start()
    jenkins = world.jenkins
    jenkins.folder("team-a")
    jenkins.folder("team-b")
    jenkins.pipeline(PIPELINE, block(
        f"sh '{world.ssh('hostname')}'; sh 'kubectl get pods'",
        "identity: 'api', roles: ['api-workers'], ttl: '30m', kubernetesCluster: 'prod'"))
    jenkins.pipeline("team-b/refused", block("sh 'true'", label="a2"))
    jenkins.pipeline("team-b/kept-off", block("sh 'true'"))
    jenkins.freestyle("team-a/freestyle", world.ssh("hostname"),
                      "<io.jenkins.plugins.machineid.step.MachineIdBuildWrapper><identity>api</identity>"
                      "</io.jenkins.plugins.machineid.step.MachineIdBuildWrapper>", "api")
    password = lock(jenkins)
    print(f"""
Jenkins          {jenkins.url}   (user admin, password {password})
press Build Now  {jenkins.url}/job/team-a/job/deploy/
then look at     the console, and the certificates on the page of the build
refused by rule  {jenkins.url}/job/team-b/job/refused/
kept off agent   {jenkins.url}/job/team-b/job/kept-off/ (waits in the queue, which says why)
freestyle        {jenkins.url}/job/team-a/job/freestyle/
configuration    {jenkins.url}/manage/configure (Machine ID), {jenkins.url}/computer/a1/configure
logs             {world.output}
Ctrl-C ends it and removes the agents' files.
""", flush=True)
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    while not ended.wait(1):
        if jenkins.process.poll() is not None:
            print(f"Jenkins ended: see {jenkins.log}")
            return 1
    print("stopping")
    return 0


def lock(jenkins):
    """Others on this machine can reach the loopback address too: a password of its own."""
    password = secrets.token_urlsafe(12)
    jenkins.groovy(f"""
        def jenkins = jenkins.model.Jenkins.get()
        def realm = new hudson.security.HudsonPrivateSecurityRealm(false, false, null)
        realm.createAccount('admin', '{password}')
        def strategy = new hudson.security.FullControlOnceLoggedInAuthorizationStrategy()
        strategy.allowAnonymousRead = false
        jenkins.securityRealm = realm
        jenkins.authorizationStrategy = strategy
        jenkins.save()""")
    return password
