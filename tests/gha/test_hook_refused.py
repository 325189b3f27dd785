# SPDX-License-Identifier: MIT
"""
test_hook_refused.py - what cannot work is one line of the job's log, in prepare_job where it can be known there.

The five failures of the report that this hook was made for come first, then every other refusal, then bad input:
requests that are none, answers that cannot be written, full disks. Nothing is left behind by any of them.
"""
import os
import resource
import sys

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))

from _runner import *    # noqa: E402 pylint: disable=wildcard-import,unused-wildcard-import


def refuses(r, image, *parts, **how):
    """prepare_job says so in one line, and leaves nothing even without a cleanup."""
    done = r.prepare(image, **how)
    refused(done, *parts)
    r.nothing_left()
    return done


# The report's

@test("no tar, no find, no cat: nothing of it is needed; without a shell one line says so, or a warning if that is wanted")
def _():
    image = tempdir()
    busybox_in(image, "/usr/bin", ["sh"])
    r = Runner()
    r.prepared(image)
    equal(r.says("echo on"), "on\n")
    r.finish()
    os.unlink(image + "/bin/sh")
    refuses(r, image, "'run:' steps cannot start", "sh: missing", "(")
    r.env["CROFT_GHA_PREFLIGHT"] = "warning"
    done = r.prepared(image)
    contains(done.warnings[0], "'run:' steps cannot start")
    r.finish()


@test("node's interpreter: lent where this machine has it, else named before the job begins")
def _():
    program = os.path.join(tempdir(), "node")
    write_file(program + ".c", "int main(void) { return 0; }\n")
    succeeds(run("gcc", "-o", program, program + ".c", "-Wl,--dynamic-linker=/lib/ld-of-nowhere.so.1"))
    refuses(Runner(externals=small_externals(program)), nix_like(), "node20", "/lib/ld-of-nowhere.so.1")
    r = Runner(externals=small_externals(BUSYBOX))
    r.prepared(nix_like())
    r.finish()


@test("empty externals are said to be empty", variants=["empty", "no such folder"])
def _(kind):
    r = Runner(externals=tempdir())
    if kind != "empty":
        os.rmdir(r.externals)
        os.makedirs(r.externals + "/x")
        r.externals += "/x/y"
    refuses(r, musl_like(), "externals" if kind == "empty" else "does not exist on this host")
    if kind != "empty":
        os.makedirs(r.externals)


@test("a template is merged and never appended: the same twice is one, two that differ are named",
      variants=["same", "differs", "initContainers", "new"])
def _(kind):
    folder = tempdir()
    write_file(folder + "/x", "of the template\n")
    r = Runner()
    mount = {"same": (r.work, "/__w"), "differs": (folder, "/__w"), "new": (folder, "/data"), "initContainers": (folder, "/data")}[kind]
    text = (f"spec:\n  containers:\n  - name: $job\n    env:\n    - name: POD\n      value: template\n    volumeMounts:\n    - name: v\n"
            f"      mountPath: {mount[1]}\n  volumes:\n  - name: v\n    hostPath:\n      path: {mount[0]}\n")
    if kind == "initContainers":
        text += "  initContainers:\n  - name: x\n    image: y\n"
    r.env["ACTIONS_RUNNER_CONTAINER_HOOK_TEMPLATE"] = write_file(r.home + "/pod.yaml", text)
    if kind in ("differs", "initContainers"):
        refuses(r, musl_like(), "pod.yaml:", "/__w" if kind == "differs" else "initContainers")
        return
    r.prepared(musl_like())
    equal(r.says("echo $POD; [ ! -e /data/x ] || cat /data/x"), "template\n" + ("of the template\n" if kind == "new" else ""))
    r.finish()


@test("a source that is not there is named, and the one that was meant")
def _():
    folder = tempdir()
    os.mkdir(folder + "/docker")
    refuses(Runner(), musl_like(), f"mount: {folder}/docker-host does not exist on this host; {folder}/docker does",
            volumes=[f"{folder}/docker-host:/var/lib/docker"])


# The others

