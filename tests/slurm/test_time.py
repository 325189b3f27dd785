# SPDX-License-Identifier: MIT
"""
test_time.py - time limits of Slurm on confined tasks. The shortest is one minute, and Slurm looks
every half: so all of them run at once, and this file by itself takes as long as the rest.
"""
from _cluster import *      # pylint: disable=wildcard-import,unused-wildcard-import

LIMITED = ("--time=1", "--croft=default")


class Jobs:
    """Started once, looked at by each test."""

    def __init__(self):
        cluster = start()
        self.srun = {}
        for user in (0, NOBODY):
            home = cluster.path(f"home-{user}")
            self.folder = cluster.path(f"time-{user}")
            os.mkdir(self.folder)
            os.chown(self.folder, user, user)
            env = {**cluster.env, "HOME": home}
            ids = {"user": user, "group": user, "extra_groups": []}
            self.srun[user] = subprocess.Popen(
                ["srun", *LIMITED, "sh", "-c", "trap 'echo told; exit' TERM; while :; do sleep 0.1; done"], cwd=self.folder, env=env,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **ids)
            write_file(os.path.join(self.folder, "job.sh"), "#!/bin/sh\nsleep 7654 &\necho $! >child\nwait\n", 0o755)
            run("sbatch", *LIMITED, "--output=out", "job.sh", cwd=self.folder, env=env, **ids)
        self.cluster = cluster


@functools.cache
def jobs():
    if reason := why_not():
        skip(reason)
    return Jobs()


@test("srun's task is told at the limit, and ended", variants=[0, NOBODY])
def _(user):
    child = jobs().srun[user]
    text, _ = child.communicate(timeout=110)
    differs(child.returncode, 0, "status")
    contains(text, "DUE TO TIME LIMIT")
    contains(text, "told\n")


@test("a batch job and what it has started are ended at the limit", variants=[0, NOBODY])
def _(user):
    folder = jobs().cluster.path(f"time-{user}")
    child = int(read_file(os.path.join(folder, "child")))
    deadline = time.monotonic() + 100
    while is_alive(child):
        true(time.monotonic() < deadline, "what the job had started is still there")
        time.sleep(0.1)
    contains(read_file(os.path.join(folder, "out")), "DUE TO TIME LIMIT")


main()
