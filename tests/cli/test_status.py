#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_status.py - the JSON object of --status-fd: how far it came, how it ended, what it used.

An exit status cannot tell a sandbox that never started from a command that failed. This can.
"""
from _cli import *      # pylint: disable=wildcard-import,unused-wildcard-import

FIELDS = {"version": int, "started": bool, "stage": str, "exit_reason": str, "exit_status": int, "layers": dict,
          "protections": list}


@test("the status says how the command ended", variants=["exit 0", "exit 3", "exit 125", "signal", "time-limit"])
def _(variant):
    text, options, want = {
        "exit 0": ("exit 0", [], ("exit", 0, None)),
        "exit 3": ("exit 3", [], ("exit", 3, None)),
        "exit 125": ("exit 125", [], ("exit", 125, None)),
        "signal": ("kill -USR1 $$", [], ("signal", 128 + signal_number("USR1"), signal_number("USR1"))),
        "time-limit": ("exec sleep 30", ["--time", "200ms"], ("time-limit", 124, signal_number("TERM"))),
    }[variant]
    result, said = status_of(*PLAIN, *options, "--", "/bin/sh", "-c", text)
    for name, kind in FIELDS.items():
        true(isinstance(said.get(name), kind), f"{name} in {said}")
    equal((said["exit_reason"], said["exit_status"], said["signal"]), want, "reason, status, signal")
    equal(result.status, said["exit_status"], "exit status")
    equal((said["started"], said["stage"], said["error"]), (True, "running", None), "started, stage, error")


@test("the status tells what never ran from what ran and failed", variants=[
    "usage", "profile", "plan", "prepare", "workdir", "exec", "exec-missing"])
def _(variant):
    folder = tempdir()
    plain = write_file(os.path.join(folder, "plain"))
    broken = executable(os.path.join(folder, "broken"), b"\x7fELF" + bytes(60))
    words, stage, status = {
        "usage": ([], "usage", 125),
        "profile": (["--connect", "0", "--", "true"], "profile", 125),
        "plan": (["--tier", "landlock", "--require", "hidden", "--", "true"], "plan", 125),
        "prepare": (["--", "true"], "prepare", 125),
        "workdir": (["--chdir", plain, "--", "true"], "workdir", 125),
        "exec": (["--execute", broken, "--", broken], "exec", 126),
        "exec-missing": (["--", "no-such-program"], "exec", 127),
    }[variant]
    env = dict(os.environ, TMPDIR=plain) if variant == "prepare" else None
    result, said = status_of("--profile", "system", *words, env=env)
    status_is(result, status)
    equal((said["started"], said["stage"], said["exit_reason"], said["exit_status"], said["signal"]),
          (False, stage, "not-started", status, None), "what the status says")
    equal(said["error"]["stage"], stage, "stage of the error")
    true(said["error"]["what"], "what failed")
    true("usage" not in said, "nothing was used")
    contains(without_warning(result.err), said["error"]["what"], "message")


@test("the status of a wrong option cannot be told, and the message is")
def _():
    read_end, write_end = os.pipe()
    result = run_croft("run", "--status-fd", write_end, "--nope", "--", "true", pass_fds=[write_end])
    os.close(write_end)
    with os.fdopen(read_end) as f:
        text = f.read()
    refused(result, 125, "--nope")
    true(text == "" or json.loads(text)["started"] is False, f"status {text!r}")


@test("the status counts time, processor and memory plausibly")
def _():
    _, idle = status_of(*PLAIN, "--", "/bin/sh", "-c", "sleep 0.4")
    text = """
import time
x = bytearray(80 << 20)
end = time.process_time() + 0.4
while time.process_time() < end:
    pass
