# SPDX-License-Identifier: MIT
"""
test_library.py - the library as its users meet it: what it exports, from C++, and the examples built
as their heads say.

What needs the tree (compilers, an installation) runs only as who may write to its build directory,
once: not as another user, not sanitized, not under an emulated older kernel, where the compiler
would answer the same.
"""
import os

from harness import *

SOURCE = os.environ.get("SOURCE", "")
BUILD_DIR = os.path.join(SOURCE, "build-test")
OWNS_TREE = not FAKE and os.path.basename(BUILD) == "build-test" and os.access(BUILD_DIR, os.W_OK)


def installed():
    """A fresh installation: its directory, and the environment in which it is found and runs."""
    where = tempdir()
    succeeds(run("meson", "install", "--no-rebuild", "--destdir", where, "-C", BUILD_DIR, timeout=60))
    folder = next(f for f, _, names in os.walk(where) if "croft.pc" in names)
    libs = next(f for f, _, names in os.walk(where) if "libcroft.so.0" in names)
    return where, dict(os.environ, PKG_CONFIG_LIBDIR=folder, PKG_CONFIG_SYSROOT_DIR=where, LD_LIBRARY_PATH=libs)


def compiled(compiler, env, source, *more):
    """The program made from a source as its user would, with nothing but pkg-config's words."""
    words = succeeds(run("pkg-config", "--cflags", "--libs", "croft", env=env)).out.split()
    program = f"{tempdir()}/program"
    succeeds(run(compiler, "-Wall", "-Wextra", "-Werror", source, "-o", program, *words, *more, timeout=60))
    return program


@test("the shared library exports names of croft only")
def _():
    out = succeeds(run("nm", "-D", "--defined-only", f"{BUILD}/src/libcroft.so")).out
    names = [line.split()[-1] for line in out.splitlines()]
    true(any(n.startswith("croft_launch@") for n in names), f"croft_launch is not among {names}")
    for name in names:
        matches(name, r"^(croft_\w+@@CROFT_0|CROFT_0)$", "exported name")


CPLUSPLUS = r"""
#include <croft.h>
#include <cstdio>
#include <initializer_list>
#include <sys/wait.h>

int main(int argc, char **argv)
{
	const char *command[] = { argv[1], "-c", "echo confined; cat /etc/passwd", nullptr };
	const char *environment[] = { "PATH=/usr/bin:/bin", nullptr };
	croft_profile *profile = nullptr;
	croft_plan *plan = nullptr;
	croft_child *child = nullptr;
	croft_error err;
	int status = -1;
	int r = argc > 1 ? croft_profile_new("empty", nullptr, nullptr, 0, &profile, &err) : -1;

	for (const char *path : { "optional:/usr", "optional:/bin", "optional:/lib", "optional:/lib64" })
		if (r == 0)
			r = croft_profile_set(profile, "execute", path, &err);
	if (r == 0)
		r = croft_profile_set(profile, "env", "PATH", &err);
	if (r == 0)
		r = croft_plan_new(profile, command, environment, 0, &plan, &err);
	if (r == 0)
		r = croft_launch(plan, 0, &child, &err);
	if (r == 0)
		r = croft_child_wait(child, &status, &err);
	if (r < 0)
		std::fprintf(stderr, "%s: %s\n", croft_stage_name(err.stage), err.what);
	croft_child_free(child);
	croft_plan_free(plan);
	croft_profile_free(profile);
	return r < 0 ? 125 : WEXITSTATUS(status);
}
"""


def needs_tree(sentence, variants=None):
    """@test where the tree is; nothing elsewhere."""
    return test(sentence, variants) if OWNS_TREE else lambda function: function


@needs_tree("a program in C++ includes croft.h, links by pkg-config, and launches a confined child")
def _():
    compiler = shutil.which("g++") or shutil.which("clang++") or skip("no C++ compiler")
    _, env = installed()
    program = compiled(compiler, env, write_file(f"{tempdir()}/use.cc", CPLUSPLUS), "-std=c++11")
    r = run(program, "/bin/sh", env=env)
    equal((r.status, r.out), (1, "confined\n"), "status and output")
    contains(r.err, "Permission denied", "stderr")


@needs_tree("each example is built by the line in its head", variants=["confine_self", "launch_from_thread"])
def _(name):
    source = os.path.join(SOURCE, "examples", f"{name}.c")
    line = re.search(rf"\* +cc {name}\.c \$\(pkg-config --cflags --libs croft\)(.*)", read_file(source))
    true(line, "its head does not say how it is built")
    _, env = installed()
    program = compiled("cc", env, source, *line[1].split())
    if name == "confine_self":
        r = run(program, "/etc", "/etc/passwd", "/proc/version", env=env)
        equal(r.out, "/etc/passwd: may be read\n/proc/version: Permission denied\n", "stdout")
    else:
        r = run(program, "8", "/bin/true", env=env)
        matches(r.out, r"^8 MiB touched: croft_launch \d+ us, fork alone \d+ us")
    status_is(r, 0)


@needs_tree("the installation has one header, both libraries, the programs and their pages, and nothing else")
def _():
    where, _ = installed()
    found = set()
    for folder, _, names in os.walk(where):
        found |= {re.sub(r"lib/[^/]*-linux-[^/]*/", "lib/", os.path.relpath(f"{folder}/{n}", where)) for n in names}
    prefix = "usr/local"
    for path in ("bin/croft", "bin/croft-import", "bin/croft-image", "bin/croft-doctor", "bin/croft-doctor-nix",
                 "bin/croft-gha", "bin/croft-nix", "bin/croft-oci", "bin/croft-slurm-oci", "libexec/croft/croft-static",
                 "include/croft.h", "lib/libcroft.so", "lib/libcroft.so.0", "lib/libcroft.a", "lib/pkgconfig/croft.pc",
                 "share/man/man1/croft.1", "share/man/man5/croft-profile.5", "libexec/croft/ptyfix.so", "etc/apparmor.d/croft"):
        true(f"{prefix}/{path}" in found, f"{path} is not among {sorted(found)}")
    for path in found:
        matches(path, rf"^{prefix}/(bin/croft(-(import|image|doctor|doctor-nix|gha|nix|oci|slurm-oci))?$|include/croft\.h$|lib/|share/|"
                rf"libexec/croft/(ptyfix\.so|croft-static)$|etc/apparmor\.d/croft$)", "installed file")


main()
