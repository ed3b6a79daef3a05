# SPDX-FileCopyrightText: The machine-id authors
# SPDX-License-Identifier: Apache-2.0
"""The pictures of the documents: `run.py --screenshots` plays the tests that take them, and copies what docs/images has."""

import shutil
import sys

from world import ROOT

IMAGES = ROOT / "docs/images"
# In the order of run.py. A new picture: its test here, and a first file of its name in docs/images.
TESTS = ("the_set_up_page_in_a_browser", "health_actions_in_a_browser", "each_page_as_each_person_sees_it")


def copy(output):
    """Replaces each picture by the one of that name; 1 if one of them wasn't taken."""
    pictures = sorted(IMAGES.rglob("*.png"))
    missing = [picture for picture in pictures if not (output / picture.name).exists()]
    for picture in pictures:
        if picture not in missing:
            shutil.copyfile(output / picture.name, picture)
    for picture in missing:
        print(f"{picture.relative_to(ROOT)}: no test took it", file=sys.stderr)
    print(f"{len(pictures) - len(missing)} pictures in {IMAGES.relative_to(ROOT)}")
    return 1 if missing else 0
