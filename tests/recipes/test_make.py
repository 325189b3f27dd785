#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_make.py - examples/recipes/make with GNU make.
"""
from _recipes import *

FOLDER = EXAMPLES / "make"
PROGRAM = "#include <stdio.h>\nint main(void)\n{\n\treturn puts(\"made\") < 0;\n}\n"
# Each of three targets waits for the other two: only a make that runs them beside each other gets through.
MEET = ("all: a b c\na b c:\n\t@touch $(TOP)/build/$@.here; n=0; until [ -e $(TOP)/build/a.here -a -e $(TOP)/build/b.here "
        "-a -e $(TOP)/build/c.here ]; do n=$$((n + 1)); [ $$n -lt 100 ] || exit 9; sleep 0.05; done\n")
SECRET = "the key"


def needs_make():
    if not shutil.which("make") or not shutil.which("cc"):
        skip("make and a compiler are not installed")


def shell_in(folder):
    return installed(FOLDER / "croft-make-sh", f"{folder}/croft-make-sh")


def project(sub=MEET):
    """The example, in a directory of its own."""
    folder = tempdir()
    shell = shell_in(folder)
    write_file(f"{folder}/p/Makefile", read_file(FOLDER / "Makefile").replace("/usr/local/libexec/croft-make-sh", shell))
    write_file(f"{folder}/p/program.c", PROGRAM)
    write_file(f"{folder}/p/sub/Makefile", sub)
    return folder


def make(folder, *words, home=None):
    env = {"PATH": "/usr/bin:/bin", "TMPDIR": os.environ.get("TMPDIR", "/tmp"), "HOME": home or folder}
    return run("make", "--no-print-directory", "-C", f"{folder}/p", *words, env=env, timeout=60)


def with_lines(folder, text, shell=None):
    """Another Makefile, whose lines the example's shell runs."""
    head = f"SHELL := {shell or shell_in(folder)}\n.SHELLFLAGS = {'--profile system --write $(CURDIR) ' if not shell else ''}-c\n"
    write_file(f"{folder}/p/Makefile", head + text)
    write_file(f"{folder}/home/.ssh/id_ed25519", SECRET)


@test("the example builds, and make's other make gets tokens of the first, so that lines run beside each other")
def _():
    needs_make()
    folder = project()
    got = succeeds(make(folder, "-j3"))
    equal(read_file(f"{folder}/p/build/report"), "made\n", "the report")
    lacks(got.err, "jobserver", "what make says")


@test("what only one target was granted no other target has")
def _():
    needs_make()
    folder = project("all:\n\t$(TOP)/build/program\n")
    got = make(folder)
    equal(read_file(f"{folder}/p/build/report"), "made\n", "the report")
    status_is(got, 2)
    matches(got.err, "program: (Permission denied|.*not)")


@test("never more lines run at a time than make was told")
def _():
    needs_make()
    count = "ls $(TOP)/build/*.runs | wc -l"
    names = " ".join(f"t{i}" for i in range(6))
    folder = project(f"all: {names}\n{names}:\n\t@touch $(TOP)/build/$@.runs; {count} >>$(TOP)/build/$@.seen; sleep 0.1; "
                     f"{count} >>$(TOP)/build/$@.seen; rm $(TOP)/build/$@.runs\n")
    succeeds(make(folder, "-j2"))
    seen = [int(n) for i in range(6) for n in read_file(f"{folder}/p/build/t{i}.seen").split()]
    equal(max(seen), 2, "at a time")


@test("a line that reads a key is refused; without croft it has it")
def _():
    needs_make()
    folder = project()
    for shell, status in ((None, 2), ("/bin/sh", 0)):
        with_lines(folder, "all:\n\t@cat $$HOME/.ssh/id_ed25519\n", shell)
        got = make(folder, home=f"{folder}/home")
        status_is(got, status)
        equal(got.out, SECRET if shell else "", "what it read")


@test("$(shell) is confined as the lines are")
def _():
    needs_make()
    folder = project()
    with_lines(folder, f"X := $(shell cat {folder}/home/.ssh/id_ed25519)\nall:\n\t@echo 'got:$(X)'\n")
    equal(succeeds(make(folder)).out, "got:\n", "output")


@test("a line that starts no other make has no tokens, and no other descriptor")
def _():
    needs_make()
    folder = project()
    with_lines(folder, "all:\n\t@ls /proc/self/fd\n")
    equal(succeeds(make(folder, "-j3")).out.split(), ["0", "1", "2", "3"], "descriptors (the last is that of ls)")


def as_make_calls(folder, auth, line, **how):
    env = {"PATH": "/usr/bin:/bin", "MAKEFLAGS": f" -j3 --jobserver-auth={auth}", "TMPDIR": os.environ.get("TMPDIR", "/tmp")}
    return run(shell_in(folder), "--profile", "system", "-c", line, env=env, cwd=folder, **how)


@test("the tokens of a newer make, a FIFO, can be taken; another file beside it cannot")
def _():
    folder = tempdir()
    for name in ("tokens", "other"):
        os.mkfifo(f"{folder}/{name}")
    fd = os.open(f"{folder}/tokens", os.O_RDWR)
    cleanup(os.close, fd)
    os.write(fd, b"+")
    got = as_make_calls(folder, f"fifo:{folder}/tokens", f"dd bs=1 count=1 status=none <{folder}/tokens; echo x >{folder}/other")
    equal(got.out, "+", "the token")
    matches(got.err, "other: Permission denied")


@test("numbers that are no pipes are not kept", variants=["7,8", "0,x", "fifo", "99999999999999999999,3"])
def _(auth):
    folder = tempdir()
    with open(write_file(f"{folder}/secret", SECRET), encoding="utf-8") as secret:
        def at_seven():
            os.dup2(secret.fileno(), 7)
            os.dup2(secret.fileno(), 8)
        got = as_make_calls(folder, auth, "ls /proc/self/fd", close_fds=False, preexec_fn=at_seven)
    equal(succeeds(got).out.split(), ["0", "1", "2", "3"], "descriptors")


@test("a sandbox that cannot be made ends make, and the line has not run")
def _():
    needs_make()
    folder = project()
    write_file(f"{folder}/p/Makefile", f"SHELL := {shell_in(folder)}\n.SHELLFLAGS = --profile nonsense -c\nall:\n\t@echo ran\n")
    got = make(folder)
    status_is(got, 2)
    equal(got.out, "", "output")
    matches(got.err, r"croft: .*nonsense(.|\n)*Error 125")


@test("as the page says: what the Makefile does without a line is not confined; 'croft run -- make' confines it",
      variants=["override SHELL := /bin/sh\nall:\n\t@echo x >../out\n", "$(file >../out,x)\nall:\n\t@:\n"])
def _(text):
    needs_make()
    folder = project()
    with_lines(folder, text.replace("override", f"override .SHELLFLAGS := -c\noverride"))
    succeeds(make(folder))
    true(os.path.exists(f"{folder}/out"), "the page is wrong: it was confined")
    os.unlink(f"{folder}/out")
    run_croft("run", "--", "make", cwd=f"{folder}/p")
    true(not os.path.exists(f"{folder}/out"), "written from inside")


main()
