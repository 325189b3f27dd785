#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_exec_explained.py - a command that cannot be started, and why: each cause is made, named, and mended.

Each test makes one cause, sees it named (the status, the file, the cause, what would mend it), then does what
the message says, and the same command runs. Programs are ELF files of some hundred bytes that end with 0 at once;
what stands in for a loader is such a one as well.
"""
from _exec import *      # pylint: disable=wildcard-import,unused-wildcard-import


# The name

@test("a program that is missing is not found")
def _():
    cause = Cause()
    cause.tiers = BOTH_TIERS
    cause.explained(NOT_FOUND, cause.prog, "No such file")
    program(cause.prog)
    cause.mended()


@test("a link that leads nowhere is named with what it leads to")
def _():
    cause = Cause()
    os.symlink("target", cause.prog)
    cause.explained(NOT_FOUND, f"'{cause.path('target')}' is missing", f"the symbolic link '{cause.prog}'",
                    "install what it leads to")
    program(cause.path("target"))
    cause.mended()


@test("links in a circle are called so")
def _():
    cause = Cause()
    os.symlink("prog", cause.prog)
    cause.explained(FOUND, cause.prog, "symbolic links lead in a circle", "ls -l")
    os.unlink(cause.prog)
    program(cause.prog)
    cause.mended()


@test("a name beyond the kernel's limits is too long")
def _():
    cause = Cause()
    cause.words = [cause.path("a" * 256)]
    cause.explained(FOUND, "a" * 200, "too long")
    cause.words = [cause.path("a" * 255)]
    program(cause.words[0])
    cause.mended()


@test("a file in the place of a directory is named")
def _():
    cause = Cause()
    write_file(cause.path("part"))
    cause.words = [cause.path("part/prog")]
    # as execvp does, a name that cannot be is called missing
    cause.explained(NOT_FOUND, cause.path("part/prog"), "No such file")
    os.unlink(cause.path("part"))
    os.mkdir(cause.path("part"))
    program(cause.words[0])
    cause.mended()


@test("a directory of the name that is missing is as good as the program")
def _():
    cause = Cause()
    cause.words = [cause.path("none/prog")]
    cause.explained(NOT_FOUND, cause.path("none/prog"), "No such file")
    os.mkdir(cause.path("none"))
    program(cause.words[0])
    cause.mended()


@test("a directory that may not be searched is named")
def _():
    if IS_ROOT:
        skip("root may search any directory")
    cause = Cause()
    program(cause.path("closed/prog"))
    cause.words = [cause.path("closed/prog")]
    os.chmod(cause.path("closed"), 0o600)
    cleanup(os.chmod, cause.path("closed"), 0o700)
    cause.explained(FOUND, cause.path("closed/prog"), f"you may not search the directory '{cause.path('closed')}'",
                    f"chmod a+x {cause.path('closed')}")
    cause.mend_by(f"chmod a+x {cause.path('closed')}")


# The file

@test("a directory is no command")
def _():
    cause = Cause()
    os.mkdir(cause.prog)
    cause.explained(FOUND, cause.prog, "Is a directory")
    os.rmdir(cause.prog)
    program(cause.prog)
    cause.mended()


@test("a FIFO and a socket are no programs", variants=["a FIFO", "a socket"])
def _(kind):
    cause = Cause()
    if kind == "a FIFO":
        os.mkfifo(cause.prog, 0o755)
    else:
        os.mknod(cause.prog, 0o755 | 0o140000)
    cause.explained(FOUND, f"'{cause.prog}' is {kind}", "only a regular file")
    os.unlink(cause.prog)
    program(cause.prog)
    cause.mended()


@test("a program without an x bit is named with its mode, and chmod +x mends it")
def _():
    cause = Cause()
    program(cause.prog)
    os.chmod(cause.prog, 0o644)
    cause.explained(FOUND, f"'{cause.prog}' is not executable (mode 0644)", f"chmod +x {cause.prog}")
    cause.mend_by(f"chmod +x {cause.prog}")


@test("a script without an x bit may also be given to its interpreter")
def _():
    cause = Cause()
    script(cause.prog, "exit 0")
    os.chmod(cause.prog, 0o644)
    cause.explained(FOUND, "is not executable (mode 0644)", "name its interpreter before it")
    cause.words = ["/bin/sh", cause.prog]
    cause.mended()


@test("a program that only others may execute is told from one that nobody may")
def _():
    cause = Cause()
    program(cause.prog)
    if IS_ROOT:
        skip("root may execute what anybody may")
    os.chmod(cause.prog, 0o655)
    cause.explained(FOUND, f"'{cause.prog}' is executable for others only (mode 0655)", f"chmod a+x {cause.prog}")
    cause.mend_by(f"chmod a+x {cause.prog}")


@test("a mount without execution is named, for a program, a script, an interpreter and a loader",
      variants=["program", "script", "interpreter", "loader"])
def _(kind):
    cause = Cause()
    mount = cause.path("mount")
    os.mkdir(mount)
    there = os.path.join(mount, "there")
    source = program(cause.path("source"))
    contents = {"program": elf(), "script": b"#!/bin/sh\nexit 0\n", "interpreter": elf(), "loader": elf()}[kind]
    write_file(source, contents, 0o755)
    prefix = {"program": "", "script": "", "interpreter": "the interpreter ", "loader": "the ELF interpreter "}[kind]
    command = there
    if kind == "interpreter":
        command = write_file(cause.prog, f"#!{there}\n", 0o755)
    if kind == "loader":
        command = program(cause.prog, interp=there)
    words = f"cp '{source}' '{there}' && exec '{CROFT}' run --profile system --execute '{cause.folder}' -- "
    refused(within_mount(mount, "noexec", words + f"'{command}'"), FOUND, f"{prefix}'{there}'", "is mounted noexec")
    if kind == "script":
        equal(within_mount(mount, "noexec", words + f"/bin/sh {there}").status, 0, "status, by its interpreter")
    shutil.copy(source, there)      # and below the mount, where the folder is an ordinary one
    cause.words = [command]
    cause.mended()


# Scripts

@test("an interpreter that is missing is named with its script")
def _():
    cause = Cause()
    write_file(cause.prog, f"#!{cause.path('interp')} -x\n", 0o755)
    cause.explained(FOUND, f"the interpreter '{cause.path('interp')}' of '{cause.prog}' is missing",
                    "the script itself is there", f"install '{cause.path('interp')}'")
    program(cause.path("interp"))
    cause.mended()


@test("an interpreter by a bare name is looked up from the working directory, which is said")
def _():
    cause = Cause()
    write_file(cause.prog, "#!sh\nexit 0\n", 0o755)
    cause.explained(FOUND, f"the interpreter 'sh' of '{cause.prog}' is missing", "#!/usr/bin/env sh")
    write_file(cause.prog, "#!/usr/bin/env sh\nexit 0\n", 0o755)
    cause.mended()


@test("DOS line ends are seen behind the interpreter's name, and the sed of the message mends them")
def _():
    cause = Cause()
    write_file(cause.prog, b"#!/bin/sh\r\nexit 0\r\n", 0o755)
    mend = f"sed -i 's/\\r$//' {cause.prog}"
    cause.explained(FOUND, f"'{cause.prog}' has DOS line ends", "'/bin/sh' and a carriage return", mend)
    cause.mend_by(mend)


@test("a byte order mark before a script is seen, and the sed of the message takes it out")
def _():
    cause = Cause()
    write_file(cause.prog, BOM + b"#!/bin/sh\nexit 0\n", 0o755)
    mend = f"sed -i '1s/^\\xef\\xbb\\xbf//' {cause.prog}"
    cause.explained(FOUND, f"'{cause.prog}' starts with a byte order mark", mend)
    cause.mend_by(mend)


@test("a '#!' without an interpreter is no use")
def _():
    cause = Cause()
    write_file(cause.prog, "#!\nexit 0\n", 0o755)
    cause.explained(FOUND, f"the first line of '{cause.prog}' is '#!' and no interpreter", "#!/bin/sh")
    write_file(cause.prog, "#!/bin/sh\nexit 0\n", 0o755)
    cause.mended()


@test("an interpreter's name of more than 253 bytes is too long, and one by a symbolic link is not")
def _():
    cause = Cause()
    deep = os.path.join(cause.folder, "d" * 200, "e" * 100)
    os.makedirs(deep)
    program(os.path.join(deep, "interp"))
    write_file(cause.prog, f"#!{deep}/interp\n", 0o755)
    cause.explained(FOUND, f"the first line of '{cause.prog}' is too long", "symbolic link")
    os.symlink(os.path.join(deep, "interp"), cause.path("interp"))
    write_file(cause.prog, f"#!{cause.path('interp')}\n", 0o755)
    cause.mended()


@test("a first line that is cut short by the file's end is one all the same")
def _():
    cause = Cause()
    write_file(cause.prog, "#!/bin/sh", 0o755)
    cause.mended()


@test("interpreters of interpreters are followed five deep")
def _():
    cause = Cause()
    program(cause.path("s0"))
    for i in range(1, 7):
        write_file(cause.path(f"s{i}"), f"#!{cause.path(f's{i - 1}')}\n", 0o755)
    cause.words = [cause.path("s5")]
    cause.mended()
    cause.words = [cause.path("s6")]
    cause.explained(FOUND, f"'{cause.path('s0')}'", "more than 5 deep", "a program that is no script")
    program(cause.path("s1"))
    cause.mended()


@test("a text without '#!' is one that shells run themselves")
def _():
    cause = Cause()
    write_file(cause.prog, "exit 0\n", 0o755)
    succeeds(run("/bin/sh", "-c", cause.prog))
    cause.explained(FOUND, f"'{cause.prog}' is neither an ELF program nor a script", "it looks like text",
                    "shells run such a file themselves", "#!/bin/sh")
    write_file(cause.prog, "#!/bin/sh\nexit 0\n", 0o755)
    cause.mended()


@test("what lies in a program's place is recognised", variants=[
    ("a Git LFS pointer", b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
    ("a Windows program", b"MZ\x90\0\3\0", "Linux"),
    ("a Mach-O program (macOS)", b"\xcf\xfa\xed\xfe\7\0\0\1", "Linux"),
    ("a gzip archive", b"\x1f\x8b\x08\0", "unpack"),
    ("a zip archive", b"PK\3\4", "java -jar"),
    ("an HTML page", b"<!DOCTYPE html>\n<html>\n", "fetch it again"),
    ("zeros", bytes(4096), "copy or build it again"),
    ("text with a '#!' that is not at its start", b"\n#!/bin/sh\n", "let the file start with"),
    ("UTF-16 text", "\ufeff#!/bin/sh\n".encode("utf-16-le"), "UTF-8")])
def _(variant):
    looks, contents, mend = variant
    cause = Cause()
    write_file(cause.prog, contents, 0o755)
    cause.explained(FOUND, f"'{cause.prog}' is neither an ELF program nor a script", f"it looks like {looks}", mend)
    program(cause.prog)
    cause.mended()


@test("an empty file is called so")
def _():
    cause = Cause()
    write_file(cause.prog, "", 0o755)
    cause.explained(FOUND, f"'{cause.prog}' is empty", "copy or build it again")
    program(cause.prog)
    cause.mended()


@test("an interpreter that cannot be one is named with what it is", variants=["directory", "no x", "text", "object", "foreign"])
def _(kind):
    cause = Cause()
    interp = cause.path("interp")
    write_file(cause.prog, f"#!{interp}\n", 0o755)
    parts = {"directory": [f"the interpreter '{interp}' of '{cause.prog}' is a directory", "mend the script's first line"],
             "no x": [f"the interpreter '{interp}' of '{cause.prog}' is not executable (mode 0644)", f"chmod +x {interp}"],
             "text": [f"the interpreter '{interp}' of '{cause.prog}' is neither an ELF program nor a script"],
             "object": [f"the interpreter '{interp}' of '{cause.prog}' is an object file and no program"],
             "foreign": [f"the interpreter '{interp}' of '{cause.prog}' is built for s390x"]}[kind]
    if kind == "directory":
        os.mkdir(interp)
    else:
        write_file(interp, {"no x": elf(), "text": "text", "object": elf(kind=REL), "foreign": elf(machine=S390)}[kind],
                   0o644 if kind == "no x" else 0o755)
    cause.explained(FOUND, *parts)
    if kind == "directory":
        os.rmdir(interp)
    program(interp)
    cause.mended()


# env

@test("a first line that leads env to the script itself is a circle")
def _():
    cause = Cause()
    write_file(cause.prog, f"#!{ENV}\nexit 0\n", 0o755)
    # it would run without end: the time limit ends it
    cause.options = ["--time", "1"]
    contains(without_warning(cause.run().err).split("\n")[0], "leads env to the script itself, which then runs without end",
             "warning")
    cause.options = []
    write_file(cause.prog, f"#!{ENV} sh\nexit 0\n", 0o755)
    cause.mended()


@test("what env will not find is named, and the start is left to env")
def _():
    cause = Cause()
    cause.tiers = BOTH_TIERS
    write_file(cause.prog, f"#!{ENV} no-such-program\n", 0o755)
    cause.doubted(NOT_FOUND, f"env will not find 'no-such-program', which '{cause.prog}' asks for", "PATH")
    write_file(cause.prog, f"#!{ENV} true\n", 0o755)
    cause.mended()


@test("two words for env are one name, and the -S of the message parts them")
def _():
    cause = Cause()
    write_file(cause.prog, f"#!{ENV} sh -e\nexit 0\n", 0o755)
    cause.doubted(NOT_FOUND, f"the first line of '{cause.prog}' makes env look for one program named 'sh -e'",
                  f"'#!{ENV} -S sh -e'")
    write_file(cause.prog, f"#!{ENV} -S sh -e\nexit 0\n", 0o755)
    cause.mended()


@test("DOS line ends are seen behind a name for env")
def _():
    cause = Cause()
    write_file(cause.prog, f"#!{ENV} sh\r\nexit 0\r\n", 0o755)
    mend = f"sed -i 's/\\r$//' {cause.prog}"
    cause.doubted(NOT_FOUND, f"'{cause.prog}' has DOS line ends: env will look for 'sh' and a carriage return", mend)
    cause.mend_by(mend)


@test("a directory of PATH that may not be searched is not what env misses")
def _():
    cause = Cause()
    if IS_ROOT:
        skip("root may search any directory")
    os.mkdir(cause.path("closed"), 0)
    cause.how["env"]["PATH"] = f"{cause.path('closed')}:/usr/bin"
    write_file(cause.prog, f"#!{ENV} no-such-program\n", 0o755)
    contains(cause.run().err, "croft: warning: env will not find 'no-such-program'", "message")
    write_file(cause.prog, f"#!{ENV} true\n", 0o755)
    cause.mended()


@test("a broken program on PATH does not hide the next one, to which env goes on")
def _():
    cause = Cause()
    write_file(cause.path("one/tool"), f"#!{cause.path('missing')}\n", 0o755)
    program(cause.path("two/tool"))
    write_file(cause.prog, f"#!{ENV} tool\n", 0o755)
    cause.how["env"]["PATH"] = f"{cause.path('one')}:{cause.path('two')}"
    cause.doubted(0, f"the interpreter '{cause.path('missing')}' of '{cause.path('one/tool')}' is missing")
    cause.how["env"]["PATH"] = cause.path("one")
    cause.doubted(NOT_FOUND, f"the interpreter '{cause.path('missing')}' of '{cause.path('one/tool')}' is missing")


@test("a missing loader of a program that env finds is named")
def _():
    cause = Cause()
    program(cause.path("tool"), interp=cause.path("ld"))
    write_file(cause.prog, f"#!{ENV} {cause.path('tool')}\n", 0o755)
    cause.doubted(NOT_FOUND, f"the ELF interpreter '{cause.path('ld')}' of '{cause.path('tool')}' is missing")
    program(cause.path("ld"))
    cause.mended()


# Programs

@test("a missing ELF interpreter is named: the program itself is there")
def _():
    cause = Cause()
    program(cause.prog, interp=cause.path("ld"))
    cause.explained(FOUND, f"the ELF interpreter '{cause.path('ld')}' of '{cause.prog}' is missing",
                    "the program itself is there")
    program(cause.path("ld"))
    cause.mended()


@test("a missing loader is named with the family of packages that brings it", variants=[
    ("ld-linux-x86-64.so.2", "libc6"), ("ld-linux-aarch64.so.1", "libc6"), ("ld-musl-x86_64.so.1", "musl"),
    ("ld-uClibc.so.0", "uClibc")])
def _(variant):
    name, family = variant
    cause = Cause()
    # of one that is there under another name the mend says so: the next test
    if any(os.path.exists(os.path.join(folder, name)) for folder in ("/lib", "/lib64")):
        family = "ln -s /lib"
    program(cause.prog, interp=cause.path(f"lib/{name}"))
    cause.explained(FOUND, f"the ELF interpreter '{cause.path(f'lib/{name}')}' of '{cause.prog}' is missing",
                    f"there is no directory '{cause.path('lib')}'", "the program itself is there", family)
    program(cause.path(f"lib/{name}"))
    cause.mended()


@test("where the loader lies elsewhere and all libraries are found, a link is the mend, and it mends")
def _():
    cause = Cause()
    loader = next((p for p in ("/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1") if os.path.exists(p)), None)
    if not loader:
        skip("no glibc on this machine")
    # a program of the C library's, so that the real loader can do its work
    succeeds(run("gcc", "-x", "c", "-", "-o", cause.prog, f"-Wl,--dynamic-linker={cause.path('lib')}/{os.path.basename(loader)}",
                 stdin="int main(void) { return 0; }"))
    mend = f"mkdir -p {cause.path('lib')} && ln -s {loader} {cause.path('lib')}/{os.path.basename(loader)}"
    cause.explained(FOUND, "the program itself is there, and a link is enough", mend)
    cause.mend_by(mend)


@test("a store path that was not copied is the store's business", variants=["/nix/store", "/gnu/store"])
def _(store):
    cause = Cause()
    program(cause.prog, interp=f"{store}/none-glibc-2.40/lib/ld-linux-x86-64.so.2")
    cause.explained(FOUND, f"'{store}/none-glibc-2.40/lib/ld-linux-x86-64.so.2'", "the program itself is there",
                    "copy the program's closure")
    program(cause.prog)
    cause.mended()


@test("the loader of an interpreter may be what is missing")
def _():
    cause = Cause()
    program(cause.path("interp"), interp=cause.path("ld"))
    write_file(cause.prog, f"#!{cause.path('interp')}\n", 0o755)
    cause.explained(FOUND, f"the ELF interpreter '{cause.path('ld')}' of '{cause.path('interp')}' is missing")
    program(cause.path("ld"))
    cause.mended()


@test("a loader by a relative name is looked up from the working directory")
def _():
    cause = Cause()
    program(cause.prog, interp="ld")
    cause.explained(FOUND, "the ELF interpreter 'ld' of", "is missing", "patchelf --set-interpreter")
    program(cause.path("ld"))
    cause.how["cwd"] = cause.folder
    cause.words = ["./prog"]
    succeeds(cause.run())
    program(cause.prog, interp=cause.path("ld"))
    cause.mended()


@test("a loader that cannot load is named with what it is", variants=["directory", "no x", "text", "short", "foreign"])
def _(kind):
    cause = Cause()
    loader = cause.path("ld")
    program(cause.prog, interp=loader)
    parts = {"directory": ["is a directory", "the program itself is there"],
             "no x": ["is not executable (mode 0644)", f"chmod +x {loader}"],
             "text": ["is no loader: it is text", "the program itself is there"],
             "short": ["is no loader: it is shorter than an ELF header"],
             "foreign": ["is no loader: it is for s390x"]}[kind]
    if kind == "directory":
        os.mkdir(loader)
    elif kind == "foreign":
        program(loader, machine=S390)
    else:
        write_file(loader, {"no x": elf(), "text": "text " * 40, "short": "text"}[kind], 0o644 if kind == "no x" else 0o755)
    cause.explained(FOUND, f"the ELF interpreter '{loader}' of '{cause.prog}'", *parts)
    if kind == "directory":
        os.rmdir(loader)
    program(loader)
    cause.mended()


@test("a program for another machine is told from this one")
def _():
    cause = Cause()
    program(cause.prog, machine=S390)
    cause.explained(FOUND, f"'{cause.prog}' is built for s390x, and this machine is {platform.machine()}",
                    f"get it for {platform.machine()}", "qemu-user-static")
    program(cause.prog)
    cause.mended()


@test("a 32-bit program is named: where the kernel runs none, and where it does, since croft's filter kills it")
def _():
    if platform.machine() != "x86_64":
        skip("32-bit programs are known to be runnable on x86_64 alone")
    cause = Cause()
    code = b"\xb8\1\0\0\0\x31\xdb\xcd\x80"
    size = 52 + 32 + len(code)
    header = b"\x7fELF\1\1\1" + bytes(9) + struct.pack("<HHIIIIIHHHHHH", 2, 3, 1, 0x400000 + 84, 52, 0, 0, 52, 32, 1, 0, 0, 0)
    write_file(cause.prog, header + struct.pack("<IIIIIIII", 1, 0, 0x400000, 0x400000, size, size, 5, 4096) + code, 0o755)
    if os.path.exists("/proc/sys/abi/vsyscall32"):
        succeeds(run(cause.prog))
        cause.doubted(-signal.SIGSYS, f"'{cause.prog}' is a 32-bit program, which the filter", "get it for x86_64")
    else:
        cause.explained(FOUND, f"'{cause.prog}' is a 32-bit program (i386), and this kernel runs none", "get it for x86_64")
    program(cause.prog)
    cause.mended()


@test("a program for another machine is no trouble where a handler runs it")
def _():
    cause = Cause()
    program(cause.prog, machine=S390)
    emulator = program(cause.path("emulator"))
    misc = "/proc/sys/fs/binfmt_misc"
    # a namespace of its own, so that the host's handlers are not touched
    enter = ["unshare", "-Urm", "/bin/sh", "-c", f"mount -t binfmt_misc none {misc} && exec \"$@\"", "sh"]
    if run(*enter, "true").status:
        skip("a user namespace has no handlers of its own before Linux 6.7")
    register = f"printf %s ':test:M:18:\\x16\\x00::{emulator}:' > {misc}/register && exec \"$@\""
    command = [CROFT, "run", "--profile", "system", "--execute", cause.folder, "--", cause.prog]
    refused(run(*enter, *command), FOUND, "is built for s390x")
    succeeds(run(*enter, "/bin/sh", "-c", register, "sh", *command))
    os.unlink(emulator)
    refused(run(*enter, "/bin/sh", "-c", register, "sh", *command), FOUND,
            f"the interpreter '{emulator}' of '{cause.prog}' is missing")


@test("an object file is no program")
def _():
    cause = Cause()
    program(cause.prog, kind=REL)
    cause.explained(FOUND, f"'{cause.prog}' is an object file and no program")
    program(cause.prog)
    cause.mended()


@test("a program that was cut off is damaged", variants=[20, 100])
def _(size):
    cause = Cause()
    write_file(cause.prog, elf()[:size], 0o755)
    cause.explained(FOUND, f"'{cause.prog}' is a damaged ELF file", "copy or build it again")
    program(cause.prog)
    cause.mended()


@test("segments for other pages are said before the kernel kills the program")
def _():
    cause = Cause()
    program(cause.prog, shift=16)
    result = cause.run()
    # gVisor refuses it while exec can still say so
    status_is(result, FOUND if IN_GVISOR else -signal.SIGSEGV)
    contains(result.err, f"'{cause.prog}' is linked for smaller pages", "warning")
    program(cause.prog)
    cause.mended()


@test("several ELF interpreters are no obstacle: the first counts")
def _():
    cause = Cause()
    program(cause.prog, interp=cause.path("ld"), interps=2)
    program(cause.path("ld"))
    cause.mended()
    os.unlink(cause.path("ld"))
    cause.explained(FOUND, f"the ELF interpreter '{cause.path('ld')}' of '{cause.prog}' is missing")


main()
