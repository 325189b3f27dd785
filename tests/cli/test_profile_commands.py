#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_profile_commands.py - croft profile list, show, new, schema and trust.

What they print is read back by the program that would read it: YAML by croft, JSON by Python. The file that
`new` writes is checked, run with and approved.
"""
from _project import *      # pylint: disable=wildcard-import,unused-wildcard-import

BUILT_IN = ["default", "empty", "system"]
TEAM = "version: 2\nprofiles:\n  team:\n    files: {read: [./deep]}\n    extends: [system]\n"


def user_profile(p, name, text):
    """A profile of the user's own; gives back its path."""
    path = f"{p.home}/.config/croft/profiles/{name}.yaml"
    return write_file(path, f"version: 2\nprofiles:\n  {name}:\n" + "".join(f"    {x}\n" for x in text.splitlines()))


def profiles(p):
    """What list --json has, by (name, path)."""
    listed = json.loads(succeeds(p.croft("profile", "list", "--json")).out)["profiles"]
    return {(x["name"], x["path"]): x for x in listed}


def is_wrong(p, *words, parts=()):
    """A use that is refused; nothing is printed."""
    refused(p.croft("profile", *words), 125, *parts)


# Verbs

@test("without a verb, and with a wrong one, the verbs are named")
def _():
    p = Project()
    is_wrong(p, parts=["croft profile needs one of", "list", "trust"])
    is_wrong(p, "lst", parts=["no 'lst'", "did you mean 'list'?"])
    is_wrong(p, "--all", parts=["no option '--all'"])
    succeeds(p.croft("profile", "list"))


@test("each verb has help of its own", variants=["list", "show", "new", "schema", "trust"])
def _(verb):
    p = Project()
    contains(succeeds(p.croft("profile", verb, "--help")).out, f"usage: croft profile {verb}", "help")
    contains(succeeds(p.croft("profile", "--help")).out, f"croft profile {verb}", "help of all")
    is_wrong(p, verb, "--nonsense", parts=["no option '--nonsense'"])


@test("options may stand behind the words, each once; behind '--' there are only words")
def _():
    p = Project()
    equal(json.loads(succeeds(p.croft("profile", "show", "default", "--json")).out)["name"], "default", "name")
    is_wrong(p, "show", "--json", "default", "--json", parts=["--json is given twice"])
    is_wrong(p, "show", "--", "default", "--json", parts=["one profile"])
    succeeds(p.croft("profile", "show", "--", "default"))


@test("words that a verb does not take are refused")
def _():
    p = Project()
    is_wrong(p, "list", "default", parts=["takes no 'default'", "croft profile show"])
    is_wrong(p, "schema", "x", parts=["takes no 'x'"])
    is_wrong(p, "show", parts=["one profile"])
    is_wrong(p, "show", "default", "system", parts=["one profile"])
    is_wrong(p, "new", "a.yaml", "b.yaml", parts=["'b.yaml' is a second"])
    is_wrong(p, "trust", "a.yaml", "b.yaml", parts=["'b.yaml' is a second"])
    is_wrong(p, "trust", "", parts=["empty"])
    is_wrong(p, "trust", "--list", "a.yaml", parts=["--list stands alone"])
    is_wrong(p, "trust", "--list", "--remove", parts=["--list stands alone"])
    is_wrong(p, "show", "--yaml", "--resolved", "default", parts=["--yaml prints what was written"])


# list

@test("the list has every built-in profile with what it is for")
def _():
    p = Project()
    out = succeeds(p.croft("profile", "list")).out
    for name in BUILT_IN:
        matches(out, rf"(?m)^{name} +\w.*\(built in\)$", "list")
        succeeds(p.croft("profile", "show", name))
    listed = [name for name, path in profiles(p) if path is None]
    equal(listed, sorted(listed), "the order of the built-in ones")
    true(all(x["description"] and not x["error"] for x in profiles(p).values()), "each has a description")


