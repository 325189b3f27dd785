#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
places.py - hosts that are not this one: a command is run in a container, an emulated kernel, a chroot.

    places.py list                              the names, one a line
    places.py NAME [--with WORD]... COMMAND...  the command there; its status is the command's

What is read-only here is there as well, under the same names: programs, tests, the stage. No setting of this
machine is changed, and nothing is left: mounts are in mount namespaces of their own, gVisor and podman write
into memory, or below TMPDIR, which is cleaned. A place of MORE is for the doctor's tests (tests/doctor), which make and
change them by words: what each takes is told by it. Where a place cannot be had the command is not run, and a test
that is skipped is printed in its stead; its name says which place it was.

Started as root, the command is root there (without capabilities where the place is about that); started by a user
it is that user, or root in a user namespace of his, without capabilities, where only such a root could make the place.
"""
import contextlib
import functools
import os
import shlex
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
STAGE = TESTS.parent
IS_ROOT = os.geteuid() == 0
NO_CAPS = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
# What Docker and podman leave a root in a container.
CONTAINER_CAPS = ("chown", "dac_override", "fsetid", "fowner", "setgid", "setuid", "setfcap", "setpcap", "net_bind_service",
                  "sys_chroot", "kill")
# A command of an own user namespace begins so: root in it may mount.
OWN_MOUNTS = ["unshare", "--mount"] if IS_ROOT else ["unshare", "--user", "--map-root-user", "--mount"]


class Absent(Exception):
    """This place cannot be had here."""


@functools.cache
def needs(*words):
    """A command that this machine must be able to run; asked once."""
    if subprocess.run([*words, "true"], stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode != 0:
        raise Absent(f"'{' '.join(os.path.basename(word) for word in words[:3])}' does not work on this machine")


def fake(*words):
    return [os.path.join(os.environ["BUILD"], "tests", words[0]), *words[1:]]


def shell(text, *words):
    """A shell line that ends in exec "$@"."""
    return ["/bin/sh", "-ec", text, "sh", *words]


# Directories of a place that do not lie in its folder.
OUTSIDE = []


def plain(argv, _):
    return argv


def filter_of(kind, options):
    """allow=CALL,CALL...: what the filter lets through after all, as a profile does with a rule more."""
    allowed = values("allow", options)
    return fake("container_filter", kind + (":" + ",".join(allowed) if allowed else ""))


def values(name, options):
    """What the options of this name say: NAME=WORD,WORD..."""
    return [word for option in options if option.startswith(name + "=") for word in option.split("=", 1)[1].split(",")]


def lines(name, options):
    """As values, but each option is one whole line."""
    return [option.split("=", 1)[1] for option in options if option.startswith(name + "=")]


def docker(argv, _, *options):
    caps = ["setpriv", "--bounding-set=-all" + "".join(f",+{c}" for c in CONTAINER_CAPS), "--inh-caps=-all"] if IS_ROOT else []
    return [*caps, *filter_of("docker", options), *argv]


def podman_filter(argv, _, *options):
    return [*filter_of("podman", options), *argv]


def no_userns_filter(argv, _, *options):
    return [*filter_of("no-userns", options), *argv]


def calls(argv, _, *options):
    """deny=CALL,CALL...: these answer with errno=NAME (or KILL, or OK: nothing is done), but what allow=CALL... names."""
    denied = [call for call in values("deny", options) if call not in values("allow", options)]
    return [*fake("no_syscall", ",".join(denied), values("errno", options)[0]), *argv] if denied else argv


def no_caps(argv, _, *options):
    """keep=CAP,CAP...: but with these."""
    if not IS_ROOT:
        raise Absent("only root can be a root without capabilities")
    return ["setpriv", "--bounding-set=-all" + "".join(",+" + c for c in values("keep", options)), "--inh-caps=-all", *argv]


def no_landlock(argv, _):
    return [*fake("no_landlock", "enosys"), *argv]


def landlock_off(argv, _):
    return [*fake("no_landlock", "eopnotsupp"), *argv]


def nothing_at_all(argv, _):
    """Neither Landlock nor a namespace."""
    return [*NO_CAPS, *fake("container_filter", "docker"), *fake("no_landlock", "enosys"), *argv] if IS_ROOT else \
        [*fake("container_filter", "docker"), *fake("no_landlock", "enosys"), *argv]


def in_chroot(argv, folder, *options):
    """
    A plain directory, no mount point: the kernel refuses user namespaces there (EPERM). mount-point: it is one.
    enter=LINE: in place of chroot, a line with the words ROOT and COMMAND. /in-chroot is a file of this root alone.
    """
    needs(*OWN_MOUNTS)
    root = folder / "root"
    root.mkdir()
    (root / "in-chroot").touch()
    binds = []
    for entry in sorted(Path("/").iterdir()):
        if entry.is_symlink():
            (root / entry.name).symlink_to(os.readlink(entry))
        elif entry.is_dir():
            (root / entry.name).mkdir()
            binds.append(entry.name)
    drop = [] if IS_ROOT else NO_CAPS
    first = 'mount --bind "$root" "$root"; ' if "mount-point" in options else ""
    text = 'root=$1; shift; ' + first + 'for name in $1; do mount --rbind "/$name" "$root/$name"; done; shift; cd "$root"; exec "$@"'
    enter = ["chroot", "ROOT", "COMMAND"]
    for line in lines("enter", options):
        enter, drop = shlex.split(line), [] if IS_ROOT else himself()
    inside = shell('cd "$TMPDIR"; exec "$@"', *drop, *argv)
    words = [part for word in enter for part in {"ROOT": [str(root)], "COMMAND": inside}.get(word, [word])]
    return [*OWN_MOUNTS, *shell(text, str(root), " ".join(binds)), *words]


def himself():
    """A user is himself again in a second user namespace: as root without capabilities he would get no namespace at all."""
    return ["unshare", "--user", f"--map-user={os.geteuid()}", f"--map-group={os.getegid()}"]


def masked_proc(argv, _, *options):
    """
    Something lies on a part of /proc, as in containers: no fresh one may be mounted by who cannot take it off.
    run=LINE: a line of shell, run afterwards by who made it.
    """
    return own_mounts(argv, ["mount -t tmpfs none /proc/tty", *lines("run", options)])


def own_mounts(argv, script):
    needs(*OWN_MOUNTS)
    return [*OWN_MOUNTS, *shell("; ".join(script) + '; exec "$@"'), *([] if IS_ROOT else himself()), *argv]


def mounts(argv, _, *options):
    """run=LINE: lines of shell in a mount namespace of its own."""
    return own_mounts(argv, lines("run", options))


def in_userns(argv, drop, script=("echo 0 >/proc/sys/user/max_user_namespaces",)):
    needs("unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--mount-proc")
    return ["unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
            *shell("; ".join(script) + '; exec "$@"'), *drop, *argv]


def sysctls(argv, _, *options):
    """
    KEY=VALUE...: settings of a user namespace of its own, one after another, for its root without capabilities.
    run=LINE: a line of shell in its turn.
    """
    script = [value if key == "run" else f"echo {value} >/proc/sys/{key.replace('.', '/')}"
              for key, value in (o.split("=", 1) for o in options)]
    return in_userns(argv, [*NO_CAPS[:1], "--bounding-set=-all,+setfcap", "--inh-caps=-all"], script)


def nested(argv, _, *options):
    """depth=N: so many user namespaces in each other."""
    return [*["unshare", "--user", "--map-root-user"] * int(values("depth", options)[0]), *argv]


def landlocked(argv, _, *options):
    """In a sandbox of Landlock, of as many layers as layers=N says, that keeps from nothing but making devices."""
    layers = values("layers", options)[0]
    text = """if 1:
        import ctypes, os, sys
        call, handled = ctypes.CDLL(None, use_errno=True).syscall, ctypes.c_uint64(1 << 11)
        ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)
        for _ in range(int(sys.argv[1])):
            if call(446, call(444, ctypes.byref(handled), ctypes.c_size_t(8), 0), 0) != 0:
                sys.exit("Landlock: " + os.strerror(ctypes.get_errno()))
        os.execvp(sys.argv[2], sys.argv[2:])"""
    return [sys.executable, "-c", text, layers, *argv]


def few_processes(argv, _, *options):
    """nproc=N: a user who has no other process, and may have so many; the last one counts."""
    limit = ["prlimit", f"--nproc={values('nproc', options)[-1]}"]
    if not IS_ROOT:
        return [*himself(), *limit, *argv]
    return shell('chmod 0777 "$TMPDIR"; exec "$@"', "setpriv", f"--reuid={60000 + os.getpid() % 1000}", "--regid=65534",
                 "--clear-groups", *NO_CAPS[1:], *limit, *argv)


BINFMT = "/proc/sys/fs/binfmt_misc"
# ELF's number of the machine, as it stands in the file.
MACHINES = {"aarch64": r"\xb7\x00", "arm": r"\x28\x00", "riscv64": r"\xf3\x00", "ppc64le": r"\x15\x00", "s390x": r"\x00\x16",
            "x86_64": r"\x3e\x00"}


def handlers(argv, folder, *options):
    """
    Handlers of binfmt_misc for other architectures, in a user namespace of its own (since 6.7): a script that ends with
    42 stands for qemu. run=LINE: a line of shell, run afterwards.
    """
    needs("unshare", "--user", "--map-root-user", "--mount", *shell(f"mount -t binfmt_misc none {BINFMT}"))
    qemu = folder / "qemu"
    qemu.write_text("#!/bin/sh\nexit 42\n", encoding="ascii")
    qemu.chmod(0o755)
    register = [f"printf %s ':qemu-{name}:M:18:{magic}::{qemu}:' >{BINFMT}/register"
                for name, magic in MACHINES.items() if name != os.uname().machine]
    return in_userns(argv, [], [f"mount -t binfmt_misc none {BINFMT}", *register, *lines("run", options)])


def pids_group(argv, _, *options):
    """
    pids=N: in a control group of its own, that may have so many processes. run=LINE: a line of shell that root types
    then.
    """
    parents = [p for p in (Path("/sys/fs/cgroup/pids"), Path("/sys/fs/cgroup")) if (p / "cgroup.procs").exists()]
    group = parents[0] / f"place-{os.getpid()}" if parents else None
    try:
        if not group:
            raise OSError("no tree of control groups is mounted")
        group.mkdir()
        OUTSIDE.append(group)
        (group / "pids.max").write_text(values("pids", options)[0], encoding="ascii")
    except OSError as e:
        raise Absent(f"no control group can be made that limits processes: {e}") from e
    return shell("; ".join([f"echo $$ >{group}/cgroup.procs", *lines("run", options), 'exec "$@"']), *argv)


def no_userns(argv, _):
    """The limit on user namespaces is zero in one of them: ENOSPC."""
    return in_userns(argv, NO_CAPS)


def by_capability(argv, _):
    """The same for its root: what wants no user namespace is still to be had."""
    return in_userns(argv, [])


def runsc(release):
    """gVisor's runtime, as tests/hosts/suite.py has put it into the stage; NAME is Debian's."""
    path = STAGE / f"runsc-{release}" / "usr" / "bin" / "runsc"
    if not os.access(path, os.X_OK):
        raise Absent(f"the package runsc of Debian's {release} could not be had")
    return str(path)


@functools.cache
def gvisor_starts(*words):
    with tempfile.TemporaryDirectory(prefix="place-") as state:
        needs(words[0], "--root", state, *words[1:], "do")


def gvisor(release, platform):
    def enter(argv, folder):
        # Without the overlay it would be this machine's tree that is written; "do" gives root all capabilities.
        flags = [f"--platform={platform}", "--network=none", "--ignore-cgroups", *([] if IS_ROOT else ["--rootless"])]
        gvisor_starts(runsc(release), *flags)
        words = [runsc(release), "--root", str(folder / "state"), *flags]
        if not IS_ROOT:
            # HOME and TMPDIR belong to root there, as their owner runs it.
            argv = shell('chmod 0777 "$TMPDIR" "$HOME"; exec "$@"',
                         "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *NO_CAPS[1:], *argv)
        return [*words, "do", *argv]
    return enter


def podman(argv, folder, *options):
    """
    The default container of podman, its seccomp profile, masks and capabilities; the tree is this machine's. The
    options are podman's.
    """
    if not IS_ROOT:
        raise Absent("podman's container is made by root here")
    if not shutil.which("podman") or not (shutil.which("crun") or shutil.which("runc")):
        raise Absent("podman is not installed")
    needs("unshare", "--mount")
    root, shared = folder / "root", folder / "shared"
    run = Path(tempfile.mkdtemp(prefix="place-", dir="/tmp"))   # podman takes no run root of more than 50 characters
    OUTSIDE.append(run)
    words = ["podman", f"--root={folder}/store", f"--runroot={run}", f"--tmpdir={folder}/tmp", "--cgroup-manager=cgroupfs",
             "--events-backend=none", "--storage-driver=vfs", "run", "--rm", "--quiet", "--network=none", "--cgroups=disabled",
             "--ulimit=nofile=1024:1024", "--ulimit=nproc=4096:4096", "--env-host", "--workdir=/", *options]
    root.mkdir()
    shared.mkdir()
    for entry in sorted(Path("/").iterdir()):
        if entry.is_symlink():
            (root / entry.name).symlink_to(os.readlink(entry))
        elif entry.is_dir():
            (root / entry.name).mkdir()
            if entry.name in ("usr", "etc", "bin", "lib", "lib32", "lib64", "libx32", "sbin"):
                words.append(f"--volume=/{entry.name}:/{entry.name}:ro")
    # Not the whole stage, where TMPDIR is: the container's own tree lies there, with a second /proc that nothing masks.
    parts = {TESTS, Path(os.environ["BUILD"]), Path(os.environ["CROFT"]).parent, Path(os.environ["PAYLOAD"]).parent.parent}
    words += [*(f"--volume={part}:{part}:ro" for part in sorted(parts)), f"--volume={shared}:{shared}", f"--env=TMPDIR={shared}"]
    # crun takes no mixture of old and new control groups.
    text = 'umount -R /sys/fs/cgroup 2>/dev/null || :; mount -t cgroup2 cgroup2 /sys/fs/cgroup; exec "$@"'
    return ["unshare", "--mount", *shell(text), *words, "--rootfs", str(root), *argv]


PLACES = {
    "plain": plain,
    "docker": docker,
    "podman-filter": podman_filter,
    "no-userns-filter": no_userns_filter,
    "no-userns": no_userns,
    "by-capability": by_capability,
    "no-caps": no_caps,
    "no-landlock": no_landlock,
    "landlock-off": landlock_off,
    "nothing": nothing_at_all,
    "chroot": in_chroot,
    "masked-proc": masked_proc,
    "podman": podman,
    "gvisor-systrap": gvisor("trixie", "systrap"),
    "gvisor-ptrace": gvisor("trixie", "ptrace"),
    "gvisor-2022": gvisor("bookworm", "ptrace"),
}

MORE = {
    "calls": calls,
    "mounts": mounts,
    "sysctls": sysctls,
    "nested": nested,
    "few-processes": few_processes,
    "landlocked": landlocked,
    "pids-group": pids_group,
    "handlers": handlers,
}


def remove(folder):
    """The place's own directory. What was bound in it is gone with its namespace: only what is empty goes."""
    if folder.is_relative_to("/sys/fs/cgroup"):
        folder.rmdir()
        return
    for parent, folders, files in os.walk(folder, topdown=False):
        for name in files:
            os.unlink(os.path.join(parent, name))
        for name in folders:
            path = os.path.join(parent, name)
            (os.unlink if stat.S_ISLNK(os.lstat(path).st_mode) else os.rmdir)(path)
    os.rmdir(folder)


@contextlib.contextmanager
def made(name, argv, options=()):
    """The words that run argv in that place, as long as it is there."""
    folder = Path(tempfile.mkdtemp(prefix="place-"))
    try:
        yield {**PLACES, **MORE}[name](argv, folder, *options)
    finally:
        for part in [folder, *OUTSIDE]:
            remove(part)
        OUTSIDE.clear()


def main():
    if sys.argv[1:] == ["list"]:
        print("\n".join(PLACES))
        return 0
    name, *argv = sys.argv[1:]
    options = []
    while argv[0] == "--with":
        options.append(argv[1])
        del argv[:2]
    try:
        with made(name, argv, options) as words:
            return subprocess.run(words, stdin=subprocess.DEVNULL, check=False, env={**os.environ, "PLACE": name}).returncode
    except Absent as e:
        print(f"1..1\nok 1 - {name}: the place can be had # SKIP {e}")
        return 0


if __name__ == "__main__":
    sys.exit(main())
