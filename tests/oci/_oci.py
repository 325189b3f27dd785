# SPDX-License-Identifier: MIT
"""
_oci.py - what the tests of croft-oci share: settings, a stub in the runtime's place, and podman and containerd with
trees of their own.

An engine is started with one of two runtimes: the one below (runc), or a script that calls croft-oci over it; what a
container does must be the same, but for what croft promises. runc and not crun, for that takes no mixture of old and
new control groups, which the machine may have.
"""
import atexit
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# pylint: disable=wrong-import-position
from harness import CROFT, IS_ROOT, Failure, contains, equal, run, status_is, write_file  # noqa: E402

BESIDE = os.path.dirname(CROFT)
OCI = os.path.join(BESIDE, "croft-oci")
STATIC = os.path.join(BESIDE, "croft-static")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
RUNC = shutil.which("runc", path=PATH)
APPLETS = (
    "sh",
    "ls",
    "cat",
    "id",
    "mount",
    "mknod",
    "unshare",
    "kill",
    "sleep",
    "touch",
    "env",
    "pwd",
    "chown",
    "su",
    "stty",
    "tty",
    "setsid",
    "grep",
    "chmod",
    "rm",
    "mkdir",
    "echo",
    "hostname",
    "test",
    "readlink",
    "true",
    "chroot",
    "stat",
    "umount",
    "sed",
    "wc",
    "head",
    "printf",
    "dd",
    "ln",
    "cp",
    "cmp",
    "nc",
    "ps",
    "trap",
    "uname",
)

# What is removed when the program ends, last one first: folders, and functions that are called.
_LATER = []


@atexit.register
def _clean():
    while _LATER:
        what = _LATER.pop()
        if callable(what):
            what()
        else:
            shutil.rmtree(what, ignore_errors=True)


def folder():
    """A short one, as podman wants it, and nobody else's."""
    path = tempfile.mkdtemp(prefix="oci-", dir="/tmp")
    _LATER.append(path)
    return path


def settings(place, **keys):
    """A settings file; runtime is runc where nothing is said."""
    keys = {"runtime": RUNC, "croft": STATIC} | keys
    lines = [f"{key} = {value}" for key, value in keys.items() if value is not None]
    return write_file(os.path.join(place, "oci.conf"), "\n".join(lines) + "\n")


def script(place, conf, name="croft-oci"):
    """A program that is croft-oci with these settings: what stands in an engine's configuration."""
    return write_file(os.path.join(place, name), f'#!/bin/sh\nexec {OCI} --croft-settings={conf} "$@"\n', 0o755)


def make_rootfs(path):
    """A tree with a static busybox, two users, and a set-user-ID program."""
    for name in ("bin", "etc", "tmp", "proc", "dev", "sys", "root", "home/ada", "run"):
        os.makedirs(os.path.join(path, name))
    shutil.copy("/bin/busybox", os.path.join(path, "bin/busybox"))
    for name in APPLETS:
        os.symlink("busybox", os.path.join(path, "bin", name))
    # busybox gives the rights of its owner away but for a few of its names
    os.mkdir(os.path.join(path, "suid"))
    shutil.copy("/bin/busybox", os.path.join(path, "suid/su"))
    os.chmod(os.path.join(path, "suid/su"), 0o4755)
    write_file(os.path.join(path, "etc/passwd"), "root::0:0::/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\n")
    write_file(os.path.join(path, "etc/group"), "root:x:0:\nada:x:1000:\n")
    os.chmod(os.path.join(path, "tmp"), 0o1777)
    return path


