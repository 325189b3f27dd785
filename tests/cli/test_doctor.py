# SPDX-License-Identifier: MIT
"""
test_doctor.py - croft doctor: its options, what it prints, its exit statuses, and that it leaves
nothing and never hangs.

What each verdict rests on is asked in tests/unit/test_causes_*.c and, in environments that plant the cause, in
tests/doctor; here it is the command. What a host lacks is not known beforehand, so words are held against
sets of observations made by hand.
"""
import threading

from _doctor import *      # pylint: disable=wildcard-import,unused-wildcard-import

STUCK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_stuck.py")
DOCTOR = os.path.join(os.path.dirname(CROFT), "croft-doctor")
# A sanitizer reads /proc as a program begins, and starts a process to look for leaks as it ends.
SANITIZED = not FAKE and is_sanitized(DOCTOR)
NO_LEAKS = {"ASAN_OPTIONS": "detect_leaks=0"}

UNKNOWN_KIND = {"kind": "no-such-kind", "outcome": "yes"}
GVISOR = {"kind": "place", "outcome": "yes", "subject": "gvisor", "text": "/proc/sentry-meminfo"}


def place(subject, text=""):
    return {"kind": "place", "outcome": "yes", "subject": subject, **({"text": text} if text else {})}


@test("the table has a line for each protection, and says of each facility whether it works")
def _():
    out = succeeds(doctor()).out
    lines = out.splitlines()
    for name in PROTECTIONS:
        true(any(re.match(rf"  {name} +(kept: \S|in part: |not kept|unknown)", line) for line in lines), f"no line on {name}")
    words = set(re.findall(r"[\w-]+", out))
    for name in facilities():
        true(name in words, f"nothing on {name}")
    true("\x1b" not in out, "colours off a terminal")


@test("off a terminal no line is wider than 100 columns but for one long word")
def _():
    for line in succeeds(doctor("--verbose")).out.splitlines():
        true(len(line) <= 100 or len(line.split()) == 1 or max(map(len, line.split())) > 60, f"{len(line)}: {line}")


@test("on a terminal the table fits its columns", variants=[80, 100])
def _(columns):
    text = on_terminal(columns=columns, env=dict(os.environ, NO_COLOR="1", TERM="xterm"))
    contains(text, "What croft run protects here")
    lacks(text, "\x1b")
    for line in text.splitlines():
        true(len(line) <= columns or max(map(len, line.split())) > columns - 20, f"{len(line)}: {line}")


@test("colours are for terminals that want them", variants=["plain", "NO_COLOR", "dumb"])
def _(kind):
    env = dict(os.environ, TERM="dumb" if kind == "dumb" else "xterm")
    env.pop("NO_COLOR", None)
    if kind == "NO_COLOR":
        env["NO_COLOR"] = "1"
    text = on_terminal(env=env)
    contains(text, "What croft run protects here")
    equal("\x1b[3" in text, kind == "plain", "colours")


@test("--verbose adds the evidence of every verdict and every observation")
def _():
    path = saved([GVISOR])
    plain, wordy = (succeeds(doctor("--load", path, *more)).out for more in ([], ["--verbose"]))
    true(wordy.startswith(plain), "the table is not what it is without")
    contains(wordy[len(plain):], "\n  place gvisor: yes /proc/sentry-meminfo\n")
    lacks(plain, "sentry-meminfo")
    live = succeeds(doctor("--verbose")).out
    contains(live, "\nVerdicts and what they rest on\n")
    contains(live, " seen: ")


@test("--json has the host, every protection, every verdict by the words of its tables, and every observation")
def _():
    found = answer()
    equal(found["version"], 1)
    equal([p["protection"] for p in found["protections"]], PROTECTIONS)
    for protection in found["protections"]:
        equal(set(protection), {"protection", "state", "by", "note", "mend", "lacks"})
        true(protection["state"] in STATES, protection)
        true(protection["state"] != "missing" or protection["note"], f"no reason: {protection}")
    true(found["host"]["arch"] in ("x86_64", "aarch64"), found["host"])
    known = facilities()
    for verdict in found["verdicts"]:
        equal(set(verdict), {"facility", "state", "who", "cause", "what", "evidence", "mend", "cost"})
        true(verdict["facility"] in known and verdict["state"] in STATES and verdict["who"] in WHO, verdict)
        if verdict["state"] in ("missing", "partly"):
            true(verdict["cause"] and verdict["what"] and verdict["evidence"], f"a verdict without grounds: {verdict}")
            true(verdict["who"] != "nobody", f"nobody says no: {verdict}")
        true("\n" not in verdict["what"] + verdict["mend"], verdict)
    order = [known.index(v["facility"]) for v in found["verdicts"]]
    equal(order, sorted(order), "the order of facilities")
    true(all(o["kind"] and o["outcome"] for o in found["observations"]), "observations")
    equal(found["needs"], [])


