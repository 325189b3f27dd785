# SPDX-License-Identifier: MIT
"""
test_pod.py - a pod's template merged with the hook's mounts: what is one, what is refused, what is warned of.
"""
import json
import os

from harness import *

PRINT = os.path.join(BUILD, "tests", "gha_print")
HOOK = ["/srv/work=/__w", "/srv/externals=/__e:ro", "/srv/home=/github/home", "HOME:/github/home"]

TEMPLATE = """\
spec:
  containers:
    - name: $job
      env:
        - name: FOO
          value: bar
        - {name: HOME, value: /github/home}
      volumeMounts:
        - {name: cache, mountPath: /cache/}
        - {name: data, mountPath: /data, readOnly: true}
        - {name: data, mountPath: /data, readOnly: true}
        - {name: cache, mountPath: "/second//cache"}
        - {name: work, mountPath: /__w}
        - {name: work, mountPath: /again}
  volumes:
    - name: cache
      emptyDir: {}
    - name: data
      hostPath: {path: /srv/data/, type: Directory}
    - name: data
      hostPath: {path: /srv/data, type: Directory}
    - name: work
      emptyDir: {}
"""


def merge(text, *hook):
    path = write_file(os.path.join(tempdir(), "pod.yaml"), text)
    return run(PRINT, "pod", path, *(hook or HOOK), cwd=os.path.dirname(path))


def merged(text, *hook):
    return json.loads(succeeds(merge(text, *hook)).out)


def refused(text, *hook):
    done = merge(text, *hook)
    status_is(done, 1)
    equal((done.out, done.err.count("\n")), ("", 1), str(done))
    return done.err


def job(body="", volumes="[]", spec=""):
    return (f"spec:\n{spec}  volumes: {volumes}\n  containers:\n    - name: $job\n"
            + "".join(f"      {line}\n" for line in body.splitlines()))


@test("mounts and variables are merged by path and name; identical ones are one; the hook's come first")
def _():
    got = merged(TEMPLATE)
    equal([m[:4] for m in got["mounts"]],
          [["/__w", "/srv/work", None, False], ["/__e", "/srv/externals", None, True],
           ["/github/home", "/srv/home", None, False], ["/cache", None, "cache", False],
           ["/data", "/srv/data", None, True], ["/second/cache", None, "cache", False],
           ["/again", "/srv/work", None, False]])
    equal(got["env"], {"HOME": "/github/home", "FOO": "bar"})
    equal(got["warnings"], [])
    true(got["mounts"][4][4].endswith("pod.yaml:10:11"), got["mounts"][4])


@test("a template may also be a PodTemplate's, and JSON")
def _():
    body = {"spec": {"containers": [{"name": "$job", "env": [{"name": "A", "value": "1"}]}]}}
    equal(merged(json.dumps({"kind": "PodTemplate", "template": body}))["env"]["A"], "1")
    equal(merged(json.dumps({"kind": "PodTemplate", "metadata": {"labels": {}}, **body}))["env"]["A"], "1")


@test("two that differ are an error that names both places", variants=[
    "mount and hook", "two mounts", "read-only or not", "two volumes", "volume of the hook", "env and hook", "two env", "two of the hook"])
def _(kind):
    data = "[{name: a, hostPath: {path: /srv/a}}, {name: b, hostPath: {path: /srv/b}}]"
    text, parts = {
        "mount and hook": (job("volumeMounts: [{name: a, mountPath: /__w}]", data), ["pod.yaml:5:22", "the hook", "/srv/a", "/srv/work"]),
        "two mounts": (job("volumeMounts:\n- {name: a, mountPath: /x}\n- {name: b, mountPath: /x/}", data),
                       ["pod.yaml:6:9", "pod.yaml:7:9", "mount /x"]),
        "read-only or not": (job("volumeMounts:\n- {name: a, mountPath: /x}\n- {name: a, mountPath: /x, readOnly: true}", data),
                             ["pod.yaml:6:9", "pod.yaml:7:9", "read-only"]),
        "two volumes": (job(volumes="[{name: a, emptyDir: {}}, {name: a, hostPath: {path: /srv/a}}]"), ["volume 'a'", "line 2"]),
        "volume of the hook": (job(volumes="[{name: github, hostPath: {path: /srv/a}}]"),
                               ["volume 'github' is in the template and in the hook: remove it from the template"]),
        "env and hook": (job("env: [{name: HOME, value: s3cret}]"), ["env HOME", "pod.yaml:5:13", "container.env"]),
        "two env": (job("env: [{name: A, value: s3cret}, {name: A, value: 2}]"), ["env A", "pod.yaml:5:13", "pod.yaml:5:39"]),
        "two of the hook": (job(), ["mount /x", "/srv/a", "/srv/b"]),
    }[kind]
    hook = ["/srv/a=/x", "/srv/b=/x/"] if kind == "two of the hook" else HOOK
    said = refused(text, *hook)
    for part in parts:
        contains(said, part)
    lacks(said, "s3cret")


@test("what a job on one machine cannot have is refused at its place", variants=[
    "initContainers", "hostPID", "hostIPC", "privileged", "capabilities", "a service", "a sidecar", "secret", "no source",
    "envFrom", "valueFrom", "subPath", "lifecycle", "devices", "volume of the hook elsewhere", "no such volume"])
