#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_htcondor.py - examples/recipes/htcondor: the wrapper called as HTCondor's starter does, and by HTCondor itself.

HTCondor runs as a pool of one machine in its own tree (suite.py), which is the root of a mount namespace, with processes,
network and host name of its own; what it writes goes to memory. Nothing of it is left when the last job has ended.
"""
from _recipes import *

FOLDER = EXAMPLES / "htcondor"
TREE = Path(TESTS).parent / "htcondor-trixie"
LOADER = "/lib64/ld-linux-x86-64.so.2"

# $1: the tree; $2: the folder with local/ and shared/.
ENTER = r"""
set -eu
mount --make-rprivate /
ip link set lo up
hostname node
mount -t tmpfs tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay overlay -o "lowerdir=$1,upperdir=/mnt/upper,workdir=/mnt/work" /mnt/root
cd /mnt/root
mkdir -p dev proc sys tmp run srv/shared usr/local .old home root
chmod 1777 tmp
mount -t proc proc proc
mount --rbind /dev dev
mount --bind "$2/local" usr/local
mount --bind "$2/shared" srv/shared
pivot_root . .old
umount -l /.old
exec /usr/bin/env -i PATH=/usr/sbin:/usr/bin /bin/bash /usr/local/lib/pool
"""

CONFIG = """
CONDOR_HOST = 127.0.0.1
NETWORK_HOSTNAME = node
NUM_CPUS = 8
MEMORY = 8192
DISK = 8000000
DISCARD_SESSION_KEYRING_ON_STARTUP = False
SCHEDD_INTERVAL = 1
NEGOTIATOR_INTERVAL = 1
NEGOTIATOR_MIN_INTERVAL = 1
NEGOTIATOR_CYCLE_DELAY = 1
UPDATE_INTERVAL = 1
"""

POOL = r"""
for row in root:0:/root condor:64:/var/lib/condor ada:1000:/home/ada; do
	IFS=: read -r name id home <<<"$row"
	echo "$name:x:$id:$id::$home:/bin/sh" >>/etc/passwd
	echo "$name:x:$id:" >>/etc/group
	mkdir -p "$home"
done
echo 'passwd: files
group: files
hosts: files' >/etc/nsswitch.conf
echo '127.0.0.1 localhost node' >/etc/hosts
mkdir -p /var/{log,run,lock,spool}/condor /var/lib/condor/execute /run/lock
chown -R 64:64 /var/{log,run,lock,spool}/condor /var/lib/condor
chmod 755 /var/lib/condor /var/lib/condor/execute
cp /usr/local/etc/90-croft.conf /usr/local/etc/99-test.conf /etc/condor/config.d/
echo 'of ada' >/home/ada/secret
chown -R 1000:1000 /home/ada
/usr/sbin/condor_master -f >/dev/null 2>&1 &
for ((i = 0; i < 60; i++)); do
	condor_status 2>/dev/null | grep -q Unclaimed && break
	sleep 0.3
done
cp /usr/local/lib/{jobs,nowhere,job.sh} /home/ada
mkdir /home/ada/out && chown -R 1000:1000 /home/ada
cd /home/ada
for file in jobs nowhere; do
	setpriv --reuid 1000 --regid 1000 --clear-groups env HOME=/home/ada condor_submit $file >>/srv/shared/submit 2>&1
done
for ((i = 0; i < 60; i++)); do
	[ -z "$(condor_q -allusers -af JobStatus | grep -v 5)" ] && break
	sleep 0.3
