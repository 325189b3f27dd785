#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_ssh_client.py - ssh under its preset, to a real server on the loopback address.

The server lets in one key and serves files only (internal-sftp), so that the account of the tests
needs no shell. ssh takes the home directory from the user database and not from HOME, so each call names
its configuration.
"""
import ctypes

from _home import *     # pylint: disable=wildcard-import,unused-wildcard-import

PATH_SOCKETS, LANDLOCK_CREATE_RULESET, LANDLOCK_VERSION = 9, 444, 1
ABI = max(ctypes.CDLL(None).syscall(LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), LANDLOCK_VERSION), 0)


class Server:
    """sshd of this user, and a client's configuration that leads to it as "there"."""

    def __init__(self, h):
        needs("sshd", "ssh", "sftp", "ssh-keygen", "unshare")
        self.h = h
        self.dir = tempdir()
        self.port = free_port()
        for name in ("host", "key"):
            succeeds(h.outside("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", os.path.join(self.dir, name)))
        self.key = h.write(".ssh/id_ed25519", read_file(os.path.join(self.dir, "key")))
        host_key = " ".join(read_file(os.path.join(self.dir, "host.pub")).split()[:2])
        self.known = h.write(".ssh/known_hosts", f"[127.0.0.1]:{self.port} {host_key}\n")
        self.config = h.write(".ssh/config", f"""\
Host there
  HostName 127.0.0.1
  Port {self.port}
  IdentityFile {self.key}
  IdentitiesOnly yes
  UserKnownHostsFile {self.known}
  BatchMode yes
""")
        config = write_file(os.path.join(self.dir, "sshd_config"), f"""\
Port {self.port}
ListenAddress 127.0.0.1
HostKey {self.dir}/host
AuthorizedKeysFile {self.dir}/key.pub
PidFile none
UsePAM {"no" if IS_ROOT else "yes"}
UseDNS no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
Subsystem sftp internal-sftp
ForceCommand internal-sftp
""")
        command = [shutil.which("sshd", path=PATH), "-D", "-e", "-f", config]
        if IS_ROOT:     # wants /run/sshd, which is there only where the service is
            make = 'mount -t tmpfs none /run && mkdir -m 755 /run/sshd && exec "$@"'
            command = ["unshare", "-m", "sh", "-c", make, "sh", *command]
        self.child = subprocess.Popen(command, stderr=subprocess.PIPE, env=h.env, cwd=self.dir, start_new_session=True)
        cleanup(self._end)
        self._wait()

    def _wait(self):
        end = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 5).close()
                return
            except OSError:
                if self.child.poll() is not None:
                    text = self.child.stderr.read().decode()
                    if "unshare" in text or "mount" in text:
                        skip("no mount namespace for sshd: " + text.strip())
                    fail(f"sshd ended: {text}")
                true(time.monotonic() < end, "sshd does not listen")
                time.sleep(0.05)

    def _end(self):
        os.killpg(self.child.pid, signal.SIGTERM)
        self.child.wait()
        self.child.stderr.close()

    def sftp(self, *options, batch="ls", preset="ssh-client", words=(), env=None):
        """sftp inside; preset None: outside."""
        command = ["sftp", "-F", self.config, *words, "-b", "-", "there"]
        if preset is None:
            return self.h.outside(*command, stdin=batch, env=env)
        return self.h.run(preset, *command, stdin=batch, options=options, env=env)


@test("files go to and fro with a key that was granted, over a port that was granted")
def _():
    h = Home()
    s = Server(h)
    h.file("here", "sent\n")
    there = os.path.join(s.dir, "there")
    batch = f"put here {there}\nget {there} back\n"
    options = ["--connect", s.port, "--read", s.key]
    succeeds(s.sftp(*options, "--write", h.project, batch=batch))
    equal((read_file(there), h.text("back")), ("sent\n", "sent\n"), "the files")
    # each grant is needed
    contains(s.sftp("--connect", s.port).err, "ermission denied (publickey)", "without the key")
    contains(s.sftp("--read", s.key).err, "ermission denied", "without the port")
    true(s.sftp(*options, batch=batch).status != 0, "without the project")