SPEC_MOUNTS = [
    {"destination": "/proc", "type": "proc", "source": "proc"},
    {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
    {"destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["newinstance"]},
]


def spec(*args, **more):
    """A config.json as an engine writes it."""
    config = {
        "ociVersion": "1.0.2",
        "process": {
            "terminal": False,
            "user": {"uid": 0, "gid": 0},
            "args": list(args),
            "env": ["PATH=/bin"],
            "cwd": "/",
            "rlimits": [{"type": "RLIMIT_MEMLOCK", "hard": 18446744073709551615, "soft": 18446744073709551615}],
        },
        "root": {"path": "rootfs"},
        "hostname": "ada",
        "mounts": SPEC_MOUNTS,
        "hooks": {"poststop": [{"path": "/bin/true"}]},
        "linux": {"namespaces": [{"type": t} for t in ("pid", "network", "ipc", "uts", "mount")]},
    }
    return config | more


STUB = r"""#!/usr/bin/python3
import json, os, sys
with open(os.environ.get("STUB_LOG", "/dev/null"), "a") as log:
    json.dump({"argv": sys.argv, "env": dict(os.environ), "cwd": os.getcwd(),
               "fds": sorted(int(n) for n in os.listdir("/proc/self/fd") if os.path.exists("/proc/self/fd/" + n) and
                             not os.readlink("/proc/self/fd/" + n).startswith(("/proc", log.name))),
               "pid": os.getpid()}, log)
    log.write("\n")
if "state" in sys.argv:
    bundle = os.environ.get("STUB_BUNDLE")
    if not bundle:
        sys.exit("no such container")
    print(json.dumps({"id": sys.argv[-1], "bundle": bundle, "status": "running"}))
    sys.exit(0)
sys.stdout.write(sys.stdin.read() if "--read" in os.environ.get("STUB_DO", "") else "below\n")
sys.stdout.flush()
if "--kill" in os.environ.get("STUB_DO", ""):
    os.kill(os.getpid(), 9)
sys.exit(int(os.environ.get("STUB_STATUS", "0")))
"""


class Stub:
    """A bundle, and a program in the runtime's place that tells what it was called with."""

    def __init__(self, place, **keys):
        self.place = place
        self.bundle = os.path.join(place, "bundle")
        self.config = os.path.join(self.bundle, "config.json")
        self.log = os.path.join(place, "stub.log")
        os.makedirs(os.path.join(self.bundle, "rootfs"))
        self.runtime = write_file(os.path.join(place, "stub"), STUB, 0o755)
        self.conf = settings(place, **{"runtime": self.runtime} | keys)

    def write(self, config, mode=0o640):
        """The config.json: an object, text or bytes. Its bytes."""
        text = config if isinstance(config, (str, bytes)) else json.dumps(config, indent=1)
        write_file(self.config, text, mode)
        return self.read()

    def read(self):
        with open(self.config, "rb") as f:
            return f.read()

    def parsed(self):
        return json.loads(self.read())

    def call(self, *args, env=None, conf=None, **how):
        """croft-oci with these arguments."""
        env = {"PATH": PATH, "STUB_LOG": self.log} | (env or {})
        return run(OCI, f"--croft-settings={conf or self.conf}", *args, env=env, **how)

    def create(self, *more, **how):
        return self.call("create", "--bundle", self.bundle, *more, "ada-1", **how)

    def calls(self):
        """What the stub was called with, each time."""
        if not os.path.exists(self.log):
            return []
        with open(self.log, encoding="utf-8") as f:
            return [json.loads(line) for line in f]

    def left(self):
        return sorted(os.listdir(self.bundle))


PREFIX = ["/dev/.croft", "run", "--container", "--profile", "/dev/.croft.yaml"]


def refused(stub, result, *parts):
    """One line, status 125, the runtime not called for more than a state, and nothing written."""
    status_is(result, 125)
    equal(result.out, "", "stdout")
    lines = [line for line in result.err.splitlines() if line.startswith("croft: ")]
    equal(len(lines), 1, f"lines of croft in {result.err!r}")
    for part in parts:
        contains(lines[0], part, "the line")
    equal([c["argv"] for c in stub.calls() if "state" not in c["argv"]], [], "calls of the runtime")
    return lines[0]


class Podman:
    """podman with a store of its own, and one image of busybox. runtime: a name or a path."""

    LIMITS = ["--ulimit=nofile=1024:1024", "--ulimit=nproc=4096:4096"] if IS_ROOT else []

    def __init__(self):
        self.place = folder()
        self.env = {
            "PATH": PATH,
            "HOME": os.path.join(self.place, "home"),
            "XDG_RUNTIME_DIR": os.path.join(self.place, "xdg"),
            "CONTAINERS_CONF": write_file(
                os.path.join(self.place, "containers.conf"), '[containers]\n[engine]\ncgroup_manager = "cgroupfs"\n'
            ),
            "TMPDIR": self.place,
        }
        for name in ("HOME", "XDG_RUNTIME_DIR"):
            os.mkdir(self.env[name], 0o700)
        self.conf = settings(self.place, choose="empty off")
        self.runtimes = {"below": RUNC, "croft": script(self.place, self.conf)}
        self.rootfs = make_rootfs(os.path.join(self.place, "rootfs"))
        _LATER.append(self._remove_all)
        subprocess.run(
            [
                "tar",
                "-C",
                self.rootfs,
                "--numeric-owner",
                "--owner=0",
                "--group=0",
                "-cf",
                os.path.join(self.place, "image.tar"),
                ".",
            ],
            check=True,
        )
        self.call("below", "import", "-q", os.path.join(self.place, "image.tar"), "ada:1").check()

    def _remove_all(self):
        self.call("below", "rm", "-f", "-a", "-t", "0")
        # without root: files of other users of the namespace, and the process that holds that
        if not IS_ROOT:
            self.call("below", "unshare", "rm", "-rf", os.path.join(self.place, "store"))
            self.call("below", "system", "migrate")
        shutil.rmtree(self.place, ignore_errors=True)

    def words(self, which):
        return [
            "podman",
            f"--root={self.place}/store",
            f"--runroot={self.place}/run",
            f"--tmpdir={self.place}/tmp",
            "--events-backend=none",
            "--storage-driver=vfs",
            f"--runtime={self.runtimes[which]}",
        ]

    def call(self, which, *args, **how):
        how.setdefault("timeout", 60)
        return Checked(run(*self.words(which), *args, env=self.env, cwd="/", **how))

    def run(self, which, options, *command, **how):
        """A container of the image; options is a list."""
        return self.call(which, "run", "--rm", "--network=none", *self.LIMITS, *options, "ada:1", *command, **how)


class Containerd:
    """containerd with a socket and trees of its own, and ctr."""

    def __init__(self):
        self.place = folder()
        self.socket = os.path.join(self.place, "sock")
        self.runc_root = os.path.join(self.place, "runc")
        conf = write_file(
            os.path.join(self.place, "config.toml"),
            f"""version = 2
root = "{self.place}/root"
state = "{self.place}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt",
  "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs"]
[grpc]
  address = "{self.socket}"
[ttrpc]
  address = "{self.socket}.ttrpc"
""",
        )
        self.rootfs = make_rootfs(os.path.join(self.place, "rootfs"))
        self.runtimes = {"below": RUNC, "croft": script(self.place, settings(self.place, choose="off"))}
        self.log = open(os.path.join(self.place, "log"), "wb")  # pylint: disable=consider-using-with
        # pylint: disable-next=consider-using-with
        self.daemon = subprocess.Popen(
            ["containerd", "-c", conf],
            env={"PATH": PATH},
            stdout=self.log,
            stderr=self.log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        _LATER.append(self._stop)
        for _ in range(100):
            if os.path.exists(self.socket) and self.call("version").status == 0:
                return
            time.sleep(0.1)
        raise Failure("containerd does not answer")

    def _stop(self):
        self.daemon.terminate()
        try:
            self.daemon.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.daemon.kill()
            self.daemon.wait()
        self.log.close()
        for line in _mounts_below(self.place):
            subprocess.run(["umount", "-l", line], check=False, capture_output=True)

    def call(self, *args, **how):
        how.setdefault("timeout", 60)
        return Checked(run("ctr", "-a", self.socket, *args, env={"PATH": PATH}, cwd="/", **how))

    def run(self, which, name, options, *command, **how):
        return self.call("run", "--rm", *self.words(which), *options, "--rootfs", self.rootfs, name, *command, **how)

    def words(self, which):
        return ["--runc-binary", self.runtimes[which], "--runc-root", self.runc_root, "--snapshotter", "native"]


def _mounts_below(place):
    with open("/proc/self/mounts", encoding="utf-8") as f:
        return sorted((line.split()[1] for line in f if line.split()[1].startswith(place + "/")), reverse=True)


class Checked:
    """A Result with one method more."""

    def __init__(self, result):
        self.result = result
        self.status, self.out, self.err = result.status, result.out, result.err

    def __str__(self):
        return str(self.result)

    def check(self):
        if self.status != 0:
            raise Failure(f"it failed\n{self}")
        return self


def mode_of(path):
    return stat.S_IMODE(os.stat(path).st_mode)
