# SPDX-FileCopyrightText: The machine-id authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures of pages, and those that the documents show: PICTURES=1 puts the new ones in their place."""

import json
import re
import shutil

from views import browse
from world import ROOT, Skipped


def picture(world, pages, lines=""):
    """Pictures of pages in the order of a dict, each OUTPUT/NAME.png; where there is no browser it says so.

    `lines`: which of our metrics are shown, as a regular expression of what comes after the common beginning.
    """
    try:
        browse("pictures.mjs", world.jenkins.url, world.output, json.dumps(pages), lines)
    except Skipped as why:
        print(f"  no pictures: {why}")


def replace(output):
    """Puts what was made in the place of what the documents show of the same name."""
    for page in sorted((ROOT / "docs").rglob("*.md")):
        for place in re.findall(r"\]\(((?:\.\./)*images/[^)\s]+\.png)\)", page.read_text()):
            made, shown = output / place.rsplit("/", 1)[1], (page.parent / place).resolve()
            if made.exists():
                shown.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(made, shown)
                print(f"replaced {shown.relative_to(ROOT)}")