@test("the user's own profiles come first, and hide those of their name")
def _():
    p = Project()
    path = user_profile(p, "default", "description: mine\nextends: [default]")
    team = user_profile(p, "team", "extends: [default]")
    out = succeeds(p.croft("profile", "list")).out.splitlines()
    equal(out[:2], [f"default          mine ({path})", f"team             - ({team})"], "the first lines")
    contains("\n".join(out), "(built in, hidden by the one before)", "list")
    found = profiles(p)
    equal(found["default", path]["shadowed"], False, "the user's is hidden")
    equal(found["default", None]["shadowed"], True, "the built-in one is hidden")
    equal(found["team", team]["description"], None, "description")
    equal(found["system", None]["shadowed"], False, "another is hidden")


@test("a profile that cannot be used is listed with what is wrong")
def _():
    p = Project()
    path = user_profile(p, "bad", "fils: {}")
    ours = user_profile(p, "good", "description: good\nextends: [default]")
    os.chmod(ours, 0o666)
    out = succeeds(p.croft("profile", "list")).out
    matches(out, r"(?m)^bad +cannot be used: .*fils", "list")
    matches(out, r"(?m)^good +cannot be used: .*others may write", "list")
    contains(profiles(p)["bad", path]["error"], "fils", "error")
    os.chmod(ours, 0o644)
    matches(succeeds(p.croft("profile", "list")).out, r"(?m)^good +good ", "list")


@test("what a file says of itself cannot forge lines of the list")
def _():
    p = Project()
    user_profile(p, "team", 'description: "a\\nforged    line (built in)"\nextends: [default]')
    result = p.croft("profile", "list")
    lacks(result.out, "\nforged", "list")
    contains(result.out, "team ", "list")


# show

@test("a file is shown as it was written, and a built-in profile as a file that can be used")
def _():
    p = Project()
    text = "version: 2\nprofiles:\n  team: # a comment\n    extends: [default]\n"
    path = write_file(f"{p.root}/team.yaml", text)
    for word in (path, "./team.yaml", "team.yaml", "./team.yaml:team"):
        equal(succeeds(p.croft("profile", "show", word)).out, text, word)
    for name in BUILT_IN:
        write_file(f"{p.root}/copy.yaml", succeeds(p.croft("profile", "show", name)).out)
        succeeds(p.croft("plan", "--profile", "./copy.yaml"))


@test("--yaml prints a file in one form that reads the same, --origin where each item stands")
def _():
    p = Project()
    write_file(f"{p.root}/team.yaml", TEAM)
    text = succeeds(p.croft("profile", "show", "--yaml", "./team.yaml")).out
    lacks(text, "{read", "YAML")
    contains(text, "./deep", "YAML")
    write_file(f"{p.root}/copy.yaml", text)
    equal(succeeds(p.croft("profile", "show", "--yaml", "./copy.yaml")).out, text, "printed again")
    text = succeeds(p.croft("profile", "show", "--origin", "./team.yaml")).out
    contains(text, "team.yaml:4", "origins")
    write_file(f"{p.root}/copy.yaml", text)
    succeeds(p.croft("plan", "--profile", "./copy.yaml"))


@test("--resolved prints what a profile has become here, with origins where asked, and as JSON")
def _():
    p = Project()
    write_file(f"{p.root}/team.yaml", TEAM)
    text = succeeds(p.croft("profile", "show", "--resolved", "./team.yaml")).out
    contains(text, f"{p.root}/deep", "resolved")
    contains(text, "/usr", "what it extends")
    lacks(text, "team.yaml:4", "no origins")
    text = succeeds(p.croft("profile", "show", "--resolved", "--origin", "./team.yaml")).out
    contains(text, "team.yaml:4", "origins")
    found = json.loads(succeeds(p.croft("profile", "show", "--json", "./team.yaml")).out)
    contains(found["profile"]["files"]["read"], f"{p.root}/deep", "JSON")