@test("what was saved gives the same verdicts when it is loaded")
def _():
    path = os.path.join(tempdir(), "set.json")
    here = answer("--save", path)
    there = answer("--load", path)
    equal(there["verdicts"], here["verdicts"])
    equal(there["protections"], here["protections"])
    equal(there["host"], here["host"])


@test("what is saved or printed has no logins, tokens or other values of the user's")
def _():
    folder = tempdir()
    write_file(os.path.join(folder, "netrc"), "machine cache.example login ada password canary-0\n")
    write_file(os.path.join(folder, "nix.conf"), f"""
        access-tokens = github.com=canary-1
        substituters = https://ada:canary-2@cache.example https://canary-3@cache.example/x?token=canary-4
        builders = ssh://ada:canary-5@build.example x86_64-linux
        netrc-file = {folder}/netrc
        http-connections = canary-6
        """.replace("        ", ""))
    proxy = "http://ada:canary-7@proxy.example:3128"
    env = dict(os.environ, NIX_CONF_DIR=folder, NIX_CONFIG="access-tokens = a=canary-8\n", http_proxy=proxy, https_proxy=proxy,
               SECRET="canary-9", GITHUB_TOKEN="canary-10")
    path = os.path.join(folder, "set.json")
    out = succeeds(doctor("--save", path, "--verbose", env=env)).out
    contains(out, "https://***@cache.example")      # the twin: what may be seen is there
    lacks(read_file(path) + out, "canary")


@test("--save - prints the set and nothing else")
def _():
    made = json.loads(succeeds(doctor("--save", "-")).out)
    equal(set(made), {"version", "host", "observations"})
    piped = succeeds(doctor("--load", "-", "--json", stdin=json.dumps(made)))
    equal(json.loads(piped.out)["host"], made["host"])


@test("with --load nothing of this host is asked: it works where no process can be made")
def _():
    path = saved([place("wsl1", "4.4.0-19041-Microsoft")])
    wrap = [os.path.join(BUILD, "tests", "no_syscall"), "clone,clone3,unshare,landlock_create_ruleset", "EPERM"]
    env = dict(os.environ, **NO_LEAKS)
    out = succeeds(run(*wrap, CROFT, "doctor", "--load", path, env=env)).out
    contains(out, "signs of wsl1")
    equal(out, succeeds(doctor("--load", path)).out)
    contains(out, "Works:" if "Works:" in out else "Not looked at:")
    # the twin: asked itself, the host has no answers there
    answers = json.loads(run(*wrap, CROFT, "doctor", "--json", env=env).out)
    true(not any(o["outcome"] == "yes" for o in answers["observations"]), "a probe ran without a process")


@test("what a loaded file holds cannot move the cursor")
def _():
    path = saved([place("docker", "\u202e \u00e9")])
    out = succeeds(doctor("--load", path, "--verbose")).out
    contains(out, "\\xe2\\x80\\xae \u00e9")
    path = write_file(os.path.join(tempdir(), "f"), '{"version":1,"observations":[{"kind":"place","outcome":"\\u001b[2J"}]}')
    refused(doctor("--load", path), 125, "control")


NEED_CASES = {
    "environment": (0, "environment: had, "),
    "environment,descriptors,files": (0, "descriptors: had, "),
    "process": (1, "process: not had: "),
    "environment,process,pty": (2, "process: not had: "),
}


@test("--need gives the place of the first that is not had, and a line for each", variants=NEED_CASES)
def _(words):
    status, line = NEED_CASES[words]
    # of the facilities nothing is known
    result = doctor("--load", saved(), "--need", words)
    status_is(result, status)
    contains(result.out, line)
    equal([l.split(":")[0] for l in result.out.splitlines()], words.split(","))
    found = json.loads(doctor("--load", saved(), "--need", words, "--json").out)["needs"]
    equal([n["need"] for n in found], words.split(","))
    first = [n["had"] for n in found] + [False]
    equal(first.index(False) + 1 if status else 0, status)


