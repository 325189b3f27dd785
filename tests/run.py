#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
run.py - builds what the tests need, runs every test program, and adds up.

    run.py [--quick] [--list] [--keep] [SUITE...]      called by ./dev test

A test program speaks TAP: cmocka programs do with CMOCKA_MESSAGE_OUTPUT=TAP, Python ones by
tests/harness.py. A program also fails when it is killed, does not end in time, runs more or fewer
tests than its plan, ends with a status that its tests do not explain, or leaves files in its
TMPDIR or processes behind. A skip must be named in tests/allowed-skips.txt, else it fails.

Programs and tests are copied to a fresh directory that everybody can enter, for the clone may lie
where other users cannot. Started as root, what asks the kernel runs twice: as root, and as a user
without any privilege; where the user makes no difference, or would cost more than it tells (suites.py), once.
Started by anybody else, it runs once.

The last line is: N passed, N failed, N skipped.
"""
import argparse
import concurrent.futures
import contextlib
import ctypes
import dataclasses
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from suites import PYTHON, QUICK, ROOT, SUITES, Program, settled   # noqa: F401 pylint: disable=unused-import

NOBODY = 65534
COMPILERS = 2
PROGRAMS = 5    # at once: most wait more than they compute (three left half of two processors idle in cli and older)
PR_SET_CHILD_SUBREAPER = 36

# _Noreturn is taken away because before a call that does not return AddressSanitizer looks for the ends of the
# stack, and warns on the stack of a child in borrowed memory.
SANITIZE = ["-Db_sanitize=address,undefined", "-Db_lundef=false", "-Dc_args=-fno-sanitize-recover=all -D_Noreturn= -Wno-return-type"]

# Directory in the tree -> the compiler and what meson is told. All warnings are errors. The analysers go by build-clang,
# which nobody runs: clang's warnings about the tests come with the sanitizers.
BUILDS = {
    "build-test": ("gcc", []),
    "build-clang": ("clang", ["-Dtests=false"]),
    "build-sanitize": ("clang", SANITIZE),
    "build-fuzz": ("clang", SANITIZE + ["-Dfuzz=true"]),
    "build-aarch64": ("aarch64-linux-gnu-gcc", ["--cross-file", "tools/aarch64.ini", "-Dstatic=true"]),
}


@dataclasses.dataclass
class Outcome:
    """What one program gave."""
    title: str
    seconds: float = 0.0
    passed: int = 0
    skips: list = dataclasses.field(default_factory=list)       # (name, reason)
    failures: list = dataclasses.field(default_factory=list)    # (name, text)


def parse_tap(text):
    """-> (plan or None, [(is_ok, name, skip reason or None, text)])"""
    plan, tests = None, []
    for line in text.splitlines():
        if m := re.match(r"1\.\.(\d+)", line):
            plan = (plan or 0) + int(m[1])      # cmocka prints one plan a group
        elif m := re.match(r"(not )?ok\b\s*(\d*)\s*(?:- )?(.*)", line):
            name, _, directive = m[3].partition("# SKIP") if "# SKIP" in m[3] else (m[3], "", None)
            if directive is not None and not name.strip():      # cmocka: "not ok 3 # SKIP name"
                name, directive = directive, "skip() called"
            reason = None if directive is None else directive.strip()
            tests.append([not m[1], name.strip().replace("\\#", "#"), reason, ""])
        elif m := re.match(r"Bail out!\s*(.*)", line):
            tests.append([False, "Bail out!", None, m[1] + "\n"])
        elif tests and line.startswith("#"):
            tests[-1][3] += line[1:].removeprefix(" ") + "\n"
    return plan, tests


def judge(title, status, out, err, late, left):
    """The outcome of a program that has ended."""
    outcome = Outcome(title)
    plan, tests = parse_tap(out)
    for is_ok, name, reason, text in tests:
        if reason is not None:
            outcome.skips.append((name, reason))
        elif is_ok:
            outcome.passed += 1
        else:
            outcome.failures.append((name, text))
    wrong = []
    if late:
        wrong.append(f"did not end in {late} s")
    elif status < 0:
        wrong.append(f"killed by signal {-status} ({signal.Signals(-status).name})")
    elif status != 0 and not outcome.failures and not any(not t[0] for t in tests):
        wrong.append(f"status {status}, though no test failed")
    if plan is None:
        wrong.append("printed no plan")
    elif plan != len(tests):
        wrong.append(f"planned {plan} tests, ran {len(tests)}")
    elif plan == 0:
        wrong.append("has no tests")
    if left:
        wrong.append("left behind: " + ", ".join(left))
    if wrong:
        outcome.failures.append(("(the program)", "\n".join(wrong) + "\n"))
    if outcome.failures and err.strip():
        tail = "\n".join(err.strip().splitlines()[-60:])
        outcome.failures[-1] = (outcome.failures[-1][0], outcome.failures[-1][1] + "standard error:\n" + tail + "\n")
    return outcome


def processor_seconds():
    """Of all that was started here and has ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class AllowedSkips:
    """tests/allowed-skips.txt: a pattern a line, * for anything, and after " # " the reason."""

    def __init__(self, path):
        self.patterns = []
        for line in path.read_text(encoding="utf-8").splitlines():
            pattern, _, reason = line.partition(" # ")
            if pattern.strip() and not pattern.startswith("#"):
                if not reason.strip():
                    sys.exit(f"run.py: {path}: no reason given for '{pattern}'")
                self.patterns.append(re.compile(".*".join(map(re.escape, pattern.strip().split("*")))))

    def allows(self, name):
        return any(p.fullmatch(name) for p in self.patterns)


