#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
process.py - environment, processes, policy: what the command gets, outlives and turns off (V1 to V15).
"""
import contextlib

from _escape import *     # pylint: disable=wildcard-import,unused-wildcard-import

TABLE = [
    # id, what must not happen, expected
    ("V1", "a secret of the environment reaches the command", ALL_CLOSED),
    ("V2", "a variable makes croft, or the command's first program, run something else", ALL_CLOSED),
    ("V5", "croft runs a program that it finds on PATH or in the project", ALL_CLOSED),
    ("V7", "the command starts croft again to have more than it has", ALL_CLOSED),
    ("V9", "a host that lacks something gets a weaker sandbox without a word", ALL_CLOSED),
    ("V10", "a program that changes its user gains something", ALL_CLOSED),
    ("V11", "a namespace is made inside, for what can be attacked there", ALL_CLOSED),
    ("V12", "processes, memory, files and descriptors are taken without end", ALL_CLOSED),
    ("V13", "the command survives croft", {"landlock": "processes", **{t: CLOSED for t in WITH_NAMESPACES}}),
    ("V14", "processes of others, their words and mounts are seen",
     {"landlock": "processes", **{t: CLOSED for t in WITH_NAMESPACES}}),
    ("V14b", "what is mounted outside is seen in a tree that is made anew", {"new root": CLOSED, "mounts alone": CLOSED}),
    ("V15", "settings of the kernel are written by user 0", ALL_CLOSED),
]
begin(TABLE)

ISOLATED = ["--isolate", "processes", "--prefer", "processes"]
SECRETS = ["GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "NPM_TOKEN", "ANTHROPIC_API_KEY", "DATABASE_URL", "PGPASSWORD",
           "SSH_AUTH_SOCK", "MY_OWN_SECRET", "KUBECONFIG"]


@escape("V1")
def _(tier):
    g = Ground(tier)
    g.env.update({name: f"canary-{name}" for name in SECRETS})
    look = "env; tr '\\0' '\\n' < /proc/self/environ; cat /proc/*/environ /proc/1/cmdline"
    for options in ([], ["--supervise"], ISOLATED):
        lacks(started(g.sh(look, options)).out, "canary-", "what can be read")
    granted = succeeds(g.run("env", options=[w for n in SECRETS for w in ("--env", n)])).out
    equal(granted.count("=canary-"), len(SECRETS), "secrets that are named")


# Variables that make some program run or load another.
LOADERS = """
LD_PRELOAD LD_AUDIT GCONV_PATH LOCPATH NODE_OPTIONS PYTHONSTARTUP PYTHONPATH PYTHONHOME PERL5OPT PERL5LIB RUBYOPT BASH_ENV ENV
PROMPT_COMMAND GIT_SSH_COMMAND GIT_EXTERNAL_DIFF GIT_DIR GIT_EXEC_PATH GIT_CONFIG_GLOBAL JAVA_TOOL_OPTIONS GLIBC_TUNABLES
LD_LIBRARY_PATH BASH_FUNC_ls%% SHELLOPTS PS4 IFS
""".split()


@escape("V2")
def _(tier):
    g = Ground(tier)
    evil = g.file("evil", f"touch '{g.ran}'\n", 0o755)
    g.env.update({name: evil for name in LOADERS if name not in ("LD_PRELOAD", "LD_AUDIT", "LD_LIBRARY_PATH", "IFS", "GCONV_PATH",
                                                               "GLIBC_TUNABLES", "PYTHONHOME")})
    g.env.update({"LD_PRELOAD": "", "IFS": "x", "GLIBC_TUNABLES": "canary"})
    result = succeeds(g.sh("env | cut -d= -f1", ["--write", "{top}"]))
    inside = set(result.out.split())
    equal(sorted(inside & set(LOADERS)), [], "variables inside")
    true(not os.path.lexists(g.ran), "something else ran")
    g.outside("true")
    true(os.path.lexists(g.ran), "outside one of the variables runs it")


HELPERS = ["git", "sh", "bash", "bwrap", "newuidmap", "newgidmap", "unshare", "mount", "umount", "ip", "modprobe", "socat", "cleaner",
           "croft-image", "ldconfig", "ldd", "systemd-run", "sysctl", "nsenter", "fusermount", "id", "getent", "chmod", "rm"]


@escape("V5")
def _(tier):
    g = Ground(tier).repository()
    for name in HELPERS:
        for folder in ("bin", "."):
            g.file(f"{folder}/{name}", f"#!/bin/sh\ntouch '{g.ran}'\n", 0o755)
    g.env["PATH"] = f"{g.project}/bin:.:{g.env['PATH']}"
    for options in ([], ["--supervise"], ["--time", "20"], ISOLATED, ["--with-deps"]):
        result = succeeds(started(g.run("/usr/bin/env", "true", options=["--write", "{top}", *options])))
        true(not os.path.lexists(g.ran), f"a helper ran\n{result}")
    g.run("git", options=["--write", "{top}"])
    true(os.path.lexists(g.ran), "one of that name runs where it is the command")


@escape("V7")
def _(tier):
    deed = f'for off in "" "--off files" "--off files --off exec --off devices --off unix-path" "--tier landlock" "--tier namespaces"; do ' \
        f'for how in "" --supervise; do "{CROFT}" run $off $how --profile system --write "$HOME" -- cat "$KEY" >> out; ' \
        f'"{CROFT}" run $off $how --profile system --write "$HOME" -- sh -c "echo evil >> \'$CANARY\'"; done; done; true'
    own = ["--execute", os.path.dirname(CROFT)]
    g = attack("V7", tier, deed, lambda g: KEY in g.seen("out") or read_file(g.canary) != BEFORE, own,
               twin=[*own, "--write", "{home}"])
    result = g.sh(f'"{CROFT}" run --tier landlock --profile system -- echo inner', own)
    if tier != "mounts alone":
        equal(succeeds(result).out, "inner\n", "a sandbox in the sandbox, which asks for less")


# What the host refuses -> the protections that may need it
LACKS = {
    "unshare,clone3": "EPERM", "unshare,open_tree": "ENOMEM", "mount,umount2": "EPERM", "pivot_root": "EPERM", "move_mount,open_tree": "EPERM",
    "mount_setattr": "EPERM", "mount_setattr,open_tree,move_mount,fsopen,fsconfig,fsmount": "ENOSYS", "setns": "EPERM", "openat2": "EPERM",
    "sethostname": "EPERM", "unshare": "ENOSPC", "mount": "EINVAL", "close_range": "EPERM", "clone3": "ENOSYS", "seccomp": "ENOSYS",
}


@escape("V9", ", whatever call is missing")
def _(tier):
    fake = os.path.join(BUILD, "tests", "no_syscall")
    n_started = 0
    wishes = ["--require", "deny-inside", "--deny", "./secret"] if tier != "landlock" else []
    for calls, errno in LACKS.items():
        g = Ground(tier)
        g.file("secret", KEY)
        words = [*g.words("run", wishes), "--", "/bin/sh", "-c",
                 'echo ran > ran; cat "$KEY" secret > out; echo evil >> "$CANARY"; echo evil > "$RAN"']
        if tier == "landlock":
            words[-1] = words[-1].replace(" secret", "")
        wrap, rest = words[:len(TIERS[tier][0])], words[len(TIERS[tier][0]):]
        result = run(*wrap, fake, calls, errno, *rest, cwd=g.project, env=g.env)
        true(KEY not in g.seen("out") and g.is_whole(), f"without {calls} ({errno}) it is weaker\n{result}")
        if g.seen("ran"):
            n_started += 1
        else:
            status_is(result, 125)
            matches(result.err, MESSAGE, f"message without {calls} ({errno})")
    true(n_started > 1, f"it started only {n_started} times, however little was missing")


@escape("V10")
def _(tier):
    g = Ground(tier)
    text = started(g.run(PAYLOAD, "exec", "status")).out
    contains(text.lower().replace("_", " ").replace("-", " "), "no", "the state")
    status = succeeds(started(g.sh("grep -E '^(NoNewPrivs|Cap|Seccomp):?' /proc/self/status; cat /proc/self/status", ["--read", "/proc"]))).out
    matches(status, r"NoNewPrivs:\s+1\n", "status")
    # A user may empty the bounding set in a namespace of his own only; no_new_privs makes it worth nothing.
    for name in ("CapInh", "CapPrm", "CapEff", "CapAmb", *(["CapBnd"] if IS_ROOT or tier != "landlock" else [])):
        matches(status, rf"{name}:\s+0+\n", "status")
    lacks(g.outside("cat /proc/self/status").out, "NoNewPrivs:\t1", "status outside")


@escape("V11")
def _(tier):
    g = Ground(tier)
    kinds = ["user", "mount", "pid", "net", "ipc", "uts", "cgroup"]
    for kind in kinds:
        for op in ("unshare", "clone", "clone3"):
            for words in ([op, kind], [op, "user", kind]):
                differs(g.payload(*words), "ok", " ".join(words))
    for op in (["call", "chroot", "@/"], ["call", "pivot_root", "@.", "@."], ["call", "umount2", "@/proc", "2"], ["call", "umount2", "@/", "2"],
               ["call", "mount", "@none", "@.", "@tmpfs", "0", "0"], ["setns", "mount"], ["call", "sethostname", "@x", "1"]):
        differs(g.payload(*op), "ok", " ".join(op))
    if run(PAYLOAD, "unshare", "user", env=g.env).out == "ok\n":
        equal(g.payload("unshare", "user", options=["--allow", "user-namespaces"]), "ok", "where it is allowed")


@escape("V12")
def _(tier):
    g = Ground(tier)
    big = os.path.join(g.project, "big")
    checks = [("open-many 200", "200", ["--limit", "open-files=50"]), ("allocate 1000000000", "ok", ["--limit", "memory=100MiB"]),
              (f"write-bytes {big} 1000000", "ok", ["--limit", "file-size=64KiB"])]
    if not IS_ROOT:
        checks.append(("fork-many 100", "100", ["--limit", "processes=3"]))
    for words, free, limit in checks:
        equal(g.payload(*words.split()), free, f"{words} without a limit")
        differs(started(g.run(PAYLOAD, *words.split(), options=limit)).out.strip(), free, f"{words} with {limit}")


SURVIVE = r'''
import os, sys, time
for n in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            while True:
                with open(os.path.join(os.environ["PROJECT"], f"beat{n}"), "a") as f:
                    f.write("x")
                time.sleep(0.02)
        os._exit(0)
print("ready", flush=True)
time.sleep(60)
'''


def beats(g):
    return sum(len(g.seen(f"beat{n}")) for n in range(3))


@escape("V13", ", not even when it is killed")
def _(tier):
    for options in (ISOLATED, ["--supervise", *ISOLATED]):
        g = Ground(tier)
        child = subprocess.Popen([*g.words("run", options), "--", PYTHON, "-I", "-S", "-c", SURVIVE], cwd=g.project, env=g.env,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        cleanup(end_all, g.project, child)
        equal(child.stdout.readline(), b"ready\n", f"first line with {options}")
        true(wait_for(lambda: beats(g) > 3), "the command's children live")  # pylint: disable=cell-var-from-loop
        child.kill()
        child.wait()
        wait_for(lambda: not any(map(is_running, sum(inhabitants(g.project), []))), 2)  # pylint: disable=cell-var-from-loop
        before = beats(g)
        time.sleep(0.15)
        judge("V13", g, beats(g) != before, options)


@escape("V13", ", nor when it ends")
def _(tier):
    g = Ground(tier)
    options = ["--supervise", *ISOLATED]
    cleanup(end_all, g.project)
    text = SURVIVE.replace("time.sleep(60)", "time.sleep(0.1)")
    succeeds(started(g.python(text, options=options)))
    before = beats(g)
    time.sleep(0.15)
    equal(beats(g), before, "beats after the end")


def inhabitants(folder):
    """-> (processes whose environment names the folder, those of them that are croft's own)"""
    commands, own = [], []
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if f"PROJECT={folder}\0" in read_file(f"/proc/{name}/environ") and int(name) != os.getpid():
                (own if read_file(f"/proc/{name}/comm") == "croft\n" else commands).append(int(name))
    return commands, own


def end_all(folder, child=None):
    """Of croft's own processes the cleaner has to end by itself: killed, it leaves the TMPDIR."""
    for pid in inhabitants(folder)[0]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    if child:
        child.kill()
        child.wait()
        child.stdout.close()
        child.stderr.close()
    true(wait_for(lambda: not any(map(is_running, inhabitants(folder)[1])), 10), "croft's cleaner ends")


SEE = r'''
import os
own = {"NSpid", "x"}
others = [n for n in os.listdir("/proc") if n.isdigit() and b"canary-argument" in open(f"/proc/{n}/cmdline", "rb").read()]
print("others", len(others))
'''


@escape("V14")
def _(tier):
    g = Ground(tier)
    other = helper_process(PAYLOAD, "sleep", "60", env=dict(g.env, ARG="x"))
    options = ["--read", "/proc", *ISOLATED]
    result = started(g.sh(f"ls -d /proc/{other.pid}; cat /proc/{other.pid}/cmdline; ps -e 2>/dev/null | wc -l; echo end", options))
    contains(result.out, "end\n", "the command ran")
    judge("V14", g, f"/proc/{other.pid}\n" in result.out or "sleep" in result.out, options, result)
    equal(succeeds(g.sh("test -r /proc/self/status && echo own", options)).out, "own\n", "its own")


@escape("V14b")
def _(tier):
    g = Ground(tier)
    text = succeeds(started(g.sh("cat /proc/self/mountinfo", ["--read", "/proc"]))).out
    lacks(text, g.beside, "mounts")
    lacks(text, "/root/.ssh", "mounts")
    true(text.count("\n") > 2, f"no mounts are told: {text}")


SETTINGS = ["/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/sys/kernel/modprobe", "/proc/sysrq-trigger",
            "/proc/sys/vm/drop_caches", "/proc/sys/fs/binfmt_misc/register", "/proc/sys/kernel/ns_last_pid",
            "/proc/sys/net/ipv4/ip_forward", "/proc/1/oom_score_adj", "/proc/acpi/wakeup", "/sys/kernel/uevent_helper",
            "/sys/power/state", "/sys/fs/cgroup/cgroup.procs",
            "/sys/fs/cgroup/release_agent", "/sys/kernel/mm/transparent_hugepage/enabled", "/proc/irq/default_smp_affinity"]


@escape("V15")
def _(tier):
    g = Ground(tier)
    there = [name for name in SETTINGS if os.path.exists(name)]
    for options in (["--read", "/proc", "--read", "/sys"], ["--read", "/proc", "--read", "/sys", *ISOLATED]):
        opened = [name for name in there if g.payload("open-write", name, options=options) == "ok"]
        judge("V15", g, opened, options, opened)
        equal(g.payload("open-read", "/proc/version", options=options), "ok", "reading in /proc")
    if IS_ROOT:
        true(any(run(PAYLOAD, "open-write", name).out == "ok\n" for name in there), "outside user 0 may")


finish()