@test("--need may be repeated, and net stands for three protections")
def _():
    result = doctor("--load", saved(), "--need", "environment", "--need", "net,process")
    status_is(result, 3 if ": had" in result.out.splitlines()[1] else 2)
    matches(result.out, r"\Aenvironment: had.*\nnet: (had|not had).*\nprocess: not had: it was not looked at\n\Z")


@test("a word that is a protection and a facility needs both", variants=["limits", "privileges", "ptrace"])
def _(word):
    found = json.loads(doctor("--load", saved(), "--need", word, "--json").out)["needs"]
    equal(found[0]["had"], False)   # nothing is known of the facility


BAD_NEEDS = {
    "flies": ("there is no protection or facility 'flies'", "did you mean 'files'?"),
    "usern": ("did you mean 'userns'?",),
    "qqqqqqqq": ("croft doctor --help all lists them",),
    "": ("a word is missing between the commas of ''",),
    "files,,net": ("a word is missing",),
    "files,": ("a word is missing",),
    "files,files": ("'files' is there twice",),
    "x" * 100: ("there is no protection or facility 'xxx",),
    "Files": ("did you mean 'files'?",),
}


@test("words of --need that are none stop everything, with the nearest", variants=BAD_NEEDS)
def _(words):
    refused(doctor("--need", words), 125, *BAD_NEEDS[words])


@test("more needs than an exit status can tell are refused")
def _():
    # there are not a hundred words; what is twice there is found first
    refused(doctor(*["--need", "files"] * 2), 125, "twice")


BAD_OPTIONS = {
    "an operand": (["now"], "takes options only, not 'now'"),
    "an unknown option": (["--nede", "files"], "did you mean --need?"),
    "--load and --pid": (["--load", "f", "--pid", "1"], "--pid cannot stand beside --load"),
    "--load and --nix": (["--load", "f", "--nix"], "--nix cannot stand beside --load"),
    "--load and --save": (["--load", "f", "--save", "g"], "--save cannot stand beside --load"),
    "--json and --verbose": (["--json", "--verbose"], "--verbose cannot stand beside --json"),
    "--save - and --json": (["--save", "-", "--json"], "--save - prints nothing else"),
    "a number that is none": (["--pid", "-1"], "'-1' is no number of a process"),
    "the number 0": (["--pid", "0"], "'0' is no number of a process"),
    "a process that is none": (["--pid", "4194303"], "4194303"),
    "--json twice": (["--json", "--json"], "--json is given twice"),
}


@test("what cannot be meant is refused", variants=BAD_OPTIONS)
def _(kind):
    options, text = BAD_OPTIONS[kind]
    refused(doctor(*options), 125, text)


@test("--help tells the options, and with all the facilities' command in whole")
def _():
    short, full = (succeeds(doctor(*words)).out for words in (["--help"], ["--help", "all"]))
    for option in ("--need", "--pid", "--save", "--load", "--verbose", "--nix", "--json"):
        contains(short, option)
    contains(full, "Exit status")


def make_fifo(folder):
    path = os.path.join(folder, "fifo")
    os.mkfifo(path)
    return path


BAD_FILES = {
    "not there": (lambda d: os.path.join(d, "none"), "No such file"),
    "a directory": (lambda d: d, "read '"),
    "a FIFO without a writer": (make_fifo, "nothing in it"),
    "endless": (lambda d: "/dev/zero", "read '/dev/zero'"),
    "empty": (lambda d: write_file(f"{d}/f"), "nothing in it"),
    "too long": (lambda d: write_file(f"{d}/f", " " * ((1 << 20) + 1)), "read '"),
    "no JSON": (lambda d: write_file(f"{d}/f", "{"), "/f:2:1:"),
    "a profile": (lambda d: write_file(f"{d}/f", "version: 2\nprofiles: {}\n"), "/f:1:10: version"),
    "of another version": (lambda d: write_file(f"{d}/f", '{"version":2,"observations":[]}'), "reads version 1"),
    "with an unknown kind": (lambda d: write_file(f"{d}/f", json.dumps(
        {"version": 1, "observations": [UNKNOWN_KIND]})), "kind: there is no such word"),
    "with a host that cannot be": (lambda d: write_file(f"{d}/f", json.dumps(
        {"version": 1, "host": {"arch": "vax"}, "observations": []})), "'arch' cannot be 'vax'"),
    "of saved plans": (lambda d: write_file(f"{d}/f", "arch: x86_64\n"), "there is no such key"),
    "bytes": (lambda d: write_file(f"{d}/f", b"\xff\xfe\x00"), "/f"),
}


