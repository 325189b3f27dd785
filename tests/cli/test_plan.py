#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_plan.py - what croft says it would do, and whether that is what happens.

The second half holds `croft why` against the kernel: random grants over a small tree, and each
operation asked about and then done, by the payload inside. Where they differ, one of them lies.
The numbers are drawn from a fixed seed; a failure prints what is needed to do it again.
"""
import random
import shlex
import socket

from _cli import *      # pylint: disable=wildcard-import,unused-wildcard-import

ROWS = ["files", "exec", "devices", "metadata", "hidden", "deny-inside", "private-tmp", "tcp", "udp", "other-net",
        "unix-abstract", "unix-path",
        "signals", "ptrace", "processes", "ipc", "terminal", "syscalls", "privileges", "descriptors", "environment",
        "limits"]
OPERATIONS = ["read", "write", "execute", "create", "remove", "device", "socket", "connect", "listen", "env",
              "syscall"]


def plan_json(*options, **how):
    return json.loads(succeeds(run_croft("plan", "--json", *options, **how)).out)


# plan and the dry run

@test("the plan as text names the command, the rules, every protection, and what is not passed")
def _():
    folder = project()
    text = succeeds(run_croft("plan", "--read", "/var", "--", "sh", "-c", "x", cwd=folder,
                              env=dict(os.environ, ODD_NAME="x"))).out
    for part in ("sh", f"'{folder}'", "'/usr'", "'/var'", "TMPDIR", "--read", f"ABI {ABI}", "not passed"):
        contains(text, part, "the plan")
    for row in ROWS:
        matches(text, rf"(?m)^  {row} +(require|prefer|off) +(enforced|partial|absent)", "the plan")


@test("the plan as JSON is one line, and has the same facts")
def _():
    folder = project()
    options = ["--read", "/var", "--supervise", "--env", "ODD_NAME", "--", "sh", "-c", "x"]
    result = succeeds(run_croft("plan", "--json", *options, cwd=folder, env=dict(os.environ, ODD_NAME="x",
                                                                                 OTHER_NAME="y")))
    equal(result.out.count("\n"), 1, "lines")
    plan = json.loads(result.out)
    equal(plan["version"], 1, "version")
    equal(plan["command"], ["sh", "-c", "x"], "command")
    equal(os.path.basename(plan["program"]), "sh", "program")
    equal(plan["layers"]["tier"], "supervised", "tier")
    equal(plan["layers"]["landlock_abi"], ABI, "ABI")
    rules = {rule["path"]: rule for rule in plan["rules"]}
    equal((rules["/var"]["origin"], rules["/var"]["granted_as"]), ("--read", "/var"), "a rule")
    contains(rules[folder]["access"], "write_file", "rights on the project")
    contains(plan["environment"], "ODD_NAME", "environment")
    contains(plan["environment_not_passed"], "OTHER_NAME", "variables that are not passed")
    equal([row["name"] for row in plan["protections"]], ROWS, "protections")
    for row in plan["protections"]:
        true(row["requirement"] in ("require", "prefer", "off") and row["state"] in ("enforced", "partial",
                                                                                     "absent"), f"row {row}")
        true(row["state"] == "enforced" or row["missing"], f"a row that does not say what is missing: {row}")


@test("the plan says what this kernel ignores and since when it could", variants=[
    (REFER, "refer", "5.19"), (TRUNCATE, "truncate", "6.2"), (TCP, "bind_tcp", "6.7"),
    (IOCTL_DEV, "ioctl_dev", "6.10"), (SCOPES, "signal", "6.12"),
    (PATH_SOCKETS, "resolve_unix", "7.1"), (UDP, "bind_udp", "7.2")])
def _(variant):
    since, right, kernel = variant
    text = succeeds(run_croft("plan", cwd=project())).out
    handled = re.search(r"(?m)^  handled: .*$", text)[0]
    ignored = re.search(r"(?m)^  ignored here: .*$", text)
    if ABI >= since:
        contains(handled, right, "handled")
        lacks(ignored[0] if ignored else "", right, "ignored")
    else:
        lacks(handled, right, "handled")
        matches(ignored[0], rf"{right}[^(]*\(Landlock {since}, Linux {kernel}\)", "ignored")


@test("the dry run prints the same plan as plan, and starts nothing", variants=["text", "json"])
def _(form):
    words = ["--json"] if form == "json" else []
    canary = Canary()
    options = [*canary.grants, "--supervise", "--time", "1m", "--limit", "cpu=9"]
    dry = succeeds(run_croft("run", "--dry-run", *words, *options, "--", *canary.command))
    true(not canary.has_run(), "the command ran")
    equal(dry.out, succeeds(run_croft("plan", *words, *options, "--", *canary.command)).out,
          "the dry run against plan")
    succeeds(canary.run())
    true(canary.has_run(), "the command did not run")


@test("plan and the dry run end with 0 only if the command would be started")
def _():
    for words in (["plan"], ["run", "--dry-run"]):
        succeeds(run_croft(*words, "--profile", "system", "--", "true"))
        for options, status in ((["--tier", "landlock", "--require", "hidden", "--", "true"], 125),
                                (["--", "no-such-program"], 127), (["--", "/etc/passwd"], 126)):
            result = run_croft(*words, "--profile", "system", *options)
            status_is(result, status)
            is_message(result.err)
            contains(result.out, "Protections", "the plan, which is printed all the same")


@test("a plan tells what is mounted beneath a granted directory, with its source", variants=["text", "json"])
def _(form):
    folder = tempdir()
    for name in ("from", "from/part", "granted", "granted/point", "granted/own", "beside"):
        os.mkdir(os.path.join(folder, name))
    enter = ["unshare", "-m"] if IS_ROOT else ["unshare", "-Urm"]
    bind = f"mount --bind '{folder}/from/part' '{folder}/granted/point'"
    if run(*enter, "/bin/sh", "-c", bind).status:
        skip("no mount can be made here")
    words = f"exec '{CROFT}' plan {'--json' if form == 'json' else ''} --profile empty --read '{folder}/granted'"
    result = succeeds(run(*enter, "/bin/sh", "-c", f"{bind} && mount --bind '{folder}/from' '{folder}/beside' && {words}"))
    if form == "json":
        (mount,) = json.loads(result.out)["mounts"]
        equal((mount["beneath"], mount["point"]), (f"{folder}/granted", f"{folder}/granted/point"), "mount")
        contains(mount["what"], "/from/part'", "source")
    else:
        contains(result.out, f"mounted beneath '{folder}/granted', and granted with it: '{folder}/granted/point'", "plan")
        contains(result.out, "/from/part'", "source")
        true("/beside" not in result.out, "a mount outside of the grants is told")


@test("a plan without a command is one for any command")
def _():
    for words in (["plan"], ["plan", "--"]):
        succeeds(run_croft(*words, cwd=project()))
    contains(succeeds(run_croft("plan", "--profile", "empty")).out, "empty", "the plan")


@test("--json needs something to print")
def _():
    refuses(["--json"], "--dry-run")


@test("the plan of names that are no text is JSON all the same")
def _():
    folder = os.fsencode(tempdir())
    words = []
    for name in (b"a\nb", b'"\\', b"\x1b\x01\x7f", b"\xff\xfe", "\u2028\u00fc".encode(), b"\xed\xa0\x80",
                 b"\xf0\x9f\x90\x91"):
        os.mkdir(os.path.join(folder, name))
        words += [b"--read", os.path.join(folder, name)]
    env = {b"PATH": b"/usr/bin:/bin", b"A\nB": b"x", b"\xff": b"y", b'"': b"z"}
    plan = plan_json("--profile", "empty", *words, "--execute", "/usr", "--env-all", "--", b"/usr/bin/true",
                     b"\xff\n", env=env)
    paths = [rule["path"] for rule in plan["rules"]]
    for name in ("a\nb", '"\\', "\x1b\x01\x7f", "\u2028\u00fc", "\U0001f411"):
        contains(paths, os.path.join(os.fsdecode(folder), name), "paths")
    equal(len(paths), 8, "rules")
    contains(plan["environment"], "A\nB", "environment")


@test("a protection that is put off shows so, and what it did is not done")
def _():
    rows = {row["name"]: row for row in plan_json("--profile", "system", "--off", "signals", "--prefer", "tcp",
                                                  "--require", "ptrace")["protections"]}
    equal([rows[n]["requirement"] for n in ("signals", "tcp", "ptrace")], ["off", "prefer", "require"],
          "requirements")
    rows = {row["name"]: row for row in plan_json("--profile", "system", "--off", "ptrace", "--require",
                                                  "ptrace")["protections"]}
    equal(rows["ptrace"]["requirement"], "require", "the last word")


# Saved hosts

@test("a saved host gives the same plan again, as text and as JSON")
def _():
    folder = tempdir()
    path = os.path.join(folder, "this.host")
    options = ["--profile", "system", "--read", folder, "--connect", "443", "--prefer", "tcp", "--limit", "cpu=5"]
    first = succeeds(run_croft("plan", "--save-host", path, *options, "--", "true"))
    equal(succeeds(run_croft("plan", "--host", path, *options, "--", "true")).out, first.out, "the plan")
    equal(succeeds(run_croft("plan", "--json", "--host", path, *options, "--", "true")).out,
          succeeds(run_croft("plan", "--json", *options, "--", "true")).out, "the plan as JSON")
    again = os.path.join(folder, "again.host")
    succeeds(run_croft("plan", "--host", path, "--save-host", again, "--profile", "empty"))
    equal(read_file(again), read_file(path), "a saved host that was saved again")


def changed_host(key, value):
    """This host with one answer changed."""
    path = os.path.join(tempdir(), "host")
    succeeds(run_croft("plan", "--save-host", path, "--profile", "empty"))
    text = read_file(path)
    new = re.sub(rf"(?m)^{key}: .*$", f"{key}: {value}", text)
    true(new != text or f"{key}: {value}\n" in text, f"no {key} in {text!r}")
    return write_file(path, new)


@test("a plan for an older host says what that host lacks", variants=[1, 2, 3, 4, 5, 6])
def _(abi):
    path = changed_host("landlock-abi", abi)
    text = succeeds(run_croft("plan", "--host", path, "--profile", "system")).out
    contains(text, f"ABI {abi}", "the plan")
    for since, right in ((REFER, "refer"), (TRUNCATE, "truncate"), (TCP, "bind_tcp"), (IOCTL_DEV, "ioctl_dev")):
        ignored = re.search(r"(?m)^  ignored here: .*$", text)[0]
        equal(re.search(rf"\b{right}\b", ignored) is not None, abi < since, f"'{right}' is ignored")
    result = run_croft("plan", "--host", path, "--profile", "system", "--connect", "443")
    status_is(result, 0 if abi >= TCP else 125)
    status_is(run_croft("why", "--host", path, "--profile", "system", "read", "/etc/passwd"), 0)


@test("a host without Landlock, or without filters, cannot keep what is required")
def _():
    refused_rows = run_croft("plan", "--host", changed_host("landlock-abi", 0), "--profile", "system")
    status_is(refused_rows, 125)
    is_message(refused_rows.err)
    result = run_croft("plan", "--host", changed_host("seccomp-errno", 38), "--profile", "system")
    status_is(result, 125)
    is_message(result.err)


@test("a host file that is wrong is refused with its line", variants=[
    "empty", "text", "unknown key", "twice", "value", "cut", "long", "binary", "directory", "missing", "endless",
    "unreadable"])
def _(variant):
    path = changed_host("landlock-abi", 3)
    text = read_file(path)
    new = {"empty": "", "text": "hello\n", "unknown key": text + "surprise: yes\n",
           "twice": text + "landlock-abi: 3\n",
           "value": text.replace("landlock-abi: 3", "landlock-abi: three"), "cut": text[:len(text) // 2],
           "long": text + "#" * 20000,
           "binary": "\x00\xff" * 50}.get(variant)
    if new is not None:
        write_file(path, new.encode("latin-1"))
    else:
        os.unlink(path)
        if variant == "directory":
            os.mkdir(path)
        elif variant == "endless":
            path = "/dev/zero"
        elif variant == "unreadable":
            path = "/proc/self/mem"
    result = run_croft("plan", "--host", path, "--profile", "empty")
    refused(result, 125)
    refused(run_croft("why", "--host", path, "--profile", "empty", "read", "/etc"), 125)
    if variant in ("text", "unknown key", "twice", "value"):
        matches(result.err, r"line \d+", "message")


@test("a host file that cannot be written is an error")
def _():
    for path in ("/nowhere/host", tempdir(), "/proc/host"):
        refused(run_croft("plan", "--save-host", path, "--profile", "empty"), 125, path)


# why: words

@test("why says by which rule, and what would allow it")
def _():
    folder = tempdir()
    path = write_file(os.path.join(folder, "file"))
    result = run_croft("why", "--profile", "system", "read", path)
    status_is(result, 1)
    matches(result.out, r"^refused: read .*: no grant covers .* \(would be allowed by --read ", "answer")
    contains(result.out, f"--read {path}", "answer")
    result = run_croft("why", "--profile", "system", "--read", folder, "read", path)
    status_is(result, 0)
    matches(result.out, r"^allowed: read ", "answer")
    contains(result.out, f"--read '{folder}'", "answer")
    said = json.loads(run_croft("why", "--json", "--profile", "system", "read", path).out)
    equal((said["operation"], said["target"], said["allowed"], said["grant"]),
          ("read", path, False, f"--read {path}"), "as JSON")


@test("why follows links and takes names relative to the working directory")
def _():
    folder = project()
    write_file(os.path.join(folder, "file"))
    os.symlink("/etc/hostname", os.path.join(folder, "link"))
    status_is(run_croft("why", "read", "file", cwd=folder), 0)
    status_is(run_croft("why", "write", "./sub/../file", cwd=folder), 0)
    status_is(run_croft("why", "write", "link", cwd=folder), 1)
    contains(run_croft("why", "write", "link", cwd=folder).out, "/etc/hostname", "answer")


@test("why refuses what it cannot be asked, and names the nearest operation")
def _():
    refused(run_croft("why"), 125, "operation")
    refused(run_croft("why", "read"), 125)
    refused(run_croft("why", "read", "/a", "/b"), 125)
    refused(run_croft("why", "raed", "/a", cwd=project()), 125, "'read'")
    refused(run_croft("why", "fly", "/a", cwd=project()), 125)
    for text in ("http", "65536", "-1", "udp:", ""):
        refused(run_croft("why", "--profile", "system", "--", "connect", text), 125, "not a port")
    for operation in OPERATIONS:
        true(run_croft("why", "--profile", "system", operation, "443" if operation in ("connect",
                "listen") else "/usr/x").status in (0, 1), operation)


# why: against what happens

def why(options, operation, target):
    """(allowed, the grant that it names)."""
    result = run_croft("why", "--json", *PLAIN, *options, "--", operation, target)
    true(result.status in (0, 1), f"why gave no answer\n{result}")
    said = json.loads(result.out)
    equal(said["allowed"], result.status == 0, "answer and status")
    return said["allowed"], said["grant"]


def does(options, *op):
    """What the payload says of it inside."""
    result = run_croft("run", *PLAIN, *options, "--", PAYLOAD, *op)
    true(result.status in (0, 1) and result.out, f"the payload gave no answer\n{result}")
    return result.out.rstrip("\n")


def make_tree(top, rng):
    """Some directories with a file, a program, a victim, a link in each."""
    dirs = [top]
    for n in range(6):
        path = os.path.join(rng.choice(dirs), f"d{n}")
        os.mkdir(path)
        dirs.append(path)
    files = []
    for n, folder in enumerate(dirs):
        files.append(write_file(os.path.join(folder, "file"), "text"))
        files.append(executable(os.path.join(folder, "program"), "#!/bin/sh\necho ok\n"))
        os.symlink(rng.choice(dirs + files), os.path.join(folder, f"link{n}"))
    return dirs, files


def random_grants(rng, dirs, files):
    words = []
    for _ in range(rng.randint(0, 5)):
        where = rng.choice(dirs + files + [os.path.join(d, n) for d in dirs for n in os.listdir(d)])
        words += [rng.choice(["--read", "--write", "--execute"]), rng.choice(["", "optional:"]) + where]
    return words


def attempts(rng, dirs, files):
    """(operation, target, what the payload does) for everything that can be asked about the tree."""
    names = files + [os.path.join(d, n) for d in dirs for n in os.listdir(d) if n.startswith("link")]
    for name in rng.sample(names, min(6, len(names))):
        if os.path.isdir(name):
            yield "read", name, ("read-dir", name)
        else:
            yield "read", name, ("open-read", name)
            yield "write", name, ("open-write", name)
    for name in rng.sample([f for f in files if f.endswith("program")], 2):
        yield "execute", name, ("fork", "exec-path", name)
    for n, folder in enumerate(rng.sample(dirs, 3)):
        yield "read", folder, ("read-dir", folder)
        yield "create", f"{folder}/new{n}", ("create", f"{folder}/new{n}")
        yield "create", f"{folder}/newdir{n}", ("mkdir", f"{folder}/newdir{n}")
        victim = write_file(f"{folder}/victim{n}")
        yield "remove", victim, ("unlink", victim)
        os.mkdir(f"{folder}/victimdir{n}")
        yield "remove", f"{folder}/victimdir{n}", ("rmdir", f"{folder}/victimdir{n}")


@test("what why answers is what happens, and the grant that it names is enough", variants=range(8))
def _(seed):
    rng = random.Random(seed)
    dirs, files = make_tree(tempdir(), rng)
    options = random_grants(rng, dirs, files)
    answers = {True: 0, False: 0}
    for operation, target, op in attempts(rng, dirs, files):
        allowed, grant = why(options, operation, target)
        answers[allowed] += 1
        got = does(options, *op)
        equal(got, "ok" if allowed else "EACCES", f"{operation} {target} under {options}")
        if not allowed:
            enough = options + grant.split(" ", 1)
            true(why(enough, operation, target)[0], f"why refuses {operation} {target} under {enough}")
            equal(does(enough, *op), "ok", f"{operation} {target} under {enough}")
    true(answers[False], "nothing was refused: the test shows nothing")


@test("over all seeds some answers are yes and some no, for each operation")
def _():
    counts = {}
    for seed in range(8):
        rng = random.Random(seed)
        dirs, files = make_tree(tempdir(), rng)
        options = random_grants(rng, dirs, files)
        for operation, target, _ in attempts(rng, dirs, files):
            counts.setdefault(operation, set()).add(why(options, operation, target)[0])
    equal(counts, {name: {True, False} for name in ("read", "write", "execute", "create", "remove")}, "answers")


@test("what why answers about a rename or a link between directories is what happens")
def _():
    folder = tempdir()
    for name in ("a", "b", "c"):
        write_file(os.path.join(folder, name, "file"), name)
    options = ["--write", f"{folder}/a", "--write", f"{folder}/b", "--read", f"{folder}/c"]
    equal(does(options, "rename", f"{folder}/a/file", f"{folder}/b/moved"), "ok" if ABI >= REFER else "EXDEV",
          "between writable directories")
    true(does(options, "rename", f"{folder}/c/file", f"{folder}/b/file") in ("EACCES", "EXDEV"),
         "out of a directory that is only readable")
    equal((why(options, "create", f"{folder}/b/x")[0], why(options, "remove", f"{folder}/c/file")[0]),
          (True, False), "what why says")


def listener():
    """A TCP server on the loopback address, of this process: its port."""
    s = socket.create_server(("127.0.0.1", 0))
    cleanup(s.close)
    return s.getsockname()[1]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


@test("what why answers about TCP ports is what happens")
def _():
    port, other, own = listener(), listener(), free_port()
    accept = [] if ABI >= TCP else ["--prefer", "tcp"]
    for options in ([], ["--connect", str(other), *accept], ["--connect", str(port), *accept],
                    ["--listen", str(own), *accept]):
        for operation, number, op in (("connect", port, "tcp-connect"), ("listen", own, "tcp-listen")):
            allowed, grant = why(options, operation, str(number))
            got = does(options, op, str(number))
            equal(got, "ok" if allowed else "EACCES", f"{operation} {number} under {options}")
            if not allowed:
                equal(does(options + shlex.split(grant), op, str(number)), "ok", f"with {grant} added to {options}")


@test("what why answers about UDP is what happens")
def _():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
        allowed, grant = why([], "connect", f"udp:{port}")
        equal((allowed, does([], "udp-connect", str(port))), (False, "EACCES"), "without a grant")
        contains(grant, f"--connect udp:{port}", "grant")
        equal(does(shlex.split(grant), "udp-connect", str(port)), "ok", f"with {grant}")


@test("the grant that why names is one that croft takes", variants=[
    ("connect", "443"), ("connect", "udp:53"), ("listen", "8080"), ("listen", "0"), ("listen", "udp:53"),
    ("env", "NEW"), ("syscall", "mount"),
    ("read", "/var"), ("write", "/var"), ("execute", "/var"), ("create", "/var/x"), ("remove", "/var/x"),
    ("device", "/dev/null")])
def _(variant):
    operation, target = variant
    options = ["--profile", "empty", "--execute", "/usr", "--execute", "optional:/lib", "--execute",
               "optional:/lib64"]
    result = run_croft("why", "--json", *options, operation, target)
    if operation == "device" and ABI < IOCTL_DEV:
        status_is(result, 0)
        return
    status_is(result, 1)
    grant = shlex.split(json.loads(result.out)["grant"])
    true(grant, "no grant is named")
    succeeds(run_croft("run", *options, *grant, "--", "/usr/bin/true"))
    status_is(run_croft("why", *options, *grant, operation, target), 0)


@test("what why answers about a unix socket is what happens")
def _():
    path = os.path.join(tempdir(), "socket")
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(path)
        s.listen()
        for options in ([], ["--socket", path, "--prefer", "unix-path"], ["--off", "unix-path"]):
            allowed, grant = why(options, "socket", path)
            equal(does(options, "unix-connect", path), "ok" if allowed else "EACCES", f"under {options}")
            equal(allowed, bool(options), f"under {options}")
            if not allowed:
                equal(does(options + shlex.split(grant), "unix-connect", path), "ok", f"with {grant}")


@test("what why answers about a device is what happens")
def _():
    # 0x5401 is TCGETS: "not a terminal" says that the kernel got as far as the device
    for options in ([], ["--read", "/dev/null"], ["--device", "/dev/null"]):
        words = ["--profile", "empty", "--execute", PAYLOAD, "--execute", "/usr", "--execute", "optional:/lib",
                 "--execute", "optional:/lib64", *options]
        result = run_croft("why", *words, "device", "/dev/null")
        got = run_croft("run", *words, "--", PAYLOAD, "ioctl-dev", "/dev/null", "21505").out.strip()
        opens = bool(options)
        equal(got, "ENOTTY" if result.status == 0 and opens else "EACCES", f"under {options}")
        equal(result.status == 0, ABI < IOCTL_DEV or options == ["--device", "/dev/null"],
              f"answer under {options}")


@test("what why answers about variables is what happens", variants=range(4))
def _(seed):
    rng = random.Random(seed)
    names = ["PATH", "HOME", "LANG", "LC_ALL", "TERM", "TMPDIR", "PWD", "API_TOKEN", "MY_SECRET", "DB_KEY",
             "AWS_REGION", "PLAIN", "X_1", "X_2", "Y",
             "SSH_AUTH_SOCK", "LD_PRELOAD_NOT", "path", "EDITOR"]
    env = {name: "value" for name in names}
    env["PATH"] = os.environ["PATH"]
    env["TMPDIR"] = TMP
    options = rng.choice([[], ["--env-all"]])
    for _ in range(rng.randint(0, 4)):
        name = rng.choice(names)
        options = options + ["--env", rng.choice([name, name + "=set", name[:1] + "*", "X_*"])]
    result = run_croft("run", *PLAIN, *options, "--", PAYLOAD, "env", env=env)
    inside = {line.split("=", 1)[0] for line in succeeds(result).out.splitlines()}
    for name in names:
        answer = run_croft("why", *PLAIN, *options, "env", name, env=env)
        equal(answer.status == 0, name in inside, f"{name} under {options}: {answer.out}")


CALLS = ["mount", "unshare", "setns", "keyctl", "shmget", "bpf", "perf_event_open", "userfaultfd", "personality",
         "io_uring_setup", "swapon",
         "getpid", "getppid", "semget", "msgget", "open_tree", "fsopen", "kexec_load", "init_module"]
GROUPS = {"mount": "mount", "fsopen": "mount", "shmget": "sysv-ipc", "io_uring_setup": "io-uring",
          "keyctl": "keyring", "bpf": "bpf"}


@test("what why answers about system calls is what happens", variants=CALLS)
def _(name):
    words = {"unshare": ["0"],                          # why answers for a call with zeros
             "personality": ["0x0008"],                 # a change
             "msgget": ["77777777", "0"],               # of a queue that is not there
             "shmget": ["0", "0", "0"], "semget": ["0", "0", "0"]}.get(name, ["-1", "-1", "-1"])
    outside = payload("call", name, *words).out.strip()
    # what goes around the filter has to be accepted by name
    allow = ["--allow", GROUPS[name], *[w for row in ROWS for w in ("--prefer", row)]] if name in GROUPS else []
    for options in ([], allow):
        allowed, grant = why(options, "syscall", name)
        got = does(options, "call", name, *words)
        if not allowed:
            true(got in ("EACCES", "ENOSYS"), f"why refuses {name}, and it gave {got}")
            equal(why(options + shlex.split(grant), "syscall", name)[0], True, f"with {grant}")
        elif name != "personality":
            true(got == outside or got not in ("EACCES", "ENOSYS"),
                 f"why allows {name}, and it gave {got}; outside {outside}")
    true(why(allow, "syscall", name)[0] or name not in GROUPS, f"{name} is refused under {allow}")


main()
