# SPDX-FileCopyrightText: The machine-id authors
# SPDX-License-Identifier: Apache-2.0
"""Identities that folders define for the jobs below them."""

import json
import subprocess
import urllib.parse
from contextlib import contextmanager

from attacks import PASSWORD, users
from jenkins import job_path, wait_for
from setup_page import PAGE
from statements import CONFIGURATION, RULE, stated
from rest import PACKAGE
from world import block, contains, equal, test

TEAM = "team-f"
ROLES = "<roles><string>stated-workers</string></roles>"
FORM = f"{PACKAGE}.folder.FolderIdentity"


def let(jenkins, *folders):
    """The cluster lets these folders define identities."""
    names = ", ".join(f"'{folder}'" for folder in folders)
    jenkins.groovy(f"""
        def cluster = {CONFIGURATION}.cluster('main')
        cluster.teleportName = 'example.test'
        cluster.allowedFolders = [{names}]
        {CONFIGURATION}.save()""")


def defined(id, more=ROLES):
    return f"<{FORM}><id>{id}</id><cluster>main</cluster>{more}</{FORM}>"


def folder_xml(*identities):
    return (f"<com.cloudbees.hudson.plugins.folder.Folder><properties><{PACKAGE}.folder.FolderIdentitiesProperty>"
            f"<identities>{''.join(identities)}</identities></{PACKAGE}.folder.FolderIdentitiesProperty></properties>"
            "</com.cloudbees.hudson.plugins.folder.Folder>")


@contextmanager
def team(world, *identities):
    """For so long there is a folder that defines these, and may."""
    with stated(world) as jenkins:
        let(jenkins, TEAM, f"{TEAM}/**")
        jenkins._create(TEAM, folder_xml(*identities))
        try:
            yield jenkins
        finally:
            jenkins.groovy(f"jenkins.model.Jenkins.get().getItem('{TEAM}')?.delete()")
            let(jenkins)


def job(jenkins, name, identity="mine", body="sh 'ls -l $MACHINE_ID_SSH_CONFIG'"):
    jenkins.pipeline(name, block(body, f"identity: '{identity}'", "stated"))
    return name


def fails(jenkins, name, *parts):
    result, log = jenkins.run(name)
    equal(result, "FAILURE", log)
    contains(log, *parts)
    return log


@test
def an_identity_of_a_folder_serves_the_jobs_below_it(world):
    with team(world, defined("mine", ROLES + "<tokenName>stated-folder</tokenName>")) as jenkins:
        result, log = jenkins.run(job(jenkins, f"{TEAM}/deploy"))
        equal(result, "SUCCESS", log)
        contains(log, "machine-id: identity 'team-f/mine' with roles stated-workers", "lease of 'team-f/mine' released")
        record = jenkins.audit(f"{TEAM}/deploy", 1)
        equal([lease["identity"] for lease in record["leases"]], ["team-f/mine"], "the build's record")
        fails(jenkins, job(jenkins, "outside-f"), "[policy_job]")
        # The cluster's rules name one job: this one is another.
        fails(jenkins, job(jenkins, f"{TEAM}/other"), "[join_rejected]", RULE)
        xml = jenkins.get(f"{job_path(TEAM)}/config.xml")
        contains(xml, "<id>mine</id>", "<tokenName>stated-folder</tokenName>")
        jenkins.post(f"{job_path(TEAM)}/config.xml", xml, "application/xml")
        equal(jenkins.get(f"{job_path(TEAM)}/config.xml"), xml, "config.xml")
        jenkins.groovy(f"jenkins.model.Jenkins.get().getItemByFullName('{TEAM}').doReload()")
        equal(jenkins.run(f"{TEAM}/deploy")[0], "SUCCESS")
        wait_for("all leases to be gone", lambda: not world.a3.leases(), 30)


@test
def the_nearest_folders_identity_counts(world):
    with team(world, defined("mine", ROLES + "<tokenName>stated-folder</tokenName>")) as jenkins:
        jenkins._create(f"{TEAM}/inner", folder_xml(defined("mine")))
        log = fails(jenkins, job(jenkins, f"{TEAM}/inner/deploy"), "[join_rejected]")
        # It is said which one: the outer one is asked for by its whole name.
        assert "stated-folder" not in log, log
        fails(jenkins, job(jenkins, f"{TEAM}/inner/outer", "team-f/mine"), "[join_rejected]", RULE)


