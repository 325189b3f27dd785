# SPDX-License-Identifier: MIT
"""
test_hook_jobs.py - whole jobs through croft gha-hook, as the runner calls it: what steps see, what comes back.
"""
import contextlib
import os
import socket
import sys
import threading

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))

from _runner import *    # noqa: E402 pylint: disable=wildcard-import,unused-wildcard-import
import _image            # noqa: E402


@test("a whole job: run steps, a node action, variables and outputs back, 7 is 7, cleanup", variants=list(IMAGES))
def _(kind):
    if not NODE:
        skip("node is not installed")
    image = IMAGES[kind]()
    before = sorted(os.listdir(image))
    r = Runner(externals=node_folder())
    done = r.prepared(image)
    equal(done.response["isAlpine"], False)
    equal(done.response["context"]["services"], [])
    commands = r.temp + "/_runner_file_commands"
    env = {"GITHUB_ENV": "/__w/_temp/_runner_file_commands/set_env_1", "GITHUB_OUTPUT": "/__w/_temp/_runner_file_commands/set_output_1",
           "MSG": "a b \"c\" $d\n'e'"}
    for name in "set_env_1", "set_output_1":
        write_file(f"{commands}/{name}")
    out = r.says('echo "in $(pwd): $MSG, $HOME, $GITHUB_ACTIONS, $CI"\necho X=1 >>"$GITHUB_ENV"\necho y=2 >>"$GITHUB_OUTPUT"\n'
                 'echo made >made-by-step\ncat /github/workflow/event.json', env)
    contains(out, "in /__w/repo/repo: a b \"c\" $d\n'e', /github/home, true, true\n{\"ref\"")
    equal([read_file(f"{commands}/{n}") for n in ("set_env_1", "set_output_1")], ["X=1\n", "y=2\n"])
    equal(read_file(r.space + "/made-by-step"), "made\n")
    done = r.node("const c = require('child_process').execFileSync(process.execPath, ['-p', '6*7']).toString().trim();"
                  "require('fs').appendFileSync(process.env.GITHUB_ENV, 'Z=3\\n');"
                  "console.log('node in', process.cwd(), process.env.HOME, c)", env=env)
    equal(done.status, 0, str(done))
    contains(done.out, "node in /__w/repo/repo /github/home 42")
    equal(read_file(commands + "/set_env_1"), "X=1\nZ=3\n")
    done = r.step("exit 7")
    equal((done.status, done.errors), (7, []), str(done))
    equal(r.says("echo on"), "on\n")
    r.finish()
    equal(sorted(os.listdir(image)), before, "names in the image")


@test("what a step writes to the image is there for the next one, and the image is as it was")
def _():
    image = musl_like()
    r = Runner()
    r.prepared(image)
    r.says("mkdir -p /opt/tool; echo made >/opt/tool/x; rm /etc/os-release")
    equal(r.says("cat /opt/tool/x; test -e /etc/os-release || echo gone"), "made\ngone\n")
    true(not os.path.exists(image + "/opt") and os.path.exists(image + "/etc/os-release"), "the image was changed")
    r.finish()
    r.prepared(image)
    contains(r.says("ls /etc"), "os-release")
    r.finish()


@test("variables: the step's over the container's over the options' over the image's; prependPath newest first")
def _():
    store = _image.oci(_image.layer(_image.folder("bin", mode=0o755), _image.entry("bin/busybox", open(BUSYBOX, "rb").read(), mode=0o755),
                                    *[_image.symlink(f"bin/{n}", "busybox") for n in ("sh", "env")]),
                       config={"Env": ["PATH=/bin:/image", "A=image", "B=image", "C=image", "D=image"]})
    r = Runner(env={"CROFT_GHA_CACHE": os.path.join(tempdir(), "cache")})
    r.prepared("oci:" + _image.as_directory(tempdir(), store), options="-e B=options --env C=options -e D=options",
               env={"C": "container", "D": "container"})
    script = 'echo "$A $B $C $D $PATH"'
    equal(r.says(script, {"D": "step"}), "image options container step /bin:/image\n")
    equal(r.says(script, prepend=["/newest", "/older"]), "image options container container /newest:/older:/bin:/image\n")
    equal(r.says(script, {"PATH": "/bin:/own"}, ["/newest"]), "image options container container /newest:/bin:/own\n")
    r.finish()


