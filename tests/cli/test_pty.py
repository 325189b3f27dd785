#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_pty.py - --pty: a terminal of the command's own, relayed to the user's, whatever becomes of either.

The user's terminal is played by a pseudo terminal of this program: what is typed, what is seen, how large it is, and
that its settings are as before when croft has ended.
"""
import hashlib

from _cli import *      # pylint: disable=wildcard-import,unused-wildcard-import

TIOCSTI, TIOCLINUX, TIOCSETD, TIOCCONS = 0x5412, 0x541C, 0x5423, 0x541D
HIGH = 1 << 32
NAMESPACES = ["--tier", "namespaces"]
HOW = {"landlock": []}
if run_croft("run", *PLAIN, *NAMESPACES, "--", "/bin/true").status == 0:
    HOW["namespaces"] = NAMESPACES


class User(Terminal):
    """croft run --pty on the user's terminal; what the settings were before."""

    def __init__(self, how, *command, options=(), rows=30, columns=100):
        super().__init__(CROFT, "run", "--profile", "system", "--pty", *HOW[how], *map(str, options), "--",
                         *map(str, command), rows=rows, columns=columns)

    def settings(self):
        return termios.tcgetattr(self.fd)


def user(how, text, *options, **size):
    return User(how, "/bin/sh", "-c", text, options=options, **size)


def shell_line(how, text, *options):
    return " ".join([CROFT, "run", "--profile", "system", "--pty", *HOW[how], *options, "--", "sh", "-c", f"'{text}'"])


@test("the command has a terminal that is not the user's as its three descriptors", variants=HOW)
def _(how):
    shell = Shell()
    outer = shell.ask("stat -L -c %d:%i /proc/self/fd/0", r"(\d+:\d+)\r\n")[1]
    shell.line(shell_line(how, "for fd in 0 1 2; do test -t $fd && echo is $fd; done; stat -L -c %d:%i /proc/self/fd/0; exit 3"))
    for fd in range(3):
        shell.expect(f"is {fd}\r\n")
    inner = shell.expect(r"(\d+:\d+)\r\n")[1]
    shell.prompt()
    differs(inner, outer, "the terminal")
    shell.ask("echo status=$?.", r"status=3\.")


@test("it has a name in there: tty finds it", variants=HOW)
def _(how):
    terminal = user(how, "tty; test -c $(tty) && echo is there; ls /dev/pts", "--read", "/dev/pts")
    name = terminal.expect(r"(/dev/pts/\d+)\r\nis there\r\n")[1]
    equal(terminal.wait(), 0, "status")
    if how == "namespaces":
        equal(name, "/dev/pts/0", "the first of its own")
        equal(set(terminal.seen.split()), {"0", "ptmx"}, "what else is in there")


@test("it is the terminal of a session of the command's own", variants=HOW)
def _(how):
    shell = Shell()
    shell.line(shell_line(how, "echo to the terminal > /dev/tty; ps -o sid= -o pgid= -o tpgid= -p $$; echo $$"))
    shell.expect("to the terminal\r\n")
    session, group, foreground = map(int, shell.expect(r"\s*(\d+)\s+(\d+)\s+(\d+)\r\n").groups())
    pid = int(shell.expect(r"(\d+)\r\n")[1])
    shell.prompt()
    equal((session, group, foreground), (pid, pid, pid), "session, group and foreground group")


@test("what is typed reaches the command as typed on any terminal, echoed once", variants=HOW)
def _(how):
    terminal = user(how, "echo up; read line; echo got $line.")
    terminal.expect("up\r\n")
    terminal.send("wrong\x7f\x7f\x7f\x7f\x7fword\r")
    terminal.expect(r"got word\.\r\n")
    equal(terminal.wait(), 0, "status")


@test("Ctrl-D ends the input", variants=HOW)
def _(how):
    terminal = user(how, "echo up; cat; echo end")
    terminal.expect("up\r\n")
    terminal.send("some\r\x04")
    terminal.expect("some\r\nsome\r\nend\r\n")
    equal(terminal.wait(), 0, "status")


@test("Ctrl-C and Ctrl-\\ are signals for the command", variants=[f"{s}, {how}" for s in ("INT", "QUIT") for how in HOW])
def _(variant):
    name, how = variant.split(", ")
    terminal = user(how, "ulimit -c 0; echo up; exec sleep 100")
    terminal.expect("up\r\n")
    terminal.send({"INT": "\x03", "QUIT": "\x1c"}[name])
    equal(terminal.wait(), 128 + signal_number(name), "status")
    terminal = user(how, "trap 'echo caught; exit 4' INT; echo up; while :; do sleep 0.05; done")
    terminal.expect("up\r\n")
    terminal.send("\x03")
    terminal.expect("caught\r\n")
    equal(terminal.wait(), 4, "status")


