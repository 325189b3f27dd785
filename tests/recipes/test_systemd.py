#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_systemd.py - examples/recipes/systemd and the tables of docs/recipes/systemd.md, by systemd itself.
"""
from _recipes import *
from _systemd import *

FOLDER = EXAMPLES / "systemd"
UNIT = "report.service"
PAGE = DOCS / "systemd.md"

# Writes its state, and tries what the profile does not grant.
MAKE_REPORT = """#!/bin/sh
echo done >result && cat result
cat /run/other
echo x >/tmp/planted && echo "/tmp was written"
[ "$SECRET" ] && echo "the secret came along"
exit 7
"""
# A file that everybody may read, in a place that the profile does not grant.
BESIDE = "[Service]\nExecStartPre=+/bin/sh -c 'echo told >/run/other; chmod 644 /run/other'\nEnvironment=SECRET=1\n"
KILLED = "signal killed SYS"


def report(folder):
    """The example, installed as its head says."""
    shutil.copy(FOLDER / "report.yaml", f"{folder}/local/etc/croft")
    write_file(f"{folder}/local/lib/report/make-report", MAKE_REPORT, 0o755)
    return read_file(FOLDER / UNIT)


def service(command, *lines, kind="exec"):
    """A unit that runs croft with these words."""
    return "\n".join(["[Service]", f"Type={kind}", f"ExecStart={CROFT_THERE} run {command}", *lines, ""])


def table(heading):
    """The first cells of the page's table below a heading, without their backquotes."""
    part = read_file(PAGE).split(f"## {heading}\n")[1].split("\n## ")[0]
    return [row.split(" | ")[0].removeprefix("| ").strip("`") for row in part.splitlines() if row.startswith("| `")]


@test("systemd takes every line of the example")
def _():
    if not shutil.which("systemd-analyze"):
        skip("systemd-analyze is not installed")
    folder = tempdir()
    os.chmod(folder, 0o755)
    unit = write_file(f"{folder}/{UNIT}", read_file(FOLDER / UNIT).replace(CROFT_THERE, "/bin/true"))
    said = run("systemd-analyze", "verify", "--man=no", unit)
    equal([line for line in (said.out + said.err).splitlines() if UNIT in line], [], "what systemd says")
    write_file(unit, read_file(unit) + "[Service]\nProtectNothing=yes\n")
    said = run("systemd-analyze", "verify", "--man=no", unit)
    contains(said.out + said.err, "ProtectNothing", "of a line that it does not take")


@test("systemd finds the example well confined before croft does anything")
def _():
    if not shutil.which("systemd-analyze"):
        skip("systemd-analyze is not installed")
    level = {}
    for name, text in (("report", read_file(FOLDER / UNIT)), ("bare", "[Service]\nExecStart=/bin/true\n")):
        folder = tempdir()
        unit = write_file(f"{folder}/{name}.service", text)
        said = succeeds(run("systemd-analyze", "security", "--no-pager", "--offline=yes", unit))
        level[name] = float(re.findall(rf"exposure level for {name}.service: ([\d.]+)", said.out)[0])
    true(level["report"] < 5 < 9 < level["bare"], f"exposure: {level}")


@test("the unit does its work, and what its profile does not grant is refused")
def _():
    needs_systemd()
    folder = place()
    text = report(folder).replace("Restart=on-failure", "Restart=no")
    bare = "\n".join(line for line in text.splitlines() if not line.startswith("ProtectSystem")).replace(
        f"{CROFT_THERE} run --profile /usr/local/etc/croft/report.yaml -- ", "").replace("Directory=report", "Directory=bare").replace(
        "%S/report", "%S/bare")
    true(text.count("Restart=no") == 1 and "croft run" not in bare, "the example has changed")
    ended = boot(folder, {"report.service": text + BESIDE, "bare.service": bare + "\n" + BESIDE})
    got = ended["report"].is_like("exit-code exited 7")
    equal(got.out, "done\n", "what it could do")
    matches(got.err, "/run/other: Permission denied")
    matches(got.err, "/tmp/planted: Permission denied")
    got = ended["bare"].is_like("exit-code exited 7")
    equal(got.out, "done\ntold\n/tmp was written\nthe secret came along\n", "without croft")


@test("a sandbox that cannot be made is not tried again, and its line stands in the log")
def _():
    needs_systemd()
    folder = place()
    text = report(folder)
    write_file(f"{folder}/local/etc/croft/report.yaml", "version: 2\nprofiles: {report: {extends: [system], file: {}}}\n")
    again = "\n".join(line for line in text.splitlines() if not line.startswith("RestartPrevent"))
    ended = boot(folder, {"report.service": text, "again.service": again})
    got = ended["report"].is_like("exit-code exited 125")
    matches(got.err, r"\Acroft: .*report.yaml:2:.*\n\Z")
    true(len(ended["again"].ends) > 1, f"the twin was not started again: {ended['again']}")


@test("each directive that the page calls well matched lets croft start, and confine")
def _():
    needs_systemd()
    lines = table("What goes well with it")
    true(len(lines) > 15, f"only {lines}")
    folder = place()
    ended = boot(folder, {f"u{i}.service": service("--profile system -- /bin/sh -c 'echo here; cat /etc/machine-id 2>/dev/null; "
                                                   "cat /run/other'", line) + BESIDE for i, line in enumerate(lines)})
    for i, line in enumerate(lines):
        got = ended[f"u{i}"]
        true(got.ends == ["exit-code exited 1"] and got.out.startswith("here\n") and "/run/other: Permission denied" in got.err,
             f"{line}: {got}")