"""
    _, busy = status_of(*PLAIN, "--", PYTHON, "-c", text)
    true(400 <= idle["usage"]["wall_ms"] < 5000, f"wall time of a sleep {idle['usage']}")
    true(idle["usage"]["user_us"] < 200000, f"processor time of a sleep {idle['usage']}")
    true(busy["usage"]["user_us"] + busy["usage"]["system_us"] >= 390000,
         f"processor time of a loop {busy['usage']}")
    true(busy["usage"]["max_rss_kib"] >= 80 << 10, f"memory {busy['usage']}")
    true(idle["usage"]["max_rss_kib"] < 40 << 10, f"memory of a sleep {idle['usage']}")


@test("the status counts what was left behind")
def _():
    _, said = status_of(*PLAIN, "--", "/bin/sh", "-c", f"{PAYLOAD} spawn-daemon 60; {PAYLOAD} spawn-daemon 60")
    equal(said["usage"]["killed_survivors"], 2, "survivors")
    _, said = status_of(*PLAIN, "--", "/bin/true")
    equal(said["usage"]["killed_survivors"], 0, "survivors")


@test("the status shows the same protections as the plan")
def _():
    _, said = status_of(*PLAIN, "--", "/bin/true")
    plan = json.loads(succeeds(run_croft("plan", *PLAIN, "--supervise", "--json", "--", "/bin/true")).out)
    equal(said["protections"], plan["protections"], "protections")
    equal(said["layers"], plan["layers"], "layers")
    equal(said["layers"]["landlock_abi"], ABI, "ABI")


@test("the status is one line of JSON whatever the names are")
def _():
    for name in ("a\nb", '"quoted"\\', "\x1b[1m", "\udcff\udcfe", "\u2028"):
        result, said = status_of("--profile", "system", "--", b"/nowhere/" + os.fsencode(name))
        status_is(result, 127)
        contains(said["error"]["what"], "nowhere", "what failed")


@test("the command does not get the status descriptor")
def _():
    read_end, write_end = os.pipe()
    child = Running(*PLAIN, "--status-fd", write_end, "--", PAYLOAD, "fds", pass_fds=[write_end])
    os.close(write_end)
    equal(child.end().out.split(), ["0", "1", "2"], "descriptors")
    with os.fdopen(read_end) as f:
        equal(json.loads(f.read())["started"], True, "started")


@test("the status is whole on a regular file, and only at the end")
def _():
    path = os.path.join(tempdir(), "status")
    with open(path, "wb") as f:
        child = Running(*PLAIN, "--status-fd", f.fileno(), "--", "/bin/sh", "-c", "echo up; sleep 0.3; exit 2",
                        pass_fds=[f.fileno()])
    equal(child.line(), "up", "line")
    equal(read_file(path), "", "status before the end")
    status_is(child.end(), 2)
    equal(json.loads(read_file(path))["exit_status"], 2, "status")


@test("a reader of the status that went away is told of, and ends nothing by a signal")
def _():
    read_end, write_end = os.pipe()
    os.close(read_end)
    result = run_croft("run", "--status-fd", write_end, *PLAIN, "--", "/bin/sh", "-c", "echo ran; exit 3",
                       pass_fds=[write_end])
    os.close(write_end)
    status_is(result, 125)
    contains(without_warning(result.err), f"descriptor {write_end}: Broken pipe")
    equal(result.out, "ran\n", "output of the command")


@test("a reader of croft's messages that went away does not cost the command's status",
      variants=["before the start", "after the end"])
def _(variant):
    read_end, write_end = os.pipe()
    os.close(read_end)
    # croft says what this kernel lacks; or that it killed what was left
    words, line = {"before the start": (["--prefer", "hidden"], "exit 3"),
                   "after the end": (["--supervise"], f"{PAYLOAD} spawn-daemon 60; exit 3")}[variant]
    result = run(CROFT, "run", *PLAIN, *words, "--", "/bin/sh", "-c", line, stderr=write_end)
    os.close(write_end)
    status_is(result, 3)


@test("the command's SIGPIPE is as the caller had it, though croft ignores its own", variants=["default", "ignored"])
def _(variant):
    def prepare():
        signal.signal(signal.SIGPIPE, signal.SIG_IGN if variant == "ignored" else signal.SIG_DFL)
    got = run_croft("run", *PLAIN, "--supervise", "--", PAYLOAD, "signals", preexec_fn=prepare)
    equal(f"ignored {int(signal.SIGPIPE)}\n" in succeeds(got).out, variant == "ignored", "SIGPIPE is ignored")


main()
