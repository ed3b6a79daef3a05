# SPDX-FileCopyrightText: The machine-id authors
# SPDX-License-Identifier: Apache-2.0
"""What to create in a cluster, as Manage Jenkins, REST and the command line of Jenkins show it."""

import html
import json
import re
import subprocess
from contextlib import contextmanager

from rest import PACKAGE, only_a_reader
from world import contains, equal, test

PAGE = "/manage/machine-id-setup/"


@contextmanager
def signed_identity(jenkins):
    """For so long there is an identity that this Jenkins signs for, allowed to two jobs that nobody has made."""
    jenkins.groovy(f"""
        def ours = {PACKAGE}.config.MachineIdConfiguration.get()
        if (ours.cluster('vouched') == null) {{
            ours.clusters = ours.clusters + new {PACKAGE}.config.Cluster('vouched', 'vouched.example.com:443') }}
        def join = new {PACKAGE}.join.JenkinsJoin()
        join.tokenName = 'jenkins-signed'
        def identity = new {PACKAGE}.config.Identity('signed', 'vouched')
        identity.join = join
        identity.roles = ['deployers']
        identity.allowedJobs = ['team-a/<b>app', 'tool']
        ours.identities = ours.identities.findAll {{ it.id != 'signed' }} + identity""")
    try:
        yield
    finally:
        jenkins.groovy(f"""
            def ours = {PACKAGE}.config.MachineIdConfiguration.get()
            ours.identities = ours.identities.findAll {{ it.id != 'signed' }}
            ours.clusters = ours.clusters.findAll {{ it.name != 'vouched' }}""")


def told(jenkins):
    everything = jenkins.json(PAGE + "api/json")
    return next(each for each in everything["identities"] if each["id"] == "signed"), everything["keys"]


@test
def the_set_up_page_shows_what_to_create(world):
    jenkins = world.jenkins
    with signed_identity(jenkins):
        setup, keys = told(jenkins)
        equal(setup["fault"], None, "fault")
        contains(setup["yaml"], "kind: bot", "kind: token", "name: jenkins-signed", "join_method: kubernetes",
                 'service_account: "team-a:<b>app@signed"', 'service_account: "-:tool@signed"', '"kty":"RSA"')
        assert '"d"' not in setup["yaml"], "a private key"
        equal(setup["form"], "kubernetes", "what is chosen where nobody chose")
        contains(setup["wire"], "Sent as join method kubernetes; Teleport accepts it from version 12.4, 13.4 or 14 on")
        contains(setup["roles"], "kind: role", "name: deployers")
        contains(setup["terraform"], 'resource "teleport_provision_token" "jenkins-signed" {')
        page = jenkins.get(PAGE)
        assert "<b>app" not in page, "a job's name is markup"
        for text in ("yaml", "roles", "terraform", "terraformRoles", "commands"):
            shown = re.findall(r'<pre [^>]*id="text-signed-[a-z-]+"[^>]*>(.*?)</pre>', page, re.S)
            assert setup[text] in [html.unescape(each) for each in shown], f"{text} is not on the page as it is"
        contains(page, "12.4, 13.4 or 14", "jenkins-copy-button", keys["step"])
        for script in re.findall(r"<script[^>]*>(.*?)</script>", page[page.index('id="identity-signed"'):page.index('id="machine-id-forms"')], re.S):
            assert not script.strip(), f"an inline script: {script}"
        contains(jenkins.get("/manage/machine-id/"), "/manage/machine-id-setup/")
        # Somebody has removed the identity since the page was opened.
        for name in ("try", "look"):
            status, body = jenkins.reply(PAGE + f"{name}?identity=removed&job=tool&agent=")
            equal(status, 200, name)
            contains(html.unescape(body), "identity 'removed' is not configured")


@test
def the_set_up_texts_come_from_the_command_line_of_jenkins(world):
    jenkins = world.jenkins
    cli = world.output / "jenkins-cli.jar"
    with jenkins.opener.open(jenkins.url + "/jnlpJars/jenkins-cli.jar", timeout=60) as reply:
        cli.write_bytes(reply.read())

    def command(*arguments):
        done = subprocess.run(["java", "-jar", str(cli), "-s", jenkins.url, "-http", "machine-id-setup", *arguments],
                              capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout, done.stderr

    with signed_identity(jenkins):
        setup, _ = told(jenkins)
        equal(command("signed"), (0, setup["yaml"], ""), "YAML")
        equal(command("--roles", "signed")[1], setup["roles"], "roles")
        equal(command("--terraform", "signed")[1], setup["terraform"], "Terraform")
        code, out, error = command("nobody")
        assert code == 1 and not out and "nobody" in error, (code, out, error)


@test
def the_set_up_page_is_for_administrators_and_a_step_needs_a_click(world):
    jenkins = world.jenkins
    with signed_identity(jenkins):
        before, keys = told(jenkins)
        equal(keys["step"], "PUBLISH", "step")
        assert jenkins.status(PAGE + "rotate?step=PUBLISH") in (404, 405), "GET of a step"
        equal(jenkins.status(PAGE + "rotate?step=PUBLISH", "POST", crumb=False), 403, "a step without crumb")
        equal(told(jenkins), (before, keys), "what a refused step has changed")
        with only_a_reader(jenkins):
            for path in (PAGE, PAGE + "api/json", "/machine-id-setup/api/json", PAGE + "identities/0/", PAGE + "keys/"):
                equal(jenkins.status(path), 403, path)
            equal(jenkins.status(PAGE + "rotate?step=PUBLISH", "POST"), 403, "a step by a reader")
            assert "machine-id-setup" not in jenkins.get("/"), "a link for a reader"
        for step, keys_there in (("PUBLISH", 2), ("SIGN", 2), ("DROP", 1)):
            jenkins.post(PAGE + "rotate", {"step": step})
            # A second click finds the next step.
            status, body = jenkins.reply(PAGE + f"rotate?step={step}")
            assert status != 200 or "issuer_step" in body, (status, body[:500])
            after, state = told(jenkins)
            equal(len(re.findall(r'"kid"', after["yaml"])), keys_there, f"keys after {step}")
            contains(json.dumps(state), "jenkins-signed" if step != "DROP" else "signs since")
        assert after["yaml"] != before["yaml"], "the key is another one"
