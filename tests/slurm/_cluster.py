# SPDX-License-Identifier: MIT
"""
_cluster.py - a Slurm of two nodes on this machine, for the tests of this folder.

munged with a key and a socket of its own, slurmctld, and a slurmd for each node, all on 127.0.0.1
at ports that were free, all files in one directory. Nothing of the machine's own Slurm or munge is
used or disturbed. The daemons stay in the foreground, as children that die with this process; what
slurmd has started is found at the end, for orphans become our children.

    cluster = start()               once a file; skips each test where Slurm cannot be had
    cluster.srun("--croft=default", "true")
    cluster.plugstack("default=slurm-test enforce")
"""
import atexit
import ctypes
import functools
import socket
import time

from harness import *       # pylint: disable=wildcard-import,unused-wildcard-import

NOBODY = 65534
PLUGIN = os.path.join(BUILD, "src", "croft_spank.so")
SOURCE = os.environ.get("SOURCE", os.path.dirname(TESTS))
DAEMONS = "/usr/sbin"
NODES = ("n1", "n2")
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
_libc = ctypes.CDLL(None)

CONF = """\
ClusterName=croft
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={top}/munge/socket
SlurmctldPort={ports[0]}
StateSaveLocation={top}/state
SlurmdSpoolDir={top}/spool/%n
SlurmdPidFile={top}/run/slurmd.%n.pid
SlurmdLogFile={top}/log/slurmd.%n
SlurmctldPidFile={top}/run/slurmctld.pid
SlurmctldLogFile={top}/log/slurmctld
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0,sched_min_interval=0
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SlurmdTimeout=60
MinJobAge=300
MaxArraySize=2000
KillWait=2
OverTimeLimit=0
SlurmdParameters=config_overrides
PlugStackConfig={top}/etc/plugstack.conf
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=8 RealMemory=400 State=UNKNOWN
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=8 RealMemory=400 State=UNKNOWN
PartitionName=main Nodes=n[1-2] Default=YES MaxTime=INFINITE State=UP
"""


