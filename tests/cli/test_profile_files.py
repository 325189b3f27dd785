#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_profile_files.py - profiles that the user names: where they are found, what they may decide, what
is told of them.
"""
import shlex

from _project import *      # pylint: disable=wildcard-import,unused-wildcard-import


PROFILES = os.path.join(os.environ["SOURCE"], "profiles")


class User(Project):
    """A user with profiles of his own."""

    def __init__(self):
        super().__init__()
        self.places = os.path.join(self.home, ".config", "croft", "profiles")
        os.makedirs(self.places)

    def profile(self, name, *lines, path=None):
        """The file of that name; the lines stand in its only profile, which has the same name."""
        text = f"version: 2\nprofiles:\n  {name}:\n" + "".join(f"    {line}\n" for line in lines)
        return write_file(path or os.path.join(self.places, f"{name}.yaml"), text)

    def use(self, word, *command, options=(), **how):
        return self.croft("run", "--profile", word, "--execute", PAYLOAD, *options, "--", *command, **how)

    def cat(self, word, path, **how):
        """True if the command could read the file; nothing of croft's own failed."""
        result = self.use(word, PAYLOAD, "cat", path, **how)
        true(result.status not in (125, 126, 127), f"croft failed:\n{result}")
        return result.status == 0


@test("a profile of the user's is found by its name, and grants what it says and no more")
def _():
    u = User()
    u.profile("mine", "extends: [system]", "files: {read: [~/outside]}")
    true(u.cat("mine", f"{u.outside}/secret"), "what is granted cannot be read")
    true(not u.cat("mine", f"{u.root}/file"), "what is not granted can be read")


@test("XDG_CONFIG_HOME says where the user's profiles are")
def _():
    u = User()
    u.profile("mine", "extends: [system]", "files: {read: [~/outside]}")
    elsewhere = {"XDG_CONFIG_HOME": tempdir()}
    refused(u.use("mine", "/bin/true", env=elsewhere), 125, "there is no profile 'mine'")
    os.makedirs(f"{elsewhere['XDG_CONFIG_HOME']}/croft")
    os.rename(u.places, f"{elsewhere['XDG_CONFIG_HOME']}/croft/profiles")
    true(u.cat("mine", f"{u.outside}/secret", env=elsewhere), "the other place is not looked at")


@test("a user's `default` holds where no profile is named, and can extend the one it replaces")
def _():
    u = User()
    true(not u.can("cat", f"{u.outside}/secret"), "default reads outside")
    u.profile("default", "extends: [default]", "files: {read: [~/outside]}")
    true(u.can("cat", f"{u.outside}/secret"), "the user's default does not hold")
    true(u.can("create", f"{u.root}/made"), "what it extends does not hold")


@test("a file is named by its path, one of several profiles in it behind a colon")
def _():
    u = User()
    path = write_file(f"{u.root}/team.yaml", "version: 2\nprofiles:\n"
                      "  reads: {extends: [system], files: {read: [~/outside]}}\n  plain: {extends: [system]}\n")
    for word, can in ((f"{path}:reads", True), ("team.yaml:reads", True), ("./team.yaml:plain", False)):
        true(u.cat(word, f"{u.outside}/secret") == can, word)
    refused(u.use("./team.yaml", "/bin/true"), 125, "has several profiles", "reads, plain")
    refused(u.use("./team.yaml:red", "/bin/true"), 125, "has no profile 'red'", "reads, plain")


@test("a name that is none is answered with the nearest of all places")
def _():
    u = User()
    u.profile("frontend", "extends: [system]")
    refused(u.use("fronted", "/bin/true"), 125, "there is no profile 'fronted'", "did you mean 'frontend'?")
    refused(u.use("sytem", "/bin/true"), 125, "there is no profile 'sytem'", "did you mean 'system'?")
    refused(u.use("none/of.them", "/bin/true"), 125, "none/of.them", "No such file or directory")
    succeeds(u.use("frontend", "/bin/true"))


@test("what others may write, or what is no file, decides nothing:", variants=["writable", "group", "directory", "fifo"])
def _(how):
    u = User()
    path = u.profile("mine", "extends: [system]")
    succeeds(u.use("mine", "/bin/true"))
    if how == "fifo":
        os.unlink(path)
        os.mkfifo(path)
        return refused(u.use("mine", "/bin/true"), 125, "mine.yaml", "is a FIFO, not a file")
    what, mode = {"writable": (path, 0o666), "group": (path, 0o664), "directory": (u.places, 0o777)}[how]
    os.chmod(what, mode)
    refused(u.use("mine", "/bin/true"), 125, what, "may write", "chmod go-w")
    os.chmod(what, 0o755)
    succeeds(u.use("mine", "/bin/true"))


