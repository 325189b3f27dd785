# SPDX-License-Identifier: MIT
"""
_runner.py - GitHub's runner, as far as its container hook sees it, and the images that jobs run in.

What is as in the runner: the hook is a file that ends in .sh and is given to `bash -e`; the working directory is the
workspace; the request is one line of JSON and then the end; the response file is made, empty, before each call; the
runner's paths are in the environment; arguments come broken at blanks; what the hook prints are lines in which workflow
commands are looked for; a cancelled step gets SIGINT, then SIGTERM, then its process tree is killed (after 7.5 and 2.5 s;
here sooner). A call has worked when its status is 0, and prepare_job when it has answered with isAlpine as well.
"""
import atexit
import functools
import json
import os
import re
import secrets
import shutil
import signal
import stat
import subprocess
import tempfile
import time
import uuid

from harness import *       # pylint: disable=wildcard-import,unused-wildcard-import

NODE = shutil.which("node", path="/usr/local/bin:/usr/bin")
BUSYBOX = "/bin/busybox"
STORE = "/nix/store/00000000000000000000000000000000-closure"
ERROR = re.compile(r"::error title=croft::(.*)")
PASSWORD = "hunter2-of-the-registry"


def libraries(program):
    """Every file that the loader takes for a program, by the name it is looked up by."""
    out = succeeds(run("ldd", program)).out
    return dict(re.findall(r"^\s+(\S+) => (/\S+)", out, re.M)) | {p: p for p in re.findall(r"^\s+(/\S+) \(", out, re.M)}


def put(root, path, source):
    to = root + path
    os.makedirs(os.path.dirname(to), exist_ok=True)
    if not os.path.exists(to):
        shutil.copy(source, to)


def busybox_in(root, where, names=("sh", "cat", "env", "ls", "sleep", "touch", "mkdir", "rm", "id", "true")):
    put(root, f"{where}/busybox", BUSYBOX)
    os.makedirs(root + "/bin", exist_ok=True)
    for name in names:
        os.symlink(f"{where}/busybox", f"{root}/bin/{name}")


def debian_like():
    """The host's own files: dynamically linked, a loader, libraries, os-release."""
    root = tempdir()
    for program in "/bin/sh", "/bin/cat", "/bin/sleep", "/bin/ls", "/usr/bin/env", "/bin/touch", "/bin/tar", "/usr/bin/find", NODE or "/bin/cat":
        for name, path in libraries(program).items():
            put(root, name if name.startswith("/") else path, path)
        if program != NODE:
            put(root, program, program)
    write_file(root + "/etc/os-release", "ID=debian\n")
    return root


def musl_like():
    """One static program under many names, as Alpine's and busybox's images are."""
    root = tempdir()
    busybox_in(root, "/usr/bin")
    write_file(root + "/etc/os-release", "ID=void\n")
    return root


def nix_like():
    """No /lib64, no /lib, no tar, no find, no /etc: links into a store."""
    root = tempdir()
    busybox_in(root, STORE + "/bin")
    return root


IMAGES = {"debian-like": debian_like, "musl-like": musl_like, "nix-like": nix_like}


@functools.cache
def node_folder():
    """Externals with this machine's node, once for all tests of a file: it is a hundred megabytes."""
    folder = tempfile.mkdtemp(prefix="croft-externals-")
    atexit.register(shutil.rmtree, folder)
    put(folder, "/node20/bin/node", NODE)
    return folder


def small_externals(program="/bin/cat"):
    folder = tempdir()
    put(folder, "/node20/bin/node", program)
    return folder


class Call:
    """How one call of the hook ended."""

    def __init__(self, status, out, response):
        self.status, self.out, self.response = status, out, response
        self.errors = ERROR.findall(out)
        self.warnings = re.findall(r"^::warning title=croft::(.*)$", out, re.M)

    def __str__(self):
        return f"status: {self.status}\noutput: {self.out}\nresponse: {self.response!r}"


