# SPDX-License-Identifier: MIT
"""
parts.py - the other things that are handed out: the library as it is installed, the program for the
other architecture, the man page, and the YAML library for the static build.

Needs compilers and the tree itself (SOURCE), so it runs only as who started the tests.
"""
import os
import re

from harness import *
from _elf import EM_AARCH64, PT_INTERP, read_elf

SOURCE = os.environ["SOURCE"]
BUILD_DIR = os.path.join(SOURCE, "build-test")
PREFIX = "/usr/local"


def install():
    """Installs to a fresh directory; gives that directory and an environment in which pkg-config finds it."""
    where = tempdir()
    succeeds(run("meson", "install", "--no-rebuild", "--destdir", where, "-C", BUILD_DIR, timeout=60))
    folder = next(f for f, _, names in os.walk(where) if "croft.pc" in names)
    env = dict(os.environ, PKG_CONFIG_LIBDIR=folder, PKG_CONFIG_SYSROOT_DIR=where)
    return where, env


def flags(env, *which):
    return succeeds(run("pkg-config", *which, "croft", env=env)).out.split()


def library(where, name):
    return next(os.path.join(f, name) for f, _, names in os.walk(where) if name in names)


USE = r"""
#include <croft.h>
#include <stdio.h>
int main(void)
{
	printf("%s\n", croft_version());
	return 0;
}
"""


@test("the installed library is found by pkg-config, links and runs", variants=["shared", "static"])
def _(kind):
    where, env = install()
    source = write_file(f"{where}/use.c", USE)
    if kind == "shared":
        libs = flags(env, "--libs")
    else:
        libs = [library(where, "libcroft.a") if word == "-lcroft" else word for word in flags(env, "--static", "--libs")]
    succeeds(run("gcc", "-Wall", "-Werror", *flags(env, "--cflags"), source, "-o", f"{where}/use", *libs))
    folder = os.path.dirname(library(where, "libcroft.so.0"))
    r = succeeds(run(f"{where}/use", env={"LD_LIBRARY_PATH": folder} if kind == "shared" else {}))
    matches(r.out, r"\A\d+\.\d+\.\d+\n\Z")


@test("the shared library lets out every name of croft.h and no other")
def _():
    where, _ = install()
    lines = succeeds(run("nm", "-D", "--defined-only", library(where, "libcroft.so"))).out.splitlines()
    names = {l.split()[2].split("@")[0] for l in lines if l.split()[1] != "A"}
    header = read_file(os.path.join(SOURCE, "include", "croft.h"))
    promised = set(re.findall(r"CROFT_PUBLIC[^;(]*?(croft_\w+)\(", header))
    true(len(promised) > 5, f"only {promised} found in croft.h")
    equal(names, promised, "exported names")


@test("the static library's names cannot clash: it defines no common word outside croft's")
def _():
    where, _ = install()
    out = succeeds(run("nm", "-g", "--defined-only", library(where, "libcroft.a"))).out
    names = set(re.findall(r" [TDBRV] (\w+)$", out, re.M))
    for word in ("main", "read", "write", "log", "error", "die", "init", "usage"):
        true(word not in names, f"defines {word}")


@test("croft.h is valid in C++ and in C with every warning", variants=["c++", "c"])
def _(language):
    header = os.path.join(SOURCE, "include", "croft.h")
    standard = "-std=c++11" if language == "c++" else "-std=c17"
    succeeds(run("clang", "-x", language, standard, "-Weverything", "-Werror", "-Wno-padded", "-Wno-c++98-compat",
                 "-Wno-c++98-compat-pedantic", "-Wno-reserved-identifier", "-Wno-unused-macros",
                 "-Wno-declaration-after-statement", "-fsyntax-only", "-include", header, "-", stdin=""))


@test("the program for aarch64 is one, and static")
def _():
    machine, headers = read_elf(os.path.join(SOURCE, "build-aarch64", "croft"))
    equal(machine, EM_AARCH64, "machine")
    true(PT_INTERP not in [t for t, _ in headers], "there is an INTERP segment")


@test("the man page is well formed")
def _():
    r = run("mandoc", "-T", "lint", "-W", "warning", os.path.join(BUILD_DIR, "docs", "croft.1"))
    equal((r.status, r.out), (0, ""), "mandoc")


@test("the completions are valid for their shells", variants=["bash croft.bash", "zsh _croft", "fish croft.fish"])
def _(what):
    shell, name = what.split()
    succeeds(run(shell, "--no-execute" if shell == "fish" else "-n", os.path.join(BUILD_DIR, "docs", name)))


def yaml_program():
    where = tempdir()
    deps = os.path.join(SOURCE, ".deps", "musl")
    succeeds(run("musl-gcc", "-static", "-O2", f"-I{deps}/include", os.path.join(TESTS, "release", "yaml_one.c"),
                 "-o", f"{where}/one", f"{deps}/lib/libyaml.a"))
    return f"{where}/one"


@test("libyaml for musl reads a document in a static program")
def _():
    program = yaml_program()
    true(PT_INTERP not in [t for t, _ in read_elf(program)[1]], "not static")
    r = succeeds(run(program, stdin="version: 2\nprofiles: {agent: [\"a b\", c]}\n", env={}))
    equal(r.out.split("\n"), ["version", "2", "profiles", "agent", "a b", "c", ""], "scalars")


@test("libyaml for musl refuses a malformed document")
def _():
    equal(run(yaml_program(), stdin="a: [1\nb: ]]", env={}).status, 2, "status")


main()
