# SPDX-License-Identifier: MIT
"""
_landrun.py - what the tests of croft under the name of landrun share.

They start it by a link of that name, with --best-effort: a kernel with all that landrun wants is
still rare, and the emulators are older.
"""
import socket

from _cli import *      # pylint: disable=wildcard-import,unused-wildcard-import

# an exec that fails leaves a confined process, in which no search for leaks is possible
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"

FAKES = os.path.join(BUILD, "tests")
BEST = "--best-effort"
SYSTEM = ["--rox", ",".join(p for p in ("/usr", "/bin", "/lib", "/lib64") if os.path.exists(p)), "--ro", "/etc"]
MINIMUM = [BEST, "--rox", PAYLOAD]
ERROR = re.compile(r"\[landrun:error\] [^\x00-\x1f\x7f]+\n")
FREE = ["--unrestricted-filesystem", "--unrestricted-network", "--unrestricted-scoped"]


def link():
    """A link of the name, as packagers make it."""
    path = os.path.join(tempdir(), "landrun")
    os.symlink(CROFT, path)
    return path


def landrun(*words, wrapper=(), **how):
    return run(*wrapper, link(), *words, **how)


def said(result):
    """What the payload said."""
    if result.status not in (0, 1) or (result.status == 1 and not result.out):
        fail(f"the payload gave no answer\n{result}")
    return result.out.rstrip("\n")


def inside(options, *op, **how):
    return said(landrun(*MINIMUM, *options, "--", PAYLOAD, *op, **how))


def each(options, *ops):
    """Several operations in one sandbox: their answers."""
    words = ["each"]
    for op in ops:
        words += [*op, ","]
    answers = inside(options, *words).splitlines()
    equal(len(answers), len(ops), "number of answers")
    return answers


def is_refusal(result, *parts):
    """The launcher failed: status 1, one line with all parts, and the command printed nothing."""
    status_is(result, 1)
    text = ASAN_STACK.sub("", result.err)
    if not ERROR.fullmatch(text):
        fail(f"not one line of landrun: {text!r}")
    for part in parts:
        contains(text, part, "message")
    equal(result.out, "", "standard output")


def marked(*words, **how):
    """A start that leaves a trace: (Result, whether the command ran)."""
    folder = tempdir()
    result = landrun(*words, "--rox", PAYLOAD, "--rw", folder, "--", PAYLOAD, "create", f"{folder}/ran", **how)
    return result, os.path.exists(f"{folder}/ran")


def listener(family=socket.AF_INET, address="127.0.0.1"):
    """A listening TCP port, as text."""
    server = socket.socket(family, socket.SOCK_STREAM)
    cleanup(server.close)
    server.bind((address, 0))
    server.listen(16)
    return str(server.getsockname()[1])


def unused_port():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        return str(holder.getsockname()[1])
