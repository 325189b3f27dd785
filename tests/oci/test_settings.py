#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
croft-oci before a stub of a runtime: exec, and what settings and annotations decide.
"""
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
import _oci  # noqa: E402
from _oci import PREFIX, Stub, mode_of, refused, settings, spec  # noqa: E402
from harness import *  # noqa: E402     pylint: disable=wildcard-import,unused-wildcard-import


# exec


def wrapped(stub, **more):
    stub.write(spec("sleep", "9", **more))
    succeeds(stub.create("--preserve-fds=1"))
    os.unlink(stub.log)


@test("exec with a process file: croft's words are in it, and nothing else is changed")
def _():
    stub = Stub(tempdir())
    wrapped(stub)
    was = {
        "terminal": True,
        "args": ["id", "-u"],
        "env": ["A=1"],
        "cwd": "/",
        "user": {"uid": 7},
        "x": 18446744073709551615,
    }
    process = write_file(os.path.join(stub.place, "process"), json.dumps(was), 0o600)
    succeeds(
        stub.call(
            "--root",
            "/srv/x",
            "--log",
            "/dev/null",
            "exec",
            "--process",
            process,
            "--detach",
            "--preserve-fds",
            "2",
            "ada-1",
            env={"STUB_BUNDLE": stub.bundle},
        )
    )
    ask, call = stub.calls()
    equal(ask["argv"][1:], ["--root", "/srv/x", "state", "ada-1"], "the question")
    equal(
        call["argv"][1:],
        [
            "--root",
            "/srv/x",
            "--log",
            "/dev/null",
            "exec",
            "--process",
            process,
            "--detach",
            "--preserve-fds",
            "2",
            "ada-1",
        ],
        "argv",
    )
    now = json.loads(read_file(process))
    equal(now["args"], [*PREFIX, "--keep-fd", "3", "--keep-fd", "4", "--", "id", "-u"], "args")
    equal(now | {"args": was["args"]}, was, "the rest")
    equal(mode_of(process), 0o600, "mode")


@test("exec with words: croft's come behind the ID")
def _():
    stub = Stub(tempdir())
    wrapped(stub)
    succeeds(stub.call("exec", "-t", "--user", "7", "-e", "A=1", "ada-1", "id", "-u", env={"STUB_BUNDLE": stub.bundle}))
    equal(
        stub.calls()[-1]["argv"][1:],
        ["exec", "-t", "--user", "7", "-e", "A=1", "ada-1", *PREFIX, "--", "id", "-u"],
        "argv",
    )


@test(
    "exec is refused in a container that croft-oci has not started",
    variants=["unknown", "not wrapped", "forged", "no bundle"],
)
def _(kind):
    stub = Stub(tempdir())
    stub.write(spec(*PREFIX, "--", "sleep") if kind == "forged" else spec("sleep"))
    bundle = {"unknown": "", "no bundle": stub.place + "/none"}.get(kind, stub.bundle)
    refused(stub, stub.call("exec", "ada-1", "id", env={"STUB_BUNDLE": bundle}))


@test(
    "a process file that is broken is refused",
    variants=[b"", b"[]", b"{}", b'{"args":[]}', b'{"args":["id"],"ARGS":["sh"]}', b'{"args":[1]}'],
)
def _(text):
    stub = Stub(tempdir())
    wrapped(stub)
    process = write_file(os.path.join(stub.place, "process"), text)
    refused(stub, stub.call("exec", "-p", process, "ada-1", env={"STUB_BUNDLE": stub.bundle}), "process")
    equal(read_file(process).encode(), text, "the file")


# Settings


def profile_of(stub):
    return read_file(os.path.join(stub.bundle, "croft-profile.yaml"))


@test("the profile is the settings' own, as it has become on the host")
def _():
    place = tempdir()
    own = write_file(
        os.path.join(place, "strict.yaml"),
        "version: 2\nprofiles:\n  strict:\n    extends: [container]\n    require: {privileges: require}\n",
    )
    stub = Stub(place, profile=own)
    stub.write(spec("sh"))
    succeeds(stub.create())
    contains(profile_of(stub), "read:\n        - /")
    lacks(profile_of(stub), "privileges: \"off\"")
    lacks(profile_of(stub), "extends")


@test("without words about it a container may choose what is built in")
def _():
    stub = Stub(tempdir())
    stub.write(spec("sh", annotations={"croft.profile": "empty"}))
    succeeds(stub.create())
    contains(profile_of(stub), "  empty:")


@test(
    "a container may not choose what the settings do not list",
    variants=[
        ("off", {}),
        ("strict", {}),
        ("/etc/passwd", {}),
        ("../x", {}),
        ("empty", {"profile": "container"}),
        ("empty", {"choose": "system off"}),
        ("", {}),
        ("off ", {"choose": "off"}),
        ("system off", {"choose": "system off"}),
    ],
)
def _(case):
    wish, keys = case
    stub = Stub(tempdir(), **keys)
    was = stub.write(spec("sh", annotations={"croft.profile": wish}))
    refused(stub, stub.create(), "the annotation croft.profile")
    equal(stub.read(), was, "config.json")


@test("off where it is listed: the container is the runtime's alone, exec too")
def _():
    stub = Stub(tempdir(), choose="system off")
    was = stub.write(spec("sh", annotations={"croft.profile": "off"}))
    succeeds(stub.create())
    equal((stub.read(), stub.left()), (was, ["config.json", "rootfs"]), "the bundle")
    succeeds(stub.call("exec", "ada-1", "id", env={"STUB_BUNDLE": stub.bundle}))
    equal(stub.calls()[-1]["argv"][1:], ["exec", "ada-1", "id"], "argv")


@test(
    "settings that are wrong are refused with their line",
    variants=[
        ("runtine = /bin/true", "1: there is no key"),
        ("runtime = runc", "1: an absolute path"),
        ("\n#\nprofile", "3: 'key = value'"),
        ("profile = a b", "neither a profile's name"),
        ("profile = off", "no profile of all"),
        ("choose =", "nothing behind"),
        ("croft = /a\ncroft = /a", "2: given twice"),
        ("choose = a ../b", "neither"),
        ("profile = \x1b[0m", "printable"),
    ],
)
def _(case):
    text, part = case
    stub = Stub(tempdir())
    stub.write(spec("sh"))
    refused(stub, stub.create(conf=write_file(os.path.join(stub.place, "bad.conf"), text)), part)


@test("settings that others may write decide nothing", variants=["file", "directory", "missing"])
def _(which):
    stub = Stub(tempdir())
    stub.write(spec("sh"))
    conf = settings(os.path.join(stub.place, "etc"), runtime=stub.runtime)
    if which == "missing":
        os.unlink(conf)
    else:
        os.chmod(conf if which == "file" else os.path.dirname(conf), 0o777)
    refused(stub, stub.create(conf=conf), "oci.conf" if which != "directory" else "etc")


@test(
    "croft in a container has to be static, everybody's to run and nobody's to change",
    variants=["dynamic", "mode", "writable", "text", "missing"],
)
def _(how):
    place = tempdir()
    path = os.path.join(place, "croft")
    if how not in ("missing", "text"):
        write_file(
            path,
            open(CROFT if how == "dynamic" else _oci.STATIC, "rb").read(),
            {"mode": 0o700, "writable": 0o777}.get(how, 0o755),
        )
    if how == "text":
        write_file(path, "#!/bin/sh\n", 0o755)
    stub = Stub(place, croft=path)
    was = stub.write(spec("sh"))
    line = refused(stub, stub.create(), path)
    if how == "dynamic":
        contains(line, "ELF interpreter")
    equal(stub.read(), was, "config.json")


@test("a profile that needs the host's home or project is refused before anything starts")
def _():
    place = tempdir()
    own = write_file(os.path.join(place, "x.yaml"), "version: 2\nprofiles:\n  x:\n    files: {read: [~/x]}\n")
    stub = Stub(place, profile=own)
    stub.write(spec("sh"))
    refused(stub, stub.create(), "x.yaml")


@test("the runtime below cannot be croft-oci, or missing", variants=["itself", "missing"])
def _(how):
    stub = Stub(tempdir(), runtime=_oci.OCI if how == "itself" else "/srv/none")
    stub.write(spec("sh"))
    refused(stub, stub.create(), "runtime")


@test("the profile container leaves an ordinary command as it is, and needs --container for '/'")
def _():
    succeeds(run(CROFT, "run", "--container", "--profile", "container", "--", "/bin/true"))
    r = run(CROFT, "run", "--profile", "container", "--", "/bin/true")
    status_is(r, 125)
    contains(r.err, "leave nothing protected")


@test("the standard descriptors have to be open for create")
def _():
    stub = Stub(tempdir())
    stub.write(spec("sh"))
    r = run(
        "/bin/sh",
        "-c",
        f'"$@" <&-',
        "sh",
        _oci.OCI,
        f"--croft-settings={stub.conf}",
        "create",
        "-b",
        stub.bundle,
        "x",
        env={"STUB_LOG": stub.log},
    )
    refused(stub, r, "standard input")


if __name__ == "__main__":
    if not os.access(_oci.OCI, os.X_OK):
        fail("croft-oci is not built")
    main()