def free_ports(n):
    """Ports that were free a moment ago, all different."""
    held = [socket.socket() for _ in range(n)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def why_not():
    """What is missing here, or nothing."""
    if not IS_ROOT:
        return "slurmd starts jobs as root alone"
    if not os.path.exists(f"{DAEMONS}/slurmctld") or not os.path.exists(f"{DAEMONS}/munged"):
        return "no Slurm here"
    if not os.path.exists(PLUGIN):
        return "built without Slurm's header"
    return ""


class Cluster:
    """What start() gives."""

    def __init__(self):
        self.top = os.path.realpath(tempfile.mkdtemp(prefix="croft-slurm-"))
        os.chmod(self.top, 0o755)
        for name in ("etc", "state", "spool", "spool/n1", "spool/n2", "log", "run", "munge", "home-0", f"home-{NOBODY}"):
            os.mkdir(os.path.join(self.top, name), 0o755)
        os.chown(self.path(f"home-{NOBODY}"), NOBODY, NOBODY)
        self.host = socket.gethostname().split(".")[0] or "localhost"   # an empty one breaks slurm.conf
        self.conf = os.path.join(self.top, "etc", "slurm.conf")
        self.children = []
        self.env = {**os.environ, "SLURM_CONF": self.conf}
        for name in ("TMPDIR", "PYTHONPATH", "LD_LIBRARY_PATH"):
            self.env.pop(name, None)
        _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        atexit.register(self.stop)

    def path(self, *parts):
        return os.path.join(self.top, *parts)

    def plugstack(self, words="", kind="required", croft=None):
        """plugstack.conf is the example's, with the places of this build and these words."""
        text = read_file(os.path.join(SOURCE, "examples", "slurm", "plugstack.conf"))
        line = f"required croft_spank.so croft=/usr/local/bin/croft\n"
        contains(text, line, "the example")
        text = text.replace(line, f"{kind} {PLUGIN} croft={croft or CROFT} {words}\n")
        write_file(self.path("etc", "plugstack.conf"), text)

    def daemon(self, name, *args):
        log = open(self.path("log", f"{name}.out"), "ab")     # pylint: disable=consider-using-with
        child = subprocess.Popen([f"{DAEMONS}/{name}", *args], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                 env=self.env, start_new_session=True,
                                 preexec_fn=lambda: _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0))
        log.close()
        self.children.append(child)

    def up(self):
        write_file(self.path("munge", "key"), os.urandom(128), 0o400)
        self.daemon("munged", "--foreground", "--force", f"--key-file={self.path('munge', 'key')}",
                    f"--socket={self.path('munge', 'socket')}", f"--pid-file={self.path('munge', 'pid')}",
                    f"--log-file={self.path('munge', 'log')}", f"--seed-file={self.path('munge', 'seed')}")
        self.wait(lambda: os.path.exists(self.path("munge", "socket")), "munged")
        write_file(self.conf, CONF.format(host=self.host, top=self.top, ports=free_ports(3)))
        release = run(f"{DAEMONS}/slurmd", "-V", env=self.env).out.split()[1]
        if int(release.split(".")[0]) >= 23:    # which loads that plugin although nothing uses it
            write_file(self.path("etc", "cgroup.conf"), "CgroupPlugin=disabled\n")
        self.plugstack()
        self.daemon("slurmctld", "-D", "-f", self.conf)
        for node in NODES:
            self.daemon("slurmd", "-D", "-f", self.conf, "-N", node)
        self.wait(lambda: self.idle() == len(NODES), "two idle nodes", 40)
        return self

    def idle(self):
        told = run("sinfo", "-h", "-o", "%T %D", env=self.env).out.split("\n")
        return sum(int(line.split()[1]) for line in told if line.startswith("idle "))

    def wait(self, condition, what, seconds=20):
        deadline = time.monotonic() + seconds
        while not condition():
            for child in self.children:
                if child.poll() is not None:
                    fail(f"{child.args[0]} ended with {child.returncode}:\n{self.logs()}")
            if time.monotonic() > deadline:
                fail(f"{what}: not in {seconds} s\n{self.logs()}")
            time.sleep(0.05)

    def logs(self):
        text = []
        for name in sorted(os.listdir(self.path("log"))):
            text.append(f"--- {name}\n{read_file(self.path('log', name))[-3000:]}")
        return "\n".join(text)

    # Users. A folder is theirs, and everybody can enter the way to it.

    def folder(self, user=0):
        path = tempdir()
        os.chmod(path, 0o755)
        os.chown(path, user, user)
        return path

    def command(self, *argv, user=0, cwd=None, env=None, **how):
        cwd = cwd or self.folder(user)
        env = {**self.env, "HOME": self.path(f"home-{user}"), "USER": "nobody" if user else "root", **(env or {})}
        if user:
            how |= {"user": user, "group": user, "extra_groups": []}
        how.setdefault("timeout", 60)
        return run(*argv, cwd=cwd, env=env, **how)

    def srun(self, *argv, **how):
        return self.command("srun", "--quiet", *argv, **how)

    def sbatch(self, script, *options, cwd, user=0, **how):
        """Waits for the end; the script's output is in out-JOB of cwd."""
        write_file(os.path.join(cwd, "job.sh"), "#!/bin/sh\n" + script, 0o755)
        return self.command("sbatch", "--wait", "--output=out-%j", *options, "job.sh", cwd=cwd, user=user, **how)

    # The end

    def stop(self):
        with_slurm = [child for child in self.children if "slurm" in child.args[0]]
        if with_slurm and all(child.poll() is None for child in self.children):
            run("scancel", "--user=root,nobody", env=self.env, timeout=20)
            deadline = time.monotonic() + 6
            while self.steps() and time.monotonic() < deadline:
                time.sleep(0.05)
        for child in reversed(self.children):
            if child.poll() is None:
                child.terminate()
                try:
                    child.wait(8)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()
        for pid in self.steps():
            os.kill(pid, signal.SIGKILL)
        self.children = []
        shutil.rmtree(self.top, ignore_errors=True)

    def steps(self):
        """slurmstepd of this cluster, and whatever they have left to us."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as f:
                    comm, rest = f.read().split("(", 1)[1].rsplit(")", 1)
                state, parent = rest.split()[:2]
            except (OSError, ValueError):
                continue
            ours = [str(os.getpid()), *(str(child.pid) for child in self.children)]
            started = [str(child.pid) for child in self.children]
            if state != "Z" and parent in ours and pid not in started:
                found.append(int(pid))
        return found


def is_alive(pid):
    """Dead is also who waits for us to take his status: orphans become our children."""
    try:
        return read_file(f"/proc/{pid}/stat").rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@functools.cache
def _the_one():
    return Cluster().up()


def start():
    """The cluster of this test program; ends the running test where there can be none."""
    if reason := why_not():
        skip(reason)
    cluster = _the_one()
    cluster.plugstack()
    return cluster
