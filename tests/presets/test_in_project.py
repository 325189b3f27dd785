#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_in_project.py - what the presets for work in one project have in common: the project is there to
change, and the rest of the home is not there at all.

Each test asks a program inside and the same program outside.
"""
from _home import *     # pylint: disable=wildcard-import,unused-wildcard-import



@test("the project can be read, changed, and its programs executed", variants=IN_PROJECT)
def _(preset):
    h = Home()
    h.file("old", "text\n")
    h.file("run.sh", "#!/bin/sh\necho ran\n", 0o755)
    h.file("sub/file", "below\n")
    text = ("cat old sub/file; echo new > new; echo more >> old; mkdir dir; mv new dir/moved; ln -s old link; ./run.sh; "
            "cp run.sh dir/copy; dir/copy; rm -r sub")
    equal(succeeds(h.sh(preset, text)).out, "text\nbelow\nran\nran\n", "output")
    equal((h.text("dir/moved"), h.text("old"), h.has("sub")), ("new\n", "text\nmore\n", False), "what is left")


@test("all of the work tree can be changed from a directory in it", variants=IN_PROJECT)
def _(preset):
    h = Home()
    h.file("top", "top\n")
    h.file(".git/HEAD", "ref: refs/heads/trunk\n")
    h.file("deep/er/file")
    deep = os.path.join(h.project, "deep", "er")
    equal(succeeds(h.sh(preset, "cat ../../top; echo new > ../../new", cwd=deep)).out, "top\n", "output")
    equal(h.text("new"), "new\n", "the new file")
    result = h.sh(preset, "echo x > ../../../above", cwd=deep)
    matches(result.err, "ermission denied|Read-only file system", "above the work tree")
    equal(os.path.exists(os.path.join(os.path.dirname(h.project), "above")), False, "above the work tree")


@test("no secret of the home can be read", variants=IN_PROJECT)
def _(preset):
    h = Home()
    for name in SECRETS:
        h.write(name, "secret\n")
    wishes = [["read", h.path(name)] for name in SECRETS]
    every(h.probe(preset, wishes), DENIED, "secrets")
    every(h.probe(None, wishes), DONE, "the twin outside")
    # by a link in the project, and by a name that leads there through /proc
    for name in (".ssh/id_ed25519", ".netrc"):
        os.symlink(h.path(name), os.path.join(h.project, os.path.basename(name)))
    around = [["read", "id_ed25519"], ["read", ".netrc"], ["read", "/proc/self/root" + h.path(".netrc")],
              ["read", "/proc/self/cwd/../../.netrc"], ["link", h.path(".netrc")]]
    outcomes = h.probe(preset, around)
    # linking between directories that are not granted alike is answered as between file systems
    every(outcomes, (*DENIED, "EXDEV", "EPERM"), "ways around")
    true(not h.has("linked"), "a secret was linked into the project")
    every(h.probe(None, around), DONE, "the twin outside")


@test("the home cannot be listed", variants=IN_PROJECT)
def _(preset):
    h = Home()
    wishes = [["listing", h.path(name)] for name in (".", "src", ".ssh", ".config", ".local", ".cache")]
    for _, path in wishes:
        os.makedirs(path, exist_ok=True)
    every(h.probe(preset, wishes), DENIED, "directories")
    every(h.probe(None, wishes), DONE, "the twin outside")


@test("nothing outside of the project can be written that somebody obeys later", variants=IN_PROJECT)
def _(preset):
    h = Home()
    before = h.digest()
    wishes = [["write", h.path(name)] for name in PLANTS] + [["write", f"{TMP}/croft-test-planted/x"]]
    every(h.probe(preset, wishes), DENIED, "files that are missing")
    equal(h.digest(), before, "the home")
    for name in PLANTS:
        h.write(name, "as it was\n")
    before = h.digest()
    for act in ("write", "remove", "rename"):
        wishes = [[act, h.path(name)] for name in PLANTS]
        every(h.probe(preset, wishes), (*DENIED, "EXDEV", "EBUSY"), f"{act} of files that are there")
    equal(h.digest(), before, "the home")
    every(h.probe(None, [["write", h.path(name)] for name in PLANTS]), DONE, "the twin outside")
    differs(h.digest(), before, "the home after the twin")


@test("system files cannot be changed", variants=IN_PROJECT)
def _(preset):
    h = Home()
    text = "import errno, os\nfor p in ('/etc/hostname', '/usr/bin/env', '/etc/passwd', '/proc/sys/kernel/hostname'):\n" \
           "    try: os.close(os.open(p, os.O_WRONLY)); print('opened', p)\n" \
           "    except OSError as e:\n        if e.errno not in (errno.EACCES, errno.EPERM, errno.EROFS): raise\n"
    equal(succeeds(h.run(preset, PYTHON, "-c", text)).out, "", "opened for writing")


@test("no port of the loopback address is open, nor UDP, nor an agent's socket", variants=IN_PROJECT)
def _(preset):
    h = Home()
    agent = h.unix_listener("agent.sock")
    wishes = [["connect", h.listener()], ["udp", free_port(socket.SOCK_DGRAM)], ["listen", free_port()],
              ["unix", agent]]
    every(h.probe(preset, wishes, env={"SSH_AUTH_SOCK": agent}), DENIED, "network")
    every(h.probe(None, wishes), DONE, "the twin outside")


@test("no variable with a secret is passed on", variants=IN_PROJECT)
def _(preset):
    h = Home()
    env = {name: "secret" for name in VARIABLES}
    wishes = [["variable", name] for name in VARIABLES]
    every(h.probe(preset, wishes, env=env), ("ENOENT",), "variables")
    every(h.probe(None, wishes, env=env), DONE, "the twin outside")
    every(h.probe(preset, [["variable", "LANG"], ["variable", "TMPDIR"]], env=env), DONE, "plain ones")


@test("nothing starts in the home directory itself, nor above it", variants=IN_PROJECT)
def _(preset):
    h = Home()
    for cwd in (h.home, os.path.dirname(h.home)):
        result = h.run(preset, "true", cwd=cwd)
        status_is(result, 125)
        contains(result.err, "home directory", "message")
    # a home that is a work tree itself is no project either
    write_file(h.path(".git/HEAD"), "ref: refs/heads/trunk\n")
    status_is(h.run(preset, "true", cwd=h.home), 125)
    succeeds(h.run(preset, "true"))


@test("TMPDIR is fresh, can be written, and is gone afterwards", variants=IN_PROJECT)
def _(preset):
    h = Home()
    said = succeeds(h.sh(preset, 'f=$(mktemp); echo x > "$f"; cat "$f"; echo "$TMPDIR"')).out.split()
    equal(said[0], "x", "what was written")
    true(said[1].startswith(TMP + "/croft-"), f"TMPDIR is {said[1]}")
    wait_until(lambda: not os.path.exists(said[1]), f"{said[1]} goes")


main()
