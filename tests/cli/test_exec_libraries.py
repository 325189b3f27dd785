#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_exec_libraries.py - a program that exec starts and its loader ends, or that starts as another one than meant.

As test_exec_explained.py: each cause is made, named and mended. The programs are real ones of the C library's, so that
the loader's own failure is seen beside what croft says before it. What several tests need is compiled once.
"""
import atexit
import functools
import resource

from _exec import *      # pylint: disable=wildcard-import,unused-wildcard-import

STARTED_BADLY = 127
ENDS_WELL = "int main(void) { return 0; }"
CALLS_MORE = "int more(void); int main(void) { return more(); }"
BUILT = os.path.realpath(tempfile.mkdtemp(prefix="croft-t-built-"))
atexit.register(shutil.rmtree, BUILT)


@functools.cache
def built(source, *options):
    """The file that a compiler makes of it."""
    if not shutil.which("gcc"):
        skip("no C compiler on this machine")
    output = os.path.join(BUILT, str(built.cache_info().misses), "libmore.so.1")
    os.mkdir(os.path.dirname(output))
    succeeds(run("gcc", "-o", output, "-x", "c", "-", "-x", "none", *options, stdin=source))
    return output


class Broken(Cause):
    """A program that needs libmore.so.1, which lies beside it in lib/."""

    def __init__(self, *options, library=True):
        super().__init__()
        self.options = ["--with-deps"]      # without it what the plan grants anyway is not read
        self.library = self.path("lib/libmore.so.1")
        os.mkdir(self.path("lib"))
        needed = self.make_library(self.library)
        self.compile(self.prog, CALLS_MORE, needed, "-Wl,-rpath,$ORIGIN/lib", *options)
        if not library:
            os.unlink(self.library)

    @staticmethod
    def compile(output, source, *options):
        """Gives back what was copied to that path: a name that is the same each time."""
        return shutil.copy(built(source, *options), output) and built(source, *options)

    def make_library(self, path, *options, source="int more(void) { return 0; }"):
        return self.compile(path, source, "-shared", "-fPIC", "-Wl,-soname,libmore.so.1", *options)

    def fails(self, status, *parts):
        """Started, with a warning that names the cause; the loader then ends it."""
        result = self.run()
        status_is(result, status)
        line = without_warning(result.err).split("\n")[0]
        matches(line, "^croft: warning: ", "first line")
        for part in parts:
            contains(line, part, "warning")
        return result


@test("a library that is in no directory of the search is named")
def _():
    cause = Broken(library=False)
    cause.fails(STARTED_BADLY, f"the library 'libmore.so.1' of '{cause.prog}' is in no directory where the loader looks", "install it")
    cause.make_library(cause.library)
    cause.mended()


@test("a library in a directory that the loader does not search is found, and LD_LIBRARY_PATH mends it")
def _():
    cause = Broken(library=False)
    cause.make_library(cause.path("libmore.so.1"))
    result = cause.fails(STARTED_BADLY, f"LD_LIBRARY_PATH={cause.folder}")
    contains(result.err, "cannot open shared object file", "the loader's own words")
    cause.how["env"]["LD_LIBRARY_PATH"] = cause.folder
    cause.options += ["--env", "LD_LIBRARY_PATH"]
    cause.mended()


@test("a library that is only there for another architecture is named with both")
def _():
    cause = Broken()
    write_file(cause.library, elf(machine=S390))
    cause.fails(STARTED_BADLY, "is only there for another architecture", "s390x", "install it for the program's own")
    cause.make_library(cause.library)
    cause.mended()


@test("a library that may not be read is told from one that is not there")
def _():
    if IS_ROOT:
        skip("root may read any file")
    cause = Broken()
    os.chmod(cause.library, 0)
    cause.fails(STARTED_BADLY, f"may not be read: '{cause.library}'", f"chmod a+r {cause.library}")
    cause.mend_by(f"chmod a+r {cause.library}")


@test("what lies in a library's place is recognised", variants=[
    ("junk\n", "text"), ("version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
    ("/* GNU ld script */\nINPUT(libother.so)\n", "a linker script"), ("", "")])
def _(variant):
    contents, looks = variant
    cause = Broken()
    write_file(cause.library, contents)
    cause.fails(STARTED_BADLY, f"the library '{cause.library}' of '{cause.prog}' is no ELF library", looks)
    cause.make_library(cause.library)
    cause.mended()


@test("a library on a mount without execution is named")
def _():
    cause = Broken()
    kept = cause.path("kept")
    shutil.copy(cause.library, kept)
    words = f"cp {kept} {cause.library} && exec {CROFT} run --profile system --with-deps --execute {cause.folder} -- {cause.prog}"
    result = within_mount(cause.path("lib"), "noexec", words)
    said = f"the library '{cause.library}' of '{cause.prog}' lies on a file system that is mounted noexec"
    if IN_GVISOR:
        succeeds(result)        # it does not hold the flag against a mapping
        lacks(result.err, said, "standard error")
    else:
        status_is(result, STARTED_BADLY)
        contains(result.err, "failed to map segment", "the loader's own words")
        contains(result.err, said, "warning")
    cause.mended()


@test("a mount without execution is none the less for a program that is given to its loader by hand")
def _():
    cause = Cause()
    source = Broken.compile(cause.prog, ENDS_WELL)
    loader = re.search(r"loader: (\S+)", run_croft("deps", cause.prog).out)[1]
    mount = cause.path("mount")
    os.mkdir(mount)
    words = f"cp {source} {mount}/prog && exec {CROFT} run --profile system --execute {cause.folder} -- {loader} --inhibit-cache"
    result = within_mount(mount, "noexec", f"{words} {mount}/prog")
    said = f"croft: warning: '{mount}/prog' lies on a file system that is mounted noexec"
    if IN_GVISOR:
        succeeds(result)
        lacks(result.err, said, "standard error")
    else:
        status_is(result, STARTED_BADLY)
        contains(result.err, "failed to map segment", "the loader's own words")
        contains(result.err, said, "warning")
    cause.words = [loader, "--inhibit-cache", cause.prog]
    cause.mended()


@test("a search path is not inherited from who needs the library that needs one")
def _():
    cause = Broken()
    inner = cause.path("lib/libinner.so.1")
    cause.compile(inner, "int inner(void) { return 0; }", "-shared", "-fPIC", "-Wl,-soname,libinner.so.1")
    cause.make_library(cause.library, inner, source="int inner(void); int more(void) { return inner(); }")
    cause.fails(STARTED_BADLY, f"the library 'libinner.so.1' of '{cause.library}' is in no directory where the loader looks",
                f"LD_LIBRARY_PATH={cause.path('lib')}")
    cause.make_library(cause.library, inner, f"-Wl,-rpath,{cause.path('lib')}", source="int inner(void); int more(void) { return inner(); }")
    cause.mended()


@test("a symbol version that a library lacks is named with the library")
def _():
    cause = Broken()
    maps = {}
    for version in ("V_8", "V_9"):
        maps[version] = write_file(cause.path(version), f"{version} {{ global: more; }};\n")
    cause.make_library(cause.library, f"-Wl,--version-script={maps['V_9']}")
    cause.compile(cause.prog, CALLS_MORE, cause.library, "-Wl,-rpath,$ORIGIN/lib")
    cause.mended()
    cause.make_library(cause.library, f"-Wl,--version-script={maps['V_8']}")
    listed = run_croft("deps", cause.prog)
    status_is(listed, 1)
    contains(listed.out, f"the library '{cause.library}' of '{cause.prog}' lacks the version 'V_9'", "answer")
    result = cause.run()
    status_is(result, 1)
    contains(result.err, "version `V_9' not found", "the loader's own words")
    contains(result.err, f"croft: warning: the library '{cause.library}' of '{cause.prog}' lacks the version 'V_9'", "warning")
    cause.make_library(cause.library, f"-Wl,--version-script={maps['V_9']}")
    cause.mended()


@test("a symbol that a library of the right name lacks is the loader's own to tell")
def _():
    cause = Broken("-Wl,-z,now")
    cause.make_library(cause.library, source="int other(void) { return 0; }")
    result = cause.run()
    status_is(result, STARTED_BADLY)
    contains(result.err, "symbol lookup error", "the loader's own words")
    cause.make_library(cause.library)
    cause.mended()


@test("a library that no grant covers is named, where the loader would speak of another directory")
def _():
    cause = Broken()
    outside = os.path.join(tempdir(), "libmore.so.1")
    shutil.move(cause.library, outside)
    os.symlink(outside, cause.library)
    cause.options = []
    loader = re.search(r"loader: (\S+)", run_croft("deps", cause.prog).out)[1]
    result = run_croft("run", "--profile", "empty", "--execute", cause.folder, "--execute", loader, "--", cause.prog, **cause.how)
    status_is(result, STARTED_BADLY)
    contains(result.err, "no grant covers the library '", "warning")
    contains(result.err, "(add --read ", "mend")
    cause.options = ["--with-deps"]
    cause.mended()


@test("a program for a newer CPU is named with the level that it needs")
def _():
    if platform.machine() != "x86_64":
        skip("levels are x86-64's")
    cause = Broken("-Wl,-z,x86-64-v2")
    data = bytearray(open(cause.prog, "rb").read())
    # the one level above all that there are
    at = data.index(struct.pack("<II", 0xc0008002, 4)) + 8
    data[at:at + 4] = struct.pack("<I", 1 << 4)
    write_file(cause.prog, bytes(data), 0o755)
    result = cause.fails(STARTED_BADLY, f"'{cause.prog}' is built for x86-64-v5, and this CPU is older", "get it for an older level")
    contains(result.err, "CPU ISA level is lower than required", "the loader's own words")
    cause.compile(cause.prog, ENDS_WELL)
    cause.mended()


@test("a program for a newer kernel is named with the release that it needs")
def _():
    cause = Broken()
    note = struct.pack("<III4sIIII", 4, 16, 1, b"GNU\0", 0, 99, 0, 0)
    start = 64 + 2 * 56
    size = start + len(EXIT) + len(note) + 8
    pad = (-(start + len(EXIT))) % 4
    header = b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 2, NATIVE, 1, 0x400000 + start, 64, 0, 0, 64, 56, 2, 0, 0, 0)
    phdrs = struct.pack("<IIQQQQQQ", 1, 5, 0, 0x400000, 0x400000, size, size, 65536)
    at = start + len(EXIT) + pad
    phdrs += struct.pack("<IIQQQQQQ", 4, 4, at, 0x400000 + at, 0, len(note), len(note), 4)
    write_file(cause.prog, header + phdrs + EXIT + bytes(pad) + note, 0o755)
    contains(cause.run().err, f"'{cause.prog}' needs Linux 99.0.0 or newer", "warning")
    program(cause.prog)
    cause.mended()


@test("a file of libraries to preload that is broken is no obstacle, and a broken name in LD_PRELOAD neither")
def _():
    cause = Broken()
    cause.how["env"]["LD_PRELOAD"] = cause.path("nothing.so")
    cause.options += ["--env", "LD_PRELOAD"]
    result = succeeds(cause.run())
    lacks(result.err, "croft: warning", "standard error")
    del cause.how["env"]["LD_PRELOAD"]
    cause.mended()


@test("a library for glibc that musl's loader is given is a note, since it may do")
def _():
    if not shutil.which("musl-gcc"):
        skip("no compiler for musl on this machine")
    cause = Broken()
    uses = "const char *gnu_get_libc_version(void); int more(void) { return !gnu_get_libc_version(); }"
    needed = cause.make_library(cause.library, source=uses)
    succeeds(run("musl-gcc", "-o", cause.prog, "-x", "c", "-", "-x", "none", needed, "-Wl,--allow-shlib-undefined",
                 f"-Wl,-rpath,{cause.path('lib')}", stdin=CALLS_MORE))
    result = cause.run()
    status_is(result, STARTED_BADLY)
    contains(result.err, "gnu_get_libc_version: symbol not found", "the loader's own words")
    note = f"note: the library '{cause.library}' is built for glibc, and the loader is musl's"
    contains(run_croft("deps", cause.prog).out, note, "answer")
    succeeds(run("musl-gcc", "-o", cause.library, "-x", "c", "-", "-shared", "-fPIC", "-Wl,-soname,libmore.so.1",
                 stdin="int more(void) { return 0; }"))
    lacks(run_croft("deps", cause.prog).out, "note:", "answer")
    cause.mended()


# Runs, but not as one may think

@test("a set-user-ID program runs without the other id, and that is known before", variants=["user", "group"])
def _(whose):
    cause = Cause()
    Broken.compile(cause.prog, "#include <unistd.h>\nint main(void) { return geteuid() != getuid() || getegid() != getgid(); }")
    if IS_ROOT:
        os.chown(cause.prog, 1, 1)
    os.chmod(cause.prog, 0o4755 if whose == "user" else 0o2755)
    cause.mended()
    contains(run_croft("deps", cause.prog).out, f"note: '{cause.prog}' is set-{whose}-ID, which a sandbox leaves without effect",
             "note")
    if IS_ROOT and not IN_GVISOR:
        status_is(run(cause.prog), 1)       # and so it is outside


@test("a set-user-ID program on a mount that takes no such bits runs without the other id anywhere, which is known before")
def _():
    cause = Cause()
    os.mkdir(cause.path("mount"))
    program(cause.prog)
    note = "is set-user-ID, which its file system, mounted nosuid, leaves without effect"
    words = f"cp {cause.prog} {cause.path('mount/prog')} && chmod 4755 {cause.path('mount/prog')} && {CROFT} deps {cause.path('mount/prog')}"
    for flag, has_note in (("nosuid", True), ("suid", False)):
        equal(note in succeeds(within_mount(cause.path("mount"), flag, words)).out, has_note, f"note on a mount with {flag}")


@test("what is odd and no obstacle is a note of croft deps", variants=["interpreters", "long line", "argument"])
def _(kind):
    cause = Cause()
    if kind == "interpreters":
        program(cause.path("ld"))
        program(cause.prog, interp=cause.path("ld"), interps=2)
        part = "names several ELF interpreters, of which Linux takes the first"
    elif kind == "long line":
        write_file(cause.prog, f"#!/bin/sh {'x' * 200}\nexit 0\n", 0o755)
        part = "has more than 127 bytes, where Linux before 5.1 and gVisor cut it"
    else:
        write_file(cause.prog, "#!/bin/sh -e\r\nexit 0\r\n", 0o755)
        part = "its interpreter gets '-e' and a carriage return"
    contains(run_croft("deps", cause.prog).out, "note: ", "answer")
    contains(run_croft("deps", cause.prog).out, part, "note")


# What no look at files tells

@test("one argument of 128 KiB ends at who starts croft; the longest that reaches it reaches the command")
def _():
    cause = Cause()
    Broken.compile(cause.prog, "#include <string.h>\nint main(int c, char **v) { return c != 2 || strlen(v[1]) != 131071; }")
    cause.words = [cause.prog, "x" * 131071]
    cause.mended()
    if IN_GVISOR:
        skip("gVisor takes longer ones")
    raises_errno(errno.E2BIG, cause.run.__func__, LongWords(cause))


class LongWords:
    """The same command with one byte more."""

    def __init__(self, cause):
        self.__dict__.update(cause.__dict__)
        self.words = [cause.prog, "x" * 131072]


@test("too small an address space is named, whoever set the limit, and more of it mends that", variants=["limit", "inherited"])
def _(kind):
    cause = Cause()
    Broken.compile(cause.prog, "char much[256 << 20]; int main(void) { return 0; }")

    def limited(size):
        if kind == "limit":
            cause.options = ["--limit", f"memory={size}"]
        else:
            cause.how["preexec_fn"] = lambda: resource.setrlimit(resource.RLIMIT_AS, (size, size))

    limited(64 << 20)
    if kind == "inherited" and run_croft("--version", **cause.how).status != 0:
        skip("croft itself has no room in 64 MiB: a sanitizer takes terabytes")
    # Linux kills it when exec is past its return; gVisor says it while there is somebody to hear
    cause.doubted(FOUND if IN_GVISOR else -signal.SIGSEGV, f"'{cause.prog}' takes 26", "KiB of memory to be loaded",
                  "and may have 65536 KiB")
    size, unit = re.search(r"(?:--limit memory=|ulimit -v )(\d+)(MiB)?", cause.run().err).groups()
    limited(int(size) << (20 if unit else 10))
    cause.mended()


main()