class Processes:
    """
    Our children, and the orphans that become ours: what a test program leaves behind is found here.

    The status of an orphan is taken as it dies, as init would: tests wait for processes to be gone, and
    the dead that nobody buries use up the process ids. So every process of our own must be made by
    spawn, or its status would be taken too.
    """
    single = None

    @classmethod
    def start(cls):
        """The one object of this process."""
        if not cls.single:
            cls.single = cls()
        return cls.single

    def __init__(self):
        self.lock = threading.Lock()
        self.own = set()        # process ids
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        threading.Thread(target=self._bury, daemon=True).start()

    def spawn(self, argv, **how):
        with self.lock:
            child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                     **how)
            self.own.add(child.pid)
        return child

    def forget(self, child):
        """Of a child whose status was taken, or is not wanted any more."""
        with self.lock:
            self.own.discard(child.pid)

    def call(self, argv, **how):
        """-> (status, standard output and error as text)"""
        child = self.spawn(argv, **how)
        out, err = child.communicate()
        self.forget(child)
        return child.returncode, (out + err).decode("utf-8", "replace")

    def _bury(self):
        while True:
            try:
                dead = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
            except ChildProcessError:
                time.sleep(0.02)
                continue
            with self.lock:
                is_own = dead.si_pid in self.own
                if not is_own:
                    with contextlib.suppress(ChildProcessError):    # what could not be executed is gone already
                        os.waitpid(dead.si_pid, os.WNOHANG)
            if is_own:      # its waiter is about to take it
                time.sleep(0.002)

    @staticmethod
    def orphans():
        """Our living children, asked when none of our own is running: process id -> name."""
        left = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                pid, comm, state, ppid = re.match(r"(\d+) \((.*)\) (\S) (\d+)", stat.read_text(), re.S).groups()
            except (OSError, AttributeError):
                continue
            if int(ppid) == os.getpid() and state != "Z":
                left[int(pid)] = f"{comm} ({pid})"
        return left