@test("services, a Dockerfile, no container, no image: refused in one line before anything is made")
def _():
    r, image = Runner(), musl_like()
    refused(r.prepare(image, services=[r.container("redis:7")]), "no service containers")
    refuses(r, None, "built from a Dockerfile", dockerfile="/__w/_actions/a/b/c/Dockerfile")
    refuses(r, None, "names no image")
    refused(r.call("prepare_job", {"container": None, "services": []}), "no container")
    r.nothing_left()


@test("an action that is built from a Dockerfile is told in prepare_job, and by its step", variants=["action.yml", "action.yaml", "below"])
def _(kind):
    r = Runner()
    path = r.work + "/_actions/acme/build/v2/" + {"below": "sub/action.yml"}.get(kind, kind)
    write_file(path, "name: x\nruns:\n  using: docker\n  image: 'Dockerfile'\n")
    refuses(r, musl_like(), "Dockerfile", path)
    write_file(path, "name: x\ndescription: has a Dockerfile\nruns:\n  using: node20\n  main: index.js\n")
    r.prepared(musl_like())
    refused(r.action(None, dockerfile="/__w/_actions/acme/build/v2/Dockerfile"), "built from a Dockerfile")
    r.finish()


@test("a step without a job, a word too many, no RUNNER_TEMP")
def _():
    r = Runner()
    refused(r.step("echo no"), "belongs to no job")
    refused(r.call("run_script_step", r.step_args("sh", "x"), state={"croft": {"job": "0" * 24}}), "is gone")
    refused(r.call("run_script_step", r.step_args("sh", "x"), state={"croft": {"job": "../../etc"}}), "belongs to no job")
    del r.env["RUNNER_TEMP"]
    refused(r.cleanup(), "RUNNER_TEMP is not set")
    status_is(run_croft("gha-hook", "x"), 125)
    contains(succeeds(run_croft("gha-hook", "--help")).out, "hook")


@test("options that are honoured and make no sense are refused", variants=["--cpus two", "--cpus 1.x", "--memory lots", "--pids-limit -2",
                                                                          "--workdir here", "--env 'A=1", "--volume x:y:z", "--memory"])
def _(options):
    refuses(Runner(), musl_like(), "options", options=options)


@test("a folder of jobs that others may enter, or that a job would see, is refused")
def _():
    r, image = Runner(), musl_like()
    os.makedirs(r.store, mode=0o755)
    os.chmod(r.store, 0o755)
    refused(r.prepare(image), "may be entered by others", "chmod 700")
    r.env["CROFT_GHA_STATE"] = r.work + "/state"
    refused(r.prepare(image), "holds the jobs of this hook", "CROFT_GHA_STATE")


@test("an image that is replaced or changed while the job runs is told, and nothing is started", variants=["replaced", "changed", "removed"])
def _(kind):
    image, r = musl_like(), Runner()
    r.prepared(image)
    equal(r.says("echo on"), "on\n")
    if kind == "changed":
        write_file(image + "/new")
    else:
        os.rename(image, image + ".old")
        cleanup(shutil.move, image + ".old", image + "/old" if kind == "replaced" else image)
        if kind == "replaced":
            os.mkdir(image)
    refused(r.step("echo no"), "has changed since the job began")
    r.finish()


@test("names with commands in them forge nothing: one line, escaped")
def _():
    r = Runner()
    done = r.prepare("dir:/nowhere/a\n::error::forged\r\n##[error]forged%0A::warning::x")
    refused(done, "is not there", "\\n", "%250A")
    equal([line for line in re.split(r"[\r\n]", done.out) if line and not line.startswith("::error title=croft::image")], [])
    lacks(done.out, "##[")


# Input

def nested(depth):
    return b'{"a":' * depth + b"1" + b"}" * depth


BAD = {
    "nothing": b"", "a word": b"hello\n", "half": b'{"command":"prepare_job",', "a list": b"[]\n", "a NUL": b'{"command":"cleanup\\u0000_job"}',
    "no UTF-8": b'{"command":"\xff"}', "deep": nested(100000), "twice": b'{"command":"cleanup_job","command":"prepare_job"}',
    "no command": b'{"responseFile":"/x","args":{}}', "an unknown command": b'{"command":"rm","responseFile":"/x"}',
    "a relative response": b'{"command":"cleanup_job","responseFile":"x"}', "password": b'{"command":7,"args":{"registry":"hunter2-of-the-registry"}',
}


