#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_nix_builder.py - croft doctor --nix and remote builders: a real sshd on the loopback address, and a builder for each
way in which one fails.

All are asked at once, each is told from the others, and then what was planted is put right as the text of its mend says:
lines are typed as they are printed. Nix itself ("nix store ping") reaches afterwards what it did not reach before.
"""
import base64
import contextlib
import pty

from _nix import *      # pylint: disable=wildcard-import,unused-wildcard-import

SLOW = 12.0     # seconds: a server that says nothing is waited for
AT_ONCE = 4     # that a busy machine answers within their time
NIX_STORE = shutil.which("nix-store")


def typed_at_terminal(line, answer):
    """Types the line at a terminal, and this answer to what ssh asks there."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execv("/bin/sh", ["sh", "-c", line])
    said = b""
    while True:
        try:
            data = os.read(fd, 4096)
        except OSError:
            break
        if not data:
            break
        if b"fingerprint])?" in data:
            os.write(fd, answer.encode() + b"\n")
        said += data
    os.close(fd)
    equal(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0, f"status of {line!r}\n{said.decode(errors='replace')}")


def key_is_scanned(b, name, text):
    """ssh asks, and is answered with the fingerprint that the mend has, which is the builder's own."""
    answer = re.search(r"answer (SHA256:\S+)", text)
    true(answer, f"no fingerprint in the mend {text!r}")
    contains(run("ssh-keygen", "-l", "-f", b.path("host.pub")).out, answer[1], "fingerprint")
    typed_at_terminal(text.split(" (as who builds)")[0], answer[1])


def key_is_added(b, name, text):
    b.authorized[name] = text[text.index("there: ") + len("there: "):]


def port_is_right(b, name, text):
    contains(text, "port", "mend")
    b.hosts[name]["Port"] = b.port


def name_is_right(b, name, text):
    contains(text, "HostName", "mend")
    b.hosts[name]["HostName"] = "127.0.0.1"


def proxy_is_gone(b, name, text):
    contains(text, "ssh -F", "mend")
    del b.hosts[name]["ProxyCommand"]


def command_is_right(b, name, text):
    command = re.search(r"should be (nix-store --serve --write)", text)
    true(command, f"no command in the mend {text!r}")
    b.authorized[name] = f'command="{command[1]}" {b.public(name)}'


def greeting_is_interactive(b, name, text):
    line = re.search(r"case \$- in .*? esac", text)
    true(line, f"no line for the start file in the mend {text!r}")
    write_file(b.path("rc"), line[0].replace("return", "false") + " && echo Welcome to the builder\n")


def program_is_named(b, name, text):
    program = re.search(r"(\?remote-program=)\S+/nix-store", text)
    true(program, f"no remote-program in the mend {text!r}")
    b.lines[name] = b.lines[name].replace(name + " ", name + program[1] + NIX_STORE + " ", 1)


def line_is_typed(b, name, text):
    line = re.search(r"(?:^|: )((?:ssh-keygen|chmod|rm) .*)", text)
    true(line, f"no line in the mend {text!r}")
    # the old passphrase would be asked for
    succeeds(run("/bin/sh", "-ec", line[1].replace("ssh-keygen -p ", "ssh-keygen -p -P secret ")))
    b.authorized[name] = b.public(name)


