#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_terminal.py - Ctrl-C, Ctrl-Z and job control in an interactive shell on a real terminal.

Whatever is true without croft must be true with it, in place, supervised and in a pid namespace: so each test has
four variants, and the first one runs the command bare.
"""
from _cli import *      # pylint: disable=wildcard-import,unused-wildcard-import

TIERS = {
    "without croft": "",
    "in place": f"{CROFT} run --profile system -- ",
    "supervised": f"{CROFT} run --profile system --supervise -- ",
    "inside": f"{CROFT} run --profile system --isolate processes -- ",
}


def number_here(shell, number):
    """Of the process on the terminal that has this number for itself, maybe in a pid namespace."""
    for pid in shell.session():
        try:
            numbers = re.search(r"^NSpid:\s(.*)$", read_file(f"/proc/{pid}/status"), re.MULTILINE)
        except OSError:
            continue
        if numbers and int(numbers[1].split()[-1]) == number:
            return pid
    fail(f"no process has the number {number}")


def stopped(shell, job=1):
    """The shell says that the job was stopped, and gives its prompt."""
    shell.expect(rf"\[{job}\]\+?\s+Stopped")
    shell.prompt()


def status_is_in(shell, number):
    shell.ask("echo status=$?.", rf"status={number}\.")


COUNTER = """
import os, signal, time
ends = os.pipe()
for end in ends:
    os.set_blocking(end, False)
signal.set_wakeup_fd(ends[1])       # a byte for each delivery, however close they are
signal.signal(signal.SIGINT, lambda *_: None)
os.write(1, b"up\\n")
end = time.monotonic() + 0.7
while time.monotonic() < end:
    time.sleep(0.05)
print("deliveries:", len(os.read(ends[0], 100)))
"""


@test("Ctrl-C reaches the command once", variants=TIERS)
def _(tier):
    program = write_file(os.path.join(tempdir(), "program.py"), COUNTER)
    shell = Shell()
    shell.line(TIERS[tier].replace(" -- ", f" --read {program} -- ") + f"{PYTHON} {program}")
    shell.expect("up\r\n")
    shell.send("\x03")
    shell.expect("deliveries: 1\r\n")
    shell.prompt()


@test("Ctrl-C ends the command, and the shell has its prompt again", variants=TIERS)
def _(tier):
    shell = Shell()
    shell.line(TIERS[tier] + "sh -c 'echo up $$; exec sleep 100'")
    pid = number_here(shell, int(shell.expect(r"up (\d+)\r\n")[1]))
    shell.send("\x03")
    shell.prompt()
    status_is_in(shell, 130)
    true(is_gone(pid), "the command is still there")


@test("Ctrl-\\ ends the command with its signal", variants=TIERS)
def _(tier):
    shell = Shell()
    shell.line("ulimit -c 0; " + TIERS[tier] + "sh -c 'echo up; exec sleep 100'")
    shell.expect("up\r\n")
    shell.send("\x1c")
    shell.prompt()
    status_is_in(shell, 131)


@test("Ctrl-C of a pipeline ends all of it", variants=TIERS)
def _(tier):
    shell = Shell()
    shell.line(TIERS[tier] + "sh -c 'echo up; exec sleep 100' | cat")
    shell.expect("up\r\n")
    shell.send("\x03")
    shell.prompt()
    shell.ask("jobs; echo none", "^none\r\n")


@test("Ctrl-Z stops the command, fg continues it, a second Ctrl-Z stops it again", variants=TIERS)
def _(tier):
    shell = Shell()
    shell.line(TIERS[tier] + "sh -c 'echo up $$; exec sleep 100'")
    pid = number_here(shell, int(shell.expect(r"up (\d+)\r\n")[1]))
    for _ in range(3):
        shell.send("\x1a")
        stopped(shell)
        equal(state_of(pid), "T", "state of the command")
        shell.ask("jobs", r"\[1\]\+\s+Stopped.*\r\n")
        shell.line("fg")
        wait_until(lambda: state_of(pid) in ("R", "S"), "the command goes on")
        time.sleep(0.1)
        true(state_of(pid) in ("R", "S"), "the command goes on")
    shell.send("\x03")
    shell.prompt()
    true(is_gone(pid), "the command is still there")


@test("a stopped command goes on in the background and comes back to the foreground", variants=TIERS)
def _(tier):
    shell = Shell()
    shell.line(TIERS[tier] + "sh -c 'echo up $$; exec sleep 100'")
    pid = number_here(shell, int(shell.expect(r"up (\d+)\r\n")[1]))
    shell.send("\x1a")
    stopped(shell)
    shell.ask("bg", r"\[1\]\+.*&\r\n")
    wait_until(lambda: state_of(pid) in ("R", "S"), "the command goes on")
    time.sleep(0.2)
    shell.ask("jobs", r"\[1\]\+\s+Running.*\r\n")
    shell.line("fg")
    time.sleep(0.1)
    shell.send("\x03")
    shell.prompt()
    true(is_gone(pid), "the command is still there")


@test("a command that stops itself is a stopped job", variants=[f"{t}, {s}" for t in TIERS for s in ("STOP", "TSTP",
                                                                                                     "TTIN")])
def _(variant):
    tier, name = variant.split(", ")
    shell = Shell()
    shell.line(TIERS[tier] + f"sh -c 'echo up; kill -{name} $$; echo again; kill -{name} $$; echo after; exit 5'")
    shell.expect("up\r\n")
    stopped(shell)
    shell.line("fg")
    shell.expect("again\r\n")
    stopped(shell)
    shell.line("fg")
    shell.expect("after\r\n")
    shell.prompt()
    status_is_in(shell, 5)


TSTP_HANDLER = """
import os, signal, time
def stop(*_):
    time.sleep(0.2)
    os.write(1, b"cleaned\\n")
    signal.signal(signal.SIGTSTP, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTSTP)
    signal.signal(signal.SIGTSTP, stop)
    os.write(1, b"back\\n")