done
condor_q -allusers -af ClusterId ProcId ExitCode HoldReason >/srv/shared/held
condor_history -af ClusterId ProcId ExitBySignal ExitCode ExitSignal >/srv/shared/ended
cp -r /home/ada/out /srv/shared/
sleep 0.5
ls /tmp >/srv/shared/tmp
cat /var/log/condor/StarterLog.slot1_* >/srv/shared/log
"""

# What a job does, by its first argument; ada's file can be read by ada.
JOB = r"""#!/bin/sh
echo "here is $1, uid $(id -u)"
case $1 in
plain) echo x >made && exit 3 ;;
steal) cat /home/ada/secret ;;
plant) echo x >/home/ada/planted ;;
killed) kill -9 $$ ;;
own) exit 4 ;;
esac
"""

JOBS = """
universe = vanilla
executable = job.sh
arguments = $(what)
output = /home/ada/out/$(what).out
error = /home/ada/out/$(what).err
should_transfer_files = YES
transfer_output_remaps = "made = /home/ada/out/made"
queue what in (plain, steal, plant, killed)
on_exit_hold = ExitCode == 4
on_exit_hold_reason = "mine"
queue what in (own)
"""

# Where no files are transferred, a job starts where it was told to: the whole of / cannot be granted.
NOWHERE_JOB = """
universe = vanilla
executable = /bin/sh
transfer_executable = false
should_transfer_files = NO
initialdir = /
arguments = "-c 'echo ran'"
output = /home/ada/out/nowhere.out
error = /home/ada/out/nowhere.err
queue
"""
# Cluster and process.
PLAIN, STEAL, PLANT, KILL_SELF, OWN = [("1", str(n)) for n in range(5)]
NOWHERE = ("2", "0")


def pool():
    """Runs the jobs and gives the folder with what came of it."""
    if not IS_ROOT:
        skip("HTCondor for several users takes root")
    if not TREE.exists():
        skip("HTCondor of Debian's trixie could not be had")
    enter = ["unshare", "--pid", "--fork", "--kill-child", "--mount", "--net", "--uts", "--ipc"]
    if run(*enter, "sh", "-c", "mount -t tmpfs none /mnt && mkdir /mnt/a /mnt/b /mnt/c && mount -t overlay none -o "
           f"lowerdir={TREE},upperdir=/mnt/a,workdir=/mnt/b /mnt/c && ip link set lo up").status != 0:
        skip("no mounts, overlay or network namespace here")
    folder = tempdir()
    os.chmod(folder, 0o755)
    for part in ("local/bin", "local/libexec", "local/etc/croft", "local/lib", "shared"):
        os.makedirs(f"{folder}/{part}")
    shutil.copy(CROFT, f"{folder}/local/bin/croft")
    shutil.copy(FOLDER / "croft-condor-wrapper", f"{folder}/local/libexec")
    shutil.copy(FOLDER / "condor.yaml", f"{folder}/local/etc/croft")
    shutil.copy(FOLDER / "90-croft.conf", f"{folder}/local/etc")
    write_file(f"{folder}/local/etc/99-test.conf", CONFIG)
    for name, text in (("pool", POOL), ("jobs", JOBS), ("nowhere", NOWHERE_JOB), ("job.sh", JOB)):
        write_file(f"{folder}/local/lib/{name}", text, 0o755)
    said = run(*enter, "bash", "-c", ENTER, "bash", TREE, folder, timeout=100)
    true(os.path.exists(f"{folder}/shared/ended"), f"the pool did not run: {said}")
    return f"{folder}/shared"


@test("HTCondor runs jobs through the wrapper: statuses, signals and files come back, a sandbox that fails holds the job")
def _():
    shared = pool()
    log = read_file(f"{shared}/submit") + read_file(f"{shared}/held") + read_file(f"{shared}/ended") + read_file(f"{shared}/log")
    ended = {tuple(row.split()[:2]): row.split()[2:] for row in read_file(f"{shared}/ended").splitlines()}
    held = {tuple(row.split()[:2]): row.split(" ", 3)[2:] for row in read_file(f"{shared}/held").splitlines()}

    def text(name):
        return read_file(f"{shared}/out/{name}")
    equal(sorted(ended), [PLAIN, STEAL, PLANT, KILL_SELF], "jobs that ended: " + log)
    equal(ended[PLAIN], ["false", "3", "undefined"], "the plain job")
    equal(text("plain.out"), "here is plain, uid 1000\n", "its output")
    equal(text("made"), "x\n", "what it made")
    equal(ended[STEAL][:2], ["false", "1"], "who reads elsewhere")
    equal(text("steal.out"), "here is steal, uid 1000\n", "its output")
    matches(text("steal.err"), "/home/ada/secret: Permission denied")
    equal(ended[PLANT][1] != "0", True, "who writes elsewhere")
    matches(text("plant.err"), "/home/ada/planted: Permission denied")
    equal(ended[KILL_SELF], ["true", "undefined", "9"], "who is killed")
    equal(held[OWN], ["4", "mine"], "who holds himself")
    equal(held[NOWHERE][0], "125", "whose sandbox cannot be made: " + log)
    matches(held[NOWHERE][1], r"\Acroft: the job was not started")
    equal(text("nowhere.out"), "", "output of what has not run")
    matches(text("nowhere.err"), r"\Acroft: .*'/'.*\n\Z")
    lacks(read_file(f"{shared}/tmp"), "croft-", "temporary directories that stay")


def as_starter(folder, *job, profile=None, cwd=None):
    """The wrapper as the starter calls it: its variables and no other, no standard input, in the scratch directory."""
    os.makedirs(f"{folder}/dir_1", exist_ok=True)
    where = write_file(f"{folder}/condor.yaml", profile or read_file(FOLDER / "condor.yaml"))
    wrapper = installed(FOLDER / "croft-condor-wrapper", f"{folder}/wrapper")
    write_file(wrapper, read_file(wrapper).replace("/usr/local/etc/croft/condor.yaml", where), 0o755)
    env = {"_CONDOR_WRAPPER_ERROR_FILE": f"{folder}/dir_1/.job_wrapper_failure", "_CONDOR_SCRATCH_DIR": f"{folder}/dir_1",
           "TMPDIR": "/tmp", "BATCH_SYSTEM": "HTCondor", "JOBS_OWN": "1"}
    with open("/dev/null", encoding="ascii") as nothing:
        return run(wrapper, *job, env=env, cwd=cwd or f"{folder}/dir_1", stdin=nothing)


@test("called as the starter does, the job has its variables, its directory and its status, and nothing beside")
def _():
    folder = tempdir()
    write_file(f"{folder}/secret", "hush")
    got = as_starter(folder, "/bin/sh", "-c", "echo x >made; echo \"$JOBS_OWN $BATCH_SYSTEM ${TMPDIR%/*}\"; cat ../secret; exit 3")
    status_is(got, 3)
    equal(got.out, f"1 HTCondor {folder}/dir_1\n", "output")
    matches(got.err, "secret: Permission denied")
    equal(read_file(f"{folder}/dir_1/made"), "x\n", "its file")
    true(not os.path.exists(f"{folder}/dir_1/.job_wrapper_failure"), "a failure is told")


@test("the process that the starter has started is the job")
def _():
    got = as_starter(tempdir(), "/bin/sh", "-c", "kill -9 $$")
    status_is(got, -9)


@test("what stops the sandbox is told in one line to both, with 125", variants=["profile", "program"])
def _(what):
    folder = tempdir()
    job = ["/bin/echo", "ran"] if what == "profile" else ["./not-there"]
    got = as_starter(folder, *job, profile="version: 2\nprofiles: {condor: {file: {}}}\n" if what == "profile" else None)
    status_is(got, 125)
    equal(got.out, "", "output")
    matches(got.err, r"\Acroft: [^\n]*\n\Z")
    equal(read_file(f"{folder}/dir_1/.job_wrapper_failure"), got.err, "HTCondor's file")


main()
