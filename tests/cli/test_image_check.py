#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_image_check.py - croft image check: what keeps programs from starting in an image, and the mend.

Each image is looked at as a directory, as an OCI layout and as an archive of docker save, with the same findings.
Where a mend can be applied here it is: then the finding goes, and the program really starts below the image's root.
"""
from _images import *      # pylint: disable=wildcard-import,unused-wildcard-import

GLIBC = f"/nix/store/{HASH}-glibc-2.40/lib"
GCC_LIB = f"/nix/store/{HASH}-gcc-13-lib/lib"
HOOKS = ["tail", "sh", "env", "tar", "find", "stat", "chmod", "cat", "mkdir", "cp", "dirname", "rm", "mv"]


def nix_image():
    """A C library in a store and nothing outside of it but links: no /lib64, no /usr, no cache."""
    image = Image()
    for name, path in host_libraries("/bin/dash"):
        image.copy(path, f"{GLIBC}/{name}")
    nix_program(image, "bash", "sh")
    return image


def nix_program(image, package, *names):
    """A package of the store: its programs, linked in /bin."""
    for name in names:
        image.made(f"/nix/store/{HASH}-{package}-1/bin/{name}", "", f"-Wl,--dynamic-linker={GLIBC}/{os.path.basename(INTERP)}",
                   f"-Wl,-rpath,{GLIBC}")
        image.link(f"/bin/{name}", f"/nix/store/{HASH}-{package}-1/bin/{name}")


def with_more(image, name, library, soname):
    """A program of this machine's that needs one library of ours; *library: where that is put, or None."""
    folder = tempdir()
    write_file(os.path.join(folder, "more.c"), "int more(void) { return 0; }\n")
    made = os.path.join(folder, soname)
    succeeds(run("gcc", "-shared", "-fPIC", f"-Wl,-soname,{soname}", "-o", made, os.path.join(folder, "more.c")))
    image.made(name, "more();", made)
    if library:
        image.copy(made, f"{library}/{soname}")
    return made


# Families

@test("the family is told by several signs", variants=list(RELEASES) + ["nix", "busybox", "scratch", "distroless", "unknown"])
def _(name):
    image = Image(name)
    if name == "nix":
        image = nix_image()
    elif name == "busybox":
        image.add("/bin/busybox", b"\x7fELF", 0o755)
        image.link("/bin/sh", "busybox")
    elif name == "distroless":
        image.add("/etc/os-release", RELEASES["debian"])
        image.add("/var/lib/dpkg/status.d/base")
    elif name == "unknown":
        image.add("/bin/sh", "", 0o755)
    family = {"ubuntu": "debian", "rhel": "fedora"}.get(name, name)
    for path in forms(image).values():
        answer = answer_of(path, "--need", "true")
        equal(answer["family"], family, "family")
        true(len(answer["signs"]) >= (0 if name == "unknown" else 1), "there are signs")


@test("a Debian with a Nix store beside its packages stays a Debian, and a Nix image with os-release is one of Nix")
def _():
    image = Image("debian")
    image.add(f"/nix/store/{HASH}-hello/bin/hello", "", 0o755)
    equal(answer_of(image.root, "--need", "sh")["family"], "debian", "family")
    image = nix_image()
    image.add("/etc/os-release", "ID=nixos\n")
    equal(answer_of(image.root, "--need", "sh")["family"], "nix", "family")


@test("the mend of a missing command is the family's own line", variants=[
    ("debian", "apt-get install -y tar"), ("ubuntu", "apt-get install -y tar"), ("alpine", "apk add tar"),
    ("fedora", "dnf install -y tar"), ("rhel", "microdnf install -y tar"), ("arch", "pacman -S --noconfirm tar"),
    ("nix", "Nixery: append '/gnutar' to the image's name; dockerTools: contents = [ pkgs.gnutar ]")])
def _(variant):
    family, mend = variant
    image = nix_image() if family == "nix" else Image(family)
    finds(image, ["--need", "tar"], [f"tar: missing (not on PATH {USUAL_PATH})", f"({mend})"])


