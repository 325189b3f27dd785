# SPDX-License-Identifier: MIT
"""
test_check.py - croft check: which profiles a word means, what is said of them, the exit status.

What each weak point is, and its twin, is asked in tests/unit/test_check*.c; here it is the command: files as
people write them, several at once, broken ones, names, JSON. What an older kernel does not keep is
left out of what is expected: these tests run under emulators of such kernels too.
"""
import json

from _cli import *      # pylint: disable=wildcard-import,unused-wildcard-import

SOURCE = os.environ["SOURCE"]
HOST_KINDS = {"not-kept", "not-kept-here", "ignored", "too-old", "mount", "file-system", "served", "overlay"}


class World:
    """A home, a project to stand in, and profile files."""

    def __init__(self):
        self.base = tempdir()
        self.home = os.path.join(self.base, "home")
        self.project = os.path.join(self.home, "project")
        os.makedirs(self.project)
        os.mkdir(os.path.join(self.base, "plain"))      # where there is nothing to find
        self.plain = os.path.join(self.base, "plain")
        self.env = {"HOME": self.home, "PATH": "/usr/bin:/bin"}

    def write(self, name, text):
        return write_file(os.path.join(self.project, name), text)

    def profile(self, body, name="p.yaml"):
        """A file with one profile, its inside from line 4 on."""
        return self.write(name, "version: 2\nprofiles:\n  p:\n" + body + "\n")

    def check(self, *args, **how):
        how.setdefault("env", self.env)
        return run_croft("check", *args, cwd=self.project, **how)

    def found(self, *args, **how):
        """The findings, without what depends on the kernel, and the whole object."""
        result = self.check("--json", *args, **how)
        answer = json.loads(result.out)
        return [f for f in answer["findings"] if f["kind"] not in HOST_KINDS], answer, result

    def kinds(self, *args, **how):
        return [f["kind"] for f in self.found(*args, **how)[0]]


@test("a profile without weak points gets a count and nothing else")
def _():
    w = World()
    w.profile(f"    files: {{ read: ['{w.plain}'] }}")
    equal(w.kinds("p.yaml"), [])
    result = succeeds(w.check("p.yaml"))
    equal(result.err, "", "stderr")
    matches(result.out.splitlines()[-1], r"^1 profile: 0 errors, 0 warnings, \d+ notes?$")


@test("a weak point is a line as compilers print it, and no failure")
def _():
    w = World()
    os.makedirs(os.path.join(w.project, "out/bin"))
    w.profile("    files:\n      write:\n        - out\n      execute:\n        - out/bin")
    result = succeeds(w.check("p.yaml"))
    out = f"{w.project}/out"
    contains(result.out, f"p.yaml:8:11: warning: '{out}/bin' can be written and executed (with '{out}', "
             "p.yaml:6): what is put there can be run (leave out one of the two, unless programs are built there)\n")
    matches(result.out.splitlines()[-1], r"^1 profile: 0 errors, 1 warning, \d+ notes?$")


@test("with --strict a warning fails, a note does not")
def _():
    w = World()
    w.profile("    environment: { pass: [API_TOKEN] }", "warning.yaml")
    w.profile("    files: { read: ['optional:/srv/none'] }", "note.yaml")
    if ABI >= SCOPES:       # below, what is preferred is missing, and nothing is required that is
        equal([f["severity"] for f in w.found("note.yaml")[1]["findings"]][-1:], ["note"])
        status_is(w.check("--strict", "note.yaml"), 0)
    status_is(w.check("warning.yaml"), 0)
    status_is(w.check("--strict", "warning.yaml"), 1)


@test("an error fails, and what else there is is told all the same")
def _():
    w = World()
    w.profile("    files:\n      read:\n        - /srv/none\n        - ~", "error.yaml")
    w.profile("    environment: { pass: [API_TOKEN] }", "warning.yaml")
    result = w.check("error.yaml", "warning.yaml")
    status_is(result, 1)
    contains(result.out, "error.yaml:6:11: error: '/srv/none' does not exist (create it, or write 'optional:' before "
             "it if it may be missing)\n")
    contains(result.out, "error.yaml:7:11: warning: the home directory")
    contains(result.out, "warning.yaml:4:27: warning: the variable API_TOKEN")
    matches(result.out.splitlines()[-1], r"^2 profiles: 1 error, \d+ warnings, ")
    equal(result.err, "", "stderr")


