#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
sockets.py - others that act for the command: sockets, memory that is shared, terminals (S1 to S18).
"""
import ctypes
import fcntl
import pty
import termios

from _escape import *     # pylint: disable=wildcard-import,unused-wildcard-import

TABLE = [
    # id, what must not happen, expected
    ("S1", "the socket of a container engine is reached", ALL_CLOSED),
    ("S2", "the session bus is reached", ALL_CLOSED),
    ("S3", "the system bus or the service manager is reached", ALL_CLOSED),
    ("S4", "the agent with the user's keys is reached", ALL_CLOSED),
    ("S5", "the display or the sound is reached", ALL_CLOSED),
    ("S6", "a socket with an abstract name is reached", ALL_CLOSED),
    ("S7", "a datagram reaches a named socket through one end of a pair", ALL_CLOSED),
    ("S8", "a call by the door for 32-bit programs or by the x32 numbers goes around the filter", ALL_CLOSED),
    ("S9", "a ring, or a send that connects, goes around the filter", ALL_CLOSED),
    ("S10", "shared memory, queues or keys of the user are reached", ALL_CLOSED),
    ("S10b", "allowed by name, shared memory of the host is reached", expected(landlock="ipc: sysv-ipc")),
    ("S11", "a process outside is signalled, traced or read", ALL_CLOSED),
    ("S11b", "a signal to the process group reaches the caller's other processes", expected(mounts_alone="signals")),
    ("S12", "a directory that a server passes through a granted socket leads outside",
     expected(mounts_alone="files: descriptor")),
    ("S13", "something is typed into the caller's terminal", ALL_CLOSED),
    ("S15", "the hypervisor is reached by a socket", ALL_CLOSED),
    ("S16", "a socket of a family is made that nobody granted", ALL_CLOSED),
    ("S18", "the log and the service manager take datagrams", ALL_CLOSED),
]
begin(TABLE)

REACH = r'''
import ctypes, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
def attempt(do):
    try:
        do()
    except OSError:
        pass
for name in sys.argv[1:]:
    address = "\0" + name[1:] if name[0] == "@" else name
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
        def connect():
            with socket.socket(socket.AF_UNIX, kind) as s:
                s.settimeout(1)
                s.connect(address)
                kind == socket.SOCK_DGRAM and s.send(b"x")
        attempt(connect)
    def sendto():
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.sendto(b"x", address)
    attempt(sendto)
    def pair(act):
        a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        with a, b:
            act(a)
    def mmsg(a):
        raw = address.encode()
        sa = ctypes.create_string_buffer((1).to_bytes(2, "little") + raw + b"\0")
        iov = (ctypes.c_void_p * 2)(ctypes.cast(ctypes.c_char_p(b"x"), ctypes.c_void_p), 1)
        class M(ctypes.Structure):
            _fields_ = [("name", ctypes.c_void_p), ("namelen", ctypes.c_uint), ("iov", ctypes.c_void_p), ("n", ctypes.c_size_t),
                        ("control", ctypes.c_void_p), ("controllen", ctypes.c_size_t), ("flags", ctypes.c_int), ("len", ctypes.c_uint)]
        m = M(ctypes.cast(sa, ctypes.c_void_p), 2 + len(raw) + (name[0] != "@"), ctypes.cast(iov, ctypes.c_void_p), 1, None, 0, 0, 0)
        libc.sendmmsg(a.fileno(), ctypes.byref(m), 1, 0)
    for act in (lambda a: a.sendto(b"x", address), lambda a: a.sendmsg([b"x"], [], 0, address),
                lambda a: (a.connect(address), a.send(b"x")), mmsg):
        attempt(lambda: pair(act))
'''
# id -> names of sockets that a user has; each is made in his home, which may be read
SOCKETS = {
    "S1": ["run/docker.sock", "run/podman/podman.sock", "run/containerd.sock"],
    "S2": ["run/user/bus", "run/user/systemd/private"],
    "S3": ["run/dbus/system_bus_socket", "run/systemd/private", "run/snapd.socket"],
    "S4": ["run/agent.1", ".gnupg/S.gpg-agent"],
    "S5": ["run/user/wayland-0", "tmp/.X11-unix/X0", "run/user/pipewire-0"],
}


def reach(name, tier, addresses, kind=socket.SOCK_STREAM, options=(), twin=("--off", "unix-path", "--off", "unix-abstract")):
    """None of the servers is reached from inside; with the options of twin each is."""
    g = Ground(tier)
    servers = []
    for address in addresses:
        path = address if address[0] == "@" else os.path.join(g.home, address)
        if path[0] != "@":
            os.makedirs(os.path.dirname(path), exist_ok=True)
        servers.append(Server(path, kind))
    names = [s.address for s in servers]
    result = succeeds(started(g.python(REACH, *names, options=["--read", "{home}", *options])))
    judge(name, g, any(s.has_visitors() for s in servers), options, result)
    before = [s.visitors for s in servers]
    result = succeeds(started(g.python(REACH, *names, options=["--read", "{home}", "--write", "{home}", *twin])))
    true(all(s.has_visitors(n) for s, n in zip(servers, before)), f"where it is let through not all are reached\n{result}")


@escape("S1")
def _(tier):
    reach("S1", tier, SOCKETS["S1"])


@escape("S2")
def _(tier):
    reach("S2", tier, SOCKETS["S2"])


@escape("S2", ", by the variable that names it neither")
def _(tier):
    g = Ground(tier)
    named = ["DBUS_SESSION_BUS_ADDRESS", "SSH_AUTH_SOCK", "DOCKER_HOST", "XDG_RUNTIME_DIR", "WAYLAND_DISPLAY", "DISPLAY"]
    g.env.update(dict.fromkeys(named, "canary-value"))
    lacks(succeeds(g.run("env")).out, "canary-value", "environment")
    equal(succeeds(g.run("env", options=[w for n in named for w in ("--env", n)])).out.count("canary-value"), len(named), "granted")


@escape("S3")
def _(tier):
    reach("S3", tier, SOCKETS["S3"])


@escape("S4")
def _(tier):
    reach("S4", tier, SOCKETS["S4"])


@escape("S5")
def _(tier):
    reach("S5", tier, SOCKETS["S5"])


# With a network namespace of its own nothing opens the host's abstract names but sharing the host's network.
SHARED_NET = ["--off", "unix-path", "--off", "unix-abstract", "--off", "tcp", "--off", "udp", "--off", "other-net"]


@escape("S6")
def _(tier):
    name = f"@croft-t-{os.getpid()}-{tier.replace(' ', '-')}"
    reach("S6", tier, [name, name + "-2"], options=(), twin=SHARED_NET)
    reach("S6", tier, [name + "-3"], socket.SOCK_DGRAM, options=(), twin=SHARED_NET)


@escape("S6", ", nor where sockets of one's own are allowed")
def _(tier):
    g = Ground(tier)
    server = Server(f"@croft-t-{os.getpid()}-{tier.replace(' ', '-')}-own")
    options = ["--off", "unix-path"]
    if g.row("unix-abstract", options)["state"] == "enforced":
        succeeds(started(g.python(REACH, server.address, options=options)))
        true(not server.has_visitors(), "it was reached")


@escape("S7")
def _(tier):
    reach("S7", tier, ["run/log"], socket.SOCK_DGRAM)


@escape("S8")
def _(tier):
    g = Ground(tier)
    if os.uname().machine != "x86_64":
        skip("only x86_64 has these doors")
    free = run(PAYLOAD, "int80", env=g.env)
    result = g.run(PAYLOAD, "int80")
    true(result.status in (128 + signal.SIGSYS, -signal.SIGSYS, 159), f"the 32-bit door: {result}\noutside: {free}")
    equal(g.payload("x32"), "ENOSYS", "a call by an x32 number")
    equal(g.payload("args", "fine"), "fine", "an ordinary call")


@escape("S9")
def _(tier):
    g = Ground(tier)
    server = socket.create_server(("127.0.0.1", 0))
    cleanup(server.close)
    port = server.getsockname()[1]
    for op in ("fastopen-sendto", "fastopen-sendmsg", "fastopen-sendmmsg", "mptcp-connect", "tcp-connect"):
        differs(g.payload(op, str(port)), "ok", op)
    equal(g.payload("io-uring"), run(PAYLOAD, "call", "999", env=g.env).out.strip(), "a ring: as a call that does not exist") \
        if g.payload("io-uring") == "ENOSYS" else equal(g.payload("io-uring"), "EACCES", "a ring")
    server.settimeout(0.1)
    raises_timeout(server)
    if tier == "mounts alone":
        return      # there no port can be told from another, and --connect is refused
    wide = ["--prefer", "tcp"] if ABI < 4 else []
    equal(g.payload("tcp-connect", str(port), options=["--connect", port, *wide]), "ok", "where the port is granted")


def raises_timeout(server):
    try:
        server.accept()[0].close()
    except TimeoutError:
        return
    fail("the server was reached")


KERNEL_DOORS = ["shm-attach", "call semget 0 1 0600", "call msgget 0 0600", "call keyctl 0 0xffffffffffffffff 0",
                "call add_key @user @croft-test @x 1 0xfffffffffffffffe", "call personality 0x0040000", "mq-open croft-escape-NUMBER",
                "shm-open croft-escape-NUMBER", "userfaultfd", "bpf", "perf"]


@escape("S10")
def _(tier):
    g = Ground(tier)
    for words in KERNEL_DOORS:
        words = words.replace("NUMBER", str(os.getpid()))
        op = words.split()
        differs(g.payload(*op), "ok", words)
        cleanup(run, PAYLOAD, "mq-unlink", f"croft-escape-{os.getpid()}")
    name = f"/dev/shm/croft-escape-{os.getpid()}"
    true(not os.path.lexists(name), f"{name} was made")
    equal(g.payload("shm-attach", options=["--allow", "sysv-ipc"]), "ok", "shared memory where it is allowed")


ATTACH = r'''
import ctypes, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
number = libc.shmget(int(sys.argv[1]), 0, 0)
where = libc.shmat(number, None, 0) if number >= 0 else None
text = ctypes.string_at(where, 6) if where and where != 2 ** 64 - 1 else b""
print(text.decode())
'''


@escape("S10b")
def _(tier):
    g = Ground(tier)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.shmat.restype = ctypes.c_void_p
    key = 0x43520000 + os.getpid() % 0x10000
    number = libc.shmget(key, 4096, 0o1600)
    true(number >= 0, "shared memory of the user")
    cleanup(libc.shmctl, number, 0, None)
    ctypes.memmove(ctypes.c_void_p(libc.shmat(number, None, 0)), b"canary", 6)
    equal(run(PYTHON, "-I", "-S", "-c", ATTACH, str(key)).out, "canary\n", "what is read outside")
    options = ["--allow", "sysv-ipc"]
    result = succeeds(started(g.python(ATTACH, str(key), options=options)))
    judge("S10b", g, "canary" in result.out, options, result)
    lacks(started(g.python(ATTACH, str(key))).out, "canary", "without the option")


@escape("S11")
def _(tier):
    g = Ground(tier)
    other = helper_process(env=g.env)
    for op in ("kill", "tgkill", "sigqueue", "pidfd-signal", "ptrace", "vm-read", "pidfd-getfd", "prlimit-write"):
        differs(g.payload(op, str(other.pid)), "ok", op)
    for op in ("kill",) if tier == "mounts alone" else ("kill", "ptrace", "vm-read"):   # there tracing is refused as a whole
        equal(g.payload("with-child", op), "ok", f"{op} of a child")
    true(is_running(other.pid), "the other process still runs")
    if tier == "landlock":      # in a namespace of its own it has no parent
        differs(g.payload("kill-parent", options=["--supervise"]), "ok", "kill of croft")


@escape("S11b")
def _(tier):
    g = Ground(tier)
    other = helper_process(PAYLOAD, "wait-signal", str(int(signal.SIGUSR1)), process_group=0, env=g.env)
    equal(other.stdout.readline(), b"ready\n", "first line of the other")
    g.run(PAYLOAD, "kill", "0", str(int(signal.SIGUSR1)), start_new_session=False, process_group=other.pid)
    judge("S11b", g, wait_for(lambda: other.poll() is not None, 0.3))
    own = started(g.sh("trap 'echo got' USR1; kill -USR1 0; echo end"))
    contains(own.out, "got\nend\n", "a signal to the group, inside")


TAKE = r'''
import os, socket, sys
with socket.socket(socket.AF_UNIX) as s:
    s.settimeout(5)
    s.connect(sys.argv[1])
    fds = socket.recv_fds(s, 1, 4)[1]
for path in (os.environ["CANARY"].lstrip("/"),):
    try:
        os.write(os.open(path, os.O_WRONLY | os.O_APPEND, dir_fd=fds[0]), b"evil\n")
    except OSError as e:
        print(e.strerror)
print("got", len(fds))
'''


@escape("S12")
def _(tier):
    g = Ground(tier)
    top = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    cleanup(os.close, top)
    path = os.path.join(g.project, "socket")
    Server(path, send_fd=top)
    options = ["--off", "unix-path", "--off", "unix-abstract"]
    result = succeeds(started(g.python(TAKE, path, options=options)))
    contains(result.out, "got 1", "what came through the socket")
    judge("S12", g, read_file(g.canary) != BEFORE, options, result)


def on_terminal(ground, options, *op):
    """The payload on a terminal of its own, as its controlling one: (what it said, what a reader got)."""
    master, slave = pty.openpty()
    cleanup(os.close, master)

    def take_terminal():
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    try:
        settings = termios.tcgetattr(slave)
        settings[3] &= ~(termios.ECHO | termios.ICANON)
        termios.tcsetattr(slave, termios.TCSANOW, settings)
        result = ground.run(PAYLOAD, *op, options=options, stdin=slave, preexec_fn=take_terminal)
        os.set_blocking(slave, False)
        try:
            typed = os.read(slave, 100)
        except BlockingIOError:
            typed = b""
    finally:
        os.close(slave)
    return result.out.strip(), typed


@escape("S13", ", with the upper bits of the request set either")
def _(tier):
    g = Ground(tier)
    requests = [[r, *high] for r in ("tiocsti", "tioclinux", "tioccons", "tiocsetd") for high in ([], ["high"])]
    for request in requests:
        answer = on_terminal(g, [], "terminal", *request)
        equal(answer, ("EACCES", b""), f"{request} in the sandbox")
        equal(on_terminal(g, [], "fork", "terminal", *request), ("EACCES", b""), f"{request} in a child")
        answer = on_terminal(g, ["--device", "/dev/tty", "--off", "syscalls"], "terminal", *request)
        equal(answer, ("EACCES", b""), f"{request} with the device and without the baseline")
    equal(on_terminal(g, [], "terminal", "tcgets"), ("ok", b""), "asking for its settings")
    answer, typed = on_terminal(g, ["--allow", "terminal"], "terminal", "tiocsti")
    true((answer, bool(typed)) in (("ok", True), ("EIO", False), ("EPERM", False)), f"allowed by name: {answer} {typed}")


@escape("S15")
def _(tier):
    g = Ground(tier)
    differs(g.payload("socket", "vsock", "stream"), "ok", "a socket to the hypervisor")
    for name in ("/dev/vsock", "/dev/vhost-vsock"):
        if os.path.exists(name):
            differs(g.payload("open-both", name), "ok", name)
    equal(g.payload("socketpair", "unix", "stream"), "ok", "a pair")


FAMILIES = r'''
import socket
made = []
for family in range(1, 46):
    for kind in (1, 2, 3, 5):
        for flags in (0, 0o4000, 0o2000000):
            try:
                socket.socket(family, kind | flags, 0).close()
                made.append((family, kind))
            except OSError:
                pass
a, b = socket.socketpair()
a.send(b"x")
print(sorted(set(made)), b.recv(1))
'''


@escape("S16")
def _(tier):
    g = Ground(tier)
    result = succeeds(started(g.python(FAMILIES)))
    if tier == "landlock":
        equal(result.out, "[] b'x'\n", "families of sockets, and a pair")
    else:       # unix and internet sockets in a network of its own reach nobody: S1 to S9, and the row other-net
        made = re.findall(r"\((\d+), \d\)", result.out)
        equal([f for f in made if f not in ("1", "2", "10")], [], "families of sockets")
        contains(result.out, "b'x'", "a pair")
    free = run(PYTHON, "-I", "-S", "-c", FAMILIES)
    contains(free.out, "(2, 1)", "outside")


@escape("S18")
def _(tier):
    reach("S18", tier, ["dev/log", "run/systemd/notify", "run/systemd/journal/socket"], socket.SOCK_DGRAM)


finish()
