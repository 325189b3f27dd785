# SPDX-License-Identifier: MIT
"""
test_spank.py - croft_spank.so in a Slurm of two nodes: what users do with it, what it refuses, and
what a task cannot do.
"""
import contextlib
import socket
import threading

from _cluster import *      # pylint: disable=wildcard-import,unused-wildcard-import

USERS = [0, NOBODY]
DEFAULT = "--croft=default"


def output(folder):
    """What the batch jobs of that folder have printed, by their files' names."""
    return "".join(read_file(os.path.join(folder, name)) for name in sorted(os.listdir(folder)) if name.startswith("out-"))


@test("a task on each of two nodes is confined, and has what Slurm tells it", variants=USERS)
def _(user):
    cluster = start()
    inside = "echo $SLURM_PROCID $SLURMD_NODENAME; grep -c Seccomp:.2 /proc/self/status; echo made >made-$SLURM_PROCID"
    folder = cluster.folder(user)
    r = succeeds(cluster.srun("-N2", DEFAULT, "sh", "-c", inside, user=user, cwd=folder))
    equal(sorted(r.out.split("\n")), ["", "0 n1", "1", "1", "1 n2"])
    equal(sorted(os.listdir(folder)), ["made-0", "made-1"])
    r = succeeds(cluster.srun("sh", "-c", "grep -c Seccomp:.0 /proc/self/status", user=user))
    equal(r.out, "1\n", "without the option nothing is confined")


class Victims:
    """What a task should not reach: a file to write, one to read, a process, a server."""

    def __init__(self, cluster, user):
        outside = cluster.folder(user)
        self.canary = write_file(os.path.join(outside, "canary"), "as it was\n")
        self.key = write_file(os.path.join(cluster.path(f"home-{user}"), ".ssh", "key"), "secret\n", 0o600)
        for path in (self.canary, self.key):
            os.chown(path, user, user)
        self.process = subprocess.Popen(["sleep", "60"], user=user, group=user, extra_groups=[])
        cleanup(self.process.wait)
        cleanup(self.process.kill)
        self.server = socket.create_server(("127.0.0.1", 0))
        cleanup(self.server.close)
        self.visits = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                self.server.accept()[0].close()
                self.visits += 1

    def deeds(self):
        return (f"echo changed 2>/dev/null >{self.canary} && echo wrote\n"
                f"kill -0 {self.process.pid} 2>/dev/null && echo signalled\n"
                f"cat {self.key} 2>/dev/null\n"
                f"(exec 3<>/dev/tcp/127.0.0.1/{self.server.getsockname()[1]}) 2>/dev/null && echo connected\n"
                "echo made >made && cat made /etc/hostname >/dev/null && echo worked\n")


EVERY_DEED = ["wrote", "signalled", "secret", "connected", "worked"]


@test("a task that tries to leave its sandbox cannot, and normal work is done", variants=USERS)
def _(user):
    cluster = start()
    victims = Victims(cluster, user)
    r = cluster.srun(DEFAULT, "bash", "-c", victims.deeds(), user=user)
    equal((r.out.split(), victims.visits), (["worked"], 0))
    equal(read_file(victims.canary), "as it was\n", "the file outside")
    r = cluster.srun("bash", "-c", victims.deeds(), user=user)
    equal(r.out.split(), EVERY_DEED, "the same without the option")


@test("so it is with a batch job", variants=USERS)
def _(user):
    cluster = start()
    victims = Victims(cluster, user)
    folder = cluster.folder(user)
    write_file(os.path.join(folder, "deeds"), victims.deeds())
    succeeds(cluster.sbatch("exec bash deeds\n", DEFAULT, cwd=folder, user=user))
    equal((output(folder).split(), victims.visits), (["worked"], 0))


@test("exit status 42 and the end by signal 9 are the task's own", variants=USERS)
def _(user):
    cluster = start()
    status_is(cluster.srun(DEFAULT, "sh", "-c", "exit 42", user=user), 42)
    r = cluster.srun(DEFAULT, "sh", "-c", "kill -9 $$", user=user)
    status_is(r, 137)
    contains(r.err, "Killed")


@test("the elements of an array each have their number and their end, and sbatch --wait the highest", variants=USERS)
def _(user):
    cluster = start()
    folder = cluster.folder(user)
    r = cluster.sbatch("echo $SLURM_ARRAY_TASK_ID >made-$SLURM_ARRAY_TASK_ID; touch /etc/croft-made; "
                       "exit $SLURM_ARRAY_TASK_ID\n", DEFAULT, "--array=2,5,3", cwd=folder, user=user)
    status_is(r, 5)
    equal([read_file(os.path.join(folder, f"made-{n}")) for n in (2, 3, 5)], ["2\n", "3\n", "5\n"])
    equal(output(folder).count("Permission denied"), 3, "refusals")


@test("steps inherit the option from salloc and from sbatch")
def _():
    cluster = start()
    r = cluster.command("salloc", "--quiet", "-n2", DEFAULT, "srun", "--quiet", "-n2", "sh", "-c",
                        "grep Seccomp: /proc/self/status; exit 4")
    status_is(r, 4)
    equal(re.sub(r"\s", "", r.out), "Seccomp:2Seccomp:2")


def nested(cluster, more=""):
    """The example's profile for scripts that call srun, with the places of this cluster."""
    text = read_file(os.path.join(SOURCE, "examples", "slurm", "batch.yaml"))
    for old, new in (("optional:/etc/slurm\n", cluster.path("etc") + "\n"), ("optional:/run/munge\n", cluster.path("munge") + "\n"),
                     ("optional:/usr/lib/slurm\n", f"{os.path.dirname(PLUGIN)}\n        - {os.path.dirname(CROFT)}\n")):
        contains(text, old, "the example")
        text = text.replace(old, new)
    return write_file(cluster.path("etc", "batch.yaml"), text + more)