def _(kind):
    a = "[{name: a, hostPath: {path: /srv/a}}]"
    text, part = {
        "initContainers": (job(spec="  initContainers: [{name: x}]\n"), "2:3: initContainers: nothing but the job itself"),
        "hostPID": (job(spec="  hostPID: true\n"), "hostPID: a job in a sandbox does not see"),
        "hostIPC": (job(spec="  hostIPC: true\n"), "hostIPC"),
        "privileged": (job("securityContext: {privileged: true}"), "privileged: a job in a sandbox cannot be privileged"),
        "capabilities": (job("securityContext: {capabilities: {add: [SYS_ADMIN]}}"), "add: a job in a sandbox has no capabilities"),
        "a service": ("spec: {containers: [{name: $redis}]}", "container '$redis'"),
        "a sidecar": ("spec: {containers: [{name: side, image: x}]}", "container 'side'"),
        "secret": (job("volumeMounts: [{name: s, mountPath: /s}]", "[{name: s, secret: {secretName: x}}]"),
                   "volume 's': secret: only a cluster has that"),
        "no source": (job("volumeMounts: [{name: s, mountPath: /s}]", "[{name: s}]"), "it has no source"),
        "envFrom": (job("envFrom: [{secretRef: {name: x}}]"), "envFrom: only a cluster"),
        "valueFrom": (job("env: [{name: A, valueFrom: {fieldRef: {fieldPath: x}}}]"), "valueFrom: only a cluster"),
        "subPath": (job("volumeMounts: [{name: a, mountPath: /s, subPath: ../x}]", a), "subPath"),
        "lifecycle": (job("lifecycle: {postStart: {}}"), "lifecycle: nothing but the steps"),
        "devices": (job("volumeDevices: [{name: a, devicePath: /dev/x}]"), "volumeDevices"),
        "volume of the hook elsewhere": (job("volumeMounts: [{name: github, mountPath: /gh}]"), "volume 'github' is the hook's own"),
        "no such volume": (job("volumeMounts: [{name: z, mountPath: /gh}]"), "volume 'z' is mounted, but there is no such volume"),
    }[kind]
    said = refused(text)
    contains(said, "pod.yaml:")
    contains(said, part)


@test("the allowing twins: false, null and empty forms of these keys are nothing")
def _():
    got = merged(job("securityContext: {privileged: false}\nenvFrom: null\nlifecycle: ~",
                     spec="  hostPID: false\n  hostNetwork: true\n  initContainers: null\n"))
    equal((len(got["mounts"]), got["warnings"]), (3, []))


@test("what only tells a cluster how to run it is warned of with its place")
def _():
    got = merged(job("image: other\nresources: {limits: {cpu: 1}}\nenv: [{name: A, value: $(B)}]\nsecurityContext: {runAsUser: 0}",
                     "[{name: m, emptyDir: {medium: Memory}}]", "  nodeSelector: {a: b}\n  tolerations: []\n"))
    said = "\n".join(got["warnings"])
    for part in ("pod.yaml:2:3: nodeSelector: ", "tolerations: ", "image: of '$job' only env", "resources: ", "medium: ",
                 "value: $(...) is taken as it stands", "runAsUser: "):
        contains(said, part)
    equal((len(got["warnings"]), got["env"]["A"]), (7, "$(B)"))


@test("paths and names that would lead elsewhere are refused", variants=[
    "up in mountPath", "relative", "up in hostPath", "name with a slash", "name of dots", "up from the hook"])
def _(kind):
    volumes = "[{name: a, hostPath: {path: /srv/a}}]"
    text = {"up in mountPath": job("volumeMounts: [{name: a, mountPath: /x/../y}]", volumes),
            "relative": job("volumeMounts: [{name: a, mountPath: x}]", volumes),
            "up in hostPath": job(volumes="[{name: a, hostPath: {path: /srv/../etc}}]"),
            "name with a slash": job(volumes="[{name: a/b, emptyDir: {}}]"),
            "name of dots": job(volumes="[{name: .., emptyDir: {}}]"), "up from the hook": job()}[kind]
    refused(text, *(["/srv/a=/x/../y"] if kind == "up from the hook" else []))


@test("a template that is none is refused in one line", variants=["empty", "binary", "two documents", "a list", "huge", "anchors", "missing"])
def _(kind):
    text = {"empty": "", "binary": "\x00\x01", "two documents": job() + "---\n" + job(), "a list": "- x", "huge": "a: " + "x" * (2 << 20),
            "anchors": "a: &x 1\nb: *x\n", "missing": None}[kind]
    if text is None:
        status_is(run(PRINT, "pod", os.path.join(tempdir(), "pod.yaml")), 1)
    else:
        refused(text)


@test("a source that is missing is said with the nearest name that is there")
def _():
    host = tempdir()
    for name in "var/lib/docker/volumes", "var/lib/dpkg", "srv/caches":
        os.makedirs(os.path.join(host, name))
    os.symlink("/var/lib/docker", os.path.join(host, "link"))
    for path, near in (("/var/lib/docker-host", "/var/lib/docker"), ("/var/lib/docker-host/volumes", "/var/lib/docker/volumes"),
                       ("/var/lib/docker-host/other", "/var/lib/docker"), ("/srv/cache", "/srv/caches"),
                       ("/opt/runner/cache", "/"), ("/var/lib/zzz", "/var/lib"), ("/link/volumse", "/var/lib/docker/volumes")):
        done = run(PRINT, "source", host, path)
        equal((done.status, done.err), (1, f"mount: {path} does not exist on this host; {near} does\n"))
    for path in "/var/lib/docker", "/link/volumes", "/":
        equal(run(PRINT, "source", host, path).status, 0, path)


main()
