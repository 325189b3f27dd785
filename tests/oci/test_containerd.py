#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
containerd with croft-oci as the runtime of its containers, by ctr: the same results as with the runtime below
alone, and what croft promises. And the example files for nodes of Kubernetes, as far as they can be checked without one.
"""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
import _oci  # noqa: E402
from _oci import PATH, Containerd, folder  # noqa: E402
from harness import *  # noqa: E402     pylint: disable=wildcard-import,unused-wildcard-import

EXAMPLES = os.path.join(os.environ.get("SOURCE", os.path.dirname(TESTS)), "examples", "oci")
_STARTED = []


def containerd():
    """Started once, for root alone."""
    if not IS_ROOT:
        skip("containerd is root's here")
    if not _STARTED:
        _STARTED.append(Containerd())
    return _STARTED[0]


def both(options, *command, **how):
    """The same container without and with croft: (status, stdout, stderr) of each."""
    ways = [containerd().run(which, "ada-1", options, *command, **how) for which in ("below", "croft")]
    return [(r.status, r.out, r.err) for r in ways]


SAME = {
    "status 0": ([], ["/bin/true"]),
    "status 3": ([], ["/bin/sh", "-c", "echo out; echo err >&2; exit 3"]),
    "the environment": (["--env", "ADA_TOKEN=s3", "--env", "A=b c"], ["/bin/env"]),
    "user and directory": (["--user", "1000:1000", "--cwd", "/home/ada"], ["/bin/sh", "-c", "/bin/id; pwd"]),
    "read-only root": (["--read-only"], ["/bin/sh", "-c", "echo x >/x; echo $?; /bin/ls /"]),
    "a volume": (["--mount", "type=bind,src=/etc,dst=/data,options=rbind:ro"], ["/bin/ls", "-d", "/data/passwd"]),
    "capabilities": ([], ["/bin/grep", "Cap", "/proc/self/status"]),
    "own processes": ([], ["/bin/sh", "-c", "/bin/sleep 9 & kill $!; wait $!; echo $?"]),
    "words": ([], ["/bin/printf", "<%s>\n", "a b", "", "--", "-x"]),
}


@test("a container does the same as without croft", variants=list(SAME))
def _(name):
    options, command = SAME[name]
    below, croft = both(options, *command)
    equal(croft, below, "status, stdout, stderr")


@test("a program that is not there is an error, and nothing runs")
def _():
    below, croft = both([], "/bin/nope")
    true(below[0] != 0 and croft[0] != 0, f"statuses {below[0]} {croft[0]}")
    contains(croft[2], "croft: ")


@test("no new privileges, a filter, no mounts, no keys: what ctr's containers have none of")
def _():
    line = [
        "/bin/sh",
        "-c",
        "/bin/grep Seccomp_filters /proc/self/status; /bin/unshare -u /bin/true && echo unshared; "
        "/bin/mount -t tmpfs x /tmp && echo mounted; /bin/mknod /tmp/x c 1 3 && echo made; /bin/rm -f /tmp/x",
    ]
    below, croft = both(["--privileged"], *line)
    equal(below[1], "Seccomp_filters:\t0\nunshared\nmounted\nmade\n", "without croft")
    equal(croft[1], "Seccomp_filters:\t1\n", "with croft")


@test("with the host's network its abstract sockets cannot be reached")
def _():
    name = f"croft-{os.urandom(6).hex()}"
    text = (
        "import socket,sys\ns=socket.socket(socket.AF_UNIX)\ntry: s.connect('\\0' + sys.argv[1]); print('reached')\n"
        "except OSError as e: print(e.errno)"
    )
    mounts = [
        word
        for tree in ("/usr", "/lib", "/lib64", "/etc")
        if os.path.exists(tree)
        for word in ("--mount", f"type=bind,src={tree},dst={tree},options=rbind:ro")
    ]
    import socket  # pylint: disable=import-outside-toplevel

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("\0" + name)
        listener.listen()
        below, croft = both(["--net-host", *mounts], "/usr/bin/python3", "-c", text, name)
    equal(below[:2], (0, "reached\n"), "without croft")
    equal(croft[:2], (0, "1\n"), "with croft")


@test("tasks in the background: exec, kill, and what is left", variants=["below", "croft"])
def _(which):
    daemon = containerd()
    daemon.call("run", "-d", *daemon.words(which), "--rootfs", daemon.rootfs, "ada-2", "/bin/sleep", "60").check()
    r = daemon.call(
        "task",
        "exec",
        "--exec-id",
        "e1",
        "--user",
        "1000",
        "ada-2",
        "/bin/sh",
        "-c",
        "/bin/grep NoNewPrivs /proc/self/status; /bin/id -u; exit 7",
    )
    suid = daemon.call(
        "task", "exec", "--exec-id", "e2", "--user", "1000", "ada-2", "/suid/su", "root", "-c", "/bin/id -u"
    )
    daemon.call("task", "kill", "-s", "KILL", "ada-2").check()
    for _ in range(100):
        if "STOPPED" in daemon.call("task", "ls").out:
            break
    ended = daemon.call("task", "rm", "ada-2")
    daemon.call("container", "rm", "ada-2").check()
    equal((r.status, r.out), (7, "NoNewPrivs:\t1\n1000\n"), "exec")
    equal(suid.status != 0, True, "su, which ctr's containers may not use in any case")
    contains(ended.out + ended.err, "137")


@test("a container without confinement is refused, by name, and the reason is told")
def _():
    r = containerd().run("croft", "ada-3", ["--annotation", "croft.profile=system"], "/bin/true")
    differs(r.status, 0, "status")
    contains(r.err, "croft.profile asks for 'system'")
    r = containerd().run(
        "croft", "ada-4", ["--annotation", "croft.profile=off"], "/bin/grep", "Seccomp_filters", "/proc/self/status"
    )
    equal(r.out, "Seccomp_filters:\t0\n", "off, where it is allowed")


@test("exec in a container of the runtime below is refused once croft-oci is asked")
def _():
    daemon = containerd()
    daemon.call("run", "-d", *daemon.words("below"), "--rootfs", daemon.rootfs, "ada-5", "/bin/sleep", "60").check()
    root = os.path.join(daemon.runc_root, "default")
    r = run(daemon.runtimes["croft"], "--root", root, "exec", "ada-5", "/bin/true", env={"PATH": PATH})
    twin = run(_oci.RUNC, "--root", root, "exec", "ada-5", "/bin/true", env={"PATH": PATH})
    daemon.call("task", "rm", "-f", "ada-5")
    daemon.call("container", "rm", "ada-5")
    succeeds(twin)
    equal(r.status, 125, "status")
    contains(r.err, "was not started by this croft-oci")


# A node of Kubernetes


@test("the example of containerd's settings names croft-oci as a runtime, and containerd reads it so")
def _():
    conf = os.path.join(EXAMPLES, "containerd-config.toml")
    r = run("containerd", "-c", conf, "config", "dump", env={"PATH": PATH})
    succeeds(r)
    part = r.out.split("containerd.runtimes.croft]", 1)
    equal(len(part), 2, "the section of the runtime")
    contains(part[1].split("[plugins.", 1)[0], 'runtime_type = "io.containerd.runc.v2"')
    contains(part[1].split("[plugins.", 1)[0], 'pod_annotations = ["croft.profile"]')
    contains(
        part[1].split("containerd.runtimes.croft.options]", 1)[1].split("[plugins.", 1)[0],
        'BinaryName = "/usr/local/bin/croft-oci"',
    )


@test("the RuntimeClass's handler is that runtime, and the pod uses the class")
def _():
    text = read_file(os.path.join(EXAMPLES, "runtimeclass.yaml"))
    kinds = dict(re.findall(r"(?ms)^kind: (\w+)$(.*?)(?=^---|\Z)", text))
    contains(kinds["RuntimeClass"], "\nhandler: croft\n")
    name = re.search(r"metadata:\n  name: (\S+)", kinds["RuntimeClass"]).group(1)
    contains(kinds["Pod"], f"\n  runtimeClassName: {name}\n")
    lacks(text, "\t")


@test("the example of settings is read, and a container is made with it")
def _():
    place = folder()
    text = read_file(os.path.join(EXAMPLES, "oci.conf"))
    stub = _oci.Stub(place)
    was = {k: v for k, v in (("runtime", stub.runtime), ("croft", _oci.STATIC))}
    for key, value in was.items():
        text, n = re.subn(rf"(?m)^{key} = .*$", f"{key} = {value}", text)
        equal(n, 1, f"lines with {key}")
    conf = write_file(os.path.join(place, "example.conf"), text)
    stub.write(_oci.spec("sh", annotations={"croft.profile": "system"}))
    equal(stub.create(conf=conf).status, 0, "status")
    stub.write(_oci.spec("sh", annotations={"croft.profile": "off"}))
    equal(stub.create(conf=conf).status, 125, "status of off")


@test("the example of podman's settings lets podman start a container with croft-oci")
def _():
    text = read_file(os.path.join(EXAMPLES, "containers.conf"))
    place = folder()
    program = _oci.script(place, _oci.settings(place))
    contains(text, "/usr/local/bin/croft-oci")
    conf = write_file(os.path.join(place, "containers.conf"), text.replace("/usr/local/bin/croft-oci", program))
    env = {"PATH": PATH, "HOME": place, "XDG_RUNTIME_DIR": place, "CONTAINERS_CONF": conf, "TMPDIR": place}
    r = run(
        "podman",
        f"--root={place}/s",
        f"--runroot={place}/r",
        f"--tmpdir={place}/t",
        "--storage-driver=vfs",
        "info",
        "--format={{.Host.OCIRuntime.Path}}",
        env=env,
        cwd="/",
    )
    subprocess.run(
        [
            "podman",
            f"--root={place}/s",
            f"--runroot={place}/r",
            f"--tmpdir={place}/t",
            "--storage-driver=vfs",
            "unshare",
            "rm",
            "-rf",
            f"{place}/s",
        ],
        env=env,
        cwd="/",
        check=False,
        capture_output=True,
    )
    equal(succeeds(r).out.strip(), program, "podman's runtime")


if __name__ == "__main__":
    main()