signal.signal(signal.SIGTSTP, stop)
os.write(1, b"up\\n")
while True:
    time.sleep(0.05)
"""


@test("a command that tidies up before it stops may do so, as editors do", variants=TIERS)
def _(tier):
    program = write_file(os.path.join(tempdir(), "program.py"), TSTP_HANDLER)
    shell = Shell()
    how = TIERS[tier].replace(" -- ", f" --read {program} -- ")
    shell.line(f"{how}{PYTHON} {program}")
    shell.expect("up\r\n")
    for _ in range(2):
        shell.send("\x1a")
        shell.expect("cleaned\r\n")
        stopped(shell)
        shell.line("fg")
        shell.expect("back\r\n")
    shell.send("\x03")
    shell.prompt()


@test("a command that ignores Ctrl-Z is not stopped by it", variants=TIERS)
def _(tier):
    shell = Shell()
    shell.line(TIERS[tier] + """sh -c 'trap "" TSTP; echo up; sleep 0.6; echo end; exit 4'""")
    shell.expect("up\r\n")
    shell.send("\x1a")
    shell.expect("end\r\n")
    shell.prompt()
    lacks(shell.log, "Stopped", "what the shell says")
    status_is_in(shell, 4)


@test("reading the terminal from the background stops the job, as it should", variants=TIERS)
def _(tier):
    shell = Shell()
    shell.line(TIERS[tier] + "sh -c 'read x; echo got $x.' &")
    pid = int(shell.expect(r"\[1\] (\d+)")[1])
    shell.prompt()
    wait_until(lambda: state_of(pid) == "T", "the job stops")
    shell.line("jobs; echo asked")
    shell.expect(r"\[1\]\+\s+Stopped")
    shell.expect("asked\r\n")
    shell.prompt()
    shell.line("fg")
    time.sleep(0.2)
    shell.line("word")
    shell.expect(r"got word\.\r\n")
    shell.prompt()


@test("kill of a job by the shell ends it, stopped or not", variants=TIERS)
def _(tier):
    shell = Shell()
    shell.line(TIERS[tier] + "sh -c 'echo up $$; exec sleep 100'")
    pid = number_here(shell, int(shell.expect(r"up (\d+)\r\n")[1]))
    shell.send("\x1a")
    stopped(shell)
    shell.line("kill %1")
    shell.prompt()
    shell.line("fg 2>/dev/null; wait; jobs; echo none")
    shell.expect("none\r\n")
    wait_until(lambda: is_gone(pid), "the command ends")


@test("the command has the terminal: its name, its size, its settings and /dev/tty", variants=TIERS)
def _(tier):
    shell = Shell()
    name = shell.ask("tty", r"(/dev/\S+)\r\n")[1]
    shell.ask(TIERS[tier] + "tty", re.escape(name) + "\r\n")
    shell.ask(TIERS[tier] + "stty size", "30 100\r\n")
    shell.ask(TIERS[tier] + "sh -c 'echo to the terminal > /dev/tty'", "to the terminal\r\n")
    shell.ask(TIERS[tier] + "sh -c 'stty cols 77 && stty size < /dev/tty'", "30 77\r\n")


# In a pid namespace the numbers of both are 0: their leaders are not in it.
@test("the command stays in the session and the foreground group of the terminal",
      variants=[tier for tier in TIERS if tier != "inside"])
def _(tier):
    shell = Shell()
    shell.line(TIERS[tier] + PAYLOAD + " ids") if not TIERS[tier] else shell.line(
        TIERS[tier].replace(" -- ", f" --execute {PAYLOAD} -- ") + PAYLOAD + " ids")
    group = int(shell.expect(r"pgid (\d+)")[1])
    equal(int(shell.expect(r"sid (\d+)")[1]), shell.pid, "session")
    shell.prompt()
    differs(group, shell.pid, "process group")


@test("a new size of the window is told to the command once", variants=TIERS)
def _(tier):
    shell = Shell()
    shell.line(TIERS[tier] + """sh -c 'trap "stty size" WINCH; echo up; """
               """for i in 1 2 3 4 5 6 7; do sleep 0.1; done; exit 0'""")
    shell.expect("up\r\n")
    fcntl.ioctl(shell.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 44, 88, 0, 0))
    shell.prompt()
    equal(shell.log.count("44 88\r\n"), 1, f"times that the size was told {shell.log!r}")