@test("all profiles of a file are looked at, each by its name; FILE:NAME is one")
def _():
    w = World()
    w.write("team.yaml", "version: 2\nprofiles:\n  base:\n    files: { read: [/srv/one] }\n"
            "  more:\n    extends: [base]\n    files: { read: [/srv/two] }\n  other:\n"
            f"    files: {{ read: ['{w.plain}'] }}\n")
    result = w.check("team.yaml")
    status_is(result, 1)
    contains(result.out, "team.yaml:4:21: error: profile base: '/srv/one' does not exist")
    contains(result.out, "team.yaml:7:21: error: profile more: '/srv/two' does not exist")
    # base's own is not told again for who extends it
    equal(result.out.count("/srv/one"), 1, "how often")
    contains(result.out, "\n3 profiles: 2 errors,")
    status_is(w.check("team.yaml:other"), 0)
    only = w.check("team.yaml:more")
    status_is(only, 1)
    # what it has from base is its own when it is asked for alone
    contains(only.out, "team.yaml:4:21: error: '/srv/one'")
    contains(only.out, "\n1 profile: 2 errors,")


BROKEN = {
    "an unknown key": ("version: 2\nprofiles:\n  p:\n    files: { raed: [/usr] }\n",
                       r"^p\.yaml:4:14: error: files\.raed: .*\(.*'read'.*\)$"),
    "a value of the wrong kind": ("version: 2\nprofiles:\n  p:\n    files:\n      read: /usr\n",
                                  r"^p\.yaml:5:13: error: files\.read: .*$"),
    "no YAML": ("version: 2\nprofiles: [\n", r"^p\.yaml:\d+:\d+: error: .*$"),
    "nothing": ("", r"^p\.yaml:.*error: .*$"),
    "a wish that no door lets in": ("version: 2\nprofiles:\n  p:\n    files: { read: [../x] }\n",
                                    r"^p\.yaml:4:21: error: files\.read: .*$"),
    "a base that is not there": ("version: 2\nprofiles:\n  p:\n    extends: [nowhere]\n",
                                 r"^p\.yaml:4:15: error: extends: .*'nowhere'.*$"),
    "a variable that is not set": ("version: 2\nprofiles:\n  p:\n    environment: { use: [NOT_SET] }\n"
                                   "    files: { read: ['${env:NOT_SET}'] }\n", r"^p\.yaml:5:21: error: .*NOT_SET.*$"),
}


@test("what the reader and the loader say is told with its place", variants=list(BROKEN))
def _(what):
    w = World()
    text, pattern = BROKEN[what]
    w.write("p.yaml", text)
    result = w.check("p.yaml")
    status_is(result, 1)
    matches(result.out.splitlines()[0], pattern)
    contains(result.out.splitlines()[-1], "1 error,")
    found, answer, _ = w.found("p.yaml")
    equal([(f["file"], f["severity"], f["kind"]) for f in found], [("p.yaml", "error", "file")])
    equal(answer["errors"], 1)


@test("one broken profile does not hide the others of its file")
def _():
    w = World()
    w.write("p.yaml", "version: 2\nprofiles:\n  one:\n    extends: [nowhere]\n  two:\n    files: { read: [/srv/none] }\n")
    result = w.check("p.yaml")
    contains(result.out, "p.yaml:4:15: error: profile one: extends:")
    contains(result.out, "p.yaml:6:21: error: profile two: '/srv/none'")


def no_file(w):
    return os.path.join(w.project, "none.yaml")


def a_directory(w):
    os.mkdir(os.path.join(w.project, "dir.yaml"))
    return "dir.yaml"


def for_everybody(w):
    return os.chmod(w.profile("    description: x"), 0o666) or "p.yaml"


def a_fifo(w):
    return os.mkfifo(os.path.join(w.project, "fifo.yaml"), 0o600) or "fifo.yaml"


UNFIT = {"missing": no_file, "a directory": a_directory, "writable for others": for_everybody, "a pipe": a_fifo}


@test("a file that may not decide is an error, and the next word is looked at",
      variants=list(UNFIT))
