# SPDX-FileCopyrightText: The machine-id authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures of pages, and those that the documents show: `run.py --screenshots` plays the tests that take them, and copies
what docs/images has."""

import json
import shutil
import sys

from views import browse
from world import ROOT, Skipped

IMAGES = ROOT / "docs/images"
# Tests, or files of them. A new picture: its test here, and a first file of its name in docs/images.
TESTS = ("the_set_up_page_in_a_browser", "health_actions_in_a_browser", "crowd", "days", "each_page_as_each_person_sees_it")


def picture(world, pages, lines=""):
    """Pictures of pages in the order of a dict, each OUTPUT/NAME.png; where there is no browser it says so.

    `lines`: which of our metrics are shown, as a regular expression of what comes after the common beginning.
    """
    try:
        browse("pictures.mjs", world.jenkins.url, world.output, json.dumps(pages), lines)
    except Skipped as why:
        print(f"  no pictures: {why}")


def copy(output, all_of_them):
    """Replaces each picture by the one of that name; 1 if one of them wasn't taken, and all were to be."""
    pictures = sorted(IMAGES.rglob("*.png"))
    missing = [picture for picture in pictures if not (output / picture.name).exists()]
    for picture in pictures:
        if picture not in missing:
            shutil.copyfile(output / picture.name, picture)
    for picture in missing if all_of_them else ():
        print(f"{picture.relative_to(ROOT)}: no test took it", file=sys.stderr)
    print(f"{len(pictures) - len(missing)} pictures in {IMAGES.relative_to(ROOT)}")
    return 1 if missing and all_of_them else 0