@test("a hangup of the terminal ends the command", variants=TIERS)
def _(tier):
    shell = Shell()
    shell.line(TIERS[tier] + "sh -c 'echo up $$; exec sleep 100'")
    pid = number_here(shell, int(shell.expect(r"up (\d+)\r\n")[1]))
    shell.line("exit")          # read by nobody: the job is in the foreground
    os.kill(shell.pid, signal.SIGHUP)
    wait_until(lambda: is_gone(pid), "the command ends")
    wait_until(lambda: not leftovers(), "the TMPDIR is removed")


@test("a shell inside has job control of its own", variants=TIERS)
def _(tier):
    shell = Shell()
    shell.line(TIERS[tier] + "bash --norc --noprofile --noediting -i")
    shell.line("PS1='inner''> '")
    shell.expect("inner> ")
    lacks(shell.log, "no job control", "what the shells say")
    shell.line("sleep 100")
    time.sleep(0.2)
    shell.send("\x1a")
    shell.expect(r"\[1\]\+\s+Stopped.*\r\n")
    shell.expect("inner> ")
    shell.line("fg")
    shell.expect("sleep 100\r\n")
    time.sleep(0.2)
    shell.send("\x03")
    shell.expect("inner> ")
    shell.line("exit 6")
    shell.prompt()
    status_is_in(shell, 6)


@test("Ctrl-Z does not stop the clock of --time for long, and fg ends the command", variants=["supervised"])
def _(_):
    shell = Shell()
    shell.line(f"{CROFT} run --profile system --time 1s -- sh -c 'echo up $$; exec sleep 100'")
    pid = number_here(shell, int(shell.expect(r"up (\d+)\r\n")[1]))
    shell.send("\x1a")
    stopped(shell)
    wait_until(lambda: is_gone(pid), "the command ends by its time, though it was stopped")
    shell.line("fg")
    shell.prompt()


@test("a command of which nobody follows the stop cannot stop the clock")
def _():
    began = time.monotonic()
    result = run_croft("run", "--profile", "system", "--time", "500ms", "--", "sh", "-c", "kill -STOP $$; exit 1",
                       timeout=10)
    refused(result, 124, "time limit")
    true(time.monotonic() - began < 5, "it took too long")


main()