@test("of a command in no table no package is invented: the mend says how to find it", variants=[
    ("debian", "apt-file search -x '/bin/frobnicate$'"), ("alpine", "apk search cmd:frobnicate"),
    ("fedora", "dnf provides '*/bin/frobnicate'"), ("arch", "pacman -Fy frobnicate"),
    ("nix", "nix-locate --whole-name --at-root /bin/frobnicate")])
def _(variant):
    family, mend = variant
    image = nix_image() if family == "nix" else Image(family)
    finds(image, ["--need", "frobnicate"], ["frobnicate: missing", mend])


@test("Debian's packages are the ones that brought the commands of this machine")
def _():
    if not shutil.which("dpkg-query"):
        skip("no dpkg on this machine")
    image, asked = Image("debian"), 0
    names = [n for n in ("bash", "tar", "find", "xargs", "cat", "stat", "chmod", "env", "grep", "sed", "gzip", "xz", "bzip2", "diff",
                         "git", "curl", "make", "python3", "perl", "which", "mount", "setsid", "ps", "file", "patch", "zstd")
             if shutil.which(n)]
    os.unlink(image.path("/bin/sh"))
    paths = {name: os.path.realpath(shutil.which(name)) for name in names}
    owners = {}
    for line in run("dpkg-query", "-S", *paths.values(), *(p.removeprefix("/usr") for p in paths.values())).out.splitlines():
        package, path = line.rsplit(": ", 1)
        owners.setdefault("/usr" + path.removeprefix("/usr"), []).append(package.split(":")[0])
    for finding in answer_of(image.root, "--need", ",".join(names))["findings"]:
        name, package = finding["subject"], finding["mend"].removeprefix("apt-get install -y ")
        owner = owners.get("/usr" + paths[name].removeprefix("/usr"))
        # python3 is a link to what python3-minimal's dependency has, gcc to gcc-12
        if name not in ("python3", "perl") and owner:
            contains(owner, package, f"the owner of {name}")
            asked += 1
    true(asked >= 10, f"packages could be compared: {asked}")


# Commands

@test("what the hooks need is missing one by one, and with these programs nothing is")
def _():
    image = Image("debian")
    finds(image, ["--need", "@github-hooks"], *([f"{name}: missing", "apt-get install -y"] for name in HOOKS if name != "sh"))
    for name in HOOKS:
        if name != "sh":
            image.take(name)
    sound(image, "--need", "@github-hooks")
    succeeds(image.starts("/bin/sh", "-c", "tar --version && find / -maxdepth 1 && stat / && mkdir -p /x/y"))


@test("of an Alpine image the hooks need grep as well")
def _():
    image = Image("alpine")
    contains([what.split(":")[0] for what, _ in findings(image, "--need", "@github-hooks")], "grep", "missing")
    image = Image("debian")
    lacks([what.split(":")[0] for what, _ in findings(image, "--need", "@github-hooks")], "grep", "missing")


@test("a Nix-built image lacks tar until its package is in")
def _():
    image = nix_image()
    finds(image, ["--need", "sh,tar"], ["tar: missing", "append '/gnutar'"])
    nix_program(image, "gnutar", "tar")
    sound(image, "--need", "sh,tar")
    equal(succeeds(image.starts("/bin/tar")).out, "tar\n", "standard output")


@test("where /bin is a link to usr/bin a missing command is missing, and a missing path in it too")
def _():
    image = Image("debian")
    os.rename(image.path("/bin/sh"), image.path("/usr/bin/sh"))
    os.rmdir(image.path("/bin"))
    image.link("/bin", "usr/bin")
    finds(image, ["--need", "tar,/bin/tar"], [f"tar: missing (not on PATH {USUAL_PATH})", "(apt-get install -y tar)"],
          ["'/bin/tar' is missing"])
    image.take("tar")
    sound(image, "--need", "tar,/bin/tar")


@test("the root of this machine is an image like any other, with mounts and without")
def _():
    for root in "/", "//", "/.":
        answer = answer_of(root, "--need", "sh,no-such-command")
        equal([f["kind"] for f in answer["findings"]], ["not-found"], "kinds")
        contains(answer["findings"][0]["what"], "no-such-command: missing", "finding")
    host = os.path.join(tempdir(), "tools")
    write_file(os.path.join(host, "no-such-command"), "#!/bin/sh\n", 0o755)
    equal(answer_of("/", "--mount", f"{host}:/srv/tools", "--need", "sh,/srv/tools/no-such-command")["findings"], [], "findings")


