# SPDX-FileCopyrightText: The machine-id authors
# SPDX-License-Identifier: Apache-2.0
"""The numbers of the controller, as the plugins Metrics and Prometheus show them, and as a real Prometheus takes them."""

import json
import re
import shutil
import subprocess
import urllib.error
import urllib.request

from jenkins import free_port, wait_for
from world import ROOT, Skipped, block, equal, test

OURS = re.compile(r"^(?:# (?:HELP|TYPE) )?jenkins_machine_id_.*\n", re.M)
# The plugin collects each two minutes.
COLLECTED = 300


def plugin(jenkins, name):
    plugins = jenkins.json("/pluginManager/api/json?depth=1&tree=plugins[shortName,active]")["plugins"]
    if not any(one["shortName"] == name and one["active"] for one in plugins):
        raise Skipped(f"the plugin {name} isn't there")


def numbers(jenkins):
    """By the names of the Metrics plugin."""
    out = jenkins.groovy("""
        def all = jenkins.metrics.api.Metrics.metricRegistry()
        def ours = { name, metric -> name.startsWith('jenkins.machine_id.') }
        def said = [:]
        all.gauges.findAll(ours).each { name, gauge -> said[name] = gauge.value }
        all.meters.findAll(ours).each { name, meter -> said[name] = meter.count }
        all.timers.findAll(ours).each { name, timer -> said[name] = timer.count }
        println groovy.json.JsonOutput.toJson(said)""")
    return {name.removeprefix("jenkins.machine_id."): value for name, value in json.loads(out).items()}


def shown(jenkins):
    """Our lines of what the Prometheus plugin serves."""
    return "".join(OURS.findall(jenkins.get("/prometheus/")))


@test
def metrics_are_given_to_the_metrics_plugin(world):
    jenkins = world.jenkins
    plugin(jenkins, "metrics")
    before = wait_for("the gauges of identities", lambda: (lambda all_of: "identity_api_failing" in all_of and all_of)(numbers(jenkins)), 120)
    jenkins.pipeline("allowed-counted", block("sh 'true'"))
    equal(jenkins.run("allowed-counted")[0], "SUCCESS")
    counted = ("acquire_duration_seconds", "leases_released")
    wait_for("the counts", lambda: all(numbers(jenkins)[name] == before[name] + 1 for name in counted), 60)
    # An identity that comes and goes.
    jenkins.groovy("""
        def c = io.jenkins.plugins.machineid.config.MachineIdConfiguration.get()
        c.identities = c.identities + new io.jenkins.plugins.machineid.config.Identity('come-and-gone', 'main')""")
    assert "identity_come_and_gone_failing" in numbers(jenkins)
    jenkins.groovy("""
        def c = io.jenkins.plugins.machineid.config.MachineIdConfiguration.get()
        c.identities = c.identities.findAll { it.id != 'come-and-gone' }""")
    assert "identity_come_and_gone_failing" not in numbers(jenkins)


@test
def metrics_are_shown_by_the_prometheus_plugin_and_its_own_tool_finds_nothing(world):
    jenkins = world.jenkins
    plugin(jenkins, "prometheus")
    text = wait_for("our metrics", lambda: shown(jenkins), COLLECTED, 5)
    for name, kind in (("leases", "gauge"), ("acquire_duration_seconds", "summary"), ("statements_signed_total", "counter"),
                       ("warnings_locked", "gauge"), ("identity_api_failing", "gauge")):
        assert f"# TYPE jenkins_machine_id_{name} {kind}\n" in text, text
    if not shutil.which("promtool"):
        raise Skipped("promtool isn't installed (Debian's package prometheus): the metrics weren't checked by it")
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=60, check=False)
    equal((checked.returncode, checked.stdout + checked.stderr), (0, ""), text)


@test
def metrics_are_scraped_by_a_real_prometheus(world):
    jenkins = world.jenkins
    plugin(jenkins, "prometheus")
    if not shutil.which("prometheus"):
        raise Skipped("prometheus isn't installed (Debian's package)")
    wait_for("our metrics", lambda: shown(jenkins), COLLECTED, 5)
    home, port = world.output / "prometheus", free_port()
    home.mkdir()
    (home / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s, evaluation_interval: 1s}\n"
        f"rule_files: ['{ROOT}/docs/metrics/alerts.yaml']\n"
        "scrape_configs: [{job_name: jenkins, metrics_path: /prometheus/, "
        f"static_configs: [{{targets: ['127.0.0.1:{jenkins.port}']}}]}}]\n")
    world.spawn("prometheus", ["prometheus", f"--config.file={home}/prometheus.yml", f"--storage.tsdb.path={home}/data",
                               f"--web.listen-address=127.0.0.1:{port}"])

    def value(expression):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/query?query={expression}", timeout=10) as reply:
                result = json.load(reply)["data"]["result"]
        except (urllib.error.URLError, ConnectionError):
            return None
        return float(result[0]["value"][1]) if result else None

    try:
        wait_for("the first scrape", lambda: value("up") == 1, 120)
        wait_for("our gauge", lambda: value("jenkins_machine_id_leases") is not None, 60)
        wait_for("the time left", lambda: value("jenkins_machine_id_identity_api_remaining_seconds"), 60)
        equal(value("jenkins_machine_id_warnings_locked"), 0)
    finally:
        world.processes.pop("prometheus").kill()
