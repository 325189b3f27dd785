# SPDX-License-Identifier: MIT
"""
_cli.py - what the tests of this folder share: a command that leaves a trace, refusals, terminals.

The tests see croft from outside only. "Nothing ran" is asked of the file system: the command of a
Canary makes a file, and only the command could have. Each refusal stands beside a start with the
same words but one, so that neither a croft that refuses all nor one that runs all can pass.

All of it runs as root and as an ordinary user, and again under an emulator of older kernels: what
depends on the kernel's age is computed from ABI.
"""
import ctypes
import fcntl
import json
import pty
import select
import struct
import termios
import time

from harness import *       # pylint: disable=wildcard-import,unused-wildcard-import
import harness

REFER, TRUNCATE, TCP, IOCTL_DEV, SCOPES, PATH_SOCKETS, UDP = 2, 3, 4, 5, 6, 9, 10
LANDLOCK_CREATE_RULESET, LANDLOCK_VERSION = 444, 1
PR_SET_CHILD_SUBREAPER = 36

ABI = max(ctypes.CDLL(None).syscall(LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), LANDLOCK_VERSION), 0)
PYTHON = "/usr/bin/python3"
PLAIN = ["--profile", "system", "--execute", PAYLOAD]
TIERS = {"in place": [], "supervised": ["--supervise"], "inside": ["--isolate", "processes"]}
TMP = os.path.realpath(tempfile.gettempdir())

MESSAGE = re.compile(r"croft: [^\x00-\x1f\x7f]+\n")
FRESH = re.compile(r"croft-[0-9a-f]{24}")       # the name of a fresh TMPDIR


class Canary:
    """A command that makes a file, and what it needs for that: whether anything ran."""

    def __init__(self):
        self.folder = tempdir()
        self.path = os.path.join(self.folder, "ran")
        self.grants = ["--profile", "system", "--execute", PAYLOAD, "--write", self.folder]
        self.command = [PAYLOAD, "create", self.path]

    def has_run(self):
        return os.path.lexists(self.path)

    def run(self, options=(), **how):
        return run_croft("run", *self.grants, *options, "--", *self.command, **how)


ASAN_STACK = re.compile(r"==\d+==WARNING: ASan is ignoring requested __asan_handle_no_return:.*\n"
                        r"False positive .*\nFor details .*\n")


def without_warning(text):
    """
    Standard error without the line that names what an older kernel lacks of the preferred protections,
    and without what the address sanitizer says of the child's own stack.
    """
    text = ASAN_STACK.sub("", text)
    line, _, rest = text.partition("\n")
    return rest if line.startswith("croft: not enforced here: ") else text


def is_message(text):
    """One line from croft and nothing else."""
    text = without_warning(text)
    if not MESSAGE.fullmatch(text):
        fail(f"not one line of croft: {text!r}")


def refused(result, status, *parts):
    """croft said why, in one line that holds all parts, ended so, and printed nothing else."""
    status_is(result, status)
    is_message(result.err)
    for part in parts:
        contains(result.err, part, "message")
    equal(result.out, "", "standard output")


def refuses(options, *parts, status=125, **how):
    """These options stop the start, and nothing ran."""
    canary = Canary()
    refused(canary.run(options, **how), status, *parts)
    true(not canary.has_run(), f"the command ran in spite of {options}")


def starts(options, **how):
    """With these options the command runs."""
    canary = Canary()
    result = succeeds(canary.run(options, **how))
    true(canary.has_run(), f"the command did not run with {options}")
    return result


def refuses_command(command, status, *parts, options=(), **how):
    """A command that cannot be started, in place and supervised."""
    for tier in ([], ["--supervise"]):
        refused(run_croft("run", "--profile", "system", *tier, *options, "--", *command, **how), status, *parts)


def sh(text, *options, **how):
    """A shell line inside."""
    return run_croft("run", *PLAIN, *options, "--", "/bin/sh", "-c", text, **how)


