#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_project_file.py - what a project may say about its own sandbox: a .croft.yaml only takes away, until
the user has approved its exact content.

Every wish that must not come true has its twin: the same file, approved, makes it come true.
"""
import time

from _project import *      # pylint: disable=wildcard-import,unused-wildcard-import

# Where the file is looked for

@test("without a file the profile default holds: the project can be written, what lies beside it cannot be read")
def _():
    p = Project()
    true(p.can("create", f"{p.root}/made"), "the project cannot be written")
    true(not p.can("cat", f"{p.outside}/secret"), "what lies outside can be read")
    equal(without_warning(p.run("/bin/true").err), "", "standard error")


@test("a file that asks for what default gives changes nothing, and nothing is said")
def _():
    p = Project()
    p.file("extends: [default]")
    result = p.starts()
    equal(without_warning(result.err), "", "standard error")
    true(not p.can("cat", f"{p.outside}/secret"), "what lies outside can be read")


@test("the file at the top of the work tree holds in every directory of it")
def _():
    p = Project()
    p.file("extends: [system]\nfiles: {read: [\"${project}\"]}")
    for cwd in (p.root, p.sub):
        true(not p.can("create", f"{cwd}/made", cwd=cwd), f"{cwd} can be written")
        true(p.can("cat", f"{p.root}/file", cwd=cwd) == (cwd == p.root), f"reading the top from {cwd}")
    os.unlink(p.path)
    true(p.can("create", f"{p.sub}/made", cwd=p.sub), "without the file the subdirectory can be written")


@test("a file in a subdirectory of a work tree is not looked at")
def _():
    p = Project()
    write_file(f"{p.sub}/.croft.yaml", "nonsense")
    succeeds(p.run("/bin/true", cwd=p.sub))
    shutil.rmtree(f"{p.root}/.git")
    refused(p.run("/bin/true", cwd=p.sub), 125, f"{p.sub}/.croft.yaml")


@test("outside of a work tree the file of the working directory counts, and none above it")
def _():
    p = Project()
    shutil.rmtree(f"{p.root}/.git")
    p.file("extends: [system]\nfiles: {read: [.]}")
    true(not p.can("create", f"{p.root}/made"), "the working directory can be written")
    true(p.can("create", f"{p.sub}/made", cwd=p.sub), "a file of a directory above is looked at")


@test("--profile passes over the file, and names it as the user's own word")
def _():
    p = Project()
    p.file("extends: [default]\nfiles: {read: [~/outside]}")
    true(not p.can("cat", f"{p.outside}/secret"), "the file grants by being there")
    true(not p.can("cat", f"{p.outside}/secret", options=["--profile", "default"]), "default reads outside")
    true(p.can("cat", f"{p.outside}/secret", options=["--profile", "./.croft.yaml"]), "the named file does not grant")
    p.file("nonsense")
    succeeds(p.run("/bin/true", options=["--profile", "default"]))
    p.refuses(".croft.yaml")


# What it cannot do by being there

def reads(path):
    """Whether a file can be read inside."""
    return lambda p, **how: p.can("cat", path.format(p=p), **how)


def creates(path):
    def look(p, **how):
        name = path.format(p=p)
        if os.path.lexists(name):
            os.unlink(name)
        return p.can("create", name, **how)
    return look


def sees(text):
    """Whether a line stands in the environment."""
    return lambda p, **how: text in succeeds(p.run(PAYLOAD, "env", **how)).out.splitlines()


def why(*question):
    """What croft why says."""
    def look(p, **how):
        result = p.croft("why", *question, **how)
        true(result.status in (0, 1), f"no answer:\n{result}")
        return result.status == 0
    return look


def has_fd(p, **how):
    read_end, write_end = os.pipe()
    try:
        os.dup2(read_end, 9)
        result = succeeds(p.run(PAYLOAD, "fds", pass_fds=[9], **how))
        return re.search(r"^9\b", result.out, re.M) is not None
    finally:
        for fd in (read_end, write_end, 9):
            os.close(fd)


def starts_in_sub(p, **how):
    return succeeds(p.run(PAYLOAD, "cwd", **how)).out.strip() == p.sub


def asks_socket(p, **how):
    return why("socket", f"{p.outside}/socket")(p, **how)


def makes_link(p):
    os.symlink(p.outside, f"{p.root}/link")


def makes_link_to_file(p):
    os.symlink(f"{p.outside}/secret", f"{p.root}/link")


NOTHING = None
# name: lines, what comes true, what has to be there before, variables
WISHES = {
    "to read": ("files: {read: [~/outside]}", reads("{p.outside}/secret"), NOTHING),
    "to write": ("files: {write: [~/outside]}", creates("{p.outside}/made"), NOTHING),
    "to execute": ("files: {execute: [~/outside]}", reads("{p.outside}/secret"), NOTHING),
    "to read the home": ("files: {read: [~]}", reads("{p.outside}/secret"), NOTHING),
    "to read everything": ("files: {read: [/]}", reads("{p.outside}/secret"), NOTHING),
    "to read what a link in the project leads to": ("files: {read: [link]}", reads("{p.outside}/secret"), makes_link),
    "to write what a link in the project leads to": ("files: {write: [./link]}", creates("{p.outside}/made"),
                                                     makes_link),
    "to read a file behind a link": ("files: {read: [link]}", reads("{p.outside}/secret"), makes_link_to_file),
    "to read below a link": ("files: {read: [link/secret]}", reads("{p.outside}/secret"), makes_link),
    "to read what a pattern finds": ("files: {read: [\"~/out*\"]}", reads("{p.outside}/secret"), NOTHING),
    "to read what a pattern finds behind a link": ("files: {read: [\"link/*\"]}", reads("{p.outside}/secret"),
                                                   makes_link),
    "to read where ${home} is": ("files: {read: [\"${home}/outside\"]}", reads("{p.outside}/secret"), NOTHING),
    "to read where a variable points": ("environment: {use: [PLACE]}\nfiles: {read: [\"${env:PLACE}\"]}",
                                        reads("{p.outside}/secret"), NOTHING),
    "of single rights": ("files:\n  rights:\n  - {paths: [~/outside], allow: [read_file]}",
                         reads("{p.outside}/secret"), NOTHING),
    "for no files at all to be kept": ("require: {files: off, exec: off}", reads("{p.outside}/secret"), NOTHING),
    "for a port": ("network: {connect: [443]}", why("connect", "443"), NOTHING),
    "for all ports": ("require: {tcp: off}", why("connect", "443"), NOTHING),
    "to listen": ("network: {listen: [8080]}", why("listen", "8080"), NOTHING),
    "for a variable": ("environment: {pass: [EVIL]}", sees("EVIL=evil"), NOTHING),
    "for variables by prefix": ("environment: {pass: [\"EV*\"]}", sees("EVIL=evil"), NOTHING),
    "for all variables": ("environment: {all: true}", sees("EVIL=evil"), NOTHING),
    "for the environment as it is": ("require: {environment: off}", sees("EVIL=evil"), NOTHING),
    "to set a variable": ("environment: {set: {LD_PRELOAD: /srv/evil.so}}", sees("LD_PRELOAD=/srv/evil.so"), NOTHING),
    "to set PATH": ("environment: {set: {PATH: /srv/evil}}", sees("PATH=/srv/evil"), NOTHING),
    "for another directory": ("command: {directory: \"${project}/deep/er\"}", starts_in_sub, NOTHING),
    "for a path socket": ("sockets: [~/outside]\nrequire: {unix-path: prefer}", asks_socket, NOTHING),
    "for a descriptor": ("descriptors: [9]", has_fd, NOTHING),
    "for a group of system calls": ("syscalls: {allow: [mount]}", why("syscall", "mount"), NOTHING),
    "for no filter": ("syscalls: off", why("syscall", "mount"), NOTHING),
}


@test("by being there a file cannot add its wish; approved it can", variants=WISHES)
def _(name):
    lines, comes_true, before = WISHES[name]
    if "port" in name and ABI < TCP or "listen" in name and ABI < TCP:
        skip("ports are told apart since Landlock 4")
    p = Project()
    p.env["PLACE"] = p.outside
    if before:
        before(p)
    p.file("extends: [default]\n" + lines)
    true(not comes_true(p), "it came true without approval")
    p.trust()
    true(comes_true(p), "it did not come true with approval")
    p.trust("--remove")
    true(not comes_true(p), "it is true after the approval was taken back")


@test("a file cannot choose the command; approved it can")
def _():
    p = Project()
    p.file(f"extends: [default]\nfiles: {{execute: [{PAYLOAD}]}}\n"
           f"command: {{program: {PAYLOAD}, args: [create, {p.root}/made]}}")
    result = p.croft("run")
    status_is(result, 125)
    contains(result.err, "no command to run", "message")
    true(not os.path.exists(f"{p.root}/made"), "it ran")
    p.trust()
    succeeds(p.croft("run"))
    true(os.path.exists(f"{p.root}/made"), "it did not run")


@test("a file may not name other files, not even approved")
def _():
    p = Project()
    write_file(f"{p.root}/more.yaml", "version: 2\nprofiles:\n  more: {extends: [default]}\n", 0o644)
    p.file("extends: [./more.yaml]")
    p.refuses(".croft.yaml:4:", "'./more.yaml' is a file")
    refused(p.croft("profile", "trust"), 125, "'./more.yaml' is a file")
    # nor where an approval is there all the same
    write_file(f"{p.state}/{p.digest()}", "", 0o600)
    os.chmod(p.state, 0o700)
    os.chmod(os.path.dirname(p.state), 0o700)
    p.refuses(".croft.yaml:4:", "'./more.yaml' is a file")
    p.starts(options=["--profile", "./.croft.yaml"])
    p.file("extends: [default]")
    p.starts()


@test("a '..' and a variable that is not listed are errors, and nothing runs")
def _():
    p = Project()
    for path, what in (("./../outside", "'..'"), ("${env:EVIL}", "EVIL"), ("${nothing}", "nothing")):
        p.file(f"extends: [default]\nfiles:\n  read: [\"{path}\"]")
        p.refuses(".croft.yaml:6:", what)
    p.file("extends: [default]\nfiles:\n  read: [\"./deep\"]")
    p.starts()


# What it may do

@test("by being there a file takes grants away")
def _():
    p = Project()
    p.file("extends: [system]\nfiles:\n  read: [.]")
    true(p.can("cat", f"{p.root}/file"), "what both grant cannot be read")
    true(not p.can("create", f"{p.root}/made"), "what only default grants can be written")
    p.file("extends: [system]\nfiles:\n  write: [deep]")
    true(p.can("create", f"{p.sub}/made"), "what both grant cannot be written")
    true(not p.can("create", f"{p.root}/made"), "what only default grants can be written")


@test("by being there a file takes variables away")
def _():
    p = Project()
    p.env["EDITOR"] = "vi"
    p.file("extends: [default]")
    contains(p.run(PAYLOAD, "env").out, "EDITOR=vi", "environment")
    p.file("extends: [empty]\nfiles: {execute: [/]}\nenvironment: {pass: [LANG]}")
    out = succeeds(p.run(PAYLOAD, "env")).out
    contains(out, "LANG=C.UTF-8", "environment")
    lacks(out, "EDITOR", "environment")


@test("the user's own options are not bound by the file")
def _():
    p = Project()
    p.file("extends: [system]\nfiles: {read: [.]}")
    true(p.can("cat", f"{p.outside}/secret", options=["--read", p.outside]), "--read does not grant")
    true(p.can("create", f"{p.root}/made", options=["--write", p.root]), "--write does not grant")
    contains(succeeds(p.run(PAYLOAD, "env", options=["--env", "EVIL"])).out, "EVIL=evil", "environment")


@test("by being there a file lowers limits and raises none")
def _():
    p = Project()
    def limit(options=()):
        out = succeeds(p.run(PAYLOAD, "rlimits", options=options)).out
        return out
    before = limit()
    p.file("extends: [default]\nlimits: {open_files: 77}")
    after = limit()
    differs(after, before, "limits")
    contains(after, "77", "limits")


@test("by being there a file raises requirements; one that cannot be met stops the start")
def _():
    p = Project()
    alone = ["--tier", "landlock"]
    p.file("extends: [default]\nrequire: {processes: require}")
    p.refuses("processes", options=alone)
    p.file("extends: [default]\nrequire: {processes: prefer}")
    result = p.starts(options=alone)
    contains(result.err, "processes", "the warning")


@test("by being there a file adds denials, which stop the start where they cannot be kept")
def _():
    p = Project()
    for number in range(300):       # too many for a rule for each that lies beside
        write_file(os.path.join(p.root, "many", str(number)))
    write_file(os.path.join(p.root, "many", "key"))
    alone = ["--tier", "landlock"]
    p.file("extends: [default]\nfiles: {deny: [many/key]}")
    p.refuses("deny-inside", options=alone)
    p.file("extends: [default]\nfiles: {deny: [many/key]}\nrequire: {deny-inside: prefer}")
    contains(p.starts(options=alone).err, "deny-inside", "the warning")
    p.file("extends: [default]\nfiles: {deny: [key]}")
    key = write_file(os.path.join(p.root, "key"))
    status_is(p.run(PAYLOAD, "open-read", key), 1)
    p.file("extends: [default]")
    succeeds(p.run(PAYLOAD, "open-read", key))
    p.file("extends: [default]\nfiles: {deny: [~/outside]}")
    p.starts()


# What is said

@test("how many wishes are left out is said in one line, which names the file and the way out")
def _():
    p = Project()
    p.file("extends: [default]\nfiles: {read: [~/outside]}")
    line = (f"croft: {p.path}: 1 of its wishes goes beyond the profile 'default' and is left out "
            "(croft profile trust approves it)\n")
    for words in (["run", "--", "/bin/true"], ["run", "--dry-run", "--", "/bin/true"], ["plan"],
                  ["why", "read", "/etc/passwd"]):
        result = succeeds(p.croft(*words))
        equal(result.err.count(line), 1, f"the line, of {words}")
    p.file("extends: [default]\nfiles: {read: [~/outside]}\nenvironment: {pass: [EVIL], set: {A: b}}")
    contains(p.croft("plan").err, "3 of its wishes go beyond the profile 'default' and are left out", "the warning")
    p.trust()
    lacks(p.croft("plan").err, "wishes", "the warning")


@test("a wish for what default gives, by another name of it, is not said to go beyond")
def _():
    p = Project()
    os.symlink(p.sub, f"{p.home}/other")
    p.file("extends: [default]\nfiles: {read: [/lib, /bin, \"${project}\", ./deep, ~/other, optional:~/none]}")
    lacks(p.croft("plan").err, "wishes", "the warning")
    p.file("extends: [default]\nfiles: {read: [~/outside]}")
    contains(p.croft("plan").err, "1 of its wishes", "the warning")


@test("a default of the user's own is what wishes are measured by")
def _():
    p = Project()
    own = f"{p.home}/.config/croft/profiles/default.yaml"
    p.file("extends: [default]\nfiles: {read: [~/outside]}")
    for lines, is_beyond in (("files: {read: [~/outside]}", False), ("files: {write: [~/outside]}", False),
                             ("files: {read: [~/outside/secret]}", True), ("files: {read: [\"~/*\"]}", False),
                             ("files:\n      rights: [{paths: [~], allow: [read_file]}]", False)):
        write_file(own, f"version: 2\nprofiles:\n  default:\n    extends: [default]\n    {lines}\n")
        equal("wishes" in p.croft("plan").err, is_beyond, f"whether it goes beyond {lines}")
    write_file(own, "version: 2\nprofiles:\n  default:\n    extends: [default]\n    files: {read: [~/outside]}\n")
    true(p.can("cat", f"{p.outside}/secret"), "what both grant cannot be read")
    p.file("extends: [system]\nfiles: {read: [.]}")
    true(not p.can("cat", f"{p.outside}/secret"), "what only the user's default grants can be read")


@test("plans and why name the file that bounds them")
def _():
    p = Project()
    p.file("extends: [system]\nfiles: {read: [.]}")
    contains(succeeds(p.croft("plan")).out, f"{p.path}", "the plan")


# Approval

@test("one byte more and the approval is gone")
def _():
    p = Project()
    p.file("extends: [default]\nfiles: {read: [~/outside]}")
    p.trust()
    true(p.can("cat", f"{p.outside}/secret"), "not approved")
    with open(p.path, "a", encoding="utf-8") as f:
        f.write("\n")
    true(not p.can("cat", f"{p.outside}/secret"), "another content is approved")
    p.file("extends: [default]\nfiles: {read: [~/outside]}")
    true(p.can("cat", f"{p.outside}/secret"), "the approved content is not approved any more")


@test("a command that was confined by default cannot approve anything")
def _():
    p = Project()
    os.makedirs(p.state)
    p.file("extends: [default]\nfiles: {read: [~/outside]}")
    true(not p.can("create", f"{p.state}/{p.digest()}"), "the place of approvals can be written")
    true(not p.can("cat", f"{p.outside}/secret"), "it is approved")
    write_file(f"{p.state}/{p.digest()}", "", 0o600)
    os.chmod(p.state, 0o700)
    os.chmod(os.path.dirname(p.state), 0o700)
    true(p.can("cat", f"{p.outside}/secret"), "the test looks at the wrong place")


BUILT_IN = [x["name"] for x in json.loads(run_croft("profile", "list", "--json").out)["profiles"] if not x["path"]]


@test("no built-in profile lets a command write where profiles and approvals are kept", variants=BUILT_IN)
def _(name):
    p = Project()
    config = f"{p.home}/.config/croft/profiles"
    for folder in (p.state, config, f"{p.home}/.cache", f"{p.home}/.local/share"):
        os.makedirs(folder)
    if name in ("build", "container", "job"):   # of another tree: there is no start with one here
        refused = p.croft("run", "--profile", name, "--", "/bin/true")
        status_is(refused, 125)
        contains(refused.err, "for rooms only" if name != "container" else "would leave nothing protected", "the refusal")
        return
    found = json.loads(succeeds(p.croft("profile", "show", "--json", name)).out)["profile"]
    for folder in (p.state, config):
        for path in found.get("files", {}).get("write", []):
            true(not f"{folder}/".startswith(path.removeprefix("optional:").rstrip("/") + "/"), f"{path} is granted")
        if "with_deps" in found:    # there is no answer without a command
            continue
        result = p.croft("why", "--profile", name, "write", f"{folder}/name")
        status_is(result, 1)
        contains(result.out, "refused", "the answer")
        succeeds(p.croft("why", "--profile", name, "--write", folder, "write", f"{folder}/name"))


@test("where others may write the place of approvals nothing is approved, and nothing runs")
def _():
    p = Project()
    p.file("extends: [default]\nfiles: {read: [~/outside]}")
    p.trust()
    os.chmod(p.state, 0o777)
    p.refuses("others may write it", p.state, "chmod")
    os.chmod(p.state, 0o700)
    p.starts()


@test("XDG_STATE_HOME says where approvals are kept")
def _():
    p = Project()
    place = tempdir()
    p.file("extends: [default]\nfiles: {read: [~/outside]}")
    succeeds(p.croft("profile", "trust", env={"XDG_STATE_HOME": place}))
    equal(os.listdir(f"{place}/croft/trust"), [p.digest()], "approvals")
    true(p.can("cat", f"{p.outside}/secret", env={"XDG_STATE_HOME": place}), "not approved")
    true(not p.can("cat", f"{p.outside}/secret"), "approved elsewhere")


# Files that are wrong

def fifo(p):
    os.mkfifo(p.path)


def link_to(target):
    return lambda p: os.symlink(target.format(p=p), p.path)


BROKEN = {
    "empty": (lambda p: p.file("version: 2") and write_file(p.path, ""), "nothing in it"),
    "no YAML": (lambda p: write_file(p.path, "version: [2"), ".croft.yaml:"),
    "an unknown key": (lambda p: p.file("fils: {}"), "did you mean 'files'"),
    "binary": (lambda p: write_file(p.path, bytes(range(256))), ".croft.yaml"),
    "a directory": (lambda p: os.mkdir(p.path), "Is a directory"),
    "a FIFO": (fifo, "FIFO"),
    "a link to a file": (link_to("{p.outside}/secret"), "is a symbolic link"),
    "a link to a good file": (link_to("{p.outside}/good.yaml"), "is a symbolic link"),
    "a link that leads nowhere": (link_to("nowhere"), "is a symbolic link"),
    "a link to a device": (link_to("/dev/zero"), "is a symbolic link"),
    "too big": (lambda p: write_file(p.path, "#" * (1 << 21)), "File too large"),
    "with several profiles": (lambda p: p.file(SYSTEM + "  other:\n    extends: [default]\n"), "several profiles"),
    "that extends what is not there": (lambda p: p.file("extends: [defualt]"), "there is no profile 'defualt'"),
    "that extends itself": (lambda p: p.file("extends: [project]"), "no other profile 'project'"),
    "others may write": (lambda p: os.chmod(p.file("extends: [default]"), 0o646), "others may write"),
    "in a directory that others may write": (lambda p: p.file("extends: [default]") and os.chmod(p.root, 0o777),
                                             "others may write"),
}


@test("a file that is wrong stops the start at once, and nothing runs", variants=BROKEN)
def _(name):
    make, what = BROKEN[name]
    p = Project()
    write_file(f"{p.outside}/good.yaml", SYSTEM)
    make(p)
    begin = time.monotonic()
    p.refuses(what)
    true(time.monotonic() - begin < 20, "it took too long")
    os.chmod(p.root, 0o755)
    if os.path.isdir(p.path):
        os.rmdir(p.path)
    else:
        os.unlink(p.path)
    p.starts()
    p.file("extends: [default]")
    p.starts()


@test("of a file behind a link nothing is quoted")
def _():
    p = Project()
    os.symlink(f"{p.outside}/secret", p.path)
    lacks(p.run("/bin/true").err, "secret", "message")


@test("somebody else's file stops the start")
def _():
    if not IS_ROOT:
        skip("giving files away needs root")
    p = Project()
    p.file("extends: [default]")
    os.chown(p.path, 12345, -1)
    p.refuses("belongs to user 12345")
    os.chown(p.path, 0, -1)
    p.starts()


@test("a file of ten thousand wishes is read in bounded time and space")
def _():
    p = Project()
    p.file("extends: [default]\nfiles:\n  read:\n" + "".join(f"    - optional:/srv/{i}\n" for i in range(3500)))
    begin = time.monotonic()
    result = p.run("/bin/true")
    status_is(result, 0)
    true(time.monotonic() - begin < 20, "it took too long")
    p.file("extends: [default]\nfiles:\n  read:\n" + "".join(f"    - optional:/srv/{i}\n" for i in range(9900)))
    p.refuses("at most 4096 items")


@test("without HOME nothing is approved, and a file still takes away")
def _():
    p = Project()
    p.file("extends: [system]\nfiles: {read: [.]}")
    env = {k: v for k, v in p.env.items() if k != "HOME"}
    made = f"{p.root}/made"
    run_croft("run", "--execute", PAYLOAD, "--", PAYLOAD, "create", made, cwd=p.root, env=env)
    true(not os.path.exists(made), "the project can be written")
    os.unlink(p.path)
    succeeds(run_croft("run", "--execute", PAYLOAD, "--", PAYLOAD, "create", made, cwd=p.root, env=env))


main()
