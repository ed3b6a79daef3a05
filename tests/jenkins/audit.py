# SPDX-FileCopyrightText: The machine-id authors
# SPDX-License-Identifier: Apache-2.0
"""A build's page of machine identities, its downloads and who may see it, and the log of events on the controller."""

import csv
import io
import json
import re
import stat
import urllib.error

from attacks import users
from jenkins import wait_for
from world import block, contains, equal, test

PACKAGE = "io.jenkins.plugins.machineid"
CONFIGURATION = f"{PACKAGE}.config.MachineIdConfiguration.get()"
READ = ("jenkins.model.Jenkins.READ",)


def audited(world, job):
    """A build with a lease and a refusal; the path of its page. The log keeps what a job of the same name did before."""
    jenkins = world.jenkins
    jenkins.pipeline(job, block(
        "sh 'true'; catchError { withMachineId(identity: 'api', roles: ['=cmd|calc']) { } }"))
    number = jenkins.build(job)
    _, log = jenkins.finish(job, number)
    contains(log, "[policy_role]")
    # It may be at hand from a build before.
    assert re.search(r"on agent a1, (by|.*,) join method token", log), log
    return f"/job/{job}/{number}/", number


def log_file(world):
    return world.jenkins.home / "logs/machine-id/audit.jsonl"


def events(world, job, number):
    if not log_file(world).exists():
        return []
    lines = [json.loads(line) for line in log_file(world).read_text().splitlines()]
    return [line for line in lines if line.get("job") == job and line.get("build") == number]


def answer(person, path):
    try:
        with person.opener.open(person.jenkins.url + path, timeout=60) as reply:
            return reply.status, reply.headers, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode("utf-8", "replace")


@test
def a_builds_record_is_for_who_may_read_the_job(world):
    build, number = audited(world, "allowed-audited")
    with users(world.jenkins, reads=(*READ, "hudson.model.Item.READ"), looks=READ, sees=(*READ, "hudson.model.Item.DISCOVER")) as people:
        for path in ("", "csv", "json", "api/json"):
            for name in ("looks", "sees"):
                status, _, body = answer(people[name], build + "machine-id/" + path)
                assert status in (403, 404) and "bot-api" not in body, f"{name} {path}: {status}"
            equal(answer(people["reads"], build + "machine-id/" + path)[0], 200, path)
        page = people["reads"].get(build)
        contains(page, "api as bot-api on a1: roles api-workers, 2 certificates", "machine-id-refusal", "machine-id/")
        page = people["reads"].get(build + "machine-id/")
        contains(page, "machine-id-leases", "machine-id-certificates", "machine-id-refusals", "sortable", "jq -c ")
        _, headers, text = answer(people["reads"], build + "machine-id/csv")
        equal(headers["Content-Type"].lower().replace(" ", ""), "text/csv;charset=utf-8")
        equal(headers["Content-Disposition"], f'attachment; filename="machine-id-allowed-audited-{number}.csv"')
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        equal([row["record"] for row in rows], ["lease", "certificate", "certificate", "refusal"])
        assert not [cell for row in rows for cell in row.values() if cell[:1] in tuple("=+-@\t\r")], rows
        _, headers, text = answer(people["reads"], build + "machine-id/json")
        equal(headers["Content-Type"].lower().replace(" ", ""), "application/json;charset=utf-8")
        equal([record["record"] for record in json.loads(text)], [row["record"] for row in rows])
        for text in (page, text):
            assert world.cluster["token"] not in text and "PRIVATE KEY" not in text
    # Only reading: a form's POST is no way to them.
    for path in ("csv", "json"):
        assert world.jenkins.status(build + "machine-id/" + path, "POST") in (404, 405), path


@test
def each_event_is_in_the_log_on_the_controller(world):
    _, number = audited(world, "allowed-logged")
    wait_for("the events", lambda: "refused" in [one["event"] for one in events(world, "allowed-logged", number)]
             and "released" in [one["event"] for one in events(world, "allowed-logged", number)], 30)
    seen = events(world, "allowed-logged", number)
    equal(sorted(one["event"] for one in seen), ["issued", "issued", "refused", "released"])
    issued = next(one for one in seen if one["event"] == "issued")
    record = world.jenkins.audit("allowed-logged", number)
    assert issued["fingerprint"] in [one["fingerprint"] for one in record["certificates"]], issued
    equal((issued["agent"], issued["identity"], issued["key_id"]), ("a1", "api", "bot-api"))
    equal(next(one for one in seen if one["event"] == "refused")["rule"], "policy_role")
    equal(next(one for one in seen if one["event"] == "released")["directory"], "removed")
    equal(stat.S_IMODE(log_file(world).stat().st_mode), 0o600)
    equal(stat.S_IMODE(log_file(world).parent.stat().st_mode), 0o700)
    text = log_file(world).read_text()
    assert world.cluster["token"] not in text and "PRIVATE KEY" not in text