# A row of the page -> (what croft is started with, what else the unit says, what croft says).
FIGHTS = {
    "SystemCallFilter=@mount": ("--profile system", "", KILLED),
    "SystemCallFilter=~seccomp": ("--profile system", "SystemCallErrorNumber=EPERM", "system call filters"),
    "SystemCallFilter=~@mount": ("--profile system --isolate files", "SystemCallErrorNumber=EPERM", "'hidden'"),
    "RestrictNamespaces=yes": ("--profile system --isolate processes", "", "'processes'"),
    "RestrictAddressFamilies=none": ("--profile system --isolate network", "", "lo"),
    "ProtectHostname=yes": ("--profile system --isolate hostname", "", "hostname"),
    "ProtectSystem=strict": ("--profile system", "", "temporary directory"),
    "CapabilityBoundingSet=": ("--profile system --isolate files", "", "'hidden'"),
}


@test("each directive that the page calls a fight stops the start, and its twin without starts")
def _():
    needs_systemd()
    equal(table("What fights it"), list(FIGHTS), "the rows of the page")
    folder, units = place(), {}
    for i, (line, (options, besides, _)) in enumerate(FIGHTS.items()):
        units[f"no{i}.service"] = service(f"{options} -- /bin/echo here", line, besides)
        units[f"yes{i}.service"] = service(f"{options} -- /bin/echo here")
    ended = boot(folder, units)
    for i, (line, (_, _, word)) in enumerate(FIGHTS.items()):
        got, twin = ended[f"no{i}"], ended[f"yes{i}"]
        equal(got.ends, [word if word == KILLED else "exit-code exited 125"], f"{line}: {got}")
        true(got.out == "" and (word == KILLED or word in got.err), f"{line}: without {word!r}: {got}")
        true(twin.ends == ["success exited 0"] and twin.out == "here\n", f"without {line}: {twin}")


CALLS = "landlock_create_ruleset landlock_add_rule landlock_restrict_self seccomp"


@test("the mends of the page let croft start again")
def _():
    needs_systemd()
    mended = {
        "tmp": service("--profile system -- /bin/echo here", "ProtectSystem=strict", "PrivateTmp=yes"),
        "namespaces": service("--profile system --isolate processes -- /bin/echo here", "RestrictNamespaces=user mnt pid"),
        "family": service("--profile system --isolate network -- /bin/echo here", "RestrictAddressFamilies=AF_INET"),
        "user": service("--profile system --isolate files -- /bin/echo here", "CapabilityBoundingSet=", "User=nobody"),
        "calls": service("--profile system -- /bin/echo here", "SystemCallFilter=@system-service", f"SystemCallFilter={CALLS}",
                         "SystemCallErrorNumber=EPERM"),
        "mounts": service("--profile system --isolate files -- /bin/echo here", "SystemCallErrorNumber=EPERM",
                          f"SystemCallFilter=@system-service @mount {CALLS}")}
    for name, got in boot(place(), {f"{name}.service": text for name, text in mended.items()}).items():
        true(got.ends == ["success exited 0"] and got.out == "here\n", f"{name}: {got}")


READY = "-- /bin/sh -c 'systemd-notify --ready && echo told'"


@test("Type=notify works where sockets are open, and not where they are closed")
def _():
    needs_systemd()
    ended = boot(place(), {
        "told.service": service(f"--profile system --env NOTIFY_SOCKET --off unix-path {READY}", "NotifyAccess=all", kind="notify"),
        "mute.service": service(f"--profile system --env NOTIFY_SOCKET {READY}", "NotifyAccess=all", kind="notify")})
    equal(ended["told"].is_like("success exited 0").out, "told\n", "output")
    equal(ended["mute"].out, "", "where sockets are closed")


TAKE = ("import os, socket\nassert os.environ['LISTEN_FDS'] == '1' and int(os.environ['LISTEN_PID']) == os.getpid()\n"
        "c, _ = socket.socket(fileno=3).accept()\nc.sendall(b'hello')\n")
ASK = "import socket\nprint(socket.create_connection(('127.0.0.1', 2001)).recv(9))\n"


@test("a socket that systemd holds is handed on by its number, and the command is the process that systemd means")
def _():
    needs_systemd()
    folder = place()
    write_file(f"{folder}/local/lib/take.py", TAKE)
    write_file(f"{folder}/local/lib/ask.py", ASK)
    ended = boot(folder, {
        "door.socket": "[Unit]\nDefaultDependencies=no\n[Socket]\nListenStream=127.0.0.1:2001\n",
        "door.service": service("--profile system --keep-fd 3 --env 'LISTEN_*' -- /usr/bin/python3 /usr/local/lib/take.py"),
        "client.service": "[Unit]\nAfter=door.socket\n[Service]\nExecStart=/usr/bin/python3 /usr/local/lib/ask.py\n"})
    equal(ended["client"].is_like("success exited 0").out, "b'hello'\n", "what the client got")
    ended["door"].is_like("success exited 0")


main()
