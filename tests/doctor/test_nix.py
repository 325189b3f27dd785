#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_nix.py - whether Nix builds in its sandbox: the doctor's word beside what Nix truly does, place by place.

In each place Nix builds one derivation whose builder reads a file that lies outside: refused, it was in a sandbox;
read, it was not; or Nix ends with an error before. The doctor must say "works" where, and only where, it was in a sandbox,
and must never be silent about sandbox-fallback where the build ran without one.
"""
from _nix import *      # pylint: disable=wildcard-import,unused-wildcard-import

NIX_BUILD = shutil.which("nix-build")
GROUP = "nixbld"


class Build(Nix):
    """A derivation whose builder is the payload, and the settings it is built with."""

    def __init__(self, sandbox, fallback, *lines):
        super().__init__(f"sandbox = {sandbox}", f"sandbox-fallback = {fallback}", "substitute = false", "substituters =",
                         f"sandbox-paths = {PAYLOAD}", *lines)
        self.secret = write_file(self.path("outside"), "outside\n")
        write_file(self.path("try.nix"), f'derivation {{ name = "try"; system = builtins.currentSystem; '
                   f'builder = "{PAYLOAD}"; args = [ "open-read" "{self.secret}" ]; }}\n')

    def result(self, place):
        """"sandboxed", "open" or Nix's error."""
        if not NIX_BUILD:
            skip("nix is not installed")
        said = place.run(NIX_BUILD, "--no-out-link", self.path("try.nix"))
        if "failed with exit code" in said.err:
            return "sandboxed"
        if "failed to produce output path" in said.err:
            return "open"
        errors = [line for line in said.err.splitlines() if "error" in line]
        true(errors, f"neither built nor failed\n{said}")
        return errors[-1]


def judge(place):
    said = doctor(place)["verdicts"]
    nix = [v for v in said if v["facility"] == "nix" and v["state"] != "works"]
    fallback = [v for v in said if v["facility"] == "nix-fallback"]
    return [v["cause"] for v in nix], [v["cause"] for v in fallback if v["state"] != "works"]


# Of each place: the causes that the doctor names, to root without build users as to a user.
ROOTS = {
    "plain": [],
    "docker": ["nix-filter"],
    "podman-filter": ["nix-hostname"],
    "no-userns-filter": ["nix-filter"],
    "no-userns": ["nix-max-user-namespaces"],
    "by-capability": ["nix-max-user-namespaces"],
    "chroot": ["nix-chroot"],
    "masked-proc": ["nix-proc-masked"],
}


@test("the doctor says what Nix does, and why", variants=[
    (place, fallback) for place in ROOTS for fallback in (("false", "true") if place in ("plain", "docker") else ("true",))])
def _(variant):
    name, fallback = variant
    build = Build("true", fallback, "build-users-group =")
    place = build.place(name)
    causes, fallbacks = judge(place)
    result = build.result(place)
    equal(causes, ROOTS[name], f"causes, where Nix says {result!r}")
    equal(not causes, result == "sandboxed", f"'works', where Nix says {result!r}")
    if result == "open":
        true(fallbacks, "a build ran outside of a sandbox, and nothing is said of sandbox-fallback")
    equal(bool(fallbacks), fallback == "true", "whether sandbox-fallback is named")


@test("without a sandbox by its own setting, that line is named; it is the last that counts")
def _():
    build = Build("true", "false", "build-users-group =")
    write_file(build.path("nix.conf"), read_file(build.path("nix.conf")) + "sandbox = false\n")
    place = build.place()
    verdict = the_verdict(doctor(place), "nix", "nix-sandbox-off", "setting")
    equal(build.result(place), "open", "Nix's result")
    lines = read_file(build.path("nix.conf")).splitlines()
    contains(verdict["evidence"], f"{build.path('nix.conf')}:{len(lines)}", "evidence")
    overridden = the_verdict(doctor(place), "config", "nix-conf-overridden", "setting")
    contains(overridden["what"], f"{build.path('nix.conf')}:1; {build.path('nix.conf')}:{len(lines)}", "what is said")
    write_file(build.path("nix.conf"), read_file(build.path("nix.conf")).replace("sandbox = false", "sandbox = true"))
    equal((judge(place)[0], build.result(place)), ([], "sandboxed"), "after the mend")