@test("a shell inside has job control of its own, and croft does not stop", variants=HOW)
def _(how):
    terminal = User(how, "/bin/bash", "--norc", "--noprofile", "--noediting", "-i")
    terminal.line("PS1='inner''> '")
    terminal.expect("inner> ")
    lacks(terminal.log, "no job control", "what the shell says")
    terminal.line("sleep 100")
    time.sleep(0.3)
    terminal.send("\x1a")
    terminal.expect(r"\[1\]\+\s+Stopped.*\r\n")
    terminal.expect("inner> ")
    terminal.line("fg")
    terminal.expect("sleep 100\r\n")
    time.sleep(0.3)
    terminal.send("\x03")
    terminal.expect("inner> ")
    terminal.line("exit 6")
    equal(terminal.wait(), 6, "status")


@test("the window's size is told at the start and when it changes, once", variants=HOW)
def _(how):
    terminal = user(how, "trap 'stty size' WINCH; stty size; echo up; for i in 1 2 3 4 5 6 7 8; do sleep 0.1; done; exit 0",
                    rows=31, columns=99)
    terminal.expect("31 99\r\nup\r\n")
    fcntl.ioctl(terminal.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 44, 88, 0, 0))
    terminal.expect("44 88\r\n")
    equal(terminal.wait(), 0, "status")
    equal(terminal.log.count("44 88\r\n"), 1, "times that the size was told")


ENDS = {"exit": "exit 0", "exit 3": "exit 3", "a signal": "kill -KILL $$", "not found": None}


@test("the user's terminal is as it was at each end", variants=[f"{end}, {how}" for end in ENDS for how in HOW])
def _(variant):
    end, how = variant.split(", ")
    shell = Shell()
    shell.line("stty intr ^X -ixon")
    shell.prompt()
    before = termios.tcgetattr(shell.fd)
    shell.line(shell_line(how, ENDS[end]) if ENDS[end] else
               f"{CROFT} run --profile system --pty -- /nowhere/at-all")
    shell.prompt()
    equal(termios.tcgetattr(shell.fd), before, "settings")
    shell.ask("echo word", "^word\r\n")


@test("it is raw while the command runs, and as before when croft is asked to end by a signal",
      variants=[f"{name}, {how}" for name in ("TERM", "HUP", "INT", "QUIT", "USR1") for how in HOW])
def _(variant):
    name, how = variant.split(", ")
    usual = termios.tcgetattr(pty.openpty()[1])
    terminal = user(how, "ulimit -c 0; echo up; exec sleep 100")
    terminal.expect("up\r\n")
    wait_until(lambda: not terminal.settings()[3] & (termios.ICANON | termios.ISIG | termios.ECHO), "it is raw")
    os.kill(terminal.pid, signal_number(name))
    equal(terminal.wait(), 128 + signal_number(name), "status")
    after = terminal.settings()
    equal(after, usual, "settings")


@test("at the time limit the command ends though it writes without end, and the terminal is as it was", variants=HOW)
def _(how):
    terminal = User(how, "/usr/bin/yes", options=["--time", "500ms"])
    began = time.monotonic()
    equal(terminal.wait(30), 124, "status")
    true(time.monotonic() - began < 20, "it took too long")
    true(terminal.settings()[3] & termios.ICANON, "lines again")


@test("the time limit holds though nobody reads the terminal", variants=HOW)
def _(how):
    mark = f"{time.monotonic_ns()}"
    terminal = User(how, "/usr/bin/yes", mark, options=["--time", "500ms"])

    def commands():
        return [pid for pid in filter(str.isdigit, os.listdir("/proc"))
                if has_mark(pid, mark) and read_file(f"/proc/{pid}/comm") == "yes\n"]
    wait_until(commands, "the command runs")
    # nothing is read: what is written fills every buffer
    wait_until(lambda: not commands(), "the command ends")
    equal(terminal.wait(30), 124, "status")