@test("what cannot be shown is an error that names it")
def _():
    p = Project()
    for words in (["nothing"], ["--yaml", "nothing"], ["--resolved", "nothing"], ["--json", "nothing"]):
        is_wrong(p, "show", *words, parts=["there is no profile 'nothing'"])
    is_wrong(p, "show", "defalut", parts=["did you mean 'default'?"])
    write_file(f"{p.root}/bad.yaml", "version: 2\nprofiles: {a: {description: \"\x1b[2J\"}}\n")
    refused(p.croft("profile", "show", "./bad.yaml"), 125, "bad.yaml:")
    is_wrong(p, "show", "./none.yaml", parts=["none.yaml", "No such file"])


@test("the schema is JSON with the keys of profiles")
def _():
    p = Project()
    found = json.loads(succeeds(p.croft("profile", "schema")).out)
    contains(found["$schema"], "json-schema.org/draft-07", "schema")
    contains(json.dumps(found), "deny_write", "schema")


# new

SIGNS = {
    "pyproject.toml": "python", "setup.py": "python", "requirements.txt": "python", "tool.py": "python",
    "package.json": "node", "Cargo.toml": "rust", "go.mod": "go", "pom.xml": "java", "build.gradle": "java",
    "build.gradle.kts": "java", "flake.nix": "nix", "default.nix": "nix", "Makefile": "make-c",
    "CMakeLists.txt": "make-c", "meson.build": "make-c", "main.c": "make-c", "src/main.c": "make-c",
    "src/main.cpp": "make-c", "src/tool.py": "python",
}


def extends(p, *words):
    """The presets that a new file extends."""
    text = succeeds(p.croft("profile", "new", *words, "-")).out
    return re.findall(r"(?m)^      - (\S+)", text)


@test("the files of a language bring its preset", variants=SIGNS)
def _(name):
    p = Project()
    equal(extends(p), ["git"], "presets without the file")
    write_file(f"{p.root}/{name}")
    equal(extends(p), [SIGNS[name]], "presets with it")


@test("a project may have several languages; without any, and without git, default is extended")
def _():
    p = Project()
    for name in ("Makefile", "package.json", "setup.py"):
        write_file(f"{p.root}/{name}")
    equal(extends(p), ["python", "node", "make-c"], "presets")
    for name in ("Makefile", "package.json", "setup.py"):
        os.unlink(f"{p.root}/{name}")
    shutil.rmtree(f"{p.root}/.git")
    equal(extends(p), ["default"], "presets")


@test("names that only look like a language's bring nothing",
      variants=["Makefile.old", "xpackage.json", ".c", "c", ".py", "main.cxx.txt", "deep/Makefile"])
def _(name):
    p = Project()
    write_file(f"{p.root}/{name}")
    equal(extends(p), ["git"], "presets")


@test("a file is written at the top of the project, once, and said so", variants=["top", "subdirectory"])
def _(where):
    p = Project()
    write_file(f"{p.root}/Makefile")
    cwd = p.root if where == "top" else p.sub
    result = succeeds(p.croft("profile", "new", cwd=cwd))
    for part in (f"written: {p.path}", "make-c (Makefile)", "croft profile trust"):
        contains(result.out, part, "what is said")
    text = read_file(p.path)
    equal(os.stat(p.path).st_mode & 0o777, 0o644, "mode")
    refused(p.croft("profile", "new", cwd=cwd), 125, p.path, "File exists", "not overwritten")
    equal(read_file(p.path), text, "the file")


@test("the file that was written is without fault, starts, and can be approved", variants=list(SIGNS)[:14])
def _(name):
    p = Project()
    write_file(f"{p.root}/{name}")
    succeeds(p.croft("profile", "new"))
    status_is(p.croft("check", ".croft.yaml"), 0)
    p.starts()
    p.trust()
    p.starts()
    lacks(p.croft("plan").err, "wishes", "the warning after approval")


