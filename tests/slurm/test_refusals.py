# SPDX-License-Identifier: MIT
"""
test_refusals.py - what croft_spank.so does not start, and that nobody talks it out of that.
"""
from _cluster import *      # pylint: disable=wildcard-import,unused-wildcard-import

MADE = "echo >made"


def refused(cluster, *options, says, status=1, cwd=None, made=MADE, **how):
    """srun with these options starts nothing and says this in one line."""
    folder = cwd or cluster.folder(how.get("user", 0))
    r = cluster.srun(*options, "sh", "-c", made, cwd=folder, **how)
    status_is(r, status)
    matches(r.err, says)
    true(not os.path.exists(os.path.join(folder, "made")), "the task has run")
    return r


def profile(cluster, name, text):
    return write_file(cluster.path("etc", f"{name}.yaml"), f"version: 2\nprofiles:\n  {name}:\n{text}")


@test("a profile that does not exist is said before anything is submitted", variants=["srun", "sbatch", "salloc"])
def _(program):
    cluster = start()
    folder = cluster.folder()
    write_file(os.path.join(folder, "job.sh"), "#!/bin/sh\n", 0o755)
    r = cluster.command(program, "--croft=defualt", "./job.sh", cwd=folder)
    status_is(r, 1)
    contains(r.err, "croft: there is no profile 'defualt' (did you mean 'default'?)\n")
    equal(cluster.command("squeue", "-h", "-t", "all", "-n", "job.sh").out, "", "jobs")


@test("a file is looked for in the directory of who submits")
def _():
    cluster = start()
    folder = cluster.folder()
    write_file(os.path.join(folder, "own.yaml"), "version: 2\nprofiles:\n  own:\n    extends: [default]\n")
    succeeds(cluster.srun("--croft=./own.yaml", "true", cwd=folder))
    succeeds(cluster.srun("--croft=own.yaml", "true", cwd=folder))
    refused(cluster, "--croft=other.yaml", says="other.yaml", cwd=folder)


@test("a profile that cannot be enforced here refuses the task", variants=[0, NOBODY])
def _(user):
    cluster = start()
    path = profile(cluster, "strict", "    extends: [default]\n    network: {connect: [\"udp:53\"]}\n    require: {landlock: 11}\n")
    r = refused(cluster, f"--croft={path}", says="croft: .*Landlock", status=125, user=user)
    equal(len(r.err.strip().split("\n")), 2, r.err)      # the second is srun's own
    path = profile(cluster, "mild", "    extends: [default]\n")
    succeeds(cluster.srun(f"--croft={path}", "true", user=user))


@test("without the launcher no task is started, whatever plugstack.conf calls the plugin", variants=["required", "optional"])
def _(kind):
    cluster = start()
    cluster.plugstack(kind=kind, croft="/srv/no-croft")
    refused(cluster, "--croft=default", says="croft: the task was not started: execute '/srv/no-croft': No such file or directory")
    succeeds(cluster.srun("true"))


@test("an unknown word in plugstack.conf refuses every task", variants=["required", "optional"])
def _(kind):
    cluster = start()
    cluster.plugstack("defualt=default", kind=kind)
    folder = cluster.folder()
    r = cluster.srun("sh", "-c", MADE, cwd=folder)
    differs(r.status, 0, "status")
    contains(r.err, "croft: plugstack.conf: 'defualt=default' means nothing here")
    equal(os.listdir(folder), [])


@test("the default of plugstack.conf confines who says nothing, and may be switched off")
def _():
    cluster = start()
    cluster.plugstack("default=default")
    count = ("sh", "-c", "grep -c Seccomp:.2 /proc/self/status")
    equal(cluster.srun(*count).out, "1\n")
    equal(cluster.srun("--croft=off", *count).out, "0\n")


# What a user might try, each as (options, environment, what is said).
TRICKS = {
    "off": (("--croft=off",), {}, "every task here is confined by"),
    "another profile": (("--croft=system",), {}, "every task here is confined by"),
    "the option's variable": ((), {"SLURM_CROFT": "off", "SPANK_CROFT": "off", "SLURM_SPANK_CROFT": "off"}, ""),
    "the variable that carries it": ((), {"_SLURM_SPANK_OPTION_croft_croft": "off", "SLURM_SPANK__SLURM_SPANK_OPTION_croft_croft": "off",
                                          "SPANK__SLURM_SPANK_OPTION_croft_croft": "off"}, ""),
    "a plugstack.conf of one's own": ((), {"SLURM_CONF": "OWN"}, ""),
    "a profile of that name of one's own": ((), {}, ""),
    "a program before the task": (("--task-prolog=OWN",), {}, ""),
    "several programs": (("--multi-prog",), {}, ""),
}


@test("an enforced profile is not to be had off", variants=list(TRICKS))
def _(trick):
    cluster = start()
    cluster.plugstack("default=default enforce")
    options, env, says = TRICKS[trick]
    folder, home = cluster.folder(NOBODY), cluster.folder(NOBODY)
    outside = os.path.join(cluster.folder(NOBODY), "made")
    script = write_file(os.path.join(folder, "script.sh"), f"#!/bin/sh\necho >{outside}\n", 0o755)
    write_file(os.path.join(home, ".config", "croft", "profiles", "default.yaml"),
               "version: 2\nprofiles:\n  default:\n    extends: [system]\n    files: {write: [/tmp], execute: [/tmp]}\n")
    for path, folders, files in os.walk(home):
        for name in [path] + [os.path.join(path, n) for n in folders + files]:
            os.chown(name, NOBODY, NOBODY)
    own = write_file(os.path.join(folder, "slurm.conf"),
                     re.sub("PlugStackConfig=.*\n", f"PlugStackConfig={folder}/plug\n", read_file(cluster.conf)))
    write_file(os.path.join(folder, "plug"), "")
    write_file(os.path.join(folder, "programs"), f"0 {script}\n")
    env = {key: value.replace("OWN", own) for key, value in env.items()} | {"HOME": home}
    options = [word.replace("OWN", script) for word in options]
    task = "programs" if "--multi-prog" in options else script
    r = cluster.srun(*options, task, cwd=folder, user=NOBODY, env=env)
    true(not os.path.exists(outside), f"it has written outside\n{r}")
    contains(r.err, says)
    cluster.plugstack("default=default")    # the twin: without enforce his own profile of that name is his
    if trick == "a profile of that name of one's own":
        succeeds(cluster.srun(script, cwd=folder, user=NOBODY, env=env))
        true(os.path.exists(outside), "his own profile")


@test("--container and a profile do not go together")
def _():
    cluster = start()
    folder = cluster.folder()
    os.mkdir(os.path.join(folder, "rootfs"))
    write_file(os.path.join(folder, "config.json"), '{"ociVersion": "1.0.2", "process": {"args": ["true"], "cwd": "/"}, '
                                                    '"root": {"path": "rootfs"}, "mounts": []}')
    refused(cluster, "--croft=default", f"--container={folder}", says="--croft and --container do not go together")


main()