@test("values arrive byte for byte: newlines, commands of workflows, nothing, much")
def _():
    r = Runner()
    r.prepared(musl_like())
    values = {"NL": "a\nb\n", "CMD": "::error::x\n##[error]y", "EMPTY": "", "LONG": "x" * 100000, "UTF8": "ä\u2028€", "QUOTE": "'\"\\$(id)`id`"}
    done = r.step("for n in NL CMD EMPTY LONG UTF8 QUOTE; do eval v=\\$$n; printf '%s' \"$v\" >$n; done", values)
    equal(done.status, 0, str(done))
    equal({n: read_file(f"{r.space}/{n}") for n in values}, values)
    r.finish()


@test("arguments that came broken at blanks are put together again, and nothing in them is expanded")
def _():
    r = Runner()
    r.prepared(musl_like())
    words = "-c 'for a; do echo \"[$a]\"; done' sh \"a  b\" c\\ d $HOME '' * \"$(id)\" \"e\\\"f\""
    done = r.call("run_script_step", r.step_args("sh", words))
    equal((done.status, done.out), (0, "[a  b]\n[c d]\n[$HOME]\n[]\n[*]\n[$(id)]\n[e\"f]\n"), str(done))
    refused(r.call("run_script_step", r.step_args("sh", "-c 'echo")), "a quote is not closed")
    r.finish()


@test("how a step ends is how the hook ends", variants=["exit 0", "exit 1", "exit 125", "exit 255", "kill -9 $$", "kill -15 $$"])
def _(script):
    r = Runner()
    r.prepared(musl_like())
    done = r.step(script)
    kind, _, number = script.replace("$$", "").strip().partition(" ")
    equal(done.status, int(number) if kind == "exit" else 128 - int(number), str(done))
    equal(done.errors, [])
    r.finish()


@test("a program that is not there is 127, and one line names it")
def _():
    r = Runner()
    r.prepared(musl_like())
    done = r.call("run_script_step", r.step_args("nosuchprogram", "-x"))
    equal((done.status, len(done.errors)), (127, 1), str(done))
    contains(done.errors[0], "nosuchprogram")
    r.finish()


@test("what a step leaves running ends with it")
def _():
    r = Runner()
    r.prepared(musl_like())
    contains(r.says("sleep 300 >/dev/null 2>&1 & echo done"), "done\n")
    r.ended()
    r.finish()


def cancel(r, script, *pauses):
    """A step that is cancelled as soon as it says that it runs: SIGINT, then SIGTERM after a pause, ..."""
    child = r.start_step(script + "\ntouch ready\nwhile :; do sleep 0.1; done")
    wait_for(r.space + "/ready")
    for sig, pause in zip((signal.SIGINT, signal.SIGTERM), pauses):
        child.send_signal(sig)
        try:
            child.wait(pause)
            break
        except subprocess.TimeoutExpired:
            pass
    return r.end(child)


@test("a cancelled step gets SIGINT, then SIGTERM, and its sandbox ends", variants=["by default", "obeys SIGINT", "obeys SIGTERM", "obeys neither"])
def _(kind):
    script = {"by default": "", "obeys SIGINT": "trap 'echo got >int; exit 3' INT", "obeys SIGTERM": "trap '' INT; trap 'echo got >term; exit 4' TERM",
              "obeys neither": "trap '' INT TERM; sleep 300 &"}[kind]
    r = Runner()
    r.prepared(musl_like())
    done = cancel(r, script, 1.5, 10)
    equal(done.status, {"by default": 130, "obeys SIGINT": 3, "obeys SIGTERM": 4, "obeys neither": 125}[kind], str(done))
    equal(len(done.errors), int(kind == "obeys neither"), str(done))
    if kind.startswith("obeys SIG"):
        equal(read_file(f"{r.space}/{kind[9:].lower()}"), "got\n")
    r.ended()
    r.finish()


@test("the hook may be killed at any moment: the step ends with it, and cleanup leaves nothing",
      variants=["while a step runs", *(f"after {n} ms of prepare_job" for n in (1, 5, 20, 60))])
