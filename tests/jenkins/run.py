#!/usr/bin/env python3
# SPDX-FileCopyrightText: The machine-id authors
# SPDX-License-Identifier: Apache-2.0
"""The .hpi in a real Jenkins: JENKINS_WAR=FILE JENKINS_PLUGINS=DIR tests/jenkins/run.py [NAME... | --attacks | --demo | --bench |
--screenshots [NAME...]], where a name is that of a test or of a file of them

Also read: HPI, TELEPORT_DOUBLE, OUTPUT (logs and screenshots), AGENT_USER, PLAYWRIGHT_CORE, CHROMIUM,
TELEPORT_BIN (a folder with teleport and tctl, for the tests that join a real one), LONG (set: the test of half an hour, too).
Needs nothing but Python; the browser part needs node, playwright-core and Chromium and says so where they are missing.
"""

import os
import re
import sys
import tempfile
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

import cost  # noqa: E402
import demo  # noqa: E402
from world import TESTS, Skipped, World  # noqa: E402

# In this order: later ones look at builds and logs of earlier ones.
import builds  # noqa: E402,F401
import containers  # noqa: E402,F401
import databases  # noqa: E402,F401
import losses  # noqa: E402,F401
import alpine  # noqa: E402,F401
import statements  # noqa: E402,F401
import signing_keys  # noqa: E402,F401
import credentials  # noqa: E402,F401
import folders  # noqa: E402,F401
import secured  # noqa: E402,F401
import rest  # noqa: E402,F401
import setup_page  # noqa: E402,F401
import trial  # noqa: E402,F401
import real_cluster  # noqa: E402,F401
import health  # noqa: E402,F401
import monitors  # noqa: E402,F401
import metrics  # noqa: E402,F401
import days  # noqa: E402,F401
import crowd  # noqa: E402,F401
import views  # noqa: E402,F401
import audit  # noqa: E402,F401
import pages  # noqa: E402,F401
import attacks  # noqa: E402,F401
import hostile_agents  # noqa: E402,F401
import pictures  # noqa: E402


def run(world, names):
    failed, skipped = [], []
    for one in TESTS:
        if names == ["--attacks"] and not re.match(r"a\d\d_", one.__name__):
            continue
        if names and names != ["--attacks"] and not {one.__name__, one.__module__} & set(names):
            continue
        begun = time.monotonic()
        verdict = "ok"
        try:
            one(world)
        except Skipped as why:
            skipped.append(one.__name__)
            verdict = "SKIPPED"
            print(f"  {why}")
        except Exception:  # the other tests still tell something
            traceback.print_exc()
            failed.append(one.__name__)
            verdict = "FAILED"
        print(f"{verdict:7} {time.monotonic() - begun:6.1f} s  {one.__name__.replace('_', ' ')}", flush=True)
    print(f"{len(failed)} failed, {len(skipped)} skipped; logs and screenshots in {world.output}")
    return 1 if failed else 0


def main(arguments):
    missing = [name for name in ("JENKINS_WAR", "JENKINS_PLUGINS") if not os.environ.get(name)]
    wanted = " and ".join(missing) + " (a jenkins.war, a folder of .hpi or .jpi files)"
    if missing and "--demo" in arguments:
        print(f"the demo in a real Jenkins needs {wanted}", file=sys.stderr)
        return 2
    if missing:
        print(f"SKIPPED: the tests in a real Jenkins; give {wanted}")
        return 0
    output = Path(os.environ.get("OUTPUT") or tempfile.mkdtemp(prefix="machine-id-jenkins-")).resolve()
    output.mkdir(parents=True, exist_ok=True)
    world = World(output)
    try:
        if "--demo" in arguments:
            return demo.run(world)
        if "--bench" in arguments:
            return cost.run(world)
        world.start()
        if "--screenshots" in arguments:
            names = [name for name in arguments if name != "--screenshots"]
            return run(world, names or list(pictures.TESTS)) or pictures.copy(output, not names)
        return run(world, arguments)
    finally:
        world.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
