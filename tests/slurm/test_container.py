# SPDX-License-Identifier: MIT
"""
test_container.py - srun --container through examples/slurm/oci.conf: a root of busybox alone, on two
nodes; and croft-slurm-oci by itself, as slurmstepd and as somebody else would call it.
"""
import contextlib
import json

from _cluster import *      # pylint: disable=wildcard-import,unused-wildcard-import

RUNTIME = os.path.join(os.path.dirname(CROFT), "croft-slurm-oci")
BUSYBOX = "/bin/busybox"
USERS = [0, NOBODY]


def containers():
    """The cluster, with the example's oci.conf for this build."""
    cluster = start()
    text = read_file(os.path.join(SOURCE, "examples", "slurm", "oci.conf"))
    contains(text, "/usr/local/bin/croft-slurm-oci --user %u", "the example")
    state = cluster.path("containers")
    if not os.path.exists(state):
        os.mkdir(state)
        os.chmod(state, 0o1777)
    write_file(cluster.path("etc", "oci.conf"), text.replace("/usr/local/bin/croft-slurm-oci", f"{RUNTIME} --state {state}"))
    return cluster


def bundle(folder, **more):
    """A bundle with busybox, sh and what sh is likely to be asked for."""
    root = os.path.join(folder, "rootfs")
    os.makedirs(os.path.join(root, "bin"))
    os.mkdir(os.path.join(root, "etc"))
    shutil.copy(BUSYBOX, os.path.join(root, "bin", "busybox"))
    for name in ("sh", "cat", "ls", "id", "touch", "sleep", "echo", "hostname", "kill", "env", "grep", "wc"):
        os.symlink("busybox", os.path.join(root, "bin", name))
    write_file(os.path.join(root, "etc", "image"), "busybox\n")
    config = {"ociVersion": "1.0.2", "process": {"args": ["sh"], "cwd": "/", "env": []}, "root": {"path": "rootfs"},
              "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}], **more}
    write_file(os.path.join(folder, "config.json"), json.dumps(config))
    owner = os.stat(folder)
    for path, folders, files in os.walk(folder):
        for name in folders + files:
            os.chown(os.path.join(path, name), owner.st_uid, owner.st_gid, follow_symlinks=False)
    return folder


def nothing_is_left(cluster):
    """Slurm calls `delete` after it has told srun of the end."""
    deadline = time.monotonic() + 10
    while left(cluster):
        true(time.monotonic() < deadline, f"left: {left(cluster)}")
        time.sleep(0.05)


def left(cluster):
    """What the containers of this cluster have left in the place of their notes."""
    return [os.path.join(path, name) for path, folders, files in os.walk(cluster.path("containers"))
            for name in folders + files if not name.startswith("croft-slurm-")]


@test("a task on each of two nodes sees the bundle's root and nothing else, and ends as it ends", variants=USERS)
def _(user):
    cluster = containers()
    path = bundle(cluster.folder())
    r = cluster.srun("-N2", f"--container={path}", "sh", "-c", "cat /etc/image; ls /etc; exit 3", user=user, env={"PATH": "/bin"})
    status_is(r, 3)
    lines = sorted(r.out.split())
    equal([lines.count(word) for word in ("busybox", "image", "passwd")], [2, 2, 0], r.out)
    true(set(lines) <= {"busybox", "image", "hosts", "resolv.conf"}, r.out)     # the last two are the room's
    nothing_is_left(cluster)


@test("the end by a signal comes back, and what is written to the root goes with the container", variants=USERS)
def _(user):
    cluster = containers()
    path = bundle(cluster.folder(user))
    status_is(cluster.srun(f"--container={path}", "sh", "-c", "kill -9 $$", user=user, env={"PATH": "/bin"}), 137)
    r = cluster.srun(f"--container={path}", "sh", "-c", "echo new >/etc/made && cat /etc/made", user=user, env={"PATH": "/bin"})
    equal((r.status, r.out), (0, "new\n"), r.err)
    equal(sorted(os.listdir(os.path.join(path, "rootfs", "etc"))), ["image"])
    nothing_is_left(cluster)


@test("a batch job runs its script in the container, and its output is where it was to be", variants=USERS)
def _(user):
    cluster = containers()
    folder = cluster.folder(user)
    r = cluster.sbatch("cat /etc/image; exit 5\n", f"--container={bundle(cluster.folder())}", cwd=folder, user=user,
                       env={"PATH": "/usr/bin:/bin"})
    status_is(r, 5)
    out = [name for name in os.listdir(folder) if name.startswith("out-")]
    equal([read_file(os.path.join(folder, name)) for name in out], ["busybox\n"])
    nothing_is_left(cluster)


def sleepers():
    """The processes that sleep so long, if they live."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if read_file(f"/proc/{pid}/cmdline") == "sleep\0008765\0" and is_alive(pid):
                found.append(pid)
    return found


@test("scancel ends a container and removes what it has left")
def _():
    cluster = containers()
    folder = cluster.folder(NOBODY)
    path = bundle(cluster.folder(NOBODY))
    write_file(os.path.join(folder, "job.sh"), "#!/bin/sh\nsleep 8765\n", 0o755)
    r = succeeds(cluster.command("sbatch", "--parsable", f"--container={path}", "job.sh", cwd=folder, user=NOBODY))
    deadline = time.monotonic() + 20
    while not sleepers():
        true(time.monotonic() < deadline, f"the container did not start: {left(cluster)}")
        time.sleep(0.05)
    differs(left(cluster), [], "notes")
    succeeds(cluster.command("scancel", r.out.strip(), user=NOBODY))
    while sleepers() or left(cluster):
        true(time.monotonic() < deadline + 20, f"left: {sleepers()} {left(cluster)}")
        time.sleep(0.05)


@test("standard input goes in")
def _():
    cluster = containers()
    r = cluster.srun(f"--container={bundle(cluster.folder())}", "cat", stdin="a line\n", env={"PATH": "/bin"})
    equal((r.status, r.out), (0, "a line\n"), r.err)


@test("a container has the node's files and processes neither to see nor to signal", variants=USERS)
def _(user):
    cluster = containers()
    victim = subprocess.Popen(["sleep", "60"], user=user)
    cleanup(victim.wait)
    cleanup(victim.kill)
    folder = cluster.folder(user)
    canary = write_file(os.path.join(folder, "canary"), "as it was\n", 0o666)
    deeds = (f"kill -0 {victim.pid} 2>/dev/null && echo signalled; ls -d /proc/[0-9]* | wc -l; "
             f"cat {canary} 2>/dev/null; echo changed 2>/dev/null >{canary} && echo wrote; echo done")
    r = succeeds(cluster.srun(f"--container={bundle(cluster.folder(user))}", "sh", "-c", deeds, user=user, env={"PATH": "/bin"}))
    words = r.out.split()
    equal(words[1:], ["done"], r.out)
    true(int(words[0]) < 10, r.out)
    equal(read_file(canary), "as it was\n")
    r = succeeds(cluster.srun("sh", "-c", deeds, user=user))
    contains(r.out, "signalled", "without a container")
    contains(r.out, "wrote", "without a container")


@test("a root that the bundle calls read-only is that, and a tmpfs of it can be written")
def _():
    cluster = containers()
    path = bundle(cluster.folder(), root={"path": "rootfs", "readonly": True},
                  mounts=[{"destination": "/scratch", "type": "tmpfs", "source": "tmpfs"}])
    r = cluster.srun(f"--container={path}", "sh", "-c", "echo x >/scratch/a && cat /scratch/a; echo x 2>/dev/null >/etc/b || echo kept",
                     env={"PATH": "/bin"})
    equal((r.status, r.out), (0, "x\nkept\n"), r.err)
    nothing_is_left(cluster)


@test("a container that runs is not started again, and not deleted")
def _():
    state, folder = tempdir(), tempdir()
    path = bundle(folder, process={"args": ["sleep", "60"], "cwd": "/", "env": ["PATH=/bin"]})
    child = subprocess.Popen([RUNTIME, "--state", state, *uid(), "run", "one", path])
    cleanup(child.wait)
    cleanup(child.kill)
    deadline = time.monotonic() + 20
    while (r := runtime("--state", state, *uid(), "state", "one")).status or json.loads(r.out)["status"] != "running":
        true(time.monotonic() < deadline, str(r))
        time.sleep(0.02)
    status_is(runtime("--state", state, *uid(), "run", "one", path), 125)
    status_is(runtime("--state", state, *uid(), "delete", "one"), 125)
    succeeds(runtime("--state", state, *uid(), "kill", "one", "KILL"))
    differs(child.wait(10), 0, "status")
    succeeds(runtime("--state", state, *uid(), "delete", "one"))
    equal(os.listdir(os.path.join(state, f"croft-slurm-{os.geteuid()}")), [])


# croft-slurm-oci by itself.

def runtime(*args, **how):
    return run(RUNTIME, *args, **how)


def uid():
    return ("--user", str(os.geteuid()))


# What it asks for -> (what of config.json is other, what is said).
REFUSED = {
    "hooks": ({"hooks": {"prestart": [{"path": "/bin/true"}]}}, "hooks: programs outside of the container are not run"),
    "a file system": ({"mounts": [{"destination": "/x", "type": "cgroup", "source": "cgroup"}]},
                      "mounts.type: only bind and tmpfs can be had"),
    "a colon": ({"mounts": [{"destination": "/x:y", "type": "bind", "source": "/etc"}]}, "a path with a colon"),
    "nothing to run": ({"process": {"args": []}}, "process.args: no command"),
    "a variable without a value": ({"process": {"args": ["sh"], "env": ["PATH"]}}, "process.env: NAME=VALUE was expected"),
    "no root": ({"root": {}}, "root.path: it is missing"),
}


@test("a bundle that asks for what a room cannot give is refused by name", variants=list(REFUSED))
def _(wish):
    more, says = REFUSED[wish]
    folder, state = tempdir(), tempdir()
    r = runtime("--state", state, *uid(), "run", "one", bundle(folder, **more))
    status_is(r, 125)
    matches(r.err, f"\\Acroft: [^\n]*{re.escape(says)}[^\n]*\n\\Z")
    equal(os.listdir(os.path.join(state, f"croft-slurm-{os.geteuid()}")), [])


@test("a container that nobody has started is none, and to delete it is no error")
def _():
    state = tempdir()
    status_is(runtime("--state", state, *uid(), "state", "one"), 1)
    status_is(runtime("--state", state, *uid(), "kill", "one"), 1)
    succeeds(runtime("--state", state, *uid(), "delete", "one"))


@test("a name that leads elsewhere is refused", variants=["..", "a/b", ".hidden", ""])
def _(name):
    status_is(runtime("--state", tempdir(), *uid(), "delete", name), 125)


@test("a place for notes that others can write, or a link to one, is refused")
def _():
    state = tempdir()
    own = os.path.join(state, f"croft-slurm-{os.geteuid()}")
    os.mkdir(own, 0o777)
    os.chmod(own, 0o777)
    status_is(runtime("--state", state, *uid(), "delete", "one"), 125)
    os.rmdir(own)
    os.symlink(tempdir(), own)
    status_is(runtime("--state", state, *uid(), "delete", "one"), 125)


@test("root signals and removes only what is the user's, whatever his notes say")
def _():
    if not IS_ROOT:
        skip("it is root who is to be fooled")
    state = tempdir()
    os.chmod(state, 0o1777)
    own = os.path.join(state, f"croft-slurm-{NOBODY}")
    os.mkdir(own, 0o700)
    os.chown(own, NOBODY, NOBODY)
    victim = subprocess.Popen(["sleep", "60"])
    cleanup(victim.wait)
    cleanup(victim.kill)
    begin = read_file(f"/proc/{victim.pid}/stat").rsplit(")", 1)[1].split()[19]
    write_file(os.path.join(own, "one"), f"{victim.pid} {begin}\n")
    os.chown(os.path.join(own, "one"), NOBODY, NOBODY)
    kept = tempdir()
    write_file(os.path.join(kept, "file"))
    os.symlink(kept, os.path.join(own, "two.d"))
    status_is(runtime("--state", state, "--user", NOBODY, "kill", "one", "9"), 125)
    equal(victim.poll(), None, "another's process")
    runtime("--state", state, "--user", NOBODY, "delete", "two")
    equal(os.listdir(kept), ["file"])
    # the twin: his own process ends
    theirs = subprocess.Popen(["sleep", "60"], user=NOBODY)
    cleanup(theirs.wait)
    cleanup(theirs.kill)
    begin = read_file(f"/proc/{theirs.pid}/stat").rsplit(")", 1)[1].split()[19]
    write_file(os.path.join(own, "three"), f"{theirs.pid} {begin}\n")
    os.chown(os.path.join(own, "three"), NOBODY, NOBODY)
    equal(json.loads(succeeds(runtime("--state", state, "--user", NOBODY, "state", "three")).out)["status"], "running")
    succeeds(runtime("--state", state, "--user", NOBODY, "kill", "three", "9"))
    equal(theirs.wait(10), -9)
    equal(json.loads(succeeds(runtime("--state", state, "--user", NOBODY, "state", "three")).out)["status"], "stopped")


main()