@test("a job script with the example's profile starts confined steps of its own")
def _():
    cluster = start()
    folder = cluster.folder(NOBODY)
    profile = nested(cluster)
    r = cluster.sbatch("touch /tmp/croft-made\nsrun --quiet -N2 -n2 sh -c 'touch /tmp/croft-made; echo step $SLURM_PROCID'\n",
                       "-N2", f"--croft={profile}", cwd=folder, user=NOBODY)
    succeeds(r)
    text = output(folder)
    equal((text.count("Permission denied"), sorted(re.findall("step .", text))), (3, ["step 0", "step 1"]), text)


@test("with the profile default a job script reaches neither munge nor Slurm's ports")
def _():
    cluster = start()
    folder = cluster.folder(NOBODY)
    differs(cluster.sbatch("srun --quiet true\n", DEFAULT, cwd=folder, user=NOBODY).status, 0, "status")


@test("standard input and output go through, and a descriptor of slurmstepd does not")
def _():
    cluster = start()
    text = "a line\n" * 1000
    r = succeeds(cluster.srun(DEFAULT, "sh", "-c", "cat; ls /proc/self/fd | wc -l", stdin=text))
    equal(r.out, text + "4\n")      # ls has opened the fourth


@test("--pty gives a terminal to the task, and its exit status comes back")
def _():
    cluster = start()
    call = ["srun", "--quiet", "--pty", DEFAULT, "sh", "-c", "tty; stty rows 30; stty size; exit 3"]
    r = cluster.command("/usr/bin/python3", "-c", f"import pty, sys; sys.exit(pty.spawn({call!r}) >> 8)")
    status_is(r, 3)
    matches(r.out, r"/dev/pts/\d+\r\n30 \d+\r\n")


def wait_for(path, seconds=20):
    deadline = time.monotonic() + seconds
    while not os.path.exists(path):
        true(time.monotonic() < deadline, f"{path} was not made")
        time.sleep(0.02)


@test("scancel ends a confined job with everything in it, and its signals arrive", variants=USERS)
def _(user):
    cluster = start()
    folder = cluster.folder(user)
    write_file(os.path.join(folder, "job.sh"), "#!/bin/sh\ntrap 'echo >got' USR1\n"
               "sleep 54321 &\necho $! >child\nwhile :; do sleep 0.05; done\n", 0o755)
    r = succeeds(cluster.command("sbatch", "--parsable", "--output=out-%j", DEFAULT, "job.sh", cwd=folder, user=user))
    wait_for(os.path.join(folder, "child"))
    succeeds(cluster.command("scancel", "--batch", "--signal=USR1", r.out.strip(), user=user))
    wait_for(os.path.join(folder, "got"))
    child = int(read_file(os.path.join(folder, "child")))
    succeeds(cluster.command("scancel", r.out.strip(), user=user))
    deadline = time.monotonic() + 20
    while is_alive(child):
        true(time.monotonic() < deadline, "what the job had started is still there")
        time.sleep(0.05)


@test("a profile with a pid namespace and hidden files holds in a task, its status too")
def _():
    cluster = start()
    profile = write_file(cluster.path("etc", "inside.yaml"), """version: 2
profiles:
  inside:
    extends: [default]
    require: {processes: require, hidden: require}
""")
    folder = cluster.folder(NOBODY)
    r = cluster.srun(f"--croft={profile}", "sh", "-c", "ls /proc | grep -c '^[0-9]'; ls -d /root; exit 9", user=NOBODY, cwd=folder)
    status_is(r, 9)
    true(int(r.out.split()[0]) < 10, r.out)
    contains(r.err, "/root")
    status_is(cluster.srun(f"--croft={profile}", "sh", "-c", "kill -9 $$", user=NOBODY, cwd=folder), 137)


@test("resource limits are carried over as without the plugin, one that is asked for too")
def _():
    cluster = start()

    def limit(*options):
        return cluster.srun(*options, "sh", "-c", "ulimit -Sn; ulimit -Sc; ulimit -Ss", preexec_fn=lower).out

    def lower():
        import resource     # pylint: disable=import-outside-toplevel
        resource.setrlimit(resource.RLIMIT_NOFILE, (321, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    equal(limit(DEFAULT), limit(), "limits")
    equal(limit(DEFAULT, "--propagate=NOFILE").split()[0], "321")


@test("what the loader takes from the environment reaches the task, and never croft")
def _():
    cluster = start()
    export = "--export=ALL,LD_LIBRARY_PATH=/srv/lib,LD_PRELOAD=/srv/evil.so,LD_DEBUG=bogus,SLURM_JWT=key"
    plain = succeeds(cluster.srun(export, "/usr/bin/env"))
    r = succeeds(cluster.srun(export, DEFAULT, "/usr/bin/env"))
    contains(r.out, "LD_LIBRARY_PATH=/srv/lib\n")
    contains(r.out, "LD_PRELOAD=/srv/evil.so\n")
    contains(plain.out, "SLURM_JWT=key\n")
    for name in ("SLURM_JWT", "SLURM_RLIMIT", "LD_DEBUG"):
        lacks(r.out, name)
    equal(r.err.count("'/srv/evil.so'"), 1, "programs that were told to load it\n" + r.err)


main()
