#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
demo.py - shows croft at work: demo.py CROFT

A small C project is built and tested inside the sandbox. Then four things are tried that a build
has no business doing, each first without croft, where it works, and then with it, where it must
not. Every command is printed with what came of it. Ends with 1 if anything is not as promised.

Everything happens in a fresh directory with a home of its own; nothing of the caller's is touched.
"""
import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

PROJECT = Path(__file__).resolve().parent / "demo"
SECRET = "a-secret-that-only-its-owner-should-read"


class Demo:
    """The commands, where they run, and what was not as promised."""

    def __init__(self, croft, home, project):
        self.croft, self.project = croft, project
        self.env = {"HOME": str(home), "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LANG": "C.UTF-8",
                    "TERM": os.environ.get("TERM", "dumb"), "DEMO_API_TOKEN": SECRET}
        self.broken = []

    def promise(self, holds, text):
        print(f"    {'as promised:' if holds else 'NOT AS PROMISED:'} {text}\n", flush=True)
        if not holds:
            self.broken.append(text)

    def run(self, *command):
        """Prints the command as one would type it, runs it, prints what it says. -> (status, output)"""
        print("  $ " + shlex.join(["croft" if c == self.croft else c for c in command]), flush=True)
        done = subprocess.run(command, cwd=self.project, env=self.env, stdin=subprocess.DEVNULL, text=True,
                              errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        print("".join(f"    {line}\n" for line in done.stdout.splitlines()) + f"    [status {done.returncode}]")
        return done.returncode, done.stdout

    def refused(self, what, command, happened):
        """command works without croft and not with it; happened(output) says whether it had its effect."""
        status, out = self.run(*command)
        self.promise(status == 0 and happened(out), f"without croft, {what} works")
        status, out = self.run(self.croft, "run", "--", *command)
        self.promise(status != 0 and not happened(out), f"with croft, {what} is refused")


class Server:
    """A server on a loopback port, which greets who reaches it."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            connection, _ = self.listener.accept()
            connection.sendall(b"hello from the server\n")
            connection.close()


def show(demo, home, server):
    print("A build and its tests, in the sandbox. The project may be written, the system read and executed.\n")
    status, out = demo.run(demo.croft, "run", "--", "make", "test")
    demo.promise(status == 0 and "all tests passed" in out and (demo.project / "lines").exists(),
                 "the project is built, its tests pass, and what was built is there")

    print("Reading a key in the home directory.\n")
    demo.refused("reading ~/.ssh/id_ed25519", ["cat", f"{home}/.ssh/id_ed25519"], lambda out: SECRET in out)
    status, out = demo.run(demo.croft, "why", "read", f"{home}/.ssh/id_ed25519")
    demo.promise("--read" in out, "croft why names the rule that is missing")

    print("Writing outside the project.\n")
    mark = home / "outside"

    def was_written(_):
        there = mark.exists()
        mark.unlink(missing_ok=True)
        return there
    demo.refused("writing ~/outside", ["sh", "-c", f"echo was here > {mark}"], was_written)

    print("Reaching a server on this machine.\n")
    ask = ["bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{server.port} && cat <&3"]
    demo.refused(f"connecting to port {server.port}", ask, lambda out: "hello from the server" in out)
    status, out = demo.run(demo.croft, "run", "--connect", str(server.port), "--", *ask)
    demo.promise(status == 0 and "hello from the server" in out, "with that port granted, it works again")

    print("Reading a token in the environment.\n")
    demo.refused("reading $DEMO_API_TOKEN", ["printenv", "DEMO_API_TOKEN"], lambda out: SECRET in out)


def main():
    croft = str(Path(sys.argv[1]).resolve())
    where = Path(tempfile.mkdtemp(prefix="croft-demo-")).resolve()
    try:
        home = where / "home"
        (home / ".ssh").mkdir(parents=True)
        (home / ".ssh" / "id_ed25519").write_text(SECRET + "\n", encoding="utf-8")
        project = home / "project"
        shutil.copytree(PROJECT, project)
        demo = Demo(croft, home, project)
        show(demo, home, Server())
    finally:
        shutil.rmtree(where)
    if demo.broken:
        print("Not as promised:\n" + "".join(f"  {text}\n" for text in demo.broken), end="")
        return 1
    print("Everything was as promised.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