@test("the lines of the file that wait behind a '#' hold what they say")
def _():
    p = Project()
    os.makedirs(f"{p.root}/out")
    os.makedirs(f"{p.home}/Documents/data")
    succeeds(p.croft("profile", "new"))
    text = read_file(p.path)
    write_file(p.path, re.sub(r"(?m)^    #(\S|  \S)", r"    \1", text))
    differs(read_file(p.path), text, "the file")
    found = json.loads(succeeds(p.croft("profile", "show", "--json", "./.croft.yaml")).out)["profile"]
    contains(found["files"]["read"], f"{p.home}/Documents/data", "JSON")
    contains(json.dumps(found["network"]), "443", "JSON")
    contains(found["environment"]["pass"], "MY_SETTING", "JSON")


@test("a FILE is written where it says, and named with --profile")
def _():
    p = Project()
    result = succeeds(p.croft("profile", "new", "./build.yaml"))
    contains(result.out, "written: ./build.yaml", "what is said")
    contains(result.out, "--profile", "what is said")
    contains(read_file(f"{p.root}/build.yaml"), "croft run --profile ./build.yaml", "the file")
    true(not os.path.exists(p.path), "a .croft.yaml was written too")
    p.starts(options=["--profile", "./build.yaml"])
    refused(p.croft("profile", "new", "./build.yaml"), 125, "File exists")
    refused(p.croft("profile", "new", "./none/build.yaml"), 125, "No such file")


@test("'-' prints the file and writes none")
def _():
    p = Project()
    text = succeeds(p.croft("profile", "new", "-")).out
    equal(sorted(os.listdir(p.root)), [".git", "deep", "file"], "files")
    succeeds(p.croft("profile", "new"))
    equal(read_file(p.path), text, "the written file")


@test("a link in the file's place is not followed")
def _():
    p = Project()
    os.symlink(f"{p.outside}/made", p.path)
    refused(p.croft("profile", "new"), 125, "File exists")
    true(not os.path.lexists(f"{p.outside}/made"), "the link was followed")
    os.unlink(p.path)
    succeeds(p.croft("profile", "new"))


@test("whatever the umask, the file can be read again")
def _():
    p = Project()
    succeeds(p.croft("profile", "new", umask=0))
    equal(os.stat(p.path).st_mode & 0o777, 0o644, "mode")
    p.starts()


@test("a home is no project")
def _():
    p = Project()
    for cwd in (p.home, os.path.dirname(p.home), "/"):
        refused(p.croft("profile", "new", cwd=cwd), 125, f"'{cwd}' is no project", "go into a project")
    true(not os.path.exists(f"{p.home}/.croft.yaml"), "a file was written")
    succeeds(p.croft("profile", "new"))


@test("no name of a project's file comes into the profile")
def _():
    p = Project()
    write_file(f"{p.root}/x\n    files: {{write: [~]}}\n.py")
    text = succeeds(p.croft("profile", "new", "-")).out
    lacks(text, "write: [~]", "the file")
    equal(extends(p), ["python"], "presets")


# trust

@test("approving says the digest, and what goes beyond default")
def _():
    p = Project()
    p.file("extends: [default]\nfiles: {read: [~/outside], write: [./deep]}\nnetwork: {connect: [443]}\n"
           "environment: {set: {A: b}}\ncommand: {program: make}")
    out = p.trust().out
    equal(out, f"approved: {p.path}\n  sha-256 {p.digest()}\n  asks for more than the profile 'default':\n"
               f"    files.read           {p.outside}\n    network.connect      443\n"
               "    environment.set      A\n    command.program      make\n", "what is said")
    equal(read_file(f"{p.state}/{p.digest()}"), p.path + "\n", "the entry")
    equal(p.trust().out, out, "approved again")


@test("approving what asks for nothing says so")
def _():
    p = Project()
    p.file("extends: [default]")
    contains(p.trust().out, "asks for nothing beyond the profile 'default'", "what is said")


