# SPDX-License-Identifier: MIT
"""
_nix.py - what the tests about Nix share: a configuration of its own, a place that uses it, servers that fail.

Nothing of this machine's Nix is touched: configuration, store, state and log lie in the test's directory.
"""
import http.server
import os
import shutil
import socket
import ssl
import struct
import subprocess
import threading
import time

from _matrix import *       # pylint: disable=wildcard-import,unused-wildcard-import

NIX = shutil.which("nix")


class Nix:
    """A configuration, and the store that a Nix with it has."""

    def __init__(self, *lines):
        self.dir = tempdir()
        os.chmod(self.dir, 0o755)
        self.lines = list(lines)
        self.write(*lines)

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, *lines):
        write_file(self.path("nix.conf"), "".join(line + "\n" for line in lines))
        return self

    def env(self):
        return {"NIX_CONF_DIR": self.dir, "NIX_STORE_DIR": self.path("store"), "NIX_STATE_DIR": self.path("var"),
                "NIX_LOG_DIR": self.path("log"), "HOME": self.dir, "XDG_CONFIG_HOME": self.path("config"), "NIX_REMOTE": "",
                "NIX_USER_CONF_FILES": ""}

    def place(self, name="plain", *options):
        return Place(name, *options).setting(**self.env())


def ping(url, **more):
    """Whether Nix itself takes that store: a deed."""
    def deed(place):
        if not NIX:
            skip("nix is not installed")
        env = {"GC_MARKERS": "1", **more}
        return place.run(NIX, "--extra-experimental-features", "nix-command", "--option", "download-attempts", "1",
                         "--option", "connect-timeout", "2", "store", "ping", "--store", url() if callable(url) else url, env=env)
    return deed


class Cache:
    """A binary cache on the loopback address that answers as `mode` says, which may change."""

    def __init__(self, mode, tls=None):
        outer = self
        self.mode, self.requests = mode, []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):       # pylint: disable=invalid-name
                outer.requests.append((self.path, dict(self.headers)))
                outer.answer(self)

            def log_message(self, *_):      # pylint: disable=arguments-differ
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                """Clients that hang up are expected."""

        self.server = Server(("127.0.0.1", 0), Handler)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        cleanup(self.server.server_close)
        cleanup(self.server.shutdown)

    def answer(self, request):
        if self.mode == "reset":
            request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            request.connection.close()
            return
        if self.mode == "around":
            self.send(request, 302, b"", {"Location": request.path})
        elif self.mode == "file":
            self.send(request, 302, b"", {"Location": "file:///etc/passwd"})
        elif self.mode == "login":
            authorized = request.headers["Authorization"] == "Basic YWRhOnNlY3JldA=="      # ada:secret
            self.send(request, 200 if authorized else 401, b"WantMassQuery: 1\n")
        elif self.mode == "drip":
            request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            for _ in range(50):
                request.wfile.write(b"S")
                time.sleep(0.3)
        elif self.mode == "escapes":
            self.send(request, 200, b"\x1b]0;title\x07\x1b[2J evil\n")
        elif self.mode == "html":
            self.send(request, 200, b"<html><body>Please log in</body></html>\n")
        elif self.mode == "large":
            self.send(request, 200, b"x" * (1 << 20))
        elif isinstance(self.mode, int):
            self.send(request, self.mode, b"no\n")
        elif request.path != "/nix-cache-info":
            self.send(request, 404, b"no\n")
        else:
            self.send(request, 200, f"StoreDir: {self.mode}\nWantMassQuery: 1\nPriority: 40\n".encode())

    @staticmethod
    def send(request, status, body, headers=()):
        request.send_response(status)
        for name, value in dict(headers).items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)


class Raw:
    """A listener that takes connections, and either says nothing or hangs up at once."""

    def __init__(self, hangs_up):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.hangs_up, self.held = hangs_up, []
        threading.Thread(target=self._serve, daemon=True).start()
        cleanup(self.socket.close)

    def _serve(self):
        try:
            while True:
                client, _ = self.socket.accept()
                if self.hangs_up:
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    client.close()
                else:
                    self.held.append(client)
        except OSError:
            return