@test("the command of a profile is run where none is given, with its arguments, in its directory")
def _():
    u = User()
    u.profile("mine", "extends: [system]", f"files: {{execute: [{PAYLOAD}], read: [.]}}",
              "command: {program: /bin/sh, args: [-c, 'pwd; echo \"$@\"', sh, a b, $x], directory: deep}")
    result = succeeds(u.croft("run", "--profile", "mine"))
    equal(result.out, f"{u.root}/deep\na b $x\n", "output")
    result = succeeds(u.croft("run", "--profile", "mine", "--", "/bin/echo", "-n", "else"))
    equal(result.out, "else", "output of a command that is given")
    contains(succeeds(u.croft("plan", "--profile", "mine")).out, "'/bin/sh'")
    contains(succeeds(u.croft("plan", "--profile", "mine", "/bin/echo")).out, "'/bin/echo'")
    contains(succeeds(u.croft("run", "--profile", "mine", "--dry-run")).out, "'/bin/sh'")


@test("without a command anywhere nothing is run, and a plan is for any command")
def _():
    u = User()
    u.profile("mine", "extends: [system]")
    refused(u.croft("run", "--profile", "mine"), 125, "no command to run", "croft run -- make")
    refused(u.croft("run"), 125, "no command to run")
    contains(succeeds(u.croft("plan", "--profile", "mine")).out, "COMMAND")


@test("plan and why name the file and the line of each grant")
def _():
    u = User()
    path = u.profile("mine", "extends: [system]", "files:", "  read:", "    - ~/outside")
    line = f"{path}:7"
    contains(succeeds(u.croft("plan", "--profile", "mine")).out, f"({line})")
    contains(succeeds(u.croft("plan", "--profile", "mine")).out, "(profile system:")
    contains(succeeds(u.croft("why", "--profile", "mine", "read", f"{u.outside}/secret")).out, line)
    contains(succeeds(u.croft("plan", "--profile", "mine", "--json")).out, line)


@test("a file's name cannot forge what is printed")
def _():
    u = User()
    path = u.profile("mine", "extends: [system]", "files: {read: [~/outside]}", path=f"{u.root}/a\x1b[2Kb.yaml")
    for result in (u.croft("plan", "--profile", path), u.croft("why", "--profile", path, "read", f"{u.outside}/secret"),
                   u.croft("run", "--profile", f"{path}:nope", "--", "/bin/true")):
        true("\x1b" not in result.out + result.err, f"an escape got through: {result}")


@test("what patterns stand for needs descriptors, and the command gets its own limit back")
def _():
    u = User()
    for number in range(300):
        write_file(f"{u.outside}/{number}.txt", f"{number}\n")
    u.profile("mine", "extends: [system]", f"files: {{read: [\"~/outside/*.txt\"], execute: [{PAYLOAD}]}}")
    command = f'{shlex.quote(CROFT)} run --profile mine -- sh -c "ulimit -n; cat ~/outside/299.txt"'
    result = succeeds(run("sh", "-c", f"ulimit -Sn 256; {command}", cwd=u.root, env=u.env))
    equal(result.out, "256\n299\n", "output")
    true(not u.cat("mine", f"{u.outside}/secret"), "what no pattern fits can be read")


@test("why asks about the profile's own command")
def _():
    u = User()
    u.profile("mine", "extends: [system]", "with_deps: true", "command: {program: /bin/sh}")
    contains(succeeds(u.croft("why", "--profile", "mine", "execute", "/bin/sh")).out, "allowed")


@test("options add to a profile, in whatever order they stand")
def _():
    u = User()
    u.profile("mine", "extends: [system]", "limits: {open_files: 100}")
    true(not u.cat("mine", f"{u.outside}/secret"), "outside can be read")
    true(u.cat("mine", f"{u.outside}/secret", options=["--read", u.outside]), "the option does not add")
    result = succeeds(u.use("mine", "/bin/sh", "-c", "ulimit -n", options=["--limit", "open-files=50"]))
    equal(result.out, "50\n", "the limit")


@test("a requirement of a profile stops the start, an option takes it back")
def _():
    u = User()
    u.profile("mine", "extends: [system]", "files: {hide: [~/outside]}")
    alone = ["--tier", "landlock"]
    refused(u.use("mine", "/bin/true", options=alone), 125, "hidden")
    succeeds(u.use("mine", "/bin/true", options=[*alone, "--prefer", "hidden"]))
    succeeds(u.use("mine", "/bin/true", options=[*alone, "--off", "hidden"]))


@test("every built-in profile can be named, and none looks for its parts among the user's")
def _():
    u = User()
    u.profile("system", "files: {read: [/nowhere-at-all]}")
    for file in sorted(os.listdir(PROFILES)):
        if file.endswith(".yaml") and file != "system.yaml":
            result = u.croft("plan", "--profile", file.removesuffix(".yaml"))
            true("nowhere-at-all" not in result.out + result.err, f"{file}: the user's profile is in it")
            true(result.status in (0, 125), f"{file}: {result}")


main()