@test("the file may be named, from anywhere")
def _():
    p = Project()
    p.file("extends: [default]\nfiles: {read: [~/outside]}")
    for cwd, word in ((p.root, ".croft.yaml"), (p.root, "./.croft.yaml"), (p.sub, None), ("/", p.path)):
        words = [word] if word else []
        succeeds(p.croft("profile", "trust", *words, cwd=cwd))
        true(p.can("cat", f"{p.outside}/secret"), f"not approved by {word} in {cwd}")
        succeeds(p.croft("profile", "trust", "--remove", *words, cwd=cwd))
        true(not p.can("cat", f"{p.outside}/secret"), f"approved in spite of --remove {word} in {cwd}")


@test("an approval has the one name that its file has, however that was spelled")
def _():
    p = Project()
    p.file("extends: [default]")
    succeeds(p.croft("profile", "trust", os.path.relpath(p.path, p.sub), cwd=p.sub))
    equal(p.trust("--list").out, f"{p.digest()}  {p.path}\n", "the list")


@test("a file that cannot be used is not approved")
def _():
    p = Project()
    refused(p.croft("profile", "trust"), 125, p.path, "No such file", "croft profile new")
    for text, what in (("fils: {}", "fils"), ("extends: [nothing]", "there is no profile 'nothing'"),
                       ("files: {read: [\"${env:EVIL}\"]}", "EVIL")):
        p.file(text)
        refused(p.croft("profile", "trust"), 125, what)
    true(not os.path.exists(p.state), "something was approved")
    p.file("extends: [default]")
    p.trust()
    equal(os.listdir(p.state), [p.digest()], "approvals")


@test("the list has every approval; what is taken back is gone from it")
def _():
    p = Project()
    equal(succeeds(p.croft("profile", "trust", "--list")).out, "", "before any")
    p.file("extends: [default]")
    first = p.digest()
    p.trust()
    p.file("extends: [system]")
    second = p.digest()
    p.trust()
    equal(p.trust("--list").out, "".join(f"{d}  {p.path}\n" for d in sorted([first, second])), "the list")
    # both were given to this path
    out = p.trust("--remove").out
    for digest in (first, second):
        contains(out, f"no longer approved: {digest}  {p.path}", "what is said")
    equal(p.trust("--list").out, "", "the list")
    refused(p.croft("profile", "trust", "--remove"), 125, "was not approved", "--list")


@test("an approval can be taken back when the file is gone, and of the content wherever it lies")
def _():
    p = Project()
    p.file("extends: [default]")
    p.trust()
    os.unlink(p.path)
    p.trust("--remove")
    equal(p.trust("--list").out, "", "the list")
    p.file("extends: [default]")
    p.trust()
    shutil.copy(p.path, f"{p.outside}/copy.yaml")
    p.trust("--remove", f"{p.outside}/copy.yaml")
    equal(p.trust("--list").out, "", "the list")


@test("a path cannot forge a line of the list")
def _():
    p = Project()
    folder = os.path.join(p.home, "a\nforged  line")
    os.makedirs(folder)
    write_file(f"{folder}/.croft.yaml", SYSTEM)
    succeeds(p.croft("profile", "trust", cwd=folder))
    equal(succeeds(p.croft("profile", "trust", "--list")).out.count("\n"), 1, "lines")


@test("without a home there is no place for approvals")
def _():
    p = Project()
    p.file("extends: [default]")
    env = {k: v for k, v in p.env.items() if k != "HOME"}
    refused(run_croft("profile", "trust", cwd=p.root, env=env), 125, "HOME has to be set")
    succeeds(run_croft("profile", "trust", cwd=p.root, env=dict(env, XDG_STATE_HOME=p.outside)))


@test("in a directory that was removed there is nothing to look at")
def _():
    p = Project()
    for verb in ("new", "trust"):
        folder = os.path.join(p.outside, verb)
        os.mkdir(folder)
        result = run("/bin/sh", "-c", f"rmdir {folder} && exec {CROFT} profile {verb}", cwd=folder, env=p.env)
        refused(result, 125, "the working directory", "No such file")
    succeeds(p.croft("profile", "new"))
    succeeds(p.croft("profile", "trust"))


main()
