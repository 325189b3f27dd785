#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_tmpdir_removal.py - the fresh TMPDIR is removed whatever the command has put into it.

The command may be hostile, and the removal runs unconfined: so what lies outside is looked at as
well. It must be as it was.
"""
from _cli import *      # pylint: disable=wildcard-import,unused-wildcard-import


@test("a deep tree is removed", variants=["in place, 5000 levels", "supervised, 700 levels"])
def _(variant):
    tier, levels = variant.split(", ")
    place, env = parent()
    text = f"""
import os
os.chdir(os.environ["TMPDIR"])
for n in range({levels.split()[0]}):
    os.mkdir("d"); os.chdir("d")
open("end", "w").close()
print("made")
"""
    equal(succeeds(python(text, *TIERS[tier], env=env, cwd="/")).out, "made\n", "output")
    gone(place)


@test("a wide tree of deep branches is removed")
def _():
    place, env = parent()
    text = """
import os
top = os.environ["TMPDIR"]
for branch in range(40):
    os.chdir(top)
    for n in range(60):
        os.mkdir("x%d" % branch); os.chdir("x%d" % branch)
        open("f", "w").close(); os.mkdir("e")
"""
    succeeds(python(text, env=env, cwd="/"))
    gone(place)


@test("20,000 files in one directory are removed")
def _():
    place, env = parent()
    text = """
import os
d = os.open(os.environ["TMPDIR"], os.O_RDONLY)
for n in range(20000):
    os.close(os.open("file-with-a-name-of-some-length-%d" % n, os.O_CREAT | os.O_WRONLY, dir_fd=d))
"""
    succeeds(python(text, env=env))
    gone(place)


@test("directories that nobody may enter or write are removed", variants=[0, 0o111, 0o444, 0o555, 0o200])
def _(mode):
    place, env = parent()
    text = f"""
import os
os.chdir(os.environ["TMPDIR"])
for name in ("a", "a/b", "a/b/c", "a/b/c/d", "e"):
    os.mkdir(name); open(name + "/file", "w").close()
for name in ("a/b/c/d", "a/b/c", "a/b", "a", "e", "."):
    os.chmod(name, {mode})
"""
    succeeds(python(text, env=env))
    gone(place)


@test("links in it are removed, and what they lead to stays", variants=TIERS)
def _(tier):
    place, env = parent()
    outside = tempdir()
    for name in ("file", "dir/file", "closed/file"):
        write_file(os.path.join(outside, name), "kept")
    os.chmod(os.path.join(outside, "closed"), 0o500)
    os.chmod(os.path.join(outside, "dir"), 0o755)
    text = f"""
import os
os.chdir(os.environ["TMPDIR"]); os.mkdir("sub"); os.mkdir("sub/deep")
for where in (".", "sub", "sub/deep"):
    for name in ("file", "dir", "closed", "", "dir/file"):
        os.symlink("{outside}/" + name, where + "/to-" + name.replace("/", "-"))
    for target, name in (("..", "up"), (".", "here"), ("/", "root"), ("loop", "loop")):
        os.symlink(target, where + "/" + name)
os.chmod("sub", 0)
"""
    succeeds(python(text, *TIERS[tier], env=env))
    gone(place)
    for name in ("file", "dir/file", "closed/file"):
        equal(read_file(os.path.join(outside, name)), "kept", name)
    equal(os.stat(os.path.join(outside, "closed")).st_mode & 0o777, 0o500, "mode of a directory outside")
    equal(os.stat(os.path.join(outside, "dir")).st_mode & 0o777, 0o755, "mode of a directory outside")
    os.chmod(os.path.join(outside, "closed"), 0o700)


@test("a link in the place of the directory itself is not followed")
def _():
    # the command cannot do this; something outside of the same user could
    place, env = parent()
    outside = tempdir()
    write_file(os.path.join(outside, "file"), "kept")
    child = Running(*PLAIN, "--", "/bin/sh", "-c", "echo $TMPDIR; read x", env=env, stdin=subprocess.PIPE)
    name = child.line()
    os.rename(name, name + "-moved")
    os.symlink(outside, name)
    child.end()
    time.sleep(0.3)
    equal(read_file(os.path.join(outside, "file")), "kept", "a file outside")
    os.unlink(name)
    os.rmdir(name + "-moved")


@test("hard links are removed, and the file outside stays as it is")
def _():
    place, env = parent()
    outside = write_file(os.path.join(place, "outside"), "kept")
    sh(f'ln {outside} "$TMPDIR/hard"', "--write", place, env=env)
    wait_until(lambda: os.listdir(place) == ["outside"], "only the file outside is left")
    equal((read_file(outside), os.stat(outside).st_nlink, os.stat(outside).st_mode & 0o777), ("kept", 1, 0o644),
          "the file outside")
    os.unlink(outside)


@test("pipes, sockets, odd names and files without permissions are removed")
def _():
    place, env = parent()
    text = r"""
import os
os.chdir(os.environ["TMPDIR"])
for name in ("line\nbreak", "\x1b[31m", " ", "-rf", "*", "..x", "...", ".hidden", "x" * 255, "\udcff\udcfe", "\\"):
    open(name, "w").close(); os.mkdir("d-" + name[:200]); open("d-" + name[:200] + "/" + name, "w").close()
    os.chmod(name, 0)
os.mkfifo("pipe"); os.mkfifo("pipe0", 0)
os.mknod("socket", 0o140600)
"""
    succeeds(python(text, env=env))
    gone(place)


@test("names that the removal itself may use are no obstacle")
def _():
    place, env = parent()
    text = r"""
import os, struct
os.chdir(os.environ["TMPDIR"])
for n in range(64):
    for number in (struct.pack("<I", n).hex(), struct.pack(">I", n).hex(), "%d" % n, "%08x" % n):
        name = ".croft-" + number
        if not os.path.exists(name):
            os.makedirs(name + "/a/b/c"); open(name + "/a/b/c/f", "w").close()
"""
    succeeds(python(text, env=env))
    gone(place)


@test("something that lives on and writes for a while delays the removal, and does not prevent it")
def _():
    place, env = parent()
    text = """
import os, time
if os.fork():
    print(os.environ["TMPDIR"], flush=True); os._exit(0)
os.setsid()
for n in (0, 1, 2): os.close(n)
top = os.environ["TMPDIR"]
end = time.monotonic() + 1.5
n = 0
while time.monotonic() < end:
    n += 1
    try:
        os.makedirs(top + "/d%d/e/f" % (n % 50), exist_ok=True)
        open(top + "/d%d/e/f/%d" % (n % 50, n), "w").close()
    except OSError:
        time.sleep(0.001)
"""
    succeeds(python(text, env=env))
    gone(place)
    time.sleep(1.6)
    equal(os.listdir(place), [], "what came afterwards")


@test("supervised, what writes on is killed before the removal")
def _():
    place, env = parent()
    writer = 'while :; do mkdir -p "$TMPDIR/a/b"; echo x > "$TMPDIR/a/b/$$"; done 2>/dev/null'
    succeeds(sh(f"(setsid sh -c '{writer}' >/dev/null 2>&1 &); sleep 0.2", "--supervise", env=env))
    gone(place)


@test("a descriptor or working directory in it keeps nothing alive")
def _():
    place, env = parent()
    result = sh('cd "$TMPDIR" && (setsid sleep 1 >/dev/null 2>&1 3>kept &) ; sleep 0.1', env=env)
    succeeds(result)
    gone(place, 5)


main()
