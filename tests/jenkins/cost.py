# SPDX-FileCopyrightText: The machine-id authors
# SPDX-License-Identifier: Apache-2.0
"""What a block costs in a pipeline, beside Pipeline's own `withEnv` in the same build: rows for `make bench`.

BRIDGES names the roads to the library that the agent takes, `jni` unless it is set; BLOCKS how many of each (100).
"""

import json
import os
import re
import statistics

# As many of one kind in a row, then of the next: what else the machine does hits all of them.
TURN = 10
KINDS = {
    "withEnv([]) { }": "withEnv([]) { }",
    "withEnv(['A=1']) { }": "withEnv(['A=1']) { }",
    "withMachineId { }": "withMachineId(identity: 'api') { }",
}
EMPTY, ENV, BLOCK = KINDS
BUDGET = 10


def pipeline(turns, each, kinds):
    """A build that says after each turn how many milliseconds it took."""
    timed = "".join(
        f"begin = System.currentTimeMillis(); for (int i = 0; i < {each}; i++) {{ {statement} }}; "
        f"said << System.currentTimeMillis() - begin; " for statement in kinds)
    return (f"node('api') {{ long begin = 0; for (int turn = 0; turn < {turns}; turn++) {{ "
            f"def said = []; {timed} echo \"took ${{said.join(' ')}}\" }} }}")


def measured(world, name, turns, each, kinds):
    """Milliseconds per block, of each turn, by kind."""
    world.jenkins.pipeline(name, pipeline(turns, each, kinds))
    result, log = world.jenkins.run(name, 900)
    assert result == "SUCCESS", log
    lines = [[int(word) / each for word in line.split()] for line in re.findall(r"^took ([\d ]+)$", log, re.M)]
    assert len(lines) == turns and all(len(line) == len(kinds) for line in lines), log
    return [list(column) for column in zip(*lines)]


def run(world):
    """All rows, printed and written to `cost.json`."""
    world.start()
    blocks = int(os.environ.get("BLOCKS") or 100)
    rows = []
    for bridge in (os.environ.get("BRIDGES") or "jni").split():
        world.a1.kill()
        world.a1.wait_online(False)
        world.a1.options = [] if bridge == "jni" else [f"-Dmachineid.bridge={bridge}"]
        world.a1.start()
        rows += of_bridge(world, bridge, blocks)
    (world.output / "cost.json").write_text(json.dumps(rows, indent=2))
    for row in rows:
        print(f"{row['what']:60} {row['unit']:>3} {statistics.median(row['ours']):8.1f}"
              + (f" {statistics.median(row['beside']):8.1f}  {row['beside_is']}" if row["beside"] else f"  {row['note']}"), flush=True)
    return 0


def of_bridge(world, bridge, blocks):
    kinds = list(KINDS.values())
    # The first block of the agent's process: classes and library come, the bot joins.
    env, first = measured(world, "allowed-cost-first", 1, 1, [KINDS[EMPTY], KINDS[BLOCK]])
    turns = max(1, blocks // TURN)
    cold = dict(zip(KINDS, measured(world, "allowed-cost", turns, TURN, kinds)))
    for _ in range(2):
        measured(world, "allowed-cost", turns, TURN, kinds)
    warm = dict(zip(KINDS, measured(world, "allowed-cost", turns, TURN, kinds)))
    (shell,) = measured(world, "allowed-cost-shell", 3, 3, ["sh 'true'"])
    world.no_leases_left()

    def row(what, ours, beside=(), beside_is="", note=""):
        return {"what": what, "unit": "ms", "ours": list(ours), "beside": list(beside), "beside_is": beside_is, "note": note}

    over = [ours - theirs for ours, theirs in zip(warm[BLOCK], warm[ENV])]
    return [
        row(f"first withMachineId of an agent's process, {bridge}", first, env, "first withEnv([])"),
        row(f"withMachineId, the first {turns * TURN} of an agent's process, {bridge}", cold[BLOCK], cold[EMPTY], EMPTY),
        row(f"withMachineId, {turns * TURN} warm, {bridge}", warm[BLOCK], warm[EMPTY], EMPTY),
        row(f"  the same over {ENV}", over, note=f"budget {BUDGET} ms"),
        row(f"  {ENV}", warm[ENV], warm[EMPTY], EMPTY),
        row("  sh 'true'", shell, note="for comparison"),
    ]
