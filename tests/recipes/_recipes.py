# SPDX-License-Identifier: MIT
"""
_recipes.py - where the recipes lie: the very files of examples/recipes are what these tests run.
"""
from pathlib import Path

from harness import *       # pylint: disable=wildcard-import,unused-wildcard-import

SOURCE = Path(os.environ["SOURCE"])
EXAMPLES = SOURCE / "examples" / "recipes"
DOCS = SOURCE / "docs" / "recipes"

CROFT_THERE = "/usr/local/bin/croft"


def installed(file, target):
    """A script of the examples with this croft in place of the one it names; that is all that differs."""
    text = read_file(file)
    true(CROFT_THERE in text, f"{file} does not name {CROFT_THERE}")
    return write_file(target, text.replace(CROFT_THERE, CROFT), 0o755)