def python(text, *options, **how):
    """A Python program inside."""
    return run_croft("run", *PLAIN, *options, "--", PYTHON, "-c", text, **how)


def number_outside(croft, number):
    """The number here of a process that says `number` of itself: croft, or a child of it in a pid namespace."""
    children = read_file(f"/proc/{croft}/task/{croft}/children").split()
    for pid in [str(croft), *children]:
        try:
            numbers = re.search(r"^NSpid:\s(.*)$", read_file(f"/proc/{pid}/status"), re.MULTILINE)
        except OSError:
            continue
        if numbers and int(numbers[1].split()[-1]) == number:
            return int(pid)
    return number


def signal_number(name):
    return int(getattr(signal, f"SIG{name}"))


def parent():
    """A directory of its own for fresh TMPDIRs: (path, environment)."""
    path = tempdir()
    return path, dict(os.environ, TMPDIR=path)


def gone(path, seconds=20.0):
    """The parent of fresh directories becomes empty."""
    wait_until(lambda: not os.listdir(path), f"{path} becomes empty: {os.listdir(path)[:5]}", seconds)


def project(name="project"):
    """An empty directory that is neither a home nor above one."""
    path = os.path.join(tempdir(), name)
    os.mkdir(path)
    return path


def executable(path, text):
    return write_file(path, text, 0o755)


def script(path, *lines, interpreter="/bin/sh"):
    """A program of some lines."""
    return executable(path, "\n".join([f"#!{interpreter}", *lines, ""]))


def status_of(*args, **how):
    """croft run --status-fd with these arguments: (Result, the object)."""
    read_end, write_end = os.pipe()
    try:
        result = run_croft("run", "--status-fd", write_end, *args, pass_fds=[write_end], **how)
    finally:
        os.close(write_end)
        with os.fdopen(read_end, encoding="utf-8") as f:
            text = f.read()
    true(text.count("\n") == 1 and text.endswith("\n"), f"the status is not one line: {text!r}")
    return result, json.loads(text)


def wait_until(condition, what, seconds=10.0):
    """Polls until condition() is true and gives back what it gave."""
    end = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            fail(f"not within {seconds} s: {what}")
        time.sleep(0.02)


def state_of(pid):
    """The letter of /proc/PID/stat, "" when there is no such process."""
    try:
        text = read_file(f"/proc/{pid}/stat")
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return text[text.rindex(")") + 2]


def is_gone(pid):
    return state_of(pid) in ("", "Z")


def leftovers(parent=TMP):
    """Fresh directories of croft that are still there."""
    return sorted(name for name in os.listdir(parent) if FRESH.fullmatch(name))


class Running:
    """croft run, not waited for: its lines, its end. Its process group is killed after the test."""

    def __init__(self, *args, **popen):
        popen.setdefault("stdin", subprocess.DEVNULL)
        popen.setdefault("start_new_session", True)
        popen.setdefault("stderr", subprocess.PIPE)
        self.child = subprocess.Popen([CROFT, "run", *map(str, args)], stdout=subprocess.PIPE, bufsize=0, **popen)
        self.pid = self.child.pid
        self.seen = b""
        cleanup(self._end)

    def _end(self):
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        self.child.kill()
        self.child.wait()
        for stream in (self.child.stdout, self.child.stderr, self.child.stdin):
            if stream:
                stream.close()

    def line(self, seconds=10.0):
        """The next line of standard output."""
        end = time.monotonic() + seconds
        while b"\n" not in self.seen:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.child.stdout], [], [], left)[0]:
                fail(f"no line within {seconds} s, only {self.seen!r}")
            data = self.child.stdout.read(4096)
            if not data:
                fail(f"no more lines, only {self.seen!r}\n{self.end()}")
            self.seen += data
        line, self.seen = self.seen.split(b"\n", 1)
        return line.decode()

    def kill(self, signum):
        os.kill(self.pid, signum)

    def end(self, seconds=10.0):
        """Waits for it: a Result, with what line() has not taken."""
        try:
            out, err = self.child.communicate(timeout=seconds)
        except subprocess.TimeoutExpired as late:
            raise Failure(f"did not end within {seconds} s") from late
        out = self.seen + out
        return Result(self.child.args, self.child.returncode, out.decode(), (err or b"").decode("utf-8",
                                                                                                "surrogateescape"))


