# SPDX-License-Identifier: MIT
"""
_libraries.py - ELF files made with gcc, for the tests that compare croft deps with a real loader.

They have no code and no C library: nothing in them is ever run.
"""
from _cli import *      # pylint: disable=wildcard-import,unused-wildcard-import


# For croft with a variable that is meant for the program: the sanitizers' own library wants to be the first.
PLAIN_ENV = {"PATH": "/usr/bin:/bin", "ASAN_OPTIONS": "verify_asan_link_order=0"}


def gcc(output, *options):
    """A file without code or C library."""
    os.makedirs(os.path.dirname(output), exist_ok=True)
    succeeds(run("gcc", "-x", "c", "/dev/null", "-x", "none", "-nostdlib", "-Wl,--no-as-needed,--allow-shlib-undefined",
                 "-Wl,-e,0", "-o", output, *options))
    return output


def dtags(rpath, runpath):
    """DT_RPATH or DT_RUNPATH, as options."""
    if rpath is not None:
        return [f"-Wl,--disable-new-dtags,-rpath,{rpath}"]
    return [f"-Wl,--enable-new-dtags,-rpath,{runpath}"] if runpath is not None else []


def library(path, *needs, rpath=None, runpath=None, soname="", options=()):
    """A library; needs are others, by path. soname "": its file name; None: none."""
    names = [] if soname is None else [f"-Wl,-soname,{soname or os.path.basename(path)}"]
    return gcc(path, "-shared", "-fPIC", *names, *dtags(rpath, runpath), *options, *needs)


def program_of(loader, path, *needs, rpath=None, runpath=None, options=()):
    """A program with that ELF interpreter."""
    # what libraries need must not stop the linker, which looks for it as well
    return gcc(path, "-pie", f"-Wl,-dynamic-linker,{loader}", "-Wl,--unresolved-symbols=ignore-all",
               *dtags(rpath, runpath), *options, *needs)


def copied(path, target):
    os.makedirs(os.path.dirname(target), exist_ok=True)
    shutil.copy(path, target)
    return target
