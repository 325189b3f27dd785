#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_profile_enforced.py - what a profile file says that options cannot, and what the kernel then does.

Denials, patterns, exact rights, a pinned Landlock, and system calls: each refusal is asked of the
payload inside, with the nearest thing that must go on working beside it.
"""
from _cli import *      # pylint: disable=wildcard-import,unused-wildcard-import

ARM = os.uname().machine == "aarch64"
NUMBERS = {             # of calls that the payload has no names for
    "move_pages": (279, 239), "migrate_pages": (256, 238), "mbind": (237, 235), "set_mempolicy": (238, 237),
    "set_mempolicy_home_node": (450, 450), "vmsplice": (278, 75), "statmount": (457, 457), "listmount": (458, 458),
    "listns": (470, 470), "process_mrelease": (448, 448), "remap_file_pages": (216, 234), "nanosleep": (35, 101),
}
RARE = {                # what strict refuses, and how; arguments that fail harmlessly where it passes
    "move_pages": ("0 0 0 0 0 0x100", "EACCES"),
    "migrate_pages": ("0 0 0 0xffffffffffffffff", "EACCES"),
    "mbind": ("1 4096 99 0 0 0", "EACCES"),
    "set_mempolicy": ("99 0 0", "EACCES"),
    "set_mempolicy_home_node": ("1 0 99 1", "EACCES"),
    "vmsplice": ("0xffffffffffffffff 0 0 0", "EACCES"),
    "memfd_secret": ("0x1000", "EACCES"),
    "statmount": ("0 0 0 1", "ENOSYS"),
    "listmount": ("0 0 0 1", "ENOSYS"),
    "listns": ("0 0 0 1", "ENOSYS"),
    "process_mrelease": ("0xffffffffffffffff 0", "EACCES"),
    "remap_file_pages": ("0 0 1 0 0", "EACCES"),
    "process_vm_readv": ("0 0 0 0 0 1", "EACCES"),
    "kcmp": ("0 0 99 0 0", "EACCES"),
}


def call(name, arguments=""):
    """The words by which the payload makes a call."""
    return ["call", str(NUMBERS[name][ARM]) if name in NUMBERS else name, *arguments.split()]


class Sandbox:
    """A project with a profile file, and the payload in it."""

    def __init__(self, *lines):
        self.root = project()
        self.path = os.path.join(os.path.dirname(self.root), "x.yaml")
        self.say(*lines)

    def say(self, *lines):
        text = "version: 2\nprofiles:\n  x:\n    extends: [system]\n" + "".join(f"    {line}\n" for line in lines)
        write_file(self.path, text)
        return self

    def file(self, name, text="text"):
        path = os.path.join(self.root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return write_file(path, text)

    def croft(self, command, *words, options=()):
        return run_croft(command, "--profile", self.path, *options, *words, cwd=self.root)

    def run(self, *words, options=()):
        return self.croft("run", "--", *words, options=["--execute", PAYLOAD, *options])

    def asks(self, *op, options=()):
        """What the payload answers: "ok", an errno. Warnings are no answer."""
        result = self.run(PAYLOAD, *op, options=options)
        true(result.status in (0, 1), f"the payload did not answer:\n{result}")
        return result.out.strip()

    def plan(self):
        return succeeds(self.croft("plan")).out


# denials

@test("what no grant reaches stays denied, and the command starts")
def _():
    box = Sandbox("files:", "  write: [./out]", "  deny: [.env, ./keys]", "  deny_write: [./out2, /usr]")
    os.mkdir(os.path.join(box.root, "out"))
    secret = box.file(".env")
    equal(box.asks("open-read", secret), "EACCES", "what is denied")
    equal(box.asks("create", os.path.join(box.root, "out", "x")), "ok", "what is granted")
    equal(box.asks("open-read", "/usr/bin/env"), "ok", "reading what may not be written")
    contains(box.plan(), f"deny '{secret}' ({box.path}:7): kept, nothing grants it", "the plan")


@test("a denial inside of what is granted is kept, and what lies beside it is as granted")
def _():
    box = Sandbox("files:", "  write: [.]", "  deny: [.env, a]")
    secret, below, beside = box.file(".env"), box.file("a/key"), box.file("beside")
    for name in (secret, below):
        equal([box.asks(op, name) for op in ("open-read", "open-write")], ["EACCES", "EACCES"], f"what is denied, {name}")
    equal([box.asks(op, beside) for op in ("open-read", "open-write")], ["ok", "ok"], "what lies beside it")
    box.say("files:", "  write: [.]")
    equal([box.asks("open-read", name) for name in (secret, below)], ["ok", "ok"], "without the denial")


@test("a denial that cannot be kept inside of what is granted stops the start, and the names are told")
def _():
    box = Sandbox("files:", "  write: [.]", "  deny: [many/.env, many/a, many/b, many/c]")
    for number in range(300):       # too many for a rule for each that lies beside
        box.file(f"many/{number}")
    for name in (".env", "a", "b", "c"):
        box.file(f"many/{name}")
    made = os.path.join(box.root, "made")
    alone = ["--tier", "landlock"]
    refused(box.run(PAYLOAD, "create", made, options=alone), 125, "'deny-inside' is required",
            f"'{box.root}/many/.env', '{box.root}/many/a' and 2 more can be read", "no deny rule")
    true(not os.path.exists(made), "the command ran")
    box.say("files:", "  write: [.]")
    equal(box.asks("create", made, options=alone), "ok", "without the denial")


@test("preferred, a denial that is not kept is told in a line, and why says the truth")
def _():
    box = Sandbox("files:", "  write: [.]", "  deny: [.env]", "require: { deny-inside: prefer }")
    secret = box.file(".env")
    result = box.run(PAYLOAD, "open-read", secret)
    status_is(result, 0)
    contains(result.err, f"deny-inside ('{secret}' can be read:", "the warning")
    equal(result.err.count("\n"), 1, "lines of warning")
    answer = box.croft("why", "read", secret)
    status_is(answer, 0)
    contains(answer.out, f"although {box.path}:7 says deny: Landlock has no deny rule", "why")
    other = box.croft("why", "read", "/root/x" if os.geteuid() else "/srv/x")
    status_is(other, 1)
    lacks(other.out, "although", "why, beside the denial")


@test("a denied name that is a link into a granted tree denies what it leads to")
def _():
    box = Sandbox("files:", "  read: [./data]", "  deny: [./secret]")
    box.file("data/secret")
    box.file("data/beside")
    os.symlink("data/secret", os.path.join(box.root, "secret"))
    for name in ("secret", "data/secret"):
        equal(box.asks("open-read", os.path.join(box.root, name)), "EACCES", f"what is denied, as {name}")
    equal(box.asks("open-read", os.path.join(box.root, "data", "beside")), "ok", "what lies beside it")
    os.remove(os.path.join(box.root, "secret"))
    box.file("secret")
    equal(box.asks("open-read", os.path.join(box.root, "secret")), "EACCES", "the same name, no link")
    equal(box.asks("open-read", os.path.join(box.root, "data", "secret")), "ok", "what is granted")


@test("all may be read and one directory written: what may not be written stays so, made later or not")
def _():
    box = Sandbox("files:", "  read: [/]", "  write: [./out]", "  deny_write: [.git/hooks, \"./src/**/*.lock\"]")
    os.mkdir(os.path.join(box.root, "out"))
    hook = box.file(".git/hooks/pre-commit")
    equal(box.asks("open-write", hook), "EACCES", "writing a hook")
    equal(box.asks("create", hook + ".new"), "EACCES", "making one")
    equal(box.asks("open-read", hook), "ok", "reading one")
    equal(box.asks("create", os.path.join(box.root, "out", "x")), "ok", "what is granted")


@test("names that are to be hidden or private need more than Landlock: told, with what is left")
def _():
    alone = ["--tier", "landlock"]
    ask = [PAYLOAD, "open-read", "/etc/passwd"]
    box = Sandbox("files:", "  hide: [~/.ssh]")
    refused(box.run(*ask, options=alone), 125, "'hidden' is required", "cannot be opened, but seen")
    box.say("files:", "  private: [/var/tmp]", "require: { private-tmp: require }")
    refused(box.run(*ask, options=alone), 125, "'private-tmp' is required", "'/var/tmp' is refused",
            "programs must heed TMPDIR")
    box.say("files:", "  private: [/var/tmp]", "require: { private-tmp: prefer }")
    equal(box.asks("create", "/var/tmp/croft-test-none", options=alone), "EACCES", "the host's own")


@test("names are hidden and directories private where namespaces can be made, else the start is refused")
def _():
    box = Sandbox("files:", "  read: [.]", "  private: [/var/tmp]", "  hide: [hidden]")
    hidden, beside = box.file("hidden"), box.file("beside")
    made = "/var/tmp/croft-test-private"
    if box.croft("plan", options=["--tier", "namespaces"]).status:
        refused(box.run(PAYLOAD, "create", made), 125, "is required")
        return
    equal(box.asks("stat", hidden), "ENOENT", "what is hidden")
    equal(box.asks("stat", beside), "ok", "what lies beside it")
    equal(box.asks("create", made), "ok", "a name in the private directory")
    true(not os.path.exists(made), f"{made} is on the host")


# patterns

@test("a pattern grants the names that are there, none that is made later, and no link")
def _():
    box = Sandbox("files:", "  read: [\"./logs/*.log\", \"./src/**/data\"]")
    one, deep = box.file("logs/one.log"), box.file("src/a/b/data")
    outside = write_file(os.path.join(os.path.dirname(box.root), "outside"), "x")
    os.symlink(outside, os.path.join(box.root, "logs", "evil.log"))
    equal(box.asks("open-read", one), "ok", "what fits")
    equal(box.asks("open-read", deep), "ok", "what fits below")
    equal(box.asks("open-read", box.file("logs/other.txt")), "EACCES", "what does not fit")
    equal(box.asks("open-read", outside), "EACCES", "where a link leads")
    contains(box.plan(), f"pattern '{box.root}/logs/*.log' ({box.path}:6): 1 name now, names made later are not "
             "granted", "the plan")
    late = os.path.join(box.root, "logs", "late.log")
    words = [CROFT, "run", "--profile", box.path, "--", "/bin/sh", "-c", f"echo ready; read go; cat {one}; cat {late}"]
    with subprocess.Popen([str(word) for word in words], cwd=box.root, text=True, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        equal(process.stdout.readline(), "ready\n", "the command runs")
        box.file("logs/late.log", "late")
        out, err = process.communicate("go\n", timeout=30)
    equal(out, "text", "what was there at the start")
    matches(err, rf"cat: {late}: Permission denied", "what was made since")
    equal(box.asks("open-read", late), "ok", "at the next start")


@test("a pattern that nothing fits is an error that says what to grant, unless it is optional")
def _():
    box = Sandbox("files:", "  read: [\"./logs/*.log\"]")
    refused(box.run(PAYLOAD, "getpid"), 125, f"{box.path}:6 '{box.root}/logs/*.log'", "nothing fits it now",
            "grant the directory")
    box.say("files:", "  read: [\"optional:./logs/*.log\"]")
    equal(box.asks("call", "getpid"), "ok", "optional")


# exact rights, and which Landlock

@test("exact rights: files are made and written, and none is removed")
def _():
    box = Sandbox("files:", "  rights:", "    - paths: [.]", "      allow: [read_dir, read_file, write_file, make_reg]")
    path = os.path.join(box.root, "made")
    equal(box.asks("create", path), "ok", "making a file")
    equal(box.asks("unlink", path), "EACCES", "removing it")
    equal(box.asks("mkdir", path + ".d"), "EACCES", "making a directory")
    contains(box.plan(), f"write_file+read_file+read_dir+make_reg '{box.root}' ({box.path}:7)", "the plan")


@test("pinned to the first Landlock, nothing is moved between directories, on any kernel")
def _():
    box = Sandbox("files:", "  write: [.]", "abi: 1", "require: { exec: require }")
    old, new = box.file("a/x"), os.path.join(box.root, "b", "x")
    os.mkdir(os.path.dirname(new))
    equal(box.asks("rename", old, new), "EXDEV", "pinned")
    box.say("files:", "  write: [.]")
    equal(box.asks("rename", old, new), "ok" if ABI >= REFER else "EXDEV", "not pinned")
    plan = json.loads(succeeds(box.say("abi: 1").croft("plan", options=["--json"])).out)
    equal((plan["layers"]["landlock_abi"], plan["layers"]["landlock_abi_of_host"]), (min(ABI, 1), ABI), "the layers")


@test("a Landlock that is required and not there stops the start")
def _():
    box = Sandbox("require: { landlock: 11 }")
    if ABI < 11:
        refused(box.run(PAYLOAD, "getpid"), 125, f"the profile requires Landlock ABI 11, this kernel has {ABI or 'none'}",
                "Linux 7.3")
    else:
        equal(box.asks("call", "getpid"), "ok", "new enough")
    box.say("require: { landlock: 1 }")
    equal(box.asks("call", "getpid"), "ok", "the oldest")


# system calls

@test("strict refuses what few programs need, and standard lets it pass", variants=sorted(RARE))
def _(name):
    arguments, answer = RARE[name]
    op = call(name, arguments)
    free = payload(*op).out.strip()
    equal(Sandbox("syscalls: strict").asks(*op), answer, "strict")
    standard = Sandbox("syscalls: standard").asks(*op)
    true(standard in (free, "EPERM") or free == "EACCES", f"standard: {standard}, without a sandbox: {free}")
    if free not in (answer, "ENOSYS"):
        differs(standard, answer, "the answer with standard")


@test("under strict, shells, compilers' helpers and interpreters go on working")
def _():
    box = Sandbox("files:", "  write: [.]", "syscalls: strict")
    line = "printf '3\\n1\\n2\\n' | sort | tee out | wc -l && cat out && mkfifo p && rm p out && ls /usr >/dev/null"
    result = succeeds(box.run("/bin/sh", "-c", line))
    equal(result.out.split(), ["3", "1", "2", "3"], "a pipeline")
    code = ("import threading, subprocess, tempfile, mmap, sqlite3, os\n"
            "t = threading.Thread(target=lambda: None); t.start(); t.join()\n"
            "m = mmap.mmap(-1, 4096); m[0] = 1\n"
            "print(subprocess.run(['/bin/echo', 'child'], capture_output=True, text=True).stdout.strip())\n"
            "db = sqlite3.connect('x.db'); db.execute('create table t(x)'); db.commit(); db.close(); os.remove('x.db')\n")
    equal(succeeds(box.run(PYTHON, "-c", code)).out, "child\n", "an interpreter")


@test("a call refused by name is refused, and others are not")
def _():
    box = Sandbox("files:", "  write: [.]", "syscalls:", "  refuse: [chmod, fchmodat, fchmodat2]")
    path = box.file("x")
    equal(box.asks("chmod", path, "600"), "EACCES", "chmod")
    equal(box.asks("open-write", path), "ok", "writing")
    equal(box.asks("call", "getpid"), "ok", "another call")
    contains(box.plan(), "  refused by name: chmod fchmodat fchmodat2\n", "the plan")
    why = box.croft("why", "syscall", "chmod")
    status_is(why, 1)
    contains(why.out, "the profile refuses it by name", "why")
    box.say("files:", "  write: [.]")
    equal(box.asks("chmod", path, "600"), "ok", "without the word")


@test("so many refused calls that the filter is long: it is taken, and the rest goes on")
def _():
    names = """acct add_key afs_syscall alarm capset clock_adjtime delete_module epoll_ctl_old eventfd fallocate fchown
        fgetxattr flistxattr fremovexattr futimesat getitimer getpgrp getpmsg getpriority getrusage getsockname
        inotify_add_watch inotify_rm_watch io_cancel io_destroy io_getevents io_pgetevents io_setup ioprio_get
        kexec_file_load landlock_add_rule lchown lgetxattr link linkat listxattr llistxattr lookup_dcookie lremovexattr
        madvise membarrier mincore mknod mlock mlockall mq_getsetattr mq_notify mq_open mq_timedreceive msync munlock
        name_to_handle_at nanosleep nfsservctl perf_event_open pkey_alloc pkey_mprotect preadv process_vm_writev
        pselect6 putpmsg pwritev quotactl recvmmsg removexattr rt_sigpending rt_sigsuspend rt_tgsigqueueinfo
        sched_get_priority_max sched_getattr sched_getscheduler sched_setattr sched_setscheduler security semget semtimedop
        sendmmsg setdomainname setfsuid sethostname setitimer setpriority setregid setresuid setrlimit setsid settimeofday
        setxattr shmat shmdt signalfd splice statfs swapon symlinkat sync_file_range sysfs tee timer_create timer_getoverrun
        timer_settime timerfd_gettime tkill truncate tuxcall ustat utime utimes vhangup vserver""".split()
    box = Sandbox("syscalls:", "  refuse: [" + ", ".join(names) + "]")
    equal(box.asks(*call("nanosleep", "0 0")), "EACCES", "one of them")
    equal(box.asks("call", "getpid"), "ok", "another")
    equal(succeeds(box.run("/bin/sh", "-c", "echo a | cat")).out, "a\n", "a shell")


@test("a call that cannot be refused, or is none, stops the start")
def _():
    refused(Sandbox("syscalls:", "  refuse: [execve]").run(PAYLOAD, "getpid"), 125, "'execve' is to be refused",
            "croft itself needs it")
    refused(Sandbox("syscalls:", "  refuse: [chnod]").run(PAYLOAD, "getpid"), 125, "no system call 'chnod'",
            "did you mean 'chmod'?")


main()