def _(what):
    w = World()
    word = UNFIT[what](w)
    w.profile("    files: { read: [/srv/none] }", "next.yaml")
    result = w.check(word, "next.yaml")
    status_is(result, 1)
    contains(result.out, f"{word}: error: ")
    contains(result.out, "next.yaml:4:21: error: ")


@test("a name is looked up as --profile does: the user's file, else the built-in")
def _():
    w = World()
    found, answer, result = w.found("system")
    status_is(result, 0)
    equal(answer["profiles"], 1)
    true(all(f["file"].startswith("profile ") for f in found), f"{found}")
    path = os.path.join(w.home, ".config/croft/profiles/system.yaml")
    write_file(path, "version: 2\nprofiles:\n  system:\n    files: { read: [/srv/none] }\n")
    for folder in (path, os.path.dirname(path)):
        os.chmod(folder, 0o755 if os.path.isdir(folder) else 0o644)
    found, _, result = w.found("system")
    status_is(result, 1)
    equal([(f["file"], f["line"], f["column"], f["kind"]) for f in found], [(path, 4, 21, "missing")])
    found, _, result = w.found("sytem")
    status_is(result, 1)
    contains(found[0]["mend"], "system")


BUILT_IN = re.findall(r"'([\w-]+)\.yaml'", read_file(os.path.join(SOURCE, "profiles", "meson.build")))


@test("a built-in profile has no error here, and no warning but what this host lacks", variants=BUILT_IN)
def _(name):
    w = World()
    for made in ("logs", "tmp"):        # which "server" wants to be there
        os.mkdir(os.path.join(w.project, made))
    found, _, result = w.found(name)
    if name == "container":     # which croft-oci gives to what is in a container, and nobody else shall take
        equal([f["kind"] for f in found if f["severity"] != "note"], ["refused", "root"])
        status_is(result, 1)
        return
    equal([f for f in found if f["severity"] != "note"], [])
    true(len(found) < 10, f"nobody reads that many: {found}")
    status_is(result, 0)


@test("of several things on a line the one that is meant has the column")
def _():
    w = World()
    line = "    files: { read: [/srv/none, ~/none, optional:./none, none, '${XDG_CACHE_HOME}/x', '${home}/y', /srv/y/none] }"
    w.profile(line)
    found = {(f["what"].split("'")[1], f["column"]) for f in w.found("p.yaml")[0]}
    wanted = {("/srv/none", "/srv/none,"), (f"{w.home}/.cache/x", "'${XDG_C"), (f"{w.home}/y", "'${home}"),
              ("/srv/y/none", "/srv/y/none"), }
    for path, part in wanted:
        true((path, line.index(part) + 1) in found, f"{path}: {found}")
    os.mkdir(os.path.join(w.project, "y"))
    line = "    files: { write: [~/z, y, ~/.config], deny: [~/x/a, ~/.config/b] }"
    w.profile(line, "z.yaml")
    os.makedirs(os.path.join(w.home, ".config"))
    os.makedirs(os.path.join(w.home, "z"))
    found = {(f["kind"], f["column"]) for f in w.found("z.yaml")[0]}
    # where mounts work the second denial is kept
    equal(found - {("denial", line.index("~/.config/b") + 1)},
          {("policy", line.index("~/.config]") + 1), ("seen", line.index("~/x/a") + 1)}, "found")
    w.profile("    environment: { pass: [A_TOKEN, B_TOKEN], set: { C_TOKEN: x } }")
    equal([(f["what"].split()[2], f["column"]) for f in w.found("p.yaml")[0]],
          [("A_TOKEN", 27), ("B_TOKEN", 36), ("C_TOKEN", 62)])


@test("a secret of the home directory is named once, where that is the project too")
def _():
    w = World()
    write_file(os.path.join(w.home, ".env"))
    write_file(os.path.join(w.project, ".env"))
    w.profile("    files: { read: [.] }", "../home.yaml")
    found = json.loads(run_croft("check", "--json", "./home.yaml", cwd=w.home, env=w.env).out)["findings"]
    equal([f["what"].rsplit(": ", 1)[1] for f in found if f["kind"] == "secrets"], ["~/.env"])
    w.profile("    files: { read: [.] }")
    equal([f["what"].rsplit(": ", 1)[1] for f in w.found("p.yaml")[0] if f["kind"] == "secrets"], [f"{w.project}/.env"])


