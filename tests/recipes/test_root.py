#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_root.py - examples/recipes/root with a tree of nothing but busybox.
"""
from _recipes import *

BUSYBOX = "/bin/busybox"
NAMES = "sh cat ls touch echo id"


def image(folder):
    """An unpacked image: a static busybox and a file of its own."""
    if not os.access(BUSYBOX, os.X_OK):
        skip("no static busybox here")
    os.makedirs(f"{folder}/image/bin")
    shutil.copy(BUSYBOX, f"{folder}/image/bin/busybox")
    for name in NAMES.split():
        os.symlink("busybox", f"{folder}/image/bin/{name}")
    write_file(f"{folder}/image/etc/motd", "of the image\n")
    return f"{folder}/image"


def in_image(*words):
    """-> (folder, result) of the script, started in a project."""
    folder = tempdir()
    tree = image(folder)
    if run("unshare", *([] if IS_ROOT else ["--user", "--map-root-user"]), "--mount", "true").status != 0:
        skip("no mount namespace")
    script = installed(EXAMPLES / "root" / "in-image", f"{folder}/in-image")
    write_file(f"{folder}/project/in.txt", "of the project\n")
    write_file(f"{folder}/secret", "hush")
    env = {"PATH": "/usr/bin:/bin", "HOME": folder, "TMPDIR": os.environ.get("TMPDIR", "/tmp")}
    return folder, run(script, tree, *words, cwd=f"{folder}/project", env=env)


@test("the command sees the image and the project, and writes the project")
def _():
    folder, got = in_image("sh", "-c", "cat /etc/motd in.txt && echo made >out.txt && exit 7")
    status_is(got, 7)
    equal(got.out, "of the image\nof the project\n", "output")
    equal(read_file(f"{folder}/project/out.txt"), "made\n", "what it made")


@test("the image stays as it is, and the host is not there")
def _():
    folder, got = in_image("sh", "-c", "touch /etc/planted; ls /; cat ../secret /usr/bin/env")
    differs(got.status, 0, "status")
    true(not os.path.exists(f"{folder}/image/etc/planted"), "the image was changed")
    lacks(got.out, "hush", "output")
    true("usr" not in got.out.split() and "home" not in got.out.split(), f"the host is seen: {got}")
    matches(got.err, "/usr/bin/env.*No such file")


@test("a program that the image lacks is told in one line")
def _():
    _, got = in_image("make")
    status_is(got, 127)
    matches(got.err, r"\Acroft: [^\n]*make[^\n]*\n\Z")


@test("without a command it says how it is called")
def _():
    script = installed(EXAMPLES / "root" / "in-image", f"{tempdir()}/in-image")
    matches(run(script).err, "usage: in-image DIR")


main()