def plant(b):
    """name -> (cause or None, who, mend)"""
    keep = {}

    def builder(name, cause, who="", mend=None, **how):
        b.add(name, **how)
        keep[name] = (cause, who, mend)

    builder("plain", None)
    builder("forced", None, options='restrict,command="nix-store --serve --write"')
    builder("named", None, HostKeyAlias="named", words=base64.b64encode(b.public("host").encode()).decode())
    builder("denied", "builder-denied", "remote", key_is_added, options=None)
    builder("unknown", "builder-host-key-unknown", "setting", key_is_scanned, HostKeyAlias="nobody-knows")
    b.make_key("other")
    write_file(b.known, read_file(b.known) + f"was-another {b.public('other')}\n")
    builder("changed", "builder-host-key-changed", "remote", key_is_scanned, HostKeyAlias="was-another")
    builder("refused", "builder-refused", "network", port_is_right, Port=free_port())
    builder("nameless", "builder-no-dns", "network", name_is_right, HostName="builder.invalid")
    builder("silent", "builder-silent", "remote", Port=Raw(False).port)
    builder("dropped", "builder-reset", "remote", Port=Raw(True).port)
    builder("web", "builder-not-ssh", "setting", port_is_right, Port=Cache(404).url.rsplit(":", 1)[1])
    # not beside those that open the same new store
    builder("daemon", None, uri="ssh-ng://{}", options='restrict,command="nix-daemon --stdio"')
    builder("proxied", "builder-proxy", "setting", proxy_is_gone, ProxyCommand="false")
    # as nix-daemon does when it is quick to see it: ends if its input has ended before it has answered
    patient = write_file(b.path("patient.py"), "import os, select, sys\nos.read(0, 16)\npoll = select.poll()\npoll.register(0, 1)\n"
                         "if poll.poll(400):\n    sys.exit('interrupted by the user')\n"
                         "os.write(1, bytes.fromhex('cbee525400000000') + bytes(8))\n")
    builder("patient", None, options=f'command="{PYTHON} -IS {patient}"')
    builder("false", "builder-command", "remote", command_is_right, options='command="/bin/false"')
    # what a shell there says is not ssh's own
    builder("liar", "builder-command", "remote", options='command="echo Connection refused >&2; exit 255"')
    # sshd does not end what it has started when the connection goes
    hung = write_file(b.path("hung"), "")
    cleanup(end_all, hung)
    builder("hangs", "builder-hangs", "remote", command_is_right, options=f'command="echo $$ >>{hung}; exec sleep 60"')
    write_file(b.path("rc"), "printf 'Welcome \\033[31mto the builder\\n'\n")
    builder("greets", "builder-banner", "remote", greeting_is_interactive,
            options=f'command=". {b.path("rc")}; $SSH_ORIGINAL_COMMAND"')
    builder("nixless", "builder-no-nix", "remote", program_is_named, options='command="PATH=/srv/nowhere; $SSH_ORIGINAL_COMMAND"')
    builder("lost", "builder-key-file", "not-there", line_is_typed)
    os.unlink(b.path("lost"))
    os.unlink(b.path("lost.pub"))
    builder("open", "builder-key-mode", "privilege", line_is_typed)
    os.chmod(b.path("open"), 0o644)
    builder("locked", "builder-key-locked", "setting", line_is_typed)
    succeeds(run("ssh-keygen", "-q", "-p", "-N", "secret", "-P", "", "-f", b.path("locked")))
    builder("garbage", "builder-key-bad", "setting", line_is_typed)
    write_file(b.path("garbage"), "garbage\n", 0o600)
    builder("fifo", "builder-key-bad", "setting", line_is_typed)
    os.unlink(b.path("fifo"))
    os.mkfifo(b.path("fifo"))
    builder("keyless", "builder-no-key", "not-there", key="-", IdentityFile="/srv/none")
    return keep


def verdicts_of(b, names):
    """By builder's name; and none of them in words of HTTP."""
    names, found = list(names), []
    while names:
        found += of_facility(doctor(b.place(*names[:AT_ONCE]), "--nix", limit=SLOW), "nix-builder")
        del names[:AT_ONCE]
    for verdict in found:
        lacks(f"{verdict['what']} {verdict['evidence']} {verdict['mend']}", "HTTP", "what is said of a builder")
        lacks(str(verdict), "\x1b", "what is said of a builder")
    return {re.search(r"ssh(?:-ng)?://(\w+)", v["what"] + v["evidence"])[1]: v for v in found}


def end_all(path):
    """The processes whose numbers a file has."""
    for pid in read_file(path).split():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)


