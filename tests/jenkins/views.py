# SPDX-FileCopyrightText: The machine-id authors
# SPDX-License-Identifier: Apache-2.0
"""Each page of ours as four people see it, with screenshots, and what the forms do in a browser."""

import json
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

from attacks import CONFIGURATION, LOOK, PACKAGE, PASSWORD, users
from world import Skipped, block, contains, equal, test

HERE = Path(__file__).resolve().parent
ROLES = {
    "viewer": (*LOOK, "jenkins.model.Jenkins.SYSTEM_READ", "hudson.model.Item.EXTENDED_READ", "hudson.model.Computer.EXTENDED_READ"),
    "agents": (*LOOK, "hudson.model.Computer.CONFIGURE", "hudson.model.Computer.EXTENDED_READ"),
    "jobs": (*LOOK, "hudson.model.Item.CONFIGURE", "hudson.model.Item.EXTENDED_READ"),
}


def browse(script, *arguments):
    if not shutil.which("node"):
        raise Skipped("node is not installed")
    run = subprocess.run(["node", HERE / script, *map(str, arguments)], capture_output=True, text=True, timeout=600, check=False)
    if run.returncode == 3:
        raise Skipped(run.stdout.strip())
    print("  " + run.stdout.strip().replace('},{', '},\n   {'))
    equal(run.returncode, 0, run.stdout + run.stderr)


@contextmanager
def two_identities(jenkins):
    """For so long there are those alone in which nothing is missing, whatever other tests have configured."""
    jenkins.groovy(f"""
        def c = {CONFIGURATION}
        System.properties.put('machine-id-kept', c.identities)
        c.identities = c.identities.findAll {{ it.id in ['api', 'each'] }}""")
    try:
        yield
    finally:
        jenkins.groovy(f"{CONFIGURATION}.identities = System.properties.remove('machine-id-kept')")


def places(world):
    """A folder with an identity, a pipeline and a freestyle job, with a build: the paths of their pages."""
    jenkins = world.jenkins
    if jenkins.status("/job/shown/") != 200:
        jenkins.folder("shown")
        jenkins.pipeline("allowed-shown", block(f"sh '{world.ssh('true')}'"))
        jenkins.freestyle("allowed-shown-freestyle", "true",
                          f"<{PACKAGE}.step.MachineIdBuildWrapper><identity>api</identity></{PACKAGE}.step.MachineIdBuildWrapper>", "api")
        result, log = jenkins.run("allowed-shown")
        equal(result, "SUCCESS", log)
        jenkins.groovy(f"""
            def c = {CONFIGURATION}
            c.clusters.each {{ it.allowedFolders = ['shown'] }}
            c.save()
            def folder = jenkins.model.Jenkins.get().getItem('shown')
            def property = new {PACKAGE}.folder.FolderIdentitiesProperty()
            property.identities = [new {PACKAGE}.folder.FolderIdentity('deploy', 'main')]
            folder.addProperty(property)""")
    return {"system": "/manage/configure", "agent": "/computer/a1/configure", "folder": "/job/shown/configure",
            "folder-setup": "/job/shown/machine-id-setup/", "freestyle": "/job/allowed-shown-freestyle/configure",
            "generator": "/job/allowed-shown/pipeline-syntax/", "setup": "/manage/machine-id-setup/",
            "monitors": "/administrativeMonitor/machine-id/", "health": "/manage/machine-id/",
            "node-health": "/computer/a1/machine-id/",
            "build": "/job/allowed-shown/1/", "audit": "/job/allowed-shown/1/machine-id/"}


@test
def each_page_as_each_person_sees_it(world):
    jenkins, pages = world.jenkins, places(world)
    jenkins.groovy("[jenkins.model.Jenkins.SYSTEM_READ, hudson.model.Item.EXTENDED_READ, hudson.model.Computer.EXTENDED_READ]"
                   ".each { it.enabled = true }")
    # Who has only the one right sees no others' pages at all.
    sees = {"admin": list(pages), "viewer": ["system", "monitors", "health", "node-health", "agent", "folder", "freestyle", "build", "audit"],
            "agents": ["agent", "node-health", "build", "audit"], "jobs": ["folder", "folder-setup", "freestyle", "generator", "build", "audit"]}
    with two_identities(jenkins), users(jenkins, **ROLES):
        plan = [{"role": role, "password": PASSWORD, "pages": {name: pages[name] for name in names}} for role, names in sees.items()]
        browse("views.mjs", jenkins.url, world.output, json.dumps(plan))


@test
def forms_help_whoever_fills_them(world):
    pages = places(world)
    with two_identities(world.jenkins):
        browse("forms.mjs", world.jenkins.url, world.output, pages["freestyle"], pages["generator"], pages["agent"], pages["folder"])
    # Nothing of it was saved.
    kept = world.jenkins.groovy(f"print {CONFIGURATION}.clusters*.name + {CONFIGURATION}.identities*.id")
    contains(kept, "main", "api")
    assert "fresh" not in kept, kept