@test("a directory on PATH that may not be searched is named; what it has is not said to be missing")
def _():
    image = Image("debian")
    image.take("tar")
    os.chmod(image.path("/usr/bin"), 0)
    become = {"preexec_fn": lambda: (os.setgroups([]), os.setresgid(65534, 65534, 65534), os.setresuid(65534, 65534, 65534))} \
        if IS_ROOT else {}
    os.chmod(os.path.dirname(image.root), 0o755)
    result = run_croft("image", "check", "--need", "sh,tar", image.root, **become)
    status_is(result, FOUND)
    contains(result.out, "tar: '/usr/bin/tar' cannot be reached: you may not search the directory '/usr/bin'", "finding")
    equal(len(result.out.splitlines()), 1, "lines")
    os.chmod(image.path("/usr/bin"), 0o755)
    succeeds(run_croft("image", "check", "--need", "sh,tar", image.root, **become))


@test("a link that leads nowhere is named with what it leads to")
def _():
    image = Image("debian")
    image.link("/usr/bin/tar", "/etc/alternatives/tar")
    image.link("/usr/bin/find", "find")
    finds(image, ["--need", "tar,find"],
          ["tar: '/etc/alternatives' is missing, and the symbolic link '/usr/bin/tar' leads to it"],
          ["find: '/usr/bin/find' cannot be reached: symbolic links lead in a circle"])
    os.unlink(image.path("/usr/bin/find"))
    image.take("/etc/alternatives/tar", shutil.which("tar"))
    sound(image, "--need", "tar")


@test("a busybox that was built without a command is not taken for it")
def _():
    if not os.access("/bin/busybox", os.X_OK) or host_libraries("/bin/busybox"):
        skip("no static busybox on this machine")
    image = Image()
    image.copy("/bin/busybox", "/bin/busybox")
    for name in ("sh", "tar", "rsync"):
        image.link(f"/bin/{name}", "busybox")
    finds(image, ["--need", "sh,tar,rsync"], ["rsync: '/bin/rsync' leads to a busybox that was built without it"])
    status_is(image.starts("/bin/rsync"), 127)
    succeeds(image.starts("/bin/tar", "--help"))
    # hard links, as some builds are installed, are judged by the kernel alone
    os.unlink(image.path("/bin/rsync"))
    sound(image, "--need", "sh,tar")


@test("a static busybox under the command's name does in an image made from scratch")
def _():
    if not os.access("/bin/busybox", os.X_OK) or host_libraries("/bin/busybox"):
        skip("no static busybox on this machine")
    image = Image()
    image.add("/app", b"\x7fELF", 0o755)
    finds(image, ["--need", "tar"], ["tar: missing", "COPY --from=busybox:musl /bin/busybox /bin/tar"])
    image.copy("/bin/busybox", "/bin/tar")
    sound(image, "--need", "tar")
    succeeds(image.starts("/bin/tar", "--help"))


@test("commands are looked up on the PATH of the image's configuration")
def _():
    image = Image("debian")
    image.take("/opt/tools/tar", shutil.which("tar"))
    image.config = {"Env": ["PATH=/opt/tools:/bin"]}
    sound(image, "--need", "tar,sh")
    image.config = {"Env": ["PATH=/usr/bin"]}
    finds(image, ["--need", "tar,sh"], ["tar: missing (not on PATH /usr/bin)"], ["sh: missing (not on PATH /usr/bin)"])


@test("without a question it is what the image itself starts", variants=["Entrypoint", "Cmd"])
def _(key):
    image = Image("debian")
    image.config = {key: ["/bin/sh", "-c", "true"]}
    sound(image)
    image.config = {key: ["/bin/server"]}
    finds(image, [], ["'/bin/server' is missing"])


@test("a directory that says nothing of what it starts is a wrong question")
def _():
    refused(Image("debian").check(), 125, "so there is nothing to check", "--run PROG")