def switch_log(world, on):
    """By Configuration as Code where it is there."""
    jenkins = world.jenkins
    if not (jenkins.home / "plugins/configuration-as-code.jpi").exists():
        jenkins.groovy(f"{CONFIGURATION}.auditLog = {on}")
        return
    path = world.output / "audit.yaml"
    path.write_text(f"unclassified:\n  machineId:\n    auditLog: {on}\n")
    out = jenkins.groovy(f"io.jenkins.plugins.casc.ConfigurationAsCode.get().configure('{path}')")
    assert "Exception" not in out, out
    contains(jenkins.post("/manage/configuration-as-code/export"), f"auditLog: {on}", 'id: "api"')
    contains((jenkins.home / f"{PACKAGE}.config.MachineIdConfiguration.xml").read_text(), "<id>api</id>",
             "auditLogOff>true" if on == "false" else "auditLogOff>false")


@test
def the_log_can_be_off_and_a_log_that_cannot_be_written_stops_no_build(world):
    jenkins = world.jenkins
    jenkins.pipeline("allowed-log", block("sh 'true'"))
    switch_log(world, "false")
    try:
        contains(jenkins.get("/manage/configure"), "_.auditLog")
        number = jenkins.build("allowed-log")
        equal(jenkins.finish("allowed-log", number)[0], "SUCCESS")
    finally:
        switch_log(world, "true")
    equal(events(world, "allowed-log", number), [])
    # In the log's way is a directory: as with a full disk, nothing can be written.
    kept = log_file(world).with_suffix(".kept")
    log_file(world).rename(kept)
    log_file(world).mkdir()
    try:
        for _ in range(2):
            result, log = jenkins.run("allowed-log")
            equal(result, "SUCCESS", log)
    finally:
        log_file(world).rmdir()
        kept.rename(log_file(world))
    controller = jenkins.log.read_text(errors="replace")
    equal(controller.count("the log of machine identities can't be written"), 1)
    number = jenkins.build("allowed-log")
    equal(jenkins.finish("allowed-log", number)[0], "SUCCESS")
    wait_for("the log to go on", lambda: events(world, "allowed-log", number), 30)
    lost = [json.loads(line) for line in log_file(world).read_text().splitlines() if '"lost"' in line]
    assert lost and lost[-1]["count"] >= 6, lost


@test
def a_listener_that_hangs_or_throws_stops_no_build(world):
    jenkins = world.jenkins
    jenkins.pipeline("allowed-listener", block("sh 'true'"))
    out = jenkins.groovy(f"""
        class Hanging extends {PACKAGE}.audit.MachineIdListener {{
            void onEvent({PACKAGE}.audit.MachineIdEvent event) {{ System.properties['machine-id-heard'] = event.json(); sleep 600000 }} }}
        class Throwing extends {PACKAGE}.audit.MachineIdListener {{
            void onEvent({PACKAGE}.audit.MachineIdEvent event) {{ throw new Error('in a test') }} }}
        def list = hudson.ExtensionList.lookup({PACKAGE}.audit.MachineIdListener)
        def before = list.size()
        list.add(0, new Hanging())
        list.add(0, new Throwing())
        print list.size() - before""")
    equal(out.strip(), "2")
    try:
        number = jenkins.build("allowed-listener")
        result, log = jenkins.finish("allowed-listener", number, 60)
        equal(result, "SUCCESS", log)
        wait_for("the log, which is told beside them", lambda: "released" in [
            one["event"] for one in events(world, "allowed-listener", number)], 30)
        contains(jenkins.groovy("print System.properties['machine-id-heard']"), '"event":"issued"')
    finally:
        jenkins.groovy(f"""
            def list = hudson.ExtensionList.lookup({PACKAGE}.audit.MachineIdListener)
            list.findAll {{ it.class.simpleName in ['Hanging', 'Throwing'] }}.each {{ list.remove(it) }}""")