@test("everything that is written is seen, the last word of a command too", variants=HOW)
def _(how):
    for _ in range(5):
        terminal = user(how, "i=0; while [ $i -lt 200 ]; do echo line $i; i=$((i + 1)); done; printf end")
        equal(terminal.wait(), 0, "status")
        wait_until(lambda: not terminal.read(0.1) or terminal.log.endswith("end"), "the last word")     # pylint: disable=all
        equal(without_warning(terminal.log), "".join(f"line {i}\r\n" for i in range(200)) + "end", "output")


@test("100 MB go through unharmed", variants=HOW)
def _(how):
    size = 100_000_000
    text = (f"import os, sys\nb = bytes(65 + i % 26 for i in range(99)) + b'\\n'\n"
            f"for _ in range({size} // 100000): os.write(1, b * 1000)")
    # no terminal is among croft's descriptors: what is written comes out of its standard output
    child = subprocess.Popen([CROFT, "run", *PLAIN, "--pty", *HOW[how], "--", PYTHON, "-c", text],
                             stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    cleanup(child.stdout.close)
    cleanup(child.stderr.close)
    found, expected = hashlib.sha256(), hashlib.sha256()
    while data := child.stdout.read(1 << 16):
        found.update(data)
    equal(child.wait(30), 0, "status")
    line = bytes(65 + i % 26 for i in range(99)) + b"\r\n"
    for _ in range(size // 100_000):
        expected.update(line * 1000)
    equal(found.hexdigest(), expected.hexdigest(), "what came out")


@test("a reader that is slow loses nothing", variants=HOW)
def _(how):
    child = subprocess.Popen([CROFT, "run", *PLAIN, "--pty", *HOW[how], "--", "/bin/sh", "-c",
                              "head -c 300000 /dev/zero | tr '\\0' x; echo; echo end"], stdout=subprocess.PIPE,
                             stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    cleanup(child.stdout.close)
    text = b""
    time.sleep(1)
    while data := os.read(child.stdout.fileno(), 8192):
        text += data
        time.sleep(0.005)
    equal(child.wait(30), 0, "status")
    equal(text, b"x" * 300000 + b"\r\nend\r\n", "output")


@test("when the reader of the output has gone the command is hung up, and croft ends", variants=HOW)
def _(how):
    child = subprocess.Popen([CROFT, "run", *PLAIN, "--pty", *HOW[how], "--", "/usr/bin/yes"], stdout=subprocess.PIPE,
                             stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    cleanup(child.stderr.close)
    os.read(child.stdout.fileno(), 10)
    child.stdout.close()
    equal(child.wait(20), 128 + signal_number("HUP"), "status")


@test("when the user's terminal goes away the command is hung up, and nothing is left", variants=HOW)
def _(how):
    mark = f"{time.monotonic_ns()}"
    terminal = user(how, f": {mark}; echo up $$; while :; do sleep 0.1; done")
    terminal.expect(r"up \d+\r\n")
    shell_pids = [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if has_mark(pid, mark)]
    true(len(shell_pids) >= 2, "croft and the command run")
    os.close(terminal.fd)
    terminal.fd = os.open("/dev/null", os.O_RDWR)
    wait_until(lambda: os.waitpid(terminal.pid, os.WNOHANG)[0], "croft ends")
    wait_until(lambda: not [pid for pid in shell_pids if has_mark(pid, mark)], "nothing is left")
    terminal.pid = subprocess.Popen(["/bin/true"]).pid      # for the end of the test: somebody to wait for


def has_mark(pid, mark):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            return mark.encode() in f.read()
    except OSError:
        return False


@test("the pipe of a standard input is the command's, byte for byte, though the rest is a terminal", variants=HOW)
def _(how):
    folder = tempdir()
    data = bytes(range(256)) * 40
    with open(f"{folder}/in", "wb") as f:
        f.write(data)
    shell = Shell()
    shell.line(f"cat {folder}/in | {shell_line(how, f'cat > {folder}/out; test -t 1 && echo is', '--write', folder)}")
    shell.expect("is\r\n")
    shell.prompt()
    with open(f"{folder}/out", "rb") as f:
        equal(f.read(), data, "what went through")


@test("a file as standard output stays a file, and its twin without it is the terminal", variants=HOW)
def _(how):
    folder = tempdir()
    shell = Shell()
    shell.line(shell_line(how, "test -t 1 || echo none; echo error >&2; test -t 0 && echo is >&2") + f" > {folder}/out")
    shell.expect("error\r\nis\r\n")
    shell.prompt()
    equal(read_file(f"{folder}/out"), "none\n", "the file")
    shell.ask(shell_line(how, "test -t 1 && echo is"), "is\r\n")


@test("keys reach a command that reads its data from a pipe and its keys from /dev/tty", variants=HOW)
def _(how):
    shell = Shell()
    shell.line("echo data | " + shell_line(how, "read x; echo $x; read key < /dev/tty; echo key $key."))
    shell.expect("data\r\n")
    shell.send("k\r")
    shell.expect(r"key k\.\r\n")
    shell.prompt()


@test("without any terminal the output is one all the same, and the input what it was", variants=HOW)
def _(how):
    result = sh("test -t 0 || echo no 0; test -t 1 && echo is 1; test -t 2 && echo is 2; cat; echo error >&2",
                "--pty", *HOW[how], stdin="data\n")
    succeeds(result)
    equal(result.out, "no 0\r\nis 1\r\nis 2\r\ndata\r\nerror\r\n", "output")
    equal(without_warning(result.err), "", "standard error")


@test("the size without any terminal is 24 by 80")
def _():
    equal(sh("stty size < /dev/tty", "--pty").out, "24 80\r\n", "size")


@test("--pty in --pty, and a third one", variants=HOW)
def _(how):
    inner = f"{CROFT} run --profile system --pty -- "
    shell = Shell()
    line = (f"{CROFT} run --profile system --pty {' '.join(HOW[how])} --execute {CROFT} --write /dev/ptmx --write /dev/pts "
            f"--device /dev/ptmx --device /dev/pts -- ")
    shell.line(line + inner + "sh -c 'test -t 0 && stty size; read x; echo got $x.; exit 5'")
    shell.expect("30 100\r\n")
    shell.send("deep\r")
    shell.expect(r"got deep\.\r\n")
    shell.prompt()
    shell.ask("echo status=$?.", r"status=5\.")


@test("in the background croft leaves the terminal to the shell, and in the foreground it takes it", variants=HOW)
def _(how):
    shell = Shell()
    shell.line("stty -tostop; " + shell_line(how, "sleep 0.5; echo from the background; read x; echo got $x.") + " &")
    shell.expect("from the background")
    shell.ask("echo shell", "shell\r\n")
    shell.line("fg")
    time.sleep(0.3)
    shell.send("word\r")
    shell.expect(r"got word\.\r\n")
    shell.prompt()
    shell.ask("echo shell", "shell\r\n")


@test("a command that stops itself stops croft, with the terminal as it was, and fg goes on with it", variants=HOW)
def _(how):
    shell = Shell()
    before = termios.tcgetattr(shell.fd)
    shell.line(shell_line(how, "echo up; kill -STOP $$; echo again; read x; echo got $x.; exit 5"))
    shell.expect("up\r\n")
    shell.expect(r"\[1\]\+?\s+Stopped")
    shell.prompt()
    equal(termios.tcgetattr(shell.fd), before, "settings")
    shell.line("fg")
    shell.expect("again\r\n")
    shell.send("word\r")
    shell.expect(r"got word\.\r\n")
    shell.prompt()
    shell.ask("echo status=$?.", r"status=5\.")


@test("a command that closes its terminal is waited for, and its end is its end", variants=HOW)
def _(how):
    began = time.monotonic()
    terminal = user(how, "exec < /dev/null > /dev/null 2>&1; sleep 0.7; exit 7")
    equal(terminal.wait(), 7, "status")
    true(time.monotonic() - began > 0.7, "not before the command")


@test("waiting for a silent command takes no processor time", variants=HOW)
def _(how):
    terminal = user(how, "echo up; exec < /dev/null > /dev/null 2>&1; exec sleep 1")
    terminal.expect("up\r\n")
    time.sleep(0.2)
    fields = read_file(f"/proc/{terminal.pid}/stat").rsplit(")", 1)[1].split()
    used = int(fields[11]) + int(fields[12])
    time.sleep(0.6)
    fields = read_file(f"/proc/{terminal.pid}/stat").rsplit(")", 1)[1].split()
    true(int(fields[11]) + int(fields[12]) - used <= 3, "hundredths of a second while nothing happened")
    equal(terminal.wait(), 0, "status")


INJECT = f"""
import errno, fcntl, os, struct, sys
def ask(name, fd, request, arg):
    try:
        fcntl.ioctl(fd, request, arg)
        print(name, "passed")
    except OSError as error:
        print(name, errno.errorcode[error.errno])
for name, fd in (("own", 0), ("given", int(sys.argv[1]) if len(sys.argv) > 1 else -1)):
    if fd < 0:
        continue
    for high in (0, 1 << 32):
        ask(f"{{name}} TIOCSTI {{high}}", fd, {TIOCSTI} | high, b"x")
        ask(f"{{name}} TIOCLINUX {{high}}", fd, {TIOCLINUX} | high, b"\\x02")
        ask(f"{{name}} TIOCSETD {{high}}", fd, {TIOCSETD} | high, struct.pack("i", 0))
        ask(f"{{name}} TIOCCONS {{high}}", fd, {TIOCCONS} | high, b"")
print("done")
"""


@test("nothing can be typed into a terminal from inside, neither the own nor the user's", variants=[
    f"{pty}, {how}" for pty in ("with", "without") for how in HOW])
def _(variant):
    has_pty, how = variant.split(", ")
    folder = tempdir()
    program = write_file(f"{folder}/inject.py", INJECT)
    shell = Shell()
    shell.line(f"exec 7<>/dev/tty; {CROFT} run --profile system {'--pty' if has_pty == 'with' else ''} {' '.join(HOW[how])} "
               f"--keep-fd 7 --read {program} -- {PYTHON} {program} 7")
    shell.expect("done\r\n")
    shell.prompt()
    for line in shell.log.splitlines():
        match = re.match(r"(own|given) TIOC\w+ \d+ (\w+)", line)
        if match and match[2] not in ("EPERM", "EACCES", "ENOTTY", "EINVAL", "EIO"):
            fail(f"let through: {line}")
    equal(len(re.findall(r"(?:own|given) TIOC", shell.log)), 16, "questions")
    shell.ask("echo quiet", "^quiet\r\n")


@test("the settings of the user's terminal cannot be changed from inside, without --pty they can", variants=HOW)
def _(how):
    shell = Shell()
    before = termios.tcgetattr(shell.fd)
    shell.line(shell_line(how, "stty intr ^G cols 33; stty -a | head -1"))
    shell.expect("columns 33")
    shell.prompt()
    equal(termios.tcgetattr(shell.fd), before, "settings")
    shell.ask("stty size", "30 100\r\n")
    shell.line(shell_line(how, "stty intr ^G").replace("--pty", ""))
    shell.prompt()
    differs(termios.tcgetattr(shell.fd)[6][termios.VINTR], before[6][termios.VINTR], "the twin: Ctrl-C's key")


@test("a signal to its own process group reaches neither croft nor the shell", variants=HOW)
def _(how):
    shell = Shell()
    shell.line(shell_line(how, "trap : TERM; kill -TERM 0; sleep 0.2; echo alive; exit 6"))
    shell.expect("alive\r\n")
    shell.prompt()
    shell.ask("echo status=$?.", r"status=6\.")


@test("what is left in the background ends with the command, though it holds the terminal", variants=HOW)
def _(how):
    began = time.monotonic()
    terminal = user(how, "(trap '' HUP; sleep 100; echo late) & echo up; exit 3")
    equal(terminal.wait(), 3, "status")
    true(time.monotonic() - began < 5, "it took too long")
    lacks(terminal.log, "late", "output")


@test("a profile can ask for it, and a wrong word is told")
def _():
    folder = tempdir()
    for word, wanted in (("true", "is"), ("false", "no")):
        profile = write_file(f"{folder}/{word}.yaml",
                             f"version: 2\nprofiles:\n  own:\n    extends: [system]\n    pty: {word}\n", 0o600)
        result = run_croft("run", "--profile", profile, "--", "/bin/sh", "-c", "test -t 1 && echo is || echo no")
        equal(result.out.strip(), wanted, f"pty: {word} {result}")
    profile = write_file(f"{folder}/wrong.yaml", "version: 2\nprofiles:\n  own:\n    pty: on\n", 0o600)
    refused(run_croft("run", "--profile", profile, "--", "/bin/true"), 125, "pty: true or false was expected")


@test("where no pseudo terminal can be made nothing is run")
def _():
    if not os.path.exists("/dev/ptmx") or not IS_ROOT:
        skip("only user 0 can hide /dev/ptmx")
    text = f"mount -t tmpfs tmpfs /dev/pts && mount --bind /dev/null /dev/ptmx && exec {CROFT} run --profile system --pty -- " \
           "/bin/echo started"
    result = run("/usr/bin/unshare", "-m", "/bin/sh", "-c", text)
    if "mount:" in result.err or "unshare:" in result.err:
        skip("nothing can be mounted here")
    status_is(result, 125)
    lacks(result.out, "started", "output")
    contains(result.err, "pseudo terminal", "message")


main()
