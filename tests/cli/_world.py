# SPDX-License-Identifier: MIT
"""
_world.py - a user's home with a project in it, a server of his, and a terminal multiplexer.

The everyday tools run in the project under the embedded default profile. What they must not reach
lies around it: a key in ~/.ssh, a directory beside the project, a server on the loopback address.
"""
import socket

from _cli import *      # pylint: disable=wildcard-import,unused-wildcard-import

KEY = "the text of the key"
TCP_GRANT = [] if ABI >= TCP else ["--prefer", "tcp"]


def serve(server, log):
    """Greets everybody, and writes a byte for each into the log."""
    while True:
        with server.accept()[0] as visitor, open(log, "ab") as f:
            f.write(b"x")
            f.flush()
            visitor.settimeout(2)
            try:
                visitor.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 7\r\n\r\nwelcome")
                visitor.shutdown(socket.SHUT_WR)
                visitor.recv(4096)
            except OSError:
                pass


class World:
    """A home with a key, a place beside the project, a project, and a server of the user."""

    def __init__(self):
        self.home = os.path.join(tempdir(), "home")
        self.project = os.path.join(self.home, "project")
        self.beside = os.path.join(self.home, "beside")
        os.makedirs(self.project)
        os.mkdir(self.beside)
        self.key = write_file(os.path.join(self.home, ".ssh", "canary"), KEY + "\n", 0o600)
        write_file(os.path.join(self.home, ".gitconfig"),
                   "[user]\n\tname = A Person\n\temail = person@example.org\n[init]\n\tdefaultBranch = trunk\n")
        self.env = {"PATH": "/usr/bin:/bin", "HOME": self.home, "TERM": "xterm", "LANG": "C.UTF-8", "TMPDIR": TMP,
                    "SHELL": "/bin/bash", "npm_config_update_notifier": "false"}
        self.log = write_file(os.path.join(tempdir(), "visitors"))
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.port = server.getsockname()[1]
            pid = os.fork()
            if pid == 0:
                try:
                    serve(server, self.log)
                finally:
                    os._exit(0)
        cleanup(os.waitpid, pid, 0)
        cleanup(os.kill, pid, signal.SIGKILL)

    @property
    def visitors(self):
        """How many have reached the server."""
        return os.stat(self.log).st_size

    def file(self, name, text="", mode=0o644):
        return write_file(os.path.join(self.project, name), text, mode)

    def run(self, *command, options=(), **how):
        how.setdefault("timeout", 60)
        return run_croft("run", *options, "--", *command, cwd=self.project, env=self.env, **how)

    def sh(self, text, **how):
        return self.run("/bin/bash", "-c", text, **how)


class Tmux:
    """A terminal multiplexer outside of the sandbox, and one window in it with a shell."""

    def __init__(self, world):
        self.socket = os.path.join(tempdir(), "socket")
        self.env = dict(world.env, PS1="%sh% ")
        conf = write_file(self.socket + ".conf", "\n".join([
            "set -g default-shell /bin/sh", "set -g status off", "set -sg escape-time 0",
            "set -g default-terminal screen", ""]))
        self.words = ["tmux", "-u", "-S", self.socket, "-f", conf]
        succeeds(run(*self.words, "new-session", "-d", "-x", "100", "-y", "30", "/bin/sh", cwd=world.project,
                     env=self.env))
        cleanup(self._end)
        self.see(r"%sh%\s*$")

    def _end(self):
        run(*self.words, "kill-server", env=self.env)
        wait_until(lambda: run(*self.words, "ls", env=self.env).status != 0, "tmux ends")

    def keys(self, *keys):
        succeeds(run(*self.words, "send-keys", *keys, env=self.env))

    def type(self, text):
        succeeds(run(*self.words, "send-keys", "-l", text, env=self.env))

    def screen(self):
        return succeeds(run(*self.words, "capture-pane", "-p", env=self.env)).out.rstrip("\n")

    def see(self, pattern, seconds=10.0):
        def look():
            return re.search(pattern, self.screen())
        try:
            return wait_until(look, pattern, seconds)
        except Failure:
            return fail(f"not on the screen: {pattern!r}\n{self.screen()}")

    def sane(self):
        """The shell has a terminal with echo and line editing again."""
        self.keys("C-l")
        self.type("clear; stty -a | grep -o -w -e '-*icanon' -e '-*echo' -e '-*isig' | tr '\\n' ' '; "
                  "echo \" end$?\"")
        self.keys("Enter")
        said = self.see(r"(?m)^.*\bend0$")[0]
        equal(sorted(said.split()), ["echo", "end0", "icanon", "isig"], "settings of the terminal")