# Libraries and loaders

@test("a missing library is named with its package in the family's words", variants=[
    ("debian", "apt-get install -y libstdc++6"), ("fedora", "dnf install -y libstdc++"), ("arch", "pacman -S --noconfirm gcc-libs")])
def _(variant):
    family, mend = variant
    image = Image(family)
    made = with_more(image, "/srv/prog", None, "libstdc++.so.6")
    finds(image, ["--run", "/srv/prog"], ["the library 'libstdc++.so.6' of '/srv/prog' is in no directory where the loader looks",
                                          f"({mend})"])
    image.copy(made, f"{os.path.dirname(host_libraries('/bin/dash')[0][1])}/libstdc++.so.6")
    sound(image, "--run", "/srv/prog")
    equal(succeeds(image.starts("/srv/prog")).out, "prog\n", "standard output")


@test("a library that lies where the loader does not look is named with its directory, which then does")
def _():
    image = Image("debian")
    with_more(image, "/srv/prog", "/usr/local/lib64", "libmore.so.1")
    found = finds(image, ["--run", "/srv/prog"], ["'libmore.so.1'", "it lies where the loader does not look: LD_LIBRARY_PATH="])
    variable = found[0][1].split(": ")[1]
    equal(succeeds(image.starts("/bin/sh", "-c", f"{variable} /srv/prog")).out, "prog\n", "standard output")
    image.config = {"Env": [variable]}
    sound(image, "--run", "/srv/prog")


@test("a foreign program in a Nix image: the whole list of libraries decides, not the loader alone")
def _():
    image = nix_image()
    made = with_more(image, "/__e/foreign", None, "libstdc++.so.6")
    words = ["--run", "/__e/foreign"]
    loader = f"{GLIBC}/{os.path.basename(INTERP)}"
    found = finds(image, words, [f"the ELF interpreter '{INTERP}' of '/__e/foreign' is missing",
                                 f"a link to {loader} would not do", "libstdc++.so.6 is nowhere here", "stdenv.cc.cc.lib"])
    lacks(found[0][1], "ln -s", "mend")
    # and so it is: the link alone leads to the next error
    image.link(INTERP, loader)
    status_is(image.starts("/__e/foreign"), 127)
    contains(findings(image, *words)[0][0], "libstdc++.so.6", "finding")
    os.unlink(image.path(INTERP))
    image.copy(made, f"{GCC_LIB}/libstdc++.so.6")
    found = finds(image, words, [f"'{INTERP}' of '/__e/foreign' is missing", "start it as: ",
                                 f"{loader} --library-path {GCC_LIB}:{GLIBC} /__e/foreign", "patchelf"])
    line = re.search(r"start it as: ([^;]*)", found[0][1])[1].split()
    equal(succeeds(image.starts(*line)).out, "foreign\n", "standard output")


@test("where a link to the loader is all that is missing, the link is the mend")
def _():
    image = Image("debian")
    image.made("/srv/prog")
    parts = image.path(INTERP)
    moved = f"/usr/lib/{MACHINE}-linux-gnu/{os.path.basename(INTERP)}"
    os.makedirs(os.path.dirname(image.path(moved)), exist_ok=True)
    os.rename(parts, image.path(moved))
    if not os.listdir(os.path.dirname(parts)):
        os.rmdir(os.path.dirname(parts))
    found = finds(image, ["--run", "/srv/prog"], [f"'{INTERP}' of '/srv/prog' is missing", f"ln -s {moved} {INTERP}"])
    line = found[0][1].split("a link is enough: ")[1].replace(INTERP, image.path(INTERP)).replace(
        f"mkdir -p {os.path.dirname(INTERP)} ", f"mkdir -p {os.path.dirname(image.path(INTERP))} ")
    succeeds(run("/bin/sh", "-c", line))
    sound(image, "--run", "/srv/prog")
    equal(succeeds(image.starts("/srv/prog")).out, "prog\n", "standard output")


