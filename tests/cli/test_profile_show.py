#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_profile_show.py - what croft profile show prints is the profile: a run from the print is the same run.

Each built-in profile, and a file of version 1, is printed as it was written, as YAML and resolved. The plan
that each print leads to is compared with the plan of the profile itself, but for what it says of
places. A print that forgot a key would plan something else.
"""
from _cli import *      # pylint: disable=wildcard-import,unused-wildcard-import

ROOT = os.path.dirname(TESTS)
NAMES = sorted(name.removesuffix(".yaml") for name in os.listdir(f"{ROOT}/profiles") if name.endswith(".yaml"))
OF_ROOMS = {"build", "job"}    # refused without --root
# What tells of places, or counts rules that one grant more or less of the same path makes.
OF_PLACES = {"origin", "origins", "given_by", "profile", "layers", "price_us", "estimated_us"}
VERSION_1 = """
profiles:
  old:
    access_roots:
      system: { paths: [/usr, /lib, /lib64, /bin], permissions: { read_file: true, read_dir: true, execute: true } }
      cache: { paths: [~/.cache], permissions: { read_file: true, write_file: true, remove_file: true } }
    command: { binary: /bin/sh, args: [-c, "echo $HOME"], env: { CACHE: ~/.cache, PRICE: "5$" } }
"""


def place():
    """A project with what the profile `server` wants of it, a home, and the environment of a run there."""
    folder = tempdir()
    for name in ("home/.cache", "project/.git", "project/logs", "project/tmp", "project/conf", "project/www"):
        os.makedirs(f"{folder}/{name}")
    write_file(f"{folder}/project/.git/HEAD", "ref: refs/heads/main\n")
    write_file(f"{folder}/project/conf/nginx.conf")
    return f"{folder}/project", {"PATH": os.environ["PATH"], "HOME": f"{folder}/home", "LANG": "C.UTF-8"}


def without_places(value):
    """The part of a plan that has to be the same: rules of one path as one, no order."""
    if isinstance(value, dict):
        return {key: without_places(item) for key, item in value.items() if key not in OF_PLACES}
    if isinstance(value, list):
        items = [without_places(item) for item in value]
        if items and all(isinstance(item, dict) and {"path", "access"} <= item.keys() for item in items):
            rules = {}
            for item in items:
                rules.setdefault(item["path"], set()).update(item["access"].split())
            items = [[path, sorted(access)] for path, access in rules.items()]
        return sorted(items, key=lambda item: json.dumps(item, sort_keys=True))
    return value


def plan(word, project, env, in_room=False):
    # --container: for the profile of that name, whose "/" is the command's own
    place = ["--root", room(project)] if in_room else []
    result = run_croft("plan", "--json", "--container", *place, "--profile", word, "--", "/bin/true", cwd=project, env=env)
    text = FRESH.sub("croft-fresh", result.out) or f'"{re.sub(r"[^ ]*:[0-9]+ ", "", result.err.strip())}"'
    return result.status, without_places(json.loads(text))


def room(project):
    """A root with nothing but /bin/true, for the profiles that are refused elsewhere."""
    root = f"{project}/../root"
    if not os.path.exists(root):
        os.makedirs(f"{root}/bin")
        shutil.copy("/bin/busybox", f"{root}/bin/true")
    return root


def show(*words, project, env):
    result = succeeds(run_croft("profile", "show", *words, cwd=project, env=env))
    equal(result.err, "", "standard error")
    return result.out


@test("what is printed of a built-in profile leads to the same plan:", variants=NAMES)
def _(name):
    project, env = place()
    in_room = name in OF_ROOMS
    own = plan(name, project, env, in_room)
    true(own[0] == 0 or not in_room, f"in a room the plan of the built-in ends with {own[0]}")
    for form in ([], ["--yaml"], ["--yaml", "--origin"], ["--resolved"], ["--resolved", "--origin"]):
        path = write_file(f"{project}/printed.yaml", show(*form, name, project=project, env=env))
        equal(plan(path, project, env, in_room), own, f"the plan of what {form} prints")


@test("the plan of another profile is another plan")
def _():
    project, env = place()
    plans = [plan(name, project, env) for name in ("default", "system", "empty", "devices", "tls", "agent", "ssh-client")]
    true(all(a != b for i, a in enumerate(plans) for b in plans[:i]), "two profiles have the same plan")


@test("a file is printed as it was written, to the byte")
def _():
    project, env = place()
    text = "# ours\nversion: 2\nprofiles:\n  a:   {audit: true}   # yes\n"
    path = write_file(f"{project}/a.yaml", text)
    equal(show(path, project=project, env=env), text)
    equal(show("./a.yaml:a", project=project, env=env), text)


@test("a file of version 1 becomes one of version 2 that leads to the same plan")
def _():
    project, env = place()
    path = write_file(f"{project}/old.yaml", VERSION_1)
    own = plan(path, project, env)
    for form in ("--yaml", "--resolved"):
        text = show(form, path, project=project, env=env)
        matches(text, r"\Aversion: 2\nprofiles:\n  (old|resolved):\n")
        equal(plan(write_file(f"{project}/new.yaml", text), project, env), own, form)


@test("each grant of a merged profile bears the file and line that it comes from, as the plan names them")
def _():
    project, env = place()
    write_file(f"{project}/base.yaml", "version: 2\nprofiles:\n  base:\n    files:\n      read: [/etc]\n")
    write_file(f"{project}/a.yaml", "version: 2\nprofiles:\n  a:\n    extends: [./base.yaml, tls]\n    files:\n"
                                    "      read:\n        - /usr/share\n")
    text = show("--resolved", "--origin", "./a.yaml", project=project, env=env)
    found = dict(re.findall(r"(?m)^ +- (\S+) # (.*)$", text))
    matches(found["/usr/share"], r"a\.yaml:7\Z")
    matches(found["/etc"], r"base\.yaml:5\Z")
    planned = run_croft("plan", "--profile", "./a.yaml", cwd=project, env=env).out
    for origin in (found["/usr/share"], found["/etc"]):
        contains(planned, origin)
    own = show("--yaml", "--origin", "./a.yaml", project=project, env=env)
    matches(own, r"(?m)^        - /usr/share # .*a\.yaml:7$")
    true("/etc" not in own, "what it extends is no part of what it says itself")


@test("JSON says the same as YAML, with the origins beside it")
def _():
    project, env = place()
    answer = json.loads(show("--resolved", "--json", "git", project=project, env=env))
    text = show("--resolved", "git", project=project, env=env)
    equal(answer["name"], "git")
    for path in answer["profile"]["files"]["read"]:
        contains(text, f"- {path}\n")
    equal(len(answer["origins"]["files.read"]), len(answer["profile"]["files"]["read"]))
    true(all(re.fullmatch(r"profile [\w-]+:\d+", origin) for origin in answer["origins"]["files.read"]), "origins")


@test("a profile that is wrong, or is not there, is not printed, in any form",
      variants=["", "--yaml", "--origin", "--resolved", "--json"])
def _(form):
    project, env = place()
    path = write_file(f"{project}/wrong.yaml", "version: 2\nprofiles:\n  p: { fiels: {} }\n")
    words = [form] if form else []
    refused(run_croft("profile", "show", *words, path, cwd=project, env=env), 125, "wrong.yaml:3:8: fiels: ", "'files'")
    refused(run_croft("profile", "show", *words, "defualt", cwd=project, env=env), 125, "'default'")
    refused(run_croft("profile", "show", *words, f"{project}/none.yaml", cwd=project, env=env), 125, "No such file")


if __name__ == "__main__":
    main()