@test
def a_block_ends_when_the_cluster_no_longer_lets_the_folder(world):
    with team(world, defined("mine", ROLES + "<tokenName>stated-folder</tokenName>")) as jenkins:
        job(jenkins, f"{TEAM}/deploy", body="sh 'echo in-$((40+2)); sleep 90'; echo 'never'")
        number = jenkins.build(f"{TEAM}/deploy")
        jenkins.wait_console(f"{TEAM}/deploy", number, "in-42")
        let(jenkins, "elsewhere")
        result, log = jenkins.finish(f"{TEAM}/deploy", number, 60)
        equal(result, "FAILURE", log)
        contains(log, "[policy_folder]")
        fails(jenkins, f"{TEAM}/deploy", "[policy_folder]")
        let(jenkins, TEAM)
        # What the folder itself takes back ends at once, too.
        number = jenkins.build(f"{TEAM}/deploy")
        jenkins.wait_console(f"{TEAM}/deploy", number, "in-42")
        jenkins.post(f"{job_path(TEAM)}/config.xml", folder_xml(defined("another")), "application/xml")
        result, log = jenkins.finish(f"{TEAM}/deploy", number, 60)
        equal(result, "FAILURE", log)
        contains(log, "[policy_job]")
        wait_for("all leases to be gone", lambda: not world.a3.leases(), 60)


@test
def a_block_of_a_folders_identity_outlives_the_controller(world):
    with team(world, defined("mine", ROLES + "<tokenName>stated-folder</tokenName>")) as jenkins:
        over = world.a3.directory / f"workspace/{TEAM}/deploy/over"
        job(jenkins, f"{TEAM}/deploy", body="sh 'rm -f over; echo in-$((40+2)); for i in $(seq 300); do [ -f over ] && break; "
            "sleep 1; done; ls -l $MACHINE_ID_SSH_CONFIG'")
        number = jenkins.build(f"{TEAM}/deploy")
        jenkins.wait_console(f"{TEAM}/deploy", number, "in-42")
        jenkins.restart()
        try:
            jenkins.wait_console(f"{TEAM}/deploy", number, "machine-id: lease of 'team-f/mine' taken again", 240)
        finally:
            over.touch()
        result, log = jenkins.finish(f"{TEAM}/deploy", number, 120)
        equal(result, "SUCCESS", log)
        wait_for("all leases to be gone", lambda: not world.a3.leases(), 30)


@contextmanager
def owner(jenkins):
    """A user who may configure the folder and what is below, and nothing else."""
    with users(jenkins, mallory=["jenkins.model.Jenkins.READ"]) as who:
        out = jenkins.groovy(f"""
            import org.jenkinsci.plugins.matrixauth.*
            def jenkins = jenkins.model.Jenkins.get()
            def strategy = new hudson.security.ProjectMatrixAuthorizationStrategy()
            jenkins.authorizationStrategy.grantedPermissionEntries.each {{ permission, entries ->
                entries.each {{ strategy.add(permission, it) }} }}
            jenkins.authorizationStrategy = strategy
            def property = new com.cloudbees.hudson.plugins.folder.properties.AuthorizationMatrixProperty([:])
            [hudson.model.Item.READ, hudson.model.Item.CONFIGURE, hudson.model.Item.EXTENDED_READ, hudson.model.Item.CREATE,
             hudson.model.Item.BUILD].each {{
                property.add(it, new PermissionEntry(AuthorizationType.USER, 'mallory')) }}
            jenkins.getItem('{TEAM}').addProperty(property)
            println 'OWNER'""")
        contains(out, "OWNER")
        yield who["mallory"]


def own(mallory, *identities):
    """The folder's configuration as its owner sends it, with these identities in place of what it had."""
    xml = mallory.get(f"{job_path(TEAM)}/config.xml")
    head, rest = xml.split("<identities>", 1)
    tail = rest.split("</identities>", 1)[1]
    equal(mallory.post(f"{job_path(TEAM)}/config.xml", f"{head}<identities>{''.join(identities)}</identities>{tail}",
                       "application/xml"), 200, "config.xml of the owner")


def submitted(identity):
    """The folder's form with one identity."""
    property = {"identities": [{"id": identity, "cluster": "main", "form": "gitlab", "maxTtl": "1h", "roles": "a, b"}]}
    return urllib.parse.urlencode({"json": json.dumps({
        "name": TEAM, "description": "", "displayNameOrNull": "",
        "icon": {"$class": "com.cloudbees.hudson.plugins.folder.icons.StockFolderIcon"},
        "io-jenkins-plugins-machineid-folder-FolderIdentitiesProperty": property})})


