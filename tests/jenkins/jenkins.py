# SPDX-FileCopyrightText: The machine-id authors
# SPDX-License-Identifier: Apache-2.0
"""A real Jenkins on loopback: start, stop, restart, agents, and its REST API. Standard library only."""

import http.cookiejar
import json
import os
import pwd
import random
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from xml.sax.saxutils import escape

START_SECONDS = 240


def free_port():
    """A TCP port of the loopback address that is free now, below those that Linux gives to others before its server has it."""
    while True:
        port = random.randrange(15_000, 32_000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def wait_for(what, condition, seconds=120, pause=0.5):
    """The condition's first true value; fails after so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(pause)
    raise AssertionError(f"waited {seconds} s for {what}")


class Jenkins:
    """One controller with a home of its own."""

    def __init__(self, war, plugins, hpi, work, casc=None):
        self.war, self.work, self.port = Path(war), Path(work), free_port()
        self.home, self.log = self.work / "home", self.work / "jenkins.log"
        self.url = f"http://127.0.0.1:{self.port}"
        self.casc, self.process = casc, None
        (self.home / "plugins").mkdir(parents=True)
        for plugin in sorted(Path(plugins).iterdir()):
            if plugin.suffix in (".hpi", ".jpi") and plugin.stem != "machine-id":
                shutil.copy(plugin, self.home / "plugins" / (plugin.stem + ".jpi"))
        shutil.copy(hpi, self.home / "plugins" / "machine-id.jpi")
        self._session()

    def _session(self):
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
        self.crumb = None

    def start(self):
        environment = dict(os.environ, JENKINS_HOME=str(self.home))
        if self.casc:
            environment["CASC_JENKINS_CONFIG"] = str(self.casc)
        properties = {
            "java.awt.headless": "true",
            "jenkins.install.runSetupWizard": "false",
            "jenkins.model.Jenkins.slaveAgentPort": "-1",
            "hudson.model.UpdateCenter.never": "true",
            "hudson.model.DownloadService.never": "true",
            "hudson.model.UsageStatistics.disabled": "true",
        }
        command = ["java", "-Xmx1g", *(f"-D{key}={value}" for key, value in properties.items()),
                   "-jar", str(self.war), "--httpListenAddress=127.0.0.1", f"--httpPort={self.port}",
                   f"--webroot={self.work / 'webroot'}"]
        self._session()
        with open(self.log, "ab") as log:
            at = log.tell()
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=self.work)
        wait_for("Jenkins to be up", lambda: self._up(at), START_SECONDS)

    def _up(self, at):
        if self.process.poll() is not None:
            raise AssertionError(f"Jenkins ended: see {self.log}")
        with open(self.log, "rb") as log:
            log.seek(at)
            return b"fully up and running" in log.read()

    def stop(self, how=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(90)

    def restart(self, how=signal.SIGTERM):
        self.stop(how)
        self.start()

    # REST

    def get(self, path):
        """Body of a GET, as text."""
        return self._send(urllib.request.Request(self.url + path))[1]

    def status(self, path, method="GET", crumb=True):
        """HTTP status of a request without body."""
        return self._send(self._request(path, method, None, None, crumb), check=False)[0]

    def reply(self, path):
        """HTTP status and body of a POST without body."""
        return self._send(self._request(path, "POST", None, None), check=False)

    def json(self, path):
        return json.loads(self.get(path))

    def post(self, path, data=None, content_type="application/x-www-form-urlencoded"):
        if isinstance(data, dict):
            data = urllib.parse.urlencode(data)
        return self._send(self._request(path, "POST", data or "", content_type))[1]

    def _request(self, path, method, data, content_type, crumb=True):
        request = urllib.request.Request(self.url + path, method=method)
        if method == "POST":
            request.data = (data or "").encode()
            request.add_header("Content-Type", content_type or "application/x-www-form-urlencoded")
            if crumb:
                if self.crumb is None:
                    self.crumb = self.json("/crumbIssuer/api/json")
                request.add_header(self.crumb["crumbRequestField"], self.crumb["crumb"])
        return request

    def _send(self, request, check=True):
        try:
            with self.opener.open(request, timeout=120) as reply:
                return reply.status, reply.read().decode("utf-8", "replace")
        except urllib.error.HTTPError as error:
            body = error.read().decode("utf-8", "replace")
            if check:
                raise AssertionError(f"{request.get_method()} {request.full_url}: {error.code} {body[:2000]}") from error
            return error.code, body

    def groovy(self, script):
        """Output of a script run on the controller."""
        return self.post("/scriptText", {"script": script})

    # Jobs

    def pipeline(self, name, script):
        self._create(name, "<flow-definition plugin='workflow-job'><definition "
                     "class='org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition' plugin='workflow-cps'>"
                     f"<script>{escape(script)}</script><sandbox>true</sandbox></definition></flow-definition>")

    def freestyle(self, name, shell, wrapper, label):
        self._create(name, f"<project><assignedNode>{label}</assignedNode><canRoam>false</canRoam>"
                     f"<builders><hudson.tasks.Shell><command>{escape(shell)}</command></hudson.tasks.Shell></builders>"
                     f"<buildWrappers>{wrapper}</buildWrappers></project>")

    def folder(self, name):
        self._create(name, "<com.cloudbees.hudson.plugins.folder.Folder plugin='cloudbees-folder'/>")

    def _create(self, name, xml):
        folder, _, leaf = name.rpartition("/")
        # Another test's, in the same run: each test has a job of its own.
        if self.status(f"{job_path(name)}/api/json") == 200:
            self.post(f"{job_path(name)}/doDelete")
        self.post(f"{job_path(folder) if folder else ''}/createItem?name={leaf}",
                  f"<?xml version='1.1' encoding='UTF-8'?>{xml}", "application/xml")

    def build(self, name):
        """Starts a build; its number."""
        number = self.json(f"{job_path(name)}/api/json?tree=nextBuildNumber")["nextBuildNumber"]
        self.post(f"{job_path(name)}/build?delay=0sec")
        return number

    def run(self, name, seconds=120):
        """Runs a build to its end: (result, console text)."""
        return self.finish(name, self.build(name), seconds)

    def finish(self, name, number, seconds=120):
        path = f"{job_path(name)}/{number}"

        def done():
            if self.status(f"{path}/api/json") != 200:
                return None
            build = self.json(f"{path}/api/json?tree=building,result")
            return build if not build["building"] else None

        build = wait_for(f"{name} #{number}", done, seconds)
        return build["result"], self.console(name, number)

    def console(self, name, number):
        path = f"{job_path(name)}/{number}/consoleText"
        return self.get(path) if self.status(path) == 200 else ""

    def wait_console(self, name, number, text, seconds=90):
        wait_for(f"'{text}' in {name} #{number}", lambda: text in self.console(name, number), seconds)

    def audit(self, name, number):
        """The plugin's record in the build's REST API; empty when there is none."""
        tree = "actions[leases[*],certificates[*],certificatesDropped,refusals[*]]"
        actions = self.json(f"{job_path(name)}/{number}/api/json?tree={tree}")["actions"]
        found = [action for action in actions if "certificates" in action]
        return found[0] if found else {"leases": [], "certificates": [], "refusals": []}


def job_path(name):
    return "".join(f"/job/{urllib.parse.quote(part)}" for part in name.split("/"))


class Agent:
    """An inbound agent over WebSocket, run as another user where that is possible."""

    def __init__(self, jenkins, name, directory, user):
        self.jenkins, self.name, self.user = jenkins, name, user
        self.directory, self.process = Path(directory), None
        # Further variables of its process.
        self.environment = {}
        # More options of its JVM.
        self.options = []
        # Beside its directory: the agent's user need not be able to read where our logs are.
        self.jar = self.directory.parent / "agent.jar"
        if not self.jar.exists():
            with urllib.request.urlopen(jenkins.url + "/jnlpJars/agent.jar", timeout=60) as reply:
                self.jar.write_bytes(reply.read())
            self.jar.chmod(0o644)
        self.directory.mkdir(parents=True, exist_ok=True)
        if user:
            shutil.chown(self.directory, user)

    def start(self):
        secret = self.jenkins.groovy(f"print jenkins.model.Jenkins.get().getComputer('{self.name}').getJnlpMac()").strip()
        assert re.fullmatch(r"[0-9a-f]{64}", secret), secret
        environment = {**os.environ, **self.environment}
        arguments = {}
        if self.user:
            entry = pwd.getpwnam(self.user)
            arguments = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
            environment.update(HOME=entry.pw_dir, USER=self.user)
        with open(self.jenkins.work / f"agent-{self.name}.log", "ab") as log:
            self.process = subprocess.Popen(
                self.command("-url", self.jenkins.url + "/", "-secret", secret, "-name", self.name, "-webSocket",
                             "-workDir", str(self.directory)),
                stdout=log, stderr=log, env=environment, cwd=self.directory, **arguments)
        self.wait_online()
        return self

    def command(self, *arguments):
        return ["java", "-Xmx256m", *self.options, "-jar", str(self.jar), *arguments]

    def wait_online(self, online=True):
        wait_for(f"agent {self.name} online={online}", lambda: self.jenkins.json(
            f"/computer/{self.name}/api/json?tree=offline")["offline"] != online)

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait(30)
        self.process = None

    def leases(self):
        """Directories of leases on this agent's disk."""
        return sorted(str(path) for path in self.directory.glob("workspace/*@tmp/machine-id-*"))