def _(when):
    r = Runner()
    image = musl_like()
    if when.startswith("while"):
        r.prepared(image)
        child = r.start_step("touch ready; trap '' TERM INT; sleep 300 & while :; do sleep 0.1; done")
        wait_for(r.space + "/ready")
    else:
        child = r.start("prepare_job", {"container": r.container(image), "services": []})
        time.sleep(int(when.split()[1]) / 1000)
    child.kill()
    child.communicate()
    r.ended()
    r.finish()
    r.prepared(image)
    equal(r.says("echo again"), "again\n")
    r.finish()


@test("cleanup works without a state, twice, and after a prepare_job that failed")
def _():
    r = Runner()
    equal(r.cleanup(state=None).status, 0)
    equal(r.prepare(os.path.join(tempdir(), "none")).status, 125)
    equal(r.cleanup().status, 0)
    r.prepared(musl_like())
    r.state = {"foreign": [1]}
    r.finish()
    r.finish()


@test("a job that was never cleaned is removed by the next one of the same runner, and by no other's")
def _():
    one, image = Runner(), musl_like()
    two = Runner(store=one.store)
    one.prepared(image)
    old, state = one.jobs(), one.state
    two.prepared(image)
    equal(len(one.jobs()), 2)
    one.prepared(image)
    true(old[0] not in one.jobs() and len(one.jobs()) == 2, one.jobs())
    one.state, state = state, one.state
    refused(one.step("echo no"), "is gone")
    one.state = two.state
    refused(one.step("echo no"), "is gone")
    one.state = state
    equal(one.says("echo one"), "one\n")
    equal(one.cleanup().status, 0)
    equal(two.says("echo two"), "two\n")
    two.finish()