@test("a request that is none is refused in one line", variants=list(BAD))
def _(kind):
    r = Runner()
    refused(r.call("", {}, raw=BAD[kind]), "request")
    r.nothing_left()


@test("a request without end is not read to its end")
def _():
    r = Runner()
    child = r.start("", {}, raw=b'{"a":"' + b"x" * 100_000_000)
    refused(r.end(child), "larger than 8 MiB")
    true(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 400_000, "it took too much memory")


@test("fields of the wrong kind are named, their values are not", variants=[
    ("dockerfile", 7), ("environmentVariables", []), ("environmentVariables", {"A=B": "x"}), ("environmentVariables", {"": "x"}),
    ("environmentVariables", {"A": {}}), ("systemMountVolumes", {}), ("systemMountVolumes", ["x"]), ("entryPointArgs", [1]),
    ("userMountVolumes", [{"targetVolumePath": "relative"}]), ("userMountVolumes", [{"targetVolumePath": "/x", "readOnly": "yes"}]),
    ("workingDirectory", "relative"), ("createOptions", {}), ("portMappings", "x")])
def _(pair):
    refuses(Runner(), musl_like(), "the runner's request: '", **{pair[0]: pair[1]})


@test("a response that cannot be written fails the call, and nothing is left", variants=["a folder", "not there", "a link", "a FIFO", "read-only"])
def _(kind):
    r, image = Runner(), musl_like()
    path = r.temp + "/response"
    if kind == "a folder":
        os.mkdir(path)
    elif kind == "a link":
        os.symlink(write_file(r.home + "/victim", "{}"), path)
    elif kind == "a FIFO":
        os.mkfifo(path)
    elif kind == "read-only":
        write_file(path, mode=0o444)
        if IS_ROOT:     # who may write anyway
            os.unlink(path)
    done = r.call("prepare_job", {"container": r.container(image), "services": []}, response=path)
    refused(done, "write the response file", "its user may write")
    r.nothing_left()
    if kind == "a link":
        equal(read_file(r.home + "/victim"), "{}")
    r.prepared(image)
    done = r.call("run_script_step", r.step_args("sh", "-c 'touch ran'"), response=path)
    refused(done, "write the response file")
    true(not os.path.exists(r.space + "/ran"), "the step was run all the same")
    equal(r.cleanup(response=path).status, 0)
    r.nothing_left()


@test("where no file can be written prepare_job says so in one line, and leaves nothing")
def _():
    r, image = Runner(), musl_like()
    write_file(r.hook, f"ulimit -f 0\ntrap '' XFSZ\nexec {CROFT} gha-hook\n")
    refused(r.call("prepare_job", {"container": r.container(image), "services": []}))
    r.nothing_left()


if IS_ROOT:     # who may mount a small disk
    @test("a step that fills the disk fails by itself; when it is full a new job is refused, and after a cleanup it goes on")
    def _():
        r, image = Runner(), musl_like()
        disk = tempdir()
        succeeds(run("mount", "-t", "tmpfs", "-o", "size=2m,mode=700", "tmpfs", disk))
        cleanup(run, "umount", disk)
        r.env["CROFT_GHA_STATE"] = r.store = disk
        r.prepared(image)
        done = r.step("cat /usr/bin/busybox /usr/bin/busybox /usr/bin/busybox >/big && exit 0; exit 9")
        equal(done.status, 9, str(done))
        r.finish()
        write_file(disk + "/.fill", b"")
        with open(disk + "/.fill", "wb", buffering=0) as f:
            try:
                while f.write(b"x" * 4096):
                    pass
            except OSError:
                pass
        refused(r.prepare(image), "No space left on device")
        os.unlink(disk + "/.fill")
        r.prepared(image)
        equal(r.says("echo on"), "on\n")
        r.finish()


main()
