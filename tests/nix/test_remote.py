#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_remote.py - a remote build: Nix here has no builder of its own, and asks one by ssh-ng, over a sshd on the loopback
address. There croft builds, into a second store, and the outputs come back.
"""
import socket
import subprocess
import time

from _nix import *      # pylint: disable=wildcard-import,unused-wildcard-import


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


class Remote:
    """A sshd of this user that starts the other side's nix-daemon, whatever it is asked for."""

    def __init__(self, far, near):
        sshd = shutil.which("sshd", path=os.environ["PATH"] + ":/usr/sbin")
        if not (sshd and shutil.which("ssh")):
            skip("sshd or ssh is not installed")
        if not IS_ROOT:
            skip("the account of the tests has no shell, and builders want one")
        self.dir, self.port = near.dir, free_port()
        for name in ("host", "key"):
            succeeds(run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.path(name)))
        daemon = write_file(far.path("serve"), "#!/bin/sh\n" + "".join(
            f"export {name}='{value}'\n" for name, value in far.env().items() if name.startswith(("NIX_", "XDG_", "HOME", "GC_"))) +
            "exec " + " ".join(far.words("nix-daemon", "--stdio")) + "\n", 0o755)
        write_file(self.path("authorized"), f'restrict,command="{daemon}" {read_file(self.path("key.pub"))}', 0o600)
        write_file(self.path("known"), f"[127.0.0.1]:{self.port} {' '.join(read_file(self.path('host.pub')).split()[:2])}\n")
        write_file(self.path("ssh_config"), f"Host far\n  HostName 127.0.0.1\n  Port {self.port}\n  HostKeyAlias [127.0.0.1]:{self.port}\n"
                   f"  UserKnownHostsFile {self.path('known')}\n  GlobalKnownHostsFile /dev/null\n  IdentitiesOnly yes\n"
                   f"  IdentityFile {self.path('key')}\n  IdentityAgent none\n")
        config = write_file(self.path("sshd_config"), f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {self.path('host')}\n"
                            f"AuthorizedKeysFile {self.path('authorized')}\nPidFile none\nUsePAM no\nUseDNS no\nStrictModes no\n"
                            "PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\n")
        # sshd wants /run/sshd, which is there only where the service is
        make = 'mount -t tmpfs none /run && mkdir -m 755 /run/sshd && exec "$@"'
        self.child = subprocess.Popen(["unshare", "-m", "sh", "-c", make, "sh", sshd, "-D", "-e", "-f", config],
                                      stderr=subprocess.DEVNULL, start_new_session=True)
        cleanup(self._end)
        self._wait()

    def path(self, name):
        return os.path.join(self.dir, name)

    def _wait(self):
        end = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 5).close()
                return
            except OSError:
                if self.child.poll() is not None or time.monotonic() > end:
                    skip("sshd cannot be started here")
                time.sleep(0.05)

    def _end(self):
        os.killpg(self.child.pid, 15)
        self.child.wait()


@test("a chain is built by croft in another store, over ssh, and comes back; its failures come back too")
def _():
    far, near = Nix(diverted=True), Nix(diverted=True)
    remote = Remote(far, near)
    near.write(f"builders = ssh-ng://far {os.uname().machine}-linux - 2 1 - -", "max-jobs = 0", "require-sigs = false",
               "external-builders = []")
    ssh = {"NIX_SSHOPTS": f"-F {remote.path('ssh_config')}"}
    chain = near.chain()
    built = succeeds(near.build(chain, "-A", "main", env=ssh))
    said = probes(built.err)
    equal(sorted(said), ["dep", "fixed", "main", "structured"], "who said what it could reach")
    for name, got in said.items():
        equal([got[what] for what in ("shadow", "home", "outside")], ["ENOENT"] * 3, f"what {name} could reach")
    name = os.path.basename(built.out.strip())
    text = read_file(os.path.join(near.real_store, name))
    contains(text, "passed as a file\n", "the result")
    equal(read_file(os.path.join(far.real_store, name)), text, "what lies in the other store")
    equal((far.left(), near.left()), ([], []), "left in the stores")
    failed = near.build(near.derivation("echo told; exit 9"), env=ssh)
    differs(failed.status, 0, "status")
    contains(failed.err, "failed with exit code 9", "what Nix says")


main()