def running(text, *options, **popen):
    """A shell line inside, not waited for."""
    return Running(*PLAIN, *options, "--", "/bin/sh", "-c", text, **popen)


class Terminal:
    """
    A program on a terminal of its own, as a person would use it: send text, expect answers. It and
    all that it started in its session are ended after the test.
    """

    def __init__(self, *argv, cwd=None, env=None, rows=30, columns=100):
        self.seen = ""      # what was printed and not yet matched
        self.log = ""       # all that was printed
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
                os.chdir(cwd or os.getcwd())
                os.execvpe(argv[0], argv, dict(os.environ if env is None else env))
            finally:
                os._exit(127)
        cleanup(self._end)

    def _end(self):
        for pid in self.session():
            try:
                # who cleans up after croft blocks everything, and ends by itself
                if "SigBlk:\tfffffffffffbfeff" not in read_file(f"/proc/{pid}/status"):
                    os.kill(pid, signal.SIGKILL)
            except (FileNotFoundError, ProcessLookupError):
                pass
        os.close(self.fd)
        try:
            os.waitpid(self.pid, 0)
        except ChildProcessError:
            pass

    def session(self):
        """The processes of the terminal's session."""
        found = []
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                text = read_file(f"/proc/{name}/stat")
            except OSError:
                continue
            if int(text[text.rindex(")") + 2:].split()[3]) == self.pid:
                found.append(int(name))
        return found

    def send(self, text):
        os.write(self.fd, text.encode())

    def line(self, text):
        self.send(text + "\n")

    def read(self, seconds):
        """Takes in what is there; False at the end of the terminal."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:     # EIO: nobody has the other side
            return False
        text = data.decode("utf-8", "replace")
        self.seen += text
        self.log += text
        return bool(data)

    def expect(self, pattern, seconds=10.0):
        """Waits for the pattern, drops what came before it, and gives back the match."""
        end = time.monotonic() + seconds
        while True:
            match = re.search(pattern, self.seen)
            if match:
                self.seen = self.seen[match.end():]
                return match
            if time.monotonic() > end or not self.read(0.1):
                fail(f"not seen: {pattern!r}\n  since then: {self.seen!r}\n  before: {self.log!r}")

    def quiet(self, seconds=0.3):
        """Nothing but what was matched is printed for a while."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.read(0.05)
        equal(self.seen, "", "unexpected output")

    def wait(self, seconds=10.0):
        """The status of the program on the terminal, when it ends."""
        def ended():
            self.read(0)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            return [os.waitstatus_to_exitcode(status)] if pid else None
        return wait_until(ended, "the program on the terminal ends", seconds)[0]


PROMPT = "%ready% "


class Shell(Terminal):
    """An interactive bash with job control, without line editing and echo."""

    def __init__(self, cwd=None):
        env = {"PATH": "/usr/bin:/bin", "HOME": "/nowhere", "TERM": "dumb", "TMPDIR": TMP, "LANG": "C.UTF-8"}
        super().__init__("/bin/bash", "--norc", "--noprofile", "--noediting", "-i", cwd=cwd, env=env)
        self.line(f"stty -echo; PS1='{PROMPT[:3]}''{PROMPT[3:]}'")
        self.expect(re.escape(PROMPT))

    def prompt(self, seconds=10.0):
        self.expect(re.escape(PROMPT), seconds)

    def ask(self, line, pattern):
        """One command, its answer, and the prompt."""
        self.line(line)
        match = self.expect(pattern)
        self.prompt()
        return match


def main():
    """As harness.main(); the last fresh directory goes a moment after the last command."""
    try:
        harness.main()
    finally:
        end = time.monotonic() + 5
        while leftovers() and time.monotonic() < end:
            time.sleep(0.02)