class Builders:
    """
    One sshd of this user, and as many builders as names lead to it by a client's configuration, each with a key of its own
    and with what that key may do there: so that all of them can be asked at once.
    """

    def __init__(self):
        for program in ("ssh", "ssh-keygen", "unshare"):
            if not shutil.which(program):
                skip(f"{program} is not installed")
        sshd = shutil.which("sshd", path=os.environ["PATH"] + ":/usr/sbin")
        if not sshd:
            skip("sshd is not installed")
        self.nix = Nix()
        self.dir, self.port = self.nix.dir, free_port()
        self.make_key("host")
        self.known = write_file(self.path("known"), f"[127.0.0.1]:{self.port} {self.public('host')}\n")
        self.lines, self.hosts, self.authorized = {}, {}, {}
        self._start(sshd)

    def path(self, name):
        return os.path.join(self.dir, name)

    def make_key(self, name):
        succeeds(run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.path(name)))

    def public(self, name):
        return " ".join(read_file(self.path(name + ".pub")).split()[:2])

    def add(self, name, options="", uri="ssh://{}", key="{}", words="", **settings):
        """A builder. options: of its key in authorized_keys, None: it is not there; settings: of its Host."""
        self.make_key(name)
        self.authorized[name] = None if options is None else f"{options} {self.public(name)}"
        self.hosts[name] = {"HostName": "127.0.0.1", "Port": self.port, "HostKeyAlias": f"[127.0.0.1]:{self.port}", **settings}
        self.lines[name] = f"{uri.format(name)} - {self.path(key.format(name)) if key != '-' else key} 1 1 - - {words or '-'}"
        return self

    def place(self, *names):
        """Where these are the builders."""
        write_file(self.path("authorized"), "".join(line + "\n" for line in self.authorized.values() if line))
        write_file(self.path("ssh_config"), "".join(
            f"Host {name}\n" + "".join(f"  {key} {value}\n" for key, value in host.items()) for name, host in self.hosts.items()) +
            f"Host *\n  UserKnownHostsFile {self.known}\n  GlobalKnownHostsFile /dev/null\n  IdentitiesOnly yes\n"
            "  IdentityAgent none\n")
        self.nix.write("substituters =", "builders = " + " ; ".join(self.lines[name] for name in names))
        return self.nix.place().setting(NIX_SSHOPTS=f"-F {self.path('ssh_config')}")

    def _start(self, sshd):
        store = self.nix.env()
        env = {"NIX_REMOTE": "local", **{name: store[name] for name in ("NIX_STORE_DIR", "NIX_STATE_DIR", "NIX_LOG_DIR")}}
        succeeds(run("nix-store", "--init", env={**os.environ, **store, "NIX_REMOTE": "local"}))
        version = subprocess.run(["ssh", "-V"], capture_output=True, text=True, check=False).stderr
        number = re.search(r"OpenSSH_(\d+)\.(\d+)", version)
        penalties = "PerSourcePenalties no" if number and (int(number[1]), int(number[2])) >= (9, 8) else ""
        config = write_file(self.path("sshd_config"), f"""\
Port {self.port}
ListenAddress 127.0.0.1
HostKey {self.path("host")}
AuthorizedKeysFile {self.path("authorized")}
PidFile none
UsePAM no
UseDNS no
StrictModes no
MaxStartups 100
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
SetEnv {" ".join(f"{name}={value}" for name, value in env.items())}
{penalties}
""")
        # sshd wants /run/sshd, which is there only where the service is
        make = 'mount -t tmpfs none /run && mkdir -m 755 /run/sshd && exec "$@"'
        self.child = subprocess.Popen(["unshare", "-m", "sh", "-c", make, "sh", sshd, "-D", "-e", "-f", config],
                                      stderr=subprocess.PIPE, cwd=self.dir, start_new_session=True)
        cleanup(self._end)
        end = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 5).close()
                return
            except OSError:
                if self.child.poll() is not None:
                    skip("sshd cannot be started here: " + self.child.stderr.read().decode().strip()[-200:])
                true(time.monotonic() < end, "sshd does not listen")
                time.sleep(0.05)

    def _end(self):
        os.killpg(self.child.pid, 15)
        self.child.wait()
        self.child.stderr.close()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]
