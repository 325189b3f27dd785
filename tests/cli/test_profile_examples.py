#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_profile_examples.py - what the pages of docs/keys show is what croft reads: each example as it stands
there, and the words "How it fails" of a page by a file that fails.

The pages make the manual page and the schema; an example that is refused would be the first thing that a
reader tries.
"""
import glob
import textwrap

from _cli import *      # pylint: disable=wildcard-import,unused-wildcard-import

SOURCE = os.environ.get("SOURCE", os.path.dirname(TESTS))
PAGES = sorted(glob.glob(os.path.join(SOURCE, "docs", "keys", "*.md")))


def example_of(page):
    """The first example of a page as a whole file of version 2."""
    part = read_file(page).partition("\n## Example\n")[2].partition("\n## ")[0]
    lines = [line for line in part.split("\n") if line.startswith("    ") or not line]
    text = textwrap.dedent("\n".join(lines)).strip("\n")
    true(text, f"{page} has no example")
    if not re.search("^profiles:", text, re.M):
        text = "version: 2\nprofiles:\n  p:\n" + textwrap.indent(text, "    ")
    return text + "\n"


def shown(path, *options):
    return succeeds(run_croft("profile", "show", *options, path)).out


def names_of(text):
    """The profiles of a file."""
    return re.findall(r"^  ([\w-]+):", text.partition("profiles:")[2], re.M)


@test("there is a page for each key that is printed, and each has an example")
def _():
    true(len(PAGES) > 40, f"only {len(PAGES)} pages in {SOURCE}/docs/keys")
    for page in PAGES:
        example_of(page)


@test("the example of a page is read as it stands, and says the key of the page:",
      variants=[os.path.basename(page).removesuffix(".md") for page in PAGES])
def _(key):
    text = example_of(os.path.join(SOURCE, "docs", "keys", key + ".md"))
    path = write_file(os.path.join(tempdir(), "p.yaml"), text)
    for name in names_of(text):
        printed = shown(f"{path}:{name}", "--yaml")
        last = key.rpartition(".")[2]
        true(re.search(rf"^ *{last}:", printed, re.M) or key == "syscalls.mode", f"no {key} in {printed}")
        # printed and read again it is the same: nothing was lost or added by either
        again = write_file(os.path.join(tempdir(), "p.yaml"), printed)
        equal(shown(again, "--yaml"), printed, "what is printed of what was printed")


@test("the example of a page is refused once its key is misspelled:",
      variants=[os.path.basename(page).removesuffix(".md") for page in PAGES])
def _(key):
    last = key.rpartition(".")[2]
    text = example_of(os.path.join(SOURCE, "docs", "keys", key + ".md"))
    wrong = re.sub(rf"(^ *|[{{ ]){last}:", rf"\g<1>{last}x:", text, count=1, flags=re.M)
    true(wrong != text or key == "syscalls.mode", f"no '{last}:' in {text}")
    if wrong == text:
        wrong = text.replace("syscalls: ", "syscalls: x")
    path = write_file(os.path.join(tempdir(), "p.yaml"), wrong)
    result = run_croft("profile", "show", "--yaml", path + ":" + names_of(text)[0])
    refused(result, 125, "p.yaml:")


main()
