#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_deny.py - what is denied inside of what is granted: names that exist, names that are made later, patterns,
links; by mounts, and by rules beside where only Landlock is to be had.

Each denial is tried from inside and looked at from outside; beside it stands what is granted all the same.
"""
from _cli import *     # pylint: disable=wildcard-import,unused-wildcard-import

NO_LANDLOCK = [os.path.join(BUILD, "tests", "no_landlock"), "enosys"]
BY_MOUNTS = ["--tier", "namespaces"]
BY_RULES = ["--tier", "landlock"]
DENIED = ("EACCES", "EROFS", "EPERM", "EBUSY", "EXDEV")

TRY = r'''
import errno, json, os, sys
def attempt(act, path, other=None):
    try:
        if act == "read":
            open(path).read()
        elif act == "list":
            os.listdir(path)
        elif act == "write":
            open(path, "a").write("x")
        elif act == "make":
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        elif act == "mkdir":
            os.mkdir(path)
        elif act == "remove":
            (os.rmdir if os.path.isdir(path) and not os.path.islink(path) else os.unlink)(path)
        elif act == "rename":
            os.rename(path, other)
        elif act == "link":
            os.link(path, other)
        elif act == "chmod":
            os.chmod(path, 0o777)
        elif act == "stat":
            os.lstat(path)
        return "done"
    except OSError as e:
        return errno.errorcode[e.errno]
print(json.dumps([attempt(*wish) for wish in json.loads(sys.argv[1])]))
'''


def tree(**files):
    """A directory with these files: (its resolved path, path of a name in it)."""
    top = os.path.realpath(project())
    for name, text in {"key": "sesame\n", "open": "plain\n", "deep/er/key": "sesame\n", "deep/er/open": "plain\n", **files}.items():
        os.makedirs(os.path.dirname(os.path.join(top, name)), exist_ok=True)
        write_file(os.path.join(top, name), text)
    return top, lambda name: os.path.join(top, name)


def croft(top, options, *command, wrap=(), **how):
    return run(*wrap, CROFT, "run", "--profile", "system", "--write", top, *options, "--", *command, cwd=top, **how)


def attempts(top, options, wishes, **how):
    """What becomes of each wish, inside."""
    result = succeeds(croft(top, options, PYTHON, "-c", TRY, json.dumps(wishes), **how))
    return dict(zip([" ".join(wish) for wish in wishes], json.loads(result.out)))


def all_denied(outcomes):
    equal({what: said for what, said in outcomes.items() if said not in DENIED}, {}, "not denied")


def all_done(outcomes):
    equal({what: said for what, said in outcomes.items() if said != "done"}, {}, "not done")


def needs_mounts():
    top, path = tree()
    result = croft(top, ["--deny", path("key"), "--tier", "namespaces"], "true")
    if result.status == 125 and "--tier namespaces cannot be had" in result.err:
        skip("no namespaces with mounts here")
    succeeds(result)


def content(top):
    """All names and texts in a tree, from outside."""
    return {os.path.join(d, n): read_file(os.path.join(d, n)) if n in fs else None for d, ds, fs in os.walk(top) for n in ds + fs}


WAYS = [["read", "key"], ["write", "key"], ["remove", "key"], ["rename", "key", "moved"], ["rename", "open", "key"],
        ["link", "key", "linked"], ["chmod", "key"]]


@test("a denied file can be neither read, changed, replaced, renamed nor linked, and what is beside it can")
def _():
    needs_mounts()
    top, path = tree()
    before = content(top)
    all_denied(attempts(top, ["--deny", path("key")], WAYS))
    equal(content(top), before, "what is there")
    all_done(attempts(top, ["--deny", path("key")], [["read", "open"], ["write", "open"], ["make", "new"], ["rename", "new", "newer"],
                                                     ["remove", "newer"], ["stat", "key"]]))
    all_done(attempts(top, [], [["read", "key"], ["write", "key"], ["rename", "key", "moved"]]))


@test("the same without Landlock, where mounts do it all", ["enosys", "eopnotsupp"])
def _(kind):
    needs_mounts()
    top, path = tree()
    wrap = [NO_LANDLOCK[0], kind]
    all_denied(attempts(top, ["--deny", path("key"), "--deny-write", path("deep")], WAYS + [["write", "deep/er/open"]], wrap=wrap))
    all_done(attempts(top, ["--deny", path("key"), "--deny-write", path("deep")], [["write", "open"], ["read", "deep/er/open"]], wrap=wrap))


@test("a denied directory is shut with all that is in it")
def _():
    needs_mounts()
    top, path = tree()
    wishes = [["list", "deep"], ["read", "deep/er/key"], ["make", "deep/new"], ["mkdir", "deep/d"], ["rename", "deep", "d"], ["remove", "deep"]]
    all_denied(attempts(top, ["--deny", path("deep")], wishes))
    all_done(attempts(top, ["--deny", path("deep")], [["make", "beside"], ["read", "key"]]))


@test("what may not be written can be read, and nothing in it changes")
def _():
    needs_mounts()
    top, path = tree()
    wishes = [["write", "deep/er/open"], ["make", "deep/er/new"], ["remove", "deep/er/open"], ["rename", "deep/er", "deep/re"],
              ["rename", "deep", "peed"], ["chmod", "deep/er/open"], ["rename", "open", "deep/er/open"]]
    before = content(top)
    all_denied(attempts(top, ["--deny-write", path("deep/er")], wishes))
    equal(content(top), before, "what is there")
    all_done(attempts(top, ["--deny-write", path("deep/er")], [["read", "deep/er/open"], ["list", "deep/er"], ["make", "deep/new"]]))


@test("a parent of what is denied cannot be moved away to put another in its place")
def _():
    needs_mounts()
    top, path = tree()
    all_denied(attempts(top, ["--deny", path("deep/er/key")], [["rename", "deep/er", "deep/away"], ["rename", "deep", "away"]]))
    all_done(attempts(top, ["--deny", path("deep/er/key")], [["make", "deep/er/new"], ["mkdir", "deep/d"], ["rename", "deep/d", "deep/e"]]))


@test("a name that does not exist cannot be made where its denial is required, and nothing is left on the host")
def _():
    needs_mounts()
    top, path = tree()
    before = content(top)
    options = ["--deny", path("deep/er/.env"), "--require", "deny-inside"]
    all_denied(attempts(top, options, [["make", "deep/er/.env"], ["mkdir", "deep/er/.env"], ["rename", "open", "deep/er/.env"],
                                       ["link", "deep/er/open", "deep/er/.env"], ["rename", "deep/er", "deep/re"], ["rename", "deep", "peed"]]))
    equal(content(top), before, "what is there")
    all_done(attempts(top, options, [["write", "deep/er/open"], ["make", "deep/new"], ["make", "new"]]))
    equal(os.path.lexists(path("deep/er/.env")), False, "a placeholder")


@test("a directory with too many entries is not closed: the start is refused, and with 'prefer' told")
def _():
    needs_mounts()
    top, path = tree(**{f"many/{n}": "" for n in range(257)})
    result = croft(top, ["--deny", path("many/.env")], "true")
    status_is(result, 125)
    contains(result.err, "many", "message")
    result = succeeds(croft(top, ["--deny", path("many/.env"), "--prefer", "deny-inside", *BY_MOUNTS], "true"))
    contains(result.err, "deny-inside", "message")
    os.unlink(path("many/256"))
    succeeds(croft(top, ["--deny", path("many/.env")], "true"))


@test("a pattern shuts all names that fit it, in directories with a dot as well; those made later are told")
def _():
    needs_mounts()
    names = {name: "sesame\n" for name in (".env", "a/.env", "a/.b/.c/.env", "x.pem", "a/y.pem")}
    top, path = tree(**names)
    options = ["--deny", path("**/.env"), "--deny", path("*.pem"), "--prefer", "deny-inside", *BY_MOUNTS]
    all_denied(attempts(top, options, [["read", n] for n in (".env", "a/.env", "a/.b/.c/.env", "x.pem")]))
    all_done(attempts(top, options, [["read", "a/y.pem"], ["read", "open"]]))
    result = succeeds(croft(top, [*options, "--supervise"], "sh", "-c", "echo x > deep/.env; echo x > y.pem"))
    contains(result.err, "made later", "message")
    told = [line for line in result.err.splitlines() if "made although denied: " in line]
    equal(len(told), 1, "lines")
    for name in ("deep/.env", "y.pem"):
        contains(told[0], path(name), "line")
    lacks(told[0], path("x.pem"), "line")


@test("a pattern that is required is refused in a tree that may be written, and holds in one that may not")
def _():
    needs_mounts()
    top, path = tree(**{".env": "sesame\n"})
    result = croft(top, ["--deny", path("**/.env"), "--require", "deny-inside"], "true")
    status_is(result, 125)
    contains(result.err, "made later", "message")
    options = ["--read", top, "--deny", path("**/.env"), "--require", "deny-inside"]
    result = run_croft("run", "--profile", "system", *options, "--", PYTHON, "-c", TRY,
                       json.dumps([["read", ".env"], ["read", "open"]]), cwd=top)
    equal(json.loads(succeeds(result).out), ["EACCES", "done"], "read")


@test("a link among the denied names shuts what it leads to, and the row tells that the link can be replaced")
def _():
    needs_mounts()
    top, path = tree()
    os.symlink("deep/er/key", path("link"))
    options = ["--deny", path("link"), "--prefer", "deny-inside", *BY_MOUNTS]
    all_denied(attempts(top, options, [["read", "link"], ["read", "deep/er/key"]]))
    result = succeeds(croft(top, options, "true"))
    contains(result.err, "link", "message")


@test("what a denied name leads to behind links of the system is shut, without a word of doubt")
def _():
    needs_mounts()
    top, path = tree()
    outside = os.path.realpath(tempdir())
    os.symlink(top, os.path.join(outside, "to"))
    result = croft(top, ["--deny", os.path.join(outside, "to", "key")], PYTHON, "-c", TRY, json.dumps([["read", "key"]]))
    equal(json.loads(succeeds(result).out), ["EACCES"], "read")
    lacks(result.err, "deny-inside", "message")


@test("who denies what he grants gets nothing of it, whichever stands first")
def _():
    needs_mounts()
    top, path = tree()
    for options in (["--deny", top, "--write", top], ["--write", top, "--deny", top], ["--write", path("deep"), "--deny", path("deep/er")]):
        result = run_croft("run", "--profile", "system", *options, "--", PYTHON, "-c", TRY,
                           json.dumps([["read", path("deep/er/open")], ["make", path("deep/er/new")]]), cwd="/")
        equal([said in DENIED for said in json.loads(succeeds(result).out)], [True, True], f"with {options}: {result.out}")


@test("a hidden name is not there at all, and all that is beside it is")
def _():
    needs_mounts()
    top, path = tree()
    os.symlink("deep", path("to"))
    result = run_croft("run", "--profile", "system", "--read", top, "--hide", path("key"), "--", PYTHON, "-c", TRY, json.dumps(
        [["stat", path("key")], ["read", path("key")], ["read", path("open")], ["read", path("to/er/key")], ["list", top]]), cwd="/")
    equal(json.loads(succeeds(result).out), ["ENOENT", "ENOENT", "done", "done", "done"], "outcomes")
    result = run_croft("run", "--profile", "system", "--read", top, "--hide", path("key"), "--", "ls", top, cwd="/")
    equal(succeeds(result).out, "deep\nopen\nto\n", "names")


@test("with Landlock alone, rules for what is beside keep a denial that is required; new names there are refused, and told")
def _():
    top, path = tree()
    options = ["--deny", path("deep/er/key"), *BY_RULES]
    all_denied(attempts(top, options, [["read", "deep/er/key"], ["write", "deep/er/key"], ["remove", "deep/er/key"],
                                       ["rename", "deep/er", "deep/re"], ["rename", "deep/er/key", "key"], ["make", "deep/er/new"]]))
    all_done(attempts(top, options, [["read", "deep/er/open"], ["write", "open"], ["read", "key"]]))
    plan = json.loads(succeeds(run_croft("plan", "--json", "--profile", "system", "--write", top, *options, "--", "true", cwd=top)).out)
    row = [row for row in plan["protections"] if row["name"] == "deny-inside"][0]
    equal(row["state"], "enforced", "state")
    contains(row["note"], "nothing can be made", "note")


@test("with Landlock alone, what cannot be kept is refused where it is required, and told where it is preferred")
def _():
    top, path = tree(**{".env": "sesame\n"})
    for denied in ("**/.env",):
        result = croft(top, ["--deny", path(denied), *BY_RULES], "true")
        status_is(result, 125)
        contains(result.err, "deny-inside", "message")
        result = succeeds(croft(top, ["--deny", path(denied), "--prefer", "deny-inside", *BY_RULES], "cat", ".env"))
        equal(result.out, "sesame\n", "output")
        contains(result.err, "deny-inside", "message")


main()