@test("a built-in profile that is refused where one stands says that, and not all that would come of it")
def _():
    w = World()
    os.mkdir(os.path.join(w.home, ".ssh"))
    found = json.loads(run_croft("check", "--json", "default", cwd=w.home, env=w.env).out)["findings"]
    equal([f["kind"] for f in found if f["severity"] != "note"][:1], ["refused"])
    contains(found[0]["what"], f"the working directory '{w.home}' would be writable")
    lacks(str(found), ".ssh")
    gone = os.path.join(w.base, "gone")
    result = run("/bin/sh", "-c", 'mkdir "$1" && cd "$1" && rmdir "$1" && exec "$2" check default', "sh", gone, CROFT, env=w.env)
    status_is(result, 1)
    matches(result.out.splitlines()[0], r"^profile default:\d+:\d+: error: files\.write: ")


@test("JSON has all that the lines have")
def _():
    w = World()
    w.profile("    files:\n      read:\n        - /srv/none\n    environment: { pass: [API_TOKEN] }\n    syscalls: off")
    found, answer, result = w.found("p.yaml")
    status_is(result, 1)
    equal(sorted(answer), ["errors", "findings", "not_shown", "notes", "profiles", "version", "warnings"])
    equal(found[0], {"file": "p.yaml", "line": 6, "column": 11, "profile": "p", "severity": "error", "kind": "missing",
                     "what": "'/srv/none' does not exist",
                     "mend": "create it, or write 'optional:' before it if it may be missing"})
    equal([f["kind"] for f in found], ["missing", "secret-passed", "syscalls-off"])
    everything = answer["findings"]
    for severity in ("error", "warning", "note"):
        equal(answer[severity + "s"], sum(f["severity"] == severity for f in everything), severity)
    equal(result.out.count("\n"), 1, "lines")


@test("a profile of ai-sandbox-landlock is looked at as any other")
def _():
    w = World()
    os.symlink("/usr/bin", os.path.join(w.plain, "away"))
    w.write("v1.yaml", f"""profiles:
  agent:
    access_roots:
      projects:
        paths: ["{w.plain}", /srv/none]
        permissions: {{ read_file: true, read_dir: true, execute: true, write_file: true }}
    command: {{ binary: /bin/true, env: {{ API_TOKEN: abc }} }}
""")
    found, _, result = w.found("v1.yaml")
    status_is(result, 0)
    at = {(f["line"], f["kind"], f["severity"]) for f in found}
    for wanted in [(5, "not-there", "note"), (2, "no-promise", "warning"), (5, "links-out", "note"),
                   (5, "write-execute", "warning"), (7, "secret-written", "warning"), (2, "seen", "note")]:
        true(wanted in at, f"{wanted} is not among {at}")


@test("a project's own file may extend no file, as it is read when it decides")
def _():
    w = World()
    w.profile(f"    files: {{ read: ['{w.plain}'] }}", "base.yaml")
    w.profile("    extends: [./base.yaml]", ".croft.yaml")
    w.profile("    extends: [./base.yaml]", "other.yaml")
    status_is(w.check(".croft.yaml"), 1)
    contains(w.check(".croft.yaml").out, ".croft.yaml:4:15: error: extends: ")
    status_is(w.check("other.yaml"), 0)


@test("a profile in the project that it makes writable is told of, the project's own file is not")
def _():
    w = World()
    w.profile("    files: { write: [.] }")
    w.profile("    files: { write: [.] }", ".croft.yaml")
    contains(w.check("p.yaml").out, "p.yaml:4:22: warning: 'p.yaml' can be written, and decides what croft grants later")
    equal(w.kinds(".croft.yaml"), [])


@test("the command of a profile is looked for, and not run")
def _():
    w = World()
    script(os.path.join(w.project, "run-me"), "touch ran")
    w.profile(f"    extends: [system]\n    files: {{ execute: [.] }}\n    command: {{ program: {w.project}/run-me }}")
    equal([k for k in w.kinds("p.yaml") if k == "command"], [])
    true(not os.path.exists(os.path.join(w.project, "ran")), "the command ran")
    w.profile(f"    extends: [system]\n    command: {{ program: {w.project}/none }}")
    found = [f for f in w.found("p.yaml")[0] if f["kind"] == "command"]
    equal([(f["line"], f["severity"]) for f in found], [(5, "warning")])
    contains(found[0]["what"], f"{w.project}/none")


