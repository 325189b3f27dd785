# SPDX-License-Identifier: MIT
"""
_systemd.py - units of systemd run by systemd itself, with nothing of it left afterwards.

systemd is the first process of a pid namespace, with mounts, a network, System V objects and a control group of its own:
/run, /etc/systemd/system, /usr/local and /var/lib are fresh, so that a unit can be used word by word, with croft in
/usr/local/bin. It starts no more than the units that it is given, and ends when each of them has.
What a unit printed and how it ended stands in the shared directory, /usr/local/share/t for the units.
"""
import json

from harness import *       # pylint: disable=wildcard-import,unused-wildcard-import

INIT = "/lib/systemd/systemd"
SHARED = "/usr/local/share/t"

# $1: the folder with units/, local/ and empty/; $2: what systemd starts.
ENTER = r"""
set -eu
mount --make-rprivate /
[ ! -x /sbin/ip ] || ip link set lo up
mount -t tmpfs -o mode=755 tmpfs /run
mount -t proc proc /proc
umount -R /sys/fs/cgroup 2>/dev/null || :
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount --bind "$1/local" /usr/local
mount --bind "$1/units" /etc/systemd/system
mount -t tmpfs -o mode=755 tmpfs /var/lib
for generators in /lib/systemd/system-generators /usr/lib/systemd/system-generators; do
	[ ! -d $generators ] || mount --bind "$1/empty" $generators
done
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system --unit=all.target \
	--log-target=console --log-level=warning --show-status=no
"""


def own_group():
    """The control group of version 2 that this process is in, as a directory."""
    [path] = [line[3:] for line in read_file("/proc/self/cgroup").splitlines() if line.startswith("0::")] or [None]
    for line in read_file("/proc/self/mountinfo").splitlines():
        left, right = line.split(" - ")
        if right.startswith("cgroup2 ") and path is not None and left.split(" ")[3] == "/":
            return left.split(" ")[4] + path.rstrip("/")
    return None


def remove_group(folder):
    for inside, _, _ in os.walk(folder, topdown=False):
        os.rmdir(inside)


ALONE = ["unshare", "--pid", "--fork", "--kill-child", "--mount", "--cgroup", "--ipc", "--uts", "--net"]


def in_group(group, *argv, **how):
    """Runs a program in namespaces of its own, in that control group."""
    return run("sh", "-c", 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"', "sh", group, *ALONE, *argv, **how)


def needs_systemd():
    """Skips where systemd cannot be the first process."""
    if not IS_ROOT:
        skip("systemd as a first process takes root")
    if not os.access(INIT, os.X_OK):
        skip("systemd is not installed")
    if own_group() is None:
        skip("no control groups of version 2 here")
    try:
        group = fresh_group()
    except OSError as e:
        skip(f"no control group can be made here: {e.strerror}")
    if in_group(group, "sh", "-c", "mount -t tmpfs tmpfs /run && mount -t cgroup2 cgroup2 /mnt").status != 0:
        skip("no namespaces for systemd, or no mounts in them")


def fresh_group():
    group = tempfile.mkdtemp(prefix="croft-t-", dir=own_group())
    cleanup(remove_group, group)
    return group


def place():
    """A folder for local (/usr/local: croft is in it), units, and what the units share."""
    folder = tempdir()
    os.chmod(folder, 0o755)
    for part in ("units", "empty", "local/bin", "local/share/t", "local/etc/croft", "local/lib"):
        os.makedirs(f"{folder}/{part}")
    os.chmod(f"{folder}/local/share/t", 0o1777)
    shutil.copy(CROFT, f"{folder}/local/bin/croft")
    return folder


def boot(folder, units, timeout=60):
    """
    Starts each unit of a dict (NAME.service: text), all at a time, and gives {NAME: Ending}: how systemd says that it ended
    (result, code, status as in $SERVICE_RESULT, $EXIT_CODE, $EXIT_STATUS), and what it printed. Units that are sockets
    come to no end and have none.
    """
    services = [name for name in units if name.endswith(".service")]
    for name, text in units.items():
        write_file(f"{folder}/units/{name}", text)
    for name in services:
        stem = name.removesuffix(".service")
        write_file(f"{folder}/units/{name}.d/t.conf", f"""[Unit]
DefaultDependencies=no
[Service]
StandardOutput=append:{SHARED}/{stem}.out
StandardError=append:{SHARED}/{stem}.err
ExecStopPost=+/bin/sh -c 'echo "$SERVICE_RESULT $EXIT_CODE $EXIT_STATUS" >>{SHARED}/{stem}.end'
""")
    write_file(f"{folder}/local/share/watch", WATCH)
    write_file(f"{folder}/units/watch.service", f"""[Unit]
DefaultDependencies=no
SuccessAction=exit-force
FailureAction=exit-force
[Service]
ExecStart=/usr/bin/python3 /usr/local/share/watch {SHARED} {' '.join(name.removesuffix('.service') for name in services)}
""")
    started = [name for name in units if not any(other.removesuffix(".socket") == name.removesuffix(".service")
                                                 for other in units if other.endswith(".socket"))]
    started += [name for name in units if name.endswith(".socket")]
    write_file(f"{folder}/units/all.target",
               "[Unit]\nDefaultDependencies=no\nWants=" + " ".join(dict.fromkeys(started + ["watch.service"])) + "\n")
    ended = in_group(fresh_group(), "sh", "-c", ENTER, "sh", folder, timeout=timeout)
    results = {}
    for name in services:
        stem = f"{folder}/local/share/t/" + name.removesuffix(".service")
        parts = [read_file(f"{stem}.{part}") if os.path.exists(f"{stem}.{part}") else "" for part in ("end", "out", "err")]
        results[name.removesuffix(".service")] = Ending(*parts, ended)
    return results


class Ending:
    """How a unit ended, once for each time that it was started."""

    def __init__(self, ends, out, err, boot_result):
        self.ends, self.out, self.err, self.boot = ends.splitlines(), out, err, boot_result

    def __str__(self):
        return json.dumps([self.ends, self.out, self.err]) + "\n" + str(self.boot)

    def is_like(self, *ends):
        if self.ends != list(ends):
            fail(f"ended as {self.ends}, want {list(ends)}\n{self}")
        return self


# Ends when each unit has ended, and has not been started again for a second; or after 20 seconds.
WATCH = r"""
import os, sys, time
folder, *names = sys.argv[1:]
end = time.monotonic() + 20
while time.monotonic() < end and not all(os.path.exists(f"{folder}/{name}.end") for name in names):
    time.sleep(0.05)
time.sleep(1)
"""
