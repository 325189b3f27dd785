#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
dynamic.py - dynamically linked programs start with what they need and nothing else, on this kernel and architecture.

The failure that this is about: the program was granted, its libraries were granted, its interpreter was not, for
it was looked for where another architecture has it. So every program starts with what croft finds that it needs,
and each time its twin, which is granted the program alone, must not start.
"""
from _sandbox import *      # pylint: disable=wildcard-import,unused-wildcard-import

LANDRUN = os.path.join(os.path.dirname(CROFT), "landrun")
# A program of one library, one of two, one of four that lie in two folders; the last reads its modules too.
SHELL = ["-c", "echo started"]
PROGRAMS = {"/usr/bin/dash": (SHELL, []), "/usr/bin/bash": (SHELL, []),
            "/usr/bin/python3.11": (["-I", "-S", "-c", "print('started')"], ["/usr/lib/python3.11"])}
TIERS = {"in place": [], "supervised": ["--supervise"]}


def is_started(result):
    status_is(result, 0)
    equal(result.out, "started\n", "output")


def is_refused(result, status, missing=r"/ld-linux-[a-z0-9_-]+\.so\.[0-9]"):
    """Did not start, and the message names the file that was not granted: by default an ELF interpreter."""
    status_is(result, status)
    equal(result.out, "", "output")
    matches(result.err, missing, "message")


@test("a dynamically linked program starts with --with-deps, and not with a grant for itself alone",
      variants=[f"{program} {tier}" for program in PROGRAMS for tier in TIERS])
def _(variant):
    program, _, tier = variant.partition(" ")
    words, folders = PROGRAMS[program]
    grants = [word for folder in folders for word in ("--read", folder)] + TIERS[tier]
    is_started(run_croft("run", "--profile", "empty", "--with-deps", *grants, "--", program, *words))
    is_refused(run_croft("run", "--profile", "empty", "--execute", program, *grants, "--", program, *words), 126)


@test("what --with-deps grants can be read and executed, and nothing else can")
def _():
    script = "for f in /etc/passwd /usr/bin/bash /usr/bin/dash; do read -r x <$f && echo can; done; >$0"
    result = run_croft("run", "--profile", "empty", "--with-deps", "--", "/usr/bin/dash", "-c", script, "/usr/bin/dash")
    equal(result.out, "can\n", "output")
    result = run_croft("run", "--profile", "empty", "--with-deps", "--read", "/etc/passwd", "--", "/usr/bin/dash", "-c",
                       script, "/dev/null")
    equal(result.out, "can\ncan\n", "output with /etc/passwd granted")


@test("a script starts with --with-deps: its interpreter and what that needs are granted")
def _():
    script = write_file(f"{tempdir()}/script", "#!/usr/bin/dash\necho started\n", 0o755)
    is_started(run_croft("run", "--profile", "empty", "--with-deps", "--", script))
    is_refused(run_croft("run", "--profile", "empty", "--execute", script, "--", script), 126,
               "/usr/bin/dash")


@test("landrun --add-exec --ldd starts a dynamically linked program, and --add-exec alone does not",
      variants=list(PROGRAMS))
def _(program):
    words, folders = PROGRAMS[program]
    options = ["--best-effort", "--add-exec", *[word for folder in folders for word in ("--ro", folder)]]
    is_started(run(LANDRUN, *options, "--ldd", "--", program, *words))
    is_refused(run(LANDRUN, *options, "--", program, *words), 1)


@test("landrun without --best-effort starts only where Landlock is as new as landrun wants it")
def _():
    result = run(LANDRUN, "--add-exec", "--ldd", "--", "/usr/bin/dash", *SHELL)
    if ABI >= PATH_SOCKETS:
        is_started(result)
    else:
        is_refused(result, 1, "ABI|Landlock")


main()
