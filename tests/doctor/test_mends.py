#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_mends.py - docs/mends.md has every mend that the doctor has for a container, a unit or a pod, word by word.

The mends are read from the sources (struct mend_words, and the tables of causes_pid.c), so that a new one without its
line in the page, and its cost, fails here.
"""
from pathlib import Path

from harness import *

SOURCE = Path(os.environ["SOURCE"])
PAGE = SOURCE / "docs" / "mends.md"
PLACES_OF_MENDS = "docker|podman|kubernetes|systemd|nspawn|lxc"
STRING = r'"(?:\\.|[^"\\])*"'
LITERAL = re.compile(rf"\.({PLACES_OF_MENDS})\s*=\s*(?:verdicts_text\(\s*verdicts,\s*)?((?:{STRING}|[A-Z][A-Z_]+|\s)+)")


def text_of(literal, defines):
    """The text of adjacent strings, and of the names among them that are defined as strings."""
    for name, value in defines.items():
        literal = re.sub(rf"\b{name}\b", lambda _, value=value: value, literal)
    return "".join(re.findall(r'"((?:\\.|[^"\\])*)"', literal)).replace('\\"', '"').replace("\\\\", "\\")


def mends_of(source):
    """(place, text) of each, %s where a word is put in. What leads on to another row ("; or ...") is left out."""
    text = source.read_text(encoding="utf-8")
    defines = dict(re.findall(rf"#define (\w+)((?:\s*\\?\s*{STRING})+)", text))
    for place, literal in LITERAL.findall(text):
        mend = text_of(literal, defines)
        if mend.strip("%s "):
            yield place, mend.split("; or without it")[0]
    if source.name == "causes_pid.c":
        for mend in re.findall(r'"((?:docker run|podman run|securityContext:)(?:\\.|[^"\\])*)"', text):
            yield "--pid", mend


def lines():
    """The page's code spans, with what Markdown wants escaped put back."""
    return [span.replace("\\|", "|") for span in re.findall(r"`([^`]+)`", PAGE.read_text(encoding="utf-8"))]


@test("every mend for a place stands in the page, word by word")
def _():
    spans = lines()
    found = [(source.name, place, mend) for source in sorted((SOURCE / "src" / "doctor").glob("*.c"))
             for place, mend in mends_of(source)]
    true(len(found) > 20, f"only {len(found)} mends are found in the sources")
    missing = [f"{name}, {place}: {mend}" for name, place, mend in found
               if not any(re.fullmatch(re.escape(mend).replace("%s", ".+?"), span) for span in spans)]
    equal(missing, [], "mends that docs/mends.md has not")


@test("every line of a container's start in the page is one that the doctor prints")
def _():
    # "docker run%s" would be all of them: what is put in there is --cap-add
    printed = [re.escape(mend.replace("run%s", "run --cap-add %s")).replace("%s", ".+?")
               for source in (SOURCE / "src" / "doctor").glob("*.c") for _, mend in mends_of(source)]
    stale = [span for span in lines() if re.match(r"(docker|podman) run|securityContext:|systemd-nspawn|lxc config", span)
             and span not in ("docker run", "podman run") and not any(re.fullmatch(mend, span) for mend in printed)]
    equal(stale, [], "lines that the doctor never prints")


@test("every row of the page tells what it costs")
def _():
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ") and not line.startswith("| where")]
    true(len(rows) > 30, "rows")
    equal([row for row in rows if len(re.split(r"(?<!\\)\|", row)) != 5 or not re.split(r"(?<!\\)\|", row)[3].strip()], [],
          "rows without a cost")


# What a mend leaves open, by the directive that it stands behind.
FILLED = {"SystemCallFilter": "mount unshare", "DeviceAllow": "/dev/null rw", "CapabilityBoundingSet": "CAP_CHOWN CAP_FOWNER",
          "User": "daemon"}
LIMITS = [f"Limit{name}=4096" for name in ("NPROC", "NOFILE", "AS", "DATA")]


def directives():
    """NAME=VALUE of each mend for a unit, and of the page's table of what a unit's line is replaced by."""
    found = set(LIMITS)
    for source in (SOURCE / "src" / "doctor").glob("*.c"):
        for place, mend in mends_of(source):
            for name, value in re.findall(r"(?<!%s)\b([A-Z]\w+)=([\w-]*)", mend) if place == "systemd" else ():
                found.add(f"{name}={FILLED[name] if name in FILLED and not value else value}")
    for names, values in re.findall(r"^\| (`[A-Z][\w`, ]+`) \| (`\w[\w`, ]+`|empty) \|", read_file(PAGE), re.M):
        for name, value in zip(re.findall(r"\w+", names), [""] if values == "empty" else re.findall(r"\w+", values)):
            found.add(f"{name}={value}")
    return found


def verified(lines):
    """What systemd says of a unit with these lines."""
    if not shutil.which("systemd-analyze"):
        skip("systemd-analyze is not installed")
    unit = write_file(os.path.join(tempdir(), "it.service"), "[Service]\nExecStart=/bin/true\n" + "".join(f"{line}\n" for line in lines))
    result = run("systemd-analyze", "verify", "--man=no", unit)
    return [line for line in (result.out + result.err).splitlines() if "it.service" in line]


@test("every line of a mend for a unit of systemd is one that systemd takes")
def _():
    lines = sorted(directives())
    true(len(lines) > 15, f"only {lines}")
    equal(verified(lines), [], "what systemd says")


@test("systemd tells of a line that it does not take, and of a value", variants=["NoNewPriv=no", "ProtectProc=off"])
def _(line):
    true(verified([line]), "nothing is told")


main()