class Runner:
    """Stages, starts, counts."""

    def __init__(self, keep, fuzz_seconds, only_vm=()):
        self.keep = keep
        self.fuzz_seconds = fuzz_seconds
        self.only_vm = only_vm
        self.stage = None
        self.outcomes = []
        self.built = {}         # build -> True if it can be used
        self.n_started = 0
        self.allowed = AllowedSkips(ROOT / "tests" / "allowed-skips.txt")
        self.processes = Processes.start()

    # Building

    def build(self, name):
        """
        Makes one build of BUILDS (or the release) current; a failure is a failed test. True if there is a
        croft to go on with, for much can be learnt while one test program does not compile.
        """
        if name not in self.built:
            begin = time.monotonic()
            status, text = self._build(name)
            outcome = Outcome(f"build/{name}", time.monotonic() - begin)
            if status == 0:
                outcome.passed = 1
            else:
                said = [line for line in text.splitlines() if not re.match(r"\[\d+/\d+\] ", line)]
                outcome.failures.append(("builds without a warning", "\n".join(said[-80:]) + "\n"))
            self.built[name] = (ROOT / name / "croft").exists()
            self._report(outcome)
            if self.built[name] and self.stage:
                self._stage_build(name)
        return self.built[name]

    def _build(self, name):
        """-> (status, what the tools said)"""
        if name == "build-release":
            return self.processes.call(["./dev", "build", "--release", "-Dwerror=true"], cwd=ROOT)
        if name not in BUILDS:
            return 1, "there is no compiler here for that architecture"
        compiler, options = BUILDS[name]
        cross = {} if "--cross-file" in options else {"CC": compiler}
        setup = ["meson", "setup", "-Dwerror=true", *options, name]
        stamp = ROOT / name / ".setup"
        if not stamp.exists() or stamp.read_text(encoding="utf-8") != " ".join(setup):
            shutil.rmtree(ROOT / name, ignore_errors=True)
            status, text = self.processes.call(setup, cwd=ROOT, env={**os.environ, **cross})
            if status != 0:
                return status, text
            stamp.write_text(" ".join(setup), encoding="utf-8")
        return self.processes.call(["ninja", f"-j{COMPILERS}", "-k0", "-C", name], cwd=ROOT)

    # Staging

    def open_stage(self):
        self.stage = Path(tempfile.mkdtemp(prefix="croft-test-"))
        self.stage.chmod(0o755)
        for folder in ("tests", "tools", "docs", "profiles", "src", "include"):
            shutil.copytree(ROOT / folder, self.stage / folder, ignore=shutil.ignore_patterns("__pycache__"))
            self.processes.call(["chmod", "-R", "a+rX,go-w", str(self.stage / folder)])
        (self.stage / "tmp").mkdir()
        for user in ("self", "nobody"):
            home = self.stage / f"home-{user}"
            home.mkdir(mode=0o755)
            if user == "nobody" and os.geteuid() == 0:
                os.chown(home, NOBODY, NOBODY)
            (home / "HOME").touch()

    def close_stage(self):
        if self.keep:
            print(f"kept: {self.stage}")
        else:
            shutil.rmtree(self.stage)

    def _stage_build(self, name):
        """The programs, libraries and profiles of a build, in the same folders (their run paths are relative)."""
        for part in (".", "src", "tests", "examples", "data/apparmor"):
            for file in sorted((ROOT / name / part).glob("*")):
                wanted = file.is_file() and (os.access(file, os.X_OK) or ".so" in file.name or part == "data/apparmor")
                if wanted:
                    target = self.stage / name / part / file.name
                    target.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
                    shutil.copy2(file, target, follow_symlinks=False)
                    if not target.is_symlink():
                        target.chmod(0o755)

    # Running

    def environment(self, program, as_nobody, tmp):
        build = self.stage / program.build
        home = self.stage / ("home-nobody" if as_nobody else "home-self")
        env = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "TERM": "dumb",
            "HOME": str(home), "TMPDIR": str(tmp), "TESTS": str(self.stage / "tests"), "BUILD": str(build),
            "CROFT": str(build / "croft"), "PAYLOAD": str(build / "tests" / "payload"), "FAKE": program.fake,
            "SOURCE": str(ROOT), "PYTHONPATH": str(self.stage / "tests"), "PYTHONDONTWRITEBYTECODE": "1",
            "CMOCKA_MESSAGE_OUTPUT": "TAP", "UBSAN_OPTIONS": "print_stacktrace=1",
            "ASAN_OPTIONS": "abort_on_error=0:detect_stack_use_after_return=0",
        }
        if program.build == "build-release":    # nothing but croft is there
            env["PAYLOAD"] = str(self.stage / "build-test" / "tests" / "payload")
        return env

    def run_program(self, program, as_nobody):
        """-> its outcome; of a program that tells of several, those"""
        who = "nobody" if as_nobody else ("root" if os.geteuid() == 0 else "user")
        title = "/".join([program.name, *([program.fake] if program.fake else []), who])
        if program.users == "self":
            title = program.name
        self.n_started += 1
        tmp = self.stage / "tmp" / str(self.n_started)
        tmp.mkdir(mode=0o711)     # a test that changes its user still finds its files
        ids = {}
        if as_nobody:
            os.chown(tmp, NOBODY, NOBODY)
            ids = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        cwd = ROOT if program.users == "self" else tmp
        begin, late = time.monotonic(), 0
        try:
            child = self.processes.spawn(program.wrap + program.argv, env=self.environment(program, as_nobody, tmp),
                                         cwd=cwd, start_new_session=True, umask=0o022, **ids)
        except OSError as e:
            return [judge(title, 1, "", f"cannot be started: {e}", 0, [])]
        try:
            out, err = child.communicate(timeout=program.timeout)
        except subprocess.TimeoutExpired:
            late = program.timeout
            os.killpg(child.pid, signal.SIGKILL)
            try:
                out, err = child.communicate(timeout=5)
            except subprocess.TimeoutExpired as e:      # somebody who left the group holds the pipe
                out, err = e.stdout or b"", e.stderr or b""
        self.processes.forget(child)
        deadline = time.monotonic() + 2     # what is about to be removed may be
        while (left := sorted(p.name for p in tmp.iterdir())) and time.monotonic() < deadline:
            time.sleep(0.05)
        shutil.rmtree(tmp, ignore_errors=True)
        seconds, told = time.monotonic() - begin, []
        text, err = out.decode("utf-8", "replace"), err.decode("utf-8", "replace")
        if program.several:
            told = [dataclasses.replace(judge(**line["judge"]), seconds=line["seconds"])
                    for line in map(json.loads, filter(None, text.split("\n")))]
            text = "1..1\nok 1 - tells how others ended\n" if told else ""
        outcome = judge(title, -signal.SIGKILL if child.returncode is None else child.returncode, text, err, late, left)
        outcome.seconds = seconds
        return told + ([] if told and not outcome.failures else [outcome])

    def run_suite(self, name, programs):
        begin, busy_begin = time.monotonic(), processor_seconds()
        tasks = []
        for program in programs:
            if program.build and not self.build(program.build):
                outcome = Outcome(program.name)
                outcome.failures.append(("(not run)", f"{program.build} failed\n"))
                self._report(outcome)
                continue
            is_root = os.geteuid() == 0
            if program.users != "user" or not is_root:
                tasks.append((program, False))
            if program.users != "self" and is_root:
                tasks.append((program, True))
        with concurrent.futures.ThreadPoolExecutor(PROGRAMS) as pool:
            running = [pool.submit(self.run_program, *t) for t in tasks if not t[0].alone]
            for done in concurrent.futures.as_completed(running):
                self._report_all(done.result())
        for task in tasks:
            if task[0].alone:
                self._report_all(self.run_program(*task))
        self._reap(name)
        print(f"     {name}: {time.monotonic() - begin:.0f} s, of processors {processor_seconds() - busy_begin:.0f} s",
              flush=True)

    def _reap(self, suite):
        """Whatever outlives its test program becomes our child: name it, end it, count it as a failure."""
        for _ in range(20):     # what is about to end may do so
            left = self.processes.orphans()
            if not left:
                return
            time.sleep(0.1)
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        outcome = Outcome(f"{suite}/processes")
        outcome.failures.append(("no process outlives its test", ", ".join(left.values()) + "\n"))
        self._report(outcome)

    # Reporting

    def _report_all(self, outcomes):
        for outcome in outcomes:
            self._report(outcome)

    def _report(self, outcome):
        for name, reason in list(outcome.skips):
            if not self.allowed.allows(f"{outcome.title}: {name}"):
                outcome.skips.remove((name, reason))
                outcome.failures.append((name, f"skipped ({reason}), and not listed in tests/allowed-skips.txt\n"))
        self.outcomes.append(outcome)
        word = "FAIL" if outcome.failures else "ok"
        print(f"{word:4} {outcome.title:44} {outcome.passed:4} passed {outcome.seconds:7.1f} s", flush=True)
        for name, reason in outcome.skips:
            print(f"       skipped: {name}: {reason}")
        for name, text in outcome.failures:
            print(f"       FAILED: {name}")
            print("".join(f"         {line}\n" for line in text.splitlines()), end="", flush=True)

    def summary(self):
        """Prints the end; the exit status."""
        failed = [(o.title, name) for o in self.outcomes for name, _ in o.failures]
        passed = sum(o.passed for o in self.outcomes)
        skipped = sum(len(o.skips) for o in self.outcomes)
        if failed:
            print("\nFailed:")
            for title, name in failed:
                print(f"  {title}: {name}")
        print(f"{passed} passed, {len(failed)} failed, {skipped} skipped")
        return 1 if failed or not passed else 0