@test("a program for glibc in an image with musl is told so")
def _():
    if not os.path.exists(MUSL_INTERP) or not shutil.which("musl-gcc"):
        skip("no musl on this machine")
    image = Image()
    image.add("/etc/os-release", RELEASES["alpine"])
    image.add("/lib/apk/db/installed")
    image.copy(MUSL_INTERP, MUSL_INTERP)
    image.made("/bin/sh", compiler="musl-gcc")
    sound(image, "--run", "sh")
    equal(succeeds(image.starts("/bin/sh")).out, "sh\n", "standard output")
    with_more(image, "/srv/prog", None, "libstdc++.so.6")
    finds(image, ["--run", "/srv/prog"], [f"the ELF interpreter '{INTERP}' of '/srv/prog' is missing",
                                          "it is built for glibc, and the C library here is musl", "libstdc++.so.6",
                                          "apk add libstdc++", "apk add gcompat", "or get a build for musl"])


@test("a program for musl in an image with glibc: its loader is one package")
def _():
    if not os.path.exists(MUSL_INTERP) or not shutil.which("musl-gcc"):
        skip("no musl on this machine")
    image = Image("debian")
    image.made("/srv/prog", compiler="musl-gcc")
    finds(image, ["--run", "/srv/prog"], [f"the ELF interpreter '{MUSL_INTERP}' of '/srv/prog' is missing",
                                          "it is built for musl, and the C library here is glibc", "apt-get install -y musl"])
    image.copy(MUSL_INTERP, MUSL_INTERP)
    sound(image, "--run", "/srv/prog")
    equal(succeeds(image.starts("/srv/prog")).out, "prog\n", "standard output")


@test("a symbol version that the image's library lacks is named with both")
def _():
    image = Image("debian")
    folder = tempdir()
    write_file(f"{folder}/more.c", "int more(void) { return 0; }\n")
    for version in ("V_9", "V_8"):
        write_file(f"{folder}/map", f"{version} {{ global: more; }};\n")
        os.mkdir(f"{folder}/{version}")
        succeeds(run("gcc", "-shared", "-fPIC", "-Wl,-soname,libmore.so.1", f"-Wl,--version-script={folder}/map", "-o",
                     f"{folder}/{version}/libmore.so.1", f"{folder}/more.c"))
    image.made("/srv/prog", "more();", f"{folder}/V_9/libmore.so.1", "-Wl,-rpath,/srv")
    image.copy(f"{folder}/V_8/libmore.so.1", "/srv/libmore.so.1")
    finds(image, ["--run", "/srv/prog"], ["'/srv/libmore.so.1' of '/srv/prog' lacks the version 'V_9'", "install a newer one"])
    status_is(image.starts("/srv/prog"), 1)
    shutil.copy(f"{folder}/V_9/libmore.so.1", image.path("/srv/libmore.so.1"))
    sound(image, "--run", "/srv/prog")
    succeeds(image.starts("/srv/prog"))


@test("whichever file is spoilt, a program is said to start just when it does")
def _():
    image = Image("debian")
    image.take("cat")
    image.link("/usr/bin/cat-link", "/usr/bin/cat")
    image.add("/usr/bin/script", "#!/bin/sh\n", 0o755)
    names = ["/bin/sh", "/usr/bin/cat", "/usr/bin/cat-link", "/usr/bin/script"]
    files = [path for folder, _, found in os.walk(image.root) for path in (os.path.join(folder, f) for f in found)
             if "/lib" in path or "/bin/" in path]
    # not an empty file: chroot(1) hands that to /bin/sh
    spoil = {"gone": lambda path: None,
             "cut": lambda path: write_file(path, open(away, "rb").read(5000), 0o755),
             "no x": lambda path: write_file(path, open(away, "rb").read(), 0o644),
             "a directory": os.mkdir,
             "a link to nothing": lambda path: os.symlink("/nothing", path)}
    away, ends = os.path.join(tempdir(), "away"), set()
    for path in sorted(files):
        if "apt-get" in path or "apk" in path or not os.path.exists(path):
            continue
        os.rename(path, away)
        for how, make in spoil.items():
            make(path)
            found = {f["subject"] for f in answer_of(image.root, "--need", ",".join(names))["findings"]}
            for name in names:
                done = image.starts(name, "/etc/os-release")
                ends.add(done.status == 0)
                equal(name not in found, done.status == 0, f"{name} starts with {path} {how} ({done.err})")
            if os.path.isdir(path) and not os.path.islink(path):
                os.rmdir(path)
            elif os.path.lexists(path):
                os.unlink(path)
        os.rename(away, path)
    equal(ends, {True, False}, "ends")


