#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
croft-oci before a stub of a runtime: what it hands on, what it changes in a bundle, and what it refuses.
"""
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
import _oci  # noqa: E402
from _oci import PREFIX, Stub, mode_of, refused, spec  # noqa: E402
from harness import *  # noqa: E402     pylint: disable=wildcard-import,unused-wildcard-import

def unwrapped(stub, config):
    """The config without what croft-oci adds must be the one that was there."""
    at = config["process"]["args"].index("--")
    words, config["process"]["args"] = config["process"]["args"][:at], config["process"]["args"][at + 1 :]
    added, config["mounts"] = config["mounts"][-2:], config["mounts"][:-2]
    equal([m["source"] for m in added], [_oci.STATIC, stub.bundle + "/croft-profile.yaml"], "sources")
    for mount in added:
        equal((mount["type"], mount["options"]), ("bind", ["bind", "ro", "nosuid", "nodev"]), "mount")
    return words, [m["destination"] for m in added], config


# What is handed on


@test(
    "every verb but create, run and exec reaches the runtime as it came",
    variants=[
        "state ada-1",
        "start ada-1",
        "kill --all ada-1 KILL",
        "delete --force ada-1",
        "list -f json",
        "ps ada-1",
        "features",
        "--version",
        "events --stats ada-1",
        "update --resources - ada-1",
        "--root /srv/x --log=/dev/null --systemd-cgroup pause ada-1",
        "",
    ],
)
def _(line):
    stub = Stub(tempdir())
    r = stub.call(*line.split(), env={"STUB_BUNDLE": "/srv/x", "ADA": "1"})
    succeeds(r)
    [call] = stub.calls()
    equal(call["argv"], [stub.runtime, *line.split()], "argv")
    equal(
        {k: v for k, v in call["env"].items() if k in ("PATH", "ADA", "STUB_LOG", "STUB_BUNDLE")},
        {"PATH": _oci.PATH, "ADA": "1", "STUB_LOG": stub.log, "STUB_BUNDLE": "/srv/x"},
        "environment",
    )


@test("status, output, input and descriptors of create are the runtime's own")
def _():
    stub = Stub(tempdir())
    stub.write(spec("sh"))
    r, w = os.pipe()
    result = stub.create(
        "--preserve-fds", "2", env={"STUB_STATUS": "42", "STUB_DO": "--read"}, stdin="typed", pass_fds=(r, w)
    )
    os.close(r)
    os.close(w)
    status_is(result, 42)
    equal((result.out, result.err), ("typed", ""), "output")
    [call] = stub.calls()
    true({0, 1, 2, r, w} <= set(call["fds"]), f"descriptors {call['fds']}")
    equal(len(call["fds"]), 5, "number of descriptors")
    equal(call["argv"][1:], ["create", "--bundle", stub.bundle, "--preserve-fds", "2", "ada-1"], "argv")


@test("the process is the runtime's own: a signal that ends it is seen")
def _():
    stub = Stub(tempdir())
    stub.write(spec("sh"))
    status_is(stub.create(env={"STUB_DO": "--kill"}), -9)


# What is changed


@test("create adds two mounts and words before the program, and nothing else")
def _():
    stub = Stub(tempdir())
    was = json.loads(stub.write(spec("sh", "-c", "echo 1"), 0o600))
    succeeds(stub.create())
    words, places, config = unwrapped(stub, stub.parsed())
    equal(words, PREFIX, "words")
    equal(places, ["/dev/.croft", "/dev/.croft.yaml"], "places")
    equal(config, was, "the rest")
    equal(mode_of(stub.config), 0o600, "mode")
    equal(stub.left(), ["config.json", "croft-profile.yaml", "rootfs"], "the bundle")


@test("all other bytes stay: numbers of 64 bits, escapes, order, blanks")
def _():
    stub = Stub(tempdir())
    head = b'\r\n{ "zzz":[18446744073709551615,-0,1.0,1e300,1E-2] ,"process" :{"e":"\\u00e9\\ud83d\\ude00\\/","args":\t['
    middle = b' "sh","\xc3\xa9\\"]"],"x":{"args":[]}},\n"mounts":[{"destination":"/dev","type":"tmpfs","source":"t"} '
    end = b'],"annotations":{"process":"{}","a":"[\\\\"}, "z":{}}\n\n'
    stub.write(head + middle + end)
    succeeds(stub.create())
    text = stub.read()
    true(text.startswith(head) and text.endswith(end), f"head or end: {text}")
    contains(text, middle)
    words = text[len(head) : text.index(middle)]
    equal(json.loads(b"[" + words + b'"x"]')[:5], PREFIX, "words")
    mounts = text[text.index(middle) + len(middle) : -len(end)]
    equal(len(json.loads(b"[0" + mounts + b"]")), 3, "mounts")


@test("a second call of the same bundle changes nothing")
def _():
    stub = Stub(tempdir())
    stub.write(spec("sh"))
    succeeds(stub.create())
    once = stub.read()
    succeeds(stub.create())
    equal(stub.read(), once, "config.json")
    succeeds(stub.call("run", "-b", stub.bundle, "ada-1"))
    equal(stub.read(), once, "config.json after run")


@test("words that only look like croft's are wrapped: the mounts decide too")
def _():
    stub = Stub(tempdir())
    stub.write(spec(*PREFIX, "--", "sh"))
    succeeds(stub.create())
    equal(stub.parsed()["process"]["args"], [*PREFIX, "--", *PREFIX, "--", "sh"], "args")


@test("the bundle is the working directory where none is named; crun's --config is another file")
def _():
    stub = Stub(tempdir())
    stub.write(spec("sh"))
    succeeds(stub.call("create", "ada-1", cwd=stub.bundle))
    equal(stub.parsed()["process"]["args"][0], "/dev/.croft", "program")
    stub.write(spec("sh"))
    other = write_file(os.path.join(stub.place, "other.json"), json.dumps(spec("ls")))
    succeeds(stub.create("--config", other))
    equal(stub.parsed()["process"]["args"], ["sh"], "config.json")
    equal(json.loads(read_file(other))["process"]["args"][-2:], ["--", "ls"], "the other file")


@test("a container without process has nothing to confine", variants=["absent", "null"])
def _(how):
    stub = Stub(tempdir())
    config = spec("sh")
    del config["process"]
    if how == "null":
        config["process"] = None
    was = stub.write(config)
    succeeds(stub.create())
    equal(stub.read(), was, "config.json")


@test("what is handed on by number is kept, and nothing else")
def _():
    stub = Stub(tempdir())
    stub.write(spec("sh"))
    succeeds(stub.create("--preserve-fds=2"))
    equal(stub.parsed()["process"]["args"][5:10], ["--keep-fd", "3", "--keep-fd", "4", "--"], "words")
    stub.write(spec("sh"))
    succeeds(stub.create(env={"LISTEN_FDS": "1"}))
    equal(stub.parsed()["process"]["args"][5:8], ["--off", "descriptors", "--"], "words with socket activation")


@test("where the host's processes or network are shared, signals and abstract sockets stay inside")
def _():
    stub = Stub(tempdir())
    stub.write(spec("sh", linux={"namespaces": [{"type": "mount"}]}))
    succeeds(stub.create())
    equal(stub.parsed()["process"]["args"][5:10], ["--prefer", "signals", "--prefer", "unix-abstract", "--"], "words")


def tmpfs(path, *options):
    return {"destination": path, "type": "tmpfs", "source": "tmpfs", "options": list(options)}


def bind(path):
    return {"destination": path, "type": "bind", "source": "/srv/data", "options": ["rbind"]}


PLACES = {
    "/dev": [tmpfs("/dev")],
    "/run": [tmpfs("/dev"), bind("/dev"), tmpfs("/run")],
    "/run ": [tmpfs("/dev"), tmpfs("//run/./"), bind("/dev/")],
    "/srv/x": [bind("/dev"), tmpfs("/srv/x"), tmpfs("/srv/x/y", "tmpcopyup")],
    "/dev ": [bind("/"), tmpfs("/dev"), bind("/dev/shm"), bind("/device")],
    "/dev/shm": [bind("/dev"), tmpfs("/dev/shm")],
    "": [bind("/dev"), tmpfs("/run"), bind("/")],
    " ": [tmpfs("/tmp", "tmpcopyup")],
    "  ": [{"destination": "/dev", "type": "tmpfs", "source": "/srv/data", "options": ["bind"]}],
    "   ": [],
}


@test("croft lies in the last fresh tmpfs that covers its place, or nowhere", variants=list(PLACES))
def _(wanted):
    stub = Stub(tempdir())
    was = stub.write(spec("sh", mounts=PLACES[wanted]))
    r = stub.create()
    if wanted.strip():
        succeeds(r)
        equal(stub.parsed()["process"]["args"][0], wanted.strip() + "/.croft", "program")
    else:
        refused(stub, r, "no tmpfs is mounted", "--mount type=tmpfs")
        equal(stub.read(), was, "config.json")


@test("a user namespace: the profile belongs to the container's root")
def _():
    if not IS_ROOT:
        skip("only root can give a file away")
    stub = Stub(tempdir())
    config = spec("sh")
    config["linux"]["uidMappings"] = [
        {"containerID": 1, "hostID": 5, "size": 1},
        {"containerID": 0, "hostID": 70000, "size": 9},
    ]
    config["linux"]["gidMappings"] = [{"containerID": 0, "hostID": 70001, "size": 9}]
    stub.write(config)
    succeeds(stub.create())
    st = os.stat(os.path.join(stub.bundle, "croft-profile.yaml"))
    equal((st.st_uid, st.st_gid), (70000, 70001), "owner")
    os.chown(stub.config, 1, 2)
    stub.write(config)
    succeeds(stub.create())
    equal((os.stat(stub.config).st_uid, os.stat(stub.config).st_gid), (1, 2), "owner of config.json")


# What is refused

BROKEN = {
    "empty": (b"", "no JSON"),
    "cut": (b'{"process": {"args": ["sh"', "no JSON"),
    "a list": (b"[]", "an object was expected"),
    "text behind": (b'{"process":{"args":["sh"]}} {}', "no JSON"),
    "no UTF-8": (b'{"process":{"args":["\xff"]}}', "no JSON"),
    "args missing": (b'{"process":{}}', "no list of words"),
    "args empty": (b'{"process":{"args":[]}}', "no list of words"),
    "args text": (b'{"process":{"args":"sh"}}', "no list of words"),
    "args of numbers": (b'{"process":{"args":["sh",1]}}', "no list of words"),
    "args with NUL": (b'{"process":{"args":["sh\\u0000"]}}', "no JSON"),
    "process twice": (b'{"process":{"args":["sh"]},"process":{"args":["sh"]}}', "no JSON"),
    "process a text": (b'{"process":"sh"}', "two ways"),
    "another case": (b'{"process":{"args":["sh"],"Args":["id"]}}', "two ways"),
    "another case above": (b'{"process":{"args":["sh"]},"pRocess":{"args":["id"]}}', "two ways"),
    "an escaped key": (b'{"\\u0070rocess":{"args":["sh"]}}', "two ways"),
    "a folded letter": ('{"process":{"args":["sh"]},"proce\u017fs":{"args":["id"]}}'.encode(), "two ways"),
    "mounts another case": (b'{"process":{"args":["sh"]},"mounts":[],"Mounts":[]}', "two ways"),
    "mounts no list": (b'{"process":{"args":["sh"]},"mounts":{}}', "mounts is no list"),
    "a mount no mount": (b'{"process":{"args":["sh"]},"mounts":[1]}', "no mount"),
    "a mount in two ways": (
        b'{"process":{"args":["sh"]},"mounts":[{"destination":"/x","Destination":"/dev"}]}',
        "no mount",
    ),
    "dots": (json.dumps(spec("sh", mounts=[bind("/x/../dev")])).encode(), "'..'"),
    "deep": (b'{"process":{"args":["sh"]},"x":' + b"[" * 100000 + b"]" * 100000 + b"}", "no JSON"),
    "huge": (b'{"x":"' + b"a" * (17 << 20) + b'"}', "16 MiB"),
    "a handler": (json.dumps(spec("sh", annotations={"run.oci.handler": "wasm"})).encode(), "run.oci.handler"),
    "an annotation no text": (json.dumps(spec("sh", annotations={"croft.profile": 1})).encode(), "is no text"),
}


@test("a config.json that is broken or hostile starts nothing and stays as it is", variants=list(BROKEN))
def _(name):
    stub = Stub(tempdir())
    text, part = BROKEN[name]
    was = stub.write(text)
    refused(stub, stub.create(), "config.json", part)
    equal(stub.read(), was, "config.json")
    true(set(stub.left()) <= {"config.json", "croft-profile.yaml", "rootfs"}, f"the bundle has {stub.left()}")


@test("a config.json that is no file is refused", variants=["missing", "a link", "a FIFO", "a directory"])
def _(kind):
    stub = Stub(tempdir())
    if kind == "a link":
        os.symlink(write_file(os.path.join(stub.place, "x"), json.dumps(spec("sh"))), stub.config)
    elif kind == "a FIFO":
        os.mkfifo(stub.config)
    elif kind == "a directory":
        os.mkdir(stub.config)
    refused(stub, stub.create(), "config.json")


@test("a bundle that cannot be written starts nothing")
def _():
    if IS_ROOT:
        skip("root writes everywhere")
    stub = Stub(tempdir())
    was = stub.write(spec("sh"))
    os.chmod(stub.bundle, 0o500)
    r = stub.create()
    os.chmod(stub.bundle, 0o700)
    refused(stub, r, "croft-profile.yaml", "Permission denied")
    equal(stub.read(), was, "config.json")


@test(
    "what could be read in two ways on the command line is refused",
    variants=[
        "restore ada-1",
        "do sh",
        "create --bundles x ada-1",
        "create -bx ada-1",
        "-bundle x create ada-1",
        "create --bundle",
        "--x create y",
        "create --bundle a --bundle b ada-1",
        "create ada-1 --bundle b",
        "exec ada-1 --tty sh",
        "create --preserve-fds x ada-1",
        "run --bund=a y",
    ],
)
def _(line):
    stub = Stub(tempdir())
    stub.write(spec("sh"))
    refused(stub, stub.call(*line.split(), cwd=stub.bundle))


@test("the reason goes to the engine's log in its format", variants=["json", "text"])
def _(form):
    stub = Stub(tempdir())
    log = os.path.join(stub.place, "log")
    r = stub.call("--log", log, f"--log-format={form}", "create", "--bundle", stub.bundle, "ada-1")
    line = refused(stub, r, "config.json")
    text = read_file(log)
    equal(text.count("\n"), 1, "lines of the log")
    if form == "json":
        entry = json.loads(text)
        equal((entry["level"], entry["msg"]), ("error", line), "entry")
        matches(entry["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
    else:
        matches(text, r'^time="[^"]+" level=error msg="croft: ')


if __name__ == "__main__":
    if not os.access(_oci.OCI, os.X_OK):
        fail("croft-oci is not built")
    main()