@test("a file that --save did not write is refused with its place", variants=BAD_FILES)
def _(kind):
    make, text = BAD_FILES[kind]
    refused(doctor("--load", make(tempdir())), 125, text)


@test("a kind of place is named once, by however many signs it is known")
def _():
    out = succeeds(doctor("--load", saved([GVISOR, place("vm"), {**GVISOR, "text": "/proc/cmdline"}]))).out
    contains(out.splitlines()[0], "signs of gvisor, vm")


@test("what is piped slowly is loaded")
def _():
    data = read_file(saved([place("lxc")]))
    path = make_fifo(tempdir())

    def write_slowly():
        with open(path, "w", encoding="utf-8") as f:
            for part in (data[:10], data[10:]):
                time.sleep(0.2)
                f.write(part)
                f.flush()
    writer = threading.Thread(target=write_slowly)
    writer.start()
    reading = os.open(path, os.O_RDONLY | os.O_NONBLOCK)   # so that the doctor finds a writer
    try:
        wait_until(lambda: select.select([reading], [], [], 0)[0], "the writer writes")
        result = doctor("--load", path)
    finally:
        os.close(reading)
        writer.join()
    contains(succeeds(result).out, "signs of lxc")


BAD_PLACES = {
    "no such folder": (lambda d: os.path.join(d, "none", "f"), "No such file"),
    "a folder": (lambda d: d, "write '"),
    "a full device": (lambda d: "/dev/full", "No space left"),
    "a FIFO that nobody reads": (make_fifo, "write '"),
}


@test("a file that cannot be written is told, and nothing is printed", variants=BAD_PLACES)
def _(kind):
    make, text = BAD_PLACES[kind]
    refused(doctor("--save", make(tempdir())), 125, text)


@test("output that cannot be written is told")
def _():
    with open("/dev/full", "wb") as full:
        result = doctor("--json", stdout=full)
    status_is(result, 125)
    contains(result.err, "write to standard output")


@test("a reader that goes away ends it without a word")
def _():
    reading, writing = os.pipe()
    os.close(reading)
    result = doctor("--json", stdout=writing)
    os.close(writing)
    true(result.status in (-signal.SIGPIPE, 125), result)


@test("with a standard descriptor closed it does not start", variants=[0, 1, 2])
def _(fd):
    for program in ([CROFT, "doctor"], [DOCTOR]):
        if FAKE:
            skip("croft is a script here")
        result = run("/bin/sh", "-c", f'exec "$@" {fd}<&-', "sh", *program)
        status_is(result, 125)


@test("nothing is left: no mount, process, file, control group")
def _():
    folder, env = parent()
    mounts, children = read_file("/proc/self/mountinfo"), children_of(os.getpid())
    before = groups()
    succeeds(doctor("--json", env=env))
    equal(os.listdir(folder), [], "TMPDIR")
    equal((read_file("/proc/self/mountinfo"), children_of(os.getpid())), (mounts, children), "mounts and children")
    left = groups() - before    # or another doctor's, beside this one: gone in a moment
    wait_until(lambda: not left & groups(), f"no group is left: {left}")


@test("killed in the middle it leaves no file and no process")
def _():
    folder, env = parent()
    with subprocess.Popen([CROFT, "doctor"], env=env, stdout=subprocess.DEVNULL) as child:
        wait_until(lambda: os.listdir(folder) or child.poll() is not None, "it begins")
        began = children_of(child.pid)
        child.kill()
    wait_until(lambda: not os.listdir(folder), "its files are removed")
    wait_until(lambda: all(is_gone(pid) for pid in began), "its probes are gone")


@test("where no temporary file can be made it still answers")
def _():
    found = answer(env=dict(os.environ, TMPDIR="/proc/none"))
    true(len(found["verdicts"]) > 5, found["verdicts"])


@test("no probe breaks, and none needs more than its time")
def _():
    if SANITIZED:
        skip("sanitizers take time of their own")
    late = None
    for _ in range(5):      # the machine may be busy with other tests: another probe is late then
        seen = answer()["observations"]
        equal([o for o in seen if o["outcome"] == "broken"], [])
        kinds = {o["kind"] for o in seen if o["outcome"] == "late"}
        late = kinds if late is None else late & kinds
        if not late:
            return
        time.sleep(1)
    fail(f"{late}")