@test("each builder that fails is told from the others, and works once its mend is applied; no host key is ever added")
def _():
    if not IS_ROOT:
        skip("the account of the tests has no shell, and builders want one")
    if not NIX_STORE:
        skip("nix-store is not installed")
    b = Builders()
    planted = plant(b)
    known = read_file(b.known)
    said = verdicts_of(b, planted)
    wrong = {name: said[name] for name, (cause, who, _) in planted.items()
             if (said[name]["cause"] or None, said[name]["who"]) != (cause, who or "nobody")}
    equal(wrong, {}, "builders of which something else is said than what was planted")
    equal(read_file(b.known), known, "known hosts")
    contains(said["liar"]["evidence"], "Connection refused", "evidence")
    contains(said["greets"]["evidence"], "begins with 'Welcome \\", "evidence")

    def reached(name):
        uri = b.lines[name].split()[0]
        return ping(f"{uri}{'&' if '?' in uri else '?'}ssh-key={b.path(name)}")(b.place(name)).status == 0

    by_nix = ("denied", "unknown", "greets", "nixless")
    equal([name for name in by_nix if NIX and reached(name)], [], "what Nix reaches before")
    mended = {name: mend for name, (_, _, mend) in planted.items() if mend}
    for name, mend in mended.items():
        mend(b, name, said[name]["mend"])
    after = verdicts_of(b, mended)
    equal({name: v["cause"] for name, v in after.items()}, {name: "" for name in mended}, "causes after the mends")
    equal([name for name in by_nix if NIX and not reached(name)], [], "what Nix does not reach afterwards")


@test("where no builder works and this machine may build nothing, that is said too, with the line that allows it")
def _():
    nix = Nix("substituters =", f"builders = ssh://127.0.0.1:{free_port()}", "max-jobs = 0")
    verdict = the_verdict(doctor(nix.place(), "--nix"), "nix-builder", "nix-no-jobs", "setting")
    contains(verdict["evidence"], f"{nix.path('nix.conf')}:3", "evidence")
    line = re.search(r"max-jobs = auto", verdict["mend"])
    nix.write(*nix.lines[:2], line[0])
    lacks([v["cause"] for v in of_facility(doctor(nix.place(), "--nix"), "nix-builder")], "nix-no-jobs", "causes after the mend")


@test("lines that cannot be read are named, and are not passed to ssh")
def _():
    lines = ["-oProxyCommand=false", "ssh://-oProxyCommand=false", "ssh://ada@-x", "ssh://builder:none", "ssh://a'b", "ssh://",
             "builder - - many", "builder - - 1 fast", "builder - - 1 1 - - %%%"]
    nix = Nix("substituters =", "builders = " + " ; ".join(lines))
    verdicts = of_facility(doctor(nix.place(), "--nix"), "nix-builder")
    equal([v["cause"] for v in verdicts], ["builder-form"] * len(lines), "causes")


@test("machines of files and of NIX_REMOTE_SYSTEMS are all asked, each once")
def _():
    port, other = free_port(), free_port()
    nix = Nix("substituters =")
    machines = write_file(nix.path("machines"), f"# a comment\nssh://127.0.0.1:{port}/?x=y x86_64-linux\n\n"
                          f"ssh-ng://ada@127.0.0.1:{port}\n")
    more = write_file(nix.path("more"), f"@{machines}\nssh://127.0.0.1:{other}\n")
    place = nix.place()
    urls = lambda: sorted(v["what"].split(": ")[0] for v in of_facility(doctor(place, "--nix"), "nix-builder")
                          if v["cause"] == "builder-refused")
    both = [f"ssh-ng://ada@127.0.0.1:{port}", f"ssh://127.0.0.1:{port}"]
    nix.write("substituters =", f"builders = @{more} ; @{os.devnull}")
    equal(urls(), sorted([*both, f"ssh://127.0.0.1:{other}"]), "by the setting")
    nix.write("substituters =")
    place = nix.place().setting(NIX_REMOTE_SYSTEMS=f"{machines}:{nix.path('missing')}")
    equal(urls(), both, "by NIX_REMOTE_SYSTEMS")


main()