@test("neither the private key nor another secret can be read; the configuration and the known hosts can")
def _():
    h = Home()
    names = [n for n in SECRETS if n not in (".ssh/config",)]
    for name in names:
        h.write(name, "secret\n")
    h.write(".ssh/config", "Host *\n")
    h.write(".ssh/known_hosts", "")
    wishes = [["read", h.path(name)] for name in names] + [["listing", h.path(".ssh")], ["listing", h.project]]
    every(h.probe("ssh-client", wishes, cwd="/usr"), DENIED, "secrets")
    read = [["read", h.path(".ssh/config")], ["read", h.path(".ssh/known_hosts")]]
    every(h.probe("ssh-client", read, cwd="/usr"), DONE, "what ssh reads")
    every(h.probe(None, wishes), DONE, "the twin outside")


@test("nothing can be written, neither the known hosts nor who may log in")
def _():
    h = Home()
    for name in (".ssh/config", ".ssh/known_hosts"):
        h.write(name, "")
    before = h.digest()
    wishes = [["write", h.path(name)] for name in PLANTS] + [["write", os.path.join(h.project, "new")]]
    every(h.probe("ssh-client", wishes, cwd="/usr"), DENIED, "files")
    equal(h.digest(), before, "the home")
    every(h.probe(None, wishes), DONE, "the twin outside")


@test("port 22 and names of hosts are open, all other ports are shut")
def _():
    h = Home()
    outcomes = h.probe("ssh-client", [["connect", 22], ["connect", 53], ["connect", 443], ["connect", h.listener()],
                                      ["listen", free_port()], ["udp", 53]], cwd="/usr")
    open_ports = sorted(what for (act, what), said in outcomes.items() if said != "EACCES")
    equal(open_ports, [22, 53], f"open: {outcomes}")


@test("a host that is not known can be accepted, but not stored")
def _():
    h = Home()
    s = Server(h)
    write_file(s.known, "")
    words = ["-o", "StrictHostKeyChecking=accept-new"]
    options = ["--connect", s.port, "--read", s.key]
    succeeds(s.sftp(*options, words=words))
    equal(read_file(s.known), "", "the known hosts")
    contains(s.sftp(*options).err, "Host key verification failed", "without accepting it")
    succeeds(s.sftp(preset=None, words=words))
    differs(read_file(s.known), "", "the known hosts, after the twin outside")


@test("the agent is reached only where its socket is granted, and only where the kernel can tell sockets apart")
def _():
    needs("ssh-agent", "ssh-add")
    h = Home()
    s = Server(h)
    sock = h.path("agent.sock")
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", sock], env=h.env, stdout=subprocess.DEVNULL)
    cleanup(agent.wait)
    cleanup(agent.kill)
    wait_until(lambda: os.path.exists(sock), "the agent listens")
    env = {"SSH_AUTH_SOCK": sock}
    succeeds(h.outside("ssh-add", "-q", s.key, env=env))
    # which key the agent shall use is told by its public half
    h.write(".ssh/id_ed25519.pub", read_file(os.path.join(s.dir, "key.pub")))
    public = ["--read", s.key + ".pub"]
    grants = ["--socket", sock, "--env", "SSH_AUTH_SOCK", "--connect", s.port, *public]
    true(s.sftp("--connect", s.port, *public, env=env).status not in (0, 125), "the agent was reached without a grant")
    if ABI >= PATH_SOCKETS:
        succeeds(s.sftp(*grants, env=env))
    else:
        result = s.sftp(*grants, env=env)
        status_is(result, 125)
        contains(result.err, "unix-path", "message")
    succeeds(s.sftp(*grants, "--prefer", "unix-path", env=env))


main()