@test("--timeout takes whole seconds from 2 to 600, and asks this host")
def _():
    for seconds in ("2", "600"):
        succeeds(doctor("--timeout", seconds))
    for wrong in ("1", "601", "-2", "2s", "", "30000000000000000000"):
        refused(doctor("--timeout", wrong), 125, f"--timeout: '{wrong}' is no number of seconds from 2 to 600")
    refused(doctor("--timeout", "30", "--load", saved()), 125, "--timeout cannot stand beside --load")


@test("who gave no answer in time has more time as mend")
def _():
    late = answer("--load", saved([{"kind": "landlock-abi", "outcome": "late"}]))
    found = [v for v in late["verdicts"] if v["state"] == "unknown" and "in time" in v["what"]]
    true(found and all("croft doctor --timeout 30" in v["mend"] for v in found), f"mends: {found}")


@test("it needs little memory")
def _():
    if FAKE or SANITIZED:
        skip("sanitizers take memory of their own")
    # without a PATH: the peak of what is started, nix and newuidmap, would count too
    result = succeeds(run(os.path.join(BUILD, "tests", "peak"), DOCTOR, "--json", env={"PATH": "/nonexistent"}))
    true(int(result.err.splitlines()[-1]) < 8000, f"{result.err} KB")


def in_mounts(lines, *command, **how):
    """The command in a mount namespace of its own, after these lines of shell."""
    wrap = ["unshare", "-m"] if IS_ROOT else ["unshare", "-Urm"]
    script_text = "\n".join(["set -e", *lines, 'exec "$@"'])
    if run(*wrap, "true").status:
        skip("no mount namespace can be made")
    return run(*wrap, "/bin/sh", "-c", script_text, "sh", *command, timeout=20, **how)


HOSTILE = {
    "a FIFO for /proc/self/mountinfo's neighbours": ["mount --bind $FIFO /proc/uptime", "mount --bind $FIFO /proc/cmdline",
                                                     "mount --bind $FIFO /proc/version"],
    "a FIFO for sysctl values": ["mount --bind $FIFO /proc/sys/kernel/pid_max",
                                 "mount --bind $FIFO /proc/sys/user/max_user_namespaces"],
    "a FIFO for /etc/os-release and friends": ["for f in /etc/hostname /etc/passwd /etc/subuid /etc/sysctl.conf; do "
                                               "test -f $f && mount --bind $FIFO $f; done; :"],
    "an endless file for them": ["for f in /etc/passwd /etc/subuid /etc/sysctl.conf /proc/cmdline; do "
                                 "test -f $f && mount --bind /dev/zero $f; done; :"],
    "a FIFO for /dev/null": ["mount --bind $FIFO /dev/null"],
    "a FIFO for /dev/ptmx and /dev/urandom": ["mount --bind $FIFO /dev/urandom", "mount --bind $FIFO /dev/zero"],
    "no /proc": ["mount -t tmpfs none /proc"],
    "a /proc of FIFOs": ["d=$(dirname $FIFO)", "mount -t tmpfs none $d", "mkdir -p $d/self/attr $d/sys $d/1", "cd $d",
                         "for f in mountinfo status cgroup exe stat uid_map gid_map setgroups cmdline limits attr/current; do "
                         "mkfifo self/$f; done", "mkfifo version cmdline uptime filesystems stat 1/environ 1/cgroup",
                         "mount --bind $d /proc", "cd /"],
    "no /dev": ["mount -t tmpfs none /dev", ": >/dev/null"],
    "no /sys": ["mount -t tmpfs none /sys"],
}


@test("it ends in time, and says something, with", variants=HOSTILE)
def _(kind):
    fifo = make_fifo(tempdir())
    os.chmod(fifo, 0o666)
    lines = [line.replace("$FIFO", fifo) for line in HOSTILE[kind]]
    if FAKE:
        skip("croft is a script here")
    if SANITIZED and kind in ("no /proc", "a /proc of FIFOs"):
        skip("a sanitizer cannot begin without it")
    began = time.monotonic()
    result = in_mounts(lines, CROFT, "doctor", "--json", env=dict(os.environ, **NO_LEAKS))
    took = time.monotonic() - began
    status_is(result, 0)
    true(json.loads(result.out)["verdicts"], "no verdicts")
    true(took < 8, f"it took {took} s")