def listing(folder):
    """Every name below with what changes when somebody writes."""
    return sorted((p, os.lstat(p).st_mtime_ns, os.lstat(p).st_mode, os.lstat(p).st_size)
                  for root, dirs, files in os.walk(folder) for p in [os.path.join(root, n) for n in dirs + files])


@test("nothing is changed, neither what is looked at nor the directory of temporary files")
def _():
    w = World()
    os.mkdir(os.path.join(w.base, "tmp"))
    w.env["TMPDIR"] = os.path.join(w.base, "tmp")
    w.write("sub/file", "x")
    os.symlink("/usr/share", os.path.join(w.project, "away"))
    w.profile("    extends: [default]\n    files: { write: ['~'] }")
    before = listing(w.base)
    w.check("p.yaml")
    equal(listing(w.base), before, "the tree")


@test("a name in a granted tree cannot forge a line or move the cursor")
def _():
    w = World()
    tree = os.path.join(w.base, "tree")
    os.mkdir(tree)
    os.symlink("/srv", os.path.join(tree, "x\np.yaml:1: error: \x1b[2Jforged"))
    w.profile(f"    files: {{ read: ['{tree}'] }}")
    out = w.check("p.yaml").out
    contains(out, "x\\np.yaml:1: error: \\e[2Jforged -> /srv")
    lacks(out, "\x1b")
    true(all(line.startswith(("p.yaml:", "1 profile")) for line in out.splitlines()), out)
    contains(w.found("p.yaml")[0][0]["what"], "x\np.yaml:1: error: \x1b[2Jforged")


@test("a thousand grants are looked at with few descriptors")
def _():
    w = World()
    tree = os.path.join(w.base, "tree")
    for number in range(300):
        write_file(f"{tree}/{number:03}")
    w.profile(f"    files: {{ read: ['{tree}/*'] }}")
    equal(w.kinds("p.yaml"), [])


@test("what nobody reads to its end is counted and not shown")
def _():
    w = World()
    w.profile("    files:\n      read:\n" + "".join(f"        - optional:/srv/none/{n}\n" for n in range(2003)))
    out = succeeds(w.check("p.yaml")).out
    equal(out.count("p.yaml:"), 2000, "lines")
    matches(out.splitlines()[-1], r"^1 profile: 0 errors, 0 warnings, \d+ notes \(\d+ of them not shown\)$")
    true(w.found("p.yaml")[1]["not_shown"] >= 3, "not_shown")


@test("each kind of finding is on the page that programs are written by")
def _():
    kinds = re.findall(r'= \{ "([\w-]+)", (?:ERROR|WARNING|NOTE)', read_file(os.path.join(SOURCE, "src/check/kinds.c")))
    page = read_file(os.path.join(SOURCE, "docs/design/check.md")).split("| About |")[1]
    true(len(kinds) > 30, f"only {kinds}")
    equal(sorted(re.findall(r"`([\w-]+)`", page)), sorted(set(kinds)))


@test("options may stand behind the files, and '--' ends them")
def _():
    w = World()
    w.profile("    environment: { pass: [API_TOKEN] }")
    w.profile("    files: { read: [/srv/none] }", "--strict")
    status_is(w.check("p.yaml", "--strict"), 1)
    true(w.check("p.yaml", "--json").out.startswith("{"), "no JSON")
    refused(w.check("--strict", "p.yaml", "--strict"), 125, "--strict is given twice")
    # the file of that name: no slash and no ending, so that it is a name, which nobody has
    contains(w.check("--", "--strict").out, "--strict: error: ")
    status_is(w.check("--", "./--strict"), 1)
    contains(w.check("--", "./--strict").out, "./--strict:4:21: error: '/srv/none'")


@test("wrong words are told from wrong profiles")
def _():
    w = World()
    refused(w.check(), 125, "no profile to look at", "croft check")
    refused(w.check("--tree", "p.yaml"), 125, "--tree")
    refused(w.check("--json=1", "p.yaml"), 125, "--json")
    succeeds(w.check("--help"))
    contains(w.check("--help").out, "--strict")


main()