@test("silence is called silence: no sandbox, no error, and sandbox-fallback in force")
def _():
    build = Build("true", "true", "build-users-group =")
    place = build.place("docker")
    equal(build.result(place), "open", "Nix's result")
    verdict = the_verdict(doctor(place), "nix-fallback", "nix-silent-fallback", "setting")
    contains(verdict["what"], "BUILDS RUN WITHOUT A SANDBOX", "what is said")
    line = re.search(r"sandbox-fallback = false", verdict["mend"])
    true(line, f"no line in the mend {verdict['mend']!r}")
    write_file(build.path("nix.conf"), read_file(build.path("nix.conf")).replace("sandbox-fallback = true", line[0]))
    differs(build.result(place), "open", "Nix's result after the mend")
    equal(judge(place)[1], [], "what is said of it then")


def unmount(place, text):
    """Takes off what lies over /proc, as the mend says, in the place itself."""
    points = re.findall(r"umount (/proc/\S+?)(?=[;\s]|$)", text)
    true(points, f"no umount in the mend {text!r}")
    return place.within("/bin/sh", "-c", "".join(f"umount {p}; " for p in points) + 'exec "$@"', "sh")


def conf_place(name, *lines):
    def make():
        return Nix(*lines).place(name)
    return make


def write_line(place, text, ending=""):
    """The 'NAME = VALUE' that the mend has, into nix.conf."""
    line = re.search(r"(?:^|: )([a-z-]+ = \S+)" + ending, text)
    true(line, f"no line for nix.conf in the mend {text!r}")
    conf = os.path.join(dict(place.settings)["NIX_CONF_DIR"], "nix.conf")
    write_file(conf, read_file(conf) + line[1] + "\n")
    return place


if IS_ROOT:
    environment("there is no /proc", lambda: Nix("build-users-group =").place("mounts", "run=umount -l /proc"), "nix",
                "nix-no-proc", "mount", mend=typed)
    environment("something lies on /proc", conf_place("masked-proc", "build-users-group ="), "nix", "nix-proc-masked", "mount",
                mend=unmount)
    environment("podman's container", Place("podman").setting(NIX_CONFIG="build-users-group ="), "nix", "nix-proc-masked",
                "mount", mend=lambda place, text: place.plus(*options_in(text)))
environment("the kernel takes no share for the size of /dev/shm", conf_place("plain", "sandbox-dev-shm-size = 1x%",
            "build-users-group ="), "nix", "nix-shm-size", "kernel", mend=write_line, users="user")
environment("nix.conf turns the sandbox off", conf_place("plain", "sandbox = false", "build-users-group ="), "nix",
            "nix-sandbox-off", "setting", mend=write_line, users="user")
environment("sandbox-fallback is on where there is a sandbox", conf_place("plain", "sandbox-fallback = true"), "nix-fallback",
            "nix-fallback-on", "setting", mend=write_line, users="user")


def shell(source):
    def make():
        nix = Nix("build-users-group =")
        shell.nix = nix
        nix.write("build-users-group =", *([f"sandbox-paths = /bin/sh={source}"] if source else ["sandbox-paths ="]))
        return nix.place()
    return make


def static_shell(place, text):
    """Any static program stands for the shell: the doctor looks at what it needs."""
    contains(text, "extra-sandbox-paths = /bin/sh=", "mend")
    shell.nix.write("build-users-group =", f"sandbox-paths = /bin/sh={PAYLOAD}")
    return place


environment("no /bin/sh in the sandbox", shell(""), "nix-shell", "nix-shell-entry", "setting", mend=static_shell,
            users="user")
environment("a /bin/sh that is not there", shell("/srv/none/sh"), "nix-shell", "nix-shell-missing", "not-there", mend=static_shell,
            users="user")
environment("a /bin/sh whose libraries are not bound", shell("/bin/sh"), "nix-shell", "nix-shell-libraries", "setting",
            mend=static_shell, users="user")

if IS_ROOT:
    # Accounts of its own: what is written to /etc there is gone with the place.
    OWN_ETC = ("run=mount -t tmpfs none /mnt && mkdir /mnt/upper /mnt/work",
               "run=mount -t overlay -o lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work none /etc")

    def without_users(group, *more):
        """A build by users of that group. The deed: it is in a sandbox."""
        def make():
            make.build = Build("true", "false", f"build-users-group = {group}")
            return make.build.place("mounts", *OWN_ETC, *more)
        return {"place": make, "deed": lambda place: Result([], make.build.result(place) != "sandboxed", "", "")}

    environment("the group of build users does not exist", facility="nix-users", cause="nix-group-missing", who="not-there",
                mend=typed, **without_users("croft-nobody"))
    environment("the group of build users has no members", facility="nix-users", cause="nix-group-empty", who="not-there",
                mend=typed, **without_users("croft-nobody", "run=groupadd -r croft-nobody"))
    environment("root is among the build users", without_users("croft-nobody", "run=groupadd -r croft-nobody && "
                "gpasswd -a root croft-nobody")["place"], "nix-users", "nix-group-root", "setting", mend=typed, fixed="gone")


