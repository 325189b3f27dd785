#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
net.py - the ways to a network: each refused without a grant, and with one only as granted.

All on the loopback; the ports are the kernel's choice. `other` is a port where nobody listens: an
answer of ECONNREFUSED means that the attempt left the sandbox.
"""
import socket

from _sandbox import *      # pylint: disable=wildcard-import,unused-wildcard-import


def listener(family=socket.AF_INET, address="127.0.0.1"):
    """A listening TCP port, as text."""
    server = socket.socket(family, socket.SOCK_STREAM)
    cleanup(server.close)
    server.bind((address, 0))
    server.listen(16)
    return str(server.getsockname()[1])


def unused_port(kind=socket.SOCK_STREAM):
    """A port that is free now and was just refused to anybody else by the kernel's choice."""
    with socket.socket(socket.AF_INET, kind) as holder:
        holder.bind(("127.0.0.1", 0))
        return str(holder.getsockname()[1])


def needs_tcp_rights(*options):
    """Below ABI 4 ports cannot be told apart, so a grant is refused: checked, and the test ends."""
    if ABI >= TCP:
        return
    result = confined(options, "args", "started")
    status_is(result, 125)
    lacks(result.out, "started", "output")
    contains(result.err, "tcp", "message")
    raise Done()


class Done(Exception):
    """The rest of the test has no meaning on this kernel, and what has was checked."""


def on_this_kernel(function):
    def wrapper(*args):
        try:
            function(*args)
        except Done:
            pass
    return wrapper


TO_PORT = ["tcp-connect", "mptcp-connect", "fastopen-sendto", "fastopen-sendmsg", "fastopen-sendmmsg",
           "fastopen-option", "udp-connect", "udp-send"]
AT_PORT = ["tcp-bind", "tcp-listen", "mptcp-bind", "udp-bind"]


@test("without a grant no way leads to a port", variants=TO_PORT)
def _(way):
    port = listener()
    refused(inside([], way, port), way)
    refused(inside([], "fork", way, port), f"{way} in a child")
    free = outside(way, port)
    true(free in ("ok", "EPROTONOSUPPORT", "EOPNOTSUPP", "ENOPROTOOPT"), f"without a sandbox: {free}")
    twin = inside(["--off", "tcp", "--off", "udp", "--off", "other-net"], way, port)
    equal(twin, free, "with the network protections off")


@test("without a grant no port can be taken", variants=AT_PORT)
def _(way):
    refused(inside([], way, unused_port()), way)
    refused(inside([], way, "0"), f"{way} of any port")
    free = outside(way, unused_port())
    true(free in ("ok", "EPROTONOSUPPORT"), f"without a sandbox: {free}")
    equal(inside(["--off", "tcp", "--off", "udp", "--off", "other-net"], way, unused_port()), free,
          "with the network protections off")


@test("without a grant listening without a port of its own is refused")
def _():
    refused(inside([], "tcp-listen-unbound"), "listen")
    allowed(inside(["--off", "tcp"], "tcp-listen-unbound"), "listen with tcp off")


@test("--connect opens one TCP port for connecting and nothing else")
@on_this_kernel
def _():
    port, other, server6 = listener(), unused_port(), None
    needs_tcp_rights("--connect", port)
    options = ["--connect", port]
    equal(each(options, [["tcp-connect", port], ["tcp-connect", other], ["tcp-bind", port], ["tcp-bind", "0"],
                         ["tcp-listen", other], ["tcp-listen-unbound"], ["udp-connect", port], ["udp-send", port],
                         ["udp-bind", "0"]]),
          ["ok"] + ["EACCES"] * 8, "answers")
    server6 = listener(socket.AF_INET6, "::1") if socket.has_ipv6 and os.path.exists("/proc/net/if_inet6") else None
    if server6:
        equal(each(["--connect", server6], [["tcp6-connect", server6], ["tcp6-connect", other]]),
              ["ok", "EACCES"], "over IPv6")


@test("--connect opens neither MPTCP nor fast open to any port",
      variants=["mptcp-connect", "mptcp-bind", "fastopen-sendto", "fastopen-sendmsg", "fastopen-sendmmsg"])
@on_this_kernel
def _(way):
    port, other = listener(), listener()
    needs_tcp_rights("--connect", port)
    refused(inside(["--connect", port], way, other), f"{way} to a port that is not granted")
    if not way.startswith("fastopen") or ABI < UDP:     # from ABI 10 Landlock looks at fast open itself
        refused(inside(["--connect", port], way, port), f"{way} to the granted port")
    allowed(inside(["--connect", port], "tcp-connect", port), "the granted port")
    if way.startswith("fastopen"):
        allowed(inside(["--off", "tcp"], way, other), f"{way} with tcp off")


@test("fast open by socket option reaches the granted port alone")
@on_this_kernel
def _():
    port, other = listener(), listener()
    needs_tcp_rights("--connect", port)
    refused(inside(["--connect", port], "fastopen-option", other), "another port")
    allowed(inside(["--connect", port], "fastopen-option", port), "the granted port")


