#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
podman with croft-oci as its runtime: the same results as with the runtime below alone, and what croft promises. Run as
root, and without privileges as podman is used without root.
"""
import os
import pty
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
import _oci  # noqa: E402
from _oci import Podman  # noqa: E402
from harness import *  # noqa: E402     pylint: disable=wildcard-import,unused-wildcard-import

PODMAN = Podman()


def both(options, *command, **how):
    """The same container without and with croft: (status, stdout, stderr) of each."""
    ways = [PODMAN.run(which, options, *command, **how) for which in ("below", "croft")]
    return [(r.status, r.out, r.err) for r in ways]


def users(options):
    """Without root, and without ids that belong to it as well (/etc/subuid), a user is alone in containers."""
    if not IS_ROOT and any(option.startswith("--user") for option in options):
        skip("a container of a user without further ids has one user")


SAME = {
    "status 0": ([], ["true"]),
    "status 3": ([], ["sh", "-c", "exit 3"]),
    "both outputs": ([], ["sh", "-c", "echo out; echo err >&2; exit 42"]),
    "a signal": ([], ["sh", "-c", "sh -c 'kill -9 $$'; exit $?"]),
    "the environment, secrets too": (
        ["-e", "ADA_TOKEN=s3", "-e", "AWS_SECRET_ACCESS_KEY=k", "-e", "EMPTY=", "-e", "A=b c\nd"],
        ["env"],
    ),
    "no PATH but the image's": (["-e", "PATH=/bin:/x"], ["env"]),
    "user, group, home": (
        ["--user=ada"],
        ["sh", "-c", "id; pwd; cd; pwd; touch /tmp/x && ls -ln /tmp/x | sed 's/ [A-Z].*//'"],
    ),
    "working directory": (["--workdir=/home/ada"], ["pwd"]),
    "words with blanks, quotes, none": ([], ["printf", "<%s>\n", "a b", "", "'\"\\", "--", "-x", "ä"]),
    "read-only root": (["--read-only", "--read-only-tmpfs=false"], ["sh", "-c", "touch /x; ls /; echo $?"]),
    "an init": (["--init"], ["sh", "-c", "ps | grep -v ps; exit 5"]),
    "capabilities": ([], ["grep", "Cap", "/proc/self/status"]),
    "one capability": (["--cap-drop=all", "--cap-add=chown"], ["grep", "Cap", "/proc/self/status"]),
    "limits": (["--ulimit=core=0:0"], ["sh", "-c", "ulimit -a"]),
    "descriptors": ([], ["ls", "/proc/self/fd"]),
    "mounts but croft's": ([], ["sh", "-c", "grep -v ' /dev/.croft' /proc/self/mounts | grep -v ' / ' | sort"]),
    "a chroot": ([], ["chroot", "/", "/bin/true"]),
    "own processes and their signals": ([], ["sh", "-c", "sleep 9 & kill -TERM $!; wait $!; echo $?"]),
    "standard streams by name": ([], ["sh", "-c", "echo a >/dev/stdout; echo b >/dev/stderr; cat </dev/null"]),
    "set user id by its own right": ([], ["su", "ada", "-c", "id"]),
    "packages: owners and modes": (
        [],
        [
            "sh",
            "-c",
            "mkdir -p /usr/x && echo a >/usr/x/y && chmod 4750 /usr/x/y && ln -s y /usr/x/z && "
            "cp -a /usr/x /usr/w && rm -r /usr/x && stat -c %A:%u /usr/w/y",
        ],
    ),
}


@test("a container does the same as without croft", variants=list(SAME))
def _(name):
    options, command = SAME[name]
    users(options)
    below, croft = both(["--hostname=ada", *options], *command)
    if command == ["env"]:  # podman keeps no order
        below, croft = ((status, sorted(out.splitlines()), err) for status, out, err in (below, croft))
    equal(croft, below, "status, stdout, stderr")


@test("an owner is changed as without croft")
def _():
    below, croft = both([], "sh", "-c", "touch /x; chown 1000:1000 /x; stat -c %u:%g /x")
    equal(croft, below, "status, stdout, stderr")


@test(
    "a program that is not there, or none, ends with podman's own status",
    variants=["nope", "/nope", "/etc", "/etc/passwd"],
)
def _(name):
    below, croft = both([], name)
    equal(croft[0], below[0], "status")
    contains(croft[2], "croft: ")


@test("input is read to its end, and nothing is lost")
def _():
    text = "line\n" * 50000
    below, croft = both(["-i"], "wc", stdin=text)
    equal(croft, below, "status, stdout, stderr")
    contains(croft[1], "250000")


@test("a terminal: its name, its size, control characters")
def _():
    outs = []
    for which in ("below", "croft"):
        leader, follower = pty.openpty()
        try:
            r = PODMAN.run(
                which,
                ["-t", "-i"],
                "sh",
                "-c",
                "tty; test -t 0 && echo in; test -t 2 && echo err; stty -a | grep -c isig; "
                "echo to >/dev/tty; exit 6",
                stdin=follower,
            )
        finally:
            os.close(leader)
            os.close(follower)
        outs.append((r.status, r.out))
    equal(outs[1], outs[0], "status and output")
    contains(outs[1][1], "/dev/pts/0")
    equal(outs[1][0], 6, "status")


@test("volumes are read and written, read-only ones are not")
def _():
    place = tempdir()
    os.chmod(place, 0o777)
    write_file(os.path.join(place, "in"), "given\n")
    outs = [
        PODMAN.run(
            which,
            ["-v", f"{place}:/data", "-v", f"{place}:/ro:ro"],
            "sh",
            "-c",
            "cat /data/in; echo made >/data/out; rm /data/out; echo made >/data/kept; echo no >/ro/x; echo $?",
        )
        for which in ("below", "croft")
    ]
    equal(
        (outs[1].status, outs[1].out, outs[1].err), (outs[0].status, outs[0].out, outs[0].err), "status, stdout, stderr"
    )
    equal(read_file(os.path.join(place, "kept")), "made\n", "file")


@test("what is handed on by --preserve-fds arrives")
def _():
    r, w = os.pipe()
    os.write(w, b"by number\n")
    os.close(w)
    os.dup2(r, 3)
    outs = PODMAN.run("croft", ["--preserve-fds=1"], "sh", "-c", "head -n 1 <&3", pass_fds=(3,))
    os.close(r)
    equal((outs.status, outs.out), (0, "by number\n"), "status and output")


def background(which, *command, options=()):
    name = f"ada-{which}-{os.urandom(3).hex()}"
    PODMAN.call(
        which, "run", "-d", "--name", name, "--network=none", *PODMAN.LIMITS, *options, "ada:1", *command
    ).check()
    return name


@test("stop, kill, wait, restart and logs", variants=["below", "croft"])
def _(which):
    name = background(
        which, "sh", "-c", "trap 'echo stopped; exit 5' TERM; trap 'echo hup' HUP; echo up; while :; do sleep 0.1; done"
    )
    for _ in range(100):
        if "up" in PODMAN.call(which, "logs", name).out:
            break
    PODMAN.call(which, "kill", "-s", "HUP", name).check()
    PODMAN.call(which, "stop", "-t", "10", name).check()
    equal(PODMAN.call(which, "wait", name).out.strip(), "5", "status")
    equal(PODMAN.call(which, "logs", name).out, "up\nhup\nstopped\n", "logs")
    PODMAN.call(which, "start", name).check()
    PODMAN.call(which, "kill", name).check()
    equal(PODMAN.call(which, "wait", name).out.strip(), "137", "status after kill")
    PODMAN.call(which, "rm", name).check()


EXEC = {
    "status": ([], ["sh", "-c", "echo out; echo err >&2; exit 4"]),
    "user": (["--user=ada"], ["id"]),
    "environment": (["-e", "A=1", "-e", "X_TOKEN=2"], ["env"]),
    "directory": (["--workdir=/home/ada"], ["pwd"]),
    "input": (["-i"], ["cat"]),
    "signals to the first process": ([], ["kill", "-0", "1"]),
    "files": ([], ["sh", "-c", "echo x >/x && cat /x && rm /x && ls -d /proc/1"]),
}


@test("exec does the same as without croft", variants=list(EXEC))
def _(name):
    options, command = EXEC[name]
    users(options)
    outs = []
    for which in ("below", "croft"):
        container = background(which, "sleep", "60", options=["--hostname=ada"])
        r = PODMAN.call(which, "exec", *options, container, *command, stdin="typed\n")
        outs.append((r.status, r.out, r.err.replace(container, "ID")))
        PODMAN.call(which, "rm", "-f", "-t", "0", container).check()
    if command == ["env"]:
        outs = [(status, sorted(out.splitlines()), err) for status, out, err in outs]
    equal(outs[1], outs[0], "status, stdout, stderr")


@test("exec with a terminal")
def _():
    container = background("croft", "sleep", "60")
    leader, follower = pty.openpty()
    r = PODMAN.call("croft", "exec", "-t", "-i", container, "sh", "-c", "tty; exit 8", stdin=follower)
    os.close(leader)
    os.close(follower)
    PODMAN.call("croft", "rm", "-f", "-t", "0", container).check()
    equal(r.status, 8, "status")
    contains(r.out, "/dev/pts/")


@test("a health check is an exec, and says what it said")
def _():
    for command, wanted in (("true", 0), ("exit 3", 1)):
        container = background("croft", "sleep", "60", options=[f"--health-cmd={command}", "--health-interval=disable"])
        r = PODMAN.call("croft", "healthcheck", "run", container)
        PODMAN.call("croft", "rm", "-f", "-t", "0", container).check()
        equal(r.status, wanted, f"status of '{command}'")


# The confinement, each with its twin

STATUS = ["sh", "-c", "grep -E 'NoNewPrivs|Seccomp_filters' /proc/self/status"]


@test("no new privileges and a filter more, in the first process and in what exec starts")
def _():
    below, croft = both([], *STATUS)
    equal(below[1], "NoNewPrivs:\t0\nSeccomp_filters:\t1\n", "without")
    equal(croft[1], "NoNewPrivs:\t1\nSeccomp_filters:\t2\n", "with")
    container = background("croft", "sleep", "60")
    r = PODMAN.call("croft", "exec", container, *STATUS)
    privileged = PODMAN.call("croft", "exec", "--privileged", container, "grep", "NoNewPrivs", "/proc/self/status")
    PODMAN.call("croft", "rm", "-f", "-t", "0", container).check()
    equal(r.out, croft[1], "exec")
    equal(privileged.out, "NoNewPrivs:\t1\n", "exec --privileged")


@test("a set-user-ID program gives nothing")
def _():
    users(["--user=ada"])
    below, croft = both(["--user=ada"], "/suid/su", "root", "-c", "id -u")
    equal(below[:2], (0, "0\n"), "without croft")
    equal((croft[0] == 0, croft[1]), (False, ""), "with croft")


@test("mounts are refused whatever capabilities there are")
def _():
    options = ["--cap-add=sys_admin", "--security-opt=seccomp=unconfined", "--security-opt=apparmor=unconfined"]
    below, croft = both(options, "sh", "-c", "mount -t tmpfs x /tmp && echo mounted; umount /dev/.croft")
    contains(below[1], "mounted")
    lacks(croft[1], "mounted")
    contains(croft[2], "umount")


@test("no device is made")
def _():
    if not IS_ROOT:
        skip("no user makes devices without croft")
    below, croft = both(["--cap-add=mknod"], "sh", "-c", "mknod /x c 1 3 && echo made")
    equal((below[1], croft[1]), ("made\n", ""), "without and with")


@test("no new namespaces, with the engine's filter off")
def _():
    options = ["--security-opt=seccomp=unconfined", "--cap-add=sys_admin"]
    below, croft = both(options, "unshare", "-u", "true")
    equal((below[0], croft[0] != 0), (0, True), "status without, refused with")


@test("what exec starts cannot look into the container's other processes")
def _():
    outs = []
    for which in ("below", "croft"):
        container = background(which, "sleep", "60")
        outs.append(PODMAN.call(which, "exec", container, "readlink", "/proc/1/exe"))
        PODMAN.call(which, "rm", "-f", "-t", "0", container).check()
    equal((outs[0].status, outs[1].status), (0, 1), "status without and with")


@test("privileged containers are confined as well")
def _():
    below, croft = both(
        ["--privileged"], "sh", "-c", "grep NoNewPrivs /proc/self/status; mount -t tmpfs x /tmp && echo mounted"
    )
    contains(below[1], "mounted")
    equal(croft[1], "NoNewPrivs:\t1\n", "with croft")


@test("a profile of the machine's owner holds: files that it does not grant")
def _():
    own = write_file(
        os.path.join(PODMAN.place, "bin-only.yaml"),
        """version: 2
