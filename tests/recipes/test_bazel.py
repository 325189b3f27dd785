#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_bazel.py - examples/recipes/bazel with Bazel: which actions each way confines, and which it does not.
"""
import glob

from _recipes import *

FOLDER = EXAMPLES / "bazel"
SECRET = "the key"

RULES = """
def _by_shell(ctx):
    out = ctx.actions.declare_file(ctx.label.name + ".txt")
    ctx.actions.run_shell(outputs = [out], command = "cat " + ctx.attr.source + " > " + out.path)
    return [DefaultInfo(files = depset([out]))]
by_shell = rule(implementation = _by_shell, attrs = {"source": attr.string()})

def _by_program(ctx):
    out = ctx.actions.declare_file(ctx.label.name + ".txt")
    ctx.actions.run(outputs = [out], executable = "/bin/cp", arguments = [ctx.attr.source, out.path])
    return [DefaultInfo(files = depset([out]))]
by_program = rule(implementation = _by_program, attrs = {"source": attr.string()})

def _checked(ctx):
    out = ctx.actions.declare_file(ctx.label.name + ".sh")
    ctx.actions.write(out, "#!/bin/sh\\n" + ctx.attr.line + "\\n", is_executable = True)
    return [DefaultInfo(executable = out)]
checked_test = rule(implementation = _checked, attrs = {"line": attr.string()}, test = True)
"""

BUILD_FILE = """
load(":rules.bzl", "by_program", "by_shell", "checked_test")
genrule(name = "good", srcs = ["in.txt"], outs = ["good.txt"], cmd = "tr a-z A-Z < $< > $@")
genrule(name = "after", srcs = [":good"], outs = ["after.txt"], cmd = "cat $< $< > $@")
genrule(name = "reads", outs = ["reads.txt"], cmd = "cat HOME/.ssh/key > $@")
genrule(name = "plants", outs = ["plants.txt"], cmd = "echo x > HOME/planted; date > $@")
genrule(name = "edits", srcs = ["in.txt"], outs = ["edits.txt"], cmd = "echo x >> $$(readlink -f $<); date > $@")
by_shell(name = "shell", source = "HOME/.ssh/key")
by_program(name = "program", source = "HOME/.ssh/key")
checked_test(name = "works", line = "echo x >$TEST_TMPDIR/x && cat $TEST_SRCDIR/../works.sh >/dev/null")
checked_test(name = "steals", line = "cat HOME/.ssh/key")
"""
HOSTILE = ("reads", "plants", "edits", "shell", "program")

# What tests of Bazel want of a repository that it would fetch.
STUB = 'filegroup(name = "coverage_report_generator", srcs = [], visibility = ["//visibility:public"])\n'


def left():
    """Temporary directories of croft."""
    return {path for folder in {os.environ.get("TMPDIR", "/tmp"), "/tmp"} for path in glob.glob(f"{folder}/croft-" + "[0-9a-f]" * 24)
            if os.stat(path).st_uid == os.getuid()}


class Workspace:
    """A project with secrets beside it, and how Bazel is called in it."""

    def __init__(self):
        if not shutil.which("bazel"):
            skip("bazel is not installed")
        self.folder = folder = tempdir()
        self.ws, self.home, self.out = f"{folder}/ws", f"{folder}/home", f"{folder}/home/.cache/croft-bazel"
        self.sh = installed(FOLDER / "croft-bazel-sh", f"{folder}/croft-bazel-sh")
        installed(FOLDER / "croft-bazel-test", f"{folder}/croft-bazel-test")
        os.makedirs(self.out)
        write_file(f"{self.home}/.ssh/key", SECRET)
        write_file(f"{self.ws}/WORKSPACE")
        write_file(f"{self.ws}/in.txt", "hello\n")
        write_file(f"{self.ws}/rules.bzl", RULES)
        write_file(f"{self.ws}/BUILD", BUILD_FILE.replace("HOME", self.home))
        write_file(f"{folder}/stub/WORKSPACE")
        write_file(f"{folder}/stub/BUILD", STUB)
        text = read_file(FOLDER / "bazelrc")
        self.rc = write_file(f"{folder}/bazelrc", text.replace("/usr/local/libexec", folder))

    def call(self, *words, rc=True):
        env = {"PATH": "/usr/bin:/bin", "HOME": self.home, "TMPDIR": os.environ.get("TMPDIR", "/tmp")}
        startup = ["--batch", "--host_jvm_args=-XX:-UsePerfData", f"--bazelrc={self.rc if rc else '/dev/null'}",
                   f"--output_user_root={self.out}"]
        return run("bazel", *startup, *words, cwd=self.ws, env=env, timeout=100)

    def build(self, *targets, strategy="local", **how):
        return self.call("build", "--keep_going", "--color=no", "--curses=no", f"--spawn_strategy={strategy}",
                         *[f"//:{target}" for target in targets], **how)

    def made(self, target):
        paths = glob.glob(f"{self.out}/*/execroot/__main__/bazel-out/*/bin/{target}.txt")
        return read_file(paths[0]) if paths else None

    def untouched(self):
        """Whether no action left anything where it should not."""
        return read_file(f"{self.ws}/in.txt") == "hello\n" and not os.path.exists(f"{self.home}/planted")


@test("with the shell, what is built is built, and a genrule or run_shell that reads or writes elsewhere fails",
      variants=["local", "sandboxed"])
def _(strategy):
    it = Workspace()
    before = left()
    if strategy == "sandboxed" and run("unshare", "-Urmn", "true").status != 0:
        skip("no user namespaces for Bazel's own sandbox")
    got = it.build("good", "after", *HOSTILE[:4], strategy=strategy)
    status_is(got, 1)
    equal(it.made("after"), "HELLO\nHELLO\n", f"what was built: {got}")
    for target in HOSTILE[:4]:
        true(not it.made(target), f"{target}: {got}")
    true(it.untouched(), "something was changed outside")
    matches(got.err, r"key: Permission denied")
    equal(left() - before, set(), "temporary directories that stay")


@test("without croft the same actions do all of it, and so does, with the shell, an action that starts its program itself")
def _():
    it = Workspace()
    succeeds(it.build("good", *HOSTILE, rc=False))
    equal([it.made("reads"), it.made("shell"), it.made("program")], [SECRET] * 3, "what was read")
    true(not it.untouched() and os.path.exists(f"{it.home}/planted"), "nothing was changed")
    os.unlink(f"{it.home}/planted")
    write_file(f"{it.ws}/BUILD", read_file(f"{it.ws}/BUILD") + f'by_program(name = "again", source = "{it.home}/.ssh/key")\n')
    succeeds(it.build("again"))
    equal(it.made("again"), SECRET, "with the shell, an action that is no shell's (the page says so)")


@test("with all of Bazel inside, by the page's own lines, every action is confined, whoever starts it")
def _():
    it = Workspace()
    [lines] = [text for text in re.findall(r"\n\n((?:    .*\n)+)\n", read_file(DOCS / "bazel.md")) if "croft run" in text]
    contains(lines, "//...", "the page's lines")
    shutil.rmtree(it.out)
    write_file(f"{it.home}/.config/croft/profiles/bazel-all.yaml", read_file(FOLDER / "bazel-all.yaml"))
    os.mkdir(f"{it.folder}/bin")
    os.symlink(CROFT, f"{it.folder}/bin/croft")
    targets = " ".join(f"//:{target}" for target in ("good", "after", *HOSTILE))
    env = {"PATH": f"{it.folder}/bin:/usr/bin:/bin", "HOME": it.home, "TMPDIR": os.environ.get("TMPDIR", "/tmp")}
    got = run("sh", "-c", lines.replace("//...", f"--keep_going {targets}"), cwd=it.ws, env=env, timeout=100)
    status_is(got, 1)
    equal(it.made("after"), "HELLO\nHELLO\n", f"what was built: {got}")
    for target in HOSTILE:
        true(not it.made(target), f"{target}: {got}")
    true(it.untouched(), "something was changed outside")


@test("a test runs confined behind --run_under")
def _():
    it = Workspace()
    got = it.call("test", "--keep_going", "--color=no", "--curses=no", "--test_output=all", "--spawn_strategy=local",
                  f"--override_repository=remote_coverage_tools={it.folder}/stub", "//:works", "//:steals")
    status_is(got, 3)
    matches(got.out, r"//:works +PASSED")
    matches(got.out, r"//:steals +FAILED")
    contains(got.out + got.err, f"{it.home}/.ssh/key: Permission denied")


main()