@test
def a26_who_configures_a_folder_becomes_no_other_teams_bot(world):
    """Their own identity, with the names of others' token, bot and identity; by form and by config.xml."""
    with team(world, defined("mine")) as jenkins, owner(jenkins) as mallory:
        own(mallory, defined("mine", ROLES + "<tokenName>stated</tokenName>"),
            defined("stated-scripted", ROLES + "<tokenName>stated</tokenName>"),
            defined("stated", ROLES + "<tokenName>stated</tokenName>"))
        for identity in ("mine", "stated-scripted"):
            fails(jenkins, job(jenkins, f"{TEAM}/as-{identity}", identity), "[join_rejected]", RULE)
        # An administrator's id: neither is used, by which name ever.
        for name, identity in (("short", "stated"), ("long", "team-f/stated")):
            fails(jenkins, job(jenkins, f"{TEAM}/{name}", identity), "[policy_identity_twice]")
        equal(jenkins.run(job(jenkins, "stated-scripted-2", "stated"))[0], "FAILURE", "no rule names it")
        # The form refuses it when it is saved.
        equal(mallory.post(f"{job_path(TEAM)}/configSubmit", submitted("stated")), 400, "saving an administrator's id")
        contains(mallory.get(f"{job_path(TEAM)}/configure"), "Machine identities (Teleport)", 'value="stated-scripted"')
        # Another folder is none of theirs, and the form tells them nothing of it.
        jenkins.folder("team-g")
        try:
            for method in ("fillClusterItems", "checkId?value=api&cluster=main", "checkCluster?value=main", "fillFormItems"):
                status, body = mallory.reply(f"{job_path('team-g')}/descriptorByName/{FORM}/{method}")
                nothing = status == 200 and "main" not in body and "error" not in body
                assert nothing or status in (403, 404), f"{method}: {status} {body}"
                equal(mallory.post(f"{job_path(TEAM)}/descriptorByName/{FORM}/{method}"), 200, method)
        finally:
            jenkins.groovy("jenkins.model.Jenkins.get().getItem('team-g').delete()")
        # An id of their own is saved; with it goes the permission, which this form leaves out.
        jenkins.post(f"{job_path(TEAM)}/configSubmit", submitted("mine"))
        contains(jenkins.get(f"{job_path(TEAM)}/config.xml"), "<id>mine</id>", "<form>gitlab</form>", "<string>b</string>")


@test
def what_folders_ask_for_is_on_the_set_up_page_and_for_their_owners(world):
    with team(world, defined("mine"), defined("stated")) as jenkins, owner(jenkins) as mallory:
        job(jenkins, f"{TEAM}/deploy")
        setup = {each["id"]: each for each in jenkins.json(PAGE + "api/json")["identities"]}
        equal(setup["team-f/mine"]["fault"], None)
        contains(setup["team-f/mine"]["yaml"], "name: team-f-mine-", "team-f:deploy@team-f/mine", "Folder 'team-f' asks for this")
        contains(setup["team-f/stated"]["fault"], "an administrator both define")
        contains(jenkins.get(PAGE), "team-f/mine")
        assert mallory.post(PAGE + "api/json") in (403, 404), "the administrators' page"
        theirs = json.loads(mallory.get(f"{job_path(TEAM)}/machine-id-setup/api/json"))["identities"]
        equal([each["id"] for each in theirs], ["team-f/mine", "team-f/stated"], "the folder's own page")
        equal(theirs[0]["yaml"], setup["team-f/mine"]["yaml"])
        contains(mallory.get(f"{job_path(TEAM)}/machine-id-setup/"), "team-f:deploy@team-f/mine", "jenkins-copy-button")
        contains(mallory.get(job_path(TEAM) + "/"), "machine-id-setup")
        # The field is there where it is of use, and nowhere else.
        contains(mallory.get(job_path(TEAM) + "/configure"), FORM + "/")
        jenkins.groovy("jenkins.model.Jenkins.get().createProject(com.cloudbees.hudson.plugins.folder.Folder, 'quiet')")
        assert FORM + "/" not in jenkins.get("/job/quiet/configure"), "a form where nothing may be defined"
        jenkins.groovy("jenkins.model.Jenkins.get().getItem('quiet').delete()")
        cli = world.output / "jenkins-cli.jar"
        with jenkins.opener.open(jenkins.url + "/jnlpJars/jenkins-cli.jar", timeout=60) as reply:
            cli.write_bytes(reply.read())

        def command(identity):
            done = subprocess.run(["java", "-jar", str(cli), "-s", jenkins.url, "-http", "-auth", f"mallory:{PASSWORD}",
                                   "machine-id-setup", identity], capture_output=True, text=True, timeout=120)
            return done.returncode, done.stdout, done.stderr

        code, out, err = command("team-f/mine")
        equal((code, out), (0, setup["team-f/mine"]["yaml"]), err)
        for other in ("stated", "team-g/mine"):
            code, out, err = command(other)
            assert code != 0 and not out, f"{other}: {out}"
        # Who may only read the folder sees none of it.
        left = jenkins.groovy(f"""
            def folder = jenkins.model.Jenkins.get().getItem('{TEAM}')
            def type = com.cloudbees.hudson.plugins.folder.properties.AuthorizationMatrixProperty
            def entries = folder.properties.get(type).grantedPermissionEntries
            def property = type.newInstance([:])
            entries.findAll {{ it.key != hudson.model.Item.CONFIGURE }}.each {{ permission, all -> all.each {{ property.add(permission, it) }} }}
            folder.properties.replace(property)
            println 'READER'""")
        contains(left, "READER")
        status = mallory.post(f"{job_path(TEAM)}/machine-id-setup/api/json")
        assert status in (403, 404), f"who may only read the folder: {status}"
        assert "machine-id-setup" not in mallory.get(job_path(TEAM) + "/"), "the link"
        code, out, err = command("team-f/mine")
        assert code != 0 and not out, out