# Mounts

@test("what is mounted at run time is looked up with --mount")
def _():
    image = Image("debian")
    host = os.path.join(tempdir(), "externals")
    write_file(os.path.join(host, "node20/bin/node"), "#!/bin/sh\nexit 0\n", 0o755)
    words = ["--need", "/__e/node20/bin/node"]
    finds(image, words, ["'/__e/node20/bin/node' is missing: there is no directory '/__e'"])
    sound(image, "--mount", f"{host}:/__e", *words)
    write_file(os.path.join(host, "node20/bin/node"), "#!/bin/nosuch\n", 0o755)
    finds(image, ["--mount", f"{host}:/__e", *words], ["the interpreter '/bin/nosuch' of '/__e/node20/bin/node' is missing"])


@test("--tag and --arch take one image of several, and name what there is")
def _():
    image = Image("debian")
    path = docker_archive(image, layer_of(image))
    words = ["image", "check", "--need", "sh"]
    succeeds(run_croft(*words, "--tag", "job:1", "--arch", OCI_MACHINE, path))
    refused(run_croft(*words, "--tag", "job:2", path), 125, "--tag: no image has that tag: there are job:1")
    refused(run_croft(*words, "--arch", "s390x", path), 125, f"--arch: the image is for '{OCI_MACHINE}', not 's390x'")


# Misuse

@test("misuse and what cannot be read are status 125 and one line", variants=[
    ([], "no image to be checked"), (["--need", "tar", "{image}", "{image}"], "one image is checked"),
    (["--need", "@hooks", "{image}"], "there is no set '@hooks' (one of: @github-hooks)"),
    (["--need", "tar,,sh", "{image}"], "is empty"), (["--run", "", "{image}"], "--run: the value is empty"),
    (["--need", ",".join(f"c{i}" for i in range(257)), "{image}"], "more than 256 commands"),
    (["--run", "sh", "{image}/nothing"], "nothing"), (["--mount", "x", "--run", "sh", "{image}"], "x"),
    (["--mount", "/:etc", "--run", "sh", "{image}"], "etc"), (["--mount", "/nothing-here:/x", "--run", "sh", "{image}"], "nothing-here"),
    (["--tag", "", "--run", "sh", "{image}"], "--tag: the value is empty"), (["--arch", "", "{image}"], "--arch: the value is empty"),
    (["--tag", "job:1", "--run", "sh", "{image}"], "--tag: it is a directory, which says nothing of that"),
    (["--arch", "amd64", "--run", "sh", "{image}"], "--arch: it is a directory, which says nothing of that"),
    (["--pod", "{image}/nothing", "{image}"], "No such file"), (["--tree", "{image}"], "there is no option '--tree'")])
def _(variant):
    words, part = variant
    image = Image("debian")
    refused(run_croft("image", "check", *(word.replace("{image}", image.root) for word in words)), 125, part)
    status_is(image.check("--need", "sh"), SOUND)


@test("croft image tells its verbs, and knows no other")
def _():
    contains(succeeds(run_croft("image", "--help")).out, "croft image", "help")
    refused(run_croft("image"), 125, "croft image needs one of check")
    refused(run_croft("image", "chek"), 125, "did you mean 'check'?")
    contains(succeeds(run_croft("image", "check", "--help", "all")).out, "@github-hooks", "help")


@test("names in an image cannot forge a line or move the cursor")
def _():
    image = Image("debian")
    name = "/srv/\x1b[2Jx\ncroft: fine"
    image.add(name, "#!/bin/no\x1b]0;t\n", 0o755)
    result = image.check("--run", name)
    status_is(result, FOUND)
    equal(len(result.out.splitlines()), 1, "lines")
    lacks(result.out, "\x1b", "standard output")


main()
