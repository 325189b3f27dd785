# SPDX-License-Identifier: MIT
"""
_project.py - a user's home with a project in it, for the tests of profiles that come with projects.

The home, the state and the configuration are directories of the test. What the command may do is
asked of the payload: a file that it reads or makes, a variable that it sees.
"""
import hashlib

from _cli import *      # pylint: disable=wildcard-import,unused-wildcard-import

SYSTEM = "version: 2\nprofiles:\n  project:\n    extends: [default]\n"


class Project:
    """home/work is a git work tree; home/outside a directory beside it with a file."""

    def __init__(self):
        self.home = os.path.join(tempdir(), "home")
        self.root = os.path.join(self.home, "work")
        self.sub = os.path.join(self.root, "deep", "er")
        self.outside = os.path.join(self.home, "outside")
        self.state = os.path.join(self.home, ".local", "state", "croft", "trust")
        for path in (self.sub, self.outside, os.path.join(self.root, ".git")):
            os.makedirs(path)
        write_file(os.path.join(self.root, ".git", "HEAD"), "ref: refs/heads/main\n")
        write_file(os.path.join(self.outside, "secret"), "secret\n")
        write_file(os.path.join(self.root, "file"), "file\n")
        self.path = os.path.join(self.root, ".croft.yaml")
        self.env = {"PATH": "/usr/bin:/bin", "HOME": self.home, "TMPDIR": TMP, "LANG": "C.UTF-8", "EVIL": "evil"}

    def file(self, text):
        """The project's own profile: the lines behind the first four, or a whole text."""
        if not text.startswith("version"):
            text = "version: 2\nprofiles:\n  project:\n" + "".join(f"    {line}\n" for line in text.splitlines())
        return write_file(self.path, text)

    def croft(self, *args, cwd=None, env=None, **how):
        return run_croft(*args, cwd=cwd or self.root, env=dict(self.env, **(env or {})), **how)

    def run(self, *command, options=(), **how):
        """croft run with no --profile; the payload is there whatever the file says."""
        return self.croft("run", "--execute", PAYLOAD, *options, "--", *command, **how)

    def trust(self, *words):
        return succeeds(self.croft("profile", "trust", *words))

    def can(self, *command, **how):
        """True if the payload could do it; nothing of croft's own failed."""
        result = self.run(PAYLOAD, *command, **how)
        true(result.status not in (125, 126, 127), f"croft failed:\n{result}")
        return result.status == 0

    def digest(self):
        with open(self.path, "rb") as f:
            return hashlib.sha256(f.read()).hexdigest()

    def refuses(self, *parts, **how):
        """The file stops the start, croft says why, and nothing ran."""
        made = os.path.join(self.root, "made")
        refused(self.run(PAYLOAD, "create", made, **how), 125, *parts)
        true(not os.path.lexists(made), "the command ran")

    def starts(self, **how):
        made = os.path.join(self.root, "made")
        result = succeeds(self.run(PAYLOAD, "create", made, **how))
        os.unlink(made)
        return result
