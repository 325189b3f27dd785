#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_texts.py - what stands in the presets' files: heads that say what is granted, and no grant that none of
them may have.

The files are read as text, since what a machine does not have shows in no plan. Their layout is
simple, and a list that is not understood fails.
"""
from _home import *     # pylint: disable=wildcard-import,unused-wildcard-import

TOP = os.path.dirname(TESTS)
NAMES = sorted(name[:-5] for name in os.listdir(os.path.join(TOP, "profiles")) if name.endswith(".yaml"))
WANTED = """agent default devices editor empty git go java make-c nix node nss python rust server ssh-client system tls
            tty""".split()
# For a place that is the command's own: they grant all of it, and are refused elsewhere (tests/oci, tests/room).
PLACES = ["build", "container", "job"]

# Where presets may write besides the project: what only sandboxes use.
OWN = re.compile(r"optional:\$\{XDG_(CACHE|STATE)_HOME\}/croft/(ccache|cargo|go|gradle|maven|nix|nvim|pip|uv|yarn|agent)")


def text_of(name):
    return read_file(os.path.join(TOP, "profiles", name + ".yaml"))


def head_of(name):
    """The comment at the top, without its marks."""
    lines = text_of(name).split("\n\n")[0].splitlines()
    return "\n".join(line.removeprefix("#").removeprefix(" ") for line in lines)


def items(name, key):
    """The items of one list of a profile's file, or [] when it has none."""
    body = re.sub(r"(^| )#.*", "", text_of(name), flags=re.M)
    found = re.search(rf"^ +{key}:(.*)\n((?: +- .*\n|\s*\n)*)", body, re.M)
    if not found:
        return []
    inline = re.search(rf"^ +{key}: *\[([^\]]*)\]", body, re.M)
    if inline:
        return [word.strip().strip('"') for word in inline[1].replace("\n", " ").split(",")]
    result = re.findall(r"- (\S.*?) *\n", found[2])
    true(result and not found[1].strip(), f"{name}: {key} was not understood: {found[0]!r}")
    return [word.strip('"') for word in result]


def settings(name):
    """The variables that a profile sets."""
    found = re.search(r"\n      set:\n((?:        \S.*\n)+)", text_of(name))
    lines = [re.sub(r" #.*", "", line).strip() for line in found[1].splitlines()] if found else []
    return dict(line.split(": ", 1) for line in lines if line and not line.startswith("#"))


@test("the presets are those that were promised, and pages and program name each of them")
def _():
    equal(NAMES, sorted(WANTED + PLACES), "files")
    page = read_file(os.path.join(TOP, "docs/names/profile.md"))
    equal(sorted(re.findall(r"^- `([a-z-]+)`:", page, re.M)), NAMES, "docs/names/profile.md")
    h = Home()
    listed = succeeds(run_croft("profile", "list", cwd=h.project, env=h.env)).out
    equal(sorted(line.split()[0] for line in listed.splitlines()), NAMES, "croft profile list")
    for name in NAMES:
        description = re.search(r"\n    description: (.*)\n", text_of(name))[1]
        contains(listed, description, f"the description of {name}")


@test("a preset's head says what it grants, what not, and why", variants=WANTED)
def _(name):
    head = head_of(name)
    true(head.startswith(f"SPDX-License-Identifier: MIT\n\n{name}: "), f"the first line of {name}: {head[:90]!r}")
    if name not in ("empty", "default"):
        for part in ("Grants ", "Not granted" if name != "agent" else "it can read no secret"):
            contains(head, part, f"the head of {name}")


@test("nothing is written but the project and directories that only sandboxes use", variants=WANTED)
def _(name):
    for path in items(name, "write"):
        if name == "default":
            equal(path, ".", "what default writes")
        elif name == "server":
            matches(path, r"^\$\{project\}/(logs|tmp)$", "what server writes")
        elif path != "${project}":
            true(OWN.fullmatch(path), f"{name} writes {path}")


@test("each directory that a preset writes outside of the project is in its head, with what makes it", variants=WANTED)
def _(name):
    places = {"XDG_CACHE_HOME": "~/.cache", "XDG_STATE_HOME": "~/.local/state"}
    for path in items(name, "write"):
        found = re.fullmatch(r"optional:\$\{(XDG_\w+)\}(/croft/\w+)", path)
        if found:
            contains(head_of(name), places[found[1]] + found[2], f"the head of {name}")
            contains(head_of(name).replace("\n", " "), "croft creates nothing", f"the head of {name}")


@test("each variable that leads a tool to such a directory leads to one that the preset writes", variants=WANTED)
def _(name):
    written = [path.removeprefix("optional:") for path in items(name, "write")]
    for variable, value in settings(name).items():
        for path in re.findall(r"\$\{XDG_\w+\}/croft\S*", value):
            if variable == "XDG_STATE_HOME":    # Neovim adds its own name
                path += "/nvim"
            true(any(path == w or path.startswith(w + "/") for w in written), f"{name}: {variable} leads to {path}")


@test("no list of a preset holds a secret, the home, /run or everything", variants=WANTED)
def _(name):
    places = {"~": "", "${home}": "", "${XDG_CONFIG_HOME}": ".config", "${XDG_CACHE_HOME}": ".cache",
              "${XDG_DATA_HOME}": ".local/share", "${XDG_STATE_HOME}": ".local/state"}
    for key in ("read", "execute", "write"):
        for path in items(name, key):
            path = path.removeprefix("optional:").rstrip("/")
            lacks(["", "/", "~", "${home}", "/run", "/home", "/root", "/var", "/tmp", "/dev"], path, f"{key} of {name}")
            if path.startswith("/run/"):
                matches(path, r"^/run/(systemd/resolve/\S+\.conf|current-system)$", f"{key} of {name}")
            for place, there in places.items():
                if path.startswith(place + "/"):
                    inside = os.path.join(there, path[len(place) + 1:])
                    secrets = [s for s in SECRETS if s == inside or s.startswith(inside + "/")]
                    equal(secrets, [], f"secrets in {path}, {key} of {name}")


@test("only agent and ssh-client connect, only server listens, and only nix has a socket")
def _():
    keys = ("connect", "listen", "sockets")
    found = {key: {name: items(name, key) for name in NAMES if items(name, key)} for key in keys}
    equal(found, {"connect": {"agent": ["443", "53"], "ssh-client": ["22", "53"]}, "listen": {"server": ["8080"]},
                  "sockets": {"nix": ["optional:/nix/var/nix/daemon-socket/socket"]}}, "network")
    for name in NAMES:
        passed = items(name, "pass")
        secret = [v for v in VARIABLES if any(v == p or (p.endswith("*") and v.startswith(p[:-1])) for p in passed)]
        equal(secret, [], f"variables with secrets that {name} passes on")


@test("what every program of a preset may call is the standard set, and every preset loads", variants=WANTED)
def _(name):
    h = Home()
    lacks(re.sub(r"^ *#.*", "", text_of(name), flags=re.M), "syscalls", f"{name}")
    for folder in ("logs", "tmp"):
        os.mkdir(os.path.join(h.project, folder))
    result = run_croft("plan", "--json", "--profile", name, "--execute", PAYLOAD, "--", PAYLOAD, "env", cwd=h.project,
                       env=h.env)
    states = {row["name"]: (row["requirement"], row["state"]) for row in json.loads(succeeds(result).out)["protections"]}
    for row in ("files", "exec", "unix-path", "udp", "other-net", "syscalls", "privileges", "environment", "descriptors"):
        equal(states[row], ("require", "enforced"), f"the row {row} of {name}")


main()
