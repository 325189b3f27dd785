#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_deps.py - croft deps from outside: what it says a program needs, what it says is missing, and how it ends.

Whether libraries are found as the loader finds them is the matter of tests/elf; here it is asked of
one program, and the rest is about the command: its words, its forms of output, other roots, bad input.
"""
from _files import *      # pylint: disable=wildcard-import,unused-wildcard-import

PLAIN_ENV = {"PATH": "/usr/bin:/bin", "HOME": "/nowhere", "LANG": "C.UTF-8"}


def deps(*args, status=0, **how):
    how.setdefault("env", PLAIN_ENV)
    result = run_croft("deps", *args, **how)
    status_is(result, status)
    equal(result.err if status != 125 else "", "", "standard error")
    return result.out


def deps_json(*args, **how):
    """The objects of the programs."""
    return json.loads(deps("--json", *args, **how))["programs"]


def misused(*args, part, **how):
    refused(run_croft("deps", *args, env=PLAIN_ENV, **how), 125, part)


def paths_of(answer, *roles):
    return sorted(f["real"] for f in answer["files"] if not roles or f["role"] in roles)


@test("a program that can start is told with its loader and libraries, as the loader itself finds them")
def _():
    text = deps(TRUE)
    equal(text.splitlines()[0], f"{TRUE}: can start", "the verdict")
    matches(text, rf"(?m)^  program: {TRUE}$")
    matches(text, rf"(?m)^  loader: {LOADER}  \(.+\)$")
    matches(text, r"(?m)^  libc\.so\.6 => /\S+  \(.+\)$")
    for program in (TRUE, "/usr/bin/git", "/usr/bin/gcc", PYTHON):
        if os.path.exists(program):
            answer = deps_json(program)[0]
            equal(paths_of(answer, "library", "loader"), closure_of(program), f"libraries of {program}")


@test("a static program needs nothing but itself")
def _():
    answer = deps_json(PAYLOAD)[0]
    equal(answer["starts"], True, "starts")
    equal(paths_of(answer), [os.path.realpath(PAYLOAD)], "files")
    equal(answer["needs"], [], "needs")


@test("a missing library is named with who needs it, and ends with 1")
def _():
    folder = tempdir()
    broken = changed(f"{folder}/broken", LIBC, OTHER_LIBC)
    whole = changed(f"{folder}/whole", LIBC, LIBC)
    text = deps(broken, status=1)
    equal(text.splitlines()[0], f"{broken}: cannot start", "the verdict")
    line = [line for line in text.splitlines() if line.startswith("  cannot start: ")]
    equal(len(line), 1, "troubles")
    contains(line[0], OTHER_LIBC.decode())
    answer = deps_json(broken, status=1)[0]
    equal(answer["starts"], False, "starts")
    equal([(t["kind"], t["path"], t["needed_by"], t["weight"]) for t in answer["troubles"]],
          [("library-missing", OTHER_LIBC.decode(), broken, "start")], "troubles")
    contains(answer["needs"], {"from": broken, "to": None, "name": OTHER_LIBC.decode()}, "needs")
    equal(deps_json(whole)[0]["starts"], True, "the twin starts")
    true(run(broken).status == 127, "the loader says so too")
    succeeds(run(whole))


@test("each missing library is named, not only the first")
def _():
    folder = tempdir()
    program = "/usr/bin/git" if os.path.exists("/usr/bin/git") else PYTHON
    names = [os.path.basename(n["name"]) for n in deps_json(program)[0]["needs"] if n["name"].startswith("lib")][:2]
    other = ["p" * len(names[0]), "q" * len(names[1])]
    once = changed(f"{folder}/once", names[0], other[0], source=program)
    twice = changed(f"{folder}/twice", names[1], other[1], source=once)
    missing = [t["path"] for t in deps_json(twice, status=1)[0]["troubles"] if t["kind"] == "library-missing"]
    equal(sorted(missing), other, "what is missing")


@test("a missing ELF interpreter is named, and that the program itself is there")
def _():
    folder = tempdir()
    broken = changed(f"{folder}/broken", LOADER, OTHER_LOADER)
    text = deps(broken, status=1)
    contains(text, OTHER_LOADER)
    equal([(t["kind"], t["role"], t["weight"]) for t in deps_json(broken, status=1)[0]["troubles"]],
          [("missing", "loader", "exec")], "troubles")
    raises_errno(2, os.execv, broken, [broken])


@test("a script is told with the chain of its interpreters, and what the chain misses")
def _():
    folder = tempdir()
    good = script(f"{folder}/good", "true", interpreter="/usr/bin/env sh")
    answer = deps_json(good)[0]
    equal(answer["starts"], True, "starts")
    roles = {f["role"] for f in answer["files"]}
    true(roles >= {"script", "interpreter", "loader", "library"}, f"roles: {roles}")
    names = [os.path.basename(f["real"]) for f in answer["files"]]
    true("env" in names and os.path.basename(os.path.realpath("/bin/sh")) in names, f"files: {names}")
    for first, kind, part in (("/no/such/shell", "no-directory", "/no/such"),
                              ("/usr/bin/env nosuchprogram", "env-not-found", "nosuchprogram"),
                              ("/bin/sh\r", "script-cr", "carriage return")):
        bad = script(f"{folder}/bad", "true", interpreter=first)
        contains(deps(bad, status=1), part)
        equal([t["kind"] for t in deps_json(bad, status=1)[0]["troubles"]][:1], [kind], f"for {first!r}")


@test("a bare name is looked up on PATH as exec would, a name with a slash never")
def _():
    folder = tempdir()
    first, second = f"{folder}/a/tool", f"{folder}/b/tool"
    write_file(first, "no program", 0o644)
    shutil.copy(TRUE, os.path.dirname(write_file(f"{folder}/b/x")) + "/tool")
    path = {"PATH": f"{folder}/nowhere:{folder}/a:{folder}/b"}
    equal(deps_json("tool", env=path)[0]["files"][0]["path"], second, "what can be executed comes first")
    equal(deps_json("tool", env={"PATH": f"{folder}/a"}, status=1)[0]["troubles"][0]["kind"], "no-exec-bit", "kind")
    equal(deps_json("./tool", cwd=f"{folder}/b", env={"PATH": ""})[0]["starts"], True, "a path needs no PATH")
    equal(deps_json("tool", cwd=f"{folder}/b", env={"PATH": ":/nowhere"})[0]["starts"], True, "empty is here")
    for env in (path, {"PATH": ""}, {}):
        answer = deps_json("nosuchtool", env=env, status=1)[0]
        equal((answer["starts"], answer["files"]), (False, []), "an answer without files")
        equal(answer["troubles"][0]["kind"], "missing", "kind")
    contains(deps("nosuchtool", env=path, status=1), f"'nosuchtool' is in no directory of PATH ({path['PATH']})")


@test("each of several programs is answered, and one that cannot start makes the status 1")
def _():
    folder = tempdir()
    broken = changed(f"{folder}/broken", LIBC, OTHER_LIBC)
    answers = deps_json(TRUE, broken, PAYLOAD, status=1)
    equal([a["program"] for a in answers], [TRUE, broken, PAYLOAD], "programs")
    equal([a["starts"] for a in answers], [True, False, True], "starts")
    text = deps(TRUE, broken, PAYLOAD, status=1)
    equal([line for line in text.splitlines() if not line.startswith(" ")],
          [f"{TRUE}: can start", f"{broken}: cannot start", f"{PAYLOAD}: can start"], "verdicts")
    equal(deps(TRUE, PAYLOAD), deps(TRUE) + deps(PAYLOAD), "two are one after the other")


@test("hundreds of programs are one object, an answer for each, in their order")
def _():
    programs = [f"/usr/bin/{name}" for name in sorted(os.listdir("/usr/bin"))][:400]
    result = run_croft("deps", "--json", *programs, env=PLAIN_ENV)
    true(result.status in (0, 1), str(result)[:500])
    answers = json.loads(result.out)["programs"]
    equal([a["program"] for a in answers], programs, "programs")
    equal(result.status, 0 if all(a["starts"] for a in answers) else 1, "status")


@test("the fields of the JSON agree with one another")
def _():
    answer = deps_json(PYTHON)[0]
    paths = [f["path"] for f in answer["files"]]
    equal(len(set(paths)), len(paths), "files that are told once")
    for file in answer["files"]:
        equal(set(file), {"path", "real", "name", "role", "rule", "detail", "needed_by"}, "fields of a file")
        true(file["real"] == os.path.realpath(file["path"]), f"real path of {file}")
        true(file["needed_by"] is None or file["needed_by"] in paths, f"who needs {file}")
    for need in answer["needs"]:
        equal(set(need), {"from", "to", "name"}, "fields of a need")
        true(need["from"] in paths and need["to"] in paths, f"a need of what is told: {need}")
    equal([f["path"] for f in answer["files"] if f["needed_by"] is None], [PYTHON], "the one that was given")


@test("a tree tells who needs whom, and a library that many need once in full")
def _():
    text = deps("--tree", PYTHON)
    lines = text.splitlines()
    equal(lines[0], f"{PYTHON}: can start", "the verdict")
    matches(lines[1], rf"^  {PYTHON}$")
    true(all(line.startswith("    ") for line in lines[2:]), "all else lies below it")
    libc = [line for line in lines if line.strip().startswith("libc.so.6 => ")]
    true(len(libc) > 1, "more than one needs libc")
    equal(len([line for line in libc if not line.endswith("(see above)")]), 1, "libc is told in full once")
    broken = changed(f"{tempdir()}/broken", LIBC, OTHER_LIBC)
    matches(deps("--tree", broken, status=1), rf"(?m)^    {OTHER_LIBC.decode()} => not found$")


@test("LD_LIBRARY_PATH and LD_PRELOAD count as they would for the program")
def _():
    folder = tempdir()
    broken = changed(f"{folder}/broken", LIBC, OTHER_LIBC)
    shutil.copy(library_of("libc.so.6"), f"{folder}/{OTHER_LIBC.decode()}")
    deps(broken, status=1)
    answer = deps_json(broken, env={**PLAIN_ENV, "LD_LIBRARY_PATH": f"/nowhere:{folder}"})[0]
    contains(paths_of(answer, "library"), f"{folder}/{OTHER_LIBC.decode()}", "libraries")
    # a sanitizer's own library wants to come first, in croft's process
    env = {**PLAIN_ENV, "LD_PRELOAD": library_of("libm.so.6", PYTHON), "ASAN_OPTIONS": "verify_asan_link_order=0"}
    answer = deps_json(TRUE, env=env)[0]
    contains([(f["real"], f["rule"]) for f in answer["files"]], (library_of("libm.so.6", PYTHON), "preload"), "files")
    lacks([f["rule"] for f in deps_json(TRUE)[0]["files"]], "preload", "rules without it")


@test("a shared library is told with what it needs itself")
def _():
    folder = tempdir()
    name = library_of("libm.so.6", PYTHON)
    answer = deps_json(name)[0]
    equal(answer["starts"], True, "can be loaded")
    equal((answer["files"][0]["real"], answer["files"][0]["role"]), (name, "library"), "the library itself")
    contains(paths_of(answer, "library"), library_of("libc.so.6"), "what it needs")
    equal(deps(name).splitlines()[0], f"{name}: can be loaded", "the verdict")
    broken = changed(f"{folder}/libm.so.6", LIBC, OTHER_LIBC, source=name, mode=0o644)
    text = deps(broken, status=1)
    equal(text.splitlines()[0], f"{broken}: cannot be loaded", "the verdict")
    contains(text, OTHER_LIBC.decode())


@test("with --root names are followed inside, absolute symbolic links too")
def _():
    root = small_root()
    answer = deps_json("--root", root, "/usr/bin/true")[0]
    equal(answer["starts"], True, "starts")
    equal({os.path.dirname(path) for path in paths_of(answer, "library", "loader")}, {"/real/libs"}, "where they lie")
    for file in answer["files"]:
        true(os.path.exists(root + file["real"]), f"{file['real']} is inside")
    equal(deps_json("--root", root, "/bin/true")[0]["starts"], True, "through a link")
    equal(deps_json("--root", root, "true")[0]["starts"], True, "a bare name, on the root's own PATH")
    equal(deps_json("--root", root, "/../../usr/bin/true")[0]["starts"], True, "'..' ends at the root")
    deps("--root", root, PAYLOAD, status=1)
    deps("--root", root, "sh", status=1)


@test("with --root what is missing inside is missing, though the host has it")
def _():
    root = small_root()
    deps("--root", root, "/usr/bin/true")
    for path in os.listdir(f"{root}/real/libs"):
        if path.startswith("libc"):
            os.unlink(f"{root}/real/libs/{path}")
    equal([(t["kind"], t["path"]) for t in deps_json("--root", root, "/usr/bin/true", status=1)[0]["troubles"]],
          [("library-missing", "libc.so.6")], "troubles")
    deps("--root", root, "/usr/bin/true", status=1, env={**PLAIN_ENV, "LD_LIBRARY_PATH": "/usr/lib:/lib"})
    deps("/usr/bin/true")
    os.unlink(f"{root}/real/libs/{os.path.basename(LOADER)}")
    contains(deps("--root", root, "/usr/bin/true", status=1), LOADER)


@test("options stand before the programs or behind them, and after '--' there are only programs")
def _():
    folder = tempdir()
    os.symlink(TRUE, f"{folder}/--json")
    equal(deps(TRUE, "--tree"), deps("--tree", TRUE), "behind")
    equal(json.loads(deps(TRUE, "--json", PAYLOAD)), json.loads(deps("--json", TRUE, PAYLOAD)), "between")
    text = deps("--", "--json", TRUE, env={"PATH": folder})
    equal(text.splitlines()[0], "--json: can start", "a program of that name")
    root = small_root()
    equal(deps("/bin/true", "--root", root), deps(f"--root={root}", "/bin/true"), "with a value")


@test("misuse ends with 125 and one line")
def _():
    folder = tempdir()
    plain = write_file(f"{folder}/file", "x")
    misused(part="no program")
    misused("--json", part="no program")
    misused("--nosuch", TRUE, part="--nosuch")
    misused("--read", "/", TRUE, part="--read")
    misused("--tree", "--json", TRUE, part="--tree")
    misused("--json", TRUE, "--json", part="twice")
    misused("--root", "/", TRUE, "--root", "/", part="twice")
    misused("--root", part="--root")
    misused("--root", f"{folder}/nowhere", TRUE, part="nowhere")
    misused("--root", plain, TRUE, part=plain)
    misused("--root", "/", "./true", part="relative")
    misused("", part="empty")
    deps("--root", "/", TRUE)


@test("names cannot move the cursor or forge a line", variants=["text", "tree"])
def _(form):
    folder = tempdir()
    name = f"{folder}/x\n  cannot start\x1b[2J\u202e\x7f"
    os.mkdir(name)
    bad = script(f"{name}/bad", "true", interpreter="/no\x1b[2Jsuch")
    good = f"{name}/good"
    shutil.copy(TRUE, good)
    options = ["--tree"] if form == "tree" else []
    for text in (deps(*options, good), deps(*options, bad, status=1), deps(*options, name + "/gone", status=1)):
        true(not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", text), f"{text!r}")
        equal(len([line for line in text.splitlines() if not line.startswith("  ")]), 1, "verdicts")
    equal(deps_json(good)[0]["program"], good, "JSON has the true name")


@test("what is no program is said to be none, without a hang", variants=["fifo", "directory", "empty", "text", "cut"])
def _(kind):
    path = os.path.join(tempdir(), kind)
    if kind == "fifo":
        os.mkfifo(path, 0o755)
    elif kind == "directory":
        os.mkdir(path)
    elif kind == "cut":
        with open(TRUE, "rb") as f:
            write_file(path, f.read(100), 0o755)
    else:
        write_file(path, "" if kind == "empty" else "words\n", 0o755)
    want = {"fifo": "not-regular", "directory": "directory", "empty": "empty-file", "text": "no-format",
            "cut": "elf-corrupt"}[kind]
    equal([t["kind"] for t in deps_json(path, status=1, timeout=10)[0]["troubles"]][:1], [want], "trouble")


@test("a program that may be executed and not read can start, as far as can be told")
def _():
    folder = tempdir()
    os.chmod(folder, 0o755)
    shutil.copy(TRUE, f"{folder}/secret")
    os.chmod(f"{folder}/secret", 0o111)
    nobody = {"user": 65534, "group": 65534, "extra_groups": []} if IS_ROOT else {}
    answer = deps_json(f"{folder}/secret", **nobody)[0]
    equal((answer["starts"], [(t["kind"], t["weight"]) for t in answer["troubles"]]),
          (True, [("unreadable", "note")]), "answer")
    contains(deps(f"{folder}/secret", **nobody), "\n  note: ")
    os.chmod(f"{folder}/secret", 0o444)
    equal([t["kind"] for t in deps_json(f"{folder}/secret", status=1, **nobody)[0]["troubles"]],
          ["no-exec-bit"], "the other way round")


@test("nothing is executed: neither the program nor what its first line names")
def _():
    folder = tempdir()
    trace = f"{folder}/ran"
    spy = script(f"{folder}/spy", f"touch {trace}")
    target = script(f"{folder}/target", f"touch {trace}", interpreter=spy)
    for words in ([spy], [target], ["--tree", target], ["--json", spy, target]):
        deps(*words)
    true(not os.path.exists(trace), "something ran")
    run(target)
    true(os.path.exists(trace), "the twin: they would have left a trace")


main()
