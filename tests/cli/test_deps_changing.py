#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_deps_changing.py - croft deps and files that change while they are read, or may not be read.
"""
import itertools
import threading
import time

from _cli import *      # pylint: disable=wildcard-import,unused-wildcard-import
from _deps import DOES_NOT, LOADER, STARTS, Image, judged, judged_all
from _elf import spoiled

NOBODY = 65534


# Files that change, and files that may not be read

def change(path, data, stop):
    """The file is whole, cut, empty, another, gone and a FIFO in turn."""
    spare = path + ".new"
    for turn in itertools.count():
        if stop.is_set():
            break
        if turn % 5 == 0:
            os.truncate(path, len(data) // 3)
        elif turn % 5 == 1:
            with open(path, "r+b") as f:
                f.write(data)
        elif turn % 5 == 2:
            os.truncate(path, 0)
        elif turn % 5 == 3:
            os.mkfifo(spare, 0o755)
            os.rename(spare, path)
        else:
            write_file(spare, data, 0o755)
            os.rename(spare, path)


@test("a file that changes while it is read ends in an answer", variants=["/bin/prog", "/usr/lib/liba.so.1", LOADER])
def _(name):
    image = Image()
    data = image.read(name) + bytes(300000)
    image.add(name, spoiled(data, 64 + 32, "QQ", len(data), len(data)))
    stop = threading.Event()
    changer = threading.Thread(target=change, args=(image.path(name), image.read(name), stop))
    soon, late = time.monotonic() + 1, time.monotonic() + 30
    results, seen = [], set()
    changer.start()
    try:
        while time.monotonic() < soon or (len(seen) < 2 and time.monotonic() < late):
            results.append(image.deps(*["/bin/prog"] * 20))
            seen |= set(re.findall("/bin/prog: (can(?:not)?) start", results[-1].out))
    finally:
        stop.set()
        changer.join()
    equal(seen, {"can", "cannot"}, "answers")       # else the file did not change
    for result in results:
        if result.status not in (STARTS, DOES_NOT) or result.err:
            fail(f"{result}")
        equal(result.out.count("/bin/prog: can"), 20, "answers")
        for answer in result.out.split("/bin/prog: ")[1:]:
            if answer.startswith("cannot start"):
                contains(answer, os.path.basename(name), "answer")


def ordinary():
    """What run needs so that the program is an ordinary user's: root may read everything."""
    def leave():
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    return {"preexec_fn": leave} if IS_ROOT else {}


@test("what may not be read is told by name", variants=["/bin/prog", "/bin/script", "/usr/lib/liba.so.1", LOADER])
def _(name):
    image = Image()
    os.chmod(image.root, 0o755)
    what = "/bin/script" if name == "/bin/script" else "/bin/prog"
    judged(image.deps(what, **ordinary()), STARTS)
    os.chmod(image.path(name), 0)
    judged_all(DOES_NOT, lambda *words: image.deps(*words, what, **ordinary()), os.path.basename(name))


@test("a directory that may not be searched is told by name")
def _():
    image = Image()
    os.chmod(image.root, 0o755)
    os.chmod(image.path("/bin"), 0)
    judged(image.deps(**ordinary()), DOES_NOT, "/bin")
    os.chmod(image.path("/bin"), 0o755)
    judged(image.deps(**ordinary()), STARTS)


main()
