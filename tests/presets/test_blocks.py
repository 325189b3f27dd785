#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_blocks.py - the presets that others are put together from: each gives what its name says, and no
more.

They are tried with a static program, or with a closure (--with-deps), so that nothing but the block
decides.
"""
import pty
import select

from _home import *     # pylint: disable=wildcard-import,unused-wildcard-import

BLOCKS = ["empty", "devices", "tty", "nss", "tls"]
DEVICES = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"]
NO_TMPDIR = ["--env", "PATH=" + PATH]


def bare(h, preset, *words):
    """What one operation of the payload says under a block alone: "ok", or the name of an errno."""
    return h.run(preset, PAYLOAD, *words, options=["--execute", PAYLOAD]).out.strip()


def closed(h, preset, *command, options=(), **how):
    """A program of the system under a block, with what it needs to start."""
    return h.run(preset, *command, options=["--with-deps", *NO_TMPDIR, *options], **how)


@test("a block opens nothing of the user, of the network, or of the system's secrets", variants=BLOCKS)
def _(preset):
    h = Home()
    key = h.write(".ssh/id_ed25519", "secret\n")
    h.file("file", "text\n")
    port = h.listener()
    operations = [["open-read", key], ["open-read", "file"], ["read-dir", "/"], ["read-dir", "/dev"], ["read-dir", h.home],
                  ["create", os.path.join(h.project, "new")], ["tcp-connect", port]]
    for words in operations:
        equal(bare(h, preset, *words), "EACCES", f"{words} under {preset}")
    for words in operations:
        equal(h.outside(PAYLOAD, *words).out.strip(), "ok", f"{words} outside")
    equal(bare(h, preset, "open-read", "/etc/shadow"), "EACCES", "hashes of passwords")


@test("what each block opens is closed in the others", variants=BLOCKS)
def _(preset):
    h = Home()
    opens = {"devices": "/dev/null", "tty": next(filter(os.path.exists, ["/usr/share/terminfo", "/lib/terminfo"])),
             "nss": "/etc/passwd", "tls": "/etc/ssl/certs"}
    for block, path in opens.items():
        operation = "read-dir" if os.path.isdir(path) else "open-read"
        equal(bare(h, preset, operation, path), "ok" if block == preset else "EACCES", f"{path}, of {block}")


@test("empty has no variable, no device and no TMPDIR")
def _():
    h = Home()
    result = h.run("empty", "/usr/bin/env", options=["--with-deps"])
    equal(succeeds(result).out, "", "variables")
    contains(closed(h, "empty", "/usr/bin/head", "-c1", "/dev/null").err, "ermission denied", "message")


@test("system runs the programs of the system, and has nothing of the user", variants=["system"])
def _(preset):
    h = Home()
    key = h.write(".ssh/id_ed25519", "secret\n")
    h.file("file", "text\n")
    text = "echo one | sed s/one/two/; test -r /etc/passwd; cat /dev/null; echo x > $TMPDIR/x"
    equal(succeeds(h.sh(preset, text)).out, "two\n", "output")
    wishes = [["read", key], ["read", os.path.join(h.project, "file")], ["write", os.path.join(h.project, "new")],
              ["connect", h.listener()]]
    every(h.probe(preset, wishes), DENIED, "system")
    every(h.probe(None, wishes), DONE, "the twin outside")


@test("default has the working directory besides, and not the work tree above it")
def _():
    h = Home()
    h.file(".git/HEAD", "ref: refs/heads/trunk\n")
    h.file("sub/run.sh", "#!/bin/sh\necho ran > here\n", 0o755)
    deep = os.path.join(h.project, "sub")
    succeeds(h.run("default", "./run.sh", cwd=deep))
    equal(h.text("sub/here"), "ran\n", "what the program wrote")
    every(h.probe("default", [["write", os.path.join(h.project, "above")], ["read", h.write(".netrc", "x")]], cwd=deep),
          DENIED, "above")


@test("devices: data can be thrown away, and zeros and random bytes be read")
def _():
    h = Home()
    for path in DEVICES:
        if os.path.exists(path):
            equal(bare(h, "devices", "open-both", path), "ok", path)
            equal(bare(h, "empty", "open-read", path), "EACCES", path)
    text = ("import os, random; os.write(os.open('/dev/null', os.O_RDWR), b'x'); print(len(open('/dev/zero','rb').read(9)), "
            "len(open('/dev/urandom','rb').read(9)))")
    equal(succeeds(closed(h, "devices", PYTHON, "-ISc", text, options=["--with", "python"])).out, "9 9\n", "output")
    for path in ("/dev/tty", "/dev/ptmx", "/dev/shm", "/dev/mem", "/dev/kmsg"):
        if os.path.exists(path):
            equal(bare(h, "devices", "open-read", path), "EACCES", path)


def on_terminal(h, preset, *command, options=()):
    """The command on a terminal of its own: (status, what it printed)."""
    pid, fd = pty.fork()
    if pid == 0:
        try:
            os.chdir(h.project)
            os.execve(CROFT, [CROFT, "run", "--profile", preset, "--with-deps", *NO_TMPDIR, *options, "--", *command],
                      {**h.env, "TERM": "xterm", "COLUMNS": "77"})
        finally:
            os._exit(127)
    said = b""
    while select.select([fd], [], [], 20)[0]:
        try:
            data = os.read(fd, 4096)
        except OSError:
            break
        if not data:
            break
        said += data
    os.close(fd)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said.decode("utf-8", "replace")


@test("tty: tput knows the terminal, and stty reads and changes its settings")
def _():
    needs("tput", "stty")
    h = Home()
    for preset, want in (("tty", 0), ("devices", 1)):
        status, said = on_terminal(h, preset, "tput", "-T", "xterm", "bold")
        equal((status != 0, "\x1b[1m" in said), (want != 0, want == 0), f"tput under {preset}: {said!r}")
        status, said = on_terminal(h, preset, "stty", "-F", "/dev/tty", "-echo", "cols", "91")
        equal(status, want, f"stty under {preset}: {said!r}")
    text = "stty -F /dev/tty cols 91; stty -F /dev/tty size; echo to the terminal > /dev/tty; echo $TERM $COLUMNS"
    status, said = on_terminal(h, "tty", "sh", "-c", text, options=["--execute", shutil.which("stty", path=PATH)])
    equal(status, 0, f"status of the shell: {said!r}")
    for part in (" 91", "to the terminal", "xterm 77"):
        contains(said, part, "terminal")


@test("tty: another terminal of the user cannot be opened")
def _():
    h = Home()
    master, slave = pty.openpty()
    cleanup(os.close, master)
    cleanup(os.close, slave)
    other = os.ttyname(slave)
    for words in (["open-both", other], ["open-both", "/dev/ptmx"], ["read-dir", "/dev/pts"]):
        equal(bare(h, "tty", *words), "EACCES", f"{words} under tty")
        if words[0] == "open-both":
            equal(bare(h, "system", *words), "ok", f"{words} under system, the twin")


@test("nss: users, groups, hosts and services are found")
def _():
    h = Home()
    for words in (["passwd", "root"], ["group", "root"], ["services", "https"], ["hosts", "localhost"], ["protocols", "tcp"]):
        if h.outside("getent", *words).status != 0:
            continue        # a machine without netbase
        succeeds(closed(h, "nss", "getent", *words))
        true(closed(h, "tls", "getent", *words).status != 0 or words[0] == "hosts", f"getent {words} without the block")
    equal(succeeds(closed(h, "nss", "id", "-un", "0")).out, "root\n", "name of user 0")


TLS_SERVER = r'''
import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
with socket.create_server(("127.0.0.1", 0)) as server:
    print(server.getsockname()[1], flush=True)
    while True:
        with server.accept()[0] as s:
            try:
                with context.wrap_socket(s, server_side=True) as t:
                    t.recv(4096)
                    t.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 8\r\n\r\nwelcome\n")
            except OSError:
                pass
'''


def tls_server(h):
    """A server with a certificate of its own: (port, file of the certificate)."""
    cert, key = h.path("cert.pem"), h.path("key.pem")
    succeeds(h.outside("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                       "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost", "-addext",
                       "subjectAltName=DNS:localhost,IP:127.0.0.1"))
    child = subprocess.Popen([PYTHON, "-c", TLS_SERVER, cert, key], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    cleanup(child.wait)
    cleanup(child.kill)
    port = int(child.stdout.readline())
    cleanup(child.stdout.close)
    return port, cert


@test("tls: the system's certificates are loaded, and none without the block")
def _():
    h = Home()
    text = "import ssl; print(len(ssl.create_default_context().get_ca_certs()) > 9)"
    for preset, want in (("tls", "True\n"), ("nss", "False\n")):
        result = closed(h, preset, PYTHON, "-Ic", text, options=["--with", "python"])
        equal(result.out or "False\n", want, f"certificates under {preset}: {result.err}")


@test("tls: curl speaks to a server whose certificate it is shown, not to others, nor where no port is granted")
def _():
    needs("curl", "openssl")
    h = Home()
    port, cert = tls_server(h)
    url, curl = f"https://127.0.0.1:{port}/", ["curl", "-sS", "--max-time", "20"]
    connect = ["--connect", port, "--device", "/dev/null"]
    result = closed(h, "tls", *curl, "--cacert", cert, url, options=[*connect, "--read", cert])
    equal(succeeds(result).out, "welcome\n", "the answer")
    result = closed(h, "tls", *curl, url, options=connect)
    contains(result.err, "certificate", "of a server that nobody vouches for")
    status_is(closed(h, "tls", *curl, "--cacert", cert, url, options=["--read", cert, "--device", "/dev/null"]), 7)


@test("tls: private keys of the system stay closed")
def _():
    if not IS_ROOT:
        skip("only root could read them at all")
    h = Home()
    for path in ("/etc/ssl/private", "/etc/pki/tls/private"):
        if os.path.isdir(path):
            equal(bare(h, "tls", "read-dir", path), "EACCES", path)
            equal(h.outside(PAYLOAD, "read-dir", path).out.strip(), "ok", f"{path} outside")


@test("blocks are put together by a profile of the user's")
def _():
    h = Home()
    h.write(".config/croft/profiles/mine.yaml", """\