class Runner:
    """One runner with one job at a time; jobs' state in a store of its own unless one is given."""

    def __init__(self, store=None, externals=None, env=None):
        self.home = tempdir()
        self.mark = "CROFT_TEST_MARK=" + secrets.token_hex(8)
        self.work, self.temp = self.home + "/_work", self.home + "/_work/_temp"
        self.space = self.work + "/repo/repo"
        self.externals = externals or small_externals()
        self.store = store or os.path.join(tempdir(), "state")
        for folder in ("repo/repo", "_temp/_runner_file_commands", "_temp/_github_home", "_temp/_github_workflow",
                       "_temp/_runner_hook_responses", "_actions/acme/hello/v1", "_tool"):
            os.makedirs(f"{self.work}/{folder}")
        write_file(self.temp + "/_github_workflow/event.json", '{"ref":"refs/heads/main"}')
        self.hook = write_file(self.home + "/hook.sh", f"exec {CROFT} gha-hook\n")
        self.env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": self.home, "GITHUB_ACTIONS": "true", "CI": "true", "RUNNER_OS": "Linux",
                    "RUNNER_NAME": "ada", "RUNNER_TEMP": self.temp, "RUNNER_TOOL_CACHE": self.work + "/_tool",
                    "RUNNER_WORKSPACE": self.work + "/repo", "GITHUB_WORKSPACE": self.space, "GITHUB_REPOSITORY": "acme/repo",
                    "ACTIONS_RUNNER_CONTAINER_HOOKS": self.hook, "CROFT_GHA_STATE": self.store,
                    self.mark.partition("=")[0]: self.mark.partition("=")[2]} | (env or {})
        self.state, self.response = None, ""

    def start(self, command, args, raw=None, state="mine", response=None):
        """-> the running hook; raw: other bytes in place of the request."""
        self.response = response or f"{self.temp}/_runner_hook_responses/{uuid.uuid4()}.json"
        if response is None:
            write_file(self.response)
        request = {"command": command, "responseFile": self.response, "args": args,
                   "state": self.state if state == "mine" else state}
        line = raw if raw is not None else json.dumps(request, ensure_ascii=False).encode() + b"\n"
        child = subprocess.Popen(["/bin/bash", "-e", self.hook], cwd=self.space, env=self.env, stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            child.stdin.write(line)
            child.stdin.close()
        except BrokenPipeError:
            pass
        child.stdin = None
        return child

    def end(self, child, timeout=40):
        try:
            out, _ = child.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
            fail(f"the hook did not end in {timeout} s")
        response = None
        if os.path.isfile(self.response):
            text = read_file(self.response)
            response = json.loads(text) if text.strip() else None
        if response and isinstance(response.get("state"), dict):
            self.state = response["state"]
        return Call(child.returncode, out.decode("utf-8", "surrogateescape"), response)

    def call(self, command, args, **how):
        return self.end(self.start(command, args, **how))

    # What it asks for

    def mounts(self):
        def mount(source, target, is_read_only=False):
            return {"userProvidedValue": None, "sourceVolumePath": source, "targetVolumePath": target, "readOnly": is_read_only}
        return [mount("/var/run/docker.sock", "/var/run/docker.sock"), mount(self.work, "/__w"), mount(self.externals, "/__e", True),
                mount(self.temp, "/__w/_temp"), mount(self.work + "/_actions", "/__w/_actions"),
                mount(self.work + "/_tool", "/__w/_tool"), mount(self.temp + "/_github_home", "/github/home"),
                mount(self.temp + "/_github_workflow", "/github/workflow")]

    def container(self, image, options=None, volumes=(), env=None, **more):
        users = []
        for volume in volumes:      # as in a workflow: SOURCE:TARGET[:ro], or TARGET
            parts = volume.split(":")
            source, target = (None, parts[0]) if len(parts) == 1 else parts[:2]
            users.append({"userProvidedValue": volume, "sourceVolumePath": source, "targetVolumePath": target,
                          "readOnly": parts[2:] == ["ro"]})
        return {"image": image, "dockerfile": None, "entryPointArgs": [], "entryPoint": None, "createOptions": options,
                "workingDirectory": "/__w/repo/repo", "registry": {"username": "ada", "password": PASSWORD, "serverUrl": "host"},
                "environmentVariables": {"HOME": "/github/home"} | (env or {}), "portMappings": [],
                "systemMountVolumes": self.mounts(), "userMountVolumes": users} | more

    def prepare(self, image, services=(), **how):
        self.state = None
        done = self.call("prepare_job", {"container": self.container(image, **how), "services": list(services)})
        if done.status == 0 and not (done.response and isinstance(done.response.get("isAlpine"), bool)):
            fail(f"prepare_job has answered nothing: {done}")
        return done

    def prepared(self, image, **how):
        done = self.prepare(image, **how)
        if done.status != 0:
            fail(f"prepare_job: {done}")
        return done

    def step_args(self, entry, words, env=None, prepend=(), workdir="/__w/repo/repo"):
        return {"entryPoint": entry, "entryPointArgs": words.split(" ") if isinstance(words, str) else words,
                "environmentVariables": {"GITHUB_WORKSPACE": "/__w/repo/repo", "RUNNER_TEMP": "/__w/_temp",
                                         self.mark.partition("=")[0]: self.mark.partition("=")[2]} | (env or {}),
                "prependPath": list(prepend), "workingDirectory": workdir}

    def start_step(self, script, env=None, prepend=(), **how):
        """A `run:` step: a script in _temp, given to `sh -e`."""
        name = str(uuid.uuid4()) + ".sh"
        write_file(f"{self.temp}/{name}", script + "\n")
        return self.start("run_script_step", self.step_args("sh", f"-e /__w/_temp/{name}", env, prepend, **how))

    def step(self, script, env=None, prepend=(), **how):
        return self.end(self.start_step(script, env, prepend, **how))

    def says(self, script, env=None, prepend=(), **how):
        """What a step that works prints."""
        done = self.step(script, env, prepend, **how)
        if done.status != 0:
            fail(f"the step failed: {done}")
        return done.out

    def node(self, script, **how):
        """A JavaScript action."""
        write_file(self.work + "/_actions/acme/hello/v1/index.js", script)
        return self.call("run_script_step", self.step_args("/__e/node20/bin/node", "/__w/_actions/acme/hello/v1/index.js", **how))

    def action(self, image, entry=None, words="", **more):
        """A container action, its empty arguments dropped as the runner does it."""
        def mount(source, target):
            return {"userProvidedValue": None, "sourceVolumePath": source, "targetVolumePath": target, "readOnly": False}
        args = self.container(image, **more)
        args |= {"entryPoint": entry, "entryPointArgs": [w for w in words.split(" ") if w], "workingDirectory": "/github/workspace",
                 "systemMountVolumes": [mount("/var/run/docker.sock", "/var/run/docker.sock"), mount(self.temp, "/github/runner_temp"),
                                        mount(self.temp + "/_github_home", "/github/home"), mount(self.space, "/github/workspace")]}
        return self.call("run_container_step", args)

    def cleanup(self, **how):
        return self.call("cleanup_job", {}, **how)

    # What is left

    def processes(self):
        """Whatever still has the mark in its environment: hooks, croft's and steps of this runner."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/environ", "rb") as f:
                    if self.mark.encode() in f.read():
                        found.append((pid, read_file(f"/proc/{pid}/cmdline")))
            except OSError:
                pass
        return found

    def ended(self, seconds=5):
        """All of its processes are gone, at the latest in so many seconds."""
        end = time.monotonic() + seconds
        while left := self.processes():
            if time.monotonic() > end:
                fail(f"still running: {left}")
            time.sleep(0.05)

    def jobs(self):
        return sorted(n for n in os.listdir(self.store) if n != ".lock") if os.path.isdir(self.store) else []

    def nothing_left(self):
        self.ended()
        equal(self.jobs(), [], "jobs in the store")
        equal([line for line in read_file("/proc/self/mountinfo").splitlines() if self.home in line or self.store + "/" in line], [], "mounts")

    def finish(self):
        done = self.cleanup()
        if done.status != 0 or done.errors:
            fail(f"cleanup_job: {done}")
        self.nothing_left()


def refused(done, *parts, status=125):
    """croft's own failure: its status, one line for the log that holds all parts, no answer, no password."""
    equal(done.status, status, f"status of {done}")
    equal(len(done.errors), 1, f"lines of error in {done}")
    for part in parts:
        contains(done.errors[0], part, "the line")
    lacks(done.out, PASSWORD)
    true(not done.response, f"an answer in spite of a failure: {done}")


def wait_for(path, seconds=20):
    end = time.monotonic() + seconds
    while not os.path.exists(path):
        if time.monotonic() > end:
            fail(f"{path} was not made")
        time.sleep(0.02)


__all__ = [n for n in dir() if not n.startswith("__")]
