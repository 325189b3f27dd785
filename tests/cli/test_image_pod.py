#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_image_pod.py - croft image check --pod: pods and extensions of GitHub's container hooks, good and bad.

Each bad file stands beside the one that its mend makes of it. Places are lines and columns of the file.
"""
from _images import *      # pylint: disable=wildcard-import,unused-wildcard-import

GOOD = """\
apiVersion: v1
kind: Pod
metadata: {name: job}
spec:
  containers:
  - name: main
    image: job:1
    command: [/bin/sh, -c, "true"]
    volumeMounts:
    - {name: data, mountPath: /data}
  volumes:
  - name: data
    emptyDir: {}
"""
EXTENSION = """\
metadata:
  labels: {team: build}
spec:
  containers:
  - name: $job
    volumeMounts:
    - name: cache
      mountPath: /cache
  volumes:
  - name: cache
    emptyDir: {}
"""


def sh_image():
    return Image("debian")


def full_image():
    """With all that the hooks need."""
    image = Image("debian")
    for name in ["tail", "env", "tar", "find", "stat", "chmod", "cat", "mkdir", "cp", "dirname", "rm", "mv"]:
        image.take(name)
    return image


def asked(image, text, *words, name="pod.yaml"):
    path = write_file(os.path.join(tempdir(), name), text)
    result = run_croft("image", "check", "--pod", path, *words, image.root)
    return path, result


def bad(image, text, *expected, words=(), name="pod.yaml"):
    """Just these findings: (line:column, parts...)."""
    path, result = asked(image, text, *words, name=name)
    status_is(result, FOUND)
    lines = result.out.splitlines()
    equal(len(lines), len(expected), f"number of findings {lines}")
    for line, (place, *parts) in zip(lines, expected):
        contains(line, f"croft: {path}:{place}: ", "finding")
        for part in parts:
            contains(line, part, "finding")


def good(image, text, *words, name="pod.yaml"):
    result = asked(image, text, *words, name=name)[1]
    equal((result.status, result.out, result.err), (SOUND, "", ""), "status and output")


def unread(text, *parts, name="pod.yaml"):
    path, result = asked(sh_image(), text, name=name)
    refused(result, 125, path, *parts)


def wrapped(kind, where, text=GOOD):
    """The specification of a pod where another kind of object has it."""
    lines = text.split("spec:\n", 1)[1]
    out = f"apiVersion: v1\nkind: {kind}\n"
    for depth, key in enumerate(where):
        out += "  " * depth + key + ":\n"
    return out + "".join("  " * (len(where) - 1) + line + "\n" for line in lines.splitlines())


@test("a sound pod has no finding")
def _():
    good(sh_image(), GOOD)


@test("a volume that is there twice is found at its second place")
def _():
    bad(sh_image(), GOOD + "  - name: data\n    hostPath: {path: /srv}\n",
        ("14:11", "the volume 'data' is there twice, first in line 12", "take one of them out"))


@test("two mounts of one container at one path are found, however it is written", variants=["/data", "/data/", "//data", "data"])
def _(path):
    text = GOOD.replace("mountPath: /data}\n", f"mountPath: /data}}\n    - {{name: more, mountPath: {path}}}\n")
    text += "  - {name: more, emptyDir: {}}\n"
    bad(sh_image(), text, ("11:31", "the container 'main' mounts something at '/data' twice, first in line 10"))
    good(sh_image(), text.replace(f"mountPath: {path}}}\n  vol", "mountPath: /more}\n  vol"))


@test("two containers may mount at the same path")
def _():
    good(sh_image(), GOOD.replace("  volumes:", "  - name: side\n    image: side:1\n    volumeMounts: [{name: data, mountPath: /data}]\n  volumes:"))


@test("a mount of a volume that is not there is found")
def _():
    text = GOOD.replace("name: data, mount", "name: dat, mount")
    bad(sh_image(), text, ("12:11", "the volume 'data' is mounted by no container"),
        ("10:30", "the container 'main' mounts the volume 'dat', which is not there", "{ name: dat, emptyDir: {} }"))


@test("a volume that nothing mounts is found; one that an init container or a device uses is not")
def _():
    text = GOOD + "  - name: spare\n    emptyDir: {}\n"
    bad(sh_image(), text, ("14:11", "the volume 'spare' is mounted by no container", "add a volumeMount"))
    good(sh_image(), text.replace("  containers:", "  initContainers:\n  - name: fill\n    volumeMounts: [{name: spare, mountPath: /x}]\n"
                                  "  containers:"))
    good(sh_image(), text.replace("    volumeMounts:", "    volumeDevices: [{name: spare, devicePath: /dev/x}]\n    volumeMounts:"))


@test("a mount over what the needed commands need is found with the file; elsewhere it is no matter",
      variants=["/usr", "/bin", "/lib", "/"])
def _(path):
    image = sh_image()
    libraries = [p for _, p in host_libraries("/bin/dash")]
    if path == "/usr":
        image.take("/usr/bin/tar", shutil.which("tar"))
    text = GOOD.replace("mountPath: /data", f"mountPath: {path}")
    words = ["--need", "tar"] if path == "/usr" else []
    result = asked(image, text, *words)[1]
    status_is(result, FOUND)
    contains(result.out, f":10:31: the mount at '{path}' hides '", "finding")
    if path == "/lib" and not any(p.startswith("/lib/") for p in libraries):
        skip("this machine's libraries lie elsewhere")
    contains(result.out, "--mount HOST:" + path, "mend")
    good(image, text.replace(f"mountPath: {path}", "mountPath: /srv/data"), *words)


@test("a mount over a Nix store hides everything that leads into it")
def _():
    image = Image()
    image.take(f"/nix/store/{HASH}-dash/bin/sh", "/bin/dash")
    image.link("/bin/sh", f"/nix/store/{HASH}-dash/bin/sh")
    text = GOOD.replace("mountPath: /data", "mountPath: /nix")
    bad(image, text, ("10:31", f"the mount at '/nix' hides '/nix/store/{HASH}-dash/bin/sh', which sh (and 1 more) needs"))


@test("a command that is there a second time behind the mount is not hidden")
def _():
    image = sh_image()
    image.take("/usr/local/bin/tar", shutil.which("tar"))
    text = GOOD.replace("mountPath: /data", "mountPath: /usr/local/bin")
    bad(image, text, ("10:31", "hides '/usr/local/bin/tar', which tar needs"), words=["--need", "tar"])
    image.take("/bin/tar", shutil.which("tar"))
    good(image, text, "--need", "tar")


@test("a directory that is mounted from a known place hides nothing")
def _():
    host = os.path.join(tempdir(), "bin")
    os.mkdir(host)
    shutil.copy("/bin/dash", os.path.join(host, "sh"))
    text = GOOD.replace("mountPath: /data", "mountPath: /bin")
    good(sh_image(), text, "--mount", f"{host}:/bin")
    os.unlink(os.path.join(host, "sh"))
    status_is(asked(sh_image(), text, "--mount", f"{host}:/bin", "--need", "sh")[1], FOUND)


@test("a program that is neither in the image nor below a mount is found at its line")
def _():
    text = GOOD.replace("[/bin/sh, ", "[/__e/node20/bin/node, ")
    bad(sh_image(), text, ("8:15", "the container 'main' starts '/__e/node20/bin/node', which is neither in the image"))
    good(sh_image(), text.replace("mountPath: /data", "mountPath: /__e"))
    text = GOOD.replace("[/bin/sh, ", "[node, ")
    bad(sh_image(), text, ("8:15", "the container 'main' starts 'node', which is neither in the image"))
    good(sh_image(), text.replace("mountPath: /data", "mountPath: /usr/local"))
    # who sets the PATH, or the name, in the pod knows better
    for more in "env: [{name: PATH, value: /opt/bin}]", "envFrom: [{configMapRef: {name: c}}]":
        good(sh_image(), text.replace("    command:", f"    {more}\n    command:"))
    for name in "$(SHELL)", "bin/node":
        good(sh_image(), text.replace("[node", f"[{name}"))
    # what --run asks for has its own line
    result = asked(sh_image(), text, "--run", "node")[1]
    equal(len(result.out.splitlines()), 1, f"lines of {result.out}")


@test("only the containers of this image are looked at")
def _():
    side = "  - name: side\n    image: {}\n    volumeMounts: [{{name: data, mountPath: /bin}}]\n  volumes:"
    good(sh_image(), GOOD.replace("  volumes:", side.format("side:1")))
    status_is(asked(sh_image(), GOOD.replace("  volumes:", side.format("job:1")))[1], FOUND)


@test("pods are found in each kind that has them", variants=[
    ("Deployment", ["spec", "template", "spec"]), ("Job", ["spec", "template", "spec"]),
    ("CronJob", ["spec", "jobTemplate", "spec", "template", "spec"]), ("PodTemplate", ["template", "spec"])])
def _(variant):
    kind, where = variant
    good(sh_image(), wrapped(kind, where))
    result = asked(sh_image(), wrapped(kind, where).replace("name: data, mount", "name: dat, mount"))[1]
    contains(result.out, "which is not there", "finding")


@test("several documents, lists and JSON are read, and what is no pod is passed over")
def _():
    service = "apiVersion: v1\nkind: Service\nspec: {ports: [{port: 80}]}\n"
    twice = GOOD + "  - name: data\n    emptyDir: {}\n"
    good(sh_image(), f"---\n{service}---\n---\n{GOOD}...\n---\n{service}")
    bad(sh_image(), f"{service}---\n{twice}", ("18:11", "is there twice, first in line 16"))
    pod = {"kind": "Pod", "spec": {"containers": [{"name": "main", "volumeMounts": [{"name": "x", "mountPath": "/x"}]}],
                                   "volumes": [{"name": "x"}, {"name": "x"}]}}
    for document in (pod, {"kind": "List", "items": [pod]}):
        contains(asked(sh_image(), json.dumps(document, indent="\t"), name="pod.json")[1].out, "the volume 'x' is there twice",
                 "finding")
    pod["spec"]["volumes"].pop()
    good(sh_image(), json.dumps(pod), name="pod.json")


# Extensions

@test("a sound extension has no finding, and the hooks' commands are among the needed ones")
def _():
    good(full_image(), EXTENSION)
    image = full_image()
    bad(image, EXTENSION.replace("/cache", "/usr/bin"), ("8:18", "hides '/usr/bin/", "which tail (and "))


@test("a volume that the hook has itself is found", variants=["work", "externals", "github"])
def _(name):
    text = EXTENSION.replace("cache\n", f"{name}\n")
    bad(full_image(), text.replace("/" + name, "/cache"), ("10:11", f"the volume '{name}' is one that the hook adds itself", "422"))


@test("a mount where the hook has its own is found", variants=[
    ("/__w", "work"), ("/__e", "externals"), ("/github", "github"), ("/github/home", "work")])
def _(variant):
    path, volume = variant
    bad(full_image(), EXTENSION.replace("mountPath: /cache", f"mountPath: {path}"),
        ("8:18", f"the hook itself mounts its volume '{volume}' at '{path}'", "take this mount out"))


@test("a mount inside of the hook's own hides what the hook puts there", variants=[("/__w/_temp", "/__w"), ("/github/other", "/github")])
def _(variant):
    path, own = variant
    bad(full_image(), EXTENSION.replace("mountPath: /cache", f"mountPath: {path}"),
        ("8:18", f"the mount at '{path}' hides a part of what the hook puts into '{own}'"))


@test("the hook's own volumes may be used")
def _():
    good(full_image(), EXTENSION + "  - name: other\n    emptyDir: {}\n" if False else
         EXTENSION.replace("    - name: cache", "    - {name: work, mountPath: /again, subPath: x}\n    - name: cache"))


@test("init containers that replace the hook's own are found; ones that fill its volume are not")
def _():
    init = "  initContainers:\n  - name: setup\n    image: setup:1\n"
    text = EXTENSION.replace("  containers:", init + "  containers:")
    bad(full_image(), text, ("4:3", "replace the hook's own 'fs-init'", "/__e/node20/bin/node", "mv /home/runner/externals/*"))
    good(full_image(), text.replace(init, init + "    volumeMounts: [{name: externals, mountPath: /mnt/externals}]\n"))


@test("a container called as the hook's is added beside it")
def _():
    bad(full_image(), EXTENSION.replace("$job", "job"), ("5:11", "is added beside the hook's own", "call it '$job'"))


# Files that cannot be read

UNREADABLE = [
    ("", ":1:1: there is nothing in it"), ("kind: Service\n", ": no pod is in it"), ("spec: [\n", ":2:1: "),
    ("spec: {containers: {}}\n", ":1:20: containers: a list was expected, a mapping was found"),
    ("spec: {containers: [x]}\n", ":1:21: an item: a mapping was expected, a text was found"),
    ("spec: &a {containers: []}\n", ":1:7: anchors"), ("spec: {containers: [], volumes: *a}\n", "aliases"),
    ("spec: {containers: []}\nspec: {}\n", "the key 'spec' is there twice"),
    ("spec: {containers: [{name: a, volumeMounts: [{mountPath: /" + "x" * 5000 + "}]}]}\n", "mountPath: too long"),
    ("[" * 40 + "]" * 40, "more than 32 levels"), ("a: 1\n---\n" * 300, "more than 256 documents"),
    ("a: " + "x" * (1 << 20), "File too large"), ("spec: {volumes: [" + "{}," * 600 + "]}", "volumes: more than 512 items")]


@test("what is no pod file is refused with its place", variants=range(len(UNREADABLE)))
def _(number):
    text, part = UNREADABLE[number]
    unread(text, part)
    good(sh_image(), GOOD)


@test("a FIFO in a pod's place does not make croft wait")
def _():
    path = os.path.join(tempdir(), "pod")
    os.mkfifo(path)
    refused(run_croft("image", "check", "--pod", path, sh_image().root, timeout=10), 125, path)


@test("JSON has file, line and column of each finding")
def _():
    path = write_file(os.path.join(tempdir(), "pod.yaml"), GOOD + "  - name: data\n    emptyDir: {}\n")
    found = answer_of(sh_image().root, "--pod", path)["findings"]
    equal([(f["kind"], f["file"], f["line"], f["column"], f["subject"]) for f in found], [("volume-twice", path, 14, 11, "data")],
          "findings")


main()