def daemon(listens):
    def make():
        nix = Nix("build-users-group =")
        path = os.path.join(nix.path("var"), "daemon-socket", "socket")
        os.makedirs(os.path.dirname(path))
        daemon.path = path
        daemon.socket = socket.socket(socket.AF_UNIX)
        daemon.socket.bind(path)
        cleanup(daemon.socket.close)
        if listens:
            daemon.socket.listen()
        return nix.place().setting(NIX_REMOTE="daemon")
    return make


def listen(place, text):
    contains(text, "nix-daemon", "mend")
    daemon.socket.listen()
    return place


environment("the daemon's socket is there, and nobody listens", daemon(False), "nix-users", "nix-daemon-down", "not-there",
            mend=listen, fixed="gone", users="user")


@test("a user who has a daemon build is told that it was asked as the wrong user")
def _():
    if IS_ROOT:
        skip("root is the right user")
    said = doctor(daemon(True)())
    verdict = [v for v in said["verdicts"] if v["facility"] == "nix"]
    equal([(v["cause"], v["state"]) for v in verdict], [("nix-asked-as-user", "unknown")], "what is said")
    contains(verdict[0]["mend"], "sudo croft doctor", "mend")


@test("lines that do nothing are called so, each with its place and the nearest name, which then has an effect")
def _():
    rows = [("sandbx = true", "nix-conf-unknown", "'sandbox'"),
            ("kernel.unprivileged_userns_clone = 1", "nix-conf-unknown", "no Nix knows"),
            ("build-use-sandbox = true", "nix-conf-alias", "'sandbox'")]
    if NIX:
        rows.append(("auto-allocate-uids = true", "nix-conf-other-version", "another version"))
    nix = Nix("build-users-group =", *(line for line, _, _ in rows))
    of_conf = lambda: [v for v in of_facility(doctor(nix.place()), "config") if v["cause"].startswith("nix-conf")]
    found = of_conf()
    equal([v["cause"] for v in found], [cause for _, cause, _ in rows], "causes")
    for number, (verdict, (_, _, words)) in enumerate(zip(found, rows), 2):
        contains(verdict["what"], words, "what is said")
        contains(verdict["what"], f"{nix.path('nix.conf')}:{number}", "place")
    name = re.match(r"write '(\S+)' in its place", found[0]["mend"])
    nix.write("build-users-group =", f"{name[1]} = true")
    equal(of_conf(), [], "after the mends")


@test("what ends every command of Nix is named with its line, and nothing of a line that may be a secret")
def _():
    nix = Nix("build-users-group =", "sandbox=true", "include /srv/none", "include nix.conf", "access-tokens github.com=secret")
    said = doctor(nix.place())
    conf = nix.path("nix.conf")
    equal([(v["cause"], v["evidence"].split(" ")[0].rstrip(":")) for v in of_facility(said, "nix")],
          [("nix-conf-syntax", f"{conf}:2"), ("nix-conf-include", f"{conf}:3"), ("nix-conf-loop", f"{conf}:4"),
           ("nix-conf-syntax", f"{conf}:5")], "causes")
    lacks(str(said), "secret", "all that is said and saved")
    for line in nix.lines[1:] if NIX else ():
        nix.write("build-users-group =", line)
        differs(nix.place().run(NIX, "--extra-experimental-features", "nix-command", "show-config").status, 0,
                f"Nix's status with {line!r}")


@test("a FIFO, a directory and an unreadable file for nix.conf: the doctor goes on, and names it",
      variants=["fifo", "directory", "unreadable"])
def _(kind):
    nix = Nix()
    conf = nix.path("nix.conf")
    os.unlink(conf)
    if kind == "fifo":
        os.mkfifo(conf)
    elif kind == "directory":
        os.mkdir(conf)
    else:
        if IS_ROOT:
            skip("root reads everything")
        write_file(conf, "sandbox = false\n", 0o000)
    places = [nix.place()]
    if kind == "fifo":      # with a Nix that waits for it, and without
        places.append(nix.place().setting(PATH="/srv/nowhere"))
    for place in places:
        said = doctor(place)
        contains(the_verdict(said, "config", "nix-conf-unread", "setting")["what"], conf, "what is said")


main()