@test("jobs at once do not meet")
def _():
    store, image, wrong = os.path.join(tempdir(), "state"), musl_like(), []

    def job(number, r):
        try:
            r.prepared(image, volumes=["cache:/cache"])
            for step in range(3):
                equal(r.says(f"echo {number} >>/mine; echo {number} >>/cache/x; sleep 0.1; cat /mine /cache/x"), f"{number}\n" * 2 * (step + 1))
            equal(r.cleanup().status, 0)
        except Exception as e:      # pylint: disable=broad-except
            wrong.append(e)
    runners = [Runner(store=store) for _ in range(4)]
    threads = [threading.Thread(target=job, args=each) for each in enumerate(runners)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    equal(wrong, [])
    runners[0].nothing_left()


@test("volumes: a host's folder, read-only, one by name for all who name it, a fresh one")
def _():
    folder = tempdir()
    write_file(folder + "/x", "host\n")
    r = Runner()
    r.prepared(musl_like(), volumes=[f"{folder}:/a", f"{folder}:/b:ro", "cache:/c", "cache:/d", "/e"], options=f"-v {folder}:/f:ro")
    equal(r.says("cat /a/x /b/x /f/x; touch /a/new; ! touch /b/no 2>/dev/null; ! touch /f/no 2>/dev/null; echo 1 >/c/y; cat /d/y; ls /e"),
          "host\nhost\nhost\n1\n")
    equal(sorted(os.listdir(folder)), ["new", "x"])
    equal(r.says("cat /c/y"), "1\n")
    r.finish()


@test("the docker socket is left out, and a user's wish for it is warned of")
def _():
    r = Runner()
    done = r.prepared(musl_like(), volumes=["/var/run/docker.sock:/var/run/docker.sock"])
    equal(len(done.warnings), 1, str(done))
    equal(r.says("ls -a /var/run 2>/dev/null || echo none"), "none\n")
    r.finish()


@test("options: limits and the working directory are honoured, the rest is a warning each")
def _():
    r = Runner()
    done = r.prepared(musl_like(), options="--ulimit nofile=99:99 --workdir /usr --privileged --cap-add ALL --health-cmd 'a b' --pids-limit -1 --cpus 0")
    equal(["--privileged" in done.out, "--cap-add" in done.out, "--health-cmd" in done.out, len(done.warnings)], [True, True, True, 3], str(done))
    equal(r.says("ulimit -n; pwd", workdir=""), "99\n/usr\n")
    r.finish()


@test("options that take a control group are warned of, one line each, and the steps run")
def _():
    r = Runner()
    done = r.prepared(musl_like(), options="--cpus 1 --memory 512m --pids-limit 50")
    equal(len(done.warnings), 3, str(done))
    equal(r.says("echo ran"), "ran\n")
    r.finish()


@test("--network none: a step has no network, and has the host's without it")
def _():
    r, image = Runner(), musl_like()
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(8)
        script = f"busybox nc -w 2 127.0.0.1 {server.getsockname()[1]} </dev/null >/dev/null 2>&1 && echo through || echo none"
        threading.Thread(target=close_each, args=(server,), daemon=True).start()
        r.prepared(image)
        equal(r.says(script), "through\n")
        r.finish()
        r.prepared(image, options="--network none")
        equal(r.says(script), "none\n")
        r.finish()


def close_each(server):
    with contextlib.suppress(OSError):
        while True:
            server.accept()[0].close()


@test("a secret stands in no command line")
def _():
    r, secret = Runner(), "s3cr3t-" + secrets.token_hex(8)
    r.prepared(musl_like(), env={"OF_CONTAINER": secret})
    child = r.start_step("touch ready; while [ ! -e go ]; do sleep 0.05; done", {"OF_STEP": secret})
    wait_for(r.space + "/ready")
    lines = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            lines.append(read_file(f"/proc/{pid}/cmdline"))
        except OSError:
            pass
    write_file(r.space + "/go")
    equal(r.end(child).status, 0)
    equal([line for line in lines if secret in line], [])
    r.finish()


@test("a container action runs its entry point in a room of its own, and leaves nothing", variants=["entry point", "the image's", "no job"])
def _(kind):
    store = _image.oci(_image.layer(_image.folder("bin", mode=0o755), _image.entry("bin/busybox", open(BUSYBOX, "rb").read(), mode=0o755),
                                    *[_image.symlink(f"bin/{n}", "busybox") for n in ("sh", "env", "touch", "echo")]),
                       config={"Env": ["A=image"], "Entrypoint": ["/bin/echo", "entry"], "Cmd": ["cmd"]})
    image = "oci:" + _image.as_archive(os.path.join(tempdir(), "i.tar"), store)
    r = Runner(env={"CROFT_GHA_CACHE": os.path.join(tempdir(), "cache")})
    if kind != "no job":
        r.prepared(musl_like())
    if kind == "the image's":
        equal(r.action(image).out, "entry cmd\n")
        equal(r.action(image, words="\"a b\" c").out, "entry a b c\n")
    else:
        done = r.action(image, "/bin/sh", "-c \"echo $A $B; touch /made made; exit 6\"", env={"B": "step"})
        equal((done.status, done.out), (6, "image step\n" if "$A" in done.out or "image" in done.out else done.out), str(done))
        true(os.path.exists(r.space + "/made"), "nothing was written to the workspace")
        equal(r.action(image, "/bin/sh", "-c \"test ! -e /made\"").status, 0)
    r.finish()


@test("an image is found by path, by dir:, by oci: with a tag, and by its name in the folder of images")
def _():
    images = tempdir()
    root = musl_like()
    os.rename(root, images + "/registry.invalid_team_job_2")
    os.mkdir(root)
    r = Runner(env={"CROFT_GHA_IMAGES": images, "CROFT_GHA_CACHE": os.path.join(tempdir(), "cache")})
    layer = _image.layer(_image.folder("bin", mode=0o755), _image.entry("bin/sh", open(BUSYBOX, "rb").read(), mode=0o755))
    store = {}
    made = _image.manifest(store, [layer])
    made["annotations"] = {"org.opencontainers.image.ref.name": "job:3"}
    layout = _image.as_directory(tempdir(), store | _image.layout(made) | store)
    for name in (images + "/registry.invalid_team_job_2", "dir:" + images + "/registry.invalid_team_job_2", "registry.invalid/team/job:2",
                 "oci:" + layout):
        r.prepared(name)
        equal(r.says("echo here"), "here\n")
        r.finish()
    refused(r.prepare("registry.invalid/team/job:9"), "job:9 is not in", "nothing is pulled")
    refused(r.prepare("../x"), "is not in")
    refused(Runner().prepare("node:22"), "image node:22: nothing says where it lies", "CROFT_GHA_IMAGES")


main()