version: 2
profiles:
  mine:
    extends: [devices, nss]
    with_deps: true
    environment: {set: {PATH: "/usr/bin:/bin"}}
""")
    equal(succeeds(h.run("mine", "id", "-un", "0")).out, "root\n", "output")
    succeeds(h.run("mine", "dd", "if=/dev/zero", "of=/dev/null", "count=1"))
    true(h.run("mine", "cat", "/etc/ssl/openssl.cnf").status != 0, "tls was not asked for")


@test("languages are put together by a profile of the user's, each with its own cache")
def _():
    h = Home()
    write_file(os.path.join(h.home, "team.yaml"), """\
version: 2
profiles:
  team:
    extends: [python, rust, node]
    environment: {set: {PIP_CACHE_DIR: "${project}/.cache/pip"}}
""")
    text = 'echo "$PIP_CACHE_DIR"; echo "$CARGO_HOME"; echo "$npm_config_cache"; mkdir -p "$PIP_CACHE_DIR"'
    said = succeeds(h.sh(os.path.join(h.home, "team.yaml"), text)).out
    equal(said, f"{h.project}/.cache/pip\n{h.home}/.cache/croft/cargo\n${{TMPDIR}}/npm\n", "output")
    true(h.has(".cache/pip"), "the cache in the project was not made")


main()