# The suites. Each is a function that gives its programs; they run in this order.

def main():
    # Started in the background of a script, or by nohup, these are ignored, and every test would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    parser = argparse.ArgumentParser(description="Runs the tests.")
    parser.add_argument("--quick", action="store_true", help="only " + ", ".join(QUICK))
    parser.add_argument("--list", action="store_true", help="print the suites")
    parser.add_argument("--keep", action="store_true", help="keep the staging directory")
    parser.add_argument("--fuzz-seconds", type=int, default=5, metavar="N", help="for each harness (5)")
    parser.add_argument("--vm", default="", metavar="KERNEL,...", help="in the suite vm, only these (as 6.12-aarch64)")
    parser.add_argument("--build", metavar="BUILD", help="make this build, and no test")
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=", ".join(SUITES))
    args = parser.parse_args()
    if args.list:
        print("\n".join(SUITES))
        return 0
    for suite in args.suites:
        if suite not in SUITES:
            parser.error(f"no suite '{suite}'; there are: {', '.join(SUITES)}")
    if args.build:
        runner = Runner(False, 0)
        runner.build(args.build)
        return runner.summary()
    if os.geteuid() != 0:
        print("Not root: everything runs as this user only; as root, the tests run both as root and without privileges.")
    runner = Runner(args.keep, args.fuzz_seconds, list(filter(None, args.vm.split(","))))
    begin = time.monotonic()
    runner.open_stage()
    try:
        for suite in args.suites or (QUICK if args.quick else SUITES):
            runner.run_suite(suite, settled(SUITES[suite](runner)))
    finally:
        runner.close_stage()
    print(f"{time.monotonic() - begin:.0f} s")
    return runner.summary()


if __name__ == "__main__":
    sys.exit(main())