def stuck(*points):
    """A folder, and how a command is run with servers that say nothing over these and over it."""
    if not IS_ROOT or not os.path.exists("/dev/fuse"):
        skip("file systems of one's own take root and /dev/fuse")
    if SANITIZED or FAKE:
        skip("a sanitizer reads /proc as it begins, and a fake is a script")
    folder = tempdir()
    return folder, ["/usr/bin/python3", STUCK, folder, *points, "--"]


def stuck_answer(wrap, *command, **how):
    """The object that the command prints there; what hangs is killed."""
    result = run(*wrap, "timeout", "-s", "KILL", "10", *command, timeout=20, **how)
    if result.status == 77:
        skip(f"no such mounts here: {result.err}")
    return json.loads(succeeds(result).out)


@test("where a server has gone with the user's folders in it, it ends, tells the rest, and uses another folder")
def _():
    folder, wrap = stuck()
    found = stuck_answer(wrap, CROFT, "doctor", "--json", env=dict(os.environ, TMPDIR=folder, HOME=folder))
    late = {o["kind"] for o in found["observations"] if o["outcome"] == "late"}
    true("exec-written" in late, f"nobody waited for the server: {late}")
    true(any(o["kind"] == "landlock-right" and o["outcome"] == "yes" for o in found["observations"]), "no probe had a folder")


@test("a /proc that gives no answer does not stop it")
def _():
    _, wrap = stuck("/proc")
    found = stuck_answer(wrap, CROFT, "doctor", "--json")
    true(any(o["outcome"] == "late" for o in found["observations"]), "nobody waited for /proc")
    true(any(v["state"] == "works" for v in found["verdicts"]), "nothing that needs no /proc was found out")


@test("a saved file, or a place for one, that gives no answer is an error", variants=["--load", "--save"])
def _(option):
    folder, wrap = stuck()
    result = run(*wrap, "timeout", "-s", "KILL", "10", DOCTOR, option, os.path.join(folder, "f"), timeout=20)
    status_is(result, 125)
    contains(result.err, "Connection timed out")


@test("while nobody reads what it prints it waits, and nothing of it is there any more")
def _():
    folder, env = parent()
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(writing, False)     # as another program may have left it
    with subprocess.Popen([CROFT, "doctor", "--json"], env=env, stdout=writing) as child:
        os.close(writing)
        wait_until(lambda: int.from_bytes(fcntl.ioctl(reading, termios.FIONREAD, b"1234"), sys.byteorder) >= 4096, "it is full")
        equal((os.listdir(folder), children_of(child.pid)), ([], []))
        with open(reading, encoding="utf-8") as f:
            true(json.load(f)["verdicts"], "no verdicts")
        equal(child.wait(), 0)


@test("configuration of Nix that is a FIFO, a loop or endless does not stop it", variants=["fifo", "endless", "loop", "huge"])
def _(kind):
    folder = tempdir()
    conf = os.path.join(folder, "nix.conf")
    if kind == "fifo":
        os.mkfifo(conf)
    elif kind == "endless":
        os.symlink("/dev/zero", conf)
    elif kind == "loop":
        write_file(conf, f"include {conf}\n!include {conf}\n")
    else:
        write_file(conf, "a = b\n" * 200000)
    env = dict(os.environ, NIX_CONF_DIR=folder, NIX_USER_CONF_FILES=conf)
    began = time.monotonic()
    succeeds(doctor("--json", env=env))
    true(time.monotonic() - began < 8, "it took too long")


@test("a process can be looked at in place of the shell")
def _():
    with subprocess.Popen(["sleep", "60"]) as child:
        try:
            found = answer("--pid", child.pid)
        finally:
            child.kill()
    true(any(o["kind"].startswith("pid-") for o in found["observations"]), "nothing was seen of it")
    true(any(v["facility"] == "process" for v in found["verdicts"]), "nothing is said of it")


@test("without croft-doctor beside it croft says where it belongs")
def _():
    if FAKE:
        skip("croft is a script here")
    alone = os.path.join(tempdir(), "croft")
    shutil.copy2(CROFT, alone)
    refused(run(alone, "doctor"), 125, "croft-doctor'", "lies beside croft")


@test("the page of facilities and the table have the same words")
def _():
    page = read_file(os.path.join(SOURCE, "docs", "names", "facility.md"))
    equal(re.findall(r"^- `([^`]+)`:", page, re.M), facilities())


main()
