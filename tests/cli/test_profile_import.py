#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_profile_import.py - settings of other launchers become profiles, and what is lost is said.

What an import grants is asked by running a payload under it; what it could not carry over must
stand on stderr and, as comments, in the profile. An export that is imported again must grant
the same rights.
"""
from _cli import *      # pylint: disable=wildcard-import,unused-wildcard-import

LOST = re.compile(r"croft: not carried over: (.*)\n")


def imports(form, settings, status=0):
    """(the profile's text, its file, [what was lost]) of settings, given as an object or as text."""
    folder = tempdir()
    text = settings if isinstance(settings, str) else json.dumps(settings)
    source = write_file(os.path.join(folder, "settings.json"), text.encode("utf-8", "surrogateescape"))
    result = run_croft("profile", "import", "--from", form, source)
    status_is(result, status)
    if status:
        is_message(result.err)
        equal(result.out, "", "standard output")
        return result.err, None, []
    lost = LOST.findall(result.err)
    for line in lost:
        contains(result.out, f"#   {line}\n", "comments of the profile")
    equal(result.out.count("\n#   "), len(lost), "lost things in the comments")
    return result.out, write_file(os.path.join(folder, "imported.yaml"), result.out), lost


def does(profile, *operation, options=()):
    """The payload's answer to one operation under a profile."""
    result = run_croft("run", "--profile", profile, "--execute", PAYLOAD, *options, "--", PAYLOAD, *operation)
    return result.status


def rights(profile, **how):
    """{path: rights} of the plan's rules."""
    result = succeeds(run_croft("plan", "--json", "--profile", profile, "--prefer", "tcp", **how))
    return {rule["path"]: rule["access"] for rule in json.loads(result.out)["rules"]}


# landlockconfig

def policy(**more):
    return {"abi": 5, "ruleset": [{"handledAccessFs": ["abi.all"], "handledAccessNet": ["abi.all"]}], **more}


@test("landlockconfig: rights on paths are granted as they say, and nothing else is")
def _():
    folder = tempdir()
    readable = write_file(os.path.join(folder, "readable"), "text")
    os.mkdir(os.path.join(folder, "writable"))
    _, profile, _ = imports("landlockconfig", policy(pathBeneath=[
        {"allowedAccess": ["read_file"], "parent": [readable]},
        {"allowedAccess": ["abi.read_write"], "parent": [os.path.join(folder, "writable")]},
        {"allowedAccess": ["abi.read_execute"], "parent": [os.path.join(folder, "nowhere")]}]))
    equal(does(profile, "open-read", readable), 0, "reading what is granted")
    true(does(profile, "open-write", readable) != 0, "writing is granted by reading")
    equal(does(profile, "create", os.path.join(folder, "writable", "new")), 0, "creating where granted")
    true(does(profile, "create", os.path.join(folder, "new")) != 0, "creating beside it is allowed")


@test("landlockconfig: a variable stands for all its texts, two of them for each pair")
def _():
    folder = tempdir()
    for name in ("a-x", "a-y", "b-x", "b-y"):
        os.mkdir(os.path.join(folder, name))
    _, profile, _ = imports("landlockconfig", policy(
        variable=[{"name": "one", "literal": ["a", "b"]}, {"name": "two", "literal": ["x"]},
                  {"name": "two", "literal": ["y"]}],
        pathBeneath=[{"allowedAccess": ["read_dir"], "parent": [folder + "/${one}-${two}"]}]))
    equal(sorted(path for path in rights(profile) if path.startswith(folder)),
          [os.path.join(folder, name) for name in ("a-x", "a-y", "b-x", "b-y")], "paths")


@test("landlockconfig: a dollar that is doubled is one, and no variable of croft's")
def _():
    folder = os.path.join(tempdir(), "${home}")
    os.mkdir(folder)
    _, profile, _ = imports("landlockconfig", policy(pathBeneath=[
        {"allowedAccess": ["read_dir"], "parent": [folder.replace("$", "$$")]}]))
    true(folder in rights(profile), "the path is not granted")


@test("landlockconfig: what its ruleset leaves open is listed, as croft leaves nothing open")
def _():
    _, _, lost = imports("landlockconfig", {
        "ruleset": [{"handledAccessFs": ["write_file"]}],
        "pathBeneath": [{"allowedAccess": ["write_file"], "parent": ["/tmp"]}]})
    for word in ("read_file", "connecting", "listening", "signals", "abstract"):
        true(any(word in line for line in lost), f"'{word}' is not among {lost}")
    _, _, lost = imports("landlockconfig", {
        "abi": 6, "ruleset": [{"handledAccessFs": ["abi.all"], "handledAccessNet": ["abi.all"], "scoped": ["abi.all"]}]})
    equal(lost, [], "lost of a ruleset that handles all")


WRONG = {
    "no JSON": "{", "a list": "[]", "a key twice": '{"abi": 1, "abi": 2}', "abi 0": {"abi": 0},
    "abi of the future": {"abi": 4096}, "abi text": {"abi": "5"},
    "unknown right": policy(pathBeneath=[{"allowedAccess": ["read_fiel"], "parent": ["/"]}]),
    "group without abi": {"pathBeneath": [{"allowedAccess": ["abi.all"], "parent": ["/"]}]},
    "unknown variable": policy(pathBeneath=[{"allowedAccess": ["read_file"], "parent": ["/${x}"]}]),
    "parent is no list": policy(pathBeneath=[{"allowedAccess": ["read_file"], "parent": "/"}]),
    "no rights": policy(pathBeneath=[{"allowedAccess": [], "parent": ["/"]}]),
    "port too great": policy(netPort=[{"allowedAccess": ["bind_tcp"], "port": [65536]}]),
    "port text": policy(netPort=[{"allowedAccess": ["bind_tcp"], "port": ["80"]}]),
    "NUL": '{"abi": 5, "pathBeneath": [{"allowedAccess": ["read_file"], "parent": ["/\\u0000"]}]}',
    "not UTF-8": "{\"abi\": 5, \"x\": \"\udcff\"}",
}


@test("landlockconfig: a wrong file is one message with its name, and no profile", variants=sorted(WRONG))
def _(what):
    message, _, _ = imports("landlockconfig", WRONG[what], status=125)
    contains(message, "settings.json", "message")


@test("landlockconfig: the form in TOML is refused with a word on it")
def _():
    message, _, _ = imports("landlockconfig", 'abi = 6\n[[path_beneath]]\nallowed_access = ["read_file"]\n', status=125)
    contains(message, "TOML", "message")


@test("a product of variables that has no end is refused")
def _():
    many = [str(n) for n in range(100)]
    message, _, _ = imports("landlockconfig", policy(
        variable=[{"name": "v", "literal": many}],
        pathBeneath=[{"allowedAccess": ["read_file"], "parent": ["/srv/${v}${v}${v}"]}]), status=125)
    contains(message, "more than", "message")


# srt

def srt(filesystem=None, network=None, **more):
    return {"filesystem": {"denyRead": [], "allowWrite": [], "denyWrite": [], **(filesystem or {})},
            "network": {"allowedDomains": [], "deniedDomains": [], **(network or {})}, **more}


@test("srt: everything can be read, and only what is listed written")
def _():
    folder = tempdir()
    os.mkdir(os.path.join(folder, "out"))
    _, profile, _ = imports("srt", srt({"allowWrite": [os.path.join(folder, "out")]}))
    softly = ("--prefer", "deny-inside")
    equal(does(profile, "open-read", "/etc/passwd", options=softly), 0, "reading")
    equal(does(profile, "create", os.path.join(folder, "out", "new"), options=softly), 0, "creating where granted")
    true(does(profile, "create", os.path.join(folder, "new"), options=softly) != 0, "creating elsewhere is allowed")


@test("srt: a denial stays one: required, so that a host that cannot keep it does not start")
def _():
    folder = tempdir()
    secret = write_file(os.path.join(folder, "secret"), "text")
    _, profile, _ = imports("srt", srt({"denyRead": [secret], "allowWrite": [folder]}))
    for number in range(300):       # too many for a rule for each that lies beside
        write_file(os.path.join(folder, str(number)))
    result = run_croft("run", "--profile", profile, "--tier", "landlock", "--", "/bin/true")
    status_is(result, 125)
    contains(result.err, "deny-inside", "message")


@test("srt: names of hosts and everything of its proxy are listed, and no port is opened")
def _():
    _, profile, lost = imports("srt", srt(network={"allowedDomains": ["example.com", "*.example.org"],
                                                   "httpProxyPort": 8080, "tlsTerminate": {}}))
    for word in ("'example.com'", "'*.example.org'", "network.httpProxyPort", "network.tlsTerminate"):
        true(any(word in line for line in lost), f"{word} is not among {lost}")
    true("connect" not in open(profile, encoding="utf-8").read().split("profiles:")[1], "a port is opened")


@test("srt: a key that croft does not know is listed")
def _():
    _, _, lost = imports("srt", srt({"shuffle": True}, brandNew={"a": 1}))
    true(any(line.startswith("filesystem.shuffle:") for line in lost), f"not among {lost}")
    true(any(line.startswith("brandNew:") for line in lost), f"not among {lost}")


@test("srt: a value of the wrong type is a message that names its key", variants=["denyRead", "allowWrite", "denyWrite"])
def _(key):
    message, _, _ = imports("srt", srt({key: [7]}), status=125)
    contains(message, f"filesystem.{key}: a list of paths was expected, a number was found", "message")


@test("srt: a path that is marked literal is no pattern, and one with '..' is listed")
def _():
    _, _, lost = imports("srt", srt({"denyRead": [{"path": "/srv/*.env", "literal": True}, "../up"]}))
    true(any("/srv/*.env" in line for line in lost), f"not among {lost}")
    true(any("../up" in line for line in lost), f"not among {lost}")


@test("srt: unix sockets are granted by path, all of them by a requirement that is put off")
def _():
    text, _, _ = imports("srt", srt(network={"allowUnixSockets": ["/srv/a.sock"]}))
    contains(text, "optional:/srv/a.sock", "profile")
    text, _, _ = imports("srt", srt(network={"allowAllUnixSockets": True}))
    contains(text, "unix-path", "profile")


# Claude Code

@test("claude-settings: rules on files become grants and denials, rules on commands are listed")
def _():
    text, _, lost = imports("claude-settings", {
        "permissions": {"allow": ["Edit(//srv/out/**)", "Bash(npm run *)", "WebFetch"],
                        "deny": ["Read(./secrets/**)", "Read(.env)", "Edit(/config.json)"],
                        "ask": ["Bash(git push)"], "additionalDirectories": ["~/shared"]},
        "env": {"CI": "1"}, "model": "any"})
    for part in ("optional:/srv/out", "./secrets", "**/.env", "./config.json", "~/shared", "CI"):
        contains(text.split("profiles:")[1], part, "profile")
    for word in ("Bash(npm run *)", "WebFetch", "Bash(git push)", "model"):
        true(any(word in line for line in lost), f"{word} is not among {lost}")


@test("claude-settings: its sandbox part is read as srt's")
def _():
    text, _, lost = imports("claude-settings", {"sandbox": {
        "enabled": True, "filesystem": {"denyWrite": ["~/kept"]}, "excludedCommands": ["docker"],
        "network": {"allowedDomains": ["example.com"]}}})
    contains(text, "~/kept", "profile")
    for word in ("excludedCommands", "example.com"):
        true(any(word in line for line in lost), f"{word} is not among {lost}")


@test("claude-settings: the project can be written, the rest only read")
def _():
    folder, outside = project(), tempdir()
    _, profile, _ = imports("claude-settings", {"permissions": {"deny": []}})
    result = run_croft("run", "--profile", profile, "--", PAYLOAD, "create", "new", cwd=folder)
    status_is(result, 0)
    true(run_croft("run", "--profile", profile, "--", PAYLOAD, "create", f"{outside}/new", cwd=folder).status != 0,
         "writing outside is allowed")


# The command

@test("an unknown format is named with those that are known")
def _():
    message, _, _ = imports("bubblewrap", {}, status=125)
    contains(message, "landlockconfig, srt, claude-settings", "message")


@test("import needs a format and a file that is there", variants=["no format", "no file", "missing", "directory"])
def _(what):
    words = {"no format": ["x.json"], "no file": ["--from", "srt"], "missing": ["--from", "srt", "/nowhere.json"],
             "directory": ["--from", "srt", "/"]}[what]
    refused(run_croft("profile", "import", *words), 125)


@test("what is exported to landlockconfig and imported again grants the same rights")
def _():
    folder = tempdir()
    write_file(os.path.join(folder, "$odd name"), "text")
    profile = write_file(os.path.join(folder, "own.yaml"), f"""version: 2
profiles:
  own:
    files:
      read: [/etc, '{folder}/$$odd name']
      execute: [/usr]
      write: ['{folder}']
    network:
      connect: [443]
      listen: [8080]
""")
    result = succeeds(run_croft("profile", "export", "--to", "landlockconfig", profile))
    exported = json.loads(result.out)
    equal(exported["netPort"], [{"allowedAccess": ["connect_tcp"], "port": [443]},
                                {"allowedAccess": ["bind_tcp"], "port": [8080]}], "ports")
    _, again, lost = imports("landlockconfig", exported)
    equal(lost, [], "lost on the way back")
    equal(rights(again), rights(profile), "rules")


@test("an export names what landlockconfig cannot say")
def _():
    result = succeeds(run_croft("profile", "export", "--to", "landlockconfig", "default", cwd=project()))
    lost = LOST.findall(result.err)
    for word in ("environment", "syscalls", "private-tmp"):
        true(any(line.startswith(word) for line in lost), f"{word} is not among {lost}")
    json.loads(result.out)


@test("an export to an unknown format is refused, with those that are known")
def _():
    refused(run_croft("profile", "export", "--to", "srt", "default"), 125, "landlockconfig")


main()