profiles:
  bin-only:
    files:
      execute: [/bin]
      write: [/tmp]
    require: {privileges: require, environment: "off"}
""",
    )
    conf = _oci.settings(PODMAN.place + "/strict", profile=own)
    PODMAN.runtimes["strict"] = _oci.script(PODMAN.place + "/strict", conf)
    line = [
        "sh",
        "-c",
        "cat /etc/passwd >/dev/null; echo $?; echo x >/tmp/x; echo $?; grep CapEff /proc/self/status; echo",
    ]
    below, strict = (PODMAN.run(which, [], *line) for which in ("below", "strict"))
    matches(below.out, r"^0\n0\nCapEff:\t\w+\n")
    matches(strict.out, r"^1\n0\n")


@test("an image's own profile of the same name decides nothing")
def _():
    loose = "version: 2\nprofiles:\n  container:\n    require: {files: off, exec: off, syscalls: off}\n"
    place = tempdir()
    os.chmod(place, 0o755)
    write_file(os.path.join(place, "container.yaml"), loose)
    r = PODMAN.run(
        "croft",
        [
            "-v",
            f"{place}:/etc/croft/profiles:ro",
            "-e",
            "HOME=/root",
            "--cap-add=sys_admin",
            "--security-opt=seccomp=unconfined",
        ],
        "sh",
        "-c",
        "mount -t tmpfs x /tmp && echo mounted",
    )
    lacks(r.out, "mounted")
    differs(r.status, 0, "status")


@test("crun below: a container, exec, and what is refused", variants=["below", "croft"])
def _(which):
    if not IS_ROOT:
        skip("crun takes no mixture of control groups, and only root can mount others")
    place = PODMAN.place + "/with-" + which
    crun = shutil.which("crun", path=_oci.PATH)
    # podman knows what a runtime can do by its name
    program = crun if which == "below" else _oci.script(place, _oci.settings(place, runtime=crun), "crun")
    PODMAN.runtimes["crun"] = program
    text = 'umount -R /sys/fs/cgroup 2>/dev/null || :; mount -t cgroup2 cgroup2 /sys/fs/cgroup; exec "$@"'

    def call(*words):
        return run("unshare", "--mount", "sh", "-ec", text, "sh", *PODMAN.words("crun"), *words, env=PODMAN.env, cwd="/")

    options = ["--network=none", "--cgroups=disabled", *PODMAN.LIMITS]
    r = call("run", "--rm", *options, "ada:1", "sh", "-c", "grep NoNewPrivs /proc/self/status; exit 4")
    equal((r.status, r.out), (4, f"NoNewPrivs:\t{int(which == 'croft')}\n"), "run")
    name = "ada-crun-" + which
    succeeds(call("run", "-d", "--name", name, *options, "ada:1", "sleep", "60"))
    r = call("exec", name, "sh", "-c", "grep NoNewPrivs /proc/self/status; exit 9")
    call("rm", "-f", "-t", "0", name)
    equal((r.status, r.out), (9, f"NoNewPrivs:\t{int(which == 'croft')}\n"), "exec")
    r = call("run", "--rm", "--annotation=croft.profile=none", *options, "ada:1", "true")
    equal(r.status == 0, which == "below", "whether a profile that is not there is no matter")


# Refusals


@test("a profile that the settings do not allow: podman tells why, and no container is left")
def _():
    r = PODMAN.run("croft", ["--annotation", "croft.profile=system"], "true")
    differs(r.status, 0, "status")
    contains(r.err, "croft.profile asks for 'system'")


@test("off, where it is allowed, leaves the container to the runtime below")
def _():
    r = PODMAN.run("croft", ["--annotation", "croft.profile=off"], *STATUS)
    equal(r.out, "NoNewPrivs:\t0\nSeccomp_filters:\t1\n", "status of the process")


@test("a profile that starts nothing leaves croft's reason and status")
def _():
    r = PODMAN.run("croft", ["--annotation", "croft.profile=empty"], "/bin/true")
    status_is(r.result, 126)
    contains(r.err, "croft: ")


@test("an image without the program's ELF interpreter says so")
def _():
    r = PODMAN.run("croft", ["-v", "/bin/true:/dynamic:ro"], "/dynamic")
    below = PODMAN.run("below", ["-v", "/bin/true:/dynamic:ro"], "/dynamic")
    differs(below.status, 0, "status without croft")
    equal(r.status, 127 if r.status == 127 else 126, "status")
    contains(r.err, "interpreter")


@test("nothing is left in the image")
def _():
    container = background("croft", "sleep", "60")
    diff = PODMAN.call("croft", "diff", container)
    PODMAN.call("croft", "rm", "-f", "-t", "0", container).check()
    lacks(diff.check().out, "croft")


if __name__ == "__main__":
    main()