@test("--listen opens one TCP port for listening and nothing else")
@on_this_kernel
def _():
    port, other = unused_port(), unused_port()
    needs_tcp_rights("--listen", port)
    equal(each(["--listen", port], [["tcp-bind", port], ["tcp-listen", port], ["tcp-bind", other],
                                    ["tcp-bind", "0"], ["tcp-connect", listener()], ["udp-bind", port],
                                    ["mptcp-bind", port]]),
          ["ok", "ok"] + ["EACCES"] * 5, "answers")
    equal(each(["--listen", "0"], [["tcp-bind", "0"], ["tcp-bind", other]]), ["ok", "EACCES"], "--listen 0")


@test("what listening without a port of its own gets with --listen is said in the plan")
@on_this_kernel
def _():
    port = unused_port()
    needs_tcp_rights("--listen", port)
    answer = inside(["--listen", port], "tcp-listen-unbound")
    note = json.dumps(plan_rows("--listen", port)["tcp"])
    if answer == "ok":
        contains(note, "listen(2) without bind(2)", "row tcp")
    else:
        refused(answer, "listen")


@test("a grant of UDP is kept, or refused before the start where ports cannot be told apart")
def _():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        port = str(server.getsockname()[1])
        if ABI >= UDP:
            equal(each(["--connect", f"udp:{port}"], [["udp-send", port], ["udp-connect", port],
                                                      ["udp-send", unused_port()], ["udp-bind", unused_port()],
                                                      ["tcp-connect", port]]),
                  ["ok", "ok", "EACCES", "EACCES", "EACCES"], "answers")
            return
        for option in ("--connect", "--listen"):
            result = confined([option, f"udp:{port}"], "args", "started")
            status_is(result, 125)
            lacks(result.out, "started", "output")
            contains(result.err, "udp", "message")
        allowed(inside(["--connect", f"udp:{port}", "--off", "udp"], "udp-send", port), "with udp off")
        allowed(inside(["--connect", f"udp:{port}", "--prefer", "udp"], "udp-send", port), "with udp preferred")
        contains(json.dumps(plan_rows("--connect", f"udp:{port}", "--prefer", "udp")["udp"]), "everywhere", "row udp")


FAMILIES = ["inet raw icmp", "inet stream sctp", "inet stream mptcp", "inet dgram udplite",
            "inet6 raw 58", "netlink raw 0", "netlink raw 15", "netlink dgram 9", "packet raw", "vsock stream",
            "alg seqpacket", "smc stream", "can raw", "tipc stream", "bluetooth raw", "rds seqpacket", "xdp raw",
            "kcm dgram", "45 stream", "255 stream"]


@test("sockets of other families, types and protocols cannot be made", variants=FAMILIES)
def _(words):
    refused(inside([], "socket", *words.split()), words)
    if ABI >= TCP and words != "netlink raw 0":
        refused(inside(["--connect", "443"], "socket", *words.split()), f"{words} with a port granted")
    free = outside("socket", *words.split())
    twin = inside(["--off", "other-net", "--off", "tcp", "--off", "udp"], "socket", *words.split())
    # what needs a privilege needs it still
    true(twin in (free, "EPERM"), f"with other-net off: {twin}, without a sandbox {free}")
    allowed(inside(["--off", "tcp"], "socket", "inet", "stream"), "plain TCP with tcp off")


@test("flags beside the type of a socket do not hide it from the filter")
def _():
    cloexec_stream, cloexec_dgram = str(0o2000000 | 1), str(0o2000000 | 0o4000 | 2)
    for family in ("inet", "inet6"):
        refused(inside([], "socket", family, cloexec_stream), f"{family} stream")
        refused(inside([], "socket", family, cloexec_dgram), f"{family} dgram")
    allowed(inside(["--off", "tcp"], "socket", "inet", cloexec_stream), "stream with tcp off")
    refused(inside(["--off", "tcp"], "socket", "inet", cloexec_dgram), "dgram with tcp off")
    # the kernel looks at 32 bits of a family: bits above do not make it another one
    refused(inside([], "call", "socket", str((1 << 32) | 2), "1", "0"), "a family with a high bit")
    allowed(inside(["--off", "tcp"], "call", "socket", str((1 << 32) | 2), "1", "0"), "the same with tcp off")


@test("the list of addresses can be asked for where a port is granted, and the plan says so")
@on_this_kernel
def _():
    refused(inside([], "socket", "netlink", "raw", "0"), "without a port")
    needs_tcp_rights("--connect", "443")
    allowed(inside(["--connect", "443"], "socket", "netlink", "raw", "0"), "with a port")
    contains(json.dumps(plan_rows("--connect", "443")["other-net"]), "NETLINK_ROUTE", "row other-net")


@test("connected pairs of stream sockets can always be made")
def _():
    equal(each([], [["socketpair", "unix", "stream"], ["socketpair", "unix", "seqpacket"]]), ["ok", "ok"], "pairs")
    refused(inside([], "socketpair", "tipc", "stream"), "a pair of another family")


main()
